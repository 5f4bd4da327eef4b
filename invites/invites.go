// Package invites knows the words of iTIP (RFC 5545, 5546), addresses and zones, and the shapes that cross
// packages: an event of a calendar, a mail as far as it can matter, a finished message on its way.
// It leaves to others what the talk is about (templates), when and whether something is sent
// (scheduler), and how bytes are written, read and carried (the packages below). It is pure: no clock, no
// network, no state.
package invites

// A Method is the METHOD of an iCalendar object (RFC 5546, section 1.4).
type Method string

// The methods that leave this program.
const (
	Request        Method = "REQUEST" // invite, or update what was invited
	Cancel         Method = "CANCEL"
	Publish        Method = "PUBLISH"        // for a file to hand out, or the organizer's own calendar
	DeclineCounter Method = "DECLINECOUNTER" // the answer no to a Counter
)

// The methods that a partner's calendar answers with. All others are for organizers.
const (
	Reply   Method = "REPLY"
	Counter Method = "COUNTER" // another time, or place, is proposed
)

// A PartStat is the participation status of an ATTENDEE (RFC 5545, section 3.2.12).
type PartStat string

// What a partner can have said in their calendar about an invitation.
const (
	NeedsAction PartStat = "NEEDS-ACTION" // nothing yet
	Accepted    PartStat = "ACCEPTED"
	Declined    PartStat = "DECLINED"
	Tentative   PartStat = "TENTATIVE"
)
