package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgres is a state in a PostgreSQL database that organizers and daemons may share.
type postgres struct {
	dsn       string
	config    *pgx.ConnConfig
	pool      *sql.DB
	organizer string // whose daemon this is
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

// words says why there is no connection.
func (d *postgres) words(err error) error {
	var said *pgconn.PgError
	errors.As(err, &said)
	what := ""
	switch {
	case err == nil:
		return nil
	case said == nil:
	case said.Code == "53300": // too_many_connections
		what = "has no connection left: end something else that holds one, or raise max_connections there (a daemon needs three, and some more while it works)"
	case said.Code == "28P01" || said.Code == "28000":
		what = "does not take the user name or the password"
	case said.Code == "3D000":
		what = "does not know that database"
	case said.Code == "57P03":
		what = "is starting or stopping just now"
	}
	if what == "" {
		return fmt.Errorf("the database %s on %s can't be reached: %w", d.config.Database, d.config.Host, err)
	}
	return &refusedError{fmt.Sprintf("the server of the database %s on %s %s", d.config.Database, d.config.Host, what), err}
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
		return nil, nil, fmt.Errorf("the address of the database can't be read") // pgx repeats the password
	}
	// A process that is stopped in the middle of a write must not keep all others waiting.
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "30000"
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "coalition" // for whoever looks at what is connected
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

func (d *postgres) tables() []string {
	types := strings.NewReplacer("SERIAL", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "ROWID", "BIGINT", "BYTES", "BYTEA")
	return []string{types.Replace(tables1), tables2, tablesOrganizers, types.Replace(tablesInstallations), tablesDoors}
}

func (d *postgres) made() string {
	return "SELECT count(*) FROM pg_class WHERE oid = to_regclass('schema_version')"
}

func (d *postgres) notify() string  { return "NOTIFY coalition" }
func (d *postgres) exclusive() bool { return false }
func (d *postgres) begin() string   { return "BEGIN" }

// lockDaemon keeps nobody out: claims and fences keep several apart. The session that listens says that
// a daemon is there.
func (d *postgres) lockDaemon() error {
	d.daemon = true
	return nil
}

// session is how the sessions of an organizer's daemons begin their name, before the process id.
func (d *postgres) session(organizer string) string {
	sum := sha256.Sum256([]byte(organizer))
	return fmt.Sprintf("coalition daemon %x ", sum[:8])
}

// lingers is for how long the server may show the session of a process that has ended.
const lingers = 2 * time.Second

// alone refuses while a daemon of the organizer runs.
func (d *postgres) alone(ctx context.Context, organizer string) error {
	for deadline := time.Now().Add(lingers); ; {
		err := d.listens(ctx, organizer)
		var running *RunningError
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

// listens gives a [RunningError] where the server has the session of a daemon of the organizer.
func (d *postgres) listens(ctx context.Context, organizer string) error {
	session := d.session(organizer)
	return each(ctx, d.pool, func(rows *sql.Rows) error {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		return &RunningError{strings.TrimPrefix(name, session)}
	}, "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE $1 LIMIT 1", session+"%")
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
		config.RuntimeParams["application_name"] = d.session(d.organizer) + strconv.Itoa(os.Getpid())
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return // the daemon looks every minute besides
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN coalition"); err != nil {
		return
	}
	changed() // something may have been missed until now
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return
		}
		changed()
	}
}

func (d *postgres) close() {
	if d.pool != nil {
		d.pool.Close()
	}
}
