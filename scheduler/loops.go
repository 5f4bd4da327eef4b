package scheduler

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"coalition/invites"
	"coalition/scheduler/delivery"
	"coalition/scheduler/guard"
	"coalition/scheduler/outbox"
)

// keepInStep reads the calendar again and again, until ctx ends. It closes first when it has been read
// once, or can't be.
func (s *Scheduler) keepInStep(ctx context.Context, first chan struct{}) {
	told := ""
	for attempt := 1; ctx.Err() == nil; attempt++ {
		err := errFault
		guard.Run(s.Log, "reading the calendar", "", func() { err = s.Sync.ReadCalendar(ctx) })
		if first != nil {
			close(first)
			first = nil
		}
		if ctx.Err() != nil {
			return
		}
		wait := time.Duration(float64(s.Sync.Poll) * (0.9 + 0.2*rand.Float64())) // those that start together must not ask together
		if err == nil {
			if told != "" {
				s.Log.Info("the calendar can be read again")
			}
			attempt, told = 0, ""
		} else {
			wait = min(delivery.Backoff(attempt), max(wait, reconnect))
			var fault *invites.DeliveryError
			if errors.As(err, &fault) {
				wait = max(wait, fault.Wait)
			}
			if errors.Is(err, invites.ErrLogin) {
				wait = s.Sync.Poll
			}
			if !delivery.SameTrouble(told, err.Error()) && (attempt > 1 || errors.Is(err, invites.ErrLogin)) {
				s.Log.Warn("the calendar can't be read; trying again", "error", err)
				told = err.Error()
			}
		}
		hints := s.hints
		if err != nil {
			hints = nil // they don't end what the calendar has asked for
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		case <-hints:
		}
	}
}

// ReadCalendarPatiently is [Scheduler.ReadCalendar], and again where it can't be read at the moment, until
// [Patience] is over.
func (s *Scheduler) ReadCalendarPatiently(ctx context.Context) error {
	end := time.Now().Add(Patience)
	for attempt := 1; ; attempt++ {
		err := s.Sync.ReadCalendar(ctx)
		var fault *invites.DeliveryError
		if err == nil || errors.Is(err, invites.ErrLogin) || !errors.As(err, &fault) || fault.Final {
			return err
		}
		wait := max(delivery.Backoff(attempt), fault.Wait)
		if time.Now().Add(wait).After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
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
		// A connection that was cut is no news; that there is none is.
		if !delivery.SameTrouble(told, err.Error()) && attempt > 0 {
			s.Log.Warn("the mailbox can't be read; trying again", "error", err)
			told = err.Error()
		}
		wait := min(delivery.Backoff(attempt+1), reconnect)
		var fault *invites.DeliveryError
		if errors.As(err, &fault) {
			wait = max(wait, fault.Wait) // a wrong password, tried too often, locks the account
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.retries: // somebody may have mended it
		}
		timer.Stop()
	}
}

// reconnect is the longest time between two tries to reach a mailbox.
const reconnect = 5 * time.Minute

// ReadMail takes in what has come into the mailbox since it was read last. The cursor is written with
// what a mail changes, and behind each batch; a mail that is read again does not count again.
func (s *Scheduler) ReadMail(ctx context.Context) error {
	return s.Doors.Through(ctx, outbox.MailboxDoor, true, func() error { return s.readMail(ctx) })
}

// readMailAgain is [Scheduler.ReadMail], but leaves a mailbox alone that could not be read a moment ago.
func (s *Scheduler) readMailAgain(ctx context.Context) error {
	return s.Doors.Through(ctx, outbox.MailboxDoor, false, func() error { return s.readMail(ctx) })
}

// readMail is [Scheduler.ReadMail], whatever is known of the mailbox.
func (s *Scheduler) readMail(ctx context.Context) (err error) {
	if !guard.Run(s.Log, "reading the mailbox", "", func() { err = s.Intake.TakeMail(ctx) }) {
		err = errFault
	}
	return err
}

var errFault = errors.New("a fault of this program, of which the log says more")

// keepDelivering delivers by one channel whenever it is kicked, and when a message is to be tried again.
func (s *Scheduler) keepDelivering(ctx, hard context.Context, by outbox.Channel, kick <-chan struct{}, delivered chan struct{}) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-kick:
		case <-timer.C:
		}
		o := delivery.Outcome{Next: time.Now().Add(time.Minute)}
		guard.Run(s.Log, "delivering", string(by), func() { o = s.Delivery.DeliverBy(ctx, hard, by, false) })
		next, n, err := o.Next, o.Settled, o.Err
		wait := 24 * time.Hour
		switch {
		case err != nil && ctx.Err() == nil:
			s.Log.Error("the outbox can't be read; trying again in a minute", "error", err)
			wait = time.Minute
		case !next.IsZero():
			wait = max(time.Until(next), soonest)
		}
		timer.Reset(wait)
		if n > 0 {
			wake(delivered)
		}
	}
}

// soonest is how long at least a clock is waited for.
const soonest = 10 * time.Millisecond
