// Package push knows how Google is asked to tell of changes in a calendar, and how what it tells is known from what
// others send. What has changed it leaves to package google, when it is looked for to whoever is hinted at.
package push

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/api/calendar/v3"

	"coalition/invites"
	"coalition/invites/google"
	"coalition/invites/reach"
)

// A Push has Google tell of changes in a calendar: it keeps one notification channel open, whose messages come to a
// path beside the pages for partners. They are hints. None says what has changed, some get lost, and where there is no
// channel nothing else is different: whoever uses it goes on looking by themselves.
//
// A channel outlives the program, which finds it again when it starts: so a restart costs no request,
// and what happens meanwhile is seen when the calendar is looked at first.
type Push struct {
	config Config
	// come gets a value when a message has come.
	come chan struct{}

	// loaded says that known was read; saved is what Load and Save keep.
	loaded bool
	saved  string

	// mu guards what is below. Only Run writes it, but for heard.
	mu    sync.Mutex
	known channels
	// opening is the channel that is being asked for; Google may know it already.
	opening *channel
	// heard is the id of the channel through which a message has come last.
	heard string
}

// A Config says what is to be told of. All fields are required but PublicURL.
type Config struct {
	Calendar *google.Calendar
	// PublicURL is where the handler of Beside is reached from outside, perhaps with a path. Where it is
	// not https, or of this machine or its own network only, Google could not come, and there is no channel.
	PublicURL string
	// Hint is called when the calendar should be looked at now: once for a burst of messages, and at most
	// every five seconds. The next ones wait until it returns.
	Hint func()
	// Load and Save keep one text across restarts: "" at first. It holds no secret.
	Load func() (string, error)
	Save func(string) error
	Log  *slog.Logger
}

// New returns the push of a config, which does nothing before it is run.
func New(c Config) *Push { return &Push{config: c, come: make(chan struct{}, 1)} }

const (
	path = "/google/calendar"
	// ttl is how long a channel is to live; Google may give less, and no more by itself.
	ttl = 7 * 24 * time.Hour
	// shortest is between two channels, however little Google gives.
	shortest = 10 * time.Minute
	// pause is between two hints.
	pause = 5 * time.Second
	// firstMessage is how long it may take to come through a new channel.
	firstMessage = time.Minute
	// recheck is how often the clock is looked at: a machine that sleeps stops timers.
	recheck = time.Hour
	// mostOld is how many channels of before are kept in mind.
	mostOld = 20
)

// channels are those that Google may know, as they are stored.
type channels struct {
	// Now is the one whose messages count.
	Now *channel `json:"now,omitempty"`
	// Old are kept until they would have ended: late messages still come through them.
	Old []channel `json:"old,omitempty"`
}

// A channel is one that Google has been asked for.
type channel struct {
	ID string `json:"id"`
	// Resource is what Google calls the events of the calendar.
	Resource string `json:"resource"`
	// Hash is SHA-256 of its token, the secret that every message brings.
	Hash []byte `json:"hash"`
	// Calendar is the Name of the calendar.
	Calendar string `json:"calendar"`
	Address  string `json:"address"`
	// Renew is when the next one is to be opened.
	Renew   time.Time `json:"renew"`
	Expires time.Time `json:"expires"`
	Stopped bool      `json:"stopped,omitempty"`
}

// address returns where Google's messages go; "" where they can't come.
func (p *Push) address() string {
	u, err := url.Parse(p.config.PublicURL)
	if err != nil || u.Scheme != "https" {
		return ""
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip := net.ParseIP(host); ip != nil {
		if !ip.IsGlobalUnicast() || ip.IsPrivate() {
			return ""
		}
	} else if !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".local") {
		return ""
	}
	return strings.TrimSuffix(p.config.PublicURL, "/") + path
}

// Beside returns a handler that takes Google's messages, and leaves all other requests to pages: also those
// that look like a message and are none, so that they meet the limits and the 404 of every wrong path.
// Behind a proxy that strips the path of PublicURL it works as behind one that keeps it.
func (p *Push) Beside(pages http.Handler) http.Handler {
	address, err := url.Parse(p.address())
	if err != nil || address.Path == "" {
		return pages
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != path && r.URL.Path != address.Path || !p.takes(r.Header) {
			pages.ServeHTTP(w, r)
			return
		}
		// Messages have no body; whatever this is, it is not read.
		if r.ContentLength != 0 {
			w.Header().Set("Connection", "close")
		}
		w.WriteHeader(http.StatusOK)
	})
}

// takes reports whether a request with that header is a message of a channel of ours, and passes on what it hints at.
func (p *Push) takes(header http.Header) bool {
	var wrong bool
	field := func(name string) string {
		values := header.Values(name)
		if len(values) != 1 {
			wrong = true
			return ""
		}
		return values[0]
	}
	id, resource, state := field("X-Goog-Channel-ID"), field("X-Goog-Resource-ID"), field("X-Goog-Resource-State")
	hash := sha256.Sum256([]byte(field("X-Goog-Channel-Token")))
	if wrong || id == "" || resource == "" || state != "sync" && state != "exists" && state != "not_exists" {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	is := func(c *channel) bool {
		return c != nil && c.ID == id && (c.Resource == resource || c == p.opening) &&
			subtle.ConstantTimeCompare(c.Hash, hash[:]) == 1
	}
	switch {
	// The first message may be here before Google's answer is.
	case is(p.known.Now), is(p.opening):
		p.heard = id
		if state != "sync" {
			select {
			case p.come <- struct{}{}:
			default:
			}
		}
		return true
	// A refusal would not stop those that are still on their way.
	default:
		return slices.ContainsFunc(p.known.Old, func(c channel) bool { return is(&c) })
	}
}

// Run keeps the channel open until ctx ends, and leaves it open then. Where no channel can be, it stops
// those that were left open, and returns. Failures are logged, each once.
func (p *Push) Run(ctx context.Context) {
	var side sync.WaitGroup
	defer side.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	side.Go(func() { p.pass(ctx) })
	told := ""
	for attempt := 1; ; attempt++ {
		fresh, err := p.tend(ctx)
		if ctx.Err() != nil {
			return
		}
		if fresh != nil {
			p.config.Log.Info("Google Calendar tells of changes", "at", fresh.Address)
			side.Go(func() { p.listen(ctx, fresh.ID) })
		}
		if err == nil {
			told = ""
		} else if text := err.Error(); text != told {
			p.config.Log.Warn(
				"Google Calendar can't be asked to tell of changes; they are seen without that, a little later",
				"error", text)
			told = text
		}
		var wait time.Duration
		switch {
		case err != nil || p.known.unstopped():
			wait = backoff(attempt, mathrand.Float64())
			if fault := (*invites.DeliveryError)(nil); errors.As(err, &fault) {
				wait = max(wait, fault.Wait)
			}
		case p.known.Now == nil:
			return
		default:
			attempt = 0
			wait = max(time.Second, min(recheck, time.Until(p.known.Now.Renew)))
		}
		if !reach.Sleep(ctx, wait) {
			return
		}
	}
}

// pass gives the hints on.
func (p *Push) pass(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.come:
			p.config.Hint()
		}
		if !reach.Sleep(ctx, pause) {
			return
		}
	}
}

// listen says so where nothing comes through a new channel.
func (p *Push) listen(ctx context.Context, id string) {
	if !reach.Sleep(ctx, firstMessage) {
		return
	}
	p.mu.Lock()
	heard := p.heard == id
	p.mu.Unlock()
	if !heard {
		p.config.Log.Warn("Google Calendar has promised to tell of changes, but does not come through; "+
			"can public_url be reached from outside, and is its certificate valid?", "at", p.address())
	}
}

