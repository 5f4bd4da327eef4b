package main

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"coalition/invites/google/push"
)

func (a *app) daemonCommand() *cobra.Command {
	var once bool
	c := &cobra.Command{
		Use:   "daemon",
		Short: "Do all of it by itself: read plans and answers, send what is due, remind",
		Long: `Watch the plan files, read the answers that come in, send what is due, and remind.
Where the config has a page for partners, serve it. A signal (SIGTERM, SIGHUP,
Ctrl-C) ends it once the messages in its hands are handed over. With --once it does
one pass and ends, as for cron.

With --once --dry-run nothing is sent, written or read from a mailbox: one line tells
of each message to whom it goes, what it is and when; with --json, an array as that
of log, in which at is when it goes, and state pending, held, or null for what
follows later.

A pass with more messages to partners than hold_over, or with one that was due more
than a day ago, holds them all and waits for: coalition approve
So does every pass with a state that is new, older or another one than the state that
has sent for these plans, as the file .coalition beside them tells.`,
		Example: "  coalition daemon\n  coalition daemon --once\n  coalition daemon --once --dry-run",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.dryRun {
				if !once {
					return usage("--dry-run rehearses one pass", "add --once")
				}
				return a.rehearsePass(cmd.Context())
			}
			if !once {
				a.log = slog.New(newCounting(slog.NewTextHandler(a.stderr, nil)))
			}
			if err := a.open(cmd.Context(), false); err != nil {
				return err
			}
			if err := a.guardSecrets(); err != nil {
				return err
			}
			if err := a.state.LockDaemon(); err != nil {
				return err
			}
			if once {
				return a.once(cmd)
			}
			a.leaving(cmd.Context())
			debug.SetGCPercent(100)
			a.config.slow = func(text string) { a.sched.Log.Warn(text) }
			a.sched.Log.Info("started", "plans", a.sched.Plans.Path, "via", a.sched.Via)
			ctx, stop := context.WithCancel(cmd.Context())
			var side sync.WaitGroup
			defer side.Wait()
			defer stop()
			var tells *push.Push
			if a.online != nil {
				a.online.warn = func(ends time.Time) {
					a.sched.Log.Warn("the sign-in to Google ends; before it does, use: coalition auth google",
						"ends", ends)
				}
				tells = a.push(a.online.Calendar, a.sched.Hint)
				side.Go(func() { tells.Run(ctx) })
			}
			closed, err := a.openPages(ctx, tells)
			if err != nil {
				return err
			}
			err = a.noFolder(a.sched.Run(ctx, a.hard))
			stop()
			<-closed
			if err == nil {
				a.sched.Log.Info("stopped")
			}
			return err
		},
	}
	c.Flags().BoolVar(&once, "once", false, "do one pass and end")
	c.Flags().BoolVar(&a.dryRun, "dry-run", false, "with --once: tell what a pass would do, and change nothing")
	return c
}
