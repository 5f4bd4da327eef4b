package scheduler

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"coalition/scheduler/finder"
	"coalition/scheduler/outbox"
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

// A restful store has no claims to free.
type restful struct{ Store }

func (restful) Recover(context.Context, time.Time) ([]*outbox.Message, error) { return nil, nil }

// Whoever watches over the daemon hears of it at least twice a minute although nothing happens for hours.
func TestBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, beats := time.Now(), []time.Duration{0}
		s := &Scheduler{Store: restful{}, Now: time.Now, Finder: &finder.Finder{},
			beat: func() { beats = append(beats, time.Since(began)) }}
		s.await(t.Context(), &signs{freeing: time.Tick(rescan / 4)}, &roster.Roster{}, &Report{Again: began.Add(2 * time.Hour)})
		if slept := time.Since(began); slept < 2*time.Hour {
			t.Fatalf("it has awaited something for %s", slept)
		}
		for i, at := range append(beats, 2*time.Hour)[1:] {
			if before := beats[i]; at-before > 30*time.Second {
				t.Errorf("nothing was heard from %s to %s", before, at)
			}
		}
	})
}
