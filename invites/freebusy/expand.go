package freebusy

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"coalition/invites/icaltime"
	"coalition/invites/plaintext"
	"coalition/invites/tzid"
)

// What one calendar may take of this machine. The biggest that people have, of some ten thousand events, take a tenth.
const (
	// mostFound is of instances in the window.
	mostFound = 100_000
	// mostSteps is of days, instances and whatever else takes time to look at; mostOfRule, of one rule.
	mostSteps  = 10_000_000
	mostOfRule = 1_000_000
	// stepsOfZone is how much a zone takes to be looked up, and stepsOfOverride one of what differs from a series.
	stepsOfZone     = 1_000
	stepsOfOverride = 20
)

// margin is more than clocks differ from UTC.
const margin = 2 * day

// An expansion is what one look at a calendar finds in a window.
type expansion struct {
	// own are the reader's clocks, as people name them, and as they are read.
	own      *time.Location
	floating *tzid.Zone
	// from and to are the window, half-open, in seconds since 1970.
	from, to int64
	// takes tells whether an event counts, and found takes in an instance of one, or of none (nil) a time.
	takes func(*event) bool
	found func(start, end int64, e *event)
	// count is of those found; above mostFound it is given up. steps are those that are left.
	count, steps int
	// Several calendars may have the same zone, each its own copy.
	zones map[*zone]*tzid.Zone
	texts map[string]*tzid.Zone
	// The zone of the last moment, for most are in the same.
	last     *zone
	lastZone *tzid.Zone
	problems problems
}

func newExpansion(own *time.Location, from, to time.Time) *expansion {
	return &expansion{own: own, floating: tzid.Of(own), from: from.Unix(), to: to.Unix(), steps: mostSteps,
		zones: make(map[*zone]*tzid.Zone), texts: make(map[string]*tzid.Zone)}
}

// expand finds all instances of all events of a calendar.
func (x *expansion) expand(c *Calendar) {
	differ := x.overrides(c)
	for i := range c.events {
		e := &c.events[i]
		// Most are one, and elsewhere.
		if len(e.repeats) == 0 && !x.near(e) {
			continue
		}
		var o overrides
		if differ != nil && !e.recurrence.there {
			o = differ[string(e.uid)]
		}
		switch {
		case x.count > mostFound:
			return
		case !o.onward && !x.takes(e):
		case !e.start.readable():
			x.problems.add("%v has no start that can be read, and takes no time", e)
		case len(e.repeats) > 0 || len(o.events) > 0:
			x.series(e, o.events)
		default:
			start := x.at(e.start)
			x.one(e, e.start, start, x.length(e, start))
		}
	}
}

// near reports whether an event that does not repeat may be in the window.
func (x *expansion) near(e *event) bool {
	return e.start.wall < x.to+margin && (!e.end.readable() || max(e.start.wall, e.end.wall) >= x.from-margin)
}

// overrides are the events that tell of instances of one series.
type overrides struct {
	events []*event
	// onward says that one of them tells of all later instances, and takes time.
	onward bool
}

// overrides returns them by the UID of their series; nil: there are none.
func (x *expansion) overrides(c *Calendar) (all map[string]overrides) {
	for i := range c.events {
		e := &c.events[i]
		if !e.recurrence.there {
			continue
		}
		if all == nil {
			all = make(map[string]overrides)
		}
		o := all[string(e.uid)]
		o.events, o.onward = append(o.events, e), o.onward || e.onward && x.takes(e)
		all[string(e.uid)] = o
	}
	return all
}

// at returns when a moment is.
func (x *expansion) at(m moment) int64 {
	clocks := x.floating
	switch {
	case m.form == icaltime.UTC:
		return m.wall
	case m.zone != nil && m.zone == x.last:
		clocks = x.lastZone
	case m.zone != nil:
		clocks = x.clocks(m.zone)
		x.last, x.lastZone = m.zone, clocks
	}
	return clocks.Instant(time.Unix(m.wall, 0).UTC()).Unix()
}

func (x *expansion) clocks(z *zone) *tzid.Zone {
	clocks, known := x.zones[z]
	if known {
		return clocks
	}
	text := z.name + "\n" + string(bytes.Join(z.definitions, nil))
	if clocks, known = x.texts[text]; !known {
		if x.steps -= stepsOfZone; x.steps > 0 {
			clocks = z.find(&x.steps)
		}
		x.texts[text] = clocks
	}
	if clocks == nil {
		name := plaintext.Clip(plaintext.Line(z.name), 60)
		x.problems.add("nobody knows the zone %q: its times are read as in %v", name, x.own)
		clocks = x.floating
	}
	x.zones[z] = clocks
	return clocks
}

// length returns how long an event is that begins at start: DTEND says it in exact time, also for all instances of a
// series, and DURATION by the clocks (RFC 5545, section 3.8.5.3).
func (x *expansion) length(e *event, start int64) length {
	switch {
	case e.end.isDate() && e.start.isDate():
		// The RFC has no all-day event without a day; calendars that write one mean that day.
		if days := e.end.date() - e.start.date(); days >= 0 {
			return length{days: max(1, days)}
		}
	case e.end.readable():
		if seconds := x.at(e.end) - start; seconds >= 0 {
			return length{seconds: seconds}
		}
	case e.end.there:
	case e.duration != nil:
		if l, ok := readDuration(e.duration); ok {
			return l
		}
	case e.start.isDate():
		return length{days: 1}
	default:
		return length{}
	}
	x.problems.add("%v has no end that can be read, and counts as busy until its day is over", e)
	return length{open: true}
}

// one takes in an instance that begins at start, which is the moment m.
func (x *expansion) one(e *event, m moment, start int64, l length) {
	end := start + l.seconds
	switch {
	case l.open:
		end = x.at(m.later(day - (m.wall - m.date()*day)))
	case l.days > 0:
		end = x.at(m.later(l.days*day)) + l.seconds
	}
	if start >= end || start >= x.to || end <= x.from {
		return
	}
	if x.count++; x.count <= mostFound {
		x.found(start, end, e)
	}
}

// period takes in those of a FREEBUSY (RFC 5545, section 3.8.2.6).
func (x *expansion) period(line list) {
	for value := range bytes.SplitSeq(line.value, []byte(",")) {
		m, l, ok := x.readPeriod(value, line.zone)
		if !ok {
			x.problems.add("a time of free/busy can't be read (%s), and counts as free", shown(value))
			continue
		}
		x.one(nil, m, x.at(m), l)
	}
}

// readPeriod reads a PERIOD: a start, a slash, and an end or a duration (RFC 5545, section 3.3.9).
func (x *expansion) readPeriod(value []byte, z *zone) (start moment, l length, ok bool) {
	first, second, _ := bytes.Cut(bytes.TrimSpace(value), []byte("/"))
	start = readMoment(first, z)
	if end := readMoment(second, z); end.readable() {
		l, ok = length{seconds: x.at(end) - x.at(start)}, true
	} else {
		l, ok = readDuration(second)
	}
	return start, l, ok && start.readable() && l.seconds >= 0
}

// shown returns a value as a problem shows it.
func shown(value []byte) string {
	return plaintext.Clip(plaintext.Line(string(value[:min(len(value), 100)])), 40)
}

// problems are what could not be understood.
type problems struct {
	list []string
	more int
}

// add names one, which may have been named before.
func (p *problems) add(format string, args ...any) {
	const most = 20
	if len(p.list) == most {
		p.more++
		return
	}
	if line := fmt.Sprintf(format, args...); !slices.Contains(p.list, line) {
		p.list = append(p.list, line)
	}
}

func (p *problems) lines() []string {
	if p.more == 0 {
		return p.list
	}
	return append(p.list, fmt.Sprintf("%d more could not be understood", p.more))
}
