// Package scheduler knows the conversations of one organizer: their life, what comes next in each,
// and what must therefore leave this machine, exactly once. It decides; it leaves the words to
// templates, the form of an invitation to invites, and databases and networks to whoever implements
// its interfaces, [Store], [Sender], [Calendar] and [Mailbox]. It has no clock of its own.
//
// Everything flows one way. Plan files and the store give conversations; [Conversation.Next] says
// the one next thing in each; what is due becomes finished bytes in a row of the outbox, in one
// transaction with the conversation; [Scheduler.Deliver] hands rows over. Commands and the daemon
// take the same path.
package scheduler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jordan-wright/email"

	"coalition/invites"
	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
	"coalition/templates"
	"coalition/templates/answers"
)

// A Scheduler carries the conversations of one organizer. All fields are required but Online, Poll,
// Account, Mailbox and Link.
type Scheduler struct {
	Settings
	Plans  *plan.Folder
	Store  Store
	Sender Sender
	Words  *templates.Set
	// Understand says what a reply means, as [answers.Reader.Read] does; nothing where the words can't be read.
	Understand func(lang, text string, names ...string) answers.Meaning
	Finish     func(*email.Email) ([]byte, error) // turns a message into the bytes that travel
	Now        func() time.Time                   // the clock of conversations; it may be set ahead
	Log        *slog.Logger

	Online Calendar      // Google Calendar; nil: what is there stays as it is
	Poll   time.Duration // how often it is looked at

	// Unmarked is why the marker beside the plans can't be written; nil: it can, or nobody has tried.
	Unmarked error
	// Account says by which account the channel or [MailboxDoor] of that name goes, and how it is signed in to: another
	// value is another door, which is tried at once. It may change. nil: there is one for each name.
	Account func(name string) string

	Mailbox Mailbox                   // nil: answers don't come by mail
	Link    func(token string) string // the address of a partner's page; nil: there are no pages

	seen   atomic.Int64 // when the calendar was read last, in real time (Unix, ms); 0: it could not be, or nobody has tried
	within sync.Map     // by name: the other calendars that the account may write to
	doors  doors        // what this process knows of them
	behind atomic.Bool  // something in the calendar is to be read once more, when a write of ours is settled
	flood  time.Time    // in real time: since when more files are being written than may go at once; zero: they are not
	intake sync.Mutex   // what comes in is judged one after the other: who answers first has the time

	marking  sync.Mutex
	standing *Standing    // as it was seen last; nil: it has to be looked at
	marked   atomic.Int64 // what the marker counts at least
	synced   time.Time    // when the marker was brought to the disk last; zero: it has not changed since

	written *plan.Folder // the plans as they are now, for whoever holds intake; nil before

	poked             sync.Once
	poke, hint, retry chan struct{}
}

// ErrConflict is returned by [Store.Commit] when the conversation has changed since it was loaded.
var ErrConflict = errors.New("the conversation has changed meanwhile")

// ErrKnown is returned by [Store.Commit] for a mail that has counted before.
var ErrKnown = errors.New("this mail has been taken in before")

// ErrFenced is returned by [Store.Dot] when the message may not be sent any more: it was cancelled,
// sending was paused, or the claim has passed to another worker.
var ErrFenced = errors.New("the message is no longer ours to send")

