package worklist

import (
	"slices"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
)

// Approvable are the messages of c that wait for the organizer's word: held ones, and unclear ones
// that have been repeated.
func Approvable(c *conversation.Conversation, now time.Time) []*outbox.Message {
	var list []*outbox.Message
	for _, m := range c.Messages {
		if (m.State == outbox.Held || m.Stuck()) && c.Pending(m, now) {
			list = append(list, m)
		}
	}
	return list
}

// Failed are the messages of c that have failed, and are still meant: they go again by the organizer's
// word ([ways.Back]).
func Failed(c *conversation.Conversation, now time.Time) []*outbox.Message {
	var list []*outbox.Message
	for i, m := range c.Messages {
		if _, wanted := c.Wanted(m, now); m.State == outbox.Failed && wanted && !replaced(m, c.Messages[i+1:]) {
			list = append(list, m)
		}
	}
	return list
}

// replaced reports whether one of those decided later has taken the place of m.
func replaced(m *outbox.Message, later []*outbox.Message) bool {
	if m.Kind == outbox.Reminder || m.Kind == outbox.Notice {
		return false
	}
	return slices.ContainsFunc(later, func(l *outbox.Message) bool {
		return l.Kind == m.Kind && l.ToOrganizer() == m.ToOrganizer()
	})
}

// AtDoor are the messages of c that wait at a closed door.
func AtDoor(c *conversation.Conversation, now time.Time) []*outbox.Message {
	var list []*outbox.Message
	for _, m := range c.Messages {
		if m.Door() != nil && !m.Stuck() && c.Pending(m, now) {
			list = append(list, m)
		}
	}
	return list
}
