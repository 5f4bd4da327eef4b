// Package scheduler knows the conversations of one organizer: their life, what comes next in each,
// and what must therefore leave this machine, exactly once. It decides; it leaves the words to
// templates, the form of an invitation to invites, and databases and networks to whoever implements
// its two small interfaces, [Store] and [Sender]. It has no clock of its own.
//
// Everything flows one way. Plan files and the store give conversations; [Conversation.Next] says
// the one next thing in each; what is due becomes finished bytes in a row of the outbox, in one
// transaction with the conversation; [Scheduler.Deliver] hands rows over. Commands and the daemon
// take the same path.
package scheduler

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jordan-wright/email"

	"coalition/invites"
	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
	"coalition/templates"
)

// A Scheduler carries the conversations of one organizer. All fields are required.
type Scheduler struct {
	Settings
	Plans  *plan.Folder
	Store  Store
	Sender Sender
	Via    string // how Sender sends, for the log: "outbox" or "smtp"
	Words  *templates.Set
	Finish func(*email.Email) ([]byte, error) // turns a message into the bytes that travel
	Now    func() time.Time                   // the clock of conversations; it may be set ahead
	Log    *slog.Logger
}

// ErrConflict is returned by [Store.Commit] when the conversation has changed since it was loaded.
var ErrConflict = errors.New("the conversation has changed meanwhile")

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
	// the conversation, or a message with the same key is there already.
	Commit(ctx context.Context, d *Draft) error
	// Claim takes up to limit messages that may be sent now, in the order in which they fell due;
	// only those of rows, where there are any. Each one is looked at again in the same transaction: one
	// that is not wanted ends in the state that wanted gives and is not claimed; wanted also sets when
	// the message changed. wall is real time. Nothing is claimed while sending is paused.
	Claim(ctx context.Context, wall time.Time, limit int, rows []int64, wanted Wanted) ([]*Message, error)
	// Dot marks that from now on the claimed message may have been accepted. It returns [ErrFenced]
	// when it must not be sent.
	Dot(ctx context.Context, m *Message) error
	// Settle ends a claim: State, NotBefore, Code, Error and Via of m are written.
	Settle(ctx context.Context, m *Message) error
	// NextClaim is when, in real time, the next message can be claimed, only of rows where there are
	// any; zero: none waits.
	NextClaim(ctx context.Context, rows []int64) (time.Time, error)
	// Recover frees the claims of processes that are gone: messages that had not reached their dot
	// are queued again, the others are unclear. It returns them.
	Recover(ctx context.Context, wall time.Time) ([]*Message, error)
	// Message is a message with its bytes.
	Message(ctx context.Context, row int64) (*Message, error)
	// Approve lets held messages go, queued ones at once, and unclear ones once more.
	Approve(ctx context.Context, rows []int64) error
	// Hold keeps queued messages that nobody has approved until somebody does.
	Hold(ctx context.Context, rows []int64) error
	// Pause stops all sending, and Resume starts it again, for every process and across restarts.
	Pause(ctx context.Context, paused bool) error
	Paused(ctx context.Context) (bool, error)
	// History is what has happened besides messages, of all conversations or those of one id.
	History(ctx context.Context, id plan.ID) ([]Event, error)
	// Changes gets a value when another process may have written.
	Changes() <-chan struct{}
}

// Wanted is [Conversation.Wanted], at the moment of a claim.
type Wanted func(*Conversation, *Message) (end State, ok bool)

// A Sender hands finished messages over to whoever carries them.
type Sender interface {
	// Send hands p over, and calls dot when nothing but the end is missing. Where dot fails it hangs
	// up without the end and returns dot's error. Other errors are an [*invites.DeliveryError]; one
	// that is none counts as unclear after dot was called, and as not accepted before. A Sender that
	// can tell by itself whether it has sent p already need not call dot.
	Send(ctx context.Context, p *invites.Parcel, dot func() error) error
	// Connections is how many messages may be sent side by side: at least 1.
	Connections() int
	// Idle closes what was kept open for the next message.
	Idle()
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

	// Sent is the message that says it already, or is on its way: where it is not nil there is
	// nothing to decide.
	Sent *Message
}

