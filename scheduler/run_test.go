package scheduler

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/finder"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
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

// That a plan file is gone is told once it has been for a while, and once: it may be on its way back, or erased.
func TestTellGone(t *testing.T) {
	now := time.Date(2027, 2, 1, 10, 0, 0, 0, time.UTC)
	var log bytes.Buffer
	s := &Scheduler{Log: slog.New(slog.NewTextHandler(&log, nil))}
	gone := make(map[string]time.Time)
	for _, step := range []struct {
		after time.Duration
		ids   []plan.ID
		want  int
		again bool
	}{
		{0, []plan.ID{"maya"}, 0, true},
		{still / 2, []plan.ID{"maya", "tom"}, 0, true},
		{still / 2, []plan.ID{"tom"}, 0, true},
		{still / 2, []plan.ID{"maya", "tom"}, 1, true},
		{still, []plan.ID{"maya", "tom"}, 2, false},
		{still, []plan.ID{"maya", "tom"}, 2, false},
	} {
		now = now.Add(step.after)
		b := &roster.Roster{}
		for _, id := range step.ids {
			b.Gone = append(b.Gone, conversation.New(id, 1, nil))
		}
		s.tellGone(b, gone, now)
		if n := strings.Count(log.String(), "is gone"); n != step.want || b.Again.IsZero() == step.again {
			t.Errorf("%v: told %d times, want %d; to be looked at again: %v", now.Format("05.0"), n, step.want, b.Again)
		}
	}
}
