// Package command knows what a command of the organizer decides on: to ask, to invite, to move, to call off, to
// answer what the partner proposes; and when it must refuse. What follows by itself it leaves to conversation, the
// words to compose.
package command

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/refusal"
	"coalition/scheduler/ways"
)

// Ask decides on the permission-asking brief: the first one, or with again one more. search looks for the times that it
// offers, where the plan names none. The error is a [refusal.Error].
func Ask(c *conversation.Conversation, again bool, search func(), now time.Time) (*conversation.Draft, error) {
	if err := c.Ended(now); err != nil {
		return nil, err
	}
	if !c.Said(conversation.No) && !c.Said(conversation.Yes) && !c.Ready {
		return nil, notReady(c)
	}
	if briefs := c.Briefs(); len(briefs) > 0 && c.Answer == nil {
		m := briefs[len(briefs)-1]
		if m.Waits() || m.State == outbox.Unclear && !again || m.MayHaveLeft() && m.State != outbox.Bounced && !again {
			return &conversation.Draft{At: now, Conversation: c, Sent: m}, nil
		}
	}
	c.Settle(now)
	if err := c.Apply(AskAgain{}, now); err != nil {
		return nil, err
	}
	search()
	return draft(c, outbox.Brief, now)
}

// Invite decides on the invitation, at the slot if that is not zero. permitted, where not empty, is a
// yes that the partner has given in person. The error is a [refusal.Error].
func Invite(c *conversation.Conversation, at plan.Slot, permitted string, now, wall time.Time) (*conversation.Draft, error) {
	if err := c.Busy(); err != nil {
		return nil, err
	}
	if m := c.Last((*outbox.Message).MayHaveLeft, outbox.Invite, outbox.Update); m != nil && c.Cancelled == nil {
		if c.Deleted() {
			if !at.IsZero() && at != c.StartSlot(now) {
				if err := c.Apply(Move{To: at, At: wall}, now); err != nil {
					return nil, err
				}
			}
			c.Restore()
			return draft(c, outbox.Update, now)
		}
		if !at.IsZero() && at != c.StartSlot(now) {
			if err := c.Ended(now); err != nil {
				return nil, err
			}
			return nil, refusal.New(refusal.ErrUnfit, "the invitation has gone already, for "+c.StartSlot(now).String(), "use: "+c.How(ways.Move))
		}
		// It goes again as a message of its own.
		if m.State == outbox.Bounced {
			m.State = outbox.Superseded
			if c.Told() == nil {
				return draft(c, outbox.Invite, now)
			}
			return draft(c, outbox.Update, now)
		}
		return &conversation.Draft{At: now, Conversation: c, Sent: m}, nil
	}
	if c.Cancelled == nil && !c.Ready {
		return nil, notReady(c)
	}
	var events []conversation.HistoryEntry
	if permitted != "" {
		if err := c.Apply(conversation.Answer{Value: conversation.Yes, How: "command", Note: permitted}, now); err != nil {
			return nil, err
		}
		events = append(events, c.Entry(now, "answer", "yes (in person): "+permitted))
	}
	if c.Cancelled == nil && !c.Said(conversation.Yes) {
		return nil, refusal.New(refusal.ErrNoYes, fmt.Sprintf("no yes of %s is on record", c.Plan.With.Name),
			"ask first ("+c.How(ways.Ask)+"), or record it ("+c.How(ways.RecordYes)+")")
	}
	if !at.IsZero() && at != c.StartSlot(now) {
		if err := c.Apply(Move{To: at, At: wall}, now); err != nil {
			return nil, err
		}
	}
	// Whoever invites has seen what came with the yes.
	if c.Said(conversation.Yes) {
		seen(c)
	}
	if m := c.Last(nil, outbox.Invite); m != nil && (m.Waits() || m.State == outbox.Failed) && m.Content == c.Says(now, outbox.Invite) {
		return &conversation.Draft{At: now, Conversation: c, Sent: m}, nil
	}
	d, err := draft(c, outbox.Invite, now)
	if d != nil {
		d.Events = append(events, d.Events...)
	}
	return d, err
}

// Reschedule decides on a new start for a talk that the partner has been invited to. The error is a
// [refusal.Error].
func Reschedule(c *conversation.Conversation, to plan.Slot, now, wall time.Time) (*conversation.Draft, error) {
	if err := c.Busy(); err != nil {
		return nil, err
	}
	told := c.Told()
	if told == nil {
		return nil, refusal.New(refusal.ErrUnfit, "there is no invitation to move yet",
			"change the plan, or use: "+c.How(ways.InviteAt))
	}
	if c.Deleted() {
		return nil, refusal.New(refusal.ErrUnfit, "its event was deleted in "+c.Calendar().Title, "bring it back with: "+c.How(ways.InviteAt)+", or call it off: "+c.How(ways.Cancel))
	}
	mends := c.LostTime()
	says := c.Says(now, outbox.Invite)
	shifts := to == says.Start && says.Shifts(told)
	if m := c.Last(nil, outbox.Invite, outbox.Update); to == says.Start && !mends && (!shifts || m != nil && c.Clocks.Retold == says.Unix && m.Content == says) {
		if c.Cancelled == nil && (m.Content.Start == to || told.Start == to && told.Length == c.Length()) {
			return &conversation.Draft{At: now, Conversation: c, Sent: m}, nil
		}
	}
	from := c.StartSlot(now)
	if err := c.Apply(Move{To: to, At: wall}, now); err != nil {
		return nil, err
	}
	if mends {
		c.Restore()
	} else if shifts {
		c.Clocks.Retold = says.Unix
		// Back to what the partner knows, before they heard of another.
	} else if told.Start == to && told.Length == c.Length() {
		return c.Record(now, c.Entry(now, "move", "back to "+to.String())), nil
	}
	d, err := draft(c, outbox.Update, now)
	if d != nil {
		text := fmt.Sprintf("from %s to %s", from, to)
		if shifts {
			text = fmt.Sprintf("stays at %s, on clocks that are put otherwise now", to)
		}
		d.Events = append(d.Events, c.Entry(now, "move", text))
	}
	return d, err
}

