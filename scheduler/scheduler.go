// Package scheduler knows the conversations of one organizer: their life, what comes next in each,
// and what must therefore leave this machine, exactly once. It decides; it leaves the words to
// templates, the form of an invitation to invites, and databases and networks to whoever implements
// its interfaces, [Store], [delivery.Sender], [eventsync.Calendar] and [intake.Mailbox]. It has no clock of its own.
//
// Everything flows one way. Plan files and the store give conversations; [conversation.Conversation.Next] says
// the one next thing in each; what is due becomes finished bytes in a row of the outbox, in one
// transaction with the conversation; [Scheduler.Deliver] hands rows over. Commands and the daemon
// take the same path.
package scheduler

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jordan-wright/email"

	"coalition/scheduler/compose"
	"coalition/scheduler/conversation"
	"coalition/scheduler/delivery"
	"coalition/scheduler/eventsync"
	"coalition/scheduler/guard"
	"coalition/scheduler/intake"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/templates"
	"coalition/templates/answers"
)

// A Config is what a [Scheduler] works with. All fields are required but Calendar, Poll, Account, Mailbox and Link.
type Config struct {
	Settings conversation.Settings
	Plans    *plan.Folder
	Store    Store
	Sender   delivery.Sender
	Words    *templates.Set
	// Understand says what a reply means, as [answers.Reader.Read] does; nothing where the words can't be read.
	Understand func(lang, text string, names ...string) answers.Meaning
	// Finish turns a message into the bytes that travel.
	Finish func(*email.Email) ([]byte, error)
	// Now is the clock of conversations; it may be set ahead.
	Now func() time.Time
	Log *slog.Logger

	// Calendar is the online calendar of the organizer; nil: what is there stays as it is.
	Calendar eventsync.Calendar
	// Poll is how often the calendar is looked at.
	Poll time.Duration
	// Account says by which account a door goes: see [delivery.NewDoors].
	Account func(name string) string
	// Mailbox is where answers come in by mail; nil: there is none.
	Mailbox intake.Mailbox
	// Link is the address of a partner's page; nil: there are no pages.
	Link func(token string) string
}

// A Scheduler carries the conversations of one organizer.
type Scheduler struct {
	conversation.Settings
	Plans *plan.Folder
	Store Store
	Words *templates.Set
	Now   func() time.Time
	Log   *slog.Logger

	// Compose writes messages, Delivery hands them over, Intake takes in what partners say, and Sync what happens in
	// the calendar; nil where there is none.
	Compose  *compose.Composer
	Delivery *delivery.Delivery
	Intake   *intake.Intake
	Sync     *eventsync.Sync
	// Doors are those to servers, and Marks what stands beside the plans.
	Doors *delivery.Doors
	Marks *delivery.Marks

	// Mailbox is where answers come in by mail; nil: there is none.
	Mailbox intake.Mailbox
	// Since when, in real time, more files are being written than may go at once; zero: they are not.
	flood time.Time
	// Each gets a value: when the conversations are to be looked at again, when something may have changed in the
	// calendar, and when somebody may have mended what kept the mailbox from being read.
	pokes, hints, retries chan struct{}
}

// New is a scheduler that has done nothing yet.
func New(config Config) *Scheduler {
	s := &Scheduler{Settings: config.Settings, Plans: config.Plans, Store: config.Store, Words: config.Words, Now: config.Now, Log: config.Log,
		Mailbox: config.Mailbox, pokes: make(chan struct{}, 1), hints: make(chan struct{}, 1), retries: make(chan struct{}, 1)}
	s.Marks = &delivery.Marks{Settings: &s.Settings, Plans: s.Plans, Store: s.Store, Log: s.Log}
	s.Doors = delivery.NewDoors(&s.Settings, s.Store, config.Account, s.Log)
	s.Compose = &compose.Composer{Settings: &s.Settings, Words: s.Words, Finish: config.Finish, Link: config.Link, Log: s.Log}
	s.Intake = &intake.Intake{Settings: &s.Settings, Plans: s.Plans, Store: s.Store, Compose: s.Compose, Mailbox: config.Mailbox,
		Understand: config.Understand, Now: s.Now, Log: s.Log, Poke: s.poke, Hint: s.Hint}
	s.Delivery = &delivery.Delivery{Settings: &s.Settings, Store: s.Store, Sender: config.Sender, Doors: s.Doors, Marks: s.Marks,
		Now: s.Now, Log: s.Log, Sent: s.sent, Tell: s.Intake.Tell}
	if config.Calendar != nil {
		s.Sync = &eventsync.Sync{Settings: &s.Settings, Store: s.Store, Intake: s.Intake, Calendar: config.Calendar, Poll: config.Poll,
			Look: func(ctx context.Context) (*roster.Roster, error) { return s.Look(ctx, 0) }, Log: s.Log, Hint: s.Hint}
		can := config.Calendar.Capabilities()
		s.Compose.Calendar, s.Compose.MakesRooms = config.Calendar.Name, can.MakesRooms
		if !can.MailsGuests { // it is kept in step with, and invitations go by mail
			s.Settings.Calendar = ""
		}
		s.Delivery.Calendar, s.Delivery.Reaches = config.Calendar, s.Sync.Reach
		s.Delivery.Stale, s.Delivery.Settled = s.Sync.TakeStale, s.Sync.Settled
	}
	return s
}

func (s *Scheduler) poke() { wake(s.pokes) }

// Hint says that something may have changed in the calendar.
func (s *Scheduler) Hint() { wake(s.hints) }

