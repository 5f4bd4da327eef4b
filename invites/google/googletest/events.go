package googletest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/api/calendar/v3"
)

// A Notice is a mail that Google would have sent about an event.
type Notice struct {
	Kind     string // invitation, update or cancellation
	EventID  string
	To       string // in lower case
	At       time.Time
	Sequence int
	Event    *calendar.Event // as it was then
	By       int             // the place among [Server.Requests] of what caused it; below 0: somebody did it in the calendar
}

// Notices are all that Google would have mailed, in order.
func (s *Server) Notices() []Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notices)
}

// notify writes down who is mailed about a change from was to says, of which nil means none. Guests
// with an address at gmail.com have a Google Calendar, all others have none.
func (s *Server) notify(was, says map[string]any, sendUpdates string, by int) {
	if sendUpdates != "all" && sendUpdates != "externalOnly" {
		return
	}
	before, after := guests(was), guests(says)
	if was == nil || text(was, "status") == "cancelled" {
		before = nil
	}
	if text(says, "status") == "cancelled" {
		before, after = append(before, after...), nil
	}
	slices.Sort(before)
	shown := typed(says)
	tell := func(kind, to string) {
		if sendUpdates == "externalOnly" && strings.HasSuffix(to, "@gmail.com") {
			return
		}
		s.notices = append(s.notices, Notice{kind, text(says, "id"), to, s.set.Now(), number(says, "sequence"), shown, by})
	}
	for _, to := range slices.Compact(before) {
		if !slices.Contains(after, to) {
			tell("cancellation", to)
		}
	}
	for _, to := range after {
		if slices.Contains(before, to) {
			tell("update", to)
		} else {
			tell("invitation", to)
		}
	}
}

// calendarOf is the calendar that a request names.
func (s *Server) calendarOf(c *call) (*cal, *answer) {
	id := c.args["calendarId"]
	if id == "primary" {
		id = Account
	}
	if cal := s.calendars[id]; cal != nil {
		return cal, nil
	}
	return nil, refuse(404, "notFound", messages["notFound"])
}

func (s *Server) eventOf(c *call) (*cal, *event, *answer) {
	cal, a := s.calendarOf(c)
	if a != nil {
		return nil, nil, a
	}
	if e := cal.events[c.args["eventId"]]; e != nil {
		return cal, e, nil
	}
	return nil, nil, refuse(404, "notFound", messages["notFound"])
}

// writable is why a calendar can't be written to.
func writable(c *cal) *answer {
	if c.role != "owner" && c.role != "writer" {
		return refuse(403, "requiredAccessLevel", "You need to have writer access to this calendar.")
	}
	return nil
}

// view is how a request wants to see events.
func (s *Server) view(c *call, cal *cal, wants mask) (*view, *answer) {
	zone := cal.zone
	if z := c.query.Get("timeZone"); z != "" {
		if location(z) == nil {
			return nil, s.wrong(c, 400, "invalid", "Invalid time zone definition.")
		}
		zone = z
	}
	v := &view{zone: location(zone), wants: wants}
	v.most, _ = strconv.Atoi(c.query.Get("maxAttendees"))
	v.bare = s.set.BareDeletions && c.m.ID == "events.list"
	v.key = fmt.Sprint(zone, v.most, v.bare, "|", c.query.Get("fields"))
	return v, nil
}

// event is the answer that is one event.
func (s *Server) event(c *call, cal *cal, e *event) *answer {
	v, a := s.view(c, cal, c.fields)
	if a != nil {
		return a
	}
	return &answer{http.StatusOK, http.Header{"Etag": {e.text("etag")}}, e.show(v)}
}

func (s *Server) getEvent(c *call) *answer {
	cal, e, a := s.eventOf(c)
	if a != nil {
		return a
	}
	s.look(cal, e)
	if match := c.Header.Get("If-None-Match"); match != "" && match == e.text("etag") {
		return &answer{http.StatusNotModified, http.Header{"Etag": {match}}, nil}
	}
	return s.event(c, cal, e)
}

var eventID = regexp.MustCompile(`^[a-v0-9]+$`)

