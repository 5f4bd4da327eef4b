package ical_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	goical "github.com/emersion/go-ical"
	"github.com/google/go-cmp/cmp"

	"coalition/invites"
	"coalition/invites/plaintext"
)

func FuzzEncode(f *testing.F) {
	f.Add("Talk", "Agenda\n1. A, b; c\\n", "Riverside path", "", "Ana Lopes", "Chen, Maya", "", uint8(0))
	f.Add("Gespräch", agenda, "", "Leider krank\nAna", "", `Jo "X" \`, "tel:+49301234567", uint8(1))
	f.Add("\t", strings.Repeat("🌱", 100), "a\r\nb", "a\u2028b", "a\nATTENDEE:mailto:eve@example.org", "a;X=1:b", "https://meet.example.org/a,b;c", uint8(2))
	f.Add("a\xc3", "", "END:VEVENT", "BEGIN:VEVENT\n", "^'x^n", "", "https://a\r\nX-EVIL:1", uint8(3))
	f.Fuzz(func(t *testing.T, summary, description, location, comment, organizer, attendee, conference string, way uint8) {
		w := ways[int(way)%len(ways)]
		e := talk(t, "person")
		e.Summary, e.Description, e.Location, e.Comment = summary, description, location, comment
		e.Organizer.Name, e.Attendee.Name, e.Conference, e.Cancelled = organizer, attendee, conference, w.cancelled
		data, err := e.Encode(w.method)

		// Refused is what is not plain text, and nothing else.
		fine := plaintext.CheckText(summary) == nil && plaintext.CheckText(description) == nil && plaintext.CheckText(location) == nil && plaintext.CheckText(comment) == nil &&
			plaintext.CheckLine(organizer) == nil && (plaintext.CheckLine(attendee) == nil || w.method == invites.Publish) &&
			plaintext.CheckText(conference) == nil && !strings.Contains(conference, "\n")
		if (err == nil) != fine {
			t.Fatalf("Encode: got %v; plain text: %t", err, fine)
		}
		if err != nil {
			return
		}
		contentLines(t, data)

		calendar, err := goical.NewDecoder(bytes.NewReader(data)).Decode()
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		var parts []string
		for _, child := range calendar.Children {
			parts = append(parts, child.Name)
		}
		if want := []string{"VTIMEZONE", "VEVENT"}; !slices.Equal(parts, want) {
			t.Fatalf("components: got %q, want %q", parts, want)
		}
		names(t, calendar.Component, "CALSCALE", "METHOD", "PRODID", "VERSION")

		event := calendar.Children[1]
		wantNames := []string{"DTEND", "DTSTAMP", "DTSTART", "ORGANIZER", "SEQUENCE", "STATUS", "TRANSP", "UID"}
		texts := map[string]string{"SUMMARY": summary, "DESCRIPTION": description, "LOCATION": location, "COMMENT": comment}
		for name, want := range texts {
			if want == "" {
				continue
			}
			wantNames = append(wantNames, name)
			if prop := event.Props.Get(name); prop == nil {
				t.Errorf("no %s", name)
			} else if got, err := prop.Text(); err != nil || got != want {
				t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
			}
		}
		if conference != "" {
			wantNames = append(wantNames, "CONFERENCE")
			if !strings.HasPrefix(conference, "tel:") {
				wantNames = append(wantNames, "X-GOOGLE-CONFERENCE")
			}
			for _, name := range []string{"CONFERENCE", "X-GOOGLE-CONFERENCE"} {
				if prop := event.Props.Get(name); prop != nil && prop.Value != conference {
					t.Errorf("%s: got %q, want %q", name, prop.Value, conference)
				}
			}
		}
		people := map[string]string{"ORGANIZER": organizer}
		if w.method != invites.Publish {
			wantNames = append(wantNames, "ATTENDEE")
			people["ATTENDEE"] = attendee
		}
		for name, want := range people {
			if prop := event.Props.Get(name); prop == nil {
				t.Errorf("no %s", name)
			} else if got := prop.Params.Get("CN"); strings.TrimSuffix(got, " ") != strings.TrimSuffix(strings.ReplaceAll(want, `"`, "'"), " ") {
				t.Errorf("CN of %s: got %q, want %q", name, got, want)
			}
		}
		names(t, event, wantNames...)

		if w.cancelled || w.method == invites.DeclineCounter {
			if len(event.Children) > 0 {
				t.Errorf("%s has a %s", w.name, event.Children[0].Name)
			}
		} else if len(event.Children) != 1 || event.Children[0].Name != "VALARM" {
			t.Errorf("want one VALARM, got %d components", len(event.Children))
		} else if alarm := event.Children[0]; summary != "" {
			names(t, alarm, "ACTION", "DESCRIPTION", "TRIGGER")
		}
	})
}

