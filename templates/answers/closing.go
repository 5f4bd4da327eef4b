package answers

import (
	"slices"
	"strings"
	"unicode/utf8"

	"coalition/templates/answers/phrases"
)

// contact is where somebody can be reached: an address, a number to call, a street.
var contact = pattern(`(?i)@|(\d[\s()/.-]*){6}|` +
	`\d\s*[a-z]?,?\s+(\p{L}+\s+)?(street|road|avenue|lane|drive|square|st|rd|ave)\b|` +
	`(stra(ß|ss)e|str\.|weg|platz|allee|gasse|damm|ufer)\s*\d|` +
	`\d\s*(bis|ter)?,?\s+(rue|boulevard|place|quai|chemin|impasse)\s+\p{L}|` +
	// "Via Roma 14", but not "via Zoom on the 14th": names are written with capital letters.
	`(?-i:\b(Calle|calle|C/|c/|Avda\.?|Avenida|Paseo|Plaza|Via|Viale|Piazza|Corso|Largo)\s+` +
	`((de|del|della|dei|delle|la|las|los|el|di|da)\s+)*(\p{Lu}[\p{L}.’']*,?\s+)+(n[º°.]*\s*)?\d)`)

// reaches reports whether the tokens from i to end say where somebody can be reached.
func (l *letter) reaches(i, end int) bool { return contact().MatchString(l.span(i, end)) }

// closes reports whether the letter is over with token i.
func (l *letter) closes(i int) bool {
	if l.tokens[i].Gap == "" && i > 0 {
		return false
	}
	p, n := l.all.Match(l.tokens, i)
	if p.Has(phrases.Mark) {
		return true
	}
	next := i + n
	over := next == len(l.tokens) || strings.Contains(l.tokens[next].Gap, "\n")
	switch {
	case p.Has(phrases.Closing) && (over || l.isUnknown(next)):
		return !l.goesOnBelow(i)
	case i > 0 && strings.Contains(l.tokens[i].Gap, "\n") && (l.takesLeave(i) || l.signs(i)):
		return !l.goesOnBelow(i)
	case !p.Has(phrases.Thanks):
		return false
	case !p.Has(phrases.Filler) && over:
		return true
	}
	named := next < len(l.tokens) && strings.Contains(l.tokens[next].Gap, ",") && l.isUnknown(next)
	return named && (over || !p.Has(phrases.Filler))
}

// goesOnBelow reports whether the line right below that of token i says something about an answer, and is no name: "See
// you!" and "After Easter" in two lines.
func (l *letter) goesOnBelow(i int) bool {
	below := l.next(i, "\n")
	if below == len(l.tokens) || strings.Contains(l.tokens[below].Gap, "\n\n") {
		return false
	}
	end := l.next(below, "\n")
	if l.signsKnown(below, end) || l.reaches(below, end) {
		return false
	}
	p, _ := l.all.Match(l.tokens, below)
	// A single word may be a name, such as Jo or Julio.
	if end == below+1 {
		return p.Has(phrases.Doubt | phrases.Negation)
	}
	return p.Has(phrases.Postscript|phrases.Time) || l.speaks(below, end)
}

// isUnknown reports whether the line from token i is one to four words that no language knows, such as a name.
func (l *letter) isUnknown(i int) bool {
	for k := i; k < len(l.tokens) && (k == i || !strings.Contains(l.tokens[k].Gap, "\n")); k++ {
		if k == i+4 || !l.unknown(k) {
			return false
		}
	}
	return true
}

// takesLeave reports whether the line that begins with token i is a closing in up to ten words: "Many thanks and best
// wishes from Lisbon".
func (l *letter) takesLeave(i int) bool {
	const longest = 10
	end := l.next(i, "\n")
	if end-i > longest {
		return false
	}
	leave := false
	for i < end {
		p, n := l.all.Match(l.tokens, i)
		switch {
		case p.Has(phrases.Closing):
			leave = true
		case n == 0 && leave && l.unknown(i):
			n = 1
		case p.Has(phrases.Thanks | phrases.Filler | phrases.Title):
		case !leave || n == 0 || p.Has(^(phrases.Article | phrases.Or | phrases.Greeting)):
			return false
		}
		i += n
	}
	return leave
}

// signs reports whether the line that begins with token i is the writer's name, with which a letter ends: one that is
// known, or words that nobody knows, beside or above a number to call, an address or a street.
func (l *letter) signs(i int) bool {
	end := l.next(i, "\n")
	if l.signsKnown(i, end) {
		return true
	}
	if !strings.Contains(l.tokens[i].Gap, "\n\n") {
		return false
	}
	const bars = "|·•"
	for k := i; k < min(end, i+5) && l.unknown(k); k++ {
		if k > i && strings.ContainsAny(l.tokens[k].Gap, bars) || k+1 < end && strings.ContainsAny(l.tokens[k+1].Gap, bars) {
			return l.reaches(i, end) && !l.speaks(i, end)
		}
	}
	return l.headsCard(i, end)
}

