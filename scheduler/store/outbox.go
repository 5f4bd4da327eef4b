package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"coalition/scheduler"
)

// The bytes of a message lie in a table of their own: its state changes three times on its way out,
// and a row is written anew each time.

const messageColumns = `m.seq, m.id, m.round, m.kind, m.revision, m.recipient, m.message_id, m.sequence, m.stamp, m.content, m.due, m.deadline,
	m.state, m.approved, m.attempts, m.unclears, m.flagged, m.not_before, m.changed, m.via, m.code, m.error`

// scanMessage reads messageColumns, and what stands behind them into more.
func scanMessage(row *sql.Rows, more ...any) (*scheduler.Message, error) {
	var m scheduler.Message
	var content string
	var stamp, due, deadline, notBefore, changed int64
	fields := []any{&m.Row, &m.ID, &m.Round, &m.Kind, &m.Revision, &m.To, &m.MessageID, &m.Sequence, &stamp, &content, &due, &deadline,
		&m.State, &m.Approved, &m.Attempts, &m.Unclears, &m.Flagged, &notBefore, &changed, &m.Via, &m.Code, &m.Error}
	if err := row.Scan(append(fields, more...)...); err != nil {
		return nil, err
	}
	m.Stamp, m.Due, m.Deadline, m.NotBefore, m.Changed = instant(stamp), instant(due), instant(deadline), instant(notBefore), instant(changed)
	if err := json.Unmarshal([]byte(content), &m.Content); err != nil {
		return nil, &DamagedError{What: fmt.Sprintf("is damaged: the %s of %s in it can't be read", m.Kind, scheduler.Ref(m.ID, m.Round))}
	}
	if m.Content.Unix == 0 && !m.Content.Start.IsZero() && !m.Deadline.IsZero() { // earlier versions kept the instant there alone
		m.Content.Unix = m.Deadline.Unix()
	}
	return &m, nil
}

func (s *Store) insert(tx *txn, m *scheduler.Message) (row int64, err error) {
	content, err := json.Marshal(m.Content)
	if err != nil {
		return 0, err
	}
	row, ok, err := number(context.Background(), tx, `INSERT INTO messages (organizer, id, round, kind, revision, recipient, message_id, sequence, stamp, content, due, deadline,
		state, phase, owner, approved, attempts, unclears, flagged, not_before, changed, via, code, error)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', '', $14, $15, 0, $16, 0, $17, $18, $19, $20)
		ON CONFLICT DO NOTHING RETURNING seq`,
		s.organizer, string(m.ID), m.Round, string(m.Kind), m.Revision, m.To, m.MessageID, m.Sequence, ms(m.Stamp), string(content),
		ms(m.Due), ms(m.Deadline), string(m.State), m.Approved, m.Attempts, m.Flagged, ms(m.Changed), m.Via, m.Code, m.Error)
	switch {
	case err != nil:
		return 0, err
	case !ok:
		return 0, scheduler.ErrConflict
	}
	if m.State == scheduler.Accepted { // the organizer hands it over
		if err := s.count(tx); err != nil {
			return 0, err
		}
	}
	_, err = tx.exec("INSERT INTO bodies (message, data, calendar) VALUES ($1, $2, $3)", row, m.Data, m.Calendar)
	return row, err
}

// end ends a message that is no longer wanted. What may be accepted at this moment is past stopping;
// what is being sent up to there finds at its dot that the claim is gone. An unclear one is not
// repeated.
func (s *Store) end(tx *txn, row int64, state scheduler.State, at time.Time) error {
	_, err := tx.exec(`UPDATE messages SET state = $1, changed = $2, unclears = CASE WHEN $1 = 'unclear' THEN 2 ELSE unclears END
		WHERE seq = $3 AND (state IN ('held', 'queued', 'unclear') OR state = 'sending' AND phase = 'connect')`, string(state), ms(at), row)
	return err
}

