package main

import (
	"context"
	"regexp"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"coalition/invites/plaintext"
	"coalition/scheduler/conversation"
	"coalition/scheduler/roster"
)

func (a *app) answerCommand() *cobra.Command {
	var note, at string
	c := &cobra.Command{
		Use:   "answer ID yes|no|later",
		Short: "Record the partner's answer",
		Long: `Record what the partner has answered. Nothing is sent by this; with a yes and a
known time the invitation is due, and the daemon sends it. --time is one of the
numbers in the brief (2, or "1 or 3" for the earlier one that is still free) or a time. Where a time
that was found has gone meanwhile, the daemon offers others.`,
		Example: "  coalition answer maya yes --time 2\n" +
			"  coalition answer tom later --note \"after the fair\"",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: a.idsThen(conversation.Yes, conversation.No, conversation.Wait),
		RunE: func(cmd *cobra.Command, args []string) error {
			value := args[1]
			if !slices.Contains([]string{conversation.Yes, conversation.No, conversation.Wait}, value) {
				return usage("%q is no answer", "write yes, no or later", value)
			}
			if at != "" && value != conversation.Yes {
				return usage("--time belongs to a yes", "leave it out")
			}
			if err := plaintext.CheckLine(note); err != nil {
				return usage("the note %s", "write it as one line", err)
			}
			change := func(b *roster.Roster, c *conversation.Conversation) (conversation.Change, error) {
				answer := conversation.Answer{Value: value, How: "command", Note: note}
				if at != "" {
					if err := a.chosenTime(cmd.Context(), b, c, at, &answer); err != nil {
						return nil, err
					}
				}
				if start := answer.Slot.Time(); value == conversation.Yes && !start.IsZero() {
					a.sayOverlaps(b, b.Overlaps(start, c.Length(), c))
				}
				return answer, nil
			}
			return a.recording(cmd, args[0], change)
		},
	}
	c.Flags().StringVar(&note, "note", "", "what they said besides: one line of `TEXT`")
	c.Flags().StringVar(&at, "time", "", "the `TIME` or number they chose")
	return c
}

// numbers is a --time that names numbers of the brief.
var numbers = regexp.MustCompile(`^\s*\d+(\s*(?:or|,|/|and)\s*\d+)*\s*$`)

// chosenTime puts into a yes the slot that --time names: of the numbers in the brief the earliest that is still free.
// Where none is, and the times were found, the yes counts all the same, and is answered with others.
func (a *app) chosenTime(ctx context.Context, b *roster.Roster, c *conversation.Conversation, s string,
	answer *conversation.Answer) (err error) {
	if !numbers.MatchString(s) {
		if answer.Slot, err = a.parseStart(s, c.Plan.When.Timezone.Location(a.sched.Zone)); err == nil {
			a.sayBreaks(ctx, b, c, answer.Slot)
		}
		return err
	}
	var list []int
	for _, word := range regexp.MustCompile(`\d+`).FindAllString(s, -1) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return usage("there is no time with the number %s", "see: coalition show "+c.Ref(), word)
		}
		list = append(list, n)
	}
	if answer.Slot, err = b.Choose(c, list); err == nil || !c.Searched() {
		return err
	}
	gone, by := b.Taken(c, list)
	if gone.IsZero() {
		return err
	}
	answer.Other, answer.Taken, answer.By = true, gone, by
	a.note("Note: %s is not free any more: %s gets other times.", gone, c.Plan.With.Name)
	return nil
}
