package tzid

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
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

// changesOf returns those of a VTIMEZONE: all that are given one by one, and what rules give in the years that are
// kept. nil: one of its observances can't be read for sure, or takes more than steps.
func changesOf(observances []Observance, steps *int) changes {
	key := fmt.Sprintf("%q", observances)
	if c := copies.get(key); c != nil {
		return c
	}
	// One of two yearly rules takes some thousands.
	const most = 50_000
	left := max(0, min(*steps, most))
	*steps -= left
	defer func() { *steps += max(0, left) }()
	var list changes
	for _, o := range observances {
		found, ok := o.changes(&left)
		if !ok {
			return nil
		}
		list = append(list, found...)
	}
	slices.SortStableFunc(list, func(a, b change) int { return cmp.Compare(a.wall, b.wall) })
	list = slices.CompactFunc(list, func(a, b change) bool { return a.wall == b.wall })
	copies.put(key, list)
	return list
}

// changes returns those that an observance begins with: its start, each RDATE, and what its rules give. It is not ok
// where something in it can't be read for sure, or takes more than steps.
func (o Observance) changes(steps *int) (list changes, ok bool) {
	// Some write a Z behind what clocks show.
	form, start := icaltime.Read(strings.TrimSuffix(o.Start, "Z"))
	to, ok := icaltime.Offset(o.To)
	from, ok2 := icaltime.Offset(o.From)
	if form != icaltime.Wall || !ok || !ok2 {
		return nil, false
	}
	add := func(onset time.Time) { list = append(list, change{onset.Unix(), int64(from), int64(to)}) }
	add(start)
	for _, dates := range o.Dates {
		for date := range strings.SplitSeq(dates, ",") {
			form, onset := icaltime.Read(strings.TrimSpace(date))
			if form != icaltime.Wall {
				return nil, false
			}
			add(onset)
		}
	}
	for _, value := range o.Rules {
		rule, err := rrule.Parse(value)
		if err != nil {
			return nil, false
		}
		err = rule.Between(start, startOf(firstYear-1), startOf(lastYear+1), steps, func(onset time.Time) {
			if rule.Until.IsZero() || !onset.Add(-time.Duration(from)*time.Second).After(rule.Until) {
				add(onset)
			}
		})
		if err != nil {
			return nil, false
		}
	}
	return list, true
}

// copies are the changes of VTIMEZONEs by what these say: on a CalDAV server each event brings its own copy.
var copies keeper

// A keeper keeps what has been found, as long as that is little.
type keeper struct {
	mu   sync.Mutex
	kept map[string]changes
}

func (k *keeper) get(key string) changes {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.kept[key]
}

func (k *keeper) put(key string, c changes) {
	// Of a zone with two changes a year, that is some 6 kB each.
	const most, longest = 500, 1_000
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(key) > 16*longest || len(c) > longest {
		return
	}
	if k.kept == nil || len(k.kept) == most {
		k.kept = make(map[string]changes)
	}
	k.kept[key] = c
}
