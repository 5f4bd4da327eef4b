package slots

import (
	"time"

	"coalition/invites"
	"coalition/invites/tzid"
	"coalition/scheduler/plan"
)

// A day is one of somebody's calendar.
type day struct {
	// Span is from midnight to midnight on their clock.
	invites.Span
	// date is its midnight in UTC.
	date time.Time
}

// days are those of the calendar of a zone that have a part of over.
func days(over invites.Span, zone *time.Location) (list []day) {
	y, m, d := over.Start.In(zone).Date()
	date := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	start := instant(date, 0, zone)
	for start.Before(over.End) {
		next := date.AddDate(0, 0, 1)
		end := instant(next, 0, zone)
		list = append(list, day{Span: invites.Span{Start: start, End: end}, date: date})
		date, start = next, end
	}
	return list
}

// instant is when a clock in the zone shows that time of the day with that midnight in UTC.
func instant(date time.Time, clock plan.Clock, zone *time.Location) time.Time {
	return tzid.Of(zone).Instant(date.Add(time.Duration(clock) * time.Minute)).UTC()
}

// on are the hours of a day, in order and apart from each other.
func (d day) on(hours plan.Hours, zone *time.Location) (list []invites.Span) {
	for _, b := range hours.On(d.date.Weekday()) {
		// A clock that is put at midnight may take them out of their day.
		s := invites.Span{Start: instant(d.date, b.From, zone), End: instant(d.date, b.To, zone)}.Within(d.Span)
		switch last := len(list) - 1; {
		case !s.Start.Before(s.End):
		// Where the clock skips what was between them, they touch.
		case last >= 0 && !s.Start.After(list[last].End):
			list[last].End = later(list[last].End, s.End)
		default:
			list = append(list, s)
		}
	}
	return list
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// upTo is t, or the next whole step after it on the clock of the zone. Clocks are put by whole minutes.
func upTo(t time.Time, step time.Duration, zone *time.Location) time.Time {
	if whole := t.Truncate(time.Minute); whole.Before(t) {
		t = whole.Add(time.Minute)
	}
	for {
		past := time.Duration(t.In(zone).Minute()) * time.Minute % step
		if past == 0 {
			return t
		}
		t = t.Add(step - past)
	}
}
