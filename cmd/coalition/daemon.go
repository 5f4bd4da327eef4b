package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"coalition/invites"
	"coalition/invites/email"
	"coalition/invites/google"
	"coalition/scheduler"
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
			debug.SetGCPercent(100)
			a.sched.Log = slog.New(newCounting(slog.NewTextHandler(a.stderr, nil)))
			a.config.slow = func(text string) { a.sched.Log.Warn(text) }
			a.sched.Log.Info("started", "plans", a.sched.Plans.Path, "via", a.sched.Via)
			ctx, stop := context.WithCancel(cmd.Context())
			var side sync.WaitGroup
			defer side.Wait()
			defer stop()
			var push *google.Push
			if a.online != nil {
				a.online.warn = func(ends time.Time) {
					a.sched.Log.Warn("the sign-in to Google ends; before it does, use: coalition auth google", "ends", ends)
				}
				push = a.push(a.online.Calendar, a.sched.Hint)
				side.Go(func() { push.Run(ctx) })
			}
			closed, err := a.openPages(ctx, push)
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

// once does one pass and says what it did, what waits, and what to try next.
func (a *app) once(cmd *cobra.Command) error {
	ctx := cmd.Context()
	before := make(map[int64]scheduler.State)
	r, err := a.sched.Once(ctx, a.hard, func(b *scheduler.Board) {
		if b.Doubt == "" { // which is the last word, below
			a.sayFresh(b)
		}
		for _, c := range b.Conversations {
			for _, m := range c.Messages {
				before[m.Row] = m.State
			}
		}
	})
	if err != nil {
		return a.noFolder(err)
	}
	b, err := a.look(a.hard)
	if err != nil {
		return err
	}
	paused, err := a.sched.Store.Paused(a.hard)
	if err != nil {
		return err
	}
	printProblems(a.stderr, b.Problems, false)
	a.sayGone(b)
	if r.Apart != nil {
		fmt.Fprintf(a.stderr, "Google Calendar can't be read, so what has changed there is not known: %s\n", r.Apart)
	}
	a.sayStrays(b)
	if r.Unread != nil {
		fmt.Fprintf(a.stderr, "The mailbox can't be read, so answers in it are not known: %s\n", r.Unread)
	}
	failed, login := r.Failed > 0, errors.Is(r.Apart, invites.ErrLogin)
	list := []logRow{}
	acted := make(map[string]bool)
	for _, c := range b.Conversations {
		for _, m := range c.Messages {
			old, known := before[m.Row]
			switch {
			case !known || old != m.State:
				acted[c.Ref()] = true
			case m.State == scheduler.Held || !c.Pending(m, b.Now):
				continue
			}
			if m.State == scheduler.Dropped || m.State == scheduler.Superseded {
				continue
			}
			list = append(list, a.messageRow(m))
			login = login || m.NeedsLogin()
			failed = a.sayResult(c, m, paused) || failed
		}
	}
	a.sayRest(b, acted)
	if a.json {
		if err := a.printJSON(list); err != nil {
			return err
		}
	}
	if a.sched.Unmarked != nil {
		fmt.Fprintf(a.stderr, "The marker %s can't be written: if this state is lost, or an older one brought back, that will not be noticed (%s)\n",
			a.sched.Plans.MarkerPath(), errorText(a.sched.Unmarked))
	}
	switch {
	case r.Doubt != "":
		a.say("Held: %s. %s", r.Doubt, a.wayOut(ctx))
	case r.Held:
		a.say("Held: many messages at once, or one that was due more than a day ago. Look with %s, then let them go with %s.", a.hint("approve"), a.hint("approve --all"))
	case len(r.Decided) > 0:
		a.say("\nTry next:\n  %s\n  %s", a.hint("list"), a.hint("log"))
		for _, c := range b.Conversations {
			if c.Status(b.Now) == scheduler.Asked {
				answer := "answer " + c.Ref() + " yes"
				if len(c.Offered) > 1 {
					answer += " --time 1"
				}
				a.say("  %s", a.hint(answer))
				break
			}
		}
	}
	switch {
	case login:
		return errLogin
	case failed:
		return errPending
	}
	return nil
}

// rehearsePass tells what one pass would do, and does nothing of it.
func (a *app) rehearsePass(ctx context.Context) error {
	b, err := a.board(ctx)
	if err != nil {
		return err
	}
	a.sayFresh(b)
	a.sayGone(b)
	printProblems(a.stderr, b.Problems, false)
	paused, err := a.sched.Store.Paused(ctx)
	if err != nil {
		return err
	}
	if paused {
		fmt.Fprintln(a.stderr, "Note: "+pausedText)
	}
	a.sayDoors(b)
	if a.sched.Mailbox != nil {
		fmt.Fprintln(a.stderr, "Note: a rehearsal reads no mailbox; a pass takes in first what has come there.")
	}
	zone := a.sched.Zone.Location("UTC")
	list, err := a.sched.Rehearse(ctx, b)
	if err != nil {
		return err
	}
	rows := []logRow{}
	held, told := false, make(map[string]bool)
	for _, f := range list {
		m, row := f.Message, a.messageRow(f.Message)
		told[f.Conversation.Ref()] = true
		row.MessageID, row.At = nil, *stamp(cmp.Or(f.Due, b.Now), zone)
		verb, when := "would send", "now"
		switch {
		case m.State == scheduler.Held:
			verb, when, held = "would hold", "until you approve it", true
			if m.Row != 0 {
				verb = "held"
			}
		case m.State == scheduler.Sending:
			verb, when = "sending", "by another process"
		case f.Later():
			verb, when, row.State = "later", f.Due.In(zone).Format(timeLayout), nil
		case paused:
			verb, when = "waits", "until sending goes on"
		case m.Door() != nil:
			verb, when = "waits", "as the note says"
		case !f.Due.IsZero():
			when = f.Due.In(zone).Format(timeLayout)
		}
		rows = append(rows, row)
		if !a.json { // it is what was asked for, also with -q
			fmt.Fprintf(a.stdout, "%-13s%s, the %s to %s, %s\n", verb, f.Conversation.Ref(), name(m), m.To, when)
		}
	}
	a.sayRest(b, told)
	switch {
	case a.json:
		return a.printJSON(rows)
	case held:
		a.say("What is held waits for your word: %s", a.hint("approve"))
	case len(list) == 0:
		a.say("Nothing would be sent.")
	}
	return nil
}

