// Package inbound knows what stands in a mail that a stranger sent: its parts, whose words they are, the calendar in
// it, whether a person, a robot or a mail server wrote it, and what the servers on its way say of its sender. It talks
// to no server, and leaves to others what conversation a mail belongs to.
//
// # What is believed
//
// Nothing, by itself: a mail is what it says, until somebody who knows the conversations believes it. [Read] only says
// what speaks against one. Doubt is where nothing in it counts: a trusted server could not verify the sender, it holds
// NUL bytes or more parts than a mail has, or its calendars contradict each other. Refused is where a plain reply needs
// more than its sender. A calendar is one by its media type, never by its file's name; where the mail around it names
// another METHOD, or a second calendar says something else, none counts. Whose words a mail says are its writer's is in
// package prose, and what the servers in the way say of the sender, in package authres.
//
// A report of a mail server names a mail by its Message-ID, or the recipient alone. What has become of the mail is read
// from the fields of RFC 3464; where there are none, from the words of the letter, and in doubt it is unclear.
//
// # Caps
//
// A mail is read up to a megabyte; 256 kB of a header, 2,000 fields in it; 200 parts, 20 deep; 10 calendars. What is
// more is a doubt, or is not there. Of texts 8,000 characters are kept, of a subject 200, of a name 100. Everything
// that is returned is plain text (package plaintext), and the time for it grows with the size of the mail alone. A
// fault of this package costs one mail, not the program.
package inbound
