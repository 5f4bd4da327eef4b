package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgres is a state in a PostgreSQL database that organizers and daemons may share. A process is
// alive as long as the session lives that holds its advisory lock.
type postgres struct {
	dsn  string
	pool *sql.DB
	mu   sync.Mutex
	life *sql.Conn // the session whose lock says that this process lives
}

func (d *postgres) open(ctx context.Context, _ bool) (rw, ro *sql.DB, err error) {
	config, err := pgx.ParseConfig(d.dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("the address of the database can't be read") // pgx repeats the password
	}
	d.pool = stdlib.OpenDB(*config)
	d.pool.SetMaxOpenConns(10)
	if err := d.pool.PingContext(ctx); err != nil {
		d.pool.Close()
		return nil, nil, fmt.Errorf("the database %s on %s can't be reached: %w", config.Database, config.Host, err)
	}
	return d.pool, d.pool, nil
}

func (d *postgres) tables() []string {
	return []string{strings.NewReplacer("SERIAL", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "ROWID", "BIGINT", "BYTES", "BYTEA").Replace(tables1), tables2}
}

func (d *postgres) made() string {
	return "SELECT count(*) FROM pg_class WHERE oid = to_regclass('schema_version')"
}

func (d *postgres) notify() string    { return "NOTIFY coalition" }
func (d *postgres) exclusive() bool   { return false }
func (d *postgres) begin() string     { return "BEGIN" }
func (d *postgres) lockDaemon() error { return nil } // claims and fences keep several apart

// tableLock is the advisory lock under which tables are changed.
const tableLock = 0x636f616c6974696f

func (d *postgres) lockTables(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(tableLock))
	return err
}

// lockKey is the advisory lock of an owner, who is 16 hexadecimal digits.
func lockKey(owner string) int64 {
	n, _ := strconv.ParseUint(owner, 16, 64)
	return int64(n)
}

func (d *postgres) own(ctx context.Context, owner string) error {
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lockKey(owner)); err != nil {
		conn.Close()
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.life != nil {
		d.life.Close()
	}
	d.life = conn
	return nil
}

func (d *postgres) alive(ctx context.Context) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.life != nil && d.life.PingContext(ctx) == nil
}

func (d *postgres) gone(tx *txn, owner string) (bool, error) {
	n, _, err := number(context.Background(), tx, "SELECT CASE WHEN pg_try_advisory_xact_lock($1) THEN 1 ELSE 0 END", lockKey(owner))
	return n == 1, err
}

func (d *postgres) watch(ctx context.Context, _ func() int64, changed func()) {
	for ctx.Err() == nil {
		d.listen(ctx, changed)
		changed() // something may have been missed
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
}

func (d *postgres) listen(ctx context.Context, changed func()) {
	conn, err := pgx.Connect(ctx, d.dsn)
	if err != nil {
		return
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN coalition"); err != nil {
		return
	}
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return
		}
		changed()
	}
}

func (d *postgres) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.life != nil {
		d.life.Close()
	}
	if d.pool != nil {
		d.pool.Close()
	}
}
