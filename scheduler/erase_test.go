package scheduler_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
	"coalition/scheduler/refusal"
	"coalition/scheduler/roster"
	"coalition/scheduler/store"
	"coalition/scheduler/store/erase"
)

// erase erases a conversation, as it stands on b, with its plan file.
func (w *world) erase(b *roster.Roster, id plan.ID) error {
	w.t.Helper()
	r := erase.Request{ID: id, All: b.Conversations, Plans: func() error {
		err := os.Remove(filepath.Join(w.Plans.Path, string(id)+".yaml"))
		if os.IsNotExist(err) {
			err = nil
		}
		return err
	}}
	for _, c := range b.Conversations {
		if c.ID == id {
			r.Addresses = append(r.Addresses, c.Addresses()...)
			r.Said, _ = roster.Silent(c)
		}
	}
	return erase.Rows(context.Background(), w.store, r)
}

// Whoever has looked before somebody was erased, and decides only then, does not bring them back: neither one who was
// on record, nor one whom a pass was just about to take in, whether anything is due or not.
func TestEraseMeanwhile(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name, change string
		stored       bool
	}{
		{"a new one", "ready: true", false},
		{"a new one that is not due", "ask_on: 2027-02-20", false},
		{"one on record", "ready: true", true},
	} {
		w := newWorld(t)
		w.plan("maya", maya(test.change))
		w.plan("tom", strings.ReplaceAll(maya(), "maya@", "tom@"))
		if test.stored {
			w.pass()
			w.plan("maya", maya("purpose: Something else."))
		}
		before := w.board()
		if err := w.erase(w.board(), "maya"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Pass(ctx, before); err != nil {
			t.Fatal(err)
		}
		w.pass()
		for _, c := range w.board().Conversations {
			if c.ID == "maya" {
				t.Errorf("%s: is back", test.name)
			}
		}
		if last := w.arrived[len(w.arrived)-1]; last.ID != "tom" {
			t.Errorf("%s: %s has gone after all", test.name, last.Kind)
		}
	}
}

// A conversation that somebody carries on meanwhile is not erased: it has to be looked at once more.
func TestEraseCarriedOn(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya())
	w.pass()
	before := w.board()
	w.take("maya", conversation.Answer{Value: conversation.Wait, How: "command"})
	if err := w.erase(before, "maya"); !errors.Is(err, conversation.ErrConflict) {
		t.Errorf("erased after an answer: %v", err)
	}
	d, err := w.ask(w.find("maya"), true, w.now)
	d.Slots = conversation.Anyway
	w.commit(d, err)
	before = w.board()
	if err := w.Delivery.DeliverBoth(context.Background(), context.Background(), false).Err; err != nil {
		t.Fatal(err)
	}
	if err := w.erase(before, "maya"); !errors.Is(err, conversation.ErrConflict) {
		t.Errorf("erased while a message has left: %v", err)
	}
	if len(w.find("maya").Messages) != 2 {
		t.Error("something is gone all the same")
	}
}

// What somebody has said in a conversation that is erased holds as if it were there: a no until the organizer's own
// word, a stop for everything.
func TestEraseSilence(t *testing.T) {
	for _, said := range []string{"no", "stop"} {
		w := newWorld(t)
		w.plan("maya", maya())
		w.pass()
		w.take("maya", conversation.Answer{Value: conversation.No, How: "command",
			Note: map[string]string{"no": "Not this year.", "stop": "Please stop writing to me."}[said]})
		if err := w.erase(w.board(), "maya"); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.AddDate(0, 0, 1)
		w.plan("chen", maya("email: MAYA@example.org"))
		w.pass()
		w.want("brief-0")
		w.wantStep("chen", "in a conversation that is erased", "no brief goes by itself")
		d, err := w.ask(w.find("chen"), false, w.now)
		if err != nil || d.Objection == "" {
			t.Errorf("%s: the organizer's own ask: %v, with the objection %q", said, err, d.Objection)
		}
		d.Slots = conversation.Anyway
		w.commit(d, err)
		w.now = w.now.Add(time.Hour)
		w.pass()
		w.want("brief-0 brief-0")
		if silent, _ := roster.Silent(w.find("chen")); (silent != nil) != (said == "stop") {
			t.Errorf("%s: after the organizer's own ask: %v", said, silent)
		}
		// Erased once more, what still holds is kept once more.
		if err := w.erase(w.board(), "chen"); err != nil {
			t.Fatal(err)
		}
		w.plan("maya", maya())
		if silent, in := roster.Silent(w.find("maya")); said == "stop" && (silent == nil || !silent.Stop || in != nil) {
			t.Errorf("%s: after the second time: %v in %v", said, silent, in)
		}
	}
}

