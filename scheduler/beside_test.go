package scheduler_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"coalition/invites"
	"coalition/scheduler"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/refusal"
	"coalition/scheduler/roster"
	"coalition/scheduler/store"
	"coalition/scheduler/worklist"
)

// A meddler is the calendar in memory with something in between.
type meddler struct {
	*online
	answered func() // when the next write has counted, and before that is known
	bare     bool   // of what is gone there is no more than that
	write    func(ch *invites.EventChange, dot func() error) (*invites.Event, error)
	listed   func() error // before each listing
}

func meddle(w *world, o *online) *meddler {
	m := &meddler{online: o}
	w.online(m)
	return m
}

func (m *meddler) Write(ctx context.Context, ch *invites.EventChange, dot func() error) (*invites.Event, error) {
	if m.write != nil {
		return m.write(ch, dot)
	}
	e, err := m.online.Write(ctx, ch, dot)
	if do := m.answered; do != nil {
		m.answered = nil
		do()
	}
	return e, err
}

func (m *meddler) Changes(ctx context.Context, cursor string, since time.Time, take func([]*invites.Event, bool) error) (string, error) {
	if m.listed != nil {
		if err := m.listed(); err != nil {
			return cursor, err
		}
	}
	return m.online.Changes(ctx, cursor, since, func(page []*invites.Event, full bool) error {
		for i, e := range page {
			if m.bare && e.Deleted {
				page[i] = &invites.Event{ID: e.ID, Etag: e.Etag, Deleted: true}
			}
		}
		return take(page, full)
	})
}

func (m *meddler) Event(ctx context.Context, in, id string) (*invites.Event, error) {
	e, err := m.online.Event(ctx, in, id)
	if m.bare && e.Deleted {
		e = &invites.Event{ID: id, Deleted: true}
	}
	return e, err
}

func deleteIt(e *invites.Event) { e.Deleted = true }

// A deletion may come with nothing but the id: in the changes, by its absence, and in answer to a write.
func TestBareDeletion(t *testing.T) {
	for name, meet := range map[string]func(w *world, o *online){
		"in the changes": func(w *world, _ *online) { w.sync() },
		"by its absence": func(w *world, o *online) { o.forget = true; w.sync() },
		"by a write": func(w *world, _ *online) {
			w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
			w.pass()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, o := booked(t)
			w.sync()
			meddle(w, o).bare = true
			o.edit(deleteIt)
			meet(w, o)
			if c := w.find("maya"); !c.Booking.Is.Deleted || !strings.Contains(roster.Next(c, w.now).Next, "coalition cancel maya") {
				t.Errorf("it is not seen; next: %s", roster.Next(c, w.now).Next)
			}
			o.want(t, invitation)
		})
	}
}

