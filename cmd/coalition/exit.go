package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/spf13/cobra"

	"coalition/invites"
	"coalition/invites/google/account"
	"coalition/scheduler/refusal"
	"coalition/scheduler/store"
)

// The exit codes. They are part of what scripts rely on.
const (
	exitDone = 0
	// Failed, or still pending at the end of a sending command.
	exitFailed = 1
	// Wrong usage, invalid input, not ready.
	exitUsage = 2
	// Somebody has to sign in.
	exitLogin = 4
	// No yes is on record.
	exitNoYes = 8
	// Ctrl-C at a question.
	exitStopped = 130
)

// A usageError is a fault of how the program was called. Its hint says what to do instead.
type usageError struct{ text, hint string }

func (e *usageError) Error() string { return e.text }

func usage(text, hint string, args ...any) error {
	return &usageError{fmt.Sprintf(text, args...), hint}
}

// errPending ends a sending command whose messages have not all gone.
var errPending = errors.New("not everything has gone")

// exit says what went wrong, in words, and gives the exit code.
func (a *app) exit(cmd *cobra.Command, err error) int {
	var refused *refusal.Error
	var wrong *usageError
	var problems problemsError
	var bad *badPlanError
	var running *store.RunningError
	var damaged *store.DamagedError
	say := func(text, hint string) {
		a.note("coalition: %s", text)
		if hint != "" {
			a.note("  %s", hint)
		}
	}
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errPending), errors.Is(err, errNoTimes), errors.Is(err, errFaults):
		return exitFailed
	case errors.Is(err, errStopped):
		a.note("")
		return exitStopped
	case errors.Is(err, errFound):
		return exitUsage
	case errors.As(err, &problems):
		printProblems(a.stderr, problems, true)
		return exitUsage
	case errors.As(err, &bad):
		printProblems(a.stderr, bad.problems, false)
		a.note("  see the lines with: coalition check %s", bad.ref)
		return exitUsage
	case errors.As(err, &refused):
		say(refused.Text, refused.Mend)
		switch {
		case errors.Is(err, refusal.ErrNoYes):
			return exitNoYes
		case errors.Is(err, refusal.ErrBusy):
			return exitFailed
		}
		return exitUsage
	case errors.As(err, &wrong):
		say(wrong.text, wrong.hint)
		return exitUsage
	case errors.Is(err, account.ErrClient):
		say(err.Error(), "")
		return exitUsage
	case errors.Is(err, invites.ErrLogin):
		// It says itself how.
		say(err.Error(), "")
		return exitLogin
	case errors.As(err, &running):
		say(running.Error(), "stop it first, or leave the work to it")
		return exitFailed
	case errors.As(err, &damaged):
		if damaged.Path == "" && a.config != nil {
			damaged.Path = a.config.resolve(a.config.State)
		}
		mend := "bring a backup back with: coalition restore FILE (what is there now is kept beside it)"
		if damaged.Blank {
			mend += ", or name another file under state in the config; to begin anew, move this one away"
		}
		say("the state can't be used: "+damaged.Error(), mend)
		return exitFailed
	case errors.Is(err, store.ErrNewer):
		say(err.Error(), "use that version, or another state")
		return exitFailed
	case errors.Is(err, store.ErrOtherOrganizer):
		say(err.Error(), "if you have changed your address, add the old one to organizer.aliases")
		return exitUsage
	case a.config == nil:
		// From cobra: a wrong flag, command or number of arguments.
		say(misread(cmd, err))
		return exitUsage
	case errors.Is(err, context.Canceled):
		say("stopped", "")
		return exitFailed
	}
	say(err.Error(), "")
	return exitFailed
}

// errorText returns what the system said, without the path.
func errorText(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}
