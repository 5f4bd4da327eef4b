// Package event knows a talk's event in an online calendar: as we wrote it last, as it stands there and names its
// conversation, what the partner knows from it, and what a write does to that. It leaves to conversation what is meant and
// what follows, to eventsync what others have done to it there, and the calendar's protocol to invites.
package event

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/outbox"
)

// A CalendarEvent is what stands in an online calendar.
type CalendarEvent struct {
	// Behind says that the event has changed while a write of ours was on its way: the calendar is still to be asked
	// about it.
	Behind bool `json:"behind,omitempty"`
	// Booking is the event; nil: there is none that we know of.
	Booking *Booking `json:"booking,omitempty"`
}

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

// Stray reports whether in and name are known to be names of two calendars; "" is not known.
func Stray(in, name string) bool { return in != "" && name != "" && in != name }

// Strays reports whether the event is known to be in another calendar than the one of that name. Where nobody knows
// whose own calendar it is that is read, it is that where somebody has moved the event.
func (b *Booking) Strays(name string) bool {
	return b != nil && (Stray(b.In, name) || name == "" && b.In != "" && b.Away)
}

// LostTime reports whether the calendar holds the event without the time that was agreed on: for whole days, or as
// a series.
func (b *Booking) LostTime() bool { return b != nil && (b.Is.Start.IsZero() || b.Is.Repeats) }

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

// Enter takes in that m has been written into the calendar as ch says, which holds the event as m.Entry then; partner
// reports whether an address is the partner's. Who had left and is invited once more is back.
func (e *CalendarEvent) Enter(m *outbox.Message, ch *invites.EventChange, partner func(invites.Address) bool) (back bool) {
	ch.Guests = m.Guests
	b := Booking{Wrote: ch.Event, Is: *m.Entry, In: m.In, Told: m.Content}
	b.Is.Guests = ch.Guests
	if e.Booking != nil {
		b.In, b.Away = cmp.Or(b.In, e.Booking.In), e.Booking.Away
		// What they have answered meanwhile is still to be taken in.
		b.Is.Guests = slices.Clone(e.Booking.Is.Guests)
		for _, g := range ch.Guests {
			if !HasGuest(b.Is.Guests, g.Email) && !HasGuest(e.Booking.Wrote.Guests, g.Email) {
				b.Is.Guests = append(b.Is.Guests, g)
			}
		}
	}
	if old := e.Booking; old != nil {
		// Who had left is invited once more.
		back = m.Kind != outbox.Cancel && Guest(old.Is.Guests, partner) == nil && Guest(b.Is.Guests, partner) != nil
		asks := back || b.Told.Moves(&old.Told) || b.Told.Shifts(&old.Told) || old.LostTime()
		if !asks {
			b.Answer = old.Answer
			// The calendar asks anew: the next answer is one to this.
		} else if g := Guest(m.Entry.Guests, partner); g != nil && g.PartStat == invites.NeedsAction {
			for i := range b.Is.Guests {
				if partner(invites.Address{Email: b.Is.Guests[i].Email}) {
					b.Is.Guests[i].PartStat = invites.NeedsAction
				}
			}
		}
	}
	switch old := e.Booking; {
	case m.Kind == outbox.Cancel:
		b.Is.Deleted = true
		if old != nil {
			b.Wrote, b.Told = old.Wrote, old.Told
		}
	// By somebody, since: that is still to be heard of.
	case m.Entry.Deleted:
		b.Is.Deleted, b.Is.Etag, e.Behind = false, "", true
	case old != nil:
		if b.Told.Start == old.Told.Start && b.Told.Length == old.Told.Length {
			b.Moved = old.Moved
		}
		if b.Told.Place == old.Told.Place {
			b.Placed = old.Placed
		}
		b.Described = old.Described && b.Wrote.Description == old.Wrote.Description
	}
	e.Booking = &b
	return back
}

// HasGuest reports whether an address is among the guests of an event.
func HasGuest(guests []invites.Guest, email string) bool {
	return slices.ContainsFunc(guests, func(g invites.Guest) bool { return strings.EqualFold(g.Email, email) })
}

// Guest is the partner among the guests of an event; nil where they are none.
func Guest(guests []invites.Guest, partner func(invites.Address) bool) *invites.Guest {
	for i := range guests {
		if partner(invites.Address{Email: guests[i].Email}) {
			return &guests[i]
		}
	}
	return nil
}

// PlaceIn is the place of an event, as Conversation.Place has it.
func PlaceIn(e *invites.Event) string {
	return plaintext.Clip(plaintext.Line(e.Location), plaintext.MaxLine)
}
