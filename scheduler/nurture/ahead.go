package nurture

import (
	"cmp"
	"slices"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
)

// A Matter is something that is ahead on a day.
type Matter struct {
	What What
	// Round is what it belongs to.
	Round *conversation.Conversation
	// Day is the organizer's.
	Day journal.Day
	// Start and End are its times; of what leaves only Start counts. Zero: it is for the whole day.
	Start, End time.Time
	// Leaves is the kind of message that goes.
	Leaves outbox.Kind
	// Promise is the one that is due.
	Promise journal.Promise
}

// What a [Matter] is.
type What string

// Matters.
const (
	// Talk is a talk with a time that is known, however far it is agreed on: its status tells.
	Talk What = "talk"
	// Offered is a time that the partner may still choose.
	Offered What = "offered"
	// Leaves is a message that the program sends by itself.
	Leaves What = "message"
	// Promised is the day of a promise, Debrief is for a talk that was not looked back on: both are matters of today
	// where their day is over.
	Promised What = "promise"
	Debrief  What = "debrief"
)

// Ahead returns what is ahead on that many days from a day of the organizer's on, in its order: on each day first what is
// for the whole of it. What has been due for longer is a matter of today. Reminders, and talks that are off, are none.
func Ahead(b *roster.Roster, all map[plan.ID]*Partnership, zone *time.Location, from journal.Day, days int) []Matter {
	today := journal.DayOf(b.Now.In(zone))
	var list []Matter
	add := func(m Matter) {
		if n := DaysBetween(from, m.Day); n >= 0 && n < days {
			list = append(list, m)
		}
	}
	dayOf := func(t time.Time) journal.Day { return journal.DayOf(t.In(zone)) }
	for _, c := range b.Conversations {
		status, step := c.Status(b.Now), roster.Next(c, b.Now)
		switch {
		// Who wants to be asked later is not held to the times of now.
		case status == conversation.Cancelled, status == conversation.Declined, status == conversation.Later, c.Deleted():
		case status == conversation.Met:
			add(Matter{What: Debrief, Round: c, Day: today})
			fallthrough
		default:
			slots := c.Unanswered(b.Now)
			what := Offered
			if slot := c.StartSlot(b.Now); !slot.IsZero() {
				slots, what = []plan.Slot{slot}, Talk
			}
			for _, slot := range slots {
				start := slot.Time()
				add(Matter{What: what, Round: c, Day: dayOf(start), Start: start, End: start.Add(c.Length())})
			}
		}
		if step.Kind != "" && step.Kind != outbox.Reminder {
			due := step.Due
			if due.Before(b.Now) {
				due = b.Now
			}
			add(Matter{What: Leaves, Round: c, Day: dayOf(due), Start: due, Leaves: step.Kind})
		}
		if c.After == nil {
			for _, p := range all[c.ID].Promises {
				if p.Due != "" {
					add(Matter{What: Promised, Round: c, Day: max(p.Due, today), Promise: p})
				}
			}
		}
	}
	slices.SortStableFunc(list, func(x, y Matter) int {
		return cmp.Or(cmp.Compare(x.Day, y.Day), x.Start.Compare(y.Start))
	})
	return list
}

// Agreed returns the talks that stand in the partners' calendars, or have been held, in the order of the conversations.
func Agreed(b *roster.Roster) (list []*conversation.Conversation) {
	for _, c := range b.Conversations {
		if Held(c, b.Now) != nil || stands(c) {
			list = append(list, c)
		}
	}
	return list
}
