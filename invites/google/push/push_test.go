package push

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/api/calendar/v3"

	"coalition/invites"
	"coalition/invites/google"
)

// post is Google's side of notification channels, without a network: the clock of a bubble stands still
// while one is waited for.
type post struct {
	life    time.Duration      // of a channel; 0: what was asked for
	watched []calendar.Channel // as they were asked for
	stopped []calendar.Channel
	at      []time.Time                                 // of each request
	refuse  func(path string) (code int, reason string) // nil: nothing is refused
	after   time.Duration                               // Retry-After of a refusal
	early   func(c calendar.Channel)                    // called before the answer to watch
}

func (g *post) RoundTrip(r *http.Request) (*http.Response, error) {
	turn.Lock()
	defer turn.Unlock()
	g.at = append(g.at, time.Now())
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var c calendar.Channel
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	path := strings.TrimPrefix(r.URL.Path, "/calendar/v3/")
	if g.refuse != nil {
		switch code, reason := g.refuse(path); {
		case code < 0:
			return nil, invites.ErrLogin
		case code == 1:
			return nil, errors.New("connection refused by 192.0.2.1")
		case code != 0:
			if g.after != 0 {
				w.Header().Set("Retry-After", strconv.Itoa(int(g.after/time.Second)))
			}
			w.WriteHeader(code)
			fmt.Fprintf(w, `{"error":{"code":%d,"message":"No.","errors":[{"domain":"global","reason":%q,"message":"No."}]}}`, code, reason)
			return w.Result(), nil
		}
	}
	switch path {
	case "calendars/primary/events/watch":
		g.watched = append(g.watched, c)
		if g.early != nil {
			g.early(c)
		}
		ttl, err := strconv.Atoi(c.Params["ttl"])
		if err != nil {
			return nil, err
		}
		life := time.Duration(ttl) * time.Second
		if g.life != 0 {
			life = g.life
		}
		err = json.NewEncoder(w).Encode(calendar.Channel{Kind: "api#channel", Id: c.Id, ResourceId: "events-of-primary", Token: c.Token, Expiration: time.Now().Add(life).UnixMilli()})
		return w.Result(), err
	case "channels/stop":
		g.stopped = append(g.stopped, c)
		w.WriteHeader(http.StatusNoContent)
		return w.Result(), nil
	}
	return nil, fmt.Errorf("a request to %s", r.URL.Path)
}

// turn is held by whoever writes what tests read between two rests.
var turn sync.Mutex

// rest lets time pass, and all that falls due in it happen.
func rest(d time.Duration) {
	turn.Lock()
	turn.Unlock() //nolint:staticcheck // what was read before is not written until now
	time.Sleep(d)
	synctest.Wait()
}

// A journal is a log.
type journal struct{ bytes.Buffer }

func (j *journal) Write(p []byte) (int, error) {
	turn.Lock()
	defer turn.Unlock()
	return j.Buffer.Write(p)
}

// A pushed is a Push with all that it was given.
type pushed struct {
	*Push
	t      testing.TB
	google *post
	http.Handler
	hints int
	kept  string
	saves []string
	log   journal
}

const public = "https://talk.example.org/answers"

func newPushed(t testing.TB, g *post, kept, publicURL string) *pushed {
	t.Helper()
	c, err := google.New(google.Config{Client: &http.Client{Transport: g}})
	if err != nil {
		t.Fatal(err)
	}
	d := &pushed{t: t, google: g, kept: kept}
	d.Push = New(Config{
		Calendar:  c,
		PublicURL: publicURL,
		Hint:      d.hint,
		Load:      func() (string, error) { return d.kept, nil },
		Save:      func(text string) error { d.kept, d.saves = text, append(d.saves, text); return nil },
		Log:       slog.New(slog.NewTextHandler(&d.log, nil)),
	})
	d.Handler = d.Beside(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Pages", "yes")
		w.WriteHeader(http.StatusNotFound)
	}))
	return d
}

func (d *pushed) hint() {
	turn.Lock()
	defer turn.Unlock()
	d.hints++
}

