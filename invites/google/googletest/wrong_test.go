package googletest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"coalition/invites/google/googletest"
)

// send is a request as any program could send it, and what came back.
func send(t testing.TB, g *googletest.Server, method, path, body string, header ...string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, g.Endpoint()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := g.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

const (
	times = `"start": {"dateTime": "2026-12-02T10:00:00Z"}, "end": {"dateTime": "2026-12-02T11:00:00Z"}`
	her   = `"attendees": [{"email": "maya@example.com"}]`
)

// Each of these requests fails the test of the program that sends it, and is refused.
func TestWrongRequests(t *testing.T) {
	rec := &recorder{TB: t}
	g := googletest.Start(rec)
	if status, answer := send(t, g, "POST", "calendars/primary/events?sendUpdates=all", `{"id": "talk1", "sequence": 3, `+her+`, `+times+`}`); status != 200 {
		t.Fatal(answer)
	}
	if status, answer := send(t, g, "POST", "calendars/primary/events?sendUpdates=all", `{"id": "quiet", `+times+`}`); status != 200 {
		t.Fatal(answer)
	}
	foreign := g.AddForeign(1)[0]
	_, page := send(t, g, "GET", "calendars/primary/events", "")
	token := page[strings.Index(page, `"nextSyncToken":"`)+len(`"nextSyncToken":"`):]
	token = strings.ReplaceAll(token[:strings.IndexByte(token, '"')], "=", "%3D")
	if said := rec.take(); said != "" {
		t.Fatal(said)
	}

	const events, talk1 = "calendars/primary/events", "calendars/primary/events/talk1?sendUpdates=none"
	for name, r := range map[string]struct{ method, path, body, says string }{
		"path":              {"GET", "calendars/primary/meetings", "", "no such thing"},
		"method":            {"PUT", events, "", "no such thing"},
		"not modelled":      {"GET", "colors", "", "has no colors.get"},
		"parameter":         {"GET", events + "?sinceToken=x", "", `no parameter "sinceToken"`},
		"of another method": {"GET", events + "/talk1?sendUpdates=all", "", `no parameter "sendUpdates"`},
		"twice":             {"GET", events + "?maxResults=1&maxResults=2", "", "comes twice"},
		"boolean":           {"GET", events + "?singleEvents=1", "", "is not true or false"},
		"number":            {"GET", events + "?maxResults=many", "", "is no number"},
		"minimum":           {"GET", events + "?maxResults=0", "", "less than 1"},
		"maximum":           {"POST", events + "?conferenceDataVersion=2&sendUpdates=all", "{" + times + "}", "more than 1"},
		"enum":              {"POST", events + "?sendUpdates=everybody", "{" + times + "}", "none of"},
		"time":              {"GET", events + "?timeMin=2026-12-02", "", "no time"},
		"time, no offset":   {"GET", events + "?timeMin=2026-12-02T10:00:00", "", "no zone offset"},
		"token in address":  {"GET", events + "?oauth_token=x", "", "a secret"},
		"required":          {"POST", events + "/quickAdd", "", `"text" is missing`},

		"no JSON":       {"POST", events, "{" + times, "no JSON"},
		"two values":    {"POST", events, "{" + times + "}{}", "no JSON"},
		"list":          {"POST", events, "[]", "no object"},
		"body of GET":   {"GET", events, "{}", "a body"},
		"field":         {"POST", events, `{"title": "x", ` + times + `}`, "no field Event.title"},
		"deep field":    {"POST", events + "?sendUpdates=all", `{"attendees": [{"email": "a@example.com", "partstat": "x"}], ` + times + `}`, "no field Event.attendees[0].partstat"},
		"deep ref":      {"PATCH", talk1, `{"conferenceData": {"createRequest": {"id": "x"}}}`, "no field Event.conferenceData.createRequest.id"},
		"type":          {"POST", events, `{"summary": 1, ` + times + `}`, "Event.summary is a number"},
		"type, map":     {"POST", events, `{"extendedProperties": {"private": {"a": true}}, ` + times + `}`, "private.a is true or false"},
		"type, list":    {"POST", events, `{"attendees": {}, ` + times + `}`, "Event.attendees is an object"},
		"type, object":  {"POST", events, `{"start": "2026-12-02"}`, "Event.start is text"},
		"fraction":      {"POST", events, `{"sequence": 1.5, ` + times + `}`, "no number"},
		"null in list":  {"POST", events, `{"attendees": [null], ` + times + `}`, "is null"},
		"enum in words": {"PATCH", talk1, `{"status": "deleted"}`, "none of"},
		"missing start": {"POST", events, `{"summary": "x", "end": {"date": "2026-12-02"}}`, `"start" is missing`},

		"read-only etag":      {"PATCH", talk1, `{"etag": "\"1\""}`, `"etag" is read-only`},
		"read-only updated":   {"PATCH", talk1, `{"updated": "2026-12-02T10:00:00Z"}`, `"updated" is read-only`},
		"read-only htmlLink":  {"PATCH", talk1, `{"htmlLink": "https://x.example"}`, `"htmlLink" is read-only`},
		"read-only creator":   {"PATCH", talk1, `{"creator": {"email": "a@example.org"}}`, `"creator" is read-only`},
		"read-only organizer": {"PATCH", talk1, `{"organizer": {"email": "a@example.org"}}`, `"organizer" is read-only`},
		"id and iCalUID":      {"POST", events, `{"id": "talk2", "iCalUID": "x@example.org", ` + times + `}`, "either id or iCalUID"},
		"other id":            {"PATCH", talk1, `{"id": "talk2"}`, "id can't change"},
		"other iCalUID":       {"PATCH", talk1, `{"iCalUID": "talk2@google.com"}`, "iCalUID can't change"},
		"lower sequence":      {"PATCH", talk1, `{"sequence": 2}`, "Invalid sequence value"},

		"id alphabet":       {"POST", events, `{"id": "talk-1", ` + times + `}`, "Invalid resource id"},
		"id capitals":       {"POST", events, `{"id": "TALK1", ` + times + `}`, "Invalid resource id"},
		"id w":              {"POST", events, `{"id": "aaaaw", ` + times + `}`, "Invalid resource id"},
		"id short":          {"POST", events, `{"id": "abcd", ` + times + `}`, "Invalid resource id"},
		"id long":           {"POST", events, `{"id": "` + strings.Repeat("a", 1025) + `", ` + times + `}`, "Invalid resource id"},
		"empty id":          {"POST", events, `{"id": "", ` + times + `}`, "Invalid resource id"},
		"empty time":        {"POST", events, `{"start": {}, "end": {}}`, "either a date or a time"},
		"date and time":     {"PATCH", talk1, `{"start": {"date": "2026-12-02"}, "end": {"date": "2026-12-03"}}`, "either a date or a time"},
		"no zone":           {"POST", events, `{"start": {"dateTime": "2026-12-02T10:00:00"}, "end": {"dateTime": "2026-12-02T11:00:00"}}`, "Missing time zone"},
		"unknown zone":      {"PATCH", talk1, `{"start": {"timeZone": "Mars/Olympus"}}`, "Invalid time zone"},
		"ends first":        {"PATCH", talk1, `{"end": {"dateTime": "2026-12-02T09:00:00Z"}}`, "time range is empty"},
		"guest's address":   {"POST", events + "?sendUpdates=all", `{"attendees": [{"email": "Maya <maya@example.com>"}], ` + times + `}`, "Invalid attendee"},
		"guest twice":       {"POST", events + "?sendUpdates=all", `{"attendees": [{"email": "maya@example.com"}, {"email": "Maya@example.com"}], ` + times + `}`, "same guest twice"},
		"six reminders":     {"PATCH", talk1, `{"reminders": {"useDefault": false, "overrides": [` + strings.Repeat(`{"method": "popup", "minutes": 1},`, 5) + `{"method": "popup", "minutes": 9}]}}`, "more than five"},
		"early reminder":    {"PATCH", talk1, `{"reminders": {"useDefault": false, "overrides": [{"method": "popup", "minutes": 40321}]}}`, "40320"},
		"both reminders":    {"PATCH", talk1, `{"reminders": {"useDefault": true, "overrides": [{"method": "popup", "minutes": 5}]}}`, "both default"},
		"long property":     {"PATCH", talk1, `{"extendedProperties": {"private": {"` + strings.Repeat("k", 45) + `": "v"}}}`, "44"},
		"room, no version":  {"PATCH", talk1, `{"conferenceData": {"createRequest": {"requestId": "r"}}}`, "conferenceDataVersion"},
		"room, no id":       {"PATCH", talk1 + "&conferenceDataVersion=1", `{"conferenceData": {"createRequest": {}}}`, "requestId"},
		"others' answer":    {"PATCH", talk1, `{"attendeesOmitted": true, "attendees": [{"email": "maya@example.com", "responseStatus": "accepted"}]}`, "own answer"},
		"foreign, changed":  {"PATCH", events + "/" + foreign + "?sendUpdates=none", `{"summary": "mine"}`, "not the program's own"},
		"foreign, deleted":  {"DELETE", events + "/" + foreign + "?sendUpdates=none", "", "not the program's own"},
		"who is told: new":  {"POST", events, `{` + her + `, ` + times + `}`, "sendUpdates"},
		"who is told":       {"PATCH", events + "/talk1", `{"summary": "x"}`, "sendUpdates"},
		"who is told, more": {"PATCH", events + "/quiet", `{` + her + `}`, "sendUpdates"},
		"who is told, less": {"PATCH", events + "/talk1", `{"attendees": []}`, "sendUpdates"},
		"who is told: gone": {"DELETE", events + "/talk1", "", "sendUpdates"},
		"deprecated":        {"DELETE", events + "/talk1?sendNotifications=true", "", "deprecated"},

		"beside a token":      {"GET", events + "?timeMin=2026-12-02T10:00:00Z&syncToken=" + token, "", "timeMin can't stand beside syncToken"},
		"beside a token: max": {"GET", events + "?timeMax=2026-12-02T10:00:00Z&syncToken=" + token, "", "timeMax can't"},
		"beside a token: min": {"GET", events + "?updatedMin=2026-12-02T10:00:00Z&syncToken=" + token, "", "updatedMin can't"},
		"beside a token: uid": {"GET", events + "?iCalUID=x&syncToken=" + token, "", "iCalUID can't"},
		"beside a token: by":  {"GET", events + "?orderBy=updated&syncToken=" + token, "", "orderBy can't"},
		"beside a token: own": {"GET", events + "?privateExtendedProperty=a%3Db&syncToken=" + token, "", "privateExtendedProperty can't"},
		"beside a token: all": {"GET", events + "?sharedExtendedProperty=a%3Db&syncToken=" + token, "", "sharedExtendedProperty can't"},
		"beside a token: q":   {"GET", events + "?q=x&syncToken=" + token, "", "q can't"},
		"beside a token: del": {"GET", events + "?showDeleted=false&syncToken=" + token, "", "showDeleted=false can't"},
		"order of series":     {"GET", events + "?orderBy=startTime", "", "ordering is not available"},
		"empty window":        {"GET", events + "?timeMin=2026-12-02T10:00:00Z&timeMax=2026-12-02T10:00:00Z", "", "range is empty"},
		"page token":          {"GET", events + "?pageToken=abc", "", "Invalid page token"},
		"listing's zone":      {"GET", events + "?timeZone=Mars", "", "Invalid time zone"},

		"mask":               {"GET", events + "?fields=items(id,title),nextPageToken", "", `no field "title"`},
		"mask, deep":         {"GET", events + "?fields=items/start/when,nextPageToken", "", `no field "when"`},
		"mask, broken":       {"GET", events + "?fields=items(id,nextPageToken", "", "no field"},
		"mask, open":         {"GET", events + "?fields=nextPageToken,items(id", "", "a ) is missing"},
		"mask, closed":       {"GET", events + "?fields=nextPageToken)", "", "too much"},
		"mask, empty":        {"GET", events + "?fields=items(),nextPageToken", "", "a field is missing"},
		"mask without pages": {"GET", events + "?fields=items(id),nextSyncToken", "", "leaves out nextPageToken"},

		"busy: window": {"POST", "freeBusy", `{"items": [{"id": "primary"}], "timeMin": "2026-12-02T10:00:00Z", "timeMax": "2026-12-02T10:00:00Z"}`, "range is empty"},
		"busy: nobody": {"POST", "freeBusy", `{"timeMin": "2026-12-02T10:00:00Z", "timeMax": "2026-12-03T10:00:00Z"}`, "Missing items"},
		"busy: no end": {"POST", "freeBusy", `{"items": [{"id": "primary"}], "timeMin": "2026-12-02T10:00:00Z"}`, "timeMax"},
		"busy: 51": {"POST", "freeBusy", `{"items": [` + strings.Repeat(`{"id": "a@example.org"},`, 50) +
			`{"id": "primary"}], "timeMin": "2026-12-02T10:00:00Z", "timeMax": "2026-12-03T10:00:00Z"}`, "more than 50"},

		"channel: http": {"POST", events + "/watch", `{"id": "c1", "type": "web_hook", "address": "http://a.example/push"}`, "must be HTTPS"},
		"channel: type": {"POST", events + "/watch", `{"id": "c1", "type": "mail", "address": "https://a.example/push"}`, "channel type"},
		"channel: id":   {"POST", events + "/watch", `{"id": "c 1", "type": "web_hook", "address": "https://a.example/push"}`, "channel id"},
		"channel: long": {"POST", events + "/watch", `{"id": "` + strings.Repeat("c", 65) + `", "type": "web_hook", "address": "https://a.example/push"}`, "channel id"},
		"channel: word": {"POST", events + "/watch", `{"id": "c1", "type": "web_hook", "address": "https://a.example/push", "token": "` + strings.Repeat("t", 257) + `"}`, "256"},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := send(t, g, r.method, r.path, r.body)
			said := rec.take()
			if status < 400 || !strings.Contains(said, r.says) {
				t.Errorf("%d %s\nthe test is told %q, want %q", status, answer, said, r.says)
			}
			if !strings.HasPrefix(answer, `{"error":{"code":`+fmt.Sprint(status)) || !strings.Contains(answer, `"reason":"`) {
				t.Errorf("no envelope of Google's: %s", answer)
			}
		})
	}

	for name, header := range map[string][]string{
		"If-Match, insert": {"If-Match", `"1"`},
		"kind of body":     {"Content-Type", "text/plain"},
	} {
		status, _ := send(t, g, "POST", events, "{"+times+"}", header...)
		if said := rec.take(); status < 400 || said == "" {
			t.Errorf("%s: %d, %q", name, status, said)
		}
	}
	resp, err := http.Get(g.Endpoint() + events)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 401 || rec.take() == "" {
		t.Error("no token:", resp.Status)
	}
	if status, _ := send(t, g, "PATCH", talk1, `{"summary": "x"}`, "If-Match", "12"); status != 412 || rec.take() == "" {
		t.Error("an etag without quotes:", status)
	}

	// and what they were to do has not happened
	e := g.Event("talk1")
	if len(g.Events()) != 2 || e.Status != "confirmed" || len(e.Attendees) != 1 || e.Summary != "" || e.Sequence != 3 {
		t.Errorf("%+v of %d", e, len(g.Events()))
	}
}

