package rrule

import (
	"errors"
	"math"
	"math/bits"
	"slices"
	"sync"
	"time"

	"coalition/invites/icaltime"
)

// ErrTooMany is returned where a rule is more work than it may be.
var ErrTooMany = errors.New("it repeats too often")

// Between yields the instances in the half-open time from from to to, in order. All times are what the clock shows, as
// if it were in UTC. The start is always the first instance, also where it is not in its own rule. What is needed from
// the start is taken from there: with COUNT each one since then, and steps, of which each day that is looked at and
// each instance is one, may run out, which is [ErrTooMany]. Without COUNT it begins near from.
func (r *Rule) Between(start, from, to time.Time, steps *int, yield func(time.Time)) error {
	first, low, high := start.Unix(), from.Unix(), to.Unix()
	if first >= low && first < high {
		yield(start)
	}
	if !r.until.IsZero() {
		high = min(high, r.until.Unix()+1)
	}
	if !r.Until.IsZero() {
		high = min(high, r.Until.Unix()+secondsOfDay+1)
	}
	w := walkers.Get().(*walker)
	defer walkers.Put(w)
	counted, n, err := w.begin(r, start, low, steps)
	for ; err == nil; n++ {
		var more bool
		if more, err = w.instances(n, high); !more {
			return err
		}
		for _, at := range w.found {
			if at <= first {
				continue
			}
			if counted++; at >= high || r.count > 0 && counted > r.count {
				return nil
			}
			if at >= low {
				yield(time.Unix(at, 0).UTC())
			}
		}
	}
	return err
}

const secondsOfDay = 24 * 60 * 60

// A walker goes through the periods of a rule.
type walker struct {
	Rule
	steps *int
	// base is the period of the start.
	base int64
	// seconds are those of the day, or below FREQ=DAILY of the hour, at which it is.
	seconds []int64
	// days and found are those of one period: numbers of days since 1970, and seconds since then.
	days, found []int64
}

// walkers are kept for the room that they have: a calendar has hundreds of rules.
var walkers = sync.Pool{New: func() any { return new(walker) }}

// begin prepares for a rule, and returns the first period to look at, and how many instances there are before.
func (w *walker) begin(r *Rule, start time.Time, low int64, steps *int) (counted int, n int64, err error) {
	w.Rule, w.steps = *r, steps
	w.fill(start)
	w.base = w.period(start)
	if err := w.clock(); err != nil {
		return 0, 0, err
	}
	// The period in which the clock shows low.
	n = max(0, w.period(time.Unix(low, 0).UTC())-w.base) / int64(w.interval)
	switch {
	case n == 0 || w.count == 0:
		return 1, n, nil
	case !w.even():
		return 1, 0, nil
	}
	// In the first, the start has been counted, and some may be before it.
	if _, err := w.instances(0, math.MaxInt64); err != nil {
		return 0, 0, err
	}
	counted = 1
	for _, at := range w.found {
		if at > start.Unix() {
			counted++
		}
	}
	_, err = w.instances(1, math.MaxInt64)
	return counted + int(n-1)*len(w.found), n, err
}

// fill takes from the start what the rule leaves to it.
func (w *walker) fill(start time.Time) {
	if w.hours == 0 && w.frequency != hourly {
		w.hours = 1 << start.Hour()
	}
	if w.minutes == 0 {
		w.minutes = 1 << start.Minute()
	}
	if w.Rule.seconds == 0 {
		w.Rule.seconds = 1 << start.Second()
	}
	anyDay := w.weekdays == 0 && len(w.nth) == 0
	switch {
	case w.frequency == weekly && anyDay, len(w.weeks) > 0 && anyDay && len(w.monthDays) == 0 && len(w.yearDays) == 0:
		w.weekdays = 1 << start.Weekday()
	case w.frequency < monthly || !anyDay || len(w.monthDays) > 0 || len(w.yearDays) > 0:
	default:
		w.monthDays = numbers{start.Day()}
		if w.frequency == yearly && w.months == 0 {
			w.months = 1 << start.Month()
		}
	}
}

// even reports whether there are as many instances in each period.
func (w *walker) even() bool {
	byDay := w.weekdays != 0 && w.frequency != weekly || w.hours != 0 && w.frequency == hourly
	return w.frequency <= weekly && !byDay && w.months == 0 && len(w.monthDays) == 0 && len(w.yearDays) == 0
}

func (w *walker) step(n int) error {
	if *w.steps -= n; *w.steps < 0 {
		return ErrTooMany
	}
	return nil
}

