package phrases

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Words are what the people of one language answer with. What each list is for stands beside it in
// templates/en/answers.tmpl.
type Words struct {
	// Language is its tag, such as "en".
	Language string
	// Lists are the phrases by the names of [Required] and [Optional]. What stands in [ ] in a phrase may be missing,
	// and of (one|another) there is one. A number has its value behind it, from 1 to 99: "first=1"; minutes from -59. An
	// answer with a dot behind it is one only where a sign or the end stands behind it, and may have another meaning
	// elsewhere: "si.".
	Lists map[string][]string
	// Weekdays and Months are their names in full, from Sunday and from January on.
	Weekdays, Months []string
	// MonthFirst says that 3/4 is the fourth of March; otherwise nobody knows.
	MonthFirst bool
	// Variant says that Lists, Weekdays and Months are those of the broader language that stands before it, such as en
	// for en-US, and need not be here.
	Variant bool
}

// A ListError says what is wrong with a list of [Words].
type ListError struct {
	// Language and List name the list.
	Language, List string
	// Problem is what is wrong with an entry of it; "" where there is no such list.
	Problem string
}

// Error implements error.
func (e *ListError) Error() string {
	if e.Problem == "" {
		return fmt.Sprintf("the answers in %s have no list %q", e.Language, e.List)
	}
	return fmt.Sprintf("the list %q of the answers in %s: %s", e.List, e.Language, e.Problem)
}

// Roles are what a phrase can be in a sentence, as a set.
type Roles uint64

// The roles, in the order of [lists], and one more.
const (
	Yes Roles = 1 << iota
	No
	Later
	Doubt
	Regret
	Filler
	Or
	Article
	Label
	Number
	Ordinal
	Time
	Greeting
	Title
	Closing
	Thanks
	Adds
	Stop
	Plea
	Negation
	Reason
	Mark
	Postscript
	Address
	Self
	Duty
	// Common says of a word that it has no meaning here, where it has one in another language.
	Common
	footer
	// Weekday is from 1, Monday, to 7, Month from 1 to 12, and Tomorrow in so many days.
	Weekday
	Month
	Tomorrow
	// Clock stands behind an hour ("o'clock"), as AM and PM do, and At before one; On beside a day.
	Clock
	AM
	PM
	Noon
	At
	On
	// Rather is what people say beside a time of their own.
	Rather
	// To and Past stand before an hour, with how many minutes are missing to it, or have passed since: "half past"; Minutes
	// behind one, with how many have passed, or less than none.
	To
	Past
	Minutes
	// Courtesy is a greeting that is a question, "how are you?".
	Courtesy

	Answer   = Yes | No | Later
	numbered = Number | Ordinal | Weekday | Month | Tomorrow | To | Past | Minutes
)

// Has reports whether one of those is among them.
func (r Roles) Has(one Roles) bool { return r&one != 0 }

// lists are the names of the lists, each with the phrases of one role.
var lists = []string{
	"yes", "no", "later", "doubt", "regret", "filler", "or", "article", "label", "number", "ordinal", "time", "greeting",
	"title", "closing", "thanks", "adds",
	"stop", "plea", "negation", "reason", "mark", "postscript", "address", "self", "duty", "common", "footer",
	"weekday", "month", "tomorrow", "clock", "am", "pm", "noon", "at", "on",
	"rather",
	"to", "past", "minutes",
}

// required is how many of them, from the first, every language must have.
const required = 17

// Required returns the names of the lists that every language must have.
func Required() []string { return slices.Clone(lists[:required]) }

// Optional returns the names of the lists that a language may lack: somebody's own words may be older than these, and
// have their negations under "doubt".
func Optional() []string { return slices.Clone(lists[required:]) }

// A Vocabulary is the words of a language, spelt out.
type Vocabulary struct {
	// Own are those that people answer with, Footers those that stand in footers alone, and Times those of a time.
	Own, Footers, Times *Lexicon
	// MonthFirst is that of [Words].
	MonthFirst bool
}

// Spell spells out the words of a language. The error is a [*ListError].
func (w *Words) Spell() (*Vocabulary, error) {
	v := &Vocabulary{Own: new(Lexicon), Footers: NewLoose(), Times: NewLoose(), MonthFirst: w.MonthFirst}
	// As many as most languages have, so that the map need not grow.
	v.Own.phrases = make(map[string]Phrase, 10_000)
	keys := make(keys)
	for i, name := range lists {
		entries, ok := w.Lists[name]
		if !ok && i < required {
			return nil, &ListError{Language: w.Language, List: name}
		}
		role, learner := Roles(1)<<i, v.Own
		switch {
		case role == footer:
			learner = v.Footers
		case role > footer:
			learner = v.Times
		}
		for _, entry := range entries {
			err := learner.learn(role, entry, keys)
			// An hour may be in words as well.
			if err == nil && role == Number {
				err = v.Times.learn(role, entry, keys)
			}
			if err != nil {
				return nil, &ListError{Language: w.Language, List: name, Problem: err.Error()}
			}
		}
	}
	for _, x := range []*Lexicon{v.Own, v.Footers, v.Times} {
		x.addBare()
	}
	// Shorter days, in characters, are the beginning of other words.
	const shortest = 5
	for i, day := range w.Weekdays {
		if day = keys.of(day); utf8.RuneCountInString(day) >= shortest {
			v.Own.weekdays = append(v.Own.weekdays, day)
		}
		v.addTime(day, Phrase{Roles: Weekday, Number: (i+6)%7 + 1})
	}
	for i, month := range w.Months {
		v.addTime(keys.of(month), Phrase{Roles: Month, Number: i + 1})
	}
	return v, nil
}

