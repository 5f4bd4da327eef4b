package googletest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/api/calendar/v3"

	"coalition/invites/google/googletest"
)

func TestPeople(t *testing.T) {
	g := googletest.Start(t)
	s := service(t, g)
	insert(t, s, talk("talk1", maya, "tomas@gmail.com"))
	g.Forget()
	_, next, err := listing(t, s.Events.List("primary"))
	if err != nil {
		t.Fatal(err)
	}
	was := g.Event("talk1")
	for i, do := range []func(){
		func() { g.Answer("talk1", "Maya@example.com", "tentative", "Perhaps") },
		func() { g.Leave("talk1", "tomas@gmail.com") },
		func() { g.AddGuest("talk1", "priya@example.com") },
		func() { g.Edit("talk1", true, func(e *calendar.Event) { e.Location = "Room 2" }) },
		func() { g.Delete("talk1", true) },
		func() { g.Restore("talk1", false) },
	} {
		do()
		now := g.Event("talk1")
		ids, after, err := listing(t, s.Events.List("primary").SyncToken(next))
		if err != nil || len(ids) != 1 || now.Etag == was.Etag || now.Updated <= was.Updated {
			t.Errorf("%d: %v, %v: %s, before %s", i, ids, err, now.Updated, was.Updated)
		}
		was, next = now, after
	}
	e := g.Event("talk1")
	if len(e.Attendees) != 2 || e.Attendees[0].ResponseStatus != "tentative" || e.Attendees[1].Email != "priya@example.com" || e.Location != "Room 2" || e.Sequence != 0 {
		t.Errorf("%+v", e)
	}
	for _, n := range g.Notices() {
		if n.By >= 0 || n.Kind == "" || n.To == "" || n.Event.Id != "talk1" {
			t.Errorf("%+v", n)
		}
	}
	g.Edit("talk1", false, func(e *calendar.Event) { e.Start.DateTime = "2026-12-02T09:30:00Z" })
	if e := g.Event("talk1"); e.Sequence != 1 {
		t.Error("a move leaves the sequence at", e.Sequence)
	}
	was = g.Event("talk1")
	g.Edit("talk1", false, func(e *calendar.Event) { e.Reminders = &calendar.EventReminders{} })
	if e := g.Event("talk1"); e.Updated != was.Updated || e.Etag == was.Etag || e.Reminders.UseDefault {
		t.Errorf("new reminders: %+v", e)
	}
}

func TestWhoIsTold(t *testing.T) {
	g := googletest.Start(t)
	s := service(t, g)
	told := func() (all []string) {
		for _, n := range g.Notices() {
			all = append(all, n.Kind+" "+n.To)
		}
		g.Forget()
		return all
	}
	with := func(guests ...string) *calendar.Event {
		return &calendar.Event{Attendees: talk("", guests...).Attendees}
	}
	for _, step := range []struct {
		do   func() error
		want string
	}{
		{func() error {
			_, err := s.Events.Insert("primary", talk("talk1", maya, "tomas@gmail.com", googletest.Account)).SendUpdates("externalOnly").Do()
			return err
		}, "[invitation maya@example.com]"},
		{func() error {
			_, err := s.Events.Patch("primary", "talk1", with(maya, "priya@example.com")).SendUpdates("all").Do()
			return err
		}, "[cancellation tomas@gmail.com update maya@example.com invitation priya@example.com]"},
		{func() error {
			_, err := s.Events.Patch("primary", "talk1", &calendar.Event{Summary: "x"}).SendUpdates("none").Do()
			return err
		}, "[]"},
		{func() error {
			_, err := s.Events.Patch("primary", "talk1", &calendar.Event{Status: "cancelled"}).SendUpdates("all").Do()
			return err
		}, "[cancellation maya@example.com cancellation priya@example.com]"},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(told()); got != step.want {
			t.Errorf("told %s, want %s", got, step.want)
		}
	}
	g.Quota(1)
	if _, err := s.Events.Insert("primary", talk("talk2")).Do(); err != nil {
		t.Error("without guests:", err)
	}
	if _, err := s.Events.Insert("primary", talk("talk3", maya)).SendUpdates("none").Do(); refused(err) != "403 quotaExceeded" {
		t.Error("with guests:", err)
	}
	insert(t, s, talk("talk3", maya))
}

