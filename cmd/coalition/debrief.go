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
	"coalition/scheduler/journal"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

func (a *app) debriefCommand() *cobra.Command {
	var h hindsight
	c := a.sends(&cobra.Command{
		Use:   "debrief ID",
		Short: "Look back on a talk, thank the partner, plan the next one",
		Long: `Look back on a talk that is over: what came of it by your own measures, what you have
learned matters to your partner now, what each of you has promised, and whether what
was promised earlier was kept. It is written into the journal, a file of yours beside
the plans, and never leaves this machine. A thank-you goes, once, if you send one: in
your own words, between the greeting and your name, or as the template has it. The
round is closed then; the next one is a plan file of its own, with all that stays the
same: from a day on a time is looked for, or it is at the time that you name.

On a terminal you are asked; with flags you are not, but before something is sent.
Measures are numbered as in the plan, earlier promises as --dry-run shows them; those
that you leave out stay open. If the talk did not take place, say --not-held: nothing
is looked back on, nobody is written to, and the round counts as cancelled.

With --json: id, round, status; journal, the file; next, {round, file} or null; and
messages, as log shows them.`,
		Example: `  coalition debrief maya
  coalition debrief maya --met 1 --unmet 2 --learned "Her team is stretched." \
    --promise "me: send the roadmap by 2027-03-11" --promise "them: a review in 2 weeks" \
    --thanks "You said what I had not seen. Thank you." --next "in 4 weeks" --yes
  coalition debrief maya --not-held --next 2027-03-15`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range hindsightFlags {
				h.given = h.given || cmd.Flags().Changed(name)
			}
			h.own = cmd.Flags().Changed("thanks")
			return a.debrief(cmd.Context(), args[0], &h)
		},
	})
	f := c.Flags()
	f.IntSliceVar(&h.met, "met", nil, "the measures that were met: `N`[,N…]")
	f.IntSliceVar(&h.unmet, "unmet", nil, "the measures that were not: `N`[,N…]")
	f.StringVar(&h.learned, "learned", "", "what you have learned matters to them: `TEXT`")
	f.StringArrayVar(&h.promises, "promise", nil, "what was promised: `\"me|them: TEXT by DATE\"`; may be repeated")
	f.IntSliceVar(&h.kept, "kept", nil, "the earlier promises that were kept: `N`[,N…]")
	f.IntSliceVar(&h.broken, "unkept", nil, "the earlier promises that were not: `N`[,N…]")
	f.StringVar(&h.remark, "note", "", "what else to keep: `TEXT`")
	f.StringVar(&h.thanks, "thanks", "", "thank them in your own words: `TEXT`")
	f.BoolVar(&h.template, "thanks-default", false, "thank them in the words of the template")
	f.BoolVar(&h.silent, "no-thanks", false, "send no thank-you")
	f.StringVar(&h.next, "next", "", "the next round: the `DATE` from which a time is looked for, or that of the talk; or none")
	f.BoolVar(&h.notHeld, "not-held", false, "the talk did not take place")
	return c
}

// hindsightFlags are the flags that say something of a talk; who gives one of them is not asked for the others.
var hindsightFlags = []string{"met", "unmet", "learned", "promise", "kept", "unkept", "note", "thanks", "thanks-default",
	"no-thanks", "next", "not-held"}

// A debriefing is a talk that somebody looks back on.
type debriefing struct {
	*app
	*hindsight
	ref string
	b   *roster.Roster
	c   *conversation.Conversation

	journal *journal.Journal
	// The promises made earlier that are open.
	open []journal.Promise
	// What is to be written into the journal; nil: it has the round already.
	entry *journal.Entry
	// nil: none leave.
	letter *command.Thanks
	// nil: none is planned.
	further *further
}

// errTwice refuses to look back on a talk for a second time.
func (a *app) errTwice(c *conversation.Conversation) error {
	return usage("you have looked back on the talk with %s already, on %s",
		"what came of it is in "+journal.Path(a.config.journals(), c.ID), c.Plan.With.Name, a.local(c.Closed))
}

