package conversation

import (
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

// A Calendar is what people call an online calendar that talks may be held in.
type Calendar struct {
	// Channel is its name in stored records.
	Channel outbox.Channel
	// Title is its whole name, and Provider who runs it.
	Title, Provider string
	// UIDSuffix is what it puts behind the id of an event to make the UID of the invitation.
	UIDSuffix string
	// Config is how the config is told to use it.
	Config string
	// Key is that of the config which names one of the account's calendars.
	Key string
}

// CalendarOf is the calendar of that channel, or of the one that invitations go to where it is none.
func (s *Settings) CalendarOf(channel outbox.Channel) Calendar {
	for _, c := range s.Calendars {
		if c.Channel == channel || channel == "" && c.Channel == s.Calendar {
			return c
		}
	}
	return Calendar{Channel: channel, Title: string(channel), Provider: string(channel)}
}

// InCalendar reports whether the talk is, or is to be, an event in an online calendar.
func (c *Conversation) InCalendar() bool { return c.Channel != "" && c.Channel != outbox.Mail }

// Calendar is the one that the talk is held in.
func (c *Conversation) Calendar() Calendar { return c.settings.CalendarOf(c.Channel) }

// DoorShut is what does not go, or is not read, while that door is closed, in words that begin a sentence.
func (s *Settings) DoorShut(d *outbox.Door) string {
	switch d.Name {
	case string(outbox.Mail):
		return "mail does not go"
	case outbox.MailboxDoor:
		return "the mailbox can't be read"
	}
	return s.CalendarOf(outbox.Channel(d.Name)).Title + " takes nothing"
}

// DoorMend is the way out for what waits at the door.
func (s *Settings) DoorMend(d *outbox.Door) string {
	switch {
	case d.NeedsLogin():
		return s.How(ways.SignIn, "")
	case d.Fault == outbox.FaultAccount:
		return "mend it, then: " + s.How(ways.Resume, "")
	}
	return "it is tried again by itself, and at once by: " + s.How(ways.Resume, "")
}

// waiting is the step of a conversation whose message m is on its way or stuck.
func (c *Conversation) waiting(m *outbox.Message) (s Step, ok bool) {
	next := ways.Waiting(m, c.Calendar().Provider, c.How)
	return Step{Next: next}, next != ""
}
