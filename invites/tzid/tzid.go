// Package tzid knows which clocks a foreign calendar means by the name of a zone (TZID, RFC 5545, section 3.2.19), and
// when these show a time. It leaves taking a calendar apart to others, and the zone data to invites/zones. It is pure:
// no clock, no network, no state but what it has found out about zones before.
//
// A TZID is only a name that the file gives a zone:
//
//  1. A name that is a place in the tz database ("Europe/Berlin", or behind a prefix as in
//     "/freeassociation.sourceforge.net/Europe/Berlin") is that place. Its VTIMEZONE is but a copy of what the
//     writer's own database said, and often a shortened or outdated one; the people who meet look at the clocks of the
//     place.
//  2. Any other name means what the file's VTIMEZONE says. Exchange writes Windows names, and administrators' own
//     ("Customized Time Zone"); others write "EST" over rules that have a summer.
//  3. Without a VTIMEZONE that can be read, a name that the tz database or Windows knows is that zone.
//  4. All else is a zone that nobody knows: never this machine's.
package tzid

import (
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/yaegashi/wtz.go"

	"coalition/invites"
)

// A Zone is the clocks that a TZID means. It is safe for concurrent use.
type Zone struct {
	// loc is the zone as the tz database or Windows knows its name; nil: neither does.
	loc *time.Location
	// named are the changes of loc; own, those of the VTIMEZONE where that counts. One of them is not nil.
	named, own changes
}

// Instant returns when the clocks show wall, which is given as if it were in UTC. Of two such moments it is the first,
// and what clocks leave out is counted from before they are put forward (RFC 5545, section 3.3.5). Before 1970 clocks
// are as they were then. The result is in the zone of the tz database where that is known, and else in UTC.
func (z *Zone) Instant(wall time.Time) time.Time {
	shown := wall.Unix()
	if z.own == nil {
		return time.Unix(z.named.instant(shown), 0).In(z.loc)
	}
	instant := time.Unix(z.own.instant(shown), 0)
	if z.named != nil && instant.Unix() == z.named.instant(shown) {
		return instant.In(z.loc)
	}
	return instant.UTC()
}

// Changes of the clocks are kept for the years from firstYear until lastYear.
const (
	firstYear = 1970
	lastYear  = 2100
	// lastSecond is when lastYear begins, since 1970.
	lastSecond = 4_102_444_800
)

var kept sync.Map

// Of returns the zone of a place.
func Of(loc *time.Location) *Zone {
	if z, ok := kept.Load(loc); ok {
		return z.(*Zone)
	}
	z, _ := kept.LoadOrStore(loc, &Zone{loc: loc, named: changesIn(loc, startOf(firstYear-1), startOf(lastYear+1))})
	return z.(*Zone)
}

func startOf(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }

// Find returns the zone of that TZID, as [Name] gives it; nil: nobody knows. definitions are the VTIMEZONEs of the
// same file and TZID, of which the first that can be read counts; they are only looked at where they are needed. What
// is found in one takes some of steps; where none are left it can't be read.
func Find(name string, definitions iter.Seq[[]Observance], steps *int) *Zone {
	if name == "" {
		return nil
	}
	loc, place := known(name)
	if place {
		return Of(loc)
	}
	for observances := range definitions {
		own := changesOf(observances, steps)
		if own == nil {
			continue
		}
		z := &Zone{own: own}
		if loc != nil {
			z.loc, z.named = loc, Of(loc).named
		}
		return z
	}
	if loc == nil {
		return nil
	}
	return Of(loc)
}

var unescape = strings.NewReplacer(`\\`, `\`, `\,`, `,`, `\;`, `;`, `\n`, "\n", `\N`, "\n")

// Name returns a TZID as it is meant. It is TEXT in a VTIMEZONE, where commas are escaped, and a parameter
// elsewhere, where they are not: Exchange names its zones "(UTC+01:00) Amsterdam, Berlin, Bern, …".
func Name(tzid string) string {
	return strings.Join(strings.Fields(strings.Trim(unescape.Replace(tzid), `"' `)), " ")
}

// Windows has them since the list in wtz.go was made.
var newerWindows = map[string]string{
	"Alberta Standard Time":          "America/Edmonton",
	"British Columbia Standard Time": "America/Vancouver",
	"Manitoba Standard Time":         "America/Winnipeg",
	"South Sudan Standard Time":      "Africa/Juba",
	"Yukon Standard Time":            "America/Whitehorse",
}

// known returns the zone that the tz database or Windows knows by that name, and whether the name is
// that of a place; nil: neither does.
func known(tzid string) (loc *time.Location, place bool) {
	parts := strings.Split(tzid, "/")
	// Three parts are as in America/Argentina/Buenos_Aires.
	for n := min(len(parts), 3); n >= 2; n-- {
		if loc, err := invites.Location(strings.Join(parts[len(parts)-n:], "/")); err == nil {
			return loc, true
		}
	}
	name := parts[len(parts)-1]
	// As in Outlook's "tzone://Microsoft/Utc".
	if strings.EqualFold(name, "UTC") {
		return time.UTC, false
	}
	if loc, err := invites.Location(name); err == nil {
		return loc, false
	}
	// Outlook counts the zones of one name in a file: "GMT Standard Time 1".
	for _, name := range []string{name, strings.TrimRight(strings.TrimRight(name, "0123456789"), " ")} {
		for _, windows := range []map[string]string{wtz.WindowsToUnixMap, newerWindows} {
			if loc, err := invites.Location(windows[name]); err == nil {
				return loc, false
			}
		}
	}
	return nil, false
}
