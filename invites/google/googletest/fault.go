package googletest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Fault is something that goes wrong at Google, or on the way. Without a Status, Cut, Torn or Block
// it is a 500.
type Fault struct {
	Call  string                   // of the requests it meets, see [Request]; "": any
	Match func(*http.Request) bool // which of those; nil: all. The body is read already
	Skip  int                      // how many of them pass first
	Times int                      // how many of them it meets; 0: one, below: all, until [Server.Heal]

	After bool // the request takes effect first, and only the answer is spoilt

	Status     int           // of the answer
	Reason     string        // the word by which programs know it; "": the usual one of the status
	Message    string        // "": the usual one of the reason
	RetryAfter time.Duration // whole seconds; 0: it does not say
	HTML       bool          // the answer is a page of a front end

	Cut   bool            // no answer: the connection is closed
	Torn  bool            // the true answer breaks off in its middle
	Block <-chan struct{} // nothing happens until it is closed, or whoever asked has gone; then what is to happen does
}

// Fail has f happen to the next requests that it matches. Of several faults the one that was given
// first happens. (net/http repeats a GET by itself where a connection that was used before breaks off.)
func (s *Server) Fail(f Fault) {
	if f.Torn {
		f.After = true
	}
	if f.Times == 0 {
		f.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Heal ends all faults.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.quota = nil, 0
}

// Quota has the next times requests that name guests refused, as Google does for hours with those who
// have invited many: 403 quotaExceeded.
func (s *Server) Quota(times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quota = times
}

// fault is what goes wrong with this request; nil: nothing.
func (s *Server) fault(r *http.Request, name string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		switch {
		case f.Call != "" && f.Call != name || f.Match != nil && !f.Match(r):
			continue
		case f.Skip > 0:
			f.Skip--
			continue
		case f.Times == 1:
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		f.Times--
		return f
	}
	return nil
}

// block waits until the fault lets go.
func (s *Server) block(r *http.Request, f *Fault) {
	select {
	case <-f.Block:
	case <-r.Context().Done():
	case <-s.done:
	}
}

// fails reports whether the request gets another answer than the true one.
func (f *Fault) fails() bool { return f.Status != 0 || f.Block == nil && !f.Torn }

var usual = map[int]string{
	400: "badRequest", 401: "authError", 403: "forbidden", 404: "notFound", 409: "duplicate", 410: "deleted",
	412: "conditionNotMet", 429: "rateLimitExceeded", 500: "backendError", 503: "backendError",
}

var messages = map[string]string{
	"authError":               "Invalid Credentials",
	"backendError":            "Backend Error",
	"conditionNotMet":         "Precondition Failed",
	"deleted":                 "Resource has been deleted",
	"duplicate":               "The requested identifier already exists.",
	"forbidden":               "Forbidden",
	"fullSyncRequired":        "Sync token is no longer valid, a full sync is required.",
	"insufficientPermissions": "Request had insufficient authentication scopes.",
	"notFound":                "Not Found",
	"quotaExceeded":           "Calendar usage limits exceeded.",
	"rateLimitExceeded":       "Rate Limit Exceeded",
	"userRateLimitExceeded":   "User Rate Limit Exceeded",
}

func (f *Fault) answer(name string) *answer {
	status, reason, message := f.Status, f.Reason, f.Message
	if status == 0 {
		status = http.StatusInternalServerError
	}
	if reason == "" {
		reason = usual[status]
	}
	if message == "" {
		message = messages[reason]
	}
	a := refuse(status, reason, message)
	switch {
	case f.HTML:
		text := http.StatusText(status)
		a.body = fmt.Appendf(nil, "<!DOCTYPE html>\n<html lang=en><title>Error %d (%s)!!1</title><p>The server encountered an error.", status, text)
		a.header.Set("Content-Type", "text/html; charset=UTF-8")
	case !strings.Contains(name, "."):
		a.body = encode(map[string]any{"error": reason, "error_description": message})
	}
	if f.RetryAfter > 0 {
		a.header.Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
	}
	return a
}
