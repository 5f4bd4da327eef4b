package google

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"time"

	"google.golang.org/api/googleapi"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/invites/reach"
)

// mostSaid is how many characters of a reply are kept.
const mostSaid = 300

const (
	// quotaPause is for a quota on guests, which takes hours to end.
	quotaPause = time.Hour
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
		return &invites.DeliveryError{Channel: true, Err: err,
			Text: plaintext.Clip(plaintext.Line(err.Error()), mostSaid)}
	}
	f := &invites.DeliveryError{Channel: true, Err: cmp.Or(ctx.Err(), err),
		Account: errors.As(err, new(*tls.CertificateVerificationError))}
	what := cause(ctx, err)
	if f.Unclear = writing && !reach.Unsent(err); f.Unclear {
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
		f.Channel, f.Wait = true, reach.RetryAfter(answer.Header.Get("Retry-After"))
		f.Text = "Google Calendar asks for a pause: too many requests"
	case code == http.StatusForbidden:
		c.forbid(f, answer, said, writing)
	case code == http.StatusNotFound:
		f.Final, f.Channel, f.Text = true, true, "there is no calendar "+plaintext.Line(c.id)+" in the account"
	case code == http.StatusRequestTimeout, code >= 500:
		// An internal error may be about this event only.
		f.Unclear, f.Channel = writing, code != http.StatusInternalServerError
		f.Wait, f.Text = reach.RetryAfter(answer.Header.Get("Retry-After")), "Google Calendar has trouble: "+said
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
		f.Channel, f.Wait = true, max(quotaPause, reach.RetryAfter(answer.Header.Get("Retry-After")))
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

// cause returns an error of the network, or of an answer that can't be read, in words for people.
func cause(ctx context.Context, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if errors.As(err, &syntax) || errors.As(err, &kind) || errors.Is(err, errOdd) {
		return reach.Cause(ctx, err, "its answer can't be read")
	}
	return reach.Cause(ctx, err, "the connection failed")
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
		if !reach.Sleep(ctx, max(f.Wait, pause/2+rand.N(pause))) {
			return f
		}
	}
}
