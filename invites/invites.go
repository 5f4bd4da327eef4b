// Package invites knows the words of iTIP (RFC 5545, 5546), addresses and zones, and the shapes that cross packages: an
// event of a calendar, a mail as far as it can matter, a finished message on its way. It leaves to others what the talk
// is about (templates), when and whether something is sent (scheduler), and how bytes are written, read and carried
// (the packages below). It is pure: no clock, no network, no state.
package invites

// A Method is the METHOD of an iCalendar object (RFC 5546, section 1.4).
type Method string

// The methods that leave this program.
const (
	// Request invites, or updates what was invited.
	Request Method = "REQUEST"
	Cancel  Method = "CANCEL"
	// Publish is for a file to hand out, or the organizer's own calendar.
	Publish Method = "PUBLISH"
	// DeclineCounter is the answer no to a Counter.
	DeclineCounter Method = "DECLINECOUNTER"
)

// The methods that a partner's calendar answers with. All others are for organizers.
const (
	Reply Method = "REPLY"
	// Counter proposes another time, or place.
	Counter Method = "COUNTER"
)

// A PartStat is the participation status of an ATTENDEE (RFC 5545, section 3.2.12).
type PartStat string

// What a partner can have said in their calendar about an invitation.
const (
	// NeedsAction is nothing yet.
	NeedsAction PartStat = "NEEDS-ACTION"
	Accepted    PartStat = "ACCEPTED"
	Declined    PartStat = "DECLINED"
	Tentative   PartStat = "TENTATIVE"
)
