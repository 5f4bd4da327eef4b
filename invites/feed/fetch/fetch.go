// Package fetch knows how an address that the config names is read over the network: whom that may reach, how long and
// how much it may take, and what has gone wrong, in words for people. It leaves to others what is asked, and what an
// answer means.
//
// The host in the config may be anywhere, also in the own network: its owner has written it there. Everything else that
// a server names is followed only to the same scheme, host and port, or by https to a machine on the public internet,
// which is looked at when it is connected to, whatever its name was said to mean before. Neither a password nor the
// address goes along to another host. Addresses are secrets: no error tells more of one than a host.
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
	"golang.org/x/net/http/httpproxy"

	"coalition/invites/plaintext"
	"coalition/invites/reach"
)

// Most is how many bytes all answers of one reading may have, after decompression.
const Most = 25 << 20

const (
	// dialLimit is for one connection, and silence for the beginning of an answer.
	dialLimit, silence = 10 * time.Second, 20 * time.Second
	mostRedirects      = 5
)

// A Failure says why something could not be read.
type Failure struct {
	// Text is a phrase for people about the calendar, with what to do about it.
	Text string
	// Wait is how long its server asks to be left alone.
	Wait time.Duration
	// Status is that of the answer; 0: it is about something else.
	Status int
}

// Error returns the text.
func (f *Failure) Error() string { return f.Text }

// TooLarge is the error for what is larger than may be read, 25 MB.
const TooLarge = reach.Words("it sent more than 25 MB")

// Address returns where an address leads, as the https or http one that it is meant as. The error is a phrase about it,
// for whoever has written it, and does not repeat it.
func Address(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("it is no address in full, such as https://calendar.example.org/ana.ics")
	}
	u.Fragment = ""
	switch u.Scheme {
	case "https":
	case "webcal", "webcals":
		u.Scheme = "https"
	case "http":
		if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
			return nil, errors.New("it would be read without https, which only this machine itself can do without")
		}
	default:
		return nil, errors.New("it is no address that begins with https:// or webcal://")
	}
	return u, nil
}

// A Visit is one reading: its questions, and the limits that they share.
type Visit struct {
	// Home is the address in the config.
	Home *url.URL

	client             *http.Client
	username, password string
	// proxied says that all goes through a proxy, which the environment names.
	proxied bool
	// left is how many bytes may yet come.
	left int64
	// elsewhere is the host that the last answer came from, where it is not that of Home; "" otherwise.
	elsewhere string
}

// NewVisit prepares the reading of an address of [Address], signed in where there is a username or a password (RFC
// 7617): these, or those in the address. It is to be closed.
func NewVisit(home *url.URL, username, password string) (*Visit, error) {
	v := &Visit{Home: home, username: username, password: password, left: Most}
	if username == "" && password == "" && home.User != nil {
		v.username = home.User.Username()
		v.password, _ = home.User.Password()
	}
	home.User = nil
	proxy, err := httpproxy.FromEnvironment().ProxyFunc()(home)
	if err != nil {
		return nil, &Failure{Text: "the proxy that the environment names can't be used"}
	}
	// It lives for this visit only: a connection that was let through for one calendar serves no other.
	transport := &http.Transport{DialContext: v.dial, ForceAttemptHTTP2: true, ResponseHeaderTimeout: silence,
		TLSHandshakeTimeout: dialLimit, MaxResponseHeaderBytes: 64 << 10}
	if v.proxied = proxy != nil; v.proxied {
		transport.Proxy = http.ProxyURL(proxy)
	}
	v.client = &http.Client{Transport: keepMethod{transport}, CheckRedirect: v.redirect}
	return v, nil
}

// dial connects to where that is allowed.
func (v *Visit) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialLimit}
	switch {
	case v.proxied:
	case !strings.EqualFold(address, hostPort(v.Home)):
		dialer.Control = publicOnly
	case v.Home.Scheme == "http":
		dialer.Control = loopbackOnly
	}
	return dialer.DialContext(ctx, network, address)
}

// redirect is the CheckRedirect of an [http.Client].
func (v *Visit) redirect(next *http.Request, via []*http.Request) error {
	// It would give the secret address away.
	next.Header.Del("Referer")
	switch {
	case len(via) > mostRedirects:
		return reach.Words("it sends on from one address to the next, without an end")
	case next.URL.Scheme == v.Home.Scheme && v.atHome(next.URL):
		return nil
	case next.URL.Scheme != "https":
		return reach.Words("it sends on to an address that is not https, which is not followed")
	case v.proxied:
		// Nobody but the proxy knows which machine that is.
		return reach.Words("it sends on to " + plaintext.Line(next.URL.Hostname()) +
			", which is not followed through a proxy; write that address")
	}
	next.Header.Del("Authorization")
	next.URL.User = nil
	return nil
}

