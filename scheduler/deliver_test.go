package scheduler_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

// again makes every message that waits to be tried again due now, and opens the doors.
func (w *world) again() {
	w.t.Helper()
	var rows []int64
	for _, c := range w.board().Conversations {
		for _, m := range c.Messages {
			if m.State == outbox.Queued || m.State == outbox.Unclear {
				rows = append(rows, m.Row)
			}
		}
	}
	if err := errors.Join(w.store.Approve(context.Background(), rows), w.store.Pause(context.Background(), false)); err != nil {
		w.t.Fatal(err)
	}
	w.pass()
}

// TestVerdicts: what the server says decides what becomes of a message (design: delivery, step 6).
func TestVerdicts(t *testing.T) {
	fault := func(f invites.DeliveryError) func(*invites.Submission, func() error) error {
		return func(_ *invites.Submission, dot func() error) error {
			if f.Unclear {
				if err := dot(); err != nil {
					return err
				}
			}
			return &f
		}
	}
	for _, test := range []struct {
		name   string
		answer func(*invites.Submission, func() error) error
		state  outbox.State
		code   int
		error  string
		retry  bool // it is tried again by itself
		door   bool // when all is
	}{
		{"not now", fault(invites.DeliveryError{Code: 451, Text: "greylisted"}), outbox.Queued, 451, "greylisted", true, false},
		{"the door is closed", fault(invites.DeliveryError{Channel: true, Text: "nobody listens there"}), outbox.Queued, 0, "nobody listens there", true, true},
		{"it breaks down over it", fault(invites.DeliveryError{Channel: true, Begun: true, Text: "it hung up"}), outbox.Queued, 0, "it hung up", true, false},
		{"never", fault(invites.DeliveryError{Code: 550, Final: true, Text: "no such user"}), outbox.Failed, 550, "no such user", false, false},
		{"silence", fault(invites.DeliveryError{Unclear: true, Text: "the answer did not come"}), outbox.Unclear, 0, "the answer did not come", true, false},
		{"an error of no kind before the dot", func(*invites.Submission, func() error) error { return errors.New("strange") }, outbox.Queued, 0, "strange", true, false},
		{"an error of no kind after the dot", func(_ *invites.Submission, dot func() error) error { return errors.Join(dot(), errors.New("strange")) }, outbox.Unclear, 0, "strange", true, false},
		{"a reply of many lines", fault(invites.DeliveryError{Code: 550, Final: true, Text: "no\r\nsuch\nuser"}), outbox.Failed, 550, "no such user", false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.plan("maya", maya())
			w.answer = test.answer
			w.pass()
			m := w.find("maya").Messages[0]
			if m.State != test.state || m.Code != test.code || m.Error != test.error || m.Attempts != 1 || m.Flagged || m.NotBefore.IsZero() != (test.door || !test.retry) && m.State != outbox.Failed {
				t.Errorf("state %s, code %d, error %q, %d attempts, flagged %v, not before %v", m.State, m.Code, m.Error, m.Attempts, m.Flagged, m.NotBefore)
			}
			next := must(w.store.NextClaim(context.Background(), outbox.Mail, nil))
			if next.IsZero() == test.retry {
				t.Errorf("tried again: %v, want %v", !next.IsZero(), test.retry)
			}
		})
	}
}

// A message of which nobody knows whether it arrived goes once more, byte for byte and flagged; after
// that only with the organizer's word. A reminder does not.
func TestUnclear(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	w.plan("maya", maya())
	var sent [][]byte
	silent := func(p *invites.Submission, dot func() error) error {
		if err := dot(); err != nil {
			return err
		}
		sent = append(sent, p.Data)
		return &invites.DeliveryError{Unclear: true, Text: "silence"}
	}
	w.answer = silent
	w.pass()
	if err := w.DeliverPatiently(ctx, ctx); err != nil { // after its back-off of under a second
		t.Fatal(err)
	}
	m := w.find("maya").Messages[0]
	if len(sent) != 2 || !bytes.Equal(sent[0], sent[1]) || m.State != outbox.Unclear || !m.Flagged || !m.Stuck() || m.Attempts != 2 {
		t.Fatalf("sent %d times, %+v; want twice the same, flagged, and stuck", len(sent), m)
	}
	w.pass()
	if next := must(w.store.NextClaim(ctx, outbox.Mail, nil)); len(sent) != 2 || !next.IsZero() {
		t.Errorf("it is tried a third time by itself (%d, %v)", len(sent), next)
	}
	w.answer = nil
	if err := w.store.Approve(ctx, []int64{m.Row}); err != nil {
		t.Fatal(err)
	}
	w.pass()
	if m := w.find("maya").Messages[0]; m.State != outbox.Accepted || !m.Flagged {
		t.Errorf("after approval: %s, flagged %v", m.State, m.Flagged)
	}

	w = newWorld(t)
	w.plan("maya", maya("permitted: In person."))
	w.pass()
	w.now = start.Add(-time.Hour)
	w.answer = silent
	w.pass()
	if m := w.find("maya").Messages[1]; m.Kind != outbox.Reminder || !m.Stuck() || m.Flagged {
		t.Errorf("an unclear reminder: %+v; want it left alone", m)
	}
}

