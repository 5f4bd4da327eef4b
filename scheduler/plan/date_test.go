package plan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"coalition/invites"
	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

const (
	noDate, noDay, noYear = "is no date", "is no day of the calendar", "is in no year of this or the next century"
	mendDate, mendYear    = "write 2027-03-04 10:00, or `in 10 days at 10:00`", "look at the year"
)

// Every form of a date, and the one way it is written.
func TestParseDate(t *testing.T) {
	for _, tt := range []struct {
		in, want        string
		relative, clock bool
	}{
		{"2027-03-04 10:00", "2027-03-04 10:00", false, true},
		{"2027-03-04T10:00", "2027-03-04 10:00", false, true},
		{"  2027-03-04   9:05 ", "2027-03-04 09:05", false, true},
		{"2028-02-29", "2028-02-29", false, false},
		{"2027-03-04 00:00", "2027-03-04 00:00", false, true},
		{"2027-03-04T10:00:00Z", "2027-03-04T10:00:00Z", false, true},
		{"2027-03-04T00:30:59+01:00", "2027-03-03T23:30:59Z", false, true},
		{"2027-03-04T10:00:00.5-03:30", "2027-03-04T13:30:00Z", false, true},
		{"in 10 days at 10:00", "in 10 days at 10:00", true, true},
		{"in 8 working days at 9:30", "in 8 working days at 09:30", true, true},
		{"In 2  Weeks", "in 2 weeks", true, false},
		{"in a week", "in 1 week", true, false},
		{"in one working day at 0:00", "in 1 working day at 00:00", true, true},
		{"in 1 days", "in 1 day", true, false},
		{"in 0 days at 18:00", "in 0 days at 18:00", true, true},
		{"in 007 days", "in 7 days", true, false},
	} {
		d, err := plan.ParseDate(tt.in)
		if err != nil {
			t.Errorf("%q: %v, want %s", tt.in, err, tt.want)
			continue
		}
		if got := d.String(); got != tt.want || d.IsRelative() != tt.relative || d.HasClock() != tt.clock || d.IsZero() {
			t.Errorf("%q: %q, relative %v, with a time of day %v, want %q, %v, %v", tt.in, got, d.IsRelative(), d.HasClock(), tt.want, tt.relative, tt.clock)
		}
		roundTrip(t, d)
	}

	for in, want := range map[string]string{
		"": noDate, "tomorrow": noDate, "2027": noDate, "4.3.2027": noDate, "2027-3-4": noDate, "2027-03-04 10": noDate, "2027-03-04 10:00 CET": noDate,
		"2027-03-04 24:00": noDate, "2027-03-04 10:60": noDate, "2027-03-04 25:00": noDate, "2027-03-04T10:00Z": noDate, "2027-03-04T10:00:60Z": noDate,
		"in ten days": noDate, "in -1 days": noDate, "in 10000 days": noDate, "in 3 months": noDate, "in 3 days at 24:00": noDate, "in 3 days at ten": noDate, "in 3 days 10:00": noDate,
		"2027-02-29": noDay, "2027-13-01": noDay, "2027-00-10 10:00": noDay, "2027-04-31": noDay,
		"1999-12-31": noYear, "0001-01-01": noYear, "2201-01-01 10:00": noYear, "9999-12-31T23:00:00-05:00": noYear,
	} {
		d, err := plan.ParseDate(in)
		var f *strictyaml.Fault
		if !errors.As(err, &f) || f.Text != want || f.Mend == "" || !d.IsZero() {
			t.Errorf("%q: %v, %v, want that it %s, and how to mend that", in, d, err, want)
		}
	}
	if s := (plan.Date{}).String(); s != "" || !(plan.Date{}).IsZero() {
		t.Errorf("the zero Date is written %q, want nothing", s)
	}
}

