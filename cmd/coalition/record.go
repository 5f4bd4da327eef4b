package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coalition/scheduler/conversation"
	"coalition/scheduler/roster"
)

// A changing says what is to change in a conversation as it stands.
type changing func(*roster.Roster, *conversation.Conversation) (conversation.Change, error)

// always returns change, whatever the conversation.
func always(change conversation.Change) changing {
	return func(*roster.Roster, *conversation.Conversation) (conversation.Change, error) { return change, nil }
}

// recording does what every command does that changes a conversation and sends nothing.
func (a *app) recording(cmd *cobra.Command, ref string, change changing) error {
	if err := a.open(cmd.Context(), false); err != nil {
		return err
	}
	return a.tell(a.record(cmd.Context(), ref, change))
}

// record takes a change in and stores it.
func (a *app) record(ctx context.Context, ref string, change changing) (*conversation.Draft, error) {
	busyEnd := a.wall().Add(busyFor)
	for try := 1; ; try++ {
		b, c, err := a.lookAt(ctx, ref)
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
		// An answer may take a time, or have a word about a person; and what is new may have been erased since.
		if _, ok := ch.(conversation.Answer); ok || c.Rev == 0 {
			d.Slots = b.Slots
		}
		if err = a.sched.Store.Commit(ctx, d); errors.Is(err, conversation.ErrConflict) && try < 50 {
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
func (a *app) tell(d *conversation.Draft, err error) error {
	if err != nil {
		return err
	}
	c, now := d.Conversation, a.sched.Now()
	if a.json {
		return a.printJSON(a.row(c, now))
	}
	a.say("%s: %s. Next: %s", c.Ref(), d.What(), a.nextWords(roster.Next(c, now), now))
	return nil
}

// nextWords tells a step in a sentence.
func (a *app) nextWords(s conversation.Step, now time.Time) string {
	switch {
	case s.Next == "":
		return "nothing"
	case s.Kind != "" && s.IsDue(now):
		return s.Next + ", which the daemon does"
	case s.Due.After(now):
		return s.Next + " (" + a.local(s.Due) + ")"
	}
	return strings.TrimSpace(s.Next)
}
