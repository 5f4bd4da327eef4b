package google

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// A Prompt is how a person is brought to Google's page and back.
type Prompt struct {
	// Browser opens a web address in the person's browser, on this machine. nil: the person opens Google's
	// themselves, on whatever machine; it is written to Show, alone on a line.
	Browser func(address string) error
	Show    io.Writer
	// Pasted is where the person pastes the address that their browser has ended at, a line for each
	// try, where that browser can't reach this machine. nil: nowhere.
	Pasted io.Reader
	// Say tells the person something, a sentence at a time.
	Say func(string)
}

const (
	signInLimit  = 10 * time.Minute // for a person to consent
	longestPaste = 16 << 10         // bytes
	beginPath    = "/begin/"
)

// A returned is what a browser has brought back.
type returned struct {
	code, refusal string
}

// A desk waits on a port of this machine for what comes back from Google's page (RFC 8252, section 7.3).
type desk struct {
	host    string // 127.0.0.1 and the port
	address string // Google's page
	begin   string // the secret part of the way there
	state   string // that of this sign-in (RFC 6749, section 10.12)
	back    chan returned

	mu    sync.Mutex
	begun bool // a browser has gone there
	over  bool // something has come back
}

// SignIn asks a person for their consent, on Google's page in their browser, and stores what comes of it:
// from then on the account can be used, in every process. It waits ten minutes. Where it fails, an
// earlier sign-in stays as it was. An error of the Prompt, or of ctx, is returned as it is.
func (a *Account) SignIn(ctx context.Context, p Prompt) (Status, error) {
	c, err := a.client()
	if err != nil {
		return Status{}, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return Status{}, failed("no port of this machine can be listened on, to which Google could send your browser back")
	}
	needed, useful := a.scopes()
	asked := slices.Concat(needed, useful)
	config, verifier := c.config(asked...), oauth2.GenerateVerifier()
	d := &desk{host: l.Addr().String(), begin: rand.Text(), state: rand.Text(), back: make(chan returned, 1)}
	config.RedirectURL = "http://" + d.host + "/"
	options := []oauth2.AuthCodeOption{oauth2.AccessTypeOffline, oauth2.S256ChallengeOption(verifier),
		oauth2.SetAuthURLParam("prompt", "consent")} // without it a second sign-in brings no refresh token
	if a.User != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", a.User))
	}
	d.address = config.AuthCodeURL(d.state, options...)
	defer d.open(l)()
	back, err := d.wait(ctx, p)
	switch {
	case err != nil:
		return Status{}, err
	case back.refusal == "access_denied":
		return Status{}, failed("you have refused on Google's page, so nothing is changed here")
	case back.refusal != "":
		return Status{}, failed("Google did not let you sign in (" + oneLine(back.refusal) + ")")
	}
	exchange, cancel := withTimeout(ctx)
	defer cancel()
	token, err := config.Exchange(exchange, back.code, oauth2.VerifierOption(verifier))
	var refusal *oauth2.RetrieveError
	if errors.As(err, &refusal) && refusal.ErrorCode == "invalid_grant" {
		return Status{}, failed("Google does not take what your browser has brought back; begin again with: coalition auth google")
	}
	if err != nil {
		return Status{}, tokenFault(ctx, err)
	}
	g := &grant{Client: c.ID, TokenURI: c.TokenURI, Scopes: asked, Since: time.Now().UTC().Truncate(time.Second)}
	g.take(token)
	if g.Refresh == "" {
		return Status{}, failed("Google has let you sign in for an hour only; begin again with: coalition auth google")
	}
	if lacks := g.lacks(needed); len(lacks) > 0 {
		return Status{}, failed("it can't work without all of it; sign in again, and tick the box “" + strings.Join(lacks, "” and “") + "” on Google's page")
	}
	g.Account = a.whose(exchange, token)
	return a.keep(ctx, g)
}

// keep stores the grant of a new sign-in.
func (a *Account) keep(ctx context.Context, g *grant) (s Status, err error) {
	done, err := a.alone(ctx)
	if err != nil {
		return s, err
	}
	defer done()
	unlock, err := a.vault.lock(ctx)
	if err != nil {
		return s, err
	}
	defer unlock()
	if err := a.vault.first(ctx, g); err != nil {
		return s, err
	}
	a.read = false
	if err := a.look(ctx); err != nil {
		return s, err
	}
	a.tell(&s)
	return s, nil
}

// whose is the address of the account, which is the id of its own calendar; "": Google does not say.
func (a *Account) whose(ctx context.Context, token *oauth2.Token) string {
	primary, err := NewCalendar(oauth2.NewClient(ctx, oauth2.StaticTokenSource(token)), a.Endpoint, "primary")
	if err != nil {
		return ""
	}
	service, err := primary.service()
	if err != nil {
		return ""
	}
	own, err := whole(service.CalendarList.Get("primary").Fields("id").Context(ctx).Do())
	if err != nil || !strings.Contains(own.Id, "@") {
		return ""
	}
	return oneLine(own.Id)
}

