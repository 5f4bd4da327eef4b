package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"coalition/scheduler/check"
	"coalition/scheduler/journal"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/plan/folder"
	"coalition/scheduler/roster"
	"coalition/scheduler/store"
	"coalition/scheduler/strictyaml"
	"coalition/scheduler/worklist"
)

// lookAtState opens the state and looks at it, at the plans, and at what becomes of both.
func (d *doctor) lookAtState(ctx context.Context) {
	dsn := d.config.resolve(d.config.State)
	d.lookAtDisk(dsn)
	if postgresState(dsn) && d.noNetwork {
		d.tell("state", "the database", fine, "not looked at, as --no-network says", "")
		d.lookAtPlanFiles()
		return
	}
	if err := d.openFor(ctx, d.config, true); err != nil {
		d.tellStateFault(ctx, dsn, err)
		d.lookAtPlanFiles()
		return
	}
	db := d.state.Database()
	if db.Absent() {
		d.tell("state", "the database", fine, "there is none yet; the first command that decides something makes it", "")
	} else {
		d.lookAtDatabase(ctx, dsn)
	}
	b, err := d.sched.Look(ctx, 0)
	switch {
	case errors.Is(err, os.ErrNotExist):
		d.tellNoFolder()
	case err != nil:
		d.tellStateFault(ctx, dsn, err)
	default:
		d.lookAtPlans(b)
		d.lookAtDoubt(ctx, b)
		d.lookAtMessages(ctx, b)
		d.lookAtDaemon(ctx, b)
	}
}

// tellStateFault says why the state can't be used.
func (d *doctor) tellStateFault(ctx context.Context, dsn string, err error) {
	text, mend := err.Error(), "look at the database, and at state in the config"
	var damaged *store.DamagedError
	var wrong *usageError
	switch {
	case ctx.Err() != nil:
		text, mend = fmt.Sprintf("no answer within %s", stateWithin),
			"look whether the database runs, and at state in the config"
	case errors.As(err, &damaged):
		mend = "bring a backup back with: " + d.hint("restore FILE")
		if damaged.Blank {
			mend += ", or name another file under state in the config; to begin anew, move this one away"
		}
	case errors.Is(err, store.ErrNewer):
		mend = "use that version of the program, or another state"
	case errors.Is(err, store.ErrOtherOrganizer):
		mend = "if you have changed your address, add the old one to organizer.aliases"
	case errors.As(err, &wrong):
		mend = wrong.hint
	case !postgresState(dsn):
		mend = "look at the permissions of " + d.tilde(dsn) + " and of its folder"
	}
	d.tell("state", "the database", faulty, text, mend)
}

// wholeWithin is how long a state is looked through.
const wholeWithin = 6 * time.Second

// lookAtDatabase looks through the database itself.
func (d *doctor) lookAtDatabase(ctx context.Context, dsn string) {
	db := d.state.Database()
	limited, cancel := context.WithTimeout(ctx, wholeWithin)
	defer cancel()
	whole := "is whole"
	switch err := db.Whole(limited); {
	case err != nil && limited.Err() != nil && ctx.Err() == nil:
		whole = "is too large to be looked through in a moment"
	case err != nil:
		d.tellStateFault(ctx, dsn, err)
		return
	}
	engine, err := db.Engine(ctx)
	if err != nil {
		d.tellStateFault(ctx, dsn, err)
		return
	}
	text := fmt.Sprintf("%s, version %d of its tables", engine, db.Version())
	if !postgresState(dsn) {
		text = d.tilde(dsn) + " " + whole + "; " + text
	}
	d.tell("state", "the database", fine, text, "")
}

// lookAtDoubt tells why the state may not know of all that has left, where that is so.
func (d *doctor) lookAtDoubt(ctx context.Context, b *roster.Roster) {
	if b.Doubt != "" {
		d.tell("state", "what has left", faulty, b.Doubt+", and so nothing goes by itself", d.wayOut(ctx))
	}
}

func (d *doctor) tellNoFolder() {
	path := d.tilde(d.config.resolve(d.config.Conversations))
	d.tell("plans", "the folder", faulty, "there is none at "+path,
		"make it: mkdir -m 700 "+path+", or name another under conversations in the config")
}

