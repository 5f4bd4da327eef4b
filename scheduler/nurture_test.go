package scheduler_test

import (
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
	"coalition/scheduler/nudge"
	"coalition/scheduler/nurture"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

const day = 24 * time.Hour

// turn is whose turn it is in a conversation.
func (w *world) turn(ref string) conversation.Side { return roster.Next(w.find(ref), w.now).Turn() }

// For whom a conversation waits agrees with what is next in it, from its plan to its end.
func TestTurn(t *testing.T) {
	w := newWorld(t)
	want := func(when string, ref string, side conversation.Side) {
		t.Helper()
		if got := w.turn(ref); got != side {
			t.Errorf("%s it is the turn of %s, want %s; next: %s", when, got, side, roster.Next(w.find(ref), w.now).Next)
		}
	}
	w.plan("maya", maya("ready: false"))
	want("before the check-in", "maya", conversation.Organizer)
	w.take("maya", command.CheckIn{})
	want("once the brief is due", "maya", conversation.Nobody)
	w.pass()
	want("once it has gone", "maya", conversation.Partner)
	w.plan("again", maya("when: {start: 2027-03-11 10:00}"))
	want("with a brief behind it", "again", conversation.Partner)
	w.plan("again", "")
	w.receive(w.letter("What is it about?"))
	want("after a question", "maya", conversation.Organizer)
	w.receive(w.letter("Later, please."))
	want("after a later", "maya", conversation.Organizer)
	w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
	want("once the invitation is due", "maya", conversation.Nobody)
	w.pass()
	want("once it has gone", "maya", conversation.Partner)
	w.receive(w.reply(invites.Reply, invites.Tentative))
	want("with a maybe", "maya", conversation.Nobody)
	w.receive(w.reply(invites.Reply, invites.Accepted))
	want("once it is confirmed", "maya", conversation.Nobody)
	w.receive(w.reply(invites.Reply, invites.Declined))
	want("once it is declined", "maya", conversation.Organizer)
	w.later(time.Minute)
	w.receive(w.reply(invites.Reply, invites.Accepted))
	w.now = over.Add(-time.Minute)
	want("during the talk", "maya", conversation.Nobody)
	w.now = over
	want("after it", "maya", conversation.Organizer)
	w.commit(w.debrief("maya", nil))
	want("at the end", "maya", conversation.Nobody)

	w.plan("lee", maya("  email: lee@example.org", "when: {start: 2027-04-01 10:00}"))
	w.answer = func(*invites.Submission, func() error) error {
		return &invites.DeliveryError{Final: true, Code: 550, Text: "no such mailbox"}
	}
	w.pass()
	want("with a brief that was refused", "lee", conversation.Organizer)
	w.answer = nil
	w.take("lee", conversation.Answer{Value: conversation.No, How: "command"})
	want("after a no", "lee", conversation.Nobody)
}

// A partner may take a week for an answer. Then the organizer is told, once, and may ask once more; nothing goes to the
// partner by itself.
func TestQuiet(t *testing.T) {
	w := newWorld(t)
	w.Notify = true
	w.plan("maya", maya("when: {start: 2027-05-04 10:00}"))
	asked := w.now
	w.pass()
	quiet := func(since time.Time, do string) {
		t.Helper()
		c := w.find("maya")
		if got := nudge.Quiet(c, w.now); !got.Equal(since) {
			t.Errorf("quiet since %v, want %v", got, since)
		}
		if got := nudge.AfterQuiet(c); !strings.Contains(got, do) {
			t.Errorf("what to do is %q, want %q", got, do)
		}
	}
	w.now = asked.Add(7*day - time.Minute)
	if again := w.pass().Again; !again.Equal(asked.Add(7 * day)) {
		t.Errorf("it looks again at %v", again)
	}
	quiet(time.Time{}, "")
	w.want("brief-0")
	w.now = asked.Add(7 * day)
	for range 3 {
		w.pass()
		w.later(time.Hour)
	}
	w.want("brief-0 notice-0")
	quiet(asked, "one friendly repeat is fine: coalition ask maya --again")
	w.now = asked.Add(8 * day)
	repeated := w.now
	w.commit(w.ask(w.find("maya"), true, w.now))
	w.pass()
	quiet(time.Time{}, "")
	w.now = repeated.Add(7 * day)
	w.pass()
	w.pass()
	w.want("brief-0 notice-0 brief-0 notice-0")
	quiet(repeated, "asked twice, so let it rest, speak in person, or let it go without another mail: coalition cancel maya --told")
	if mail := string(w.arrived[3].Data); !strings.Contains(mail, "Subject: Maya Chen: still no answer") || strings.Contains(mail, "--again") {
		t.Errorf("the second notice is:\n%s", mail)
	}
	w.later(time.Hour)
	w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
	quiet(time.Time{}, "")
	w.pass()
	w.want("brief-0 notice-0 brief-0 notice-0 invite-0")
	invited := w.now
	w.now = invited.Add(8 * day)
	w.pass()
	// The talk stands, and the partner is reminded of it.
	w.want("brief-0 notice-0 brief-0 notice-0 invite-0")
	quiet(invited, "the invitation stands all the same")
	w.receive(w.reply(invites.Reply, invites.Tentative))
	quiet(time.Time{}, "")
}

// Times that have passed without an answer are the organizer's to replace, and they are told of the silence all the same.
func TestQuietTooLate(t *testing.T) {
	w := newWorld(t)
	w.Notify = true
	w.plan("maya", maya("when: {start: 2027-02-04 10:00}"))
	asked := w.now
	w.pass()
	w.now = asked.Add(7 * day)
	w.pass()
	w.want("brief-0 notice-0")
	c := w.find("maya")
	if s := c.Next(w.now); s.Turn() != conversation.Organizer {
		t.Errorf("it is for %s to go on: %s", s.Turn(), s.Next)
	}
	if since := nudge.Quiet(c, w.now); !since.Equal(asked) {
		t.Errorf("quiet since %v", since)
	}
}

// After a long stop nobody is told what they have long known.
func TestQuietForLong(t *testing.T) {
	w := newWorld(t)
	w.Notify = true
	w.plan("maya", maya("when: {start: 2027-09-01 10:00}"))
	w.pass()
	w.later(15 * day)
	w.pass()
	w.want("brief-0")
	if nudge.Quiet(w.find("maya"), w.now).IsZero() {
		t.Error("but it is quiet")
	}
}

// The method, row 14: two people drift apart who have talked before, longer ago than it means to the organizer, with
// nothing under way.
func TestDrifts(t *testing.T) {
	further := func(changes ...string) func(w *world) {
		return func(w *world) {
			w.plan("maya-2", maya(append([]string{"id: maya", "round: 2", "when: {start: 2027-12-01 10:00}"}, changes...)...))
			w.pass()
		}
	}
	for _, tt := range []struct {
		name  string
		plan  string
		after func(w *world)
		days  int
		want  bool
	}{
		{"what matters most, after four weeks", "private: {importance: 5}", nil, 28, false},
		{"what matters most, a day later", "private: {importance: 5}", nil, 29, true},
		{"the middle, after eight weeks", "private: {importance: 3}", nil, 56, false},
		{"the middle, a day later", "private: {importance: 3}", nil, 57, true},
		{"nothing said of it", "private: {why: She decides.}", nil, 57, true},
		{"what matters least, after sixteen weeks", "private: {importance: 1}", nil, 112, false},
		{"what matters least, a day later", "private: {importance: 1}", nil, 113, true},
		{"a round that is only planned", "", further("ready: false"), 90, true},
		{"a brief that is still to go", "", further("ask_on: 2027-10-01"), 90, false},
		{"a brief without an answer", "", further(), 90, false},
		{"a talk ahead", "", further("permitted: Yes."), 90, false},
		{"a talk ahead that was declined", "", func(w *world) {
			further("permitted: Yes.")(w)
			w.receive(w.reply(invites.Reply, invites.Declined))
		}, 90, true},
		{"a later", "", func(w *world) {
			further()(w)
			w.take("maya/2", conversation.Answer{Value: conversation.Wait, How: "command"})
		}, 90, true},
		{"a no", "", func(w *world) {
			further()(w)
			w.take("maya/2", conversation.Answer{Value: conversation.No, How: "command"})
		}, 90, false},
		{"called off", "", func(w *world) {
			further()(w)
			w.commit(w.callOff(w.find("maya/2"), "", w.now))
		}, 90, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.plan("maya", maya("permitted: She said yes.", tt.plan))
			w.pass()
			w.now = over
			w.commit(w.debrief("maya", nil))
			if tt.after != nil {
				tt.after(w)
			}
			w.now = over.Add(time.Duration(tt.days) * day)
			p := nurture.All(w.board(), nil, lisbon)["maya"]
			if got := p.Drifts(); got != tt.want || p.SinceMet() != tt.days {
				t.Errorf("drifts: %v, want %v; they met %d days ago", got, tt.want, p.SinceMet())
			}
		})
	}
}

