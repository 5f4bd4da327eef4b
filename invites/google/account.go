package google

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"coalition/invites"
)

// An Account is one Google account that a person has signed in to with a client of their own (OAuth 2.0
// for desktop apps, RFC 8252). No file is opened, and nothing is asked, before it is used. What another
// process changes, a new sign-in too, counts at once. Its methods may be called by several goroutines, and
// their errors are an [*invites.DeliveryError] with Channel, which wraps [invites.ErrLogin] where the person
// has to sign in.
type Account struct {
	// ClientFile is the JSON file of a client of the type Desktop app, as Google's console gives it.
	ClientFile string
	// TokenFile is where the sign-in lies; "": in the keyring of the system, or in Folder where there is none.
	TokenFile string
	// Folder is an absolute path. It is made where it is needed.
	Folder string
	// User is the address that the person is expected to sign in with. It names the entry in the keyring.
	User string
	// Endpoint is the base address of the API; "": Google's.
	Endpoint string
	// Calendar and Mail are what the account is for.
	Calendar, Mail bool

	once  sync.Once
	vault *vault
	turn  chan struct{} // holds a value while one goroutine has what is below

	held    *grant // as it lay there at seen; nil: none
	inRing  bool
	seen    version
	read    bool   // held is known
	unsaved *grant // what held was renewed to, and could not be stored yet

	address atomic.Pointer[string] // of held; nil: none

	noting sync.Mutex
	note   *note // as it was written last
}

// What this program asks to be allowed, at most. None narrower covers what it does.
const (
	eventsScope = "https://www.googleapis.com/auth/calendar.events"
	listScope   = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
	busyScope   = "https://www.googleapis.com/auth/calendar.freebusy"
	mailScope   = "https://mail.google.com/"
)

// Google's own addresses, for a client file that leaves them out.
const (
	googleAuth  = "https://accounts.google.com/o/oauth2/auth"
	googleToken = "https://oauth2.googleapis.com/token"
)

const (
	early        = time.Minute      // before its end a token is renewed: clocks differ
	tokenTimeout = 30 * time.Second // for the answer of a token endpoint
	apiTimeout   = 2 * time.Minute  // for the answer of the API, with all of its body
	refusedPause = 10 * time.Minute // a server that said no is not asked again at once
)

// ErrClient says that the client file is not there, or is none that can be used.
var ErrClient = errors.New("the Google client can't be used")

func (a *Account) init() {
	a.once.Do(func() {
		a.turn = make(chan struct{}, 1)
		a.vault = &vault{path: a.TokenFile, asking: make(chan struct{}, 1)}
		if a.TokenFile == "" {
			a.vault.path = filepath.Join(a.Folder, "google-token.json")
			a.vault.ring = a.User + " " + a.Folder // so that what one state holds is nobody else's
		}
	})
}

// alone lets one goroutine work on the account.
func (a *Account) alone(ctx context.Context) (done func(), err error) {
	a.init()
	select {
	case a.turn <- struct{}{}:
		return func() { <-a.turn }, nil
	case <-ctx.Done():
		return nil, &invites.DeliveryError{Channel: true, Err: ctx.Err(), Text: "Google was not asked: " + cause(ctx, ctx.Err())}
	}
}

// scopes are those that the account needs, and those that it can do without.
func (a *Account) scopes() (needed, useful []string) {
	if a.Calendar {
		needed, useful = append(needed, eventsScope), append(useful, listScope, busyScope)
	}
	if a.Mail {
		needed = append(needed, mailScope)
	}
	return needed, useful
}

// A client is what Google knows this program by.
type client struct {
	ID       string `json:"client_id"`
	Secret   secret `json:"client_secret"` // of a program that people have on their machines: not secret, in fact (RFC 8252, section 8.5)
	AuthURI  string `json:"auth_uri"`
	TokenURI string `json:"token_uri"`
}

// CheckClient reports why the client file can't be used. Its error wraps [ErrClient].
func (a *Account) CheckClient() error {
	_, err := a.client()
	return err
}

