package google_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/calendar/v3"

	"coalition/invites"
	"coalition/invites/google"
	"coalition/invites/google/googletest"
)

func later(ch *invites.EventChange)  { ch.Start, ch.End = nine.Add(2*time.Hour), nine.Add(3*time.Hour) }
func called(ch *invites.EventChange) { ch.Cancel = true }
func ill(ch *invites.EventChange)    { ch.Cancel, ch.Reason = true, "I am ill" }

func elsewhere(e *calendar.Event) { e.Location = "Room 2" }
func moved(e *calendar.Event) {
	e.Start = &calendar.EventDateTime{DateTime: "2027-03-05T10:00:00+01:00", TimeZone: "Europe/Berlin"}
	e.End = &calendar.EventDateTime{DateTime: "2027-03-05T11:00:00+01:00", TimeZone: "Europe/Berlin"}
}

// lose has the next request of that kind take effect, and nobody hear so.
func (d *desk) lose(call string, ch *invites.EventChange) {
	d.Helper()
	d.Fail(googletest.Fault{Call: call, After: true, Cut: true})
	if f := delivery(d.T, d.try(ch)); !f.Unclear || f.Final {
		d.Fatalf("after a lost answer: %+v", *f)
	}
}

// stale tries ch, which must not be written: the event is not as it was known.
func (d *desk) stale(ch *invites.EventChange, deleted bool) *invites.Event {
	d.Helper()
	writes := d.told()
	f := delivery(d.T, d.try(ch))
	if f.Stale == nil || f.Final || f.Unclear || f.Stale.Deleted != deleted {
		d.Fatalf("got %+v", *f)
	}
	if !slices.Equal(writes, d.told()) {
		d.Fatalf("somebody was told: %v", d.told())
	}
	return f.Stale
}

