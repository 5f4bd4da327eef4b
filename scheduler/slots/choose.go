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
	// day is when the organizer's begins; part is before noon, the afternoon or the evening.
	day  time.Time
	part int
}

// whole is the best that each part of a score can be.
const whole = 1000

// choose picks the times to offer from the free spans.
func (q *Query) choose(free []invites.Span, blocked []Blocked) []Choice {
	all := q.candidates(free, blocked)
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
	for i, c := range chosen {
		part := func(n int64) float64 { return float64(n) / whole }
		list[i] = Choice{Span: c.Span, Score: part(c.score), Soon: part(c.soon), Hours: part(c.hours), Room: part(c.room)}
	}
	return list
}

// beside is what the time is worth beside those that are chosen already; -1: it overlaps one of them.
func (c *candidate) beside(chosen []candidate) int64 {
	day, part := int64(10), int64(10)
	for i := range chosen {
		o := &chosen[i]
		if c.Start.Before(o.End) && o.Start.Before(c.End) {
			return -1
		}
		if c.day.Equal(o.day) {
			day = 5
		}
		if c.part == o.part {
			part = 8
		}
	}
	return c.score * day * part
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
func (q *Query) candidates(free []invites.Span, blocked []Blocked) []candidate {
	starts := q.starts(free)
	list := make([]candidate, len(starts))
	left := invites.Span{Start: later(q.Window.Start, q.earliest()), End: q.Window.End}
	mine, theirs := q.frames(&q.Organizer), q.frames(&q.Partner)
	meetings := meetings(blocked)
	for i, start := range starts {
		c := &list[i]
		c.Span = invites.Span{Start: start, End: start.Add(q.Length)}
		local := start.In(q.Organizer.Zone)
		y, m, d := local.Date()
		c.day = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		switch hour := local.Hour(); {
		case hour >= 17:
			c.part = 2
		case hour >= 12:
			c.part = 1
		}
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

// middle is how near to the middle of the working day the talk is, in thousandths: 0 where its own middle is at the
// beginning or end of the day.
func (f frames) middle(talk invites.Span) int64 {
	i, _ := slices.BinarySearchFunc(f, talk.Start, endsAfter)
	if i == len(f) {
		return 0
	}
	before := talk.Start.Sub(f[i].Start)
	after := f[i].End.Sub(talk.End)
	return whole - share((before-after).Abs(), f[i].End.Sub(f[i].Start))
}

// meetings returns the busy times, with what they reach, in order and apart from each other.
func meetings(blocked []Blocked) (list busyTimes) {
	for i := range blocked {
		b := &blocked[i]
		if b.Why != Busy && b.Why != Offered {
			continue
		}
		if last := len(list) - 1; last >= 0 && !b.from().After(list[last].End) {
			list[last].End = later(list[last].End, b.to())
			continue
		}
		list = append(list, invites.Span{Start: b.from(), End: b.to()})
	}
	return list
}

type busyTimes []invites.Span

// room is how far off the meetings before and after the talk are, of the two the one farther off, in thousandths of an
// hour.
func (b busyTimes) room(talk invites.Span) int64 {
	i, _ := slices.BinarySearchFunc(b, talk.Start, endsAfter)
	before, after := time.Hour, time.Hour
	if i > 0 {
		before = talk.Start.Sub(b[i-1].End)
	}
	if i < len(b) {
		after = b[i].Start.Sub(talk.End)
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
