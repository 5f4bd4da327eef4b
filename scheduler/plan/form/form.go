// Package form knows how a new plan file is written: what has been said of the plan stands in it as values, all else as
// comments for the organizer to fill in. What a plan file may say it leaves to plan, and the file itself to others.
package form

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

// Said is what has been said of a plan: by the path of a key, the values in their order, each in one text. Of a key
// that takes one value the last counts.
type Said map[string][]string

// One is the value of a key that takes one; "" where nothing has been said.
func (s Said) One(path string) string {
	if values := s[path]; len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

// A Key is a key of plans whose value can be said in a text.
type Key struct {
	// Path leads to it through the blocks of a plan, such as with.name or private.measures.
	Path string
	// List says that it takes several values.
	List bool
	// Bool says that its value is true or false.
	Bool bool

	of reflect.Type
}

// Name is the key as it stands in its block.
func (k Key) Name() string { return k.Path[strings.LastIndexByte(k.Path, '.')+1:] }

// Keys are those of a plan in the order of its file. Blocks that are written in one text have no keys of their own
// here: an item of the agenda is "How we begin (20)", with its minutes in brackets; days between which a time is looked
// for are "2027-03-01..2027-03-12"; hours of work are "mon-thu 09:00-17:00".
var Keys = sync.OnceValue(func() []Key { return keysOf(reflect.TypeFor[plan.Plan](), "") })

func keysOf(t reflect.Type, in string) (list []Key) {
	scalar := reflect.TypeFor[strictyaml.Scalar]()
	for _, f := range strictyaml.Fields(t) {
		k := Key{Path: in + f.Key, of: f.Type}
		if k.of.Kind() == reflect.Pointer {
			k.of = k.of.Elem()
		}
		if k.List = k.of.Kind() == reflect.Slice; k.List {
			k.of = k.of.Elem()
		}
		k.Bool = k.of.Kind() == reflect.Bool
		if k.of.Kind() == reflect.Struct && !k.List && !reflect.PointerTo(k.of).Implements(scalar) &&
			k.of != reflect.TypeFor[plan.Between]() {
			list = append(list, keysOf(k.of, k.Path+".")...)
			continue
		}
		list = append(list, k)
	}
	return list
}

func keyAt(path string) Key {
	keys := Keys()
	i := slices.IndexFunc(keys, func(k Key) bool { return k.Path == path })
	if i < 0 {
		panic("form: there is no key " + path)
	}
	return keys[i]
}

// Misread returns the first key, in the order of a file, with a value that is not written as such a value is, and what
// is wrong with that one. All else that may be wrong a plan tells itself once it is read.
func (s Said) Misread() (path string, fault *strictyaml.Fault) {
	for _, k := range Keys() {
		for _, value := range s[k.Path] {
			if _, fault := k.read(value); fault != nil {
				return k.Path, fault
			}
		}
	}
	return "", nil
}

// Check returns what is wrong with one value of the key at path, in words to be read after its name; nil: nothing is.
// What only another key makes wrong it does not see.
func Check(path, value string) *strictyaml.Fault {
	k := keyAt(path)
	read, fault := k.read(value)
	if fault != nil {
		return fault
	}
	if k.List {
		read = []any{read}
	}
	written, err := json.Marshal(read)
	if err != nil {
		return &strictyaml.Fault{Text: "can't be written", Mend: "write it as plain text"}
	}
	// All that another key could ask for is there. Only the line of the key counts.
	lines := []string{"with.name: Maya", "with.email: maya@example.org", "purpose: all", "agenda: [{topic: one, minutes: 1}]",
		"setting.kind: walk", "setting.place: here", "setting.private_room: true", "setting.phone: 030123456",
		"setting.url: https://example.org", "when.duration: 12h", "when.short: true"}
	switch path {
	case "when.duration":
		lines[3] = "purpose: all"
	case "setting.private_room":
		lines[4] = "setting.kind: office"
	case "setting.phone", "setting.caller":
		lines[4] = "setting.kind: phone"
	case "setting.url":
		lines[4] = "setting.kind: video"
	}
	var data strings.Builder
	at, line, begun := 0, 0, ""
	write := func(text string) {
		line++
		data.WriteString(text + "\n")
	}
	put := func(key string) {
		name, rest, _ := strings.Cut(key, ": ")
		block, inner, nested := strings.Cut(name, ".")
		if !nested {
			write(key)
			return
		}
		if begun != block {
			begun = block
			write(block + ":")
		}
		write("  " + inner + ": " + rest)
	}
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, path+": ") })
	block, _, nested := strings.Cut(path, ".")
	i := len(lines)
	if nested {
		for n, l := range lines {
			if strings.HasPrefix(l, block+".") {
				i = n + 1
			}
		}
	}
	for n, l := range slices.Insert(lines, i, path+": "+string(written)) {
		if put(l); n == i {
			at = line
		}
	}
	_, _, problems := plan.Parse("", "x", []byte(data.String()), false)
	for _, p := range problems {
		if p.Line != at || p.Warning {
			continue
		}
		text := p.Text
		for _, name := range []string{path + ", item 1, " + k.Name(), path + ", item 1,", path} {
			text = strings.TrimPrefix(text, name+" ")
		}
		return &strictyaml.Fault{Text: text, Mend: p.Mend}
	}
	return nil
}

