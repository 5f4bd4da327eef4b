package conversation

import (
	"slices"
	"time"

	"coalition/scheduler/inbox"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/ways"
)

// SearchAgain is how long after a search that has found nothing the next one is due; calendars are read anew by then.
const SearchAgain = 15 * time.Minute

// Searched reports whether the plan names no time: those that its brief offers are looked for in the calendars.
func (c *Conversation) Searched() bool { return len(c.Plan.When.Offered()) == 0 }

// Wants reports whether times are to be looked for now, since they are about to be offered: step is what is next, as far
// as this is known without them. An offer that has not left yet is looked at again.
func (c *Conversation) Wants(step Step, now time.Time) bool {
	last := c.NewestOffer()
	switch {
	case c.Told() != nil || !c.Chosen.IsZero():
		return false
	case step.Kind == outbox.Times:
		return step.IsDue(now)
	case last.Kind == outbox.Times && c.Gone(now):
		return last.Replaceable() && c.Planned()
	}
	return c.Searched() && (step.Kind == outbox.Brief && step.IsDue(now) ||
		last.Replaceable() && c.Answer == nil && c.Planned())
}

// Found takes in the times that a search has found for the next offer, best first, or else why there are none, in a line
// for the organizer, who is told where a partner waits for them.
func (c *Conversation) Found(times []plan.Slot, why string, now time.Time) {
	d := c.DatesAt(now)
	if c.offering = len(times) > 0; !c.offering && c.Gone(now) {
		// What the partner was offered can still be chosen where it is free.
		times = d.Times
		if c.NoTimes == "" {
			c.Tell(inbox.News{What: inbox.NewsTaken, At: now, From: c.Answer.From, How: c.Answer.How, Text: c.Answer.Note,
				Do: []string{c.How(ways.InviteAt), c.WayToRival(c.Answer.By)}})
		}
	}
	if c.NoTimes == why && slices.Equal(d.Times, times) {
		return
	}
	c.NoTimes = why
	d.Times = times
	c.Dates, c.dirty = &d, true
}

// Announce says that the times which the plan names are about to be offered.
func (c *Conversation) Announce() { c.offering = true }

// Keeps returns the times that nobody else may be offered: the one agreed on, or those of an offer that has left or is
// about to, as long as they are ahead; agreed says which of these it is.
func (c *Conversation) Keeps(now time.Time) (times []plan.Slot, agreed bool) {
	if c.Cancelled != nil || c.Said(No) {
		return nil, false
	}
	if start := c.StartSlot(now); !start.IsZero() && (c.Told() != nil || c.Said(Yes)) {
		return ahead([]plan.Slot{start}, now), true
	}
	// Not one that was dropped: what was offered before still is.
	m := c.Last(func(m *outbox.Message) bool { return m.Waits() || m.MayHaveLeft() }, outbox.Brief, outbox.Times)
	// What they chose was not free any more: neither need the others be, until some are offered anew.
	gone := m == nil || c.Answer != nil && !c.Answer.Taken.IsZero() &&
		(m.Kind != outbox.Times || m.Number() <= c.Answer.Others)
	if c.Said(Wait) || !c.offering && (gone || m.State == outbox.Bounced) {
		return nil, false
	}
	if c.offering {
		return c.Offers(now), false
	}
	return ahead(c.Offered, now), false
}

// Unanswered returns the times that the partner has been offered and may still choose: those ahead, for as long as they
// have chosen none and said nothing against them.
func (c *Conversation) Unanswered(now time.Time) []plan.Slot {
	times, agreed := c.Keeps(now)
	if agreed || c.Last((*outbox.Message).MayHaveLeft, outbox.Brief) == nil {
		return nil
	}
	return slices.DeleteFunc(times, func(slot plan.Slot) bool { return !c.Stands(slot, now) })
}

// Gone reports whether the partner has said yes to a time that could not be had any more, and no other is known yet:
// other times are offered, or the organizer is asked.
func (c *Conversation) Gone(now time.Time) bool {
	return c.Said(Yes) && !c.Answer.Taken.IsZero() && c.Told() == nil && c.StartSlot(now).IsZero()
}

// Awaited reports whether a word of the partner is awaited: the answer to the brief, or which of other times they
// choose.
func (c *Conversation) Awaited(now time.Time) bool { return c.Status(now) == Asked || c.Gone(now) }

// Countered reports whether the partner would rather have a time of their own, ahead, before they are invited, and
// nobody has decided on it.
func (c *Conversation) Countered(now time.Time) bool {
	return c.Counter != nil && c.Counter.Start.After(now) && c.Told() == nil
}

// Judge takes in what the organizer is to know of the time that the partner proposes, in a phrase such as "which is
// free"; it is not stored.
func (c *Conversation) Judge(counter string) { c.judged = counter }

// nextCounter is the step where the partner proposes another time.
func (c *Conversation) nextCounter() Step {
	proposed := c.SlotOf(c.Counter).String()
	if c.judged != "" {
		proposed += ", " + c.judged
	}
	return Step{Next: "take or decline the time that " + c.Plan.With.Name + " would rather have, " + proposed + ": " +
		c.How(ways.Counter)}
}

// nextTime is the step where there is a yes, and no time.
func (c *Conversation) nextTime(now time.Time) Step {
	if !c.Gone(now) {
		return Step{Next: "choose a time: " + c.How(ways.InviteAt)}
	}
	last := c.Last(nil, outbox.Times)
	if c.OthersSent() > c.Answer.Others {
		if s, ok := c.waiting(last); ok {
			return s
		}
		return Step{Next: "wait until " + c.Plan.With.Name + " has chosen another time", On: Partner}
	}
	if c.NoTimes != "" {
		return Step{Next: "choose a time (" + c.Answer.TakenText() + "; " + c.NoTimes + "): " + c.How(ways.InviteAt),
			Again: now.Add(SearchAgain)}
	}
	step := Step{Kind: outbox.Times, Due: c.Answer.Until, Next: "offer other times"}
	if last == nil || last.MayHaveLeft() || last.State == outbox.Expired {
		return c.withPlan(step)
	}
	if last.Replaceable() && last.Content != c.Says(now, outbox.Times) {
		step.Due = last.Due
		return c.withPlan(step)
	}
	s, _ := c.waiting(last)
	return s
}

// noTimes is what to do where nothing was found.
func (c *Conversation) noTimes(now time.Time) Step {
	return Step{Next: "find a time: " + c.NoTimes + " (" + c.How(ways.Slots) + ")", Again: now.Add(SearchAgain)}
}
