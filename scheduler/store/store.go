// Package store knows how conversations, the outbox and the history are kept in SQLite or in
// PostgreSQL: tables, transactions, locks between processes, and who is still alive. What the rows
// mean, and when anything is to be done, it leaves to the scheduler, whose [scheduler.Store] it is.
//
// One SQL text serves both databases; only the tables are declared twice. Writes that come at the
// same moment share one transaction, and so one sync to the disk.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
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
	home      string // where their plans are
	secret    []byte // of the installation; nil where there is none yet
	schema    int    // the version of the tables

	ops     chan op
	quit    chan struct{} // closed by Close
	done    chan struct{} // closed when the writer has ended
	closing sync.Once
	changes chan struct{}

	watching sync.WaitGroup
	counted  atomic.Int64 // how many messages have left, as of the last one that this process has counted

	owning sync.Mutex // while the owner is made

	mu    sync.Mutex
	owner string         // of the claims of this process; "" until the first
	hands map[int64]bool // the rows that it has claimed and not settled
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
	// own makes the end of owner's process visible to others, where it can be.
	own(ctx context.Context, owner string) error
	// gone reports whether the process of that owner is known to be no more.
	gone(owner string) (bool, error)
	// clock is an expression for the time now, in unix milliseconds, on a clock that all processes share.
	clock() string
	// made is a query for the number of tables named schema_version.
	made() string
	lockDaemon() error
	// copyTo writes all that belongs to the organizer, as it is at one moment, into the empty SQLite file at path.
	copyTo(ctx context.Context, path, organizer string) error
	exclusive() bool // there is room for one organizer only
	close()
}

// Open opens the state at dsn: the path of an SQLite file, which it makes where there is none, or a
// postgres:// address. addresses are those of the organizer, the present one first; rows that were
// written under an older one are found again (on PostgreSQL see [OpenFrom]). A read-only store makes no file and writes nothing.
func Open(ctx context.Context, dsn string, addresses []string, readOnly bool) (*Store, error) {
	return OpenFrom(ctx, dsn, "", addresses, readOnly)
}

// OpenFrom is [Open], and says where the organizer's plans are: on PostgreSQL, which has room for several
// organizers, one's alias may be another's address, and rows that were written under an older address are
// found again only from a home that they have been written from.
func OpenFrom(ctx context.Context, dsn, home string, addresses []string, readOnly bool) (_ *Store, err error) {
	defer func() {
		if unwritable(err) {
			err = fmt.Errorf("%s can't be written to; look at the permissions of the file and of its folder", dsn)
		}
	}()
	s := &Store{home: home, ops: make(chan op, 256), quit: make(chan struct{}), done: make(chan struct{})}
	if isPostgres(dsn) {
		s.db = &postgres{dsn: dsn}
	} else {
		s.db = &sqlite{path: dsn}
	}
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
	err = s.whose(ctx, addresses, readOnly)
	if err == nil {
		err = s.install(ctx, readOnly)
	}
	if err != nil {
		s.db.close()
		return nil, err
	}
	if d, ok := s.db.(*postgres); ok {
		d.organizer = s.organizer
	}
	go s.write()
	return s, nil
}

func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// migrate brings the tables up to date: each step in a transaction of its own.
func (s *Store) migrate(ctx context.Context, readOnly bool) error {
	steps := s.db.tables()
	var made, version int
	if err := s.ro.QueryRowContext(ctx, s.db.made()).Scan(&made); err != nil {
		return err
	}
	if made > 0 {
		if err := s.ro.QueryRowContext(ctx, "SELECT version FROM schema_version").Scan(&version); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	s.schema = len(steps)
	if readOnly {
		s.schema = version
	}
	switch {
	case made > 0 && version == len(steps):
		return nil
	case version > len(steps):
		return ErrNewer
	}
	if readOnly {
		if version == 0 {
			s.db.close()
			s.rw, s.ro = nil, nil
		}
		return nil // what is read has been there since the first version
	}
	for {
		finished, err := s.migrateOnce(ctx, steps)
		if err != nil || finished {
			s.schema = len(steps)
			return err
		}
	}
}

func (s *Store) migrateOnce(ctx context.Context, steps []string) (finished bool, err error) {
	tx, err := s.rw.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback() }() // after a commit there is nothing to take back
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
		s.leave()
		close(s.quit)
		<-s.done
		s.watching.Wait()
		s.db.close()
	})
	return nil
}

// LockDaemon makes this process the one daemon on the state, until it ends. The error is a
// [RunningError] where there is one already. PostgreSQL has room for several.
func (s *Store) LockDaemon() error { return s.db.lockDaemon() }

// Changes implements [scheduler.Store].
func (s *Store) Changes() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes == nil {
		s.changes = make(chan struct{}, 1)
		ctx, cancel := context.WithCancel(context.Background())
		go func() { <-s.done; cancel() }()
		s.watching.Go(func() {
			s.db.watch(ctx, s.version, func() {
				select {
				case s.changes <- struct{}{}:
				default:
				}
			})
		})
	}
	return s.changes
}

// version changes when another connection than the writing one has committed to an SQLite file.
func (s *Store) version() (v int64) {
	_ = s.update(context.Background(), func(tx *txn) (err error) { // 0 is a change, too: better one look too many
		v, _, err = number(context.Background(), tx, "PRAGMA data_version")
		return err
	})
	return v
}
