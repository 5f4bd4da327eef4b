package intake

import (
	"context"
	"errors"
	"slices"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/lookup"
)

// TakeMail takes in what has come into the mailbox since it was read last.
func (s *Intake) TakeMail(ctx context.Context) error {
	name := s.Mailbox.Name()
	at, err := s.Store.Cursor(ctx, name)
	if err != nil {
		return err
	}
	since, err := s.Since(ctx)
	if err != nil {
		return err
	}
	again, err := s.withAliases(ctx)
	if err != nil {
		return err
	}
	if len(again) > 0 { // what was refused lies there still
		at = ""
	}
	err = s.Mailbox.Fetch(ctx, at, since, func(batch []*invites.Mail, next string) error {
		if _, err := s.Receive(ctx, batch); err != nil {
			return err
		}
		return s.Store.SetCursor(ctx, conversation.Cursor{Name: name, At: next})
	})
	if err != nil {
		return err
	}
	return s.settleAliases(ctx, again)
}

// withAliases are the conversations in which mail was refused, and whose partners have an address more since.
func (s *Intake) withAliases(ctx context.Context) (list []string, err error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	b, err := s.Recall(ctx, lookup.Query{Keys: []string{lookup.RefusedKey}})
	if err != nil {
		return nil, err
	}
	s.hearAliases(b)
	for _, c := range b.Conversations {
		if c.Reread || c.Source() != nil && c.Gains(&c.Source().With) {
			list = append(list, c.Ref())
		}
	}
	return list, nil
}

// settleAliases takes down that the mailbox has been read with the addresses that these conversations have now.
func (s *Intake) settleAliases(ctx context.Context, refs []string) error {
	if len(refs) == 0 {
		return nil
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	b, err := s.Recall(ctx, lookup.Query{Keys: []string{lookup.RefusedKey}})
	if err != nil {
		return err
	}
	s.hearAliases(b)
	for _, c := range b.Conversations {
		if !slices.Contains(refs, c.Ref()) {
			continue
		}
		c.Reread = false
		if p := c.Source(); p != nil && p.With.Email.Same(c.Plan.With.Email) {
			c.Plan.With.Aliases = p.With.Aliases
		}
		if err := s.Store.Commit(ctx, &conversation.Draft{At: b.Now, Conversation: c}); err != nil && !errors.Is(err, conversation.ErrConflict) { // then it is read once more
			return err
		}
	}
	return nil
}

// Since is when the first message left: an answer can't be older. Zero: none has.
func (s *Intake) Since(ctx context.Context) (since time.Time, err error) {
	if ms := s.since.Load(); ms != 0 {
		since = time.UnixMilli(ms).UTC()
	} else if since, err = s.Store.FirstLeft(ctx); err != nil {
		return since, err
	} else if !since.IsZero() {
		s.since.Store(since.UnixMilli())
	}
	if now := time.Now(); since.After(now) { // the clock of conversations may be set ahead
		since = now.Add(-Margin)
	}
	return since, nil
}

// Margin is how much further back than needed is read: clocks differ.
const Margin = 24 * time.Hour
