package ical_test

import (
	"archive/zip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"coalition/invites"
	"coalition/invites/ical"
	"coalition/invites/zones"
	"coalition/invites/zones/zonestest"
)

// A vtimezone is a VTIMEZONE as a stranger reads it: by RFC 5545, section 3.6.5, and nothing else.
type vtimezone struct {
	tzid        string
	observances []observance
}

type observance struct {
	start                    time.Time // what the clocks show before the change, as if it were UTC
	from, to                 int       // seconds east of UTC
	name                     string
	yearly                   bool
	month, nth               int
	weekday                  time.Weekday
	hasStart, hasFrom, hasTo bool
}

// An onset is one change of the clocks, and what holds from then on.
type onset struct {
	at     time.Time
	offset int
	name   string
}

func readTimezone(lines []string) (*vtimezone, error) {
	first, last := slices.Index(lines, "BEGIN:VTIMEZONE"), slices.Index(lines, "END:VTIMEZONE")
	if first < 0 || last < first {
		return nil, fmt.Errorf("has no VTIMEZONE")
	}
	z := &vtimezone{}
	var o *observance
	for _, line := range lines[first+1 : last] {
		name, value, _ := strings.Cut(line, ":")
		var err error
		switch name {
		case "TZID":
			z.tzid = value
		case "BEGIN":
			o = &observance{}
		case "END":
			// Each of the three is required, and only once (section 3.6.5).
			if !o.hasStart || !o.hasFrom || !o.hasTo {
				return nil, fmt.Errorf("%s lacks a property: %+v", value, *o)
			}
			if o.yearly && !slices.ContainsFunc(o.onsets(o.start.Year()), func(n onset) bool {
				return n.at.Equal(o.start.Add(-time.Duration(o.from) * time.Second))
			}) {
				return nil, fmt.Errorf("DTSTART %v is not the first instance of its RRULE", o.start)
			}
			z.observances = append(z.observances, *o)
		case "DTSTART":
			o.hasStart = !o.hasStart
			o.start, err = time.Parse("20060102T150405", value)
		case "TZOFFSETFROM":
			o.hasFrom = !o.hasFrom
			o.from, err = utcOffset(value)
		case "TZOFFSETTO":
			o.hasTo = !o.hasTo
			o.to, err = utcOffset(value)
		case "TZNAME":
			o.name = value
		case "RRULE":
			o.yearly = true
			err = o.rule(value)
		default:
			err = fmt.Errorf("is not known here")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
	}
	return z, nil
}

func utcOffset(s string) (int, error) {
	if len(s) != 5 && len(s) != 7 {
		return 0, fmt.Errorf("has a wrong length")
	}
	total := 0
	for i, unit := 1, 3600; i < len(s); i, unit = i+2, unit/60 {
		n, err := strconv.Atoi(s[i : i+2])
		if err != nil || unit < 3600 && n > 59 {
			return 0, fmt.Errorf("is no UTC offset")
		}
		total += n * unit
	}
	switch {
	case s[0] == '-' && total > 0: // "-0000" is not allowed (section 3.3.14)
		return -total, nil
	case s[0] == '+':
		return total, nil
	}
	return 0, fmt.Errorf("has a wrong sign")
}

// rule takes the one shape that Exchange reads well: yearly, one month, one nth weekday.
func (o *observance) rule(s string) error {
	parts := map[string]string{}
	for part := range strings.SplitSeq(s, ";") {
		name, value, _ := strings.Cut(part, "=")
		parts[name] = value
	}
	day := parts["BYDAY"]
	if len(parts) != 3 || parts["FREQ"] != "YEARLY" || len(day) < 3 {
		return fmt.Errorf("is more than a yearly nth weekday of a month")
	}
	weekday := slices.Index([]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}, day[len(day)-2:])
	month, err := strconv.Atoi(parts["BYMONTH"])
	nth, err2 := strconv.Atoi(day[:len(day)-2])
	if err != nil || err2 != nil || weekday < 0 || nth == 0 {
		return fmt.Errorf("is no rule")
	}
	o.month, o.nth, o.weekday = month, nth, time.Weekday(weekday)
	return nil
}

