package command

import (
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/refusal"
	"coalition/scheduler/ways"
)

// A Thanks is the mail with which the organizer thanks the partner after the talk.
type Thanks struct {
	// Words are the organizer's own; "": those of the template.
	Words string
}

// Debrief decides that the organizer has looked back on the talk, which closes the round, and on the thanks; nil: none
// leave. The error is a [refusal.Error].
func Debrief(c *conversation.Conversation, thanks *Thanks, now time.Time) (*conversation.Draft, error) {
	if err := c.Apply(lookBack{}, now); err != nil {
		return nil, err
	}
	event := c.Entry(now, "debrief", "looked back on the talk")
	if thanks == nil {
		return c.Record(now, event), nil
	}
	if err := refusal.CheckLetter("the thank-you", thanks.Words); err != nil {
		return nil, err
	}
	d := c.Decide(conversation.Step{Kind: outbox.Thanks}, now, true)
	d.Thanks, d.Events = thanks.Words, append(d.Events, event)
	return d, nil
}

// lookBack is the organizer's word that they have looked back on the talk.
type lookBack struct{}

// Apply implements [conversation.Change].
func (lookBack) Apply(c *conversation.Conversation, now time.Time) error {
	if err := Past(c, now); err != nil {
		return err
	}
	c.Closed = now
	return nil
}

// NotHeld is the organizer's word that a talk which was agreed on did not take place. Both know: nobody is written to.
type NotHeld struct{}

// Apply implements [conversation.Change].
func (NotHeld) Apply(c *conversation.Conversation, now time.Time) error {
	if err := Past(c, now); err != nil {
		return err
	}
	c.Cancelled = &conversation.Cancellation{At: now, Told: true}
	return nil
}

// Past refuses to look back on what is not past: the error is a [refusal.Error].
func Past(c *conversation.Conversation, now time.Time) error {
	if err := c.Busy(); err != nil {
		return err
	}
	told, name := c.Told(), c.Plan.With.Name
	switch status := c.Status(now); {
	case status == conversation.Met:
		return nil
	case status == conversation.Cancelled, status == conversation.Closed:
		return c.RefuseOver(string(status))
	case c.Said(conversation.No):
		return refusal.New(refusal.ErrUnfit, "there is no talk to look back on: "+name+" said no", "")
	case told != nil && c.Declined():
		return refusal.New(refusal.ErrUnfit, "there is no talk to look back on: "+name+" declined the invitation",
			"let it rest, or plan another round")
	case told != nil:
		return refusal.New(refusal.ErrUnfit, "the talk is not over yet: it ends on "+told.End().Format("Mon 2 Jan 2006 15:04"),
			"look back on it then, or move it: "+c.How(ways.Move))
	}
	return refusal.New(refusal.ErrUnfit, "there has been no talk with "+name+" yet", "first "+c.Next(now).Next)
}
