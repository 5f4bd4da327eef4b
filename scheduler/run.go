package scheduler

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"coalition/invites/zones"
	"coalition/scheduler/conversation"
	"coalition/scheduler/guard"
	"coalition/scheduler/intake"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

const (
	// still is how long a plan file must have been left alone before a running daemon reads it.
	still = 5 * time.Second
	// rescan is how often the folder is looked through although nobody told of a change.
	rescan = time.Minute
	// Patience is how long in all a single run waits for messages to be tried again.
	Patience = 20 * time.Second
)

// Run carries all conversations on until ctx ends: it reads plans as they change, and answers and
// the calendar as they come, decides what is due, and delivers. When ctx ends it waits for the messages that are being handed
// over, unless hard ends, too. It wakes only when something has happened or falls due. Problems of single plans or messages
// are logged; the error is one that keeps everything from going on.
func (s *Scheduler) Run(ctx, hard context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var side sync.WaitGroup
	defer side.Wait()
	defer stop()
	heard := func(keep func(context.Context, chan struct{})) (read chan struct{}) {
		read = make(chan struct{})
		side.Go(func() { keep(ctx, read) })
		return read
	}
	var first []chan struct{} // a no that waits there is heard before anything is sent
	if s.Mailbox != nil {
		first = append(first, heard(s.keepReading))
	}
	if s.Sync != nil {
		first = append(first, heard(s.keepInStep))
	}
	patience, enough := context.WithTimeout(ctx, Patience)
	for _, read := range first {
		select {
		case <-read:
		case <-patience.Done():
		}
	}
	if enough(); ctx.Err() != nil {
		return nil
	}
	b, err := s.begin(ctx, still)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return err
	}
	delivered := make(chan struct{}, 1)
	var kicks []chan struct{}
	for _, by := range []outbox.Channel{outbox.Mail, s.Settings.Calendar} {
		c := make(chan struct{}, 1)
		kicks = append(kicks, c)
		side.Go(func() { s.keepDelivering(ctx, hard, by, c, delivered) })
	}
	kick := func() {
		for _, c := range kicks {
			wake(c)
		}
	}
	files, changes := s.Plans.Watch(ctx), s.Store.Changes()
	ticker, freeing := time.NewTicker(rescan), time.NewTicker(rescan/4)
	defer ticker.Stop()
	defer freeing.Stop()
	told := make(map[string]bool)
	for {
		s.tell(b, told)
		r, err := &Report{Again: s.Now().Add(rescan)}, error(nil)
		guard.Run(s.Log, "a pass", "", func() { r, err = s.Pass(ctx, b) })
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		for _, m := range r.Decided {
			s.Log.Info("decided", "id", m.ID, "kind", m.Kind, "to", m.To, "state", m.State.Shown())
		}
		kick()
		timer := time.NewTimer(s.until(b, r))
		for waiting := true; waiting; {
			waiting = false
			select {
			case <-ctx.Done():
				timer.Stop()
				return nil
			case <-timer.C:
			case <-files:
			case <-changes:
				kick()
				wake(s.retries)
			case <-delivered:
			case <-s.pokes:
			case <-freeing.C:
				freed, err := s.Store.Recover(ctx, time.Now())
				s.recovered(freed, err)
				if waiting = len(freed) == 0; !waiting {
					kick()
				}
			case <-ticker.C:
				if s.Doors.Renewed() { // a new password may open a door
					kick()
					wake(s.retries)
				}
				if waiting = s.rests(b, r); !waiting {
					s.Hint() // the machine may have slept, and the calendar's timer with it
				}
				if zones.Refresh() {
					s.Log.Info("the zone data in use is newer from now on", "version", zones.Newest().Version)
					waiting = false
				}
			}
		}
		timer.Stop()
		if err = s.Marks.Check(ctx); err == nil {
			b, err = s.Look(ctx, still)
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			// The folder may be on a disk that comes back; what is decided goes on being sent.
			s.Log.Error("the plans or the state can't be read; trying again in a minute", "error", err)
			b = &roster.Roster{Settings: &s.Settings, Now: s.Now(), Again: time.Now().Add(rescan)}
		}
	}
}

