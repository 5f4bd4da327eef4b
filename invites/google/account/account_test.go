package account_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"coalition/invites"
	"coalition/invites/google"
	"coalition/invites/google/account"
	"coalition/invites/google/googletest"
)

const (
	events   = "https://www.googleapis.com/auth/calendar.events"
	listing  = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
	freebusy = "https://www.googleapis.com/auth/calendar.freebusy"
	mail     = "https://mail.google.com/"
)

// A person is an account with the config that it was made with.
type person struct {
	account.Config
	*account.Account
}

func of(c account.Config) *person { return &person{c, account.New(c)} }

// config is that of ana's account at g, whose sign-in lies in a file.
func config(t testing.TB, g *googletest.Server) account.Config {
	t.Helper()
	dir := t.TempDir()
	return account.Config{ClientFile: g.ClientFile(t), TokenFile: filepath.Join(dir, "secrets", "google"), Folder: filepath.Join(dir, "state"),
		User: googletest.Account, Calendar: true,
		AddressOf: func(ctx context.Context, client *http.Client) string {
			return google.OwnAddress(ctx, client, g.Endpoint())
		}}
}

func ana(t testing.TB, g *googletest.Server) *person {
	t.Helper()
	return of(config(t, g))
}

// another is the same account in another process.
func another(p *person) *person { return of(p.Config) }

// googleAddress is the address of Google's page to which the one leads that a browser is started with.
func googleAddress(address string) (string, error) {
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.Get(address)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		return "", errors.New(answer.Status)
	}
	return answer.Header.Get("Location"), nil
}

// prompt has a person grant that, or all.
func prompt(g *googletest.Server, grant ...string) account.Prompt {
	return account.Prompt{Say: func(string) {}, Browser: func(address string) error {
		address, err := googleAddress(address)
		if err != nil {
			return err
		}
		return g.Consent(context.Background(), address, grant...)
	}}
}

