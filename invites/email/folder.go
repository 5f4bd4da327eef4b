package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"coalition/invites"
)

// Folder keeps messages as .eml files in a folder instead of sending them, the calendar of each
// beside it. A file is never overwritten; writing one counts as sent. It is safe for concurrent use.
type Folder struct {
	Path string // made when the first message comes

	mu      sync.Mutex
	written []string
}

// Written are the files, in the order in which this Folder has written them, of messages of that
// conversation and kind.
func (f *Folder) Written(id, kind string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []string
	for _, path := range f.written {
		if strings.Contains(filepath.Base(path), "Z-"+id+"-"+kind+"-") {
			list = append(list, path)
		}
	}
	return list
}

// Connections is how many files are written side by side.
func (f *Folder) Connections() int { return 4 }

// Idle does nothing: nothing is kept open.
func (f *Folder) Idle() {}

// Send writes p as <UTC time>-<id>-<kind>-<sequence>.eml, and .ics for a calendar. It does not call
// dot: a file of the same name with the same bytes is the one it wrote before, so that a repeat after
// a crash writes nothing twice. Where the name is taken by another message, the next free second
// names it. Errors are an [*invites.DeliveryError].
func (f *Folder) Send(_ context.Context, p *invites.Parcel, _ func() error) error {
	if err := f.send(p); err != nil {
		text := err.Error()
		var path *fs.PathError
		if errors.As(err, &path) {
			text = path.Err.Error()
		}
		return &invites.DeliveryError{Channel: true, Err: err, Text: fmt.Sprintf("the folder %s can't be written to (%s)", f.Path, text)}
	}
	return nil
}

func (f *Folder) send(p *invites.Parcel) error {
	if err := os.MkdirAll(f.Path, 0o700); err != nil {
		return err
	}
	for at := p.Stamp.UTC(); ; at = at.Add(time.Second) {
		name := filepath.Join(f.Path, fmt.Sprintf("%s-%s-%s-%d", at.Format("20060102T150405Z"), p.ID, p.Kind, p.Sequence))
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
		f.written = append(f.written, name+".eml")
		if p.Calendar != nil {
			f.written = append(f.written, name+".ics")
		}
		return nil
	}
}

// writeNew writes a file that was not there before, whole or not at all. taken: a file of that name
// with other bytes is there.
func writeNew(path string, data []byte) (taken bool, err error) {
	if old, err := os.ReadFile(path); err == nil {
		return !bytes.Equal(old, data), nil
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
	if err := os.Link(temp.Name(), path); errors.Is(err, fs.ErrExist) {
		old, err := os.ReadFile(path)
		return !bytes.Equal(old, data), err
	} else if err != nil { // a file system without hard links
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return true, nil
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
	d.Sync() // some systems can't sync a folder, and need not
	return nil
}
