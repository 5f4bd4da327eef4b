package conversation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/inbox"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/ways"
)

// Writes reports whether an address is the partner's.
func (c *Conversation) Writes(a invites.Address) bool {
	if a.Email == "" {
		return false
	}
	with := c.Plan.With
	if c.source != nil && c.source.With.Email.Same(with.Email) {
		with = c.source.With
	}
	return slices.ContainsFunc(with.Addresses(), plan.Email(a.Email).Same)
}

// Addresses are those under which the partner is known, in lower case.
func (c *Conversation) Addresses() (list []string) {
	add := func(a string) {
		if a = strings.ToLower(a); a != "" && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	known := c.Plan.With.Addresses()
	if c.source != nil {
		known = append(known, c.source.With.Addresses()...)
	}
	for _, a := range known {
		add(string(a))
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

// A Silence is what is left of a partner whose conversations are erased: that they have said no, or with Stop that they
// want no more mail.
type Silence struct {
	At   time.Time
	Stop bool
}

// Over reports whether nothing more comes of the conversation, whatever its plan says.
func (c *Conversation) Over(now time.Time) bool {
	told := c.Told()
	return c.Cancelled != nil || !c.Closed.IsZero() || told != nil && !now.Before(told.End())
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

// How words a way for the conversation; at is the time of [ways.MoveTo] and [ways.Keep].
func (c *Conversation) How(w ways.Way, at ...string) string { return c.settings.How(w, c.Ref(), at...) }

// WayToRival is how to look at what has a time that was chosen: another talk, or, where that is "", the calendars.
func (c *Conversation) WayToRival(ref string) string {
	if ref == "" {
		return c.How(ways.Slots)
	}
	return c.settings.How(ways.Show, ref)
}

// waiting is the step of a conversation whose message m is on its way or stuck.
func (c *Conversation) waiting(m *outbox.Message) (s Step, ok bool) {
	next, itself := ways.Waiting(m, c.Calendar().Provider, c.How)
	if itself {
		s.On = Nobody
	}
	s.Next = next
	return s, next != ""
}
