package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/scheduler/plan"
	"coalition/scheduler/plan/form"
	"coalition/scheduler/strictyaml"
)

// A section is the questions about one side of a plan.
type section struct {
	name      string
	questions []*question
}

// sections are all questions, in the order of the method.
func (w *planWalk) sections() []section {
	list := []section{
		{"person", w.person()},
		{"purpose", w.purpose()},
		{"setting", w.setting()},
		{"agenda", w.agenda()},
		{"time", w.when()},
		{"private", w.private()},
	}
	for _, s := range list {
		for _, q := range s.questions {
			applies := q.when
			q.when = func() bool { return !w.flagged[q.key] && (applies == nil || applies()) }
		}
	}
	return list
}

// line, lines and yesNo ask for a key of the plan.
func (w *planWalk) line(path, title, explain string) *question {
	return &question{key: path, title: title, explain: explain, text: w.one[path], valid: checks(path)}
}

func (w *planWalk) lines(path, title, explain string) *question {
	return &question{key: path, title: title, explain: explain, list: w.list[path], valid: checks(path)}
}

func (w *planWalk) yesNo(path, title, explain string) *question {
	return &question{key: path, title: title, explain: explain, yes: w.yes[path]}
}

func checks(path string) func(string) error {
	return func(value string) error {
		if fault := form.Check(path, value); fault != nil {
			return fault
		}
		return nil
	}
}

func (w *planWalk) person() []*question {
	name := w.line("with.name", "With whom", "Their name, as on an envelope.")
	address := w.line("with.email", "Their mail address", "Nothing goes there before you have checked in with yourself.")
	address.valid = func(value string) error {
		if w.b.Settings.Own(value) {
			return &strictyaml.Fault{Text: "is your own address", Mend: "write theirs"}
		}
		return checks("with.email")(value)
	}
	name.needed, address.needed = true, true
	id := w.line("id", "A short name for this plan", "")
	id.needed = true
	id.when = func() bool {
		_, _, err := w.a.place(w.b, form.Said{"with.name": {*w.one["with.name"]}})
		return err != nil
	}
	id.now = func(q *question) {
		_, _, err := w.a.place(w.b, form.Said{"with.name": {*w.one["with.name"]}})
		q.explain = "Commands call it by this."
		if err != nil {
			q.explain = err.Error() + ". " + q.explain
		}
		*q.text = cmp.Or(*q.text, w.freeID(slug(*w.one["with.name"])))
	}
	id.valid = func(value string) error {
		if fault := form.Check("id", value); fault != nil {
			return fault
		}
		if _, _, err := w.a.place(w.b, form.Said{"id": {value}}); err != nil {
			return &strictyaml.Fault{Text: "is taken", Mend: "choose another"}
		}
		return nil
	}
	call := w.line("with.call", "How you call them", "")
	call.now = func(q *question) {
		q.explain = fmt.Sprintf("Mails begin with it: Hello %s. Empty: the whole name.",
			strings.Fields(*w.one["with.name"] + " x")[0])
	}
	language := w.line("with.language", "Their language", "In which mails, invitations and pages speak to them.")
	for _, l := range w.a.sched.Words.Languages() {
		language.choices = append(language.choices, choice{value: l})
	}
	if !slices.ContainsFunc(language.choices, func(c choice) bool { return c.value == *language.text }) {
		language.choices = append(language.choices, choice{value: *language.text})
	}
	familiar := w.yesNo("with.familiar", "Are you on familiar terms", "Then mails say du, tú or tu, where a language has it.")
	familiar.when = func() bool { return !strings.HasPrefix(*w.one["with.language"], "en") }
	zone := w.line("with.timezone", "Their time zone", "Times are shown on their clock, too.")
	zone.needed = true
	return []*question{name, address, id, call, language, familiar, zone}
}

