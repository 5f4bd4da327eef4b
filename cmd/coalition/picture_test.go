package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"coalition/invites"
	"coalition/scheduler/plan"
	"coalition/scheduler/slots"
)

// searched is a search of ten days between Lisbon and Berlin that meets each rule.
func searched(t *testing.T) *picture {
	t.Helper()
	lisbon := location(t, "Europe/Lisbon")
	at := func(s string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", "2027-03-"+s, lisbon)
		if err != nil {
			t.Fatal(err)
		}
		return when.UTC()
	}
	span := func(from, to string) invites.Span { return invites.Span{Start: at(from), End: at(to)} }
	event := func(from, to, title string) invites.Busy { return invites.Busy{Span: span(from, to), Title: title} }
	office := func(from, to plan.Clock, days ...plan.Weekday) plan.Block {
		return plan.Block{Days: days, From: from * 30, To: to * 30}
	}
	q := &slots.Query{
		Now: at("22 07:30"), Length: time.Hour, Travel: 15 * time.Minute,
		Window:    span("22 00:00", "31 00:00"),
		Organizer: slots.Person{Zone: lisbon, Hours: plan.Hours{office(18, 25), office(27, 35)}},
		Partner:   slots.Person{Zone: location(t, "Europe/Berlin")},
		Notice:    27 * time.Hour, Step: 15 * time.Minute, PerDay: 2, Offer: 3, Urgency: 4,
		KeepFree: plan.Hours{office(18, 20, plan.Weekday(time.Wednesday))},
		Busy: []invites.FreeBusy{
			{Name: "work", State: invites.FreshBusy, Busy: []invites.Busy{event("23 13:30", "23 15:00", "Board: the budget of next year, and what it means for research"),
				event("24 11:00", "24 11:30", "1:1 with Kim"), event("25 10:00", "25 11:30", "Launch <review> & retro"), event("25 14:00", "25 15:00", "")}},
			{Name: "maya@example.org", State: invites.FreshBusy, Partner: true, Busy: []invites.Busy{event("24 14:00", "24 15:00", "secret"), event("25 12:00", "25 14:30", "secret")}},
		},
		Talks: []slots.Talk{
			{Span: span("24 16:00", "24 17:00"), Travel: 30 * time.Minute, Agreed: true, Ref: "kim"},
			{Span: span("23 10:00", "23 11:00"), Ref: "lee/2"},
			{Span: span("30 09:00", "30 10:00"), Agreed: true, Ref: "kim"},
			{Span: span("30 17:00", "30 18:00"), Agreed: true, Ref: "lee/2"},
		},
	}
	q.Partner.Holiday = func(day time.Time) (string, bool) { return "Good Friday", day.Day() == 26 }
	q.Organizer.Holiday = q.Partner.Holiday
	return newPicture(q, q.Find(), "Maya", plan.Walk)
}

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := invites.Location(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestPicture holds pictures of a search, and its JSON, against golden files.
func TestPicture(t *testing.T) {
	p := searched(t)
	drawn, err := p.svg()
	if err != nil {
		t.Fatal(err)
	}
	row, err := json.MarshalIndent(slotsRowOf("maya", 1, p.query, p.result), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	// The clocks of Lisbon are put while those of the partner are not; a name is long, and nobody else has a zone.
	far := searched(t)
	far.query.Partner.Zone = location(t, "Asia/Kathmandu")
	far = newPicture(far.query, far.query.Find(), "Maya Chen of the other research group", plan.Walk)
	alike := searched(t)
	alike.query.Partner.Zone = alike.zone()
	alike.query.Partner.Hours = slots.Daily(18*60, 22*60)
	alike = newPicture(alike.query, alike.query.Find(), "Maya", plan.Walk)
	for name, got := range map[string][]byte{
		"80.txt":     []byte(p.text(pen{width: 80, unicode: true})),
		"120.txt":    []byte(p.text(pen{width: 120, unicode: true})),
		"ascii.txt":  []byte(p.text(pen{width: 80})),
		"color.txt":  []byte(p.text(pen{width: 80, unicode: true, color: true})),
		"far.txt":    []byte(far.text(pen{width: 80, unicode: true})),
		"apart.txt":  []byte(alike.text(pen{width: 80, unicode: true})),
		"slots.svg":  drawn,
		"slots.json": append(row, '\n'),
	} {
		path := filepath.Join("testdata", "picture", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if bytes.Contains(got, []byte("secret")) {
			t.Errorf("%s has the title of an event of the partner's", name)
		}
	}
}

// TestPictureFits looks at each width, with and without letters besides ASCII's.
func TestPictureFits(t *testing.T) {
	p, long := searched(t), searched(t)
	long.partner = strings.Repeat("陳", 70)
	for width := 60; width <= 120; width++ {
		for line := range strings.Lines(p.text(pen{width: width, unicode: true}) + long.text(pen{width: width, unicode: width%2 == 0})) {
			if runewidth.StringWidth(strings.TrimRight(line, "\n")) > width {
				t.Errorf("wider than %d: %s", width, line)
			}
		}
	}
	if i := strings.IndexFunc(p.text(pen{width: 80}), func(r rune) bool { return r > '~' }); i >= 0 {
		t.Errorf("column %d is no ASCII", i)
	}
}

// TestSVG reads the drawing as XML, and what is told to those who can't see it.
func TestSVG(t *testing.T) {
	data, err := searched(t).svg()
	if err != nil {
		t.Fatal(err)
	}
	var drawing struct {
		Title string `xml:"title"`
		Desc  string `xml:"desc"`
	}
	if err := xml.Unmarshal(data, &drawing); err != nil {
		t.Fatal(err)
	}
	if drawing.Title != "A time for you and Maya" {
		t.Errorf("the title is %q", drawing.Title)
	}
	for _, want := range []string{"Tue 23 Mar: 11:15-12:15 offered as number 1", "you are busy: Launch <review> & retro (work)",
		"Sat 27 Mar to Sun 28 Mar: neither of you works.", "nothing fits: the longest gap is 45m, 09:00-09:45."} {
		if !strings.Contains(drawing.Desc, want) {
			t.Errorf("%q does not tell %q", drawing.Desc, want)
		}
	}
}

func TestUnicodeLocale(t *testing.T) {
	for _, tt := range []struct {
		env  []string
		want bool
	}{
		{nil, false},
		{[]string{"LANG=de_DE.UTF-8"}, true},
		{[]string{"LANG=de_DE.utf8"}, true},
		{[]string{"LANG=C"}, false},
		{[]string{"LANG=de_DE.UTF-8", "LC_CTYPE=C"}, false},
		{[]string{"LC_ALL=C.UTF-8", "LC_CTYPE=C"}, true},
	} {
		a := &app{environ: tt.env}
		if got := a.pen(); got != (pen{width: 80, unicode: tt.want}) {
			t.Errorf("%v: %+v", tt.env, got)
		}
	}
}
