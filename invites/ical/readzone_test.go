package ical_test

import (
	"strings"
	"testing"
	"time"
)

// A zoneTest is one DTSTART, and the zone that the calendar around it tells.
type zoneTest struct {
	name     string
	timezone string // the phases of the VTIMEZONE, in lines; "": there is none
	tzid     string // of it, and of the DTSTART
	wall     string
	want     string // RFC 3339; "": nobody knows
	in       string // the zone of the result
}

func (z zoneTest) calendar() string {
	var lines []string
	if z.timezone != "" {
		lines = []string{"-", "BEGIN:VTIMEZONE", "TZID:" + z.tzid, z.timezone, "END:VTIMEZONE", "-"}
	}
	start := "DTSTART:" + z.wall
	if z.tzid != "" {
		start = `DTSTART;TZID="` + z.tzid + `":` + z.wall
	}
	return reply(append(lines, start)...)
}

// observed is a STANDARD or DAYLIGHT. more are further lines.
func observed(kind, start, from, to string, more ...string) string {
	lines := append([]string{"BEGIN:" + kind, "DTSTART:" + start, "TZOFFSETFROM:" + from, "TZOFFSETTO:" + to}, more...)
	return strings.Join(append(lines, "END:"+kind), "\r\n")
}

func zoneTests() []zoneTest {
	const day = "20270304T100000"
	european := observed("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10") + "\r\n" +
		observed("DAYLIGHT", "16010101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3")
	southern := observed("STANDARD", "19700405T030000", "+1100", "+1000", "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4") + "\r\n" +
		observed("DAYLIGHT", "19701004T020000", "+1000", "+1100", "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=10")
	fixed := func(offset string) string { return observed("STANDARD", "19700101T000000", offset, offset) }
	ruled := func(rule string) string { // +00:00, and +01:00 from where the rule says
		return observed("STANDARD", "19000101T000000", "+0000", "+0000") + "\r\n" + observed("DAYLIGHT", "20000101T020000", "+0000", "+0100", "RRULE:"+rule)
	}
	return []zoneTest{
		{"no zone", "", "", day, "", ""},
		{"UTC", "", "", day + "Z", "2027-03-04T10:00:00Z", "UTC"},
		{"utc", "", "", strings.ToLower(day) + "z", "2027-03-04T10:00:00Z", "UTC"},
		{"UTC and a zone", "", "Europe/Berlin", day + "Z", "2027-03-04T10:00:00Z", "UTC"},
		{"a day", "", "", "20270304", "", ""},
		{"a day in a zone", "", "Europe/Berlin", "20270304", "", ""},
		{"no day", "", "", "20270229T100000Z", "", ""},
		{"no time", "", "", "20270304T250000Z", "", ""},
		{"a part of a second", "", "", "20270304T100000.5Z", "", ""},
		{"nothing", "", "", "", "", ""},
		{"before computers", "", "", "19691231T235959Z", "", ""},
		{"the last year", "", "", "99981231T235959Z", "9998-12-31T23:59:59Z", "UTC"},
		{"after all", "", "", "99990101T000000Z", "", ""},
		{"the zero time", "", "", "00010101T000000Z", "", ""},

		{"a place", "", "Europe/Berlin", day, "2027-03-04T10:00:00+01:00", "Europe/Berlin"},
		{"a place behind a slash", "", "/x/Europe/Berlin", day, "2027-03-04T10:00:00+01:00", "Europe/Berlin"},
		{"a place behind a domain", "", "/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires", day, "2027-03-04T10:00:00-03:00", "America/Argentina/Buenos_Aires"},
		{"a name behind a domain", "", "/x/UTC", day, "2027-03-04T10:00:00Z", "UTC"},
		{"a place in quotes", "", "'Europe/Berlin'", day, "2027-03-04T10:00:00+01:00", "Europe/Berlin"},
		{"a place with other rules", fixed("+0800"), "Europe/Berlin", day, "2027-03-04T10:00:00+01:00", "Europe/Berlin"},
		{"a place without its rules", "X-LIC-LOCATION:Europe/Berlin", "Europe/Berlin", day, "2027-03-04T10:00:00+01:00", "Europe/Berlin"},
		{"no place", "", "Europe/Atlantis", day, "", ""},
		{"the machine's own", "", "Local", day, "", ""},
		{"the machine's own, in another way", "", "/etc/localtime", day, "", ""},
		{"an own definition of the machine's", fixed("+0300"), "Local", day, "2027-03-04T07:00:00Z", "UTC"},
		{"a file", "", "../../etc/passwd", day, "", ""},

		// What clocks show twice is meant for the first time, what they never show is counted from before (RFC 5545, section 3.3.5).
		{"twice", "", "Europe/Berlin", "20271031T023000", "2027-10-31T02:30:00+02:00", "Europe/Berlin"},
		{"after twice", "", "Europe/Berlin", "20271031T030000", "2027-10-31T03:00:00+01:00", "Europe/Berlin"},
		{"never", "", "Europe/Berlin", "20270328T023000", "2027-03-28T03:30:00+02:00", "Europe/Berlin"},
		{"twice in the far east", "", "Pacific/Auckland", "20270404T023000", "2027-04-04T02:30:00+13:00", "Pacific/Auckland"},
		{"twice over half an hour", "", "Australia/Lord_Howe", "20270404T014500", "2027-04-04T01:45:00+11:00", "Australia/Lord_Howe"},
		{"a day that never was", "", "Pacific/Apia", "20111230T120000", "2011-12-31T12:00:00+14:00", "Pacific/Apia"},
		{"twice, by Windows", european, "My zone", "20271031T023000", "2027-10-31T00:30:00Z", "UTC"},
		{"after twice, by Windows", european, "My zone", "20271031T030000", "2027-10-31T02:00:00Z", "UTC"},
		{"never, by Windows", european, "My zone", "20270328T023000", "2027-03-28T01:30:00Z", "UTC"},
		{"after never, by Windows", european, "My zone", "20270328T030000", "2027-03-28T01:00:00Z", "UTC"},

		{"a Windows name", "", "W. Europe Standard Time", day, "2027-03-04T10:00:00+01:00", "Europe/Berlin"},
		{"a Windows name with a number", "", "GMT Standard Time 1", "20270704T100000", "2027-07-04T10:00:00+01:00", "Europe/London"},
		{"a Windows name that is a number", "", "UTC-11", day, "2027-03-04T10:00:00-11:00", "Etc/GMT+11"},
		{"a newer Windows name", "", "Yukon Standard Time", day, "2027-03-04T10:00:00-07:00", "America/Whitehorse"},
		{"a Windows name and its rules", european, "W. Europe Standard Time", "20270704T100000", "2027-07-04T10:00:00+02:00", "Europe/Berlin"},
		{"a Windows name and other rules", fixed("+0800"), "W. Europe Standard Time", day, "2027-03-04T02:00:00Z", "UTC"},
		{"a Windows name and no rules", "X-A:1", "W. Europe Standard Time", day, "2027-03-04T10:00:00+01:00", "Europe/Berlin"},
		{"a Windows name and rules nobody reads", fixed("+8"), "W. Europe Standard Time", day, "2027-03-04T10:00:00+01:00", "Europe/Berlin"},
		{"no name", "", "Customized Time Zone", day, "", ""},
		{"a number alone", "", "1", day, "", ""},

		{"a short name", "", "EST", day, "2027-03-04T10:00:00-05:00", "EST"},
		{"a short name over other rules", european, "EST", day, "2027-03-04T09:00:00Z", "UTC"},
		{"a short name over its rules", observed("STANDARD", "16010101T000000", "+0000", "+0000"), "GMT", day, "2027-03-04T10:00:00Z", "GMT"},
		{"a name of Microsoft's", fixed("+0000"), "tzone://Microsoft/Utc", day, "2027-03-04T10:00:00Z", "UTC"},

		{"summer, by Windows", european, "Customized Time Zone", "20270704T100000", "2027-07-04T08:00:00Z", "UTC"},
		{"January, by Windows", european, "Customized Time Zone", "20270101T000000", "2026-12-31T23:00:00Z", "UTC"},
		{"January in the south", southern, "Customized Time Zone", "20270101T000000", "2026-12-31T13:00:00Z", "UTC"},
		{"July in the south", southern, "Customized Time Zone", "20270701T000000", "2027-06-30T14:00:00Z", "UTC"},
		{"one offset", fixed("+0545"), "Customized Time Zone", day, "2027-03-04T04:15:00Z", "UTC"},
		{"west", fixed("-0330"), "Customized Time Zone", day, "2027-03-04T13:30:00Z", "UTC"},
		{"seconds", fixed("+001730"), "Customized Time Zone", day, "2027-03-04T09:42:30Z", "UTC"},
		{"a start in UTC", observed("STANDARD", "19700101T000000Z", "+0100", "+0100"), "Customized Time Zone", day, "2027-03-04T09:00:00Z", "UTC"},
		{"before the first", observed("STANDARD", "20280101T000000", "+0300", "+0400"), "Customized Time Zone", day, "2027-03-04T07:00:00Z", "UTC"},
		{"dates", observed("STANDARD", "19700101T000000", "+0100", "+0100") + "\r\n" +
			observed("STANDARD", "20260215T030000", "+0100", "+0000", "RDATE:20270207T030000,20280123T030000") + "\r\n" +
			observed("DAYLIGHT", "20260322T020000", "+0000", "+0100", "RDATE:20270314T020000", "RDATE;VALUE=DATE-TIME:20280305T020000"),
			"Customized Time Zone", day, "2027-03-04T10:00:00Z", "UTC"},
		{"dates nobody reads", observed("STANDARD", "19700101T000000", "+0100", "+0100", "RDATE:soon"), "Customized Time Zone", day, "", ""},
		{"no start", "BEGIN:STANDARD\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD", "Customized Time Zone", day, "", ""},
		{"no offset", "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nEND:STANDARD", "Customized Time Zone", day, "", ""},
		{"an offset of days", fixed("+2400"), "Customized Time Zone", day, "", ""},
		{"two rules", observed("STANDARD", "19700101T000000", "+0100", "+0100", "RRULE:FREQ=YEARLY", "RRULE:FREQ=YEARLY;BYMONTH=4"), "Customized Time Zone", day, "2027-03-04T09:00:00Z", "UTC"},

		{"a rule of the past", ruled("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20060326T010000Z"), "z", "20270704T100000", "2027-07-04T09:00:00Z", "UTC"},
		{"a rule of the past is the last word", ruled("FREQ=YEARLY;UNTIL=20060101T020000Z") + "\r\n" + observed("STANDARD", "20010601T000000", "+0100", "+0000"),
			"z", "20270704T100000", "2027-07-04T09:00:00Z", "UTC"},
		{"more often than can be counted", ruled("FREQ=YEARLY;INTERVAL=2;COUNT=9223372036854775807") + "\r\n" + observed("STANDARD", "20010601T000000", "+0100", "+0000"),
			"z", "20270704T100000", "2027-07-04T09:00:00Z", "UTC"},
		{"before its start in the same year", observed("STANDARD", "19000101T000000", "+0000", "+0000") + "\r\n" +
			observed("DAYLIGHT", "20270601T020000", "+0000", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"), "z", "20270404T100000", "2027-04-04T10:00:00Z", "UTC"},
		{"until that instant", ruled("FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=4;UNTIL=20270704T020000Z"), "z", "20270704T030000", "2027-07-04T02:00:00Z", "UTC"},
		{"by the day of the month", ruled("FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=4"), "z", "20270704T030000", "2027-07-04T02:00:00Z", "UTC"},
		{"by one of the days", ruled("FREQ=YEARLY;BYMONTH=3;BYDAY=SU;BYMONTHDAY=8,9,10,11,12,13,14"), "z", "20270314T030000", "2027-03-14T02:00:00Z", "UTC"},
		{"by the start alone", ruled("FREQ=YEARLY;WKST=MO"), "z", "20270101T030000", "2027-01-01T02:00:00Z", "UTC"},
		{"every third year", ruled("FREQ=YEARLY;INTERVAL=3"), "z", "20270704T100000", "2027-07-04T09:00:00Z", "UTC"},
		{"seven times", ruled("FREQ=YEARLY;COUNT=7"), "z", "20270704T100000", "2027-07-04T09:00:00Z", "UTC"},
		{"on leap days", ruled("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"), "z", "20270704T100000", "2027-07-04T09:00:00Z", "UTC"},
		{"each minute", ruled("FREQ=MINUTELY"), "z", day, "", ""},
		{"without a frequency", ruled("BYMONTH=3"), "z", day, "", ""},
		{"no such hour", ruled("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;BYHOUR=24"), "z", day, "", ""},
		{"no minute", ruled("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;BYMINUTE="), "z", day, "", ""},
		{"no weekday", ruled("FREQ=YEARLY;BYMONTH=3;BYDAY=1"), "z", day, "", ""},
		{"the zeroth month", ruled("FREQ=YEARLY;BYMONTH=0"), "z", day, "", ""},
		{"no interval", ruled("FREQ=YEARLY;INTERVAL=0"), "z", day, "", ""},
		{"the zeroth weekday", ruled("FREQ=YEARLY;BYMONTH=3;BYDAY=0SU"), "z", day, "", ""},
	}
}

func TestParseZones(t *testing.T) {
	for _, test := range zoneTests() {
		o := parse(t, test.calendar())
		if test.want == "" {
			if !o.Start.IsZero() || !o.End.IsZero() {
				t.Errorf("%s: got %v to %v, want none", test.name, o.Start, o.End)
			}
			continue
		}
		want, err := time.Parse(time.RFC3339, test.want)
		if err != nil {
			t.Fatal(err)
		}
		if !o.Start.Equal(want) || o.Start.Format(time.RFC3339) != test.want || o.Start.Location().String() != test.in {
			t.Errorf("%s: got %s in %s, want %s in %s", test.name, o.Start.Format(time.RFC3339), o.Start.Location(), test.want, test.in)
		}
	}
}

// The rules of each phase count, and not only those in a shape that this program writes: an onset
// must be where the rule has it, to the second.
func TestParseOnsets(t *testing.T) {
	for _, test := range []struct {
		rule  string
		onset string // the latest before the end of July 2027
	}{
		{"BYMONTH=3;BYDAY=-1SU", "20270328T020000"},
		{"BYMONTH=3;BYDAY=2SU", "20270314T020000"},
		{"BYMONTH=3;BYDAY=+1MO", "20270301T020000"},
		{"BYMONTH=2;BYDAY=-2FR", "20270219T020000"},
		{"BYMONTH=5;BYDAY=5SU", "20270530T020000"},
		{"BYMONTH=4;BYDAY=5SU", "20230430T020000"},
		{"BYMONTH=3;BYMONTHDAY=-1", "20270331T020000"},
		{"BYMONTH=2;BYMONTHDAY=29", "20240229T020000"},
		{"BYMONTH=3;BYDAY=SU;BYMONTHDAY=8,9,10,11,12,13,14", "20270314T020000"},
		{"BYMONTH=8;BYDAY=1SU", "20260802T020000"},
		{"INTERVAL=5", "20250101T020000"},
		{"COUNT=3;INTERVAL=4", "20080101T020000"},
		{"BYMINUTE=0;BYHOUR=2;BYDAY=-1SU;BYMONTH=3", "20270328T020000"},
		{"BYMONTH=3;BYDAY=-1SU;BYHOUR=1;BYMINUTE=30;BYSECOND=15", "20270328T013015"},
		{"BYMONTH=3;BYDAY=-1SU;BYHOUR=3,1", "20270328T030000"},
		{"BYMONTH=3;BYDAY=-1SU;BYHOUR=1,2;BYSETPOS=2", "20270328T020000"},
		{"BYWEEKNO=20", "20270522T020000"},
		{"BYDAY=-1SU", "20261227T020000"},
		{"BYMONTHDAY=1", "20270701T020000"},
		{"BYMONTH=4;BYDAY=6SU", "20000101T020000"},
		{"INTERVAL=10000", "20000101T020000"},
		{"BYMONTH=3;BYDAY=SU;BYSETPOS=-1", "20270328T020000"},
		{"BYMONTH=3;BYDAY=SU;BYSETPOS=2;BYHOUR=2", "20270314T020000"},
		{"BYMONTH=3;BYDAY=-1SU;BYSETPOS=1", "20270328T020000"},
		{"BYMONTH=3;BYDAY=-1SU;BYHOUR=3;UNTIL=20260329T015959Z", "20250330T030000"},
		{"BYMONTH=3;BYDAY=-1SU;BYHOUR=3;UNTIL=20260329T020000Z", "20260329T030000"},
		{"BYMONTH=3;BYDAY=-1SU;UNTIL=20260329", "20260329T020000"},
		{"BYMONTH=3;BYDAY=-1SU;UNTIL=20260329T005959Z", "20250330T020000"},
		{"BYMONTH=3;BYDAY=-1SU;UNTIL=20260329T010000Z", "20260329T020000"},
		{"BYMONTH=3;BYDAY=-1SU;UNTIL=20260329T015959", "20250330T020000"},
	} {
		onset, err := time.Parse("20060102T150405", test.onset)
		if err != nil {
			t.Fatal(err)
		}
		// Clocks are put back an hour before that onset and three hours after it, so that only just it shows.
		offset := func(wall time.Time) time.Duration {
			phases := observed("DAYLIGHT", "20000101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;"+test.rule) + "\r\n" +
				observed("STANDARD", onset.Add(-time.Hour).Format("20060102T150405"), "+0200", "+0100", "RDATE:"+onset.Add(3*time.Hour).Format("20060102T150405"))
			o := parse(t, zoneTest{timezone: phases, tzid: "z", wall: wall.Format("20060102T150405")}.calendar())
			return wall.Sub(o.Start)
		}
		if got := offset(onset.Add(-time.Second)); got != time.Hour {
			t.Errorf("%s: a second before %v got an offset of %v, want 1h", test.rule, onset, got)
		}
		if got := offset(onset.Add(time.Hour)); got != 2*time.Hour {
			t.Errorf("%s: an hour after %v got an offset of %v, want 2h", test.rule, onset, got)
		}
		if got := offset(time.Date(2027, 7, 31, 0, 0, 0, 0, time.UTC)); got != time.Hour {
			t.Errorf("%s: at the end of July 2027 got an offset of %v, want 1h", test.rule, got)
		}
	}
}

func TestParseSpan(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	night := "DTSTART;TZID=Europe/Berlin:20270327T220000" // clocks go forward in it
	for _, test := range []struct {
		start, end string
		want       time.Duration // between them; -1: neither can be told
	}{
		{night, "DTEND;TZID=Europe/Berlin:20270328T040000", 5 * time.Hour},
		{night, "DTEND;TZID=Europe/Lisbon:20270328T040000", 6 * time.Hour},
		{night, "DTEND:20270328T040000Z", 7 * time.Hour},
		{night, "DURATION:PT6H", 6 * time.Hour},
		{night, "DURATION:P1D", 23 * time.Hour},
		{night, "DURATION:P1W", 7*24*time.Hour - time.Hour},
		{night, "duration:+p1dt1h2m3s", 24*time.Hour + 2*time.Minute + 3*time.Second},
		{night, "X-A:1", 0},
		{night, "DTEND;TZID=Europe/Berlin:20270327T220000", 0},
		{night, "DTEND;TZID=Europe/Berlin:20270328T040000\r\nDURATION:PT1H", 5 * time.Hour},
		{night, "DURATION:-PT1H", -1},
		{night, "DURATION:1 hour", -1},
		{night, "DURATION:PT99999999999999999999H", -1},
		{night, "DTEND;TZID=Europe/Berlin:20270327T215959", -1},
		{night, "DTEND;TZID=Europe/Atlantis:20270328T040000", -1},
		{night, "DTEND:20270328T040000", -1},
		{night, "DTEND;VALUE=DATE:20270328", -1},
		{"DTSTART;VALUE=DATE:20270327", "DTEND;VALUE=DATE:20270328", -1},
		{"DTSTART;VALUE=DATE:20270327", "DURATION:P1D", -1},
		{"X-A:1", "DTEND:20270328T040000Z", -1},
		{"X-A:1", "DURATION:PT1H", -1},
		{"DTSTART:99981231T000000Z", "DURATION:P2D", -1},
	} {
		o := parse(t, reply(test.start, test.end))
		if test.want < 0 {
			if !o.Start.IsZero() || !o.End.IsZero() {
				t.Errorf("%s, %s: got %v to %v, want none", test.start, test.end, o.Start, o.End)
			}
			continue
		}
		if want := time.Date(2027, 3, 27, 22, 0, 0, 0, berlin); !o.Start.Equal(want) {
			t.Errorf("%s, %s: got it at %v, want %v", test.start, test.end, o.Start, want)
		}
		if got := o.End.Sub(o.Start); got != test.want {
			t.Errorf("%s, %s: got %v, want %v", test.start, test.end, got, test.want)
		}
	}
	if got := parse(t, reply("DTSTAMP;TZID=Etc/GMT+12:99991231T235959")).Stamp; !got.IsZero() {
		t.Errorf("DTSTAMP after all: got %v", got)
	}
	if got := parse(t, reply("DTSTAMP;TZID=W. Europe Standard Time:20270304T100000")).Stamp; !got.Equal(time.Date(2027, 3, 4, 9, 0, 0, 0, time.UTC)) || got.Location() != time.UTC {
		t.Errorf("DTSTAMP in a zone: got %v", got)
	}
}

// The name of a zone is compared as it is meant: TEXT is escaped where it is the zone's own, and in a parameter it is
// quoted, or is not though it should be.
func TestParseZoneNames(t *testing.T) {
	rules := observed("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10") + "\r\n" +
		observed("DAYLIGHT", "16010101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3")
	for _, test := range []struct{ own, param string }{
		{`(UTC+01:00) Amsterdam\, Berlin\, Bern`, `"(UTC+01:00) Amsterdam, Berlin, Bern"`},
		{`(UTC+01:00) Amsterdam\, Berlin\, Bern`, `"(UTC+01:00) Amsterdam\, Berlin\, Bern"`},
		{`(UTC+01:00) Amsterdam, Berlin, Bern`, `"(UTC+01:00) Amsterdam, Berlin, Bern"`},
		{`(UTC+01:00) Amsterdam, Berlin, Bern`, `"(UTC+01:00) Amsterdam\, Berlin\, Bern"`},
		{`(UTC+01:00) Amsterdam\, Berlin\, Bern`, `(UTC+01:00) Amsterdam, Berlin, Bern`},
		{`(UTC+01:00) Amsterdam\, Berlin\, Bern`, `(UTC+01:00) Amsterdam\, Berlin\, Bern`},
		{`(UTC+01:00) Amsterdam\, Berlin\, Bern`, `(UTC+01:00) Amsterdam, Berlin, Bern;VALUE=DATE-TIME`},
		{`Amsterdam\, Berlin`, `Amsterdam, Berlin`},
		{`Büro\; Haus\\2`, `"Büro; Haus\2"`},
		{`"My zone"`, `"My zone"`},
	} {
		o := parse(t, reply("-", "BEGIN:VTIMEZONE", "TZID:"+test.own, rules, "END:VTIMEZONE", "-",
			"DTSTART;TZID="+test.param+":20270711T150000", "DTEND;TZID="+test.param+":20270711T160000"))
		if want := time.Date(2027, 7, 11, 13, 0, 0, 0, time.UTC); !o.Start.Equal(want) || o.End.Sub(o.Start) != time.Hour {
			t.Errorf("%s and %s: got %v to %v, want %v", test.own, test.param, o.Start, o.End, want)
		}
	}
}

// Outlook on the web names UTC in its own way, without a VTIMEZONE.
func TestParseUTCOfOutlook(t *testing.T) {
	for _, name := range []string{"tzone://Microsoft/Utc", "UTC", "utc"} {
		o := parse(t, reply("DTSTART;TZID=\""+name+"\":20270711T150000"))
		if want := time.Date(2027, 7, 11, 15, 0, 0, 0, time.UTC); !o.Start.Equal(want) {
			t.Errorf("%s: got %v, want %v", name, o.Start, want)
		}
	}
}

// Whom somebody has sent in their place is told, on whichever line it stands.
func TestParseDelegates(t *testing.T) {
	for _, test := range []struct {
		lines []string
		want  string
	}{
		{[]string{`ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:tom@Example.org":mailto:maya@example.org`}, "tom@example.org"},
		{[]string{`ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:tom@example.org","MAILTO:kim@example.org":mailto:maya@example.org`}, "tom@example.org, kim@example.org"},
		{[]string{`ATTENDEE;PARTSTAT=DELEGATED:mailto:maya@example.org`, `ATTENDEE;DELEGATED-FROM="mailto:Maya@example.org":mailto:tom@example.org`}, "tom@example.org"},
		{[]string{`ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:tom@example.org":mailto:maya@example.org`, `ATTENDEE;DELEGATED-FROM="mailto:maya@example.org":mailto:tom@example.org`}, "tom@example.org"},
		{[]string{`ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="urn:x":mailto:maya@example.org`}, ""},
		{[]string{`ATTENDEE;PARTSTAT=DELEGATED:mailto:maya@example.org`}, ""},
	} {
		o := parse(t, reply(append(test.lines, "DTSTART:20270304T090000Z")...))
		got := ""
		for _, a := range o.Attendees {
			if a.PartStat == "DELEGATED" {
				got = a.Delegates
			}
		}
		if got != test.want {
			t.Errorf("%q: got %q, want %q", test.lines, got, test.want)
		}
	}
}
