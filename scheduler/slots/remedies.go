package slots

import (
	"time"

	"coalition/invites"
)

// A Remedy is a change of one rule, and how many times could be offered with it.
type Remedy struct {
	// Why is the rule: Window is so many days longer, Notice is so short, PerDay is one talk more, Travel is none, and
	// all others are not regarded.
	Why Why
	// Days is by how many days the window ends later.
	Days int
	// Notice is the longest that would do, in whole minutes, or in whole hours where it is an hour or more.
	Notice time.Duration
	// Times is how many starts on a step there are then, 1 or more.
	Times int
}

// Remedies are the changes that would help where nothing is free.
func (q *Query) Remedies() (list []Remedy) {
	try := func(r Remedy, change func(*Query)) {
		other := *q
		change(&other)
		if r.Times = len(other.open(other.Window)); r.Times > 0 {
			list = append(list, r)
		}
	}
	list = append(list, q.longer()...)
	if notice := q.shorter(); notice >= 0 {
		try(Remedy{Why: Notice, Notice: notice}, func(q *Query) { q.Notice = notice })
	}
	try(Remedy{Why: Travel}, func(q *Query) { q.Travel = 0 })
	try(Remedy{Why: PerDay}, func(q *Query) { q.PerDay++ })
	try(Remedy{Why: KeepFree}, func(q *Query) { q.KeepFree = nil })
	try(Remedy{Why: Unsuited}, func(q *Query) { q.Suits = nil })
	try(Remedy{Why: Offered}, func(q *Query) {
		var agreed []Talk
		for _, t := range q.Talks {
			if t.Agreed {
				agreed = append(agreed, t)
			}
		}
		q.Talks = agreed
	})
	return list
}

// open are the starts that are free in a span of time.
func (q *Query) open(over invites.Span) []time.Time {
	return q.starts(q.free(over, q.cuts(over)))
}

// longer is the least number of days that the window would have to be longer.
func (q *Query) longer() []Remedy {
	starts := q.open(invites.Span{Start: q.Window.End, End: q.Window.End.Add(Beyond)})
	if len(starts) == 0 {
		return nil
	}
	for i, d := range days(invites.Span{Start: q.Window.End, End: q.Window.End.Add(Beyond)}, q.Organizer.Zone) {
		if !starts[0].Before(d.End) {
			continue
		}
		r := Remedy{Why: Window, Days: i + 1}
		for _, t := range starts {
			if t.Before(d.End) {
				r.Times++
			}
		}
		return []Remedy{r}
	}
	return nil
}

// shorter is the longest notice with which there is a time to offer; -1: it is not the notice that keeps one back.
func (q *Query) shorter() time.Duration {
	other := *q
	other.Notice = 0
	starts := other.open(q.Window)
	if len(starts) == 0 {
		return -1
	}
	notice := starts[len(starts)-1].Sub(q.Now)
	if notice >= time.Hour {
		return notice.Truncate(time.Hour)
	}
	return notice.Truncate(time.Minute)
}
