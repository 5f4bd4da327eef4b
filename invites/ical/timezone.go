package ical

import (
	"fmt"
	"sync"
	"time"

	"github.com/emersion/go-ical"

	"coalition/invites"
)

// How the zone of an invitation is told: by its own rules, not by its name, because a receiver may
// not know the name (RFC 5545, section 3.6.5), and in the only shape that Exchange reads well: one
// observance for each half of the year with one yearly rule, from 1970 on. Zones whose clocks follow
// no such rule (Ramadan in Morocco, say) get their transitions one by one for the years around the event.

// yearsAhead is for how many years a rule must hold to be told as a rule.
const yearsAhead = 6

// A change is one moment at which a zone's clocks are put.
type change struct {
	// at is the instant, in UTC.
	at time.Time
	// from and to are seconds east of UTC, before and after.
	from, to int
	// name is the abbreviation from then on.
	name string
}

// wall returns what the clocks show at the moment they are put.
func (c change) wall() time.Time { return c.at.Add(time.Duration(c.from) * time.Second) }

// A rule is a wall time on the nth weekday of a month, yearly.
type rule struct {
	month   time.Month
	weekday time.Weekday
	// nth is 1 to 4 from the start of the month, -1 the last.
	nth      int
	clock    time.Duration
	from, to int
}

type zoneKey struct {
	// zone is another one with each version of the zone data.
	zone *time.Location
	year int
	// rest says that clocks are not put any more.
	rest bool
}

// zoneBytes are what was written, as []byte, by zoneKey.
var zoneBytes sync.Map

// timezone returns the encoded VTIMEZONE for an event that starts at t, in t's zone.
func timezone(t time.Time) ([]byte, error) {
	key := zoneKey{t.Location(), t.Year(), rests(t)}
	if b, ok := zoneBytes.Load(key); ok {
		return b.([]byte), nil
	}
	name := key.zone.String()
	if _, err := invites.Location(name); err != nil {
		return nil, fmt.Errorf("the zone %q %w", name, err)
	}
	w := writer{}
	w.raw("BEGIN:VTIMEZONE")
	id := make(ical.Props, 1)
	set(id, ical.PropTimezoneID, name)
	w.props(id)
	told := []*ical.Component{}
	if key.rest {
		name, offset := t.Zone()
		told = append(told, observance(change{from: offset, to: offset, name: name}, epoch, ""))
	} else {
		told = observances(key.zone, key.year)
	}
	for _, o := range told {
		w.raw("BEGIN:" + o.Name)
		w.props(o.Props)
		w.raw("END:" + o.Name)
	}
	w.raw("END:VTIMEZONE")
	if w.err != nil {
		return nil, w.err
	}
	zoneBytes.Store(key, w.out)
	return w.out, nil
}

// rests reports whether the clocks of t's zone are not put any more from the day before t on. Then one
// STANDARD says all: what was before is nothing to the event, and Exchange takes a change that no rule
// repeats for one that does not last.
func rests(t time.Time) bool {
	since := t.AddDate(0, 0, -1)
	return len(changesBetween(t.Location(), since, since.AddDate(yearsAhead, 0, 0))) == 0
}

// observances returns the STANDARD and DAYLIGHT components that tell loc's clocks in and around year.
func observances(loc *time.Location, year int) []*ical.Component {
	from := time.Date(year-1, 1, 1, 0, 0, 0, 0, time.UTC)
	changes := changesBetween(loc, from, from.AddDate(yearsAhead, 0, 0))
	if rules, ok := yearly(changes); ok {
		var list []*ical.Component
		for i, r := range rules {
			c := changes[i]
			list = append(list, observance(c, r.in(1970), r.String()))
		}
		return list
	}
	// No rule: each change until after the event, and what held before the first.
	last := time.Date(year+2, 1, 1, 0, 0, 0, 0, time.UTC)
	name, offset := from.In(loc).Zone()
	list := []*ical.Component{observance(change{from: offset, to: offset, name: name}, epoch, "")}
	for _, c := range changes {
		if c.at.Before(last) {
			list = append(list, observance(c, c.wall(), ""))
		}
	}
	return list
}

