package scheduler_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/refusal"
	"coalition/scheduler/roster"
	"coalition/scheduler/worklist"
)

// over is when the talk of a plan is over that nobody has changed.
var over = time.Date(2027, 3, 4, 11, 0, 0, 0, lisbon)

// held is a world in which the talk with Maya has just been held.
func held(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.plan("maya", maya("permitted: She said yes."))
	w.pass()
	w.now = over
	if st := w.status("maya"); st != conversation.Met {
		t.Fatalf("the talk is %s", st)
	}
	return w
}

func (w *world) debrief(ref string, thanks *command.Thanks) (*conversation.Draft, error) {
	c := w.find(ref)
	return w.Decide(c, w.now, func() (*conversation.Draft, error) { return command.Debrief(c, thanks, w.now) })
}

// The method, row 13: whoever looks back on a talk closes its round, and thanks the partner once, in a letter of their
// own. Nothing else comes of the round after that.
func TestDebrief(t *testing.T) {
	w := held(t)
	w.wantStep("maya", "look back on the talk: coalition debrief maya", "")
	w.later(time.Hour)
	w.commit(w.debrief("maya", &command.Thanks{Words: "That was a good hour.\n\nThank you."}))
	for range 2 {
		w.pass()
		w.later(time.Hour)
	}
	w.want("invite-0 thanks-0")
	mail := string(w.arrived[1].Data)
	for _, want := range []string{"Subject: Thank you for our conversation", "That was a good hour.", "To: \"Maya Chen\" <maya@example.org>", "In-Reply-To: ", "References: "} {
		if !strings.Contains(mail, want) {
			t.Errorf("the mail lacks %q:\n%s", want, mail)
		}
	}
	for _, not := range []string{"Auto-Submitted", "text/calendar"} {
		if strings.Contains(mail, not) {
			t.Errorf("the mail has %q:\n%s", not, mail)
		}
	}
	if c := w.find("maya"); c.Status(w.now) != conversation.Closed || !c.Closed.Equal(over.Add(time.Hour)) {
		t.Errorf("it is %s since %v", c.Status(w.now), c.Closed)
	}
	if next := roster.Next(w.find("maya"), w.now); next.Next != "" {
		t.Errorf("next: %+v", next)
	}
	if got := w.history("debrief"); got != "looked back on the talk" {
		t.Errorf("the history says %q", got)
	}

	_, second := w.debrief("maya", &command.Thanks{})
	_, move := w.reschedule(w.find("maya"), plan.SlotOf(over.Add(48*time.Hour)), w.now)
	_, off := w.callOff(w.find("maya"), "", w.now)
	_, ask := w.ask(w.find("maya"), true, w.now)
	_, answer := w.Take(w.find("maya"), conversation.Answer{Value: conversation.No, How: "command"}, w.now)
	_, lines := w.Take(w.find("maya"), command.Agenda{Take: true}, w.now)
	_, ready := w.Take(w.find("maya"), command.CheckIn{}, w.now)
	_, missed := w.Take(w.find("maya"), command.NotHeld{}, w.now)
	for what, err := range map[string]error{"debrief": second, "move": move, "cancel": off, "ask": ask, "answer": answer, "agenda": lines, "ready": ready, "not held": missed} {
		if !errors.Is(err, refusal.ErrUnfit) || !strings.Contains(err.Error(), "the conversation maya is closed; begin another") {
			t.Errorf("%s: %v", what, err)
		}
	}
	w.receive(w.letter("Thank you, too!"))
	c := w.find("maya")
	if c.Propose([]string{"A line"}); c.Remark != nil || len(worklist.Lines(c, w.now)) > 0 {
		t.Errorf("what she wrote waits: %+v, %q", c.Remark, worklist.Lines(c, w.now))
	}
	w.plan("maya", maya("permitted: She said yes.", "when: {start: 2027-03-11 10:00}"))
	w.pass()
	w.want("invite-0 thanks-0")
	if st := w.status("maya"); st != conversation.Closed {
		t.Errorf("after an edit of its plan it is %s", st)
	}
}

// Who has taken back their check-in since the invitation, and met all the same, may say thanks.
func TestThanksUnready(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya("permitted: She said yes."))
	w.pass()
	w.plan("maya", maya("permitted: She said yes.", "ready: false"))
	w.pass()
	w.now = over
	w.commit(w.debrief("maya", &command.Thanks{}))
	w.pass()
	w.want("invite-0 thanks-0")
}

// The next round begins once this one is closed, as it does once it was held.
func TestRoundAfterDebrief(t *testing.T) {
	w := held(t)
	w.commit(w.debrief("maya", nil))
	w.plan("maya-2", maya("id: maya", "round: 2", "when: {start: 2027-04-01 10:00}"))
	w.pass()
	w.want("invite-0 brief-0")
	if c := w.find("maya"); c.Round != 2 {
		t.Errorf("maya is round %d", c.Round)
	}
}