// freeID is an id that no plan has.
func (w *planWalk) freeID(from string) string {
	id := cmp.Or(from, "talk")
	for n := 2; n < 100; n++ {
		if _, _, err := w.a.place(w.b, form.Said{"id": {id}}); err == nil {
			break
		}
		id = fmt.Sprintf("%s-%d", cmp.Or(from, "talk"), n)
	}
	return id
}

func (w *planWalk) purpose() []*question {
	purpose := w.line("purpose", "What the partnership is for", "A sentence or two, told openly in brief and invitation.")
	purpose.long = true
	result := w.line("result", "The result it serves", "Several talks may serve one, such as Spring launch. It is not sent.")
	return []*question{
		result, purpose,
		w.lines("offer", "What you have to offer", "They read this, too: what do they gain?"),
		w.lines("ask", "How you would like to be supported", "Plainly; they are free to say no."),
	}
}

func (w *planWalk) setting() []*question {
	kind := w.line("setting.kind", "A safe place to talk", "")
	kind.choices = []choice{
		{plan.Neutral, "a park, a restaurant"},
		{plan.Walk, "side by side"},
		{plan.Coffee, "in or out of the building"},
		{plan.Lunch, "in the cafeteria"},
		{plan.Office, "theirs, if it has a door"},
		{plan.Phone, "far apart, at a time set aside for it"},
		{plan.Video, "the same, face to face"},
		{"", "left for later"},
	}
	cubicle := false
	kind.now = func(q *question) {
		q.explain = "The first that suits you both is the best."
		if cubicle {
			q.explain = "An office is a safe place only with a door. " + q.explain
		}
	}
	is := func(kinds ...string) func() bool {
		return func() bool { return slices.Contains(kinds, *w.one["setting.kind"]) }
	}
	room := w.yesNo("setting.private_room", "Has it a door", "A cubicle is no safe place.")
	room.when = is(plan.Office)
	room.then = func() string {
		if cubicle = !*room.yes; cubicle {
			return "setting.kind"
		}
		return ""
	}
	place := w.line("setting.place", "The place", "So that they find it.")
	place.when = is(plan.Neutral, plan.Walk, plan.Coffee, plan.Lunch, plan.Office)
	caller := w.line("setting.caller", "Who calls", "")
	caller.choices = []choice{{string(plan.CallerMe), "you call them"}, {string(plan.CallerPartner), "they call you"}}
	caller.when = is(plan.Phone)
	phone := w.line("setting.phone", "The number", "")
	phone.when, phone.needed = is(plan.Phone), true
	phone.now = func(q *question) {
		q.explain = "Theirs, which you call, with its country: +49 30 1234567."
		if *w.one["setting.caller"] == string(plan.CallerPartner) {
			q.explain = "Yours, which they call, with its country: +49 30 1234567."
		}
	}
	url := w.line("setting.url", "The address of the video call", "Where you both join, such as https://meet.example.org/x.")
	url.when, url.needed = is(plan.Video), !w.a.sched.Plans.Meet
	length := w.line("when.duration", "How long", "Usually an hour at least. Such as 1h or 90m.")
	length.needed = true
	short := w.yesNo("when.short", "Is less than an hour meant", "A talk of this kind usually needs one.")
	short.when = func() bool { return form.Said{"when.duration": {*length.text}}.Length() < time.Hour }
	short.then = func() string {
		if !*short.yes {
			return "when.duration"
		}
		return ""
	}
	return []*question{kind, room, place, caller, phone, url, length, short}
}

func (w *planWalk) agenda() []*question {
	agenda := w.lines("agenda", "The agenda", "")
	agenda.needed = true
	over := func() bool { return form.Minutes(*agenda.list) > int(w.said.Length().Minutes()) }
	agenda.now = func(q *question) {
		q.explain = "They read it as it stands. A proposal: change what you like."
		if over() {
			q.explain = fmt.Sprintf("This takes %d minutes, and the talk %d. They read it as it stands.", form.Minutes(*q.list),
				int(w.said.Length().Minutes()))
		}
		if len(*q.list) == 0 {
			*q.list = w.proposed()
		}
	}
	agenda.then = func() string {
		if over() {
			return "agenda"
		}
		return ""
	}
	return []*question{agenda}
}

// proposed is the agenda that is proposed for a talk about a partnership.
func (w *planWalk) proposed() []string {
	p, err := w.a.proposal(w.said)
	if err != nil {
		return nil
	}
	return p.Agenda
}

func (w *planWalk) when() []*question {
	how := &question{key: "time", title: "When", text: w.time, choices: []choice{
		{timeFound, "free times in the next two weeks"},
		{timeBetween, "the same, between two days"},
		{timeOffered, "several times, of which they choose one"},
		{timeFixed, "one time"},
	}, when: func() bool { return !w.flagged["when.start"] && !w.flagged["when.times"] && !w.flagged["when.between"] }}
	is := func(way string) func() bool { return func() bool { return how.when() && *w.time == way } }
	example := w.b.Now.AddDate(0, 0, 14).Format(time.DateOnly)
	day, moment := "A day, such as "+example+" or in 3 days.", "Such as "+example+" 10:00, or in 10 working days at 10:00."
	from := &question{key: "when.from", title: "From which day", explain: day, text: w.from, needed: true,
		when: is(timeBetween), valid: w.ahead(false)}
	to := &question{key: "when.to", title: "To which day", explain: day, text: w.to, needed: true, when: is(timeBetween)}
	to.valid = func(s string) error {
		if err := w.ahead(false)(s); err != nil {
			return err
		}
		return checks("when.between")(*w.from + ".." + s)
	}
	times := w.lines("when.times", "The times", moment+" They answer with the number of one.")
	times.when, times.needed, times.valid = is(timeOffered), true, w.ahead(true)
	start := w.line("when.start", "It begins", moment)
	start.when, start.needed, start.valid = is(timeFixed), true, w.ahead(true)
	return []*question{how, from, to, times, start}
}

// ahead checks a time, or a day, that is to come.
func (w *planWalk) ahead(clock bool) func(string) error {
	return func(s string) error {
		d, err := plan.ParseDate(s)
		if err != nil {
			return err
		}
		if clock && !d.HasClock() {
			return &strictyaml.Fault{Text: "has no time of day", Mend: "write it as 2027-03-04 10:00"}
		}
		o := w.a.config.Organizer
		at, err := d.Instant(w.b.Now, string(o.Timezone), o.WorkingHours)
		switch {
		case err != nil:
			return err
		case !clock && at.Before(w.b.Now.AddDate(0, 0, -1)), clock && !at.After(w.b.Now):
			return &strictyaml.Fault{Text: "has passed", Mend: "choose one ahead"}
		}
		return nil
	}
}

func (w *planWalk) private() []*question {
	why := w.line("private.why", "Why this person, and to what end",
		"From here on it is for you alone, and never leaves this machine.")
	goal := w.line("private.goal", "What is to come of it", "Half a year from now, what is different?")
	measures := w.lines("private.measures", "By what you will see it", "After the talk you are asked which came true.")
	history := w.line("private.history", "What stands between you", "If anything does, as you would tell a friend.")
	why.long, goal.long, history.long = true, true, true
	past := &question{key: "past", title: "A talk of its own for that, first", yes: w.past,
		explain: "It comes first, and needs room. The partnership follows as a second talk.",
		when: func() bool {
			return *w.one["private.history"] != "" && slices.Equal(w.said["agenda"], w.proposed())
		}}
	importance := w.line("private.importance", "How much it matters, 1 to 5",
		"The list begins with what matters most, and soonest.")
	urgency := w.line("private.urgency", "How soon, 1 to 5", "1: it can wait. 5: now.")
	importance.needed, urgency.needed = true, true
	return []*question{why, goal, measures, importance, urgency, history, past}
}