func TestPatch(t *testing.T) {
	g := googletest.Start(t)
	s := service(t, g)
	e := talk("talk1")
	e.Description = "words"
	e.ExtendedProperties = &calendar.EventExtendedProperties{Private: map[string]string{"a": "1", "b": "2"}}
	insert(t, s, e)
	patch := &calendar.Event{ExtendedProperties: &calendar.EventExtendedProperties{Private: map[string]string{"b": "3"}}, NullFields: []string{"Description"}}
	got, err := s.Events.Patch("primary", "talk1", patch).Do()
	if err != nil || fmt.Sprint(got.ExtendedProperties.Private) != "map[a:1 b:3]" || got.Description != "" {
		t.Error(got, err)
	}
	if err := s.Events.Delete("primary", "talk1").Do(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Events.Update("primary", "talk1", talk("")).Do(); refused(err) != "403 forbidden" {
		t.Error(err)
	}
	back := talk("")
	back.Status = "confirmed"
	if got, err = s.Events.Update("primary", "talk1", back).Do(); err != nil || got.ExtendedProperties != nil || got.Id != "talk1" {
		t.Error("an update clears what it leaves out", got, err)
	}
	day := &calendar.Event{Start: &calendar.EventDateTime{Date: "2026-12-02", NullFields: []string{"DateTime", "TimeZone"}},
		End: &calendar.EventDateTime{Date: "2026-12-03", NullFields: []string{"DateTime", "TimeZone"}}}
	if got, err = s.Events.Patch("primary", "talk1", day).Do(); err != nil || got.Start.Date != "2026-12-02" || got.Start.DateTime != "" || got.Sequence != 1 {
		t.Error(got, err)
	}
}

func TestRooms(t *testing.T) {
	g := googletest.Start(t)
	g.Set(func(set *googletest.Settings) { set.Rooms = 2 })
	s := service(t, g)
	ask := func(id string) *calendar.Event {
		e := talk(id)
		e.ConferenceData = &calendar.ConferenceData{CreateRequest: &calendar.CreateConferenceRequest{RequestId: id,
			ConferenceSolutionKey: &calendar.ConferenceSolutionKey{Type: "hangoutsMeet"}}}
		made, err := s.Events.Insert("primary", e).ConferenceDataVersion(1).Do()
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	made := ask("talk1")
	state := func(e *calendar.Event) string { return e.ConferenceData.CreateRequest.Status.StatusCode }
	if state(made) != "pending" || made.HangoutLink != "" {
		t.Errorf("%+v", made)
	}
	first, err := s.Events.Get("primary", "talk1").Do()
	if err != nil || state(first) != "pending" || first.Etag != made.Etag {
		t.Error(first, err)
	}
	page, err := s.Events.List("primary").Do()
	if err != nil || state(page.Items[0]) != "success" || page.Items[0].Etag == made.Etag || page.Items[0].Updated == made.Updated ||
		page.Items[0].ConferenceData.EntryPoints[0].Uri != page.Items[0].HangoutLink || !strings.HasPrefix(page.Items[0].HangoutLink, "https://meet.google.com/") {
		t.Error(page, err)
	}
	g.Set(func(set *googletest.Settings) { set.Rooms, set.NoRooms = 0, true })
	if e := ask("talk2"); state(e) != "failure" || e.HangoutLink != "" {
		t.Errorf("%+v", e)
	}
}

func TestShown(t *testing.T) {
	g := googletest.Start(t)
	s := service(t, g)
	insert(t, s, talk("talk1", maya, "tomas@gmail.com"))
	g.TimeZone("primary", "America/New_York")
	get := func(call *calendar.EventsGetCall) *calendar.Event {
		e, err := call.Do()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := get(s.Events.Get("primary", "talk1")); e.Start.DateTime != "2026-12-02T05:00:00-05:00" || e.Start.TimeZone != "Europe/Lisbon" {
		t.Errorf("%+v", e.Start)
	}
	if e := get(s.Events.Get("primary", "talk1").TimeZone("Asia/Tokyo")); e.Start.DateTime != "2026-12-02T19:00:00+09:00" {
		t.Errorf("%+v", e.Start)
	}
	if e := get(s.Events.Get("primary", "talk1").MaxAttendees(1)); !e.AttendeesOmitted || len(e.Attendees) != 0 {
		t.Errorf("%+v", e)
	}
	for fields, want := range map[string]string{
		"id,start/date,attendees(email,responseStatus)":           `{"attendees":[{"email":"maya@example.com","responseStatus":"needsAction"},{"email":"tomas@gmail.com","responseStatus":"needsAction"}],"id":"talk1","start":{}}`,
		"start(dateTime,timeZone),end/dateTime,start/date,status": `{"end":{"dateTime":"2026-12-02T06:00:00-05:00"},"start":{"dateTime":"2026-12-02T05:00:00-05:00","timeZone":"Europe/Lisbon"},"status":"confirmed"}`,
		"attendees/email,reminders":                               `{"attendees":[{"email":"maya@example.com"},{"email":"tomas@gmail.com"}],"reminders":{"useDefault":true}}`,
	} {
		if _, got := send(t, g, "GET", "calendars/primary/events/talk1?fields="+url.QueryEscape(fields), ""); got != want {
			t.Errorf("%s\n got %s\nwant %s", fields, got, want)
		}
	}
	_, got := send(t, g, "GET", "calendars/primary/events?fields="+url.QueryEscape("items(id,summary),nextPageToken"), "")
	if got != `{"items":[{"id":"talk1","summary":"Partners?"}]}` {
		t.Error(got)
	}
	if _, got := send(t, g, "GET", "calendars/primary/events?fields="+url.QueryEscape("timeZone,nextPageToken"), ""); got != `{"timeZone":"America/New_York"}` {
		t.Error(got)
	}
	if _, got := send(t, g, "GET", "calendars/primary/events?fields=*", ""); !strings.Contains(got, `"nextSyncToken"`) || !strings.Contains(got, `"iCalUID"`) {
		t.Error(got)
	}
	for _, call := range []*calendar.EventsListCall{
		s.Events.List("primary").PrivateExtendedProperty("a=b"), s.Events.List("primary").Q("budget"),
		s.Events.List("primary").UpdatedMin("2099-01-01T00:00:00Z"), s.Events.List("primary").ICalUID("x"),
	} {
		if ids, next, err := listing(t, call); err != nil || len(ids) != 0 || next != "" {
			t.Error("a search:", ids, next, err)
		}
	}
	if ids, next, err := listing(t, s.Events.List("primary").Q("PARTNERS").OrderBy("updated")); err != nil || len(ids) != 1 || next != "" {
		t.Error(ids, next, err)
	}
	entry, err := s.CalendarList.Get("primary").Do()
	if err != nil || entry.Id != googletest.Account || !entry.Primary || entry.TimeZone != "America/New_York" {
		t.Error(entry, err)
	}
	g.AddCalendar("team@example.org", "Team", "writer")
	all, err := s.CalendarList.List().Do()
	if err != nil || len(all.Items) != 2 {
		t.Error(all, err)
	}
	if _, err := s.Events.Insert("team@example.org", talk("talk1")).Do(); err != nil {
		t.Error("the same id in another calendar:", err)
	}
}

func TestDeletions(t *testing.T) {
	g := googletest.Start(t)
	s := service(t, g)
	insert(t, s, talk("talk1"))
	_, next, err := listing(t, s.Events.List("primary"))
	if err != nil {
		t.Fatal(err)
	}
	g.Delete("talk1", false)
	full, err := s.Events.List("primary").SyncToken(next).Do()
	if err != nil || full.Items[0].Summary == "" {
		t.Error(full, err)
	}
	g.Set(func(set *googletest.Settings) { set.BareDeletions = true })
	bare, err := s.Events.List("primary").SyncToken(next).Do()
	if err != nil || bare.Items[0].Status != "cancelled" || bare.Items[0].Summary != "" || bare.Items[0].Start != nil {
		t.Error(bare, err)
	}
	for show, want := range map[bool]int{false: 0, true: 1} {
		if ids, _, err := listing(t, s.Events.List("primary").ShowDeleted(show)); err != nil || len(ids) != want {
			t.Error(show, ids, err)
		}
	}
}

func TestForeign(t *testing.T) {
	g := googletest.Start(t)
	s := service(t, g)
	ids := g.AddForeign(1000)
	got, next, err := listing(t, s.Events.List("primary"))
	if err != nil || len(got) != 1000 || next == "" {
		t.Fatal(len(got), err)
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != 1000 {
		t.Error("twice the same id:", n)
	}
	page, err := s.Events.List("primary").MaxResults(20).Do()
	if err != nil || page.NextPageToken == "" {
		t.Fatal(err)
	}
	shapes := map[string]bool{}
	for _, e := range page.Items {
		shapes["all day"] = shapes["all day"] || e.Start != nil && e.Start.Date != ""
		shapes["series"] = shapes["series"] || e.Recurrence != nil
		shapes["exception"] = shapes["exception"] || e.RecurringEventId != "" && e.Status == "confirmed"
		shapes["bare"] = shapes["bare"] || e.Status == "cancelled" && e.Start == nil && e.OriginalStartTime != nil
		shapes["untitled"] = shapes["untitled"] || e.Summary == "" && e.Visibility == ""
		shapes["long"] = shapes["long"] || len(e.Description) > 5000
		shapes["private"] = shapes["private"] || e.Visibility == "private"
		shapes["theirs"] = shapes["theirs"] || e.Organizer != nil && !e.Organizer.Self
	}
	for shape, there := range shapes {
		if !there {
			t.Error("there is none:", shape)
		}
	}
	if g.AddForeign(3); len(g.Events()) != 0 {
		t.Error("they count as the program's")
	}
	if got, _, err := listing(t, s.Events.List("primary").SyncToken(next)); err != nil || len(got) != 3 {
		t.Error(got, err)
	}
	window, _, err := listing(t, s.Events.List("primary").TimeMin(time.Now().Format(time.RFC3339)))
	if err != nil || len(window) < 400 || len(window) > 900 {
		t.Error(len(window), err)
	}
	single, _, err := listing(t, s.Events.List("primary").SingleEvents(true).OrderBy("startTime").
		TimeMin(time.Now().Format(time.RFC3339)).TimeMax(time.Now().AddDate(0, 0, 14).Format(time.RFC3339)))
	if err != nil || !slices.ContainsFunc(single, func(id string) bool { return strings.Contains(id, "_") }) {
		t.Error(len(single), err)
	}
}

func TestBusy(t *testing.T) {
	g := googletest.Start(t)
	s := service(t, g)
	add := func(id, from, to string, change func(*calendar.Event)) {
		e := &calendar.Event{Id: id, Start: &calendar.EventDateTime{DateTime: from, TimeZone: "Europe/Berlin"}, End: &calendar.EventDateTime{DateTime: to, TimeZone: "Europe/Berlin"}}
		if change != nil {
			change(e)
		}
		if _, err := s.Events.Insert("primary", e).SendUpdates("none").Do(); err != nil {
			t.Fatal(err)
		}
	}
	add("talk1", "2026-12-02T10:00:00Z", "2026-12-02T11:00:00Z", nil)
	add("night", "2026-12-01T23:00:00Z", "2026-12-02T01:00:00Z", nil)
	add("talk2", "2026-12-02T10:30:00Z", "2026-12-02T11:30:00Z", nil)
	add("free1", "2026-12-02T13:00:00Z", "2026-12-02T14:00:00Z", func(e *calendar.Event) { e.Transparency = "transparent" })
	add("no1no", "2026-12-02T15:00:00Z", "2026-12-02T16:00:00Z", func(e *calendar.Event) {
		e.Attendees = []*calendar.EventAttendee{{Email: googletest.Account, ResponseStatus: "declined"}}
	})
	add("series1", "2026-11-25T08:00:00Z", "2026-11-25T09:00:00Z", func(e *calendar.Event) { e.Recurrence = []string{"RRULE:FREQ=WEEKLY"} })
	add("adag1", "", "", func(e *calendar.Event) {
		e.Start, e.End = &calendar.EventDateTime{Date: "2026-12-03"}, &calendar.EventDateTime{Date: "2026-12-04"}
	})
	g.ShareBusy(maya, [2]time.Time{time.Date(2026, 12, 2, 9, 0, 0, 0, time.UTC), time.Date(2026, 12, 2, 10, 0, 0, 0, time.UTC)})
	answer, err := s.Freebusy.Query(&calendar.FreeBusyRequest{TimeMin: "2026-12-02T00:00:00Z", TimeMax: "2026-12-04T00:00:00Z",
		Items: []*calendar.FreeBusyRequestItem{{Id: "primary"}, {Id: maya}, {Id: "tomas@example.com"}}}).Do()
	if err != nil {
		t.Fatal(err)
	}
	show := func(id string) (all string) {
		for _, p := range answer.Calendars[id].Busy {
			all += " " + p.Start[5:16] + "-" + p.End[5:16]
		}
		for _, e := range answer.Calendars[id].Errors {
			all += " " + e.Reason
		}
		return all
	}
	for id, want := range map[string]string{
		"primary":           " 12-02T00:00-12-02T01:00 12-02T08:00-12-02T09:00 12-02T10:00-12-02T11:30 12-02T23:00-12-03T23:00",
		maya:                " 12-02T09:00-12-02T10:00",
		"tomas@example.com": " notFound",
	} {
		if got := show(id); got != want {
			t.Errorf("%s is busy%s, want%s", id, got, want)
		}
	}
}

// A series takes place where it has no event of its own, and no more.
func TestSeries(t *testing.T) {
	g := googletest.Start(t)
	g.Set(func(set *googletest.Settings) {
		set.Now = func() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }
	})
	s := service(t, g)
	g.AddForeign(5) // the third is a series from 2 October on; the next two are its second and third time, moved and cancelled
	page, err := s.Events.List("primary").SingleEvents(true).OrderBy("startTime").TimeZone("UTC").
		TimeMin("2026-10-02T00:00:00Z").TimeMax("2026-10-23T00:30:00Z").MaxResults(2).Do()
	if err != nil || page.NextPageToken == "" {
		t.Fatal(page, err)
	}
	more, err := s.Events.List("primary").SingleEvents(true).OrderBy("startTime").TimeZone("UTC").
		TimeMin("2026-10-02T00:00:00Z").TimeMax("2026-10-23T00:30:00Z").MaxResults(2).PageToken(page.NextPageToken).Do()
	if err != nil || more.NextPageToken != "" {
		t.Fatal(more, err)
	}
	var got []string
	for _, e := range append(page.Items, more.Items...) {
		got = append(got, e.Id[strings.IndexByte(e.Id, '_')+1:]+" "+e.Start.DateTime)
	}
	want := "[20261002T000000Z 2026-10-02T00:00:00Z 20261009T000000Z 2026-10-02T06:00:00Z 20261023T000000Z 2026-10-23T00:00:00Z]"
	if fmt.Sprint(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	answer, err := s.Freebusy.Query(&calendar.FreeBusyRequest{TimeMin: "2026-10-02T00:30:00Z", TimeMax: "2026-10-23T00:30:00Z",
		Items: []*calendar.FreeBusyRequestItem{{Id: "primary"}}}).Do()
	if err != nil {
		t.Fatal(err)
	}
	got = nil
	for _, p := range answer.Calendars["primary"].Busy {
		got = append(got, p.Start+" "+p.End[11:16])
	}
	if want := "[2026-10-02T00:30:00Z 01:00 2026-10-02T06:00:00Z 07:00 2026-10-23T00:00:00Z 00:30]"; fmt.Sprint(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPush(t *testing.T) {
	g := googletest.Start(t)
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	var got []string
	program := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		h := r.Header
		got = append(got, fmt.Sprint(r.Method, r.URL.Path, " ", h.Get("X-Goog-Channel-ID"), h.Get("X-Goog-Channel-Token"), h.Get("X-Goog-Resource-ID") != "",
			h.Get("X-Goog-Resource-State"), h.Get("X-Goog-Message-Number"), " ", h.Get("X-Goog-Channel-Expiration"), len(body)))
	}))
	defer program.Close()
	g.Set(func(set *googletest.Settings) {
		set.Now = func() time.Time { return now }
		set.Push = program.URL
	})
	s := service(t, g)
	open := func(id string) (*calendar.Channel, error) {
		return s.Events.Watch("primary", &calendar.Channel{Id: id, Type: "web_hook", Address: "https://a.example/push", Token: "word"}).Do()
	}
	one, err := open("one")
	if err != nil || one.Expiration != now.Add(7*24*time.Hour).UnixMilli() || one.ResourceId == "" {
		t.Fatal(one, err)
	}
	if err := g.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"POST/push oneword true" + "sync1 Fri, 27 Nov 2026 12:00:00 GMT0", "POST/push oneword true" + "exists3 Fri, 27 Nov 2026 12:00:00 GMT0"}
	for i := range want {
		if i >= len(got) || strings.ReplaceAll(got[i], " ", "") != strings.ReplaceAll(want[i], " ", "") {
			t.Errorf("got %q\nwant %q", got, want)
			break
		}
	}
	got = nil
	two, err := open("two")
	if err != nil || two.ResourceId != one.ResourceId || fmt.Sprint(g.Channels()) != "[one two]" {
		t.Fatal(two, err)
	}
	if err := s.Channels.Stop(&calendar.Channel{Id: "one", ResourceId: "another"}).Do(); refused(err) != "404 notFound" {
		t.Error(err)
	}
	if err := s.Channels.Stop(&calendar.Channel{Id: "one", ResourceId: one.ResourceId}).Do(); err != nil {
		t.Error(err)
	}
	if err := g.Ping(t.Context()); err != nil || len(got) != 2 || !strings.Contains(got[0], "two") {
		t.Error(got, err)
	}
	now = now.Add(7 * 24 * time.Hour)
	if err := g.Ping(t.Context()); err != nil || len(got) != 2 || len(g.Channels()) != 0 {
		t.Error("a channel lives on", got, err)
	}
}

func TestHook(t *testing.T) {
	g := googletest.Start(t)
	s := service(t, g)
	var seen []string
	g.Hook(func(at googletest.Point, r googletest.Request) {
		seen = append(seen, fmt.Sprint(at, " ", r.Call, " ", g.Event("talk1") != nil))
	})
	insert(t, s, talk("talk1"))
	g.Hook(nil)
	if _, err := s.Events.Get("primary", "talk1").Do(); err != nil { // so that the insert has surely ended
		t.Fatal(err)
	}
	if got := strings.Join(seen[:2], ", "); got != "0 events.insert false, 1 events.insert true" {
		t.Error(seen)
	}
}

func TestBlockAndTorn(t *testing.T) {
	g := googletest.Start(t)
	s := service(t, g)
	gate, ended := make(chan struct{}), make(chan error)
	g.Fail(googletest.Fault{Call: "events.insert", Block: gate, Skip: 1})
	insert(t, s, talk("talk0"))
	arrived := make(chan struct{}, 3)
	g.Hook(func(googletest.Point, googletest.Request) { arrived <- struct{}{} })
	go func() {
		_, err := s.Events.Insert("primary", talk("talk1")).Do()
		ended <- err
	}()
	<-arrived
	if g.Event("talk1") != nil {
		t.Error("it was not held up")
	}
	g.Hook(nil)
	close(gate)
	if err := <-ended; err != nil || g.Event("talk1") == nil {
		t.Error(err)
	}
	g.Fail(googletest.Fault{Call: "events.insert", Torn: true})
	if _, err := s.Events.Insert("primary", talk("talk2")).Do(); err == nil || g.Event("talk2") == nil {
		t.Error(err)
	}
	g.Fail(googletest.Fault{Times: -1, Status: 429})
	for range 3 {
		if _, err := s.Events.Get("primary", "talk2").Do(); refused(err) != "429 rateLimitExceeded" {
			t.Error(err)
		}
	}
	g.Heal()
	if _, err := s.Events.Get("primary", "talk2").Do(); err != nil {
		t.Error(err)
	}
	g.Fail(googletest.Fault{Call: "events.insert", Status: 500, After: true})
	if _, err := s.Events.Insert("primary", talk("talk3")).Do(); refused(err) != "500 backendError" || g.Event("talk3") == nil {
		t.Error(err)
	}
	g.ExpireAccessTokens()
	if _, err := s.Events.Get("primary", "talk2").Do(); refused(err) != "401 authError" {
		t.Error(err)
	}
	if _, err := service(t, g, listScope).Events.Get("primary", "talk2").Do(); refused(err) != "403 insufficientPermissions" {
		t.Error(err)
	}
}

func TestAtOnce(t *testing.T) {
	g := googletest.Start(t)
	s := service(t, g)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			id := fmt.Sprint("talk", i)
			insert(t, s, talk(id, maya))
			g.Answer(id, maya, "accepted", "")
			g.AddForeign(5)
			if _, _, err := listing(t, s.Events.List("primary").MaxResults(3)); err != nil {
				t.Error(err)
			}
			g.Notices()
		})
	}
	all.Wait()
	stamps := map[string]bool{}
	for _, e := range g.Events() {
		stamps[e.Updated] = true
	}
	if len(stamps) != 8 || len(g.Notices()) != 8 {
		t.Error(stamps)
	}
}

