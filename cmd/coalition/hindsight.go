package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
	"coalition/scheduler/plan"
	"coalition/scheduler/plan/form"
	"coalition/scheduler/refusal"
	"coalition/scheduler/strictyaml"
	"coalition/templates"
)

// hindsight is what the organizer says after a talk.
type hindsight struct {
	// The numbers of measures, and of promises made earlier.
	met, unmet, kept, broken []int
	learned, remark          string
	// Each as promise reads it.
	promises []string
	// Words of their own, where own is true, those of the template, or none.
	thanks                string
	own, template, silent bool
	// A date, or none.
	next    string
	notHeld bool
	// Any of it was said by a flag.
	given bool
}

// fits refuses what can't be meant together.
func (h *hindsight) fits() error {
	said := 0
	for _, yes := range []bool{h.own, h.template, h.silent} {
		if yes {
			said++
		}
	}
	switch {
	case said > 1:
		return usage("--thanks, --thanks-default and --no-thanks exclude each other", "keep one of them")
	case h.own && strings.TrimSpace(h.thanks) == "":
		return usage("--thanks is empty", "write your words, or use --thanks-default, or --no-thanks")
	case h.notHeld && (h.own || h.template || h.learned+h.remark != "" ||
		len(h.met)+len(h.unmet)+len(h.kept)+len(h.broken)+len(h.promises) > 0):
		return usage("there is nothing to look back on in a talk that did not take place", "leave out all but --not-held and --next")
	}
	return nil
}

// answer makes of what was said what is to be written and sent.
func (d *debriefing) answer() (err error) {
	d.entry, d.letter, d.further = nil, nil, nil
	// It was stopped in between, and called again.
	again := d.journal.Of(d.c.Round) != nil
	switch {
	case d.notHeld && again:
		return usage("%s says that the talk took place", "look at it, and take its entry out if that is wrong",
			journal.Path(d.config.journals(), d.c.ID))
	case d.notHeld:
	case again:
		d.note("%s has this round already and is left as it is; what you say of it now is not written there.",
			journal.Path(d.config.journals(), d.c.ID))
	default:
		if d.entry, err = d.entryOf(); err != nil {
			return err
		}
	}
	if d.own || d.template {
		d.letter = &command.Thanks{Words: strings.TrimSpace(d.thanks)}
		if err := refusal.CheckLetter("the thank-you", d.letter.Words); err != nil {
			return err
		}
	}
	d.further, err = d.furtherOf(d.next, again)
	return err
}

// entryOf is the entry of the journal.
func (d *debriefing) entryOf() (*journal.Entry, error) {
	e := &journal.Entry{Round: d.c.Round, On: journal.DayOf(d.c.Told().Start.Time().In(d.zone())),
		Learned: strings.TrimSpace(d.learned), Note: strings.TrimSpace(d.remark)}
	for name, text := range map[string]string{"--learned": e.Learned, "--note": e.Note} {
		if err := refusal.CheckLetter(name, text); err != nil {
			return nil, err
		}
	}
	met, err := d.numbered("measure", d.measures(), d.met, d.unmet, "--met", "--unmet")
	if err != nil {
		return nil, err
	}
	for i, text := range d.measures() {
		e.Measures = append(e.Measures, journal.Measure{Text: text, Met: met[i]})
	}
	var open []string
	for _, p := range d.open {
		open = append(open, p.Text)
	}
	kept, err := d.numbered("open promise", open, d.kept, d.broken, "--kept", "--unkept")
	if err != nil {
		return nil, err
	}
	for i, p := range d.open {
		if p.Kept = kept[i]; p.Kept != nil {
			e.Promises = append(e.Promises, p)
		}
	}
	for _, text := range d.promises {
		p, err := d.promise(text)
		if err != nil {
			return nil, err
		}
		e.Promises = append(e.Promises, p)
	}
	return e, nil
}

// measures are those of the plan as its file has them now.
func (d *debriefing) measures() []string {
	if p := d.c.Source(); p != nil {
		return p.Private.Measures
	}
	return nil
}

// numbered says of each of list whether its number, from 1, is among yes (true) or no (false); nil: among neither.
func (d *debriefing) numbered(what string, list []string, yes, no []int, yesFlag, noFlag string) ([]*bool, error) {
	said := make([]*bool, len(list))
	for _, side := range []struct {
		numbers []int
		flag    string
		truth   bool
	}{{yes, yesFlag, true}, {no, noFlag, false}} {
		for _, n := range side.numbers {
			switch {
			case len(list) == 0:
				return nil, usage("%s %d: there is no %s", "leave it out", side.flag, n, what)
			case n < 1 || n > len(list):
				return nil, usage("%s %d: there are %s, from 1 on", "see them with --dry-run", side.flag, n, count(len(list), what))
			case said[n-1] != nil && *said[n-1] != side.truth:
				return nil, usage("%s %d stands in %s and in %s", "take it out of one", what, n, yesFlag, noFlag)
			}
			said[n-1] = &side.truth
		}
	}
	return said, nil
}

