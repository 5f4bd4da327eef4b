package google_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/api/calendar/v3"

	"coalition/invites"
	"coalition/invites/google"
	"coalition/invites/google/googletest"
)

// TestOddAnswers: a good status with nothing, or with something else, behind it is a failure like any other; of a
// write nobody knows then whether it counted.
func TestOddAnswers(t *testing.T) {
	for _, body := range []string{"null", "", "{}", "[]", `"yes"`, "<html>", `{"error":{"code":500}}`, `[null]`, "null null"} {
		t.Run(body, func(t *testing.T) {
			c := over(t, func(*http.Request) (int, string, error) { return 200, body, nil })
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // only one look each
			if e, err := c.Event(ctx, "", eventID); err == nil || delivery(t, err).Final {
				t.Errorf("an event is %+v", e)
			}
			if next, err := c.Changes(ctx, "", nine, func([]*invites.Event, bool) error { return nil }); err == nil || next != "" {
				t.Errorf("a listing ends at %q, %v", next, err)
			}
			if c.Reaches(ctx, "team@group.calendar.google.com") {
				t.Error("it reaches a calendar")
			}
			if busy, shown, err := c.FreeBusy(ctx, maya, nine, nine.Add(time.Hour)); err == nil && shown {
				t.Errorf("she is busy at %v", busy)
			}
			if busy, err := c.Busy(ctx, "", nine, nine.Add(time.Hour)); err == nil {
				t.Errorf("it is busy at %v", busy)
			}
			known := invitation().Event
			known.Etag = `"1"`
			for name, job := range map[string]func(*invites.EventChange){
				"insert": func(ch *invites.EventChange) {},
				"patch":  func(ch *invites.EventChange) { ch.Was, ch.Is, ch.Start = &known, &known, nine.Add(-time.Hour) },
				"cancel": func(ch *invites.EventChange) { ch.Was, ch.Is, ch.Cancel, ch.Reason = &known, &known, true, "I am ill" },
				"delete": func(ch *invites.EventChange) { ch.Was, ch.Is, ch.Cancel = &known, &known, true },
			} {
				ch := invitation()
				job(ch)
				is, err := c.Write(t.Context(), ch, ready)
				if err == nil || !delivery(t, err).Unclear {
					t.Errorf("%s: %+v, %v", name, is, err)
				}
			}
		})
	}
}

// TestLoweredRight: who may only read a calendar is not shown private events, and what is not shown says nothing.
func TestLoweredRight(t *testing.T) {
	for _, role := range []string{"reader", "freeBusyReader"} {
		d := sit(t).invited()
		d.Role("primary", role)
		for name, do := range map[string]func() error{
			"the listing": func() error {
				_, err := d.calendar.Changes(t.Context(), "", nine, untaken(t))
				return err
			},
			"the event": func() error { _, err := d.calendar.Event(t.Context(), "", d.id); return err },
			"a write":   func() error { return d.try(changed(later)(d)) },
		} {
			err := do()
			if err == nil {
				t.Errorf("%s, %s: nothing is wrong with it", role, name)
				continue
			}
			if f := delivery(t, err); !f.Channel || f.Stale != nil || !strings.Contains(f.Text, "may not change the calendar") {
				t.Errorf("%s, %s: %+v", role, name, *f)
			}
		}
		d.Role("primary", "owner")
		if is, err := d.calendar.Event(t.Context(), "", d.id); err != nil || is.Deleted {
			t.Errorf("given back: %+v, %v", is, err)
		}
	}
}

// TestMovedAway: an event in another calendar of the account is not gone.
func TestMovedAway(t *testing.T) {
	for name, account := range map[string]string{"known": googletest.Account, "unknown": ""} {
		t.Run(name, func(t *testing.T) { testMovedAway(t, account) })
	}
}

// testMovedAway has it moved while the account that is signed in is known, or "".
func testMovedAway(t *testing.T, account string) {
	d := sit(t).invited()
	const team = "team@group.calendar.google.com"
	d.AddCalendar(team, "The team", "owner")
	c, err := google.New(google.Config{Client: d.Client(), Endpoint: d.Endpoint(), Account: func() string { return account }})
	if err != nil {
		t.Fatal(err)
	}
	d.calendar = c
	d.MoveTo(d.id, team)
	err = d.try(changed(called)(d)) // who does not know where it is takes nothing out
	if f := delivery(t, err); f.Stale == nil || f.Stale.Deleted || f.Stale.In != team {
		t.Errorf("cancelled unseen: %+v", *f)
	}
	d.MoveTo(d.id, googletest.Account)
	if back, err := c.Event(t.Context(), team, d.id); err != nil || back.Deleted || back.In != googletest.Account {
		t.Errorf("moved back it is %+v, %v", back, err)
	}
	d.MoveTo(d.id, team)
	is, err := c.Event(t.Context(), "", d.id)
	if err != nil || is.Deleted || is.In != team || is.Ref != "maya/1" {
		t.Fatalf("it is %+v, %v", is, err)
	}
	d.is = is
	if again, err := c.Event(t.Context(), team, d.id); err != nil || again.In != team || again.Deleted {
		t.Errorf("there it is %+v, %v", again, err)
	}
	if !c.Reaches(t.Context(), team) || c.Reaches(t.Context(), "bo@example.org") {
		t.Error("it reaches other calendars than those of the account")
	}
	d.write(changed(later)(d))
	if at := d.Event(d.id); at.Status == "cancelled" || at.Start.DateTime != "2027-03-04T11:00:00Z" {
		t.Errorf("moved it is %s at %s", at.Status, at.Start.DateTime)
	}
	d.write(changed(called)(d))
	if is, err := c.Event(t.Context(), team, d.id); err != nil || !is.Deleted {
		t.Errorf("cancelled it is %+v, %v", is, err)
	}
}