// What people do in the calendar at the same time is neither lost nor overwritten, and nobody hears twice.
func TestWriteBeside(t *testing.T) {
	invited, updated, cancelled := "invitation "+maya, "update "+maya, "cancellation "+maya
	tests := []struct {
		name string
		run  func(d *desk)
		told []string
	}{
		{"an answer before a move", func(d *desk) {
			d.Answer(d.id, maya, "accepted", "Gladly")
			ch := changed(later)(d)
			d.stale(ch, false)
			d.write(ch)
			if g := d.is.Guests[0]; g.PartStat != invites.Accepted || g.Comment != "Gladly" {
				d.Errorf("the answer is %+v", g)
			}
		}, []string{updated}},
		{"an answer after a move that was lost", func(d *desk) {
			ch := changed(later)(d)
			d.lose("events.patch", ch)
			d.Answer(d.id, maya, "declined", "")
			d.write(ch)
			if g := d.is.Guests[0]; g.PartStat != invites.Declined || !d.is.Start.Equal(ch.Start) {
				d.Errorf("got %+v", d.is)
			}
		}, []string{updated}},
		{"another place after a move that was lost", func(d *desk) {
			ch := changed(later)(d)
			d.lose("events.patch", ch)
			d.Edit(d.id, false, elsewhere)
			d.write(ch)
			if d.is.Location != "Room 2" || !d.is.Start.Equal(ch.Start) {
				d.Errorf("got %+v", d.is)
			}
		}, []string{updated}},
		{"another move after a move that was lost", func(d *desk) {
			ch := changed(later)(d)
			d.lose("events.patch", ch)
			d.Edit(d.id, false, moved)
			d.write(ch) // it counted; that it was moved again is still to be heard of
			if !d.is.Start.Equal(ch.Start) || d.is.Etag != "" {
				d.Errorf("got %+v", d.is)
			}
		}, []string{updated}},
		{"a move that was lost, and is known from a listing", func(d *desk) {
			ch := changed(later)(d)
			d.lose("events.patch", ch)
			d.Answer(d.id, maya, "accepted", "")
			d.is = d.hear()
			d.write(ch)
		}, []string{updated}},
		{"the same move before", func(d *desk) {
			d.Edit(d.id, true, moved)
			ch := changed(func(ch *invites.EventChange) { ch.Start, ch.End = nine.Add(24*time.Hour), nine.Add(25*time.Hour) })(d)
			d.write(ch)
		}, []string{updated}},
		{"words that Google puts otherwise", func(d *desk) {
			ch := changed(func(ch *invites.EventChange) { ch.Description = "<p>New</p>" })(d)
			d.lose("events.patch", ch)
			d.Edit(d.id, false, func(e *calendar.Event) { e.Description = "New<br>" })
			d.write(ch)
		}, []string{updated}},
		{"a move before a change of words", func(d *desk) {
			d.Edit(d.id, false, moved)
			ch := changed(func(ch *invites.EventChange) { ch.Summary = "Another" })(d)
			if is := d.stale(ch, false); is.Start.Day() != 5 {
				d.Errorf("got %+v", is)
			}
			d.write(ch)
			if d.is.Start.Day() != 5 || d.is.Summary != "Another" {
				d.Errorf("got %+v", d.is)
			}
		}, []string{updated}},
		{"a day without time before a move", func(d *desk) {
			d.Edit(d.id, false, func(e *calendar.Event) {
				e.Start, e.End = &calendar.EventDateTime{Date: "2027-03-05"}, &calendar.EventDateTime{Date: "2027-03-06"}
			})
			d.is = d.hear()
			ch := changed(later)(d)
			d.write(ch)
			if !d.is.Start.Equal(ch.Start) {
				d.Errorf("got %+v", d.is)
			}
		}, []string{updated}},
		{"an answer before a room is taken away", func(d *desk) {
			d.write(changed(func(ch *invites.EventChange) { ch.Meet = true })(d))
			d.Forget()
			d.Answer(d.id, maya, "accepted", "")
			d.stale(invitation(), false)
			d.write(invitation())
			if d.is.Join != "" {
				d.Errorf("room %q", d.is.Join)
			}
		}, []string{updated}},
		{"a deletion before a move", func(d *desk) {
			d.Delete(d.id, false)
			ch := changed(later)(d)
			d.stale(ch, true)
			d.stale(ch, true)
			if e := d.Event(d.id); e.Status != "cancelled" || d.Count("events.patch") != 1 {
				d.Errorf("it is %s after %d attempts", e.Status, d.Count("events.patch"))
			}
		}, nil},
		{"a deletion, and Google says so with 403", func(d *desk) {
			d.Delete(d.id, false)
			d.Fail(googletest.Fault{Call: "events.patch", Status: 403})
			d.stale(changed(later)(d), true)
			d.Fail(googletest.Fault{Call: "events.delete", Status: 403})
			d.write(changed(called)(d))
		}, nil},
		{"a cancellation that was lost, of what had been brought back", func(d *desk) {
			ch := changed(func(ch *invites.EventChange) { ch.Cancel, ch.Restore = true, true })(d)
			d.lose("events.delete", ch)
			d.write(ch)
		}, []string{cancelled}},
		{"a deletion that was taken back, before a move", func(d *desk) {
			d.bin()
			d.Restore(d.id, false)
			ch := changed(later)(d)
			d.stale(ch, false)
			d.write(ch)
		}, []string{updated}},
		{"a deletion before a cancellation", func(d *desk) {
			d.Delete(d.id, false)
			d.write(changed(called)(d))
			if !d.is.Deleted {
				d.Errorf("got %+v", d.is)
			}
		}, nil},
		{"a deletion before a cancellation with a reason", func(d *desk) {
			d.Delete(d.id, false)
			d.write(changed(ill)(d))
		}, nil},
		{"a move before a cancellation", func(d *desk) {
			d.Edit(d.id, false, moved)
			d.stale(changed(called)(d), false)
			d.write(changed(called)(d))
		}, []string{cancelled}},
		{"a move before a cancellation with a reason", func(d *desk) {
			d.Edit(d.id, false, moved)
			d.stale(changed(ill)(d), false)
			d.write(changed(ill)(d))
		}, []string{cancelled}},
		{"an answer in the middle of a cancellation", func(d *desk) {
			d.Fail(googletest.Fault{Call: "events.delete", Status: 503})
			ch := changed(ill)(d)
			delivery(d.T, d.try(ch))
			d.Answer(d.id, maya, "declined", "")
			d.was = &invites.Event{ID: d.id} // it is told by the change alone
			d.write(ch)
			if n := strings.Count(d.Event(d.id).Description, "I am ill"); n != 1 {
				d.Errorf("the reason is there %d times", n)
			}
		}, []string{cancelled}},
		{"an answer between two requests of a cancellation", func(d *desk) {
			once := true
			d.Hook(func(p googletest.Point, r googletest.Request) {
				if p == googletest.Done && r.Call == "events.patch" && once {
					once = false
					d.Answer(d.id, maya, "declined", "")
				}
			})
			d.write(changed(ill)(d))
		}, []string{cancelled}},
		{"a cancellation that was lost, and taken back", func(d *desk) {
			ch := changed(called)(d)
			d.lose("events.delete", ch)
			d.Restore(d.id, false)
			d.stale(ch, false)
		}, []string{cancelled}},
		{"a deletion that was taken back, before its cancellation", func(d *desk) {
			d.bin()
			d.Restore(d.id, false)
			d.stale(changed(func(ch *invites.EventChange) { ch.Cancel, ch.Restore = true, true })(d), false)
		}, nil},
		{"a deletion that was taken back, before it is restored", func(d *desk) {
			d.bin()
			d.Restore(d.id, false)
			d.write(changed(func(ch *invites.EventChange) { ch.Restore = true })(d))
		}, nil},
		{"another deletion after it was restored, which was lost", func(d *desk) {
			d.bin()
			ch := changed(func(ch *invites.EventChange) { ch.Restore = true })(d)
			d.lose("events.patch", ch)
			d.Delete(d.id, false)
			d.write(ch) // it was back; that it was deleted again is still to be heard of
			if d.is.Deleted || d.is.Etag != "" {
				d.Errorf("got %+v", d.is)
			}
		}, []string{invited}},
		{"others who were invited", func(d *desk) {
			d.AddGuest(d.id, "tom@example.org")
			d.Answer(d.id, "tom@example.org", "tentative", "If I can")
			d.Forget()
			d.is = d.hear()
			d.write(changed(func(ch *invites.EventChange) { ch.Guests = []invites.Guest{{Name: "Li", Email: "li@example.org"}} })(d))
			want := []invites.Guest{{Email: "tom@example.org", PartStat: invites.Tentative, Comment: "If I can"}, {Name: "Li", Email: "li@example.org", PartStat: invites.NeedsAction}}
			if diff := cmp.Diff(want, d.is.Guests); diff != "" {
				d.Errorf("guests: -want +got\n%s", diff)
			}
		}, []string{cancelled, "update tom@example.org", "invitation li@example.org"}},
		{"an answer before another guest", func(d *desk) {
			d.AddGuest(d.id, "tom@example.org")
			d.Forget()
			ch := changed(func(ch *invites.EventChange) { ch.Guests = append(ch.Guests, invites.Guest{Email: "tom@example.org"}) })(d)
			if d.write(ch); d.Count("events.patch") > 0 {
				d.Error("he was there")
			}
		}, nil},
		{"one of two guests before both are invited", func(d *desk) {
			d.AddGuest(d.id, "tom@example.org")
			d.Forget()
			d.is = d.hear()
			d.write(changed(func(ch *invites.EventChange) {
				ch.Guests = append(ch.Guests, invites.Guest{Email: "tom@example.org"}, invites.Guest{Email: "li@example.org"})
			})(d))
		}, []string{updated, "update tom@example.org", "invitation li@example.org"}},
		{"an address in other letters", func(d *desk) {
			d.was.Guests = []invites.Guest{{Email: "Maya@example.org"}}
			d.write(changed(func(ch *invites.EventChange) { ch.Guests = nil })(d))
			if len(d.is.Guests) > 0 {
				d.Errorf("guests %v", d.is.Guests)
			}
		}, []string{cancelled}},
		{"a guest who left, before they are sent away", func(d *desk) {
			d.Leave(d.id, maya)
			d.write(changed(func(ch *invites.EventChange) { ch.Guests = nil })(d))
		}, nil},
		{"nothing that differs", func(d *desk) {
			d.Edit(d.id, false, moved)
			d.write(invitation())
			d.is = d.hear()
			before := d.Count()
			d.write(changed(func(ch *invites.EventChange) { ch.Start, ch.End = nine.Add(24*time.Hour), nine.Add(25*time.Hour) })(d))
			if d.Count() != before {
				d.Errorf("%d requests", d.Count()-before)
			}
		}, nil},
		{"nothing that is known", func(d *desk) {
			d.is = nil
			ch := changed(later)(d)
			d.stale(ch, false)
			d.write(ch)
			d.is = &invites.Event{ID: d.id}
			ch = changed(func(ch *invites.EventChange) { later(ch); ch.Alarms = nil })(d)
			d.stale(ch, false)
			if d.Count("events.patch") != 1 {
				d.Error("it was written without a guard")
			}
			d.is.Etag = ""
			d.stale(changed(called)(d), false)
			d.is = nil
			d.write(changed(called)(d))
		}, []string{updated, cancelled}},
		{"properties that are lost", func(d *desk) {
			d.Edit(d.id, false, func(e *calendar.Event) { e.ExtendedProperties = nil })
			d.is = d.hear()
			d.write(changed(later)(d))
			if d.is.Ref != "maya/1" {
				d.Errorf("got %+v", d.is)
			}
		}, []string{updated}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := sit(t).invited()
			test.run(d)
			if diff := cmp.Diff(test.told, d.told()); diff != "" {
				t.Errorf("told: -want +got\n%s%s", diff, d.asked())
			}
		})
	}
}

