package outbox

import (
	"errors"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/plan"
)

// A Channel is how the invitation to a talk, and all that changes it, reaches the partner. It is one
// and the same for a round.
type Channel string

// The channels.
const (
	// Mail is the one that needs no calendar. All others are the names of online calendars, which mail their guests.
	Mail Channel = "mail"
)

// Channel is how m goes.
func (m *Message) Channel() Channel {
	switch m.Via {
	case "outbox", "smtp", "file", "":
		return Mail
	}
	return Channel(m.Via)
}

// InCalendar reports whether m is written into an online calendar.
func (m *Message) InCalendar() bool { return m.Channel() != Mail }

// A Kind is what a message is for.
type Kind string

// The kinds of message.
const (
	Brief    Kind = "brief"    // asks permission
	Invite   Kind = "invite"   // iTIP REQUEST, the first
	Update   Kind = "update"   // iTIP REQUEST, a further one
	Cancel   Kind = "cancel"   // iTIP CANCEL, or a question taken back
	Reminder Kind = "reminder" // plain mail
	Notice   Kind = "notice"   // to the organizer, plain mail

	DeclineCounter Kind = "declinecounter" // iTIP DECLINECOUNTER
)

// Noun is the kind in a sentence.
func (k Kind) Noun() string {
	switch k {
	case Invite:
		return "invitation"
	case Cancel:
		return "cancellation"
	case DeclineCounter:
		return "refusal"
	}
	return string(k)
}

// A State is where a message stands between the decision to send it and its end.
type State string

// The states of a message.
const (
	Held       State = "held"       // waits for the organizer's approval
	Queued     State = "queued"     // goes as soon as it can
	Sending    State = "sending"    // claimed by a worker
	Accepted   State = "accepted"   // the server has taken it over
	Unclear    State = "unclear"    // it was handed over, and no answer came
	Failed     State = "failed"     // refused for good, or given up
	Expired    State = "expired"    // its time passed before it could go
	Dropped    State = "cancelled"  // no longer wanted, and never left
	Superseded State = "superseded" // another message says it better, and it never left
	Bounced    State = "bounced"    // taken over, and sent back later
)

// Shown is the state in the words of the log.
func (s State) Shown() string {
	switch s {
	case Queued:
		return "pending"
	case Accepted:
		return "sent"
	case Superseded:
		return "cancelled"
	}
	return string(s)
}

// A Message is one row of the outbox: what must leave, once.
type Message struct {
	Row   int64   // identifies it in the store; 0 before it is stored
	ID    plan.ID // of its conversation
	Round int

	// Kind, Revision and To, with the conversation, are its key: there is never a second such row.
	Kind     Kind
	Revision string // counts the messages of a kind; for reminders the time they belong to
	To       string // one bare address

	MessageID string    // of RFC 5322, without its angle brackets; "" for what goes into a calendar
	Sequence  int       // SEQUENCE of the event it carries; 0 where it carries none
	Stamp     time.Time // its Date and DTSTAMP; later than that of the conversation's last message
	Content   Content   // what it says
	Due       time.Time // when it fell due
	Deadline  time.Time // from then on it must not go; zero: none

	State    State
	Approved bool // the organizer has said yes to this one message
	Attempts int  // claims so far
	Unclears int  // how often it was handed over without an answer
	// Repeatable says that it is sent once more by itself when it is unclear: a reminder never is.
	Repeatable bool
	Flagged    bool      // its bytes may have gone twice
	NotBefore  time.Time // in real time
	Changed    time.Time // when its state changed last
	Via        string    // "outbox", "smtp", "file" or the name of a calendar: how it goes, or went
	Code       int       // the server's last reply; 0: none
	Error      string    // what the server or the network said, one line; may be empty

	Data     []byte // the finished bytes, or an [invites.EventChange] as JSON; nil where only the state was loaded
	Calendar []byte // the iCalendar object in them, for a file beside; nil: none

	Entry *invites.Event // how the calendar holds the event after m was written into it; nil: it was not
	In    string         // which calendar that is, by its name

	Guests []invites.Guest // whom it was written with; only where there is an Entry

	Untried bool // of a claim that ends: nothing of the message was offered to anybody

	Count int64 // how many messages have left, this one included, when it was about to: set by [scheduler.Store.Dot]

	door *Door // the closed one that it waits at, when it was loaded; nil: none
}

// NeedsLogin reports whether the message waits for the organizer to sign in.
func (m *Message) NeedsLogin() bool {
	if m.State != Queued && m.State != Unclear {
		return false
	}
	return m.door != nil && m.door.NeedsLogin() || m.InCalendar() && m.Code == CodeLogin
}

// Door is the closed door that the message waits at, as it stood when it was loaded; nil: none.
func (m *Message) Door() *Door { return m.door }

// WaitAt takes in the closed door that the message waits at; nil: none.
func (m *Message) WaitAt(d *Door) { m.door = d }

// MayHaveLeft reports whether the message may have reached its reader.
func (m *Message) MayHaveLeft() bool {
	return m.State == Accepted || m.State == Unclear || m.State == Bounced || m.Unclears > 0
}

// Stuck reports whether the message is unclear and is not sent again by itself: an unclear message that is
// Repeatable goes once more, byte for byte.
func (m *Message) Stuck() bool {
	return m.State == Unclear && (m.Unclears > 1 || !m.Repeatable)
}

// ToOrganizer reports whether the message goes to the organizer, not to the partner.
func (m *Message) ToOrganizer() bool {
	return strings.HasPrefix(m.Revision, CopyRevision) || m.Kind == Notice
}

const CopyRevision = "copy "

// NeverLeft reports whether the message never left and never will.
func (m *Message) NeverLeft() bool { return m.State == Dropped || m.State == Superseded }

