package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coalition/invites/plaintext"
	"coalition/scheduler/compose"
	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
	"coalition/scheduler/nurture"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/ways"
)

// A view is which days of the month ahead are looked at, and where to.
type view struct {
	from string
	days int
	ics  string
	// all says that no days were named, which a file is then not limited to.
	all bool
}

// has reports whether a day is one of those from one on.
func (v *view) has(day, from journal.Day) bool {
	n := nurture.DaysBetween(from, day)
	return v.all || n >= 0 && n < v.days
}

// aMonth is how many days are looked at where nobody says otherwise.
const aMonth = 31

// showAhead shows what is ahead, by day, or writes it into a file for the own calendar.
func (a *app) showAhead(cmd *cobra.Command, v view) error {
	if v.days < 1 || v.days > 366 {
		return usage("--days %d is no number of days", "write one from 1 to 366", v.days)
	}
	b, err := a.board(cmd.Context())
	if err != nil {
		return err
	}
	from := journal.DayOf(b.Now.In(a.zone()))
	if v.from != "" {
		date, err := plan.ParseDate(v.from)
		if err != nil {
			return usage("--from %q is no date", "write 2027-03-04, or `in 2 weeks`", v.from)
		}
		from = journal.DayOf(date.Day(b.Now, string(a.config.Organizer.Timezone), a.config.Organizer.WorkingHours))
	}
	partnerships := a.partnerships(b)
	if v.ics != "" {
		return a.writeCalendar(b, partnerships, v.ics, func(day journal.Day) bool { return v.has(day, from) })
	}
	holiday, err := a.sched.Finder.Holidays.Read(string(a.sched.Holidays))
	if err != nil {
		a.note("organizer.holidays %s; they are left out.", err)
	}
	days := aheadByDay(nurture.Ahead(b, partnerships, a.zone(), from, v.days), from, v.days, holiday.On)
	if a.json {
		return a.printJSON(a.aheadRows(days, b.Now))
	}
	a.aheadText(days, b.Now)
	if len(days) == 0 {
		to := from.Time().AddDate(0, 0, v.days-1)
		a.say("Nothing is ahead from %s to %s.", dayName(from.Time(), b.Now), dayName(to, b.Now))
	}
	return nil
}

// A dayAhead is a day with something on it.
type dayAhead struct {
	day journal.Day
	// "": it is none.
	holiday string
	matters []nurture.Matter
}

// aheadByDay puts together what is on the same day, and adds holidays.
func aheadByDay(matters []nurture.Matter, from journal.Day, days int, holiday func(time.Time) (string, bool)) (list []dayAhead) {
	for n := range days {
		at := from.Time().AddDate(0, 0, n)
		d := dayAhead{day: journal.DayOf(at)}
		d.holiday, _ = holiday(at)
		for len(matters) > 0 && matters[0].Day == d.day {
			d.matters, matters = append(d.matters, matters[0]), matters[1:]
		}
		if d.holiday != "" || len(d.matters) > 0 {
			list = append(list, d)
		}
	}
	return list
}

// aheadText shows days under their heads.
func (a *app) aheadText(days []dayAhead, now time.Time) {
	today := journal.DayOf(now.In(a.zone()))
	for i, d := range days {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		head := dayName(d.day.Time(), now)
		switch nurture.DaysBetween(today, d.day) {
		case 0:
			head = "Today, " + head
		case 1:
			head = "Tomorrow, " + head
		}
		if d.holiday != "" {
			head += ": " + d.holiday
		}
		fmt.Fprintln(a.stdout, a.bold(head))
		for _, m := range d.matters {
			// What goes on below is told from what is next.
			when, rest := "  ", "    "
			if !m.Start.IsZero() {
				span := m.Start.In(a.zone()).Format("15:04")
				if !m.End.IsZero() {
					span += "-" + m.End.In(a.zone()).Format("15:04")
				}
				when += fmt.Sprintf("%-13s", span)
				rest = strings.Repeat(" ", len(when))
			}
			for _, piece := range plaintext.Wrap(a.matterWords(&m, today, now), a.width()-len(rest)) {
				fmt.Fprintln(a.stdout, when+piece)
				when = rest
			}
		}
	}
}

// matterWords is what is ahead, in a line.
func (a *app) matterWords(m *nurture.Matter, today journal.Day, now time.Time) string {
	c := m.Round
	name := c.Plan.With.Name
	switch m.What {
	case nurture.Talk:
		status := string(c.Status(now))
		if c.Declined() {
			status = "declined: move it, or cancel it"
		}
		if where := whereWords(c.Where()); where != "" {
			name += ", " + where
		}
		return name + " (" + status + ")" + a.theirClock(m)
	case nurture.Offered:
		return "offered to " + name + a.theirClock(m)
	case nurture.Leaves:
		if m.Start.After(now) {
			return "the " + m.Leaves.Noun() + " to " + name + " goes"
		}
		return "the " + m.Leaves.Noun() + " to " + name + " is due: the daemon sends it"
	case nurture.Debrief:
		return "look back on the talk with " + name + ": " + c.How(ways.Debrief)
	}
	text := "you promised " + name
	if m.Promise.By == journal.Them {
		text = name + " promised you"
	}
	text += ": " + m.Promise.Text
	if m.Promise.Overdue(today) {
		text += " (" + dueWords(m.Promise, today, now) + ")"
	}
	return text
}

