package answers

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"coalition/templates/answers/phrases"
)

// A letter is a reply as it is cut up for reading, in whatever language.
type letter struct {
	text   string
	tokens []phrases.Token
	// all is the words of all languages, and main those of the one that the letter is in.
	all, main *phrases.Lexicon
	// names are the words of what the writer is called.
	names []string
	// opening is the token behind the opening.
	opening int
}

// A part is the tokens of a letter, or the bytes of its text, from one up to another.
type part struct{ from, to int }

// span returns what stands in the text from token i to token end, and what parts the first from the one before it.
func (l *letter) span(i, end int) string {
	if i >= end {
		return ""
	}
	return l.between(i, end)
}

// between returns what stands in the text between the end of the token before i and the beginning of token end.
func (l *letter) between(i, end int) string {
	from, to := 0, len(l.text)
	if i > 0 {
		from = l.tokens[i-1].End
	}
	if end < len(l.tokens) {
		to = l.tokens[end].Start
	}
	return l.text[from:to]
}

// next returns the next token behind token i with that in its gap: that of the next line, or paragraph.
func (l *letter) next(i int, gap string) int {
	for i++; i < len(l.tokens) && !strings.Contains(l.tokens[i].Gap, gap); i++ {
	}
	return i
}

// holds reports whether a token from i to end is a phrase by itself that has one of those roles.
func (l *letter) holds(i, end int, role phrases.Roles) bool {
	return slices.ContainsFunc(l.tokens[i:end], func(t phrases.Token) bool { return l.all.Word(t.Word).Has(role) })
}

// match returns the longest phrase of any language that begins with token i, and how many tokens it has: what the
// language of the letter knows has no other meaning.
func (l *letter) match(i int) (phrases.Phrase, int) {
	p, n := l.all.Match(l.tokens, i)
	if known, m := l.main.Match(l.tokens, i); m > 0 && m >= n {
		return known, m
	}
	return p, n
}

// knows reports whether all words from token i to end are among those of answers in the language of the letter.
func (l *letter) knows(i, end int) bool {
	for i < end {
		p, n := l.main.Match(l.tokens, i)
		if p.Roles&^phrases.Common == 0 && !l.numeric(i) {
			return false
		}
		i += max(n, 1)
	}
	return true
}

// unknown reports whether token i is a word that no language knows, such as a name.
func (l *letter) unknown(i int) bool {
	_, n := l.all.Match(l.tokens, i)
	return n == 0 && phrases.LetterAt(l.tokens[i].Word, 0) && !l.numeric(i)
}

// numeric reports whether there is a number in token i.
func (l *letter) numeric(i int) bool { return strings.ContainsFunc(l.tokens[i].Word, unicode.IsNumber) }

// capital reports whether token i begins with a capital letter, as a name does.
func (l *letter) capital(i int) bool {
	first, _ := utf8.DecodeRuneInString(l.text[l.tokens[i].Start:])
	return unicode.IsUpper(first)
}

// skipOpening returns the first token behind the opening: a greeting with or without a name, or a name and a comma on
// a line of their own.
func (l *letter) skipOpening() int {
	if len(l.tokens) == 0 {
		return 0
	}
	p, greeting := l.all.Match(l.tokens, 0)
	if !p.Has(phrases.Greeting) {
		greeting = 0
	}
	end := l.skipName(greeting)
	gap := "\n"
	if end < len(l.tokens) {
		gap = l.tokens[end].Gap
	}
	switch {
	case end > 0 && strings.Contains(gap, ",") && strings.Contains(gap, "\n"):
		return end
	case greeting == 0 || p.Has(phrases.Doubt):
		return 0
	case gap != "":
		return end
	}
	return greeting
}

// skipCourtesy returns the first token behind a question of courtesy, which begins with token i, and takes that for no
// question; i where there is none.
func (l *letter) skipCourtesy(i int) int {
	if i == len(l.tokens) {
		return i
	}
	p, n := l.all.Match(l.tokens, i)
	if !p.Has(phrases.Courtesy) {
		return i
	}
	from := l.tokens[i+n-1].End
	behind := l.between(i+n, i+n)
	if strings.TrimSpace(behind) != "?" {
		return i
	}
	mark := from + strings.IndexByte(behind, '?')
	l.text = l.text[:mark] + "." + l.text[mark+1:]
	if i+n < len(l.tokens) {
		l.tokens[i+n].Gap = strings.Replace(l.tokens[i+n].Gap, "?", ".", 1)
	}
	return i + n
}

// skipName returns the first token behind the name in an opening; greeting is the one behind the greeting, 0 where
// there is none.
func (l *letter) skipName(greeting int) int {
	titled := greeting
	for greeting > 0 && titled < len(l.tokens) {
		p, n := l.all.Match(l.tokens, titled)
		if !p.Has(phrases.Title) {
			break
		}
		titled += n
	}
	end := titled
	for end < len(l.tokens) && end < titled+3 && l.unknown(end) {
		gap := l.tokens[end].Gap
		begins := end == titled && (gap == "." || greeting > 0 && gap == "," && l.capital(end))
		if gap != "" && end > 0 && !begins {
			break
		}
		end++
	}
	return end
}
