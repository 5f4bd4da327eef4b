package phrases

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A Token is a word, a number, or a sign that is neither a word nor punctuation.
type Token struct {
	// Word is in one form for all ways to write it; a number is in ASCII digits only.
	Word string
	// Gap is the punctuation and the line breaks before it, in ASCII where that is possible.
	Gap string
	// Start and End are where it stands in the text, in bytes.
	Start, End int
	// Item says that it numbers a line of a list, which its reader finds out.
	Item bool
}

// A tokenizer cuts a text into tokens.
type tokenizer struct {
	text   string
	labels *Lexicon
	fold   cases.Caser
	tokens []Token
	gap    []byte
}

// Tokenize cuts a text into tokens, in time linear in its length. A number that is written together with its label in
// that lexicon, which may be nil, is a token of its own.
func Tokenize(text string, labels *Lexicon) []Token {
	t := &tokenizer{text: text, labels: labels, fold: cases.Fold()}
	for i := 0; i < len(text); {
		i = t.take(i)
	}
	return t.tokens
}

// take reads what stands at byte i, and returns where the next begins.
func (t *tokenizer) take(i int) int {
	r, size := utf8.DecodeRuneInString(t.text[i:])
	next := i + size
	switch {
	case InWord(r):
		next = t.wordEnd(next)
		next = t.accentEnd(i, next)
		t.add(i, next, plain(t.text[i:next], t.fold))
	case r == '…' || strings.HasPrefix(t.text[i:], ".."):
		for next < len(t.text) && t.text[next] == '.' {
			next++
		}
		t.add(i, next, "…")
	case strings.ContainsRune("\r\n\v\f\u0085\u2028\u2029", r):
		t.gap = append(t.gap, '\n')
	case unicode.IsSpace(r) || unicode.In(r, unicode.M, unicode.C, unicode.Sk) && r != utf8.RuneError:
	case unicode.Is(unicode.Pd, r) || r == '−':
		if i == 0 || !LetterAt(t.text, next) || !letterBefore(t.text, i) {
			t.gap = append(t.gap, '-')
		}
	case r == '#' && next < len(t.text) && IsDigit(t.text[next]) || r >= 0x25a0 && r <= 0x25ff:
		t.gap = append(t.gap, '#')
	case r == '、':
		t.gap = append(t.gap, ',')
	case r == '。':
		t.gap = append(t.gap, '.')
	case r == '|' || unicode.IsPunct(r) && !strings.ContainsRune("#%@\\§†‡", r):
		t.gap = norm.NFKC.AppendString(t.gap, string(r))
	default:
		t.add(i, next, string(r))
	}
	return next
}

// wordEnd returns where the word ends that goes up to byte i at least. In "1°" there is one, too.
func (t *tokenizer) wordEnd(i int) int {
	for i < len(t.text) {
		r, size := utf8.DecodeRuneInString(t.text[i:])
		inside := isApostrophe(r) && LetterAt(t.text, i+size) || r == '°' && IsDigit(t.text[i-1])
		if !inside && !InWord(r) && !unicode.In(r, unicode.M, unicode.Cf) {
			break
		}
		i += size
	}
	return i
}

// accentEnd returns where the word from i to end ends with the apostrophe that somebody put behind a vowel for its
// accent: "perche'". One that stands before the word as well is a quotation mark.
func (t *tokenizer) accentEnd(i, end int) int {
	r, size := utf8.DecodeRuneInString(t.text[end:])
	before, _ := utf8.DecodeLastRuneInString(t.text[:i])
	if !isApostrophe(r) || isApostrophe(before) || !strings.ContainsRune("aeiouAEIOU", rune(t.text[end-1])) {
		return end
	}
	return end + size
}

// add adds a token for what stands from start to end in the text.
func (t *tokenizer) add(start, end int, word string) {
	if word == "" {
		return
	}
	gap := string(t.gap)
	t.gap = t.gap[:0]
	label := strings.TrimRight(word, "0123456789")
	if t.labels != nil && label != word && t.labels.phrases[label].Has(Label) {
		t.tokens = append(t.tokens, Token{Word: label, Start: start, End: start, Gap: gap})
		word, gap = word[len(label):], ""
	}
	t.tokens = append(t.tokens, Token{Word: word, Start: start, End: end, Gap: gap})
}

// plain returns a word in the one form for all ways to write it.
func plain(word string, fold cases.Caser) string {
	bare := func(r rune) rune {
		if isApostrophe(r) || unicode.In(r, unicode.Cf, unicode.Me, unicode.Variation_Selector) {
			return -1
		}
		return r
	}
	return strings.Map(bare, fold.String(norm.NFKC.String(strings.Map(bare, word))))
}

// InWord reports whether a character can be part of a word or number.
func InWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

func isApostrophe(r rune) bool { return strings.ContainsRune("'’‘`´′ʼ", r) }

// IsDigit reports whether a byte is a digit in ASCII.
func IsDigit(b byte) bool { return '0' <= b && b <= '9' }

// LetterAt reports whether a letter begins at byte i.
func LetterAt(text string, i int) bool {
	r, _ := utf8.DecodeRuneInString(text[i:])
	return unicode.IsLetter(r)
}

func letterBefore(text string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return unicode.IsLetter(r) || unicode.IsMark(r)
}