// theirClock is a time on the partner's clock, where that shows another.
func (a *app) theirClock(m *nurture.Matter) string {
	mine, theirs := m.Start.In(a.zone()), m.Start.In(m.Round.Zone())
	switch {
	case mine.Format(time.DateTime) == theirs.Format(time.DateTime):
		return ""
	case mine.Day() != theirs.Day():
		return "; " + theirs.Format("Mon 15:04") + " for them"
	}
	return "; " + theirs.Format("15:04") + " for them"
}

// An aheadRow is something ahead as `agenda --json` shows it. What is absent is null.
type aheadRow struct {
	Day     string      `json:"day"`
	Start   *string     `json:"start"`
	End     *string     `json:"end"`
	Kind    string      `json:"kind"`
	ID      *string     `json:"id"`
	Round   *int        `json:"round"`
	With    *rowWith    `json:"with"`
	Status  *string     `json:"status"`
	Where   *string     `json:"where"`
	Message *string     `json:"message"`
	Promise *rowPromise `json:"promise"`
	Holiday *string     `json:"holiday"`
}

func (a *app) aheadRows(days []dayAhead, now time.Time) []aheadRow {
	rows := []aheadRow{}
	for _, d := range days {
		if d.holiday != "" {
			rows = append(rows, aheadRow{Day: string(d.day), Kind: "holiday", Holiday: &d.holiday})
		}
		for _, m := range d.matters {
			c := m.Round
			id, status := string(c.ID), string(c.Status(now))
			r := aheadRow{Day: string(d.day), Start: stamp(m.Start, a.zone()), End: stamp(m.End, a.zone()), Kind: string(m.What),
				ID: &id, Round: &c.Round, With: &rowWith{c.Plan.With.Name, string(c.Plan.With.Email), c.Zone().String()}, Status: &status,
				Message: orNull(string(m.Leaves))}
			if m.What == nurture.Talk || m.What == nurture.Offered {
				r.Where = orNull(whereWords(c.Where()))
			}
			if m.What == nurture.Promised {
				r.Promise = &rowPromise{string(m.Promise.By), m.Promise.Text, orNull(string(m.Promise.Due))}
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// writeCalendar writes the talks, and the days of promises without their words, into a file for the organizer's calendar:
// those of days that within has.
func (a *app) writeCalendar(b *roster.Roster, partnerships map[plan.ID]*nurture.Partnership, path string, within func(journal.Day) bool) error {
	talks := slices.DeleteFunc(nurture.Agreed(b), func(c *conversation.Conversation) bool {
		return !within(journal.DayOf(c.Told().Start.Time().In(a.zone())))
	})
	days := slices.DeleteFunc(promiseDays(b.Conversations, partnerships), func(d compose.Day) bool { return !within(journal.DayOf(d.On)) })
	data, err := a.sched.Compose.OwnCalendar(talks, days)
	if err != nil {
		return err
	}
	if path == "-" {
		_, err := a.stdout.Write(data)
		return err
	}
	there, err := fileAt(path)
	if err != nil {
		return err
	}
	if there {
		old, err := os.ReadFile(path)
		switch {
		case err != nil || len(bytes.TrimSpace(old)) > 0 && !bytes.HasPrefix(bytes.TrimSpace(old), []byte("BEGIN:VCALENDAR")):
			return usage("%s is there already, and is no calendar", "name another file", path)
		case bytes.Equal(old, data):
			a.say("%s is as it was.", path)
			return nil
		}
	}
	if err := privateFile(path, data); err != nil {
		return err
	}
	a.say("Your talks and the days of promises are in %s. Let your calendar program read it; write it again when something has changed.", path)
	return nil
}

// promiseDays are the days on which open promises are due. What was promised stands in the journal alone.
func promiseDays(list []*conversation.Conversation, partnerships map[plan.ID]*nurture.Partnership) (days []compose.Day) {
	for _, c := range list {
		if c.After != nil {
			continue
		}
		p := partnerships[c.ID]
		same := make(map[string]int)
		for _, promise := range p.Promises {
			if promise.Due == "" {
				continue
			}
			summary := "A promise to " + c.Plan.With.Name + " is due"
			if promise.By == journal.Them {
				summary = "A promise of " + c.Plan.With.Name + " is due"
			}
			key := strings.Join([]string{"promise", string(c.ID), string(promise.By), string(promise.Due)}, "-")
			same[key]++
			days = append(days, compose.Day{UID: fmt.Sprintf("%s-%d@coalition", key, same[key]), Summary: summary,
				On: promise.Due.Time(), Stamp: p.LastMet.Time()})
		}
	}
	return days
}
