package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"

	"coalition/scheduler"
)

// installationsStep is the version of the tables from which on a state knows of itself.
const installationsStep = 4

// install gives a state its id and its secret, where it has none. A state that was written before there
// were any has sent what it has tried to send.
func (s *Store) install(ctx context.Context, readOnly bool) error {
	if s.schema < installationsStep {
		return nil
	}
	b := make([]byte, 16+32)
	for range 2 {
		err := each(ctx, s.ro, func(rows *sql.Rows) error { return rows.Scan(&s.secret) },
			"SELECT secret FROM installations WHERE organizer = $1", s.organizer)
		if err != nil || s.secret != nil || readOnly {
			return err
		}
		rand.Read(b) // which never fails
		if _, err := s.rw.ExecContext(ctx, `INSERT INTO installations (organizer, state, secret, sent, doubt, copied)
			VALUES ($1, $2, $3, (SELECT COUNT(*) FROM messages WHERE organizer = $1 AND (attempts > 0 OR via = 'file')), '', 0)
			ON CONFLICT DO NOTHING`, s.organizer, hex.EncodeToString(b[:16]), b[16:]); err != nil {
			return err
		}
	}
	return nil
}

// Secret is that of the installation, which a backup has, too; nil where there is no state yet.
func (s *Store) Secret() []byte { return s.secret }

// count counts a message that leaves.
func (s *Store) count(tx *txn) (err error) {
	tx.counted, _, err = number(context.Background(), tx, "UPDATE installations SET sent = sent + 1 WHERE organizer = $1 RETURNING sent", s.organizer)
	return err
}

// Standing implements [scheduler.Store].
func (s *Store) Standing(ctx context.Context) (st scheduler.Standing, err error) {
	if s.ro == nil || s.schema < installationsStep { // of an earlier version, and only read
		return st, nil
	}
	var copied int64
	err = each(ctx, s.ro, func(rows *sql.Rows) error { return rows.Scan(&st.ID, &st.Sent, &st.Doubt, &copied) },
		"SELECT state, sent, doubt, copied FROM installations WHERE organizer = $1", s.organizer)
	st.Copied = instant(copied)
	return st, err
}

// Distrust implements [scheduler.Store].
func (s *Store) Distrust(ctx context.Context, d scheduler.Doubt, why string) error {
	return s.update(ctx, func(tx *txn) error {
		if _, err := tx.exec("UPDATE installations SET doubt = $1 WHERE organizer = $2", string(d), s.organizer); err != nil {
			return err
		}
		// What may have arrived is asked about, and the rest waits, whoever has approved it: it may have gone.
		if _, err := tx.exec(`UPDATE messages SET state = CASE WHEN unclears = 0 THEN 'held' ELSE 'unclear' END, approved = FALSE, flagged = TRUE,
			unclears = CASE WHEN unclears = 0 THEN 0 ELSE 2 END,
			code = CASE WHEN state = 'held' THEN code ELSE $1 END, error = CASE WHEN state = 'held' THEN error ELSE $2 END
			WHERE organizer = $3 AND state IN ('queued', 'unclear', 'held') AND kind <> 'notice'`, scheduler.CodeDoubt, why, s.organizer); err != nil {
			return err
		}
		return s.tell(tx)
	})
}

// Trust implements [scheduler.Store].
func (s *Store) Trust(ctx context.Context, sent int64, release int) error {
	return s.update(ctx, func(tx *txn) error {
		if _, err := tx.exec("UPDATE installations SET doubt = '', copied = 0, sent = CASE WHEN sent < $1 THEN $1 ELSE sent END WHERE organizer = $2", sent, s.organizer); err != nil {
			return err
		}
		const waits = "organizer = $1 AND state = 'held' AND code = $2"
		if _, err := tx.exec("UPDATE messages SET state = 'queued', flagged = FALSE, code = 0, error = '' WHERE "+waits+
			" AND (SELECT COUNT(*) FROM messages WHERE "+waits+") <= $3", s.organizer, scheduler.CodeDoubt, release); err != nil {
			return err
		}
		return s.tell(tx)
	})
}
