// Package tables knows which tables a state consists of, version by version. What their rows mean it leaves to
// package store, and how they are made to package database.
package tables

import (
	"context"
	"database/sql"

	"coalition/scheduler/store/database"
)

// Schema is all tables as they are now. Whoever only reads takes older ones as they are.
var Schema = database.Schema{
	Steps: []database.Step{{SQL: first}, {SQL: received}, {SQL: organizers}, {SQL: installations}, {SQL: doors},
		{SQL: repeatable}, {SQL: lookups, Fill: func(ctx context.Context, tx *sql.Tx) error {
			return Fill(ctx, tx, func(query string, args ...any) error {
				_, err := tx.ExecContext(ctx, query, args...)
				return err
			}, "")
		}}, {SQL: erased}},
	Marks: []string{"schema_version", "conversations", "messages", "bodies", "events", "control"},
	InUse: "SELECT 1 FROM messages m WHERE m.organizer = $1 AND m.owner = owners.owner",
}

// The versions from which on something is there: see [database.DB.Version].
const (
	Organizers    = 3
	Installations = 4
	// Doors is also that from which on a pause is one organizer's.
	Doors = 5
	// Repeatable is that from which on a message says whether it is repeated.
	Repeatable = 6
	// Lookups is that from which on conversations are looked up by their keys.
	Lookups = 7
	// Erased is that from which on it is known what is left of conversations that were erased.
	Erased = 8
)

// OldRepeatable is the condition that a message, m, of an earlier version is [outbox.Message.Repeatable].
const OldRepeatable = "m.kind <> 'reminder'"

// first is the first version of the tables. Instants are unix milliseconds in UTC, 0 for none.
const first = `CREATE TABLE conversations (
	organizer TEXT NOT NULL,
	id        TEXT NOT NULL,
	round     BIGINT NOT NULL,
	rev       BIGINT NOT NULL,
	data      TEXT NOT NULL,
	PRIMARY KEY (organizer, id, round)
);
CREATE TABLE messages (
	seq        SERIAL,
	organizer  TEXT NOT NULL,
	id         TEXT NOT NULL,
	round      BIGINT NOT NULL,
	kind       TEXT NOT NULL,
	revision   TEXT NOT NULL,
	recipient  TEXT NOT NULL,
	message_id TEXT NOT NULL,
	sequence   BIGINT NOT NULL,
	stamp      BIGINT NOT NULL,
	content    TEXT NOT NULL,
	due        BIGINT NOT NULL,
	deadline   BIGINT NOT NULL,
	state      TEXT NOT NULL,
	phase      TEXT NOT NULL,
	owner      TEXT NOT NULL,
	approved   BOOLEAN NOT NULL,
	attempts   BIGINT NOT NULL,
	unclears   BIGINT NOT NULL,
	flagged    BOOLEAN NOT NULL,
	not_before BIGINT NOT NULL,
	changed    BIGINT NOT NULL,
	via        TEXT NOT NULL,
	code       BIGINT NOT NULL,
	error      TEXT NOT NULL,
	UNIQUE (organizer, id, round, kind, revision, recipient),
	FOREIGN KEY (organizer, id, round) REFERENCES conversations (organizer, id, round)
);
CREATE TABLE bodies (
	message  ROWID PRIMARY KEY REFERENCES messages (seq),
	data     BYTES NOT NULL,
	calendar BYTES
);
CREATE INDEX messages_waiting ON messages (organizer, due, seq) WHERE state IN ('queued', 'unclear');
CREATE INDEX messages_sending ON messages (owner) WHERE state = 'sending';
CREATE TABLE events (
	seq       SERIAL,
	organizer TEXT NOT NULL,
	id        TEXT NOT NULL,
	round     BIGINT NOT NULL,
	happened  BIGINT NOT NULL,
	kind      TEXT NOT NULL,
	words     TEXT NOT NULL
);
CREATE INDEX events_of ON events (organizer, id);
CREATE TABLE control (
	name TEXT PRIMARY KEY
)`

// received is for what comes in. Whoever only reads does without these.
const received = `CREATE TABLE received (
	organizer TEXT NOT NULL,
	key       TEXT NOT NULL,
	PRIMARY KEY (organizer, key)
);
CREATE TABLE cursors (
	organizer TEXT NOT NULL,
	mailbox   TEXT NOT NULL,
	place     TEXT NOT NULL,
	PRIMARY KEY (organizer, mailbox)
);
CREATE TABLE pages (
	hash      TEXT PRIMARY KEY,
	organizer TEXT NOT NULL,
	id        TEXT NOT NULL,
	round     BIGINT NOT NULL
)`

