package scheduler

import (
	"context"
	"time"

	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

// Decide carries out a command of the organizer: what decide says is to go gets its words, and an Objection where
// they should know of something before it does. The error is that of decide.
func (s *Scheduler) Decide(c *conversation.Conversation, now time.Time,
	decide func() (*conversation.Draft, error)) (*conversation.Draft, error) {
	// Before the command itself overrules it.
	asking := roster.Objection(c, outbox.Brief, now)
	d, err := decide()
	if err != nil || len(d.Messages) == 0 {
		return d, err
	}
	if d.Objection = asking; d.Messages[0].Kind != outbox.Brief {
		d.Objection = roster.Objection(c, d.Messages[0].Kind, now)
	}
	return d, s.Compose.Write(d)
}

// Take takes in a change that sends nothing by itself. The error is a [refusal.Error].
func (s *Scheduler) Take(c *conversation.Conversation, change conversation.Change,
	now time.Time) (*conversation.Draft, error) {
	d, err := command.Take(c, change, now)
	if a, ok := change.(conversation.Answer); ok && err == nil {
		if a.Value == conversation.No && s.Intake.Understand(c.Language(), a.Note).Stop {
			c.Stopped(string(c.Plan.With.Email), now)
		}
		roster.Hush(c, d)
	}
	return d, err
}

// CheckedIn returns what would follow from the organizer's check-in: the step, and its message where it has
// one. Nothing is stored, and c, one of b, is of no more use. The error is a [refusal.Error].
func (s *Scheduler) CheckedIn(ctx context.Context, b *roster.Roster, c *conversation.Conversation) (conversation.Step,
	*outbox.Message, error) {
	now := b.Now
	if err := c.Apply(command.CheckIn{}, now); err != nil {
		return conversation.Step{}, nil, err
	}
	s.search(ctx, b, c)
	step := roster.Next(c, now)
	if step.Kind == "" {
		return step, nil, nil
	}
	d := c.Decide(step, now, false)
	if err := s.Compose.Write(d); err != nil {
		return step, nil, err
	}
	return step, d.Messages[0], nil
}
