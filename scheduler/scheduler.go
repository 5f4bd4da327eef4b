// Package scheduler knows when: it reads the plans of one organizer, lets come in what partners and calendars say,
// decides what is due, and lets it leave. What is next in one conversation it leaves to package conversation, and
// between those of one person to roster; the words to compose; what comes in to intake and eventsync; what leaves,
// once, to delivery; databases and networks to whoever implements [Store], [delivery.Sender], [eventsync.Calendar] and
// [intake.Mailbox]. The clock of conversations is handed in; only waiting goes by real time.
//
// Everything flows one way. Plan files and the store give conversations ([Scheduler.Look]); [roster.Next] says the one
// next thing in each; what is due becomes finished bytes in a row of the outbox, in one transaction with the
// conversation ([Scheduler.Pass]); [delivery.Delivery.DeliverBoth] hands rows over. Commands ([Scheduler.Decide],
// [Scheduler.Once]) and the daemon ([Scheduler.Run]) take the same path.
package scheduler

import (
	"context"
	"log/slog"
	"time"

	"github.com/jordan-wright/email"

	"coalition/scheduler/compose"
	"coalition/scheduler/conversation"
	"coalition/scheduler/delivery"
	"coalition/scheduler/eventsync"
	"coalition/scheduler/finder"
	"coalition/scheduler/holds"
	"coalition/scheduler/holidays"
	"coalition/scheduler/intake"
	"coalition/scheduler/intake/page"
	"coalition/scheduler/journal"
	"coalition/scheduler/lookup"
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/plan/folder"
	"coalition/scheduler/roster"
	"coalition/templates"
	"coalition/templates/answers"
)

// A Config is what a [Scheduler] works with. All fields are required but FreeBusy, Calendar, Poll, Holds, Account,
// Mailbox, Link and Beat.
type Config struct {
	Settings organizer.Settings
	Plans    *folder.Folder
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

	// FreeBusy says when people have no time; nil: nothing is known of that.
	FreeBusy finder.Calendars
	// Calendar is the online calendar of the organizer; nil: what is there stays as it is.
	Calendar eventsync.Calendar
	// Poll is how often the calendar is looked at; more than 0 where there is one.
	Poll time.Duration
	// Holds is the calendar in which times that are offered can be held, or could be before the config was changed: those
	// that stand are taken out where nothing is held any more; nil: there is none.
	Holds holds.Calendar
	// Account says by which account a door goes: see [delivery.NewDoors].
	Account func(name string) string
	// Mailbox is where answers come in by mail; nil: there is none.
	Mailbox intake.Mailbox
	// Link is the address of a partner's page; nil: there are no pages.
	Link func(token string) string
	// Journals returns what is written of the talks, by conversation; nil: nothing is.
	Journals func() map[plan.ID]*journal.Journal
	// Beat is called by [Scheduler.Run] once the plans are read, and from then on at least twice a minute while it goes
	// round, besides during a pass; nil: nobody listens.
	Beat func()
}

// A Scheduler carries the conversations of one organizer.
type Scheduler struct {
	organizer.Settings
	Plans *folder.Folder
	Store Store
	Words *templates.Set
	Now   func() time.Time
	Log   *slog.Logger

	// Finder looks for times, Compose writes messages, Delivery hands them over, Intake takes in what partners say by mail,
	// Pages what they say on their pages, and Sync what happens in the calendar, where Holds has times stand that are
	// offered; the last two are nil where there is none.
	Finder   *finder.Finder
	Compose  *compose.Composer
	Delivery *delivery.Delivery
	Intake   *intake.Intake
	Pages    *page.Desk
	Sync     *eventsync.Sync
	Holds    *holds.Holds
	// Doors are those to servers, and Marks what stands beside the plans.
	Doors *delivery.Doors
	Marks *delivery.Marks

	// Mailbox is where answers come in by mail; nil: there is none.
	Mailbox intake.Mailbox
	// flood is since when, in real time, more files are being written than may go at once; zero: they are not.
	flood time.Time
	// pokes get a value when the conversations are to be looked at again, hints when something may have changed in the
	// calendar, and retries when somebody may have mended what kept the mailbox from being read.
	pokes, hints, retries chan struct{}
	// beat and journals are those of Config.
	beat     func()
	journals func() map[plan.ID]*journal.Journal
}

