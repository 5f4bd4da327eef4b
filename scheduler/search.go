package scheduler

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"coalition/scheduler/conversation"
	"coalition/scheduler/guard"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

// search looks for the times that are about to be offered, in briefs or in place of one that has gone, in some
// conversations of b, for what matters most first: what one offers no other does. Nothing is stored.
func (s *Scheduler) search(ctx context.Context, b *roster.Roster, among ...*conversation.Conversation) {
	var open []*conversation.Conversation
	for _, c := range among {
		guard.Run(s.Log, "a search", c.Ref(), func() {
			if !c.Planned() || !c.Searched() && !c.Gone(b.Now) {
				return
			}
			c.Settle(b.Now)
			// What is next if something is found.
			none := c.NoTimes
			c.NoTimes = ""
			step := roster.Next(c, b.Now)
			c.NoTimes = none
			if c.Wants(step, b.Now) {
				open = append(open, c)
			}
		})
	}
	slices.SortStableFunc(open, func(x, y *conversation.Conversation) int {
		return cmp.Compare(y.Priority(), x.Priority())
	})
	if len(open) > 0 {
		s.announce(b)
	}
	for _, c := range open {
		if !guard.Run(s.Log, "a search", c.Ref(), func() { s.Finder.Offer(ctx, b, c) }) {
			c.Found(nil, "a fault of this program, of which the log says more", b.Now)
		}
	}
}

// announce keeps the times that plans of b name, and whose brief is due, from being offered to others in the same pass.
func (s *Scheduler) announce(b *roster.Roster) {
	for _, c := range b.Conversations {
		guard.Run(s.Log, "a search", c.Ref(), func() {
			if !c.Planned() || c.Searched() || c.Gone(b.Now) {
				return
			}
			c.Settle(b.Now)
			if step := roster.Next(c, b.Now); step.Kind == outbox.Brief && step.IsDue(b.Now) {
				c.Announce()
			}
		})
	}
}

// Search looks for the times that a brief is about to offer which the organizer wants to go now.
func (s *Scheduler) Search(ctx context.Context, b *roster.Roster, c *conversation.Conversation) {
	if c.Wants(conversation.Step{Kind: outbox.Brief}, b.Now) {
		s.Finder.Offer(ctx, b, c)
	}
}

// watches reports whether calendars are to be looked at from time to time, for what comes to stand at the time of a talk.
func (s *Scheduler) watches(b *roster.Roster) bool {
	return s.Finder.Calendars != nil && slices.ContainsFunc(b.Conversations, func(c *conversation.Conversation) bool {
		times, agreed := c.Keeps(b.Now)
		return agreed && len(times) > 0
	})
}

// Renew looks again for the times that held messages of among, all of b, offer, since they are about to be let go: where
// some have gone, a message with other times, or none, takes their place, and is held. b is of no more use then.
func (s *Scheduler) Renew(ctx context.Context, b *roster.Roster, among ...*conversation.Conversation) error {
	held := slices.DeleteFunc(slices.Clone(among), func(c *conversation.Conversation) bool {
		return c.NewestOffer().State != outbox.Held
	})
	s.search(ctx, b, held...)
	for _, c := range held {
		step := roster.Next(c, b.Now)
		t := task{c: c, step: step, due: step.IsDue(b.Now) && (step.Kind == outbox.Brief || step.Kind == outbox.Times)}
		if !t.due && !c.Unstored() {
			continue
		}
		d, err := s.draft(t, b.Now, &Report{Held: true, Doubt: b.Doubt})
		if err == nil {
			err = s.Store.Commit(ctx, d)
		}
		// Somebody else who has decided at the same moment has looked as well.
		if err != nil && !errors.Is(err, conversation.ErrConflict) {
			return err
		}
	}
	return nil
}
