package sqlitefile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// A RunningError is returned by [File.Lock] while another daemon runs on the file.
type RunningError struct {
	// PID is the process id of the other daemon, in decimal.
	PID string
	// Since is when it began; zero: that is not known.
	Since time.Time
}

// Error names the process.
func (e *RunningError) Error() string {
	return "another daemon is running on this state, with process id " + e.PID
}

// A File is one SQLite file.
type File struct {
	path string
	// marks are tables that each state has.
	marks []string
	// rw and ro are the connections to write and to read, the same where it was opened for reading only; nil
	// before Open, and where there is no file.
	rw, ro *sql.DB
	// daemon is the lock of the one daemon.
	daemon *flock.Flock
	// copy is a folder with a copy that is read instead; "": there is none.
	copy string
	// tidy says that it was opened for reading only, while nobody else had it open.
	tidy bool
}

// New returns the file at path, which need not be there. A file with tables that lacks one of marks belongs to
// another program.
func New(path string, marks []string) *File { return &File{path: path, marks: marks} }

// Path returns where the file is; after [File.Open] it is absolute.
func (f *File) Path() string { return f.path }

// Open opens the file, which it makes where there is none, to be written by one connection and read by others. A
// read-only one makes no file and changes nothing, also where it lies in a folder that can't be written to; rw and
// ro are then the same, and nil where there is no file. The error is a [DamagedError] or one of the system.
func (f *File) Open(ctx context.Context, readOnly bool) (rw, ro *sql.DB, err error) {
	abs, err := filepath.Abs(f.path)
	if err != nil {
		return nil, nil, err
	}
	f.path = abs
	if _, err := os.Stat(abs); errors.Is(err, fs.ErrNotExist) {
		// Looked at again: a file may just have been made by another process.
		if info, err := os.Lstat(abs); err == nil && info.Mode().Type() == fs.ModeSymlink {
			return nil, nil, fmt.Errorf("%s is a link to nothing", abs)
		}
		if readOnly {
			return nil, nil, nil
		}
		if err := f.make(); err != nil {
			return nil, nil, err
		}
	}
	if err := looksRight(abs); err != nil {
		return nil, nil, err
	}
	q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(10000)", "query_only(1)"}}
	if copied(abs) {
		q.Set("immutable", "1")
	}
	if readOnly {
		err := f.openToRead(ctx, q)
		return f.rw, f.ro, err
	}
	// Nothing is written before it is known that the file is a state.
	if err := f.lookAt(ctx, q); err != nil {
		return nil, nil, err
	}
	f.ro.Close()
	if copied(abs) {
		if err := f.clear(); err != nil {
			return nil, nil, err
		}
	}
	f.rw, err = sql.Open("sqlite", f.dsn(url.Values{
		// By what is in temp_store a savepoint is undone: on the disk it would be written page by page, for nobody.
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "temp_store(MEMORY)"},
		// A transaction that reads first and writes later would fail at once.
		"_txlock": {"immediate"},
	}))
	if err != nil {
		return nil, nil, err
	}
	// The one connection is the writer's.
	f.rw.SetMaxOpenConns(1)
	f.ro, err = sql.Open("sqlite", f.dsn(url.Values{"_pragma": {"busy_timeout(10000)", "query_only(1)"}}))
	if err != nil {
		return nil, nil, err
	}
	f.ro.SetMaxOpenConns(4)
	return f.rw, f.ro, f.connect(ctx, f.rw)
}

// make makes an empty file: SQLite would let others of this machine read it.
func (f *File) make() error {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return notMade("its folder "+filepath.Dir(f.path), err)
	}
	empty, err := os.OpenFile(f.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return notMade(f.path, err)
	}
	return empty.Close()
}

// notMade is an error of the file system in words.
func notMade(what string, err error) error {
	why := err.Error()
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		why = p.Err.Error()
	}
	return fmt.Errorf("%s can't be made (%s); look at the permissions, or name another file under state in the config",
		what, why)
}

// openToRead opens the file for reading only, also where it lies in a folder that can't be written to.
func (f *File) openToRead(ctx context.Context, q url.Values) error {
	_, err := os.Stat(f.path + "-wal")
	f.tidy = errors.Is(err, fs.ErrNotExist)
	err = f.lookAt(ctx, q)
	if !unwritable(err) {
		return err
	}
	// Not even what SQLite needs besides, to read, could be written.
	if err = f.aside(q); err == nil {
		err = f.lookAt(ctx, q)
	}
	if err != nil {
		os.RemoveAll(f.copy)
	}
	return err
}

// lookAt opens the file for reading only.
func (f *File) lookAt(ctx context.Context, q url.Values) (err error) {
	if f.ro, err = sql.Open("sqlite", f.dsn(q)); err != nil {
		return err
	}
	f.rw = f.ro
	if err = f.connect(ctx, f.ro); err == nil {
		err = f.Check(ctx, quick)
	}
	if err != nil {
		f.ro.Close()
	}
	return err
}

