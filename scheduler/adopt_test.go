package scheduler_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/store"
)

// TestLostState: where the state is gone and the plans are there, the talk is taken up from the calendar as it
// stands there: no second event, no second mail.
func TestLostState(t *testing.T) {
	other := start.Add(27 * time.Hour)
	for _, tc := range []struct {
		name string
		do   func(w *world, o *online)
		want invites.PartStat
	}{
		{"as it was", func(w *world, o *online) {}, invites.NeedsAction},
		{"accepted", func(w *world, o *online) { o.edit(accept); w.sync() }, invites.Accepted},
		{"moved here", func(w *world, o *online) {
			w.commit(w.reschedule(w.find("maya"), plan.SlotOf(other), w.now))
			w.pass()
		}, invites.NeedsAction},
		{"moved and held elsewhere, and accepted, there", func(w *world, o *online) {
			o.edit(moveTo(other))
			o.edit(placeAt("South gate"))
			o.edit(func(e *invites.Event) { e.Guests = append(e.Guests, invites.Guest{Email: "zoe@example.org"}) })
			o.edit(accept)
			w.sync()
		}, invites.Accepted},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			o := newOnline(w)
			w.plan("maya", maya())
			w.pass()
			w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
			w.pass()
			w.sync()
			tc.do(w, o)
			before, sent := *o.only(t), len(o.told)
			w.store.Close()
			for _, end := range []string{"", "-wal", "-shm"} {
				if err := os.Remove(filepath.Join(w.dir, "state.db"+end)); err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
			}
			w.arrived = nil
			w.reopen(store.Open)
			w.Calendar = "google"
			w.online(o)
			w.sync()
			for range 3 {
				w.pass()
				w.sync()
			}
			c, e := w.find("maya"), o.only(t)
			place := "Riverside path"
			if c.Place != nil {
				place = *c.Place
			}
			if !c.Start(w.now).Equal(e.Start) || !e.Start.Equal(before.Start) || place != e.Location || e.Location != before.Location || c.PartStat != tc.want || len(e.Guests) != len(before.Guests) {
				t.Errorf("it is at %s, %s, and %s; the event is %+v", c.Start(w.now), place, c.PartStat, e)
			}
			if len(o.told) != sent || len(w.arrived) > 0 {
				t.Errorf("guests were told %q; there has arrived %q", o.told[sent:], w.kinds())
			}
			if st := c.Status(w.now); st != conversation.Invited && st != conversation.Confirmed || !strings.HasPrefix(roster.Next(c, w.now).Next, "remind") {
				t.Errorf("it is %s; next: %s", st, roster.Next(c, w.now).Next)
			}
			w.commit(w.callOff(w.find("maya"), "", w.now))
			w.pass()
			if !o.only(t).Deleted {
				t.Error("it can't be cancelled")
			}
		})
	}
	t.Run("of somebody else of that name", func(t *testing.T) {
		w, o := booked(t)
		o.edit(func(e *invites.Event) { e.Guests[0].Email = "maya@other.example" })
		w.store.Close()
		if err := os.Remove(filepath.Join(w.dir, "state.db")); err != nil {
			t.Fatal(err)
		}
		w.reopen(store.Open)
		w.Calendar = "google"
		w.online(o)
		w.sync()
		if c := w.find("maya"); c.Booking != nil {
			t.Error("it is taken up")
		}
	})
}
