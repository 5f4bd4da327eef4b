// Package strictyaml knows how to read a YAML file that a person writes by hand, so that no slip of
// theirs goes unseen: it reports every problem at once, each with its place and the way to mend it.
// What the keys mean it leaves to the types it reads into, which name their keys in `yaml` tags.
//
// A file is refused as a whole when it can't be read safely (too large, not UTF-8, nested too deep,
// with aliases, anchors or tags of its own); all else is reported key by key.
package strictyaml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"coalition/invites/plaintext"

	"go.yaml.in/yaml/v3"
)

// MaxSize is how large a file may be, in bytes.
const MaxSize = 1 << 20

// What no file that a person writes comes near to.
const (
	maxMarks     = 30_000
	maxDepth     = 20
	maxDocuments = 100
	maxItems     = 50  // of a list
	maxProblems  = 100 // that are told of one file
)

// A Problem is one thing in a file that its writer should look at.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1, in characters
	Warning bool   `json:"warning"`
	Text    string `json:"problem"` // what is wrong, without a word of the file but its known keys
	Mend    string `json:"mend"`    // what to write instead
	Excerpt string `json:"-"`       // the line itself, for a terminal only: it may be private
	Owner   string `json:"-"`       // whose problem it is, in the words of the file's reader; may be empty
}

// String is the problem without its excerpt, in the form that editors jump to.
func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Warning {
		s += "warning: "
	}
	s += p.Text
	if p.Mend != "" {
		s += "; " + p.Mend
	}
	return s
}

// A Scalar is a type that reads itself from the text of a value. Its error should be a [Fault].
type Scalar interface{ Parse(text string) error }

// A Fault is the error of a [Scalar] for text that it can't read.
type Fault struct {
	Text string // what is wrong, to be read after the key's name: "is no time zone"
	Mend string
}

// Error is the fault without its mend.
func (f *Fault) Error() string { return f.Text }

// A Document is one YAML document of a file.
type Document struct {
	file   string
	lines  [][]byte
	root   *yaml.Node
	item   bool                // it is one of Items
	fault  map[*yaml.Node]bool // what Decode has reported
	alone  map[*yaml.Node]bool // items that Decode has found without a list around them
	doubts []Problem           // see Doubts
}

