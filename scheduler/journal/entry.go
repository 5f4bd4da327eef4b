package journal

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"coalition/scheduler/strictyaml"
)

// An Entry is what came of one talk. It is private.
type Entry struct {
	// From 1 to 99.
	Round int `yaml:"round" strict:"required"`
	// The day of the talk, on the organizer's calendar.
	On Day `yaml:"on" strict:"required"`
	// Those of the plan, in its order.
	Measures []Measure `yaml:"measures"`
	// What was learned to matter to the partner.
	Learned string `yaml:"learned" strict:"text,max=4000"`
	// Those that were made, and those made earlier of which it was told whether they were kept.
	Promises []Promise `yaml:"promises"`
	Note     string    `yaml:"note" strict:"text,max=4000"`
}

// A Measure is one of those by which the organizer wanted to see what came of the talk.
type Measure struct {
	Text string `yaml:"text" strict:"required,max=500"`
	// nil: that can't be told yet.
	Met *bool `yaml:"met"`
}

// A Promise is what one of the two has said they will do.
type Promise struct {
	By   By     `yaml:"by" strict:"required"`
	Text string `yaml:"text" strict:"required,max=500"`
	// "": no day was named.
	Due Day `yaml:"due"`
	// nil: it is open.
	Kept *bool `yaml:"kept"`
}

// By is who has made a promise.
type By string

// Who makes promises.
const (
	// The organizer.
	Me By = "me"
	// The partner.
	Them By = "them"
)

// Parse implements [strictyaml.Scalar].
func (b *By) Parse(text string) error {
	if text != string(Me) && text != string(Them) {
		return strictyaml.OneOf(string(Me), string(Them))
	}
	*b = By(text)
	return nil
}

// A Day is a day of the calendar, as 2027-03-04: the earlier of two is the smaller. "" is none.
type Day string

// DayOf is the day that t's clock shows.
func DayOf(t time.Time) Day { return Day(t.Format(time.DateOnly)) }

// Time is midnight of the day in UTC's clothes; zero for none.
func (d Day) Time() time.Time {
	// It was parsed, or is none.
	t, _ := time.Parse(time.DateOnly, string(d))
	return t
}

// Parse implements [strictyaml.Scalar].
func (d *Day) Parse(text string) error {
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return &strictyaml.Fault{Text: "is no day", Mend: "write it as 2027-03-04"}
	}
	*d = Day(text)
	return nil
}

// rules are those that reading alone does not know.
func (e *Entry) rules(doc *strictyaml.Document) (list []strictyaml.Problem) {
	if (e.Round < 1 || e.Round > 99) && doc.Has("round") && !doc.Faulty("round") {
		list = append(list, doc.Problem("round is none from 1 to 99", "write 1 for the first talk", "round"))
	}
	return list
}

const private = "(private)"

// MarshalJSON keeps an entry out of every store and answer, whoever tries.
func (Entry) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// Format keeps it out of logs and messages, for every verb.
func (Entry) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, private) }

// Format keeps it out of logs and messages, for every verb.
func (Promise) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, private) }

// Text is the entry as an item of the list, in a form that people read and that a line by line comparison shows well.
func (e *Entry) Text() string {
	scalar := func(tag, value string) *yaml.Node {
		if value == "" {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
	}
	text := func(s string) *yaml.Node {
		n := new(yaml.Node)
		// Of text it can't fail.
		_ = n.Encode(s)
		return n
	}
	truth := func(b *bool) *yaml.Node {
		if b == nil {
			return scalar("!!bool", "")
		}
		return scalar("!!bool", strconv.FormatBool(*b))
	}
	block := func(pairs ...any) *yaml.Node {
		n := &yaml.Node{Kind: yaml.MappingNode}
		for i := 0; i < len(pairs); i += 2 {
			n.Content = append(n.Content, scalar("!!str", pairs[i].(string)), pairs[i+1].(*yaml.Node))
		}
		return n
	}
	list := func() *yaml.Node { return &yaml.Node{Kind: yaml.SequenceNode} }
	measures, promises := list(), list()
	for _, m := range e.Measures {
		measures.Content = append(measures.Content, block("text", text(m.Text), "met", truth(m.Met)))
	}
	for _, p := range e.Promises {
		promises.Content = append(promises.Content, block("by", scalar("!!str", string(p.By)), "text", text(p.Text),
			"due", scalar("!!timestamp", string(p.Due)), "kept", truth(p.Kept)))
	}
	all := list()
	all.Content = []*yaml.Node{block("round", scalar("!!int", strconv.Itoa(e.Round)), "on", scalar("!!timestamp", string(e.On)),
		"measures", measures, "learned", text(e.Learned), "promises", promises, "note", text(e.Note))}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	// Of nodes like these it can't fail; what it writes is read before it counts.
	_ = enc.Encode(all)
	_ = enc.Close()
	return b.String()
}

// Open are the promises of which it is not told yet whether they were kept, in the order in which they were made. What
// the newest entry says of one counts: the same person, and the same words.
func Open(entries []Entry) (list []Promise) {
	for _, e := range entries {
		for _, p := range e.Promises {
			list = slices.DeleteFunc(list, func(o Promise) bool { return o.By == p.By && o.Text == p.Text })
			if p.Kept == nil {
				list = append(list, p)
			}
		}
	}
	return list
}

// Overdue reports whether the promise is open and its day is over.
func (p *Promise) Overdue(today Day) bool { return p.Kept == nil && p.Due != "" && p.Due < today }

// LastMet is the day of the newest talk; "": there is none.
func LastMet(entries []Entry) (last Day) {
	for _, e := range entries {
		last = max(last, e.On)
	}
	return last
}