// addTime adds the name of a day or a month, also as people write it who leave its accents out.
func (v *Vocabulary) addTime(name string, p Phrase) {
	for _, way := range []string{name, bare(name)} {
		v.Own.add(way, Phrase{Roles: Time})
		v.Times.add(way, p)
	}
}

// learn adds an entry of the list of a role, in all the ways that it can be put.
func (x *Lexicon) learn(role Roles, entry string, keys keys) error {
	p := Phrase{Roles: role, Alone: role == Stop && strings.HasSuffix(entry, ".")}
	if role == Greeting && strings.HasSuffix(entry, "?") {
		p.Roles = Courtesy
	}
	if role.Has(numbered) && entry != "" {
		word, number, _ := strings.Cut(entry, "=")
		least := 1
		if role == Minutes {
			least = -59
		}
		var err error
		if p.Number, err = strconv.Atoi(strings.TrimSpace(number)); err != nil || p.Number < least || p.Number > 99 {
			return fmt.Errorf("%q does not say which number from 1 to 99 it is, as in \"one=1\"", entry)
		}
		entry = word
		x.suffixed = x.suffixed || role.Has(Number|Ordinal) && word != "" && IsDigit(word[0])
	}
	ways, ok := expand(entry)
	if !ok {
		return fmt.Errorf("%q has a bracket too many or too few, or too many of them", entry)
	}
	for _, way := range ways {
		words := keys.of(way)
		if role.Has(Answer) && strings.HasSuffix(entry, pause) {
			words += pause
		}
		const clear = Answer | Doubt | Filler | Negation | Reason
		if role.Has(clear) && x.phrases[words].Has(clear&^role) {
			return fmt.Errorf("%q has another meaning already", way)
		}
		// An empty list, and one with a comma at its end, has an empty entry.
		if words != "" {
			x.add(words, p)
		}
	}
	return nil
}

// pause is what a key of an answer ends with that counts only before a sign, or at the end.
const pause = "."

// addBare adds each phrase also as people write it who leave its accents out, where that means nothing else. Short
// words keep theirs, with which they are others: "sí" and "si", "é" and "e".
func (x *Lexicon) addBare() {
	ways := make(map[string]string)
	for words := range x.phrases {
		if way := bare(words); way != words && x.phrases[way].Roles == 0 {
			ways[words] = way
		}
	}
	for _, words := range slices.Sorted(maps.Keys(ways)) {
		x.add(ways[words], x.phrases[words])
	}
}

// bare returns a phrase without the accents of its words of four letters and more. A diaeresis is none: it makes
// another letter, or has two letters in its place.
func bare(phrase string) string {
	if strings.IndexFunc(phrase, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return phrase
	}
	const shortest = 4
	words := strings.Split(phrase, " ")
	for i, word := range words {
		if utf8.RuneCountInString(word) >= shortest {
			words[i] = accents.Replace(word)
		}
	}
	return strings.Join(words, " ")
}

var accents = strings.NewReplacer("á", "a", "à", "a", "â", "a", "ã", "a", "é", "e", "è", "e", "ê", "e", "í", "i",
	"ì", "i", "î", "i", "ó", "o", "ò", "o", "ô", "o", "õ", "o", "ú", "u", "ù", "u", "û", "u", "ñ", "n", "ç", "c")

// expand returns an entry in all the ways that its brackets allow; ok is false where they don't match, or allow too
// many.
func expand(entry string) (ways []string, ok bool) {
	const most = 5000
	begin := strings.IndexAny(entry, "[(])")
	if begin < 0 {
		return []string{entry}, true
	}
	inside, end, ok := bracket(entry, begin)
	if !ok {
		return nil, false
	}
	behind, ok := expand(entry[end+1:])
	for _, one := range inside {
		middle, fits := expand(one)
		if ok = ok && fits && len(ways)+len(middle)*len(behind) <= most; !ok {
			return nil, false
		}
		for _, m := range middle {
			for _, rest := range behind {
				ways = append(ways, entry[:begin]+m+rest)
			}
		}
	}
	return ways, true
}

