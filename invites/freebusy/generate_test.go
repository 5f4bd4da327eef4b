package freebusy_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// What generated calendars are about: ten months in which clocks change twice, in both hemispheres.
var (
	windowStart = time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	windowEnd   = time.Date(2027, 12, 1, 0, 0, 0, 0, time.UTC)
)

var generatedZones = []string{"Europe/Berlin", "America/New_York", "Australia/Sydney", "Europe/Lisbon",
	"Australia/Adelaide", "Pacific/Auckland", "Asia/Kolkata"}

// A generator writes the calendar of one person, as calendar programs do.
type generator struct {
	*rand.Rand
	t     rapid.TB
	out   strings.Builder
	zone  string
	count int
}

// generate returns the calendar of a person with that many events, of which 15 % repeat, and the zone that the person
// is in. The same seed and person give the same. No time is in a gap or a doubled hour, and no start is outside of its
// rule; days have their end, lengths are exact, and those of floating times are not across a change of the clocks; no
// UNTIL is at the very instant of an instance.
func generate(t rapid.TB, seed, person uint64, events int) (data []byte, zone string) {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, person)), t: t,
		zone: generatedZones[int(person)%len(generatedZones)]}
	g.line("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example.org//Generated//EN", "CALSCALE:GREGORIAN")
	g.line(strings.Split(customZone, "\n")...)
	for range events {
		if g.Float64() < 0.15 {
			g.series()
		} else {
			g.single()
		}
	}
	g.line("END:VCALENDAR")
	return []byte(g.out.String()), g.zone
}

// customZone has the clocks of Berlin.
const customZone = `BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE`

func (g *generator) line(lines ...string) {
	for _, line := range lines {
		for len(line) > 75 {
			g.out.WriteString(line[:75] + "\r\n ")
			line = line[75:]
		}
		g.out.WriteString(line + "\r\n")
	}
}

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// A draft is a VEVENT that is being written.
type draft struct {
	// form is "" for a time in UTC, "DATE" for a day, "floating", or the TZID.
	form  string
	start time.Time
	// length is in hours, or in days where it is about days.
	length time.Duration
}

// draft draws when an event is, in the four years around the window.
func (g *generator) draft(from, days int) draft {
	d := draft{form: pick(g, g.zone, g.zone, g.zone, g.zone, "", "DATE", "floating", "Customized Time Zone", pick(g,
		generatedZones...))}
	d.start = windowStart.AddDate(0, 0, from+g.IntN(days))
	if d.form == "DATE" {
		d.length = time.Duration(1+g.IntN(3)) * 24 * time.Hour
		return d
	}
	d.start = d.start.Add(time.Duration(5*4+g.IntN(17*4)) * 15 * time.Minute)
	d.length = time.Duration(pick(g, 15, 30, 30, 60, 60, 90)) * time.Minute
	if d.form != "floating" && g.IntN(7) == 0 {
		// Over night.
		d.start, d.length = d.start.Truncate(24*time.Hour).Add(21*time.Hour), 10*time.Hour
	}
	return d
}

// moment writes a property about a moment of the draft.
func (d draft) moment(name string, at time.Time) string {
	switch d.form {
	case "":
		return name + ":" + at.Format("20060102T150405Z")
	case "DATE":
		return name + ";VALUE=DATE:" + at.Format("20060102")
	case "floating":
		return name + ":" + at.Format("20060102T150405")
	}
	return name + ";TZID=" + d.form + ":" + at.Format("20060102T150405")
}

// event writes a VEVENT; more are further lines.
func (g *generator) event(uid string, d draft, more ...string) {
	g.line("BEGIN:VEVENT", "UID:"+uid, "DTSTAMP:20270101T120000Z", "CREATED:20260912T083000Z",
		"LAST-MODIFIED:20270101T120000Z", d.moment("DTSTART", d.start))
	if hours := d.length; d.form != "DATE" && hours < 24*time.Hour && g.IntN(4) == 0 {
		g.line("DURATION:PT" + strings.ToUpper(hours.String()))
	} else {
		g.line(d.moment("DTEND", d.start.Add(d.length)))
	}
	g.line(fmt.Sprintf("SUMMARY:Talk about number %d\\, and what follows", g.count), "SEQUENCE:0")
	g.line(more...)
	if g.IntN(3) == 0 {
		g.line("LOCATION:Room "+fmt.Sprint(g.IntN(9)),
			"DESCRIPTION:"+strings.Repeat("What we said we would talk about\\, in some words.\\n", 1+g.IntN(8)),
			"ORGANIZER;CN=Ana Lopes:mailto:ana@example.org",
			"ATTENDEE;CN=Ben;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:ben@example.org",
			"ATTENDEE;CN=Maya;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:maya@example.org",
			"BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:Soon", "END:VALARM")
	}
	g.line("END:VEVENT")
}

func (g *generator) uid() string {
	g.count++
	return fmt.Sprintf("%d-%x@example.org", g.count, g.Uint64())
}

