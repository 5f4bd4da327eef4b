package scheduler

import "time"

// Decide carries out a command of the organizer: what decide says is to go gets its words, and an Objection where
// they should know of something before it does. The error is that of decide.
func (s *Scheduler) Decide(c *Conversation, now time.Time, decide func() (*Draft, error)) (*Draft, error) {
	asking := c.Objection(Brief, now) // before the command itself overrules it
	d, err := decide()
	if err != nil || len(d.Messages) == 0 {
		return d, err
	}
	if d.Objection = asking; d.Messages[0].Kind != Brief {
		d.Objection = c.Objection(d.Messages[0].Kind, now)
	}
	return d, s.Write(d)
}

// Take takes in a change that sends nothing by itself. The error is a [Refusal].
func (s *Scheduler) Take(c *Conversation, change Change, now time.Time) (*Draft, error) {
	d, err := c.Take(change, now)
	if a, ok := change.(Answer); ok && err == nil {
		if a.Value == No && s.Understand(c.Language(), a.Note).Stop {
			c.stopped(string(c.Plan.With.Email), now)
		}
		c.hush(d)
	}
	return d, err
}

// CheckedIn is what would follow from the organizer's check-in: the step, and its message where it has
// one. Nothing is stored, and c is of no more use. The error is a [Refusal].
func (s *Scheduler) CheckedIn(c *Conversation, now time.Time) (Step, *Message, error) {
	if err := c.Apply(CheckIn{}, now); err != nil {
		return Step{}, nil, err
	}
	c.Settle(now)
	step := c.Next(now)
	if step.Kind == "" {
		return step, nil, nil
	}
	d := c.decide(step, now, false)
	if err := s.Write(d); err != nil {
		return step, nil, err
	}
	return step, d.Messages[0], nil
}
