package scheduler

import (
	"slices"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/guard"
	"coalition/scheduler/inbox"
	"coalition/scheduler/journal"
	"coalition/scheduler/nurture"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

// notify adds to the draft of c the notices to the organizer that are due, whose words are still to be written.
func notify(c *conversation.Conversation, d *conversation.Draft, now time.Time) {
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

// weekWithin is how long the notice of a week may be on its way: after that it is no news.
const weekWithin = 48 * time.Hour

// noteWeek lets the organizer have a mail at the begin of their week, once, and only on its first day: after a long stop
// there is none for the weeks that have passed. It belongs to the first conversation on record.
func (s *Scheduler) noteWeek(b *roster.Roster, r *Report) {
	if !s.Digest || b.Doubt != "" {
		return
	}
	zone := s.Zone.Location("UTC")
	begin := nurture.BeginOfWeek(b.Now, s.Hours, zone)
	if b.Now.Before(begin) {
		r.Again = begin
		return
	}
	// Where nothing else happens, nobody would look just then.
	r.Again = nurture.BeginOfWeek(begin.AddDate(0, 0, 7), s.Hours, zone)
	day := string(journal.DayOf(begin.In(zone)))
	if string(journal.DayOf(b.Now.In(zone))) != day {
		return
	}
	var bearer *conversation.Conversation
	for _, c := range b.Conversations {
		if bearer == nil && c.Rev > 0 {
			bearer = c
		}
		if slices.ContainsFunc(c.Messages, func(m *outbox.Message) bool {
			return m.Kind == outbox.Notice && m.Revision == outbox.WeekRevision+day
		}) {
			return
		}
	}
	if bearer == nil {
		return
	}
	guard.Run(s.Log, "the week", "", func() {
		if week := nurture.WeekOf(b, nurture.All(b, s.journals(), zone), zone); week != nil {
			bearer.Notices = append(bearer.Notices, inbox.News{What: inbox.NewsWeek, Due: b.Now, Week: week})
		}
	})
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
