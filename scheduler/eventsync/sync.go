package eventsync

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/event"
	"coalition/scheduler/guard"
	"coalition/scheduler/intake"
	"coalition/scheduler/lookup"
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

// Sync keeps conversations in step with a calendar.
type Sync struct {
	*organizer.Settings
	Store    Store
	Intake   *intake.Intake
	Calendar Calendar
	// Poll is how often the calendar is looked at.
	Poll time.Duration
	// Look reads the plans and the state.
	Look func(ctx context.Context) (*roster.Roster, error)
	Log  *slog.Logger
	// Hint is called when something may have changed in the calendar.
	Hint func()

	// When the calendar was read last, in real time (Unix, ms); 0: it could not be, or nobody has tried.
	seen atomic.Int64
	// By name: the other calendars that the account may write to.
	within sync.Map
	// Something in the calendar is to be read once more, when a write of ours is settled.
	behind atomic.Bool
}

// Settled takes in that a write of ours is settled.
func (s *Sync) Settled() {
	if s.behind.Swap(false) {
		s.Hint()
	}
}

// ReadCalendar takes in what has happened in the calendar since it was read last. Each change counts
// once, however often it is read: the cursor is written when all are taken in. Nothing is sent by it.
func (s *Sync) ReadCalendar(ctx context.Context) (err error) {
	blind := s.Blind()
	defer func() {
		if err != nil {
			s.seen.Store(0)
		} else if s.seen.Store(time.Now().UnixMilli()); blind {
			s.Intake.Poke() // reminders may have waited for it
		}
	}()
	name := s.Calendar.Name()
	cursor := string(s.Settings.Calendar) + ":" + name
	at, err := s.Store.Cursor(ctx, cursor)
	if err != nil {
		return err
	}
	since, err := s.Intake.Since(ctx)
	if err != nil {
		return err
	}
	if since.IsZero() {
		since = time.Now()
	}
	r := reading{s: s}
	complete := false
	next, err := s.Calendar.Changes(ctx, at, since.Add(-intake.Margin), func(page []*invites.Event, full bool) error {
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
	if err != nil || next == at || s.Calendar.Name() != name {
		return err
	}
	return s.Store.SetCursor(ctx, conversation.Cursor{Name: cursor, At: next})
}

// Blind reports whether nobody can say what has happened in the calendar of late: it could not be read, or was
// not, as where the machine has slept.
func (s *Sync) Blind() bool {
	return time.Since(time.UnixMilli(s.seen.Load())) > max(2*s.Poll, 5*time.Minute)
}

// Strays are the calendars, by their names, that talks ahead have their events in, and that are not the one
// that is read: what happens to those events is not seen.
func (s *Sync) Strays(b *roster.Roster) (names []string) {
	name := s.Calendar.Name()
	for _, c := range b.Conversations {
		if c.Booking.Strays(name) && (!c.Booking.Away || !s.Follows(c.Booking.In)) && c.Cancelled == nil && b.Now.Before(c.Booking.Told.End()) && !slices.Contains(names, c.Booking.In) {
			names = append(names, c.Booking.In)
		}
	}
	return names
}

// Follows reports whether the calendar of that name, which is another one than the one that is read, is known to be
// the account's as well: events there are followed one by one.
func (s *Sync) Follows(name string) bool {
	_, ok := s.within.Load(name)
	return ok
}

// Reach finds out whether a calendar can be followed.
func (s *Sync) Reach(ctx context.Context, name string) bool {
	if s.Follows(name) {
		return true
	}
	if !s.Calendar.Reaches(ctx, name) {
		return false
	}
	s.within.Store(name, true)
	return true
}

// TakeStale takes in how an event stands in the calendar, which is why m was not written there.
func (s *Sync) TakeStale(ctx context.Context, m *outbox.Message, e *invites.Event) error {
	r := reading{s: s, without: m.Row}
	return r.take(ctx, e)
}

// A reading is one pass over the calendar.
type reading struct {
	s       *Sync
	seen    map[string]bool  // the events of a full pass
	found   []*invites.Event // that bear our mark, and that no conversation knows of
	without int64            // the row of a message that is known not to have been written; 0: there is none
}

// of returns the conversation whose event has that id, with all others with the same person; nil: there is none.
func (s *Sync) of(ctx context.Context, id string) (*conversation.Conversation, *roster.Roster, error) {
	b, err := s.Intake.Recall(ctx, lookup.Query{Keys: []string{lookup.EventKey(id)}})
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(b.Conversations, func(c *conversation.Conversation) bool { return c.EventID() == id })
	if i < 0 {
		return nil, b, nil
	}
	return b.Conversations[i], b, nil
}

// takeGuarded is take, for one event of many: a fault in it is no reason not to hear of the others.
func (r *reading) takeGuarded(ctx context.Context, e *invites.Event) (err error) {
	guard.Run(r.s.Log, "taking in an event", e.ID, func() {
		var adopts bool
		if adopts, err = r.adopts(ctx, e); err != nil {
			return
		}
		if adopts {
			r.found = append(r.found, e)
			return
		}
		err = r.take(ctx, e)
	})
	return err
}

// whole is an event of which the calendar has told, with all that is known of it. Often no more is told of one that
// was deleted than its id, and one that was moved into another calendar looks deleted in the first. It is nil where
// nothing follows from what was told.
func (r *reading) whole(ctx context.Context, e *invites.Event) (*invites.Event, error) {
	c, _, err := r.s.of(ctx, e.ID)
	if err != nil || c == nil {
		return nil, err
	}
	name, b := r.s.Calendar.Name(), c.Booking
	if b.Strays(name) {
		if !b.Away || !r.s.Reach(ctx, b.In) {
			return nil, nil // what this calendar says of it, or does not, means nothing
		}
		full, err := r.s.Calendar.Event(ctx, b.In, e.ID)
		if err != nil {
			r.s.Log.Warn("an event in another calendar of the account can't be read", "calendar", b.In, "error", err)
			return nil, nil
		}
		return full, nil
	}
	if b == nil || !e.Deleted || b.Is.Deleted && e.Etag != "" && e.Etag == b.Is.Etag {
		if name == "" && b != nil && b.In != "" && e.In != b.In && !r.s.Reach(ctx, e.In) { // it has another organizer, and is where it was
			here := *e
			here.In = b.In
			e = &here
		}
		return e, nil
	}
	full, err := r.s.Calendar.Event(ctx, "", e.ID)
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
			full, err = r.s.Calendar.Event(ctx, b.In, e.ID)
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
	r.s.Intake.Mu.Lock()
	defer r.s.Intake.Mu.Unlock()
	var c *conversation.Conversation
	var d *conversation.Draft
	err = r.s.Intake.Update(ctx, func() (b *roster.Roster, err error) {
		c, b, err = r.s.of(ctx, e.ID)
		return b, err
	}, func(b *roster.Roster) (*conversation.Draft, error) {
		if d = nil; c == nil {
			return nil, nil
		}
		for _, m := range c.Messages {
			if m.Row == r.without {
				m.State, m.Unclears = outbox.Queued, 0
			}
		}
		if writing(c, b.Now) {
			r.s.behind.Store(true)
			if c.Behind {
				return nil, nil
			}
			c.Behind = true
			return c.Record(b.Now), nil
		}
		tried, err := r.s.tried(ctx, c, e.Last)
		if err != nil {
			return nil, err
		}
		if d = r.s.takeEntry(c, e, tried, b.Now); d != nil && c.Stop != nil && c.Stop.At.Equal(b.Now) {
			// What others decide for this person at the same moment must see it.
			d.Slots = b.Slots
		}
		return d, nil
	})
	if err == nil && d != nil {
		r.s.Log.Info("taken in from the calendar", "id", c.Ref())
		r.s.Intake.Poke()
	}
	return err
}

// tried is the one with that key; nil: there is none.
func (s *Sync) tried(ctx context.Context, c *conversation.Conversation, key string) (*try, error) {
	for _, m := range c.Messages {
		if !m.InCalendar() || m.Kind == outbox.Cancel || m.State != outbox.Unclear && (m.State != outbox.Failed || m.Unclears == 0) {
			continue
		}
		full, err := s.Store.Message(ctx, m.Row)
		if err != nil {
			return nil, err
		}
		if ch, err := event.ChangeOf(full, nil); err == nil && ch.Key == key {
			return &try{message: m, event: ch.Event}, nil
		}
	}
	return nil, nil
}

// ask asks for each event of ours that a full pass did not show, since a listing that lacks it is no
// proof; and for those that could not be taken in while a write of ours was on its way.
func (r *reading) ask(ctx context.Context) error {
	q := lookup.Query{Keys: []string{lookup.AskKey}, Unsettled: true}
	// Any of them may be missing.
	if r.seen != nil {
		q = lookup.Query{}
	}
	all, err := r.s.Intake.Recall(ctx, q)
	if err != nil {
		return err
	}
	name := r.s.Calendar.Name()
	if slices.ContainsFunc(all.Conversations, func(c *conversation.Conversation) bool { return strayed(c) && !c.Booking.Strays(name) }) {
		if err := r.s.Store.Hurry(ctx, r.s.Settings.Calendar); err != nil {
			return err
		}
	}
	for _, c := range all.Conversations {
		b := c.Booking
		missing := r.seen != nil && b != nil && !r.seen[c.EventID()] && all.Now.Before(b.Told.End())
		away := b.Strays(name) && b.Away && all.Now.Before(b.Told.End())
		if c.EventID() == "" || b.Strays(name) && !away || !away && !missing && !asks(c, all.Now) {
			continue
		}
		if !missing && writing(c, all.Now) {
			r.s.behind.Store(true)
			continue
		}
		e := &invites.Event{ID: c.EventID(), Deleted: true} // as far as is known; what it really is, take finds out
		if b == nil || !missing && !away {
			var err error
			if e, err = r.s.Calendar.Event(ctx, "", c.EventID()); err != nil {
				return err
			}
		}
		if err := r.takeGuarded(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
