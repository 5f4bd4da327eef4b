package google

import (
	"errors"
	"html"
	"strings"
	"unicode/utf8"

	"google.golang.org/api/calendar/v3"

	"coalition/invites"
)

// longestWords is in characters of a description: so many Google surely takes.
const longestWords = 8000

// A cancellation is how far the event is on its way out of the calendar.
type cancellation struct {
	// is is the event as it was heard of last.
	is *invites.Event
	// marked says that this very change has begun to take it out.
	marked bool
}

// cancel takes the event out of the calendar. Google's mail about it carries the event as it was last: so
// the reason is written into it first, and what the organizer deleted without a word comes back for a moment.
func (w *write) cancel() (*invites.Event, error) {
	c := cancellation{is: w.ch.Is}
	if c.is == nil || c.is.Etag == "" || c.is.Deleted {
		if err := w.reread(&c); err != nil {
			return nil, err
		}
	}
	for range 2 * manyRounds {
		undo := c.is.Deleted && w.ch.Restore && w.ch.Is != nil && w.ch.Is.Deleted && !c.marked
		explain := w.ch.Reason != "" && !c.marked
		if c.is.Deleted && !undo {
			return c.is, nil
		}
		if err := w.begin(); err != nil {
			return nil, err
		}
		var err error
		if undo || explain {
			var got *calendar.Event
			if got, err = w.prepare(c.is, undo, explain); err == nil {
				c = cancellation{w.event(got), true}
				continue
			}
		} else if err = w.delete(c.is.Etag); err == nil {
			return gone(c.is), nil
		}
		got, err := w.look(err)
		if err != nil {
			return nil, err
		}
		if c, err = w.seen(got); err != nil {
			return nil, err
		}
	}
	return nil, errBusy
}

// reread has c be the event as the calendar holds it now.
func (w *write) reread(c *cancellation) error {
	got, err := w.get(w.ctx, w.ch.ID)
	if err == nil {
		*c, err = w.seen(got)
	}
	return err
}

// delete deletes the event in the state of that etag.
func (w *write) delete(etag string) error {
	call := w.service.Events.Delete(w.id, w.ch.ID).SendUpdates("all").Context(w.ctx)
	call.Header().Set("If-Match", etag)
	err := call.Do()
	// It may be done although the answer is none.
	if errors.Is(err, errOdd) {
		if got, unseen := w.get(w.ctx, w.ch.ID); unseen == nil && deleted(got) {
			return nil
		}
	}
	return err
}

// gone returns the event as it is after it was deleted.
func gone(is *invites.Event) *invites.Event {
	e := *is
	e.Deleted, e.Etag = true, ""
	return &e
}

// seen takes in an event that is to be cancelled. It is stale where somebody else has changed it since it was known.
func (w *write) seen(got *calendar.Event) (c cancellation, err error) {
	_, last := private(got)
	if deleted(got) && last != w.ch.Key && w.ch.Is != nil && !w.ch.Is.Deleted {
		if moved := w.elsewhere(w.ctx, w.ch.ID); moved != nil {
			return c, stale(moved)
		}
	}
	if got == nil && w.ch.Restore && w.ch.Is != nil && w.ch.Is.Deleted {
		return c, &invites.DeliveryError{Final: true,
			Text: "the event is gone from Google Calendar for good, so that Google can't tell the guest; " +
				"please tell them yourself"}
	}
	if got == nil {
		return cancellation{is: &invites.Event{ID: w.ch.ID, Deleted: true}}, nil
	}
	c = cancellation{w.event(got), last == w.ch.Key}
	if !c.is.Deleted && !c.marked && w.ch.Is != nil && w.ch.Is.Etag != c.is.Etag {
		return c, stale(c.is)
	}
	return c, nil
}

// prepare does what comes before the event is deleted, of which nobody hears by itself.
func (w *write) prepare(is *invites.Event, undo, explain bool) (*calendar.Event, error) {
	event, err := w.body(fields{})
	if err != nil {
		return nil, err
	}
	if undo {
		event.Status = "confirmed"
	}
	if explain {
		event.Description = "<b>" + strings.ReplaceAll(html.EscapeString(w.ch.Reason), "\n", "<br>") + "</b>"
		all := event.Description + "<br><br>" + is.Description
		if is.Description != "" && utf8.RuneCountInString(all) <= longestWords {
			event.Description = all
		}
	}
	call := w.patchCall(event, fields{}, "none")
	call.Header().Set("If-Match", is.Etag)
	return notEmpty(call.Do())
}
