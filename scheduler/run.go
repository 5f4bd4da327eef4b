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
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
	"coalition/scheduler/ways"
)

const (
	// still is how long a plan file must have been left alone before a running daemon reads it.
	still = 5 * time.Second
	// rescan is how often the folder is looked through although nobody told of a change.
	rescan = time.Minute
)

// Run carries all conversations on until ctx ends: it reads plans as they change, and answers and the calendar as they
// come, decides what is due, and delivers. When ctx ends it waits for the messages that are being handed over, unless
// hard ends, too. It wakes only when something has happened or falls due. Problems of single plans or messages are
// logged; the error is one that keeps everything from going on.
func (s *Scheduler) Run(ctx, hard context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var side sync.WaitGroup
	defer side.Wait()
	defer stop()
	s.listen(ctx, &side)
	if ctx.Err() != nil {
		return nil
	}
	b, err := s.begin(ctx, still)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	w := s.watch(ctx, hard, &side)
	told, gone := make(map[string]bool), make(map[string]time.Time)
	for {
		s.beat()
		s.tell(ctx, b, told)
		s.tellGone(b, gone, time.Now())
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
		w.kick()
		s.await(ctx, w, b, r)
		if ctx.Err() == nil {
			b, err = s.lookAnew(ctx, still)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			// The folder may be on a disk that comes back; what is decided goes on being sent.
			s.Log.Error("the plans or the state can't be read; trying again in a minute", "error", err)
			b = &roster.Roster{Settings: &s.Settings, Now: s.Now(), Again: time.Now().Add(rescan)}
		}
	}
}

// listen begins to read the mailbox and the calendar, and waits until both have been read once, or can't be, for
// [Patience] at most: a no that waits there is heard before anything is sent.
func (s *Scheduler) listen(ctx context.Context, side *sync.WaitGroup) {
	var first []chan struct{}
	begin := func(keep func(context.Context, func())) {
		read := make(chan struct{})
		first = append(first, read)
		side.Go(func() { keep(ctx, sync.OnceFunc(func() { close(read) })) })
	}
	if s.Mailbox != nil {
		begin(s.keepReading)
	}
	if s.Sync != nil {
		begin(s.keepInStep)
	}
	patience, enough := context.WithTimeout(ctx, Patience)
	defer enough()
	for _, read := range first {
		select {
		case <-read:
		case <-patience.Done():
		}
	}
}

