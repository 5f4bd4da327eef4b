package freebusy

import (
	"time"

	"coalition/invites"
)

// A moment is a DATE or a DATE-TIME (RFC 5545, sections 3.3.4 and 3.3.5).
type moment struct {
	form form
	// wall is what clocks show then, as if they were in UTC.
	wall time.Time
	// zone is the TZID as it stands there; "" where there is none.
	zone string
}

// A form is that of a moment.
type form uint8

const (
	// missing: it is not there. unreadable: it can't be read.
	missing form = iota
	unreadable
	// A date is a day on the clocks of whoever looks; floating, a time on them.
	date
	floating
	utc
	zoned
)

// readMoment goes by the form of the value, whatever VALUE says of it.
func readMoment(line property) moment {
	m := moment{}
	m.form, m.wall = readWall(line.value)
	if m.form != floating {
		return m
	}
	if m.zone = param(line.params, "TZID"); m.zone != "" {
		m.form = zoned
	}
	return m
}

// readWall returns what stands in a value: a date, a floating time or one in UTC.
func readWall(s []byte) (form, time.Time) {
	f := date
	switch {
	case len(s) == 8:
		t, err := time.Parse("20060102", string(s))
		if err != nil {
			return unreadable, time.Time{}
		}
		return date, t
	case len(s) == 16 && (s[15] == 'Z' || s[15] == 'z'):
		f, s = utc, s[:15]
	case len(s) == 15:
		f = floating
	default:
		return unreadable, time.Time{}
	}
	t, err := time.Parse("20060102T150405", string(s))
	if err != nil {
		return unreadable, time.Time{}
	}
	return f, t
}

// instant returns when it is for somebody in that zone.
func (m moment) instant(own *time.Location) time.Time {
	loc := own
	switch m.form {
	case utc:
		return m.wall
	case zoned:
		if known, err := invites.Location(m.zone); err == nil {
			loc = known
		}
	default:
	}
	y, mo, d := m.wall.Date()
	return time.Date(y, mo, d, m.wall.Hour(), m.wall.Minute(), m.wall.Second(), 0, loc)
}
