package conversation

import (
	"time"

	"coalition/invites"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// Briefs are the briefs to the partner's present address that count as sent or tried.
func (c *Conversation) Briefs() []*outbox.Message {
	var list []*outbox.Message
	for _, m := range c.Messages {
		if m.Kind == outbox.Brief && plan.Email(m.To).Same(c.Plan.With.Email) && !m.NeverLeft() && m.State != outbox.Expired {
			list = append(list, m)
		}
	}
	return list
}

// Told is what the partner knows about the event: the content of the last invitation or update that
// may have reached them; nil before.
func (c *Conversation) Told() *outbox.Content {
	if c.Booking != nil {
		return &c.Booking.Told
	}
	if m := c.Last((*outbox.Message).MayHaveLeft, outbox.Invite, outbox.Update); m != nil {
		return &m.Content
	}
	return nil
}

// Invited reports whether an invitation may have reached the partner, whatever has happened since.
func (c *Conversation) Invited() bool { return c.Told() != nil }

// Said reports whether the answer on record has that value.
func (c *Conversation) Said(value string) bool { return c.Answer != nil && c.Answer.Value == value }

// Message returns a new message of that kind to the partner, which fell due then; it is nowhere kept yet.
func (c *Conversation) Message(kind outbox.Kind, due time.Time) *outbox.Message {
	return &outbox.Message{ID: c.ID, Round: c.Round, Kind: kind, To: string(c.Plan.With.Email), Due: due,
		State: outbox.Queued, Repeatable: kind != outbox.Reminder && kind != outbox.Thanks, Via: c.settings.Via}
}

// NextStamp is the next Date and DTSTAMP of the conversation: no two messages share one (RFC 5546,
// section 2.1.5, orders them by it).
func (c *Conversation) NextStamp(now time.Time) time.Time {
	t := now.UTC().Truncate(time.Second)
	if !t.After(c.Stamp) {
		t = c.Stamp.Add(time.Second)
	}
	c.Stamp = t
	return t
}

// stale are the messages waiting to leave that the conversation no longer means.
func (c *Conversation) stale(now time.Time) map[*outbox.Message]outbox.State {
	drop := make(map[*outbox.Message]outbox.State)
	for _, m := range c.Messages {
		if m.Waits() {
			if end, ok := c.Wanted(m, now); !ok {
				drop[m] = end
			}
		}
	}
	return drop
}

// Pending reports whether m is still meant, and is not known to have gone.
func (c *Conversation) Pending(m *outbox.Message, now time.Time) bool {
	_, wanted := c.Wanted(m, now)
	return wanted && (m.Waits() || m.State == outbox.Unclear)
}

// Open reports whether the partner can answer on the page: until the invitation goes, or, after a no,
// as long as it can be changed.
func (c *Conversation) Open(now time.Time) bool {
	if m := c.Last(nil, outbox.Invite); c.Invited() || m != nil && m.State == outbox.Sending {
		return false
	}
	return !c.Said(No) || c.Answer.Until.After(now)
}

// OpenPage takes in that the next offer has the page whose token has that hash. The page of an earlier one
// ends when this one has left.
func (c *Conversation) OpenPage(hash string, now time.Time) {
	// A page that nobody has got a link to is none.
	if c.NewestOffer().MayHaveLeft() {
		c.PageBefore = c.Page
	}
	c.Page, c.PageUntil = hash, now.Add(pageLife).UTC()
	for _, t := range c.Offered {
		if end := t.Time().Add(c.Length()); t == c.Offered[0] || end.After(c.PageUntil) {
			c.PageUntil = end.UTC()
		}
	}
}

// Method is the iTIP method of the calendar that m carries (RFC 5546, section 1.4); "" where it carries none. One
// channel carries the event: what belongs to one in an online calendar is said in plain mail.
func (c *Conversation) Method(m *outbox.Message) invites.Method {
	if c.InCalendar() || m.InCalendar() || m.Content.Start.IsZero() {
		return ""
	}
	switch m.Kind {
	// For the organizer, too: calendars take an entry out for nothing else.
	case outbox.Cancel:
		return invites.Cancel
	case outbox.DeclineCounter:
		return invites.DeclineCounter
	case outbox.Invite, outbox.Update:
		if m.ToOrganizer() {
			return invites.Publish
		}
		return invites.Request
	}
	return ""
}

// pageLife is how long a page can be opened where no time is offered.
const pageLife = 60 * 24 * time.Hour
