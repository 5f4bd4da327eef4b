package plan_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"coalition/scheduler/plan"
)

// withHours is the terms of the good plan with these working hours.
func withHours(t *testing.T, hours string) plan.Terms {
	t.Helper()
	plans, _, problems := plan.Parse("maya.yaml", "maya", []byte(change(t, "  email: maya@example.org\n", "  email: maya@example.org\n  working_hours: "+hours+"\n")), false)
	if len(plans) != 1 || len(problems) > 0 {
		t.Fatal(problems)
	}
	return plans[0].Terms
}

// What was stored of hours when they were one block is read, and written, byte for byte as then: a plan that nobody
// has touched says the same after an upgrade.
func TestHoursJSON(t *testing.T) {
	for _, tt := range []struct{ file, stored string }{
		{`{days: [mon, thu], from: "08:00", to: "12:30"}`, `{"days":["mon","thu"],"from":"08:00","to":"12:30"}`},
		{`{from: "00:00", to: "24:00"}`, `{"to":"24:00"}`},
		{`{days: [sun]}`, `{"days":["sun"]}`},
		{`{}`, `{}`},
		{`[{days: [sun]}]`, `{"days":["sun"]}`},
		{`[{days: [mon], from: "08:00", to: "12:30"}, {from: "14:00", to: "18:00"}]`, `[{"days":["mon"],"from":"08:00","to":"12:30"},{"from":"14:00","to":"18:00"}]`},
	} {
		terms := withHours(t, tt.file)
		data, err := json.Marshal(terms.With)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"name":"Maya Chen","email":"maya@example.org","working_hours":` + tt.stored + `}`
		if string(data) != want {
			t.Errorf("%s is stored as %s, want %s", tt.file, data, want)
		}
		var back plan.With
		if err := json.Unmarshal([]byte(want), &back); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(terms.With, back); diff != "" {
			t.Errorf("%s, stored and read: %s", tt.file, diff)
		}
	}
	data, err := json.Marshal(plan.With{Name: "A", Email: "a@example.org"})
	if want := `{"name":"A","email":"a@example.org"}`; string(data) != want || err != nil {
		t.Errorf("none are stored as %s, %v; want %s", data, err, want)
	}
}

func TestHoursOn(t *testing.T) {
	for _, tt := range []struct{ name, hours, mon, fri, sat string }{
		{"none", "", "09:00-17:00", "09:00-17:00", ""},
		{"days alone", "{days: [sat]}", "", "", "09:00-17:00"},
		{"no days", `{from: "10:00", to: "11:00"}`, "10:00-11:00", "10:00-11:00", ""},
		{"lunch", `[{days: [fri, mon], from: "13:30", to: "17:30"}, {days: [mon], from: "09:00", to: "12:30"}]`, "09:00-12:30 13:30-17:30", "13:30-17:30", ""},
		{"overlap", `[{days: [mon], from: "09:00", to: "17:00"}, {days: [mon], from: "10:00", to: "11:00"}, {days: [mon], from: "16:00", to: "18:00"}]`, "09:00-18:00", "", ""},
		{"touch", `[{days: [mon], from: "12:00", to: "13:00"}, {days: [mon], from: "13:00", to: "14:00"}]`, "12:00-14:00", "", ""},
	} {
		var hours plan.Hours
		if tt.hours != "" {
			hours = withHours(t, tt.hours).With.WorkingHours
		}
		for day, want := range map[time.Weekday]string{time.Monday: tt.mon, time.Friday: tt.fri, time.Saturday: tt.sat} {
			var got []string
			for _, b := range hours.On(day) {
				from, _ := b.From.MarshalText()
				to, _ := b.To.MarshalText()
				got = append(got, fmt.Sprintf("%s-%s", from, to))
			}
			if s := strings.Join(got, " "); s != want || hours.Has(day) != (want != "") {
				t.Errorf("%s: on %v %q, has %v, want %q", tt.name, day, s, hours.Has(day), want)
			}
		}
	}
}

// A minute is in the hours of a day just where it is in one of its blocks, and no two of them could be one.
func TestHoursOnAny(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hours := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) plan.Block {
			from := rapid.IntRange(0, 1439).Draw(t, "from")
			days := rapid.SliceOfDistinct(rapid.IntRange(0, 6), rapid.ID[int]).Draw(t, "days")
			b := plan.Block{From: plan.Clock(from), To: plan.Clock(rapid.IntRange(from+1, 1440).Draw(t, "to"))}
			for _, d := range append(days, rapid.IntRange(0, 6).Draw(t, "day")) {
				b.Days = append(b.Days, plan.Weekday(d))
			}
			return b
		}), 1, 6).Draw(t, "hours")
		day := time.Weekday(rapid.IntRange(0, 6).Draw(t, "on"))
		on := plan.Hours(hours).On(day)
		in := func(blocks []plan.Block, minute plan.Clock) bool {
			return slices.ContainsFunc(blocks, func(b plan.Block) bool {
				return slices.Contains(b.Days, plan.Weekday(day)) && b.From <= minute && minute < b.To
			})
		}
		for minute := range plan.Clock(1440) {
			if in(on, minute) != in(hours, minute) {
				t.Fatalf("%v: minute %d is in %v or not", hours, minute, on)
			}
		}
		for i := range on[min(1, len(on)):] {
			if on[i].To >= on[i+1].From {
				t.Fatalf("%v could be fewer", on)
			}
		}
	})
}

func TestHoursOpen(t *testing.T) {
	hours := withHours(t, `[{days: [mon], from: "13:00", to: "17:00"}, {days: [mon, tue], from: "10:00", to: "11:00"}, {days: [wed], from: "08:00", to: "09:00"}]`).With.WorkingHours
	for day, want := range map[time.Weekday]plan.Clock{time.Monday: 10 * 60, time.Wednesday: 8 * 60, time.Sunday: 8 * 60} {
		if got := hours.Opens(day); got != want {
			t.Errorf("on %v they open at %d minutes, want %d", day, got, want)
		}
	}
	if got := (plan.Hours{}).Opens(time.Sunday); got != 9*60 {
		t.Errorf("none open at %d minutes, want 540", got)
	}
}