// status is mostly nothing.
func (g *generator) status() []string {
	return pick(g, nil, nil, nil, nil, []string{"TRANSP:OPAQUE"}, []string{"STATUS:TENTATIVE"},
		[]string{"STATUS:CONFIRMED"},
		[]string{"TRANSP:TRANSPARENT"}, []string{"STATUS:CANCELLED"})
}

func (g *generator) single() { g.event(g.uid(), g.draft(-200, 700), g.status()...) }

func (g *generator) series() {
	uid, d := g.uid(), g.draft(-1000, 1200)
	d.length = min(d.length, 24*time.Hour)
	rule, next := g.rule(&d)
	more := append(g.status(), "RRULE:"+rule)
	at := func(n int) time.Time { return next(d.start, n) }
	// Some instances are out, and some differ.
	for _, n := range []int{g.IntN(20), 20 + g.IntN(40)} {
		switch g.IntN(4) {
		case 0:
			more = append(more, d.moment("EXDATE", at(n)))
		case 1:
			more = append(more, d.moment("EXDATE", at(n))+","+d.moment("", at(n+1))[strings.LastIndex(d.moment("",
				at(n+1)), ":")+1:])
		}
	}
	if g.IntN(8) == 0 {
		more = append(more, d.moment("RDATE", d.start.AddDate(0, 0, 1+g.IntN(90))))
	}
	g.event(uid, d, more...)
	if g.IntN(2) == 0 {
		n := 60 + g.IntN(20)
		other := d
		other.start = at(n).AddDate(0, 0, g.IntN(3))
		g.event(uid, other, append(g.status(), d.moment("RECURRENCE-ID", at(n)))...)
	}
}

var weekdays = []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// rule draws a rule that the start of the draft is in, for which that may move, and how to get to its nth instance.
func (g *generator) rule(d *draft) (rule string, next func(start time.Time, n int) time.Time) {
	interval := 1 + g.IntN(3)
	name := weekdays[d.start.Weekday()]
	every := fmt.Sprint(";INTERVAL=", interval)
	switch g.IntN(7) {
	case 0:
		rule, next = "FREQ=DAILY"+every, func(start time.Time, n int) time.Time {
			return start.AddDate(0, 0,
				n*interval)
		}
	case 1:
		rule, next = "FREQ=WEEKLY"+every, func(start time.Time, n int) time.Time {
			return start.AddDate(0, 0,
				7*n*interval)
		}
	case 2:
		other := weekdays[(int(d.start.Weekday())+2)%7]
		rule = "FREQ=WEEKLY;WKST=" + pick(g, "MO", "SU") + every + ";BYDAY=" + name + "," + other
		next = func(start time.Time, n int) time.Time { return start.AddDate(0, 0, 7*n*interval) }
	case 3:
		d.start = d.start.AddDate(0, 0, min(28, d.start.Day())-d.start.Day())
		rule, next = "FREQ=MONTHLY"+every, func(start time.Time, n int) time.Time {
			return start.AddDate(0, n*interval,
				0)
		}
	case 4:
		nth := min(4, (d.start.Day()+6)/7)
		d.start = d.start.AddDate(0, 0, min(28, d.start.Day())-d.start.Day())
		name = weekdays[d.start.Weekday()]
		rule = fmt.Sprintf("FREQ=MONTHLY;BYDAY=%d%s", nth, name)
		next = func(start time.Time, n int) time.Time {
			month := time.Date(start.Year(), start.Month()+time.Month(n), 1, start.Hour(), start.Minute(), 0, 0,
				time.UTC)
			return month.AddDate(0, 0, int(start.Weekday()-month.Weekday()+7)%7+7*(nth-1))
		}
	case 5:
		// The last working day of the month.
		last := func(start time.Time, n int) time.Time {
			month := time.Date(start.Year(), start.Month()+time.Month(n)+1, 0, start.Hour(), start.Minute(), 0, 0,
				time.UTC)
			for month.Weekday() == time.Saturday || month.Weekday() == time.Sunday {
				month = month.AddDate(0, 0, -1)
			}
			return month
		}
		d.start = last(d.start, 0)
		rule, next = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", last
	default:
		d.start = d.start.AddDate(0, 0, min(28, d.start.Day())-d.start.Day())
		rule, next = "FREQ=YEARLY", func(start time.Time, n int) time.Time { return start.AddDate(n, 0, 0) }
	}
	switch g.IntN(4) {
	case 0:
		rule += fmt.Sprint(";COUNT=", 1+g.IntN(200))
	case 1:
		until := next(d.start, 5+g.IntN(100))
		switch d.form {
		case "DATE":
			rule += ";UNTIL=" + until.Format("20060102")
		case "floating":
			rule += ";UNTIL=" + until.Format("20060102T150405")
		case "":
			rule += ";UNTIL=" + until.Format("20060102T150405Z")
		default:
			form := strings.Replace(d.form, "Customized Time Zone", "Europe/Berlin", 1)
			wall := time.Date(until.Year(), until.Month(), until.Day(), until.Hour()+2, until.Minute(), 0, 0, zone(g.t,
				form))
			rule += ";UNTIL=" + wall.UTC().Format("20060102T150405Z")
		}
	}
	return rule, next
}
