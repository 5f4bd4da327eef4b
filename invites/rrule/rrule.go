// Package rrule knows what a recurrence rule (RRULE, RFC 5545, section 3.3.10) says: which times on a clock it names
// from a start on. It leaves to others what is beside it in an event or a VTIMEZONE (RDATE, EXDATE), and when on earth
// that clock shows those times. It is pure, and safe for concurrent use.
package rrule

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"coalition/invites/icaltime"
	"coalition/invites/plaintext"
)

// A Rule is one RRULE, read.
type Rule struct {
	// Until is after which instant nothing more begins, where UNTIL is in UTC; zero where it is not. A rule alone does
	// not know when that is on its clock: [Rule.Between] goes on for a day, and whoever knows leaves out what is later.
	Until time.Time

	frequency frequency
	// interval is in periods, from 1 to mostInterval.
	interval int
	// count is of all instances, the start among them; 0: they are not counted.
	count int
	// until is when the clock shows the last second; zero: it goes on, or Until tells.
	until     time.Time
	weekStart time.Weekday

	// Each bit is one that is named; none: all are, or that of the start.
	months   uint16
	hours    uint32
	minutes  uint64
	seconds  uint64
	weekdays uint8
	// What is negative is counted from the end.
	monthDays, yearDays, weeks numbers
	// nth are weekdays with their number in the month or the year.
	nth []nth
	// positions are of those in one period which count.
	positions []int
}

// A frequency is how long a period is. A rule finds its instances in every so many-th of them.
type frequency uint8

const (
	hourly frequency = iota + 1
	daily
	weekly
	monthly
	yearly
)

type numbers []int

// has reports whether a number or what it is from the end is named; all are where none is.
func (n numbers) has(number, fromEnd int) bool {
	return len(n) == 0 || slices.Contains(n, number) || slices.Contains(n, -fromEnd)
}

type nth struct {
	n       int
	weekday time.Weekday
}

// mostInterval is, even in hours, more than a thousand years.
const mostInterval = 10_000_000

// Parse reads the value of an RRULE. It refuses what it does not know, what the RFC forbids, and a FREQ below HOURLY.
// The error is a phrase for people that tells the part, such as "INTERVAL=0 can't be read".
func Parse(value string) (*Rule, error) {
	r := &Rule{interval: 1, weekStart: time.Monday}
	seen := make([]string, 0, 13)
	for part := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(value), ";"), ";") {
		name, text, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(part)), "=")
		if slices.Contains(seen, name) || !r.read(name, text) {
			return nil, fmt.Errorf("%s can't be read", plaintext.Clip(plaintext.Line(part), 40))
		}
		seen = append(seen, name)
	}
	switch {
	case r.frequency == 0:
		return nil, errors.New("it has no FREQ")
	case len(r.weeks) > 0 && (r.frequency != yearly || len(r.nth) > 0):
		return nil, errors.New("BYWEEKNO can't stand there")
	case len(r.yearDays) > 0 && r.frequency != yearly && r.frequency != hourly:
		return nil, errors.New("BYYEARDAY can't stand there")
	case len(r.monthDays) > 0 && r.frequency == weekly:
		return nil, errors.New("BYMONTHDAY can't stand there")
	case len(r.nth) > 0 && r.frequency < monthly:
		return nil, errors.New("BYDAY has a number")
	}
	return r, nil
}

// read takes one part in.
func (r *Rule) read(name, value string) (ok bool) {
	switch name {
	case "FREQ":
		r.frequency, ok = frequencyOf(value)
		return ok
	case "INTERVAL":
		r.interval, ok = number(value, 1)
		r.interval = min(r.interval, mostInterval)
		return ok
	case "COUNT":
		r.count, ok = number(value, 1)
		return ok
	case "UNTIL":
		return r.readUntil(value)
	case "WKST":
		r.weekStart, ok = weekday(value)
		return ok
	case "BYDAY":
		return r.readWeekdays(value)
	case "BYMONTH":
		return readBits(&r.months, value, 1, 12)
	case "BYHOUR":
		return readBits(&r.hours, value, 0, 23)
	case "BYMINUTE":
		return readBits(&r.minutes, value, 0, 59)
	case "BYSECOND":
		ok = readBits(&r.seconds, value, 0, 60)
		// A leap second is the one before it.
		if r.seconds&(1<<60) != 0 {
			r.seconds = r.seconds&^(1<<60) | 1<<59
		}
		return ok
	case "BYMONTHDAY":
		r.monthDays, ok = readNumbers(value, 31)
		return ok
	case "BYYEARDAY":
		r.yearDays, ok = readNumbers(value, 366)
		return ok
	case "BYWEEKNO":
		r.weeks, ok = readNumbers(value, 53)
		return ok
	case "BYSETPOS":
		r.positions, ok = readNumbers(value, 366)
		return ok
	}
	return false
}

func number(s string, least int) (n int, ok bool) {
	n, err := strconv.Atoi(s)
	if errors.Is(err, strconv.ErrRange) {
		return n, n > 0
	}
	return n, err == nil && n >= least
}

func readBits[T uint16 | uint32 | uint64](bits *T, list string, least, most int) bool {
	for each := range strings.SplitSeq(list, ",") {
		n, ok := number(each, least)
		if !ok || n > most {
			return false
		}
		*bits |= 1 << n
	}
	return true
}

// readNumbers reads a list without zeros, from -most to most.
func readNumbers(list string, most int) (numbers []int, ok bool) {
	for each := range strings.SplitSeq(list, ",") {
		n, ok := number(each, -most)
		if !ok || n == 0 || n > most {
			return nil, false
		}
		if !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	return numbers, true
}

func (r *Rule) readUntil(value string) bool {
	form, at := icaltime.Read(value)
	switch form {
	case icaltime.UTC:
		r.Until = at
	case icaltime.Wall:
		r.until = at
	// It means that whole day.
	case icaltime.Date:
		r.until = at.Add(24*time.Hour - time.Second)
	default:
		return false
	}
	return true
}

func (r *Rule) readWeekdays(list string) bool {
	for each := range strings.SplitSeq(list, ",") {
		at := max(0, len(each)-2)
		day, ok := weekday(each[at:])
		if !ok {
			return false
		}
		if at == 0 {
			r.weekdays |= 1 << day
			continue
		}
		n, ok := number(each[:at], -53)
		if !ok || n == 0 || n > 53 {
			return false
		}
		if one := (nth{n, day}); !slices.Contains(r.nth, one) {
			r.nth = append(r.nth, one)
		}
	}
	return true
}

func weekday(s string) (time.Weekday, bool) {
	switch s {
	case "SU":
		return time.Sunday, true
	case "MO":
		return time.Monday, true
	case "TU":
		return time.Tuesday, true
	case "WE":
		return time.Wednesday, true
	case "TH":
		return time.Thursday, true
	case "FR":
		return time.Friday, true
	case "SA":
		return time.Saturday, true
	}
	return 0, false
}

func frequencyOf(s string) (frequency, bool) {
	switch s {
	case "HOURLY":
		return hourly, true
	case "DAILY":
		return daily, true
	case "WEEKLY":
		return weekly, true
	case "MONTHLY":
		return monthly, true
	case "YEARLY":
		return yearly, true
	}
	return 0, false
}
