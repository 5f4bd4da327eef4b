package google_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"coalition/invites"
	"coalition/invites/google"
	"coalition/invites/google/googletest"
)

// A reader keeps in step with a calendar.
type reader struct {
	*desk
	cursor string
	since  time.Time
	pages  []string // of the last look: "full" or "", and the ids
}

// look takes in what has changed.
func (r *reader) look() error {
	r.Helper()
	r.pages = nil
	next, err := r.calendar.Changes(r.Context(), r.cursor, r.since, func(page []*invites.Event, full bool) error {
		line := fmt.Sprintf("full %t:", full)
		for _, e := range page {
			line += " " + e.ID
			if e.Deleted {
				line += " deleted"
			}
		}
		r.pages = append(r.pages, line)
		return nil
	})
	r.cursor = next
	return err
}

func (r *reader) want(pages ...string) {
	r.Helper()
	if err := r.look(); err != nil {
		r.Fatal(err)
	}
	if diff := cmp.Diff(pages, r.pages); diff != "" {
		r.Errorf("pages: -want +got\n%s", diff)
	}
}

// talks puts n talks into the calendar, and gives their ids.
func (d *desk) talks(n int) (ids []string) {
	d.Helper()
	for range n {
		other := d.another()
		other.persist(invitation())
		ids = append(ids, other.id)
	}
	d.Forget()
	return ids
}

func TestChanges(t *testing.T) {
	r := &reader{desk: sit(t)}
	r.want("full true:") // that there is nothing is known, too
	id := r.talks(1)[0]
	r.want("full false: " + id)
	r.Answer(id, maya, "accepted", "")
	r.want("full false: " + id)
	r.Set(func(s *googletest.Settings) { s.BareDeletions = true })
	r.Delete(id, false)
	r.want("full false: " + id + " deleted")
	r.Restore(id, false)
	r.want("full false: " + id)

	// Nothing new is one request, and the same cursor.
	for range 3 {
		before := r.cursor
		r.Forget()
		r.want()
		if r.cursor != before || r.Count() != 1 {
			t.Errorf("%d requests; cursor %q, then %q", r.Count(), before, r.cursor)
		}
	}
	// What others do is not brought, and not asked for twice.
	before := r.cursor
	r.AddForeign(20)
	r.want()
	if r.cursor == before {
		t.Error("the cursor stays before what has come")
	}
}

// A cursor is renewed after a day, before Google forgets it.
func TestChangesOldCursor(t *testing.T) {
	r := &reader{desk: sit(t)}
	r.want("full true:")
	fields := strings.Split(r.cursor, " ")
	age := func(d time.Duration) {
		fields[1] = strconv.FormatInt(time.Now().Add(-d).Unix(), 10)
		r.cursor = strings.Join(fields, " ")
	}
	age(23 * time.Hour)
	before := r.cursor
	if r.want(); r.cursor != before {
		t.Errorf("cursor %q became %q", before, r.cursor)
	}
	age(25 * time.Hour)
	before = r.cursor
	if r.want(); r.cursor == before {
		t.Errorf("the cursor stays %q", r.cursor)
	}
}

// Whatever is wrong with a cursor, the next look begins anew.
func TestChangesAnew(t *testing.T) {
	r := &reader{desk: sit(t)}
	ids := r.talks(2)
	all := "full true: " + strings.Join(ids, " ")
	r.want(all)
	good := r.cursor
	for _, cursor := range []string{"", " ", "x", "1", "1 5", "1 5 ", "1 x token", "0" + good, good + "x", "1 5 \x00\n", strings.Repeat("1 ", 1000)} {
		r.cursor = cursor
		r.want(all)
	}
	r.ExpireSyncTokens()
	r.want(all)
	r.InvalidateSyncTokens()
	r.want(all)
	r.want()
}

