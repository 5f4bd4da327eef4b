package finder

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/slots"
)

// Offer looks for the times that the next brief of a conversation offers, or the next mail with other times, and lets
// it take them in; where there are none, why. Times of an offer that waits stay as they are while all of them fit.
// Those that the plan names are not looked for: what is left of them is offered.
func (f *Finder) Offer(ctx context.Context, b *roster.Roster, c *conversation.Conversation) {
	if !c.Searched() {
		times, why := b.Left(c, c.Offers(b.Now)), ""
		if len(times) == 0 {
			why = "no other time of the plan is left"
		}
		c.Found(times, why, b.Now)
		return
	}
	search, err := f.Find(ctx, b, c, false)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		c.Found(nil, err.Error(), b.Now)
	default:
		times := c.DatesAt(b.Now).Times
		if !c.NewestOffer().Replaceable() || !search.fit(times) {
			times = search.times(c)
		}
		why := ""
		if len(times) == 0 {
			why = search.Why()
		}
		c.Found(times, why, b.Now)
	}
}

// fit reports whether there are times, and all of them can be offered.
func (s *Search) fit(times []plan.Slot) bool {
	return len(times) > 0 && s.Trusted() == nil &&
		!slices.ContainsFunc(times, func(t plan.Slot) bool { return len(s.Query.Breaks(t.Time())) > 0 })
}

// times are those offered, on the clock of the plan. One that this clock shows twice, and means the first of, is left
// out where it is the second.
func (s *Search) times(c *conversation.Conversation) (list []plan.Slot) {
	zone := c.Plan.When.Timezone.Location(c.Settings().Zone)
	for _, o := range s.Result.Offered {
		if slot := plan.SlotOf(o.Start.In(zone)); slot.Time().Equal(o.Start) {
			list = append(list, slot)
		}
	}
	return list
}

// Trusted returns why nothing is offered although it may be free: a calendar that has not been read for too long. nil:
// all are known well enough.
func (s *Search) Trusted() error {
	for _, calendar := range s.Query.Busy {
		if calendar.State == invites.FailedBusy {
			return errors.New(calendar.Name + " can't be read: " + calendar.Error)
		}
	}
	return nil
}

// Why says why there is nothing to offer, and what would help, in a line.
func (s *Search) Why() string {
	if err := s.Trusted(); err != nil {
		return err.Error()
	}
	q := s.Query
	if !q.Window.End.After(q.Now) {
		return "the days to look in have passed"
	}
	zone := q.Organizer.Zone
	text := fmt.Sprintf("nothing suits both from %s to %s", q.Window.Start.In(zone).Format(day),
		q.Window.End.Add(-time.Nanosecond).In(zone).Format(day))
	if remedies := q.Remedies(); len(remedies) > 0 {
		text += "; " + Remedy(remedies[0])
	}
	return text
}

// day is how a day is written here.
const day = "Mon 2 Jan"

// Remedy says in a line what would help, and how much.
func Remedy(r slots.Remedy) string {
	gives := fmt.Sprintf(" gives %d times", r.Times)
	if r.Times == 1 {
		gives = " gives 1 time"
	}
	switch r.Why {
	case slots.Window:
		if r.Days == 1 {
			return "one day longer" + gives
		}
		return fmt.Sprintf("%d days longer", r.Days) + gives
	case slots.Notice:
		return "a notice of " + Length(r.Notice) + gives
	case slots.Travel:
		return "without the time for travel" + gives
	case slots.PerDay:
		return "one talk more a day" + gives
	case slots.KeepFree:
		return "without the hours kept free" + gives
	case slots.Unsuited:
		return "at hours that suit the setting less" + gives
	case slots.Offered:
		return "what others were offered, once they choose something else," + gives
	}
	return ""
}

// Length returns how a length of whole minutes is written: 45m, 2h, 1h30m.
func Length(d time.Duration) string {
	hours, minutes := int(d/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case hours == 0:
		return fmt.Sprintf("%dm", minutes)
	case minutes == 0:
		return fmt.Sprintf("%dh", hours)
	}
	return fmt.Sprintf("%dh%dm", hours, minutes)
}
