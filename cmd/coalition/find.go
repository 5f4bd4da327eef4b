package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/strictyaml"
)

// board returns all conversations as they stand, for a command that only looks.
func (a *app) board(ctx context.Context) (*roster.Roster, error) {
	if err := a.open(ctx, true); err != nil {
		return nil, err
	}
	return a.look(ctx)
}

// look returns all conversations as they stand.
func (a *app) look(ctx context.Context) (*roster.Roster, error) {
	b, err := a.sched.Look(ctx, 0)
	if err == nil {
		a.judgeCounters(b)
	}
	return b, a.noFolder(err)
}

// boardOf is board and find in one.
func (a *app) boardOf(ctx context.Context, ref string) (*roster.Roster, *conversation.Conversation, error) {
	if err := a.open(ctx, true); err != nil {
		return nil, nil, err
	}
	return a.lookAt(ctx, ref)
}

// lookAt is look and find in one.
func (a *app) lookAt(ctx context.Context, ref string) (*roster.Roster, *conversation.Conversation, error) {
	b, err := a.look(ctx)
	if err != nil {
		return nil, nil, err
	}
	c, err := a.find(b, ref)
	return b, c, err
}

// noFolder says of an error that there is no folder of plan files, where that is what it says.
func (a *app) noFolder(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return usage("there is no folder of plan files at %s",
			"make it, or name another under conversations in the config", a.sched.Plans.Path)
	}
	return err
}

// A badPlanError is that of a command that names a plan which can't be used.
type badPlanError struct {
	ref string
	// Shown without their lines, which only check shows.
	problems []strictyaml.Problem
}

func (e *badPlanError) Error() string { return "the plan of " + e.ref + " can't be used" }

// find returns the conversation that a command names. A plan with a problem is refused: what it means is
// not known.
func (a *app) find(b *roster.Roster, ref string) (*conversation.Conversation, error) {
	c, err := b.Find(ref)
	id, _, _ := strings.Cut(ref, "/")
	if err == nil {
		id = string(c.ID)
	}
	bad := &badPlanError{ref: id}
	for _, p := range b.Problems {
		if !p.Warning && p.Owner == id {
			bad.problems = append(bad.problems, p)
		}
	}
	if len(bad.problems) > 0 && (err != nil || c.Unread()) {
		return nil, bad
	}
	return c, err
}

// ids completes the ids of conversations.
func (a *app) ids(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 && cmd.Name() != "check" && cmd.Name() != "approve" {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	b, err := a.board(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list []string
	for _, c := range b.Conversations {
		if ref := c.Ref(); strings.HasPrefix(ref, begun) && !slices.Contains(args, ref) {
			list = append(list, ref+"\t"+c.Plan.With.Name+", "+string(c.Status(b.Now)))
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// idsThen completes an id, and then one of some words.
func (a *app) idsThen(words ...string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 1 {
			return words, cobra.ShellCompDirectiveNoFileComp
		}
		return a.ids(cmd, args, begun)
	}
}

// parseTime reads a TIME of the command line; relative ones count from now.
func (a *app) parseTime(s string, now time.Time) (time.Time, error) {
	d, err := plan.ParseDate(s)
	if err != nil {
		return time.Time{}, usage("%q is no time",
			"write 2027-03-04 10:00, 2027-03-04T10:00:00+01:00, 2027-03-04, or `in 10 days at 10:00`", s)
	}
	t, err := d.Instant(now, string(a.config.Organizer.Timezone), a.config.Organizer.WorkingHours)
	if err != nil {
		return time.Time{}, usage("%s %s", "choose another time", s, err)
	}
	return t, nil
}

// parseStart reads a TIME at which a talk is to begin, which is the organizer's, and gives it on the
// clock of zone.
func (a *app) parseStart(s string, zone *time.Location) (plan.Slot, error) {
	d, err := plan.ParseDate(s)
	if err == nil && !d.HasClock() {
		return plan.Slot{}, usage("%q has no time of day", "write it as 2027-03-04 10:00", s)
	}
	at, err := a.parseTime(s, a.sched.Now())
	if err != nil {
		return plan.Slot{}, err
	}
	slot := plan.SlotOf(at.In(zone))
	if !slot.Time().Equal(at) {
		return plan.Slot{}, usage("on the clock of %s this time exists twice", "choose another", zone)
	}
	return slot, nil
}
