package freebusy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"coalition/invites/freebusy"
)

// A rule counts on the clocks of its event, from its start on.
func TestRules(t *testing.T) {
	const tuesdays = "DTSTART;TZID=Europe/Berlin:20270302T100000\nDURATION:PT1H"
	for _, test := range []busyTest{
		{name: "a count", data: calendar(event(tuesdays, "RRULE:FREQ=WEEKLY;COUNT=2")),
			want: []string{"03-02 10:00 CET 1h A", "03-09 10:00 CET 1h A"}},
		{name: "across a change of the clocks", data: calendar(event(tuesdays, "RRULE:FREQ=WEEKLY;INTERVAL=3")),
			want: []string{"03-02 10:00 CET 1h A", "03-23 10:00 CET 1h A", "04-13 10:00 CEST 1h A"}},
		{name: "on the clocks of elsewhere",
			data: calendar(event("DTSTART;TZID=America/New_York:20270302T100000\nDURATION:PT1H",
				"RRULE:FREQ=WEEKLY;COUNT=5")),
			want: []string{"03-02 16:00 CET 1h A", "03-09 16:00 CET 1h A", "03-16 15:00 CET 1h A",
				"03-23 15:00 CET 1h A", "03-30 16:00 CEST 1h A"}},
		{name: "in UTC", data: calendar(event("DTSTART:20270323T090000Z\nDURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2")),
			want: []string{"03-23 10:00 CET 1h A", "03-30 11:00 CEST 1h A"}},
		{name: "floating", data: calendar(event("DTSTART:20270323T100000\nDURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2")),
			want: []string{"03-23 10:00 CET 1h A", "03-30 10:00 CEST 1h A"}},
		{name: "days", data: calendar(event("DTSTART;VALUE=DATE:20270321\nDTEND;VALUE=DATE:20270322",
			"RRULE:FREQ=WEEKLY;COUNT=2")),
			want: []string{"03-21 00:00 CET 24h A", "03-28 00:00 CET 23h A"}},
		{name: "from long before", data: calendar(event("DTSTART;TZID=Europe/Berlin:19000104T100000\nDURATION:PT1H",
			"RRULE:FREQ=MONTHLY;BYDAY=1TH")),
			want: []string{"03-04 10:00 CET 1h A", "04-01 10:00 CEST 1h A"}},
		{name: "a count from long before",
			data: calendar(event("DTSTART;TZID=Europe/Berlin:20250107T100000\nDURATION:PT1H",
				"RRULE:FREQ=WEEKLY;COUNT=114")),
			want: []string{"03-02 10:00 CET 1h A", "03-09 10:00 CET 1h A"}},
		{name: "instances that begin before the window",
			data: calendar(event("DTSTART;VALUE=DATE:20260101\nDURATION:P70D", "RRULE:FREQ=YEARLY")),
			want: []string{"01-01 00:00 CET 1680h A"}},
		{name: "instances longer than their interval", data: calendar(event("DTSTART:20270227T230000Z\nDURATION:P2D",
			"RRULE:FREQ=DAILY;COUNT=3")),
			want: []string{"02-28 00:00 CET 48h A", "03-01 00:00 CET 48h A", "03-02 00:00 CET 48h A"}},

		// A start outside of its rule is an instance, and the first that COUNT counts; libraries differ in both.
		{name: "a start outside of its rule", data: calendar(event(tuesdays, "RRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=2")),
			want: []string{"03-02 10:00 CET 1h A", "03-03 10:00 CET 1h A"}},
		// In the spring gap an instance is told by the offset before it: an hour later, which libraries make earlier.
		{name: "in the gap", data: calendar(event("DTSTART;TZID=Europe/Berlin:20270327T023000\nDURATION:PT30M",
			"RRULE:FREQ=DAILY;COUNT=3")),
			want: []string{"03-27 02:30 CET 30m A", "03-28 03:30 CEST 30m A", "03-29 02:30 CEST 30m A"}},

		// UNTIL is the last moment that counts: an instant where it is in UTC, and where it is a day, all of that day.
		{name: "until an instant", data: calendar(event(tuesdays, "RRULE:FREQ=WEEKLY;UNTIL=20270309T090000Z")),
			want: []string{"03-02 10:00 CET 1h A", "03-09 10:00 CET 1h A"}},
		// recurring_ical_events takes it for an instant on the clocks of the start, which are behind by then.
		{name: "until an instant of summer", data: calendar(event(tuesdays,
			"RRULE:FREQ=WEEKLY;INTERVAL=4;UNTIL=20270330T080000Z")),
			want: []string{"03-02 10:00 CET 1h A", "03-30 10:00 CEST 1h A"}},
		{name: "until just before", data: calendar(event(tuesdays, "RRULE:FREQ=WEEKLY;UNTIL=20270309T085959Z")),
			want: []string{"03-02 10:00 CET 1h A"}},
		{name: "until just before, in the west", data: calendar(
			event("DTSTART;TZID=America/New_York:20270302T100000\nDURATION:PT1H\n" +
				"RRULE:FREQ=WEEKLY;UNTIL=20270309T145959Z")),
			want: []string{"03-02 16:00 CET 1h A"}},
		{name: "until a day", data: calendar(event(tuesdays, "RRULE:FREQ=WEEKLY;UNTIL=20270309")),
			want: []string{"03-02 10:00 CET 1h A", "03-09 10:00 CET 1h A"}},
		{name: "until the day before", data: calendar(event(tuesdays, "RRULE:FREQ=WEEKLY;UNTIL=20270308")),
			want: []string{"03-02 10:00 CET 1h A"}},
		{name: "until a time of its own clocks", data: calendar(event(tuesdays,
			"RRULE:FREQ=WEEKLY;UNTIL=20270309T100000")),
			want: []string{"03-02 10:00 CET 1h A", "03-09 10:00 CET 1h A"}},
		{name: "until before its start", data: calendar(event(tuesdays, "RRULE:FREQ=WEEKLY;UNTIL=20260309T100000Z")),
			want: []string{"03-02 10:00 CET 1h A"}},
		{name: "days until an instant on clocks", data: calendar(event("DTSTART;VALUE=DATE:20270301",
			"RRULE:FREQ=DAILY;UNTIL=20270301T230000Z")),
			want: []string{"03-01 00:00 CET 24h A", "03-02 00:00 CET 24h A"}},
		{name: "days until a midnight of no clock", data: calendar(event("DTSTART;VALUE=DATE:20270301",
			"RRULE:FREQ=DAILY;UNTIL=20270302T000000Z")),
			want: []string{"03-01 00:00 CET 24h A", "03-02 00:00 CET 24h A"}},

		{name: "two rules", data: calendar(event(tuesdays, "RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=WEEKLY;COUNT=2")),
			want: []string{"03-02 10:00 CET 1h A", "03-03 10:00 CET 1h A", "03-09 10:00 CET 1h A"}},
		// An exact length stays exact: five hours of a night with a change are five in all; DURATION is by the clocks.
		{name: "an exact length",
			data: calendar(event("DTSTART;TZID=Europe/Berlin:20270327T220000\n"+
				"DTEND;TZID=Europe/Berlin:20270328T040000", "RRULE:FREQ=DAILY;COUNT=2")),
			want: []string{"03-27 22:00 CET 5h A", "03-28 22:00 CEST 5h A"}},
		{name: "a length by the clocks",
			data: calendar(event("DTSTART;TZID=Europe/Berlin:20270326T220000\nDURATION:P1D",
				"RRULE:FREQ=DAILY;COUNT=2")),
			want: []string{"03-26 22:00 CET 24h A", "03-27 22:00 CET 23h A"}},
	} {
		test.run(t)
	}
}