func TestNeverMet(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya("ready: false"))
	w.later(400 * day)
	p := nurture.All(w.board(), nil, lisbon)["maya"]
	if p.Drifts() || p.SinceMet() != -1 || p.SinceWrote() != -1 || p.LastMet != "" {
		t.Errorf("%v, %d, %d, %q", p.Drifts(), p.SinceMet(), p.SinceWrote(), p.LastMet)
	}
}

// Days are those of the organizer's calendar: a message of yesterday evening is one day old in the morning.
func TestPartnership(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya("permitted: She said yes."))
	w.now = time.Date(2027, 2, 22, 23, 30, 0, 0, lisbon)
	w.pass()
	w.now = time.Date(2027, 2, 23, 0, 10, 0, 0, lisbon)
	yes := true
	entries := []journal.Entry{{Round: 1, On: "2027-01-10", Promises: []journal.Promise{
		{By: journal.Me, Text: "a", Due: "2027-02-22"}, {By: journal.Them, Text: "b", Due: "2027-03-02"},
		{By: journal.Me, Text: "c", Due: "2027-03-03"}, {By: journal.Me, Text: "d"}, {By: journal.Me, Text: "e", Due: "2027-02-20", Kept: &yes}}}}
	p := nurture.Of(w.find("maya"), entries, w.now, lisbon)
	if p.SinceWrote() != 1 || p.LastMet != "2027-01-10" || p.SinceMet() != 44 || len(p.Promises) != 4 {
		t.Errorf("wrote %d days ago, met on %s, %d days ago, %d promises", p.SinceWrote(), p.LastMet, p.SinceMet(), len(p.Promises))
	}
	var pressing []string
	for _, promise := range p.Pressing() {
		pressing = append(pressing, promise.Text)
	}
	if got := strings.Join(pressing, " "); got != "a b" {
		t.Errorf("pressing are %s", got)
	}
	// The talk that was held since counts, and no mail to the organizer.
	w.Notify = true
	w.now = over.Add(9 * time.Hour)
	w.pass()
	if p = nurture.Of(w.find("maya"), entries, w.now, lisbon); p.SinceWrote() != 10 {
		t.Errorf("wrote %d days ago, after %s", p.SinceWrote(), w.kinds())
	}
	w.commit(w.debrief("maya", &command.Thanks{}))
	w.pass()
	w.later(day)
	if c := w.find("maya"); c.Last(nil, outbox.Thanks) == nil {
		t.Fatal("no thank-you")
	}
	if p = nurture.Of(w.find("maya"), entries, w.now, lisbon); p.LastMet != "2027-03-04" || p.SinceMet() != 1 || p.SinceWrote() != 1 {
		t.Errorf("met on %s, %d days ago; wrote %d days ago", p.LastMet, p.SinceMet(), p.SinceWrote())
	}
}