func signIn(t testing.TB, g *googletest.Server, a *person) account.Status {
	t.Helper()
	s, err := a.SignIn(t.Context(), prompt(g))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stored is the file of the sign-in.
func stored(t testing.TB, a *person) map[string]any {
	t.Helper()
	data, err := os.ReadFile(a.TokenFile)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	return v
}

// rewrite changes the file of the sign-in.
func rewrite(t testing.TB, a *person, change func(map[string]any)) {
	t.Helper()
	v := stored(t, a)
	change(v)
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.TokenFile, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func ended(v map[string]any) { v["expiry"] = time.Now().Add(50 * time.Second) }

// ask makes one request of the API.
func ask(t testing.TB, g *googletest.Server, a *person) error {
	t.Helper()
	answer, err := a.Client().Get(g.Endpoint() + "calendars/primary/events?maxResults=1&fields=nextPageToken,nextSyncToken,items(id)")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}

// told is err as every caller wants it: with words, for the channel, without a secret.
func told(t testing.TB, g *googletest.Server, err error) *invites.DeliveryError {
	t.Helper()
	var fault *invites.DeliveryError
	if !errors.As(err, &fault) || !fault.Channel || fault.Final || fault.Text == "" || strings.ContainsAny(fault.Text, "\n{}") {
		t.Fatalf("%#v is no error for people", err)
	}
	clean(t, g, fmt.Sprintf("%v %+v %#v", err, fault, fault))
	return fault
}

// clean reports the secrets in text.
func clean(t testing.TB, g *googletest.Server, text string) {
	t.Helper()
	for _, s := range g.Secrets() {
		if strings.Contains(text, s) || strings.Contains(text, url.QueryEscape(s)) {
			t.Errorf("%q is told:\n%s", s, text)
		}
	}
}

func TestSignIn(t *testing.T) {
	g := googletest.Start(t)
	a := ana(t, g)
	if err := ask(t, g, a); !errors.Is(err, invites.ErrLogin) || !strings.Contains(told(t, g, err).Text, "nobody is signed in to Google; use: coalition auth google") {
		t.Errorf("before: %v", err)
	}
	other := another(a)
	if _, err := other.Token(t.Context()); !errors.Is(err, invites.ErrLogin) {
		t.Errorf("before, elsewhere: %v", err)
	}
	before := time.Now().Add(-time.Second)
	s := signIn(t, g, a)
	want := []string{events, listing, freebusy}
	if s.Account != googletest.Account || !slices.Equal(s.Scopes, want) || s.Lacks != nil || s.Since.Before(before) || !s.Ends.IsZero() || s.Place != a.TokenFile {
		t.Errorf("signed in: %+v", s)
	}
	if err := errors.Join(ask(t, g, a), ask(t, g, other)); err != nil { // the other one notices by itself
		t.Errorf("after: %v", err)
	}
	if n := g.Count("token"); n != 1 {
		t.Errorf("%d requests for tokens, want 1", n)
	}
	q := g.Requests()[0].Query
	if q.Get("login_hint") != googletest.Account || q.Get("scope") != strings.Join(want, " ") || !strings.HasPrefix(q.Get("redirect_uri"), "http://127.0.0.1:") {
		t.Errorf("asked with %v", q)
	}
	if info, err := os.Stat(a.TokenFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v %v", info, err)
	}
	// A sign-in that comes to nothing leaves the last one as it is.
	if _, err := other.SignIn(t.Context(), account.Prompt{Browser: func(string) error { return errors.New("no browser") }}); err == nil || err.Error() != "no browser" {
		t.Errorf("without a browser: %v", err)
	}
	if err := ask(t, g, another(a)); err != nil {
		t.Errorf("after a sign-in that failed: %v", err)
	}
}

// The person may be at another machine: the address is printed alone on its line, and comes back as text.
func TestSignInPasted(t *testing.T) {
	g := googletest.Start(t)
	a := ana(t, g)
	shown, show := io.Pipe()
	pasted, paste := io.Pipe()
	lines := bufio.NewReader(shown)
	var told []string
	var mu sync.Mutex
	done := make(chan error, 1)
	go func() {
		_, err := a.SignIn(t.Context(), account.Prompt{Show: show, Pasted: pasted, Say: func(text string) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, text)
		}})
		done <- err
	}()
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	back, err := g.Redirect(t.Context(), strings.TrimSuffix(line, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(back)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	foreign := maps.Clone(q)
	foreign.Set("state", "0123456789abcdef")
	fmt.Fprintf(paste, "\nwhat?\n%s\nhttp://%[2]s/?%s\nhttp://%[2]s/?state=%[4]s\n", q.Get("code"), u.Host, foreign.Encode(), q.Get("state"))
	fmt.Fprintf(paste, "  %s  \r\n", back)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for i, want := range []string{"This is not the address", "This is not the address", "This address belongs to another sign-in", "This address brings nothing"} {
		if i >= len(told) || !strings.HasPrefix(told[i], want) {
			t.Errorf("told: %q, want %q in place %d", told, want, i)
		}
	}
	clean(t, g, strings.Join(told, "\n"))
	if err := ask(t, g, a); err != nil {
		t.Error(err)
	}
}

// What else comes to the port while a person is at Google's page counts for nothing.
func TestSignInCallback(t *testing.T) {
	g := googletest.Start(t)
	a := ana(t, g)
	visit := func(method, address, host string) (status int, page string, h http.Header) {
		t.Helper()
		r, err := http.NewRequest(method, address, nil)
		if err != nil {
			t.Error(err)
			return 0, "", nil
		}
		r.Host = host
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return 0, "", nil
		}
		defer answer.Body.Close()
		data, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(data), answer.Header
	}
	hold := make(chan struct{}) // so that the port is still there for the second callback
	g.Fail(googletest.Fault{Call: "token", Block: hold, After: true})
	_, err := a.SignIn(t.Context(), account.Prompt{Browser: func(address string) error {
		defer close(hold)
		begun, err := url.Parse(address)
		if err != nil {
			return err
		}
		if status, _, _ := visit("GET", address, "evil.example.org:"+begun.Port()); status != http.StatusMisdirectedRequest {
			t.Errorf("to begin, foreign Host: %d", status)
		}
		if status, _, _ := visit("GET", strings.TrimSuffix(address, address[len(address)-3:])+"AAA", ""); status != http.StatusGone {
			t.Errorf("to begin, guessed: %d", status)
		}
		page, err := googleAddress(address)
		if err != nil {
			return err
		}
		if status, _, _ := visit("GET", address, ""); status != http.StatusGone {
			t.Errorf("to begin, again: %d", status)
		}
		back, err := g.Redirect(context.Background(), page)
		if err != nil {
			return err
		}
		u, err := url.Parse(back)
		if err != nil {
			return err
		}
		if strings.Contains(address, u.Query().Get("state")) || strings.Contains(address, "ana") {
			t.Errorf("everybody can see %s", address)
		}
		with := func(change func(url.Values)) string {
			v := *u
			q := v.Query()
			change(q)
			v.RawQuery = q.Encode()
			return v.String()
		}
		for _, tt := range []struct {
			name, method, address, host string
			status                      int
		}{
			{"foreign Host", "GET", back, "evil.example.org:" + u.Port(), http.StatusMisdirectedRequest},
			{"Host without port", "GET", back, "127.0.0.1", http.StatusMisdirectedRequest},
			{"POST", "POST", back, "", http.StatusMethodNotAllowed},
			{"HEAD", "HEAD", back, "", http.StatusMethodNotAllowed},
			{"another path", "GET", strings.Replace(back, "/?", "/favicon.ico?", 1), "", http.StatusNotFound},
			{"wrong state", "GET", with(func(q url.Values) { q.Set("state", "x"+q.Get("state")) }), "", http.StatusForbidden},
			{"no state", "GET", with(func(q url.Values) { q.Del("state") }), "", http.StatusForbidden},
			{"refused with a wrong state", "GET", "http://" + u.Host + "/?error=access_denied&state=x", "", http.StatusForbidden},
			{"no code", "GET", with(func(q url.Values) { q.Del("code") }), "", http.StatusBadRequest},
			{"the one", "GET", back, "localhost:" + u.Port(), http.StatusOK},
			{"a second one", "GET", back, "", http.StatusGone},
			{"a second one with another code", "GET", with(func(q url.Values) { q.Set("code", "4/0Aother") }), "", http.StatusGone},
		} {
			status, page, h := visit(tt.method, tt.address, tt.host)
			if status != tt.status {
				t.Errorf("%s: %d, want %d", tt.name, status, tt.status)
			}
			if h.Get("Content-Security-Policy") != "default-src 'none'; frame-ancestors 'none'" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: headers %v", tt.name, h)
			}
			if tt.name == "the one" && !strings.Contains(page, "You can close this window.") {
				t.Errorf("the page:\n%s", page)
			}
			clean(t, g, page)
		}
		return nil
	}, Say: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	if n := g.Count("token"); n != 1 {
		t.Errorf("%d codes were tried, want 1", n)
	}
}

func TestSignInFails(t *testing.T) {
	short := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), 100*time.Millisecond)
	}
	tests := []struct {
		name   string
		before func(*googletest.Server, *account.Config)
		prompt func(*googletest.Server) account.Prompt
		want   string
	}{
		{"refused", nil, func(g *googletest.Server) account.Prompt {
			return account.Prompt{Browser: func(address string) error {
				page, err := googleAddress(address)
				if err != nil {
					return err
				}
				return g.Deny(context.Background(), page)
			}}
		}, "you have refused on Google's page, so nothing is changed here"},
		{"events not ticked", nil, func(g *googletest.Server) account.Prompt { return prompt(g, freebusy, listing) },
			"it can't work without all of it; sign in again, and tick the box “View and edit events on all your calendars” on Google's page"},
		{"mail not ticked", func(_ *googletest.Server, c *account.Config) { c.Mail = true }, func(g *googletest.Server) account.Prompt { return prompt(g, events) },
			"it can't work without all of it; sign in again, and tick the box “Read, compose, send, and permanently delete all your email from Gmail” on Google's page"},
		{"nobody comes", nil, func(*googletest.Server) account.Prompt {
			return account.Prompt{Browser: func(string) error { return nil }}
		}, "nobody has signed in for 10 minutes; begin again with: coalition auth google"},
		{"code used up", func(g *googletest.Server, _ *account.Config) {
			var late atomic.Int64
			g.Set(func(s *googletest.Settings) {
				s.Now = func() time.Time { return time.Now().Add(time.Duration(late.Load())) }
			})
			g.Hook(func(_ googletest.Point, r googletest.Request) {
				if r.Call == "token" {
					late.Store(int64(time.Hour))
				}
			})
		}, func(g *googletest.Server) account.Prompt { return prompt(g) }, "Google does not take what your browser has brought back; begin again with: coalition auth google"},
		{"no answer", func(g *googletest.Server, _ *account.Config) { g.Fail(googletest.Fault{Call: "token", Cut: true}) },
			func(g *googletest.Server) account.Prompt { return prompt(g) }, "Google's sign-in can't be reached: the connection was cut"},
		{"trouble", func(g *googletest.Server, _ *account.Config) {
			g.Fail(googletest.Fault{Call: "token", Status: 503, HTML: true})
		}, func(g *googletest.Server) account.Prompt { return prompt(g) }, "503 Google's sign-in has trouble; it is tried again later"},
		{"no client", func(_ *googletest.Server, c *account.Config) { c.ClientFile = "/nowhere/client.json" }, func(g *googletest.Server) account.Prompt { return prompt(g) },
			"the Google client in /nowhere/client.json is not there; download it from Google's console, and name its file in calendar.google.client_file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := googletest.Start(t)
			c := config(t, g)
			if tt.before != nil {
				tt.before(g, &c)
			}
			a := of(c)
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if tt.name == "nobody comes" {
				ctx, cancel = short()
			}
			defer cancel()
			_, err := a.SignIn(ctx, tt.prompt(g))
			if err == nil || err.Error() != tt.want {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			clean(t, g, fmt.Sprintf("%v %#v", err, err))
			if _, err := os.Stat(a.TokenFile); err == nil {
				t.Error("something was stored")
			}
		})
	}
}

