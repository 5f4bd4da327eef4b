package freebusy

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"coalition/invites"
)

// A Reader is whose calendar it is.
type Reader struct {
	// Zone is in which floating times and all-day events are, and all in zones that nobody knows. It is needed.
	Zone *time.Location
	// Self are their mail addresses, in any case: what these have declined takes no time.
	Self []string
}

// Busy returns what takes time of the half-open window from from to to, in order of start: whole events, which may
// begin before it and end after it, and overlap. problems tells what could not be understood and what was made of it,
// one line for people each, and each once; from the 20th on they are only counted. What is more than a machine should
// bear (more than 100,000 instances in the window, say) makes all of the window one event without a title.
func (c *Calendar) Busy(r Reader, from, to time.Time) (busy []invites.Busy, problems []string) {
	x := newExpansion(r.Zone, from, to)
	x.takes = func(e *event) bool { return !e.free && !e.off && !r.declined(e) }
	// All instances of a series have the same title.
	titles, last := []string{""}, (*event)(nil)
	// So many are mostly enough.
	all := make([]instance, 0, 500)
	x.found = func(start, end int64, e *event) {
		if e != last && e != nil {
			titles, last = append(titles, e.title()), e
		}
		title := len(titles) - 1
		if e == nil {
			title = 0
		}
		all = append(all, instance{start, end, title})
	}
	x.expand(c)
	for _, p := range c.periods {
		x.period(p)
	}
	if problems = x.problems.lines(); x.count > mostFound {
		all = []instance{{start: x.from, end: x.to}}
		problems = slices.Insert(problems, 0, "there is so much in it that all of this time counts as busy")
	}
	slices.SortFunc(all, func(a, b instance) int {
		switch {
		case a.start != b.start:
			return cmp.Compare(a.start, b.start)
		case a.end != b.end:
			return cmp.Compare(a.end, b.end)
		}
		return strings.Compare(titles[a.title], titles[b.title])
	})
	busy = make([]invites.Busy, 0, len(all))
	for _, i := range all {
		b := invites.Busy{Span: invites.Span{Start: instant(i.start), End: instant(i.end)}, Title: titles[i.title]}
		if n := len(busy); n == 0 || busy[n-1] != b {
			busy = append(busy, b)
		}
	}
	return busy, problems
}

// An instance is when something takes time, in seconds since 1970, and the number of its title. It has no pointers, for
// there are many to be sorted.
type instance struct {
	start, end int64
	title      int
}

func instant(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// declined reports whether the reader has.
func (r Reader) declined(e *event) bool {
	for _, by := range e.declined {
		const scheme = "mailto:"
		if len(by) > len(scheme) && is(by[:len(scheme)], scheme) {
			by = by[len(scheme):]
		}
		if slices.ContainsFunc(r.Self, func(own string) bool { return is(bytes.TrimSpace(by), own) }) {
			return true
		}
	}
	return false
}

// Days returns the titles of all-day events by the calendar days that they are on (as [time.DateOnly]), from the day of
// from until the day of to, which is not among them: what a file of holidays says. TRANSP does not count, CANCELLED
// does. Of several events on a day the title is that of the first by the alphabet. problems is as of [Calendar.Busy].
func (c *Calendar) Days(from, to time.Time) (days map[string]string, problems []string) {
	first, last := dayOf(from), dayOf(to)
	x := newExpansion(time.UTC, first, last)
	x.takes = func(e *event) bool { return !e.off && (e.start.isDate() || !e.start.readable()) }
	days = make(map[string]string)
	x.found = func(start, end int64, e *event) {
		title := e.title()
		for at := max(start, x.from); at < min(end, x.to); at += day {
			name := instant(at).Format(time.DateOnly)
			if known, ok := days[name]; !ok || title < known {
				days[name] = title
			}
		}
	}
	x.expand(c)
	return days, x.problems.lines()
}

// dayOf returns the beginning of its day, as if it were in UTC.
func dayOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}