func (a *Account) client() (*client, error) {
	refuse := func(text string) (*client, error) {
		return nil, &invites.DeliveryError{Channel: true, Account: true, Wait: refusedPause, Err: ErrClient, Text: "the Google client in " + a.ClientFile + " " + text}
	}
	f, err := os.Open(a.ClientFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return refuse("is not there; download it from Google's console, and name its file in calendar.google.client_file")
	case err != nil:
		return refuse("can't be read; look at its permissions")
	}
	defer f.Close()
	var file struct {
		Installed *client         `json:"installed"`
		Web       json.RawMessage `json:"web"`
		Type      string          `json:"type"`
	}
	data, err := io.ReadAll(io.LimitReader(f, longestGrant))
	if err != nil {
		return refuse("can't be read; look at its permissions")
	}
	err = json.Unmarshal(data, &file)
	c := file.Installed
	switch {
	case err == nil && c == nil && file.Web != nil:
		return refuse("is one for web applications; make one of the type Desktop app in Google's console, and download that")
	case err == nil && file.Type == "service_account":
		return refuse("is the key of a service account; make an OAuth client of the type Desktop app in Google's console, and download that")
	case err != nil || c == nil || c.ID == "":
		return refuse("is none; make an OAuth client of the type Desktop app in Google's console, and download its JSON file")
	}
	c.AuthURI, c.TokenURI = cmp.Or(c.AuthURI, googleAuth), cmp.Or(c.TokenURI, googleToken)
	if !Safe(c.AuthURI) || !Safe(c.TokenURI) {
		return refuse("names an address without https; download it again")
	}
	return c, nil
}

