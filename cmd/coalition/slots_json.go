package main

import (
	"time"

	"coalition/invites"
	"coalition/scheduler/slots"
)

// A slotsRow is a search as `slots --json` shows it. Times are on the organizer's clock; what is absent is null.
type slotsRow struct {
	ID       string        `json:"id"`
	Round    int           `json:"round"`
	Length   int           `json:"length"`
	Travel   int           `json:"travel"`
	Timezone string        `json:"timezone"`
	Window   slotsWindow   `json:"window"`
	Offered  []slotsOffer  `json:"offered"`
	Free     []slotsSpan   `json:"free"`
	Days     []slotsDay    `json:"days"`
	Sources  []slotsSource `json:"sources"`
}

type slotsWindow struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type slotsSpan struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

type slotsOffer struct {
	slotsSpan
	Score float64    `json:"score"`
	Parts slotsParts `json:"parts"`
}

type slotsParts struct {
	Soon  float64 `json:"soon"`
	Hours float64 `json:"hours"`
	Room  float64 `json:"room"`
}

type slotsDay struct {
	Date    string         `json:"date"`
	Free    []slotsSpan    `json:"free"`
	Blocked []slotsBlocked `json:"blocked"`
}

type slotsBlocked struct {
	slotsSpan
	Who    slots.Who `json:"who"`
	Why    slots.Why `json:"why"`
	Source *string   `json:"source"`
	// Title is that of an event of the organizer's own calendars.
	Title *string `json:"title"`
}

type slotsSource struct {
	Name   string  `json:"name"`
	Kind   string  `json:"kind"`
	State  string  `json:"state"`
	ReadAt *string `json:"read_at"`
	Error  *string `json:"error"`
}

// slotsRowOf is a search for the time of a round of a conversation, and what it has found.
func slotsRowOf(id string, round int, q *slots.Query, r *slots.Result) slotsRow {
	zone := q.Organizer.Zone
	at := func(t time.Time) string { return t.In(zone).Format(time.RFC3339) }
	span := func(s invites.Span) slotsSpan { return slotsSpan{at(s.Start), at(s.End)} }
	spans := func(list []invites.Span) []slotsSpan {
		all := make([]slotsSpan, len(list))
		for i, s := range list {
			all[i] = span(s)
		}
		return all
	}
	row := slotsRow{ID: id, Round: round, Length: int(q.Length / time.Minute), Travel: int(q.Travel / time.Minute),
		Timezone: zone.String(), Window: slotsWindow{at(q.Window.Start), at(q.Window.End)},
		Offered: make([]slotsOffer, len(r.Offered)), Free: spans(r.Free), Days: []slotsDay{},
		Sources: make([]slotsSource, len(q.Busy))}
	for i, c := range r.Offered {
		row.Offered[i] = slotsOffer{span(c.Span), c.Score, slotsParts{c.Soon, c.Hours, c.Room}}
	}
	for _, d := range r.Days() {
		day := slotsDay{Date: d.Start.In(zone).Format(time.DateOnly), Free: spans(d.Free),
			Blocked: make([]slotsBlocked, len(d.Blocked))}
		for i, b := range d.Blocked {
			day.Blocked[i] = slotsBlocked{span(b.Span), b.Who, b.Why, orNull(b.Source), orNull(b.Title)}
		}
		row.Days = append(row.Days, day)
	}
	for i, f := range q.Busy {
		row.Sources[i] = slotsSource{f.Name, f.Kind, f.State, stamp(f.ReadAt, zone), orNull(f.Error)}
	}
	return row
}
