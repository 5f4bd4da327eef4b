package google

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"coalition/invites"
)

// A Calendar is one calendar of one account. It may be used by several goroutines. Errors, but those of a
// caller's own function, are an [*invites.DeliveryError].
type Calendar struct {
	// Account is the address of the account that requests are made for, "" where that is not known; nil: it
	// never is. See [coalition/invites/google/account.Account.Address].
	Account func() string

	id      string // of the calendar; "primary"
	service func() (*calendar.Service, error)
}

const (
	googleAPI = "https://www.googleapis.com/calendar/v3/"
	primary   = "primary"        // the id that stands for the account's own calendar, whose id is the address of the account
	perCall   = 30 * time.Second // for one request, its answer included

	// The keys of private properties of an event (at most 44 characters), which only the organizer's copy has.
	refKey  = "coalition"      // Event.Ref
	markKey = "coalitionWrite" // Event.Last: the Key of the change that this program wrote last
)

// eventFields is what of an event is asked for. Who changes it changes parameters, too.
const eventFields = "id,status,etag,updated,iCalUID,sequence,recurrence,recurringEventId,start,end,summary,description,location,hangoutLink," +
	"conferenceData(createRequest/status/statusCode,entryPoints(entryPointType,uri))," +
	"organizer(email,self)," +
	"attendees(email,displayName,responseStatus,comment,organizer,self,resource,optional,additionalGuests),attendeesOmitted," +
	"extendedProperties/private"

// Of what comes in, at most so much counts, in bytes. Google itself allows less.
const (
	longestLine = 4 << 10
	longestText = 64 << 10
	mostGuests  = 500
)

// NewCalendar is the calendar with that id ("": "primary", the account's own) at endpoint, the base address
// of the API ("": Google's); http:// is for this machine itself, as the requests carry what signs in. The
// client adds that; its errors may wrap [invites.ErrLogin]. Nothing is asked before the first use.
func NewCalendar(client *http.Client, endpoint, id string) (*Calendar, error) {
	endpoint = strings.TrimSuffix(cmp.Or(endpoint, googleAPI), "/") + "/" // the library cuts off what is behind the last one
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the address of the calendar API is not one like https://…/calendar/v3/")
	case u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback():
		return nil, errors.New("the address of the calendar API has to begin with https://, except on this machine itself")
	}
	own := *client
	own.Timeout = perCall
	// The API never redirects. Whoever does would get what signs in.
	own.Transport = &strict{cmp.Or[http.RoundTripper](own.Transport, http.DefaultTransport)}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Calendar{id: cmp.Or(id, primary), service: sync.OnceValues(func() (*calendar.Service, error) {
		return calendar.NewService(context.Background(), option.WithHTTPClient(&own), option.WithEndpoint(endpoint))
	})}, nil
}

// OwnAddress asks for the address of the account that signs the requests of client in, which is the id of its
// own calendar; "": it can't be had. See [NewCalendar] for the endpoint.
func OwnAddress(ctx context.Context, client *http.Client, endpoint string) string {
	c, err := NewCalendar(client, endpoint, primary)
	if err != nil {
		return ""
	}
	service, err := c.service()
	if err != nil {
		return ""
	}
	own, err := whole(service.CalendarList.Get(primary).Fields("id").Context(ctx).Do())
	if err != nil || !strings.Contains(own.Id, "@") {
		return ""
	}
	return oneLine(own.Id)
}

// A strict transport makes an error of an answer to a deletion that says anything: Google's says nothing (204), and
// something else has answered in its place.
type strict struct{ http.RoundTripper }

func (t *strict) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.RoundTripper.RoundTrip(r)
	if err == nil && r.Method == http.MethodDelete && answer.StatusCode/100 == 2 && answer.StatusCode != http.StatusNoContent {
		_ = answer.Body.Close()
		return nil, errOdd
	}
	return answer, err
}

// Name is the id of the calendar at Google, which no other one has; "" where it is not known whose own
// calendar it is.
func (c *Calendar) Name() string {
	switch {
	case c.id != primary:
		return strings.ToLower(c.id)
	case c.Account == nil:
		return ""
	}
	return strings.ToLower(c.Account())
}

// couldBeOurs reports whether id is of the form of [invites.NewEventID]. Google's own ids are as long, and random to the
// last bit: three of four are told apart by the two bits that are 0 in ours.
func couldBeOurs(id string) bool {
	if len(id) != 26 || strings.IndexByte("048cgkos", id[25]) < 0 {
		return false
	}
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'v') {
			return false
		}
	}
	return true
}

// at is the calendar of that name, of the same account; c itself where in is "".
func (c *Calendar) at(in string) *Calendar {
	if in == "" || strings.EqualFold(in, c.Name()) || in == c.id {
		return c
	}
	other := *c
	other.id = in
	return &other
}

