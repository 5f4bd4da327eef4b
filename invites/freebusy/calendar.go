package freebusy

import (
	"bytes"
	"errors"
	"fmt"

	"coalition/invites/icaltime"
	"coalition/invites/plaintext"
	"coalition/invites/tzid"
)

// A Calendar is what was read of a calendar. It never changes, and is safe for concurrent use.
type Calendar struct {
	events []event
	// periods are those of VFREEBUSY that are not free.
	periods []list
}

// An event is a VEVENT (RFC 5545, section 3.6.1): one, a series, or an instance of a series that differs from it.
type event struct {
	// As they stand there; nil where they are missing.
	uid, summary, duration []byte
	start, end             moment
	// free says that it is TRANSPARENT; off, that it is CANCELLED.
	free, off bool
	*rest
}

// A rest is what few events have; all others share the plain one.
type rest struct {
	// recurrence is of which instance it tells; missing in the series itself. onward says that it tells of all later
	// instances, too.
	recurrence moment
	onward     bool
	// repeats are RRULE, RDATE and EXDATE.
	repeats []list
	// declined are the addresses of ATTENDEEs who have declined.
	declined [][]byte
}

var plain rest

// own returns the rest of the event, to be written.
func (e *event) own() *rest {
	if e.rest == &plain {
		e.rest = new(rest)
	}
	return e.rest
}

// A list is a property that may have several values, with a comma between them; an RRULE has one.
type list struct {
	kind  kind
	value []byte
	// zone is that of its TZID; nil: it has none.
	zone *zone
}

// Parse reads one or several VCALENDAR, one behind the other. What in them can't be understood does not fail here: it
// is named by [Calendar.Busy]. The error is a phrase for people that reads after the name of what was read, such as
// "is a web page, and no calendar"; it is given only where nothing can be built on data: it is no calendar, or ends in
// the middle of one, so that nobody can tell what is missing. data must not be changed afterwards.
func Parse(data []byte) (*Calendar, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	head := bytes.TrimSpace(data[:min(len(data), 1000)])
	first := bytes.ToUpper(head[:min(len(head), 15)])
	switch {
	case len(head) == 0:
		return nil, errors.New("is empty")
	case bytes.HasPrefix(first, []byte("<!DOCTYPE HTML")), bytes.HasPrefix(first, []byte("<HTML")):
		return nil, errors.New("is a web page, and no calendar")
	case string(first) != "BEGIN:VCALENDAR":
		return nil, errNoCalendar
	}
	// That is about what an event takes; more room is made where it is needed.
	const octets = 400
	p := parser{scanner: scanner{data: data}, Calendar: Calendar{events: make([]event, 0, len(data)/octets)}}
	if err := p.parse(); err != nil {
		return nil, err
	}
	return &p.Calendar, nil
}

var (
	errNoCalendar = errors.New("is no calendar: it does not begin with BEGIN:VCALENDAR")
	errCutOff     = errors.New("ends in the middle of a calendar")
)

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

// A parser is how far a calendar has been read.
type parser struct {
	scanner
	Calendar
	// depth is how many components are open. The innermost that counts is in, and has opened at inDepth.
	depth   int
	in      component
	inDepth int
	// Of the VCALENDAR: its zones by their TZID as it stands there, and its VTIMEZONEs by their name.
	zones       map[string]*zone
	definitions map[string][][]byte
	// lastZone is that of lastParams; nil: there is none.
	lastZone   *zone
	lastParams []byte
	// Of the VTIMEZONE: its name, and where it begins.
	zoneName string
	zoneAt   int
}

// A component is one that counts, or none.
type component uint8

const (
	none component = iota
	calendar
	vevent
	vfreebusy
	vtimezone
)

func componentOf(name []byte) component {
	switch string(name) {
	case "VCALENDAR":
		return calendar
	case "VEVENT":
		return vevent
	case "VFREEBUSY":
		return vfreebusy
	case "VTIMEZONE":
		return vtimezone
	case "VALARM", "STANDARD", "DAYLIGHT":
		return none
	}
	if plain := bytes.ToUpper(bytes.TrimSpace(name)); !bytes.Equal(plain, name) {
		return componentOf(plain)
	}
	return none
}

