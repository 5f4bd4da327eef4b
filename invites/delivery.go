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
	// Final says that it was refused for good: trying again can't help.
	Final bool
	// Unclear says that it was handed over and no answer came: it may have been accepted.
	Unclear bool
	// Channel says that the fault is not this message's: every other would meet it now.
	Channel bool
	// Account says, with Channel, that it lasts until somebody mends it, such as a wrong password.
	Account bool
	// Begun says, with Channel, that the message was being taken, and may be what the server fell over.
	Begun bool
	// Wait is how long not to try again; 0: as long as the caller likes.
	Wait time.Duration
	// Code is the server's reply; 0: it gave none.
	Code int
	// Text is what happened, one line for people.
	Text string
	// Err is the cause, for [errors.Is] and the log; may be nil.
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
	// From and To are bare addresses: the envelope (RFC 5321, section 2.3.1).
	From, To string
	// Data is the whole message (RFC 5322), its lines ending in CRLF, 7-bit.
	Data []byte
	// Calendar is the iCalendar object in it; nil: none.
	Calendar []byte
	// MessageID is that of the message, without its angle brackets.
	MessageID string

	// ID is that of the conversation, and Kind brief, invite, update, cancel or reminder. A file is named after these.
	ID, Kind string
	Sequence int
	Stamp    time.Time
}
