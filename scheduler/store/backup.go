package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A backup is an SQLite file, whatever the state lies in, with all that belongs to one organizer and the
// secret of the installation. It keeps no log of changes beside it, and says of itself that it is a copy:
// what has left since is not in it.

// ErrBusy is returned by [Restore] while a command works on the state.
var ErrBusy = errors.New("another process is working on this state")

// ErrNoBackup is returned by [Inspect] for a file that is a state, and none that a backup has written.
var ErrNoBackup = errors.New("this is no file that a backup has written")

// Backup writes the state, as it is at one moment, to path, for its owner only: whole, or not at all. It
// may be called while other processes send. Where something is there already it returns [fs.ErrExist],
// unless replace says that this may go.
func (s *Store) Backup(ctx context.Context, path string, replace bool) error {
	if _, err := os.Lstat(path); err == nil && !replace {
		return &fs.PathError{Op: "backup", Path: path, Err: fs.ErrExist}
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".coalition-backup-*")
	if err != nil {
		return err
	}
	temp.Close()
	defer os.Remove(temp.Name())
	if err := s.db.copyTo(ctx, temp.Name(), s.organizer); err != nil {
		return err
	}
	if err := markCopy(ctx, temp.Name(), time.Now()); err != nil {
		return err
	}
	if replace {
		err = os.Rename(temp.Name(), path)
	} else if err = os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) { // a file system without hard links
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return err
	}
	return syncFile(filepath.Dir(path))
}

// markCopy lets a copy say of itself when it was made, if it does not yet, and brings it to the disk.
func markCopy(ctx context.Context, path string, made time.Time) error {
	db, err := sql.Open("sqlite", (&sqlite{path: path}).dsn(url.Values{"_pragma": {"journal_mode(DELETE)", "synchronous(FULL)"}}))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "UPDATE installations SET copied = $1 WHERE copied = 0", made.UnixMilli()); err != nil {
		return whole(err)
	}
	if err := quickCheck(ctx, db, path); err != nil {
		return err
	}
	return syncFile(path)
}

// syncFile brings a file, or what a folder says of its files, to the disk.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		_ = f.Sync() // some systems can't sync a folder, and need not
		return nil
	}
	return f.Sync()
}

// copyTo implements [database].
func (d *sqlite) copyTo(ctx context.Context, path, _ string) error {
	db, err := sql.Open("sqlite", d.dsn(url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(10000)"}}))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := d.check(ctx, db, quick); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO $1", path)
	return whole(err)
}

// copyTo implements [database].
func (d *postgres) copyTo(ctx context.Context, path, organizer string) error {
	file, err := sql.Open("sqlite", (&sqlite{path: path}).dsn(url.Values{"_pragma": {"journal_mode(DELETE)"}}))
	if err != nil {
		return err
	}
	defer file.Close()
	file.SetMaxOpenConns(1)
	if err := (&Store{rw: file, ro: file, db: &sqlite{path: path}}).migrate(ctx, false); err != nil {
		return err
	}
	tables, err := tablesOf(ctx, file)
	if err != nil {
		return err
	}
	from, err := d.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = from.Rollback() }() // nothing was written
	to, err := file.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = to.Rollback() }() // after a commit there is nothing to take back
	for _, t := range tables {
		if err := t.copy(ctx, from, t.where(), organizer, func(row []any) error {
			_, err := to.ExecContext(ctx, t.insert(t.columns), row...)
			return err
		}); err != nil {
			return err
		}
	}
	return to.Commit()
}

// A table is one of those that hold what belongs to an organizer.
type table struct {
	name    string
	columns []string
	flags   []bool // which of the columns are BOOLEAN
}

// tablesOf are the tables of an SQLite state, those that others refer to first.
func tablesOf(ctx context.Context, db *sql.DB) (list []table, err error) {
	err = each(ctx, db, func(rows *sql.Rows) error {
		var t table
		var column, kind string
		if err := rows.Scan(&t.name, &column, &kind); err != nil {
			return err
		}
		if len(list) == 0 || list[len(list)-1].name != t.name {
			list = append(list, t)
		}
		last := &list[len(list)-1]
		last.columns, last.flags = append(last.columns, column), append(last.flags, kind == "BOOLEAN")
		return nil
	}, `SELECT t.name, c.name, c.type FROM sqlite_schema t JOIN pragma_table_info(t.name) c
		WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'schema_version'
		ORDER BY CASE t.name WHEN 'conversations' THEN 0 WHEN 'messages' THEN 1 ELSE 2 END, t.name, c.cid`)
	return list, err
}

