package scheduler

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/plan"
	"coalition/templates"
)

// A Booking is what is known of the talk's event in Google Calendar.
type Booking struct {
	// Wrote is what the next change is measured against: the event as we wrote it last, with the times
	// and the place that somebody has given it there since.
	Wrote invites.Event `json:"wrote"`
	// Is is the event as Google held it when it was last heard of. Its guests are those whose answers
	// have been taken in.
	Is invites.Event `json:"is"`

	In   string `json:"in,omitempty"`   // the calendar it is in, by its name; "" where that is not known
	Away bool   `json:"away,omitempty"` // somebody has moved it there, from the one in which it was made

	Told    Content          `json:"told"`              // what the partner knows from it
	Answer  invites.PartStat `json:"answer,omitempty"`  // to what they know; "" for none
	Moved   time.Time        `json:"moved,omitzero"`    // when somebody moved it there, if that is how the partner learnt of its time
	Placed  time.Time        `json:"placed,omitzero"`   // likewise of its place
	Restore bool             `json:"restore,omitempty"` // it was deleted there, or has lost its time, and the organizer wants it back as it is meant

	Described bool `json:"described,omitempty"` // somebody has changed the description there, which stands until that of the plan changes
}

// Named is when the organizer's own word was given, in the plan or by a command, about what may also
// change in the calendar: the newest word wins. It is real time, as the calendar's is.
type Named struct {
	Start time.Time `json:"start,omitzero"` // and length
	Place time.Time `json:"place,omitzero"`
}

// googleUID is what Google makes the UID of an event of, behind its id.
const googleUID = "@google.com"

// EventID is the id of the event in Google Calendar; "" where the talk is not held there.
func (c *Conversation) EventID() string {
	if c.Channel != Google {
		return ""
	}
	return strings.TrimSuffix(c.UID, googleUID)
}

// stray reports whether in and name are known to be names of two calendars; "" is not known.
func stray(in, name string) bool { return in != "" && name != "" && in != name }

// strays reports whether the event is known to be in another calendar than the one of that name. Where nobody knows
// whose own calendar it is that is read, it is that where somebody has moved the event.
func (b *Booking) strays(name string) bool {
	return b != nil && (stray(b.In, name) || name == "" && b.In != "" && b.Away)
}

// strayed reports whether a change waits because the event was in another calendar when it was tried.
func (c *Conversation) strayed() bool {
	return slices.ContainsFunc(c.Messages, func(m *Message) bool {
		return (m.State == Queued || m.State == Unclear) && m.Channel() == Google && m.Code == codeStray
	})
}

// deleted reports whether the event was deleted in Google Calendar, by somebody else than us.
func (c *Conversation) deleted() bool {
	return c.Booking != nil && c.Booking.Is.Deleted && c.Cancelled == nil
}

// restore lets the next update bring an event back that was deleted, or that has lost its time.
func (c *Conversation) restore() {
	if c.deleted() || c.lostTime() {
		b := *c.Booking
		b.Restore = true
		c.Booking = &b
	}
}

// setting is where and how the two talk, in the words that stand.
func (c *Conversation) setting(t *plan.Terms) templates.Setting {
	where := c.where(t)
	s := templates.Setting{Kind: string(where.Kind), Place: where.Place, Phone: string(where.Phone), URL: string(where.URL), Caller: string(where.Caller)}
	if s.Kind == plan.Video && t.Setting.URL == "" && c.Place == nil && c.Booking != nil {
		s.URL, s.NoLink = c.Booking.Is.Join, c.Booking.Is.NoRoom
	}
	return s
}

// where is the plan's setting with the place that was given in the calendar since.
func (c *Conversation) where(t *plan.Terms) plan.Setting {
	where := t.Setting
	if c.Place == nil {
		return where
	}
	place := *c.Place
	where.Place = ""
	var link plan.Link
	switch number := numberIn(place); {
	case where.Kind == plan.Phone && number != "":
		where.Phone = number
		return where
	case where.Kind == plan.Video && strings.HasPrefix(place, "https://") && link.Parse(place) == nil:
		where.URL = link
		return where
	case where.Kind == plan.Video:
		where.URL = ""
	}
	where.Place = place
	return where
}

// Where is where and how the two talk, as it stands.
func (c *Conversation) Where() plan.Setting { return c.where(&c.Plan) }

// numberIn is the phone number at the end of a place such as "Phone: +49 30 1234567"; "": there is none, or
// something else behind it. Other figures stand in places as well: a room, a postal code, a date.
func numberIn(place string) (number plan.PhoneNumber) {
	const shortest = len("tel:0301234")
	start := strings.IndexAny(place, "+0123456789")
	if start < 0 || place[start] != '+' && place[start] != '0' || number.Parse(strings.TrimSpace(place[start:])) != nil || len(number.URI()) < shortest {
		return ""
	}
	return number
}

// planLocation is the location of the event in the plan's own words, whatever place it was given in the
// calendar.
func (s *Scheduler) planLocation(c *Conversation) (string, error) {
	own := *c
	own.Place = nil
	talk := s.talk(&own, &own.Plan)
	talk.Setting.URL = string(c.Plan.Setting.URL) // of a room that Google has made the event says by itself
	lang, _ := s.Words.Language(c.Language())
	view, err := s.Words.View(lang, talk)
	if err != nil {
		return "", err
	}
	entry, err := view.Event()
	if err != nil {
		return "", err
	}
	return entry.Location, nil
}

