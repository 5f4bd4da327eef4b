package scheduler_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler"
	"coalition/scheduler/check"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/refusal"
	"coalition/scheduler/roster"
	"coalition/templates"
)

// sent are the conversations whose messages of that kind have arrived, in their order.
func (w *world) sent(kind outbox.Kind) (list []string) {
	for _, p := range w.arrived {
		if p.Kind == string(kind) {
			list = append(list, p.ID)
		}
	}
	return list
}

func (w *world) wantSent(kind outbox.Kind, want ...string) {
	w.t.Helper()
	if got := w.sent(kind); !slices.Equal(got, want) {
		w.t.Errorf("sent %s: %v, want %v", kind, got, want)
	}
}

// wantNext wants words in the next step of a conversation, and a warning of check with a place.
func (w *world) wantStep(ref, next, warning string) {
	w.t.Helper()
	b := w.board()
	c := must(b.Find(ref))
	if s := roster.Next(c, w.now); s.Kind != "" || !strings.Contains(s.Next, next) {
		w.t.Errorf("%s: next %q (%s), want %q", ref, s.Next, s.Kind, next)
	}
	if warning == "" {
		return
	}
	for _, p := range check.Plans(b, w.Words, w.Finder.Holidays) {
		if p.Warning && p.Owner == string(c.ID) && strings.Contains(p.Text, warning) && p.Line > 1 {
			return
		}
	}
	w.t.Errorf("%s: no warning %q in %v", ref, warning, check.Plans(b, w.Words, w.Finder.Holidays))
}

// One person, three plans: one brief at a time, what matters most first, whatever address it goes to.
func TestOneBriefAtATime(t *testing.T) {
	w := newWorld(t)
	w.plan("a", maya("  email: m@example.net", "  timezone: Europe/Berlin\n  aliases: [maya@example.org]", "private: {importance: 1}"))
	w.plan("b", maya("private: {importance: 5, urgency: 5}"))
	w.plan("c", maya("  email: M@Example.NET"))
	w.plan("tom", maya("  email: tom@example.org"))
	for range 3 {
		w.pass()
	}
	w.wantSent(outbox.Brief, "b", "tom")
	w.wantStep("a", "wait for the answer of Maya Chen to b, or ask now: coalition ask a", "the brief of b to Maya Chen is not answered yet")
	// A question is no answer yet, a yes is; then the next one goes.
	w.take("b", conversation.Answer{Value: conversation.Query, How: "command"})
	w.pass()
	w.wantSent(outbox.Brief, "b", "tom")
	w.take("b", conversation.Answer{Value: conversation.Yes, How: "command"})
	w.pass()
	w.wantSent(outbox.Brief, "b", "tom", "c")
	// The organizer may ask at any time, and is told.
	d := must(w.ask(w.find("a"), false, w.now))
	if d.Objection != "The brief of c to Maya Chen is not answered yet." {
		t.Errorf("the question says %q", d.Objection)
	}
	w.commit(d, nil)
	w.pass()
	w.wantSent(outbox.Brief, "b", "tom", "c", "a")
}

// Before any has gone, list and check say which one goes first.
func TestWhichBriefFirst(t *testing.T) {
	w := newWorld(t)
	w.plan("a", maya())
	w.plan("b", maya("private: {importance: 5}"))
	w.wantStep("a", "wait until Maya Chen has answered b, whose brief goes first", "the brief of b to Maya Chen goes first")
	if s := roster.Next(w.find("b"), w.now); s.Kind != outbox.Brief {
		t.Errorf("b: %+v", s)
	}
}

