package freebusy

import (
	"bytes"
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
	// passing says that both are only there until the next property.
	passing bool
}

// kept returns the value for good.
func (p *property) kept() []byte {
	if p.passing {
		return bytes.Clone(p.value)
	}
	return p.value
}

// A scanner goes through the lines of a calendar. What does not count it passes over as quickly as it can.
type scanner struct {
	data []byte
	// at is where the next line begins.
	at int
	// property is the last that was found.
	property
	// room is for lines without their folds.
	room []byte
}

// next goes to the next property that counts; false: there is none.
func (s *scanner) next() bool {
	for s.at < len(s.data) {
		line, folded := s.line()
		if !counts(line) {
			continue
		}
		length, lower := nameIn(line)
		s.passing = folded && bytes.IndexByte(line[:length], '\n') >= 0
		if s.passing {
			// It is folded within its name.
			line, folded = s.unfold(line), false
			length, lower = nameIn(line)
		}
		if s.kind = kindOf(line[:length]); s.kind == propOther && lower {
			s.kind = kindOf(bytes.ToUpper(line[:length]))
		}
		if s.kind == propOther || length == len(line) {
			continue
		}
		if folded {
			line, s.passing = s.unfold(line), true
		}
		if line[length] == ':' {
			s.params, s.value = nil, chomp(line[length+1:])
			return true
		}
		if colon := colonIn(s.kind, line); colon > length {
			s.params, s.value = line[length+1:colon], chomp(line[colon+1:])
			return true
		}
	}
	return false
}

func chomp(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}

// follow has, by the first letter of a name, the letters that may follow where the property counts, each a bit: most
// lines are of others.
var follow = [256]uint32{
	'A': 1 << ('T' & 31), 'B': 1 << ('E' & 31), 'D': 1<<('T'&31) | 1<<('U'&31), 'E': 1<<('N'&31) | 1<<('X'&31),
	'F': 1 << ('R' & 31), 'R': 1<<('D'&31) | 1<<('E'&31) | 1<<('R'&31), 'S': 1<<('T'&31) | 1<<('U'&31),
	'T': 1<<('R'&31) | 1<<('Z'&31), 'U': 1 << ('I' & 31),
}

// counts reports whether a line may be of a property that counts.
func counts(line []byte) bool {
	if len(line) < 2 {
		return false
	}
	letters := follow[line[0]&^0x20]
	// It may be folded behind its first letter.
	return letters != 0 && (line[1] < 'A' || letters&(1<<(line[1]&31)) != 0)
}

// line returns the next line as it stands there, with its folds but without its end.
func (s *scanner) line() (line []byte, folded bool) {
	rest := s.data[s.at:]
	length := 0
	for {
		more := bytes.IndexByte(rest[length:], '\n')
		if more < 0 {
			s.at = len(s.data)
			return rest, folded
		}
		length += more
		if length+1 == len(rest) || rest[length+1] != ' ' && rest[length+1] != '\t' {
			s.at += length + 1
			return rest[:length], folded
		}
		folded = true
		length++
	}
}

// nameIn returns how long the name is, and whether a letter of it is a small one.
func nameIn(line []byte) (length int, lower bool) {
	for i, c := range line {
		if c == ':' || c == ';' {
			return i, lower
		}
		lower = lower || c >= 'a'
	}
	return len(line), lower
}

// unfold returns a line without its folds (RFC 5545, section 3.1), until it is called again.
func (s *scanner) unfold(line []byte) []byte {
	s.room = s.room[:0]
	for {
		end := bytes.IndexByte(line, '\n')
		if end < 0 {
			s.room = append(s.room, line...)
			return s.room
		}
		s.room = append(s.room, chomp(line[:end])...)
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
	colon := bytes.IndexByte(line, ':')
	if colon < 0 || bytes.IndexByte(line[:colon], '"') < 0 {
		return colon
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
	for rest := p.params; len(rest) > len(name); {
		length := bytes.IndexByte(rest, ';')
		if length < 0 {
			length = len(rest)
		}
		if quote := bytes.IndexByte(rest[:length], '"'); quote >= 0 {
			length = paramLength(rest, quote)
		}
		if length > len(name) && rest[len(name)] == '=' && is(rest[:len(name)], name) {
			return unquoted(rest[len(name)+1 : length])
		}
		rest = rest[min(length+1, len(rest)):]
	}
	return nil
}

// paramLength returns how long the first parameter is, where it has a quote: a semicolon within quotes does not end it.
func paramLength(params []byte, quote int) int {
	quoted := false
	for i := quote; i < len(params); i++ {
		switch {
		case params[i] == '"':
			quoted = !quoted
		case params[i] == ';' && !quoted:
			return i
		}
	}
	return len(params)
}

func unquoted(value []byte) []byte {
	if len(value) > 0 && value[0] == '"' {
		return bytes.Trim(value, `"`)
	}
	return value
}

// is reports whether text is a word of the RFC, for which case does not count.
func is(text []byte, word string) bool {
	return len(text) == len(word) && (string(text) == word || strings.EqualFold(string(text), word))
}
