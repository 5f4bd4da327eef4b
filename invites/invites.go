// Package invites knows the words of iTIP (RFC 5545, 5546), addresses and zones, and the shapes that cross
// packages: an event of a calendar, a mail as far as it can matter, a finished message on its way.
// It leaves to others what the talk is about (templates), when and whether something is sent
// (scheduler), and how bytes are written, read and carried (the packages below). It is pure: no clock, no
// network, no state.
package invites

import (
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"coalition/invites/plaintext"
	"coalition/invites/zones"
)

// A Method is the METHOD of an iCalendar object (RFC 5546, section 1.4).
type Method string

// The methods that leave this program.
const (
	Request        Method = "REQUEST" // invite, or update what was invited
	Cancel         Method = "CANCEL"
	Publish        Method = "PUBLISH"        // for a file to hand out, or the organizer's own calendar
	DeclineCounter Method = "DECLINECOUNTER" // the answer no to a Counter
)

// The methods that a partner's calendar answers with. All others are for organizers.
const (
	Reply   Method = "REPLY"
	Counter Method = "COUNTER" // another time, or place, is proposed
)

// A PartStat is the participation status of an ATTENDEE (RFC 5545, section 3.2.12).
type PartStat string

// What a partner can have said in their calendar about an invitation.
const (
	NeedsAction PartStat = "NEEDS-ACTION" // nothing yet
	Accepted    PartStat = "ACCEPTED"
	Declined    PartStat = "DECLINED"
	Tentative   PartStat = "TENTATIVE"
)

// An Address names a person and the mailbox that belongs to them.
type Address struct {
	Name  string // as the person writes it; may be empty
	Email string // as [ParseEmail] returns it
}

// String is the address as people write it: Maya Chen <maya@example.org>.
func (a Address) String() string {
	if a.Name == "" {
		return a.Email
	}
	return a.Name + " <" + a.Email + ">"
}

// Quoted is the address as [net/mail.ParseAddress] reads it, whatever the name is. (What net/mail writes for
// itself, it does not read where a name has a backslash beside a letter that is not ASCII.)
func (a Address) Quoted() string {
	bare := (&mail.Address{Address: a.Email}).String()
	if a.Name == "" {
		return bare
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a.Name) + `" ` + bare
}

var hostname = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

var noReply = regexp.MustCompile(`^(?:.*[._+-])?(?:(?:no|not|do[._-]?not|dont|never)[._-]?repl(?:y|ies)|(?:keine?|nicht)[._-]?antwort(?:en)?|ne[._-]?pas[._-]?repondre|no[._-]?respond(?:a|er)|nao[._-]?respond(?:a|er)|non[._-]?rispondere|mailer-daemon)[0-9]*(?:[._+-].*)?@|@(?:.*\.)?(?:no|do[._-]?not)-?reply\.`)

// NoReply reports whether an address looks like one of those that nobody reads, such as no-reply@example.org.
func NoReply(email string) bool { return noReply.MatchString(strings.ToLower(email)) }

var errTooLong = errors.New("is longer than mail allows (64 before the @, 254 in all)")

// ParseEmail reads one bare mail address (RFC 5321, section 4.1.2) and returns it in the one form
// that this program compares and sends: the domain in lower case and as A-labels. It refuses
// display names, quoted local parts, address literals and everything that is not one line of
// printable ASCII before the @. The error says what is wrong, without the address.
func ParseEmail(s string) (string, error) {
	if err := plaintext.CheckLine(s); err != nil {
		return "", err
	}
	at := strings.LastIndexByte(s, '@')
	switch {
	case s == "":
		return "", errors.New("is empty")
	case at < 0:
		return "", errors.New("has no @")
	case strings.ContainsAny(s, "<>"):
		return "", errors.New("is more than the bare address")
	case len(s) > 254 || at > 64:
		return "", errTooLong
	}
	local, domain := s[:at], s[at+1:]
	for i := range len(local) {
		if local[i] >= utf8.RuneSelf {
			return "", errors.New("has a letter before the @ that most mail servers refuse")
		}
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	top := ascii[strings.LastIndexByte(ascii, '.')+1:] // never a number (RFC 1123, section 2.1): 10.0.0.1 is no domain
	if err != nil || !hostname.MatchString(ascii) || strings.Trim(top, "0123456789") == "" {
		return "", errors.New("has no valid domain behind the @")
	}
	if a, err := mail.ParseAddress(local + "@" + ascii); err != nil || a.Address != local+"@"+ascii || strings.ContainsAny(local, "\" ()") {
		return "", errors.New("has a character before the @ that mail does not allow there")
	}
	if at+1+len(ascii) > 254 { // A-labels are longer than what they stand for
		return "", errTooLong
	}
	return local + "@" + ascii, nil
}

// Location is the zone of that IANA name in the newest zone data, always the same value. It refuses
// what means something else on each machine ("Local", "localtime", the empty name), other spellings of a
// name that only a file system takes ("Europe//Berlin"), and the "posix/" and "right/" copies.
func Location(name string) (*time.Location, error) {
	lower := strings.ToLower(name)
	if name == "" || strings.HasPrefix(lower, "local") || strings.HasPrefix(lower, "right/") || strings.HasPrefix(lower, "posix") ||
		lower == "factory" {
		return nil, zones.ErrUnknown
	}
	return zones.Newest().Location(name)
}

// A DeliveryError says what has become of a message that was not accepted.
type DeliveryError struct {
	Final   bool          // refused for good: trying again can't help
	Unclear bool          // handed over, and no answer came: it may have been accepted
	Channel bool          // the fault is not this message's: every other would meet it now
	Account bool          // with Channel: it lasts until somebody mends it, such as a wrong password
	Begun   bool          // with Channel: the message was being taken, and may be what the server fell over
	Wait    time.Duration // do not try again before
	Code    int           // the server's reply; 0: it gave none
	Text    string        // what happened, one line for people
	Err     error         // the cause, for [errors.Is] and the log; may be nil

	// Stale is how a calendar holds the event, where that is not how it was known, and nothing was
	// written for that reason; nil otherwise.
	Stale *Event
}

// Error is the text with the server's code.
func (e *DeliveryError) Error() string {
	if e.Code != 0 {
		return fmt.Sprintf("%d %s", e.Code, e.Text)
	}
	return e.Text
}

// Unwrap is the cause.
func (e *DeliveryError) Unwrap() error { return e.Err }

// A Submission is a finished message on its way to one reader.
type Submission struct {
	From, To string // bare addresses: the envelope (RFC 5321, section 2.3.1)
	Data     []byte // the whole message (RFC 5322), lines ending in CRLF, 7-bit
	Calendar []byte // the iCalendar object in it; nil: none

	MessageID string // of the message, without its angle brackets

	// What a message in a folder is named after.
	ID       string // of the conversation
	Kind     string // brief, invite, update, cancel, reminder
	Sequence int
	Stamp    time.Time
}
