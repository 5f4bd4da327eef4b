package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"coalition/invites/email"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
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
		err = erase.Rows(ctx, a.state, erase.Request{ID: e.id, All: b.Conversations, Said: e.said, Addresses: e.addresses,
			Plans: func() error { return removeAll(e.plans) }})
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
	said             *conversation.Silence
}

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
	for _, address := range c.Addresses() {
		add(&e.addresses, address)
	}
	for _, m := range c.Messages {
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

// findFiles finds the files of a conversation, and refuses where one of them holds others, too.
func (a *app) findFiles(e *erasure) error {
	for path, others := range a.sched.Plans.Holding(e.id) {
		if len(others) > 0 {
			names := make([]string, len(others))
			for i, id := range others {
				names[i] = string(id)
			}
			return usage("%s holds other conversations, too: %s", "take the part of "+e.ID+
				" out of it first, or put it into a file of its own", path, strings.Join(names, ", "))
		}
		data, err := os.ReadFile(path)
		if err != nil || strings.Contains(string(data), "\n---") && !a.readable(e) {
			return usage("%s can't be read, and may hold other conversations, too", "mend it first, or delete it yourself", path)
		}
		e.plans = append(e.plans, path)
	}
	slices.Sort(e.plans)
	var err error
	if e.beside, err = email.NewFolder(a.config.resolve(a.config.Mail.Outbox)).Of(e.ID); err != nil {
		return fmt.Errorf("the outbox can't be read: %s", errorText(err))
	}
	if path := journal.Path(a.config.journals(), e.id); slices.Contains(filesIn(filepath.Dir(path)), path) {
		e.beside = append(e.beside, path)
	}
	// Questions that somebody has begun to answer.
	for _, path := range filesIn(filepath.Join(a.sched.Plans.Path, ".drafts")) {
		name := filepath.Base(path)
		if strings.TrimSuffix(name, filepath.Ext(name)) == e.ID || mentions(path, e.addresses) {
			e.beside = append(e.beside, path)
		}
	}
	e.Files = append(slices.Clone(e.plans), e.beside...)
	return nil
}

// readable reports whether a plan of the conversation could be read.
func (a *app) readable(e *erasure) bool {
	return slices.ContainsFunc(e.rounds, (*conversation.Conversation).Planned)
}

// sayErasure says what goes, what stays, and what is out of reach.
func (a *app) sayErasure(e *erasure) {
	who := ""
	if len(e.names) > 0 {
		who = " (" + strings.Join(append(slices.Clone(e.names), e.addresses...), ", ") + ")"
	}
	a.say("For good, of %s%s:", e.ID, who)
	if e.Rounds+e.Messages+e.Entries > 0 {
		a.say("  %s, %s, %s of history", count(e.Rounds, "round"), count(e.Messages, "message"),
			count(e.Entries, "line"))
	}
	for _, path := range e.plans {
		a.say("  the plan %s", path)
	}
	const shown = 5
	for _, path := range e.beside[:min(len(e.beside), shown)] {
		a.say("  %s", path)
	}
	if more := len(e.beside) - shown; more > 0 {
		a.say("  and %s", count(more, "file")+" more")
	}
	for _, c := range e.rounds {
		if c.Status(a.sched.Now()) == conversation.Asked {
			a.say("%s has your brief, and may still answer: nothing will come of it.", c.Plan.With.Name)
		}
	}
	if e.said != nil {
		word := "said no"
		if e.said.Stop {
			word = "wants no more mail"
		}
		a.say("Kept is that %s %s, under a keyed hash of the address: no new plan writes to it by itself.", e.names[0], word)
	}
	for _, id := range e.Also {
		a.say("Also there, and not erased with it: %s, with the same person", id)
	}
	a.say("Out of reach: backups and states kept before, what you have printed, written or exported, mail in your own\n" +
		"mailbox, events in your calendars, and what your system has kept of the daemon's log.")
	if postgresState(a.config.State) {
		a.say("The database server's own log of changes and its backups keep it for their time.")
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
		a.say("To keep a copy: %s", a.hint("export "+e.ID+" DIR"))
	}
	yes, err := a.agrees("Erase it?")
	if err == nil && !yes {
		err = usage("nothing was erased", "")
	}
	return err
}

// naming returns the files beside the state and the plans in which the person is still named.
func (a *app) naming(e *erasure) []string {
	words := slices.Clone(e.addresses)
	for _, name := range e.names {
		words = append(words, strings.ToLower(name))
	}
	list := slices.Concat(filesIn(a.sched.Plans.Path), filesIn(a.config.journals()),
		filesIn(a.config.resolve(a.config.Mail.Outbox)))
	if state := a.config.resolve(a.config.State); !postgresState(state) {
		// Others may keep much in that folder.
		beside, _ := os.ReadDir(filepath.Dir(state))
		for _, f := range beside {
			name := f.Name()
			if f.Type().IsRegular() && (strings.HasPrefix(name, filepath.Base(state)) || strings.HasPrefix(name, ".coalition-")) {
				list = append(list, filepath.Join(filepath.Dir(state), name))
			}
		}
	}
	slices.Sort(list)
	list = slices.DeleteFunc(slices.Compact(list), func(path string) bool { return !mentions(path, words) })
	return append([]string{}, list...)
}

// filesIn returns the files in a folder and below it. What can't be read is passed over.
func filesIn(folder string) (list []string) {
	_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			list = append(list, path)
		}
		return nil
	})
	return list
}

// mentions reports whether one of some words, in lower case, stands in a file, in whatever case.
func mentions(path string, words []string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	longest := 0
	for _, word := range words {
		longest = max(longest, len(word))
	}
	block := make([]byte, longest+1<<20)
	// The end of each piece is the beginning of the next: a word may stand across both.
	kept := 0
	for {
		n, err := io.ReadFull(f, block[kept:])
		piece := bytes.ToLower(block[:kept+n])
		if slices.ContainsFunc(words, func(word string) bool { return bytes.Contains(piece, []byte(word)) }) {
			return true
		}
		if err != nil {
			return false
		}
		kept = copy(block, block[len(block)-longest:])
	}
}

// removeAll deletes files. What is not there is gone.
func removeAll(paths []string) error {
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s can't be deleted: %s", path, errorText(err))
		}
	}
	return nil
}