// run runs it until end is called, or the test is over. It is in a bubble.
func (d *pushed) run() (end func()) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx)
	}()
	synctest.Wait()
	end = func() {
		turn.Lock()
		stop()
		turn.Unlock()
		<-done
	}
	d.t.Cleanup(end)
	return end
}

// message is one that Google sends through c.
func message(c calendar.Channel, state string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/answers/google/calendar", http.NoBody)
	for name, value := range map[string]string{
		"X-Goog-Channel-ID": c.Id, "X-Goog-Channel-Token": c.Token, "X-Goog-Resource-ID": "events-of-primary", "X-Goog-Resource-State": state,
		"X-Goog-Message-Number": "7", "X-Goog-Channel-Expiration": "Tue, 19 Nov 2027 01:13:52 GMT", "X-Goog-Resource-URI": "https://www.googleapis.com/calendar/v3/calendars/primary/events",
	} {
		r.Header.Set(name, value)
	}
	return r
}

func (d *pushed) send(r *http.Request) int {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	if w.Code == http.StatusOK && (w.Body.Len() != 0 || w.Header().Get("X-Pages") != "") {
		return -1
	}
	return w.Code
}

// want checks how many channels were opened and stopped, and how many hints came.
func (d *pushed) want(watched, stopped, hints int) {
	d.t.Helper()
	rest(0)
	if w, s := len(d.google.watched), len(d.google.stopped); w != watched || s != stopped || d.hints != hints {
		d.t.Fatalf("%d opened, %d stopped, %d hints; want %d, %d, %d\n%s", w, s, d.hints, watched, stopped, hints, &d.log)
	}
}

func TestPushOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &post{}
		d := newPushed(t, g, "", public)
		g.early = func(c calendar.Channel) { // it may be faster than the answer
			if code := d.send(message(c, "sync")); code != 200 {
				t.Errorf("the first message: %d", code)
			}
		}
		d.run()
		d.want(1, 0, 0)
		c := g.watched[0]
		if c.Type != "web_hook" || c.Address != "https://talk.example.org/answers/google/calendar" || c.Params["ttl"] != "604800" || len(c.Id) < 20 || len(c.Id) > 64 || len(c.Token) < 20 || len(c.Token) > 256 {
			t.Errorf("asked for %+v", c)
		}
		rest(2 * firstMessage)
		if strings.Contains(d.log.String(), "WARN") {
			t.Errorf("the log:\n%s", &d.log)
		}
		for i, state := range []string{"exists", "not_exists"} {
			rest(time.Minute)
			if code := d.send(message(c, state)); code != 200 {
				t.Errorf("%s: %d", state, code)
			}
			d.want(1, 0, i+1)
		}
		stripped := message(c, "exists")
		stripped.URL.Path = "/google/calendar"
		rest(time.Minute)
		if code := d.send(stripped); code != 200 {
			t.Errorf("behind a proxy that strips the path: %d", code)
		}
		d.want(1, 0, 3)
		rest(time.Minute)
		if code := d.send(message(c, "sync")); code != 200 {
			t.Errorf("sync: %d", code)
		}
		d.want(1, 0, 3)
	})
}

// TestPushSilent says it once where nothing comes through.
func TestPushSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newPushed(t, &post{}, "", public)
		d.run()
		rest(24 * time.Hour)
		if n := strings.Count(d.log.String(), "does not come through"); n != 1 {
			t.Errorf("said %d times:\n%s", n, &d.log)
		}
	})
}

