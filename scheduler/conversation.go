package scheduler

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
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
	HoldOver   int               // see [Scheduler.Pass]
	CopyToSelf bool              // the organizer gets each invitation as a METHOD:PUBLISH mail, and each cancellation as METHOD:CANCEL
	Notify     bool              // the organizer gets a short mail about each answer that waits for them
	Google     bool              // invitations are events in Google Calendar
	Via        string            // how mail goes, for the log: "outbox" or "smtp"

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
	Rev   int64   `json:"-"` // of the stored record, for [Store.Commit]; 0: never stored

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

	Channel   Channel          `json:"channel,omitempty"` // of the round, as its UID is; "" before, and for mail
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
	Booking    *Booking  `json:"booking,omitempty"`     // the event in Google Calendar; nil: there is none that we know of
	Page       string    `json:"page,omitempty"`        // the hash of the token of the last brief's page
	PageBefore string    `json:"page_before,omitempty"` // of the one before, which holds until the last brief has left
	PageUntil  time.Time `json:"page_until,omitzero"`   // when the page ends

	Stop     *Stop     `json:"stop,omitempty"`    // the partner wants no more mail
	Refused  time.Time `json:"refused,omitzero"`  // when a no was taken in last
	Insisted time.Time `json:"insisted,omitzero"` // when the organizer asked by a word of their own last

	Messages []*Message `json:"-"` // all that was decided to send, in that order

	settings *Settings
	person   *person       // who the talk is with; nil: that is not known here
	before   *Conversation // the round before it; nil: there is none
	after    *Conversation // the round behind it
	own      bool          // what is decided is the organizer's own command
	edited   bool          // its plan has been changed since it was over
	file     fileState
	private  plan.Private
	source   *plan.Plan
	news     []Event // of the plan file, for the history; not stored yet
	dirty    bool    // it says more than the store does
	regained bool    // the plan has just named another address of the partner: see Reread
	blind    bool    // what has happened to the event since is not known
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

// A Step is the one next thing in a conversation.
type Step struct {
	Kind Kind      // what the program is to send; "" when the step is not the program's
	Due  time.Time // when the step falls due; zero: now, or undated
	Next string    // for people: begins with a verb; "" when nothing is left to do

	// Again is when to look again although nothing has happened. Zero: only a change can bring
	// something new.
	Again time.Time

	revision string // of a reminder
}

// IsDue reports whether the program has something to send now.
func (s Step) IsDue(now time.Time) bool { return s.Kind != "" && !s.Due.After(now) }

// New is a conversation that nothing has happened to yet.
func New(id plan.ID, round int, settings *Settings) *Conversation {
	return &Conversation{ID: id, Round: round, settings: settings}
}