// aside makes a file readable that lies in a folder which can't be written to: where there is no log of changes
// nothing need be kept beside it, and where there is one both are read from a copy.
func (f *File) aside(q url.Values) error {
	switch info, err := os.Stat(f.path + "-wal"); {
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
	f.copy = dir
	name := filepath.Join(dir, "state.db")
	for _, part := range []string{"-wal", ""} {
		data, err := os.ReadFile(f.path + part)
		if err == nil {
			err = os.WriteFile(name+part, data, 0o600)
		}
		if err != nil {
			return err
		}
	}
	f.path = name
	return nil
}

// quick is how large a file may be that every command looks through: it should not be felt.
const quick = 4 << 20

// readsFile is a statement that opens the file and reads it.
const readsFile = "SELECT 1 FROM sqlite_schema LIMIT 1"

// connect makes the first connection. While another process makes its first or closes its last one,
// SQLite refuses at once instead of waiting.
func (f *File) connect(ctx context.Context, db *sql.DB) error {
	const patience = 10 * time.Second
	for wait := time.Millisecond; ; wait *= 2 {
		_, err := db.ExecContext(ctx, readsFile)
		switch {
		case err == nil:
			return nil
		case errors.As(Whole(err), new(*DamagedError)):
			return &DamagedError{Path: f.path, What: partsMissing}
		case resultCode(err) != codeBusy || wait > patience/2:
			return fmt.Errorf("the file %s can't be opened: %w", f.path, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (f *File) dsn(q url.Values) string {
	return (&url.URL{Scheme: "file", OmitHost: true, Path: f.path, RawQuery: q.Encode()}).String()
}

// Lock makes this process the one daemon on the file, until [File.Close]. The error is a [RunningError] where
// there is one already.
func (f *File) Lock() error {
	path := f.path + ".lock"
	l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(context.Background(), glance)
	defer cancel()
	ok, err := l.TryLockContext(ctx, glance/10)
	if err != nil && ctx.Err() == nil {
		return err
	}
	if !ok {
		return runningAt(path)
	}
	f.daemon = l
	return os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
}

// glance is how long the lock is waited for: whoever asks whether there is a daemon has it for a moment.
const glance = 200 * time.Millisecond

// runningAt says which daemon has the lock at path.
func runningAt(path string) *RunningError {
	running := &RunningError{}
	if pid, err := os.ReadFile(path); err == nil {
		running.PID = strings.TrimSpace(string(pid))
	}
	if info, err := os.Stat(path); err == nil {
		running.Since = info.ModTime()
	}
	return running
}

// Daemon gives a [RunningError] where a daemon runs on the file. It makes nothing, and keeps nobody out.
func (f *File) Daemon() error {
	path := f.path + ".lock"
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	l := flock.New(path, flock.SetFlag(os.O_RDONLY))
	ok, err := l.TryRLock()
	switch {
	case err != nil:
		return err
	case !ok:
		return runningAt(path)
	}
	return l.Unlock()
}

// TakeIn lets the file take in its log of changes. It reports false where that has to be tried again.
func (f *File) TakeIn(ctx context.Context) bool {
	if info, err := os.Stat(f.path + "-wal"); err != nil || info.Size() == 0 {
		return true
	}
	// A connection that does not wait for others: while it has the file to itself nobody else can write.
	aside, err := sql.Open("sqlite", f.dsn(url.Values{"_pragma": {"busy_timeout(100)", "synchronous(FULL)"}}))
	if err != nil {
		return false
	}
	defer aside.Close()
	var kept, pages, taken int
	err = aside.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&kept, &pages, &taken)
	return err == nil && kept == 0
}

// sweep takes away the empty log of changes, and its index, that SQLite makes to read a file and leaves where
// nothing may be written: whoever only looks leaves nothing behind. Its last connection that may write does
// it, and knows when another process has the file open.
func (f *File) sweep() {
	if info, err := os.Stat(f.path + "-wal"); err != nil || info.Size() > 0 {
		return
	}
	db, err := sql.Open("sqlite", f.dsn(url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(1000)", "query_only(1)"}}))
	if err != nil {
		return
	}
	_, _ = db.Exec(readsFile)
	db.Close()
}

// Close closes the file and gives back its lock.
func (f *File) Close() {
	if f.copy != "" {
		defer os.RemoveAll(f.copy)
	}
	if f.ro != nil {
		f.ro.Close()
	}
	if f.rw != nil {
		f.rw.Close()
	}
	if f.tidy && f.copy == "" {
		f.sweep()
	}
	if f.daemon != nil {
		f.daemon.Unlock()
	}
}

// clear takes the log of changes of a former state out of the way.
func (f *File) clear() error {
	if err := os.Rename(f.path+"-wal", FreeName(f.path+"-wal")); err != nil {
		return err
	}
	if err := os.Remove(f.path + "-shm"); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
