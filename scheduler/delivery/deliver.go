package delivery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/conversation"
	"coalition/scheduler/guard"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// manyLooks is after how many attempts a message that may have arrived goes again although the folder of
// sent mail can't be read: a quarter of an hour.
const manyLooks = 10

const gaveUp = "given up after five days"

// Backoff is how long to wait after the attempt-th try, counted from 1: from under a second to half
// an hour, doubling, with a quarter of jitter either way. r is a random number in [0, 1).
func Backoff(attempt int, r float64) time.Duration {
	const first, most = 750 * time.Millisecond, 30 * time.Minute
	d := most
	if attempt < 20 {
		d = min(most, first<<(attempt-1))
	}
	return time.Duration(float64(d) * (0.75 + r/2))
}

// Deliver hands over all messages that can go now, only those of rows where there are any, until
// none is left or ctx ends. Messages that are being sent when ctx ends are sent to their end, unless
// hard ends, too. It returns when, in real time, the next message can be tried (zero: none waits), and
// how many it has settled. Both channels are served side by side: where one is out of order the other
// goes on.
func (s *Delivery) Deliver(ctx, hard context.Context, rows ...int64) (next time.Time, settled int, err error) {
	o := s.DeliverBoth(ctx, hard, false, rows...)
	return o.Next, o.Settled, o.Err
}

// DeliverBoth is [scheduler.Scheduler.Deliver]; with force a door that is closed is tried at once.
func (s *Delivery) DeliverBoth(ctx, hard context.Context, force bool, rows ...int64) Outcome {
	var calendar Outcome
	var wg sync.WaitGroup
	wg.Go(func() { calendar = s.DeliverBy(ctx, hard, s.Settings.Calendar, force, rows...) })
	mail := s.DeliverBy(ctx, hard, outbox.Mail, force, rows...)
	wg.Wait()
	next := mail.Next
	if next.IsZero() || !calendar.Next.IsZero() && calendar.Next.Before(next) {
		next = calendar.Next
	}
	return Outcome{next, mail.Settled + calendar.Settled, mail.Tried || calendar.Tried, cmp.Or(mail.Err, calendar.Err)}
}

// DeliverBy is [scheduler.Scheduler.Deliver] for one channel.
func (s *Delivery) DeliverBy(ctx, hard context.Context, by outbox.Channel, force bool, rows ...int64) (o Outcome) {
	if by != outbox.Mail && s.Calendar == nil {
		return o // it waits until the config names the calendar again
	}
	workers := 2 // a calendar that is written to fast sets limits
	if by == outbox.Mail {
		workers = s.Sender.Connections()
		defer s.Sender.Idle()
	}
	d := delivery{Delivery: s, ctx: ctx, hard: hard, by: by, force: force, work: make(chan *outbox.Message, 8*workers)}
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for m := range d.work {
				d.send(m)
			}
		}()
	}
	o.Err = d.claim(rows)
	close(d.work)
	wg.Wait()
	d.busy.Wait()
	s.Marks.keepMarks()
	if d.knocked != nil { // there was nothing to try it with after all
		if err := s.Doors.Store.Leave(context.WithoutCancel(hard), d.knocked.Name, d.knocked.Account); err != nil {
			s.Log.Error("the end of a try can't be written down", "error", err)
		}
	}
	o.Settled, o.Tried = d.settled, d.tried
	if o.Err != nil || hard.Err() != nil {
		return o
	}
	o.Next, o.Err = s.Store.NextClaim(hard, by, rows)
	if until, _ := d.door(); until.After(o.Next) && !o.Next.IsZero() {
		o.Next = until
	}
	return o
}

// An outcome is that of a delivery.
type Outcome struct {
	Next    time.Time
	Settled int
	Tried   bool // a message was offered to the server
	Err     error
}

