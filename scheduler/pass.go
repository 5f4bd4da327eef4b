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
	"coalition/scheduler/nudge"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

// late is how long ago something may have fallen due and still go without being asked about.
const late = 24 * time.Hour

// A Report is what a pass has done.
type Report struct {
	// Decided are the messages that the pass has made; held ones included.
	Decided []*outbox.Message
	// Held says that the pass held its messages: they wait for [Store.Approve].
	Held bool
	// Doubt is why, where the state may not know of all that has left; see [roster.Roster].
	Doubt string
	// Unread and Apart are why the mailbox and the calendar could not be read; nil: they were, or there is none.
	Unread, Apart error
	// Failed counts conversations that could not be carried on; the log says why.
	Failed int
	// Beaten says that somebody else has decided or changed something at the same moment: another look is needed.
	Beaten bool
	// Again is when to look again, on the clock of conversations; zero: when something changes.
	Again time.Time
}

// A task is a conversation that a pass carries on: by a step that is due, or by what it only has to write down.
type task struct {
	c    *conversation.Conversation
	step conversation.Step
	due  bool
}

// Pass does what the daemon does: it takes in what the plans say anew, and decides what is due. A pass with more
// messages to partners than HoldOver, or with one that fell due more than a day ago, holds all of them: a mass edit, a
// restored or a long-stopped state must not flood people. So does one whose state may not know of all that has left.
func (s *Scheduler) Pass(ctx context.Context, b *roster.Roster) (*Report, error) {
	r := &Report{Doubt: b.Doubt, Held: b.Doubt != ""}
	s.search(ctx, b, b.Conversations...)
	tasks, due := s.survey(b, r)
	if s.floods(due, b) {
		tasks = slices.DeleteFunc(tasks, func(t task) bool { return t.due })
		r.Held = b.Doubt != ""
	}
	// Side by side: the words are made on all cores, and the commits share their syncs.
	made := make([]*conversation.Draft, len(tasks))
	var mu sync.Mutex
	var wg sync.WaitGroup
	atOnce := make(chan struct{}, 16)
	for i, t := range tasks {
		atOnce <- struct{}{}
		wg.Go(func() {
			defer func() { <-atOnce }()
			done := guard.Run(s.Log, "a pass", t.c.Ref(), func() {
				d, err := s.draft(t, b.Now, r)
				// What is new counts only where its plan has not been erased since.
				if err == nil && (t.due || t.c.Rev == 0) {
					made[i] = d
					return
				}
				if err == nil {
					err = s.Store.Commit(ctx, d)
				}
				mu.Lock()
				defer mu.Unlock()
				s.passed(r, t.c, d, err)
			})
			if !done {
				mu.Lock()
				defer mu.Unlock()
				r.Failed++
			}
		})
	}
	wg.Wait()
	s.commit(ctx, b, slices.DeleteFunc(made, func(d *conversation.Draft) bool { return d == nil }), r)
	if r.Beaten {
		r.Again = b.Now.Add(20 * time.Millisecond)
	}
	slices.SortFunc(r.Decided, func(a, b *outbox.Message) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Round, b.Round), cmp.Compare(a.Row, b.Row))
	})
	return r, ctx.Err()
}

// survey returns the conversations that are to be carried on, and how many of them have a step that is due. It sets
// Held, Failed and Again of r.
func (s *Scheduler) survey(b *roster.Roster, r *Report) (tasks []task, due int) {
	r.Again = nudge.NoteWeek(b, s.journals, s.Log)
	for _, c := range b.Conversations {
		var step conversation.Step
		if !guard.Run(s.Log, "a pass", c.Ref(), func() {
			if c.Planned() {
				c.Settle(b.Now)
			}
			nudge.Note(c, b.Now)
			step = roster.Next(c, b.Now)
		}) {
			r.Failed++
			continue
		}
		if step.IsDue(b.Now) {
			due++
			tasks = append(tasks, task{c, step, true})
			if due > s.HoldOver || !step.Due.IsZero() && b.Now.Sub(step.Due) > late {
				r.Held = true
			}
			continue
		}
		if c.Unstored() || c.NoticeDue(b.Now) {
			tasks = append(tasks, task{c, step, false})
		}
		for _, t := range []time.Time{step.Due, step.Again, c.NextNotice(), nudge.Again(c, b.Now)} {
			if t.After(b.Now) && (r.Again.IsZero() || t.Before(r.Again)) {
				r.Again = t
			}
		}
	}
	return tasks, due
}

// draft returns what a task would write, with its words; the messages of a step are held where r says so.
func (s *Scheduler) draft(t task, now time.Time, r *Report) (d *conversation.Draft, err error) {
	if t.due {
		d = t.c.Decide(t.step, now, false)
	} else {
		d = t.c.Record(now)
	}
	nudge.Write(t.c, d, now)
	if err := s.Compose.Write(d); err != nil || !t.due || !r.Held {
		return d, err
	}
	why := cmp.Or(r.Doubt, "many messages at once, or one that was due long ago")
	for _, m := range d.Messages {
		if m.Kind == outbox.Notice {
			continue
		}
		m.State = outbox.Held
		if r.Doubt != "" {
			m.Code, m.Error, m.Flagged = outbox.CodeDoubt, plaintext.Clip(plaintext.Line(why), 300), true
		}
	}
	d.Events = append(d.Events, t.c.Entry(now, "hold", "held: "+why))
	return d, nil
}

// commit writes all that is due in one transaction, and only where nobody has decided beside: of two passes over the
// same conversations each would see but a part of what the other has left.
func (s *Scheduler) commit(ctx context.Context, b *roster.Roster, made []*conversation.Draft, r *Report) {
	if len(made) == 0 {
		return
	}
	errs, err := s.Store.CommitAll(ctx, b.Slots, made)
	if err != nil && !errors.Is(err, conversation.ErrConflict) {
		s.Log.Error("what is due can't be written down; trying again in a minute", "messages", len(made), "error", err)
		r.Failed += len(made)
		r.Again = b.Now.Add(rescan)
		return
	}
	for i, d := range made {
		if errs != nil {
			err = errs[i]
		}
		s.passed(r, d.Conversation, d, err)
	}
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
	// Whoever writes without end keeps nothing else waiting.
	return time.Since(s.flood) < 12*still
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
		if c.Regained() && s.Mailbox != nil {
			// Whoever waits there begins anew.
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
