package moment

import (
	"strconv"
	"strings"
	"time"

	"coalition/templates/answers/phrases"
)

// A Reader takes in the parts of a moment as they stand in a letter.
type Reader struct {
	tokens []phrases.Token
	words  *phrases.Lexicon
	// monthFirst says what comes first in 3/4.
	monthFirst bool
	found      Moment
	// days and clocks count what was named; unclear says that something of it may be read in two ways.
	days, clocks int
	unclear      bool
}

// NewReader reads tokens in the words of one language.
func NewReader(tokens []phrases.Token, words *phrases.Vocabulary) *Reader {
	return &Reader{tokens: tokens, words: words.Times, monthFirst: words.MonthFirst}
}

// Any reports whether anything of a moment was taken in.
func (r *Reader) Any() bool { return r.days+r.clocks > 0 }

// Moment returns the one that was named; ok is false where there is none, or more than one.
func (r *Reader) Moment() (m Moment, ok bool) {
	f := &r.found
	// A weekday beside a date, or beside "tomorrow", names the same day once more.
	day := r.days == 1 || r.days == 2 && f.Weekday != 0 && (f.Day != 0 || f.InDays != 0)
	if !day || r.clocks != 1 || r.unclear {
		return Moment{}, false
	}
	return *f, true
}

// Take takes in what of a moment begins with token i, and returns how many tokens that were; 0: nothing does.
func (r *Reader) Take(i int) int {
	for _, take := range []func(int) int{r.isoDate, r.clock, r.numericDate, r.dayAndMonth, r.monthAndDay} {
		if n := take(i); n > 0 {
			return n
		}
	}
	p, n := r.words.Match(r.tokens, i)
	f := &r.found
	switch {
	case p.Has(phrases.Weekday) && !p.Has(phrases.Month):
		r.unclear = r.unclear || f.Weekday != 0
		f.Weekday, r.days = p.Number, r.days+1
	case p.Has(phrases.Tomorrow):
		r.unclear = r.unclear || f.InDays != 0
		f.InDays, r.days = p.Number, r.days+1
	case p.Has(phrases.Noon):
		r.setClock(12, 0, false, 0)
	case p.Has(phrases.Weekday | phrases.Month):
		// A month alone, or what may be either.
		r.unclear, r.days = true, r.days+1
	default:
		return 0
	}
	return n
}

// number is that in digits at token i, and what is written together with it behind it; digits is how many there are, 0
// where it is no number.
func (r *Reader) number(i int) (n int, suffix string, digits int) {
	if i >= len(r.tokens) {
		return 0, "", 0
	}
	return leading(r.tokens[i].Word)
}

// leading is the number with which a word begins, and what stands behind it.
func leading(word string) (n int, suffix string, digits int) {
	for digits < len(word) && phrases.IsDigit(word[digits]) {
		digits++
	}
	if digits == 0 || digits > 4 {
		return 0, "", 0
	}
	// It has at most four digits.
	n, _ = strconv.Atoi(word[:digits])
	return n, word[digits:], digits
}

// joined reports whether token i stands behind the one before it with but that sign between them.
func (r *Reader) joined(i int, sign string) bool {
	return i > 0 && i < len(r.tokens) && r.tokens[i].Gap == sign && r.tokens[i].Start == r.tokens[i-1].End+len(sign)
}

// setDate takes in a date.
func (r *Reader) setDate(day, month, year int) {
	valid := day >= 1 && day <= 31 && month >= 1 && month <= 12
	r.unclear = r.unclear || !valid || r.found.Day != 0
	if year > 0 && year < 100 {
		year += 2000
	}
	r.found.Day, r.found.Month, r.found.Year = day, time.Month(month), year
	r.days++
}

// isoDate takes in one such as 2027-03-04.
func (r *Reader) isoDate(i int) int {
	year, _, digits := r.number(i)
	if digits != 4 || !r.joined(i+1, "-") || !r.joined(i+2, "-") {
		return 0
	}
	month, _, _ := r.number(i + 1)
	day, _, _ := r.number(i + 2)
	r.setDate(day, month, year)
	return 3
}

