// Package journal knows the file in which the organizer keeps what came of the talks with one partner: journal/ID.yaml,
// an entry for each round. It reads that as strictly as a plan, since people write in it too, and only ever appends to
// it: every byte that stands there stays. When a talk is looked back on, and what follows from that, it leaves to the
// conversation and its commands. Like the private block of a plan, nothing of a journal leaves this machine.
package journal

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

	"golang.org/x/text/unicode/norm"

	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

// A Journal is the file of one conversation. Its entries are in the file's order, which is that of the talks.
type Journal struct {
	Entries []Entry
	path    string
	// The file as it was read, and how far its entries are indented, in spaces.
	data   []byte
	indent int
}

// The errors of [Journal.Append] that are no fault of the disk.
var (
	// The file can't be continued line by line.
	ErrShape = errors.New("its entries stand in brackets")
	// Somebody has written to the file since it was read.
	ErrChanged = errors.New("it was changed meanwhile")
)

// Path is the journal of a conversation in that folder.
func Path(folder string, id plan.ID) string { return filepath.Join(folder, string(id)+".yaml") }

// Read reads the journal of a conversation in that folder. One that is not there has no entries. Where there is a
// problem there is no journal: nothing may be written to it.
func Read(folder string, id plan.ID) (*Journal, []strictyaml.Problem) {
	path := Path(folder, id)
	j := &Journal{path: path}
	data, err := read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return j, nil
	case err != nil:
		return nil, []strictyaml.Problem{{File: path, Line: 1, Column: 1, Owner: string(id),
			Text: "the journal can't be read (" + reason(err) + ")", Mend: "look at its permissions"}}
	}
	problems := j.parse(data)
	for i := range problems {
		problems[i].Owner = string(id)
	}
	if problems != nil {
		return nil, problems
	}
	return j, nil
}

// ReadAll reads all journals of a folder, which need not be there.
func ReadAll(folder string) (journals map[plan.ID]*Journal, problems []strictyaml.Problem) {
	journals = make(map[plan.ID]*Journal)
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		problems = append(problems, strictyaml.Problem{File: folder, Line: 1, Column: 1,
			Text: "the folder of journals can't be read (" + reason(err) + ")", Mend: "look at its permissions"})
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".yaml") || strings.HasPrefix(name, ".") || e.IsDir() {
			continue
		}
		id := plan.ID(norm.NFC.String(strings.TrimSuffix(name, ".yaml")))
		j, found := Read(folder, id)
		if problems = append(problems, found...); j != nil {
			journals[id] = j
		}
	}
	return journals, problems
}

// read is the file's content, as far as it is to be read.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, errors.New("it is no file"))
	}
	// One byte more than the limit is enough to see that it is passed.
	return io.ReadAll(io.LimitReader(f, strictyaml.MaxSize+1))
}

func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// parse takes in what a file says.
func (j *Journal) parse(data []byte) (problems []strictyaml.Problem) {
	j.data, j.Entries, j.indent = data, nil, 0
	if blank(data) {
		return nil
	}
	docs, problems := strictyaml.Parse(j.path, data)
	if problems != nil {
		return problems
	}
	j.indent = docs[0].Problem("", "").Column - 1
	items, problems := docs[0].Items()
	if len(docs) > 1 {
		problems = append(problems, docs[1].Problem("a journal is one list", "take out what stands in the line ---"))
	}
	for _, item := range items {
		var e Entry
		if !item.Has() {
			problems = append(problems, item.Problem("this item is empty", "write it, or take the line out"))
			continue
		}
		problems = append(problems, item.Decode(&e)...)
		problems = append(problems, e.rules(item)...)
		j.Entries = append(j.Entries, e)
	}
	return strictyaml.First(problems)
}

// blank reports whether there is nothing but comments.
func blank(data []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// Of is the last entry of a round; nil: there is none.
func (j *Journal) Of(round int) *Entry {
	for i, e := range slices.Backward(j.Entries) {
		if e.Round == round {
			return &j.Entries[i]
		}
	}
	return nil
}

// Append writes one more entry behind what stands in the file: whole, or not at all. The file is made, for its owner
// only, where there is none. What would not read as that entry is not written.
func (j *Journal) Append(e Entry) error {
	path := j.path
	// Who keeps it elsewhere, and a link here, wants it there.
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	next := &Journal{path: j.path}
	problems := next.parse(j.with(&e))
	if problems != nil || len(next.Entries) != len(j.Entries)+1 || next.Entries[len(j.Entries)].Text() != e.Text() {
		return ErrShape
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	// For the owner only.
	temp, err := os.CreateTemp(folder, ".writing-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(next.data)
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if now, err := read(path); !bytes.Equal(now, j.data) || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ErrChanged
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	*j = *next
	return syncFolder(folder)
}

// syncFolder brings a renaming to the disk.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	// Some systems can't sync a folder, and need not.
	_ = f.Sync()
	return nil
}

// with is the file with the entry behind the others, in the manner of its writer.
func (j *Journal) with(e *Entry) []byte {
	text := e.Text()
	indent := strings.Repeat(" ", j.indent)
	text = indent + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+indent) + "\n"
	before := slices.Clone(j.data)
	if len(before) > 0 && !bytes.HasSuffix(before, []byte("\n")) {
		before = append(before, '\n')
	}
	if bytes.Contains(before, []byte("\r\n")) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return fmt.Append(before, text)
}
