package database

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"coalition/scheduler/store/sqlitefile"
)

// Writes that come while the last transaction is being synced to the disk go into the next one
// together: with many messages side by side the disk is the bottleneck, and it is asked once for all.

// most is how many writes share a transaction.
const most = 128

var (
	// ErrClosed is returned by [DB.Update] after [DB.Close].
	ErrClosed = errors.New("the state is closed")
	// ErrReadOnly is returned by [DB.Update] where there is no state and none was to be made.
	ErrReadOnly = errors.New("the state was opened for reading only")
	// ErrCollided is returned by [DB.Update] where two transactions have stood in each other's way, and the
	// database has ended this one: nothing of it was written.
	ErrCollided = errors.New("another process was writing the same")
)

// A request is one write that waits for the writer. It may be carried out more than once before it counts.
type request struct {
	do   func(tx *Tx) error
	done chan error
}

// carryOut does what was asked. A fault in it is its own error: the writer and all others go on.
func (r request) carryOut(tx *Tx) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("a fault of this program, while the state was written")
		}
	}()
	return r.do(tx)
}

// A Tx is the open transaction of the one writing connection, with its prepared statements.
type Tx struct {
	db         *DB
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	// after is what is to be called once the transaction is committed.
	after []func()
}

func (t *Tx) prepare(query string) (*sql.Stmt, error) {
	if st := t.statements[query]; st != nil {
		return st, nil
	}
	st, err := t.conn.PrepareContext(context.Background(), query)
	if err == nil {
		t.statements[query] = st
	}
	return st, err
}

// Exec carries out a statement and returns how many rows it has changed.
func (t *Tx) Exec(query string, args ...any) (changed int64, err error) {
	st, err := t.prepare(query)
	if err != nil {
		return 0, err
	}
	r, err := st.Exec(args...)
	if err != nil {
		return 0, sqlitefile.Whole(err)
	}
	return r.RowsAffected()
}

// Do is [Tx.Exec] where it does not matter how many rows have changed.
func (t *Tx) Do(query string, args ...any) error {
	_, err := t.Exec(query, args...)
	return err
}

// QueryContext asks within the transaction, as [sql.Conn] does.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := t.prepare(query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// Notify lets other processes know of the commit, where the database does not by itself.
func (t *Tx) Notify() error {
	if notify := t.db.dialect.notify(); notify != "" {
		_, err := t.Exec(notify)
		return err
	}
	return nil
}

// After has f called when the transaction is on the disk, before the [DB.Update] of any of those that share it
// returns.
func (t *Tx) After(f func()) { t.after = append(t.after, f) }

// close gives the connection back. An SQLite file takes in its log of changes only when the last
// statement over the last connection is closed: until then a copy of it lacks them.
func (t *Tx) close() {
	for _, st := range t.statements {
		_ = st.Close()
	}
	_ = t.conn.Close()
}

// Update carries out do in a transaction that is on the disk when Update returns. do may be called more than once
// until it counts. What is written is written, also when ctx has ended meanwhile. The error is that of do,
// [ErrClosed], [ErrReadOnly], [ErrCollided] or one of the database, after which it is not known what was written.
func (d *DB) Update(ctx context.Context, do func(tx *Tx) error) error {
	if d.rw == nil {
		return ErrReadOnly
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r := request{do, make(chan error, 1)}
	select {
	case d.requests <- r:
	case <-d.ended:
		return ErrClosed
	}
	select {
	case err := <-r.done:
		return err
	case <-d.ended:
	}
	select {
	case err := <-r.done:
		return err
	default:
		return ErrClosed
	}
}

// keepWriting is the one writer of this process, until the database is closed.
func (d *DB) keepWriting() {
	defer close(d.ended)
	var tx *Tx
	for {
		var batch []request
		select {
		case r := <-d.requests:
			batch = append(batch, r)
		case <-d.quit:
			if tx != nil {
				tx.close()
			}
			return
		}
		for more := true; more && len(batch) < most; {
			select {
			case r := <-d.requests:
				batch = append(batch, r)
			default:
				more = false
			}
		}
		tx = d.writeBatch(tx, batch)
	}
}

// writeBatch carries out the requests of a batch in one transaction. Where one of them fails it must not take
// the others with it: each is then done in a transaction of its own. It returns the connection to go on
// with; nil: a new one.
func (d *DB) writeBatch(tx *Tx, batch []request) *Tx {
	if tx == nil {
		conn, err := d.rw.Conn(context.Background())
		if err != nil {
			for _, r := range batch {
				r.done <- err
			}
			return nil
		}
		tx = &Tx{db: d, conn: conn, statements: make(map[string]*sql.Stmt)}
	}
	fit, err := d.transact(tx, batch)
	if err != nil && len(batch) > 1 && fit {
		for _, r := range batch {
			tx = d.writeBatch(tx, []request{r})
		}
		return tx
	}
	if err == nil {
		for _, f := range tx.after {
			f()
		}
	}
	for _, r := range batch {
		r.done <- err
	}
	if !fit {
		tx.close()
		return nil
	}
	return tx
}

// transact carries out a batch and commits it, or nothing of it. fit is false where the connection can't be
// trusted any more, and may be what failed; what was written is then unknown to the caller, who has an error.
func (d *DB) transact(tx *Tx, batch []request) (fit bool, err error) {
	tx.after = nil
	if _, err := tx.Exec(d.dialect.begin()); err != nil {
		return false, err
	}
	for _, r := range batch {
		if err := r.carryOut(tx); err != nil {
			_, failed := tx.Exec("ROLLBACK")
			return failed == nil, collided(err)
		}
	}
	if _, err := tx.Exec("COMMIT"); err != nil {
		return false, err
	}
	return true, nil
}

// collided returns err as [ErrCollided] where two transactions have stood in each other's way
// (https://www.postgresql.org/docs/current/errcodes-appendix.html, class 40).
func collided(err error) error {
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) && strings.HasPrefix(coded.SQLState(), "40") {
		return ErrCollided
	}
	return err
}
