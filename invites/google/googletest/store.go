package googletest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/api/calendar/v3"

	"coalition/invites"
)

// A cal is one calendar.
type cal struct {
	id, summary, role, zone string
	events                  map[string]*event
	exceptions              map[string][]*event // by their series
	order                   []*event            // as they were created
	log                     []step              // what changed, in order
	changes                 int64               // how often anything did
}

// A step says that an event changed then.
type step struct {
	n  int64
	of *event
}

func newCal(id, summary, role string) *cal {
	return &cal{id: id, summary: summary, role: role, zone: "Europe/Berlin", events: map[string]*event{}, exceptions: map[string][]*event{}}
}

// An event is one of a calendar. What it says is never changed in place, so that it can be handed on.
type event struct {
	says    map[string]any // as the API has it, except that times are in UTC
	changed int64          // the step of its last change
	foreign bool           // not made by the program under test
	looks   int            // how many more looks its room takes
	cache   map[string][]byte
}

func (e *event) text(name string) string { return text(e.says, name) }

func (e *event) cancelled() bool { return e.text("status") == "cancelled" }

// text is the text at that path of objects; "" where there is none.
func text(v map[string]any, path ...string) string {
	for _, name := range path[:len(path)-1] {
		v, _ = v[name].(map[string]any)
	}
	s, _ := v[path[len(path)-1]].(string)
	return s
}

func number(v map[string]any, name string) int {
	n, _ := v[name].(json.Number)
	i, _ := strconv.Atoi(n.String())
	return i
}

// copied is a copy of v that shares nothing with it.
func copied(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for name, value := range v {
			c[name] = copied(value)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, value := range v {
			c[i] = copied(value)
		}
		return c
	}
	return v
}

// typed is what an event says as the real client reads it.
func typed(says map[string]any) *calendar.Event {
	e := new(calendar.Event)
	if err := json.Unmarshal(encode(says), e); err != nil {
		panic(err) // checked when it was written
	}
	return e
}

// untyped is [typed] the other way.
func untyped(e *calendar.Event) map[string]any {
	data, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	v, err := decode(data)
	if err != nil {
		panic(err)
	}
	return v.(map[string]any)
}

// stamp is a time of Google's clock that was never given before, in Unix milliseconds.
func (s *Server) stamp() int64 {
	s.last = max(s.set.Now().UnixMilli(), s.last+1)
	return s.last
}