// roundTrip checks that a date comes back from its text and from JSON.
func roundTrip(t interface{ Errorf(string, ...any) }, d plan.Date) {
	if again, err := plan.ParseDate(d.String()); err != nil || again != d {
		t.Errorf("%q is read as %q, %v", d, again, err)
	}
	type kept struct {
		Date plan.Date `json:"date,omitzero"`
	}
	b, err := json.Marshal(kept{d})
	if want := fmt.Sprintf(`{"date":%q}`, d); string(b) != want || err != nil {
		t.Errorf("JSON is %s, %v, want %s", b, err, want)
	}
	var again kept
	if err := json.Unmarshal(b, &again); err != nil || again.Date != d {
		t.Errorf("%s is read as %v, %v", b, again.Date, err)
	}
}

func TestDateRoundTrip(t *testing.T) {
	unit := rapid.SampledFrom([]string{"day", "days", "working day", "working days", "week", "WEEKS"})
	rapid.Check(t, func(t *rapid.T) {
		clock := fmt.Sprintf("%02d:%02d", rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"))
		day := time.Unix(rapid.Int64Range(time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2200, 12, 30, 0, 0, 0, 0, time.UTC).Unix()).Draw(t, "second"), 0).UTC()
		relative := fmt.Sprintf("in %d %s", rapid.IntRange(0, 9999).Draw(t, "count"), unit.Draw(t, "unit"))
		offset := time.FixedZone("", rapid.IntRange(-18*60, 18*60).Draw(t, "offset")*60)
		s := rapid.SampledFrom([]string{
			day.Format(time.DateOnly), day.Format(time.DateOnly) + " " + clock, day.Format(time.DateOnly) + "T" + clock,
			day.In(offset).Format(time.RFC3339), relative, relative + " at " + clock,
		}).Draw(t, "text")
		d, err := plan.ParseDate(s)
		if err != nil {
			t.Fatalf("%q: %v, want a date", s, err)
		}
		roundTrip(t, d)
	})
}

var (
	monToFri = plan.Hours{}
	sunToThu = plan.Hours{{Days: []plan.Weekday{plan.Weekday(time.Sunday), plan.Weekday(time.Monday), plan.Weekday(time.Tuesday), plan.Weekday(time.Wednesday), plan.Weekday(time.Thursday)}}}
)

