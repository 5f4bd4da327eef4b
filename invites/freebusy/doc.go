// Package freebusy knows what a calendar in iCalendar format (RFC 5545) takes of its owner's time: it reads what a
// file, a feed or a CalDAV server holds, and lists when that leaves them no time. It leaves fetching and keeping to
// invites/feed, and what follows from it to whoever looks for a time. It is pure: no clock, no network, no state.
//
// # What takes time
//
// Every VEVENT does that is not TRANSPARENT, not CANCELLED and not declined by the reader, whatever its SEQUENCE, and
// so do the periods of a VFREEBUSY but those that are FREE. TENTATIVE takes time; what has no length takes none.
// VTODO, VJOURNAL and VAVAILABILITY take none.
//
// # What can't be read
//
// Nobody is to be promised an hour because a program did not understand their calendar: what can't be read takes
// rather too much time than too little, and is named. A zone that nobody knows is the reader's own. A rule that can't
// be read repeats its event on each day. An end that can't be read is that of its day. Only an event whose start can't
// be read has no place, and takes no time.
package freebusy