// onsets are the changes of o in that year of its wall time: none before its DTSTART.
func (o *observance) onsets(year int) []onset {
	wall := o.start
	if o.yearly {
		var days []time.Time
		day := time.Date(year, time.Month(o.month), 1, o.start.Hour(), o.start.Minute(), o.start.Second(), 0, time.UTC)
		for ; day.Month() == time.Month(o.month); day = day.AddDate(0, 0, 1) {
			if day.Weekday() == o.weekday {
				days = append(days, day)
			}
		}
		if o.nth > 0 {
			wall = days[o.nth-1]
		} else {
			wall = days[len(days)+o.nth]
		}
	}
	if wall.Before(o.start) {
		return nil
	}
	return []onset{{wall.Add(-time.Duration(o.from) * time.Second), o.to, o.name}}
}

// around are the changes that decide about that year, in order.
func (z *vtimezone) around(year int) []onset {
	var list []onset
	for i := range z.observances {
		o := &z.observances[i]
		if !o.yearly {
			list = append(list, o.onsets(year)...)
			continue
		}
		for y := year - 1; y <= year+1; y++ {
			list = append(list, o.onsets(y)...)
		}
	}
	slices.SortFunc(list, func(a, b onset) int { return a.at.Compare(b.at) })
	return list
}

// at is what holds at t: the onset with the latest moment that is not after it.
func at(list []onset, t time.Time) (onset, bool) {
	i, found := slices.BinarySearchFunc(list, t, func(o onset, t time.Time) int { return o.at.Compare(t) })
	if !found {
		i--
	}
	if i < 0 {
		return onset{}, false
	}
	return list[i], true
}

// goZones is the database that Go brings along: that of the year before, more often than not.
func goZones(t testing.TB) (d *zones.Database, names []string) {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("go env GOROOT: %v", err)
	}
	r, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, f := range r.File {
		if !strings.HasSuffix(f.Name, "/") {
			names = append(names, f.Name)
		}
	}
	if len(names) < 500 {
		t.Fatalf("the database has %d zones, want at least 500", len(names))
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, r); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "+VERSION"), []byte("2025c\n"), 0o600); err != nil { // or a later one, which is all the same here
		t.Fatal(err)
	}
	if d, err = zones.Folder(folder); err != nil {
		t.Fatal(err)
	}
	return d, names
}

// A reader that knows no zone by name gets the same clock from the VTIMEZONE as Go from the
// database: in every zone, all through the year of the event and over both of its ends, by the data of
// 2025 and by the newest.
func TestTimezoneTellsEveryZone(t *testing.T) {
	old, names := goZones(t)
	for _, name := range []string{"Europe/Berlin", "America/St_Johns", "Africa/Casablanca", "Asia/Kathmandu",
		"Australia/Lord_Howe", "Europe/Dublin", "America/Santiago", "Asia/Gaza", "America/Vancouver"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is not among the zones", name)
		}
	}
	for _, database := range []*zones.Database{old, zones.BuiltIn()} {
		t.Run(database.Version, func(t *testing.T) {
			zonestest.Use(t, database)
			var refused []string
			for _, name := range names {
				loc, err := invites.Location(name)
				if err != nil {
					refused = append(refused, name)
					continue
				}
				if loc == time.UTC {
					continue
				}
				for year := 2026; year <= 2034; year++ {
					if err := checkZone(t, loc, year); err != nil {
						t.Errorf("%s in %d: %v", name, year, err)
						break
					}
				}
			}
			if want := []string{"Factory"}; !slices.Equal(refused, want) {
				t.Errorf("refused zones: got %q, want %q", refused, want)
			}
		})
	}
}

