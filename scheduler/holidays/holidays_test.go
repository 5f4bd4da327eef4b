package holidays_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"coalition/scheduler/holidays"
	"coalition/scheduler/strictyaml"
)

func date(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Feasts that move, days that stand in for one at a weekend, regions beside their country, and days on which nobody has
// off: as the law of each has them.
func TestRegion(t *testing.T) {
	for _, tt := range []struct{ code, day, want string }{
		// Easter is on 28 March in 2027, and on 16 April in 2028.
		{"PT", "2027-03-26", "Sexta-feira Santa"},
		{"PT", "2028-04-14", "Sexta-feira Santa"},
		{"PT", "2027-05-27", "Corpo de Deus"},
		{"PT", "2027-04-25", "Dia da Liberdade"},
		{"PT", "2027-03-25", ""},
		{"pt", "2027-12-01", "Restauração da Independência"},
		{"DE", "2027-03-08", ""},
		{"DE-BE", "2027-03-08", "Frauentag"},
		{"de-be", "2026-03-08", "Frauentag"},
		{"DE-MV", "2022-03-08", ""},
		{"DE-MV", "2027-03-08", "Frauentag"},
		{"DE-BE", "2027-05-06", "Christi Himmelfahrt"},
		{"DE-BE", "2027-05-27", ""},
		{"DE-BY", "2027-05-27", "Fronleichnam"},
		{"DE-SN", "2027-11-17", "Buß- und Bettag"},
		{"DE", "2027-10-03", "Tag der Deutschen Einheit"},
		// On a Sunday, and nobody has the Monday off.
		{"DE", "2027-10-04", ""},
		// The first of August, the only feast of which all of Switzerland is sure.
		{"CH", "2027-08-01", "Bundesfeiertag"},
		{"CH", "2027-03-19", ""},
		// The Orthodox Easter is on 2 May in 2027.
		{"GR", "2027-05-03", "Δευτέρα του Πάσχα"},
		{"GR", "2027-03-29", ""},
		// Saturdays are kept on Friday, and Sundays on Monday.
		{"US", "2026-07-03", "Independence Day"},
		{"US", "2026-07-04", "Independence Day"},
		{"US", "2026-07-06", ""},
		{"US", "2027-07-05", "Independence Day"},
		{"US", "2027-11-25", "Thanksgiving Day"},
		// New Year's Day of the next year.
		{"US", "2027-12-31", "New Year's Day"},
		// Both days of Christmas at a weekend are kept on the two days after.
		{"GB", "2027-12-27", "Christmas Day"},
		{"GB-WLS", "2027-12-28", "Boxing Day"},
		{"GB", "2027-12-29", ""},
		{"GB", "2027-05-31", "Spring Bank Holiday"},
		// By the moon's and the sun's year.
		{"JP", "2027-03-21", "Vernal Equinox Day"},
		{"JP", "2027-03-22", "Vernal Equinox Day"},
		{"FI", "2027-06-26", "Juhannuspäivä"},
		{"LU", "2028-05-09", "Journée de l’Europe"},
		{"AU", "2027-01-26", "Australia Day"},
		{"AU-VIC", "2027-11-02", "Melbourne Cup"},
	} {
		c, err := holidays.Region(tt.code)
		if err != nil {
			t.Fatal(tt.code, err)
		}
		if name, ok := c.On(date(t, tt.day)); name != tt.want || ok != (tt.want != "") {
			t.Errorf("%s, %s: %q, want %q", tt.code, tt.day, name, tt.want)
		}
	}
}

// Of each region that is known some weekdays of each year are holidays, and it is known in lower case too; of one that
// is not, the error names what may be meant.
func TestRegions(t *testing.T) {
	_, err := holidays.Region("x")
	fault := new(strictyaml.Fault)
	if !errors.As(err, &fault) {
		t.Fatal(err)
	}
	list, _, _ := strings.Cut(strings.TrimPrefix(fault.Mend, "write "), ", or name")
	countries := strings.Split(list, ", ")
	if len(countries) < 35 {
		t.Fatalf("countries: %v", countries)
	}
	for _, country := range countries {
		_, err := holidays.Region(country + "-XX")
		if !errors.As(err, &fault) {
			t.Fatal(country, err)
		}
		list, _, _ := strings.Cut(strings.TrimPrefix(fault.Mend, "write "), ", or name")
		for _, code := range strings.Split(list, ", ") {
			c, err := holidays.Region(strings.ToLower(code))
			if err != nil || !strings.HasPrefix(code, country) {
				t.Fatal(country, code, err)
			}
			for year := 2026; year <= 2040; year++ {
				n := 0
				for day := date(t, "2026-01-01").AddDate(year-2026, 0, 0); day.Year() == year; day = day.AddDate(0, 0, 1) {
					if _, ok := c.On(day); ok && day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
						n++
					}
				}
				if n < 2 || n > 25 {
					t.Errorf("%s has %d holidays on weekdays of %d", code, n, year)
				}
			}
		}
	}
	for code, want := range map[string]string{
		"UK":       "write GB, GB-ENG, GB-WLS, or name a calendar file (.ics) that lists them",
		"GB-SCT":   "write GB, GB-ENG, GB-WLS, or name a calendar file (.ics) that lists them",
		"US-CA":    "write US, or name a calendar file (.ics) that lists them",
		"Portugal": "write " + strings.Join(countries, ", ") + ", or name a calendar file (.ics) that lists them",
	} {
		_, err := holidays.Region(code)
		if !errors.As(err, &fault) || fault.Text != "is no country or region whose holidays are known here" || fault.Mend != want {
			t.Errorf("%s: %v; %s", code, err, fault.Mend)
		}
	}
}

