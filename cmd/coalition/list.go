package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"coalition/cmd/coalition/chart"
	"coalition/scheduler/conversation"
	"coalition/scheduler/nurture"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/worklist"
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
	rowNurture
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

func (a *app) row(c *conversation.Conversation, now time.Time) row {
	return a.rowOf(c, roster.Next(c, now), a.partnershipOf(c, now), now)
}

func (a *app) rowOf(c *conversation.Conversation, step conversation.Step, p *nurture.Partnership, now time.Time) row {
	if step.Kind != "" && step.Due.IsZero() {
		step.Due = now
	}
	zone := c.Plan.When.Timezone.Location(a.sched.Zone)
	start := c.Start(now)
	r := row{
		ID: string(c.ID), Round: c.Round, Result: orNull(c.Plan.Result),
		With:   rowWith{c.Plan.With.Name, string(c.Plan.With.Email), c.Zone().String()},
		Status: string(c.Status(now)), Next: orNull(step.Next), Due: stamp(step.Due, zone),
		Start: stamp(start, zone), Timezone: zone.String(), Priority: c.Priority(), rowNurture: nurtureRow(c, step, p),
	}
	if !start.IsZero() {
		r.End = stamp(start.Add(c.Length()), zone)
	}
	if c.Answer != nil {
		r.Answer = &rowAnswer{c.Answer.Value, *stamp(c.Answer.At, zone), c.Answer.How, orNull(c.Answer.Note)}
	}
	if c.Invited() {
		channel := string(cmp.Or(c.Channel, outbox.Mail))
		r.UID, r.PartStat, r.Sequence = &c.UID, orNull(string(c.PartStat)), &c.Sequence
		r.Channel, r.EventID = &channel, orNull(c.EventID())
	}
	return r
}

