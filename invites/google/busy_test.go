package google_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/option"

	"coalition/invites"
	"coalition/invites/google/googletest"
)

// hour is so many hours after nine.
func hour(h float64) time.Time { return nine.Add(time.Duration(h * float64(time.Hour))) }

// span is from that hour to the other.
func span(a, b float64) invites.Span { return invites.Span{Start: hour(a), End: hour(b)} }

// put has the organizer put an event into one of their calendars.
func (d *desk) put(id string, at invites.Span, change func(*calendar.Event)) {
	d.Helper()
	service, err := calendar.NewService(d.Context(), option.WithHTTPClient(d.Client()), option.WithEndpoint(d.Endpoint()))
	if err != nil {
		d.Fatal(err)
	}
	e := &calendar.Event{Start: &calendar.EventDateTime{DateTime: at.Start.Format(time.RFC3339)},
		End: &calendar.EventDateTime{DateTime: at.End.Format(time.RFC3339)}}
	change(e)
	if _, err := service.Events.Insert(id, e).SendUpdates("none").Do(); err != nil {
		d.Fatal(err)
	}
}

// titled gives an event a title.
func titled(title string) func(*calendar.Event) {
	return func(e *calendar.Event) { e.Summary = title }
}

// Each event counts by itself, whatever it touches, and the talk says whose it is; what leaves time free does not count.
func TestBusy(t *testing.T) {
	d := sit(t)
	d.write(invitation())
	d.put("primary", span(-1, 0), titled("Before"))
	d.put("primary", span(0.5, 2), titled("Across"))
	d.put("primary", span(0, 1), titled("At the same time"))
	d.put("primary", span(23, 30), titled("To the end"))
	d.put("primary", span(29, 31), titled("At the end"))
	d.put("primary", span(30, 31), titled("After"))
	d.put("primary", span(-3, -2), titled("Earlier"))
	d.put("primary", span(4, 4), titled("Of no length"))
	d.put("primary", span(5, 6), func(e *calendar.Event) { e.Summary, e.Transparency = "Shown as free", "transparent" })
	d.put("primary", span(6, 7), func(e *calendar.Event) { e.Summary, e.Status = "Tentative", "tentative" })
	for i, answer := range []string{"declined", "needsAction"} {
		d.put("primary", span(float64(8+i), float64(9+i)), func(e *calendar.Event) {
			e.Summary = answer
			e.Attendees = []*calendar.EventAttendee{{Email: googletest.Account, ResponseStatus: answer}, {Email: maya,
				ResponseStatus: "declined"}}
		})
	}
	d.put("primary", span(10, 11), func(e *calendar.Event) {
		e.Summary, e.Attendees = "Without guests", []*calendar.EventAttendee{{Email: maya, ResponseStatus: "declined"}}
	})
	d.put("primary", span(12, 13), func(e *calendar.Event) {
		e.Summary = "Series"
		e.Start.TimeZone, e.End.TimeZone = "Europe/Berlin", "Europe/Berlin"
		e.Recurrence = []string{"RRULE:FREQ=DAILY;COUNT=3"}
		// Somebody has made it of a talk.
		e.ExtendedProperties = &calendar.EventExtendedProperties{Private: map[string]string{"coalition": "tom/1"}}
	})
	d.Forget()
	for _, size := range []int{0, 1} {
		d.Set(func(s *googletest.Settings) { s.PageSize = size })
		from, to := hour(0).Add(-time.Millisecond).In(time.FixedZone("", -3600)), hour(29).Add(time.Millisecond)
		busy, err := d.calendar.Busy(t.Context(), "primary", from, to)
		want := []invites.Busy{
			{Span: span(-1, 0), Title: "Before"}, {Span: span(0, 1), Title: invitation().Summary, Ref: "maya/1"},
			{Span: span(0, 1), Title: "At the same time"}, {Span: span(0.5, 2), Title: "Across"},
			{Span: span(6, 7), Title: "Tentative"}, {Span: span(9, 10), Title: "needsAction"},
			{Span: span(10, 11), Title: "Without guests"}, {Span: span(12, 13), Title: "Series"},
			{Span: span(23, 30), Title: "To the end"}, {Span: span(29, 31), Title: "At the end"},
		}
		if diff := cmp.Diff(want, busy); err != nil || diff != "" {
			t.Errorf("in pages of %d: %v\n%s", size, err, diff)
		}
	}
	if n := d.Count("freebusy.query"); n != 0 {
		t.Errorf("asked for free/busy %d times, which knows less", n)
	}
	if busy, err := d.calendar.Busy(t.Context(), "", nine, nine); err != nil || busy != nil {
		t.Errorf("at no time: %v, %v", busy, err)
	}
}

