package google_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"coalition/invites"
	"coalition/invites/google"
	"coalition/invites/plaintext"
)

// no is Google's envelope around a refusal.
func no(code int, reason, message string) string {
	return fmt.Sprintf(`{"error":{"code":%d,"message":%q,"errors":[{"domain":"global","reason":%q,"message":%q}]}}`, code, message, reason, message)
}

var errSecret = errors.New("bearer ya29.canary")

// refused is an error for each way in which a request can fail, and what is to be thought of it.
var refused = []struct {
	name   string
	status int
	body   string
	err    error

	final, unclear, channel bool
	wait                    time.Duration
	is                      error
	text                    string // part of it
}{
	{name: "400", status: 400, body: no(400, "invalid", "Invalid resource\r\nid value."), final: true, text: "Google Calendar refused: Invalid resource id value."},
	{name: "401", status: 401, body: no(401, "authError", "Invalid Credentials"), channel: true, is: invites.ErrLogin, text: "sign in again"},
	{name: "403 scopes", status: 403, body: no(403, "insufficientPermissions", "Insufficient Permission"), channel: true, is: invites.ErrLogin, text: "allow all"},
	{name: "403 scopes, newer", status: 403, channel: true, is: invites.ErrLogin, text: "allow all",
		body: `{"error":{"code":403,"message":"Request had insufficient authentication scopes.","status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}`},
	{name: "403 rate", status: 403, body: no(403, "rateLimitExceeded", "Rate Limit Exceeded"), channel: true, text: "too many requests"},
	{name: "403 rate of a user", status: 403, body: no(403, "userRateLimitExceeded", "User Rate Limit Exceeded"), channel: true, text: "too many requests"},
	{name: "403 quota", status: 403, body: no(403, "quotaExceeded", "Calendar usage limits exceeded."), channel: true, wait: time.Hour, is: invites.ErrGuests, text: "no more guests"},
	{name: "403 day", status: 403, body: no(403, "dailyLimitExceeded", "Daily Limit Exceeded"), channel: true, wait: time.Hour, text: "no more for now"},
	{name: "403 switched off", status: 403, body: no(403, "accessNotConfigured", "Access Not Configured."), final: true, channel: true, text: "not switched on"},
	{name: "403 readers", status: 403, body: no(403, "requiredAccessLevel", "You need to have writer access to this calendar."), final: true, channel: true, text: "may not change the calendar primary"},
	{name: "403 page", status: 403, body: "<html>", final: true, text: "Google Calendar refused: Forbidden"},
	{name: "404", status: 404, body: no(404, "notFound", "Not Found"), final: true, channel: true, text: "there is no calendar primary in the account"},
	{name: "429", status: 429, body: no(429, "rateLimitExceeded", "Rate Limit Exceeded"), channel: true, text: "too many requests"},
	{name: "500", status: 500, body: no(500, "backendError", "Backend Error"), unclear: true, text: "Backend Error"},
	{name: "502", status: 502, body: "<!DOCTYPE html>", unclear: true, channel: true, text: "Bad Gateway"},
	{name: "503", status: 503, body: no(503, "backendError", ""), unclear: true, channel: true, text: "Service Unavailable"},
	{name: "504", status: 504, unclear: true, channel: true, text: "Gateway Timeout"},
	{name: "elsewhere", status: 302, channel: true, text: "something else answers"},
	{name: "no JSON", status: 200, body: "<html>Welcome to the hotel</html>", unclear: true, channel: true, text: "can't be read"},
	{name: "another JSON", status: 200, body: `{"id":[]}`, unclear: true, channel: true, text: "can't be read"},
	{name: "half an answer", status: 200, body: `{"id":"a`, unclear: true, channel: true},
	{name: "cut", err: io.ErrUnexpectedEOF, unclear: true, channel: true, text: "cut"},
	{name: "reset", err: &net.OpError{Op: "read", Err: syscall.ECONNRESET}, unclear: true, channel: true, text: "cut"},
	{name: "silence", err: context.DeadlineExceeded, unclear: true, channel: true, text: "in time"},
	{name: "something else", err: errSecret, unclear: true, channel: true, text: "the connection failed"},
	{name: "nobody there", err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, channel: true, text: "can't be reached: nobody listens"},
	{name: "no name", err: &net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}, channel: true, text: "can't be reached: its name is not known"},
	{name: "no name now", err: &net.OpError{Op: "dial", Err: &net.DNSError{}}, channel: true, text: "just now"},
	{name: "no certificate", err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, channel: true, text: "certificate"},
	{name: "the account", err: fmt.Errorf("the consent has run out; %w", invites.ErrLogin), channel: true, is: invites.ErrLogin, text: "the consent has run out"},
	{name: "the account, in full", err: &invites.DeliveryError{Wait: time.Minute, Text: "the keyring is locked"}, wait: time.Minute, text: "the keyring is locked"},
}

