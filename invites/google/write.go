package google

import (
	"cmp"
	"context"
	"errors"
	"html"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/api/calendar/v3"

	"coalition/invites"
)

const (
	mostAlarms   = 5 // Google's limits on the alarms of an event
	lastAlarm    = 4 * 7 * 24 * time.Hour
	longestWords = 8000        // characters of a description that Google surely takes
	manyRounds   = 4           // for an event that others change at the same time
	firstWait    = time.Second // for a room for a call, doubling
	lastWait     = 4 * time.Second
)

// Write carries out a change, and is how the calendar holds the event then; where somebody has changed it
// since, that is not what was written. It calls dot before the first request that could change anything;
// where dot fails it stops and returns dot's error. It may be called again for the same change, however the
// last call ended: guests hear of it once. Other errors are an [*invites.DeliveryError], with Stale where
// somebody else has changed the event so that the change has to be thought over.
//
// What makes a repeat harmless: an event is made under an id of ours, which can be there only once; it is
// changed and deleted only in the state in which it was last heard of (If-Match); and each write leaves
// its mark in the event, by which it is known again when its answer was lost. Nothing is ever brought back
// from the bin without ch.Restore.
//
// A change writes only what differs between ch.Was and ch.Event, and is not already so in ch.Is; where that
// is nothing, nothing is asked. A change of alarms alone is nobody's business but the organizer's: no guest
// hears of it. A room for a call that is not ready is waited for, some seconds; its address comes later
// then, by [Calendar.Changes].
func (c *Calendar) Write(ctx context.Context, ch *invites.EventChange, dot func() error) (*invites.Event, error) {
	s, err := c.service()
	if err != nil {
		return nil, c.fault(ctx, err, false)
	}
	if ch.Is != nil {
		c = c.at(ch.Is.In)
	}
	w := &write{Calendar: c, ctx: ctx, service: s, ch: ch, dot: dot}
	switch {
	case ch.Cancel:
		return w.cancel()
	case ch.Was == nil:
		return w.insert()
	default:
		return w.change()
	}
}

// A write is one call of [Calendar.Write].
type write struct {
	*Calendar
	ctx     context.Context
	service *calendar.Service
	ch      *invites.EventChange
	dot     func() error // nil: it has been called
	rounds  int          // how often the event was not as it was known
}

// begin is called before each request that could change anything.
func (w *write) begin() error {
	if dot := w.dot; dot != nil {
		w.dot = nil
		return dot()
	}
	return nil
}

// A part says what of an event is to be written.
type part struct {
	times, zone, once, summary, description, location, guests, meet, alarms bool
}

// heard reports whether guests are to hear of it.
func (p part) heard() bool { p.alarms = false; return p != part{} }