func (a *app) listCommand() *cobra.Command {
	var by string
	c := &cobra.Command{
		Use:   "list",
		Short: "Show the conversations that matter most first, with what comes next",
		Long: `Show all conversations, those that matter most first (by importance and urgency),
each with its status, with whom and when the talk is (or how many times are offered),
and its next step, with its day where that is ahead. What a partner has written or
proposed and nobody has decided on is named below, with mail that was not believed,
and where a plan file differs from what was decided since. So are a partner who has
not answered for a week; promises that are overdue, or due within a week; and who is
drifting: you have talked before, nothing is under way, and the last talk was longer
ago than 4 weeks where the partnership matters most to you (importance: 5), 6, 8, 12
or 16 where it matters less. Nothing of that goes out by itself.

--by result puts together what serves one result, and shows with each how long ago
the last talk was, and for whom it waits: for you where the next step is yours, for
your partner where a brief or an invitation has no answer, and else for nobody, since
all is in hand.

With --json, an array of conversations. Times are RFC 3339 with the offset of
timezone; what is absent is null:
  id, round, result           which one; what several may serve together
  with                        {name, email, timezone}
  status                      planned, ready, asked, permitted, declined, later,
                              invited, confirmed, met, closed or cancelled
  next, due                   the next step, and when it is due
  start, end, timezone        when the talk is
  priority                    1 to 25, importance by urgency
  answer                      {value: yes, no, later or question; at, how, note}
  partstat, uid, sequence     of the invitation, as in iCalendar
  channel, event_id           mail or google; the event there
  waiting_on                  whose turn it is: me, partner or nobody
  last_met                    the day of your last talk
  promises                    the open ones of your journal, [{by: me or them, text,
                              due}]; overdue where due is before today
  age_days                    how many days ago the last message to them left
The last three are those of all rounds, and stand in the row of the newest one.`,
		Example: "  coalition list\n  coalition list --by result\n  coalition list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if by != "" && by != "result" {
				return usage("--by %s is no order", "write --by result, or leave it out", by)
			}
			b, err := a.board(cmd.Context())
			if err != nil {
				return err
			}
			if _, err := a.sayPaused(cmd.Context()); err != nil {
				return err
			}
			a.sayDoubt(b)
			a.sayGone(b)
			a.sayDoors(b)
			a.sayCalendars(b)
			return a.list(b, by != "")
		},
	}
	c.Flags().StringVar(&by, "by", "", "`result`: put together what serves one result")
	_ = c.RegisterFlagCompletionFunc("by", cobra.FixedCompletions([]string{"result"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// A ranked is a conversation in its place in the list.
type ranked struct {
	*conversation.Conversation
	status conversation.Status
	step   conversation.Step
}

// rank puts all conversations in their order: those that are over last, then by what matters most, then
// by what comes soonest.
func rank(b *roster.Roster) []ranked {
	list := make([]ranked, len(b.Conversations))
	for i, c := range b.Conversations {
		list[i] = ranked{c, c.Status(b.Now), roster.Next(c, b.Now)}
	}
	over := func(r *ranked) bool {
		return r.status.Held() || r.status == conversation.Declined || r.status == conversation.Cancelled
	}
	// last compares what is so with what is not, which comes before it.
	last := func(x, y bool) int {
		switch {
		case x == y:
			return 0
		case x:
			return 1
		}
		return -1
	}
	slices.SortStableFunc(list, func(x, y ranked) int {
		return cmp.Or(last(over(&x), over(&y)), y.Priority()-x.Priority(),
			last(x.step.Due.IsZero(), y.step.Due.IsZero()), x.step.Due.Compare(y.step.Due))
	})
	return list
}

// list shows all conversations, put together by their results where grouped is true.
func (a *app) list(b *roster.Roster, grouped bool) error {
	entries, partnerships := rank(b), a.partnerships(b)
	if grouped {
		entries = byResult(entries)
	}
	bad := 0
	for _, p := range b.Problems {
		if !p.Warning {
			bad++
		}
	}
	if bad > 0 && !a.quiet {
		a.note("%s in plan files; see: coalition check", count(bad, "problem"))
	}
	if a.json {
		rows := []row{}
		for _, e := range entries {
			rows = append(rows, a.rowOf(e.Conversation, e.step, partnerships[e.ID], b.Now))
		}
		return a.printJSON(rows)
	}
	if len(entries) == 0 {
		a.say("No conversations yet. Plan one with: coalition new NAME EMAIL")
		return nil
	}
	var notes []string
	for _, e := range entries {
		for _, note := range slices.Concat(worklist.Lines(e.Conversation, b.Now), []string{worklist.Difference(e.Conversation, b.Now)},
			tending(e.Conversation, partnerships[e.ID], b.Now)) {
			if note != "" {
				notes = append(notes, e.Ref()+": "+note)
			}
		}
	}
	notes = append(notes, silences(entries, b.Now, a.zone())...)
	if grouped {
		a.table(a.resultTable(entries, partnerships, b.Now))
	} else {
		a.table(a.listTable(entries, b.Now))
	}
	for _, note := range notes {
		a.say("%s", note)
	}
	return nil
}

// listTable are the rows of the list, under their heads.
func (a *app) listTable(entries []ranked, now time.Time) [][]string {
	table := [][]string{{"ID", "STATUS", "WITH", "TALK", "NEXT"}}
	for _, e := range entries {
		talk := ""
		if start := e.Start(now); !start.IsZero() {
			talk = a.short(start, now)
		} else if n := len(e.Choices(now)); n > 0 && e.Cancelled == nil {
			talk = count(n, "time")
		}
		table = append(table, []string{e.Ref(), string(e.status), e.Plan.With.Name, talk, a.nextCell(&e, now)})
	}
	return table
}

// resultTable are the rows of the list by result: those of each under its name. Rounds that are over stand for
// themselves no more once there is another.
func (a *app) resultTable(entries []ranked, partnerships map[plan.ID]*nurture.Partnership, now time.Time) [][]string {
	table := [][]string{{"ID", "WITH", "LAST TALK", "WAITS FOR", "NEXT"}}
	for i, e := range entries {
		p := partnerships[e.ID]
		if i == 0 || e.Plan.Result != entries[i-1].Plan.Result {
			table = append(table, []string{cmp.Or(e.Plan.Result, "(no result named)")})
		}
		if e.After != nil && e.step.Next == "" {
			continue
		}
		last := cmp.Or(chart.Since(p.LastMet.Time(), p.Today.Time()), "none yet")
		table = append(table, []string{e.Ref(), e.Plan.With.Name, last, e.waits(p), a.nextCell(&e, now)})
	}
	return table
}

// nextCell is the next step, with its day where that is ahead.
func (a *app) nextCell(e *ranked, now time.Time) string {
	if due := e.step.Due; due.After(now) {
		return e.step.Next + " (" + a.short(due, now) + ")"
	}
	return e.step.Next
}

// short is a time in a table.
func (a *app) short(at, now time.Time) string {
	if at = at.In(a.zone()); at.Year() != now.In(a.zone()).Year() {
		return at.Format("2 Jan 2006")
	}
	return at.Format("2 Jan 15:04")
}
