package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/gofrs/flock"

	"coalition/scheduler/store/sqlitefile"
)

// sqlite is a state in one file, for one organizer, shared by the processes of one machine. A process
// is surely gone when nobody holds the lock on a file of its own beside the state; one that was stopped
// holds it on.
type sqlite struct {
	*sqlitefile.File
	// life is the lock of the owner.
	life *flock.Flock
}

func (d *sqlite) open(ctx context.Context, readOnly bool) (rw, ro *sql.DB, err error) {
	return d.Open(ctx, readOnly)
}

func (d *sqlite) types() *strings.Replacer {
	return strings.NewReplacer("SERIAL", "INTEGER PRIMARY KEY", "ROWID", "INTEGER", "BYTES", "BLOB")
}

func (d *sqlite) made() string {
	return "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'"
}

func (d *sqlite) exclusive() bool { return true }
func (d *sqlite) begin() string   { return "BEGIN IMMEDIATE" }
func (d *sqlite) workFor(string)  {}

// notify is nothing: the file itself tells.
func (d *sqlite) notify() string { return "" }

// lockTables does nothing: the transaction locks the file.
func (d *sqlite) lockTables(context.Context, *sql.Tx) error { return nil }

func (d *sqlite) lockDaemon() error {
	if err := d.Lock(); err != nil {
		return err
	}
	return d.Check(context.Background(), math.MaxInt64)
}

func (d *sqlite) daemonOf(context.Context) error { return d.Daemon() }
func (d *sqlite) engine() (title, query string)  { return "SQLite", "SELECT sqlite_version()" }

func (d *sqlite) lifePath(owner string) string { return d.Path() + ".owner-" + owner }

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
		if err = w.Add(filepath.Dir(d.Path())); err == nil {
			events = w.Events
		}
	}
	seen := version()
	// Something may have been missed until now.
	changed()
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
			if e.Name == d.Path()+"-wal" || e.Name == d.Path() {
				// One look for many writes.
				settle.Reset(20 * time.Millisecond)
				quiet.Reset(rest)
			}
		case <-settle.C:
			if v := version(); v != seen {
				seen = v
				changed()
			}
		case <-quiet.C:
			// Somebody was reading; or nobody tells of writes, and the daemon looks every minute.
			if !d.TakeIn(ctx) || events == nil {
				quiet.Reset(rest)
			}
		}
	}
}

func (d *sqlite) rewrite(ctx context.Context, _ []string) error {
	err := d.Rewrite(ctx)
	if errors.Is(err, sqlitefile.ErrBusy) {
		return ErrHeld
	}
	return err
}

func (d *sqlite) close() {
	if d.life != nil {
		os.Remove(d.life.Path())
		d.life.Unlock()
	}
	d.Close()
}
