package inbox

import "time"

// A Week is what the organizer is told at its begin, where they want to be: names, days and counts.
type Week struct {
	// Day is its first one, such as 2027-03-08; so are all below.
	Day   string
	Talks []WeekTalk
	// Yours are the partners who wait for the organizer, LookBack those of a talk that was not looked back on.
	Yours, LookBack []string
	// Theirs are the partners whose answer is awaited, since they were written to; Drifting those who drift apart from the
	// organizer, since the last talk.
	Theirs, Drifting []WeekSince
	Promises         []WeekPromises
}

// A WeekTalk is a talk of the week. Zone is that of the partner's clock.
type WeekTalk struct {
	Name   string
	Start  time.Time
	Length time.Duration
	Zone   string
}

// A WeekSince is a partner, and since which day it is so.
type WeekSince struct{ Name, Day string }

// A WeekPromises counts the promises that are due in the week, or overdue: the organizer's, and the partner's.
type WeekPromises struct {
	Name         string
	Mine, Theirs int
}