// A Delivery hands messages over.
type Delivery struct {
	*conversation.Settings
	Store  Outbox
	Sender Sender
	// Calendar is the one that is written to; nil: what is there stays as it is.
	Calendar Calendar
	Doors    *Doors
	Marks    *Marks
	// Now is the clock of conversations.
	Now func() time.Time
	Log *slog.Logger

	// Sent reports whether the folder of sent mail holds m; an error says that it could not be looked at.
	Sent func(ctx context.Context, m *outbox.Message) (bool, error)
	// Reaches reports whether the calendar of that name, another one of the account, can be written to.
	Reaches func(ctx context.Context, name string) bool
	// Stale takes in how an event stands in the calendar, which is why m was not written there.
	Stale func(ctx context.Context, m *outbox.Message, e *invites.Event) error
	// Tell tells the organizer of what has become of m.
	Tell func(ctx context.Context, m *outbox.Message, n conversation.News)
	// Settled is called when a write into the calendar is settled.
	Settled func()
}

// A delivery is one run of [Delivery.Deliver] for one channel.
type delivery struct {
	*Delivery
	ctx, hard context.Context
	by        outbox.Channel
	force     bool
	work      chan *outbox.Message // claimed ahead of the workers
	busy      sync.WaitGroup       // messages claimed and not settled

	mu      sync.Mutex
	knocked *outbox.Door // the door that is ours to try, as it was; nil: none
	open    bool         // the server has taken something
	closed  time.Time    // the channel is out of order until then
	put     int          // messages in a row that were put off; see putOff
	tries   int          // of the door that this run has opened, and nothing has been accepted since
	settled int
	tried   bool

	// What is known of the event that a claimed message changes, by the message's row.
	bookings map[int64]*conversation.Booking
}

// hold keeps in mind what is known of the event that the claimed message of that row changes.
func (d *delivery) hold(row int64, b *conversation.Booking) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bookings == nil {
		d.bookings = make(map[int64]*conversation.Booking)
	}
	d.bookings[row] = b
}

// booking is what is known of the event that m changes, as it was when m was claimed; nil: nothing.
func (d *delivery) booking(m *outbox.Message) *conversation.Booking {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.bookings[m.Row]
}

// door is until when the channel is out of order (zero: it is not known to be), and whether it has
// been seen to work.
func (d *delivery) door() (closed time.Time, open bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed, d.open
}

// knock reports whether this run may send: it has the door of the channel to itself, where there is
// something to try it with.
func (d *delivery) knock(rows []int64) (ok bool, err error) {
	if d.knocked != nil {
		return true, nil
	}
	now := time.Now()
	next, err := d.Store.NextClaim(d.ctx, d.by, rows)
	if err != nil || next.IsZero() || next.After(now) {
		return false, err
	}
	name := string(d.by)
	account := d.Doors.AccountOf(name)
	if !d.force { // most times nobody has to write for this
		list, err := d.Doors.Store.Doors(d.ctx)
		if err != nil {
			return false, err
		}
		if door := ClosedDoor(list, name, account); door != nil && door.Until.After(now) {
			d.Doors.tellShut(door)
			d.closed = door.Until
			return false, nil
		}
	}
	ok, door, err := d.Doors.Store.Knock(d.ctx, name, account, now, d.force)
	switch {
	case err != nil:
		return false, err
	case ok:
		d.knocked = door
	case d.force: // whoever tries it will soon know
		d.closed = now.Add(250 * time.Millisecond)
	case door.Trying.After(door.Until):
		d.closed = door.Trying // or when it is told
	default:
		d.closed = door.Until
	}
	return ok, nil
}

// well takes down that the server takes what is offered.
func (d *delivery) well() {
	d.mu.Lock()
	was := d.knocked
	d.open, d.knocked = true, nil
	if was != nil {
		d.tries = was.Tries
	}
	d.mu.Unlock()
	if was != nil {
		d.Doors.Unlock(d.hard, was)
	}
}

