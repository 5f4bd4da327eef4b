package slots

import (
	"cmp"
	"slices"
	"time"

	"coalition/invites"
)

// A Choice is a time to offer.
type Choice struct {
	// Span is that of the talk.
	invites.Span
	// Score is from 0 to 1, in thousandths, and made of the others, which are, too. See the package comment.
	Score, Soon, Hours, Room float64
}

// A candidate is a time that could be offered. Its parts are in thousandths, so that each machine comes to the same.
type candidate struct {
	invites.Span
	soon, hours, room, score int64
	// day is that of the organizer's calendar, in minutes, and minute the one of the day at which it begins.
	day, minute int64
}

// whole is the best that each part of a score can be.
const whole = 1000

// choose picks the times to offer from the free spans.
func (q *Query) choose(free []invites.Span, cuts []cut) []Choice {
	all := q.candidates(free, cuts)
	var chosen []candidate
	for len(chosen) < q.Offer {
		best, most := -1, int64(-1)
		for i := range all {
			if worth := all[i].beside(chosen); worth > most {
				best, most = i, worth
			}
		}
		if best < 0 {
			break
		}
		chosen = append(chosen, all[best])
	}
	slices.SortFunc(chosen, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), a.Start.Compare(b.Start))
	})
	list := make([]Choice, len(chosen))
	for i := range chosen {
		list[i] = chosen[i].choice()
	}
	return list
}

// choice is the candidate as it is told.
func (c *candidate) choice() Choice {
	part := func(n int64) float64 { return float64(n) / whole }
	return Choice{Span: c.Span, Score: part(c.score), Soon: part(c.soon), Hours: part(c.hours), Room: part(c.room)}
}

// Rate returns how good a talk is that begins then, whether it is free or not, and on whatever minute.
func (q *Query) Rate(start time.Time) Choice {
	each := *q
	each.Step = time.Minute
	talk := invites.Span{Start: start, End: start.Add(q.Length)}
	for _, c := range each.candidates([]invites.Span{talk}, q.cuts(q.Window)) {
		return c.choice()
	}
	return Choice{Span: talk}
}

// beside is what the time is worth beside those that are chosen already; -1: it overlaps one of them.
func (c *candidate) beside(chosen []candidate) int64 {
	sameDay, apart, round := int64(0), int64(whole), int64(94)
	switch {
	case c.minute%60 == 0:
		round = 100
	case c.minute%30 == 0:
		round = 97
	}
	for i := range chosen {
		o := &chosen[i]
		if c.Overlaps(o.Span) {
			return -1
		}
		if c.day == o.day {
			sameDay++
		}
		apart = min(apart, share(time.Duration(max(c.minute-o.minute, o.minute-c.minute))*time.Minute, 4*time.Hour))
	}
	return c.score * (6*whole + 4*apart) * round / (1 + sameDay)
}

// starts are those of the talk on the steps of the organizer's clock, within the free spans.
func (q *Query) starts(free []invites.Span) (list []time.Time) {
	for _, s := range free {
		for t := q.onStep(s.Start); !t.Add(q.Length).After(s.End); t = q.onStep(t.Add(time.Minute)) {
			list = append(list, t.UTC())
		}
	}
	return list
}

func (q *Query) onStep(t time.Time) time.Time { return upTo(t, q.Step, q.Organizer.Zone) }

// candidates are all times that could be offered, in order.
func (q *Query) candidates(free []invites.Span, cuts []cut) []candidate {
	starts := q.starts(free)
	list := make([]candidate, len(starts))
	left := invites.Span{Start: later(q.Window.Start, q.earliest()), End: q.Window.End}
	mine, theirs := q.frames(&q.Organizer), q.frames(&q.Partner)
	meetings := meetingsOf(cuts)
	for i, start := range starts {
		c := &list[i]
		c.Span = invites.Span{Start: start, End: start.Add(q.Length)}
		_, offset := start.In(q.Organizer.Zone).Zone()
		minutes := (start.Unix() + int64(offset)) / 60
		c.minute = minutes % (24 * 60)
		c.day = minutes - c.minute
		c.soon = whole - share(start.Sub(left.Start), left.End.Sub(left.Start))*int64(q.Urgency)/5
		c.hours = min(mine.middle(c.Span), theirs.middle(c.Span))
		c.room = meetings.room(c.Span)
		c.score = (5*c.soon + 3*c.hours + 2*c.room) / 10
	}
	return list
}

// share is part of all in thousandths, from 0 to 1000.
func share(part, all time.Duration) int64 {
	if part >= all {
		return whole
	}
	return max(0, int64(part/time.Second)*whole/max(1, int64(all/time.Second)))
}

// frames are somebody's working days, each from its first hour to its last.
type frames []invites.Span

func (q *Query) frames(p *Person) (list frames) {
	for _, d := range days(q.Window, p.Zone) {
		if hours := d.on(p.Hours, p.Zone); len(hours) > 0 {
			list = append(list, invites.Span{Start: hours[0].Start, End: hours[len(hours)-1].End})
		}
	}
	return list
}

// middle is how near to the middle of the working day the middle of the talk is, in thousandths: three quarters half
// way out, 0 at the beginning or end of the day.
func (f frames) middle(talk invites.Span) int64 {
	i, _ := slices.BinarySearchFunc(f, talk.Start, endsAfter)
	if i == len(f) {
		return 0
	}
	before := talk.Start.Sub(f[i].Start)
	after := f[i].End.Sub(talk.End)
	off := share((before - after).Abs(), f[i].End.Sub(f[i].Start))
	return whole - off*off/whole
}

// meetings are the busy times with what they reach, in order and apart from each other.
type meetings []cut

func meetingsOf(cuts []cut) (list meetings) {
	for _, c := range cuts {
		if !c.busy {
			continue
		}
		if last := len(list) - 1; last >= 0 && c.from <= list[last].to {
			list[last].to = max(list[last].to, c.to)
			continue
		}
		list = append(list, c)
	}
	return list
}

// room is how far off the meetings before and after the talk are, of the two the one farther off, in thousandths of an
// hour.
func (m meetings) room(talk invites.Span) int64 {
	start, end := talk.Start.UnixNano(), talk.End.UnixNano()
	i, _ := slices.BinarySearchFunc(m, start, func(c cut, t int64) int { return cmp.Compare(c.to, t+1) })
	before, after := time.Hour, time.Hour
	if i > 0 {
		before = time.Duration(start - m[i-1].to)
	}
	if i < len(m) {
		after = time.Duration(m[i].from - end)
	}
	return share(max(before, after), time.Hour)
}

// endsAfter finds the first span in order that ends after a time.
func endsAfter(s invites.Span, t time.Time) int {
	if s.End.After(t) {
		return 1
	}
	return -1
}
