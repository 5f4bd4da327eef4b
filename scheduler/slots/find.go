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
	// Days are those of the organizer's calendar in the window, in order.
	Days []Day
	// Offered are the times to offer, best first.
	Offered []Choice
}

// A Day is one of the organizer's calendar, from midnight to midnight.
type Day struct {
	invites.Span
	// Free are the spans of [Result.Free] on this day.
	Free []invites.Span
	// Blocked are the parts of the day in which the talk can't be, in order; they may overlap.
	Blocked []Blocked
}

// Find finds the free spans, what blocks the others, and the times to offer.
func (q *Query) Find() *Result {
	blocked := q.blocked(q.Window)
	inOrder(blocked)
	r := &Result{Free: q.free(q.Window, blocked)}
	r.Days = q.days(r.Free, blocked)
	if q.Stale || !slices.ContainsFunc(q.Busy, func(f invites.FreeBusy) bool { return f.State == invites.FailedBusy }) {
		r.Offered = q.choose(r.Free, blocked)
	}
	return r
}

// inOrder puts what is blocked in the order of where it reaches back to.
func inOrder(blocked []Blocked) {
	slices.SortFunc(blocked, func(a, b Blocked) int { return a.from().Compare(b.from()) })
}

// free are the spans of a time in which nothing is blocked, where the talk fits into them. What is blocked is in the
// order of where it reaches back to.
func (q *Query) free(over invites.Span, blocked []Blocked) (list []invites.Span) {
	start := over.Start
	open := func(end time.Time) {
		if end.Sub(start) >= q.Length {
			list = append(list, invites.Span{Start: start.UTC(), End: end.UTC()})
		}
	}
	for i := range blocked {
		open(sooner(blocked[i].from(), over.End))
		start = later(start, blocked[i].to())
	}
	open(over.End)
	return list
}

// days tells what is free and what is blocked on each day of the window.
func (q *Query) days(free []invites.Span, blocked []Blocked) []Day {
	var list []Day
	for _, d := range days(q.Window, q.Organizer.Zone) {
		list = append(list, Day{Span: clip(d.Span, q.Window)})
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
			take(&list[i], clip(s, list[i].Span))
		}
	}
	for _, s := range free {
		on(s, func(d *Day, part invites.Span) { d.Free = append(d.Free, part) })
	}
	for _, b := range blocked {
		on(b.Span, func(d *Day, part invites.Span) {
			if part.Start.Before(part.End) {
				d.Blocked = append(d.Blocked, b.within(part))
			}
		})
	}
	for i := range list {
		list[i].Blocked = tidy(list[i].Blocked)
	}
	return list
}

// within is the part of what is blocked that lies in a span.
func (b Blocked) within(part invites.Span) Blocked {
	b.Span = invites.Span{Start: part.Start.UTC(), End: part.End.UTC()}
	return b
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

// Breaks tells what stands in the way of a talk that begins then, in order of time; nothing does where it is free.
// The start need not lie on a step, nor in the window.
func (q *Query) Breaks(start time.Time) []Blocked {
	talk := invites.Span{Start: start, End: start.Add(q.Length)}
	var list []Blocked
	// Around it, for the hours of its days and what reaches into it.
	near := invites.Span{Start: start.AddDate(0, 0, -2), End: talk.End.AddDate(0, 0, 2)}
	for _, b := range q.blocked(near) {
		// Talks are counted on the day on which they begin.
		later := b.Why == PerDay && start.Before(b.Start)
		if b.from().Before(talk.End) && talk.Start.Before(b.to()) && !later {
			list = append(list, b)
		}
	}
	if start.Before(q.Window.Start) || talk.End.After(q.Window.End) {
		list = append(list, Blocked{Span: q.Window, Who: Both, Why: Window})
	}
	return tidy(list)
}
