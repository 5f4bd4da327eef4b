package scheduler

import (
	"slices"
	"time"

	"coalition/templates"
)

// News is something that has come in and that the program does not carry on with by itself: the organizer
// gets a [Notice] of it by mail.
type News struct {
	What string    `json:"what"` // one of templates.News…
	Due  time.Time `json:"due"`  // a word that may still be changed is told when it stands
	At   time.Time `json:"at"`
	From string    `json:"from"`
	How  string    `json:"how"`            // "mail", "page" or "calendar"
	Why  string    `json:"why,omitempty"`  // it is no answer, or not believed; a phrase
	Text string    `json:"text,omitempty"` // in the partner's words
	Do   []string  `json:"do,omitempty"`   // the commands that go on from here
}

func (n *News) news() *templates.News {
	return &templates.News{What: n.What, From: n.From, How: n.How, At: n.At, Why: n.Why, Text: n.Text, Commands: n.Do}
}

// tell keeps a notice for the organizer, where they want to get any.
func (c *Conversation) tell(n News) {
	if c.settings.Notify {
		if n.Due.IsZero() {
			n.Due = n.At
		}
		c.Notices = append(c.Notices, n)
	}
}

// nextNotice is when a notice is to be written; zero: there is none.
func (c *Conversation) nextNotice() (due time.Time) {
	for _, n := range c.Notices {
		if due.IsZero() || n.Due.Before(due) {
			due = n.Due
		}
	}
	return due
}

// notices reports whether a notice is due.
func (c *Conversation) notices(now time.Time) bool {
	due := c.nextNotice()
	return !due.IsZero() && !due.After(now)
}

// notify adds to the draft the notices that are due, whose words are still to be written.
func (c *Conversation) notify(d *Draft, now time.Time) {
	var later []News
	for _, n := range c.Notices {
		if n.Due.After(now) {
			later = append(later, n)
			continue
		}
		if n.What == templates.NewsCounter && c.Counter == nil || n.What == templates.NewsQuestion && !c.said(Query) || n.What == templates.NewsDoubted && c.Doubted == nil {
			continue // it is settled meanwhile
		}
		m := &Message{ID: c.ID, Round: c.Round, Kind: Notice, To: c.settings.Organizer.Email, Due: n.Due, State: Queued, Approved: true, Via: c.settings.Via, Basis: &Basis{News: &n}}
		m.Revision = c.nextRevision(Notice, "")
		d.Messages, c.Messages = append(d.Messages, m), append(c.Messages, m)
	}
	c.Notices = slices.Clip(later)
}