func ics(lines ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCALENDAR\r\n"
}

func holiday(date, name string) string {
	return "BEGIN:VEVENT\r\nUID:" + date + "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:" + date + "\r\nSUMMARY:" + name + "\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT"
}

// A file is read by its place beside the folder, and again when it has changed; what is wrong with it is said until it
// is mended.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "own.ics")
	r := &holidays.Reader{Folder: dir}
	at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	write := func(text string) {
		t.Helper()
		at = at.Add(time.Second)
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	told := func(name string) (list []string) {
		for _, p := range r.Check(name, at, func(text, mend string) strictyaml.Problem {
			return strictyaml.Problem{File: "x", Text: text, Mend: mend}
		}) {
			list = append(list, strings.TrimPrefix(p.String(), "x:0:0: "))
		}
		return list
	}
	if c, err := r.Read(""); c != nil || err != nil || told("") != nil {
		t.Errorf("no name: %v, %v, %v", c, err, told(""))
	}
	if got, want := told("own.ics"), []string{"names a file that can't be read (no such file or directory); look at its name, and its permissions"}; !cmp.Equal(got, want) {
		t.Errorf("no file: %v", got)
	}
	write("<html>")
	if got, want := told("own.ics"), []string{"names a file that is a web page, and no calendar; name a calendar file (.ics) that lists the holidays"}; !cmp.Equal(got, want) {
		t.Errorf("no calendar: %v", got)
	}
	for _, day := range []string{"20270304", "20270305"} {
		write(ics(holiday(day, "Founding day")))
		c, err := r.Read("own.ics")
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{"2027-03-04", "2027-03-05", "2028-03-04"} {
			if name, ok := c.On(date(t, other)); ok != (strings.ReplaceAll(other, "-", "") == day) || ok && name != "Founding day" {
				t.Errorf("with %s, %s is %q", day, other, name)
			}
		}
		if again, err := r.Read("own.ics"); again != c || err != nil {
			t.Errorf("read again without need: %v", err)
		}
		if got := told("own.ics"); got != nil {
			t.Errorf("a good file: %v", got)
		}
	}
	if c, err := (&holidays.Reader{}).Read(path); err != nil {
		t.Error(err)
	} else if _, ok := c.On(date(t, "2027-03-05")); !ok {
		t.Error("a whole path does not count")
	}
	write(ics("BEGIN:VEVENT", "UID:a", "DTSTART;VALUE=DATE:2027", "SUMMARY:Some day", "END:VEVENT", holiday("20200306", "Every year\r\nRRULE:FREQ=YEARLY")))
	if got, want := told("own.ics"), []string{"warning: names a file of which this is not understood: \"Some day\" has no start that can be read, " +
		"and takes no time; mend it in the calendar that it comes from"}; !cmp.Equal(got, want) {
		t.Errorf("an event without a day: %v", got)
	}
	if c, err := r.Read("own.ics"); err != nil {
		t.Error(err)
	} else if name, _ := c.On(date(t, "2031-03-06")); name != "Every year" {
		t.Errorf("a holiday of every year: %q", name)
	}
	if err := os.Truncate(path, 5<<20+1); err != nil {
		t.Fatal(err)
	}
	if got, want := told("own.ics"), []string{"is a file of more than 5 MB; name a calendar file (.ics) that lists the holidays"}; !cmp.Equal(got, want) {
		t.Errorf("a large file: %v", got)
	}
	if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
		t.Fatal(err)
	}
	if got, want := told("own.ics"), []string{"is no file; name a calendar file (.ics) that lists the holidays"}; !cmp.Equal(got, want) {
		t.Errorf("a folder: %v", got)
	}
}