// clock finds the times of the day.
func (w *walker) clock() error {
	hours := w.hours
	if w.frequency == hourly {
		hours = 1
	}
	n := bits.OnesCount32(hours) * bits.OnesCount64(w.minutes) * bits.OnesCount64(w.Rule.seconds)
	if err := w.step(n); err != nil {
		return err
	}
	w.seconds = w.seconds[:0]
	for h := hours; h != 0; h &= h - 1 {
		for m := w.minutes; m != 0; m &= m - 1 {
			for s := w.Rule.seconds; s != 0; s &= s - 1 {
				at := bits.TrailingZeros32(h)*3600 + bits.TrailingZeros64(m)*60 + bits.TrailingZeros64(s)
				w.seconds = append(w.seconds, int64(at))
			}
		}
	}
	return nil
}

// period returns the number of the period that t is in: its year; its month, counted from the year 0; the first day of
// its week, divided by seven; its day, or its hour, counted from 1970.
func (w *walker) period(t time.Time) int64 {
	switch w.frequency {
	case yearly:
		return int64(t.Year())
	case monthly:
		return int64(t.Year()*12 + int(t.Month()) - 1)
	case weekly:
		return floor(dayOf(t)-w.firstDay(0), 7)
	case daily:
		return dayOf(t)
	default:
		return floor(t.Unix(), 3600)
	}
}

func dayOf(t time.Time) int64 { return floor(t.Unix(), secondsOfDay) }

// firstDay returns the number of the first day of a week. That of day 0, a Thursday, is week 0.
func (w *walker) firstDay(week int64) int64 {
	return 7*week - int64(time.Thursday-w.weekStart+7)%7
}

func floor(n, by int64) int64 {
	if n < 0 {
		return (n - by + 1) / by
	}
	return n / by
}

// instances finds those of the nth period that counts, from that of the start on, which is the 0th; more is false where
// it begins at high or later.
func (w *walker) instances(n, high int64) (more bool, err error) {
	w.days = w.days[:0]
	const all = 1<<31 - 1
	period := w.base + n*int64(w.interval)
	begin, walked := int64(0), 1
	switch w.frequency {
	case yearly:
		if begin = startOfMonth(period, time.January); begin < high {
			for month := time.January; month <= time.December; month++ {
				if w.inMonth(month) {
					walked += 31
					w.daysOfMonth(int(period), month, all)
				}
			}
		}
	case monthly:
		year, month := floor(period, 12), time.Month(period-12*floor(period, 12))+1
		if begin = startOfMonth(year, month); begin < high && w.inMonth(month) {
			walked += 31
			w.daysOfMonth(int(year), month, all)
		}
	case weekly:
		walked += 7
		first := w.firstDay(period)
		begin = first * secondsOfDay
		for day := first; day < first+7; day++ {
			w.day(day)
		}
	case daily:
		begin = period * secondsOfDay
		w.day(period)
	case hourly:
		begin = period * 3600
		if hour := period - 24*floor(period, 24); w.hours == 0 || w.hours&(1<<hour) != 0 {
			w.day(floor(period, 24))
		}
	}
	if begin >= high {
		return false, nil
	}
	if err := w.step(walked + len(w.days)*len(w.seconds)); err != nil {
		return false, err
	}
	w.found = w.found[:0]
	for _, day := range w.days {
		for _, second := range w.seconds {
			w.found = append(w.found, max(begin, day*secondsOfDay)+second)
		}
	}
	w.choose()
	return true, nil
}

// startOfMonth returns when it begins; where nothing more can be counted, so late that nothing is left.
func startOfMonth(year int64, month time.Month) int64 {
	if year > 9999 {
		return math.MaxInt64
	}
	return int64(icaltime.Day(int(year), int(month), 1)) * secondsOfDay
}

// choose leaves those that BYSETPOS names.
func (w *walker) choose() {
	if len(w.positions) == 0 {
		return
	}
	chosen := w.found[:0]
	for i, at := range w.found {
		if numbers(w.positions).has(i+1, len(w.found)-i) {
			chosen = append(chosen, at)
		}
	}
	w.found = chosen
}

func (w *walker) inMonth(m time.Month) bool { return w.months == 0 || w.months&(1<<m) != 0 }

// day takes in the day of that number where the rule names it.
func (w *walker) day(number int64) {
	if w.months == 0 && len(w.monthDays) == 0 && len(w.yearDays) == 0 {
		if w.weekdays == 0 || w.weekdays&(1<<weekdayOf(number)) != 0 {
			w.days = append(w.days, number)
		}
		return
	}
	t := time.Unix(number*secondsOfDay, 0).UTC()
	if w.inMonth(t.Month()) {
		w.daysOfMonth(t.Year(), t.Month(), 1<<(t.Day()-1))
	}
}