// hear is how the program hears of the event.
func (d *desk) hear() *invites.Event {
	d.Helper()
	is, err := d.calendar.Event(d.Context(), "", d.id)
	if err != nil {
		d.Fatal(err)
	}
	return is
}

// The same for the first write.
func TestInsertBeside(t *testing.T) {
	invited, updated := "invitation "+maya, "update "+maya
	tests := []struct {
		name string
		run  func(d *desk, ch *invites.EventChange)
		told []string
	}{
		{"an edit", func(d *desk, ch *invites.EventChange) {
			d.Edit(d.id, false, elsewhere)
			d.write(ch) // what was edited is still to be heard of
			if d.is.Location != ch.Location || d.is.Etag != "" {
				d.Errorf("got %+v", d.is)
			}
		}, []string{invited}},
		{"an edit that lost the properties", func(d *desk, ch *invites.EventChange) {
			d.Edit(d.id, false, func(e *calendar.Event) { e.Location, e.ExtendedProperties = "Room 2", nil })
			d.write(ch)
			if d.is.Location != "Room 2" {
				d.Errorf("got %+v", d.is)
			}
		}, []string{invited}},
		{"a deletion", func(d *desk, ch *invites.EventChange) {
			d.Delete(d.id, false)
			d.stale(ch, true)
			ch.Restore = true
			d.write(ch)
			d.stands(ch, "confirmed")
		}, []string{invited, invited}},
		{"a cancellation", func(d *desk, ch *invites.EventChange) {
			d.write(changed(called)(d))
			d.stands(&invites.EventChange{}, "cancelled")
		}, []string{invited, "cancellation " + maya}},
		{"other words meanwhile", func(d *desk, ch *invites.EventChange) {
			d.AddGuest(d.id, "tom@example.org")
			later(ch)
			ch.Summary, ch.Key = "Another", "another"
			d.write(ch)
			if d.is.Summary != "Another" || !d.is.Start.Equal(ch.Start) || len(d.is.Guests) != 2 {
				d.Errorf("got %+v", d.is)
			}
		}, []string{invited, "invitation tom@example.org", updated, "update tom@example.org"}},
		{"nothing but the alarms", func(d *desk, ch *invites.EventChange) {
			ch.Alarms, ch.Key = nil, "alarms"
			d.write(ch)
			if e := d.Event(d.id); len(e.Reminders.Overrides) > 0 {
				d.Errorf("it rings %+v", e.Reminders)
			}
		}, []string{invited}},
		{"another conversation", func(d *desk, ch *invites.EventChange) {
			ch.Ref = "li/1"
			if f := delivery(d.T, d.try(ch)); !f.Final {
				d.Errorf("got %+v", *f)
			}
		}, []string{invited}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := sit(t)
			ch := invitation()
			d.lose("events.insert", ch)
			test.run(d, ch)
			if diff := cmp.Diff(test.told, d.told()); diff != "" {
				t.Errorf("told: -want +got\n%s%s", diff, d.asked())
			}
			if n := len(d.Events()); n != 1 {
				t.Errorf("%d events", n)
			}
		})
	}
}

