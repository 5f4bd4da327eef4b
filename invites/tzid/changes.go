package tzid

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"coalition/invites/icaltime"
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
	if wall >= lastSecond {
		wall, apart := early(wall)
		return c.instant(wall) + apart
	}
	// The last that is not later.
	i, after := -1, len(c)
	for i+1 < after {
		if half := (i + after) / 2; c[half].wall <= wall {
			i = half
		} else {
			after = half
		}
	}
	switch {
	case i < 0:
		return wall - c[0].from
	// Clocks leave it out.
	case wall < c[i].wall+c[i].to-c[i].from:
		return wall - c[i].from
	}
	return wall - c[i].to
}

// early returns a time of the latest kept year that has the same days, and how much earlier it is.
func early(wall int64) (same, apart int64) {
	const week = 7 * 24 * 60 * 60
	year := time.Unix(wall, 0).UTC().Year()
	for like := lastYear - 1; ; like-- {
		apart = startOf(year).Unix() - startOf(like).Unix()
		if apart%week == 0 && startOf(year+1).Unix()-startOf(like+1).Unix() == apart {
			return wall - apart, apart
		}
	}
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
		// Some write a Z behind what clocks show.
		form, start := icaltime.Read(strings.TrimSuffix(o.Start, "Z"))
		to, ok := icaltime.Offset(o.To)
		from, ok2 := icaltime.Offset(o.From)
		if form != icaltime.Local || !ok || !ok2 {
			return nil, false
		}
		p := phase{onsets: []time.Time{start}, from: int64(from), to: int64(to)}
		for _, dates := range o.Dates {
			for date := range strings.SplitSeq(dates, ",") {
				form, onset := icaltime.Read(strings.TrimSpace(date))
				if form != icaltime.Local {
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
