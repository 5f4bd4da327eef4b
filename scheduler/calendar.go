package scheduler

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"coalition/invites"
)

// ReadCalendar takes in what has happened in the calendar since it was read last. Each change counts
// once, however often it is read: the cursor is written when all are taken in. Nothing is sent by it.
func (s *Scheduler) ReadCalendar(ctx context.Context) (err error) {
	blind := s.blind()
	defer func() {
		if err != nil {
			s.seen.Store(0)
		} else if s.seen.Store(time.Now().UnixMilli()); blind {
			wake(s.pokes()) // reminders may have waited for it
		}
	}()
	name := s.Online.Name()
	cursor := "google:" + name
	at, err := s.Store.Cursor(ctx, cursor)
	if err != nil {
		return err
	}
	since, err := s.since(ctx)
	if err != nil {
		return err
	}
	if since.IsZero() {
		since = time.Now()
	}
	r := reading{s: s}
	complete := false
	next, err := s.Online.Changes(ctx, at, since.Add(-late), func(page []*invites.Event, full bool) error {
		if full && !complete {
			complete, r.seen = true, make(map[string]bool)
		}
		for _, e := range page {
			if complete {
				r.seen[e.ID] = true
			}
			if err := r.takeGuarded(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = r.ask(ctx)
	}
	if err == nil {
		err = s.adopt(ctx, r.found)
	}
	if err != nil || next == at || s.Online.Name() != name {
		return err
	}
	return s.Store.SetCursor(ctx, Cursor{cursor, next})
}

// blind reports whether nobody can say what has happened in the calendar of late: it could not be read, or was
// not, as where the machine has slept.
func (s *Scheduler) blind() bool {
	return time.Since(time.UnixMilli(s.seen.Load())) > max(2*s.Poll, 5*time.Minute)
}

// Strays are the calendars, by their names, that talks ahead have their events in, and that are not the one
// that is read: what happens to those events is not seen.
func (s *Scheduler) Strays(b *Board) (names []string) {
	if s.Online == nil {
		return nil
	}
	name := s.Online.Name()
	for _, c := range b.Conversations {
		if c.Booking.strays(name) && (!c.Booking.Away || !s.follows(c.Booking.In)) && c.Cancelled == nil && b.Now.Before(c.Booking.Told.End()) && !slices.Contains(names, c.Booking.In) {
			names = append(names, c.Booking.In)
		}
	}
	return names
}

// follows reports whether the calendar of that name, which is another one than the one that is read, is known to be
// the account's as well: events there are followed one by one.
func (s *Scheduler) follows(name string) bool {
	_, ok := s.within.Load(name)
	return ok
}

// reach finds out whether a calendar can be followed.
func (s *Scheduler) reach(ctx context.Context, name string) bool {
	if s.follows(name) {
		return true
	}
	if !s.Online.Reaches(ctx, name) {
		return false
	}
	s.within.Store(name, true)
	return true
}

// takeStale takes in how an event stands in the calendar, which is why m was not written there.
func (s *Scheduler) takeStale(ctx context.Context, m *Message, e *invites.Event) error {
	r := reading{s: s, without: m.Row}
	return r.take(ctx, e)
}

// A reading is one pass over the calendar.
type reading struct {
	s       *Scheduler
	b       *Board           // nil: to be read again
	seen    map[string]bool  // the events of a full pass
	found   []*invites.Event // that bear our mark, and that no conversation knows of
	without int64            // the row of a message that is known not to have been written; 0: there is none
}

func (r *reading) board(ctx context.Context) (err error) {
	if r.b == nil {
		r.b, err = r.s.recall(ctx)
	}
	return err
}

// takeGuarded is take, for one event of many: a fault in it is no reason not to hear of the others.
func (r *reading) takeGuarded(ctx context.Context, e *invites.Event) (err error) {
	if !r.s.guard("taking in an event", e.ID, func() {
		var adopts bool
		if adopts, err = r.adopts(ctx, e); err != nil {
			return
		}
		if adopts {
			r.found = append(r.found, e)
			return
		}
		err = r.take(ctx, e)
	}) {
		r.b = nil // it may be half taken in
	}
	return err
}

// whole is an event of which the calendar has told, with all that is known of it. Often no more is told of one that
// was deleted than its id, and one that was moved into another calendar looks deleted in the first. It is nil where
// nothing follows from what was told.
func (r *reading) whole(ctx context.Context, e *invites.Event) (*invites.Event, error) {
	if err := r.board(ctx); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(r.b.Conversations, func(c *Conversation) bool { return c.EventID() == e.ID })
	if i < 0 {
		return e, nil
	}
	name, b := r.s.Online.Name(), r.b.Conversations[i].Booking
	if b.strays(name) {
		if !b.Away || !r.s.reach(ctx, b.In) {
			return nil, nil // what this calendar says of it, or does not, means nothing
		}
		full, err := r.s.Online.Event(ctx, b.In, e.ID)
		if err != nil {
			r.s.Log.Warn("an event in another calendar of the account can't be read", "calendar", b.In, "error", err)
			return nil, nil
		}
		return full, nil
	}
	if b == nil || !e.Deleted || b.Is.Deleted && e.Etag != "" && e.Etag == b.Is.Etag {
		if name == "" && b != nil && b.In != "" && e.In != b.In && !r.s.reach(ctx, e.In) { // it has another organizer, and is where it was
			here := *e
			here.In = b.In
			e = &here
		}
		return e, nil
	}
	full, err := r.s.Online.Event(ctx, "", e.ID)
	if err != nil {
		return nil, err
	}
	if b.Is.Deleted && full.Deleted { // else it was brought back, and moved into another calendar
		if e.Etag == "" {
			return nil, nil
		}
		return e, nil
	}
	if full.Deleted && bare(full) {
		if name == "" && b.In != "" && e.Etag == "" { // nobody knows whose calendar that is in which it is not; so that is asked in which it was
			full, err = r.s.Online.Event(ctx, b.In, e.ID)
			var fault *invites.DeliveryError
			if errors.As(err, &fault) && fault.Final {
				r.s.Log.Warn("an event is not in the calendar of whoever is signed in, who may be somebody else than when it was made", "made in", b.In)
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			if !full.Deleted || !bare(full) {
				return full, nil
			}
		}
		full.Etag, full.Updated = e.Etag, e.Updated
	}
	return full, nil
}

// take takes in how an event stands now.
func (r *reading) take(ctx context.Context, e *invites.Event) error {
	e, err := r.whole(ctx, e)
	if e == nil || err != nil {
		return err
	}
	r.s.intake.Lock()
	defer r.s.intake.Unlock()
	for try := 1; ; try++ {
		if err := r.board(ctx); err != nil {
			return err
		}
		i := slices.IndexFunc(r.b.Conversations, func(c *Conversation) bool { return c.EventID() == e.ID })
		if i < 0 {
			return nil
		}
		c := r.b.Conversations[i]
		for _, m := range c.Messages {
			if m.Row == r.without {
				m.State, m.Unclears = Queued, 0
			}
		}
		if c.writing(r.b.Now) {
			r.s.behind.Store(true)
			if c.Behind {
				return nil
			}
			c.Behind = true
			err := r.s.Store.Commit(ctx, c.plain(r.b.Now))
			if r.b = nil; errors.Is(err, ErrConflict) && try < 5 {
				continue
			}
			return err
		}
		tried, err := r.s.tried(ctx, c, e.Last)
		if err != nil {
			return err
		}
		d := r.s.takeEntry(c, e, tried, r.b.Now)
		if d == nil {
			return nil
		}
		if c.Stop != nil && c.Stop.At.Equal(r.b.Now) { // what others decide for this person at the same moment must see it
			d.Slots = r.b.Slots
		}
		err = r.s.Store.Commit(ctx, d)
		switch {
		case err == nil && d.Slots != 0:
			r.b.Slots++
		case errors.Is(err, ErrConflict) && try < 5:
			r.b = nil
			continue
		case err != nil:
			return err
		}
		r.s.Log.Info("taken in from the calendar", "id", c.Ref())
		wake(r.s.pokes())
		return nil
	}
}

// writing reports whether a write of ours is on its way, so that nobody can tell yet what of the event
// is somebody else's doing.
func (c *Conversation) writing(now time.Time) bool {
	return slices.ContainsFunc(c.Messages, func(m *Message) bool {
		return m.Channel() == Google && (m.State == Sending || (m.State == Unclear || m.State == Queued && m.Unclears > 0) && !c.givenUp(m, now))
	})
}

// givenUp reports whether nobody knows if a write has counted, and it is not tried again.
func (c *Conversation) givenUp(m *Message, now time.Time) bool {
	switch {
	case m.Channel() != Google:
		return false
	case m.State == Failed: // on another try than the one that nobody knows of
		return m.Unclears > 0
	case m.State != Unclear:
		return false
	}
	_, wanted := c.Wanted(m, now)
	return m.Stuck() || !wanted
}

// asks reports whether the calendar is to be asked how the event stands, beside what it tells by itself.
func (c *Conversation) asks(now time.Time) bool {
	return c.Behind || slices.ContainsFunc(c.Messages, func(m *Message) bool { return c.givenUp(m, now) })
}

// A try is a write of ours of which no answer came, and which the event shows to have counted.
type try struct {
	message *Message
	entry   invites.Event
}

// tried is the one with that key; nil: there is none.
func (s *Scheduler) tried(ctx context.Context, c *Conversation, key string) (*try, error) {
	for _, m := range c.Messages {
		if m.Channel() != Google || m.Kind == Cancel || m.State != Unclear && (m.State != Failed || m.Unclears == 0) {
			continue
		}
		full, err := s.Store.Message(ctx, m.Row)
		if err != nil {
			return nil, err
		}
		if ch, err := full.change(); err == nil && ch.Key == key {
			return &try{m, ch.Event}, nil
		}
	}
	return nil, nil
}

// ask asks for each event of ours that a full pass did not show, since a listing that lacks it is no
// proof; and for those that could not be taken in while a write of ours was on its way.
func (r *reading) ask(ctx context.Context) error {
	if err := r.board(ctx); err != nil {
		return err
	}
	name := r.s.Online.Name()
	if slices.ContainsFunc(r.b.Conversations, func(c *Conversation) bool { return c.strayed() && !c.Booking.strays(name) }) {
		if err := r.s.Store.Hurry(ctx, Google); err != nil {
			return err
		}
	}
	for _, c := range r.b.Conversations {
		b := c.Booking
		missing := r.seen != nil && b != nil && !r.seen[c.EventID()] && r.b.Now.Before(b.Told.End())
		away := b.strays(name) && b.Away && r.b.Now.Before(b.Told.End())
		if c.EventID() == "" || b.strays(name) && !away || !away && !missing && !c.asks(r.b.Now) {
			continue
		}
		if !missing && c.writing(r.b.Now) {
			r.s.behind.Store(true)
			continue
		}
		e := &invites.Event{ID: c.EventID(), Deleted: true} // as far as is known; what it really is, take finds out
		if b == nil || !missing && !away {
			var err error
			if e, err = r.s.Online.Event(ctx, "", c.EventID()); err != nil {
				return err
			}
		}
		if err := r.takeGuarded(ctx, e); err != nil {
			return err
		}
		if err := r.board(ctx); err != nil {
			return err
		}
	}
	return nil
}

// hints gets a value when something may have changed in the calendar.
func (s *Scheduler) hints() chan struct{} {
	s.pokes()
	return s.hint
}

// Hint says that something may have changed in the calendar.
func (s *Scheduler) Hint() { wake(s.hints()) }

// keepInStep reads the calendar again and again, until ctx ends. It closes first when it has been read
// once, or can't be.
func (s *Scheduler) keepInStep(ctx context.Context, first chan struct{}) {
	told := ""
	for attempt := 1; ctx.Err() == nil; attempt++ {
		err := errFault
		s.guard("reading the calendar", "", func() { err = s.ReadCalendar(ctx) })
		if first != nil {
			close(first)
			first = nil
		}
		if ctx.Err() != nil {
			return
		}
		wait := time.Duration(float64(s.Poll) * (0.9 + 0.2*rand.Float64())) // those that start together must not ask together
		if err == nil {
			if told != "" {
				s.Log.Info("the calendar can be read again")
			}
			attempt, told = 0, ""
		} else {
			wait = min(Backoff(attempt, rand.Float64()), max(wait, reconnect))
			var fault *invites.DeliveryError
			if errors.As(err, &fault) {
				wait = max(wait, fault.Wait)
			}
			if errors.Is(err, invites.ErrLogin) {
				wait = s.Poll
			}
			if text := strings.Map(noDigit, err.Error()); text != told && (attempt > 1 || errors.Is(err, invites.ErrLogin)) {
				s.Log.Warn("the calendar can't be read; trying again", "error", err)
				told = text
			}
		}
		hints := s.hints()
		if err != nil {
			hints = nil // they don't end what Google has asked for
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
		err := s.ReadCalendar(ctx)
		var fault *invites.DeliveryError
		if err == nil || errors.Is(err, invites.ErrLogin) || !errors.As(err, &fault) || fault.Final {
			return err
		}
		wait := max(Backoff(attempt, rand.Float64()), fault.Wait)
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
