package outbox

import "time"

// A Standing is what a state knows of itself. The zero value is that of one that does not exist yet.
type Standing struct {
	// ID tells it from all others; its copies have the same.
	ID string
	// Sent counts the messages that have left, or may have; it only rises.
	Sent int64
	// Doubt is why it may not know of all that has left; "": it does.
	Doubt Doubt
	// Copied is when it was copied by a backup, where nobody has worked with the copy since; else zero.
	Copied time.Time
}

// A Doubt is why a state may not know of all that has left for the plans; "" is none. As long as there is one, nothing
// goes by itself: it would go twice.
type Doubt string

const (
	// DoubtNew says that messages have left for these plans, and the state is new.
	DoubtNew Doubt = "new"
	// DoubtOther says that it was another state that has sent them.
	DoubtOther Doubt = "other"
	// DoubtOlder says that more have left than the state knows of.
	DoubtOlder Doubt = "older"
	// DoubtCopied says that it was brought back from a backup, and nothing says what has left since.
	DoubtCopied Doubt = "copied"
	// DoubtMarker says that the marker is there and can't be read.
	DoubtMarker Doubt = "marker"
)
