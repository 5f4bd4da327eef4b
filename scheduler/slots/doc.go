// Package slots knows when two people can talk: from their hours, holidays and busy time, and the organizer's rules, it
// finds the free spans, says what blocks what, and chooses the few times to offer. It is pure: it has no clock, reads
// no calendar and writes no words. What is busy it leaves to those who read calendars, what is offered or agreed on to
// conversation, how it is told to cmd.
//
// # Blocked and free
//
// Every rule becomes time that is blocked ([Blocked]), and nothing else decides: a talk fits where it overlaps nothing
// that is blocked. So what is free, what blocks it ([Day]) and what a given start would break ([Query.Breaks]) are one
// and the same. An event blocks the travel beside it, too, and another talk of this program its own travel and ours.
//
// Hours are spans of one day on the clock of whoever they are of. Those of one day that overlap or touch are one;
// those of two days that touch at midnight are two, with a boundary between them that no talk may cross. So each talk
// lies within one day of the organizer's, and that is the day on which talks are counted.
//
// A time of day that a clock skips is taken by the offset before (02:30 is then 03:30), one that it shows twice is the
// first, as for the start of an event (RFC 5545, section 3.3.5).
//
// # The score
//
//	soon   how early it is in what is left of the window, weighed by urgency: at 5 the end counts nothing, at 1 almost all
//	hours  how near to the middle of the working day, for the one of the two for whom it is less so
//	room   an hour or more without a meeting before or after it; wedged in between two it is nothing
//	score  half soon, three tenths hours, two tenths room
//	spread a day of which a time is offered already counts half, a part of the day four fifths; none overlaps another
package slots
