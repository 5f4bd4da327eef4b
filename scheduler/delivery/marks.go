package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan/folder"
)

// A MarkStore keeps what a state knows of itself.
type MarkStore interface {
	// Standing returns what the state knows of itself. Dot counts one more message as sent, and gives it the number;
	// Commit counts those that come in as accepted.
	Standing(ctx context.Context) (outbox.Standing, error)
	// Distrust begins a doubt: all messages that wait are held, why is their Error, and until Trust none is claimed
	// that nobody has approved. They are flagged: they may have gone before.
	Distrust(ctx context.Context, d outbox.Doubt, why string) error
	// Trust ends a doubt: the state has sent at least that many messages, and is no copy any more. Where no more than
	// release are held because of it, those go.
	Trust(ctx context.Context, sent int64, release int) error
}

// weigh returns the doubt, "" for none, of a state that is held against the marker beside the plans; m is nil where
// there is none.
func weigh(st outbox.Standing, m *folder.Marker, unreadable error) outbox.Doubt {
	switch {
	case unreadable != nil:
		return outbox.DoubtMarker
	case m == nil && st.Copied.IsZero(), m == nil && st.Doubt != "" && st.Doubt != outbox.DoubtCopied:
		// As on a first run, or taken away since.
		return ""
	case st.Doubt != "":
		// Until somebody has approved.
		return st.Doubt
	case m == nil:
		return outbox.DoubtCopied
	case m.State != st.ID && st.Sent == 0:
		return outbox.DoubtNew
	case m.State != st.ID:
		return outbox.DoubtOther
	case m.Messages > st.Sent:
		return outbox.DoubtOlder
	case m.Messages < st.Sent && !st.Copied.IsZero():
		// It was brought back as well, from longer ago.
		return outbox.DoubtCopied
	}
	return ""
}

// doubtText says what a state in doubt does not know of, after "this state".
func doubtText(d outbox.Doubt, st outbox.Standing, m *folder.Marker, path string) string {
	before := int64(0)
	if m != nil {
		before = m.Messages
	}
	switch {
	case d == outbox.DoubtNew:
		return "this state is new, and " + have(before) + " gone for these plans before, as " + path + " says"
	case d == outbox.DoubtOther:
		return "it was another state that has carried on these plans: " + have(before) + " gone from that, as " + path +
			" says"
	case d == outbox.DoubtOlder && before > st.Sent:
		return "this state is older than what has been done with these plans: " + have(before-st.Sent) +
			" gone that it does not know of, as " + path + " says"
	case d == outbox.DoubtOlder:
		return "this state is older than what had been done with these plans"
	case d == outbox.DoubtCopied:
		return "this state was brought back from a backup of " + st.Copied.UTC().Format("2006-01-02 15:04") +
			" UTC, and nothing says what has gone since"
	case d == outbox.DoubtMarker:
		return "whether this state knows of all that has gone is not known: " + path + " can't be read"
	}
	return ""
}

// have counts messages, with their verb.
func have(n int64) string {
	if n == 1 {
		return "1 message has"
	}
	return fmt.Sprintf("%d messages have", n)
}

// Marks knows whether the state may not know of all that has left for the plans, by the marker beside them, and keeps
// that marker.
type Marks struct {
	*organizer.Settings
	Plans *folder.Folder
	Store MarkStore
	Log   *slog.Logger

	// Unmarked is why the marker can't be written; nil: it can, or nobody has tried.
	Unmarked error

	mu sync.Mutex
	// standing is the state's, as it was seen last; nil: it has to be looked at.
	standing *outbox.Standing
	// marked is what the marker counts at least.
	marked atomic.Int64
	// synced is when the marker was brought to the disk last; zero: it has not changed since.
	synced time.Time
}

// Doubt reports whether the state may not know of all that has left, and why, in words. Nothing is written.
func (marks *Marks) Doubt(ctx context.Context) (st outbox.Standing, d outbox.Doubt, text string, err error) {
	// The marker comes first: what leaves between the two is counted by the state before it is marked, and would look
	// like something that the state does not know of.
	m, unreadable := marks.Plans.Marker()
	if st, err = marks.Store.Standing(ctx); err != nil {
		return st, "", "", err
	}
	d = weigh(st, m, unreadable)
	return st, d, doubtText(d, st, m, marks.Plans.MarkerPath()), nil
}

