package googletest

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// A span is a time, half-open.
type span struct{ start, end time.Time }

// horizon is how far series without an end are unrolled.
const horizon = 2 * 365 * 24 * time.Hour

// times are when the event takes place between the two; a zero time is no bound.
func (c *cal) times(e *event, from, to time.Time) (spans []span) {
	zone := location(c.zone)
	first, ok := momentOf(e.says["start"])
	if !ok {
		if first, ok = momentOf(e.says["originalStartTime"]); !ok {
			return nil
		}
	}
	last, ok := momentOf(e.says["end"])
	if !ok {
		last = first
	}
	add := func(start, end time.Time) {
		if (from.IsZero() || end.After(from)) && (to.IsZero() || start.Before(to)) {
			spans = append(spans, span{start, end})
		}
	}
	lines, _ := e.says["recurrence"].([]any)
	if len(lines) == 0 {
		add(first.in(zone), last.in(zone))
		return spans
	}
	var rules []string
	for _, l := range lines {
		rules = append(rules, l.(string))
	}
	if z := text(e.says, "start", "timeZone"); z != "" {
		zone = location(z)
	}
	set, err := rrule.StrSliceToRRuleSetInLoc(rules, zone)
	if err != nil {
		return nil
	}
	set.DTStart(first.in(zone).In(zone))
	if to.IsZero() {
		to = first.at.Add(horizon)
	}
	length := last.at.Sub(first.at)
	for _, start := range set.Between(first.in(zone).Add(-time.Second), to, true) {
		end := start.Add(length)
		if first.day {
			end = start.AddDate(0, 0, int(length/(24*time.Hour)))
		}
		add(start, end)
	}
	return spans
}

// within reports whether the event is, at any time, in the window of a listing.
func (s *Server) within(c *cal, e *event, q url.Values) bool {
	from, to := window(q)
	return from.IsZero() && to.IsZero() || len(c.times(e, from, to)) > 0
}

func window(q url.Values) (from, to time.Time) {
	from, _ = time.Parse(time.RFC3339, q.Get("timeMin"))
	to, _ = time.Parse(time.RFC3339, q.Get("timeMax"))
	return from, to
}

// expanded is a whole listing, with its series unrolled or in order, where either is asked for.
func (s *Server) expanded(c *cal, q url.Values, t *token) (all []*event) {
	if t.From < 0 {
		for _, e := range c.order[:t.Count] {
			if s.listed(c, e, q) {
				all = append(all, e)
			}
		}
	} else {
		seen := map[*event]bool{}
		for _, step := range c.log {
			if step.n > t.From && step.n <= t.To && !seen[step.of] {
				seen[step.of] = true
				all = append(all, step.of)
			}
		}
	}
	if q.Get("singleEvents") == "true" {
		from, to := window(q)
		var single []*event
		for _, e := range all {
			if e.says["recurrence"] == nil {
				single = append(single, e)
				continue
			}
			single = append(single, c.instances(e, from, to)...)
		}
		all = single
	}
	start := func(e *event) time.Time {
		m, _ := momentOf(e.says["start"])
		return m.in(location(c.zone))
	}
	switch q.Get("orderBy") {
	case "startTime":
		slices.SortStableFunc(all, func(a, b *event) int { return start(a).Compare(start(b)) })
	case "updated":
		slices.SortStableFunc(all, func(a, b *event) int { return cmp.Compare(a.text("updated"), b.text("updated")) })
	}
	return all
}

// excepted are the starts, in Unix seconds, at which a series has an event of its own, or none.
func (c *cal) excepted(master string) map[int64]bool {
	starts := map[int64]bool{}
	for _, e := range c.exceptions[master] {
		m, _ := momentOf(e.says["originalStartTime"])
		starts[m.in(location(c.zone)).Unix()] = true
	}
	return starts
}

