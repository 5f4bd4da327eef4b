package google

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"

	"coalition/invites"
	"coalition/invites/plaintext"
)

// mostOthers is how many calendars are looked through for an event.
const mostOthers = 50

// Event returns the event with that id as the calendar named in holds it ("": this one); Deleted where it is not
// there. One that was moved into another calendar of the account that may be written to is looked for there. That the
// whole calendar is not there is an error.
func (c *Calendar) Event(ctx context.Context, in, id string) (*invites.Event, error) {
	here := c.at(in)
	event, err := here.get(ctx, id)
	if err != nil {
		return nil, err
	}
	if !deleted(event) {
		// It may be that no more of it is shown.
		if ref, _ := private(event); ref == "" && event.Summary == "" && len(event.Attendees) == 0 {
			if err := here.checkAccess(ctx); err != nil {
				return nil, err
			}
		}
		return here.event(event), nil
	}
	if moved := here.elsewhere(ctx, id); moved != nil {
		return moved, nil
	}
	if event == nil {
		return &invites.Event{ID: id, Deleted: true}, nil
	}
	return here.event(event), nil
}

// Reaches reports whether the account may write to the calendar of that name.
func (c *Calendar) Reaches(ctx context.Context, name string) bool {
	return slices.ContainsFunc(c.writable(ctx), func(id string) bool { return strings.EqualFold(id, name) })
}

// writable returns the ids of the calendars that the account may write to; none where Google does not say.
func (c *Calendar) writable(ctx context.Context) (ids []string) {
	var list *calendar.CalendarList
	call := c.service.CalendarList.List().MinAccessRole("writer").ShowHidden(true).MaxResults(250).
		Fields("nextPageToken", "items(id,accessRole)").Context(ctx)
	if f := c.read(ctx, func() (err error) { list, err = notNull(call.Do()); return err }); f != nil {
		return nil
	}
	for _, item := range list.Items {
		if item != nil && item.Id != "" && mayWrite(item.AccessRole) && len(ids) < mostOthers {
			ids = append(ids, item.Id)
		}
	}
	return ids
}

// elsewhere returns the event where another calendar of the account holds it; nil: none is known to.
func (c *Calendar) elsewhere(ctx context.Context, id string) *invites.Event {
	for _, other := range c.writable(ctx) {
		if strings.EqualFold(other, c.Name()) || other == c.id {
			continue
		}
		there := *c
		there.id = other
		event, err := notNull(c.service.Events.Get(other, id).Fields(eventFields).Context(ctx).Do())
		// A guest's copy has the same id: ours is the one that carries our mark.
		if ref, _ := private(event); err == nil && !deleted(event) && ref != "" && event.Id == id {
			return there.event(event)
		}
	}
	return nil
}

// get returns an event, also from the bin; nil where there is none. Its error is a DeliveryError.
func (c *Calendar) get(ctx context.Context, id string) (*calendar.Event, error) {
	event, err := notEmpty(c.service.Events.Get(c.id, id).Fields(eventFields).Context(ctx).Do())
	switch status(err) {
	case http.StatusGone:
		return nil, nil
	case http.StatusNotFound:
		// Google says no more when the calendar is not there, and a lost calendar is no lost event.
		return nil, c.checkAccess(ctx)
	}
	if err != nil {
		return nil, c.fault(ctx, err, false)
	}
	return event, nil
}

// checkAccess reports why the calendar can't be looked at, where it can't.
func (c *Calendar) checkAccess(ctx context.Context) error {
	events, err := notNull(c.service.Events.List(c.id).MaxResults(1).
		Fields("nextPageToken", "nextSyncToken", "accessRole").Context(ctx).Do())
	if err != nil {
		return c.fault(ctx, err, false)
	}
	return c.checkRole(events)
}

// checkRole reports why what a listing brings proves nothing, where it does not: who may only read, or only see when
// time is taken, is not shown private events, or not what they say.
func (c *Calendar) checkRole(events *calendar.Events) error {
	if events.AccessRole == "" || mayWrite(events.AccessRole) {
		return nil
	}
	return &invites.DeliveryError{Final: true, Channel: true,
		Text: "the account may not change the calendar " + plaintext.Line(c.id) + " any more (it is " +
			plaintext.Line(events.AccessRole) + " there), and so is not shown all of it; " +
			"have it shared again with the right to change events"}
}

func mayWrite(role string) bool { return role == "owner" || role == "writer" }

// errOdd says that an answer was none, although its status was a good one.
var errOdd = errors.New("an answer without what was asked for")

// notNull makes an error of an answer that is null.
func notNull[T any](answer *T, err error) (*T, error) {
	if err == nil && answer == nil {
		err = errOdd
	}
	return answer, err
}

// notEmpty makes an error of an answer that is no event.
func notEmpty(event *calendar.Event, err error) (*calendar.Event, error) {
	if event, err = notNull(event, err); err == nil && event.Id == "" {
		return nil, errOdd
	}
	return event, err
}

// status returns that of Google's answer; 0 where err is none.
func status(err error) int {
	var answer *googleapi.Error
	if errors.As(err, &answer) {
		return answer.Code
	}
	return 0
}
