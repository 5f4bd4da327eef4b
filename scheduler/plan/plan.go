// Package plan knows what a planned conversation looks like in the file that the organizer writes:
// its keys, their types, and every rule that can be told from the files alone. What has already
// happened to a conversation, and what follows from a plan, it leaves to the scheduler. It never
// writes a plan file.
package plan

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"coalition/invites"
	"coalition/scheduler/strictyaml"
)

// A Plan is one document of a plan file: one round of one conversation.
type Plan struct {
	ID    ID  `yaml:"id" doc:"The conversation's id; default: the file's name without .yaml. Each further document of a file names its own."`
	Round int `yaml:"round" doc:"1 for the first talk; a further round has the same id and the next number."`
	Terms
	Private Private `yaml:"private" doc:"Never leaves this machine: not in mail, invitation, calendar, page, database or log."`

	// Modified is when the plan's file was changed last; zero for one that was not read from a folder.
	Modified time.Time

	doc *strictyaml.Document
}

// Terms is all of a plan that is not private.
type Terms struct {
	With      With     `yaml:"with" strict:"required" json:"with" doc:"The partner."`
	Result    string   `yaml:"result" json:"result,omitempty" doc:"What several conversations may serve together."`
	Opening   string   `yaml:"opening" strict:"text,max=500" json:"opening,omitempty" doc:"One or two sentences of your own that begin the brief. Told openly."`
	Purpose   string   `yaml:"purpose" strict:"text,max=2000" json:"purpose,omitempty" doc:"What the partnership is for. Told openly."`
	Offer     []string `yaml:"offer" strict:"max=500" json:"offer,omitempty" doc:"What you bring. Told openly."`
	Ask       []string `yaml:"ask" strict:"max=500" json:"ask,omitempty" doc:"How you would like to be supported. Told openly."`
	Agenda    []Item   `yaml:"agenda" json:"agenda,omitempty" doc:"Sent as it stands."`
	Setting   Setting  `yaml:"setting" json:"setting,omitzero" doc:"Where and how you talk."`
	When      When     `yaml:"when" json:"when,omitzero" doc:"How long, and when."`
	AskOn     Date     `yaml:"ask_on" json:"ask_on,omitzero" doc:"The day the brief goes out; default: as soon as ready."`
	Ready     bool     `yaml:"ready" json:"ready,omitempty" doc:"Your check-in with yourself; without it nothing is ever sent."`
	Permitted string   `yaml:"permitted" strict:"max=500" json:"permitted,omitempty" doc:"A yes given in person, and how: no brief, the invitation is due."`
}

// With is the partner.
type With struct {
	Name         string   `yaml:"name" strict:"required" json:"name" doc:"As you would write it on an envelope."`
	Email        Email    `yaml:"email" strict:"required" json:"email" doc:"One bare address."`
	Call         string   `yaml:"call" strict:"max=100" json:"call,omitempty" doc:"How mails address them, such as Maya; default: the name."`
	Familiar     bool     `yaml:"familiar" json:"familiar,omitempty" doc:"true: they are addressed in the familiar form (du, tu), in languages that have one."`
	Aliases      []Email  `yaml:"aliases" json:"aliases,omitempty" doc:"Other addresses from which they may answer."`
	Timezone     Zone     `yaml:"timezone" json:"timezone,omitempty" doc:"Theirs, by its IANA name; default: yours."`
	Language     Language `yaml:"language" json:"language,omitempty" doc:"In which they are written to, such as de or pt-BR; default: yours."`
	WorkingHours Hours    `yaml:"working_hours" strict:"alone" json:"working_hours,omitempty" doc:"When they can be met, on their clock: a block, or a list of them; default Monday to Friday, 09:00 to 17:00."`
	Holidays     Holidays `yaml:"holidays" strict:"max=1000" json:"holidays,omitempty" doc:"Theirs: a country or region such as PT or DE-BE, or a calendar file (.ics), relative to this one; default: none."`
}

// Addresses are those under which they are known, the one that they are written to first.
func (w *With) Addresses() []Email { return append([]Email{w.Email}, w.Aliases...) }

// An Item is one point of the agenda.
type Item struct {
	Topic   string `yaml:"topic" strict:"required" json:"topic" doc:"One line, as the partner reads it."`
	Minutes int    `yaml:"minutes" json:"minutes,omitempty" doc:"How long it may take."`
}

// The kinds of setting, in the method's order of preference.
const (
	Neutral = "neutral" // a restaurant, a park: nobody's own ground
	Walk    = "walk"
	Coffee  = "coffee"
	Lunch   = "lunch"
	Office  = "office" // the partner's own, with a door
	Phone   = "phone"
	Video   = "video"
)

