package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"coalition/invites"
	"coalition/scheduler/delivery"
	"coalition/scheduler/guard"
	"coalition/scheduler/holds"
	"coalition/scheduler/outbox"
)

const (
	// reconnect is the longest time between two tries to reach a mailbox, and a calendar that is not polled more
	// rarely.
	reconnect = 5 * time.Minute
	// soonest is how long at least a clock is waited for.
	soonest = 10 * time.Millisecond
)

// keepReading reads the mailbox whenever something has come, until ctx ends. It calls heard when it has been read once,
// or can't be.
func (s *Scheduler) keepReading(ctx context.Context, heard func()) {
	defer s.Mailbox.Close()
	// A connection that was cut is no news; that there is none is.
	trouble := trouble{log: s.Log, what: "the mailbox", can: "be read", attempts: 1}
	for ctx.Err() == nil {
		err := s.readMailAgain(ctx)
		heard()
		for err == nil {
			trouble.over()
			s.findSent(ctx)
			if err = s.Mailbox.Wait(ctx); err == nil {
				err = s.readMail(ctx)
			}
		}
		if ctx.Err() != nil {
			return
		}
		s.Mailbox.Close()
		// Somebody may mend it meanwhile.
		pause(ctx, trouble.backoff(err, reconnect, false), s.retries)
	}
}

// keepInStep reads the calendar again and again, until ctx ends. It calls heard when it has been read once, or can't
// be.
func (s *Scheduler) keepInStep(ctx context.Context, heard func()) {
	trouble := trouble{log: s.Log, what: "the calendar", can: "be read"}
	for ctx.Err() == nil {
		err := errFault
		guard.Run(s.Log, "reading the calendar", "", func() { err = s.Sync.ReadCalendar(ctx) })
		heard()
		if ctx.Err() != nil {
			return
		}
		// Those that start together must not ask together.
		wait, hints := time.Duration(float64(s.Sync.Poll)*(0.9+0.2*rand.Float64())), s.hints
		if err == nil {
			trouble.over()
		} else {
			login := errors.Is(err, invites.ErrLogin)
			// Hints don't end what the calendar has asked for.
			wait, hints = trouble.backoff(err, max(wait, reconnect), login), nil
			if login {
				wait = s.Sync.Poll
			}
		}
		pause(ctx, wait, hints)
	}
}

// keepHolding has those times stand in the calendar that are offered, whenever it is kicked and when one of them is
// over, until ctx ends.
func (s *Scheduler) keepHolding(ctx context.Context, kick <-chan struct{}) {
	trouble := trouble{log: s.Log, what: "what is offered", can: "be held in the calendar"}
	for wait, woken := holds.LookAgain, kick; ; {
		if pause(ctx, wait, woken); ctx.Err() != nil {
			return
		}
		next, err := time.Time{}, errFault
		guard.Run(s.Log, "holding times", "", func() { next, err = s.Holds.Keep(ctx) })
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			// Kicks don't end what the calendar has asked for.
			wait, woken = trouble.backoff(err, reconnect, errors.Is(err, invites.ErrLogin)), nil
			continue
		}
		trouble.over()
		wait, woken = holds.LookAgain, kick
		if !next.IsZero() {
			wait = max(min(wait, next.Sub(s.Now())), soonest)
		}
	}
}

// keepDelivering delivers by one channel whenever it is kicked, and when a message is to be tried again.
func (s *Scheduler) keepDelivering(ctx, hard context.Context, by outbox.Channel, kick <-chan struct{},
	delivered chan struct{}) {
	for wait := time.Hour; ; {
		if pause(ctx, wait, kick); ctx.Err() != nil {
			return
		}
		o := delivery.Outcome{Next: time.Now().Add(time.Minute)}
		guard.Run(s.Log, "delivering", string(by), func() { o = s.Delivery.DeliverBy(ctx, hard, by, false) })
		wait = 24 * time.Hour
		switch {
		case o.Err != nil && ctx.Err() == nil:
			s.Log.Error("the outbox can't be read; trying again in a minute", "error", o.Err)
			wait = time.Minute
		case !o.Next.IsZero():
			wait = max(time.Until(o.Next), soonest)
		}
		if o.Settled > 0 {
			wake(delivered)
		}
	}
}

// A trouble is what keeps a loop from what it does: it is told once, and backed off from.
type trouble struct {
	log *slog.Logger
	// what can't do what: "the mailbox", "be read".
	what, can string
	// attempts counts those in vain, in a row: the first one alone is no news.
	attempts int
	// told is what was told last; "" since it was over.
	told string
}

// over takes down that it is over.
func (t *trouble) over() {
	if t.told != "" {
		t.log.Info(t.what + " can " + t.can + " again")
	}
	t.attempts, t.told = 0, ""
}

// backoff takes down that it is still there, and returns how long to wait: up to most, or as long as the server
// asks. news says that the first attempt in vain is to be told as well.
func (t *trouble) backoff(err error, most time.Duration, news bool) time.Duration {
	t.attempts++
	if (t.attempts > 1 || news) && !delivery.SameTrouble(t.told, err.Error()) {
		t.log.Warn(t.what+" can't "+t.can+"; trying again", "error", err)
		t.told = err.Error()
	}
	wait := min(delivery.Backoff(t.attempts), most)
	var fault *invites.DeliveryError
	if errors.As(err, &fault) {
		// A wrong password, tried too often, locks the account.
		wait = max(wait, fault.Wait)
	}
	return wait
}

// pause waits that long, until woken gets a value, or until ctx ends.
func pause(ctx context.Context, wait time.Duration, woken <-chan struct{}) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-woken:
	}
}

// wake gives c a value, where it does not hold one.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
