package store

import (
	"cmp"
	"context"
	"database/sql"
	"strings"

	"coalition/scheduler/store/database"
	"coalition/scheduler/store/tables"
)

// findRows finds under which of the organizer's addresses the rows are. It looks at no rows of others.
func (s *Store) findRows(ctx context.Context, addresses []string, readOnly bool) error {
	if s.db.Version() < tables.Organizers {
		// Read only, as an older version has left it.
		return s.findRowsBefore(ctx, addresses)
	}
	registered, err := s.registered(ctx, addresses[0])
	if err != nil {
		return err
	}
	present := registered
	written, err := s.written(ctx, registered)
	if err != nil {
		return err
	}
	for _, alias := range addresses[1:] {
		if written {
			break
		}
		other, err := s.registered(ctx, alias)
		if err != nil {
			return err
		}
		if written, err = s.mayOpen(ctx, other); err != nil {
			return err
		}
		if written {
			present = other
		}
	}
	if !written && s.db.Exclusive() {
		if others, err := exists(ctx, s.db, "SELECT 1 FROM conversations LIMIT 1"); err != nil || others {
			return cmp.Or(err, ErrOtherOrganizer)
		}
	}
	if present != "" {
		s.organizer = present
	}
	home, err := exists(ctx, s.db, "SELECT 1 FROM homes WHERE organizer = $1 AND home = $2", s.organizer, s.home)
	if err != nil || readOnly || registered == s.organizer && home {
		return err
	}
	return s.register(ctx, addresses[0])
}

// register keeps in mind from where, and under which address, the organizer's rows were opened.
func (s *Store) register(ctx context.Context, address string) error {
	return s.update(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec("INSERT INTO organizers (organizer, slots) VALUES ($1, 1) ON CONFLICT DO NOTHING", s.organizer)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO addresses (address, organizer) VALUES ($1, $2)
			ON CONFLICT (address) DO UPDATE SET organizer = $2`, strings.ToLower(address), s.organizer)
		if err != nil {
			return err
		}
		_, err = tx.Exec("INSERT INTO homes (organizer, home) VALUES ($1, $2) ON CONFLICT DO NOTHING", s.organizer, s.home)
		return err
	})
}

// registered is the organizer that an address has opened before; "" where it has opened none.
func (s *Store) registered(ctx context.Context, address string) (organizer string, err error) {
	err = database.Each(ctx, s.db, func(rows *sql.Rows) error { return rows.Scan(&organizer) },
		"SELECT organizer FROM addresses WHERE address = $1", strings.ToLower(address))
	return organizer, err
}

// written reports whether an organizer has any conversation.
func (s *Store) written(ctx context.Context, organizer string) (bool, error) {
	if organizer == "" {
		return false, nil
	}
	return exists(ctx, s.db, "SELECT 1 FROM conversations WHERE organizer = $1 LIMIT 1", organizer)
}

// mayOpen reports whether the rows of an organizer whose address is an alias of ours are our own.
func (s *Store) mayOpen(ctx context.Context, organizer string) (bool, error) {
	if ok, err := s.written(ctx, organizer); err != nil || !ok || s.db.Exclusive() {
		return ok, err
	}
	if s.home == "" {
		return false, nil
	}
	return exists(ctx, s.db, "SELECT 1 FROM homes WHERE organizer = $1 AND home = $2", organizer, s.home)
}

// findRowsBefore is findRows on tables that know of no organizers yet.
func (s *Store) findRowsBefore(ctx context.Context, addresses []string) error {
	if !s.db.Exclusive() {
		return nil
	}
	for _, a := range addresses {
		if ok, err := s.written(ctx, a); err != nil || ok {
			s.organizer = a
			return err
		}
	}
	others, err := exists(ctx, s.db, "SELECT 1 FROM conversations LIMIT 1")
	if err == nil && others {
		err = ErrOtherOrganizer
	}
	return err
}

func exists(ctx context.Context, q database.Querier, query string, args ...any) (ok bool, err error) {
	return ok, database.Each(ctx, q, func(rows *sql.Rows) error {
		var one int
		ok = true
		return rows.Scan(&one)
	}, query, args...)
}
