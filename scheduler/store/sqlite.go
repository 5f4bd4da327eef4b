package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/gofrs/flock"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// sqlite is a state in one file, for one organizer, shared by the processes of one machine. A process
// is surely gone when nobody holds the lock on a file of its own beside the state; one that was stopped
// holds it on.
type sqlite struct {
	path   string
	rw, ro *sql.DB
	daemon *flock.Flock
	life   *flock.Flock
	copy   string // a folder with a copy that is read instead; "": there is none
	tidy   bool   // it was opened for reading only, while nobody else had it open
}

func (d *sqlite) open(ctx context.Context, readOnly bool) (rw, ro *sql.DB, err error) {
	abs, err := filepath.Abs(d.path)
	if err != nil {
		return nil, nil, err
	}
	d.path = abs
	if _, err := os.Stat(abs); errors.Is(err, fs.ErrNotExist) {
		if info, err := os.Lstat(abs); err == nil && info.Mode().Type() == fs.ModeSymlink { // a file may just have been made by another process
			return nil, nil, fmt.Errorf("%s is a link to nothing", abs)
		}
		if readOnly {
			return nil, nil, nil
		}
		// SQLite would let others of this machine read the file.
		if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
			return nil, nil, notMade("its folder "+filepath.Dir(abs), err)
		}
		f, err := os.OpenFile(abs, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, nil, notMade(abs, err)
		}
		f.Close()
	}
	if err := looksRight(abs); err != nil {
		return nil, nil, err
	}
	q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(10000)", "query_only(1)"}}
	if copied(abs) {
		q.Set("immutable", "1")
	}
	if readOnly {
		_, err := os.Stat(abs + "-wal")
		d.tidy = errors.Is(err, fs.ErrNotExist)
		err = d.lookAt(ctx, q)
		if unwritable(err) { // not even what SQLite needs besides, to read
			if err = d.aside(q); err == nil {
				err = d.lookAt(ctx, q)
			}
			if err != nil {
				os.RemoveAll(d.copy)
			}
		}
		return d.rw, d.ro, err
	}
	// Nothing is written before it is known that the file is a state.
	if err := d.lookAt(ctx, q); err != nil {
		return nil, nil, err
	}
	d.ro.Close()
	if copied(abs) {
		if err := d.clear(); err != nil {
			return nil, nil, err
		}
	}
	d.rw, err = sql.Open("sqlite", d.dsn(url.Values{
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
		"_txlock": {"immediate"}, // a transaction that reads first and writes later would fail at once
	}))
	if err != nil {
		return nil, nil, err
	}
	d.rw.SetMaxOpenConns(1) // the writer's
	d.ro, err = sql.Open("sqlite", d.dsn(url.Values{"_pragma": {"busy_timeout(10000)", "query_only(1)"}}))
	if err != nil {
		return nil, nil, err
	}
	d.ro.SetMaxOpenConns(4)
	return d.rw, d.ro, d.connect(ctx, d.rw)
}

// lookAt opens the file for reading only.
func (d *sqlite) lookAt(ctx context.Context, q url.Values) (err error) {
	if d.ro, err = sql.Open("sqlite", d.dsn(q)); err != nil {
		return err
	}
	d.rw = d.ro
	if err = d.connect(ctx, d.ro); err == nil {
		err = d.check(ctx, d.ro, quick)
	}
	if err != nil {
		d.ro.Close()
	}
	return err
}

// aside makes a file readable that lies in a folder which can't be written to: where there is no log of changes
// nothing need be kept beside it, and where there is one both are read from a copy.
func (d *sqlite) aside(q url.Values) error {
	switch info, err := os.Stat(d.path + "-wal"); {
	case err == nil && info.Size() > 0:
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	default:
		q.Set("immutable", "1")
		return nil
	}
	dir, err := os.MkdirTemp("", "coalition-*")
	if err != nil {
		return err
	}
	d.copy = dir
	name := filepath.Join(dir, "state.db")
	for _, part := range []string{"-wal", ""} {
		data, err := os.ReadFile(d.path + part)
		if err == nil {
			err = os.WriteFile(name+part, data, 0o600)
		}
		if err != nil {
			return err
		}
	}
	d.path = name
	return nil
}

// unwritable reports whether an error says that something can't be written to.
func unwritable(err error) bool {
	var code interface{ Code() int }
	return errors.As(err, &code) && (code.Code()&0xff == readOnlyFile || code.Code()&0xff == cantOpen)
}

// errUnwritable is that of a write to a file, or in a folder, that can't be written to.
// notMade is an error of the file system in words.
func notMade(what string, err error) error {
	why := err.Error()
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		why = p.Err.Error()
	}
	return fmt.Errorf("%s can't be made (%s); look at the permissions, or name another file under state in the config", what, why)
}

var errUnwritable = errors.New("the state can't be written to; look at the permissions of its file and of its folder")

// quick is how large a file may be that every command looks through: it should not be felt.
const quick = 4 << 20