func (t *table) has(column string) bool { return slices.Contains(t.columns, column) }

// where is the condition that a row belongs to the organizer $1.
func (t *table) where() string {
	switch {
	case t.has("organizer"):
		return "organizer = $1"
	case t.name == "bodies":
		return "message IN (SELECT seq FROM messages WHERE organizer = $1)"
	case t.name == "control":
		return "name = 'paused ' || $1"
	}
	return "$1 = ''" // it belongs to nobody
}

func (t *table) insert(columns []string) string {
	values := make([]string, len(columns))
	for i := range columns {
		values[i] = fmt.Sprintf("$%d", i+1)
	}
	return "INSERT INTO " + t.name + " (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
}

// copy gives put each row of the table, in the order in which they were written.
func (t *table) copy(ctx context.Context, from querier, where, organizer string, put func(row []any) error) error {
	query := "SELECT " + strings.Join(t.columns, ", ") + " FROM " + t.name + " WHERE " + where
	if t.has("seq") {
		query += " ORDER BY seq"
	}
	return each(ctx, from, func(rows *sql.Rows) error {
		row := make([]any, len(t.columns))
		places := make([]any, len(t.columns))
		for i := range row {
			places[i] = &row[i]
		}
		if err := rows.Scan(places...); err != nil {
			return err
		}
		for i, flag := range t.flags {
			if n, ok := row[i].(int64); ok && flag {
				row[i] = n != 0
			}
		}
		return put(row)
	}, query, organizer)
}

// A Summary is what a backup holds.
type Summary struct {
	Copied        time.Time // when it was made
	Conversations int
	Messages      int
	Sent          int64 // messages that had left

	organizer string
}

// Inspect looks whether the file at path is a whole backup of one of those addresses, and says what it
// holds. A state that was copied by hand will do: Copied is zero then. The error is a [DamagedError],
// [ErrNewer], [ErrOtherOrganizer], [ErrNoBackup] or one of the system.
func Inspect(ctx context.Context, path string, addresses []string) (*Summary, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() || info.Size() == 0 {
		return nil, ErrNoBackup
	}
	s, err := Open(ctx, path, addresses, true)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if s.ro == nil || s.schema < installationsStep {
		return nil, ErrNoBackup
	}
	if err := quickCheck(ctx, s.ro, path); err != nil {
		return nil, err
	}
	st, err := s.Standing(ctx)
	if err != nil {
		return nil, err
	}
	if st.ID == "" {
		return nil, ErrOtherOrganizer
	}
	sum := &Summary{Copied: st.Copied, Sent: st.Sent, organizer: s.organizer}
	for table, n := range map[string]*int{"conversations": &sum.Conversations, "messages": &sum.Messages} {
		count, _, err := number(ctx, s.ro, "SELECT COUNT(*) FROM "+table+" WHERE organizer = $1", s.organizer)
		if err != nil {
			return nil, err
		}
		*n = int(count)
	}
	return sum, nil
}

// Restore puts the backup at path in the place of the state at dsn, as [OpenFrom] would open it. The state
// that was there is kept: kept is its file, "" where there was none. The error is a [RunningError] while
// a daemon runs on the state, [ErrBusy] while a command does, or one of [Inspect].
func Restore(ctx context.Context, dsn, home string, addresses []string, path string) (kept string, err error) {
	sum, err := Inspect(ctx, path, addresses)
	if err != nil {
		return "", err
	}
	if !isPostgres(dsn) {
		return (&sqlite{path: dsn}).restore(ctx, path)
	}
	s, err := OpenFrom(ctx, dsn, home, addresses, false)
	if err != nil {
		return "", err
	}
	defer s.Close()
	if err := s.db.(*postgres).alone(ctx, s.organizer); err != nil {
		return "", err
	}
	kept = before(path)
	if err := s.Backup(ctx, kept, false); err != nil {
		return "", err
	}
	return kept, s.take(ctx, path, sum.organizer)
}

// before is a name beside path for what was there up to now.
func before(path string) string {
	name := path + ".before-" + time.Now().UTC().Format("20060102T150405Z")
	for n, free := 2, name; ; n++ {
		if _, err := os.Lstat(free); err != nil {
			return free
		}
		free = fmt.Sprintf("%s-%d", name, n)
	}
}

