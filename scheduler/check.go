package scheduler

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

// Check is everything that is wrong with the plans, or worth a second look, once they are seen
// together, beside what has already happened, and at this moment. Problems of single files are
// among them; all are in the order of files and lines.
func (s *Scheduler) Check(b *Board) []strictyaml.Problem {
	list := slices.Clone(b.Problems)
	for _, c := range b.Conversations {
		if c.source == nil || c.file != fileRead {
			continue
		}
		list = append(list, s.checkDates(c, b.Now)...)
		list = append(list, c.checkPerson(b.Now)...)
		if _, ok := s.Words.Language(c.Language()); !ok {
			list = append(list, c.source.Warning("there are no words in this language yet: English will be used",
				fmt.Sprintf("choose one of %v, or leave it", s.Words.Languages()), "with", "language"))
		}
		if to := string(c.source.With.Email); s.own(to) {
			list = append(list, c.source.Warning("this is your own address: no calendar takes an invitation from oneself",
				"use another to try things out", "with", "email"))
		}
		if invites.NoReply(string(c.source.With.Email)) {
			list = append(list, c.source.Warning("this looks like an address that nobody reads", "use the one at which "+c.Plan.With.Name+" does", "with", "email"))
		}
		if start := c.start(b.Now).Time(); start.After(b.Now) && c.Status(b.Now) != Cancelled {
			list = append(list, s.checkHours(c, start)...)
		}
	}
	list = append(list, b.checkOverlaps()...)
	list = append(list, b.checkOffers()...)
	slices.SortStableFunc(list, func(a, b strictyaml.Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return list
}

// checkPerson warns of a brief that will not go by itself, since of what has been said or asked in another
// conversation with the same person, or since the round before it is still ahead.
func (c *Conversation) checkPerson(now time.Time) []strictyaml.Problem {
	if c.Cancelled != nil || c.Answer != nil || c.told() != nil || len(c.briefs()) > 0 {
		return nil
	}
	o := c.obstacle(now)
	if o == nil {
		return nil
	}
	path, mend := []string{"with", "email"}, "leave it, or send it by a word of your own: coalition ask "+c.Ref()
	if c.before != nil && c.silence().in == nil {
		path = []string{"round"}
	}
	return []strictyaml.Problem{c.source.Warning(o.why+": no brief goes by itself", mend, path...)}
}

// own reports whether the address is the organizer's.
func (s *Settings) own(address string) bool {
	return slices.ContainsFunc(append([]string{s.Organizer.Email}, s.Aliases...), func(a string) bool { return strings.EqualFold(a, address) })
}

// checkDates finds times that have passed without an invitation, and others that can hardly be meant.
func (s *Scheduler) checkDates(c *Conversation, now time.Time) (list []strictyaml.Problem) {
	w, d, start := c.Plan.When, c.dates(now), c.start(now)
	told := c.told()
	switch {
	case c.Cancelled != nil || c.said(No):
	case told != nil:
		if start != told.Start && now.Before(told.Start.Time()) && !start.Time().After(now) {
			list = append(list, c.source.Problem("this has passed; "+c.Plan.With.Name+" knows of "+told.Start.String(), "choose a time ahead", "when"))
		}
	case !c.Chosen.IsZero():
		if !c.Chosen.Time().After(now) {
			list = append(list, c.source.Problem("the time agreed has passed, and no invitation has gone", "choose a new start", "when"))
		}
	case d.passed(now):
		list = append(list, c.source.Problem("these days have passed, and no invitation has gone", "choose days ahead", "when", "between"))
	case len(w.Offered()) > 0 && len(c.offers(now)) == 0:
		list = append(list, c.source.Problem("this has passed, and no invitation has gone", "choose a time ahead", "when", whenKey(w)))
	case !d.AskOn.IsZero() && !start.IsZero() && !d.AskOn.Before(start.Time()):
		list = append(list, c.source.Problem("the brief would go when the talk has begun", "ask earlier", "ask_on"))
	}
	return list
}

func whenKey(w plan.When) string {
	if w.Start.IsZero() {
		return "times"
	}
	return "start"
}

// checkHours warns of a talk on a day or at an hour at which people are rarely met.
func (s *Scheduler) checkHours(c *Conversation, start time.Time) (list []strictyaml.Problem) {
	const early, late = 7, 21 // hours of the day
	for _, who := range []struct {
		name  string
		zone  *time.Location
		hours plan.WorkingHours
	}{{"you", s.Zone.Location("UTC"), s.Hours}, {"your partner", c.Zone(), c.hours()}} {
		at, end := start.In(who.zone), start.Add(c.Length()).In(who.zone)
		var text string
		switch {
		case !who.hours.Has(at.Weekday()):
			text = "for " + who.name + " this is no working day (" + at.Format("Monday") + " in " + who.zone.String() + ")"
		case at.Hour() < early || end.Hour() >= late || end.YearDay() != at.YearDay():
			text = "for " + who.name + " this is an odd hour (" + at.Format("15:04") + " in " + who.zone.String() + ")"
		default:
			continue
		}
		list = append(list, c.source.Warning(text, "leave it if it is meant", "when", whenKey(c.Plan.When)))
	}
	return list
}

// hours are the partner's working hours.
func (c *Conversation) hours() plan.WorkingHours {
	if c.Plan.With.WorkingHours != nil {
		return *c.Plan.With.WorkingHours
	}
	return c.settings.Hours
}

// checkOverlaps finds talks ahead that can't both be held; each is named once.
func (b *Board) checkOverlaps() (list []strictyaml.Problem) {
	type talk struct {
		c          *Conversation
		start, end time.Time
	}
	var talks []talk
	for _, c := range b.Conversations {
		if start := c.Start(b.Now); start.After(b.Now) && c.Cancelled == nil && !c.said(No) {
			talks = append(talks, talk{c, start, start.Add(c.Length())})
		}
	}
	slices.SortStableFunc(talks, func(a, b talk) int { return a.start.Compare(b.start) })
	var first talk // of those before, the one that ends last
	for _, second := range talks {
		if second.start.Before(first.end) {
			c, other := second.c, first.c
			if c.source == nil || c.file != fileRead {
				c, other = other, c
			}
			if c.source != nil && c.file == fileRead {
				list = append(list, c.source.Warning("this talk overlaps with that of "+other.Ref(), "move one of them", "when"))
			}
		}
		if second.end.After(first.end) {
			first = second
		}
	}
	return list
}

// checkOffers finds times that two open briefs offer, or that a brief offers and another talk has: who
// answers first gets them, and the other is asked to choose again. What both know as their one start is an
// overlap, and named there.
func (b *Board) checkOffers() (list []strictyaml.Problem) {
	type offer struct {
		c          *Conversation
		slot       plan.Slot
		start, end time.Time
		open       bool // a question, not an agreement
	}
	var offers []offer
	for _, c := range b.Conversations {
		slots := []plan.Slot{c.start(b.Now)}
		open := c.open(b.Now) && c.Ready && !c.said(Yes) && !c.said(Wait)
		if agreed := c.said(Yes) || c.told() != nil; c.Cancelled != nil || c.said(No) || !open && !agreed {
			continue
		}
		if open {
			slots = c.offers(b.Now)
		}
		for _, s := range slots {
			if at := s.Time(); at.After(b.Now) {
				offers = append(offers, offer{c, s, at, at.Add(c.Length()), open})
			}
		}
	}
	slices.SortStableFunc(offers, func(x, y offer) int { return x.start.Compare(y.start) })
	named := make(map[[2]*Conversation]bool)
	var before []offer // those that may not be over yet
	for _, o := range offers {
		before = slices.DeleteFunc(before, func(other offer) bool { return !o.start.Before(other.end) })
		for _, other := range before {
			mine, theirs := o, other
			if !mine.open || mine.c.source == nil || mine.c.file != fileRead {
				mine, theirs = other, o
			}
			pair := [2]*Conversation{mine.c, theirs.c}
			both := !mine.c.start(b.Now).IsZero() && !theirs.c.start(b.Now).IsZero()
			if mine.c == theirs.c || both || !mine.open || mine.c.source == nil || mine.c.file != fileRead || named[pair] {
				continue
			}
			named[pair], named[[2]*Conversation{theirs.c, mine.c}] = true, true
			text := mine.slot.String() + " is offered to " + theirs.c.Plan.With.Name + " as well" + theirs.c.site(theirs.slot, b.Now)
			if !theirs.open {
				text = mine.slot.String() + " is agreed with " + theirs.c.Plan.With.Name + " already" + theirs.c.site(theirs.slot, b.Now)
			}
			list = append(list, mine.c.source.Warning(text, "offer another, or leave it to who answers first", mine.c.path(mine.slot, b.Now)...))
		}
		before = append(before, o)
	}
	return list
}

// path is that of a time's key in the plan.
func (c *Conversation) path(slot plan.Slot, now time.Time) []string {
	if i := slices.Index(c.dates(now).Times, slot); i >= 0 && i < len(c.source.When.Times) {
		return []string{"when", "times", fmt.Sprint(i)}
	}
	return []string{"when", whenKey(c.source.When)}
}

// site is where the plan names a time, in brackets; "" where its file can't be read.
func (c *Conversation) site(slot plan.Slot, now time.Time) string {
	if c.source == nil || c.file != fileRead {
		return ""
	}
	p := c.source.Problem("", "", c.path(slot, now)...)
	return fmt.Sprintf(" (%s:%d)", p.File, p.Line)
}
