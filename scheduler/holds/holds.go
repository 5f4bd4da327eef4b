// Package holds knows which times stand in the organizer's online calendar, tentative, because they are offered and not
// answered yet: see [Holds]. When a time is that it leaves to conversation and roster, its words to compose, and how it
// stands there to whoever implements [Calendar].
package holds

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/guard"
	"coalition/scheduler/organizer"
	"coalition/scheduler/roster"
)

// A Calendar is one in which times can be held.
type Calendar interface {
	// Name is that of the calendar; "": it is not known, as before a sign-in.
	Name() string
	// Hold has exactly these times of the owner, an address, stand in the calendar of that name ("": this one), and
	// reports whether it had to change anything. It may be called again however it ended, also by several at once. What
	// somebody has deleted in the calendar does not come back.
	Hold(ctx context.Context, in, owner string, holds []invites.Hold) (wrote bool, err error)
}

// A Store is where it is written down in which calendars holds may stand.
type Store interface {
	Cursor(ctx context.Context, name string) (at string, err error)
	SetCursor(ctx context.Context, c conversation.Cursor) error
}

// Holds keeps the holds of one organizer. No step of theirs is written down: what should stand follows from the
// conversations, what stands says the calendar, and the difference is written, however often. So nothing is left behind
// by a crash, nor by another process that has carried on meanwhile; only in which calendars to look is kept in the
// store, before anything is held there, and also while times are not held any more.
type Holds struct {
	*organizer.Settings
	// On says that times are to be held; else those that stand are taken out.
	On       bool
	Calendar Calendar
	Store    Store
	// Recall reads the conversations as they are stored.
	Recall func(ctx context.Context) (*roster.Roster, error)
	// Title is that of the holds of a conversation, one line.
	Title func(c *conversation.Conversation) (string, error)
	Log   *slog.Logger

	mu sync.Mutex
	// stood tells where what was to stand when a calendar was looked at last, and seen when that was, in real time.
	stood string
	seen  time.Time
}

const (
	// LookAgain is how long a calendar in which nothing is to change is believed to be as it was: another process may
	// have ended before it could put right what it had written for a conversation that others have carried on.
	LookAgain = time.Hour
	// cursor is the name under which the places are stored.
	cursor = "holds"
	// manyRounds is for conversations that others carry on at the same time.
	manyRounds = 10
)

// Keep has those times stand that are offered now. next is when the first of them begins, and is over; zero: there is
// none. Where nothing is to be held, and nothing was, no calendar is asked.
func (h *Holds) Keep(ctx context.Context) (next time.Time, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for range manyRounds {
		at, err := h.Store.Cursor(ctx, cursor)
		if err != nil {
			return time.Time{}, err
		}
		var wanted []invites.Hold
		if h.On {
			b, err := h.Recall(ctx)
			if err != nil {
				return time.Time{}, err
			}
			wanted = h.wanted(b)
		}
		// Whoever has written looks again: what it went by may be past.
		wrote, err := h.settle(ctx, at, wanted)
		if err != nil || !wrote {
			return firstOf(wanted), err
		}
	}
	return time.Time{}, errors.New("conversations are carried on all the time")
}

// firstOf returns when the first of some holds begins.
func firstOf(holds []invites.Hold) (start time.Time) {
	for _, h := range holds {
		if start.IsZero() || h.Start.Before(start) {
			start = h.Start
		}
	}
	return start
}

// wanted are the holds of all times that are offered, are not answered yet, and can still be taken.
func (h *Holds) wanted(b *roster.Roster) (list []invites.Hold) {
	for _, c := range b.Conversations {
		guard.Run(h.Log, "holding times", c.Ref(), func() {
			for _, slot := range c.Unanswered(b.Now) {
				start := slot.Time().UTC()
				if len(b.Overlaps(start, c.Length(), c)) == 0 {
					list = append(list, h.hold(c, start, slot.Zone))
				}
			}
		})
	}
	return list
}

func (h *Holds) hold(c *conversation.Conversation, start time.Time, zone string) invites.Hold {
	title, err := h.Title(c)
	if err != nil {
		// It is told when templates are checked.
		title = c.Plan.With.Name
	}
	span := invites.Span{Start: start, End: start.Add(c.Length())}
	hold := invites.Hold{Ref: c.EventRef().String(), Span: span, Zone: zone, Title: title}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %q %d %d %q", h.owner(), hold.Ref, start.Unix(), hold.End.Unix(), title))
	hold.Key = invites.EventID([16]byte(sum[:16]))
	return hold
}

func (h *Holds) owner() string { return strings.ToLower(h.Organizer.Email) }

// settle has exactly what is wanted stand. at has, a line each, for whom and in which calendars holds may stand.
func (h *Holds) settle(ctx context.Context, at string, wanted []invites.Hold) (wrote bool, err error) {
	places := strings.FieldsFunc(at, func(r rune) bool { return r == '\n' })
	unknown := h.owner() + " "
	here := unknown + h.Calendar.Name()
	if i := slices.Index(places, unknown); i >= 0 {
		// Only now it is known which calendar that was.
		places[i] = here
	}
	if h.On && !slices.Contains(places, here) {
		places = append(places, here)
	}
	if fmt.Sprint(places, wanted) == h.stood && time.Since(h.seen) < LookAgain {
		return false, nil
	}
	before := strings.Join(places, "\n")
	if err := h.note(ctx, at, before); err != nil {
		return false, err
	}
	var kept []string
	for _, p := range places {
		owner, in, _ := strings.Cut(p, " ")
		var holds []invites.Hold
		if p == here {
			holds = wanted
		}
		did, fault := h.Calendar.Hold(ctx, in, owner, holds)
		wrote = wrote || did
		switch {
		case fault != nil && p != here && final(fault):
			h.Log.Warn("times may still be held in a calendar that can't be changed any more; please look there",
				"calendar", in, "error", fault)
		case fault != nil:
			err, kept = errors.Join(err, fault), append(kept, p)
		case p == here && h.On:
			kept = append(kept, p)
		}
	}
	if err = errors.Join(err, h.note(ctx, before, strings.Join(kept, "\n"))); err == nil {
		h.stood, h.seen = fmt.Sprint(kept, wanted), time.Now()
	}
	return wrote, err
}

func final(err error) bool {
	var fault *invites.DeliveryError
	return errors.As(err, &fault) && fault.Final
}

// note writes down where holds may stand, which was before, where that is something else.
func (h *Holds) note(ctx context.Context, before, at string) error {
	if at == before {
		return nil
	}
	return h.Store.SetCursor(ctx, conversation.Cursor{Name: cursor, At: at})
}
