package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"coalition/invites"
	"coalition/invites/freebusy"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "feed")
	if err == nil {
		err = trustAuthority(dir)
	}
	if err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// monday is where the clock of each test begins.
var monday = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)

// A world has calendars, a clock that stands still, and a log.
type world struct {
	*Feeds
	t   testing.TB
	now time.Time
	log *bytes.Buffer
}

func newWorld(t testing.TB, sources ...Source) *world {
	t.Helper()
	w := &world{t: t, now: monday, log: new(bytes.Buffer)}
	log := slog.New(slog.NewTextHandler(&locked{to: w.log}, nil))
	w.Feeds = New(Config{Sources: sources, Dir: filepath.Join(t.TempDir(), "calendars"), Log: log,
		Reader: freebusy.Reader{Zone: time.UTC}, Now: func() time.Time { return w.now }})
	return w
}

// again is the same world after a restart, with these sources.
func (w *world) again(sources ...Source) *world {
	w.t.Helper()
	next := *w
	next.Feeds = New(Config{Sources: sources, Dir: w.Dir, Log: w.Log, Reader: w.Reader,
		Now: func() time.Time { return next.now }})
	next.limit = w.limit
	return &next
}

// week asks about the week from monday on.
func (w *world) week() []invites.FreeBusy {
	w.t.Helper()
	return w.FreeBusy(w.t.Context(), monday, monday.Add(7*day))
}

// one is what the only calendar says.
func (w *world) one() invites.FreeBusy {
	w.t.Helper()
	all := w.week()
	if len(all) != 1 {
		w.t.Fatalf("%d calendars", len(all))
	}
	return all[0]
}

// expect compares what the only calendar says: its state, part of its error, and the titles.
func (w *world) expect(state, problem string, titles ...string) invites.FreeBusy {
	w.t.Helper()
	got := w.one()
	if got.State != state {
		w.t.Errorf("state %s, want %s", got.State, state)
	}
	if !strings.Contains(got.Error, problem) || problem == "" && got.Error != "" {
		w.t.Errorf("error %q, want %q", got.Error, problem)
	}
	if strings.ContainsAny(got.Error, "\r\n") {
		w.t.Errorf("error %q is not one line", got.Error)
	}
	if has := titlesOf(got); has != strings.Join(titles, " ") {
		w.t.Errorf("busy with %q, want %q", has, titles)
	}
	return got
}

func titlesOf(f invites.FreeBusy) string {
	var titles []string
	for _, b := range f.Busy {
		titles = append(titles, b.Title)
	}
	return strings.Join(titles, " ")
}

type locked struct {
	mu sync.Mutex
	to *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

// ics is a calendar with an hour for each title: the first on monday at noon, each next a day later.
func ics(titles ...string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n")
	for i, title := range titles {
		b.WriteString(vevent(title, monday.Add(4*time.Hour+time.Duration(i)*day)))
	}
	return b.String() + "END:VCALENDAR\r\n"
}

func vevent(title string, at time.Time) string {
	return fmt.Sprintf("BEGIN:VEVENT\r\nUID:%s@test\r\nDTSTAMP:20270101T000000Z\r\nDTSTART:%s\r\nDTEND:%s\r\n"+
		"SUMMARY:%s\r\nEND:VEVENT\r\n", title, at.Format("20060102T150405Z"),
		at.Add(time.Hour).Format("20060102T150405Z"), title)
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "private.ics")
	write(t, path, ics("lunch", "walk"))
	w := newWorld(t, Source{Kind: ICS, Address: path})
	got := w.expect(invites.FreshBusy, "", "lunch", "walk")
	if got.Name != "private.ics" || got.Kind != "ics" || !got.ReadAt.Equal(monday) {
		t.Errorf("got %+v", got)
	}
	want := invites.Span{Start: monday.Add(4 * time.Hour), End: monday.Add(5 * time.Hour)}
	if got.Busy[0].Span != want {
		t.Errorf("lunch is at %v, want %v", got.Busy[0].Span, want)
	}

	// A change counts at once, whatever the clock says.
	write(t, path, ics("lunch", "walk", "run"))
	w.expect(invites.FreshBusy, "", "lunch", "walk", "run")

	// While somebody writes it, what was there before counts; then what is there.
	write(t, path, strings.TrimSuffix(ics("lunch"), "END:VCALENDAR\r\n"))
	w.now = monday.Add(time.Hour)
	got = w.expect(invites.StaleBusy, "private.ics ends in the middle of a calendar", "lunch", "walk", "run")
	if !got.ReadAt.Equal(monday) {
		t.Errorf("read at %v, want %v", got.ReadAt, monday)
	}
	w.now = w.now.Add(time.Hour)
	w.expect(invites.StaleBusy, "ends in the middle", "lunch", "walk", "run")
	// A new process that has to make the spans anew does so from what was good.
	w.Reader.Self = []string{"ana@example.org"}
	w.again(w.Sources...).expect(invites.StaleBusy, "ends in the middle", "lunch", "walk", "run")
	write(t, path, ics("lunch"))
	w.expect(invites.FreshBusy, "", "lunch")

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w.expect(invites.StaleBusy, "can't be read: no such file or directory", "lunch")
	w.now = w.now.Add(day)
	w.expect(invites.StaleBusy, "no such file", "lunch")
	w.now = w.now.Add(time.Second)
	w.expect(invites.FailedBusy, "no such file", "lunch")
	w.again(w.Sources...).expect(invites.FailedBusy, "no such file", "lunch")
}

func TestOddFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "empty.ics"), "")
	write(t, filepath.Join(dir, "page.ics"), "<!DOCTYPE html><title>Sign in</title>")
	if err := os.WriteFile(filepath.Join(dir, "large.ics"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "large.ics"), 200<<20); err != nil {
		t.Fatal(err)
	}
	for name, problem := range map[string]string{"empty.ics": "is empty", "page.ics": "is a web page",
		"large.ics": "is larger than 25 MB", "": "is no ordinary file", "none.ics": "no such file"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Source{Kind: ICS, Address: filepath.Join(dir, name)})
			if got := w.expect(invites.FailedBusy, problem); !got.ReadAt.IsZero() {
				t.Errorf("read at %v", got.ReadAt)
			}
		})
	}
}

// A server gives what it is told to, and counts.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	asked int
	serve http.HandlerFunc
}

func newServer(t testing.TB, serve http.HandlerFunc) *server {
	t.Helper()
	s := &server{serve: serve}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked++
		serve := s.serve
		s.mu.Unlock()
		serve(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) now(serve http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serve, s.asked = serve, 0
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// give serves a text, with an ETag and Last-Modified, and 304 to whoever has it.
func give(text string) http.HandlerFunc {
	etag := fmt.Sprintf("%q", fmt.Sprint(len(text)))
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", etag)
		w.Header().Set("Last-Modified", "Mon, 01 Mar 2027 07:00:00 GMT")
		w.Header().Set("Content-Type", "text/calendar")
		if r.Header.Get("If-None-Match") == etag && r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte(text))
	}
}

