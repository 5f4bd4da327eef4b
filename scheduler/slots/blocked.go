package slots

import (
	"slices"
	"time"

	"coalition/invites"
	"coalition/scheduler/plan"
)

// blocked calls take with all that any rule blocks in a span of time, in no order.
func (q *Query) blocked(over invites.Span, take func(Blocked)) {
	c := &collector{over, take}
	mine, theirs := q.Organizer.Zone, q.Partner.Zone
	own, foreign := days(over, mine), days(over, theirs)

	c.outside(q.Organizer.Hours, own, mine, Blocked{Who: Organizer, Why: NoHours})
	c.outside(q.Partner.Hours, foreign, theirs, Blocked{Who: Partner, Why: NoHours})
	if len(q.Suits) > 0 {
		c.outside(q.Suits, foreign, theirs, Blocked{Who: Both, Why: Unsuited})
	}
	c.holidays(own, &q.Organizer, Organizer)
	c.holidays(foreign, &q.Partner, Partner)
	c.add(Blocked{Span: invites.Span{Start: over.Start, End: q.earliest()}, Who: Both, Why: Notice})
	talks := q.talksOn(own)
	for i, d := range own {
		if len(q.KeepFree) > 0 {
			for _, s := range d.on(q.KeepFree, mine) {
				c.add(Blocked{Span: s, Who: Organizer, Why: KeepFree})
			}
		}
		if talks[i] >= q.PerDay {
			c.add(Blocked{Span: d.Span, Who: Organizer, Why: PerDay})
		}
	}
	q.busy(c)
}

// earliest is when the talk may begin by Notice.
func (q *Query) earliest() time.Time { return upTo(q.Now.Add(q.Notice), time.Minute, time.UTC) }

// talksOn counts for each of some days, in order, the other conversations that have a talk on it, or are offered one.
func (q *Query) talksOn(days []day) []int {
	refs, counts := make([][]string, len(days)), make([]int, len(days))
	for _, t := range q.Talks {
		i, on := slices.BinarySearchFunc(days, t.Start, func(d day, start time.Time) int {
			switch {
			case !d.End.After(start):
				return -1
			case d.Start.After(start):
				return 1
			}
			return 0
		})
		if on && !slices.Contains(refs[i], t.Ref) {
			refs[i] = append(refs[i], t.Ref)
			counts[i]++
		}
	}
	return counts
}

// busy adds events and other talks.
func (q *Query) busy(c *collector) {
	near := invites.Span{Start: c.over.Start.Add(-q.Travel), End: c.over.End.Add(q.Travel)}
	for _, calendar := range q.Busy {
		who := Organizer
		if calendar.Partner {
			who = Partner
		}
		for _, event := range calendar.Busy {
			// What has no length blocks nothing.
			if !event.Overlaps(near) || !event.Start.Before(event.End) {
				continue
			}
			b := Blocked{Span: event.Span, Who: who, Why: Busy, Source: calendar.Name, Travel: q.Travel}
			if who == Organizer {
				b.Title = event.Title
			}
			c.add(b)
		}
	}
	for _, t := range q.Talks {
		b := Blocked{Span: t.Span, Who: Organizer, Why: Offered, Source: t.Ref, Travel: q.Travel + t.Travel}
		if t.Agreed {
			b.Why = Busy
		}
		c.add(b)
	}
}

// A collector gathers what is blocked in a span of time.
type collector struct {
	over invites.Span
	take func(Blocked)
}

// add takes in what has a part in the span, or reaches into it.
func (c *collector) add(b Blocked) {
	if !b.End.Before(b.Start) && b.Reach().Overlaps(c.over) {
		c.take(b)
	}
}

// outside adds all that is not in the hours, and the boundaries between those of two days that touch.
func (c *collector) outside(hours plan.Hours, days []day, zone *time.Location, b Blocked) {
	b.Start = c.over.Start
	for _, d := range days {
		for _, s := range d.on(hours, zone) {
			b.End = s.Start
			c.add(b)
			b.Start = s.End
		}
	}
	b.End = c.over.End
	c.add(b)
}

func (c *collector) holidays(days []day, p *Person, who Who) {
	if p.Holiday == nil {
		return
	}
	for _, d := range days {
		if name, ok := p.Holiday(d.date); ok {
			c.add(Blocked{Span: d.Span, Who: who, Why: Holiday, Source: name})
		}
	}
}
