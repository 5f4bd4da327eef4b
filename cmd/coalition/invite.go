package main

import (
	"github.com/spf13/cobra"

	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/roster"
)

func (a *app) inviteCommand() *cobra.Command {
	var start, permitted string
	var byMail bool
	var out files
	c := a.sends(&cobra.Command{
		Use:   "invite ID",
		Short: "Send the invitation, once there is a yes",
		Long: `Send the meeting request with the agenda. There must be a yes on record; one given
in person is recorded with --permitted. With --ics or --eml the invitation is
written to a file to attach to any mail, and counts as sent. The file of --ics is a
meeting request (METHOD:REQUEST), with --publish an entry to hand out
(METHOD:PUBLISH). Where no time is known yet, and there is a terminal, the next times
that suit both are offered by number. What --start breaks of your own rules is told
before the question.`,
		Example: "  coalition invite maya --yes\n  coalition invite maya --start \"2027-03-04 10:00\" --yes\n" +
			"  coalition invite maya --permitted \"She said yes after the review\" --ics talk.ics",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			if out.publish && out.ics == "" {
				return usage("--publish is for a file", "add --ics FILE")
			}
			decide := func(b *roster.Roster, c *conversation.Conversation) (*conversation.Draft, error) {
				at, err := a.startOf(cmd.Context(), b, c, &start, !c.Invited() && c.Said(conversation.Yes) && c.Ready &&
					c.StartSlot(b.Now).IsZero())
				if err != nil {
					return nil, err
				}
				if byMail || out.any() {
					if err := c.Apply(command.ByMail{}, b.Now); err != nil {
						return nil, err
					}
				}
				return command.Invite(c, at, permitted, b.Now, a.wall())
			}
			return a.sending(cmd.Context(), args[0], out, decide)
		},
	})
	c.Flags().StringVar(&start, "start", "", "begin at `TIME`")
	c.Flags().BoolVar(&byMail, "mail", false, "invite by mail, although calendar.via is google")
	c.Flags().StringVar(&out.ics, "ics", "", "write the calendar to `FILE` instead of sending (- for standard output)")
	c.Flags().StringVar(&out.eml, "eml", "",
		"write the whole mail to `FILE` instead of sending (- for standard output)")
	c.Flags().BoolVar(&out.publish, "publish", false, "with --ics: an entry to hand out, that asks for no answer")
	c.Flags().StringVar(&permitted, "permitted", "", "record a yes given in person: how and when, in your `TEXT`")
	return c
}
