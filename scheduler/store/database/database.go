package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"coalition/scheduler/store/sqlitefile"
)

// ErrNewer is returned by [Open] for a database that a later version of the program has written.
var ErrNewer = errors.New("the state was written by a newer version of this program")

// A Schema is what the tables of a database are.
type Schema struct {
	// Steps make the tables, oldest first; each one brings them from one version to the next, and is never
	// changed once it was released. Statements end in ";\n". SERIAL, ROWID and BYTES stand for what each dialect
	// calls an ascending key, one that is given, and a string of bytes. They make a table owners (owner,
	// organizer, host, pid, beat).
	Steps []Step
	// Marks are tables that each version has: an SQLite file with other tables that lacks one of these belongs
	// to another program.
	Marks []string
	// InUse is a query for the rows that an owner of the organizer $1 has, named owners.owner: as long as there
	// are any it is not forgotten.
	InUse string
}

// A Step brings the tables from one version to the next.
type Step struct {
	SQL string
	// Fill writes, in the same transaction, what new tables hold of rows that are there; nil: nothing.
	Fill func(ctx context.Context, tx *sql.Tx) error
}

// A DB is one open database. It is safe for concurrent use.
type DB struct {
	// rw and ro are the same pool on PostgreSQL, and where an SQLite file is only read; nil where there is no
	// state.
	rw, ro  *sql.DB
	dialect dialect
	schema  Schema
	version int
	// organizer is whose process this is; see [DB.WorkFor].
	organizer string

	requests chan request
	quit     chan struct{}
	// ended is closed when the writer has ended.
	ended   chan struct{}
	closing sync.Once

	watching sync.WaitGroup

	// owning is held while the owner is made.
	owning sync.Mutex

	mu      sync.Mutex
	changes chan struct{}
	// owner is "" until this process takes its first row.
	owner string
	// held are the rows that this process has taken and not let go.
	held map[int64]bool
}

// A dialect is what differs between the two databases.
type dialect interface {
	// open makes the pools to write and to read; both are nil where there is no state and none is to be made.
	open(ctx context.Context, readOnly bool) (rw, ro *sql.DB, err error)
	// types spells the types of a [Schema].
	types() *strings.Replacer
	// notify is a statement that tells other processes of a commit; "" where they see it.
	notify() string
	// begin is the statement that begins a transaction that will write.
	begin() string
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
	// lockDaemon makes this process the one daemon, where there is room for one only.
	lockDaemon() error
	// daemonOf is what [DB.Daemon] does, and engine what it is called, with a query for its version.
	daemonOf(ctx context.Context) error
	engine() (title, query string)
	// workFor says for whom this process works.
	workFor(organizer string)
	// rewrite is what [DB.Rewrite] does.
	rewrite(ctx context.Context, tables []string) error
	// exclusive reports whether there is room for one organizer only.
	exclusive() bool
	close()
}

// Open opens the database at dsn: the path of an SQLite file, which it makes where there is none, or a
// postgres:// address, and brings its tables up to date. A read-only one makes no file and writes nothing. The
// error is [ErrNewer], a [sqlitefile.DamagedError] or one of the system or the server.
func Open(ctx context.Context, dsn string, schema Schema, readOnly bool) (_ *DB, err error) {
	d := &DB{schema: schema, requests: make(chan request, 256), quit: make(chan struct{}), ended: make(chan struct{})}
	if IsPostgres(dsn) {
		d.dialect = &postgres{dsn: dsn}
	} else {
		d.dialect = &sqlite{File: sqlitefile.New(dsn, schema.Marks)}
	}
	if d.rw, d.ro, err = d.dialect.open(ctx, readOnly); err != nil {
		return nil, err
	}
	if d.rw != nil {
		if err := d.migrate(ctx, readOnly); err != nil {
			d.dialect.close()
			return nil, err
		}
	}
	if d.rw == nil {
		close(d.ended)
	} else {
		go d.keepWriting()
	}
	return d, nil
}

// IsPostgres reports whether a state is kept in PostgreSQL, and not in a file.
func IsPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// Absent reports whether there is no state: nobody has written one, and this process was to read only. There is
// nothing to query then.
func (d *DB) Absent() bool { return d.ro == nil }

// Writable reports whether there is a database to write to.
func (d *DB) Writable() bool { return d.rw != nil }

// Version returns how many steps of the [Schema] the tables have gone through: all of them, or fewer where an
// older version has left them and they are only read.
func (d *DB) Version() int { return d.version }

// Exclusive reports whether there is room for one organizer only.
func (d *DB) Exclusive() bool { return d.dialect.exclusive() }

// File returns the path of the SQLite file; "" on PostgreSQL.
func (d *DB) File() string {
	if file, ok := d.dialect.(*sqlite); ok {
		return file.Path()
	}
	return ""
}

// ErrHeld is returned by [DB.Rewrite] where somebody reads for so long that rows which were deleted have to stay.
var ErrHeld = errors.New("somebody else is reading the state, as it was before")

// Rewrite takes off the disk what is left of rows that were deleted from these tables, on SQLite from any. Others may
// work meanwhile, and wait for it for a moment. What a server keeps beside its tables, such as its log of changes, stays
// there for its time. The error is [ErrHeld] or one of the database; it can be called again.
func (d *DB) Rewrite(ctx context.Context, tables []string) error {
	if d.rw == nil {
		return ErrReadOnly
	}
	return d.dialect.rewrite(ctx, tables)
}

