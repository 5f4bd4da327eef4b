package freebusy

import (
	"bytes"
	"cmp"
	"fmt"
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
// one line for people each, and each once.
func (c *Calendar) Busy(r Reader, from, to time.Time) (busy []invites.Busy, problems []string) {
	for i := range c.events {
		e := &c.events[i]
		if e.free || e.off || r.declined(e) {
			continue
		}
		if e.start.form <= unreadable {
			problems = append(problems, fmt.Sprintf("%s has no start that can be read, and takes no time", e.named()))
			continue
		}
		start, end := e.start.instant(r.Zone), time.Time{}
		switch {
		case e.end.form > unreadable:
			end = e.end.instant(r.Zone)
		case e.start.form == date:
			end = start.AddDate(0, 0, 1)
		default:
			end = start
		}
		if start.Before(to) && end.After(from) && end.After(start) {
			busy = append(busy, invites.Busy{Span: invites.Span{Start: start.UTC(), End: end.UTC()}, Title: e.title()})
		}
	}
	slices.SortStableFunc(busy, func(a, b invites.Busy) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), strings.Compare(a.Title, b.Title))
	})
	return busy, problems
}

// Days returns the titles of all-day events by the calendar days that they are on (as [time.DateOnly]), from the day of
// from until the day of to, which is not among them: a file of holidays. TRANSP does not count, CANCELLED does. problems
// is that of [Calendar.Busy].
func (c *Calendar) Days(from, to time.Time) (days map[string]string, problems []string) {
	days = make(map[string]string)
	first, last := from.Format(time.DateOnly), to.Format(time.DateOnly)
	for i := range c.events {
		e := &c.events[i]
		if e.off || e.start.form != date {
			continue
		}
		day := e.start.wall.Format(time.DateOnly)
		if _, known := days[day]; !known && day >= first && day < last {
			days[day] = e.title()
		}
	}
	return days, problems
}

// declined reports whether the reader has.
func (r Reader) declined(e *event) bool {
	for _, by := range e.declined {
		if len(by) > 7 && bytes.EqualFold(by[:7], []byte("mailto:")) {
			by = by[7:]
		}
		if slices.ContainsFunc(r.Self, func(own string) bool { return strings.EqualFold(own, string(by)) }) {
			return true
		}
	}
	return false
}