// These can happen to a careful program, and are no errors of its test.
func TestRefusals(t *testing.T) {
	g := googletest.Start(t)
	g.AddCalendar("team@example.org", "Team", "reader")
	for name, r := range map[string]struct{ method, path, body, want string }{
		"calendar":       {"GET", "calendars/nobody@example.org/events", "", "404 notFound"},
		"event":          {"GET", "calendars/primary/events/nothere", "", "404 notFound"},
		"may not write":  {"POST", "calendars/team@example.org/events", "{" + times + "}", "403 requiredAccessLevel"},
		"sync token":     {"GET", "calendars/primary/events?syncToken=abc", "", "400 invalid"},
		"channel":        {"POST", "channels/stop", `{"id": "c1", "resourceId": "r"}`, "404 notFound"},
		"calendar entry": {"GET", "users/me/calendarList/nobody@example.org", "", "404 notFound"},
		"long window":    {"POST", "freeBusy", `{"items": [{"id": "primary"}], "timeMin": "2026-01-01T00:00:00Z", "timeMax": "2026-06-01T00:00:00Z"}`, "400 timeRangeTooLong"},
	} {
		status, answer := send(t, g, r.method, r.path, r.body)
		if got := fmt.Sprint(status); !strings.HasPrefix(r.want, got) || !strings.Contains(answer, `"reason":"`+r.want[4:]+`"`) {
			t.Errorf("%s: %d %s, want %s", name, status, answer, r.want)
		}
	}
}
