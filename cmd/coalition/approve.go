package main

import (
	"context"

	"github.com/spf13/cobra"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
	"coalition/scheduler/worklist"
)

func (a *app) approveCommand() *cobra.Command {
	var all bool
	c := a.sends(&cobra.Command{
		Use:   "approve [ID…]",
		Short: "Let held messages go",
		Long: `Let messages go that the daemon has held: because there were many at once, or one
that had been due for more than a day, or because the state may not know of all that
has left; that doubt ends when none is held any more. A message of which nobody knows whether it arrived
is sent once more, and one that waits for a server is tried at once; with its id, also
one that has failed. Without an id, the messages that wait are listed.`,
		Example:           "  coalition approve\n  coalition approve maya --yes\n  coalition approve --all --yes",
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.openToSend(cmd.Context()); err != nil {
				return err
			}
			b, conversations, err := a.those(cmd.Context(), args)
			if err != nil {
				return err
			}
			if !a.dryRun && (all || len(args) > 0) {
				if err := a.sched.Renew(cmd.Context(), b, conversations...); err != nil {
					return err
				}
				if b, conversations, err = a.those(cmd.Context(), args); err != nil {
					return err
				}
			}
			var waiting []*outbox.Message
			var failed []*outbox.Message
			for _, c := range conversations {
				waiting = append(append(waiting, worklist.Approvable(c, b.Now)...), worklist.AtDoor(c, b.Now)...)
				failed = append(failed, worklist.Failed(c, b.Now)...)
			}
			if len(args) > 0 {
				waiting, failed = append(waiting, failed...), nil
			}
			defer a.sayFailed(failed)
			switch {
			case len(waiting) == 0 && all && b.Doubt != "" && !a.dryRun:
				a.sayDoubt(b)
				if err := a.confirm("Nothing waits. Let this state count from now on?"); err != nil {
					return err
				}
				if err := a.sched.Marks.Vouch(cmd.Context()); err != nil {
					return err
				}
				a.say("Nothing waits for approval. This state counts from now on.")
				return a.data([]logRow{})
			case len(waiting) == 0:
				a.say("Nothing waits for approval.")
				return a.data([]logRow{})
			case a.dryRun:
				for i, m := range waiting {
					if waiting[i], err = a.sched.Store.Message(cmd.Context(), m.Row); err != nil {
						return err
					}
				}
				return a.printReadings(waiting)
			case len(args) == 0 && !all:
				list := []logRow{}
				for _, m := range waiting {
					list = append(list, a.messageRow(m))
				}
				if a.json {
					return a.printJSON(list)
				}
				a.logTable(list)
				a.sayDoubt(b)
				a.say("Let them go with: coalition approve ID, or coalition approve --all")
				return nil
			}
			vouch := a.sched.Marks.Vouch
			// A word about one message is none about the state.
			if b.HeldBeside(waiting) {
				a.sayDoubt(b)
				vouch = nil
			}
			return a.letGo(cmd.Context(), waiting, vouch)
		},
	})
	c.Flags().BoolVar(&all, "all", false, "let all of them go")
	return c
}

// those are the conversations that are meant, and the roster that they are of; all where there is no id.
func (a *app) those(ctx context.Context, refs []string) (*roster.Roster, []*conversation.Conversation, error) {
	b, err := a.look(ctx)
	if err != nil {
		return nil, nil, err
	}
	if len(refs) == 0 {
		return b, b.Conversations, nil
	}
	var list []*conversation.Conversation
	for _, ref := range refs {
		c, err := a.find(b, ref)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, c)
	}
	return b, list, nil
}

func (a *app) pauseCommand() *cobra.Command {
	return a.pausing("pause", true, "Stop all sending, at once and across restarts",
		"All sending is stopped. What falls due waits; start again with: coalition resume")
}

func (a *app) resumeCommand() *cobra.Command {
	return a.pausing("resume", false, "Start sending again, and try at once what waits for a server",
		"Sending goes on.")
}

func (a *app) pausing(use string, paused bool, short, done string) *cobra.Command {
	return &cobra.Command{
		Use:     use,
		Short:   short,
		Long:    short + ".\nMessages that a server has already taken are not called back.",
		Example: "  coalition " + use,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.open(cmd.Context(), false); err != nil {
				return err
			}
			if err := a.sched.Store.Pause(cmd.Context(), paused); err != nil {
				return err
			}
			a.say("%s", done)
			return nil
		},
	}
}
