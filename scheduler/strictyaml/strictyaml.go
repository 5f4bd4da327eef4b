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
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"coalition/invites"
)

// MaxSize is how large a file may be, in bytes.
const MaxSize = 1 << 20

const maxDepth = 20

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

// A Fault is the error that a type's UnmarshalText returns for text it can't read.
type Fault struct {
	Text string // what is wrong, to be read after the key's name: "is no time zone"
	Mend string
}

// Error is the fault without its mend.
func (f *Fault) Error() string { return f.Text }

// A Document is one YAML document of a file.
type Document struct {
	file  string
	lines [][]byte
	root  *yaml.Node
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
	if !utf8.Valid(data) {
		return whole("the file is not UTF-8 text", "save it with the encoding UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	d := &Document{file: file, lines: bytes.Split(data, []byte("\n"))}
	if p := d.controls(); p != nil {
		return nil, p
	}
	var docs []*Document
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var n yaml.Node
		err := dec.Decode(&n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, []Problem{d.syntax(err)}
		}
		if len(n.Content) == 0 {
			continue
		}
		doc := &Document{file: file, lines: d.lines, root: n.Content[0]}
		if p := doc.shape(doc.root, 1); len(p) > 0 {
			return nil, p
		}
		docs = append(docs, doc)
	}
	if len(docs) == 0 {
		return whole("the file is empty", "write what it is for, or remove it")
	}
	return docs, nil
}

// controls finds the bytes that no text file should hold, before any parser meets them.
func (d *Document) controls() []Problem {
	for i, line := range d.lines {
		for j, c := range line {
			if c < ' ' && c != '\t' && (c != '\r' || j != len(line)-1) || c == 0x7f {
				return []Problem{d.at(i+1, utf8.RuneCount(line[:j])+1,
					fmt.Sprintf("a control character (U+%04X) stands here", c), "delete it")}
			}
		}
	}
	return nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

func (d *Document) syntax(err error) Problem {
	line, text := 1, err.Error()
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		text = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = min(max(n, 1), len(d.lines))
		}
	}
	column := 1
	if l := d.lines[line-1]; len(bytes.TrimSpace(l)) > 0 {
		column = len(l) - len(bytes.TrimLeft(l, " \t")) + 1
	}
	mend := "compare the indentation and the colons with the lines above"
	if strings.ContainsAny(text, "'\"`") {
		text = "it could not be read" // the parser quotes the file, and a problem may end up in a log
	}
	switch {
	case strings.Contains(text, "mapping values are not allowed"):
		mend = "put text that holds a colon in quotes"
	case strings.Contains(text, "character that cannot start any token"):
		mend = "indent with spaces, not tabs; put text that begins with @, ` or % in quotes"
	case strings.Contains(err.Error(), "unknown anchor"):
		mend = "put text that begins with * in quotes"
	case strings.Contains(text, "exceeded max depth"):
		mend = fmt.Sprintf("nest no deeper than %d levels", maxDepth)
	}
	return d.at(line, column, "this is not YAML ("+text+")", mend)
}

