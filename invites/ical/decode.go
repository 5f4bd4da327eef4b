package ical

import (
	"bytes"
	"errors"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"
	"golang.org/x/text/encoding/charmap"

	"coalition/invites"
	"coalition/invites/icaltime"
	"coalition/invites/plaintext"
)

// What a stranger's calendar may have at most. One that answers an invitation has some 3 kB; with
// every change in the history of a zone, some 20 kB and a hundred components.
const (
	// In octets.
	maxObject = 256 << 10
	// Of a property that counts, in octets, unfolded.
	maxLine = 64 << 10
	// Unfolded.
	maxLines      = 10_000
	maxComponents = 1_000
	maxDepth      = 8
	// What is read of one, in octets; go-ical's time for it grows with the square.
	maxParameter = 400
	maxAttendees = 100
	// In octets; RFC 7986, section 5.3, advises 255.
	maxUID = 1_000
	// What is read of a text, in characters.
	maxText = 300
	// The next is over in some zones before it is in others, and no form has five digits.
	maxYear = 9998
)

var errUnreadable = errors.New("can't be read")

// Parse reads what a partner's calendar has sent: one VCALENDAR with one VEVENT, of whatever
// METHOD. It knows the shapes that real calendars write, and takes nothing on trust: data of more than
// 256 kB is refused and less takes some 20 ms at worst, every text in the object passes [plaintext.CheckLine] and
// has 300 characters at most. Whoever is named in it may be anybody.
//
// The error is a phrase for people that reads after "the calendar in it", such as "holds more than
// one event"; it never repeats what it has read. An object that is not refused has a UID; all else
// may be missing: Method is "" without METHOD, Start and End are either both there, and in order,
// or both zero, and an attendee who has said nothing has [invites.NeedsAction].
func Parse(data []byte) (*invites.Object, error) {
	data, err := harmless(data)
	if err != nil {
		return nil, err
	}
	calendar, err := ical.NewDecoder(bytes.NewReader(data)).Decode()
	if err != nil {
		return nil, errUnreadable
	}
	i := slices.IndexFunc(calendar.Children, func(c *ical.Component) bool { return c.Name == ical.CompEvent })
	if i < 0 {
		return nil, errors.New("holds no event")
	}
	event := calendar.Children[i]
	for _, name := range []string{ical.PropRecurrenceRule, ical.PropRecurrenceDates, ical.PropRecurrenceID} {
		// What leaves this program never repeats.
		if len(event.Props[name]) > 0 {
			return nil, errors.New("is about an event that repeats")
		}
	}
	o := &invites.Object{
		Summary:  told(event.Props[ical.PropSummary]),
		Location: told(event.Props[ical.PropLocation]),
		Comment:  told(event.Props[ical.PropComment]),
	}
	if o.Method, err = methodOf(calendar.Component); err != nil {
		return nil, err
	}
	if o.UID, err = uidOf(event); err != nil {
		return nil, err
	}
	if o.Sequence, err = sequenceOf(event); err != nil {
		return nil, err
	}
	stamp, err := only(event, ical.PropDateTimeStamp)
	if err != nil {
		return nil, err
	}
	o.Stamp = readMoment(stamp, calendar.Component).instant().UTC()
	if o.Start, o.End, err = spanOf(event, calendar.Component); err != nil {
		return nil, err
	}
	var delegates [][]string
	for _, p := range event.Props[ical.PropAttendee] {
		o.Attendees = append(o.Attendees, invites.Attendee{Email: mailbox(p.Value), PartStat: partStat(p)})
		delegates = append(delegates, mailboxes(p.Params[paramDelegatedTo]))
		if note := p.Params.Get(paramResponseComment); o.Comment == "" && note != "" {
			o.Comment = shown(html.UnescapeString(unescape.Replace(note)))
		}
	}
	// Some say it on the line of the delegate alone.
	for i, p := range event.Props[ical.PropAttendee] {
		for _, from := range mailboxes(p.Params[paramDelegatedFrom]) {
			for j, a := range o.Attendees {
				to := o.Attendees[i].Email
				if strings.EqualFold(a.Email, from) && to != "" && !slices.Contains(delegates[j], to) {
					delegates[j] = append(delegates[j], to)
				}
			}
		}
	}
	for i, list := range delegates {
		o.Attendees[i].Delegates = strings.Join(list, ", ")
	}
	return o, nil
}

