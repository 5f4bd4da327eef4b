package freebusy_test

import (
	"fmt"
	"log"
	"strings"
	"time"

	"coalition/invites/freebusy"
)

func Example() {
	file := strings.Join([]string{
		"BEGIN:VCALENDAR",
		"BEGIN:VEVENT",
		"UID:1@example.org",
		"SUMMARY:Dentist",
		"DTSTART:20270304T100000Z",
		"DTEND:20270304T103000Z",
		"END:VEVENT",
		"BEGIN:VEVENT",
		"UID:3@example.org",
		"SUMMARY:Choir",
		"DTSTART;TZID=Europe/Lisbon:20260908T193000",
		"DURATION:PT2H",
		"RRULE:FREQ=WEEKLY;BYDAY=TU,FR",
		"EXDATE;TZID=Europe/Lisbon:20270305T193000",
		"END:VEVENT",
		"BEGIN:VEVENT",
		"UID:2@example.org",
		"SUMMARY:Lent begins",
		"DTSTART;VALUE=DATE:20270304",
		"TRANSP:TRANSPARENT",
		"END:VEVENT",
		"END:VCALENDAR",
	}, "\r\n")
	c, err := freebusy.Parse([]byte(file))
	if err != nil {
		log.Fatal(err)
	}
	from := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	busy, problems := c.Busy(freebusy.Reader{Zone: time.UTC}, from, from.AddDate(0, 0, 7))
	for _, b := range busy {
		fmt.Println(b.Start.Format("Mon 15:04"), "to", b.End.Format("15:04"), b.Title)
	}
	fmt.Println(len(problems), "problems")
	// Output:
	// Tue 19:30 to 21:30 Choir
	// Thu 10:00 to 10:30 Dentist
	// 0 problems
}
