package conversation

import (
	"cmp"
	"slices"
	"time"

	"coalition/invites"
	"coalition/scheduler/event"
	"coalition/scheduler/inbox"
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// A Status is a conversation's place in its life.
type Status string

// The life of a conversation, in its order.
const (
	// The organizer has not checked in yet.
	Planned Status = "planned"
	// The brief may go.
	Ready Status = "ready"
	// The brief has gone.
	Asked Status = "asked"
	// A yes is on record.
	Permitted Status = "permitted"
	// A no is on record.
	Declined Status = "declined"
	// The partner asked for another moment.
	Later Status = "later"
	// The invitation has gone.
	Invited Status = "invited"
	// The partner has accepted it.
	Confirmed Status = "confirmed"
	// The talk is over.
	Met Status = "met"
	// The organizer has looked back on it.
	Closed Status = "closed"
	// By the organizer.
	Cancelled Status = "cancelled"
)

// Held reports whether the talk is over, as far as is known: Met or Closed.
func (s Status) Held() bool { return s == Met || s == Closed }

// The answers a partner can give to the brief.
const (
	Yes  = "yes"
	No   = "no"
	Wait = "later"
	// Something to talk about before the answer.
	Query = "question"
)

// An Answer is what the partner said to the question whether the two may talk.
type Answer struct {
	// Yes, No, Wait or Query.
	Value string    `json:"value"`
	At    time.Time `json:"at"`
	// "command", "plan", "mail", "page" or "calendar".
	How string `json:"how"`
	// The address that a mail came from.
	From string `json:"from,omitempty"`
	// In the words of whoever gave it, one line; may be empty.
	Note string    `json:"note"`
	Slot plan.Slot `json:"slot,omitzero"`
	// The organizer has seen what else it says.
	Seen bool `json:"seen,omitempty"`
	// A yes, but to another time than the one that was proposed.
	Other bool `json:"other,omitempty"`
	// The partner may change it on the page until then, and nothing follows from it before.
	Until time.Time `json:"until,omitzero"`
	// The time that was chosen, or the first offered where none was, which could not be had any more.
	Taken plan.Slot `json:"taken,omitzero"`
	// Which other talk had it: its [Conversation.Ref]; "": none had.
	By string `json:"by,omitempty"`
	// The number of the last mail with other times that may have reached the partner by then; 0: none had.
	Others int `json:"others,omitempty"`
	// It was a "later" to the invitation, and the organizer has named another start since.
	Moved bool `json:"moved,omitempty"`
}

// A Cancellation is the organizer's decision to let a conversation go.
type Cancellation struct {
	At time.Time `json:"at"`
	// Told to the partner; may be empty.
	Reason string `json:"reason"`
	// They know already: nobody is written to.
	Told bool `json:"told,omitempty"`
}

// A Conversation is one round of talking with one partner: what is meant, what the partner answered, the invitation,
// the event that stands in a calendar, and what waits for the organizer. It is stored as one JSON object. The zero value
// of every time means "not yet".
type Conversation struct {
	ID    plan.ID `json:"-"`
	Round int     `json:"-"`
	// Rev is that of the stored record; 0: it was never stored. The store sets it.
	Rev int64 `json:"-"`

	Intent
	Asking
	Invitation
	event.CalendarEvent
	inbox.Inbox

	outbox.Messages `json:"-"`

	// Peers are all conversations with the same person, this one among them; nil: that is not known here. Before and
	// After are the rounds beside it; nil: there is none.
	Peers         []*Conversation `json:"-"`
	Before, After *Conversation   `json:"-"`
	// Erased is what the partner has said in conversations that are erased; nil: nothing that counts.
	Erased *Silence `json:"-"`

	settings *organizer.Settings
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
	// The times found, or those of the plan, are about to be offered: nobody else may be offered them.
	offering bool
	// See Judge.
	judged string
}

// An Intent is what is meant: the plan, and what the organizer, the partner or a calendar has decided since.
type Intent struct {
	// Plan is as the file said it when it was last read, and Dates are its dates, fixed when it was first acted on.
	Plan  plan.Terms  `json:"plan"`
	Dates *plan.Dates `json:"dates,omitempty"`
	// NoTimes is why there is no time to offer next, in a line for the organizer; "": none was looked for, or some were
	// found, which are in Dates.
	NoTimes string `json:"no_times,omitempty"`
	Ready   bool   `json:"ready"`
	// NotYet says that the organizer was asked whether they are ready, and is not.
	NotYet bool `json:"not_yet,omitempty"`
	// AskedSelf is when they were asked last, and were not; zero: older versions did not keep that.
	AskedSelf time.Time `json:"asked_self,omitzero"`
	// Chosen is a start that was not the plan's word: from an answer, a move. Lasts is such a length, and Place such a
	// place, both from a calendar; nil: there is none, "": it was taken out there.
	Chosen plan.Slot     `json:"chosen,omitzero"`
	Lasts  time.Duration `json:"lasts,omitzero"`
	Place  *string       `json:"place,omitempty"`
	// Named is when those, or the plan's, were named.
	Named     Named         `json:"named,omitzero"`
	Cancelled *Cancellation `json:"cancelled,omitempty"`
	Clocks    Clocks        `json:"clocks,omitzero"`
	// Closed is when the organizer looked back on the talk, and Recalled when they were reminded to.
	Closed   time.Time `json:"closed,omitzero"`
	Recalled time.Time `json:"recalled,omitzero"`
	// Era is how many conversations had been erased when this one began: one of them may have had the same id.
	Era int64 `json:"era,omitempty"`
	// Touched is when the organizer or the partner last had a word.
	Touched time.Time `json:"touched,omitzero"`
}

// An Asking is the question whether the two may talk, and what the partner said to it.
type Asking struct {
	// Asks is how many briefs are meant: at least 1 while there is no answer.
	Asks int `json:"asks"`
	// Offered are the times that the last brief offered, or the last mail with other times, in its order.
	// OfferedBefore are those of the one before, which hold until the last has left.
	Offered       []plan.Slot `json:"offered"`
	OfferedBefore []plan.Slot `json:"offered_before,omitempty"`
	// Answer is the one to the last brief.
	Answer *Answer `json:"answer,omitempty"`
	// Page is the hash of the token of the last offer's page (that of a brief, or of a mail with other times), and
	// PageBefore that of the one before, which holds until the last has left. PageUntil is when the page ends.
	Page       string    `json:"page,omitempty"`
	PageBefore string    `json:"page_before,omitempty"`
	PageUntil  time.Time `json:"page_until,omitzero"`
	// Stop says that the partner wants no more mail; nil: they have not said so.
	Stop *Stop `json:"stop,omitempty"`
	// Wondered is since when no answer had come, when the organizer was told so last.
	Wondered time.Time `json:"wondered,omitzero"`
	// Refused is when a no was taken in last, and Insisted when the organizer asked by a word of their own last.
	Refused  time.Time `json:"refused,omitzero"`
	Insisted time.Time `json:"insisted,omitzero"`
}

// An Invitation is what iTIP knows of the round's one event (RFC 5546).
type Invitation struct {
	// Channel is that of the round, as its UID is; "" before, and for mail.
	Channel outbox.Channel `json:"channel,omitempty"`
	// UID is "" before the invitation, or a yes on the page.
	UID string `json:"uid,omitempty"`
	// Sequence is the SEQUENCE of the last REQUEST or CANCEL that was decided.
	Sequence int              `json:"sequence"`
	PartStat invites.PartStat `json:"partstat,omitempty"`
	// Given is the answer of the partner's calendar by mail ("" for none), GivenTo the SEQUENCE that it was given to, and
	// Replied when the calendar answered that, by its DTSTAMP.
	Given   invites.PartStat `json:"given,omitempty"`
	GivenTo int              `json:"given_to,omitempty"`
	Replied time.Time        `json:"replied,omitzero"`
	// Organizer is the ORGANIZER of the event: it never changes.
	Organizer invites.Address `json:"organizer,omitzero"`
	// Stamp is DTSTAMP and Date of the last message.
	Stamp time.Time `json:"stamp,omitzero"`
}

// Clocks are what has followed from newer zone data, by which the start is at another instant than when the partner
// was told of it: each is that instant, in Unix seconds, or 0.
type Clocks struct {
	// The organizer wants the partner told.
	Retold int64 `json:"retold,omitempty"`
	// They know, as the organizer says.
	Kept int64 `json:"kept,omitempty"`
	// The organizer was told.
	Noted int64 `json:"noted,omitempty"`
}

// fileState is what has become of the plan file of a conversation.
type fileState int

const (
	// There is none: nothing new begins, reminders still go.
	fileGone fileState = iota
	// It has a problem, or is being written right now.
	fileUnread
	fileRead
)

// New is a conversation that nothing has happened to yet.
func New(id plan.ID, round int, settings *organizer.Settings) *Conversation {
	return &Conversation{ID: id, Round: round, settings: settings}
}

// Answered takes in an answer, which ends whatever asking was still meant.
func (c *Conversation) Answered(a Answer) {
	a.Others = c.OthersSent()
	c.Answer, c.Asks = &a, 0
	// The answer says more.
	if c.Remark != nil && c.Remark.Sign {
		c.Remark = nil
	}
	// What the organizer was to be told of an answer on the page that could still be changed.
	c.Notices = slices.DeleteFunc(c.Notices, func(n inbox.News) bool { return n.How == "page" && n.Due.After(a.At) })
}

// Moved takes in that the organizer has named another start, which answers a "later" to the invitation,
// and a yes to another time than the one proposed.
func (c *Conversation) Moved() {
	if c.Told() == nil {
		c.Counter = nil
	}
	if c.Answer == nil {
		return
	}
	answer := *c.Answer
	answer.Moved = answer.Moved || c.Said(Wait) && c.Told() != nil
	answer.Other = false
	c.Answer = &answer
}

// unseen reports whether there are words of the partner that may mean something else than the yes they
// came with, or after: no invitation goes before the organizer has seen them.
func (c *Conversation) unseen() bool {
	return !c.Answer.Seen &&
		(c.Remark != nil && !c.Remark.Foreign && !c.Remark.Sign || c.Answer.How == "mail" && len(c.Proposed) > 0)
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

// Choices are the times that numbers of an answer mean: those of the last brief, or of the mail with other times that
// has left since, in its order; or, where none has gone or the plan has named others since, those of the plan that are
// still ahead.
func (c *Conversation) Choices(now time.Time) []plan.Slot {
	if len(c.Briefs()) > 0 && len(c.Offered) > 0 {
		if len(c.OfferedBefore) > 0 && !c.NewestOffer().MayHaveLeft() {
			return c.OfferedBefore
		}
		return c.Offered
	}
	d := c.DatesAt(now)
	return ahead(append(slices.Clone(d.Times), d.Start), now)
}

// Stands reports whether the plan still names a time that was offered. What was found stands while it may be chosen.
func (c *Conversation) Stands(slot plan.Slot, now time.Time) bool {
	d := c.DatesAt(now)
	return slot == d.Start || slices.Contains(d.Times, slot) || c.Searched() && slices.Contains(c.OfferedBefore, slot)
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

// Importance is how much the talk matters, from 1 to 5; without its plan it is 3, the middle.
func (c *Conversation) Importance() int { return cmp.Or(c.private.Importance, 3) }

// HasHistory reports whether the plan says that something stands between the two.
func (c *Conversation) HasHistory() bool { return c.private.History != "" }

// PrivateKeys is how many keys of the private block are filled in.
func (c *Conversation) PrivateKeys() int { return c.private.Filled() }

// Length is how long the talk takes.
func (c *Conversation) Length() time.Duration { return cmp.Or(c.Lasts, c.Plan.When.Length()) }

// Priority is how much the conversation matters, from 1 to 25. Without its plan it is 9, the middle.
func (c *Conversation) Priority() int { return c.private.Priority() }

// Urgency is how soon the talk is to be, from 1 to 5; without its plan it is 3, the middle.
func (c *Conversation) Urgency() int { return cmp.Or(c.private.Urgency, 3) }

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

// Hours are the partner's working hours, on their clock.
func (c *Conversation) Hours() plan.Hours { return c.Plan.With.WorkingHours }

// Travel is what is kept free before and after the talk: what its plan says, or else the rule for its kind of setting.
func (c *Conversation) Travel() time.Duration {
	if own := c.Plan.Setting.Travel; own != nil {
		return time.Duration(*own)
	}
	return c.settings.Times.Travel[c.Plan.Setting.Kind]
}

// Attach gives a conversation that was loaded what the organizer has configured.
func (c *Conversation) Attach(settings *organizer.Settings) { c.settings = settings }

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

// Settings are what the organizer has configured.
func (c *Conversation) Settings() *organizer.Settings { return c.settings }
