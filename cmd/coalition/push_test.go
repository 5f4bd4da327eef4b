package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/api/calendar/v3"

	"coalition/invites/google"
)

// channels is the part of Google that opens and stops notification channels.
type channels struct {
	mu              sync.Mutex
	opened, stopped []calendar.Channel
}

func (g *channels) RoundTrip(r *http.Request) (*http.Response, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var c calendar.Channel
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		return nil, err
	}
	answer := &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: r}
	switch {
	case strings.HasSuffix(r.URL.Path, "/calendars/primary/events/watch"):
		g.opened = append(g.opened, c)
		answer.StatusCode = http.StatusOK
		answer.Header.Set("Content-Type", "application/json")
		answer.Body = io.NopCloser(strings.NewReader(fmt.Sprintf(`{"kind":"api#channel","id":%q,"resourceId":"r-1","expiration":"%d"}`, c.Id, time.Now().Add(7*24*time.Hour).UnixMilli())))
	case strings.HasSuffix(r.URL.Path, "/channels/stop"):
		g.stopped = append(g.stopped, c)
	default:
		return nil, fmt.Errorf("a request to %s", r.URL.Path)
	}
	return answer, nil
}

// lines is a log, line by line.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// await gives the first line that holds text.
func (l lines) await(t *testing.T, text string) string {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case line := <-l:
			if strings.Contains(line, text) {
				return line
			}
		case <-deadline:
			t.Fatalf("never logged: %s", text)
		}
	}
}

// TestPushBesidePages takes Google's messages in where the pages are served, and leaves the pages as they
// are. A later start that wants no channel any more finds the one that was left open.
func TestPushBesidePages(t *testing.T) {
	const config = anaConfig + "web: {listen: \"127.0.0.1:0\", public_url: \"%s\"}\n"
	dir := write(t, "config.yaml", fmt.Sprintf(config, "https://talk.example.org/answers"))
	path := filepath.Join(dir, "config.yaml")
	g := &channels{}
	hints := make(chan bool, 10)
	log := make(lines, 100)
	begin := func(ctx context.Context) (a *app, push *google.Push, closed <-chan struct{}) {
		t.Helper()
		a = &app{configFile: path, stderr: io.Discard, hard: t.Context()}
		if err := a.open(ctx, false); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { a.state.Close() })
		a.sched.Log = slog.New(slog.NewTextHandler(log, nil))
		c, err := google.NewCalendar(&http.Client{Transport: g}, "", "")
		if err != nil {
			t.Fatal(err)
		}
		push = a.push(c, func() { hints <- true })
		if closed, err = a.openPages(ctx, push); err != nil {
			t.Fatal(err)
		}
		return a, push, closed
	}

	ctx, stop := context.WithCancel(t.Context())
	_, push, closed := begin(ctx)
	base := "http://" + regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(log.await(t, "serving the page"))
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		push.Run(ctx)
	}()
	log.await(t, "tells of changes")
	g.mu.Lock()
	c := g.opened[0]
	g.mu.Unlock()
	if c.Address != "https://talk.example.org/answers/google/calendar" {
		t.Errorf("Google is to come to %s", c.Address)
	}

	send := func(method, path, token string, body io.Reader) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, base+path, body)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{"ID": c.Id, "Token": token} {
			r.Header.Set("X-Goog-Channel-"+name, value)
		}
		r.Header.Set("X-Goog-Resource-ID", "r-1")
		r.Header.Set("X-Goog-Resource-State", "exists")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if n, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode == http.StatusOK && n != 0 {
			t.Errorf("%s %s: %d bytes, %v", method, path, n, err)
		}
		return response
	}
	for _, path := range []string{"/answers/google/calendar", "/google/calendar"} { // a proxy may keep the path or strip it
		if r := send("POST", path, c.Token, nil); r.StatusCode != 200 {
			t.Errorf("a message at %s: %d", path, r.StatusCode)
		}
	}
	<-hints // the other one has to wait
	if r := send("POST", "/google/calendar", c.Token, strings.NewReader(strings.Repeat("x", 100<<10))); r.StatusCode != 200 || !r.Close {
		t.Errorf("a message with a body: %d, and the connection goes on: %v", r.StatusCode, !r.Close)
	}
	for _, tt := range []struct{ method, path, token string }{
		{"POST", "/google/calendar", "x" + c.Token[1:]},
		{"GET", "/google/calendar", c.Token},
		{"POST", "/google", c.Token},
		{"POST", "/answers/google/calendar/", c.Token},
		{"GET", "/answers/a/" + strings.Repeat("A", 22), c.Token},
	} {
		r := send(tt.method, tt.path, tt.token, nil)
		if r.StatusCode != 404 || !strings.Contains(r.Header.Get("Content-Security-Policy"), "default-src 'none'") || r.Header.Get("X-Robots-Tag") == "" {
			t.Errorf("%s %s: %d with %v", tt.method, tt.path, r.StatusCode, r.Header)
		}
	}
	stop()
	<-closed
	<-ran
	if len(hints) != 0 || len(g.stopped) != 0 {
		t.Errorf("%d more hints, %d stopped", len(hints), len(g.stopped))
	}

	if err := os.WriteFile(path, fmt.Appendf(nil, config, "http://127.0.0.1:8080"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop = context.WithCancel(t.Context())
	a, push, closed := begin(ctx)
	push.Run(ctx) // until it is stopped
	if len(g.opened) != 1 || len(g.stopped) != 1 || g.stopped[0].Id != c.Id || g.stopped[0].ResourceId != "r-1" {
		t.Errorf("opened %+v, stopped %+v", g.opened, g.stopped)
	}
	kept, err := a.state.Cursor(t.Context(), "google push")
	if err != nil || !strings.Contains(kept, c.Id) || strings.Contains(kept, c.Token) {
		t.Errorf("the state keeps %s, %v", kept, err)
	}
	stop()
	<-closed
}
