package ical

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-ical"
	"github.com/yaegashi/wtz.go"

	"coalition/invites"
)

// How the zone of a foreign calendar is found, for which TZID is only a name that the file gives it.
//
//  1. A name that is a place in the tz database ("Europe/Berlin", or behind a prefix as in
//     "/freeassociation.sourceforge.net/Europe/Berlin") is that place. Its VTIMEZONE is but a copy of
//     what the writer's own database said, and often a shortened or outdated one; the people who meet
//     look at the clocks of the place.
//  2. Any other name means what the file's VTIMEZONE says. Exchange writes Windows names, and
//     administrators' own ("Customized Time Zone"); others write "EST" over rules that have a summer.
//  3. Without a VTIMEZONE that can be read, a name that the tz database or Windows knows is that zone.
//  4. All else is in a zone that nobody knows, and so are times without one: never in this machine's.

// A wallTime is what clocks show, as if they were in UTC, and a zone that tells when they do.
type wallTime struct {
	wall time.Time
	// zone is nil where nobody knows.
	zone func(wall time.Time) time.Time
}

// instant returns when the clocks show it; zero: nobody knows. Of two such moments it is the first, and
// what clocks leave out is counted from before they are put forward (RFC 5545, section 3.3.5).
func (w wallTime) instant() time.Time {
	if w.zone == nil {
		return time.Time{}
	}
	return w.zone(w.wall)
}

// readMoment returns the DATE-TIME in p, which may be nil. A DATE gives no instant.
func readMoment(p *ical.Prop, calendar *ical.Component) wallTime {
	if p == nil {
		return wallTime{}
	}
	value, isUTC := strings.CutSuffix(strings.ToUpper(p.Value), "Z")
	wall, ok := readWall(value)
	switch {
	case !ok || wall.Year() < 1970 || wall.Year() > maxYear:
		return wallTime{}
	case isUTC:
		return wallTime{wall, func(wall time.Time) time.Time { return wall }}
	}
	// A comma that nobody has quoted makes a list of what is one name.
	return wallTime{wall, zoneOf(strings.Join(p.Params[ical.PropTimezoneID], ","), calendar)}
}

func readWall(s string) (time.Time, bool) {
	const form = "20060102T150405"
	t, err := time.Parse(form, s)
	return t, err == nil && len(s) == len(form)
}

// zoneName returns a TZID as it is meant. It is TEXT in a VTIMEZONE, where commas are escaped, and a parameter
// elsewhere, where they are not: Exchange names its zones "(UTC+01:00) Amsterdam, Berlin, Bern, …".
func zoneName(tzid string) string {
	return strings.Join(strings.Fields(strings.Trim(unescape.Replace(tzid), `"' `)), " ")
}

func zoneOf(tzid string, calendar *ical.Component) func(time.Time) time.Time {
	tzid = zoneName(tzid)
	if tzid == "" {
		return nil
	}
	loc, place := named(tzid)
	if place {
		return func(wall time.Time) time.Time { return inLocation(wall, loc) }
	}
	for _, c := range calendar.Children {
		if c.Name != ical.CompTimezone || zoneName(value(c, ical.PropTimezoneID)) != tzid {
			continue
		}
		phases, ok := readTimezone(c)
		if !ok {
			continue
		}
		return func(wall time.Time) time.Time {
			t := inPhases(wall, phases)
			if loc != nil && inLocation(wall, loc).Equal(t) {
				return t.In(loc)
			}
			return t
		}
	}
	if loc == nil {
		return nil
	}
	return func(wall time.Time) time.Time { return inLocation(wall, loc) }
}

// Windows has them since the list in wtz.go was made.
var newerWindows = map[string]string{
	"Alberta Standard Time":          "America/Edmonton",
	"British Columbia Standard Time": "America/Vancouver",
	"Manitoba Standard Time":         "America/Winnipeg",
	"South Sudan Standard Time":      "Africa/Juba",
	"Yukon Standard Time":            "America/Whitehorse",
}