// While a change is being written, another one has to wait: what the partner knows is not known yet.
func TestBesideAWrite(t *testing.T) {
	first, second := plan.SlotOf(start.Add(24*time.Hour)), plan.SlotOf(start.Add(48*time.Hour))
	t.Run("a move that was thought up before", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		m := meddle(w, o)
		w.commit(w.reschedule(w.find("maya"), first, w.now))
		before := must(w.reschedule(w.find("maya"), second, w.now))
		m.answered = func() {
			if err := w.store.Commit(context.Background(), before); !errors.Is(err, conversation.ErrConflict) {
				t.Errorf("it is committed: %v", err)
			}
			if _, err := w.reschedule(w.find("maya"), second, w.now); !errors.Is(err, refusal.ErrBusy) {
				t.Errorf("it is decided: %v", err)
			}
		}
		w.pass()
		w.commit(w.reschedule(w.find("maya"), second, w.now))
		w.pass()
		w.sync()
		if c := w.find("maya"); !c.Start(w.now).Equal(second.Time()) || !o.only(t).Start.Equal(second.Time()) {
			t.Errorf("it is at %s, in Google at %s", c.Start(w.now), o.only(t).Start)
		}
		o.want(t, invitation, "update maya@example.org 5 Mar 10:00", "update maya@example.org 6 Mar 10:00")
	})
	t.Run("a cancellation of what has just gone", func(t *testing.T) {
		w := newWorld(t)
		o := newOnline(w)
		m := meddle(w, o)
		w.plan("maya", maya())
		w.pass()
		w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
		m.answered = func() {
			if _, err := w.callOff(w.find("maya"), "", w.now); !errors.Is(err, refusal.ErrBusy) {
				t.Errorf("it is decided: %v", err)
			}
			if _, err := w.Take(w.find("maya"), conversation.Answer{Value: conversation.No, How: "command"}, w.now); !errors.Is(err, refusal.ErrBusy) {
				t.Errorf("a no is taken in: %v", err)
			}
		}
		w.pass()
		w.commit(w.callOff(w.find("maya"), "", w.now))
		w.pass()
		o.want(t, invitation, "cancellation maya@example.org 4 Mar 10:00")
		w.want("brief-0")
	})
	t.Run("an invitation by mail", func(t *testing.T) {
		w := newWorld(t)
		o := newOnline(w)
		m := meddle(w, o)
		o.before = &invites.DeliveryError{Channel: true, Text: "no more guests", Err: invites.ErrGuests}
		w.plan("maya", maya("permitted: She said yes."))
		w.pass()
		c := w.find("maya")
		if err := c.Apply(command.ByMail{}, w.now); err != nil {
			t.Fatal(err)
		}
		before := must(w.invite(c, plan.Slot{}, "", w.now))
		m.answered = func() {
			if err := w.store.Commit(context.Background(), before); !errors.Is(err, conversation.ErrConflict) {
				t.Errorf("it is committed: %v", err)
			}
			if err := w.find("maya").Apply(command.ByMail{}, w.now); !errors.Is(err, refusal.ErrBusy) {
				t.Errorf("it is decided: %v", err)
			}
		}
		w.again()
		w.pass()
		o.want(t, invitation)
		w.want("")
	})
}

// What nobody knew to have counted is found out, and nothing that happened meanwhile is lost.
func TestFoundOut(t *testing.T) {
	cut := &invites.DeliveryError{Unclear: true, Wait: time.Hour, Text: "cut"}
	t.Run("an invitation that was deleted before it was known, and moved", func(t *testing.T) {
		w := newWorld(t)
		o := newOnline(w)
		w.plan("maya", maya("permitted: She said yes."))
		o.after = cut
		w.pass()
		o.edit(deleteIt)
		w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
		w.again()
		w.sync()
		w.pass()
		if c := w.find("maya"); !strings.Contains(roster.Next(c, w.now).Next, "coalition cancel maya") || !strings.Contains(w.history("sync"), "deleted in Google") {
			t.Errorf("next: %s; the log: %s", roster.Next(c, w.now).Next, w.history("sync"))
		}
		o.want(t, invitation)
	})
	t.Run("an answer to an invitation that waited for its approval", func(t *testing.T) {
		w := newWorld(t)
		o := newOnline(w)
		w.plan("maya", maya("permitted: She said yes."))
		w.sync()
		o.after = cut
		w.pass()
		if err := w.store.Pause(context.Background(), true); err != nil {
			t.Fatal(err)
		}
		o.edit(accept)
		if err := w.store.Approve(context.Background(), []int64{w.find("maya").Messages[0].Row}); err != nil {
			t.Fatal(err)
		}
		w.sync()
		if err := w.store.Pause(context.Background(), false); err != nil {
			t.Fatal(err)
		}
		w.again()
		w.sync()
		if w.status("maya") != conversation.Confirmed {
			t.Errorf("it is %s", w.status("maya"))
		}
		o.want(t, invitation)
	})
	t.Run("a move that never counted, and was taken back", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		o.before = cut
		w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
		w.pass()
		w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start), w.now))
		w.again()
		w.sync()
		w.now = start.Add(-30 * time.Minute)
		w.pass()
		w.want("reminder-1")
		o.want(t, invitation)
	})
	t.Run("a reply by mail is no proof", func(t *testing.T) {
		w := newWorld(t)
		o := newOnline(w)
		w.plan("maya", maya())
		w.pass()
		w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
		o.after = cut
		w.pass()
		w.receive(w.reply(invites.Reply, invites.Accepted))
		w.again()
		o.edit(accept)
		w.sync()
		if w.status("maya") != conversation.Confirmed {
			t.Errorf("it is %s", w.status("maya"))
		}
	})
	t.Run("an answer beside a move whose process was killed", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
		claimed := must(w.store.Claim(context.Background(), time.Now(), outbox.Channel("google"), 1, nil, func(c *conversation.Conversation, m *outbox.Message) (outbox.State, bool) { return "", true }))
		if len(claimed) != 1 {
			t.Fatalf("%d claimed", len(claimed))
		}
		change := new(invites.EventChange)
		if err := json.Unmarshal(claimed[0].Data, change); err != nil {
			t.Fatal(err)
		}
		b := w.find("maya").Booking
		change.Was, change.Is = &b.Wrote, &b.Is
		must(o.Write(context.Background(), change, func() error { return w.store.Dot(context.Background(), claimed[0]) }))
		o.edit(func(e *invites.Event) { e.Guests[0].PartStat = invites.Declined })
		w.sync()
		w.store.Close()
		w.reopen(store.Open) // which frees what the process that is gone had claimed
		w.Calendar = "google"
		w.online(o)
		if _, err := w.Once(context.Background(), context.Background(), func(*roster.Roster) {}); err != nil {
			t.Fatal(err)
		}
		if c := w.find("maya"); c.PartStat != invites.Declined {
			t.Errorf("it is %s: %s", c.PartStat, roster.Next(c, w.now).Next)
		}
		o.want(t, invitation, "update maya@example.org 5 Mar 10:00")
	})
	t.Run("beside a write that is unclear all else is read once", func(t *testing.T) {
		w, o := booked(t)
		o.before = cut
		w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
		w.pass()
		w.sync()
		if must(w.store.Cursor(context.Background(), o.cursor())) == "" {
			t.Error("all is read again the next time")
		}
		o.edit(accept)
		w.sync()
		w.again()
		w.sync()
		if c := w.find("maya"); c.Booking.Is.Guests[0].PartStat != invites.Accepted || c.Behind {
			t.Errorf("the answer is lost: %+v", c.Booking.Is.Guests)
		}
	})
}

