package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"coalition/invites/email/emailtest"
	"coalition/invites/google/googletest"
	"coalition/scheduler/store/storetest"
)

// A clinic is an installation with everything there is: mail servers, a Google, a feed, a page behind a proxy. Its
// network is its own.
type clinic struct {
	*desk
	env    []string
	listen string
	// The proxy shows this certificate, of those that last for long, for days, and no more.
	shows        atomic.Pointer[tls.Certificate]
	certificates []*tls.Certificate
	// Who answers in place of the proxy, and of the feed; nil: they do.
	page, feed atomic.Pointer[http.HandlerFunc]
	smtp, imap string
}

func newClinic(t *testing.T) *clinic {
	t.Helper()
	c := &clinic{desk: &desk{Server: googletest.Start(t), t: t}}
	certificates, roots := certifiedFor(t, []string{"mail.example.org", "talk.example.org"}, 90*24*time.Hour, 50*time.Hour, -time.Hour)
	c.certificates = certificates
	c.shows.Store(certificates[0])
	dovecot := emailtest.StartDovecot(t, certificates[0])
	submission := emailtest.StartSubmission(t, dovecot, certificates[0])
	// A port that nobody has now.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.listen = l.Addr().String()
	l.Close()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: c.listen})
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if other := c.page.Load(); other != nil {
			(*other)(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	front.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return &tls.Config{Certificates: []tls.Certificate{*c.shows.Load()}}, nil
	}}
	front.Config.ErrorLog = proxy.ErrorLog
	front.StartTLS()
	t.Cleanup(front.Close)
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if other := c.feed.Load(); other != nil {
			(*other)(w, r)
			return
		}
		_, _ = io.WriteString(w, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nEND:VCALENDAR\r\n")
	}))
	t.Cleanup(feed.Close)
	local := netip.MustParseAddr("127.0.0.1")
	dns := emailtest.DNS{A: map[string]netip.Addr{"mail.example.org": local, "talk.example.org": local},
		TXT: map[string]string{"example.org": "v=spf1 mx -all", "_dmarc.example.org": "v=DMARC1; p=reject"}}
	c.env = append(os.Environ(), "LAB_DNS="+dns.Start(t), "LAB_WEB="+front.Listener.Addr().String(), "SSL_CERT_FILE="+roots, "NO_PROXY=*", "TZ=UTC")
	at := "host: mail.example.org, username: ana@example.org, password_file: ./password, port: "
	c.smtp, c.imap = "smtp: {"+at+port(submission.STARTTLS)+"}", "imap: {"+at+port(dovecot.IMAPS)+"}"
	c.dir = write(t, "config.yaml", anaConfig+"mail: {via: smtp, "+c.smtp+"}\nreplies: {"+c.imap+", trust: [mx.example.org]}\n"+
		fmt.Sprintf("calendar:\n  via: google\n  google: {client_file: %q, token_file: ./token.json, endpoint: %q}\n", c.ClientFile(t), c.Endpoint())+
		"  busy: [{name: Work, ics: \""+feed.URL+"/s3cret.ics\"}]\n"+
		"web: {listen: \""+c.listen+"\", public_url: https://talk.example.org/answers}\n",
		"password", emailtest.Password, "conversations/maya.yaml", laterPlan)
	c.signIn()
	return c
}

// lab is a run of the program in that network.
func (c *clinic) lab(args ...string) *exec.Cmd {
	cmd := binary("lab", append([]string{"--config", filepath.Join(c.dir, "config.yaml")}, args...)...)
	cmd.Env = c.env
	return cmd
}

// finds is what the doctor finds, who ends with that exit code.
func (c *clinic) finds(exit int) (found []finding) {
	c.t.Helper()
	cmd := c.lab("doctor", "--json")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) || cmd.ProcessState.ExitCode() != exit {
		c.t.Errorf("exit %d, want %d: %v\n%s%s", cmd.ProcessState.ExitCode(), exit, err, out, errs.String())
	}
	if err := json.Unmarshal(out, &found); err != nil {
		c.t.Fatalf("%v\n%s%s", err, out, errs.String())
	}
	for _, secret := range append(c.Secrets(), emailtest.Password, "s3cret") {
		if strings.Contains(string(out)+errs.String(), secret) {
			c.t.Errorf("a secret is told: %s\n%s", secret, out)
		}
	}
	return found
}

