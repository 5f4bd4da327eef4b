package finder

import (
	"context"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/roster"
	"coalition/scheduler/slots"
)

// Breaks returns what stands in the way of a talk that begins then, by all rules. The days that the plan names are one
// of them only where it names some.
func (f *Finder) Breaks(ctx context.Context, b *roster.Roster, c *conversation.Conversation,
	start time.Time) ([]slots.Blocked, error) {
	q, err := f.query(b, c)
	if err != nil {
		return nil, err
	}
	if c.Plan.When.Between == nil {
		q.Window = invites.Span{Start: start, End: start.Add(q.Length)}
	}
	margin := q.Travel + longestTravel
	q.Busy = f.freeBusy(ctx, c, string(c.Plan.With.Email), start.Add(-margin), start.Add(q.Length+margin))
	return q.Breaks(start), nil
}

// Clashes returns the events in the organizer's own calendars that a talk overlaps which has a start, ahead; without
// the way to it.
func (f *Finder) Clashes(ctx context.Context, c *conversation.Conversation, now time.Time) (list []slots.Blocked) {
	start := c.Start(now)
	if f.Calendars == nil || !start.After(now) || c.Cancelled != nil || c.Said(conversation.No) || c.Declined() {
		return nil
	}
	q := &slots.Query{Now: now, Length: c.Length(), Window: invites.Span{Start: start, End: start.Add(c.Length())},
		PerDay: 1}
	q.Organizer.Zone, q.Partner.Zone = f.Settings.Zone.Location("UTC"), c.Zone()
	q.Busy = f.freeBusy(ctx, c, "", start, start.Add(c.Length()))
	for _, b := range q.Breaks(start) {
		if b.Why == slots.Busy && b.Who != slots.Partner {
			list = append(list, b)
		}
	}
	return list
}
