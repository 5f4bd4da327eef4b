package googletest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The client that [Server.ClientFile] describes.
const (
	ClientID     = "1234567890-coalition.apps.googleusercontent.com"
	ClientSecret = "GOCSPX-not-a-real-secret"
)

const allOfCalendar = "https://www.googleapis.com/auth/calendar"

// auth is what the sign-in remembers.
type auth struct {
	tickets map[string]*ticket // a person is looking at each of them
	codes   map[string]*ticket
	grants  map[string]*grant // by their refresh token
	access  map[string]*access
	secrets []string
}

// A ticket is a request for consent.
type ticket struct {
	query   url.Values
	granted []string
	until   time.Time // as a code
}

// A grant is a consent.
type grant struct {
	scopes []string
	until  time.Time // zero: without end
	dead   bool
}

type access struct {
	grant  *grant
	scopes []string
	until  time.Time // zero: without end
	dead   bool
}

func (a *auth) init() {
	a.tickets, a.codes = map[string]*ticket{}, map[string]*ticket{}
	a.grants, a.access = map[string]*grant{}, map[string]*access{}
}

// secret is a new one of that kind.
func (a *auth) secret(prefix string) string {
	v := prefix + rand.Text()
	a.secrets = append(a.secrets, v)
	return v
}

// name is what a request of the sign-in asks for.
func (a *auth) name(r *http.Request) string {
	switch r.Method + " " + r.URL.Path {
	case "GET /o/oauth2/auth":
		return "auth"
	case "POST /consent":
		return "consent"
	case "POST /token":
		return "token"
	case "POST /revoke":
		return "revoke"
	}
	return ""
}

// ClientFile is the path of the file that Google hands out for a desktop app, made out to this server.
func (s *Server) ClientFile(t testing.TB) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "client_secret_"+ClientID+".json")
	data := encode(map[string]any{"installed": map[string]any{
		"client_id": ClientID, "project_id": "coalition", "client_secret": ClientSecret,
		"auth_uri": s.http.URL + "/o/oauth2/auth", "token_uri": s.http.URL + "/token",
		"auth_provider_x509_cert_url": s.http.URL + "/oauth2/v1/certs",
		"redirect_uris":               []string{"http://localhost"},
	}})
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// RevokeURL is where a token is given back.
func (s *Server) RevokeURL() string { return s.http.URL + "/revoke" }

// Secrets are all codes and tokens that were handed out so far, the client's secret, and the
// verifiers that came: what nobody but the program may ever see.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(slices.Clone(s.auth.secrets), ClientSecret)
}

// AccessToken is a token for a test that needs no sign-in, with those scopes, or all of Calendar's. It
// lives until [Server.ExpireAccessTokens] or [Server.RevokeGrant].
func (s *Server) AccessToken(scopes ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(scopes) == 0 {
		scopes = []string{allOfCalendar}
	}
	token := s.auth.secret("ya29.")
	s.auth.access[token] = &access{scopes: scopes}
	return token
}

// Client adds an [Server.AccessToken] to each request.
func (s *Server) Client(scopes ...string) *http.Client {
	return &http.Client{Transport: &bearer{s.AccessToken(scopes...), s.http.Client().Transport}}
}

type bearer struct {
	token string
	under http.RoundTripper
}

func (b *bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.under.RoundTrip(r)
}

// Grant is the refresh token of a consent that was given before, for a test that needs no sign-in. It
// has those scopes, or all of Calendar's.
func (s *Server) Grant(scopes ...string) (refresh string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(scopes) == 0 {
		scopes = []string{allOfCalendar}
	}
	return s.grant(scopes)
}

// grant makes a consent, and is its refresh token.
func (s *Server) grant(scopes []string) (refresh string) {
	g := &grant{scopes: scopes}
	if d := s.set.RefreshExpiresIn; d > 0 {
		g.until = s.set.Now().Add(d)
	}
	refresh = s.auth.secret("1//0")
	s.auth.grants[refresh] = g
	return refresh
}

// ExpireAccessTokens ends all access tokens so far: 401.
func (s *Server) ExpireAccessTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.auth.access {
		a.dead = true
	}
}

