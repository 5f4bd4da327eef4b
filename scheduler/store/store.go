package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"coalition/scheduler/conversation"
	"coalition/scheduler/store/database"
	"coalition/scheduler/store/organizers"
	"coalition/scheduler/store/sqlitefile"
	"coalition/scheduler/store/tables"
)

// ErrNewer is returned by [Open] for a database that a later version of the program has written.
var ErrNewer = database.ErrNewer

// ErrOtherOrganizer is returned by [Open] for an SQLite file that belongs to somebody else.
var ErrOtherOrganizer = organizers.ErrOther

// A RunningError is returned by [Store.LockDaemon] when another daemon runs on the same file.
type RunningError = sqlitefile.RunningError

// A DamagedError is returned by [Open], and by whatever reads, for a state that can't be what this program has left
// there.
type DamagedError = sqlitefile.DamagedError

// A Store is the state of one organizer. It is safe for concurrent use.
type Store struct {
	db *database.DB
	// organizer is the address under which the rows are kept.
	organizer string
	// secret is that of the installation; nil where there is none yet.
	secret []byte
	// counted is how many messages have left, as of the last one that this process has counted.
	counted atomic.Int64
}

// Open opens the state at dsn: the path of an SQLite file, which it makes where there is none, or a
// postgres:// address. addresses are those of the organizer, the present one first; rows that were
// written under an older one are found again (on PostgreSQL see [OpenFrom]). A read-only store makes no file and
// writes nothing.
func Open(ctx context.Context, dsn string, addresses []string, readOnly bool) (*Store, error) {
	return OpenFrom(ctx, dsn, "", addresses, readOnly)
}

// OpenFrom is [Open], and says where the organizer's plans are: on PostgreSQL, which has room for several
// organizers, one's alias may be another's address, and rows that were written under an older address are
// found again only from a home that they have been written from.
func OpenFrom(ctx context.Context, dsn, home string, addresses []string, readOnly bool) (_ *Store, err error) {
	defer func() {
		if sqlitefile.Unwritable(err) {
			err = fmt.Errorf("%s can't be written to; look at the permissions of the file and of its folder", dsn)
		}
	}()
	db, err := database.Open(ctx, dsn, tables.Schema, readOnly)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, organizer: addresses[0]}
	if db.Absent() {
		return s, nil
	}
	s.organizer, err = organizers.Find(ctx, db, home, addresses, readOnly)
	if err == nil {
		err = s.install(ctx, readOnly)
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	db.WorkFor(s.organizer)
	return s, nil
}

// Blank refuses an SQLite file that is there and holds nothing: asked where something says that there was a
// state, it is what is left of it. The error is a [DamagedError].
func Blank(ctx context.Context, dsn string) error {
	if database.IsPostgres(dsn) {
		return nil
	}
	return sqlitefile.New(dsn, tables.Schema.Marks).Blank(ctx)
}

// Close ends the store, and with it this process's claims.
func (s *Store) Close() error {
	s.db.Close()
	return nil
}

// LockDaemon makes this process the one daemon on the state, until it ends. The error is a
// [RunningError] where there is one already. PostgreSQL has room for several.
func (s *Store) LockDaemon() error { return s.db.LockDaemon() }

// Changes implements [scheduler.Store].
func (s *Store) Changes() <-chan struct{} { return s.db.Changes() }

// Database returns where the rows are.
func (s *Store) Database() *database.DB { return s.db }

// Organizer returns the address under which the rows are kept, which may be an older one.
func (s *Store) Organizer() string { return s.organizer }

// Secret returns that of the installation, which a backup has, too; nil where there is no state yet.
func (s *Store) Secret() []byte { return s.secret }

// update carries out do in a transaction that is on the disk when update returns. The error is that of
// [database.DB.Update], or [conversation.ErrConflict] where another process was writing the same.
func (s *Store) update(ctx context.Context, do func(tx *database.Tx) error) error {
	err := s.db.Update(ctx, do)
	if errors.Is(err, database.ErrCollided) {
		return conversation.ErrConflict
	}
	return err
}