// organizers is for what several processes decide on at the same moment, for whose rows are
// opened, and for who is still alive.
const organizers = `CREATE TABLE organizers (
	organizer TEXT PRIMARY KEY,
	slots     BIGINT NOT NULL
);
CREATE TABLE addresses (
	address   TEXT PRIMARY KEY,
	organizer TEXT NOT NULL
);
CREATE TABLE homes (
	organizer TEXT NOT NULL,
	home      TEXT NOT NULL,
	PRIMARY KEY (organizer, home)
);
CREATE TABLE owners (
	owner     TEXT PRIMARY KEY,
	organizer TEXT NOT NULL,
	host      TEXT NOT NULL,
	pid       BIGINT NOT NULL,
	beat      BIGINT NOT NULL
);
CREATE INDEX owners_of ON owners (organizer);
INSERT INTO organizers (organizer, slots) SELECT DISTINCT organizer, 1 FROM conversations;
INSERT INTO addresses (address, organizer) SELECT lower(organizer), MIN(organizer) FROM conversations
	GROUP BY lower(organizer);
CREATE INDEX messages_claimed ON messages (organizer, owner) WHERE owner <> '';
DROP INDEX messages_sending`

// installations is what a state knows of itself.
const installations = `CREATE TABLE installations (
	organizer TEXT PRIMARY KEY,
	state     TEXT NOT NULL,
	secret    BYTES NOT NULL,
	sent      BIGINT NOT NULL,
	doubt     TEXT NOT NULL,
	copied    BIGINT NOT NULL
)`

// doors is for the doors of the channels, and makes a pause the organizer's own.
const doors = `CREATE TABLE doors (
	organizer TEXT NOT NULL,
	name      TEXT NOT NULL,
	account   TEXT NOT NULL,
	fault     TEXT NOT NULL,
	code      BIGINT NOT NULL,
	words     TEXT NOT NULL,
	since     BIGINT NOT NULL,
	until     BIGINT NOT NULL,
	tries     BIGINT NOT NULL,
	knocker   TEXT NOT NULL,
	knocking  BIGINT NOT NULL,
	PRIMARY KEY (organizer, name, account)
);
INSERT INTO control (name) SELECT DISTINCT 'paused ' || organizer FROM conversations
	WHERE EXISTS (SELECT 1 FROM control WHERE name = 'paused');
DELETE FROM control WHERE name = 'paused'`

// repeatable lets a message say whether it is repeated.
const repeatable = `ALTER TABLE messages ADD COLUMN repeatable BOOLEAN NOT NULL DEFAULT TRUE;
UPDATE messages AS m SET repeatable = ` + OldRepeatable

// lookups is for what conversations are looked up by: their keys, and what is known of their messages.
const lookups = `CREATE TABLE lookups (
	organizer TEXT NOT NULL,
	key       TEXT NOT NULL,
	id        TEXT NOT NULL,
	round     BIGINT NOT NULL,
	PRIMARY KEY (organizer, key, id, round)
);
CREATE INDEX lookups_of ON lookups (organizer, id, round);
CREATE INDEX messages_id ON messages (organizer, message_id) WHERE message_id <> '';
CREATE INDEX messages_to ON messages (lower(recipient));
CREATE INDEX messages_unsettled ON messages (organizer) WHERE ` + Unsettled + `
`

// erased is for what is left of conversations that were erased: how many there were, and what people have said in them,
// no or with stop that they want no more mail. Of an address there is only a hash, under the secret of the installation.
const erased = `CREATE TABLE silences (
	organizer TEXT NOT NULL,
	hash      TEXT NOT NULL,
	said      BIGINT NOT NULL,
	stop      BOOLEAN NOT NULL,
	PRIMARY KEY (organizer, hash)
);
ALTER TABLE installations ADD COLUMN erased BIGINT NOT NULL DEFAULT 0`

// Unsettled is the condition that a message is [lookup.Query.Unsettled].
const Unsettled = "(state IN ('unclear', 'failed') OR state = 'queued' AND code <> 0)"
