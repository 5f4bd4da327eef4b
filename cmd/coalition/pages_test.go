package main

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestPageOfDaemon answers a brief on the page that a real daemon serves: nothing follows within five
// minutes, and the invitation after them.
func TestPageOfDaemon(t *testing.T) {
	dir := write(t, "config.yaml", anaConfig+"web: {listen: \"127.0.0.1:0\", public_url: https://talk.example.org/answers}\n", "conversations/maya.yaml", mayaPlan)
	old := time.Now().Add(-time.Minute) // a plan counts once it has been left alone
	if err := os.Chtimes(filepath.Join(dir, "conversations", "maya.yaml"), old, old); err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, dir)
	d.await("serving the page")
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(d.seen[len(d.seen)-1])
	d.await("decided")
	d.await("sent")
	brief := strings.ReplaceAll((&partner{t: t, dir: dir}).newest("*-brief-*.eml"), "=\r\n", "")
	m := regexp.MustCompile(`https://talk\.example\.org(/answers/a/[\w-]+)`).FindStringSubmatch(brief)
	if m == nil {
		t.Fatalf("the brief has no link:\n%s", brief)
	}
	page := "http://" + address + m[1]
	get := func(address string) (int, string) {
		t.Helper()
		r, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(body)
	}
	if code, body := get(page); code != 200 || !strings.Contains(body, "Join forces on the spring launch.") || !strings.Contains(body, "<form") {
		t.Fatalf("the page: %d\n%s", code, body)
	}
	if code, _ := get(page + "x"); code != 404 {
		t.Errorf("a wrong token: %d", code)
	}
	var choices []string
	_, body := get(page)
	for _, m := range regexp.MustCompile(`<input[^>]*type="radio"[^>]*>`).FindAllString(body, -1) {
		choices = append(choices, regexp.MustCompile(`value="([^"]*)"`).FindStringSubmatch(m)[1])
	}
	if got := strings.Join(choices, " "); got != "yes1 yes2 yes later no question" {
		t.Errorf("the choices are %s", got)
	}
	answer := regexp.MustCompile(`name="([^"]*)"[^>]*type="radio"|type="radio"[^>]*name="([^"]*)"`).FindStringSubmatch(body)
	r, err := http.PostForm(page, url.Values{answer[1] + answer[2]: {"yes2"}})
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	d.await("answered on the page")
	if _, stdout, _ := coalition(t, dir, "list", "--json"); !strings.Contains(stdout, `"how": "page"`) || !strings.Contains(stdout, `"status": "permitted"`) {
		t.Errorf("after the answer:\n%s", stdout)
	}
	if code := d.stop(); code != 0 {
		t.Errorf("the daemon ended with %d", code)
	}
	if log := strings.Join(d.seen, "\n"); strings.Contains(log, m[1][len("/answers/a/"):]) {
		t.Error("the log holds the token")
	}
	if n := len(inOutbox(t, dir, "*-invite-*")); n != 0 {
		t.Errorf("%d files of the invitation within the five minutes", n)
	}
	for _, later := range []struct {
		after time.Duration
		files int
	}{{4 * time.Minute, 0}, {6 * time.Minute, 2}} {
		coalition(t, dir, "--at", time.Now().Add(later.after).Format(time.RFC3339), "daemon", "--once")
		if n := len(inOutbox(t, dir, "*-invite-*")); n != later.files {
			t.Errorf("after %s there are %d files of the invitation; want %d", later.after, n, later.files)
		}
	}
}
