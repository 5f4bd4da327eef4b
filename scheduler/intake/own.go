package intake

import (
	"slices"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/inbox"
	"coalition/scheduler/plan"
	"coalition/templates/answers"
)

// OwnTime is the time that the partner names in place of those offered, in words of which said is what they mean and
// which they wrote then; zero: none that is plain, and ahead.
func OwnTime(c *conversation.Conversation, said answers.Meaning, wrote, now time.Time) time.Time {
	var first, last time.Time
	if choices := c.Choices(now); len(choices) > 0 {
		byStart := func(x, y plan.Slot) int { return x.Time().Compare(y.Time()) }
		first, last = slices.MinFunc(choices, byStart).Time(), slices.MaxFunc(choices, byStart).Time()
	} else if d := c.DatesAt(now); !d.To.IsZero() {
		first, last = d.From.Time(), d.LastDay()
	}
	at, ok := said.Own.In(wrote.In(c.Zone()), first, last)
	if !ok || !at.After(now) {
		return time.Time{}
	}
	return at
}

// Propose keeps a time of the partner's own for the organizer, and returns what they would rather have, for the history;
// "" where at is zero. It comes with their answer, which is taken in before.
func Propose(c *conversation.Conversation, at time.Time, a conversation.Answer, now time.Time) string {
	if at.IsZero() {
		return ""
	}
	wrote := a.At
	if wrote.IsZero() {
		wrote = now
	}
	c.Counter = &inbox.Proposal{At: wrote, Start: at.UTC(), Length: c.Length(), Note: a.Note, From: a.From}
	c.Touched = now
	return "; they would rather have " + c.SlotOf(c.Counter).String()
}