var epoch = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)

func changesBetween(loc *time.Location, from, to time.Time) []change {
	var list []change
	for at := from; ; {
		_, next := at.In(loc).ZoneBounds()
		// So it is on the last day of leap years that a table does not reach.
		if !next.IsZero() && !next.After(at) {
			next = at.AddDate(0, 0, 1)
		}
		if next.IsZero() || !next.Before(to) {
			return list
		}
		_, before := next.Add(-time.Second).In(loc).Zone()
		name, after := next.In(loc).Zone()
		if before != after {
			list = append(list, change{at: next.UTC(), from: before, to: after, name: name})
		}
		at = next
	}
}

// yearly reports the two rules, in the order of the first two changes, that give all of changes.
func yearly(changes []change) ([2]rule, bool) {
	var rules [2]rule
	if len(changes) != 2*yearsAhead {
		return rules, false
	}
	for half := range 2 {
		first := changes[half].wall()
		candidates := []rule{ruleOf(changes[half], 1+(first.Day()-1)/7)}
		if first.AddDate(0, 0, 7).Month() != first.Month() {
			candidates = append(candidates, ruleOf(changes[half], -1))
		}
		found := false
		for _, r := range candidates {
			if r.nth > 4 {
				continue
			}
			fits := true
			for i := half; i < len(changes); i += 2 {
				c := changes[i]
				fits = fits && c.from == r.from && c.to == r.to && c.wall().Equal(r.in(c.wall().Year()))
			}
			if fits {
				rules[half], found = r, true
			}
		}
		if !found {
			return rules, false
		}
	}
	return rules, true
}

func ruleOf(c change, nth int) rule {
	w := c.wall()
	return rule{month: w.Month(), weekday: w.Weekday(), nth: nth, from: c.from, to: c.to,
		clock: w.Sub(time.Date(w.Year(), w.Month(), w.Day(), 0, 0, 0, 0, time.UTC))}
}

// in returns the wall time of the rule in that year.
func (r rule) in(year int) time.Time {
	if r.nth > 0 {
		first := time.Date(year, r.month, 1, 0, 0, 0, 0, time.UTC)
		ahead := (int(r.weekday) - int(first.Weekday()) + 7) % 7
		return first.AddDate(0, 0, ahead+7*(r.nth-1)).Add(r.clock)
	}
	last := time.Date(year, r.month+1, 0, 0, 0, 0, 0, time.UTC)
	back := (int(last.Weekday()) - int(r.weekday) + 7) % 7
	return last.AddDate(0, 0, -back).Add(r.clock)
}

// weekdays are as BYDAY names them (RFC 5545, section 3.3.10), from time.Sunday on.
var weekdays = [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// String returns the RRULE of the rule.
func (r rule) String() string {
	return fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s", r.month, r.nth, weekdays[r.weekday])
}

func observance(c change, start time.Time, rrule string) *ical.Component {
	kind := ical.CompTimezoneStandard
	if c.to > c.from {
		kind = ical.CompTimezoneDaylight
	}
	o := ical.NewComponent(kind)
	set(o.Props, ical.PropDateTimeStart, start.Format("20060102T150405"))
	set(o.Props, ical.PropTimezoneOffsetFrom, offset(c.from))
	set(o.Props, ical.PropTimezoneOffsetTo, offset(c.to))
	set(o.Props, ical.PropTimezoneName, c.name)
	if rrule != "" {
		set(o.Props, ical.PropRecurrenceRule, rrule)
	}
	return o
}

// offset returns a UTC-OFFSET (RFC 5545, section 3.3.14).
func offset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	s := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		s += fmt.Sprintf("%02d", seconds%60)
	}
	return s
}
