package strictyaml_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"coalition/scheduler/strictyaml"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A letter is a file with a key of every type that can be read.
type letter struct {
	To      string   `yaml:"to" strict:"required,max=12" doc:"Whom."`
	Body    string   `yaml:"body" strict:"text,max=40"`
	Pages   int      `yaml:"pages"`
	Urgent  bool     `yaml:"urgent"`
	Copies  []string `yaml:"copies" strict:"max=12"`
	Seal    colour   `yaml:"seal"`
	Address address  `yaml:"address"`
	Return  *address `yaml:"return"`
	Stamps  []stamp  `yaml:"stamps"`
	folder  `doc:"-"`
}

type address struct {
	City string `yaml:"city" strict:"required"`
	Zip  string `yaml:"zip"`
}

type stamp struct {
	Colour colour `yaml:"colour" strict:"required"`
	Cents  int    `yaml:"cents"`
}

type folder struct {
	Shelf string `yaml:"shelf"`
}

// A colour reads itself.
type colour string

func (c *colour) Parse(text string) error {
	switch text {
	case "red", "blue":
		*c = colour(text)
		return nil
	case "careless":
		return fmt.Errorf("unexpected %q", text) // no Fault, and it quotes the file
	}
	return strictyaml.OneOf("red", "blue")
}

func (colour) JSONSchema() map[string]any { return strictyaml.Enum("red", "blue") }

// read is all that a caller does with a file.
func read(data string) (letters []letter, problems []strictyaml.Problem) {
	docs, problems := strictyaml.Parse("f.yaml", []byte(data))
	for _, doc := range docs {
		var l letter
		problems = append(problems, doc.Decode(&l)...)
		letters = append(letters, l)
	}
	return letters, problems
}

