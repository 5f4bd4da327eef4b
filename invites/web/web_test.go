package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"coalition/templates"
)

const token = "4VJx8m0Qn-2yB_kT7sWgZA"

// A fakeDesk has one talk, behind token.
type fakeDesk struct {
	mu      sync.Mutex
	lang    string
	page    templates.Page
	answers []string // "choice|note"
	err     error
}

func newDesk(lang string) *fakeDesk {
	p := *templates.SamplePage()
	p.Answer, p.At, p.Changeable = "", time.Time{}, time.Time{}
	p.Start, p.Before, p.Proposed, p.Problem, p.Note, p.Path = time.Time{}, templates.OtherTime{}, templates.OtherTime{}, "", "", ""
	p.Invited, p.HasCalendar = false, false
	return &fakeDesk{lang: lang, page: p}
}

func (d *fakeDesk) Page(_ context.Context, tok string) (*templates.Page, string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil || tok != token {
		return nil, "", d.err
	}
	p := d.page
	return &p, d.lang, nil
}

func (d *fakeDesk) Answer(_ context.Context, tok string, reply templates.Reply) (*templates.Page, string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil || tok != token {
		return nil, "", d.err
	}
	p, choice := d.page, reply.Choice
	if choice == "yes9" {
		p.Problem = templates.TimeGone
		return &p, d.lang, nil
	}
	if p.Open {
		d.answers = append(d.answers, string(choice)+"|"+strings.TrimPrefix(reply.Own+"|", "|")+reply.Note)
		p.Answer, p.At = choice, time.Date(2027, 2, 24, 10, 0, 0, 0, time.UTC)
		p.Changeable = p.At.Add(5 * time.Minute)
		p.HasCalendar = len(choice) > 3 && choice[:3] == "yes"
		d.page = p
	}
	return &p, d.lang, nil
}

func (d *fakeDesk) Calendar(_ context.Context, tok string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil || tok != token || !d.page.HasCalendar {
		return nil, d.err
	}
	return []byte("BEGIN:VCALENDAR\r\n"), nil
}

func (d *fakeDesk) taken() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.answers)
}

