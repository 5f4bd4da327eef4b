package compose

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"coalition/invites"
	"coalition/invites/ical"
	"coalition/scheduler/conversation"
	"coalition/scheduler/event"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/templates"
)

// alarm is how long before the start the partner's own calendar rings.
const alarm = 15 * time.Minute

// object returns the iCalendar object that m carries.
func object(c *conversation.Conversation, m *outbox.Message, view *templates.View, method invites.Method,
	reason string) ([]byte, error) {
	event, err := eventOf(c, m, view)
	if err != nil {
		return nil, err
	}
	if m.Kind == outbox.DeclineCounter {
		// All else may have changed, and is for a REQUEST to say.
		event.Comment, event.Description, event.Location, event.Conference = reason, "", "", ""
	}
	return event.Encode(method)
}

// eventOf returns the event that m is about.
func eventOf(c *conversation.Conversation, m *outbox.Message, view *templates.View) (*ical.VEvent, error) {
	entry, err := view.Event()
	if err != nil {
		return nil, fmt.Errorf("the template of the calendar entry in %q: %w", view.Lang, err)
	}
	start := m.Content.Start.Time()
	event := &ical.VEvent{
		UID: c.UID, Sequence: m.Sequence, Stamp: m.Stamp,
		Start: start, End: start.Add(m.Content.Length),
		Summary:   entry.Summary,
		Organizer: c.Organizer, Attendee: c.Partner(), PartStat: m.Content.PartStat, Alarm: alarm,
		Cancelled: m.Kind == outbox.Cancel,
	}
	event.Description, event.Location = entry.Description, entry.Location
	switch c.Plan.Setting.Kind {
	case plan.Phone:
		event.Conference = c.Plan.Setting.Phone.URI()
	case plan.Video:
		event.Conference = string(c.Plan.Setting.URL)
	}
	if c.Cancelled != nil {
		event.Comment = c.Cancelled.Reason
	}
	return event, nil
}

// Collection returns the talks to which partners have been invited, or had been, as one calendar to keep: it rings for
// nothing, and those that were cancelled say so.
func (co *Composer) Collection(list []*conversation.Conversation) ([]byte, error) {
	var events []*ical.VEvent
	for _, c := range list {
		told := c.Told()
		if told == nil {
			continue
		}
		m := &outbox.Message{Kind: outbox.Invite, Content: *told, Sequence: c.Sequence, Stamp: c.Stamp}
		if c.Cancelled != nil {
			m.Kind = outbox.Cancel
		}
		talk := co.Talk(c, &c.Plan)
		talk.Start = told.Start.Time()
		view, err := co.view(co.LanguageFor(c), talk)
		if err != nil {
			return nil, err
		}
		event, err := eventOf(c, m, view)
		if err != nil {
			return nil, err
		}
		event.Alarm = 0
		events = append(events, event)
	}
	return ical.Collection(events, co.Zone.Location("UTC"))
}

// Publish returns the event that the partner has been, or is about to be, invited to, as a file to hand out:
// METHOD:PUBLISH (RFC 5546, section 3.2.1). m is the invitation or update that carries it.
func (co *Composer) Publish(c *conversation.Conversation, m *outbox.Message) ([]byte, error) {
	talk := co.Talk(c, &c.Plan)
	talk.Start = m.Content.Start.Time()
	view, err := co.view(co.LanguageFor(c), talk)
	if err != nil {
		return nil, err
	}
	return object(c, m, view, invites.Publish, "")
}

// HoldTitle returns the title of a time that is held for a talk while it is offered, in the organizer's language.
func (co *Composer) HoldTitle(c *conversation.Conversation) (string, error) {
	lang, _ := co.Words.Language(string(co.Language))
	view, err := co.view(lang, co.Talk(c, &c.Plan))
	if err != nil {
		return "", err
	}
	return view.Hold()
}

