package scheduler_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/inbox"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/templates"
)

// ownTime is when "Wednesday 10 March at 11:00" is, on Maya's clock.
var ownTime = time.Date(2027, 3, 10, 10, 0, 0, 0, time.UTC)

const (
	ownWords = "Could we do Wednesday 10 March at 11:00 instead?"
	takeOwn  = "take or decline the time that Maya Chen would rather have, Wed 10 Mar 2027 10:00 (Europe/Lisbon): " +
		"coalition counter maya"
)

// wantOwn wants a time of Maya's own to wait for the organizer, who has told of it once.
func (w *world) wantOwn(sent string) {
	w.t.Helper()
	for range 2 {
		w.pass()
		w.want(sent)
	}
	c := w.find("maya")
	if c.Counter == nil || !c.Counter.Start.Equal(ownTime) {
		w.t.Fatalf("the time proposed: %+v", c.Counter)
	}
	w.wantStep("maya", takeOwn, "")
}

// A time of their own in a reply waits for the organizer, with its words; taken, it is a yes by their word, and the
// invitation goes at once.
func TestOwnTimeIsTaken(t *testing.T) {
	w := asked(t)
	w.Notify = true
	r := w.receive(w.letter(ownWords))
	if want := "they would rather have Wed 10 Mar 2027 10:00 (Europe/Lisbon)"; !strings.Contains(r.What, want) {
		t.Errorf("received: %s", r.What)
	}
	if c := w.find("maya"); len(c.Notices) != 1 || c.Notices[0].What != inbox.NewsTime {
		t.Errorf("notices %+v", c.Notices)
	}
	w.wantOwn("brief-0 notice-0")
	if got := w.status("maya"); got != conversation.Asked {
		t.Errorf("status %s before it is taken", got)
	}
	w.later(time.Hour)
	d, err := w.takeCounter(w.find("maya"), w.now)
	w.commit(d, err)
	w.pass()
	w.want("brief-0 notice-0 invite-0")
	c := w.find("maya")
	if !c.Start(w.now).Equal(ownTime) || c.Counter != nil || c.Status(w.now) != conversation.Invited {
		t.Errorf("the talk is at %s, %s, %+v", c.Start(w.now), c.Status(w.now), c.Counter)
	}
	if a := c.Answer; a.Value != conversation.Yes || a.How != "command" || a.From != "maya@example.org" || a.Note != ownWords {
		t.Errorf("the yes on record: %+v", a)
	}
	if log := w.history("counter"); !strings.Contains(log, "took the time proposed, Wed 10 Mar 2027 10:00") {
		t.Errorf("the log: %s", log)
	}
}

// Declined, nothing is sent by itself, and the question is the organizer's to answer.
func TestOwnTimeIsDeclined(t *testing.T) {
	w := asked(t)
	w.receive(w.letter(ownWords))
	if _, err := w.declineCounter(w.find("maya"), "On the train.", w.now); err == nil ||
		!strings.Contains(err.Error(), "write to Maya Chen yourself") {
		t.Errorf("declined with a reason that nobody gets: %v", err)
	}
	d, err := w.declineCounter(w.find("maya"), "", w.now)
	w.commit(d, err)
	w.pass()
	w.want("brief-0")
	w.wantStep("maya", "answer the question of Maya Chen", "")
	if _, err := w.takeCounter(w.find("maya"), w.now); err == nil {
		t.Error("what was declined is taken")
	}
}

// What is not plain is a question, as before.
func TestOwnTimeIsNotGuessed(t *testing.T) {
	for _, text := range []string{"Could we do Wednesday or Thursday at 11?", "Wednesday 10 March at 11:00 does not work",
		"Wednesday 20 January at 11:00 would be better"} {
		w := asked(t)
		w.receive(w.letter(text))
		if c := w.find("maya"); c.Counter != nil || !c.Said(conversation.Query) {
			t.Errorf("%q: %+v, %+v", text, c.Counter, c.Answer)
		}
	}
	// It has passed by the time that the mail is read.
	w := asked(t)
	mail := w.letter("Tomorrow at 11:00 would be better.")
	w.later(3 * 24 * time.Hour)
	w.receive(mail)
	if c := w.find("maya"); c.Counter != nil {
		t.Errorf("%s, at %s", c.Counter.Start, w.now)
	}
}

// After a yes the invitation waits for the organizer's word on it; declined, it goes for the time agreed on.
func TestOwnTimeAfterAYes(t *testing.T) {
	for _, take := range []bool{true, false} {
		for _, waits := range []bool{true, false} {
			w := asked(t)
			ctx := context.Background()
			if err := w.Store.Pause(ctx, true); err != nil {
				t.Fatal(err)
			}
			w.receive(w.letter("2"))
			if waits {
				w.pass()
			}
			w.later(time.Minute)
			w.receive(w.letter(ownWords))
			w.pass()
			if err := w.Store.Pause(ctx, false); err != nil {
				t.Fatal(err)
			}
			w.wantOwn("brief-0")
			if got := w.status("maya"); got != conversation.Permitted {
				t.Errorf("status %s: a yes is on record", got)
			}
			decide, want := w.takeCounter, ownTime
			if !take {
				want = start.Add(29 * time.Hour)
				decide = func(c *conversation.Conversation, now time.Time) (*conversation.Draft, error) {
					return w.declineCounter(c, "", now)
				}
			}
			d, err := decide(w.find("maya"), w.now)
			w.commit(d, err)
			w.pass()
			w.want("brief-0 invite-0")
			if c := w.find("maya"); !c.Start(w.now).Equal(want) || c.Answer.How != "mail" {
				t.Errorf("taken %v: the talk is at %s, want %s; %+v", take, c.Start(w.now), want, c.Answer)
			}
		}
	}
}