// configure changes the config, and gives back what undoes that.
func (c *clinic) configure(old, with string) (undo func()) {
	c.t.Helper()
	path := filepath.Join(c.dir, "config.yaml")
	was, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(was), old) {
		c.t.Fatalf("the config has no %q: %v", old, err)
	}
	put := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	put(strings.Replace(string(was), old, with, 1))
	return func() { put(string(was)) }
}

// With everything in order nothing is said to be wrong; and what goes wrong on the network is found, and its remedy
// named. Nothing is changed by that, and no mail sent.
func TestDoctorNetwork(t *testing.T) {
	t.Parallel()
	c := newClinic(t)
	daemon := started(t, c.lab("daemon"))
	daemon.await("serving the page")
	found := c.finds(0)
	if list := wrong(found); len(list) > 0 {
		t.Errorf("it is said to be wrong: %+v", list)
	}
	areas := make(map[string]bool)
	for _, f := range found {
		areas[f.Area] = true
	}
	for _, area := range doctorAreas {
		if !areas[area] {
			t.Errorf("nothing is said of %s", area)
		}
	}
	for _, want := range [][2]string{{"smtp", "takes mail from ana@example.org"}, {"smtp", "DMARC: reject"}, {"imap", "lets the mailbox be read"},
		{"google", "may be written to"}, {"calendars", "Work (ics): read"}, {"web", "the page at talk.example.org: answers"},
		{"web", "the daemon serves the page there"}, {"daemon", "it runs"}} {
		wants(t, found, want[0], fine, want[1], "")
	}
	daemon.stop()
	before := snapshot(t, c.dir)
	c.Forget()
	// What the proxy says with nobody behind it is no page of ours.
	wants(t, c.finds(exitFailed), "web", faulty, "something else answers there (502", "look whether the daemon runs")
	unchanged(t, c.dir, before)
	for _, r := range c.Requests() {
		if r.Method != http.MethodGet && r.Call != "freebusy.query" {
			t.Errorf("Google was asked to %s %s", r.Method, r.Path)
		}
	}

	page := func(do http.HandlerFunc) { c.page.Store(&do) }
	ours := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-x'")
		w.Header().Set("X-Robots-Tag", "noindex, nofollow")
		w.WriteHeader(http.StatusNotFound)
	}
	page(ours)
	for _, tt := range []struct {
		name                    string
		plant                   func() (undo func())
		area, state, text, mend string
	}{
		{"a wrong password", func() func() {
			path := filepath.Join(c.dir, "password")
			try := func(text string) {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			try("falsch")
			return func() { try(emailtest.Password) }
		}, "smtp", faulty, "refused the user name or password", "look at the password"},
		{"no such folder", func() func() { return c.configure("imap: {", "imap: {mailbox: Nirgends, ") }, "imap", faulty, "Nirgends", "replies.imap"},
		{"another port", func() func() { return c.configure("smtp: {", "smtp: {security: tls, ") }, "smtp", faulty, "does not speak TLS", "security: starttls"},
		{"a name that is not the certificate's", func() func() {
			return c.configure("imap: {host: mail.example.org", "imap: {host: 127.0.0.1")
		}, "imap", faulty, "certificate", "as its certificate does"},
		{"a server that is not there", func() func() {
			return c.configure("smtp: {host: mail.example.org", "smtp: {host: nowhere.example.org")
		}, "smtp", faulty, "nowhere.example.org", "mail.smtp.host"},
		{"a page of somebody else", func() func() {
			page(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "It works!") })
			return func() { page(ours) }
		}, "web", faulty, "something else answers", "the proxy"},
		{"a certificate that ends soon", func() func() {
			c.shows.Store(c.certificates[1])
			return func() { c.shows.Store(c.certificates[0]) }
		}, "web", doubt, "in 2 days", "renew it"},
		{"a certificate that has ended", func() func() {
			c.shows.Store(c.certificates[2])
			return func() { c.shows.Store(c.certificates[0]) }
		}, "web", faulty, "has ended", "renew it"},
		{"a clock that is behind", func() func() {
			page(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", time.Now().Add(20*time.Minute).UTC().Format(http.TimeFormat))
				ours(w, r)
			})
			return func() { page(ours) }
		}, "clock", faulty, "behind of that of a server", "timedatectl"},
		{"a feed that is gone", func() func() {
			gone := http.HandlerFunc(http.NotFound)
			c.feed.Store(&gone)
			os.RemoveAll(filepath.Join(c.dir, "state/.coalition-calendars"))
			return func() { c.feed.Store(nil) }
		}, "calendars", faulty, "Work (ics)", "calendar.busy"},
		{"a calendar that is not there", func() func() {
			return c.configure("via: google\n  google: {", "via: google\n  google: {calendar: team@example.org, ")
		},
			"google", faulty, "the calendar team@example.org", "calendar.google.calendar"},
		{"a calendar that can only be read", func() func() {
			c.AddCalendar("team@example.org", "Team", "reader")
			return c.configure("via: google\n  google: {", "via: google\n  google: {calendar: team@example.org, ")
		}, "google", faulty, "not write to it", "allow changes"},
		{"a sign-in that was taken back", func() func() {
			c.RevokeGrant()
			return func() {}
		}, "google", faulty, "", "coalition auth google"},
	} {
		undo := tt.plant()
		found := c.finds(map[string]int{faulty: exitFailed, doubt: 0}[tt.state])
		undo()
		t.Log(tt.name)
		wants(t, found, tt.area, tt.state, tt.text, tt.mend)
		for _, f := range wrong(found) {
			// A wrong password is one for both servers.
			if f.Area != tt.area && f.Area != "imap" {
				t.Errorf("%s: also %+v", tt.name, f)
			}
		}
	}
	c.dir = write(t, "config.yaml", strings.Replace(anaConfig, "ana@", emailtest.Refused+"@", 1)+"mail: {via: smtp, "+c.smtp+"}\n",
		"password", emailtest.Password, "conversations/maya.yaml", laterPlan)
	wants(t, c.finds(exitFailed), "smtp", faulty, "takes no mail from refused@example.org", "organizer.email")
}

