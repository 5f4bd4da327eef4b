package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"coalition/invites/plaintext"
	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/worklist"
)

func (a *app) showCommand() *cobra.Command {
	var svg string
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show everything known about a conversation",
		Long: `Show everything known about a conversation. What stands under private: in its plan
is only counted: it stays in the file.

--svg draws all its rounds as a timeline instead: what was sent, heard and held, on which
days promises are due, and what is ahead; no words of a plan, a mail or a journal.`,
		Example:           "  coalition show maya\n  coalition show maya/2 --json\n  coalition show maya --svg maya.svg",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, c, err := a.boardOf(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if svg != "" {
				return a.drawTimeline(cmd.Context(), b, c, svg)
			}
			return a.show(cmd.Context(), b, c)
		},
	}
	c.Flags().StringVar(&svg, "svg", "", "draw its rounds into `FILE`, as a timeline (- for standard output)")
	return c
}

func (a *app) show(ctx context.Context, b *roster.Roster, c *conversation.Conversation) error {
	entries, err := a.logRows(ctx, b, c)
	if err != nil {
		return err
	}
	r := a.row(c, b.Now)
	if a.json {
		return a.printJSON(struct {
			row
			Plan plan.Terms `json:"plan"`
			Log  []logRow   `json:"log"`
		}{r, c.Plan, entries})
	}
	line := func(name, value string) {
		if value != "" {
			pieces := plaintext.Wrap(value, 66)
			fmt.Fprintf(a.stdout, "%s%s\n", a.bold(fmt.Sprintf("%-12s", name)), strings.Join(pieces, "\n            "))
		}
	}
	// list shows items by form, whose verbs are a number and the item, and the name before the first.
	list := func(name, form string, items []string) {
		for i, s := range items {
			line(name, fmt.Sprintf(form, i+1, s))
			name = ""
		}
	}
	noted := func(text, note string) string { return strings.TrimSuffix(text+": "+note, ": ") }
	p := &c.Plan
	line("with", c.Partner().String()+", "+c.Zone().String())
	line("status", r.Status)
	if r.Next != nil {
		due := ""
		if step := roster.Next(c, b.Now); !step.Due.IsZero() && step.Due.After(b.Now) {
			due = " (" + a.local(step.Due) + ")"
		}
		line("next", *r.Next+due)
	}
	line("result", p.Result)
	line("purpose", p.Purpose)
	list("offer", "- %[2]s", p.Offer)
	list("ask", "- %[2]s", p.Ask)
	var topics []string
	for _, item := range p.Agenda {
		topics = append(topics, fmt.Sprintf("%s (%d min)", item.Topic, item.Minutes))
	}
	list("agenda", "%d. %s", append(topics, c.Taken...))
	line("setting", whereWords(p.Setting))
	if c.Place != nil {
		line("", "now: "+cmp.Or(*c.Place, "no place"))
	}
	if c.Booking != nil {
		line("", c.Booking.Is.Join)
	}
	if start := c.Start(b.Now); !start.IsZero() {
		theirs := ""
		if at := start.In(c.Zone()).Format(timeLayout); at != a.local(start) {
			theirs = "; for them " + at
		}
		line("start", fmt.Sprintf("%s, %d min%s", a.local(start), int(c.Length().Minutes()), theirs))
	}
	line("", worklist.Difference(c, b.Now))
	head, slots := "offered", c.Offered
	if len(slots) == 0 && c.Start(b.Now).IsZero() {
		head, slots = "times", c.Choices(b.Now)
	}
	var times []string
	for _, slot := range slots {
		times = append(times, a.local(slot.Time()))
	}
	list(head, "%d) %s", times)
	if c.Answer != nil {
		how := c.Answer.How
		if c.Answer.From != "" {
			how += " from " + c.Answer.From
		}
		line("answer", noted(c.Answer.Value+", "+a.local(c.Answer.At)+", by "+how, c.Answer.Note))
	}
	list("proposed", "%d. %s", c.Proposed)
	if p := c.Counter; p != nil {
		line("counter", noted(fmt.Sprintf("%s, %d min, proposed on %s",
			a.local(p.Start), int(p.Length.Minutes()), a.local(p.At)), p.Note))
	}
	if w := c.Remark; w != nil {
		line("last word", a.local(w.At)+", "+w.From+": "+w.Text)
	}
	if w := c.Doubted; w != nil {
		line("doubted", a.local(w.At)+", "+w.From+": "+w.Text)
	}
	if c.Invited() {
		line("invitation", fmt.Sprintf("UID %s, SEQUENCE %d, %s", c.UID, c.Sequence, c.PartStat))
		if id := c.EventID(); id != "" {
			line("", "in Google Calendar, event "+id)
		}
	}
	line("priority", fmt.Sprintf("%d of 25", c.Priority()))
	if n := c.PrivateKeys(); n > 0 {
		line("private", count(n, "key")+" filled in, in the plan file only")
	}
	if len(entries) > 0 {
		fmt.Fprintln(a.stdout)
		a.logTable(entries)
	}
	return nil
}
