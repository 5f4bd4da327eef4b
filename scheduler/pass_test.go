package scheduler_test

import (
	"context"
	"errors"
	"fmt"
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

func (w *world) status(ref string) conversation.Status { return w.find(ref).Status(w.now) }

// later lets time pass.
func (w *world) later(d time.Duration) { w.now = w.now.Add(d) }

// TestWholeLife lives one conversation from the plan to the end of the talk: what leaves, in which
// order, with which SEQUENCE, and nothing twice.
func TestWholeLife(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya())
	for range 2 {
		w.pass()
		w.want("brief-0")
	}
	w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
	for range 2 {
		w.pass()
		w.want("brief-0 invite-0")
	}
	uid := w.find("maya").UID
	// An agenda raises no SEQUENCE; a place does, and asks for another answer.
	w.plan("maya", maya("  - {topic: Something else, minutes: 60}"))
	w.pass()
	w.want("brief-0 invite-0 update-0")
	w.plan("maya", maya("  - {topic: Something else, minutes: 60}", "setting: {kind: coffee, place: Corner café}"))
	w.pass()
	w.want("brief-0 invite-0 update-0 update-1")
	w.later(time.Hour)
	w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(48*time.Hour)), w.now))
	w.pass()
	w.want("brief-0 invite-0 update-0 update-1 update-2")
	// The plan still says the old start; it has had its word.
	w.plan("maya", maya("setting: {kind: coffee, place: Corner café}"))
	w.pass()
	w.want("brief-0 invite-0 update-0 update-1 update-2 update-2")
	if at := w.find("maya").Start(w.now); !at.Equal(start.Add(48 * time.Hour)) {
		t.Errorf("after an edit of the agenda the talk is at %s; the move should stand", at)
	}
	for _, step := range []struct {
		before time.Duration
		want   string
	}{{25 * time.Hour, ""}, {24 * time.Hour, " reminder-2"}, {23 * time.Hour, ""}, {time.Hour, " reminder-2"}, {time.Minute, ""}, {-2 * time.Hour, ""}} {
		before := w.kinds()
		w.now = start.Add(48*time.Hour - step.before)
		w.pass()
		w.want(before + step.want)
	}
	c := w.find("maya")
	if c.UID != uid || c.Status(w.now) != conversation.Met {
		t.Errorf("at the end: UID %s, status %s; want %s, met", c.UID, c.Status(w.now), uid)
	}
}

func TestCancelTellsOnce(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya("permitted: She said so."))
	w.pass()
	w.later(time.Minute)
	w.commit(w.callOff(w.find("maya"), "I have to be in Porto.", w.now))
	for range 2 {
		w.pass()
		w.want("invite-0 cancel-1")
	}
	d, err := w.callOff(w.find("maya"), "", w.now)
	if err != nil || d.Sent == nil {
		t.Errorf("cancelled a second time: %v, %+v; want the cancellation that was sent", err, d)
	}
	if text := string(w.arrived[1].Calendar); !strings.Contains(text, "METHOD:CANCEL") || !strings.Contains(text, "STATUS:CANCELLED") || !strings.Contains(text, "COMMENT:I have to be in Porto.") {
		t.Errorf("the cancellation:\n%s", text)
	}
}

// A question that is taken back is told in a plain mail: there is no event to cancel.
func TestCancelAfterBrief(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya())
	w.pass()
	w.commit(w.callOff(w.find("maya"), "", w.now))
	w.pass()
	w.want("brief-0 cancel-0")
	if w.arrived[1].Calendar != nil {
		t.Errorf("there is a calendar in it:\n%s", w.arrived[1].Calendar)
	}
}