// A Store keeps conversations, the outbox and the history of one organizer. Every method that
// writes returns only after what it wrote would survive a power cut. Instants come in and go out in
// UTC, to the millisecond.
type Store interface {
	// Load is all conversations with their messages, without the messages' bytes.
	Load(ctx context.Context) ([]*Conversation, error)
	// Commit writes a conversation, its new messages and its history in one transaction, and gives
	// the new messages their rows. It returns [ErrConflict] when the stored revision is not that of
	// the conversation, a message with the same key is there already, or one that was heard of is being
	// sent; and [ErrKnown] when a mail with that key has been committed, for one that is Open either way.
	Commit(ctx context.Context, d *Draft) error
	// Slots rises whenever somebody takes a time or has a word about a person, or a pass decides on messages. It
	// is read before [Store.Load].
	Slots(ctx context.Context) (int64, error)
	// CommitAll writes drafts that were decided together in one transaction. It returns [ErrConflict] where Slots
	// is another by now, and writes nothing; else it raises that, and errs says for each draft why it was not
	// written, as Commit does.
	CommitAll(ctx context.Context, slots int64, drafts []*Draft) (errs []error, err error)
	// Claim takes up to limit messages that may go by a channel now, in the order in which they fell due;
	// only those of rows, where there are any. Each one is looked at again: one that is not wanted ends
	// in the state that wanted gives and is not claimed. What wanted saw of the conversation still
	// holds when the claim is written, or the message is left for the next claim. wall is real time.
	// Nothing is claimed while sending is paused.
	Claim(ctx context.Context, wall time.Time, by Channel, limit int, rows []int64, wanted Wanted) ([]*Message, error)
	// Dot marks that from now on the claimed message may have been accepted, unless its Via is "outbox",
	// which can be asked. It returns [ErrFenced] when it must not be sent.
	Dot(ctx context.Context, m *Message) error
	// Settle ends a claim: State, NotBefore, Code, Error and Via of m are written; and where m has been
	// written into a calendar, the conversation takes that in, too ([Conversation.Written]). A claim of one
	// that is Untried does not count as an attempt.
	Settle(ctx context.Context, m *Message) error
	// NextClaim is when, in real time, the next message for a channel can be claimed, only of rows where
	// there are any; zero: none waits.
	NextClaim(ctx context.Context, by Channel, rows []int64) (time.Time, error)
	// Doors are the doors that are closed.
	Doors(ctx context.Context) ([]*Door, error)
	// Knock reports whether this process may try a door now, alone; it must say then what has come of it,
	// with Shut, Unlock or Leave. door is how it stands. wall is real time; with force its Until does not count.
	Knock(ctx context.Context, name, account string, wall time.Time, force bool) (ok bool, door *Door, err error)
	// Shut closes a door after one more try in vain; one that is closed keeps its Since.
	Shut(ctx context.Context, d *Door) error
	// Unlock opens a door.
	Unlock(ctx context.Context, name, account string) error
	// Leave ends a try that has told nothing.
	Leave(ctx context.Context, name, account string) error
	// Hurry lets what waits for another try by a channel be tried at once, and the doors that wait for a sign-in
	// to Google (Code 401).
	Hurry(ctx context.Context, by Channel) error
	// Recover frees the claims of processes of this organizer that are gone, or have not shown for a minute that they
	// live: messages that had not reached their dot are queued again, the others are unclear. It returns them. What
	// a process that may still live was handing over goes again after ten minutes only.
	Recover(ctx context.Context, wall time.Time) ([]*Message, error)
	// Message is a message with its bytes.
	Message(ctx context.Context, row int64) (*Message, error)
	// Approve lets held messages go, queued ones at once, and unclear and failed ones once more.
	Approve(ctx context.Context, rows []int64) error
	// Hold keeps queued messages that nobody has approved until somebody does.
	Hold(ctx context.Context, rows []int64) error
	// Standing is what the state knows of itself. Dot counts one more message as sent, and gives it the
	// number; Commit counts those that come in as accepted.
	Standing(ctx context.Context) (Standing, error)
	// Distrust begins a doubt: all messages that wait are held, why is their Error, and until Trust none is
	// claimed that nobody has approved. They are flagged: they may have gone before.
	Distrust(ctx context.Context, d Doubt, why string) error
	// Trust ends a doubt: the state has sent at least that many messages, and is no copy any more. Where no
	// more than release are held because of it, those go.
	Trust(ctx context.Context, sent int64, release int) error
	// Pause stops and starts all sending of this organizer, for every process and across restarts. To start
	// again lets closed doors be tried at once.
	Pause(ctx context.Context, paused bool) error
	Paused(ctx context.Context) (bool, error)
	// History is what has happened besides messages, of all conversations or those of one id.
	History(ctx context.Context, id plan.ID) ([]Event, error)
	// Cursor is how far the mailbox or calendar of that name has been read; "" where it has not.
	Cursor(ctx context.Context, name string) (at string, err error)
	SetCursor(ctx context.Context, c Cursor) error
	// Page is the conversation whose page has a token with that hash; round is 0 where there is none.
	Page(ctx context.Context, hash string) (id plan.ID, round int, err error)
	// Changes gets a value when another process may have written.
	Changes() <-chan struct{}
}