// A partner is not left with something that nobody would know of any more.
func TestEraseRefused(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya())
	allowed := func(want string) {
		t.Helper()
		err := command.Erase([]*conversation.Conversation{w.find("maya")}, w.now)
		var refused *refusal.Error
		switch {
		case want == "" && err != nil:
			t.Errorf("refused: %v", err)
		case want != "" && (!errors.As(err, &refused) || !strings.Contains(err.Error(), want)):
			t.Errorf("%v; want %q", err, want)
		}
	}
	allowed("")
	must(w.Pass(context.Background(), w.board()))
	allowed("the brief to Maya Chen is still to leave; call it off first: coalition cancel maya")
	w.pass()
	allowed("")
	w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
	allowed("waits for the invitation; call it off first")
	w.pass()
	allowed("a talk with Maya Chen stands in the calendars, on Thu 4 Mar 2027 10:00 (Europe/Lisbon); call it off first: coalition cancel maya")
	start := w.find("maya").Start(w.now)
	w.now = start.Add(time.Minute)
	allowed("under way; erase it once it is over")
	w.now = start.Add(2 * time.Hour)
	allowed("")

	w.now = monday.Add(time.Hour)
	d, err := w.callOff(w.find("maya"), "", w.now)
	d.Slots = conversation.Anyway
	w.commit(d, err)
	allowed("may not know that the talk of Thu 4 Mar 2027 10:00 (Europe/Lisbon) is off; see: coalition log maya")
	w.pass()
	w.want("brief-0 invite-0 cancel-1")
	allowed("")
	if err := w.erase(w.board(), "maya"); err != nil {
		t.Fatal(err)
	}
	if rows := must(w.store.History(context.Background(), "")); len(rows) > 0 {
		t.Errorf("the history still says: %v", rows)
	}
	if at := must(w.store.FirstLeft(context.Background())); !at.IsZero() {
		t.Errorf("messages are left, the first of %s", at)
	}
}

// The event of a talk that is erased stays in the calendar, and is not taken for that of a new one of the same name: the
// new one is asked first, and gets an event of its own.
func TestEraseCalendar(t *testing.T) {
	w, o := booked(t)
	w.now = w.find("maya").Start(w.now).Add(3 * time.Hour)
	if err := w.erase(w.board(), "maya"); err != nil {
		t.Fatal(err)
	}
	w.plan("maya", maya("when: {start: 2027-05-04 10:00}"))
	w.arrived, o.forget = nil, true
	w.sync()
	w.pass()
	if c := w.find("maya"); c.Booking != nil || c.Status(w.now) != conversation.Asked {
		t.Errorf("the old event is taken up: %+v, %s", c.Booking, c.Status(w.now))
	}
	w.want("brief-0")
	w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
	w.pass()
	if len(o.events) != 2 {
		t.Errorf("%d events, want that of the old talk and one of its own", len(o.events))
	}
	// Where the state is lost after all, it is the event of the new one that is taken up.
	w.store.Close()
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(w.dir, "state.db"+end)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	w.reopen(store.Open)
	w.Calendar, o.forget = "google", true
	w.online(o)
	w.sync()
	if c := w.find("maya"); c.Booking == nil || c.EventRef().String() != "maya/1+1" {
		t.Errorf("of a state that is lost is taken up: %+v as %s", c.Booking, c.EventRef())
	}
}