// promise reads a promise as it is written: who, what, and until when, where that is known.
func (d *debriefing) promise(text string) (journal.Promise, error) {
	who, what, ok := strings.Cut(text, ":")
	var p journal.Promise
	if !ok || p.By.Parse(strings.ToLower(strings.TrimSpace(who))) != nil {
		return p, usage("the promise %q does not say whose it is", `write it as "me: send the roadmap by 2027-03-11", or "them: …"`, text)
	}
	p.Text = strings.TrimSpace(what)
	if what, day, err := d.due(p.Text); err != nil {
		return p, err
	} else if day != "" {
		p.Text, p.Due = what, day
	}
	if p.Text == "" {
		return p, usage("the promise %q says nothing", `write it as "me: send the roadmap by 2027-03-11"`, text)
	}
	if err := refusal.CheckText("a promise", p.Text); err != nil {
		return p, err
	}
	return p, nil
}

// due cuts the day off the end of a promise; "": none is named.
func (d *debriefing) due(text string) (what string, day journal.Day, err error) {
	what, named := text, ""
	if at := strings.LastIndex(text, " in "); at >= 0 {
		what, named = text[:at], text[at+1:]
	}
	date, ok := dated(named)
	if at := strings.LastIndex(text, " by "); !ok && at >= 0 {
		what, named = text[:at], text[at+len(" by "):]
		date, ok = dated(named)
	} else if !ok {
		return text, "", nil
	}
	what = strings.TrimSuffix(strings.TrimSpace(what), " by")
	if !ok {
		// "stand by her", and no date that was misspelt.
		if strings.ContainsAny(named, "0123456789") || namesDay(named) {
			return "", "", usage("“by %s” is no date", "write it as by 2027-03-11, or in 2 weeks", named)
		}
		return text, "", nil
	}
	day = journal.DayOf(date.Day(d.b.Now, string(d.config.Organizer.Timezone), d.config.Organizer.WorkingHours))
	if talk := journal.DayOf(d.c.Told().Start.Time().In(d.zone())); day < talk {
		return "", "", usage("%s was before the talk", "name a later day", named)
	}
	return what, day, nil
}

// namesDay reports whether a text begins as people name a day or a month, which nobody should have to guess.
func namesDay(text string) bool {
	words := strings.Fields(strings.ToLower(strings.TrimRight(text, ".!")))
	if len(words) > 1 && words[0] == "the" {
		words = words[1:]
	}
	if len(words) == 0 {
		return false
	}
	first := words[0]
	if slices.Contains([]string{"today", "tonight", "tomorrow", "next", "end", "beginning", "mid"}, first) {
		return true
	}
	begins := func(name string) bool { return first == strings.ToLower(name) || first == strings.ToLower(name[:3]) }
	for day := time.Sunday; day <= time.Saturday; day++ {
		if begins(day.String()) {
			return true
		}
	}
	for month := time.January; month <= time.December; month++ {
		// "by May": one of our names for a month is one of a person.
		if begins(month.String()) && (month != time.May || len(words) == 1) {
			return true
		}
	}
	return false
}

// dated is the date that a text is, if it is one.
func dated(text string) (date plan.Date, ok bool) {
	date, err := plan.ParseDate(text)
	return date, err == nil
}

// promiseText is a promise in a line for people.
func (d *debriefing) promiseText(p journal.Promise) string {
	who := map[journal.By]string{journal.Me: "You", journal.Them: d.c.Plan.With.Name}[p.By]
	if p.Due == "" {
		return who + ": " + p.Text
	}
	return who + ": " + p.Text + ", by " + p.Due.Time().Format("Mon 2 Jan 2006")
}

// A further is the plan file of the next round.
type further struct {
	round int
	path  string
	data  []byte
	// It is there already.
	done bool
}

// workingDays is how many of the organizer's days a time is looked for in.
const workingDays = 10

