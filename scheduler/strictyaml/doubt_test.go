package strictyaml_test

import (
	"fmt"
	"strings"
	"testing"

	"coalition/scheduler/strictyaml"
)

// Text that is read otherwise than it may be meant is warned of, at its place; what is plain is not.
func TestDoubts(t *testing.T) {
	type talk struct {
		Name   string   `yaml:"name"`
		Offer  []string `yaml:"offer"`
		Long   string   `yaml:"long" strict:"text"`
		Number int      `yaml:"number"`
		Agenda []struct {
			Topic string `yaml:"topic"`
		} `yaml:"agenda"`
	}
	for _, test := range []struct{ data, want string }{
		{"name: ticket #4711\n", "1:14 the text"},
		{"name: Büro Zoë #4711 und mehr\n", "1:16 the text"},
		{"name: ticket  #été\nnumber: 1\n", "1:15 the text"},
		{"name: #1 on the list\n", "1:7 the text"},
		{"name:\n  ticket #4711\n", "2:10 the text"},
		{"long: see the\n  ticket of\n  May #12\n", "3:7 the text"},
		{"offer:\n  - a seat\n  - talk #3\n", "3:10 the text"},
		{"agenda:\n- topic: room #7\n", "2:15 the text"},
		{"agenda: [{topic: room #7\n  }]\n", "1:23 the text"},
		{"agenda: [{topic: room #7}]\nname: a\n", "1:23 the text"},
		{"offer: [a seat, talk #3]\n", "1:22 the text"},
		{"offer:\n  - #5\n  - a\n", "2:5 the text"},
		{"long: see the\n  ticket #12 of\n  May\n", "2:10 the text"},
		{"long: see ticket #12 of\n\n  May\nname: a\n", "1:18 the text"},
		{"long: see the # ticket\n  of May\n", "2:3 this is"},
		{"long: \"see\" #12\n  of May\n", "2:3 this is"},
		{"name: a\u00a0b\n", "1:8 a no-break"},
		{"long: |\n  one\n  two\u202fthree\n", "3:6 a no-break"},
		{"long: \"one\n  two\u00a0three\"\n", "2:6 a no-break"},
		{"name: 'a\u2007b'\n", "1:9 a no-break"},
		{"name: a\u00a0b #4711\n", "1:8 a no-break, 1:11 the text"},
		{"\u00a0name: a\n", "1:1 a no-break"},
		{"agenda:\n  -\u00a0topic: a\n", "2:4 a no-break"},
		{"name:\u00a0a\nnumber: 1\n", "1:6 a no-break"},
		{"agenda:\n- topic: a\n\u00a0\u00a0number: 1\n", "3:1 a no-break"},

		{"name: ticket # 4711, as a comment\n", ""},
		{"name: ticket #\n", ""},
		{"name: ticket #-- a line\n", ""},
		{"name: ticket#4711\n", ""},
		{"name: 'ticket #4711'\n", ""},
		{"name: \"ticket #4711\" # yes\n", ""},
		{"name: 'ticket' #4711\n", ""},
		{"long: |\n  ticket #4711\n", ""},
		{"long: >\n  ticket #4711\n", ""},
		{"number: 3 #three\n", ""},
		{"agenda: [{topic: a}] #note\n", ""},
		{"agenda: #note\n- topic: a\n", ""},
		{"offer: [a, b] #note\n", ""},
		{"#name: b\nname: a\n#offer: c\n", ""},
		{"name: a\u00a0\n", ""},
		{"name:\n#long: x\n", ""},
		{"name: a # with\u00a0one\n", ""},
	} {
		docs, problems := strictyaml.Parse("f", []byte(test.data))
		for _, d := range docs {
			var v talk
			problems = append(problems, d.Decode(&v)...)
			problems = append(problems, d.Doubts()...)
		}
		var got []string
		for _, p := range problems {
			words := strings.Fields(p.Text)
			got = append(got, fmt.Sprintf("%d:%d %s %s", p.Line, p.Column, words[0], words[1]))
		}
		if got := strings.Join(got, ", "); got != test.want {
			t.Errorf("%q: %q, want %q", test.data, got, test.want)
		}
	}
}
