package form

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"coalition/scheduler/plan"
)

// A Proposal is what stands in a plan where nothing else has been said.
type Proposal struct {
	// Head is the comment at the top of the file, a line or more.
	Head string
	// Agenda and Past are the points of a talk about a partnership, and of a first one about what stands between the
	// two, for a talk of that length; see [Keys] and [Fit].
	Agenda, Past []string
}

// Past reports whether the file will propose a first round about what is past: where there is something, and no agenda
// has been said.
func (s Said) Past() bool {
	return s.One("private.history") != "" && len(s["agenda"]) == 0 && s.Round() == 1
}

// Round is the round that has been said, or else 1.
func (s Said) Round() int {
	n, err := strconv.Atoi(s.One("round"))
	if err != nil {
		return 1
	}
	return n
}

// File returns the plan file. Where [Said.Past] is true it has a second document: the talk about the partnership, which
// is to be the second round of the conversation with that id.
func (s Said) File(id plan.ID, p Proposal) []byte {
	w := &writer{said: s}
	for line := range strings.Lines(p.Head) {
		w.line("# %s", strings.TrimSpace(line))
	}
	if p.Head != "" {
		w.line("")
	}
	if s.Round() != 1 {
		w.line("id: %s", text("", string(id)))
		w.one("", "round", "", "")
	}
	agenda := s["agenda"]
	switch {
	case s.Past():
		agenda = p.Past
	case len(agenda) == 0:
		agenda = p.Agenda
	}
	w.document(agenda, len(s["agenda"]) == 0)
	w.private()
	if s.Past() {
		w.line("\n---\n# The talk about the partnership itself: plan it when the first one has gone well.")
		w.line("id: %s\nround: 2", text("", string(id)))
		w.said = make(Said)
		for path, values := range s {
			// They are the first talk's own.
			if path != "when.start" && path != "when.times" && path != "when.between" && path != "ask_on" && path != "ready" &&
				path != "permitted" {
				w.said[path] = values
			}
		}
		w.document(p.Agenda, true)
	}
	return w.out.Bytes()
}

type writer struct {
	said Said
	out  bytes.Buffer
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(&w.out, format+"\n", args...) }

// one writes a key of one value; where nothing has been said, as a comment with an example, and what it is for.
func (w *writer) one(indent, path, example, why string) {
	k := keyAt(path)
	v := w.said.One(path)
	switch {
	case v != "":
		w.line("%s%s: %s", indent, k.Name(), k.yaml(indent, v))
	case example == "":
		w.line("%s# %s:   # %s", indent, k.Name(), why)
	case why == "":
		w.line("%s# %s: %s", indent, k.Name(), example)
	default:
		w.line("%s# %s: %-*s   # %s", indent, k.Name(), max(24-len(k.Name())-len(indent), 0), example, why)
	}
}

// given writes a key only where something has been said.
func (w *writer) given(indent, path string) {
	switch {
	case len(w.said[path]) == 0:
	case keyAt(path).List:
		w.list(indent, path, "")
	default:
		w.one(indent, path, "", "")
	}
}

// list does what one does for a key that may take several values.
func (w *writer) list(indent, path, why string) {
	k := keyAt(path)
	if len(w.said[path]) == 0 {
		w.one(indent, path, "", why)
		w.line("%s#   -", indent)
		return
	}
	w.line("%s%s:", indent, k.Name())
	for _, v := range w.said[path] {
		w.line("%s  - %s", indent, k.yaml(indent+"  ", v))
	}
}

// document writes all of a plan that is not private.
func (w *writer) document(agenda []string, proposed bool) {
	w.line("with:")
	w.one("  ", "with.name", "", "")
	w.one("  ", "with.email", "", "")
	w.one("  ", "with.call", "Maya", "how mails address them; default the name")
	w.one("  ", "with.familiar", "true", "du, tú, tu: in languages that have it")
	w.one("  ", "with.language", "de", "in which they are written to; default yours")
	w.one("  ", "with.timezone", "Europe/Berlin", "theirs; default yours")
	w.given("  ", "with.aliases")
	w.given("  ", "with.working_hours")
	w.given("  ", "with.holidays")
	w.line("")
	w.one("", "result", "", "what several conversations may serve together, such as Spring launch")
	w.one("", "opening", "", "a sentence or two of your own that begin the brief")
	w.one("", "purpose", "", "what the partnership is for, in a sentence or two; it is told openly")
	w.list("", "offer", "what you bring")
	w.list("", "ask", "how you would like to be supported")
	w.line("")
	if proposed {
		w.line("agenda:   # sent as it stands; a proposal, so make it yours")
	} else {
		w.line("agenda:   # sent as it stands")
	}
	for _, point := range agenda {
		topic, minutes := point, ""
		if m := item().FindStringSubmatch(point); m != nil {
			topic, minutes = m[1], m[2]
		}
		w.line("  - topic: %s", text("    ", topic))
		if minutes != "" {
			w.line("    minutes: %s", minutes)
		}
	}
	w.line("")
	w.setting()
	w.line("")
	w.when()
	w.one("", "ask_on", "2027-02-22", "the day the brief goes out; default: as soon as you are ready")
	w.one("", "ready", "true", "your check-in with yourself; nothing is sent before")
	w.given("", "permitted")
}

