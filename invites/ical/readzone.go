package ical

import (
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"coalition/invites/icaltime"
	"coalition/invites/tzid"
)

// A wallTime is what clocks show, as if they were in UTC, and the zone that tells when they do.
type wallTime struct {
	wall time.Time
	// zone is nil where nobody knows.
	zone *tzid.Zone
}

// instant returns when the clocks show it, as [tzid.Zone.Instant] does; zero: nobody knows.
func (w wallTime) instant() time.Time {
	if w.zone == nil {
		return time.Time{}
	}
	return w.zone.Instant(w.wall)
}

// readMoment returns the DATE-TIME in p, which may be nil. A DATE gives no instant.
func readMoment(p *ical.Prop, calendar *ical.Component) wallTime {
	if p == nil {
		return wallTime{}
	}
	form, wall := icaltime.Read(p.Value)
	switch {
	case form < icaltime.Wall || wall.Year() < 1970 || wall.Year() > maxYear:
		return wallTime{}
	case form == icaltime.UTC:
		return wallTime{wall, tzid.Of(time.UTC)}
	}
	// A comma that nobody has quoted makes a list of what is one name.
	return wallTime{wall, zoneOf(strings.Join(p.Params[ical.PropTimezoneID], ","), calendar)}
}

// zoneOf returns the zone that the calendar means by a TZID; nil: nobody knows.
func zoneOf(id string, calendar *ical.Component) *tzid.Zone {
	// That is some hundred rules.
	steps := 1_000_000
	name := tzid.Name(id)
	return tzid.Find(name, func(yield func([]tzid.Observance) bool) {
		for _, c := range calendar.Children {
			named := c.Name == ical.CompTimezone && tzid.Name(value(c, ical.PropTimezoneID)) == name
			if named && !yield(phases(c)) {
				return
			}
		}
	}, &steps)
}

// phases returns the observances of a VTIMEZONE.
func phases(c *ical.Component) []tzid.Observance {
	var list []tzid.Observance
	for _, child := range c.Children {
		if child.Name != ical.CompTimezoneStandard && child.Name != ical.CompTimezoneDaylight {
			continue
		}
		list = append(list, tzid.Observance{
			Start: value(child, ical.PropDateTimeStart),
			From:  value(child, ical.PropTimezoneOffsetFrom),
			To:    value(child, ical.PropTimezoneOffsetTo),
			Rules: values(child, ical.PropRecurrenceRule),
			Dates: values(child, ical.PropRecurrenceDates),
		})
	}
	return list
}

// value returns that of the first property of that name; "" without one.
func value(c *ical.Component, name string) string {
	if all := values(c, name); len(all) > 0 {
		return all[0]
	}
	return ""
}

func values(c *ical.Component, name string) []string {
	var all []string
	for _, p := range c.Props[name] {
		all = append(all, strings.TrimSpace(p.Value))
	}
	return all
}
