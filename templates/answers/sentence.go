package answers

import (
	"slices"
	"strings"
	"unicode/utf8"

	"coalition/templates/answers/phrases"
)

// understood is what a letter says up to some token. Tokens are -1 where there is no such one yet.
type understood struct {
	// answers are of phrases.Answer.
	answers phrases.Roles
	// spoken says that there is one in words, and not only by a number.
	spoken  bool
	numbers []int
	// regret and reason say that the writer is sorry, and that they say why not.
	regret, reason bool
	// numbered is the token behind the last number, and labelled the one behind its label.
	numbered, labelled int
	// slash says that one stands before the last number.
	slash bool
	// parted says that more than articles and labels stands behind the last number.
	parted bool
}

// A reading is a letter as it is read in the words of one language.
type reading struct {
	*letter
	own *phrases.Lexicon
	now understood
}

// read says what the letter means in the words of one language; rest is the token behind what is understood of it.
// doubts reports that there is an answer, and something beside it, in whatever language, that makes it doubtful.
func (l *letter) read(own *phrases.Lexicon) (said Meaning, rest int, doubts bool) {
	r := &reading{letter: l, own: own, now: understood{numbered: -1, labelled: -1}}
	rest, end := r.listen()
	said = Meaning{Value: values[r.now.answers], Numbers: r.now.numbers}
	if said.Value == "" || (r.now.regret || r.now.reason) && r.now.answers == phrases.Yes {
		return Meaning{}, 0, false
	}
	for i := rest; i < end; i++ {
		if (i == rest || r.begins(i)) && r.closes(i) {
			end = i
		}
	}
	if r.doubtful(0, rest, r.now.answers) {
		return Meaning{}, rest, true
	}
	said.Length = utf8.RuneCountInString(r.span(0, rest))
	short := true
	for _, p := range append([]part{{rest, end}}, r.afterwards(end)...) {
		if r.differs(p.from, p.to, r.now.answers) {
			return Meaning{}, rest, true
		}
		said.Length += utf8.RuneCountInString(r.span(p.from, p.to))
		lines, ok := r.adds(p.from, p.to)
		said.Adds, short = append(said.Adds, lines...), short && ok
	}
	if !short || len(said.Adds) > mostAdds {
		said.Adds = nil
	}
	return said, rest, false
}

// values are what answers are called in [Meaning]; others contradict each other. "No, not now" is a later.
var values = map[phrases.Roles]string{phrases.Yes: "yes", phrases.No: "no", phrases.Later: "later",
	phrases.No | phrases.Later: "later"}

// listen reads the letter as far as it is clear. The rest begins with token rest, and the letter ends before token
// end; both are the same where it closes there.
func (r *reading) listen() (rest, end int) {
	end = len(r.tokens)
	// What was understood before the sentence that begins with that token holds where it is not understood itself.
	before, sentence := r.now, r.opening
	for i := r.opening; i < end; {
		if i == r.opening || r.begins(i) {
			before, sentence = r.now, i
		}
		if r.now.answers != 0 {
			if r.closes(i) {
				return i, i
			}
			if p, _ := r.own.Match(r.tokens, i); p.Has(phrases.Adds) {
				return i, end
			}
		}
		n := 0
		if before.answers == 0 || !r.tokens[i].Item {
			n = r.hear(i)
		}
		if n == 0 {
			// Without an answer before, that is none.
			r.now = before
			return sentence, end
		}
		i += n
	}
	return end, end
}

// hear takes in the phrase at token i, and returns how many tokens that were: 0 where it can't be understood.
func (r *reading) hear(i int) int {
	p, n := r.own.Match(r.tokens, i)
	if number := r.number(i); number != 0 {
		p, n = phrases.Phrase{Roles: phrases.Number, Number: number}, 1
	} else if r.tokens[i].Word == "+" {
		p, n = phrases.Phrase{Roles: phrases.Or}, 1
	}
	now := &r.now
	const counts = phrases.Article | phrases.Label | phrases.Number | phrases.Ordinal
	if !p.Has(counts) || strings.ContainsAny(r.tokens[i].Gap, ",;&\n") {
		now.parted = true
	}
	switch {
	case p.Has(phrases.Number | phrases.Ordinal):
		if !r.listed(i) || p.Has(phrases.Ordinal) && !r.ordinal(i, n) {
			return 0
		}
		now.answers |= phrases.Yes
		if !slices.Contains(now.numbers, p.Number) {
			now.numbers = append(slices.Clip(now.numbers), p.Number)
		}
		now.numbered, now.labelled, now.parted = i+n, i+n, false
	case p.Has(phrases.Answer):
		now.answers |= p.Roles & phrases.Answer
		now.spoken = true
	case p.Has(phrases.Regret | phrases.Reason):
		now.regret, now.reason = now.regret || p.Has(phrases.Regret), now.reason || p.Has(phrases.Reason)
		// "Sorry, I have no time" is a no by itself.
		if now.regret && now.reason && now.answers == 0 {
			now.answers = phrases.No
		}
	case p.Has(phrases.Label):
		if now.numbered == i {
			now.labelled = i + n
		} else if !r.numberAt(i + n) {
			return 0
		}
	case p.Has(phrases.Or):
		if now.labelled != i || !r.numberAhead(i+n) {
			return 0
		}
	case !p.Has(phrases.Filler | phrases.Article):
		return 0
	}
	return n
}

// begins reports whether a sentence begins with token i. A dot ends none behind a number that may be an ordinal, in a
// language that writes them so: "der 2. Termin", "2. Termin".
func (r *reading) begins(i int) bool {
	gap := r.tokens[i].Gap
	if strings.ContainsAny(gap, "\n!;") {
		return true
	}
	if i == 0 || !strings.Contains(gap, ".") {
		return false
	}
	word := r.tokens[i-1].Word
	if !r.own.Dotted() || !phrases.IsDigit(word[len(word)-1]) || r.tokens[i-1].Item {
		return true
	}
	if i > 1 {
		if p, _ := r.own.Match(r.tokens, i-2); p.Has(phrases.Article) {
			return false
		}
	}
	next, _ := r.own.Match(r.tokens, i)
	return !next.Has(phrases.Label) && r.now.spoken
}