// What is written in one text.
var (
	item = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(.*?)\s*\((\d{1,3})(?:\s*min(?:utes?)?\.?)?\)$`)
	})
	hours = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:([a-z ,-]+?) +)?(\d{1,2}:\d{2}) ?(?:-|–|to) ?(\d{1,2}:\d{2})$`)
	})
)

var week = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// read returns a value as YAML has it: of another type where it can't be read as the key's, so that whoever reads the
// plan refuses it.
func (k Key) read(text string) (any, *strictyaml.Fault) {
	switch k.of {
	case reflect.TypeFor[plan.Item]():
		if m := item().FindStringSubmatch(text); m != nil {
			minutes, _ := strconv.Atoi(m[2])
			return map[string]any{"topic": m[1], "minutes": minutes}, nil
		}
		return map[string]any{"topic": text}, nil
	case reflect.TypeFor[plan.Between]():
		from, to, ok := strings.Cut(text, "..")
		if !ok {
			return nil, &strictyaml.Fault{Text: "is no span of days",
				Mend: "write it as 2027-03-01..2027-03-12, or `in 1 week..in 3 weeks`"}
		}
		return map[string]any{"from": strings.TrimSpace(from), "to": strings.TrimSpace(to)}, nil
	case reflect.TypeFor[plan.Block]():
		return readHours(text)
	}
	switch k.of.Kind() {
	case reflect.Bool:
		switch strings.ToLower(text) {
		case "true", "yes", "y", "1", "x":
			return true, nil
		case "false", "no", "n", "0":
			return false, nil
		}
		return nil, &strictyaml.Fault{Text: "is neither true nor false", Mend: "write true, or leave it out"}
	case reflect.Int:
		if n, err := strconv.Atoi(text); err == nil {
			return n, nil
		}
		return nil, &strictyaml.Fault{Text: "is no whole number", Mend: "write it in figures"}
	}
	return text, nil
}

func readHours(text string) (any, *strictyaml.Fault) {
	fault := &strictyaml.Fault{Text: "are no hours of work", Mend: "write them as mon-fri 09:00-17:00, or 09:00-17:00"}
	m := hours().FindStringSubmatch(strings.ToLower(text))
	if m == nil {
		return nil, fault
	}
	block := map[string]any{"from": m[2], "to": m[3]}
	if m[1] == "" {
		return block, nil
	}
	var days []string
	for _, part := range strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r == ' ' }) {
		first, last, span := strings.Cut(part, "-")
		from, to := slices.Index(week, first), slices.Index(week, last)
		if !span {
			to = from
		}
		if from < 0 || to < from {
			return nil, fault
		}
		days = append(days, week[from:to+1]...)
	}
	block["days"] = days
	return block, nil
}

// Minutes is how long the points of an agenda take, as far as they say so.
func Minutes(points []string) (total int) {
	for _, point := range points {
		if m := item().FindStringSubmatch(point); m != nil {
			n, _ := strconv.Atoi(m[2])
			total += n
		}
	}
	return total
}

// Fit gives the points of an agenda the minutes of a talk of that length, in the proportion that they have to each
// other; where one has none they stay as they are.
func Fit(points []string, length time.Duration) []string {
	all, total := make([]int, len(points)), 0
	for i, point := range points {
		m := item().FindStringSubmatch(point)
		if m == nil {
			return points
		}
		all[i], _ = strconv.Atoi(m[2])
		total += all[i]
	}
	whole := int(length.Minutes())
	if total == 0 || total == whole || whole < len(points) {
		return points
	}
	step := 5
	if whole < 30 || whole%step > 0 {
		step = 1
	}
	fitted, rest := make([]string, len(points)), whole
	most := 0
	for i := range all {
		if all[i] > all[most] {
			most = i
		}
	}
	minutes := make([]int, len(points))
	for i := range all {
		minutes[i] = max(all[i]*whole/total/step*step, 1)
		rest -= minutes[i]
	}
	// What rounding has left goes where there is most to say.
	minutes[most] = max(minutes[most]+rest, 1)
	for i, point := range points {
		fitted[i] = fmt.Sprintf("%s (%d)", item().FindStringSubmatch(point)[1], minutes[i])
	}
	return fitted
}
