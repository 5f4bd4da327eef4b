package eml_test

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"coalition/invites"
	"coalition/invites/email/eml"
)

// filed is a submission for a folder, stamped at nine in the morning, UTC.
func filed(text string) *invites.Submission {
	return &invites.Submission{From: "ana@example.org", To: "maya@example.org", ID: "maya", Kind: "invite", Sequence: 2,
		Stamp: time.Date(2027, 2, 22, 10, 0, 0, 0, time.FixedZone("", 3600)), Data: []byte("mail " + text), Calendar: []byte("calendar " + text)}
}

const name9 = "20270222T090000Z-maya-invite-2"

// into sends p into the folder.
func into(t *testing.T, f *eml.Folder, p *invites.Submission) {
	t.Helper()
	before, dotted := len(f.Written(p.MessageID)), false
	err := f.Send(t.Context(), p, func() error {
		dotted = true
		if n := len(f.Written(p.MessageID)); n != before {
			t.Errorf("%d files were written before the dot", n-before)
		}
		return nil
	})
	if err != nil || !dotted {
		t.Fatal(err, dotted)
	}
}

const aFolder = "a folder, not a file"

// files is what lies in a folder, dotfiles, too.
func files(t *testing.T, path string) map[string]string {
	t.Helper()
	list, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, entry := range list {
		data, err := os.ReadFile(filepath.Join(path, entry.Name()))
		if errors.Is(err, fs.ErrNotExist) { // a file in the making that is gone
			continue
		}
		if entry.IsDir() {
			data = []byte(aFolder)
		} else if err != nil {
			t.Error(err)
		}
		all[entry.Name()] = string(data)
	}
	return all
}

func TestFolder(t *testing.T) {
	plain := filed("one")
	plain.Calendar = nil
	tests := []struct {
		name       string
		before     map[string]string // in the folder
		submission *invites.Submission
		want       map[string]string // written besides
	}{
		{"mail", nil, plain, map[string]string{name9 + ".eml": "mail one"}},
		{"mail and calendar", nil, filed("one"), map[string]string{name9 + ".eml": "mail one", name9 + ".ics": "calendar one"}},
		{"again after both", map[string]string{name9 + ".eml": "mail one", name9 + ".ics": "calendar one"}, filed("one"), nil},
		{"again after the calendar", map[string]string{name9 + ".ics": "calendar one"}, filed("one"), map[string]string{name9 + ".eml": "mail one"}},
		{"again a second later", map[string]string{name9 + ".eml": "other", "20270222T090001Z-maya-invite-2.eml": "mail one"}, plain, nil},
		{"name taken by another mail", map[string]string{name9 + ".eml": "other"}, filed("one"),
			map[string]string{"20270222T090001Z-maya-invite-2.eml": "mail one", "20270222T090001Z-maya-invite-2.ics": "calendar one"}},
		{"name taken by another calendar", map[string]string{name9 + ".ics": "other", "20270222T090001Z-maya-invite-2.ics": "other"}, filed("one"),
			map[string]string{"20270222T090002Z-maya-invite-2.eml": "mail one", "20270222T090002Z-maya-invite-2.ics": "calendar one"}},
		{"name taken by a folder", map[string]string{name9 + ".eml": aFolder}, plain, map[string]string{"20270222T090001Z-maya-invite-2.eml": "mail one"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			outbox := filepath.Join(t.TempDir(), "deep", "outbox")
			f := eml.NewFolder(outbox)
			want, old := maps.Clone(tt.want), map[string]fs.FileInfo{}
			if want == nil {
				want = map[string]string{}
			}
			for name, data := range tt.before {
				path := filepath.Join(outbox, name)
				err := os.MkdirAll(outbox, 0o700)
				if data == aFolder {
					err = errors.Join(err, os.Mkdir(path, 0o700))
				} else {
					err = errors.Join(err, os.WriteFile(path, []byte(data), 0o600))
				}
				if err != nil {
					t.Fatal(err)
				}
				if old[name], err = os.Stat(path); err != nil {
					t.Fatal(err)
				}
				want[name] = data
			}
			into(t, f, tt.submission)
			for name := range tt.want {
				if info, err := os.Stat(filepath.Join(outbox, name)); err != nil || info.Mode() != 0o600 {
					t.Errorf("%s: %v, %v, want mode 0600: it is between two people", name, err, info)
				}
			}
			if d := cmp.Diff(want, files(t, outbox)); d != "" {
				t.Errorf("in the folder (-want +got):\n%s", d)
			}
			for name, was := range old {
				if now, err := os.Stat(filepath.Join(outbox, name)); err != nil || !os.SameFile(was, now) || !now.ModTime().Equal(was.ModTime()) {
					t.Errorf("%s was written again", name)
				}
			}
		})
	}
}