// connect makes the first connection. While another process makes its first or closes its last one,
// SQLite refuses at once instead of waiting.
func (d *sqlite) connect(ctx context.Context, db *sql.DB) error {
	const patience = 10 * time.Second
	for wait := time.Millisecond; ; wait *= 2 {
		_, err := db.ExecContext(ctx, "SELECT 1 FROM sqlite_schema LIMIT 1") // which reads the file
		var code interface{ Code() int }
		switch {
		case err == nil:
			return nil
		case errors.As(whole(err), new(*DamagedError)):
			return &DamagedError{Path: d.path, What: "is damaged: parts of it are missing or overwritten"}
		case !errors.As(err, &code) || code.Code()&0xff != busy || wait > patience/2:
			return fmt.Errorf("the file %s can't be opened: %w", d.path, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (d *sqlite) dsn(q url.Values) string {
	return (&url.URL{Scheme: "file", OmitHost: true, Path: d.path, RawQuery: q.Encode()}).String()
}

func (d *sqlite) tables() []string {
	types := strings.NewReplacer("SERIAL", "INTEGER PRIMARY KEY", "ROWID", "INTEGER", "BYTES", "BLOB")
	return []string{types.Replace(tables1), tables2, tablesOrganizers, types.Replace(tablesInstallations), tablesDoors}
}

func (d *sqlite) made() string {
	return "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'"
}

func (d *sqlite) notify() string  { return "" } // the file itself tells
func (d *sqlite) exclusive() bool { return true }
func (d *sqlite) begin() string   { return "BEGIN IMMEDIATE" }

func (d *sqlite) lockTables(context.Context, *sql.Tx) error { return nil } // the transaction does

func (d *sqlite) lockDaemon() error {
	if err := d.lock(); err != nil {
		return err
	}
	return d.check(context.Background(), d.ro, math.MaxInt64)
}

func (d *sqlite) lock() error {
	path := d.path + ".lock"
	l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return err
	}
	if !ok {
		pid, _ := os.ReadFile(path)
		return &RunningError{strings.TrimSpace(string(pid))}
	}
	d.daemon = l
	return os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
}

func (d *sqlite) lifePath(owner string) string { return d.path + ".owner-" + owner }

func (d *sqlite) own(_ context.Context, owner string) error {
	l := flock.New(d.lifePath(owner), flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	if ok, err := l.TryLock(); err != nil || !ok {
		return fmt.Errorf("the lock %s can't be taken: %w", l.Path(), err)
	}
	d.life = l
	return nil
}

// clock is that of the machine, which all processes share.
func (d *sqlite) clock() string { return "CAST(unixepoch('subsec') * 1000 AS INTEGER)" }

func (d *sqlite) gone(owner string) (bool, error) {
	path := d.lifePath(owner)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	l := flock.New(path, flock.SetFlag(os.O_RDWR))
	ok, err := l.TryLock()
	if err != nil || !ok {
		return false, err
	}
	defer l.Unlock()
	return true, os.Remove(path)
}

// rest is how long nothing is written before the file takes in its log of changes.
const rest = 2 * time.Second

// watch tells of commits by others: writes to the log beside the file wake it, and the version says
// whether any of them was not of our own writing connection. When all is quiet the file takes in its log,
// so that a plain copy of it is whole.
func (d *sqlite) watch(ctx context.Context, version func() int64, changed func()) {
	var events chan fsnotify.Event
	w, err := fsnotify.NewWatcher()
	if err == nil {
		defer w.Close()
		if err = w.Add(filepath.Dir(d.path)); err == nil {
			events = w.Events
		}
	}
	seen := version()
	changed() // something may have been missed until now
	settle, quiet := time.NewTimer(time.Hour), time.NewTimer(rest)
	settle.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-events:
			if !ok {
				return
			}
			if e.Name == d.path+"-wal" || e.Name == d.path {
				settle.Reset(20 * time.Millisecond) // one look for many writes
				quiet.Reset(rest)
			}
		case <-settle.C:
			if v := version(); v != seen {
				seen = v
				changed()
			}
		case <-quiet.C:
			if !d.takeIn(ctx) || events == nil { // somebody was reading; or nobody tells of writes, and the daemon looks every minute
				quiet.Reset(rest)
			}
		}
	}
}

// takeIn lets the file take in its log of changes. It reports false where that has to be tried again.
func (d *sqlite) takeIn(ctx context.Context) bool {
	if info, err := os.Stat(d.path + "-wal"); err != nil || info.Size() == 0 {
		return true
	}
	// A connection that does not wait for others: while it has the file to itself nobody else can write.
	aside, err := sql.Open("sqlite", d.dsn(url.Values{"_pragma": {"busy_timeout(100)", "synchronous(FULL)"}}))
	if err != nil {
		return false
	}
	defer aside.Close()
	kept, _, err := number(ctx, aside, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err == nil && kept == 0
}

// sweep takes away the empty log of changes, and its index, that SQLite makes to read a file and leaves where
// nothing may be written: whoever only looks leaves nothing behind. Its last connection that may write does
// it, and knows when another process has the file open.
func (d *sqlite) sweep() {
	if info, err := os.Stat(d.path + "-wal"); err != nil || info.Size() > 0 {
		return
	}
	db, err := sql.Open("sqlite", d.dsn(url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(1000)", "query_only(1)"}}))
	if err != nil {
		return
	}
	_, _ = db.Exec("SELECT 1 FROM sqlite_schema LIMIT 1") // which opens it
	db.Close()
}

func (d *sqlite) close() {
	if d.copy != "" {
		defer os.RemoveAll(d.copy)
	}
	if d.ro != nil {
		d.ro.Close()
	}
	if d.rw != nil {
		d.rw.Close()
	}
	if d.tidy && d.copy == "" {
		d.sweep()
	}
	if d.life != nil {
		os.Remove(d.life.Path())
		d.life.Unlock()
	}
	if d.daemon != nil {
		d.daemon.Unlock()
	}
}
