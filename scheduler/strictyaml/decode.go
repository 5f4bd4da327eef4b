package strictyaml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"coalition/invites/plaintext"
)

// Decode reads the document into the struct that into points to. Beside the key's name, a field's
// `strict` tag may say: "required" (the key must be there and not empty), "text" (several lines are
// allowed), "alone" (of a list: an item may stand there without a list around it), "max=N" (how many characters the text, or each item of a list, may have; default 200). A
// field whose type is a [Scalar] reads itself. Keys left out or
// empty keep what the struct held before. The problems are those of [First].
func (d *Document) Decode(into any) []Problem {
	r := reader{d: d}
	d.fault, d.alone, d.doubts = make(map[*yaml.Node]bool), make(map[*yaml.Node]bool), nil
	r.value(d.root, reflect.ValueOf(into).Elem(), "", limits{max: 200})
	return First(r.problems)
}

type reader struct {
	d        *Document
	problems []Problem
}

type limits struct {
	required, text, alone bool
	max                   int
}

func (r *reader) report(n *yaml.Node, text, mend string) {
	r.problems = append(r.problems, r.d.on(n, text, mend))
	r.d.fault[n] = true
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func isEmpty(n *yaml.Node) bool {
	return isNull(n) || n.Kind == yaml.ScalarNode && strings.TrimSpace(n.Value) == ""
}

// value reads n into v; name is the key as people know it, for the words of a problem.
func (r *reader) value(n *yaml.Node, v reflect.Value, name string, l limits) {
	if isNull(n) {
		if _, own := v.Addr().Interface().(Scalar); v.Kind() == reflect.String && !own {
			r.d.weigh(n)
		}
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if t, ok := v.Addr().Interface().(Scalar); ok {
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
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		if key := n.Content[i]; strings.ContainsFunc(key.Value, noBreak) { // which may be why
			from := offset(r.d.lines[key.Line-1], key.Column)
			at := max(bytes.IndexFunc(r.d.lines[key.Line-1][from:], noBreak), 0)
			p := r.d.at(key.Line, 1+utf8.RuneCount(r.d.lines[key.Line-1][:from+at]), spaceFault, spaceMend)
			r.problems = append(r.problems, p)
			r.d.fault[n] = true
			return
		}
	}
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

func (r *reader) own(n *yaml.Node, t Scalar, name string) {
	if n.Kind != yaml.ScalarNode {
		r.wrongType(n, name, "one value")
		return
	}
	value := strings.TrimSpace(n.Value)
	if value == "" {
		return
	}
	if err := plaintext.CheckLine(value); err != nil {
		r.report(n, name+" "+err.Error(), oneLine)
		return
	}
	err := t.Parse(value)
	var f *Fault
	switch {
	case errors.As(err, &f):
		r.report(n, name+" "+f.Text, f.Mend)
	case err != nil:
		r.report(n, name+" can't be read", "") // another error's words may be those of the file
	}
}

const oneLine = "write it as one line of plain text"

func (r *reader) text(n *yaml.Node, v reflect.Value, name string, l limits) {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" && n.Tag != "!!timestamp" && n.Tag != "!!merge" {
		r.wrongType(n, name, "text")
		return
	}
	value := strings.TrimSpace(n.Value)
	if value == "" {
		return
	}
	check, mend := plaintext.CheckLine, oneLine
	if l.text {
		check, mend = plaintext.CheckText, "write it as plain text"
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
	r.d.weigh(n)
}

func (r *reader) list(n *yaml.Node, v reflect.Value, name string, l limits) {
	if l.alone && n.Kind != yaml.SequenceNode {
		r.d.alone[n] = true
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		r.value(n, v.Index(0), name, l)
		return
	}
	if n.Kind != yaml.SequenceNode {
		r.wrongType(n, name, "a list")
		return
	}
	if len(n.Content) > maxItems {
		r.report(n, fmt.Sprintf("%s has %d items", name, len(n.Content)), fmt.Sprintf("keep it to %d", maxItems))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, c := range n.Content {
		item := fmt.Sprintf("%s, item %d,", name, i+1)
		if isEmpty(c) {
			if line, column, ok := r.d.cut(c); ok {
				r.problems = append(r.problems, r.d.at(line, column, cutText, cutMend))
				r.d.fault[c] = true
				continue
			}
			r.report(c, item+" is empty", "write it, or take the line out")
			continue
		}
		r.value(c, out.Index(i), item, l)
	}
	v.Set(out)
}

func (r *reader) mapping(n *yaml.Node, v reflect.Value, name string) {
	if n.Kind != yaml.MappingNode {
		r.wrongType(n, cmp.Or(name, r.d.name()), "a block of keys")
		return
	}
	fields := Fields(v.Type())
	seen := make(map[string]int) // no hint: few blocks have more than the eight keys that a map holds without memory of its own
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if len(r.problems) > maxProblems {
			return
		}
		if key.Kind != yaml.ScalarNode {
			r.report(key, "a key is one word", suggestion("", fields))
			continue
		}
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
			if strings.ContainsFunc(key.Value, noBreak) {
				r.report(key, spaceFault, spaceMend)
				continue
			}
			r.report(key, text, suggestion(key.Value, fields))
			continue
		}
		f := fields[k]
		r.value(value, v.FieldByIndex(f.index), f.path(name), f.limits)
	}
	for _, f := range fields {
		if f.limits.required {
			if value := r.d.child(n, f.Key); value == nil {
				r.report(n, f.path(name)+" is missing", "add `"+f.Key+":`")
			} else if isEmpty(value) {
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
		if n := editDistance(strings.ToLower(key), f.Key); n < min(distance, len(f.Key)) {
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