func TestWriteFenced(t *testing.T) {
	fenced := errors.New("no longer ours")
	for i, job := range jobs {
		t.Run(job.name, func(t *testing.T) {
			t.Parallel()
			d, ch := open(sit(t), i)
			if job.name == "cancel-deleted-silently" {
				return // there is nothing to write
			}
			ch.Was, ch.Is, ch.ID = d.was, d.is, d.id
			if _, err := d.calendar.Write(t.Context(), ch, func() error { return fenced }); err != fenced { //nolint:errorlint // the very error
				t.Errorf("got %v", err)
			}
			if n := d.Count("events.insert", "events.patch", "events.delete"); n > 0 || d.told() != nil {
				t.Errorf("%d writes", n)
			}
		})
	}
}

// Refusals that Google has for one event, or one account.
func TestWriteForbidden(t *testing.T) {
	t.Run("no organizer", func(t *testing.T) {
		d := sit(t).invited()
		d.Fail(googletest.Fault{Call: "events.patch", Status: 403, Reason: "forbiddenForNonOrganizer", Message: "Shared properties can only be changed by the organizer."})
		if f := delivery(t, d.try(changed(later)(d))); !f.Final || f.Channel || !strings.Contains(f.Text, "only the organizer") {
			t.Errorf("got %+v", *f)
		}
	})
	t.Run("too many guests", func(t *testing.T) {
		d := sit(t)
		d.Quota(1)
		if f := delivery(t, d.try(invitation())); !errors.Is(f, invites.ErrGuests) || f.Wait != time.Hour || f.Final || d.Count() != 1 {
			t.Errorf("got %+v after %d requests", *f, d.Count())
		}
		d.write(invitation())
		if diff := cmp.Diff([]string{"invitation " + maya}, d.told()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("no such calendar", func(t *testing.T) {
		d := sit(t).invited()
		c, err := google.New(google.Config{Client: d.Client(), Endpoint: d.Endpoint(), ID: "gone@group.calendar.google.com"})
		if err != nil {
			t.Fatal(err)
		}
		d.calendar, d.is.In = c, ""
		for _, job := range []func(*invites.EventChange){func(*invites.EventChange) {}, later, called, ill} {
			ch := invitation()
			if job(ch); ch.Start.Equal(nine) && !ch.Cancel {
				d.was = nil
			} else {
				d.was = &invitation().Event
			}
			if f := delivery(t, d.try(ch)); !f.Final || !f.Channel || f.Stale != nil || !strings.Contains(f.Text, "there is no calendar gone@group.calendar.google.com") {
				t.Errorf("got %+v", *f)
			}
		}
		if is, err := c.Event(t.Context(), "", d.id); err == nil {
			t.Errorf("it brings %+v", is)
		}
		if _, err := c.Changes(t.Context(), "", nine, untaken(t)); !delivery(t, err).Final {
			t.Errorf("got %v", err)
		}
	})
	t.Run("readers", func(t *testing.T) {
		d := sit(t)
		d.AddCalendar("team@group.calendar.google.com", "Team", "reader")
		c, err := google.New(google.Config{Client: d.Client(), Endpoint: d.Endpoint(), ID: "team@group.calendar.google.com"})
		if err != nil {
			t.Fatal(err)
		}
		d.calendar = c
		if f := delivery(t, d.try(invitation())); !f.Final || !f.Channel || !strings.Contains(f.Text, "may not change the calendar team@") {
			t.Errorf("got %+v", *f)
		}
	})
	t.Run("no time", func(t *testing.T) {
		d := sit(t)
		for _, spoil := range []func(*invites.EventChange){
			func(ch *invites.EventChange) { ch.Zone = "Nowhere" }, func(ch *invites.EventChange) { ch.End = ch.Start }, func(ch *invites.EventChange) { ch.Start = time.Time{} },
		} {
			ch := invitation()
			if spoil(ch); ch.Start.IsZero() {
				ch.End = ch.Start
			}
			if f := delivery(t, d.try(ch)); !f.Final || d.Count() > 0 {
				t.Errorf("got %+v", *f)
			}
		}
	})
}

// An event that is nowhere any more: Google empties its bin.
func TestWriteGone(t *testing.T) {
	asked := []string{}
	c := over(t, func(r *http.Request) (int, string, error) {
		asked = append(asked, r.Method+" "+r.URL.Query().Get("sendUpdates"))
		if r.Method == "GET" && strings.HasSuffix(r.URL.Path, "/events") {
			return 200, `{}`, nil
		}
		if r.Method == "POST" {
			return 200, `{"id":"x","status":"confirmed"}`, nil
		}
		return 404, no(404, "notFound", "Not Found"), nil
	})
	known := invitation().Event
	known.Etag = `"1"`
	write := func(change func(*invites.EventChange)) (*invites.Event, error) {
		asked = nil
		ch := invitation()
		was, is := ch.Event, known
		ch.Was, ch.Is = &was, &is
		change(ch)
		return c.Write(t.Context(), ch, ready)
	}
	for _, cancel := range []func(*invites.EventChange){called, ill} {
		if is, err := write(cancel); err != nil || !is.Deleted {
			t.Errorf("cancelled: %+v, %v", is, err)
		}
	}
	_, err := write(later)
	if f := delivery(t, err); f.Stale == nil || !f.Stale.Deleted || f.Stale.ID != eventID {
		t.Errorf("moved: %+v", *f)
	}
	is, err := write(func(ch *invites.EventChange) { ch.Restore, ch.Is = true, &invites.Event{ID: ch.ID, Deleted: true} })
	if err != nil || is.Deleted || asked[len(asked)-1] != "POST all" {
		t.Errorf("restored: %+v, %v, %v", is, err, asked)
	}
	if is, err := c.Event(t.Context(), "", eventID); err != nil || !is.Deleted || is.ID != eventID {
		t.Errorf("looked at: %+v, %v", is, err)
	}
}

// Where Google does not show all guests none is changed: the others would be sent away.
func TestWriteOmitted(t *testing.T) {
	c := over(t, func(r *http.Request) (int, string, error) {
		if r.Method != "GET" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		return 200, `{"id":"x","etag":"\"1\"","attendeesOmitted":true,"attendees":[{"email":"ana@example.org"}]}`, nil
	})
	ch := invitation()
	was := ch.Event
	ch.Guests, ch.Was, ch.Is = nil, &was, &invites.Event{Etag: `"1"`, Guests: was.Guests}
	_, err := c.Write(t.Context(), ch, ready)
	if f := delivery(t, err); !f.Final || !strings.Contains(f.Text, "all guests") {
		t.Errorf("got %+v", *f)
	}
}

// An event that changes under every look is left for later.
func TestWriteBusy(t *testing.T) {
	for _, job := range []func(*invites.EventChange){later, ill} {
		asked := 0
		c := over(t, func(r *http.Request) (int, string, error) {
			if asked++; r.Method == "GET" {
				ch := invitation()
				job(ch)
				return 200, `{"etag":"\"` + newEventID() + `\"","status":"cancelled"}`, nil
			}
			return 412, no(412, "conditionNotMet", "Precondition Failed"), nil
		})
		ch := invitation()
		was := ch.Event
		job(ch)
		ch.Restore, ch.Was, ch.Is = true, &was, &invites.Event{Etag: `"1"`, Deleted: true}
		_, err := c.Write(t.Context(), ch, ready)
		if f := delivery(t, err); f.Final || f.Stale != nil || asked > 20 {
			t.Errorf("%+v after %d requests", *f, asked)
		}
	}
}

// What was deleted and is gone for good can't come back to be cancelled: the organizer has to tell of it.
func TestGoneForGood(t *testing.T) {
	for _, gone := range []int{404, 410} {
		asked := 0
		c := over(t, func(r *http.Request) (int, string, error) {
			if asked++; r.URL.Query().Has("maxResults") {
				return 200, `{}`, nil // the calendar itself is there
			}
			return gone, no(gone, "notFound", "Not Found"), nil
		})
		ch := invitation()
		was := ch.Event
		ch.Cancel, ch.Restore, ch.Was, ch.Is = true, true, &was, &invites.Event{Etag: `"1"`, Deleted: true}
		_, err := c.Write(t.Context(), ch, ready)
		if f := delivery(t, err); !f.Final || f.Channel || !strings.Contains(f.Text, "please tell them yourself") || asked > 3 {
			t.Errorf("%d: %+v after %d requests", gone, *f, asked)
		}
	}
}

func TestRooms(t *testing.T) {
	t.Run("in the calendar", func(t *testing.T) {
		d := sit(t)
		d.Set(func(s *googletest.Settings) { s.NoRooms = true })
		ch := changed(func(ch *invites.EventChange) { ch.Meet = true })(d)
		d.write(ch)
		if d.is.Join != "" {
			t.Errorf("room %q", d.is.Join)
		}
		d.Set(func(s *googletest.Settings) { s.NoRooms = false })
		d.write(invitation())
		ch.Key = "again"
		d.write(ch)
		first := d.is.Join
		d.write(invitation())
		if d.is.Join != "" {
			t.Errorf("room %q after it was taken away", d.is.Join)
		}
		d.write(changed(func(ch *invites.EventChange) { ch.Meet, ch.Summary = true, "Another" })(d))
		if d.is.Join == "" || first == "" {
			t.Errorf("rooms %q, %q", first, d.is.Join)
		}
	})
	for _, test := range []struct {
		name  string
		looks int // until the room is there
		fail  int // the look that fails
		end   time.Duration
		gets  int
		took  time.Duration
		room  bool
	}{
		{"at once", 0, 0, 0, 0, 0, true},
		{"at the second look", 2, 0, 0, 2, 3 * time.Second, true},
		{"at the third", 3, 0, 0, 3, 7 * time.Second, true},
		{"later", 4, 0, 0, 3, 7 * time.Second, false},
		{"with a fault", 3, 2, 0, 2, 3 * time.Second, false},
		{"when the program ends", 3, 0, 2 * time.Second, 1, 2 * time.Second, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gets := 0
				c := over(t, func(r *http.Request) (int, string, error) {
					if r.Method == "GET" {
						if gets++; gets == test.fail {
							return 500, "", nil
						}
					}
					event := &calendar.Event{Id: eventID, Status: "confirmed", ConferenceData: &calendar.ConferenceData{CreateRequest: &calendar.CreateConferenceRequest{
						Status: &calendar.ConferenceRequestStatus{StatusCode: "pending"}}}}
					if gets >= test.looks {
						event.HangoutLink, event.ConferenceData = "https://meet.google.com/abc", nil
					}
					b, _ := json.Marshal(event)
					return 200, string(b), nil
				})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.end > 0 {
					time.AfterFunc(test.end, cancel)
				}
				ch := invitation()
				ch.Meet = true
				at := time.Now()
				is, err := c.Write(ctx, ch, ready)
				if err != nil || (is.Join != "") != test.room || gets != test.gets || time.Since(at) != test.took {
					t.Errorf("%+v, %v after %v, %d looks", is, err, time.Since(at), gets)
				}
			})
		})
	}
}

