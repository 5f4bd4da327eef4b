package googletest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"coalition/invites/google/googletest"
)

// A recorder is a test whose errors are no errors of this one.
type recorder struct {
	testing.TB
	mu   sync.Mutex
	said []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

// take is what was said since, and forgets it.
func (r *recorder) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() { r.said = nil }()
	return strings.Join(r.said, "\n")
}

func service(t testing.TB, g *googletest.Server, scopes ...string) *calendar.Service {
	t.Helper()
	s, err := calendar.NewService(context.Background(), option.WithEndpoint(g.Endpoint()), option.WithHTTPClient(g.Client(scopes...)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// refused is the status and reason of an error: "409 duplicate".
func refused(err error) string {
	var e *googleapi.Error
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	if len(e.Errors) == 0 {
		return fmt.Sprint(e.Code)
	}
	return fmt.Sprint(e.Code, " ", e.Errors[0].Reason)
}

func talk(id string, guests ...string) *calendar.Event {
	e := &calendar.Event{Id: id, Summary: "Partners?",
		Start: &calendar.EventDateTime{DateTime: "2026-12-02T10:00:00", TimeZone: "Europe/Lisbon"},
		End:   &calendar.EventDateTime{DateTime: "2026-12-02T11:00:00", TimeZone: "Europe/Lisbon"},
	}
	for _, g := range guests {
		e.Attendees = append(e.Attendees, &calendar.EventAttendee{Email: g})
	}
	return e
}

const maya = "maya@example.com"

func insert(t testing.TB, s *calendar.Service, e *calendar.Event) *calendar.Event {
	t.Helper()
	made, err := s.Events.Insert("primary", e).SendUpdates("all").Do()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestLife(t *testing.T) {
	g := googletest.Start(t)
	s := service(t, g)
	e := insert(t, s, talk("talk1", maya))
	if e.ICalUID != "talk1@google.com" || e.Sequence != 0 || e.Start.DateTime != "2026-12-02T11:00:00+01:00" || e.Start.TimeZone != "Europe/Lisbon" ||
		!e.Organizer.Self || e.Attendees[0].ResponseStatus != "needsAction" || e.Status != "confirmed" || e.Etag[0] != '"' {
		t.Errorf("made %+v", e)
	}
	if _, err := s.Events.Insert("primary", talk("talk1")).Do(); refused(err) != "409 duplicate" {
		t.Errorf("the same id again: %v", err)
	}
	patch := s.Events.Patch("primary", "talk1", &calendar.Event{Location: "Room 2"}).SendUpdates("all")
	patch.Header().Set("If-Match", e.Etag)
	placed, err := patch.Do()
	if err != nil || placed.Sequence != 0 || placed.Etag == e.Etag || placed.Updated <= e.Updated {
		t.Fatalf("%+v, %v", placed, err)
	}
	if _, err := patch.Do(); refused(err) != "412 conditionNotMet" {
		t.Errorf("an old etag: %v", err)
	}
	g.Answer("talk1", maya, "accepted", "Gladly")
	later, err := s.Events.Patch("primary", "talk1", &calendar.Event{End: &calendar.EventDateTime{DateTime: "2026-12-02T12:00:00Z"}}).SendUpdates("none").Do()
	if err != nil || later.Sequence != 1 || later.Attendees[0].ResponseStatus != "accepted" || later.Attendees[0].Comment != "Gladly" {
		t.Errorf("%+v, %v", later, err)
	}
	again, err := s.Events.Patch("primary", "talk1", &calendar.Event{Attendees: talk("", maya).Attendees}).SendUpdates("none").Do()
	if err != nil || again.Attendees[0].ResponseStatus != "needsAction" || again.Attendees[0].Comment != "" {
		t.Errorf("a patch of the guests keeps what they said: %+v, %v", again.Attendees[0], err)
	}
	if err := s.Events.Delete("primary", "talk1").SendUpdates("all").Do(); err != nil {
		t.Fatal(err)
	}
	if err := s.Events.Delete("primary", "talk1").SendUpdates("all").Do(); refused(err) != "410 deleted" {
		t.Errorf("deleted twice: %v", err)
	}
	if _, err := s.Events.Insert("primary", talk("talk1")).Do(); refused(err) != "409 duplicate" {
		t.Errorf("the id of a deleted event: %v", err)
	}
	if _, err := s.Events.Patch("primary", "talk1", &calendar.Event{Location: "Room 3"}).SendUpdates("all").Do(); refused(err) != "403 forbidden" {
		t.Errorf("a deleted event changed: %v", err)
	}
	gone, err := s.Events.Get("primary", "talk1").Do()
	if err != nil || gone.Status != "cancelled" {
		t.Errorf("%+v, %v", gone, err)
	}
	back, err := s.Events.Patch("primary", "talk1", &calendar.Event{Status: "confirmed"}).SendUpdates("all").Do()
	if err != nil || back.Status != "confirmed" {
		t.Errorf("%+v, %v", back, err)
	}
	var told []string
	for _, n := range g.Notices() {
		told = append(told, fmt.Sprint(n.Kind, " ", n.To, " ", g.Requests()[n.By].Method))
	}
	want := "invitation maya@example.com POST, update maya@example.com PATCH, cancellation maya@example.com DELETE, invitation maya@example.com PATCH"
	if got := strings.Join(told, ", "); got != want {
		t.Errorf("told %s\nwant %s", got, want)
	}
	if _, err := s.Events.Get("primary", "nothere").Do(); refused(err) != "404 notFound" {
		t.Error(err)
	}
}

// listing follows all pages, and returns the ids and the next token.
func listing(t testing.TB, call *calendar.EventsListCall) (ids []string, next string, err error) {
	t.Helper()
	for {
		page, err := call.Do()
		if err != nil {
			return nil, "", err
		}
		for _, e := range page.Items {
			id := e.Id
			if e.Status == "cancelled" {
				id += "!"
			}
			ids = append(ids, id)
		}
		if page.NextPageToken == "" {
			return ids, page.NextSyncToken, nil
		}
		if page.NextSyncToken != "" {
			t.Error("a sync token before the last page")
		}
		call = call.PageToken(page.NextPageToken)
	}
}

func TestSync(t *testing.T) {
	g := googletest.Start(t)
	g.Set(func(set *googletest.Settings) { set.PageSize = 2 })
	s := service(t, g)
	for i := range 5 {
		insert(t, s, talk(fmt.Sprint("talk", i)))
	}
	ids, next, err := listing(t, s.Events.List("primary").TimeMin("2026-01-01T00:00:00Z"))
	if err != nil || fmt.Sprint(ids) != "[talk0 talk1 talk2 talk3 talk4]" || next == "" {
		t.Fatal(ids, next, err)
	}
	if ids, again, err := listing(t, s.Events.List("primary").SyncToken(next)); err != nil || len(ids) != 0 || again == "" {
		t.Error(ids, err)
	}
	g.Delete("talk1", false)
	g.Edit("talk3", false, func(e *calendar.Event) { e.Location = "here" })
	g.Edit("talk0", false, func(e *calendar.Event) { e.Location = "there" })
	g.Edit("talk3", false, func(e *calendar.Event) { e.Location = "there" })
	ids, newer, err := listing(t, s.Events.List("primary").SyncToken(next))
	if err != nil || fmt.Sprint(ids) != "[talk1! talk0 talk3]" {
		t.Error(ids, err)
	}
	if _, _, err := listing(t, s.Events.List("primary").SingleEvents(true).SyncToken(newer)); refused(err) != "400 invalid" || !strings.Contains(err.Error(), "Invalid sync token value.") {
		t.Error(err)
	}
	g.ExpireSyncTokens()
	if _, _, err := listing(t, s.Events.List("primary").SyncToken(newer)); refused(err) != "410 fullSyncRequired" {
		t.Error(err)
	}
	if ids, next, err = listing(t, s.Events.List("primary")); err != nil || fmt.Sprint(ids) != "[talk0 talk2 talk3 talk4]" {
		t.Error(ids, err)
	}
	g.InvalidateSyncTokens()
	if _, _, err := listing(t, s.Events.List("primary").SyncToken(next)); refused(err) != "400 invalid" {
		t.Error(err)
	}
}

// What happens between two pages comes with the next sync.
func TestBetweenPages(t *testing.T) {
	rec := &recorder{TB: t}
	g := googletest.Start(rec)
	g.Set(func(set *googletest.Settings) { set.PageSize = 2 })
	s := service(t, g)
	for i := range 4 {
		insert(t, s, talk(fmt.Sprint("talk", i)))
	}
	touch := func(id string) { g.Edit(id, false, func(e *calendar.Event) { e.Summary += "!" }) }
	// rest is the listing, with something done after its first page.
	rest := func(first *calendar.EventsListCall, then func()) (ids []string, next string) {
		t.Helper()
		page, err := first.Do()
		if err != nil || len(page.Items) != 2 || page.NextPageToken == "" {
			t.Fatal(page, err)
		}
		then()
		ids, next, err = listing(t, first.PageToken(page.NextPageToken))
		if err != nil {
			t.Fatal(err)
		}
		return append([]string{page.Items[0].Id, page.Items[1].Id}, ids...), next
	}
	ids, next := rest(s.Events.List("primary"), func() {
		touch("talk0")
		g.Delete("talk3", false)
		insert(t, s, talk("talk4"))
	})
	if fmt.Sprint(ids) != "[talk0 talk1 talk2]" {
		t.Error(ids)
	}
	ids, next = rest(s.Events.List("primary").SyncToken(next), func() { touch("talk3"); touch("talk1") })
	if fmt.Sprint(ids) != "[talk0 talk3 talk4]" {
		t.Error(ids)
	}
	if ids, _, err := listing(t, s.Events.List("primary").SyncToken(next)); err != nil || fmt.Sprint(ids) != "[talk3! talk1]" {
		t.Error(ids, err)
	}
	if said := rec.take(); said != "" {
		t.Error(said)
	}

	page, err := s.Events.List("primary").TimeMin("2026-01-01T00:00:00Z").Do()
	if err != nil || page.NextPageToken == "" {
		t.Fatal(page, err)
	}
	whole, err := s.Events.List("primary").Do()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Events.List("primary").SyncToken(next).PageToken(whole.NextPageToken).Do(); refused(err) != "400 invalid" || rec.take() == "" {
		t.Error("the page of a full listing, in a sync:", err)
	}
	for name, call := range map[string]*calendar.EventsListCall{
		"window":     s.Events.List("primary").TimeMin("2026-02-01T00:00:00Z"),
		"parameters": s.Events.List("primary").TimeMin("2026-01-01T00:00:00Z").ShowDeleted(true),
	} {
		if _, err := call.PageToken(page.NextPageToken).Do(); refused(err) != "400 invalid" || rec.take() == "" {
			t.Errorf("the page of another listing, %s: %v", name, err)
		}
	}
}

func TestFaults(t *testing.T) {
	g := googletest.Start(t)
	s := service(t, g)
	g.Fail(googletest.Fault{Call: "events.insert", Status: 403, Reason: "userRateLimitExceeded", RetryAfter: 3e9})
	_, err := s.Events.Insert("primary", talk("talk1")).Do()
	var e *googleapi.Error
	if !errors.As(err, &e) || refused(err) != "403 userRateLimitExceeded" || e.Header.Get("Retry-After") != "3" {
		t.Error(err)
	}
	g.Fail(googletest.Fault{Call: "events.insert", Cut: true})
	if _, err := s.Events.Insert("primary", talk("talk1")).Do(); err == nil || g.Event("talk1") != nil {
		t.Error("cut before", err)
	}
	g.Fail(googletest.Fault{Call: "events.insert", Cut: true, After: true})
	if _, err := s.Events.Insert("primary", talk("talk1")).Do(); err == nil || g.Event("talk1") == nil {
		t.Error("cut after", err)
	}
	g.Fail(googletest.Fault{Match: func(r *http.Request) bool { return r.Method == "GET" }, Status: 503, HTML: true})
	if _, err := s.Events.Get("primary", "talk1").Do(); refused(err) != "503" || !strings.Contains(err.Error(), "<title>") {
		t.Error(err)
	}
	if _, err := s.Events.Get("primary", "talk1").Do(); err != nil {
		t.Error("it fails once too often", err)
	}
}