// Words of the calendar outlive a change of ours that has nothing to do with them.
func TestWordsOutlive(t *testing.T) {
	t.Run("a place that was taken out", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		o.edit(func(e *invites.Event) { e.Location = "" })
		w.sync()
		w.plan("maya", maya("permitted: She said yes.", "purpose: Something else."))
		w.pass()
		if l := o.only(t).Location; l != "" {
			t.Errorf("it is back: %q", l)
		}
	})
	t.Run("a move that is newer than a plan file", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		o.now = time.Now
		o.edit(func(e *invites.Event) { e.Start, e.End = e.Start.Add(3*time.Hour), e.End.Add(3*time.Hour) })
		w.sync()
		w.plan("maya", maya("permitted: She said yes.", "purpose: Something else."))
		w.pass()
		w.plan("maya", maya("permitted: She said yes.", "purpose: Something else.", "when: {start: 2027-03-04 15:00}"))
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(filepath.Join(w.Plans.Path, "maya.yaml"), old, old); err != nil {
			t.Fatal(err)
		}
		w.pass()
		if c := w.find("maya"); !c.Start(w.now).Equal(start.Add(3 * time.Hour)) {
			t.Errorf("it is at %s", c.Start(w.now))
		}
	})
	t.Run("a guest who has left", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		o.edit(func(e *invites.Event) { e.Guests = nil })
		w.sync()
		w.plan("maya", maya("permitted: She said yes.", "purpose: Something else."))
		w.pass()
		if n := len(o.only(t).Guests); n != 0 {
			t.Errorf("%d guests after a change of the purpose", n)
		}
	})
}

// Only so long is a calendar waited for that fails slowly.
func TestFailsSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		meddle(w, newOnline(w)).listed = func() error {
			time.Sleep(6 * time.Second)
			return &invites.DeliveryError{Channel: true, Text: "no answer"}
		}
		began := time.Now()
		if err := w.ReadCalendarPatiently(t.Context()); err == nil || time.Since(began) > scheduler.Patience+6*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		w.store.Close()
	})
}

