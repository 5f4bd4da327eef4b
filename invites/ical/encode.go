package ical

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"coalition/invites"
	"coalition/invites/plaintext"
)

// A VEvent is one talk between an organizer and one partner: a single VEVENT without RRULE.
type VEvent struct {
	// UID is one for the life of a round.
	UID string
	// Sequence rises when time or place change, and with a CANCEL (RFC 5546, section 2.1.4).
	Sequence int
	// Stamp (DTSTAMP) is new in every message, later than the last one's.
	Stamp time.Time

	// Start and End are wall time in a zone of [invites.Location], half-open. Required.
	Start, End time.Time
	// AllDay, in a [Collection], says that only the days of Start and End count.
	AllDay bool

	// Summary and Location are one line each.
	Summary string
	// Description is plain text with bare URLs; its lines end in \n.
	Description string
	Location    string
	// Comment is why it was changed or cancelled; may be empty.
	Comment string

	// Conference is where the talk is held at a distance: a tel: or https: URI; may be empty (RFC 7986, 5.11).
	Conference string

	// A PUBLISH may do without an organizer: then no program offers to write to them.
	Organizer, Attendee invites.Address

	// PartStat is what the attendee has answered so far, which an update must not wipe out; "" is NeedsAction.
	PartStat invites.PartStat

	// Cancelled gives STATUS:CANCELLED to a PUBLISH, as every CANCEL has it; Tentative is one that is not agreed yet.
	Cancelled, Tentative bool
	// Free says that it takes up no time.
	Free bool

	// Alarm is how long before the start the partner's own calendar should ring; zero means never.
	Alarm time.Duration
}

const productID = "-//coalition//coalition//EN"

// The order in which properties are written. Every property that [VEvent.Encode] or a VTIMEZONE sets
// is here; parsers take any order, people who read a file like this one.
var order = []string{
	ical.PropVersion, ical.PropProductID, ical.PropCalendarScale, ical.PropMethod,
	ical.PropTimezoneID, ical.PropUID, ical.PropDateTimeStamp, ical.PropSequence, ical.PropStatus,
	ical.PropDateTimeStart, ical.PropDateTimeEnd, ical.PropRecurrenceRule,
	ical.PropTimezoneOffsetFrom, ical.PropTimezoneOffsetTo, ical.PropTimezoneName,
	ical.PropSummary, ical.PropLocation, propConference, propGoogleConference,
	ical.PropOrganizer, ical.PropAttendee, ical.PropTransparency,
	ical.PropAction, ical.PropTrigger, ical.PropDescription, ical.PropComment,
}

const (
	propConference = "CONFERENCE"
	// Google reads this in its place.
	propGoogleConference = "X-GOOGLE-CONFERENCE"
)

// Encode writes the iCalendar object that carries e with method m, ready to be a file or a MIME
// part: CRLF, folded at 75 octets between characters, with the whole VTIMEZONE of its zone (or in
// UTC, where the zone's clocks show the start or the end twice).
//
// A REQUEST asks the attendee for an answer, beside the one that they have given; a CANCEL has STATUS:CANCELLED and no
// alarm; a PUBLISH names no attendee, so that no program offers to answer it; a DECLINECOUNTER shows the event as it
// stands, asks for nothing and rings for nothing (RFC 5546, section 3.2). The error names the property that can't be
// written as it is: control characters are refused, never dropped.
func (e *VEvent) Encode(m invites.Method) ([]byte, error) {
	if !e.End.After(e.Start) {
		return nil, errors.New("DTEND is not after DTSTART")
	}
	w := begin(m)
	start, end := e.Start, e.End.In(e.Start.Location())
	if twice(start) || twice(end) {
		start, end = start.UTC(), end.UTC()
	}
	if start.Location() != time.UTC {
		zone, err := timezone(start)
		if err != nil {
			return nil, err
		}
		w.out = append(w.out, zone...)
	}
	w.event(e, m, start, end)
	return w.end()
}

// Collection writes the iCalendar object that publishes several events: METHOD:PUBLISH, all times in UTC, since the
// clocks of a zone may be told otherwise in each year. One with no events has that zone in it, for there has to be
// something (RFC 5545, section 3.6).
func Collection(events []*VEvent, zone *time.Location) ([]byte, error) {
	w := begin(invites.Publish)
	for _, e := range events {
		if !e.End.After(e.Start) {
			return nil, errors.New("DTEND is not after DTSTART")
		}
		w.event(e, invites.Publish, e.Start.UTC(), e.End.UTC())
	}
	if len(events) == 0 {
		vtimezone, err := timezone(time.Now().In(zone))
		if err != nil {
			return nil, err
		}
		w.out = append(w.out, vtimezone...)
	}
	return w.end()
}

