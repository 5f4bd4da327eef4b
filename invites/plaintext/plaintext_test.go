package plaintext_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"coalition/invites/plaintext"
)

func TestCheck(t *testing.T) {
	for _, test := range []struct{ in, line, text string }{
		{"", "", ""},
		{`Zoë's "plan"; 50 % — €, 家, 🌱, Ω ~`, "", ""},
		{"שלום and سلام", "", ""}, // letters that run from right to left are no controls
		{"family: 👩\u200d👧, \u200bzero width, \u00ad", "", ""},
		{"\ufffd", "", ""}, // the replacement character itself, written by someone
		{"a\nb", "has a line break", ""},
		{"a\tb", "has a tab", ""},
		{"a\r\nb", "has a line break", "has a line break"},
		{"a\rb", "has a line break", "has a line break"},
		{"a\u0085b", "has a line break", "has a line break"},
		{"a\u2028b", "has a line break", "has a line break"},
		{"a\u2029b", "has a line break", "has a line break"},
		{"a\x00b", "has a control character (U+0000)", "has a control character (U+0000)"},
		{"a\x1bb", "has a control character (U+001B)", "has a control character (U+001B)"},
		{"a\x7fb", "has a control character (U+007F)", "has a control character (U+007F)"},
		{"a\u009fb", "has a control character (U+009F)", "has a control character (U+009F)"},
		{"\ufeffa", "has a control character (U+FEFF)", "has a control character (U+FEFF)"},
		{"a\xffb", "is not UTF-8", "is not UTF-8"},
		{"a\xed\xa0\x80b", "is not UTF-8", "is not UTF-8"}, // half of a surrogate pair
		{"a\xc0\x8ab", "is not UTF-8", "is not UTF-8"},     // a line feed in two octets
		{"a\nb\xe2\x80", "has a line break", "is not UTF-8"},
		{"\u00a0" + strings.Repeat("x", 5000) + "\u009f", "has a control character (U+009F)", "has a control character (U+009F)"},
	} {
		for _, f := range []struct {
			name string
			f    func(string) error
			want string
		}{{"CheckLine", plaintext.CheckLine, test.line}, {"CheckText", plaintext.CheckText[string], test.text}} {
			got := ""
			if err := f.f(test.in); err != nil {
				got = err.Error()
			}
			if got != f.want {
				t.Errorf("%s(%.20q): got %q, want %q", f.name, test.in, got, f.want)
			}
		}
	}
	// Every one of them (UAX 9), and not the letters beside them.
	for _, r := range "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" {
		if !plaintext.IsBidi(r) || plaintext.CheckLine(string(r)) == nil || plaintext.CheckText[string](string(r)) == nil {
			t.Errorf("U+%04X passes", r)
		}
	}
	for _, r := range "\u061b\u061d\u200d\u2010\u202f\u2065\u206a" {
		if plaintext.IsBidi(r) || plaintext.CheckLine(string(r)) != nil {
			t.Errorf("U+%04X is refused", r)
		}
	}
}

func TestMadePlain(t *testing.T) {
	for _, test := range []struct{ in, line, text string }{
		{"", "", ""},
		{" two  words ", "two words", " two  words "},
		{"a\r\nb\rc\u2028d\te", "a b c d e", "a\nb\nc\nd\te"},
		{"a\x1b[31mb", "a[31mb", "a[31mb"},
		{"\ufeffdear\u00a0Ana", "dear Ana", "dear Ana"},
		{"50\u202e %\u200b\u00ad", "50 %", "50 %"},
		{"ma\u200dya 👩\u200d👧", "maya 👩\u200d👧", "maya 👩\u200d👧"},
		{"Zo\xeb", "Zo\ufffd", "Zo\ufffd"},
	} {
		if got := plaintext.Line(test.in); got != test.line {
			t.Errorf("Line(%q): got %q, want %q", test.in, got, test.line)
		}
		if got := plaintext.Text(test.in); got != test.text {
			t.Errorf("Text(%q): got %q, want %q", test.in, got, test.text)
		}
	}
}

func FuzzMadePlain(f *testing.F) {
	f.Add("a\r\nb\u2028\xff\u202e\u200d", 3)
	f.Fuzz(func(t *testing.T, s string, most int) {
		line, text := plaintext.Line(s), plaintext.Text(s)
		if err := plaintext.CheckLine(line); err != nil {
			t.Errorf("Line(%q): %q %v", s, line, err)
		}
		if err := plaintext.CheckText(text); err != nil {
			t.Errorf("Text(%q): %q %v", s, text, err)
		}
		if plaintext.Line(line) != line || plaintext.Text(text) != text {
			t.Errorf("%q changes when it is made plain again", s)
		}
		if most = 1 + int(uint(most)%50); utf8.RuneCountInString(plaintext.Clip(line, most)) > most {
			t.Errorf("Clip(%q, %d): %q", line, most, plaintext.Clip(line, most))
		}
	})
}

func ExampleLine() {
	fmt.Println(plaintext.Clip(plaintext.Line("550 no such user\r\n\x1b[2J here"), 22))
	// Output: 550 no such user [2J…
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		in      string
		columns int
		want    string
	}{
		{"", 10, ""},
		{"  one two  three ", 9, "one two|three"},
		{"exactly so", 10, "exactly so"},
		// Each of these takes two columns, and no space is needed to break between them.
		{"会议 什么对我们最重要", 10, "会议 什么|对我们最重|要"},
		{"ab 会议", 4, "ab|会议"},
		// Marks stay with their letter.
		{"e\u0301e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301|e\u0301"},
		{"a Donaudampfschifffahrt b", 10, "a|Donaudampf|schifffahr|t b"},
		{"see https://example.org/a/b?c now", 10, "see|https://example.org/a/b?c|now"},
		{"👩\u200d👧👩\u200d👧", 3, "👩\u200d👧|👩\u200d👧"},
		// Narrower than what is to be written.
		{"会", 1, "会"},
	} {
		if got := strings.Join(plaintext.Wrap(test.in, test.columns), "|"); got != test.want {
			t.Errorf("%q in %d columns: got %q, want %q", test.in, test.columns, got, test.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("one 会议 e\u0301 https://example.org", 9)
	f.Fuzz(func(t *testing.T, s string, columns int) {
		s, columns = plaintext.Text(s), 2+columns&31
		lines := plaintext.Wrap(s, columns)
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := squeeze(strings.Join(lines, "")), squeeze(s); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		for _, l := range lines {
			if !strings.Contains(l, "://") && runewidth.StringWidth(l) > columns {
				t.Errorf("%q has more than %d columns", l, columns)
			}
		}
	})
}