// TestPushForeign leaves to the pages what is no message of a channel of ours.
func TestPushForeign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &post{}
		d := newPushed(t, g, "", public)
		d.run()
		c := g.watched[0]
		set := func(name string, values ...string) func(*http.Request) {
			return func(r *http.Request) {
				r.Header[http.CanonicalHeaderKey(name)] = values
			}
		}
		for name, change := range map[string]func(*http.Request){
			"no id":          set("X-Goog-Channel-ID"),
			"empty id":       set("X-Goog-Channel-ID", ""),
			"wrong id":       set("X-Goog-Channel-ID", c.Id+"0"),
			"two ids":        set("X-Goog-Channel-ID", c.Id, c.Id),
			"no token":       set("X-Goog-Channel-Token"),
			"empty token":    set("X-Goog-Channel-Token", ""),
			"wrong token":    set("X-Goog-Channel-Token", c.Token[1:]+"A"),
			"two tokens":     set("X-Goog-Channel-Token", c.Token, "x"),
			"no resource":    set("X-Goog-Resource-ID"),
			"wrong resource": set("X-Goog-Resource-ID", "events-of-others"),
			"no state":       set("X-Goog-Resource-State"),
			"empty state":    set("X-Goog-Resource-State", ""),
			"wrong state":    set("X-Goog-Resource-State", "add"),
			"GET":            func(r *http.Request) { r.Method = http.MethodGet },
			"PUT":            func(r *http.Request) { r.Method = http.MethodPut },
			"below":          func(r *http.Request) { r.URL.Path += "/x" },
			"slash":          func(r *http.Request) { r.URL.Path += "/" },
			"page":           func(r *http.Request) { r.URL.Path = "/answers/a/4VJx8m0Qn-2yB_kT7sWgZA" },
			"other prefix":   func(r *http.Request) { r.URL.Path = "/other/google/calendar" },
		} {
			r := message(c, "exists")
			change(r)
			w := httptest.NewRecorder()
			d.ServeHTTP(w, r)
			if w.Code != http.StatusNotFound || w.Header().Get("X-Pages") == "" {
				t.Errorf("%s: %d", name, w.Code)
			}
		}
		d.want(1, 0, 0)
		if code := d.send(message(c, "exists")); code != 200 {
			t.Fatalf("the message itself: %d", code)
		}
		d.want(1, 0, 1)
	})
}

// TestPushBurst makes few hints of many messages, and forgets none that comes after a hint.
func TestPushBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &post{}
		d := newPushed(t, g, "", public)
		d.run()
		c := g.watched[0]
		start := time.Now()
		for range 1000 {
			if code := d.send(message(c, "exists")); code != 200 {
				t.Fatalf("a message: %d", code)
			}
			time.Sleep(10 * time.Millisecond) // ten seconds in all
		}
		rest(time.Minute)
		if d.hints < 3 || d.hints > 4 {
			t.Errorf("%d hints", d.hints)
		}
		before := d.hints
		d.send(message(c, "exists"))
		rest(0)
		if d.hints != before+1 {
			t.Errorf("%d hints after a single message, %s later", d.hints-before, time.Since(start))
		}
		d.send(message(c, "exists"))
		d.want(1, 0, before+1)
		rest(pause)
		d.want(1, 0, before+2)
	})
}

// TestPushSlowHint answers Google also while the one that a hint began is still at work.
func TestPushSlowHint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &post{}
		d := newPushed(t, g, "", public)
		free := make(chan struct{})
		d.config.Hint = func() { d.hint(); <-free }
		end := d.run()
		for range 10 {
			if code := d.send(message(g.watched[0], "exists")); code != 200 {
				t.Fatalf("a message: %d", code)
			}
			rest(time.Minute)
		}
		d.want(1, 0, 1)
		free <- struct{}{}
		rest(time.Minute)
		d.want(1, 0, 2)
		ended := false
		go func() {
			rest(time.Minute)
			ended = true
			close(free)
		}()
		end()
		if !ended {
			t.Error("it is over while a hint is at work")
		}
	})
}

