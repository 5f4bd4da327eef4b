package store

import (
	"context"
	"database/sql"
	"time"

	"coalition/scheduler/outbox"
	"coalition/scheduler/store/database"
	"coalition/scheduler/store/tables"
)

// knockFor is how long a process that knocks keeps others away at most: longer than a server takes that
// is well.
const knockFor = 90 * time.Second

// Doors implements [scheduler.Store].
func (s *Store) Doors(ctx context.Context) (list []*outbox.Door, err error) {
	if s.db.Absent() || s.db.Version() < tables.Doors {
		return nil, nil
	}
	return list, database.Each(ctx, s.db, func(rows *sql.Rows) error {
		d, err := scanDoor(rows)
		list = append(list, d)
		return err
	}, "SELECT "+doorColumns+" FROM doors WHERE organizer = $1 AND fault <> '' ORDER BY name, account", s.organizer)
}

const doorColumns = "name, account, fault, code, words, since, until, tries"

// scanDoor reads doorColumns, and what stands behind them into more.
func scanDoor(rows *sql.Rows, more ...any) (*outbox.Door, error) {
	var d outbox.Door
	var since, until int64
	fields := []any{&d.Name, &d.Account, &d.Fault, &d.Code, &d.Text, &since, &until, &d.Tries}
	err := rows.Scan(append(fields, more...)...)
	d.Since, d.Until = instant(since), instant(until)
	return &d, err
}

// Knock implements [scheduler.Store].
func (s *Store) Knock(ctx context.Context, name, account string, wall time.Time, force bool) (
	ok bool, door *outbox.Door, err error) {
	owner, err := s.db.Owner(ctx)
	if err != nil {
		return false, nil, err
	}
	err = s.update(ctx, func(tx *database.Tx) error {
		ok, door = false, &outbox.Door{Name: name, Account: account}
		var knocker string
		var knocking int64
		if err := database.Each(ctx, tx, func(rows *sql.Rows) (err error) {
			door, err = scanDoor(rows, &knocker, &knocking)
			return err
		}, "SELECT "+doorColumns+", knocker, knocking FROM doors WHERE organizer = $1 AND name = $2 AND account = $3",
			s.organizer, name, account); err != nil {
			return err
		}
		if knocker != "" && knocker != owner && instant(knocking).After(wall) {
			life, err := tx.Life(knocker)
			if err != nil {
				return err
			}
			if life == database.Alive {
				door.Trying = instant(knocking)
				return nil
			}
		}
		if !force && door.Until.After(wall) {
			return nil
		}
		// Another process may have been faster since the row was read.
		n, err := tx.Exec(`INSERT INTO doors
			(organizer, name, account, fault, code, words, since, until, tries, knocker, knocking)
			VALUES ($1, $2, $3, '', 0, '', 0, 0, 0, $4, $5)
			ON CONFLICT (organizer, name, account) DO UPDATE SET knocker = $4, knocking = $5
			WHERE doors.knocker = $6 AND doors.knocking = $7`,
			s.organizer, name, account, owner, ms(wall.Add(knockFor)), knocker, knocking)
		if ok = err == nil && n == 1; err == nil && !ok {
			door.Trying = wall.Add(knockFor)
		}
		if ok {
			// Others ask whether it lives.
			err = tx.Beat(owner)
		}
		return err
	})
	return ok, door, err
}

// Shut implements [scheduler.Store].
func (s *Store) Shut(ctx context.Context, d *outbox.Door) error {
	return s.update(ctx, func(tx *database.Tx) error {
		// Doors at which nobody has knocked for long are those of a config that is no more.
		if _, err := tx.Exec("DELETE FROM doors WHERE organizer = $1 AND name = $2 AND account <> $3 AND until < $4",
			s.organizer, d.Name, d.Account, ms(d.Until.Add(-week))); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO doors
			(organizer, name, account, fault, code, words, since, until, tries, knocker, knocking)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', 0)
			ON CONFLICT (organizer, name, account) DO UPDATE SET fault = $4, code = $5, words = $6,
			since = CASE WHEN doors.fault = '' THEN $7 ELSE doors.since END, until = $8, tries = doors.tries + 1,
			knocker = '', knocking = 0`,
			s.organizer, d.Name, d.Account, string(d.Fault), d.Code, d.Text, ms(d.Since), ms(d.Until),
			max(1, d.Tries)); err != nil {
			return err
		}
		return tx.Notify()
	})
}

const week = 7 * 24 * time.Hour

// Unlock implements [scheduler.Store].
func (s *Store) Unlock(ctx context.Context, name, account string) error {
	return s.update(ctx, func(tx *database.Tx) error {
		n, err := tx.Exec("DELETE FROM doors WHERE organizer = $1 AND name = $2 AND account = $3",
			s.organizer, name, account)
		if err != nil || n == 0 {
			return err
		}
		return tx.Notify()
	})
}

// Leave implements [scheduler.Store].
func (s *Store) Leave(ctx context.Context, name, account string) error {
	return s.update(ctx, func(tx *database.Tx) error {
		args := []any{s.organizer, name, account, s.db.OwnerID()}
		const mine = " WHERE organizer = $1 AND name = $2 AND account = $3 AND knocker = $4"
		if _, err := tx.Exec("DELETE FROM doors"+mine+" AND fault = ''", args...); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE doors SET knocker = '', knocking = 0"+mine, args...); err != nil {
			return err
		}
		return tx.Notify()
	})
}
