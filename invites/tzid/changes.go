package tzid

import (
	"cmp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"coalition/invites/rrule"
)

// A change is when clocks are put: at wall, which they show just before, from one offset to another, in seconds east
// of UTC.
type change struct {
	wall     int64
	from, to int64
}

// changes are in order of wall, at least one. Before the first, clocks are as it finds them.
type changes []change

// instant returns when the clocks show wall, as [Zone.Instant] does, in seconds since 1970.
func (c changes) instant(wall int64) int64 {
	i := sort.Search(len(c), func(i int) bool { return c[i].wall > wall }) - 1
	switch {
	case i < 0:
		return wall - c[0].from
	// Clocks leave it out.
	case wall < c[i].wall+c[i].to-c[i].from:
		return wall - c[i].from
	}
	return wall - c[i].to
}

// changesIn returns those of a place between two instants.
func changesIn(loc *time.Location, from, to time.Time) changes {
	at := from.In(loc)
	_, offset := at.Zone()
	before := int64(offset)
	list := changes{{wall: from.Unix() + before, from: before, to: before}}
	for {
		_, next := at.ZoneBounds()
		// So it is on the last day of leap years that a table does not reach.
		if !next.IsZero() && !next.After(at) {
			next = at.AddDate(0, 0, 1)
		}
		if next.IsZero() || next.After(to) {
			return list
		}
		at = next
		_, offset = at.Zone()
		if after := int64(offset); after != before {
			list = append(list, change{wall: at.Unix() + before, from: before, to: after})
			before = after
		}
	}
}

// An Observance is a STANDARD or DAYLIGHT of a VTIMEZONE (RFC 5545, section 3.6.5), by the values of its DTSTART,
// TZOFFSETFROM and TZOFFSETTO, and of each RRULE and RDATE.
type Observance struct {
	Start, From, To string
	Rules, Dates    []string
}

// A phase is an observance that was read.
type phase struct {
	// onsets are what clocks show where it begins, before they are put: the start, and each RDATE.
	onsets []time.Time
	// rules give further onsets, from onsets[0] on.
	rules    []*rrule.Rule
	from, to int64
}

// readPhases takes a VTIMEZONE apart. It is not ok where one of its observances can't be read for sure.
func readPhases(observances []Observance) ([]phase, bool) {
	var phases []phase
	for _, o := range observances {
		start, ok := readWall(strings.TrimSuffix(o.Start, "Z"))
		to, ok2 := readOffset(o.To)
		from, ok3 := readOffset(o.From)
		if !ok || !ok2 || !ok3 {
			return nil, false
		}
		p := phase{onsets: []time.Time{start}, from: from, to: to}
		for _, dates := range o.Dates {
			for date := range strings.SplitSeq(dates, ",") {
				onset, ok := readWall(strings.TrimSpace(date))
				if !ok {
					return nil, false
				}
				p.onsets = append(p.onsets, onset)
			}
		}
		for _, value := range o.Rules {
			rule, err := rrule.Parse(value)
			if err != nil {
				return nil, false
			}
			p.rules = append(p.rules, rule)
		}
		phases = append(phases, p)
	}
	return phases, len(phases) > 0
}

// changesOf returns those of a VTIMEZONE: all that are given one by one, and what rules give from from until until.
func changesOf(phases []phase, from, until time.Time, steps *int) (changes, error) {
	var list changes
	for _, p := range phases {
		add := func(onset time.Time) { list = append(list, change{onset.Unix(), p.from, p.to}) }
		for _, onset := range p.onsets {
			add(onset)
		}
		for _, rule := range p.rules {
			err := rule.Between(p.onsets[0], from, until, steps, func(onset time.Time) {
				if rule.Until.IsZero() || !onset.Add(-time.Duration(p.from)*time.Second).After(rule.Until) {
					add(onset)
				}
			})
			if err != nil {
				return nil, err
			}
		}
	}
	slices.SortStableFunc(list, func(a, b change) int { return cmp.Compare(a.wall, b.wall) })
	return slices.CompactFunc(list, func(a, b change) bool { return a.wall == b.wall }), nil
}

func readWall(s string) (time.Time, bool) {
	const form = "20060102T150405"
	t, err := time.Parse(form, s)
	return t, err == nil && len(s) == len(form)
}

// readOffset returns a UTC-OFFSET (RFC 5545, section 3.3.14), in seconds.
func readOffset(s string) (int64, bool) {
	if len(s) != 5 && len(s) != 7 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[1:], 10, 32)
	if err != nil {
		return 0, false
	}
	if len(s) == 5 {
		n *= 100
	}
	seconds := int64(n/10000*3600 + n/100%100*60 + n%100)
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, n < 240000
}