func TestCopyToSelf(t *testing.T) {
	w := newWorld(t)
	w.CopyToSelf = true
	w.plan("maya", maya("permitted: She said so."))
	w.pass()
	w.later(time.Minute)
	w.commit(w.callOff(w.find("maya"), "", w.now))
	w.pass()
	var got []string
	for _, p := range w.arrived {
		method, _, _ := strings.Cut(string(p.Calendar[strings.Index(string(p.Calendar), "METHOD:"):]), "\r\n")
		got = append(got, fmt.Sprintf("%s %s %s", p.Kind, p.To, method))
	}
	want := "[invite maya@example.org METHOD:REQUEST invite ana@example.org METHOD:PUBLISH cancel maya@example.org METHOD:CANCEL cancel ana@example.org METHOD:CANCEL]"
	if fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
	// Her calendar finds the entry by its UID, and takes a higher SEQUENCE for newer; she is not invited by it.
	line := func(p *invites.Submission, name string) string {
		_, rest, _ := strings.Cut(string(p.Calendar), "\r\n"+name+":")
		value, _, _ := strings.Cut(rest, "\r\n")
		return value
	}
	published, cancelled := w.arrived[1], w.arrived[3]
	if text := string(cancelled.Calendar); !strings.Contains(text, "STATUS:CANCELLED") || strings.Contains(text, "VALARM") || strings.Contains(strings.ReplaceAll(text, "\r\n ", ""), "PARTSTAT") ||
		line(published, "UID") == "" || line(published, "UID") != line(cancelled, "UID") || line(published, "SEQUENCE") != "0" || line(cancelled, "SEQUENCE") != "1" ||
		line(cancelled, "DTSTAMP") <= line(published, "DTSTAMP") {
		t.Errorf("the organizer's own entry of a cancelled talk:\n%s\nand before:\n%s", text, published.Calendar)
	}
	if strings.Contains(string(published.Calendar), "ATTENDEE") {
		t.Errorf("the organizer's own entry has guests:\n%s", published.Calendar)
	}
}

func TestHold(t *testing.T) {
	many := func(w *world, n int) {
		for i := range n {
			w.plan(fmt.Sprintf("p%02d", i), maya(fmt.Sprintf("  email: p%d@example.org", i)))
		}
	}
	t.Run("as many as may go", func(t *testing.T) {
		w := newWorld(t)
		many(w, 10)
		if r := w.pass(); r.Held || len(w.arrived) != 10 {
			t.Errorf("held %v, %d arrived; want all ten", r.Held, len(w.arrived))
		}
	})
	t.Run("one more", func(t *testing.T) {
		w := newWorld(t)
		many(w, 11)
		r := w.pass()
		if !r.Held || len(r.Decided) != 11 || len(w.arrived) != 0 {
			t.Fatalf("held %v, %d decided, %d arrived; want eleven held", r.Held, len(r.Decided), len(w.arrived))
		}
		w.pass()
		w.want("")
		c := w.find("p03")
		if err := w.store.Approve(context.Background(), []int64{worklist.Approvable(c, w.now)[0].Row}); err != nil {
			t.Fatal(err)
		}
		w.pass()
		if len(w.arrived) != 1 || w.arrived[0].ID != "p03" {
			t.Errorf("after one was approved: %s", w.kinds())
		}
	})
	t.Run("edited while it is held", func(t *testing.T) {
		w := newWorld(t)
		many(w, 11)
		w.pass()
		w.plan("p03", maya("  email: p3@example.org", "purpose: Something else."))
		w.pass()
		w.want("")
		c := w.find("p03")
		if len(c.Messages) != 2 || c.Messages[0].State != outbox.Superseded || c.Messages[1].State != outbox.Held {
			t.Errorf("messages: %v %v; want superseded, held", c.Messages[0].State, c.Messages[1].State)
		}
	})
	t.Run("due long ago", func(t *testing.T) {
		w := newWorld(t)
		w.plan("maya", maya("ask_on: 2027-01-29"))
		w.plan("tom", maya("  email: tom@example.org"))
		if r := w.pass(); !r.Held || len(w.arrived) != 0 {
			t.Errorf("held %v, arrived %s; want both held", r.Held, w.kinds())
		}
	})
	t.Run("commands are never held", func(t *testing.T) {
		w := newWorld(t)
		w.plan("maya", maya("ask_on: 2027-01-29"))
		w.commit(w.ask(w.find("maya"), false, w.now))
		w.pass()
		w.want("brief-0")
	})
	t.Run("a state that was stopped", func(t *testing.T) {
		w := newWorld(t)
		w.plan("maya", maya())
		w.plan("tom", maya("  email: tom@example.org", "ready: false"))
		w.take("tom", command.CheckIn{})
		w.commit(w.ask(w.find("tom"), false, w.now))
		must(w.Pass(context.Background(), w.board())) // decided, not delivered
		w.later(25 * time.Hour)
		held := must(w.HoldStale(context.Background(), w.board()))
		w.pass()
		if held != 1 || len(w.arrived) != 1 || w.arrived[0].ID != "tom" {
			t.Errorf("held %d, arrived %s; want the daemon's own held, and the command's gone", held, w.kinds())
		}
	})
}

