package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"

	"coalition/scheduler/conversation"
	"coalition/scheduler/lookup"
	"coalition/scheduler/outbox"
	"coalition/scheduler/store/database"
	"coalition/scheduler/store/tables"
)

// install gives a state its id and its secret, where it has none. A state that was written before there
// were any has sent what it has tried to send.
func (s *Store) install(ctx context.Context, readOnly bool) error {
	if !s.KnowsItself() {
		return nil
	}
	b := make([]byte, 16+32)
	for range 2 {
		err := database.Each(ctx, s.db, func(rows *sql.Rows) error { return rows.Scan(&s.secret) },
			"SELECT secret FROM installations WHERE organizer = $1", s.organizer)
		if err != nil || s.secret != nil || readOnly {
			return err
		}
		// Read never fails.
		rand.Read(b)
		if err := s.update(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(`INSERT INTO installations (organizer, state, secret, sent, doubt, copied)
				VALUES ($1, $2, $3, (SELECT COUNT(*) FROM messages
					WHERE organizer = $1 AND (attempts > 0 OR via = 'file')), '', 0)
				ON CONFLICT DO NOTHING`, s.organizer, hex.EncodeToString(b[:16]), b[16:])
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// KnowsItself reports whether the state has an id and a secret: there is one, and of no earlier version.
func (s *Store) KnowsItself() bool { return !s.db.Absent() && s.db.Version() >= tables.Installations }

// count counts a message that leaves.
func (s *Store) count(tx *database.Tx) error {
	sent, ok, err := database.Number(context.Background(), tx,
		"UPDATE installations SET sent = sent + 1 WHERE organizer = $1 RETURNING sent", s.organizer)
	if err == nil && ok {
		// Of all that leave with this transaction the last number will do.
		tx.After(func() { s.counted.Store(sent) })
	}
	return err
}

// Standing implements [scheduler.Store].
func (s *Store) Standing(ctx context.Context) (st outbox.Standing, err error) {
	if !s.KnowsItself() {
		return st, nil
	}
	var copied int64
	err = database.Each(ctx, s.db, func(rows *sql.Rows) error {
		return rows.Scan(&st.ID, &st.Sent, &st.Doubt, &copied)
	},
		"SELECT state, sent, doubt, copied FROM installations WHERE organizer = $1", s.organizer)
	st.Copied = instant(copied)
	return st, err
}

// Distrust implements [scheduler.Store].
func (s *Store) Distrust(ctx context.Context, d outbox.Doubt, why string) error {
	return s.update(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec("UPDATE installations SET doubt = $1 WHERE organizer = $2", string(d), s.organizer)
		if err != nil {
			return err
		}
		// What may have arrived is asked about, and the rest waits, whoever has approved it: it may have gone.
		if _, err := tx.Exec(`UPDATE messages SET state = CASE WHEN unclears = 0 THEN 'held' ELSE 'unclear' END,
			approved = FALSE, flagged = TRUE,
			unclears = CASE WHEN unclears = 0 THEN 0 ELSE 2 END,
			code = CASE WHEN state = 'held' THEN code ELSE $1 END,
			error = CASE WHEN state = 'held' THEN error ELSE $2 END
			WHERE organizer = $3 AND state IN ('queued', 'unclear', 'held') AND kind <> 'notice'`,
			outbox.CodeDoubt, why, s.organizer); err != nil {
			return err
		}
		return tx.Notify()
	})
}

// Trust implements [scheduler.Store].
func (s *Store) Trust(ctx context.Context, sent int64, release int) error {
	return s.update(ctx, func(tx *database.Tx) error {
		if _, err := tx.Exec(`UPDATE installations SET doubt = '', copied = 0,
			sent = CASE WHEN sent < $1 THEN $1 ELSE sent END WHERE organizer = $2`, sent, s.organizer); err != nil {
			return err
		}
		const waits = "organizer = $1 AND state = 'held' AND code = $2"
		if _, err := tx.Exec("UPDATE messages SET state = 'queued', flagged = FALSE, code = 0, error = '' WHERE "+waits+
			" AND (SELECT COUNT(*) FROM messages WHERE "+waits+") <= $3",
			s.organizer, outbox.CodeDoubt, release); err != nil {
			return err
		}
		return tx.Notify()
	})
}

// Erased implements [scheduler.Store].
func (s *Store) Erased(ctx context.Context) (n int64, said func(address string) *conversation.Silence, err error) {
	n, by, err := s.Silences(ctx)
	return n, func(address string) *conversation.Silence {
		if silence, ok := by[lookup.SilenceKey(s.secret, address)]; ok {
			return &silence
		}
		return nil
	}, err
}

// Silences returns how many conversations were erased, and what people have said in them, by the [lookup.SilenceKey] of
// their address.
func (s *Store) Silences(ctx context.Context) (n int64, said map[string]conversation.Silence, err error) {
	if s.db.Absent() || s.db.Version() < tables.Erased {
		return 0, nil, nil
	}
	n, _, err = database.Number(ctx, s.db, "SELECT erased FROM installations WHERE organizer = $1", s.organizer)
	if err != nil || n == 0 {
		return 0, nil, err
	}
	said = make(map[string]conversation.Silence)
	return n, said, database.Each(ctx, s.db, func(rows *sql.Rows) error {
		var hash string
		var at int64
		var stop bool
		err := rows.Scan(&hash, &at, &stop)
		said[hash] = conversation.Silence{At: instant(at), Stop: stop}
		return err
	}, "SELECT hash, said, stop FROM silences WHERE organizer = $1", s.organizer)
}

// Pause implements [scheduler.Store].
func (s *Store) Pause(ctx context.Context, paused bool) error {
	return s.update(ctx, func(tx *database.Tx) error {
		query := "DELETE FROM control WHERE name = $1"
		if paused {
			query = "INSERT INTO control (name) VALUES ($1) ON CONFLICT DO NOTHING"
		}
		if _, err := tx.Exec(query, s.pause()); err != nil {
			return err
		}
		if !paused {
			if _, err := tx.Exec("UPDATE doors SET until = 0 WHERE organizer = $1", s.organizer); err != nil {
				return err
			}
		}
		return tx.Notify()
	})
}

// Paused implements [scheduler.Store].
func (s *Store) Paused(ctx context.Context) (bool, error) {
	if s.db.Absent() {
		return false, nil
	}
	return s.isPaused(ctx)
}

// pause is the name of the organizer's own pause.
func (s *Store) pause() string { return "paused " + s.organizer }

func (s *Store) isPaused(ctx context.Context) (bool, error) {
	names := []any{s.pause()}
	query := "SELECT COUNT(*) FROM control WHERE name = $1"
	if s.db.Version() < tables.Doors {
		// Read only, as an older version has left it.
		names[0] = "paused"
	}
	n, _, err := database.Number(ctx, s.db, query, names...)
	return n > 0, err
}