// Wanted is [Conversation.Wanted], at the moment of a claim.
type Wanted func(*Conversation, *Message) (end State, ok bool)

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

// A Mailbox brings what comes in by mail. It only reads: the mailbox stays as it was.
type Mailbox interface {
	// Fetch calls take with the mails that have come after cursor, in the order of their arrival, batch
	// by batch; next is the cursor once the whole batch is taken in. Where cursor is "" or of no use any
	// more it begins with those that came at or after since; with a zero since there are none of these,
	// and the cursor begins at the end. An error of take ends it, and is returned.
	Fetch(ctx context.Context, cursor string, since time.Time, take func(batch []*invites.Mail, next string) error) error
	// Name tells this mailbox from others that the same state may have been used with.
	Name() string
	// Wait returns when something may have come, and an error when the connection is lost or ctx ends.
	Wait(ctx context.Context) error
	// Sent reports whether the folder of sent mail holds the message of that Message-ID (without its
	// angle brackets); ok is false where there is no such folder.
	Sent(ctx context.Context, messageID string) (found, ok bool, err error)
	// Close ends all connections; the Mailbox can be used again.
	Close()
}

// A Calendar is an online calendar of the organizer, which mails its guests by itself.
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
	// Changes calls take with the events that have changed after cursor, page by page, also with those
	// that were deleted. Where cursor is "" or of no use any more it begins anew: with full pages of all
	// events that end at or after since. next is the cursor for the next call: the same one where there
	// is nothing new. An error of take ends it, and is returned.
	Changes(ctx context.Context, cursor string, since time.Time, take func(page []*invites.Event, full bool) error) (next string, err error)
	// Entry is the event with that id as the calendar named in holds it ("": this one), or as another one of the
	// account holds it, into which it was moved; Deleted where it is not there.
	Event(ctx context.Context, in, id string) (*invites.Event, error)
	// Reaches reports whether the account may write to the calendar of that name, too.
	Reaches(ctx context.Context, name string) bool
}

// An Event is something that happened in a conversation and is no message.
type Event struct {
	At    time.Time
	ID    plan.ID
	Round int
	Kind  string // "answer", "ready", "move", "cancel", "plan", "hold", …
	Text  string // one line for people
}

// A Draft is what a decision would write: nothing has happened yet. [Store.Commit] makes it true.
type Draft struct {
	At           time.Time
	Conversation *Conversation
	Messages     []*Message         // new
	Drop         map[*Message]State // messages that end without being sent
	Events       []Event
	Heard        []*Message // whose State and Error were learnt from outside: [Accepted] or [Bounced]

	// Of a mail that came in: its key, which counts once, and the cursor of the mailbox behind it.
	Key    string
	Open   bool // it did not count, and may when it comes once more
	Cursor Cursor

	// Slots is that of the [Board] it was decided on: it counts only where nobody has decided since on what others may
	// want as well ([Store.Slots]). 0: it takes nothing that they may want; [Anyway]: it is the organizer's own word.
	Slots int64

	// Objection is what the organizer should know before they let it go; "" for nothing.
	Objection string

	Page string // the hash of the token of a page that opens with it; "": none does

	// Sent is the message that says it already, or is on its way: where it is not nil there is
	// nothing to decide.
	Sent *Message
}

// Anyway is the [Draft.Slots] of what counts whatever others have decided, and lets them look again.
const Anyway = -1

// A Cursor is how far a mailbox or a calendar has been read.
type Cursor struct{ Name, At string }

// What is the last thing that happened in the draft, in a line for people; "" for none.
func (d *Draft) What() string {
	if len(d.Events) == 0 {
		return ""
	}
	return d.Events[len(d.Events)-1].Text
}

