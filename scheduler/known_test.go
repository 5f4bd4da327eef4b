package scheduler_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/worklist"
)

func answer(p invites.PartStat) func(e *invites.Event) {
	return func(e *invites.Event) { e.Guests[0].PartStat = p }
}

func moveTo(at time.Time) func(e *invites.Event) {
	return func(e *invites.Event) { e.Start, e.End = at.UTC(), at.Add(time.Hour).UTC() }
}

func placeAt(place string) func(e *invites.Event) {
	return func(e *invites.Event) { e.Location = place }
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
		w.commit(w.reschedule(w.find("maya"), plan.SlotOf(to.In(lisbon)), w.now))
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
			w.commit(w.reschedule(w.find("maya"), plan.SlotOf(other.In(lisbon)), w.now))
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
			o.edit(func(e *invites.Event) { e.End = e.End.Add(time.Hour) })
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
			o.edit(func(*invites.Event) {}) // nothing that is asked for
			w.sync()
			o.edit(func(e *invites.Event) { e.Guests = append(e.Guests, invites.Guest{Email: "zoe@example.org"}) })
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
			list := strings.Join(worklist.Lines(c, w.now), "\n")
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
		w.answer = func(*invites.Submission, func() error) error {
			return &invites.DeliveryError{Code: 451, Text: "not now", Wait: time.Hour}
		}
		w.commit(w.reschedule(w.find("maya"), dayLater, w.now))
		w.pass()
		if c := w.find("maya"); c.PartStat != invites.NeedsAction {
			t.Errorf("while it waits it is %s", c.PartStat)
		}
		w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start), w.now))
		if c := w.find("maya"); c.PartStat != invites.Accepted {
			t.Errorf("taken back it is %s", c.PartStat)
		}
	})
	t.Run("a move and back", func(t *testing.T) {
		w := invited(t)
		w.commit(w.reschedule(w.find("maya"), dayLater, w.now))
		w.pass()
		w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start), w.now))
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
	for name, lose := range map[string]func(e *invites.Event){
		"all day":  func(e *invites.Event) { e.Start, e.End = time.Time{}, time.Time{} },
		"a series": func(e *invites.Event) { e.Repeats = true },
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
			if next := roster.Next(c, w.now).Next; !strings.Contains(next, `coalition move maya --start "2027-03-04 10:00"`) || c.PartStat != invites.NeedsAction {
				t.Errorf("it is %s; next: %s", c.PartStat, next)
			}
			w.plan("maya", maya("permitted: She said yes.", "purpose: Something else."))
			w.pass()
			w.later(start.Sub(w.now) - 30*time.Minute)
			w.pass()
			w.want("")
			o.want(t, invitation)
			w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start), w.now))
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
			if c := w.find("maya"); c.PartStat != invites.NeedsAction || strings.Contains(roster.Next(c, w.now).Next, "say when") {
				t.Errorf("mended it is %s; next: %s", c.PartStat, roster.Next(c, w.now).Next)
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
			o.edit(func(e *invites.Event) { e.Start, e.End, e.Repeats = start.UTC(), start.Add(time.Hour).UTC(), false })
			w.sync()
			if next := roster.Next(w.find("maya"), w.now).Next; next != "remind Maya Chen" {
				t.Errorf("next: %s", next)
			}
			w.pass()
			o.want(t, invitation)
		})
		t.Run(name+", and cancelled", func(t *testing.T) {
			w, o := lost(t)
			w.commit(w.callOff(w.find("maya"), "", w.now))
			w.pass()
			if !o.only(t).Deleted {
				t.Error("it is still there")
			}
		})
	}
}

// TestBackFromCancel: an event that somebody has brought back after the talk was cancelled is shown, and goes again
// on the organizer's word.
func TestBackFromCancel(t *testing.T) {
	for _, told := range []bool{false, true} {
		w, o := booked(t)
		w.sync()
		if told {
			o.edit(deleteIt)
			w.sync()
			w.take("maya", command.Withdraw{Told: true})
		} else {
			w.commit(w.callOff(w.find("maya"), "", w.now))
			w.pass()
		}
		w.sync()
		before := len(o.told)
		if next := roster.Next(w.find("maya"), w.now).Next; next != "" {
			t.Errorf("before, next: %s", next)
		}
		o.edit(func(e *invites.Event) { e.Deleted = false })
		w.sync()
		w.pass()
		c := w.find("maya")
		if next := roster.Next(c, w.now).Next; !strings.Contains(next, "coalition cancel maya") || c.Status(w.now) != conversation.Cancelled || len(o.told) != before {
			t.Errorf("told %t: it is %s; next: %s", told, c.Status(w.now), next)
		}
		w.commit(w.callOff(w.find("maya"), "", w.now))
		w.pass()
		w.sync()
		if c := w.find("maya"); !o.only(t).Deleted || roster.Next(c, w.now).Next != "" || len(o.told) != before+1 {
			t.Errorf("told %t: its event is still there, or next: %s; guests were told %q", told, roster.Next(c, w.now).Next, o.told)
		}
	}
}

