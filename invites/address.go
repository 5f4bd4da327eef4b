package invites

import (
	"errors"
	"net/mail"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"coalition/invites/plaintext"
)

// An Address names a person and the mailbox that belongs to them.
type Address struct {
	// Name is as the person writes it; may be empty.
	Name string
	// Email is as [ParseEmail] returns it.
	Email string
}

// String returns the address as people write it: Maya Chen <maya@example.org>.
func (a Address) String() string {
	if a.Name == "" {
		return a.Email
	}
	return a.Name + " <" + a.Email + ">"
}

// Quoted returns the address as [net/mail.ParseAddress] reads it, whatever the name is. (What net/mail writes for
// itself, it does not read where a name has a backslash beside a letter that is not ASCII.)
func (a Address) Quoted() string {
	bare := (&mail.Address{Address: a.Email}).String()
	if a.Name == "" {
		return bare
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a.Name) + `" ` + bare
}

var hostname = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

var noReply = regexp.MustCompile(`^(?:.*[._+-])?(?:(?:no|not|do[._-]?not|dont|never)[._-]?repl(?:y|ies)|` +
	`(?:keine?|nicht)[._-]?antwort(?:en)?|ne[._-]?pas[._-]?repondre|no[._-]?respond(?:a|er)|nao[._-]?respond(?:a|er)|` +
	`non[._-]?rispondere|mailer-daemon)[0-9]*(?:[._+-].*)?@|@(?:.*\.)?(?:no|do[._-]?not)-?reply\.`)

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
	// The last label is never a number (RFC 1123, section 2.1): 10.0.0.1 is no domain.
	top := ascii[strings.LastIndexByte(ascii, '.')+1:]
	if err != nil || !hostname.MatchString(ascii) || strings.Trim(top, "0123456789") == "" {
		return "", errors.New("has no valid domain behind the @")
	}
	email := local + "@" + ascii
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email || strings.ContainsAny(local, "\" ()") {
		return "", errors.New("has a character before the @ that mail does not allow there")
	}
	// A-labels are longer than what they stand for.
	if len(email) > 254 {
		return "", errTooLong
	}
	return email, nil
}
