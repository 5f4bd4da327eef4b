// Package lookup knows by what stored conversations are asked for: the keys that follow from each, and the query that
// names some of them. How keys are kept and found it leaves to the store, what is asked for to whoever asks.
package lookup

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
)

// A Query says which conversations are asked for; the zero value asks for all of them. Those that are asked for come
// with all others with the same person, and with all rounds of their ids.
type Query struct {
	IDs []plan.ID
	// Keys are some of [Keys].
	Keys []string
	// MessageIDs are those of messages, without their angle brackets; To is the address that one went to.
	MessageIDs []string
	To         string
	// Unsettled asks for those with a message of which it is not known whether it has arrived, that has failed, or that
	// was turned away and waits.
	Unsettled bool
	// Around gives the keys of those that are asked for as well, alone, once the others are known; nil: none.
	Around func(list []*conversation.Conversation) []string
}

// All reports whether all conversations are asked for.
func (q *Query) All() bool {
	return len(q.IDs) == 0 && len(q.Keys) == 0 && len(q.MessageIDs) == 0 && q.To == "" && !q.Unsettled
}

// UIDKey is the key of a conversation whose event or invitation has that UID.
func UIDKey(uid string) string { return "uid " + uid }

// EventKey is that of one whose event has that id in its calendar.
func EventKey(id string) string { return "event " + id }

// AddressKey is that of one whose partner has that address, whatever its case.
func AddressKey(address string) string { return "address " + strings.ToLower(address) }

// SilenceKey is that of an address whose conversations are erased, whatever its case: nobody who has not the secret
// of the installation can tell which it is.
func SilenceKey(secret []byte, address string) string {
	sum := hmac.New(sha256.New, secret)
	sum.Write([]byte("silence " + strings.ToLower(address)))
	return hex.EncodeToString(sum.Sum(nil))
}

// NameKey is that of one whose partner has that name, whatever its case.
func NameKey(name string) string { return "name " + strings.ToLower(strings.ToUpper(name)) }

const (
	// RefusedKey is that of conversations in which mail was not believed, or is to be read once more.
	RefusedKey = "refused"
	// AskKey is that of conversations whose event may have to be asked for, in the calendar or in another one.
	AskKey = "ask"
	// undatedKey is that of talks agreed on whose start depends on when it is asked for.
	undatedKey = "day"
)

// longest is how long a talk may be that is looked up by its days; one that a calendar has made longer may be on any.
const longest = 31 * 24 * time.Hour

// dayKeys are those of the days, in UTC, that a span touches.
func dayKeys(from, to time.Time) (keys []string) {
	for day := from.UTC().Truncate(24 * time.Hour); !day.After(to); day = day.Add(24 * time.Hour) {
		keys = append(keys, "day "+day.Format(time.DateOnly))
	}
	return keys
}

// SpanKeys returns the keys of all talks that may have been agreed on, or offered as found, in a span. Clocks may have been put otherwise
// since these were written: a day before and after is theirs, too.
func SpanKeys(start time.Time, length time.Duration) []string {
	const day = 24 * time.Hour
	return append(dayKeys(start.Add(-day), start.Add(min(length, 10*365*day)+day)), undatedKey)
}

// Keys returns by what a conversation is looked up, in their order. They follow from what is stored of it.
func Keys(c *conversation.Conversation) (keys []string) {
	stored := *c
	// What its plan file says now is not stored.
	stored.Heed(nil)
	for _, a := range stored.Addresses() {
		keys = append(keys, AddressKey(a))
	}
	keys = append(keys, NameKey(c.Plan.With.Name))
	if c.UID != "" {
		keys = append(keys, UIDKey(c.UID))
	}
	if id := c.EventID(); id != "" {
		keys = append(keys, EventKey(id))
	}
	if c.Reread || c.Doubted != nil {
		keys = append(keys, RefusedKey)
	}
	if c.Behind || c.Booking != nil && c.Booking.Away {
		keys = append(keys, AskKey)
	}
	// Whether an invitation has left stands in its message: that there is a UID is the most that is known here.
	if c.Cancelled == nil && !c.Said(conversation.No) && (c.Said(conversation.Yes) || c.UID != "" || c.Booking != nil) {
		if c.Chosen.IsZero() && c.Dates == nil || c.Length() > longest {
			keys = append(keys, undatedKey)
		} else if start := c.Start(time.Time{}); !start.IsZero() {
			keys = append(keys, dayKeys(start, start.Add(c.Length()))...)
		}
	}
	// Times that were found are nobody else's while they are offered.
	if c.Searched() && c.Cancelled == nil && !c.Said(conversation.No) {
		for _, slot := range c.Offered {
			keys = append(keys, dayKeys(slot.Time(), slot.Time().Add(min(c.Length(), longest)))...)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