// A Board is all conversations at one moment: plans and state together.
type Board struct {
	Now           time.Time
	Conversations []*Conversation // by id and round
	Problems      []strictyaml.Problem
	Again         time.Time // in real time: when a plan file should be read once more; zero: never
	Fresh         bool      // the store holds no conversation, and there are plans
	Gone          []*Conversation

	notes map[*Conversation][]string // what the plan files' newest word has overruled
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
	stored, err := s.Store.Load(ctx)
	<-read
	if err := cmp.Or(unreadable, err); err != nil {
		return nil, err
	}
	b := &Board{Now: s.Now(), Problems: set.Problems, Again: set.Again, Fresh: len(stored) == 0 && len(set.Plans) > 0,
		notes: make(map[*Conversation][]string)}
	type key struct {
		id    plan.ID
		round int
	}
	known := make(map[key]*Conversation, len(stored))
	for _, c := range stored {
		c.settings = &s.Settings
		known[key{c.ID, c.Round}] = c
	}
	for _, p := range set.Plans {
		k := key{p.ID, p.Round}
		c := known[k]
		if c == nil {
			c = New(p.ID, p.Round, &s.Settings)
		}
		delete(known, k)
		notes, err := c.Read(p, b.Now)
		if err != nil {
			b.Problems = append(b.Problems, p.Problem("this is another address than the one that was written to",
				"permission does not pass to another person: put the old address back, or plan a conversation of its own", "with", "email"))
		}
		if notes != nil {
			b.notes[c] = notes
		}
		b.Conversations = append(b.Conversations, c)
	}
	for _, c := range known {
		if set.Unread[c.ID] {
			c.file = fileUnread
		} else {
			c.file = fileGone
			if st := c.Status(b.Now); st != Cancelled && st != Met {
				b.Gone = append(b.Gone, c)
			}
		}
		b.Conversations = append(b.Conversations, c)
	}
	slices.SortFunc(b.Conversations, func(a, b *Conversation) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Round, b.Round))
	})
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

// Unread reports whether the plan of the conversation is there but can't be used.
func (c *Conversation) Unread() bool { return c.file == fileUnread }

// Source is the plan as the file says it now; nil when there is none that can be read.
func (c *Conversation) Source() *plan.Plan { return c.source }

// Brief decides on the permission-asking brief: the first one, or with again one more. The error is
// a [Refusal].
func (s *Scheduler) Brief(c *Conversation, again bool, now time.Time) (*Draft, error) {
	if c.Cancelled == nil && !c.said(No) && !c.said(Yes) && !c.Ready {
		return nil, c.notReady()
	}
	if m := c.last(nil, Brief); m != nil && c.Answer == nil {
		if m.open() || m.State == Unclear && !again || m.left() && !again {
			return &Draft{At: now, Conversation: c, Sent: m}, nil
		}
	}
	c.Settle(now)
	if err := c.Apply(AskAgain{}, now); err != nil {
		return nil, err
	}
	return s.draft(c, Brief, now)
}

// Invite decides on the invitation, at the slot if that is not zero. permitted, where not empty, is a
// yes that the partner has given in person. The error is a [Refusal].
func (s *Scheduler) Invite(c *Conversation, at plan.Slot, permitted string, now time.Time) (*Draft, error) {
	if m := c.last((*Message).left, Invite, Update); m != nil && c.Cancelled == nil {
		if !at.IsZero() && at != c.start(now) {
			return nil, &Refusal{ErrUnfit, "the invitation has gone already, for " + c.start(now).String(), "use: coalition move " + string(c.ID) + " --start TIME"}
		}
		return &Draft{At: now, Conversation: c, Sent: m}, nil
	}
	if c.Cancelled == nil && !c.Ready {
		return nil, c.notReady()
	}
	var events []Event
	if permitted != "" {
		if err := c.Apply(Answer{Value: Yes, How: "command", Note: permitted}, now); err != nil {
			return nil, err
		}
		events = append(events, c.event(now, "answer", "yes (in person): "+permitted))
	}
	if c.Cancelled == nil && !c.said(Yes) {
		return nil, &Refusal{ErrNoYes, fmt.Sprintf("no yes of %s is on record", c.Plan.With.Name),
			fmt.Sprintf("ask first (coalition ask %s), or record it (coalition answer %s yes)", c.ID, c.ID)}
	}
	if !at.IsZero() && at != c.start(now) {
		if err := c.Apply(Move{To: at}, now); err != nil {
			return nil, err
		}
	}
	if m := c.last(nil, Invite); m != nil && m.open() && m.Content == c.Says(now, Invite) {
		return &Draft{At: now, Conversation: c, Sent: m}, nil
	}
	d, err := s.draft(c, Invite, now)
	if d != nil {
		d.Events = append(events, d.Events...)
	}
	return d, err
}

