package nurture

import (
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/inbox"
	"coalition/scheduler/journal"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
)

// BeginOfWeek is when the organizer's week begins in which now is: on their first day with working hours from Monday on,
// when these begin. It is in UTC.
func BeginOfWeek(now time.Time, hours plan.Hours, zone *time.Location) time.Time {
	local := now.In(zone)
	monday := local.AddDate(0, 0, -int(local.Weekday()+6)%7)
	y, m, d := monday.Date()
	for n := range 7 {
		if blocks := hours.On(time.Weekday((1 + n) % 7)); len(blocks) > 0 {
			return time.Date(y, m, d+n, 0, int(blocks[0].From), 0, 0, zone).UTC()
		}
	}
	return time.Date(y, m, d, 9, 0, 0, 0, zone).UTC()
}

// WeekOf is what the organizer may want to know at the begin of their week: names, days and counts, and no word of a
// plan, a mail or a journal. nil: there is nothing to say.
func WeekOf(b *roster.Roster, all map[plan.ID]*Partnership, zone *time.Location) *inbox.Week {
	today := journal.DayOf(b.Now.In(zone))
	w := &inbox.Week{Day: string(today)}
	for _, m := range Ahead(b, all, zone, today, 7) {
		if c := m.Round; m.What == Talk && m.End.After(b.Now) && (stands(c) || c.Status(b.Now) == conversation.Permitted) {
			w.Talks = append(w.Talks, inbox.WeekTalk{Name: c.Plan.With.Name, Start: m.Start.UTC(), Length: c.Length(),
				Zone: c.Zone().String()})
		}
	}
	for _, c := range b.Conversations {
		name, p := c.Plan.With.Name, all[c.ID]
		turn := roster.Next(c, b.Now).Turn()
		switch c.Status(b.Now) {
		case conversation.Met:
			w.LookBack = append(w.LookBack, name)
		case conversation.Asked, conversation.Permitted, conversation.Invited, conversation.Confirmed:
			switch turn {
			case conversation.Organizer:
				w.Yours = append(w.Yours, name)
			case conversation.Partner:
				w.Theirs = append(w.Theirs, inbox.WeekSince{Name: name, Day: string(journal.DayOf(p.Wrote.In(zone)))})
			default:
			}
		default:
		}
		if c.After != nil {
			continue
		}
		due := inbox.WeekPromises{Name: name}
		for _, promise := range p.Pressing() {
			if promise.By == journal.Them {
				due.Theirs++
			} else {
				due.Mine++
			}
		}
		if due.Mine+due.Theirs > 0 {
			w.Promises = append(w.Promises, due)
		}
		if p.Drifts() {
			w.Drifting = append(w.Drifting, inbox.WeekSince{Name: name, Day: string(p.LastMet)})
		}
	}
	if len(w.Talks)+len(w.Yours)+len(w.Theirs)+len(w.LookBack)+len(w.Promises)+len(w.Drifting) == 0 {
		return nil
	}
	return w
}
