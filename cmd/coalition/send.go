package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/refusal"
	"coalition/scheduler/roster"
	"coalition/scheduler/ways"
)

// A deciding makes the draft of a command, for a conversation as it stands among all.
type deciding func(b *roster.Roster, c *conversation.Conversation) (*conversation.Draft, error)

// sending does what every command that sends does: it makes a draft, shows it, asks, commits it and
// delivers, in this order. decide is called again when somebody else has carried the conversation on
// meanwhile.
func (a *app) sending(ctx context.Context, ref string, out files, decide deciding) error {
	a.aside = out.eml == "-" || out.ics == "-"
	if err := a.openToSend(ctx); err != nil {
		return err
	}
	a.lookThere(ctx)
	busyEnd := a.wall().Add(busyFor)
	for try := 1; ; try++ {
		b, c, err := a.lookAt(ctx, ref)
		if err != nil {
			return err
		}
		d, err := a.sched.Decide(c, b.Now, func() (*conversation.Draft, error) { return decide(b, c) })
		if !a.dryRun && a.busy(ctx, err, busyEnd) {
			try--
			continue
		}
		if err != nil {
			return err
		}
		if len(d.Messages) > 0 && d.Messages[0].Kind == outbox.Brief && c.Searched() || c.Rev == 0 {
			// Nobody else may have been offered the same times since, and what is new not have been erased.
			d.Slots = b.Slots
		}
		if try == 1 {
			a.sayOverlaps(b, b.Clashes(d))
		}
		if a.dryRun {
			return a.rehearse(ctx, d)
		}
		if try == 1 {
			a.sayFresh(b)
		}
		err = a.carryOut(ctx, d, out)
		if !errors.Is(err, conversation.ErrConflict) || try >= 5 {
			return err
		}
	}
}

// lookThere looks at the online calendar for a moment: what is decided here should know what has happened there. Where it
// can't be read, the write finds out.
func (a *app) lookThere(ctx context.Context) {
	if a.sched.Sync != nil && !a.dryRun {
		reading, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		_ = a.sched.Sync.ReadCalendar(reading)
	}
}

// busyFor is how long a write into the calendar is waited for; most take far less.
const busyFor = 40 * time.Second

// busy reports whether to decide once more, after a moment: err says that a change is being written into the
// calendar, by a process that is still there.
func (a *app) busy(ctx context.Context, err error, until time.Time) bool {
	if !errors.Is(err, refusal.ErrBusy) || a.wall().After(until) {
		return false
	}
	if _, err := a.sched.Store.Recover(ctx, a.wall()); err != nil {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(200 * time.Millisecond):
		return true
	}
}

// openToSend does what open does for a command that sends, which also takes over what processes that are gone had
// in their hands; a rehearsal only looks.
func (a *app) openToSend(ctx context.Context) error {
	if err := a.open(ctx, a.dryRun); err != nil || a.dryRun {
		return err
	}
	if err := a.guardSecrets(); err != nil {
		return err
	}
	if _, err := a.sched.Store.Recover(ctx, a.wall()); err != nil {
		return err
	}
	return a.sched.Marks.Check(ctx)
}

func (a *app) carryOut(ctx context.Context, d *conversation.Draft, out files) error {
	c := d.Conversation
	if m := d.Sent; m != nil {
		at := a.local(m.Changed)
		switch {
		case out.any():
			if m.State != outbox.Held && m.State != outbox.Queued && m.State != outbox.Failed {
				a.say("The %s was %s on %s; this is a copy of it.", m.Kind.Noun(), m.State.Shown(), at)
				return a.writeCopies(ctx, c, m, out)
			}
		case m.State == outbox.Held, m.State == outbox.Queued,
			m.State == outbox.Unclear, m.State == outbox.Failed:
			return a.letGo(ctx, []*outbox.Message{m}, nil)
		case m.State == outbox.Sending:
			a.note("The %s is being sent at this moment by another process.", m.Kind.Noun())
			return errPending
		case m.State == outbox.Expired:
			a.note("The %s could not go in time: %s", m.Kind.Noun(), m.Error)
			return errPending
		default:
			a.say("The %s was %s on %s; nothing more is sent.", m.Kind.Noun(), m.State.Shown(), at)
			return a.data([]logRow{a.messageRow(m)})
		}
	} else if len(d.Messages) == 0 && out.any() {
		return usage("there is nothing to write", "")
	}
	if out.any() {
		return a.toFiles(ctx, d, out)
	}
	for _, m := range d.Messages {
		a.announce(m)
	}
	if len(d.Messages) > 0 {
		if terminal(a.stdin) && !a.yes {
			if err := a.present(c, d.Messages[0]); err != nil {
				return err
			}
		}
		if err := a.confirm(a.allTheSame(d.Objection, "Send it?")); err != nil {
			return err
		}
	} else if err := a.confirmQuiet(d); err != nil {
		return err
	}
	// It may take a time, or be for somebody who is asked about another one.
	if d.Slots == 0 {
		d.Slots = conversation.Anyway
	}
	if err := a.sched.Store.Commit(ctx, d); err != nil {
		return err
	}
	if len(d.Messages) == 0 {
		more := "Nobody is written to."
		if slices.ContainsFunc(c.Messages, func(m *outbox.Message) bool { return m.State == outbox.Unclear }) {
			more = "Nobody is written to, unless it turns out that the message before it has arrived."
		}
		a.say("%s: %s. %s", c.Ref(), d.What(), more)
		return a.data([]logRow{})
	}
	return a.deliver(ctx, d.Messages)
}