// begin begins an object.
func begin(m invites.Method) *writer {
	w := &writer{out: make([]byte, 0, 4096)}
	w.raw("BEGIN:VCALENDAR")
	w.props(ical.Props{
		ical.PropVersion:       {{Name: ical.PropVersion, Value: "2.0"}},
		ical.PropProductID:     {{Name: ical.PropProductID, Value: productID}},
		ical.PropCalendarScale: {{Name: ical.PropCalendarScale, Value: "GREGORIAN"}},
		ical.PropMethod:        {{Name: ical.PropMethod, Value: string(m)}},
	})
	return w
}

// event writes one event, with these times.
func (w *writer) event(e *VEvent, m invites.Method, start, end time.Time) {
	w.raw("BEGIN:VEVENT")
	w.props(e.props(m, start, end))
	if e.Alarm > 0 && !e.Cancelled && m != invites.Cancel && m != invites.DeclineCounter {
		w.raw("BEGIN:VALARM")
		alarm := make(ical.Props, 3)
		set(alarm, ical.PropAction, "DISPLAY")
		set(alarm, ical.PropTrigger, "-PT"+strconv.Itoa(int(e.Alarm/time.Minute))+"M")
		text(alarm, ical.PropDescription, e.Summary)
		w.props(alarm)
		w.raw("END:VALARM")
	}
	w.raw("END:VEVENT")
}

// end ends the object, and returns it.
func (w *writer) end() ([]byte, error) {
	w.raw("END:VCALENDAR")
	if w.err != nil {
		return nil, w.err
	}
	return w.out, nil
}

// twice reports whether the clocks in t's zone show what they show at t a second time, because they are put back.
// Readers take one or the other (RFC 5545 wants the first, section 3.3.5), so that such a time is told in UTC.
func twice(t time.Time) bool {
	since, until := t.ZoneBounds()
	_, now := t.Zone()
	if !since.IsZero() {
		if _, before := since.Add(-time.Second).Zone(); t.Sub(since) < time.Duration(before-now)*time.Second {
			return true
		}
	}
	// Otherwise it is that of a leap year's 365th day, on which no clocks are put.
	if until.After(t) {
		if _, after := until.Zone(); until.Sub(t) <= time.Duration(now-after)*time.Second {
			return true
		}
	}
	return false
}

func (e *VEvent) props(m invites.Method, start, end time.Time) ical.Props {
	p := make(ical.Props, 20)
	set(p, ical.PropUID, e.UID)
	set(p, ical.PropDateTimeStamp, e.Stamp.UTC().Format("20060102T150405Z"))
	set(p, ical.PropSequence, strconv.Itoa(e.Sequence))
	transparency, status := "OPAQUE", ical.EventConfirmed
	if e.Free {
		transparency = "TRANSPARENT"
	}
	switch {
	case e.Cancelled || m == invites.Cancel:
		status = ical.EventCancelled
	case e.Tentative:
		status = ical.EventTentative
	}
	set(p, ical.PropTransparency, transparency)
	set(p, ical.PropStatus, string(status))
	if e.AllDay {
		date(p, ical.PropDateTimeStart, e.Start)
		date(p, ical.PropDateTimeEnd, e.End)
	} else {
		moment(p, ical.PropDateTimeStart, start)
		moment(p, ical.PropDateTimeEnd, end)
	}
	text(p, ical.PropSummary, e.Summary)
	text(p, ical.PropDescription, e.Description)
	text(p, ical.PropLocation, e.Location)
	text(p, ical.PropComment, e.Comment)
	if e.Conference != "" {
		// VALUE=URI is demanded although URI is the only type (RFC 7986, section 5.11).
		feature := "VIDEO"
		if strings.HasPrefix(e.Conference, "tel:") {
			feature = "PHONE"
		} else {
			set(p, propGoogleConference, e.Conference)
		}
		p[propConference] = []ical.Prop{{Name: propConference, Value: e.Conference,
			Params: ical.Params{ical.ParamValue: {"URI"}, "FEATURE": {feature}}}}
	}
	if e.Organizer.Email != "" || m != invites.Publish {
		person(p, ical.PropOrganizer, e.Organizer, name(e.Organizer))
	}
	if m != invites.Publish {
		params := name(e.Attendee)
		params[ical.ParamCalendarUserType] = []string{"INDIVIDUAL"}
		params[ical.ParamRole] = []string{"REQ-PARTICIPANT"}
		if m == invites.Request || m == invites.DeclineCounter {
			params[ical.ParamParticipationStatus] = []string{string(cmp.Or(e.PartStat, invites.NeedsAction))}
		}
		// Without it, ROLE and PARTSTAT Google and Exchange show no buttons.
		if m == invites.Request {
			params[ical.ParamRSVP] = []string{"TRUE"}
		}
		person(p, ical.PropAttendee, e.Attendee, params)
	}
	return p
}