func (d *sqlite) restore(ctx context.Context, path string) (kept string, err error) {
	if d.path, err = filepath.Abs(d.path); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(d.path), 0o700); err != nil {
		return "", err
	}
	if err := d.lock(); err != nil {
		return "", err
	}
	defer d.close()
	temp, err := os.CreateTemp(filepath.Dir(d.path), ".coalition-restore-*")
	if err != nil {
		return "", err
	}
	temp.Close()
	defer os.Remove(temp.Name())
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if err := (&sqlite{path: path}).copyTo(ctx, temp.Name(), ""); err != nil {
		return "", err
	}
	if err := markCopy(ctx, temp.Name(), info.ModTime()); err != nil {
		return "", err
	}
	if _, err := os.Lstat(d.path); err == nil {
		kept = before(d.path)
		if err := d.moveAside(ctx, kept); err != nil {
			return "", err
		}
	}
	if err := os.Rename(temp.Name(), d.path); err != nil {
		return kept, err
	}
	return kept, syncFile(filepath.Dir(d.path))
}

// moveAside keeps the state under another name as well, with its log of changes, which would not fit to
// what comes.
func (d *sqlite) moveAside(ctx context.Context, kept string) error {
	if !copied(d.path) && looksRight(d.path) == nil {
		// The file takes in its log; which it can only where nobody else has it open.
		db, err := sql.Open("sqlite", d.dsn(url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(1000)"}}))
		if err != nil {
			return err
		}
		var mode string
		err = whole(db.QueryRowContext(ctx, "PRAGMA journal_mode=DELETE").Scan(&mode))
		db.Close()
		if mode != "delete" && !errors.As(err, new(*DamagedError)) { // a damaged one is kept as it is
			return ErrBusy
		}
	}
	if err := os.Link(d.path, kept); err != nil && !errors.Is(err, fs.ErrExist) {
		if err := os.Rename(d.path, kept); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	for _, beside := range []string{"-wal", "-shm"} {
		if err := os.Rename(d.path+beside, kept+beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// take puts what a backup holds in the place of the organizer's rows.
func (s *Store) take(ctx context.Context, path, organizer string) error {
	file, err := sql.Open("sqlite", (&sqlite{path: path}).dsn(url.Values{"mode": {"ro"}}))
	if err != nil {
		return err
	}
	defer file.Close()
	tables, err := tablesOf(ctx, file)
	if err != nil {
		return err
	}
	// Who has opened these rows, from where, and who is at work is known better here.
	tables = slices.DeleteFunc(tables, func(t table) bool {
		return slices.Contains([]string{"organizers", "addresses", "homes", "owners", "control"}, t.name)
	})
	tx, err := s.rw.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit there is nothing to take back
	// Whoever has decided on something beside sees that it no longer holds.
	if _, err := tx.ExecContext(ctx, "UPDATE organizers SET slots = slots + 1 WHERE organizer = $1", s.organizer); err != nil {
		return err
	}
	for _, t := range slices.Backward(tables) {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+t.name+" WHERE "+t.where(), s.organizer); err != nil {
			return err
		}
	}
	rows := make(map[int64]int64) // of the messages: the database numbers them anew
	for _, t := range tables {
		key, columns := slices.Index(t.columns, "seq"), slices.Clone(t.columns)
		if key >= 0 {
			columns = slices.Delete(columns, key, key+1)
		}
		insert := t.insert(columns)
		if t.name == "messages" {
			insert += " RETURNING seq"
		}
		if err := t.copy(ctx, file, t.where(), organizer, func(row []any) error {
			old := int64(0)
			if key >= 0 {
				old, _ = row[key].(int64)
				row = slices.Delete(row, key, key+1)
			}
			for i, column := range columns {
				switch {
				case column == "organizer":
					row[i] = s.organizer
				case t.name == "bodies" && column == "message":
					row[i] = rows[row[i].(int64)]
				}
			}
			if t.name == "messages" {
				var seq int64
				if err := tx.QueryRowContext(ctx, insert, row...).Scan(&seq); err != nil {
					return err
				}
				rows[old] = seq
				return nil
			}
			_, err := tx.ExecContext(ctx, insert, row...)
			return err
		}); err != nil {
			return err
		}
	}
	// Whoever had messages in their hands does not have these.
	if _, err := tx.ExecContext(ctx, `UPDATE messages SET owner = '', phase = '', not_before = CASE WHEN owner = '' THEN not_before ELSE 0 END,
		unclears = CASE WHEN phase <> 'dot' THEN unclears WHEN via = 'google' THEN 1 ELSE unclears + 1 END,
		state = CASE WHEN state <> 'sending' THEN state WHEN phase = 'dot' OR unclears = 1 AND kind <> 'reminder' THEN 'unclear' ELSE 'queued' END
		WHERE organizer = $1 AND (owner <> '' OR state = 'sending')`, s.organizer); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, s.db.notify()); err != nil {
		return err
	}
	return tx.Commit()
}
