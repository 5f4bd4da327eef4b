package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/store/database"
	"coalition/scheduler/store/tables"
)

// The bytes of a message lie in a table of their own: its state changes three times on its way out,
// and a row is written anew each time.

// messageColumns are those of table messages, m, that [scanMessage] reads.
const messageColumns = `m.seq, m.id, m.round, m.kind, m.revision, m.recipient, m.message_id, m.sequence, m.stamp,
	m.content, m.due, m.deadline, m.state, m.approved, m.attempts, m.unclears, m.flagged, m.not_before, m.changed, m.via,
	m.code, m.error, m.repeatable`

// columns are messageColumns, or what stands for them where an older version has left the tables and they are only
// read.
func (s *Store) columns() string {
	if s.db.Version() < tables.Repeatable {
		return strings.Replace(messageColumns, "m.repeatable", tables.OldRepeatable, 1)
	}
	return messageColumns
}

// scanMessage reads messageColumns, and what stands behind them into more.
func scanMessage(row *sql.Rows, more ...any) (*outbox.Message, error) {
	var m outbox.Message
	var content string
	var stamp, due, deadline, notBefore, changed int64
	fields := []any{&m.Row, &m.ID, &m.Round, &m.Kind, &m.Revision, &m.To, &m.MessageID, &m.Sequence, &stamp,
		&content, &due, &deadline, &m.State, &m.Approved, &m.Attempts, &m.Unclears, &m.Flagged, &notBefore,
		&changed, &m.Via, &m.Code, &m.Error, &m.Repeatable}
	if err := row.Scan(append(fields, more...)...); err != nil {
		return nil, err
	}
	m.Stamp, m.Due, m.Deadline = instant(stamp), instant(due), instant(deadline)
	m.NotBefore, m.Changed = instant(notBefore), instant(changed)
	if err := json.Unmarshal([]byte(content), &m.Content); err != nil {
		return nil, damaged(fmt.Sprintf("the %s of %s", m.Kind, plan.Ref(m.ID, m.Round)))
	}
	// Earlier versions kept the instant in the deadline alone.
	if m.Content.Unix == 0 && !m.Content.Start.IsZero() && !m.Deadline.IsZero() {
		m.Content.Unix = m.Deadline.Unix()
	}
	return &m, nil
}

// insert writes a new message with its bytes, and returns its row.
func (s *Store) insert(tx *database.Tx, m *outbox.Message) (row int64, err error) {
	content, err := json.Marshal(m.Content)
	if err != nil {
		return 0, err
	}
	row, ok, err := database.Number(context.Background(), tx,
		`INSERT INTO messages (organizer, id, round, kind, revision,
		recipient, message_id, sequence, stamp, content, due, deadline, state, phase, owner, approved, attempts, unclears,
		flagged, not_before, changed, via, code, error, repeatable)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', '', $14, $15, 0, $16, 0, $17, $18, $19, $20, $21)
		ON CONFLICT DO NOTHING RETURNING seq`,
		s.organizer, string(m.ID), m.Round, string(m.Kind), m.Revision, m.To, m.MessageID, m.Sequence, ms(m.Stamp),
		string(content), ms(m.Due), ms(m.Deadline), string(m.State), m.Approved, m.Attempts, m.Flagged, ms(m.Changed),
		m.Via, m.Code, m.Error, m.Repeatable)
	switch {
	case err != nil:
		return 0, err
	case !ok:
		return 0, conversation.ErrConflict
	}
	// Where the organizer hands it over it leaves now.
	if m.State == outbox.Accepted {
		if err := s.count(tx); err != nil {
			return 0, err
		}
	}
	_, err = tx.Exec("INSERT INTO bodies (message, data, calendar) VALUES ($1, $2, $3)", row, m.Data, m.Calendar)
	return row, err
}

// end ends a message that is no longer wanted. What may be accepted at this moment is past stopping;
// what is being sent up to there finds at its dot that the claim is gone. An unclear one is not
// repeated.
func (s *Store) end(tx *database.Tx, row int64, state outbox.State, at time.Time) error {
	_, err := tx.Exec(`UPDATE messages SET state = $1, changed = $2,
		unclears = CASE WHEN $1 = 'unclear' THEN 2 ELSE unclears END
		WHERE seq = $3 AND (state IN ('held', 'queued', 'unclear') OR state = 'sending' AND phase = 'connect')`,
		string(state), ms(at), row)
	return err
}

// heard writes what was learnt about a message that has left: it does not go again.
func (s *Store) heard(tx *database.Tx, m *outbox.Message) error {
	n, err := tx.Exec(`UPDATE messages SET state = $1, error = $2, changed = $3,
		unclears = CASE WHEN $1 = 'failed' THEN 0 ELSE unclears END WHERE seq = $4 AND state <> 'sending'`,
		string(m.State), m.Error, ms(m.Changed), m.Row)
	if err == nil && n == 0 {
		// It is just being sent once more.
		err = conversation.ErrConflict
	}
	return err
}

// Hurry implements [scheduler.Store].
func (s *Store) Hurry(ctx context.Context, channel outbox.Channel) error {
	return s.update(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec("UPDATE messages AS m SET not_before = 0 WHERE m.organizer = $1 AND m.owner = '' AND "+
			claimable+by(channel), s.organizer)
		if err != nil {
			return err
		}
		_, err = tx.Exec("UPDATE doors SET until = 0 WHERE organizer = $1 AND (name = $2 OR code = 401)",
			s.organizer, string(channel))
		if err != nil {
			return err
		}
		return tx.Notify()
	})
}

// Message implements [scheduler.Store].
func (s *Store) Message(ctx context.Context, row int64) (m *outbox.Message, err error) {
	err = database.Each(ctx, s.db, func(rows *sql.Rows) error {
		var data, calendar []byte
		if m, err = scanMessage(rows, &data, &calendar); err != nil {
			return err
		}
		m.Data, m.Calendar = data, calendar
		return nil
	}, "SELECT "+s.columns()+", b.data, b.calendar FROM messages m "+
		"JOIN bodies b ON b.message = m.seq WHERE m.seq = $1", row)
	if err == nil && m == nil {
		err = errors.New("there is no such message")
	}
	return m, err
}

// Approve implements [scheduler.Store].
func (s *Store) Approve(ctx context.Context, rows []int64) error {
	return s.update(ctx, func(tx *database.Tx) error {
		for _, row := range rows {
			if _, err := tx.Exec(`UPDATE messages SET state = 'queued', approved = TRUE,
				not_before = CASE WHEN owner = '' THEN 0 ELSE not_before END,
				error = CASE WHEN state = 'held' THEN '' ELSE error END,
				code = CASE WHEN state = 'held' THEN 0 ELSE code END
				WHERE seq = $1 AND state IN ('held', 'unclear', 'queued', 'failed')`, row); err != nil {
				return err
			}
		}
		return tx.Notify()
	})
}

// Hold implements [scheduler.Store].
func (s *Store) Hold(ctx context.Context, rows []int64) error {
	return s.update(ctx, func(tx *database.Tx) error {
		for _, row := range rows {
			_, err := tx.Exec(`UPDATE messages SET state = 'held'
				WHERE seq = $1 AND state = 'queued' AND approved = FALSE`, row)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
