package answers

import (
	"fmt"
	"iter"
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
	// and of (one|another) there is one. A number has its value behind it, from 1 to 99: "first=1".
	Lists map[string][]string
	// Weekdays and Months are their names in full, in any order.
	Weekdays, Months []string
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
type roles uint32

// The roles, in the order of [lists].
const (
	roleYes roles = 1 << iota
	roleNo
	roleLater
	roleDoubt
	roleRegret
	roleFiller
	roleOr
	roleArticle
	roleLabel
	roleNumber
	roleOrdinal
	roleTime
	roleGreeting
	roleTitle
	roleClosing
	roleThanks
	roleAdds
	roleStop
	rolePlea
	roleNegation
	roleReason
	roleMark
	rolePostscript
	roleAddress
	roleSelf
	roleDuty

	roleAnswer = roleYes | roleNo | roleLater
)

// has reports whether one of those is among them.
func (r roles) has(one roles) bool { return r&one != 0 }

// lists are the names of the lists, each with the phrases of one role; "footer" has none.
var lists = []string{
	"yes", "no", "later", "doubt", "regret", "filler", "or", "article", "label", "number", "ordinal", "time", "greeting",
	"title", "closing", "thanks", "adds",
	"stop", "plea", "negation", "reason", "mark", "postscript", "address", "self", "duty", "footer",
}

// required is how many of them, from the first, every language must have.
const required = 17

// Required returns the names of the lists that every language must have.
func Required() []string { return slices.Clone(lists[:required]) }

// Optional returns the names of the lists that a language may lack: somebody's own words may be older than these, and
// have their negations under "doubt".
func Optional() []string { return slices.Clone(lists[required:]) }

// spell spells out the words of a language, as people write them and as they stand in footers. The error is a
// [*ListError].
func (w *Words) spell() (own, footers *lexicon, err error) {
	own, footers = new(lexicon), &lexicon{loose: true}
	for i, name := range lists {
		entries, ok := w.Lists[name]
		if !ok && i < required {
			return nil, nil, &ListError{Language: w.Language, List: name}
		}
		learner := own
		if name == "footer" {
			learner = footers
		}
		for _, entry := range entries {
			if err := learner.learn(1<<i, entry); err != nil {
				return nil, nil, &ListError{Language: w.Language, List: name, Problem: err.Error()}
			}
		}
	}
	// Shorter days, in characters, are the beginning of other words.
	const shortest = 5
	for _, day := range w.Weekdays {
		if day = key(day); utf8.RuneCountInString(day) >= shortest {
			own.weekdays = append(own.weekdays, day)
		}
	}
	for _, name := range slices.Concat(w.Weekdays, w.Months) {
		own.add(key(name), phrase{roles: roleTime})
	}
	return own, footers, nil
}

// learn adds an entry of the list of a role, in all the ways that it can be put.
func (x *lexicon) learn(role roles, entry string) error {
	p := phrase{roles: role, alone: role == roleStop && strings.HasSuffix(entry, ".")}
	if role.has(roleNumber|roleOrdinal) && entry != "" {
		word, number, _ := strings.Cut(entry, "=")
		var err error
		if p.number, err = strconv.Atoi(strings.TrimSpace(number)); err != nil || p.number < 1 || p.number > 99 {
			return fmt.Errorf("%q does not say which number from 1 to 99 it is, as in \"one=1\"", entry)
		}
		entry = word
	}
	ways, ok := expand(entry)
	if !ok {
		return fmt.Errorf("%q has a bracket too many or too few, or too many of them", entry)
	}
	for _, way := range ways {
		words := key(way)
		const clear = roleAnswer | roleDoubt | roleFiller | roleNegation | roleReason
		if role.has(clear) && x.phrases[words].has(clear&^role) {
			return fmt.Errorf("%q has another meaning already", way)
		}
		// An empty list, and one with a comma at its end, has an empty entry.
		if words != "" {
			x.add(words, p)
		}
	}
	return nil
}

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

// A phrase is what one or several words in a row can be.
type phrase struct {
	roles
	// number is that of a roleNumber or roleOrdinal, from 1 to 99.
	number int
	// alone says of a roleStop that it counts only where its sentence ends with it.
	alone bool
}

// A lexicon is the phrases of one language, or of all. Its keys are words as tokens have them, with one space between
// two.
type lexicon struct {
	phrases map[string]phrase
	// longest is the most words that a phrase has.
	longest int
	// loose says that anything but other words may stand between two words of a phrase.
	loose bool
	// weekdays are days with which longer words for a time begin: "Fridays", "Freitagabend".
	weekdays []string
}

// add gives a phrase a further role.
func (x *lexicon) add(words string, p phrase) {
	if x.phrases == nil {
		x.phrases = make(map[string]phrase)
	}
	p.roles |= x.phrases[words].roles
	x.phrases[words] = p
	x.longest = max(x.longest, 1+strings.Count(words, " "))
}

// addAll adds the phrases of another lexicon.
func (x *lexicon) addAll(from *lexicon) {
	for words, p := range from.phrases {
		x.add(words, p)
	}
	x.weekdays = append(x.weekdays, from.weekdays...)
}

// match returns the longest phrase that begins with token i, and how many tokens it has; 0 where there is none.
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
	begins := func(day string) bool { return strings.HasPrefix(tokens[i].word, day) }
	if n == 0 && slices.ContainsFunc(x.weekdays, begins) {
		return phrase{roles: roleTime}, 1
	}
	return p, n
}

// scan yields the longest phrases from token i to token end, each with its first token. A word that begins none is one
// without a role.
func (x *lexicon) scan(tokens []token, i, end int) iter.Seq2[int, phrase] {
	return func(yield func(int, phrase) bool) {
		for i < end {
			p, n := x.match(tokens, i)
			if !yield(i, p) {
				return
			}
			i += max(n, 1)
		}
	}
}

// key returns a phrase as a lexicon has it.
func key(entry string) string {
	var words []string
	for _, t := range tokenize(entry, nil) {
		words = append(words, t.word)
	}
	return strings.Join(words, " ")
}