// furtherOf is the plan of the next round; nil: there is to be none. again says that it may have been written already.
func (d *debriefing) furtherOf(next string, again bool) (*further, error) {
	if next = strings.TrimSpace(next); next == "" || strings.EqualFold(next, "none") {
		return nil, nil
	}
	date, err := plan.ParseDate(next)
	var fault *strictyaml.Fault
	if errors.As(err, &fault) {
		return nil, usage("--next %q %s", "write a day such as 2027-03-25 or `in 4 weeks`, a day with a time, or none", next, fault.Text)
	}
	p := d.c.Source()
	if p == nil {
		return nil, usage("the plan file of %s is gone, and the next round begins with what stands in it",
			"put it back, or leave --next out", d.c.Ref())
	}
	f := &further{round: d.c.Round + 1}
	f.path = filepath.Join(d.sched.Plans.Path, fmt.Sprintf("%s-%d.yaml", d.c.ID, f.round))
	said := form.Again(p)
	said["round"] = []string{strconv.Itoa(f.round)}
	if err := d.time(said, date); err != nil {
		return nil, err
	}
	if f.data, err = d.furtherText(said, p); err != nil {
		return nil, err
	}
	if old, err := os.ReadFile(f.path); err == nil && (again || bytes.Equal(old, f.data)) {
		d.note("%s is there already and is left as it is.", f.path)
		f.done = true
		return f, nil
	}
	if slices.ContainsFunc(d.b.Conversations, func(c *conversation.Conversation) bool { return c.ID == d.c.ID && c.Round == f.round }) {
		return nil, usage("round %d with %s is planned already", "name its time in its plan file, and leave --next out", f.round, p.With.Name)
	}
	if _, err := os.Lstat(f.path); err == nil {
		return nil, usage("%s is there already", fmt.Sprintf("leave --next out, and plan the next round in a document of its own: "+
			"`id: %s` and `round: %d`", d.c.ID, f.round), f.path)
	}
	_, _, problems := d.sched.Plans.Parse(f.path, d.c.ID, f.data)
	if problems = slices.DeleteFunc(problems, func(p strictyaml.Problem) bool { return p.Warning }); len(problems) > 0 {
		return nil, fromFlags(problems)
	}
	return f, nil
}

// time says when the next round is: at the time of date, or found within ten working days from its day on.
func (d *debriefing) time(said form.Said, date plan.Date) error {
	o := &d.config.Organizer
	if date.HasClock() {
		slot, err := date.Slot(d.b.Now, string(o.Timezone), o.WorkingHours, 0)
		if err != nil {
			return usage("--next: this time %s", "choose another", err)
		}
		if !slot.Time().After(d.b.Now) {
			return usage("--next: %s has passed", "name a time ahead", slot)
		}
		said["when.start"] = []string{strings.Replace(slot.Wall, "T", " ", 1)}
		return nil
	}
	from := date.Day(d.b.Now, string(o.Timezone), o.WorkingHours)
	if from.Format(time.DateOnly) < d.b.Now.In(d.zone()).Format(time.DateOnly) {
		return usage("--next: %s has passed", "name a day ahead", from.Format("Mon 2 Jan 2006"))
	}
	to := from
	for n := 0; ; to = to.AddDate(0, 0, 1) {
		if o.WorkingHours.Has(to.Weekday()) {
			n++
		}
		if n == workingDays {
			break
		}
	}
	said["when.between"] = []string{from.Format(time.DateOnly) + ".." + to.Format(time.DateOnly)}
	return nil
}

// furtherText writes the plan, with an agenda that goes on from this round: after a talk about what is past comes the
// one about the partnership.
func (d *debriefing) furtherText(said form.Said, p *plan.Plan) ([]byte, error) {
	lang := d.sched.Compose.LanguageFor(d.c)
	past, err := d.sched.Words.Agenda(lang, templates.Past)
	if err != nil {
		return nil, err
	}
	round := templates.Further
	if len(past) > 0 && len(p.Agenda) > 0 && strings.HasPrefix(past[0], p.Agenda[0].Topic+" (") {
		round = templates.Partnership
	}
	points, err := d.sched.Words.Agenda(lang, round)
	if err != nil {
		return nil, err
	}
	ref := plan.Ref(d.c.ID, d.c.Round+1)
	return said.File(d.c.ID, form.Proposal{Agenda: form.Fit(points, said.Length()),
		Head: fmt.Sprintf("The next round with %s. Look at its purpose and its agenda; nothing leaves before you have checked in:\ncoalition ready %s",
			p.With.Name, ref)}), nil
}

// plan writes the plan file of the next round.
func (d *debriefing) plan() error {
	if d.further == nil || d.further.done {
		return nil
	}
	if err := writeNew(d.further.path, d.further.data); err != nil {
		return err
	}
	d.say("Wrote %s. Look at its purpose and its agenda, then: %s", d.further.path,
		d.hint("ready "+plan.Ref(d.c.ID, d.further.round)))
	return nil
}
