package answers

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"coalition/templates/answers/phrases"
)

// markItems finds the numbers of a list, which are none of times: two or more in a row from 1, each at the beginning
// of a line that goes on behind it.
func (l *letter) markItems() {
	// last is the last of the numbers that may be a list, and n what it says; 0: there is none.
	last, n := 0, 0
	for i := range l.tokens {
		if !l.numbersLine(i) {
			continue
		}
		number := l.number(i)
		switch {
		case n > 0 && number == n+1:
			l.tokens[last].Item, l.tokens[i].Item = true, true
		case number != 1:
			number = 0
		}
		last, n = i, number
	}
}

// numbersLine reports whether token i is a number with which a line begins, as in "1) ".
func (l *letter) numbersLine(i int) bool {
	starts := func(i int) bool { return strings.Contains(l.tokens[i].Gap, "\n") }
	return i > 0 && i+1 < len(l.tokens) && starts(i) && !starts(i+1) &&
		strings.ContainsAny(l.text[l.tokens[i].End:][:1], ".)") && l.number(i) != 0
}

// number returns that of a token in digits; 0 where it is none that a time can have, or part of a clock time, a date
// or a fraction.
func (l *letter) number(i int) int {
	t := l.tokens[i]
	n, err := strconv.Atoi(t.Word)
	if err != nil || len(t.Word) > 2 || n < 1 || l.touches(i) || i+1 < len(l.tokens) && l.touches(i+1) {
		return 0
	}
	return n
}

// touches reports whether there is but a dot or a colon between token i and a digit before it.
func (l *letter) touches(i int) bool {
	t := l.tokens[i]
	if i == 0 || t.Gap != "." && t.Gap != ":" {
		return false
	}
	last := l.tokens[i-1]
	between := l.text[last.End:t.Start]
	return phrases.IsDigit(t.Word[0]) && phrases.IsDigit(last.Word[len(last.Word)-1]) &&
		utf8.RuneCountInString(between) == 1
}

// listed reports whether the number at token i stands by itself, or behind another one as in a list.
func (r *reading) listed(i int) bool {
	gap := r.tokens[i].Gap
	slash := r.now.slash
	r.now.slash = strings.Contains(gap, "/")
	switch {
	case r.now.numbered < 0 || strings.Contains(gap, "\n"):
		return true
	case r.now.numbered != i:
		return r.now.parted
	case strings.ContainsAny(gap, "-:"):
		return false
	case r.now.slash:
		return !slash && gap == "/"
	}
	return strings.ContainsAny(gap, ",;&")
}

// ordinal reports whether the n tokens from i name a time, such as "the first" and "second slot", and are no "first of
// all".
func (r *reading) ordinal(i, n int) bool {
	if i+n < len(r.tokens) && r.tokens[i+n].Gap == "" {
		if p, _ := r.own.Match(r.tokens, i+n); p.Has(phrases.Label) {
			return true
		}
	}
	if i == 0 || r.tokens[i].Gap != "" {
		return false
	}
	p, _ := r.own.Match(r.tokens, i-1)
	return p.Has(phrases.Article | phrases.Or)
}

// numberAt reports whether there is a number at token i.
func (r *reading) numberAt(i int) bool {
	if i >= len(r.tokens) {
		return false
	}
	p, _ := r.own.Match(r.tokens, i)
	return p.Has(phrases.Number|phrases.Ordinal) || r.number(i) != 0
}

// numberAhead reports the same of the next token from i that is no article, filler or label.
func (r *reading) numberAhead(i int) bool {
	for i < len(r.tokens) && !r.numberAt(i) {
		p, n := r.own.Match(r.tokens, i)
		if !p.Has(phrases.Article | phrases.Filler | phrases.Label) {
			return false
		}
		i += n
	}
	return i < len(r.tokens)
}