// lookAtPlanFiles looks at the plans where there is no state to see them with.
func (d *doctor) lookAtPlanFiles() {
	path := d.config.resolve(d.config.Conversations)
	set, err := (&folder.Folder{Path: path, Shown: path, Meet: d.config.Calendar.Via == "google"}).Read(time.Now(), 0)
	if err != nil {
		d.tellNoFolder()
		return
	}
	d.tellProblems(len(set.Plans), set.Problems)
	d.lookAtPlanModes(set.Plans)
}

// lookAtPlans looks at plans, journals and days off.
func (d *doctor) lookAtPlans(b *roster.Roster) {
	_, unread := journal.ReadAll(d.config.journals())
	problems := append(check.Plans(b, d.sched.Words, d.sched.Finder.Holidays), unread...)
	d.tellProblems(len(b.Conversations), append(d.config.holidayProblems(d.sched), problems...))
	var plans []*plan.Plan
	for _, c := range b.Conversations {
		if c.Source() != nil {
			plans = append(plans, c.Source())
		}
	}
	d.lookAtPlanModes(plans)
	for _, c := range b.Gone {
		d.tell("plans", c.Ref(), doubt, "its plan file is gone; nothing is cancelled by that",
			"put the file back, or use: coalition cancel "+c.Ref())
	}
}

// tellProblems tells of problems in plan files: how many, and the first; check shows them all.
func (d *doctor) tellProblems(plans int, list []strictyaml.Problem) {
	first, counts := make(map[string]strictyaml.Problem), make(map[string]int)
	for _, p := range list {
		state := faulty
		if p.Warning {
			state = doubt
		}
		if counts[state]++; counts[state] == 1 {
			first[state] = p
		}
	}
	for state, noun := range map[string]string{faulty: "problem", doubt: "warning"} {
		p, n := first[state], counts[state]
		if n == 0 {
			continue
		}
		// Where one stands, what it is, without the line, which may be private.
		text := d.place(p) + ": " + p.Text
		if n > 1 {
			text = fmt.Sprintf("%s; the first is %s", count(n, noun), text)
		}
		d.tell("plans", "the files", state, text, "see them all, with what to do: "+d.hint("check"))
	}
	if len(list) == 0 {
		d.tell("plans", "the files", fine, count(plans, "conversation")+", no problem", "")
	}
}

// lookAtMessages looks at what waits to leave, and for what.
func (d *doctor) lookAtMessages(ctx context.Context, b *roster.Roster) {
	var held, unclear, failed, queued int
	var newest time.Time
	for _, c := range b.Conversations {
		for _, m := range worklist.Approvable(c, b.Now) {
			if m.State == outbox.Held {
				held++
			} else {
				unclear++
			}
		}
		for _, m := range worklist.Failed(c, b.Now) {
			failed++
			d.tell("outbox", c.Ref(), faulty, fmt.Sprintf("the %s to %s has failed: %s", m.Kind.Noun(), m.To, cmp.Or(m.Error,
				"nobody said why")),
				"once that is mended: "+d.hint("approve "+c.Ref()))
		}
		for _, m := range c.Messages {
			if m.State == outbox.Queued {
				queued++
			}
			if m.Changed.After(newest) {
				newest = m.Changed
			}
		}
	}
	for _, door := range b.Doors {
		d.tell("outbox", "a server", faulty, fmt.Sprintf("%s since %s: %s", d.sched.DoorShut(door), d.local(door.Since),
			door.Text),
			d.sched.DoorMend(door))
	}
	if held > 0 {
		d.tell("outbox", "held", doubt, several(held, "message waits", "messages wait")+" for your word",
			"look at them: "+d.hint("approve"))
	}
	if unclear > 0 {
		d.tell("outbox", "unclear", doubt, several(unclear, "message", "messages")+" may have arrived or not",
			"ask your partner, or send once more: "+d.hint("approve"))
	}
	if held+unclear+failed+len(b.Doors) == 0 {
		text := "nothing is held, unclear or failed"
		if queued > 0 {
			text += "; " + several(queued, "message is", "messages are") + " about to leave"
		}
		d.tell("outbox", "messages", fine, text, "")
	}
	// Both are by the clock of machines that share a state, which may differ a little.
	if d.at == "" && newest.After(d.wall().Add(5*time.Minute)) {
		d.tell("clock", "the state", faulty, fmt.Sprintf("it is %s here, and something was written down at %s",
			d.local(d.wall()), d.local(newest)), setClock)
	}
	if paused, err := d.sched.Store.Paused(ctx); err == nil && paused {
		d.tell("daemon", "sending", doubt, "all of it is paused", "start it again with: "+d.hint("resume"))
	}
}

// several counts things that have a plural, or a verb, of their own.
func several(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// lookAtDaemon looks whether somebody sends what is due.
func (d *doctor) lookAtDaemon(ctx context.Context, b *roster.Roster) {
	due, since := dueNow(b, d.wall())
	var running *store.RunningError
	if db := d.state.Database(); !db.Absent() {
		if err := db.Daemon(ctx); err != nil && !errors.As(err, &running) {
			d.tell("daemon", "the daemon", doubt, "it can't be told whether one runs: "+errorText(err), "try again")
			return
		}
	}
	d.lookAtListen(running != nil)
	d.tellDaemon(due, since, running, b)
}

// longDue is how long something may have been due before a daemon that runs is asked why.
const longDue = 30 * time.Minute

// tellDaemon judges a daemon by what is due, the oldest of it since then (zero: that is not known); running is nil
// where none runs.
func (d *doctor) tellDaemon(due int, since time.Time, running *store.RunningError, b *roster.Roster) {
	const area, what = "daemon", "the daemon"
	waits := ""
	if due > 0 {
		waits = several(due, "message is due", "messages are due")
		if !since.IsZero() {
			waits += ", since " + d.local(since)
		}
	}
	if running == nil {
		switch {
		case due > 0:
			d.tell(area, what, doubt, "none runs, and "+waits,
				"start it: "+d.hint("daemon")+", or have cron run: "+d.hint("daemon --once"))
		default:
			d.tell(area, what, fine, "none runs, and nothing is due", "")
		}
		return
	}
	text := "it runs, process " + running.PID
	if !running.Since.IsZero() {
		text += ", since " + d.local(running.Since)
	}
	if info, err := os.Stat(d.config.path); err == nil && !running.Since.IsZero() && info.ModTime().After(running.Since) {
		d.tell(area, what, doubt, text+"; the config was changed after that, and counts for it only when it begins anew",
			"end the daemon, and start it again")
		return
	}
	stands := b.Doubt == "" && len(b.Doors) == 0
	if due > 0 && stands && !since.IsZero() && d.wall().Sub(since) > longDue {
		d.tell(area, what, doubt, text+"; but "+waits, "look at its log, and start it again")
		return
	}
	d.tell(area, what, fine, text, "")
}

// dueNow counts what is to leave now, decided or not, and when the oldest of it fell due; zero: that is not known.
func dueNow(b *roster.Roster, wall time.Time) (due int, since time.Time) {
	add := func(at time.Time) {
		if due++; !at.IsZero() && (since.IsZero() || at.Before(since)) {
			since = at
		}
	}
	for _, c := range b.Conversations {
		if step := roster.Next(c, b.Now); step.Kind != "" && step.IsDue(b.Now) {
			add(step.Due)
		}
		for _, m := range c.Messages {
			// Of those at a closed door it is told why they wait.
			if m.State == outbox.Queued && m.Door() == nil && !m.NotBefore.After(wall) {
				add(m.Due)
			}
		}
	}
	return due, since
}

// lookAtFolder looks at the folder that mail goes to as files.
func (d *doctor) lookAtFolder() {
	if d.config.Mail.Via != "outbox" {
		return
	}
	const area, what = "outbox", "the folder"
	path := d.config.resolve(d.config.Mail.Outbox)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		// It is made with the first message.
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			d.tell(area, what, faulty, d.tilde(filepath.Dir(path))+", in which it would be made, is not there",
				"make it, or name another folder under mail.outbox in the config")
		}
	case err != nil || !info.IsDir():
		d.tell(area, what, faulty, d.tilde(path)+" is no folder",
			"move it away, or name another under mail.outbox in the config")
	case !writable(path):
		d.tell(area, what, faulty, "nothing can be written to "+d.tilde(path), "use: chmod u+rwx "+path)
	}
	if whose := shared(path); whose != "" {
		d.tell(area, what, doubt, d.tilde(path)+" lies in "+whose+": others may read what is written to your partners",
			"name a folder elsewhere under mail.outbox in the config")
	}
}
