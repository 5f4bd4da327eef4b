// Package googletest knows a small Google for tests: Calendar API v3, with every request checked
// against Google's own description of it, the sign-in for desktop apps, and what people do in the
// calendar themselves. It keeps all in memory and mails nobody: it writes down who would have got what.
// What is asked of it, and what follows from its answers, it leaves to the test.
//
//	func TestMove(t *testing.T) {
//		g := googletest.Start(t)
//		cal, err := google.NewCalendar(g.Client(), g.Endpoint(), "primary") // signed in already
//		…
//		event, err := cal.Write(ctx, change, dot)
//		g.Answer(event.ID, "maya@example.org", "accepted", "With pleasure")     // Maya, in her calendar
//		g.Edit(event.ID, true, func(e *calendar.Event) { e.Location = "Room 2" }) // the organizer, in theirs
//		g.Fail(googletest.Fault{Call: "events.patch", After: true, Cut: true})    // the next patch counts, and nobody hears so
//		…
//		if n := g.Count("events.patch"); n != 1 { … }
//		for _, n := range g.Notices() { … }                                       // what Google would have mailed
//	}
//
// A request that Google's description does not allow, or that no careful program sends, is an error of
// the test, and answered as Google does. What a careful program can meet all the same (409, 410, 412, a
// token that has expired) is answered, and no more.
//
// A program signs in with [Server.ClientFile], the file that Google hands out for a desktop app, and
// [Server.Consent], which plays the person in the browser. That file names no place to revoke a token:
// here, as at Google, it stands beside token_uri, with /revoke in place of /token.
package googletest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Account is the address of the one who owns the account, and the id of their primary calendar.
const Account = "ana@example.org"

// Settings are how this Google behaves. See [Server.Set].
type Settings struct {
	Now      func() time.Time // Google's clock
	PageSize int              // the most entries of a page, whatever is asked for; 0: as asked for

	BareDeletions bool // a listing says no more of a deleted event than that it is
	Rooms         int  // how many times a room for a video call is looked for before it is there; 0: at once
	NoRooms       bool // rooms for video calls can't be made
	Keeps         bool // a request that gives an event another start keeps the guests' answers, which a person's move never does

	ExpiresIn        time.Duration // how long an access token lives
	RefreshExpiresIn time.Duration // how long a consent lives; 0: without end
	Rotate           bool          // each use of a refresh token brings a new one, and ends it

	Push string // where push messages go, in place of the scheme and host of a channel's address
}

// A Server is Google, for one account. Its methods can be called at any time.
type Server struct {
	t    testing.TB
	doc  *document
	http *httptest.Server
	done chan struct{} // closed at the end of the test

	mu        sync.Mutex
	set       Settings
	calendars map[string]*cal
	people    map[string][]span // whose busy times can be read
	last      int64             // the latest stamp given, Unix milliseconds
	issued    int64             // how many sync tokens were
	expired   int64             // the last one that is too old
	invalid   int64             // the last one that is not known any more
	quota     int               // how many more requests with guests are refused
	faults    []*Fault
	hook      func(Point, Request)
	requests  []Request
	notices   []Notice
	channels  []*channel
	auth      auth
}

// A Request is one that came.
type Request struct {
	Call   string // "events.insert" and the like; "auth", "token" and "revoke" for the sign-in; "" for nothing known
	Method string
	Path   string
	Query  url.Values
	Header http.Header // without Authorization
	Body   []byte
	At     time.Time
}

// A Point is a moment in the life of a request.
type Point int

// The points at which a [Server.Hook] is called.
const (
	Arrived  Point = iota // it is here, and nothing has happened
	Done                  // it has taken effect, and nothing is answered
	Answered              // the answer is on its way
)

// Start starts a Google whose only account has an empty calendar in Europe/Berlin. It ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	doc, err := discovery()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, doc: doc, done: make(chan struct{}), calendars: map[string]*cal{}, people: map[string][]span{}}
	s.set = Settings{Now: time.Now, ExpiresIn: time.Hour}
	s.calendars[Account] = newCal(Account, Account, "owner")
	s.auth.init()
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		close(s.done)
		s.http.CloseClientConnections()
		s.http.Close()
	})
	return s
}

// Endpoint is the address of the Calendar API, with the slash that it ends in.
func (s *Server) Endpoint() string { return s.http.URL + "/calendar/v3/" }

// Set changes how Google behaves.
func (s *Server) Set(change func(*Settings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.set)
}

// Hook has f called at each point of each request, one request after the other's point or at the same
// time. The request goes on when f returns.
func (s *Server) Hook(f func(Point, Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = f
}

// Requests are all that came, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Count is how many requests were one of these calls; without any, how many there were in all.
func (s *Server) Count(calls ...string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if len(calls) == 0 || slices.Contains(calls, r.Call) {
			n++
		}
	}
	return n
}

// Forget forgets the requests and notices so far.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.notices = nil, nil
}

// A call is a request on its way through the server.
type call struct {
	*http.Request
	n      int     // its place among the requests
	m      *method // nil for those of the sign-in
	args   map[string]string
	query  url.Values
	body   map[string]any
	raw    []byte
	fields mask
}

// An answer is what goes back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

