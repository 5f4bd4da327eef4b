package freebusy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"coalition/invites"
	"coalition/invites/freebusy"
)

func zone(t rapid.TB, name string) *time.Location {
	t.Helper()
	loc, err := invites.Location(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// calendar is a VCALENDAR of lines, which may be several in one string.
func calendar(lines ...string) string {
	all := "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test\n" + strings.Join(lines, "\n") + "\nEND:VCALENDAR\n"
	return strings.ReplaceAll(all, "\n", "\r\n")
}

// event is a VEVENT of lines, with a UID and a title unless they have their own.
func event(lines ...string) string {
	all := strings.Join(lines, "\n")
	if !strings.Contains(all, "UID") {
		all = "UID:1\n" + all
	}
	if !strings.Contains(all, "SUMMARY") {
		all = "SUMMARY:A\n" + all
	}
	return "BEGIN:VEVENT\n" + all + "\nEND:VEVENT"
}

func parse(t rapid.TB, data string) *freebusy.Calendar {
	t.Helper()
	c, err := freebusy.Parse([]byte(data))
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return c
}

// show tells when somebody is busy, on a clock: "03-04 10:00 CET 1h A".
func show(busy []invites.Busy, loc *time.Location) []string {
	list := []string{}
	for _, b := range busy {
		length := b.End.Sub(b.Start).String()
		for _, nothing := range []string{"m0s", "h0m"} {
			if strings.HasSuffix(length, nothing) {
				length = length[:len(length)-2]
			}
		}
		list = append(list, strings.TrimSpace(b.Start.In(loc).Format("01-02 15:04 MST ")+length+" "+b.Title))
	}
	return list
}

// A busyTest is read by somebody in Berlin, ana@example.org, from the first of March until the end of April 2027.
type busyTest struct {
	name string
	data string
	want []string
	// problems are in order; each holds the words given here.
	problems []string
}

func (test busyTest) run(t *testing.T) {
	t.Helper()
	berlin := zone(t, "Europe/Berlin")
	ana := freebusy.Reader{Zone: berlin, Self: []string{"ana@example.org"}}
	from, to := time.Date(2027, 3, 1, 0, 0, 0, 0, berlin), time.Date(2027, 5, 1, 0, 0, 0, 0, berlin)
	busy, problems := parse(t, test.data).Busy(ana, from, to)
	if got := show(busy, berlin); !slices.Equal(got, test.want) {
		t.Errorf("%s:\ngot  %q\nwant %q\n%s", test.name, got, test.want, test.data)
	}
	for _, b := range busy {
		if b.Start.Location() != time.UTC || b.End.Location() != time.UTC {
			t.Errorf("%s: %v is not in UTC", test.name, b)
		}
	}
	matches := func(line, words string) bool { return strings.Contains(line, words) }
	if !slices.EqualFunc(problems, test.problems, matches) {
		t.Errorf("%s: got the problems %q, want %q", test.name, problems, test.problems)
	}
}

const (
	thursday = "DTSTART;TZID=Europe/Berlin:20270304T100000\nDTEND;TZID=Europe/Berlin:20270304T110000"
	once     = "03-04 10:00 CET 1h A"
)

// What takes time, and what does not.
func TestTakes(t *testing.T) {
	for _, test := range []busyTest{
		{name: "an event", data: calendar(event(thursday)), want: []string{once}},
		{name: "opaque", data: calendar(event(thursday, "TRANSP:OPAQUE")), want: []string{once}},
		{name: "transparent", data: calendar(event(thursday, "TRANSP:TRANSPARENT"))},
		{name: "transparent, in lower case", data: calendar(event(thursday, "transp:transparent"))},
		{name: "cancelled", data: calendar(event(thursday, "STATUS:CANCELLED"))},
		{name: "tentative", data: calendar(event(thursday, "STATUS:TENTATIVE")), want: []string{once}},
		{name: "declined", data: calendar(event(thursday, "ATTENDEE;PARTSTAT=DECLINED:mailto:ana@example.org"))},
		{name: "declined, in other words", data: calendar(event(thursday,
			`attendee;CN="A: B;C";Partstat=declined:MAILTO:Ana@Example.org`))},
		{name: "declined, folded", data: calendar(event(thursday,
			"ATTENDEE;PARTSTAT=DECL\n INED:mailto:ana@\n\texample.org"))},
		{name: "declined, by a parameter", data: calendar(event(thursday,
			`ATTENDEE;EMAIL="ana@example.org";PARTSTAT=DECLINED:urn:uuid:1`))},
		{name: "declined by name", data: calendar(event(thursday,
			`ATTENDEE;CN="A;PARTSTAT=DECLINED;B":mailto:ana@example.org`)),
			want: []string{once}},
		{name: "declined by another", data: calendar(event(thursday,
			"ATTENDEE;PARTSTAT=DECLINED:mailto:joana@example.org")),
			want: []string{once}},
		{name: "accepted beside one who has not", data: calendar(event(thursday,
			"ATTENDEE;PARTSTAT=ACCEPTED:mailto:ana@example.org",
			"ATTENDEE;PARTSTAT=DECLINED:mailto:ben@example.org")), want: []string{once}},
		{name: "of no length", data: calendar(event("DTSTART:20270304T100000Z", "DTEND:20270304T100000Z"))},
		{name: "without an end", data: calendar(event("DTSTART:20270304T100000Z"))},
		{name: "for no time", data: calendar(event("DTSTART:20270304T100000Z", "DURATION:PT0S"))},
		{name: "to do", data: calendar("BEGIN:VTODO\nUID:1\n" + thursday + "\nEND:VTODO")},
		{name: "a journal", data: calendar("BEGIN:VJOURNAL\nUID:1\n" + thursday + "\nEND:VJOURNAL")},
		// What is within an event is not of it: an alarm has a DURATION, a SUMMARY and ATTENDEEs of its own.
		{name: "an alarm", data: calendar(event("SUMMARY:A", thursday, "BEGIN:VALARM", "SUMMARY:B", "DURATION:PT9H",
			"DTSTART:20270305T100000Z",
			"ATTENDEE;PARTSTAT=DECLINED:mailto:ana@example.org", "STATUS:CANCELLED", "END:VALARM")),
			want: []string{once}},
		{name: "after an alarm", data: calendar(event("BEGIN:VALARM", "TRIGGER:-PT9M", "END:VALARM", thursday)),
			want: []string{once}},
		{name: "an end of nothing", data: calendar(event("END:VALARM", thursday)), want: []string{once}},
		{name: "an alarm without its end", data: calendar(event(thursday, "BEGIN:VALARM"), event("UID:2", "SUMMARY:B",
			thursday)),
			want: []string{once, "03-04 10:00 CET 1h B"}},
		{name: "without an end", data: calendar("BEGIN:VEVENT\nSUMMARY:A\n"+thursday, event("UID:2", "SUMMARY:B",
			thursday), "BEGIN:VEVENT\nSUMMARY:C\n"+thursday),
			want: []string{once, "03-04 10:00 CET 1h B", "03-04 10:00 CET 1h C"}},
		{name: "folded titles", data: calendar(event("SUMMARY:A\n  A", thursday), event("SUMMARY:B\n  B", thursday)),
			want: []string{"03-04 10:00 CET 1h A A", "03-04 10:00 CET 1h B B"}},
		{name: "in two calendars", data: calendar(event(thursday)) + "\n" + calendar(event("SUMMARY:B", thursday)),
			want: []string{once, "03-04 10:00 CET 1h B"}},
		{name: "twice", data: calendar(event(thursday), event(thursday)), want: []string{once}},
	} {
		test.run(t)
	}
}

// How long events are, and what is in the window.
func TestLength(t *testing.T) {
	// Clocks go forward in that night.
	night := "DTSTART;TZID=Europe/Berlin:20270327T220000"
	for _, test := range []busyTest{
		{name: "an end", data: calendar(event(night, "DTEND;TZID=Europe/Berlin:20270328T040000")),
			want: []string{"03-27 22:00 CET 5h A"}},
		{name: "an end elsewhere", data: calendar(event(night, "DTEND;TZID=Europe/Lisbon:20270328T040000")),
			want: []string{"03-27 22:00 CET 6h A"}},
		{name: "an end in UTC", data: calendar(event(night, "DTEND:20270328T040000Z")),
			want: []string{"03-27 22:00 CET 7h A"}},
		{name: "hours", data: calendar(event(night, "DURATION:PT6H")), want: []string{"03-27 22:00 CET 6h A"}},
		{name: "a day by the clocks", data: calendar(event(night, "DURATION:P1D")),
			want: []string{"03-27 22:00 CET 23h A"}},
		{name: "a day by the clocks and an hour", data: calendar(event(night, "DURATION:P1DT1H")),
			want: []string{"03-27 22:00 CET 24h A"}},
		{name: "both", data: calendar(event(night, "DURATION:PT9H", "DTEND:20270328T040000Z")),
			want: []string{"03-27 22:00 CET 7h A"}},
		{name: "all day", data: calendar(event("DTSTART;VALUE=DATE:20270304")),
			want: []string{"03-04 00:00 CET 24h A"}},
		{name: "all of a short day", data: calendar(event("DTSTART;VALUE=DATE:20270328")),
			want: []string{"03-28 00:00 CET 23h A"}},
		{name: "two days", data: calendar(event("DTSTART;VALUE=DATE:20270304", "DTEND;VALUE=DATE:20270306")),
			want: []string{"03-04 00:00 CET 48h A"}},
		{name: "two days without their name", data: calendar(event("DTSTART:20270304", "DTEND:20270306")),
			want: []string{"03-04 00:00 CET 48h A"}},
		{name: "days by duration", data: calendar(event("DTSTART;VALUE=DATE:20270327", "DURATION:P2D")),
			want: []string{"03-27 00:00 CET 47h A"}},
		{name: "an all-day event that ends as it begins", data: calendar(event("DTSTART;VALUE=DATE:20270304",
			"DTEND;VALUE=DATE:20270304")),
			want: []string{"03-04 00:00 CET 24h A"}},
		{name: "until a day", data: calendar(event("DTSTART;TZID=Europe/Berlin:20270304T100000",
			"DTEND;VALUE=DATE:20270305")),
			want: []string{"03-04 10:00 CET 14h A"}},
		{name: "floating", data: calendar(event("DTSTART:20270304T100000", "DURATION:PT1H")), want: []string{once}},
		{name: "years", data: calendar(event("DTSTART:20200101T000000Z", "DTEND:20300101T000000Z")),
			want: []string{"01-01 01:00 CET 87672h A"}},
		{name: "years of days", data: calendar(event("DTSTART;VALUE=DATE:20270101", "DURATION:P52W")),
			want: []string{"01-01 00:00 CET 8736h A"}},
		{name: "over before", data: calendar(event("DTSTART:20270228T220000Z", "DTEND:20270228T230000Z"))},
		{name: "over just after", data: calendar(event("DTSTART:20270228T220000Z", "DTEND:20270228T230001Z")),
			want: []string{"02-28 23:00 CET 1h0m1s A"}},
		{name: "from the end on", data: calendar(event("DTSTART:20270430T220000Z", "DTEND:20270430T230000Z"))},
		{name: "from just before the end on", data: calendar(event("DTSTART:20270430T215959Z",
			"DTEND:20270430T230000Z")),
			want: []string{"04-30 23:59 CEST 1h0m1s A"}},
		// What nobody can read takes rather too much time than too little.
		{name: "no end", data: calendar(event("DTSTART;TZID=Europe/Berlin:20270304T100000", "DTEND:soon")),
			want:     []string{"03-04 10:00 CET 14h A"},
			problems: []string{`"A" has no end that can be read, and counts as busy until its day is over`}},
		{name: "an end before", data: calendar(event("DTSTART:20270304T100000Z", "DTEND:20270304T090000Z")),
			want: []string{"03-04 11:00 CET 14h A"}, problems: []string{"no end"}},
		{name: "an end long before", data: calendar(event("DTSTART:20270304T100000Z", "DTEND:20070304T110000Z")),
			want: []string{"03-04 11:00 CET 14h A"}, problems: []string{"no end"}},
		{name: "a length backwards", data: calendar(event("DTSTART:20270304T100000Z", "DURATION:-PT1H")),
			want: []string{"03-04 11:00 CET 14h A"}, problems: []string{"no end"}},
		{name: "days backwards", data: calendar(event("DTSTART;VALUE=DATE:20270304", "DTEND;VALUE=DATE:20270303")),
			want: []string{"03-04 00:00 CET 24h A"}, problems: []string{"no end"}},
		{name: "no start", data: calendar(event("DTEND:20270304T100000Z")),
			problems: []string{`"A" has no start that can be read, and takes no time`}},
		{name: "a start on no calendar", data: calendar(event("DTSTART:20270230T100000Z", "DURATION:PT1H")),
			problems: []string{"no start"}},
		{name: "no start of what takes no time", data: calendar(event("DTSTART:soon", "TRANSP:TRANSPARENT"))},
		{name: "no start and no title", data: calendar(event("DTSTART:soon", "SUMMARY:", "UID:abc@example.org")),
			problems: []string{"the event with the UID abc@example.org has no start"}},
		{name: "no start, no title, no UID", data: calendar(event("DTSTART:soon", "SUMMARY:", "UID:")),
			problems: []string{"an event without a title has no"}},
		{name: "one problem twice", data: calendar(event("DTSTART:soon"), event("DTSTART:later")),
			problems: []string{"no start"}},
	} {
		test.run(t)
	}
}

// Titles are one line, and safe to show.
func TestTitle(t *testing.T) {
	for _, test := range []struct{ value, want string }{
		{`Tea\, cake\; and\n more`, "Tea, cake; and more"},
		{`C:\\Users\\N`, `C:\Users\N`},
		{"a\n  folded \n\tline", "a folded line"},
		{"Gr\n \xc3\n \xbcn", "Grün"},
		{"Gr\xfcn", "Gr\ufffdn"},
		{"\u202eabc\x1b[31m", "abc[31m"},
		{"", ""},
		{strings.Repeat("ü", 5000), strings.Repeat("ü", 199) + "…"},
	} {
		c := parse(t, calendar(event("SUMMARY;LANGUAGE=pt:"+test.value, thursday)))
		busy, _ := c.Busy(freebusy.Reader{Zone: time.UTC}, time.Unix(0, 0), time.Unix(2e9, 0))
		if len(busy) != 1 || busy[0].Title != test.want {
			t.Errorf("%q: got %v, want %q", test.value, busy, test.want)
		}
	}
}

const newYork = "BEGIN:VTIMEZONE\nTZID:Our zone\n" +
	"BEGIN:DAYLIGHT\nDTSTART:20070311T020000\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\n" +
	"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\nEND:DAYLIGHT\n" +
	"BEGIN:STANDARD\nDTSTART:20071104T020000\nTZOFFSETFROM:-0400\nTZOFFSETTO:-0500\n" +
	"RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\nEND:STANDARD\n" +
	"END:VTIMEZONE"

// Zones are what their calendar means by them; all others are the reader's own.
func TestZones(t *testing.T) {
	at := func(zone string) string {
		return event(fmt.Sprintf("DTSTART;TZID=%s:20270315T100000\nDURATION:PT1H", zone))
	}
	dated := "BEGIN:VTIMEZONE\nTZID:Our zone\nBEGIN:STANDARD\nDTSTART:20200101T000000\nTZOFFSETFROM:+0000\n" +
		"TZOFFSETTO:+0000\nEND:STANDARD\n" +
		"BEGIN:DAYLIGHT\nDTSTART:20260301T000000\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0200\n" +
		"RDATE:20270301T000000,20270401T000000\nEND:DAYLIGHT\n" +
		"BEGIN:STANDARD\nDTSTART:20260310T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0000\nRDATE:20270310T000000\n" +
		"END:STANDARD\nEND:VTIMEZONE"
	for _, test := range []busyTest{
		{name: "a place", data: calendar(at("Europe/Lisbon")), want: []string{"03-15 11:00 CET 1h A"}},
		{name: "a place behind a prefix", data: calendar(at("/mozilla.org/20070129_1/Europe/Lisbon")),
			want: []string{"03-15 11:00 CET 1h A"}},
		{name: "a place in quotes", data: calendar(at(`"Europe/Lisbon"`)), want: []string{"03-15 11:00 CET 1h A"}},
		{name: "a Windows name", data: calendar(at("GMT Standard Time")), want: []string{"03-15 11:00 CET 1h A"}},
		{name: "UTC", data: calendar(event("DTSTART;TZID=Europe/Lisbon:20270315T100000Z", "DURATION:PT1H")),
			want: []string{"03-15 11:00 CET 1h A"}},
		{name: "its own", data: calendar(newYork, at("Our zone")), want: []string{"03-15 15:00 CET 1h A"}},
		{name: "its own, further down", data: calendar(at("Our zone"), newYork),
			want: []string{"03-15 15:00 CET 1h A"}},
		{name: "its own, without its end", data: calendar(strings.TrimSuffix(newYork, "END:VTIMEZONE"), at("Our zone")),
			want: []string{"03-15 15:00 CET 1h A"}},
		{name: "places on folded lines", data: calendar(at("Europe/Lis\n bon"), at("Europe/Ath\n ens")),
			want: []string{"03-15 09:00 CET 1h A", "03-15 11:00 CET 1h A"}},
		{name: "its own, of dates", data: calendar(dated, at("Our zone")), want: []string{"03-15 11:00 CET 1h A"}},
		{name: "its own, with a colon and commas", data: calendar(strings.Replace(newYork, "Our zone",
			`(UTC-05:00) New York\, Boston`, 1),
			at("(UTC-05:00) New York, Boston")), want: []string{"03-15 15:00 CET 1h A"}},
		{name: "each calendar has its own", data: calendar(newYork, at("Our zone")) + calendar(dated, at("Our zone")),
			want: []string{"03-15 11:00 CET 1h A", "03-15 15:00 CET 1h A"}},
		{name: "unknown", data: calendar(at("Our zone"), event("UID:2", "DTSTART;TZID=Our zone:20270316T100000",
			"DURATION:PT1H")),
			want:     []string{"03-15 10:00 CET 1h A", "03-16 10:00 CET 1h A"},
			problems: []string{`nobody knows the zone "Our zone": its times are read as in Europe/Berlin`}},
		{name: "its own is unreadable", data: calendar(strings.ReplaceAll(newYork, "TZOFFSETTO:-", "TZOFFSETTO:"),
			at("Our zone")),
			want: []string{"03-15 10:00 CET 1h A"}, problems: []string{"nobody knows"}},
		{name: "unknown, but not in the window", data: calendar(event("DTSTART;TZID=Our zone:20260315T100000",
			"DTEND;TZID=Our zone:20260315T110000"))},
		// Of what clocks leave out, the offset before counts; of what they show twice, the first.
		{name: "in the gap", data: calendar(event("DTSTART;TZID=Europe/Berlin:20270328T023000", "DURATION:PT1H")),
			want: []string{"03-28 03:30 CEST 1h A"}},
		{name: "in the gap of its own", data: calendar(newYork, event("DTSTART;TZID=Our zone:20270314T023000",
			"DURATION:PT1H")),
			want: []string{"03-14 08:30 CET 1h A"}},
		// libical takes the offset after the gap, for the ends of events as well.
		{name: "an end in the gap", data: calendar(event("DTSTART;TZID=Europe/Berlin:20270327T220000",
			"DTEND;TZID=Europe/Berlin:20270328T023000")),
			want: []string{"03-27 22:00 CET 4h30m A"}},
	} {
		test.run(t)
	}
	// The doubled hour, a day that has no midnight, and days that end in UTC, west of it.
	for _, test := range []struct {
		zone, lines string
		want        []string
	}{
		{"Europe/Berlin", "DTSTART;TZID=Europe/Berlin:20271031T023000\nDURATION:PT1H",
			[]string{"10-31 02:30 CEST 1h A"}},
		{"America/Santiago", "DTSTART;VALUE=DATE:20270905\nDTEND;VALUE=DATE:20270906",
			[]string{"09-05 01:00 -03 23h A"}},
		{"America/New_York", "DTSTART;VALUE=DATE:20270301\nRRULE:FREQ=DAILY;UNTIL=20270302T000000Z",
			[]string{"03-01 00:00 EST 24h A", "03-02 00:00 EST 24h A"}},
	} {
		loc := zone(t, test.zone)
		busy, _ := parse(t, calendar(event(test.lines))).Busy(freebusy.Reader{Zone: loc}, windowStart, windowEnd)
		if got := show(busy, loc); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.zone, got, test.want)
		}
	}
}

