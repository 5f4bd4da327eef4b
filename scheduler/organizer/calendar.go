package organizer

import (
	"coalition/scheduler/outbox"
	"coalition/scheduler/ways"
)

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
