package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/finder"
	"coalition/scheduler/slots"
)

// A remark tells in words what is drawn of a part of a day.
type remark struct{ when, what string }

// remarks tell of a day what is offered, what stands in the way within the hours that both have, and why nothing fits
// where nothing does.
func (p *picture) remarks(d *slots.Day) (list []remark) {
	for n, s := range p.offered(d) {
		list = append(list, remark{p.times(s), p.offer(n, s)})
	}
	common := without(d, func(b *slots.Blocked) bool { return b.Why == slots.NoHours })
	if len(common) == 0 {
		return []remark{{"", "nothing fits: your hours and " + p.partner + "'s don't meet"}}
	}
	hours := invites.Span{Start: common[0].Start, End: common[len(common)-1].End}
	all := false
	for i := range d.Blocked {
		b := &d.Blocked[i]
		with := b.Reach()
		if b.Why == slots.NoHours || !slices.ContainsFunc(common, func(s invites.Span) bool { return s.Overlaps(with) }) {
			continue
		}
		when := p.times(b.Span)
		// Of an event people know when it is; a rule may begin at midnight.
		if b.Why != slots.Busy && b.Why != slots.Offered {
			when = p.within(b.Span, hours)
		}
		all = all || !b.Start.After(hours.Start) && !b.End.Before(hours.End)
		list = append(list, remark{when, p.why(b)})
	}
	if len(d.Free) > 0 || all {
		return list
	}
	gap := longestOf(without(d, func(*slots.Blocked) bool { return true }))
	if most := longestOf(common); most.End.Sub(most.Start) < p.query.Length {
		gap = most
	}
	if gap.Start.Equal(gap.End) {
		return append(list, remark{"", "nothing fits: it is all taken"})
	}
	return append(list, remark{"", "nothing fits: the longest gap is " + finder.Length(gap.End.Sub(gap.Start)) + ", " + p.times(gap)})
}

// offer names an offered time, by its number and on the partner's clock.
func (p *picture) offer(n int, s invites.Span) string {
	text := fmt.Sprintf("offered as number %d", n)
	mine, theirs := s.Start.In(p.zone()), s.Start.In(p.query.Partner.Zone)
	switch {
	case mine.Format(time.DateTime) == theirs.Format(time.DateTime):
		return text
	case mine.Day() != theirs.Day():
		return text + ": " + theirs.Format("Mon 15:04") + " for " + p.partner
	}
	return text + ": " + theirs.Format("15:04") + " for " + p.partner
}

// why says what blocks, in a few words; the time is told beside it.
func (p *picture) why(b *slots.Blocked) string {
	who, are := "you", " are"
	switch b.Who {
	case slots.Partner:
		who, are = p.partner, " is"
	case slots.Both:
		who = "both"
	default:
	}
	switch b.Why {
	case slots.Busy:
		text := who + are + " busy"
		switch {
		case b.Title != "" && b.Source != "":
			text += ": " + b.Title + " (" + b.Source + ")"
		case b.Title+b.Source != "" && b.Who != slots.Partner:
			text += ": " + b.Title + b.Source
		}
		return text
	case slots.NoHours:
		switch b.Who {
		case slots.Organizer:
			return "outside your hours"
		case slots.Partner:
			return "outside the hours of " + p.partner
		}
		return "outside the hours of both"
	case slots.Holiday:
		return strings.TrimSuffix(who+are+" on holiday: "+b.Source, ": ")
	case slots.Notice:
		return "sooner than your notice of " + finder.Length(p.query.Notice)
	case slots.Unsuited:
		return "not the time of day for a talk of this kind: " + string(p.setting)
	case slots.KeepFree:
		return "kept free"
	case slots.PerDay:
		return "you have " + count(p.query.PerDay, "talk") + " already, as many as you want on a day"
	case slots.Offered:
		return "offered to somebody else: " + b.Source
	case slots.Window:
		return "not on a day that the plan names"
	default:
		return string(b.Why)
	}
}

// within is how a span is written whose bounds outside some hours don't matter.
func (p *picture) within(s, hours invites.Span) string {
	from, to, _ := strings.Cut(p.times(s), "-")
	switch early, late := !s.Start.After(hours.Start), !s.End.Before(hours.End); {
	case early && late:
		return "all day"
	case early:
		return "until " + to
	case late:
		return "from " + from
	}
	return p.times(s)
}

func longestOf(list []invites.Span) (most invites.Span) {
	for _, s := range list {
		if s.End.Sub(s.Start) > most.End.Sub(most.Start) {
			most = s
		}
	}
	return most
}