// Safe reports whether secrets may go to the web address: it is https, or leads to this machine itself.
func Safe(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

func (c *client) config(scopes ...string) *oauth2.Config {
	return &oauth2.Config{ClientID: c.ID, ClientSecret: string(c.Secret), Scopes: scopes, Endpoint: oauth2.Endpoint{
		AuthURL: c.AuthURI, TokenURL: c.TokenURI,
		AuthStyle: oauth2.AuthStyleInParams, // to find out would send each failing request twice
	}}
}

// withTimeout gives ctx to oauth2 with a client that follows nobody elsewhere with a secret.
func withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	return context.WithValue(ctx, oauth2.HTTPClient, &http.Client{CheckRedirect: stay}), cancel
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// signIn is the error of an account that nobody is signed in to. To wait a little would be in vain.
func signIn(why string) *invites.DeliveryError {
	return &invites.DeliveryError{Channel: true, Wait: refusedPause, Err: invites.ErrLogin, Text: why + "; use: coalition auth google"}
}

// failed is the error of a sign-in that comes to nothing, in words.
func failed(text string) error { return &invites.DeliveryError{Channel: true, Text: text} }

const (
	textNobody = "nobody is signed in to Google"
	textAgain  = "Google wants you to sign in again"
)

// Token is an access token that is good for a minute at least, for XOAUTH2.
func (a *Account) Token(ctx context.Context) (string, error) {
	token, err := a.access(ctx, "")
	return string(token), err
}

// access is an access token other than refused.
func (a *Account) access(ctx context.Context, refused secret) (secret, error) {
	done, err := a.alone(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	g, err := a.load(ctx)
	if err != nil || g.good(refused) {
		return g.token(), err
	}
	unlock, err := a.vault.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	if a.unsaved != nil && a.vault.version() == a.seen {
		if err := a.store(ctx, a.unsaved); err != nil {
			return "", err
		}
	} else {
		a.read = false // another process may have renewed it, within one tick of the file system's clock
	}
	if g, err = a.load(ctx); err != nil || g.good(refused) {
		return g.token(), err
	}
	if g, err = a.renew(ctx, g); err != nil {
		return "", err
	}
	return g.Access, nil
}

func (g *grant) token() secret {
	if g == nil {
		return ""
	}
	return g.Access
}

// good reports whether the access token can be used.
func (g *grant) good(refused secret) bool {
	return g != nil && g.Access != "" && g.Access != refused && (g.Expiry.IsZero() || time.Until(g.Expiry) > early)
}

// load is the grant as it lies there now, where it can be used.
func (a *Account) load(ctx context.Context) (*grant, error) {
	if err := a.look(ctx); err != nil {
		return nil, err
	}
	switch {
	case a.held == nil:
		return nil, signIn(textNobody)
	case !a.held.Dead.IsZero():
		return nil, signIn(textAgain)
	}
	if needed, _ := a.scopes(); len(a.held.lacks(needed)) > 0 {
		return nil, signIn("your sign-in to Google does not cover all that the config wants of it")
	}
	return a.held, nil
}

// look reads the grant where it may have changed since it was read last.
func (a *Account) look(ctx context.Context) error {
	now := a.vault.version()
	if a.read && now == a.seen {
		return nil
	}
	held, inRing, err := a.vault.read(ctx)
	a.held, a.inRing, a.seen, a.read, a.unsaved = held, inRing, now, err == nil, nil
	if a.address.Store(nil); held != nil {
		a.address.Store(&held.Account)
	}
	return err
}

// store keeps g. Whoever calls it holds the lock.
func (a *Account) store(ctx context.Context, g *grant) error {
	// What Google has given out is kept also when this program is told to stop.
	if err := a.vault.write(context.WithoutCancel(ctx), g, a.inRing); err != nil {
		a.unsaved, a.seen = g, a.vault.version()
		return err
	}
	a.held, a.seen, a.read, a.unsaved = g, a.vault.version(), true, nil
	return nil
}

// renew gets a new access token, and stores it before anybody uses it. Whoever calls it holds the lock.
func (a *Account) renew(ctx context.Context, g *grant) (*grant, error) {
	c, err := a.client()
	switch {
	case err != nil:
		return nil, err
	case c.ID != g.Client:
		return nil, signIn("the client file is another one than that with which you signed in to Google")
	}
	asked, cancel := withTimeout(ctx)
	defer cancel()
	token, err := c.config().TokenSource(asked, &oauth2.Token{RefreshToken: string(g.Refresh)}).Token()
	var refusal *oauth2.RetrieveError
	if errors.As(err, &refusal) && refusal.ErrorCode == "invalid_grant" {
		dead := *g
		dead.Access, dead.Expiry, dead.Dead = "", time.Time{}, time.Now().UTC()
		if err := a.store(ctx, &dead); err != nil {
			return nil, err
		}
		return nil, signIn(textAgain)
	}
	if err != nil {
		return nil, tokenFault(ctx, err)
	}
	fresh := *g
	fresh.take(token)
	if err := a.store(ctx, &fresh); err != nil {
		return nil, err
	}
	return &fresh, nil
}

// take takes over what the token endpoint has answered. What the answer leaves out stays as it was.
func (g *grant) take(token *oauth2.Token) {
	g.Access, g.Expiry = secret(token.AccessToken), token.Expiry.UTC().Truncate(time.Second)
	if token.Expiry.IsZero() {
		g.Expiry = time.Time{}
	}
	if scope, _ := token.Extra("scope").(string); scope != "" {
		g.Scopes = strings.Fields(scope)
	}
	if secret(token.RefreshToken) == g.Refresh { // oauth2 gives the old one back where none came
		return
	}
	g.Refresh, g.Ends = secret(token.RefreshToken), time.Time{}
	if seconds, _ := token.Extra("refresh_token_expires_in").(float64); seconds > 0 {
		g.Ends = time.Now().UTC().Truncate(time.Second).Add(time.Duration(seconds) * time.Second)
	}
}

// tokenFault is what an answer of the token endpoint means that brings no token, and is no end of the
// grant.
func tokenFault(ctx context.Context, err error) error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		var network *url.Error
		what := "something else answers in its place"
		switch {
		case errors.As(err, &network) || ctx.Err() != nil:
			what = cause(ctx, err)
		case strings.Contains(err.Error(), "cannot fetch token"): // which hides the cause
			what = "the connection was cut"
		}
		return &invites.DeliveryError{Channel: true, Err: ctx.Err(), Text: "Google's sign-in can't be reached: " + what}
	}
	f := &invites.DeliveryError{Channel: true, Code: answer.Response.StatusCode, Text: "Google's sign-in has trouble; it is tried again later"}
	switch answer.ErrorCode {
	case "invalid_client", "unauthorized_client", "deleted_client", "disabled_client":
		f.Wait, f.Err = refusedPause, invites.ErrLogin
		f.Text = "Google does not know this program's client any more; download the client file again, then use: coalition auth google"
	case "admin_policy_enforced", "org_internal", "access_denied":
		f.Wait, f.Err = refusedPause, invites.ErrLogin
		f.Text = "the administrators of your Google account do not allow this program"
	default:
		f.Wait = retryAfter(answer.Response.Header)
	}
	return f
}

