// Package rehearsal knows what a pass would do, since it has one done on a store that writes nothing. What is decided it
// leaves to scheduler; how it is told, to cmd.
package rehearsal

import (
	"context"
	"sync"
	"time"

	"coalition/scheduler"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

// A Forecast is a message that a pass would send or hold, or that is to follow later.
type Forecast struct {
	Conversation *conversation.Conversation
	// Message is [outbox.Queued] or [outbox.Held]; without bytes where it is still to be written.
	Message *outbox.Message
	// Due is when it is to go; zero: at once.
	Due time.Time
}

// Later reports whether the message is still to be decided on, by another pass.
func (f *Forecast) Later() bool { return f.Message.Row == 0 && f.Message.Data == nil }

// Of returns what one pass of s would do with b: first the messages that go or are held at once, then those that are to
// follow by themselves. b is of no more use.
func Of(ctx context.Context, s *scheduler.Scheduler, b *roster.Roster) ([]Forecast, error) {
	dry := &dryStore{Store: s.Store, drafted: make(map[*conversation.Conversation][]*outbox.Message),
		dropped: make(map[*outbox.Message]bool), held: make(map[int64]bool)}
	s.Store = dry
	defer func() { s.Store = dry.Store }()
	// What was there before.
	waiting := make(map[*outbox.Message]bool)
	for _, c := range b.Conversations {
		for _, m := range c.Messages {
			waiting[m] = c.Pending(m, b.Now)
		}
	}
	if _, err := s.HoldStale(ctx, b); err != nil {
		return nil, err
	}
	st, err := s.Store.Standing(ctx)
	if err != nil {
		return nil, err
	}
	if b.Doubt != "" && st.Doubt == "" {
		// A pass would begin with that.
		for m, waits := range waiting {
			dry.held[m.Row] = dry.held[m.Row] || waits && m.State == outbox.Queued
		}
	}
	var later []Forecast
	for _, c := range b.Conversations {
		step := roster.Next(c, b.Now)
		if step.Kind != "" && !step.IsDue(b.Now) {
			m := c.Message(step.Kind, step.Due)
			m.Changed = b.Now
			later = append(later, Forecast{c, m, step.Due})
		}
	}
	if _, err := s.Pass(ctx, b); err != nil {
		return nil, err
	}
	return append(dry.now(b, waiting), later...), nil
}

// A dryStore only reads, and keeps in mind what would have been written.
type dryStore struct {
	scheduler.Store
	mu      sync.Mutex
	drafted map[*conversation.Conversation][]*outbox.Message
	dropped map[*outbox.Message]bool
	// held are messages by their rows.
	held map[int64]bool
}

// now returns what would go or be held at once, of what was waiting before and of what would have been written.
func (r *dryStore) now(b *roster.Roster, waiting map[*outbox.Message]bool) (list []Forecast) {
	for _, c := range b.Conversations {
		for _, m := range c.Messages {
			if !waiting[m] || r.dropped[m] || m.State == outbox.Unclear && m.Stuck() {
				continue
			}
			due := time.Time{}
			if r.held[m.Row] {
				m.State = outbox.Held
			} else if m.State != outbox.Held && m.NotBefore.After(time.Now()) {
				due = b.Now.Add(time.Until(m.NotBefore))
			}
			list = append(list, Forecast{c, m, due})
		}
		for _, m := range r.drafted[c] {
			list = append(list, Forecast{c, m, time.Time{}})
		}
	}
	return list
}

// Commit implements [scheduler.Store].
func (r *dryStore) Commit(_ context.Context, d *conversation.Draft) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drafted[d.Conversation] = append(r.drafted[d.Conversation], d.Messages...)
	for m := range d.Drop {
		r.dropped[m] = true
	}
	return nil
}

// CommitAll implements [scheduler.Store].
func (r *dryStore) CommitAll(ctx context.Context, _ int64, drafts []*conversation.Draft) ([]error, error) {
	errs := make([]error, len(drafts))
	for i, d := range drafts {
		errs[i] = r.Commit(ctx, d)
	}
	return errs, nil
}

// Hold implements [scheduler.Store].
func (r *dryStore) Hold(_ context.Context, rows []int64) error {
	for _, row := range rows {
		r.held[row] = true
	}
	return nil
}