// Kinds are all kinds of setting, in the method's order of preference.
var Kinds = []string{Neutral, Walk, Coffee, Lunch, Office, Phone, Video}

// Setting is where and how the two talk.
type Setting struct {
	Kind        Kind        `yaml:"kind" strict:"required" json:"kind" doc:"neutral, walk, coffee, lunch, office, phone or video."`
	Place       string      `yaml:"place" strict:"max=300" json:"place,omitempty" doc:"Where to meet; may be left out for phone and video."`
	PrivateRoom bool        `yaml:"private_room" json:"private_room,omitempty" doc:"For office: true says that it has a door and is no cubicle."`
	Phone       PhoneNumber `yaml:"phone" json:"phone,omitempty" doc:"For phone: the number to call; theirs, or with caller: partner yours."`
	Caller      Caller      `yaml:"caller" json:"caller,omitempty" doc:"For phone: who calls, me or partner; default me."`
	URL         Link        `yaml:"url" json:"url,omitempty" doc:"For video: where to join."`
	Travel      *Travel     `yaml:"travel" json:"travel,omitempty" doc:"What you keep free before and after this talk, 0m to 12h; default: that of its kind."`
}

// When is how long the talk takes, and at most one of: when it starts, which times are offered, and
// between which days a time is looked for.
type When struct {
	Duration Duration `yaml:"duration" json:"duration,omitempty" doc:"Such as 1h or 90m; default 1h."`
	Short    bool     `yaml:"short" json:"short,omitempty" doc:"true says that less than an hour is meant."`
	Start    Date     `yaml:"start" json:"start,omitzero" doc:"A fixed time."`
	Times    []Date   `yaml:"times" json:"times,omitempty" doc:"Times offered in the brief."`
	Between  *Between `yaml:"between" json:"between,omitempty" doc:"Days between which free times are found."`
	Timezone Zone     `yaml:"timezone" json:"timezone,omitempty" doc:"The zone of these times; default: yours."`
}

// Between is a span of whole days, both included.
type Between struct {
	From Date `yaml:"from" strict:"required" json:"from" doc:"The first day."`
	To   Date `yaml:"to" strict:"required" json:"to" doc:"The last day."`
}

// Private is what the organizer writes for themself. No other package but the scheduler reads it,
// and nothing keeps or carries it: it can't even be turned into JSON.
type Private struct {
	Why        string   `yaml:"why" strict:"text,max=4000" doc:"Why this person, to what end."`
	Goal       string   `yaml:"goal" strict:"text,max=4000" doc:"What you want to come of it."`
	Measures   []string `yaml:"measures" strict:"max=500" doc:"By what you will see that it came."`
	Importance int      `yaml:"importance" doc:"1 to 5; default 3."`
	Urgency    int      `yaml:"urgency" doc:"1 to 5; default 3."`
	History    string   `yaml:"history" strict:"text,max=4000" doc:"What stands between you, if anything does."`
}

// MarshalJSON keeps the private block out of every store and answer, whoever tries.
func (Private) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// MarshalText does the same for YAML and all that asks for text.
func (p Private) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// String keeps it out of logs and messages.
func (Private) String() string { return "(private)" }

// Format does the same for every verb: %d would go on to the fields, and %#v too.
func (p Private) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// Filled is how many of its keys are filled in.
func (p Private) Filled() (n int) {
	for _, filled := range []bool{p.Why != "", p.Goal != "", len(p.Measures) > 0, p.Importance != 0, p.Urgency != 0,
		p.History != ""} {
		if filled {
			n++
		}
	}
	return n
}

// Priority is how much the conversation matters by weight and time: 1 to 25.
func (p Private) Priority() int {
	or3 := func(n int) int {
		if n == 0 {
			return 3
		}
		return n
	}
	return or3(p.Importance) * or3(p.Urgency)
}

// Length is how long the talk takes.
func (w When) Length() time.Duration {
	if w.Duration == 0 {
		return time.Hour
	}
	return time.Duration(w.Duration)
}

// Offered are the times that the plan names: the one start, or those it offers.
func (w When) Offered() []Date {
	if !w.Start.IsZero() {
		return []Date{w.Start}
	}
	return w.Times
}

// Window is between which days a time is looked for: those that the plan names or, where it names no time at all, the
// next ten working days; nil where it names a start or times.
func (w When) Window() *Between {
	if w.Between != nil || len(w.Offered()) > 0 {
		return w.Between
	}
	return &Between{From: Date{count: 1, unit: "working day", clock: -1}, To: Date{count: 10, unit: "working day", clock: -1}}
}

// Missing names the keys that a plan must still fill in before anything can be sent.
func (t *Terms) Missing() []string {
	var list []string
	if t.Purpose == "" {
		list = append(list, "purpose")
	}
	if len(t.Agenda) == 0 {
		list = append(list, "agenda")
	}
	switch {
	case t.Setting.Kind == "":
		list = append(list, "setting")
	case t.Setting.Place == "" && t.Setting.Kind != Phone && t.Setting.Kind != Video:
		list = append(list, "setting.place")
	}
	return list
}

// Problem is a problem at the key that path leads to in the plan's own file.
func (p *Plan) Problem(text, mend string, path ...string) strictyaml.Problem {
	problem := p.doc.Problem(text, mend, path...)
	problem.Owner = string(p.ID)
	return problem
}

// Warning is a [Plan.Problem] that does not keep the plan from being used.
func (p *Plan) Warning(text, mend string, path ...string) strictyaml.Problem {
	problem := p.Problem(text, mend, path...)
	problem.Warning = true
	return problem
}

// Parse reads the documents of the plan file of that id. A document with a problem that is no
// warning is left out of the plans; its id is among the broken. With meet, a talk by video needs no address: the
// calendar makes a room for it.
func Parse(file string, id ID, data []byte, meet bool) (plans []*Plan, broken []ID, problems []strictyaml.Problem) {
	docs, problems := strictyaml.Parse(file, data)
	if docs == nil {
		for i := range problems {
			problems[i].Owner = string(id)
		}
		return nil, []ID{id}, problems
	}
	for i, doc := range docs {
		p := &Plan{doc: doc}
		found := doc.Decode(p)
		if p.ID == "" {
			p.ID = id
			if i > 0 && !doc.Faulty("id") {
				found = append(found, doc.Problem("a further document of a file needs an id of its own", "add `id:`"))
			}
		}
		if p.Round == 0 && !doc.Has("round") {
			p.Round = 1
		}
		found = append(found, p.rules(meet)...)
		found = append(found, doc.Doubts()...)
		for i := range found {
			found[i].Owner = string(p.ID)
		}
		problems = append(problems, found...)
		if slices.ContainsFunc(found, func(p strictyaml.Problem) bool { return !p.Warning }) {
			broken = append(broken, p.ID)
		} else {
			plans = append(plans, p)
		}
	}
	return plans, broken, strictyaml.First(problems)
}

// rules are those that look at more than one key. What reading has reported already, and what would
// only follow from that, they leave out. With meet, a talk by video needs no address.
func (p *Plan) rules(meet bool) []strictyaml.Problem {
	var list []strictyaml.Problem
	refuse := func(text, mend string, path ...string) {
		if !p.doc.Faulty(path...) {
			list = append(list, p.Problem(text, mend, path...))
		}
	}
	warn := func(text, mend string, path ...string) {
		list = append(list, p.Warning(text, mend, path...))
	}
	if p.Round < 1 || p.Round > 99 {
		refuse("round is none from 1 to 99", "write 2 for the second talk", "round")
	}
	total := 0
	for i, item := range p.Agenda {
		if item.Minutes < 0 || item.Minutes > 12*60 {
			refuse("minutes is no length of a talk", "write how many minutes it may take", "agenda", fmt.Sprint(i), "minutes")
		}
		total += item.Minutes
	}
	length := p.When.Length()
	if time.Duration(total)*time.Minute > length && !p.doc.Faulty("when", "duration") {
		refuse(fmt.Sprintf("the agenda takes %d minutes, the talk %d", total, int(length.Minutes())),
			"give the talk more time, or the agenda less", "agenda")
	}
	if length < time.Hour && !p.When.Short {
		refuse("the talk is shorter than an hour, and such a talk usually needs one",
			"write 1h or more, or add `short: true` if it is meant", "when", "duration")
	}
	p.settingRules(refuse, meet)
	p.timeRules(refuse)
	for _, key := range []struct {
		name  string
		value int
	}{{"importance", p.Private.Importance}, {"urgency", p.Private.Urgency}} {
		if p.doc.Has("private", key.name) && (key.value < 1 || key.value > 5) {
			refuse(key.name+" is none from 1 to 5", "write 1 for little, 5 for most", "private", key.name)
		}
	}
	for _, key := range p.Missing() {
		path := strings.Split(key, ".")
		if p.doc.Faulty(path...) || key == "setting" && p.doc.Faulty("setting", "kind") {
			continue
		}
		text := key + " is not filled in yet"
		if p.Ready || p.Permitted != "" {
			refuse(text, "fill it in, or take `ready` out until you have", path...)
		} else {
			warn(text, "nothing can be sent until it is", path...)
		}
	}
	for _, path := range p.leaks() {
		warn("this repeats a phrase that stands under private", "say it in other words if the partner should not read it", path...)
	}
	return list
}

