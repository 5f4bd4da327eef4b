package command

import (
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/refusal"
	"coalition/scheduler/ways"
)

// Erase refuses to forget a conversation, of which these are the rounds, as long as its partner counts on something that
// nobody would know of any more: a talk ahead, a mail that is still to leave. A brief that is not answered is no such
// thing. The error is a [refusal.Error].
func Erase(rounds []*conversation.Conversation, now time.Time) error {
	for _, c := range rounds {
		if err := erase(c, now); err != nil {
			return err
		}
	}
	return nil
}

func erase(c *conversation.Conversation, now time.Time) error {
	name, start := c.Plan.With.Name, c.Start(now)
	mend := "call it off first: " + c.How(ways.Cancel)
	told := c.Told()
	if told != nil {
		start = told.Start.Time()
	}
	begun := !start.IsZero() && !start.After(now)
	ahead := told != nil && now.Before(told.End()) && !c.Deleted()
	switch {
	case c.Cancelled != nil:
		m := c.Last(nil, outbox.Cancel)
		knows := c.Cancelled.Told || m != nil && m.MayHaveLeft() && m.State != outbox.Unclear
		if ahead && !begun && (!knows || c.Returned(now)) {
			return refusal.New(refusal.ErrUnfit, name+" may not know that the talk of "+told.Start.String()+" is off",
				"see: "+c.How(ways.Log)+"; or erase it once that has passed")
		}
	case ahead && begun:
		return refusal.New(refusal.ErrUnfit, "the talk with "+name+" is under way", "erase it once it is over")
	case ahead:
		return refusal.New(refusal.ErrUnfit, "a talk with "+name+" stands in the calendars, on "+told.Start.String(), mend)
	case c.Status(now) == conversation.Permitted && !begun:
		return refusal.New(refusal.ErrUnfit, name+" has said yes, and waits for the invitation", mend)
	}
	for _, m := range c.Messages {
		leaves := m.State == outbox.Queued || m.State == outbox.Sending || m.State == outbox.Unclear && !m.Stuck()
		if !leaves || m.ToOrganizer() {
			continue
		}
		if c.Cancelled != nil || begun {
			mend = "erase it once that has ended: " + c.How(ways.Log)
		}
		return refusal.New(refusal.ErrUnfit, "the "+m.Kind.Noun()+" to "+name+" is still to leave", mend)
	}
	return nil
}
