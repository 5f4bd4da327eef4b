package answers

import (
	"slices"
	"strings"

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
	// languages are in the order in which they are tried.
	languages []string
	words     map[string]*phrases.Vocabulary
	// all is the words of all languages, and footers what nobody writes in a letter.
	all, footers *phrases.Lexicon
}

// New makes a reader of replies in those languages, which it tries in that order. It spells out every phrase, which
// takes a tenth of a second. The error is a [*phrases.ListError].
func New(languages []phrases.Words) (*Reader, error) {
	r := &Reader{words: make(map[string]*phrases.Vocabulary), all: new(phrases.Lexicon), footers: phrases.NewLoose()}
	for _, w := range languages {
		v, err := w.Spell()
		if err != nil {
			return nil, err
		}
		r.languages = append(r.languages, w.Language)
		r.words[w.Language] = v
		r.all.AddAll(v.Own)
		r.footers.AddAll(v.Footers)
	}
	return r, nil
}

// Read says what the first words of a reply mean. Text is what its writer wrote themself, without quotes; names are
// what they are called, as the mail and the plan have it; lang is the language they were written to, whose words are
// tried first. Where anything is not beyond doubt (a condition, a question, a word that is not known) the Value is "".
func (r *Reader) Read(lang, text string, names ...string) Meaning {
	l := r.open(text, names)
	if i := l.stop(); i >= 0 && !l.agreesBefore(i) {
		return Meaning{Value: "no", Stop: true}
	}
	tries := slices.Clone(r.languages)
	if i := slices.Index(tries, lang); i > 0 {
		tries = slices.Insert(slices.Delete(tries, i, i+1), 0, lang)
	}
	if said := r.answer(l, tries); said.Value != "" {
		return said
	}
	return Meaning{Own: r.own(l, tries)}
}

// answer is what a letter answers; its Value is "" where that is not beyond doubt.
func (r *Reader) answer(l *letter, languages []string) (said Meaning) {
	for _, lang := range languages {
		got, doubts := l.read(r.words[lang].Own)
		if doubts {
			return Meaning{}
		}
		switch {
		case got.Value == "":
		case said.Value == "":
			said = got
		case got.Value != said.Value || !slices.Equal(got.Numbers, said.Numbers):
			return Meaning{}
		}
	}
	return said
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
	l.opening = l.skipOpening()
	return l
}