// shape refuses what makes a file mean something else than it shows.
func (d *Document) shape(n *yaml.Node, depth int) []Problem {
	if depth > maxDepth {
		return []Problem{d.on(n, "this is nested too deep", fmt.Sprintf("nest no deeper than %d levels", maxDepth))}
	}
	var list []Problem
	switch {
	case n.Kind == yaml.AliasNode:
		return []Problem{d.on(n, "aliases (*name) are not read here", "write the value out, or put it in quotes")}
	case n.Anchor != "":
		list = append(list, d.on(n, "anchors (&name) are not read here", "leave the anchor out, or put the text in quotes"))
	case n.Style&yaml.TaggedStyle != 0:
		list = append(list, d.on(n, "tags (!name) are not read here", "leave the tag out, or put the text in quotes"))
	}
	for _, c := range n.Content {
		list = append(list, d.shape(c, depth+1)...)
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

// secret is how a key looks whose value should not be shown even on a terminal.
var secret = regexp.MustCompile(`(?i)^(\s*-?\s*\w*(?:pass|secret|token)\w*\s*:\s*).*$`)

// excerpt is the line with a mark under the column; what could upset a terminal is shown as ·.
func excerpt(line []byte, column int) string {
	const width = 76
	clean := strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0 || invites.IsBidi(r) || r == utf8.RuneError:
			return '·'
		}
		return r
	}, strings.TrimRight(string(line), "\r\n"))
	if m := secret.FindStringSubmatch(clean); m != nil && !strings.Contains(m[1], "_file") && !strings.Contains(m[1], "_command") {
		clean = m[1] + "…"
	}
	runes := []rune(clean)
	start := 0
	if column > width-10 {
		start = min(column-width/2, len(runes))
	}
	end := min(start+width, len(runes))
	return "    " + string(runes[start:end]) + "\n    " + strings.Repeat(" ", max(0, column-1-start)) + "^"
}