// heard writes what was learnt about a message that has left: it does not go again.
func (s *Store) heard(tx *txn, m *scheduler.Message) error {
	n, err := tx.exec("UPDATE messages SET state = $1, error = $2, changed = $3, unclears = CASE WHEN $1 = 'failed' THEN 0 ELSE unclears END WHERE seq = $4 AND state <> 'sending'",
		string(m.State), m.Error, ms(m.Changed), m.Row)
	if err == nil && n == 0 {
		err = scheduler.ErrConflict // it is just being sent once more
	}
	return err
}

// claimable is which messages can be claimed: those that wait, and those that are to be repeated.
const claimable = `m.state IN ('queued', 'unclear') AND (m.state = 'queued' OR m.unclears < 2 AND m.kind <> 'reminder')`

// trusted is the condition that a message goes although nobody knows whether the state is up to date: the
// organizer has approved it, or nobody doubts.
const trusted = ` AND (m.approved OR NOT EXISTS (SELECT 1 FROM installations i WHERE i.organizer = m.organizer AND i.doubt <> ''))`

// by is the condition that a message goes by that channel.
func by(channel scheduler.Channel) string {
	if channel == scheduler.Google { // of one event, one change at a time
		return ` AND m.via = 'google' AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.organizer = m.organizer AND o.id = m.id AND o.round = m.round
			AND o.via = 'google' AND o.state = 'sending')`
	}
	return " AND m.via <> 'google'"
}

// among is the condition that a message is one of rows; none means all.
func among(rows []int64) string {
	if len(rows) == 0 {
		return ""
	}
	return " AND m.seq IN (" + strings.Trim(strings.ReplaceAll(fmt.Sprint(rows), " ", ","), "[]") + ")"
}

// A candidate is a message that can be claimed, with its conversation.
type candidate struct {
	message      *scheduler.Message
	conversation *scheduler.Conversation
}

