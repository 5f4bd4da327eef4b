package conversation

import (
	"time"

	"coalition/scheduler/inbox"
	"coalition/scheduler/outbox"
	"coalition/scheduler/ways"
)

const (
	// thanksWithin is how long after the organizer has sent it a thank-you may leave: later it would only be odd.
	thanksWithin = 7 * 24 * time.Hour
	// recallWithin is how long the organizer may still be reminded to look back on a talk: of what is further back nobody
	// is told, such as after a long stop.
	recallWithin = 7 * 24 * time.Hour
)

// nextMet is the step after the talk.
func (c *Conversation) nextMet(now time.Time) Step {
	s := Step{Next: "look back on the talk: " + c.How(ways.Debrief)}
	if at := c.recallAt(); c.settings.Notify && at.After(now) {
		s.Again = at
	}
	return s
}

// recallAt is when the organizer is to be reminded to look back on the talk: in the evening of its day, when their working
// hours are over and it is an hour past. It is fresh then, and nothing presses any more.
func (c *Conversation) recallAt() time.Time {
	past := c.Told().End().Add(time.Hour)
	local := past.In(c.settings.Zone.Location("UTC"))
	closes := 0
	for _, block := range c.settings.Hours.On(local.Weekday()) {
		closes = int(block.To)
	}
	if evening := time.Date(local.Year(), local.Month(), local.Day(), 0, closes, 0, 0, local.Location()); evening.After(past) {
		return evening.UTC()
	}
	return past.UTC()
}

// NoteTalk lets the organizer have a notice, once, that the talk is to be looked back on.
func (c *Conversation) NoteTalk(now time.Time) {
	if !c.settings.Notify || !c.Recalled.IsZero() || c.Status(now) != Met {
		return
	}
	if at := c.recallAt(); !now.Before(at) && now.Sub(at) < recallWithin {
		c.Recalled = now
		c.Tell(inbox.News{What: inbox.NewsTalk, Due: now, Do: []string{c.How(ways.Debrief)}})
	}
}

// nextClosed is the step once the organizer has looked back on the talk.
func (c *Conversation) nextClosed(now time.Time) Step {
	if told := c.Told(); now.Before(told.End()) && !c.Deleted() {
		return Step{Next: "plan another round, or delete the event: somebody has moved it in " + c.Calendar().Title + " to " +
			told.Start.String() + ", and you have looked back on the talk already", Again: told.End()}
	}
	if m := c.Last(nil, outbox.Thanks); m != nil {
		if s, ok := c.waiting(m); ok {
			return s
		}
	}
	return Step{}
}
