package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
	"coalition/scheduler/store/database"
	"coalition/scheduler/store/tables"
)

// ms returns an instant as it is stored: unix milliseconds, 0 for none.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Load implements [scheduler.Store].
func (s *Store) Load(ctx context.Context) ([]*conversation.Conversation, error) {
	if s.db.Absent() {
		return nil, nil
	}
	type key struct {
		id    plan.ID
		round int
	}
	var list []*conversation.Conversation
	known := make(map[key]*conversation.Conversation)
	// Both are read as of one moment: a message that has been settled beside a conversation that does not know it
	// yet would be a state that never was.
	tx, err := s.db.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	// Nothing was written.
	defer func() { _ = tx.Rollback() }()
	err = database.Each(ctx, tx, func(rows *sql.Rows) error {
		c := new(conversation.Conversation)
		var data sql.RawBytes
		if err := rows.Scan(&c.ID, &c.Round, &c.Rev, &data); err != nil {
			return err
		}
		list = append(list, c)
		known[key{c.ID, c.Round}] = c
		return decode(c, data)
	}, "SELECT id, round, rev, data FROM conversations WHERE organizer = $1", s.organizer)
	if err != nil {
		return nil, err
	}
	err = database.Each(ctx, tx, func(rows *sql.Rows) error {
		m, err := scanMessage(rows)
		if err != nil {
			return err
		}
		if c := known[key{m.ID, m.Round}]; c != nil {
			c.Messages = append(c.Messages, m)
		}
		return nil
	}, "SELECT "+s.columns()+" FROM messages m WHERE organizer = $1 ORDER BY seq", s.organizer)
	return list, err
}

// damaged is the error for what can't be read, although the database gives it.
func damaged(what string) error {
	return &DamagedError{What: "is damaged: " + what + " in it can't be read"}
}

func decode(c *conversation.Conversation, data []byte) error {
	if err := json.Unmarshal(data, c); err != nil {
		return damaged("the conversation " + c.Ref())
	}
	return nil
}

// Commit implements [scheduler.Store].
func (s *Store) Commit(ctx context.Context, d *conversation.Draft) error {
	var rows []int64
	err := s.update(ctx, func(tx *database.Tx) (err error) {
		if d.Slots != 0 {
			if err := s.raise(tx, d.Slots); err != nil {
				return err
			}
		}
		if rows, err = s.put(tx, d); err != nil {
			return err
		}
		return tx.Notify()
	})
	if err == nil {
		stored(d, rows)
	}
	return err
}

// stored takes into d that it has been written.
func stored(d *conversation.Draft, rows []int64) {
	d.Conversation.Rev++
	for i, m := range d.Messages {
		m.Row = rows[i]
	}
}

// put writes d, and returns the rows of its new messages.
func (s *Store) put(tx *database.Tx, d *conversation.Draft) ([]int64, error) {
	data, err := json.Marshal(d.Conversation)
	if err != nil {
		return nil, err
	}
	if err := s.received(tx, d); err != nil {
		return nil, err
	}
	if err := s.putConversation(tx, d.Conversation, data); err != nil {
		return nil, err
	}
	if d.Page != "" {
		if _, err := tx.Exec("INSERT INTO pages (hash, organizer, id, round) VALUES ($1, $2, $3, $4)",
			d.Page, s.organizer, string(d.Conversation.ID), d.Conversation.Round); err != nil {
			return nil, err
		}
	}
	for _, m := range d.Heard {
		if err := s.heard(tx, m); err != nil {
			return nil, err
		}
	}
	for m, state := range d.Drop {
		if err := s.end(tx, m.Row, state, d.At); err != nil {
			return nil, err
		}
	}
	rows := make([]int64, len(d.Messages))
	for i, m := range d.Messages {
		if rows[i], err = s.insert(tx, m); err != nil {
			return nil, err
		}
	}
	for _, e := range d.Events {
		if _, err := tx.Exec(`INSERT INTO events (organizer, id, round, happened, kind, words)
			VALUES ($1, $2, $3, $4, $5, $6)`,
			s.organizer, string(e.ID), e.Round, ms(e.At), e.Kind, e.Text); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func (s *Store) putConversation(tx *database.Tx, c *conversation.Conversation, data []byte) (err error) {
	var n int64
	if c.Rev == 0 {
		n, err = tx.Exec(`INSERT INTO conversations (organizer, id, round, rev, data) VALUES ($1, $2, $3, 1, $4)
			ON CONFLICT DO NOTHING`, s.organizer, string(c.ID), c.Round, string(data))
	} else {
		n, err = tx.Exec(`UPDATE conversations SET rev = rev + 1, data = $5
			WHERE organizer = $1 AND id = $2 AND round = $3 AND rev = $4`,
			s.organizer, string(c.ID), c.Round, c.Rev, string(data))
	}
	if err == nil && n == 0 {
		err = conversation.ErrConflict
	}
	return err
}

// Slots implements [scheduler.Store].
func (s *Store) Slots(ctx context.Context) (int64, error) {
	if s.db.Absent() || s.db.Version() < tables.Organizers {
		return 1, nil
	}
	n, ok, err := database.Number(ctx, s.db, "SELECT slots FROM organizers WHERE organizer = $1", s.organizer)
	if err == nil && !ok {
		n = 1
	}
	return n, err
}

// raise lets everybody who has decided beside look again; and returns [conversation.ErrConflict] where
// somebody has decided since slots were seen.
func (s *Store) raise(tx *database.Tx, seen int64) error {
	if seen == conversation.Anyway {
		_, err := tx.Exec("UPDATE organizers SET slots = slots + 1 WHERE organizer = $1", s.organizer)
		return err
	}
	n, err := tx.Exec("UPDATE organizers SET slots = slots + 1 WHERE organizer = $1 AND slots = $2", s.organizer, seen)
	if err == nil && n == 0 {
		err = conversation.ErrConflict
	}
	return err
}

// CommitAll implements [scheduler.Store].
func (s *Store) CommitAll(ctx context.Context, slots int64, drafts []*conversation.Draft) ([]error, error) {
	var faults []error
	var rows [][]int64
	err := s.update(ctx, func(tx *database.Tx) error {
		faults, rows = make([]error, len(drafts)), make([][]int64, len(drafts))
		if err := s.raise(tx, slots); err != nil {
			return err
		}
		for i, d := range drafts {
			if _, err := tx.Exec("SAVEPOINT draft"); err != nil {
				return err
			}
			if rows[i], faults[i] = s.put(tx, d); faults[i] != nil {
				if _, err := tx.Exec("ROLLBACK TO SAVEPOINT draft"); err != nil {
					return err
				}
			}
			if _, err := tx.Exec("RELEASE SAVEPOINT draft"); err != nil {
				return err
			}
		}
		return tx.Notify()
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

// History implements [scheduler.Store].
func (s *Store) History(ctx context.Context, id plan.ID) ([]conversation.HistoryEntry, error) {
	if s.db.Absent() {
		return nil, nil
	}
	var list []conversation.HistoryEntry
	err := database.Each(ctx, s.db, func(rows *sql.Rows) error {
		var e conversation.HistoryEntry
		var at int64
		err := rows.Scan(&e.ID, &e.Round, &at, &e.Kind, &e.Text)
		e.At = instant(at)
		list = append(list, e)
		return err
	}, `SELECT id, round, happened, kind, words FROM events
		WHERE organizer = $1 AND ($2 = '' OR id = $2) ORDER BY seq`, s.organizer, string(id))
	return list, err
}