func millis(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// put has the event say something else from now on.
func (s *Server) put(c *cal, e *event, says map[string]any) {
	was := e.says
	at := s.stamp()
	says["etag"] = fmt.Sprintf(`"%d"`, at*2000)
	if was == nil || !onlyReminders(was, says) {
		says["updated"] = millis(at)
	}
	if was == nil {
		if says["created"] == nil {
			says["created"] = millis(at)[:19] + ".000Z"
		}
		c.add(e, says)
	}
	c.note(e, says)
}

// add puts a new event into the calendar.
func (c *cal) add(e *event, says map[string]any) {
	c.order = append(c.order, e)
	c.events[text(says, "id")] = e
	if master := text(says, "recurringEventId"); master != "" {
		c.exceptions[master] = append(c.exceptions[master], e)
	}
}

// note puts the change into the log.
func (c *cal) note(e *event, says map[string]any) {
	c.changes++
	e.says, e.changed, e.cache = says, c.changes, nil
	c.log = append(c.log, step{c.changes, e})
}

// onlyReminders reports whether nothing else differs: updated stays as it was then.
func onlyReminders(was, says map[string]any) bool {
	same := func(v map[string]any) string {
		v = maps.Clone(v)
		delete(v, "etag")
		delete(v, "updated")
		delete(v, "reminders")
		return string(encode(v))
	}
	return same(was) == same(says)
}

// A moment is the start or end of an event.
type moment struct {
	at  time.Time
	day bool // it is a whole day: midnight UTC stands for it
}

func momentOf(v any) (m moment, ok bool) {
	o, _ := v.(map[string]any)
	if date := text(o, "date"); date != "" {
		at, err := time.Parse(time.DateOnly, date)
		return moment{at, true}, err == nil
	}
	at, err := time.Parse(time.RFC3339, text(o, "dateTime"))
	return moment{at, false}, err == nil
}

// in is when a whole day begins there; other moments are the same everywhere.
func (m moment) in(zone *time.Location) time.Time {
	if !m.day {
		return m.at
	}
	return time.Date(m.at.Year(), m.at.Month(), m.at.Day(), 0, 0, 0, 0, zone)
}

// location is the zone of that name; nil: there is none.
func location(name string) *time.Location {
	l, err := invites.Location(name)
	if err != nil {
		return nil
	}
	return l
}

// settle makes what somebody wants an event to say what it says then, and why it can't; was is nil for
// a new one. The reason is Google's word for it.
func (s *Server) settle(c *cal, says, was map[string]any) (reason, problem string) {
	for _, name := range []string{"start", "end", "originalStartTime"} {
		o, _ := says[name].(map[string]any)
		if o == nil {
			continue
		}
		if problem := settleTime(o, c.zone); problem != "" {
			return "invalid", fmt.Sprintf("Invalid %s time: %s", name, problem)
		}
	}
	start, ok1 := momentOf(says["start"])
	end, ok2 := momentOf(says["end"])
	switch {
	case !ok1 || !ok2:
		return "required", "Missing start or end time."
	case start.day != end.day:
		return "invalid", "Invalid start time: one has a date, and the other a time."
	case end.at.Before(start.at) || start.day && !end.at.After(start.at):
		return "timeRangeEmpty", "The specified time range is empty."
	case says["recurrence"] != nil && !start.day && text(says, "start", "timeZone") == "":
		return "required", "Missing time zone definition for start time."
	}
	if problem := s.settleGuests(c, says); problem != "" {
		return "invalid", problem
	}
	if reason, problem := settleReminders(says); reason != "" {
		return reason, problem
	}
	for _, kind := range []string{"private", "shared"} {
		all, _ := says["extendedProperties"].(map[string]any)
		properties, _ := all[kind].(map[string]any)
		for key, value := range properties {
			if v, _ := value.(string); len(key) > 44 || len(v) > 1024 {
				return "invalid", "a property with a name of more than 44 or a value of more than 1024 characters, which Google cuts or drops"
			}
		}
	}

	id := text(says, "id")
	defaults := map[string]any{
		"kind": "calendar#event", "status": "confirmed", "eventType": "default",
		"iCalUID": id + "@google.com", "htmlLink": "https://www.google.com/calendar/event?eid=" + id,
		"creator":   map[string]any{"email": Account, "self": true},
		"organizer": map[string]any{"email": c.id, "self": true},
		"sequence":  json.Number("0"),
	}
	for name, value := range defaults {
		if says[name] == nil {
			says[name] = value
		}
	}
	if was != nil && number(says, "sequence") == number(was, "sequence") && moved(was, says) {
		says["sequence"] = json.Number(strconv.Itoa(number(was, "sequence") + 1))
	}
	return "", ""
}

// reset takes back the answers of guests that were given to another start, where they have given none since.
func reset(was, says map[string]any) {
	a, _ := momentOf(was["start"])
	b, _ := momentOf(says["start"])
	if was == nil || a.day == b.day && a.at.Equal(b.at) {
		return
	}
	before := map[string]string{}
	list, _ := was["attendees"].([]any)
	for _, v := range list {
		before[text(v.(map[string]any), "email")] = text(v.(map[string]any), "responseStatus")
	}
	list, _ = says["attendees"].([]any)
	for _, v := range list {
		if a := v.(map[string]any); a["self"] != true && a["organizer"] != true && before[text(a, "email")] == text(a, "responseStatus") {
			a["responseStatus"] = "needsAction"
		}
	}
}

// moved reports whether the two are at other times.
func moved(was, says map[string]any) bool {
	for _, name := range []string{"start", "end"} {
		a, _ := momentOf(was[name])
		b, _ := momentOf(says[name])
		if a.day != b.day || !a.at.Equal(b.at) {
			return true
		}
	}
	return fmt.Sprint(was["recurrence"]) != fmt.Sprint(says["recurrence"])
}

func settleTime(o map[string]any, zone string) (problem string) {
	maps.DeleteFunc(o, func(_ string, v any) bool { return v == nil || v == "" })
	date, dateTime := text(o, "date"), text(o, "dateTime")
	if (date == "") == (dateTime == "") {
		return "either a date or a time is needed."
	}
	if name := text(o, "timeZone"); name != "" {
		if location(name) == nil {
			return "Invalid time zone definition."
		}
	}
	if date != "" {
		return ""
	}
	at, local, err := parseTime(dateTime)
	switch {
	case err != nil:
		return err.Error()
	case local && text(o, "timeZone") == "":
		return "Missing time zone definition."
	case local:
		at = time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, location(text(o, "timeZone")))
	}
	o["dateTime"] = at.UTC().Truncate(time.Second).Format(time.RFC3339)
	if text(o, "timeZone") == "" {
		o["timeZone"] = zone
	}
	return ""
}

