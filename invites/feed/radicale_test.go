package feed

import (
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"coalition/invites"
)

// A radicale is a real CalDAV server with a calendar of ana's, behind a proxy that notes what it is asked.
type radicale struct {
	t       testing.TB
	dir     string
	address *url.URL
	proxy   *server
	mu      sync.Mutex
	noted   []string
	// change may change a question's answer; nil: it stays.
	change func(question string, answer *http.Response)
}

// newRadicale starts a server for t, which `make test` installs.
func newRadicale(t testing.TB) *radicale {
	t.Helper()
	r := &radicale{t: t, dir: t.TempDir()}
	write(t, filepath.Join(r.dir, "users"), "ana:geheim\n")
	write(t, filepath.Join(r.dir, "config"), "[server]\nhosts = 127.0.0.1:0\n[auth]\ntype = htpasswd\n"+
		"htpasswd_filename = "+filepath.Join(r.dir, "users")+"\nhtpasswd_encryption = plain\ndelay = 0\n"+
		"[logging]\nlevel = info\n[storage]\nfilesystem_folder = "+filepath.Join(r.dir, "data")+"\n")
	program, err := exec.LookPath("radicale")
	if err != nil {
		t.Fatal("the tests need the Debian package radicale: make install")
	}
	cmd := exec.Command(program, "--config", filepath.Join(r.dir, "config"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		port := regexp.MustCompile(`Listening on '.*:(\d+)'`)
		all := bufio.NewScanner(said)
		for address := ""; all.Scan(); {
			if found := port.FindStringSubmatch(all.Text()); found != nil {
				address = "127.0.0.1:" + found[1]
			}
			if strings.Contains(all.Text(), "server ready") {
				ready <- address
			}
		}
		_ = cmd.Wait() // ends as killed
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	select {
	case at := <-ready:
		r.address = &url.URL{Scheme: "http", Host: at}
	case <-ended:
		t.Fatal("Radicale ends by itself")
	case <-time.After(30 * time.Second):
		t.Fatal("Radicale does not come up")
	}
	through := &httputil.ReverseProxy{ModifyResponse: r.answer,
		Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(r.address) }}
	r.proxy = newServer(t, func(w http.ResponseWriter, q *http.Request) {
		data, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		q.Header.Set(xQuestion, kind(q, data))
		q.Body = io.NopCloser(bytes.NewReader(data))
		// The proxy is to see the answer as it is.
		q.Header.Del("Accept-Encoding")
		through.ServeHTTP(w, q)
	})
	r.do("MKCALENDAR", "/ana/work/", "", http.StatusCreated)
	return r
}

// xQuestion is a field in which the proxy notes what kind of question a request is.
const xQuestion = "X-Question"

// kind names a question, and how deep it goes.
func kind(r *http.Request, body []byte) string {
	var root struct{ XMLName xml.Name }
	if xml.Unmarshal(body, &root) == nil && r.Method == "REPORT" {
		return root.XMLName.Local
	}
	return r.Method + r.Header.Get("Depth")
}

func (r *radicale) answer(answer *http.Response) error {
	question := answer.Request.Header.Get(xQuestion)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noted = append(r.noted, question)
	if r.change != nil {
		r.change(question, answer)
	}
	return nil
}

// asked returns what it was asked since the last call.
func (r *radicale) asked() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := strings.Join(r.noted, " ")
	r.noted = nil
	return all
}

// do asks the server itself.
func (r *radicale) do(method, path, body string, want int) {
	r.t.Helper()
	q, err := http.NewRequestWithContext(context.Background(), method, r.address.String()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	q.SetBasicAuth("ana", "geheim")
	q.Close = true
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	if said, _ := io.ReadAll(answer.Body); answer.StatusCode != want {
		r.t.Fatalf("%s %s: %s\n%s", method, path, answer.Status, said)
	}
}

func (r *radicale) put(title string, at time.Time) {
	r.t.Helper()
	r.do("PUT", "/ana/work/"+title+".ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"+vevent(title, at)+
		"END:VCALENDAR\r\n", http.StatusCreated)
}

func (r *radicale) source(path string) Source {
	return Source{Kind: CalDAV, Address: r.proxy.URL + path, Username: "ana",
		Password: func(context.Context) (string, error) { return "geheim", nil }}
}

// instead gives an answer another body.
func instead(answer *http.Response, status int, change func([]byte) []byte) {
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		panic(err)
	}
	answer.Body.Close()
	data = change(data)
	answer.StatusCode, answer.ContentLength = status, int64(len(data))
	answer.Header.Set("Content-Length", fmt.Sprint(len(data)))
	answer.Body = io.NopCloser(bytes.NewReader(data))
}

