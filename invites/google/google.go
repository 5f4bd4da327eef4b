// Package google knows Google Calendar: how a talk is an event there, how its writes are made to
// count once, what has changed since it was looked at last, and how a person signs in (Calendar API v3,
// OAuth 2.0 for desktop apps). What is to be written, and what follows from a change, it leaves to
// scheduler; its words to templates.
package google