// TestCounterToGoogle: another time that comes by mail to a talk in Google Calendar is taken there, or declined in
// a plain mail.
func TestCounterToGoogle(t *testing.T) {
	proposed := func(t *testing.T) (*world, *online) {
		w := newWorld(t)
		o := newOnline(w)
		w.plan("maya", maya())
		w.pass()
		w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
		w.pass()
		w.sync()
		o.edit(accept)
		w.sync()
		mail := w.reply(invites.Counter, invites.Tentative)
		mail.Calendar.Start, mail.Calendar.End = dayLater.Time().UTC(), dayLater.Time().Add(time.Hour).UTC()
		if r := w.receive(mail); !r.Counted {
			t.Fatalf("%+v", r)
		}
		if next := roster.Next(w.find("maya"), w.now).Next; !strings.HasPrefix(next, "take or decline the time that Maya Chen would rather have") {
			t.Fatalf("next: %s", next)
		}
		if c := w.find("maya"); c.PartStat != invites.Accepted {
			t.Errorf("by a mail it became %s", c.PartStat)
		}
		return w, o
	}
	t.Run("taken", func(t *testing.T) {
		w, o := proposed(t)
		w.commit(w.takeCounter(w.find("maya"), w.now))
		w.pass()
		if c := w.find("maya"); !o.only(t).Start.Equal(dayLater.Time()) || c.Counter != nil {
			t.Errorf("its event is at %s", o.only(t).Start)
		}
		w.want("brief-0")
	})
	t.Run("declined", func(t *testing.T) {
		w, o := proposed(t)
		w.commit(w.declineCounter(w.find("maya"), "I am on the train then.", w.now))
		w.pass()
		w.sync()
		c := w.find("maya")
		if p := w.arrived[len(w.arrived)-1]; p.Kind != "declinecounter" || p.Calendar != nil || strings.Contains(string(p.Data), "text/calendar") || !strings.Contains(string(p.Data), "on the train then") {
			t.Errorf("there has arrived %s:\n%s", p.Kind, p.Data)
		}
		if c.Counter != nil || c.PartStat != invites.Accepted || !o.only(t).Start.Equal(start) {
			t.Errorf("it is %s at %s", c.PartStat, o.only(t).Start)
		}
		o.want(t, invitation)
	})
}

// TestNoRoom: what could not be made is not promised.
func TestNoRoom(t *testing.T) {
	for _, room := range []bool{false, true} {
		w := newWorld(t)
		o := newOnline(w)
		w.plan("maya", maya("permitted: She said yes.", "setting: {kind: video}"))
		w.Plans.Meet = true
		w.pass()
		w.sync()
		if room {
			o.edit(func(e *invites.Event) { e.Join = "https://meet.google.com/abc" })
		} else {
			o.edit(func(e *invites.Event) { e.NoRoom = true })
		}
		w.sync()
		w.later(start.Sub(w.now) - 30*time.Minute)
		w.pass()
		text := string(w.arrived[0].Data)
		if w.kinds() != "reminder-0" || strings.Contains(text, "link in the invitation") || strings.Contains(text, "meet.google.com/abc") != room {
			t.Errorf("with a room: %t: %s", room, text)
		}
	}
}

// TestMovedElsewhere: an event in another calendar of the account is followed there.
func TestMovedElsewhere(t *testing.T) {
	for _, account := range []string{"ana@example.org", ""} { // "": nobody knows whose calendar it is that is read
		t.Run(account, func(t *testing.T) { testMovedElsewhere(t, account) })
	}
}

