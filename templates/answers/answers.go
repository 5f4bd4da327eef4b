package answers

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"coalition/templates/answers/moment"
	"coalition/templates/answers/phrases"
)

// Meaning is what a reply in plain words says. The zero Meaning is that nothing is beyond doubt.
type Meaning struct {
	// Value is "yes", "no" or "later"; "" where that is not beyond doubt.
	Value string
	// Numbers are those of the times named with a yes, in the order of the text, from 1 to 99; there may be none.
	Numbers []int
	// Stop says that the writer asks for no more mail at all; Value is "no" then.
	Stop bool
	// Adds is what the writer wrote besides, line by line, where Value is not "". It is nil where that is no list of
	// points any more: over five lines, or a line over 200 characters.
	Adds []string
	// Own is the moment that the writer names in place of those offered, where Value is "" and that is beyond doubt; zero:
	// none.
	Own moment.Moment
	// Length is how many characters the letter has up to its closing: without what people and servers put below it, or
	// around it.
	Length int
}

// A Reader reads replies in all languages it was made for. It is safe for concurrent use.
type Reader struct {
	// languages are in the order in which they are tried; their variants are in words alone.
	languages []string
	words     map[string]*phrases.Vocabulary
	// all is the words of all languages, and footers what nobody writes in a letter.
	all, footers *phrases.Lexicon
}

// New makes a reader of replies in those languages, which it tries in that order; of a variant, in place of its broader
// language, only what was written to its people. It spells out every phrase, which takes a hundredth of a second for a
// language. The error is a [*phrases.ListError].
func New(languages []phrases.Words) (*Reader, error) {
	r := &Reader{words: make(map[string]*phrases.Vocabulary)}
	spelt, err := spell(languages)
	if err != nil {
		return nil, err
	}
	var all, footers []*phrases.Lexicon
	for i, w := range languages {
		of := broader(w.Language)
		for of != "" && r.words[of] == nil {
			of = broader(of)
		}
		if w.Variant && of != "" {
			v := *r.words[of]
			v.MonthFirst = w.MonthFirst
			r.words[w.Language] = &v
			continue
		}
		v := spelt[i]
		if r.words[w.Language] = v; of != "" {
			continue
		}
		r.languages = append(r.languages, w.Language)
		all, footers = append(all, v.Own), append(footers, v.Footers)
	}
	r.all, r.footers = phrases.Union(all...), phrases.Union(footers...)
	return r, nil
}

// spell spells out the words of all languages at once, but for those of a variant, which has them from a broader one.
func spell(languages []phrases.Words) ([]*phrases.Vocabulary, error) {
	spelt, errs := make([]*phrases.Vocabulary, len(languages)), make([]error, len(languages))
	var all sync.WaitGroup
	for i, w := range languages {
		of := func(x phrases.Words) bool { return strings.HasPrefix(w.Language, x.Language+"-") }
		if w.Variant && slices.ContainsFunc(languages[:i], of) {
			continue
		}
		all.Go(func() { spelt[i], errs[i] = w.Spell() })
	}
	all.Wait()
	return spelt, cmp.Or(errs...)
}

// Read says what the first words of a reply mean. Text is what its writer wrote themself, without quotes; names are
// what they are called, as the mail and the plan have it; lang is the language they were written to, whose words are
// tried first. Where anything is not beyond doubt (a condition, a question, a word that is not known) the Value is "".
func (r *Reader) Read(lang, text string, names ...string) Meaning {
	tries := r.tries(lang)
	if len(tries) == 0 {
		return Meaning{}
	}
	l := r.open(text, names)
	l.main = r.words[tries[0]].Own
	known := r.known(l, tries)
	main := slices.Index(known, slices.Max(known))
	l.main = r.words[tries[main]].Own
	if i := l.stop(); i >= 0 && !l.agreesBefore(i) {
		return Meaning{Value: "no", Stop: true}
	}
	if said := r.answer(l, tries, known, main); said.Value != "" {
		return said
	}
	return Meaning{Own: r.own(l, tries)}
}

