// Package organizers knows which rows of a database are an organizer's own: they stay under the address that wrote
// first, and are found again when it is another. What the rows are it leaves to package store.
package organizers

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strings"

	"coalition/scheduler/store/database"
	"coalition/scheduler/store/tables"
)

// ErrOther is returned by [Find] for an SQLite file that belongs to somebody else.
var ErrOther = errors.New("the state belongs to another organizer")

// Find returns the address under which the rows are kept of the organizer who has these addresses, the present one
// first, and whose plans are at home ("": that is not known). It looks at no rows of others, and keeps in mind from
// where it was asked unless readOnly. The error is [ErrOther], or one of the database.
func Find(ctx context.Context, db *database.DB, home string, addresses []string, readOnly bool) (string, error) {
	f := finding{db, home}
	if db.Version() < tables.Organizers {
		// Read only, as an older version has left it.
		return f.findBefore(ctx, addresses)
	}
	registered, err := f.registered(ctx, addresses[0])
	if err != nil {
		return "", err
	}
	organizer := registered
	written, err := f.written(ctx, registered)
	if err != nil {
		return "", err
	}
	for _, alias := range addresses[1:] {
		if written {
			break
		}
		other, err := f.registered(ctx, alias)
		if err != nil {
			return "", err
		}
		if written, err = f.mayOpen(ctx, other); err != nil {
			return "", err
		}
		if written {
			organizer = other
		}
	}
	if !written && db.Exclusive() {
		if others, err := f.exists(ctx, "SELECT 1 FROM conversations LIMIT 1"); err != nil || others {
			return "", cmp.Or(err, ErrOther)
		}
	}
	organizer = cmp.Or(organizer, addresses[0])
	at, err := f.isAt(ctx, organizer)
	if err != nil || readOnly || registered == organizer && at {
		return organizer, err
	}
	return organizer, f.register(ctx, organizer, addresses[0])
}

// A finding is what is asked of which database, and from where.
type finding struct {
	db   *database.DB
	home string
}

// register keeps in mind from where, and under which address, the organizer's rows were opened.
func (f finding) register(ctx context.Context, organizer, address string) error {
	return f.db.Update(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec("INSERT INTO organizers (organizer, slots) VALUES ($1, 1) ON CONFLICT DO NOTHING", organizer)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO addresses (address, organizer) VALUES ($1, $2)
			ON CONFLICT (address) DO UPDATE SET organizer = $2`, strings.ToLower(address), organizer)
		if err != nil {
			return err
		}
		_, err = tx.Exec("INSERT INTO homes (organizer, home) VALUES ($1, $2) ON CONFLICT DO NOTHING", organizer, f.home)
		return err
	})
}

// registered is the organizer that an address has opened before; "" where it has opened none.
func (f finding) registered(ctx context.Context, address string) (organizer string, err error) {
	err = database.Each(ctx, f.db, func(rows *sql.Rows) error { return rows.Scan(&organizer) },
		"SELECT organizer FROM addresses WHERE address = $1", strings.ToLower(address))
	return organizer, err
}

// written reports whether an organizer has any conversation.
func (f finding) written(ctx context.Context, organizer string) (bool, error) {
	if organizer == "" {
		return false, nil
	}
	return f.exists(ctx, "SELECT 1 FROM conversations WHERE organizer = $1 LIMIT 1", organizer)
}

// isAt reports whether an organizer's rows have been opened from this home.
func (f finding) isAt(ctx context.Context, organizer string) (bool, error) {
	return f.exists(ctx, "SELECT 1 FROM homes WHERE organizer = $1 AND home = $2", organizer, f.home)
}

// mayOpen reports whether the rows of an organizer whose address is an alias of ours are our own.
func (f finding) mayOpen(ctx context.Context, organizer string) (bool, error) {
	if ok, err := f.written(ctx, organizer); err != nil || !ok || f.db.Exclusive() {
		return ok, err
	}
	if f.home == "" {
		return false, nil
	}
	return f.isAt(ctx, organizer)
}

// findBefore is [Find] on tables that know of no organizers yet.
func (f finding) findBefore(ctx context.Context, addresses []string) (string, error) {
	if !f.db.Exclusive() {
		return addresses[0], nil
	}
	for _, a := range addresses {
		if ok, err := f.written(ctx, a); err != nil || ok {
			return a, err
		}
	}
	others, err := f.exists(ctx, "SELECT 1 FROM conversations LIMIT 1")
	if err == nil && others {
		err = ErrOther
	}
	return addresses[0], err
}

func (f finding) exists(ctx context.Context, query string, args ...any) (ok bool, err error) {
	return ok, database.Each(ctx, f.db, func(rows *sql.Rows) error {
		var one int
		ok = true
		return rows.Scan(&one)
	}, query, args...)
}
