package conversation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// Propose keeps lines that the partner proposes for the agenda.
func (c *Conversation) Propose(lines []string) {
	for _, line := range lines {
		if len(c.Proposed) < most && line != "" && !slices.Contains(c.Proposed, line) && !slices.Contains(c.Taken, line) {
			c.Proposed = append(c.Proposed, line)
		}
	}
}

// most is how many lines for the agenda wait at a time.
const most = 10

// Hear keeps words for the organizer, behind those that they have not had a look at.
func (c *Conversation) Hear(w Remark) {
	if old := c.Remark; old != nil {
		if strings.Contains(old.Text, w.Text) {
			w.Text = old.Text
		} else {
			w.Text = plaintext.Clip(old.Text+"; then "+w.Text, MaxLine)
		}
		w.Key, w.Foreign, w.Sign = "", w.Foreign && old.Foreign, w.Sign && old.Sign
		w.Settled = slices.DeleteFunc(slices.Clone(w.Settled), func(p invites.PartStat) bool { return !slices.Contains(old.Settled, p) })
	}
	c.Remark = &w
}

// SettleWords takes in that the partner has given that answer in their calendar, which may leave nothing of their
// words to be read.
func (c *Conversation) SettleWords(p invites.PartStat) {
	if c.Remark != nil && slices.Contains(c.Remark.Settled, p) {
		c.Remark = nil
	}
	if c.Doubted != nil && slices.Contains(c.Doubted.Settled, p) {
		c.Doubted = nil
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

// Waiting is what has come from the partner, or in their name, and waits for the organizer: a line for
// each, for people.
func (c *Conversation) Waiting(now time.Time) (lines []string) {
	if st := c.Status(now); st == Met || st == Cancelled || st == Declined {
		return nil
	}
	zone := c.settings.Zone.Location("UTC")
	at := func(w *Remark) string { return w.At.In(zone).Format("Mon 2 Jan 15:04") }
	if c.Said(Query) && c.Answer.Note != "" {
		note := plaintext.Clip(c.Answer.Note, 300)
		// Which are not the partner's words.
		if !strings.HasPrefix(note, "[") {
			note = "“" + note + "”"
		}
		lines = append(lines, note+" ("+c.Answer.At.In(zone).Format("Mon 2 Jan 15:04")+")")
	}
	if n := len(c.Proposed); n > 0 {
		lines = append(lines, fmt.Sprintf("proposed for the agenda (%s): %s", c.How(WayTakeAgenda), strings.Join(c.Proposed, "; ")))
	}
	if c.Remark != nil {
		lines = append(lines, at(c.Remark)+", "+c.Remark.Text)
	}
	if m := c.Last((*outbox.Message).MayHaveLeft, outbox.Brief, outbox.Invite, outbox.Update); m != nil && m.State == outbox.Accepted && m.Error != "" && (m.Kind == outbox.Brief && c.Answer == nil || m.Kind != outbox.Brief && c.PartStat == invites.NeedsAction) {
		lines = append(lines, "the "+m.Kind.Noun()+" to "+m.To+" was "+m.Error)
	}
	if b := c.Booking; b != nil && b.Wrote.Meet && b.Is.Join == "" && !b.Is.Deleted && c.Place == nil {
		lines = append(lines, c.Calendar().Provider+" has made no room for the video call yet; if it stays so, add `url:` to the setting in the plan")
	}
	if b := c.Booking; b != nil && b.Away {
		lines = append(lines, "its event is in another "+c.Calendar().Provider+" calendar of yours, "+b.In+", and is followed there")
	}
	if p := c.unheardAnswer(); p != "" {
		lines = append(lines, strings.ToLower(string(p))+" stands in "+c.Calendar().Title+", but perhaps to the talk as it was before: it does not count until "+c.Plan.With.Name+" answers anew")
	}
	if c.Doubted != nil {
		lines = append(lines, at(c.Doubted)+", not believed, from "+c.Doubted.From+": "+c.Doubted.Text)
	}
	return lines
}

// Writes reports whether an address is the partner's.
func (c *Conversation) Writes(a invites.Address) bool {
	if a.Email == "" {
		return false
	}
	with := c.Plan.With
	if c.source != nil && SameAddress(c.source.With.Email, with.Email) {
		with = c.source.With
	}
	return slices.ContainsFunc(append([]plan.Email{with.Email}, with.Aliases...),
		func(e plan.Email) bool { return strings.EqualFold(string(e), a.Email) })
}

// Addresses are those under which the partner is known, in lower case.
func (c *Conversation) Addresses() (list []string) {
	add := func(a string) {
		if a = strings.ToLower(a); a != "" && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	add(string(c.Plan.With.Email))
	for _, a := range c.Plan.With.Aliases {
		add(string(a))
	}
	if c.source != nil {
		add(string(c.source.With.Email))
		for _, a := range c.source.With.Aliases {
			add(string(a))
		}
	}
	if c.Stop != nil {
		for _, a := range c.Stop.Addresses {
			add(a)
		}
	}
	return list
}

// Stopped takes in that the partner wants no more mail.
func (c *Conversation) Stopped(from string, now time.Time) {
	c.Stop = &Stop{At: now, From: from, Addresses: c.Addresses()}
}

// A Stop is a partner's word that they want no more mail of ours. It belongs to the person: to all
// addresses that were known as theirs then.
type Stop struct {
	// When it was taken in.
	At        time.Time `json:"at"`
	From      string    `json:"from"`
	Addresses []string  `json:"addresses"`
}

// Over reports whether nothing more comes of the conversation, whatever its plan says.
func (c *Conversation) Over(now time.Time) bool {
	told := c.Told()
	return c.Cancelled != nil || told != nil && !now.Before(told.End())
}

// Another is how a further talk begins where this one is over.
func (c *Conversation) Another() string {
	next := c
	for next.After != nil {
		next = next.After
	}
	if next != c {
		return "the newest is " + next.Ref()
	}
	return fmt.Sprintf("begin another with a document of its own, below a line `---` in the plan file or in a new one: `id: %s` and `round: %d`, then: %s", c.ID, c.Round+1, c.settings.How(WayReady, plan.Ref(c.ID, c.Round+1)))
}

// SameAddress ignores case: no server in use tells addresses apart by it.
func SameAddress(a, b plan.Email) bool { return strings.EqualFold(string(a), string(b)) }

// News is something that has come in and that the program does not carry on with by itself: the organizer
// gets a [outbox.Notice] of it by mail.
type News struct {
	// One of templates.News….
	What string `json:"what"`
	// A word that may still be changed is told when it stands.
	Due  time.Time `json:"due"`
	At   time.Time `json:"at"`
	From string    `json:"from"`
	// "mail", "page" or "calendar".
	How string `json:"how"`
	// It is no answer, or not believed; a phrase.
	Why string `json:"why,omitempty"`
	// In the partner's words.
	Text string `json:"text,omitempty"`
	// The commands that go on from here.
	Do []string `json:"do,omitempty"`
}

// Tell keeps a notice for the organizer, where they want to get any.
func (c *Conversation) Tell(n News) {
	if c.settings.Notify {
		if n.Due.IsZero() {
			n.Due = n.At
		}
		c.Notices = append(c.Notices, n)
	}
}

// NextNotice is when a notice is to be written; zero: there is none.
func (c *Conversation) NextNotice() (due time.Time) {
	for _, n := range c.Notices {
		if due.IsZero() || n.Due.Before(due) {
			due = n.Due
		}
	}
	return due
}

// NoticeDue reports whether a notice is due.
func (c *Conversation) NoticeDue(now time.Time) bool {
	due := c.NextNotice()
	return !due.IsZero() && !due.After(now)
}

// Notify adds to the draft the notices that are due, whose words are still to be written.
func (c *Conversation) Notify(d *Draft, now time.Time) {
	var later []News
	for _, n := range c.Notices {
		if n.Due.After(now) {
			later = append(later, n)
			continue
		}
		if n.What == NewsCounter && c.Counter == nil || n.What == NewsQuestion && !c.Said(Query) || n.What == NewsDoubted && c.Doubted == nil {
			// It is settled meanwhile.
			continue
		}
		m := c.Message(outbox.Notice, n.Due)
		m.Revision, m.To, m.Approved = c.NextRevision(outbox.Notice, ""), c.settings.Organizer.Email, true
		if d.News == nil {
			d.News = make(map[*outbox.Message]*News)
		}
		d.News[m] = &n
		d.Messages, c.Messages = append(d.Messages, m), append(c.Messages, m)
	}
	c.Notices = slices.Clip(later)
}

// What a [News] tells of: the words that templates go by.
const (
	// Or a reply that says neither yes nor no nor later beyond doubt.
	NewsQuestion = "question"
	// Without one of the Times of the talk, if any were offered.
	NewsYes   = "yes"
	NewsLater = "later"
	NewsNo    = "no"
	// The invitation, in the calendar.
	NewsDeclined = "declined"
	// Likewise.
	NewsTentative = "tentative"
	// The time Proposed in the talk; zero: only another place.
	NewsCounter = "counter"
	// A message of ours came back.
	NewsBounced = "bounced"
	// A message of ours was refused at once, or given up.
	NewsFailed = "failed"
	// A message of ours came back from an address that the partner's passes mail on to.
	NewsPassed = "passed"
	// A yes to a time that another talk has by now.
	NewsTaken = "taken"
	// Lines for the agenda, in Text.
	NewsAdds = "adds"
	// A mail that is no answer, such as one after the invitation.
	NewsMail = "mail"
	// A mail that may not be the partner's.
	NewsDoubted = "doubted"
	// The event, by the organizer or somebody else who may change it.
	NewsDeleted = "deleted"
	// The partner, who is no guest of the event any more.
	NewsLeft = "left"
	// Newer zone data has put the start at another instant.
	NewsClocks = "clocks"
	// The invitation waits, since the calendar takes no more guests for now; in its words, if in any.
	NewsRefused = "guests"
)
