package main

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/finder"
	"coalition/scheduler/plan"
	"coalition/scheduler/slots"
)

// A picture is a search as `slots --explain` and `slots --svg` draw it: its days, one line for each of the two. It has
// titles of events of the organizer's own calendars, and is for nobody else.
type picture struct {
	query  *slots.Query
	result *slots.Result
	// partner is how they are called, in one line; the organizer is "you".
	partner string
	// setting is the kind of talk.
	setting plan.Kind

	days []slots.Day
}

func newPicture(q *slots.Query, r *slots.Result, partner string, setting plan.Kind) *picture {
	return &picture{query: q, result: r, partner: partner, setting: setting, days: r.Days()}
}

// An ink is what a part of a day is drawn as. A later one is drawn over those before it.
type ink int

const (
	// inkOutside is outside working hours, inkOpen within them, where the talk does not fit.
	inkOutside ink = iota
	inkOpen
	// inkRule is blocked by a rule: a holiday, the notice and others. inkOthers is offered to somebody else.
	inkRule
	inkTravel
	inkOthers
	inkBusy
	inkFree
	inkOffered
)

// legend says what each ink means, in the order in which people look for them.
var legend = []struct {
	ink   ink
	means string
}{
	{inkOffered, "offered"}, {inkFree, "free"}, {inkBusy, "busy"}, {inkTravel, "travel"},
	{inkOthers, "offered to others"}, {inkRule, "against a rule"}, {inkOpen, "working hours"},
}

// A part is a part of somebody's day.
type part struct {
	invites.Span
	ink ink
	// label says what it is; number is that of an offered time, from 1.
	label  string
	number int
}

// parts are those of a day for one of the two, in the order in which they are drawn.
func (p *picture) parts(d *slots.Day, who slots.Who) (list []part) {
	hours := open(d, who)
	for _, s := range hours {
		list = append(list, part{Span: s, ink: inkOpen})
	}
	for _, b := range d.Blocked {
		if b.Why == slots.NoHours || b.Who != who && b.Who != slots.Both {
			continue
		}
		drawn := part{Span: b.Span, label: p.why(&b)}
		switch b.Why {
		case slots.Busy:
			drawn.ink = inkBusy
		case slots.Offered:
			drawn.ink = inkOthers
		default:
			// Rules matter within working hours.
			drawn.ink = inkRule
			for _, s := range hours {
				if s.Overlaps(b.Span) {
					drawn.Span = b.Within(s)
					list = append(list, drawn)
				}
			}
			continue
		}
		if b.Travel > 0 {
			list = append(list, part{Span: b.Reach(), ink: inkTravel})
		}
		list = append(list, drawn)
	}
	for _, s := range d.Free {
		list = append(list, part{Span: s, ink: inkFree})
	}
	for n, s := range p.offered(d) {
		list = append(list, part{Span: s, ink: inkOffered, number: n})
	}
	slices.SortStableFunc(list, func(a, b part) int { return cmp.Compare(a.ink, b.ink) })
	return list
}

// offered are the times of a day that are offered, by their numbers, from 1.
func (p *picture) offered(d *slots.Day) iter.Seq2[int, invites.Span] {
	return func(yield func(int, invites.Span) bool) {
		for i, c := range p.result.Offered {
			if !c.Start.Before(d.Start) && c.Start.Before(d.End) && !yield(i+1, c.Span) {
				return
			}
		}
	}
}

// open is when somebody can be met on a day, by their hours alone.
func open(d *slots.Day, who slots.Who) []invites.Span {
	return without(d, func(b *slots.Blocked) bool { return b.Why == slots.NoHours && (b.Who == who || b.Who == slots.Both) })
}

// without is what is left of a day without what is blocked, of that which counts.
func without(d *slots.Day, counts func(*slots.Blocked) bool) (list []invites.Span) {
	taken := []invites.Span{{Start: d.End, End: d.End}}
	for i := range d.Blocked {
		if b := &d.Blocked[i]; counts(b) {
			taken = append(taken, b.Reach())
		}
	}
	slices.SortFunc(taken, func(a, b invites.Span) int { return a.Start.Compare(b.Start) })
	start := d.Start
	for _, s := range taken {
		if s.Start.After(start) {
			list = append(list, invites.Span{Start: start, End: s.Start})
		}
		if s.End.After(start) {
			start = s.End
		}
	}
	return list
}

