package store

import (
	"context"
	"database/sql"
	"errors"
)

// Writes that come while the last transaction is being synced to the disk go into the next one
// together: with many messages side by side the disk is the bottleneck, and it is asked once for all.

// An op is one write. It may be carried out more than once before it counts.
type op struct {
	do   func(tx *txn) error
	done chan error
}

// A txn is the open transaction of the one writing connection, with its prepared statements.
type txn struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt

	counted int64 // how many messages have left, where one more does with this transaction; else 0
}

func (t *txn) prepare(query string) (*sql.Stmt, error) {
	if st := t.stmts[query]; st != nil {
		return st, nil
	}
	st, err := t.conn.PrepareContext(context.Background(), query)
	if err == nil {
		t.stmts[query] = st
	}
	return st, err
}

// exec carries out a statement and says how many rows it has changed.
func (t *txn) exec(query string, args ...any) (changed int64, err error) {
	st, err := t.prepare(query)
	if err != nil {
		return 0, err
	}
	r, err := st.Exec(args...)
	if err != nil {
		return 0, whole(err)
	}
	return r.RowsAffected()
}

// QueryContext is that of [sql.Conn].
func (t *txn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := t.prepare(query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// close gives the connection back. An SQLite file takes in its log of changes only when the last
// statement over the last connection is closed: until then a copy of it lacks them.
func (t *txn) close() {
	for _, st := range t.stmts {
		_ = st.Close()
	}
	_ = t.conn.Close()
}

// A querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// number is the one number that the query gives; ok is false where it gives no row or NULL.
func number(ctx context.Context, q querier, query string, args ...any) (n int64, ok bool, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, false, whole(err)
	}
	defer rows.Close()
	var v sql.NullInt64
	if rows.Next() {
		err = rows.Scan(&v)
	}
	return v.Int64, v.Valid, whole(errors.Join(err, rows.Err()))
}

var (
	errClosed   = errors.New("the state is closed")
	errReadOnly = errors.New("the state was opened for reading only")
)

// update carries out do in a transaction that is on the disk when update returns. What is written is
// written, also when ctx has ended meanwhile.
func (s *Store) update(ctx context.Context, do func(tx *txn) error) error {
	if s.rw == nil {
		return errReadOnly
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	o := op{do, make(chan error, 1)}
	select {
	case s.ops <- o:
	case <-s.done:
		return errClosed
	}
	select {
	case err := <-o.done:
		return err
	case <-s.done:
	}
	select {
	case err := <-o.done:
		return err
	default:
		return errClosed
	}
}

// write is the one writer of this process.
func (s *Store) write() {
	defer close(s.done)
	var tx *txn
	for {
		var batch []op
		select {
		case o := <-s.ops:
			batch = append(batch, o)
		case <-s.quit:
			if tx != nil {
				tx.close()
			}
			return
		}
		for more := true; more && len(batch) < 128; {
			select {
			case o := <-s.ops:
				batch = append(batch, o)
			default:
				more = false
			}
		}
		tx = s.carryOut(tx, batch)
	}
}

// guarded does o. A fault in it is its own error: the store and all others go on.
func (o op) guarded(tx *txn) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("a fault of this program, while the state was written")
		}
	}()
	return o.do(tx)
}

// carryOut does the ops of a batch in one transaction. Where one of them fails it must not take the
// others with it: each is then done in a transaction of its own. It returns the connection to go on
// with; nil: a new one.
func (s *Store) carryOut(tx *txn, batch []op) *txn {
	if tx == nil {
		conn, err := s.rw.Conn(context.Background())
		if err != nil {
			for _, o := range batch {
				o.done <- err
			}
			return nil
		}
		tx = &txn{conn: conn, stmts: make(map[string]*sql.Stmt)}
	}
	fit := true
	tx.counted = 0
	err := s.transact(tx, func() error {
		for _, o := range batch {
			if err := o.guarded(tx); err != nil {
				return err
			}
		}
		return nil
	}, &fit)
	if err != nil && len(batch) > 1 && fit {
		for _, o := range batch {
			tx = s.carryOut(tx, []op{o})
		}
		return tx
	}
	if err == nil && tx.counted > 0 { // for all that leave now: one mark will do for them
		s.counted.Store(tx.counted)
	}
	for _, o := range batch {
		o.done <- err
	}
	if !fit { // the connection may be what failed
		tx.close()
		return nil
	}
	return tx
}

// transact does what is in do and commits it, or nothing of it. fit becomes false where the connection
// can't be trusted any more; the outcome is then unknown to the caller, who has an error.
func (s *Store) transact(tx *txn, do func() error, fit *bool) error {
	if _, err := tx.exec(s.db.begin()); err != nil {
		*fit = false
		return err
	}
	if err := do(); err != nil {
		if _, failed := tx.exec("ROLLBACK"); failed != nil {
			*fit = false
		}
		return collided(err)
	}
	if _, err := tx.exec("COMMIT"); err != nil {
		*fit = false
		return err
	}
	return nil
}
