package templates

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Said is what a plain reply to the brief says.
type Said struct {
	Value   string // "yes", "no" or "later"; "" where that is not beyond doubt
	Numbers []int  // of the times named with a yes, in the order of the text, from 1 to 99; may be empty

	// Stop says that the writer asks for no more mail at all; Value is "no" then.
	Stop bool

	// Adds is what the writer wrote besides, line by line, when Value is not "". It is nil where that is
	// no list of points any more: over five lines, or a line over 200 characters.
	Adds []string
}

// Understand reads the first words of a plain reply: text is what its writer wrote themself. The words
// of lang are looked for first, then those of all other languages; they stand in answers.tmpl. Where
// anything is not beyond doubt (a condition, a question, a word that is not known) the Value is "".
//
// Every word of the first sentence has to be known in one language; commas and dashes do not end it,
// since what follows may take back what stands before. What follows a clear first sentence may say
// anything but a condition, a question, another answer, a time or a number. After a closing only
// conditions, questions and other answers count.
func (s *Set) Understand(lang, text string) Said {
	a := s.listener()
	if a == nil {
		return Said{}
	}
	r := &reader{text: strings.ReplaceAll(text, "\r\n", "\n"), all: &a.all}
	r.tokens = tokenize(r.text, r.all)
	r.markItems()
	r.opening = r.open()
	if i := r.stop(); i >= 0 && !r.agreesBefore(i) {
		return Said{Value: "no", Stop: true}
	}
	if strings.ContainsAny(text, questionMarks) || r.doubtful() {
		return Said{}
	}
	var said Said
	for _, own := range a.order(lang) {
		switch got := r.read(own); {
		case got.Value == "":
		case said.Value == "":
			said = got
		case got.Value != said.Value || !slices.Equal(got.Numbers, said.Numbers):
			return Said{}
		}
	}
	return said
}

// questionMarks are those of all scripts, but for the Greek one, which is a semicolon to Unicode.
const questionMarks = "?¿\uff1f\ufe56\u061f\u2047\u2048\u2049\u203d\u2e2e\u055e\u1367"

// meaning is what a phrase can mean, as a set.
type meaning uint32

const (
	sayYes meaning = 1 << iota
	sayNo
	sayLater
	sayDoubt
	sayRegret
	sayFiller
	sayOr
	sayArticle
	sayLabel
	sayNumber
	sayOrdinal
	sayTime
	sayGreeting
	sayTitle
	sayClosing
	sayThanks
	sayAdds
	sayStop
	sayPlea
)

const sayAnswer = sayYes | sayNo | sayLater

// values are the answers by what they are called in [Said].
var values = map[meaning]string{sayYes: "yes", sayNo: "no", sayLater: "later"}

// answerLists are the lists of answers.tmpl.
var answerLists = []struct {
	name  string
	means meaning
}{
	{"yes", sayYes},
	{"no", sayNo},
	{"later", sayLater},
	{"doubt", sayDoubt},
	{"regret", sayRegret},
	{"filler", sayFiller},
	{"or", sayOr},
	{"article", sayArticle},
	{"label", sayLabel},
	{"number", sayNumber},
	{"ordinal", sayOrdinal},
	{"time", sayTime},
	{"greeting", sayGreeting},
	{"title", sayTitle},
	{"closing", sayClosing},
	{"thanks", sayThanks},
	{"adds", sayAdds},
	{"stop", sayStop},
	{"plea", sayPlea},
}

// A phrase is what one or several words in a row mean.
type phrase struct {
	means  meaning
	number int // of a sayNumber or sayOrdinal
}

// A lexicon is the phrases of one language, or of all. Its keys are words as tokens have them, with one
// space between two.
type lexicon struct {
	phrases  map[string]phrase
	longest  int      // in words
	weekdays []string // whatever begins with one of these is a time, too: "Fridays", "Freitagabend"
}

// add gives a phrase a further meaning.
func (x *lexicon) add(words string, p phrase) {
	if x.phrases == nil {
		x.phrases = make(map[string]phrase)
	}
	p.means |= x.phrases[words].means
	x.phrases[words] = p
	x.longest = max(x.longest, 1+strings.Count(words, " "))
}