func TestPause(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	if err := w.store.Pause(ctx, true); err != nil {
		t.Fatal(err)
	}
	w.plan("maya", maya())
	w.pass()
	w.want("")
	if err := w.store.Pause(ctx, false); err != nil {
		t.Fatal(err)
	}
	// Paused while the message is on the wire: it is fenced at its dot.
	w.answer = func(_ *invites.Submission, dot func() error) error {
		w.answer = nil
		if err := w.store.Pause(ctx, true); err != nil {
			t.Fatal(err)
		}
		return dot()
	}
	w.pass()
	w.want("")
	if err := w.store.Pause(ctx, false); err != nil {
		t.Fatal(err)
	}
	w.pass()
	w.want("brief-0")
}

// A message on the wire that is cancelled is stopped at its dot; one that is past it is followed by
// a cancellation.
func TestCancelOnTheWire(t *testing.T) {
	for _, when := range []string{"before the dot", "after the dot"} {
		t.Run(when, func(t *testing.T) {
			w := newWorld(t)
			w.plan("maya", maya("permitted: She said so."))
			cancel := func() {
				w.answer = nil
				w.later(time.Second)
				w.commit(w.callOff(w.find("maya"), "", w.now))
			}
			w.answer = func(_ *invites.Submission, dot func() error) error {
				if when == "before the dot" {
					cancel()
					return dot()
				}
				err := dot()
				cancel()
				return err
			}
			w.pass()
			w.pass()
			want := map[string]string{"before the dot": "", "after the dot": "invite-0 cancel-1"}[when]
			w.want(want)
		})
	}
}

func TestPlanSpeaksOnlyWhenItChanges(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya("permitted: She said so."))
	w.pass()
	w.later(time.Minute)
	moved := start.Add(5 * time.Hour)
	w.commit(w.reschedule(w.find("maya"), plan.SlotOf(moved), w.now))
	w.pass()
	w.want("invite-0 update-1")
	// Another word for the same start is no change.
	w.plan("maya", maya("permitted: She said so.", "when: {duration: 60m, start: '2027-03-04T10:00'}"))
	w.pass()
	w.want("invite-0 update-1")
	want := "the plan file says Thu 4 Mar 2027 10:00 (Europe/Lisbon); Thu 4 Mar 2027 15:00 (Europe/Lisbon) stands"
	if got := worklist.Difference(w.find("maya"), w.now); got != want {
		t.Errorf("difference: %q\nwant        %q", got, want)
	}
	off := w.find("maya")
	if err := off.Apply(command.Withdraw{}, w.now); err != nil || worklist.Difference(off, w.now) != "" {
		t.Errorf("called off, it differs: %q, %v", worklist.Difference(off, w.now), err)
	}
	w.plan("maya", maya("permitted: She said so.", "when: {start: 2027-03-05 10:00}"))
	w.pass()
	w.want("invite-0 update-1 update-2")
	events := must(w.store.History(context.Background(), "maya"))
	if last := events[len(events)-1]; last.Kind != "plan" || !strings.Contains(last.Text, "Thu 4 Mar 2027 15:00") {
		t.Errorf("the log ends with %+v; want the start that has lost", last)
	}
}

