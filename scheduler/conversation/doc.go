// Package conversation knows one conversation: its plan, its past, and the one next thing in it. It is pure: it has no
// clock, writes no bytes, and knows no channel by name. What other conversations mean for this one it leaves to roster,
// what the organizer's commands decide to command, the words to compose.
//
// A conversation changes by a [Change] alone: an answer, a word of the organizer, or what a plan file says otherwise
// than when it was read last ([Conversation.Read]). [Conversation.Next] is the heart: a pure function of the
// conversation and the time. What is due becomes a [Draft] ([Conversation.Decide]), which a store makes true.
//
// Three values say where a talk stands, all of one type, [outbox.Content]: what the partner knows of it (Told), what is
// meant (Says), and what stands in their calendar. What follows from the three says one pure function, follows.
package conversation