// A rule that nobody can follow takes its time of each day, from its start on.
func TestUnreadableRules(t *testing.T) {
	each := func(from, clock string) []string {
		day, err := time.Parse("2006-01-02", from)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for ; day.Before(time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC)); day = day.AddDate(0, 0, 1) {
			zone := " CET "
			if !day.Before(time.Date(2027, 3, 28, 0, 0, 0, 0, time.UTC)) {
				zone = " CEST "
			}
			list = append(list, day.Format("01-02 ")+clock+zone+"1h A")
		}
		return list
	}
	for _, rule := range []string{"FREQ=MINUTELY", "FREQ=SECONDLY;COUNT=3", "FREQ=DAILY;INTERVAL=0",
		"FREQ=DAILY;COUNT=0", "FREQ=DAILY;X-WORKDAYS=1",
		"RSCALE=CHINESE;FREQ=YEARLY", "", "FREQ=HOURLY;COUNT=99999999;BYDAY=MO"} {
		start := "DTSTART;TZID=Europe/Berlin:20270304T100000\nDURATION:PT1H"
		want := each("2027-03-04", "10:00")
		if strings.Contains(rule, "HOURLY") { // it would be too much work
			start = strings.Replace(start, "2027", "1027", 1)
			want = each("2027-03-01", "10:00")
		}
		busyTest{name: rule, data: calendar(event(start, "RRULE:"+rule)), want: want,
			problems: []string{`"A" has a rule that can't be followed (`}}.run(t)
	}
	// What is left out is still left out.
	busyTest{name: "left out", data: calendar(event("DTSTART;TZID=Europe/Berlin:20270429T100000\nDURATION:PT1H",
		"RRULE:FREQ=NEVER", "EXDATE:20270430T080000Z")),
		want: each("2027-04-29", "10:00")[:1], problems: []string{"(FREQ=NEVER can't be read)"}}.run(t)
}

