package fetch

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// What goes along to another host: no password, and not where we come from.
func TestRedirectElsewhere(t *testing.T) {
	home, err := Address("https://ana:geheim@cal.example.org/hush")
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVisit(home, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]string{
		"https://CAL.example.org:443/b":     "Basic",
		"https://www.cal.example.org/b":     "",
		"https://ana:x@other.example.org/b": "",
		"https://cal.example.org:8443/b":    "",
	} {
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		r := &http.Request{URL: u, Header: http.Header{"Authorization": {"Basic"}, "Referer": {home.String()}}}
		if err := v.client.CheckRedirect(r, []*http.Request{{}}); err != nil {
			t.Errorf("%s: %v", to, err)
		}
		if r.Header.Get("Authorization") != want || r.Header.Get("Referer") != "" || want == "" && r.URL.User != nil {
			t.Errorf("%s: %v for %v", to, r.Header, r.URL.User)
		}
	}
}

// No machine but those of the public internet is reached because a server has named it, in whatever form.
func TestPublicOnly(t *testing.T) {
	for address, public := range map[string]bool{
		"93.184.216.34:443": true, "[2606:2800:220:1::1]:8443": true,
		"127.0.0.1:443": false, "10.1.2.3:443": false, "172.20.0.1:443": false, "192.168.1.1:443": false,
		"169.254.169.254:443": false, "100.64.0.1:443": false, "0.0.0.0:443": false, "198.18.0.1:443": false,
		"224.0.0.1:443": false, "255.255.255.255:443": false, "[::1]:443": false, "[::]:443": false,
		"[fe80::1%eth0]:443": false,
		"[fd00::1]:443":      false, "[::ffff:10.0.0.1]:443": false, "[64:ff9b::a00:1]:443": false, "[2002:a00:1::1]:443": false,
		"[::127.0.0.1]:443": false, "[fec0::1]:443": false, "[ff02::1]:443": false, "[2001:0:a00::1]:443": false,
	} {
		network := "tcp4"
		if address[0] == '[' {
			network = "tcp6"
		}
		if err := publicOnly(network, address, nil); (err == nil) != public {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// What a status means depends on whether there was a password, and on who was asked in the end.
func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		status              int
		username, elsewhere string
		want                string
	}{
		{http.StatusUnauthorized, "", "", "wants a username and a password"},
		{http.StatusUnauthorized, "ana", "", "does not take the username and the password"},
		{http.StatusUnauthorized, "ana", "dav.example.org", "its server sends on to dav.example.org"},
		{http.StatusGone, "", "", "there is no calendar at its address"},
		{http.StatusInternalServerError, "", "", "has trouble: 500 Internal Server Error"},
		{http.StatusNotAcceptable, "", "", "does not give it: 406 Not Acceptable"},
		{599, "", "", "has trouble: 599"},
	} {
		v := &Visit{username: tt.username, elsewhere: tt.elsewhere}
		f := v.Refused(&http.Response{StatusCode: tt.status, Header: http.Header{"Retry-After": {"7"}}, Body: http.NoBody})
		if !strings.Contains(f.Text, tt.want) || f.Status != tt.status || f.Wait != 7*time.Second {
			t.Errorf("%+v: %+v", tt, f)
		}
	}
}

// Who has answered in the end is known.
func TestElsewhere(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	for home, want := range map[string]string{s.URL + "/there": "", "https://dav.example.org": "127.0.0.1"} {
		at, err := url.Parse(home)
		if err != nil {
			t.Fatal(err)
		}
		v := &Visit{Home: at, client: s.Client(), elsewhere: "before"}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := v.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if v.elsewhere != want {
			t.Errorf("%s: answered by %q", home, v.elsewhere)
		}
	}
}

// No error has the address in it, which is a secret.
func TestErrorsWithoutAddress(t *testing.T) {
	home, err := Address("http://127.0.0.1:1/hush")
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVisit(home, "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, home.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Do(r); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("the error is %v", err)
	}
}

// http is for this machine, also where a name says so.
func TestLoopbackOnly(t *testing.T) {
	for address, loopback := range map[string]bool{"127.0.0.1:80": true, "127.9.9.9:8080": true, "[::1]:80": true,
		"[::ffff:127.0.0.1]:80": true, "10.0.0.1:80": false, "93.184.216.34:80": false, "[fe80::1%lo]:80": false, "": false} {
		if err := loopbackOnly("tcp", address, nil); (err == nil) != loopback {
			t.Errorf("%s: %v", address, err)
		}
	}
}
