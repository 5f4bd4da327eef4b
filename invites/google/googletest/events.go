package googletest

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
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
	v.role = cal.role
	v.key = fmt.Sprint(zone, v.most, v.bare, v.role, "|", c.query.Get("fields"))
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
	if !s.set.Keeps {
		reset(was, says)
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
