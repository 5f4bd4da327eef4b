package sqlitefile

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"strings"
)

// A DamagedError is returned for a state that can't be what this program has left there.
type DamagedError struct {
	// Path is that of the file; "" where that is not known.
	Path string
	// What is wrong with it, after "it".
	What string
	// Blank says that there is nothing of a state in it.
	Blank bool
}

// Error says what is wrong.
func (e *DamagedError) Error() string {
	if e.Path == "" {
		return "it " + e.What
	}
	return e.Path + " " + e.What
}

// partsMissing is a [DamagedError.What].
const partsMissing = "is damaged: parts of it are missing or overwritten"

// errUnwritable is that of a write to a file, or in a folder, that can't be written to.
var errUnwritable = errors.New("the state can't be written to; look at the permissions of its file and of its folder")

// Result codes (https://sqlite.org/rescode.html).
const (
	// codeBusy is SQLITE_BUSY.
	codeBusy = 5
	// codeReadOnly is SQLITE_READONLY.
	codeReadOnly = 8
	// codeCorrupt is SQLITE_CORRUPT.
	codeCorrupt = 11
	// codeCantOpen is SQLITE_CANTOPEN.
	codeCantOpen = 14
	// codeNotADB is SQLITE_NOTADB.
	codeNotADB = 26
)

// resultCode returns SQLite's code of an error; 0 where it has none.
func resultCode(err error) int {
	var coded interface{ Code() int }
	if !errors.As(err, &coded) {
		return 0
	}
	return coded.Code() & 0xff
}

// Whole makes a [DamagedError] of an error that says that the file is damaged.
func Whole(err error) error {
	switch resultCode(err) {
	case codeCorrupt:
		return &DamagedError{What: partsMissing}
	case codeNotADB:
		return &DamagedError{What: "is no state: it was overwritten"}
	case codeReadOnly:
		return errUnwritable
	}
	// There is something else where a number was.
	if err != nil && strings.HasPrefix(err.Error(), "sql: Scan error") {
		return &DamagedError{What: "is damaged: a row in it can't be read"}
	}
	return err
}

// Unwritable reports whether an error says that the file of the state, or its folder, can't be written to.
func Unwritable(err error) bool { return errors.Is(err, errUnwritable) || unwritable(err) }

// unwritable is Unwritable of an error as SQLite gives it.
func unwritable(err error) bool {
	code := resultCode(err)
	return code == codeReadOnly || code == codeCantOpen
}

// magic is what SQLite files begin with (https://sqlite.org/fileformat.html, section 1.3).
const magic = "SQLite format 3\x00"

// looksRight refuses a file that begins otherwise than SQLite's do: a short one it would take for empty.
func looksRight(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return &DamagedError{Path: path, What: "is no state: it is a folder", Blank: true}
	}
	head := make([]byte, 100)
	switch n, err := io.ReadFull(f, head); {
	case n == 0 && err == io.EOF:
		// What lies in its log would be lost with it.
		if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
			return &DamagedError{Path: path, What: "is empty, and was not"}
		}
		return nil
	case !strings.HasPrefix(string(head[:n]), magic[:min(n, len(magic))]):
		return &DamagedError{Path: path, What: "is no state: it is no SQLite file", Blank: true}
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
	// 1: a rollback journal, 2: a log of changes (section 1.3.3)
	const journal = 18
	head := make([]byte, 100)
	if _, err := io.ReadFull(f, head); err != nil || string(head[:len(magic)]) != magic || head[journal] != 1 {
		return false
	}
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// Blank refuses a file that is there and holds nothing: asked where something says that there was a state, it is
// what is left of it. The error is a [DamagedError].
func (f *File) Blank(ctx context.Context) error {
	info, err := os.Stat(f.path)
	switch {
	case err != nil:
		// It may have been taken away on purpose.
		return nil
	case info.Size() == 0:
		return &DamagedError{Path: f.path, What: "is empty, and there was a state", Blank: true}
	}
	if err := looksRight(f.path); err != nil {
		return err
	}
	name := f.path
	defer f.Close()
	_, db, err := f.Open(ctx, true)
	if err != nil || db == nil {
		return err
	}
	var tables int
	err = Whole(db.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_schema").Scan(&tables))
	if err != nil || tables > 0 {
		return err
	}
	return &DamagedError{Path: name, Blank: true, What: "holds nothing, and there was a state: " +
		"a copy made while the program ran may lack what lay in " + name + "-wal"}
}

// A querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Check looks whether the file, which is open, is a state, and through all of it where it has no more than most
// bytes. The error is a [DamagedError] or one of the system.
func (f *File) Check(ctx context.Context, most int64) error { return f.check(ctx, f.ro, most) }

func (f *File) check(ctx context.Context, db *sql.DB, most int64) error {
	info, err := os.Stat(f.path)
	switch {
	case err != nil:
		return err
	case info.Size() > most:
		return f.ours(ctx, db)
	}
	return f.CheckAll(ctx, db)
}

// CheckAll looks through all of the file, which db has open. The error is a [DamagedError] or one of the system.
func (f *File) CheckAll(ctx context.Context, db querier) error {
	damaged := &DamagedError{Path: f.path, What: partsMissing}
	var fault string
	switch err := Whole(db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&fault)); {
	case errors.As(err, new(*DamagedError)):
		return damaged
	case err != nil:
		return err
	case fault != "ok":
		return damaged
	}
	return f.ours(ctx, db)
}

// ours refuses the database of another program. One that holds nothing yet may become a state.
func (f *File) ours(ctx context.Context, db querier) error {
	var known, all int
	marks := "'" + strings.Join(f.marks, "', '") + "'"
	err := Whole(db.QueryRowContext(ctx, "SELECT COUNT(CASE WHEN name IN ("+marks+
		") THEN 1 END), COUNT(*) FROM sqlite_schema WHERE type = 'table'").Scan(&known, &all))
	switch {
	case errors.As(err, new(*DamagedError)):
		return &DamagedError{Path: f.path, What: partsMissing}
	case err != nil:
		return err
	case all > 0 && known < len(f.marks):
		return &DamagedError{Path: f.path, What: "is no state: it is a database of another program", Blank: true}
	}
	return nil
}
