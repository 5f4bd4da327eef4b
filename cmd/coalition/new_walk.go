package main

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"coalition/invites/plaintext"
	"coalition/scheduler/plan"
	"coalition/scheduler/plan/form"
	"coalition/scheduler/roster"
)

// A planWalk asks for a plan, question by question.
type planWalk struct {
	a *app
	b *roster.Roster
	// said is what the flags have said, and then the answers.
	said form.Said
	// flagged are the keys that flags have said, which are not asked for.
	flagged map[string]bool
	// What is asked for stands here while it is.
	one  map[string]*string
	list map[string]*[]string
	yes  map[string]*bool
	// How the time is found; between which days.
	time, from, to *string
	// The past is to have a talk of its own.
	past *bool
	// draft is the file of the answers so far; "": there is none.
	draft string
	// after is the question that was answered last.
	after string
}

// The ways to come to a time.
const (
	timeFound   = "found"
	timeBetween = "between"
	timeOffered = "offered"
	timeFixed   = "fixed"
)

func (a *app) newPlanWalk(b *roster.Roster, said form.Said) *planWalk {
	way, past := timeFound, true
	w := &planWalk{a: a, b: b, said: said, flagged: make(map[string]bool), time: &way, from: new(string), to: new(string),
		past: &past}
	// The length has a default.
	for path := range said {
		w.flagged[path] = path != "when.duration" || said.One(path) != "1h"
	}
	return w
}

// load puts in what has been said so far, and what is proposed.
func (w *planWalk) load() {
	w.one, w.list, w.yes = make(map[string]*string), make(map[string]*[]string), make(map[string]*bool)
	for _, k := range form.Keys() {
		switch {
		case k.List:
			list := slices.Clone(w.said[k.Path])
			w.list[k.Path] = &list
		case k.Bool:
			yes := w.said.One(k.Path) == "true"
			w.yes[k.Path] = &yes
		default:
			text := w.said.One(k.Path)
			w.one[k.Path] = &text
		}
	}
	o := w.a.config.Organizer
	for path, preset := range map[string]string{"with.language": string(o.Language), "with.timezone": string(o.Timezone),
		"when.duration": "1h", "private.importance": "3", "private.urgency": "3", "setting.caller": string(plan.CallerMe),
		"setting.kind": plan.Neutral} {
		*w.one[path] = cmp.Or(*w.one[path], preset)
	}
}

// keep puts the answer to a question with what has been said, and all of it into the draft.
func (w *planWalk) keep(q *question) error {
	w.after = q.key
	before := w.proposed()
	if q.key == "with.name" && !w.flagged["id"] && w.said.One("with.name") != *q.text {
		// That was another's.
		w.say("id")
		*w.one["id"] = ""
	}
	switch one, list, yes := w.one[q.key], w.list[q.key], w.yes[q.key]; {
	case q.text != nil && q.text == one:
		w.say(q.key, *one)
	case q.list != nil && q.list == list:
		w.say(q.key, *list...)
	case q.yes != nil && q.yes == yes && *yes:
		w.say(q.key, "true")
	case q.yes != nil && q.yes == yes:
		w.say(q.key)
	}
	// What is the organizer's own goes without saying.
	o := w.a.config.Organizer
	own := map[string]string{"with.language": string(o.Language), "with.timezone": string(o.Timezone),
		"setting.caller": string(plan.CallerMe)}
	if own[q.key] != "" && *q.text == own[q.key] {
		w.say(q.key)
	}
	if q.key == "setting.kind" {
		// A detail of another kind would be refused.
		for path, kind := range map[string]string{"setting.private_room": plan.Office, "setting.phone": plan.Phone,
			"setting.caller": plan.Phone, "setting.url": plan.Video} {
			if *q.text != kind && !w.flagged[path] {
				w.say(path)
			}
		}
		if *q.text == "" {
			w.say("setting.place")
		}
	}
	if strings.HasPrefix(q.key, "when.") || q.key == "time" {
		w.sayTime()
	}
	if slices.Equal(w.said["agenda"], before) {
		// What was only proposed goes with the language and the length of the talk.
		w.say("agenda", w.proposed()...)
	}
	if q.then != nil {
		if to := q.then(); to != "" {
			w.after = w.before(to)
		}
	}
	return w.save()
}

