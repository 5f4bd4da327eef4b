package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"coalition/scheduler"
)

// tablesOrganizers is for what several processes decide on at the same moment, for whose rows are
// opened, and for who is still alive.
const tablesOrganizers = `CREATE TABLE organizers (
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
INSERT INTO addresses (address, organizer) SELECT lower(organizer), MIN(organizer) FROM conversations GROUP BY lower(organizer);
CREATE INDEX messages_claimed ON messages (organizer, owner) WHERE owner <> '';
DROP INDEX messages_sending`

// organizersStep is the version of the tables from which on these are there.
const organizersStep = 3

// whose finds under which of the organizer's addresses the rows are. It looks at no rows of others.
func (s *Store) whose(ctx context.Context, addresses []string, readOnly bool) error {
	if s.schema < organizersStep { // read only, as an older version has left it
		return s.whoseBefore(ctx, addresses)
	}
	registered, err := s.registered(ctx, addresses[0])
	if err != nil {
		return err
	}
	present := registered
	written, err := s.written(ctx, registered)
	if err != nil {
		return err
	}
	for _, alias := range addresses[1:] {
		if written {
			break
		}
		other, err := s.registered(ctx, alias)
		if err != nil {
			return err
		}
		if written, err = s.mayOpen(ctx, other); err != nil {
			return err
		}
		if written {
			present = other
		}
	}
	if !written && s.db.exclusive() {
		if others, err := exists(ctx, s.ro, "SELECT 1 FROM conversations LIMIT 1"); err != nil || others {
			return cmpErr(err, ErrOtherOrganizer)
		}
	}
	if present != "" {
		s.organizer = present
	}
	home, err := exists(ctx, s.ro, "SELECT 1 FROM homes WHERE organizer = $1 AND home = $2", s.organizer, s.home)
	if err != nil || readOnly || registered == s.organizer && home {
		return err
	}
	tx, err := s.rw.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit there is nothing to take back
	for _, step := range []struct {
		query string
		args  []any
	}{
		{"INSERT INTO organizers (organizer, slots) VALUES ($1, 1) ON CONFLICT DO NOTHING", []any{s.organizer}},
		{"INSERT INTO addresses (address, organizer) VALUES ($1, $2) ON CONFLICT (address) DO UPDATE SET organizer = $2", []any{strings.ToLower(addresses[0]), s.organizer}},
		{"INSERT INTO homes (organizer, home) VALUES ($1, $2) ON CONFLICT DO NOTHING", []any{s.organizer, s.home}},
	} {
		if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// registered is the organizer that an address has opened before; "" where it has opened none.
func (s *Store) registered(ctx context.Context, address string) (organizer string, err error) {
	err = each(ctx, s.ro, func(rows *sql.Rows) error { return rows.Scan(&organizer) },
		"SELECT organizer FROM addresses WHERE address = $1", strings.ToLower(address))
	return organizer, err
}

// written reports whether an organizer has any conversation.
func (s *Store) written(ctx context.Context, organizer string) (bool, error) {
	if organizer == "" {
		return false, nil
	}
	return exists(ctx, s.ro, "SELECT 1 FROM conversations WHERE organizer = $1 LIMIT 1", organizer)
}

// mayOpen reports whether the rows of an organizer whose address is an alias of ours are our own.
func (s *Store) mayOpen(ctx context.Context, organizer string) (bool, error) {
	if ok, err := s.written(ctx, organizer); err != nil || !ok || s.db.exclusive() {
		return ok, err
	}
	if s.home == "" {
		return false, nil
	}
	return exists(ctx, s.ro, "SELECT 1 FROM homes WHERE organizer = $1 AND home = $2", organizer, s.home)
}

// whoseBefore is whose on tables that know of no organizers yet.
func (s *Store) whoseBefore(ctx context.Context, addresses []string) error {
	if !s.db.exclusive() {
		return nil
	}
	for _, a := range addresses {
		if ok, err := s.written(ctx, a); err != nil || ok {
			s.organizer = a
			return err
		}
	}
	others, err := exists(ctx, s.ro, "SELECT 1 FROM conversations LIMIT 1")
	if err == nil && others {
		err = ErrOtherOrganizer
	}
	return err
}

func exists(ctx context.Context, q querier, query string, args ...any) (ok bool, err error) {
	return ok, each(ctx, q, func(rows *sql.Rows) error {
		var one int
		ok = true
		return rows.Scan(&one)
	}, query, args...)
}

// Slots implements [scheduler.Store].
func (s *Store) Slots(ctx context.Context) (int64, error) {
	if s.ro == nil || s.schema < organizersStep {
		return 1, nil
	}
	n, ok, err := number(ctx, s.ro, "SELECT slots FROM organizers WHERE organizer = $1", s.organizer)
	if err == nil && !ok {
		n = 1
	}
	return n, err
}

// raise lets everybody who has decided beside look again; and returns [scheduler.ErrConflict] where
// somebody has decided since slots were seen.
func (s *Store) raise(tx *txn, seen int64) error {
	if seen == scheduler.Anyway {
		_, err := tx.exec("UPDATE organizers SET slots = slots + 1 WHERE organizer = $1", s.organizer)
		return err
	}
	n, err := tx.exec("UPDATE organizers SET slots = slots + 1 WHERE organizer = $1 AND slots = $2", s.organizer, seen)
	if err == nil && n == 0 {
		err = scheduler.ErrConflict
	}
	return err
}

// CommitAll implements [scheduler.Store].
func (s *Store) CommitAll(ctx context.Context, slots int64, drafts []*scheduler.Draft) ([]error, error) {
	var faults []error
	var rows [][]int64
	err := s.update(ctx, func(tx *txn) error {
		faults, rows = make([]error, len(drafts)), make([][]int64, len(drafts))
		if err := s.raise(tx, slots); err != nil {
			return err
		}
		for i, d := range drafts {
			if _, err := tx.exec("SAVEPOINT draft"); err != nil {
				return err
			}
			if rows[i], faults[i] = s.put(tx, d); faults[i] != nil {
				if _, err := tx.exec("ROLLBACK TO SAVEPOINT draft"); err != nil {
					return err
				}
			}
			if _, err := tx.exec("RELEASE SAVEPOINT draft"); err != nil {
				return err
			}
		}
		return s.tell(tx)
	})
	if err != nil {
		return nil, err
	}
	for i, d := range drafts {
		if faults[i] == nil {
			stored(d, rows[i])
		}
	}
	return faults, nil
}

// collided is err as [scheduler.ErrConflict] where two transactions have stood in each other's way, and the
// database has ended this one (https://www.postgresql.org/docs/current/errcodes-appendix.html, class 40).
func collided(err error) error {
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) && strings.HasPrefix(coded.SQLState(), "40") {
		return scheduler.ErrConflict
	}
	return err
}
