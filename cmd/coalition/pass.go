package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"coalition/invites"
	"coalition/invites/email/eml"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/rehearsal"
	"coalition/scheduler/roster"
)

// once does one pass and says what it did, what waits, and what to try next.
func (a *app) once(cmd *cobra.Command) error {
	ctx := cmd.Context()
	before := make(map[int64]outbox.State)
	r, err := a.sched.Once(ctx, a.hard, func(b *roster.Roster) {
		// A doubt is the last word, below.
		if b.Doubt == "" {
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
		a.note("Google Calendar can't be read, so what has changed there is not known: %s", r.Apart)
	}
	a.sayStrays(b)
	a.sayClashes(a.hard, b)
	if r.Unread != nil {
		a.note("The mailbox can't be read, so answers in it are not known: %s", r.Unread)
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
			case m.State == outbox.Held || !c.Pending(m, b.Now):
				continue
			}
			if m.State == outbox.Dropped || m.State == outbox.Superseded {
				continue
			}
			list = append(list, a.messageRow(m))
			login = login || m.NeedsLogin()
			failed = a.sayResult(c, m, paused) || failed
		}
	}
	a.sayRest(b, acted)
	if err := a.data(list); err != nil {
		return err
	}
	if a.sched.Marks.Unmarked != nil {
		a.note("The marker %s can't be written: if this state is lost, or an older one brought back, that will not be "+
			"noticed (%s)", a.sched.Plans.MarkerPath(), errorText(a.sched.Marks.Unmarked))
	}
	switch {
	case r.Doubt != "":
		a.say("Held: %s. %s", r.Doubt, a.wayOut(ctx))
	case r.Held:
		a.say("Held: many messages at once, or one that was due more than a day ago. "+
			"Look with %s, then let them go with %s.", a.hint("approve"), a.hint("approve --all"))
	case len(r.Decided) > 0:
		a.say("\nTry next:\n  %s\n  %s", a.hint("list"), a.hint("log"))
		for _, c := range b.Conversations {
			if c.Status(b.Now) == conversation.Asked {
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
	paused, err := a.sayPaused(ctx)
	if err != nil {
		return err
	}
	a.sayDoors(b)
	if a.sched.Mailbox != nil {
		a.note("Note: a rehearsal reads no mailbox; a pass takes in first what has come there.")
	}
	list, err := rehearsal.Of(ctx, a.sched, b)
	if err != nil {
		return err
	}
	rows := []logRow{}
	held, told := false, make(map[string]bool)
	for _, f := range list {
		m, row := f.Message, a.messageRow(f.Message)
		told[f.Conversation.Ref()] = true
		row.MessageID, row.At = nil, *stamp(cmp.Or(f.Due, b.Now), a.zone())
		verb, when := "would send", "now"
		switch {
		case m.State == outbox.Held:
			verb, when, held = "would hold", "until you approve it", true
			if m.Row != 0 {
				verb = "held"
			}
		case m.State == outbox.Sending:
			verb, when = "sending", "by another process"
		case f.Later():
			verb, when, row.State = "later", a.local(f.Due), nil
		case paused:
			verb, when = "waits", "until sending goes on"
		case m.Door() != nil:
			verb, when = "waits", "as the note says"
		case !f.Due.IsZero():
			when = a.local(f.Due)
		}
		rows = append(rows, row)
		// It is what was asked for, also with -q.
		if !a.json {
			fmt.Fprintf(a.stdout, "%-13s%s, the %s to %s, %s\n", verb, f.Conversation.Ref(), m.Kind.Noun(), m.To, when)
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

// sayResult says what has become of a message, and reports whether it failed, is unclear, or could not
// be handed over yet.
func (a *app) sayResult(c *conversation.Conversation, m *outbox.Message, paused bool) (failed bool) {
	line := fmt.Sprintf("%-13s%s, the %s to %s", m.State.Shown(), plan.Ref(m.ID, m.Round), m.Kind.Noun(), m.To)
	switch m.State {
	case outbox.Accepted:
		if c.Unheard(m) {
			line += "\n             " + unheard(m)
		}
		if folder, ok := a.sched.Delivery.Sender.(*eml.Folder); ok {
			for _, path := range folder.Written(m.MessageID) {
				line += "\n             " + path
			}
		}
		a.say("%s", line)
	case outbox.Held:
		a.say("%s", line)
	case outbox.Queued:
		line += a.whyWaits(m, paused)
		if paused {
			a.say("%s", line)
			return false
		}
		a.note("%s", line)
		return true
	default:
		if m.Error != "" {
			line += ": " + m.Error
		}
		a.note("%s", line)
		return m.State == outbox.Failed || m.State == outbox.Unclear
	}
	return false
}
