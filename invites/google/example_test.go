package google_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"coalition/invites"
	"coalition/invites/google"
)

// Google stands for a server that makes the event it is sent.
func Example() {
	made := wire(func(*http.Request) (int, string, error) {
		return http.StatusOK, `{"id":"048cgkos","etag":"\"1\"","organizer":{"email":"ana@example.org","self":true},` +
			`"summary":"A talk","attendees":[{"email":"maya@example.org","responseStatus":"needsAction"}]}`, nil
	})
	// The client of a signed-in account: see account.Account.Client.
	calendar, err := google.New(google.Config{Client: &http.Client{Transport: made}})
	if err != nil {
		fmt.Println(err)
		return
	}
	start := time.Date(2027, 3, 5, 8, 0, 0, 0, time.UTC)
	ch := &invites.EventChange{Key: "invite1", Event: invites.Event{ID: "048cgkos", Ref: "2027-maya", Summary: "A talk",
		Start: start, End: start.Add(time.Hour), Zone: "Europe/Berlin", Guests: []invites.Guest{{Email: "maya@example.org"}}}}
	// What dot does is certain to be done before anybody can hear of the event.
	dot := func() error {
		fmt.Println("on its way")
		return nil
	}
	event, err := calendar.Write(context.Background(), ch, dot)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(event.Summary, event.Guests[0].Email, event.Guests[0].PartStat)
	// Output:
	// on its way
	// A talk maya@example.org NEEDS-ACTION
}