func checkZone(t *testing.T, loc *time.Location, year int) error {
	start := time.Date(year, 6, 15, 12, 0, 0, 0, loc)
	e := &ical.VEvent{UID: "u", Start: start, End: start.Add(time.Hour), Stamp: start}
	data, err := e.Encode(invites.Publish)
	if err != nil {
		return err
	}
	z, err := readTimezone(contentLines(t, data))
	if err != nil {
		return err
	}
	if z.tzid != loc.String() {
		return fmt.Errorf("TZID: got %s, want %s", z.tzid, loc)
	}
	changes := z.around(year)
	first, last := time.Date(year, 1, 1, 0, 0, 0, 0, loc), time.Date(year+1, 1, 1, 12, 0, 0, 0, loc)
	if len(z.observances) == 1 { // clocks that are not put any more are told from the event on
		first = start.AddDate(0, 0, -1)
	}
	check := func(u time.Time) error {
		if u.Before(first) || u.After(last) {
			return nil
		}
		got, ok := at(changes, u)
		// Not the abbreviation: some places change it, and put no clocks.
		if _, offset := u.In(loc).Zone(); !ok || got.offset != offset {
			return fmt.Errorf("at %s: got %+d s, want %+d s", u.UTC().Format(time.RFC3339), got.offset, offset)
		}
		return nil
	}
	for month := time.January; month <= 13; month++ {
		for _, day := range []int{1, 11, 21} {
			if err := check(time.Date(year, month, day, 3, 0, 0, 0, loc)); err != nil {
				return err
			}
		}
	}
	for u := first; ; {
		_, next := u.ZoneBounds()
		if !next.IsZero() && !next.After(u) { // so it is on the last day of a leap year, where a table does not reach
			next = u.AddDate(0, 0, 1)
		}
		if next.IsZero() || next.After(last) {
			return nil
		}
		for _, d := range []time.Duration{time.Second, time.Hour, 24 * time.Hour, 4 * 24 * time.Hour} {
			for _, u := range []time.Time{next.Add(-d), next.Add(d - time.Second)} {
				if err := check(u); err != nil {
					return err
				}
			}
		}
		u = next
	}
}

// The shape matters as much as the offsets: Exchange wants one rule for each half of the year, one
// STANDARD alone where clocks are never put, and no rule at all beside single changes.
func TestTimezoneShape(t *testing.T) {
	zonestest.Use(t, zonestest.Old(t))
	for _, test := range []struct {
		zone string
		want []string
	}{
		{"Europe/Berlin", []string{
			"DAYLIGHT 19700329T020000 +0100 +0200 CEST FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
			"STANDARD 19701025T030000 +0200 +0100 CET FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"}},
		// Winter time is the exception there by law, and summer time the standard: readers take DAYLIGHT as the later clock.
		{"Europe/Dublin", []string{
			"DAYLIGHT 19700329T010000 +0000 +0100 IST FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
			"STANDARD 19701025T020000 +0100 +0000 GMT FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"}},
		{"America/St_Johns", []string{
			"DAYLIGHT 19700308T020000 -0330 -0230 NDT FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
			"STANDARD 19701101T020000 -0230 -0330 NST FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"}},
		{"Australia/Lord_Howe", []string{
			"STANDARD 19700405T020000 +1100 +1030 +1030 FREQ=YEARLY;BYMONTH=4;BYDAY=1SU",
			"DAYLIGHT 19701004T020000 +1030 +1100 +11 FREQ=YEARLY;BYMONTH=10;BYDAY=1SU"}},
		{"Asia/Kathmandu", []string{"STANDARD 19700101T000000 +0545 +0545 +0545 "}},
		// Clocks go back for Ramadan; its dates follow the moon.
		{"Africa/Casablanca", []string{
			"STANDARD 19700101T000000 +0100 +0100 +01 ",
			"STANDARD 20260215T030000 +0100 +0000 +00 ", "DAYLIGHT 20260322T020000 +0000 +0100 +01 ",
			"STANDARD 20270207T030000 +0100 +0000 +00 ", "DAYLIGHT 20270314T020000 +0000 +0100 +01 ",
			"STANDARD 20280123T030000 +0100 +0000 +00 ", "DAYLIGHT 20280305T020000 +0000 +0100 +01 "}},
	} {
		t.Run(test.zone, func(t *testing.T) {
			start := time.Date(2027, 6, 15, 12, 0, 0, 0, zone(t, test.zone))
			e := &ical.VEvent{UID: "u", Start: start, End: start.Add(time.Hour), Stamp: start}
			var got []string
			values := map[string]string{}
			for _, line := range contentLines(t, encode(t, e, invites.Publish)) {
				name, value, _ := strings.Cut(line, ":")
				if name == "END" && (value == "STANDARD" || value == "DAYLIGHT") {
					got = append(got, strings.Join([]string{value, values["DTSTART"], values["TZOFFSETFROM"],
						values["TZOFFSETTO"], values["TZNAME"], values["RRULE"]}, " "))
					clear(values)
				}
				values[name] = value
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("observances (-want +got):\n%s", d)
			}
		})
	}
}