// Event is the event with that id as the calendar named in holds it ("": this one); Deleted where it is not there.
// One that was moved into another calendar of the account that may be written to is looked for there. That the whole
// calendar is not there is an error.
func (c *Calendar) Event(ctx context.Context, in, id string) (*invites.Event, error) {
	s, err := c.service()
	if err != nil {
		return nil, c.fault(ctx, err, false)
	}
	here := c.at(in)
	event, err := here.get(ctx, s, id)
	if err != nil {
		return nil, err
	}
	if !deleted(event) {
		if ref, _ := private(event); ref == "" && event.Summary == "" && len(event.Attendees) == 0 { // it may be that no more of it is shown
			if err := here.present(ctx, s); err != nil {
				return nil, err
			}
		}
		return here.event(event), nil
	}
	if moved := here.elsewhere(ctx, s, id); moved != nil {
		return moved, nil
	}
	if event == nil {
		return &invites.Event{ID: id, Deleted: true}, nil
	}
	return here.event(event), nil
}

// Reaches reports whether the account may write to the calendar of that name.
func (c *Calendar) Reaches(ctx context.Context, name string) bool {
	s, err := c.service()
	return err == nil && slices.ContainsFunc(c.writable(ctx, s), func(id string) bool { return strings.EqualFold(id, name) })
}

// mostOthers is how many calendars are looked through for an event.
const mostOthers = 50

// writable are the ids of the calendars that the account may write to; none where Google does not say.
func (c *Calendar) writable(ctx context.Context, s *calendar.Service) (ids []string) {
	var list *calendar.CalendarList
	call := s.CalendarList.List().MinAccessRole("writer").ShowHidden(true).MaxResults(250).Fields("nextPageToken", "items(id,accessRole)").Context(ctx)
	if f := c.read(ctx, func() (err error) { list, err = whole(call.Do()); return err }); f != nil {
		return nil
	}
	for _, item := range list.Items {
		if item != nil && item.Id != "" && mayWrite(item.AccessRole) && len(ids) < mostOthers {
			ids = append(ids, item.Id)
		}
	}
	return ids
}

// elsewhere is the event where another calendar of the account holds it; nil: none is known to.
func (c *Calendar) elsewhere(ctx context.Context, s *calendar.Service, id string) *invites.Event {
	for _, other := range c.writable(ctx, s) {
		if strings.EqualFold(other, c.Name()) || other == c.id {
			continue
		}
		there := *c
		there.id = other
		event, err := whole(s.Events.Get(other, id).Fields(eventFields).Context(ctx).Do())
		// A guest's copy has the same id: ours is the one that carries our mark.
		if ref, _ := private(event); err == nil && !deleted(event) && ref != "" && event.Id == id {
			return there.event(event)
		}
	}
	return nil
}

// get is an event, also from the bin; nil where there is none. Its error is a DeliveryError.
func (c *Calendar) get(ctx context.Context, s *calendar.Service, id string) (*calendar.Event, error) {
	event, err := sound(s.Events.Get(c.id, id).Fields(eventFields).Context(ctx).Do())
	switch status(err) {
	case http.StatusGone:
		return nil, nil
	case http.StatusNotFound:
		// Google says no more when the calendar is not there, and a lost calendar is no lost event.
		if err := c.present(ctx, s); err != nil {
			return nil, err
		}
		return nil, nil
	}
	if err != nil {
		return nil, c.fault(ctx, err, false)
	}
	return event, nil
}

// present is why the calendar can't be looked at, where it can't.
func (c *Calendar) present(ctx context.Context, s *calendar.Service) error {
	events, err := whole(s.Events.List(c.id).MaxResults(1).Fields("nextPageToken", "nextSyncToken", "accessRole").Context(ctx).Do())
	if err != nil {
		return c.fault(ctx, err, false)
	}
	return c.shown(events)
}

// shown is why what a listing brings proves nothing, where it does not: who may only read, or only see when time
// is taken, is not shown private events, or not what they say.
func (c *Calendar) shown(events *calendar.Events) error {
	if events.AccessRole == "" || mayWrite(events.AccessRole) {
		return nil
	}
	return &invites.DeliveryError{Final: true, Channel: true, Text: "the account may not change the calendar " + oneLine(c.id) + " any more (it is " + oneLine(events.AccessRole) +
		" there), and so is not shown all of it; have it shared again with the right to change events"}
}

func mayWrite(role string) bool { return role == "owner" || role == "writer" }

// errOdd is an answer that was none, although its status was a good one.
var errOdd = errors.New("an answer without what was asked for")

// whole makes an error of an answer that is null.
func whole[T any](answer *T, err error) (*T, error) {
	if err == nil && answer == nil {
		err = errOdd
	}
	return answer, err
}

