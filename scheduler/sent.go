package scheduler

import (
	"context"

	"coalition/scheduler/outbox"
)

// findSent looks in the folder of sent mail for messages of which nobody knows whether they have gone,
// and which are not tried again.
func (s *Scheduler) findSent(ctx context.Context) {
	b, err := s.Intake.Recall(ctx)
	if err != nil {
		return // the next pass says so
	}
	for _, c := range b.Conversations {
		for _, m := range c.Messages {
			if !m.Stuck() {
				continue
			}
			if found, _ := s.sent(ctx, m); found {
				m.State, m.Error, m.Changed = outbox.Accepted, "", s.Now().UTC()
				if err := s.Store.Settle(ctx, m); err != nil {
					s.Log.Error("a message that was found in the sent mail can't be settled", "id", m.ID, "kind", m.Kind, "error", err)
					continue
				}
				s.poke()
			}
		}
	}
}

// sent reports whether the folder of sent mail holds m. That it does not is no proof: not every server
// keeps what it takes over.
func (s *Scheduler) sent(ctx context.Context, m *outbox.Message) (found bool, err error) {
	if s.Mailbox == nil {
		return false, nil
	}
	err = s.Doors.Through(ctx, outbox.MailboxDoor, false, func() error {
		found, _, err = s.Mailbox.Sent(ctx, m.MessageID)
		return err
	})
	if err != nil && ctx.Err() == nil {
		s.Log.Warn("the folder of sent mail can't be read", "error", err)
	}
	return found, err
}