// TestPushRenews has a channel at every moment of half a year, and two only for a moment.
func TestPushRenews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &post{}
		d := newPushed(t, g, "", public)
		g.early = func(calendar.Channel) {
			if len(g.watched) != len(g.stopped)+1 && len(g.watched) != len(g.stopped)+2 {
				t.Errorf("%d opened, %d stopped", len(g.watched), len(g.stopped))
			}
		}
		d.run()
		start := time.Now()
		seen := map[string]bool{}
		for time.Since(start) < 180*24*time.Hour {
			rest(6*time.Hour + time.Minute)
			n := len(g.watched)
			if len(g.stopped) != n-1 {
				t.Fatalf("%d opened, %d stopped", n, len(g.stopped))
			}
			c := g.watched[n-1]
			seen[c.Id], seen[c.Token] = true, true
			hints := d.hints
			if code := d.send(message(c, "exists")); code != 200 {
				t.Fatalf("a message after %s: %d", time.Since(start), code)
			}
			d.want(n, n-1, hints+1)
			if n > 1 {
				old := g.watched[n-2]
				if s := g.stopped[n-2]; s.Id != old.Id || s.ResourceId != "events-of-primary" || s.Token != "" {
					t.Fatalf("stopped %+v", s)
				}
				if g.at[len(g.at)-1].Sub(start) > time.Duration(n-1)*6*24*time.Hour+time.Minute {
					t.Fatalf("renewed %s after the start", g.at[len(g.at)-1].Sub(start))
				}
				code := d.send(message(old, "exists"))
				if age := time.Duration(time.Now().UnixNano()-start.UnixNano()) % (6 * 24 * time.Hour); age < 20*time.Hour && code != 200 {
					t.Fatalf("a late message, %s after the stop: %d", age, code)
				}
				d.want(n, n-1, hints+1)
			}
		}
		if n := len(g.watched); n != 30 && n != 31 || len(seen) != 2*n {
			t.Errorf("%d channels, %d ids and tokens", n, len(seen))
		}
		if len(d.kept) > 2000 {
			t.Errorf("%d bytes are kept", len(d.kept))
		}
	})
}

// TestPushRestart goes on with the channel that it had, as long as that lives for a day still.
func TestPushRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &post{}
		d := newPushed(t, g, "", public)
		d.run()()
		d.want(1, 0, 0)
		first := g.watched[0]

		rest(5 * 24 * time.Hour)
		d = newPushed(t, g, d.kept, public)
		end := d.run()
		if code := d.send(message(first, "exists")); code != 200 {
			t.Errorf("after a restart: %d", code)
		}
		d.want(1, 0, 1)
		end()
		if len(d.saves) != 0 {
			t.Errorf("written with nothing new: %s", d.saves)
		}

		rest(24*time.Hour + time.Minute)
		d = newPushed(t, g, d.kept, public)
		end = d.run()
		d.want(2, 1, 0)
		if s := g.stopped[0]; s.Id != first.Id || s.ResourceId != "events-of-primary" {
			t.Errorf("stopped %+v", s)
		}
		end()

		d = newPushed(t, g, d.kept, public) // the late messages of the old one still count as such
		end = d.run()
		if code := d.send(message(first, "exists")); code != 200 {
			t.Errorf("a late message: %d", code)
		}
		d.want(2, 1, 0)
		end()

		rest(30 * 24 * time.Hour)
		d = newPushed(t, g, d.kept, public)
		end = d.run()
		d.want(3, 1, 0) // what has ended by itself is not stopped
		if code := d.send(message(first, "exists")); code != 404 {
			t.Errorf("a message of long ago: %d", code)
		}
		end()
	})
}

// TestPushElsewhere replaces the channel of another address or calendar, and stops it where the config
// wants none.
func TestPushElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &post{}
		d := newPushed(t, g, "", public)
		d.run()()
		d = newPushed(t, g, d.kept, "https://other.example.org/")
		d.run()()
		d.want(2, 1, 0)
		if got := g.watched[1].Address; got != "https://other.example.org/google/calendar" {
			t.Errorf("the address is %s", got)
		}
		d = newPushed(t, g, d.kept, "https://other.example.org")
		own, err := google.New(google.Config{Client: &http.Client{Transport: g}, Account: func() string { return "ana@example.org" }})
		if err != nil {
			t.Fatal(err)
		}
		d.config.Calendar = own
		d.run()()
		d.want(3, 2, 0)
		for _, url := range []string{"http://talk.example.org", "", "https://localhost:8080", "https://192.168.1.7", "https://[::1]/x", "https://127.0.0.1:8080", "https://box", "https://box.local.", "ftp://talk.example.org", "https://10.0.0.1"} {
			d = newPushed(t, g, d.kept, url)
			d.Run(t.Context()) // returns
			d.want(3, 3, 0)
			if code := d.send(message(g.watched[2], "exists")); code != 404 {
				t.Errorf("%s: a message: %d", url, code)
			}
		}
		if s := g.stopped[2]; s.Id != g.watched[2].Id || s.ResourceId == "" {
			t.Errorf("stopped %+v", s)
		}
		d = newPushed(t, g, "", "http://talk.example.org")
		d.Run(t.Context())
		if len(d.saves) != 0 {
			t.Errorf("kept without a channel: %s", d.saves)
		}
	})
}

