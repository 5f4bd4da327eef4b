package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coalition/invites/plaintext"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

func (a *app) readyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "ready ID",
		Short: "Check in with yourself before anything is sent",
		Long: `Check in with yourself: are you ready and willing to be open, to let your guard
down and to speak your mind? You are asked just that, and more where something stands
between you two; then you see what goes out and when, and are asked for the last time.
Until you have said so, nothing is sent. Anything but a yes leaves it at "not yet",
which is a good answer, and which list shows with its day: check in again whenever you
like. Where nobody can be asked, --yes records it; without that it is "not yet", too
(exit 0).`,
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
		if yes, err = a.searches(c); err != nil {
			return err
		}
		if yes {
			yes, err = a.lastAsked(ctx, b, c, step, m)
		}
		if err != nil {
			return err
		}
		why = "That is a good answer. "
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

// searches asks the questions with which somebody looks into themself before a talk, and reports whether all of them
// were answered with a yes: after the first no, none is asked any more.
func (a *app) searches(c *conversation.Conversation) (bool, error) {
	name := c.Plan.With.Name
	questions := []*question{
		{title: "Are you ready to be open with " + name, explain: "To say what you want of this talk and why, with nothing held back for later."},
		{title: "Are you willing to let your guard down", explain: "To hear what you did not expect, and to stay with it."},
		{title: "Will you speak your mind", explain: "Kindly and plainly, also where it would be easier to say nothing."},
	}
	if c.HasHistory() {
		a.note("There is something between you two. It can be said kindly, and it has to be said.")
		a.note("Take your time: not yet is a good answer.")
		// It is for the organizer's eyes alone.
		if p := c.Source(); p != nil && terminal(a.stderr) {
			a.note("")
			for line := range strings.Lines(p.Private.History) {
				for _, piece := range plaintext.Wrap(strings.TrimSpace(line), 74) {
					a.note("    %s", piece)
				}
			}
			a.note("")
		}
		questions = []*question{
			{title: "Are you ready to be open with " + name, explain: "Also about this, which may be hard for both of you."},
			{title: "Can you own what is yours in it", explain: "Whatever the other has done: to name your part, without a but."},
			{title: "Are you willing to hear how it was for " + name, explain: "Without defending yourself. It may be hard to hear, and it is what the talk is for."},
			{title: "Will you say what was true for you", explain: "All of it, kindly, and without making them wrong."},
		}
	}
	answers := make([]bool, len(questions))
	for i, q := range questions {
		q.yes = &answers[i]
		q.when = func() bool { return !slices.Contains(answers[:i], false) }
	}
	err := a.walk(questions, nil)
	if errors.Is(err, errEnded) {
		return false, nil
	}
	return !slices.Contains(answers, false), err
}

// lastAsked shows what follows from a yes, and asks for it.
func (a *app) lastAsked(ctx context.Context, b *roster.Roster, c *conversation.Conversation, step conversation.Step,
	m *outbox.Message) (bool, error) {
	if m != nil {
		if err := a.present(c, m); err != nil {
			return false, err
		}
	}
	if _, err := a.sayPaused(ctx); err != nil {
		return false, err
	}
	a.sayDoubt(b)
	a.sayDoors(b)
	a.note("Once you are ready: %s.", a.leaves(step, b.Now))
	return a.agrees(fmt.Sprintf("Are you ready for this talk with %s?", c.Plan.With.Name))
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