// Check looks whether the state may not know of all that has left for the plans; then all that waits is held, and stays
// so until [Marks.Vouch]. It is called before anything is sent.
func (marks *Marks) Check(ctx context.Context) error {
	st, d, text, err := marks.Doubt(ctx)
	marks.mu.Lock()
	marks.standing = nil
	marks.mu.Unlock()
	switch {
	case err != nil:
		return err
	case d != st.Doubt && d != "":
		return marks.Store.Distrust(ctx, d, text)
	case d != st.Doubt:
		// The marker was taken away: what was held goes as it would have on a first run.
		return marks.Store.Trust(ctx, 0, marks.HoldOver)
	case d == "" && !st.Copied.IsZero():
		// Nothing has left since it was copied.
		err = marks.Store.Trust(ctx, 0, 0)
	}
	if err == nil && d == "" && st.Sent > 0 {
		marks.mark(ctx, st.Sent)
		marks.sync()
	}
	return err
}

// Vouch ends a doubt by the organizer's word: from now on this state is the one that counts.
func (marks *Marks) Vouch(ctx context.Context) error {
	marks.mu.Lock()
	defer marks.mu.Unlock()
	st, d, _, err := marks.Doubt(ctx)
	if err != nil || d == "" {
		return err
	}
	m, _ := marks.Plans.Marker()
	sent := st.Sent
	if m != nil {
		sent = max(sent, m.Messages)
	}
	if err := marks.Store.Trust(ctx, sent, 0); err != nil {
		return err
	}
	marks.change(func(old *folder.Marker) *folder.Marker {
		if old != nil {
			sent = max(sent, old.Messages)
		}
		return &folder.Marker{State: st.ID, Messages: sent}
	})
	marks.standing = nil
	return nil
}

// Mark lets the marker beside the plans know of what is about to leave. Where it can't be written, that is said once,
// and all goes on.
func (marks *Marks) Mark(ctx context.Context) {
	marks.mark(ctx, 0)
	marks.sync()
}

// mark is Mark for a message that is about to be the count-th one to leave; 0: it is not known which.
func (marks *Marks) mark(ctx context.Context, count int64) {
	if count > 0 && count <= marks.marked.Load() {
		// Those that leave at the same moment are counted together.
		return
	}
	marks.mu.Lock()
	defer marks.mu.Unlock()
	if count > 0 && count <= marks.marked.Load() {
		return
	}
	st := marks.standing
	if count == 0 || st == nil || st.Doubt != "" {
		// Another process may have ended the doubt.
		now, err := marks.Store.Standing(ctx)
		if err != nil {
			marks.fail(err)
			return
		}
		st, marks.standing = &now, &now
		count = max(count, now.Sent)
	}
	marks.change(func(old *folder.Marker) *folder.Marker {
		switch {
		case st.Doubt == outbox.DoubtMarker:
			return nil
		case old != nil && (st.Doubt != "" || old.State != st.ID):
			// Who is right will turn out; one more has left.
			return &folder.Marker{State: old.State, Messages: old.Messages + 1}
		case old != nil:
			count = max(count, old.Messages)
		}
		return &folder.Marker{State: st.ID, Messages: count}
	})
	if st.Doubt == "" {
		marks.marked.Store(count)
	}
}

// change changes the marker. Whoever looks sees that at once; on the disk it is within a moment: were the power cut
// before, the state would still know what has left.
func (marks *Marks) change(to func(old *folder.Marker) *folder.Marker) {
	const within = 200 * time.Millisecond
	now := time.Now()
	if marks.synced.IsZero() {
		marks.synced = now
	}
	sync := now.Sub(marks.synced) >= within
	if sync {
		marks.synced = now
	}
	if err := marks.Plans.SetMarker(sync, to); err != nil {
		marks.fail(err)
	}
}

// sync brings the marker to the disk, where that is still to be done.
func (marks *Marks) sync() {
	marks.mu.Lock()
	defer marks.mu.Unlock()
	if marks.synced.IsZero() {
		return
	}
	marks.synced = time.Time{}
	if err := marks.Plans.SyncMarker(); err != nil {
		marks.fail(err)
	}
}

// fail says once that the marker can't be written.
func (marks *Marks) fail(err error) {
	if marks.Unmarked == nil {
		marks.Unmarked = err
		marks.Log.Warn("the marker beside the plans can't be written: if this state is lost, or an older one brought back, "+
			"that will not be noticed", "error", err)
	}
}
