package conversation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/inbox"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/ways"
)

// Waiting is what has come from the partner, or in their name, and waits for the organizer: a line for
// each, for people.
func (c *Conversation) Waiting(now time.Time) (lines []string) {
	if st := c.Status(now); st == Met || st == Cancelled || st == Declined {
		return nil
	}
	zone := c.settings.Zone.Location("UTC")
	at := func(w *inbox.Remark) string { return w.At.In(zone).Format("Mon 2 Jan 15:04") }
	if c.Said(Query) && c.Answer.Note != "" {
		note := plaintext.Clip(c.Answer.Note, 300)
		// Which are not the partner's words.
		if !strings.HasPrefix(note, "[") {
			note = "“" + note + "”"
		}
		lines = append(lines, note+" ("+c.Answer.At.In(zone).Format("Mon 2 Jan 15:04")+")")
	}
	if n := len(c.Proposed); n > 0 {
		lines = append(lines, fmt.Sprintf("proposed for the agenda (%s): %s", c.How(ways.TakeAgenda), strings.Join(c.Proposed, "; ")))
	}
	if c.Remark != nil {
		lines = append(lines, at(c.Remark)+", "+c.Remark.Text)
	}
	if m := c.passedOn(now); m != nil {
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

// passedOn is the last message that the partner has to answer, where their server has passed it on to another address;
// nil: it has not, or it is answered.
func (c *Conversation) passedOn(now time.Time) *outbox.Message {
	m := c.Last((*outbox.Message).MayHaveLeft, outbox.Brief, outbox.Times, outbox.Invite, outbox.Update)
	if m == nil || m.State != outbox.Accepted || m.Error == "" {
		return nil
	}
	open := c.PartStat == invites.NeedsAction
	switch m.Kind {
	case outbox.Brief:
		open = c.Answer == nil
	case outbox.Times:
		open = c.Gone(now)
	}
	if !open {
		return nil
	}
	return m
}

// Writes reports whether an address is the partner's.
func (c *Conversation) Writes(a invites.Address) bool {
	if a.Email == "" {
		return false
	}
	with := c.Plan.With
	if c.source != nil && c.source.With.Email.Same(with.Email) {
		with = c.source.With
	}
	return slices.ContainsFunc(append([]plan.Email{with.Email}, with.Aliases...), plan.Email(a.Email).Same)
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
	return fmt.Sprintf("begin another with a document of its own, below a line `---` in the plan file or in a new one: `id: %s` and `round: %d`, then: %s", c.ID, c.Round+1, c.settings.How(ways.Ready, plan.Ref(c.ID, c.Round+1)))
}

// Tell keeps a notice for the organizer, where they want to get any.
func (c *Conversation) Tell(n inbox.News) {
	if c.settings.Notify {
		if n.Due.IsZero() {
			n.Due = n.At
		}
		c.Notices = append(c.Notices, n)
	}
}

// Notify adds to the draft the notices that are due, whose words are still to be written.
func (c *Conversation) Notify(d *Draft, now time.Time) {
	var later []inbox.News
	for _, n := range c.Notices {
		if n.Due.After(now) {
			later = append(later, n)
			continue
		}
		if n.What == inbox.NewsCounter && c.Counter == nil || n.What == inbox.NewsQuestion && !c.Said(Query) || n.What == inbox.NewsDoubted && c.Doubted == nil {
			// It is settled meanwhile.
			continue
		}
		m := c.Message(outbox.Notice, n.Due)
		m.Revision, m.To, m.Approved = c.NextRevision(outbox.Notice, ""), c.settings.Organizer.Email, true
		if d.News == nil {
			d.News = make(map[*outbox.Message]*inbox.News)
		}
		d.News[m] = &n
		d.Messages, c.Messages = append(d.Messages, m), append(c.Messages, m)
	}
	c.Notices = slices.Clip(later)
}
