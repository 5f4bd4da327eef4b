package googletest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"coalition/invites/google/googletest"
)

const (
	eventsScope = "https://www.googleapis.com/auth/calendar.events"
	listScope   = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
)

// An app is a program that waits for a person to sign in.
type app struct {
	*oauth2.Config
	verifier string
	came     chan url.Values // to its loopback
}

func newApp(t *testing.T, g *googletest.Server) *app {
	t.Helper()
	data, err := os.ReadFile(g.ClientFile(t))
	if err != nil {
		t.Fatal(err)
	}
	config, err := google.ConfigFromJSON(data, eventsScope, listScope)
	if err != nil {
		t.Fatal(err)
	}
	config.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	a := &app{config, oauth2.GenerateVerifier(), make(chan url.Values, 1)}
	loopback := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { a.came <- r.URL.Query() }))
	t.Cleanup(loopback.Close)
	config.RedirectURL = loopback.URL
	return a
}

func (a *app) address(state string) string {
	return a.AuthCodeURL(state, oauth2.AccessTypeOffline, oauth2.ApprovalForce, oauth2.S256ChallengeOption(a.verifier))
}

// signIn is the whole way to a token.
func (a *app) signIn(t *testing.T, g *googletest.Server, grant ...string) *oauth2.Token {
	t.Helper()
	if err := g.Consent(t.Context(), a.address("0123456789abcdef"), grant...); err != nil {
		t.Fatal(err)
	}
	q := <-a.came
	if q.Get("state") != "0123456789abcdef" {
		t.Errorf("came back with %v", q)
	}
	token, err := a.Exchange(t.Context(), q.Get("code"), oauth2.VerifierOption(a.verifier))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// status is what the API says to that access token.
func status(t *testing.T, g *googletest.Server, token, path string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", g.Endpoint()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func grantError(err error) string {
	var e *oauth2.RetrieveError
	if !errors.As(err, &e) {
		return ""
	}
	return e.ErrorCode + ": " + e.ErrorDescription
}

func TestSignIn(t *testing.T) {
	g := googletest.Start(t)
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	g.Set(func(set *googletest.Settings) {
		set.Now = func() time.Time { return now }
		set.RefreshExpiresIn = 7 * 24 * time.Hour
		set.Rotate = true
	})
	a := newApp(t, g)
	token := a.signIn(t, g, eventsScope)
	if token.RefreshToken == "" || token.Extra("scope") != eventsScope || token.Extra("refresh_token_expires_in") != 604800. || token.ExpiresIn != 3600 {
		t.Errorf("%+v", token)
	}
	if got := status(t, g, token.AccessToken, "calendars/primary/events"); got != 200 {
		t.Error(got)
	}
	if got := status(t, g, token.AccessToken, "users/me/calendarList/primary"); got != 403 {
		t.Error("a scope that was not granted:", got)
	}
	if got := status(t, g, "ya29.guessed", "calendars/primary/events"); got != 401 {
		t.Error("an unknown token:", got)
	}
	g.Set(func(*googletest.Settings) { now = now.Add(time.Hour) })
	if got := status(t, g, token.AccessToken, "calendars/primary/events"); got != 401 {
		t.Error("an old token:", got)
	}
	renew := func(refresh string) (*oauth2.Token, error) {
		return a.TokenSource(t.Context(), &oauth2.Token{RefreshToken: refresh}).Token()
	}
	newer, err := renew(token.RefreshToken)
	if err != nil || newer.RefreshToken == token.RefreshToken {
		t.Fatal(newer, err)
	}
	const ended = "invalid_grant: Token has been expired or revoked."
	if _, err := renew(token.RefreshToken); grantError(err) != ended {
		t.Error("a refresh token that has been replaced:", err)
	}
	g.Set(func(*googletest.Settings) { now = now.Add(7 * 24 * time.Hour) })
	if _, err := renew(newer.RefreshToken); grantError(err) != ended {
		t.Error("after seven days:", err)
	}

	if left := g.Granted(); len(left) != 0 {
		t.Error("after seven days:", left)
	}
	g.Set(func(set *googletest.Settings) { set.RefreshExpiresIn, set.Rotate = 0, false })
	token = a.signIn(t, g)
	if same, err := renew(token.RefreshToken); err != nil || same.RefreshToken != token.RefreshToken {
		t.Error(same, err)
	}
	resp, err := http.PostForm(g.RevokeURL(), url.Values{"token": {token.RefreshToken}})
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	if _, err := renew(token.RefreshToken); grantError(err) != ended {
		t.Error("after a logout:", err)
	}
	if got := status(t, g, token.AccessToken, "calendars/primary/events"); got != 401 {
		t.Error("after a logout:", got)
	}
	if refresh := g.Grant(eventsScope); len(g.Granted()) != 1 {
		t.Error(g.Granted())
	} else if _, err := renew(refresh); err != nil {
		t.Error(err)
	}
	token = a.signIn(t, g)
	g.RevokeGrant()
	if _, err := renew(token.RefreshToken); grantError(err) != ended || len(g.Granted()) != 0 {
		t.Error("after the person has taken it back:", err)
	}
	all := strings.Join(g.Secrets(), " ")
	for _, s := range []string{token.AccessToken, token.RefreshToken, a.verifier, googletest.ClientSecret} {
		if !strings.Contains(all, s) {
			t.Error("no secret:", s)
		}
	}
	for _, r := range g.Requests() {
		if r.Header.Get("Authorization") != "" {
			t.Error("the token is written down")
		}
	}
	if g.Count("auth") != 3 || g.Count("token") == 0 || g.Count("revoke") != 1 {
		t.Error("the requests of the sign-in have no names")
	}
}

func TestSignInElsewhere(t *testing.T) {
	g := googletest.Start(t)
	a := newApp(t, g)
	to, err := g.Redirect(t.Context(), a.address("0123456789abcdef"))
	if err != nil || !strings.HasPrefix(to, a.RedirectURL+"?") || !strings.Contains(to, "code=4%2F0A") {
		t.Error(to, err)
	}
	if len(a.came) > 0 {
		t.Error("the browser got through")
	}
	if err := g.Deny(t.Context(), a.address("0123456789abcdef")); err != nil {
		t.Fatal(err)
	}
	if q := <-a.came; q.Get("error") != "access_denied" || q.Has("code") || q.Get("state") == "" {
		t.Error(q)
	}
	g.Fail(googletest.Fault{Call: "token", Status: 503, HTML: true})
	if _, err := a.Exchange(t.Context(), "4/0A", oauth2.VerifierOption(a.verifier)); err == nil || grantError(err) == "" {
		t.Error(err)
	}
	if _, err := a.Exchange(t.Context(), "4/0A", oauth2.VerifierOption(a.verifier)); !strings.HasPrefix(grantError(err), "invalid_grant") {
		t.Error("an unknown code:", err)
	}
	if err := g.Consent(t.Context(), "https://accounts.google.com/o/oauth2/auth"); err == nil {
		t.Error("the real Google is asked")
	}
}

func TestWrongSignIn(t *testing.T) {
	rec := &recorder{TB: t}
	g := googletest.Start(rec)
	a := newApp(t, g)
	good := a.address("0123456789abcdef")
	if _, err := g.Redirect(t.Context(), good); err != nil || rec.take() != "" {
		t.Fatal(err)
	}
	for name, change := range map[string]func(url.Values){
		"client":      func(q url.Values) { q.Set("client_id", "other") },
		"redirect":    func(q url.Values) { q.Set("redirect_uri", "http://192.0.2.1:80/") },
		"no port":     func(q url.Values) { q.Set("redirect_uri", "http://127.0.0.1/") },
		"out of band": func(q url.Values) { q.Set("redirect_uri", "urn:ietf:wg:oauth:2.0:oob") },
		"type":        func(q url.Values) { q.Set("response_type", "token") },
		"state":       func(q url.Values) { q.Del("state") },
		"challenge":   func(q url.Values) { q.Del("code_challenge") },
		"plain":       func(q url.Values) { q.Set("code_challenge_method", "plain") },
		"online":      func(q url.Values) { q.Del("access_type") },
		"prompt":      func(q url.Values) { q.Del("prompt") },
		"scope":       func(q url.Values) { q.Set("scope", "https://www.googleapis.com/auth/calender") },
		"no scope":    func(q url.Values) { q.Del("scope") },
		"unknown":     func(q url.Values) { q.Set("approval", "force") },
		"twice":       func(q url.Values) { q.Add("state", "0123456789abcdefg") },
	} {
		u, _ := url.Parse(good)
		q := u.Query()
		change(q)
		u.RawQuery = q.Encode()
		if _, err := g.Redirect(t.Context(), u.String()); err == nil || rec.take() == "" {
			t.Errorf("%s: it may be asked so", name)
		}
	}

	code := func() string {
		to, err := g.Redirect(t.Context(), good)
		if err != nil {
			t.Fatal(err)
		}
		u, _ := url.Parse(to)
		return u.Query().Get("code")
	}
	exchange := func(a *oauth2.Config, code, verifier string) string {
		_, err := a.Exchange(context.Background(), code, oauth2.VerifierOption(verifier))
		if err == nil {
			return ""
		}
		return rec.take()
	}
	with := func(change func(c *oauth2.Config)) *oauth2.Config {
		c := *a.Config
		change(&c)
		return &c
	}
	if exchange(a.Config, code(), "another verifier") == "" {
		t.Error("any verifier will do")
	}
	if exchange(with(func(c *oauth2.Config) { c.RedirectURL = "http://127.0.0.1:1/" }), code(), a.verifier) == "" {
		t.Error("any redirect_uri will do")
	}
	if exchange(with(func(c *oauth2.Config) { c.ClientSecret = "" }), code(), a.verifier) == "" {
		t.Error("no client_secret is needed")
	}
	if exchange(with(func(c *oauth2.Config) { c.Endpoint.AuthStyle = oauth2.AuthStyleInHeader }), code(), a.verifier) == "" {
		t.Error("HTTP Basic will do")
	}
	once := code()
	if _, err := a.Exchange(t.Context(), once, oauth2.VerifierOption(a.verifier)); err != nil {
		t.Error(err)
	}
	if _, err := a.Exchange(t.Context(), once, oauth2.VerifierOption(a.verifier)); !strings.HasPrefix(grantError(err), "invalid_grant") {
		t.Error("a code twice:", err)
	}
	rec.take()
	for name, form := range map[string]string{
		"revoke, in the address": "/revoke?token=x",
		"no grant_type":          "/token",
	} {
		resp, err := http.PostForm(strings.TrimSuffix(g.RevokeURL(), "/revoke")+form, url.Values{"client_id": {googletest.ClientID}, "client_secret": {googletest.ClientSecret}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 400 || rec.take() == "" {
			t.Error(name, resp.Status)
		}
	}
}

// The file is what Google hands out.
func TestClientFile(t *testing.T) {
	g := googletest.Start(t)
	data, err := os.ReadFile(g.ClientFile(t))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Installed struct {
			TokenURI     string   `json:"token_uri"`
			RedirectURIs []string `json:"redirect_uris"`
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if strings.TrimSuffix(file.Installed.TokenURI, "/token")+"/revoke" != g.RevokeURL() || file.Installed.RedirectURIs[0] != "http://localhost" {
		t.Errorf("%s", data)
	}
}
