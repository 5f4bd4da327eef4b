package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
)

// files name where a message goes instead of to its reader.
type files struct {
	eml, ics string
	publish  bool
}

func (f files) any() bool { return f.eml != "" || f.ics != "" }

// toFiles writes the message of a draft to files, and records that it was sent that way.
func (a *app) toFiles(ctx context.Context, d *conversation.Draft, out files) error {
	// It waits in the outbox: it goes by file instead.
	if d.Sent != nil {
		var err error
		if d, err = command.ByFile(d); err != nil {
			return err
		}
		if err = a.sched.Compose.Write(d); err != nil {
			return err
		}
	}
	if d.Objection != "" {
		a.note("Note: %s", d.Objection)
	}
	m := d.Messages[0]
	// The organizer's own copy is for invitations that are sent.
	d.Messages = d.Messages[:1]
	write, err := a.contents(d.Conversation, m, out)
	if err != nil {
		return err
	}
	m.State, m.Via, m.Changed = outbox.Accepted, "file", d.At
	// All that can fail of the files is done before it is on record that they were written.
	var finish []func() error
	for path, data := range write {
		done, undo, err := prepareFile(a.stdout, path, data)
		if err != nil {
			return err
		}
		defer undo()
		finish = append(finish, done)
	}
	d.Slots = cmp.Or(d.Slots, conversation.Anyway)
	if err := a.sched.Store.Commit(ctx, d); err != nil {
		return err
	}
	a.sched.Marks.Mark(ctx)
	for _, done := range finish {
		if err := done(); err != nil {
			return err
		}
	}
	a.sayFiles(m, out)
	return a.data([]logRow{a.messageRow(m)})
}

func (a *app) sayFiles(m *outbox.Message, out files) {
	for _, path := range []string{out.eml, out.ics} {
		if path != "" && path != "-" {
			a.say("The %s is in %s. It counts as sent now: hand it to %s yourself.", m.Kind.Noun(), path, m.To)
		}
	}
}

// writeCopies writes a message that has gone already to files; nothing is recorded.
func (a *app) writeCopies(ctx context.Context, c *conversation.Conversation, m *outbox.Message, out files) error {
	m, err := a.sched.Store.Message(ctx, m.Row)
	if err != nil {
		return err
	}
	write, err := a.contents(c, m, out)
	if err != nil {
		return err
	}
	for path, data := range write {
		done, undo, err := prepareFile(a.stdout, path, data)
		if err != nil {
			return err
		}
		defer undo()
		if err := done(); err != nil {
			return err
		}
	}
	return nil
}

// contents returns the bytes for each file.
func (a *app) contents(c *conversation.Conversation, m *outbox.Message, out files) (map[string][]byte, error) {
	write := make(map[string][]byte)
	if out.eml != "" {
		write[out.eml] = append([]byte("X-Unsent: 1\r\n"), m.Data...)
	}
	if out.ics != "" {
		data := m.Calendar
		if out.publish {
			var err error
			if data, err = a.sched.Compose.Publish(c, m); err != nil {
				return nil, err
			}
		}
		if len(write) > 0 && out.ics == out.eml {
			return nil, usage("--ics and --eml name the same file", "name two")
		}
		write[out.ics] = data
	}
	return write, nil
}

// prepareFile writes data beside path; done puts it into its place, undo takes it away where that has
// not happened. A file with other contents is not overwritten. "-" stands for w.
func prepareFile(w io.Writer, path string, data []byte) (done func() error, undo func(), err error) {
	if path == "-" {
		return func() error { _, err := w.Write(data); return err }, func() {}, nil
	}
	if old, err := os.ReadFile(path); err == nil && !bytes.Equal(old, data) {
		return nil, nil, usage("%s is there already, with other contents", "name another file", path)
	}
	written, err := besideFile(path, data)
	if err != nil {
		return nil, nil, err
	}
	return func() error { return os.Rename(written, path) }, func() { os.Remove(written) }, nil
}

// besideFile writes data to a file beside path that only the organizer may read, and returns its name.
func besideFile(path string, data []byte) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".writing-*")
	if err != nil {
		return "", usage("%s can't be written", "name a file in a folder that is there", path)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(f.Name())
		return "", cantWrite(path, err)
	}
	return f.Name(), nil
}

// privateFile puts data into the place of what is at path, if anything is, at once and whole. Only the organizer may
// read it, whoever could read what was there.
func privateFile(path string, data []byte) error {
	if _, err := fileAt(path); err != nil {
		return err
	}
	written, err := besideFile(path, data)
	if err != nil {
		return err
	}
	if err := os.Rename(written, path); err != nil {
		os.Remove(written)
		return cantWrite(path, err)
	}
	return nil
}

// fileAt reports whether there is a file at path. What is there and is none, such as a folder or a link to where others
// may read, is refused.
func fileAt(path string) (bool, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("%s can't be looked at: %s", path, errorText(err))
	case !info.Mode().IsRegular():
		return false, usage("%s is no file of its own", "name a file, or - for standard output", path)
	}
	return true, nil
}
