package invites

import (
	"encoding/base32"
	"strings"
	"time"
)

// An Event is a talk as an online calendar holds it, or is to hold it. It is stored as JSON.
type Event struct {
	// ID is that of the event in its calendar, chosen by us, so that writing it twice makes one.
	ID string `json:"id"`
	// UID is that of the invitation that the calendar sends to its guests.
	UID string `json:"uid,omitempty"`
	// Etag is of this very state of it (RFC 9110, section 8.8.3).
	Etag string `json:"etag,omitempty"`
	// Updated is when it was last changed, on the calendar's clock.
	Updated  time.Time `json:"updated,omitzero"`
	Sequence int       `json:"sequence,omitzero"`
	// In is, as read, the calendar it is in, by its name; "" where that is not known.
	In string `json:"-"`
	// Omitted says that not all guests are shown.
	Omitted bool `json:"omitted,omitempty"`
	// Deleted says that it is in the bin; little else may be filled in.
	Deleted bool `json:"deleted,omitempty"`

	// Start and End are instants in UTC, half-open; zero where it has no time of day. Zone is the IANA
	// name of the zone that its clock time is in.
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
	Zone  string    `json:"zone,omitempty"`

	// Summary and Location are one line each, and Description is in the few HTML elements that Google Calendar knows.
	Summary     string `json:"summary,omitempty"`
	Description string `json:"description,omitempty"`
	Location    string `json:"location,omitempty"`

	// Meet says, to be written, that the calendar is to make a room for a video call.
	Meet bool `json:"meet,omitempty"`
	// Join is, as read, the address of that room; "" while there is none.
	Join string `json:"join,omitempty"`

	// Repeats says, as read, that somebody has made a series of it (RFC 5545, section 3.8.5.3).
	Repeats bool `json:"repeats,omitempty"`
	// NoRoom says, as read, that the calendar could not make the room.
	NoRoom bool `json:"no_room,omitempty"`

	// Guests are all but the organizer.
	Guests []Guest `json:"guests,omitempty"`
	// Alarms are, to be written, how long before the start the organizer's own calendar rings.
	Alarms []time.Duration `json:"alarms,omitempty"`
	// Ref is that of the conversation, in a property that only the organizer's copy has.
	Ref string `json:"ref,omitempty"`
	// Last is, as read, the Key of the last change of ours that was carried out, whoever has changed the event since.
	Last string `json:"last,omitempty"`
}

// EventID returns the id of an event in the letters that Google Calendar takes (base32hex, RFC 4648, section 7,
// in lower case).
func EventID(id [16]byte) string {
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(id[:]))
}

// A Guest is somebody whom an event in a calendar invites.
type Guest struct {
	Name     string   `json:"name,omitempty"`
	Email    string   `json:"email"`
	PartStat PartStat `json:"partstat,omitempty"`
	// Comment is in their own words.
	Comment string `json:"comment,omitempty"`
}

// An EventChange is one thing to do to one event of an online calendar, of which its guests hear once.
type EventChange struct {
	Event
	// Key tells it from every other change, and is the same each time it is tried; at most 64 letters and digits.
	Key string `json:"key"`
	// Cancel takes it out of the calendar.
	Cancel bool `json:"cancel,omitempty"`
	// Reason is why it is cancelled, for the guests; may be empty.
	Reason string `json:"reason,omitempty"`
	// In is the calendar that it was thought of for, by its name; "" where that is not known.
	In string `json:"in,omitempty"`
	// Restore brings it back where it is in the bin as Is knows it; without it nothing is brought back.
	Restore bool `json:"restore,omitempty"`

	// What is known when it is carried out. Was is the event as this program wrote it last (nil: never):
	// what is the same in both is left as it is, whoever has changed it since. Is is how the calendar
	// held it when it was last heard of (nil: never).
	Was *Event `json:"-"`
	Is  *Event `json:"-"`
}

// Capabilities says what an online calendar does by itself, so that whoever writes into it need not. It is the same
// for as long as the program runs, and nothing is asked to tell it.
type Capabilities struct {
	// MailsGuests says that the calendar sends invitations, updates and cancellations to the guests of an event, and
	// takes in their answers; false: whoever writes the event mails them (iMIP, RFC 6047).
	MailsGuests bool
	// MakesRooms says that it makes a room for a video call where Event.Meet asks for one; false: Meet does nothing,
	// and Join stays "".
	MakesRooms bool
	// KnowsFreeBusy says that it can be asked when people are busy (free/busy, RFC 5545, section 3.6.4), as far as
	// they show it to the account.
	KnowsFreeBusy bool
	// KeepsHolds says that it can keep a [Hold]; false: times that are offered stand in no calendar.
	KeepsHolds bool
}

// A Hold is a time that is offered to somebody and has no answer yet, as it stands in the organizer's own online
// calendar meanwhile: tentative, and nobody is invited.
type Hold struct {
	// Key tells it from others: 26 letters and digits as [EventID] writes them. It is made of all the rest, so that one
	// that says something else is another.
	Key string
	// Ref is that of the conversation, as an [Event] has it.
	Ref string
	// In UTC; Zone is the IANA name of the zone that its clock time is in.
	Span
	Zone string
	// Title is one line.
	Title string
}

// A Span is a time, half-open.
type Span struct{ Start, End time.Time }

// Overlaps reports whether the two have time in common, or one without a length lies between the bounds of the other.
func (s Span) Overlaps(o Span) bool { return s.Start.Before(o.End) && o.Start.Before(s.End) }

// Within is the part of s that lies in o; it ends before it starts where there is none.
func (s Span) Within(o Span) Span {
	if s.Start.Before(o.Start) {
		s.Start = o.Start
	}
	if s.End.After(o.End) {
		s.End = o.End
	}
	return s
}

// A Busy is time that somebody has not (free/busy, RFC 5545, section 3.6.4): one event of their calendar, or several
// that are only shown as one.
type Busy struct {
	// In UTC; End is after Start.
	Span
	// Title is that of the event, one line; "": it is not shown. Only whoever owns the calendar may see it.
	Title string
	// Ref is that of the talk of this program that the event is, as [Event] has it; "": it is none, or it is not shown.
	Ref string
}

// How well it is known when somebody is busy.
const (
	// FreshBusy is what the calendar has said just now, or a few minutes ago.
	FreshBusy = "ok"
	// StaleBusy is what it said when it could last be read, less than a day ago.
	StaleBusy = "stale"
	// FailedBusy is what can't be built on: it could never be read, or not for a day.
	FailedBusy = "failed"
)

// A FreeBusy is when one calendar leaves somebody no time, as far as it is known.
type FreeBusy struct {
	// Name is what people call it, one line and without secrets; Kind is "google", "ics" or "caldav".
	Name, Kind string
	// State is [FreshBusy], [StaleBusy] or [FailedBusy].
	State string
	// ReadAt is when it was read last; zero: never.
	ReadAt time.Time
	// Error is what is wrong with it, one line for people; "": nothing. What could not be understood in a calendar that
	// could be read is named here, too.
	Error string
	// Partner says that it is the partner's, and not one of the organizer's own.
	Partner bool
	// Busy is in order of Start; entries may overlap. What was read last, also where State is [FailedBusy].
	Busy []Busy
}
