package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
)

// A logRow is a message or an event as `log --json` shows it. What is absent is null.
type logRow struct {
	At        string  `json:"at"`
	ID        string  `json:"id"`
	Round     int     `json:"round"`
	Kind      string  `json:"kind"`
	To        *string `json:"to"`
	Via       *string `json:"via"`
	MessageID *string `json:"message_id"`
	State     *string `json:"state"`
	Attempts  int     `json:"attempts"`
	Flagged   bool    `json:"flagged"`
	Error     *string `json:"error"`
	// What happened, for what is no message.
	Text *string `json:"text"`
}

func (a *app) logCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "log [ID]",
		Short: "Show every message and event, with its delivery state",
		Long: `Show every message and event, oldest first. The state of a message is one of
pending, sending, sent, unclear (handed over, and no answer came), failed,
bounced, held (waits for approve), cancelled, expired. A star marks a message
whose bytes may have gone twice.

With --json, an array of messages and events. What is absent is null:
  at                          when its state changed last, or it happened
  id, round, kind             of which conversation; brief, times (others, where
                              one has gone), invite, update, cancel, reminder,
                              declinecounter, thanks, notice (to you), or answer,
                              counter, mail, bounce, ready, move, debrief …
  to, via, message_id         to whom, by outbox, smtp or file; null for events
  state                       as above; null for events
  attempts, flagged           how often it was tried; may have gone twice
  error                       what went wrong last
  text                        what happened, for an event`,
		Example:           "  coalition log\n  coalition log maya --json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.board(cmd.Context())
			if err != nil {
				return err
			}
			var only []*conversation.Conversation
			if len(args) > 0 {
				c, err := a.find(b, args[0])
				if err != nil {
					return err
				}
				only = append(only, c)
				if !strings.Contains(args[0], "/") {
					for _, other := range b.Conversations {
						if other.ID == c.ID && other != c {
							only = append(only, other)
						}
					}
				}
			}
			a.sayDoors(b)
			entries, err := a.logRows(cmd.Context(), b, only...)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(entries)
			}
			if len(entries) == 0 {
				a.say("Nothing has happened yet.")
				return nil
			}
			a.logTable(entries)
			return nil
		},
	}
}

// logRows returns the messages and events of these conversations, or of all, oldest first.
func (a *app) logRows(ctx context.Context, b *roster.Roster, only ...*conversation.Conversation) ([]logRow, error) {
	id := plan.ID("")
	if len(only) > 0 {
		id = only[0].ID
	} else {
		only = b.Conversations
	}
	events, err := a.sched.Store.History(ctx, id)
	if err != nil {
		return nil, err
	}
	type entry struct {
		at  time.Time
		row logRow
	}
	var list []entry
	wanted := make(map[string]bool)
	for _, c := range only {
		wanted[c.Ref()] = true
		for _, m := range c.Messages {
			list = append(list, entry{m.Changed, a.messageRow(m)})
		}
	}
	for _, e := range events {
		if id == "" || wanted[plan.Ref(e.ID, e.Round)] {
			list = append(list, entry{e.At, a.eventRow(e)})
		}
	}
	slices.SortStableFunc(list, func(x, y entry) int { return x.at.Compare(y.at) })
	rows := []logRow{}
	for _, e := range list {
		rows = append(rows, e.row)
	}
	return rows, nil
}

func (a *app) messageRow(m *outbox.Message) logRow {
	state, via := m.State.Shown(), m.Via
	var id *string
	if m.MessageID != "" {
		id = orNull("<" + m.MessageID + ">")
	}
	return logRow{At: *stamp(m.Changed, a.zone()), ID: string(m.ID), Round: m.Round, Kind: string(m.Kind),
		To: &m.To, Via: &via, MessageID: id, State: &state,
		Attempts: m.Attempts, Flagged: m.Flagged, Error: orNull(m.Error)}
}

func (a *app) eventRow(e conversation.HistoryEntry) logRow {
	return logRow{At: *stamp(e.At, a.zone()), ID: string(e.ID), Round: e.Round, Kind: e.Kind, Text: orNull(e.Text)}
}

func (a *app) logTable(entries []logRow) {
	table := [][]string{{"AT", "ID", "KIND", "STATE", ""}}
	for _, e := range entries {
		t, _ := time.Parse(time.RFC3339, e.At)
		id := plan.Ref(plan.ID(e.ID), e.Round)
		state, text := "", ""
		if e.State != nil {
			state, text = *e.State, "to "+*e.To+" by "+*e.Via
			if e.Flagged {
				state += "*"
			}
		}
		if e.Error != nil {
			text += ": " + *e.Error
		}
		if e.Text != nil {
			text = *e.Text
		}
		table = append(table, []string{t.Format("2006-01-02 15:04"), id, e.Kind, state, text})
	}
	a.table(table)
}