// A Board is all conversations at one moment: plans and state together.
type Board struct {
	Now           time.Time
	Slots         int64           // what [Store.Slots] was before it was read
	Conversations []*Conversation // by id and round
	Problems      []strictyaml.Problem
	Again         time.Time       // in real time: when a plan file should be read once more; zero: never
	fresh         int             // plan files that are not read yet since they have just been written
	Fresh         bool            // the store holds no conversation, and there are plans
	Doors         []*Door         // those that are closed
	Gone          []*Conversation // those that are not over, and whose plan file is no more
	Doubt         string          // why the state may not know of all that has left for the plans; "": it does
}

// Look reads the plan files and the store. Nothing is written: what the plans say anew is taken in
// by [Scheduler.Pass] and by the commands. still is how long a file must have been left alone to
// count, in real time; see [plan.Folder.Read].
func (s *Scheduler) Look(ctx context.Context, still time.Duration) (*Board, error) {
	var set *plan.Set
	var unreadable error
	read := make(chan bool)
	go func() { // side by side with the store: both take their time where there are thousands
		defer close(read)
		set, unreadable = s.Plans.Read(time.Now(), still)
	}()
	slots, err := s.Store.Slots(ctx)
	var stored []*Conversation
	if err == nil {
		stored, err = s.Store.Load(ctx)
	}
	<-read
	if err := cmp.Or(unreadable, err); err != nil {
		return nil, err
	}
	doors, err := s.shutDoors(ctx)
	if err != nil {
		return nil, err
	}
	waitAt(doors, stored)
	b := &Board{Now: s.Now(), Slots: slots, Doors: doors, Problems: set.Problems, Again: set.Again, fresh: set.Fresh, Fresh: len(stored) == 0 && len(set.Plans) > 0}
	if _, _, b.Doubt, err = s.doubted(ctx); err != nil {
		return nil, err
	}
	type key struct {
		id    plan.ID
		round int
	}
	known := make(map[key]*Conversation, len(stored))
	for _, c := range stored {
		c.settings = &s.Settings
		known[key{c.ID, c.Round}] = c
	}
	var fresh []*plan.Plan // of conversations that are not stored yet
	for _, p := range set.Plans {
		k := key{p.ID, p.Round}
		if c := known[k]; c != nil {
			delete(known, k)
			if !s.guard("reading a plan", c.Ref(), func() { b.Problems = append(b.Problems, c.Read(p, b.Now)...) }) {
				c.file = fileUnread
			}
			b.Conversations = append(b.Conversations, c)
		} else {
			fresh = append(fresh, p)
		}
	}
	gone := make(map[string]*Conversation) // by address and by terms: talks whose file is gone
	for _, c := range known {
		if set.Unread[c.ID] {
			c.file = fileUnread
		} else {
			c.file = fileGone
			st := c.Status(b.Now)
			if st != Cancelled && st != Met {
				b.Gone = append(b.Gone, c)
				if len(c.Messages) > 0 {
					gone[strings.ToLower(string(c.Plan.With.Email))] = c
				}
			}
			gone[fingerprint(c.Plan)] = c
		}
		b.Conversations = append(b.Conversations, c)
	}
	for _, p := range fresh {
		c := New(p.ID, p.Round, &s.Settings)
		problems := c.Read(p, b.Now)
		if len(gone) > 0 {
			other := cmp.Or(gone[strings.ToLower(string(p.With.Email))], gone[fingerprint(p.Terms)])
			if other != nil && other.ID != p.ID {
				mend := "if it was renamed, give it its old name back; else first: coalition cancel " + other.Ref()
				if !slices.Contains(b.Gone, other) {
					mend = "if it was renamed, give it its old name back; a further talk needs a plan of its own"
				}
				problems = append(problems, p.Problem("this person has been written to in the conversation "+other.Ref()+", whose plan file is gone", mend, "with", "email"))
			}
		}
		b.Problems = append(b.Problems, problems...)
		if problems == nil {
			b.Conversations = append(b.Conversations, c)
		}
	}
	if s.Online != nil {
		name, blind := s.Online.Name(), s.blind()
		for _, c := range b.Conversations {
			c.blind = c.Booking != nil && (blind || c.Booking.strays(name) && (!c.Booking.Away || !s.follows(c.Booking.In)))
		}
	}
	slices.SortFunc(b.Conversations, func(a, b *Conversation) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Round, b.Round))
	})
	acquaint(b.Conversations)
	for _, c := range b.Conversations {
		if c.edited && c.after == nil {
			how := map[bool]string{true: "cancelled", false: "over"}[c.Cancelled != nil]
			b.Problems = append(b.Problems, c.source.Warning("the conversation "+c.Ref()+" is "+how+", and what its plan says anew counts no more; "+c.another(), "or put it back as it was", c.changed()...))
		}
	}
	return b, nil
}

