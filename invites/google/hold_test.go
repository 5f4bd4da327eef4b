package google_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/calendar/v3"

	"coalition/invites"
	"coalition/invites/google/googletest"
)

// offered is a time that Maya is offered, that many hours after nine.
func offered(h int) invites.Hold {
	return invites.Hold{Key: fmt.Sprintf("%026d", h), Ref: "maya/1", Span: span(float64(h), float64(h+1)),
		Zone: "Europe/Berlin", Title: "Held for Maya Chen: conversation"}
}

// standing are the starts of the holds that stand, as hours after nine.
func (d *desk) standing() (hours []int) {
	d.Helper()
	for _, e := range d.Events() {
		if e.Status == "cancelled" || e.ExtendedProperties == nil || e.ExtendedProperties.Private["coalitionHold"] == "" {
			continue
		}
		start, err := time.Parse(time.RFC3339, e.Start.DateTime)
		if err != nil {
			d.Fatal(err)
		}
		hours = append(hours, int(start.Sub(nine)/time.Hour))
	}
	slices.Sort(hours)
	return hours
}

// hold has these times stand, and wants to hear whether anything had to be written.
func (d *desk) hold(wrote bool, hours ...int) {
	d.Helper()
	var holds []invites.Hold
	for _, h := range hours {
		holds = append(holds, offered(h))
	}
	got, err := d.calendar.Hold(d.Context(), "", googletest.Account, holds)
	if err != nil || got != wrote {
		d.Errorf("%v: wrote %t, %v; want %t", hours, got, err, wrote)
	}
}

// held wants these times to stand, each once.
func (d *desk) held(hours ...int) {
	d.Helper()
	if got := d.standing(); !slices.Equal(got, hours) {
		d.Errorf("%v stand; want %v", got, hours)
	}
}

// Whatever stood before, what is offered stands, once, and nobody hears of it.
func TestHold(t *testing.T) {
	d := sit(t)
	d.write(invitation())
	d.put("primary", span(5, 6), titled("Theirs"))
	d.Forget()
	d.hold(false)
	d.hold(true, 1, 2, 3)
	d.held(1, 2, 3)
	var e *calendar.Event
	for _, other := range d.Events() {
		if strings.HasPrefix(other.Id, "hold") {
			e = other
			break
		}
	}
	if e.Summary != "Held for Maya Chen: conversation" || e.Status != "tentative" || e.Visibility != "private" ||
		e.Transparency != "opaque" || e.Attendees != nil || e.Reminders.UseDefault || e.Reminders.Overrides != nil ||
		e.Start.TimeZone != "Europe/Berlin" || e.Description != "" || e.ExtendedProperties.Shared != nil {
		t.Errorf("it says %+v", e)
	}
	want := map[string]string{"coalitionHold": googletest.Account, "coalitionHoldFor": "maya/1"}
	if diff := cmp.Diff(want, e.ExtendedProperties.Private); diff != "" {
		t.Error(diff)
	}
	d.Forget()
	d.hold(false, 3, 2, 1)
	if n := d.Count(); n != 1 {
		t.Errorf("%d requests where all stands", n)
	}
	d.Set(func(s *googletest.Settings) { s.PageSize = 1 })
	d.hold(true, 2, 4)
	d.held(2, 4)
	d.hold(true)
	d.held()
	// What this program has taken out comes back, as often as it likes.
	for range 3 {
		d.hold(true, 2, 4)
		d.held(2, 4)
		d.hold(true)
		d.held()
	}
	for _, r := range d.Requests() {
		if r.Method != "GET" && r.Query.Get("sendUpdates") != "none" {
			t.Errorf("%s says %q of mails", r.Call, r.Query.Get("sendUpdates"))
		}
	}
	if d.Event(eventID).Status != "confirmed" || len(d.Notices()) > 0 {
		t.Errorf("the talk is %s, and %v was told", d.Event(eventID).Status, d.Notices())
	}
}

// A hold is no talk, and takes no time from the talk it is for.
func TestHoldIsNoTalk(t *testing.T) {
	d := sit(t)
	d.hold(true, 1, 2)
	cursor := ""
	for range 2 {
		next, err := d.calendar.Changes(t.Context(), cursor, nine, func(page []*invites.Event, _ bool) error {
			if len(page) > 0 {
				t.Errorf("it brought %v", page)
			}
			return nil
		})
		if err != nil || next == cursor {
			t.Fatal(next, err)
		}
		cursor = next
		d.hold(true, 3)
		d.hold(true, 4)
	}
	if busy, err := d.calendar.Busy(t.Context(), "", hour(-5), hour(20)); err != nil || len(busy) > 0 {
		t.Errorf("%v, %v", busy, err)
	}
}

