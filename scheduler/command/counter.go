package command

import (
	"fmt"
	"strings"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/refusal"
	"coalition/scheduler/ways"
)

// TakeCounter decides on the time that the partner has proposed. Before they are invited that is a yes to it, and the
// invitation goes. The error is a [refusal.Error].
func TakeCounter(c *conversation.Conversation, now, wall time.Time) (*conversation.Draft, error) {
	if c.Counter == nil {
		return nil, noCounter(c)
	}
	at := c.SlotOf(c.Counter)
	if c.Told() == nil {
		return takeOwn(c, at, now, wall)
	}
	if !at.Time().Equal(c.Counter.Start) {
		return nil, twice(at, c.How(ways.Move))
	}
	return Reschedule(c, at, now, wall)
}

func twice(at plan.Slot, choose string) error {
	return refusal.New(refusal.ErrUnfit, fmt.Sprintf("on the clock of %s this time exists twice", at.Zone),
		"choose another with: "+choose)
}

// takeOwn decides on the invitation for a time of the partner's own. What they wrote with it is a yes by the organizer's
// word, where none is on record.
func takeOwn(c *conversation.Conversation, at plan.Slot, now, wall time.Time) (*conversation.Draft, error) {
	p := *c.Counter
	if !at.Time().Equal(p.Start) {
		return nil, twice(at, c.How(ways.InviteAt))
	}
	var change conversation.Change = Move{To: at, At: wall}
	if !c.Said(conversation.Yes) {
		change = conversation.Answer{Value: conversation.Yes, How: "command", From: p.From, Note: p.Note, Slot: at}
	}
	if err := c.Apply(change, now); err != nil {
		return nil, err
	}
	seen(c)
	d, err := draft(c, outbox.Invite, now)
	if d != nil {
		d.Events = append([]conversation.HistoryEntry{c.Entry(now, "counter", "took the time proposed, "+at.String())},
			d.Events...)
	}
	return d, err
}

// DeclineCounter decides on declining the time that the partner has proposed: they are told once, with the reason where
// there is one; before they are invited that is for the organizer to write. The error is a [refusal.Error].
func DeclineCounter(c *conversation.Conversation, reason string, now time.Time) (*conversation.Draft, error) {
	if c.Counter == nil {
		return nil, noCounter(c)
	}
	switch {
	case c.Cancelled != nil:
		return nil, c.RefuseOver("cancelled")
	case c.Told() != nil && !now.Before(c.Told().Start.Time()):
		return nil, begun(c, now)
	case c.Said(conversation.No):
		return nil, refusal.New(refusal.ErrUnfit, c.Plan.With.Name+" said no", "nothing more goes out")
	case !c.Ready:
		return nil, notReady(c)
	}
	if err := refusal.CheckText("the reason", reason); err != nil {
		return nil, err
	}
	text := strings.TrimSuffix("declined the time proposed, "+c.SlotOf(c.Counter).String()+": "+reason, ": ")
	if c.Told() == nil {
		if reason != "" {
			return nil, refusal.New(refusal.ErrUnfit, "nothing is sent by this before there is an invitation",
				"leave out --reason, and write to "+c.Plan.With.Name+" yourself")
		}
		c.Counter, c.Touched = nil, now
		return c.Record(now, c.Entry(now, "counter", text)), nil
	}
	d := c.Decide(conversation.Step{Kind: outbox.DeclineCounter}, now, true)
	d.Declined, d.Reason = c.Counter, reason
	c.Counter, c.Touched = nil, now
	d.Events = append(d.Events, c.Entry(now, "counter", text))
	return d, nil
}

func noCounter(c *conversation.Conversation) error {
	return refusal.New(refusal.ErrUnfit, "no other time is proposed for "+c.Ref(), "see: "+c.How(ways.Show))
}