// sayGone names the conversations whose plan file is no more.
func (a *app) sayGone(b *scheduler.Board) {
	for _, c := range b.Gone {
		fmt.Fprintf(a.stderr, "%s: its plan file is gone. Nothing is cancelled by that; use: coalition cancel %s\n", c.Ref(), c.Ref())
	}
}

// sayFresh says that nothing is on record, or not all: somebody who has lost their state wants to know it
// before anything is sent.
func (a *app) sayFresh(b *scheduler.Board) {
	a.sayDoubt(b)
	if b.Fresh && b.Doubt == "" {
		a.say("The state is new: nothing is on record yet for the %s here.", count(len(b.Conversations), "plan"))
	}
}

// sayDoubt says why the state may not know of all that has left, where that is so.
func (a *app) sayDoubt(b *scheduler.Board) {
	if b.Doubt != "" {
		fmt.Fprintf(a.stderr, "Note: %s. Nothing goes by itself until: %s\n", b.Doubt, a.hint("approve --all"))
	}
}

// wayOut is what to do about a state that may not know of all that has left.
func (a *app) wayOut(ctx context.Context) string {
	st, err := a.sched.Store.Standing(ctx)
	switch {
	case err == nil && st.Doubt == scheduler.DoubtNew:
		return fmt.Sprintf("To begin anew: %s, or remove that file. If you have lost the state: %s", a.hint("approve --all"), a.hint("restore FILE"))
	case err == nil && st.Doubt == scheduler.DoubtMarker:
		return fmt.Sprintf("Look at its permissions, or remove it and: %s", a.hint("approve --all"))
	}
	return fmt.Sprintf("Bring back the newest state there is (%s), or look (%s) and let go what is still meant: %s", a.hint("restore FILE"), a.hint("approve"), a.hint("approve --all"))
}

// errorText is what the system said, without the path.
func errorText(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

// pausedText is why nothing goes while sending is paused.
const pausedText = "all sending is paused; start it again with: coalition resume"

// sayResult says what has become of a message, and reports whether it failed, is unclear, or could not
// be handed over yet.
func (a *app) sayResult(c *scheduler.Conversation, m *scheduler.Message, paused bool) (failed bool) {
	line := fmt.Sprintf("%-13s%s, the %s to %s", m.State.Shown(), scheduler.Ref(m.ID, m.Round), name(m), m.To)
	reason := ""
	if m.Error != "" {
		reason = ": " + m.Error
	}
	switch m.State {
	case scheduler.Accepted:
		if c.Unheard(m) {
			line += "\n             " + unheard(m)
		}
		if folder, ok := a.sched.Sender.(*email.Folder); ok {
			for _, path := range folder.Written(m.MessageID) {
				line += "\n             " + path
			}
		}
		a.say("%s", line)
	case scheduler.Held:
		a.say("%s", line)
	case scheduler.Queued:
		if paused {
			a.say("%s: %s", line, pausedText)
			return false
		}
		switch {
		case m.Channel() == scheduler.Google && a.online == nil:
			reason = ": " + otherVia
		case m.Door() != nil:
			reason = a.atDoor(m.Door())
		case reason == "":
			reason = ": " + otherTries
		}
		fmt.Fprintf(a.stderr, "%s%s\n", line, reason)
		return true
	default:
		fmt.Fprintf(a.stderr, "%s%s\n", line, reason)
		return m.State == scheduler.Failed || m.State == scheduler.Unclear
	}
	return false
}

// otherTries is why a message waits while another process tries the server.
const otherTries = "another process is just trying the server; see: coalition list"

// atDoor is why a message waits at a closed door, told once for all that wait there.
func (a *app) atDoor(d *scheduler.Door) string {
	if a.toldDoor == d {
		return ", for the same reason"
	}
	a.toldDoor = d
	return ": " + d.Text + "\n             " + d.Way()
}

// sayRest says why the other conversations wait.
func (a *app) sayRest(b *scheduler.Board, acted map[string]bool) {
	zone := a.sched.Zone.Location("UTC")
	const most = 10
	waiting := 0
	for _, c := range b.Conversations {
		step, status := c.Next(b.Now), c.Status(b.Now)
		if acted[c.Ref()] || step.Next == "" || status == scheduler.Met || status == scheduler.Declined && step.Again.IsZero() { // a no that is let rest
			continue
		}
		if waiting++; waiting <= most {
			a.say("%-13s%s: %s", "waits", c.Ref(), nextWords(step, b.Now, zone))
		}
	}
	if waiting > most {
		a.say("%-13s%d more: %s", "wait", waiting-most, a.hint("list"))
	}
}

// hint is a command line of this program that works as it stands, for this config.
func (a *app) hint(args string) string {
	program := "coalition"
	if strings.Contains(os.Args[0], "go-build") { // started by go run
		program = "go run ./cmd/coalition"
	}
	if a.configFile != "" {
		args += " --config " + a.configFile
	}
	return program + " " + args
}