// open serves browsers on l, until it is closed.
func (d *desk) open(l net.Listener) (closed func()) {
	server := &http.Server{Handler: d, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, MaxHeaderBytes: 32 << 10,
		ErrorLog: log.New(io.Discard, "", 0)} // what strangers send there is nobody's concern
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(l) // ends as closed
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil { // the page that thanks has to arrive
			_ = server.Close()
		}
		<-served
	}
}

// wait sends the person to Google's page and waits for what comes back.
func (d *desk) wait(ctx context.Context, p Prompt) (returned, error) {
	ctx, cancel := context.WithTimeout(ctx, signInLimit)
	defer cancel()
	unopened := make(chan error, 1)
	if p.Browser != nil {
		// What a browser is started with, everybody on this machine can read in the list of processes. So it
		// gets an address that is good once, and only leads on to Google's page, with the state in it:
		// whoever had that could sign this program in to an account of their own.
		go func() {
			if err := p.Browser("http://" + d.host + beginPath + d.begin); err != nil {
				unopened <- err
			}
		}()
	} else {
		if _, err := fmt.Fprintln(p.Show, d.address); err != nil {
			return returned{}, err
		}
	}
	if p.Pasted != nil {
		go d.paste(p)
	}
	select {
	case back := <-d.back:
		return back, nil
	case err := <-unopened:
		return returned{}, err
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return returned{}, failed(fmt.Sprintf("nobody has signed in for %d minutes; begin again with: coalition auth google", int(signInLimit.Minutes())))
		}
		return returned{}, ctx.Err()
	}
}

// paste reads what the person pastes, until something counts. It can't be told to stop while it waits for
// a line.
func (d *desk) paste(p Prompt) {
	lines := bufio.NewScanner(p.Pasted)
	lines.Buffer(nil, longestPaste)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		address, err := url.Parse(line)
		if err != nil || address.RawQuery == "" {
			p.Say("This is not the address that your browser has ended at: it begins with http://" + d.host + "/ and is long. Please copy all of it.")
			continue
		}
		switch d.take(address.Query()) {
		case http.StatusOK:
			return
		case http.StatusForbidden:
			p.Say("This address belongs to another sign-in. Please open the address above, and paste where that ends.")
		case http.StatusGone:
			return
		default:
			p.Say("This address brings nothing from Google. Please copy all of it.")
		}
	}
}

// take takes in what came back, once, and says in a status of HTTP what it thinks of it.
func (d *desk) take(q url.Values) (status int) {
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(d.state)) != 1 {
		return http.StatusForbidden
	}
	back := returned{q.Get("code"), q.Get("error")}
	if back == (returned{}) {
		return http.StatusBadRequest
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return http.StatusGone
	}
	d.over = true
	d.back <- back
	return http.StatusOK
}

// ServeHTTP answers the browser. Another host's name means that a page elsewhere has sent it here (DNS
// rebinding).
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, port, _ := net.SplitHostPort(d.host)
	begin, toBegin := strings.CutPrefix(r.URL.Path, beginPath)
	switch {
	case r.Host != d.host && r.Host != "localhost:"+port:
		page(w, http.StatusMisdirectedRequest, "This is not the way here.")
	case r.Method != http.MethodGet:
		h.Set("Allow", http.MethodGet)
		page(w, http.StatusMethodNotAllowed, "This is not the way here.")
	case toBegin && d.passes(begin):
		h.Set("Location", d.address)
		w.WriteHeader(http.StatusSeeOther)
	case toBegin:
		page(w, http.StatusGone, "This address was good once. Please begin again in your terminal.")
	case r.URL.Path != "/":
		page(w, http.StatusNotFound, "There is nothing here.")
	default:
		status := d.take(r.URL.Query())
		page(w, status, map[int]string{
			http.StatusOK:         "Thank you. All else happens in your terminal. You can close this window.",
			http.StatusForbidden:  "This belongs to another sign-in. Please begin again in your terminal.",
			http.StatusBadRequest: "Google has sent nothing along. Please begin again in your terminal.",
			http.StatusGone:       "You were here already. You can close this window.",
		}[status])
	}
}

// passes lets a browser on to Google's page, once.
func (d *desk) passes(begin string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.begun || subtle.ConstantTimeCompare([]byte(begin), []byte(d.begin)) != 1 {
		return false
	}
	d.begun = true
	return true
}

// page is one sentence for the browser.
func page(w http.ResponseWriter, status int, words string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">`+
		"<title>coalition</title><p>"+words+"</p></html>\n")
}
