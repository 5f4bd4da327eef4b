package freebusy_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/invites/freebusy"
)

// everybody lets both read all calendars, which takes minutes.
var everybody = flag.Bool("everybody", false,
	"compare 8 seeds of 20 people with 500 events each with every foreign program")

// foreign are programs that share no code with this one, or with each other: the calendar library of GNOME and KDE, and
// Python's two, one on the other. Each is given all calendars at once, and prints when they are busy.
var foreign = []struct {
	script  string   // in testdata/foreign
	needs   []string // commands and files; the first runs the script (or compiles it)
	install string   // what brings them, for people
	// people and events are read of each seed.
	people uint64
	events int
}{
	{"libical.c", []string{"cc", "/usr/include/libical/ical.h"}, "Debian's gcc and libical-dev", 20, 60},
	{"recurring-ical-events.py", []string{"/usr/bin/python3",
		"/usr/lib/python3/dist-packages/recurring_ical_events.py"},
		"Debian's python3-recurring-ical-events", 1, 100},
}

// Generated calendars leave the same people the same time by two other implementations in other languages. Where one of
// them differs from the RFC, what they differ in is not generated, and tested by itself: a start in the spring gap, in
// the doubled hour and outside of its rule; THISANDFUTURE; days in a DURATION across a change of the clocks; a day
// without its end; EXDATE and UNTIL as days of timed events; rules below DAILY.
func TestForeign(t *testing.T) {
	for _, other := range foreign {
		people, events := other.people, other.events
		switch {
		case *everybody:
			people, events = 20, 500
		case testing.Short():
			people, events = 1, 50
		}
		t.Run(other.script, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			args := foreignCommand(t, other.script, other.needs, other.install)
			args = append(args, fmt.Sprint(windowStart.Unix()), fmt.Sprint(windowEnd.Unix()))
			var want [][][2]int64
			var names []string
			for seed := range uint64(8) {
				for person := range people {
					// Somebody else each time, where there are few.
					data, name := generate(t, seed, (person+seed)%20, events)
					file := filepath.Join(folder, fmt.Sprintf("%d-%d.ics", seed, person))
					if err := os.WriteFile(file, data, 0o600); err != nil {
						t.Fatal(err)
					}
					args = append(args, name, file)
					names = append(names, file)
					busy, problems := parse(t, string(data)).Busy(freebusy.Reader{Zone: zone(t, name)}, windowStart,
						windowEnd)
					if len(problems) > 0 {
						t.Fatal(problems)
					}
					want = append(want, clipped(busy))
				}
			}
			cmd := exec.Command(args[0], args[1:]...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			// Who took the machine's zone instead of the reader's would be found out by this.
			cmd.Env = append(os.Environ(), "TZ=Pacific/Apia")
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr.String())
			}
			answers := json.NewDecoder(bytes.NewReader(out))
			for i, want := range want {
				var got [][2]int64
				if err := answers.Decode(&got); err != nil {
					t.Fatalf("%s: no answer: %v", names[i], err)
				}
				if len(got) < events/4 {
					t.Errorf("%s: only %d spans", names[i], len(got))
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: %s", names[i], difference(want, got))
				}
			}
		})
	}
}

// foreignCommand returns how a script is run; one in C is compiled first.
func foreignCommand(t *testing.T, script string, needs []string, install string) []string {
	for _, need := range needs {
		if _, err := exec.LookPath(need); err == nil {
			continue
		}
		if _, err := os.Stat(need); err == nil {
			continue
		}
		t.Fatalf("needs %s: there is no %s; run: make install", install, need)
	}
	script = filepath.Join("testdata", "foreign", script)
	// And so a change of it counts as one of this test.
	if _, err := os.Stat(script); err != nil {
		t.Fatal(err)
	}
	if needs[0] != "cc" {
		return []string{needs[0], script}
	}
	program := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command("cc", "-O2", "-o", program, script, "-lical").CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	return []string{program}
}

// clipped are the spans of all instances in the window, in seconds since 1970.
func clipped(busy []invites.Busy) [][2]int64 {
	var list [][2]int64
	for _, b := range busy {
		list = append(list, [2]int64{max(b.Start.Unix(), windowStart.Unix()), min(b.End.Unix(), windowEnd.Unix())})
	}
	slices.SortFunc(list, func(a, b [2]int64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return slices.Compact(list)
}

// difference tells which spans only one of two has.
func difference(want, got [][2]int64) string {
	var lines []string
	tell := func(name string, spans, others [][2]int64) {
		for _, span := range spans {
			if !slices.Contains(others, span) && len(lines) < 10 {
				start, end := time.Unix(span[0], 0).UTC(), time.Unix(span[1], 0).UTC()
				lines = append(lines, fmt.Sprintf("only %s: %s to %s", name, start.Format(time.RFC3339),
					end.Format(time.RFC3339)))
			}
		}
	}
	tell("wanted", want, got)
	tell("there", got, want)
	return strings.Join(lines, "\n")
}
