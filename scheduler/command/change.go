package command

import (
	"fmt"
	"slices"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/refusal"
	"coalition/scheduler/ways"
)

// CheckIn is the organizer's word that they are ready for the talk.
type CheckIn struct{}

// Apply implements [conversation.Change].
func (CheckIn) Apply(c *conversation.Conversation, now time.Time) error {
	if err := c.ChecksIn(now); err != nil {
		return err
	}
	c.Ready, c.NotYet = true, false
	return nil
}

// AskAgain is the organizer's wish that the brief goes (once more), now.
type AskAgain struct{}

// Apply implements [conversation.Change].
func (AskAgain) Apply(c *conversation.Conversation, now time.Time) error {
	switch {
	case c.Cancelled != nil:
		return c.RefuseOver("cancelled")
	case c.Over(now):
		return c.RefuseOver("over")
	case c.Said(conversation.No):
		return refusal.New(refusal.ErrUnfit, c.Plan.With.Name+" said no",
			"if that has changed, record it with: "+c.How(ways.RecordYes))
	case c.Said(conversation.Yes):
		return refusal.New(refusal.ErrUnfit, c.Plan.With.Name+" has said yes already", "go on with: "+c.How(ways.Invite))
	case !c.Ready:
		return notReady(c)
	}
	c.Asks, c.Insisted, c.Counter = len(c.Briefs())+1, now, nil
	d := c.DatesAt(now)
	// The organizer's word of now overrules the plan's day.
	d.AskOn = time.Time{}
	c.Dates = &d
	return nil
}

// Move is another start for the talk.
type Move struct {
	To plan.Slot
	// In real time, beside which the calendar's word is older or newer.
	At time.Time
}

// Apply implements [conversation.Change].
func (m Move) Apply(c *conversation.Conversation, now time.Time) error {
	switch {
	case c.Cancelled != nil:
		return c.RefuseOver("cancelled")
	case !m.To.Time().After(now):
		return refusal.New(refusal.ErrUnfit, "that time has passed", "choose one ahead")
	}
	if told := c.Told(); told != nil && !now.Before(told.Start.Time()) {
		return begun(c, now)
	}
	c.Chosen, c.Named.Start = m.To, m.At
	c.Moved()
	return nil
}

// Keep is the organizer's word that the partner knows the start, although newer zone data has put its clocks
// otherwise: nothing is sent.
type Keep struct{ To plan.Slot }

// Apply implements [conversation.Change].
func (k Keep) Apply(c *conversation.Conversation, now time.Time) error {
	if err := c.Busy(); err != nil {
		return err
	}
	says := c.Says(now, outbox.Invite)
	switch known := c.Told(); {
	case c.Cancelled != nil:
		return c.RefuseOver("cancelled")
	case known == nil || k.To != known.Start || !says.Shifts(known):
		return refusal.New(refusal.ErrUnfit, "nothing has told "+c.Plan.With.Name+" of another time, as far as is known", "leave out --told")
	case c.Last((*outbox.Message).Waits, outbox.Invite, outbox.Update) != nil && c.Clocks.Retold == says.Unix:
		return refusal.New(refusal.ErrUnfit, "the update is on its way already", "see: "+c.How(ways.Log))
	}
	c.Clocks.Kept = says.Unix
	return nil
}

// ByMail is the organizer's decision that the invitation goes by mail, although others go through an online
// calendar.
type ByMail struct{}

// Apply implements [conversation.Change].
func (ByMail) Apply(c *conversation.Conversation, _ time.Time) error {
	if err := c.Busy(); err != nil {
		return err
	}
	switch {
	case c.Channel == outbox.Mail:
	case c.Cancelled != nil:
		return c.RefuseOver("cancelled")
	case c.Told() != nil && c.InCalendar():
		return refusal.New(refusal.ErrUnfit, "the invitation has gone through "+c.Calendar().Title+", or may have", "what follows goes the same way")
	case c.Plan.Setting.Kind == plan.Video && c.Plan.Setting.URL == "":
		return refusal.New(refusal.ErrUnfit, "by mail there is no room for the video call", "add `url:` to the setting in the plan")
	case c.Told() == nil:
		c.Channel, c.UID = outbox.Mail, ""
	}
	return nil
}

// Withdraw is the organizer's decision to let the conversation go.
type Withdraw struct {
	Reason string
	// Nobody is written to, since the partner knows already; only where no event stands in their calendar.
	Told bool
}

// Apply implements [conversation.Change].
func (w Withdraw) Apply(c *conversation.Conversation, now time.Time) error {
	if err := c.Busy(); err != nil {
		return err
	}
	if c.Cancelled != nil {
		return c.RefuseOver("cancelled already")
	}
	if told := c.Told(); told != nil && !now.Before(told.Start.Time()) {
		return begun(c, now)
	}
	if err := refusal.CheckText("the reason", w.Reason); err != nil {
		return err
	}
	if w.Told && c.Told() != nil && !c.Deleted() {
		remedy := "leave out --told"
		if c.InCalendar() {
			remedy += ", or delete the event in " + c.Calendar().Title + " first"
		}
		return refusal.New(refusal.ErrUnfit, "the talk still stands in the calendar of "+c.Plan.With.Name+", as far as is known", remedy)
	}
	c.Cancelled = &conversation.Cancellation{At: now, Reason: w.Reason, Told: w.Told}
	return nil
}

// Agenda is the organizer's word about lines that the partner has proposed for the agenda.
type Agenda struct {
	// Which of [conversation.Conversation.Proposed], from 1; none: all.
	Lines []int
	// Into the agenda; false: they are left out.
	Take bool
}

// Apply implements [conversation.Change].
func (g Agenda) Apply(c *conversation.Conversation, now time.Time) error {
	switch {
	case c.Cancelled != nil:
		return c.RefuseOver("cancelled")
	case c.Status(now).Held():
		return c.RefuseOver("over")
	case c.Said(conversation.No):
		return refusal.New(refusal.ErrUnfit, c.Plan.With.Name+" said no", "")
	case len(c.Proposed) == 0:
		return refusal.New(refusal.ErrUnfit, c.Plan.With.Name+" has proposed nothing for the agenda", "see: "+c.How(ways.Show))
	}
	var rest []string
	for _, n := range g.Lines {
		if n < 1 || n > len(c.Proposed) {
			return refusal.New(refusal.ErrUnfit, fmt.Sprintf("there is no proposed line %d", n), "see: "+c.How(ways.Agenda))
		}
	}
	// The conversation's own stays as it was where this does not count.
	taken := slices.Clone(c.Taken)
	for i, line := range c.Proposed {
		switch {
		case len(g.Lines) > 0 && !slices.Contains(g.Lines, i+1):
			rest = append(rest, line)
		case g.Take:
			taken = append(taken, line)
		}
	}
	c.Proposed, c.Taken = rest, taken
	seen(c)
	return nil
}

func (g Agenda) text() string {
	s := "left out what was proposed"
	if g.Take {
		s = "took into the agenda what was proposed"
	}
	for i, n := range g.Lines {
		s += []string{": ", ", "}[min(i, 1)] + fmt.Sprint(n)
	}
	return s
}