func TestWriteRefused(t *testing.T) {
	for _, test := range refused {
		t.Run(test.name, func(t *testing.T) {
			asked := 0
			c := over(t, func(*http.Request) (int, string, error) {
				asked++
				return test.status, test.body, test.err
			})
			_, err := c.Write(t.Context(), invitation(), ready)
			f := delivery(t, err)
			if f.Final != test.final || f.Unclear != test.unclear || f.Channel != test.channel || f.Wait != test.wait || f.Stale != nil || test.err == nil && test.status != 200 && f.Code != test.status {
				t.Errorf("got %+v", *f)
			}
			if !strings.Contains(f.Text, test.text) || plaintext.CheckLine(f.Text) != nil || len(f.Text) > 400 || strings.Contains(f.Text, "http") || strings.Contains(f.Text, "canary") {
				t.Errorf("it says %q; want %q in it", f.Text, test.text)
			}
			if test.is != nil && !errors.Is(err, test.is) || test.is == nil && (errors.Is(err, invites.ErrLogin) || errors.Is(err, invites.ErrGuests)) {
				t.Errorf("%v is one of %v", err, test.is)
			}
			if asked != 1 {
				t.Errorf("%d requests", asked)
			}
		})
	}
}

// A failure to read is never unclear, and is got over within the call where that takes seconds.
func TestReadRefused(t *testing.T) {
	for _, test := range refused {
		if test.status == 404 || test.status == 400 {
			continue // for a listing they say something else
		}
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, body := 0, test.body
				if body == `{"id":[]}` {
					body = `{"items":{}}`
				}
				c := over(t, func(*http.Request) (int, string, error) {
					asked++
					return test.status, body, test.err
				})
				at := time.Now()
				cursor, err := c.Changes(t.Context(), "", time.Time{}, untaken(t))
				f := delivery(t, err)
				if f.Final != test.final || f.Unclear || f.Channel != test.channel || f.Wait != test.wait || errors.Is(err, invites.ErrGuests) || cursor != "" {
					t.Errorf("got %+v, cursor %q", *f, cursor)
				}
				tries := 4
				if test.final || test.wait > 0 || test.is != nil {
					tries = 1
				}
				if took := time.Since(at); asked != tries || tries == 1 && took != 0 || took > 6*time.Second {
					t.Errorf("%d requests in %v, want %d", asked, took, tries)
				}
			})
		})
	}
}

func TestReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		pause := ""
		c, err := google.New(google.Config{Client: &http.Client{Transport: slow(func(r *http.Request) (*http.Response, error) {
			at = append(at, time.Now())
			answer := &http.Response{StatusCode: 429, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"nextSyncToken":"t"}`)), Request: r}
			if pause != "" {
				answer.Header.Set("Retry-After", pause)
			}
			if len(at) == 3 {
				answer.StatusCode = 200
			}
			return answer, nil
		})}})
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			pause    string
			low, top time.Duration // of the first wait
		}{
			{"", 250 * time.Millisecond, 750 * time.Millisecond},
			{"-1", 250 * time.Millisecond, 750 * time.Millisecond},
			{"soon", 250 * time.Millisecond, 750 * time.Millisecond},
			{"7", 7 * time.Second, 7 * time.Second},
			{"in nine seconds", 8 * time.Second, 9 * time.Second},
			{"21", 0, 0}, {"99999999999", 250 * time.Millisecond, 750 * time.Millisecond},
		} {
			if pause, at = test.pause, nil; pause == "in nine seconds" {
				pause = time.Now().Add(9 * time.Second).UTC().Format(http.TimeFormat)
			}
			_, err := c.Changes(t.Context(), "", time.Time{}, func([]*invites.Event, bool) error { return nil })
			if test.top == 0 {
				if f := delivery(t, err); f.Wait != 21*time.Second || len(at) != 1 {
					t.Errorf("Retry-After %s: %+v after %d requests", test.pause, *f, len(at))
				}
				continue
			}
			if err != nil || len(at) != 3 {
				t.Fatalf("Retry-After %s: %v after %d requests", test.pause, err, len(at))
			}
			if first := at[1].Sub(at[0]); first < test.low || first > test.top {
				t.Errorf("Retry-After %s: waited %v first", test.pause, first)
			}
		}
	})
}

// A pause that Google asks for, and an end of the program, both end the waiting.
func TestReadStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		asked := 0
		c := over(t, func(*http.Request) (int, string, error) { asked++; return 503, "", nil })
		at := time.Now()
		_, err := c.Changes(ctx, "", time.Time{}, untaken(t))
		if delivery(t, err); asked != 1 || time.Since(at) != 100*time.Millisecond {
			t.Errorf("%d requests in %v: %v", asked, time.Since(at), err)
		}
	})
}

// A request that gets no answer ends, also where ctx does not.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := google.New(google.Config{Client: &http.Client{Transport: slow(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}})
		if err != nil {
			t.Fatal(err)
		}
		at := time.Now()
		_, err = c.Write(t.Context(), invitation(), ready)
		if f := delivery(t, err); !f.Unclear || time.Since(at) != 30*time.Second || !strings.Contains(f.Text, "did not answer in time") {
			t.Errorf("%+v after %v", *f, time.Since(at))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = c.Write(ctx, invitation(), ready)
		if f := delivery(t, err); !errors.Is(f, context.Canceled) || !strings.Contains(f.Text, "told to stop") {
			t.Errorf("%+v", *f)
		}
	})
}

// What signs in goes to nobody else.
func TestRedirect(t *testing.T) {
	var hosts []string
	c, err := google.New(google.Config{Client: &http.Client{Transport: slow(func(r *http.Request) (*http.Response, error) {
		hosts = append(hosts, r.URL.Host)
		return &http.Response{StatusCode: 307, Header: http.Header{"Location": {"https://elsewhere.example/"}}, Body: http.NoBody, Request: r}, nil
	})}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Write(t.Context(), invitation(), ready)
	if f := delivery(t, err); len(hosts) != 1 || f.Final {
		t.Errorf("asked %v: %+v", hosts, *f)
	}
}

// A slow answers requests as it likes.
type slow func(*http.Request) (*http.Response, error)

func (f slow) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// delivery is err as every error of a calendar is.
func delivery(t testing.TB, err error) *invites.DeliveryError {
	t.Helper()
	var f *invites.DeliveryError
	if !errors.As(err, &f) || f.Text == "" {
		t.Fatalf("got %#v", err)
	}
	return f
}

func ready() error { return nil }

// untaken is for a listing that brings nothing.
func untaken(t *testing.T) func([]*invites.Event, bool) error {
	return func(page []*invites.Event, _ bool) error {
		t.Errorf("it brought %v", page)
		return nil
	}
}
