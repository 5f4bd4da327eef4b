// Package feed knows how the calendars are read that only tell when somebody is busy: iCalendar files, feeds (https,
// webcal) and CalDAV collections (RFC 4791); and what each has said last, which is kept on the disk, so that a server
// that is down for a while, or was not asked again, stops nobody. What a calendar means it leaves to invites/freebusy;
// calendars of another kind to whoever gives it [Source.Ask]; what follows from being busy to the scheduler.
//
// Nothing is ever fetched but what the config names: no address that stands in a calendar, a mail or a plan.
//
// # When a calendar is asked
//
// [Feeds.FreeBusy] asks a calendar that was not asked for 15 minutes, and otherwise answers from what is known. One
// that failed is asked again after 30 seconds, doubling up to 15 minutes, and later where its server says so
// (Retry-After). A file is looked at each time, and read where its size or its time of change is another one. Calendars
// are asked side by side; each has 20 seconds to begin its answer, and a minute for all of it, in 25 MB after
// decompression.
//
// # The states of a calendar
//
//	ok      the last question was answered, at most 15 minutes ago
//	stale   it failed, or was not asked; what was read last is at most a day old
//	failed  it was never read, or not for a day, or not for the time in question
//
// What was read last is given in all of them, and its age with it. An answer counts only whole: one that breaks off, is
// no calendar, or is too large, changes nothing. What in a calendar can't be understood is told, and does not fail it.
//
// # What is kept
//
// Each calendar has one file in [Config.Dir], for its owner only, and named by a hash, since addresses are secrets. It
// holds what the next question needs (ETag, Last-Modified, sync token), the resources as they came, and, so that an
// answer needs no parser, the busy spans of the next months, made anew when the resources, the reader, the zone data or
// this program have changed. A file that is damaged counts as none. Several processes may share a folder: each takes
// over what another has read meanwhile, and the last to write wins.
package feed
