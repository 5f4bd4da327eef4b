package googletest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/api/calendar/v3"
)

// find is the event with that id, in whichever calendar: rather one that it was moved into.
func (s *Server) find(id string) (in *cal, of *event) {
	for _, c := range s.calendars {
		if e := c.events[id]; e != nil && (of == nil || of.cancelled()) {
			in, of = c, e
		}
	}
	if of != nil {
		return in, of
	}
	s.t.Errorf("googletest: there is no event %q", id)
	return nil, nil
}

// Event is the event with that id as it is now, also in the bin; nil: there never was one.
func (s *Server) Event(id string) *calendar.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found *event
	for _, c := range s.calendars {
		if e := c.events[id]; e != nil && (found == nil || found.cancelled()) {
			found = e
		}
	}
	if found == nil {
		return nil
	}
	return typed(found.says)
}

// Events are those that came over the API, as they are now, also those in the bin: by
// calendar, oldest first.
func (s *Server) Events() (all []*calendar.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(s.calendars)) {
		for _, e := range s.calendars[id].order {
			if !e.foreign {
				all = append(all, typed(e.says))
			}
		}
	}
	return all
}

// deed has somebody change an event in the calendar; tell: the guests are mailed.
func (s *Server) deed(id string, tell bool, change func(says map[string]any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, e := s.find(id)
	if e == nil {
		return
	}
	was := e.says
	says := copied(was).(map[string]any)
	change(says)
	if reason, problem := s.settle(c, says, was); reason != "" {
		s.t.Errorf("googletest: event %s: %s", id, problem)
		return
	}
	reset(was, says)
	s.put(c, e, says)
	sendUpdates := "none"
	if tell {
		sendUpdates = "all"
	}
	s.notify(was, says, sendUpdates, -1)
}

// Edit has the organizer change the event in their calendar; tell: they have Google mail the guests.
func (s *Server) Edit(id string, tell bool, change func(*calendar.Event)) {
	s.deed(id, tell, func(says map[string]any) {
		e := typed(says)
		change(e)
		clear(says)
		merge(says, untyped(e))
	})
}

// MoveTo has the organizer move the event into another of their calendars; in the first one nothing is left of it
// but that it is gone.
func (s *Server) MoveTo(id, calendar string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, e := s.find(id)
	to := s.calendars[calendar]
	if e == nil || to == nil {
		s.t.Errorf("googletest: %q can't be moved into %q", id, calendar)
		return
	}
	says := copied(e.says).(map[string]any)
	says["organizer"] = map[string]any{"email": calendar, "self": true}
	there := to.events[id]
	if there == nil {
		there = new(event)
	}
	s.put(to, there, says)
	s.put(from, e, map[string]any{"kind": "calendar#event", "id": id, "status": "cancelled"})
}

// Answer has a guest answer: accepted, declined, tentative or needsAction, with a comment or "".
func (s *Server) Answer(id, email, status, comment string) {
	s.deed(id, false, func(says map[string]any) {
		list, _ := says["attendees"].([]any)
		for _, v := range list {
			if a := v.(map[string]any); strings.EqualFold(text(a, "email"), email) {
				a["responseStatus"] = status
				delete(a, "comment")
				if comment != "" {
					a["comment"] = comment
				}
				return
			}
		}
		s.t.Errorf("googletest: %s is no guest of %s", email, id)
	})
}

// Leave has a guest take themselves off the event.
func (s *Server) Leave(id, email string) {
	s.deed(id, false, func(says map[string]any) {
		list, _ := says["attendees"].([]any)
		says["attendees"] = slices.DeleteFunc(list, func(v any) bool { return strings.EqualFold(text(v.(map[string]any), "email"), email) })
	})
}

// AddGuest has the organizer, or a guest who may, invite one more; Google mails them alone.
func (s *Server) AddGuest(id, email string) {
	s.deed(id, false, func(says map[string]any) {
		list, _ := says["attendees"].([]any)
		says["attendees"] = append(list, map[string]any{"email": email})
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, e := s.find(id); e != nil {
		s.notices = append(s.notices, Notice{"invitation", id, strings.ToLower(email), s.set.Now(), number(e.says, "sequence"), typed(e.says), -1})
	}
}

// Delete has the organizer put the event into the bin; tell: they have Google mail the guests.
func (s *Server) Delete(id string, tell bool) {
	s.deed(id, tell, func(says map[string]any) { says["status"] = "cancelled" })
}

// Restore has the organizer take the event out of the bin; tell: they have Google mail the guests.
func (s *Server) Restore(id string, tell bool) {
	s.deed(id, tell, func(says map[string]any) { says["status"] = "confirmed" })
}

// AddForeign adds n events of every shape that calendars hold to the primary calendar, and returns
// their ids. They were all changed long ago. The program under test must never write one of them.
func (s *Server) AddForeign(n int) (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.calendars[Account]
	base := s.set.Now().UTC().Truncate(time.Hour)
	const line = "<p>Agenda &amp; notes: what was said, what is open, who does it by when.</p>\n"
	short, long := strings.Repeat(line, 4), strings.Repeat(line, 100)
	series := ""
	first := len(c.order)
	for i := range n {
		k := first + i
		id := fmt.Sprintf("foreign%08d", k)
		start := base.Add(time.Duration(k%400-200) * 6 * time.Hour)
		day := func(d int) map[string]any {
			return map[string]any{"date": start.AddDate(0, 0, d).Format(time.DateOnly)}
		}
		at := func(d time.Duration) map[string]any {
			return map[string]any{"dateTime": start.Add(d).Format(time.RFC3339), "timeZone": "America/New_York"}
		}
		stamp := base.AddDate(0, 0, -30).UnixMilli() + int64(k)
		person := map[string]any{"email": fmt.Sprintf("person%d@example.com", k%50), "displayName": "Someone Else"}
		says := map[string]any{
			"id": id, "iCalUID": id + "@google.com", "kind": "calendar#event", "status": "confirmed", "eventType": "default",
			"etag": fmt.Sprintf(`"%d"`, stamp*2000), "created": millis(stamp), "updated": millis(stamp),
			"htmlLink": "https://www.google.com/calendar/event?eid=" + id, "sequence": json.Number(strconv.Itoa(k % 3)),
			"creator": map[string]any{"email": Account, "self": true}, "organizer": map[string]any{"email": Account, "self": true},
			"summary": fmt.Sprintf("Meeting %d – Überblick", k), "reminders": map[string]any{"useDefault": true},
			"start": at(0), "end": at(time.Hour),
		}
		others := func() {
			says["creator"], says["organizer"] = person, person
			says["iCalUID"] = id + "@other.example"
			says["attendees"] = []any{
				map[string]any{"email": text(person, "email"), "organizer": true, "responseStatus": "accepted"},
				map[string]any{"email": Account, "self": true, "responseStatus": []string{"accepted", "declined", "needsAction", "tentative"}[k/10%4]},
			}
		}
		exception := func(status string) {
			if series == "" {
				return
			}
			original, _ := momentOf(c.events[series].says["start"])
			weeks := 1
			if status == "cancelled" {
				weeks = 2
			}
			begins := original.at.In(location("America/New_York")).AddDate(0, 0, 7*weeks).UTC()
			id = series + "_" + begins.Format("20060102T150405Z")
			when := map[string]any{"dateTime": begins.Format(time.RFC3339), "timeZone": "America/New_York"}
			says["id"], says["iCalUID"] = id, series+"@google.com"
			says["recurringEventId"], says["originalStartTime"], says["status"] = series, when, status
			if status == "cancelled" { // often all that Google says of one
				says = map[string]any{"id": id, "kind": "calendar#event", "etag": says["etag"], "status": status,
					"recurringEventId": series, "originalStartTime": when}
			}
		}
		switch k % 10 {
		case 0: // a meeting with guests, organized by the owner
			says["attendees"] = []any{map[string]any{"email": text(person, "email"), "responseStatus": "accepted", "comment": "Gladly"}}
			says["hangoutLink"] = "https://meet.google.com/abc-defg-hij"
		case 1: // all day
			says["start"], says["end"], says["transparency"] = day(0), day(1), "transparent"
		case 2: // a series
			series = id
			says["recurrence"] = []any{"RRULE:FREQ=WEEKLY;COUNT=10"}
		case 3: // an exception of it
			exception("confirmed")
		case 4: // an exception that is no more
			exception("cancelled")
		case 5: // without a title
			delete(says, "summary")
		case 6:
			says["description"] = short
			if k%100 == 6 {
				says["description"] = long
			}
		case 7: // somebody else's, of which only the time may be seen
			others()
			says["visibility"] = "private"
			delete(says, "summary")
		case 8: // somebody else's
			others()
			says["location"] = "Room 4, Straße des 17. Juni"
		case 9: // an all-day series
			says["start"], says["end"], says["recurrence"] = day(0), day(2), []any{"RRULE:FREQ=YEARLY"}
		}
		e := &event{foreign: true}
		c.add(e, says)
		c.note(e, says)
		ids = append(ids, text(says, "id"))
	}
	return ids
}
