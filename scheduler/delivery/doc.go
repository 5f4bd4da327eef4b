// Package delivery knows how finished messages leave, each of them once: it claims them, marks them, hands them over,
// writes down what has become of them, and tries again. What is to leave, and its bytes, it leaves to whoever has
// filled the outbox; whether it is still wanted to package conversation; rows to the [Outbox]; SMTP and calendars to a
// [Sender] and a [Calendar].
//
// # States of a message
//
// A claim takes a message from queued, or from unclear where it is repeatable, to sending; in the same transaction the
// conversation is asked once more whether it is wanted, and what is not ends there. Only the process that has claimed
// it moves it on:
//
//	accepted  the server has taken it over, or the calendar holds the event
//	queued    surely not accepted: again after a back-off, or when the door opens
//	unclear   handed over, and no answer came: once more, byte for byte, where it is repeatable; else somebody looks
//	failed    refused for good, or given up after [outbox.GiveUp]
//
// A claim whose process is gone is freed by [scheduler.Store.Recover]: what had not reached its dot is queued, the rest
// is unclear. Held, expired, cancelled and superseded are for conversations and the organizer, bounced is for what
// comes in.
//
// # The dot
//
// An SMTP server takes a message over with the line that holds only a dot (RFC 5321, section 4.1.1.4), a calendar with
// the first request that changes anything. All before that is surely not accepted. Right before it [Outbox.Dot] writes,
// to the disk, that the message may be accepted from now on; where it is not ours any more, because it was cancelled or
// another process has the claim, the dot is never sent ([outbox.ErrFenced]). So a message goes twice at most where no
// answer came to its dot, and calendars collapse the two. Before a mail is repeated it is looked for in the folder of
// sent mail; a calendar can be asked, however often. What became of a message is written until it is written.
//
// # Doors
//
// A door leads to a server through one account, and is the same for all processes on one state. A fault of the channel
// shuts it: nothing more is claimed, and what was claimed goes back and does not count as tried. From its Until on one
// process has it to itself and tries one message; only when the server takes that are more claimed. A server is tried
// every minute at most, an account every ten. An account that was changed is another door.
//
// # Marks
//
// Beside the plans lies a marker: which state has sent for them, and how many messages. Each dot raises it. Where it
// says more than the state knows, or names another one, there is a doubt: all that waits is held until the organizer
// has looked, since it may have gone before.
package delivery
