package slots

import (
	"cmp"
	"slices"
	"time"

	"coalition/invites"
)

// A Result is what a [Query] finds. Its times are in UTC.
type Result struct {
	// Free are the longest spans within which a talk may lie at any time, in order.
	Free []invites.Span
	// Offered are the times to offer, best first.
	Offered []Choice

	query *Query
}

// A Day is one of the organizer's calendar, from midnight to midnight.
type Day struct {
	invites.Span
	// Free are the spans of [Result.Free] on this day.
	Free []invites.Span
	// Blocked are the parts of the day in which the talk can't be, in order; they may overlap.
	Blocked []Blocked
}

// Find finds the free spans and the times to offer.
func (q *Query) Find() *Result {
	cuts := q.cuts(q.Window)
	r := &Result{Free: q.free(q.Window, cuts), query: q}
	if q.Stale || !slices.ContainsFunc(q.Busy, func(f invites.FreeBusy) bool { return f.State == invites.FailedBusy }) {
		r.Offered = q.choose(r.Free, cuts)
	}
	return r
}

// A cut is time that is blocked, with what it reaches, in nanoseconds as of [time.Time.UnixNano]: ten thousand of
// these are put in order much sooner than as many [Blocked].
type cut struct {
	from, to int64
	// busy says that it is an event or a talk.
	busy bool
}

// cuts are all that is blocked in a span of time, in order and within it.
func (q *Query) cuts(over invites.Span) (list []cut) {
	q.blocked(over, func(b Blocked) {
		part := b.Reach().Within(over)
		list = append(list, cut{part.Start.UnixNano(), part.End.UnixNano(), b.Why == Busy || b.Why == Offered})
	})
	slices.SortFunc(list, func(a, b cut) int { return cmp.Compare(a.from, b.from) })
	return list
}

// free are the spans of a time in which nothing is blocked, where the talk fits into them.
func (q *Query) free(over invites.Span, cuts []cut) (list []invites.Span) {
	start := over.Start.UnixNano()
	open := func(end int64) {
		if end-start >= int64(q.Length) {
			list = append(list, invites.Span{Start: time.Unix(0, start).UTC(), End: time.Unix(0, end).UTC()})
		}
	}
	for _, c := range cuts {
		open(c.from)
		start = max(start, c.to)
	}
	open(over.End.UnixNano())
	return list
}

// Days tells what is free and what is blocked on each day of the organizer's calendar in the window, in order.
func (r *Result) Days() []Day {
	q := r.query
	var list []Day
	for _, d := range days(q.Window, q.Organizer.Zone) {
		list = append(list, Day{Span: d.Within(q.Window)})
	}
	// on calls take for each day that has a part of the span, and tells it which.
	on := func(s invites.Span, take func(d *Day, part invites.Span)) {
		first, _ := slices.BinarySearchFunc(list, s.Start, func(d Day, t time.Time) int {
			if d.End.After(t) {
				return 0
			}
			return -1
		})
		for i := first; i < len(list) && list[i].Start.Before(s.End); i++ {
			take(&list[i], s.Within(list[i].Span))
		}
	}
	for _, s := range r.Free {
		on(s, func(d *Day, part invites.Span) { d.Free = append(d.Free, part) })
	}
	q.blocked(q.Window, func(b Blocked) {
		on(b.Span, func(d *Day, part invites.Span) {
			if part.Start.Before(part.End) {
				b.Span = invites.Span{Start: part.Start.UTC(), End: part.End.UTC()}
				d.Blocked = append(d.Blocked, b)
			}
		})
	})
	for i := range list {
		list[i].Blocked = tidy(list[i].Blocked)
	}
	return list
}

// tidy puts what is blocked in order, and makes one of what blocks both at the same time for the same reason.
func tidy(list []Blocked) []Blocked {
	slices.SortFunc(list, func(a, b Blocked) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), cmp.Compare(a.Why, b.Why),
			cmp.Compare(a.Source, b.Source), cmp.Compare(a.Who, b.Who), cmp.Compare(a.Title, b.Title))
	})
	kept := list[:0]
	for _, b := range list {
		if last := len(kept) - 1; last >= 0 && b.Who == Partner && kept[last].Who == Organizer && b.Why == kept[last].Why &&
			b.Source == kept[last].Source && b.Start.Equal(kept[last].Start) && b.End.Equal(kept[last].End) {
			kept[last].Who = Both
			continue
		}
		kept = append(kept, b)
	}
	return kept
}

// Breaks tells what stands in the way of a talk that begins then, in order of time; nothing does where it is free. The
// start need not lie on a step, nor in the window.
func (q *Query) Breaks(start time.Time) []Blocked {
	talk := invites.Span{Start: start, End: start.Add(q.Length)}
	var list []Blocked
	q.blocked(talk, func(b Blocked) {
		// Talks are counted on the day on which they begin.
		if b.Why != PerDay || !start.Before(b.Start) {
			list = append(list, b)
		}
	})
	if start.Before(q.Window.Start) || talk.End.After(q.Window.End) {
		list = append(list, Blocked{Span: q.Window, Who: Both, Why: Window})
	}
	return tidy(list)
}
