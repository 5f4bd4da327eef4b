package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coalition/scheduler"
)

// recording is what every command does that changes a conversation and sends nothing.
func (a *app) recording(cmd *cobra.Command, ref string, change func(*scheduler.Board, *scheduler.Conversation) (scheduler.Change, error)) error {
	if err := a.open(cmd.Context(), false); err != nil {
		return err
	}
	return a.tell(a.record(cmd.Context(), ref, change))
}

// record takes a change in and stores it.
func (a *app) record(ctx context.Context, ref string, change func(*scheduler.Board, *scheduler.Conversation) (scheduler.Change, error)) (*scheduler.Draft, error) {
	busyEnd := time.Now().Add(busyFor)
	for try := 1; ; try++ {
		b, err := a.look(ctx)
		if err != nil {
			return nil, err
		}
		c, err := a.find(b, ref)
		if err != nil {
			return nil, err
		}
		ch, err := change(b, c)
		if err != nil {
			return nil, err
		}
		d, err := a.sched.Take(c, ch, b.Now)
		if a.busy(ctx, err, busyEnd) {
			try--
			continue
		}
		if err != nil {
			return nil, err
		}
		if _, ok := ch.(scheduler.Answer); ok { // which may take a time, or have a word about a person
			d.Slots = b.Slots
		}
		if err = a.sched.Store.Commit(ctx, d); errors.Is(err, scheduler.ErrConflict) && try < 50 {
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(rand.IntN(20)) * time.Millisecond):
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		return d, nil
	}
}

// tell says what was recorded, and what comes next.
func (a *app) tell(d *scheduler.Draft, err error) error {
	if err != nil {
		return err
	}
	c, now := d.Conversation, a.sched.Now()
	if a.json {
		return a.printJSON(a.row(c, now))
	}
	a.say("%s: %s. Next: %s", c.Ref(), d.What(), nextWords(c.Next(now), now, a.sched.Zone.Location("UTC")))
	return nil
}

// nextWords is a step in a sentence.
func nextWords(s scheduler.Step, now time.Time, zone *time.Location) string {
	switch {
	case s.Next == "":
		return "nothing"
	case s.Kind != "" && s.IsDue(now):
		return s.Next + ", which the daemon does"
	case s.Due.After(now):
		return s.Next + " (" + s.Due.In(zone).Format(timeLayout) + ")"
	}
	return strings.TrimSpace(s.Next)
}
