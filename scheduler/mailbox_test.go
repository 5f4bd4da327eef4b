package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
)

// A box is a mailbox in memory.
type box struct {
	mails  []*invites.Mail
	sent   map[string]bool
	since  time.Time // what Fetch was asked for last
	broken error     // of all that is done with it
	asked  int       // how often Sent was
	closed int       // how often Close was
}

func (b *box) Fetch(_ context.Context, cursor string, since time.Time, take func([]*invites.Mail, string) error) error {
	b.since = since
	var at int
	if cursor != "" {
		if _, err := fmt.Sscanf(cursor, "1:%d", &at); err != nil {
			return err
		}
	}
	for i := at; i < len(b.mails); i += 2 {
		end := min(i+2, len(b.mails))
		for n, m := range b.mails[i:end] {
			m.Cursor = fmt.Sprintf("1:%d", i+n+1)
		}
		if err := take(b.mails[i:end], fmt.Sprintf("1:%d", end)); err != nil {
			return err
		}
	}
	return b.broken
}

func (b *box) Wait(ctx context.Context) error {
	if b.broken != nil {
		return b.broken
	}
	<-ctx.Done()
	return ctx.Err()
}

func (b *box) Sent(_ context.Context, id string) (found, ok bool, err error) {
	b.asked++
	if b.broken != nil {
		return false, false, b.broken
	}
	return b.sent[id], b.sent != nil, nil
}

func (b *box) Name() string { return "ana@box" }
func (b *box) Close()       { b.closed++ }

func TestReadMail(t *testing.T) {
	w := asked(t)
	stranger := &invites.Mail{Key: "s", At: w.now, From: invites.Address{Email: "x@example.net"}, Sort: invites.Personal, Text: "Buy this!"}
	b := &box{mails: []*invites.Mail{stranger, w.letter("2"), stranger}}
	w.with(func(c *scheduler.Config) { c.Mailbox = b })
	ctx := context.Background()
	for range 2 {
		if err := w.ReadMail(ctx); err != nil {
			t.Fatal(err)
		}
		if at := must(w.store.Cursor(ctx, "ana@box")); at != "1:3" {
			t.Errorf("the cursor is %q; want 1:3", at)
		}
	}
	if b.since.IsZero() || b.since.After(w.now) {
		t.Errorf("looked for mail since %s; the brief left at %s", b.since, monday)
	}
	if events := must(w.store.History(ctx, "maya")); len(events) != 1 {
		t.Errorf("the log: %v; want the answer", events)
	}
	// What was read before the connection broke counts, and counts once.
	w = asked(t)
	w.with(func(c *scheduler.Config) {
		c.Mailbox = &box{mails: []*invites.Mail{w.letter("2"), stranger}, broken: errors.New("cut")}
	})
	if err := w.ReadMail(ctx); err == nil {
		t.Error("a broken connection is no error")
	}
	w.with(func(c *scheduler.Config) { c.Mailbox = &box{mails: []*invites.Mail{w.letter("2"), stranger}} })
	if err := w.store.SetCursor(ctx, conversation.Cursor{Name: "ana@box"}); err != nil { // and it is read from its beginning
		t.Fatal(err)
	}
	if err := w.ReadMail(ctx); err != nil {
		t.Fatal(err)
	}
	if events := must(w.store.History(ctx, "maya")); len(events) != 1 || !strings.HasPrefix(events[0].Text, "yes") {
		t.Errorf("the log: %v; want one answer", events)
	}
}

// A message of which nobody knows whether it has gone is looked for among the sent mail before it goes
// again: found, it has; and a folder without it proves nothing.
func TestFoundInSentMail(t *testing.T) {
	for _, test := range []struct {
		name string
		box  *box
		want string // all that arrives
	}{
		{"found", &box{sent: map[string]bool{}}, "brief-0"},
		{"not found", &box{sent: map[string]bool{"x": true}}, "brief-0 brief-0"},
		{"no such folder", &box{}, "brief-0 brief-0"},
		{"found once it can be read", &box{sent: map[string]bool{}, broken: errors.New("cut")}, "brief-0"},
	} {
		w := newWorld(t)
		w.with(func(c *scheduler.Config) { c.Mailbox = test.box })
		w.plan("maya", maya())
		w.answer = func(p *invites.Submission, dot func() error) error {
			if err := dot(); err != nil {
				return err
			}
			w.arrived = append(w.arrived, p)
			if strings.HasPrefix(test.name, "found") {
				test.box.sent[p.MessageID] = true
			}
			return &invites.DeliveryError{Unclear: true, Text: "silence"}
		}
		w.pass()
		w.answer = nil
		if test.box.broken != nil {
			w.again()
			if m := w.find("maya").Messages[0]; m.State == outbox.Accepted {
				t.Errorf("%s: it went again although a copy may be there", test.name)
			}
			test.box.broken = nil
		}
		w.again()
		w.want(test.want)
		if m := w.find("maya").Messages[0]; m.State != outbox.Accepted || test.box.asked == 0 || m.Flagged != (test.want != "brief-0") {
			t.Errorf("%s: the brief is %s, flagged %t; the folder was asked %d times", test.name, m.State, m.Flagged, test.box.asked)
		}
	}
}

// What keeps everything from going on ends the run, also where a mailbox is being read beside it.
func TestRunEnds(t *testing.T) {
	w := newWorld(t)
	w.with(func(c *scheduler.Config) { c.Mailbox = &box{} })
	if err := os.RemoveAll(w.Plans.Path); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- w.Run(context.Background(), context.Background()) }()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("a run without a folder of plans is no error")
		}
	case <-time.After(20 * time.Second):
		t.Error("the run does not end")
	}
}
