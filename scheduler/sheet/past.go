package sheet

import (
	"cmp"
	"slices"

	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
	"coalition/scheduler/plan"
)

// A Talk is one of those before with the same partner, as the journal has it.
type Talk struct {
	ID    plan.ID     `json:"id"`
	Round int         `json:"round"`
	On    journal.Day `json:"on"`
	// Learned is what was learned to matter to the partner.
	Learned  string    `json:"learned"`
	Measures []Measure `json:"measures"`
	Note     string    `json:"note"`
}

// A Measure is one by which the organizer wanted to see what came of a talk.
type Measure struct {
	Text string `json:"text"`
	// nil: that could not be told.
	Met *bool `json:"met"`
}

// A Promise is one that is open.
type Promise struct {
	By   journal.By `json:"by"`
	Text string     `json:"text"`
	// nil: no day was named.
	Due     *journal.Day `json:"due"`
	Overdue bool         `json:"overdue"`
}

// remember takes in what the journals say of the partner: the talks before this one, the newest first, and the promises
// that are open, the most urgent first.
func (s *Sheet) remember(c *conversation.Conversation, today journal.Day, past map[plan.ID][]journal.Entry) {
	var entries []journal.Entry
	for id, list := range past {
		entries = append(entries, list...)
		for _, e := range list {
			if id == c.ID && e.Round >= c.Round {
				continue
			}
			talk := Talk{id, e.Round, e.On, text(e.Learned), []Measure{}, text(e.Note)}
			for _, m := range e.Measures {
				talk.Measures = append(talk.Measures, Measure{text(m.Text), m.Met})
			}
			s.Before = append(s.Before, talk)
		}
	}
	slices.SortFunc(s.Before, func(a, b Talk) int {
		return -cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Round, b.Round), cmp.Compare(a.ID, b.ID))
	})
	slices.SortStableFunc(entries, func(a, b journal.Entry) int {
		return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Round, b.Round))
	})
	open := journal.Open(entries)
	// One without a day comes last.
	due := func(p journal.Promise) journal.Day { return cmp.Or(p.Due, "9999-12-31") }
	slices.SortStableFunc(open, func(a, b journal.Promise) int {
		return cmp.Or(cmp.Compare(due(a), due(b)), cmp.Compare(a.By, b.By), cmp.Compare(a.Text, b.Text))
	})
	for _, p := range open {
		promise := Promise{By: p.By, Text: text(p.Text), Overdue: p.Overdue(today)}
		if p.Due != "" {
			promise.Due = &p.Due
		}
		s.Promises = append(s.Promises, promise)
	}
}
