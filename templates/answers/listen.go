// Package answers knows what people say when they answer: it reads a reply in the words of each language, and says
// whether it is a yes, a no or a later beyond doubt. The words come from [coalition/templates]; what follows from
// an answer is left to the scheduler.
package answers

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Meaning is what a plain reply to the brief says.
type Meaning struct {
	Value   string // "yes", "no" or "later"; "" where that is not beyond doubt
	Numbers []int  // of the times named with a yes, in the order of the text, from 1 to 99; may be empty

	// Stop says that the writer asks for no more mail at all; Value is "no" then.
	Stop bool

	// Adds is what the writer wrote besides, line by line, when Value is not "". It is nil where that is
	// no list of points any more: over five lines, or a line over 200 characters.
	Adds []string

	// Length is how many characters the letter has up to its closing: without what people and servers
	// put below it, or around it.
	Length int
}

// Read reads the first words of a plain reply: text is what its writer wrote themself, and names are
// what they are called. The words of lang are looked for first, then those of all other languages; they
// stand in answers.tmpl. Where anything is not beyond doubt (a condition, a question, a word that is not
// known) the Value is "".
//
// Every word of the first sentence has to be known in one language; commas and dashes do not end it,
// since what follows may take back what stands before. What follows a clear first sentence may say
// anything but a condition, a question, another answer, a time or a number. What stands below a closing,
// the writer's name or a mark of their mail program counts only as far as it is a postscript, and a footer
// of a law office, a scanner or a list nowhere.
func (a *Reader) Read(lang, text string, names ...string) Meaning {
	text = fromOutside.ReplaceAllString(strings.ReplaceAll(text, "\r\n", "\n"), "")
	r := &letter{text: a.withoutFooters(text), all: &a.all}
	r.tokens = tokenize(r.text, r.all)
	for _, name := range names {
		for _, t := range tokenize(name, nil) {
			r.names = append(r.names, t.word)
		}
	}
	r.markItems()
	r.opening = r.open()
	if i := r.stop(); i >= 0 && !r.agreesBefore(i) {
		return Meaning{Value: "no", Stop: true}
	}
	var said Meaning
	for _, own := range a.order(lang) {
		switch got := r.read(own); {
		case got.Value == "":
		case said.Value == "":
			said = got
		case got.Value != said.Value || !slices.Equal(got.Numbers, said.Numbers):
			return Meaning{}
		}
		if r.doubts { // in whatever language
			return Meaning{}
		}
	}
	return said
}

// fromOutside is what servers put before what comes from outside, in the same line or in one of its own.
var fromOutside = regexp.MustCompile(`^\s*(?:[\[(*]{1,3}\s*(?i:ext|external|extern)(?i:[ -](?:e-?mail|mail|sender|message|nachricht))?\s*[\])*]{1,3}:?|(?:EXTERNAL|EXTERN)(?: (?:E-?MAIL|MAIL|SENDER|MESSAGE))?\s*\n)\s*`)

// sadFace is a sign that takes back a yes.
var sadFace = regexp.MustCompile(`(?:^|\s)[:;=]['-]?[(/\\]+(?:\s|$)`)

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
	sayNegation
	sayReason
	sayMark
	sayPostscript
	sayAddress
	saySelf
	sayDuty
)

const sayAnswer = sayYes | sayNo | sayLater

// values are the answers by what they are called in [Meaning].
var values = map[meaning]string{sayYes: "yes", sayNo: "no", sayLater: "later", sayNo | sayLater: "later"} // "no, not now"

// A list is what the entries of one list of answers.tmpl mean.
type list struct {
	name  string
	means meaning
}

// answerLists are the lists of answers.tmpl.
var answerLists = []list{
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
}

// furtherLists are those that a language may do without: somebody's own words may be older than these, and
// have their negations under "doubt".
var furtherLists = []list{
	{"stop", sayStop},
	{"plea", sayPlea},
	{"negation", sayNegation},
	{"reason", sayReason},
	{"mark", sayMark},
	{"postscript", sayPostscript},
	{"address", sayAddress},
	{"self", saySelf},
	{"duty", sayDuty},
	{"footer", 0},
}

// Required returns the names of the lists that every language must have.
func Required() []string { return listNames(answerLists) }

// Optional returns the names of those that it may do without.
func Optional() []string { return listNames(furtherLists) }

