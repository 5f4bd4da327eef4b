package plan

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"coalition/invites"
	"coalition/scheduler/strictyaml"
)

// Each of these types reads itself from the text of a YAML value, and says in a
// [strictyaml.Fault] what is wrong with text that it can't read.

// An ID names a conversation: its file's name without .yaml, in Unicode's composed form.
type ID string

var idShape = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$`)

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(text []byte) error {
	*id = ID(norm.NFC.String(string(text)))
	if !idShape.MatchString(string(*id)) {
		return &strictyaml.Fault{Text: "is no id", Mend: "use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first"}
	}
	return nil
}

// An Email is one bare mail address, in the form of [invites.ParseEmail].
type Email string

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *Email) UnmarshalText(text []byte) error {
	email, err := invites.ParseEmail(string(text))
	if err != nil {
		return &strictyaml.Fault{Text: err.Error(), Mend: "write one bare address such as maya@example.org"}
	}
	*e = Email(email)
	return nil
}

// A Zone is the IANA name of a time zone; empty stands for the organizer's.
type Zone string

// UnmarshalText implements encoding.TextUnmarshaler.
func (z *Zone) UnmarshalText(text []byte) error {
	if _, err := invites.Location(string(text)); err != nil {
		return &strictyaml.Fault{Text: err.Error(), Mend: "write a name such as Europe/Berlin"}
	}
	*z = Zone(text)
	return nil
}

// A Language is a BCP 47 tag such as de or pt-BR.
type Language string

var languageShape = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Language) UnmarshalText(text []byte) error {
	if !languageShape.Match(text) {
		return &strictyaml.Fault{Text: "is no language", Mend: "write its short name, such as en or de"}
	}
	*l = Language(text)
	return nil
}

// A Kind is one of [Kinds].
type Kind string

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *Kind) UnmarshalText(text []byte) error {
	if !slices.Contains(Kinds, string(text)) {
		return strictyaml.OneOf(Kinds...)
	}
	*k = Kind(text)
	return nil
}

// JSONSchema describes what UnmarshalText reads.
func (Kind) JSONSchema() map[string]any { return strictyaml.Enum(Kinds...) }

// A PhoneNumber is a number as people write it, with its spaces.
type PhoneNumber string

var phoneShape = regexp.MustCompile(`^\+?[0-9][0-9 ()/.-]{2,30}[0-9]$`)

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *PhoneNumber) UnmarshalText(text []byte) error {
	if !phoneShape.Match(text) {
		return &strictyaml.Fault{Text: "is no phone number", Mend: `write it with its country, such as "+49 30 1234567"`}
	}
	*p = PhoneNumber(text)
	return nil
}

// URI is the number as a tel: address (RFC 3966).
func (p PhoneNumber) URI() string {
	return "tel:" + strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, string(p))
}

// A Link is an absolute http or https address.
type Link string

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Link) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || len(text) > 1000 || strings.ContainsAny(string(text), "\"<> \\") {
		return &strictyaml.Fault{Text: "is no web address", Mend: "write it in full, such as https://meet.example.org/x"}
	}
	*l = Link(u.String())
	return nil
}

// A Duration is how long a talk takes: 5 minutes to 12 hours.
type Duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 5*time.Minute || v > 12*time.Hour || v%time.Minute != 0 {
		return &strictyaml.Fault{Text: "is no length of a talk", Mend: "write 1h, 90m or 1h15m"}
	}
	*d = Duration(v)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// A Clock is a time of day, in minutes from midnight: 0 to 1440.
type Clock int

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Clock) UnmarshalText(text []byte) error {
	m, ok := parseClock(string(text))
	if !ok {
		return &strictyaml.Fault{Text: "is no time of day", Mend: `write it as "09:00"`}
	}
	*c = Clock(m)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (c Clock) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%02d:%02d", int(c)/60, int(c)%60), nil
}

var clockShape = regexp.MustCompile(`^([01]?[0-9]|2[0-4]):([0-5][0-9])$`)

func parseClock(s string) (minutes int, ok bool) {
	m := clockShape.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	h, _ := strconv.Atoi(m[1])
	min, _ := strconv.Atoi(m[2])
	return h*60 + min, h*60+min <= 24*60
}

// A Weekday is a day of the week by its first three letters.
type Weekday time.Weekday

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Weekday) UnmarshalText(text []byte) error {
	i := slices.Index(weekdays, strings.ToLower(string(text)))
	if i < 0 {
		return strictyaml.OneOf(append(weekdays[1:], weekdays[0])...)
	}
	*d = Weekday(i)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (d Weekday) MarshalText() ([]byte, error) { return []byte(weekdays[d]), nil }

// JSONSchema describes what UnmarshalText reads.
func (Weekday) JSONSchema() map[string]any { return strictyaml.Enum(weekdays...) }

// Has reports whether people work on that day; with no days named, Monday to Friday.
func (w WorkingHours) Has(day time.Weekday) bool {
	if len(w.Days) == 0 {
		return day != time.Saturday && day != time.Sunday
	}
	return slices.Contains(w.Days, Weekday(day))
}

// Opens is the time of day at which the working day begins; 09:00 where it is not named.
func (w WorkingHours) Opens() Clock {
	if w.From == 0 && w.To == 0 {
		return 9 * 60
	}
	return w.From
}
