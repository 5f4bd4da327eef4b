package main

import (
	"github.com/spf13/cobra"

	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/roster"
)

func (a *app) cancelCommand() *cobra.Command {
	var reason string
	var told bool
	c := a.sends(&cobra.Command{
		Use:   "cancel ID",
		Short: "Cancel a conversation, and tell the partner once",
		Long: `Cancel a conversation. A partner who has been invited gets one cancellation; one
who has been asked, and has said neither no nor later, gets a short mail that takes the
question back; anybody else hears nothing more. With --told nobody is written to: you
have deleted the event in Google Calendar, and let your partner know; or there is no
event yet, and you have spoken with them, or rather let it rest than write once more.`,
		Example: "  coalition cancel maya --reason \"I have to be in Porto that week.\" --yes\n" +
			"  coalition cancel maya --told",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			decide := func(b *roster.Roster, c *conversation.Conversation) (*conversation.Draft, error) {
				if told {
					return a.sched.Take(c, command.Withdraw{Reason: reason, Told: true}, b.Now)
				}
				return command.CallOff(c, reason, b.Now)
			}
			return a.sending(cmd.Context(), args[0], files{}, decide)
		},
	})
	c.Flags().StringVar(&reason, "reason", "", "one line for the partner: `TEXT`")
	c.Flags().BoolVar(&told, "told", false, "they know already: write to nobody")
	return c
}
