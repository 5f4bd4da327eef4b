package intake

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/lookup"
	"coalition/scheduler/plan"
	"coalition/scheduler/plan/folder"
	"coalition/scheduler/roster"
)

// patience is how often something is decided anew because others were faster: each one of them has got on,
// so that it comes to an end, but there may be many.
type patience struct{ until time.Time }

// NewPatience is one of half a minute.
func NewPatience() patience { return patience{time.Now().Add(30 * time.Second)} }

// Wait lets others go first, and reports whether to try once more.
func (p patience) Wait(ctx context.Context) bool {
	if time.Now().After(p.until) {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Duration(rand.IntN(20)) * time.Millisecond):
		return true
	}
}

// Update commits what change decides on what recall gives, if it decides on anything; and once more on what is there
// by then where somebody else was faster. The error is that of either of them, or of [Store.Commit].
func (s *Intake) Update(ctx context.Context, recall func() (*roster.Roster, error),
	change func(b *roster.Roster) (*conversation.Draft, error)) error {
	for patience := NewPatience(); ; {
		b, err := recall()
		if err != nil {
			return err
		}
		d, err := change(b)
		if err == nil && d != nil {
			err = s.Store.Commit(ctx, d)
		}
		if !errors.Is(err, conversation.ErrConflict) || !patience.Wait(ctx) {
			return err
		}
	}
}

// Recall returns the conversations that are asked for, without a look at their plan files: these speak when a pass
// reads them.
func (s *Intake) Recall(ctx context.Context, q lookup.Query) (*roster.Roster, error) {
	slots, err := s.Store.Slots(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := s.Store.Load(ctx, q)
	for _, c := range stored {
		c.Attach(s.Settings)
	}
	roster.Acquaint(stored)
	return &roster.Roster{Settings: s.Settings, Now: s.Now(), Slots: slots, Conversations: stored, Busy: s.Busy(ctx)}, err
}

// Rivals returns the keys of the talks that may have been agreed on in a time that one of the list may be answered with.
func (s *Intake) Rivals(list []*conversation.Conversation) (keys []string) {
	now := s.Now()
	for _, c := range list {
		c.Attach(s.Settings)
		for _, slot := range c.Choices(now) {
			if at := slot.Time(); at.After(now) {
				keys = append(keys, lookup.SpanKeys(at, c.Length())...)
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// addressees returns the conversations that a mail may belong to, with the addresses that their plan files name now.
// That of a file which nobody has read since, and an address that is in no other, are looked for in the whole folder
// once: fresh says that this has been done.
func (s *Intake) addressees(ctx context.Context, mail *invites.Mail, fresh *bool) (*roster.Roster, error) {
	q := lookup.Query{MessageIDs: mail.Refs, Keys: []string{lookup.AddressKey(mail.From.Email)}, Around: s.Rivals}
	if mail.Sort == invites.Report {
		if b := mail.Bounce; b != nil && b.Of != "" {
			q.MessageIDs = []string{b.Of}
		} else if b != nil {
			q.To = b.For
		}
	} else {
		q.Keys = append(q.Keys, lookup.AddressKey(mail.ReplyTo.Email), lookup.NameKey(mail.From.Name))
		for _, uid := range mail.UIDs {
			q.Keys = append(q.Keys, lookup.UIDKey(uid))
		}
		if mail.Calendar != nil {
			q.Keys = append(q.Keys, lookup.UIDKey(mail.Calendar.UID))
		}
	}
	for {
		b, err := s.Recall(ctx, q)
		if err != nil {
			return nil, err
		}
		s.hearAliases(b)
		asked := len(q.Keys) + len(q.IDs)
		writes := mail.Sort == invites.Report || s.Own(mail.From.Email)
		for _, c := range b.Conversations {
			writes = writes || c.Writes(mail.From) || c.Writes(mail.ReplyTo)
			stored := lookup.Keys(c)
			for _, a := range c.Addresses() {
				key := lookup.AddressKey(a)
				if !slices.Contains(stored, key) && !slices.Contains(q.Keys, key) {
					q.Keys = append(q.Keys, key)
				}
			}
		}
		if !writes {
			if !*fresh {
				if *fresh = true; s.written.Changed() {
					s.readPlans()
				}
			}
			for _, p := range s.plans {
				if names(&p.With, mail.From.Email, mail.ReplyTo.Email) && !slices.Contains(q.IDs, p.ID) {
					q.IDs = append(q.IDs, p.ID)
				}
			}
		}
		if len(q.Keys)+len(q.IDs) == asked {
			return b, nil
		}
	}
}

// names reports whether a plan is with somebody who has one of these addresses.
func names(with *plan.With, addresses ...string) bool {
	return slices.ContainsFunc(append([]plan.Email{with.Email}, with.Aliases...), func(e plan.Email) bool {
		return slices.ContainsFunc(addresses, func(a string) bool { return e.Same(plan.Email(a)) })
	})
}

// A talk is one round of an id.
type talk struct {
	id    plan.ID
	round int
}

// readPlans reads the plan files that have changed.
func (s *Intake) readPlans() {
	// Plans waits until a file has been still, and is another goroutine's.
	if s.written == nil {
		s.written = &folder.Folder{Path: s.Plans.Path, Meet: s.Plans.Meet}
	}
	set, err := s.written.Read(time.Now(), 0)
	if err != nil {
		// The plans as they were read last are good enough.
		return
	}
	s.plans = make(map[talk]*plan.Plan, len(set.Plans))
	for _, p := range set.Plans {
		s.plans[talk{p.ID, p.Round}] = p
	}
}

// hearAliases looks up in the plan files of these conversations which addresses are the partners'. All else in them
// speaks when a pass reads them; but whoever has just added one means the mail that is read next.
func (s *Intake) hearAliases(b *roster.Roster) {
	ids := make(map[plan.ID]bool)
	for _, c := range b.Conversations {
		ids[c.ID] = true
	}
	if s.written == nil || s.written.ChangedOf(ids) {
		s.readPlans()
	}
	for _, c := range b.Conversations {
		c.Heed(s.plans[talk{c.ID, c.Round}])
	}
	roster.Acquaint(b.Conversations)
}
