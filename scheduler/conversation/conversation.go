package conversation

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// Settings are what the organizer has configured about themself and about how conversations are
// carried out. They are the same for all conversations and never stored.
type Settings struct {
	Organizer  invites.Address
	Aliases    []string          // other addresses of the organizer
	Zone       plan.Zone         // required
	Language   plan.Language     // required
	Hours      plan.WorkingHours // required
	Reminders  []time.Duration   // how long before the start; any order
	HoldOver   int               // see [scheduler.Scheduler.Pass]
	CopyToSelf bool              // the organizer gets each invitation as a METHOD:PUBLISH mail, and each cancellation as METHOD:CANCEL
	Notify     bool              // the organizer gets a short mail about each answer that waits for them

	// Calendar is the online calendar that new invitations go to; "": they go by mail. Calendars are all that talks may
	// be held in.
	Calendar  outbox.Channel
	Calendars []Calendar
	// How words what the organizer can do: the way, for the conversation of that reference. at is a time, for
	// [WayMoveTo] and [WayKeep].
	How func(way Way, ref string, at ...string) string

	Via string // how mail goes, for the log: "outbox" or "smtp"

	// Secret is that of the installation, from which UIDs and Message-IDs derive; none: they are random.
	Secret []byte
}

// A Status is a conversation's place in its life.
type Status string

// The life of a conversation, in its order.
const (
	Planned   Status = "planned"   // the organizer has not checked in yet
	Ready     Status = "ready"     // the brief may go
	Asked     Status = "asked"     // the brief has gone
	Permitted Status = "permitted" // a yes is on record
	Declined  Status = "declined"  // a no is on record
	Later     Status = "later"     // the partner asked for another moment
	Invited   Status = "invited"   // the invitation has gone
	Confirmed Status = "confirmed" // the partner has accepted it
	Met       Status = "met"       // the talk is over
	Cancelled Status = "cancelled" // by the organizer
)

// The answers a partner can give to the brief.
const (
	Yes   = "yes"
	No    = "no"
	Wait  = "later"
	Query = "question" // something to talk about before the answer
)

// An Answer is what the partner said to the question whether the two may talk.
type Answer struct {
	Value string    `json:"value"` // Yes, No, Wait or Query
	At    time.Time `json:"at"`
	How   string    `json:"how"`            // "command", "plan", "mail" or "page"
	From  string    `json:"from,omitempty"` // the address that a mail came from
	Note  string    `json:"note"`           // in the words of whoever gave it, one line; may be empty
	Slot  plan.Slot `json:"slot,omitzero"`
	Seen  bool      `json:"seen,omitempty"`  // the organizer has seen what else it says
	Other bool      `json:"other,omitempty"` // a yes, but to another time than the one that was proposed
	Until time.Time `json:"until,omitzero"`  // the partner may change it on the page until then, and nothing follows from it before
	Taken plan.Slot `json:"taken,omitzero"`  // the time that was chosen, which another talk had by then
	By    string    `json:"by,omitempty"`    // which one: its [Conversation.Ref]
	Moved bool      `json:"moved,omitempty"` // it was a "later" to the invitation, and the organizer has named another start since
}

// A Word is something the partner has sent that the program only shows.
type Word struct {
	At   time.Time `json:"at"`
	From string    `json:"from"`          // the address it came from
	Text string    `json:"text"`          // what it was, one line
	Key  string    `json:"key,omitempty"` // of a mail that may count when it comes once more

	Settled []invites.PartStat `json:"settled,omitempty"` // the answers of the calendar that leave nothing of it to be read
	Foreign bool               `json:"foreign,omitempty"` // it belongs to something else
	Sign    bool               `json:"sign,omitempty"`    // it has no words, and keeps nothing from going on
}

// A Proposal is another time that the partner's calendar has proposed (COUNTER), and that nobody has
// decided on.
type Proposal struct {
	At     time.Time     `json:"at"`
	Start  time.Time     `json:"start"`
	Length time.Duration `json:"length"`
	Note   string        `json:"note,omitempty"`
}

