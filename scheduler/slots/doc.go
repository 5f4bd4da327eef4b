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
// Of all times that are free, a few are chosen to be offered. The score of each is from 0 to 1:
//
//	soon   how much of the window is left, weighed by urgency: at 5 its end counts nothing, at 1 four fifths
//	hours  how near to the middle of the working day it is, for the one of the two for whom it is less so
//	room   an hour or more without a meeting before or after it; wedged in between two it is nothing
//	score  half soon, three tenths hours, two tenths room
//	choice the best, then the best beside those chosen: the second time of a day counts half, a third a third; a time
//	       of day four hours away full, the same one three fifths; a quarter past a little less than the hour
package slots