// ill takes down that nothing can be sent for now.
func (d *delivery) ill(fault *invites.DeliveryError) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed.IsZero() {
		return // the same fault, on another connection
	}
	if d.hard.Err() != nil { // it was we who hung up, which says nothing of the server
		d.open, d.closed = false, time.Now()
		return
	}
	tries := d.tries
	if d.knocked != nil {
		tries = d.knocked.Tries
	}
	d.open, d.knocked = false, nil
	d.closed = d.Doors.Shut(d.hard, string(d.by), d.Doors.AccountOf(string(d.by)), tries, fault)
}

// fewOff is after how many messages in a row that a mail server puts off (4yz) it has no time for any: its
// queue is full, or it has been sent too much.
const fewOff = 3

// putOff takes down that the server has put one message off, and reports whether it does so with all. One
// whose door was closed a moment ago need not show that again with others.
func (d *delivery) putOff() (all bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.put++
	return d.put >= fewOff || d.tries > 0 || d.knocked != nil && d.knocked.Tries > 0
}

// taken takes down that a message was accepted.
func (d *delivery) taken() {
	d.well()
	d.mu.Lock()
	d.put, d.tries = 0, 0
	d.mu.Unlock()
}

// claim feeds the workers. One message goes ahead, to see whether the server is well; only then are
// more claimed: a thousand messages should not knock at a closed door.
func (d *delivery) claim(rows []int64) error {
	wanted := func(c *conversation.Conversation, m *outbox.Message) (end outbox.State, ok bool) {
		m.Changed = d.Now().UTC()
		c.Attach(d.Settings)
		d.hold(m.Row, c.Booking)
		if !guard.Run(d.Log, "a claim", plan.Ref(m.ID, m.Round), func() { end, ok = c.Wanted(m, m.Changed) }) {
			return outbox.Held, false // somebody has to look at it
		}
		return end, ok
	}
	idle := false // nothing was left to claim, and nothing has been sent since
	for d.ctx.Err() == nil {
		closed, open := d.door()
		if !closed.IsZero() {
			break
		}
		limit := 1
		if open {
			limit = cap(d.work) / 4 // in small bites: dots wait while claims are written
		} else if ok, err := d.knock(rows); !ok {
			if d.ctx.Err() != nil {
				err = nil
			}
			return err
		}
		claimed, err := d.Store.Claim(d.ctx, time.Now(), d.by, limit, rows, wanted)
		if err != nil && d.ctx.Err() == nil {
			return err
		}
		if len(claimed) == 0 && idle {
			break
		}
		d.busy.Add(len(claimed))
		for _, m := range claimed {
			d.work <- m
		}
		if idle = len(claimed) == 0; idle || !open {
			d.busy.Wait() // what is being sent may become due again at once
		}
	}
	return nil
}

func (d *delivery) send(m *outbox.Message) {
	defer d.busy.Done()
	dotted := false
	if !guard.Run(d.Log, "a delivery", plan.Ref(m.ID, m.Round), func() { d.hand(m, &dotted) }) {
		if m.State = m.Again(); dotted {
			m.State, m.Unclears = outbox.Unclear, m.Unclears+1
		}
		m.Error, m.NotBefore = "a fault of this program", time.Now().Add(Backoff(m.Attempts, rand.Float64()))
		d.settle(m)
	}
}