// Problem is a problem at the value of the key that path leads to, such as "with", "email" or
// "agenda", "2" (from 0): at the nearest key there is when the file does not hold it.
func (d *Document) Problem(text, mend string, path ...string) Problem {
	n := d.root
	for _, key := range path {
		next := child(n, key)
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

// Has reports whether the document holds a value for the key that path leads to.
func (d *Document) Has(path ...string) bool {
	n := d.root
	for _, key := range path {
		if n = child(n, key); n == nil {
			return false
		}
	}
	return n.Tag != "!!null"
}

func child(n *yaml.Node, key string) *yaml.Node {
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

// Decode reads the document into the struct that into points to. Beside the key's name, a field's
// `strict` tag may say: "required" (the key must be there and not empty), "text" (several lines are
// allowed), "max=N" (how many characters, or items of a list; default 200). A field whose type has
// UnmarshalText reads itself; its error should be a [Fault]. Keys left out or empty keep what the
// struct held before. Problems come in the order of the file.
func (d *Document) Decode(into any) []Problem {
	r := reader{d: d}
	r.value(d.root, reflect.ValueOf(into).Elem(), "", limits{max: 200})
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return r.problems
}

type reader struct {
	d        *Document
	problems []Problem
}

type limits struct {
	required, text bool
	max            int
}

func (r *reader) report(n *yaml.Node, text, mend string) {
	r.problems = append(r.problems, r.d.on(n, text, mend))
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// value reads n into v; name is the key as people know it, for the words of a problem.
func (r *reader) value(n *yaml.Node, v reflect.Value, name string, l limits) {
	if isNull(n) {
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if t, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		r.own(n, t, name)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.mapping(n, v, name)
	case reflect.Slice:
		r.list(n, v, name, l)
	case reflect.String:
		r.text(n, v, name, l)
	case reflect.Bool:
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
			r.wrongType(n, name, "true or false")
			return
		}
		v.SetBool(strings.EqualFold(n.Value, "true"))
	case reflect.Int:
		i, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil {
			r.wrongType(n, name, "a whole number")
			return
		}
		v.SetInt(int64(i))
	default:
		panic("strictyaml: no reading into " + v.Type().String())
	}
}

func (r *reader) wrongType(n *yaml.Node, name, want string) {
	found := map[yaml.Kind]string{yaml.MappingNode: "a block of keys", yaml.SequenceNode: "a list"}[n.Kind]
	if n.Kind == yaml.ScalarNode {
		switch n.Tag {
		case "!!int", "!!float":
			found = "a number"
		case "!!bool":
			found = "true or false"
		default:
			found = "text"
		}
	}
	mend := "write " + want
	if want == "text" && n.Kind == yaml.ScalarNode {
		mend = "put it in quotes"
	}
	r.report(n, fmt.Sprintf("%s wants %s, and this is %s", name, want, found), mend)
}

func (r *reader) own(n *yaml.Node, t encoding.TextUnmarshaler, name string) {
	if n.Kind != yaml.ScalarNode {
		r.wrongType(n, name, "one value")
		return
	}
	value := strings.TrimSpace(n.Value)
	err := invites.Line(value)
	if err == nil {
		err = t.UnmarshalText([]byte(value))
	}
	var f *Fault
	switch {
	case errors.As(err, &f):
		r.report(n, name+" "+f.Text, f.Mend)
	case err != nil:
		r.report(n, name+" "+err.Error(), "")
	}
}

func (r *reader) text(n *yaml.Node, v reflect.Value, name string, l limits) {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" && n.Tag != "!!timestamp" {
		r.wrongType(n, name, "text")
		return
	}
	value := strings.TrimSpace(n.Value)
	check, mend := invites.Line, "write it as one line of plain text"
	if l.text {
		check, mend = invites.Text, "write it as plain text"
	}
	if err := check(value); err != nil {
		r.report(n, name+" "+err.Error(), mend)
		return
	}
	if count := utf8.RuneCountInString(value); count > l.max {
		r.report(n, fmt.Sprintf("%s is %d characters long", name, count), fmt.Sprintf("keep it to %d", l.max))
		return
	}
	v.SetString(value)
}

func (r *reader) list(n *yaml.Node, v reflect.Value, name string, l limits) {
	if n.Kind != yaml.SequenceNode {
		r.wrongType(n, name, "a list")
		return
	}
	const most = 50
	if len(n.Content) > most {
		r.report(n, fmt.Sprintf("%s has %d items", name, len(n.Content)), fmt.Sprintf("keep it to %d", most))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, c := range n.Content {
		item := fmt.Sprintf("%s, item %d,", name, i+1)
		if isNull(c) || c.Kind == yaml.ScalarNode && strings.TrimSpace(c.Value) == "" {
			r.report(c, item+" is empty", "write it, or take the line out")
			continue
		}
		r.value(c, out.Index(i), item, l)
	}
	v.Set(out)
}

func (r *reader) mapping(n *yaml.Node, v reflect.Value, name string) {
	if n.Kind != yaml.MappingNode {
		r.wrongType(n, cmp.Or(name, "this file"), "a block of keys")
		return
	}
	fields := Fields(v.Type())
	seen := make(map[string]int, len(fields))
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		k := slices.IndexFunc(fields, func(f Field) bool { return f.Key == key.Value })
		if line, ok := seen[key.Value]; ok {
			r.report(key, fmt.Sprintf("this key stands twice, first in line %d", line), "keep one of them")
			continue
		}
		seen[key.Value] = key.Line
		if k < 0 {
			text := "there is no such key"
			if name != "" {
				text += " in " + strings.TrimSuffix(name, ",")
			}
			r.report(key, text, suggestion(key.Value, fields))
			continue
		}
		f := fields[k]
		r.value(value, v.FieldByIndex(f.index), f.path(name), f.limits)
	}
	for _, f := range fields {
		if f.limits.required {
			if value := child(n, f.Key); value == nil {
				r.report(n, f.path(name)+" is missing", "add `"+f.Key+":`")
			} else if isNull(value) || value.Kind == yaml.ScalarNode && strings.TrimSpace(value.Value) == "" {
				r.report(value, f.path(name)+" is empty", "write it")
			}
		}
	}
}

func suggestion(key string, fields []Field) string {
	if len(key) > 40 {
		key = ""
	}
	best, distance := "", 3
	var all []string
	for _, f := range fields {
		if n := editDistance(strings.ToLower(key), f.Key); n < distance {
			best, distance = f.Key, n
		}
		all = append(all, f.Key)
	}
	if best != "" {
		return "did you mean `" + best + "`?"
	}
	return "the keys here are " + strings.Join(all, ", ")
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