// What the organizer does to a hold counts: deleted, it stays so; changed, it stays until it goes.
func TestHoldInOtherHands(t *testing.T) {
	d := sit(t)
	d.hold(true, 1, 2, 3, 4)
	id := func(h int) string { return "hold" + offered(h).Key + "0" }
	d.Delete(id(1), false)
	d.Edit(id(2), false, func(e *calendar.Event) {
		e.Summary, e.Start.DateTime, e.End.DateTime = "Mine", hour(12).Format(time.RFC3339), hour(13).Format(time.RFC3339)
	})
	d.Edit(id(3), false, func(e *calendar.Event) { e.Recurrence = []string{"RRULE:FREQ=WEEKLY;COUNT=5"} })
	// As a copy that somebody makes of it.
	d.put("primary", span(15, 16), func(e *calendar.Event) { e.ExtendedProperties = d.Event(id(4)).ExtendedProperties })
	d.hold(true, 1, 2, 3, 4)
	d.held(3, 4, 12)
	d.hold(false, 1, 2, 3, 4)
	d.hold(true)
	d.held()
	// It is not theirs any more to say.
	d.hold(true, 2, 3)
	d.held(2, 3)
	d.hold(false, 1, 2, 3)
	d.Restore(id(1), false)
	d.held(1, 2, 3)
	d.hold(true)
	d.held()
}

// One that is somewhere else, or in the bin for good, is not made anew.
func TestHoldGone(t *testing.T) {
	d := sit(t)
	const team = "team@group.calendar.google.com"
	d.AddCalendar(team, "The team", "owner")
	d.hold(true, 1, 2)
	d.MoveTo("hold"+offered(1).Key+"0", team)
	d.hold(false, 1, 2)
	d.Delete("hold"+offered(2).Key+"0", false)
	d.Fail(googletest.Fault{Call: "events.get", Status: http.StatusGone, Skip: 1})
	d.hold(false, 1, 2)
	// Which is in the other calendar.
	d.held(1)
}

// Each organizer has their own holds in a calendar that they share, and each calendar its own.
func TestHoldForWhom(t *testing.T) {
	d := sit(t)
	const team = "team@group.calendar.google.com"
	d.AddCalendar(team, "The team", "owner")
	d.hold(true, 1)
	for _, in := range []string{"primary", team} {
		if _, err := d.calendar.Hold(t.Context(), in, "tom@example.org", []invites.Hold{offered(2)}); err != nil {
			t.Fatal(err)
		}
	}
	d.held(1, 2, 2)
	d.hold(true)
	d.held(2, 2)
	if _, err := d.calendar.Hold(t.Context(), team, "tom@example.org", nil); err != nil {
		t.Fatal(err)
	}
	d.held(2)
}

// Wherever a call is cut off, the next one puts it right; and a fault is said.
func TestHoldCutOff(t *testing.T) {
	for _, fault := range []googletest.Fault{
		{Call: "events.insert", Cut: true}, {Call: "events.insert", Cut: true, After: true},
		{Call: "events.insert", Status: 503}, {Call: "events.insert", Status: 403, Reason: "rateLimitExceeded"},
		{Call: "events.patch", Cut: true}, {Call: "events.patch", Cut: true, After: true},
		{Call: "events.delete", Cut: true}, {Call: "events.delete", Cut: true, After: true},
		{Call: "events.list", Status: 403, Reason: "insufficientPermissions"},
	} {
		d := sit(t)
		d.hold(true, 1, 2)
		d.Fail(fault)
		if _, err := d.calendar.Hold(t.Context(), "", googletest.Account, []invites.Hold{offered(2), offered(3), offered(4)}); err == nil {
			t.Errorf("%+v: nothing is wrong", fault)
		}
		if _, err := d.calendar.Hold(t.Context(), "", googletest.Account, []invites.Hold{offered(2), offered(3), offered(4)}); err != nil {
			t.Errorf("%+v: %v", fault, err)
		}
		d.held(2, 3, 4)
		d.hold(true)
		d.held()
		d.hold(true, 1, 3)
		d.held(1, 3)
	}
}

// Two at once make each hold once, and one that takes out what another takes out is content.
func TestHoldAtOnce(t *testing.T) {
	d := sit(t)
	both := func(holds ...invites.Hold) {
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if _, err := d.calendar.Hold(t.Context(), "", googletest.Account, holds); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	both(offered(1), offered(2))
	d.held(1, 2)
	both(offered(2), offered(3))
	d.held(2, 3)
	both()
	d.held()
	// A hand between the look and the word.
	d.hold(true, 1)
	once := sync.OnceFunc(func() { d.Delete("hold"+offered(1).Key+"1", false) })
	d.Hook(func(p googletest.Point, r googletest.Request) {
		if p == googletest.Answered && r.Call == "events.list" {
			once()
		}
	})
	d.hold(true)
	d.held()
}

// Who may not change the calendar is told so.
func TestHoldWithoutRight(t *testing.T) {
	d := sit(t)
	d.Role("primary", "reader")
	_, err := d.calendar.Hold(t.Context(), "", googletest.Account, []invites.Hold{offered(1)})
	if f := delivery(t, err); !strings.Contains(f.Text, "may not change the calendar") || d.Count("events.insert") > 0 {
		t.Errorf("%+v", *f)
	}
}

// An answer with nothing in it is no hold.
func TestHoldGarbled(t *testing.T) {
	c := over(t, func(*http.Request) (int, string, error) { return 200, `{"accessRole":"owner","items":[null]}`, nil })
	if wrote, err := c.Hold(t.Context(), "", googletest.Account, nil); wrote || err != nil {
		t.Error(wrote, err)
	}
}
