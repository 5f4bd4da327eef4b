package icaltime_test

import (
	"fmt"
	"testing"
	"time"

	"coalition/invites/icaltime"
)

func TestRead(t *testing.T) {
	for _, test := range []struct {
		value string
		form  icaltime.Form
		want  string
	}{
		{"20270304", icaltime.Date, "2027-03-04T00:00:00Z"},
		{"20280229", icaltime.Date, "2028-02-29T00:00:00Z"},
		{"20270304T100000", icaltime.Wall, "2027-03-04T10:00:00Z"},
		{"20270304t235960z", icaltime.UTC, "2027-03-04T23:59:59Z"},
		{"00010101T000000Z", icaltime.UTC, "0001-01-01T00:00:00Z"},
		{"99991231T235959Z", icaltime.UTC, "9999-12-31T23:59:59Z"},
		{"20270229", icaltime.Unreadable, ""},
		{"20271301", icaltime.Unreadable, ""},
		{"20270001", icaltime.Unreadable, ""},
		{"20270100", icaltime.Unreadable, ""},
		{"2027-3-4", icaltime.Unreadable, ""},
		{"-2027304", icaltime.Unreadable, ""},
		{"", icaltime.Unreadable, ""},
		{"20270304T", icaltime.Unreadable, ""},
		{"20270304T1000", icaltime.Unreadable, ""},
		{"20270304T240000", icaltime.Unreadable, ""},
		{"20270304T106000", icaltime.Unreadable, ""},
		{"20270304T100061", icaltime.Unreadable, ""},
		{"20270304 100000", icaltime.Unreadable, ""},
		{"20270304T1000 0", icaltime.Unreadable, ""},
		{"20270304T100000+", icaltime.Unreadable, ""},
		{"20270304T100000.5Z", icaltime.Unreadable, ""},
		{"2027030４", icaltime.Unreadable, ""},
	} {
		form, got := icaltime.Read(test.value)
		if form != test.form || form != icaltime.Unreadable && got.Format(time.RFC3339) != test.want {
			t.Errorf("%s: got %v, %v, want %v, %s", test.value, form, got, test.form, test.want)
		}
	}
}

// Each day of five cycles of leap years is the one that time knows.
func TestReadDays(t *testing.T) {
	for day := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2_000; day = day.AddDate(0, 0, 1) {
		form, got := icaltime.Read(day.Format("20060102"))
		if form != icaltime.Date || !got.Equal(day) {
			t.Fatalf("%v: got %v, %v", day, form, got)
		}
		if next := day.AddDate(0, 0, 1); next.Day() == 1 {
			after := fmt.Sprintf("%04d%02d%02d", day.Year(), day.Month(), day.Day()+1)
			if form, got := icaltime.Read(after); form != icaltime.Unreadable {
				t.Fatalf("%s: got %v", after, got)
			}
		}
	}
}

func TestDuration(t *testing.T) {
	for _, test := range []struct {
		value string
		days  int
		rest  time.Duration
		ok    bool
	}{
		{"PT1H", 0, time.Hour, true},
		{"P1D", 1, 0, true},
		{"P2W", 14, 0, true},
		{"P1W2D", 9, 0, true},
		{"+p1dt1h2m3s", 1, time.Hour + 2*time.Minute + 3*time.Second, true},
		{"PT90M", 0, 90 * time.Minute, true},
		{"PT0S", 0, 0, true},
		{"P99999D", 99_999, 0, true},
		{"PT999999H", 0, 999_999 * time.Hour, true},
		// Nothing is what these say, and so do some calendars.
		{"P", 0, 0, true},
		{"PT", 0, 0, true},
		{"", 0, 0, false},
		{"-PT1H", 0, 0, false},
		{"1H", 0, 0, false},
		{"P1H", 0, 0, false},
		{"PT1D", 0, 0, false},
		{"PT1", 0, 0, false},
		{"PTH", 0, 0, false},
		{"PT1M1H", 0, 0, false},
		{"PT1H1H", 0, 0, false},
		{"PT1HT1M", 0, 0, false},
		{"PT1.5H", 0, 0, false},
		{"P100000D", 0, 0, false},
		{"PT1000000S", 0, 0, false},
		{"PT1H ", 0, 0, false},
	} {
		days, rest, ok := icaltime.Duration(test.value)
		if ok != test.ok || ok && (days != test.days || rest != test.rest) {
			t.Errorf("%s: got %d days and %v, %v", test.value, days, rest, ok)
		}
	}
}

func TestOffset(t *testing.T) {
	for _, test := range []struct {
		value string
		want  int
		ok    bool
	}{
		{"+0100", 3600, true}, {"-0330", -12_600, true}, {"+001730", 1050, true}, {"-235959", -86_399, true},
		{"+2400", 0, false}, {"+0060", 0, false}, {"+000060", 0, false}, {"+1", 0, false}, {"0100", 0, false},
		{"+01:00", 0, false}, {"+01000", 0, false}, {"", 0, false},
	} {
		if got, ok := icaltime.Offset(test.value); got != test.want || ok != test.ok {
			t.Errorf("%s: got %d, %v", test.value, got, ok)
		}
	}
}