func (a *app) debrief(ctx context.Context, ref string, h *hindsight) error {
	if err := h.fits(); err != nil {
		return err
	}
	if err := a.openToSend(ctx); err != nil {
		return err
	}
	a.lookThere(ctx)
	d, err := a.turnTo(ctx, ref, h)
	if err != nil {
		return err
	}
	if d.c.Status(d.b.Now) == conversation.Closed {
		// It was stopped before the thank-you could leave.
		if m := d.c.Last(nil, outbox.Thanks); m != nil && m.State == outbox.Queued && !a.dryRun && !h.silent {
			a.say("You have looked back on the talk already; its thank-you is still to leave.")
			return a.letGo(ctx, []*outbox.Message{m}, nil)
		}
		return a.errTwice(d.c)
	}
	if !h.given {
		if !terminal(a.stdin) {
			return usage("nobody can be asked here what came of the talk", "say it by --met, --unmet, --learned, "+
				"--promise, --kept, --unkept and --note, with --thanks, --thanks-default or --no-thanks, and --next; or by --not-held")
		}
		return d.ask(ctx)
	}
	if err := d.answer(); err != nil {
		return err
	}
	if a.dryRun {
		return d.rehearse(ctx)
	}
	draft, err := d.draft(ctx)
	if err != nil {
		return err
	}
	if len(draft.Messages) > 0 {
		if terminal(a.stdin) && !a.yes {
			if err := a.present(d.c, draft.Messages[0]); err != nil {
				return err
			}
		}
		if err := a.confirm(a.allTheSame(d.objection(draft), "Send it, and close the round?")); err != nil {
			return err
		}
	}
	return d.carryOut(ctx, draft)
}

// turnTo returns the debriefing of a talk that is over, or was looked back on already.
func (a *app) turnTo(ctx context.Context, ref string, h *hindsight) (*debriefing, error) {
	b, err := a.look(ctx)
	if err != nil {
		return nil, err
	}
	c, err := a.findPast(b, ref)
	if err != nil {
		return nil, err
	}
	// By its round: the next one may have this id, too, before this one is closed.
	d := &debriefing{app: a, hindsight: h, b: b, c: c, ref: fmt.Sprintf("%s/%d", c.ID, c.Round)}
	if c.Status(b.Now) == conversation.Closed {
		return d, nil
	}
	if err := command.Past(c, b.Now); err != nil {
		return nil, err
	}
	return d, d.readJournal()
}

// findPast returns the conversation that a debrief is about: of several rounds, where none is named, the first that
// nobody has looked back on.
func (a *app) findPast(b *roster.Roster, ref string) (*conversation.Conversation, error) {
	c, err := a.find(b, ref)
	if err != nil || strings.Contains(ref, "/") {
		return c, err
	}
	for _, t := range b.Conversations {
		if t.ID != c.ID {
			continue
		}
		switch t.Status(b.Now) {
		case conversation.Met:
			return t, nil
		case conversation.Closed:
			// The talk of the next round is still far.
			if !c.Invited() {
				c = t
			}
		}
	}
	return c, nil
}

// readJournal takes in what the journal says.
func (d *debriefing) readJournal() error {
	j, problems := journal.Read(d.config.journals(), d.c.ID)
	if problems != nil {
		return problemsError(problems)
	}
	d.journal = j
	var before []journal.Entry
	for _, e := range j.Entries {
		if e.Round != d.c.Round {
			before = append(before, e)
		}
	}
	d.open = journal.Open(before)
	return nil
}

// draft decides on closing the round, and on the thank-you, as the conversation stands now.
func (d *debriefing) draft(ctx context.Context) (*conversation.Draft, error) {
	var err error
	if d.b, d.c, err = d.lookAt(ctx, d.ref); err != nil {
		return nil, err
	}
	now := d.b.Now
	return d.sched.Decide(d.c, now, func() (*conversation.Draft, error) {
		if d.notHeld {
			return d.sched.Take(d.c, command.NotHeld{}, now)
		}
		return command.Debrief(d.c, d.letter, now)
	})
}