// numericDate takes in one such as 4.3., 4.3.2027, 4/3/2027 or 4-3-2027. Of one without dots it must be plain which of
// the two is the month, but where the month is always the first.
func (r *Reader) numericDate(i int) int {
	day, _, digits := r.number(i)
	sign := "."
	switch _, _, digits := r.number(i + 2); {
	case r.joined(i+1, "/"):
		sign = "/"
	// Without a year, 3-4 is from three to four.
	case r.joined(i+1, "-") && r.joined(i+2, "-") && digits == 4:
		sign = "-"
	}
	if digits == 0 || digits > 2 || !r.joined(i+1, sign) {
		return 0
	}
	month, suffix, digits := r.number(i + 1)
	if digits == 0 || digits > 2 || suffix != "" {
		return 0
	}
	if sign != "." && day != month {
		if day <= 12 && month <= 12 && !r.monthFirst {
			r.unclear = true
		}
		if month > 12 || r.monthFirst && day <= 12 {
			day, month = month, day
		}
	}
	year, n := 0, 2
	if r.joined(i+2, sign) {
		if y, suffix, digits := r.number(i + 2); (digits == 2 || digits == 4) && suffix == "" {
			year, n = y, 3
		}
	}
	r.setDate(day, month, year)
	return n
}

// dayAndMonth takes in a date such as 4 March, 4. März 2027 or 4th of March.
func (r *Reader) dayAndMonth(i int) int {
	day, suffix, digits := r.number(i)
	if digits == 0 || digits > 2 || len(suffix) > 3 {
		return 0
	}
	next := i + 1
	if next < len(r.tokens) {
		if p, n := r.words.Match(r.tokens, next); p.Has(phrases.On) && r.tokens[next].Gap == "" {
			next += n
		}
	}
	if next >= len(r.tokens) || strings.Trim(r.tokens[next].Gap, ".") != "" {
		return 0
	}
	p, n := r.words.Match(r.tokens, next)
	if !p.Has(phrases.Month) {
		return 0
	}
	year, more := r.year(next + n)
	r.unclear = r.unclear || p.Has(phrases.Weekday)
	r.setDate(day, p.Number, year)
	return next + n + more - i
}

// monthAndDay takes in a date such as March 4 or March 4th, 2027.
func (r *Reader) monthAndDay(i int) int {
	p, n := r.words.Match(r.tokens, i)
	day, suffix, digits := r.number(i + n)
	if !p.Has(phrases.Month) || p.Has(phrases.Weekday) || digits == 0 || digits > 2 || len(suffix) > 2 ||
		strings.Trim(r.tokens[i+n].Gap, ".") != "" || r.isClock(i+n) {
		return 0
	}
	year, more := r.year(i + n + 1)
	r.setDate(day, p.Number, year)
	return n + 1 + more
}

// year is that at token i, also behind a word such as "of", and how many tokens they have; 0: none is there.
func (r *Reader) year(i int) (year, n int) {
	if i < len(r.tokens) && r.tokens[i].Gap == "" {
		if p, of := r.words.Match(r.tokens, i); p.Has(phrases.On) {
			if year, n := r.year(i + of); n > 0 {
				return year, of + n
			}
		}
	}
	if year, suffix, digits := r.number(i); digits == 4 && suffix == "" && strings.Trim(r.tokens[i].Gap, ",.") == "" {
		return year, 1
	}
	return 0, 0
}

// isClock reports whether token i is the hour of a time of day, by what stands behind it.
func (r *Reader) isClock(i int) bool {
	_, suffix, _ := r.number(i)
	if r.joined(i+1, ":") || r.half(suffix) != 0 {
		return true
	}
	if i+1 >= len(r.tokens) || r.tokens[i+1].Gap != "" {
		return false
	}
	p, _ := r.words.Match(r.tokens, i+1)
	return p.Has(phrases.AM | phrases.PM | phrases.Clock)
}

// half is what a word says of the hour before it: one of AM, PM and Clock; 0: nothing.
func (r *Reader) half(word string) phrases.Roles {
	return r.words.Word(word).Roles & (phrases.AM | phrases.PM | phrases.Clock)
}
