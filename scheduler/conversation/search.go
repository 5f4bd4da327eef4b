package conversation

import (
	"slices"
	"time"

	"coalition/invites"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// SearchAgain is how long after a search that has found nothing the next one is due; calendars are read anew by then.
const SearchAgain = 15 * time.Minute

// Searched reports whether the plan names no time: those that its brief offers are looked for in the calendars.
func (c *Conversation) Searched() bool { return len(c.Plan.When.Offered()) == 0 }

// Wants reports whether times are to be looked for now, since they are about to be offered: step is what is next, as far
// as this is known without them. A brief that has not left yet is looked at again.
func (c *Conversation) Wants(step Step, now time.Time) bool {
	if !c.Searched() || c.Told() != nil || !c.Chosen.IsZero() {
		return false
	}
	return step.Kind == outbox.Brief && step.IsDue(now) ||
		c.NewestBrief().Replaceable() && c.Answer == nil && c.Planned()
}

// Found takes in the times that a search has found for the next brief, best first, or else why there are none, in a
// line for the organizer.
func (c *Conversation) Found(times []plan.Slot, why string, now time.Time) {
	d := c.DatesAt(now)
	c.offering = len(times) > 0
	if c.NoTimes == why && slices.Equal(d.Times, times) {
		return
	}
	c.NoTimes = why
	d.Times = times
	c.Dates, c.dirty = &d, true
}

// Keeps returns the times that nobody else may be offered: the one agreed on, or those of a brief that has left or is
// about to, as long as they are ahead; agreed says which of these it is.
func (c *Conversation) Keeps(now time.Time) (times []plan.Slot, agreed bool) {
	if c.Cancelled != nil || c.Said(No) {
		return nil, false
	}
	if start := c.StartSlot(now); !start.IsZero() && (c.Told() != nil || c.Said(Yes)) {
		return ahead([]plan.Slot{start}, now), true
	}
	// What they chose was not free any more: neither need the others be.
	gone := c.Answer != nil && !c.Answer.Taken.IsZero() && !c.offering
	if m := c.NewestBrief(); c.Said(Wait) || gone || !c.offering && !m.Waits() && (!m.MayHaveLeft() || m.State == outbox.Bounced) {
		return nil, false
	}
	if c.offering {
		return c.Offers(now), false
	}
	return ahead(c.Offered, now), false
}

// noTimes is what to do where nothing was found.
func (c *Conversation) noTimes(now time.Time) Step {
	return Step{Next: "find a time: " + c.NoTimes + " (" + c.How(WaySlots) + ")", Again: now.Add(SearchAgain)}
}

// Window returns in which time a talk is looked for: that of the plan, or, where it names a time, the next ten working
// days.
func (c *Conversation) Window(now time.Time) invites.Span {
	d := c.DatesAt(now)
	if d.To.IsZero() {
		d, _ = c.settings.resolve(&plan.Terms{}, now)
	}
	return invites.Span{Start: d.From.Time().UTC(), End: d.To.Time().UTC()}
}