// differing is in what a differs from b.
func differing(a, b *invites.Event) part {
	return part{
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

// missing is what of p is not in the calendar yet, where it holds the event as is. room says that it has a
// room for a call, or is making one.
func (w *write) missing(p part, is *invites.Event, room bool) part {
	d := differing(&w.ch.Event, is)
	p.times = p.times && d.times
	p.zone = p.zone && d.zone
	p.once = p.once && d.once
	p.summary = p.summary && d.summary
	p.description = p.description && d.description
	p.location = p.location && d.location
	if p.guests {
		added, removed := without(w.ch.Guests, w.ch.Was.Guests), without(w.ch.Was.Guests, w.ch.Guests)
		p.guests = len(without(added, is.Guests)) > 0 || len(without(removed, is.Guests)) < len(removed)
	}
	p.meet = p.meet && w.ch.Meet != room
	return p
}

// without is all that is in a and not in b.
func without(a, b []invites.Guest) (rest []invites.Guest) {
	for _, guest := range a {
		if !slices.ContainsFunc(b, func(g invites.Guest) bool { return strings.EqualFold(g.Email, guest.Email) }) {
			rest = append(rest, guest)
		}
	}
	return rest
}

// insert makes the event. To ask first would not help: only the id keeps a second one from being made.
func (w *write) insert() (*invites.Event, error) {
	event, err := w.body(part{times: true, summary: true, description: true, location: true, meet: w.ch.Meet, alarms: true})
	if err != nil {
		return nil, err
	}
	event.Id, event.Visibility, event.GuestsCanInviteOthers = w.ch.ID, "private", new(bool)
	for _, guest := range w.ch.Guests {
		event.Attendees = append(event.Attendees, &calendar.EventAttendee{Email: guest.Email, DisplayName: guest.Name})
	}
	// What is empty is new, too; it need not be said.
	event.ForceSendFields, event.NullFields = nil, nil
	event.Start.NullFields, event.End.NullFields = nil, nil
	if err := w.begin(); err != nil {
		return nil, err
	}
	call := w.service.Events.Insert(w.id, event).SendUpdates("all").Fields(eventFields).Context(w.ctx)
	if w.ch.Meet {
		call.ConferenceDataVersion(1)
	}
	got, err := sound(call.Do())
	switch {
	case err == nil:
		return w.done(got), nil
	case status(err) != http.StatusConflict:
		return nil, w.fault(w.ctx, err, true)
	}
	if got, err = w.get(w.ctx, w.service, w.ch.ID); err != nil {
		return nil, err
	}
	switch ref, last := private(got); {
	case got == nil && w.ch.Restore:
		return w.revive()
	case got == nil:
		return nil, &invites.DeliveryError{Code: http.StatusConflict, Text: "Google Calendar has the event, and does not show it"}
	case ref != "" && ref != w.ch.Ref:
		return nil, &invites.DeliveryError{Final: true, Code: http.StatusConflict, Text: "the calendar holds another event under this id"}
	case deleted(got) && !w.ch.Restore:
		return nil, stale(w.event(got))
	case !deleted(got) && last == w.ch.Key:
		return w.counted(got, part{times: true, summary: true, location: true}), nil
	case !deleted(got) && ref == "":
		return w.done(got), nil
	}
	// An earlier write of ours made it, with other words; or it is to come back from the bin.
	if deleted(got) {
		return w.restore(got)
	}
	w.compare(got)
	return w.change()
}

// revive brings an event back that the calendar knows of, since it takes no other under its id, and does not show.
func (w *write) revive() (*invites.Event, error) {
	event, err := w.body(part{times: true, summary: true, description: true, location: true, meet: w.ch.Meet, alarms: true, once: true})
	if err != nil {
		return nil, err
	}
	event.Status = "confirmed"
	for _, guest := range w.ch.Guests {
		event.Attendees = append(event.Attendees, &calendar.EventAttendee{Email: guest.Email, DisplayName: guest.Name})
	}
	if err := w.begin(); err != nil {
		return nil, err
	}
	call := w.service.Events.Patch(w.id, w.ch.ID, event).SendUpdates("all").Fields(eventFields).Context(w.ctx)
	if w.ch.Meet {
		call.ConferenceDataVersion(1)
	}
	got, err := sound(call.Do())
	if err == nil {
		return w.done(got), nil
	}
	f := w.fault(w.ctx, err, true)
	if f.Code == http.StatusNotFound || f.Code == http.StatusGone || f.Code == http.StatusForbidden && f.Final && !f.Channel {
		return nil, &invites.DeliveryError{Final: true, Code: f.Code,
			Text: "the event is gone from Google Calendar for good, and it takes no other in its place; call this round off (cancel --told) and begin another"}
	}
	return nil, f
}

// compare has what follows compare the whole event with what is really there, whatever was known of it.
func (w *write) compare(got *calendar.Event) {
	is := w.event(got)
	was := *is
	was.Guests = without(w.ch.Guests, without(w.ch.Guests, is.Guests)) // nobody whom others have added is sent away
	was.Meet, was.Alarms = hasRoom(got), []time.Duration{-1}           // whatever it rings at
	w.ch = &invites.EventChange{Event: w.ch.Event, Key: w.ch.Key, Restore: w.ch.Restore, Was: &was, Is: is}
}

// restore brings the event back from the bin, as a whole: what it says there may be nothing that anybody has seen.
func (w *write) restore(got *calendar.Event) (*invites.Event, error) {
	w.compare(got)
	w.ch.Was.Alarms = w.ch.Alarms // those are the organizer's own
	return w.patch(differing(&w.ch.Event, w.ch.Was), got.Etag, true)
}

// change writes what differs into an event that is there, or is in the bin.
func (w *write) change() (*invites.Event, error) {
	is := w.ch.Is
	p := differing(&w.ch.Event, w.ch.Was)
	if is != nil && !is.Deleted {
		p = w.missing(p, is, is.Join != "")
	}
	switch {
	case p == part{} && (!w.ch.Restore || is == nil || !is.Deleted):
		return cmp.Or(is, w.ch.Was), nil
	case is == nil || is.Etag == "" || is.Deleted:
		got, err := w.get(w.ctx, w.service, w.ch.ID)
		if err != nil {
			return nil, err
		}
		return w.judge(got, p)
	}
	return w.patch(p, is.Etag, false)
}

// patch writes p into the event in the state of that etag.
func (w *write) patch(p part, etag string, restore bool) (*invites.Event, error) {
	event, err := w.body(p)
	if err != nil {
		return nil, err
	}
	if restore {
		event.Status = "confirmed"
	}
	if p.guests { // the array is replaced whole: who is not in it is sent away, and an answer that is not in it is lost
		got, err := w.get(w.ctx, w.service, w.ch.ID)
		switch {
		case err != nil:
			return nil, err
		case got == nil || got.Etag != etag:
			return w.judge(got, p)
		case got.AttendeesOmitted:
			return nil, &invites.DeliveryError{Final: true, Text: "Google Calendar does not show all guests of the event; please change them there"}
		}
		event.Attendees = w.invited(got)
		event.ForceSendFields = append(event.ForceSendFields, "Attendees")
	}
	if err := w.begin(); err != nil {
		return nil, err
	}
	call := w.service.Events.Patch(w.id, w.ch.ID, event).SendUpdates(updates(restore || p.heard())).Fields(eventFields).Context(w.ctx)
	if p.meet {
		call.ConferenceDataVersion(1)
	}
	call.Header().Set("If-Match", etag)
	got, err := sound(call.Do())
	if err == nil {
		return w.done(got), nil
	}
	if got, err = w.look(err); err != nil {
		return nil, err
	}
	return w.judge(got, p)
}

// look is the event after a request was refused with err because it is not as it was known; nil where there
// is none. For another refusal, or where it is not to be seen, it is an error.
func (w *write) look(err error) (*calendar.Event, error) {
	f := w.fault(w.ctx, err, true)
	forbidden := f.Code == http.StatusForbidden && f.Final && !f.Channel // for what is in the bin, and for who may not do that
	if !forbidden && f.Code != http.StatusPreconditionFailed && f.Code != http.StatusNotFound && f.Code != http.StatusGone {
		return nil, f
	}
	got, err := w.get(w.ctx, w.service, w.ch.ID)
	switch {
	case err != nil:
		return nil, err
	case forbidden && !deleted(got):
		return nil, f
	}
	return got, nil
}

// judge decides what a change comes to where the event is not as it was known.
func (w *write) judge(got *calendar.Event, p part) (*invites.Event, error) {
	if w.rounds++; w.rounds == manyRounds {
		return nil, errBusy
	}
	switch {
	case got == nil && w.ch.Restore:
		return w.insert()
	case got == nil:
		return nil, stale(&invites.Event{ID: w.ch.ID, Deleted: true})
	}
	is := w.event(got)
	switch _, last := private(got); {
	case last == w.ch.Key:
		return w.counted(got, p), nil
	case is.Deleted && w.ch.Restore:
		return w.restore(got)
	case is.Deleted, w.missing(p, is, hasRoom(got)) != part{}:
		return nil, stale(is)
	}
	return w.done(got), nil
}

// counted is the event after a write of p whose answer was lost: as it was then. What somebody has done
// to it since is left out, and so is the etag: it is still to be heard of.
func (w *write) counted(got *calendar.Event, p part) *invites.Event {
	is := w.done(got)
	rest := w.missing(p, is, true)
	if rest.times {
		is.Start, is.End, is.Zone = w.ch.Start, w.ch.End, w.ch.Zone
	}
	if rest.summary {
		is.Summary = w.ch.Summary
	}
	if rest.location {
		is.Location = w.ch.Location
	}
	if is.Deleted || rest.times || rest.summary || rest.location {
		is.Deleted, is.Etag = false, ""
	}
	return is
}

// cancel takes the event out of the calendar. Google's mail about it carries the event as it was last: so
// the reason is written into it first, and what the organizer deleted without a word comes back for a moment.
func (w *write) cancel() (*invites.Event, error) {
	is, marked := w.ch.Is, false
	if is == nil || is.Etag == "" || is.Deleted {
		got, err := w.get(w.ctx, w.service, w.ch.ID)
		if err == nil {
			is, marked, err = w.seen(got)
		}
		if err != nil {
			return nil, err
		}
	}
	for range 2 * manyRounds {
		undo := is.Deleted && w.ch.Restore && w.ch.Is != nil && w.ch.Is.Deleted && !marked
		explain := w.ch.Reason != "" && !marked
		if is.Deleted && !undo {
			return is, nil
		}
		if err := w.begin(); err != nil {
			return nil, err
		}
		var err error
		if undo || explain {
			var got *calendar.Event
			if got, err = w.prepare(is, undo, explain); err == nil {
				is, marked = w.event(got), true
				continue
			}
		} else {
			call := w.service.Events.Delete(w.id, w.ch.ID).SendUpdates("all").Context(w.ctx)
			call.Header().Set("If-Match", is.Etag)
			if err = call.Do(); err == nil {
				gone := *is
				gone.Deleted, gone.Etag = true, ""
				return &gone, nil
			}
		}
		if errors.Is(err, errOdd) && !undo && !explain { // it may be done all the same
			if got, unseen := w.get(w.ctx, w.service, w.ch.ID); unseen == nil && deleted(got) {
				gone := *is
				gone.Deleted, gone.Etag = true, ""
				return &gone, nil
			}
		}
		got, err := w.look(err)
		if err == nil {
			is, marked, err = w.seen(got)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, errBusy
}

// seen is an event that is to be cancelled, and whether this very change has begun that. It is stale where
// somebody else has changed it since it was known.
func (w *write) seen(got *calendar.Event) (is *invites.Event, marked bool, err error) {
	if _, last := private(got); deleted(got) && last != w.ch.Key && w.ch.Is != nil && !w.ch.Is.Deleted {
		if moved := w.elsewhere(w.ctx, w.service, w.ch.ID); moved != nil {
			return nil, false, stale(moved)
		}
	}
	if got == nil && w.ch.Restore && w.ch.Is != nil && w.ch.Is.Deleted {
		return nil, false, &invites.DeliveryError{Final: true,
			Text: "the event is gone from Google Calendar for good, so that Google can't tell the guest; please tell them yourself"}
	}
	if got == nil {
		return &invites.Event{ID: w.ch.ID, Deleted: true}, false, nil
	}
	is = w.event(got)
	_, last := private(got)
	if marked = last == w.ch.Key; !is.Deleted && !marked && w.ch.Is != nil && w.ch.Is.Etag != is.Etag {
		return nil, false, stale(is)
	}
	return is, marked, nil
}

// prepare does what comes before the event is deleted, of which nobody hears by itself.
func (w *write) prepare(is *invites.Event, undo, explain bool) (*calendar.Event, error) {
	event, err := w.body(part{})
	if err != nil {
		return nil, err
	}
	if undo {
		event.Status = "confirmed"
	}
	if explain {
		event.Description = "<b>" + strings.ReplaceAll(html.EscapeString(w.ch.Reason), "\n", "<br>") + "</b>"
		if all := event.Description + "<br><br>" + is.Description; is.Description != "" && utf8.RuneCountInString(all) <= longestWords {
			event.Description = all
		}
	}
	call := w.service.Events.Patch(w.id, w.ch.ID, event).SendUpdates("none").Fields(eventFields).Context(w.ctx)
	call.Header().Set("If-Match", is.Etag)
	return sound(call.Do())
}

// body is what a request says of the event.
func (w *write) body(p part) (*calendar.Event, error) {
	e := &w.ch.Event
	event := &calendar.Event{ExtendedProperties: &calendar.EventExtendedProperties{Private: map[string]string{refKey: e.Ref, markKey: w.ch.Key}}}
	if p.times || p.zone {
		loc, err := invites.Location(e.Zone)
		if err != nil || !e.Start.Before(e.End) {
			return nil, &invites.DeliveryError{Final: true, Text: "the talk has no time that a calendar could show"}
		}
		at := func(t time.Time) *calendar.EventDateTime { // the null ends an event of whole days
			return &calendar.EventDateTime{DateTime: t.In(loc).Format(time.RFC3339), TimeZone: e.Zone, NullFields: []string{"Date"}}
		}
		event.Start, event.End = at(e.Start), at(e.End)
	}
	if p.once {
		event.NullFields = append(event.NullFields, "Recurrence")
	}
	set := func(wanted bool, field *string, name, value string) {
		if wanted {
			*field = value
			event.ForceSendFields = append(event.ForceSendFields, name)
		}
	}
	set(p.summary, &event.Summary, "Summary", e.Summary)
	set(p.description, &event.Description, "Description", e.Description)
	set(p.location, &event.Location, "Location", e.Location)
	switch {
	case p.meet && e.Meet:
		event.ConferenceData = &calendar.ConferenceData{CreateRequest: &calendar.CreateConferenceRequest{
			RequestId:             w.ch.Key, // the same one asks for the same room
			ConferenceSolutionKey: &calendar.ConferenceSolutionKey{Type: "hangoutsMeet"},
		}}
	case p.meet:
		event.NullFields = append(event.NullFields, "ConferenceData")
	}
	if p.alarms {
		event.Reminders = &calendar.EventReminders{ForceSendFields: []string{"UseDefault", "Overrides"}}
		for _, d := range e.Alarms {
			minutes := int64((min(max(d, 0), lastAlarm) + time.Minute - 1) / time.Minute)
			if rings := event.Reminders.Overrides; len(rings) < mostAlarms && !slices.ContainsFunc(rings, func(r *calendar.EventReminder) bool { return r.Minutes == minutes }) {
				event.Reminders.Overrides = append(rings, &calendar.EventReminder{Method: "popup", Minutes: minutes, ForceSendFields: []string{"Minutes"}})
			}
		}
	}
	return event, nil
}

// invited is the guests of an event as they are to be, with what the calendar knows of those who stay.
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
		list = append(list, &calendar.EventAttendee{Email: a.Email, DisplayName: a.DisplayName, ResponseStatus: a.ResponseStatus,
			Comment: a.Comment, Optional: a.Optional, AdditionalGuests: a.AdditionalGuests, Resource: a.Resource})
	}
	for _, guest := range added {
		list = append(list, &calendar.EventAttendee{Email: guest.Email, DisplayName: guest.Name})
	}
	return list
}

// done is the event that was written. A room that is being made is waited for: what fails then does not
// undo the write.
func (w *write) done(event *calendar.Event) *invites.Event {
	for wait := firstWait; pending(event) && wait <= lastWait && sleep(w.ctx, wait); wait *= 2 {
		got, err := w.get(w.ctx, w.service, w.ch.ID)
		if err != nil || got == nil {
			break
		}
		event = got
	}
	return w.event(event)
}

func pending(event *calendar.Event) bool {
	c := event.ConferenceData
	return c != nil && c.CreateRequest != nil && c.CreateRequest.Status != nil && c.CreateRequest.Status.StatusCode == "pending"
}

// noRoom reports whether no room for a call could be made.
func noRoom(event *calendar.Event) bool {
	c := event.ConferenceData
	return join(event) == "" && c != nil && c.CreateRequest != nil && c.CreateRequest.Status != nil && c.CreateRequest.Status.StatusCode == "failure"
}

// hasRoom reports whether the event has a room for a call, or one is being made.
func hasRoom(event *calendar.Event) bool { return join(event) != "" || pending(event) }

// deleted reports whether the event is in the bin, or nowhere.
func deleted(event *calendar.Event) bool { return event == nil || event.Status == "cancelled" }

// private is what only the organizer's copy has: the conversation, and the mark of the last write of ours.
func private(event *calendar.Event) (ref, mark string) {
	if event == nil || event.ExtendedProperties == nil {
		return "", ""
	}
	return event.ExtendedProperties.Private[refKey], event.ExtendedProperties.Private[markKey]
}

func updates(heard bool) string {
	if heard {
		return "all"
	}
	return "none"
}

func stale(is *invites.Event) error {
	text := "the event has been changed in the calendar"
	if is.Deleted {
		text = "the event has been deleted in the calendar"
	}
	return &invites.DeliveryError{Code: http.StatusPreconditionFailed, Text: text, Stale: is}
}

var errBusy = &invites.DeliveryError{Text: "the event is being changed by others all the time"}