func (s *Server) settleGuests(c *cal, says map[string]any) (problem string) {
	list, _ := says["attendees"].([]any)
	if len(list) == 0 {
		delete(says, "attendees")
		return ""
	}
	seen := map[string]bool{}
	for _, v := range list {
		a := v.(map[string]any)
		maps.DeleteFunc(a, func(_ string, v any) bool { return v == nil })
		email := strings.ToLower(text(a, "email"))
		if p, err := mail.ParseAddress(email); err != nil || p.Address != email {
			return "Invalid attendee email."
		}
		if seen[email] {
			return "the same guest twice"
		}
		seen[email] = true
		if text(a, "responseStatus") == "" {
			a["responseStatus"] = "needsAction"
		}
		delete(a, "self")
		delete(a, "organizer")
		if email == c.id {
			a["self"] = true
		}
		if organizer := text(says, "organizer", "email"); email == organizer || organizer == "" && email == c.id {
			a["organizer"] = true
		}
	}
	return ""
}

func settleReminders(says map[string]any) (reason, problem string) {
	r, _ := says["reminders"].(map[string]any)
	if r == nil {
		says["reminders"] = map[string]any{"useDefault": true}
		return "", ""
	}
	maps.DeleteFunc(r, func(_ string, v any) bool { return v == nil })
	if r["useDefault"] == nil {
		r["useDefault"] = false
	}
	overrides, _ := r["overrides"].([]any)
	switch {
	case len(overrides) == 0:
		delete(r, "overrides")
	case r["useDefault"] == true:
		return "cannotUseDefaultRemindersAndSpecifyOverride", "Cannot specify both default reminders and overrides at the same time."
	case len(overrides) > 5:
		return "invalid", "more than five reminders"
	}
	for _, v := range overrides {
		o := v.(map[string]any)
		if minutes := number(o, "minutes"); minutes < 0 || minutes > 40320 || o["minutes"] == nil || text(o, "method") == "" {
			return "invalid", "Invalid value for a reminder: 0 to 40320 minutes before, by popup or email."
		}
	}
	return "", ""
}

// A view is how an event is shown.
type view struct {
	zone  *time.Location // of its times
	most  int            // attendees; 0: all
	bare  bool           // no more of a deleted one than that it is
	role  string         // of whoever looks
	wants mask
	key   string // names all of these
}

// show is the event in JSON.
func (e *event) show(v *view) []byte {
	if data, ok := e.cache[v.key]; ok {
		return data
	}
	data := encode(v.wants.of(e.seen(v)))
	if e.cache == nil {
		e.cache = map[string][]byte{}
	}
	e.cache[v.key] = data
	return data
}

// seen is what the event says, as it is shown.
func (e *event) seen(v *view) map[string]any {
	says := e.says
	hidden := v.role == "freeBusyReader" || v.role == "reader" && e.text("visibility") == "private"
	if v.bare && e.cancelled() || hidden {
		bare := map[string]any{}
		names := []string{"kind", "etag", "id", "status", "recurringEventId", "originalStartTime"}
		if hidden {
			names = append(names, "iCalUID", "updated", "start", "end", "organizer", "visibility")
		}
		for _, name := range names {
			if says[name] != nil {
				bare[name] = says[name]
			}
		}
		says = bare
	} else {
		says = maps.Clone(says)
	}
	for _, name := range []string{"start", "end", "originalStartTime"} {
		if o, _ := says[name].(map[string]any); o["dateTime"] != nil {
			m, _ := momentOf(o)
			o = maps.Clone(o)
			o["dateTime"] = m.at.In(v.zone).Format(time.RFC3339)
			says[name] = o
		}
	}
	if list, _ := says["attendees"].([]any); v.most > 0 && len(list) > v.most {
		own := slices.DeleteFunc(slices.Clone(list), func(a any) bool { return a.(map[string]any)["self"] != true })
		says["attendees"], says["attendeesOmitted"] = own, true
	}
	return says
}

// guests are the addresses of all but the owner of the calendar, in lower case.
func guests(says map[string]any) (emails []string) {
	list, _ := says["attendees"].([]any)
	for _, v := range list {
		if a := v.(map[string]any); a["self"] != true && a["organizer"] != true && a["resource"] != true {
			emails = append(emails, strings.ToLower(text(a, "email")))
		}
	}
	return emails
}
