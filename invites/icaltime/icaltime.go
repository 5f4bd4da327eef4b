// Package icaltime knows how iCalendar writes times: DATE, DATE-TIME, DURATION and UTC-OFFSET (RFC 5545, section 3.3).
// It leaves to others which clocks show them, and what they are the times of. Nothing in it refers to this machine.
package icaltime

import "time"

// A Form is what of a time is written down.
type Form uint8

const (
	// Unreadable is what is no time, or on no calendar.
	Unreadable Form = iota
	// Date is a day (DATE): 20270304.
	Date
	// Wall is what clocks show on a day (DATE-TIME, forms 1 and 3): 20270304T100000.
	Wall
	// UTC is an instant (DATE-TIME, form 2): 20270304T100000Z.
	UTC
)

// Read returns what a DATE or DATE-TIME says: for [Wall] what clocks show, as if they were in UTC, and for [Date] the
// beginning of the day. A leap second is the one before it.
func Read[S string | []byte](s S) (Form, time.Time) {
	form := Wall
	switch {
	case len(s) == 8:
		form = Date
	case len(s) == 16 && (s[15] == 'Z' || s[15] == 'z'):
		form = UTC
	case len(s) != 15:
		return Unreadable, time.Time{}
	}
	year, month, day := digits(s, 0, 4), digits(s, 4, 6), digits(s, 6, 8)
	// -1 is no number.
	if year < 0 || month < 1 || month > 12 || day < 1 || day > DaysIn(year, month) {
		return Unreadable, time.Time{}
	}
	seconds := Day(year, month, day) * 24 * 60 * 60
	if form != Date {
		hour, minute, second := digits(s, 9, 11), digits(s, 11, 13), digits(s, 13, 15)
		if s[8]&^0x20 != 'T' || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
			return Unreadable, time.Time{}
		}
		seconds += hour*3600 + minute*60 + min(second, 59)
	}
	return form, time.Unix(int64(seconds), 0).UTC()
}

// DaysIn returns how many days a month has.
func DaysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// Day returns the number of a day from the year 0 on: of the first of January 1970 it is 0. The library's time.Date
// does the same, and takes ten times as long; a calendar has thousands of days.
func Day(year, month, day int) int {
	// Years begin in March here, so that the leap day is their last.
	if month -= 2; month <= 0 {
		month += 12
		year--
	}
	// Before the year 0 there is only the end of -1.
	leaps := (year+400)/4 - (year+400)/100 + (year+400)/400 - 97
	return year*365 + leaps + 367*month/12 + day - 719_499
}

// digits returns the number from from to to; -1: it is none.
func digits[S string | []byte](s S, from, to int) int {
	n := 0
	for i := from; i < to; i++ {
		c := s[i] - '0'
		if c > 9 {
			return -1
		}
		n = 10*n + int(c)
	}
	return n
}

// Duration returns what a DURATION says that does not point into the past: days, which are as long as clocks make
// them, and the rest, which is exact. Of weeks and days it takes up to 99,999, and up to 999,999 of all else.
func Duration[S string | []byte](s S) (days int, rest time.Duration, ok bool) {
	at := 0
	if len(s) > 0 && s[0] == '+' {
		at++
	}
	if at >= len(s) || s[at]&^0x20 != 'P' {
		return 0, 0, false
	}
	at++
	// Each unit stands there once at most, in this order.
	const units = "WDHMS"
	next, timed := 0, false
	for at < len(s) {
		if s[at]&^0x20 == 'T' && !timed {
			timed, next = true, 2
			at++
			continue
		}
		begin := at
		for at < len(s) && s[at] >= '0' && s[at] <= '9' {
			at++
		}
		most := 5
		if timed {
			most = 6
		}
		if at == begin || at-begin > most || at == len(s) {
			return 0, 0, false
		}
		n := digits(s, begin, at)
		for next < len(units) && units[next] != s[at]&^0x20 {
			next++
		}
		switch {
		case next == len(units), timed != (next >= 2):
			return 0, 0, false
		case next == 0:
			days += 7 * n
		case next == 1:
			days += n
		default:
			rest += time.Duration(n) * []time.Duration{time.Hour, time.Minute, time.Second}[next-2]
		}
		next++
		at++
	}
	return days, rest, true
}

// Offset returns what a UTC-OFFSET says, in seconds east of UTC; less than a day.
func Offset[S string | []byte](s S) (seconds int, ok bool) {
	if len(s) != 5 && len(s) != 7 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	hours, minutes, rest := digits(s, 1, 3), digits(s, 3, 5), 0
	if len(s) == 7 {
		rest = digits(s, 5, 7)
	}
	if hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || rest < 0 || rest > 59 {
		return 0, false
	}
	seconds = hours*3600 + minutes*60 + rest
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}
