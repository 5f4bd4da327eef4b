package scheduler_test

import (
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler/plan"
)

func answer(p invites.PartStat) func(e *invites.Entry) {
	return func(e *invites.Entry) { e.Guests[0].PartStat = p }
}

func moveTo(at time.Time) func(e *invites.Entry) {
	return func(e *invites.Entry) { e.Start, e.End = at.UTC(), at.Add(time.Hour).UTC() }
}

func placeAt(place string) func(e *invites.Entry) {
	return func(e *invites.Entry) { e.Location = place }
}

// TestWhatAnswersAreTo: an answer belongs to the time, length and place that it was given to, wherever these were
// changed, and to no words.
func TestWhatAnswersAreTo(t *testing.T) {
	other := start.Add(3 * time.Hour)
	agenda := func(w *world) {
		w.plan("maya", maya("permitted: She said yes.", "purpose: Something else."))
		w.pass()
		w.sync()
	}
	move := func(w *world, to time.Time) {
		w.commit(w.Reschedule(w.find("maya"), plan.SlotOf(to.In(lisbon)), w.now))
		w.pass()
		w.sync()
	}
	for _, tc := range []struct {
		name string
		do   func(w *world, o *online)
		want invites.PartStat
		list string // what the list says of it; "" of an answer nothing
	}{
		{"moved there, declined, and another agenda here", func(w *world, o *online) {
			o.edit(moveTo(other))
			w.sync()
			o.edit(answer(invites.Declined))
			w.sync()
			agenda(w)
		}, invites.Declined, ""},
		{"moved there, accepted, and moved back here", func(w *world, o *online) {
			o.edit(moveTo(other))
			w.sync()
			o.edit(answer(invites.Accepted))
			w.sync()
			move(w, start)
		}, invites.NeedsAction, "accepted stands"},
		{"accepted, moved there, and moved back here", func(w *world, o *online) {
			o.edit(answer(invites.Accepted))
			w.sync()
			o.edit(moveTo(other))
			w.sync()
			move(w, start)
		}, invites.NeedsAction, ""},
		{"accepted, moved here and back here", func(w *world, o *online) {
			o.asks = true
			o.edit(answer(invites.Accepted))
			w.sync()
			move(w, other)
			move(w, start)
		}, invites.NeedsAction, ""},
		{"moved here, and accepted before the next look", func(w *world, o *online) {
			o.asks = true
			o.edit(answer(invites.Accepted))
			w.sync()
			w.commit(w.Reschedule(w.find("maya"), plan.SlotOf(other.In(lisbon)), w.now))
			w.pass()
			o.edit(answer(invites.Accepted))
			w.sync()
		}, invites.Accepted, ""},
		{"accepted, another place there, another agenda here", func(w *world, o *online) {
			o.edit(answer(invites.Accepted))
			w.sync()
			o.edit(placeAt("South gate"))
			w.sync()
			agenda(w)
		}, invites.NeedsAction, "accepted stands"},
		{"accepted beside a new place", func(w *world, o *online) {
			o.edit(placeAt("South gate"))
			o.edit(answer(invites.Accepted))
			w.sync()
		}, invites.NeedsAction, "accepted stands"},
		{"accepted beside a new length", func(w *world, o *online) {
			o.edit(func(e *invites.Entry) { e.End = e.End.Add(time.Hour) })
			o.edit(answer(invites.Accepted))
			w.sync()
		}, invites.NeedsAction, "accepted stands"},
		{"accepted before, and once more beside a new start", func(w *world, o *online) {
			o.edit(answer(invites.Accepted))
			w.sync()
			o.edit(moveTo(other))
			o.edit(answer(invites.Accepted))
			w.sync()
		}, invites.Accepted, ""},
		{"accepted, moved here, and another colour", func(w *world, o *online) {
			o.now = func() time.Time { return time.Now().Add(-time.Hour) }
			o.edit(answer(invites.Accepted))
			w.sync()
			move(w, other)
			o.edit(func(*invites.Entry) {}) // nothing that is asked for
			w.sync()
			o.edit(func(e *invites.Entry) { e.Guests = append(e.Guests, invites.Guest{Email: "zoe@example.org"}) })
			w.sync()
		}, invites.NeedsAction, "accepted stands"},
		{"moved and back between two looks", func(w *world, o *online) {
			o.edit(answer(invites.Accepted))
			w.sync()
			o.edit(moveTo(other))
			o.edit(moveTo(start))
			w.sync()
		}, invites.NeedsAction, ""},
		{"accepted, the place there and back", func(w *world, o *online) {
			o.edit(answer(invites.Accepted))
			w.sync()
			o.edit(placeAt("South gate"))
			w.sync()
			o.edit(placeAt("Riverside path"))
			w.sync()
		}, invites.NeedsAction, "accepted stands"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, o := booked(t)
			w.sync()
			tc.do(w, o)
			c := w.find("maya")
			if c.PartStat != tc.want {
				t.Errorf("it is %s; want %s\n%s", c.PartStat, tc.want, w.history("sync", "answer"))
			}
			list := strings.Join(c.Waiting(w.now), "\n")
			if tc.list == "" && strings.Contains(list, "stands in Google") || !strings.Contains(list, tc.list) {
				t.Errorf("the list says %q; want %q", list, tc.list)
			}
			if strings.Contains(w.history("answer"), "took") {
				t.Errorf("words that nobody said: %s", w.history("answer"))
			}
			if c.PartStat == invites.Declined {
				w.later(start.Add(2 * time.Hour).Sub(w.now))
				w.pass()
				w.want("")
			}
		})
	}
}

