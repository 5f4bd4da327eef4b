package conversation

import (
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
	"coalition/scheduler/ways"
)

// How words a way for the conversation; at is the time of [ways.MoveTo] and [ways.Keep].
func (c *Conversation) How(w ways.Way, at ...string) string { return c.settings.How(w, c.Ref(), at...) }

// WayToRival is how to look at what has a time that was chosen: another talk, or, where that is "", the calendars.
func (c *Conversation) WayToRival(ref string) string {
	if ref == "" {
		return c.How(ways.Slots)
	}
	return c.settings.How(ways.Show, ref)
}

// InCalendar reports whether the talk is, or is to be, an event in an online calendar.
func (c *Conversation) InCalendar() bool { return c.Channel != "" && c.Channel != outbox.Mail }

// Calendar is the one that the talk is held in.
func (c *Conversation) Calendar() organizer.Calendar { return c.settings.CalendarOf(c.Channel) }

// waiting is the step of a conversation whose message m is on its way or stuck.
func (c *Conversation) waiting(m *outbox.Message) (s Step, ok bool) {
	next := ways.Waiting(m, c.Calendar().Provider, c.How)
	return Step{Next: next}, next != ""
}
