package plan

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"coalition/scheduler/strictyaml"
)

// Hours are parts of a week by the clock, such as those in which somebody works. Their blocks may overlap. The zero
// Hours are those of an office: Monday to Friday, 09:00 to 17:00.
type Hours []Block

// A Block is the same time of day on some days of the week.
type Block struct {
	// None: Monday to Friday.
	Days []Weekday `yaml:"days" json:"days,omitempty" doc:"mon, tue, wed, thu, fri, sat, sun."`
	// From and To are half-open, To later than From; both 0: 09:00 to 17:00.
	From Clock `yaml:"from" json:"from,omitempty" doc:"Such as \"09:00\"."`
	To   Clock `yaml:"to" json:"to,omitempty" doc:"Such as \"17:30\"."`
}

// Has reports whether any of the hours are on that day.
func (h Hours) Has(day time.Weekday) bool {
	return len(h) == 0 && Block{}.has(day) || slices.ContainsFunc(h, func(b Block) bool { return b.has(day) })
}

// On returns the hours of that day, first to last, in blocks of this one day that neither overlap nor touch.
func (h Hours) On(day time.Weekday) (list []Block) {
	if len(h) == 0 {
		h = Hours{{}}
	}
	for _, b := range h {
		if !b.has(day) {
			continue
		}
		if b.From == 0 && b.To == 0 {
			b.From, b.To = 9*60, 17*60
		}
		b.Days = []Weekday{Weekday(day)}
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b Block) int { return cmp.Compare(a.From, b.From) })
	merged := list[:0]
	for _, b := range list {
		if last := len(merged) - 1; last >= 0 && b.From <= merged[last].To {
			merged[last].To = max(merged[last].To, b.To)
			continue
		}
		merged = append(merged, b)
	}
	return merged
}

// Opens is the time of day at which the hours of that day begin; on a day that has none, the earliest of the week.
func (h Hours) Opens(day time.Weekday) Clock {
	if on := h.On(day); len(on) > 0 {
		return on[0].From
	}
	first := Clock(24 * 60)
	for d := range time.Weekday(7) {
		if on := h.On(d); len(on) > 0 {
			first = min(first, on[0].From)
		}
	}
	return first
}

func (b Block) has(day time.Weekday) bool {
	if len(b.Days) == 0 {
		return day != time.Saturday && day != time.Sunday
	}
	return slices.Contains(b.Days, Weekday(day))
}

// Check refuses what the hours at that path of a document can't mean, as far as reading has not reported it.
func (h Hours) Check(doc *strictyaml.Document, refuse func(text, mend string, path ...string), path ...string) {
	if h != nil && len(h) == 0 {
		refuse("there are no hours in this list", "write a block of days, from and to, or take the key out", path...)
	}
	for i, b := range h {
		at := append(slices.Clip(path), fmt.Sprint(i))
		from, to := append(slices.Clip(at), "from"), append(slices.Clip(at), "to")
		switch {
		case doc.Faulty(from...) || doc.Faulty(to...) || !doc.Has(from...) && !doc.Has(to...):
		case b.From >= b.To:
			refuse("the working day ends before it begins", `write from: "09:00" and a later to:`, at...)
		case b.From == 0 && !doc.Has(from...):
			refuse("the hours have no beginning", `add from: "09:00"`, at...)
		}
	}
}

// MarshalJSON writes one block as such, and any other number of them as a list.
func (h Hours) MarshalJSON() ([]byte, error) {
	if len(h) == 1 {
		return json.Marshal(h[0])
	}
	return json.Marshal([]Block(h))
}

// UnmarshalJSON reads what [Hours.MarshalJSON] writes.
func (h *Hours) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		*h = make(Hours, 1)
		return json.Unmarshal(data, &(*h)[0])
	}
	return json.Unmarshal(data, (*[]Block)(h))
}
