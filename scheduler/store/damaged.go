package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
)

// A DamagedError is returned for a state that can't be what this program has left there.
type DamagedError struct {
	Path string // of the file; "" where that is not known
	What string // is wrong with it, after "it"
	none bool   // there is nothing of a state in it
}

// Error says what is wrong.
func (e *DamagedError) Error() string {
	if e.Path == "" {
		return "it " + e.What
	}
	return e.Path + " " + e.What
}

// Mend says what to do about it.
func (e *DamagedError) Mend() string {
	text := "bring a backup back with: coalition restore FILE (what is there now is kept beside it)"
	if e.none {
		text += ", or name another file under state in the config; to begin anew, move this one away"
	}
	return text
}

// Result codes (https://sqlite.org/rescode.html).
const (
	busy         = 5  // SQLITE_BUSY
	readOnlyFile = 8  // SQLITE_READONLY
	cantOpen     = 14 // SQLITE_CANTOPEN
	corrupt      = 11 // SQLITE_CORRUPT
	notADB       = 26 // SQLITE_NOTADB
)

// whole makes a [DamagedError] of an error that says that the file is damaged.
func whole(err error) error {
	var code interface{ Code() int }
	if errors.As(err, &code) {
		switch code.Code() & 0xff {
		case corrupt:
			return &DamagedError{What: "is damaged: parts of it are missing or overwritten"}
		case notADB:
			return &DamagedError{What: "is no state: it was overwritten"}
		case readOnlyFile:
			return errUnwritable
		}
	}
	if err != nil && strings.HasPrefix(err.Error(), "sql: Scan error") { // there is something else where a number was
		return &DamagedError{What: "is damaged: a row in it can't be read"}
	}
	return err
}

// begin is what SQLite files begin with (https://sqlite.org/fileformat.html, section 1.3).
const begin = "SQLite format 3\x00"

// looksRight refuses a file that begins otherwise than SQLite's do: a short one it would take for empty.
func looksRight(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return &DamagedError{Path: path, What: "is no state: it is a folder", none: true}
	}
	head := make([]byte, 100)
	switch n, err := io.ReadFull(f, head); {
	case n == 0 && err == io.EOF:
		if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 { // which would be lost with it
			return &DamagedError{Path: path, What: "is empty, and was not"}
		}
		return nil
	case !strings.HasPrefix(string(head[:n]), begin[:min(n, len(begin))]):
		return &DamagedError{Path: path, What: "is no state: it is no SQLite file", none: true}
	case err != nil:
		return &DamagedError{Path: path, What: "is damaged: it ends within its first lines"}
	}
	return nil
}

// copied reports whether the file was put there by hand, from a backup, and nobody has opened it since: such
// a file keeps no log of changes, and one that lies beside it belongs to the state before.
func copied(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	const journal = 18 // 1: a rollback journal, 2: a log of changes (section 1.3.3)
	head := make([]byte, 100)
	if _, err := io.ReadFull(f, head); err != nil || string(head[:len(begin)]) != begin || head[journal] != 1 {
		return false
	}
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// clear takes the log of changes of a former state out of the way.
func (d *sqlite) clear() error {
	if err := os.Rename(d.path+"-wal", before(d.path+"-wal")); err != nil {
		return err
	}
	if err := os.Remove(d.path + "-shm"); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Blank refuses an SQLite file that is there and holds nothing: asked where something says that there was a
// state, it is what is left of it. The error is a [DamagedError].
func Blank(ctx context.Context, dsn string) error {
	if isPostgres(dsn) {
		return nil
	}
	d := &sqlite{path: dsn}
	info, err := os.Stat(dsn)
	switch {
	case err != nil: // it may have been taken away on purpose
		return nil
	case info.Size() == 0:
		return &DamagedError{Path: dsn, What: "is empty, and there was a state", none: true}
	case looksRight(dsn) != nil:
		return looksRight(dsn)
	}
	defer d.close()
	_, db, err := d.open(ctx, true)
	if err != nil || db == nil {
		return err
	}
	if n, _, err := number(ctx, db, "SELECT COUNT(*) FROM sqlite_schema"); err != nil || n > 0 {
		return err
	}
	return &DamagedError{Path: dsn, What: "holds nothing, and there was a state: a copy made while the program ran may lack what lay in " + dsn + "-wal", none: true}
}

// check looks whether the file is a state, and through all of it where it has no more than most bytes.
func (d *sqlite) check(ctx context.Context, db *sql.DB, most int64) error {
	info, err := os.Stat(d.path)
	switch {
	case err != nil:
		return err
	case info.Size() > most:
		return ours(ctx, db, d.path)
	}
	return quickCheck(ctx, db, d.path)
}

func quickCheck(ctx context.Context, db *sql.DB, path string) error {
	damaged := &DamagedError{Path: path, What: "is damaged: parts of it are missing or overwritten"}
	var fault string
	switch err := whole(db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&fault)); {
	case errors.As(err, new(*DamagedError)):
		return damaged
	case err != nil:
		return err
	case fault != "ok":
		return damaged
	}
	return ours(ctx, db, path)
}

// ours refuses the database of another program. One that holds nothing yet may become a state.
func ours(ctx context.Context, db *sql.DB, path string) error {
	known, all := 0, 0
	err := each(ctx, db, func(rows *sql.Rows) error { return rows.Scan(&known, &all) },
		"SELECT COUNT(CASE WHEN name IN ('schema_version', 'conversations', 'messages', 'bodies', 'events', 'control') THEN 1 END), COUNT(*) FROM sqlite_schema WHERE type = 'table'")
	switch {
	case errors.As(err, new(*DamagedError)):
		return &DamagedError{Path: path, What: "is damaged: parts of it are missing or overwritten"}
	case err != nil:
		return err
	case all > 0 && known < 6:
		return &DamagedError{Path: path, What: "is no state: it is a database of another program", none: true}
	}
	return nil
}