// TestOddEvents: what no guest is and what takes no time is left out; seconds are nobody's.
func TestOddEvents(t *testing.T) {
	end := "2027-03-06T11:00:59Z"
	c := over(t, func(*http.Request) (int, string, error) {
		return 200, `{"id": "` + eventID + `", "status": "confirmed", "etag": "\"1\"", "summary": "x", "attendees": [null, {}, {"email": "maya@example.org"}],
			"start": {"dateTime": "2027-03-06T10:00:01.5Z"}, "end": {"dateTime": "` + end + `"}}`, nil
	})
	is, err := c.Event(t.Context(), "", eventID)
	if err != nil || len(is.Guests) != 1 || !is.Start.Equal(is.End.Add(-time.Hour)) || is.Start.Second() != 0 {
		t.Fatalf("%+v, %v", is, err)
	}
	ch := invitation()
	was := ch.Event
	ch.Was, ch.Is, ch.Guests = &was, is, append(ch.Guests, invites.Guest{Email: "zoe@example.org"})
	if _, err := c.Write(t.Context(), ch, ready); err != nil {
		t.Error(err)
	}
	end = "2027-03-06T10:00:01.5Z"
	if is, err := c.Event(t.Context(), "", eventID); err != nil || !is.Start.IsZero() {
		t.Errorf("without length: %+v, %v", is, err)
	}
}

// TestRestoreHidden: what the calendar knows of, and does not show, comes back; or it is said that it can't.
func TestRestoreHidden(t *testing.T) {
	for _, gone := range []bool{false, true} {
		d := sit(t).invited()
		known := *d.is
		d.Delete(d.id, false)
		known.Deleted, known.Etag = true, ""
		d.is = &known
		d.Forget()
		d.Fail(googletest.Fault{Call: "events.get", Status: 410, Reason: "deleted", Times: 2})
		if gone {
			d.Fail(googletest.Fault{Call: "events.patch", Status: 404, Reason: "notFound", Times: 1})
		}
		ch := invitation()
		ch.Key, ch.Restore = "restore", true
		err := d.try(ch)
		switch e := d.Event(d.id); {
		case gone && (err == nil || !delivery(t, err).Final || !strings.Contains(err.Error(), "for good")):
			t.Errorf("gone for good: %v", err)
		case !gone && (err != nil || e.Status != "confirmed" || len(e.Attendees) != 1):
			t.Errorf("%v: it is %+v", err, e)
		}
	}
}

// TestRestoreWhole: what comes back from the bin is what was meant, whatever the event has become before.
func TestRestoreWhole(t *testing.T) {
	d := sit(t).invited()
	known := *d.is
	d.Edit(d.id, false, func(e *calendar.Event) {
		e.Start.DateTime, e.End.DateTime = "2027-03-06T10:00:00Z", "2027-03-06T12:00:00Z"
		e.Location, e.Summary = "South gate", "Walk"
		e.Recurrence = []string{"RRULE:FREQ=WEEKLY"}
		e.Attendees = nil
	})
	d.AddGuest(d.id, "zoe@example.org")
	d.Delete(d.id, false)
	d.Forget()
	known.Deleted, known.Etag = true, "" // as a bare deletion is known
	d.is = &known
	ch := invitation()
	ch.Key, ch.Restore = "restore", true
	d.write(ch)
	is, err := d.calendar.Event(t.Context(), "", d.id)
	if err != nil {
		t.Fatal(err)
	}
	if want := &invitation().Event; is.Deleted || is.Repeats || !is.Start.Equal(want.Start) || !is.End.Equal(want.End) || is.Location != want.Location || is.Summary != want.Summary || len(is.Guests) != 2 {
		t.Errorf("it is %+v", is)
	}
}

// TestWholeDays: an event without its hour, and a series, get their time back.
func TestWholeDays(t *testing.T) {
	d := sit(t).invited()
	for name, lose := range map[string]func(e *calendar.Event){
		"all day": func(e *calendar.Event) {
			e.Start, e.End = &calendar.EventDateTime{Date: "2027-03-04"}, &calendar.EventDateTime{Date: "2027-03-05"}
		},
		"a series": func(e *calendar.Event) { e.Recurrence = []string{"RRULE:FREQ=WEEKLY"} },
	} {
		d.Edit(d.id, false, lose)
		is, err := d.calendar.Event(t.Context(), "", d.id)
		if err != nil || !is.Start.IsZero() && !is.Repeats {
			t.Fatalf("%s: %+v, %v", name, is, err)
		}
		d.is = is
		was := invitation().Event
		was.Start, was.End, was.Repeats = is.Start, is.End, is.Repeats
		d.was = &was
		ch := invitation()
		ch.Key = strings.ReplaceAll(name, " ", "")
		d.write(ch)
		if is, err = d.calendar.Event(t.Context(), "", d.id); err != nil || is.Repeats || !is.Start.Equal(nine) {
			t.Errorf("%s: mended it is %+v, %v", name, is, err)
		}
	}
}