func listNames(lists []list) (names []string) {
	for _, l := range lists {
		names = append(names, l.name)
	}
	return names
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
	loose    bool     // there may be anything between two words of a phrase but other words
	weekdays []string // whatever begins with one of these is a time, too: "Fridays", "Freitagabend"
	footers  *lexicon // what nobody writes in a letter, and footers do; nil: nothing is known
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

// footer adds a phrase of footers.
func (x *lexicon) footer(words string) {
	if x.footers == nil {
		x.footers = &lexicon{loose: true}
	}
	x.footers.add(words, phrase{})
}

// match is the longest phrase that begins with token i, and its length; 0 where there is none.
func (x *lexicon) match(tokens []token, i int) (p phrase, n int) {
	words := ""
	for k := i; k < len(tokens) && k-i < x.longest; k++ {
		if k == i {
			words = tokens[k].word
		} else if tokens[k].gap == "" || x.loose {
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

// Words are what the people of one language answer with. What the lists are for stands beside them in each answers.tmpl.
type Words struct {
	// Language is its tag, such as "en".
	Language string
	// Lists are by the names of [Required] and [Optional]. An entry may have brackets: what stands in [ ] may be
	// missing, and of (one|another) there is one.
	Lists map[string][]string
	// Weekdays and Months are written out.
	Weekdays, Months []string
}

// A ListError says what is wrong with a list of [Words].
type ListError struct {
	// Language is that of the words.
	Language string
	// List is the name of the list.
	List string
	// Missing says that there is no such list.
	Missing bool
	// Problem is what is wrong with an entry of it.
	Problem string
}

// Error implements error.
func (e *ListError) Error() string {
	if e.Missing {
		return fmt.Sprintf("the answers in %s have no list %q", e.Language, e.List)
	}
	return fmt.Sprintf("the list %q of the answers in %s: %s", e.List, e.Language, e.Problem)
}

// lexicon reads the words of a language. The error is a [ListError].
func (w *Words) lexicon() (*lexicon, error) {
	x := new(lexicon)
	for i, list := range slices.Concat(answerLists, furtherLists) {
		entries, ok := w.Lists[list.name]
		if !ok && i < len(answerLists) {
			return nil, &ListError{Language: w.Language, List: list.name, Missing: true}
		}
		fault := func(format string, args ...any) error {
			return &ListError{Language: w.Language, List: list.name, Problem: fmt.Sprintf(format, args...)}
		}
		for _, entry := range entries {
			p := phrase{means: list.means}
			if list.means&(sayNumber|sayOrdinal) != 0 && entry != "" {
				word, number, _ := strings.Cut(entry, "=")
				var err error
				if p.number, err = strconv.Atoi(strings.TrimSpace(number)); err != nil || p.number < 1 || p.number > 99 {
					return nil, fault("%q does not say which number from 1 to 99 it is, as in \"one=1\"", entry)
				}
				entry = word
			}
			if list.means == sayStop && strings.HasSuffix(entry, ".") {
				p.number = alone
			}
			ways, ok := expand(entry)
			if !ok {
				return nil, fault("%q has a bracket too many or too few, or too many of them", entry)
			}
			for _, way := range ways {
				words := key(way)
				const clear = sayAnswer | sayDoubt | sayFiller | sayNegation | sayReason
				if was := x.phrases[words].means; list.means&clear != 0 && was&clear&^list.means != 0 {
					return nil, fault("%q has another meaning already", way)
				}
				switch {
				case words == "": // an empty list, or a comma at its end
				case p.means == 0:
					x.footer(words)
				default:
					x.add(words, p)
				}
			}
		}
	}
	for _, day := range w.Weekdays {
		if day = key(day); utf8.RuneCountInString(day) > 4 {
			x.weekdays = append(x.weekdays, day)
		}
	}
	for _, name := range slices.Concat(w.Weekdays, w.Months) {
		x.add(key(name), phrase{means: sayTime})
	}
	return x, nil
}

// expand is an entry in all the ways that its brackets allow: [one|another] may be left out, of
// (one|another) there is one.
func expand(entry string) (ways []string, ok bool) {
	const most = 5000
	begin := strings.IndexAny(entry, "[(])")
	if begin < 0 {
		return []string{entry}, true
	}
	depth, end := 0, -1
	cuts := []int{begin}
	for i := begin; i < len(entry) && end < 0; i++ {
		switch c := entry[i]; {
		case c == '[' || c == '(':
			depth++
		case c == ']' || c == ')':
			if depth--; depth <= 0 {
				end = i
			}
		case c == '|' && depth == 1:
			cuts = append(cuts, i)
		}
	}
	if end < 0 || depth < 0 || (entry[begin] == '[') != (entry[end] == ']') {
		return nil, false
	}
	var inside []string
	if entry[begin] == '[' {
		inside = append(inside, "")
	}
	for i, cut := range cuts {
		to := end
		if i+1 < len(cuts) {
			to = cuts[i+1]
		}
		inside = append(inside, entry[cut+1:to])
	}
	for _, middle := range inside {
		rest, ok := expand(middle + entry[end+1:])
		if !ok || len(ways)+len(rest) > most {
			return nil, false
		}
		for _, s := range rest {
			ways = append(ways, entry[:begin]+s)
		}
	}
	return ways, true
}

// key is a phrase as a lexicon has it.
func key(entry string) string {
	var words []string
	for _, t := range tokenize(entry, nil) {
		words = append(words, t.word)
	}
	return strings.Join(words, " ")
}

// A Reader knows the answers in all languages. It is safe for concurrent use.
type Reader struct {
	all   lexicon
	names []string // of the languages, in alphabetical order
	by    map[string]*lexicon
}

// New makes a reader of all languages that are spoken, in alphabetical order. It takes a tenth of a second. The error is
// a [ListError].
func New(languages []Words) (*Reader, error) {
	a := &Reader{by: make(map[string]*lexicon)}
	for _, w := range languages {
		x, err := w.lexicon()
		if err != nil {
			return nil, err
		}
		a.names = append(a.names, w.Language)
		a.by[w.Language] = x
		for words, p := range x.phrases {
			a.all.add(words, p)
		}
		a.all.weekdays = append(a.all.weekdays, x.weekdays...)
		if x.footers != nil {
			for words := range x.footers.phrases {
				a.all.footer(words)
			}
		}
	}
	return a, nil
}

// order is all languages, with lang in front.
func (a *Reader) order(lang string) []*lexicon {
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
		case r == '|' || unicode.IsPunct(r) && !strings.ContainsRune("#%@\\§†‡", r):
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
func (r *letter) number(i int) int {
	t := r.tokens[i]
	n, err := strconv.Atoi(t.word)
	if err != nil || len(t.word) > 2 || n < 1 || r.touches(i) || i+1 < len(r.tokens) && r.touches(i+1) {
		return 0
	}
	return n
}

// touches reports whether there is but a dot or a colon between token i and a digit before it.
func (r *letter) touches(i int) bool {
	if i == 0 || r.tokens[i].gap != "." && r.tokens[i].gap != ":" {
		return false
	}
	last, t := r.tokens[i-1], r.tokens[i]
	return isDigit(t.word[0]) && isDigit(last.word[len(last.word)-1]) && utf8.RuneCountInString(r.text[last.end:t.start]) == 1
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// withoutFooters is text without what no person has written in it: notes of a law office, of a scanner, of a
// list, of a server that marks what comes from outside. Such a part ends with its paragraph, and begins
// with the line that shows what it is, or with those that run on into that one.
func (a *Reader) withoutFooters(text string) string {
	text = picture().ReplaceAllString(postscript().ReplaceAllString(text, "PS "), "")
	lines := strings.Split(text, "\n")
	var keep []string
	for from := 0; from < len(lines); {
		to := from
		for to < len(lines) && strings.TrimSpace(lines[to]) != "" {
			to++
		}
		if at, begin := a.footer(lines[from:to]); at >= 0 {
			keep = append(keep, lines[from:from+at]...)
			if begin != "" {
				keep = append(keep, begin)
			}
		} else {
			keep = append(keep, lines[from:to]...)
		}
		for to < len(lines) && strings.TrimSpace(lines[to]) == "" {
			keep = append(keep, lines[to])
			to++
		}
		from = to
	}
	return strings.Join(keep, "\n")
}

// picture is what stands in a text for one, such as a logo.
var picture = lazily(`(?mi)^[ \t]*\[((image|cid|bild): ?[^\[\]\n]{0,200}|[^\[\]\n]{0,100}\.(png|jpe?g|gif|svg))\](<[^<>\n]{0,300}>)?[ \t]*$`)

var postscript = lazily(`(?i)\bp\.\s?s\.:?`)

// footer is the line of a paragraph with which a footer begins, and what of that line stands before it;
// -1: there is none.
func (a *Reader) footer(lines []string) (at int, before string) {
	if a.all.footers == nil {
		return -1, ""
	}
	text := strings.Join(lines, "\n")
	tokens := tokenize(text, nil)
	first := 0
	for ; first < len(tokens); first++ {
		if _, n := a.all.footers.match(tokens, first); n > 0 {
			break
		}
	}
	if first == len(tokens) {
		return -1, ""
	}
	begin := first
	for begin > 0 && !strings.Contains(tokens[begin].gap, "\n") {
		begin--
	}
	at = strings.Count(text[:tokens[first].start], "\n")
	const full = 50 // characters of a line that runs on into the next one
	if run := strings.TrimSpace(lines[max(at-1, 0)]); at > 0 && utf8.RuneCountInString(run) >= full && !strings.HasSuffix(run, ".") {
		for begin--; begin > 0 && !strings.Contains(tokens[begin].gap, "\n"); begin-- {
		}
		at--
	} else {
		// In one line with the answer it begins with its sentence.
		for k := first; k > begin; k-- {
			if strings.ContainsAny(tokens[k].gap, ".!") {
				line := strings.LastIndexByte(text[:tokens[k].start], '\n') + 1
				if s := text[line:tokens[k].start]; a.answers(s) {
					before, begin = s, k
				}
				break
			}
		}
	}
	// What begins like a condition or an answer, and what speaks of its writer, is a person's.
	if p, _ := a.all.match(tokens, begin); begin != first && p.means&(sayPostscript|sayAnswer) != 0 {
		return -1, ""
	}
	for _, t := range tokens[begin:] {
		if a.all.phrases[t.word].means&saySelf != 0 {
			return -1, ""
		}
	}
	return at, before
}

// answers reports whether there is an answer, or a number, in a line.
func (a *Reader) answers(line string) bool {
	tokens := tokenize(line, &a.all)
	for i := 0; i < len(tokens); {
		p, n := a.all.match(tokens, i)
		if p.means&(sayAnswer|sayNumber) != 0 || len(tokens[i].word) < 3 && isDigit(tokens[i].word[0]) {
			return true
		}
		i += max(n, 1)
	}
	return false
}

// A letter is one text that is read, in any language.
type letter struct {
	text    string
	tokens  []token
	all     *lexicon
	names   []string // the writer's, in words
	opening int      // the token behind the opening
	doubts  bool     // an answer has been read that something beside it makes doubtful
}

// unknown reports whether token i is a word that no language knows, such as a name.
func (r *letter) unknown(i int) bool {
	if _, n := r.all.match(r.tokens, i); n > 0 {
		return false
	}
	return letterAt(r.tokens[i].word, 0) && !strings.ContainsFunc(r.tokens[i].word, unicode.IsNumber)
}

// markItems finds the numbers of a list, which are none of times: two or more in a row from 1, each at
// the beginning of a line that goes on behind it.
func (r *letter) markItems() {
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
func (r *letter) open() int {
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
	for end < len(r.tokens) && end < titled+3 && r.unknown(end) && (r.tokens[end].gap == "" || end == 0 || end == titled && (r.tokens[end].gap == "." || greeting && r.tokens[end].gap == "," && r.capital(end))) {
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

// capital reports whether token i begins with a capital letter, as a name does.
func (r *letter) capital(i int) bool {
	first, _ := utf8.DecodeRuneInString(r.text[r.tokens[i].start:])
	return unicode.IsUpper(first)
}

// doubtful reports whether there is a question, or a word of doubt in any language, from token i to token
// end, beside such an answer: a no is no less clear by saying why not.
func (r *letter) doubtful(i, end int, answer meaning) bool {
	doubt := sayDoubt
	if answer&sayYes != 0 {
		doubt |= sayNegation
	}
	if span := r.span(i, end); strings.ContainsAny(span, questionMarks) || answer&sayYes != 0 && sadFace.MatchString(span) {
		return true
	}
	for i = max(i, r.opening); i < end; {
		p, n := r.all.match(r.tokens, i)
		if p.means&doubt != 0 && p.means&answer == 0 || p.means&sayStop != 0 && n > 1 {
			return true
		}
		i += max(n, 1)
	}
	return false
}

// before is where what stands between token i and the one before begins in the text.
func (r *letter) before(i int) int {
	if i == 0 {
		return 0
	}
	return r.tokens[i-1].end
}

// lineEnd is the first token of the line below that of token i.
func (r *letter) lineEnd(i int) int {
	for i++; i < len(r.tokens) && !strings.Contains(r.tokens[i].gap, "\n"); i++ {
	}
	return i
}

// closing reports whether the letter is over with token i.
func (r *letter) closing(i int) bool {
	if r.tokens[i].gap == "" && i > 0 {
		return false
	}
	p, n := r.all.match(r.tokens, i)
	if p.means&sayMark != 0 {
		return true
	}
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
	case p.means&sayClosing != 0 && (over || names(next) > 0):
		return true
	case i > 0 && strings.Contains(r.tokens[i].gap, "\n") && (r.takesLeave(i) || r.signs(i)):
		return true
	case p.means&sayThanks == 0:
		return false
	case p.means&sayFiller == 0 && (over || strings.Contains(r.tokens[next].gap, ",")):
		return over || names(next) > 0
	}
	return over && next < len(r.tokens) && strings.Contains(r.tokens[next].gap, ",") && names(next) > 0
}

// takesLeave reports whether the line that begins with token i is a closing in more words: "Many thanks and
// best wishes from Lisbon".
func (r *letter) takesLeave(i int) bool {
	const longest = 10 // words
	end := r.lineEnd(i)
	if end-i > longest {
		return false
	}
	leave := false
	for i < end {
		p, n := r.all.match(r.tokens, i)
		switch known := sayThanks | sayFiller | sayClosing | sayTitle; {
		case p.means&sayClosing != 0:
			leave = true
		case n == 0 && leave && r.unknown(i):
			n = 1
		case p.means&known == 0 && (!leave || p.means&^(sayArticle|sayOr|sayGreeting) != 0 || n == 0):
			return false
		}
		i += n
	}
	return leave
}

// signs reports whether the line that begins with token i is the writer's name, with which a letter ends: one
// that is known, or words that nobody knows, above lines of which one has a number to call, an address or
// a street.
func (r *letter) signs(i int) bool {
	end := r.lineEnd(i)
	name := i
	for name < end {
		word := r.tokens[name].word
		p, _ := r.all.match(r.tokens, name)
		initial := utf8.RuneCountInString(word) == 1 && letterAt(word, 0)
		if !slices.Contains(r.names, word) && p.means&sayTitle == 0 && !initial {
			break
		}
		name++
	}
	known := slices.ContainsFunc(r.tokens[i:name], func(t token) bool { return slices.Contains(r.names, t.word) && len(t.word) > 1 }) ||
		end == i+1 && name == end && slices.ContainsFunc(r.names, func(name string) bool { return strings.HasPrefix(name, r.tokens[i].word) }) // her initial
	if known && (name == end || strings.ContainsAny(r.tokens[name].gap, ",|-/·•")) && !r.speaks(name, end) {
		return true
	}
	if !strings.Contains(r.tokens[i].gap, "\n\n") {
		return false
	}
	for k := i; k < min(end, i+5) && r.unknown(k); k++ {
		if k > i && strings.ContainsAny(r.tokens[k].gap, "|·•") || k+1 < end && strings.ContainsAny(r.tokens[k+1].gap, "|·•") {
			return r.reaches(i, end) && !r.speaks(i, end)
		}
	}
	if end-i > 4 || end == len(r.tokens) {
		return false
	}
	for k := i; k < end; k++ {
		if p, n := r.all.match(r.tokens, k); n > 0 && p.means&sayTitle == 0 || !letterAt(r.tokens[k].word, 0) {
			return false
		}
	}
	reach := false
	for line := end; line < len(r.tokens) && !strings.Contains(r.tokens[line].gap, "\n\n"); {
		next := r.lineEnd(line)
		if r.speaks(line, next) {
			return false
		}
		reach = reach || r.reaches(line, next)
		line = next
	}
	return reach
}

// speaks reports whether the tokens from i to end say something about an answer.
func (r *letter) speaks(i, end int) bool {
	for i < end {
		p, n := r.all.match(r.tokens, i)
		if p.means&(sayAnswer|sayDoubt|sayNegation|sayReason|sayOr) != 0 {
			return true
		}
		i += max(n, 1)
	}
	return false
}

// reaches reports whether a line of these tokens says where somebody can be reached.
func (r *letter) reaches(i, end int) bool {
	return contact().MatchString(r.span(i, end))
}

// lazily is an expression that is compiled when it is first needed: most runs of the program read no reply.
func lazily(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

var contact = lazily(`(?i)@|(\d[\s()/.-]*){6}|\d\s*[a-z]?,?\s+(\p{L}+\s+)?(street|road|avenue|lane|drive|square|st|rd|ave)\b|(stra(ß|ss)e|str\.|weg|platz|allee|gasse|damm|ufer)\s*\d`)

// afterwards are the parts below token end, where the letter is over, that its writer has added to it
// all the same: postscripts, conditions, another answer, a question to the reader. Each is the tokens
// from its first to the one behind its last.
func (r *letter) afterwards(end int) (parts [][2]int) {
	paragraph := func(i int) int {
		for i = r.lineEnd(i); i < len(r.tokens) && !strings.Contains(r.tokens[i].gap, "\n\n"); {
			i = r.lineEnd(i)
		}
		return i
	}
	if end < len(r.tokens) { // beside the closing, or the name
		names := r.lineEnd(end)
		if names < len(r.tokens) && !strings.Contains(r.tokens[names].gap, "\n\n") {
			names = r.lineEnd(names)
		}
		if p, _ := r.all.match(r.tokens, end); p.means&sayMark == 0 && r.goesOn(end, names) {
			parts = append(parts, [2]int{end, names})
			end = names
		}
	}
	for i := end; i < len(r.tokens); {
		next := r.lineEnd(i)
		gap := r.tokens[i].gap
		p, _ := r.all.match(r.tokens, i)
		added := p.means&(sayPostscript|sayNo|sayLater) != 0 && !strings.ContainsAny(gap[strings.LastIndexByte(gap, '\n')+1:], "\"“”„«»")
		apart := strings.Contains(gap, "\n\n")
		if (i > end || len(parts) > 0) && (added || r.chooses(i, next) || apart && (r.asks(i, paragraph(i)) || r.claims(i, paragraph(i)))) {
			next = paragraph(i)
			parts = append(parts, [2]int{i, next})
		}
		i = next
	}
	return parts
}

// goesOn reports whether the tokens from i to end, with which a letter closes, hold a question or the
// beginning of a condition.
func (r *letter) goesOn(i, end int) bool {
	if strings.ContainsAny(r.span(i, end), questionMarks) {
		return true
	}
	for i < end {
		p, n := r.all.match(r.tokens, i)
		if p.means&sayPostscript != 0 && p.means&sayDoubt != 0 {
			return true
		}
		i += max(n, 1)
	}
	return false
}

// chooses reports whether the line from token i to end begins with the number of a time, and says yes to it.
func (r *letter) chooses(i, end int) bool {
	if p, _ := r.all.match(r.tokens, i); r.number(i) == 0 && p.means&(sayLabel|sayNumber) == 0 || r.reaches(i, end) {
		return false
	}
	return slices.ContainsFunc(r.tokens[i:end], func(t token) bool { return r.all.phrases[t.word].means&(sayAnswer|sayOr) != 0 })
}

// claims reports whether the tokens from i to end are a condition that begins with its writer, and are not
// about when they work and answer mail.
func (r *letter) claims(i, end int) bool {
	if r.all.phrases[r.tokens[i].word].means&saySelf == 0 {
		return false
	}
	condition := false
	for _, t := range r.tokens[i:end] {
		means := r.all.phrases[t.word].means
		if means&sayDuty != 0 {
			return false
		}
		condition = condition || means&sayPostscript != 0 && means&sayDoubt != 0
	}
	return condition
}

// asks reports whether the tokens from i to end are a short question to the reader.
func (r *letter) asks(i, end int) bool {
	const longest = 15 // words
	return end-i <= longest && strings.ContainsAny(r.span(i, end), questionMarks) && !r.reaches(i, end) &&
		slices.ContainsFunc(r.tokens[i:end], func(t token) bool { return r.all.phrases[t.word].means&(sayAddress|saySelf) != 0 })
}

// isName reports whether the last line, which begins with token i, is one to three words with a capital
// letter each, below an empty line or thanks.
func (r *letter) isName(i int) bool {
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
	reason   bool // why not
	numbered int  // the token behind the last number
	labelled int  // the token behind the last number and its label
	slash    bool // before the last number
	parted   bool // more than articles and labels stands behind it
}

// read understands the text in the words of one language.
func (r *letter) read(own *lexicon) Meaning {
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
				return Meaning{}
			}
			now, rest = before, sentence
			break
		}
		i += n
	}
	said := Meaning{Value: values[now.answers], Numbers: now.numbers}
	if said.Value == "" || (now.regret || now.reason) && now.answers == sayYes {
		return Meaning{}
	}
	for i := rest; i < end; i++ {
		if (i == rest || r.breaks(i, own, &now)) && r.closing(i) {
			end = i
		}
	}
	if r.doubts = r.doubtful(0, rest, now.answers); r.doubts {
		return Meaning{}
	}
	said.Length = utf8.RuneCountInString(r.span(0, rest))
	short := true
	for _, part := range append([][2]int{{rest, end}}, r.afterwards(end)...) {
		if r.doubts = r.differs(part[0], part[1], now.answers); r.doubts {
			return Meaning{}
		}
		said.Length += utf8.RuneCountInString(r.span(part[0], part[1]))
		lines, ok := r.adds(own, part[0], part[1])
		said.Adds, short = append(said.Adds, lines...), short && ok
	}
	if !short || len(said.Adds) > mostAdds {
		said.Adds = nil
	}
	return said
}

// mostAdds is how many lines are a list of points.
const mostAdds = 5

// span is what stands in the text from token i to token end, and before it.
func (r *letter) span(i, end int) string {
	to := len(r.text)
	if end < len(r.tokens) {
		to = r.tokens[end].start
	}
	if i >= end {
		return ""
	}
	return r.text[r.before(i):to]
}

// differs reports whether what stands from token i to token end may mean something else than the answer.
func (r *letter) differs(i, end int, answer meaning) bool {
	bad := (sayAnswer | sayNumber | sayOrdinal | sayTime) &^ answer
	if answer == sayYes {
		bad |= sayRegret | sayReason
	}
	if r.doubtful(i, end, answer) {
		return true
	}
	for i < end {
		p, n := r.all.match(r.tokens, i)
		if p.means&bad != 0 || strings.ContainsFunc(r.tokens[i].word, unicode.IsNumber) && !r.tokens[i].item {
			return true
		}
		i += max(n, 1)
	}
	return false
}

// hear takes in the phrase p of n tokens at token i, and returns how many tokens that were: 0 where it
// can't be understood.
func (r *letter) hear(own *lexicon, i int, p phrase, n int, h *heard) int {
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
	case p.means&(sayRegret|sayReason) != 0:
		h.regret, h.reason = h.regret || p.means&sayRegret != 0, h.reason || p.means&sayReason != 0
		if h.regret && h.reason && h.answers == 0 { // "sorry, I have no time"
			h.answers = sayNo
		}
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
func (r *letter) breaks(i int, own *lexicon, h *heard) bool {
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
func (r *letter) listed(i int, h *heard) bool {
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
func (r *letter) ordinal(own *lexicon, i, n int) bool {
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
func (r *letter) numberAt(own *lexicon, i int) bool {
	if i >= len(r.tokens) {
		return false
	}
	p, _ := own.match(r.tokens, i)
	return p.means&(sayNumber|sayOrdinal) != 0 || r.number(i) != 0
}

// numberAhead reports the same of the next token that is no article, filler or label.
func (r *letter) numberAhead(own *lexicon, i int) bool {
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
// without the marks of lists, and without a name below an empty line. ok is false where that is no list of
// points any more.
func (r *letter) adds(own *lexicon, rest, end int) (list []string, ok bool) {
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
		if !slices.ContainsFunc(r.tokens[i:next], func(t token) bool { return !slices.Contains(r.names, t.word) }) {
			said = false // the writer's name
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
	for _, s := range spans {
		line := strings.Join(strings.Fields(strings.TrimLeft(r.text[s[0]:s[1]], " \t-–—*•·‣◦>.):")), " ")
		if utf8.RuneCountInString(line) > 200 || len(list) == mostAdds {
			return nil, false
		}
		if line != "" {
			list = append(list, line)
		}
	}
	return list, true
}

// sentence is where the sentence that begins with token i begins in the text.
func (r *letter) sentence(i int) int {
	if i == 0 {
		return 0
	}
	from := r.tokens[i-1].end
	return from + 1 + strings.LastIndexAny(r.text[from:r.tokens[i].start], "\n.!;")
}