// Whom somebody has sent in their place, and on the line of that one, who it was (RFC 5545, sections 3.2.4, 3.2.5).
const (
	paramDelegatedTo   = "DELEGATED-TO"
	paramDelegatedFrom = "DELEGATED-FROM"
)

// paramResponseComment is where Google puts what somebody writes beside their answer, with HTML's entities in it.
const paramResponseComment = "X-RESPONSE-COMMENT"

// What is read of a calendar: properties, and their parameters. All others are passed over, however
// they are written: a DESCRIPTION in HTML may have its kilobytes in a parameter.
var counts = map[string][]string{
	"BEGIN": nil, "END": nil, ical.PropMethod: nil,

	ical.PropUID: nil, ical.PropSequence: nil, ical.PropDateTimeStamp: {ical.PropTimezoneID},
	ical.PropDateTimeStart: {ical.PropTimezoneID}, ical.PropDateTimeEnd: {ical.PropTimezoneID}, ical.PropDuration: nil,
	ical.PropSummary: nil, ical.PropLocation: nil, ical.PropComment: nil,
	ical.PropAttendee:       {ical.ParamParticipationStatus, paramResponseComment, paramDelegatedTo, paramDelegatedFrom},
	ical.PropRecurrenceRule: nil, ical.PropRecurrenceDates: nil, ical.PropRecurrenceID: nil,

	ical.PropTimezoneID: nil, ical.PropTimezoneOffsetFrom: nil, ical.PropTimezoneOffsetTo: nil,
}

