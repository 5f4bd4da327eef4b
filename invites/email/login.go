package email

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"github.com/emersion/go-sasl"

	"coalition/invites"
	"coalition/invites/reach"
)

// How the connection to a server is kept from others' eyes.
const (
	// TLS is from the first byte on (RFC 8314).
	TLS = "tls"
	// StartTLS is required, never optional (RFC 3207).
	StartTLS = "starttls"
	// Clear is for a server on the same machine only.
	Clear = "none"
)

// A Server is where mail is handed over or fetched, and how to sign in there.
type Server struct {
	// Host and Port are required.
	Host string
	Port int
	// Security is [TLS], [StartTLS] or [Clear]; required.
	Security string
	// Username is who signs in; "": nobody does.
	Username string
	// Password is asked for once for each connection, before it is made. It is required with a user name that has no
	// Token. Its error is shown to people.
	Password func(context.Context) (string, error)
	// Token is asked for in place of Password, for XOAUTH2: an access token of the account Username. nil: there is no
	// such account.
	Token func(context.Context) (string, error)
	// Met gets the TLS of each connection whose certificate is in order. nil: nobody wants to know.
	Met func(tls.ConnectionState)
}

// tls is how TLS with the server is made.
func (s Server) tls() *tls.Config {
	c := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	if s.Met != nil {
		c.VerifyConnection = func(state tls.ConnectionState) error {
			s.Met(state)
			return nil
		}
	}
	return c
}

func (s Server) address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// dial connects to the server, in the clear only to one on this machine.
func (s Server) dial(ctx context.Context) (net.Conn, error) {
	dialer := &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		if to, err := netip.ParseAddrPort(address); s.Security == Clear && (err != nil || !to.Addr().IsLoopback()) {
			return errClear
		}
		return nil
	}}
	return dialer.DialContext(ctx, "tcp", s.address())
}

// A login is what one person signs in to a server with; the zero one signs in nobody.
type login struct {
	username string
	// secret is the password, or the token.
	secret string
	ways   []sasl.Client
	token  bool
}

// signIn asks for the secret. Its error is an [*invites.DeliveryError].
func (s Server) signIn(ctx context.Context) (login, error) {
	if s.Username == "" {
		return login{}, nil
	}
	l := login{username: s.Username, token: s.Token != nil}
	var err error
	if l.token {
		if l.secret, err = s.Token(ctx); err != nil {
			var fault *invites.DeliveryError
			if !errors.As(err, &fault) {
				fault = &invites.DeliveryError{Channel: true, Account: true, Err: err,
					Text: "there is no token for the mail server: " + err.Error()}
			}
			return login{}, fault
		}
		l.ways = []sasl.Client{&xoauth2{l.username, l.secret}}
		return l, nil
	}
	if l.secret, err = s.Password(ctx); err != nil {
		return login{}, &invites.DeliveryError{Channel: true, Account: ctx.Err() == nil, Err: err,
			Text: "the password for the mail server can't be read: " + err.Error()}
	}
	l.ways = []sasl.Client{sasl.NewPlainClient("", l.username, l.secret), sasl.NewLoginClient(l.username, l.secret)}
	return l, nil
}

// choose returns the best way that the server offers.
func (l login) choose(offers func(mechanism string) bool) (sasl.Client, error) {
	var known []string
	for _, way := range l.ways {
		mechanism, _, err := way.Start()
		if err == nil && offers(mechanism) {
			return way, nil
		}
		known = append(known, mechanism)
	}
	return nil, reach.Words(noWay + strings.Join(known, " or "))
}

// hide takes the secret out of what a server says: some answer with the command that they did not like.
func (l login) hide(text string) string {
	if l.secret == "" {
		return text
	}
	for _, way := range l.ways {
		if _, first, err := way.Start(); err == nil && strings.Contains(string(first), l.secret) {
			text = strings.ReplaceAll(text, base64.StdEncoding.EncodeToString(first), "…")
		}
	}
	return strings.NewReplacer(l.secret, "…", base64.StdEncoding.EncodeToString([]byte(l.secret)), "…").Replace(text)
}

// again says in fault, which is a server's refusal of the token, that the person has to sign in again.
func (l login) again(fault *invites.DeliveryError) {
	if l.token {
		fault.Err = invites.ErrLogin
		fault.Text += " (as " + l.username + "; use: coalition auth google)"
	}
}

// xoauth2 is the mechanism XOAUTH2, by which Google's and Microsoft's servers take an access token.
type xoauth2 struct{ username, token string }

// Start implements [sasl.Client].
func (x *xoauth2) Start() (mechanism string, first []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.username + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next implements [sasl.Client]. All that a server can still say is why it refuses. It wants an answer before it does.
func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }
