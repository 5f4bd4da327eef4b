package google

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"google.golang.org/api/calendar/v3"

	"coalition/invites"
	"coalition/invites/reach"
)

const (
	// manyRounds is for an event that others change at the same time.
	manyRounds = 4
	// firstWait and lastWait are for a room for a call, doubling.
	firstWait = time.Second
	lastWait  = 4 * time.Second
)

// Write carries out a change, and returns how the calendar holds the event then; where somebody has changed it since,
// that is not what was written. It calls dot before the first request that could change anything; where dot fails it
// stops and returns dot's error. It may be called again for the same change, however the last call ended: guests hear
// of it once (see the package comment). Other errors are an [*invites.DeliveryError], with Stale where somebody else
// has changed the event so that the change has to be thought over.
//
// A change writes only what differs between ch.Was and ch.Event, and is not already so in ch.Is; where that is nothing,
// nothing is asked. A change of alarms alone is nobody's business but the organizer's: no guest hears of it. A room for
// a call that is not ready is waited for, some seconds; its address comes later then, by [Calendar.Changes].
func (c *Calendar) Write(ctx context.Context, ch *invites.EventChange, dot func() error) (*invites.Event, error) {
	if ch.Is != nil {
		c = c.at(ch.Is.In)
	}
	w := &write{Calendar: c, ctx: ctx, ch: ch, dot: dot}
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
	ctx context.Context
	ch  *invites.EventChange
	// dot is nil once it has been called.
	dot func() error
	// rounds is how often the event was not as it was known.
	rounds int
}

// begin is called before each request that could change anything.
func (w *write) begin() error {
	if dot := w.dot; dot != nil {
		w.dot = nil
		return dot()
	}
	return nil
}

// insert makes the event. To ask first would not help: only the id keeps a second one from being made.
func (w *write) insert() (*invites.Event, error) {
	event, err := w.body(w.all())
	if err != nil {
		return nil, err
	}
	event.Id, event.Visibility, event.GuestsCanInviteOthers = w.ch.ID, "private", new(bool)
	event.Attendees = attendees(w.ch.Guests)
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
	got, err := notEmpty(call.Do())
	switch {
	case err == nil:
		return w.done(got), nil
	case status(err) != http.StatusConflict:
		return nil, w.fault(w.ctx, err, true)
	}
	if got, err = w.get(w.ctx, w.ch.ID); err != nil {
		return nil, err
	}
	return w.inserted(got)
}

