package ical_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"coalition/invites"
	"coalition/invites/ical"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	loc, err := invites.Location(name)
	if err != nil {
		tb.Fatalf("the zone %q %v", name, err)
	}
	return loc
}

// agenda has every character that iCalendar writes in another way, beside letters of one to four
// octets in lines that are longer than one content line.
const agenda = "What it is for\n" +
	`Join forces on the spring launch; research, product and design "pull" the same way (C:\new\nest, not C:\\old).` + "\n\n" +
	"Agenda, 1 h\n" +
	"1. Wofür wir uns verpflichten: Förderung, Größe, Maß; jede Schlüsselfrage über Häuserübergänge (20 min)\n" +
	"2. 私たちがお互いを支え合うために何ができるのか、そして何を約束するのかをゆっくり話し合います (25 min)\n" +
	"3. 🌱🤝🌳🌱🤝🌳🌱🤝🌳🌱🤝🌳🌱🤝🌳🌱🤝🌳🌱🤝🌳 growing, it\twould be good (15 min)\n\n" +
	"Until then: https://talk.example.org/a?b=1,2;c=3#d\n"

// talk is a complete event in Berlin. kind is how the two meet: in person, by phone or by video.
func talk(tb testing.TB, kind string) *ical.VEvent {
	tb.Helper()
	start := time.Date(2027, 3, 4, 10, 0, 0, 0, zone(tb, "Europe/Berlin"))
	e := &ical.VEvent{
		UID:         "7c9e6679f3a24d6b8b1c0d5e4f3a2b1c@example.org",
		Sequence:    2,
		Stamp:       time.Date(2027, 2, 22, 9, 30, 5, 0, zone(tb, "Asia/Kathmandu")), // written in UTC
		Start:       start,
		End:         start.Add(time.Hour),
		Summary:     `Gespräch: Ana Lopes, Łódź; "Jo" Müller \ Søn`,
		Description: agenda,
		Organizer:   invites.Address{Name: "Ana Lopes", Email: "ana@example.org"},
		Attendee:    invites.Address{Name: `Müller-Lüdenscheidt, Jörg "Jo"; c/o Æther \ Søn, Hörnergäßchen: 小さな家`, Email: "joerg+talks@xn--mller-kva.example"},
		Alarm:       15 * time.Minute,
	}
	switch kind {
	case "person":
		e.Location = `Flussweg, Treffpunkt "Nordtor"; Höhe 3\4`
	case "phone":
		e.Location = "Telefon: +49 30 1234567"
		e.Conference = "tel:+49301234567"
	case "video":
		e.Location = "https://meet.example.org/räume?a=1,2;b=3"
		e.Conference = "https://meet.example.org/r%C3%A4ume?a=1,2;b=3&pwd=0123456789012345678901234567890123456789"
	default:
		tb.Fatalf("no kind of talk: %q", kind)
	}
	return e
}

// ways are the calendars that can leave: each method, a REQUEST to one who has answered already, and
// a PUBLISH of what was called off.
var ways = []struct {
	name      string
	method    invites.Method
	cancelled bool
	partStat  invites.PartStat
	comment   string
}{
	{name: "request", method: invites.Request},
	{name: "request-accepted", method: invites.Request, partStat: invites.Accepted},
	{name: "cancel", method: invites.Cancel, cancelled: true, comment: "Leider krank; wir holen es nach, versprochen.\nAna"},
	{name: "publish", method: invites.Publish},
	{name: "publish-cancelled", method: invites.Publish, cancelled: true, comment: "Leider krank; wir holen es nach, versprochen.\nAna"},
	{name: "declinecounter", method: invites.DeclineCounter, partStat: invites.Tentative, comment: "Am Freitag bin ich verreist.\nAna"},
}

var kinds = []string{"person", "phone", "video"}

func encode(tb testing.TB, e *ical.VEvent, m invites.Method) []byte {
	tb.Helper()
	data, err := e.Encode(m)
	if err != nil {
		tb.Fatalf("Encode(%s): %v", m, err)
	}
	return data
}