// instances are the events of a series that have none of their own in the calendar.
func (c *cal) instances(e *event, from, to time.Time) (all []*event) {
	excepted := c.excepted(e.text("id"))
	first, _ := momentOf(e.says["start"])
	for _, at := range c.times(e, from, to) {
		if excepted[at.start.Unix()] {
			continue
		}
		says := maps.Clone(e.says)
		delete(says, "recurrence")
		says["recurringEventId"] = e.text("id")
		moment := func(t time.Time) map[string]any {
			if first.day {
				return map[string]any{"date": t.Format(time.DateOnly)}
			}
			return map[string]any{"dateTime": t.UTC().Format(time.RFC3339), "timeZone": text(e.says, "start", "timeZone")}
		}
		says["start"], says["end"], says["originalStartTime"] = moment(at.start), moment(at.end), moment(at.start)
		id := at.start.UTC().Format("20060102T150405Z")
		if first.day {
			id = at.start.Format("20060102")
		}
		says["id"] = e.text("id") + "_" + id
		all = append(all, &event{says: says})
	}
	return all
}

// busy are the times at which the calendar's owner is taken, merged and in order.
func (c *cal) busy(from, to time.Time) []span {
	var spans []span
	for _, e := range c.order {
		if e.cancelled() || e.text("transparency") == "transparent" || c.declined(e) {
			continue
		}
		excepted := map[int64]bool{}
		if e.says["recurrence"] != nil {
			excepted = c.excepted(e.text("id"))
		}
		for _, at := range c.times(e, from, to) {
			if !excepted[at.start.Unix()] {
				spans = append(spans, at)
			}
		}
	}
	return merged(spans, from, to)
}

func (c *cal) declined(e *event) bool {
	list, _ := e.says["attendees"].([]any)
	return slices.ContainsFunc(list, func(v any) bool {
		a := v.(map[string]any)
		return a["self"] == true && a["responseStatus"] == "declined"
	})
}

// merged are the spans within the window, those that touch as one.
func merged(spans []span, from, to time.Time) (all []span) {
	slices.SortFunc(spans, func(a, b span) int { return a.start.Compare(b.start) })
	for _, sp := range spans {
		if sp.start.Before(from) {
			sp.start = from
		}
		if sp.end.After(to) {
			sp.end = to
		}
		if !sp.end.After(sp.start) {
			continue
		}
		if n := len(all); n > 0 && !sp.start.After(all[n-1].end) {
			if sp.end.After(all[n-1].end) {
				all[n-1].end = sp.end
			}
			continue
		}
		all = append(all, sp)
	}
	return all
}

// ShareBusy lets the account see when that person is busy: at these times, each a start and an end.
func (s *Server) ShareBusy(email string, busy ...[2]time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	spans := []span{}
	for _, b := range busy {
		spans = append(spans, span{b[0], b[1]})
	}
	s.people[strings.ToLower(email)] = spans
}

func (s *Server) queryBusy(c *call) *answer {
	items, _ := c.body["items"].([]any)
	from, err1 := time.Parse(time.RFC3339, text(c.body, "timeMin"))
	to, err2 := time.Parse(time.RFC3339, text(c.body, "timeMax"))
	switch {
	case err1 != nil || err2 != nil:
		return s.wrong(c, 400, "required", "timeMin and timeMax are needed, with their offsets")
	case !to.After(from):
		return s.wrong(c, 400, "timeRangeEmpty", "The specified time range is empty.")
	case len(items) == 0:
		return s.wrong(c, 400, "required", "Missing items")
	case len(items) > 50 || number(c.body, "calendarExpansionMax") > 50:
		return s.wrong(c, 400, "tooManyCalendarsRequested", "more than 50 calendars")
	case to.Sub(from) > 92*24*time.Hour:
		return refuse(400, "timeRangeTooLong", "The requested time range is too long.")
	}
	zone := time.UTC
	if z := text(c.body, "timeZone"); z != "" {
		if location(z) == nil {
			return s.wrong(c, 400, "invalid", "Invalid time zone definition.")
		}
		zone = location(z)
	}
	calendars := map[string]any{}
	for _, v := range items {
		id := text(v.(map[string]any), "id")
		name := id
		if name == "primary" {
			name = Account
		}
		var spans []span
		shared, ok := s.people[strings.ToLower(name)]
		if cal := s.calendars[name]; cal != nil {
			spans = cal.busy(from, to)
		} else if ok {
			spans = merged(slices.Clone(shared), from, to)
		} else {
			calendars[id] = map[string]any{"busy": []any{}, "errors": []any{map[string]any{"domain": "global", "reason": "notFound"}}}
			continue
		}
		busy := []any{}
		for _, sp := range spans {
			busy = append(busy, map[string]any{"start": sp.start.In(zone).Format(time.RFC3339), "end": sp.end.In(zone).Format(time.RFC3339)})
		}
		calendars[id] = map[string]any{"busy": busy}
	}
	return c.ok(map[string]any{"kind": "calendar#freeBusy", "calendars": calendars,
		"timeMin": from.UTC().Format("2006-01-02T15:04:05.000Z"), "timeMax": to.UTC().Format("2006-01-02T15:04:05.000Z")})
}

