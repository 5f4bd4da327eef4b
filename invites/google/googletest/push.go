package googletest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A channel is one that the program has opened.
type channel struct {
	id, token, address, resource, resourceURI string
	until                                     time.Time
	sent                                      int
	stopped                                   bool
}

var channelID = regexp.MustCompile(`^[A-Za-z0-9_+/=-]{1,64}$`)

func (s *Server) watch(c *call) *answer {
	cal, a := s.calendarOf(c)
	if a != nil {
		return a
	}
	id, token := text(c.body, "id"), text(c.body, "token")
	address, err := url.Parse(text(c.body, "address"))
	switch {
	case !channelID.MatchString(id):
		return s.wrong(c, 400, "invalid", "Invalid channel id.")
	case slices.ContainsFunc(s.channels, func(ch *channel) bool { return ch.id == id }):
		return s.wrong(c, 400, "channelIdNotUnique", "Channel id "+id+" not unique")
	case text(c.body, "type") != "web_hook":
		return s.wrong(c, 400, "invalid", "Unknown channel type.")
	case err != nil || address.Scheme != "https" || address.Host == "":
		return s.wrong(c, 400, "push.webhookUrlNotHttps", "WebHook callback must be HTTPS: "+text(c.body, "address"))
	case len(token) > 256:
		return s.wrong(c, 400, "invalid", "the token is longer than 256 characters")
	}
	life := 7 * 24 * time.Hour
	if ttl, err := strconv.Atoi(text(c.body, "params", "ttl")); err == nil && ttl > 0 {
		life = min(life, time.Duration(ttl)*time.Second)
	}
	until := s.set.Now().Add(life)
	if ms, err := strconv.ParseInt(text(c.body, "expiration"), 10, 64); err == nil && time.UnixMilli(ms).Before(until) {
		until = time.UnixMilli(ms)
	}
	ch := &channel{id: id, token: token, address: address.String(), until: until,
		resource:    "res-" + listingOf(cal, url.Values{}),
		resourceURI: s.Endpoint() + "calendars/" + url.PathEscape(cal.id) + "/events?alt=json"}
	s.channels = append(s.channels, ch)
	v := map[string]any{"kind": "api#channel", "id": id, "resourceId": ch.resource, "resourceUri": ch.resourceURI,
		"expiration": strconv.FormatInt(until.UnixMilli(), 10)}
	if token != "" {
		v["token"] = token
	}
	return c.ok(v)
}

func (s *Server) stop(c *call) *answer {
	for _, ch := range s.channels {
		if ch.id == text(c.body, "id") && ch.resource == text(c.body, "resourceId") && !ch.stopped {
			ch.stopped = true
			return &answer{status: http.StatusNoContent}
		}
	}
	return refuse(404, "notFound", fmt.Sprintf("Channel '%s' not found for project", text(c.body, "id")))
}

// Channels are the ids of the push channels that are open, oldest first.
func (s *Server) Channels() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ch := range s.open() {
		ids = append(ids, ch.id)
	}
	return ids
}

func (s *Server) open() []*channel {
	return slices.DeleteFunc(slices.Clone(s.channels), func(ch *channel) bool {
		return ch.stopped || !s.set.Now().Before(ch.until)
	})
}

// Ping posts to all open channels that something has changed; to a new one first that it is open.
// It returns when all are posted. See [Settings.Push] for where they go.
func (s *Server) Ping(ctx context.Context) error {
	s.mu.Lock()
	var posts []*http.Request
	for _, ch := range s.open() {
		states := []string{"exists"}
		if ch.sent == 0 {
			states = []string{"sync", "exists"}
		}
		for _, state := range states {
			ch.sent += 1 + ch.sent%2 // numbers grow, with gaps
			if state == "sync" {
				ch.sent = 1
			}
			r, err := s.post(ctx, ch, state)
			if err != nil {
				s.mu.Unlock()
				return err
			}
			posts = append(posts, r)
		}
	}
	s.mu.Unlock()
	for _, r := range posts {
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err == nil && resp.StatusCode >= 300 {
			err = fmt.Errorf("%s answers %s", r.URL.Path, resp.Status)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// post is one push message.
func (s *Server) post(ctx context.Context, ch *channel, state string) (*http.Request, error) {
	address := ch.address
	if s.set.Push != "" {
		u, err := url.Parse(address)
		if err != nil {
			return nil, err
		}
		address = strings.TrimSuffix(s.set.Push, "/") + u.RequestURI()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, nil)
	if err != nil {
		return nil, err
	}
	r.Close = true // nothing of it outlives the test
	maps.Copy(r.Header, http.Header{
		"User-Agent":                {"APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)"},
		"X-Goog-Channel-Id":         {ch.id},
		"X-Goog-Message-Number":     {strconv.Itoa(ch.sent)},
		"X-Goog-Resource-Id":        {ch.resource},
		"X-Goog-Resource-State":     {state},
		"X-Goog-Resource-Uri":       {ch.resourceURI},
		"X-Goog-Channel-Expiration": {ch.until.UTC().Format(http.TimeFormat)},
	})
	if ch.token != "" {
		r.Header.Set("X-Goog-Channel-Token", ch.token)
	}
	return r, nil
}
