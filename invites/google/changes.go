package google

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"

	"coalition/invites"
)

const (
	// parameters names what a listing asks for. A sync token is only good for the very parameters that it
	// was made with; who changes these counts up.
	parameters = "2"
	// pageSize is in events; Google gives up to 2,500.
	pageSize = 1000
	// tokenLife is after how long a new token is taken although nothing has come: old ones run out.
	tokenLife = 24 * time.Hour
)

// Changes calls take with the events that have changed after cursor, page by page, also with those that
// were deleted. Where cursor is "" or of no use any more it begins anew, full: with pages of all events
// that end at or after since, at least one; deleted ones are not among them, and what was there before and
// is in none of them may have been deleted, or lie before since. It may have called take with a few that
// are not full before it finds that out. A full listing that is cut short is an error, and begins anew the
// next time: what it brought until then proves nothing about what it did not bring.
//
// Only events that could be this program's are brought: that have its property, or an id of the form of
// [invites.EventID] (their property may be lost: other programs drop it). Single times of an event that was
// made to recur are left out.
//
// next is the cursor for the next call; the same one where nothing has come and it is less than a day old.
// An error of take ends it, and is returned. Faults that pass are waited out for some seconds.
func (c *Calendar) Changes(
	ctx context.Context, cursor string, since time.Time, take func(page []*invites.Event, full bool) error,
) (next string, err error) {
	events, now := c.service.Events, time.Now()
	token, made, ok := readCursor(cursor)
	if ok {
		next, came, err := c.list(ctx, events.List(c.id).SyncToken(token), func(page []*invites.Event) error {
			if len(page) == 0 {
				return nil
			}
			return take(page, false)
		})
		var f *invites.DeliveryError
		switch {
		case err == nil && !came && now.Sub(made) < tokenLife:
			return cursor, nil
		case err == nil:
			return writeCursor(next, now), nil
		case !errors.As(err, &f) || f.Code != http.StatusGone && f.Code != http.StatusBadRequest:
			return cursor, err
		}
		// 410 says that the token has run out, 400 that it never was one.
	}
	call := events.List(c.id)
	if !since.IsZero() {
		call.TimeMin(since.UTC().Format(time.RFC3339))
	}
	next, _, err = c.list(ctx, call, func(page []*invites.Event) error { return take(page, true) })
	if err != nil {
		var f *invites.DeliveryError
		if errors.As(err, &f) && f.Code == http.StatusGone {
			// Only this listing has run out.
			f.Final = false
		}
		return cursor, err
	}
	return writeCursor(next, now), nil
}

// list goes through all pages of a listing. came says whether there was anything at all in them.
func (c *Calendar) list(
	ctx context.Context, call *calendar.EventsListCall, take func([]*invites.Event) error,
) (token string, came bool, err error) {
	call.SingleEvents(false).MaxResults(pageSize).Context(ctx).
		Fields("nextPageToken,nextSyncToken,accessRole", googleapi.Field("items("+eventFields+")"))
	for {
		var events *calendar.Events
		if f := c.read(ctx, func() (err error) { events, err = notNull(call.Do()); return err }); f != nil {
			return "", came, f
		}
		if err := c.checkRole(events); err != nil {
			return "", came, err
		}
		came = came || len(events.Items) > 0
		var page []*invites.Event
		for _, event := range events.Items {
			if event == nil || event.Id == "" || event.RecurringEventId != "" {
				continue
			}
			if ref, _ := private(event); ref != "" || couldBeOurs(event.Id) {
				page = append(page, c.event(event))
			}
		}
		if err := take(page); err != nil {
			return "", came, err
		}
		if events.NextPageToken == "" {
			if events.NextSyncToken == "" {
				return "", came, &invites.DeliveryError{Channel: true,
					Text: "Google Calendar did not say where to go on the next time"}
			}
			return events.NextSyncToken, came, nil
		}
		call.PageToken(events.NextPageToken)
	}
}

// writeCursor returns a cursor: the version of the parameters, when the token was made in Unix seconds, and the token.
func writeCursor(token string, made time.Time) string {
	return parameters + " " + strconv.FormatInt(made.Unix(), 10) + " " + token
}

// readCursor reads what writeCursor has written; ok is false where the token is of no use.
func readCursor(cursor string) (token string, made time.Time, ok bool) {
	version, rest, _ := strings.Cut(cursor, " ")
	at, token, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseInt(at, 10, 64)
	return token, time.Unix(n, 0), version == parameters && err == nil && token != ""
}
