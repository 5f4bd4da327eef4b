package scheduler

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/plan"
)

// A Channel is how the invitation to a talk, and all that changes it, reaches the partner. It is one
// and the same for a round.
type Channel string

// The channels.
const (
	Mail   Channel = "mail"
	Google Channel = "google" // an event in the organizer's Google Calendar, which mails its guest
)

// Channel is how m goes.
func (m *Message) Channel() Channel {
	if m.Via == string(Google) {
		return Google
	}
	return Mail
}

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

// noun is the kind in a sentence.
func (k Kind) noun() string {
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

	State     State
	Approved  bool      // the organizer has said yes to this one message
	Attempts  int       // claims so far
	Unclears  int       // how often it was handed over without an answer
	Flagged   bool      // its bytes may have gone twice
	NotBefore time.Time // in real time
	Changed   time.Time // when its state changed last
	Via       string    // "outbox", "smtp", "file" or "google": how it goes, or went
	Code      int       // the server's last reply; 0: none
	Error     string    // what the server or the network said, one line; may be empty

	Data     []byte // the finished bytes, or an [invites.EventChange] as JSON; nil where only the state was loaded
	Calendar []byte // the iCalendar object in them, for a file beside; nil: none

	Entry *invites.Event // how the calendar holds the event after m was written into it; nil: it was not
	In    string         // which calendar that is, by its name

	Untried bool // of a claim that ends: nothing of the message was offered to anybody

	Count int64 // how many messages have left, this one included, when it was about to: set by [Store.Dot]

	booking *Booking // of the conversation, at the claim
	door    *Door    // the closed one that it waits at, when it was loaded; nil: none

	Basis *Basis // of a message whose words are still to be written; nil: they are
}

// A Basis is what the words of a message are made of beside its conversation as it stands.
type Basis struct {
	Known    *Content  // what the partner knew of the talk before; nil: nothing
	Declined *Proposal // the time that a [DeclineCounter] refuses
	Reason   string    // and why; may be empty
	News     *News     // what a [Notice] tells
}

// NeedsLogin reports whether the message waits for the organizer to sign in.
func (m *Message) NeedsLogin() bool {
	if m.State != Queued && m.State != Unclear {
		return false
	}
	return m.door != nil && m.door.NeedsLogin() || m.Channel() == Google && m.Code == codeLogin
}

// Door is the closed door that the message waits at, as it stood when it was loaded; nil: none.
func (m *Message) Door() *Door { return m.door }

// left reports whether the message may have reached its reader.
func (m *Message) left() bool {
	return m.State == Accepted || m.State == Unclear || m.State == Bounced || m.Unclears > 0
}

// Stuck reports whether the message is unclear and is not sent again by itself: an unclear message is
// repeated once, byte for byte, a reminder never.
func (m *Message) Stuck() bool {
	return m.State == Unclear && (m.Unclears > 1 || m.Kind == Reminder)
}

// copy reports whether the message goes to the organizer, not to the partner.
func (m *Message) copy() bool { return strings.HasPrefix(m.Revision, copyRevision) || m.Kind == Notice }

const copyRevision = "copy "

// dropped reports whether the message never left and never will.
func (m *Message) dropped() bool { return m.State == Dropped || m.State == Superseded }

// open reports whether the message is still to leave.
func (m *Message) open() bool {
	return m.State == Held || m.State == Queued || m.State == Sending
}

// replaceable reports whether a message with other words may take the place of this one.
func (m *Message) replaceable() bool {
	return (m.State == Held || m.State == Queued) && m.Unclears == 0
}

// WayBack is the command by which a message goes again that has failed.
func (m *Message) WayBack() string {
	switch {
	case m.copy():
	case m.Kind == Brief:
		return "coalition ask " + Ref(m.ID, m.Round)
	case m.Kind == Invite:
		return "coalition invite " + Ref(m.ID, m.Round)
	}
	return "coalition approve " + Ref(m.ID, m.Round)
}

// noMailbox are the replies by which a server says that it takes no mail for an address (RFC 5321, section
// 4.2.3, and RFC 7504).
var noMailbox = []int{521, 550, 551, 553, 556}

// because is what the server said, in brackets; "" where it said nothing.
func (m *Message) because() string {
	why := m.Error
	if m.Code != 0 {
		why = fmt.Sprintf("%d %s", m.Code, strings.TrimPrefix(why, fmt.Sprint(m.Code)+" "))
	}
	if why == "" {
		return ""
	}
	return " (" + plaintext.Clip(why, 120) + ")"
}

// waiting is the step of a conversation whose message m is on its way or stuck.
func (m *Message) waiting() (s Step, ok bool) {
	if m.Channel() == Google && m.Code == codeStray && (m.State == Queued || m.State == Unclear) {
		return Step{Next: "name the calendar of its event in the config again, or sign in with its account, for the " + m.Kind.noun() + ": coalition log " + string(m.ID)}, true
	}
	if m.door != nil && !m.Stuck() {
		return Step{Next: m.door.waits(m)}, true
	}
	switch m.State {
	case Held:
		return Step{Next: "approve the " + m.Kind.noun() + ": coalition approve " + Ref(m.ID, m.Round)}, true
	case Queued, Sending:
		switch {
		case m.NeedsLogin():
			return Step{Next: "sign in to Google again, for the " + m.Kind.noun() + ": coalition auth google"}, true
		case m.Kind == Invite && m.Channel() == Google && m.Code == codeGuests:
			return Step{Next: "wait until Google takes guests again, or send the invitation by mail: coalition invite " + Ref(m.ID, m.Round) + " --mail"}, true
		}
		return Step{Next: "deliver the " + m.Kind.noun()}, true
	case Unclear:
		if m.Channel() == Google && m.Unclears < 2 {
			return Step{Next: "deliver the " + m.Kind.noun() + " again: no answer came from Google"}, true
		}
		if m.Stuck() {
			return Step{Next: "find out whether the " + m.Kind.noun() + " arrived; where it did not: coalition approve " + Ref(m.ID, m.Round)}, true
		}
		return Step{Next: "deliver the " + m.Kind.noun() + " again: no answer came from the server"}, true
	case Failed:
		if m.Channel() == Mail && slices.Contains(noMailbox, m.Code) {
			return Step{Next: "mend the address, the " + m.Kind.noun() + " was refused" + m.because() + ", then: " + m.WayBack()}, true
		}
		return Step{Next: "mend what kept the " + m.Kind.noun() + " from going (coalition log " + string(m.ID) + "), then: " + m.WayBack()}, true
	case Bounced:
		return Step{Next: "mend the address: the " + m.Kind.noun() + " came back" + m.because()}, true
	case Expired:
		way := map[Kind]string{Invite: ": coalition invite " + Ref(m.ID, m.Round) + " --start TIME", Update: ": coalition move " + Ref(m.ID, m.Round) + " --start TIME"}[m.Kind]
		return Step{Next: "choose a new time, the " + m.Kind.noun() + " could not go before the old one" + cmp.Or(way, "; write it under `when` in the plan file")}, true
	}
	return Step{}, false
}
