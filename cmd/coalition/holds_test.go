package main

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"coalition/invites/google/googletest"
)

const holding = "times: {hold: true}\n"

// held counts the times that stand in the calendar and hold something.
func (d *desk) held() (n int) {
	for _, e := range d.Events() {
		if strings.HasPrefix(e.Id, "hold") && e.Status == "tentative" {
			n++
		}
	}
	return n
}

// wantHeld wants so many of them after what.
func (d *desk) wantHeld(want int, what string) {
	d.t.Helper()
	if n := d.held(); n != want {
		d.t.Errorf("after %s %d times are held; want %d", what, n, want)
	}
}

// TestGoogleHolds is what commands do to the times that are held, each at once.
func TestGoogleHolds(t *testing.T) {
	t.Parallel()
	d := newDesk(t, holding, "maya", mayaPlan, "tom", strings.ReplaceAll(strings.ReplaceAll(mayaPlan, "maya@", "tom@"),
		"10:00, in 9 working days at 15:00", "12:00"))
	for _, step := range []struct {
		held int
		args []string
	}{
		{0, []string{"daemon", "--once", "--dry-run"}},
		{3, []string{"daemon", "--once"}},
		{3, []string{"daemon", "--once"}},
		{3, []string{"list"}},
		{2, []string{"answer", "tom", "no"}},
		{2, []string{"cancel", "maya", "--dry-run"}},
		{0, []string{"answer", "maya", "yes", "--time", "2"}},
		{0, []string{"daemon", "--once"}},
	} {
		d.do(0, step.args...)
		d.wantHeld(step.held, strings.Join(step.args, " "))
	}
	if r := d.talk(); r.Status != "invited" {
		t.Errorf("it is %s", r.Status)
	}
	d.told("invitation")
}

// configure changes the config.
func (d *desk) configure(old, now string) {
	d.t.Helper()
	path := filepath.Join(d.dir, "config.yaml")
	data, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(data), old) {
		d.t.Fatalf("%v; the config has no %q", err, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), old, now, 1)), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// A config that holds nothing any more takes out what stands, also where invitations go by mail now.
func TestGoogleHoldsNoMore(t *testing.T) {
	for _, change := range [][2]string{{"hold: true", "hold: false"}, {"via: google", "via: ics"}} {
		t.Run(change[1], func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, holding, "maya", mayaPlan)
			d.do(0, "daemon", "--once")
			d.wantHeld(2, "the brief")
			d.configure(change[0], change[1])
			d.do(0, "daemon", "--once")
			d.wantHeld(0, change[1])
			d.Forget()
			d.do(0, "answer", "maya", "later")
			if n := d.Count(); n != 0 {
				t.Errorf("%d requests, and nothing is held", n)
			}
		})
	}
}

// What can't be held is told, and is no fault of what was done.
func TestGoogleHoldsInVain(t *testing.T) {
	t.Parallel()
	d := newDesk(t, holding, "maya", mayaPlan)
	d.Fail(googletest.Fault{Call: "events.insert", Status: 403, Reason: "rateLimitExceeded", Times: -1})
	const text = "What is offered can't be held in Google Calendar now"
	if _, stderr := d.do(0, "daemon", "--once"); strings.Count(stderr, text) != 1 || len(inOutbox(t, d.dir, "*-brief-*")) != 1 {
		t.Errorf("it says\n%s", stderr)
	}
	d.Heal()
	if _, stderr := d.do(0, "sync"); strings.Contains(stderr, text) {
		t.Errorf("it says\n%s", stderr)
	}
	d.wantHeld(2, "another try")
	if err := os.Chmod(filepath.Join(d.dir, "token.json"), 0o644); err != nil {
		t.Fatal(err)
	}
	d.Forget()
	if _, stderr := d.do(0, "answer", "maya", "yes"); !strings.Contains(stderr, text) || d.Count() != 0 {
		t.Errorf("%d requests with a secret that others can read, and it says\n%s", d.Count(), stderr)
	}
}

// A time that begins, and that nobody has taken, is let go by itself.
func TestGoogleHoldsPass(t *testing.T) {
	t.Parallel()
	d := newDesk(t, holding, "maya", strings.Replace(mayaPlan, "in 8 working days at 10:00, in 9 working days at 15:00",
		"2027-03-04 10:00, 2027-03-05 15:00", 1))
	d.do(0, "daemon", "--once", "--at", "2027-03-01T09:00:00Z")
	d.wantHeld(2, "the brief")
	gone := make(chan bool, 100)
	d.Hook(func(p googletest.Point, r googletest.Request) {
		if p == googletest.Answered && r.Call == "events.delete" {
			gone <- true
		}
	})
	r := startDaemon(t, d.dir, "--at", "2027-03-04T09:59:55Z")
	select {
	case <-gone:
	case <-time.After(20 * time.Second):
		t.Fatal("it is still held")
	}
	if code := r.stop(); code != 0 {
		t.Errorf("the daemon: exit %d", code)
	}
	d.wantHeld(1, "its start")
}

// The daemon holds times beside all else: what it can't do is told once and tried again, and delays nothing; an answer
// on the page ends it.
func TestGoogleHoldsDaemon(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	d := newDesk(t, holding+"web: {listen: \""+address+"\", public_url: https://talk.example.org}\n", "maya", mayaPlan)
	d.Fail(googletest.Fault{Call: "events.insert", Status: 403, Reason: "rateLimitExceeded", Times: -1})
	gone := make(chan bool, 100)
	d.Hook(func(p googletest.Point, r googletest.Request) {
		if p == googletest.Answered && r.Call == "events.delete" {
			gone <- true
		}
	})
	r := startDaemon(t, d.dir)
	r.await("what is offered can't be held in the calendar; trying again")
	brief := strings.ReplaceAll((&partner{t: t, dir: d.dir}).newest("*-brief-*.eml"), "=\r\n", "")
	d.Heal()
	r.await("what is offered can be held in the calendar again")
	d.wantHeld(2, "the fault")
	if n := strings.Count(strings.Join(r.seen, "\n"), "can't be held"); n != 1 {
		t.Errorf("it was told %d times", n)
	}
	page := regexp.MustCompile(`https://talk\.example\.org(/a/[\w-]+)`).FindStringSubmatch(brief)[1]
	answer, err := http.PostForm("http://"+address+page, url.Values{"choice": {"yes2"}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	for range 2 {
		select {
		case <-gone:
		case <-time.After(20 * time.Second):
			t.Fatal("they are still held")
		}
	}
	if code := r.stop(); code != 0 {
		t.Errorf("the daemon: exit %d", code)
	}
	d.wantHeld(0, "the answer")
}
