package feed

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"coalition/invites"
)

// flood sends the same for as long as it is read.
func flood(w io.Writer, chunk []byte) {
	for {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// What a server does that is broken, slow or worse: it is told, what was known before stays, and time and memory have
// their bounds.
func TestHostile(t *testing.T) {
	other := newServer(t, give(ics("stolen")))
	private := secure(t, soon(), give(ics("stolen")))
	to := func(address string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", address)
			w.WriteHeader(http.StatusFound)
		}
	}
	line := bytes.Repeat([]byte("X-FLOOD:1234567\r\n"), 1000)
	var bomb bytes.Buffer
	packed := gzip.NewWriter(&bomb)
	_, err := packed.Write(bytes.Repeat(line, 60))
	if err := errors.Join(err, packed.Close()); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		serve   http.HandlerFunc
		problem string
	}{
		"half of a calendar": {give(strings.TrimSuffix(ics("lunch", "walk"), "END:VCALENDAR\r\n")),
			"what its server sends ends in the middle of a calendar"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			_, _ = io.WriteString(w, ics("walk"))
		}, "the connection was cut"},
		"hung up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "the connection was cut"},
		"endless": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "BEGIN:VCALENDAR\r\n")
			flood(w, line)
		}, "it sent more than 25 MB"},
		"200 MB": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "200000000")
			_, _ = io.WriteString(w, "BEGIN:VCALENDAR\r\n")
			flood(w, line)
		}, "it sent more than 25 MB"},
		"gzip bomb": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			flood(w, bomb.Bytes())
		}, "it sent more than 25 MB"},
		"no gzip": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, ics("walk"))
		}, "its answer can't be understood"},
		"silent": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "it did not answer in time"},
		"drop by drop": {func(w http.ResponseWriter, r *http.Request) {
			for tick := time.NewTicker(time.Millisecond); r.Context().Err() == nil; <-tick.C {
				_, _ = io.WriteString(w, " ")
				w.(http.Flusher).Flush()
			}
		}, "it did not answer in time"},
		"endless header": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Flood", strings.Repeat("x", 100<<10))
			w.WriteHeader(http.StatusOK)
		}, "its answer can't be understood"},
		"web page": {give("<!doctype html><title>Sign in</title>"),
			"is a web page, and no calendar; write the address"},
		"JSON":            {give(`{"error": "hush"}`), "is no calendar"},
		"empty":           {give(""), "is empty"},
		"no content":      {refuse(http.StatusNoContent), "does not give it: 204 No Content"},
		"to another port": {to(other.URL), "it sends on to an address that is not https"},
		"to this machine": {to(private.URL), "a machine that is not on the public internet"},
		"to IPv6":         {to("https://[::1]:" + portOf(private.URL)), "a machine that is not on the public internet"},
		"to a file":       {to("file:///etc/passwd"), "it sends on to an address that is not https"},
		"to mail":         {to("mailto:ana@example.org"), "it sends on to an address that is not https"},
		"to nowhere":      {to("https://"), "its answer can't be understood"},
		"in a circle":     {to("/"), "from one address to the next, without an end"},
		"401":             {refuse(http.StatusUnauthorized), "its server wants a username and a password"},
		"403":             {refuse(http.StatusForbidden), "share the calendar again"},
		"404":             {refuse(http.StatusNotFound), "there is no calendar at its address"},
		"410":             {refuse(http.StatusGone), "there is no calendar at its address"},
		"429":             {refuse(http.StatusTooManyRequests), "asks for a pause"},
		"418":             {refuse(http.StatusTeapot), "does not give it: 418"},
		"503":             {refuse(http.StatusServiceUnavailable), "has trouble: 503 Service Unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, give(ics("lunch")))
			w := newWorld(t, Source{Kind: ICS, Address: s.URL + "/hush"})
			w.expect(invites.FreshBusy, "", "lunch")
			s.now(tt.serve)
			if name == "silent" || name == "drop by drop" {
				w.limit = 50 * time.Millisecond
			}
			w.now = monday.Add(15 * time.Minute)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			// What takes too long says so, and nothing else.
			got := w.expect(invites.StaleBusy, tt.problem, "lunch")
			runtime.ReadMemStats(&after)
			if all := (after.TotalAlloc - before.TotalAlloc) >> 20; all > 160 {
				t.Errorf("%d MB were taken", all)
			}
			if !got.ReadAt.Equal(monday) {
				t.Errorf("read at %v, want %v", got.ReadAt, monday)
			}
			w = w.again(w.Sources...)
			w.expect(invites.StaleBusy, tt.problem, "lunch")
			w.secret("hush", "/passwd")

			// Where nothing was known before, nothing is.
			w.Dir = t.TempDir()
			w = w.again(w.Sources...)
			if got := w.expect(invites.FailedBusy, tt.problem); !got.ReadAt.IsZero() {
				t.Errorf("read at %v", got.ReadAt)
			}

			s.now(give(ics("lunch", "walk")))
			w.now, w.limit = w.now.Add(time.Hour), time.Minute
			w.expect(invites.FreshBusy, "", "lunch", "walk")
		})
	}
	if n := other.count(); n != 0 {
		t.Errorf("the other machine was asked %d times", n)
	}
}

func portOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u.Port()
}