// Without the boxes that only bring more, it works, and says what it lacks.
func TestSignInPartly(t *testing.T) {
	g := googletest.Start(t)
	a := ana(t, g)
	s, err := a.SignIn(t.Context(), prompt(g, events))
	if err != nil || s.Account != "" || !slices.Equal(s.Scopes, []string{events}) ||
		!slices.Equal(s.Lacks, []string{"See the list of Google calendars you’re subscribed to", "View your availability in your calendars"}) {
		t.Errorf("%+v %v", s, err)
	}
	if err := ask(t, g, a); err != nil {
		t.Error(err)
	}
	// When the config wants more of the account later, somebody has to sign in again.
	wanted := a.Config
	wanted.Mail = true
	more := of(wanted)
	if _, err := more.Token(t.Context()); !errors.Is(err, invites.ErrLogin) || !strings.Contains(told(t, g, err).Text, "does not cover all that the config wants") {
		t.Errorf("for mail: %v", err)
	}
	signIn(t, g, more)
	token, err := more.Token(t.Context())
	if err != nil || !slices.Contains(g.Secrets(), token) || !slices.Contains(g.Granted(), mail) {
		t.Errorf("signed in for mail: %v, of %v", err, g.Granted())
	}
}

func TestClientFile(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"web", `{"web":{"client_id":"x","client_secret":"GOCSPX-x"}}`, "is one for web applications; make one of the type Desktop app"},
		{"service account", `{"type":"service_account","private_key":"x"}`, "is the key of a service account"},
		{"something else", `{"a":1}`, "is none; make an OAuth client"},
		{"empty", ``, "is none; make an OAuth client"},
		{"no id", `{"installed":{"client_secret":"GOCSPX-x"}}`, "is none; make an OAuth client"},
		{"no https", `{"installed":{"client_id":"x","token_uri":"http://oauth2.example.org/token"}}`, "names an address without https"},
		{"no address", `{"installed":{"client_id":"x","auth_uri":"javascript:alert(1)"}}`, "names an address without https"},
		{"good", `{"installed":{"client_id":"x"}}`, ""},
	} {
		path := filepath.Join(t.TempDir(), "client.json")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := account.New(account.Config{ClientFile: path}).CheckClient()
		if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, account.ErrClient) || !strings.Contains(err.Error(), path+" "+tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// A client in testing status: the consent ends after a week, and everybody can see that coming.
func TestConsentEnds(t *testing.T) {
	g := googletest.Start(t)
	g.Set(func(s *googletest.Settings) { s.RefreshExpiresIn = 604799 * time.Second })
	a := ana(t, g)
	s := signIn(t, g, a)
	if left := time.Until(s.Ends); left < 604790*time.Second || left > 604799*time.Second {
		t.Errorf("ends at %v", s.Ends)
	}
	for _, tt := range []struct {
		later time.Duration
		days  int
	}{{time.Minute, 6}, {5 * 24 * time.Hour, 1}, {6 * 24 * time.Hour, 0}, {8 * 24 * time.Hour, 0}} {
		if days, ok := s.Left(time.Now().Add(tt.later)); !ok || days != tt.days {
			t.Errorf("%v later %d days are left, want %d", tt.later, days, tt.days)
		}
	}
	if _, ok := (account.Status{}).Left(time.Now()); ok {
		t.Error("a consent without an end ends")
	}
	// Renewing a token moves the end of the consent nowhere.
	rewrite(t, a, ended)
	if err := ask(t, g, a); err != nil {
		t.Fatal(err)
	}
	if again, err := a.Status(t.Context()); err != nil || !again.Ends.Equal(s.Ends) || g.Count("token") != 2 {
		t.Errorf("after a renewal it ends at %v, want %v (%v)", again.Ends, s.Ends, err)
	}
	g.Set(func(s *googletest.Settings) {
		s.Now = func() time.Time { return time.Now().Add(8 * 24 * time.Hour) }
	})
	if err := ask(t, g, a); !errors.Is(err, invites.ErrLogin) {
		t.Errorf("after a week: %v", err)
	}
}

// A token is renewed a minute before its end, and stored before it is used.
func TestRenew(t *testing.T) {
	for _, rotate := range []bool{false, true} {
		g := googletest.Start(t)
		g.Set(func(s *googletest.Settings) { s.Rotate = rotate })
		a := ana(t, g)
		signIn(t, g, a)
		first := stored(t, a)
		rewrite(t, a, ended)
		g.Hook(func(p googletest.Point, r googletest.Request) {
			if p == googletest.Arrived && r.Call == "events.list" && stored(t, a)["access_token"] == first["access_token"] {
				t.Error("a token is used before it is stored")
			}
		})
		if err := ask(t, g, a); err != nil {
			t.Fatal(err)
		}
		got := stored(t, a)
		if got["access_token"] == first["access_token"] || (got["refresh_token"] != first["refresh_token"]) != rotate || got["since"] != first["since"] || got["account"] != googletest.Account {
			t.Errorf("after a renewal (rotating: %v) %v is stored, before %v", rotate, got, first)
		}
		before, err := os.Stat(a.TokenFile)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(ask(t, g, a), ask(t, g, another(a))); err != nil {
			t.Error(err)
		}
		if after, err := os.Stat(a.TokenFile); err != nil || !os.SameFile(before, after) || !after.ModTime().Equal(before.ModTime()) {
			t.Error("it was stored again, and nothing had changed")
		}
		if n := g.Count("token"); n != 2 {
			t.Errorf("%d requests for tokens, want 2", n)
		}
	}
}

// Many at once, in two processes: one renews, and nobody ends up with a refresh token that was replaced.
func TestRenewAtOnce(t *testing.T) {
	g := googletest.Start(t)
	g.Set(func(s *googletest.Settings) { s.Rotate = true })
	a := ana(t, g)
	signIn(t, g, a)
	two := []*person{another(a), another(a)}
	for range 3 {
		rewrite(t, a, ended)
		g.Forget()
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if err := ask(t, g, two[i%2]); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := g.Count("token"); n != 1 {
			t.Errorf("%d renewals, want 1", n)
		}
	}
	// Also where the file system's clock is too coarse to show that the other one has renewed it.
	rewrite(t, a, ended)
	if err := ask(t, g, two[0]); err != nil {
		t.Fatal(err)
	}
	rewrite(t, a, ended)
	if _, err := two[1].Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	old, err := os.Stat(a.TokenFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := ask(t, g, two[0]); err != nil {
		t.Fatal(err)
	}
	rewrite(t, a, func(map[string]any) {}) // in as few bytes as the old one
	data, err := os.ReadFile(a.TokenFile)
	if err != nil || int64(len(data)) > old.Size() {
		t.Fatalf("%s is longer than %d bytes (%v)", data, old.Size(), err)
	}
	data = append(data, bytes.Repeat([]byte(" "), int(old.Size())-len(data))...)
	if err := errors.Join(os.WriteFile(a.TokenFile, data, 0o600), os.Chtimes(a.TokenFile, old.ModTime(), old.ModTime())); err != nil {
		t.Fatal(err)
	}
	g.Forget()
	if err := ask(t, g, two[1]); err != nil || g.Count("token") != 0 {
		t.Errorf("%d renewals of what was renewed (%v)", g.Count("token"), err)
	}
}

// What could not be stored is not used, and not lost either.
func TestRenewUnsaved(t *testing.T) {
	g := googletest.Start(t)
	g.Set(func(s *googletest.Settings) { s.Rotate = true })
	a := ana(t, g)
	signIn(t, g, a)
	rewrite(t, a, ended)
	blocked := a.TokenFile + ".new"
	if err := os.MkdirAll(filepath.Join(blocked, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := ask(t, g, a); errors.Is(err, invites.ErrLogin) || !strings.Contains(told(t, g, err).Text, "can't be written") {
			t.Errorf("the disk is full: %v", err)
		}
	}
	if n := g.Count("events.list"); n != 0 {
		t.Error("a token was used that is not stored")
	}
	if err := os.RemoveAll(blocked); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ask(t, g, a), ask(t, g, another(a))); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
	if n := g.Count("token"); n != 2 {
		t.Errorf("%d requests for tokens, want 2", n)
	}
	// Unless somebody has signed in meanwhile.
	rewrite(t, a, ended)
	if err := os.MkdirAll(filepath.Join(blocked, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := ask(t, g, a); err == nil {
		t.Error("it was stored")
	}
	if err := os.RemoveAll(blocked); err != nil {
		t.Fatal(err)
	}
	g.Set(func(s *googletest.Settings) { s.Rotate = false })
	signIn(t, g, another(a))
	rewrite(t, a, ended)
	fresh := stored(t, a)
	if err := ask(t, g, a); err != nil || stored(t, a)["refresh_token"] != fresh["refresh_token"] {
		t.Errorf("a sign-in was written over (%v)", err)
	}
}

// On a 401 the token is renewed, and the request repeated, once.
func TestUnauthorized(t *testing.T) {
	g := googletest.Start(t)
	a := ana(t, g)
	signIn(t, g, a)
	g.ExpireAccessTokens()
	g.Forget()
	post := func() (*http.Response, error) {
		return a.Client().Post(g.Endpoint()+"freeBusy", "application/json",
			strings.NewReader(`{"timeMin":"2027-03-01T00:00:00Z","timeMax":"2027-03-02T00:00:00Z","items":[{"id":"primary"}]}`))
	}
	answer, err := post()
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", answer, err)
	}
	answer.Body.Close()
	if r := g.Requests(); len(r) != 3 || r[1].Call != "token" || r[0].Call != "freebusy.query" || !bytes.Equal(r[0].Body, r[2].Body) || len(r[2].Body) == 0 {
		t.Errorf("requests: %v", r)
	}
	g.Forget()
	g.Fail(googletest.Fault{Call: "freebusy.query", Status: 401, Times: -1})
	_, err = post()
	if fault := told(t, g, err); !errors.Is(err, invites.ErrLogin) || fault.Text != "Google wants you to sign in again; use: coalition auth google" {
		t.Errorf("refused for good: %v", err)
	}
	if n, m := g.Count("freebusy.query"), g.Count("token"); n != 2 || m != 1 {
		t.Errorf("%d requests and %d renewals, want 2 and 1", n, m)
	}
	g.Heal()
	answer, err = post()
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("later: %v %v", answer, err)
	}
	answer.Body.Close()
}

// A grant that is no more is asked for once, in all processes, until somebody signs in.
func TestInvalidGrant(t *testing.T) {
	g := googletest.Start(t)
	a := ana(t, g)
	signIn(t, g, a)
	g.RevokeGrant()
	g.Forget()
	two := []*person{a, another(a)}
	for range 3 {
		for _, one := range append(two, another(a)) {
			if err := ask(t, g, one); !errors.Is(err, invites.ErrLogin) || told(t, g, err).Text != "Google wants you to sign in again; use: coalition auth google" {
				t.Errorf("%v", err)
			}
			if _, err := one.Token(t.Context()); !errors.Is(err, invites.ErrLogin) {
				t.Errorf("for mail: %v", err)
			}
		}
	}
	if n, m := g.Count("token"), g.Count("events.list"); n != 1 || m != 1 {
		t.Errorf("%d renewals and %d requests, want 1 of each", n, m)
	}
	s, err := another(a).Status(t.Context())
	if !errors.Is(err, invites.ErrLogin) || s.Dead.IsZero() || s.Account != googletest.Account {
		t.Errorf("status: %+v %v", s, err)
	}
	signIn(t, g, another(a))
	for _, one := range two {
		if err := ask(t, g, one); err != nil {
			t.Errorf("signed in again: %v", err)
		}
	}
}

// Who signs in with another account in one process has it in all.
func TestAddress(t *testing.T) {
	g := googletest.Start(t)
	a := ana(t, g)
	if got := a.Address(); got != "" {
		t.Errorf("nobody is signed in, and it is %s", got)
	}
	signIn(t, g, another(a))
	if got := a.Address(); got != googletest.Account {
		t.Errorf("it is %q", got)
	}
	rewrite(t, a, func(m map[string]any) { m["account"] = "bo@example.org" })
	if got := a.Address(); got != "bo@example.org" {
		t.Errorf("it is %q", got)
	}
	// While the sign-in is renewed nobody has to wait for it.
	rewrite(t, a, func(m map[string]any) { m["account"] = "li@example.org"; ended(m) })
	answer := make(chan struct{})
	g.Fail(googletest.Fault{Call: "token", Block: answer})
	token := make(chan error, 1)
	go func() {
		_, err := a.Token(t.Context())
		token <- err
	}()
	for a.Address() != "li@example.org" {
		runtime.Gosched()
	}
	for g.Count("token") < 2 {
		runtime.Gosched()
	}
	if got := a.Address(); got != "li@example.org" {
		t.Errorf("it is %q", got)
	}
	close(answer)
	if err := <-token; err != nil {
		t.Error(err)
	}
}

// What passes by itself is no end of a grant.
func TestRenewFails(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault googletest.Fault
		wait  time.Duration
		want  string
	}{
		{"cut", googletest.Fault{Cut: true}, 0, "Google's sign-in can't be reached: the connection was cut"},
		{"torn", googletest.Fault{Torn: true}, 0, "Google's sign-in can't be reached: the connection was cut"},
		{"500", googletest.Fault{Status: 500}, 0, "500 Google's sign-in has trouble; it is tried again later"},
		{"a page", googletest.Fault{Status: 502, HTML: true}, 0, "502 Google's sign-in has trouble; it is tried again later"},
		{"too many", googletest.Fault{Status: 429, RetryAfter: 7 * time.Second}, 7 * time.Second, "429 Google's sign-in has trouble; it is tried again later"},
		{"a hotel", googletest.Fault{Status: 200, HTML: true}, 0, "Google's sign-in can't be reached: something else answers in its place"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := googletest.Start(t)
			a := ana(t, g)
			signIn(t, g, a)
			rewrite(t, a, ended)
			tt.fault.Call = "token"
			g.Fail(tt.fault)
			err := ask(t, g, a)
			if fault := told(t, g, err); fault.Error() != tt.want || fault.Wait != tt.wait || errors.Is(err, invites.ErrLogin) {
				t.Errorf("got %q, wait %v, want %q", fault.Error(), fault.Wait, tt.want)
			}
			if err := ask(t, g, a); err != nil {
				t.Errorf("later: %v", err)
			}
		})
	}
}