// writeChange gives m what it writes into the calendar.
func (s *Scheduler) writeChange(d *Draft, m *Message, view *templates.View) error {
	c := d.Conversation
	entry, err := view.Event()
	if err != nil {
		return fmt.Errorf("the template of the calendar entry in %q: %w", view.Lang, err)
	}
	description, err := view.EventHTML()
	if err != nil {
		return fmt.Errorf("the template of the event in %q: %w", view.Lang, err)
	}
	start := m.Content.Start.Time()
	ch := invites.EventChange{Key: random(8), Event: invites.Event{
		ID: c.EventID(), Start: start.UTC(), End: m.Content.End().UTC(), Zone: m.Content.Start.Zone,
		Summary: entry.Summary, Description: description, Location: entry.Location,
		Meet:   c.Plan.Setting.Kind == plan.Video && c.Plan.Setting.URL == "",
		Guests: []invites.Guest{{Name: c.Plan.With.Name, Email: string(c.Plan.With.Email)}},
		Alarms: s.Reminders, Ref: fmt.Sprintf("%s/%d", c.ID, c.Round),
	}}
	if c.Place != nil { // in the words of the calendar
		if ch.Location = *c.Place; c.Booking != nil && placeIn(&c.Booking.Wrote) == *c.Place {
			ch.Location = c.Booking.Wrote.Location
		}
	}
	if s.Online != nil {
		ch.In = s.Online.Name()
	}
	if c.staysAway(m.Content.Start) {
		ch.Guests = nil
	}
	if b := c.Booking; m.Kind == Update && b != nil && b.Described && ch.Description != b.Wrote.Description {
		d.Events = append(d.Events, c.event(m.Changed, "sync", "the description that was changed in Google Calendar gives way to that of the plan"))
	}
	switch {
	case m.Kind == Cancel:
		ch.Cancel, ch.Reason = true, c.Cancelled.Reason
		ch.Restore = c.Booking != nil && c.Booking.Is.Deleted
	case c.Booking != nil:
		ch.Restore = c.deleted() && c.Booking.Restore
	}
	m.Data, err = json.Marshal(ch)
	return err
}

// change is what m does to the event in the calendar, beside what is known of that.
func (m *Message) change() (*invites.EventChange, error) {
	ch := new(invites.EventChange)
	if err := json.Unmarshal(m.Data, ch); err != nil {
		return nil, &invites.DeliveryError{Final: true, Text: "what is to be written into the calendar can't be read", Err: err}
	}
	if b := m.booking; b != nil {
		is := b.Is
		if is.In = ""; b.Away { // else it is in the calendar that the config names, whoever's that is
			is.In = b.In
		}
		ch.Was, ch.Is = &b.Wrote, &is
		switch left := len(b.Wrote.Guests) == 0 && m.Content.Start == b.Told.Start && !ch.Restore; {
		case left:
			ch.Guests = nil // since it was decided, they may have left; or have come back
		case len(ch.Guests) == 0:
			ch.Guests = b.Wrote.Guests
		}
	}
	return ch, nil
}

// Written takes in that m has been written into the calendar, which holds the event as m.Entry then.
func (c *Conversation) Written(m *Message) {
	ch, err := m.change()
	if err != nil {
		return // it was read before it was written
	}
	b := Booking{Wrote: ch.Event, Is: *m.Entry, In: m.In, Told: m.Content}
	b.Is.Guests = ch.Guests
	if c.Booking != nil {
		b.In, b.Away = cmp.Or(b.In, c.Booking.In), c.Booking.Away
		b.Is.Guests = slices.Clone(c.Booking.Is.Guests) // what they have answered meanwhile is still to be taken in
		for _, g := range ch.Guests {
			if !invited(b.Is.Guests, g.Email) && !invited(c.Booking.Wrote.Guests, g.Email) {
				b.Is.Guests = append(b.Is.Guests, g)
			}
		}
	}
	if old := c.Booking; old != nil {
		back := m.Kind != Cancel && c.guest(old.Is.Guests) == nil && c.guest(b.Is.Guests) != nil // who had left is invited once more
		if back {
			c.PartStat = invites.NeedsAction
		}
		asks := back || b.Told.moves(&old.Told) || b.Told.shifts(&old.Told) || old.lostTime()
		if !asks {
			b.Answer = old.Answer
		} else if g := c.guest(m.Entry.Guests); g != nil && g.PartStat == invites.NeedsAction { // Google asks anew: the next answer is one to this
			for i := range b.Is.Guests {
				if c.writes(invites.Address{Email: b.Is.Guests[i].Email}) {
					b.Is.Guests[i].PartStat = invites.NeedsAction
				}
			}
		}
	}
	switch old := c.Booking; {
	case m.Kind == Cancel:
		b.Is.Deleted = true
		if old != nil {
			b.Wrote, b.Told = old.Wrote, old.Told
		}
	case m.Entry.Deleted: // by somebody, since: that is still to be heard of
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
	if at := m.Entry.Updated; c.Named.Start.After(at) && c.Dates != nil && c.start(at) == m.Content.Start {
		c.Named.Start = at
	}
	if at := m.Entry.Updated; c.Named.Place.After(at) && c.place() == m.Content.Place {
		c.Named.Place = at
	}
}
