package google_test

import (
	"time"

	"coalition/invites"
)

var nine = time.Date(2027, 3, 4, 9, 0, 0, 0, time.UTC)

const eventID = "0123456789abcdefghijklmn04"

// invitation is a talk with Maya that is to be written for the first time.
func invitation() *invites.Change {
	return &invites.Change{Entry: invites.Entry{
		ID: eventID, Ref: "maya/1", Start: nine, End: nine.Add(time.Hour), Zone: "Europe/Berlin",
		Summary: "A conversation: Ana Lopes and Maya Chen", Location: "Riverside path, north gate",
		Description: "<b>Agenda</b><ul><li>What we agree on</li></ul>",
		Guests:      []invites.Guest{{Name: "Maya Chen", Email: "maya@example.org"}},
		Alarms:      []time.Duration{24 * time.Hour, time.Hour},
	}}
}