// An answer belongs to the time that it was given to.
func TestAnswersAndMoves(t *testing.T) {
	other := plan.SlotOf(start.Add(24 * time.Hour))
	t.Run("to the old time, while another is on its way", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		w.commit(w.reschedule(w.find("maya"), other, w.now))
		o.edit(accept)
		w.sync()
		w.pass()
		w.sync()
		if c := w.find("maya"); c.PartStat != invites.NeedsAction || !strings.Contains(w.history("answer"), "to what is about to change") {
			t.Errorf("it is %s; the log: %s", c.PartStat, w.history("answer"))
		}
	})
	t.Run("the same answer again, after a move", func(t *testing.T) {
		w, o := booked(t)
		o.edit(accept)
		w.sync()
		w.commit(w.reschedule(w.find("maya"), other, w.now))
		w.pass()
		w.sync()
		o.edit(func(e *invites.Event) { e.Summary = "Our talk" })
		w.sync()
		if c := w.find("maya"); c.PartStat != invites.NeedsAction {
			t.Errorf("after another change it is %s", c.PartStat)
		}
		o.now = func() time.Time { return time.Now().Add(-time.Hour) }
		o.edit(accept) // which looks like any other change, where Google has not reset the first one
		w.sync()
		if c := w.find("maya"); c.PartStat != invites.NeedsAction || !strings.Contains(strings.Join(worklist.Lines(c, w.now), ""), "accepted stands in Google Calendar") {
			t.Errorf("it is %s, and the list says %q", c.PartStat, worklist.Lines(c, w.now))
		}
		o.edit(func(e *invites.Event) { e.Guests[0].Comment = "Still good." }) // which nobody else can do
		w.sync()
		if w.status("maya") != conversation.Confirmed {
			t.Errorf("it is %s", w.status("maya"))
		}
	})
}

// More of what happens beside a write, or between two.
func TestBetween(t *testing.T) {
	other := plan.SlotOf(start.Add(24 * time.Hour))
	t.Run("a pass during a write decides nothing", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		m := meddle(w, o)
		w.commit(w.reschedule(w.find("maya"), other, w.now))
		m.answered = func() {
			w.plan("maya", maya("permitted: She said yes.", "purpose: Something else."))
			if r := must(w.Pass(context.Background(), w.board())); len(r.Decided) > 0 {
				t.Errorf("it decides on %v", r.Decided)
			}
		}
		w.pass()
		w.pass()
		o.want(t, invitation, "update maya@example.org 5 Mar 10:00", "update maya@example.org 5 Mar 10:00")
	})
	t.Run("a move there, and back again here", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		o.edit(func(e *invites.Event) { e.Start, e.End = other.Time().UTC(), other.Time().Add(time.Hour).UTC() })
		w.sync()
		w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start), w.now))
		w.pass()
		if at := o.only(t).Start; !at.Equal(start) {
			t.Errorf("its event is at %s", at)
		}
	})
	t.Run("many cuts", func(t *testing.T) {
		w := newWorld(t)
		o := newOnline(w)
		w.plan("maya", maya("permitted: She said yes."))
		for range 4 {
			o.before = &invites.DeliveryError{Unclear: true, Wait: time.Hour, Text: "cut"}
			w.pass()
			w.again()
		}
		w.again()
		o.want(t, invitation)
	})
	t.Run("an update that waits when the event is deleted", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		o.before = &invites.DeliveryError{Channel: true, Wait: time.Hour, Text: "503"}
		w.commit(w.reschedule(w.find("maya"), other, w.now))
		w.pass()
		o.edit(deleteIt)
		w.sync()
		w.again()
		if m := w.find("maya").Messages[1]; m.State != outbox.Dropped {
			t.Errorf("the update is %s", m.State)
		}
		o.want(t, invitation)
	})
	for name, cut := range map[string]func(o *online, err error){
		"an invitation that counted, and a no": func(o *online, err error) { o.after = err },
		"one that did not, and a no":           func(o *online, err error) { o.before = err },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			o := newOnline(w)
			w.plan("maya", maya("permitted: She said yes."))
			cut(o, &invites.DeliveryError{Unclear: true, Wait: time.Hour, Text: "cut"})
			w.pass()
			w.take("maya", conversation.Answer{Value: conversation.No, How: "command"})
			w.again()
			w.sync()
			c := w.find("maya")
			want := map[bool]outbox.State{true: outbox.Accepted, false: outbox.Superseded}[len(o.events) > 0]
			if m := c.Messages[0]; m.State != want || (c.Booking != nil) != (len(o.events) > 0) {
				t.Errorf("it is %s, booked: %t; want %s", m.State, c.Booking != nil, want)
			}
			rev := c.Rev
			w.sync()
			if w.find("maya").Rev != rev {
				t.Error("it is asked for again and again")
			}
		})
	}
	t.Run("a reply by mail", func(t *testing.T) {
		w := newWorld(t)
		newOnline(w)
		w.plan("maya", maya())
		w.pass()
		w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
		w.pass()
		if r := w.receive(w.reply(invites.Reply, invites.Declined)); r.Counted || w.find("maya").PartStat != invites.NeedsAction {
			t.Errorf("%+v, and it is %s", r, w.find("maya").PartStat)
		}
	})
}

