// Package store knows how conversations, the outbox and the history are kept in SQLite or in
// PostgreSQL: tables, transactions, locks between processes, and who is still alive. What the rows
// mean, and when anything is to be done, it leaves to the scheduler, whose [scheduler.Store] it is.
//
// One SQL text serves both databases; only the tables are declared twice. Writes that come at the
// same moment share one transaction, and so one sync to the disk.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"coalition/scheduler"
	"coalition/scheduler/plan"
)

// ErrNewer is returned by [Open] for a database that a later version of the program has written.
var ErrNewer = errors.New("the state was written by a newer version of this program")

// ErrOtherOrganizer is returned by [Open] for an SQLite file that belongs to somebody else.
var ErrOtherOrganizer = errors.New("the state belongs to another organizer")

// A RunningError is returned by [Store.LockDaemon] when another daemon runs on the same file.
type RunningError struct{ PID string }

// Error names the process.
func (e *RunningError) Error() string {
	return "another daemon is running on this state, with process id " + e.PID
}

// A Store is the state of one organizer. It is safe for concurrent use.
type Store struct {
	rw, ro    *sql.DB // the same pool on PostgreSQL; nil for a state that does not exist
	db        database
	organizer string // whose rows these are

	ops     chan op
	quit    chan struct{} // closed by Close
	done    chan struct{} // closed when the writer has ended
	closing sync.Once
	changes chan struct{}

	mu    sync.Mutex
	owner string // of the claims of this process; "" until the first
}

// A database is what differs between the two.
type database interface {
	open(ctx context.Context, readOnly bool) (rw, ro *sql.DB, err error)
	tables() []string // the migrations, oldest first
	notify() string   // a statement that tells other processes of a commit; "" where they see it
	begin() string    // the statement that begins a transaction that will write
	// lockTables keeps other processes from migrating until tx ends.
	lockTables(ctx context.Context, tx *sql.Tx) error
	// watch calls changed when another process may have committed; version is what differs then.
	watch(ctx context.Context, version func() int64, changed func())
	// own makes owner's life visible to other processes, until the store is closed.
	own(ctx context.Context, owner string) error
	// alive reports whether this process is still seen as the owner it was.
	alive(ctx context.Context) bool
	// gone reports whether no living process has that owner.
	gone(tx *txn, owner string) (bool, error)
	lockDaemon() error
	exclusive() bool // there is room for one organizer only
	close()
}

// Open opens the state at dsn: the path of an SQLite file, which it makes where there is none, or a
// postgres:// address. addresses are those of the organizer, the present one first; rows that were
// written under an older one are found again. A read-only store makes no file and writes nothing.
func Open(ctx context.Context, dsn string, addresses []string, readOnly bool) (*Store, error) {
	s := &Store{ops: make(chan op, 256), quit: make(chan struct{}), done: make(chan struct{})}
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		s.db = &postgres{dsn: dsn}
	} else {
		s.db = &sqlite{path: dsn}
	}
	var err error
	s.rw, s.ro, err = s.db.open(ctx, readOnly)
	if err != nil {
		return nil, err
	}
	s.organizer = addresses[0]
	if s.rw == nil {
		close(s.done)
		return s, nil
	}
	if err := s.migrate(ctx, readOnly); err != nil {
		s.db.close()
		return nil, err
	}
	if s.rw == nil { // read-only, and no tables yet
		close(s.done)
		return s, nil
	}
	if err := s.whose(ctx, addresses); err != nil {
		s.db.close()
		return nil, err
	}
	go s.write()
	return s, nil
}

// whose finds under which of the organizer's addresses the rows are.
func (s *Store) whose(ctx context.Context, addresses []string) error {
	rows, err := s.ro.QueryContext(ctx, "SELECT DISTINCT organizer FROM conversations")
	if err != nil {
		return err
	}
	defer rows.Close()
	others := false
	for rows.Next() {
		var organizer string
		if err := rows.Scan(&organizer); err != nil {
			return err
		}
		others = true
		for _, a := range addresses {
			if a == organizer {
				s.organizer = organizer
				return rows.Close()
			}
		}
	}
	if others && s.db.exclusive() {
		return ErrOtherOrganizer
	}
	return rows.Err()
}

