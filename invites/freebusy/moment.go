package freebusy

import (
	"time"

	"coalition/invites/icaltime"
	"coalition/invites/tzid"
)

// A moment is a DATE or DATE-TIME where it stands (RFC 5545, sections 3.3.4 and 3.3.5). The zero moment is none.
type moment struct {
	// there says that somebody has written it down, and form how much of it can be read.
	there bool
	form  icaltime.Form
	// wall is what clocks show then, as if they were in UTC, in seconds since 1970.
	wall int64
	// zone is whose clocks; nil: those of whoever looks. An instant in UTC needs none.
	zone *zone
}

const day = 24 * 60 * 60

// readable reports whether it is there and says when.
func (m moment) readable() bool { return m.form != icaltime.Unreadable }

// isDate reports whether it is a day.
func (m moment) isDate() bool { return m.form == icaltime.Date }

// date returns the number of its day on its clocks.
func (m moment) date() int64 { return floor(m.wall, day) }

// later returns the moment when the same clocks show so many seconds more.
func (m moment) later(seconds int64) moment {
	m.wall += seconds
	return m
}

func floor(n, by int64) int64 {
	if n < 0 {
		return (n - by + 1) / by
	}
	return n / by
}

// A zone is a TZID of one calendar.
type zone struct {
	// name is as [tzid.Name] gives it.
	name string
	// definitions are the VTIMEZONEs of that TZID in the same calendar, as they stand there.
	definitions [][]byte
}

// find returns the clocks that it means; nil: nobody knows. It takes some of steps.
func (z *zone) find(steps *int) *tzid.Zone {
	return tzid.Find(z.name, func(yield func([]tzid.Observance) bool) {
		for _, definition := range z.definitions {
			if !yield(observances(definition)) {
				return
			}
		}
	}, steps)
}

// observances returns those of a VTIMEZONE.
func observances(definition []byte) []tzid.Observance {
	var list []tzid.Observance
	var o *tzid.Observance
	s := scanner{data: definition}
	for s.next() {
		value := string(s.value)
		switch {
		case s.kind == propBegin && is(s.value, "STANDARD"), s.kind == propBegin && is(s.value, "DAYLIGHT"):
			list = append(list, tzid.Observance{})
			o = &list[len(list)-1]
		case s.kind == propEnd:
			o = nil
		case o == nil:
		case s.kind == propDtstart:
			o.Start = value
		case s.kind == propOffsetFrom:
			o.From = value
		case s.kind == propOffsetTo:
			o.To = value
		case s.kind == propRrule:
			o.Rules = append(o.Rules, value)
		case s.kind == propRdate:
			o.Dates = append(o.Dates, value)
		}
	}
	return list
}

// A length is how long an event is: so many days on its clocks, and so many seconds more.
type length struct {
	days, seconds int64
	// open says that nobody knows, and that it is to the end of its day.
	open bool
}

// readDuration reads a DURATION.
func readDuration(value []byte) (length, bool) {
	days, rest, ok := icaltime.Duration(value)
	return length{days: int64(days), seconds: int64(rest / time.Second)}, ok
}

// most is no shorter than it is on any clock.
func (l length) most() int64 {
	if l.open {
		return 2 * day
	}
	return (l.days+1)*day + l.seconds
}