// What EXDATE and RDATE say, in each form that they may have.
func TestDates(t *testing.T) {
	const daily = "DTSTART;TZID=Europe/Berlin:20270302T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4"
	const single = "DTSTART;TZID=Europe/Berlin:20270302T100000\nDURATION:PT1H"
	const days = "DTSTART;VALUE=DATE:20270302\nRRULE:FREQ=DAILY;COUNT=4"
	hour := func(days ...string) []string {
		var list []string
		for _, day := range days {
			list = append(list, day+" CET 1h A")
		}
		return list
	}
	for _, test := range []busyTest{
		{name: "one out", data: calendar(event(daily, "EXDATE;TZID=Europe/Berlin:20270303T100000")),
			want: hour("03-02 10:00", "03-04 10:00", "03-05 10:00")},
		{name: "one out as the window begins", data: calendar(event(strings.Replace(daily, "20270302", "20270228", 1),
			"EXDATE:20270301T090000Z")),
			want: hour("03-02 10:00", "03-03 10:00")},
		{name: "the start out", data: calendar(event(daily, "EXDATE;TZID=Europe/Berlin:20270302T100000")),
			want: hour("03-03 10:00", "03-04 10:00", "03-05 10:00")},
		{name: "the start of no rule out", data: calendar(event(single, "EXDATE;TZID=Europe/Berlin:20270302T100000")),
			want: nil},
		// go-ical's RecurrenceSet fails at a list.
		{name: "a list", data: calendar(event(daily, "EXDATE;TZID=Europe/Berlin:20270303T100000,20270304T100000")),
			want: hour("03-02 10:00", "03-05 10:00")},
		{name: "two lines", data: calendar(event(daily, "EXDATE;TZID=Europe/Berlin:20270303T100000",
			"EXDATE;TZID=Europe/Berlin:20270305T100000")),
			want: hour("03-02 10:00", "03-04 10:00")},
		{name: "in UTC", data: calendar(event(daily, "EXDATE:20270303T090000Z, 20270304T090000Z")),
			want: hour("03-02 10:00", "03-05 10:00")},
		{name: "on other clocks", data: calendar(event(daily, "EXDATE;TZID=Europe/Lisbon:20270303T090000")),
			want: hour("03-02 10:00", "03-04 10:00", "03-05 10:00")},
		{name: "floating", data: calendar(event(daily, "EXDATE:20270303T100000")),
			want: hour("03-02 10:00", "03-04 10:00", "03-05 10:00")},
		{name: "another time", data: calendar(event(daily, "EXDATE:20270303T093000Z")),
			want: hour("03-02 10:00", "03-03 10:00", "03-04 10:00", "03-05 10:00")},
		// A day means all of it.
		{name: "a day", data: calendar(event(daily, "EXDATE;VALUE=DATE:20270303,20270304")),
			want: hour("03-02 10:00", "03-05 10:00")},
		{name: "a day, of days", data: calendar(event(days, "EXDATE;VALUE=DATE:20270303,20270304")),
			want: []string{"03-02 00:00 CET 24h A", "03-05 00:00 CET 24h A"}},
		{name: "a time, of days", data: calendar(event(days, "EXDATE:20270303T000000Z,20270304T000000")),
			want: []string{"03-02 00:00 CET 24h A", "03-05 00:00 CET 24h A"}},
		{name: "what is in a gap",
			data: calendar(event("DTSTART;TZID=Europe/Berlin:20270327T023000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2",
				"EXDATE;TZID=Europe/Berlin:20270328T023000")),
			want: hour("03-27 02:30")},
		{name: "unreadable out", data: calendar(event(daily, "EXDATE:soon,20270303T090000Z")),
			want:     hour("03-02 10:00", "03-04 10:00", "03-05 10:00"),
			problems: []string{`"A" leaves out a time that can't be read (soon), which still counts`}},

		// Without a rule go-ical knows none of them.
		{name: "one more", data: calendar(event(single, "RDATE;TZID=Europe/Berlin:20270304T140000")),
			want: hour("03-02 10:00", "03-04 14:00")},
		{name: "a list of more", data: calendar(event(single,
			"RDATE;TZID=Europe/Berlin:20270304T140000,20270305T140000")),
			want: hour("03-02 10:00", "03-04 14:00", "03-05 14:00")},
		{name: "more in UTC", data: calendar(event(single, "RDATE:20270304T130000Z")),
			want: hour("03-02 10:00", "03-04 14:00")},
		{name: "more beside a rule", data: calendar(event(daily, "RDATE:20270302T130000Z,20270303T090000Z")),
			want: hour("03-02 10:00", "03-02 14:00", "03-03 10:00", "03-04 10:00", "03-05 10:00")},
		{name: "more, and out again", data: calendar(event(single, "RDATE:20270304T130000Z,20270305T130000Z",
			"EXDATE:20270305T130000Z")),
			want: hour("03-02 10:00", "03-04 14:00")},
		{name: "a period", data: calendar(event(single,
			"RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20270304T140000/20270304T143000,20270305T140000/PT2H")),
			want: []string{"03-02 10:00 CET 1h A", "03-04 14:00 CET 30m A", "03-05 14:00 CET 2h A"}},
		{name: "a period in UTC", data: calendar(event(single, "RDATE;VALUE=PERIOD:20270304T130000Z/P1D")),
			want: []string{"03-02 10:00 CET 1h A", "03-04 14:00 CET 24h A"}},
		{name: "a period of years", data: calendar(event(single,
			"RDATE;VALUE=PERIOD:20200101T000000Z/20300101T000000Z")),
			want: []string{"01-01 01:00 CET 87672h A", "03-02 10:00 CET 1h A"}},
		{name: "a day more, of days", data: calendar(event("DTSTART;VALUE=DATE:20270302\nDTEND;VALUE=DATE:20270304",
			"RDATE;VALUE=DATE:20270308")),
			want: []string{"03-02 00:00 CET 48h A", "03-08 00:00 CET 48h A"}},
		{name: "a time more, of days", data: calendar(event("DTSTART;VALUE=DATE:20270302", "RDATE:20270308T120000Z")),
			want: []string{"03-02 00:00 CET 24h A", "03-08 00:00 CET 24h A"}},
		{name: "a day more, of times", data: calendar(event(single, "RDATE;VALUE=DATE:20270304")),
			want: hour("03-02 10:00", "03-04 10:00")},
		{name: "unreadable more", data: calendar(event(single, "RDATE:soon,20270304T130000Z,20270305T130000Z/never")),
			want:     hour("03-02 10:00", "03-04 14:00"),
			problems: []string{"(soon), and takes none there", "(20270305T130000Z/never)"}},
		{name: "the start of what takes no time", data: calendar(event(daily, "TRANSP:TRANSPARENT"))},
		{name: "a series that is declined", data: calendar(event(daily,
			"ATTENDEE;PARTSTAT=DECLINED:mailto:ana@example.org"))},
	} {
		test.run(t)
	}
}