// match is the longest phrase that begins with token i, and its length; 0 where there is none.
func (x *lexicon) match(tokens []token, i int) (p phrase, n int) {
	words := ""
	for k := i; k < len(tokens) && k-i < x.longest; k++ {
		if k == i {
			words = tokens[k].word
		} else if tokens[k].gap == "" {
			words += " " + tokens[k].word
		} else {
			break
		}
		if found, ok := x.phrases[words]; ok {
			p, n = found, k-i+1
		}
	}
	if n == 0 && slices.ContainsFunc(x.weekdays, func(day string) bool { return strings.HasPrefix(tokens[i].word, day) }) {
		return phrase{means: sayTime}, 1
	}
	return p, n
}

// lexicon is what stands in answers.tmpl of a language; nil where there is none. It is not read with the
// other words, since most programs that write messages understand none.
func (l *language) lexicon() (*lexicon, error) {
	file := path.Join(l.name, "answers.tmpl")
	if l.text.Lookup(file) == nil {
		return nil, nil
	}
	x := new(lexicon)
	for _, list := range answerLists {
		name := "answer " + list.name
		if l.text.Lookup(name) == nil {
			if list.means&(sayStop|sayPlea) != 0 {
				continue // somebody's own words may be older than these
			}
			return nil, fmt.Errorf("template: %s:1:1: there is no %q", file, name)
		}
		fault := func(format string, args ...any) error {
			tree := l.text.Lookup(name).Tree
			place, _ := tree.ErrorContext(tree.Root)
			return fmt.Errorf("template: %s: %q: %s", place, name, fmt.Sprintf(format, args...))
		}
		entries, err := l.list(name)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if entry == "" {
				continue // an empty list, or a comma at its end
			}
			p := phrase{means: list.means}
			if list.means&(sayNumber|sayOrdinal) != 0 {
				word, number, _ := strings.Cut(entry, "=")
				if p.number, err = strconv.Atoi(strings.TrimSpace(number)); err != nil || p.number < 1 || p.number > 99 {
					return nil, fault("%q does not say which number from 1 to 99 it is, as in \"one=1\"", entry)
				}
				entry = word
			}
			words := key(entry)
			const clear = sayAnswer | sayDoubt | sayFiller
			if was := x.phrases[words].means; list.means&clear != 0 && was&clear&^list.means != 0 {
				return nil, fault("%q has another meaning already", entry)
			}
			x.add(words, p)
		}
	}
	for _, day := range l.weekdays {
		if day = key(day); utf8.RuneCountInString(day) > 4 {
			x.weekdays = append(x.weekdays, day)
		}
	}
	for _, name := range slices.Concat(l.weekdays, l.months) {
		x.add(key(name), phrase{means: sayTime})
	}
	return x, nil
}

// key is a phrase as a lexicon has it.
func key(entry string) string {
	var words []string
	for _, t := range tokenize(entry, nil) {
		words = append(words, t.word)
	}
	return strings.Join(words, " ")
}

// A listener knows the answers in all languages.
type listener struct {
	all   lexicon
	names []string // of the languages, in alphabetical order
	by    map[string]*lexicon
}

// listener is nil where the words of a language can't be read: a condition in that language would go
// unnoticed.
func (s *Set) listener() *listener {
	s.listen.Do(func() {
		a := &listener{by: make(map[string]*lexicon)}
		for _, lang := range s.languages {
			l, err := s.language(lang)
			if err != nil {
				return
			}
			x, err := l.lexicon()
			if err != nil {
				return
			}
			if x == nil {
				continue
			}
			a.names = append(a.names, lang)
			a.by[lang] = x
			for words, p := range x.phrases {
				a.all.add(words, p)
			}
			a.all.weekdays = append(a.all.weekdays, x.weekdays...)
		}
		s.listens = a
	})
	return s.listens
}

// order is all languages, with lang in front.
func (a *listener) order(lang string) []*lexicon {
	var list []*lexicon
	if first := a.by[lang]; first != nil {
		list = append(list, first)
	}
	for _, name := range a.names {
		if name != lang {
			list = append(list, a.by[name])
		}
	}
	return list
}

// A token is a word, a number, or a sign that is neither a word nor punctuation.
type token struct {
	word       string // in one form for all ways to write it; of ASCII digits only where it is a number
	start, end int    // in the text
	gap        string // the punctuation and line breaks before it, in ASCII where that is possible
	item       bool   // it numbers a line of a list
}

