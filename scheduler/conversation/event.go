package conversation

import (
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/event"
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// Named is when the organizer's own word was given, in the plan or by a command, about what may also
// change in the calendar: the newest word wins. It is real time, as the calendar's is.
type Named struct {
	// And length.
	Start time.Time `json:"start,omitzero"`
	Place time.Time `json:"place,omitzero"`
}

// InCalendar reports whether the talk is, or is to be, an event in an online calendar.
func (c *Conversation) InCalendar() bool { return c.Channel != "" && c.Channel != outbox.Mail }

// Calendar is the one that the talk is held in.
func (c *Conversation) Calendar() organizer.Calendar { return c.settings.CalendarOf(c.Channel) }

// EventID is the id of the event in the online calendar; "" where the talk is not held there.
func (c *Conversation) EventID() string {
	if !c.InCalendar() {
		return ""
	}
	id, _, _ := strings.Cut(c.UID, "@")
	return id
}

// EventRef is how what stands in an online calendar names the conversation.
func (c *Conversation) EventRef() event.Ref { return event.Ref{ID: c.ID, Round: c.Round, Era: c.Era} }

// Deleted reports whether the event was deleted in the calendar, by somebody else than us.
func (c *Conversation) Deleted() bool {
	return c.Booking != nil && c.Booking.Is.Deleted && c.Cancelled == nil
}

// Restore lets the next update bring an event back that was deleted, or that has lost its time.
func (c *Conversation) Restore() {
	if c.Deleted() || c.LostTime() {
		b := *c.Booking
		b.Restore = true
		c.Booking = &b
	}
}

// Written takes in that m has been written into the calendar, which holds the event as m.Entry then.
func (c *Conversation) Written(m *outbox.Message) {
	ch, err := event.ChangeOf(m, nil)
	if err != nil {
		// It was read before it was written.
		return
	}
	if c.Enter(m, ch, c.Writes) {
		c.PartStat = invites.NeedsAction
	}
	c.Sequence = max(c.Sequence, m.Entry.Sequence)
	// Of what it has taken over, the calendar's clock is the one that counts from here on.
	if at := m.Entry.Updated; c.Named.Start.After(at) && c.Dates != nil && c.StartSlot(at) == m.Content.Start {
		c.Named.Start = at
	}
	if at := m.Entry.Updated; c.Named.Place.After(at) && c.PlaceKey() == m.Content.Place {
		c.Named.Place = at
	}
}

// StaysAway reports whether the partner has left the event and is not invited to it again: that is for another
// time, and not for less.
func (c *Conversation) StaysAway(start plan.Slot) bool {
	b := c.Booking
	return b != nil && (!b.Is.Deleted || !b.Restore) && c.Guest(b.Is.Guests) == nil && start == b.Told.Start
}

// Unheard reports whether nobody is told of m, which goes into the calendar, because the partner has left the
// event there.
func (c *Conversation) Unheard(m *outbox.Message) bool {
	return m.InCalendar() && c.StaysAway(m.Content.Start)
}

// Guest is the partner among the guests of an event; nil where they are none.
func (c *Conversation) Guest(guests []invites.Guest) *invites.Guest {
	return event.Guest(guests, c.Writes)
}
