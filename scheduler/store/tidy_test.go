package store_test

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"coalition/scheduler/outbox"
	"coalition/scheduler/store"
)

// Whoever only looks at a state leaves its folder as it was, byte for byte; and what somebody else has open
// stays theirs.
func TestLookLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	files := func() map[string]string {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		all := make(map[string]string)
		for _, e := range entries {
			data, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			all[e.Name()] = string(data)
		}
		return all
	}
	look := func(want int) {
		t.Helper()
		r, err := store.Open(ctx, path, []string{ana}, true)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if n := len(load(t, r)); n != want {
			t.Fatalf("%d conversations are read, want %d", n, want)
		}
	}
	s := open(t, path)
	commit(t, s, draft("maya", outbox.Brief))
	s.Close()
	before := files()
	look(1)
	if after := files(); !maps.Equal(before, after) {
		t.Errorf("a look leaves %d files where there were %d, or other bytes", len(after), len(before))
	}
	s = open(t, path)
	look(1)
	commit(t, s, draft("tom", outbox.Brief))
	look(2)
	commit(t, s, draft("ida", outbox.Brief))
	s.Close()
	look(3)
}
