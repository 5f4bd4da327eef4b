package conversation

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// A Booking is what is known of the talk's event in an online calendar.
type Booking struct {
	// Wrote is what the next change is measured against: the event as we wrote it last, with the times
	// and the place that somebody has given it there since.
	Wrote invites.Event `json:"wrote"`
	// Is is the event as the calendar held it when it was last heard of. Its guests are those whose answers
	// have been taken in.
	Is invites.Event `json:"is"`

	// The calendar it is in, by its name; "" where that is not known.
	In string `json:"in,omitempty"`
	// Somebody has moved it there, from the one in which it was made.
	Away bool `json:"away,omitempty"`

	// What the partner knows from it.
	Told outbox.Content `json:"told"`
	// To what they know; "" for none.
	Answer invites.PartStat `json:"answer,omitempty"`
	// When somebody moved it there, if that is how the partner learnt of its time.
	Moved time.Time `json:"moved,omitzero"`
	// Likewise of its place.
	Placed time.Time `json:"placed,omitzero"`
	// It was deleted there, or has lost its time, and the organizer wants it back as it is meant.
	Restore bool `json:"restore,omitempty"`

	// Somebody has changed the description there, which stands until that of the plan changes.
	Described bool `json:"described,omitempty"`
}

// Named is when the organizer's own word was given, in the plan or by a command, about what may also
// change in the calendar: the newest word wins. It is real time, as the calendar's is.
type Named struct {
	// And length.
	Start time.Time `json:"start,omitzero"`
	Place time.Time `json:"place,omitzero"`
}

// EventID is the id of the event in the online calendar; "" where the talk is not held there.
func (c *Conversation) EventID() string {
	if !c.InCalendar() {
		return ""
	}
	id, _, _ := strings.Cut(c.UID, "@")
	return id
}

// Stray reports whether in and name are known to be names of two calendars; "" is not known.
func Stray(in, name string) bool { return in != "" && name != "" && in != name }

// Strays reports whether the event is known to be in another calendar than the one of that name. Where nobody knows
// whose own calendar it is that is read, it is that where somebody has moved the event.
func (b *Booking) Strays(name string) bool {
	return b != nil && (Stray(b.In, name) || name == "" && b.In != "" && b.Away)
}

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

// ChangeOf is what m does to the event in the calendar, beside what is known of that.
func ChangeOf(m *outbox.Message, b *Booking) (*invites.EventChange, error) {
	ch := new(invites.EventChange)
	if err := json.Unmarshal(m.Data, ch); err != nil {
		return nil, &invites.DeliveryError{Final: true, Text: "what is to be written into the calendar can't be read", Err: err}
	}
	if b != nil {
		is := b.Is
		// Else it is in the calendar that the config names, whoever's that is.
		if is.In = ""; b.Away {
			is.In = b.In
		}
		ch.Was, ch.Is = &b.Wrote, &is
		switch left := len(b.Wrote.Guests) == 0 && m.Content.Start == b.Told.Start && !ch.Restore; {
		case left:
			// Since it was decided, they may have left; or have come back.
			ch.Guests = nil
		case len(ch.Guests) == 0:
			ch.Guests = b.Wrote.Guests
		}
	}
	return ch, nil
}

// Written takes in that m has been written into the calendar, which holds the event as m.Entry then.
func (c *Conversation) Written(m *outbox.Message) {
	ch, err := ChangeOf(m, nil)
	if err != nil {
		// It was read before it was written.
		return
	}
	ch.Guests = m.Guests
	b := Booking{Wrote: ch.Event, Is: *m.Entry, In: m.In, Told: m.Content}
	b.Is.Guests = ch.Guests
	if c.Booking != nil {
		b.In, b.Away = cmp.Or(b.In, c.Booking.In), c.Booking.Away
		// What they have answered meanwhile is still to be taken in.
		b.Is.Guests = slices.Clone(c.Booking.Is.Guests)
		for _, g := range ch.Guests {
			if !HasGuest(b.Is.Guests, g.Email) && !HasGuest(c.Booking.Wrote.Guests, g.Email) {
				b.Is.Guests = append(b.Is.Guests, g)
			}
		}
	}
	if old := c.Booking; old != nil {
		// Who had left is invited once more.
		back := m.Kind != outbox.Cancel && c.Guest(old.Is.Guests) == nil && c.Guest(b.Is.Guests) != nil
		if back {
			c.PartStat = invites.NeedsAction
		}
		asks := back || b.Told.Moves(&old.Told) || b.Told.Shifts(&old.Told) || old.lostTime()
		if !asks {
			b.Answer = old.Answer
			// The calendar asks anew: the next answer is one to this.
		} else if g := c.Guest(m.Entry.Guests); g != nil && g.PartStat == invites.NeedsAction {
			for i := range b.Is.Guests {
				if c.Writes(invites.Address{Email: b.Is.Guests[i].Email}) {
					b.Is.Guests[i].PartStat = invites.NeedsAction
				}
			}
		}
	}
	switch old := c.Booking; {
	case m.Kind == outbox.Cancel:
		b.Is.Deleted = true
		if old != nil {
			b.Wrote, b.Told = old.Wrote, old.Told
		}
	// By somebody, since: that is still to be heard of.
	case m.Entry.Deleted:
		b.Is.Deleted, b.Is.Etag, c.Behind = false, "", true
	case old != nil:
		if b.Told.Start == old.Told.Start && b.Told.Length == old.Told.Length {
			b.Moved = old.Moved
		}
		if b.Told.Place == old.Told.Place {
			b.Placed = old.Placed
		}
		b.Described = old.Described && b.Wrote.Description == old.Wrote.Description
	}
	c.Booking = &b
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

// HasGuest reports whether an address is among the guests of an event.
func HasGuest(guests []invites.Guest, email string) bool {
	return slices.ContainsFunc(guests, func(g invites.Guest) bool { return strings.EqualFold(g.Email, email) })
}

// Guest is the partner among the guests of an event; nil where they are none.
func (c *Conversation) Guest(guests []invites.Guest) *invites.Guest {
	for i := range guests {
		if c.Writes(invites.Address{Email: guests[i].Email}) {
			return &guests[i]
		}
	}
	return nil
}

// PlaceIn is the place of an event, as Conversation.Place has it.
func PlaceIn(e *invites.Event) string {
	return plaintext.Clip(plaintext.Line(e.Location), plaintext.MaxLine)
}
