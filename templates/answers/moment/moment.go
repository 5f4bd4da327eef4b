// Package moment knows how people name a moment: one day, and one time of day, in digits and in the words of a
// language. It never guesses: two days, two times, an hour that may be in the morning or the evening, or a date that may
// be one of two, is none. What else a letter says, and whether it means the moment, it leaves to answers.
package moment

import "time"

// A Moment is a day and a time of day as somebody has named them. The zero Moment is none.
type Moment struct {
	// Weekday is from 1, Monday, to 7; 0: none was named.
	Weekday int
	// Day, Month and Year are those of a date: Day is 0 where none was named, and Year where it goes without saying.
	Day   int
	Month time.Month
	Year  int
	// InDays is how many days later than it was said, from 1, tomorrow, on; 0: that was not said.
	InDays int
	// Hour, from 0 to 23, and Minute are on the clock of whoever said it.
	Hour, Minute int
}

// IsZero reports whether none was named.
func (m Moment) IsZero() bool { return m == Moment{} }

// halfAYear is how far ahead a date without its year is understood, in days.
const halfAYear = 183

// In returns when that is, on the clock of the time at which it was said. A weekday alone is one of the weeks from that
// of first to that of last, both instants; zero: of the next six days. ok is false where it may be several days or
// none, has passed by then, or is a time that clocks skip or repeat.
func (m Moment) In(said, first, last time.Time) (at time.Time, ok bool) {
	var day time.Time
	switch {
	case m.IsZero():
		return at, false
	case m.Day != 0:
		day, ok = m.date(said)
	case m.InDays != 0:
		day, ok = on(said, m.InDays), true
	default:
		return m.onWeekday(said, first, last)
	}
	if !ok || m.Weekday != 0 && m.Weekday != weekday(day) {
		return at, false
	}
	return m.clock(said, day)
}

// date is the day that a date means.
func (m Moment) date(said time.Time) (day time.Time, ok bool) {
	year := m.Year
	if year == 0 {
		if year = said.Year(); m.Month < said.Month() || m.Month == said.Month() && m.Day < said.Day() {
			year++
		}
	}
	day = time.Date(year, m.Month, m.Day, 12, 0, 0, 0, said.Location())
	return day, day.Day() == m.Day && (m.Year != 0 || day.Before(on(said, halfAYear)))
}

// onWeekday is the one moment on that weekday.
func (m Moment) onWeekday(said, first, last time.Time) (at time.Time, ok bool) {
	from, to := on(said, 1), on(said, 6)
	if !first.IsZero() {
		from, to = first.In(said.Location()), last.In(said.Location())
		from, to = on(from, 1-weekday(from)), on(to, 7-weekday(to))
	}
	for day := from; !day.After(to); day = on(day, 1) {
		if weekday(day) != m.Weekday {
			continue
		}
		if one, fits := m.clock(said, day); fits {
			if ok {
				return at, false
			}
			at, ok = one, true
		}
	}
	return at, ok
}

// clock is the time of day on that day.
func (m Moment) clock(said, day time.Time) (at time.Time, ok bool) {
	at = time.Date(day.Year(), day.Month(), day.Day(), m.Hour, m.Minute, 0, 0, said.Location())
	shown := at.Hour() == m.Hour && at.Minute() == m.Minute
	for _, other := range []time.Time{at.Add(-time.Hour), at.Add(time.Hour)} {
		// Clocks show it twice.
		shown = shown && (other.Hour() != m.Hour || other.Minute() != m.Minute)
	}
	return at, shown && at.After(said)
}

// on is noon some days later.
func on(day time.Time, days int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day()+days, 12, 0, 0, 0, day.Location())
}

// weekday is from 1, Monday, to 7.
func weekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }
