package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// until sends requests until one is refused, and is how many were not.
func until(t *testing.T, most int, send func() *http.Response) int {
	t.Helper()
	for n := range most {
		if r := send(); r.StatusCode == http.StatusTooManyRequests {
			if r.Header.Get("Retry-After") == "" {
				t.Error("it is not said when to come again")
			}
			return n
		}
	}
	return most
}

// TestLimits: people are never stopped; robots are, for a while, and nobody else with them.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk("en")
		h, _ := handler(t, d, public)
		read := func(who string) func() *http.Response {
			return func() *http.Response { return get(h, "GET", "/a/"+token, from(who)) }
		}
		if n := until(t, 1000, read("192.0.2.1:1")); n != 60 {
			t.Errorf("%d pages were shown at once", n)
		}
		says(t, read("192.0.2.1:2")(), 429, "Please wait a minute")
		if n := until(t, 5, read("192.0.2.2:1")); n != 5 {
			t.Errorf("somebody else was shown %d pages", n)
		}
		time.Sleep(3 * time.Second)
		if n := until(t, 1000, read("192.0.2.1:1")); n != 3 {
			t.Errorf("after three seconds, %d pages were shown", n)
		}
		time.Sleep(time.Hour)
		answer := func() *http.Response { return post(h, "/a/"+token, "choice=later", from("192.0.2.1:1")) }
		if n := until(t, 1000, answer); n != 20 {
			t.Errorf("%d answers were taken at once", n)
		}
		if n := len(d.taken()); n != 20 {
			t.Errorf("the desk has taken %d answers", n)
		}
		if r := read("192.0.2.1:1")(); r.StatusCode != 200 {
			t.Errorf("who has answered too often is shown %d", r.StatusCode)
		}
		time.Sleep(10 * time.Second)
		if n := until(t, 1000, answer); n != 1 {
			t.Errorf("after ten seconds, %d answers were taken", n)
		}
		time.Sleep(time.Hour)
		guess := func() *http.Response { return get(h, "GET", "/a/guess", from("192.0.2.1:1")) }
		if n := until(t, 1000, guess); n != 20 {
			t.Errorf("%d guesses were answered", n)
		}
		if r := read("192.0.2.1:1")(); r.StatusCode != 429 {
			t.Errorf("after too many guesses, the right one is told from them: %d", r.StatusCode)
		}
		time.Sleep(10 * time.Second)
		if r := read("192.0.2.1:1")(); r.StatusCode != 200 {
			t.Errorf("after ten seconds, the page is %d", r.StatusCode)
		}
		time.Sleep(time.Hour)
		if n := until(t, 50, func() *http.Response { return get(h, "GET", "/favicon.ico", from("192.0.2.1:1")) }); n != 50 {
			t.Errorf("a browser that looks for an icon is stopped after %d", n)
		}
	})
}

// TestAddress: who it is that comes, also behind a proxy, and that nobody can lend themself another address.
func TestAddress(t *testing.T) {
	for _, x := range []struct {
		peer  string
		via   []string
		whose string
	}{
		{"192.0.2.1:99", nil, "192.0.2.1/32"},
		{"192.0.2.1:99", []string{"198.51.100.7"}, "192.0.2.1/32"},
		{"[::ffff:192.0.2.1]:99", nil, "192.0.2.1/32"},
		{"[2001:db8:1:2:3:4:5:6]:99", nil, "2001:db8:1:2::/64"},
		{"[fe80::1%eth0]:99", nil, "fe80::/64"},
		{"127.0.0.1:99", nil, "127.0.0.1/32"},
		{"127.0.0.1:99", []string{"198.51.100.7"}, "198.51.100.7/32"},
		{"127.0.0.1:99", []string{"10.0.0.1, 198.51.100.7"}, "198.51.100.7/32"},
		{"127.0.0.1:99", []string{"10.0.0.1", "10.0.0.2,198.51.100.7"}, "198.51.100.7/32"},
		{"[::1]:99", []string{"2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2::/64"},
		{"127.0.0.2:99", []string{"[2001:db8:1:2::9]:443"}, "2001:db8:1:2::/64"},
		{"127.0.0.1:99", []string{"198.51.100.7:1234"}, "198.51.100.7/32"},
		{"127.0.0.1:99", []string{"198.51.100.7, unknown"}, "127.0.0.1/32"},
		{"127.0.0.1:99", []string{""}, "127.0.0.1/32"},
		{"@", nil, "invalid Prefix"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = x.peer
		for _, v := range x.via {
			r.Header.Add("X-Forwarded-For", v)
		}
		var l limits
		l.of(r)
		for got := range l.now {
			if got.String() != x.whose {
				t.Errorf("%s %q is %s, want %s", x.peer, x.via, got, x.whose)
			}
		}
	}
}

// TestFlood: however many addresses come, only so many are remembered, and who comes often is among them.
func TestFlood(t *testing.T) {
	var l limits
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "192.0.2.1:1"
	often := l.of(r)
	addr := netip.MustParseAddr("2001:db8::1").As16()
	for i := range 100_000 {
		addr[4], addr[5], addr[6] = byte(i>>16), byte(i>>8), byte(i)
		other := httptest.NewRequest("GET", "/", nil)
		other.RemoteAddr = fmt.Sprintf("[%s]:1", netip.AddrFrom16(addr))
		l.of(other)
		if i%1000 == 0 && l.of(r) != often {
			t.Fatalf("who comes all the time was forgotten after %d others", i)
		}
		if n := len(l.now) + len(l.old); n > 2*remembered {
			t.Fatalf("%d addresses are remembered", n)
		}
	}
}
