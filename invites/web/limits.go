package web

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How often one address may come: generous for people, and for an office behind one address.
const (
	visitBurst, visitEvery = 60, time.Second
	postBurst, postEvery   = 20, 10 * time.Second
	// Misses are links that lead nowhere: guesses.
	missBurst, missEvery = 20, 10 * time.Second
)

// Of how many addresses this is remembered: twice as many at most, some 400 bytes each.
const remembered = 4096

// limits remembers how often each address has come. Those that have not come for longest are
// forgotten when too many others do.
type limits struct {
	mu       sync.Mutex
	now, old map[netip.Prefix]*client
}

// A client is one address.
type client struct{ visits, posts, misses *rate.Limiter }

// of returns who sends r: one address, or one network where each customer has many (IPv6).
func (l *limits) of(r *http.Request) *client {
	addr := address(r)
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	// It is the zero prefix for all without an address.
	key, _ := addr.Prefix(bits)
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.now[key]
	if c == nil {
		if c = l.old[key]; c == nil {
			c = &client{
				rate.NewLimiter(rate.Every(visitEvery), visitBurst),
				rate.NewLimiter(rate.Every(postEvery), postBurst),
				rate.NewLimiter(rate.Every(missEvery), missBurst),
			}
		}
		if l.now == nil || len(l.now) == remembered {
			l.now, l.old = make(map[netip.Prefix]*client), l.now
		}
		l.now[key] = c
	}
	return c
}

// address returns that of the browser. The word of a proxy counts only on the same machine, and of what it
// passes on only the last address, which it has added itself.
func address(r *http.Request) netip.Addr {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	addr := peer.Addr().Unmap()
	if addr.IsLoopback() {
		if list := r.Header.Values("X-Forwarded-For"); len(list) > 0 {
			last := list[len(list)-1]
			last = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
			if a, err := netip.ParseAddr(last); err == nil {
				addr = a.Unmap()
			} else if a, err := netip.ParseAddrPort(last); err == nil {
				addr = a.Addr().Unmap()
			}
		}
	}
	return addr.WithZone("")
}

// wait counts a request, and is how long to wait before the next where it comes too soon. Whoever has
// guessed too often waits, too, whether the next link is a guess or not: that must not be told apart.
func (c *client) wait(post bool) time.Duration {
	switch {
	case c.misses.Tokens() < 1:
		return missEvery
	case !c.visits.Allow():
		return visitEvery
	case post && !c.posts.Allow():
		return postEvery
	}
	return 0
}

// miss counts a link that leads nowhere.
func (c *client) miss() { c.misses.Allow() }
