// Package google knows Google Calendar: how a talk is an event there, how its writes are made to
// count once, and what has changed since it was looked at last (Calendar API v3). How a person signs in it
// leaves to account; what is to be written, and what follows from a change, to scheduler; its words to
// templates.
package google