// Reschedule decides on a new start for a talk that the partner has been invited to. The error is a
// [Refusal].
func (s *Scheduler) Reschedule(c *Conversation, to plan.Slot, now time.Time) (*Draft, error) {
	told := c.told()
	if told == nil {
		return nil, &Refusal{ErrUnfit, "there is no invitation to move yet",
			fmt.Sprintf("change the plan, or use: coalition invite %s --start TIME", c.ID)}
	}
	if to == c.start(now) {
		if m := c.last(nil, Invite, Update); c.Cancelled == nil && m.Content.Start == to {
			return &Draft{At: now, Conversation: c, Sent: m}, nil
		}
	}
	from := c.start(now)
	if err := c.Apply(Move{To: to}, now); err != nil {
		return nil, err
	}
	if told.Start == to && told.Length == c.Length() { // back to what the partner knows, before they heard of another
		return s.plain(c, now, c.event(now, "move", "back to "+to.String())), nil
	}
	d, err := s.draft(c, Update, now)
	if d != nil {
		d.Events = append(d.Events, c.event(now, "move", fmt.Sprintf("from %s to %s", from, to)))
	}
	return d, err
}

// ByFile turns a draft whose message waits in the outbox into one of a message for a file: the one
// that waits will not go. The error is a [Refusal].
func (s *Scheduler) ByFile(d *Draft) (*Draft, error) {
	c := d.Conversation
	for _, m := range c.Messages {
		if m == d.Sent {
			m.State = Superseded
		}
	}
	step := c.Next(d.At)
	if step.Kind != d.Sent.Kind {
		return nil, &Refusal{ErrUnfit, theNoun(d.Sent.Kind) + " is being sent at this moment", "look again with: coalition log " + string(c.ID)}
	}
	file, err := s.decide(c, step, d.At, true)
	if err != nil {
		return nil, err
	}
	file.Drop[d.Sent] = Superseded
	return file, nil
}

// CallOff decides on a cancellation, and on telling the partner where there is something to tell. The
// error is a [Refusal].
func (s *Scheduler) CallOff(c *Conversation, reason string, now time.Time) (*Draft, error) {
	if c.Cancelled != nil {
		return &Draft{At: now, Conversation: c, Sent: c.last(nil, Cancel)}, nil
	}
	if err := c.Apply(Withdraw{Reason: reason}, now); err != nil {
		return nil, err
	}
	event := c.event(now, "cancel", strings.TrimSuffix("cancelled: "+reason, ": "))
	if c.Next(now).Kind != Cancel {
		return s.plain(c, now, event), nil
	}
	d, err := s.draft(c, Cancel, now)
	if d != nil {
		d.Events = append(d.Events, event)
	}
	return d, err
}

// Take takes in a change that sends nothing by itself. The error is a [Refusal].
func (s *Scheduler) Take(c *Conversation, change Change, now time.Time) (*Draft, error) {
	if err := c.Apply(change, now); err != nil {
		return nil, err
	}
	event := c.event(now, "ready", "checked in")
	if a, ok := change.(Answer); ok {
		event = c.event(now, "answer", a.text())
	}
	return s.plain(c, now, event), nil
}

func (a Answer) text() string {
	s := a.Value
	if !a.Slot.IsZero() {
		s += ", " + a.Slot.String()
	}
	if a.Note != "" {
		s += ": " + a.Note
	}
	return s
}

func (c *Conversation) event(now time.Time, kind, text string) Event {
	return Event{At: now, ID: c.ID, Round: c.Round, Kind: kind, Text: text}
}

// plain is the draft of a conversation that has changed without anything to send.
func (s *Scheduler) plain(c *Conversation, now time.Time, events ...Event) *Draft {
	c.Settle(now)
	return &Draft{At: now, Conversation: c, Drop: c.stale(now), Events: events}
}

// draft is the message of that kind, by the organizer's own command. Where the next step is
// another one, the refusal names it.
func (s *Scheduler) draft(c *Conversation, kind Kind, now time.Time) (*Draft, error) {
	c.Settle(now)
	step := c.Next(now)
	if step.Kind != kind {
		return nil, &Refusal{ErrUnfit, fmt.Sprintf("%s can't be sent now", theNoun(kind)), "first " + step.Next}
	}
	return s.decide(c, step, now, true)
}