// signsKnown reports whether the line from token i to end begins with a name of the writer's and goes on, if at all,
// with what they are.
func (l *letter) signsKnown(i, end int) bool {
	name, known := i, false
	for ; name < end; name++ {
		word := l.tokens[name].Word
		p, _ := l.all.Match(l.tokens, name)
		initial := utf8.RuneCountInString(word) == 1 && phrases.LetterAt(word, 0)
		named := slices.Contains(l.names, word)
		if !named && !p.Has(phrases.Title) && !initial {
			break
		}
		known = known || named && len(word) > 1
	}
	// An initial may stand for a name.
	if end == i+1 && name == end {
		begins := func(name string) bool { return strings.HasPrefix(name, l.tokens[i].Word) }
		known = known || slices.ContainsFunc(l.names, begins)
	}
	return known && (name == end || strings.ContainsAny(l.tokens[name].Gap, ",|-/·•")) && !l.speaks(name, end)
}

// headsCard reports whether the line from token i to end is one to four words that nobody knows, and below it stands
// how somebody can be reached, and nothing about an answer.
func (l *letter) headsCard(i, end int) bool {
	if end-i > 4 || end == len(l.tokens) {
		return false
	}
	for k := i; k < end; k++ {
		if p, n := l.all.Match(l.tokens, k); n > 0 && !p.Has(phrases.Title) || !phrases.LetterAt(l.tokens[k].Word, 0) {
			return false
		}
	}
	reach := false
	for line := end; line < len(l.tokens) && !strings.Contains(l.tokens[line].Gap, "\n\n"); {
		next := l.next(line, "\n")
		if l.speaks(line, next) {
			return false
		}
		reach = reach || l.reaches(line, next)
		line = next
	}
	return reach
}

// isName reports whether the last line, which begins with token i, is one to three words with a capital letter each,
// below an empty line or thanks.
func (l *letter) isName(i int) bool {
	if i+3 < len(l.tokens) {
		return false
	}
	for k := i; k < len(l.tokens); k++ {
		if !l.capital(k) {
			return false
		}
	}
	if strings.Contains(l.tokens[i].Gap, "\n\n") {
		return true
	}
	for k := i - 1; k >= 0 && k >= i-l.all.Longest(); k-- {
		if p, n := l.all.Match(l.tokens, k); p.Has(phrases.Thanks) && k+n == i && (k == 0 || l.tokens[k].Gap != "") {
			return true
		}
	}
	return false
}

// afterwards returns the parts below token end, where the letter is over, that its writer has added to it all the
// same: postscripts, conditions, another answer, a question to the reader.
func (l *letter) afterwards(end int) (parts []part) {
	// Something may stand beside the closing, or the name.
	if end < len(l.tokens) {
		names := l.next(end, "\n")
		if names < len(l.tokens) && !strings.Contains(l.tokens[names].Gap, "\n\n") {
			names = l.next(names, "\n")
		}
		if p, _ := l.all.Match(l.tokens, end); !p.Has(phrases.Mark) && l.goesOn(end, names) {
			parts = append(parts, part{end, names})
			end = names
		}
	}
	for i := end; i < len(l.tokens); {
		next := l.next(i, "\n")
		if (i > end || len(parts) > 0) && l.belongs(i, next) {
			next = l.next(i, "\n\n")
			parts = append(parts, part{i, next})
		}
		i = next
	}
	return parts
}

// belongs reports whether the line from token i to end, below the closing, is its writer's all the same.
func (l *letter) belongs(i, end int) bool {
	gap := l.tokens[i].Gap
	quoted := strings.ContainsAny(gap[strings.LastIndexByte(gap, '\n')+1:], "\"“”„«»")
	p, _ := l.all.Match(l.tokens, i)
	if p.Has(phrases.Postscript|phrases.No|phrases.Later) && !quoted || l.chooses(i, end) {
		return true
	}
	if !strings.Contains(gap, "\n\n") {
		return false
	}
	end = l.next(i, "\n\n")
	return l.asks(i, end) || l.claims(i, end)
}

// goesOn reports whether the tokens from i to end, with which a letter closes, hold a question or the beginning of a
// condition.
func (l *letter) goesOn(i, end int) bool {
	if strings.ContainsAny(l.span(i, end), questionMarks) {
		return true
	}
	for _, p := range l.all.Scan(l.tokens, i, end) {
		if p.Has(phrases.Postscript) && p.Has(phrases.Doubt) {
			return true
		}
	}
	return false
}

// chooses reports whether the line from token i to end begins with the number of a time, and says yes to it.
func (l *letter) chooses(i, end int) bool {
	p, _ := l.all.Match(l.tokens, i)
	return (l.number(i) != 0 || p.Has(phrases.Label|phrases.Number)) && !l.reaches(i, end) &&
		l.holds(i, end, phrases.Answer|phrases.Or)
}

// claims reports whether the tokens from i to end are a condition that begins with its writer, and are not about when
// they work and answer mail.
func (l *letter) claims(i, end int) bool {
	if !l.all.Word(l.tokens[i].Word).Has(phrases.Self) || l.holds(i, end, phrases.Duty) {
		return false
	}
	return slices.ContainsFunc(l.tokens[i:end], func(t phrases.Token) bool {
		p := l.all.Word(t.Word)
		return p.Has(phrases.Postscript) && p.Has(phrases.Doubt)
	})
}

// asks reports whether the tokens from i to end are a short question to the reader.
func (l *letter) asks(i, end int) bool {
	const longest = 15
	return end-i <= longest && strings.ContainsAny(l.span(i, end), questionMarks) && !l.reaches(i, end) &&
		l.holds(i, end, phrases.Address|phrases.Self)
}