// tokenize is linear in the length of text. A number that is written together with its label is a
// token of its own.
func tokenize(text string, all *lexicon) []token {
	var list []token
	var gap []byte
	fold := cases.Fold()
	take := func(start, end int, word string) {
		if word == "" {
			return
		}
		t := token{word: word, start: start, end: end, gap: string(gap)}
		gap = gap[:0]
		if label := strings.TrimRight(word, "0123456789"); all != nil && label != word && all.phrases[label].means&sayLabel != 0 {
			list = append(list, token{word: label, start: start, end: start, gap: t.gap})
			t.word, t.gap = word[len(label):], ""
		}
		list = append(list, t)
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		next := i + size
		switch {
		case inWord(r):
			for next < len(text) {
				r, size := utf8.DecodeRuneInString(text[next:])
				if !inWord(r) && !unicode.In(r, unicode.M, unicode.Cf) && (!isApostrophe(r) || !letterAt(text, next+size)) {
					break
				}
				next += size
			}
			take(i, next, plain(text[i:next], fold))
		case r == '…' || strings.HasPrefix(text[i:], ".."):
			for next < len(text) && text[next] == '.' {
				next++
			}
			take(i, next, "…")
		case r == '\r' || r == '\n' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			gap = append(gap, '\n')
		case unicode.IsSpace(r) || unicode.In(r, unicode.M, unicode.C, unicode.Sk) && r != utf8.RuneError:
		case unicode.Is(unicode.Pd, r) || r == '−':
			if i == 0 || !letterAt(text, next) || !letterBefore(text, i) {
				gap = append(gap, '-')
			}
		case r == '#' && next < len(text) && '0' <= text[next] && text[next] <= '9' || r >= 0x25a0 && r <= 0x25ff:
			gap = append(gap, '#')
		case unicode.IsPunct(r) && !strings.ContainsRune("#%@\\§†‡", r):
			if r == '、' || r == '。' {
				r = map[rune]rune{'、': ',', '。': '.'}[r]
			}
			gap = norm.NFKC.AppendString(gap, string(r))
		default:
			take(i, next, string(r))
		}
		i = next
	}
	return list
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

func isApostrophe(r rune) bool { return strings.ContainsRune("'’‘`´′ʼ", r) }

func letterAt(text string, i int) bool {
	r, _ := utf8.DecodeRuneInString(text[i:])
	return unicode.IsLetter(r)
}

func letterBefore(text string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return unicode.IsLetter(r) || unicode.IsMark(r)
}

// plain is a word in the one form for all ways to write it.
func plain(word string, fold cases.Caser) string {
	bare := func(r rune) rune {
		if isApostrophe(r) || unicode.In(r, unicode.Cf, unicode.Me, unicode.Variation_Selector) {
			return -1
		}
		return r
	}
	return strings.Map(bare, fold.String(norm.NFKC.String(strings.Map(bare, word))))
}

// number is that of a token in digits; 0 where it is none that a time can have, or part of a clock
// time, a date or a fraction.
func (r *reader) number(i int) int {
	t := r.tokens[i]
	n, err := strconv.Atoi(t.word)
	if err != nil || len(t.word) > 2 || n < 1 || r.touches(i) || i+1 < len(r.tokens) && r.touches(i+1) {
		return 0
	}
	return n
}

// touches reports whether there is but a dot or a colon between token i and a digit before it.
func (r *reader) touches(i int) bool {
	if i == 0 || r.tokens[i].gap != "." && r.tokens[i].gap != ":" {
		return false
	}
	last, t := r.tokens[i-1], r.tokens[i]
	return isDigit(t.word[0]) && isDigit(last.word[len(last.word)-1]) && utf8.RuneCountInString(r.text[last.end:t.start]) == 1
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// A reader reads one text in any language.
type reader struct {
	text    string
	tokens  []token
	all     *lexicon
	opening int // the token behind the opening
}

// unknown reports whether token i is a word that no language knows, such as a name.
func (r *reader) unknown(i int) bool {
	if _, n := r.all.match(r.tokens, i); n > 0 {
		return false
	}
	return letterAt(r.tokens[i].word, 0) && !strings.ContainsFunc(r.tokens[i].word, unicode.IsNumber)
}

// markItems finds the numbers of a list, which are none of times: two or more in a row from 1, each at
// the beginning of a line that goes on behind it.
func (r *reader) markItems() {
	var list []int
	end := func() {
		if len(list) > 1 {
			for _, i := range list {
				r.tokens[i].item = true
			}
		}
		list = nil
	}
	for i, t := range r.tokens {
		if i == 0 || i+1 == len(r.tokens) || !strings.Contains(t.gap, "\n") || strings.Contains(r.tokens[i+1].gap, "\n") ||
			!strings.ContainsAny(r.text[t.end:t.end+1], ".)") || r.number(i) == 0 {
			continue
		}
		if r.number(i) != len(list)+1 {
			end()
		}
		if r.number(i) == len(list)+1 {
			list = append(list, i)
		}
	}
	end()
}

// open is the first token behind the opening of a letter: a greeting with or without a name, or a name
// and a comma on a line of their own.
func (r *reader) open() int {
	if len(r.tokens) == 0 {
		return 0
	}
	p, i := r.all.match(r.tokens, 0)
	greeting := p.means&sayGreeting != 0
	if !greeting {
		i = 0
	}
	titled := i
	for greeting && titled < len(r.tokens) {
		p, n := r.all.match(r.tokens, titled)
		if p.means&sayTitle == 0 {
			break
		}
		titled += n
	}
	end := titled
	for end < len(r.tokens) && end < titled+3 && r.unknown(end) && (r.tokens[end].gap == "" || end == 0 || end == titled && r.tokens[end].gap == ".") {
		end++
	}
	gap := "\n"
	if end < len(r.tokens) {
		gap = r.tokens[end].gap
	}
	switch line := strings.Contains(gap, ",") && strings.Contains(gap, "\n"); {
	case line && end > 0:
		return end
	case greeting && p.means&sayDoubt == 0 && gap != "":
		return end
	case greeting && p.means&sayDoubt == 0:
		return i
	}
	return 0
}

// doubtful reports whether there is a word of doubt in any language.
func (r *reader) doubtful() bool {
	for i := r.opening; i < len(r.tokens); {
		p, n := r.all.match(r.tokens, i)
		if p.means&sayDoubt != 0 || p.means&sayStop != 0 && n > 1 {
			return true
		}
		i += max(n, 1)
	}
	return false
}

// closing reports whether the letter is over with token i.
func (r *reader) closing(i int) bool {
	if r.tokens[i].gap == "" && i > 0 {
		return false
	}
	p, n := r.all.match(r.tokens, i)
	names := func(i int) (end int) {
		for end = i; end < len(r.tokens) && (end == i || !strings.Contains(r.tokens[end].gap, "\n")); end++ {
			if end > i+3 || !r.unknown(end) {
				return -1
			}
		}
		return end
	}
	next := i + n
	over := next == len(r.tokens) || strings.Contains(r.tokens[next].gap, "\n")
	switch {
	case p.means&sayClosing != 0:
		return over || names(next) > 0
	case p.means&sayThanks == 0:
		return false
	case p.means&sayFiller == 0 && (over || strings.Contains(r.tokens[next].gap, ",")):
		return over || names(next) > 0
	}
	return over && next < len(r.tokens) && strings.Contains(r.tokens[next].gap, ",") && names(next) > 0
}

// isName reports whether the last line, which begins with token i, is one to three words with a capital
// letter each, below an empty line or thanks.
func (r *reader) isName(i int) bool {
	if i+3 < len(r.tokens) {
		return false
	}
	for _, t := range r.tokens[i:] {
		if first, _ := utf8.DecodeRuneInString(r.text[t.start:]); !unicode.IsUpper(first) {
			return false
		}
	}
	if strings.Contains(r.tokens[i].gap, "\n\n") {
		return true
	}
	for k := i - 1; k >= 0 && k >= i-r.all.longest; k-- {
		if p, n := r.all.match(r.tokens, k); p.means&sayThanks != 0 && k+n == i && (k == 0 || r.tokens[k].gap != "") {
			return true
		}
	}
	return false
}

// A heard is what the reader has understood up to some token.
type heard struct {
	answers  meaning // of sayAnswer
	spoken   bool    // in words, and not only by a number
	numbers  []int
	regret   bool
	numbered int  // the token behind the last number
	labelled int  // the token behind the last number and its label
	slash    bool // before the last number
	parted   bool // more than articles and labels stands behind it
}

// read understands the text in the words of one language.
func (r *reader) read(own *lexicon) Said {
	now := heard{numbered: -1, labelled: -1}
	before, sentence := now, r.opening // before the sentence that begins there
	rest, end := len(r.tokens), len(r.tokens)
	for i := r.opening; i < len(r.tokens); {
		if i == r.opening || r.breaks(i, own, &now) {
			before, sentence = now, i
		}
		if now.answers != 0 && r.closing(i) {
			rest, end = i, i
			break
		}
		p, n := own.match(r.tokens, i)
		if now.answers != 0 && p.means&sayAdds != 0 {
			rest = i
			break
		}
		if before.answers != 0 && r.tokens[i].item {
			n = 0
		} else {
			n = r.hear(own, i, p, n, &now)
		}
		if n == 0 {
			if before.answers == 0 {
				return Said{}
			}
			now, rest = before, sentence
			break
		}
		i += n
	}
	said := Said{Value: values[now.answers], Numbers: now.numbers}
	if said.Value == "" || now.regret && now.answers == sayYes {
		return Said{}
	}
	for i := rest; i < len(r.tokens); {
		if i < end && r.breaks(i, own, &now) && r.closing(i) {
			end = i
		}
		p, n := r.all.match(r.tokens, i)
		bad := sayAnswer | sayNumber | sayOrdinal | sayTime | sayRegret
		if i >= end {
			bad = sayNo | sayLater
		} else if strings.ContainsFunc(r.tokens[i].word, unicode.IsNumber) && !r.tokens[i].item {
			return Said{}
		}
		if p.means&bad&^now.answers != 0 {
			return Said{}
		}
		i += max(n, 1)
	}
	said.Adds = r.adds(own, rest, end)
	return said
}

// hear takes in the phrase p of n tokens at token i, and returns how many tokens that were: 0 where it
// can't be understood.
func (r *reader) hear(own *lexicon, i int, p phrase, n int, h *heard) int {
	if number := r.number(i); number != 0 {
		p, n = phrase{means: sayNumber, number: number}, 1
	}
	if r.tokens[i].word == "+" {
		p, n = phrase{means: sayOr}, 1
	}
	if p.means&(sayArticle|sayLabel|sayNumber|sayOrdinal) == 0 || strings.ContainsAny(r.tokens[i].gap, ",;&\n") {
		h.parted = true
	}
	switch {
	case n == 0:
		return 0
	case p.means&(sayNumber|sayOrdinal) != 0:
		if !r.listed(i, h) || p.means&sayOrdinal != 0 && !r.ordinal(own, i, n) {
			return 0
		}
		h.answers |= sayYes
		if !slices.Contains(h.numbers, p.number) {
			h.numbers = append(slices.Clip(h.numbers), p.number)
		}
		h.numbered, h.labelled, h.parted = i+n, i+n, false
	case p.means&sayAnswer != 0:
		h.answers |= p.means & sayAnswer
		h.spoken = true
	case p.means&sayRegret != 0:
		h.regret = true
	case p.means&sayLabel != 0:
		switch {
		case h.numbered == i:
			h.labelled = i + n
		case !r.numberAt(own, i+n):
			return 0
		}
	case p.means&sayOr != 0:
		if h.labelled != i || !r.numberAhead(own, i+n) {
			return 0
		}
	case p.means&(sayFiller|sayArticle) == 0:
		return 0
	}
	return n
}

// breaks reports whether a sentence begins with token i. A dot ends none behind a number that may be an
// ordinal: "der 2. Termin", "2. Termin".
func (r *reader) breaks(i int, own *lexicon, h *heard) bool {
	gap := r.tokens[i].gap
	if strings.ContainsAny(gap, "\n!;") {
		return true
	}
	if i == 0 || !strings.Contains(gap, ".") {
		return false
	}
	if word := r.tokens[i-1].word; !isDigit(word[len(word)-1]) || r.tokens[i-1].item {
		return true
	}
	if i > 1 {
		if p, _ := own.match(r.tokens, i-2); p.means&sayArticle != 0 {
			return false
		}
	}
	next, _ := own.match(r.tokens, i)
	return next.means&sayLabel == 0 && h.spoken
}

// listed reports whether the number at token i stands by itself, or behind another one as in a list.
func (r *reader) listed(i int, h *heard) bool {
	gap := r.tokens[i].gap
	slash := strings.Contains(gap, "/")
	defer func() { h.slash = slash }()
	switch {
	case h.numbered < 0 || strings.Contains(gap, "\n"):
		return true
	case h.numbered != i:
		return h.parted
	case strings.ContainsAny(gap, "-:"):
		return false
	case slash:
		return !h.slash && gap == "/"
	}
	return strings.ContainsAny(gap, ",;&")
}

// ordinal reports whether the n tokens from i name a time, such as "the first" and "second slot", and
// are no "first of all".
func (r *reader) ordinal(own *lexicon, i, n int) bool {
	if i+n < len(r.tokens) && r.tokens[i+n].gap == "" {
		if p, _ := own.match(r.tokens, i+n); p.means&sayLabel != 0 {
			return true
		}
	}
	if i == 0 || r.tokens[i].gap != "" {
		return false
	}
	p, _ := own.match(r.tokens, i-1)
	return p.means&sayArticle != 0 || p.means&sayOr != 0
}

// numberAt reports whether there is a number at token i.
func (r *reader) numberAt(own *lexicon, i int) bool {
	if i >= len(r.tokens) {
		return false
	}
	p, _ := own.match(r.tokens, i)
	return p.means&(sayNumber|sayOrdinal) != 0 || r.number(i) != 0
}

// numberAhead reports the same of the next token that is no article, filler or label.
func (r *reader) numberAhead(own *lexicon, i int) bool {
	for i < len(r.tokens) && !r.numberAt(own, i) {
		p, n := own.match(r.tokens, i)
		if p.means&(sayArticle|sayFiller|sayLabel) == 0 {
			return false
		}
		i += n
	}
	return i < len(r.tokens)
}

// adds is what stands between the tokens rest and end, line by line: without what every reply says,
// without the marks of lists, and without a name below an empty line.
func (r *reader) adds(own *lexicon, rest, end int) []string {
	if end == len(r.tokens) && end > 0 {
		name := end - 1
		for name > 0 && !strings.Contains(r.tokens[name].gap, "\n") {
			name--
		}
		if name >= rest && r.isName(name) {
			end = name
		}
	}
	var spans [][2]int // of the text, one for each line
	for i := rest; i < end; {
		if r.tokens[i].item {
			i++
			continue
		}
		next := i + 1
		for next < end && !strings.ContainsAny(r.tokens[next].gap, "\n.!;") {
			next++
		}
		start, stop := r.sentence(i), len(r.text)
		if next < len(r.tokens) {
			stop = r.sentence(next)
		}
		if line := strings.IndexByte(r.text[r.tokens[next-1].end:stop], '\n'); line >= 0 {
			stop = r.tokens[next-1].end + line
		}
		said := false // something besides what every reply says
		for k := i; k < next && !said; {
			p, n := own.match(r.tokens, k)
			k += n
			if p.means&sayAdds != 0 {
				if said = k < next; said {
					start = r.tokens[k].start
				}
				break
			}
			said = n == 0
		}
		switch last := len(spans) - 1; {
		case !said:
		case last >= 0 && !strings.Contains(r.text[spans[last][1]:start], "\n"):
			spans[last][1] = stop
		default:
			spans = append(spans, [2]int{start, stop})
		}
		i = next
	}
	var list []string
	for _, s := range spans {
		line := strings.Join(strings.Fields(strings.TrimLeft(r.text[s[0]:s[1]], " \t-–—*•·‣◦>.):")), " ")
		if utf8.RuneCountInString(line) > 200 || len(list) == 5 {
			return nil
		}
		if line != "" {
			list = append(list, line)
		}
	}
	return list
}

// sentence is where the sentence that begins with token i begins in the text.
func (r *reader) sentence(i int) int {
	if i == 0 {
		return 0
	}
	from := r.tokens[i-1].end
	return from + 1 + strings.LastIndexAny(r.text[from:r.tokens[i].start], "\n.!;")
}
