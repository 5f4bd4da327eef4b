package eventsync

import (
	"slices"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
)

// A try is a write of ours of which no answer came, and which the event shows to have counted.
type try struct {
	message *outbox.Message
	event   invites.Event
}

// writing reports whether a write of ours is on its way, so that nobody can tell yet what of the event is somebody
// else's doing.
func writing(c *conversation.Conversation, now time.Time) bool {
	return slices.ContainsFunc(c.Messages, func(m *outbox.Message) bool {
		if !m.InCalendar() {
			return false
		}
		untold := m.State == outbox.Unclear || m.State == outbox.Queued && m.Unclears > 0
		return m.State == outbox.Sending || untold && !givenUp(c, m, now)
	})
}

// givenUp reports whether nobody knows if a write has counted, and it is not tried again.
func givenUp(c *conversation.Conversation, m *outbox.Message, now time.Time) bool {
	switch {
	case !m.InCalendar():
		return false
	// On another try than the one that nobody knows of.
	case m.State == outbox.Failed:
		return m.Unclears > 0
	case m.State != outbox.Unclear:
		return false
	}
	_, wanted := c.Wanted(m, now)
	return m.Stuck() || !wanted
}

// asks reports whether the calendar is to be asked how the event stands, beside what it tells by itself.
func asks(c *conversation.Conversation, now time.Time) bool {
	return c.Behind || slices.ContainsFunc(c.Messages, func(m *outbox.Message) bool { return givenUp(c, m, now) })
}

// resolve ends what nobody knew the fate of, beside what the event shows: counted did take effect. What has not shown
// by now never will, since it was meant for the event as it was.
func resolve(c *conversation.Conversation, counted *try, now time.Time) (heard []*outbox.Message) {
	for _, m := range c.Messages {
		if givenUp(c, m, now) {
			switch m.Changed = now; {
			case counted != nil && counted.message == m:
				m.State, m.Error = outbox.Accepted, ""
			case m.State != outbox.Failed:
				m.State, m.Error = outbox.Superseded, ""
			}
			heard = append(heard, m)
		}
	}
	return heard
}

// strayed reports whether a change waits because the event was in another calendar when it was tried.
func strayed(c *conversation.Conversation) bool {
	return slices.ContainsFunc(c.Messages, func(m *outbox.Message) bool {
		return (m.State == outbox.Queued || m.State == outbox.Unclear) && m.InCalendar() && m.Code == outbox.CodeStray
	})
}

// uninvited reports whether nothing is known to have been tried to invite the partner.
func uninvited(c *conversation.Conversation) bool {
	if c.Booking != nil || c.Told() != nil || c.Cancelled != nil || c.Channel == outbox.Mail {
		return false
	}
	return !slices.ContainsFunc(c.Messages, func(m *outbox.Message) bool {
		return (m.Kind == outbox.Invite || m.Kind == outbox.Update) && (m.Attempts > 0 || m.State == outbox.Sending)
	})
}