// contentLines unfolds data, and fails where it breaks RFC 5545, section 3.1, or cuts a character.
func contentLines(tb testing.TB, data []byte) []string {
	tb.Helper()
	rest, ok := strings.CutSuffix(string(data), "\r\n")
	if !ok {
		tb.Fatalf("the end is %q, want CRLF", data[max(0, len(data)-10):])
	}
	var lines []string
	for i, line := range strings.Split(rest, "\r\n") {
		switch {
		case len(line) > 75:
			tb.Errorf("line %d has %d octets, want 75 at most: %q", i+1, len(line), line)
		case strings.ContainsAny(line, "\r\n"):
			tb.Errorf("line %d has a line break other than CRLF: %q", i+1, line)
		case !utf8.ValidString(line):
			tb.Errorf("line %d is folded inside a character: %q", i+1, line)
		case line == "":
			tb.Errorf("line %d is empty", i+1)
		}
		if more, ok := strings.CutPrefix(line, " "); ok && len(lines) > 0 {
			lines[len(lines)-1] += more
		} else {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestEncodeGolden(t *testing.T) {
	for _, kind := range kinds {
		for _, way := range ways {
			name := kind + "-" + way.name
			t.Run(name, func(t *testing.T) {
				e := talk(t, kind)
				e.Cancelled = way.cancelled && way.method != invites.Cancel // which says it all by itself
				e.PartStat, e.Comment = way.partStat, way.comment
				got := encode(t, e, way.method)
				contentLines(t, got)
				file := filepath.Join("testdata", "golden", name+".ics")
				if *update {
					if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(file, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s differs (-want +got); if it is meant, run the test with -update:\n%s",
						file, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")))
				}
			})
		}
	}
}

// A content line may be as long as a line can be, and not an octet longer, whatever stands at the fold.
func TestEncodeFolds(t *testing.T) {
	for _, char := range []string{"a", "ß", "家", "🌱", ",", " ", "\t"} {
		for n := range 160 {
			e := talk(t, "person")
			e.Location = strings.Repeat("x", n) + strings.Repeat(char, 80) + "x"
			want := "LOCATION:" + strings.ReplaceAll(e.Location, ",", `\,`)
			found := false
			for _, line := range contentLines(t, encode(t, e, invites.Request)) {
				found = found || line == want
			}
			if !found {
				t.Fatalf("no line is %q", want)
			}
		}
	}
}

func TestEncodeZoneOfTime(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	start := time.Date(2027, 3, 4, 10, 0, 0, 0, berlin)
	for _, test := range []struct {
		name       string
		start, end time.Time
		want       []string // the lines that tell the times
		vtimezone  bool
	}{
		{"named", start, start.Add(time.Hour),
			[]string{"DTSTART;TZID=Europe/Berlin:20270304T100000", "DTEND;TZID=Europe/Berlin:20270304T110000"}, true},
		{"end in another zone", start, start.Add(time.Hour).UTC(),
			[]string{"DTSTART;TZID=Europe/Berlin:20270304T100000", "DTEND;TZID=Europe/Berlin:20270304T110000"}, true},
		{"UTC", start.UTC(), start.Add(time.Hour),
			[]string{"DTSTART:20270304T090000Z", "DTEND:20270304T100000Z"}, false},
		{"end when clocks show it twice", time.Date(2027, 10, 31, 1, 59, 0, 0, berlin), time.Date(2027, 10, 31, 1, 14, 0, 0, time.UTC),
			[]string{"DTSTART:20271030T235900Z", "DTEND:20271031T011400Z"}, false},
		{"start when clocks show it twice", time.Date(2027, 10, 31, 0, 59, 59, 0, time.UTC).In(berlin), time.Date(2027, 10, 31, 3, 0, 0, 0, berlin),
			[]string{"DTSTART:20271031T005959Z", "DTEND:20271031T020000Z"}, false},
		{"just before and just after that", time.Date(2027, 10, 31, 1, 59, 59, 0, berlin), time.Date(2027, 10, 31, 3, 0, 0, 0, berlin),
			[]string{"DTSTART;TZID=Europe/Berlin:20271031T015959", "DTEND;TZID=Europe/Berlin:20271031T030000"}, true},
		{"UTC by name", start.In(zone(t, "UTC")), start.Add(time.Hour),
			[]string{"DTSTART:20270304T090000Z", "DTEND:20270304T100000Z"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := talk(t, "person")
			e.Start, e.End = test.start, test.end
			var got []string
			vtimezone := false
			event := false
			for _, line := range contentLines(t, encode(t, e, invites.Request)) {
				vtimezone = vtimezone || line == "BEGIN:VTIMEZONE"
				event = event || line == "BEGIN:VEVENT"
				if event && (strings.HasPrefix(line, "DTSTART") || strings.HasPrefix(line, "DTEND")) {
					got = append(got, line)
				}
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("times (-want +got):\n%s", d)
			}
			if vtimezone != test.vtimezone {
				t.Errorf("a VTIMEZONE: got %t, want %t", vtimezone, test.vtimezone)
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(e *ical.VEvent)
		want   string
	}{
		{"no length", func(e *ical.VEvent) { e.End = e.Start }, "DTEND is not after DTSTART"},
		{"ends before it starts", func(e *ical.VEvent) { e.End = e.Start.Add(-time.Hour) }, "DTEND is not after DTSTART"},
		{"the machine's own zone", func(e *ical.VEvent) { e.Start = e.Start.In(time.Local) }, `the zone "Local" is no IANA time zone`},
		{"a zone without a name", func(e *ical.VEvent) { e.Start = e.Start.In(time.FixedZone("", 3600)) }, `the zone "" is no IANA time zone`},
		{"a carriage return", func(e *ical.VEvent) { e.Description = "a\r\nATTENDEE:mailto:eve@example.org" }, "DESCRIPTION has a line break"},
		{"a line separator", func(e *ical.VEvent) { e.Summary = "a\u2028b" }, "SUMMARY has a line break"},
		{"a bell", func(e *ical.VEvent) { e.Location = "a\ab" }, "LOCATION has a control character (U+0007)"},
		{"half a character", func(e *ical.VEvent) { e.Comment = "a\xc3" }, "COMMENT is not UTF-8"},
		{"reordering", func(e *ical.VEvent) { e.Summary = "a\u202eb" }, "SUMMARY has a character that reorders text on the screen (U+202E)"},
		{"a line break in a name", func(e *ical.VEvent) { e.Attendee.Name = "Jo\nX-EVIL:1" }, "ATTENDEE has a line break"},
		{"a tab in a name", func(e *ical.VEvent) { e.Organizer.Name = "Ana\tLopes" }, "ORGANIZER has a tab"},
		{"a line break in a link", func(e *ical.VEvent) { e.Conference = "https://a\nX-EVIL:1" }, "CONFERENCE has a line break"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := talk(t, "person")
			test.change(e)
			data, err := e.Encode(invites.Request)
			if err == nil || err.Error() != test.want {
				t.Errorf("error: got %v, want %s", err, test.want)
			}
			if data != nil {
				t.Errorf("beside the error: got %q, want nothing", data)
			}
		})
	}
}

// Several events make one calendar to keep: in UTC, with no attendee whose answer would be asked for; those that are off
// say so. One without events has a zone in it, and is a calendar all the same.
func TestCollection(t *testing.T) {
	held, off := talk(t, "person"), talk(t, "phone")
	off.UID, off.Cancelled, off.Start, off.End = "off", true, off.Start.AddDate(0, 4, 0), off.End.AddDate(0, 4, 0)
	held.Alarm, off.Alarm = 0, 0
	data, err := ical.Collection([]*ical.VEvent{held, off}, zone(t, "Europe/Lisbon"))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"BEGIN:VCALENDAR": 1, "METHOD:PUBLISH": 1, "BEGIN:VEVENT": 2, "END:VCALENDAR\r\n": 1,
		"DTSTART:20270304T090000Z": 1, "DTSTART:20270704T080000Z": 1, "STATUS:CANCELLED": 1, "STATUS:CONFIRMED": 1,
		"ATTENDEE": 0, "VTIMEZONE": 0, "VALARM": 0} {
		if n := bytes.Count(data, []byte(text)); n != want {
			t.Errorf("%s stands there %d times, want %d:\n%s", text, n, want, data)
		}
	}
	if data, err = ical.Collection(nil, zone(t, "Europe/Lisbon")); err != nil || !bytes.Contains(data, []byte("TZID:Europe/Lisbon")) || bytes.Contains(data, []byte("VEVENT")) {
		t.Errorf("without events: %v\n%s", err, data)
	}
}
