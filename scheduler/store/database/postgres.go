package database

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"coalition/scheduler/store/sqlitefile"
)

// postgres is a state in a PostgreSQL database that organizers and daemons may share.
type postgres struct {
	dsn    string
	config *pgx.ConnConfig
	pool   *sql.DB
	// organizer is for whom this process works, perhaps as a daemon.
	organizer string
	daemon    bool
}

// A connector makes the connections of the pool, and says in words why it can't.
type connector struct {
	driver.Connector
	db *postgres
}

// Connect implements [driver.Connector].
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	return conn, c.db.words(err)
}

// Error codes (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const (
	tooManyConnections   = "53300"
	invalidPassword      = "28P01"
	invalidAuthorization = "28000"
	invalidCatalogName   = "3D000"
	cannotConnectNow     = "57P03"
)

// words says why there is no connection.
func (d *postgres) words(err error) error {
	var said *pgconn.PgError
	errors.As(err, &said)
	what := ""
	switch {
	case err == nil:
		return nil
	case said == nil:
	case said.Code == tooManyConnections:
		what = "has no connection left: end something else that holds one, or raise max_connections there " +
			"(a daemon needs three, and some more while it works)"
	case said.Code == invalidPassword || said.Code == invalidAuthorization:
		what = "does not take the user name or the password"
	case said.Code == invalidCatalogName:
		what = "does not know that database"
	case said.Code == cannotConnectNow:
		what = "is starting or stopping just now"
	}
	if what == "" {
		return fmt.Errorf("the database %s on %s can't be reached: %w", d.config.Database, d.config.Host, err)
	}
	text := fmt.Sprintf("the server of the database %s on %s %s", d.config.Database, d.config.Host, what)
	return &refusedError{text, err}
}

// A refusedError says in words what a server has said in its own.
type refusedError struct {
	text  string
	cause error
}

func (e *refusedError) Error() string { return e.text }
func (e *refusedError) Unwrap() error { return e.cause }

func (d *postgres) open(ctx context.Context, _ bool) (rw, ro *sql.DB, err error) {
	config, err := pgx.ParseConfig(d.dsn)
	if err != nil {
		// Without its cause: pgx repeats the password.
		return nil, nil, errors.New("the address of the database can't be read")
	}
	// A process that is stopped in the middle of a write must not keep all others waiting.
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "30000"
	if config.RuntimeParams["application_name"] == "" {
		// For whoever looks at what is connected.
		config.RuntimeParams["application_name"] = "coalition"
	}
	d.config = config
	d.pool = sql.OpenDB(&connector{stdlib.GetConnector(*config), d})
	d.pool.SetMaxOpenConns(10)
	// Servers have few connections for many programs: what is not used is given back, but for that of the writer.
	d.pool.SetMaxIdleConns(4)
	d.pool.SetConnMaxIdleTime(2 * time.Second)
	if err := d.pool.PingContext(ctx); err != nil {
		d.pool.Close()
		return nil, nil, err
	}
	return d.pool, d.pool, nil
}

func (d *postgres) types() *strings.Replacer {
	return strings.NewReplacer("SERIAL", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "ROWID", "BIGINT",
		"BYTES", "BYTEA")
}

func (d *postgres) made() string {
	return "SELECT count(*) FROM pg_class WHERE oid = to_regclass('schema_version')"
}

func (d *postgres) notify() string           { return "NOTIFY coalition" }
func (d *postgres) exclusive() bool          { return false }
func (d *postgres) begin() string            { return "BEGIN" }
func (d *postgres) workFor(organizer string) { d.organizer = organizer }

// lockDaemon keeps nobody out: claims and fences keep several apart. The session that listens says that
// a daemon is there.
func (d *postgres) lockDaemon() error {
	d.daemon = true
	return nil
}

func (d *postgres) daemonOf(ctx context.Context) error { return d.listens(ctx) }
func (d *postgres) engine() (title, query string)      { return "PostgreSQL", "SHOW server_version" }

// session is how the sessions of the organizer's daemons begin their name, before the process id.
func (d *postgres) session() string {
	sum := sha256.Sum256([]byte(d.organizer))
	return fmt.Sprintf("coalition daemon %x ", sum[:8])
}

// lingers is for how long the server may show the session of a process that has ended.
const lingers = 2 * time.Second

// alone refuses while a daemon of the organizer runs.
func (d *postgres) alone(ctx context.Context) error {
	for deadline := time.Now().Add(lingers); ; {
		err := d.listens(ctx)
		var running *sqlitefile.RunningError
		if !errors.As(err, &running) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// listens gives a [sqlitefile.RunningError] where the server has the session of a daemon of the organizer.
func (d *postgres) listens(ctx context.Context) error {
	session := d.session()
	return Each(ctx, d.pool, func(rows *sql.Rows) error {
		var name string
		var since time.Time
		if err := rows.Scan(&name, &since); err != nil {
			return err
		}
		return &sqlitefile.RunningError{PID: strings.TrimPrefix(name, session), Since: since}
	}, `SELECT application_name, backend_start FROM pg_stat_activity
		WHERE datname = current_database() AND application_name LIKE $1 LIMIT 1`, session+"%")
}

// tableLock is the advisory lock under which tables are changed.
const tableLock = 0x636f616c6974696f

func (d *postgres) lockTables(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(tableLock))
	return err
}

func (d *postgres) own(context.Context, string) error { return nil }

func (d *postgres) clock() string {
	return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
}

// gone knows of no process: sessions are cut while their processes live.
func (d *postgres) gone(string) (bool, error) { return false, nil }

func (d *postgres) watch(ctx context.Context, _ func() int64, changed func()) {
	for ctx.Err() == nil {
		d.listen(ctx, changed)
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
}

func (d *postgres) listen(ctx context.Context, changed func()) {
	config := d.config.Copy()
	if d.daemon {
		config.RuntimeParams["application_name"] = d.session() + strconv.Itoa(os.Getpid())
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		// The daemon looks every minute besides.
		return
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN coalition"); err != nil {
		return
	}
	// Something may have been missed until now.
	changed()
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return
		}
		changed()
	}
}

// held is how long those are waited for who read what was there before.
const held = 20 * time.Second

// rewrite has each table written anew. What somebody may still see of a row would be written, too: all transactions that
// have begun before are waited for. Samples of rows are kept in pg_statistic, which the owner of a database may have
// written anew; others are refused that by a warning alone.
func (d *postgres) rewrite(ctx context.Context, tables []string) error {
	var begun time.Time
	if err := d.pool.QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&begun); err != nil {
		return err
	}
	for end := time.Now().Add(held); ; {
		open, _, err := Number(ctx, d.pool, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND xact_start <= $1`, begun)
		if err != nil {
			return err
		}
		if open == 0 {
			break
		}
		if time.Now().After(end) {
			return ErrHeld
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	for _, table := range append(slices.Clone(tables), "pg_catalog.pg_statistic") {
		if _, err := d.pool.ExecContext(ctx, "VACUUM (FULL, ANALYZE) "+table); err != nil {
			return err
		}
	}
	return nil
}

func (d *postgres) close() {
	if d.pool != nil {
		d.pool.Close()
	}
}