// Whose word counts is held against what stands in the mails.
func TestDoctorTrust(t *testing.T) {
	t.Parallel()
	mails := func(n int, servers ...string) (list [][]string) {
		for range n {
			list = append(list, servers)
		}
		return list
	}
	for _, tt := range []struct {
		mails             [][]string
		trust             []string
		state, text, mend string
	}{
		{nil, nil, doubt, "no server's word", "name your own mail server under replies.trust"},
		{mails(9, "mx.example.org", "x"), nil, doubt, "no server's word", "if mx.example.org is your own mail server, which stands on top in 9 of your newest 9 mails"},
		{mails(9, "scan.example.org", "mx.example.org"), []string{"MX.example.org"}, fine, "what MX.example.org says", ""},
		{mails(9, "mx2.example.org"), []string{"mx.example.org"}, doubt, "says nothing in your newest 9 mails", "if mx2.example.org is"},
		{mails(9), []string{"mx.example.org"}, doubt, "no server says anything", "ask your provider"},
		{mails(4, "mx2.example.org"), []string{"mx.example.org"}, fine, "what mx.example.org says", ""},
	} {
		wants(t, []finding{judgeTrust(tt.mails, tt.trust)}, "imap", tt.state, tt.text, tt.mend)
	}
}

// A state on a server is looked at as well, and not with --no-network; one that is not there is told.
func TestDoctorPostgres(t *testing.T) {
	t.Parallel()
	dir := write(t, "config.yaml", anaConfig+fmt.Sprintf("state: %q\n", storetest.Postgres(t)(t)), "conversations/maya.yaml", laterPlan)
	if code, out, errs := coalition(t, dir, "pause"); code != 0 {
		t.Fatalf("pause: exit %d\n%s%s", code, out, errs)
	}
	asks := func(d *doctor) { d.noNetwork = false }
	found := diagnose(t, dir, asks)
	wants(t, found, "state", fine, "the database: PostgreSQL ", "")
	wants(t, found, "daemon", doubt, "paused", "coalition resume")
	found = diagnose(t, dir, nil)
	wants(t, found, "state", fine, "not looked at, as --no-network says", "")
	wants(t, found, "plans", fine, "1 conversation, no problem", "")
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(anaConfig+"state: postgres://ana:geheim@127.0.0.1:1/x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	found = diagnose(t, dir, asks)
	wants(t, found, "state", faulty, "the database", "look at the database, and at state in the config")
	if strings.Contains(fmt.Sprint(found), "geheim") {
		t.Errorf("a secret is told: %+v", found)
	}
}

// unchanged says which files are not as they were.
func unchanged(t *testing.T, dir string, before map[string]string) {
	t.Helper()
	after := snapshot(t, dir)
	for path, was := range before {
		if after[path] != was {
			t.Errorf("%s has changed", path)
		}
		delete(after, path)
	}
	for path := range after {
		t.Errorf("%s is new", path)
	}
}

// A names is a DNS that says these texts, by name; one of "fault" does not answer.
type names map[string][]string

func (n names) LookupTXT(_ context.Context, name string) ([]string, error) {
	list := n[name]
	switch {
	case list == nil:
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	case list[0] == "fault":
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
	}
	return list, nil
}

// LookupMX knows the servers of a domain under "mx" and its name.
func (n names) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	_, err := n.LookupTXT(ctx, "mx "+name)
	return nil, err
}

