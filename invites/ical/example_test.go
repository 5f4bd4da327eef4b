package ical_test

import (
	"fmt"
	"time"

	"coalition/invites"
	"coalition/invites/ical"
)

// An invitation goes out, and the partner's calendar answers it.
func Example() {
	berlin, err := invites.Location("Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	start := time.Date(2027, 3, 4, 10, 0, 0, 0, berlin)
	talk := ical.VEvent{
		UID: "talk-1@example.org", Stamp: start.AddDate(0, 0, -7), Start: start, End: start.Add(time.Hour), Summary: "Ana and Maya",
		Organizer: invites.Address{Name: "Ana", Email: "ana@example.org"}, Attendee: invites.Address{Email: "maya@example.org"},
	}
	object, err := talk.Encode(invites.Request)
	fmt.Println(len(object) > 0, err)

	answer, err := ical.Parse([]byte("BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:talk-1@example.org\r\n" +
		"ATTENDEE;PARTSTAT=ACCEPTED:mailto:maya@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"))
	if err != nil {
		fmt.Println("the calendar in it", err)
		return
	}
	fmt.Println(answer.Method, answer.UID, answer.Attendees[0].PartStat)
	// Output:
	// true <nil>
	// REPLY talk-1@example.org ACCEPTED
}
