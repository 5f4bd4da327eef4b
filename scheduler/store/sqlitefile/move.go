package sqlitefile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"
)

// ErrBusy is returned by [File.MoveTo] while a command works on the file.
var ErrBusy = errors.New("another process is working on this state")

// OpenRaw opens the file at path as it is: to be written at once, with no log of changes beside it, or only to be
// read.
func OpenRaw(path string, readOnly bool) (*sql.DB, error) {
	q := url.Values{"_pragma": {"journal_mode(DELETE)", "synchronous(FULL)"}}
	if readOnly {
		q = url.Values{"mode": {"ro"}}
	}
	return sql.Open("sqlite", New(path, nil).dsn(q))
}

// CopyTo writes the state, as it is at one moment, into the empty file at path. Others may write meanwhile.
func (f *File) CopyTo(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", f.dsn(url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(10000)"}}))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := f.check(ctx, db, quick); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO $1", path)
	return Whole(err)
}

// MoveTo keeps the state under another name as well, with its log of changes, which would not fit to what comes in
// its place. The error is [ErrBusy] or one of the system.
func (f *File) MoveTo(ctx context.Context, kept string) error {
	path := f.path
	if !copied(path) && looksRight(path) == nil {
		// The file takes in its log; which it can only where nobody else has it open.
		q := url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(1000)"}}
		db, err := sql.Open("sqlite", f.dsn(q))
		if err != nil {
			return err
		}
		var mode string
		err = Whole(db.QueryRowContext(ctx, "PRAGMA journal_mode=DELETE").Scan(&mode))
		db.Close()
		// A damaged one is kept as it is.
		if mode != "delete" && !errors.As(err, new(*DamagedError)) {
			return ErrBusy
		}
	}
	if err := os.Link(path, kept); errors.Is(err, fs.ErrExist) {
		return err
	} else if err != nil {
		// A file system without hard links.
		if err := os.Rename(path, kept); err != nil {
			return err
		}
	}
	for _, beside := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+beside, kept+beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// FreeName returns a name beside path, which nothing has yet, for what was there up to now.
func FreeName(path string) string {
	name := path + ".before-" + time.Now().UTC().Format("20060102T150405Z")
	for n, free := 2, name; ; n++ {
		if _, err := os.Lstat(free); err != nil {
			return free
		}
		free = fmt.Sprintf("%s-%d", name, n)
	}
}

// Sync brings a file, or what a folder says of its files, to the disk.
func Sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		// Some systems can't sync a folder, and need not.
		_ = f.Sync()
		return nil
	}
	return f.Sync()
}