// What differs from its series stands beside it, and replaces one instance, or all from one on.
func TestOverrides(t *testing.T) {
	const daily = "DTSTART;TZID=Europe/Berlin:20270302T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4"
	const third = "RECURRENCE-ID;TZID=Europe/Berlin:20270304T100000"
	const onward = "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20270304T100000"
	const later = "SUMMARY:B\nDTSTART;TZID=Europe/Berlin:20270304T140000\nDURATION:PT2H"
	before, moved, last := []string{"03-02 10:00 CET 1h A", "03-03 10:00 CET 1h A"}, "03-04 14:00 CET 2h B",
		"03-05 10:00 CET 1h A"
	for _, test := range []busyTest{
		{name: "moved", data: calendar(event(daily), event(third, later)),
			want: append(slices.Clone(before), moved, last)},
		{name: "moved, written before its series", data: calendar(event(third, later), event(daily)),
			want: append(slices.Clone(before), moved, last)},
		{name: "moved, by UTC", data: calendar(event(daily), event("RECURRENCE-ID:20270304T090000Z", later)),
			want: append(slices.Clone(before), moved, last)},
		{name: "moved, by its day", data: calendar(event(daily), event("RECURRENCE-ID;VALUE=DATE:20270304", later)),
			want: append(slices.Clone(before), moved, last)},
		{name: "moved out of the window", data: calendar(event(daily), event(third,
			"DTSTART:20280304T090000Z\nDURATION:PT1H")),
			want: append(slices.Clone(before), last)},
		{name: "moved into the window",
			data: calendar(event("DTSTART:20280302T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY"),
				event("RECURRENCE-ID:20280304T090000Z", later)),
			want: []string{moved}},
		{name: "moved from the gap",
			data: calendar(event("DTSTART;TZID=Europe/Berlin:20270327T023000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2"),
				event("RECURRENCE-ID;TZID=Europe/Berlin:20270328T023000",
					"DTSTART;TZID=Europe/Berlin:20270328T080000\nDURATION:PT1H")),
			want: []string{"03-27 02:30 CET 1h A", "03-28 08:00 CEST 1h A"}},
		{name: "of days", data: calendar(event("DTSTART;VALUE=DATE:20270302\nRRULE:FREQ=DAILY;COUNT=3"),
			event("RECURRENCE-ID;VALUE=DATE:20270303", later)),
			want: []string{"03-02 00:00 CET 24h A", "03-04 00:00 CET 24h A", moved}},
		{name: "of days, by a time", data: calendar(event("DTSTART;VALUE=DATE:20270302\nRRULE:FREQ=DAILY;COUNT=3"),
			event("RECURRENCE-ID:20270303T000000Z", later)),
			want: []string{"03-02 00:00 CET 24h A", "03-04 00:00 CET 24h A", moved}},
		{name: "cancelled", data: calendar(event(daily), event(third, later, "STATUS:CANCELLED")),
			want: append(slices.Clone(before), last)},
		{name: "transparent", data: calendar(event(daily), event(third, later, "TRANSP:TRANSPARENT")),
			want: append(slices.Clone(before), last)},
		{name: "declined", data: calendar(event(daily), event(third, later,
			"ATTENDEE;PARTSTAT=DECLINED:mailto:ana@example.org")),
			want: append(slices.Clone(before), last)},
		// It does not take anything from its series: without TRANSP it is opaque.
		{name: "of a transparent series", data: calendar(event(daily, "TRANSP:TRANSPARENT"), event(third, later)),
			want: []string{moved}},
		{name: "of a cancelled series", data: calendar(event(daily, "STATUS:CANCELLED"), event(third, later)),
			want: []string{moved}},
		{name: "of a declined series", data: calendar(event(daily,
			"ATTENDEE;PARTSTAT=DECLINED:mailto:ana@example.org"), event(third, later)),
			want: []string{moved}},
		{name: "of what is left out", data: calendar(event(daily, "EXDATE:20270304T090000Z"), event(third, later)),
			want: append(slices.Clone(before), moved, last)},
		{name: "of what the rule does not have", data: calendar(event(daily), event("RECURRENCE-ID:20270404T090000Z",
			later)),
			want: []string{before[0], before[1], "03-04 10:00 CET 1h A", moved, last}},
		{name: "of a single event", data: calendar(event(thursday), event(third, later)), want: []string{moved}},
		{name: "without its series", data: calendar(event(third, later)), want: []string{moved}},
		{name: "of another series", data: calendar(event(daily), event("UID:2", third, later)),
			want: []string{before[0], before[1], "03-04 10:00 CET 1h A", moved, last}},
		{name: "of which instance nobody knows", data: calendar(event(daily), event("RECURRENCE-ID:soon", later)),
			want:     []string{before[0], before[1], "03-04 10:00 CET 1h A", moved, last},
			problems: []string{`"B" stands for an instance of its series that can't be told; both count`}},
		{name: "without a start", data: calendar(event(daily), event(third, "DTSTART:soon")),
			want: []string{before[0], before[1], "03-04 10:00 CET 1h A", last}, problems: []string{`"A" has no start`}},
		{name: "cancelled without a start", data: calendar(event(daily), event(third, "STATUS:CANCELLED")),
			want: append(slices.Clone(before), last)},

		// What is told of later instances moves them by as much on the clocks, and makes them as long.
		{name: "onward", data: calendar(event(daily), event(onward, later)),
			want: append(slices.Clone(before), moved, "03-05 14:00 CET 2h B")},
		{name: "onward across a change of the clocks",
			data: calendar(event("DTSTART;TZID=Europe/Berlin:20270304T100000\nDURATION:PT1H\n"+
				"RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3"), event(onward, later)),
			want: []string{moved, "03-18 14:00 CET 2h B", "04-01 14:00 CEST 2h B"}},
		{name: "onward across the change itself",
			data: calendar(event("DTSTART;TZID=Europe/Berlin:20270327T100000\nDURATION:PT1H\n"+
				"RRULE:FREQ=WEEKLY;COUNT=2"),
				event("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20270327T100000",
					"DTSTART;TZID=Europe/Berlin:20270328T100000\nDURATION:PT1H")),
			want: []string{"03-28 10:00 CEST 1h A", "04-04 10:00 CEST 1h A"}},
		{name: "onward, by UTC", data: calendar(event(daily),
			event("RECURRENCE-ID;RANGE=THISANDFUTURE:20270304T090000Z", later)),
			want: append(slices.Clone(before), moved, "03-05 14:00 CET 2h B")},
		{name: "onward, and one more", data: calendar(event(daily), event(onward, later),
			event("RECURRENCE-ID:20270305T090000Z", "SUMMARY:C\nDTSTART:20270306T090000Z\nDURATION:PT1H")),
			want: append(slices.Clone(before), moved, "03-06 10:00 CET 1h C")},
		{name: "onward, twice", data: calendar(event(strings.Replace(daily, "COUNT=4", "COUNT=5", 1)),
			event("RECURRENCE-ID;RANGE=THISANDFUTURE:20270305T090000Z",
				"SUMMARY:C\nDTSTART:20270305T080000Z\nDURATION:PT1H"),
			event(onward, later)),
			want: append(slices.Clone(before), moved, "03-05 09:00 CET 1h C", "03-06 09:00 CET 1h C")},
		{name: "onward cancelled", data: calendar(event(daily), event(onward, later, "STATUS:CANCELLED")),
			want: before},
		{name: "onward cancelled without a start", data: calendar(event(daily), event(onward, "STATUS:CANCELLED")),
			want: before},
		{name: "onward without a start", data: calendar(event(daily), event(onward, "DTSTART:soon")),
			want: []string{before[0], before[1], "03-04 10:00 CET 1h A", last}, problems: []string{`"A" has no start`}},
		{name: "onward from nobody knows when", data: calendar(event(daily),
			event("RECURRENCE-ID;RANGE=THISANDFUTURE:soon", later)),
			want:     []string{before[0], before[1], "03-04 10:00 CET 1h A", moved, last},
			problems: []string{`"B" stands for`}},
		{name: "onward opaque", data: calendar(event(daily, "TRANSP:TRANSPARENT"), event(onward, later)),
			want: []string{moved, "03-05 14:00 CET 2h B"}},
		{name: "onward into the window",
			data: calendar(event("DTSTART:20270602T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2"),
				event("RECURRENCE-ID;RANGE=THISANDFUTURE:20270602T090000Z", "DTSTART:20270302T090000Z\nDURATION:PT1H")),
			want: []string{before[0], before[1]}},
		{name: "onward from long before", data: calendar(
			event("DTSTART:20260302T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2"),
			event("RECURRENCE-ID;RANGE=THISANDFUTURE:20260302T090000Z", "DTSTART:20270302T090000Z\nDURATION:PT1H")),
			want: []string{before[0], before[1]}},
		{name: "onward of days", data: calendar(event("DTSTART;VALUE=DATE:20270302\nRRULE:FREQ=WEEKLY;COUNT=3"),
			event("RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20270309",
				"DTSTART;VALUE=DATE:20270310\nDTEND;VALUE=DATE:20270312")),
			want: []string{"03-02 00:00 CET 24h A", "03-10 00:00 CET 48h A", "03-17 00:00 CET 48h A"}},
	} {
		test.run(t)
	}
}