// A stretch is what is drawn as one: days in a row on which one of the two does not work, or a single day.
type stretch struct {
	label string
	day   *slots.Day
	// idle says who does not work; "": both do.
	idle string
	// axis says that the hours are to be written above it: at the beginning of a week, or since a clock is put.
	axis bool
}

func (p *picture) stretches() (list []stretch) {
	var ahead time.Duration
	for i := 0; i < len(p.days); i++ {
		d := &p.days[i]
		s := stretch{label: p.date(d), day: d, idle: p.idle(d)}
		if s.idle != "" {
			first := i
			for i+1 < len(p.days) && p.idle(&p.days[i+1]) == s.idle {
				i++
			}
			if i > first {
				s.label += " to " + p.date(&p.days[i])
			}
		} else {
			now := p.ahead(d)
			s.axis = len(list) == 0 || list[len(list)-1].idle != "" || now != ahead
			ahead = now
		}
		list = append(list, s)
	}
	return list
}

// ahead is how much later the partner's clock is than the organizer's, at noon.
func (p *picture) ahead(d *slots.Day) time.Duration {
	noon := p.clock(d, 12*3600)
	_, mine := noon.Zone()
	_, theirs := noon.In(p.query.Partner.Zone).Zone()
	return time.Duration(theirs-mine) * time.Second
}

// zones are those of the clocks that are shown: the organizer's, and the partner's where it is another one.
func (p *picture) zones() []*time.Location {
	if p.query.Partner.Zone.String() == p.zone().String() {
		return []*time.Location{p.zone()}
	}
	return []*time.Location{p.zone(), p.query.Partner.Zone}
}

// city is the last part of a zone's name.
func city(zone *time.Location) string {
	name := zone.String()
	return strings.ReplaceAll(name[strings.LastIndexByte(name, '/')+1:], "_", " ")
}

// idle says which of the two do not work on a day; "": both do.
func (p *picture) idle(d *slots.Day) string {
	mine, theirs := len(open(d, slots.Organizer)) > 0, len(open(d, slots.Partner)) > 0
	switch {
	case mine && theirs:
		return ""
	case mine:
		return p.partner + " doesn't work"
	case theirs:
		return "you don't work"
	}
	return "neither of you works"
}

// hours are from which to which hour of the organizer's clock the days are drawn: those in which one of the two works.
func (p *picture) hours() (from, to int) {
	from, to = 24, 0
	for i := range p.days {
		d := &p.days[i]
		if p.idle(d) != "" {
			continue
		}
		for _, s := range append(open(d, slots.Organizer), open(d, slots.Partner)...) {
			from = min(from, s.Start.In(p.zone()).Hour())
			end := s.End.In(p.zone())
			last := end.Hour()
			if end.Minute() > 0 {
				last++
			}
			if !s.End.Before(d.End) {
				last = 24
			}
			to = max(to, last)
		}
	}
	if from >= to {
		return 9, 17
	}
	return from, to
}

func (p *picture) zone() *time.Location { return p.query.Organizer.Zone }

// clock is when the organizer's clock shows that time of a day.
func (p *picture) clock(d *slots.Day, seconds int) time.Time {
	y, m, day := d.Start.In(p.zone()).Date()
	return time.Date(y, m, day, 0, 0, seconds, 0, p.zone())
}

// date is how a day is written.
func (p *picture) date(d *slots.Day) string { return d.Start.In(p.zone()).Format("Mon 2 Jan") }

// times is how a span is written, on the organizer's clock.
func (p *picture) times(s invites.Span) string {
	end := s.End.In(p.zone()).Format("15:04")
	if end == "00:00" {
		end = "24:00"
	}
	return s.Start.In(p.zone()).Format("15:04") + "-" + end
}

// heading tells what is looked for, and when.
func (p *picture) heading() string {
	q := p.query
	text := "A talk of " + finder.Length(q.Length) + " with " + p.partner
	if q.Travel > 0 {
		text += ", and " + finder.Length(q.Travel) + " for the way before and after"
	}
	last := q.Window.End.Add(-time.Nanosecond).In(p.zone())
	first, layout := q.Window.Start.In(p.zone()), "2 January"
	if first.Year() != last.Year() {
		layout = "2 January 2006"
	}
	return text + ", from " + first.Format(layout) + " to " + last.Format("2 January 2006")
}
