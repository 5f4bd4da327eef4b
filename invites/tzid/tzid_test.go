package tzid_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"coalition/invites"
	"coalition/invites/tzid"
)

func of(t rapid.TB, name string) *time.Location {
	t.Helper()
	loc, err := invites.Location(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// A time is when clocks show it first; where they never do, as long after the last moment that they show before it.
func TestInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc := of(t, rapid.SampledFrom([]string{"Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe",
			"Africa/Casablanca",
			"Pacific/Apia", "Antarctica/Troll", "America/Sao_Paulo", "Asia/Kathmandu", "UTC"}).Draw(t, "zone"))
		wall := time.Date(rapid.IntRange(1970, 2200).Draw(t, "year"), time.January, 1, 0, 0, 0, 0, time.UTC).
			Add(time.Duration(rapid.IntRange(0, 366*24*4).Draw(t, "quarters")) * 15 * time.Minute)
		if rapid.Bool().Draw(t, "at a change") {
			if _, change := wall.In(loc).ZoneBounds(); !change.IsZero() {
				_, offset := change.Zone()
				quarters := rapid.IntRange(-10, 10).Draw(t, "from there")
				wall = change.UTC().Add(time.Duration(offset)*time.Second + time.Duration(quarters)*15*time.Minute)
			}
		}
		wall = wall.Truncate(time.Minute)
		var want time.Time
		var below time.Duration // by how much clocks were last behind
		for at := wall.Add(-30 * time.Hour); ; at = at.Add(time.Minute) {
			_, offset := at.In(loc).Zone()
			shown := at.Add(time.Duration(offset) * time.Second)
			if shown.Equal(wall) {
				want = at
				break
			}
			if shown.After(wall) {
				want = at.Add(below - time.Minute)
				break
			}
			below = wall.Sub(shown)
		}
		if got := tzid.Of(loc).Instant(wall); !got.Equal(want) || got.Location() != loc {
			t.Fatalf("%s: %v is %v, want %v", loc, wall, got, want.In(loc))
		}
	})
}

// What a VTIMEZONE says holds in all years, also beyond those that are kept, and its work is counted.
func TestFind(t *testing.T) {
	european := []tzid.Observance{
		{Start: "16010101T030000", From: "+0200", To: "+0100", Rules: []string{"FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"}},
		{Start: "16010101T020000", From: "+0100", To: "+0200", Rules: []string{"FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"}},
	}
	steps := 100_000
	zone := tzid.Find("Our zone", slices.Values([][]tzid.Observance{nil, {{Start: "soon"}}, european}), &steps)
	if zone == nil || steps > 99_000 {
		t.Fatalf("got %v, with %d steps left", zone, steps)
	}
	berlin := of(t, "Europe/Berlin")
	for year := 1998; year < 2200; year++ {
		for _, month := range []time.Month{3, 7, 10} {
			for day := 24; day < 32; day++ {
				wall := time.Date(year, month, day, 2, 30, 0, 0, time.UTC)
				if got, want := zone.Instant(wall),
					tzid.Of(berlin).Instant(wall); !got.Equal(want) || got.Location() != time.UTC {
					t.Fatalf("%v is %v, want %v", wall, got, want)
				}
			}
		}
	}
	// What has been found before costs none.
	steps = 0
	if again := tzid.Find("Their zone", slices.Values([][]tzid.Observance{european}), &steps); again == nil {
		t.Error("the same was not found again")
	}
	european[0].From = "+0300"
	steps = 100
	if zone := tzid.Find("Our zone", slices.Values([][]tzid.Observance{european}), &steps); zone != nil {
		t.Error("it was found with no steps left")
	}
	for _, name := range []string{"", "Our zone", "Europe/Atlantis", "Local"} {
		if zone := tzid.Find(name, slices.Values([][]tzid.Observance{}), &steps); zone != nil {
			t.Errorf("%q is known", name)
		}
	}
}

func BenchmarkInstant(b *testing.B) {
	zone := tzid.Of(of(b, "Europe/Berlin"))
	wall := time.Date(2027, 3, 4, 10, 0, 0, 0, time.UTC)
	for b.Loop() {
		zone.Instant(wall)
	}
}
