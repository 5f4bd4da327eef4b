package store_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"coalition/scheduler/lookup"
	"coalition/scheduler/outbox"
	"coalition/scheduler/store"
)

// TestReadOnlyFolder: a state in a folder that can't be written to can be looked at, with what its log of changes
// adds and without, and nothing is left anywhere; whoever would write is told so in words.
func TestReadOnlyFolder(t *testing.T) {
	for _, test := range []struct {
		name  string
		files []string // of a state that is open
		want  int      // conversations
	}{
		{"as a process leaves it", nil, 2},
		{"with its log", []string{"-wal", "-shm"}, 2},
		{"with its log alone", []string{"-wal"}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			from, dir := filepath.Join(t.TempDir(), "state.db"), t.TempDir()
			path := filepath.Join(dir, "state.db")
			s := open(t, from)
			commit(t, s, draft("maya", outbox.Brief))
			s.Close()
			s = open(t, from)
			commit(t, s, draft("tom", outbox.Brief))
			if test.files == nil {
				s.Close()
			}
			for _, part := range append(test.files, "") {
				data, err := os.ReadFile(from + part)
				if err == nil {
					err = os.WriteFile(path+part, data, 0o444)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if len(test.files) > 0 {
				if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
					t.Fatalf("there is no log to test with: %v", err)
				}
			}
			for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
				_ = os.Chmod(d, 0o755)
			}
			_ = os.Chmod(os.TempDir(), 0o777)
			if err := os.Chmod(dir, 0o555); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(dir, 0o755) })
			// The superuser may write everywhere; on this thread of its own it is somebody else.
			ended := make(chan bool)
			go func() {
				defer close(ended)
				runtime.LockOSThread() // which ends with the goroutine
				if os.Getuid() == 0 {
					if err := syscall.Setfsuid(65534); err != nil {
						t.Error(err)
						return
					}
				}
				if f, err := os.Create(filepath.Join(dir, "x")); err == nil {
					f.Close()
					t.Error("the folder can be written to")
				}
				r, err := store.Open(ctx, path, []string{ana}, true)
				if err != nil {
					t.Error(err)
					return
				}
				list, err := r.Load(ctx, lookup.Query{})
				if err != nil || len(list) != test.want {
					t.Errorf("%d conversations, %v; want %d", len(list), err, test.want)
				}
				r.Close()
				if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
					t.Errorf("left behind: %v, %v", left, err)
				}
				if err := store.Blank(ctx, path); err != nil {
					t.Errorf("it is taken for blank: %v", err)
				}
				s, err := store.Open(ctx, path, []string{ana}, false)
				if err == nil {
					defer s.Close()
					err = s.Pause(ctx, true)
				}
				if err == nil || !strings.Contains(err.Error(), "can't be written to") || strings.Contains(err.Error(), "readonly") {
					t.Errorf("to write: %v", err)
				}
			}()
			<-ended
		})
	}
}

// Where no state can be made, that is said in words.
func TestNoPlaceForState(t *testing.T) {
	_, err := store.Open(ctx, "/proc/nowhere/state.db", []string{ana}, false)
	if err == nil || !strings.HasPrefix(err.Error(), "its folder /proc/nowhere can't be made (") {
		t.Errorf("got %v", err)
	}
}
