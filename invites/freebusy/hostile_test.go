package freebusy_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/invites/freebusy"
	"coalition/invites/plaintext"
)

// sound fails where what was found in a calendar is not as promised.
func sound(t *testing.T, busy []invites.Busy, problems []string, from, to time.Time) {
	t.Helper()
	for i, b := range busy {
		switch {
		case !b.Start.Before(b.End), !b.Start.Before(to), !b.End.After(from):
			t.Fatalf("%v is not in %v to %v", b, from, to)
		case i > 0 && b.Start.Before(busy[i-1].Start):
			t.Fatalf("%v is after %v", b, busy[i-1])
		case plaintext.CheckLine(b.Title) != nil:
			t.Fatalf("the title %q %v", b.Title, plaintext.CheckLine(b.Title))
		}
	}
	if len(busy) > 100_000 || len(problems) > 22 {
		t.Fatalf("got %d spans and %d problems", len(busy), len(problems))
	}
	for _, problem := range problems {
		if err := plaintext.CheckLine(problem); err != nil || len(problem) > 1_000 {
			t.Fatalf("the problem %q: %v", problem, err)
		}
	}
}

func FuzzBusy(f *testing.F) {
	const custom = "DTSTART;TZID=Our zone:20270304T100000\nDURATION:PT1H\n"
	f.Add(calendar(newYork,
		event(custom+"RRULE:FREQ=WEEKLY;BYDAY=MO,-1TU;COUNT=5\nEXDATE:20270304T150000Z,20270305\n"+
			"RDATE;VALUE=PERIOD:20270306T100000Z/PT1H")))
	f.Add(calendar(event(custom+"RRULE:FREQ=YEARLY;BYWEEKNO=-1;BYYEARDAY=1,-1;BYMONTHDAY=-1;BYSETPOS=-1;"+
		"UNTIL=20300101T000000Z;WKST=SU;INTERVAL=2"),
		event(custom+"RECURRENCE-ID;RANGE=THISANDFUTURE:20270304T150000Z\nSTATUS:CANCELLED\nTRANSP:TRANSPARENT")))
	f.Add(calendar(event("DTSTART;VALUE=DATE:20270304\nDTEND;VALUE=DATE:20270306\n"+
		"RRULE:FREQ=HOURLY;BYHOUR=1,2;BYMINUTE=0,30;BYSECOND=60"),
		"BEGIN:VFREEBUSY\nFREEBUSY;FBTYPE=BUSY:20270304T100000Z/P1W\nEND:VFREEBUSY"))
	f.Add(calendar(event("DTSTART;TZID=\"W. Europe Standard Time\":20270328T023000\nDTEND:20270328T0\n 30000Z\n" +
		"ATTENDEE;PARTSTAT=DECLINED:mailto:ana@example.org\nDURATION:-P1D")))
	f.Fuzz(func(t *testing.T, data string) {
		c, err := freebusy.Parse([]byte(data))
		if err != nil {
			if plaintext.CheckLine(err.Error()) != nil {
				t.Fatalf("%q", err)
			}
			return
		}
		berlin := zone(t, "Europe/Berlin")
		from := time.Date(2027, 3, 1, 0, 0, 0, 0, berlin)
		to := from.AddDate(0, 0, 40)
		reader := freebusy.Reader{Zone: berlin, Self: []string{"ana@example.org"}}
		busy, problems := c.Busy(reader, from, to)
		sound(t, busy, problems, from, to)
		again, _ := freebusy.Merge(c, c).Busy(reader, from, to)
		sound(t, again, nil, from, to)
		days, _ := c.Days(from, to)
		if len(days) > 40 {
			t.Fatalf("%d days", len(days))
		}
	})
}