// A CalDAV server gives a series and what differs from it as one resource, and each its own zones.
func TestMerge(t *testing.T) {
	london := strings.NewReplacer("-0500", "+0000", "-0400", "+0100").Replace(newYork)
	at := event("DTSTART;TZID=Our zone:20270304T090000", "DURATION:PT1H")
	c := freebusy.Merge(
		parse(t, calendar(newYork, at)),
		parse(t, calendar(london, at)),
		parse(t, calendar(event("UID:2\nRECURRENCE-ID:20270305T100000Z\nDTSTART:20270306T100000Z\nDURATION:PT1H"))),
		parse(t, calendar(event("UID:2\nDTSTART:20270305T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=1"))),
		parse(t, calendar("BEGIN:VFREEBUSY\nFREEBUSY:20270307T100000Z/PT1H\nEND:VFREEBUSY")),
	)
	busy, problems := c.Busy(freebusy.Reader{Zone: time.UTC}, time.Unix(0, 0), time.Unix(2e9, 0))
	want := []string{"03-04 09:00 UTC 1h A", "03-04 14:00 UTC 1h A", "03-06 10:00 UTC 1h A", "03-07 10:00 UTC 1h"}
	if got := show(busy, time.UTC); !slices.Equal(got, want) || len(problems) > 0 {
		t.Errorf("got %q, %q, want %q", got, problems, want)
	}
}