// bracket returns what may stand in the place of the bracket that opens at begin, and where it closes.
func bracket(entry string, begin int) (inside []string, end int, ok bool) {
	if entry[begin] == '[' {
		inside = append(inside, "")
	}
	depth, part := 0, begin+1
	for i := begin; i < len(entry); i++ {
		switch c := entry[i]; {
		case c == '[' || c == '(':
			depth++
		case c == '|' && depth == 1:
			inside = append(inside, entry[part:i])
			part = i + 1
		case c != ']' && c != ')':
		case depth <= 1:
			ok = depth == 1 && (entry[begin] == '[') == (c == ']')
			return append(inside, entry[min(part, i):i]), i, ok
		default:
			depth--
		}
	}
	return nil, 0, false
}

// A Phrase is what one or several words in a row can be.
type Phrase struct {
	Roles
	// Number is that which its list gives it, from 1 to 99; 0: none.
	Number int
	// Alone says of a Stop that it counts only where its sentence ends with it.
	Alone bool
}

// A Lexicon is the phrases of one language, or of all. Its keys are words as tokens have them, with one space between
// two. The zero Lexicon is empty.
type Lexicon struct {
	phrases map[string]Phrase
	// longest is the most words that a phrase has.
	longest int
	// loose says that anything but other words may stand between two words of a phrase.
	loose bool
	// suffixed says that an ordinal in digits has letters behind it, as in 2nd, and not a dot.
	suffixed bool
	// weekdays are days with which longer words for a time begin: "Fridays", "Freitagabend".
	weekdays []string
}

// NewLoose returns an empty lexicon in which anything but other words may stand between two words of a phrase.
func NewLoose() *Lexicon { return &Lexicon{loose: true} }

// add gives a phrase a further role.
func (x *Lexicon) add(words string, p Phrase) {
	if x.phrases == nil {
		x.phrases = make(map[string]Phrase)
	}
	p.Roles |= x.phrases[words].Roles
	x.phrases[words] = p
	x.longest = max(x.longest, 1+strings.Count(words, " "))
}

// Union returns the phrases of several lexicons, which are all of one kind.
func Union(of ...*Lexicon) *Lexicon {
	x := new(Lexicon)
	size := 0
	for _, from := range of {
		size += len(from.phrases)
	}
	x.phrases = make(map[string]Phrase, size)
	for _, from := range of {
		x.loose, x.longest = from.loose, max(x.longest, from.longest)
		x.weekdays = append(x.weekdays, from.weekdays...)
		for words, p := range from.phrases {
			p.Roles |= x.phrases[words].Roles
			x.phrases[words] = p
		}
	}
	return x
}

// Word returns what a word can be by itself.
func (x *Lexicon) Word(word string) Phrase { return x.phrases[word] }

// Dotted reports whether "2." may be an ordinal.
func (x *Lexicon) Dotted() bool { return !x.suffixed }

// Longest returns the most words that a phrase has.
func (x *Lexicon) Longest() int { return x.longest }

// Match returns the longest phrase that begins with token i, and how many tokens it has; 0 where there is none.
func (x *Lexicon) Match(tokens []Token, i int) (p Phrase, n int) {
	words := ""
	for k := i; k < len(tokens) && k-i < x.longest; k++ {
		if k == i {
			words = tokens[k].Word
		} else if tokens[k].Gap == "" || x.loose {
			words += " " + tokens[k].Word
		} else {
			break
		}
		found, ok := x.phrases[words]
		if k+1 == len(tokens) || tokens[k+1].Gap != "" {
			if before, there := x.phrases[words+pause]; there {
				found, ok = before, true
			}
		}
		if ok {
			p, n = found, k-i+1
		}
	}
	begins := func(day string) bool { return strings.HasPrefix(tokens[i].Word, day) }
	if n == 0 && slices.ContainsFunc(x.weekdays, begins) {
		return Phrase{Roles: Time}, 1
	}
	return p, n
}

// Scan yields the longest phrases from token i to token end, each with its first token. A word that begins none is one
// without a role.
func (x *Lexicon) Scan(tokens []Token, i, end int) iter.Seq2[int, Phrase] {
	return func(yield func(int, Phrase) bool) {
		for i < end {
			p, n := x.Match(tokens, i)
			if !yield(i, p) {
				return
			}
			i += max(n, 1)
		}
	}
}

// keys are words as tokens have them, by how they are written: most phrases share theirs with others.
type keys map[string]string

// of returns a phrase as a lexicon has it.
func (k keys) of(entry string) string {
	phrase := make([]byte, 0, 64)
	for word := range strings.FieldsSeq(entry) {
		as, ok := k[word]
		if !ok {
			for _, t := range Tokenize(word, nil) {
				as = strings.TrimPrefix(as+" "+t.Word, " ")
			}
			k[word] = as
		}
		if as == "" {
			continue
		}
		if len(phrase) > 0 {
			phrase = append(phrase, ' ')
		}
		phrase = append(phrase, as...)
	}
	return string(phrase)
}
