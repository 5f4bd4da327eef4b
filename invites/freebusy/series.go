package freebusy

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"coalition/invites/icaltime"
	"coalition/invites/rrule"
)

// A series is an event that may have several instances, in an expansion.
type series struct {
	*expansion
	event *event
	// What EXDATE and overrides take out: what begins at an instant, in seconds since 1970, or all on a day of the
	// event's clocks, by its number.
	without, withoutDays map[int64]bool
	// variants tell what the instances are like from one on, in order.
	variants []variant
	// The clocks of the event show low before, and high after the first and last instances that may be in the window.
	low, high int64
}

// A variant is an event that all instances from an instant on are like. Where it takes time, they are moved by a shift,
// in seconds on its clocks.
type variant struct {
	event  *event
	from   int64
	takes  bool
	shift  int64
	length length
}

// series finds the instances of an event, of which differ are told elsewhere.
func (x *expansion) series(e *event, differ []*event) {
	s := series{expansion: x, event: e}
	s.variants = []variant{{event: e, takes: x.takes(e), from: -1 << 62, length: x.length(e, x.at(e.start))}}
	// Several series of one UID share what differs; where that is too much work, all of it counts.
	if x.steps -= stepsOfOverride * len(differ); x.steps < 0 {
		differ = nil
	}
	for _, o := range differ {
		if o.onward && o.recurrence.readable() && (o.start.readable() || !x.takes(o)) {
			s.vary(o)
		}
	}
	slices.SortStableFunc(s.variants, func(a, b variant) int { return cmp.Compare(a.from, b.from) })
	s.low, s.high = x.from-margin, x.to+margin
	for _, v := range s.variants {
		s.low = min(s.low, x.from-margin-v.shift-v.length.most())
		s.high = max(s.high, x.to+margin-v.shift)
	}
	for _, o := range differ {
		switch {
		case !o.recurrence.readable():
			x.problems.add("%v stands for an instance of its series that can't be told; both count", o)
		// What has no place does not make another instance go away.
		case o.start.readable() || !x.takes(o):
			s.leaveOut(o.recurrence)
		}
	}
	for _, line := range e.repeats {
		if line.kind == propExdate {
			s.exclude(line)
		}
	}
	// What is an instance twice is so once.
	s.instance(e.start, nil)
	for _, line := range e.repeats {
		switch line.kind {
		case propRrule:
			s.rule(string(line.value))
		case propRdate:
			s.dates(line)
		default:
		}
	}
}

// vary takes in an event that tells of all instances from one on.
func (s *series) vary(o *event) {
	v := variant{event: o, takes: s.takes(o), from: s.at(o.recurrence)}
	if v.takes {
		start := s.at(o.start)
		v.shift, v.length = start-v.from, s.length(o, start)
		if o.start.form == o.recurrence.form && o.start.zone == o.recurrence.zone {
			v.shift = o.start.wall - o.recurrence.wall
		}
	}
	s.variants = append(s.variants, v)
}

// leaveOut leaves out the instance at a moment. A day means all that begins on it, and so does any moment where the
// event is an all-day one.
func (s *series) leaveOut(m moment) {
	switch {
	case m.wall < s.low || m.wall >= s.high:
	case m.isDate() || s.event.start.isDate():
		if s.withoutDays == nil {
			s.withoutDays = make(map[int64]bool)
		}
		s.withoutDays[m.date()] = true
	default:
		if s.without == nil {
			s.without = make(map[int64]bool)
		}
		s.without[s.at(m)] = true
	}
}

// exclude takes in an EXDATE (RFC 5545, section 3.8.5.1).
func (s *series) exclude(line list) {
	for value := range bytes.SplitSeq(line.value, []byte(",")) {
		m := readMoment(value, line.zone)
		if !m.readable() {
			s.problems.add("%v leaves out a time that can't be read (%s), which still counts", s.event, shown(value))
			continue
		}
		s.leaveOut(m)
	}
}

// dates takes in an RDATE (RFC 5545, section 3.8.5.2). What it leaves open is as at the start of the event.
func (s *series) dates(line list) {
	start := s.event.start
	for value := range bytes.SplitSeq(line.value, []byte(",")) {
		m, low := moment{}, s.low
		var own *length
		if bytes.IndexByte(value, '/') < 0 {
			m = readMoment(value, line.zone)
		} else if begin, l, ok := s.readPeriod(value, line.zone); ok {
			m, own, low = begin, &l, low-l.most()
		}
		switch {
		case !m.readable():
			s.problems.add("%v has a time that can't be read (%s), and takes none there", s.event, shown(value))
			continue
		case m.isDate():
			m = start.later((m.date() - start.date()) * day)
		case start.isDate() && own == nil:
			m = start.later((m.date() - start.date()) * day)
		}
		if m.wall >= low && m.wall < s.high {
			s.instance(m, own)
		}
	}
}

// rule takes in an RRULE.
func (s *series) rule(value string) {
	r, err := rrule.Parse(value)
	if err == nil {
		err = s.between(r)
	}
	if err == nil {
		return
	}
	s.problems.add("%v has a rule that can't be followed (%v), and counts as busy at that time each day", s.event, err)
	if r, err = rrule.Parse("FREQ=DAILY"); err == nil {
		err = s.between(r)
	}
	if err != nil {
		s.count = mostFound + 1
	}
}

// between takes in the instances of a rule.
func (s *series) between(r *rrule.Rule) error {
	start := s.event.start
	most := max(0, min(s.steps, mostOfRule))
	steps := most
	defer func() { s.steps -= most - steps }()
	return r.Between(wall(start.wall), wall(s.low), wall(s.high), &steps, func(at time.Time) {
		m := start.later(at.Unix() - start.wall)
		if !r.Until.IsZero() && m != start && s.at(m) > r.Until.Unix() {
			// Some end a series of days or floating times in UTC: they mean the clocks of whoever looks, or any.
			if start.zone != nil || start.form == icaltime.UTC || m.wall > r.Until.Unix() {
				return
			}
		}
		s.instance(m, nil)
	})
}

func wall(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// instance takes in the one that begins at m, with a length of its own or that of the event.
func (s *series) instance(m moment, own *length) {
	at := s.at(m)
	if s.without[at] || s.withoutDays != nil && s.withoutDays[m.date()] {
		return
	}
	// The last that begins there or before.
	later, _ := slices.BinarySearchFunc(s.variants, at, func(v variant, at int64) int {
		if v.from <= at {
			return -1
		}
		return 1
	})
	v := &s.variants[later-1]
	if !v.takes {
		return
	}
	if v.shift != 0 {
		m = m.later(v.shift)
		at = s.at(m)
	}
	if own == nil {
		own = &v.length
	}
	s.one(v.event, m, at, *own)
}
