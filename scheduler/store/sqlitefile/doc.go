// Package sqlitefile knows the SQLite file that a state may lie in: how it is made and opened, also where nothing
// may be written, whether it is whole and a state at all, its log of changes, and how it is locked, copied and
// moved aside. What its tables mean, and who writes to it, it leaves to package database.
//
// Beside the file at PATH lie PATH-wal, its log of changes, and PATH-shm, the index of that, while a process has it
// open; and PATH.lock, which the one daemon locks. Whoever only looks leaves nothing behind. A file that was put
// there by hand, from a backup, has no log: one that lies beside it is of the state before, and is moved aside.
package sqlitefile
