package scheduler

import (
	"context"
	"errors"

	"coalition/scheduler/guard"
	"coalition/scheduler/lookup"
	"coalition/scheduler/outbox"
)

var errFault = errors.New("a fault of this program, of which the log says more")

// ReadMail takes in what has come into the mailbox since it was read last. The cursor is written with what a mail
// changes, and behind each batch; a mail that is read again does not count again.
func (s *Scheduler) ReadMail(ctx context.Context) error {
	return s.Doors.Through(ctx, outbox.MailboxDoor, true, func() error { return s.readMail(ctx) })
}

// readMailAgain does what [Scheduler.ReadMail] does, but leaves a mailbox alone that could not be read a moment ago.
func (s *Scheduler) readMailAgain(ctx context.Context) error {
	return s.Doors.Through(ctx, outbox.MailboxDoor, false, func() error { return s.readMail(ctx) })
}

// readMail does what [Scheduler.ReadMail] does, whatever is known of the mailbox.
func (s *Scheduler) readMail(ctx context.Context) (err error) {
	if !guard.Run(s.Log, "reading the mailbox", "", func() { err = s.Intake.TakeMail(ctx) }) {
		err = errFault
	}
	return err
}

// findSent looks in the folder of sent mail for messages of which nobody knows whether they have gone, and which are
// not tried again.
func (s *Scheduler) findSent(ctx context.Context) {
	b, err := s.Intake.Recall(ctx, lookup.Query{Unsettled: true})
	if err != nil {
		// The next pass says so.
		return
	}
	for _, c := range b.Conversations {
		for _, m := range c.Messages {
			if !m.Stuck() {
				continue
			}
			if found, _ := s.sent(ctx, m); found {
				m.State, m.Error, m.Changed = outbox.Accepted, "", s.Now().UTC()
				if err := s.Store.Settle(ctx, m); err != nil {
					s.Log.Error("a message that was found in the sent mail can't be settled", "id", m.ID, "kind", m.Kind,
						"error", err)
					continue
				}
				s.poke()
			}
		}
	}
}

// sent reports whether the folder of sent mail holds m. That it does not is no proof: not every server keeps what it
// takes over.
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