// TestAnswersByMail is the same for an invitation by mail.
func TestAnswersByMail(t *testing.T) {
	invited := func(t *testing.T) *world {
		w := newWorld(t)
		w.plan("maya", maya("permitted: She said yes."))
		w.pass()
		w.receive(w.reply(invites.Reply, invites.Accepted))
		return w
	}
	t.Run("another agenda", func(t *testing.T) {
		w := invited(t)
		w.plan("maya", maya("permitted: She said yes.", "purpose: Something else."))
		w.pass()
		if c := w.find("maya"); c.PartStat != invites.Accepted {
			t.Errorf("it is %s", c.PartStat)
		}
	})
	t.Run("a move that never went", func(t *testing.T) {
		w := invited(t)
		w.answer = func(*invites.Parcel, func() error) error {
			return &invites.DeliveryError{Code: 451, Text: "not now", Wait: time.Hour}
		}
		w.commit(w.Reschedule(w.find("maya"), dayLater, w.now))
		w.pass()
		if c := w.find("maya"); c.PartStat != invites.NeedsAction {
			t.Errorf("while it waits it is %s", c.PartStat)
		}
		w.commit(w.Reschedule(w.find("maya"), plan.SlotOf(start), w.now))
		if c := w.find("maya"); c.PartStat != invites.Accepted {
			t.Errorf("taken back it is %s", c.PartStat)
		}
	})
	t.Run("a move and back", func(t *testing.T) {
		w := invited(t)
		w.commit(w.Reschedule(w.find("maya"), dayLater, w.now))
		w.pass()
		w.commit(w.Reschedule(w.find("maya"), plan.SlotOf(start), w.now))
		w.pass()
		if c := w.find("maya"); c.PartStat != invites.NeedsAction {
			t.Errorf("it is %s", c.PartStat)
		}
		w.want("invite-0 update-1 update-2")
	})
}

// TestLostTime: an event without its hour, or one that repeats, is no talk that anybody is reminded of; the list
// asks, and a move to the known hour mends it.
func TestLostTime(t *testing.T) {
	for name, lose := range map[string]func(e *invites.Entry){
		"all day":  func(e *invites.Entry) { e.Start, e.End = time.Time{}, time.Time{} },
		"a series": func(e *invites.Entry) { e.Repeats = true },
	} {
		lost := func(t *testing.T) (*world, *online) {
			w, o := booked(t)
			w.sync()
			o.edit(answer(invites.Accepted))
			w.sync()
			o.edit(lose)
			w.sync()
			return w, o
		}
		t.Run(name, func(t *testing.T) {
			w, o := lost(t)
			c := w.find("maya")
			if next := c.Next(w.now).Next; !strings.Contains(next, `coalition move maya --start "2027-03-04 10:00"`) || c.PartStat != invites.NeedsAction {
				t.Errorf("it is %s; next: %s", c.PartStat, next)
			}
			w.plan("maya", maya("permitted: She said yes.", "purpose: Something else."))
			w.pass()
			w.later(start.Sub(w.now) - 30*time.Minute)
			w.pass()
			w.want("")
			o.want(t, invitation)
			w.commit(w.Reschedule(w.find("maya"), plan.SlotOf(start), w.now))
			w.pass()
			w.sync()
			e := o.only(t)
			if !e.Start.Equal(start) || !e.End.Equal(start.Add(time.Hour)) || e.Repeats {
				t.Errorf("the event is at %s to %s, repeats: %t", e.Start, e.End, e.Repeats)
			}
			o.want(t, invitation, "update maya@example.org 4 Mar 10:00")
			w.pass()
			if got := w.kinds(); !strings.HasPrefix(got, "reminder") || len(w.arrived) != 1 {
				t.Errorf("mended, there has arrived: %s", got)
			}
			if c := w.find("maya"); c.PartStat != invites.NeedsAction || strings.Contains(c.Next(w.now).Next, "say when") {
				t.Errorf("mended it is %s; next: %s", c.PartStat, c.Next(w.now).Next)
			}
		})
		t.Run(name+", and another time in the plan", func(t *testing.T) {
			w, o := lost(t)
			w.plan("maya", maya("permitted: She said yes.", "when: {start: 2027-03-05 15:00}"))
			w.pass()
			w.sync()
			if e := o.only(t); e.Repeats || !e.Start.Equal(time.Date(2027, 3, 5, 15, 0, 0, 0, lisbon)) {
				t.Errorf("the event is at %s, repeats: %t", e.Start, e.Repeats)
			}
		})
		t.Run(name+", and back there", func(t *testing.T) {
			w, o := lost(t)
			o.edit(func(e *invites.Entry) { e.Start, e.End, e.Repeats = start.UTC(), start.Add(time.Hour).UTC(), false })
			w.sync()
			if next := w.find("maya").Next(w.now).Next; next != "remind Maya Chen" {
				t.Errorf("next: %s", next)
			}
			w.pass()
			o.want(t, invitation)
		})
		t.Run(name+", and cancelled", func(t *testing.T) {
			w, o := lost(t)
			w.commit(w.CallOff(w.find("maya"), "", w.now))
			w.pass()
			if !o.only(t).Deleted {
				t.Error("it is still there")
			}
		})
	}
}
