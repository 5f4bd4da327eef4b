package answers

import (
	"regexp"
	"strings"

	"coalition/templates/answers/phrases"
)

// questionMarks are those of all scripts, but for the Greek one, which is a semicolon to Unicode.
const questionMarks = "?¿\uff1f\ufe56\u061f\u2047\u2048\u2049\u203d\u2e2e\u055e\u1367"

// sadFace is a sign that takes back a yes.
var sadFace = regexp.MustCompile(`(?:^|\s)[:;=]['-]?[(/\\]+(?:\s|$)`)

// doubtful reports whether there is a question, or a word of doubt in any language, from token i to token end, beside
// such an answer: a no is no less clear by saying why not.
func (l *letter) doubtful(i, end int, answer phrases.Roles) bool {
	doubt := phrases.Doubt
	if answer.Has(phrases.Yes) {
		doubt |= phrases.Negation
	}
	span := l.span(i, end)
	if strings.ContainsAny(span, questionMarks) || answer.Has(phrases.Yes) && sadFace.MatchString(span) {
		return true
	}
	for i = max(i, l.opening); i < end; {
		p, n := l.match(i)
		if p.Has(doubt) && !p.Has(answer) || p.Has(phrases.Stop) && n > 1 {
			return true
		}
		i += max(n, 1)
	}
	return false
}

// differs reports whether what stands from token i to token end may mean something else than the answer.
func (l *letter) differs(i, end int, answer phrases.Roles) bool {
	if l.doubtful(i, end, answer) {
		return true
	}
	other := (phrases.Answer | phrases.Number | phrases.Ordinal | phrases.Time) &^ answer
	if answer == phrases.Yes {
		other |= phrases.Regret | phrases.Reason
	}
	for i < end {
		p, n := l.match(i)
		if p.Has(other) || l.numeric(i) && !l.tokens[i].Item {
			return true
		}
		i += max(n, 1)
	}
	return false
}

// speaks reports whether the tokens from i to end say something about an answer.
func (l *letter) speaks(i, end int) bool {
	for i < end {
		p, n := l.match(i)
		if p.Has(phrases.Answer | phrases.Doubt | phrases.Negation | phrases.Reason | phrases.Or) {
			return true
		}
		i += max(n, 1)
	}
	return false
}
