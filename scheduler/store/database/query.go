package database

import (
	"context"
	"database/sql"
	"errors"

	"coalition/scheduler/store/sqlitefile"
)

// A Querier is whatever can be asked: a [DB], a [Tx] or one of package sql.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// QueryContext asks beside the writer, as [sql.DB] does. The database must not be [DB.Absent].
func (d *DB) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return d.ro.QueryContext(ctx, query, args...)
}

// Snapshot begins a transaction that reads all as of one moment, beside the writer; its caller rolls it back.
// (SQLite's transactions are snapshots by themselves.)
func (d *DB) Snapshot(ctx context.Context) (*sql.Tx, error) {
	tx, err := d.ro.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	return tx, sqlitefile.Whole(err)
}

// Each calls scan for every row of a query. The error is that of scan, or a [sqlitefile.DamagedError] or one of the
// database.
func Each(ctx context.Context, q Querier, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return sqlitefile.Whole(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return sqlitefile.Whole(err)
		}
	}
	return sqlitefile.Whole(errors.Join(rows.Err(), rows.Close()))
}

// Number returns the one number that the query gives; ok is false where it gives no row or NULL.
func Number(ctx context.Context, q Querier, query string, args ...any) (n int64, ok bool, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, false, sqlitefile.Whole(err)
	}
	defer rows.Close()
	var v sql.NullInt64
	if rows.Next() {
		err = rows.Scan(&v)
	}
	return v.Int64, v.Valid, sqlitefile.Whole(errors.Join(err, rows.Err()))
}