// VFREEBUSY tells of time without events.
func TestFreebusy(t *testing.T) {
	for _, test := range []busyTest{
		{name: "all forms", data: calendar("BEGIN:VFREEBUSY", "UID:1", "DTSTART:20270301T000000Z",
			"DTEND:20270401T000000Z",
			"FREEBUSY:20270304T090000Z/20270304T100000Z,20270304T110000Z/PT30M",
			"FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20270305T090000Z/P1D",
			"freebusy;fbtype=busy-tentative:20270306T090000Z/PT1H",
			"FREEBUSY;FBTYPE=X-LUNCH:20270307T090000Z/PT1H",
			"FREEBUSY;FBTYPE=FREE:20270308T090000Z/PT1H",
			"FREEBUSY;FBTYPE=free:20270309T090000Z/PT1H",
			"FREEBUSY:20270310T090000Z/20270310T090000Z",
			"FREEBUSY:20270311T100000/20270311T11",
			" 0000",
			"END:VFREEBUSY"),
			want: []string{"03-04 10:00 CET 1h", "03-04 12:00 CET 30m", "03-05 10:00 CET 24h", "03-06 10:00 CET 1h",
				"03-07 10:00 CET 1h", "03-11 10:00 CET 1h"}},
		{name: "unreadable", data: calendar("BEGIN:VFREEBUSY",
			"FREEBUSY:20270304T090000Z/20270304T080000Z,soon,20270304T090000Z", "END:VFREEBUSY"),
			problems: []string{"(20270304T090000Z/20270304T080000Z)", "(soon)", "(20270304T090000Z)"}},
		{name: "elsewhere", data: calendar(event(thursday, "FREEBUSY:20270305T090000Z/PT1H")), want: []string{once}},
	} {
		test.run(t)
	}
}