// migrate brings the tables up to date: each step in a transaction of its own.
func (s *Store) migrate(ctx context.Context, readOnly bool) error {
	steps := s.db.tables()
	var version int
	err := s.ro.QueryRowContext(ctx, "SELECT version FROM schema_version").Scan(&version)
	if err == nil && version == len(steps) {
		return nil
	}
	if version > len(steps) {
		return ErrNewer
	}
	if readOnly {
		s.db.close()
		s.rw, s.ro = nil, nil
		return nil
	}
	for {
		finished, err := s.migrateOnce(ctx, steps)
		if err != nil || finished {
			return err
		}
	}
}

func (s *Store) migrateOnce(ctx context.Context, steps []string) (finished bool, err error) {
	tx, err := s.rw.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	if err := s.db.lockTables(ctx, tx); err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)"); err != nil {
		return false, err
	}
	var version int
	err = tx.QueryRowContext(ctx, "SELECT version FROM schema_version").Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.ExecContext(ctx, "INSERT INTO schema_version (version) VALUES (0)")
	}
	switch {
	case err != nil:
		return false, err
	case version > len(steps):
		return false, ErrNewer
	case version == len(steps):
		return true, nil
	}
	for _, statement := range strings.Split(steps[version], ";\n") {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return false, fmt.Errorf("step %d of the tables: %w", version+1, err)
		}
	}
	if _, err := tx.ExecContext(ctx, "UPDATE schema_version SET version = $1", version+1); err != nil {
		return false, err
	}
	return false, tx.Commit()
}

// Close ends the store, and with it this process's claims.
func (s *Store) Close() error {
	s.closing.Do(func() {
		close(s.quit)
		<-s.done
		s.db.close()
	})
	return nil
}

// LockDaemon makes this process the one daemon on the state, until it ends. The error is a
// [RunningError] where there is one already. PostgreSQL has room for several.
func (s *Store) LockDaemon() error { return s.db.lockDaemon() }

// An op is one write, carried out together with others.
type op struct {
	do   func(tx *txn) error
	done chan error
}

// A txn is the open transaction of the one writing connection, with its prepared statements.
type txn struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
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

func (t *txn) exec(query string, args ...any) (changed int64, err error) {
	st, err := t.prepare(query)
	if err != nil {
		return 0, err
	}
	r, err := st.Exec(args...)
	if err != nil {
		return 0, err
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

// A querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// number is the one number that the query gives; ok is false where it gives no row or NULL.
func number(ctx context.Context, q querier, query string, args ...any) (n int64, ok bool, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, false, err
	}
	defer rows.Close()
	var v sql.NullInt64
	if rows.Next() {
		err = rows.Scan(&v)
	}
	return v.Int64, v.Valid, errors.Join(err, rows.Err())
}

var errClosed = errors.New("the state is closed")

// update carries out do in a transaction that is on the disk when update returns.
func (s *Store) update(ctx context.Context, do func(tx *txn) error) error {
	if s.rw == nil {
		return errors.New("the state was opened for reading only")
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
	case err := <-o.done: // also when ctx ends: what is written is written
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

// write is the one writer of this process. Writes that have come while the last transaction was
// synced to the disk go into the next one together.
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
				tx.conn.Close()
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
		var err error
		if tx == nil {
			tx, err = s.connect()
		}
		var results []error
		if err == nil {
			if results, err = s.transact(tx, batch); err != nil {
				tx.conn.Close() // the connection may be what failed
				tx = nil
			}
		}
		for i, o := range batch {
			if err != nil {
				o.done <- err
			} else {
				o.done <- results[i]
			}
		}
	}
}

func (s *Store) connect() (*txn, error) {
	conn, err := s.rw.Conn(context.Background())
	return &txn{conn: conn, stmts: make(map[string]*sql.Stmt)}, err
}

// transact carries out the batch and commits. The results are those of each op; an error means that
// nothing of it may have happened.
func (s *Store) transact(tx *txn, batch []op) (results []error, err error) {
	if _, err := tx.exec(s.db.begin()); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			tx.exec("ROLLBACK")
		}
	}()
	results = make([]error, len(batch))
	for i, o := range batch {
		if _, err := tx.exec("SAVEPOINT one"); err != nil { // one that fails must not take the others with it
			return nil, err
		}
		if results[i] = o.do(tx); results[i] != nil {
			if _, err := tx.exec("ROLLBACK TO SAVEPOINT one"); err != nil {
				return nil, err
			}
		}
		if _, err := tx.exec("RELEASE SAVEPOINT one"); err != nil {
			return nil, err
		}
	}
	_, err = tx.exec("COMMIT")
	return results, err
}

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