// Many messages do not knock at a closed door: the first one finds out for all.
func TestClosedDoor(t *testing.T) {
	w := newWorld(t)
	w.HoldOver = 100
	for _, id := range []string{"a1", "b2", "c3", "d4"} {
		w.plan(id, maya("  email: "+id+"@example.org"))
	}
	knocks := 0
	w.answer = func(*invites.Submission, func() error) error {
		knocks++
		return &invites.DeliveryError{Channel: true, Text: "nobody listens there"}
	}
	w.pass()
	if knocks != 1 {
		t.Errorf("%d connections were tried, want 1", knocks)
	}
	w.answer = nil
	w.again()
	if len(w.arrived) != 4 {
		t.Errorf("arrived: %s", w.kinds())
	}
}

func TestGiveUp(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya())
	w.answer = func(*invites.Submission, func() error) error {
		return &invites.DeliveryError{Code: 451, Text: "not now"}
	}
	w.pass()
	w.later(4 * 24 * time.Hour)
	w.again()
	if m := w.find("maya").Messages[0]; m.State != outbox.Queued {
		t.Fatalf("after four days: %s", m.State)
	}
	w.later(25 * time.Hour)
	w.again()
	if m := w.find("maya").Messages[0]; m.State != outbox.Failed || m.Error != "given up after five days: not now" {
		t.Errorf("after five days: %s, %q", m.State, m.Error)
	}
}

// What is no longer true when it could leave does not leave.
func TestLookedAtAgain(t *testing.T) {
	for _, test := range []struct {
		name   string
		happen func(*world)
		state  outbox.State
	}{
		{"the talk has begun", func(w *world) { w.now = start }, outbox.Expired},
		{"the partner said no", func(w *world) { w.take("maya", conversation.Answer{Value: conversation.No}) }, outbox.Dropped},
		{"the organizer is not ready any more", func(w *world) { w.plan("maya", maya("permitted: In person.", "ready: false")); w.pass() }, outbox.Dropped},
		{"another time", func(w *world) {
			w.plan("maya", maya("permitted: In person.", "when: {start: 2027-03-05 10:00}"))
			must(w.Pass(context.Background(), w.board()))
		}, outbox.Superseded},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.plan("maya", maya("permitted: In person."))
			w.answer = func(*invites.Submission, func() error) error {
				return &invites.DeliveryError{Code: 451, Text: "not now"}
			}
			w.pass()
			test.happen(w)
			w.again()
			if m := w.find("maya").Messages[0]; m.State != test.state || len(w.arrived) > 0 {
				t.Errorf("state %s, arrived %q; want %s and nothing", m.State, w.kinds(), test.state)
			}
		})
	}
}

// A delivery tells how many messages it has settled so far, and when it ends.
func TestDeliverProgress(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya())
	w.plan("otto", maya("  email: otto@example.org", "when: {start: 2027-03-05 10:00}"))
	var told []int
	var mu sync.Mutex
	w.Delivery.Progress = func(done, total int) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, done, total)
	}
	w.pass()
	// Which of two is told first is up to their goroutines.
	if n := len(told); n != 6 || max(told[0], told[2]) != 2 || told[4] != 0 || told[1]+told[3]+told[5] != 0 {
		t.Errorf("told %v, want 1 of 0, 2 of 0, and 0 of 0 last", told)
	}
}

// What is refused at once is told as what comes back later is: the next step, and a notice with the server's
// words. It goes again by the organizer's own command, or to another address.
func TestRefusedAtOnce(t *testing.T) {
	for _, test := range []struct {
		fault invites.DeliveryError
		next  string
	}{
		{invites.DeliveryError{Code: 550, Final: true, Text: "5.1.1 no such user"}, "mend the address, the brief was refused (550 5.1.1 no such user), then: coalition ask maya"},
		{invites.DeliveryError{Code: 554, Final: true, Text: "5.7.1 looks like an advertisement"}, "mend what kept the brief from going (coalition log maya), then: coalition ask maya"},
	} {
		w := newWorld(t)
		w.Notify = true
		w.plan("maya", maya())
		w.answer = func(p *invites.Submission, _ func() error) error {
			if p.Kind != "brief" {
				return nil
			}
			return &test.fault
		}
		w.pass()
		c := w.find("maya")
		if c.Messages[0].State != outbox.Failed || roster.Next(c, w.now).Next != test.next {
			t.Errorf("%s, next %q; want %q", c.Messages[0].State, roster.Next(c, w.now).Next, test.next)
		}
		w.pass()
		w.want("notice-0")
		if text := string(w.arrived[0].Data); !strings.Contains(text, "could not be delivered") || !strings.Contains(text, test.fault.Text[6:13]) {
			t.Errorf("the notice: %s", text)
		}
		w.pass()
		w.want("notice-0")
		w.answer = nil
		w.plan("maya", maya("  email: maya.chen@example.org"))
		w.pass()
		w.want("notice-0 brief-0")
	}
}