func TestDecode(t *testing.T) {
	full := letter{
		To: "Maya", Body: "One line\nand another.", Pages: 2, Urgent: true, Copies: []string{"Ana", "2027-03-04"}, Seal: "red",
		Address: address{City: "Köln", Zip: "50667"}, Return: &address{City: "Faro"},
		Stamps: []stamp{{Colour: "blue", Cents: 5}, {Colour: "red"}}, folder: folder{Shelf: "<<"},
	}
	const text = `to: Maya
body: |
  One line
  and another.
pages: 2
urgent: TRUE
copies: [Ana, 2027-03-04]
seal: red
address: {city: Köln, zip: "50667"}
return:
  city: " Faro "
stamps:
  - {colour: blue, cents: +5}
  - colour: red
shelf: <<
`
	for _, tt := range []struct {
		name, file string
		want       []letter
	}{
		{"every type", text, []letter{full}},
		{"BOM", "\ufeff" + text, []letter{full}},
		{"CRLF", strings.ReplaceAll(text, "\n", "\r\n"), []letter{full}},
		{"no last line break", "to: Maya", []letter{{To: "Maya"}}},
		{"several documents, and between them nothing", "---\nto: A\n---\n---\n# nobody\n---\nto: B\n...\n---\n", []letter{{To: "A"}, {To: "B"}}},
		{"empty is left out", "to: A\nbody:\npages: ~\nurgent: null\ncopies:\nseal:\naddress:\nreturn:\nstamps: []\nshelf: ''", []letter{{To: "A", Stamps: []stamp{}}}},
		{"words that YAML once took for true, and numbers in quotes", "to: no\nbody: \"5\"", []letter{{To: "no", Body: "5"}}},
		{"letters of any script, joined emoji", "to: \"Ἀθηνᾶ 👩🏽‍💻\"", []letter{{To: "Ἀθηνᾶ 👩🏽‍💻"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := read(tt.file)
			if problems != nil {
				t.Errorf("problems %v, want none", problems)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(letter{})); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

// Keys that are left out or empty keep what was there before: that is how defaults are set.
func TestDefaults(t *testing.T) {
	docs, _ := strictyaml.Parse("f.yaml", []byte("to: Maya\nbody: \"\"\npages:\ncopies: [x]\nseal: ''\n"))
	l := letter{Body: "Dear", Pages: 3, Urgent: true, Copies: []string{"Ana"}, Seal: "blue"}
	if problems := docs[0].Decode(&l); problems != nil {
		t.Fatalf("problems %v, want none", problems)
	}
	want := letter{To: "Maya", Body: "Dear", Pages: 3, Urgent: true, Copies: []string{"x"}, Seal: "blue"}
	if diff := cmp.Diff(want, l, cmp.AllowUnexported(letter{})); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

const (
	alike   = "; put text that holds a colon in quotes, and indent the keys of a block alike"
	noColon = ": this is not YAML (a colon can't stand here)" + alike
	oneLine = "; write it as one line of plain text"
	spaces  = ": this is not YAML (a tab stands where the indentation belongs); indent with spaces"
	single  = `: this is not YAML (\ means something else in double quotes); write it twice, or use single quotes`
	unquote = ": this is not YAML (a quote is opened and not closed); close it; write ' twice inside single quotes"
	keys    = "the keys here are to, body, pages, urgent, copies, seal, address, return, stamps, shelf"
	anchor  = ": anchors (&name) are not read here; leave the anchor out, or put the text in quotes"
	alias   = ": aliases (*name) are not read here; write the value out, or put it in quotes"
	tag     = ": tags (!name) are not read here; leave the tag out, or put the text in quotes"
)

// Every kind of problem, at its place and in its words.
func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		want       []string // after the file's name
	}{
		// Keys.
		{"unknown key", "to: A\npagse: 2", []string{"2:1: there is no such key; did you mean `pages`?"}},
		{"unknown key like none", "to: A\nsender: B", []string{"2:1: there is no such key; " + keys}},
		{"unknown key in a block", "to: A\naddress:\n  city: X\n  zipp: 1", []string{"4:3: there is no such key in address; did you mean `zip`?"}},
		{"unknown key in an item", "to: A\nstamps: [{colour: red, cent: 1}]", []string{"2:24: there is no such key in stamps, item 1; did you mean `cents`?"}},
		{"field that is no key", "to: A\nunread: 1\nfolder: 2", []string{"2:1: there is no such key; " + keys, "3:1: there is no such key; " + keys}},
		{"duplicate key", "to: A\npages: 1\nto: B\npages: 2", []string{
			"3:1: this key stands twice, first in line 1; keep one of them", "4:1: this key stands twice, first in line 2; keep one of them"}},
		{"duplicate unknown key", "to: A\nxyz: 1\nxyz: 1", []string{
			"2:1: there is no such key; " + keys, "3:1: this key stands twice, first in line 2; keep one of them"}},
		{"merge key", "to: A\n<<: {pages: 1}", []string{"2:1: there is no such key; " + keys}},
		{"keys that are no words", "to: A\n? [a, b]\n: 1\n? {c: d}\n: 2", []string{"2:3: a key is one word; " + keys, "4:3: a key is one word; " + keys}},
		{"required and missing", "pages: 1\nreturn: {zip: x}", []string{"1:1: to is missing; add `to:`", "2:9: return.city is missing; add `city:`"}},
		{"required and empty", "to:\naddress: {city: ''}\nstamps: [{colour: }]", []string{
			"1:4: to is empty; write it", "2:17: address.city is empty; write it", "3:19: stamps, item 1, colour is empty; write it"}},

		// Types.
		{"list for text", "to: [A]", []string{"1:5: to wants text, and this is a list; write text"}},
		{"block for text", "to: {a: b}", []string{"1:5: to wants text, and this is a block of keys; write text"}},
		{"number for text", "to: 12", []string{"1:5: to wants text, and this is a number; put it in quotes"}},
		{"fraction for text", "to: 1e3", []string{"1:5: to wants text, and this is a number; put it in quotes"}},
		{"true for text", "to: true", []string{"1:5: to wants text, and this is true or false; put it in quotes"}},
		{"text for number", "to: A\npages: two", []string{"2:8: pages wants a whole number, and this is text; write a whole number"}},
		{"quoted number", "to: A\npages: \"2\"", []string{"2:8: pages wants a whole number, and this is text; write a whole number"}},
		{"fraction for number", "to: A\npages: 2.5", []string{"2:8: pages wants a whole number, and this is a number; write a whole number"}},
		{"huge number", "to: A\npages: 99999999999999999999", []string{"2:8: pages wants a whole number, and this is a number; write a whole number"}},
		{"number in another base", "to: A\npages: 0x10", []string{"2:8: pages wants a whole number, and this is a number; write a whole number"}},
		{"list for number", "to: A\npages: [1]", []string{"2:8: pages wants a whole number, and this is a list; write a whole number"}},
		{"text for true", "to: A\nurgent: yes", []string{"2:9: urgent wants true or false, and this is text; write true or false"}},
		{"number for true", "to: A\nurgent: 1", []string{"2:9: urgent wants true or false, and this is a number; write true or false"}},
		{"text for list", "to: A\ncopies: B", []string{"2:9: copies wants a list, and this is text; write a list"}},
		{"block for list", "to: A\nstamps: {colour: red}", []string{"2:9: stamps wants a list, and this is a block of keys; write a list"}},
		{"number in list", "to: A\ncopies: [B, 3]", []string{"2:13: copies, item 2, wants text, and this is a number; put it in quotes"}},
		{"text for block", "to: A\naddress: Faro", []string{"2:10: address wants a block of keys, and this is text; write a block of keys"}},
		{"list for block", "to: A\nreturn:\n- Faro", []string{"3:1: return wants a block of keys, and this is a list; write a block of keys"}},
		{"text for file", "A", []string{"1:1: this file wants a block of keys, and this is text; write a block of keys"}},
		{"own type", "to: A\nseal: green", []string{"2:7: seal is none of the words known here; write red or blue"}},
		{"list for own type", "to: A\nseal: [red]", []string{"2:7: seal wants one value, and this is a list; write one value"}},
		{"own type in item", "to: A\nstamps:\n  - {colour: 5}", []string{"3:14: stamps, item 1, colour is none of the words known here; write red or blue"}},
		{"error of an own type that is no Fault", "to: A\nseal: careless", []string{"2:7: seal can't be read"}},

		// Sizes.
		{"too long", "to: " + strings.Repeat("é", 13), []string{"1:5: to is 13 characters long; keep it to 12"}},
		{"too long by default", "to: A\nshelf: " + strings.Repeat("x", 201), []string{"2:8: shelf is 201 characters long; keep it to 200"}},
		{"item too long", "to: A\ncopies:\n- " + strings.Repeat("x", 13), []string{"3:3: copies, item 1, is 13 characters long; keep it to 12"}},
		{"empty items", "to: A\ncopies:\n- ''\n-\n- x", []string{
			"3:3: copies, item 1, is empty; write it, or take the line out", "4:2: copies, item 2, is empty; write it, or take the line out"}},
		{"list too long", "to: A\ncopies: [" + strings.Repeat("x,", 51) + "]", []string{"2:9: copies has 51 items; keep it to 50"}},

		// Characters in values: YAML's escapes say what no editor shows.
		{"line break", `to: "A\nB"`, []string{"1:5: to has a line break" + oneLine}},
		{"line break of a block", "to: |\n  A\n  B", []string{"1:5: to has a line break" + oneLine}},
		{"carriage return", `to: "A\rB"`, []string{"1:5: to has a line break" + oneLine}},
		{"next line", `to: "A\NB"`, []string{"1:5: to has a line break" + oneLine}},
		{"line separator", `to: "A\LB"`, []string{"1:5: to has a line break" + oneLine}},
		{"tab", `to: "A\tB"`, []string{"1:5: to has a tab" + oneLine}},
		{"control", `to: "A\aB"`, []string{"1:5: to has a control character (U+0007)" + oneLine}},
		{"NUL", `to: "A\0B"`, []string{"1:5: to has a control character (U+0000)" + oneLine}},
		{"C1 control", `to: "A\x9bB"`, []string{"1:5: to has a control character (U+009B)" + oneLine}},
		{"BOM within", `to: "A\uFEFFB"`, []string{"1:5: to has a control character (U+FEFF)" + oneLine}},
		{"bidi escape", `to: "A\u202eB"`, []string{"1:5: to has a character that reorders text on the screen (U+202E)" + oneLine}},
		{"bidi", "to: A\u2066B", []string{"1:5: to has a character that reorders text on the screen (U+2066)" + oneLine}},
		{"carriage return in text", "to: A\nbody: \"A\\rB\"", []string{"2:7: body has a line break; write it as plain text"}},
		{"bidi in text", "to: A\nbody: |\n  A\n  \u202eB", []string{"2:7: body has a character that reorders text on the screen (U+202E); write it as plain text"}},
		{"line break in own type", "to: A\nseal: \"red\\nblue\"", []string{"2:7: seal has a line break" + oneLine}},
		{"line break in an item", "to: A\ncopies: [\"A\\nB\"]", []string{"2:10: copies, item 1, has a line break" + oneLine}},

		// Bytes that no text file should hold.
		{"not UTF-8", "to: A\nbody: \xff", []string{"1:1: the file is not UTF-8 text; save it with the encoding UTF-8"}},
		{"UTF-16", "\xff\xfet\x00o\x00:\x00", []string{"1:1: the file is not UTF-8 text; save it with the encoding UTF-8"}},
		{"bytes of NUL, escape and delete", "to: é\x00\x00\n# \x1b[31m\nbody: a\n  b\x7f", []string{
			"1:6: a control character (U+0000) stands here; delete it",
			"2:3: a control character (U+001B) stands here; delete it",
			"4:4: a control character (U+007F) stands here; delete it"}},
		{"bytes of C1, and what is no character", "to: \u009b\nbody: \ufeff\npages: \uffff", []string{
			"1:5: a control character (U+009B) stands here; delete it",
			"2:7: a control character (U+FEFF) stands here; delete it",
			"3:8: a control character (U+FFFF) stands here; delete it"}},
		// A YAML parser counts these as line breaks (YAML 1.1, section 4.2): its lines are not an editor's.
		{"bytes of line breaks", "to: A\u2028x\n# \u0085\nA\rB\nA\r", []string{
			"1:6: a hidden line break (U+2028) stands here; delete it", "2:3: a hidden line break (U+0085) stands here; delete it",
			"3:2: a hidden line break (U+000D) stands here; delete it", "4:2: a hidden line break (U+000D) stands here; delete it"}},

		// What makes a file mean something else than it shows.
		{"empty", "", []string{"1:1: the file is empty; write what it is for, or remove it"}},
		{"comments only", "# A\n---\n---\n~\n", []string{"1:1: the file is empty; write what it is for, or remove it"}},
		{"anchor and alias", "to: &a A\nbody: *a\nshelf: *a", []string{"1:5" + anchor, "2:7" + alias, "3:8" + alias}},
		{"anchored block", "to: A\naddress: &a\n  city: X", []string{"2:10" + anchor}},
		{"merge of an alias", "to: A\naddress: &a {city: X}\nreturn:\n  <<: *a", []string{"2:10" + anchor, "4:7" + alias}},
		{"unknown alias", "to: A\nbody: *b", []string{"2:1: this is not YAML (aliases (*name) are not read here); put text that begins with * in quotes"}},
		{"tags", "to: !!str A\nbody: !secret b\npages: !<x> 1\nseal: ! red", []string{"1:5" + tag, "2:7" + tag, "3:8" + tag}},
		{"tag without a handle", "to: A\nbody: !u!v w", []string{"2:1: this is not YAML (tags (!name) are not read here); leave the tag out, or put the text in quotes"}},
		{"documents of a file are all looked through", "to: &a A\n---\nto: !b B\n---\nto: 'C", []string{"1:5" + anchor, "3:5" + tag, "5:1" + unquote}},
		{"anchor and tag of nothing", "--- &a\n--- !!null x\n", []string{"1:5" + anchor, "2:5" + tag}},
		{"in order though found late", "[&a b]c", []string{
			"1:1: this is not YAML (something is left over here); close what is open above, and indent the keys of a block alike", "1:2" + anchor}},
		{"directive", "%YAML 1.2\n---\nto: A", []string{"1:1: directives (%NAME) are not read here; leave the line out, or indent text that begins with %"}},
		{"nested 20 deep", "x: " + strings.Repeat("[", 19) + strings.Repeat("]", 19) + "\nto: A", []string{"1:1: there is no such key; " + keys}},
		{"nested 21 deep", "x: " + strings.Repeat("[", 20) + strings.Repeat("]", 20) + "\nto: A", []string{"1:23: this is nested too deep; nest no deeper than 20 levels"}},

		// Syntax. The line is where a person has to look, not where the parser's block began.
		{"colon in text", "to: A\nbody: Note: this", []string{"2:1" + noColon}},
		{"indented too far", "to: A\nreturn:\n  city: X\n   zip: 1", []string{"4:4" + noColon}},
		{"indented too little", "to: A\nreturn:\n  city: X\n zip: 1\npages: 1", []string{
			"4:2: this is not YAML (a key is expected here); indent the keys of a block alike, and put all of a text inside its quotes"}},
		{"text behind a quote", "to: A\npages: 1\nbody: 'don't'\nshelf: x", []string{
			"3:1: this is not YAML (a key is expected here); indent the keys of a block alike, and put all of a text inside its quotes"}},
		{"tab before a key", "to: A\nreturn:\n\tcity: X", []string{"3:1" + spaces}},
		{"tab behind spaces", "to: A\nreturn:\n  city: X\n  \tzip: 1", []string{"4:3" + spaces}},
		{"tab in a block of text", "to: A\nbody: |\n  x\n\ty", []string{"4:1" + spaces}},
		{"unclosed double quote", "to: A\nbody: \"x\npages: 1\nshelf: y", []string{"2:1" + unquote}},
		{"unclosed double quote in line 1", "to: \"x\npages: 1\nshelf: y", []string{"1:1" + unquote}},
		{"unclosed single quote behind closed ones", "to: A\nbody: 'x\n  y'\nshelf: 'z\npages: 1", []string{"4:1" + unquote}},
		{"quote across documents", "to: A\nbody: \"x\n---\nto: B", []string{"2:1" + unquote}},
		{"unclosed list", "to: A\n\n# names\n\ncopies: [B,\n  C\npages: 1", []string{
			"6:3: this is not YAML (a list that begins with [ is not closed, or a comma is missing); put commas between its items and ] behind the last one"}},
		{"unclosed block", "to: A\naddress: {city: X\npages: 1", []string{
			"2:1: this is not YAML (a block that begins with { is not closed, or a comma is missing); put commas between its keys and } behind the last one"}},
		{"missing comma", "to: A\nstamps:\n  - {colour: red, cents: 1}\n  - {colour: red cents: 1}", []string{
			"4:3: this is not YAML (a block that begins with { is not closed, or a comma is missing); put commas between its keys and } behind the last one"}},
		{"missing colon", "to: A\nbody\npages: 1", []string{
			"2:1: this is not YAML (a colon is missing behind a key); write the key, a colon and the value; indent text that goes on in a further line"}},
		{"list among keys", "to: A\n- B", []string{
			"2:1: this is not YAML (a key is expected here); indent the keys of a block alike, and put all of a text inside its quotes"}},
		{"key among items", "to: A\ncopies:\n  - B\n  pages: 1", []string{
			"4:3: this is not YAML (a list item is expected here); begin each item with -, all indented alike"}},
		{"dash as text", "to: A\nbody: - x", []string{
			"2:1: this is not YAML (a list item can't stand here); begin the list in a line of its own, or put text that begins with - in quotes"}},
		{"bracket as text", "to: A\nbody: ]", []string{
			"2:1: this is not YAML (a value is missing here); close what begins with [ or {, and put text that begins with ], } or a comma in quotes"}},
		{"@", "to: A\nbody: @maya", []string{"2:1: this is not YAML (a value can't begin like this); put text that begins with @, ` or % in quotes"}},
		{"unknown escape", `to: "C:\mine"`, []string{"1:1" + single}},
		{"escape without digits", `to: "\user"`, []string{"1:1" + single}},
		{"escape of half a character", `to: "\ud83d"`, []string{"1:1" + single}},
		{"& as text", "to: A\nbody: & co", []string{"2:1: this is not YAML (anchors and aliases are not read here); put text that begins with & or * in quotes"}},
		{"left over", "{to: A}\nbody: x", []string{
			"2:1: this is not YAML (something is left over here); close what is open above, and indent the keys of a block alike"}},

		{"all of them, in order", "pages: two\ncopies: 1\nlost: x\naddress: {zip: 1, zip: 2, town: X}\nseal: green\n", []string{
			"1:1: to is missing; add `to:`",
			"1:8: pages wants a whole number, and this is text; write a whole number",
			"2:9: copies wants a list, and this is a number; write a list",
			"3:1: there is no such key; " + keys,
			"4:10: address.city is missing; add `city:`",
			"4:16: address.zip wants text, and this is a number; put it in quotes",
			"4:19: this key stands twice, first in line 4; keep one of them",
			"4:27: there is no such key in address; the keys here are city, zip",
			"5:7: seal is none of the words known here; write red or blue"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := read(tt.file)
			var got []string
			for _, p := range problems {
				got = append(got, strings.TrimPrefix(p.String(), "f.yaml:"))
				if p.Warning || p.Owner != "" {
					t.Errorf("%v is a warning or has an owner", p)
				}
				if p.Excerpt == "" {
					continue
				}
				// The excerpt is the line, and below the column a mark.
				line, mark, _ := strings.Cut(p.Excerpt, "\n")
				if want := strings.Repeat(" ", 4+p.Column-1) + "^"; p.Column < 60 && mark != want {
					t.Errorf("%v is marked\n%s, want\n%s", p, mark, want)
				}
				if n := len([]rune(strings.Split(tt.file, "\n")[p.Line-1])); n < 76 && len([]rune(line)) > 4+n {
					t.Errorf("%v is shown with\n%s, longer than the line", p, line)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

// What an excerpt shows: the line around the mark, nothing that could upset a terminal, no secret.
func TestExcerpt(t *testing.T) {
	long := strings.Repeat("0123456789", 12)
	for _, tt := range []struct {
		name, file, want string // of the first problem
	}{
		{"plain", "to: A\nsheif: B", "    sheif: B\n    ^"},
		{"CRLF", "to: A\r\nsheif: B\r\n", "    sheif: B\n    ^"},
		{"BOM", "\ufeffto: [A]", "    to: [A]\n        ^"},
		{"columns are characters", "Größe: 1\nto: [\"ü\", \"ö\"]", "    Größe: 1\n    ^"},
		{"column behind wide letters", "{Größe: 1, ßß: 1}", "    {Größe: 1, ßß: 1}\n    ^"},
		{"tab", "to: A\nsheif:\tB", "    sheif: B\n    ^"},
		{"terminal codes and bidi controls", "to: A\nsheif: \x1b[31m\u202eB\u009b", "    sheif: ·[31m·B·\n           ^"},
		{"far to the right", "to: {" + long + ": 1, x: y}", "    to: {" + long[:71] + "\n        ^"},
		{"beyond what fits", "stamps: [{colour: red}, " + strings.Repeat("{colour: blue}, ", 5) + "{colour: green}]\nto: A",
			"    our: blue}, {colour: blue}, {colour: green}]\n" + "                                         ^"},
		{"a line without end", "to: A\nx" + strings.Repeat("y", 10_000) + ": 1", "    (this line is 10004 bytes long)"},

		{"password", "to: A\npassword: hunter2", "    password: …\n    ^"},
		{"secret in a flow", "to: A\nx: {user: ana, client-secret: hunter2, y: z}", "    x: {user: ana, client-secret: …\n    ^"},
		{"quoted key", "{\"to\": \"A\", \"apiToken\":\"hunter2\"}", "    {\"to\": \"A\", \"apiToken\":…\n                ^"},
		{"mark behind the mask", "to: A\npass: hunter2hunter2 \x00", "    pass: …\n           ^"},
		{"key without its value", "to: A\n- token:\n    hunter2", "    - token:…\n    ^"},
		{"file and command", "to: A\npassword_file: a\npassword_command: b", "    password_file: a\n    ^"},
		{"feed", "to: A\nics: https://example.org/hunter2.ics", "    ics: https://example.org…\n    ^"},
		{"feed in a flow", "to: A\nx: [{ics: \"webcal://example.org?key=hunter2\"}, {caldav: https://dav.example.org:8443/ana/hunter2/, username: ana}]",
			"    x: [{ics: \"webcal://example.org…\"}, {caldav: https://dav.example.org:8443…, \n    ^"},
		{"calendar file", "to: A\nics: ./hunter.ics", "    ics: ./hunter.ics\n    ^"},
		{"password in an address", "to: A\nstate: postgres://ana:hunter2@db.example.org/x", "    state: postgres://ana:…@db.example.org/x\n    ^"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := read(tt.file)
			if len(problems) == 0 {
				t.Fatal("no problem, want one")
			}
			if got := problems[0].Excerpt; got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Problems are logged, so their words must not be those of the file. The canary sits wherever a
// person may put a private word.
func TestProblemsDoNotQuote(t *testing.T) {
	const canary = "Quetzalcoatl"
	for _, file := range []string{
		"to: A\n%s: 1", "to: A\n%s: 1\n%[1]s: 1", "to: A\naddress: {city: X, %s: 1}", "to: A\n\"%s\": 1", "? {%s: 1}\n: 1", "to: A\n? [%s]", // keys
		"to: %s\nurgent: %[1]s\npages: %[1]s\ncopies: %[1]s\naddress: %[1]s\nstamps: [%[1]s]\nseal: %[1]s", "to: [%s]", "to: {%s: 1}", // values
		"to: A\nseal: careless\nshelf: [%s]", "to: \"%s\\n\"\nbody: \"%[1]s\\u202e\"\nseal: \"%[1]s\\0red\"", "to: %s%[1]s%[1]s",
		"%s", "- %s", "'%s", "\"%s\\q\"", "to: %s: x", "to: A\n%s\nx: 1", "to: [%s", "to: {%s", "to: 'x' %s", "to: A\n\t%s: x", "to: @%s", // syntax
		"to: &%s A", "to: *%s", "to: &%s [*%[1]s]", "to: !%s A", "to: !%s!x A", "to: !<%s> A", "%%%s 1\n---\nto: A", "%%TAG !%s! x:y\n---\nto: !%[1]s!z A", // what is not read
		"# %s \x00", "to: %s\u2028", "to: A # %s \xff", "to: |%s\n  x", "to: A\n--- %s\n---\n'", "to: A\n... %s", "<<: *%s",
	} {
		_, problems := read(fmt.Sprintf(file, canary))
		if len(problems) == 0 {
			t.Errorf("%q has no problem, want one", file)
		}
		for _, p := range problems {
			if s := strings.ToLower(p.String()); strings.Contains(s, "quetzal") || strings.Contains(s, "coatl") {
				t.Errorf("%q: %v\nquotes the file", file, p)
			}
		}
	}
}

// A reader of documents adds problems of its own, at the key in question or the nearest there is.
func TestDocument(t *testing.T) {
	docs, problems := strictyaml.Parse("f.yaml", []byte("to: A\n---\nto: B\ncopies:\n  - C\n  - ''\nseal: green\naddress: {zip: 5}\nreturn:\nstamps: []\n"))
	if problems != nil {
		t.Fatal(problems)
	}
	doc := docs[1]
	doc.Decode(new(letter))
	for _, tt := range []struct {
		path        string
		at          string
		has, faulty bool
	}{
		{"", "3:1", true, false},
		{"to", "3:5", true, false},
		{"copies", "5:3", true, false},
		{"copies.0", "5:5", true, false},
		{"copies.1", "6:5", false, true},
		{"copies.2", "5:3", false, false},
		{"copies.-1", "5:3", false, false},
		{"copies.x", "5:3", false, false},
		{"seal", "7:7", true, true},
		{"address", "8:10", true, true}, // the city is missing
		{"address.city", "8:10", false, false},
		{"address.zip", "8:16", true, true},
		{"address.zip.x", "8:16", false, false},
		{"return", "9:8", false, false},
		{"return.city", "9:8", false, false},
		{"stamps", "10:9", true, false},
		{"body", "3:1", false, false},
	} {
		var path []string
		if tt.path != "" {
			path = strings.Split(tt.path, ".")
		}
		p := doc.Warning("is odd", "even it", path...)
		if got := fmt.Sprintf("%d:%d", p.Line, p.Column); got != tt.at || !p.Warning || p.File != "f.yaml" {
			t.Errorf("%s: %+v, want a warning at %s", tt.path, p, tt.at)
		}
		if got := doc.Has(path...); got != tt.has {
			t.Errorf("%s: Has is %v, want %v", tt.path, got, tt.has)
		}
		if got := doc.Faulty(path...); got != tt.faulty {
			t.Errorf("%s: Faulty is %v, want %v", tt.path, got, tt.faulty)
		}
	}
	p := doc.Warning("is odd", "even it", "to")
	if got, want := p.String(), "f.yaml:3:5: warning: is odd; even it"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if p := doc.Problem("is odd", "", "to"); p.Warning || p.String() != "f.yaml:3:5: is odd" {
		t.Errorf("got %v, want no warning", p)
	}
}

// A hostile file is refused at its first fault, or at a hundred of them, with little work.
func TestHostile(t *testing.T) {
	fill := func(s string) string { return strings.Repeat(s, strictyaml.MaxSize/len(s)) }
	keys := func(n int, end string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "k%d: 1%s", i, end)
		}
		return b.String()
	}
	bomb := "a0: &a0 [lol]\n"
	for i := range 40 {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 10))
	}
	const n = 100_000
	marks := func(n int) string {
		return fmt.Sprintf("1:1: the file has %d marks such as : , - [ {; keep it to 30000, or begin another file", n)
	}
	for _, tt := range []struct {
		name, file string
		first      string // problem, after the file's name
		problems   int
	}{
		{"10 MB", strings.Repeat("x", 10<<20), "1:1: the file is 10485760 bytes long; keep it under 1 MiB", 1},
		{"1 MiB and a byte", fill("x") + "x", "1:1: the file is 1048577 bytes long; keep it under 1 MiB", 1},
		{"100,000 [", strings.Repeat("[", n), marks(n), 1},
		{"100,000 -", strings.Repeat("- ", n), marks(n), 1},
		{"100,000 {a:", strings.Repeat("{a: ", n), marks(2 * n), 1},
		{"100,000 keys", keys(n, "\n"), marks(n), 1},
		{"100,000 items", "to: A\ncopies: [" + strings.Repeat("x,", n-3) + "]", marks(n), 1},
		{"100,000 documents", strings.Repeat("---\n", n), marks(3 * n), 1},
		{"[", strings.Repeat("[", n/4), "1:1: this is not YAML (it is nested too deep)", 1},
		{"-", strings.Repeat("- ", n/4), "1:1: this is not YAML (it is nested too deep)", 1},
		{"{a:", strings.Repeat("{a: ", n/8), "1:1: this is not YAML (it is nested too deep)", 1},
		{"as deep as the parser goes", strings.Repeat("- ", 9_000), "1:41: this is nested too deep", 1},
		{"alias bomb", bomb, "1:5: anchors (&name) are not read here", 101},
		{"anchors", strings.Repeat("- &a x\n", n/4), "1:3: anchors (&name) are not read here", 101},
		{"tags", strings.Repeat("- !!str x\n", n/4), "1:3: tags (!name) are not read here", 101},
		{"directives", fill("%TAG !a! b\n"), "1:1: directives (%NAME) are not read here", 101},
		{"one line", "shelf: " + fill("x")[:strictyaml.MaxSize-20], "1:1: to is missing", 2},
		{"one key", fill("x")[:strictyaml.MaxSize-20] + ": 1", "1:1: this is not YAML (a colon can't stand here)", 1},
		{"keys", keys(n/4, "\n"), "1:1: there is no such key", 101},
		{"keys in one line", "{" + keys(n/8, ",") + "}", "1:2: there is no such key", 101},
		{"keys at the end of a long line", "{to: " + strings.Repeat("x", 800_000) + ", " + keys(n/10, ",") + "}", "1:6: to is 800000 characters long", 101},
		{"the same key", strings.Repeat("to: A\n", n/4), "2:1: this key stands twice, first in line 1", 101},
		{"items", "to: A\ncopies: [" + strings.Repeat("x,", n/4) + "]", "2:9: copies has 25000 items; keep it to 50", 1},
		{"documents", strings.Repeat("---\nto: A\n", n/16), "202:1: this is document 101 of the file; keep it to 100, or begin another file", 1},
		{"documents of nothing", strings.Repeat("---\n", n/16), "1:1: the file is empty", 1},
		{"comments", fill("#\n"), "1:1: the file is empty", 1},
		{"blank lines", fill("\n"), "1:1: the file is empty", 1},
		{"number", "to: A\npages: 1" + fill("0")[:strictyaml.MaxSize-20], "2:8: pages wants a whole number, and this is text", 1},
		{"NULs", fill("\x00"), "1:1: a control character (U+0000) stands here", 1},
		{"escapes", fill("\x1b\n"), "1:1: a control character (U+001B) stands here", 101},
		{"tabs", fill("\t"), "1:1: this is not YAML (a tab stands where the indentation belongs)", 1},
		{"unclosed quote", "to: \"" + fill("\\n")[:strictyaml.MaxSize-20], "1:1: this is not YAML (a quote is opened and not closed)", 1},
		{"a fault at the end of a long file", strings.Repeat("k: v\n", n/4) + "to: [", "25001:1: this is not YAML (a value is missing here)", 1},
		{"a fault at the end", strings.Repeat("k: v\n", 6_000) + "to: [", "6001:1: this is not YAML (a value is missing here)", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, problems := read(tt.file)
			runtime.ReadMemStats(&after)
			t.Logf("%d problems, %d allocations of %d kB for %d kB", len(problems), after.Mallocs-before.Mallocs, (after.TotalAlloc-before.TotalAlloc)>>10, len(tt.file)>>10)
			if len(problems) != tt.problems || !strings.HasPrefix(problems[0].String(), "f.yaml:"+tt.first) {
				t.Fatalf("%d problems, the first is\n%.200s, want %d beginning with\n%s", len(problems), problems[0], tt.problems, tt.first)
			}
			if last := problems[len(problems)-1]; tt.problems == 101 && last.Text != "there are more problems from here on" {
				t.Errorf("the last problem is %v, want that there are more", last)
			}
			if got := after.Mallocs - before.Mallocs; got > 1_000_000 {
				t.Errorf("%d allocations, want up to a million", got)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
				t.Errorf("%d bytes allocated, want up to 64 MiB", got)
			}
		})
	}
}

// The schema says what Decode reads, in the form that editors know.
func TestSchema(t *testing.T) {
	got, err := json.MarshalIndent(strictyaml.Schema(reflect.TypeFor[letter](), "A letter"), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const golden = "testdata/schema.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: want (-), got (+):\n%s", golden, diff)
	}
}
