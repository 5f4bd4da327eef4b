package finder

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/organizer"
)

// A slow calendar answers what is known when nobody waits for it any more.
type slow struct{ busy []invites.Busy }

func (s slow) FreeBusy(ctx context.Context, _ string, _, _ time.Time) []invites.FreeBusy {
	<-ctx.Done()
	return []invites.FreeBusy{{Name: "work", Busy: s.busy}}
}

// A partner who looks at the page, with several times, waits a moment at most.
func TestBusyWaitsForNoSlowCalendar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now().Add(48 * time.Hour)
		settings := &organizer.Settings{Zone: "UTC"}
		taken := invites.Busy{Span: invites.Span{Start: start, End: start.Add(time.Hour)}}
		f := &Finder{Settings: settings, Calendars: slow{[]invites.Busy{taken}}}
		c := conversation.New("maya", 1, settings)
		busy, began := f.Busy(t.Context()), time.Now()
		if !busy(c, start) || busy(c, start.Add(2*time.Hour)) || busy(c, start.Add(4*time.Hour)) {
			t.Error("what is known does not count")
		}
		if took := time.Since(began); took > patience {
			t.Errorf("three times took %s", took)
		}
	})
}
