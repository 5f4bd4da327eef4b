// Package store knows how conversations, the outbox and the history of one organizer are kept in rows: keys, states,
// and what is written in which transaction. How rows get to the disk, and who else is alive, it leaves to package
// database; the SQL of the tables to package tables, whose rows they are to package organizers, files of a state to
// packages sqlitefile and backup; what the rows mean, and when anything is to be done, to the scheduler, whose
// [scheduler.Store] it is.
//
// # Keys
//
// Every row belongs to an organizer, under the address that wrote first (organizers; addresses and homes say who finds
// them again). A conversation is (organizer, id, round), its plan's name and which talk it is, with rev, which each
// write raises by one, and data, its JSON. A message is (id, round, kind, revision, recipient), once ever; seq is its
// row. Its bytes lie in bodies: its state changes three times on its way out, and a row is written anew each time. A
// mail that came in is a key in received, which counts once; a page the hash of its token in pages; how far a mailbox
// or a calendar was read a place in cursors. events are the history. installations has what the state knows of itself,
// doors what this organizer's channels are shut for, control the pause. Instants are unix milliseconds in UTC, 0 for
// none.
// silences has what people said in conversations that are erased, by a hash of their address, and installations how many
// of those there were. lookups has by what each conversation is looked up ([lookup.Keys]), written with its data.
//
// # States of a message
//
//	held     waits until somebody approves it
//	queued   goes when it is claimed, not before not_before
//	sending  is an owner's: in phase connect nothing can have been accepted, in phase dot it may have been
//	unclear  may have arrived; goes once more where it is repeatable and unclears < 2
//
// and those in which it ends ([outbox.State]). Claim takes it from queued or unclear to sending, Dot from connect to
// dot, Settle to where it ends or waits. Recover does what the owner of a claim that is gone can't: connect goes back
// to queued, dot becomes unclear.
//
// # Transactions
//
//   - Commit: what a decision says. The conversation, if its rev is still that which was read; its new messages and
//     their bytes; those that end; what was heard; the history; the key of the mail it came by, the cursor behind it;
//     the page; and slots, where it takes something that others may want. CommitAll: several of them, each of which
//     may fail alone, if slots are those that were read.
//   - Claim: the owner's word that it lives and its messages, each only where neither it nor its conversation has
//     changed since it was read.
//   - Dot: one message, and one more in the count of those that have left.
//   - Settle: one message; and its conversation, where a calendar has said how its event stands.
package store