// A redirect within the same scheme, host and port is followed, and gzip read.
func TestRedirect(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/there" {
			w.Header().Set("Location", "/there")
			w.WriteHeader(http.StatusMovedPermanently)
			return
		}
		if name, password, _ := r.BasicAuth(); name != "ana" || password != "geheim" || r.Referer() != "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		_, _ = io.WriteString(packed, ics("lunch"))
		_ = packed.Close()
	})
	ana := func(context.Context) (string, error) { return "geheim", nil }
	newWorld(t, Source{Kind: ICS, Address: s.URL, Username: "ana", Password: ana}).
		expect(invites.FreshBusy, "", "lunch")
	newWorld(t, Source{Kind: ICS, Address: strings.Replace(s.URL, "http://", "http://ana:geheim@", 1)}).
		expect(invites.FreshBusy, "", "lunch")
	newWorld(t, Source{Kind: ICS, Address: s.URL, Username: "ana"}).
		expect(invites.FailedBusy, "does not take the username and the password")
	none := func(context.Context) (string, error) { return "", fmt.Errorf("the file secrets/dav can't be read") }
	newWorld(t, Source{Kind: ICS, Address: s.URL, Username: "ana", Password: none}).
		expect(invites.FailedBusy, "its password can't be had: the file secrets/dav can't be read")
}

// authority signs certificates that this process trusts.
var authority *certificate

// A certificate is one with its key.
type certificate struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

// newCertificate makes one for these names and this machine, good until then, which by signs; nil: itself.
func newCertificate(by *certificate, until time.Time, names ...string) (*certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: strings.Join(names, " ")},
		DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: until.AddDate(-1, 0, 0), NotAfter: until,
		BasicConstraintsValid: true, IsCA: by == nil}
	if by == nil {
		by = &certificate{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.Certificate, key.Public(), by.key)
	if err != nil {
		return nil, err
	}
	made, err := x509.ParseCertificate(der)
	return &certificate{made, key}, err
}

// trustAuthority makes the authority one of those that this process trusts.
func trustAuthority(dir string) (err error) {
	if authority, err = newCertificate(nil, time.Now().AddDate(0, 1, 0), "authority"); err != nil {
		return err
	}
	path := filepath.Join(dir, "authority.pem")
	if err := os.Setenv("SSL_CERT_FILE", path); err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Raw}), 0o600)
}

// secure is a server with a certificate of the authority, good until then.
func secure(t *testing.T, until time.Time, serve http.HandlerFunc) *httptest.Server {
	t.Helper()
	own, err := newCertificate(authority, until, "localhost", "cal.example.org")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(serve)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{own.Raw}, PrivateKey: own.key}}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// soon is until when certificates are good.
func soon() time.Time { return time.Now().AddDate(0, 1, 0) }

func TestCertificates(t *testing.T) {
	good := secure(t, soon(), give(ics("lunch")))
	newWorld(t, Source{Kind: ICS, Address: strings.Replace(good.URL, "https", "webcal", 1)}).
		expect(invites.FreshBusy, "", "lunch")
	old := secure(t, time.Now().AddDate(0, 0, -1), give(ics("lunch")))
	newWorld(t, Source{Kind: ICS, Address: old.URL}).expect(invites.FailedBusy, "its certificate has expired")
	strange := httptest.NewTLSServer(give(ics("lunch")))
	t.Cleanup(strange.Close)
	strange.Config.ErrorLog = log.New(io.Discard, "", 0)
	newWorld(t, Source{Kind: ICS, Address: strange.URL}).
		expect(invites.FailedBusy, "its certificate is signed by nobody this machine trusts")
}

// A name is judged by where it leads at the moment of the connection: that of the config may lead into the own network,
// another one may not.
func TestPrivateNames(t *testing.T) {
	var next string
	var asked []string
	s := secure(t, soon(), func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Host+r.URL.Path)
		if r.URL.Path == "/first" {
			w.Header().Set("Location", next)
			w.WriteHeader(http.StatusFound)
			return
		}
		give(ics("lunch"))(w, r)
	})
	port := portOf(s.URL)
	next = "https://localhost:" + port + "/second"
	w := newWorld(t, Source{Kind: ICS, Address: "https://localhost:" + port + "/first"})
	w.expect(invites.FreshBusy, "", "lunch")
	w = newWorld(t, Source{Kind: ICS, Address: s.URL + "/first"})
	for _, next = range []string{"https://localhost:" + port, "https://LOCALHOST.:" + port, "https://0.0.0.0:" + port,
		"https://[::ffff:127.0.0.1]:" + port, "https://0:" + port, "https://[::]:" + port} {
		asked, w.now = nil, w.now.Add(20*time.Minute)
		w.expect(invites.FailedBusy, "reading it from its server failed")
		if got := strings.Join(asked, " "); got != "127.0.0.1:"+port+"/first" {
			t.Errorf("asked %s", got)
		}
	}
}

// Where a proxy has to be used, it is used, and only for the host in the config.
func TestProxy(t *testing.T) {
	calendar := secure(t, soon(), func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			w.Header().Set("Location", "https://other.example.org/")
			w.WriteHeader(http.StatusFound)
			return
		}
		give(ics("lunch"))(w, r)
	})
	var asked []string
	proxy := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host)
		client, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer client.Close()
		behind, err := net.Dial("tcp", calendar.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		defer behind.Close()
		_, _ = io.WriteString(client, "HTTP/1.1 200 Connected\r\n\r\n")
		go func() {
			_, _ = io.Copy(behind, bufio.NewReader(buffered))
			behind.Close()
		}()
		_, _ = io.Copy(client, behind)
	})
	t.Setenv("HTTPS_PROXY", proxy.URL)
	newWorld(t, Source{Kind: ICS, Address: "https://cal.example.org/there"}).expect(invites.FreshBusy, "", "lunch")
	newWorld(t, Source{Kind: ICS, Address: "https://cal.example.org/away"}).
		expect(invites.FailedBusy, "other.example.org, which is not followed through a proxy")
	if got := strings.Join(asked, ", "); got != "CONNECT cal.example.org:443, CONNECT cal.example.org:443" {
		t.Errorf("the proxy was asked %s", got)
	}
}