func TestFeed(t *testing.T) {
	s := newServer(t, give(ics("lunch")))
	w := newWorld(t, Source{Kind: ICS, Address: s.URL + "/secret/basic.ics?token=hush"})
	got := w.expect(invites.FreshBusy, "", "lunch")
	if got.Name != "127.0.0.1" {
		t.Errorf("its name is %q", got.Name)
	}

	// A quarter of an hour long it is not asked, not even by a new process.
	w.now = monday.Add(15*time.Minute - time.Second)
	w.expect(invites.FreshBusy, "", "lunch")
	w.again(w.Sources...).expect(invites.FreshBusy, "", "lunch")
	if n := s.count(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}

	// What has not changed is not sent again, and is known to be so.
	statuses := make(chan int, 10)
	s.now(func(rw http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		give(ics("lunch"))(answer, r)
		statuses <- answer.Code
		rw.WriteHeader(answer.Code)
	})
	w.now = monday.Add(15 * time.Minute)
	got = w.expect(invites.FreshBusy, "", "lunch")
	if status := <-statuses; status != http.StatusNotModified || !got.ReadAt.Equal(w.now) {
		t.Errorf("status %d, read at %v", status, got.ReadAt)
	}

	s.now(give(ics("lunch", "walk")))
	w.now = monday.Add(30 * time.Minute)
	w.expect(invites.FreshBusy, "", "lunch", "walk")
	if n := s.count(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	w.again(w.Sources...).expect(invites.FreshBusy, "", "lunch", "walk")
	w.secret("secret", "token", "hush", "basic")
}

// secret looks for what must be in no log, and in no name of a file.
func (w *world) secret(words ...string) {
	w.t.Helper()
	var names []string
	err := filepath.WalkDir(w.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			w.t.Errorf("%s has mode %v", path, info.Mode())
		}
		names = append(names, entry.Name())
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	seen := w.log.String() + strings.Join(names, " ")
	for _, f := range w.FreeBusy(stopped(w.t), monday, monday.Add(day)) {
		seen += f.Name + f.Error
	}
	for _, word := range words {
		if strings.Contains(seen, word) {
			w.t.Errorf("%q is told in %s", word, seen)
		}
	}
}

// stopped is a context that has ended.
func stopped(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// A thousand searches of one pass ask each calendar once, also while it fails.
func TestOnce(t *testing.T) {
	good, bad := newServer(t, give(ics("lunch"))), newServer(t, refuse(http.StatusServiceUnavailable))
	w := newWorld(t, Source{Kind: ICS, Address: good.URL}, Source{Kind: ICS, Address: bad.URL})
	var searches sync.WaitGroup
	for i := range 1000 {
		from := monday.Add(time.Duration(i%50) * day)
		searches.Go(func() { w.FreeBusy(t.Context(), from, from.Add(14*day)) })
	}
	searches.Wait()
	if good.count() != 1 || bad.count() != 1 {
		t.Errorf("asked %d and %d times, want once each", good.count(), bad.count())
	}
}

func refuse(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// What fails is asked again soon, then less and less often, and when its server says so.
func TestAgain(t *testing.T) {
	s := newServer(t, refuse(http.StatusInternalServerError))
	w := newWorld(t, Source{Kind: ICS, Address: s.URL})
	pauses := []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute,
		15 * time.Minute, 15 * time.Minute}
	w.expect(invites.FailedBusy, "its server has trouble: 500 Internal Server Error")
	for _, pause := range pauses {
		s.now(refuse(http.StatusInternalServerError))
		w.now = w.now.Add(pause - time.Second)
		w.one()
		if n := s.count(); n != 0 {
			t.Fatalf("asked again before %v", pause)
		}
		w.now = w.now.Add(time.Second)
		// Another process goes by it, too.
		w = w.again(w.Sources...)
		w.one()
		if n := s.count(); n != 1 {
			t.Fatalf("asked %d times after %v, want once", n, pause)
		}
	}
	s.now(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", "7200")
		rw.WriteHeader(http.StatusTooManyRequests)
	})
	w.now = w.now.Add(15 * time.Minute)
	w.expect(invites.FailedBusy, "asks for a pause")
	s.now(give(ics("lunch")))
	w.now = w.now.Add(2*time.Hour - time.Second)
	w.expect(invites.FailedBusy, "asks for a pause")
	w.now = w.now.Add(time.Second)
	w.expect(invites.FreshBusy, "", "lunch")
	if log := w.log.String(); strings.Count(log, "level=WARN") != 2 || strings.Count(log, "can be read again") != 1 {
		t.Errorf("the log:\n%s", log)
	}
}

// The clock of --at may have been anywhere: what was read under it neither lasts for ever nor is asked for never.
func TestClockSetBack(t *testing.T) {
	s := newServer(t, give(ics("lunch")))
	w := newWorld(t, Source{Kind: ICS, Address: s.URL})
	w.now = monday.AddDate(3, 0, 0)
	w.one()
	w.now = monday
	w.expect(invites.FreshBusy, "", "lunch")
	w.now = monday.AddDate(3, 0, 0)
	w.one()
	s.now(refuse(http.StatusBadGateway))
	w.now = monday
	w.expect(invites.FailedBusy, "502", "lunch")
}

// Whoever has stopped waiting learns what is known, and that is no failure of the calendar.
func TestStopped(t *testing.T) {
	s := newServer(t, give(ics("lunch")))
	w := newWorld(t, Source{Kind: ICS, Address: s.URL})
	ask := func(ctx context.Context) invites.FreeBusy { return w.FreeBusy(ctx, monday, monday.Add(day))[0] }
	if got := ask(stopped(t)); got.State != invites.FailedBusy || got.Error != "it was never read" || s.count() != 0 {
		t.Errorf("got %+v, asked %d times", got, s.count())
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.now(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if got := ask(ctx); got.Error != "it was never read" {
		t.Errorf("got %+v", got)
	}
	s.now(give(ics("lunch")))
	w.expect(invites.FreshBusy, "", "lunch")
	w.now = monday.Add(time.Hour)
	if got := ask(stopped(t)); got.State != invites.StaleBusy || got.Error != "" || titlesOf(got) != "lunch" {
		t.Errorf("got %+v", got)
	}
	w = w.again(Source{Kind: "google", Ask: func(context.Context, time.Time, time.Time) ([]invites.Busy, error) {
		t.Error("it is asked")
		return nil, nil
	}})
	ask(stopped(t))
}

// What in a calendar can't be understood is told, and does not fail it.
func TestProblems(t *testing.T) {
	text := strings.Replace(ics("lunch", "walk"), "DTSTART:20270302", "DTSTART:2027-03-02", 1)
	s := newServer(t, give(text))
	w := newWorld(t, Source{Kind: ICS, Address: s.URL})
	w.expect(invites.FreshBusy, `"walk" has no start that can be read`, "lunch")
	s.now(refuse(http.StatusNotFound))
	w.now = monday.Add(time.Hour)
	w.expect(invites.StaleBusy, `no calendar at its address`, "lunch")
	w.now = monday.Add(2 * time.Hour)
	w.expect(invites.StaleBusy, `"walk" has no start that can be read`, "lunch")
	if strings.Contains(w.log.String(), "walk") {
		t.Errorf("a title is in the log:\n%s", w.log)
	}
}

// What is asked for beyond what was looked at is looked for then, and all of it.
func TestFar(t *testing.T) {
	s := newServer(t, give("BEGIN:VCALENDAR\r\n"+vevent("soon", monday)+vevent("far", monday.AddDate(1, 0, 0))+
		vevent("past", monday.AddDate(-1, 0, 0))+"END:VCALENDAR\r\n"))
	w := newWorld(t, Source{Kind: ICS, Address: s.URL})
	for _, tt := range []struct {
		from, to time.Time
		want     string
	}{
		{monday, monday.Add(day), "soon"},
		{monday, monday.AddDate(2, 0, 0), "soon far"},
		{monday.AddDate(1, 0, 0), monday.AddDate(1, 1, 0), "far"},
		{monday.AddDate(-2, 0, 0), monday, "past"},
		{monday.AddDate(-2, 0, 0), monday.AddDate(2, 0, 0), "past soon far"},
	} {
		got := w.FreeBusy(t.Context(), tt.from, tt.to)[0]
		if got.State != invites.FreshBusy || titlesOf(got) != tt.want {
			t.Errorf("%v to %v: %s %q, want %q", tt.from, tt.to, got.State, titlesOf(got), tt.want)
		}
	}
	if s.count() != 1 {
		t.Errorf("asked %d times", s.count())
	}
}

// Another reader, whose zone and whose addresses differ, sees another calendar, without asking for it again.
func TestReader(t *testing.T) {
	text := strings.Replace(ics("lunch"), "DTSTART:20270301T120000Z",
		"ATTENDEE;PARTSTAT=DECLINED:mailto:Ana@example.org\r\nDTSTART:20270301T120000", 1)
	s := newServer(t, give(strings.Replace(text, "T130000Z", "T130000", 1)))
	w := newWorld(t, Source{Kind: ICS, Address: s.URL})
	w.expect(invites.FreshBusy, "", "lunch")
	w.Reader.Zone = time.FixedZone("east", 3600)
	next := w.again(w.Sources...)
	if got := next.expect(invites.FreshBusy, "", "lunch"); !got.Busy[0].Start.Equal(monday.Add(3 * time.Hour)) {
		t.Errorf("lunch is at %v", got.Busy[0].Start)
	}
	w.Reader.Self = []string{"ana@example.org"}
	w.again(w.Sources...).expect(invites.FreshBusy, "")
	if s.count() != 1 {
		t.Errorf("asked %d times", s.count())
	}
}

// A calendar of another kind is asked for as much as is looked at, and kept like the others.
func TestAsk(t *testing.T) {
	var asked []invites.Span
	var fail error
	source := Source{Kind: "google", Address: "ana@example.org", Partner: true,
		Ask: func(_ context.Context, from, to time.Time) ([]invites.Busy, error) {
			asked = append(asked, invites.Span{Start: from, End: to})
			span := invites.Span{Start: monday.Add(time.Hour), End: monday.Add(2*time.Hour + time.Millisecond)}
			return []invites.Busy{{Span: span, Ref: "maya"}}, fail
		}}
	w := newWorld(t, source)
	got := w.expect(invites.FreshBusy, "", "")
	if got.Kind != "google" || got.Name != "ana@example.org" || !got.Partner ||
		!got.Busy[0].End.Equal(monday.Add(2*time.Hour+time.Second)) {
		t.Errorf("got %+v", got)
	}
	if got := w.again(source).expect(invites.FreshBusy, "", ""); got.Busy[0].Ref != "maya" {
		t.Errorf("got %+v", got)
	}
	if len(asked) != 1 || asked[0] != (invites.Span{Start: monday.Add(-behind), End: monday.Add(ahead)}) {
		t.Errorf("asked for %v", asked)
	}
	w.FreeBusy(t.Context(), monday, monday.AddDate(1, 0, 0))
	if len(asked) != 2 || !asked[1].End.Equal(monday.AddDate(1, 0, 0)) {
		t.Errorf("asked for %v", asked)
	}
	fail = &invites.DeliveryError{Text: "sign in again", Wait: time.Hour, Err: errors.New("inner")}
	w.now = monday.Add(15 * time.Minute)
	w.expect(invites.StaleBusy, "sign in again", "")
	// Of a time that nobody could be asked about nothing is known.
	if got := w.FreeBusy(t.Context(), monday, monday.AddDate(2, 0, 0))[0]; got.State != invites.FailedBusy {
		t.Errorf("got %+v", got)
	}
	w.now = monday.Add(time.Hour)
	w.one()
	if len(asked) != 3 {
		t.Errorf("asked %d times, want 3: not before its hour has passed", len(asked))
	}
}

// A fault of this program in one calendar leaves the others as they are.
func TestFault(t *testing.T) {
	s := newServer(t, give(ics("lunch")))
	w := newWorld(t, Source{Kind: "google", Ask: func(context.Context, time.Time, time.Time) ([]invites.Busy, error) {
		panic("a secret")
	}}, Source{Kind: ICS, Address: s.URL})
	got := w.week()
	if got[0].State != invites.FailedBusy || !strings.Contains(got[0].Error, "fault of this program") ||
		got[1].State != invites.FreshBusy {
		t.Errorf("got %+v", got)
	}
	if log := w.log.String(); strings.Contains(log, "a secret") || !strings.Contains(log, "feed_test.go") {
		t.Errorf("the log:\n%s", log)
	}
}

func TestNames(t *testing.T) {
	w := newWorld(t, Source{Kind: ICS, Address: "https://user:pass@cal.example.org/hush"},
		Source{Kind: CalDAV, Address: "https://cal.example.org/hush/too"},
		Source{Name: "Choir\n", Kind: ICS, Address: "webcal://cal.example.org/third"},
		Source{Kind: ICS, Address: "hush://hush"})
	var names []string
	for _, f := range w.FreeBusy(stopped(t), monday, monday.Add(day)) {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, ", "); got != "cal.example.org, cal.example.org (2), Choir, ics" {
		t.Errorf("named %s", got)
	}
}

func TestCheck(t *testing.T) {
	for address, problem := range map[string]string{
		"https://cal.example.org/a.ics":        "",
		"webcal://cal.example.org/a.ics":       "",
		"webcals://cal.example.org/a.ics":      "",
		"http://localhost:8080/a.ics":          "",
		"http://127.0.0.9/a.ics":               "",
		"http://[::1]/a.ics":                   "",
		"/home/ana/a.ics":                      "",
		"http://cal.example.org/a.ics":         "without https",
		"http://10.0.0.1/a.ics":                "without https",
		"http://localhost.example.org/a.ics":   "without https",
		"http://127.0.0.1.example.org/hush":    "without https",
		"file:///home/ana/hush.ics":            "no address in full",
		"ftp://cal.example.org/hush.ics":       "begins with https",
		"a.ics":                                "no address in full",
		"https:///hush":                        "no address in full",
		"https:hush":                           "no address in full",
		"https://cal.example.org:hush/%zz":     "no address in full",
		"":                                     "no address in full",
		"javascript://cal.example.org/%0ahush": "begins with https",
	} {
		err := Source{Kind: ICS, Address: address}.Check()
		if said := fmt.Sprint(err); (err == nil) != (problem == "") ||
			err != nil && (!strings.Contains(said, problem) || strings.Contains(said, "hush")) {
			t.Errorf("%s: %v, want %q", address, err, problem)
		}
		// What is refused is not read either.
		if err != nil {
			if w := newWorld(t, Source{Kind: ICS, Address: address}); w.one().State != invites.FailedBusy {
				t.Errorf("%s is read", address)
			}
		}
	}
	if err := (Source{Kind: CalDAV, Address: "/home/ana"}).Check(); err == nil {
		t.Error("a folder is no collection")
	}
}
