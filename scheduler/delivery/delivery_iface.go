package delivery

import (
	"context"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
)

// A Sender hands finished messages over to whoever carries them.
type Sender interface {
	// Send hands p over, and calls dot when nothing but the end is missing. Where dot fails it hangs
	// up without the end and returns dot's error. Other errors are an [*invites.DeliveryError]; one
	// that is none counts as unclear after dot was called, and as not accepted before. An "outbox" can
	// tell by itself whether it has sent p already: after a crash it is asked again.
	Send(ctx context.Context, p *invites.Submission, dot func() error) error
	// Connections is how many messages may be sent side by side: at least 1.
	Connections() int
	// Idle closes what was kept open for the next message.
	Idle()
}

// An Outbox keeps the messages that are to leave. Every method that writes returns only after what it wrote would
// survive a power cut. Instants come in and go out in UTC, to the millisecond.
type Outbox interface {
	// Claim takes up to limit messages that may go by a channel now, in the order in which they fell due;
	// only those of rows, where there are any. Each one is looked at again: one that is not wanted ends
	// in the state that wanted gives and is not claimed. What wanted saw of the conversation still
	// holds when the claim is written, or the message is left for the next claim. wall is real time.
	// Nothing is claimed while sending is paused.
	Claim(ctx context.Context, wall time.Time, by outbox.Channel, limit int, rows []int64, wanted conversation.Wanted) ([]*outbox.Message, error)
	// Dot marks that from now on the claimed message may have been accepted, unless its Via is "outbox",
	// which can be asked. It returns [outbox.ErrFenced] when it must not be sent.
	Dot(ctx context.Context, m *outbox.Message) error
	// Settle ends a claim: State, NotBefore, Code, Error and Via of m are written; and where m has been
	// written into a calendar, the conversation takes that in, too ([conversation.Conversation.Written]). A claim of one
	// that is Untried does not count as an attempt.
	Settle(ctx context.Context, m *outbox.Message) error
	// NextClaim is when, in real time, the next message for a channel can be claimed, only of rows where
	// there are any; zero: none waits.
	NextClaim(ctx context.Context, by outbox.Channel, rows []int64) (time.Time, error)
}

// A DoorStore keeps which doors are closed, for all processes on one state.
type DoorStore interface {
	// Doors are the doors that are closed.
	Doors(ctx context.Context) ([]*outbox.Door, error)
	// Knock reports whether this process may try a door now, alone; it must say then what has come of it,
	// with Shut, Unlock or Leave. door is how it stands. wall is real time; with force its Until does not count.
	Knock(ctx context.Context, name, account string, wall time.Time, force bool) (ok bool, door *outbox.Door, err error)
	// Shut closes a door after one more try in vain; one that is closed keeps its Since.
	Shut(ctx context.Context, d *outbox.Door) error
	// Unlock opens a door.
	Unlock(ctx context.Context, name, account string) error
	// Leave ends a try that has told nothing.
	Leave(ctx context.Context, name, account string) error
}

// A MarkStore keeps what a state knows of itself.
type MarkStore interface {
	// Standing is what the state knows of itself. Dot counts one more message as sent, and gives it the
	// number; Commit counts those that come in as accepted.
	Standing(ctx context.Context) (outbox.Standing, error)
	// Distrust begins a doubt: all messages that wait are held, why is their Error, and until Trust none is
	// claimed that nobody has approved. They are flagged: they may have gone before.
	Distrust(ctx context.Context, d outbox.Doubt, why string) error
	// Trust ends a doubt: the state has sent at least that many messages, and is no copy any more. Where no
	// more than release are held because of it, those go.
	Trust(ctx context.Context, sent int64, release int) error
}

// A Booker writes into an online calendar of the organizer, which mails its guests by itself.
type Calendar interface {
	// Name tells this calendar from all others; "" where that is not known. It may become that of another
	// one, as somebody signs in with another account.
	Name() string
	// Write carries out a change, and is how the calendar holds the event then. It calls dot before
	// the first request that could change anything; where dot fails it stops and returns dot's error.
	// It may be called again for the same change, however the last call ended: guests hear of it once.
	// Other errors are an [*invites.DeliveryError], with Stale where somebody else has changed the
	// event so that the change has to be thought over.
	Write(ctx context.Context, ch *invites.EventChange, dot func() error) (*invites.Event, error)
}
