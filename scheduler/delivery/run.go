package delivery

import (
	"context"
	"sync"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/event"
	"coalition/scheduler/guard"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// A run is one [Delivery.DeliverBy].
type run struct {
	*Delivery
	ctx, hard context.Context
	by        outbox.Channel
	force     bool
	// work has what is claimed ahead of the workers, and busy counts what is claimed and not settled.
	work chan *outbox.Message
	busy sync.WaitGroup

	mu sync.Mutex
	// trial is the door that this run has to itself to try, as it stood then; nil: none.
	trial *outbox.Door
	// open says that the server has taken something.
	open bool
	// closed is until when the channel is out of order; zero: it is not known to be.
	closed time.Time
	// deferrals counts messages in a row that the server has put off: see deferred.
	deferrals int
	// tries is how often the door that this run has opened had been tried before; 0 once a message was accepted.
	tries   int
	settled int
	tried   bool
	// bookings is what is known of the event that a claimed message changes, as it was then, by the message's row.
	bookings map[int64]*event.Booking
}

// claim feeds the workers. One message goes ahead, to see whether the server works; only then are more claimed: a
// thousand messages should not knock at a closed door.
func (r *run) claim(rows []int64) error {
	// idle: nothing was left to claim, and nothing has been sent since.
	idle := false
	for r.ctx.Err() == nil {
		closed, open := r.door()
		if !closed.IsZero() {
			break
		}
		limit := 1
		if open {
			// In small bites: dots wait while claims are written.
			limit = cap(r.work) / 4
		} else if ok, err := r.knock(rows); !ok {
			if r.ctx.Err() != nil {
				err = nil
			}
			return err
		}
		claimed, err := r.Store.Claim(r.ctx, time.Now(), r.by, limit, rows, r.wanted)
		if err != nil && r.ctx.Err() == nil {
			return err
		}
		if len(claimed) == 0 && idle {
			break
		}
		r.busy.Add(len(claimed))
		for _, m := range claimed {
			r.work <- m
		}
		if idle = len(claimed) == 0; idle || !open {
			// What is being sent may become due again at once.
			r.busy.Wait()
		}
	}
	return nil
}

// wanted is the [conversation.Wanted] of a claim. It keeps in mind what is known of the event that m changes.
func (r *run) wanted(c *conversation.Conversation, m *outbox.Message) (end outbox.State, ok bool) {
	m.Changed = r.Now().UTC()
	c.Attach(r.Settings)
	r.mu.Lock()
	r.bookings[m.Row] = c.Booking
	r.mu.Unlock()
	if !guard.Run(r.Log, "a claim", plan.Ref(m.ID, m.Round), func() { end, ok = c.Wanted(m, m.Changed) }) {
		// Somebody has to look at it.
		return outbox.Held, false
	}
	return end, ok
}

// booking returns what is known of the event that m changes, as it was when m was claimed; nil: nothing.
func (r *run) booking(m *outbox.Message) *event.Booking {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bookings[m.Row]
}

// door returns until when the channel is out of order (zero: it is not known to be), and whether it has been seen to
// work.
func (r *run) door() (closed time.Time, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed, r.open
}

// knock reports whether this run may send: it has the door of the channel to itself, where there is something to try it
// with.
func (r *run) knock(rows []int64) (ok bool, err error) {
	if r.trial != nil {
		return true, nil
	}
	now := time.Now()
	next, err := r.Store.NextClaim(r.ctx, r.by, rows)
	if err != nil || next.IsZero() || next.After(now) {
		return false, err
	}
	name := string(r.by)
	// Most times nobody has to write for this.
	if !r.force {
		door, err := r.Doors.closed(r.ctx, name)
		if err != nil {
			return false, err
		}
		if door != nil && door.Until.After(now) {
			r.Doors.tellShut(door)
			r.closed = door.Until
			return false, nil
		}
	}
	ok, door, err := r.Doors.store.Knock(r.ctx, name, r.Doors.account(name), now, r.force)
	switch {
	case err != nil:
		return false, err
	case ok:
		r.trial = door
	case r.force:
		// Whoever tries it will soon know.
		r.closed = now.Add(250 * time.Millisecond)
	case door.Trying.After(door.Until):
		// Or when it is told.
		r.closed = door.Trying
	default:
		r.closed = door.Until
	}
	return ok, nil
}

// works takes down that the server takes what is offered.
func (r *run) works() {
	r.mu.Lock()
	was := r.trial
	r.open, r.trial = true, nil
	if was != nil {
		r.tries = was.Tries
	}
	r.mu.Unlock()
	if was != nil {
		r.Doors.unlock(r.hard, was)
	}
}

// accepted takes down that a message was accepted.
func (r *run) accepted() {
	r.works()
	r.mu.Lock()
	r.deferrals, r.tries = 0, 0
	r.mu.Unlock()
}

// fails takes down that nothing can be sent for now.
func (r *run) fails(fault *invites.DeliveryError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed.IsZero() {
		// The same fault, on another connection.
		return
	}
	if r.hard.Err() != nil {
		// It was we who hung up, which says nothing of the server.
		r.open, r.closed = false, time.Now()
		return
	}
	tries := r.tries
	if r.trial != nil {
		tries = r.trial.Tries
	}
	r.open, r.trial = false, nil
	r.closed = r.Doors.shut(r.hard, string(r.by), r.Doors.account(string(r.by)), tries, fault)
}

// manyDeferrals is after how many messages in a row that a mail server puts off (4yz) it has no time for any: its queue
// is full, or it has been sent too much.
const manyDeferrals = 3

// deferred takes down that the server has put one message off, and reports whether it does so with all. One whose door
// was closed a moment ago need not show that again with others.
func (r *run) deferred() (all bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deferrals++
	return r.deferrals >= manyDeferrals || r.tries > 0 || r.trial != nil && r.trial.Tries > 0
}