// What DNS says of a domain gives hints, and no alarm where it says nothing.
func TestDoctorDomain(t *testing.T) {
	t.Parallel()
	const spf, policy = "v=spf1 include:_spf.example.net ~all", "v=DMARC1; p=none"
	for _, tt := range []struct {
		name, domain     string
		dns              names
		state, text, ask string
	}{
		{"all is well", "example.org", names{"example.org": {"other", spf}, "_dmarc.example.org": {policy}}, fine, "DMARC: none", ""},
		{"by the domain above", "mail.example.co.uk", names{"mail.example.co.uk": {spf}, "_dmarc.example.co.uk": {policy}}, fine, "DMARC: none", ""},
		{"no SPF", "example.org", names{"mx example.org": {"mail.example.org"}, "_dmarc.example.org": {policy}}, doubt, "(SPF)", "SPF record that names"},
		{"two of them", "example.org", names{"example.org": {spf, "v=spf1 -all"}, "_dmarc.example.org": {policy}}, doubt, "2 times", "one SPF record"},
		{"nobody may send", "example.org", names{"example.org": {"v=spf1 -all"}, "_dmarc.example.org": {policy}}, doubt, "nobody may send", "name your mail server"},
		{"no DMARC", "example.org", names{"example.org": {spf}}, doubt, "(DMARC)", "v=DMARC1; p=none"},
		{"DMARC that is none", "example.org", names{"example.org": {spf}, "_dmarc.example.org": {"v=DMARC1; p=perhaps"}}, doubt, "can't be read", "write it anew"},
		{"DNS does not answer", "example.org", names{"example.org": {"fault"}}, fine, "does not know it from here", ""},
		{"a network without names", "example.org", nil, fine, "does not know it from here", ""},
		{"nor for DMARC", "example.org", names{"example.org": {spf}, "_dmarc.example.org": {"fault"}}, "", "", ""},
	} {
		found := lookUpDomain(t.Context(), tt.dns, tt.domain)
		if tt.state == "" && len(found) == 0 {
			continue
		}
		if len(found) != 1 || found[0].State != tt.state {
			t.Errorf("%s: %+v", tt.name, found)
		}
		wants(t, found, "smtp", tt.state, tt.text, tt.ask)
	}
	for domain, want := range map[string]bool{"example.org": false, "host": true, "ana.test": true, "home.local": true} {
		if reserved(domain) != want {
			t.Errorf("%s: %t", domain, !want)
		}
	}
}
