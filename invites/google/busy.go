package google

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"

	"coalition/invites"
	"coalition/invites/plaintext"
)

const (
	// longestWindow is for one question about free/busy; Google refuses more than about three months.
	longestWindow = 60 * 24 * time.Hour
	// busyPage is in events, the most that Google gives.
	busyPage = 2500
)

// busyFields is what of an event says whether it takes time, and whose it is.
const busyFields = "status,transparency,visibility,summary,start,end,recurringEventId," +
	"attendees(self,responseStatus),extendedProperties/private"

// Busy returns when the calendar of the account with this id leaves no time between from and to ("": c itself): its
// events, in order of their start, which may reach beyond either. What was declined, is shown as free or takes no time
// is left out, and so is a hold: what is offered, others know better. A talk of this program has its Ref. An event of
// whole days is on the clock of the calendar.
//
// Of a calendar whose events are not all shown to the account only the times come, without titles, those that touch as
// one. The error says that nothing is known of it.
func (c *Calendar) Busy(ctx context.Context, id string, from, to time.Time) ([]invites.Busy, error) {
	there := c.at(id)
	list, shown, f := there.events(ctx, from, to)
	switch {
	case f == nil && shown:
		return list, nil
	case f != nil && (!f.Final || f.Code != http.StatusForbidden && f.Code != http.StatusNotFound):
		return nil, f
	}
	list, shown, err := there.FreeBusy(ctx, there.id, from, to)
	switch {
	case err != nil:
		return nil, err
	case shown:
		return list, nil
	case f != nil:
		return nil, f
	}
	return nil, &invites.DeliveryError{
		Text: "Google does not say when the calendar " + plaintext.Line(there.id) + " is busy"}
}

// events returns the events of c that leave no time; shown is whether it could be seen of all of them.
func (c *Calendar) events(ctx context.Context, from, to time.Time) (
	list []invites.Busy, shown bool, f *invites.DeliveryError,
) {
	from, to = from.UTC().Truncate(time.Second), to.UTC().Add(time.Second-1).Truncate(time.Second)
	if !from.Before(to) {
		return nil, true, nil
	}
	// Of all guests the one whose calendar it is will do.
	call := c.service.Events.List(c.id).SingleEvents(true).MaxAttendees(1).MaxResults(busyPage).Context(ctx).
		TimeMin(from.Format(time.RFC3339)).TimeMax(to.Format(time.RFC3339)).
		Fields("nextPageToken,accessRole,timeZone", googleapi.Field("items("+busyFields+")"))
	for {
		var page *calendar.Events
		if f := c.read(ctx, func() (err error) { page, err = notNull(call.Do()); return err }); f != nil {
			return nil, false, f
		}
		// Where that is missing, something else has answered.
		if page.AccessRole == "" || page.AccessRole == "freeBusyReader" {
			return nil, false, nil
		}
		for _, event := range page.Items {
			if event == nil || !mayWrite(page.AccessRole) && hides(event) {
				return nil, false, nil
			}
			b, known := asBusy(event, page.TimeZone)
			switch {
			case !takesTime(event):
			case !known:
				return nil, false, nil
			case b.Start.Before(b.End):
				list = append(list, b)
			}
		}
		if page.NextPageToken == "" {
			break
		}
		call.PageToken(page.NextPageToken)
	}
	slices.SortStableFunc(list, func(a, b invites.Busy) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End))
	})
	return list, true, nil
}

// hides reports whether only those who may write are shown what the event says.
func hides(event *calendar.Event) bool {
	return event.Visibility == "private" || event.Visibility == "confidential"
}

// takesTime reports whether the owner of the calendar has no time for anything else while the event lasts.
func takesTime(event *calendar.Event) bool {
	return !deleted(event) && !isHold(event) && event.Transparency != "transparent" &&
		!slices.ContainsFunc(event.Attendees, func(a *calendar.EventAttendee) bool {
			return a != nil && a.Self && a.ResponseStatus == "declined"
		})
}

// asBusy returns when the event is; zone is that of the calendar. known is whether that could be read.
func asBusy(event *calendar.Event, zone string) (b invites.Busy, known bool) {
	start, known := moment(event.Start, zone)
	end, too := moment(event.End, zone)
	b = invites.Busy{Span: invites.Span{Start: start, End: end}, Title: clean(event.Summary, longestLine, false)}
	// Of a series that somebody has made of a talk, any time may be the talk.
	if ref, _ := private(event); event.RecurringEventId == "" {
		b.Ref = clean(ref, longestLine, false)
	}
	return b, known && too
}

// moment reads the start or the end of an event in a calendar of that zone; one of a day is its midnight.
func moment(at *calendar.EventDateTime, zone string) (time.Time, bool) {
	switch {
	case at == nil:
		return time.Time{}, false
	case at.Date != "":
		return instant(at.Date+"T00:00:00", zone)
	}
	return instant(at.DateTime, cmp.Or(at.TimeZone, zone))
}

// FreeBusy returns when the calendar with this id is busy between from and to, as far as Google tells the account:
// times in order, disjoint and without titles. The id of a person's own is their address; shown is whether they show
// it, or have one, and says no more than that.
func (c *Calendar) FreeBusy(ctx context.Context, id string, from, to time.Time) (
	busy []invites.Busy, shown bool, err error,
) {
	from, to = from.UTC(), to.UTC()
	for start := from; start.Before(to); start = start.Add(longestWindow) {
		end := earlier(start.Add(longestWindow), to)
		question := &calendar.FreeBusyRequest{TimeMin: start.Format(time.RFC3339Nano),
			TimeMax: end.Format(time.RFC3339Nano), Items: []*calendar.FreeBusyRequestItem{{Id: id}}}
		call := c.service.Freebusy.Query(question).Fields("calendars").Context(ctx)
		var answer *calendar.FreeBusyResponse
		if f := c.read(ctx, func() (err error) { answer, err = notNull(call.Do()); return err }); f != nil {
			return nil, false, f
		}
		of, there := answer.Calendars[id]
		spans, readable := spans(of, start, end)
		if !there || !readable {
			return nil, false, nil
		}
		busy = append(busy, spans...)
	}
	return merge(busy), true, nil
}

// spans returns what of one calendar lies between from and to, where Google could look at it.
func spans(of calendar.FreeBusyCalendar, from, to time.Time) (list []invites.Busy, readable bool) {
	if len(of.Errors) > 0 {
		return nil, false
	}
	for _, period := range of.Busy {
		if period == nil {
			return nil, false
		}
		start, known := instant(period.Start, "")
		end, too := instant(period.End, "")
		if !known || !too {
			return nil, false
		}
		if start, end = later(start, from), earlier(end, to); start.Before(end) {
			list = append(list, invites.Busy{Span: invites.Span{Start: start, End: end}})
		}
	}
	return list, true
}

// merge puts spans in order, and those together that overlap or touch.
func merge(list []invites.Busy) (merged []invites.Busy) {
	slices.SortFunc(list, func(a, b invites.Busy) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End))
	})
	for _, s := range list {
		if n := len(merged); n > 0 && !s.Start.After(merged[n-1].End) {
			merged[n-1].End = later(merged[n-1].End, s.End)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

func earlier(a, b time.Time) time.Time { return slices.MinFunc([]time.Time{a, b}, time.Time.Compare) }

func later(a, b time.Time) time.Time { return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare) }