func load(t testing.TB) *templates.Set {
	t.Helper()
	words, err := templates.Load("")
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// handler is one for the desk, and the log that it writes.
func handler(t testing.TB, d Desk, publicURL string) (*Handler, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	h, err := New(d, load(t), slog.New(slog.NewTextHandler(&log, nil)), publicURL)
	if err != nil {
		t.Fatal(err)
	}
	return h, &log
}

const public = "https://talk.example.org"

// A change makes a request another one.
type change func(*http.Request)

func with(name, value string) change {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func from(addr string) change { return func(r *http.Request) { r.RemoteAddr = addr } }

func get(h http.Handler, method, path string, changes ...change) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for _, c := range changes {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// post sends a form as the page's own form would.
func post(h http.Handler, path, form string, changes ...change) *http.Response {
	r := httptest.NewRequest("POST", path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range changes {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t testing.TB, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// says checks a status and a sentence of an answer.
func says(t *testing.T, r *http.Response, status int, sentence string) {
	t.Helper()
	if text := body(t, r); r.StatusCode != status || !strings.Contains(text, sentence) {
		t.Errorf("got %d, want %d and %q:\n%s", r.StatusCode, status, sentence, text)
	}
}

// TestAnswer: a form that is whole reaches the desk as it was meant, and the page then says what is on
// record.
func TestAnswer(t *testing.T) {
	for _, x := range []struct{ form, want string }{
		{"choice=yes1", "yes1|"},
		{"choice=yes2&note=", "yes2|"},
		{"choice=yes&note=+Mondays%0D%0Aor+Tuesdays%0D%0A", "yes|Mondays\nor Tuesdays"},
		{"choice=later", "later|"},
		{"choice=yes&own=2027-03-10T11%3A00&note=b", "yes|2027-03-10T11:00|b"},
		{"choice=question&own=+Wednesday%0Aat+11+", "question|Wednesday at 11|"},
		{"choice=no&note=%E2%80%AEevil%00%07+b%C3%BCro%0D%C2%85%FF", "no|evil büro\n\n\ufffd"},
		{"choice=question&note=Who+else%3F", "question|Who else?"},
		{"note=" + strings.Repeat("%F0%9F%99%82", 2000) + "&choice=yes1", "yes1|" + strings.Repeat("🙂", 2000)},
	} {
		d := newDesk("en")
		h, log := handler(t, d, public)
		r := post(h, "/a/"+token, x.form)
		if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != token || body(t, r) != "" {
			t.Errorf("%.40s: got %d, to %q", x.form, r.StatusCode, r.Header.Get("Location"))
		}
		if got := d.taken(); !slices.Equal(got, []string{x.want}) {
			t.Errorf("%.40s: taken as %q, want %q", x.form, got, x.want)
		}
		says(t, get(h, "GET", "/a/"+token), 200, "You can change your answer here until 11:05.")
		if log.Len() > 0 {
			t.Errorf("the log has %s", log)
		}
	}
}

// TestChange: the second answer counts as the first did, and its form has nothing chosen either.
func TestChange(t *testing.T) {
	d := newDesk("en")
	h, _ := handler(t, d, public)
	post(h, "/a/"+token, "choice=yes2")
	says(t, get(h, "GET", "/a/"+token), 200, "Friday, 5 March 2027, <span class=\"range\">16:00–17:00</span>")
	post(h, "/a/"+token, "choice=no")
	says(t, get(h, "GET", "/a/"+token), 200, "You will hear nothing more about this")
	if got := d.taken(); !slices.Equal(got, []string{"yes2|", "no|"}) {
		t.Errorf("taken: %q", got)
	}
	d.page.Open = false
	if r := post(h, "/a/"+token, "choice=yes2"); r.StatusCode != http.StatusSeeOther {
		t.Errorf("too late: %d", r.StatusCode)
	}
	if r := post(h, "/a/"+token, ""); r.StatusCode != http.StatusSeeOther {
		t.Errorf("too late, and empty: %d", r.StatusCode)
	}
	if got := d.taken(); len(got) != 2 {
		t.Errorf("too late, and taken: %q", got)
	}
}

// TestProblems: what is missing is said, the note is kept, and nothing is recorded.
func TestProblems(t *testing.T) {
	long := strings.Repeat("ö", maxNote+1)
	for _, x := range []struct {
		form   string
		status int
		says   string
		note   string
	}{
		{"", 422, "No answer is chosen yet.", ""},
		{"choice=&note=a+%3Cb%3E", 422, "No answer is chosen yet.", "a &lt;b&gt;"},
		{"choice=question&note=+%0D%0A+", 422, "Your question is still missing.", ""},
		{"choice=yes1&note=" + url.QueryEscape(long), 422, "longer than 2,000 characters", long},
		{"choice=yes9&note=still+here", 422, "That time is not free any more.", "still here"},
		{"choice=yes1&own=2027-03-10T11%3A00&note=still+here", 422, "You have chosen one time, and", "still here"},
		{"choice=yes&own=a&own=b", 400, "does not count as an answer", ""},
		{"choice=yes&own=" + strings.Repeat("x", maxOwn+1), 400, "does not count as an answer", ""},
		{"choice=maybe", 400, "does not count as an answer", ""},
		{"choice=yes0", 400, "does not count as an answer", ""},
		{"choice=yes1&choice=no", 400, "does not count as an answer", ""},
		{"choice=yes1&note=a&note=b", 400, "does not count as an answer", ""},
		{"choice=yes1;note=b", 400, "does not count as an answer", ""},
		{"choice=%zz", 400, "does not count as an answer", ""},
		{"choice=yes1&note=" + strings.Repeat("x", maxForm), 413, "longer than this page can take", ""},
	} {
		d := newDesk("en")
		h, _ := handler(t, d, public)
		r := post(h, "/a/"+token, x.form)
		text := body(t, r)
		if r.StatusCode != x.status || !strings.Contains(text, x.says) || x.note != "" && !strings.Contains(text, "\n"+x.note+"</textarea>") {
			t.Errorf("%.40s: got %d, want %d, %q and the note:\n%.9999s", x.form, r.StatusCode, x.status, x.says, text)
		}
		if got := d.taken(); len(got) > 0 {
			t.Errorf("%.40s: taken as %q", x.form, got)
		}
	}
}

// TestForeignForms: what does not come from the page's own form is refused in words; browsers that can't
// say where a form comes from, and proxies that rename the host, do not shut anybody out.
func TestForeignForms(t *testing.T) {
	for _, x := range []struct {
		name    string
		status  int
		changes []change
	}{
		{"another site", 403, []change{with("Sec-Fetch-Site", "cross-site"), with("Origin", "https://evil.example")}},
		{"a neighbour", 403, []change{with("Sec-Fetch-Site", "same-site")}},
		{"another site without an origin", 403, []change{with("Sec-Fetch-Site", "cross-site"), with("Origin", "null")}},
		{"another site, an old browser", 403, []change{with("Origin", "https://evil.example")}},
		{"itself", 303, []change{with("Sec-Fetch-Site", "same-origin"), with("Origin", "null")}},
		{"itself, an old browser", 303, []change{with("Origin", "null")}},
		{"itself, behind a proxy", 303, []change{with("Origin", public)}},
		{"no browser", 303, nil},
		{"JSON", 415, []change{with("Content-Type", "application/json")}},
		{"text", 415, []change{with("Content-Type", "text/plain")}},
		{"parts", 415, []change{with("Content-Type", "multipart/form-data; boundary=x")}},
		{"nothing named", 415, []change{with("Content-Type", "")}},
		{"a charset", 303, []change{with("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")}},
	} {
		d := newDesk("en")
		h, _ := handler(t, d, public)
		r := post(h, "/a/"+token, "choice=yes1", append([]change{func(r *http.Request) { r.Host = "127.0.0.1:8080" }}, x.changes...)...)
		if text := body(t, r); r.StatusCode != x.status || x.status != 303 && !strings.Contains(text, "did not come from the form") {
			t.Errorf("%s: got %d, want %d:\n%s", x.name, r.StatusCode, x.status, text)
		}
		if got := d.taken(); len(got) > 0 != (x.status == 303) {
			t.Errorf("%s: taken: %q", x.name, got)
		}
	}
}

// TestNowhere: nothing tells an unknown link from one that was never possible, and the page speaks the
// browser's language.
func TestNowhere(t *testing.T) {
	d := newDesk("de")
	links := []string{"/a/" + token[:len(token)-1], "/a/" + token + "x", "/a/unknown", "/a/unknown/talk.ics", "/a/" + token + "/talk.ics", "/a/" + token + "/",
		"/a/", "/a", "/", "/a/a/" + token, "/favicon.ico", "/a/%2e%2e/" + token, "//a/" + token, "/a//" + token, "/a/x%00", "/A/" + token, "/index.html"}
	for _, x := range []struct{ accept, says string }{
		{"", "This link does not lead anywhere"},
		{"de-AT,de;q=0.9,en;q=0.8", "Dieser Link führt ins Leere"},
		{"sv-SE, fi;q=0.9, de;q=0.2, en;q=0.1", "Dieser Link führt ins Leere"},
		{"sv-SE,*", "This link does not lead anywhere"},
		{"en;q=0, de;q=-1;;;", "This link does not lead anywhere"},
		{strings.Repeat("x-", 9000), "This link does not lead anywhere"},
	} {
		h, log := handler(t, d, public)
		var first *http.Response
		var text string
		for i, link := range links {
			changes := []change{with("Accept-Language", x.accept), from(fmt.Sprintf("192.0.2.%d:99", i))}
			all := []*http.Response{get(h, "GET", link, changes...)}
			if link == "/a/unknown" || link == "/a/"+token+"x" {
				all = append(all, post(h, link, "choice=no", changes...), post(h, link, "", changes...))
			}
			for _, r := range all {
				got := body(t, r)
				if first == nil {
					first, text = r, got
					says(t, get(h, "GET", link, changes...), 404, x.says)
				}
				if r.StatusCode != 404 || got != text || !maps.EqualFunc(r.Header, first.Header, slices.Equal) {
					t.Errorf("%s is told apart: %d %v\n%s", link, r.StatusCode, r.Header, got)
				}
			}
			head := get(h, "HEAD", link, changes...)
			if head.StatusCode != 404 || body(t, head) != "" || !maps.EqualFunc(head.Header, first.Header, slices.Equal) {
				t.Errorf("HEAD %s is told apart: %d %v", link, head.StatusCode, head.Header)
			}
		}
		if len(d.taken()) > 0 || log.Len() > 0 {
			t.Errorf("taken: %q, log: %s", d.taken(), log)
		}
	}
}

// TestMethods: all others are refused, each with the list of those that are not.
func TestMethods(t *testing.T) {
	d := newDesk("en")
	h, _ := handler(t, d, public)
	for _, x := range []struct{ method, path, allow string }{
		{"PUT", "/a/" + token, "GET, HEAD, POST"},
		{"OPTIONS", "/a/" + token, "GET, HEAD, POST"},
		{"DELETE", "/a/unknown", "GET, HEAD, POST"},
		{"POST", "/a/" + token + "/talk.ics", "GET, HEAD"},
		{"POST", "/robots.txt", "GET, HEAD"},
		{"BREW", "/a/" + token + "/talk.ics", "GET, HEAD"},
	} {
		if r := get(h, x.method, x.path); r.StatusCode != 405 || r.Header.Get("Allow") != x.allow {
			t.Errorf("%s %s: %d, allowed: %q", x.method, x.path, r.StatusCode, r.Header.Get("Allow"))
		}
	}
	if r := get(h, "OPTIONS", "*"); r.StatusCode != 404 {
		t.Errorf("OPTIONS *: %d", r.StatusCode)
	}
	r := get(h, "GET", "/robots.txt")
	if got := body(t, r); r.StatusCode != 200 || got != "User-agent: *\nDisallow: /\n" {
		t.Errorf("robots.txt: %d %q", r.StatusCode, got)
	}
}

// TestCalendar: the entry is a file to save, where there is one.
func TestCalendar(t *testing.T) {
	d := newDesk("en")
	h, _ := handler(t, d, public)
	post(h, "/a/"+token, "choice=yes1")
	text := body(t, get(h, "GET", "/a/"+token))
	if !strings.Contains(text, `href="`+token+`/talk.ics"`) {
		t.Errorf("the page has no link to it:\n%s", text)
	}
	for _, method := range []string{"GET", "HEAD"} {
		r := get(h, method, "/a/"+token+"/talk.ics")
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != "text/calendar; charset=utf-8; method=PUBLISH" ||
			r.Header.Get("Content-Disposition") != `attachment; filename="talk.ics"` || r.ContentLength != 17 {
			t.Errorf("%s: %d %v", method, r.StatusCode, r.Header)
		}
		if got := body(t, r); method == "GET" && got != "BEGIN:VCALENDAR\r\n" || method == "HEAD" && got != "" {
			t.Errorf("%s: %q", method, got)
		}
	}
}

// TestPaths: the handler works behind proxies that keep the path of the public address, and that strip it.
func TestPaths(t *testing.T) {
	for _, x := range []struct{ public, link, path, status string }{
		{public, public + "/a/" + token, "/a/", "200"},
		{public + "/", public + "/a/" + token, "/a/", "200"},
		{public + "/talk", public + "/talk/a/" + token, "/talk/a/", "200"},
		{public + "/talk", public + "/talk/a/" + token, "/a/", "200"},
		{public + "/a/b/", public + "/a/b/a/" + token, "/a/b/a/", "200"},
		{public + "/a", public + "/a/a/" + token, "/a/", "200"},
		{public + "/a", public + "/a/a/" + token, "/a/a/", "200"},
		{public + "/talk", public + "/talk/a/" + token, "/other/a/", "404"},
		{public + "/talk", public + "/talk/a/" + token, "/talk/talk/a/", "404"},
		{public + "/talk", public + "/talk/a/" + token, "/talka/", "404"},
	} {
		d := newDesk("en")
		h, _ := handler(t, d, x.public)
		if got := Link(x.public, token); got != x.link {
			t.Errorf("the link is %s, want %s", got, x.link)
		}
		if r := get(h, "GET", x.path+token); fmt.Sprint(r.StatusCode) != x.status {
			t.Errorf("%s at %s: %d", x.public, x.path, r.StatusCode)
		}
	}
	for _, bad := range []string{"", "talk.example.org", "ftp://talk.example.org", "https://", "https://%zz", "mailto:ana@example.org"} {
		if h, err := New(newDesk("en"), load(t), slog.New(slog.DiscardHandler), bad); err == nil {
			t.Errorf("%q is taken for a public address: %v", bad, h)
		}
	}
}

// strict is what every response says.
var strict = map[string]string{
	"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow",
	"X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
}

var policy = regexp.MustCompile(`^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$`)

// TestHeaders: every response is strict, whatever it answers, and has no cookie.
func TestHeaders(t *testing.T) {
	d := newDesk("en")
	h, _ := handler(t, d, public)
	broken, _ := handler(t, &fakeDesk{err: errors.New("the disk is full")}, public)
	flood, _ := handler(t, d, public)
	for range 100 {
		get(flood, "GET", "/a/"+token)
	}
	all := map[int]*http.Response{
		200: get(h, "GET", "/a/"+token), 404: get(h, "GET", "/a/x"), 405: get(h, "PUT", "/a/x"), 422: post(h, "/a/"+token, ""),
		303: post(h, "/a/"+token, "choice=yes1"), 400: post(h, "/a/"+token, "choice=x"), 413: post(h, "/a/"+token, strings.Repeat("x", maxForm+1)),
		403: post(h, "/a/"+token, "choice=no", with("Sec-Fetch-Site", "cross-site")), 415: post(h, "/a/"+token, "", with("Content-Type", "x")),
		500: get(broken, "GET", "/a/"+token), 429: get(flood, "GET", "/a/"+token),
	}
	responses := slices.Collect(maps.Values(all))
	for status, r := range all {
		if r.StatusCode != status {
			t.Errorf("got %d, want %d", r.StatusCode, status)
		}
	}
	responses = append(responses, get(h, "GET", "/robots.txt"), get(h, "GET", "/a/"+token+"/talk.ics"), get(h, "HEAD", "/a/"+token), get(h, "GET", "/"))
	for _, r := range responses {
		for name, want := range strict {
			if got := r.Header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%d: %s is %q", r.StatusCode, name, got)
			}
		}
		if got := r.Header.Get("Content-Security-Policy"); !policy.MatchString(got) {
			t.Errorf("%d: the policy is %q", r.StatusCode, got)
		}
		if r.Header.Get("Set-Cookie") != "" || r.Header.Get("Content-Type") == "" {
			t.Errorf("%d: %v", r.StatusCode, r.Header)
		}
	}
}

// TestFailures: what goes wrong at the desk, or in own templates, is said in plain words here and kept for
// the log, without the token.
func TestFailures(t *testing.T) {
	d := newDesk("en")
	d.err = errors.New("no talk for " + token + ": the disk is full")
	h, log := handler(t, d, public)
	all := []*http.Response{get(h, "GET", "/a/"+token), get(h, "GET", "/a/"+token+"/talk.ics"), post(h, "/a/"+token, "choice=no&note=secret"), post(h, "/a/"+token, "note=secret")}
	for _, r := range all {
		text := body(t, r)
		if r.StatusCode != 500 || !strings.Contains(text, "Something has gone wrong on our side") || strings.Contains(text, "disk") || strings.Contains(text, token) {
			t.Errorf("%d:\n%s", r.StatusCode, text)
		}
	}
	if got := log.String(); strings.Count(got, "the disk is full") != len(all) || strings.Contains(got, token) || strings.Contains(got, "secret") {
		t.Errorf("the log has\n%s", got)
	}
	log.Reset()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	get(h, "GET", "/a/"+token, func(r *http.Request) { *r = *r.WithContext(ctx) })
	if log.Len() > 0 {
		t.Errorf("a reader who has gone is in the log: %s", log)
	}
}

// TestBrokenTemplates: where not even the page of the fault can be shown, a plain sentence stands.
func TestBrokenTemplates(t *testing.T) {
	own := t.TempDir()
	if err := os.Mkdir(filepath.Join(own, "en"), 0o700); err != nil {
		t.Fatal(err)
	}
	show := func(name string) (string, string) {
		if err := os.WriteFile(filepath.Join(own, "en", name), []byte("<p>{{.Nothing}}</p>"), 0o600); err != nil {
			t.Fatal(err)
		}
		words, err := templates.Load(own)
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		h, err := New(newDesk("en"), words, slog.New(slog.NewTextHandler(&log, nil)), public)
		if err != nil {
			t.Fatal(err)
		}
		r := get(h, "GET", "/a/"+token)
		if r.StatusCode != 500 {
			t.Errorf("%s: %d", name, r.StatusCode)
		}
		return body(t, r), log.String()
	}
	if text, log := show("page.html"); !strings.Contains(text, "Something has gone wrong on our side") || !strings.Contains(log, "Nothing") {
		t.Errorf("the page says\n%s\nand the log\n%s", text, log)
	}
	if text, log := show("gone.html"); text != "This page can't be shown. Please answer the mail instead.\n" || strings.Count(log, "can't evaluate field Nothing") != 2 {
		t.Errorf("the page says\n%s\nand the log\n%s", text, log)
	}
}

// TestXSS: whatever stands in a plan or comes with a form stays text, also where the form is shown again.
func TestXSS(t *testing.T) {
	const evil = `"></textarea></title></style><script>alert(1)</script><img src=x onerror=alert(1)>`
	d := newDesk("en")
	d.page.Organizer.Name, d.page.Partner.Name, d.page.Purpose = evil, evil, evil
	d.page.Offer, d.page.Ask, d.page.Agenda = []string{evil}, []string{evil}, []templates.Item{{Number: 1, Topic: evil, Minutes: 5}}
	d.page.Setting = templates.Setting{Kind: "video", Place: evil, URL: "javascript:alert(1)//" + evil}
	h, _ := handler(t, d, public)
	form := url.Values{"note": {evil}}.Encode()
	for _, r := range []*http.Response{get(h, "GET", "/a/"+token), post(h, "/a/"+token, form), get(h, "GET", "/a/"+url.PathEscape(evil)),
		post(h, "/a/"+token, url.Values{"choice": {evil}}.Encode()), get(h, "GET", "/a/"+token, with("Accept-Language", evil))} {
		root, err := html.Parse(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.Descendants() {
			if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "img") {
				t.Errorf("%d: there is a <%s>", r.StatusCode, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Val, "javascript:") {
					t.Errorf("%d: <%s> has %s=%q", r.StatusCode, n.Data, a.Key, a.Val)
				}
			}
		}
	}
}

// TestNothingChanges: a thousand requests of any other kind than a whole form leave all as it was.
func TestNothingChanges(t *testing.T) {
	d := newDesk("en")
	h, _ := handler(t, d, public)
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	shown := 0
	for i := range 1000 {
		method := pick("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "get", "POSTED")
		path := "/a/" + token + pick("", "", "/talk.ics", "/", "?choice=yes1", "?choice=no&note=x&_method=POST", "/yes1", "/../x", "%00")
		form := pick("", "choice=yes1", "choice=no&note=secret", `{"choice":"yes1"}`)
		r := httptest.NewRequest(method, path, strings.NewReader(form))
		r.Header.Set("Content-Type", pick("application/x-www-form-urlencoded", "application/json", "text/html"))
		r.Header.Set(pick("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Purpose"), "POST")
		r.RemoteAddr = fmt.Sprintf("192.0.2.%d:1", i/5)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == 200 {
			shown++
		}
	}
	if got := d.taken(); len(got) > 0 || d.page.Answer != "" {
		t.Errorf("answers were taken: %q", got)
	}
	if shown < 50 {
		t.Errorf("only %d requests found the page", shown)
	}
}

// TestRobot: a robot that follows each link, and sends each form as it finds it, answers nothing.
func TestRobot(t *testing.T) {
	for answer, links := range map[templates.Choice]int{"": 2, "yes2": 3, "no": 2} { // the page, its form, and a calendar entry
		d := newDesk("de")
		d.page.Answer, d.page.HasCalendar = answer, answer == "yes2"
		server := httptest.NewServer(func() http.Handler { h, _ := handler(t, d, public); return h }())
		seen, forms := make(map[string]bool), 0
		var visit func(link string, send func() (*http.Response, error))
		visit = func(link string, send func() (*http.Response, error)) {
			if seen[link] {
				return
			}
			seen[link] = true
			r, err := send()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			if r.StatusCode >= 500 || r.StatusCode == 404 {
				t.Errorf("%s: %d", link, r.StatusCode)
			}
			root, err := html.Parse(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			for n := range root.Descendants() {
				var fields []string
				for _, a := range n.Attr {
					if a.Key == "href" || a.Key == "src" {
						next, err := r.Request.URL.Parse(a.Val)
						if err != nil {
							t.Fatal(err)
						}
						next.Fragment = ""
						visit(next.String(), func() (*http.Response, error) { return http.Get(next.String()) })
					}
				}
				if n.Data != "form" {
					continue
				}
				forms++
				form := make(url.Values)
				for f := range n.Descendants() {
					attr := make(map[string]string)
					for _, a := range f.Attr {
						attr[a.Key] = a.Val
					}
					_, checked := attr["checked"]
					if attr["name"] != "" && (attr["type"] != "radio" || checked) {
						form.Set(attr["name"], attr["value"])
						fields = append(fields, attr["name"])
					}
				}
				if !slices.Equal(fields, []string{"own", "note"}) {
					t.Errorf("an untouched form sends %v", fields)
				}
				visit("POST", func() (*http.Response, error) { return http.PostForm(r.Request.URL.String(), form) })
			}
		}
		start := Link(server.URL, token)
		visit(start, func() (*http.Response, error) { return http.Get(start) })
		server.Close()
		if got := d.taken(); len(got) > 0 || d.page.Answer != answer {
			t.Errorf("answers were taken: %q", got)
		}
		if forms == 0 || len(seen) != links {
			t.Errorf("%q: the robot has seen %v, and %d forms", answer, slices.Collect(maps.Keys(seen)), forms)
		}
	}
}

// TestServe: a request under way is answered when the program stops, and no new one is taken.
func TestServe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	arrived, leave := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- Serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				close(arrived)
				<-leave
			}
			fmt.Fprint(w, r.Method, " ", r.RequestURI)
		}), slog.New(slog.DiscardHandler))
	}()
	base := "http://" + l.Addr().String()
	answer := make(chan string)
	go func() {
		r, err := http.Get(base + "/slow")
		if err != nil {
			answer <- err.Error()
			return
		}
		b, _ := io.ReadAll(r.Body)
		answer <- string(b)
	}()
	<-arrived
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if b, _ := io.ReadAll(conn); !strings.HasSuffix(string(b), "OPTIONS *") {
		t.Errorf("OPTIONS * was not left to the handler: %q", b)
	}
	conn.Close()
	stop()
	for { // until the port is closed
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		c.Close()
	}
	close(leave)
	if got := <-answer; got != "GET /slow" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-done; err != nil {
		t.Errorf("a stop that was asked for is an error: %v", err)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if err := Serve(t.Context(), closed, http.NotFoundHandler(), slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a listener that is closed is no error")
	}
}

// A faultyDesk breaks down.
type faultyDesk struct{ *fakeDesk }

func (faultyDesk) Page(context.Context, string) (*templates.Page, string, error) { panic("secret") }

// TestFault: a fault of this program is one page that can't be shown.
func TestFault(t *testing.T) {
	log := new(bytes.Buffer)
	h, err := New(faultyDesk{newDesk("en")}, load(t), slog.New(slog.NewTextHandler(log, nil)), public)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/a/"+token, nil))
	if w.Code != http.StatusInternalServerError || !strings.Contains(log.String(), "a fault of this program") || strings.Contains(log.String(), "secret") || strings.Contains(log.String(), token) {
		t.Errorf("status %d; the log says %s", w.Code, log)
	}
}
