package googletest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A token stands for how far a listing has come. It is handed out in a form that says nothing.
type token struct {
	Page  bool   // of a page; else of a sync
	Of    string // a hash of the calendar and the parameters
	N     int64  // of a sync token: which one it is
	From  int64  // changes up to this one are known; below 0: nothing is
	To    int64  // changes after this one are for the next time
	Count int    // of a full listing: how many events there were at its beginning
	Next  int64  // where the next page begins
}

func (t token) String() string {
	data, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	return "C" + base64.URLEncoding.EncodeToString(data) + "="
}

func parseToken(text string, page bool) (t token, ok bool) {
	data, err := base64.URLEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(text, "C"), "="))
	return t, err == nil && json.Unmarshal(data, &t) == nil && t.Page == page
}

// notWithSync are the parameters that can't stand beside a sync token.
var notWithSync = []string{"iCalUID", "orderBy", "privateExtendedProperty", "sharedExtendedProperty", "q", "timeMin", "timeMax", "updatedMin"}

// listingOf names the listing that a request is part of.
func listingOf(cal *cal, q url.Values) string {
	q = maps.Clone(q)
	for _, name := range []string{"pageToken", "syncToken", "timeMin", "timeMax", "fields", "alt", "prettyPrint", "quotaUser", "key"} {
		q.Del(name)
	}
	sum := sha256.Sum256([]byte(cal.id + "?" + q.Encode()))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

func (s *Server) listEvents(c *call) *answer {
	cal, a := s.calendarOf(c)
	if a != nil {
		return a
	}
	q := c.query
	sync := q.Get("syncToken") != ""
	if sync {
		for _, name := range notWithSync {
			if q.Has(name) {
				return s.wrong(c, 400, "invalid", name+" can't stand beside syncToken")
			}
		}
		if q.Get("showDeleted") == "false" {
			return s.wrong(c, 400, "invalid", "showDeleted=false can't stand beside syncToken")
		}
	}
	if q.Get("orderBy") == "startTime" && q.Get("singleEvents") != "true" {
		return s.wrong(c, 400, "invalid", "The requested ordering is not available for the particular query.")
	}
	if low, high := q.Get("timeMin"), q.Get("timeMax"); low != "" && high != "" {
		a, _ := time.Parse(time.RFC3339, low)
		b, _ := time.Parse(time.RFC3339, high)
		if !b.After(a) {
			return s.wrong(c, 400, "timeRangeEmpty", "The specified time range is empty.")
		}
	}
	if c.fields != nil && q.Get("pageToken") == "" {
		_, all := c.fields["*"]
		if _, ok := c.fields["nextPageToken"]; !ok && !all {
			return s.wrong(c, 400, "invalidParameter", "fields leaves out nextPageToken: any page may be a short one")
		}
	}
	for _, e := range cal.order {
		if e.looks > 0 {
			s.look(cal, e)
		}
	}

	of := listingOf(cal, q)
	window := q.Get("timeMin") + q.Get("timeMax") // which a sync token does not remember
	t := token{Page: true, Of: of + window, From: -1, To: cal.changes, Count: len(cal.order)}
	if sync {
		from, ok := parseToken(q.Get("syncToken"), false)
		switch {
		case !ok || from.Of != of || from.N <= s.invalid:
			return refuse(400, "invalid", "Invalid sync token value.")
		case from.N <= s.expired:
			return refuse(410, "fullSyncRequired", messages["fullSyncRequired"])
		}
		t.From, t.Next = from.To, from.To
	}
	if q.Has("pageToken") {
		var ok bool
		if t, ok = parseToken(q.Get("pageToken"), true); !ok || t.Of != of+window || (t.From >= 0) != sync {
			return s.wrong(c, 400, "invalid", "Invalid page token value.")
		}
	}
	size := 250
	if n, err := strconv.Atoi(q.Get("maxResults")); err == nil {
		size = min(n, 2500)
	}
	if s.set.PageSize > 0 {
		size = min(size, s.set.PageSize)
	}
	below := c.fields["items"]
	if _, all := c.fields["*"]; all {
		below = nil
	}
	v, a := s.view(c, cal, below)
	if a != nil {
		return a
	}
	items, next := s.page(cal, q, &t, size)

	head := map[string]any{
		"kind": "calendar#events", "etag": fmt.Sprintf(`"p%d"`, cal.changes), "summary": cal.summary, "description": "",
		"updated": millis(max(s.last, 0)), "timeZone": v.zone.String(), "accessRole": cal.role,
		"defaultReminders": []any{map[string]any{"method": "popup", "minutes": 10}},
	}
	keeps := true // a listing of part of the calendar can't be kept in step
	for _, name := range notWithSync {
		if q.Has(name) && name != "timeMin" && name != "timeMax" {
			keeps = false
		}
	}
	switch {
	case next:
		head["nextPageToken"] = t.String()
	case keeps:
		s.issued++
		head["nextSyncToken"] = token{Of: of, N: s.issued, To: t.To}.String()
	}
	wanted, _ := c.fields.of(head).(map[string]any)
	b := encode(wanted)
	_, some := c.fields["items"]
	_, all := c.fields["*"]
	if c.fields == nil || some || all {
		size := len(b) + 16
		shown := make([][]byte, len(items))
		for i, e := range items {
			shown[i] = e.show(v)
			size += len(shown[i]) + 1
		}
		page := append(make([]byte, 0, size), b[:len(b)-1]...)
		if len(wanted) > 0 {
			page = append(page, ',')
		}
		page = append(page, `"items":[`...)
		for i, item := range shown {
			if i > 0 {
				page = append(page, ',')
			}
			page = append(page, item...)
		}
		b = append(page, "]}"...)
	}
	return &answer{http.StatusOK, http.Header{"Etag": {head["etag"].(string)}}, b}
}

// Pages are the answers to a whole listing of the primary calendar, for a yardstick that fetches and
// decodes no others. They count as no requests.
func (s *Server) Pages(query url.Values) (pages [][]byte) {
	s.t.Helper()
	query = maps.Clone(query)
	for {
		r := httptest.NewRequest(http.MethodGet, apiBase+"calendars/primary/events?"+query.Encode(), nil)
		c := &call{Request: r, query: query}
		c.m, c.args = s.doc.method(r.Method, "calendars/primary/events")
		if s.check(c, c.m.ID) != nil {
			return nil
		}
		s.mu.Lock()
		a := s.listEvents(c)
		s.mu.Unlock()
		if a.status != http.StatusOK {
			s.t.Errorf("googletest: %s", a.body)
			return nil
		}
		pages = append(pages, a.body)
		var page struct{ NextPageToken string }
		if err := json.Unmarshal(a.body, &page); err != nil {
			s.t.Errorf("googletest: %v", err)
			return nil
		}
		if page.NextPageToken == "" {
			return pages
		}
		query.Set("pageToken", page.NextPageToken)
	}
}

// page is the next page of a listing, and moves t behind it; more: there is another one.
func (s *Server) page(cal *cal, q url.Values, t *token, size int) (items []*event, more bool) {
	full := func() bool { return len(items) > size } // one too many says that there is another page
	if q.Get("singleEvents") == "true" || q.Get("orderBy") != "" {
		all := s.expanded(cal, q, t)
		from := min(int(t.Next)-int(max(t.From, 0)), len(all))
		to := min(from+size, len(all))
		t.Next += int64(to - from)
		return all[from:to], to < len(all)
	}
	if t.From < 0 {
		for i := int(t.Next); i < t.Count; i++ {
			if e := cal.order[i]; s.listed(cal, e, q) {
				if items = append(items, e); full() {
					t.Next = int64(i)
					return items[:size], true
				}
			}
		}
		return items, false
	}
	i, _ := slices.BinarySearchFunc(cal.log, t.Next, func(a step, n int64) int { return int(a.n - n - 1) })
	for ; i < len(cal.log) && cal.log[i].n <= t.To; i++ {
		if a := cal.log[i]; a.of.changed == a.n {
			if items = append(items, a.of); full() {
				t.Next = a.n - 1
				return items[:size], true
			}
		}
	}
	return items, false
}

// listed reports whether a full listing has the event.
func (s *Server) listed(cal *cal, e *event, q url.Values) bool {
	if e.cancelled() && q.Get("showDeleted") != "true" && !q.Has("updatedMin") {
		master := cal.events[e.text("recurringEventId")]
		if e.text("recurringEventId") == "" || master != nil && master.cancelled() || q.Get("singleEvents") == "true" {
			return false
		}
	}
	return s.within(cal, e, q) && matches(e.says, q)
}

// matches reports whether the event is one of those that are searched for.
func matches(says map[string]any, q url.Values) bool {
	if uid := q.Get("iCalUID"); uid != "" && uid != text(says, "iCalUID") {
		return false
	}
	if low := q.Get("updatedMin"); low != "" {
		a, _ := time.Parse(time.RFC3339, low)
		if b, err := time.Parse(time.RFC3339, text(says, "updated")); err != nil || b.Before(a) {
			return false
		}
	}
	if types := q["eventTypes"]; len(types) > 0 && !slices.Contains(types, text(says, "eventType")) {
		return false
	}
	for _, kind := range []string{"private", "shared"} {
		for _, want := range q[kind+"ExtendedProperty"] {
			name, value, _ := strings.Cut(want, "=")
			if text(says, "extendedProperties", kind, name) != value || value == "" {
				return false
			}
		}
	}
	if words := strings.ToLower(q.Get("q")); words != "" {
		in := strings.ToLower(text(says, "summary") + "\n" + text(says, "description") + "\n" + text(says, "location") + "\n" + strings.Join(guests(says), "\n"))
		return strings.Contains(in, words)
	}
	return true
}

// ExpireSyncTokens has all sync tokens so far be too old: 410 fullSyncRequired.
func (s *Server) ExpireSyncTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expired = s.issued
}

// InvalidateSyncTokens has all sync tokens so far be of no value: 400, and no reason that says so.
func (s *Server) InvalidateSyncTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.invalid = s.issued
}
