package erase

import (
	"bytes"
	"context"

	"coalition/scheduler/conversation"
	"coalition/scheduler/store"
	"coalition/scheduler/store/database"
)

// A Left is what was left of what a state had erased, to be carried into an older one that takes its place.
type Left struct {
	erased int64
	said   map[string]conversation.Silence
	secret []byte
}

// LeftIn returns what is left in the state that [store.OpenFrom] would open: nothing where that can't be read.
func LeftIn(ctx context.Context, dsn, home string, addresses []string) (l Left) {
	s, err := store.OpenFrom(ctx, dsn, home, addresses, true)
	if err != nil {
		return l
	}
	defer s.Close()
	if l.erased, l.said, err = s.Silences(ctx); err != nil {
		return Left{}
	}
	l.secret = s.Secret()
	return l
}

// Carry brings it into the state that has taken the place of that one, where it is of the same installation, and returns
// how many conversations had not been erased yet when that was left.
func (l Left) Carry(ctx context.Context, dsn, home string, addresses []string) (back int64, err error) {
	if l.erased == 0 {
		return 0, nil
	}
	s, err := store.OpenFrom(ctx, dsn, home, addresses, false)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	if !bytes.Equal(s.Secret(), l.secret) {
		return 0, nil
	}
	before, _, err := s.Silences(ctx)
	if err != nil || before >= l.erased {
		return 0, err
	}
	return l.erased - before, s.Database().Update(ctx, func(tx *database.Tx) error {
		for hash, said := range l.said {
			if err := keep(tx, s.Organizer(), hash, said); err != nil {
				return err
			}
		}
		return tx.Do("UPDATE installations SET erased = $2 WHERE organizer = $1", s.Organizer(), l.erased)
	})
}

// keep keeps what somebody has said, unless something newer is known of them.
func keep(tx *database.Tx, organizer, hash string, said conversation.Silence) error {
	return tx.Do(`INSERT INTO silences (organizer, hash, said, stop) VALUES ($1, $2, $3, $4)
		ON CONFLICT (organizer, hash) DO UPDATE SET said = $3, stop = $4 WHERE silences.said <= $3`,
		organizer, hash, said.At.UnixMilli(), said.Stop)
}