// A calendar of the worst that somebody can write takes no longer than it may: what is quadratic would take minutes.
func TestNoLonger(t *testing.T) {
	octets := 1 << 20
	if testing.Short() {
		octets = 1 << 18
	}
	fill := func(s string) string { return strings.Repeat(s+"\n", octets/(len(s)+1)) }
	each := func(form string, size int) string { // with the number of each in it
		var s strings.Builder
		for i := range octets / size {
			fmt.Fprintf(&s, form+"\n", i)
		}
		return s.String()
	}
	list := func(name, value string) string { return name + value + strings.Repeat(","+value, octets/len(value)) }
	minutes := strings.Trim(strings.ReplaceAll(fmt.Sprint(make([]int, 60)), " ", ","), "[]")
	for i := range 60 {
		minutes = strings.Replace(minutes, "0,0", fmt.Sprintf("0,%d,0", i), 1)
	}
	const start = "DTSTART:20270304T100000Z\nDURATION:PT1H\n"
	const ancient = "DTSTART:00010101T100000Z\nDURATION:PT1H\n"
	const series = "BEGIN:VEVENT\nUID:1\n"
	const ruled = "BEGIN:STANDARD\nDTSTART:19000101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\n" +
		"RRULE:FREQ=HOURLY\nEND:STANDARD\n"
	for name, lines := range map[string]string{
		"events":               fill(series + start + "END:VEVENT"),
		"events without words": fill("BEGIN:VEVENT\nEND:VEVENT"),
		"each hour":            fill(series + start + "RRULE:FREQ=HOURLY\nEND:VEVENT"),
		"each hour since ever": fill(series + ancient + "RRULE:FREQ=HOURLY;COUNT=99999999;BYDAY=MO\nEND:VEVENT"),
		"each second": fill(series + start + "RRULE:FREQ=YEARLY;BYYEARDAY=-1;BYMINUTE=" + minutes +
			";BYSECOND=" + minutes + "\nEND:VEVENT"),
		"no rule": fill(series + ancient + "RRULE:FREQ=NEVER\nEND:VEVENT"),
		"no rule for long": fill(series + "DTSTART:00010101T100000Z\nDTEND:99990101T100000Z\nRRULE:FREQ=NEVER\n" +
			"END:VEVENT"),
		"many rules": series + start + fill("RRULE:FREQ=DAILY;BYHOUR=1,2,3") + "END:VEVENT",
		"moved far": fill(series + ancient + "RRULE:FREQ=NEVER\nEND:VEVENT\n" + series +
			"RECURRENCE-ID;RANGE=THISANDFUTURE:00010101T100000Z\nDTSTART:90000101T100000Z\nDURATION:PT1H\nEND:VEVENT"),
		"moved often": series + ancient + "RRULE:FREQ=HOURLY\nEND:VEVENT\n" +
			fill(series+start+"RECURRENCE-ID;RANGE=THISANDFUTURE:20270304T100000Z\nEND:VEVENT"),
		"many of one UID": fill(series + start + "RRULE:FREQ=DAILY\nSTATUS:CANCELLED\nEND:VEVENT\n" + series + start +
			"RECURRENCE-ID;RANGE=THISANDFUTURE:20270304T100000Z\nEND:VEVENT"),
		"EXDATE": series + start + "RRULE:FREQ=HOURLY\n" + list("EXDATE;TZID=Europe/Berlin:",
			"20270304T110000") + "\nEND:VEVENT",
		"RDATE":               series + start + list("RDATE;TZID=Europe/Berlin:", "99990304T110000") + "\nEND:VEVENT",
		"RDATE in the window": series + start + list("RDATE;TZID=Europe/Berlin:", "20270304T110000") + "\nEND:VEVENT",
		"declined": series + start + "RRULE:FREQ=HOURLY\n" +
			fill("ATTENDEE;PARTSTAT=DECLINED:mailto:ben@example.org") + "END:VEVENT",
		"free/busy":      "BEGIN:VFREEBUSY\n" + list("FREEBUSY:", "20270304T110000Z/PT1H") + "\nEND:VFREEBUSY",
		"names of zones": each(series+"DTSTART;TZID=Zone/%d:20270304T100000\nDURATION:PT1H\nEND:VEVENT", 90),
		"zones": each("BEGIN:VTIMEZONE\nTZID:%d\n"+ruled+"END:VTIMEZONE\n"+series+
			"DTSTART;TZID=%[1]d:20270304T100000\nDURATION:PT1H\nEND:VEVENT", 250),
		"one zone of many rules": "BEGIN:VTIMEZONE\nTZID:1\n" + fill(strings.TrimSpace(strings.Replace(ruled, "HOURLY",
			"YEARLY", 1))) + "END:VTIMEZONE\n" +
			fill(series+"DTSTART;TZID=1:20270304T100000\nDURATION:PT1H\nEND:VEVENT"),
		"calendars":    fill("END:VCALENDAR\nBEGIN:VCALENDAR"),
		"nesting":      fill("BEGIN:VEVENT\nBEGIN:VALARM"),
		"ends":         fill("END:VEVENT\nEND:VALARM"),
		"folds":        series + "DTSTART:20270304\n" + fill(" T") + "END:VEVENT",
		"folded names": fill("D\n TSTART:20270304T100000Z"),
		"quotes": series + `DTSTART;TZID="` + strings.Repeat(`;"`, octets/2) +
			":20270304T100000\nDURATION:PT1H\nEND:VEVENT",
		"parameters": series + `DTSTART` + strings.Repeat(`;A=""`, octets/5) +
			":20270304T100000\nDURATION:PT1H\nEND:VEVENT",
		"a long title": series + start + "RRULE:FREQ=DAILY\nSUMMARY:" + strings.Repeat(`\n\;`, octets/4) +
			"\nEND:VEVENT",
		"a long UID": fill("BEGIN:VEVENT\nUID:" + strings.Repeat("1", 100_000) + "\nRRULE:FREQ=DAILY\nEND:VEVENT"),
		"a long path": series + "DTSTART;TZID=" + strings.Repeat("/Europe", octets/7) +
			":20270304T100000\nDURATION:PT1H\nEND:VEVENT",
	} {
		data := []byte(calendar(lines))
		berlin := zone(t, "Europe/Berlin")
		from := time.Date(2027, 3, 1, 0, 0, 0, 0, berlin)
		to := from.AddDate(0, 0, 60)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		c, err := freebusy.Parse(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		busy, problems := c.Busy(freebusy.Reader{Zone: berlin, Self: []string{"ana@example.org"}}, from, to)
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		megabytes := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%-25s %6.0f ms %5d MB %7d spans %3d problems", name, took.Seconds()*1e3, megabytes, len(busy),
			len(problems))
		if took > 10*time.Second || megabytes > 1_000 {
			t.Errorf("%s: took %v and %d MB", name, took, megabytes)
		}
		sound(t, busy, problems, from, to)
	}
}