func theNoun(k Kind) string { return "the " + k.noun() }

// stale are the messages waiting to leave that the conversation no longer means.
func (c *Conversation) stale(now time.Time) map[*Message]State {
	drop := make(map[*Message]State)
	for _, m := range c.Messages {
		if m.open() {
			if end, ok := c.Wanted(m, now); !ok {
				drop[m] = end
			}
		}
	}
	return drop
}

// decide turns a step into messages with finished bytes. It changes c; nothing is stored yet.
func (s *Scheduler) decide(c *Conversation, step Step, now time.Time, approved bool) (*Draft, error) {
	c.Settle(now)
	told := c.told()
	m := &Message{ID: c.ID, Round: c.Round, Kind: step.Kind, Revision: step.revision, To: string(c.Plan.With.Email),
		Due: step.Due, State: Queued, Approved: approved, Via: s.Via}
	if m.Due.IsZero() {
		m.Due = now
	}
	switch step.Kind {
	case Brief:
		c.Answer = nil
		c.Offered = c.offers(now)
		m.Content = c.Says(now, Brief)
		for _, t := range c.Offered {
			if at := t.Time(); m.Deadline.IsZero() || at.Before(m.Deadline) {
				m.Deadline = at
			}
		}
	case Invite, Update:
		if c.UID == "" {
			c.UID = random(16)
			c.Organizer, c.PartStat = s.Organizer, invites.NeedsAction
		}
		m.Content = c.Says(now, Invite)
		m.Deadline = m.Content.Start.Time()
		if last := c.lastDecided(); step.Kind == Update && m.Content.moves(&last.Content) {
			c.Sequence++
			c.PartStat = invites.NeedsAction
		}
	case Cancel:
		if told != nil {
			c.Sequence++
			m.Content, m.Deadline = *told, told.Start.Time()
		}
	case Reminder:
		m.Content, m.Deadline = *told, told.Start.Time()
	}
	m.Deadline = m.Deadline.UTC()
	if step.Kind != Brief && (told != nil || step.Kind == Invite) {
		m.Sequence = c.Sequence
	}
	if m.Revision == "" {
		m.Revision = c.nextRevision(m.Kind, "")
	}
	if err := s.write(c, m, told, now); err != nil {
		return nil, err
	}
	d := &Draft{At: now, Conversation: c, Messages: []*Message{m}}
	if s.CopyToSelf && c.UID != "" && m.Calendar != nil && m.To != s.Organizer.Email {
		own := *m
		own.Revision, own.To, own.Calendar = c.nextRevision(m.Kind, copyRevision), s.Organizer.Email, nil
		if err := s.write(c, &own, told, now); err != nil {
			return nil, err
		}
		d.Messages = append(d.Messages, &own)
	}
	d.Drop = c.stale(now)
	for old := range d.Drop {
		if old.State == Held && !approved {
			for _, m := range d.Messages { // other words for something that waits for approval wait, too
				m.State = Held
			}
		}
	}
	return d, nil
}

// lastDecided is the newest invitation or update, whatever has become of it.
func (c *Conversation) lastDecided() *Message {
	for _, m := range slices.Backward(c.Messages) {
		if (m.Kind == Invite || m.Kind == Update) && !m.copy() {
			return m
		}
	}
	return &Message{}
}

func (c *Conversation) nextRevision(k Kind, prefix string) string {
	n := 1
	for _, m := range c.Messages {
		if m.Kind == k && strings.HasPrefix(m.Revision, copyRevision) == (prefix != "") {
			n++
		}
	}
	return fmt.Sprint(prefix, n)
}

// stamp is the next Date and DTSTAMP of the conversation: no two messages share one (RFC 5546,
// section 2.1.5, orders them by it).
func (c *Conversation) stamp(now time.Time) time.Time {
	t := now.UTC().Truncate(time.Second)
	if !t.After(c.Stamp) {
		t = c.Stamp.Add(time.Second)
	}
	c.Stamp = t
	return t
}

func random(n int) string {
	b := make([]byte, n)
	if _, err := io.ReadFull(rand.Reader, b); err != nil {
		panic("scheduler: no randomness: " + err.Error())
	}
	return hex.EncodeToString(b)
}