// Client is an HTTP client whose requests are signed in. It follows nobody elsewhere.
func (a *Account) Client() *http.Client {
	return &http.Client{Transport: &transport{a}, CheckRedirect: stay, Timeout: apiTimeout}
}

// A transport adds the access token to requests.
type transport struct{ account *Account }

// RoundTrip implements [http.RoundTripper]. Where Google does not take the token, it is renewed, and the
// request repeated, once.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, used, err := t.send(r, r.Body, "")
	if err != nil || answer.StatusCode != http.StatusUnauthorized {
		return answer, err
	}
	body, ok := afresh(r)
	if !ok {
		return answer, nil
	}
	drain(answer)
	answer, _, err = t.send(r, body, used)
	if err != nil || answer.StatusCode != http.StatusUnauthorized {
		return answer, err
	}
	drain(answer)
	return nil, signIn(textAgain)
}

// afresh is the body of r from its beginning; ok is false where that can't be had.
func afresh(r *http.Request) (body io.ReadCloser, ok bool) {
	if r.Body == nil || r.Body == http.NoBody {
		return r.Body, true
	}
	if r.GetBody == nil {
		return nil, false
	}
	body, err := r.GetBody()
	return body, err == nil
}

func (t *transport) send(r *http.Request, body io.ReadCloser, refused secret) (answer *http.Response, used secret, err error) {
	token, err := t.account.access(r.Context(), refused)
	if err != nil {
		if body != nil {
			_ = body.Close()
		}
		return nil, "", err
	}
	signed := r.Clone(r.Context())
	signed.Body = body
	signed.Header.Set("Authorization", "Bearer "+string(token))
	answer, err = http.DefaultTransport.RoundTrip(signed)
	return answer, token, err
}

// drain makes the connection free for the next request.
func drain(answer *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, longestGrant))
	_ = answer.Body.Close()
}

// SignOut takes the grant back at Google, and deletes it here. It reports whether there was one. Where
// Google can't be told, nothing is deleted.
func (a *Account) SignOut(ctx context.Context) (was bool, err error) {
	done, err := a.alone(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	unlock, err := a.vault.lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	a.read = false
	if err := a.look(ctx); err != nil || a.held == nil {
		return false, err
	}
	if a.held.Dead.IsZero() {
		if err := a.revoke(ctx, a.held); err != nil {
			return true, err
		}
	}
	if err := a.vault.remove(ctx, a.inRing); err != nil {
		return true, err
	}
	a.held, a.unsaved, a.read = nil, nil, false
	return true, nil
}

// revoke takes g back (RFC 7009). One that Google does not know any more is as good as taken back.
func (a *Account) revoke(ctx context.Context, g *grant) error {
	address, err := url.Parse(g.TokenURI)
	if err != nil || !Safe(g.TokenURI) {
		return signIn("the sign-in to Google can't be read")
	}
	address.Path = path.Join(path.Dir(address.Path), "revoke") // Google's is https://oauth2.googleapis.com/revoke
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	form := url.Values{"token": {string(g.Refresh)}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := (&http.Client{CheckRedirect: stay}).Do(r)
	f := &invites.DeliveryError{Channel: true, Err: ctx.Err()}
	const mend = " The sign-in is still good; try again, or take it back at https://myaccount.google.com/connections"
	if err != nil {
		f.Text = "Google can't be told to take the sign-in back: " + cause(ctx, err) + "." + mend
		return f
	}
	defer drain(answer)
	if answer.StatusCode == http.StatusOK || answer.StatusCode == http.StatusBadRequest {
		return nil
	}
	f.Code, f.Text = answer.StatusCode, "Google did not take the sign-in back."+mend
	return f
}
