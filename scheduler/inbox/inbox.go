// Package inbox knows what has come from a partner, or in their name, and waits for the organizer: their words, lines for
// the agenda, another time, and the notices that are still to be written of it. It leaves to intake and eventsync what
// is taken for that, and to conversation what follows from it.
package inbox

import (
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
)

// An Inbox is what has come from the partner, or in their name, and waits for the organizer.
type Inbox struct {
	Counter *Proposal `json:"counter,omitempty"`
	// Proposed are lines for the agenda, by the partner, and Taken those that the organizer has taken into it.
	Proposed []string `json:"proposed,omitempty"`
	Taken    []string `json:"taken,omitempty"`
	// Remark is the last mail of the partner that the program did not act on, and Doubted the last one that was not
	// believed, and why.
	Remark  *Remark `json:"word,omitempty"`
	Doubted *Remark `json:"doubted,omitempty"`
	// Reread says that mail was refused that may be from an address which the plan has now.
	Reread bool `json:"reread,omitempty"`
	// Notices are those that the organizer is still to get.
	Notices []News `json:"notices,omitempty"`
}

// A Remark is something the partner has sent that the program only shows.
type Remark struct {
	At time.Time `json:"at"`
	// The address it came from.
	From string `json:"from"`
	// What it was, one line.
	Text string `json:"text"`
	// Of a mail that may count when it comes once more.
	Key string `json:"key,omitempty"`

	// The answers of the calendar that leave nothing of it to be read.
	Settled []invites.PartStat `json:"settled,omitempty"`
	// It belongs to something else.
	Foreign bool `json:"foreign,omitempty"`
	// It has no words, and keeps nothing from going on.
	Sign bool `json:"sign,omitempty"`
}

// A Proposal is another time that the partner has proposed, by their calendar (COUNTER) or, before they were invited,
// in their own words, and that nobody has decided on.
type Proposal struct {
	At     time.Time     `json:"at"`
	Start  time.Time     `json:"start"`
	Length time.Duration `json:"length"`
	Note   string        `json:"note,omitempty"`
	// From is the address that words of their own came from.
	From string `json:"from,omitempty"`
}

// Propose keeps lines that the partner proposes for the agenda.
func (b *Inbox) Propose(lines []string) {
	for _, line := range lines {
		if len(b.Proposed) < most && line != "" && !slices.Contains(b.Proposed, line) && !slices.Contains(b.Taken, line) {
			b.Proposed = append(b.Proposed, line)
		}
	}
}

// most is how many lines for the agenda wait at a time.
const most = 10

// Hear keeps words for the organizer, behind those that they have not had a look at.
func (b *Inbox) Hear(w Remark) {
	if old := b.Remark; old != nil {
		if strings.Contains(old.Text, w.Text) {
			w.Text = old.Text
		} else {
			w.Text = plaintext.Clip(old.Text+"; then "+w.Text, plaintext.MaxLine)
		}
		w.Key, w.Foreign, w.Sign = "", w.Foreign && old.Foreign, w.Sign && old.Sign
		w.Settled = slices.DeleteFunc(slices.Clone(w.Settled), func(p invites.PartStat) bool { return !slices.Contains(old.Settled, p) })
	}
	b.Remark = &w
}

// SettleWords takes in that the partner has given that answer in their calendar, which may leave nothing of their
// words to be read.
func (b *Inbox) SettleWords(p invites.PartStat) {
	if b.Remark != nil && slices.Contains(b.Remark.Settled, p) {
		b.Remark = nil
	}
	if b.Doubted != nil && slices.Contains(b.Doubted.Settled, p) {
		b.Doubted = nil
	}
}

// AnyAnswer settles what a calendar has said before, where nobody has put it into words.
var AnyAnswer = []invites.PartStat{invites.Accepted, invites.Tentative, invites.Declined}

// Others are the answers that take that one back, with what was said beside it.
func Others(p invites.PartStat) []invites.PartStat {
	if !slices.Contains(AnyAnswer, p) {
		// Words alone.
		return nil
	}
	return slices.DeleteFunc(slices.Clone(AnyAnswer), func(other invites.PartStat) bool { return other == p })
}

// NextNotice is when a notice is to be written; zero: there is none.
func (b *Inbox) NextNotice() (due time.Time) {
	for _, n := range b.Notices {
		if due.IsZero() || n.Due.Before(due) {
			due = n.Due
		}
	}
	return due
}

// NoticeDue reports whether a notice is due.
func (b *Inbox) NoticeDue(now time.Time) bool {
	due := b.NextNotice()
	return !due.IsZero() && !due.After(now)
}
