package invites

import (
	"errors"
	"fmt"
	"time"
)

// The reasons of a [DeliveryError] that have a remedy of their own, for [errors.Is].
var (
	ErrLogin  = errors.New("the account has to be signed in to again")
	ErrGuests = errors.New("the calendar takes no more guests for now")
)

// A DeliveryError says what has become of a message that was not accepted.
type DeliveryError struct {
	// Refused for good: trying again can't help.
	Final bool
	// Handed over, and no answer came: it may have been accepted.
	Unclear bool
	// The fault is not this message's: every other would meet it now.
	Channel bool
	// With Channel: it lasts until somebody mends it, such as a wrong password.
	Account bool
	// With Channel: the message was being taken, and may be what the server fell over.
	Begun bool
	// Do not try again before.
	Wait time.Duration
	// The server's reply; 0: it gave none.
	Code int
	// What happened, one line for people.
	Text string
	// The cause, for [errors.Is] and the log; may be nil.
	Err error

	// Stale is how a calendar holds the event, where that is not how it was known, and nothing was
	// written for that reason; nil otherwise.
	Stale *Event
}

// Error returns the text, with the server's code.
func (e *DeliveryError) Error() string {
	if e.Code != 0 {
		return fmt.Sprintf("%d %s", e.Code, e.Text)
	}
	return e.Text
}

// Unwrap returns the cause.
func (e *DeliveryError) Unwrap() error { return e.Err }

// A Submission is a finished message on its way to one reader.
type Submission struct {
	// Bare addresses: the envelope (RFC 5321, section 2.3.1).
	From, To string
	// The whole message (RFC 5322), lines ending in CRLF, 7-bit.
	Data []byte
	// The iCalendar object in it; nil: none.
	Calendar []byte

	// Of the message, without its angle brackets.
	MessageID string

	// What a message in a folder is named after.
	// Of the conversation.
	ID string
	// Brief, invite, update, cancel, reminder.
	Kind     string
	Sequence int
	Stamp    time.Time
}