// PlanLocation returns the location of the event in the plan's own words, whatever place it was given in the calendar.
func (co *Composer) PlanLocation(c *conversation.Conversation) (string, error) {
	own := *c
	own.Place = nil
	talk := co.Talk(&own, &own.Plan)
	// Of a room that the calendar has made the event says by itself.
	talk.Setting.URL = string(c.Plan.Setting.URL)
	view, err := co.view(co.LanguageFor(c), talk)
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
func (co *Composer) writeChange(d *conversation.Draft, m *outbox.Message, view *templates.View) error {
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
	ch := invites.EventChange{Key: rand.Text(), Event: invites.Event{
		ID: c.EventID(), Start: start.UTC(), End: m.Content.End().UTC(), Zone: m.Content.Start.Zone,
		Summary: entry.Summary, Description: description, Location: entry.Location,
		Meet:   co.MakesRooms && c.Plan.Setting.Kind == plan.Video && c.Plan.Setting.URL == "",
		Guests: []invites.Guest{{Name: c.Plan.With.Name, Email: string(c.Plan.With.Email)}},
		Alarms: co.Reminders, Ref: c.EventRef().String(),
	}}
	b := c.Booking
	if c.Place != nil {
		// In the words of the calendar.
		if ch.Location = *c.Place; b != nil && event.PlaceIn(&b.Wrote) == *c.Place {
			ch.Location = b.Wrote.Location
		}
	}
	if co.Calendar != nil {
		ch.In = co.Calendar()
	}
	if c.StaysAway(m.Content.Start) {
		ch.Guests = nil
	}
	if m.Kind == outbox.Update && b != nil && b.Described && ch.Description != b.Wrote.Description {
		d.Events = append(d.Events, c.Entry(m.Changed, "sync", "the description that was changed in "+
			c.Calendar().Title+" gives way to that of the plan"))
	}
	switch {
	case m.Kind == outbox.Cancel:
		ch.Cancel, ch.Reason = true, c.Cancelled.Reason
		ch.Restore = b != nil && b.Is.Deleted
	case b != nil:
		ch.Restore = c.Deleted() && b.Restore
	}
	m.Data, err = json.Marshal(ch)
	return err
}

// A Day is an entry of the own calendar for a whole day, which takes up no time.
type Day struct {
	UID, Summary string
	// On is any moment of the day, and Stamp when it came about.
	On, Stamp time.Time
}

// OwnCalendar returns what is to stand in the organizer's own calendar: the talks that the partners are or were invited
// to, and days. Nobody is named who could be written to, and every entry has a UID of its own, so that it takes the place
// of no invitation there. The same talks give the same bytes.
func (co *Composer) OwnCalendar(talks []*conversation.Conversation, days []Day) ([]byte, error) {
	var events []*ical.VEvent
	for _, c := range talks {
		told := c.Told()
		talk := co.Talk(c, &c.Plan)
		talk.Start = told.Start.Time()
		view, err := co.view(string(co.Language), talk)
		if err != nil {
			return nil, err
		}
		e, err := eventOf(c, &outbox.Message{Kind: outbox.Invite, Content: *told, Sequence: c.Sequence, Stamp: c.Stamp}, view)
		if err != nil {
			return nil, err
		}
		// What has changed since is their answer.
		if c.Replied.After(e.Stamp) {
			e.Stamp = c.Replied
		}
		e.UID, e.Alarm, e.Organizer = "feed-"+e.UID, 0, invites.Address{}
		// Who was there need not have answered.
		e.Tentative = c.PartStat != invites.Accepted && c.Closed.IsZero()
		events = append(events, e)
	}
	for _, d := range days {
		events = append(events, &ical.VEvent{UID: d.UID, Stamp: d.Stamp, Start: d.On, End: d.On.AddDate(0, 0, 1), AllDay: true,
			Summary: d.Summary, Free: true})
	}
	return ical.Collection(events, co.Zone.Location("UTC"))
}