// begin does what every run starts with.
func (s *Scheduler) begin(ctx context.Context, still time.Duration) (*roster.Roster, error) {
	freed, err := s.Store.Recover(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	s.recovered(freed, nil)
	b, err := s.lookAnew(ctx, still)
	if err != nil {
		return nil, err
	}
	if held, err := s.HoldStale(ctx, b); err != nil || held == 0 {
		return b, err
	}
	return s.Look(ctx, still)
}

// lookAnew looks whether the state may not know of all that has left, and then does what [Scheduler.Look] does.
func (s *Scheduler) lookAnew(ctx context.Context, still time.Duration) (*roster.Roster, error) {
	if err := s.Marks.Check(ctx); err != nil {
		return nil, err
	}
	return s.Look(ctx, still)
}

// recovered logs the messages whose claims were freed.
func (s *Scheduler) recovered(freed []*outbox.Message, err error) {
	if err != nil {
		s.Log.Error("claims of processes that are gone can't be freed", "error", err)
	}
	for _, m := range freed {
		s.Log.Warn("a message was being sent when its process ended", "id", m.ID, "kind", m.Kind,
			"state", m.State.Shown())
	}
}

// The signs that there may be something to do.
type signs struct {
	// files come from the folder of plans, changes from other processes on the same state.
	files, changes <-chan struct{}
	// delivered gets a value when messages are settled.
	delivered chan struct{}
	// kicks let each channel deliver, and have what is offered be held.
	kicks []chan struct{}
	// rescan and freeing tick as often as the folder is looked through and claims of processes that are gone are freed.
	rescan, freeing <-chan time.Time
}

// watch begins to deliver, and to look out for signs.
func (s *Scheduler) watch(ctx, hard context.Context, side *sync.WaitGroup) *signs {
	w := &signs{files: s.Plans.Watch(ctx), changes: s.Store.Changes(), delivered: make(chan struct{}, 1),
		rescan: time.Tick(rescan), freeing: time.Tick(rescan / 4)}
	for _, by := range []outbox.Channel{outbox.Mail, s.Calendar} {
		kick := make(chan struct{}, 1)
		w.kicks = append(w.kicks, kick)
		side.Go(func() { s.keepDelivering(ctx, hard, by, kick, w.delivered) })
	}
	if s.Holds != nil {
		kick := make(chan struct{}, 1)
		w.kicks = append(w.kicks, kick)
		side.Go(func() { s.keepHolding(ctx, kick) })
	}
	return w
}

// kick wakes all that comes of a pass.
func (w *signs) kick() {
	for _, c := range w.kicks {
		wake(c)
	}
}

// await waits until the conversations have to be looked at again, or ctx ends.
func (s *Scheduler) await(ctx context.Context, w *signs, b *roster.Roster, r *Report) {
	timer := time.NewTimer(s.until(b, r))
	defer timer.Stop()
	for {
		select {
		case <-w.freeing:
			s.beat()
			freed, err := s.Store.Recover(ctx, time.Now())
			s.recovered(freed, err)
			if len(freed) == 0 {
				continue
			}
			w.kick()
		case <-w.rescan:
			if s.Doors.Renewed() {
				// A new password may open a door.
				w.kick()
				wake(s.retries)
			}
			rests := s.rests(b, r)
			if !rests {
				// The machine may have slept, and the calendar's timer with it.
				s.Hint()
			}
			if zones.Refresh() {
				s.Log.Info("the zone data in use is newer from now on", "version", zones.Newest().Version)
				rests = false
			}
			if rests {
				continue
			}
		case <-w.changes:
			w.kick()
			wake(s.retries)
		case <-ctx.Done():
		case <-timer.C:
		case <-w.files:
		case <-w.delivered:
		case <-s.pokes:
		}
		return
	}
}

// rests reports whether there is nothing to do as yet. It looks at the clock: timers stand still while the machine
// sleeps.
func (s *Scheduler) rests(b *roster.Roster, r *Report) bool {
	return !s.Plans.Changed() && s.until(b, r) > soonest
}

// until returns how long nothing can fall due.
func (s *Scheduler) until(b *roster.Roster, r *Report) time.Duration {
	wait := 24 * time.Hour
	if !r.Again.IsZero() {
		wait = min(wait, r.Again.Sub(s.Now()))
	}
	if !b.Again.IsZero() {
		wait = min(wait, time.Until(b.Again))
	}
	if s.watches(b) {
		wait = min(wait, conversation.SearchAgain)
	}
	return max(wait, soonest)
}

// tell logs what the organizer should look at: each thing once, and before anything is done.
func (s *Scheduler) tell(ctx context.Context, b *roster.Roster, told map[string]bool) {
	once := func(key string, log func()) {
		if !told[key] {
			told[key] = true
			log()
		}
	}
	for _, p := range b.Problems {
		once(p.String(), func() {
			s.Log.Warn("a plan needs a look", "at", fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column),
				"problem", p.Text)
		})
	}
	for _, c := range b.Conversations {
		for _, e := range s.Finder.Clashes(ctx, c, b.Now) {
			once(fmt.Sprint("clash ", c.Ref(), e.Span), func() {
				s.Log.Warn("at the time of a talk there is something else in a calendar: "+c.How(ways.Move),
					"id", c.Ref(), "calendar", e.Source, "from", e.Start, "to", e.End)
			})
		}
	}
	for _, name := range s.Strays(b) {
		once("stray "+name, func() {
			s.Log.Warn("talks have their events in another "+s.CalendarOf("").Provider+
				" calendar than the one that is read; what happens to them there is not seen", "calendar", name)
		})
	}
	switch {
	case b.Doubt != "":
		once("doubt", func() {
			s.Log.Warn("nothing goes by itself until you have looked (" + s.How(ways.Approve, "") +
				") and let it go (" + s.How(ways.ApproveAll, "") + "): " + b.Doubt)
		})
	case b.Fresh:
		once("fresh", func() {
			s.Log.Warn("the state is new and there are plans: if you have moved or restored them, stop me and bring " +
				"the old state back")
		})
	}
	told["doubt"] = b.Doubt != ""
}

// tellGone logs whose plan file is gone, once it has been for a while: where a conversation is erased it goes first, and
// an editor may put another in its place. gone has since when each one is; zero where that was told.
func (s *Scheduler) tellGone(b *roster.Roster, gone map[string]time.Time, now time.Time) {
	for ref := range gone {
		if !slices.ContainsFunc(b.Gone, func(c *conversation.Conversation) bool { return c.Ref() == ref }) {
			delete(gone, ref)
		}
	}
	for _, c := range b.Gone {
		since, known := gone[c.Ref()]
		if !known {
			since = now
			gone[c.Ref()] = now
		}
		until := since.Add(still)
		switch {
		case since.IsZero():
		case until.After(now):
			if b.Again.IsZero() || until.Before(b.Again) {
				b.Again = until
			}
		default:
			gone[c.Ref()] = time.Time{}
			s.Log.Warn("a plan file is gone; nothing is cancelled by that", "id", c.Ref())
		}
	}
}

// Strays returns the calendars, by their names, that talks ahead have their events in, and that are not the one that is
// read: what happens to those events is not seen.
func (s *Scheduler) Strays(b *roster.Roster) []string {
	if s.Sync == nil {
		return nil
	}
	return s.Sync.Strays(b)
}
