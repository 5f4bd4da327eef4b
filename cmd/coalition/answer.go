package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coalition/invites"
	"coalition/scheduler"
	"coalition/scheduler/plan"
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
	b, err := a.look(ctx)
	if err != nil {
		return err
	}
	c, err := a.find(b, ref)
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
		a.say("%s: you have checked in already. Next: %s", c.Ref(), nextWords(c.Next(b.Now), b.Now, a.sched.Zone.Location("UTC")))
		return nil
	}
	step, m, err := a.sched.CheckedIn(c, b.Now) // on this board, of which nothing is stored
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
		if err := a.sayWaits(ctx, b); err != nil {
			return err
		}
		fmt.Fprintf(a.stderr, "Once you are ready: %s.\n", leaves(step, b.Now, a.sched.Zone.Location("UTC")))
		if c.HasHistory() {
			fmt.Fprintln(a.stderr, "There is something between you two. It can be said kindly, and it has to be said.")
		}
		if yes, err = a.agrees(fmt.Sprintf("Are you ready and willing to be open with %s, and to let your guard down?", c.Plan.With.Name)); err != nil {
			return err
		}
	}
	var change scheduler.Change = scheduler.NotYet{}
	if yes {
		change = scheduler.CheckIn{}
	}
	d, err := a.record(ctx, ref, func(*scheduler.Board, *scheduler.Conversation) (scheduler.Change, error) { return change, nil })
	if err != nil || yes || a.json {
		return a.tell(d, err)
	}
	a.say("%s: not yet. %sNothing goes out; check in again when you like: coalition ready %[1]s", c.Ref(), why)
	return nil
}

// sayWaits says what keeps everything that is due from going.
func (a *app) sayWaits(ctx context.Context, b *scheduler.Board) error {
	paused, err := a.sched.Store.Paused(ctx)
	if err != nil {
		return err
	}
	if paused {
		fmt.Fprintln(a.stderr, "Note: "+pausedText)
	}
	a.sayDoubt(b)
	a.sayDoors(b)
	return nil
}

// leaves says what a step sends, and when.
func leaves(s scheduler.Step, now time.Time, zone *time.Location) string {
	switch {
	case s.Kind == "":
		return nextWords(s, now, zone)
	case s.IsDue(now):
		return "this goes out at the daemon's next look"
	}
	return "this goes out on " + s.Due.In(zone).Format(timeLayout)
}

func (a *app) answerCommand() *cobra.Command {
	var note, at string
	c := &cobra.Command{
		Use:   "answer ID yes|no|later",
		Short: "Record the partner's answer",
		Long: `Record what the partner has answered. Nothing is sent by this; with a yes and a
known time the invitation is due, and the daemon sends it. --time is one of the
numbers in the brief (2, or "1 or 3" for the earlier one that is still free) or a
time.`,
		Example:           "  coalition answer maya yes --time 2\n  coalition answer tom later --note \"after the fair\"",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: a.idsThen(scheduler.Yes, scheduler.No, scheduler.Wait),
		RunE: func(cmd *cobra.Command, args []string) error {
			value := args[1]
			if !slices.Contains([]string{scheduler.Yes, scheduler.No, scheduler.Wait}, value) {
				return usage("%q is no answer", "write yes, no or later", value)
			}
			if at != "" && value != scheduler.Yes {
				return usage("--time belongs to a yes", "leave it out")
			}
			if err := invites.Line(note); err != nil {
				return usage("the note %s", "write it as one line", err)
			}
			return a.recording(cmd, args[0], func(b *scheduler.Board, c *scheduler.Conversation) (scheduler.Change, error) {
				answer := scheduler.Answer{Value: value, How: "command", Note: note}
				if at != "" {
					var err error
					if answer.Slot, err = a.chosenTime(b, c, at); err != nil {
						return nil, err
					}
				}
				if start := answer.Slot.Time(); value == scheduler.Yes && !start.IsZero() {
					a.sayOverlaps(b, b.Overlaps(start, c.Length(), c))
				}
				return answer, nil
			})
		},
	}
	c.Flags().StringVar(&note, "note", "", "what they said besides: one line of `TEXT`")
	c.Flags().StringVar(&at, "time", "", "the `TIME` or number they chose")
	return c
}

var numbers = regexp.MustCompile(`^\s*\d+(\s*(?:or|,|/|and)\s*\d+)*\s*$`)

// chosenTime is the slot that --time names: of the numbers in the brief the earliest that is still free.
func (a *app) chosenTime(b *scheduler.Board, c *scheduler.Conversation, s string) (plan.Slot, error) {
	if !numbers.MatchString(s) {
		return a.parseStart(s, c.Plan.When.Timezone.Location(a.sched.Zone))
	}
	var list []int
	for _, word := range regexp.MustCompile(`\d+`).FindAllString(s, -1) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return plan.Slot{}, usage("there is no time with the number %s", "see: coalition show "+c.Ref(), word)
		}
		list = append(list, n)
	}
	return b.Choose(c, list)
}

// recording is what every command does that changes a conversation and sends nothing.
func (a *app) recording(cmd *cobra.Command, ref string, change func(*scheduler.Board, *scheduler.Conversation) (scheduler.Change, error)) error {
	if err := a.open(cmd.Context(), false); err != nil {
		return err
	}
	return a.tell(a.record(cmd.Context(), ref, change))
}

// record takes a change in and stores it.
func (a *app) record(ctx context.Context, ref string, change func(*scheduler.Board, *scheduler.Conversation) (scheduler.Change, error)) (*scheduler.Draft, error) {
	busyEnd := time.Now().Add(busyFor)
	for try := 1; ; try++ {
		b, err := a.look(ctx)
		if err != nil {
			return nil, err
		}
		c, err := a.find(b, ref)
		if err != nil {
			return nil, err
		}
		ch, err := change(b, c)
		if err != nil {
			return nil, err
		}
		d, err := a.sched.Take(c, ch, b.Now)
		if a.busy(ctx, err, busyEnd) {
			try--
			continue
		}
		if err != nil {
			return nil, err
		}
		if _, ok := ch.(scheduler.Answer); ok { // which may take a time, or have a word about a person
			d.Slots = b.Slots
		}
		if err = a.sched.Store.Commit(ctx, d); errors.Is(err, scheduler.ErrConflict) && try < 50 {
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(rand.IntN(20)) * time.Millisecond):
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		return d, nil
	}
}

// tell says what was recorded, and what comes next.
func (a *app) tell(d *scheduler.Draft, err error) error {
	if err != nil {
		return err
	}
	c, now := d.Conversation, a.sched.Now()
	if a.json {
		return a.printJSON(a.row(c, now))
	}
	a.say("%s: %s. Next: %s", c.Ref(), d.What(), nextWords(c.Next(now), now, a.sched.Zone.Location("UTC")))
	return nil
}

// nextWords is a step in a sentence.
func nextWords(s scheduler.Step, now time.Time, zone *time.Location) string {
	switch {
	case s.Next == "":
		return "nothing"
	case s.Kind != "" && s.IsDue(now):
		return s.Next + ", which the daemon does"
	case s.Due.After(now):
		return s.Next + " (" + s.Due.In(zone).Format(timeLayout) + ")"
	}
	return strings.TrimSpace(s.Next)
}
