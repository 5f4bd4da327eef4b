package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// weigh holds a state against the marker beside the plans.
func weigh(st outbox.Standing, m *plan.Marker, unreadable error) outbox.Doubt {
	switch {
	case unreadable != nil:
		return outbox.DoubtMarker
	case m == nil && st.Copied.IsZero(), m == nil && st.Doubt != "" && st.Doubt != outbox.DoubtCopied: // as on a first run, or taken away since
		return ""
	case st.Doubt != "": // until somebody has approved
		return st.Doubt
	case m == nil:
		return outbox.DoubtCopied
	case m.State != st.ID && st.Sent == 0:
		return outbox.DoubtNew
	case m.State != st.ID:
		return outbox.DoubtOther
	case m.Messages > st.Sent:
		return outbox.DoubtOlder
	case m.Messages < st.Sent && !st.Copied.IsZero(): // it was brought back as well, from longer ago
		return outbox.DoubtCopied
	}
	return ""
}

// doubtText says what a state in doubt does not know of, after "this state".
func doubtText(d outbox.Doubt, st outbox.Standing, m *plan.Marker, path string) string {
	before := int64(0)
	if m != nil {
		before = m.Messages
	}
	switch d {
	case outbox.DoubtNew:
		return fmt.Sprintf("this state is new, and %s gone for these plans before, as %s says", have(before), path)
	case outbox.DoubtOther:
		return fmt.Sprintf("it was another state that has carried on these plans: %s gone from that, as %s says", have(before), path)
	case outbox.DoubtOlder:
		if before > st.Sent {
			return fmt.Sprintf("this state is older than what has been done with these plans: %s gone that it does not know of, as %s says", have(before-st.Sent), path)
		}
		return "this state is older than what had been done with these plans"
	case outbox.DoubtCopied:
		return "this state was brought back from a backup of " + st.Copied.UTC().Format("2006-01-02 15:04") + " UTC, and nothing says what has gone since"
	case outbox.DoubtMarker:
		return "whether this state knows of all that has gone is not known: " + path + " can't be read"
	}
	return ""
}

func have(n int64) string {
	if n == 1 {
		return "1 message has"
	}
	return fmt.Sprintf("%d messages have", n)
}

// Marks knows whether the state may not know of all that has left for the plans, by the marker beside them.
type Marks struct {
	*conversation.Settings
	Plans *plan.Folder
	Store MarkStore
	Log   *slog.Logger

	// Unmarked is why the marker can't be written; nil: it can, or nobody has tried.
	Unmarked error

	mu       sync.Mutex
	standing *outbox.Standing // as it was seen last; nil: it has to be looked at
	marked   atomic.Int64     // what the marker counts at least
	synced   time.Time        // when the marker was brought to the disk last; zero: it has not changed since
}

// Doubted is whether the state may not know of all that has left, and why, in words. Nothing is written.
func (s *Marks) Doubted(ctx context.Context) (st outbox.Standing, d outbox.Doubt, text string, err error) {
	if st, err = s.Store.Standing(ctx); err != nil {
		return st, "", "", err
	}
	m, unreadable := s.Plans.Marker()
	d = weigh(st, m, unreadable)
	return st, d, doubtText(d, st, m, s.Plans.MarkerPath()), nil
}

// Stand looks whether the state may not know of all that has left for the plans; then all that waits is
// held, and stays so until [scheduler.Scheduler.Vouch]. It is called before anything is sent.
func (s *Marks) Stand(ctx context.Context) error {
	st, d, text, err := s.Doubted(ctx)
	s.mu.Lock()
	s.standing = nil
	s.mu.Unlock()
	switch {
	case err != nil:
		return err
	case d != st.Doubt && d != "":
		return s.Store.Distrust(ctx, d, text)
	case d != st.Doubt: // the marker was taken away: what was held goes as it would have on a first run
		return s.Store.Trust(ctx, 0, s.HoldOver)
	case d == "" && !st.Copied.IsZero(): // nothing has left since it was copied
		err = s.Store.Trust(ctx, 0, 0)
	}
	if err == nil && d == "" && st.Sent > 0 {
		s.marks(ctx, st.Sent)
		s.keepMarks()
	}
	return err
}

// Vouch ends a doubt by the organizer's word: from now on this state is the one that counts.
func (s *Marks) Vouch(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, d, _, err := s.Doubted(ctx)
	if err != nil || d == "" {
		return err
	}
	m, _ := s.Plans.Marker()
	sent := st.Sent
	if m != nil {
		sent = max(sent, m.Messages)
	}
	if err := s.Store.Trust(ctx, sent, 0); err != nil {
		return err
	}
	s.mark(func(old *plan.Marker) *plan.Marker {
		if old != nil {
			sent = max(sent, old.Messages)
		}
		return &plan.Marker{State: st.ID, Messages: sent}
	})
	s.standing = nil
	return nil
}

// Mark lets the marker beside the plans know of what is about to leave. Where it can't be written, that
// is said once, and all goes on.
func (s *Marks) Mark(ctx context.Context) {
	s.marks(ctx, 0)
	s.keepMarks()
}

// marks is Mark for a message that is about to be the count-th one to leave; 0: it is not known which.
func (s *Marks) marks(ctx context.Context, count int64) {
	if count > 0 && count <= s.marked.Load() {
		return // those that leave at the same moment are counted together
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if count > 0 && count <= s.marked.Load() {
		return
	}
	st := s.standing
	if count == 0 || st == nil || st.Doubt != "" { // which another process may have ended
		now, err := s.Store.Standing(ctx)
		if err != nil {
			s.unmarked(err)
			return
		}
		st, s.standing = &now, &now
		count = max(count, now.Sent)
	}
	s.mark(func(old *plan.Marker) *plan.Marker {
		switch {
		case st.Doubt == outbox.DoubtMarker:
			return nil
		case old != nil && (st.Doubt != "" || old.State != st.ID): // who is right will turn out; one more has left
			return &plan.Marker{State: old.State, Messages: old.Messages + 1}
		case old != nil:
			count = max(count, old.Messages)
		}
		return &plan.Marker{State: st.ID, Messages: count}
	})
	if st.Doubt == "" {
		s.marked.Store(count)
	}
}

// mark changes the marker. Whoever looks sees that at once; on the disk it is within a moment: were the
// power cut before, the state would still know what has left.
func (s *Marks) mark(change func(old *plan.Marker) *plan.Marker) {
	const within = 200 * time.Millisecond
	now := time.Now()
	if s.synced.IsZero() {
		s.synced = now
	}
	sync := now.Sub(s.synced) >= within
	if sync {
		s.synced = now
	}
	if err := s.Plans.SetMarker(sync, change); err != nil {
		s.unmarked(err)
	}
}

// keepMarks brings the marker to the disk, where that is still to be done.
func (s *Marks) keepMarks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.synced.IsZero() {
		return
	}
	s.synced = time.Time{}
	if err := s.Plans.SyncMarker(); err != nil {
		s.unmarked(err)
	}
}

// unmarked says once that the marker can't be written.
func (s *Marks) unmarked(err error) {
	if s.Unmarked == nil {
		s.Unmarked = err
		s.Log.Warn("the marker beside the plans can't be written: if this state is lost, or an older one brought back, that will not be noticed", "error", err)
	}
}
