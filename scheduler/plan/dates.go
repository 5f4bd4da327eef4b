package plan

import (
	"fmt"
	"time"
)

// Dates are what a plan's dates come to, counted from some moment: see [Terms.Resolve].
type Dates struct {
	Start Slot `json:"start,omitzero"`
	// Times are those that the plan names, but for such as were taken when others were offered; or, where it names none,
	// those that were found.
	Times []Slot `json:"times,omitempty"`
	// From and To are the window in which a time is looked for, half-open: whole days of the organizer's clock, or times
	// of day where the plan names some; zero where the plan names a start or times. What older versions have fixed
	// goes from when the first day opens to when the last one closes.
	From  Slot      `json:"from,omitzero"`
	To    Slot      `json:"to,omitzero"`
	AskOn time.Time `json:"ask_on,omitzero"`
}

// LastDay is a moment of the last day of the window; zero: there is none.
func (d *Dates) LastDay() time.Time {
	if d.To.IsZero() {
		return time.Time{}
	}
	return d.To.Time().Add(-time.Nanosecond)
}

// None reports whether they say nothing of when to talk: older versions fixed no window where a plan names no time.
func (d *Dates) None() bool { return d.Start.IsZero() && len(d.Times) == 0 && d.To.IsZero() }

// Passed reports whether the days between which a time is looked for are over.
func (d *Dates) Passed(now time.Time) bool { return !d.To.IsZero() && !d.To.Time().After(now) }

// A DateFault is a time in a plan that can't be meant: clocks skip or repeat it.
type DateFault struct {
	// Path is that of its key.
	Path []string
	// Text is what is wrong, after "this time".
	Text string
}

// Resolve makes days and times of what a plan says, counted from now, for an organizer with that zone and those working
// hours. One with a fault is zero.
func (t *Terms) Resolve(now time.Time, own Zone, hours Hours) (d Dates, faults []DateFault) {
	w := t.When
	zone := w.Timezone
	if zone == "" {
		zone = own
	}
	slot := func(date Date, zone Zone, clock Clock, path ...string) (slot Slot) {
		if date.IsZero() {
			return slot
		}
		slot, err := date.Slot(now, string(zone), hours, clock)
		if err != nil {
			faults = append(faults, DateFault{path, err.Error()})
		}
		return slot
	}
	d.Start = slot(w.Start, zone, 0, "when", "start")
	for i, t := range w.Times {
		d.Times = append(d.Times, slot(t, zone, 0, "when", "times", fmt.Sprint(i)))
	}
	day := func(date Date, after int, path ...string) Slot {
		if date.HasClock() {
			return slot(date, zone, 0, path...)
		}
		return DayBegins(date.Day(now, string(own), hours).AddDate(0, 0, after), string(own))
	}
	if b := w.Window(); b != nil {
		d.From = day(b.From, 0, "when", "between", "from")
		d.To = day(b.To, 1, "when", "between", "to")
	}
	if !t.AskOn.IsZero() {
		opens := hours.Opens(t.AskOn.Day(now, string(own), hours).Weekday())
		d.AskOn = slot(t.AskOn, own, opens, "ask_on").Time().UTC()
	}
	return d, faults
}
