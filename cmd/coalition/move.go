package main

import (
	"github.com/spf13/cobra"

	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/roster"
)

func (a *app) moveCommand() *cobra.Command {
	var start string
	var told bool
	c := a.sends(&cobra.Command{
		Use:   "move ID [--start TIME]",
		Short: "Move a talk, and tell the partner once",
		Long: `Move a talk that your partner has been invited to. They get one update, and are
asked to answer again. Without --start, and on a terminal, the next times that suit both
are offered by number. What --start breaks of your own rules is told before the question.

Where newer zone data puts the clocks of its place otherwise, the talk keeps its time on
the clock, and list asks whether they are to get an update: move it to the time that it
has, or say with --told that they know.`,
		Example:           "  coalition move maya --start \"2027-03-05 15:00\" --yes",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			if start == "" && (told || !terminal(a.stdin)) {
				return usage("move needs the new time", "add --start TIME")
			}
			decide := func(b *roster.Roster, c *conversation.Conversation) (*conversation.Draft, error) {
				to, err := a.startOf(cmd.Context(), b, c, &start, c.Told() != nil)
				if err != nil {
					return nil, err
				}
				if to.IsZero() {
					return nil, usage("move needs the new time", "add --start TIME")
				}
				if told {
					return a.sched.Take(c, command.Keep{To: to}, b.Now)
				}
				return command.Reschedule(c, to, b.Now, a.wall())
			}
			return a.sending(cmd.Context(), args[0], files{}, decide)
		},
	})
	c.Flags().StringVar(&start, "start", "", "begin at `TIME`")
	c.Flags().BoolVar(&told, "told", false, "they know that clocks are put otherwise: write to nobody")
	return c
}
