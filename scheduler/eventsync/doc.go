// Package eventsync knows what somebody has done to an event of ours in an online calendar: moved it, answered, left,
// deleted or brought it back. What the partner heard of there is not sent again. It leaves the calendar's protocol to
// whoever implements [Calendar], and writing into it to delivery.
//
// The cursor is written when all that came with it is taken in, so that a listing that was cut off is read again; a
// listing that lacks an event is no proof that it is gone, and is asked about.
package eventsync