// begin is what every run starts with.
func (s *Scheduler) begin(ctx context.Context, still time.Duration) (*roster.Roster, error) {
	freed, err := s.Store.Recover(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	s.recovered(freed, nil)
	if err := s.Marks.Check(ctx); err != nil {
		return nil, err
	}
	b, err := s.Look(ctx, still)
	if err != nil {
		return nil, err
	}
	if held, err := s.HoldStale(ctx, b); err != nil || held == 0 {
		return b, err
	}
	return s.Look(ctx, still)
}

func (s *Scheduler) recovered(freed []*outbox.Message, err error) {
	if err != nil {
		s.Log.Error("claims of processes that are gone can't be freed", "error", err)
	}
	for _, m := range freed {
		s.Log.Warn("a message was being sent when its process ended", "id", m.ID, "kind", m.Kind, "state", m.State.Shown())
	}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// rests reports whether there is nothing to do as yet. It looks at the clock: timers stand still while the
// machine sleeps.
func (s *Scheduler) rests(b *roster.Roster, r *Report) bool {
	return !s.Plans.Changed() && s.until(b, r) > soonest
}

// until is how long nothing can fall due.
func (s *Scheduler) until(b *roster.Roster, r *Report) time.Duration {
	wait := 24 * time.Hour
	if !r.Again.IsZero() {
		wait = min(wait, r.Again.Sub(s.Now()))
	}
	if !b.Again.IsZero() {
		wait = min(wait, time.Until(b.Again))
	}
	return max(wait, soonest)
}

// tell logs what the organizer should look at: each thing once, and before anything is done.
func (s *Scheduler) tell(b *roster.Roster, told map[string]bool) {
	once := func(key string, log func()) {
		if !told[key] {
			told[key] = true
			log()
		}
	}
	for _, p := range b.Problems {
		once(p.String(), func() {
			s.Log.Warn("a plan needs a look", "at", fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column), "problem", p.Text)
		})
	}
	for _, c := range b.Gone {
		once("gone "+c.Ref(), func() { s.Log.Warn("a plan file is gone; nothing is cancelled by that", "id", c.Ref()) })
	}
	for _, name := range s.Strays(b) {
		once("stray "+name, func() {
			s.Log.Warn("talks have their events in another "+s.CalendarOf("").Provider+" calendar than the one that is read; what happens to them there is not seen", "calendar", name)
		})
	}
	switch {
	case b.Doubt != "":
		once("doubt", func() {
			s.Log.Warn("nothing goes by itself until you have looked (" + s.How(conversation.WayApprove, "") + ") and let it go (" + s.How(conversation.WayApproveAll, "") + "): " + b.Doubt)
		})
	case b.Fresh:
		once("fresh", func() {
			s.Log.Warn("the state is new and there are plans: if you have moved or restored them, stop me and bring the old state back")
		})
	}
	told["doubt"] = b.Doubt != ""
}

// Once does one pass, and waits up to [Patience] for messages that are to be tried again. begun is
// called with what there is before anything is done. The report is that of all it decided.
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
			case <-s.hints: // a write of ours is settled, and what has happened beside it can be taken in
				all.Apart = s.Sync.ReadCalendar(ctx)
				again = again || all.Apart == nil
			default:
			}
		}
		if !again {
			return all, nil
		}
		if err := s.Marks.Check(ctx); err != nil {
			return all, err
		}
		if b, err = s.Look(ctx, 0); err != nil {
			return all, err
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

// DeliverPatiently is [Scheduler.Deliver], and again for messages that are to be tried again within
// [Patience]. What is named by its row is tried at once, also where a door was closed before.
func (s *Scheduler) DeliverPatiently(ctx, hard context.Context, rows ...int64) error {
	patience, force := Patience, len(rows) > 0
	for {
		o := s.Delivery.DeliverBoth(ctx, hard, force, rows...)
		force = force && !o.Tried
		if o.Err == nil && o.Next.IsZero() && s.elsewhere(hard, rows) {
			o.Next = time.Now().Add(100 * time.Millisecond) // which will soon know
		}
		wait := time.Until(o.Next)
		if o.Err != nil || o.Next.IsZero() || wait > patience {
			return o.Err
		}
		patience -= max(wait, 0)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// Strays are the calendars, by their names, that talks ahead have their events in, and that are not the one
// that is read: what happens to those events is not seen.
func (s *Scheduler) Strays(b *roster.Roster) []string {
	if s.Sync == nil {
		return nil
	}
	return s.Sync.Strays(b)
}