// Read takes in what the plan file says. A field speaks only when its own value in the file has
// changed since it was last read; what was decided elsewhere in the meantime stands until then. A
// plan that can't be meant is not taken in: the problems say why, and the conversation is as if its
// file could not be read.
func (c *Conversation) Read(p *plan.Plan, now time.Time) []strictyaml.Problem {
	c.source, c.private, c.file = p, p.Private, fileUnread
	old, first := c.Plan, c.Plan.With.Email == ""
	if !first && !sameAddress(old.With.Email, p.With.Email) && c.reached() {
		return []strictyaml.Problem{p.Problem("this is another address than the one that was written to",
			"permission does not pass to another person: put the old address back, or plan a conversation of its own", "with", "email")}
	}
	if !first && c.over(now) { // its plan has had its word
		c.file, c.Plan.With.Aliases = fileRead, p.With.Aliases
		c.edited = fingerprint(c.Plan) != fingerprint(p.Terms)
		return nil
	}
	unchanged := !first && (reflect.DeepEqual(&c.Plan, &p.Terms) || fingerprint(old) == fingerprint(p.Terms))
	if unchanged && c.Dates != nil {
		c.file = fileRead
		return nil
	}
	sameZone := old.When.Timezone == p.When.Timezone
	sameStart := sameZone && same(old.When.Start, p.When.Start)
	sameTimes := sameZone && slices.EqualFunc(old.When.Times, p.When.Times, same)
	sameDays := sameZone && fingerprint(old.When.Between) == fingerprint(p.When.Between)
	sameAsk := same(old.AskOn, p.AskOn)
	d, faults := c.settings.resolve(&p.Terms, now)
	if c.Dates != nil { // what is fixed already stays so
		fixed := make(map[string]bool)
		if fixed["start"] = sameStart; sameStart {
			d.Start = c.Dates.Start
		}
		if fixed["times"] = sameTimes; sameTimes {
			d.Times = c.Dates.Times
		}
		if fixed["between"] = sameDays; sameDays {
			d.From, d.To = c.Dates.From, c.Dates.To
		}
		if fixed["ask_on"] = sameAsk; sameAsk {
			d.AskOn = c.Dates.AskOn
		}
		faults = slices.DeleteFunc(faults, func(f dateFault) bool { return fixed[f.path[min(1, len(f.path)-1)]] })
	}
	var problems []strictyaml.Problem
	for _, f := range faults {
		problems = append(problems, p.Problem("this time "+f.text, "choose another", f.path...))
	}
	if len(problems) > 0 {
		return problems
	}
	c.file = fileRead
	if unchanged {
		return nil
	}
	before, place := c.start(now), reaches(&c.Plan.Setting)
	c.regained = c.gains(&p.With)
	c.Reread = c.Reread || c.regained
	c.Plan, c.Touched, c.dirty = p.Terms, now, !first
	if c.Dates != nil {
		c.Dates = &d
	}
	if first || old.Ready != p.Ready {
		c.Ready = p.Ready || first && c.Ready
	}
	if p.Permitted != "" && old.Permitted != p.Permitted {
		a := Answer{Value: Yes, At: now, How: "plan", Note: p.Permitted}
		c.answered(a)
		c.news = append(c.news, c.event(now, "answer", a.text()))
	}
	if first {
		return nil
	}
	if place != reaches(&p.Setting) {
		if c.Place != nil && c.speaks(p, c.Booking.Placed, now, "the plan's place", cmp.Or(*c.Place, "no place")) {
			c.news = append(c.news, c.event(now, "plan", "the plan's new place replaces that of Google Calendar: "+cmp.Or(*c.Place, "none")))
			c.Place = nil
		}
		c.Named.Place = p.Modified()
	}
	if c.Lasts != 0 && old.When.Length() != p.When.Length() && c.speaks(p, c.Booking.Moved, now, "the plan's length", fmt.Sprintf("%d minutes", int(c.Lasts.Minutes()))) {
		c.Lasts = 0
	}
	if !sameTimes && c.Answer != nil {
		c.Offered = nil // an answer has been given to those
	}
	named := !p.When.Start.IsZero() || len(p.When.Times) == 1
	switch {
	case sameStart && (sameTimes || !p.When.Start.IsZero()):
	case named && c.Booking != nil && !c.speaks(p, c.Booking.Moved, now, "the plan's time", before.String()):
		c.Chosen = before
	case named, c.told() == nil:
		c.Named.Start = p.Modified()
		if !c.Chosen.IsZero() {
			c.news = append(c.news, c.event(now, "plan", "the plan's new time replaces the earlier "+c.Chosen.String()))
		}
		c.Chosen = plan.Slot{}
		if named {
			c.moved()
		}
	case c.Chosen.IsZero():
		c.Chosen = before // the plan names no start any more, and the partner knows one
	}
	if !sameAsk && !p.AskOn.IsZero() && c.said(Wait) {
		c.Asks = len(c.briefs()) + 1
	}
	return nil
}

// reaches is what of a setting says where the two meet, or reach each other.
func reaches(s *plan.Setting) [3]string { return [3]string{s.Place, string(s.Phone), string(s.URL)} }

