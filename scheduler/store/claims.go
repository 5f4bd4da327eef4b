package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/store/database"
)

const (
	// claimable is the condition that a message can be claimed: it waits, or is to be repeated.
	claimable = "m.state IN ('queued', 'unclear') AND (m.state = 'queued' OR m.unclears < 2 AND m.repeatable)"
	// freedState is what becomes of the state of a message in the hands of an owner that is no more, and freedUnclears of
	// how often it was unclear: what had reached its dot may have arrived. A calendar can be asked, however often.
	freedState = "CASE WHEN m.phase = 'dot' OR m.unclears = 1 AND m.repeatable THEN 'unclear' ELSE 'queued' END"

	freedUnclears = "CASE WHEN m.phase <> 'dot' THEN m.unclears WHEN " + byMail + " THEN m.unclears + 1 ELSE 1 END"
	// byMail is the condition that a message goes as a mail: all others are written into a calendar.
	byMail = "m.via IN ('outbox', 'smtp', 'file', '')"
)

// trusted is the condition that a message goes although nobody knows whether the state is up to date: the
// organizer has approved it, or nobody doubts.
const trusted = ` AND (m.approved
	OR NOT EXISTS (SELECT 1 FROM installations i WHERE i.organizer = m.organizer AND i.doubt <> ''))`

// by is the condition that a message goes by that channel.
func by(channel outbox.Channel) string {
	if channel == outbox.Mail {
		return " AND " + byMail
	}
	// Of one event, one change at a time.
	return " AND m.via = '" + strings.ReplaceAll(string(channel), "'", "''") + `' AND NOT EXISTS (SELECT 1 FROM messages o
		WHERE o.organizer = m.organizer AND o.id = m.id AND o.round = m.round AND o.via = m.via AND o.state = 'sending')`
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
	message      *outbox.Message
	conversation *conversation.Conversation
}

// Claim implements [scheduler.Store]. It reads and thinks beside the writer; what it takes counts only
// where neither the message nor its conversation has changed since.
func (s *Store) Claim(ctx context.Context, wall time.Time, channel outbox.Channel, limit int, rows []int64,
	wanted conversation.Wanted) ([]*outbox.Message, error) {
	if !s.db.Writable() {
		return nil, database.ErrReadOnly
	}
	var claimed []*outbox.Message
	for len(claimed) < limit {
		if paused, err := s.isPaused(ctx); err != nil || paused {
			return claimed, err
		}
		list, err := s.candidates(ctx, wall, limit-len(claimed), by(channel)+among(rows))
		if err != nil || len(list) == 0 {
			return claimed, err
		}
		owner, err := s.db.Owner(ctx)
		if err != nil {
			return claimed, err
		}
		// "" for one that is wanted.
		ends := make([]outbox.State, len(list))
		for i, c := range list {
			if end, ok := wanted(c.conversation, c.message); !ok {
				ends[i] = end
			}
		}
		taken, err := s.claimEach(ctx, list, ends, owner)
		if err != nil {
			return claimed, err
		}
		for i, c := range list {
			if taken[i] && ends[i] == "" {
				c.message.State = outbox.Sending
				c.message.Attempts++
				s.db.Hold(c.message.Row)
				claimed = append(claimed, c.message)
			}
		}
	}
	return claimed, nil
}

// candidates reads what could be claimed, in the order in which it fell due.
func (s *Store) candidates(ctx context.Context, wall time.Time, limit int, among string) (
	list []candidate, err error) {
	return list, database.Each(ctx, s.db, func(rows *sql.Rows) error {
		var c candidate
		var record sql.RawBytes
		var data, calendar []byte
		var rev int64
		if c.message, err = scanMessage(rows, &data, &calendar, &rev, &record); err != nil {
			return err
		}
		c.message.Data, c.message.Calendar = data, calendar
		c.conversation = conversation.New(c.message.ID, c.message.Round, nil)
		c.conversation.Rev = rev
		list = append(list, c)
		return decode(c.conversation, record)
	}, "SELECT "+messageColumns+`, b.data, b.calendar, c.rev, c.data FROM messages m
		JOIN bodies b ON b.message = m.seq
		JOIN conversations c ON c.organizer = m.organizer AND c.id = m.id AND c.round = m.round
		WHERE m.organizer = $1 AND m.not_before <= $2 AND `+claimable+trusted+among+" ORDER BY m.due, m.seq LIMIT $3",
		s.organizer, ms(wall), limit)
}

