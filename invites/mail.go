package invites

import "time"

// A Mail is what has come in, as far as it can matter here. Everything in it was written by a stranger
// until somebody who knows the conversations believes it; every text in it is plain (see [plaintext.CheckLine]
// and [plaintext.CheckText]), whatever the mail was like.
type Mail struct {
	Key    string // the same for the same mail, however often and by whatever way it comes
	Cursor string // of the mailbox, once this mail is taken in; "" for one that comes from no mailbox

	MessageID string    // of RFC 5322, without its angle brackets; may be empty
	At        time.Time // when it arrived, in UTC; zero: the mail does not say
	From      Address   // Email is "" where there is not exactly one, and one that can be read
	ReplyTo   Address   // likewise
	Subject   string    // one line
	Refs      []string  // the Message-IDs of In-Reply-To and References, without angle brackets

	Sort     Sort
	Sealed   string   // why its text can't be read here, a phrase for people: "it is encrypted with OpenPGP"; "": it can
	Text     string   // what its writer wrote themself: without what they quote, and without a marked signature
	Calendar *Object  // the one iTIP object in it; nil: none
	UIDs     []string // of what the calendars in it are about, also those that can't be read: "" where it does not say
	Bounce   *Bounce  // of a [Report]; nil: it names no message and no recipient
	Doubt    string   // why nothing in it counts, whoever wrote it: a phrase for people; "": nothing speaks against it

	// What the server that took the mail says about who sent it, where that is no Doubt.
	Refused string // the check that failed, a phrase for people: a plain reply counts only where it names a message of ours
	Vouched bool   // a server that is trusted by name says that it comes from the domain of From
}

// A Sort is what kind of writer a mail has.
type Sort string

// The sorts of mail.
const (
	Personal Sort = "personal" // a person, or a calendar in their name
	Robot    Sort = "robot"    // an automatic reply, such as out of office (RFC 3834)
	List     Sort = "list"     // a mailing list, or bulk mail (RFC 2919, 2369)
	Spam     Sort = "spam"     // as the receiving server has marked it
	Report   Sort = "report"   // about the delivery of another mail (RFC 3464)
	Reaction Sort = "reaction" // a person has put a sign to another mail, such as 👍, which is the Text, and has written nothing
)

// A Bounce says what has become of a mail of ours.
type Bounce struct {
	Of      string // its Message-ID, without angle brackets; "" where only For is known
	For     string // the address that it did not reach, which may be another than it was sent to; "": not known
	Final   bool   // it will not arrive; false: it is late
	Unclear bool   // what has become of it can't be read
	Code    string // as "5.1.1" (RFC 3463); may be empty
	Text    string // what the server said, one line; may be empty
}

// An Object is what the calendar of a partner says: one VEVENT under one METHOD (RFC 5546).
type Object struct {
	Method     Method
	UID        string
	Sequence   int       // SEQUENCE; -1 where there is none, which means 0 (RFC 5546, section 2.1.4)
	Stamp      time.Time // DTSTAMP, in UTC; zero: none
	Start, End time.Time // in the zone they are written in, or UTC; half-open; zero: none, or in a zone nobody knows
	Attendees  []Attendee
	Summary    string // one line
	Location   string // one line
	Comment    string // one line
}

// An Attendee is one ATTENDEE line.
type Attendee struct {
	Email     string // as [ParseEmail] returns it; "" where it can't be read
	PartStat  PartStat
	Delegates string // whom they have sent in their place, likewise; several behind commas
}