func testMovedElsewhere(t *testing.T, account string) {
	w, o := booked(t)
	o.name = account
	w.sync()
	h := &twoCalendars{online: o}
	w.online(h)
	o.edit(accept)
	h.away, o.others = "team@group.calendar.google.com", []string{"team@group.calendar.google.com"}
	w.sync()
	c := w.find("maya")
	if c.Booking.Is.Deleted || c.Booking.In != h.away || c.PartStat != invites.Accepted || !strings.Contains(strings.Join(worklist.Lines(c, w.now), ""), h.away) {
		t.Fatalf("it is %s in %s; the list says %q", c.PartStat, c.Booking.In, worklist.Lines(c, w.now))
	}
	h.silent = true // of what happens there the first one does not tell
	o.edit(answer(invites.Declined))
	w.sync()
	if c := w.find("maya"); c.PartStat != invites.Declined {
		t.Errorf("what happens there is not seen: it is %s", c.PartStat)
	}
	for _, how := range []string{"", "full", "cancelled"} { // deleted, brought back and moved, with a look after the first only
		full := how == "full"
		w, o := booked(t)
		o.name = account
		h := &twoCalendars{online: o}
		w.online(h)
		w.sync()
		if how == "cancelled" {
			w.commit(w.callOff(w.find("maya"), "", w.now))
			w.pass()
		} else {
			o.edit(deleteIt)
		}
		w.sync()
		o.edit(func(e *invites.Event) { e.Deleted = false })
		h.away, h.silent, o.others, o.forget = "team@group.calendar.google.com", full, []string{"team@group.calendar.google.com"}, full
		w.sync()
		if c := w.find("maya"); c.Booking.Is.Deleted || c.Booking.In != h.away {
			t.Errorf("after all of it, %s: deleted %t, in %s", how, c.Booking.Is.Deleted, c.Booking.In)
		}
		if next := roster.Next(w.find("maya"), w.now).Next; how == "cancelled" && !strings.Contains(next, "take the event out again") {
			t.Errorf("cancelled, and next: %s", next)
		}
	}
	w.commit(w.callOff(w.find("maya"), "", w.now))
	w.pass()
	if !o.only(t).Deleted || h.wrote != h.away {
		t.Errorf("cancelled in %q", h.wrote)
	}
	o.want(t, invitation, "cancellation maya@example.org 4 Mar 10:00")
}

// Two calendars of one account: an event that was moved away looks deleted in the first.
type twoCalendars struct {
	*online
	away, wrote string
	silent      bool
}

func (h *twoCalendars) Changes(ctx context.Context, cursor string, since time.Time, take func([]*invites.Event, bool) error) (string, error) {
	return h.online.Changes(ctx, cursor, since, func(page []*invites.Event, full bool) error {
		if h.silent {
			page = nil
		}
		for i, e := range page {
			if h.away != "" {
				page[i] = &invites.Event{ID: e.ID, Etag: "gone", Updated: e.Updated, Deleted: true}
			}
		}
		return take(page, full)
	})
}

func (h *twoCalendars) Event(ctx context.Context, in, id string) (*invites.Event, error) {
	e, err := h.online.Event(ctx, in, id)
	e.In = h.away
	return e, err
}

func (h *twoCalendars) Write(ctx context.Context, ch *invites.EventChange, dot func() error) (*invites.Event, error) {
	h.wrote = ch.Is.In
	return h.online.Write(ctx, ch, dot)
}

// TestLeftAndBack: who had left an event that was deleted then, and is brought back, is invited anew: what they had
// said before is none to that.
func TestLeftAndBack(t *testing.T) {
	for _, one := range []bool{false, true} { // one look for all of it
		w, o := booked(t)
		w.sync()
		o.edit(accept)
		w.sync()
		o.edit(func(e *invites.Event) { e.Guests = nil })
		if !one {
			w.sync()
		}
		o.edit(deleteIt)
		w.sync()
		w.commit(w.invite(w.find("maya"), plan.Slot{}, "", w.now))
		w.pass()
		w.sync()
		if c, e := w.find("maya"), o.only(t); e.Deleted || !hasGuest(e, "maya@example.org") || c.PartStat != invites.NeedsAction {
			t.Errorf("one look: %t: it is %s; the event: %+v", one, c.PartStat, e)
		}
		o.edit(answer(invites.Accepted))
		w.sync()
		if c := w.find("maya"); c.PartStat != invites.Accepted {
			t.Errorf("one look: %t: after her yes it is %s", one, c.PartStat)
		}
	}
}