// without takes elements out of an answer.
func without(name string) func([]byte) []byte {
	return func(data []byte) []byte {
		return regexp.MustCompile(`<([A-Za-z]+:)?`+name+`( /|>[^<]*</([A-Za-z]+:)?`+name+`)>`).ReplaceAll(data, nil)
	}
}

// Each way to ask gives the same, against a real server: what is new, changed and gone is seen, and no more is asked
// than has to be.
func TestRadicale(t *testing.T) {
	r := newRadicale(t)
	decline := func(question string, answer *http.Response) {
		instead(answer, http.StatusForbidden, func([]byte) []byte { return nil })
	}
	for name, tt := range map[string]struct {
		change func(string, *http.Response)
		// What is asked at first, where nothing has changed, where something has, and where only something is gone.
		first, same, changed, gone string
	}{
		"sync": {nil, "PROPFIND0 sync-collection calendar-multiget", "PROPFIND0",
			"PROPFIND0 sync-collection calendar-multiget", "PROPFIND0 sync-collection"},
		"ctag": {func(question string, answer *http.Response) {
			instead(answer, answer.StatusCode, without("sync-token"))
		}, "PROPFIND0 PROPFIND1 calendar-multiget", "PROPFIND0", "PROPFIND0 PROPFIND1 calendar-multiget", "PROPFIND0 PROPFIND1"},
		"sync refused": {func(question string, answer *http.Response) {
			if question == "sync-collection" {
				decline(question, answer)
			}
		}, "PROPFIND0 sync-collection PROPFIND1 calendar-multiget", "PROPFIND0 sync-collection",
			"PROPFIND0 sync-collection PROPFIND1 calendar-multiget", "PROPFIND0 sync-collection PROPFIND1"},
		"etags": {func(question string, answer *http.Response) {
			if question == "PROPFIND0" {
				instead(answer, answer.StatusCode, without("(sync-token|getctag)"))
			}
		}, "PROPFIND0 PROPFIND1 calendar-multiget", "PROPFIND0 PROPFIND1",
			"PROPFIND0 PROPFIND1 calendar-multiget", "PROPFIND0 PROPFIND1"},
		"no etags": {func(question string, answer *http.Response) {
			if strings.HasPrefix(question, "PROPFIND") {
				instead(answer, answer.StatusCode, without("(sync-token|getetag)"))
			}
		}, "PROPFIND0 PROPFIND1 calendar-query", "PROPFIND0 calendar-query", "PROPFIND0 calendar-query", "PROPFIND0 calendar-query"},
		"window": {func(question string, answer *http.Response) {
			if question == "sync-collection" || question == "PROPFIND1" {
				decline(question, answer)
			}
		}, "PROPFIND0 sync-collection PROPFIND1 calendar-query", "PROPFIND0 calendar-query",
			"PROPFIND0 calendar-query", "PROPFIND0 calendar-query"},
		"no multiget": {func(question string, answer *http.Response) {
			if question == "calendar-multiget" {
				decline(question, answer)
			}
		}, "PROPFIND0 sync-collection calendar-multiget PROPFIND1 calendar-multiget calendar-query",
			"PROPFIND0 calendar-query", "PROPFIND0 calendar-query", "PROPFIND0 calendar-query"},
	} {
		t.Run(name, func(t *testing.T) {
			r.t, r.change = t, tt.change
			r.put("lunch", monday.Add(time.Hour))
			r.put("walk", monday.Add(2*time.Hour))
			w := newWorld(t, r.source("/ana/work/"))
			r.asked()
			step := func(want, problem string, titles ...string) invites.FreeBusy {
				t.Helper()
				w = w.again(w.Sources...)
				got := w.expect(invites.FreshBusy, problem, titles...)
				if got := r.asked(); got != want {
					t.Errorf("asked %s\nwant %s", got, want)
				}
				w.now = w.now.Add(15 * time.Minute)
				return got
			}
			step(tt.first, "", "lunch", "walk")
			step(tt.same, "", "lunch", "walk")
			r.put("walk", monday.Add(3*time.Hour))
			r.put("run", monday.Add(4*time.Hour))
			if got := step(tt.changed, "", "lunch", "walk", "run"); !got.Busy[1].Start.Equal(monday.Add(3 * time.Hour)) {
				t.Errorf("the walk is at %v", got.Busy[1].Start)
			}
			r.do("DELETE", "/ana/work/lunch.ics", "", http.StatusOK)
			r.do("DELETE", "/ana/work/run.ics", "", http.StatusOK)
			step(tt.gone, "", "walk")
			r.do("DELETE", "/ana/work/walk.ics", "", http.StatusOK)
			step(tt.gone, "")
			step(tt.same, "")
		})
	}
}

