package scheduler

import (
	"context"
	"errors"
	"slices"
	"time"

	"coalition/invites"
	"coalition/scheduler/delivery"
	"coalition/scheduler/intake"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

// Patience is how long in all a single run waits for messages to be tried again.
const Patience = 20 * time.Second

// Once does one pass, and waits up to [Patience] for messages that are to be tried again. begun is called with what
// there is before anything is done. The report is that of all it decided.
func (s *Scheduler) Once(ctx, hard context.Context, begun func(*roster.Roster)) (*Report, error) {
	all := &Report{}
	if s.Mailbox != nil {
		reading, cancel := context.WithTimeout(ctx, Patience)
		all.Unread = s.readMailAgain(reading)
		s.Mailbox.Close()
		cancel()
	}
	if s.Sync != nil {
		all.Apart = s.ReadCalendarPatiently(ctx)
	}
	b, err := s.begin(ctx, 0)
	if err != nil {
		return nil, err
	}
	begun(b)
	for patience := intake.NewPatience(); ; {
		r, err := s.Pass(ctx, b)
		if err != nil {
			return all, err
		}
		all.Decided = append(all.Decided, r.Decided...)
		all.Failed += r.Failed
		all.Held = all.Held || r.Held
		all.Doubt = r.Doubt
		all.Again = r.Again
		again := len(r.Decided) > 0 || r.Beaten && patience.Wait(ctx)
		if err := s.DeliverPatiently(ctx, hard); err != nil {
			return all, err
		}
		if s.Sync != nil {
			select {
			case <-s.hints:
				// A write of ours is settled, and what has happened beside it can be taken in.
				all.Apart = s.Sync.ReadCalendar(ctx)
				again = again || all.Apart == nil
			default:
			}
		}
		if !again {
			return all, nil
		}
		if b, err = s.lookAnew(ctx, 0); err != nil {
			return all, err
		}
	}
}

// DeliverPatiently does what [delivery.Delivery.DeliverBoth] does, and again for messages that are to be tried again within
// [Patience]. What is named by its row is tried at once, also where a door was closed before.
func (s *Scheduler) DeliverPatiently(ctx, hard context.Context, rows ...int64) error {
	patience, force := Patience, len(rows) > 0
	for {
		o := s.Delivery.DeliverBoth(ctx, hard, force, rows...)
		force = force && !o.Tried
		if o.Err == nil && o.Next.IsZero() && s.elsewhere(hard, rows) {
			// Which will soon know.
			o.Next = time.Now().Add(100 * time.Millisecond)
		}
		wait := time.Until(o.Next)
		if o.Err != nil || o.Next.IsZero() || wait > patience {
			return o.Err
		}
		patience -= max(wait, 0)
		pause(ctx, wait, nil)
		select {
		case <-ctx.Done():
			return nil
		default:
		}
	}
}

// elsewhere reports whether another process has one of the rows in its hands.
func (s *Scheduler) elsewhere(ctx context.Context, rows []int64) bool {
	return slices.ContainsFunc(rows, func(row int64) bool {
		m, err := s.Store.Message(ctx, row)
		return err == nil && m.State == outbox.Sending
	})
}

// ReadCalendarPatiently reads the calendar, and again where it can't be read at the moment, until [Patience] is over.
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
		if pause(ctx, wait, nil); ctx.Err() != nil {
			return err
		}
	}
}