// named returns the zone that the tz database or Windows knows by that name, and whether the name is
// that of a place; nil: neither does.
func named(tzid string) (loc *time.Location, place bool) {
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

func inLocation(wall time.Time, loc *time.Location) time.Time {
	// around is further from UTC, and from a change by a whole day, than any zone is.
	const around = 48 * time.Hour
	_, before := wall.Add(-around).In(loc).Zone()
	_, after := wall.Add(around).In(loc).Zone()
	first := wall.Add(-time.Duration(before) * time.Second).In(loc)
	second := wall.Add(-time.Duration(after) * time.Second).In(loc)
	if _, now := first.Zone(); now == before {
		return first
	}
	if _, now := second.Zone(); now == after {
		return second
	}
	return first
}

// A phase is a STANDARD or DAYLIGHT of a VTIMEZONE (RFC 5545, section 3.6.5): from each of its
// onsets on, clocks are to seconds east of UTC.
type phase struct {
	// onsets are what clocks show then, before they are put.
	onsets   []time.Time
	from, to int
	// rule gives further onsets, from onsets[0] on; the zero rule none.
	rule yearlyRule
}

// readTimezone takes a VTIMEZONE apart. It is not ok where one of its phases can't be read for sure.
func readTimezone(c *ical.Component) ([]phase, bool) {
	var phases []phase
	for _, child := range c.Children {
		if child.Name != ical.CompTimezoneStandard && child.Name != ical.CompTimezoneDaylight {
			continue
		}
		start, ok := readWall(strings.TrimSuffix(value(child, ical.PropDateTimeStart), "Z"))
		to, ok2 := readOffset(value(child, ical.PropTimezoneOffsetTo))
		from, ok3 := readOffset(value(child, ical.PropTimezoneOffsetFrom))
		if !ok || !ok2 || !ok3 || len(child.Props[ical.PropRecurrenceRule]) > 1 {
			return nil, false
		}
		p := phase{onsets: []time.Time{start}, from: from, to: to}
		for _, dates := range child.Props[ical.PropRecurrenceDates] {
			for date := range strings.SplitSeq(dates.Value, ",") {
				onset, ok := readWall(strings.TrimSpace(date))
				if !ok {
					return nil, false
				}
				p.onsets = append(p.onsets, onset)
			}
		}
		if rule := value(child, ical.PropRecurrenceRule); rule != "" {
			if p.rule, ok = readRule(rule, start, from); !ok {
				return nil, false
			}
		}
		phases = append(phases, p)
	}
	return phases, len(phases) > 0
}

// value returns that of the first property of that name; "" without one.
func value(c *ical.Component, name string) string {
	if p := c.Props.Get(name); p != nil {
		return strings.TrimSpace(p.Value)
	}
	return ""
}

func inPhases(wall time.Time, phases []phase) time.Time {
	var onset time.Time
	var now *phase
	for i := range phases {
		if at, ok := phases[i].last(wall); ok && (now == nil || at.After(onset)) {
			onset, now = at, &phases[i]
		}
	}
	// It is before the first onset.
	if now == nil {
		first := slices.MinFunc(phases, func(a, b phase) int { return a.onsets[0].Compare(b.onsets[0]) })
		return wall.Add(-time.Duration(first.from) * time.Second)
	}
	if skipped := time.Duration(now.to-now.from) * time.Second; wall.Before(onset.Add(skipped)) {
		return wall.Add(-time.Duration(now.from) * time.Second)
	}
	return wall.Add(-time.Duration(now.to) * time.Second)
}

// last returns the latest onset that is not after wall.
func (p *phase) last(wall time.Time) (time.Time, bool) {
	last, ok := p.rule.last(p.onsets[0], wall)
	for _, onset := range p.onsets {
		if !onset.After(wall) && (!ok || onset.After(last)) {
			last, ok = onset, true
		}
	}
	return last, ok
}

// A yearlyRule is an RRULE as it stands in a VTIMEZONE: one moment of one day of one month.
type yearlyRule struct {
	// interval is in years.
	interval int
	until    time.Time
	month    time.Month
	// days are those of the month, of which any will do; none: any day.
	days []int
	// weekday is -1 for any day.
	weekday time.Weekday
	// nth is that of these weekdays in the month, from its end where negative; 0: any.
	nth int
	// clock is hour, minute and second.
	clock [3]int
}

func readRule(s string, start time.Time, from int) (yearlyRule, bool) {
	r := yearlyRule{interval: 1, until: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), weekday: -1,
		clock: [3]int{start.Hour(), start.Minute(), start.Second()}}
	yearly, count, position, many := false, 0, 0, false
	for part := range strings.SplitSeq(strings.ToUpper(strings.TrimSuffix(s, ";")), ";") {
		name, value, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(value)
		ok := true
		switch name {
		case "FREQ":
			yearly = value == "YEARLY"
		// No rule of this kind hangs on it.
		case "WKST":
		case "INTERVAL":
			r.interval, ok = n, err == nil && n > 0 && n < 10_000
		case "COUNT":
			count, ok = n, err == nil && n > 0
		case "BYMONTH":
			r.month, ok = time.Month(n), err == nil && n >= 1 && n <= 12
		case "UNTIL":
			utc := strings.HasSuffix(value, "Z")
			if r.until, ok = readWall(strings.TrimSuffix(value, "Z")); !ok {
				r.until, ok = readWall(value + "T235959")
			}
			if utc {
				r.until = r.until.Add(time.Duration(from) * time.Second)
			}
		case "BYMONTHDAY":
			for day := range strings.SplitSeq(value, ",") {
				n, err := strconv.Atoi(day)
				ok = ok && err == nil && n >= -31 && n <= 31 && n != 0 && len(r.days) < 31
				r.days = append(r.days, n)
			}
		// So Notes writes what DTSTART says already.
		case "BYHOUR", "BYMINUTE", "BYSECOND":
			unit := slices.Index([]string{"BYHOUR", "BYMINUTE", "BYSECOND"}, name)
			// The earliest puts the clocks; later ones of the same day change nothing.
			first := 60
			for each := range strings.SplitSeq(value, ",") {
				n, err := strconv.Atoi(each)
				ok = ok && err == nil && n >= 0 && n < []int{24, 60, 60}[unit]
				first, many = min(first, n), many || first < 60
			}
			r.clock[unit] = first
		case "BYSETPOS":
			position, ok = n, err == nil && n >= -5 && n <= 5 && n != 0
		case "BYDAY":
			at := max(0, len(value)-2)
			r.weekday = time.Weekday(slices.Index(weekdays[:], value[at:]))
			if nth := value[:at]; nth != "" {
				n, err = strconv.Atoi(nth)
				r.nth, ok = n, err == nil && n >= -5 && n <= 5 && n != 0
			}
			ok = ok && r.weekday >= 0
		default:
			ok = false
		}
		if !ok {
			return yearlyRule{}, false
		}
	}
	anyDay := r.weekday < 0 && len(r.days) == 0
	switch {
	// It is some of a day's moments.
	case many && (count > 0 || position != 0):
		return yearlyRule{}, false
	case position == 0:
	// It is the last Sunday of all.
	case r.weekday >= 0 && r.nth == 0 && len(r.days) == 0:
		r.nth = position
	// Otherwise it is the only one.
	case position != 1 && position != -1 || r.weekday >= 0 && r.nth == 0 || len(r.days) > 1:
		return yearlyRule{}, false
	}
	switch {
	// These are days of the whole year, which no known calendar means.
	case r.month == 0 && !anyDay:
		return yearlyRule{}, false
	case r.month == 0:
		r.month = start.Month()
	}
	if anyDay {
		r.days = []int{start.Day()}
	}
	// It is once in each of its years.
	if count > 0 && count < 10_000 {
		until := time.Date(start.Year()+(count-1)*r.interval, 12, 31, 23, 59, 59, 0, time.UTC)
		if until.Before(r.until) {
			r.until = until
		}
	}
	return r, yearly
}