var dayLater = plan.SlotOf(start.Add(24 * time.Hour))

// A guest who was invited again after leaving is not sent away by the next small update.
func TestInvitedAgain(t *testing.T) {
	w, o := booked(t)
	w.sync()
	o.edit(func(e *invites.Event) { e.Guests = nil })
	w.sync()
	w.commit(w.reschedule(w.find("maya"), dayLater, w.now))
	w.pass()
	w.plan("maya", maya("permitted: She said yes.", "purpose: Something else."))
	w.pass()
	c := w.find("maya")
	var ch invites.EventChange
	if err := json.Unmarshal(must(w.store.Message(context.Background(), c.Messages[len(c.Messages)-1].Row)).Data, &ch); err != nil {
		t.Fatal(err)
	}
	if len(ch.Guests) != 1 {
		t.Errorf("the update sends the guest away; next: %s, booked guests %v wrote %v", roster.Next(c, w.now).Next, c.Booking.Is.Guests, c.Booking.Wrote.Guests)
	}
}

// A move that never went is taken back: the answer is still that to what stands.
func TestMoveTakenBack(t *testing.T) {
	for _, first := range []bool{true, false} {
		w, o := booked(t)
		w.sync()
		if first {
			o.edit(accept)
			w.sync()
		}
		o.before = &invites.DeliveryError{Text: "503", Wait: time.Hour}
		w.commit(w.reschedule(w.find("maya"), dayLater, w.now))
		w.pass()
		if !first {
			o.edit(accept)
			w.sync()
		}
		w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start), w.now))
		w.pass()
		w.again()
		w.sync()
		w.pass()
		if w.status("maya") != conversation.Confirmed {
			t.Errorf("accepted before the move %t: it is %s; told %q", first, w.status("maya"), o.told)
		}
	}
}

// Likewise with a no.
func TestDeclineTakenBack(t *testing.T) {
	w, o := booked(t)
	w.sync()
	o.before = &invites.DeliveryError{Text: "503", Wait: time.Hour}
	w.commit(w.reschedule(w.find("maya"), dayLater, w.now))
	w.pass()
	o.edit(func(e *invites.Event) { e.Guests[0].PartStat = invites.Declined })
	w.sync()
	w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start), w.now))
	w.pass()
	w.again()
	w.sync()
	w.now = start.Add(-30 * time.Minute)
	w.pass()
	w.want("")
	if c := w.find("maya"); c.PartStat != invites.Declined {
		t.Errorf("it is %s", c.PartStat)
	}
}

