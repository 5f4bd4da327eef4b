package outbox_test

import (
	"fmt"
	"time"

	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// An edit of the agenda is to be told, and keeps the partner's answer; another time asks them anew.
func ExampleContent_Moves() {
	known := outbox.Content{Start: plan.Slot{Wall: "2027-03-04T10:00", Zone: "Europe/Lisbon"}, Length: time.Hour, Rest: "two points"}
	edited, moved := known, known
	edited.Rest = "three points"
	moved.Length = 2 * time.Hour
	for _, meant := range []outbox.Content{known, edited, moved} {
		fmt.Println("known:", meant.Tells(&known), "asks anew:", meant.Moves(&known))
	}
	// Output:
	// known: true asks anew: false
	// known: false asks anew: false
	// known: false asks anew: true
}
