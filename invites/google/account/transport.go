package account

import (
	"io"
	"net/http"
	"time"
)

// apiTimeout is for the answer of the API, with all of its body.
const apiTimeout = 2 * time.Minute

// Client returns an HTTP client whose requests are signed in. It follows nobody elsewhere.
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
	return nil, loginError(textAgain)
}

// afresh returns the body of r from its beginning; ok is false where that can't be had.
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

// send sends r with that body, signed in with a token other than refused.
func (t *transport) send(r *http.Request, body io.ReadCloser, refused secret) (
	answer *http.Response, used secret, err error,
) {
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