func (p *Plan) settingRules(refuse func(text, mend string, path ...string), meet bool) {
	s := p.Setting
	switch {
	case s.Kind == Office && !s.PrivateRoom && !p.doc.Faulty("setting", "private_room"):
		refuse("an office is a safe place only with a door", "add `private_room: true` if it has one, or choose another kind", "setting", "kind")
	case s.Kind == Phone && s.Phone == "" && !p.doc.Faulty("setting", "phone"):
		refuse("a talk by phone needs a number", "add `phone:`", "setting", "kind")
	case s.Kind == Video && s.URL == "" && !meet && !p.doc.Faulty("setting", "url"):
		refuse("a talk by video needs an address", "add `url:`", "setting", "kind")
	}
	for _, only := range []struct {
		key  string
		kind Kind
		has  bool
	}{{"private_room", Office, s.PrivateRoom}, {"phone", Phone, s.Phone != ""}, {"caller", Phone, s.Caller != ""}, {"url", Video, s.URL != ""}} {
		if only.has && s.Kind != only.kind && s.Kind != "" {
			refuse(only.key+" belongs to the kind "+string(only.kind), "take it out, or change the kind", "setting", only.key)
		}
	}
}

func (p *Plan) timeRules(refuse func(text, mend string, path ...string)) {
	w := p.When
	given := 0
	for _, has := range []bool{p.doc.Has("when", "start"), p.doc.Has("when", "times", "0"), p.doc.Has("when", "between")} {
		if has {
			given++
		}
	}
	if given > 1 {
		refuse("start, times and between exclude each other", "keep one of them", "when")
	}
	clock := func(d Date, path ...string) {
		if !d.IsZero() && !d.HasClock() {
			refuse("a talk needs the time of day too", "write it as "+d.example(), path...)
		}
	}
	clock(w.Start, "when", "start")
	for i, d := range w.Times {
		clock(d, "when", "times", fmt.Sprint(i))
	}
	if len(w.Times) > 9 {
		refuse("more than nine times are offered", "offer fewer", "when", "times")
	}
	p.With.WorkingHours.Check(p.doc, refuse, "with", "working_hours")
	if b := w.Between; b != nil && !b.From.IsZero() && !b.To.IsZero() && !b.From.IsRelative() && !b.To.IsRelative() && b.To.wall.Before(b.From.wall) {
		refuse("between ends before it begins", "put the earlier day first", "when", "between")
	}
}

// words are those of text, without their case and what stands between them.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}

// run is how many words in a row, from the private block, are its phrase.
const run = 5

// phrases are those of the private block: each of run words, and each whole text of at least two that is shorter.
type phrases struct{ all, begin map[string]bool }

func (p Private) phrases() phrases {
	list := phrases{make(map[string]bool), make(map[string]bool)}
	add := func(phrase []string) {
		list.all[strings.Join(phrase, " ")] = true
		list.begin[phrase[0]] = true
	}
	for _, text := range append([]string{p.Why, p.Goal, p.History}, p.Measures...) {
		words := words(text)
		if len(words) > 1 && len(words) < run {
			add(words)
		}
		for i := 0; i+run <= len(words); i++ {
			add(words[i : i+run])
		}
	}
	return list
}

// in reports whether text has one of them.
func (l phrases) in(text string) bool {
	words := words(text)
	for i := range words {
		for n := 2; l.begin[words[i]] && n <= run && i+n <= len(words); n++ {
			if l.all[strings.Join(words[i:i+n], " ")] {
				return true
			}
		}
	}
	return false
}

// IsIn reports whether text, which somebody else is to read, repeats a phrase of the block.
func (p Private) IsIn(text string) bool { return p.phrases().in(text) }

// leaks are the paths of public text that repeats a phrase from the private block.
func (p *Plan) leaks() [][]string {
	secret := p.Private.phrases()
	if len(secret.all) == 0 {
		return nil
	}
	var paths [][]string
	look := func(text string, path ...string) {
		if secret.in(text) {
			paths = append(paths, path)
		}
	}
	look(p.Result, "result")
	look(p.With.Call, "with", "call")
	look(p.Opening, "opening")
	look(p.Purpose, "purpose")
	for i, s := range p.Offer {
		look(s, "offer", fmt.Sprint(i))
	}
	for i, s := range p.Ask {
		look(s, "ask", fmt.Sprint(i))
	}
	for i, item := range p.Agenda {
		look(item.Topic, "agenda", fmt.Sprint(i), "topic")
	}
	look(p.Setting.Place, "setting", "place")
	look(p.Permitted, "permitted")
	return paths
}

var _ json.Marshaler = Private{}

// Location is the zone z, or that of the organizer where z is empty.
func (z Zone) Location(organizer Zone) *time.Location {
	if z == "" {
		z = organizer
	}
	l, err := invites.Location(string(z))
	if err != nil {
		return time.UTC // a zone that this machine no longer knows; its file is looked at again
	}
	return l
}
