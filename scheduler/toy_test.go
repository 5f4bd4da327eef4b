package scheduler_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/ways"
	"coalition/scheduler/worklist"
)

// A further channel needs a calendar and its name in the settings: a talk lives its whole life in one that nothing
// else of the program has heard of.
func TestToyCalendar(t *testing.T) {
	w := newWorld(t)
	o := newOnline(w)
	o.name, o.host = "ana's toy", "@toy.example"
	w.Calendar, w.Notify = "toy", true
	w.Calendars = []organizer.Calendar{{Channel: "toy", Title: "Toy Calendar", Provider: "Toys", UIDSuffix: "@toy.example", Config: "`via: toy`"}}
	w.How = func(way ways.Way, ref string, at ...string) string {
		return strings.ReplaceAll(how(way, ref, at...), "google", "toy")
	}
	w.online(o)
	var said []string
	next := func(begins string) {
		t.Helper()
		c := w.find("maya")
		step := roster.Next(c, w.now)
		said = append(said, step.Next)
		said = append(said, worklist.Lines(c, w.now)...)
		if !strings.HasPrefix(step.Next, begins) {
			t.Errorf("next: %s; want %s", step.Next, begins)
		}
	}
	w.plan("maya", maya())
	w.pass()
	w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
	w.pass()
	if c := w.find("maya"); c.Channel != "toy" || c.UID != c.EventID()+"@toy.example" || o.only(t).ID != c.EventID() || c.Messages[1].Via != "toy" {
		t.Fatalf("it is in %q, as %s", c.Channel, c.UID)
	}
	w.sync()
	o.edit(accept)
	w.sync()
	if st := w.status("maya"); st != conversation.Confirmed {
		t.Errorf("after the yes in the calendar it is %s", st)
	}
	next("remind Maya Chen")
	o.edit(func(e *invites.Event) { e.Start, e.End = e.Start.Add(24*time.Hour), e.End.Add(24*time.Hour) })
	w.sync()
	o.edit(func(e *invites.Event) {
		e.Guests[0].PartStat, e.Guests[0].Comment = invites.Declined, "Not on a Friday."
	})
	w.sync()
	next("move the talk, or cancel it")
	w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start), w.now))
	w.pass()
	o.want(t, invitation, "update maya@example.org 4 Mar 10:00")
	o.edit(func(e *invites.Event) { e.Deleted = true })
	w.sync()
	next("say whether the talk is off, since its event was deleted in Toy Calendar")
	w.commit(w.invite(w.find("maya"), plan.Slot{}, "", w.now))
	o.before = &invites.DeliveryError{Channel: true, Err: invites.ErrLogin, Text: "sign in"}
	w.pass()
	next("sign in to Toys again, for the update")
	if err := w.store.Hurry(context.Background(), "toy"); err != nil {
		t.Fatal(err)
	}
	w.pass()
	w.sync()
	w.commit(w.callOff(w.find("maya"), "It can't be.", w.now))
	w.pass()
	if !o.only(t).Deleted || w.status("maya") != conversation.Cancelled {
		t.Errorf("it is %s, and the event is there: %t", w.status("maya"), !o.only(t).Deleted)
	}
	said = append(said, w.history("answer", "sync", "move", "cancel", "plan"))
	for _, p := range w.arrived {
		said = append(said, string(p.Data))
	}
	all := strings.Join(said, "\n")
	if strings.Contains(strings.ToLower(all), "google") || !strings.Contains(all, "moved in Toy Calendar to") {
		t.Errorf("it is called by another name:\n%s", all)
	}
	if !slices.ContainsFunc(w.arrived, func(p *invites.Submission) bool { return p.Kind == string(outbox.Notice) }) {
		t.Error("the organizer was told of nothing")
	}
}

// A calendar that mails no guests carries no invitation: these go by mail.
func TestCalendarThatMailsNobody(t *testing.T) {
	w := newWorld(t)
	o := newOnline(w)
	o.can.MailsGuests = false
	w.online(o)
	w.plan("maya", maya("permitted: She said yes."))
	w.pass()
	w.want("invite-0")
	if len(o.events) != 0 || w.Delivery.Calendar != nil {
		t.Errorf("%d events; it could be written to: %t", len(o.events), w.Delivery.Calendar != nil)
	}
}