// After a no, no brief goes to that person by itself, from any plan and to any address; what is agreed
// goes on. The organizer's own word overrules it.
func TestAfterANo(t *testing.T) {
	for _, way := range []string{"mail", "command", "page"} {
		t.Run(way, func(t *testing.T) {
			w := newWorld(t)
			w.with(func(c *scheduler.Config) {
				c.Link = func(token string) string { return "https://talk.example.org/a/" + token }
			})
			w.plan("agreed", maya("permitted: She said so.", "when: {start: 2027-03-11 10:00}"))
			w.plan("maya", maya("  timezone: Europe/Berlin\n  aliases: [m@example.net]"))
			w.pass()
			// Another brief that waits in the outbox does not go any more.
			w.plan("waits", maya("  email: m@example.net", "when: {start: 2027-03-12 10:00}"))
			w.commit(w.ask(w.find("waits"), false, w.now))
			w.later(time.Minute)
			switch way {
			case "mail":
				w.receive(w.letterTo("maya", "No, thank you."))
			case "command":
				w.take("maya", conversation.Answer{Value: conversation.No, How: "command"})
			case "page":
				p, _, err := w.Pages.Answer(context.Background(), w.token(), templates.Reply{Choice: "no"})
				if p == nil || err != nil {
					t.Fatal(p, err)
				}
			}
			w.plan("further", maya("  email: m@example.net", "when: {start: 2027-03-18 10:00}"))
			for range 2 {
				w.later(time.Hour)
				w.pass()
			}
			w.wantSent(outbox.Brief, "maya")
			w.wantSent(outbox.Invite, "agreed")
			w.wantStep("further", "let it rest, since Maya Chen said no (1 Feb 2027, maya); your own word goes all the same: coalition ask further", "Maya Chen said no")
			w.wantStep("waits", "let it rest, since Maya Chen said no", "")
			w.now = time.Date(2027, 3, 10, 10, 0, 0, 0, lisbon)
			w.pass()
			w.wantSent(outbox.Reminder, "agreed")
			// Her own word is asked for.
			d := must(w.ask(w.find("further"), false, w.now))
			if !strings.HasPrefix(d.Objection, "Maya Chen said no (1 Feb 2027, maya).") {
				t.Errorf("the question says %q", d.Objection)
			}
			w.commit(d, nil)
			w.pass()
			w.wantSent(outbox.Brief, "maya", "further")
		})
	}
}

// What the organizer records later overrules a no, too.
func TestAnswerOverrules(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya())
	w.pass()
	w.take("maya", conversation.Answer{Value: conversation.No, How: "command"})
	w.plan("further", maya("when: {start: 2027-03-18 10:00}"))
	w.later(time.Minute)
	w.pass()
	w.wantSent(outbox.Brief, "maya")
	w.take("maya", conversation.Answer{Value: conversation.Wait, How: "command"})
	w.pass()
	w.wantSent(outbox.Brief, "maya", "further")
}

// Who wants no more mail gets none by itself: no brief, invitation, reminder, update or cancellation, in
// no conversation; the organizer's own commands say so first.
func TestStop(t *testing.T) {
	for _, text := range []string{"Stop", "Please remove me from your list.", "Bitte nicht mehr schreiben!", "Could you please unsubscribe me?"} {
		t.Run(text, func(t *testing.T) {
			w := newWorld(t)
			w.plan("agreed", maya("permitted: She said so.", "when: {start: 2027-03-11 10:00}"))
			w.plan("maya", maya())
			w.pass()
			before := w.kinds()
			w.later(time.Minute)
			if r := w.receive(w.letterTo("maya", text)); !r.Counted || !strings.Contains(r.What, "no more mail") {
				t.Errorf("taken in as %q", r.What)
			}
			if c := w.find("maya"); c.Status(w.now) != conversation.Declined {
				t.Errorf("the answer is %+v", c.Answer)
			}
			w.plan("further", maya("when: {start: 2027-03-18 10:00}"))
			w.plan("told", maya("permitted: In person.", "when: {start: 2027-03-19 10:00}"))
			w.plan("agreed", maya("permitted: She said so.", "when: {start: 2027-03-11 10:00}", "setting: {kind: coffee, place: Corner café}"))
			for range 2 {
				w.later(time.Hour)
				w.pass()
			}
			w.now = time.Date(2027, 3, 10, 10, 0, 0, 0, lisbon)
			w.pass()
			w.want(before)
			w.wantStep("further", "asked for no more mail (1 Feb 2027, maya)", "asked for no more mail")
			w.wantStep("told", "coalition invite told", "")
			w.wantStep("agreed", "asked for no more mail", "")
			// The organizer's own record of an answer does not let mail go by itself, either.
			w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
			w.pass()
			w.want(before)
			d := must(w.invite(w.find("told"), plan.Slot{}, "", w.now))
			if !strings.Contains(d.Objection, "asked for no more mail") {
				t.Errorf("the question of invite says %q", d.Objection)
			}
			w.commit(d, nil)
			w.pass()
			w.want(before + " invite-0")
			d = must(w.callOff(w.find("agreed"), "", w.now))
			if !strings.Contains(d.Objection, "asked for no more mail") || len(d.Messages) != 1 {
				t.Errorf("the question of cancel says %q", d.Objection)
			}
			w.commit(d, nil)
			w.pass()
			w.want(before + " invite-0 cancel-1")
		})
	}
}