func TestSlot(t *testing.T) {
	for _, tt := range []struct {
		date, now, zone string
		hours           plan.Hours
		want            string // with the offset; or the fault
	}{
		{"2027-03-04 10:00", "", "Europe/Berlin", monToFri, "2027-03-04T10:00:00+01:00"},
		{"2027-07-04 10:00", "", "Europe/Berlin", monToFri, "2027-07-04T10:00:00+02:00"},
		{"2027-07-04", "", "Europe/Berlin", monToFri, "2027-07-04T09:00:00+02:00"}, // the time of day that was passed
		{"2027-07-04T10:00:00Z", "", "Asia/Kolkata", monToFri, "2027-07-04T15:30:00+05:30"},
		{"2100-07-04 10:00", "", "Europe/Berlin", monToFri, "2100-07-04T10:00:00+02:00"},

		// Relative dates count the days of the zone: here it is Friday in London, and Saturday in Tokyo.
		{"in 0 days at 23:00", "2027-03-05T20:00:00Z", "Europe/London", monToFri, "2027-03-05T23:00:00Z"},
		{"in 0 days at 23:00", "2027-03-05T20:00:00Z", "Asia/Tokyo", monToFri, "2027-03-06T23:00:00+09:00"},
		{"in 10 days at 10:00", "2027-03-05T20:00:00Z", "Europe/London", monToFri, "2027-03-15T10:00:00Z"},
		{"in 4 weeks at 10:00", "2027-03-05T20:00:00Z", "Europe/London", monToFri, "2027-04-02T10:00:00+01:00"}, // past the change of clocks
		{"in 2 weeks", "2027-03-05T20:00:00Z", "Europe/London", monToFri, "2027-03-19T09:00:00Z"},
		{"in 30 days", "2027-01-31T12:00:00Z", "UTC", monToFri, "2027-03-02T09:00:00Z"},

		{"in 1 working day at 10:00", "2027-03-04T12:00:00Z", "UTC", monToFri, "2027-03-05T10:00:00Z"},
		{"in 1 working day at 10:00", "2027-03-05T12:00:00Z", "UTC", monToFri, "2027-03-08T10:00:00Z"},
		{"in 1 working day at 10:00", "2027-03-06T12:00:00Z", "UTC", monToFri, "2027-03-08T10:00:00Z"},
		{"in 8 working days at 10:00", "2027-03-05T12:00:00Z", "UTC", monToFri, "2027-03-17T10:00:00Z"},
		{"in 1 working day at 10:00", "2027-03-04T12:00:00Z", "Asia/Riyadh", sunToThu, "2027-03-07T10:00:00+03:00"},
		{"in 8 working days at 10:00", "2027-03-05T12:00:00Z", "Asia/Riyadh", sunToThu, "2027-03-16T10:00:00+03:00"},
		{"in 0 working days at 10:00", "2027-03-06T12:00:00Z", "UTC", monToFri, "2027-03-06T10:00:00Z"},

		// Clocks forward and back, an hour or half of one, at different hours; and Morocco, whose
		// clocks go back for Ramadan and forward after it. Years gone by: their rules are no forecast.
		{"2025-03-30 01:59", "", "Europe/Berlin", monToFri, "2025-03-30T01:59:00+01:00"},
		{"2025-03-30 02:00", "", "Europe/Berlin", monToFri, "gap"},
		{"2025-03-30 02:59", "", "Europe/Berlin", monToFri, "gap"},
		{"2025-03-30 03:00", "", "Europe/Berlin", monToFri, "2025-03-30T03:00:00+02:00"},
		{"2025-10-26 01:59", "", "Europe/Berlin", monToFri, "2025-10-26T01:59:00+02:00"},
		{"2025-10-26 02:00", "", "Europe/Berlin", monToFri, "twice"},
		{"2025-10-26 02:59", "", "Europe/Berlin", monToFri, "twice"},
		{"2025-10-26 03:00", "", "Europe/Berlin", monToFri, "2025-10-26T03:00:00+01:00"},
		{"2025-03-09 02:00", "", "America/St_Johns", monToFri, "gap"},
		{"2025-03-09 03:00", "", "America/St_Johns", monToFri, "2025-03-09T03:00:00-02:30"},
		{"2025-11-02 00:59", "", "America/St_Johns", monToFri, "2025-11-02T00:59:00-02:30"},
		{"2025-11-02 01:00", "", "America/St_Johns", monToFri, "twice"},
		{"2025-11-02 01:59", "", "America/St_Johns", monToFri, "twice"},
		{"2025-11-02 02:00", "", "America/St_Johns", monToFri, "2025-11-02T02:00:00-03:30"},
		{"2025-10-05 01:59", "", "Australia/Lord_Howe", monToFri, "2025-10-05T01:59:00+10:30"},
		{"2025-10-05 02:00", "", "Australia/Lord_Howe", monToFri, "gap"},
		{"2025-10-05 02:29", "", "Australia/Lord_Howe", monToFri, "gap"},
		{"2025-10-05 02:30", "", "Australia/Lord_Howe", monToFri, "2025-10-05T02:30:00+11:00"},
		{"2025-04-06 01:29", "", "Australia/Lord_Howe", monToFri, "2025-04-06T01:29:00+11:00"},
		{"2025-04-06 01:30", "", "Australia/Lord_Howe", monToFri, "twice"},
		{"2025-04-06 01:59", "", "Australia/Lord_Howe", monToFri, "twice"},
		{"2025-04-06 02:00", "", "Australia/Lord_Howe", monToFri, "2025-04-06T02:00:00+10:30"},
		{"2025-02-23 01:59", "", "Africa/Casablanca", monToFri, "2025-02-23T01:59:00+01:00"},
		{"2025-02-23 02:30", "", "Africa/Casablanca", monToFri, "twice"},
		{"2025-02-23 03:00", "", "Africa/Casablanca", monToFri, "2025-02-23T03:00:00Z"},
		{"2025-04-06 02:30", "", "Africa/Casablanca", monToFri, "gap"},
		{"2025-04-06 03:00", "", "Africa/Casablanca", monToFri, "2025-04-06T03:00:00+01:00"},
		{"2025-10-26T01:30:00Z", "", "Europe/Berlin", monToFri, "twice"}, // a slot is a wall time, which would not say which
		{"in 1 day at 02:30", "2025-03-29T12:00:00Z", "Europe/Berlin", monToFri, "gap"},
	} {
		t.Run(tt.date+" "+tt.zone, func(t *testing.T) {
			d, err := plan.ParseDate(tt.date)
			if err != nil {
				t.Fatal(err)
			}
			var now time.Time
			if tt.now != "" {
				if now, err = time.Parse(time.RFC3339, tt.now); err != nil {
					t.Fatal(err)
				}
			}
			slot, err := d.Slot(now, tt.zone, tt.hours, 9*60)
			got := slot.Time().Format(time.RFC3339)
			switch {
			case errors.Is(err, plan.ErrGap):
				got = "gap"
			case errors.Is(err, plan.ErrTwice):
				got = "twice"
			case err != nil:
				got = err.Error()
			}
			if got != tt.want || slot.Zone != tt.zone {
				t.Errorf("got %s in %s, want %s", got, slot.Zone, tt.want)
			}
		})
	}

	d, _ := plan.ParseDate("2027-03-04 10:00")
	slot, _ := d.Slot(time.Time{}, "Europe/Berlin", monToFri, 0)
	if got, want := slot.String(), "Thu 4 Mar 2027 10:00 (Europe/Berlin)"; got != want {
		t.Errorf("the slot is shown as %q, want %q", got, want)
	}
	if again := plan.SlotOf(slot.Time()); again != slot || slot.IsZero() {
		t.Errorf("the slot of its own time is %+v, want %+v", again, slot)
	}
	if got := (plan.Slot{}).Time(); !got.IsZero() || !(plan.Slot{}).IsZero() {
		t.Errorf("the zero Slot is at %v, want the zero Time", got)
	}
}