// ByFile turns a draft whose message waits in the outbox into one of a message for a file: the one
// that waits will not go. The error is a [refusal.Error].
func ByFile(d *conversation.Draft) (*conversation.Draft, error) {
	c := d.Conversation
	for _, m := range c.Messages {
		if m == d.Sent {
			m.State = outbox.Superseded
		}
	}
	step := c.Next(d.At)
	if step.Kind != d.Sent.Kind {
		return nil, refusal.New(refusal.ErrUnfit, "the "+d.Sent.Kind.Noun()+" is being sent at this moment", "look again with: "+c.How(ways.Log))
	}
	file := c.Decide(step, d.At, true)
	file.Drop[d.Sent] = outbox.Superseded
	return file, nil
}

// CallOff decides on a cancellation, and on telling the partner where there is something to tell. The
// error is a [refusal.Error].
func CallOff(c *conversation.Conversation, reason string, now time.Time) (*conversation.Draft, error) {
	if err := c.Busy(); err != nil {
		return nil, err
	}
	if c.Returned(now) {
		off := *c.Cancelled
		off.Reason, off.Told = cmp.Or(reason, off.Reason), false
		c.Cancelled = &off
		d := c.Decide(conversation.Step{Kind: outbox.Cancel}, now, true)
		d.Events = append(d.Events, c.Entry(now, "cancel", strings.TrimSuffix("cancelled once more, since its event was back in "+c.Calendar().Title+": "+reason, ": ")))
		return d, nil
	}
	if c.Cancelled != nil {
		return &conversation.Draft{At: now, Conversation: c, Sent: c.Last(nil, outbox.Cancel)}, nil
	}
	if err := c.Apply(Withdraw{Reason: reason}, now); err != nil {
		return nil, err
	}
	event := c.Entry(now, "cancel", strings.TrimSuffix("cancelled: "+reason, ": "))
	if c.Next(now).Kind != outbox.Cancel {
		return c.Record(now, event), nil
	}
	d, err := draft(c, outbox.Cancel, now)
	if d != nil {
		d.Events = append(d.Events, event)
	}
	return d, err
}

// Take takes in a change that sends nothing by itself. The error is a [refusal.Error].
func Take(c *conversation.Conversation, change conversation.Change, now time.Time) (*conversation.Draft, error) {
	if err := c.Apply(change, now); err != nil {
		return nil, err
	}
	event := c.Entry(now, "ready", "checked in")
	switch change := change.(type) {
	case conversation.NotYet:
		return c.Record(now), nil
	case conversation.Answer:
		event = c.Entry(now, "answer", change.Text())
	case Agenda:
		event = c.Entry(now, "agenda", change.text())
	case Keep:
		event = c.Entry(now, "move", "stays at "+change.To.String()+", and they know that clocks are put otherwise")
	case NotHeld:
		event = c.Entry(now, "cancel", "the talk did not take place")
	case Withdraw:
		event = c.Entry(now, "cancel", strings.TrimSuffix("cancelled, and they know: "+change.Reason, ": "))
	}
	return c.Record(now, event), nil
}

// draft is the message of that kind, by the organizer's own command. Where the next step is
// another one, the refusal names it.
func draft(c *conversation.Conversation, kind outbox.Kind, now time.Time) (*conversation.Draft, error) {
	c.Settle(now)
	step := c.Next(now)
	switch {
	case c.Cancelled != nil && kind != outbox.Cancel:
		return nil, c.RefuseOver("cancelled")
	case !c.Closed.IsZero():
		return nil, c.RefuseOver("closed")
	case step.Kind != kind:
		return nil, refusal.New(refusal.ErrUnfit, fmt.Sprintf("%s can't be sent now", "the "+kind.Noun()), "first "+step.Next)
	}
	return c.Decide(step, now, true), nil
}

// notReady refuses what needs a check-in first: the error wraps [refusal.ErrNotReady].
func notReady(c *conversation.Conversation) error {
	return refusal.New(refusal.ErrNotReady, fmt.Sprintf("%s is not ready: you have not checked in with yourself yet", c.Ref()), "use: "+c.How(ways.Ready))
}

// begun says that a talk can't be changed any more, since it has begun.
func begun(c *conversation.Conversation, now time.Time) error {
	if err := c.Ended(now); err != nil {
		return err
	}
	return c.RefuseOver("under way")
}

// seen takes in that the organizer has looked at what the partner wrote beside their answer.
func seen(c *conversation.Conversation) {
	if c.Answer != nil {
		answer := *c.Answer
		answer.Seen = true
		c.Answer = &answer
	}
}
