package ical_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"coalition/invites"
	"coalition/invites/ical"
	"coalition/invites/plaintext"
)

const uid = "7c9e6679f3a24d6b8b1c0d5e4f3a2b1c@example.org"

// sameTime holds two times apart that are shown differently.
var sameTime = gocmp.Comparer(func(a, b time.Time) bool {
	return a.Equal(b) && a.Location().String() == b.Location().String()
})

func fixtures(tb testing.TB, folder string) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.ics"))
	if err != nil {
		tb.Fatal(err)
	}
	if len(files) == 0 {
		tb.Fatalf("testdata/%s has no calendar in it", folder)
	}
	list := map[string][]byte{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		list[strings.TrimSuffix(filepath.Base(file), ".ics")] = data
	}
	return list
}

// What calendars answer with to one and the same invitation, in the shapes in which they do.
func TestParseReplies(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	talkIn := func(loc *time.Location) (start, end time.Time) {
		start = time.Date(2027, 3, 4, 10, 0, 0, 0, berlin).In(loc)
		return start, start.Add(time.Hour)
	}
	said := func(p invites.PartStat) []invites.Attendee {
		return []invites.Attendee{{Email: "maya@example.org", PartStat: p}}
	}
	// object is an answer in that zone that says no more than the answer.
	object := func(m invites.Method, p invites.PartStat, loc *time.Location, change func(o *invites.Object)) *invites.Object {
		o := &invites.Object{Method: m, UID: uid, Sequence: 2, Stamp: time.Date(2027, 2, 22, 10, 15, 33, 0, time.UTC), Summary: "A talk", Attendees: said(p)}
		o.Start, o.End = talkIn(loc)
		if change != nil {
			change(o)
		}
		return o
	}
	want := map[string]*invites.Object{
		"google-accepted": object(invites.Reply, invites.Accepted, time.UTC, func(o *invites.Object) {
			o.Summary, o.Location = "A talk: Ana Lopes, Maya Chen", "Riverside path, meeting at the north gate"
		}),
		"google-declined-note": object(invites.Reply, invites.Declined, time.UTC, func(o *invites.Object) {
			o.Comment = "I'm away: the week after, gladly"
		}),
		"google-counter": object(invites.Counter, invites.Tentative, time.UTC, func(o *invites.Object) {
			o.Start, o.End = time.Date(2027, 3, 5, 14, 0, 0, 0, time.UTC), time.Date(2027, 3, 5, 15, 0, 0, 0, time.UTC)
			o.Location, o.Comment = "Riverside path", "Friday is calmer for me"
		}),
		"exchange-accepted": object(invites.Reply, invites.Accepted, berlin, func(o *invites.Object) {
			o.Attendees[0].Email = "Maya@example.org"
			o.Summary, o.Location, o.Comment = "Accepted: A talk", "Flussweg", "Gerne, ich freue mich! Maya"
		}),
		"exchange-counter": object(invites.Counter, invites.Tentative, time.UTC, func(o *invites.Object) {
			o.Start, o.End = time.Date(2027, 3, 15, 14, 0, 0, 0, time.UTC), time.Date(2027, 3, 15, 15, 0, 0, 0, time.UTC) // a day after clocks went forward
			o.Summary, o.Location, o.Comment = "New Time Proposed: A talk", "Riverside path", "Could we make it a week later?"
		}),
		"outlook-com-tentative": object(invites.Reply, invites.Tentative, time.UTC, func(o *invites.Object) {
			o.Summary = "Tentative: A talk"
		}),
		"outlook-declined": object(invites.Reply, invites.Declined, berlin, func(o *invites.Object) {
			o.Summary, o.Location = "Abgelehnt: A talk", "Flussweg, Treffpunkt am Nordtor, bei Regen im Café gegenüber der Brücke"
		}),
		"outlook-latin1": object(invites.Reply, invites.Accepted, time.UTC, func(o *invites.Object) {
			o.Summary, o.Location = "Zugesagt: Gespräch", "Café „Flußufer“ – Höhe 3"
		}),
		"apple-accepted": object(invites.Reply, invites.Accepted, berlin, func(o *invites.Object) {
			o.Attendees[0].Email = "MAYA@example.org"
		}),
		"thunderbird-tentative": object(invites.Reply, invites.Tentative, berlin, func(o *invites.Object) {
			o.Summary, o.Location = "Gespräch: Ana Lopes, Maya Chen", "Flussweg, Treffpunkt „Nordtor“"
		}),
		"thunderbird-counter": object(invites.Counter, invites.NeedsAction, berlin, func(o *invites.Object) {
			o.Start, o.End = time.Date(2027, 3, 29, 15, 0, 0, 0, berlin), time.Date(2027, 3, 29, 16, 30, 0, 0, berlin)
			o.Location, o.Comment = "Flussweg", "Lieber nach Ostern"
		}),
		"nextcloud-declined": object(invites.Reply, invites.Declined, berlin, func(o *invites.Object) {
			o.Comment = "Next week perhaps"
		}),
		"sogo-accepted": object(invites.Reply, invites.Accepted, berlin, func(o *invites.Object) {
			o.Stamp = time.Date(2027, 2, 22, 9, 30, 5, 0, time.UTC) // the invitation's own
			o.Location = "Riverside path, meeting at the north gate"
		}),
		"kde-accepted": object(invites.Reply, invites.Accepted, time.UTC, func(o *invites.Object) {
			o.Sequence = -1
		}),
		"kde-counter": object(invites.Counter, invites.NeedsAction, time.UTC, func(o *invites.Object) {
			o.Sequence = -1
			o.Start, o.End = time.Date(2027, 3, 4, 13, 0, 0, 0, time.UTC), time.Date(2027, 3, 4, 14, 0, 0, 0, time.UTC)
			o.Location = "The café"
		}),
		"aerc-accepted": object(invites.Reply, invites.Accepted, berlin, nil),
		"mu4e-accepted": object(invites.Reply, invites.Accepted, berlin, func(o *invites.Object) {
			o.Attendees = append([]invites.Attendee{{Email: "ana@example.org", PartStat: invites.NeedsAction}}, o.Attendees...)
		}),
		"davical-delegated":  {Method: invites.Reply, UID: uid, Sequence: -1, Attendees: []invites.Attendee{{Email: "maya@example.org", PartStat: "DELEGATED", Delegates: "tom@example.net"}}},
		"evolution-accepted": object(invites.Reply, invites.Accepted, berlin, nil),
	}
	got := map[string]*invites.Object{}
	for name, data := range fixtures(t, "replies") {
		o, err := ical.Parse(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got[name] = o
	}
	if d := gocmp.Diff(want, got, sameTime); d != "" {
		t.Errorf("objects (-want +got):\n%s", d)
	}
}

// reply is the calendar that has these lines in its event, or, in the place of the event, all that
// is written between the lines "-" and "-".
func reply(lines ...string) string {
	head := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REPLY"}
	if len(lines) > 0 && lines[0] == "-" {
		end := slices.Index(lines[1:], "-") + 1
		head, lines = append(head, lines[1:end]...), lines[end+1:]
	}
	all := slices.Concat(head, []string{"BEGIN:VEVENT", "UID:" + uid}, lines, []string{"END:VEVENT", "END:VCALENDAR", ""})
	return strings.Join(all, "\r\n")
}

func parse(tb testing.TB, data string) *invites.Object {
	tb.Helper()
	o, err := ical.Parse([]byte(data))
	if err != nil {
		tb.Fatalf("%v\n%s", err, data)
	}
	return o
}

// refusals are calendars that nobody may act on, and what is said of them.
func refusals() []struct{ name, data, want string } {
	const (
		unreadable = "can't be read"
		truncated  = "breaks off before its end"
	)
	event := reply()
	return []struct{ name, data, want string }{
		{"nothing", "", unreadable},
		{"blank lines", "\r\n\r\n", unreadable},
		{"another file", "%PDF-1.7\n1 0 obj\n<</Type:/Catalog>>\n", unreadable},
		{"a page", "<html><body style='a:b'>BEGIN:VCALENDAR</body></html>", unreadable},
		{"something else before it", "BEGIN:X-A\r\nEND:X-A\r\n" + event, unreadable},
		{"an event behind it", event + "BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n", "holds more than one event"},
		{"an event alone", "BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n", unreadable},
		{"an end too many", event + "END:VCALENDAR\r\n", unreadable},
		{"ends that cross", strings.Replace(event, "END:VEVENT\r\nEND:VCALENDAR", "END:VCALENDAR\r\nEND:VEVENT", 1), unreadable},
		{"UTF-16", "\xff\xfeB\x00E\x00G\x00I\x00N\x00:\x00", "is not text"},
		{"a NUL", reply("SUMMARY:a\x00b"), "is not text"},
		{"no end of the calendar", strings.TrimSuffix(event, "END:VCALENDAR\r\n"), truncated},
		{"no end of the event", strings.TrimSuffix(event, "END:VEVENT\r\nEND:VCALENDAR\r\n"), truncated},
		{"half of the end", strings.TrimSuffix(event, "VCALENDAR\r\n"), unreadable},
		{"no event", "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n", "holds no event"},
		{"an event inside of something else", "BEGIN:VCALENDAR\nBEGIN:X-A\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:X-A\nEND:VCALENDAR", "holds no event"},
		{"two events", reply("END:VEVENT", "BEGIN:VEVENT", "UID:"+uid), "holds more than one event"},
		{"an event in an event", reply("BEGIN:VEVENT", "UID:other", "END:VEVENT"), "holds more than one event"},
		{"two calendars", event + event, "holds more than one calendar"},
		{"a calendar in a calendar", reply("BEGIN:VCALENDAR", "END:VCALENDAR"), "holds more than one calendar"},
		{"a task beside it", reply("-", "BEGIN:VTODO", "UID:1", "END:VTODO", "-"), "holds more than an event"},
		{"a diary beside it", reply("-", "begin:vjournal", "UID:1", "end:vjournal", "-"), "holds more than an event"},
		{"busy times beside it", reply("-", "BEGIN:VFREEBUSY", "END:VFREEBUSY", "-"), "holds more than an event"},
		{"one of a series", reply("RECURRENCE-ID:20270304T090000Z"), "is about an event that repeats"},
		{"a series", reply("RRULE:FREQ=WEEKLY"), "is about an event that repeats"},
		{"a series by dates", reply("RDATE:20270304T090000Z,20270305T090000Z"), "is about an event that repeats"},
		{"no UID", strings.Replace(event, "UID:"+uid, "X-UID:1", 1), "has no UID"},
		{"an empty UID", strings.Replace(event, uid, " ", 1), "has no UID"},
		{"two UIDs", reply("UID:other"), "has more than one UID"},
		{"a UID of two lines", strings.Replace(event, uid, `a\nb`, 1), "has a UID that can't be read"},
		{"a long UID", strings.Replace(event, uid, strings.Repeat("u", 1001), 1), "has a UID that can't be read"},
		{"two methods", reply("-", "METHOD:CANCEL", "-"), "has more than one METHOD"},
		{"a method that is a text", strings.Replace(event, "METHOD:REPLY", "METHOD:RE PLY", 1), "has a METHOD that can't be read"},
		{"two stamps", reply("DTSTAMP:20270222T101533Z", "DTSTAMP:20270222T101534Z"), "has more than one DTSTAMP"},
		{"two sequences", reply("SEQUENCE:1", "SEQUENCE:2"), "has more than one SEQUENCE"},
		{"two starts", reply("DTSTART:20270304T090000Z", "DTSTART:20270304T100000Z"), "has more than one DTSTART"},
		{"two starts by their zones", reply("DTSTART;TZID=Europe/Berlin:20270304T090000", "DTSTART;TZID=Europe/Lisbon:20270304T090000"), "has more than one DTSTART"},
		{"a sequence below nothing", reply("SEQUENCE:-1"), "has a SEQUENCE that can't be read"},
		{"a sequence in words", reply("SEQUENCE:two"), "has a SEQUENCE that can't be read"},
		{"an empty sequence", reply("SEQUENCE:"), "has a SEQUENCE that can't be read"},
		{"a sequence of more than 31 bits", reply("SEQUENCE:2147483648"), "has a SEQUENCE that can't be read"},

		{"256 kB and one octet", padded(256<<10 + 1), "is larger than 256 kB"},
		{"many lines", reply(strings.Repeat("X-A:1\n", 10_000)), "has too many lines"},
		{"a long line", reply("COMMENT:" + strings.Repeat("a", 64<<10)), "has a line that is too long"},
		{"many parts", reply(strings.Repeat("BEGIN:X-A\nEND:X-A\n", 999)), "has too many parts"},
		{"deep", reply(strings.Repeat("BEGIN:X-A\n", 7) + strings.Repeat("END:X-A\n", 7)), "is nested too deeply"},
		{"deeper than a stack", reply(strings.Repeat("BEGIN:A\n", 30_000)), "is nested too deeply"},
		{"a crowd", reply(strings.Repeat("ATTENDEE;PARTSTAT=ACCEPTED:mailto:maya@example.org\n", 101)), "names more than 100 people"},
	}
}

// padded is a good calendar of that many octets.
func padded(size int) string {
	fill := size - len(reply("X-FILL:"))
	return reply("X-FILL:" + strings.Repeat("a", fill))
}

func TestParseRefuses(t *testing.T) {
	for _, test := range refusals() {
		o, err := ical.Parse([]byte(test.data))
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", test.name, err, test.want)
		}
		if o != nil {
			t.Errorf("%s: got an object beside the error", test.name)
		}
	}
}