// claimEach takes each message for owner, or ends it in the state in ends, and reports for which ones it did.
func (s *Store) claimEach(ctx context.Context, list []candidate, ends []outbox.State, owner string) ([]bool, error) {
	taken := make([]bool, len(list))
	return taken, s.update(ctx, func(tx *database.Tx) error {
		if err := tx.Beat(owner); err != nil {
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
}

// claim takes a message for owner, or ends it in the state end. It does neither, and returns false, where
// somebody was faster: another process with the message, or a word about its conversation.
func (s *Store) claim(tx *database.Tx, c candidate, end outbox.State, owner string) (taken bool, err error) {
	m := c.message
	const unchanged = ` WHERE seq = $2 AND attempts = $3 AND state = $4
		AND EXISTS (SELECT 1 FROM conversations WHERE organizer = $5 AND id = $6 AND round = $7 AND rev = $8)`
	args := []any{m.Row, m.Attempts, string(m.State), s.organizer, string(m.ID), m.Round, c.conversation.Rev}
	var n int64
	if end != "" {
		n, err = tx.Exec(`UPDATE messages SET state = $1,
			unclears = CASE WHEN $1 = 'unclear' THEN 2 ELSE unclears END, changed = $9`+unchanged,
			append(append([]any{string(end)}, args...), ms(m.Changed))...)
	} else {
		n, err = tx.Exec(`UPDATE messages SET state = 'sending', phase = 'connect', owner = $1,
			attempts = attempts + 1`+unchanged+" AND NOT EXISTS (SELECT 1 FROM control WHERE name = $9)",
			append(append([]any{owner}, args...), s.pause())...)
	}
	if err == nil && n == 1 && end == "" && m.InCalendar() {
		// What was decided before must be thought over.
		_, err = tx.Exec("UPDATE conversations SET rev = rev + 1 WHERE organizer = $1 AND id = $2 AND round = $3",
			s.organizer, string(m.ID), m.Round)
	}
	return n == 1, err
}

// Dot implements [scheduler.Store].
func (s *Store) Dot(ctx context.Context, m *outbox.Message) error {
	// A calendar tells what it has already.
	flagged := m.Flagged || m.Unclears > 0 && m.Channel() == outbox.Mail
	phase := "dot"
	if m.Via == "outbox" {
		// Its folder tells.
		phase = "connect"
	}
	err := s.update(ctx, func(tx *database.Tx) error {
		n, err := tx.Exec(`UPDATE messages SET phase = $5, flagged = $1
			WHERE seq = $2 AND state = 'sending' AND phase = 'connect' AND owner = $3 AND attempts = $4
			AND NOT EXISTS (SELECT 1 FROM control WHERE name = $6)`,
			flagged, m.Row, s.db.OwnerID(), m.Attempts, phase, s.pause())
		switch {
		case err != nil:
			return err
		case n == 0:
			return outbox.ErrFenced
		}
		return s.count(tx)
	})
	if err == nil {
		m.Flagged, m.Count = flagged, s.counted.Load()
	}
	return err
}

// Settle implements [scheduler.Store].
func (s *Store) Settle(ctx context.Context, m *outbox.Message) error {
	err := s.settle(ctx, m)
	if err == nil {
		s.db.LetGo(m.Row)
	}
	return err
}

func (s *Store) settle(ctx context.Context, m *outbox.Message) error {
	return s.update(ctx, func(tx *database.Tx) error {
		if m.Untried {
			// Given up by whoever holds it, so that the number of the claim may be given again.
			_, err := tx.Exec(`UPDATE messages SET state = $1, phase = '', owner = '', not_before = $2, code = $3,
				error = $4, attempts = attempts - 1 WHERE seq = $5 AND attempts = $6 AND state = 'sending'`,
				string(m.State), ms(m.NotBefore), m.Code, m.Error, m.Row, m.Attempts)
			return err
		}
		if m.Entry != nil {
			if err := s.entered(ctx, tx, m); err != nil {
				return err
			}
			// Others have waited for it.
			if err := tx.Notify(); err != nil {
				return err
			}
		}
		// Nobody else has claimed it since, or it is not ours to write about. That it was accepted is
		// true even where somebody took us for dead.
		_, err := tx.Exec(`UPDATE messages SET state = $1, phase = '', owner = '', not_before = $2, code = $3,
			error = $4, via = $5, unclears = $6, changed = $7
			WHERE seq = $8 AND attempts = $9 AND (state = 'sending' OR state IN ('unclear', 'queued') AND $1 = 'accepted')`,
			string(m.State), ms(m.NotBefore), m.Code, m.Error, m.Via, m.Unclears, ms(m.Changed), m.Row, m.Attempts)
		return err
	})
}

// entered lets the conversation know how its event stands in the calendar now.
func (s *Store) entered(ctx context.Context, tx *database.Tx, m *outbox.Message) error {
	c := conversation.New(m.ID, m.Round, nil)
	err := database.Each(ctx, tx, func(rows *sql.Rows) error {
		var data sql.RawBytes
		if err := rows.Scan(&c.Rev, &data); err != nil {
			return err
		}
		return decode(c, data)
	}, "SELECT rev, data FROM conversations WHERE organizer = $1 AND id = $2 AND round = $3",
		s.organizer, string(m.ID), m.Round)
	// It may have been erased meanwhile.
	if err != nil || c.Rev == 0 {
		return err
	}
	c.Written(m)
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.putConversation(tx, c, data)
}

// NextClaim implements [scheduler.Store].
func (s *Store) NextClaim(ctx context.Context, channel outbox.Channel, rows []int64) (time.Time, error) {
	next, ok, err := database.Number(ctx, s.db, "SELECT MIN(m.not_before) FROM messages m WHERE m.organizer = $1 AND "+
		claimable+trusted+by(channel)+among(rows)+" AND NOT EXISTS (SELECT 1 FROM control WHERE name = $2)",
		s.organizer, s.pause())
	if err != nil || !ok {
		return time.Time{}, err
	}
	return time.UnixMilli(max(next, 1)).UTC(), nil
}

// doubt is how long a message that its owner may just be handing over is left to it, unless it is surely gone.
const doubt = 10 * time.Minute

// Recover implements [scheduler.Store].
func (s *Store) Recover(ctx context.Context, wall time.Time) ([]*outbox.Message, error) {
	const claims = "SELECT DISTINCT owner FROM messages WHERE organizer = $1 AND owner <> ''"
	var owners []string
	if err := database.Each(ctx, s.db, func(rows *sql.Rows) error {
		var owner string
		err := rows.Scan(&owner)
		if owner != s.db.OwnerID() {
			owners = append(owners, owner)
		}
		return err
	}, claims, s.organizer); err != nil || len(owners) == 0 {
		return nil, err
	}
	var freed []*outbox.Message
	err := s.update(ctx, func(tx *database.Tx) error {
		freed = nil
		for _, owner := range owners {
			life, err := tx.Life(owner)
			if err != nil {
				return err
			}
			if life == database.Alive {
				continue
			}
			list, err := s.free(ctx, tx, owner, life, wall)
			if err != nil {
				return err
			}
			freed = append(freed, list...)
		}
		return nil
	})
	return freed, err
}

// free frees the claims of an owner that is not alive, and returns what has changed with it.
func (s *Store) free(ctx context.Context, tx *database.Tx, owner string, life database.Life, wall time.Time) (
	list []*outbox.Message, err error) {
	keep, until := "''", wall
	if life == database.Silent {
		keep, until = "owner", wall.Add(doubt)
	}
	if err := database.Each(ctx, tx, func(rows *sql.Rows) error {
		m, err := scanMessage(rows)
		list = append(list, m)
		return err
	}, `UPDATE messages AS m SET owner = CASE WHEN phase = 'dot' THEN `+keep+` ELSE '' END, phase = '',
		not_before = CASE WHEN phase = 'dot' THEN CAST($1 AS BIGINT) ELSE CAST($2 AS BIGINT) END,
		unclears = `+freedUnclears+`, state = `+freedState+`
		WHERE organizer = $3 AND owner = $4 AND state = 'sending' RETURNING `+strings.ReplaceAll(messageColumns, "m.", ""),
		ms(until), ms(wall), s.organizer, owner); err != nil {
		return nil, err
	}
	// What was left to an owner that is gone by now, or for long enough.
	left := `UPDATE messages SET owner = '', not_before = $1
		WHERE organizer = $2 AND owner = $3 AND state <> 'sending'`
	if life == database.Silent {
		left += " AND not_before <= $1"
	}
	if _, err := tx.Exec(left, ms(wall), s.organizer, owner); err != nil {
		return nil, err
	}
	if life == database.Gone {
		err = tx.Forget(owner)
	}
	return list, err
}

// ReleaseAll frees the claims in rows that come from a backup: whoever had messages in their hands does not have
// these.
func (s *Store) ReleaseAll(tx *database.Tx) error {
	_, err := tx.Exec(`UPDATE messages AS m SET owner = '', phase = '',
		not_before = CASE WHEN owner = '' THEN not_before ELSE 0 END,
		unclears = `+freedUnclears+`, state = CASE WHEN state <> 'sending' THEN state ELSE `+freedState+` END
		WHERE organizer = $1 AND (owner <> '' OR state = 'sending')`, s.organizer)
	return err
}
