package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/roster"
)

func (a *app) readyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "ready ID",
		Short: "Check in with yourself before anything is sent",
		Long: `Check in with yourself: are you ready and willing to be open, to let your guard
down and to speak your mind? You see the brief and when it leaves, and are asked.
Until you have said so, nothing is sent. Anything but a yes leaves it at "not yet",
which list shows: check in again whenever you like. Where nobody can be asked,
--yes records it; without that it is "not yet", too (exit 0).`,
		Example:           "  coalition ready maya",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.checkIn(cmd.Context(), args[0])
		},
	}
	c.Flags().BoolVarP(&a.yes, "yes", "y", false, "record it without being asked")
	return c
}

// checkIn asks whether the organizer is ready, and records a yes, or that it is not yet.
func (a *app) checkIn(ctx context.Context, ref string) error {
	if err := a.open(ctx, false); err != nil {
		return err
	}
	b, c, err := a.lookAt(ctx, ref)
	if err != nil {
		return err
	}
	if err := c.Ended(b.Now); err != nil {
		return err
	}
	if c.Ready {
		if a.json {
			return a.printJSON(a.row(c, b.Now))
		}
		a.say("%s: you have checked in already. Next: %s", c.Ref(), a.nextWords(roster.Next(c, b.Now), b.Now))
		return nil
	}
	// On this board, of which nothing is stored.
	step, m, err := a.sched.CheckedIn(ctx, b, c)
	if err != nil {
		return err
	}
	yes, why := a.yes, ""
	switch {
	case yes:
	case !terminal(a.stdin):
		why = "Nobody can be asked here: --yes records that you are ready. "
	default:
		if m != nil {
			if err := a.present(c, m); err != nil {
				return err
			}
		}
		if _, err := a.sayPaused(ctx); err != nil {
			return err
		}
		a.sayDoubt(b)
		a.sayDoors(b)
		a.note("Once you are ready: %s.", a.leaves(step, b.Now))
		if c.HasHistory() {
			a.note("There is something between you two. It can be said kindly, and it has to be said.")
		}
		yes, err = a.agrees(fmt.Sprintf("Are you ready and willing to be open with %s, and to let your guard down?",
			c.Plan.With.Name))
		if err != nil {
			return err
		}
	}
	var change conversation.Change = conversation.NotYet{}
	if yes {
		change = command.CheckIn{}
	}
	d, err := a.record(ctx, ref, always(change))
	if err != nil || yes || a.json {
		return a.tell(d, err)
	}
	a.say("%s: not yet. %sNothing goes out; check in again when you like: coalition ready %[1]s", c.Ref(), why)
	return nil
}

// leaves says what a step sends, and when.
func (a *app) leaves(s conversation.Step, now time.Time) string {
	switch {
	case s.Kind == "":
		return a.nextWords(s, now)
	case s.IsDue(now):
		return "this goes out at the daemon's next look"
	}
	return "this goes out on " + a.local(s.Due)
}