func (s *Server) insertEvent(c *call) *answer {
	cal, a := s.calendarOf(c)
	if a == nil {
		a = writable(cal)
	}
	if a != nil {
		return a
	}
	id := text(c.body, "id")
	switch {
	case c.body["id"] != nil && (!eventID.MatchString(id) || len(id) < 5 || len(id) > 1024):
		return s.wrong(c, 400, "invalid", "Invalid resource id value.")
	case id != "" && c.body["iCalUID"] != nil:
		return s.wrong(c, 400, "invalid", "either id or iCalUID")
	case c.body["recurringEventId"] != nil || c.body["originalStartTime"] != nil:
		return s.wrong(c, 400, "invalid", "an instance can't be inserted")
	case c.Header.Get("If-Match") != "":
		return s.wrong(c, 400, "invalid", "If-Match guards no insert")
	case text(c.body, "status") == "cancelled":
		return s.wrong(c, 400, "invalid", "Invalid status: a new event is not deleted")
	}
	if id == "" {
		id = strings.ToLower(rand.Text()[:26])
	}
	says := map[string]any{}
	merge(says, copied(c.body).(map[string]any))
	says["id"] = id
	if a := s.mayTell(c, nil, says); a != nil {
		return a
	}
	if cal.events[id] != nil {
		return refuse(409, "duplicate", messages["duplicate"])
	}
	if a := s.spend(c); a != nil {
		return a
	}
	delete(says, "attendeesOmitted")
	e := new(event)
	if a := s.settleRoom(c, e, says, nil); a != nil {
		return a
	}
	if reason, problem := s.settle(cal, says, nil); reason != "" {
		return s.wrong(c, 400, reason, problem)
	}
	s.put(cal, e, says)
	s.notify(nil, says, c.query.Get("sendUpdates"), c.n)
	return s.event(c, cal, e)
}

// mayTell is the answer to a write that leaves open who is told of it.
func (s *Server) mayTell(c *call, was, says map[string]any) *answer {
	if c.query.Has("sendNotifications") {
		return s.wrong(c, 400, "invalidParameter", "sendNotifications is deprecated")
	}
	if c.query.Get("sendUpdates") == "" && len(guests(was))+len(guests(says)) > 0 {
		return s.wrong(c, 400, "invalidParameter", "there are guests, and sendUpdates does not say whether they are told")
	}
	return nil
}

// spend is the answer to a request with guests when too many were invited.
func (s *Server) spend(c *call) *answer {
	if list, _ := c.body["attendees"].([]any); len(list) > 0 && s.quota > 0 {
		s.quota--
		return refuse(403, "quotaExceeded", messages["quotaExceeded"])
	}
	return nil
}

// match is the answer to a request that is about another state of the event.
func (s *Server) match(c *call, e *event) *answer {
	switch etag := c.Header.Get("If-Match"); {
	case etag == "" || etag == "*" || etag == e.text("etag"):
		return nil
	case !strings.HasPrefix(etag, `"`):
		return s.wrong(c, 412, "conditionNotMet", "If-Match has no quotes: "+etag)
	}
	return refuse(412, "conditionNotMet", messages["conditionNotMet"])
}

// changeEvent is a patch or an update.
func (s *Server) changeEvent(c *call) *answer {
	cal, e, a := s.eventOf(c)
	if a == nil {
		a = writable(cal)
	}
	if a != nil {
		return a
	}
	if e.foreign {
		return s.wrong(c, 403, "forbidden", "an event that is not the program's own is written")
	}
	was := e.says
	for _, name := range []string{"id", "iCalUID", "recurringEventId", "originalStartTime", "privateCopy"} {
		if v := c.body[name]; v != nil && string(encode(v)) != string(encode(was[name])) {
			return s.wrong(c, 400, "invalid", name+" can't change")
		}
	}
	if a := s.match(c, e); a != nil {
		return a
	}
	if v := c.body["sequence"]; v != nil && number(c.body, "sequence") < number(was, "sequence") {
		return s.wrong(c, 400, "invalid", "Invalid sequence value. The specified sequence number is below the current sequence number of the resource.")
	}
	says := copied(was).(map[string]any)
	if c.m.ID == "events.update" {
		maps.DeleteFunc(says, func(name string, _ any) bool {
			switch name {
			case "id", "iCalUID", "kind", "etag", "created", "updated", "creator", "organizer", "htmlLink", "sequence", "eventType",
				"hangoutLink", "conferenceData", "recurringEventId", "originalStartTime":
				return false
			}
			return true
		})
	}
	merge(says, copied(c.body).(map[string]any))
	if c.body["attendeesOmitted"] == true {
		if a := s.answerOnly(c, was, says); a != nil {
			return a
		}
	}
	delete(says, "attendeesOmitted")
	if a := s.mayTell(c, was, says); a != nil {
		return a
	}
	if e.cancelled() && text(c.body, "status") != "confirmed" && text(c.body, "status") != "tentative" {
		return refuse(403, "forbidden", messages["forbidden"])
	}
	if a := s.spend(c); a != nil {
		return a
	}
	if a := s.settleRoom(c, e, says, was); a != nil {
		return a
	}
	if reason, problem := s.settle(cal, says, was); reason != "" {
		return s.wrong(c, 400, reason, problem)
	}
	s.put(cal, e, says)
	s.notify(was, says, c.query.Get("sendUpdates"), c.n)
	return s.event(c, cal, e)
}

// merge is what a patch does: objects are merged, lists replaced, and null takes away.
func merge(into, patch map[string]any) {
	for name, v := range patch {
		o, isObject := v.(map[string]any)
		old, wasObject := into[name].(map[string]any)
		switch {
		case v == nil:
			delete(into, name)
		case isObject:
			if !wasObject {
				old = map[string]any{}
				into[name] = old
			}
			merge(old, o)
		default:
			into[name] = v
		}
	}
}