// tries are the languages in which a letter is read, where its writer was written to in lang.
func (r *Reader) tries(lang string) []string {
	of := lang
	for of != "" && !slices.Contains(r.languages, of) {
		of = broader(of)
	}
	if of == "" {
		return r.languages
	}
	if r.words[lang] == nil {
		lang = of
	}
	others := slices.DeleteFunc(slices.Clone(r.languages), func(other string) bool { return other == of })
	return slices.Insert(others, 0, lang)
}

// broader returns a language without the last part of its tag.
func broader(lang string) string { return lang[:max(strings.LastIndexByte(lang, '-'), 0)] }

// known is how many words of a letter, up to its closing, each of these languages knows.
func (r *Reader) known(l *letter, languages []string) (known []int) {
	end := l.opening
	for end < len(l.tokens) && (end == l.opening || !l.closes(end)) {
		end++
	}
	for _, lang := range languages {
		n := 0
		for i := l.opening; i < end; {
			_, words := r.words[lang].Own.Match(l.tokens, i)
			n += words
			i += max(words, 1)
		}
		known = append(known, n)
	}
	return known
}

// answer is what a letter answers; its Value is "" where that is not beyond doubt. The language main is that of the
// letter, of which each knows so many words: what is clear there is so however strange it is to the others.
func (r *Reader) answer(l *letter, languages []string, known []int, main int) Meaning {
	said, rest, doubts := l.read(l.main)
	if doubts || r.doubted(l, languages, known, main, rest) {
		return Meaning{}
	}
	clear := said.Value != ""
	for i, lang := range languages {
		if i == main {
			continue
		}
		got, rest, doubts := l.read(r.words[lang].Own)
		switch {
		case doubts && !clear:
			return Meaning{}
		case got.Value == "":
		// That the letter is in the language of these words, which says nothing by them, is more likely.
		case !clear && (main == 0 || known[i] < known[main]) && l.knows(l.opening, rest):
			return Meaning{}
		case said.Value == "":
			said = got
		case got.Value != said.Value || !slices.Equal(got.Numbers, said.Numbers):
			return Meaning{}
		}
	}
	return said
}

// doubted reports whether the letter is as likely in a language that understands it as far as the main one, up to
// token rest, and for which what follows makes the answer doubtful: "Ok. Se viene Paolo" has a condition in Italian,
// and could nearly as well be Spanish.
func (r *Reader) doubted(l *letter, languages []string, known []int, main, rest int) bool {
	defer func(lexicon *phrases.Lexicon) { l.main = lexicon }(l.main)
	for i, lang := range languages {
		if i == main || known[i]+1 < known[main] {
			continue
		}
		l.main = r.words[lang].Own
		if _, upTo, doubts := l.read(l.main); doubts && upTo >= rest {
			return true
		}
	}
	return false
}

// own is the moment that a letter names; zero where it is none, or another one in another language.
func (r *Reader) own(l *letter, languages []string) (own moment.Moment) {
	for _, lang := range languages {
		switch got := l.own(r.words[lang]); {
		case got.IsZero():
		case own.IsZero():
			own = got
		case got != own:
			return moment.Moment{}
		}
	}
	return own
}

// open makes a letter of a text, without what no person has written in it.
func (r *Reader) open(text string, names []string) *letter {
	text = fromOutside.ReplaceAllString(strings.ReplaceAll(text, "\r\n", "\n"), "")
	l := &letter{text: r.withoutFooters(text), all: r.all}
	l.tokens = phrases.Tokenize(l.text, l.all)
	for _, name := range names {
		for _, t := range phrases.Tokenize(name, nil) {
			l.names = append(l.names, t.Word)
		}
	}
	l.markItems()
	l.opening = l.skipCourtesy(l.skipOpening())
	return l
}