// inserted decides what an insert comes to where the id is taken. got is the event under it; nil: it is not shown.
func (w *write) inserted(got *calendar.Event) (*invites.Event, error) {
	switch ref, last := private(got); {
	case got == nil && w.ch.Restore:
		return w.revive()
	case got == nil:
		return nil, &invites.DeliveryError{Code: http.StatusConflict,
			Text: "Google Calendar has the event, and does not show it"}
	case ref != "" && ref != w.ch.Ref:
		return nil, &invites.DeliveryError{Final: true, Code: http.StatusConflict,
			Text: "the calendar holds another event under this id"}
	case deleted(got) && !w.ch.Restore:
		return nil, stale(w.event(got))
	case !deleted(got) && last == w.ch.Key:
		return w.counted(got, fields{times: true, summary: true, location: true}), nil
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
	f := w.all()
	f.once = true
	event, err := w.body(f)
	if err != nil {
		return nil, err
	}
	event.Status = "confirmed"
	event.Attendees = attendees(w.ch.Guests)
	if err := w.begin(); err != nil {
		return nil, err
	}
	got, err := notEmpty(w.patchCall(event, f, "all").Do())
	if err == nil {
		return w.done(got), nil
	}
	refused := w.fault(w.ctx, err, true)
	if refused.Code == http.StatusNotFound || refused.Code == http.StatusGone || forbidden(refused) {
		return nil, &invites.DeliveryError{Final: true, Code: refused.Code,
			Text: "the event is gone from Google Calendar for good, and it takes no other in its place; " +
				"call this round off (cancel --told) and begin another"}
	}
	return nil, refused
}

// compare has what follows compare the whole event with what is really there, whatever was known of it.
func (w *write) compare(got *calendar.Event) {
	is := w.event(got)
	was := *is
	// Nobody whom others have added is sent away, and it is written whatever it rings at.
	was.Guests = without(w.ch.Guests, without(w.ch.Guests, is.Guests))
	was.Meet, was.Alarms = hasRoom(got), []time.Duration{-1}
	w.ch = &invites.EventChange{Event: w.ch.Event, Key: w.ch.Key, Restore: w.ch.Restore, Was: &was, Is: is}
}

// restore brings the event back from the bin, as a whole: what it says there may be nothing that anybody has seen.
func (w *write) restore(got *calendar.Event) (*invites.Event, error) {
	w.compare(got)
	// Those are the organizer's own.
	w.ch.Was.Alarms = w.ch.Alarms
	return w.patch(differing(&w.ch.Event, w.ch.Was), got.Etag, true)
}

// change writes what differs into an event that is there, or is in the bin.
func (w *write) change() (*invites.Event, error) {
	is := w.ch.Is
	f := differing(&w.ch.Event, w.ch.Was)
	if is != nil && !is.Deleted {
		f = w.missing(f, is, is.Join != "")
	}
	switch {
	case f == fields{} && (!w.ch.Restore || is == nil || !is.Deleted):
		return cmp.Or(is, w.ch.Was), nil
	case is == nil || is.Etag == "" || is.Deleted:
		got, err := w.get(w.ctx, w.ch.ID)
		if err != nil {
			return nil, err
		}
		return w.judge(got, f)
	}
	return w.patch(f, is.Etag, false)
}

// patch writes f into the event in the state of that etag.
func (w *write) patch(f fields, etag string, restore bool) (*invites.Event, error) {
	event, err := w.body(f)
	if err != nil {
		return nil, err
	}
	if restore {
		event.Status = "confirmed"
	}
	// The array is replaced whole: who is not in it is sent away, and an answer that is not in it is lost.
	if f.guests {
		got, err := w.get(w.ctx, w.ch.ID)
		switch {
		case err != nil:
			return nil, err
		case got == nil || got.Etag != etag:
			return w.judge(got, f)
		case got.AttendeesOmitted:
			return nil, &invites.DeliveryError{Final: true,
				Text: "Google Calendar does not show all guests of the event; please change them there"}
		}
		event.Attendees = w.invited(got)
		event.ForceSendFields = append(event.ForceSendFields, "Attendees")
	}
	if err := w.begin(); err != nil {
		return nil, err
	}
	mails := "none"
	if restore || f.heard() {
		mails = "all"
	}
	call := w.patchCall(event, f, mails)
	call.Header().Set("If-Match", etag)
	got, err := notEmpty(call.Do())
	if err == nil {
		return w.done(got), nil
	}
	if got, err = w.look(err); err != nil {
		return nil, err
	}
	return w.judge(got, f)
}

// look returns the event after a request was refused with err because it is not as it was known; nil where there
// is none. For another refusal, or where it is not to be seen, it returns an error.
func (w *write) look(err error) (*calendar.Event, error) {
	refused := w.fault(w.ctx, err, true)
	if !forbidden(refused) && refused.Code != http.StatusPreconditionFailed &&
		refused.Code != http.StatusNotFound && refused.Code != http.StatusGone {
		return nil, refused
	}
	got, err := w.get(w.ctx, w.ch.ID)
	switch {
	case err != nil:
		return nil, err
	case forbidden(refused) && !deleted(got):
		return nil, refused
	}
	return got, nil
}

// forbidden reports whether a write was refused for this event only: because it is in the bin, or because somebody
// else has the say.
func forbidden(refused *invites.DeliveryError) bool {
	return refused.Code == http.StatusForbidden && refused.Final && !refused.Channel
}

// judge decides what a change of f comes to where the event is not as it was known.
func (w *write) judge(got *calendar.Event, f fields) (*invites.Event, error) {
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
		return w.counted(got, f), nil
	case is.Deleted && w.ch.Restore:
		return w.restore(got)
	case is.Deleted, w.missing(f, is, hasRoom(got)) != fields{}:
		return nil, stale(is)
	}
	return w.done(got), nil
}

// counted returns the event after a write of f whose answer was lost: as it was then. What somebody has done
// to it since is left out, and so is the etag: it is still to be heard of.
func (w *write) counted(got *calendar.Event, f fields) *invites.Event {
	is := w.done(got)
	rest := w.missing(f, is, true)
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

// done returns the event that was written. A room that is being made is waited for: what fails then does not
// undo the write.
func (w *write) done(event *calendar.Event) *invites.Event {
	for wait := firstWait; pending(event) && wait <= lastWait && reach.Sleep(w.ctx, wait); wait *= 2 {
		got, err := w.get(w.ctx, w.ch.ID)
		if err != nil || got == nil {
			break
		}
		event = got
	}
	return w.event(event)
}

// patchCall returns the request that writes f, of which mails go to "all" guests, or to "none".
func (w *write) patchCall(event *calendar.Event, f fields, mails string) *calendar.EventsPatchCall {
	call := w.service.Events.Patch(w.id, w.ch.ID, event).SendUpdates(mails).Fields(eventFields).Context(w.ctx)
	if f.meet {
		call.ConferenceDataVersion(1)
	}
	return call
}

// stale returns the error of an event that somebody else has changed, which is now as is.
func stale(is *invites.Event) error {
	text := "the event has been changed in the calendar"
	if is.Deleted {
		text = "the event has been deleted in the calendar"
	}
	return &invites.DeliveryError{Code: http.StatusPreconditionFailed, Text: text, Stale: is}
}

var errBusy = &invites.DeliveryError{Text: "the event is being changed by others all the time"}
