package moment

import (
	"strings"

	"coalition/templates/answers/phrases"
)

// clock takes in a time of day such as 15:00, 3 pm, 15.30 Uhr, 15h30, half past 3 or, behind a word such as "at", 3 or
// three.
func (r *Reader) clock(i int) int {
	begin, shift := i, 0
	if p, n := r.words.Match(r.tokens, i); p.Has(phrases.To|phrases.Past) && i+n < len(r.tokens) && r.tokens[i+n].Gap == "" {
		if shift = p.Number; p.Has(phrases.To) {
			shift = -shift
		}
		i += n
	}
	hour, suffix, digits := r.number(i)
	next := i + 1
	if p, n := r.words.Match(r.tokens, i); digits == 0 && p.Has(phrases.Number) {
		hour, digits, next = p.Number, 1, i+n
	}
	if digits == 0 || digits > 2 {
		return 0
	}
	padded := digits == 2 && r.tokens[i].Word[0] == '0'
	minute, minutes := 0, false
	// 15h30
	if unit := strings.TrimRight(suffix, "0123456789"); unit != suffix && r.half(unit).Has(phrases.Clock) {
		m, rest, digits := leading(suffix[len(unit):])
		if digits != 2 || rest != "" {
			return 0
		}
		minute, suffix, minutes = m, unit, true
	}
	if suffix == "" && (r.joined(next, ":") || r.joined(next, ".") && r.dotted(next)) {
		m, rest, digits := r.number(next)
		if digits != 2 {
			return 0
		}
		minute, suffix, minutes = m, rest, true
		next++
	}
	half := r.half(suffix)
	if suffix != "" && half == 0 {
		return 0
	}
	next = r.spelt(next, &shift)
	half, next = r.behindHour(half, next)
	// As in "3 heures et demie de l'après-midi".
	if more := r.spelt(next, &shift); more > next {
		half, next = r.behindHour(half, more)
	}
	// 15 Uhr 30
	if half.Has(phrases.Clock) && !minutes && shift == 0 && next < len(r.tokens) && r.tokens[next].Gap == "" {
		if m, rest, digits := r.number(next); digits == 2 && rest == "" {
			minute, next = m, next+1
		}
	}
	if half == 0 && !minutes && i == begin && !r.behindAt(i) {
		return 0
	}
	if shift != 0 {
		r.unclear = r.unclear || minute != 0 || hour > 23
		// A quarter to one is one past noon.
		at := (hour*60 + shift + 12*60) % (12 * 60)
		if hour > 12 || hour == 12 && shift > 0 {
			at += 12 * 60
		} else if at < 60 {
			at += 12 * 60
		}
		hour, minute = at/60, at%60
	}
	r.setClock(hour, minute, padded, half)
	return next - begin
}

// spelt takes in minutes in words from token i, such as "thirty", where there are none yet. It returns the token behind
// them.
func (r *Reader) spelt(i int, shift *int) int {
	if i >= len(r.tokens) || r.tokens[i].Gap != "" || *shift != 0 {
		return i
	}
	p, n := r.words.Match(r.tokens, i)
	if !p.Has(phrases.Minutes) {
		return i
	}
	*shift = p.Number
	return i + n
}

// behindHour takes in the words behind an hour, of which half is the first if that is written together with it: "Uhr
// nachmittags". It returns the token behind them.
func (r *Reader) behindHour(half phrases.Roles, next int) (all phrases.Roles, end int) {
	const words = phrases.AM | phrases.PM | phrases.Clock
	// As before "'s middags".
	const apostrophes = "'’‘`´"
	for next < len(r.tokens) && strings.Trim(r.tokens[next].Gap, apostrophes) == "" {
		p, n := r.words.Match(r.tokens, next)
		if p.Roles&words&^half == 0 {
			break
		}
		half, next = half|p.Roles&words, next+n
	}
	return half, next
}

// dotted reports whether token i is the minutes of a time of day, and not the month of a date: it has two digits, and is
// no month, or an hour's word stands behind it.
func (r *Reader) dotted(i int) bool {
	m, _, digits := r.number(i)
	if digits != 2 || m > 59 || r.joined(i+1, ".") {
		return false
	}
	return m == 0 || m > 12 || r.isClock(i)
}

// behindAt reports whether a word such as "at" stands before token i.
func (r *Reader) behindAt(i int) bool {
	if i == 0 || r.tokens[i].Gap != "" {
		return false
	}
	// The last words of a phrase, of which the longest has few.
	for k := max(0, i-r.words.Longest()); k < i; k++ {
		if p, n := r.words.Match(r.tokens, k); p.Has(phrases.At) && k+n == i {
			return true
		}
	}
	return false
}

// The hours within which people talk: one that is named without saying which half of the day it is in is the one of the
// two that lies in them.
const earliest, latest = 8, 18

// setClock takes in a time of day. An hour that is padded, as in 08:00, is one of 24.
func (r *Reader) setClock(hour, minute int, padded bool, half phrases.Roles) {
	r.clocks++
	switch {
	case hour > 23 || minute > 59:
		r.unclear = true
	case half.Has(phrases.AM | phrases.PM):
		r.unclear = r.unclear || hour < 1 || hour > 12
		if hour %= 12; half.Has(phrases.PM) {
			hour += 12
		}
	case hour < earliest && !padded:
		hour += 12
		r.unclear = r.unclear || hour >= latest || hour == 12
	}
	r.found.Hour, r.found.Minute = hour, minute
}
