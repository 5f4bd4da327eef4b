package invites

import "time"

// A Mail is what has come in, as far as it can matter here. Everything in it was written by a stranger
// until somebody who knows the conversations believes it; every text in it is plain (see [plaintext.CheckLine]
// and [plaintext.CheckText]), whatever the mail was like.
type Mail struct {
	// Key is the same for the same mail, however often and by whatever way it comes.
	Key string
	// Cursor is that of the mailbox, once this mail is taken in; "" for one that comes from no mailbox.
	Cursor string

	// MessageID is without its angle brackets (RFC 5322); may be empty.
	MessageID string
	// At is when it arrived, in UTC; zero: the mail does not say.
	At time.Time
	// The Email of From and ReplyTo is "" where there is not exactly one, and one that can be read.
	From, ReplyTo Address
	// Subject is one line.
	Subject string
	// Refs are the Message-IDs of In-Reply-To and References, without angle brackets.
	Refs []string

	Sort Sort
	// Sealed is why its text can't be read here, a phrase for people: "it is encrypted with OpenPGP"; "": it can.
	Sealed string
	// Text is what its writer wrote themself: without what they quote, and without a marked signature.
	Text string
	// Calendar is the one iTIP object in it; nil: none.
	Calendar *Object
	// UIDs are of what the calendars in it are about, also those that can't be read: "" where it does not say.
	UIDs []string
	// Bounce is that of a [Report]; nil: it names no message and no recipient.
	Bounce *Bounce
	// Doubt is why nothing in it counts, whoever wrote it: a phrase for people; "": nothing speaks against it.
	Doubt string

	// Refused is the check that failed, as the server that took the mail says, where that is no Doubt; a phrase for
	// people. A plain reply counts only where it names a message of ours then.
	Refused string
	// Vouched is whether a server that is trusted by name says that the mail comes from the domain of From.
	Vouched bool
}

// A Sort is what kind of writer a mail has.
type Sort string

// The sorts of mail.
const (
	// Personal is from a person, or a calendar in their name.
	Personal Sort = "personal"
	// Robot is an automatic reply, such as out of office (RFC 3834).
	Robot Sort = "robot"
	// List is from a mailing list, or bulk mail (RFC 2919, 2369).
	List Sort = "list"
	// Spam is what the receiving server has marked as such.
	Spam Sort = "spam"
	// Report is about the delivery of another mail (RFC 3464).
	Report Sort = "report"
	// Reaction is a sign that a person has put to another mail, such as 👍, which is the Text; they have written
	// nothing.
	Reaction Sort = "reaction"
)

// A Bounce says what has become of a mail of ours.
type Bounce struct {
	// Of is its Message-ID, without angle brackets; "" where only For is known.
	Of string
	// For is the address that it did not reach, which may be another than it was sent to; "": not known.
	For string
	// Final says that it will not arrive; false: it is late.
	Final bool
	// Unclear says that what has become of it can't be read.
	Unclear bool
	// Code is as "5.1.1" (RFC 3463); may be empty.
	Code string
	// Text is what the server said, one line; may be empty.
	Text string
}

// An Object is what the calendar of a partner says: one VEVENT under one METHOD (RFC 5546).
type Object struct {
	Method Method
	UID    string
	// Sequence is -1 where there is none, which means 0 (RFC 5546, section 2.1.4).
	Sequence int
	// Stamp is DTSTAMP, in UTC; zero: none.
	Stamp time.Time
	// Start and End are in the zone they are written in, or UTC; half-open; zero: none, or in a zone nobody knows.
	Start, End time.Time
	Attendees  []Attendee
	// Each of these is one line.
	Summary, Location, Comment string
}

// An Attendee is one ATTENDEE line.
type Attendee struct {
	// Email is as [ParseEmail] returns it; "" where it can't be read.
	Email    string
	PartStat PartStat
	// Delegates are whom they have sent in their place, likewise; several behind commas.
	Delegates string
}