// RevokeGrant has the person take back every consent, and so ends all tokens so far: 401 and invalid_grant.
func (s *Server) RevokeGrant() {
	s.ExpireAccessTokens()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.auth.grants {
		g.dead = true
	}
}

// Granted are the scopes of all consents that are still good, in order; none: nobody is signed in.
func (s *Server) Granted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	scopes := map[string]bool{}
	for _, g := range s.auth.grants {
		if g.good(s.set.Now()) {
			for _, scope := range g.scopes {
				scopes[scope] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(scopes))
}

// admit is the answer to a request whose token does not allow it.
func (s *Server) admit(c *call) *answer {
	kind, token, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") || token == "" {
		return s.wrong(c, 401, "required", "Login Required.")
	}
	a := s.auth.access[token]
	now := s.set.Now()
	if a == nil || a.dead || !a.until.IsZero() && !now.Before(a.until) || a.grant != nil && !a.grant.good(now) {
		return refuse(401, "authError", messages["authError"])
	}
	if !slices.ContainsFunc(c.m.Scopes, func(scope string) bool { return slices.Contains(a.scopes, scope) }) {
		return refuse(403, "insufficientPermissions", messages["insufficientPermissions"])
	}
	return nil
}

func (g *grant) good(now time.Time) bool { return !g.dead && (g.until.IsZero() || now.Before(g.until)) }

func (s *Server) signIn(c *call, name string) *answer {
	if name == "auth" {
		return s.ask(c)
	}
	form, err := url.ParseQuery(string(c.raw))
	if kind := c.Header.Get("Content-Type"); err != nil || !strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
		return s.wrongGrant(c, 400, "invalid_request", "the body is no form")
	}
	for name, values := range form {
		if len(values) > 1 && name != "scope" {
			return s.wrongGrant(c, 400, "invalid_request", "Parameter not allowed twice: "+name)
		}
	}
	if name == "consent" {
		return s.consent(form)
	}
	if len(c.query) > 0 {
		return s.wrongGrant(c, 400, "invalid_request", "a secret belongs into the body, not into the address")
	}
	if c.Header.Get("Authorization") != "" {
		return s.wrongGrant(c, 400, "invalid_request", "the client says who it is in the body, not in a header")
	}
	if name == "revoke" {
		return s.revoke(form.Get("token"))
	}
	if form.Get("client_id") != ClientID || form.Get("client_secret") != ClientSecret {
		return s.wrongGrant(c, 401, "invalid_client", "The OAuth client was not found, or its secret is wrong.")
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		return s.redeem(c, form)
	case "refresh_token":
		return s.refresh(c, form)
	}
	return s.wrongGrant(c, 400, "unsupported_grant_type", "Invalid grant_type: "+form.Get("grant_type"))
}

// wrongGrant is [Server.wrong] in the words of OAuth (RFC 6749, section 5.2).
func (s *Server) wrongGrant(c *call, status int, code, message string) *answer {
	s.t.Errorf("googletest: %s %s: %s", c.Method, c.URL.Path, message)
	return refuseGrant(status, code, message)
}

func refuseGrant(status int, code, message string) *answer {
	return &answer{status, http.Header{}, encode(map[string]any{"error": code, "error_description": message})}
}

// otherScopes are those beside Calendar's that a program of mail and calendars may ask for.
var otherScopes = []string{"https://mail.google.com/"}