func (w *writer) setting() {
	kind := w.said.One("setting.kind")
	if kind == "" {
		w.line("# setting:")
		w.line("#   kind: walk   # %s", strings.Join(plan.Kinds, ", "))
		w.line("#   place:       # where to meet")
		return
	}
	w.line("setting:")
	w.one("  ", "setting.kind", "", "")
	far := kind == plan.Phone || kind == plan.Video
	if !far || w.said.One("setting.place") != "" {
		w.one("  ", "setting.place", "", "where to meet")
	}
	switch kind {
	case plan.Office:
		w.one("  ", "setting.private_room", "true", "it has a door; without one, choose another kind")
	case plan.Phone:
		w.one("  ", "setting.phone", `"+49 30 1234567"`, "the number to call")
		w.one("  ", "setting.caller", "me", "who calls: me, or partner")
	case plan.Video:
		w.one("  ", "setting.url", "", "where to join")
	}
	for _, other := range []struct{ path, kind string }{{"setting.private_room", plan.Office}, {"setting.phone", plan.Phone},
		{"setting.caller", plan.Phone}, {"setting.url", plan.Video}} {
		if kind != other.kind {
			w.given("  ", other.path)
		}
	}
	w.given("  ", "setting.travel")
}

func (w *writer) when() {
	w.line("when:")
	w.one("  ", "when.duration", "1h", "")
	w.given("  ", "when.short")
	w.given("  ", "when.start")
	w.given("  ", "when.times")
	w.given("  ", "when.between")
	if len(w.said["when.start"])+len(w.said["when.times"])+len(w.said["when.between"]) == 0 {
		w.line("  # Of these at most one. With none, free times of the next two weeks are found and offered.")
		w.line("  # start: 2027-03-04 10:00")
		w.line("  # times: [2027-03-04 10:00, in 8 working days at 15:00]")
		w.line("  # between: {from: 2027-03-01, to: in 3 weeks}")
	}
	w.given("  ", "when.timezone")
}

func (w *writer) private() {
	w.line("\nprivate:   # never leaves this machine")
	w.one("  ", "private.why", "", "why this person, to what end")
	w.one("  ", "private.goal", "", "what you want to come of it")
	w.list("  ", "private.measures", "by what you will see that it came")
	w.one("  ", "private.importance", "3", "1 to 5")
	w.one("  ", "private.urgency", "3", "1 to 5")
	w.one("  ", "private.history", "", "what stands between you, if anything does")
}

// yaml is a value of the key as it stands behind it, in a block with that indent.
func (k Key) yaml(indent, value string) string {
	read, fault := k.read(value)
	switch _, ok := read.(string); {
	case k.of == reflect.TypeFor[plan.Date]():
		return date(value)
	case ok || fault != nil:
		return text(indent, value)
	}
	if span, ok := read.(map[string]any); ok && k.of == reflect.TypeFor[plan.Between]() {
		return fmt.Sprintf("{from: %s, to: %s}", date(span["from"]), date(span["to"]))
	}
	var n yaml.Node
	if err := n.Encode(read); err != nil {
		return text(indent, value)
	}
	if n.Kind == yaml.MappingNode {
		n.Style = yaml.FlowStyle
	}
	data, err := yaml.Marshal(&n)
	if err != nil {
		return text(indent, value)
	}
	return strings.TrimSpace(string(data))
}

// date is a date without the quotes that YAML would have around a day by itself.
func date(value any) string {
	s := strings.Join(strings.Fields(fmt.Sprint(value)), " ")
	if _, err := plan.ParseDate(s); err == nil {
		return s
	}
	return text("", s)
}

// text is a text as a value of YAML: on its line where it fits there, and else in lines below it, as people write one.
func text(indent, s string) string {
	const width = 100
	data, err := yaml.Marshal(s)
	if plain := strings.TrimSuffix(string(data), "\n"); err == nil && !strings.Contains(plain, "\n") &&
		len(indent)+len(plain) < width {
		return plain
	}
	block := ">-"
	lines := folded(s, width-len(indent))
	if strings.Contains(s, "\n") {
		block, lines = "|-", strings.Split(s, "\n")
	}
	for _, line := range lines {
		if block += "\n"; line != "" {
			block += indent + "  " + line
		}
	}
	var back map[string]string
	if err := yaml.Unmarshal([]byte(indent+"k: "+block+"\n"), &back); err == nil && back["k"] == s {
		return block
	}
	return strconv.QuoteToGraphic(s)
}

// folded breaks s at spaces that stand alone between two words.
func folded(s string, width int) (lines []string) {
	line := ""
	for i, word := range strings.Split(s, " ") {
		switch {
		case i == 0:
			line = word
		case word == "" || strings.HasSuffix(line, " ") || line == "" || len(line)+1+len(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// Length is how long the talk is to take; an hour where nothing that can be read has been said.
func (s Said) Length() time.Duration {
	var d plan.Duration
	if d.Parse(s.One("when.duration")) != nil {
		return time.Hour
	}
	return time.Duration(d)
}