// parse reads all calendars, each of which has to come to its end.
func (p *parser) parse() error {
	ended := false
	for p.next() {
		var of component
		if p.kind == propBegin || p.kind == propEnd {
			of = componentOf(p.value)
		}
		opens := p.kind == propBegin && of == calendar
		switch {
		case p.depth == 0 && !opens:
			return errNoCalendar
		case opens && p.depth > 0 && !ended:
			return errCutOff
		case p.kind == propBegin:
			p.begin(of)
			ended = false
		case p.kind == propEnd:
			p.end(of)
			ended = ended || of == calendar
		case p.depth != p.inDepth:
		case p.in == vevent:
			p.take(&p.events[len(p.events)-1])
		case p.in == vfreebusy && p.kind == propFreebusy && !is(p.param("FBTYPE"), "FREE"):
			p.periods = append(p.periods, list{p.kind, p.kept(), p.tzid()})
		case p.in == vtimezone && p.kind == propTzid:
			p.zoneName = tzid.Name(string(p.value))
		}
	}
	if !ended {
		return errCutOff
	}
	return nil
}

func (p *parser) begin(of component) {
	p.depth++
	if of == none {
		return
	}
	// One that nobody has closed ends where the next begins.
	p.close()
	switch of {
	case calendar:
		p.depth = 1
		p.zones, p.definitions, p.lastZone = make(map[string]*zone), make(map[string][][]byte), nil
	case vevent:
		p.events = append(p.events, event{rest: &plain})
	case vtimezone:
		p.zoneName, p.zoneAt = "", p.at
	default:
	}
	p.in, p.inDepth = of, p.depth
}

func (p *parser) end(of component) {
	switch {
	case of == calendar:
		p.close()
		for _, z := range p.zones {
			z.definitions = p.definitions[z.name]
		}
	case of != none && of == p.in:
		p.depth = p.inDepth - 1
		p.close()
	case p.in == none || p.depth > p.inDepth:
		p.depth = max(1, p.depth-1)
	}
}

// close is the end of the component that is open.
func (p *parser) close() {
	if p.in == vtimezone {
		p.definitions[p.zoneName] = append(p.definitions[p.zoneName], p.data[p.zoneAt:p.at])
	}
	p.in = none
}

// take takes the property in that is one of an event.
func (p *parser) take(e *event) {
	switch p.kind {
	case propUID:
		e.uid = p.kept()
	case propSummary:
		e.summary = p.kept()
	case propDtstart:
		e.start = p.moment()
	case propDtend:
		e.end = p.moment()
	case propDuration:
		e.duration = p.kept()
	case propRecurrenceID:
		r := e.own()
		r.recurrence, r.onward = p.moment(), is(p.param("RANGE"), "THISANDFUTURE")
	case propRrule, propRdate, propExdate:
		r := e.own()
		r.repeats = append(r.repeats, list{p.kind, p.kept(), p.tzid()})
	case propAttendee:
		if is(p.param("PARTSTAT"), "DECLINED") {
			// iCloud may have the address only in a parameter (RFC 7986, section 6.2).
			r := e.own()
			r.declined = append(r.declined, p.kept(), bytes.Clone(p.param("EMAIL")))
		}
	case propStatus:
		e.off = is(p.value, "CANCELLED")
	case propTransp:
		e.free = is(p.value, "TRANSPARENT")
	default:
	}
}

func (p *parser) moment() moment { return readMoment(p.value, p.tzid()) }

// readMoment goes by what the value says, whatever VALUE says of it.
func readMoment(value []byte, z *zone) moment {
	form, wall := icaltime.Read(value)
	if form == icaltime.Unreadable {
		form, wall = icaltime.Read(bytes.TrimSpace(value))
	}
	m := moment{there: true, form: form, wall: wall.Unix()}
	if form == icaltime.Wall {
		m.zone = z
	}
	return m
}

// tzid returns the zone of the property; nil: it has none.
func (p *parser) tzid() *zone {
	// Most are in the same as the one before.
	if p.lastZone != nil && bytes.Equal(p.params, p.lastParams) {
		return p.lastZone
	}
	id := p.param("TZID")
	if len(id) == 0 {
		return nil
	}
	z := p.zones[string(id)]
	if z == nil {
		z = &zone{name: tzid.Name(string(id))}
		p.zones[string(id)] = z
	}
	if p.lastZone = z; p.passing {
		p.lastZone = nil
	}
	p.lastParams = p.params
	return z
}

// title returns how people know the event, shortened, on one line.
func (e *event) title() string {
	const most = 200
	return plaintext.Clip(plaintext.Line(unescaped(e.summary)), most)
}

// String returns what a problem calls the event.
func (e *event) String() string {
	const most = 40
	if title := e.title(); title != "" {
		return fmt.Sprintf("%q", plaintext.Clip(title, most))
	}
	if id := plaintext.Clip(plaintext.Line(string(e.uid)), most); id != "" {
		return "the event with the UID " + id
	}
	return "an event without a title"
}

// unescaped returns TEXT as it is meant (RFC 5545, section 3.3.11), or its first so many octets.
func unescaped(text []byte) string {
	const most = 4_000
	text = text[:min(len(text), most)]
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
