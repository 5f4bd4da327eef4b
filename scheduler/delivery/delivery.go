package delivery

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/event"
	"coalition/scheduler/inbox"
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
)

// A Sender hands finished messages over to whoever carries them.
type Sender interface {
	// Send hands p over, and calls dot when nothing but the end is missing. Where dot fails it hangs up without the end
	// and returns dot's error. Other errors are an [*invites.DeliveryError]; one that is none counts as unclear after
	// dot was called, and as not accepted before. An "outbox" can tell by itself whether it has sent p already: after a
	// crash it is asked again.
	Send(ctx context.Context, p *invites.Submission, dot func() error) error
	// Connections returns how many messages may be sent side by side: at least 1.
	Connections() int
	// Idle closes what was kept open for the next message.
	Idle()
}

// A Calendar is an online one of the organizer that is written into, and mails its guests by itself.
type Calendar interface {
	// Name tells this calendar from all others; "" where that is not known. It may become that of another one, as
	// somebody signs in with another account.
	Name() string
	// Write carries out a change, and returns how the calendar holds the event then. It calls dot before the first
	// request that could change anything; where dot fails it stops and returns dot's error. It may be called again for
	// the same change, however the last call ended: guests hear of it once. Other errors are an
	// [*invites.DeliveryError], with Stale where somebody else has changed the event so that the change has to be
	// thought over.
	Write(ctx context.Context, ch *invites.EventChange, dot func() error) (*invites.Event, error)
}

// An Outbox keeps the messages that are to leave. Every method that writes returns only after what it wrote would
// survive a power cut. Instants come in and go out in UTC, to the millisecond.
type Outbox interface {
	// Claim takes up to limit messages that may go by a channel now, in the order in which they fell due; only those of
	// rows, where there are any. Each one is looked at again: one that is not wanted ends in the state that wanted
	// gives and is not claimed. What wanted saw of the conversation still holds when the claim is written, or the
	// message is left for the next claim. wall is real time. Nothing is claimed while sending is paused.
	Claim(ctx context.Context, wall time.Time, by outbox.Channel, limit int, rows []int64,
		wanted conversation.Wanted) ([]*outbox.Message, error)
	// Dot marks that from now on the claimed message may have been accepted, unless its Via is "outbox", which can be
	// asked. It returns [outbox.ErrFenced] when it must not be sent.
	Dot(ctx context.Context, m *outbox.Message) error
	// Settle ends a claim: State, NotBefore, Code, Error and Via of m are written; and where m has been written into a
	// calendar, the conversation takes that in, too ([conversation.Conversation.Written]). A claim of one that is
	// Untried does not count as an attempt.
	Settle(ctx context.Context, m *outbox.Message) error
	// NextClaim returns when, in real time, the next message for a channel can be claimed, only of rows where there are
	// any; zero: none waits.
	NextClaim(ctx context.Context, by outbox.Channel, rows []int64) (time.Time, error)
}

// A Delivery hands messages over. Calendar, Reaches, Stale and Settled are needed only where there is a calendar.
type Delivery struct {
	*organizer.Settings
	Store  Outbox
	Sender Sender
	// Calendar is the one that is written to; nil: what is there stays as it is.
	Calendar Calendar
	Doors    *Doors
	Marks    *Marks
	// Now is the clock of conversations. Claims, doors and back-offs go by real time.
	Now func() time.Time
	Log *slog.Logger

	// Sent reports whether the folder of sent mail holds m; an error says that it could not be looked at.
	Sent func(ctx context.Context, m *outbox.Message) (bool, error)
	// Reaches reports whether the calendar of that name, another one of the account, can be written to.
	Reaches func(ctx context.Context, name string) bool
	// Stale takes in how an event stands in the calendar, which is why m was not written there.
	Stale func(ctx context.Context, m *outbox.Message, e *invites.Event) error
	// Tell tells the organizer of what has become of m.
	Tell func(ctx context.Context, m *outbox.Message, n inbox.News)
	// Settled is called when a write into the calendar is settled.
	Settled func()
	// Progress is told how many messages [Delivery.DeliverBoth] has settled, of a total that is not known (0), and 0 of 0
	// when it ends. It is called from several goroutines; nil: nobody is told.
	Progress func(done, total int)

	// progress counts for Progress.
	progress atomic.Int64
}

