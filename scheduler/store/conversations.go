package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/lookup"
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
func (s *Store) Load(ctx context.Context, q lookup.Query) ([]*conversation.Conversation, error) {
	if s.db.Absent() {
		return nil, nil
	}
	// All is read as of one moment: a message that has been settled beside a conversation that does not know it yet
	// would be a state that never was.
	tx, err := s.db.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	// Nothing was written.
	defer func() { _ = tx.Rollback() }()
	l := &loading{Store: s, tx: tx, known: make(map[plan.ID]bool)}
	if q.All() || s.db.Version() < tables.Lookups {
		err = l.read(ctx, "", nil)
	} else {
		err = l.look(ctx, q)
	}
	slices.SortFunc(l.list, func(a, b *conversation.Conversation) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Round, b.Round))
	})
	return l.list, err
}

// A loading is what has been read for a query so far.
type loading struct {
	*Store
	tx    *sql.Tx
	list  []*conversation.Conversation
	known map[plan.ID]bool
	// found are the ids that are to be read next.
	found []string
}

// look reads what a query asks for.
func (l *loading) look(ctx context.Context, q lookup.Query) error {
	for _, id := range q.IDs {
		l.find(id)
	}
	err := errors.Join(l.findBy(ctx, byKey, q.Keys),
		l.findBy(ctx, "messages WHERE organizer = $1 AND message_id <> '' AND message_id", q.MessageIDs))
	if q.To != "" && err == nil {
		// Else SQLite would walk through all of the organizer's along another index.
		err = l.findBy(ctx, "messages WHERE organizer || '' = $1 AND lower(recipient)", []string{strings.ToLower(q.To)})
	}
	if q.Unsettled && err == nil {
		err = l.findBy(ctx, "messages WHERE organizer = $1 AND "+tables.Unsettled+" AND organizer", []string{l.organizer})
	}
	for err == nil && len(l.found) > 0 {
		before := len(l.list)
		if err = l.readFound(ctx); err == nil {
			var keys []string
			for _, c := range l.list[before:] {
				for _, a := range c.Addresses() {
					keys = append(keys, lookup.AddressKey(a))
				}
			}
			err = l.findBy(ctx, byKey, keys)
		}
	}
	if err == nil && q.Around != nil {
		if err = l.findBy(ctx, byKey, q.Around(l.list)); err == nil {
			err = l.readFound(ctx)
		}
	}
	return err
}

const byKey = "lookups WHERE organizer = $1 AND key"

// find takes down that a conversation is to be read, once.
func (l *loading) find(id plan.ID) {
	if !l.known[id] {
		l.known[id], l.found = true, append(l.found, string(id))
	}
}

// findBy finds the conversations with rows of a table in which a column is one of values. (DISTINCT would have SQLite
// walk along another index.)
func (l *loading) findBy(ctx context.Context, where string, values []string) error {
	return each(values, func(in string, args []any) error {
		return database.Each(ctx, l.tx, func(rows *sql.Rows) error {
			var id plan.ID
			err := rows.Scan(&id)
			l.find(id)
			return err
		}, "SELECT id FROM "+where+in, append([]any{l.organizer}, args...)...)
	})
}

// readFound reads what was found.
func (l *loading) readFound(ctx context.Context) error {
	ids := l.found
	l.found = nil
	return each(ids, func(in string, args []any) error { return l.read(ctx, " AND id"+in, args) })
}

// each calls do with values, some at a time, and with the condition that something is one of those, which are $2 and
// what follows.
func each(values []string, do func(in string, args []any) error) error {
	for some := range slices.Chunk(values, 500) {
		args, places := make([]any, len(some)), make([]string, len(some))
		for i, v := range some {
			args[i], places[i] = v, fmt.Sprintf("$%d", i+2)
		}
		if err := do(" IN ("+strings.Join(places, ", ")+")", args); err != nil {
			return err
		}
	}
	return nil
}

// read reads the conversations for which a condition on their ids holds, with their messages.
func (l *loading) read(ctx context.Context, condition string, args []any) error {
	type key struct {
		id    plan.ID
		round int
	}
	known := make(map[key]*conversation.Conversation)
	args = append([]any{l.organizer}, args...)
	err := database.Each(ctx, l.tx, func(rows *sql.Rows) error {
		c := new(conversation.Conversation)
		var data sql.RawBytes
		if err := rows.Scan(&c.ID, &c.Round, &c.Rev, &data); err != nil {
			return err
		}
		l.list = append(l.list, c)
		known[key{c.ID, c.Round}] = c
		return decode(c, data)
	}, "SELECT id, round, rev, data FROM conversations WHERE organizer = $1"+condition, args...)
	if err != nil {
		return err
	}
	return database.Each(ctx, l.tx, func(rows *sql.Rows) error {
		m, err := scanMessage(rows)
		if err != nil {
			return err
		}
		if c := known[key{m.ID, m.Round}]; c != nil {
			c.Messages = append(c.Messages, m)
		}
		return nil
	}, "SELECT "+l.columns()+" FROM messages m WHERE organizer = $1"+condition+" ORDER BY seq", args...)
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
	if err != nil {
		return err
	}
	return s.putKeys(tx, c)
}

// putKeys writes by what c is looked up, where that has changed.
func (s *Store) putKeys(tx *database.Tx, c *conversation.Conversation) error {
	var before []string
	const of = " FROM lookups WHERE organizer = $1 AND id = $2 AND round = $3"
	if c.Rev > 0 {
		if err := database.Each(context.Background(), tx, func(rows *sql.Rows) error {
			before = append(before, "")
			return rows.Scan(&before[len(before)-1])
		}, "SELECT key"+of, s.organizer, string(c.ID), c.Round); err != nil {
			return err
		}
		slices.Sort(before)
	}
	keys := lookup.Keys(c)
	if slices.Equal(before, keys) {
		return nil
	}
	if before != nil {
		if _, err := tx.Exec("DELETE"+of, s.organizer, string(c.ID), c.Round); err != nil {
			return err
		}
	}
	return tables.PutKeys(tx.Do, s.organizer, c.ID, c.Round, keys)
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
