package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"coalition/scheduler"
	"coalition/scheduler/plan"
)

func (a *app) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "show ID",
		Short:             "Show everything known about a conversation",
		Long:              "Show everything known about a conversation. What stands under private: in its plan\nis only counted: it stays in the file.",
		Example:           "  coalition show maya\n  coalition show maya/2 --json",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.board(cmd.Context())
			if err != nil {
				return err
			}
			c, err := a.find(b, args[0])
			if err != nil {
				return err
			}
			return a.show(cmd.Context(), b, c)
		},
	}
}

func (a *app) show(ctx context.Context, b *scheduler.Board, c *scheduler.Conversation) error {
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
	zone := a.sched.Zone.Location("UTC")
	line := func(name, value string) {
		if value != "" {
			pieces := wrap(value, 66)
			fmt.Fprintf(a.stdout, "%s%s\n", a.bold(fmt.Sprintf("%-12s", name)), strings.Join(pieces, "\n            "))
		}
	}
	p := &c.Plan
	line("with", c.Partner().String()+", "+c.Zone().String())
	line("status", r.Status)
	if r.Next != nil {
		due := ""
		if step := c.Next(b.Now); !step.Due.IsZero() && step.Due.After(b.Now) {
			due = " (" + step.Due.In(zone).Format(timeLayout) + ")"
		}
		line("next", *r.Next+due)
	}
	line("result", p.Result)
	line("purpose", p.Purpose)
	for i, s := range p.Offer {
		line([]string{"offer", ""}[min(i, 1)], "- "+s)
	}
	for i, s := range p.Ask {
		line([]string{"ask", ""}[min(i, 1)], "- "+s)
	}
	for i, item := range p.Agenda {
		line([]string{"agenda", ""}[min(i, 1)], fmt.Sprintf("%d. %s (%d min)", i+1, item.Topic, item.Minutes))
	}
	for i, topic := range c.Taken {
		line("", fmt.Sprintf("%d. %s", len(p.Agenda)+i+1, topic))
	}
	line("setting", whereWords(p.Setting))
	if c.Place != nil {
		line("", "now: "+cmp.Or(*c.Place, "no place"))
	}
	if c.Booking != nil {
		line("", c.Booking.Is.Join)
	}
	if start := c.Start(b.Now); !start.IsZero() {
		theirs := ""
		if at := start.In(c.Zone()); at.Format(timeLayout) != start.In(zone).Format(timeLayout) {
			theirs = "; for them " + at.Format(timeLayout)
		}
		line("start", fmt.Sprintf("%s, %d min%s", start.In(zone).Format(timeLayout), int(c.Length().Minutes()), theirs))
	}
	line("", c.Difference(b.Now))
	head, slots := "offered", c.Offered
	if len(slots) == 0 && c.Start(b.Now).IsZero() {
		head, slots = "times", c.Choices(b.Now)
	}
	for i, slot := range slots {
		line([]string{head, ""}[min(i, 1)], fmt.Sprintf("%d) %s", i+1, slot.Time().In(zone).Format(timeLayout)))
	}
	if c.Answer != nil {
		how := c.Answer.How
		if c.Answer.From != "" {
			how += " from " + c.Answer.From
		}
		line("answer", strings.TrimSuffix(fmt.Sprintf("%s, %s, by %s: %s", c.Answer.Value, c.Answer.At.In(zone).Format(timeLayout), how, c.Answer.Note), ": "))
	}
	for i, s := range c.Proposed {
		line([]string{"proposed", ""}[min(i, 1)], fmt.Sprintf("%d. %s", i+1, s))
	}
	if p := c.Counter; p != nil {
		line("counter", strings.TrimSuffix(fmt.Sprintf("%s, %d min, proposed on %s: %s", p.Start.In(zone).Format(timeLayout), int(p.Length.Minutes()), p.At.In(zone).Format(timeLayout), p.Note), ": "))
	}
	if w := c.Word; w != nil {
		line("last word", w.At.In(zone).Format(timeLayout)+", "+w.From+": "+w.Text)
	}
	if w := c.Doubted; w != nil {
		line("doubted", w.At.In(zone).Format(timeLayout)+", "+w.From+": "+w.Text)
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