// An Outcome is what has come of a delivery.
type Outcome struct {
	// Next is when, in real time, the next message can be tried; zero: none waits.
	Next time.Time
	// Settled is how many messages are settled.
	Settled int
	// Tried says that a message was offered to the server.
	Tried bool
	Err   error
}

// DeliverBoth hands over all messages that can go now, only those of rows where there are any, until none is left or
// ctx ends. Messages that are being sent when ctx ends are sent to their end, unless hard ends, too; with force a door
// that is shut is tried at once. Both channels are served side by side: where one is out of order the other goes on.
func (d *Delivery) DeliverBoth(ctx, hard context.Context, force bool, rows ...int64) Outcome {
	if d.progress.Store(0); d.Progress != nil {
		defer d.Progress(0, 0)
	}
	var calendar Outcome
	var wg sync.WaitGroup
	wg.Go(func() { calendar = d.DeliverBy(ctx, hard, d.Settings.Calendar, force, rows...) })
	mail := d.DeliverBy(ctx, hard, outbox.Mail, force, rows...)
	wg.Wait()
	next := mail.Next
	if next.IsZero() || !calendar.Next.IsZero() && calendar.Next.Before(next) {
		next = calendar.Next
	}
	return Outcome{next, mail.Settled + calendar.Settled, mail.Tried || calendar.Tried, cmp.Or(mail.Err, calendar.Err)}
}

// DeliverBy does what [Delivery.DeliverBoth] does for one channel.
func (d *Delivery) DeliverBy(ctx, hard context.Context, by outbox.Channel, force bool, rows ...int64) (o Outcome) {
	if by != outbox.Mail && d.Calendar == nil {
		// It waits until the config names the calendar again.
		return o
	}
	// A calendar that is written to fast sets limits.
	workers := 2
	if by == outbox.Mail {
		workers = d.Sender.Connections()
		defer d.Sender.Idle()
	}
	r := run{Delivery: d, ctx: ctx, hard: hard, by: by, force: force, work: make(chan *outbox.Message, 8*workers),
		bookings: make(map[int64]*event.Booking)}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for m := range r.work {
				r.send(m)
			}
		})
	}
	o.Err = r.claim(rows)
	close(r.work)
	wg.Wait()
	r.busy.Wait()
	d.Marks.sync()
	if r.trial != nil {
		// There was nothing to try it with after all.
		if err := d.Doors.store.Leave(context.WithoutCancel(hard), r.trial.Name, r.trial.Account); err != nil {
			d.Log.Error("the end of a try can't be written down", "error", err)
		}
	}
	o.Settled, o.Tried = r.settled, r.tried
	if o.Err != nil || hard.Err() != nil {
		return o
	}
	o.Next, o.Err = d.Store.NextClaim(hard, by, rows)
	if until, _ := r.door(); until.After(o.Next) && !o.Next.IsZero() {
		o.Next = until
	}
	return o
}

// Backoff returns how long to wait after the attempt-th try, counted from 1: from under a second to half an hour,
// doubling, with a quarter of jitter either way.
func Backoff(attempt int) time.Duration { return backoff(attempt, rand.Float64()) }

// backoff is Backoff with a number in [0, 1) for the jitter.
func backoff(attempt int, r float64) time.Duration {
	const first, most = 750 * time.Millisecond, 30 * time.Minute
	d := most
	if attempt < 20 {
		d = min(most, first<<(attempt-1))
	}
	return time.Duration(float64(d) * (0.75 + r/2))
}
