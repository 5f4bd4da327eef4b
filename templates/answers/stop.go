package answers

import (
	"strings"

	"coalition/templates/answers/phrases"
)

// stop returns the token with which the writer asks for no more mail; -1 where they don't. Such a wish begins a
// sentence, or what follows a comma, behind words that say nothing by themselves; a condition or a question around it
// takes nothing from it. One in a word or two ("Stop.") is one only where nothing else stands in its sentence, and
// where it is the first that is said: below the answer, it is part of somebody's footer.
func (l *letter) stop() int {
	// A sentence begins, and it is the first thing said.
	begins, first := true, true
	// A plea is "could you", which asks for it by a question.
	plea := false
	for i := l.opening; i < len(l.tokens); {
		if i > l.opening && l.closes(i) {
			return -1
		}
		p, n := l.all.Match(l.tokens, i)
		begins = begins || l.tokens[i].Gap != ""
		switch {
		case !begins:
		case p.Has(phrases.Stop) && (n > 2 && !p.Alone || (n > 2 || first) && l.parts(i+n, plea)):
			return i
		case !p.Has(phrases.Filler | phrases.Regret | phrases.Thanks | phrases.No | phrases.Plea):
			begins, first = false, false
		// "no, stop": "no stop" is none.
		case p.Has(phrases.No) && l.number(i+n-1) == 0:
			begins = false
		}
		plea = begins && (plea || p.Has(phrases.Plea))
		i += max(n, 1)
	}
	return -1
}

// parts reports whether a sentence ends before token i, and not in a question unless that is a plea: "Stop?", "stop
// by".
func (l *letter) parts(i int, plea bool) bool {
	for i < len(l.tokens) && l.tokens[i].Gap == "" {
		p, n := l.all.Match(l.tokens, i)
		if !p.Has(phrases.Filler | phrases.Thanks | phrases.Closing) {
			return false
		}
		i += n
	}
	return plea || !strings.ContainsAny(l.between(i, i), questionMarks)
}

// agreesBefore reports whether an answer that is no refusal stands before token end.
func (l *letter) agreesBefore(end int) bool {
	for i, p := range l.all.Scan(l.tokens, l.opening, end) {
		agrees := p.Has(phrases.Yes|phrases.Later|phrases.Number|phrases.Ordinal) && !p.Has(phrases.Filler|phrases.Stop)
		if agrees || l.numeric(i) {
			return true
		}
	}
	return false
}