// objection is what the organizer should know before the thank-you leaves.
func (d *debriefing) objection(draft *conversation.Draft) string {
	list := []string{draft.Objection}
	if p := d.c.Source(); p != nil && d.letter != nil && p.Private.IsIn(d.letter.Words) {
		list = append(list, "It repeats a phrase that stands under private in the plan.")
	}
	if d.entry == nil && d.b.Doubt != "" {
		list = append(list, "A thank-you may have gone already: the journal has this round, and the state does not.")
	}
	return strings.TrimSpace(strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" }), " "))
}

// carryOut does all that was decided, in an order in which whoever stops it in between can call it again: what is done
// already is left as it is, and nothing is sent before the round is closed.
func (d *debriefing) carryOut(ctx context.Context, draft *conversation.Draft) error {
	if err := d.keep(); err != nil {
		return err
	}
	if err := d.plan(); err != nil {
		return err
	}
	if err := d.close(ctx, draft); err != nil {
		return err
	}
	rows := []logRow{}
	var pending error
	if len(draft.Messages) > 0 {
		rows, pending = d.handOver(ctx, draft.Messages)
		if rows == nil {
			return pending
		}
	}
	d.say("%s: %s.", d.c.Ref(), draft.What())
	if err := d.data(d.report(rows)); err != nil {
		return err
	}
	return pending
}

// keep writes into the journal.
func (d *debriefing) keep() error {
	if d.entry == nil {
		return nil
	}
	path := journal.Path(d.config.journals(), d.c.ID)
	switch err := d.journal.Append(*d.entry); {
	case errors.Is(err, journal.ErrShape):
		return usage("nothing can be added to the journal %s: %s", "write its entries below each other, each with - before it",
			path, err)
	case errors.Is(err, journal.ErrChanged):
		return usage("the journal %s was changed at this moment", "look at it, and try again", path)
	case err != nil:
		return cantWrite("the journal "+path, err)
	}
	d.say("Kept in %s, which stays on this machine.", path)
	return nil
}

// close writes down that the round is over, and what is to leave for it, in one transaction.
func (d *debriefing) close(ctx context.Context, draft *conversation.Draft) (err error) {
	for try := 1; ; try++ {
		draft.Slots = conversation.Anyway
		if err = d.sched.Store.Commit(ctx, draft); !errors.Is(err, conversation.ErrConflict) || try >= 5 {
			return err
		}
		next, err := d.draft(ctx)
		if err != nil {
			return err
		}
		*draft = *next
	}
}

// A closing is what a debrief has come to, as JSON.
type closing struct {
	ID       string       `json:"id"`
	Round    int          `json:"round"`
	Status   string       `json:"status"`
	Journal  *string      `json:"journal"`
	Next     *closingNext `json:"next"`
	Messages []logRow     `json:"messages"`
}

type closingNext struct {
	Round int    `json:"round"`
	File  string `json:"file"`
}

func (d *debriefing) report(rows []logRow) closing {
	r := closing{ID: string(d.c.ID), Round: d.c.Round, Status: string(d.c.Status(d.b.Now)), Messages: rows}
	if !d.notHeld {
		path := journal.Path(d.config.journals(), d.c.ID)
		r.Journal = &path
	}
	if d.further != nil {
		r.Next = &closingNext{d.further.round, d.further.path}
	}
	return r
}

// rehearse shows what a debrief would write and send.
func (d *debriefing) rehearse(ctx context.Context) error {
	draft, err := d.draft(ctx)
	if err != nil {
		return err
	}
	for i, p := range d.open {
		if i == 0 {
			d.say("Open until now:")
		}
		d.say("  %d. %s", i+1, d.promiseText(p))
	}
	if d.entry != nil {
		d.say("Into %s:\n%s", journal.Path(d.config.journals(), d.c.ID), d.entry.Text())
	}
	if d.further != nil {
		d.say("Into %s:\n%s", d.further.path, d.further.data)
	}
	if len(draft.Messages) == 0 {
		d.say("Nobody would be written to.")
		return d.data(d.report([]logRow{}))
	}
	draft.Objection = d.objection(draft)
	return d.app.rehearse(ctx, draft)
}
