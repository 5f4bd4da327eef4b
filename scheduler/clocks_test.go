package scheduler_test

import (
	"database/sql"
	"errors"
	"io"
	"mime/quotedprintable"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/invites/zones"
	"coalition/invites/zones/zonestest"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/refusal"
	"coalition/scheduler/roster"
)

// vancouver is a world in which Maya has accepted a talk on the clock of Vancouver, which was written with the
// data of 2025: at six in the evening UTC in March 2027. The newest data says five.
func vancouver(t *testing.T, plans ...string) *world {
	zonestest.Use(t, zonestest.Old(t))
	w := newWorld(t)
	w.plan("maya", maya(append([]string{"permitted: She said yes.", `when: {start: 2027-03-04 10:00, timezone: America/Vancouver}`}, plans...)...))
	w.pass()
	w.want("invite-0")
	w.later(time.Hour)
	w.receive(w.reply(invites.Reply, invites.Accepted))
	if got := w.status("maya"); got != conversation.Confirmed {
		t.Fatalf("status: got %s", got)
	}
	w.later(time.Hour)
	zonestest.Use(t, zones.BuiltIn())
	return w
}

var agreed = plan.Slot{Wall: "2027-03-04T10:00", Zone: "America/Vancouver"}

const question = "say whether Maya Chen is to get an update: the clocks of America/Vancouver are put otherwise by newer zone data, and calendars may show the talk of Thu 4 Mar 2027 10:00 at 11:00: coalition move maya --start \"2027-03-04 17:00\" (with --told if they know)"

func (w *world) wantNext(next string) {
	w.t.Helper()
	if got := roster.Next(w.find("maya"), w.now).Next; got != next {
		w.t.Errorf("next: got %q, want %q", got, next)
	}
}

// Where newer zone data moves the instant of an agreed talk nothing goes by itself: the organizer is asked, and
// the answer stands as it was given.
func TestClocksArePutOtherwise(t *testing.T) {
	w := vancouver(t)
	for range 2 {
		w.pass()
		w.want("invite-0")
		w.wantNext(question)
	}
	c := w.find("maya")
	if at := c.Start(w.now).UTC(); at.Hour() != 17 || c.Status(w.now) != conversation.Confirmed {
		t.Errorf("got %s at %s, want it confirmed at five", c.Status(w.now), at)
	}
	// The update is the organizer's word: it asks again, and goes once.
	w.commit(w.reschedule(w.find("maya"), agreed, w.now))
	w.wantNext("deliver the update")
	for range 2 {
		w.pass()
		w.want("invite-0 update-1")
	}
	sent := w.arrived[1]
	for _, want := range []string{"DTSTART;TZID=America/Vancouver:20270304T100000", "TZOFFSETTO:-0700", "PARTSTAT=NEEDS-ACTION"} {
		if !strings.Contains(strings.ReplaceAll(string(sent.Calendar), "\r\n ", ""), want) {
			t.Errorf("the update has no %s:\n%s", want, sent.Calendar)
		}
	}
	for _, want := range []string{"new rules hold for the clocks", "it may have said: Thursday, 4 March 2027, 19:00–20:00 (Berlin)", "It is: Thursday, 4 March 2027, 18:00"} {
		if !strings.Contains(plainText(t, sent), want) {
			t.Errorf("the update does not say %q:\n%s", want, plainText(t, sent))
		}
	}
	if got := w.history("move"); got != "stays at Thu 4 Mar 2027 10:00 (America/Vancouver), on clocks that are put otherwise now" {
		t.Errorf("history: %s", got)
	}
	if got := w.status("maya"); got != conversation.Invited {
		t.Errorf("status: got %s, want the old answer reset", got)
	}
	// Asked once more it has gone; the new answer counts.
	d, err := w.reschedule(w.find("maya"), agreed, w.now)
	if err != nil || d.Sent == nil || d.Sent.Kind != outbox.Update {
		t.Errorf("once more: got %v, %v", d, err)
	}
	w.later(time.Hour)
	w.receive(w.reply(invites.Reply, invites.Accepted))
	if got := w.status("maya"); got != conversation.Confirmed {
		t.Errorf("status: got %s", got)
	}
	w.wantNext("remind Maya Chen")
}

