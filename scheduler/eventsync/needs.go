package eventsync

import (
	"context"
	"time"

	"coalition/invites"
	"coalition/scheduler/delivery"
	"coalition/scheduler/intake"
	"coalition/scheduler/outbox"
)

// A Calendar is an online calendar of the organizer, which mails its guests by itself.
type Calendar interface {
	delivery.Calendar
	// Capabilities says what the calendar does by itself.
	Capabilities() invites.Capabilities
	// Changes calls take with the events that have changed after cursor, page by page, also with those
	// that were deleted. Where cursor is "" or of no use any more it begins anew: with full pages of all
	// events that end at or after since. next is the cursor for the next call: the same one where there
	// is nothing new. An error of take ends it, and is returned.
	Changes(ctx context.Context, cursor string, since time.Time, take func(page []*invites.Event, full bool) error) (next string, err error)
	// Event is the event with that id as the calendar named in holds it ("": this one), or as another one of the
	// account holds it, into which it was moved; Deleted where it is not there.
	Event(ctx context.Context, in, id string) (*invites.Event, error)
	// Reaches reports whether the account may write to the calendar of that name, too.
	Reaches(ctx context.Context, name string) bool
}

// A Store is what keeping in step with a calendar needs of a store.
type Store interface {
	intake.Store
	// Hurry lets what waits for another try by a channel be tried at once, and the doors that wait for a sign-in
	// again (Code 401).
	Hurry(ctx context.Context, by outbox.Channel) error
	// Message is a message with its bytes.
	Message(ctx context.Context, row int64) (*outbox.Message, error)
}