// hand hands m over, and writes down what has become of it. dotted is set once it may have been accepted.
func (d *delivery) hand(m *outbox.Message, dotted *bool) {
	if closed, _ := d.door(); !closed.IsZero() || d.ctx.Err() != nil { // it stays where it is
		m.State, m.Untried = m.Again(), true
		d.settle(m)
		return
	}
	if m.Unclears > 0 && d.by == outbox.Mail {
		switch found, err := d.Sent(d.hard, m); {
		case found:
			m.State, m.Via, m.Changed, m.Code, m.Error = outbox.Accepted, d.Via, d.Now().UTC(), 0, ""
			d.settle(m)
			return
		case err != nil && m.Attempts < manyLooks: // a copy may be there; that it was not looked for proves nothing
			m.State, m.NotBefore = m.Again(), time.Now().Add(Backoff(m.Attempts, rand.Float64()))
			d.settle(m)
			return
		}
	}
	d.mu.Lock()
	d.tried = true
	d.mu.Unlock()
	before := m.Code
	if d.by == outbox.Mail {
		m.Via = d.Via
	}
	err := d.carry(m, func() error {
		if d.by == outbox.Mail { // all has been taken but the end
			d.well()
		}
		if err := d.Store.Dot(d.hard, m); err != nil {
			return err
		}
		*dotted = true
		d.Marks.marks(d.hard, m.Count)
		return nil
	})
	stale := d.judge(m, err, *dotted)
	if m.State == outbox.Accepted && d.by == outbox.Mail {
		// The next message need not wait until this is on the disk: its own dot is written after it.
		d.busy.Add(1)
		go func() {
			defer d.busy.Done()
			d.settle(m)
		}()
		return
	}
	if stale != nil { // whether the change is still meant is seen when it is claimed again, beside that
		if err := d.Stale(d.hard, m, stale); err != nil {
			d.Log.Error("what has changed in the calendar can't be taken in", "id", m.ID, "error", err)
		} else if m.Attempts < 5 { // somebody may be at it just now
			m.NotBefore = time.Time{}
		}
	}
	d.settle(m)
	if m.Code == outbox.CodeGuests && before != outbox.CodeGuests {
		d.tellGuests(m)
	}
	if m.State == outbox.Failed && !m.ToOrganizer() {
		what := fmt.Sprintf("the %s to %s was refused%s", m.Kind.Noun(), m.To, conversation.Because(m))
		if strings.HasPrefix(m.Error, gaveUp) {
			what = fmt.Sprintf("the %s to %s did not go: %s", m.Kind.Noun(), m.To, m.Error)
		}
		d.Tell(d.hard, m, conversation.News{What: conversation.NewsFailed, Text: what, Do: []string{d.how(conversation.WayLog, m), d.how(conversation.WayBack(m), m)}})
	}
}

// tellGuests tells the organizer that an invitation waits until the calendar takes guests again.
func (d *delivery) tellGuests(m *outbox.Message) {
	if m.Kind == outbox.Invite {
		d.Tell(d.hard, m, conversation.News{What: conversation.NewsRefused, Do: []string{d.how(conversation.WayInviteByMail, m)}})
	}
}

func (d *delivery) how(w conversation.Way, m *outbox.Message) string {
	return d.How(w, plan.Ref(m.ID, m.Round))
}

var errStray = errors.New("the event is in another calendar")

// carry hands m over to whoever takes it to the partner.
func (d *delivery) carry(m *outbox.Message, dot func() error) (err error) {
	if d.by == outbox.Mail {
		return d.Sender.Send(d.hard, &invites.Submission{From: d.Organizer.Email, To: m.To, Data: m.Data, Calendar: m.Calendar, MessageID: m.MessageID,
			ID: string(m.ID), Kind: string(m.Kind), Sequence: m.Sequence, Stamp: m.Stamp}, dot)
	}
	booking := d.booking(m)
	change, err := conversation.ChangeOf(m, booking)
	if err != nil {
		return err
	}
	m.Guests = change.Guests
	in := ""
	switch {
	case booking != nil:
		in = booking.In
	case m.Unclears > 0: // it may be there already
		in = change.In
	}
	away := booking != nil && booking.Away
	if conversation.Stray(in, d.Calendar.Name()) && (!away || !d.Reaches(d.hard, in)) {
		return &invites.DeliveryError{Wait: time.Minute, Err: errStray, Text: "the event is in another " + d.CalendarOf(d.by).Provider + " calendar, " + in +
			"; sign in with an account that may change it, and name it in the config as calendar.google.calendar"}
	}
	if m.Entry, err = d.Calendar.Write(d.hard, change, dot); err == nil {
		m.In = cmp.Or(in, d.Calendar.Name(), m.Entry.In)
	}
	return err
}