// A rule that holds now holds in years to which the tables of the zone database do not reach, too.
func TestTimezoneFarYears(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"} {
		told := func(year int) string {
			start := time.Date(year, 6, 15, 12, 0, 0, 0, zone(t, name))
			e := &ical.VEvent{UID: "u", Start: start, End: start.Add(time.Hour), Stamp: start}
			_, rest, _ := strings.Cut(string(encode(t, e, invites.Publish)), "BEGIN:VTIMEZONE")
			zone, _, _ := strings.Cut(rest, "END:VTIMEZONE")
			return zone
		}
		for year := 2031; year < 2100; year++ {
			if got, want := told(year), told(2030); got != want {
				t.Fatalf("%s in %d is told as\n%s\nand in 2030 as\n%s", name, year, got, want)
			}
		}
	}
}

// British Columbia stays at UTC-7 from November 2026 on. An invitation says what holds by the data in use,
// with no trace of the other.
func TestTimezoneOfAnotherYear(t *testing.T) {
	told := func(d *zones.Database, at string) string {
		zonestest.Use(t, d)
		start, err := time.ParseInLocation("2006-01-02 15:04", at, zone(t, "America/Vancouver"))
		if err != nil {
			t.Fatal(err)
		}
		e := &ical.VEvent{UID: "u", Start: start, End: start.Add(time.Hour), Stamp: start}
		lines := contentLines(t, encode(t, e, invites.Publish))
		z, err := readTimezone(lines)
		if err != nil {
			t.Fatal(err)
		}
		got := z.readings(time.Date(start.Year(), start.Month(), start.Day(), start.Hour(), start.Minute(), 0, 0, time.UTC))
		if len(got) != 1 {
			t.Fatalf("%s is at %v, want one instant", at, got)
		}
		return fmt.Sprintf("%s, %d observances", got[0].Format(time.RFC3339), len(z.observances))
	}
	for _, test := range []struct{ at, old, now string }{
		{"2026-12-02 10:00", "2026-12-02T18:00:00Z, 2 observances", "2026-12-02T17:00:00Z, 1 observances"},
		{"2027-01-13 10:00", "2027-01-13T18:00:00Z, 2 observances", "2027-01-13T17:00:00Z, 1 observances"},
		{"2027-07-01 10:00", "2027-07-01T17:00:00Z, 2 observances", "2027-07-01T17:00:00Z, 1 observances"},
		{"2026-10-31 10:00", "2026-10-31T17:00:00Z, 2 observances", "2026-10-31T17:00:00Z, 1 observances"},
		{"2026-02-02 10:00", "2026-02-02T18:00:00Z, 2 observances", "2026-02-02T18:00:00Z, 4 observances"},
	} {
		if got := told(zonestest.Old(t), test.at); got != test.old {
			t.Errorf("%s in 2025: got %s, want %s", test.at, got, test.old)
		}
		if got := told(zones.BuiltIn(), test.at); got != test.now {
			t.Errorf("%s now: got %s, want %s", test.at, got, test.now)
		}
	}
}

// On the last day of a leap year, where Go finds a change of the clocks that is none, an event keeps its zone.
func TestTimezoneLastDayOfALeapYear(t *testing.T) {
	d, _ := goZones(t)
	zonestest.Use(t, d)
	start := time.Date(2028, 12, 31, 12, 0, 0, 0, zone(t, "Europe/Berlin"))
	e := &ical.VEvent{UID: "u", Start: start, End: start.Add(time.Hour), Stamp: start}
	if data := string(encode(t, e, invites.Publish)); !strings.Contains(data, "DTSTART;TZID=Europe/Berlin:20281231T120000") {
		t.Errorf("got\n%s", data)
	}
}