// A month is one of a year.
type month struct {
	year int
	// first is the number of its first day, and weekday that day's.
	first   int64
	weekday time.Weekday
	length  int
}

// daysOfMonth takes in the days that the rule names, of those among which they may be: bit n is day n+1.
func (w *walker) daysOfMonth(year int, name time.Month, among uint32) {
	m := month{year: year, first: int64(icaltime.Day(year, int(name), 1)), length: icaltime.DaysIn(year, int(name))}
	m.weekday = weekdayOf(m.first)
	byYear := len(w.yearDays) > 0 || len(w.weeks) > 0 || w.countsInYear()
	for days := among & w.inMonthDays(m) & w.inWeekdays(m); days != 0; days &= days - 1 {
		day := m.first + int64(bits.TrailingZeros32(days))
		if !byYear || w.inYear(m, day) {
			w.days = append(w.days, day)
		}
	}
}

// inMonthDays returns the days of a month that BYMONTHDAY names.
func (w *walker) inMonthDays(m month) (days uint32) {
	if len(w.monthDays) == 0 {
		return 1<<m.length - 1
	}
	for _, n := range w.monthDays {
		if n < 0 {
			n += m.length + 1
		}
		if n >= 1 && n <= m.length {
			days |= 1 << (n - 1)
		}
	}
	return days
}

// inWeekdays returns the days of a month that BYDAY names; where it counts them in the year, all of their weekday.
func (w *walker) inWeekdays(m month) (days uint32) {
	if w.weekdays == 0 && len(w.nth) == 0 {
		return 1<<m.length - 1
	}
	const weekly = 1 | 1<<7 | 1<<14 | 1<<21 | 1<<28
	first := func(weekday time.Weekday) int { return int(weekday-m.weekday+7) % 7 }
	for weekday := time.Sunday; weekday <= time.Saturday; weekday++ {
		if w.weekdays&(1<<weekday) != 0 {
			days |= weekly << first(weekday)
		}
	}
	for _, nth := range w.nth {
		day := first(nth.weekday)
		switch {
		case w.countsInYear():
			days |= weekly << day
			continue
		case nth.n > 0:
			day += 7 * (nth.n - 1)
		default:
			day += 7 * ((m.length-1-day)/7 + nth.n + 1)
		}
		if day >= 0 && day < m.length {
			days |= 1 << day
		}
	}
	return days & (1<<m.length - 1)
}

// countsInYear reports whether the numbers in BYDAY are of the year, and not of the month.
func (w *walker) countsInYear() bool { return len(w.nth) > 0 && w.frequency == yearly && w.months == 0 }

// inYear reports whether a day is what BYYEARDAY, BYWEEKNO and numbers of the year in BYDAY name.
func (w *walker) inYear(m month, number int64) bool {
	length := daysOfYear(m.year)
	day := int(number) - icaltime.Day(m.year, 1, 1) + 1
	weekday := weekdayOf(number)
	if !w.yearDays.has(day, length+1-day) || !w.inWeek(m.year, length, day, weekday) {
		return false
	}
	return !w.countsInYear() || w.weekdays&(1<<weekday) != 0 ||
		slices.Contains(w.nth, nth{(day + 6) / 7, weekday}) ||
		slices.Contains(w.nth, nth{-(length - day + 7) / 7, weekday})
}

func daysOfYear(year int) int { return 337 + icaltime.DaysIn(year, 2) }

// weekdayOf returns that of the day of a number; day 0 is a Thursday.
func weekdayOf(day int64) time.Weekday {
	since := day + int64(time.Thursday)
	return time.Weekday(since - 7*floor(since, 7))
}

// inWeek reports whether a day is in a week that BYWEEKNO names. Week 1 is the first with four days in its year.
func (w *walker) inWeek(year, length, day int, weekday time.Weekday) bool {
	if len(w.weeks) == 0 {
		return true
	}
	// The year of a week is that of its fourth day.
	fourth := day - int(weekday-w.weekStart+7)%7 + 3
	switch {
	case fourth < 1:
		length = daysOfYear(year - 1)
		fourth += length
	case fourth > length:
		fourth -= length
		length = daysOfYear(year + 1)
	}
	return w.weeks.has((fourth+6)/7, (length-fourth+7)/7)
}
