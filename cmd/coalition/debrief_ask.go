package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"coalition/scheduler/journal"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// The answers to questions about a talk.
const (
	itWas    = "yes"
	itWasNot = "no"
	notTold  = ""

	ownWords  = "own"
	asWritten = "template"
	noThanks  = "none"

	otherWords = "change"
	goWithout  = "without"
	leaveAll   = "leave"

	otherDay = "another"
	noRound  = "none"
)

// A recollection is a hindsight as questions ask for it.
type recollection struct {
	held           bool
	measures, kept []string
	mine, theirs   []string
	thanks         string
	words          []string
	next, day      string
}

// ask asks what came of the talk, shows what is to be written and sent, and does it once that is agreed to.
func (d *debriefing) ask(ctx context.Context) error {
	r := &recollection{held: true, measures: make([]string, len(d.measures())), kept: make([]string, len(d.open)),
		thanks: ownWords, next: noRound}
	if err := d.walk(d.questions(r), nil); err != nil {
		return err
	}
	for {
		d.take(r)
		if err := d.answer(); err != nil {
			return err
		}
		if d.dryRun {
			return d.rehearse(ctx)
		}
		draft, err := d.draft(ctx)
		if err != nil {
			return err
		}
		d.show()
		ask := "Write it down, and close the round?"
		if d.notHeld {
			ask = "Write down that the talk did not take place?"
		}
		if len(draft.Messages) > 0 {
			if err := d.present(d.c, draft.Messages[0]); err != nil {
				return err
			}
			ask = d.allTheSame(d.objection(draft), "Send it, and close the round?")
		}
		yes := d.yes
		if !yes {
			if yes, err = d.agrees(ask); err != nil {
				return err
			}
		}
		if yes {
			return d.carryOut(ctx, draft)
		}
		do := leaveAll
		if len(draft.Messages) > 0 {
			do = otherWords
			if err := d.walk([]*question{{title: "Then", text: &do, choices: []choice{{otherWords, "write the thank-you otherwise"},
				{goWithout, "close the round without one"}, {leaveAll, "leave all as it was"}}}}, nil); err != nil {
				return err
			}
		}
		switch do {
		case leaveAll:
			return usage("nothing was written, and nothing was sent", "")
		case goWithout:
			r.thanks = noThanks
		case otherWords:
			if err := d.rewrite(r, draft.Messages[0]); err != nil {
				return err
			}
		}
	}
}

// questions are those about the talk, in the order of the method: what came of it, what matters to the other, what was
// promised, thanks, the next round.
func (d *debriefing) questions(r *recollection) []*question {
	name := d.c.Plan.With.Name
	held := func() bool { return r.held }
	var list []*question
	add := func(q *question) {
		if q.when == nil {
			q.when = held
		}
		list = append(list, q)
	}
	add(&question{title: "Did the talk take place", yes: &r.held, when: func() bool { return true },
		explain: "If it did not, nothing is looked back on, and nobody is written to."})
	if d.journal.Of(d.c.Round) == nil {
		d.past(r, add)
	}
	add(&question{key: "thanks", title: "Thank " + name, text: &r.thanks,
		explain: "For being willing, and for how they were with you. You see the mail before it goes.",
		choices: []choice{{ownWords, "in your own words"}, {asWritten, "in the words of the template"}, {noThanks, "not by mail"}}})
	add(&question{title: "Your words", list: &r.words, needed: true, when: func() bool { return r.held && r.thanks == ownWords },
		explain: "They stand between the greeting and your name: how they were with you, what you value, what you wish them."})
	round := d.c.Round + 1
	if c := d.c.After; c != nil && c.Round == round {
		return list
	}
	add(&question{title: "The next round", text: &r.next, when: func() bool { return true },
		explain: fmt.Sprintf("A time is looked for from that day on, and %s is asked first, once you have checked in.", name),
		choices: []choice{{noRound, "not now"}, {"in 1 week", ""}, {"in 4 weeks", ""}, {"in 12 weeks", ""}, {otherDay, "a day, or a time, of your own"}}})
	add(&question{title: "From which day, or when", text: &r.day, needed: true, when: func() bool { return r.next == otherDay },
		explain: "Such as 2027-03-25, in 6 weeks, or 2027-03-25 10:00.", valid: func(s string) error {
			_, err := plan.ParseDate(s)
			return err
		}})
	return list
}

