package freebusy

import (
	"bytes"
	"errors"
	"fmt"

	"coalition/invites"
	"coalition/invites/plaintext"
)

// A Calendar is what was read of a calendar. It never changes, and is safe for concurrent use.
type Calendar struct {
	events []event
	// periods are those of VFREEBUSY that are not free.
	periods []period
}

// An event is a VEVENT (RFC 5545, section 3.6.1): one, a series, or an instance of a series that differs.
type event struct {
	// As they stand there; nil where they are missing.
	uid, summary []byte
	start, end   moment
	// recurrence is of which instance it tells.
	recurrence moment
	// length is DURATION as it stands there; nil where it is missing.
	length []byte
	// repeats are RRULE, RDATE and EXDATE.
	repeats []property
	// declined are the ATTENDEEs who have declined.
	declined [][]byte
	// free says that it is TRANSPARENT; off, that it is CANCELLED; onward, that it tells of all later instances, too.
	free, off, onward bool
}

// A period is one of FREEBUSY: its start, a slash, and its end or its duration (RFC 5545, section 3.3.9).
type period []byte

// Parse reads one or several VCALENDAR, one behind the other. What in them can't be understood does not fail here: it
// is named by [Calendar.Busy]. The error is a phrase for people that reads after the name of what was read, such as
// "is a web page, and no calendar"; it is given only where nothing can be built on data: it is no calendar, or ends in
// the middle of one, so that nobody can tell what is missing. data must not be changed afterwards.
func Parse(data []byte) (*Calendar, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	head := bytes.TrimSpace(data[:min(len(data), 1000)])
	switch first := bytes.ToUpper(head[:min(len(head), 15)]); {
	case len(head) == 0:
		return nil, errors.New("is empty")
	case bytes.HasPrefix(first, []byte("<!DOCTYPE HTML")), bytes.HasPrefix(first, []byte("<HTML")):
		return nil, errors.New("is a web page, and no calendar")
	case !bytes.Equal(first, []byte("BEGIN:VCALENDAR")):
		return nil, errors.New("is no calendar: it does not begin with BEGIN:VCALENDAR")
	}
	p := parser{scanner: scanner{data: data}, calendar: &Calendar{}}
	if !p.parse() {
		return nil, errors.New("ends in the middle of a calendar")
	}
	return p.calendar, nil
}

// Merge joins what several resources hold: a CalDAV server has one for each UID, with all that differs from its series
// (RFC 4791, section 4.1). The zones that each brings with it stay its own.
func Merge(calendars ...*Calendar) *Calendar {
	all := &Calendar{}
	for _, c := range calendars {
		all.events = append(all.events, c.events...)
		all.periods = append(all.periods, c.periods...)
	}
	return all
}

// A parser is where in its data the reading of a calendar has come to.
type parser struct {
	scanner
	calendar *Calendar
	// depth counts the components around the next property. event is the VEVENT that it is in and eventDepth how deep
	// that is; 0: it is in none.
	depth, eventDepth int
	event             event
	// busyDepth is that of the VFREEBUSY that it is in; 0: it is in none.
	busyDepth int
}

// parse reports whether the last calendar came to its end.
func (p *parser) parse() bool {
	ended := false
	for {
		line, ok := p.next()
		if !ok {
			return ended
		}
		switch {
		case line.kind == begin:
			p.begin(line.value)
			ended = false
		case line.kind == end:
			ended = p.end(line.value)
		case p.eventDepth > 0 && p.depth == p.eventDepth:
			p.property(line)
		case p.busyDepth > 0 && p.depth == p.busyDepth && line.kind == freebusy:
			p.freebusy(line)
		}
	}
}

func (p *parser) begin(name []byte) {
	p.depth++
	switch {
	case bytes.EqualFold(name, []byte("VCALENDAR")):
		p.depth, p.eventDepth, p.busyDepth = 1, 0, 0
	case bytes.EqualFold(name, []byte("VEVENT")):
		p.eventDepth, p.event = p.depth, event{}
	case bytes.EqualFold(name, []byte("VFREEBUSY")):
		p.busyDepth = p.depth
	}
}

// end reports whether it was that of the calendar.
func (p *parser) end(name []byte) bool {
	switch {
	case bytes.EqualFold(name, []byte("VEVENT")) && p.eventDepth > 0:
		p.calendar.events = append(p.calendar.events, p.event)
		p.depth, p.eventDepth = p.eventDepth, 0
	case bytes.EqualFold(name, []byte("VFREEBUSY")):
		p.busyDepth = 0
	}
	p.depth = max(0, p.depth-1)
	return bytes.EqualFold(name, []byte("VCALENDAR"))
}

func (p *parser) property(line property) {
	e := &p.event
	switch line.kind {
	case uid:
		e.uid = line.value
	case summary:
		e.summary = line.value
	case dtstart:
		e.start = readMoment(line)
	case dtend:
		e.end = readMoment(line)
	case duration:
		e.length = line.value
	case recurrenceID:
		e.recurrence = readMoment(line)
		e.onward = bytes.EqualFold([]byte(param(line.params, "RANGE")), []byte("THISANDFUTURE"))
	case rrule, rdate, exdate:
		e.repeats = append(e.repeats, line)
	case attendee:
		if invites.PartStat(param(line.params, "PARTSTAT")) == invites.Declined {
			e.declined = append(e.declined, line.value)
		}
	case status:
		e.off = bytes.EqualFold(line.value, []byte("CANCELLED"))
	case transp:
		e.free = bytes.EqualFold(line.value, []byte("TRANSPARENT"))
	default:
	}
}

func (p *parser) freebusy(line property) {
	if bytes.EqualFold([]byte(param(line.params, "FBTYPE")), []byte("FREE")) {
		return
	}
	for each := range bytes.SplitSeq(line.value, []byte(",")) {
		p.calendar.periods = append(p.calendar.periods, period(bytes.TrimSpace(each)))
	}
}

// title returns how people know the event, shortened, on one line.
func (e *event) title() string {
	const most = 200
	return plaintext.Clip(plaintext.Line(unescaped(e.summary)), most)
}

// named returns what a problem calls the event.
func (e *event) named() string {
	const most = 40
	if title := e.title(); title != "" {
		return fmt.Sprintf("%q", plaintext.Clip(title, most))
	}
	if id := plaintext.Clip(plaintext.Line(string(e.uid)), most); id != "" {
		return "the event with the UID " + id
	}
	return "an event without a title"
}

// unescaped returns TEXT as it is meant (RFC 5545, section 3.3.11).
func unescaped(text []byte) string {
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text)
	}
	plain := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			i++
			if c = text[i]; c == 'n' || c == 'N' {
				c = '\n'
			}
		}
		plain = append(plain, c)
	}
	return string(plain)
}
