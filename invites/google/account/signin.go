package account

import (
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"coalition/invites"
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

// SignIn asks a person for their consent, on Google's page in their browser, and stores what comes of it:
// from then on the account can be used, in every process. It waits ten minutes. Where it fails, an
// earlier sign-in stays as it was. An error of the Prompt, or of ctx, is returned as it is.
func (a *Account) SignIn(ctx context.Context, p Prompt) (Status, error) {
	c, err := a.client()
	if err != nil {
		return Status{}, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return Status{}, signInError("no port of this machine can be listened on, " +
			"to which Google could send your browser back")
	}
	needed, useful := a.scopes()
	asked := slices.Concat(needed, useful)
	config, verifier := c.config(asked...), oauth2.GenerateVerifier()
	l := newLoopback(listener.Addr().String())
	config.RedirectURL = "http://" + l.host + "/"
	options := []oauth2.AuthCodeOption{oauth2.AccessTypeOffline, oauth2.S256ChallengeOption(verifier),
		// Without it a second sign-in brings no refresh token.
		oauth2.SetAuthURLParam("prompt", "consent")}
	if a.config.User != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", a.config.User))
	}
	l.address = config.AuthCodeURL(l.state, options...)
	defer l.open(listener)()
	code, err := l.wait(ctx, p)
	if err != nil {
		return Status{}, err
	}
	g := &grant{Client: c.ID, TokenURI: c.TokenURI, Scopes: asked}
	if err := a.redeem(ctx, g, config, code, verifier); err != nil {
		return Status{}, err
	}
	return a.keep(ctx, g)
}

// redeem exchanges a code for what g holds then (RFC 6749, section 4.1.3), and for the address of the account.
func (a *Account) redeem(ctx context.Context, g *grant, config *oauth2.Config, code, verifier string) error {
	asked, cancel := withTimeout(ctx)
	defer cancel()
	token, err := config.Exchange(asked, code, oauth2.VerifierOption(verifier))
	switch {
	case invalidGrant(err):
		return signInError("Google does not take what your browser has brought back; " +
			"begin again with: coalition auth google")
	case err != nil:
		return tokenFault(ctx, err)
	}
	g.Since = time.Now().UTC().Truncate(time.Second)
	g.take(token)
	if g.Refresh == "" {
		return signInError("Google has let you sign in for an hour only; begin again with: coalition auth google")
	}
	needed, _ := a.scopes()
	if lacks := g.lacks(needed); len(lacks) > 0 {
		return signInError("it can't work without all of it; sign in again, and tick the box “" +
			strings.Join(lacks, "” and “") + "” on Google's page")
	}
	if a.config.AddressOf != nil {
		g.Account = a.config.AddressOf(asked, oauth2.NewClient(asked, oauth2.StaticTokenSource(token)))
	}
	return nil
}

// signInError returns the error of a sign-in that comes to nothing, in words.
func signInError(text string) error { return &invites.DeliveryError{Channel: true, Text: text} }

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
	a.describe(&s)
	return s, nil
}
