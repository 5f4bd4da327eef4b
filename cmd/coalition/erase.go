package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/store/database"
	"coalition/scheduler/store/erase"
)

func (a *app) eraseCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "erase ID",
		Short: "Erase a conversation for good",
		Long: `Erase a conversation for good, with all its rounds: what the state knows of it and
every message with its words, its plan file, its journal, its files in the outbox.
The state is written anew after that, so that nothing is left of it on the disk. It
is safe while the daemon runs. Everything is named first, and what is out of reach.

A talk ahead has to be cancelled first: your partner must not be left with an
appointment that nobody knows of. Where they have said no, or that they want no more
mail, a keyed hash of their address stays, and nothing else, so that a new plan
does not write to them by itself.

With --json, one object:
  id, rounds, messages, entries   what went, and how many of each
  files                           the files that went
  silence                         no or stop, if that is kept; else null
  also                            other conversations with the same person
  remains                         files that still name the person`,
		Example:           "  coalition erase maya --dry-run\n  coalition erase maya",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.erase(cmd.Context(), args[0]) },
	}
	c.Flags().BoolVarP(&a.yes, "yes", "y", false, "erase without asking")
	c.Flags().BoolVar(&a.dryRun, "dry-run", false, "show what would go and erase nothing")
	return c
}

func (a *app) erase(ctx context.Context, ref string) error {
	if err := a.open(ctx, a.dryRun); err != nil {
		return err
	}
	if !a.dryRun {
		// What a process that is gone had in its hands is in nobody's.
		if _, err := a.sched.Store.Recover(ctx, a.wall()); err != nil {
			return err
		}
	}
	var e *erasure
	for try := 1; ; try++ {
		b, err := a.look(ctx)
		if err != nil {
			return err
		}
		if e, err = a.erasureOf(ctx, b, ref); err != nil {
			return err
		}
		if err := command.Erase(e.rounds, b.Now); err != nil {
			return err
		}
		if try == 1 {
			a.sayErasure(e)
			if a.dryRun {
				return a.data(e)
			}
			if err := a.agreesToErase(e); err != nil {
				return err
			}
		}
		err = a.eraseRows(ctx, b, e)
		if errors.Is(err, conversation.ErrConflict) && try < 20 {
			continue
		}
		if err != nil {
			return err
		}
		break
	}
	// The rows are gone: the rest is done whatever happens.
	return a.finishErasing(a.hard, e)
}

// eraseRows takes away what the state has of a conversation, as it was looked at, and its plan files.
func (a *app) eraseRows(ctx context.Context, b *roster.Roster, e *erasure) error {
	return erase.Rows(ctx, a.state, erase.Request{ID: e.id, All: b.Conversations, Said: e.said, Addresses: e.addresses,
		Plans: func() error { return removeAll(e.plans) }})
}

// finishErasing takes away what is left of a conversation whose rows are gone.
func (a *app) finishErasing(ctx context.Context, e *erasure) error {
	again := a.hint("erase " + string(e.id))
	if err := erase.Disk(ctx, a.state); err != nil {
		if errors.Is(err, database.ErrHeld) {
			a.note("coalition: %s is erased, but its bytes may still lie on the disk: %s\n  in a moment, use again: %s",
				e.id, err, again)
			return errPending
		}
		return fmt.Errorf("%s is erased, but its bytes may still lie on the disk (%w); use again: %s", e.id, err, again)
	}
	if err := removeAll(e.beside); err != nil {
		return fmt.Errorf("%w; when that is mended, use again: %s", err, again)
	}
	if err := erase.Done(ctx, a.state); err != nil {
		return err
	}
	if a.sched.Holds != nil {
		if _, err := a.sched.Holds.Keep(ctx); err != nil {
			a.note("The times that were offered may still be held in Google Calendar: %s", err)
		}
	}
	e.Remains = a.naming(e)
	a.say("%s is erased.", e.id)
	for _, path := range e.Remains {
		a.say("Still named in: %s", path)
	}
	return a.data(e)
}

// An erasure is all that goes with a conversation, and what stays.
type erasure struct {
	ID       string   `json:"id"`
	Rounds   int      `json:"rounds"`
	Messages int      `json:"messages"`
	Entries  int      `json:"entries"`
	Files    []string `json:"files"`
	Silence  *string  `json:"silence"`
	Also     []string `json:"also"`
	Remains  []string `json:"remains"`

	id     plan.ID
	rounds []*conversation.Conversation
	// plans are its plan files, and beside all other files of it.
	plans, beside    []string
	names, addresses []string
	// asked are those addresses whose calendars are looked at, as they are written.
	asked []string
	said  *conversation.Silence
	// held is how many messages wait for an approval that they won't get, and elsewhere says that plans may lie on another
	// machine, too.
	held      int
	elsewhere bool
	// weeks are the mails of a week that are kept with other conversations, and may name this one.
	weeks []week
}

// A week is a mail to the organizer about all conversations, by the id of that which it is kept with and its Message-ID,
// in lower case.
type week struct{ id, messageID string }

// erasureOf returns what would go with the conversation of that reference, of which there may be no more than what an
// erasure before has left.
func (a *app) erasureOf(ctx context.Context, b *roster.Roster, ref string) (*erasure, error) {
	if id, _, ok := strings.Cut(ref, "/"); ok {
		return nil, usage("a conversation is erased with all its rounds", "use: coalition erase "+id)
	}
	e := &erasure{ID: ref, Files: []string{}, Also: []string{}, Remains: []string{}}
	c, unknown := b.Find(ref)
	if unknown == nil {
		e.ID = string(c.ID)
	} else if err := new(plan.ID).Parse(ref); err != nil {
		return nil, unknown
	}
	e.id = plan.ID(e.ID)
	for _, c := range b.Conversations {
		if c.ID == e.id {
			a.addRound(e, c)
			continue
		}
		for _, m := range c.Messages {
			if m.OfAll() {
				e.weeks = append(e.weeks, week{string(c.ID), strings.ToLower(m.MessageID)})
			}
		}
	}
	for _, c := range e.rounds {
		for _, peer := range c.Peers {
			if id := string(peer.ID); peer.ID != e.id && !slices.Contains(e.Also, id) {
				e.Also = append(e.Also, id)
			}
		}
	}
	history, err := a.sched.Store.History(ctx, e.id)
	if err != nil {
		return nil, err
	}
	e.Entries = len(history)
	if e.elsewhere, err = erase.Elsewhere(ctx, a.state, home(a.config.resolve(a.config.Conversations))); err != nil {
		return nil, err
	}
	if err := a.findFiles(e); err != nil {
		return nil, err
	}
	if unknown != nil && len(e.Files) == 0 {
		unfinished, err := erase.Unfinished(ctx, a.state)
		if err != nil || !unfinished {
			return nil, errors.Join(err, unknown)
		}
	}
	return e, nil
}

// addRound takes in one of the rounds.
func (a *app) addRound(e *erasure, c *conversation.Conversation) {
	e.rounds = append(e.rounds, c)
	e.Rounds, e.Messages = e.Rounds+1, e.Messages+len(c.Messages)
	add := func(list *[]string, s string) {
		if !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	add(&e.names, c.Plan.With.Name)
	add(&e.asked, string(c.Plan.With.Email))
	for _, address := range c.Addresses() {
		add(&e.addresses, address)
	}
	for _, m := range c.Messages {
		if m.State == outbox.Held {
			e.held++
		}
		if !m.ToOrganizer() {
			add(&e.addresses, strings.ToLower(m.To))
		}
	}
	// What they have said elsewhere stands there.
	if said, in := roster.Silent(c); said != nil && (in == nil || in.ID == e.id) {
		word := "no"
		if said.Stop {
			word = "stop"
		}
		e.said, e.Silence = said, &word
	}
}

// sayErasure says what goes, what stays, and what is out of reach.
func (a *app) sayErasure(e *erasure) {
	say := a.say
	if !a.yes && !a.dryRun {
		// The question is about all of it.
		say = a.note
	}
	who := ""
	if len(e.names) > 0 {
		who = " (" + strings.Join(append(slices.Clone(e.names), e.addresses...), ", ") + ")"
	}
	if len(e.rounds)+len(e.Files) == 0 {
		say("Of %s there is nothing more, but for what may lie on the disk since the last time.", e.ID)
		return
	}
	say("For good, of %s%s:", e.ID, who)
	if e.Rounds+e.Messages+e.Entries > 0 {
		say("  %s, %s, %s of history", count(e.Rounds, "round"), count(e.Messages, "message"),
			count(e.Entries, "line"))
	}
	if e.held > 0 {
		say("  of these still wait for your approval, and will not go: %d", e.held)
	}
	for _, path := range e.plans {
		say("  the plan %s", path)
	}
	const shown = 5
	for _, path := range e.beside[:min(len(e.beside), shown)] {
		say("  %s", path)
	}
	if more := len(e.beside) - shown; more > 0 {
		say("  and %s", count(more, "file")+" more")
	}
	for _, c := range e.rounds {
		if c.Status(a.sched.Now()) == conversation.Asked {
			say("%s has your brief, and may still answer: nothing will come of it.", c.Plan.With.Name)
		}
	}
	if e.said != nil {
		word := "said no"
		if e.said.Stop {
			word = "wants no more mail"
		}
		say("Kept is that %s %s, under a keyed hash of the address: no new plan writes to it by itself.", e.names[0], word)
	}
	if e.elsewhere {
		say("This state has been used with plans in another place, too. If %s is among those, delete its file there\n"+
			"first: it would begin anew.", e.ID)
	}
	for _, id := range e.Also {
		say("Also there, and not erased with it: %s, with the same person", id)
	}
	say("Out of reach: backups and states kept before, what you have printed, written or exported, mail in your own\n" +
		"mailbox, events in your calendars, and what your system has kept of the daemon's log.")
	if postgresState(a.config.State) {
		say("The database server's own log of changes and its backups keep it for their time.")
	}
}

func (a *app) agreesToErase(e *erasure) error {
	if a.yes {
		return nil
	}
	if !terminal(a.stdin) {
		return usage("nobody can be asked here whether to erase %s", "add --yes, or look first with --dry-run", e.ID)
	}
	if len(e.rounds) > 0 {
		a.note("To keep a copy: %s", a.hint("export "+e.ID+" DIR"))
	}
	yes, err := a.agrees("Erase it?")
	if err == nil && !yes {
		err = usage("nothing was erased", "")
	}
	return err
}