func TestFolderUnwritable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	long := filed("one")
	long.ID = strings.Repeat("x", 300)
	for _, tt := range []struct {
		name       string
		path       string
		submission *invites.Submission
		want       string
	}{
		{"a file in its place", file, filed("one"), "the folder " + file + " can't be written to (not a directory)"},
		{"a name too long", dir, long, "the folder " + dir + " can't be written to (file name too long)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := eml.NewFolder(tt.path)
			err := f.Send(t.Context(), tt.submission, func() error { return nil })
			var got *invites.DeliveryError
			if !errors.As(err, &got) {
				t.Fatalf("got error %v, want a DeliveryError", err)
			}
			if want := (invites.DeliveryError{Channel: true, Text: tt.want, Err: got.Err}); *got != want || got.Err == nil {
				t.Errorf("got %+v, want %+v with its cause", *got, want)
			}
		})
	}
}

// Messages of one name and one second, written at once, all arrive, each beside its own calendar; and
// whoever looks meanwhile never sees half a file.
func TestFolderSideBySide(t *testing.T) {
	const senders = 8
	path := t.TempDir()
	whole := map[string]bool{}
	var submissions []*invites.Submission
	for n := range senders {
		p := filed(string(rune('a' + n)))
		p.Data = bytes.Repeat(p.Data, 50_000)
		p.Calendar = bytes.Repeat(p.Calendar, 50_000)
		whole[string(p.Data)], whole[string(p.Calendar)] = true, true
		submissions = append(submissions, p)
	}
	done := make(chan struct{})
	var sending, watching sync.WaitGroup
	watching.Go(func() {
		for {
			for name, data := range files(t, path) {
				if ext := filepath.Ext(name); name[0] != '.' && (ext != ".eml" && ext != ".ics" || !whole[data]) {
					t.Errorf("%s was seen with %d bytes", name, len(data))
				}
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for n, p := range submissions {
		// Every second one comes from another process, and every one twice.
		f := eml.NewFolder(path)
		for range 2 {
			sending.Go(func() {
				if err := f.Send(t.Context(), p, func() error { return nil }); err != nil {
					t.Errorf("message %d: %v", n, err)
				}
			})
		}
	}
	sending.Wait()
	close(done)
	watching.Wait()
	got := files(t, path)
	if len(got) != 2*senders {
		t.Errorf("%d files, want %d", len(got), 2*senders)
	}
	for name, data := range got {
		if base, is := strings.CutSuffix(name, ".eml"); is {
			letter := data[len("mail "):len("mail x")]
			if !strings.HasPrefix(got[base+".ics"], "calendar "+letter) {
				t.Errorf("%s is message %s, the calendar beside it another's", name, letter)
			}
		}
	}
}

func TestFolderWritten(t *testing.T) {
	outbox := t.TempDir()
	f := eml.NewFolder(outbox)
	for _, id := range []string{"one", "two"} { // of one conversation and kind, in the same second
		submission := filed(id)
		submission.MessageID = id
		into(t, f, submission)
	}
	all, err := filepath.Glob(filepath.Join(outbox, "*"))
	if err != nil {
		t.Fatal(err)
	}
	got := append(f.Written("one"), f.Written("two")...)
	slices.Sort(got)
	if d := cmp.Diff(all, got); d != "" || len(f.Written("two")) != 2 || f.Written("three") != nil {
		t.Errorf("files there (-), and said to be written (+):\n%s", d)
	}
}
