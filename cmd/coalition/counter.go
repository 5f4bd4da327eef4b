package main

import (
	"github.com/spf13/cobra"

	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/roster"
)

func (a *app) counterCommand() *cobra.Command {
	var reason string
	c := a.sends(&cobra.Command{
		Use:   "counter ID take|decline",
		Short: "Take or decline another time that the partner proposes",
		Long: `Take the time that your partner's calendar has proposed: they get one update, as
with move. Or decline it: they are told once, and the talk stays where it is.

Before they are invited, they may have named a time of their own in place of those
offered, by mail or on their page. Take it, and the invitation goes: what they wrote is
then a yes on record, by your word. Or decline it, and write to them yourself.

What the time breaks of your own rules is told before the question.`,
		Example: "  coalition counter maya take --yes\n" +
			"  coalition counter maya decline --reason \"I am on the train then.\" --yes",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: a.idsThen("take", "decline"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[1] != "take" && args[1] != "decline" {
				return usage("%q is neither take nor decline", "write one of them", args[1])
			}
			if args[1] == "take" && reason != "" {
				return usage("--reason belongs to decline", "leave it out")
			}
			decide := func(b *roster.Roster, c *conversation.Conversation) (*conversation.Draft, error) {
				if args[1] == "take" {
					if c.Counter != nil && !a.judged {
						a.judged = true
						a.sayBreaks(cmd.Context(), b, c, c.SlotOf(c.Counter))
					}
					return command.TakeCounter(c, b.Now, a.wall())
				}
				return command.DeclineCounter(c, reason, b.Now)
			}
			return a.sending(cmd.Context(), args[0], files{}, decide)
		},
	})
	c.Flags().StringVar(&reason, "reason", "", "with decline: one line for the partner: `TEXT`")
	return c
}