// A Store keeps conversations, the outbox and the history of one organizer. Every method that
// writes returns only after what it wrote would survive a power cut. Instants come in and go out in
// UTC, to the millisecond.
type Store interface {
	delivery.Outbox
	delivery.DoorStore
	delivery.MarkStore
	eventsync.Store
	// CommitAll writes drafts that were decided together in one transaction. It returns [conversation.ErrConflict] where Slots
	// is another by now, and writes nothing; else it raises that, and errs says for each draft why it was not
	// written, as Commit does.
	CommitAll(ctx context.Context, slots int64, drafts []*conversation.Draft) (errs []error, err error)
	// Recover frees the claims of processes of this organizer that are gone, or have not shown for a minute that they
	// live: messages that had not reached their dot are queued again, the others are unclear. It returns them. What
	// a process that may still live was handing over goes again after ten minutes only.
	Recover(ctx context.Context, wall time.Time) ([]*outbox.Message, error)
	// Approve lets held messages go, queued ones at once, and unclear and failed ones once more.
	Approve(ctx context.Context, rows []int64) error
	// Hold keeps queued messages that nobody has approved until somebody does.
	Hold(ctx context.Context, rows []int64) error
	// Pause stops and starts all sending of this organizer, for every process and across restarts. To start
	// again lets closed doors be tried at once.
	Pause(ctx context.Context, paused bool) error
	Paused(ctx context.Context) (bool, error)
	// History is what has happened besides messages, of all conversations or those of one id.
	History(ctx context.Context, id plan.ID) ([]conversation.HistoryEntry, error)
	// Changes gets a value when another process may have written.
	Changes() <-chan struct{}
}

// Look reads the plan files and the store. Nothing is written: what the plans say anew is taken in
// by [Scheduler.Pass] and by the commands. still is how long a file must have been left alone to
// count, in real time; see [plan.Folder.Read].
func (s *Scheduler) Look(ctx context.Context, still time.Duration) (*roster.Roster, error) {
	var set *plan.Set
	var unreadable error
	read := make(chan bool)
	go func() { // side by side with the store: both take their time where there are thousands
		defer close(read)
		set, unreadable = s.Plans.Read(time.Now(), still)
	}()
	slots, err := s.Store.Slots(ctx)
	var stored []*conversation.Conversation
	if err == nil {
		stored, err = s.Store.Load(ctx, conversation.Lookup{})
	}
	<-read
	if err := cmp.Or(unreadable, err); err != nil {
		return nil, err
	}
	doors, err := s.Doors.Closed(ctx)
	if err != nil {
		return nil, err
	}
	delivery.WaitAt(doors, stored)
	b := &roster.Roster{Settings: &s.Settings, Now: s.Now(), Slots: slots, Doors: doors, Problems: set.Problems, Again: set.Again, Writing: set.Fresh, Fresh: len(stored) == 0 && len(set.Plans) > 0}
	if _, _, b.Doubt, err = s.Marks.Doubt(ctx); err != nil {
		return nil, err
	}
	type key struct {
		id    plan.ID
		round int
	}
	known := make(map[key]*conversation.Conversation, len(stored))
	for _, c := range stored {
		c.Attach(&s.Settings)
		known[key{c.ID, c.Round}] = c
	}
	var fresh []*plan.Plan // of conversations that are not stored yet
	for _, p := range set.Plans {
		k := key{p.ID, p.Round}
		if c := known[k]; c != nil {
			delete(known, k)
			if !guard.Run(s.Log, "reading a plan", c.Ref(), func() { b.Problems = append(b.Problems, c.Read(p, b.Now)...) }) {
				c.Unplanned(true)
			}
			b.Conversations = append(b.Conversations, c)
		} else {
			fresh = append(fresh, p)
		}
	}
	gone := make(map[string]*conversation.Conversation) // by address and by terms: talks whose file is gone
	for _, c := range known {
		if c.Unplanned(set.Unread[c.ID]); !c.Unread() {
			st := c.Status(b.Now)
			if st != conversation.Cancelled && st != conversation.Met {
				b.Gone = append(b.Gone, c)
				if len(c.Messages) > 0 {
					gone[strings.ToLower(string(c.Plan.With.Email))] = c
				}
			}
			gone[conversation.Fingerprint(c.Plan)] = c
		}
		b.Conversations = append(b.Conversations, c)
	}
	for _, p := range fresh {
		c := conversation.New(p.ID, p.Round, &s.Settings)
		problems := c.Read(p, b.Now)
		if len(gone) > 0 {
			other := cmp.Or(gone[strings.ToLower(string(p.With.Email))], gone[conversation.Fingerprint(p.Terms)])
			if other != nil && other.ID != p.ID {
				mend := "if it was renamed, give it its old name back; else first: " + other.How(conversation.WayCancel)
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
	if s.Sync != nil {
		name, blind := s.Sync.Calendar.Name(), s.Sync.Blind()
		for _, c := range b.Conversations {
			c.SetBlind(c.Booking != nil && (blind || c.Booking.Strays(name) && (!c.Booking.Away || !s.Sync.Follows(c.Booking.In))))
		}
	}
	slices.SortFunc(b.Conversations, func(a, b *conversation.Conversation) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Round, b.Round))
	})
	roster.Acquaint(b.Conversations)
	for _, c := range b.Conversations {
		if c.EditedAfter() && c.After == nil {
			how := map[bool]string{true: "cancelled", false: "over"}[c.Cancelled != nil]
			b.Problems = append(b.Problems, c.Source().Warning("the conversation "+c.Ref()+" is "+how+", and what its plan says anew counts no more; "+c.Another(), "or put it back as it was", c.ChangedKey()...))
		}
	}
	return b, nil
}
