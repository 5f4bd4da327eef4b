package account

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"coalition/invites"
	"coalition/invites/reach"
)

// renew gets a new access token, and stores it before anybody uses it. Whoever calls it holds the lock.
func (a *Account) renew(ctx context.Context, g *grant) (*grant, error) {
	c, err := a.client()
	switch {
	case err != nil:
		return nil, err
	case c.ID != g.Client:
		return nil, loginError("the client file is another one than that with which you signed in to Google")
	}
	asked, cancel := withTimeout(ctx)
	defer cancel()
	token, err := c.config().TokenSource(asked, &oauth2.Token{RefreshToken: string(g.Refresh)}).Token()
	next := *g
	switch {
	case invalidGrant(err):
		next.Access, next.Expiry, next.Dead = "", time.Time{}, time.Now().UTC()
	case err != nil:
		return nil, tokenFault(ctx, err)
	default:
		next.take(token)
	}
	if err := a.store(ctx, &next); err != nil {
		return nil, err
	}
	if !next.Dead.IsZero() {
		return nil, loginError(textAgain)
	}
	return &next, nil
}

// invalidGrant reports whether the token endpoint refused a grant, or a code, for good (RFC 6749, section 5.2).
func invalidGrant(err error) bool {
	var refusal *oauth2.RetrieveError
	return errors.As(err, &refusal) && refusal.ErrorCode == "invalid_grant"
}

// tokenFault returns what an answer of the token endpoint means that brings no token, and is no end of the grant.
func tokenFault(ctx context.Context, err error) error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		var network *url.Error
		what := "something else answers in its place"
		switch {
		case errors.As(err, &network) || ctx.Err() != nil:
			what = reach.Cause(ctx, err, "the connection failed")
		case strings.Contains(err.Error(), "cannot fetch token"):
			// The library hides the cause.
			what = "the connection was cut"
		}
		return &invites.DeliveryError{Channel: true, Err: ctx.Err(), Text: "Google's sign-in can't be reached: " + what}
	}
	f := &invites.DeliveryError{Channel: true, Code: answer.Response.StatusCode,
		Text: "Google's sign-in has trouble; it is tried again later"}
	switch answer.ErrorCode {
	case "invalid_client", "unauthorized_client", "deleted_client", "disabled_client":
		f.Wait, f.Err = refusedPause, invites.ErrLogin
		f.Text = "Google does not know this program's client any more; download the client file again, " +
			"then use: coalition auth google"
	case "admin_policy_enforced", "org_internal", "access_denied":
		f.Wait, f.Err = refusedPause, invites.ErrLogin
		f.Text = "the administrators of your Google account do not allow this program"
	default:
		f.Wait = reach.RetryAfter(answer.Response.Header.Get("Retry-After"))
	}
	return f
}

// revoke takes g back (RFC 7009). One that Google does not know any more is as good as taken back.
func revoke(ctx context.Context, g *grant) error {
	address, err := url.Parse(g.TokenURI)
	if err != nil || !Safe(g.TokenURI) {
		return loginError("the sign-in to Google can't be read")
	}
	// Google's is https://oauth2.googleapis.com/revoke.
	address.Path = path.Join(path.Dir(address.Path), "revoke")
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
		f.Text = "Google can't be told to take the sign-in back: " +
			reach.Cause(ctx, err, "the connection failed") + "." + mend
		return f
	}
	defer drain(answer)
	if answer.StatusCode == http.StatusOK || answer.StatusCode == http.StatusBadRequest {
		return nil
	}
	f.Code, f.Text = answer.StatusCode, "Google did not take the sign-in back."+mend
	return f
}
