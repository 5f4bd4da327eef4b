package plan

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"coalition/invites"
	"coalition/scheduler/holidays"
	"coalition/scheduler/strictyaml"
)

// Each of these types reads itself from the text of a YAML value, and says in a
// [strictyaml.Fault] what is wrong with text that it can't read.

// An ID names a conversation: its file's name without .yaml, in Unicode's composed form.
type ID string

// The length of an id is looked at apart: {0,63} of so many letters takes 2 ms to compile, at every
// start of the program.
var idShape = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]*$`)

// Parse implements [strictyaml.Scalar].
func (id *ID) Parse(text string) error {
	const most = 64
	composed := norm.NFC.String(text)
	if !idShape.MatchString(composed) || utf8.RuneCountInString(composed) > most {
		return &strictyaml.Fault{Text: "is no id", Mend: "use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first"}
	}
	*id = ID(composed)
	return nil
}

// JSONSchema describes what Parse reads: digits need no quotes.
func (ID) JSONSchema() map[string]any { return map[string]any{"type": []string{"string", "integer"}} }

// An Email is one bare mail address, in the form of [invites.ParseEmail].
type Email string

// Parse implements [strictyaml.Scalar].
func (e *Email) Parse(text string) error {
	email, err := invites.ParseEmail(text)
	if err != nil {
		return &strictyaml.Fault{Text: err.Error(), Mend: "write one bare address such as maya@example.org"}
	}
	*e = Email(email)
	return nil
}

// Same ignores case: no server in use tells addresses apart by it.
func (e Email) Same(other Email) bool { return strings.EqualFold(string(e), string(other)) }

// A Zone is the IANA name of a time zone; empty stands for the organizer's.
type Zone string

// Parse implements [strictyaml.Scalar].
func (z *Zone) Parse(text string) error {
	if _, err := invites.Location(text); err != nil {
		return &strictyaml.Fault{Text: err.Error(), Mend: "write a name such as Europe/Berlin"}
	}
	*z = Zone(text)
	return nil
}

// A Language is a BCP 47 tag such as de or pt-BR.
type Language string

var languageShape = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// Parse implements [strictyaml.Scalar].
func (l *Language) Parse(text string) error {
	const most = 35 // RFC 5646, section 4.4.1
	if !languageShape.MatchString(text) || len(text) > most {
		return &strictyaml.Fault{Text: "is no language", Mend: "write its short name, such as en or de"}
	}
	*l = Language(text)
	return nil
}

// A Kind is one of [Kinds].
type Kind string

// Parse implements [strictyaml.Scalar].
func (k *Kind) Parse(text string) error {
	if !slices.Contains(Kinds, text) {
		return strictyaml.OneOf(Kinds...)
	}
	*k = Kind(text)
	return nil
}

// JSONSchema describes what Parse reads.
func (Kind) JSONSchema() map[string]any { return strictyaml.Enum(Kinds...) }

// A Caller is who calls whom on the phone.
type Caller string

// The callers.
const (
	CallerMe      Caller = "me"      // the organizer calls the partner; as good as none
	CallerPartner Caller = "partner" // the partner calls the organizer
)

// Parse implements [strictyaml.Scalar].
func (c *Caller) Parse(text string) error {
	if text != string(CallerMe) && text != string(CallerPartner) {
		return strictyaml.OneOf(string(CallerMe), string(CallerPartner))
	}
	*c = Caller(text)
	return nil
}

// JSONSchema describes what Parse reads.
func (Caller) JSONSchema() map[string]any {
	return strictyaml.Enum(string(CallerMe), string(CallerPartner))
}

// A PhoneNumber is a number as people write it, with its spaces.
type PhoneNumber string

var phoneShape = regexp.MustCompile(`^\+?[0-9][0-9 ()/.-]{2,30}[0-9]$`)

// Parse implements [strictyaml.Scalar].
func (p *PhoneNumber) Parse(text string) error {
	if !phoneShape.MatchString(text) {
		return &strictyaml.Fault{Text: "is no phone number", Mend: `write it with its country, such as "+49 30 1234567"`}
	}
	*p = PhoneNumber(text)
	return nil
}

// JSONSchema describes what Parse reads: digits need no quotes.
func (PhoneNumber) JSONSchema() map[string]any {
	return map[string]any{"type": []string{"string", "integer"}}
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

// Parse implements [strictyaml.Scalar].
func (l *Link) Parse(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || len(text) > 1000 || strings.ContainsAny(text, "\"<> \\") {
		return &strictyaml.Fault{Text: "is no web address", Mend: "write it in full, such as https://meet.example.org/x"}
	}
	*l = Link(u.String())
	return nil
}

// A Duration is how long a talk takes: 5 minutes to 12 hours.
type Duration time.Duration

// Parse implements [strictyaml.Scalar].
func (d *Duration) Parse(text string) error {
	v, err := time.ParseDuration(text)
	if err != nil || v < 5*time.Minute || v > 12*time.Hour || v%time.Minute != 0 {
		return &strictyaml.Fault{Text: "is no length of a talk", Mend: "write 1h, 90m or 1h15m"}
	}
	*d = Duration(v)
	return nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error { return d.Parse(string(text)) }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// Holidays is the code of a country or region whose holidays are known (see [holidays.Region]), or the path of a file
// (see [holidays.IsFile]); empty: none.
type Holidays string

// Parse implements [strictyaml.Scalar]. Whether a file can be read is another matter.
func (h *Holidays) Parse(text string) error {
	switch {
	case strings.Contains(text, "://"):
		return &strictyaml.Fault{Text: "is an address, and holidays are not fetched", Mend: "name a file of this machine"}
	case !holidays.IsFile(text):
		text = strings.ToUpper(text)
		if _, err := holidays.Region(text); err != nil {
			return err
		}
	}
	*h = Holidays(text)
	return nil
}

// A Travel is what is kept free before and after a talk: nothing to 12 hours.
type Travel time.Duration

// Parse implements [strictyaml.Scalar].
func (t *Travel) Parse(text string) error {
	v, err := time.ParseDuration(text)
	if err != nil || v < 0 || v > 12*time.Hour || v%time.Minute != 0 {
		return &strictyaml.Fault{Text: "is no time to travel, from 0m to 12h", Mend: "write 45m, 1h or 0m"}
	}
	*t = Travel(v)
	return nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Travel) UnmarshalText(text []byte) error { return t.Parse(string(text)) }

// MarshalText implements encoding.TextMarshaler.
func (t Travel) MarshalText() ([]byte, error) { return []byte(time.Duration(t).String()), nil }

// A Clock is a time of day, in minutes from midnight: 0 to 1440.
type Clock int

// Parse implements [strictyaml.Scalar].
func (c *Clock) Parse(text string) error {
	m, ok := parseClock(text)
	if !ok {
		return &strictyaml.Fault{Text: "is no time of day", Mend: `write it as "09:00"`}
	}
	*c = Clock(m)
	return nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Clock) UnmarshalText(text []byte) error { return c.Parse(string(text)) }

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

// Parse implements [strictyaml.Scalar].
func (d *Weekday) Parse(text string) error {
	i := slices.Index(weekdays, strings.ToLower(text))
	if i < 0 {
		return strictyaml.OneOf(append(weekdays[1:], weekdays[0])...)
	}
	*d = Weekday(i)
	return nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Weekday) UnmarshalText(text []byte) error { return d.Parse(string(text)) }

// MarshalText implements encoding.TextMarshaler.
func (d Weekday) MarshalText() ([]byte, error) { return []byte(weekdays[d]), nil }

// JSONSchema describes what Parse reads.
func (Weekday) JSONSchema() map[string]any { return strictyaml.Enum(weekdays...) }

// Ref names a conversation as people do: by its id, with the round where that is not the first.
func Ref(id ID, round int) string {
	if round > 1 {
		return fmt.Sprintf("%s/%d", id, round)
	}
	return string(id)
}