// Another client has another account.
func TestOtherClient(t *testing.T) {
	g := googletest.Start(t)
	a := ana(t, g)
	signIn(t, g, a)
	rewrite(t, a, func(v map[string]any) { ended(v); v["client_id"] = "another.apps.googleusercontent.com" })
	if err := ask(t, g, a); !errors.Is(err, invites.ErrLogin) || !strings.Contains(told(t, g, err).Text, "the client file is another one") {
		t.Error(err)
	}
	if g.Count("token") != 1 {
		t.Error("Google was asked with the sign-in of another client")
	}
}

// Nobody gets the token by answering in Google's place.
func TestAccountRedirect(t *testing.T) {
	g := googletest.Start(t)
	a := ana(t, g)
	signIn(t, g, a)
	var seen http.Header
	thief := httpServer(t, func(_ http.ResponseWriter, r *http.Request) { seen = r.Header })
	front := httpServer(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, thief, http.StatusFound) })
	answer, err := a.Client().Get(front)
	if err != nil || answer.StatusCode != http.StatusFound || seen != nil {
		t.Errorf("%v %v; the thief got %v", answer, err, seen)
	}
	answer.Body.Close()
}

func httpServer(t *testing.T, serve http.HandlerFunc) (address string) {
	s := httptest.NewServer(serve)
	t.Cleanup(s.Close)
	return s.URL
}

