package freebusy

import (
	"bytes"
	"slices"
	"strings"
)

// A kind is a property that counts here; propOther is any of those that do not.
type kind uint8

const (
	propOther kind = iota
	propBegin
	propEnd
	propAttendee
	propDtend
	propDtstart
	propDuration
	propExdate
	propFreebusy
	propRdate
	propRecurrenceID
	propRrule
	propStatus
	propSummary
	propTransp
	propTzid
	propOffsetFrom
	propOffsetTo
	propUID
)

func kindOf(name []byte) kind {
	switch string(name) {
	case "BEGIN":
		return propBegin
	case "END":
		return propEnd
	case "ATTENDEE":
		return propAttendee
	case "DTEND":
		return propDtend
	case "DTSTART":
		return propDtstart
	case "DURATION":
		return propDuration
	case "EXDATE":
		return propExdate
	case "FREEBUSY":
		return propFreebusy
	case "RDATE":
		return propRdate
	case "RECURRENCE-ID":
		return propRecurrenceID
	case "RRULE":
		return propRrule
	case "STATUS":
		return propStatus
	case "SUMMARY":
		return propSummary
	case "TRANSP":
		return propTransp
	case "TZID":
		return propTzid
	case "TZOFFSETFROM":
		return propOffsetFrom
	case "TZOFFSETTO":
		return propOffsetTo
	case "UID":
		return propUID
	}
	return propOther
}

// A property is a content line (RFC 5545, section 3.1), unfolded: its value, and its parameters as they stand there.
type property struct {
	kind          kind
	params, value []byte
	// zone is that of its TZID, where it counts; nil: it has none.
	zone *zone
}

// A scanner goes through the lines of a calendar. What does not count it passes over as quickly as it can.
type scanner struct {
	data []byte
	// at is where the next line begins.
	at int
}

// next returns the next property that counts; false: there is none.
func (s *scanner) next() (property, bool) {
	for s.at < len(s.data) {
		line, name, folded := s.line()
		if name == nil && folded {
			// It is folded within its name.
			line, folded = unfold(line), false
			name = nameIn(line)
		}
		k := kindOf(name)
		if k == propOther && slices.ContainsFunc(name, func(c byte) bool { return c >= 'a' && c <= 'z' }) {
			k = kindOf(bytes.ToUpper(name))
		}
		if k == propOther {
			continue
		}
		if folded {
			line = unfold(line)
		}
		colon := colonIn(k, line)
		if colon < len(name) {
			continue
		}
		p := property{kind: k, value: bytes.TrimRight(line[colon+1:], "\r")}
		if colon > len(name) {
			p.params = line[len(name)+1 : colon]
		}
		return p, true
	}
	return property{}, false
}

// line returns the next line as it stands there, with its folds but without its end, and its name.
func (s *scanner) line() (line, name []byte, folded bool) {
	rest := s.data[s.at:]
	length := bytes.IndexByte(rest, '\n')
	if length < 0 {
		length = len(rest)
	}
	name = nameIn(rest[:length])
	for length+1 < len(rest) && (rest[length+1] == ' ' || rest[length+1] == '\t') {
		folded = true
		more := bytes.IndexByte(rest[length+1:], '\n')
		if more < 0 {
			length = len(rest)
			break
		}
		length += 1 + more
	}
	s.at += min(length+1, len(rest))
	return rest[:length], name, folded
}

func nameIn(line []byte) []byte {
	for i, c := range line {
		if c == ':' || c == ';' {
			return line[:i]
		}
	}
	return nil
}

// unfold returns a line without its folds (RFC 5545, section 3.1).
func unfold(line []byte) []byte {
	whole := make([]byte, 0, len(line))
	for {
		end := bytes.IndexByte(line, '\n')
		if end < 0 {
			return append(whole, line...)
		}
		whole = append(whole, bytes.TrimSuffix(line[:end], []byte("\r"))...)
		// What begins the next is a space or a tab.
		line = line[end+2:]
	}
}

// colonIn returns where the value of a line begins, less one; -1: nowhere.
func colonIn(k kind, line []byte) int {
	switch k {
	case propDtstart, propDtend, propRecurrenceID, propRdate, propExdate:
		// A moment has no colon, and the name of a zone has one that Exchange does not quote: "(UTC+01:00) Berlin".
		return bytes.LastIndexByte(line, ':')
	default:
	}
	quoted := false
	for i, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ':' && !quoted:
			return i
		}
	}
	return -1
}

// param returns the value of a parameter as it stands in a property, without quotes; nil where it is missing.
func (p property) param(name string) []byte {
	for rest := p.params; len(rest) > 0; {
		length, quoted := 0, false
		for length < len(rest) && (quoted || rest[length] != ';') {
			quoted = quoted != (rest[length] == '"')
			length++
		}
		if length > len(name) && rest[len(name)] == '=' && is(rest[:len(name)], name) {
			return bytes.Trim(rest[len(name)+1:length], `"`)
		}
		rest = rest[min(length+1, len(rest)):]
	}
	return nil
}

// is reports whether text is a word of the RFC, for which case does not count.
func is(text []byte, word string) bool {
	return len(text) == len(word) && (string(text) == word || strings.EqualFold(string(text), word))
}
