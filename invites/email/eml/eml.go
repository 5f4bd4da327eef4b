// Package eml knows how messages are kept as .eml files in a folder instead of being sent, each of them once; leaves what
// they say, and their bytes, to its callers.
package eml

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/text/unicode/norm"

	"coalition/invites"
)

// Folder keeps messages as .eml files in a folder instead of sending them, the calendar of each
// beside it. A file is never overwritten; writing one counts as sent. It is safe for concurrent use.
type Folder struct {
	path string

	mu sync.Mutex
	// written are the files by Message-ID.
	written map[string][]string
}

// NewFolder returns what writes into the folder of that path, which is made when the first message comes.
func NewFolder(path string) *Folder { return &Folder{path: path, written: make(map[string][]string)} }

// stamped is how the files' names begin.
const stamped = "20060102T150405Z"

// Written returns the files that this Folder has written for the message with that Message-ID.
func (f *Folder) Written(messageID string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.written[messageID]
}

// Connections returns how many files are written side by side.
func (f *Folder) Connections() int { return 4 }

// Idle does nothing: nothing is kept open.
func (f *Folder) Idle() {}

// Send writes p as <UTC time>-<id>-<kind>-<sequence>.eml, and .ics for a calendar. A file of the same name with the
// same bytes is the one it wrote before, so that a repeat after a crash writes nothing twice. Where the name is taken
// by another message, the next free second names it. An error that is not dot's is an [*invites.DeliveryError].
func (f *Folder) Send(_ context.Context, p *invites.Submission, dot func() error) error {
	err := os.MkdirAll(f.path, 0o700)
	if err == nil {
		if err := dot(); err != nil {
			return err
		}
		err = f.send(p)
	}
	if err != nil {
		text := "unknown reason"
		var errno syscall.Errno
		if errors.As(err, &errno) {
			// In the system's own words.
			text = errno.Error()
		}
		return &invites.DeliveryError{Channel: true, Err: err,
			Text: fmt.Sprintf("the folder %s can't be written to (%s)", f.path, text)}
	}
	return nil
}

func (f *Folder) send(p *invites.Submission) error {
	for at := p.Stamp.UTC(); ; at = at.Add(time.Second) {
		name := fmt.Sprintf("%s-%s-%s-%d", at.Format(stamped), p.ID, p.Kind, p.Sequence)
		name = filepath.Join(f.path, name)
		if there, same, err := look(name+".eml", p.Data); err != nil {
			return err
		} else if there && !same {
			continue
		}
		// The message last: where it stands, all of it stands.
		if p.Calendar != nil {
			if taken, err := writeNew(name+".ics", p.Calendar); err != nil {
				return err
			} else if taken {
				continue
			}
		}
		if taken, err := writeNew(name+".eml", p.Data); err != nil {
			return err
		} else if taken {
			continue
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.written[p.MessageID] = []string{name + ".eml"}
		if p.Calendar != nil {
			f.written[p.MessageID] = append(f.written[p.MessageID], name+".ics")
		}
		return nil
	}
}

// Of returns the files that hold messages of the conversation of that id, whenever they were written.
func (f *Folder) Of(id string) (files []string, err error) {
	entries, err := os.ReadDir(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		name, ext := strings.CutSuffix(e.Name(), ".eml")
		if !ext {
			name, ext = strings.CutSuffix(name, ".ics")
		}
		at, rest, _ := strings.Cut(name, "-")
		rest, mine := strings.CutPrefix(norm.NFC.String(rest), id+"-")
		kind, sequence, _ := strings.Cut(rest, "-")
		_, numbered := strconv.Atoi(sequence)
		if _, err := time.Parse(stamped, at); ext && mine && err == nil && numbered == nil && kind != "" {
			files = append(files, filepath.Join(f.path, e.Name()))
		}
	}
	return files, err
}

// look tells whether something of that name is there, and whether it is a file with these bytes.
func look(path string, data []byte) (there, same bool, err error) {
	if _, err := os.Lstat(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return false, false, err
	}
	old, err := os.ReadFile(path)
	return true, err == nil && bytes.Equal(old, data), nil
}

// writeNew writes a file that was not there before, whole or not at all. taken: something else of that name is there.
func writeNew(path string, data []byte) (taken bool, err error) {
	if there, same, err := look(path, data); there || err != nil {
		return !same, err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".writing-*")
	if err != nil {
		return false, err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err != nil {
		return false, err
	}
	// It is there now, or the file system has no hard links.
	if err := os.Link(temp.Name(), path); err != nil {
		if there, same, err := look(path, data); there || err != nil {
			return !same, err
		}
		if err := os.Rename(temp.Name(), path); err != nil {
			return false, err
		}
	}
	return false, syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	// Some systems can't sync a folder, and need not.
	_ = d.Sync()
	return nil
}
