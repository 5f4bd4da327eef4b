package outbox

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/plan"
)

// A Message is one row of the outbox: what must leave, once.
type Message struct {
	// Row identifies it in the store; 0 before it is stored.
	Row int64
	// ID and Round are those of its conversation.
	ID    plan.ID
	Round int

	// Kind, Revision and To, with the conversation, are its key: there is never a second such row. Revision counts the
	// messages of a kind; for reminders it is the time they belong to. To is one bare address.
	Kind     Kind
	Revision string
	To       string

	// MessageID is that of RFC 5322, without its angle brackets; "" for what goes into a calendar.
	MessageID string
	// Sequence is the SEQUENCE of the event it carries; 0 where it carries none.
	Sequence int
	// Stamp is its Date and DTSTAMP; later than that of the conversation's last message.
	Stamp time.Time
	// Content is what it says.
	Content Content
	// Due is when it fell due; from Deadline on it must not go (zero: there is none).
	Due, Deadline time.Time

	State State
	// Approved says that the organizer has said yes to this one message.
	Approved bool
	// Attempts counts the claims so far, Unclears how often it was handed over without an answer.
	Attempts, Unclears int
	// Repeatable says that it is sent once more by itself when it is unclear: a reminder never is, nor a thank-you. It is
	// set when the message is made.
	Repeatable bool
	// Flagged says that its bytes may have gone twice.
	Flagged bool
	// NotBefore is when it may be tried again, in real time.
	NotBefore time.Time
	// Changed is when its state changed last.
	Changed time.Time
	// Via is how it goes, or went: "outbox", "smtp", "file" or the name of a calendar.
	Via string
	// Code is the server's last reply, or one of those below; 0: none. Error is what the server or the network said,
	// one line; it may be empty.
	Code  int
	Error string

	// Data are the finished bytes, or an [invites.EventChange] as JSON; nil where only the state was loaded.
	Data []byte
	// Calendar is the iCalendar object in them, for a file beside; nil: none.
	Calendar []byte

	// Entry is how the calendar holds the event after the message was written into it (nil: it was not), In which
	// calendar that is, by its name, and Guests whom it was written with.
	Entry  *invites.Event
	In     string
	Guests []invites.Guest

	// Untried says, of a claim that ends, that nothing of the message was offered to anybody.
	Untried bool
	// Count is how many messages have left, this one included, when it was about to: the store sets it with the dot.
	Count int64

	door *Door
}

// A Channel is how the invitation to a talk, and all that changes it, reaches the partner. It is one and the same for a
// round.
type Channel string

// Mail is the channel that needs no calendar. All others are the names of online calendars, which mail their guests.
const Mail Channel = "mail"

// Channel returns how m goes.
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
	// Brief asks permission. Times offers other times where one that was chosen has gone.
	Brief Kind = "brief"
	Times Kind = "times"
	// Invite is the first iTIP REQUEST, Update a further one, Cancel a CANCEL, or a question taken back, and
	// DeclineCounter a DECLINECOUNTER.
	Invite         Kind = "invite"
	Update         Kind = "update"
	Cancel         Kind = "cancel"
	DeclineCounter Kind = "declinecounter"
	// Reminder, Thanks after the talk, and Notice, which goes to the organizer, are plain mail.
	Reminder Kind = "reminder"
	Thanks   Kind = "thanks"
	Notice   Kind = "notice"
)

// Noun returns the kind in a sentence.
func (k Kind) Noun() string {
	switch k {
	case Times:
		return "mail with other times"
	case Invite:
		return "invitation"
	case Cancel:
		return "cancellation"
	case DeclineCounter:
		return "refusal"
	case Thanks:
		return "thank-you"
	}
	return string(k)
}

// A State is where a message stands between the decision to send it and its end.
type State string

