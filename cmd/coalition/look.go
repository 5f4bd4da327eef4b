package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"coalition/scheduler"
	"coalition/scheduler/plan"
)

// A row is a conversation as `list --json` shows it. What is absent is null.
type row struct {
	ID       string     `json:"id"`
	Round    int        `json:"round"`
	Result   *string    `json:"result"`
	With     rowWith    `json:"with"`
	Status   string     `json:"status"`
	Next     *string    `json:"next"`
	Due      *string    `json:"due"`
	Start    *string    `json:"start"`
	End      *string    `json:"end"`
	Timezone string     `json:"timezone"`
	Priority int        `json:"priority"`
	Answer   *rowAnswer `json:"answer"`
	PartStat *string    `json:"partstat"`
	UID      *string    `json:"uid"`
	Sequence *int       `json:"sequence"`
	Channel  *string    `json:"channel"`
	EventID  *string    `json:"event_id"`
}

type rowWith struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Timezone string `json:"timezone"`
}

type rowAnswer struct {
	Value string  `json:"value"`
	At    string  `json:"at"`
	How   string  `json:"how"`
	Note  *string `json:"note"`
}

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
	Text      *string `json:"text"` // what happened, for what is no message
}

// orNull is nil for the zero value.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func stamp(t time.Time, zone *time.Location) *string {
	if t.IsZero() {
		return nil
	}
	s := t.In(zone).Format(time.RFC3339)
	return &s
}

func (a *app) row(c *scheduler.Conversation, now time.Time) row {
	step := c.Next(now)
	return a.rowOf(c, step, now)
}

func (a *app) rowOf(c *scheduler.Conversation, step scheduler.Step, now time.Time) row {
	if step.Kind != "" && step.Due.IsZero() {
		step.Due = now
	}
	zone := c.Plan.When.Timezone.Location(a.sched.Zone)
	start := c.Start(now)
	r := row{
		ID: string(c.ID), Round: c.Round, Result: orNull(c.Plan.Result),
		With:   rowWith{c.Plan.With.Name, string(c.Plan.With.Email), c.Zone().String()},
		Status: string(c.Status(now)), Next: orNull(step.Next), Due: stamp(step.Due, zone),
		Start: stamp(start, zone), Timezone: zone.String(), Priority: c.Priority(),
	}
	if !start.IsZero() {
		r.End = stamp(start.Add(c.Length()), zone)
	}
	if c.Answer != nil {
		r.Answer = &rowAnswer{c.Answer.Value, *stamp(c.Answer.At, zone), c.Answer.How, orNull(c.Answer.Note)}
	}
	if c.Invited() {
		channel := "mail"
		r.UID, r.PartStat, r.Sequence, r.Channel = &c.UID, orNull(string(c.PartStat)), &c.Sequence, &channel
	}
	return r
}

func (a *app) listCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Show the conversations that matter most first, with what comes next",
		Long: `Show all conversations, those that matter most first (by importance and urgency),
each with its status and its next step. A difference between a plan file and what
was decided since is named below.

With --json, an array of conversations. Times are RFC 3339 with the offset of
timezone; what is absent is null:
  id, round, result           which one; what several may serve together
  with                        {name, email, timezone}
  status                      planned, ready, asked, permitted, declined, later,
                              invited, confirmed, met or cancelled
  next, due                   the next step, and when it is due
  start, end, timezone        when the talk is
  priority                    1 to 25, importance by urgency
  answer                      {value: yes, no, later or question; at, how, note}
  partstat, uid, sequence     of the invitation, as in iCalendar
  channel, event_id           mail or google; the event there`,
		Example: "  coalition list\n  coalition list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.open(cmd.Context(), true); err != nil {
				return err
			}
			b, err := a.look(cmd.Context())
			if err != nil {
				return err
			}
			paused, err := a.sched.Store.Paused(cmd.Context())
			if err != nil {
				return err
			}
			if paused {
				fmt.Fprintln(a.stderr, "Note: "+pausedText)
			}
			a.sayGone(b)
			return a.list(b)
		},
	}
}

