package scheduler

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"coalition/invites/plaintext"
	"coalition/scheduler/conversation"
	"coalition/scheduler/guard"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

// late is how long ago something may have fallen due and still go without being asked about.
const late = 24 * time.Hour

// A Report is what a pass has done.
type Report struct {
	Decided []*outbox.Message // by the pass; held ones included
	Held    bool              // the pass held its messages: they wait for [Scheduler.Approve]
	Doubt   string            // why, where the state may not know of all that has left; see [roster.Roster]
	Unread  error             // why the mailbox could not be read; nil: it was, or there is none
	Apart   error             // why the calendar could not be read; nil: it was, or there is none
	Failed  int               // conversations that could not be carried on; the log says why
	Beaten  bool              // somebody else has decided or changed something at the same moment: another look is needed
	Again   time.Time         // on the clock of conversations: when to look again; zero: when something changes
}

// Pass does what the daemon does: it takes in what the plans say anew, and decides what is due. A
// pass with more messages to partners than HoldOver, or with one that fell due more than a day ago,
// holds all of them: a mass edit, a restored or a long-stopped state must not flood people. So does one
// whose state may not know of all that has left.
func (s *Scheduler) Pass(ctx context.Context, b *roster.Roster) (*Report, error) {
	type task struct {
		c    *conversation.Conversation
		step conversation.Step
	}
	var due, changed []task
	r := &Report{Doubt: b.Doubt, Held: b.Doubt != ""}
	for _, c := range b.Conversations {
		var step conversation.Step
		if !guard.Run(s.Log, "a pass", c.Ref(), func() {
			if c.Planned() {
				c.Settle(b.Now)
			}
			c.NoteClocks(b.Now)
			step = roster.Next(c, b.Now)
		}) {
			r.Failed++
			continue
		}
		switch {
		case step.IsDue(b.Now):
			due = append(due, task{c, step})
			if len(due) > s.HoldOver || !step.Due.IsZero() && b.Now.Sub(step.Due) > late {
				r.Held = true
			}
			continue
		case c.Unstored(), c.NoticeDue(b.Now):
			changed = append(changed, task{c, step})
		}
		for _, t := range []time.Time{step.Due, step.Again, c.NextNotice()} {
			if t.After(b.Now) && (r.Again.IsZero() || t.Before(r.Again)) {
				r.Again = t
			}
		}
	}
	if s.floods(len(due), b) {
		due, r.Held = nil, b.Doubt != ""
	}
	// Side by side: the words are made on all cores, and the commits share their syncs.
	made := make([]*conversation.Draft, len(due))
	var mu sync.Mutex
	carryOn := func(t task, i int) {
		var d *conversation.Draft
		if i >= 0 {
			d = t.c.Decide(t.step, b.Now, false)
		} else {
			d = t.c.Record(b.Now)
		}
		t.c.Notify(d, b.Now)
		err := s.Compose.Write(d)
		if err == nil {
			if r.Held && i >= 0 {
				why := "many messages at once, or one that was due long ago"
				for _, m := range d.Messages {
					if m.Kind == outbox.Notice {
						continue
					}
					if m.State = outbox.Held; r.Doubt != "" {
						why = r.Doubt
						m.Code, m.Error, m.Flagged = outbox.CodeDoubt, plaintext.Clip(plaintext.Line(why), 300), true
					}
				}
				d.Events = append(d.Events, t.c.Entry(b.Now, "hold", "held: "+why))
			}
			if i >= 0 {
				made[i] = d
				return
			}
			err = s.Store.Commit(ctx, d)
		}
		mu.Lock()
		defer mu.Unlock()
		s.passed(r, t.c, d, err)
	}
	var wg sync.WaitGroup
	work := make(chan func())
	for range min(16, len(due)+len(changed)) {
		wg.Go(func() {
			for do := range work {
				do()
			}
		})
	}
	guarded := func(t task, i int) {
		if !guard.Run(s.Log, "a pass", t.c.Ref(), func() { carryOn(t, i) }) {
			mu.Lock()
			defer mu.Unlock()
			r.Failed++
		}
	}
	for _, t := range changed {
		work <- func() { guarded(t, -1) }
	}
	for i, t := range due {
		work <- func() { guarded(t, i) }
	}
	close(work)
	wg.Wait()
	// All that is due in one transaction, and only where nobody has decided beside: of two passes over the
	// same conversations each would see but a part of what the other has left.
	if made = slices.DeleteFunc(made, func(d *conversation.Draft) bool { return d == nil }); len(made) > 0 {
		errs, err := s.Store.CommitAll(ctx, b.Slots, made)
		if err != nil && !errors.Is(err, conversation.ErrConflict) {
			s.Log.Error("what is due can't be written down; trying again in a minute", "messages", len(made), "error", err)
			r.Failed += len(made)
			r.Again, made = b.Now.Add(rescan), nil
		}
		for i, d := range made {
			if errs != nil {
				err = errs[i]
			}
			s.passed(r, d.Conversation, d, err)
		}
	}
	if r.Beaten {
		r.Again = b.Now.Add(20 * time.Millisecond)
	}
	slices.SortFunc(r.Decided, func(a, b *outbox.Message) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Round, b.Round), cmp.Compare(a.Row, b.Row))
	})
	return r, ctx.Err()
}

// floods reports whether to wait for plan files that are just being written, since with them there would be more
// messages than may go at once. They become still one by one: each pass alone would see but a few.
func (s *Scheduler) floods(due int, b *roster.Roster) bool {
	if due == 0 || b.Writing == 0 || due+b.Writing <= s.HoldOver {
		s.flood = time.Time{}
		return false
	}
	if s.flood.IsZero() {
		s.flood = time.Now()
	}
	return time.Since(s.flood) < 12*still // whoever writes without end keeps nothing else waiting
}

// passed takes into r what has become of the draft of c.
func (s *Scheduler) passed(r *Report, c *conversation.Conversation, d *conversation.Draft, err error) {
	switch {
	case errors.Is(err, conversation.ErrConflict):
		r.Beaten = true
	case err != nil:
		r.Failed++
		s.Log.Error("a conversation can't be carried on", "id", c.Ref(), "error", err)
	default:
		r.Decided = append(r.Decided, d.Messages...)
		if c.Regained() && s.Mailbox != nil { // whoever waits there begins anew
			s.Mailbox.Close()
		}
	}
}

// HoldStale holds what has waited in the outbox for more than a day without anybody's yes to it: it
// is called when a daemon starts, which may have been stopped, or given an old state, since.
func (s *Scheduler) HoldStale(ctx context.Context, b *roster.Roster) (held int, err error) {
	var rows []int64
	for _, c := range b.Conversations {
		for _, m := range c.Messages {
			if m.State == outbox.Queued && !m.Approved && b.Now.Sub(m.Due) > late {
				rows = append(rows, m.Row)
			}
		}
	}
	if len(rows) == 0 {
		return 0, nil
	}
	return len(rows), s.Store.Hold(ctx, rows)
}