func TestDebriefRefused(t *testing.T) {
	for _, tt := range []struct {
		name string
		prep func(w *world)
		want string
	}{
		{"before there is a talk", func(*world) {}, "there has been no talk with Maya Chen yet; first wait for the answer"},
		{"before it is over", func(w *world) {
			w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
			w.pass()
			w.now = over.Add(-time.Minute)
		}, "the talk is not over yet: it ends on Thu 4 Mar 2027 11:00"},
		{"after a no", func(w *world) {
			w.take("maya", conversation.Answer{Value: conversation.No, How: "command"})
			w.now = over
		}, "there is no talk to look back on: Maya Chen said no"},
		{"declined", func(w *world) {
			w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
			w.pass()
			w.receive(w.reply(invites.Reply, invites.Declined))
			w.now = over
		}, "there is no talk to look back on: Maya Chen declined the invitation"},
		{"cancelled", func(w *world) {
			w.commit(w.callOff(w.find("maya"), "", w.now))
			w.now = over
		}, "the conversation maya is cancelled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.plan("maya", maya())
			w.pass()
			tt.prep(w)
			before := w.kinds()
			_, err := w.debrief("maya", &command.Thanks{})
			if !errors.Is(err, refusal.ErrUnfit) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("refused with %v, want %q", err, tt.want)
			}
			w.pass()
			if got := w.kinds(); strings.Contains(strings.TrimPrefix(got, before), "thanks") {
				t.Errorf("arrived: %s", got)
			}
		})
	}
}

// A talk that did not take place is no talk held, and nobody is written to; a further round is for the organizer to ask.
func TestNotHeld(t *testing.T) {
	w := held(t)
	w.plan("maya-2", maya("id: maya", "round: 2", "when: {start: 2027-04-01 10:00}", "ready: false"))
	w.take("maya/1", command.NotHeld{})
	w.pass()
	w.want("invite-0")
	if c := w.find("maya/1"); c.Status(w.now) != conversation.Cancelled || roster.Next(c, w.now).Next != "" {
		t.Errorf("it is %s, next %q", c.Status(w.now), roster.Next(c, w.now).Next)
	}
	if got := w.history("cancel"); got != "the talk did not take place" {
		t.Errorf("the history says %q", got)
	}
	w.take("maya/2", command.CheckIn{})
	w.wantStep("maya/2", "ask yourself, since round 1 was cancelled", "")
}

// A thank-you is never sent twice, and not when its time is over.
func TestThanksOnce(t *testing.T) {
	t.Run("no answer from the server", func(t *testing.T) {
		w := held(t)
		w.commit(w.debrief("maya", &command.Thanks{}))
		w.answer = func(_ *invites.Submission, dot func() error) error {
			_ = dot()
			return &invites.DeliveryError{Unclear: true, Text: "the connection was cut"}
		}
		w.pass()
		w.answer = nil
		w.later(time.Hour)
		w.pass()
		if next := must(w.store.NextClaim(context.Background(), outbox.Mail, nil)); !next.IsZero() {
			t.Errorf("it is tried again by itself at %v", next)
		}
		w.want("invite-0")
		w.wantStep("maya", "find out whether the thank-you arrived", "")
	})
	t.Run("an address that is no more", func(t *testing.T) {
		w := held(t)
		w.commit(w.debrief("maya", &command.Thanks{}))
		w.answer = func(*invites.Submission, func() error) error {
			return &invites.DeliveryError{Code: 550, Final: true, Text: "no such user"}
		}
		w.pass()
		w.wantStep("maya", "say your thanks yourself, the thank-you was refused (550 no such user)", "")

		w = held(t)
		w.commit(w.debrief("maya", &command.Thanks{}))
		w.pass()
		w.receive(&invites.Mail{Key: "b", At: w.now, Sort: invites.Report, Bounce: &invites.Bounce{Of: w.arrived[1].MessageID, Final: true, Code: "5.1.1"}})
		w.wantStep("maya", "say your thanks yourself, the thank-you came back", "")
	})
	t.Run("no server for a week", func(t *testing.T) {
		w := held(t)
		w.commit(w.debrief("maya", &command.Thanks{}))
		w.now = over.Add(7*24*time.Hour + time.Minute)
		w.plan("other", maya("  email: other@example.org", "when: {start: 2027-04-01 10:00}"))
		r := w.pass()
		w.want("invite-0 brief-0")
		if r.Held {
			t.Error("it holds what else is due")
		}
		w.wantStep("maya/1", "say your thanks yourself", "")
	})
}

// Who has asked for no more mail gets none but by the organizer's own word.
func TestThanksAfterStop(t *testing.T) {
	w := held(t)
	w.commit(w.debrief("maya", &command.Thanks{}))
	w.later(time.Minute)
	w.receive(w.letter("Please stop writing to me."))
	w.pass()
	w.want("invite-0")

	w = held(t)
	w.receive(w.letter("Please stop writing to me."))
	w.later(time.Minute)
	d := must(w.debrief("maya", &command.Thanks{}))
	if !strings.HasPrefix(d.Objection, "Maya Chen asked for no more mail") {
		t.Errorf("the question says %q", d.Objection)
	}
	w.commit(d, nil)
	// Which nothing takes back that comes in later.
	w.later(time.Minute)
	w.receive(w.letter("I will send you the study all the same."))
	w.pass()
	w.want("invite-0 thanks-0")
}