// names fails unless c has just these properties, and each once.
func names(t *testing.T, c *goical.Component, want ...string) {
	t.Helper()
	got := slices.Sorted(maps.Keys(c.Props))
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("properties of %s (-want +got):\n%s", c.Name, d)
	}
	for name, list := range c.Props {
		if len(list) != 1 {
			t.Errorf("%s: got %d, want one", name, len(list))
		}
	}
}

// A time has one reading for who knows nothing but the file: any moment of any zone, the hours that
// come twice among them.
func FuzzEncodeTimes(f *testing.F) {
	_, names := goZones(f)
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, start := range []string{"2027-03-04T09:00:00Z", "2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z", "2027-12-31T22:30:00Z"} {
		t, err := time.Parse(time.RFC3339, start)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range []string{"Europe/Berlin", "Africa/Casablanca", "Australia/Lord_Howe", "America/Santiago", "Antarctica/Troll", "Asia/Gaza"} {
			f.Add(uint16(slices.Index(names, name)), uint32(t.Sub(epoch).Seconds()), uint16(60))
		}
	}
	f.Fuzz(func(t *testing.T, which uint16, seconds uint32, minutes uint16) {
		loc, err := invites.Location(names[int(which)%len(names)])
		if err != nil {
			return
		}
		start := epoch.Add(time.Duration(seconds) * time.Second).In(loc) // until 2162
		e := talk(t, "person")
		e.Start, e.End = start, start.Add(time.Duration(1+minutes%1440)*time.Minute)
		lines := contentLines(t, encode(t, e, invites.Request))
		z, _ := readTimezone(lines)
		event := lines[slices.Index(lines, "BEGIN:VEVENT"):]
		for _, test := range []struct {
			name string
			want time.Time
		}{{"DTSTART", e.Start}, {"DTEND", e.End}} {
			i := slices.IndexFunc(event, func(line string) bool { return strings.HasPrefix(line, test.name) })
			head, value, _ := strings.Cut(event[i], ":")
			var got []time.Time
			if head == test.name {
				at, err := time.Parse("20060102T150405Z", value)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, at)
			} else {
				wall, err := time.Parse("20060102T150405", value)
				if err != nil || z == nil || head != test.name+";TZID="+z.tzid {
					t.Fatalf("%s: %v, with the zone %+v", event[i], err, z)
				}
				got = z.readings(wall)
			}
			if len(got) != 1 || !got[0].Equal(test.want) {
				t.Errorf("%s: got %v, want %v alone\n%s", event[i], got, test.want.UTC(), strings.Join(lines, "\n"))
			}
		}
	})
}

// readings are the instants at which the clocks show wall.
func (z *vtimezone) readings(wall time.Time) []time.Time {
	changes := z.around(wall.Year())
	var list []time.Time
	seen := map[int]bool{}
	for _, c := range changes {
		u := wall.Add(-time.Duration(c.offset) * time.Second)
		if then, ok := at(changes, u); ok && then.offset == c.offset && !seen[c.offset] {
			seen[c.offset] = true
			list = append(list, u)
		}
	}
	return list
}