// speaks reports whether what the plan file says anew is newer than what was changed in the calendar at
// that time; where it is not, the history says what stands.
func (c *Conversation) speaks(p *plan.Plan, at, now time.Time, what, stands string) bool {
	if !at.After(p.Modified()) {
		return true
	}
	c.news = append(c.news, c.event(now, "plan", what+" is older than the change in Google Calendar: "+stands+" stands"))
	return false
}

// answered takes in an answer, which ends whatever asking was still meant.
func (c *Conversation) answered(a Answer) {
	c.Answer, c.Asks = &a, 0
	if c.Word != nil && c.Word.Sign { // the answer says more
		c.Word = nil
	}
	// What the organizer was to be told of an answer on the page that could still be changed.
	c.Notices = slices.DeleteFunc(c.Notices, func(n News) bool { return n.How == "page" && n.Due.After(a.At) })
}

// moved takes in that the organizer has named another start, which answers a "later" to the invitation,
// and a yes to another time than the one proposed.
func (c *Conversation) moved() {
	if c.Answer == nil {
		return
	}
	answer := *c.Answer
	answer.Moved = answer.Moved || c.said(Wait) && c.told() != nil
	answer.Other = false
	c.Answer = &answer
}

// seen takes in that the organizer has looked at what the partner wrote beside their answer.
func (c *Conversation) seen() {
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

func same(a, b plan.Date) bool { return a.String() == b.String() }

// sameAddress ignores case: no server in use tells addresses apart by it.
func sameAddress(a, b plan.Email) bool { return strings.EqualFold(string(a), string(b)) }

// Settle fixes the plan's dates, counted from now, once the plan is acted on: from then on "in 10
// days" is a day.
func (c *Conversation) Settle(now time.Time) {
	if c.Dates == nil && c.Ready {
		d := c.dates(now)
		c.Dates, c.dirty = &d, true
	}
}

// A dateFault is a time in a plan that can't be meant: clocks skip or repeat it.
type dateFault struct {
	path []string // of its key
	text string   // what is wrong, after "this time"
}

// resolve makes days and times of what a plan says, counted from now. One with a fault is zero.
func (s *Settings) resolve(t *plan.Terms, now time.Time) (d Dates, faults []dateFault) {
	w := t.When
	zone := string(w.Timezone)
	if zone == "" {
		zone = string(s.Zone)
	}
	slot := func(date plan.Date, zone string, clock plan.Clock, path ...string) (slot plan.Slot) {
		if date.IsZero() {
			return slot
		}
		slot, err := date.Slot(now, zone, s.Hours, clock)
		if err != nil {
			faults = append(faults, dateFault{path, err.Error()})
		}
		return slot
	}
	d.Start = slot(w.Start, zone, 0, "when", "start")
	for i, t := range w.Times {
		d.Times = append(d.Times, slot(t, zone, 0, "when", "times", fmt.Sprint(i)))
	}
	if b := w.Between; b != nil {
		d.From = slot(b.From, zone, s.Hours.Opens(), "when", "between", "from")
		d.To = slot(b.To, zone, s.Hours.To, "when", "between", "to")
	}
	if !t.AskOn.IsZero() {
		d.AskOn = slot(t.AskOn, string(s.Zone), s.Hours.Opens(), "ask_on").Time().UTC()
	}
	return d, faults
}

func (c *Conversation) dates(now time.Time) Dates {
	if c.Dates != nil {
		return *c.Dates
	}
	d, _ := c.settings.resolve(&c.Plan, now) // Read has seen its problems
	return d
}

// passed reports whether the days between which a time is looked for are over.
func (d *Dates) passed(now time.Time) bool { return !d.To.IsZero() && !d.To.Time().After(now) }

// start is the start in force; zero when there is none, or several are offered.
func (c *Conversation) start(now time.Time) plan.Slot {
	if !c.Chosen.IsZero() {
		return c.Chosen
	}
	if c.said(Yes) && c.Answer.Other {
		return plan.Slot{}
	}
	d := c.dates(now)
	if d.Start.IsZero() && len(d.Times) == 1 {
		return d.Times[0]
	}
	return d.Start
}

// Start is when the talk begins, in the zone of its plan; zero when that is not known yet.
func (c *Conversation) Start(now time.Time) time.Time { return c.start(now).Time() }

// Difference says what the plan file says otherwise than what was decided since; "" where they agree.
func (c *Conversation) Difference(now time.Time) string {
	if c.file != fileRead || c.Cancelled != nil {
		return ""
	}
	var list []string
	switch d, start := c.dates(now), c.start(now); {
	case c.Chosen.IsZero():
	case !d.Start.IsZero() && d.Start != start:
		list = append(list, "the plan file says "+d.Start.String()+"; "+start.String()+" stands")
	case d.Start.IsZero() && len(d.Times) > 0 && !slices.Contains(d.Times, start):
		list = append(list, "the plan file offers other times; "+start.String()+" stands")
	}
	if length := c.Plan.When.Length(); c.Lasts != 0 && c.Lasts != length {
		list = append(list, fmt.Sprintf("the plan file says %d minutes; %d stand", int(length.Minutes()), int(c.Lasts.Minutes())))
	}
	if c.Place != nil {
		list = append(list, "the plan file has another place; "+cmp.Or(*c.Place, "none")+" stands")
	}
	return strings.Join(list, "; ")
}

// Choices are the times that numbers of an answer mean: those of the last brief, in its order, or,
// where none has gone or the plan has named others since, those of the plan that are still ahead.
func (c *Conversation) Choices(now time.Time) []plan.Slot {
	if len(c.briefs()) > 0 && len(c.Offered) > 0 {
		return c.Offered
	}
	d := c.dates(now)
	return ahead(append(slices.Clone(d.Times), d.Start), now)
}

// stands reports whether the plan still names a time that was offered.
func (c *Conversation) stands(slot plan.Slot, now time.Time) bool {
	d := c.dates(now)
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

// offers are the times to offer in a brief: those that are still ahead.
func (c *Conversation) offers(now time.Time) []plan.Slot {
	d := c.dates(now)
	times := d.Times
	if start := c.start(now); !start.IsZero() {
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

// last is the newest message to the partner of these kinds that was not dropped, and fits.
func (c *Conversation) last(fits func(*Message) bool, kinds ...Kind) *Message {
	for _, m := range slices.Backward(c.Messages) {
		if slices.Contains(kinds, m.Kind) && !m.copy() && !m.dropped() && (fits == nil || fits(m)) {
			return m
		}
	}
	return nil
}

// briefs are the briefs to the partner's present address that count as sent or tried.
func (c *Conversation) briefs() []*Message {
	var list []*Message
	for _, m := range c.Messages {
		if m.Kind == Brief && sameAddress(plan.Email(m.To), c.Plan.With.Email) && !m.dropped() && m.State != Expired {
			list = append(list, m)
		}
	}
	return list
}

// reached reports whether the partner may have got anything.
func (c *Conversation) reached() bool {
	return c.last(func(m *Message) bool { return m.left() && m.State != Bounced }, Brief, Invite, Update) != nil
}

// told is what the partner knows about the event: the content of the last invitation or update that
// may have reached them; nil before.
func (c *Conversation) told() *Content {
	if c.Booking != nil {
		return &c.Booking.Told
	}
	if m := c.last((*Message).left, Invite, Update); m != nil {
		return &m.Content
	}
	return nil
}

// Invited reports whether an invitation may have reached the partner, whatever has happened since.
func (c *Conversation) Invited() bool { return c.told() != nil }

func (c *Conversation) said(value string) bool { return c.Answer != nil && c.Answer.Value == value }