func TestTokenFile(t *testing.T) {
	g := googletest.Start(t)
	a := ana(t, g)
	signIn(t, g, a)
	for _, tt := range []struct {
		name  string
		spoil func() error
		login bool
		want  string
	}{
		{"others can read it", func() error { return os.Chmod(a.TokenFile, 0o640) }, false, "others of this machine can read the sign-in to Google in " + a.TokenFile + " (mode 0640), so it is not used; use: chmod 600 " + a.TokenFile},
		{"cut", func() error { return errors.Join(os.Chmod(a.TokenFile, 0o600), os.Truncate(a.TokenFile, 50)) }, true, "the sign-in to Google in " + a.TokenFile + " can't be read; use: coalition auth google"},
		{"empty", func() error { return os.Truncate(a.TokenFile, 0) }, true, "the sign-in to Google in " + a.TokenFile + " can't be read; use: coalition auth google"},
		{"a folder", func() error { return errors.Join(os.Remove(a.TokenFile), os.Mkdir(a.TokenFile, 0o700)) }, false, a.TokenFile + ", where the sign-in to Google should be, is no file"},
		{"gone", func() error { return os.Remove(a.TokenFile) }, true, "nobody is signed in to Google; use: coalition auth google"},
	} {
		if err := tt.spoil(); err != nil {
			t.Fatal(err)
		}
		for _, one := range []*person{a, another(a)} {
			if err := ask(t, g, one); errors.Is(err, invites.ErrLogin) != tt.login || told(t, g, err).Text != tt.want {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
	}
	// A link stays one: the secret may lie on another disk.
	real := filepath.Join(t.TempDir(), "real")
	if err := errors.Join(os.WriteFile(real, nil, 0o600), os.Symlink(real, a.TokenFile)); err != nil {
		t.Fatal(err)
	}
	signIn(t, g, a)
	if info, err := os.Lstat(a.TokenFile); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is %v (%v)", info, err)
	}
	if err := ask(t, g, another(a)); err != nil {
		t.Error(err)
	}
}

// Nothing is opened before the account is used, nor made by looking.
func TestUntouched(t *testing.T) {
	a := of(account.Config{ClientFile: "/nowhere/client.json", Folder: filepath.Join(t.TempDir(), "state"), TokenFile: "/nowhere/token", Calendar: true})
	a.Client()
	if _, err := a.Status(t.Context()); !errors.Is(err, invites.ErrLogin) {
		t.Error(err)
	}
	if _, err := os.Stat(a.Folder); err == nil {
		t.Error("a folder was made")
	}
}

// inKeyring is an account without a file of its own.
func inKeyring(t testing.TB, g *googletest.Server) *person {
	c := config(t, g)
	c.TokenFile = ""
	return of(c)
}

func TestKeyring(t *testing.T) {
	keyring.MockInit()
	g := googletest.Start(t)
	a := inKeyring(t, g)
	other := another(a)
	if _, err := other.Token(t.Context()); !errors.Is(err, invites.ErrLogin) || !strings.HasPrefix(err.Error(), "nobody is signed in") {
		t.Error(err)
	}
	if s := signIn(t, g, a); s.Place != "the system keyring" {
		t.Errorf("it lies in %s", s.Place)
	}
	file := filepath.Join(a.Folder, "google-token.json")
	if _, err := os.Stat(file); err == nil {
		t.Error("a file was written all the same")
	}
	if err := errors.Join(ask(t, g, a), ask(t, g, other)); err != nil {
		t.Error(err)
	}
	// What one process renews, the other one knows.
	g.ExpireAccessTokens()
	if err := errors.Join(ask(t, g, a), ask(t, g, other)); err != nil {
		t.Error(err)
	}
	if n := g.Count("token"); n != 2 {
		t.Errorf("%d requests for tokens, want 2", n)
	}
	// A sign-in counts everywhere at once, also where the last one was given up.
	g.RevokeGrant()
	for _, one := range []*person{a, other} {
		if err := ask(t, g, one); !errors.Is(err, invites.ErrLogin) {
			t.Errorf("taken back: %v", err)
		}
	}
	signIn(t, g, a)
	if err := ask(t, g, other); err != nil {
		t.Errorf("signed in again: %v", err)
	}
	// Another state is another account.
	there := a.Config
	there.Folder = t.TempDir()
	elsewhere := of(there)
	if _, err := elsewhere.Token(t.Context()); !errors.Is(err, invites.ErrLogin) {
		t.Errorf("another state is signed in, too: %v", err)
	}
	if was, err := a.SignOut(t.Context()); !was || err != nil {
		t.Errorf("signing out: %v %v", was, err)
	}
	if _, err := other.Token(t.Context()); !errors.Is(err, invites.ErrLogin) {
		t.Errorf("signed out: %v", err)
	}
}

// Where there is no keyring, the file beside the state does; and a keyring that comes later takes over
// with the next sign-in only.
func TestNoKeyring(t *testing.T) {
	keyring.MockInitWithError(errors.New("dbus: no such thing as ya29.secret"))
	defer keyring.MockInit()
	g := googletest.Start(t)
	a := inKeyring(t, g)
	if _, err := a.Token(t.Context()); !errors.Is(err, invites.ErrLogin) || !strings.Contains(told(t, g, err).Text, "the system keyring can't be opened from here") || strings.Contains(err.Error(), "dbus") {
		t.Error(err)
	}
	file := filepath.Join(a.Folder, "google-token.json")
	if s := signIn(t, g, a); s.Place != file {
		t.Errorf("it lies in %s", s.Place)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	keyring.MockInit()
	g.ExpireAccessTokens()
	if err := errors.Join(ask(t, g, a), ask(t, g, another(a))); err != nil {
		t.Error(err)
	}
	if s, err := another(a).Status(t.Context()); err != nil || s.Place != file {
		t.Errorf("it lies in %s (%v)", s.Place, err)
	}
	if s := signIn(t, g, a); s.Place != "the system keyring" {
		t.Errorf("it lies in %s", s.Place)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the file is still there")
	}
	if err := ask(t, g, another(a)); err != nil {
		t.Error(err)
	}
}

func TestSignOut(t *testing.T) {
	g := googletest.Start(t)
	a := ana(t, g)
	if was, err := a.SignOut(t.Context()); was || err != nil {
		t.Errorf("nobody was signed in: %v %v", was, err)
	}
	signIn(t, g, a)
	g.Fail(googletest.Fault{Call: "revoke", Status: 503})
	if _, err := a.SignOut(t.Context()); !strings.Contains(told(t, g, err).Text, "The sign-in is still good; try again") {
		t.Error(err)
	}
	g.Fail(googletest.Fault{Call: "revoke", Cut: true})
	if _, err := a.SignOut(t.Context()); !strings.Contains(told(t, g, err).Text, "can't be told to take the sign-in back: the connection was cut.") {
		t.Error(err)
	}
	if err := ask(t, g, another(a)); err != nil {
		t.Errorf("it is not good any more: %v", err)
	}
	other := another(a)
	if err := ask(t, g, other); err != nil {
		t.Fatal(err)
	}
	if was, err := a.SignOut(t.Context()); !was || err != nil {
		t.Errorf("signing out: %v %v", was, err)
	}
	if granted := g.Granted(); len(granted) > 0 {
		t.Errorf("at Google there is still %v", granted)
	}
	if _, err := os.Stat(a.TokenFile); err == nil {
		t.Error("the file is still there")
	}
	if err := ask(t, g, other); !errors.Is(err, invites.ErrLogin) {
		t.Errorf("elsewhere: %v", err)
	}
	// What was taken back at Google already, or is known to be dead, can be signed out of, too.
	for _, known := range []bool{false, true} {
		signIn(t, g, a)
		g.RevokeGrant()
		g.Forget()
		if known {
			_ = ask(t, g, a)
		}
		if was, err := a.SignOut(t.Context()); !was || err != nil || (g.Count("revoke") == 0) != known {
			t.Errorf("signing out of what is dead (known: %v): %v %v, %d requests", known, was, err, g.Count("revoke"))
		}
	}
}

// What the daemon notes is for `auth status` and doctor, in another process.
func TestRecord(t *testing.T) {
	a := of(account.Config{Folder: filepath.Join(t.TempDir(), "state"), TokenFile: "/nowhere/token"})
	path := filepath.Join(a.Folder, "google-status.json")
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	quota := &invites.DeliveryError{Code: 403, Text: "Google Calendar takes no more guests for now", Err: invites.ErrGuests}
	for _, tt := range []struct {
		after   time.Duration
		err     error
		written bool
		synced  time.Duration
		trouble string
		at      time.Duration
	}{
		{0, nil, true, 0, "", 0},
		{30 * time.Second, nil, false, 0, "", 0},
		{59 * time.Second, context.Canceled, false, 0, "", 0},
		{time.Minute, nil, true, time.Minute, "", 0},
		{61 * time.Second, quota, true, time.Minute, quota.Error(), 61 * time.Second},
		{62 * time.Second, quota, false, time.Minute, quota.Error(), 61 * time.Second},
		{63 * time.Second, errors.New("another"), true, time.Minute, "another", 63 * time.Second},
		{64 * time.Second, nil, true, 64 * time.Second, "another", 63 * time.Second},
		{65 * time.Second, nil, false, 64 * time.Second, "another", 63 * time.Second},
		{10 * time.Minute, nil, true, 10 * time.Minute, "another", 63 * time.Second},
	} {
		before, _ := os.Stat(path)
		a.Record(noon.Add(tt.after), tt.err)
		after, err := os.Stat(path)
		if err != nil || after.Mode().Perm() != 0o600 {
			t.Fatal(after, err)
		}
		if written := before == nil || !os.SameFile(before, after) || !after.ModTime().Equal(before.ModTime()); written != tt.written {
			t.Errorf("after %v: written %v", tt.after, written)
		}
		s, _ := another(a).Status(t.Context())
		if !s.Synced.Equal(noon.Add(tt.synced)) || s.Trouble != tt.trouble || tt.trouble != "" && !s.Troubled.Equal(noon.Add(tt.at)) {
			t.Errorf("after %v: %+v", tt.after, s)
		}
	}
}

// TestRenewForEver is what the next test runs in processes of its own: it renews without end, and prints a
// line each time.
func TestRenewForEver(t *testing.T) {
	a := of(account.Config{ClientFile: os.Getenv("CLIENT_FILE"), TokenFile: os.Getenv("TOKEN_FILE"), Calendar: true})
	for a.TokenFile != "" {
		if _, err := a.Token(t.Context()); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("renewed")
	}
}

// Killed at any moment, also two at once: the file is whole, and what it holds is good.
func TestKilled(t *testing.T) {
	g := googletest.Start(t)
	g.Set(func(s *googletest.Settings) { s.ExpiresIn = 30 * time.Second }) // each use renews
	a := ana(t, g)
	signIn(t, g, a)
	refresh := stored(t, a)["refresh_token"]
	const kills = 50
	for n := 0; n < kills; n += 2 {
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				cmd := exec.Command(os.Args[0], "-test.run=^TestRenewForEver$", "-test.v=false")
				cmd.Env = append(os.Environ(), "CLIENT_FILE="+a.ClientFile, "TOKEN_FILE="+a.TokenFile)
				out, err := cmd.StdoutPipe()
				if err == nil {
					err = cmd.Start()
				}
				if err != nil {
					t.Error(err)
					return
				}
				said, _ := bufio.NewReader(out).ReadString('\n')
				moment := time.NewTimer(rand.N(4 * time.Millisecond)) // about as long as a renewal takes
				<-moment.C
				_ = cmd.Process.Kill()
				rest, _ := io.ReadAll(out)
				_ = cmd.Wait() // killed
				if said += string(rest); said == "" || !strings.HasPrefix("renewed\n", strings.ReplaceAll(said, "renewed\n", "")) {
					t.Errorf("it could not renew: %q", said)
				}
			})
		}
		wg.Wait()
		if v := stored(t, a); v["refresh_token"] != refresh || !slices.Contains(g.Secrets(), fmt.Sprint(v["access_token"])) {
			t.Fatalf("after %d kills: %v", n+2, v)
		}
	}
	if err := ask(t, g, a); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(filepath.Dir(a.TokenFile)); err != nil || len(files) > 3 { // the file, its lock, and perhaps the one that was being written
		t.Errorf("secrets pile up: %v %v", files, err)
	}
	t.Log(g.Count("token"), "renewals")
}