// TestPushStopLater tries the stop again that did not get through, also after a restart, and as long as
// the channel lives.
func TestPushStopLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		down.Store(true)
		g := &post{refuse: func(path string) (int, string) {
			if down.Load() && path == "channels/stop" {
				return 503, "backendError"
			}
			return 0, ""
		}}
		d := newPushed(t, g, "", "https://other.example.org")
		d.run()()
		d = newPushed(t, g, d.kept, public)
		d.run()()
		d.want(2, 0, 0)
		d = newPushed(t, g, d.kept, public)
		end := d.run()
		before := len(g.at)
		rest(time.Hour)
		if n := len(g.at) - before; n < 4 || n > 6 {
			t.Errorf("%d requests in an hour", n)
		}
		d.want(2, 0, 0)
		down.Store(false)
		rest(24 * time.Hour)
		d.want(2, 1, 0)
		if strings.Contains(d.log.String(), "can't") {
			t.Errorf("of no interest to anybody:\n%s", &d.log)
		}
		end()

		down.Store(true)
		d = newPushed(t, g, d.kept, "")
		ended := make(chan struct{})
		go func() {
			d.Run(t.Context())
			close(ended)
		}()
		rest(8 * 24 * time.Hour)
		select {
		case <-ended:
		default:
			t.Error("still at a channel that has ended")
		}

		d = newPushed(t, g, "", public)
		for i := range 50 { // restarts, each for another address, while nothing can be stopped
			d = newPushed(t, g, d.kept, fmt.Sprintf("https://talk%d.example.org", i))
			d.run()()
		}
		if n := len(d.known.Old); n != mostOld {
			t.Errorf("%d old channels are kept", n)
		}
	})
}

// TestPushStopRefused leaves a channel alone that Google does not know.
func TestPushStopRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stops := 0
		g := &post{refuse: func(path string) (int, string) {
			if path == "channels/stop" {
				stops++
				return 404, "channelUnknown"
			}
			return 0, ""
		}}
		d := newPushed(t, g, "", "https://other.example.org")
		d.run()()
		d = newPushed(t, g, d.kept, public)
		d.run()
		rest(24 * time.Hour)
		d.want(2, 0, 0)
		if stops != 1 {
			t.Errorf("tried %d times", stops)
		}
	})
}

// TestPushWaits as long as Google asks it to.
func TestPushWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &post{after: 2 * time.Hour}
		g.refuse = func(string) (int, string) {
			if len(g.at) == 1 {
				return 429, "rateLimitExceeded"
			}
			return 0, ""
		}
		d := newPushed(t, g, "", public)
		d.run()
		rest(2*time.Hour - time.Second)
		d.want(0, 0, 0)
		rest(time.Second)
		d.want(1, 0, 0)
	})
}