// A big collection has the same zone in each of its thousands of resources.
func TestMergeMany(t *testing.T) {
	var all []*freebusy.Calendar
	for day := range 12_000 {
		start := time.Date(2000, 1, 1, 10, 0, 0, 0, time.UTC).AddDate(0, 0, day).Format("20060102T150405")
		all = append(all, parse(t, calendar(newYork, event("DTSTART;TZID=Our zone:"+start, "DURATION:PT1H"))))
	}
	busy, problems := freebusy.Merge(all...).Busy(freebusy.Reader{Zone: time.UTC}, time.Unix(0, 0), time.Unix(3e9, 0))
	if len(busy) != len(all) || len(problems) > 0 {
		t.Errorf("got %d of %d, %q", len(busy), len(all), problems)
	}
}

// A file of holidays is read by its days, and by nobody's clocks.
func TestDays(t *testing.T) {
	c := parse(t, calendar(
		event("SUMMARY:New Year", "DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=YEARLY", "TRANSP:TRANSPARENT"),
		event("SUMMARY:Carnival", "UID:2", "DTSTART;VALUE=DATE:20270209", "TRANSP:TRANSPARENT"),
		event("SUMMARY:Easter", "UID:3", "DTSTART;VALUE=DATE:20270328", "DTEND;VALUE=DATE:20270330"),
		event("SUMMARY:A saint", "UID:4", "DTSTART;VALUE=DATE:20270329"),
		event("SUMMARY:Cancelled", "UID:5", "DTSTART;VALUE=DATE:20270401", "STATUS:CANCELLED"),
		event("SUMMARY:Long ago", "UID:6", "DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20270102"),
		event("SUMMARY:A talk", "UID:7", "DTSTART:20270405T100000Z", "DURATION:P9D"),
		event("SUMMARY:Too late", "UID:8", "DTSTART;VALUE=DATE:20270501"),
		event("SUMMARY:Moved", "UID:9", "DTSTART;VALUE=DATE:20270411", "RRULE:FREQ=DAILY;COUNT=2",
			"EXDATE;VALUE=DATE:20270411"),
		event("SUMMARY:Moved here", "UID:9", "RECURRENCE-ID;VALUE=DATE:20270412", "DTSTART;VALUE=DATE:20270415"),
		event("SUMMARY:Never", "UID:10", "DTSTART;VALUE=DATE:20270230"),
	))
	lisbon, apia := zone(t, "Europe/Lisbon"), zone(t, "Pacific/Apia")
	days, problems := c.Days(time.Date(2027, 1, 1, 23, 0, 0, 0, lisbon), time.Date(2027, 5, 1, 1, 0, 0, 0, apia))
	want := map[string]string{"2027-01-01": "Long ago", "2027-02-09": "Carnival", "2027-03-28": "Easter",
		"2027-03-29": "A saint", "2027-04-15": "Moved here"}
	if len(days) != len(want) {
		t.Errorf("got %v, want %v", days, want)
	}
	for day, title := range want {
		if days[day] != title {
			t.Errorf("%s: got %q, want %q", day, days[day], title)
		}
	}
	if want := []string{`"Never" has no start that can be read, and takes no time`}; !slices.Equal(problems, want) {
		t.Errorf("got %q, want %q", problems, want)
	}
}