// Where it is the partner's clock that is put otherwise the talk stays, and they have read another hour.
func TestClocksOfThePartner(t *testing.T) {
	zonestest.Use(t, zonestest.Old(t))
	w := newWorld(t)
	w.plan("maya", maya("permitted: She said yes.", "when: {start: 2027-03-04 17:00}", "timezone: America/Vancouver"))
	w.pass()
	w.later(time.Hour)
	w.receive(w.reply(invites.Reply, invites.Accepted))
	zonestest.Use(t, zones.BuiltIn())
	w.pass()
	w.want("invite-0")
	w.wantNext("say whether Maya Chen is to get an update: the clocks of America/Vancouver are put otherwise by newer zone data, and the talk is there at Thu 4 Mar 2027 10:00 now, where they read 09:00: coalition move maya --start \"2027-03-04 17:00\" (with --told if they know)")
	w.commit(w.reschedule(w.find("maya"), plan.Slot{Wall: "2027-03-04T17:00", Zone: "Europe/Lisbon"}, w.now))
	w.pass()
	w.want("invite-0 update-1")
	for _, want := range []string{"it may have said: Thursday, 4 March 2027, 09:00–10:00 (Vancouver)", "It is: Thursday, 4 March 2027, 10:00–11:00"} {
		if text := plainText(t, w.arrived[1]); !strings.Contains(text, want) {
			t.Errorf("the update does not say %q:\n%s", want, text)
		}
	}
	w.wantNext("remind Maya Chen")
}

// A brief that has not left names the hours that hold when it does; one that has left is not repeated for them.
func TestClocksInABrief(t *testing.T) {
	for _, left := range []bool{true, false} {
		zonestest.Use(t, zonestest.Old(t))
		w := newWorld(t)
		w.plan("maya", maya("when: {times: [2027-03-04 17:00, 2027-03-05 17:00]}", "timezone: America/Vancouver"))
		if !left {
			w.answer = func(*invites.Submission, func() error) error { return &invites.DeliveryError{Text: "not now"} }
		}
		w.pass()
		w.answer = nil
		zonestest.Use(t, zones.BuiltIn())
		w.later(time.Hour)
		w.pass()
		w.pass()
		w.want("brief-0")
		if text := plainText(t, w.arrived[0]); strings.Contains(text, "4 March 2027, 09:00") != left {
			t.Errorf("left before: %v; it says\n%s", left, text)
		}
	}
}