// NewFile makes the tables in the empty SQLite file at path.
func NewFile(ctx context.Context, path string, schema Schema) (*sql.DB, error) {
	file, err := sqlitefile.OpenRaw(path, false)
	if err != nil {
		return nil, err
	}
	file.SetMaxOpenConns(1)
	if err := (&DB{rw: file, ro: file, dialect: &sqlite{}, schema: schema}).migrate(ctx, false); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// WorkFor says for which organizer this process takes rows and runs as a daemon. It is called once, before both.
func (d *DB) WorkFor(organizer string) {
	d.organizer = organizer
	d.dialect.workFor(organizer)
}

// migrate brings the tables up to date: each step in a transaction of its own.
func (d *DB) migrate(ctx context.Context, readOnly bool) error {
	steps := len(d.schema.Steps)
	var made, version int
	if err := d.ro.QueryRowContext(ctx, d.dialect.made()).Scan(&made); err != nil {
		return err
	}
	if made > 0 {
		err := d.ro.QueryRowContext(ctx, "SELECT version FROM schema_version").Scan(&version)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	d.version = steps
	if readOnly {
		d.version = version
	}
	switch {
	case made > 0 && version == steps:
		return nil
	case version > steps:
		return ErrNewer
	}
	if readOnly {
		if version == 0 {
			d.dialect.close()
			d.rw, d.ro = nil, nil
		}
		// What is read has been there since the first version.
		return nil
	}
	for {
		finished, err := d.migrateOnce(ctx)
		if err != nil || finished {
			return err
		}
	}
}

func (d *DB) migrateOnce(ctx context.Context) (finished bool, err error) {
	tx, err := d.rw.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	// After a commit there is nothing to take back.
	defer func() { _ = tx.Rollback() }()
	if err := d.dialect.lockTables(ctx, tx); err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
	if err != nil {
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
	case version > len(d.schema.Steps):
		return false, ErrNewer
	case version == len(d.schema.Steps):
		return true, nil
	}
	step := d.schema.Steps[version]
	for _, statement := range strings.Split(d.dialect.types().Replace(step.SQL), ";\n") {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return false, fmt.Errorf("step %d of the tables: %w", version+1, err)
		}
	}
	if step.Fill != nil {
		if err := step.Fill(ctx, tx); err != nil {
			return false, fmt.Errorf("step %d of the tables: %w", version+1, err)
		}
	}
	if _, err := tx.ExecContext(ctx, "UPDATE schema_version SET version = $1", version+1); err != nil {
		return false, err
	}
	return false, tx.Commit()
}

// Close ends the writer, and lets others have the rows of this process.
func (d *DB) Close() {
	d.closing.Do(func() {
		d.leave()
		close(d.quit)
		<-d.ended
		d.watching.Wait()
		d.dialect.close()
	})
}

// LockDaemon makes this process the one daemon on the state, until it ends. The error is a [sqlitefile.RunningError]
// where there is one already. PostgreSQL has room for several.
func (d *DB) LockDaemon() error { return d.dialect.lockDaemon() }

// Daemon gives a [sqlitefile.RunningError] where a daemon of this organizer is seen to run now. Nobody waits for it.
func (d *DB) Daemon(ctx context.Context) error { return d.dialect.daemonOf(ctx) }

// Whole looks through all of an SQLite file; a server looks after its own. The error is a [sqlitefile.DamagedError] or
// one of the system. The database must not be [DB.Absent].
func (d *DB) Whole(ctx context.Context) error {
	if file, ok := d.dialect.(*sqlite); ok {
		return file.CheckAll(ctx, d.ro)
	}
	return nil
}

// Engine returns what the rows are in, with its version: "SQLite 3.50.1". The database must not be [DB.Absent].
func (d *DB) Engine(ctx context.Context) (name string, err error) {
	title, query := d.dialect.engine()
	var version string
	err = d.ro.QueryRowContext(ctx, query).Scan(&version)
	// A server adds who has built it.
	version, _, _ = strings.Cut(version, " ")
	return title + " " + version, err
}

// Alone returns a [sqlitefile.RunningError] while the server has the session of a daemon of this organizer. For an
// SQLite file see [sqlitefile.File.Lock].
func (d *DB) Alone(ctx context.Context) error {
	if server, ok := d.dialect.(*postgres); ok {
		return server.alone(ctx)
	}
	return nil
}

// Changes returns a channel that gets a value when another process may have written.
func (d *DB) Changes() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.changes != nil {
		return d.changes
	}
	changes := make(chan struct{}, 1)
	d.changes = changes
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-d.ended; cancel() }()
	d.watching.Go(func() {
		d.dialect.watch(ctx, d.dataVersion, func() {
			select {
			case changes <- struct{}{}:
			default:
			}
		})
	})
	return changes
}

// dataVersion changes when another connection than the writing one has committed to an SQLite file. Where it
// can't be read it is 0, which is a change, too: better one look too many.
func (d *DB) dataVersion() (v int64) {
	_ = d.Update(context.Background(), func(tx *Tx) (err error) {
		v, _, err = Number(context.Background(), tx, "PRAGMA data_version")
		return err
	})
	return v
}