// A ranked is a conversation in its place in the list.
type ranked struct {
	*scheduler.Conversation
	status scheduler.Status
	step   scheduler.Step
}

// rank puts all conversations in their order: those that are over last, then by what matters most, then
// by what comes soonest.
func rank(b *scheduler.Board) []ranked {
	list := make([]ranked, len(b.Conversations))
	for i, c := range b.Conversations {
		list[i] = ranked{c, c.Status(b.Now), c.Next(b.Now)}
	}
	over := func(r *ranked) bool {
		return r.status == scheduler.Met || r.status == scheduler.Declined || r.status == scheduler.Cancelled
	}
	slices.SortStableFunc(list, func(x, y ranked) int {
		switch {
		case over(&x) != over(&y):
			return map[bool]int{true: 1, false: -1}[over(&x)]
		case x.Priority() != y.Priority():
			return y.Priority() - x.Priority()
		case x.step.Due.IsZero() != y.step.Due.IsZero():
			return map[bool]int{true: 1, false: -1}[x.step.Due.IsZero()]
		}
		return x.step.Due.Compare(y.step.Due)
	})
	return list
}

func (a *app) list(b *scheduler.Board) error {
	entries := rank(b)
	bad := 0
	for _, p := range b.Problems {
		if !p.Warning {
			bad++
		}
	}
	if bad > 0 && !a.quiet {
		fmt.Fprintf(a.stderr, "%s in plan files; see: coalition check\n", count(bad, "problem"))
	}
	if a.json {
		rows := []row{}
		for _, e := range entries {
			rows = append(rows, a.rowOf(e.Conversation, e.step, b.Now))
		}
		return a.printJSON(rows)
	}
	if len(entries) == 0 {
		a.say("No conversations yet. Plan one with: coalition new NAME EMAIL")
		return nil
	}
	zone := a.sched.Zone.Location("UTC")
	table := [][]string{{"ID", "STATUS", "DUE", "NEXT"}}
	var notes []string
	for _, e := range entries {
		due := ""
		if at := e.step.Due.In(zone); !at.IsZero() {
			due = at.Format("2 Jan 15:04")
			if at.Year() != b.Now.In(zone).Year() {
				due = at.Format("2 Jan 2006")
			}
		}
		table = append(table, []string{e.Ref(), string(e.status), due, e.step.Next})
		if note := e.Difference(b.Now); note != "" {
			notes = append(notes, e.Ref()+": "+note)
		}
	}
	a.table(table)
	for _, note := range notes {
		a.say("%s", note)
	}
	return nil
}

// table prints rows under their heads, in columns that fit the terminal, or 80 characters. The last
// column wraps.
func (a *app) table(rows [][]string) {
	width := 80
	if f, ok := a.stdout.(*os.File); ok && terminal(f) {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 40 {
			width = w
		}
	}
	last := len(rows[0]) - 1
	widths := make([]int, last)
	for _, r := range rows {
		for i, cell := range r[:last] {
			widths[i] = max(widths[i], min(runewidth.StringWidth(cell), 24))
		}
	}
	indent := 0
	for _, w := range widths {
		indent += w + 2
	}
	out := bufio.NewWriter(a.stdout) // a terminal or pipe is slow to take lines one by one
	for n, r := range rows {
		var line strings.Builder
		for i, cell := range r[:last] {
			line.WriteString(runewidth.FillRight(runewidth.Truncate(cell, widths[i], "…"), widths[i]) + "  ")
		}
		for i, piece := range wrap(r[last], max(width-indent, 20)) {
			if i > 0 {
				line.WriteString("\n" + strings.Repeat(" ", indent))
			}
			line.WriteString(piece)
		}
		text := strings.TrimRight(line.String(), " ")
		if n == 0 {
			text = a.bold(text)
		}
		fmt.Fprintln(out, text)
	}
	_ = out.Flush() // who has closed the pipe wants no more
}