// A slot keeps the wall clock, and is refused just where the zone has no such time, or two of them.
func TestSlotKeepsTheWallClock(t *testing.T) {
	zones := rapid.SampledFrom([]string{"Europe/Berlin", "America/St_Johns", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Africa/Cairo", "Asia/Gaza",
		"America/Santiago", "America/Nuuk", "Antarctica/Troll", "Asia/Kathmandu", "Pacific/Chatham", "Pacific/Apia", "UTC"})
	rapid.Check(t, func(t *rapid.T) {
		zone := zones.Draw(t, "zone")
		loc, err := invites.Location(zone)
		if err != nil {
			t.Fatal(err)
		}
		// Mostly near a change of clocks, where the wall times are that matter.
		at := time.Unix(rapid.Int64Range(1_700_000_000, 2_500_000_000).Draw(t, "second"), 0).In(loc)
		if _, end := at.ZoneBounds(); !end.IsZero() && rapid.IntRange(0, 9).Draw(t, "near") > 0 {
			at = end.Add(time.Duration(rapid.IntRange(-200, 200).Draw(t, "minutes")) * time.Minute)
		}
		_, offset := at.Zone()
		wall := at.UTC().Add(time.Duration(offset)*time.Second + time.Duration(rapid.IntRange(-90, 90).Draw(t, "shift"))*time.Minute).Format("2006-01-02 15:04")
		asUTC, err := time.Parse("2006-01-02 15:04", wall)
		if err != nil {
			t.Fatal(err)
		}
		var instants []time.Time // that show this wall time
		for o := -14 * 60; o <= 15*60; o++ {
			if u := asUTC.Add(-time.Duration(o) * time.Minute).In(loc); u.Format("2006-01-02 15:04") == wall {
				instants = append(instants, u)
			}
		}

		d, err := plan.ParseDate(wall)
		if err != nil {
			t.Fatal(err)
		}
		slot, err := d.Slot(time.Time{}, zone, monToFri, 0)
		want := map[int]error{0: plan.ErrGap, 1: nil, 2: plan.ErrTwice}[len(instants)]
		if !errors.Is(err, want) {
			t.Fatalf("%s in %s stands for %v, and the error is %v, want %v", wall, zone, instants, err, want)
		}
		if err == nil && !slot.Time().Equal(instants[0]) {
			t.Fatalf("%s in %s is %v, want %v", wall, zone, slot.Time(), instants[0])
		}
	})
}

