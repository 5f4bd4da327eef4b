package nudge

import (
	"slices"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/inbox"
	"coalition/scheduler/outbox"
)

// Write adds to the draft of c the notices to the organizer that are due, whose words are still to be written.
func Write(c *conversation.Conversation, d *conversation.Draft, now time.Time) {
	var later []inbox.News
	for _, n := range c.Notices {
		if n.Due.After(now) {
			later = append(later, n)
			continue
		}
		if settled(c, n.What) {
			continue
		}
		m := c.Message(outbox.Notice, n.Due)
		m.Revision, m.To, m.Approved = c.NextRevision(outbox.Notice, ""), c.Settings().Organizer.Email, true
		if n.Week != nil {
			m.Revision, m.Deadline = outbox.WeekRevision+n.Week.Day, now.Add(weekWithin)
		}
		if d.News == nil {
			d.News = make(map[*outbox.Message]*inbox.News)
		}
		d.News[m] = &n
		d.Messages, c.Messages = append(d.Messages, m), append(c.Messages, m)
	}
	c.Notices = slices.Clip(later)
}

// settled reports whether there is nothing to tell any more of such news.
func settled(c *conversation.Conversation, news string) bool {
	switch news {
	case inbox.NewsCounter, inbox.NewsTime:
		return c.Counter == nil
	case inbox.NewsQuestion:
		return !c.Said(conversation.Query)
	case inbox.NewsDoubted:
		return c.Doubted == nil
	}
	return false
}
