// Package backup knows how a state becomes one file, and a file the state again: written at one moment beside
// whoever sends, looked through, put in the place of what is there, which is kept. What the rows mean it leaves to
// the store.
//
// A backup is an SQLite file, whatever the state lies in, with all that belongs to one organizer and the secret of
// the installation. It keeps no log of changes beside it, and says of itself that it is a copy
// (installations.copied): what has left since is not in it.
package backup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"coalition/scheduler/store"
	"coalition/scheduler/store/database"
	"coalition/scheduler/store/sqlitefile"
	"coalition/scheduler/store/tables"
)

// ErrBusy is returned by [Restore] while a command works on the state.
var ErrBusy = sqlitefile.ErrBusy

// ErrNoBackup is returned by [Inspect] for a file that is a state, and none that a backup has written.
var ErrNoBackup = errors.New("this is no file that a backup has written")

// Write writes the state, as it is at one moment, to path, for its owner only: whole, or not at all. It
// may be called while other processes send. Where something is there already it returns [fs.ErrExist],
// unless replace says that this may go.
func Write(ctx context.Context, s *store.Store, path string, replace bool) error {
	if _, err := os.Lstat(path); err == nil && !replace {
		return &fs.PathError{Op: "backup", Path: path, Err: fs.ErrExist}
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".coalition-backup-*")
	if err != nil {
		return err
	}
	temp.Close()
	defer os.Remove(temp.Name())
	if file := s.Database().File(); file != "" {
		err = sqlitefile.New(file, tables.Schema.Marks).CopyTo(ctx, temp.Name())
	} else {
		err = export(ctx, s, temp.Name())
	}
	if err != nil {
		return err
	}
	if err := markCopy(ctx, temp.Name(), time.Now()); err != nil {
		return err
	}
	if !replace {
		err = os.Link(temp.Name(), path)
	}
	// A file system without hard links is given the file under its name alone.
	if replace || err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return err
	}
	return sqlitefile.Sync(filepath.Dir(path))
}

// markCopy lets a copy say of itself when it was made, if it does not yet, and brings it to the disk.
func markCopy(ctx context.Context, path string, made time.Time) error {
	db, err := sqlitefile.OpenRaw(path, false)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "UPDATE installations SET copied = $1 WHERE copied = 0", made.UnixMilli())
	if err != nil {
		return sqlitefile.Whole(err)
	}
	if err := sqlitefile.New(path, tables.Schema.Marks).CheckAll(ctx, db); err != nil {
		return err
	}
	return sqlitefile.Sync(path)
}

// A Summary is what a backup holds.
type Summary struct {
	// Copied is when it was made; zero for a state that was copied by hand.
	Copied                  time.Time
	Conversations, Messages int
	// Sent is how many messages had left.
	Sent int64
	// organizer is the address under which the rows are kept.
	organizer string
}

// Inspect looks whether the file at path is a whole backup of one of those addresses, and says what it
// holds. A state that was copied by hand will do. The error is a [store.DamagedError], [store.ErrNewer],
// [store.ErrOtherOrganizer], [ErrNoBackup] or one of the system.
func Inspect(ctx context.Context, path string, addresses []string) (*Summary, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() || info.Size() == 0 {
		return nil, ErrNoBackup
	}
	s, err := store.Open(ctx, path, addresses, true)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if !s.KnowsItself() {
		return nil, ErrNoBackup
	}
	tx, err := s.Database().Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	// Nothing was written.
	defer func() { _ = tx.Rollback() }()
	if err := sqlitefile.New(path, tables.Schema.Marks).CheckAll(ctx, tx); err != nil {
		return nil, err
	}
	st, err := s.Standing(ctx)
	if err != nil {
		return nil, err
	}
	if st.ID == "" {
		return nil, store.ErrOtherOrganizer
	}
	sum := &Summary{Copied: st.Copied, Sent: st.Sent, organizer: s.Organizer()}
	for table, n := range map[string]*int{"conversations": &sum.Conversations, "messages": &sum.Messages} {
		count, _, err := database.Number(ctx, tx, "SELECT COUNT(*) FROM "+table+" WHERE organizer = $1", s.Organizer())
		if err != nil {
			return nil, err
		}
		*n = int(count)
	}
	return sum, nil
}

// Restore puts the backup at path in the place of the state at dsn, as [store.OpenFrom] would open it. The state
// that was there is kept: kept is its file, "" where there was none. The error is a [store.RunningError] while
// a daemon runs on the state, [ErrBusy] while a command does, or one of [Inspect].
func Restore(ctx context.Context, dsn, home string, addresses []string, path string) (kept string, err error) {
	sum, err := Inspect(ctx, path, addresses)
	if err != nil {
		return "", err
	}
	if !database.IsPostgres(dsn) {
		return restoreFile(ctx, dsn, path)
	}
	s, err := store.OpenFrom(ctx, dsn, home, addresses, false)
	if err != nil {
		return "", err
	}
	defer s.Close()
	if err := s.Database().Alone(ctx); err != nil {
		return "", err
	}
	kept = sqlitefile.FreeName(path)
	if err := Write(ctx, s, kept, false); err != nil {
		return "", err
	}
	return kept, replace(ctx, s, path, sum.organizer)
}

// restoreFile puts the backup at path in the place of the SQLite file at state.
func restoreFile(ctx context.Context, state, path string) (kept string, err error) {
	if state, err = filepath.Abs(state); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(state), 0o700); err != nil {
		return "", err
	}
	file := sqlitefile.New(state, tables.Schema.Marks)
	if err := file.Lock(); err != nil {
		return "", err
	}
	defer file.Close()
	temp, err := os.CreateTemp(filepath.Dir(state), ".coalition-restore-*")
	if err != nil {
		return "", err
	}
	temp.Close()
	defer os.Remove(temp.Name())
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if err := sqlitefile.New(path, tables.Schema.Marks).CopyTo(ctx, temp.Name()); err != nil {
		return "", err
	}
	if err := markCopy(ctx, temp.Name(), info.ModTime()); err != nil {
		return "", err
	}
	if _, err := os.Lstat(state); err == nil {
		kept = sqlitefile.FreeName(state)
		if err := file.MoveTo(ctx, kept); err != nil {
			return "", err
		}
	}
	if err := os.Rename(temp.Name(), state); err != nil {
		return kept, err
	}
	return kept, sqlitefile.Sync(filepath.Dir(state))
}