// A write of ours that is found out is no answer of the guest's.
func TestOwnWriteIsNoAnswer(t *testing.T) {
	w, o := booked(t)
	o.edit(accept)
	w.sync()
	o.now = func() time.Time { return time.Now().Add(-time.Hour) }
	o.after = &invites.DeliveryError{Unclear: true, Text: "cut", Wait: time.Hour}
	w.commit(w.reschedule(w.find("maya"), dayLater, w.now))
	w.pass()
	o.before = &invites.DeliveryError{Text: "503", Wait: time.Hour}
	w.plan("maya", maya("permitted: She said yes.", "purpose: Something else."))
	w.pass()
	w.sync()
	if c := w.find("maya"); c.PartStat != invites.NeedsAction {
		t.Errorf("it is %s (%s) without a word of the guest; log %q", c.PartStat, w.status("maya"), w.history("answer"))
	}
}

// Words that were taken back after they had counted do not stay in the event.
func TestWordsTakenBack(t *testing.T) {
	w, o := booked(t)
	w.sync()
	before := o.only(t).Description
	o.after = &invites.DeliveryError{Unclear: true, Text: "cut", Wait: time.Hour}
	w.plan("maya", maya("permitted: She said yes.", "purpose: Something else."))
	w.pass()
	w.plan("maya", maya("permitted: She said yes."))
	w.pass()
	for range 3 {
		w.sync()
		w.again()
		w.pass()
	}
	if o.only(t).Description != before {
		t.Errorf("the event still says what was taken back; told %q", o.told)
	}
}

// A halfListed calendar never gets to the end of a listing.
type halfListed struct {
	*online
	n int
}

func (m *halfListed) Changes(ctx context.Context, cursor string, since time.Time, take func([]*invites.Event, bool) error) (string, error) {
	m.n++
	if _, err := m.online.Changes(ctx, cursor, since, take); err != nil {
		return cursor, err
	}
	return cursor, &invites.DeliveryError{Channel: true, Wait: time.Hour, Text: "503 on the second page"}
}

// A single run ends although no listing does, while a write is unclear.
func TestOnceEnds(t *testing.T) {
	w, o := booked(t)
	w.sync()
	o.after = &invites.DeliveryError{Unclear: true, Text: "cut", Wait: time.Hour}
	w.commit(w.reschedule(w.find("maya"), dayLater, w.now))
	w.pass()
	o.edit(accept)
	m := &halfListed{online: o}
	w.online(m)
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	_, err := w.Once(ctx, ctx, func(*roster.Roster) {})
	if m.n > 3 {
		t.Errorf("%d listings in 3 seconds, then %v", m.n, err)
	}
}

// An invitation that counted, and whose repeat is refused, is found out.
func TestFailedAfterItCounted(t *testing.T) {
	w := newWorld(t)
	o := newOnline(w)
	m := meddle(w, o)
	w.plan("maya", maya("permitted: She said yes."))
	o.after = &invites.DeliveryError{Unclear: true, Text: "cut"}
	w.pass()
	m.write = func(*invites.EventChange, func() error) (*invites.Event, error) {
		return nil, &invites.DeliveryError{Final: true, Text: "400"}
	}
	w.again()
	m.write = nil
	o.edit(accept)
	w.sync()
	w.again()
	w.sync()
	if w.status("maya") != conversation.Confirmed {
		c := w.find("maya")
		t.Errorf("it is %s, booked %v, message %s, next: %s", w.status("maya"), c.Booking != nil, c.Messages[0].State, roster.Next(c, w.now).Next)
	}
}

func TestInvitedAgainStays(t *testing.T) {
	w, o := booked(t)
	w.sync()
	m := meddle(w, o)
	o.edit(func(e *invites.Event) { e.Guests = nil })
	w.sync()
	w.commit(w.reschedule(w.find("maya"), dayLater, w.now))
	w.pass()
	o.edit(func(e *invites.Event) { // what the true calendar has done at the write, and the guest after it
		e.Guests = []invites.Guest{{Email: "maya@example.org", PartStat: invites.Accepted}}
	})
	w.plan("maya", maya("permitted: She said yes.", "purpose: Something else."))
	m.write = func(ch *invites.EventChange, dot func() error) (*invites.Event, error) {
		if len(ch.Was.Guests) == 1 && len(ch.Is.Guests) == 1 && len(ch.Guests) == 0 {
			t.Error("the calendar is told to send her away")
		}
		return m.online.Write(context.Background(), ch, dot)
	}
	w.pass()
}
