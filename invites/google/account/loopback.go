package account

import (
	"bufio"
	"coalition/invites/plaintext"
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
	"strings"
	"sync"
	"time"
)

const (
	// signInLimit is for a person to consent.
	signInLimit = 10 * time.Minute
	// longestPaste is in bytes.
	longestPaste = 16 << 10
	beginPath    = "/begin/"
)

// An authResponse is what a browser has brought back (RFC 6749, section 4.1.2).
type authResponse struct {
	code, refusal string
}

// A loopback waits on a port of this machine for what comes back from Google's page (RFC 8252, section 7.3).
type loopback struct {
	// host is 127.0.0.1 and the port.
	host string
	// address is Google's page.
	address string
	// begin is the secret part of the way to the address.
	begin string
	// state is that of this sign-in (RFC 6749, section 10.12).
	state string
	back  chan authResponse

	mu sync.Mutex
	// begun says that a browser has gone to the address, over that something has come back.
	begun, over bool
}

func newLoopback(host string) *loopback {
	return &loopback{host: host, begin: rand.Text(), state: rand.Text(), back: make(chan authResponse, 1)}
}

// open serves browsers on listener, until it is closed.
func (l *loopback) open(listener net.Listener) (closed func()) {
	server := &http.Server{Handler: l, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second,
		// What strangers send there is nobody's concern.
		MaxHeaderBytes: 32 << 10, ErrorLog: log.New(io.Discard, "", 0)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		// It ends as closed.
		_ = server.Serve(listener)
	}()
	return func() {
		// The page that thanks has to arrive.
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
		<-served
	}
}

// wait sends the person to Google's page and waits for the code that comes back.
func (l *loopback) wait(ctx context.Context, p Prompt) (code string, err error) {
	ctx, cancel := context.WithTimeout(ctx, signInLimit)
	defer cancel()
	unopened := make(chan error, 1)
	if p.Browser != nil {
		// What a browser is started with, everybody on this machine can read in the list of processes. So it
		// gets an address that is good once, and only leads on to Google's page, with the state in it:
		// whoever had that could sign this program in to an account of their own.
		go func() {
			if err := p.Browser("http://" + l.host + beginPath + l.begin); err != nil {
				unopened <- err
			}
		}()
	} else if _, err := fmt.Fprintln(p.Show, l.address); err != nil {
		return "", err
	}
	if p.Pasted != nil {
		go l.paste(p)
	}
	select {
	case back := <-l.back:
		switch back.refusal {
		case "":
			return back.code, nil
		case "access_denied":
			return "", signInError("you have refused on Google's page, so nothing is changed here")
		}
		return "", signInError("Google did not let you sign in (" + plaintext.Clip(plaintext.Line(back.refusal), 300) + ")")
	case err := <-unopened:
		return "", err
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return "", signInError(fmt.Sprintf("nobody has signed in for %d minutes; begin again with: coalition auth google",
				int(signInLimit.Minutes())))
		}
		return "", ctx.Err()
	}
}

// paste reads what the person pastes, until something counts. It can't be told to stop while it waits for a line.
func (l *loopback) paste(p Prompt) {
	lines := bufio.NewScanner(p.Pasted)
	lines.Buffer(nil, longestPaste)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		address, err := url.Parse(line)
		if err != nil || address.RawQuery == "" {
			p.Say("This is not the address that your browser has ended at: it begins with http://" + l.host +
				"/ and is long. Please copy all of it.")
			continue
		}
		switch l.take(address.Query()) {
		case http.StatusOK, http.StatusGone:
			return
		case http.StatusForbidden:
			p.Say("This address belongs to another sign-in. Please open the address above, and paste where that ends.")
		default:
			p.Say("This address brings nothing from Google. Please copy all of it.")
		}
	}
}

// take takes in what came back, once, and says in a status of HTTP what it thinks of it.
func (l *loopback) take(q url.Values) (status int) {
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(l.state)) != 1 {
		return http.StatusForbidden
	}
	back := authResponse{q.Get("code"), q.Get("error")}
	if back == (authResponse{}) {
		return http.StatusBadRequest
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return http.StatusGone
	}
	l.over = true
	l.back <- back
	return http.StatusOK
}

// ServeHTTP answers the browser. Another host's name means that a page elsewhere has sent it here (DNS rebinding).
func (l *loopback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, port, _ := net.SplitHostPort(l.host)
	begin, toBegin := strings.CutPrefix(r.URL.Path, beginPath)
	switch {
	case r.Host != l.host && r.Host != "localhost:"+port:
		page(w, http.StatusMisdirectedRequest, "This is not the way here.")
	case r.Method != http.MethodGet:
		h.Set("Allow", http.MethodGet)
		page(w, http.StatusMethodNotAllowed, "This is not the way here.")
	case toBegin && l.passes(begin):
		h.Set("Location", l.address)
		w.WriteHeader(http.StatusSeeOther)
	case toBegin:
		page(w, http.StatusGone, "This address was good once. Please begin again in your terminal.")
	case r.URL.Path != "/":
		page(w, http.StatusNotFound, "There is nothing here.")
	default:
		status := l.take(r.URL.Query())
		page(w, status, thanks[status])
	}
}

// thanks holds what the page says to each status of take.
var thanks = map[int]string{
	http.StatusOK:         "Thank you. All else happens in your terminal. You can close this window.",
	http.StatusForbidden:  "This belongs to another sign-in. Please begin again in your terminal.",
	http.StatusBadRequest: "Google has sent nothing along. Please begin again in your terminal.",
	http.StatusGone:       "You were here already. You can close this window.",
}

// passes lets a browser on to Google's page, once.
func (l *loopback) passes(begin string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.begun || subtle.ConstantTimeCompare([]byte(begin), []byte(l.begin)) != 1 {
		return false
	}
	l.begun = true
	return true
}

// page writes one sentence for the browser.
func page(w http.ResponseWriter, status int, words string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `<!doctype html><html lang="en"><meta charset="utf-8">`+
		`<meta name="viewport" content="width=device-width">`+"<title>coalition</title><p>"+words+"</p></html>\n")
}