// A Cancellation is the organizer's decision to let a conversation go.
type Cancellation struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`         // told to the partner; may be empty
	Told   bool      `json:"told,omitempty"` // they know already: nobody is written to
}

// A Conversation is one round of talking with one partner: what its plan said when it was last
// read, and what has happened since. The zero value of every time means "not yet".
type Conversation struct {
	ID    plan.ID `json:"-"`
	Round int     `json:"-"`
	Rev   int64   `json:"-"` // of the stored record, for [scheduler.Store.Commit]; 0: never stored

	Plan      plan.Terms    `json:"plan"`            // as the file said it when it was last read
	Dates     *Dates        `json:"dates,omitempty"` // the plan's dates, fixed when it was first acted on
	Ready     bool          `json:"ready"`
	NotYet    bool          `json:"not_yet,omitempty"` // the organizer was asked whether they are ready, and is not
	Asks      int           `json:"asks"`              // how many briefs are meant: at least 1 while there is no answer
	Offered   []plan.Slot   `json:"offered"`           // the times that the last brief offered, in its order
	Answer    *Answer       `json:"answer,omitempty"`  // to the last brief
	Chosen    plan.Slot     `json:"chosen,omitzero"`   // a start that was not the plan's word: from an answer, a move
	Lasts     time.Duration `json:"lasts,omitzero"`    // a length that was not the plan's word: from the calendar
	Place     *string       `json:"place,omitempty"`   // a place that was not the plan's word: from the calendar; nil: there is none, "": it was taken out there
	Named     Named         `json:"named,omitzero"`    // when those, or the plan's, were named
	Cancelled *Cancellation `json:"cancelled,omitempty"`

	Clocks  Clocks    `json:"clocks,omitzero"`
	Touched time.Time `json:"touched,omitzero"` // when the organizer or the partner last had a word

	Channel   outbox.Channel   `json:"channel,omitempty"` // of the round, as its UID is; "" before, and for mail
	UID       string           `json:"uid,omitempty"`     // of the round's one event; "" before the invitation, or a yes on the page
	Sequence  int              `json:"sequence"`          // SEQUENCE of the last REQUEST or CANCEL that was decided
	PartStat  invites.PartStat `json:"partstat,omitempty"`
	Given     invites.PartStat `json:"given,omitempty"`    // the answer of the partner's calendar by mail; "" for none
	GivenTo   int              `json:"given_to,omitempty"` // the SEQUENCE that it was given to
	Replied   time.Time        `json:"replied,omitzero"`   // when the calendar answered that, by its DTSTAMP
	Organizer invites.Address  `json:"organizer,omitzero"` // ORGANIZER of the event: it never changes
	Stamp     time.Time        `json:"stamp,omitzero"`     // DTSTAMP and Date of the last message

	Counter  *Proposal `json:"counter,omitempty"`  // waits for the organizer
	Proposed []string  `json:"proposed,omitempty"` // for the agenda, by the partner; they wait for the organizer, too
	Taken    []string  `json:"taken,omitempty"`    // those that the organizer has taken into the agenda
	Word     *Word     `json:"word,omitempty"`     // the last mail of the partner that the program did not act on
	Doubted  *Word     `json:"doubted,omitempty"`  // the last one that was not believed, and why
	Reread   bool      `json:"reread,omitempty"`   // mail was refused that may be from an address which the plan has now
	Notices  []News    `json:"notices,omitempty"`  // of which the organizer is still to get a notice

	Behind     bool      `json:"behind,omitempty"`      // the event has changed while a write of ours was on its way: the calendar is still to be asked about it
	Booking    *Booking  `json:"booking,omitempty"`     // the event in an online calendar; nil: there is none that we know of
	Page       string    `json:"page,omitempty"`        // the hash of the token of the last brief's page
	PageBefore string    `json:"page_before,omitempty"` // of the one before, which holds until the last brief has left
	PageUntil  time.Time `json:"page_until,omitzero"`   // when the page ends

	Stop     *Stop     `json:"stop,omitempty"`    // the partner wants no more mail
	Refused  time.Time `json:"refused,omitzero"`  // when a no was taken in last
	Insisted time.Time `json:"insisted,omitzero"` // when the organizer asked by a word of their own last

	Messages []*outbox.Message `json:"-"` // all that was decided to send, in that order

	// Peers are all conversations with the same person, this one among them; nil: that is not known here. Before and
	// After are the rounds beside it; nil: there is none.
	Peers         []*Conversation `json:"-"`
	Before, After *Conversation   `json:"-"`

	settings *Settings
	// The plan as its file says it now, and what is private in it.
	source  *plan.Plan
	private plan.Private
	file    fileState
	// Its plan has been changed since it was over.
	edited bool
	// What the plan file has changed, for the history; not stored yet.
	news []HistoryEntry
	// It says more than the store does.
	dirty bool
	// The plan has just named another address of the partner: see Reread.
	regained bool
	// What has happened to the event since is not known.
	blind bool
}

// Clocks are what has followed from newer zone data, by which the start is at another instant than when the partner
// was told of it: each is that instant, in Unix seconds, or 0.
type Clocks struct {
	Retold int64 `json:"retold,omitempty"` // the organizer wants the partner told
	Kept   int64 `json:"kept,omitempty"`   // they know, as the organizer says
	Noted  int64 `json:"noted,omitempty"`  // the organizer was told
}

// Dates are a plan's dates, fixed.
type Dates struct {
	Start plan.Slot   `json:"start,omitzero"`
	Times []plan.Slot `json:"times,omitempty"`
	From  plan.Slot   `json:"from,omitzero"` // of the days between which a time is looked for: when the first one opens
	To    plan.Slot   `json:"to,omitzero"`   // and when the last one closes
	AskOn time.Time   `json:"ask_on,omitzero"`
}

// fileState is what has become of the plan file of a conversation.
type fileState int

const (
	fileGone   fileState = iota // there is none: nothing new begins, reminders still go
	fileUnread                  // it has a problem, or is being written right now
	fileRead
)

// New is a conversation that nothing has happened to yet.
func New(id plan.ID, round int, settings *Settings) *Conversation {
	return &Conversation{ID: id, Round: round, settings: settings}
}

// Answered takes in an answer, which ends whatever asking was still meant.
func (c *Conversation) Answered(a Answer) {
	c.Answer, c.Asks = &a, 0
	if c.Word != nil && c.Word.Sign { // the answer says more
		c.Word = nil
	}
	// What the organizer was to be told of an answer on the page that could still be changed.
	c.Notices = slices.DeleteFunc(c.Notices, func(n News) bool { return n.How == "page" && n.Due.After(a.At) })
}

// Moved takes in that the organizer has named another start, which answers a "later" to the invitation,
// and a yes to another time than the one proposed.
func (c *Conversation) Moved() {
	if c.Answer == nil {
		return
	}
	answer := *c.Answer
	answer.Moved = answer.Moved || c.Said(Wait) && c.Told() != nil
	answer.Other = false
	c.Answer = &answer
}

// Seen takes in that the organizer has looked at what the partner wrote beside their answer.
func (c *Conversation) Seen() {
	if c.Answer != nil {
		answer := *c.Answer
		answer.Seen = true
		c.Answer = &answer
	}
}

// unseen reports whether there are words of the partner that may mean something else than the yes they
// came with, or after: no invitation goes before the organizer has seen them.
func (c *Conversation) unseen() bool {
	return !c.Answer.Seen && (c.Word != nil && !c.Word.Foreign && !c.Word.Sign || c.Answer.How == "mail" && len(c.Proposed) > 0)
}

// StartSlot is the start in force; zero when there is none, or several are offered.
func (c *Conversation) StartSlot(now time.Time) plan.Slot {
	if !c.Chosen.IsZero() {
		return c.Chosen
	}
	if c.Said(Yes) && c.Answer.Other {
		return plan.Slot{}
	}
	d := c.DatesAt(now)
	if d.Start.IsZero() && len(d.Times) == 1 {
		return d.Times[0]
	}
	return d.Start
}

// Start is when the talk begins, in the zone of its plan; zero when that is not known yet.
func (c *Conversation) Start(now time.Time) time.Time { return c.StartSlot(now).Time() }

// Choices are the times that numbers of an answer mean: those of the last brief, in its order, or,
// where none has gone or the plan has named others since, those of the plan that are still ahead.
func (c *Conversation) Choices(now time.Time) []plan.Slot {
	if len(c.Briefs()) > 0 && len(c.Offered) > 0 {
		return c.Offered
	}
	d := c.DatesAt(now)
	return ahead(append(slices.Clone(d.Times), d.Start), now)
}

// Stands reports whether the plan still names a time that was offered.
func (c *Conversation) Stands(slot plan.Slot, now time.Time) bool {
	d := c.DatesAt(now)
	return slot == d.Start || slices.Contains(d.Times, slot)
}

// ahead are the slots that have not passed.
func ahead(slots []plan.Slot, now time.Time) (list []plan.Slot) {
	for _, s := range slots {
		if s.Time().After(now) {
			list = append(list, s)
		}
	}
	return list
}

// HasHistory reports whether the plan says that something stands between the two.
func (c *Conversation) HasHistory() bool { return c.private.History != "" }

// PrivateKeys is how many keys of the private block are filled in.
func (c *Conversation) PrivateKeys() (n int) {
	p := c.private
	for _, filled := range []bool{p.Why != "", p.Goal != "", len(p.Measures) > 0, p.Importance != 0, p.Urgency != 0, p.History != ""} {
		if filled {
			n++
		}
	}
	return n
}

// Length is how long the talk takes.
func (c *Conversation) Length() time.Duration { return cmp.Or(c.Lasts, c.Plan.When.Length()) }

// Priority is how much the conversation matters, from 1 to 25. Without its plan it is 9, the middle.
func (c *Conversation) Priority() int { return c.private.Priority() }

// Offers are the times to offer in a brief: those that are still ahead.
func (c *Conversation) Offers(now time.Time) []plan.Slot {
	d := c.DatesAt(now)
	times := d.Times
	if start := c.StartSlot(now); !start.IsZero() {
		times = []plan.Slot{start}
	}
	return ahead(times, now)
}

// Zone is the partner's time zone.
func (c *Conversation) Zone() *time.Location { return c.Plan.With.Timezone.Location(c.settings.Zone) }

// Language is the language in which the partner is to be written to.
func (c *Conversation) Language() string {
	if c.Plan.With.Language == "" {
		return string(c.settings.Language)
	}
	return string(c.Plan.With.Language)
}

// Partner is who the talk is with.
func (c *Conversation) Partner() invites.Address {
	return invites.Address{Name: c.Plan.With.Name, Email: string(c.Plan.With.Email)}
}

// Own reports whether the address is the organizer's.
func (s *Settings) Own(address string) bool {
	return slices.ContainsFunc(append([]string{s.Organizer.Email}, s.Aliases...), func(a string) bool { return strings.EqualFold(a, address) })
}

// Hours are the partner's working hours.
func (c *Conversation) Hours() plan.WorkingHours {
	if c.Plan.With.WorkingHours != nil {
		return *c.Plan.With.WorkingHours
	}
	return c.settings.Hours
}

// Attach gives a conversation that was loaded what the organizer has configured.
func (c *Conversation) Attach(settings *Settings) { c.settings = settings }

// Heed takes in the plan as its file says it now, for the partner's addresses alone: all else in it speaks when it
// is read. nil: there is no file that can be read.
func (c *Conversation) Heed(p *plan.Plan) { c.source = p }

// Unplanned takes in that there is no plan file, or, with unread, one that can't be used.
func (c *Conversation) Unplanned(unread bool) {
	if c.file = fileGone; unread {
		c.file = fileUnread
	}
}

// Planned reports whether the plan file is there and could be read.
func (c *Conversation) Planned() bool { return c.file == fileRead }

// SetBlind takes in whether anybody knows what has happened to the event of late.
func (c *Conversation) SetBlind(blind bool) { c.blind = blind }

// EditedAfter reports whether the plan has been changed since the conversation was over.
func (c *Conversation) EditedAfter() bool { return c.edited }

// Unstored reports whether the conversation says more than the store does.
func (c *Conversation) Unstored() bool { return c.dirty && (c.Rev > 0 || c.Ready) }

// Regained reports whether the plan has just named another address of the partner: see Reread.
func (c *Conversation) Regained() bool { return c.regained }

// Unread reports whether the plan of the conversation is there but can't be used.
func (c *Conversation) Unread() bool { return c.file == fileUnread }

// Source is the plan as the file says it now; nil when there is none that can be read.
func (c *Conversation) Source() *plan.Plan { return c.source }

// Derive is a name of 128 bits that nobody can guess without the secret of the installation, and that is
// the same whenever it is asked for: a message that is written once more, after its first copy was
// forgotten, is taken for the same one by mail programs and calendars.
func (s *Settings) Derive(parts ...any) (id [16]byte) {
	if len(s.Secret) == 0 {
		rand.Read(id[:]) // which never fails
		return id
	}
	data, err := json.Marshal(parts)
	if err != nil {
		panic("scheduler: what names a message can't be written as JSON: " + err.Error()) // its types can always
	}
	mac := hmac.New(sha256.New, s.Secret)
	mac.Write(data)
	copy(id[:], mac.Sum(nil))
	return id
}

// Settings are what the organizer has configured.
func (c *Conversation) Settings() *Settings { return c.settings }