func TestChangesSince(t *testing.T) {
	r := &reader{desk: sit(t)}
	past := r.another()
	ch := invitation()
	ch.Start, ch.End = nine.AddDate(0, 0, -30), nine.AddDate(0, 0, -30).Add(time.Hour)
	past.write(ch)
	id := r.talks(1)[0]
	r.since = nine.AddDate(0, 0, -7).In(time.FixedZone("", 3600))
	r.want("full true: " + id)
	r.Answer(past.id, maya, "accepted", "")
	r.want("full false: " + past.id)
	r.cursor, r.since = "", ch.End.Add(-time.Second).In(time.FixedZone("", 5*3600))
	r.want("full true: " + past.id + " " + id)
}

// A thousand events of others are not brought, and page after page ours are.
func TestChangesForeign(t *testing.T) {
	r := &reader{desk: sit(t)}
	r.Set(func(s *googletest.Settings) { s.PageSize = 250 })
	first := r.talks(2)
	r.AddForeign(1000)
	last := r.talks(1)
	bare := last[0]
	r.Edit(bare, false, func(e *calendar.Event) { e.ExtendedProperties = nil }) // another program has dropped them
	r.want("full true: "+strings.Join(first, " "), "full true:", "full true:", "full true:", "full true: "+bare)
	r.Answer(first[1], maya, "accepted", "")
	r.Delete(bare, false)
	r.want("full false: " + first[1] + " " + bare + " deleted")

	// One time of a talk that was made to recur is no talk of its own.
	r.Edit(first[0], false, func(e *calendar.Event) { e.Recurrence = []string{"RRULE:FREQ=WEEKLY;COUNT=3"} })
	r.want("full false: " + first[0])
}

// Ours is what has our property, or an id of our form, and is no single time of a series.
func TestChangesOurs(t *testing.T) {
	c := over(t, func(r *http.Request) (int, string, error) {
		if r.URL.Query().Has("timeMin") {
			t.Errorf("asked for %s", r.URL)
		}
		return 200, `{"nextSyncToken":"t","items":[
			{"id":"0123456789abcdefghijklmn04"},{"id":"0123456789abcdefghijklmn05"},{"id":"0123456789abcdefghijklmn_4"},{"id":"0123456789abcdefghijklmnw4"},{"id":"0123456789abcdefghijklmn04","recurringEventId":"x"},
			{"id":"short","extendedProperties":{"private":{"coalition":"maya/1"}}},{"id":"shorter","extendedProperties":{"private":{"other":"x"}}},
			{"id":"0123456789abcdefghijklmn04_20270304T090000Z","recurringEventId":"0123456789abcdefghijklmn04","extendedProperties":{"private":{"coalition":"maya/1"}}}]}`, nil
	})
	var got []string
	if _, err := c.Changes(t.Context(), "", time.Time{}, func(page []*invites.Event, _ bool) error {
		for _, e := range page {
			got = append(got, e.ID)
		}
		return nil
	}); err != nil || !slices.Equal(got, []string{"0123456789abcdefghijklmn04", "short"}) {
		t.Errorf("it brought %v, %v", got, err)
	}
}

// A token that runs out between two pages costs nothing.
func TestChangesCutShort(t *testing.T) {
	r := &reader{desk: sit(t)}
	r.Set(func(s *googletest.Settings) { s.PageSize = 2 })
	ids := r.talks(5)
	all := []string{"full true: " + ids[0] + " " + ids[1], "full true: " + ids[2] + " " + ids[3], "full true: " + ids[4]}
	r.want(all...)
	for _, id := range ids {
		r.Answer(id, maya, "accepted", "")
	}
	r.Fail(googletest.Fault{Call: "events.list", Skip: 1, Status: 410, Reason: "fullSyncRequired"})
	r.want(append([]string{"full false: " + ids[0] + " " + ids[1]}, all...)...)

	for _, id := range ids {
		r.Answer(id, maya, "tentative", "")
	}
	r.want("full false: "+ids[0]+" "+ids[1], "full false: "+ids[2]+" "+ids[3], "full false: "+ids[4])

	// In the middle of a full listing it is a fault that passes: what came until then proves nothing.
	r.cursor = ""
	r.Fail(googletest.Fault{Call: "events.list", Skip: 1, Status: 410, Reason: "fullSyncRequired"})
	if f := delivery(t, r.look()); f.Final || r.cursor != "" {
		t.Errorf("got %+v, cursor %q", *f, r.cursor)
	}
	r.want(all...)

	// Any other fault keeps the cursor.
	for _, id := range ids {
		r.Answer(id, maya, "declined", "")
	}
	before := r.cursor
	r.Fail(googletest.Fault{Call: "events.list", Skip: 1, Status: 401})
	if f := delivery(t, r.look()); !errors.Is(f, invites.ErrLogin) || r.cursor != before {
		t.Errorf("got %+v, cursor %q then %q", *f, before, r.cursor)
	}
}

