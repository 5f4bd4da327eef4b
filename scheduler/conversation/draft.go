package conversation

import (
	"errors"
	"time"

	"coalition/scheduler/inbox"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// A Draft is what a decision would write: nothing has happened yet. the Commit of a store makes it true.
type Draft struct {
	At           time.Time
	Conversation *Conversation
	// New.
	Messages []*outbox.Message
	// Messages that end without being sent.
	Drop   map[*outbox.Message]outbox.State
	Events []HistoryEntry
	// Whose State and Error were learnt from outside: [outbox.Accepted] or [outbox.Bounced].
	Heard []*outbox.Message

	// Of a mail that came in: its key, which counts once, and the cursor of the mailbox behind it.
	Key string
	// It did not count, and may when it comes once more.
	Open   bool
	Cursor Cursor

	// Slots is that of the [roster.Roster] it was decided on: it counts only where nobody has decided since on what others may
	// want as well (the Slots of a store). 0: it takes nothing that they may want; [Anyway]: it is the organizer's own word.
	Slots int64

	// Objection is what the organizer should know before they let it go; "" for nothing.
	Objection string

	// What the words of the messages are made of beside the conversation as it stands: what the partner knew of the talk
	// before (nil: nothing), the time that a [outbox.DeclineCounter] refuses, and why, the organizer's own thanks ("": those
	// of the template), and what each [outbox.Notice] tells.
	Known    *outbox.Content
	Declined *inbox.Proposal
	Reason   string
	Thanks   string
	News     map[*outbox.Message]*inbox.News

	// The hash of the token of a page that opens with it; "": none does.
	Page string

	// Sent is the message that says it already, or is on its way: where it is not nil there is
	// nothing to decide.
	Sent *outbox.Message
}

// What is the last thing that happened in the draft, in a line for people; "" for none.
func (d *Draft) What() string {
	if len(d.Events) == 0 {
		return ""
	}
	return d.Events[len(d.Events)-1].Text
}

// A HistoryEntry is something that happened in a conversation and is no message.
type HistoryEntry struct {
	At    time.Time
	ID    plan.ID
	Round int
	// "answer", "ready", "move", "cancel", "plan", "hold", ….
	Kind string
	// One line for people.
	Text string
}

// A Cursor is how far a mailbox or a calendar has been read.
type Cursor struct{ Name, At string }

// Anyway is the [Draft.Slots] of what counts whatever others have decided, and lets them look again.
const Anyway = -1

// ErrConflict is returned by the Commit of a store when the conversation has changed since it was loaded.
var ErrConflict = errors.New("the conversation has changed meanwhile")

// ErrKnown is returned by the Commit of a store for a mail that has counted before.
var ErrKnown = errors.New("this mail has been taken in before")

// Wanted is [Conversation.Wanted], at the moment of a claim.
type Wanted func(*Conversation, *outbox.Message) (end outbox.State, ok bool)