// Close hangs up.
func (v *Visit) Close() { v.client.CloseIdleConnections() }

// Renew gives the visit its bytes anew.
func (v *Visit) Renew() { v.left = Most }

func (v *Visit) atHome(u *url.URL) bool { return strings.EqualFold(hostPort(u), hostPort(v.Home)) }

// hostPort returns where a connection for u leads.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// publicOnly is a [net.Dialer] Control for a host that a server has named.
func publicOnly(network, address string, conn syscall.RawConn) error {
	if ssrf.New(ssrf.WithAnyPort()).Safe(network, address, conn) != nil {
		return reach.Words("it sends on to a machine that is not on the public internet, which is not followed")
	}
	return nil
}

// loopbackOnly is a [net.Dialer] Control for http.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	if to, err := netip.ParseAddrPort(address); err != nil || !to.Addr().Unmap().IsLoopback() {
		return reach.Words("its address leads to another machine without https")
	}
	return nil
}

// keepMethod has a redirect ask at the next address what was asked at this one, also where HTTP leaves a client free to
// do GET instead (RFC 9110, section 15.4.2): a server that moves a collection does not mean that.
type keepMethod struct{ *http.Transport }

// RoundTrip implements [http.RoundTripper].
func (t keepMethod) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.Transport.RoundTrip(r)
	if err == nil && r.Method != http.MethodGet &&
		(answer.StatusCode == http.StatusMovedPermanently || answer.StatusCode == http.StatusFound) {
		answer.StatusCode = http.StatusPermanentRedirect
	}
	return answer, err
}

// Do asks, signed in, and implements webdav.HTTPClient.
func (v *Visit) Do(r *http.Request) (*http.Response, error) {
	r.Header.Set("User-Agent", "coalition")
	if v.username != "" || v.password != "" {
		r.SetBasicAuth(v.username, v.password)
	}
	answer, err := v.client.Do(r)
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		// Without the address.
		err = wrapped.Err
	}
	if err != nil {
		return nil, err
	}
	v.elsewhere = ""
	if at := answer.Request.URL; !v.atHome(at) {
		v.elsewhere = plaintext.Line(at.Hostname())
	}
	return answer, nil
}

// Body returns all of an answer, and closes it. The error is [TooLarge] where it is more than is left for the visit.
func (v *Visit) Body(answer *http.Response) ([]byte, error) {
	defer answer.Body.Close()
	data, err := readAll(answer.Body, answer.ContentLength, v.left)
	v.left -= int64(len(data))
	return data, err
}

// All reads what should have that size. The error is [TooLarge] where it is more than 25 MB.
func All(r io.Reader, size int64) ([]byte, error) { return readAll(r, size, Most) }

// readAll reads what should have that size (-1: nobody knows), and at most so many bytes.
func readAll(r io.Reader, size, most int64) ([]byte, error) {
	if size > most {
		return nil, TooLarge
	}
	var all bytes.Buffer
	all.Grow(int(max(size, 0)) + bytes.MinRead)
	n, err := all.ReadFrom(io.LimitReader(r, most+1))
	if n > most {
		return nil, TooLarge
	}
	return all.Bytes(), err
}

// Refused returns what an answer means whose status is not a good one, and closes it.
func (v *Visit) Refused(answer *http.Response) *Failure {
	answer.Body.Close()
	f := &Failure{Status: answer.StatusCode, Wait: reach.RetryAfter(answer.Header.Get("Retry-After"))}
	said := strings.TrimSpace(fmt.Sprintf("%d %s", f.Status, http.StatusText(f.Status)))
	signedIn := v.username != "" || v.password != ""
	switch {
	case f.Status == http.StatusUnauthorized && v.elsewhere != "" && signedIn:
		f.Text = fmt.Sprintf("its server sends on to %s, which gets no password meant for another; write the address there",
			v.elsewhere)
	case f.Status == http.StatusUnauthorized && signedIn:
		f.Text = "its server does not take the username and the password; some want one that is made for this program only"
	case f.Status == http.StatusUnauthorized:
		f.Text = "its server wants a username and a password, and has none; or the address is not valid any more"
	case f.Status == http.StatusForbidden:
		f.Text = "its server does not let it be read; share the calendar again, and write the address that you are given"
	case f.Status == http.StatusNotFound, f.Status == http.StatusGone:
		f.Text = "there is no calendar at its address, or not any more; write the new one"
	case f.Status == http.StatusTooManyRequests:
		f.Text = "its server asks for a pause: too many questions"
	case f.Status == http.StatusRequestTimeout, f.Status >= 500:
		f.Text = "its server has trouble: " + said
	default:
		f.Text = "its server does not give it: " + said
	}
	return f
}
