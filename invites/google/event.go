package google

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"google.golang.org/api/calendar/v3"

	"coalition/invites"
	"coalition/invites/plaintext"
)

// The keys of private properties of an event (at most 44 characters), which only the organizer's copy has.
const (
	// refKey is that of Event.Ref.
	refKey = "coalition"
	// markKey is that of Event.Last: the Key of the change that this program wrote last.
	markKey = "coalitionWrite"
)

// eventFields is what of an event is asked for. Who changes it changes parameters, too.
const eventFields = "id,status,etag,updated,iCalUID,sequence,recurrence,recurringEventId,start,end," +
	"summary,description,location,hangoutLink," +
	"conferenceData(createRequest/status/statusCode,entryPoints(entryPointType,uri))," +
	"organizer(email,self)," +
	"attendees(email,displayName,responseStatus,comment,organizer,self,resource,optional,additionalGuests)," +
	"attendeesOmitted,extendedProperties/private"

// Of what comes in, at most so much counts: lines and texts in bytes. Google itself allows less.
const (
	longestLine = 4 << 10
	longestText = 64 << 10
	mostGuests  = 500
)

// event returns an event of this calendar as this program knows it.
func (c *Calendar) event(event *calendar.Event) *invites.Event {
	e := asEvent(event)
	e.In = cmp.Or(c.Name(), e.In)
	return e
}

// asEvent returns an event as this program knows it. Anybody may have written into it: what is not sane is left
// out, and texts are made plain.
func asEvent(event *calendar.Event) *invites.Event {
	e := &invites.Event{
		ID:       clean(event.Id, longestLine, false),
		UID:      clean(event.ICalUID, longestLine, false),
		Etag:     event.Etag,
		Sequence: int(min(max(event.Sequence, 0), 1<<31-1)),
		Deleted:  event.Status == "cancelled",

		Summary:     clean(event.Summary, longestLine, false),
		Description: clean(event.Description, longestText, true),
		Location:    clean(event.Location, longestLine, false),
		Join:        join(event),
		Repeats:     len(event.Recurrence) > 0,
		NoRoom:      noRoom(event),
		Omitted:     event.AttendeesOmitted,
	}
	e.Updated, _ = instant(event.Updated, "")
	if event.Start != nil && event.End != nil {
		start, known := instant(event.Start.DateTime, event.Start.TimeZone)
		end, too := instant(event.End.DateTime, event.End.TimeZone)
		start, end = start.Truncate(time.Minute), end.Truncate(time.Minute)
		// What takes no time has none.
		if known && too && start.Before(end) {
			e.Start, e.End = start, end
			if _, err := invites.Location(event.Start.TimeZone); err == nil {
				e.Zone = event.Start.TimeZone
			}
		}
	}
	if event.ExtendedProperties != nil {
		ref, last := private(event)
		e.Ref, e.Last = clean(ref, longestLine, false), clean(last, longestLine, false)
	}
	if o := event.Organizer; o != nil && (o.Self || e.Ref != "") {
		// Which is the calendar's id.
		e.In = strings.ToLower(clean(o.Email, longestLine, false))
	}
	for _, a := range event.Attendees {
		// A room is no guest.
		if a == nil || a.Email == "" || a.Organizer || a.Self || a.Resource || len(e.Guests) == mostGuests {
			continue
		}
		e.Guests = append(e.Guests, asGuest(a))
	}
	return e
}

// asGuest returns an attendee as this program knows them.
func asGuest(a *calendar.EventAttendee) invites.Guest {
	email, err := invites.ParseEmail(a.Email)
	if err != nil {
		email = clean(a.Email, longestLine, false)
	}
	return invites.Guest{Name: clean(a.DisplayName, longestLine, false), Email: email,
		PartStat: partStat(a.ResponseStatus), Comment: clean(a.Comment, longestLine, true)}
}

// partStat returns an answer in the words of iCalendar (RFC 5545, section 3.2.12).
func partStat(response string) invites.PartStat {
	switch response {
	case "accepted":
		return invites.Accepted
	case "declined":
		return invites.Declined
	case "tentative":
		return invites.Tentative
	}
	return invites.NeedsAction
}

// join returns the address of the room for the call; "" where there is none, or not one to click on.
func join(event *calendar.Event) string {
	link := event.HangoutLink
	if event.ConferenceData != nil {
		for _, p := range event.ConferenceData.EntryPoints {
			if p != nil && p.EntryPointType == "video" {
				link = p.Uri
				break
			}
		}
	}
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" || u.Host == "" || len(link) > longestLine || plaintext.CheckLine(link) != nil {
		return ""
	}
	return link
}

// instant reads a time of the API, in UTC. Years that no calendar shows are no times.
func instant(s, zone string) (t time.Time, ok bool) {
	if s == "" {
		return t, false
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		loc, unknown := invites.Location(zone)
		if unknown != nil {
			return time.Time{}, false
		}
		if t, err = time.ParseInLocation("2006-01-02T15:04:05", s, loc); err != nil {
			return time.Time{}, false
		}
	}
	if t = t.UTC(); t.Year() < 1900 || t.Year() > 9000 {
		return time.Time{}, false
	}
	return t, true
}

// pending reports whether a room for a call is being made.
func pending(event *calendar.Event) bool { return roomStatus(event) == "pending" }

// noRoom reports whether no room for a call could be made.
func noRoom(event *calendar.Event) bool { return join(event) == "" && roomStatus(event) == "failure" }

// roomStatus returns what has become of the wish for a room; "": there was none, or Google does not say.
func roomStatus(event *calendar.Event) string {
	c := event.ConferenceData
	if c == nil || c.CreateRequest == nil || c.CreateRequest.Status == nil {
		return ""
	}
	return c.CreateRequest.Status.StatusCode
}

// hasRoom reports whether the event has a room for a call, or one is being made.
func hasRoom(event *calendar.Event) bool { return join(event) != "" || pending(event) }

// deleted reports whether the event is in the bin, or nowhere.
func deleted(event *calendar.Event) bool { return event == nil || event.Status == "cancelled" }

// private returns what only the organizer's copy has: the conversation, and the mark of the last write of ours.
func private(event *calendar.Event) (ref, mark string) {
	if event == nil || event.ExtendedProperties == nil {
		return "", ""
	}
	return event.ExtendedProperties.Private[refKey], event.ExtendedProperties.Private[markKey]
}

// couldBeOurs reports whether id is of the form of [invites.EventID]. Google's own ids are as long, and random to
// the last bit: three of four are told apart by the two bits that are 0 in ours.
func couldBeOurs(id string) bool {
	if len(id) != 26 || strings.IndexByte("048cgkos", id[25]) < 0 {
		return false
	}
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'v') {
			return false
		}
	}
	return true
}

// clean returns s as [plaintext.CheckLine] takes it, or with lines [plaintext.CheckText], in at most so many
// octets. What is plain already stays as it is, so that it compares with what was written.
func clean(s string, most int, lines bool) string {
	check, made := plaintext.CheckLine, plaintext.Line
	if lines {
		check, made = plaintext.CheckText[string], plaintext.Text
	}
	if check(s) != nil {
		s = made(s)
	}
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}
