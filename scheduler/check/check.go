// Package check knows what is wrong with plans, or worth a second look, once they are seen together, beside what has
// already happened, and at this moment. What is wrong with a file by itself it leaves to whoever has read it, what two
// talks mean for each other to roster.
package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/holidays"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/strictyaml"
	"coalition/templates"
)

// Plans returns everything that is wrong with the plans of b, in the order of files and lines. Problems of single files
// are among them. words are those that partners are written to in, and days reads the holidays that plans name.
func Plans(b *roster.Roster, words *templates.Set, days *holidays.Reader) []strictyaml.Problem {
	list := slices.Clone(b.Problems)
	for _, c := range b.Conversations {
		if c.Source() == nil || !c.Planned() {
			continue
		}
		warn := func(text, mend string, path ...string) {
			list = append(list, c.Source().Warning(text, mend, path...))
		}
		list = append(list, checkDates(c, b.Now)...)
		list = append(list, roster.CheckPerson(c, b.Now)...)
		if _, ok := words.Language(c.Language()); !ok {
			warn("there are no words in this language yet: English will be used",
				fmt.Sprintf("choose one of %v, or leave it", words.Languages()), "with", "language")
		}
		to := string(c.Source().With.Email)
		if b.Settings.Own(to) {
			warn("this is your own address: no calendar takes an invitation from oneself",
				"use another to try things out", "with", "email")
		}
		if invites.NoReply(to) {
			warn("this looks like an address that nobody reads", "use the one at which "+c.Plan.With.Name+" does",
				"with", "email")
		}
		list = append(list, days.Check(string(c.Source().With.Holidays), b.Now,
			func(text, mend string) strictyaml.Problem {
				return c.Source().Problem("with.holidays "+text, mend, "with", "holidays")
			})...)
		if start := c.StartSlot(b.Now).Time(); start.After(b.Now) && c.Status(b.Now) != conversation.Cancelled {
			list = append(list, checkHours(c, start)...)
		}
	}
	list = append(list, b.CheckOverlaps()...)
	list = append(list, b.CheckOffers()...)
	slices.SortStableFunc(list, func(a, b strictyaml.Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return list
}

// checkDates finds times that have passed without an invitation, and others that can hardly be meant.
func checkDates(c *conversation.Conversation, now time.Time) []strictyaml.Problem {
	w, d, start := c.Plan.When, c.DatesAt(now), c.StartSlot(now)
	told := c.Told()
	problem := func(text, mend string, path ...string) []strictyaml.Problem {
		return []strictyaml.Problem{c.Source().Problem(text, mend, path...)}
	}
	switch {
	case c.Cancelled != nil || c.Said(conversation.No):
	case told != nil:
		if start != told.Start && now.Before(told.Start.Time()) && !start.Time().After(now) {
			return problem("this has passed; "+c.Plan.With.Name+" knows of "+told.Start.String(), "choose a time ahead", "when")
		}
	case !c.Chosen.IsZero():
		if !c.Chosen.Time().After(now) {
			return problem("the time agreed has passed, and no invitation has gone", "choose a new start", "when")
		}
	case d.Passed(now):
		return problem("these days have passed, and no invitation has gone", "choose days ahead", "when", "between")
	case len(w.Offered()) > 0 && len(c.Offers(now)) == 0:
		return problem("this has passed, and no invitation has gone", "choose a time ahead", "when", roster.WhenKey(w))
	case !d.AskOn.IsZero() && !start.IsZero() && !d.AskOn.Before(start.Time()):
		return problem("the brief would go when the talk has begun", "ask earlier", "ask_on")
	}
	return nil
}

// checkHours warns of a talk on a day or at an hour at which people are rarely met.
func checkHours(c *conversation.Conversation, start time.Time) (list []strictyaml.Problem) {
	s := c.Settings()
	// Hours of the day.
	const early, late = 7, 21
	for _, who := range []struct {
		name  string
		zone  *time.Location
		hours plan.Hours
	}{{"you", s.Zone.Location("UTC"), s.Hours}, {"your partner", c.Zone(), c.Hours()}} {
		at, end := start.In(who.zone), start.Add(c.Length()).In(who.zone)
		var text string
		switch {
		case !who.hours.Has(at.Weekday()):
			text = "for " + who.name + " this is no working day (" + at.Format("Monday") + " in " + who.zone.String() + ")"
		case at.Hour() < early || end.Hour() >= late || end.YearDay() != at.YearDay():
			text = "for " + who.name + " this is an odd hour (" + at.Format("15:04") + " in " + who.zone.String() + ")"
		default:
			continue
		}
		list = append(list, c.Source().Warning(text, "leave it if it is meant", "when", roster.WhenKey(c.Plan.When)))
	}
	return list
}
