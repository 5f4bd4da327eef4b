package form

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

// Again is what of a plan is said of a further round, too: with whom, what for, what is offered and asked, where, how
// long, and what is private. Its time, its agenda and the organizer's check-in are of each round.
func Again(p *plan.Plan) Said {
	said := make(Said)
	for _, k := range Keys() {
		switch block, _, _ := strings.Cut(k.Path, "."); {
		case block == "id", block == "round", block == "opening", block == "agenda", block == "ask_on", block == "ready",
			block == "permitted", block == "when" && k.Path != "when.duration" && k.Path != "when.short":
			continue
		}
		if values := valuesAt(reflect.ValueOf(p).Elem(), k.Path); len(values) > 0 {
			said[k.Path] = values
		}
	}
	return said
}

// valuesAt are the values of the key that path leads to from the struct v, as they are said.
func valuesAt(v reflect.Value, path string) (list []string) {
	name, rest, nested := strings.Cut(path, ".")
	for _, f := range strictyaml.Fields(v.Type()) {
		if f.Key != name {
			continue
		}
		at := v.FieldByIndex(f.Index())
		switch {
		case nested:
			return valuesAt(at, rest)
		case at.Kind() == reflect.Slice:
			for i := range at.Len() {
				list = append(list, saidOf(at.Index(i)))
			}
		case !at.IsZero():
			list = append(list, saidOf(at))
		}
	}
	return list
}

// saidOf is a value as it is said.
func saidOf(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch v := v.Interface().(type) {
	case plan.Block:
		var days []string
		for _, d := range v.Days {
			text, _ := d.MarshalText()
			days = append(days, string(text))
		}
		// As these are read where neither is said.
		if v.From == 0 && v.To == 0 {
			v.From, v.To = 9*60, 17*60
		}
		from, _ := v.From.MarshalText()
		to, _ := v.To.MarshalText()
		return strings.TrimSpace(fmt.Sprintf("%s %s-%s", strings.Join(days, ","), from, to))
	case plan.Duration:
		return length(time.Duration(v))
	case plan.Travel:
		return length(time.Duration(v))
	}
	return fmt.Sprint(v.Interface())
}

// length is a length of whole minutes as people write it: 1h, 90m or 1h30m.
func length(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "h0m") + map[bool]string{true: "h"}[d%time.Hour == 0]
}
