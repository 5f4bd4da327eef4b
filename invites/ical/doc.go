// Package ical knows the iCalendar object of iTIP, both ways: the one event that leaves as a VEVENT with its VTIMEZONE
// (RFC 5545, 5546), and whatever a stranger's calendar answers with. It leaves the MIME parts around it to
// invites/email, and what an answer means to whoever knows the conversation. It is pure: no clock, no network, no state
// but zones that it has written before.
//
// # Out
//
// [VEvent.Encode] writes the same bytes for the same event. UID is one for the life of a round; SEQUENCE rises when
// time or place change, and with a CANCEL; DTSTAMP is new in every message. The start is told on the clocks of its
// zone, with a VTIMEZONE of one yearly rule for each half of the year, the only shape that all calendars read; where
// clocks follow no such rule, with each change around the event; in UTC where the clocks show the time twice.
//
// # In
//
// [Parse] takes nothing on trust. First everything that does not count is left out, and what does is brought into the
// one form that go-ical reads as it is meant; then that library sees it. One event in one calendar is read, which does
// not repeat; a time without a zone, or in one that nobody knows, is no time. A zone's name that is a place of the tz
// database is that place, whatever the VTIMEZONE says; any other name is what the VTIMEZONE says.
package ical