// A page that fails for a moment is asked for again, and not those before it.
func TestChangesPageAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, n, pages := "", 0, 0
		c := over(t, func(r *http.Request) (int, string, error) {
			page := r.FormValue("pageToken")
			asked += page + " "
			switch n++; n {
			case 3:
				return 503, "<html>", nil
			case 4:
				return 200, `{"items":[{"id":"` + eventID, nil
			}
			next := map[string]string{"": `"nextPageToken":"1"`, "1": `"nextPageToken":"2"`, "2": `"nextSyncToken":"t"`}[page]
			return 200, `{"items":[{"id":"` + eventID + `"}],` + next + `}`, nil
		})
		at := time.Now()
		_, err := c.Changes(t.Context(), "", time.Time{}, func(page []*invites.Event, _ bool) error { pages += len(page); return nil })
		if took := time.Since(at); err != nil || asked != " 1 2 2 2 " || pages != 3 || took == 0 || took > 3*time.Second {
			t.Errorf("asked for %q, %d pages in %v: %v", asked, pages, took, err)
		}
	})
}

func TestChangesNotTaken(t *testing.T) {
	r := &reader{desk: sit(t)}
	r.talks(3)
	r.Set(func(s *googletest.Settings) { s.PageSize = 1 })
	full := errors.New("the disk is full")
	for _, cursor := range []string{"", r.cursor} {
		taken := 0
		next, err := r.calendar.Changes(t.Context(), cursor, time.Time{}, func([]*invites.Event, bool) error {
			taken++
			return full
		})
		if err != full || taken != 1 || next != cursor { //nolint:errorlint // the very error
			t.Errorf("%v after %d pages, cursor %q", err, taken, next)
		}
	}
}

func TestChangesWithoutToken(t *testing.T) {
	c := over(t, func(*http.Request) (int, string, error) { return 200, `{"items":[null]}`, nil })
	cursor, err := c.Changes(t.Context(), "2 5 x", time.Time{}, untaken(t))
	if f := delivery(t, err); f.Final || cursor != "2 5 x" {
		t.Errorf("%+v, cursor %q", *f, cursor)
	}
}

// theirs is a page of n events of the kinds that calendars hold, with ids like those that Google makes;
// each hundredth is ours.
func theirs(from, n int, next string) string {
	var b strings.Builder
	b.WriteString(`{"items":[`)
	for i := from; i < from+n; i++ {
		if i > from {
			b.WriteByte(',')
		}
		start := nine.Add(time.Duration(i) * time.Hour)
		id := newEventID()[:25] + string("0123456789abcdefghijklmnopqrstuv"[i%32])
		fmt.Fprintf(&b, `{"id":%q,"status":"confirmed","etag":"\"36065736%08d\"","updated":"2027-02-22T09:00:00.123Z","iCalUID":"%s@google.com","sequence":1,"summary":"Meeting %d"`, id, i, id, i)
		fmt.Fprintf(&b, `,"start":{"dateTime":%q,"timeZone":"Europe/Berlin"},"end":{"dateTime":%q,"timeZone":"Europe/Berlin"}`, start.Format(time.RFC3339), start.Add(time.Hour).Format(time.RFC3339))
		switch i % 5 {
		case 0:
			fmt.Fprintf(&b, `,"description":%q`, strings.Repeat("What was said, what is open, who does it by when.\n", 20))
		case 1, 2:
			fmt.Fprintf(&b, `,"attendees":[{"email":"ana@example.org","self":true,"organizer":true,"responseStatus":"accepted"},{"email":"p%d@example.com","displayName":"Someone","responseStatus":"needsAction"}]`, i%50)
		case 3:
			fmt.Fprintf(&b, `,"recurringEventId":"r%d","location":"Room 4"`, i%100)
		}
		if i%100 == 0 {
			fmt.Fprintf(&b, `,"extendedProperties":{"private":{"coalition":"talk%d/1"}}`, i)
		}
		b.WriteByte('}')
	}
	fmt.Fprintf(&b, `],%s}`, next)
	return b.String()
}