// AddCalendar adds a calendar to the account's list. The role is owner, writer, reader or freeBusyReader.
func (s *Server) AddCalendar(id, summary, role string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calendars[id] = newCal(id, summary, role)
}

// Role gives the account another right to the calendar (id "primary" is its own); all sync tokens end with that. A
// reader is not shown what private events say, and a freeBusyReader not what any does.
func (s *Server) Role(id, role string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == "primary" {
		id = Account
	}
	s.calendars[id].role = role
	s.expired = s.issued
	for _, e := range s.calendars[id].order {
		e.cache = nil
	}
}

// TimeZone gives the calendar another zone; id "primary" is the account's own.
func (s *Server) TimeZone(id, zone string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == "primary" {
		id = Account
	}
	c := s.calendars[id]
	if c == nil || location(zone) == nil {
		s.t.Errorf("googletest: there is no calendar %q, or no zone %q", id, zone)
		return
	}
	c.zone = zone
}

func (c *cal) entry() map[string]any {
	v := map[string]any{"kind": "calendar#calendarListEntry", "etag": `"1"`, "id": c.id, "summary": c.summary, "timeZone": c.zone,
		"colorId": "1", "accessRole": c.role, "selected": true,
		"defaultReminders":     []any{map[string]any{"method": "popup", "minutes": json.Number("10")}},
		"conferenceProperties": map[string]any{"allowedConferenceSolutionTypes": []any{"hangoutsMeet"}}}
	if c.id == Account {
		v["primary"] = true
	}
	return v
}

func (s *Server) listCalendars(c *call) *answer {
	if c.m.ID != "calendarList.list" {
		cal, a := s.calendarOf(c)
		if a != nil {
			return a
		}
		v := cal.entry()
		if c.m.ID == "calendars.get" {
			v["kind"] = "calendar#calendar"
			for _, name := range []string{"accessRole", "colorId", "selected", "primary", "defaultReminders"} {
				delete(v, name)
			}
		}
		return c.ok(v)
	}
	if c.query.Has("syncToken") || c.query.Has("pageToken") {
		return s.wrong(c, http.StatusNotImplemented, "notImplemented", "the list of calendars has one page here, and no sync")
	}
	items := []any{}
	for _, id := range slices.Sorted(maps.Keys(s.calendars)) {
		items = append(items, s.calendars[id].entry())
	}
	return c.ok(map[string]any{"kind": "calendar#calendarList", "etag": `"1"`, "items": items, "nextSyncToken": "C1="})
}

func (s *Server) getSetting(c *call) *answer {
	values := map[string]string{"timezone": s.calendars[Account].zone, "locale": "en", "format24HourTime": "true", "weekStart": "1"}
	value, ok := values[c.args["setting"]]
	if !ok {
		return refuse(404, "notFound", messages["notFound"])
	}
	return c.ok(map[string]any{"kind": "calendar#setting", "etag": `"1"`, "id": c.args["setting"], "value": value})
}