// ask shows the person what the program wants (RFC 8252, 7636).
func (s *Server) ask(c *call) *answer {
	q := c.query
	redirect, err := url.Parse(q.Get("redirect_uri"))
	host := ""
	if err == nil {
		host = redirect.Hostname()
	}
	ip := net.ParseIP(host)
	problem := ""
	check := func(ok bool, what string) {
		if !ok && problem == "" {
			problem = what
		}
	}
	known := []string{"client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method",
		"access_type", "prompt", "login_hint", "include_granted_scopes", "hl"}
	for name, values := range q {
		check(slices.Contains(known, name), "Parameter not allowed: "+name)
		check(len(values) == 1, "Parameter comes twice: "+name)
	}
	check(q.Get("client_id") == ClientID, "The OAuth client was not found.")
	check(err == nil && redirect.Scheme == "http" && redirect.Port() != "" && (ip != nil && ip.IsLoopback() || host == "localhost"),
		"redirect_uri_mismatch: it is no loopback address with a port")
	check(q.Get("response_type") == "code", "response_type is not code")
	check(len(q.Get("state")) >= 16, "state is short, or is not there")
	check(q.Get("code_challenge_method") == "S256" && len(q.Get("code_challenge")) == 43, "code_challenge is not one of S256")
	check(q.Get("access_type") == "offline", "access_type is not offline")
	check(q.Get("prompt") == "consent", "prompt is not consent: there may be no refresh token")
	scopes := strings.Fields(q.Get("scope"))
	check(len(scopes) > 0, "Missing required parameter: scope")
	for _, scope := range scopes {
		check(s.doc.Auth.OAuth2.Scopes[scope] != nil || slices.Contains(otherScopes, scope), "invalid_scope: "+scope)
	}
	if problem != "" {
		return s.wrongGrant(c, 400, "invalid_request", problem)
	}
	id := rand.Text()
	s.auth.tickets[id] = &ticket{query: q}
	var page strings.Builder
	fmt.Fprintf(&page, "<!DOCTYPE html><html lang=en><title>Sign in</title><form method=post action=/consent><input type=hidden name=ticket value=%s>", id)
	for _, scope := range scopes {
		fmt.Fprintf(&page, "<label><input type=checkbox name=scope value=\"%s\" checked>%[1]s</label>", html.EscapeString(scope))
	}
	page.WriteString("<button name=do value=allow>Continue</button><button name=do value=deny>Cancel</button></form>")
	return &answer{200, http.Header{"Content-Type": {"text/html; charset=utf-8"}, "Ticket": {id}}, []byte(page.String())}
}

// consent is what the person has decided.
func (s *Server) consent(form url.Values) *answer {
	t := s.auth.tickets[form.Get("ticket")]
	if t == nil {
		return refuseGrant(400, "invalid_request", "this page was answered before")
	}
	delete(s.auth.tickets, form.Get("ticket"))
	to, _ := url.Parse(t.query.Get("redirect_uri")) // parsed when it was asked
	q := to.Query()
	q.Set("state", t.query.Get("state"))
	if form.Get("do") == "deny" || len(form["scope"]) == 0 {
		q.Set("error", "access_denied")
	} else {
		t.granted = form["scope"]
		t.until = s.set.Now().Add(10 * time.Minute)
		code := s.auth.secret("4/0A")
		s.auth.codes[code] = t
		q.Set("code", code)
		q.Set("scope", strings.Join(t.granted, " "))
	}
	to.RawQuery = q.Encode()
	return &answer{302, http.Header{"Location": {to.String()}}, nil}
}

// redeem gives tokens for a code.
func (s *Server) redeem(c *call, form url.Values) *answer {
	t := s.auth.codes[form.Get("code")]
	if v := form.Get("code_verifier"); v != "" {
		s.auth.secrets = append(s.auth.secrets, v)
	}
	switch {
	case t == nil || !s.set.Now().Before(t.until):
		return refuseGrant(400, "invalid_grant", "Malformed auth code.")
	case form.Get("redirect_uri") != t.query.Get("redirect_uri"):
		return s.wrongGrant(c, 400, "redirect_uri_mismatch", "Bad Request")
	}
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	if base64.RawURLEncoding.EncodeToString(sum[:]) != t.query.Get("code_challenge") {
		return s.wrongGrant(c, 400, "invalid_grant", "Invalid code verifier.")
	}
	delete(s.auth.codes, form.Get("code"))
	scopes := slices.Clone(t.granted)
	if t.query.Get("include_granted_scopes") == "true" {
		for _, old := range s.auth.grants {
			if old.good(s.set.Now()) {
				scopes = append(scopes, old.scopes...)
			}
		}
		slices.Sort(scopes)
		scopes = slices.Compact(scopes)
	}
	refresh := s.grant(scopes)
	v := s.tokens(s.auth.grants[refresh])
	v["refresh_token"] = refresh
	return &answer{200, http.Header{"Cache-Control": {"no-store"}}, encode(v)}
}