func (a *app) announce(m *outbox.Message) {
	via := m.Via
	if m.InCalendar() {
		via = "Google Calendar"
	}
	a.say("%s to %s, by %s", strings.ToUpper(m.Kind.Noun()[:1])+m.Kind.Noun()[1:], m.To, via)
}

// deliver hands messages over and says what has become of each.
func (a *app) deliver(ctx context.Context, messages []*outbox.Message) error {
	list, err := a.handOver(ctx, messages)
	if list == nil {
		return err
	}
	return cmp.Or(a.data(list), err)
}

// handOver hands messages over, says what has become of each, and returns their rows of the log. The error is errPending
// or errLogin where not all have gone; with another there are no rows.
func (a *app) handOver(ctx context.Context, messages []*outbox.Message) ([]logRow, error) {
	var rows []int64
	for _, m := range messages {
		rows = append(rows, m.Row)
	}
	if err := a.sched.DeliverPatiently(ctx, a.hard, rows...); err != nil {
		return nil, err
	}
	b, err := a.look(a.hard)
	if err != nil {
		return nil, err
	}
	paused, err := a.sched.Store.Paused(a.hard)
	if err != nil {
		return nil, err
	}
	pending, login := false, false
	list := []logRow{}
	for _, row := range rows {
		c, m := b.Result(row)
		if m == nil {
			continue
		}
		list = append(list, a.messageRow(m))
		switch m.State {
		case outbox.Accepted:
			if c.Unheard(m) {
				a.say("The %s stands in Google Calendar. %s", m.Kind.Noun(), unheard(m))
				break
			}
			a.say("The %s to %s is on its way.", m.Kind.Noun(), m.To)
		case outbox.Queued:
			pending = true
			login = login || m.NeedsLogin()
			a.note("The %s to %s waits%s", m.Kind.Noun(), m.To, a.whyWaits(m, paused))
		case outbox.Unclear:
			pending = true
			login = login || m.NeedsLogin()
			a.note("Whether the %s to %s arrived is unclear: %s\n  see: coalition log %s",
				m.Kind.Noun(), m.To, m.Error, m.ID)
		case outbox.Failed:
			pending = true
			a.note("The %s to %s was refused: %s\n  once that is mended: %s",
				m.Kind.Noun(), m.To, m.Error, how(ways.Back(m), plan.Ref(m.ID, m.Round)))
		default:
			pending = true
			a.note("The %s to %s is %s.", m.Kind.Noun(), m.To, m.State.Shown())
			if step := roster.Next(c, b.Now); step.Next != "" {
				a.note("  next: %s", a.nextWords(step, b.Now))
			}
		}
	}
	switch {
	case login:
		return list, errLogin
	case pending:
		return list, errPending
	}
	return list, nil
}

// letGo approves messages that wait, and delivers them; before that, once the organizer has said yes, it
// does what is in first, which may be nil.
func (a *app) letGo(ctx context.Context, messages []*outbox.Message, first func(context.Context) error) error {
	var rows []int64
	for _, m := range messages {
		a.announce(m)
		rows = append(rows, m.Row)
	}
	b, err := a.look(ctx)
	if err != nil {
		return err
	}
	objection := ""
	for _, row := range rows {
		if c, m := b.Result(row); m != nil && m.Kind != outbox.Notice {
			if o := roster.Objection(c, m.Kind, b.Now); o != "" && !strings.Contains(objection, o) {
				objection = strings.TrimPrefix(objection+" "+o, " ")
			}
		}
	}
	if terminal(a.stdin) && !a.yes {
		for _, row := range rows {
			c, m := b.Result(row)
			if m == nil {
				continue
			}
			if m, err = a.sched.Store.Message(ctx, row); err != nil {
				return err
			}
			if len(rows) <= longest {
				err = a.present(c, m)
			} else {
				var r reading
				if r, err = read(m); err == nil {
					a.presentHead(c, m, &r)
					a.note("")
				}
			}
			if err != nil {
				return err
			}
		}
		if len(rows) > longest {
			a.note("Their words are shown with --dry-run.")
		}
	}
	if err := a.confirm(a.allTheSame(objection, "Send?")); err != nil {
		return err
	}
	if first != nil {
		if err := first(ctx); err != nil {
			return err
		}
	}
	if err := a.sched.Store.Approve(ctx, rows); err != nil {
		return err
	}
	return a.deliver(ctx, messages)
}