// What Pages returns is what a listing is answered with.
func TestPages(t *testing.T) {
	g := googletest.Start(t)
	g.AddForeign(30)
	n := 0
	for _, page := range g.Pages(url.Values{"maxResults": {"20"}, "fields": {"items(id,etag),nextPageToken,nextSyncToken"}}) {
		var p calendar.Events
		if err := json.Unmarshal(page, &p); err != nil || bytes.Contains(page, []byte("summary")) {
			t.Errorf("%v: %s", err, page)
		}
		n += len(p.Items)
	}
	if n != 30 || g.Count() != 0 {
		t.Error(n, g.Count())
	}
}

// BenchmarkList is a whole listing, without decoding: the least that one of a program can take.
func BenchmarkList(b *testing.B) {
	g := googletest.Start(b)
	g.AddForeign(10_000)
	client := g.Client()
	for b.Loop() {
		next, size := "", 0
		for {
			q := url.Values{"maxResults": {"2500"}}
			if next != "" {
				q.Set("pageToken", next)
			}
			resp, err := client.Get(g.Endpoint() + "calendars/primary/events?" + q.Encode())
			if err != nil {
				b.Fatal(err)
			}
			page, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil {
				b.Fatal(err)
			}
			size += len(page)
			i := bytes.Index(page[:min(len(page), 1000)], []byte(`"nextPageToken":"`))
			if i < 0 {
				break
			}
			next, _, _ = strings.Cut(string(page[i+len(`"nextPageToken":"`):i+500]), `"`)
		}
		b.SetBytes(int64(size))
	}
}
