package answers

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"coalition/templates/answers/phrases"
)

// fromOutside is what servers put before what comes from outside, in the same line or in one of its own.
var fromOutside = regexp.MustCompile(`^\s*(?:` +
	`[\[(*]{1,3}\s*(?i:ext|external|extern[eoa]?|estern[oa])(?i:[ -](?:e-?mail|mail|sender|message|nachricht))?\s*` +
	`[\])*]{1,3}:?|` +
	`(?:EXTERNAL|EXTERN[EOA]?|ESTERN[OA])(?: (?:E-?MAIL|MAIL|SENDER|MESSAGE))?\s*\n)\s*`)

// pattern returns a function that gives the expression, compiled when it is first needed: most commands read no mail.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// picture is what stands in a text for one, such as a logo.
var picture = pattern(`(?mi)^[ \t]*\[((image|cid|bild): ?[^\[\]\n]{0,200}|` +
	`[^\[\]\n]{0,100}\.(png|jpe?g|gif|svg))\](<[^<>\n]{0,300}>)?[ \t]*$`)
var postscript = pattern(`(?i)\bp\.\s?s\.:?`)

// withoutFooters returns text without what no person has written in it: notes of a law office, of a scanner, of a
// list, of a server that marks what comes from outside. Such a part ends with its paragraph, and begins with the line
// that shows what it is, or with those that run on into that one.
func (r *Reader) withoutFooters(text string) string {
	text = picture().ReplaceAllString(postscript().ReplaceAllString(text, "PS "), "")
	lines := strings.Split(text, "\n")
	var keep []string
	empty := func(i int) bool { return strings.TrimSpace(lines[i]) == "" }
	for from := 0; from < len(lines); {
		to := from
		for to < len(lines) && !empty(to) {
			to++
		}
		at, before := r.footer(lines[from:to])
		keep = append(keep, lines[from:from+at]...)
		if before != "" {
			keep = append(keep, before)
		}
		for ; to < len(lines) && empty(to); to++ {
			keep = append(keep, lines[to])
		}
		from = to
	}
	return strings.Join(keep, "\n")
}

// footer returns the line of a paragraph with which a footer begins, and what of that line stands before it; behind
// the last line where there is none.
func (r *Reader) footer(lines []string) (at int, before string) {
	text := strings.Join(lines, "\n")
	tokens := phrases.Tokenize(text, nil)
	// shows is the token with the first phrase of a footer.
	shows := 0
	for ; shows < len(tokens); shows++ {
		if _, n := r.footers.Match(tokens, shows); n > 0 {
			break
		}
	}
	if shows == len(tokens) {
		return len(lines), ""
	}
	begin := lineStart(tokens, shows)
	at = strings.Count(text[:tokens[shows].Start], "\n")
	if at > 0 && runsOn(lines[at-1]) {
		begin = lineStart(tokens, max(begin-1, 0))
		at--
	} else if sentence, answer := r.besideAnswer(text, tokens, begin, shows); sentence > 0 {
		begin, before = sentence, answer
	}
	// What begins like a condition or an answer, and what speaks of its writer, is a person's.
	p, _ := r.all.Match(tokens, begin)
	own := func(t phrases.Token) bool { return r.speaksOf(t.Word, tokens, shows) }
	if begin != shows && p.Has(phrases.Postscript|phrases.Answer) || slices.ContainsFunc(tokens[begin:], own) {
		return len(lines), ""
	}
	return at, before
}

// speaksOf reports whether a word is one for its writer, in a language of which a footer begins with token shows.
func (r *Reader) speaksOf(word string, tokens []phrases.Token, shows int) bool {
	return slices.ContainsFunc(r.languages, func(lang string) bool {
		if !r.words[lang].Own.Word(word).Has(phrases.Self) {
			return false
		}
		_, n := r.words[lang].Footers.Match(tokens, shows)
		return n > 0
	})
}

// lineStart returns the first token of the line of token i.
func lineStart(tokens []phrases.Token, i int) int {
	for i > 0 && !strings.Contains(tokens[i].Gap, "\n") {
		i--
	}
	return i
}

// runsOn reports whether a line goes on in the next one: it has 50 characters or more, words, and no dot at its end.
func runsOn(line string) bool {
	line = strings.TrimSpace(line)
	return utf8.RuneCountInString(line) >= 50 && strings.ContainsFunc(line, phrases.InWord) &&
		!strings.HasSuffix(line, ".")
}

// besideAnswer returns the sentence of token shows, where an answer stands before it in the line that begins with
// token begin, and that answer; 0 where there is none.
func (r *Reader) besideAnswer(text string, tokens []phrases.Token, begin, shows int) (sentence int, answer string) {
	for k := shows; k > begin; k-- {
		if strings.ContainsAny(tokens[k].Gap, ".!") {
			line := strings.LastIndexByte(text[:tokens[k].Start], '\n') + 1
			if answer = text[line:tokens[k].Start]; r.holdsAnswer(answer) {
				return k, answer
			}
			break
		}
	}
	return 0, ""
}

// holdsAnswer reports whether there is an answer, or a number, in a line.
func (r *Reader) holdsAnswer(line string) bool {
	tokens := phrases.Tokenize(line, r.all)
	for i, p := range r.all.Scan(tokens, 0, len(tokens)) {
		if p.Has(phrases.Answer|phrases.Number) || len(tokens[i].Word) < 3 && phrases.IsDigit(tokens[i].Word[0]) {
			return true
		}
	}
	return false
}