const messageColumns = `seq, id, round, kind, revision, recipient, message_id, sequence, stamp, content, due, deadline,
	state, approved, attempts, unclears, flagged, not_before, changed, via, code, error`

type scanner interface{ Scan(...any) error }

func scanMessage(row scanner, more ...any) (*scheduler.Message, error) {
	var m scheduler.Message
	var content string
	var stamp, due, deadline, notBefore, changed int64
	fields := []any{&m.Row, &m.ID, &m.Round, &m.Kind, &m.Revision, &m.To, &m.MessageID, &m.Sequence, &stamp, &content, &due, &deadline,
		&m.State, &m.Approved, &m.Attempts, &m.Unclears, &m.Flagged, &notBefore, &changed, &m.Via, &m.Code, &m.Error}
	if err := row.Scan(append(fields, more...)...); err != nil {
		return nil, err
	}
	m.Stamp, m.Due, m.Deadline, m.NotBefore, m.Changed = instant(stamp), instant(due), instant(deadline), instant(notBefore), instant(changed)
	return &m, json.Unmarshal([]byte(content), &m.Content)
}

// Load implements [scheduler.Store].
func (s *Store) Load(ctx context.Context) ([]*scheduler.Conversation, error) {
	if s.ro == nil {
		return nil, nil
	}
	return s.load(ctx, s.ro, "", 0)
}

