package scheduler

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/plan"
)

// reconnect is the longest time between two tries to reach a mailbox.
const reconnect = 5 * time.Minute

// ReadMail takes in what has come into the mailbox since it was read last. The cursor is written with
// what a mail changes, and behind each batch; a mail that is read again does not count again.
func (s *Scheduler) ReadMail(ctx context.Context) error {
	return s.through(ctx, true, func() error { return s.readMail(ctx) })
}

// readMailAgain is [Scheduler.ReadMail], but leaves a mailbox alone that could not be read a moment ago.
func (s *Scheduler) readMailAgain(ctx context.Context) error {
	return s.through(ctx, false, func() error { return s.readMail(ctx) })
}

// readMail is [Scheduler.ReadMail], whatever is known of the mailbox.
func (s *Scheduler) readMail(ctx context.Context) (err error) {
	if !s.guard("reading the mailbox", "", func() { err = s.takeMail(ctx) }) {
		err = errFault
	}
	return err
}

var errFault = errors.New("a fault of this program, of which the log says more")

func (s *Scheduler) takeMail(ctx context.Context) error {
	name := s.Mailbox.Name()
	at, err := s.Store.Cursor(ctx, name)
	if err != nil {
		return err
	}
	since, err := s.since(ctx)
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
		return s.Store.SetCursor(ctx, Cursor{name, next})
	})
	if err != nil {
		return err
	}
	return s.settleAliases(ctx, again)
}

// withAliases are the conversations in which mail was refused, and whose partners have an address more since.
func (s *Scheduler) withAliases(ctx context.Context) (list []string, err error) {
	s.intake.Lock()
	defer s.intake.Unlock()
	b, err := s.recall(ctx)
	if err != nil {
		return nil, err
	}
	s.hearAliases(b)
	for _, c := range b.Conversations {
		if c.Reread || c.source != nil && c.gains(&c.source.With) {
			list = append(list, c.Ref())
		}
	}
	return list, nil
}

// gains reports whether mail was refused that may be from an address which with has, and the plan as it was
// read last has not.
func (c *Conversation) gains(with *plan.With) bool {
	return c.Doubted != nil && sameAddress(with.Email, c.Plan.With.Email) && slices.ContainsFunc(with.Aliases, func(e plan.Email) bool {
		return !slices.ContainsFunc(c.Plan.With.Aliases, func(old plan.Email) bool { return sameAddress(e, old) })
	})
}

// settleAliases takes down that the mailbox has been read with the addresses that these conversations have now.
func (s *Scheduler) settleAliases(ctx context.Context, refs []string) error {
	if len(refs) == 0 {
		return nil
	}
	s.intake.Lock()
	defer s.intake.Unlock()
	b, err := s.recall(ctx)
	if err != nil {
		return err
	}
	s.hearAliases(b)
	for _, c := range b.Conversations {
		if !slices.Contains(refs, c.Ref()) {
			continue
		}
		c.Reread = false
		if c.source != nil && sameAddress(c.source.With.Email, c.Plan.With.Email) {
			c.Plan.With.Aliases = c.source.With.Aliases
		}
		if err := s.Store.Commit(ctx, &Draft{At: b.Now, Conversation: c}); err != nil && !errors.Is(err, ErrConflict) { // then it is read once more
			return err
		}
	}
	return nil
}

// since is when the first message left: an answer can't be older. Zero: none has.
func (s *Scheduler) since(ctx context.Context) (since time.Time, err error) {
	b, err := s.recall(ctx)
	if err != nil {
		return since, err
	}
	for _, c := range b.Conversations {
		for _, m := range c.Messages {
			if m.left() && (since.IsZero() || m.Stamp.Before(since)) {
				since = m.Stamp
			}
		}
	}
	if now := time.Now(); since.After(now) { // the clock of conversations may be set ahead
		since = now.Add(-late)
	}
	return since, nil
}

// keepReading reads the mailbox whenever something has come, until ctx ends. It closes first when it
// has been read once, or can't be.
func (s *Scheduler) keepReading(ctx context.Context, first chan struct{}) {
	defer s.Mailbox.Close()
	told := ""
	for attempt := 1; ctx.Err() == nil; attempt++ {
		err := s.readMailAgain(ctx)
		if first != nil {
			close(first)
			first = nil
		}
		for err == nil {
			if told != "" {
				s.Log.Info("the mailbox can be read again")
			}
			attempt, told = 0, ""
			s.findSent(ctx)
			if err = s.Mailbox.Wait(ctx); err == nil {
				err = s.readMail(ctx)
			}
		}
		if ctx.Err() != nil {
			return
		}
		s.Mailbox.Close()
		// Servers put the time that it took, and the like, into what they say.
		if text := strings.Map(noDigit, err.Error()); text != told && attempt > 0 { // a connection that was cut is no news; that there is none is
			s.Log.Warn("the mailbox can't be read; trying again", "error", err)
			told = text
		}
		wait := min(Backoff(attempt+1, rand.Float64()), reconnect)
		var fault *invites.DeliveryError
		if errors.As(err, &fault) {
			wait = max(wait, fault.Wait) // a wrong password, tried too often, locks the account
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.retries(): // somebody may have mended it
		}
		timer.Stop()
	}
}

func noDigit(r rune) rune {
	if r >= '0' && r <= '9' {
		return -1
	}
	return r
}

// findSent looks in the folder of sent mail for messages of which nobody knows whether they have gone,
// and which are not tried again.
func (s *Scheduler) findSent(ctx context.Context) {
	b, err := s.recall(ctx)
	if err != nil {
		return // the next pass says so
	}
	for _, c := range b.Conversations {
		for _, m := range c.Messages {
			if !m.Stuck() {
				continue
			}
			if found, _ := s.sent(ctx, m); found {
				m.State, m.Error, m.Changed = Accepted, "", s.Now().UTC()
				if err := s.Store.Settle(ctx, m); err != nil {
					s.Log.Error("a message that was found in the sent mail can't be settled", "id", m.ID, "kind", m.Kind, "error", err)
					continue
				}
				wake(s.pokes())
			}
		}
	}
}

// sent reports whether the folder of sent mail holds m. That it does not is no proof: not every server
// keeps what it takes over.
func (s *Scheduler) sent(ctx context.Context, m *Message) (found bool, err error) {
	if s.Mailbox == nil {
		return false, nil
	}
	err = s.through(ctx, false, func() error {
		found, _, err = s.Mailbox.Sent(ctx, m.MessageID)
		return err
	})
	if err != nil && ctx.Err() == nil {
		s.Log.Warn("the folder of sent mail can't be read", "error", err)
	}
	return found, err
}
