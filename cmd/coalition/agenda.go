package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"coalition/scheduler/command"
)

func (a *app) agendaCommand() *cobra.Command {
	v := view{days: aMonth}
	c := &cobra.Command{
		Use:   "agenda [ID [take|leave [NUMBER…]]]",
		Short: "Show what is ahead, by day; or the agenda of one talk, and what is proposed for it",
		Long: `Without an ID, show the month ahead, by day: your talks, with the time on the
partner's clock where that differs; times that are offered; briefs and other messages
that go by themselves (but no reminders); promises that are due; talks to look back on;
and your holidays. --days 7 shows a week from today on, or from --from.

--ics writes a calendar file for your own calendar program instead, with the talks that
your partners are or were invited to and the days on which promises are due: all of them,
or those of the days that --from and --days name.
What was promised is not in it, nor anybody's address to write to. Its entries are not
those of the invitations: keep it as a calendar of its own, and name it nowhere under
calendar.busy, since your talks are known here anyway. The same talks give the same
file; to keep it up to date, have cron call the command.

With an ID, show the agenda with the lines that your partner proposes, and take them
into it or leave them out: all, or those with these numbers. They stand behind the
lines of the plan file, which stays as it is. A partner who has been invited already
gets one update by the daemon.

With --json and no ID, an array in the order of the days. What is absent is null:
  day, start, end             which one, and the times; null: all day
  kind                        talk, offered, message, promise, debrief or holiday
  id, round, with, status     of the conversation, as in list
  where                       of a talk
  message                     what goes: brief, invite, …
  promise                     {by: me or them, text, due}
  holiday                     its name`,
		Example: "  coalition agenda\n  coalition agenda --days 7\n  coalition agenda --ics talks.ics\n" +
			"  coalition agenda maya\n  coalition agenda maya take\n  coalition agenda maya leave 2",
		ValidArgsFunction: a.idsThen("take", "leave"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				v.all = !cmd.Flags().Changed("from") && !cmd.Flags().Changed("days")
				return a.showAhead(cmd, v)
			}
			for _, flag := range []string{"from", "days", "ics"} {
				if cmd.Flags().Changed(flag) {
					return usage("--%s is for what is ahead with everybody", "leave out "+args[0]+", or the flag", flag)
				}
			}
			if len(args) == 1 {
				return a.showAgenda(cmd, args[0])
			}
			change := command.Agenda{Take: args[1] == "take"}
			if !change.Take && args[1] != "leave" {
				return usage("%q is neither take nor leave", "write one of them", args[1])
			}
			for _, arg := range args[2:] {
				n, err := strconv.Atoi(arg)
				if err != nil {
					return usage("%q is no number of a line", "see: coalition agenda "+args[0], arg)
				}
				change.Lines = append(change.Lines, n)
			}
			return a.recording(cmd, args[0], always(change))
		},
	}
	c.Flags().StringVar(&v.from, "from", "", "begin on that `DATE` instead of today")
	c.Flags().IntVar(&v.days, "days", v.days, "show so many days: `N`")
	c.Flags().StringVar(&v.ics, "ics", "", "write your talks into `FILE`, for your calendar program (- for standard output)")
	return c
}

// An agenda is what `agenda --json` shows.
type agenda struct {
	Agenda   []string `json:"agenda"`
	Proposed []string `json:"proposed"`
}

func (a *app) showAgenda(cmd *cobra.Command, ref string) error {
	_, c, err := a.boardOf(cmd.Context(), ref)
	if err != nil {
		return err
	}
	all := agenda{[]string{}, append([]string{}, c.Proposed...)}
	for _, item := range c.Plan.Agenda {
		line := item.Topic
		if item.Minutes > 0 {
			line += fmt.Sprintf(" (%d min)", item.Minutes)
		}
		all.Agenda = append(all.Agenda, line)
	}
	all.Agenda = append(all.Agenda, c.Taken...)
	if a.json {
		return a.printJSON(all)
	}
	for i, line := range all.Agenda {
		fmt.Fprintf(a.stdout, "%d. %s\n", i+1, line)
	}
	for i, line := range all.Proposed {
		fmt.Fprintf(a.stdout, "proposed %d: %s\n", i+1, line)
	}
	return nil
}
