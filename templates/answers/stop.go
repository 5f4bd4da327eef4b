package answers

import (
	"strings"
	"unicode"
)

// alone is the number of a phrase in "answer stop" that counts only where its sentence ends with it.
const alone = 1

// stop is the token with which the writer asks for no more mail; -1 where they don't. Such a wish begins
// a sentence, or what follows a comma, behind words that say nothing by themselves; a condition or a
// question around it takes nothing from it. One in a word or two ("Stop.") is one only where nothing
// else stands in its sentence, and where it is the first that is said: below the answer, it is part of
// somebody's footer.
func (r *letter) stop() int {
	begins, first := true, true // a sentence, and all that is said
	plea := false               // "could you", which asks for it by a question
	for i := r.opening; i < len(r.tokens); {
		if i > r.opening && r.closing(i) {
			return -1
		}
		p, n := r.all.match(r.tokens, i)
		begins = begins || r.tokens[i].gap != ""
		switch {
		case !begins:
		case p.means&sayStop != 0 && (n > 2 && p.number != alone || (n > 2 || first) && r.parts(i+n, plea)):
			return i
		case p.means&(sayFiller|sayRegret|sayThanks|sayNo|sayPlea) == 0:
			begins, first = false, false
		case p.means&sayNo != 0 && r.number(i+n-1) == 0: // "no, stop": "no stop" is none
			begins = false
		}
		plea = begins && (plea || p.means&sayPlea != 0)
		i += max(n, 1)
	}
	return -1
}

// parts reports whether a sentence ends before token i, and not in a question unless that is a plea: "Stop?",
// "stop by".
func (r *letter) parts(i int, plea bool) bool {
	for i < len(r.tokens) && r.tokens[i].gap == "" {
		p, n := r.all.match(r.tokens, i)
		if p.means&(sayFiller|sayThanks|sayClosing) == 0 {
			return false
		}
		i += n
	}
	end := len(r.text)
	if i < len(r.tokens) {
		end = r.tokens[i].start
	}
	from := 0
	if i > 0 {
		from = r.tokens[i-1].end
	}
	return plea || !strings.ContainsAny(r.text[from:end], questionMarks)
}

// agreesBefore reports whether an answer that is no refusal stands before token i.
func (r *letter) agreesBefore(i int) bool {
	for k := r.opening; k < i; {
		p, n := r.all.match(r.tokens, k)
		if p.means&(sayYes|sayLater|sayNumber|sayOrdinal) != 0 && p.means&(sayFiller|sayStop) == 0 || strings.ContainsFunc(r.tokens[k].word, unicode.IsNumber) {
			return true
		}
		k += max(n, 1)
	}
	return false
}