// tend opens, renews and stops what has to be now. fresh is the channel that it has opened.
func (p *Push) tend(ctx context.Context) (fresh *channel, err error) {
	if err := p.load(); err != nil {
		return nil, err
	}
	now, address, name := time.Now(), p.address(), p.config.Calendar.Name()
	alive := func(c channel) bool { return c.Expires.After(now) }
	var known channels
	if c := p.known.Now; c != nil && alive(*c) {
		known.Now = c
	}
	for _, c := range p.known.Old {
		if alive(c) {
			known.Old = append(known.Old, c)
		}
	}
	c := known.Now
	serves := c != nil && c.Address == address && c.Calendar == name
	var refused error
	// Where the clock was set back, a channel ends earlier than it says.
	if address != "" && (!serves || !c.Renew.After(now) || c.Renew.Sub(now) > ttl) {
		fresh, refused = p.open(ctx, address, name)
	}
	if fresh != nil || !serves {
		known.Now = fresh
		if c != nil {
			known.Old = append(known.Old, *c)
		}
	}
	// Before the old one is stopped: the next start must not rely on it.
	if err := p.remember(known); err != nil {
		return fresh, err
	}
	known.Old = slices.Clone(known.Old)
	for i, c := range known.Old {
		known.Old[i].Stopped = c.Stopped || p.stop(ctx, c)
	}
	return fresh, cmp.Or(refused, p.remember(known))
}

// load brings back, once, what was known when the program ended.
func (p *Push) load() error {
	if p.loaded {
		return nil
	}
	text, err := p.config.Load()
	if err != nil {
		return &invites.DeliveryError{Text: "the state can't be read", Err: err}
	}
	var known channels
	if json.Unmarshal([]byte(text), &known) != nil {
		// What it has named ends by itself.
		known = channels{}
	}
	p.loaded, p.saved = true, text
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = known
	return nil
}

// remember makes known what counts from now on.
func (p *Push) remember(known channels) error {
	known.Old = known.Old[max(0, len(known.Old)-mostOld):]
	p.mu.Lock()
	p.known, p.opening = known, nil
	p.mu.Unlock()
	text := []byte(nil)
	if known.Now != nil || known.Old != nil {
		// Texts and times can't fail.
		text, _ = json.Marshal(known)
	}
	if string(text) == p.saved {
		return nil
	}
	if err := p.config.Save(string(text)); err != nil {
		return &invites.DeliveryError{Text: "the state can't be written", Err: err}
	}
	p.saved = string(text)
	return nil
}

// open asks Google for a channel.
func (p *Push) open(ctx context.Context, address, name string) (*channel, error) {
	token := rand.Text()
	hash := sha256.Sum256([]byte(token))
	c := channel{ID: strings.ToLower(rand.Text()), Hash: hash[:], Calendar: name, Address: address}
	p.mu.Lock()
	p.opening = &c
	p.mu.Unlock()
	now := time.Now().UTC().Round(0)
	answer, err := p.config.Calendar.Watch(ctx, &calendar.Channel{
		Id: c.ID, Type: "web_hook", Address: address, Token: token,
		Params: map[string]string{"ttl": strconv.Itoa(int(ttl / time.Second))},
	})
	if err != nil {
		return nil, err
	}
	// A copy, since p.opening is being read.
	opened := c
	opened.Resource = answer.ResourceId
	life := time.UnixMilli(answer.Expiration).Sub(now)
	if life <= 0 || life > ttl {
		// One of the clocks is wrong.
		life = ttl
	}
	opened.Expires = now.Add(life)
	opened.Renew = now.Add(max(life*6/7, shortest))
	return &opened, nil
}

// stop ends a channel, and reports whether that need not be tried again.
func (p *Push) stop(ctx context.Context, c channel) bool {
	err := p.config.Calendar.StopWatch(ctx, &calendar.Channel{Id: c.ID, ResourceId: c.Resource})
	var fault *invites.DeliveryError
	return err == nil || errors.As(err, &fault) && fault.Final
}

// backoff returns how long to wait after the attempt-th try, counted from 1: from a minute to six hours,
// doubling, with a quarter of jitter either way. r is a random number in [0, 1).
func backoff(attempt int, r float64) time.Duration {
	const first, most = time.Minute, 6 * time.Hour
	d := most
	if attempt < 10 {
		d = min(most, first<<(attempt-1))
	}
	return time.Duration(float64(d) * (0.75 + r/2))
}

// unstopped reports whether an old channel is to be stopped still.
func (c *channels) unstopped() bool {
	return slices.ContainsFunc(c.Old, func(old channel) bool { return !old.Stopped })
}
