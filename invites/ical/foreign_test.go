package ical_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"coalition/invites"
	"coalition/invites/zones/zonestest"
)

// A reading is what a foreign parser found in one file.
type reading struct {
	Method, UID, Status           string
	Sequence                      int
	Start, End                    time.Time
	Summary, Description          string
	Location, Comment             string
	Organizer, Attendee, PartStat string
	OrganizerName, AttendeeName   string // without spaces around them

	Errors int    // what the parser held against the file
	Class  string // what an iTIP reader makes of it after the files before it; "" where the parser is none
}

// A mailing is one file that left, and what everyone must find in it.
type mailing struct {
	name string
	data []byte
	want reading
}

// foreign are the parsers: the one of GNOME and KDE (which also knows iTIP), and Python's two. Each is given all files at once and prints one JSON object for each.
var foreign = []struct {
	script  string           // in testdata/foreign
	needs   []string         // commands and files; the first runs the script (or compiles it)
	install string           // what brings them, for people
	blur    func(r *reading) // takes out what the parser does not tell, or is known to tell wrong
}{
	{
		script:  "libical.c",
		needs:   []string{"cc", "/usr/include/libical/icalss.h"},
		install: "Debian's gcc and libical-dev",
		blur: func(r *reading) {
			if r.Method == "DECLINECOUNTER" {
				r.Errors = 0 // its table is older, and has no place for the ATTENDEE that RFC 5546 demands
			}
		},
	},
	{
		script:  "python-icalendar.py",
		needs:   []string{"/usr/bin/python3", "/usr/lib/python3/dist-packages/icalendar"},
		install: "Debian's python3-icalendar",
		blur: func(r *reading) {
			r.Class = ""
			// Version 4 undoes escapes one after the other, each on the result of the last.
			r.Description = strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(r.Description)
			// It undoes them in names, too, where there are none.
			r.OrganizerName, r.AttendeeName = strings.ReplaceAll(r.OrganizerName, `\\`, `\`), strings.ReplaceAll(r.AttendeeName, `\\`, `\`)
		},
	},
	{
		script:  "python-vobject.py",
		needs:   []string{"/usr/bin/python3", "/usr/lib/python3/dist-packages/vobject"},
		install: "Debian's python3-vobject",
		blur:    func(r *reading) { r.Class = "" },
	},
}

// Everything that can leave is read by programs that share no code with this one, and they find in
// it what was meant, to the second: every kind of talk and calendar, zones of every sort on both
// sides of each change of the clocks, and the life of a talk in the order in which it is mailed.
func TestForeignParsers(t *testing.T) {
	var sent []mailing
	var last *time.Location
	moon, err := zonestest.Old(t).Location("Africa/Casablanca")
	if err != nil {
		t.Fatal(err)
	}
	for i, start := range starts(t, moon) {
		mailed := life(t, kinds[i%len(kinds)], i, start)
		if start.Location() == last {
			mailed = mailed[:1] // a whole life once in each zone
		}
		first := mailed[0]
		if start.Location() == moon { // who knows the place by name may have newer data
			mailed = nil
		}
		sent = append(sent, append(mailed, unheard(first, start.Location().String()))...)
		last = start.Location()
	}
	folder := t.TempDir()
	var files []string
	for i, m := range sent {
		file := filepath.Join(folder, fmt.Sprintf("%03d.ics", i))
		if err := os.WriteFile(file, m.data, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	for _, parser := range foreign {
		t.Run(parser.script, func(t *testing.T) {
			t.Parallel()
			for _, need := range parser.needs {
				if _, err := exec.LookPath(need); err == nil {
					continue
				}
				if _, err := os.Stat(need); err == nil {
					continue
				}
				t.Fatalf("needs %s: there is no %s; run: make install", parser.install, need)
			}
			script := filepath.Join("testdata", "foreign", parser.script)
			if _, err := os.Stat(script); err != nil { // and so a change of it counts as one of this test
				t.Fatal(err)
			}
			args := append([]string{parser.needs[0], script}, files...)
			if parser.needs[0] == "cc" {
				program := filepath.Join(t.TempDir(), "program")
				if out, err := exec.Command("cc", "-o", program, script, "-licalss", "-lical").CombinedOutput(); err != nil {
					t.Fatalf("cc: %v\n%s", err, out)
				}
				args = append([]string{program}, files...)
			}
			cmd := exec.Command(args[0], args[1:]...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			// A reader that took the machine's zone instead of the file's would be found out by this.
			cmd.Env = append(os.Environ(), "TZ=Pacific/Apia")
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr.String())
			}
			answers := json.NewDecoder(bytes.NewReader(out))
			for _, m := range sent {
				var got reading
				if err := answers.Decode(&got); err != nil {
					t.Fatalf("%s: no answer: %v", m.name, err)
				}
				want := m.want
				parser.blur(&want)
				parser.blur(&got)
				got.OrganizerName, got.AttendeeName = strings.TrimSpace(got.OrganizerName), strings.TrimSpace(got.AttendeeName)
				if d := gocmp.Diff(want, got); d != "" {
					t.Errorf("%s (-want +got):\n%s\n%s", m.name, d, m.data)
				}
			}
			if answers.More() {
				t.Errorf("more answers than the %d files", len(sent))
			}
		})
	}
}

// starts are the moments that are most easily told wrong: the last before and the first after each
// change of the clocks, and (second of a pair) the hour that comes twice. The offsets are what a
// reader must find.
func starts(t *testing.T, moon *time.Location) []time.Time {
	var list []time.Time
	for _, z := range []struct {
		zone  string
		times []string
	}{
		{"UTC", []string{"2027-03-04T10:00:00Z"}},
		{"Europe/Berlin", []string{
			"2027-03-28T00:30:00+01:00", "2027-03-28T03:00:00+02:00", "2027-10-31T00:30:00+02:00", "2027-10-31T01:59:00+02:00",
			"2027-10-31T02:00:00+02:00", "2027-10-31T02:59:00+01:00", "2027-10-31T03:00:00+01:00", "2027-12-31T23:30:00+01:00"}},
		{"America/St_Johns", []string{
			"2027-03-14T00:30:00-03:30", "2027-03-14T03:00:00-02:30", "2027-11-06T23:30:00-02:30",
			"2027-11-07T01:30:00-02:30", "2027-11-07T01:30:00-03:30", "2027-11-07T02:00:00-03:30"}},
		{"Australia/Lord_Howe", []string{ // by half an hour
			"2027-04-04T00:10:00+11:00", "2027-04-04T01:30:00+11:00", "2027-04-04T01:59:00+10:30", "2027-04-04T02:00:00+10:30",
			"2027-10-03T00:30:00+10:30", "2027-10-03T02:30:00+11:00", "2028-01-01T00:00:00+11:00"}},
		// Clocks went back for Ramadan by the data of 2025, which in 2027 is from the 8th of February to the 9th of March.
		{"Africa/Casablanca", []string{
			"2027-02-06T10:00:00+01:00", "2027-02-07T03:00:00+00:00", "2027-02-20T10:00:00+00:00",
			"2027-03-14T00:30:00+00:00", "2027-03-14T03:00:00+01:00", "2027-07-01T10:00:00+01:00"}},
		{"Asia/Kathmandu", []string{"2027-03-04T10:00:00+05:45", "2027-08-04T10:00:00+05:45"}},
	} {
		loc := zone(t, z.zone)
		if z.zone == moon.String() {
			loc = moon
		}
		for _, s := range z.times {
			start, err := time.Parse(time.RFC3339, s)
			if err != nil {
				t.Fatal(err)
			}
			if got := start.In(loc).Format("2006-01-02T15:04:05-07:00"); got != strings.Replace(s, "Z", "+00:00", 1) {
				t.Fatalf("in %s: got %s, want %s", z.zone, got, s)
			}
			list = append(list, start.In(loc))
		}
	}
	return list
}

// life is what leaves for one talk: an invitation, an update of its words to one who has said yes, a
// no to the time that they would like better, a new time, a cancellation; and between them the files for the organizer's own calendar.
func life(t *testing.T, kind string, n int, start time.Time) []mailing {
	var list []mailing
	e := talk(t, kind)
	e.Sequence = 0
	switch n % 4 { // names that end in what some parsers take for an escape of what follows
	case 1:
		e.Organizer.Name = `Ana Lopes \`
	case 2:
		e.Organizer.Name, e.Attendee.Name = `Lopes, Ana \`, `Jo \\`
	case 3:
		e.Attendee.Name = `\`
	}
	send := func(name string, m invites.Method, class string) {
		e.UID = fmt.Sprintf("%d-%s@example.org", n, map[bool]string{true: "own", false: "mailed"}[m == invites.Publish])
		e.Stamp = e.Stamp.Add(time.Second)
		want := reading{
			Method: string(m), UID: e.UID, Sequence: e.Sequence, Status: "CONFIRMED",
			Start: e.Start.UTC(), End: e.End.UTC(),
			Summary: e.Summary, Description: e.Description, Location: e.Location, Comment: e.Comment,
			Organizer: "mailto:" + e.Organizer.Email, Attendee: "mailto:" + e.Attendee.Email,
			OrganizerName: strings.ReplaceAll(e.Organizer.Name, `"`, "'"), AttendeeName: strings.ReplaceAll(e.Attendee.Name, `"`, "'"),
			Class: class,
		}
		switch m {
		case invites.Request, invites.DeclineCounter:
			want.PartStat = string(cmp.Or(e.PartStat, invites.NeedsAction))
		case invites.Publish:
			want.Attendee, want.AttendeeName = "", ""
		}
		if e.Cancelled {
			want.Status = "CANCELLED"
		}
		list = append(list, mailing{fmt.Sprintf("%s, %s, %s", name, kind, start), encode(t, e, m), want})
	}
	e.Start, e.End = start, start.Add(75*time.Minute)
	send("invitation", invites.Request, "REQUEST-NEW")
	send("own copy", invites.Publish, "PUBLISH-UPDATE") // libical knows no new one
	e.PartStat = invites.Accepted
	e.Description += "Added: a fourth point, \"and\" time for it; we'll see\n"
	send("update of words", invites.Request, "REQUEST-UPDATE")
	send("no to another time", invites.DeclineCounter, "DECLINECOUNTER")
	e.Sequence++
	e.PartStat = ""
	e.Start, e.End = start.AddDate(0, 0, 1), start.AddDate(0, 0, 1).Add(time.Hour)
	send("update of time", invites.Request, "REQUEST-RESCHEDULE")
	send("own copy of the update", invites.Publish, "PUBLISH-UPDATE")
	e.Sequence++
	e.Cancelled, e.Comment = true, "Ill; we'll find another day, I hope.\nAna"
	send("cancellation", invites.Cancel, "CANCEL-EVENT")
	send("own copy of the cancellation", invites.Publish, "PUBLISH-UPDATE")
	return list
}

// unheard is m with a name for its zone that nobody knows, so that only the VTIMEZONE can tell.
func unheard(m mailing, zone string) mailing {
	m.name += ", unheard zone"
	other := "Nowhere/" + strings.TrimSuffix(m.want.UID, "-mailed@example.org") // another each time: some keep zones by name
	m.data = bytes.ReplaceAll(m.data, []byte("TZID:"+zone), []byte("TZID:"+other))
	m.data = bytes.ReplaceAll(m.data, []byte("TZID="+zone), []byte("TZID="+other))
	m.data = bytes.Replace(m.data, []byte("UID:"), []byte("UID:unheard-"), 1)
	m.want.UID = "unheard-" + m.want.UID
	return m
}
