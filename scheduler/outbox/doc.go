// Package outbox knows what is to leave, as a row: a message, its states, the door that it waits at, what it says, and
// what a state knows of all that has left. When something is to leave is for package conversation to say, how it leaves
// for delivery, and how rows are kept for store; these share its words.
//
// A message waits (held, queued), is in a process's hands (sending), or has ended: accepted, failed, expired,
// cancelled, superseded, bounced. An unclear one has been handed over and got no answer; it goes once more where it is
// repeatable, and else waits for somebody to look. Who moves it between these is told in package delivery.
package outbox