// TestHiddenGuest: who is not shown among the guests has not left.
func TestHiddenGuest(t *testing.T) {
	w, o := booked(t)
	w.sync()
	o.edit(accept)
	w.sync()
	o.edit(func(e *invites.Event) { e.Guests, e.Omitted = nil, true })
	w.sync()
	if c := w.find("maya"); c.PartStat != invites.Accepted {
		t.Errorf("it is %s: %s", c.PartStat, w.history("sync"))
	}
	o.edit(func(e *invites.Event) {
		e.Guests, e.Omitted = []invites.Guest{{Email: "maya@example.org", PartStat: invites.Declined}}, false
	})
	w.sync()
	if c := w.find("maya"); c.PartStat != invites.Declined {
		t.Errorf("shown again it is %s", c.PartStat)
	}
}

// TestAnotherOrganizer: where nobody knows whose calendar is read, an event that was given another organizer is
// where it was.
func TestAnotherOrganizer(t *testing.T) {
	w := newWorld(t)
	o := newOnline(w)
	o.name = ""
	n := &nameless{online: o, account: "ana@example.org"}
	w.online(n)
	w.plan("maya", maya("permitted: She said yes."))
	w.pass()
	w.sync()
	o.edit(func(e *invites.Event) { e.In = "bo@example.org" })
	w.sync()
	if b := w.find("maya").Booking; b.Away || b.In != "ana@example.org" {
		t.Errorf("it is in %s", b.In)
	}
}

// TestDeletedInOneLook: what was changed in the calendar before it was deleted counts, with or without a look in
// between; and what is brought back is what the list shows.
func TestDeletedInOneLook(t *testing.T) {
	for _, bare := range []bool{false, true} {
		w, o := booked(t)
		w.sync()
		meddle(w, o).bare = bare
		o.edit(moveTo(start.Add(3 * time.Hour)))
		o.edit(placeAt("South gate"))
		o.edit(deleteIt)
		w.sync()
		w.commit(w.invite(w.find("maya"), plan.Slot{}, "", w.now))
		if bare { // the calendar in memory writes what differs from what was written last; the true one compares
			continue
		}
		w.pass()
		w.sync()
		c, e := w.find("maya"), o.only(t)
		if e.Deleted || !e.Start.Equal(c.Start(w.now)) || c.Place == nil || e.Location != *c.Place || c.PartStat != invites.NeedsAction {
			t.Errorf("the event is at %s, %s; the list says %s\n%s", e.Start, e.Location, c.Start(w.now), w.history("sync"))
		}
	}
}

// TestWhoseCalendar: where nobody can say whose calendar is read, the event itself says whose it is; and that it is
// in no calendar of somebody else is no deletion.
func TestWhoseCalendar(t *testing.T) {
	w := newWorld(t)
	o := newOnline(w)
	o.name = ""
	n := &nameless{online: o, account: "ana@example.org"}
	w.online(n)
	w.plan("maya", maya("permitted: She said yes."))
	w.pass()
	w.sync()
	if in := w.find("maya").Booking.In; in != "ana@example.org" {
		t.Fatalf("it is in %q", in)
	}
	there, changed := o.events, o.changed
	o.events, o.changed, o.forget = map[string]*invites.Event{}, nil, true // somebody else has signed in
	n.stranger = true
	w.sync()
	if c := w.find("maya"); c.Booking.Is.Deleted || w.history("sync") != "" {
		t.Errorf("it is taken for deleted: %s", w.history("sync"))
	}
	n.stranger, o.forget = false, true
	w.sync()
	if !w.find("maya").Booking.Is.Deleted {
		t.Error("that it is gone for good is not seen")
	}
	o.events, o.changed = there, changed
	o.edit(func(*invites.Event) {})
	w.sync()
	o.edit(deleteIt)
	w.sync()
	if !w.find("maya").Booking.Is.Deleted {
		t.Error("a deletion is not seen")
	}
}

type nameless struct {
	*online
	account  string
	stranger bool // who is signed in has another account
}

func (n *nameless) Event(ctx context.Context, in, id string) (*invites.Event, error) {
	if n.stranger && in != "" {
		return nil, &invites.DeliveryError{Final: true, Channel: true, Code: 404, Text: "there is no calendar " + in + " in the account"}
	}
	return n.online.Event(ctx, in, id)
}

func (n *nameless) Write(ctx context.Context, ch *invites.EventChange, dot func() error) (*invites.Event, error) {
	e, err := n.online.Write(ctx, ch, dot)
	if e != nil {
		e.In = n.account
	}
	return e, err
}