// A room that an earlier write has asked for is not asked for again.
func TestRoomsOnce(t *testing.T) {
	for _, room := range []string{`"conferenceData":{"createRequest":{"status":{"statusCode":"pending"}}}`, `"hangoutLink":"https://meet.google.com/abc"`} {
		patched := ""
		c := over(t, func(r *http.Request) (int, string, error) {
			switch r.Method {
			case "POST":
				return 409, no(409, "duplicate", "The requested identifier already exists."), nil
			case "PATCH":
				b, _ := io.ReadAll(r.Body)
				patched += string(b)
				return 200, `{"id":"x"}`, nil
			}
			return 200, `{"id":"x","etag":"\"1\"","extendedProperties":{"private":{"coalition":"maya/1","coalitionWrite":"other"}},` + room + `}`, nil
		})
		ch := invitation()
		ch.Meet = true
		if _, err := c.Write(t.Context(), ch, ready); err != nil || patched == "" || strings.Contains(patched, "conferenceData") {
			t.Errorf("%v, %s", err, patched)
		}
	}
}

// Google takes five alarms, up to four weeks before.
func TestAlarms(t *testing.T) {
	d := sit(t)
	day := 24 * time.Hour
	ch := invitation()
	ch.Alarms = []time.Duration{40 * day, 28 * day, 90 * time.Second, 0, -time.Hour, time.Hour, time.Hour, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour}
	d.write(ch)
	var got []int64
	for _, r := range d.Event(d.id).Reminders.Overrides {
		got = append(got, r.Minutes)
	}
	if diff := cmp.Diff([]int64{40320, 2, 0, 60, 120}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// A reason that does not fit beside the description stands alone.
func TestLongReason(t *testing.T) {
	d := sit(t)
	ch := invitation()
	ch.Description = strings.Repeat("ä", 7980)
	d.write(ch)
	cancel := changed(ill)(d)
	d.write(cancel)
	if got := d.Event(d.id).Description; got != "<b>I am ill</b>" {
		t.Errorf("got %d bytes: %.40s", len(got), got)
	}
}
