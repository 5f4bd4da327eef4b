package zones_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coalition/invites/zones"
	"coalition/invites/zones/zonestest"
)

func offsetAt(t *testing.T, d *zones.Database, name string, at time.Time) int {
	t.Helper()
	loc, err := d.Location(name)
	if err != nil {
		t.Fatalf("%s in %s: %v", name, d, err)
	}
	_, offset := at.In(loc).Zone()
	return offset
}

var winter = time.Date(2026, 12, 2, 18, 0, 0, 0, time.UTC)

func TestBuiltIn(t *testing.T) {
	d := zones.BuiltIn()
	if d.Version < "2026f" || d.Released.Before(time.Date(2026, 10, 27, 0, 0, 0, 0, time.UTC)) || d.String() != d.Version+", built in" {
		t.Errorf("got %s of %v, want 2026f or newer with its day", d, d.Released)
	}
	if got := offsetAt(t, d, "America/Vancouver", winter); got != -7*3600 {
		t.Errorf("Vancouver: got %d", got)
	}
	// Old names, and those that are files of the zip and no zones.
	for _, name := range []string{"US/Pacific", "Asia/Calcutta", "Europe/Kyiv", "Europe/Kiev", "EST5EDT", "Etc/GMT+5", "Navajo"} {
		if l, err := d.Location(name); err != nil || l.String() != name {
			t.Errorf("%s: got %v, %v", name, l, err)
		}
	}
	for _, name := range []string{"version", "links", "releases", "", ".", "America", "../zoneinfo.zip", "america/vancouver"} {
		if l, err := d.Location(name); !errors.Is(err, zones.ErrUnknown) {
			t.Errorf("%q: got %v, %v", name, l, err)
		}
	}
}

// Every zone that Go knows by itself is there, with the same clocks in years that nobody changes any more.
func TestBuiltInHasAll(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "Africa/Casablanca", "America/Vancouver", "Australia/Lord_Howe", "Asia/Kathmandu", "Antarctica/Troll"} {
		want, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2025; at = at.AddDate(0, 0, 5) {
			_, offset := at.In(want).Zone()
			if got := offsetAt(t, zones.BuiltIn(), name, at); got != offset {
				t.Fatalf("%s at %v: got %d, want %d", name, at, got, offset)
			}
		}
	}
}

// The newest data wins, wherever it is from.
func TestNewest(t *testing.T) {
	builtIn := zones.BuiltIn()
	t.Cleanup(zones.Use(nil))
	newer := zonestest.Like(t, "2098b", map[string]string{"America/Vancouver": "Etc/GMT+3", "America/Los_Angeles": "Etc/GMT+4"})
	for _, test := range []struct {
		folder, version, path string
		offset                int
	}{
		{zonestest.Old(t).Path, builtIn.Version, "", -7 * 3600},
		{newer, "2098b", newer, -3 * 3600},
		{zonestest.Like(t, builtIn.Version, nil), builtIn.Version, "", -7 * 3600},
		{zonestest.Like(t, "unknown", nil), builtIn.Version, "", -7 * 3600},
		{filepath.Join(newer, "none"), builtIn.Version, "", -7 * 3600},
	} {
		zones.Use(nil)
		t.Setenv("ZONEINFO", test.folder)
		d := zones.Newest()
		if d.Path == "/usr/share/zoneinfo" && d.Version > builtIn.Version { // this machine knows more than this program
			test.version, test.path = d.Version, d.Path
		}
		if d.Version != test.version || d.Path != test.path {
			t.Errorf("%s: got %s, want %s of %q", test.folder, d, test.version, test.path)
		}
		if got := offsetAt(t, d, "America/Vancouver", winter); got != test.offset {
			t.Errorf("%s: got %d, want %d", d, got, test.offset)
		}
	}
	// Names that a system leaves out: by what they are other names of, or as they are built in.
	d, err := zones.Folder(newer)
	if err != nil {
		t.Fatal(err)
	}
	if got := offsetAt(t, d, "US/Pacific", winter); got != -4*3600 {
		t.Errorf("an old name has other clocks than its zone: %d", got)
	}
	if got := offsetAt(t, d, "Europe/Berlin", winter); got != 3600 {
		t.Errorf("Berlin: got %d", got)
	}
}

// A program that runs for months takes up what its system learns.
func TestRefresh(t *testing.T) {
	t.Cleanup(zones.Use(nil))
	folder := zonestest.Like(t, "2097a", nil)
	t.Setenv("ZONEINFO", folder)
	if d := zones.Newest(); d.Version != "2097a" || zones.Refresh() {
		t.Fatalf("got %s, or something newer where nothing is", d)
	}
	before, err := zones.Newest().Location("America/Vancouver")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("ZONEINFO", zonestest.Like(t, "2098a", map[string]string{"America/Vancouver": "Etc/GMT+3"}))
	if !zones.Refresh() || zones.Newest().Version != "2098a" {
		t.Fatalf("got %s", zones.Newest())
	}
	if after, err := zones.Newest().Location("America/Vancouver"); err != nil || after == before {
		t.Errorf("got the zone as it was, %v", err)
	}
	t.Setenv("ZONEINFO", folder) // never back to older data
	if zones.Refresh() {
		t.Errorf("got %s", zones.Newest())
	}
}

// The day of a version is that of its release, and lies in the year of its name, whenever the file was made.
func TestReleased(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	builtIn := zones.BuiltIn()
	for _, test := range []struct{ version, written, want string }{
		{"2097b", "2097-04-10", "2097-04-10"},
		{"2097b", "2098-04-10", "2097-12-31"},
		{"2097b", "2026-11-10", "2097-01-01"},
		{builtIn.Version, "2020-01-01", builtIn.Released.Format(time.DateOnly)},
		{"2025b", "2030-01-01", "2025-12-31"},
	} {
		folder := zonestest.Like(t, test.version, nil)
		if err := os.Chtimes(filepath.Join(folder, "tzdata.zi"), day(test.written), day(test.written)); err != nil {
			t.Fatal(err)
		}
		d, err := zones.Folder(folder)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Released.Format(time.DateOnly); got != test.want {
			t.Errorf("%s, written on %s: got %s, want %s", test.version, test.written, got, test.want)
		}
	}
	// As other systems name it.
	for name, text := range map[string]string{"+VERSION": "2097c\n", "version": "2097d"} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if d, err := zones.Folder(folder); err != nil || d.Version != strings.TrimSpace(text) {
			t.Errorf("%s: got %v, %v", name, d, err)
		}
	}
}

// Nothing in this program asks the machine, or Go's own copy, past this package.
func TestNobodyLoadsZonesElsewhere(t *testing.T) {
	root := filepath.Join("..", "..")
	looked := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := os.ReadFile(path)
		looked++
		for _, word := range []string{"time.LoadLocation(", `"time/tzdata"`, "time.Local", ".Local()"} {
			if strings.Contains(string(data), word) {
				t.Errorf("%s has %s", path, word)
			}
		}
		return err
	})
	if err != nil || looked < 100 {
		t.Errorf("looked at %d files, %v", looked, err)
	}
}

func BenchmarkBuiltIn(b *testing.B) {
	names := []string{"Europe/Berlin", "Europe/Lisbon", "America/Vancouver", "Asia/Kathmandu"}
	for i := 0; b.Loop(); i++ {
		if _, err := zones.BuiltIn().Data(names[i%len(names)]); err != nil {
			b.Fatal(err)
		}
	}
}
