package plan

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/strictyaml"
)

// A Date is a point in time as a person writes it: a wall time, a day, an instant of RFC 3339, or
// one that counts from the moment it is first acted on, such as "in 10 days at 10:00". Two Dates
// that mean the same are written the same by [Date.String].
type Date struct {
	wall    time.Time // the wall time or day, in UTC's clothes; zero for a relative date
	instant bool      // wall has an offset of its own
	count   int       // of unit, for a relative date
	unit    string    // "", "day", "working day" or "week"
	clock   int       // minutes from midnight; -1: none was given
}

var (
	relativeShape = regexp.MustCompile(`^in (\d{1,4}|a|one) (day|working day|week)s?(?: at (\d{1,2}:\d{2}))?$`)
	dayShape      = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})(?:[ T](\d{1,2}:\d{2}))?$`)
)

// ParseDate reads s. The error is a [strictyaml.Fault].
func ParseDate(s string) (Date, error) {
	fault := &strictyaml.Fault{Text: "is no date", Mend: "write 2027-03-04 10:00, or `in 10 days at 10:00`"}
	s = strings.Join(strings.Fields(s), " ")
	d := Date{clock: -1}
	if m := relativeShape.FindStringSubmatch(strings.ToLower(s)); m != nil {
		d.unit, d.count = m[2], 1
		if n, err := strconv.Atoi(m[1]); err == nil {
			d.count = n
		}
		if m[3] != "" {
			minutes, ok := parseClock(m[3])
			if !ok || minutes == 24*60 {
				return Date{}, fault
			}
			d.clock = minutes
		}
		return d, nil
	}
	if m := dayShape.FindStringSubmatch(s); m != nil {
		day, err := time.Parse("2006-01-02", m[1])
		if err != nil {
			return Date{}, &strictyaml.Fault{Text: "is no day of the calendar", Mend: fault.Mend}
		}
		d.wall = day
		if m[2] != "" {
			minutes, ok := parseClock(m[2])
			if !ok || minutes == 24*60 {
				return Date{}, fault
			}
			d.clock = minutes
			d.wall = day.Add(time.Duration(minutes) * time.Minute)
		}
		return d.sane()
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		d.wall, d.instant, d.clock = t.UTC().Truncate(time.Second), true, 0
		return d.sane()
	}
	return Date{}, fault
}

func (d Date) sane() (Date, error) {
	if y := d.wall.Year(); y < 2000 || y > 2200 {
		return Date{}, &strictyaml.Fault{Text: "is in no year of this or the next century", Mend: "look at the year"}
	}
	return d, nil
}

// Parse implements [strictyaml.Scalar].
func (d *Date) Parse(text string) (err error) {
	*d, err = ParseDate(text)
	return err
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Date) UnmarshalText(text []byte) error { return d.Parse(string(text)) }

// MarshalText implements encoding.TextMarshaler.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// IsZero reports whether no date was written.
func (d Date) IsZero() bool { return d.unit == "" && d.wall.IsZero() }

// IsRelative reports whether the date counts from when it is first acted on.
func (d Date) IsRelative() bool { return d.unit != "" }

// HasClock reports whether the date names a time of day.
func (d Date) HasClock() bool { return d.clock >= 0 }

// String is the one way this date is written; "" for the zero Date.
func (d Date) String() string {
	switch {
	case d.IsZero():
		return ""
	case d.instant:
		return d.wall.Format(time.RFC3339)
	case d.IsRelative():
		s := "in " + strconv.Itoa(d.count) + " " + d.unit
		if d.count != 1 {
			s += "s"
		}
		if d.HasClock() {
			s += " at " + clockText(d.clock)
		}
		return s
	case d.HasClock():
		return d.wall.Format("2006-01-02 15:04")
	}
	return d.wall.Format("2006-01-02")
}

func clockText(minutes int) string {
	text, _ := Clock(minutes).MarshalText()
	return string(text)
}

// example is the date with a time of day, for somebody who left it out.
func (d Date) example() string {
	if d.IsRelative() {
		return "`" + d.String() + " at 10:00`"
	}
	return "`" + d.String() + " 10:00`"
}

// The faults of a wall time on the days when clocks are put (RFC 5545, section 3.3.5, leaves such
// times to guesses; we don't guess with other people's time).
var (
	ErrGap   = errors.New("does not exist: clocks are put forward over it that night")
	ErrTwice = errors.New("exists twice: clocks are put back over it that night")
)

// Slot fixes the date in the zone. Relative dates count from now, working days by hours; a date
// without a time of day takes that of clock. The error is [ErrGap] or [ErrTwice].
func (d Date) Slot(now time.Time, zone string, hours Hours, clock Clock) (Slot, error) {
	loc := Zone(zone).Location("UTC")
	if d.instant {
		return SlotOf(d.wall.In(loc)).check()
	}
	minutes := d.clock
	if minutes < 0 {
		minutes = int(clock)
	}
	day := d.Day(now, zone, hours)
	wall := day.Add(time.Duration(minutes) * time.Minute)
	return Slot{Wall: wall.Format(slotLayout), Zone: loc.String()}.check()
}

// Day is the day of the date on the zone's calendar, as midnight in UTC's clothes. Relative dates count as in
// [Date.Slot].
func (d Date) Day(now time.Time, zone string, hours Hours) time.Time {
	loc := Zone(zone).Location("UTC")
	day := d.wall
	switch {
	case d.instant:
		day = d.wall.In(loc)
	case d.IsRelative():
		day = now.In(loc)
	}
	y, m, dd := day.Date()
	day = time.Date(y, m, dd, 0, 0, 0, 0, time.UTC)
	switch d.unit {
	case "day":
		return day.AddDate(0, 0, d.count)
	case "week":
		return day.AddDate(0, 0, 7*d.count)
	case "working day":
		for n := d.count; n > 0; {
			day = day.AddDate(0, 0, 1)
			if hours.Has(day.Weekday()) {
				n--
			}
		}
	}
	return day
}

// Instant is the moment that the date names for a command: as [Date.Slot] in the organizer's zone,
// but a relative date without a time of day keeps that of now, and a bare day begins at midnight.
func (d Date) Instant(now time.Time, zone string, hours Hours) (time.Time, error) {
	if d.instant {
		return d.wall.In(Zone(zone).Location("UTC")), nil // clear even in an hour that exists twice
	}
	clock := Clock(0)
	if d.IsRelative() {
		local := now.In(Zone(zone).Location("UTC"))
		clock = Clock(local.Hour()*60 + local.Minute())
	}
	s, err := d.Slot(now, zone, hours, clock)
	return s.Time(), err
}

// A Slot is when an appointment begins: a wall time and the IANA name of its zone. It keeps its
// meaning when a government moves the clocks.
type Slot struct {
	Wall string `json:"wall"` // as 2027-03-04T10:00
	Zone string `json:"zone"`
}

const slotLayout = "2006-01-02T15:04"

// SlotOf is the slot that t's wall clock shows, to the minute.
func SlotOf(t time.Time) Slot {
	return Slot{Wall: t.Format(slotLayout), Zone: t.Location().String()}
}

// String is the slot as people read it: Thu 4 Mar 2027 10:00 (Europe/Berlin).
func (s Slot) String() string {
	return s.Time().Format("Mon 2 Jan 2006 15:04") + " (" + s.Zone + ")"
}

// IsZero reports whether there is no slot.
func (s Slot) IsZero() bool { return s.Wall == "" }

// Time is the slot's instant, in its zone. The zero Slot gives the zero Time.
func (s Slot) Time() time.Time {
	if s.IsZero() {
		return time.Time{}
	}
	loc, err := invites.Location(s.Zone)
	if err != nil {
		loc = time.UTC
	}
	t, err := time.ParseInLocation(slotLayout, s.Wall, loc)
	if err != nil {
		return time.Time{}
	}
	return t
}

// DayBegins is the first minute of a day on the zone's clock: midnight, or where clocks skip that, what they go on to.
// Of day, only the year, month and day count.
func DayBegins(day time.Time, zone string) Slot {
	y, m, d := day.Date()
	t := time.Date(y, m, d, 0, 0, 0, 0, Zone(zone).Location("UTC"))
	// The evening before: midnight is skipped, and was read by the clock after.
	if t.Format(time.DateOnly) < day.Format(time.DateOnly) {
		_, t = t.ZoneBounds()
	}
	return SlotOf(t)
}

func (s Slot) check() (Slot, error) {
	t := s.Time()
	if t.Format(slotLayout) != s.Wall {
		return s, ErrGap
	}
	_, offset := t.Zone()
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		_, before := start.Add(-time.Second).Zone()
		if other := t.Add(time.Duration(offset-before) * time.Second); before != offset && other.Before(start) {
			return s, ErrTwice
		}
	}
	if !end.IsZero() {
		_, after := end.Zone()
		if other := t.Add(time.Duration(offset-after) * time.Second); after != offset && !other.Before(end) {
			return s, ErrTwice
		}
	}
	return s, nil
}