func name(a invites.Address) ical.Params {
	if a.Name == "" {
		return ical.Params{}
	}
	// A double quote has no place in a parameter, and few readers know RFC 6868's ^'. A backslash is nothing
	// special there, but some take it for an escape of the quote or colon that follows the name: a space keeps
	// them apart, which readers drop or show as nothing.
	cn := strings.ReplaceAll(a.Name, `"`, "'")
	if strings.HasSuffix(cn, `\`) {
		cn += " "
	}
	return ical.Params{ical.ParamCommonName: {cn}}
}

func person(p ical.Props, name string, a invites.Address, params ical.Params) {
	p[name] = []ical.Prop{{Name: name, Value: "mailto:" + a.Email, Params: params}}
}

func set(p ical.Props, name, value string) {
	p[name] = []ical.Prop{{Name: name, Value: value}}
}

// escape writes TEXT (RFC 5545, section 3.3.11), as go-ical's SetText does, in a third of the time.
var escape = strings.NewReplacer(`\`, `\\`, `;`, `\;`, `,`, `\,`, "\n", `\n`)

func text(p ical.Props, name, value string) {
	if value == "" {
		return
	}
	p[name] = []ical.Prop{{Name: name, Value: escape.Replace(value)}}
}

func moment(p ical.Props, name string, t time.Time) {
	prop := ical.Prop{Name: name, Params: ical.Params{}}
	prop.SetDateTime(t)
	p[name] = []ical.Prop{prop}
}

func date(p ical.Props, name string, t time.Time) {
	prop := ical.Prop{Name: name, Params: ical.Params{}}
	prop.SetDate(t)
	p[name] = []ical.Prop{prop}
}

// A writer turns properties into content lines (RFC 5545, section 3.1): go-ical's own encoder does
// not fold, and lets line breaks through in parameters.
type writer struct {
	out []byte
	// line is the content line in the making, unfolded.
	line []byte
	// err is of the first property that could not be written.
	err error
}

func (w *writer) raw(line string) {
	w.out = append(append(w.out, line...), '\r', '\n')
}

func (w *writer) props(p ical.Props) {
	written := 0
	for _, name := range order {
		if list, ok := p[name]; ok {
			written++
			for i := range list {
				w.prop(&list[i])
			}
		}
	}
	if written != len(p) && w.err == nil {
		w.err = errors.New("a property has no place in the order of properties")
	}
}

// The order of the parameters, for the same reason as that of the properties.
var paramOrder = []string{
	ical.ParamValue, ical.PropTimezoneID, ical.ParamCalendarUserType, ical.ParamRole,
	ical.ParamParticipationStatus, ical.ParamRSVP, "FEATURE", ical.ParamCommonName,
}

func (w *writer) prop(p *ical.Prop) {
	w.line = append(w.line[:0], p.Name...)
	for _, name := range paramOrder {
		for _, v := range p.Params[name] {
			if err := plaintext.CheckLine(v); err != nil || strings.ContainsRune(v, '"') {
				w.fail(p.Name, err)
				return
			}
			w.line = append(append(append(w.line, ';'), name...), '=')
			if strings.ContainsAny(v, ";:,") {
				w.line = append(append(append(w.line, '"'), v...), '"')
			} else {
				w.line = append(w.line, v...)
			}
		}
	}
	// A tab is white space here.
	if err := plaintext.CheckLine(strings.ReplaceAll(p.Value, "\t", " ")); err != nil {
		w.fail(p.Name, err)
		return
	}
	w.line = append(append(w.line, ':'), p.Value...)
	w.fold()
}

func (w *writer) fail(name string, err error) {
	if err == nil {
		err = errors.New("has a double quote in a parameter")
	}
	if w.err == nil {
		w.err = fmt.Errorf("%s %w", name, err)
	}
}

// fold writes the line in pieces of at most 75 octets. It never cuts a character: the RFC would
// allow it, readers break on it.
func (w *writer) fold() {
	line, limit := w.line, 75
	for len(line) > limit {
		cut := limit
		// Continuation bytes of UTF-8.
		for line[cut]&0xc0 == 0x80 {
			cut--
		}
		w.out = append(append(w.out, line[:cut]...), '\r', '\n', ' ')
		line, limit = line[cut:], 74
	}
	w.out = append(append(w.out, line...), '\r', '\n')
}