// After a "later" to an invitation nothing goes by itself, not even what was decided before; a move by
// the organizer's own hand does.
func TestLaterAfterInvitation(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	w.plan("maya", maya("permitted: She said so."))
	w.pass()
	if err := w.store.Pause(ctx, true); err != nil {
		t.Fatal(err)
	}
	w.later(time.Minute)
	w.plan("maya", maya("permitted: She said so.", "when: {start: 2027-03-05 10:00}"))
	w.pass()
	w.later(time.Minute)
	w.take("maya", conversation.Answer{Value: conversation.Wait})
	if err := w.store.Pause(ctx, false); err != nil {
		t.Fatal(err)
	}
	w.pass()
	w.want("invite-0")
	w.later(time.Minute)
	w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(48*time.Hour)), w.now))
	w.pass()
	w.want("invite-0 update-2")
	w.now = start.Add(47*time.Hour + time.Minute)
	w.pass()
	w.want("invite-0 update-2 reminder-2")
}

// A "later" before the invitation is not undone by another time: only asking again does.
func TestLaterBeforeInvitation(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya("permitted: She said so."))
	if err := w.store.Pause(context.Background(), true); err != nil {
		t.Fatal(err)
	}
	w.pass()
	w.take("maya", conversation.Answer{Value: conversation.Wait})
	w.later(time.Minute)
	w.plan("maya", maya("permitted: She said so.", "when: {start: 2027-03-05 10:00}"))
	if err := w.store.Pause(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	w.pass()
	w.want("")
	if st := w.find("maya").Status(w.now); st != conversation.Later {
		t.Errorf("status %s", st)
	}
}

// A new day on which to ask that has long passed is looked at before anything goes.
func TestAskOnLongPast(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya())
	w.pass()
	w.take("maya", conversation.Answer{Value: conversation.Wait})
	w.plan("maya", maya("ask_on: 2027-01-05"))
	if r := w.pass(); !r.Held {
		t.Error("not held")
	}
	w.want("brief-0")
}

// A message of which nobody knows whether it arrived goes once more as it was, although a name in it
// would be written otherwise now.
func TestUnclearSurvivesSmallEdits(t *testing.T) {
	for kind, plans := range map[string][2]string{
		"invite-0": {maya("permitted: She said so."), maya("permitted: She said so.", "  name: Maya Lin Chen")},
		"brief-0":  {maya(), maya("purpose: Something else.")},
	} {
		w := newWorld(t)
		w.plan("maya", plans[0])
		w.answer = func(p *invites.Submission, dot func() error) error {
			w.answer = nil
			if err := dot(); err != nil {
				return err
			}
			w.plan("maya", plans[1])
			return &invites.DeliveryError{Unclear: true, Text: "silence"}
		}
		w.pass()
		if err := w.store.Approve(context.Background(), []int64{w.find("maya").Messages[0].Row}); err != nil { // the time to try again has come
			t.Fatal(err)
		}
		w.pass()
		w.want(kind)
	}
}

// A time that the partner has not heard of yet is gone when the plan names others.
func TestHeldTimeWithdrawn(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	w.HoldOver = 0
	w.plan("maya", maya("permitted: She said so."))
	w.pass()
	held := w.find("maya").Messages[0].Row
	w.plan("maya", maya("permitted: She said so.", "when: {times: [2027-03-06 10:00, 2027-03-07 15:00]}"))
	w.pass()
	if err := w.store.Approve(ctx, []int64{held}); err != nil {
		t.Fatal(err)
	}
	w.pass()
	w.want("")
	if next := roster.Next(w.find("maya"), w.now).Next; next != "choose a time: coalition invite maya --start TIME" {
		t.Errorf("next: %s", next)
	}
}

