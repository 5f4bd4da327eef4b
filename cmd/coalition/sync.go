package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"coalition/scheduler/lookup"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
)

func (a *app) syncCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "sync",
		Short: "Read the mailbox and Google Calendar once",
		Long: `Read once what has come into the mailbox of replies.imap, and what has changed in
Google Calendar where calendar.via is google, as the daemon does by itself. Nothing
is sent by this, and both stay as they are.`,
		Example: "  coalition sync",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if err := a.open(ctx, false); err != nil {
				return err
			}
			if err := a.guardSecrets(); err != nil {
				return err
			}
			if a.sched.Mailbox == nil && a.sched.Sync == nil {
				return usage("there is no mailbox and no calendar to read",
					"name a mailbox under replies in the config, or write `via: google` under calendar")
			}
			began := a.sched.Now()
			var unread, apart error
			if a.sched.Mailbox != nil {
				defer a.sched.Mailbox.Close()
				if unread = a.sched.ReadMail(ctx); unread != nil {
					unread = fmt.Errorf("the mailbox can't be read: %w", unread)
				}
			}
			if a.sched.Sync != nil {
				if apart = a.sched.ReadCalendarPatiently(ctx); apart != nil {
					apart = fmt.Errorf("the calendar can't be read: %w", apart)
				}
			}
			stored, err := a.sched.Store.Load(ctx, lookup.Query{})
			if err != nil {
				return err
			}
			a.sayStrays(&roster.Roster{Settings: &a.sched.Settings, Now: a.sched.Now(), Conversations: stored})
			events, err := a.sched.Store.History(ctx, "")
			if err != nil {
				return err
			}
			list := []logRow{}
			for _, e := range events {
				if !e.At.Before(began.Truncate(time.Millisecond)) {
					a.say("%s: %s", plan.Ref(e.ID, e.Round), e.Text)
					list = append(list, a.eventRow(e))
				}
			}
			if a.json {
				if err := a.printJSON(list); err != nil {
					return err
				}
			} else if len(list) == 0 && unread == nil && apart == nil {
				a.say("Nothing new.")
			}
			if unread != nil && apart != nil {
				a.note("%s", unread)
				return apart
			}
			return cmp.Or(unread, apart)
		},
	}
}
