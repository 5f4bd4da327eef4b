package email

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/emersion/go-sasl"

	"coalition/invites"
	"coalition/invites/reach"
)

// A login is what one person signs in to a server with; the zero one signs in nobody.
type login struct {
	username string
	secret   string // the password, or the token
	ways     []sasl.Client
	token    bool
}

// signIn asks for the secret. Its error is a DeliveryError.
func signIn(ctx context.Context, username string, password, token func(context.Context) (string, error)) (l login, err error) {
	l = login{username: username, token: token != nil}
	switch {
	case username == "":
		return login{}, nil
	case l.token:
		if l.secret, err = token(ctx); err != nil {
			var fault *invites.DeliveryError
			if !errors.As(err, &fault) {
				fault = &invites.DeliveryError{Channel: true, Account: true, Err: err, Text: "there is no token for the mail server: " + err.Error()}
			}
			return login{}, fault
		}
		l.ways = []sasl.Client{&xoauth2{username, l.secret}}
	default:
		if l.secret, err = password(ctx); err != nil {
			return login{}, &invites.DeliveryError{Channel: true, Account: ctx.Err() == nil, Err: err, Text: "the password for the mail server can't be read: " + err.Error()}
		}
		l.ways = []sasl.Client{sasl.NewPlainClient("", username, l.secret), sasl.NewLoginClient(username, l.secret)}
	}
	return l, nil
}

// choose is the best way that the server offers.
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

// Next implements [sasl.Client]. All that a server can still say is why it refuses. It wants an answer
// before it does.
func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }
