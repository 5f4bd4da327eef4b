package answers

import (
	"unicode/utf8"

	"coalition/templates/answers/moment"
	"coalition/templates/answers/phrases"
)

// longestOwn is how many characters a letter has at most of which a moment is read: a longer one wants to be read.
const longestOwn = 400

// own returns the one moment that the letter names in place of those offered; zero where that is not beyond doubt. Of
// a sentence that names something of it every word is known; the others may say anything but another day, time or
// number.
func (l *letter) own(v *phrases.Vocabulary) moment.Moment {
	r := moment.NewReader(l.tokens, v)
	end := len(l.tokens)
	for i := l.opening; i < end; {
		next := l.sentence(i)
		if r.Any() && l.closes(i) {
			end = i
			break
		}
		if !l.plain(r, v, i, min(next, end)) {
			return moment.Moment{}
		}
		i = next
	}
	for _, p := range l.afterwards(end) {
		if !l.plain(r, v, p.from, p.to) {
			return moment.Moment{}
		}
	}
	m, ok := r.Moment()
	if !ok || utf8.RuneCountInString(l.span(l.opening, end)) > longestOwn {
		return moment.Moment{}
	}
	return m
}

// sentence returns the token with which the next sentence begins. A dot behind a number or a single letter ends none:
// "4.3. um 15 Uhr", "3 p.m. on Thursday".
func (l *letter) sentence(i int) int {
	for i++; i < len(l.tokens); i++ {
		before := l.tokens[i-1]
		for _, sign := range l.tokens[i].Gap {
			switch sign {
			case '\n', '!', '?', ';':
				return i
			case '.':
				if !l.numeric(i-1) && before.End-before.Start > 1 {
					return i
				}
			}
		}
	}
	return i
}

// plain takes what of a moment stands from token i to end into r, and reports whether it can mean nothing else.
func (l *letter) plain(r *moment.Reader, v *phrases.Vocabulary, i, end int) bool {
	const beside = phrases.Yes | phrases.Filler | phrases.Article | phrases.Label | phrases.Regret | phrases.Thanks |
		phrases.Greeting
	named, known := false, true
	for i < end {
		if n := r.Take(i); n > 0 {
			named = true
			i += n
			continue
		}
		if l.numeric(i) && !l.tokens[i].Item {
			return false
		}
		p, n := v.Own.Match(l.tokens, i)
		fits := p.Has(beside)
		if rather, longer := v.Times.Match(l.tokens, i); longer >= n && longer > 0 {
			fits = fits && longer == n && rather.Roles == phrases.Number || rather.Has(phrases.At|phrases.On|phrases.Rather)
			n = longer
		}
		known = known && fits
		i += max(n, 1)
	}
	return known || !named
}
