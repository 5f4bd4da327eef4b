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
	"testing"
	"time"

	"google.golang.org/api/calendar/v3"

	"coalition/invites/google"
	"coalition/invites/google/googletest"
	"coalition/invites/google/push"
)

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
	g := googletest.Start(t)
	hints := make(chan bool, 10)
	log := make(lines, 100)
	begin := func(ctx context.Context) (a *app, tells *push.Push, closed <-chan struct{}) {
		t.Helper()
		a = &app{wall: time.Now, configFile: path, stderr: io.Discard, hard: t.Context(),
			log: slog.New(slog.NewTextHandler(log, nil))}
		if err := a.open(ctx, false); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { a.state.Close() })
		c, err := google.New(google.Config{Client: g.Client(), Endpoint: g.Endpoint()})
		if err != nil {
			t.Fatal(err)
		}
		tells = a.push(c, func() { hints <- true })
		if closed, err = a.openPages(ctx, tells); err != nil {
			t.Fatal(err)
		}
		return a, tells, closed
	}

	ctx, stop := context.WithCancel(t.Context())
	a, tells, closed := begin(ctx)
	base := "http://" + regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(log.await(t, "serving the page"))
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		tells.Run(ctx)
	}()
	log.await(t, "tells of changes")
	var c calendar.Channel
	requests := g.Requests()
	if err := json.Unmarshal(requests[len(requests)-1].Body, &c); err != nil {
		t.Fatal(err)
	}
	if ids := g.Channels(); c.Address != "https://talk.example.org/answers/google/calendar" || len(ids) != 1 || ids[0] != c.Id {
		t.Errorf("asked for %+v, open are %v", c, ids)
	}
	g.Set(func(set *googletest.Settings) { set.Push = base })
	if err := g.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-hints
	kept, err := a.state.Cursor(t.Context(), "google push")
	m := regexp.MustCompile(`"resource":"([^"]+)"`).FindStringSubmatch(kept)
	if err != nil || m == nil {
		t.Fatalf("the state keeps %s, %v", kept, err)
	}
	resource := m[1]

	send := func(method, path, token string, body io.Reader) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, base+path, body)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{"ID": c.Id, "Token": token} {
			r.Header.Set("X-Goog-Channel-"+name, value)
		}
		r.Header.Set("X-Goog-Resource-ID", resource)
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
			t.Fatalf("a message at %s: %d", path, r.StatusCode)
		}
	}
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
	if len(g.Channels()) != 1 {
		t.Error("the channel is not left open")
	}

	if err := os.WriteFile(path, fmt.Appendf(nil, config, "http://127.0.0.1:8080"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop = context.WithCancel(t.Context())
	a, tells, closed = begin(ctx)
	tells.Run(ctx) // until it is stopped
	if len(g.Channels()) != 0 || g.Count("events.watch") != 1 || g.Count("channels.stop") != 1 {
		t.Errorf("open are %v", g.Channels())
	}
	kept, err = a.state.Cursor(t.Context(), "google push")
	if err != nil || !strings.Contains(kept, c.Id) || strings.Contains(kept, c.Token) {
		t.Errorf("the state keeps %s, %v", kept, err)
	}
	stop()
	<-closed
}