// sound makes an error of an answer that is no event.
func sound(event *calendar.Event, err error) (*calendar.Event, error) {
	if event, err = whole(event, err); err == nil && event.Id == "" {
		return nil, errOdd
	}
	return event, err
}

// status is that of Google's answer; 0 where err is none.
func status(err error) int {
	var answer *googleapi.Error
	if errors.As(err, &answer) {
		return answer.Code
	}
	return 0
}

// event is an event of this calendar as this program knows it.
func (c *Calendar) event(event *calendar.Event) *invites.Event {
	e := asEvent(event)
	e.In = cmp.Or(c.Name(), e.In)
	return e
}

// asEvent is an event as this program knows it. Anybody may have written into it: what is not sane is left
// out, and texts are made plain.
func asEvent(event *calendar.Event) *invites.Event {
	e := &invites.Event{
		ID:       clean(event.Id, longestLine, false),
		UID:      clean(event.ICalUID, longestLine, false),
		Etag:     event.Etag,
		Sequence: int(min(max(event.Sequence, 0), 1<<31-1)),
		Deleted:  event.Status == "cancelled",

		Summary:     clean(event.Summary, longestLine, false),
		Description: clean(event.Description, longestText, true),
		Location:    clean(event.Location, longestLine, false),
		Join:        join(event),
		Repeats:     len(event.Recurrence) > 0,
		NoRoom:      noRoom(event),
		Omitted:     event.AttendeesOmitted,
	}
	e.Updated, _ = instant(event.Updated, "")
	if event.Start != nil && event.End != nil {
		start, known := instant(event.Start.DateTime, event.Start.TimeZone)
		end, too := instant(event.End.DateTime, event.End.TimeZone)
		start, end = start.Truncate(time.Minute), end.Truncate(time.Minute)
		if known && too && start.Before(end) { // what takes no time has none
			e.Start, e.End = start, end
			if _, err := invites.Location(event.Start.TimeZone); err == nil {
				e.Zone = event.Start.TimeZone
			}
		}
	}
	if event.ExtendedProperties != nil {
		ref, last := private(event)
		e.Ref, e.Last = clean(ref, longestLine, false), clean(last, longestLine, false)
	}
	if o := event.Organizer; o != nil && (o.Self || e.Ref != "") {
		e.In = strings.ToLower(clean(o.Email, longestLine, false)) // which is the calendar's id
	}
	for _, a := range event.Attendees {
		if a == nil || a.Email == "" || a.Organizer || a.Self || a.Resource || len(e.Guests) == mostGuests {
			continue // a room is no guest
		}
		email, err := invites.ParseEmail(a.Email)
		if err != nil {
			email = clean(a.Email, longestLine, false)
		}
		e.Guests = append(e.Guests, invites.Guest{Name: clean(a.DisplayName, longestLine, false), Email: email,
			PartStat: partStat(a.ResponseStatus), Comment: clean(a.Comment, longestLine, true)})
	}
	return e
}

func partStat(response string) invites.PartStat {
	switch response {
	case "accepted":
		return invites.Accepted
	case "declined":
		return invites.Declined
	case "tentative":
		return invites.Tentative
	}
	return invites.NeedsAction
}

// join is the address of the room for the call; "" where there is none, or not one to click on.
func join(event *calendar.Event) string {
	link := event.HangoutLink
	if event.ConferenceData != nil {
		for _, p := range event.ConferenceData.EntryPoints {
			if p != nil && p.EntryPointType == "video" {
				link = p.Uri
				break
			}
		}
	}
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" || u.Host == "" || len(link) > longestLine || invites.Line(link) != nil {
		return ""
	}
	return link
}

// instant reads a time of the API, in UTC. Years that no calendar shows are no times.
func instant(s, zone string) (t time.Time, ok bool) {
	if s == "" {
		return t, false
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		loc, unknown := invites.Location(zone)
		if unknown != nil {
			return time.Time{}, false
		}
		if t, err = time.ParseInLocation("2006-01-02T15:04:05", s, loc); err != nil {
			return time.Time{}, false
		}
	}
	if t = t.UTC(); t.Year() < 1900 || t.Year() > 9000 {
		return time.Time{}, false
	}
	return t, true
}

// clean is s as [invites.Line] takes it, or with lines [invites.Text], in at most so many bytes.
func clean(s string, most int, lines bool) string {
	check := invites.Line
	if lines {
		check = invites.Text[string]
	}
	if len(s) <= most && check(s) == nil {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case lines && (r == '\n' || r == '\t'):
			return r
		case lines && (r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\r'):
			return '\n'
		case r == '\n' || r == '\r' || r == '\t' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == '\ufeff' || invites.IsBidi(r):
			return -1
		}
		return r
	}, strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n"))
	if len(s) > most {
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		s = s[:most]
	}
	return s
}