// past adds the questions whose answers stand in the journal.
func (d *debriefing) past(r *recollection, add func(*question)) {
	name := d.c.Plan.With.Name
	for i, text := range d.measures() {
		add(&question{title: fmt.Sprintf("Measure %d of %d", i+1, len(r.measures)), explain: text, text: &r.measures[i],
			choices: []choice{{itWas, "it was met"}, {itWasNot, "it was not"}, {notTold, "that can't be told yet"}}})
	}
	for i, p := range d.open {
		add(&question{title: "Was it kept", explain: d.promiseText(p), text: &r.kept[i],
			choices: []choice{{itWas, "it was kept"}, {itWasNot, "it was not"}, {notTold, "it is open"}}})
	}
	add(&question{title: "What you learned", text: &d.learned, long: true,
		explain: "What matters most to " + name + " now? It stays with you, and you see it before the next talk."})
	valid := func(who journal.By) func(string) error {
		return func(s string) error {
			_, err := d.promise(string(who) + ": " + s)
			return told(err)
		}
	}
	add(&question{title: "What you promised", list: &r.mine, valid: valid(journal.Me),
		explain: "With a day, where there is one: send the roadmap by 2027-03-11, or in 2 weeks."})
	add(&question{title: "What " + name + " promised", list: &r.theirs, valid: valid(journal.Them)})
	add(&question{title: "Anything else to keep", text: &d.remark, long: true})
}

// told is an error of a flag as the fault of an answer.
func told(err error) error {
	var u *usageError
	if errors.As(err, &u) {
		return errors.New("can't be read: " + u.text + "; " + u.hint)
	}
	return err
}

// take puts what was answered where flags would have put it.
func (d *debriefing) take(r *recollection) {
	h := d.hindsight
	h.notHeld, h.met, h.unmet, h.kept, h.broken, h.promises = !r.held, nil, nil, nil, nil, nil
	split := func(answers []string, yes, no *[]int) {
		for i, answer := range answers {
			switch answer {
			case itWas:
				*yes = append(*yes, i+1)
			case itWasNot:
				*no = append(*no, i+1)
			}
		}
	}
	split(r.measures, &h.met, &h.unmet)
	split(r.kept, &h.kept, &h.broken)
	for _, text := range r.mine {
		h.promises = append(h.promises, "me: "+text)
	}
	for _, text := range r.theirs {
		h.promises = append(h.promises, "them: "+text)
	}
	h.own, h.template = r.held && r.thanks == ownWords, r.held && r.thanks == asWritten
	h.thanks = ""
	if h.own {
		h.thanks = strings.Join(r.words, "\n\n")
	}
	if h.next = r.next; r.next == otherDay {
		h.next = r.day
	}
}

// show tells what is to be written.
func (d *debriefing) show() {
	d.note("")
	if d.entry != nil {
		d.note("%s", d.entry.Text())
	}
	if d.further != nil {
		d.note("The next round stands in %s then.\n", d.further.path)
	}
}

// rewrite lets the organizer write the thank-you otherwise, from the words that it has.
func (d *debriefing) rewrite(r *recollection, m *outbox.Message) error {
	if r.thanks != ownWords {
		mail, err := read(m)
		if err != nil {
			return err
		}
		// Between the greeting and the name.
		if parts := strings.Split(strings.TrimSpace(mail.Text), "\n\n"); len(parts) > 2 {
			r.words = parts[1 : len(parts)-1]
		}
	}
	r.thanks = ownWords
	return d.walk([]*question{{title: "Your words", list: &r.words, needed: true}}, nil)
}