// TestPushRefused tells of each kind of failure once, and tries again ever more seldom.
func TestPushRefused(t *testing.T) {
	for _, tt := range []struct {
		code   int
		reason string
		text   string
	}{
		{403, "pushNotSupportedForRequestedResource", "it does not do so for this calendar"},
		{400, "push.webhookUrlNotHttps", "does not accept the address of web.public_url"},
		{401, "push.webhookUrlUnauthorized", "does not accept the address of web.public_url"},
		{403, "forbidden", "403 Google Calendar refused"},
		{500, "backendError", "500 Google Calendar has trouble"},
		{1, "", "Google Calendar can't be reached"},
		{-1, "", "signed in to again"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var refuse atomic.Bool
			refuse.Store(true)
			g := &post{refuse: func(string) (int, string) {
				if refuse.Load() {
					return tt.code, tt.reason
				}
				return 0, ""
			}}
			d := newPushed(t, g, "", public)
			d.run()
			rest(48 * time.Hour)
			if n := len(g.at); n < 12 || n > 25 {
				t.Errorf("%d %s: %d requests in two days", tt.code, tt.reason, n)
			}
			last := time.Duration(0)
			for i := 1; i < 8; i++ { // doubling with jitter of a quarter grows always
				wait := g.at[i].Sub(g.at[i-1])
				if wait <= last || wait < 45*time.Second {
					t.Errorf("the waits: %s after %s", wait, last)
				}
				last = wait
			}
			log := d.log.String()
			if strings.Count(log, "WARN") != 1 || !strings.Contains(log, tt.text) {
				t.Errorf("%d %s: the log:\n%s", tt.code, tt.reason, log)
			}
			refuse.Store(false)
			rest(8 * time.Hour)
			d.want(1, 0, 0)
			refuse.Store(true) // the next trouble is news
			before := len(g.at)
			rest(6*24*time.Hour + 20*time.Minute)
			if n := len(g.at) - before; n < 4 {
				t.Errorf("%d requests in the first minutes of the next trouble", n)
			}
			if log := d.log.String(); strings.Count(log, tt.text) != 2 {
				t.Errorf("%d %s: the log:\n%s", tt.code, tt.reason, log)
			}
		})
	}
}

// TestPushKeepsOld goes on with the old channel while Google gives no new one.
func TestPushKeepsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var refuse atomic.Bool
		g := &post{refuse: func(string) (int, string) {
			if refuse.Load() {
				return 500, ""
			}
			return 0, ""
		}}
		d := newPushed(t, g, "", public)
		d.run()
		refuse.Store(true)
		rest(7*24*time.Hour - time.Minute)
		if code := d.send(message(g.watched[0], "exists")); code != 200 {
			t.Errorf("a message: %d", code)
		}
		d.want(1, 0, 1)
		rest(2 * time.Minute)
		refuse.Store(false)
		rest(8 * time.Hour)
		d.want(2, 0, 1) // it has ended by itself meanwhile
	})
}

