package google

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"syscall"
	"time"

	"google.golang.org/api/googleapi"

	"coalition/invites"
	"coalition/invites/plaintext"
)

// mostSaid is how many characters of a reply are kept.
const mostSaid = 300

const (
	// quotaPause is for a quota on guests, which takes hours to end.
	quotaPause = time.Hour
	// longWait is the most that anybody is made to wait.
	longWait = 24 * time.Hour
	// patience is for a pause within a call.
	patience = 20 * time.Second
	// firstPause is before the second try of what only reads, doubling; there are manyTries of them.
	firstPause = 500 * time.Millisecond
	manyTries  = 4
)

// fault returns what has become of a request that failed; writing says that it was to change something.
// Google's status and its reason decide together: the same status means "later", "never" and "not you".
func (c *Calendar) fault(ctx context.Context, err error, writing bool) *invites.DeliveryError {
	var known *invites.DeliveryError
	if errors.As(err, &known) {
		return known
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		// Without the address: it tells of people.
		err = wrapped.Err
	}
	var answer *googleapi.Error
	switch {
	case errors.As(err, &answer):
		return c.refusal(answer, writing)
	case errors.Is(err, invites.ErrLogin):
		return &invites.DeliveryError{Channel: true, Err: err, Text: plaintext.Clip(plaintext.Line(err.Error()), mostSaid)}
	}
	f := &invites.DeliveryError{Channel: true, Err: cmp.Or(ctx.Err(), err),
		Account: errors.As(err, new(*tls.CertificateVerificationError))}
	what := cause(ctx, err)
	if f.Unclear = writing && !unsent(err); f.Unclear {
		f.Text = "whether Google Calendar took the change is not known: " + what
	} else {
		f.Text = "Google Calendar can't be reached: " + what
	}
	return f
}

// refusal returns what Google's answer means with a status that is not a good one.
func (c *Calendar) refusal(answer *googleapi.Error, writing bool) *invites.DeliveryError {
	f := &invites.DeliveryError{Code: answer.Code, Err: answer}
	said := plaintext.Clip(plaintext.Line(cmp.Or(answer.Message, http.StatusText(answer.Code))), mostSaid)
	switch code := answer.Code; {
	case code == http.StatusUnauthorized:
		f.Channel, f.Err = true, login(answer)
		f.Text = "Google does not accept the sign-in any more; sign in again with: coalition auth google"
	case code == http.StatusTooManyRequests, code == http.StatusForbidden && because(answer, rateLimits...):
		f.Channel, f.Wait = true, retryAfter(answer.Header)
		f.Text = "Google Calendar asks for a pause: too many requests"
	case code == http.StatusForbidden:
		c.forbid(f, answer, said, writing)
	case code == http.StatusNotFound:
		f.Final, f.Channel, f.Text = true, true, "there is no calendar "+plaintext.Line(c.id)+" in the account"
	case code == http.StatusRequestTimeout, code >= 500:
		// An internal error may be about this event only.
		f.Unclear, f.Channel = writing, code != http.StatusInternalServerError
		f.Wait, f.Text = retryAfter(answer.Header), "Google Calendar has trouble: "+said
	case code >= 300 && code < 400:
		f.Channel, f.Text = true, "something else answers in the place of Google Calendar"
	case code == http.StatusConflict, code == http.StatusPreconditionFailed:
		f.Text = "the event has been changed meanwhile"
	default:
		f.Final, f.Text = true, "Google Calendar refused: "+said
	}
	return f
}

// rateLimits are the reasons of a 403 that means the same as a 429.
var rateLimits = []string{"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}

// forbid fills in what a 403 means, which is for its reason to say.
func (c *Calendar) forbid(f *invites.DeliveryError, answer *googleapi.Error, said string, writing bool) {
	switch {
	case because(answer, "insufficientPermissions", "insufficientScopes", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"):
		f.Channel, f.Err = true, login(answer)
		f.Text = "the sign-in does not cover this; sign in again, and allow all that is asked for: coalition auth google"
	case because(answer, "quotaExceeded", "dailyLimitExceeded", "calendarUsageLimitsExceeded"):
		f.Channel, f.Wait = true, max(quotaPause, retryAfter(answer.Header))
		f.Text = "Google Calendar takes no more for now: " + said
		if writing && because(answer, "quotaExceeded", "calendarUsageLimitsExceeded") {
			f.Err = fmt.Errorf("%w: %w", invites.ErrGuests, answer)
			f.Text = "Google Calendar takes no more guests for now; that can last some hours: " + said
		}
	case because(answer, "accessNotConfigured", "SERVICE_DISABLED"):
		f.Final, f.Channel = true, true
		f.Text = "the Google Calendar API is not switched on in the project that the client file is from"
	case because(answer, "requiredAccessLevel"):
		f.Final, f.Channel, f.Text = true, true, "the account may not change the calendar "+plaintext.Line(c.id)
	case because(answer, "forbiddenForNonOrganizer"):
		f.Final, f.Text = true, "only the organizer may change this event: "+said
	default:
		f.Final, f.Text = true, "Google Calendar refused: "+said
	}
}

// because reports whether one of these is a reason of the answer.
func because(answer *googleapi.Error, names ...string) bool {
	given := reasons(answer)
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(given, name) })
}

func login(err error) error { return fmt.Errorf("%w: %w", invites.ErrLogin, err) }

// reasons returns why, in Google's words: those of the API, and those of what stands before it.
func reasons(answer *googleapi.Error) (names []string) {
	for _, item := range answer.Errors {
		names = append(names, item.Reason)
	}
	for _, detail := range answer.Details {
		if info, ok := detail.(map[string]any); ok {
			if reason, ok := info["reason"].(string); ok {
				names = append(names, reason)
			}
		}
	}
	return names
}

// retryAfter returns how long the server asks to wait (RFC 9110, section 10.2.3); 0 where it does not.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, longWait)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), longWait)
	}
	return 0
}

// unsent reports whether it is sure that the request never left.
func unsent(err error) bool {
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &op) && op.Op == "dial" || errors.As(err, &certificate)
}

// cause returns an error of the network, or of an answer that can't be read, in words for people.
func cause(ctx context.Context, err error) string {
	var dns *net.DNSError
	var timeout net.Error
	var certificate *tls.CertificateVerificationError
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return "this program was told to stop"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "its name is not known"
	case errors.As(err, &dns):
		return "its name can't be looked up just now"
	case errors.As(err, &certificate):
		return "its certificate is not valid"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "it did not answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was cut"
	case errors.As(err, &syntax), errors.As(err, &kind), errors.Is(err, errOdd):
		return "its answer can't be read"
	}
	return "the connection failed"
}

// read does what only reads, a few times where that may help.
func (c *Calendar) read(ctx context.Context, call func() error) *invites.DeliveryError {
	began := time.Now()
	for try := 1; ; try++ {
		err := call()
		if err == nil {
			return nil
		}
		f := c.fault(ctx, err, false)
		if f.Final || try == manyTries || f.Wait > patience || time.Since(began) > patience/2 ||
			errors.Is(f, invites.ErrLogin) {
			return f
		}
		pause := firstPause << (try - 1)
		if !sleep(ctx, max(f.Wait, pause/2+rand.N(pause))) {
			return f
		}
	}
}

// sleep reports whether d passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
