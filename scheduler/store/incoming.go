package store

import (
	"context"
	"database/sql"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
	"coalition/scheduler/store/database"
)

// received takes a mail into account, once, together with what follows from it.
func (s *Store) received(tx *database.Tx, d *conversation.Draft) error {
	if d.Key != "" {
		key := d.Key
		if d.Open {
			// Beside the key itself, under which it may still count.
			key += " open"
		}
		n, err := tx.Exec(`INSERT INTO received (organizer, key) SELECT $1, $2
			WHERE NOT EXISTS (SELECT 1 FROM received WHERE organizer = $1 AND key = $3) ON CONFLICT DO NOTHING`,
			s.organizer, key, d.Key)
		switch {
		case err != nil:
			return err
		case n == 0:
			return conversation.ErrKnown
		}
	}
	if d.Cursor.Name == "" {
		return nil
	}
	return s.setCursor(tx, d.Cursor)
}

func (s *Store) setCursor(tx *database.Tx, c conversation.Cursor) error {
	_, err := tx.Exec(`INSERT INTO cursors (organizer, mailbox, place) VALUES ($1, $2, $3)
		ON CONFLICT (organizer, mailbox) DO UPDATE SET place = $3`, s.organizer, c.Name, c.At)
	return err
}

// SetCursor implements [scheduler.Store].
func (s *Store) SetCursor(ctx context.Context, c conversation.Cursor) error {
	return s.update(ctx, func(tx *database.Tx) error { return s.setCursor(tx, c) })
}

// Cursor implements [scheduler.Store].
func (s *Store) Cursor(ctx context.Context, mailbox string) (at string, err error) {
	err = database.Each(ctx, s.db, func(rows *sql.Rows) error { return rows.Scan(&at) },
		"SELECT place FROM cursors WHERE organizer = $1 AND mailbox = $2", s.organizer, mailbox)
	return at, err
}

// FirstLeft implements [scheduler.Store]; see [outbox.Message.MayHaveLeft].
func (s *Store) FirstLeft(ctx context.Context) (time.Time, error) {
	if s.db.Absent() {
		return time.Time{}, nil
	}
	first, _, err := database.Number(ctx, s.db, `SELECT MIN(stamp) FROM messages
		WHERE organizer = $1 AND (state IN ('accepted', 'unclear', 'bounced') OR unclears > 0)`, s.organizer)
	return instant(first), err
}

// Page implements [scheduler.Store].
func (s *Store) Page(ctx context.Context, hash string) (id plan.ID, round int, err error) {
	err = database.Each(ctx, s.db, func(rows *sql.Rows) error { return rows.Scan(&id, &round) },
		"SELECT id, round FROM pages WHERE organizer = $1 AND hash = $2", s.organizer, hash)
	return id, round, err
}
