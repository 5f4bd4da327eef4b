package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"coalition/scheduler"
	"coalition/scheduler/plan"
)

// ms is an instant as it is stored: unix milliseconds, 0 for none.
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
func (s *Store) Load(ctx context.Context) ([]*scheduler.Conversation, error) {
	if s.ro == nil {
		return nil, nil
	}
	type key struct {
		id    plan.ID
		round int
	}
	var list []*scheduler.Conversation
	known := make(map[key]*scheduler.Conversation)
	// Both are read as of one moment: a message that has been settled beside a conversation that does not know it
	// yet would be a state that never was. (SQLite's transactions are snapshots by themselves.)
	tx, err := s.ro.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, whole(err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	err = each(ctx, tx, func(rows *sql.Rows) error {
		c := new(scheduler.Conversation)
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
	err = each(ctx, tx, func(rows *sql.Rows) error {
		m, err := scanMessage(rows)
		if err != nil {
			return err
		}
		if c := known[key{m.ID, m.Round}]; c != nil {
			c.Messages = append(c.Messages, m)
		}
		return nil
	}, "SELECT "+messageColumns+" FROM messages m WHERE organizer = $1 ORDER BY seq", s.organizer)
	return list, err
}

func decode(c *scheduler.Conversation, data []byte) error {
	if err := json.Unmarshal(data, c); err != nil {
		return &DamagedError{What: fmt.Sprintf("is damaged: the conversation %s in it can't be read", c.Ref())}
	}
	return nil
}

// each calls scan for every row of a query.
func each(ctx context.Context, q querier, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return whole(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return whole(err)
		}
	}
	return whole(errors.Join(rows.Err(), rows.Close()))
}

// Commit implements [scheduler.Store].
func (s *Store) Commit(ctx context.Context, d *scheduler.Draft) error {
	var rows []int64
	err := s.update(ctx, func(tx *txn) (err error) {
		if d.Slots != 0 {
			if err := s.raise(tx, d.Slots); err != nil {
				return err
			}
		}
		if rows, err = s.put(tx, d); err != nil {
			return err
		}
		return s.tell(tx)
	})
	if err == nil {
		stored(d, rows)
	}
	return err
}

// stored takes into d that it has been written.
func stored(d *scheduler.Draft, rows []int64) {
	d.Conversation.Rev++
	for i, m := range d.Messages {
		m.Row = rows[i]
	}
}

// put writes d, and returns the rows of its new messages.
func (s *Store) put(tx *txn, d *scheduler.Draft) ([]int64, error) {
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
		if _, err := tx.exec("INSERT INTO pages (hash, organizer, id, round) VALUES ($1, $2, $3, $4)",
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
		if _, err := tx.exec("INSERT INTO events (organizer, id, round, happened, kind, words) VALUES ($1, $2, $3, $4, $5, $6)",
			s.organizer, string(e.ID), e.Round, ms(e.At), e.Kind, e.Text); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// received takes a mail into account, once, together with what follows from it.
func (s *Store) received(tx *txn, d *scheduler.Draft) error {
	if d.Key != "" {
		key := d.Key
		if d.Open { // beside the key itself, under which it may still count
			key += " open"
		}
		n, err := tx.exec("INSERT INTO received (organizer, key) SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM received WHERE organizer = $1 AND key = $3) ON CONFLICT DO NOTHING",
			s.organizer, key, d.Key)
		switch {
		case err != nil:
			return err
		case n == 0:
			return scheduler.ErrKnown
		}
	}
	if d.Cursor.Name == "" {
		return nil
	}
	return s.setCursor(tx, d.Cursor)
}

func (s *Store) setCursor(tx *txn, c scheduler.Cursor) error {
	_, err := tx.exec("INSERT INTO cursors (organizer, mailbox, place) VALUES ($1, $2, $3) ON CONFLICT (organizer, mailbox) DO UPDATE SET place = $3",
		s.organizer, c.Name, c.At)
	return err
}

// SetCursor implements [scheduler.Store].
func (s *Store) SetCursor(ctx context.Context, c scheduler.Cursor) error {
	return s.update(ctx, func(tx *txn) error { return s.setCursor(tx, c) })
}

// Cursor implements [scheduler.Store].
func (s *Store) Cursor(ctx context.Context, mailbox string) (at string, err error) {
	err = each(ctx, s.ro, func(rows *sql.Rows) error { return rows.Scan(&at) },
		"SELECT place FROM cursors WHERE organizer = $1 AND mailbox = $2", s.organizer, mailbox)
	return at, err
}

// Page implements [scheduler.Store].
func (s *Store) Page(ctx context.Context, hash string) (id plan.ID, round int, err error) {
	err = each(ctx, s.ro, func(rows *sql.Rows) error { return rows.Scan(&id, &round) },
		"SELECT id, round FROM pages WHERE organizer = $1 AND hash = $2", s.organizer, hash)
	return id, round, err
}

func (s *Store) putConversation(tx *txn, c *scheduler.Conversation, data []byte) (err error) {
	var n int64
	if c.Rev == 0 {
		n, err = tx.exec("INSERT INTO conversations (organizer, id, round, rev, data) VALUES ($1, $2, $3, 1, $4) ON CONFLICT DO NOTHING",
			s.organizer, string(c.ID), c.Round, string(data))
	} else {
		n, err = tx.exec("UPDATE conversations SET rev = rev + 1, data = $5 WHERE organizer = $1 AND id = $2 AND round = $3 AND rev = $4",
			s.organizer, string(c.ID), c.Round, c.Rev, string(data))
	}
	if err == nil && n == 0 {
		err = scheduler.ErrConflict
	}
	return err
}

// tell lets other processes know of a commit, where the database does not.
func (s *Store) tell(tx *txn) error {
	if notify := s.db.notify(); notify != "" {
		_, err := tx.exec(notify)
		return err
	}
	return nil
}

// Pause implements [scheduler.Store].
func (s *Store) Pause(ctx context.Context, paused bool) error {
	return s.update(ctx, func(tx *txn) error {
		query := "DELETE FROM control WHERE name = $1"
		if paused {
			query = "INSERT INTO control (name) VALUES ($1) ON CONFLICT DO NOTHING"
		}
		if _, err := tx.exec(query, s.pause()); err != nil {
			return err
		}
		if !paused {
			if _, err := tx.exec("UPDATE doors SET until = 0 WHERE organizer = $1", s.organizer); err != nil {
				return err
			}
		}
		return s.tell(tx)
	})
}

// Paused implements [scheduler.Store].
func (s *Store) Paused(ctx context.Context) (bool, error) {
	if s.ro == nil {
		return false, nil
	}
	return s.isPaused(ctx)
}

// pause is the name of the organizer's own pause.
func (s *Store) pause() string { return "paused " + s.organizer }

func (s *Store) isPaused(ctx context.Context) (bool, error) {
	names := []any{s.pause()}
	query := "SELECT COUNT(*) FROM control WHERE name = $1"
	if s.schema < doorsStep { // read only, as an older version left it
		names[0] = "paused"
	}
	n, _, err := number(ctx, s.ro, query, names...)
	return n > 0, err
}

// History implements [scheduler.Store].
func (s *Store) History(ctx context.Context, id plan.ID) ([]scheduler.Event, error) {
	if s.ro == nil {
		return nil, nil
	}
	var list []scheduler.Event
	err := each(ctx, s.ro, func(rows *sql.Rows) error {
		var e scheduler.Event
		var at int64
		err := rows.Scan(&e.ID, &e.Round, &at, &e.Kind, &e.Text)
		e.At = instant(at)
		list = append(list, e)
		return err
	}, "SELECT id, round, happened, kind, words FROM events WHERE organizer = $1 AND ($2 = '' OR id = $2) ORDER BY seq", s.organizer, string(id))
	return list, err
}