// TestPushOddAnswers survives clocks that differ, and lives that are too short or too long.
func TestPushOddAnswers(t *testing.T) {
	for life, most := range map[time.Duration]int{ // in eight days
		time.Hour:                  8*28 + 1,
		-365 * 24 * time.Hour:      2,
		20 * 365 * 24 * time.Hour:  2,
		7*24*time.Hour + time.Hour: 2,
	} {
		synctest.Test(t, func(t *testing.T) {
			g := &post{life: life}
			d := newPushed(t, g, "", public)
			d.run()
			rest(8 * 24 * time.Hour)
			if n := len(g.watched); n < 2 || n > most {
				t.Errorf("%d channels in eight days with a life of %s", n, life)
			}
			if len(d.kept) > 8000 {
				t.Errorf("%d bytes are kept", len(d.kept))
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		g := &post{life: time.Second}
		d := newPushed(t, g, "", public)
		d.run()
		rest(time.Hour - time.Second)
		d.want(6, 0, 0) // every ten minutes
	})
}

// TestPushStored takes whatever it finds in the state.
func TestPushStored(t *testing.T) {
	for _, kept := range []string{"x", "{", "null", "[]", `{"now":{}}`, `{"now":{"id":"x"},"old":[{}]}`, `{"now":7}`, `{"now":{"id":"x","expires":"2000-01-03T00:00:00Z"},"old":7}`, `{"old":[{"expires":"2999-01-01T00:00:00Z"}]}`} {
		synctest.Test(t, func(t *testing.T) {
			g := &post{}
			d := newPushed(t, g, kept, public)
			d.run()
			if w, s := len(g.watched), len(g.stopped); w != 1 || s > 1 || s == 1 && g.stopped[0].Id != "" {
				t.Errorf("%s: %d opened, stopped %+v", kept, w, g.stopped)
			}
			c := calendar.Channel{}
			if code := d.send(message(c, "exists")); code != 404 {
				t.Errorf("%s: an empty message: %d", kept, code)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) { // the clock was a year ahead when it was opened
		g := &post{}
		d := newPushed(t, g, "", public)
		d.run()()
		ahead := strings.ReplaceAll(d.kept, "2000-", "2001-")
		d = newPushed(t, g, ahead, public)
		d.run()
		d.want(2, 1, 0)
	})
}

// TestPushStateFails keeps the old channel until the new one is remembered, and opens none while it
// does not know what there is.
func TestPushStateFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &post{}
		d := newPushed(t, g, "", public)
		var broken atomic.Bool
		broken.Store(true)
		load, save := d.config.Load, d.config.Save
		d.config.Load = func() (string, error) {
			if broken.Load() {
				return "", errors.New("disk I/O error")
			}
			return load()
		}
		d.config.Save = func(text string) error {
			if broken.Load() {
				return errors.New("disk full")
			}
			return save(text)
		}
		d.run()
		rest(time.Minute / 2)
		d.want(0, 0, 0)
		broken.Store(false)
		rest(time.Hour)
		d.want(1, 0, 0)
		broken.Store(true)
		rest(6 * 24 * time.Hour)
		d.want(2, 0, 0)
		if code := d.send(message(g.watched[1], "exists")); code != 200 {
			t.Errorf("the new channel: %d", code)
		}
		d.want(2, 0, 1)
		broken.Store(false)
		rest(6 * time.Hour)
		d.want(2, 1, 1)
		if !strings.Contains(d.kept, g.watched[1].Id) {
			t.Errorf("kept: %s", d.kept)
		}
		log := d.log.String()
		if strings.Count(log, "the state can't be read") != 1 || strings.Count(log, "the state can't be written") != 1 {
			t.Errorf("the log:\n%s", log)
		}
	})
}

// TestPushSecret looks for the token in all that is kept and told.
func TestPushSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &post{}
		d := newPushed(t, g, "", public)
		d.run()
		rest(30 * 24 * time.Hour)
		all := d.log.String() + strings.Join(d.saves, "\n") + fmt.Sprintf("%+v", d.known)
		if n := len(g.watched); n < 5 {
			t.Fatalf("%d channels", n)
		}
		for _, c := range g.watched {
			if strings.Contains(all, c.Token) {
				t.Fatalf("the token %s stands in:\n%s", c.Token, all)
			}
			if !strings.Contains(all, c.Id) {
				t.Errorf("the channel %s was never kept", c.Id)
			}
		}
	})
}

func FuzzPushMessage(f *testing.F) {
	g := &post{}
	d := newPushed(f, g, "", public)
	fresh, err := d.tend(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	c := g.watched[0]
	f.Add("POST", "/google/calendar", c.Id, c.Token, fresh.Resource, "exists", int64(0))
	f.Add("POST", "/answers/google/calendar", c.Id, c.Token, fresh.Resource, "sync", int64(1<<40))
	f.Add("GET", "/", "", "", "", "", int64(-1))
	f.Fuzz(func(t *testing.T, method, path, id, token, resource, state string, length int64) {
		r := message(calendar.Channel{Id: id, Token: token}, state)
		r.Method, r.URL.Path, r.ContentLength = method, path, length
		r.Body = io.NopCloser(unread{t})
		r.Header.Set("X-Goog-Resource-ID", resource)
		right := method == "POST" && (path == "/google/calendar" || path == "/answers/google/calendar") &&
			id == c.Id && token == c.Token && resource == fresh.Resource && (state == "sync" || state == "exists" || state == "not_exists")
		if code := d.send(r); right != (code == 200) || !right && code != 404 {
			t.Errorf("answered with %d", code)
		}
		hinted := len(d.come) > 0
		if hinted {
			<-d.come
		}
		if hinted != (right && state != "sync") {
			t.Errorf("a hint: %v", hinted)
		}
	})
}

// unread is a body that nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}