// Parse reads the documents of a file. Where there is a problem that keeps the file from being read
// at all, there are no documents.
func Parse(file string, data []byte) ([]*Document, []Problem) {
	whole := func(text, mend string) ([]*Document, []Problem) {
		return nil, []Problem{{File: file, Line: 1, Column: 1, Text: text, Mend: mend}}
	}
	if len(data) > MaxSize {
		return whole(fmt.Sprintf("the file is %d bytes long", len(data)), "keep it under 1 MiB")
	}
	if n := marks(data); n > maxMarks {
		return whole(fmt.Sprintf("the file has %d marks such as : , - [ {", n), fmt.Sprintf("keep it to %d, or begin another file", maxMarks))
	}
	if !utf8.Valid(data) {
		return whole("the file is not UTF-8 text", "save it with the encoding UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	d := &Document{file: file, lines: bytes.Split(data, []byte("\n"))}
	if p := d.controls(); p != nil {
		return nil, First(p)
	}
	var docs []*Document
	var problems []Problem
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var n yaml.Node
		err := dec.Decode(&n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			why := d.misplacedSpaces()
			if why == nil {
				why = d.cutOpen()
			}
			if why != nil {
				return nil, why
			}
			p := d.syntax(err)
			if why = d.cutAbove(p.Line); why != nil {
				return nil, why
			}
			return nil, First(append(problems, p))
		}
		if len(n.Content) == 0 || isNull(n.Content[0]) && n.Content[0].Anchor == "" && n.Content[0].Style == 0 {
			continue // nothing stands between two lines ---
		}
		doc := &Document{file: file, lines: d.lines, root: n.Content[0]}
		problems = doc.shape(doc.root, 1, problems)
		if docs = append(docs, doc); len(docs) > maxDocuments {
			problems = append(problems, doc.Problem(fmt.Sprintf("this is document %d of the file", len(docs)), fmt.Sprintf("keep it to %d, or begin another file", maxDocuments)))
			break
		}
	}
	if len(problems) > 0 {
		return nil, First(problems)
	}
	if len(docs) == 0 {
		return whole("the file is empty", "write what it is for, or remove it")
	}
	return docs, nil
}

// marks counts what YAML makes keys, items and blocks of, in text or not: a parser's work and memory
// grow with them far more than with the bytes.
func marks(data []byte) (n int) {
	for _, c := range data {
		switch c {
		case ':', ',', '-', '?', '[', '{':
			n++
		}
	}
	return n
}

// First are the problems of one file that are told, in its order: a hundred, and that there are more.
func First(list []Problem) []Problem {
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if len(list) <= maxProblems {
		return list
	}
	more := list[maxProblems]
	more.Text, more.Mend = "there are more problems from here on", "mend those above first"
	return append(list[:maxProblems:maxProblems], more)
}

// controls finds what no text file should hold, before any parser meets it: control characters,
// line breaks that only some programs see (a YAML parser does, and would count other lines than an
// editor), and directives.
func (d *Document) controls() (list []Problem) {
	for i, line := range d.lines {
		if len(list) > maxProblems {
			break
		}
		if bytes.HasPrefix(line, []byte("%")) {
			list = append(list, d.at(i+1, 1, "directives (%NAME) are not read here", "leave the line out, or indent text that begins with %"))
		}
		for j := 0; j < len(line); {
			if c := line[j]; c >= ' ' && c < 0x7f { // nearly all there is
				j++
				continue
			}
			r, size := utf8.DecodeRune(line[j:])
			text := ""
			switch {
			case r == '\t' || r == '\r' && j == len(line)-1 && i < len(d.lines)-1:
			case hiddenBreak(r):
				text = "a hidden line break (U+%04X) stands here"
			case control(r):
				text = "a control character (U+%04X) stands here"
			}
			if text != "" {
				list = append(list, d.at(i+1, utf8.RuneCount(line[:j])+1, fmt.Sprintf(text, r), "delete it"))
				break // one for each line will do
			}
			j += size
		}
	}
	return list
}

func hiddenBreak(r rune) bool {
	return r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

func control(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\ufeff' || r == '\ufffe' || r == '\uffff'
}

// shape adds to list what makes a file mean something else than it shows.
func (d *Document) shape(n *yaml.Node, depth int, list []Problem) []Problem {
	switch {
	case len(list) > maxProblems:
		return list
	case depth > maxDepth:
		return append(list, d.on(n, "this is nested too deep", tooDeep))
	case n.Kind == yaml.AliasNode:
		return append(list, d.on(n, "aliases (*name) are not read here", "write the value out, or put it in quotes"))
	case n.Anchor != "":
		list = append(list, d.on(n, "anchors (&name) are not read here", "leave the anchor out, or put the text in quotes"))
	case n.Style&yaml.TaggedStyle != 0:
		list = append(list, d.on(n, "tags (!name) are not read here", "leave the tag out, or put the text in quotes"))
	}
	for _, c := range n.Content {
		list = d.shape(c, depth+1, list)
	}
	return list
}

func (d *Document) at(line, column int, text, mend string) Problem {
	p := Problem{File: d.file, Line: line, Column: column, Text: text, Mend: mend}
	if line <= len(d.lines) {
		p.Excerpt = excerpt(d.lines[line-1], column)
	}
	return p
}

func (d *Document) on(n *yaml.Node, text, mend string) Problem {
	return d.at(n.Line, n.Column, text, mend)
}

// What should not be shown even on a terminal: the value of a key that looks like one of a secret,
// to the end of its line, the password in an address, and of a calendar's address all behind its host: whoever knows
// that can read the calendar.
var (
	secretKey = regexp.MustCompile(`(?i)[\w-]*(?:pass|secret|token)[\w-]*(?:["']\s*:|\s*:(?:\s|$))`)
	userinfo  = regexp.MustCompile(`(://[^\s/@:]*:)[^\s/@]*@`)
	feed      = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)(\b(?:ics|caldav)["']?\s*:\s*["']?[a-z]+://[^\s/?#"']*)[^\s"',}]+`)
	})
)