// A token that the server does not know any more costs a list, and no more; what is gone meanwhile is seen.
func TestRadicaleForgets(t *testing.T) {
	r := newRadicale(t)
	r.put("lunch", monday.Add(time.Hour))
	r.put("walk", monday.Add(2*time.Hour))
	w := newWorld(t, r.source("/ana/work/"))
	w.expect(invites.FreshBusy, "", "lunch", "walk")
	r.asked()
	r.do("DELETE", "/ana/work/lunch.ics", "", http.StatusOK)
	tokens, err := filepath.Glob(filepath.Join(r.dir, "data/collection-root/ana/work/.Radicale.cache/sync-token/*"))
	if err != nil || len(tokens) == 0 {
		t.Fatal("no tokens", err)
	}
	for _, path := range tokens {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	w.now = w.now.Add(time.Hour)
	w.expect(invites.FreshBusy, "", "walk")
	if got := r.asked(); got != "PROPFIND0 sync-collection sync-collection" {
		t.Errorf("asked %s", got)
	}
}

// Where an older state lies on the disk, since a newer one could not be written, the two are not mixed up.
func TestRadicaleOlderFile(t *testing.T) {
	r := newRadicale(t)
	r.put("lunch", monday.Add(time.Hour))
	w := newWorld(t, r.source("/ana/work/"))
	w.expect(invites.FreshBusy, "", "lunch")
	older, err := os.ReadFile(w.sources[0].path)
	if err != nil {
		t.Fatal(err)
	}
	r.put("walk", monday.Add(2*time.Hour))
	w.now = w.now.Add(time.Hour)
	w.expect(invites.FreshBusy, "", "lunch", "walk")
	write(t, w.sources[0].path, string(older))
	r.put("run", monday.Add(3*time.Hour))
	w.now = w.now.Add(time.Hour)
	w.expect(invites.FreshBusy, "", "lunch", "walk", "run")
}

// Whoever writes another address than that of a calendar is told what is there.
func TestRadicaleElsewhere(t *testing.T) {
	r := newRadicale(t)
	r.do("MKCALENDAR", "/ana/home/", `<C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">`+
		`<set><prop><displayname>Home &amp; family</displayname></prop></set></C:mkcalendar>`, http.StatusCreated)
	r.put("lunch", monday)
	for _, path := range []string{"/", "/ana/"} {
		got := newWorld(t, r.source(path)).expect(invites.FailedBusy, "its address is not that of one calendar")
		if !strings.Contains(got.Error, "Home & family (…/home/)") || !strings.Contains(got.Error, "(…/work/)") {
			t.Errorf("%s: %s", path, got.Error)
		}
	}
	newWorld(t, r.source("/ana/none/")).expect(invites.FailedBusy, "there is no calendar at its address")
	newWorld(t, r.source("/ana/work/lunch.ics")).expect(invites.FailedBusy, "not that of one calendar")
	wrong := r.source("/ana/work/")
	wrong.Password = nil
	newWorld(t, wrong).expect(invites.FailedBusy, "does not take the username and the password")
	wrong.Username = ""
	newWorld(t, wrong).expect(invites.FailedBusy, "wants a username and a password")
	page := newServer(t, give("<!doctype html>"))
	newWorld(t, Source{Kind: CalDAV, Address: page.URL}).expect(invites.FailedBusy, "no CalDAV server")
	// A collection can be read as a feed, too.
	feed := r.source("/ana/work/")
	feed.Kind = ICS
	newWorld(t, feed).expect(invites.FreshBusy, "", "lunch")
}