// answerOnly is a patch with attendeesOmitted: it changes nothing but the owner's own answer.
func (s *Server) answerOnly(c *call, was, says map[string]any) *answer {
	own, _ := says["attendees"].([]any)
	list, _ := copied(was["attendees"]).([]any)
	for _, v := range own {
		i := slices.IndexFunc(list, func(a any) bool {
			return strings.EqualFold(text(a.(map[string]any), "email"), text(v.(map[string]any), "email"))
		})
		if i < 0 || list[i].(map[string]any)["self"] != true {
			return s.wrong(c, 400, "invalid", "attendeesOmitted, and more than the own answer")
		}
		merge(list[i].(map[string]any), v.(map[string]any))
	}
	says["attendees"] = list
	return nil
}

func (s *Server) deleteEvent(c *call) *answer {
	cal, e, a := s.eventOf(c)
	if a == nil {
		a = writable(cal)
	}
	if a == nil {
		a = s.mayTell(c, e.says, nil)
	}
	if a != nil {
		return a
	}
	if e.foreign {
		return s.wrong(c, 403, "forbidden", "an event that is not the program's own is deleted")
	}
	if e.cancelled() {
		return refuse(410, "deleted", messages["deleted"])
	}
	if a := s.match(c, e); a != nil {
		return a
	}
	s.cancel(cal, e, c.query.Get("sendUpdates"), c.n)
	return &answer{status: http.StatusNoContent}
}

// cancel puts the event into the bin.
func (s *Server) cancel(cal *cal, e *event, sendUpdates string, by int) {
	was := e.says
	says := copied(was).(map[string]any)
	says["status"] = "cancelled"
	s.put(cal, e, says)
	s.notify(was, says, sendUpdates, by)
}

// settleRoom makes, keeps or takes away the room for a video call.
func (s *Server) settleRoom(c *call, e *event, says, was map[string]any) *answer {
	asked, there := c.body["conferenceData"]
	switch {
	case !there:
		return nil
	case c.query.Get("conferenceDataVersion") != "1":
		return s.wrong(c, 400, "invalidParameter", "conferenceData is ignored without conferenceDataVersion=1")
	case asked == nil:
		delete(says, "hangoutLink")
		e.looks = 0
		return nil
	}
	data := says["conferenceData"].(map[string]any)
	request, _ := data["createRequest"].(map[string]any)
	switch id := text(request, "requestId"); {
	case request == nil:
		return nil
	case id == "":
		return s.wrong(c, 400, "invalid", "Invalid conference request: it has no requestId.")
	case id == text(was, "conferenceData", "createRequest", "requestId"):
		says["conferenceData"] = was["conferenceData"] // asked for already
		return nil
	}
	if text(request, "conferenceSolutionKey", "type") == "" {
		request["conferenceSolutionKey"] = map[string]any{"type": "hangoutsMeet"}
	}
	request["status"] = map[string]any{"statusCode": "pending"}
	says["conferenceData"] = map[string]any{"createRequest": request}
	delete(says, "hangoutLink")
	if e.looks = s.set.Rooms; e.looks == 0 {
		s.openRoom(says)
	}
	return nil
}

// openRoom ends the wait for a room.
func (s *Server) openRoom(says map[string]any) {
	data := says["conferenceData"].(map[string]any)
	request := data["createRequest"].(map[string]any)
	if s.set.NoRooms {
		request["status"] = map[string]any{"statusCode": "failure"}
		return
	}
	request["status"] = map[string]any{"statusCode": "success"}
	sum := sha256.Sum256([]byte(text(request, "requestId")))
	var code []byte
	for i, b := range sum[:10] {
		if i == 3 || i == 7 {
			code = append(code, '-')
		}
		code = append(code, 'a'+b%26)
	}
	says["hangoutLink"] = "https://meet.google.com/" + string(code)
	data["conferenceId"] = string(code)
	data["entryPoints"] = []any{map[string]any{"entryPointType": "video", "uri": says["hangoutLink"], "label": "meet.google.com/" + string(code)}}
	data["conferenceSolution"] = map[string]any{"key": request["conferenceSolutionKey"], "name": "Google Meet",
		"iconUri": "https://fonts.gstatic.com/s/i/productlogos/meet_2020q4/v6/web-512dp/logo_meet_2020q4_color_2x_web_512dp.png"}
}

// look is one look at the event: its room may be there then.
func (s *Server) look(cal *cal, e *event) {
	if e.looks == 0 {
		return
	}
	if e.looks--; e.looks == 0 {
		says := copied(e.says).(map[string]any)
		if text(says, "conferenceData", "createRequest", "requestId") != "" {
			s.openRoom(says)
			s.put(cal, e, says)
		}
	}
}

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
	full := func(e *event) bool { // one of the page too many says that there is another
		return len(items) > size
	}
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
				if items = append(items, e); full(e) {
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
			if items = append(items, a.of); full(a.of) {
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