func mask(line string) string {
	for _, at := range secretKey.FindAllStringIndex(line, -1) {
		if key := line[at[0]:at[1]]; !strings.Contains(key, "_file") && !strings.Contains(key, "_command") {
			line = line[:at[1]] + "…"
			break
		}
	}
	line = userinfo.ReplaceAllString(line, "${1}…@")
	if strings.Contains(line, "://") {
		line = feed().ReplaceAllString(line, "${1}…")
	}
	return line
}

// excerpt is the line with a mark under the column; what could upset a terminal is shown as ·.
func excerpt(line []byte, column int) string {
	const width, most = 76, 10_000
	if len(line) > most {
		return fmt.Sprintf("    (this line is %d bytes long)", len(line))
	}
	runes := []rune(mask(strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case hiddenBreak(r) || control(r) || plaintext.IsBidi(r) || r == utf8.RuneError:
			return '·'
		}
		return r
	}, strings.TrimRight(string(line), "\r\n"))))
	column = min(column, len(runes)+1)
	start := 0
	if column > width-10 {
		start = column - width/2
	}
	end := min(start+width, len(runes))
	return "    " + string(runes[start:end]) + "\n    " + strings.Repeat(" ", column-1-start) + "^"
}

// Items are the items of a document that is a list, each as a document of its own.
func (d *Document) Items() ([]*Document, []Problem) {
	if d.root.Kind != yaml.SequenceNode {
		r := reader{d: d}
		d.fault = make(map[*yaml.Node]bool)
		r.wrongType(d.root, d.name(), "a list")
		return nil, r.problems
	}
	var items []*Document
	for _, n := range d.root.Content {
		items = append(items, &Document{file: d.file, lines: d.lines, root: n, item: true})
	}
	return items, nil
}

func (d *Document) name() string {
	if d.item {
		return "this item"
	}
	return "this file"
}

// Problem is a problem at the value of the key that path leads to, such as "with", "email" or
// "agenda", "2" (from 0): at the nearest key there is when the file does not hold it.
func (d *Document) Problem(text, mend string, path ...string) Problem {
	n := d.root
	for _, key := range path {
		next := d.child(n, key)
		if next == nil {
			break
		}
		n = next
	}
	return d.on(n, text, mend)
}

// Warning is a [Document.Problem] that does not keep the file from being used.
func (d *Document) Warning(text, mend string, path ...string) Problem {
	p := d.Problem(text, mend, path...)
	p.Warning = true
	return p
}

// Has reports whether the document holds a value, empty text apart, for the key that path leads to.
func (d *Document) Has(path ...string) bool {
	n := d.root
	for _, key := range path {
		if n = d.child(n, key); n == nil {
			return false
		}
	}
	return !isEmpty(n)
}

// Faulty reports whether [Document.Decode] has reported the very value that path leads to: rules that
// look at several keys need not speak of it again.
func (d *Document) Faulty(path ...string) bool {
	n := d.root
	for _, key := range path {
		if n = d.child(n, key); n == nil {
			return false
		}
	}
	return d.fault[n]
}

// child is what stands under n for a key, or the number of an item; nil: nothing.
func (d *Document) child(n *yaml.Node, key string) *yaml.Node {
	if d.alone[n] && key == "0" {
		return n
	}

	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	}
	return nil
}
