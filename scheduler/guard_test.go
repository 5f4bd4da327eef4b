package scheduler_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/jordan-wright/email"

	"coalition/invites"
	mail "coalition/invites/email"
	"coalition/scheduler"
	"coalition/scheduler/outbox"
)

// TestFaults: a fault of this program in one conversation is logged, and keeps no other one from going on.
func TestFaults(t *testing.T) {
	two := func(t *testing.T) (*world, *bytes.Buffer) {
		w := newWorld(t)
		log := new(bytes.Buffer)
		w.with(func(c *scheduler.Config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) })
		w.plan("maya", maya())
		w.plan("priya", maya("name: Priya", "email: priya@example.org", "when: {start: 2027-03-05 10:00}"))
		return w, log
	}
	told := func(t *testing.T, log *bytes.Buffer) {
		t.Helper()
		if !strings.Contains(log.String(), "a fault of this program") || strings.Contains(log.String(), "secret") {
			t.Errorf("the log says %s", log)
		}
	}
	ctx := context.Background()
	t.Run("in a pass", func(t *testing.T) {
		w, log := two(t)
		w.Compose.Finish = func(e *email.Email) ([]byte, error) {
			if strings.Contains(e.To[0], "maya") {
				panic("secret")
			}
			return mail.Finish(e)
		}
		if r := must(w.Pass(ctx, w.board())); r.Failed != 1 || len(r.Decided) != 1 {
			t.Errorf("%d failed, %d decided", r.Failed, len(r.Decided))
		}
		told(t, log)
	})
	for name, dotted := range map[string]bool{"in a delivery": false, "after the dot": true} {
		t.Run(name, func(t *testing.T) {
			w, log := two(t)
			w.answer = func(p *invites.Submission, dot func() error) error {
				if p.To != "maya@example.org" {
					return dot()
				}
				if dotted {
					if err := dot(); err != nil {
						return err
					}
				}
				panic(errors.New("secret"))
			}
			w.pass()
			w.want("brief-0")
			want := map[bool]outbox.State{false: outbox.Queued, true: outbox.Unclear}[dotted]
			if m := w.find("maya").Messages[0]; m.State != want {
				t.Errorf("it is %s; want %s", m.State, want)
			}
			told(t, log)
		})
	}
	t.Run("in a mail", func(t *testing.T) {
		w, log := two(t)
		w.pass()
		if w.arrived[1].To != "maya@example.org" { // whose brief is answered
			w.arrived = w.arrived[:1]
		}
		bad, good := w.letter("yes"), w.letter("yes")
		bad.Key, good.Key = "bad", "good"
		understand := w.Intake.Understand
		w.Intake.Understand = nil
		if r := w.receive(bad); r.Counted || !strings.Contains(r.What, "fault") {
			t.Errorf("%+v", r)
		}
		w.Intake.Understand = understand
		if r := w.receive(good); !r.Counted {
			t.Errorf("%+v", r)
		}
		told(t, log)
	})
	t.Run("in an event", func(t *testing.T) {
		w := newWorld(t)
		o := newOnline(w)
		log := new(bytes.Buffer)
		w.with(func(c *scheduler.Config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) })
		w.plan("maya", maya("permitted: She said yes."))
		w.pass()
		w.plan("priya", maya("name: Priya", "email: priya@example.org", "when: {start: 2027-03-05 10:00}", "permitted: She said yes."))
		w.pass()
		w.sync()
		w.online(&faulty{o})
		for id, e := range o.events {
			if e.Guests[0].Email == "maya@example.org" {
				e.Deleted = true
			} else {
				e.Guests[0].PartStat = invites.Accepted
			}
			o.touch(id)
		}
		w.sync()
		if w.find("priya").PartStat != invites.Accepted || w.find("maya").Booking.Is.Deleted {
			t.Errorf("priya is %s", w.find("priya").PartStat)
		}
		told(t, log)
	})
}

// A faulty calendar breaks down over an event that is gone.
type faulty struct{ *online }

func (f *faulty) Event(context.Context, string, string) (*invites.Event, error) {
	var none []int
	return nil, errors.New(string(rune(none[1])))
}
