package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"coalition/scheduler/command"
)

func (a *app) agendaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "agenda ID [take|leave [NUMBER…]]",
		Short: "Show the agenda, and take into it what the partner proposes",
		Long: `Show the agenda with the lines that your partner proposes, and take them into it or
leave them out: all, or those with these numbers. They stand behind the lines of the
plan file, which stays as it is. A partner who has been invited already gets one
update by the daemon.`,
		Example:           "  coalition agenda maya\n  coalition agenda maya take\n  coalition agenda maya leave 2",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.idsThen("take", "leave"),
		RunE: func(cmd *cobra.Command, args []string) error {
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
