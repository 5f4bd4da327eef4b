package scheduler

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"coalition/scheduler/finder"
	"coalition/scheduler/plan/folder"
	"coalition/scheduler/roster"
)

// A machine that has slept past what was due, or whose files have changed, has something to do.
func TestRests(t *testing.T) {
	now := time.Date(2027, 2, 1, 10, 0, 0, 0, time.UTC)
	s := &Scheduler{Finder: &finder.Finder{}, Plans: &folder.Folder{Path: t.TempDir()}, Now: func() time.Time { return now }}
	b, r := &roster.Roster{}, &Report{Again: now.Add(time.Hour)}
	if !s.rests(b, r) {
		t.Error("an hour before it is due")
	}
	now = now.Add(2 * time.Hour)
	if s.rests(b, r) {
		t.Error("an hour after it was due")
	}
	r.Again = time.Time{}
	if !s.rests(b, r) {
		t.Error("where nothing is due")
	}
	b.Again = time.Now().Add(-time.Second)
	if s.rests(b, r) {
		t.Error("a file that is still being written is to be looked at again")
	}
	b.Again = time.Time{}
	if err := os.WriteFile(filepath.Join(s.Plans.Path, "maya.yaml"), []byte("with:\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.rests(b, r) {
		t.Error("a file has come")
	}
}