// An event of whole days takes them on the clock of its calendar.
func TestBusyDays(t *testing.T) {
	d := sit(t)
	d.TimeZone("primary", "America/New_York")
	d.put("primary", span(0, 1), func(e *calendar.Event) {
		e.Start, e.End = &calendar.EventDateTime{Date: "2027-03-04"}, &calendar.EventDateTime{Date: "2027-03-06"}
	})
	busy, err := d.calendar.Busy(t.Context(), "", hour(-48), hour(96))
	want := []invites.Busy{{Span: invites.Span{Start: time.Date(2027, 3, 4, 5, 0, 0, 0, time.UTC),
		End: time.Date(2027, 3, 6, 5, 0, 0, 0, time.UTC)}}}
	if diff := cmp.Diff(want, busy); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

// What the events say is what Google says of free/busy, for all shapes that calendars hold.
func TestBusyAsGoogle(t *testing.T) {
	d := sit(t)
	d.AddForeign(400)
	from, to := nine.AddDate(0, 0, -30), nine.AddDate(0, 0, 100)
	events, err := d.calendar.Busy(t.Context(), "", from, to)
	if err != nil {
		t.Fatal(err)
	}
	times, shown, err := d.calendar.FreeBusy(t.Context(), "primary", from, to)
	if err != nil || !shown {
		t.Fatal(shown, err)
	}
	var merged []invites.Busy
	for _, e := range events {
		e.Title, e.Start, e.End = "", latest(e.Start, from), soonest(e.End, to)
		if n := len(merged); n > 0 && !e.Start.After(merged[n-1].End) {
			merged[n-1].End = latest(merged[n-1].End, e.End)
			continue
		}
		merged = append(merged, e)
	}
	if diff := cmp.Diff(times, merged); diff != "" || len(times) < 30 || len(events) <= len(times) {
		t.Errorf("%d events, %d times\n%s", len(events), len(times), diff)
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func soonest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Of a calendar that is not shown in full only the times count, as Google gives them.
func TestBusyOfOthers(t *testing.T) {
	const team = "team@group.calendar.google.com"
	for _, test := range []struct {
		name, role string
		private    bool
		fault      int
		titles     bool
		err        string
	}{
		{name: "its owner", role: "owner", private: true, titles: true},
		{name: "a reader", role: "reader", titles: true},
		{name: "a reader, and something is private", role: "reader", private: true},
		{name: "free/busy", role: "freeBusyReader"},
		{name: "no list", role: "freeBusyReader", fault: http.StatusNotFound},
		{name: "a forbidden list", role: "freeBusyReader", fault: http.StatusForbidden},
		{name: "nobody's", err: "404 there is no calendar team@group.calendar.google.com in the account"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := sit(t)
			if test.role != "" {
				d.AddCalendar(team, "The team", "owner")
				d.put(team, span(0, 1), titled("One"))
				d.put(team, span(1, 2), titled("Two"))
				d.put(team, span(3, 4), func(e *calendar.Event) {
					if e.Summary, e.Transparency = "Away", "transparent"; test.private {
						e.Visibility = "private"
					}
				})
				d.Role(team, test.role)
			}
			if test.fault != 0 {
				d.Fail(googletest.Fault{Call: "events.list", Status: test.fault, Reason: "forbidden"})
			}
			busy, err := d.calendar.Busy(t.Context(), team, nine, hour(6))
			want := []invites.Busy{{Span: span(0, 1), Title: "One"}, {Span: span(1, 2), Title: "Two"}}
			switch {
			case test.err != "":
				if err == nil || err.Error() != test.err {
					t.Errorf("%v, %v", busy, err)
				}
				return
			case !test.titles:
				want = []invites.Busy{{Span: span(0, 2)}}
			}
			if diff := cmp.Diff(want, busy); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

// A fault is no free time: it is waited out, or said.
func TestBusyFails(t *testing.T) {
	d := sit(t)
	d.put("primary", span(0, 1), titled("One"))
	d.Fail(googletest.Fault{Call: "events.list", Status: 403, Reason: "rateLimitExceeded"})
	if busy, err := d.calendar.Busy(t.Context(), "", nine, hour(6)); err != nil || len(busy) != 1 {
		t.Errorf("after a pause: %v, %v", busy, err)
	}
	d.Forget()
	d.Fail(googletest.Fault{Call: "events.list", Status: 403, Reason: "insufficientPermissions"})
	if _, err := d.calendar.Busy(t.Context(), "", nine, hour(6)); !errors.Is(err, invites.ErrLogin) || d.Count() != 1 {
		t.Errorf("without the right: %v, %d requests", err, d.Count())
	}
	d.Fail(googletest.Fault{Call: "freebusy.query", Status: 403, Reason: "insufficientPermissions"})
	if _, _, err := d.calendar.FreeBusy(t.Context(), maya, nine, hour(6)); !errors.Is(err, invites.ErrLogin) {
		t.Errorf("a partner, without the right: %v", err)
	}
}

// A listing that can't be understood says nothing; what counts for nothing need not be understood.
func TestBusyGarbled(t *testing.T) {
	for _, test := range []struct{ items, err string }{
		{`null`, "does not say"},
		{`{"start":{"dateTime":"2027-03-04T09:00:00Z"}}`, "does not say"},
		{`{"start":{"dateTime":"yesterday"},"end":{"dateTime":"2027-03-04T09:00:00Z"}}`, "does not say"},
		{`{"transparency":"transparent"},{"status":"cancelled"}`, ""},
		{`{"start":{"dateTime":"2027-03-04T12:00:00Z"},"end":{"dateTime":"2027-03-04T11:00:00Z"}}`, ""},
	} {
		c := over(t, func(r *http.Request) (int, string, error) {
			if strings.HasSuffix(r.URL.Path, "/freeBusy") {
				return 200, `{}`, nil
			}
			return 200, `{"accessRole":"owner","items":[` + test.items + `]}`, nil
		})
		busy, err := c.Busy(t.Context(), "", nine, nine.Add(time.Hour))
		if len(busy) > 0 || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v, %v", test.items, busy, err)
		}
	}
}

// A partner is known to be busy where Google shows it; that it does not is no fault.
func TestFreeBusy(t *testing.T) {
	d := sit(t)
	pair := func(a, b float64) [2]time.Time { return [2]time.Time{hour(a), hour(b)} }
	d.ShareBusy(maya, pair(3, 5), pair(-1, 1), pair(4, 6), pair(24*59, 24*62), pair(24*200, 24*200+5))
	busy, shown, err := d.calendar.FreeBusy(t.Context(), maya, nine.In(time.FixedZone("", -3600)), hour(24*200+2))
	var got []invites.Span
	for _, b := range busy {
		got = append(got, b.Span)
	}
	want := []invites.Span{span(0, 1), span(3, 6), span(24*59, 24*62), span(24*200, 24*200+2)}
	if diff := cmp.Diff(want, got); err != nil || !shown || diff != "" || d.Count() != 4 {
		t.Errorf("%t, %v, %d requests\n%s", shown, err, d.Count(), diff)
	}
	if busy, shown, err := d.calendar.FreeBusy(t.Context(), "li@example.org", nine, hour(1)); shown || err != nil || busy != nil {
		t.Errorf("somebody else: %v, %t, %v", busy, shown, err)
	}
	d.Forget()
	if busy, _, err := d.calendar.FreeBusy(t.Context(), maya, nine, nine); err != nil || len(busy) > 0 || d.Count() > 0 {
		t.Errorf("at no time: %v, %v", busy, err)
	}
}

// An answer that can't be believed says that somebody is unknown, and never that they are free.
func TestFreeBusyGarbled(t *testing.T) {
	for _, answer := range []string{`{}`, `{"calendars":{}}`, `{"calendars":{"maya@example.org":{"busy":[null]}}}`,
		`{"calendars":{"maya@example.org":{"busy":[{"start":"2027-03-04T09:00:00Z"}]}}}`,
		`{"calendars":{"maya@example.org":{"errors":[{"reason":"internalError"}]}}}`,
		`{"calendars":{"maya@example.org":{"errors":[null],"busy":[]}}}`} {
		c := over(t, func(*http.Request) (int, string, error) { return 200, answer, nil })
		if busy, shown, err := c.FreeBusy(t.Context(), maya, nine, hour(1)); err != nil || shown || len(busy) > 0 {
			t.Errorf("%s: %v, %t, %v", answer, busy, shown, err)
		}
	}
	c := over(t, func(*http.Request) (int, string, error) {
		return 200, `{"calendars":{"maya@example.org":{"busy":[{"start":"2027-03-04T12:00:00Z","end":"2027-03-04T11:00:00Z"},` +
			`{"start":"2027-03-04T09:30:00+00:00","end":"2027-03-04T09:45:00Z"},` +
			`{"start":"2027-03-04T07:30:00Z","end":"2027-03-04T09:30:00Z"}]}}}`, nil
	})
	busy, shown, err := c.FreeBusy(t.Context(), maya, nine, hour(1))
	if err != nil || !shown || !slices.Equal(busy, []invites.Busy{{Span: span(0, 0.75)}}) {
		t.Errorf("%v, %t, %v", busy, shown, err)
	}
}
