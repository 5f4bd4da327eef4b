// Package database knows how rows are kept safe in SQLite or in PostgreSQL: connections, the version of the
// tables, the one writer of a process, whom a commit is told, which process is alive, and whether a file is
// whole. Which tables there are, and what their rows mean, it leaves to the store.
//
// # Two dialects, one SQL text
//
// A [DB] is opened on the path of an SQLite file or on a postgres:// address. What differs between the two is
// the interface dialect, and nothing else asks which one it is. SQL is written once, with $1, $2, … for what is
// put in; only three types are spelt differently, and [Schema] has a word for each. SQLite has room for one
// organizer and for the processes of one machine; PostgreSQL for many of both.
//
// # Writing
//
// All writes of a process go through [DB.Update]: one goroutine carries them out over one connection, and those
// that come while a transaction is synced to the disk share the next one. One that fails takes no other with it.
// Update returns when what was written would survive a power cut. [Tx.Notify] tells other processes, whose
// [DB.Changes] gets a value: on PostgreSQL by NOTIFY, on SQLite by the file itself.
//
// # Who lives
//
// A process that takes rows as its own does so under an owner ([DB.Owner]), and says every ten seconds that it
// lives, on the clock of the database. Others ask with [Tx.Life]: an owner is [Alive], [Silent] when its word is
// older than a minute, and [Gone] when its process has surely ended. A lock or a session alone proves nothing: a
// process that was stopped keeps its locks, and one whose session was cut goes on.
package database
