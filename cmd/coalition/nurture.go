package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/cmd/coalition/chart"
	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
	"coalition/scheduler/nudge"
	"coalition/scheduler/nurture"
)

// A rowPromise is an open promise as `list --json` shows it.
type rowPromise struct {
	By   string  `json:"by"`
	Text string  `json:"text"`
	Due  *string `json:"due"`
}

// rowNurture is what `list --json` shows of a partnership, in the row of its newest round.
type rowNurture struct {
	LastMet   *string      `json:"last_met"`
	WaitingOn string       `json:"waiting_on"`
	Promises  []rowPromise `json:"promises"`
	AgeDays   *int         `json:"age_days"`
}

func nurtureRow(c *conversation.Conversation, step conversation.Step, p *nurture.Partnership) rowNurture {
	r := rowNurture{WaitingOn: string(step.Turn()), Promises: []rowPromise{}}
	if c.After != nil {
		return r
	}
	r.LastMet = orNull(string(p.LastMet))
	for _, promise := range p.Promises {
		r.Promises = append(r.Promises, rowPromise{string(promise.By), promise.Text, orNull(string(promise.Due))})
	}
	if days := p.SinceWrote(); days >= 0 {
		r.AgeDays = &days
	}
	return r
}

// partnershipOf is the one that a round belongs to.
func (a *app) partnershipOf(c *conversation.Conversation, now time.Time) *nurture.Partnership {
	j, bad := journal.Read(a.config.journals(), c.ID)
	if a.noteJournals(bad); j == nil {
		j = &journal.Journal{}
	}
	return nurture.Of(c, j.Entries, now, a.zone())
}

// fewQuiet is of how many partners each has a line of their own who have not answered for long.
const fewQuiet = 3

// silences tells of the partners who have not answered for long, and what can be done: in a line each, or, where they are
// many, in one for all of whom the same is said.
func silences(entries []ranked, now time.Time, zone *time.Location) []string {
	var each, advice []string
	who := make(map[string][]string)
	for _, e := range entries {
		since := nudge.Quiet(e.Conversation, now).In(zone)
		if since.IsZero() {
			continue
		}
		ago := count(nurture.DaysBetween(journal.DayOf(since), journal.DayOf(now.In(zone))), "day")
		do := nudge.AfterQuiet(e.Conversation)
		each = append(each, fmt.Sprintf("%s: no answer since %s, %s ago; %s", e.Ref(), dayName(since, now), ago, do))
		if words, command, ok := strings.Cut(do, ": coalition"); ok {
			do = words + ": coalition" + strings.Replace(command, " "+e.Ref(), " ID", 1)
		}
		if who[do] == nil {
			advice = append(advice, do)
		}
		who[do] = append(who[do], e.Ref()+" ("+ago+")")
	}
	if len(each) <= fewQuiet {
		return each
	}
	var lines []string
	for _, do := range advice {
		lines = append(lines, "no answer from "+strings.Join(who[do], ", ")+"; "+do)
	}
	return lines
}

// tending is what the organizer may want to know of a round that asks for nothing yet, in a line each: of promises whose
// day is near or over, and of two people who drift apart.
func tending(c *conversation.Conversation, p *nurture.Partnership, now time.Time) (lines []string) {
	name := c.Plan.With.Name
	if c.After != nil {
		return nil
	}
	for _, promise := range p.Pressing() {
		who := "you"
		if promise.By == journal.Them {
			who = name
		}
		lines = append(lines, fmt.Sprintf("%s promised: %s (%s)", who, promise.Text, dueWords(promise, p.Today, now)))
	}
	if p.Drifts() {
		text := fmt.Sprintf("you and %s last talked %s, and no talk is ahead", name, chart.Since(p.LastMet.Time(), p.Today.Time()))
		if c.Status(now) == conversation.Closed {
			text += fmt.Sprintf("; if you would like one: coalition new %q %s --id %s --round %d", name, c.Plan.With.Email, c.ID, c.Round+1)
		}
		lines = append(lines, text)
	}
	return lines
}

// dueWords says when a promise is due, with a day.
func dueWords(p journal.Promise, today journal.Day, now time.Time) string {
	day := dayName(p.Due.Time(), now)
	switch days := nurture.DaysBetween(today, p.Due); {
	case p.Overdue(today):
		return "overdue since " + day
	case days == 0:
		return "due today"
	case days == 1:
		return "due tomorrow, " + day
	}
	return "due " + day
}

// dayName is a day in a sentence, with its year where that is another than now's.
func dayName(day, now time.Time) string {
	if day.Year() != now.Year() {
		return day.Format("Mon 2 Jan 2006")
	}
	return day.Format("Mon 2 Jan")
}

// byResult orders conversations by what they serve together: the result first that has what matters most, those without
// one last.
func byResult(list []ranked) []ranked {
	place := make(map[string]int)
	for _, e := range list {
		if _, known := place[e.Plan.Result]; !known {
			place[e.Plan.Result] = len(place)
		}
	}
	slices.SortStableFunc(list, func(x, y ranked) int {
		switch {
		case x.Plan.Result == y.Plan.Result:
			return 0
		case x.Plan.Result == "":
			return 1
		case y.Plan.Result == "":
			return -1
		}
		return place[x.Plan.Result] - place[y.Plan.Result]
	})
	return list
}

// waits says in a few words for whom a conversation waits, and since when.
func (e *ranked) waits(p *nurture.Partnership) string {
	switch e.step.Turn() {
	case conversation.Organizer:
		return "you"
	case conversation.Partner:
		if days := p.SinceWrote(); days > 0 {
			return "them, " + count(days, "day")
		}
		return "them"
	default:
		return "nobody"
	}
}
