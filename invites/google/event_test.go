package google_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"coalition/invites"
	"coalition/invites/google"
	"coalition/invites/plaintext"
)

// A wire answers requests without a network.
type wire func(*http.Request) (status int, body string, err error)

func (f wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	status, body, err := f(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}, nil
}

// over is a calendar behind a wire.
func over(t testing.TB, f wire) *google.Calendar {
	t.Helper()
	c, err := google.New(google.Config{Client: &http.Client{Transport: f}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// read is the event of that JSON as Calendar.Event brings it.
func read(t testing.TB, event string) (*invites.Event, error) {
	t.Helper()
	return over(t, func(*http.Request) (int, string, error) { return 200, event, nil }).Event(t.Context(), "", "id")
}

const strange = "one\u0000\u202e two\r\nthree\u2028four\ufeff\x7f"

func TestEventReads(t *testing.T) {
	at := time.Date(2027, 3, 4, 9, 0, 0, 0, time.UTC)
	quoted, _ := json.Marshal(strange)
	tests := []struct {
		name, event string
		want        invites.Event
	}{
		{"all of it", `{"kind":"calendar#event","id":"abc","status":"confirmed","etag":"\"7\"","updated":"2027-02-22T10:00:00.250Z","iCalUID":"abc@google.com","sequence":2,
			"start":{"dateTime":"2027-03-04T10:00:00+01:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2027-03-04T11:00:00+01:00","timeZone":"Europe/Berlin"},
			"summary":"A talk","description":"<b>Agenda</b>\n<ul><li>One</li></ul>","location":"North gate","hangoutLink":"https://meet.google.com/old",
			"conferenceData":{"entryPoints":[{"entryPointType":"phone","uri":"tel:+1"},{"entryPointType":"video","uri":"https://meet.google.com/abc"}]},
			"organizer":{"email":"ana@example.org","self":true},
			"attendees":[{"email":"ana@example.org","organizer":true,"self":true,"responseStatus":"accepted"},
				{"email":"maya@EXAMPLE.org","displayName":"Maya Chen","responseStatus":"tentative","comment":"Perhaps\nlater"},
				{"email":"room@resource.example.org","resource":true},{"email":"team@example.org","self":true},{"email":"li@example.org"},
				{"email":"a@example.org","responseStatus":"accepted"},{"email":"b@example.org","responseStatus":"declined"},{"email":"c@example.org","responseStatus":"?"}],
			"extendedProperties":{"private":{"coalition":"maya/1","other":"x"},"shared":{"coalition":"no"}}}`,
			invites.Event{ID: "abc", UID: "abc@google.com", Etag: `"7"`, Updated: time.Date(2027, 2, 22, 10, 0, 0, 250e6, time.UTC), Sequence: 2, In: "ana@example.org",
				Start: at, End: at.Add(time.Hour), Zone: "Europe/Berlin", Summary: "A talk", Description: "<b>Agenda</b>\n<ul><li>One</li></ul>", Location: "North gate",
				Join: "https://meet.google.com/abc", Ref: "maya/1", Guests: []invites.Guest{
					{Name: "Maya Chen", Email: "maya@example.org", PartStat: invites.Tentative, Comment: "Perhaps\nlater"},
					{Email: "li@example.org", PartStat: invites.NeedsAction}, {Email: "a@example.org", PartStat: invites.Accepted},
					{Email: "b@example.org", PartStat: invites.Declined}, {Email: "c@example.org", PartStat: invites.NeedsAction}}}},
		{"a series", `{"id":"abc","recurrence":["RRULE:FREQ=WEEKLY"]}`, invites.Event{ID: "abc", Repeats: true}},
		{"from the bin", `{"id":"abc","status":"cancelled"}`, invites.Event{ID: "abc", Deleted: true}},
		{"all day", `{"id":"abc","start":{"date":"2027-03-04"},"end":{"date":"2027-03-05"}}`, invites.Event{ID: "abc"}},
		{"a time without offset", `{"id":"abc","start":{"dateTime":"2027-03-04T10:00:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2027-03-04T11:00:00","timeZone":"Europe/Berlin"}}`,
			invites.Event{ID: "abc", Start: at, End: at.Add(time.Hour), Zone: "Europe/Berlin"}},
		{"a zone of nowhere", `{"id":"abc","start":{"dateTime":"2027-03-04T10:00:00+01:00","timeZone":"Local"},"end":{"dateTime":"2027-03-04T11:00:00+01:00"}}`,
			invites.Event{ID: "abc", Start: at, End: at.Add(time.Hour)}},
		{"it ends before it begins", `{"id":"abc","start":{"dateTime":"2027-03-04T10:00:00Z"},"end":{"dateTime":"2027-03-04T09:00:00Z"}}`, invites.Event{ID: "abc"}},
		{"a year that JSON can't write", `{"id":"abc","updated":"9999-12-31T23:59:59-12:00","start":{"dateTime":"9999-12-31T23:00:00-12:00"},"end":{"dateTime":"9999-12-31T23:59:59-12:00"}}`, invites.Event{ID: "abc"}},
		{"a room that is none", `{"id":"abc","hangoutLink":"javascript:alert(1)"}`, invites.Event{ID: "abc"}},
		{"a room in the clear", `{"id":"abc","hangoutLink":"http://meet.example.org/x"}`, invites.Event{ID: "abc"}},
		{"an older room", `{"id":"abc","hangoutLink":"https://meet.google.com/old","conferenceData":{}}`, invites.Event{ID: "abc", Join: "https://meet.google.com/old"}},
		{"a sequence below zero", `{"id":"abc","sequence":-4}`, invites.Event{ID: "abc"}},
		{"strange words", `{"id":"abc","summary":` + string(quoted) + `,"description":` + string(quoted) + `}`,
			invites.Event{ID: "abc", Summary: "one two three four", Description: "one two\nthree\nfour"}},
		{"long words", `{"id":"abc","location":"x` + strings.Repeat("ä", 1<<12) + `"}`, invites.Event{ID: "abc", Location: "x" + strings.Repeat("ä", 1<<11-1)}},
		{"holes", `{"id":"abc","attendees":[null,{}],"conferenceData":{"entryPoints":[null]}}`,
			invites.Event{ID: "abc"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := read(t, test.event)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestEventOfCrowd(t *testing.T) {
	e, err := read(t, `{"id":"x","attendees":[`+strings.Repeat(`{"email":"a@example.org"},`, 5000)+`{}]}`)
	if err != nil || len(e.Guests) != 500 {
		t.Errorf("%d guests, %v", len(e.Guests), err)
	}
}

func TestEventGone(t *testing.T) {
	c := over(t, func(*http.Request) (int, string, error) {
		return 410, no(410, "deleted", "Resource has been deleted"), nil
	})
	if e, err := c.Event(t.Context(), "", "abc"); err != nil || !e.Deleted || e.ID != "abc" {
		t.Errorf("%+v, %v", e, err)
	}
}

// What strangers write into an event can be stored, shown on one line where it is one, and is not without end.
func FuzzEvent(f *testing.F) {
	for _, event := range []string{
		`{}`, `null`, `[]`, `{"id":5}`, `{"start":{"dateTime":"9999-12-31T23:59:59-12:00"},"end":{"dateTime":"9999-12-31T23:59:59-12:00"}}`,
		`{"id":"a\nb","summary":"\u202ex\u2028y","attendees":[{"email":"a\u0000b","displayName":"\u0085","comment":"x\r\ny","responseStatus":"accepted"}]}`,
		`{"start":{"dateTime":"2027-03-04T10:00:00","timeZone":"../../etc/passwd"},"end":{"dateTime":"2027-03-04T11:00:00","timeZone":"right/UTC"},"hangoutLink":"https://a\nb"}`,
		`{"sequence":9223372036854775807,"conferenceData":{"entryPoints":[{"entryPointType":"video","uri":"https:\\\\x"}]},"extendedProperties":{"private":{"coalition":"\u0007"}}}`,
	} {
		f.Add([]byte(event))
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		e, err := read(t, string(event))
		if err != nil {
			return
		}
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatalf("it can't be stored: %v", err)
		}
		var again invites.Event
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatalf("it can't be read back: %v", err)
		}
		if diff := cmp.Diff(e, &again); diff != "" {
			t.Errorf("it is stored as another:\n%s", diff)
		}
		lines := []string{e.ID, e.UID, e.Summary, e.Location, e.Join, e.Ref}
		texts := []string{e.Description}
		for _, g := range e.Guests {
			lines, texts = append(lines, g.Name, g.Email), append(texts, g.Comment)
		}
		for _, s := range lines {
			if err := plaintext.CheckLine(s); err != nil || len(s) > 4<<10 {
				t.Errorf("%q, %d bytes: %v", s, len(s), err)
			}
		}
		for _, s := range texts {
			if err := plaintext.CheckText(s); err != nil || len(s) > 64<<10 {
				t.Errorf("%q, %d bytes: %v", s, len(s), err)
			}
		}
		if e.Start.IsZero() != e.End.IsZero() || e.End.Before(e.Start) || e.Start.IsZero() && e.Zone != "" {
			t.Errorf("it is from %v to %v in %q", e.Start, e.End, e.Zone)
		}
		if e.Zone != "" {
			if _, err := invites.Location(e.Zone); err != nil {
				t.Errorf("zone %q %v", e.Zone, err)
			}
		}
	})
}

// newEventID returns an id for an event that no other test has.
func newEventID() string {
	var id [16]byte
	rand.Read(id[:])
	return invites.EventID(id)
}

func TestEventID(t *testing.T) {
	for range 1000 {
		if id := newEventID(); len(id) != 26 || strings.Trim(id, "0123456789abcdefghijklmnopqrstuv") != "" {
			t.Fatalf("Google takes no such id: %q", id)
		}
	}
}

func TestNew(t *testing.T) {
	for endpoint, wanted := range map[string]string{
		"": "https://www.googleapis.com/calendar/v3/calendars/primary/events/x", "https://proxy.example.org/calendar/v3/": "https://proxy.example.org/calendar/v3/calendars/primary/events/x",
		"https://proxy.example.org/calendar/v3": "https://proxy.example.org/calendar/v3/calendars/primary/events/x", "http://127.0.0.1:8085/v3/": "http://127.0.0.1:8085/v3/calendars/primary/events/x",
		"http://[::1]/": "http://[::1]/calendars/primary/events/x", "http://localhost": "http://localhost/calendars/primary/events/x",
		"http://proxy.example.org/": "", "ftp://proxy.example.org/": "", "proxy.example.org": "", "https://": "", "https://u:p@proxy.example.org/": "", "https://proxy.example.org/?key=x": "", "https://proxy.example.org/#x": "", ":": "",
	} {
		var asked bytes.Buffer
		c, err := google.New(google.Config{Client: &http.Client{Transport: wire(func(r *http.Request) (int, string, error) {
			r.URL.RawQuery = ""
			asked.WriteString(r.URL.String())
			return 200, `{"id":"x","summary":"A talk"}`, nil
		})}, Endpoint: endpoint})
		if err != nil || wanted == "" {
			if (err == nil) != (wanted != "") {
				t.Errorf("New with %q: %v", endpoint, err)
			}
			continue
		}
		if asked.Len() > 0 {
			t.Errorf("New with %q asked for %s", endpoint, &asked)
		}
		if _, err := c.Event(t.Context(), "", "x"); err != nil || asked.String() != wanted {
			t.Errorf("with %q: asked for %s: %v; want %s", endpoint, &asked, err, wanted)
		}
	}
}

func TestName(t *testing.T) {
	names := map[string]bool{}
	for _, id := range []string{"", "Team@group.calendar.google.com"} {
		for _, account := range []string{"", "Ana@example.org"} {
			c, err := google.New(google.Config{Client: &http.Client{}, ID: id, Account: func() string { return account }})
			if err != nil {
				t.Fatal(err)
			}
			names[c.Name()] = true
		}
	}
	if want := map[string]bool{"": true, "ana@example.org": true, "team@group.calendar.google.com": true}; !maps.Equal(names, want) {
		t.Errorf("names: %v", names)
	}
}

// A channel is known by what it can do, also behind somebody who has wrapped it.
func TestCapabilities(t *testing.T) {
	c := over(t, func(*http.Request) (int, string, error) {
		t.Error("it asks")
		return 500, "", nil
	})
	var wrapped interface{ Capabilities() invites.Capabilities } = struct{ *google.Calendar }{c}
	if got := wrapped.Capabilities(); got != (invites.Capabilities{MailsGuests: true, MakesRooms: true, KnowsFreeBusy: true, KeepsHolds: true}) {
		t.Errorf("got %+v", got)
	}
}