// Waits reports whether the message is still to leave.
func (m *Message) Waits() bool {
	return m.State == Held || m.State == Queued || m.State == Sending
}

// Replaceable reports whether a message with other words may take the place of this one.
func (m *Message) Replaceable() bool {
	return (m.State == Held || m.State == Queued) && m.Unclears == 0
}

// A Door leads to a server through one account, and is the same for all processes on one state: while it is
// closed nobody goes there but one that tries whether it opens. All times are real ones.
type Door struct {
	Name    string // a channel, or [MailboxDoor]
	Account string // see the Account of doors
	Fault   Fault  // why it is closed; "": it is not
	Code    int    // the server's reply, as that of a message
	Text    string // what was wrong, one line for people
	Since   time.Time
	Until   time.Time // when it is tried again
	Tries   int       // in vain, since it was closed
	Trying  time.Time // until when another process tries it at most; zero: none does
}

// MailboxDoor is the name of the door to the mailbox that answers are read from.
const MailboxDoor = "mailbox"

// A Fault is what has closed a door.
type Fault string

// NeedsLogin reports whether it opens when somebody has signed in again.
func (d *Door) NeedsLogin() bool { return d.Code == CodeLogin }

// The codes of what was refused with a remedy of its own, as a calendar gives them.
const (
	CodeLogin  = 401
	CodeGuests = 403
	CodeStray  = 404
)

// GiveUp is how long a message is tried before it fails: as long as mail servers try (RFC 5321,
// section 4.5.4.1).
const GiveUp = 5 * 24 * time.Hour

// Content is what a message says, as far as it matters whether it has been said already.
type Content struct {
	Start  plan.Slot     `json:"start,omitzero"` // of the event; zero in a brief
	Length time.Duration `json:"length"`
	Place  string        `json:"place,omitempty"` // fingerprint of the setting
	Rest   string        `json:"rest,omitempty"`  // fingerprint of purpose, offer, ask and agenda
	Aim    string        `json:"aim,omitempty"`   // that of Rest without the agenda
	Form   string        `json:"form,omitempty"`  // fingerprint of all that shapes the words besides

	PartStat invites.PartStat `json:"partstat,omitempty"` // of the attendee; "" is NEEDS-ACTION

	// Unix is the instant of Start, in seconds, by the zone data that it was written with; 0: not known. An
	// appointment is a time on a clock: it keeps that where a government puts the clocks otherwise.
	Unix int64 `json:"unix,omitempty"`
	// There is what the partner's clock shows at Start, by the same data; zero: not known.
	There plan.Slot `json:"there,omitzero"`

	Gone    bool `json:"-"` // of what stands in the calendar: somebody else than us has deleted it
	Repeats bool `json:"-"` // likewise: it is a series
}

// End is when the talk is over.
func (c *Content) End() time.Time { return c.Start.Time().Add(c.Length) }

// Moves reports whether somebody who knows of other would have to be asked again.
func (c *Content) Moves(other *Content) bool {
	return c.Start != other.Start || c.Length != other.Length || c.Place != other.Place
}

// Shifts reports whether c is at the same time of the same clock as other, and at another instant, or at another
// time of the partner's clock, since clocks are put otherwise by newer zone data.
func (c *Content) Shifts(other *Content) bool {
	if c.Start != other.Start || c.Unix == 0 || other.Unix == 0 {
		return false
	}
	return c.Unix != other.Unix || c.There.Zone == other.There.Zone && c.There.Wall != other.There.Wall
}

// Tells reports whether somebody who knows of other knows c.
func (c *Content) Tells(other *Content) bool { return !c.Moves(other) && c.Rest == other.Rest }

// Begins reports whether c begins at that instant, by the zone data in use or by that which it was written with.
func (c *Content) Begins(at time.Time) bool {
	return at.Equal(c.Start.Time()) || c.Unix != 0 && at.Unix() == c.Unix
}

// Again is the state of a claimed message that was not accepted and is to be tried again: what was
// unclear before stays so.
func (m *Message) Again() State {
	if m.Unclears == 1 && m.Repeatable {
		return Unclear
	}
	return Queued
}

// A Standing is what a state knows of itself. The zero value is that of one that does not exist yet.
type Standing struct {
	ID     string    // tells it from all others; its copies have the same
	Sent   int64     // how many messages have left, or may have; it only rises
	Doubt  Doubt     // see there
	Copied time.Time // when it was copied by a backup, where nobody has worked with the copy since
}

// A Doubt is why a state may not know of all that has left for the plans. As long as there is one,
// nothing goes by itself: it would go twice.
type Doubt string

// The doubts. "" is none.
const (
	DoubtNew    Doubt = "new"    // messages have left for these plans, and the state is new
	DoubtOther  Doubt = "other"  // it was another state that has sent them
	DoubtOlder  Doubt = "older"  // more have left than the state knows of
	DoubtCopied Doubt = "copied" // it was brought back from a backup, and nothing says what has left since
	DoubtMarker Doubt = "marker" // the marker is there and can't be read
)

// CodeDoubt is the Code of a [Message] of a message that was held because of a doubt.
const CodeDoubt = -1

// ErrFenced is returned by [scheduler.Store.Dot] when the message may not be sent any more: it was cancelled,
// sending was paused, or the claim has passed to another worker.
var ErrFenced = errors.New("the message is no longer ours to send")

// The faults.
const (
	FaultServer  Fault = "server"  // it can't be reached, or has no time: that passes
	FaultAccount Fault = "account" // a wrong password and the like: somebody has to mend it
)

const (
	// KnockServer is how far apart a server is tried at most that can't be reached.
	KnockServer = time.Minute
	// KnockAccount is how far apart an account is tried at least: knocking with a wrong password locks it.
	KnockAccount = 10 * time.Minute
)
