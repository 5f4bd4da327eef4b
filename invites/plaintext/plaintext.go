// Package plaintext knows what text is safe to show to people, to keep in a log and to put into a header or a
// calendar: it refuses, or makes safe, what breaks lines, steers a terminal, or can't be seen; and how text breaks into
// lines of a width. It leaves to others what a text means and how it is escaped.
package plaintext

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckLine reports why s is not one line of plain text: line breaks, control characters (RFC 5322 and
// 5545 have no place for them), characters that reorder what is shown, or bytes that are not UTF-8.
// The error reads after the name of what was checked, and never repeats it.
func CheckLine(s string) error { return check(s, false) }

// CheckText does what [CheckLine] does for text of several lines: \n and \t are allowed.
func CheckText[S string | []byte](s S) error { return check(s, true) }

func check[S string | []byte](s S, lines bool) error {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= ' ' && c < 0x7f || lines && (c == '\n' || c == '\t') {
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		switch {
		case r == '\t':
			return errors.New("has a tab")
		case breaksLine(r):
			return errors.New("has a line break")
		case r == utf8.RuneError && size == 1:
			return errors.New("is not UTF-8")
		case isControl(r):
			return fmt.Errorf("has a control character (U+%04X)", r)
		case IsBidi(r):
			return fmt.Errorf("has a character that reorders text on the screen (U+%04X)", r)
		}
		i += size - 1
	}
	return nil
}

// IsBidi reports whether r is a bidirectional control (Unicode UAX 9): invisible, and able to make
// an address or a price read differently from what it is.
func IsBidi(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' ||
		r == '\u200e' || r == '\u200f' || r == '\u061c'
}

func breaksLine(r rune) bool {
	return r == '\r' || r == '\n' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\ufeff' }

// IsASCII reports whether s has nothing but the printable characters of ASCII, of which the space is one.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// Line returns the words of s with one space between them, as [CheckLine] takes it: whoever wrote it. See
// [Text] for what is left out.
func Line(s string) string {
	if IsASCII(s) && !strings.Contains(s, "  ") && strings.Trim(s, " ") == s {
		return s
	}
	return strings.Join(strings.Fields(Text(s)), " ")
}

// Text returns s as [CheckText] takes it, whoever wrote it: with \n for every way to break a line, a space
// for all that look like one, U+FFFD for bytes that are not UTF-8, and without what can't be seen, save
// where a script or a picture is made of it.
func Text(s string) string {
	if IsASCII(s) {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var out strings.Builder
	out.Grow(len(s))
	last := ' '
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		switch {
		case r == '\n' || r == '\t':
		case breaksLine(r):
			r = '\n'
		case isControl(r) || r == '\u00ad' || r == '\u180e' || r == '\u200b' || r == '\u2060' || IsBidi(r):
			continue
		case (r == '\u200c' || r == '\u200d') && last < '\u0600':
			continue
		case r > 0x7f && unicode.Is(unicode.Zs, r):
			r = ' '
		}
		out.WriteRune(r)
		last = r
	}
	return out.String()
}

// MaxLine is how long a line that somebody has written may be kept, in characters.
const MaxLine = 2000

// Clip returns the first characters of s, most of them at most. What was cut off is marked by an ellipsis,
// which counts.
func Clip(s string, most int) string {
	if len(s) <= most || utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimRightFunc(string([]rune(s)[:most-1]), unicode.IsSpace) + "…"
}