// Find is the conversation of a reference as people write it: an id or the start of one, with
// "/2" behind it for the second round. Without a round it is the first one that is not over. The
// error is a [Refusal].
func (b *Board) Find(ref string) (*Conversation, error) {
	name, round := ref, 0
	if i := strings.LastIndexByte(ref, '/'); i >= 0 {
		if _, err := fmt.Sscanf(ref[i+1:], "%d", &round); err != nil || round < 1 {
			return nil, &Refusal{ErrUnfit, fmt.Sprintf("%q names no round", ref), "write it as maya/2"}
		}
		name = ref[:i]
	}
	var exact, begins []*Conversation
	for _, c := range b.Conversations {
		if round != 0 && c.Round != round {
			continue
		}
		if string(c.ID) == name {
			exact = append(exact, c)
		} else if name != "" && strings.HasPrefix(string(c.ID), name) {
			begins = append(begins, c)
		}
	}
	list := exact
	if list == nil {
		list = begins
		for _, c := range begins {
			if c.ID != begins[0].ID {
				return nil, &Refusal{ErrUnfit, fmt.Sprintf("%q could be %s or %s", ref, begins[0].ID, c.ID), "write more of it"}
			}
		}
	}
	if len(list) == 0 {
		return nil, &Refusal{ErrUnfit, fmt.Sprintf("there is no conversation %q", ref), "see: coalition list"}
	}
	for _, c := range list {
		if st := c.Status(b.Now); st != Met && st != Cancelled {
			return c, nil
		}
	}
	return list[len(list)-1], nil
}

// Result is the message of that row as it stands now, with its conversation; nil where there is none.
func (b *Board) Result(row int64) (*Conversation, *Message) {
	for _, c := range b.Conversations {
		for _, m := range c.Messages {
			if m.Row == row {
				return c, m
			}
		}
	}
	return nil, nil
}

// Free reports whether the organizer has agreed on no other talk in that span, as far as the
// conversations say. One that is only proposed leaves it free: who answers first has it.
func (b *Board) Free(start time.Time, length time.Duration, except *Conversation) bool {
	return len(b.Overlaps(start, length, except)) == 0
}

// Clashes are the other talks agreed on in the time to which a draft invites its partner, or moves a talk.
func (b *Board) Clashes(d *Draft) (list []*Conversation) {
	m, told := d.Sent, d.Conversation.told()
	if len(d.Messages) > 0 {
		m = d.Messages[0]
	}
	if m == nil || m.Kind != Invite && m.Kind != Update || m.left() || told != nil && told.Start == m.Content.Start && told.Length == m.Content.Length {
		return nil
	}
	return b.Overlaps(m.Content.Start.Time(), m.Content.Length, d.Conversation)
}

// Overlaps are the other talks agreed on in that span.
func (b *Board) Overlaps(start time.Time, length time.Duration, except *Conversation) (list []*Conversation) {
	for _, c := range b.Conversations {
		other := c.Start(b.Now)
		if c == except || other.IsZero() || c.Cancelled != nil || c.said(No) || !c.said(Yes) && c.told() == nil {
			continue
		}
		if other.Before(start.Add(length)) && start.Before(other.Add(c.Length())) {
			list = append(list, c)
		}
	}
	return list
}

// Unread reports whether the plan of the conversation is there but can't be used.
func (c *Conversation) Unread() bool { return c.file == fileUnread }

// Source is the plan as the file says it now; nil when there is none that can be read.
func (c *Conversation) Source() *plan.Plan { return c.source }