// harmless returns what counts in data, for go-ical: one property a line, each in a form that go-ical
// reads as it is meant, and no more of anything than go-ical can take: a file as it comes can make
// that library panic, overflow the stack or work for minutes.
func harmless(data []byte) ([]byte, error) {
	switch {
	case len(data) > maxObject:
		return nil, errors.New("is larger than 256 kB")
	case bytes.IndexByte(data, 0) >= 0:
		return nil, errors.New("is not text")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	r := reader{seen: map[string]int{}}
	lines := 0
	for line := []byte(nil); len(data) > 0; line = line[:0] {
		// Octets are unfolded, not characters: some writers fold inside of one (RFC 5545, section 3.1).
		for folded := true; folded; {
			var physical []byte
			physical, data, _ = bytes.Cut(data, []byte{'\n'})
			line = append(line, bytes.TrimRight(physical, "\r")...)
			if folded = len(data) > 0 && (data[0] == ' ' || data[0] == '\t'); folded {
				data = data[1:]
			}
		}
		if lines++; lines > maxLines {
			return nil, errors.New("has too many lines")
		}
		if err := r.line(string(line)); err != nil {
			return nil, err
		}
	}
	if r.depth > 0 {
		return nil, errors.New("breaks off before its end")
	}
	return r.out, nil
}

// A reader turns content lines into those that go-ical is given.
type reader struct {
	out        []byte
	depth      int
	components int
	attendees  int
	// seen is how many there have been of each component.
	seen map[string]int
}

func (r *reader) line(line string) error {
	i := strings.IndexAny(line, ";:")
	if i < 0 {
		// It is the rest of a text that nobody has folded.
		return nil
	}
	name := strings.ToUpper(line[:i])
	wanted, ok := counts[name]
	// A mailing list writes its footer below the calendar.
	if !ok || r.depth == 0 && name != "BEGIN" && name != "END" {
		return nil
	}
	if len(line) > maxLine {
		return errors.New("has a line that is too long")
	}
	if name == ical.PropDateTimeStart || name == ical.PropDateTimeEnd {
		line = quoteZone(line)
	}
	params, value, ok := parameters(line[i:], wanted)
	if !ok {
		return nil
	}
	switch name {
	case "BEGIN":
		value = strings.ToUpper(strings.TrimSpace(value))
		if err := r.begin(value); err != nil {
			return err
		}
	case "END":
		value = strings.TrimSpace(value)
		if r.depth--; r.depth < 0 {
			return errUnreadable
		}
	case ical.PropAttendee:
		if r.attendees++; r.attendees > maxAttendees {
			return errors.New("names more than 100 people")
		}
	}
	r.out = append(append(append(append(append(r.out, name...), params...), ':'), value...), '\n')
	return nil
}

// bareZone is a TZID that would have to be quoted: with a colon in it, as in (UTC+01:00) Amsterdam, Berlin.
var bareZone = regexp.MustCompile(`(?i)^([^":]*;TZID=)([^";]+:[^";]*)((?:;[A-Z-]+=[^":;]*)*:\d{8}T\d{6}Z?\s*)$`)

// quoteZone puts quotes around such a TZID.
func quoteZone(line string) string { return bareZone.ReplaceAllString(line, `$1"$2"$3`) }

func (r *reader) begin(component string) error {
	r.seen[component]++
	r.depth++
	r.components++
	switch {
	case r.seen[ical.CompCalendar] > 1:
		return errors.New("holds more than one calendar")
	case r.seen[ical.CompEvent] > 1:
		return errors.New("holds more than one event")
	case component == ical.CompToDo || component == ical.CompJournal || component == ical.CompFreeBusy:
		return errors.New("holds more than an event")
	case r.components > maxComponents:
		return errors.New("has too many parts")
	case r.depth > maxDepth:
		return errors.New("is nested too deeply")
	}
	return nil
}

// parameters takes s, which begins behind the name of a property, apart. Of the parameters it
// returns those that are wanted, with each value in quotes. It takes quotes inside of a quoted
// value, as some write nicknames; ok is false where there is no value behind.
func parameters(s string, wanted []string) (params []byte, value string, ok bool) {
	for s != "" && s[0] == ';' {
		i := strings.IndexAny(s[1:], "=;:") + 1
		if i == 0 {
			return nil, "", false
		}
		name := strings.ToUpper(s[1:i])
		for s = s[i:]; s != "" && (s[0] == '=' || s[0] == ','); {
			var v string
			if v, s, ok = parameterValue(s[1:]); !ok {
				return nil, "", false
			}
			if slices.Contains(wanted, name) {
				params = append(append(append(params, ';'), name...), '=', '"')
				params = append(append(params, strings.ReplaceAll(v, `"`, "'")...), '"')
			}
		}
	}
	value, ok = strings.CutPrefix(s, ":")
	return params, value, ok
}

// parameterValue returns the value at the start of s, and what follows it: nothing, or what begins with
// one of ; : and the comma. It is not ok where a quoted value has no end.
func parameterValue(s string) (value, rest string, ok bool) {
	if quoted, found := strings.CutPrefix(s, `"`); found {
		end := 0
		for ; ; end++ {
			i := strings.IndexByte(quoted[end:], '"')
			if i < 0 {
				return "", "", false
			}
			if end += i; end+1 == len(quoted) || strings.IndexByte(";:,", quoted[end+1]) >= 0 {
				break
			}
		}
		value, rest = quoted[:end], quoted[end+1:]
	} else if end := strings.IndexAny(s, ";:,"); end >= 0 {
		value, rest = s[:end], s[end:]
	} else {
		value = s
	}
	if len(value) > maxParameter {
		value = strings.ToValidUTF8(value[:maxParameter], "") + "…"
	}
	return value, rest, true
}

// only returns the property of that name in c, without white space around its value; nil: there is
// none. Whoever writes it twice must mean the same both times.
func only(c *ical.Component, name string) (*ical.Prop, error) {
	var first *ical.Prop
	for i := range c.Props[name] {
		p := &c.Props[name][i]
		p.Value = strings.TrimSpace(p.Value)
		if first == nil {
			first = p
		} else if p.Value != first.Value || p.Params.Get(ical.PropTimezoneID) != first.Params.Get(ical.PropTimezoneID) {
			return nil, errors.New("has more than one " + name)
		}
	}
	return first, nil
}

// token is what a METHOD or a PARTSTAT can be (RFC 5545, section 3.1: iana-token).
var token = regexp.MustCompile(`^[A-Z0-9-]{1,40}$`)

func methodOf(calendar *ical.Component) (invites.Method, error) {
	p, err := only(calendar, ical.PropMethod)
	if p == nil || p.Value == "" {
		return "", err
	}
	m := strings.ToUpper(p.Value)
	if !token.MatchString(m) {
		return "", errors.New("has a METHOD that can't be read")
	}
	return invites.Method(m), nil
}

func uidOf(event *ical.Component) (string, error) {
	p, err := only(event, ical.PropUID)
	switch {
	case err != nil:
		return "", err
	case p == nil || p.Value == "":
		return "", errors.New("has no UID")
	}
	uid := unescape.Replace(p.Value)
	if len(uid) > maxUID || plaintext.CheckLine(uid) != nil {
		return "", errors.New("has a UID that can't be read")
	}
	return uid, nil
}

func sequenceOf(event *ical.Component) (int, error) {
	p, err := only(event, ical.PropSequence)
	if p == nil {
		return -1, err
	}
	n, err := strconv.ParseUint(p.Value, 10, 31)
	if err != nil {
		return 0, errors.New("has a SEQUENCE that can't be read")
	}
	return int(n), nil
}

func partStat(attendee ical.Prop) invites.PartStat {
	s := strings.ToUpper(strings.TrimSpace(attendee.Params.Get(ical.ParamParticipationStatus)))
	if !token.MatchString(s) {
		// This is the default (RFC 5545, section 3.2.12).
		return invites.NeedsAction
	}
	return invites.PartStat(s)
}

// mailbox returns the address in a mailto: URI (RFC 6068), as [invites.ParseEmail] returns it; "" where there is none.
func mailbox(uri string) string {
	scheme, address, _ := strings.Cut(uri, ":")
	if !strings.EqualFold(strings.TrimSpace(scheme), "mailto") {
		return ""
	}
	address, _, _ = strings.Cut(address, "?")
	if decoded, err := url.PathUnescape(address); err == nil {
		address = decoded
	}
	email, _ := invites.ParseEmail(strings.TrimSpace(address))
	return email
}

// mailboxes returns the addresses in a list of mailto: URIs, without those that can't be read.
func mailboxes(uris []string) (list []string) {
	for _, uri := range uris {
		if email := mailbox(strings.Trim(uri, `"' `)); email != "" && !slices.Contains(list, email) {
			list = append(list, email)
		}
	}
	return list
}

// unescape reads TEXT (RFC 5545, section 3.3.11) as it is meant: what is escaped needlessly, or not
// though it should be, stands for itself.
var unescape = strings.NewReplacer(`\\`, `\`, `\;`, `;`, `\,`, `,`, `\:`, `:`, `\"`, `"`, `\n`, "\n", `\N`, "\n")

// told returns what the properties of one name say together.
func told(props []ical.Prop) string {
	var texts []string
	for _, p := range props {
		texts = append(texts, unescape.Replace(p.Value))
	}
	return shown(strings.Join(texts, " "))
}

// shown returns what people see of s, on one line: octets that are not UTF-8 are read as Windows writes them.
func shown(s string) string {
	if !utf8.ValidString(s) {
		var text strings.Builder
		for s != "" {
			r, size := utf8.DecodeRuneInString(s)
			if r == utf8.RuneError && size == 1 {
				r = charmap.Windows1252.DecodeByte(s[0])
			}
			text.WriteRune(r)
			s = s[size:]
		}
		s = text.String()
	}
	return plaintext.Clip(plaintext.Line(s), maxText)
}

// spanOf returns from when to when the event is; both zero where that can't be told.
func spanOf(event, calendar *ical.Component) (start, end time.Time, err error) {
	var props [3]*ical.Prop
	for i, name := range []string{ical.PropDateTimeStart, ical.PropDateTimeEnd, ical.PropDuration} {
		if props[i], err = only(event, name); err != nil {
			return start, end, err
		}
	}
	from := readMoment(props[0], calendar)
	start, end = from.instant(), from.instant()
	switch {
	case props[1] != nil:
		end = readMoment(props[1], calendar).instant()
	case props[2] != nil:
		days, rest, ok := icaltime.Duration(props[2].Value)
		if !ok {
			return time.Time{}, time.Time{}, nil
		}
		// A day is as long as its clocks say (RFC 5545, section 3.3.6).
		from.wall = from.wall.AddDate(0, 0, days)
		end = from.instant().Add(rest)
	}
	if start.IsZero() || end.Before(start) || end.UTC().Year() > maxYear {
		return time.Time{}, time.Time{}, nil
	}
	return start, end, nil
}