// New returns a scheduler that has done nothing yet.
func New(config Config) *Scheduler {
	s := &Scheduler{Settings: config.Settings, Plans: config.Plans, Store: config.Store, Words: config.Words,
		Now: config.Now, Log: config.Log, Mailbox: config.Mailbox,
		pokes: make(chan struct{}, 1), hints: make(chan struct{}, 1), retries: make(chan struct{}, 1), beat: config.Beat}
	if s.beat == nil {
		s.beat = func() {}
	}
	if s.journals = config.Journals; s.journals == nil {
		s.journals = func() map[plan.ID]*journal.Journal { return nil }
	}
	s.Marks = &delivery.Marks{Settings: &s.Settings, Plans: s.Plans, Store: s.Store, Log: s.Log}
	s.Doors = delivery.NewDoors(&s.Settings, s.Store, config.Account, s.Log)
	s.Finder = &finder.Finder{Settings: &s.Settings, Calendars: config.FreeBusy,
		Holidays: &holidays.Reader{Folder: s.Plans.Path}}
	s.Compose = &compose.Composer{Settings: &s.Settings, Words: s.Words, Finish: config.Finish, Link: config.Link,
		Log: s.Log}
	s.Intake = &intake.Intake{Settings: &s.Settings, Plans: s.Plans, Store: s.Store, Compose: s.Compose,
		Mailbox: config.Mailbox, Understand: config.Understand, Busy: s.Finder.Busy, Now: s.Now, Log: s.Log,
		Poke: s.poke, Hint: s.Hint}
	s.Pages = &page.Desk{Intake: s.Intake}
	s.Delivery = &delivery.Delivery{Settings: &s.Settings, Store: s.Store, Sender: config.Sender, Doors: s.Doors,
		Marks: s.Marks, Now: s.Now, Log: s.Log, Sent: s.sent, Tell: s.Intake.Tell}
	if config.Calendar != nil {
		s.Sync = &eventsync.Sync{Settings: &s.Settings, Store: s.Store, Intake: s.Intake, Calendar: config.Calendar,
			Poll: config.Poll, Look: func(ctx context.Context) (*roster.Roster, error) { return s.Look(ctx, 0) },
			Log: s.Log, Hint: s.Hint}
		can := config.Calendar.Capabilities()
		s.Compose.Calendar, s.Compose.MakesRooms = config.Calendar.Name, can.MakesRooms
		if can.MailsGuests {
			s.Delivery.Calendar, s.Delivery.Reaches = config.Calendar, s.Sync.Reach
			s.Delivery.Stale, s.Delivery.Settled = s.Sync.TakeStale, s.Sync.Settled
		} else {
			// It is kept in step with, and nothing is written: invitations go by mail.
			s.Calendar = ""
		}
	}
	if config.Holds != nil {
		s.Holds = &holds.Holds{Settings: &s.Settings, Calendar: config.Holds, Store: s.Store, Title: s.Compose.HoldTitle,
			On: s.Times.Hold && config.Calendar != nil && config.Calendar.Capabilities().KeepsHolds, Log: s.Log,
			Recall: func(ctx context.Context) (*roster.Roster, error) { return s.Intake.Recall(ctx, lookup.Query{}) }}
	}
	return s
}

// poke says that the conversations are to be looked at again.
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
	// CommitAll writes drafts that were decided together in one transaction. It returns [conversation.ErrConflict]
	// where Slots is another by now, and writes nothing; else it raises that, and errs says for each draft why it was
	// not written, as Commit does.
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
	// Paused reports whether sending is stopped.
	Paused(ctx context.Context) (bool, error)
	// History returns what has happened besides messages, of all conversations or those of one id.
	History(ctx context.Context, id plan.ID) ([]conversation.HistoryEntry, error)
	// Erased returns how many conversations were erased, and what somebody with that address has said in them; nil:
	// nothing that counts.
	Erased(ctx context.Context) (n int64, said func(address string) *conversation.Silence, err error)
	// Changes gets a value when another process may have written.
	Changes() <-chan struct{}
}
