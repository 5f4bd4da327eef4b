package conversation

import (
	"time"

	"coalition/scheduler/outbox"
)

// thanksWithin is how long after the organizer has sent it a thank-you may leave: later it would only be odd.
const thanksWithin = 7 * 24 * time.Hour

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