// tokens is an answer with a new access token.
func (s *Server) tokens(g *grant) map[string]any {
	token := s.auth.secret("ya29.")
	now := s.set.Now()
	s.auth.access[token] = &access{grant: g, scopes: g.scopes, until: now.Add(s.set.ExpiresIn)}
	v := map[string]any{"access_token": token, "token_type": "Bearer", "scope": strings.Join(g.scopes, " "),
		"expires_in": int(s.set.ExpiresIn.Seconds())}
	if !g.until.IsZero() {
		v["refresh_token_expires_in"] = max(0, int(g.until.Sub(now).Seconds()))
	}
	return v
}

// refresh gives a new access token for a refresh token.
func (s *Server) refresh(c *call, form url.Values) *answer {
	old := form.Get("refresh_token")
	if old == "" {
		return s.wrongGrant(c, 400, "invalid_request", "Missing required parameter: refresh_token")
	}
	g := s.auth.grants[old]
	if g == nil || !g.good(s.set.Now()) {
		return refuseGrant(400, "invalid_grant", "Token has been expired or revoked.")
	}
	v := s.tokens(g)
	if s.set.Rotate {
		refresh := s.auth.secret("1//0")
		delete(s.auth.grants, old)
		s.auth.grants[refresh] = g
		v["refresh_token"] = refresh
	}
	return &answer{200, http.Header{"Cache-Control": {"no-store"}}, encode(v)}
}

// revoke ends a grant, by any of its tokens (RFC 7009).
func (s *Server) revoke(token string) *answer {
	g := s.auth.grants[token]
	if a := s.auth.access[token]; g == nil && a != nil && !a.dead {
		g = a.grant
	}
	if g == nil || g.dead {
		return refuseGrant(400, "invalid_token", "Token expired or revoked")
	}
	g.dead = true
	return &answer{200, http.Header{}, []byte("{}")}
}

// Consent plays the person in the browser: it opens the address that the program shows, grants what is
// asked for, or only those scopes of it, and goes where Google sends the browser then.
func (s *Server) Consent(ctx context.Context, authURL string, grant ...string) error {
	to, err := s.Redirect(ctx, authURL, grant...)
	if err != nil {
		return err
	}
	return visit(ctx, to)
}

// Deny is [Server.Consent] of somebody who cancels.
func (s *Server) Deny(ctx context.Context, authURL string) error {
	to, err := s.decide(ctx, authURL, "deny", nil)
	if err != nil {
		return err
	}
	return visit(ctx, to)
}

// Redirect is [Server.Consent] on another machine: it ends with the address that the browser can't
// open there, for the person to copy.
func (s *Server) Redirect(ctx context.Context, authURL string, grant ...string) (string, error) {
	return s.decide(ctx, authURL, "allow", grant)
}

// visit opens an address in the browser.
func visit(ctx context.Context, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Close = true // nothing of it outlives the test
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 400 {
		err = fmt.Errorf("%s: %s", resp.Status, page)
	}
	return err
}

func (s *Server) decide(ctx context.Context, authURL, do string, scopes []string) (to string, err error) {
	browser := &http.Client{Transport: s.http.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	send := func(method, address, body string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
		if err != nil {
			return nil, err
		}
		if body != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		resp, err := browser.Do(r)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		if err == nil && resp.StatusCode >= 400 {
			err = fmt.Errorf("%s: %s", resp.Status, page)
		}
		return resp, err
	}
	asked, err := url.Parse(authURL)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(authURL, s.http.URL+"/") {
		return "", errors.New("that is not the address of this Google")
	}
	page, err := send(http.MethodGet, authURL, "")
	if err != nil {
		return "", err
	}
	if len(scopes) == 0 {
		scopes = strings.Fields(asked.Query().Get("scope"))
	}
	form := url.Values{"ticket": {page.Header.Get("Ticket")}, "do": {do}, "scope": scopes}
	answer, err := send(http.MethodPost, s.http.URL+"/consent", form.Encode())
	if err != nil {
		return "", err
	}
	return answer.Header.Get("Location"), nil
}
