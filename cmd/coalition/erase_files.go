package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"coalition/invites/email/eml"
	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
)

// findFiles finds the files of a conversation, and refuses where one of them holds others, too.
func (a *app) findFiles(e *erasure) error {
	for path, others := range a.sched.Plans.Holding(e.id) {
		if len(others) > 0 {
			names := make([]string, len(others))
			for i, id := range others {
				names[i] = string(id)
			}
			return usage("%s holds other conversations, too: %s", "take the part of "+e.ID+
				" out of it first, or put it into a file of its own", path, strings.Join(names, ", "))
		}
		data, err := os.ReadFile(path)
		if err != nil || strings.Contains(string(data), "\n---") && !a.readable(e) {
			return usage("%s can't be read, and may hold other conversations, too", "mend it first, or delete it yourself", path)
		}
		e.plans = append(e.plans, path)
	}
	slices.Sort(e.plans)
	var err error
	if e.beside, err = eml.NewFolder(a.config.resolve(a.config.Mail.Outbox)).Of(e.ID); err != nil {
		return fmt.Errorf("the outbox can't be read: %s", errorText(err))
	}
	// Which of them name the person is not to be seen in encoded mail. In the state all of them are emptied, too.
	for _, w := range e.weeks {
		files, err := eml.NewFolder(a.config.resolve(a.config.Mail.Outbox)).Of(w.id)
		if err != nil {
			return fmt.Errorf("the outbox can't be read: %s", errorText(err))
		}
		e.beside = append(e.beside, slices.DeleteFunc(files, func(path string) bool { return !mentions(path, []string{w.messageID}) })...)
	}
	path := journal.Path(a.config.journals(), e.id)
	if info, err := os.Lstat(path); err == nil && !info.IsDir() {
		// Who keeps it elsewhere has a link here; what that leads to goes first, for nothing would name it without the link.
		if to, err := filepath.EvalSymlinks(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			e.beside = append(e.beside, to)
		}
		e.beside = append(e.beside, path)
	}
	for _, d := range a.unfinished() {
		if d.name() == e.ID || slices.Contains(e.addresses, strings.ToLower(d.Said.One("with.email"))) ||
			slices.Contains(e.names, d.Said.One("with.name")) {
			e.beside = append(e.beside, d.path)
		}
	}
	// What was read last of their calendar, or says something of them in the organizer's, which is read anew.
	kept := a.config.keptCalendars()
	for _, path := range filesIn(kept) {
		own := func(address string) bool { return theirs(address).Kept(kept) == path }
		if slices.ContainsFunc(e.asked, own) || mentions(path, e.words()) {
			e.beside = append(e.beside, path)
		}
	}
	e.beside = append(e.beside, a.halfWritten()...)
	e.Files = append(slices.Clone(e.plans), e.beside...)
	return nil
}

// halfWritten returns what crashes have left of plans, journals and mail that were just being written: it may be about
// anybody, private words without a name in it, and nobody misses it. What another process is writing now is younger.
func (a *app) halfWritten() []string {
	list := slices.Concat(filesIn(a.sched.Plans.Path), filesIn(a.config.journals()), filesIn(a.config.resolve(a.config.Mail.Outbox)))
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(path string) bool {
		info, err := os.Lstat(path)
		return !strings.HasPrefix(filepath.Base(path), ".writing-") || err != nil || a.wall().Sub(info.ModTime()) < time.Minute
	})
}

// readable reports whether a plan of the conversation could be read.
func (a *app) readable(e *erasure) bool {
	return slices.ContainsFunc(e.rounds, (*conversation.Conversation).Planned)
}

// naming returns the files beside the state and the plans in which the person is still named.
func (a *app) naming(e *erasure) []string {
	list := slices.Concat(filesIn(a.sched.Plans.Path), filesIn(a.config.journals()),
		filesIn(a.config.resolve(a.config.Mail.Outbox)), filesIn(a.config.keptCalendars()))
	if state := a.config.resolve(a.config.State); !postgresState(state) {
		// Others may keep much in that folder.
		beside, _ := os.ReadDir(filepath.Dir(state))
		for _, f := range beside {
			name := f.Name()
			if f.Type().IsRegular() && (strings.HasPrefix(name, filepath.Base(state)) || strings.HasPrefix(name, ".coalition-")) {
				list = append(list, filepath.Join(filepath.Dir(state), name))
			}
		}
	}
	slices.Sort(list)
	list = slices.DeleteFunc(slices.Compact(list), func(path string) bool { return !mentions(path, e.words()) })
	return append([]string{}, list...)
}

// words are those by which the person is known, in lower case.
func (e *erasure) words() []string {
	words := slices.Clone(e.addresses)
	for _, name := range e.names {
		words = append(words, strings.ToLower(name))
	}
	return words
}

// filesIn returns the files in a folder and below it, and the links to files. What can't be read is passed over.
func filesIn(folder string) (list []string) {
	// Which may be a link itself.
	root, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return nil
	}
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && regular(path) {
			list = append(list, filepath.Join(folder, strings.TrimPrefix(path, root)))
		}
		return nil
	})
	return list
}

// regular reports whether a path, or what it leads to, is an ordinary file.
func regular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// mentions reports whether one of some words, in lower case, stands in a file, in whatever case.
func mentions(path string, words []string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	longest := 0
	for _, word := range words {
		longest = max(longest, len(word))
	}
	block := make([]byte, longest+1<<20)
	// The end of each piece is the beginning of the next: a word may stand across both.
	kept := 0
	for {
		n, err := io.ReadFull(f, block[kept:])
		piece := bytes.ToLower(block[:kept+n])
		if slices.ContainsFunc(words, func(word string) bool { return bytes.Contains(piece, []byte(word)) }) {
			return true
		}
		if err != nil {
			return false
		}
		kept = copy(block, block[len(block)-longest:])
	}
}

// removeAll deletes files. What is not there is gone.
func removeAll(paths []string) error {
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s can't be deleted: %s", path, errorText(err))
		}
	}
	return nil
}
