// Package holidays knows on which days people have off: the public holidays of a country or region, and those that a
// file lists. Who they are for, and what follows from a holiday, it leaves to whoever asks.
package holidays

import (
	"sync"
	"time"

	"github.com/rickar/cal/v2"

	"coalition/invites/freebusy"
)

// A Calendar knows the holidays of one region or file; nil knows none. It is safe for concurrent use.
type Calendar struct {
	// of lists the holidays of a year by their day (as [time.DateOnly]), and what of them can't be understood.
	of func(year int) (days map[string]string, problems []string)

	mu    sync.Mutex
	years map[int]yearOf
}

type yearOf struct {
	days     map[string]string
	problems []string
}

func newCalendar(of func(year int) (map[string]string, []string)) *Calendar {
	return &Calendar{of: of, years: make(map[int]yearOf)}
}

func (c *Calendar) year(year int) yearOf {
	c.mu.Lock()
	defer c.mu.Unlock()
	y, known := c.years[year]
	if !known {
		y.days, y.problems = c.of(year)
		c.years[year] = y
	}
	return y
}

// On returns the name of the holiday on that day, of which only year, month and day count; false: it is none.
func (c *Calendar) On(day time.Time) (name string, ok bool) {
	if c == nil {
		return "", false
	}
	name, ok = c.year(day.Year()).days[day.Format(time.DateOnly)]
	return name, ok
}

// Problems returns what of that year could not be understood, one line for people each.
func (c *Calendar) Problems(year int) []string {
	if c == nil {
		return nil
	}
	return c.year(year).problems
}

// yearly lists the holidays of a year by their rules. A day that stands in for one at a weekend is one, too.
func yearly(rules []*cal.Holiday) func(year int) (map[string]string, []string) {
	return func(year int) (map[string]string, []string) {
		days := make(map[string]string)
		// New Year's Day may be kept in December.
		for y := year - 1; y <= year+1; y++ {
			for _, rule := range rules {
				actual, kept := rule.Calc(y)
				for _, day := range []time.Time{actual, kept} {
					if !day.IsZero() && day.Year() == year {
						days[day.Format(time.DateOnly)] = rule.Name
					}
				}
			}
		}
		return days, nil
	}
}

// listed lists the holidays of a year that a calendar has as all-day events.
func listed(calendar *freebusy.Calendar) func(year int) (map[string]string, []string) {
	return func(year int) (map[string]string, []string) {
		first := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		return calendar.Days(first, first.AddDate(1, 0, 0))
	}
}
