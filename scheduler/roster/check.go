package roster

import (
	"fmt"
	"slices"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
	"coalition/scheduler/ways"
)

// CheckOverlaps finds talks ahead that can't both be held; each is named once.
func (r *Roster) CheckOverlaps() (list []strictyaml.Problem) {
	type talk struct {
		c          *conversation.Conversation
		start, end time.Time
	}
	var talks []talk
	for _, c := range r.Conversations {
		if start := c.Start(r.Now); start.After(r.Now) && c.Cancelled == nil && !c.Said(conversation.No) {
			talks = append(talks, talk{c, start, start.Add(c.Length())})
		}
	}
	slices.SortStableFunc(talks, func(a, b talk) int { return a.start.Compare(b.start) })
	// Of those before, the one that ends last.
	var first talk
	for _, second := range talks {
		if second.start.Before(first.end) {
			c, other := second.c, first.c
			if c.Source() == nil || !c.Planned() {
				c, other = other, c
			}
			if c.Source() != nil && c.Planned() {
				list = append(list, c.Source().Warning("this talk overlaps with that of "+other.Ref(), "move one of them",
					"when"))
			}
		}
		if second.end.After(first.end) {
			first = second
		}
	}
	return list
}

// An offer is a time that a brief offers, or that is agreed on.
type offer struct {
	c          *conversation.Conversation
	slot       plan.Slot
	start, end time.Time
	// open says that it is a question, not an agreement.
	open bool
}

// manyClashes is how many other briefs a brief is held against.
const manyClashes = 20

// CheckOffers finds times that two open briefs offer, or that a brief offers and another talk has: who answers first
// gets them, and the other is asked to choose again. What both know as their one start is an overlap, and named there.
// A plan that clashes with many is named once, with the first of them; more than manyClashes are not counted, since
// a thousand plans that offer one time would take a million looks.
func (r *Roster) CheckOffers() (list []strictyaml.Problem) {
	type clash struct {
		mine, theirs offer
		// more is with how many others it clashes besides.
		more int
	}
	// What is agreed weighs more than what is offered.
	type weight struct {
		c    *conversation.Conversation
		open bool
	}
	var clashes []*clash
	known := make(map[weight]*clash)
	named := make(map[[2]*conversation.Conversation]bool)
	// Those that may not be over yet.
	var before []offer
	for _, o := range r.offers() {
		before = slices.DeleteFunc(before, func(other offer) bool { return !o.start.Before(other.end) })
		questions := 0
		for _, other := range before {
			if o.open && other.open {
				if questions++; questions > manyClashes {
					continue
				}
			}
			mine, theirs := o, other
			if !mine.open || !mine.named() {
				mine, theirs = other, o
			}
			both := !mine.c.StartSlot(r.Now).IsZero() && !theirs.c.StartSlot(r.Now).IsZero()
			pair := [2]*conversation.Conversation{mine.c, theirs.c}
			if mine.c == theirs.c || both || !mine.open || !mine.named() || named[pair] {
				continue
			}
			named[pair], named[[2]*conversation.Conversation{theirs.c, mine.c}] = true, true
			key := weight{mine.c, theirs.open}
			if k := known[key]; k != nil {
				k.more++
				continue
			}
			known[key] = &clash{mine: mine, theirs: theirs}
			clashes = append(clashes, known[key])
		}
		before = append(before, o)
	}
	for _, k := range clashes {
		text := k.mine.slot.String() + " is agreed with " + k.theirs.c.Plan.With.Name + " already"
		if k.theirs.open {
			text = k.mine.slot.String() + " is offered to " + k.theirs.c.Plan.With.Name + " as well"
		}
		switch text += k.theirs.site(r.Now); {
		case k.more == 1:
			text += "; so it is with 1 other plan"
		case k.more >= manyClashes-1:
			text += "; so it is with many other plans"
		case k.more > 1:
			text += fmt.Sprintf("; so it is with %d other plans", k.more)
		}
		list = append(list, k.mine.c.Source().Warning(text, "offer another, or leave it to who answers first",
			k.mine.path(r.Now)...))
	}
	return list
}

// offers returns all offers ahead, in the order of their starts.
func (r *Roster) offers() (list []offer) {
	for _, c := range r.Conversations {
		slots := []plan.Slot{c.StartSlot(r.Now)}
		open := c.Open(r.Now) && c.Ready && !c.Said(conversation.Yes) && !c.Said(conversation.Wait)
		agreed := c.Said(conversation.Yes) || c.Told() != nil
		if c.Cancelled != nil || c.Said(conversation.No) || !open && !agreed {
			continue
		}
		if open {
			slots = c.Offers(r.Now)
		}
		for _, s := range slots {
			if at := s.Time(); at.After(r.Now) {
				list = append(list, offer{c, s, at, at.Add(c.Length()), open})
			}
		}
	}
	slices.SortStableFunc(list, func(x, y offer) int { return x.start.Compare(y.start) })
	return list
}

// named reports whether a plan that can be read names the time.
func (o *offer) named() bool { return o.c.Source() != nil && o.c.Planned() }

// path returns the path of the time's key in the plan.
func (o *offer) path(now time.Time) []string {
	when := o.c.Source().When
	if i := slices.Index(o.c.DatesAt(now).Times, o.slot); i >= 0 && i < len(when.Times) {
		return []string{"when", "times", fmt.Sprint(i)}
	}
	return []string{"when", WhenKey(when)}
}

// site returns where the plan names the time, in brackets; "" where its file can't be read.
func (o *offer) site(now time.Time) string {
	if !o.named() {
		return ""
	}
	p := o.c.Source().Problem("", "", o.path(now)...)
	return fmt.Sprintf(" (%s:%d)", p.File, p.Line)
}

// CheckPerson warns of a brief that will not go by itself, since of what has been said or asked in another
// conversation with the same person, or since the round before it is still ahead.
func CheckPerson(c *conversation.Conversation, now time.Time) []strictyaml.Problem {
	if c.Cancelled != nil || c.Answer != nil || c.Told() != nil || len(c.Briefs()) > 0 {
		return nil
	}
	o := obstacleTo(c, now)
	if o == nil {
		return nil
	}
	path, mend := []string{"with", "email"}, "leave it, or send it by a word of your own: "+c.How(ways.Ask)
	if c.Before != nil && silenceOf(c).at.IsZero() {
		path = []string{"round"}
	}
	return []strictyaml.Problem{c.Source().Warning(o.why+": no brief goes by itself", mend, path...)}
}

// WhenKey returns the key of when that holds the times of a plan.
func WhenKey(w plan.When) string {
	if w.Start.IsZero() {
		return "times"
	}
	return "start"
}