// A plan file under another name begins nothing new with somebody who was, or is to be, written to.
func TestRenamed(t *testing.T) {
	for name, past := range map[string]func(w *world){
		"asked":    func(w *world) { w.pass() },
		"declined": func(w *world) { w.pass(); w.take("maya", conversation.Answer{Value: conversation.No}) },
		"queued": func(w *world) {
			must(0, w.store.Pause(context.Background(), true))
			w.pass()
			must(0, w.store.Pause(context.Background(), false))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.plan("maya", maya())
			past(w)
			w.plan("maya", "")
			w.plan("chen", maya())
			if b := w.board(); len(b.Problems) != 1 || len(b.Conversations) != 1 {
				t.Errorf("%d conversations, problems %v", len(b.Conversations), b.Problems)
			}
			w.pass()
			if len(w.arrived) > 1 {
				t.Errorf("arrived: %s", w.kinds())
			}
		})
	}
}

// Of reminders that wait, for sending was paused, only the nearest to the start goes.
func TestOneReminderAfterPause(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	w.plan("maya", maya("permitted: She said so."))
	w.pass()
	must(0, w.store.Pause(ctx, true))
	w.now = start.Add(-24 * time.Hour)
	w.pass()
	w.now = start.Add(-time.Hour)
	w.pass()
	must(0, w.store.Pause(ctx, false))
	w.pass()
	w.want("invite-0 reminder-0")
}

func TestAnotherPerson(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya())
	w.pass()
	w.take("maya", conversation.Answer{Value: conversation.Yes})
	w.plan("maya", maya("  email: somebody@example.org", "purpose: Something else."))
	b := w.board()
	if len(b.Problems) != 1 || b.Problems[0].Line != 3 {
		t.Fatalf("problems: %v; want one at the address", b.Problems)
	}
	w.pass()
	w.want("brief-0")
	if c := w.find("maya"); c.Partner().Email != "maya@example.org" || !c.Unread() {
		t.Errorf("the partner is %s, unread %v", c.Partner(), c.Unread())
	}
	w.plan("maya", maya())
	w.pass()
	w.want("brief-0 invite-0")
}

// A plan that is gone or broken begins nothing new, and takes nothing back.
func TestNoPlan(t *testing.T) {
	for _, how := range []string{"gone", "broken"} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			w.plan("maya", maya("permitted: She said so."))
			w.pass()
			w.plan("maya", map[string]string{"gone": "", "broken": "with: {"}[how])
			if b := w.board(); (len(b.Gone) == 1) != (how == "gone") || (len(b.Problems) > 0) != (how == "broken") {
				t.Errorf("gone: %v, problems: %v", b.Gone, b.Problems)
			}
			w.now = start.Add(-time.Hour)
			w.pass()
			w.want("invite-0 reminder-0")
			w.later(time.Minute)
			w.commit(w.callOff(w.find("maya"), "", w.now))
			w.pass()
			w.want("invite-0 reminder-0 cancel-1")
		})
	}
}

func TestRelativeDatesAreFixedOnce(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya("when: {start: in 10 days at 10:00}", "ready: false"))
	w.later(48 * time.Hour)
	w.pass() // nothing acts on a plan that is not ready
	w.take("maya", command.CheckIn{})
	fixed := w.find("maya").Start(w.now)
	if want := time.Date(2027, 2, 13, 10, 0, 0, 0, lisbon); !fixed.Equal(want) {
		t.Fatalf("fixed at %s, want %s", fixed, want)
	}
	w.pass()
	w.later(72 * time.Hour)
	w.plan("maya", maya("when: {start: in 10 days at 10:00}", "ready: false", "purpose: Something else."))
	w.pass()
	if got := w.find("maya").Start(w.now); !got.Equal(fixed) {
		t.Errorf("after another edit the start is %s, want %s", got, fixed)
	}
}