// tolerated are calendars that are wrong, or odd, in what does not matter.
func tolerated() map[string]string {
	event := reply("SUMMARY:A talk", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:maya@example.org")
	attendee := func(line string) string { return reply("SUMMARY:A talk", line) }
	return map[string]string{
		"as it should be":       event,
		"256 kB":                strings.Replace(event, "END:VEVENT", "X-FILL:"+strings.Repeat("a", 256<<10-len(event)-9)+"\r\nEND:VEVENT", 1),
		"LF":                    strings.ReplaceAll(event, "\r\n", "\n"),
		"CR CR LF":              strings.ReplaceAll(strings.Replace(event, "talk", "ta\r\n lk", 1), "\r\n", "\r\r\n"),
		"no line break at last": strings.TrimRight(event, "\r\n"),
		"blank lines":           "\r\n\r\n" + strings.ReplaceAll(event, "\r\n", "\r\n\r\n"),
		"a BOM":                 "\ufeff" + event,
		"a footer":              event + "_______________\r\nlist mailing list: list@example.org\r\n",
		"a head":                "Comment: the calendar\r\nContent-Type: text/calendar\r\n\r\n" + event,
		"lower case":            strings.ReplaceAll(strings.ToLower(event), "a talk", "A talk"),
		"spaces at the ends":    strings.ReplaceAll(event, "\r\n", " \r\n"),
		"parameters everywhere": strings.NewReplacer("METHOD:", "METHOD;X-A=1:", "UID:", "UID;X-A=\"b:c\":", "BEGIN:VEVENT", "BEGIN;X-A=1:VEVENT").Replace(event),
		"the same twice":        reply("SUMMARY:A talk", "UID:"+uid, "UID: "+uid+" ", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:maya@example.org"),
		"folded in every place": strings.ReplaceAll(strings.Join(strings.Split(event, ""), "\n "), "\r\n \n ", "\n"),
		"other parts": reply("-", "BEGIN:X-THING", "UID:other", "SUMMARY:other", "BEGIN:X-INNER", "END:X-INNER", "END:X-THING", "-",
			"SUMMARY:A talk", "BEGIN:VALARM", "TRIGGER:-PT15M", "SUMMARY:other", "ATTENDEE:mailto:other@example.org", "END:VALARM",
			"ATTENDEE;PARTSTAT=ACCEPTED:mailto:maya@example.org"),
		"a method in the event": reply("METHOD:CANCEL", "SUMMARY:A talk", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:maya@example.org"),
		"text nobody has folded": reply("DESCRIPTION:What it is for", "and what it is not for", "", "No colon; none", "SUMMARY:A talk",
			"ATTENDEE;PARTSTAT=ACCEPTED:mailto:maya@example.org"),
		"a value that looks like a parameter": attendee(`ATTENDEE;CN="a;PARTSTAT=DECLINED:mailto:eve@example.org";PARTSTAT=ACCEPTED:mailto:maya@example.org`),
		"a comment that looks like one":       attendee(`ATTENDEE;X-A=";PARTSTAT=DECLINED";PARTSTAT=ACCEPTED:mailto:maya@example.org`),
		"quotes in quotes":                    attendee(`ATTENDEE;CN="Maya "Jo" Chen";PARTSTAT=ACCEPTED:mailto:maya@example.org`),
		"quotes in a word":                    attendee(`ATTENDEE;CN=Maya "Jo" Chen;PARTSTAT=ACCEPTED:mailto:maya@example.org`),
		"an escaped comma":                    attendee(`ATTENDEE;CN=Chen\, Maya;PARTSTAT=ACCEPTED:mailto:maya@example.org`),
		"a parameter without a value":         attendee(`ATTENDEE;RSVP;PARTSTAT=ACCEPTED;X-A=:mailto:maya@example.org`),
		"a parameter twice":                   attendee(`ATTENDEE;PARTSTAT=ACCEPTED;PARTSTAT=DECLINED:mailto:maya@example.org`),
		"two values":                          attendee(`ATTENDEE;MEMBER="mailto:a@b.c","mailto:d@e.f";PARTSTAT=ACCEPTED,DECLINED:mailto:maya@example.org`),
		"no value behind a parameter": reply("SUMMARY:A talk", "ATTENDEE;CN=Bob", `ATTENDEE;CN="Bob`, `ATTENDEE;CN="Bob"x`, "ATTENDEE;CN",
			"ATTENDEE;PARTSTAT=ACCEPTED:mailto:maya@example.org"),
		"a long parameter":   attendee("ATTENDEE;CN=" + strings.Repeat("a", 50_000) + ";PARTSTAT=ACCEPTED:mailto:maya@example.org"),
		"an encoded address": attendee("ATTENDEE;PARTSTAT=Accepted: MailTo: maya%40example.org?subject=x "),
	}
}

func TestParseTolerates(t *testing.T) {
	want := &invites.Object{Method: invites.Reply, UID: uid, Sequence: -1, Summary: "A talk",
		Attendees: []invites.Attendee{{Email: "maya@example.org", PartStat: invites.Accepted}}}
	for name, data := range tolerated() {
		if len(data) > 256<<10 {
			t.Fatalf("%s: %d octets", name, len(data))
		}
		got, err := ical.Parse([]byte(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if d := gocmp.Diff(want, got, sameTime); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestParseMethod(t *testing.T) {
	for in, want := range map[string]invites.Method{
		"METHOD:counter": invites.Counter, "METHOD: Reply ": invites.Reply, "METHOD:X-Nothing": "X-NOTHING", "METHOD:": "", "X-A:1": "",
	} {
		if got := parse(t, strings.Replace(reply(), "METHOD:REPLY", in, 1)).Method; got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestParseSequence(t *testing.T) {
	for in, want := range map[string]int{"SEQUENCE:0": 0, "SEQUENCE: 7 ": 7, "SEQUENCE:2147483647": 1<<31 - 1, "X-A:1": -1} {
		if got := parse(t, reply(in)).Sequence; got != want {
			t.Errorf("%q: got %d, want %d", in, got, want)
		}
	}
}

func TestParseAttendees(t *testing.T) {
	for _, test := range []struct {
		in   string
		want invites.Attendee
	}{
		{"ATTENDEE:mailto:maya@example.org", invites.Attendee{Email: "maya@example.org", PartStat: invites.NeedsAction}},
		{"ATTENDEE;PARTSTAT=:mailto:maya@example.org", invites.Attendee{Email: "maya@example.org", PartStat: invites.NeedsAction}},
		{"ATTENDEE;PARTSTAT=\"yes, gladly\":mailto:maya@example.org", invites.Attendee{Email: "maya@example.org", PartStat: invites.NeedsAction}},
		{"ATTENDEE;PARTSTAT=x-later:mailto:maya@example.org", invites.Attendee{Email: "maya@example.org", PartStat: "X-LATER"}},
		{"ATTENDEE;PARTSTAT=DECLINED:mailto:Jörg@example.org", invites.Attendee{PartStat: invites.Declined}},
		{"ATTENDEE;PARTSTAT=DECLINED:mailto:joerg%2Btalks@M%C3%BCller.example", invites.Attendee{Email: "joerg+talks@xn--mller-kva.example", PartStat: invites.Declined}},
		{"ATTENDEE;PARTSTAT=DECLINED:mailto:a%zz@example.org", invites.Attendee{Email: "a%zz@example.org", PartStat: invites.Declined}},
		{"ATTENDEE;PARTSTAT=DECLINED:mailto:maya@example.org%0D%0ABcc:eve@example.org", invites.Attendee{PartStat: invites.Declined}},
		{"ATTENDEE;PARTSTAT=DECLINED:mailto:Maya <maya@example.org>", invites.Attendee{PartStat: invites.Declined}},
		{"ATTENDEE;PARTSTAT=DECLINED:invalid:nomail", invites.Attendee{PartStat: invites.Declined}},
		{"ATTENDEE;PARTSTAT=DECLINED:maya@example.org", invites.Attendee{PartStat: invites.Declined}},
		{"ATTENDEE;PARTSTAT=DECLINED;EMAIL=eve@example.org:urn:uuid:5c3a", invites.Attendee{PartStat: invites.Declined}},
		{"ATTENDEE:", invites.Attendee{PartStat: invites.NeedsAction}},
	} {
		if d := gocmp.Diff([]invites.Attendee{test.want}, parse(t, reply(test.in)).Attendees); d != "" {
			t.Errorf("%s (-want +got):\n%s", test.in, d)
		}
	}
}

func TestParseTexts(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "",
		"Ana, Maya; a talk":            "Ana, Maya; a talk", // which should be escaped
		`Ana\, Maya\; C:\\new`:         `Ana, Maya; C:\new`,
		`10\:30 \"here\" C:\x \`:       `10:30 "here" C:\x \`,
		`one\ntwo\N\nthree\n`:          "one two three",
		`not \\n a break`:              `not \n a break`,
		"  a \t  b\u00a0c  ":           "a b c",
		"a\x07b\x7fc\u0085d\u2028e\r":  "abc d e",
		"a\u202egnp.exe\u200f\ufeff":   "agnp.exe",
		"Gr\xfc\xdfe \x93hier\x94":     "Grüße “hier”",
		"Grüße \xfc":                   "Grüße ü",
		"a\x81b\xc3":                   "a\ufffdbÃ",
		"\xed\xa0\x80":                 "í €", // half of a surrogate pair
		"שלום 👩\u200d👧":                "שלום 👩\u200d👧",
		strings.Repeat("ü", 300):       strings.Repeat("ü", 300),
		strings.Repeat("ü", 301):       strings.Repeat("ü", 299) + "…",
		strings.Repeat("家 ", 400):      strings.Repeat("家 ", 149) + "家…",
		strings.Repeat(" ", 999) + "a": "a",
	} {
		o := parse(t, reply("SUMMARY:"+in, "LOCATION;LANGUAGE=de:"+in, "COMMENT;ALTREP=\"a:b\":"+in))
		for name, got := range map[string]string{"SUMMARY": o.Summary, "LOCATION": o.Location, "COMMENT": o.Comment} {
			if got != want || plaintext.CheckLine(got) != nil {
				t.Errorf("%s %.40q: got %q, want %q", name, in, got, want)
			}
		}
	}
	if got, want := parse(t, reply("COMMENT:One\\, two", "COMMENT:three")).Comment, "One, two three"; got != want {
		t.Errorf("two comments: got %q, want %q", got, want)
	}
	// Whatever character it is, what comes out can be sent and shown.
	for r := rune(1); r <= utf8.MaxRune; r++ {
		if r == '\n' || plaintext.CheckLine(string(r)) == nil {
			continue
		}
		if o := parse(t, reply("SUMMARY:a"+string(r)+"b")); plaintext.CheckLine(o.Summary) != nil {
			t.Fatalf("U+%04X comes through", r)
		}
	}
}

// What a calendar writes beside an answer may stand in the line of the one who answers.
func TestParseResponseComment(t *testing.T) {
	for _, test := range []struct{ note, comment, want string }{
		{`X-RESPONSE-COMMENT="Not that day; sorry"`, "", "Not that day; sorry"},
		{`X-RESPONSE-COMMENT="Not "that" day"`, "", "Not 'that' day"},
		{`X-RESPONSE-COMMENT=Not that" day`, "", "Not that' day"},
		{"X-RESPONSE-COMMENT=Not that day", "COMMENT:Another day", "Another day"},
		{`X-RESPONSE-COMMENT="&lt;b&gt; &#10;&#x202e;&quot;x"`, "", `<b> "x`},
		{`X-RESPONSE-COMMENT="` + strings.Repeat("a", 350) + `"`, "", strings.Repeat("a", 299) + "…"},
		{`X-RESPONSE-COMMENT="` + strings.Repeat("家", 250) + `"`, "", strings.Repeat("家", 133) + "…"}, // of 400 octets
	} {
		o := parse(t, reply("ATTENDEE;"+test.note+";PARTSTAT=DECLINED:mailto:maya@example.org", test.comment))
		if o.Comment != test.want || o.Attendees[0].PartStat != invites.Declined {
			t.Errorf("%.60s: got %q of %v, want %q", test.note, o.Comment, o.Attendees, test.want)
		}
	}
}

// What this program writes it reads as it was meant, in any zone; and once more where the zone has a
// name that only the VTIMEZONE explains.
func TestParseReadsEncoded(t *testing.T) {
	_, names := goZones(t)
	names = slices.DeleteFunc(names, func(name string) bool { return name == "Factory" })
	rapid.Check(t, func(t *rapid.T) {
		loc, err := invites.Location(rapid.SampledFrom(names).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Unix(rapid.Int64Range(1767225600, 4102444800).Draw(t, "start"), 0).In(loc) // 2026 to 2100
		if rapid.Bool().Draw(t, "at a change") {
			if _, until := start.ZoneBounds(); !until.IsZero() {
				start = until.Add(time.Duration(rapid.IntRange(-9000, 9000).Draw(t, "beside it")) * time.Second)
			}
		}
		e := &ical.VEvent{
			UID:       rapid.StringMatching(`[a-zA-Z0-9@._:-]{1,200}`).Draw(t, "UID"),
			Sequence:  rapid.IntRange(0, 1<<31-1).Draw(t, "sequence"),
			Stamp:     start.Add(-time.Hour).UTC(),
			Start:     start,
			End:       start.Add(time.Duration(rapid.IntRange(1, 300_000).Draw(t, "length")) * time.Second),
			Summary:   "A talk",
			Organizer: invites.Address{Email: "ana@example.org"},
			Attendee: invites.Address{
				Name:  rapid.StringMatching(`[a-zäßñ",;:\\家 ]{0,80}`).Draw(t, "name"),
				Email: rapid.StringMatching(`[a-zA-Z0-9+_-]{1,60}@([a-z0-9]{1,60}\.){1,3}example`).Draw(t, "email"),
			},
			PartStat: rapid.SampledFrom([]invites.PartStat{invites.NeedsAction, invites.Accepted, invites.Declined, invites.Tentative}).Draw(t, "partstat"),
		}
		m := rapid.SampledFrom([]invites.Method{invites.Request, invites.DeclineCounter}).Draw(t, "method")
		data, err := e.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ical.Parse(data)
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		if got.Start.Location() != time.UTC && got.Start.Location() != loc {
			t.Errorf("zone: got %v, want %v", got.Start.Location(), loc)
		}
		want := &invites.Object{Method: m, UID: e.UID, Sequence: e.Sequence, Stamp: e.Stamp, Start: e.Start, End: e.End, Summary: "A talk",
			Attendees: []invites.Attendee{{Email: e.Attendee.Email, PartStat: e.PartStat}}}
		if d := gocmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s\n%s", d, data)
		}
		for _, sign := range []string{":", "="} {
			data = bytes.ReplaceAll(data, []byte("TZID"+sign+loc.String()), []byte("TZID"+sign+"Our own zone"))
		}
		if got, err = ical.Parse(data); err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		if d := gocmp.Diff(want, got); d != "" {
			t.Errorf("by the VTIMEZONE alone (-want +got):\n%s\n%s", d, data)
		}
	})
}

// The worst that fits into what is taken costs no more than it may.
func TestParseTakesNoLonger(t *testing.T) {
	for name, data := range expensive() {
		if len(data) > 256<<10 {
			t.Fatalf("%s: %d octets", name, len(data))
		}
		began := time.Now()
		_, err := ical.Parse([]byte(data))
		took := time.Since(began)
		t.Logf("%-30s %8.1f ms  %v", name, float64(took.Microseconds())/1000, err)
		if took > 2*time.Second { // what is quadratic takes longer on any machine, and what is not takes far less
			t.Errorf("%s: took %v", name, took)
		}
	}
}

func expensive() map[string]string {
	fill := func(s string) string { return strings.Repeat(s, (250<<10)/len(s)) }
	lines := func(n int, s string) string { return strings.Repeat(s+"\r\n", n) }
	inZone := func(body string) string {
		return reply("-", "BEGIN:VTIMEZONE", "TZID:x", body+"END:VTIMEZONE", "-", "DTSTART;TZID=x:99980304T100000", "DTEND;TZID=x:99980304T110000", "DTSTAMP;TZID=x:99980304T110000")
	}
	phase := "BEGIN:STANDARD\nDTSTART:00010101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n"
	list := map[string]string{
		"one parameter":          reply("ATTENDEE;PARTSTAT=" + strings.Repeat("a", 60_000) + ":mailto:a@b.c"),
		"one unknown parameter":  reply("X-A;B=" + fill("a") + ":1"),
		"one parameter, often":   reply(lines(4, "ATTENDEE"+strings.Repeat(";PARTSTAT=a", 5_800)+":mailto:a@b.c")),
		"many parameters":        reply(lines(4, "ATTENDEE"+strings.Repeat(";A=", 20_000)+":mailto:a@b.c")),
		"quotes without end":     reply(lines(4, "ATTENDEE"+strings.Repeat(`;A="a`, 12_000)+":mailto:a@b.c")),
		"quotes in quotes":       reply(lines(4, `ATTENDEE;A="`+strings.Repeat(`"a`, 30_000)+`":mailto:a@b.c`)),
		"values":                 reply(lines(4, "ATTENDEE;A="+strings.Repeat(`,`, 60_000)+":mailto:a@b.c")),
		"notes":                  reply(lines(100, "ATTENDEE;PARTSTAT="+strings.Repeat("a", 600)+";X-RESPONSE-COMMENT="+strings.Repeat("&", 1_900)+":mailto:a@b.c")),
		"zones by name":          reply(lines(400, "DTSTART;TZID="+strings.Repeat("a", 600)+":20270304T100000")),
		"BEGIN":                  fill("BEGIN:A\r\n"),
		"components":             reply(strings.Repeat("BEGIN:A\r\nEND:A\r\n", 990)),
		"lines of one character": reply("SUMMARY:" + strings.Repeat("\n a", 20_000) + "\nX-A:" + strings.Repeat("\n a", 60_000)),
		"blank lines":            reply(fill("\n")),
		"attendees":              reply(lines(100, "ATTENDEE:mailto:a@"+strings.Repeat("ü.", 100)+"example")),
		"controls":               reply(lines(4, "COMMENT:"+strings.Repeat("\x07", 64_000))),
		"escapes":                reply(lines(4, "COMMENT:"+strings.Repeat(`\n`, 32_000))),
		"bidi":                   reply(lines(4, "COMMENT:"+strings.Repeat("\u202e", 21_000))),
		"METHOD":                 reply("-", lines(9_000, "METHOD:REPLY"), "-"),
		"rules":                  inZone(strings.Repeat(phase+"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;INTERVAL=9\nEND:STANDARD\n", 950)),
		"rules in one phase":     inZone(phase + strings.Repeat("RRULE:FREQ=YEARLY\n", 9_000) + "END:STANDARD\n"),
		"long rules":             inZone(phase + "RRULE:FREQ=YEARLY" + strings.Repeat(";BYMONTH=2", 6_000) + "\nEND:STANDARD\n"),
		"huge rules":             inZone(phase + "RRULE:FREQ=YEARLY;COUNT=999999999;INTERVAL=9999;UNTIL=99991231T235959Z\nEND:STANDARD\n"),
		"dates":                  inZone(phase + lines(4, "RDATE:00010101T000000"+strings.Repeat(",00010101T000000", 3_700)) + "END:STANDARD\n"),
		"phases":                 inZone(strings.Repeat(phase+"END:STANDARD\n", 950)),
		"a path":                 reply("DTSTART;TZID=" + strings.Repeat("a/", 500) + ":20270304T100000"),
	}
	for _, year := range []string{"0000", "0001", "1601", "1969", "9998", "9999"} {
		list["the year "+year] = reply("DTSTART;TZID=Europe/Berlin:"+year+"1231T235959", "DURATION:P99999W")
	}
	return list
}

func BenchmarkParse(b *testing.B) {
	data := fixtures(b, "replies")["google-accepted"]
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ical.Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, folder := range []string{"replies", "golden"} {
		for _, data := range fixtures(f, folder) {
			f.Add(data)
		}
	}
	for _, data := range tolerated() {
		if len(data) < 10_000 { // what is large slows the search down
			f.Add([]byte(data))
		}
	}
	for _, test := range refusals() {
		if len(test.data) < 10_000 {
			f.Add([]byte(test.data))
		}
	}
	for _, test := range zoneTests() {
		f.Add([]byte(test.calendar()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := ical.Parse(data)
		if (o == nil) == (err == nil) {
			t.Fatalf("got %v and %v", o, err)
		}
		if err != nil {
			if plaintext.CheckLine(err.Error()) != nil || len(err.Error()) > 60 {
				t.Errorf("error: %q", err)
			}
		} else {
			checkObject(t, o)
		}
		// What is a line does not hang on how it ends or where it is folded.
		lf := strings.ReplaceAll(string(data), "\r\n", "\n")
		forms := map[string]string{"LF": lf, "CRLF": strings.ReplaceAll(lf, "\n", "\r\n")}
		if unfolded := strings.NewReplacer("\n ", "", "\n\t", "").Replace(lf); !strings.Contains(unfolded, "\n ") && !strings.Contains(unfolded, "\n\t") && !strings.Contains(unfolded, "\r") {
			forms["unfolded"] = unfolded
			forms["folded again"] = refold(unfolded)
		}
		for name, form := range forms {
			if len(form) > 256<<10 || len(data) > 256<<10 {
				continue
			}
			again, err2 := ical.Parse([]byte(form))
			if d := gocmp.Diff(o, again, sameTime); d != "" || fmt.Sprint(err) != fmt.Sprint(err2) {
				t.Errorf("%s: %v, then %v\n%s", name, err, err2, d)
			}
		}
	})
}

func refold(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		for i := 0; i < len(line); i++ {
			if i%7 == 3 && line[i] != '\n' {
				b.WriteString("\r\n\t")
			}
			b.WriteByte(line[i])
		}
	}
	return b.String()
}

// checkObject fails unless all that Parse promises of an object holds.
func checkObject(t *testing.T, o *invites.Object) {
	t.Helper()
	for name, text := range map[string]string{"Method": string(o.Method), "UID": o.UID, "Summary": o.Summary, "Location": o.Location, "Comment": o.Comment} {
		if err := plaintext.CheckLine(text); err != nil {
			t.Errorf("%s %v: %q", name, err, text)
		}
		if name != "UID" && utf8.RuneCountInString(text) > 300 {
			t.Errorf("%s has %d characters", name, utf8.RuneCountInString(text))
		}
		if text != strings.TrimSpace(text) && name == "Method" {
			t.Errorf("%s: %q", name, text)
		}
	}
	if o.UID == "" || len(o.UID) > 1000 || o.Sequence < -1 || o.Sequence > 1<<31-1 || len(o.Attendees) > 100 {
		t.Errorf("UID %q, SEQUENCE %d, %d attendees", o.UID, o.Sequence, len(o.Attendees))
	}
	if o.Start.IsZero() != o.End.IsZero() || o.End.Before(o.Start) || o.Stamp.Location() != time.UTC {
		t.Errorf("from %v to %v, stamped %v", o.Start, o.End, o.Stamp)
	}
	for _, at := range []time.Time{o.Start, o.End, o.Stamp} {
		if _, err := at.MarshalJSON(); err != nil || at.Location() == time.Local || at.Location().String() == "" {
			t.Errorf("%v in the zone %q: %v", at, at.Location(), err)
		}
	}
	for _, a := range o.Attendees {
		if email, err := invites.ParseEmail(a.Email); a.Email != "" && (err != nil || email != a.Email) {
			t.Errorf("the address %q: %v", a.Email, err)
		}
		if p := string(a.PartStat); p == "" || p != strings.ToUpper(p) || plaintext.CheckLine(p) != nil {
			t.Errorf("PARTSTAT %q", p)
		}
	}
}
