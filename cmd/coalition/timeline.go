package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/cmd/coalition/chart"
	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
	"coalition/scheduler/nurture"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

// drawTimeline draws the rounds of a conversation into a file.
func (a *app) drawTimeline(ctx context.Context, b *roster.Roster, c *conversation.Conversation, path string) error {
	t, err := a.timeline(ctx, b, c)
	if err != nil {
		return err
	}
	return a.draw(path, t.SVG(), "The timeline")
}

// timeline is a partnership over its rounds. Nothing that somebody has written gets into it: of the history, of messages
// and of promises it takes when, and of which kind.
func (a *app) timeline(ctx context.Context, b *roster.Roster, c *conversation.Conversation) (*chart.Timeline, error) {
	history, err := a.sched.Store.History(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	j, bad := journal.Read(a.config.journals(), c.ID)
	if a.noteJournals(bad); j == nil {
		j = &journal.Journal{}
	}
	t := &chart.Timeline{Name: c.Plan.With.Name, Result: c.Plan.Result, Now: b.Now.In(a.zone())}
	for _, round := range b.Conversations {
		if round.ID != c.ID {
			continue
		}
		t.Name, t.Result = round.Plan.With.Name, round.Plan.Result
		list := append(a.past(round, b.Now), a.ahead(round, b.Now)...)
		for _, e := range history {
			if kind, words := heard(e); e.Round == round.Round && words != "" {
				list = append(list, chart.Event{At: e.At.In(a.zone()), Kind: kind, Words: words})
			}
		}
		list = append(list, a.promised(j.Entries, round.Round, b.Now)...)
		slices.SortStableFunc(list, func(x, y chart.Event) int { return x.At.Compare(y.At) })
		t.Rounds = append(t.Rounds, chart.Round{Number: round.Round, Status: round.Status(b.Now), Events: list})
	}
	return t, nil
}

// past are the messages that have left, and the talk that was held.
func (a *app) past(c *conversation.Conversation, now time.Time) (list []chart.Event) {
	for _, m := range c.Messages {
		if m.ToOrganizer() || !m.MayHaveLeft() {
			continue
		}
		at := m.Stamp
		if m.State == outbox.Accepted {
			at = m.Changed
		}
		words := "The " + m.Kind.Noun()
		if start := m.Content.Start; !start.IsZero() && (m.Kind == outbox.Invite || m.Kind == outbox.Update) {
			words += ", for " + a.local(start.Time())
		}
		list = append(list, chart.Event{At: at.In(a.zone()), Kind: chart.Sent, Words: words})
	}
	if told := nurture.Held(c, now); told != nil {
		list = append(list, chart.Event{At: told.Start.Time().In(a.zone()), Kind: chart.Talk, Words: talkWords(told.Length)})
	}
	return list
}

func talkWords(length time.Duration) string {
	return fmt.Sprintf("The talk, %d minutes", int(length.Minutes()))
}

// ahead are what the program is to send next, and the talk where it is still to be.
func (a *app) ahead(c *conversation.Conversation, now time.Time) (list []chart.Event) {
	if step := roster.Next(c, now); step.Kind != "" && step.Due.After(now) {
		list = append(list, chart.Event{At: step.Due.In(a.zone()), Kind: chart.Sent, Words: "The " + step.Kind.Noun() + " is due"})
	}
	switch c.Status(now) {
	case conversation.Declined, conversation.Cancelled, conversation.Met, conversation.Closed:
		return list
	default:
	}
	if start := c.Start(now); start.After(now) && !c.Declined() {
		list = append(list, chart.Event{At: start.In(a.zone()), Kind: chart.Talk, Words: talkWords(c.Length())})
	}
	return list
}

// promised are the days of the promises that were first made in a round.
func (a *app) promised(entries []journal.Entry, round int, now time.Time) (list []chart.Event) {
	today := journal.DayOf(now.In(a.zone()))
	type key struct {
		by   journal.By
		text string
	}
	made, newest := make(map[key]int), make(map[key]journal.Promise)
	var order []key
	for _, e := range entries {
		for _, p := range e.Promises {
			k := key{p.By, p.Text}
			if _, known := made[k]; !known {
				made[k] = e.Round
				order = append(order, k)
			}
			newest[k] = p
		}
	}
	for _, k := range order {
		p := newest[k]
		if made[k] != round || p.Due == "" {
			continue
		}
		kind, words := chart.Mine, "A promise of yours"
		if p.By == journal.Them {
			kind, words = chart.Theirs, "A promise to you"
		}
		switch {
		case p.Kept != nil:
			words += " was due, and is settled"
		case p.Overdue(today):
			words += " was due, and is overdue"
		default:
			words += " is due"
		}
		// The whole day counts.
		y, month, d := p.Due.Time().Date()
		end := time.Date(y, month, d, 23, 59, 59, 0, a.zone())
		list = append(list, chart.Event{At: end, Day: true, Kind: kind, Words: words})
	}
	return list
}

// answersDrawn are what the first word of an answer on record says, in the history of a conversation.
var answersDrawn = map[string]string{
	conversation.Yes: "They said yes", conversation.No: "They said no", conversation.Wait: "They asked for another moment",
	conversation.Query: "They asked something first", "accepted": "They accepted the invitation",
	"declined": "They declined the invitation", "tentative": "They accepted the invitation, tentatively",
	"asked": "They asked for no more mail",
}

// heard says what an entry of the history tells, without its words; "": it does not belong into a picture.
func heard(e conversation.HistoryEntry) (kind chart.EventKind, words string) {
	first, _, _ := strings.Cut(e.Text, " ")
	switch e.Kind {
	case "ready":
		return chart.Own, "You checked in with yourself"
	case "move":
		return chart.Own, "You moved the talk"
	case "agenda":
		return chart.Own, "You decided on what they would add to the agenda"
	case "cancel":
		if first == "the" {
			return chart.Ended, "The talk did not take place"
		}
		return chart.Ended, "You cancelled the talk"
	case "debrief":
		return chart.Own, "You looked back on the talk"
	case "answer":
		switch first = strings.TrimRight(first, ",:;"); first {
		// Of another conversation, and of nothing that they did.
		case "nothing", "needs-action":
			return "", ""
		}
		return chart.Heard, cmp.Or(answersDrawn[first], "They wrote")
	case "counter":
		if first == "took" || first == "declined" {
			return chart.Own, "You decided on the time that they proposed"
		}
		return chart.Heard, "They proposed another time"
	case "mail":
		if first != "not" {
			return chart.Heard, "They wrote"
		}
	case "bounce":
		return chart.Heard, "A message came back: it had not arrived"
	}
	return "", ""
}