// A command's time: a relative one without a time of day keeps that of now, and a day begins at
// midnight.
func TestInstant(t *testing.T) {
	now := time.Date(2027, 3, 5, 22, 17, 30, 0, time.UTC)
	for _, tt := range []struct{ date, want string }{
		{"2027-07-04 10:00", "2027-07-04T10:00:00+02:00"},
		{"2027-07-04", "2027-07-04T00:00:00+02:00"},
		{"2027-07-04T10:00:00Z", "2027-07-04T12:00:00+02:00"},
		{"in 2 weeks", "2027-03-19T23:17:00+01:00"},
		{"in 1 working day", "2027-03-08T23:17:00+01:00"},
		{"in 1 day at 8:00", "2027-03-06T08:00:00+01:00"},
		// An instant says which of the two it is.
		{"2025-10-26T00:30:00Z", "2025-10-26T02:30:00+02:00"},
		{"2025-10-26T01:30:00Z", "2025-10-26T02:30:00+01:00"},
		{"2025-10-26 02:30", plan.ErrTwice.Error()},
		{"2025-03-30 02:30", plan.ErrGap.Error()},
	} {
		d, err := plan.ParseDate(tt.date)
		if err != nil {
			t.Fatal(err)
		}
		at, err := d.Instant(now, "Europe/Berlin", monToFri)
		got := at.Format(time.RFC3339)
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s is %s, want %s", tt.date, got, tt.want)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2027-03-04 10:00", "2027-03-04T10:00", "2027-03-04T00:30:59+01:00", "2028-02-29", "in 10 days at 10:00", "in a week", "in 8 working days", "in 0 days",
		"2027-02-30", "2027-03-04 24:00", "in 99999999999999999999 days", "9999-99-99T99:99:99Z", "in\u00a010\u2003days", "ın 3 days", "2027-03-04T10:00:00+23:59", "2000-01-01T00:00:00+14:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := plan.ParseDate(s)
		if err != nil {
			var fault *strictyaml.Fault
			if !errors.As(err, &fault) || fault.Text == "" || !d.IsZero() {
				t.Fatalf("%q: %v, %v, want a fault and no date", s, d, err)
			}
			// One of these, whatever was written: a fault does not quote it.
			if !slices.Contains([]string{noDate, noDay, noYear}, fault.Text) || fault.Mend != mendDate && fault.Mend != mendYear {
				t.Fatalf("the fault of %q is %+v", s, fault)
			}
			return
		}
		roundTrip(t, d)
		if d.IsRelative() {
			return
		}
		// What is no relative date is in the years that were promised.
		slot, err := d.Slot(time.Time{}, "UTC", monToFri, 0)
		if y := slot.Time().Year(); err != nil || y < 2000 || y > 2200 {
			t.Fatalf("%q is %v, %v, want a time from 2000 to 2200", s, slot, err)
		}
	})
}