// before is the question that stands before the one of that key.
func (w *planWalk) before(key string) (last string) {
	for _, s := range w.sections() {
		for _, q := range s.questions {
			if q.key == key {
				return last
			}
			last = q.key
		}
	}
	return ""
}

func (w *planWalk) say(path string, values ...string) {
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		delete(w.said, path)
		return
	}
	w.said[path] = values
}

// sayTime keeps the one way to come to a time that was chosen.
func (w *planWalk) sayTime() {
	if w.flagged["when.start"] || w.flagged["when.times"] || w.flagged["when.between"] {
		return
	}
	w.say("when.start")
	w.say("when.times")
	w.say("when.between")
	switch *w.time {
	case timeFixed:
		w.say("when.start", *w.one["when.start"])
	case timeOffered:
		w.say("when.times", *w.list["when.times"]...)
	case timeBetween:
		if *w.from != "" && *w.to != "" {
			w.say("when.between", *w.from+".."+*w.to)
		}
	}
}

// ask goes through all questions, shows the plan, and returns it once it is to be written. The error is errKept where
// the answers are to be kept for later.
func (w *planWalk) ask() (id plan.ID, path string, data []byte, err error) {
	if err := w.resume(); err != nil {
		return "", "", nil, err
	}
	w.load()
	if w.draft == "" {
		w.a.note("What you leave empty stands in the plan as a comment, to be filled in later.")
	}
	var questions []*question
	for _, s := range w.sections() {
		questions = append(questions, s.questions...)
	}
	err = w.a.walkAfter(w.after, questions, w.keep)
	for err == nil {
		const write, later = "write", "later"
		what := write
		q := &question{title: "This is the plan", text: &what,
			explain: "Nothing is sent by writing it. Or change a part of it first."}
		said := w.final()
		if id, path, err = w.a.place(w.b, said); err == nil {
			data, err = w.a.planFile(id, path, said)
		}
		w.show(data)
		if err != nil {
			q.title = "Something is not right yet"
			q.explain = strings.ReplaceAll(err.Error(), "\n", " ")
			what = "setting"
		} else {
			w.a.sayDoubts(w.b, id, path, data)
			q.choices = append(q.choices, choice{write, "to " + path})
		}
		for _, s := range w.sections() {
			q.choices = append(q.choices, choice{value: s.name})
		}
		q.choices = append(q.choices, choice{later, "go on another time"})
		if err = w.a.walk([]*question{q}, nil); err != nil {
			break
		}
		switch what {
		case write:
			return id, path, data, nil
		case later:
			return "", "", nil, errKept
		}
		w.load()
		for _, s := range w.sections() {
			if s.name == what {
				err = w.a.walk(s.questions, w.keep)
			}
		}
	}
	if w.draft != "" {
		if w.a.plain() {
			w.a.note("")
		}
		w.a.note("What you have answered is kept. Go on with: %s", w.a.hint("new"))
	}
	return "", "", nil, err
}

// errKept ends a walk whose answers are kept for later.
var errKept = errors.New("kept for later")

// final is what was said, with the past first where that was wanted.
func (w *planWalk) final() form.Said {
	said := make(form.Said)
	for path, values := range w.said {
		said[path] = values
	}
	if *w.past && slices.Equal(said["agenda"], w.proposed()) {
		// It is proposed anyway, behind a talk about the past where there is something.
		delete(said, "agenda")
	}
	return said
}

// show prints a plan without its comments, and of a second talk only the agenda.
func (w *planWalk) show(data []byte) {
	w.a.note("")
	first, second, _ := strings.Cut(string(data), "\n---\n")
	if at := strings.Index(second, "\nagenda:"); at >= 0 {
		agenda, _, _ := strings.Cut(second[at+1:], "\n\n")
		first += "\nAnd in a second talk:\n" + agenda + "\n"
	}
	empty := true
	for line := range strings.Lines(first) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(strings.TrimSpace(line), "#") || line == "" && empty {
			continue
		}
		if empty = line == ""; empty {
			w.a.note("")
			continue
		}
		line, _, _ = strings.Cut(line, "   # ")
		text := strings.TrimLeft(line, " ")
		indent := strings.Repeat(" ", 2+len(line)-len(text))
		for _, piece := range plaintext.Wrap(text, w.a.width()-len(indent)-1) {
			w.a.note("%s%s", indent, piece)
		}
	}
	w.a.note("")
}