// load reads all conversations, or the one of id and round.
func (s *Store) load(ctx context.Context, q querier, id plan.ID, round int) ([]*scheduler.Conversation, error) {
	where, args := " WHERE organizer = $1", []any{s.organizer}
	if id != "" {
		where, args = where+" AND id = $2 AND round = $3", append(args, string(id), round)
	}
	rows, err := q.QueryContext(ctx, "SELECT id, round, rev, data FROM conversations"+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type key struct {
		id    plan.ID
		round int
	}
	var list []*scheduler.Conversation
	known := make(map[key]*scheduler.Conversation)
	for rows.Next() {
		c := new(scheduler.Conversation)
		var data sql.RawBytes
		if err := rows.Scan(&c.ID, &c.Round, &c.Rev, &data); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, c); err != nil {
			return nil, fmt.Errorf("the stored conversation %s can't be read: %w", c.Ref(), err)
		}
		list = append(list, c)
		known[key{c.ID, c.Round}] = c
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	messages, err := q.QueryContext(ctx, "SELECT "+messageColumns+" FROM messages"+where+" ORDER BY seq", args...)
	if err != nil {
		return nil, err
	}
	defer messages.Close()
	for messages.Next() {
		m, err := scanMessage(messages)
		if err != nil {
			return nil, err
		}
		if c := known[key{m.ID, m.Round}]; c != nil {
			c.Messages = append(c.Messages, m)
		}
	}
	return list, messages.Err()
}

// Commit implements [scheduler.Store].
func (s *Store) Commit(ctx context.Context, d *scheduler.Draft) error {
	c := d.Conversation
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	rows := make([]int64, len(d.Messages))
	err = s.update(ctx, func(tx *txn) error {
		var n int64
		var err error
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
		for m, state := range d.Drop {
			if err == nil {
				// What may be accepted at this moment is past stopping; what is being sent up to there
				// finds at its dot that the claim is gone.
				_, err = tx.exec("UPDATE messages SET state = $1, changed = $2 WHERE seq = $3 AND (state IN ('held', 'queued') OR state = 'sending' AND phase = 'connect')",
					string(state), ms(d.At), m.Row)
			}
		}
		for i, m := range d.Messages {
			if err == nil {
				rows[i], err = s.insert(tx, m)
			}
		}
		for _, e := range d.Events {
			if err == nil {
				_, err = tx.exec("INSERT INTO events (organizer, id, round, happened, kind, words) VALUES ($1, $2, $3, $4, $5, $6)",
					s.organizer, string(e.ID), e.Round, ms(e.At), e.Kind, e.Text)
			}
		}
		if err == nil {
			err = s.tell(tx)
		}
		return err
	})
	if err != nil {
		return err
	}
	c.Rev++
	for i, m := range d.Messages {
		m.Row = rows[i]
	}
	return nil
}

func (s *Store) tell(tx *txn) error {
	if notify := s.db.notify(); notify != "" {
		_, err := tx.exec(notify)
		return err
	}
	return nil
}

func (s *Store) insert(tx *txn, m *scheduler.Message) (row int64, err error) {
	content, err := json.Marshal(m.Content)
	if err != nil {
		return 0, err
	}
	row, ok, err := number(context.Background(), tx, `INSERT INTO messages (organizer, id, round, kind, revision, recipient, message_id, sequence, stamp, content, due, deadline,
		state, phase, owner, approved, attempts, unclears, flagged, not_before, changed, via, code, error, data, calendar)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', '', $14, $15, 0, $16, 0, $17, $18, 0, '', $19, $20)
		ON CONFLICT DO NOTHING RETURNING seq`,
		s.organizer, string(m.ID), m.Round, string(m.Kind), m.Revision, m.To, m.MessageID, m.Sequence, ms(m.Stamp), string(content),
		ms(m.Due), ms(m.Deadline), string(m.State), m.Approved, m.Attempts, m.Flagged, ms(m.Changed), m.Via, m.Data, m.Calendar)
	if err == nil && !ok {
		err = scheduler.ErrConflict
	}
	return row, err
}

// claimable is which messages can be claimed: those that wait, and those that are to be repeated.
const claimable = `state IN ('queued', 'unclear') AND (state = 'queued' OR unclears < 2 AND kind <> 'reminder')`

// Claim implements [scheduler.Store].
func (s *Store) Claim(ctx context.Context, wall time.Time, limit int, rows []int64, look func(*scheduler.Conversation, *scheduler.Message) scheduler.State) ([]*scheduler.Message, error) {
	owner, err := s.owned(ctx)
	if err != nil {
		return nil, err
	}
	var claimed []*scheduler.Message
	err = s.update(ctx, func(tx *txn) error {
		claimed = nil
		if paused, err := isPaused(ctx, tx); err != nil || paused {
			return err
		}
		due, err := s.due(ctx, tx, wall, limit, among(rows))
		if err != nil {
			return err
		}
		for _, m := range due {
			list, err := s.load(ctx, tx, m.ID, m.Round)
			if err != nil {
				return err
			}
			state := scheduler.Dropped
			if len(list) == 1 {
				state = look(list[0], m)
			}
			if state != m.State {
				if m.State == scheduler.Unclear { // it may have arrived; it is just not repeated
					_, err = tx.exec("UPDATE messages SET unclears = 2 WHERE seq = $1 AND state = 'unclear'", m.Row)
				} else {
					_, err = tx.exec("UPDATE messages SET state = $1, changed = $2 WHERE seq = $3 AND state = 'queued'", string(state), ms(m.Changed), m.Row)
				}
				if err != nil {
					return err
				}
				continue
			}
			n, err := tx.exec("UPDATE messages SET state = 'sending', phase = 'connect', owner = $1, attempts = attempts + 1 WHERE seq = $2 AND attempts = $3 AND state = $4",
				owner, m.Row, m.Attempts, string(m.State))
			if err != nil {
				return err
			}
			if n == 1 { // else another process was faster
				m.State = scheduler.Sending
				m.Attempts++
				claimed = append(claimed, m)
			}
		}
		return nil
	})
	return claimed, err
}

// among is the condition that a message is one of rows; none means all.
func among(rows []int64) string {
	if len(rows) == 0 {
		return ""
	}
	return " AND seq IN (" + strings.Trim(strings.ReplaceAll(fmt.Sprint(rows), " ", ","), "[]") + ")"
}

// due are messages that can be claimed, with their bytes.
func (s *Store) due(ctx context.Context, tx *txn, wall time.Time, limit int, only string) ([]*scheduler.Message, error) {
	rows, err := tx.QueryContext(ctx, "SELECT "+messageColumns+", data, calendar FROM messages WHERE organizer = $1 AND not_before <= $2 AND "+claimable+only+
		" ORDER BY due, seq LIMIT $3", s.organizer, ms(wall), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*scheduler.Message
	for rows.Next() {
		var data, calendar []byte
		m, err := scanMessage(rows, &data, &calendar)
		if err != nil {
			return nil, err
		}
		m.Data, m.Calendar = data, calendar
		list = append(list, m)
	}
	return list, rows.Err()
}

// Dot implements [scheduler.Store].
func (s *Store) Dot(ctx context.Context, m *scheduler.Message) error {
	flagged := m.Unclears > 0
	err := s.update(ctx, func(tx *txn) error {
		n, err := tx.exec(`UPDATE messages SET phase = 'dot', flagged = $1 WHERE seq = $2 AND state = 'sending' AND phase = 'connect' AND owner = $3 AND attempts = $4
			AND NOT EXISTS (SELECT 1 FROM control WHERE name = 'paused')`, flagged, m.Row, s.ownerID(), m.Attempts)
		if err == nil && n == 0 {
			err = scheduler.ErrFenced
		}
		return err
	})
	if err == nil {
		m.Flagged = flagged
	}
	return err
}

// Settle implements [scheduler.Store].
func (s *Store) Settle(ctx context.Context, m *scheduler.Message) error {
	return s.update(ctx, func(tx *txn) error {
		// Nobody else has claimed it since, or it is not ours to write about. That it was accepted is
		// true even where somebody took us for dead.
		_, err := tx.exec(`UPDATE messages SET state = $1, phase = '', owner = '', not_before = $2, code = $3, error = $4, via = $5, unclears = $6, changed = $7
			WHERE seq = $8 AND attempts = $9 AND (state = 'sending' OR state IN ('unclear', 'queued') AND $1 = 'accepted')`,
			string(m.State), ms(m.NotBefore), m.Code, m.Error, m.Via, m.Unclears, ms(m.Changed), m.Row, m.Attempts)
		return err
	})
}

// NextClaim implements [scheduler.Store].
func (s *Store) NextClaim(ctx context.Context, rows []int64) (time.Time, error) {
	next, ok, err := number(ctx, s.ro, "SELECT MIN(not_before) FROM messages WHERE organizer = $1 AND "+claimable+among(rows)+
		" AND NOT EXISTS (SELECT 1 FROM control WHERE name = 'paused')", s.organizer)
	if err != nil || !ok {
		return time.Time{}, err
	}
	return time.UnixMilli(max(next, 1)).UTC(), nil
}

// Recover implements [scheduler.Store].
func (s *Store) Recover(ctx context.Context, wall time.Time) ([]*scheduler.Message, error) {
	var freed []*scheduler.Message
	err := s.update(ctx, func(tx *txn) error {
		freed = nil
		owners, err := claimants(ctx, tx)
		if err != nil {
			return err
		}
		for _, owner := range owners {
			if owner == s.ownerID() {
				continue
			}
			if gone, err := s.db.gone(tx, owner); err != nil || !gone {
				if err != nil {
					return err
				}
				continue
			}
			rows, err := tx.QueryContext(ctx, `UPDATE messages SET owner = '', phase = '', not_before = $1,
				unclears = CASE WHEN phase = 'dot' THEN unclears + 1 ELSE unclears END,
				state = CASE WHEN phase = 'dot' OR unclears = 1 AND kind <> 'reminder' THEN 'unclear' ELSE 'queued' END
				WHERE state = 'sending' AND owner = $2 RETURNING `+messageColumns, ms(wall), owner)
			if err != nil {
				return err
			}
			for rows.Next() {
				m, err := scanMessage(rows)
				if err != nil {
					rows.Close()
					return err
				}
				freed = append(freed, m)
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				return err
			}
		}
		return nil
	})
	return freed, err
}

func claimants(ctx context.Context, tx *txn) ([]string, error) {
	rows, err := tx.QueryContext(ctx, "SELECT DISTINCT owner FROM messages WHERE state = 'sending'")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var owner string
		if err := rows.Scan(&owner); err != nil {
			return nil, err
		}
		list = append(list, owner)
	}
	return list, rows.Err()
}

// Message implements [scheduler.Store].
func (s *Store) Message(ctx context.Context, row int64) (*scheduler.Message, error) {
	var data, calendar []byte
	m, err := scanMessage(s.ro.QueryRowContext(ctx, "SELECT "+messageColumns+", data, calendar FROM messages WHERE seq = $1", row), &data, &calendar)
	if err != nil {
		return nil, err
	}
	m.Data, m.Calendar = data, calendar
	return m, nil
}

// Approve implements [scheduler.Store].
func (s *Store) Approve(ctx context.Context, rows []int64) error {
	return s.update(ctx, func(tx *txn) error {
		for _, row := range rows {
			if _, err := tx.exec("UPDATE messages SET state = 'queued', approved = TRUE, not_before = 0 WHERE seq = $1 AND state IN ('held', 'unclear', 'queued')",
				row); err != nil {
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

// Pause implements [scheduler.Store].
func (s *Store) Pause(ctx context.Context, paused bool) error {
	return s.update(ctx, func(tx *txn) error {
		query := "DELETE FROM control WHERE name = 'paused'"
		if paused {
			query = "INSERT INTO control (name) VALUES ('paused') ON CONFLICT DO NOTHING"
		}
		if _, err := tx.exec(query); err != nil {
			return err
		}
		return s.tell(tx)
	})
}

// Paused implements [scheduler.Store].
func (s *Store) Paused(ctx context.Context) (bool, error) {
	if s.ro == nil {
		return false, nil
	}
	return isPaused(ctx, s.ro)
}

func isPaused(ctx context.Context, q querier) (bool, error) {
	n, _, err := number(ctx, q, "SELECT COUNT(*) FROM control WHERE name = 'paused'")
	return n > 0, err
}

// History implements [scheduler.Store].
func (s *Store) History(ctx context.Context, id plan.ID) ([]scheduler.Event, error) {
	if s.ro == nil {
		return nil, nil
	}
	rows, err := s.ro.QueryContext(ctx, "SELECT id, round, happened, kind, words FROM events WHERE organizer = $1 AND ($2 = '' OR id = $2) ORDER BY seq", s.organizer, string(id))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []scheduler.Event
	for rows.Next() {
		var e scheduler.Event
		var at int64
		if err := rows.Scan(&e.ID, &e.Round, &at, &e.Kind, &e.Text); err != nil {
			return nil, err
		}
		e.At = instant(at)
		list = append(list, e)
	}
	return list, rows.Err()
}

// Changes implements [scheduler.Store].
func (s *Store) Changes() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes == nil {
		s.changes = make(chan struct{}, 1)
		ctx, cancel := context.WithCancel(context.Background())
		go func() { <-s.done; cancel() }()
		go s.db.watch(ctx, s.version, func() {
			select {
			case s.changes <- struct{}{}:
			default:
			}
		})
	}
	return s.changes
}

// version changes when another connection than the writing one has committed to an SQLite file.
func (s *Store) version() (v int64) {
	s.update(context.Background(), func(tx *txn) (err error) {
		v, _, err = number(context.Background(), tx, "PRAGMA data_version")
		return err
	})
	return v
}

func (s *Store) ownerID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.owner
}

// owned is the owner of this process's claims, whose life other processes can see.
func (s *Store) owned(ctx context.Context) (string, error) {
	if s.rw == nil {
		return "", errors.New("the state was opened for reading only")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner != "" && s.db.alive(ctx) {
		return s.owner, nil
	}
	b := make([]byte, 8)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	owner := hex.EncodeToString(b)
	if err := s.db.own(ctx, owner); err != nil {
		return "", err
	}
	s.owner = owner
	return owner, nil
}