// A stop is heard wherever the talk stands: after the invitation, after it is over, without a reference.
func TestStopLate(t *testing.T) {
	for name, prepare := range map[string]func(w *world){
		"invited":   func(w *world) {},
		"met":       func(w *world) { w.now = start.Add(2 * time.Hour) },
		"cancelled": func(w *world) { w.commit(w.callOff(w.find("maya"), "", w.now)); w.pass() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.plan("maya", maya("permitted: She said so."))
			w.pass()
			prepare(w)
			before := w.kinds()
			mail := w.letterTo("maya", "Stop writing to me, I don't want this.")
			mail.Refs, mail.Subject, mail.At = nil, "enough", w.now
			forged, elsewhere := *mail, *mail
			forged.Key = "nobody vouches for it"
			elsewhere.Key, elsewhere.Vouched, elsewhere.Refs = "to another mail", true, []string{"x@example.net"}
			for _, mail := range []*invites.Mail{&forged, &elsewhere} {
				if r := w.receive(mail); r.Counted {
					t.Errorf("%s: %+v", mail.Key, r)
				}
			}
			mail.Vouched = true
			w.receive(mail)
			w.plan("further", maya("when: {start: 2027-05-18 10:00}"))
			w.now = w.now.Add(24 * time.Hour)
			w.pass()
			if w.now.Before(start) {
				w.now = start.Add(-time.Hour)
				w.pass()
			}
			w.want(before)
			w.wantStep("further", "asked for no more mail", "")
		})
	}
}

// Only the partner's own yes ends it.
func TestStopEnds(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya())
	w.pass()
	w.later(time.Minute)
	w.receive(w.letterTo("maya", "stop"))
	w.plan("further", maya("when: {start: 2027-03-18 10:00}"))
	w.later(time.Minute)
	w.commit(w.ask(w.find("further"), false, w.now))
	w.pass()
	w.later(time.Minute)
	w.receive(w.letterTo("further", "Yes, gladly."))
	w.pass()
	w.wantSent(outbox.Invite, "further")
}

// The next round waits for the one before it, or for the organizer's own word.
func TestRounds(t *testing.T) {
	w := newWorld(t)
	first := maya("permitted: She said so.")
	second := maya("round: 2", "id: maya", "when: {start: 2027-04-01 10:00}")
	w.plan("maya", first+"---\n"+second)
	w.pass()
	w.wantSent(outbox.Brief)
	w.wantStep("maya/2", "wait until round 1 with Maya Chen has been held, or ask now: coalition ask maya/2", "round 2 waits until round 1 has been held")
	if again := roster.Next(w.find("maya/2"), w.now).Again; !again.Equal(start.Add(time.Hour)) {
		t.Errorf("it looks again at %s", again)
	}
	t.Run("met", func(t *testing.T) {
		w.now = start.Add(time.Hour)
		w.pass()
		w.wantSent(outbox.Brief, "maya")
	})
	t.Run("her own word", func(t *testing.T) {
		w := newWorld(t)
		w.plan("maya", first+"---\n"+second)
		w.pass()
		d := must(w.ask(w.find("maya/2"), false, w.now))
		if d.Objection != "Round 2 waits until round 1 has been held." {
			t.Errorf("the question says %q", d.Objection)
		}
		w.commit(d, nil)
		w.pass()
		w.wantSent(outbox.Brief, "maya")
	})
	t.Run("cancelled", func(t *testing.T) {
		w := newWorld(t)
		w.plan("maya", first+"---\n"+second)
		w.pass()
		w.commit(w.callOff(w.find("maya/1"), "", w.now))
		w.pass()
		w.wantSent(outbox.Brief)
		w.wantStep("maya/2", "ask yourself, since round 1 was cancelled: coalition ask maya/2", "round 1 was cancelled")
	})
	t.Run("not held", func(t *testing.T) {
		w := newWorld(t)
		w.plan("maya", first+"---\n"+second)
		w.pass()
		w.receive(w.reply(invites.Reply, invites.Declined))
		w.now = start.Add(2 * time.Hour)
		w.pass()
		w.wantSent(outbox.Brief)
		w.wantStep("maya/2", "ask yourself, since round 1 was not held: coalition ask maya/2", "round 1 was not held")
	})
}