func TestAskAgain(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya())
	w.pass()
	d := must(w.ask(w.find("maya"), false, w.now))
	if d.Sent == nil {
		t.Fatal("ask decided on a second brief without --again")
	}
	w.later(time.Minute)
	w.commit(w.ask(w.find("maya"), true, w.now))
	w.pass()
	w.want("brief-0 brief-0")
	w.take("maya", conversation.Answer{Value: conversation.Wait})
	w.pass()
	w.want("brief-0 brief-0")
	w.later(time.Minute)
	w.commit(w.ask(w.find("maya"), false, w.now))
	w.pass()
	w.want("brief-0 brief-0 brief-0")
	if s := w.status("maya"); s != conversation.Asked {
		t.Errorf("asked again after a later: status %s", s)
	}
	w.take("maya", conversation.Answer{Value: conversation.No})
	if _, err := w.ask(w.find("maya"), true, w.now); !errors.Is(err, refusal.ErrUnfit) {
		t.Errorf("asked again after a no: %v", err)
	}
	if !strings.Contains(string(w.arrived[1].Data), "once more") || strings.Contains(string(w.arrived[0].Data), "once more") {
		t.Error("the second brief should say that it is one, and the first not")
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya("ready: false"))
	w.plan("tom", maya("  email: tom@example.org"))
	w.plan("priya", maya("  email: priya@example.org", "permitted: In person.", "when: {times: [2027-03-04 10:00, 2027-03-05 10:00]}"))
	w.plan("zoe", maya("  email: zoe@example.org", "permitted: In person."))
	w.pass()
	none := plan.Slot{}
	for _, test := range []struct {
		name   string
		err    error
		reason error
		says   string
	}{
		{"ask before the check-in", second(w.ask(w.find("maya"), false, w.now)), refusal.ErrNotReady, "ready maya"},
		{"invite before the check-in", second(w.invite(w.find("maya"), none, "", w.now)), refusal.ErrNotReady, "ready maya"},
		{"invite without a yes", second(w.invite(w.find("tom"), none, "", w.now)), refusal.ErrNoYes, "answer tom yes"},
		{"invite without a time", second(w.invite(w.find("priya"), none, "", w.now)), refusal.ErrUnfit, "choose a time"},
		{"invite at another time", second(w.invite(w.find("zoe"), plan.SlotOf(start.Add(time.Hour)), "", w.now)), refusal.ErrUnfit, "move zoe"},
		{"move before the invitation", second(w.reschedule(w.find("tom"), slot, w.now)), refusal.ErrUnfit, "invite tom"},
		{"move into the past", second(w.reschedule(w.find("zoe"), plan.SlotOf(monday.Add(-time.Hour)), w.now)), refusal.ErrUnfit, "ahead"},
		{"a reason of two lines", second(w.callOff(w.find("zoe"), "one\r\nBcc: two", w.now)), refusal.ErrUnfit, "one line"},
		{"no such conversation", second(w.board().Find("nobody")), refusal.ErrUnfit, "list"},
		{"a shortened id that could be two", second(w.board().Find("")), refusal.ErrUnfit, "there is no conversation"},
	} {
		if !errors.Is(test.err, test.reason) || !strings.Contains(test.err.Error(), test.says) {
			t.Errorf("%s: %v; want %v, saying %q", test.name, test.err, test.reason, test.says)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestFindRound(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya("permitted: In person.")+"---\nid: maya\nround: 2\n"+maya("ready: false"))
	w.plan("max", maya("  email: max@example.org"))
	w.pass()
	for ref, want := range map[string]string{"maya": "maya", "may": "maya", "maya/2": "maya/2", "may/1": "maya", "max": "max"} {
		if c := w.find(ref); c.Ref() != want {
			t.Errorf("%s finds %s, want %s", ref, c.Ref(), want)
		}
	}
	if _, err := w.board().Find("ma"); err == nil || !strings.Contains(err.Error(), "max or maya") {
		t.Errorf("ma finds %v; want both named", err)
	}
	w.now = start.Add(2 * time.Hour) // the first round is over
	if c := w.find("maya"); c.Ref() != "maya/2" {
		t.Errorf("after the first round maya finds %s", c.Ref())
	}
}