// Claim implements [scheduler.Store]. It reads and thinks beside the writer; what it takes counts only
// where neither the message nor its conversation has changed since.
func (s *Store) Claim(ctx context.Context, wall time.Time, channel scheduler.Channel, limit int, rows []int64, wanted scheduler.Wanted) ([]*scheduler.Message, error) {
	if s.rw == nil {
		return nil, errReadOnly
	}
	var claimed []*scheduler.Message
	for len(claimed) < limit {
		if paused, err := s.isPaused(ctx); err != nil || paused {
			return claimed, err
		}
		list, err := s.candidates(ctx, wall, limit-len(claimed), by(channel)+among(rows))
		if err != nil || len(list) == 0 {
			return claimed, err
		}
		owner, err := s.owned(ctx)
		if err != nil {
			return claimed, err
		}
		ends := make([]scheduler.State, len(list)) // "" is wanted
		for i, c := range list {
			if end, ok := wanted(c.conversation, c.message); !ok {
				ends[i] = end
			}
		}
		taken := make([]bool, len(list))
		err = s.update(ctx, func(tx *txn) error {
			if err := s.beat(tx, owner); err != nil {
				return err
			}
			for i, c := range list {
				var err error
				if taken[i], err = s.claim(tx, c, ends[i], owner); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return claimed, err
		}
		for i, c := range list {
			if taken[i] && ends[i] == "" {
				c.message.State = scheduler.Sending
				c.message.Attempts++
				s.takes(c.message)
				claimed = append(claimed, c.message)
			}
		}
	}
	return claimed, nil
}

func (s *Store) candidates(ctx context.Context, wall time.Time, limit int, among string) (list []candidate, err error) {
	return list, each(ctx, s.ro, func(rows *sql.Rows) error {
		var c candidate
		var conversation sql.RawBytes
		var data, calendar []byte
		var rev int64
		if c.message, err = scanMessage(rows, &data, &calendar, &rev, &conversation); err != nil {
			return err
		}
		c.message.Data, c.message.Calendar = data, calendar
		c.conversation = scheduler.New(c.message.ID, c.message.Round, nil)
		c.conversation.Rev = rev
		list = append(list, c)
		return decode(c.conversation, conversation)
	}, "SELECT "+messageColumns+`, b.data, b.calendar, c.rev, c.data FROM messages m
		JOIN bodies b ON b.message = m.seq JOIN conversations c ON c.organizer = m.organizer AND c.id = m.id AND c.round = m.round
		WHERE m.organizer = $1 AND m.not_before <= $2 AND `+claimable+trusted+among+" ORDER BY m.due, m.seq LIMIT $3", s.organizer, ms(wall), limit)
}

// claim takes a message for owner, or ends it in the state end. It does neither, and returns false, where
// somebody was faster: another process with the message, or a word about its conversation.
func (s *Store) claim(tx *txn, c candidate, end scheduler.State, owner string) (taken bool, err error) {
	m := c.message
	const unchanged = ` AND attempts = $3 AND state = $4 AND EXISTS (SELECT 1 FROM conversations WHERE organizer = $5 AND id = $6 AND round = $7 AND rev = $8)`
	args := []any{m.Row, m.Attempts, string(m.State), s.organizer, string(m.ID), m.Round, c.conversation.Rev}
	var n int64
	if end != "" {
		n, err = tx.exec("UPDATE messages SET state = $1, unclears = CASE WHEN $1 = 'unclear' THEN 2 ELSE unclears END, changed = $9 WHERE seq = $2"+unchanged,
			append(append([]any{string(end)}, args...), ms(m.Changed))...)
	} else {
		n, err = tx.exec("UPDATE messages SET state = 'sending', phase = 'connect', owner = $1, attempts = attempts + 1 WHERE seq = $2"+unchanged+
			" AND NOT EXISTS (SELECT 1 FROM control WHERE name = $9)", append(append([]any{owner}, args...), s.pause())...)
	}
	if err == nil && n == 1 && end == "" && m.Channel() == scheduler.Google { // what was decided before must be thought over
		_, err = tx.exec("UPDATE conversations SET rev = rev + 1 WHERE organizer = $1 AND id = $2 AND round = $3", s.organizer, string(m.ID), m.Round)
	}
	return n == 1, err
}

// Dot implements [scheduler.Store].
func (s *Store) Dot(ctx context.Context, m *scheduler.Message) error {
	flagged := m.Flagged || m.Unclears > 0 && m.Channel() == scheduler.Mail // a calendar tells what it has already
	phase := "dot"
	if m.Via == "outbox" {
		phase = "connect" // its folder tells
	}
	err := s.update(ctx, func(tx *txn) error {
		n, err := tx.exec(`UPDATE messages SET phase = $5, flagged = $1 WHERE seq = $2 AND state = 'sending' AND phase = 'connect' AND owner = $3 AND attempts = $4
			AND NOT EXISTS (SELECT 1 FROM control WHERE name = $6)`, flagged, m.Row, s.ownerID(), m.Attempts, phase, s.pause())
		switch {
		case err != nil:
			return err
		case n == 0:
			return scheduler.ErrFenced
		}
		return s.count(tx)
	})
	if err == nil {
		m.Flagged, m.Count = flagged, s.counted.Load()
	}
	return err
}

// Settle implements [scheduler.Store].
func (s *Store) Settle(ctx context.Context, m *scheduler.Message) error {
	err := s.settle(ctx, m)
	if err == nil {
		s.lets(m)
	}
	return err
}

func (s *Store) settle(ctx context.Context, m *scheduler.Message) error {
	return s.update(ctx, func(tx *txn) error {
		if m.Untried { // given up by whoever holds it, so that the number of the claim may be given again
			_, err := tx.exec(`UPDATE messages SET state = $1, phase = '', owner = '', not_before = $2, code = $3, error = $4, attempts = attempts - 1
				WHERE seq = $5 AND attempts = $6 AND state = 'sending'`,
				string(m.State), ms(m.NotBefore), m.Code, m.Error, m.Row, m.Attempts)
			return err
		}
		if m.Entry != nil {
			if err := s.entered(ctx, tx, m); err != nil {
				return err
			}
			if err := s.tell(tx); err != nil { // others have waited for it
				return err
			}
		}
		// Nobody else has claimed it since, or it is not ours to write about. That it was accepted is
		// true even where somebody took us for dead.
		_, err := tx.exec(`UPDATE messages SET state = $1, phase = '', owner = '', not_before = $2, code = $3, error = $4, via = $5, unclears = $6, changed = $7
			WHERE seq = $8 AND attempts = $9 AND (state = 'sending' OR state IN ('unclear', 'queued') AND $1 = 'accepted')`,
			string(m.State), ms(m.NotBefore), m.Code, m.Error, m.Via, m.Unclears, ms(m.Changed), m.Row, m.Attempts)
		return err
	})
}

// entered lets the conversation know how its event stands in the calendar now.
func (s *Store) entered(ctx context.Context, tx *txn, m *scheduler.Message) error {
	c := scheduler.New(m.ID, m.Round, nil)
	err := each(ctx, tx, func(rows *sql.Rows) error {
		var data sql.RawBytes
		if err := rows.Scan(&c.Rev, &data); err != nil {
			return err
		}
		return decode(c, data)
	}, "SELECT rev, data FROM conversations WHERE organizer = $1 AND id = $2 AND round = $3", s.organizer, string(m.ID), m.Round)
	if err != nil {
		return err
	}
	c.Written(m)
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.putConversation(tx, c, data)
}

// Hurry implements [scheduler.Store].
func (s *Store) Hurry(ctx context.Context, channel scheduler.Channel) error {
	return s.update(ctx, func(tx *txn) error {
		if _, err := tx.exec("UPDATE messages AS m SET not_before = 0 WHERE m.organizer = $1 AND m.owner = '' AND "+claimable+by(channel), s.organizer); err != nil {
			return err
		}
		if _, err := tx.exec("UPDATE doors SET until = 0 WHERE organizer = $1 AND (name = $2 OR code = 401)", s.organizer, string(channel)); err != nil {
			return err
		}
		return s.tell(tx)
	})
}

// NextClaim implements [scheduler.Store].
func (s *Store) NextClaim(ctx context.Context, channel scheduler.Channel, rows []int64) (time.Time, error) {
	next, ok, err := number(ctx, s.ro, "SELECT MIN(m.not_before) FROM messages m WHERE m.organizer = $1 AND "+claimable+trusted+by(channel)+among(rows)+
		" AND NOT EXISTS (SELECT 1 FROM control WHERE name = $2)", s.organizer, s.pause())
	if err != nil || !ok {
		return time.Time{}, err
	}
	return time.UnixMilli(max(next, 1)).UTC(), nil
}

// Message implements [scheduler.Store].
func (s *Store) Message(ctx context.Context, row int64) (m *scheduler.Message, err error) {
	err = each(ctx, s.ro, func(rows *sql.Rows) error {
		var data, calendar []byte
		if m, err = scanMessage(rows, &data, &calendar); err != nil {
			return err
		}
		m.Data, m.Calendar = data, calendar
		return nil
	}, "SELECT "+messageColumns+", b.data, b.calendar FROM messages m JOIN bodies b ON b.message = m.seq WHERE m.seq = $1", row)
	if err == nil && m == nil {
		err = errors.New("there is no such message")
	}
	return m, err
}

// Approve implements [scheduler.Store].
func (s *Store) Approve(ctx context.Context, rows []int64) error {
	return s.update(ctx, func(tx *txn) error {
		for _, row := range rows {
			if _, err := tx.exec(`UPDATE messages SET state = 'queued', approved = TRUE, not_before = CASE WHEN owner = '' THEN 0 ELSE not_before END, error = CASE WHEN state = 'held' THEN '' ELSE error END,
				code = CASE WHEN state = 'held' THEN 0 ELSE code END WHERE seq = $1 AND state IN ('held', 'unclear', 'queued', 'failed')`, row); err != nil {
				return err
			}
		}
		return s.tell(tx)
	})
}

// Hold implements [scheduler.Store].
func (s *Store) Hold(ctx context.Context, rows []int64) error {
	return s.update(ctx, func(tx *txn) error {
		for _, row := range rows {
			if _, err := tx.exec("UPDATE messages SET state = 'held' WHERE seq = $1 AND state = 'queued' AND approved = FALSE", row); err != nil {
				return err
			}
		}
		return nil
	})
}