const apiBase = "/calendar/v3/"

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // whoever asked has gone
	}
	c := &call{Request: r, raw: body, query: r.URL.Query()}
	name := ""
	path, api := strings.CutPrefix(r.URL.EscapedPath(), apiBase)
	if api {
		if c.m, c.args = s.doc.method(r.Method, path); c.m != nil {
			name = c.m.ID
		}
	} else {
		name = s.auth.name(r)
	}
	seen := Request{Call: name, Method: r.Method, Path: r.URL.Path, Query: c.query, Header: r.Header.Clone(), Body: body}
	seen.Header.Del("Authorization")
	s.mu.Lock()
	seen.At = s.set.Now()
	c.n = len(s.requests)
	s.requests = append(s.requests, seen)
	hook := s.hook
	s.mu.Unlock()
	at := func(p Point) {
		if hook != nil {
			hook(p, seen)
		}
	}
	at(Arrived)

	wrong := s.check(c, name)
	fault := s.fault(r, name)
	if fault != nil && fault.Block != nil && !fault.After {
		s.block(r, fault)
	}
	var a *answer
	switch {
	case wrong != nil:
		a, fault = wrong, nil
	case fault != nil && fault.fails() && !fault.After:
		a = fault.answer(name)
	default:
		s.mu.Lock()
		a = s.handle(c, name)
		s.mu.Unlock()
		at(Done)
		if fault != nil && fault.After && fault.Block != nil {
			s.block(r, fault)
		}
		if fault != nil && fault.fails() && !fault.Torn {
			a = fault.answer(name)
		}
	}
	if fault != nil && fault.Cut {
		panic(http.ErrAbortHandler)
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	if w.Header().Get("Content-Type") == "" && len(a.body) > 0 {
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	}
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	if fault != nil && fault.Torn {
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
	if hook != nil {
		_ = http.NewResponseController(w).Flush()
	}
	at(Answered)
}

// check is the answer to a request that nobody should send; nil: it may be sent.
func (s *Server) check(c *call, name string) *answer {
	if name == "" {
		return s.wrong(c, http.StatusNotFound, "notFound", "there is no such thing to ask for")
	}
	if c.m == nil {
		return nil // the sign-in checks its own
	}
	var err error
	if err := s.doc.checkQuery(c.m, c.query); err != nil {
		return s.wrong(c, 400, "invalidParameter", err.Error())
	}
	if c.body, err = s.doc.checkBody(c.m, c.raw); err != nil {
		return s.wrong(c, 400, "badRequest", err.Error())
	}
	if kind := c.Header.Get("Content-Type"); len(c.raw) > 0 && !strings.HasPrefix(kind, "application/json") {
		return s.wrong(c, 400, "parseError", fmt.Sprintf("the body is said to be %q", kind))
	}
	if text := c.query.Get("fields"); text != "" && c.m.Response != nil {
		if c.fields, err = s.doc.parseMask(text, c.m.Response); err != nil {
			return s.wrong(c, 400, "invalidParameter", "Invalid field selection: "+err.Error())
		}
	}
	return nil
}

// handle carries a request out. s.mu is held.
func (s *Server) handle(c *call, name string) *answer {
	switch name {
	case "auth", "consent", "token", "revoke":
		return s.signIn(c, name)
	}
	if a := s.admit(c); a != nil {
		return a
	}
	switch name {
	case "events.list":
		return s.listEvents(c)
	case "events.get":
		return s.getEvent(c)
	case "events.insert":
		return s.insertEvent(c)
	case "events.patch", "events.update":
		return s.changeEvent(c)
	case "events.delete":
		return s.deleteEvent(c)
	case "events.watch":
		return s.watch(c)
	case "channels.stop":
		return s.stop(c)
	case "calendarList.get", "calendarList.list", "calendars.get":
		return s.listCalendars(c)
	case "settings.get":
		return s.getSetting(c)
	case "freebusy.query":
		return s.queryBusy(c)
	}
	return s.wrong(c, http.StatusNotImplemented, "notImplemented", "this Google has no "+name)
}

// wrong is the answer to a request that nobody should send: the test fails.
func (s *Server) wrong(c *call, status int, reason, message string) *answer {
	s.t.Errorf("googletest: %s %s: %s", c.Method, c.URL.Path, message)
	return refuse(status, reason, message)
}

// refuse is an answer that says no, in Google's envelope.
func refuse(status int, reason, message string) *answer {
	detail := map[string]any{"domain": "global", "reason": reason, "message": message}
	switch reason {
	case "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded", "calendarUsageLimitsExceeded":
		detail["domain"] = "usageLimits"
	case "fullSyncRequired", "updatedMinTooLongAgo", "timeRangeEmpty", "timeRangeTooLong", "forbiddenForNonOrganizer",
		"cannotUseDefaultRemindersAndSpecifyOverride", "channelIdNotUnique":
		detail["domain"] = "calendar"
	}
	header := http.Header{}
	e := map[string]any{"code": status, "message": message, "errors": []any{detail}}
	switch {
	case status == http.StatusUnauthorized:
		detail["location"], detail["locationType"] = "Authorization", "header"
		e["status"] = "UNAUTHENTICATED"
		header.Set("WWW-Authenticate", `Bearer realm="https://accounts.google.com/", error="invalid_token"`)
	case reason == "insufficientPermissions":
		e["status"] = "PERMISSION_DENIED"
		e["details"] = []any{map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo",
			"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com"}}
	case status == http.StatusTooManyRequests:
		e["status"] = "RESOURCE_EXHAUSTED"
	case status == http.StatusPreconditionFailed:
		detail["location"], detail["locationType"] = "If-Match", "header"
	}
	return &answer{status, header, encode(map[string]any{"error": e})}
}

// ok is an answer with those fields that are wanted of v.
func (c *call) ok(v map[string]any) *answer {
	header := http.Header{}
	if etag, _ := v["etag"].(string); etag != "" {
		header.Set("ETag", etag)
	}
	return &answer{http.StatusOK, header, encode(c.fields.of(v))}
}

// encode writes v as Google does: without escaping what HTML would need.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // of our own maps, which can all be written
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