// wrap breaks s between words into lines of that width.
func wrap(s string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(s) {
		i := len(lines) - 1
		switch {
		case lines[i] == "":
			lines[i] = word
		case runewidth.StringWidth(lines[i])+1+runewidth.StringWidth(word) <= width:
			lines[i] += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}

func (a *app) bold(s string) string {
	if a.noColor || a.getenv("NO_COLOR") != "" || a.getenv("TERM") == "dumb" || !terminal(a.stdout) {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (a *app) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "show ID",
		Short:             "Show everything known about a conversation",
		Long:              "Show everything known about a conversation. What stands under private: in its plan\nis only counted: it stays in the file.",
		Example:           "  coalition show maya\n  coalition show maya/2 --json",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.open(cmd.Context(), true); err != nil {
				return err
			}
			b, err := a.look(cmd.Context())
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
	line("setting", strings.Join(slices.DeleteFunc([]string{string(p.Setting.Kind), p.Setting.Place, string(p.Setting.Phone), string(p.Setting.URL)}, func(s string) bool { return s == "" }), ", "))
	if start := c.Start(b.Now); !start.IsZero() {
		theirs := ""
		if at := start.In(c.Zone()); at.Format(timeLayout) != start.In(zone).Format(timeLayout) {
			theirs = "; for them " + at.Format(timeLayout)
		}
		line("start", fmt.Sprintf("%s, %d min%s", start.In(zone).Format(timeLayout), int(c.Length().Minutes()), theirs))
	}
	line("", c.Difference(b.Now))
	for i, slot := range c.Offered {
		line([]string{"offered", ""}[min(i, 1)], fmt.Sprintf("%d) %s", i+1, slot.Time().In(zone).Format(timeLayout)))
	}
	if c.Answer != nil {
		line("answer", strings.TrimSuffix(fmt.Sprintf("%s, %s, by %s: %s", c.Answer.Value, c.Answer.At.In(zone).Format(timeLayout), c.Answer.How, c.Answer.Note), ": "))
	}
	if c.Invited() {
		line("invitation", fmt.Sprintf("UID %s, SEQUENCE %d, %s", c.UID, c.Sequence, c.PartStat))
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
  id, round, kind             of which conversation; brief, invite, update,
                              cancel, reminder, or answer, ready, move …
  to, via, message_id         to whom, by outbox, smtp or file; null for events
  state                       as above; null for events
  attempts, flagged           how often it was tried; may have gone twice
  error                       what went wrong last
  text                        what happened, for an event`,
		Example:           "  coalition log\n  coalition log maya --json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.open(cmd.Context(), true); err != nil {
				return err
			}
			b, err := a.look(cmd.Context())
			if err != nil {
				return err
			}
			var only []*scheduler.Conversation
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

// logRows are the messages and events of these conversations, or of all, oldest first.
func (a *app) logRows(ctx context.Context, b *scheduler.Board, only ...*scheduler.Conversation) ([]logRow, error) {
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
	zone := a.sched.Zone.Location("UTC")
	for _, e := range events {
		if id == "" || wanted[scheduler.Ref(e.ID, e.Round)] {
			list = append(list, entry{e.At, logRow{At: *stamp(e.At, zone), ID: string(e.ID), Round: e.Round, Kind: e.Kind, Text: orNull(e.Text)}})
		}
	}
	slices.SortStableFunc(list, func(x, y entry) int { return x.at.Compare(y.at) })
	rows := []logRow{}
	for _, e := range list {
		rows = append(rows, e.row)
	}
	return rows, nil
}

func (a *app) messageRow(m *scheduler.Message) logRow {
	state, via := m.State.Shown(), m.Via
	id := "<" + m.MessageID + ">"
	return logRow{At: *stamp(m.Changed, a.sched.Zone.Location("UTC")), ID: string(m.ID), Round: m.Round, Kind: string(m.Kind), To: &m.To, Via: &via,
		MessageID: &id, State: &state, Attempts: m.Attempts, Flagged: m.Flagged, Error: orNull(m.Error)}
}

func (a *app) logTable(entries []logRow) {
	table := [][]string{{"AT", "ID", "KIND", "STATE", ""}}
	for _, e := range entries {
		t, _ := time.Parse(time.RFC3339, e.At)
		id := scheduler.Ref(plan.ID(e.ID), e.Round)
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
