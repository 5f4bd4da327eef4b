package main

import (
	"github.com/spf13/cobra"

	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/roster"
)

func (a *app) askCommand() *cobra.Command {
	var again bool
	var file string
	c := a.sends(&cobra.Command{
		Use:   "ask ID",
		Short: "Send the permission-asking brief",
		Long: `Send the brief that asks whether the two of you may have this conversation. It
goes once for each round; --again repeats it. By itself, a brief waits while another
one to the same person is unanswered or the round before is still ahead, and none goes
after a no; this command sends it all the same, and says so in its question. With
--eml it is written to a file that your mail program opens as a draft, and counts as
sent. --dry-run shows it also before you have checked in.`,
		Example: "  coalition ask maya --dry-run\n  coalition ask maya --yes\n" +
			"  coalition ask maya --eml brief.eml",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			decide := func(b *roster.Roster, c *conversation.Conversation) (*conversation.Draft, error) {
				// A rehearsal shows what the check-in is about.
				if a.dryRun && !c.Ready {
					if err := c.Apply(command.CheckIn{}, b.Now); err != nil {
						return nil, err
					}
					a.say("You have not checked in yet: this goes out only after coalition ready %s", c.Ref())
				}
				return command.Ask(c, again, func() { a.sched.Search(cmd.Context(), b, c) }, b.Now)
			}
			return a.sending(cmd.Context(), args[0], files{eml: file}, decide)
		},
	})
	c.Flags().BoolVar(&again, "again", false, "send the brief once more")
	c.Flags().StringVar(&file, "eml", "", "write the brief to `FILE` instead of sending it (- for standard output)")
	return c
}