// The plan of a talk that is over has had its word; whoever edits it hears how to begin another.
func TestEditedAfterTheEnd(t *testing.T) {
	for name, end := range map[string]func(w *world){
		"cancelled": func(w *world) { w.commit(w.callOff(w.find("maya"), "", w.now)); w.pass() },
		"over":      func(w *world) { w.now = start.Add(2 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.plan("maya", maya("permitted: She said so."))
			w.pass()
			end(w)
			before := w.kinds()
			w.plan("maya", maya("permitted: She said so.", "when: {start: 2027-05-06 10:00}", "private: {why: No reason.}"))
			for range 2 { // it is said as long as it stands there
				w.pass()
				found := false
				for _, p := range w.board().Problems {
					found = found || p.Warning && p.Line == 11 && strings.Contains(p.Text, "is "+name) && strings.Contains(p.Text, "`id: maya` and `round: 2`") && strings.Contains(p.Text, "coalition ready maya/2")
				}
				if !found {
					t.Errorf("problems: %v", w.board().Problems)
				}
			}
			w.want(before)
			var r *refusal.Error
			if _, err := w.Take(w.find("maya"), command.CheckIn{}, w.now); !errors.As(err, &r) || !strings.Contains(r.Mend, "`round: 2`") {
				t.Errorf("ready: %v", err)
			}
			if _, err := w.ask(w.find("maya"), false, w.now); !errors.As(err, &r) || !strings.Contains(r.Mend, "`round: 2`") {
				t.Errorf("ask: %v", err)
			}
			if _, err := w.reschedule(w.find("maya"), plan.Slot{Wall: "2027-06-04T10:00", Zone: "Europe/Lisbon"}, w.now); !errors.As(err, &r) || !strings.Contains(r.Mend, "`round: 2`") {
				t.Errorf("move: %v", err)
			}
			if _, err := w.invite(w.find("maya"), plan.Slot{Wall: "2027-06-04T10:00", Zone: "Europe/Lisbon"}, "", w.now); !errors.As(err, &r) || !strings.Contains(r.Mend, "`round: 2`") {
				t.Errorf("invite at another time: %v", err)
			}
			w.plan("maya", maya("permitted: She said so.")+"---\n"+maya("id: maya", "round: 2", "when: {start: 2027-05-06 10:00}"))
			if list := w.board().Problems; len(list) != 0 {
				t.Errorf("with a second round: %v", list)
			}
		})
	}
}

// letterTo is a plain reply to the newest message of a conversation.
func (w *world) letterTo(id, text string) *invites.Mail {
	w.t.Helper()
	w.later(time.Second)
	for _, p := range slices.Backward(w.arrived) {
		if p.ID == id {
			return w.letterOf(p, text)
		}
	}
	w.t.Fatalf("nothing has gone to %s", id)
	return nil
}

// letterOf is a plain reply to a message.
func (w *world) letterOf(p *invites.Submission, text string) *invites.Mail {
	return &invites.Mail{Sort: invites.Personal, Key: p.MessageID + text + w.now.String(), At: w.now, From: invites.Address{Email: p.To}, Subject: "Re: your mail", Refs: []string{p.MessageID}, Text: text}
}

// What a guest writes beside their answer in Google Calendar, or a calendar beside its REPLY, is heard like a mail.
func TestStopInCalendars(t *testing.T) {
	t.Run("google", func(t *testing.T) {
		w, o := booked(t)
		w.later(time.Minute)
		o.edit(func(e *invites.Event) {
			e.Guests[0].PartStat, e.Guests[0].Comment = invites.Tentative, "Please stop sending me these mails."
		})
		w.sync()
		w.plan("further", maya("when: {start: 2027-03-18 10:00}"))
		w.now = start.Add(-time.Hour)
		w.pass()
		w.want("")
		o.want(t, invitation)
		w.wantStep("further", "asked for no more mail", "")
	})
	t.Run("mail", func(t *testing.T) {
		w := invited(t)
		before := w.kinds()
		w.later(time.Minute)
		mail := w.reply(invites.Reply, invites.Tentative)
		mail.Calendar.Comment = "Keine weiteren Mails bitte"
		w.receive(mail)
		w.plan("further", maya("when: {start: 2027-03-18 10:00}"))
		w.now = start.Add(-time.Hour)
		w.pass()
		w.want(before)
		w.wantStep("further", "asked for no more mail", "")
	})
}

// A wish for no more mail on the page counts with the no it comes with.
func TestStopOnThePage(t *testing.T) {
	w, token := paged(t)
	w.plan("agreed", maya("permitted: She said so.", "when: {start: 2027-03-11 10:00}"))
	w.pass()
	before := w.kinds()
	w.choose(token, "no", "Please remove me from your list.")
	w.now = time.Date(2027, 3, 10, 10, 0, 0, 0, lisbon)
	w.pass()
	w.want(before)
	w.wantStep("agreed", "asked for no more mail", "")
}

// Beside a yes on the page nobody knows what it means, as in a mail: the organizer does what comes next. A yes that
// takes it back is one.
func TestStopBesideAYesOnThePage(t *testing.T) {
	w, token := paged(t)
	before := w.kinds()
	w.choose(token, "yes1", "Please stop writing to me after this.")
	w.later(time.Hour)
	w.pass()
	w.want(before)
	if a := w.find("maya").Answer; a == nil || a.Value != conversation.Query {
		t.Errorf("answer: %+v", a)
	}

	w, token = paged(t)
	w.choose(token, "no", "Please stop writing to me.")
	w.later(time.Minute)
	w.choose(token, "yes1", "")
	w.later(time.Hour)
	w.pass()
	w.wantSent(outbox.Invite, "maya")
}
