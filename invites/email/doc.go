// Package email knows how a message becomes bytes, how bytes reach a mail server, and how new mail is brought from a
// mailbox: MIME, SMTP, IMAP, and which failures are for now, for good, or unclear. What a message says, whether it should
// be sent, and which conversation an answer belongs to, it leaves to its callers; what stands in a mail that comes in, to
// email/inbound; a folder in place of a server, to email/eml.
//
// # Leaving
//
// [SMTP.Send] takes one message to one recipient (RFC 5321). Until the dot, which ends the message, nothing has left:
//
//	connecting, TLS, STARTTLS, EHLO, AUTH   a failure is the channel's, and each other message would meet it now
//	MAIL                                    a no is to the sender, and so to all messages, except for its length
//	RCPT, DATA                              the server's 4yz or 5yz decides about this message: later, or never
//	the message itself                      what fails here is for now (Begun): it may be what the server fell over
//	dot                                     the caller is asked, who writes down that the message may have left
//	the end                                 2yz: accepted; 4yz, 5yz: refused; silence or a cut: unclear
//
// The caller decides at the dot, since nobody can tell afterwards: where its function fails, the connection is cut, and
// nothing has been sent. A server that closes a connection which was kept is no failure; the message takes a new one. A
// password that is refused makes the channel wait for ten minutes, so that no account is locked.
//
// # Coming
//
// [Mailbox] only reads. Its cursor is the UIDVALIDITY and the UID of the last mail that was taken in, so that each
// comes once, in order; where a mailbox was made anew, it begins at the time that it is given.
package email
