package google

import (
	"slices"
	"strings"
	"time"

	"google.golang.org/api/calendar/v3"

	"coalition/invites"
)

// Google's limits on the alarms of an event.
const (
	mostAlarms = 5
	lastAlarm  = 4 * 7 * 24 * time.Hour
)

// fields says what of an event is to be written.
type fields struct {
	times, zone, once, summary, description, location, guests, meet, alarms bool
}

// heard reports whether guests are to hear of it.
func (f fields) heard() bool { f.alarms = false; return f != fields{} }

// all returns the fields of an event that is made, or made anew.
func (w *write) all() fields {
	return fields{times: true, summary: true, description: true, location: true, meet: w.ch.Meet, alarms: true}
}

// differing returns in what a differs from b.
func differing(a, b *invites.Event) fields {
	return fields{
		times:       !a.Start.Equal(b.Start) || !a.End.Equal(b.End),
		zone:        a.Zone != b.Zone,
		once:        a.Repeats != b.Repeats,
		summary:     a.Summary != b.Summary,
		description: a.Description != b.Description,
		location:    a.Location != b.Location,
		guests:      len(without(a.Guests, b.Guests))+len(without(b.Guests, a.Guests)) > 0,
		meet:        a.Meet != b.Meet,
		alarms:      !slices.Equal(a.Alarms, b.Alarms),
	}
}

// missing returns what of f is not in the calendar yet, where it holds the event as is. room says that it has a
// room for a call, or is making one.
func (w *write) missing(f fields, is *invites.Event, room bool) fields {
	d := differing(&w.ch.Event, is)
	f.times = f.times && d.times
	f.zone = f.zone && d.zone
	f.once = f.once && d.once
	f.summary = f.summary && d.summary
	f.description = f.description && d.description
	f.location = f.location && d.location
	if f.guests {
		added, removed := without(w.ch.Guests, w.ch.Was.Guests), without(w.ch.Was.Guests, w.ch.Guests)
		f.guests = len(without(added, is.Guests)) > 0 || len(without(removed, is.Guests)) < len(removed)
	}
	f.meet = f.meet && w.ch.Meet != room
	return f
}

// without returns all that is in a and not in b.
func without(a, b []invites.Guest) (rest []invites.Guest) {
	for _, guest := range a {
		if !slices.ContainsFunc(b, func(g invites.Guest) bool { return strings.EqualFold(g.Email, guest.Email) }) {
			rest = append(rest, guest)
		}
	}
	return rest
}

// body returns what a request says of the event: f of it, and the mark of this write.
func (w *write) body(f fields) (*calendar.Event, error) {
	e := &w.ch.Event
	event := &calendar.Event{ExtendedProperties: &calendar.EventExtendedProperties{
		Private: map[string]string{refKey: e.Ref, markKey: w.ch.Key}}}
	if f.times || f.zone {
		loc, err := invites.Location(e.Zone)
		if err != nil || !e.Start.Before(e.End) {
			return nil, &invites.DeliveryError{Final: true, Text: "the talk has no time that a calendar could show"}
		}
		// The null ends an event of whole days.
		at := func(t time.Time) *calendar.EventDateTime {
			return &calendar.EventDateTime{DateTime: t.In(loc).Format(time.RFC3339), TimeZone: e.Zone,
				NullFields: []string{"Date"}}
		}
		event.Start, event.End = at(e.Start), at(e.End)
	}
	if f.once {
		event.NullFields = append(event.NullFields, "Recurrence")
	}
	set := func(wanted bool, field *string, name, value string) {
		if wanted {
			*field = value
			event.ForceSendFields = append(event.ForceSendFields, name)
		}
	}
	set(f.summary, &event.Summary, "Summary", e.Summary)
	set(f.description, &event.Description, "Description", e.Description)
	set(f.location, &event.Location, "Location", e.Location)
	switch {
	case f.meet && e.Meet:
		// The same id asks for the same room.
		event.ConferenceData = &calendar.ConferenceData{CreateRequest: &calendar.CreateConferenceRequest{
			RequestId:             w.ch.Key,
			ConferenceSolutionKey: &calendar.ConferenceSolutionKey{Type: "hangoutsMeet"},
		}}
	case f.meet:
		event.NullFields = append(event.NullFields, "ConferenceData")
	}
	if f.alarms {
		event.Reminders = reminders(e.Alarms)
	}
	return event, nil
}

// reminders returns the alarms as Google takes them: in whole minutes, each once, as many as it allows.
func reminders(alarms []time.Duration) *calendar.EventReminders {
	r := &calendar.EventReminders{ForceSendFields: []string{"UseDefault", "Overrides"}}
	for _, d := range alarms {
		minutes := int64((min(max(d, 0), lastAlarm) + time.Minute - 1) / time.Minute)
		known := func(o *calendar.EventReminder) bool { return o.Minutes == minutes }
		if len(r.Overrides) < mostAlarms && !slices.ContainsFunc(r.Overrides, known) {
			r.Overrides = append(r.Overrides,
				&calendar.EventReminder{Method: "popup", Minutes: minutes, ForceSendFields: []string{"Minutes"}})
		}
	}
	return r
}

// invited returns the guests of an event as they are to be, with what the calendar knows of those who stay.
func (w *write) invited(got *calendar.Event) []*calendar.EventAttendee {
	added, removed := without(w.ch.Guests, w.ch.Was.Guests), without(w.ch.Was.Guests, w.ch.Guests)
	list := []*calendar.EventAttendee{}
	for _, a := range got.Attendees {
		if a == nil {
			continue
		}
		here := []invites.Guest{{Email: a.Email}}
		if len(without(here, removed)) == 0 {
			continue
		}
		added = without(added, here)
		list = append(list, &calendar.EventAttendee{Email: a.Email, DisplayName: a.DisplayName,
			ResponseStatus: a.ResponseStatus, Comment: a.Comment,
			Optional: a.Optional, AdditionalGuests: a.AdditionalGuests, Resource: a.Resource})
	}
	return append(list, attendees(added)...)
}

// attendees returns guests who have not answered yet.
func attendees(guests []invites.Guest) (list []*calendar.EventAttendee) {
	for _, guest := range guests {
		list = append(list, &calendar.EventAttendee{Email: guest.Email, DisplayName: guest.Name})
	}
	return list
}