// judge writes into m what has become of it. stale is how the calendar holds its event, where that is
// not how it was known.
func (d *delivery) judge(m *outbox.Message, err error, dotted bool) (stale *invites.Event) {
	now := time.Now()
	m.Changed, m.NotBefore, m.Code, m.Error = d.Now().UTC(), time.Time{}, 0, ""
	if d.by == outbox.Mail {
		m.Via = d.Via
	}
	var fault *invites.DeliveryError
	switch {
	case err == nil:
		m.State = outbox.Accepted
		d.taken()
		d.Log.Info("sent", "id", m.ID, "kind", m.Kind, "to", m.To)
		return nil
	case errors.Is(err, outbox.ErrFenced):
		m.State = m.Again() // whoever fenced it has written its state already; this holds only after a pause
		return nil
	case errors.As(err, &fault):
	default:
		fault = &invites.DeliveryError{Unclear: dotted, Text: err.Error()}
	}
	m.Code, m.Error = fault.Code, plaintext.Clip(plaintext.Line(fault.Text), 300)
	if m.NotBefore = now.Add(max(Backoff(m.Attempts, rand.Float64()), fault.Wait)); fault.Channel && !fault.Begun && !fault.Unclear {
		m.NotBefore = time.Time{} // the door says when
		m.Untried = m.Attempts > 1
	}
	if d.by != outbox.Mail {
		m.Code = 0 // the same status means many things there
	}
	switch {
	case errors.Is(err, invites.ErrLogin): // until somebody has signed in, which lets it go at once
		m.Code = outbox.CodeLogin
	case errors.Is(err, invites.ErrGuests):
		m.Code = outbox.CodeGuests
	case errors.Is(err, errStray):
		m.Code = outbox.CodeStray
	}
	old := d.Now().Sub(m.Stamp) > outbox.GiveUp
	switch {
	case fault.Unclear && d.by != outbox.Mail && !old: // the calendar can be asked, however often
		m.State, m.Unclears = outbox.Unclear, 1
	case fault.Unclear:
		m.State = outbox.Unclear
		m.Unclears++
	case fault.Final && !fault.Channel: // what is wrong with all of it can be mended
		m.State = outbox.Failed
	case fault.Stale != nil && fault.Stale.Deleted && d.booking(m) == nil: // it was there, and somebody has deleted it since
		m.State, m.Entry, m.Code, m.Error = outbox.Accepted, fault.Stale, 0, ""
		return nil
	case fault.Stale != nil: // which shows that it has not counted
		m.State, m.Unclears = outbox.Queued, 0
	case old && (!fault.Channel || fault.Begun):
		m.State, m.Error = outbox.Failed, gaveUp+": "+m.Error
	default:
		m.State = m.Again()
	}
	if fault.Channel {
		d.ill(fault)
		if !fault.Begun && !fault.Unclear {
			return nil // the door says it for all
		}
	} else if d.by == outbox.Mail && fault.Code/100 == 4 && d.putOff() {
		d.ill(fault)
	} else if fault.Code != 0 { // the server has spoken, and about this message only
		d.well()
	}
	d.Log.Warn("a message was not accepted", "id", m.ID, "kind", m.Kind, "state", m.State.Shown(), "code", m.Code, "error", m.Error, "attempt", m.Attempts)
	return fault.Stale
}

// settle writes what has become of m. It tries until it is written: a message that was accepted and
// is not on record as such would go twice.
func (d *delivery) settle(m *outbox.Message) {
	for attempt := 1; ; attempt++ {
		err := d.Store.Settle(context.WithoutCancel(d.hard), m)
		if err == nil {
			d.mu.Lock()
			d.settled++
			d.mu.Unlock()
			if d.by != outbox.Mail {
				d.Settled()
			}
			return
		}
		d.Log.Error("what became of a message can't be written down; trying again", "id", m.ID, "kind", m.Kind, "state", m.State.Shown(), "error", err)
		select {
		case <-time.After(Backoff(attempt, rand.Float64())):
		case <-d.hard.Done():
			return // the claim stays, and is found to be unclear by the next process
		}
	}
}