// The states of a message.
const (
	// Held waits for the organizer's approval, Queued goes as soon as it can, Sending is claimed by a worker.
	Held    State = "held"
	Queued  State = "queued"
	Sending State = "sending"
	// Accepted was taken over by the server, Bounced sent back later; Unclear was handed over, and no answer came.
	Accepted State = "accepted"
	Bounced  State = "bounced"
	Unclear  State = "unclear"
	// Failed was refused for good, or given up; of what Expired the time passed before it could go.
	Failed  State = "failed"
	Expired State = "expired"
	// Dropped is no longer wanted, and of what is Superseded another message says it better; neither ever left.
	Dropped    State = "cancelled"
	Superseded State = "superseded"
)

// Shown returns the state in the words of the log.
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

// GiveUp is how long a message is tried before it fails: as long as mail servers try (RFC 5321, section 4.5.4.1).
const GiveUp = 5 * 24 * time.Hour

// The codes of what was refused with a remedy of its own, as a calendar gives them, and of a message that was held
// because of a [Doubt].
const (
	CodeLogin  = 401
	CodeGuests = 403
	CodeStray  = 404
	CodeDoubt  = -1
)

// ErrFenced says that a message may not be sent any more: it was cancelled, sending was paused, or the claim has passed
// to another worker.
var ErrFenced = errors.New("the message is no longer ours to send")

// CopyRevision begins the Revision of a copy for the organizer.
const CopyRevision = "copy "

// WeekRevision begins the Revision of a notice of all conversations at the begin of a week, and ends with its day: there
// is one in a week. It is kept with one conversation, and names the others.
const WeekRevision = "week "

// OfAll reports whether the message tells the organizer of all conversations, not of its own.
func (m *Message) OfAll() bool {
	return m.Kind == Notice && strings.HasPrefix(m.Revision, WeekRevision)
}

// ToOrganizer reports whether the message goes to the organizer, not to the partner.
func (m *Message) ToOrganizer() bool {
	return strings.HasPrefix(m.Revision, CopyRevision) || m.Kind == Notice
}

// Waits reports whether the message is still to leave.
func (m *Message) Waits() bool {
	return m.State == Held || m.State == Queued || m.State == Sending
}

// Replaceable reports whether a message with other words may take the place of this one.
func (m *Message) Replaceable() bool {
	return (m.State == Held || m.State == Queued) && m.Unclears == 0
}

// MayHaveLeft reports whether the message may have reached its reader.
func (m *Message) MayHaveLeft() bool {
	return m.State == Accepted || m.State == Unclear || m.State == Bounced || m.Unclears > 0
}

// NeverLeft reports whether the message never left and never will.
func (m *Message) NeverLeft() bool { return m.State == Dropped || m.State == Superseded }

// Stuck reports whether the message is unclear and is not sent again by itself: an unclear message that is Repeatable
// goes once more, byte for byte.
func (m *Message) Stuck() bool {
	return m.State == Unclear && (m.Unclears > 1 || !m.Repeatable)
}

// Again returns the state of a claimed message that was not accepted and is to be tried again: what was unclear before
// stays so.
func (m *Message) Again() State {
	if m.Unclears == 1 && m.Repeatable {
		return Unclear
	}
	return Queued
}

// WaitAt takes in the closed door that the message waits at; nil: none.
func (m *Message) WaitAt(d *Door) { m.door = d }

// Door returns the closed door that the message waits at, as it stood when it was loaded; nil: none.
func (m *Message) Door() *Door { return m.door }

// Because is what the server said, in brackets and with a space before them; "" where it said nothing.
func (m *Message) Because() string {
	why := m.Error
	if m.Code != 0 {
		why = fmt.Sprintf("%d %s", m.Code, strings.TrimPrefix(why, fmt.Sprint(m.Code)+" "))
	}
	if why == "" {
		return ""
	}
	return " (" + plaintext.Clip(why, 120) + ")"
}

// NeedsLogin reports whether the message waits for the organizer to sign in.
func (m *Message) NeedsLogin() bool {
	if m.State != Queued && m.State != Unclear {
		return false
	}
	return m.door != nil && m.door.NeedsLogin() || m.InCalendar() && m.Code == CodeLogin
}

// Number is the Revision of a message that is no copy and no reminder.
func (m *Message) Number() int {
	n, err := strconv.Atoi(m.Revision)
	if err != nil {
		return 0
	}
	return n
}
