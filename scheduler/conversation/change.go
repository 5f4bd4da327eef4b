package conversation

import (
	"fmt"
	"time"

	"coalition/scheduler/plan"
	"coalition/scheduler/refusal"
)

// A Change is a word of the organizer or the partner that did not come from the plan file: a
// [command.CheckIn], a [NotYet], an [Answer], an [command.AskAgain], a [command.Move], a [command.Withdraw], an [command.Agenda].
type Change interface {
	// Apply takes the change into c. The error is a [refusal.Error]; c is then as it was.
	Apply(c *Conversation, now time.Time) error
}

// Apply takes in a change. The error is a [refusal.Error]; the conversation is then as it was.
func (c *Conversation) Apply(change Change, now time.Time) error {
	if !c.Closed.IsZero() {
		return c.RefuseOver("closed")
	}
	err := change.Apply(c, now)
	// Which says nothing of what the partner knows or wrote.
	if _, ok := change.(NotYet); ok {
		return err
	}
	if err == nil {
		c.Touched = now
		// The organizer has had a look.
		if a, ok := change.(Answer); !ok || a.How == "command" {
			c.Remark, c.Doubted = nil, nil
		}
	}
	return err
}

// Ended says how a further talk begins where this one is over, closed or cancelled; nil where it is none of these. The
// error is a [refusal.Error].
func (c *Conversation) Ended(now time.Time) error {
	switch {
	case c.Cancelled != nil:
		return c.RefuseOver("cancelled")
	case !c.Closed.IsZero():
		return c.RefuseOver("closed")
	case c.Over(now):
		return c.RefuseOver("over")
	}
	return nil
}

// Apply implements [Change].
func (a Answer) Apply(c *Conversation, now time.Time) error {
	switch {
	case c.Cancelled != nil:
		return c.RefuseOver("cancelled")
	case c.Status(now).Held():
		return c.RefuseOver("over")
	}
	if err := refusal.CheckText("the note", a.Note); err != nil {
		return err
	}
	if a.How == "command" && a.Value == No {
		if err := c.Busy(); err != nil {
			return err
		}
	}
	if !a.Slot.IsZero() {
		if !a.Slot.Time().After(now) {
			return refusal.New(refusal.ErrUnfit, "that time has passed", "choose one ahead")
		}
		if told := c.Told(); told != nil && a.Slot != c.StartSlot(now) {
			return refusal.New(refusal.ErrUnfit, "the invitation for "+told.Start.String()+" has gone already", "use move for another time")
		}
		c.Chosen = a.Slot
	}
	if c.Told() == nil {
		// It came with the answer before.
		c.Counter = nil
	}
	if c.Told() == nil && (a.Value != Yes || a.Other) {
		// The time was part of the yes.
		c.Chosen = plan.Slot{}
	}
	// A mail was written earlier.
	if a.At.IsZero() {
		a.At = now
	}
	c.Answered(a)
	if a.Value == No {
		c.Refused = now
	}
	if n := len(c.Briefs()); a.Value == Wait && n > 0 && c.DatesAt(now).AskOn.After(now) {
		// The plan has named another day already.
		c.Asks = n + 1
	}
	return nil
}

// Busy refuses what must wait until a change is written into the calendar: the error wraps [refusal.ErrBusy].
func (c *Conversation) Busy() error {
	if m := c.InFlight(); m != nil {
		return refusal.New(refusal.ErrBusy, "the "+m.Kind.Noun()+" is being written into "+c.Calendar().Title+" at this moment", "try again in a moment")
	}
	return nil
}

// RefuseOver refuses what comes too late: how is "cancelled", "over", "closed" or the like. The error wraps [refusal.ErrUnfit].
func (c *Conversation) RefuseOver(how string) error {
	mend := ""
	if how == "cancelled" || how == "over" || how == "closed" {
		mend = c.Another()
	}
	return refusal.New(refusal.ErrUnfit, fmt.Sprintf("the conversation %s is %s", c.Ref(), how), mend)
}

// Ref is how people name the conversation: its id, with the round where that is not the first.
func (c *Conversation) Ref() string { return plan.Ref(c.ID, c.Round) }

// NotYet is the organizer's word that they are not ready for the talk yet: nothing goes out.
type NotYet struct{}

// Apply implements [Change].
func (NotYet) Apply(c *Conversation, now time.Time) error {
	if c.Ready {
		return refusal.New(refusal.ErrUnfit, "you have checked in for "+c.Ref()+" already", "")
	}
	if err := c.ChecksIn(now); err != nil {
		return err
	}
	c.NotYet, c.AskedSelf = true, now
	return nil
}

// ChecksIn refuses a check-in for what is over, or can't be sent yet.
func (c *Conversation) ChecksIn(now time.Time) error {
	if err := c.Ended(now); err != nil {
		return err
	}
	if missing := c.Plan.Missing(); len(missing) > 0 {
		return refusal.New(refusal.ErrNotReady, "the plan is not complete", c.nextPlanned().Next)
	}
	return nil
}