// last returns the latest instance, from start on, that is not after wall.
func (r yearlyRule) last(start, wall time.Time) (time.Time, bool) {
	if r.interval == 0 {
		return time.Time{}, false
	}
	year := min(wall.Year(), r.until.Year())
	year -= (year - start.Year()) % r.interval
	// A 29th of February is up to eight years away.
	for tries := 0; year >= start.Year() && tries < 10; tries++ {
		if at, ok := r.in(year); ok && !at.After(wall) && !at.After(r.until) {
			return at, !at.Before(start)
		}
		year -= r.interval
	}
	return time.Time{}, false
}

// in returns the instance in that year: the first, for more change nothing.
func (r yearlyRule) in(year int) (time.Time, bool) {
	first := time.Date(year, r.month, 1, r.clock[0], r.clock[1], r.clock[2], 0, time.UTC)
	length := first.AddDate(0, 1, -1).Day()
	for day := 1; day <= length; day++ {
		if r.weekday >= 0 && (first.Weekday()+time.Weekday(day-1))%7 != r.weekday ||
			len(r.days) > 0 && !slices.Contains(r.days, day) && !slices.Contains(r.days, day-length-1) ||
			r.nth > 0 && (day+6)/7 != r.nth || r.nth < 0 && (length-day+7)/7 != -r.nth {
			continue
		}
		return first.AddDate(0, 0, day-1), true
	}
	return time.Time{}, false
}

// readOffset returns a UTC-OFFSET (RFC 5545, section 3.3.14), in seconds.
func readOffset(s string) (int, bool) {
	if len(s) != 5 && len(s) != 7 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[1:], 10, 32)
	if err != nil {
		return 0, false
	}
	if len(s) == 5 {
		n *= 100
	}
	seconds := int(n/10000*3600 + n/100%100*60 + n%100)
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, n < 240000
}