// A state that an earlier version has written is asked about, too: it knows the instant from when the message was to
// have left.
func TestClocksOfAnEarlierVersion(t *testing.T) {
	w := vancouver(t)
	db, err := sql.Open("sqlite", filepath.Join(w.dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := db.Exec("UPDATE messages SET content = json_remove(content, '$.unix') WHERE json_extract(content, '$.unix') IS NOT NULL")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.RowsAffected(); n == 0 || err != nil {
		t.Fatalf("%d rows, %v", n, err)
	}
	w.pass()
	w.want("invite-0")
	w.wantNext(question)
}

// Who wants notices gets one of it.
func TestClocksNotice(t *testing.T) {
	w := vancouver(t)
	w.Notify = true
	for range 3 {
		w.pass()
		w.want("invite-0 notice-0")
	}
	if text := plainText(t, w.arrived[1]); !strings.Contains(text, "Maya Chen: new rules hold for the clocks") || !strings.Contains(text, `coalition move maya --start "2027-03-04 17:00" --told`) {
		t.Errorf("the notice says\n%s", text)
	}
	w.wantNext(question)
}

// Who knows already is not written to.
func TestClocksAndTheyKnow(t *testing.T) {
	w := vancouver(t)
	if _, err := w.Take(w.find("maya"), command.Keep{To: plan.Slot{Wall: "2027-03-04T11:00", Zone: "America/Vancouver"}}, w.now); !errors.Is(err, refusal.ErrUnfit) {
		t.Errorf("another time: got %v", err)
	}
	w.take("maya", command.Keep{To: agreed})
	w.pass()
	w.want("invite-0")
	w.wantNext("remind Maya Chen")
	if got := w.status("maya"); got != conversation.Confirmed {
		t.Errorf("status: got %s", got)
	}
	if _, err := w.Take(w.find("maya"), command.Withdraw{}, w.now); err != nil {
		t.Error(err)
	}
	// Where nothing is put otherwise there is nothing to know.
	w = invited(t)
	if _, err := w.Take(w.find("maya"), command.Keep{To: plan.SlotOf(w.find("maya").Start(w.now))}, w.now); !errors.Is(err, refusal.ErrUnfit) {
		t.Errorf("no clocks: got %v", err)
	}
}

// The question keeps nothing else from going on: reminders go at the time that holds, and an update that goes
// for another reason says how clocks are put, and asks again.
func TestClocksGoOn(t *testing.T) {
	w := vancouver(t)
	w.plan("maya", maya("permitted: She said yes.", `when: {start: 2027-03-04 10:00, timezone: America/Vancouver}`, "purpose: Another purpose."))
	w.pass()
	w.want("invite-0 update-1")
	if text := plainText(t, w.arrived[1]); !strings.Contains(text, "new rules hold for the clocks") || w.status("maya") != conversation.Invited {
		t.Errorf("status %s, and the update says\n%s", w.status("maya"), text)
	}
	w.wantNext("remind Maya Chen")

	w = vancouver(t)
	w.now = time.Date(2027, 3, 3, 17, 0, 0, 0, time.UTC)
	w.pass()
	w.want("invite-0 reminder-0")
	w.wantNext(question)
	w.now = time.Date(2027, 3, 4, 17, 0, 0, 0, time.UTC)
	w.wantNext("hold the talk")
}

// What has not left yet is written anew, and nobody is asked.
func TestClocksBeforeItLeaves(t *testing.T) {
	zonestest.Use(t, zonestest.Old(t))
	w := newWorld(t)
	w.plan("maya", maya("permitted: She said yes.", `when: {start: 2027-03-04 10:00, timezone: America/Vancouver}`))
	w.answer = func(*invites.Submission, func() error) error {
		return &invites.DeliveryError{Text: "not now"}
	}
	w.pass()
	w.want("")
	w.answer = nil
	zonestest.Use(t, zones.BuiltIn())
	w.later(time.Hour)
	w.pass()
	w.pass()
	w.want("invite-0")
	if ics := string(w.arrived[0].Calendar); strings.Contains(ics, "-0800") || !strings.Contains(ics, "-0700") {
		t.Errorf("it goes with the old clocks:\n%s", ics)
	}
	w.wantNext("remind Maya Chen")
}

// In Google Calendar the same holds; and where Google has put the clocks of the event otherwise by itself,
// nobody has moved it, and nobody is asked.
func TestClocksInGoogle(t *testing.T) {
	book := func() (*world, *online) {
		zonestest.Use(t, zonestest.Old(t))
		w, o := booked(t, `when: {start: 2027-03-04 10:00, timezone: America/Vancouver}`)
		o.edit(accept)
		w.sync()
		if got := w.status("maya"); got != conversation.Confirmed {
			t.Fatalf("status: got %s", got)
		}
		zonestest.Use(t, zones.BuiltIn())
		return w, o
	}
	w, o := book()
	before := len(o.told)
	w.sync()
	w.pass()
	w.wantNext(question)
	if len(o.told) != before || w.status("maya") != conversation.Confirmed {
		t.Errorf("told %q by itself, status %s", o.told[before:], w.status("maya"))
	}
	w.commit(w.reschedule(w.find("maya"), agreed, w.now))
	w.pass()
	w.sync()
	w.pass()
	if at := o.only(t).Start.UTC(); at.Hour() != 17 || len(o.told) != before+1 {
		t.Errorf("the event is at %s, told %q", at, o.told)
	}
	w.wantNext("remind Maya Chen")

	w, o = book()
	before = len(o.told)
	o.edit(func(e *invites.Event) { e.Start, e.End = e.Start.Add(-time.Hour), e.End.Add(-time.Hour) })
	w.sync()
	w.pass()
	w.wantNext("remind Maya Chen")
	if len(o.told) != before {
		t.Errorf("told %q", o.told[before:])
	}
	if got := w.history("sync"); !strings.Contains(got, "Google Calendar goes by the new clocks of America/Vancouver, too; Thu 4 Mar 2027 10:00 (America/Vancouver) stands") {
		t.Errorf("history: %s", got)
	}
}

// plainText is what a mail says, on unfolded lines.
func plainText(t *testing.T, p *invites.Submission) string {
	t.Helper()
	r := quotedprintable.NewReader(strings.NewReader(strings.ReplaceAll(string(p.Data), "\r\n", "\n")))
	text, err := io.ReadAll(r)
	if err != nil && len(text) == 0 {
		t.Fatal(err)
	}
	return string(text)
}