// In answer to other times it is one more that they would rather have.
func TestOwnTimeInsteadOfOthers(t *testing.T) {
	w, _ := goneBy(t)
	w.receive(w.toBrief("2", 0))
	w.pass()
	w.later(time.Hour)
	w.receive(w.toBrief(ownWords, 1))
	w.wantOwn("brief-0 invite-0 times-0")
	d, err := w.takeCounter(w.find("maya"), w.now)
	w.commit(d, err)
	w.pass()
	w.want("brief-0 invite-0 times-0 invite-0")
}

// A newer word takes its place: of the partner, of the organizer, of the plan; and it ends with its time.
func TestOwnTimeIsSettled(t *testing.T) {
	for name, then := range map[string]func(w *world){
		"another answer": func(w *world) { w.receive(w.letter("2")) },
		"no":             func(w *world) { w.receive(w.letter("no")) },
		"an answer":      func(w *world) { w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"}) },
		"ask":            func(w *world) { w.commit(w.ask(w.find("maya"), true, w.now)) },
		"invite": func(w *world) {
			w.commit(w.invite(w.find("maya"), plan.SlotOf(start), "She said yes.", w.now))
		},
		"the plan": func(w *world) { w.plan("maya", maya("when: {start: 2027-03-11 10:00}", "permitted: She said so.")) },
		"its time": func(w *world) { w.now = ownTime },
	} {
		w := asked(t)
		w.receive(w.letter(ownWords))
		w.wantOwn("brief-0")
		w.later(time.Minute)
		then(w)
		w.pass()
		if next := roster.Next(w.find("maya"), w.now).Next; strings.Contains(next, "take or decline") {
			t.Errorf("after %s: next %q", name, next)
		}
	}
}

// What waits for a check-in, or is cancelled, invites nobody.
func TestOwnTimeNeedsTheCheckIn(t *testing.T) {
	w := asked(t)
	w.receive(w.letter(ownWords))
	w.plan("maya", maya("when: {times: [2027-03-04 10:00, 2027-03-05 15:00, 2027-03-08 9:30]}", "ready: false"))
	if _, err := w.takeCounter(w.find("maya"), w.now); err == nil {
		t.Error("an invitation without a check-in")
	}
	w.commit(w.callOff(w.find("maya"), "", w.now))
	if _, err := w.takeCounter(w.find("maya"), w.now); err == nil {
		t.Error("an invitation after a cancellation")
	}
}

// On the page there is a field for it; words in it, and in the note, are read like those of a mail.
func TestOwnTimeOnThePage(t *testing.T) {
	for _, reply := range []templates.Reply{
		{Choice: "yes", Own: "2027-03-10T11:00"},
		{Choice: "yes", Own: "Wednesday 10 March, 11:00"},
		{Choice: "yes", Note: "Wednesday 10 March at 11:00 would be better."},
		{Choice: "question", Own: "2027-03-10T11:00"},
		{Choice: "later", Own: "2027-03-10T11:00"},
	} {
		w, token := paged(t)
		w.Notify = true
		p := must2(w.Pages.Answer(context.Background(), token, reply))
		if p.Problem != "" || !p.Proposed.Start.Equal(ownTime) {
			t.Errorf("%+v: the page %+v", reply, p)
		}
		w.later(5 * time.Minute)
		w.wantOwn("brief-0 notice-0")
		value := map[templates.Choice]string{"question": conversation.Query, "later": conversation.Wait}[reply.Choice]
		if c := w.find("maya"); value != "" && !c.Said(value) || value == "" && !c.Said(conversation.Yes) {
			t.Errorf("%+v: %+v", reply, c.Answer)
		}
		d, err := w.takeCounter(w.find("maya"), w.now)
		w.commit(d, err)
		w.pass()
		w.wantSent(outbox.Invite, "maya")
	}
}

// One that has passed is said there; what can't be read is told to the organizer in its words; a no is a no.
func TestOwnTimeOnThePageDoesNotCount(t *testing.T) {
	w, token := paged(t)
	reply := templates.Reply{Choice: "yes", Own: "2027-01-10T11:00", Note: "Kept"}
	p := must2(w.Pages.Answer(context.Background(), token, reply))
	if p.Problem != templates.TimeGone || p.Own != reply.Own || p.Note != "Kept" || w.find("maya").Answer != nil {
		t.Errorf("a time that has passed: %+v, %+v", p, w.find("maya").Answer)
	}
	for _, reply := range []templates.Reply{
		{Choice: "yes", Own: "some evening", Note: "Kept"},
		{Choice: "no", Own: "2027-03-10T11:00", Note: "Kept"},
		// Clocks skip it.
		{Choice: "question", Own: "2027-03-28T02:30", Note: "Kept"},
	} {
		w, token := paged(t)
		must2(w.Pages.Answer(context.Background(), token, reply))
		if c := w.find("maya"); c.Counter != nil || c.Answer.Note != reply.Own+" Kept" {
			t.Errorf("%+v: %+v, %+v", reply, c.Counter, c.Answer)
		}
	}
	// Another answer within the five minutes takes it back.
	must2(w.Pages.Answer(context.Background(), token, templates.Reply{Choice: "yes", Own: "2027-03-10T11:00"}))
	w.choose(token, "yes1", "")
	w.later(5 * time.Minute)
	w.pass()
	w.want("brief-0 invite-0")
}

// must2 is the first of two values beside an error.
func must2[A, B any](a A, _ B, err error) A { return must(a, err) }