// What is no calendar is refused in words, and all else is read.
func TestParse(t *testing.T) {
	for _, test := range []struct{ data, want string }{
		{"", "is empty"},
		{"\xef\xbb\xbf \r\n\t", "is empty"},
		{"<!DOCTYPE html><html>BEGIN:VCALENDAR", "is a web page, and no calendar"},
		{"\n<html lang=de>", "is a web page, and no calendar"},
		{"{}", "is no calendar: it does not begin with BEGIN:VCALENDAR"},
		{"BEGIN:VCARD\nEND:VCARD\n", "is no calendar: it does not begin with BEGIN:VCALENDAR"},
		{"BEGIN:VCALENDAR2\nEND:VCALENDAR", "is no calendar: it does not begin with BEGIN:VCALENDAR"},
		{"BEGIN:VCALENDAR\n", "ends in the middle of a calendar"},
		{calendar(event(thursday)) + "BEGIN:VCALENDAR\n" + event(thursday), "ends in the middle of a calendar"},
		{strings.TrimSuffix(calendar(event(thursday)), "END:VCALENDAR\r\n") + calendar(event(thursday)),
			"ends in the middle of a calendar"},
		{calendar(event(thursday))[:150], "ends in the middle of a calendar"},
	} {
		if c, err := freebusy.Parse([]byte(test.data)); c != nil || err == nil || err.Error() != test.want {
			t.Errorf("%q: got %v, %v, want %s", test.data, c, err, test.want)
		}
	}
	plain := calendar(event(thursday))
	for name, data := range map[string]string{
		"with a mark": "\xef\xbb\xbf" + plain,
		"with blanks": strings.ReplaceAll(plain, "\r\n", " \r\n"),
		"by LF alone": strings.ReplaceAll(plain, "\r\n", "\n"),
		"in lower case": strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(plain), "europe/berlin",
			"Europe/Berlin"), "summary:a", "summary:A"),
		"behind blanks":    "\r\n\n" + plain + "\r\n\r\n",
		"without an end":   strings.TrimSuffix(plain, "\r\n"),
		"with blank lines": strings.ReplaceAll(plain, "\r\n", "\r\n\r\n"),
		"with other lines": strings.ReplaceAll(plain, "SUMMARY", "no property\r\n:\r\n;\r\nX-A;B=\"\r\nSUMMARY"),
		"folded everywhere": strings.NewReplacer("DTSTART", "D\r\n TSTART", "DTEND", "DTE\r\n ND", "Berlin:2027",
			"Ber\r\n\tlin:20\r\n 27").Replace(plain),
	} {
		(&busyTest{name: name, data: data, want: []string{once}}).run(t)
	}
}