// BenchmarkChanges is the first look at a calendar of 10,000 events, beside the client library that fetches
// and decodes the same pages, and does nothing with them. ratio is the time that Changes takes for one of
// the library; heap is the most that lies in memory at a page, above what did before, and twice the events
// must not take more: pages don't gather.
func BenchmarkChanges(b *testing.B) {
	const perPage = 1000
	run := func(events int) (ours, bare time.Duration, heap uint64) {
		pages := map[string]string{}
		for i := 0; i < events; i += perPage {
			next, at := fmt.Sprintf(`"nextPageToken":"%d"`, i+perPage), ""
			if i > 0 {
				at = strconv.Itoa(i)
			}
			if i+perPage >= events {
				next = `"nextSyncToken":"t"`
			}
			pages[at] = theirs(i, perPage, next)
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.FormValue("maxResults") != strconv.Itoa(perPage) {
				b.Errorf("%s", r.URL)
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, pages[r.FormValue("pageToken")])
		}))
		defer server.Close()
		c, err := google.New(google.Config{Client: server.Client(), Endpoint: server.URL})
		if err != nil {
			b.Fatal(err)
		}
		service, err := calendar.NewService(b.Context(), option.WithHTTPClient(server.Client()), option.WithEndpoint(server.URL+"/"))
		if err != nil {
			b.Fatal(err)
		}
		live := func() uint64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		look := func(page func()) {
			came := 0
			next, err := c.Changes(b.Context(), "", time.Time{}, func(list []*invites.Event, full bool) error {
				came += len(list)
				page()
				return nil
			})
			if err != nil || next == "" || came < events/100 || came > events/3 {
				b.Fatalf("%d events, %v", came, err)
			}
		}
		before := live()
		look(func() {
			if now := live(); now > before {
				heap = max(heap, now-before)
			}
		})
		for range b.N {
			at := time.Now()
			look(func() {})
			ours += time.Since(at)

			at = time.Now()
			came := 0
			err := service.Events.List("primary").MaxResults(perPage).Fields("nextPageToken", "nextSyncToken", googleapi.Field("items")).Context(b.Context()).Pages(b.Context(), func(page *calendar.Events) error {
				came += len(page.Items)
				return nil
			})
			bare += time.Since(at)
			if err != nil || came != events {
				b.Fatalf("%d events, %v", came, err)
			}
		}
		return ours, bare, heap
	}
	ours, bare, heap := run(10_000)
	_, _, twice := run(20_000)
	if heap > 8<<20 || twice > heap+heap/4 {
		b.Errorf("10,000 events hold %d bytes, 20,000 hold %d", heap, twice)
	}
	b.ReportMetric(ours.Seconds()*1000/float64(b.N), "ms/look")
	b.ReportMetric(bare.Seconds()*1000/float64(b.N), "bare-ms/look")
	b.ReportMetric(ours.Seconds()/bare.Seconds(), "ratio")
	b.ReportMetric(float64(heap)/(1<<20), "MiB-held")
	b.ReportMetric(0, "ns/op")
}