// Where Google has carried the invitation, the thanks go by mail all the same; and what somebody does to the event
// afterwards opens nothing again.
func TestDebriefOnline(t *testing.T) {
	w, o := booked(t)
	w.sync()
	w.now = over
	w.commit(w.debrief("maya", &command.Thanks{}))
	w.pass()
	w.want("thanks-0")
	o.want(t, invitation)
	e := o.only(t)
	e.Start, e.End = e.Start.Add(7*24*time.Hour), e.End.Add(7*24*time.Hour)
	o.touch(w.find("maya").EventID())
	w.sync()
	w.pass()
	if c := w.find("maya"); c.Status(w.now) != conversation.Closed {
		t.Errorf("it is %s", c.Status(w.now))
	}
	w.wantStep("maya", "somebody has moved it in Google Calendar to Thu 11 Mar 2027 10:00", "")
	w.plan("maya", maya("permitted: She said yes.", "purpose: Something else."))
	w.pass()
	w.wantStep("maya", "and you have looked back on the talk already", "what its plan says anew counts no more")
	w.later(8 * 24 * time.Hour)
	w.pass()
	w.want("thanks-0")
	o.want(t, invitation)
	if next := roster.Next(w.find("maya"), w.now).Next; next != "" {
		t.Errorf("when that is over, too, next: %s", next)
	}
}

// The organizer is reminded once, in the evening of the day; of what is long past, or looked back on already, nobody is.
func TestRecall(t *testing.T) {
	evening := time.Date(2027, 3, 4, 17, 30, 0, 0, lisbon)
	notices := func(w *world) (n int) {
		for _, p := range w.arrived {
			if p.Kind == string(outbox.Notice) {
				n++
				if p.To != ana.Organizer.Email || !strings.Contains(string(p.Data), "coalition debrief maya") {
					w.t.Errorf("to %s:\n%s", p.To, p.Data)
				}
			}
		}
		return n
	}
	for _, tt := range []struct {
		name   string
		notify bool
		prep   func(w *world)
		at     time.Time
		want   int
	}{
		{"before the evening", true, nil, evening.Add(-time.Minute), 0},
		{"in the evening", true, nil, evening, 1},
		{"six days later", true, nil, evening.Add(6 * 24 * time.Hour), 1},
		{"long after", true, nil, evening.Add(7 * 24 * time.Hour), 0},
		{"not wanted", false, nil, evening, 0},
		{"looked back already", true, func(w *world) { w.commit(w.debrief("maya", nil)) }, evening, 0},
		{"not held", true, func(w *world) { w.take("maya", command.NotHeld{}) }, evening, 0},
		{"declined", true, func(w *world) {
			w.now = over.Add(-2 * time.Hour)
			w.Notify = false
			w.receive(w.reply(invites.Reply, invites.Declined))
			w.Notify = true
		}, evening, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := held(t)
			w.Notify = tt.notify
			if tt.prep != nil {
				tt.prep(w)
			}
			w.now = tt.at
			for range 3 {
				w.pass()
				w.later(10 * time.Second)
			}
			if got := notices(w); got != tt.want {
				t.Errorf("%d notices, want %d", got, tt.want)
			}
		})
	}
	t.Run("the daemon wakes for it", func(t *testing.T) {
		w := held(t)
		w.Notify = true
		if r := w.pass(); !r.Again.Equal(evening) {
			t.Errorf("it looks again at %v, want %v", r.Again, evening)
		}
	})
	t.Run("a talk in the evening", func(t *testing.T) {
		w := newWorld(t)
		w.Notify = true
		w.plan("maya", maya("permitted: She said yes.", "when: {start: 2027-03-04 19:00}"))
		w.pass()
		w.now = time.Date(2027, 3, 4, 20, 59, 0, 0, lisbon)
		w.pass()
		if n := notices(w); n != 0 {
			t.Errorf("%d notices within the hour after", n)
		}
		w.later(time.Minute)
		w.pass()
		if n := notices(w); n != 1 {
			t.Errorf("%d notices an hour after", n)
		}
	})
}

// That one is not ready yet is kept with its day.
func TestNotYetDay(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya("ready: false"))
	w.take("maya", conversation.NotYet{})
	w.wantStep("maya", "check in again (not yet on 1 Feb 2027; until then nothing goes out)", "")
	w.later(48 * time.Hour)
	w.take("maya", conversation.NotYet{})
	w.wantStep("maya", "check in again (not yet on 3 Feb 2027; until then nothing goes out)", "")
	w.take("maya", command.CheckIn{})
	w.pass()
	w.want("brief-0")
}
