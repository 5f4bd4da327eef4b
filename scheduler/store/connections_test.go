package store_test

import (
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"coalition/scheduler/lookup"
	"coalition/scheduler/outbox"

	_ "github.com/jackc/pgx/v5/stdlib"

	"coalition/scheduler/store"
)

// the driver "pgx"

// testIdle: a daemon that rests holds three connections at most, whatever it has done before.
func testIdle(t *testing.T, dsn string) {
	s := open(t, dsn)
	s.Changes() // as a daemon does
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	held := func() (n int) {
		t.Helper()
		if err := db.QueryRow("SELECT count(*) FROM pg_stat_activity, pg_sleep(0.1) WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'coalition%'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	commit(t, s, draft("maya", outbox.Brief))
	var side sync.WaitGroup
	for range 8 {
		side.Go(func() {
			if _, err := s.Load(ctx, lookup.Query{}); err != nil {
				t.Error(err)
			}
		})
	}
	side.Wait()
	if held() == 0 {
		t.Fatal("no connection is seen")
	}
	deadline := time.Now().Add(20 * time.Second)
	for held() > 3 && time.Now().Before(deadline) {
	}
	if n := held(); n > 3 {
		t.Errorf("%d connections", n)
	}
	if list := load(t, s); len(list) != 1 {
		t.Errorf("afterwards %d conversations", len(list))
	}
}

// testNoneLeft: why a server lets nobody in is said in words, without the password.
func testNoneLeft(t *testing.T, dsn string) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{"CREATE ROLE few LOGIN PASSWORD 'geheim' CONNECTION LIMIT 2", "GRANT ALL ON SCHEMA public TO few"} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("few", "geheim")
	as, err := sql.Open("pgx", u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer as.Close()
	for range 2 { // which holds both
		conn, err := as.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	_, err = store.Open(ctx, u.String(), []string{ana}, false)
	if err == nil || !strings.Contains(err.Error(), "has no connection left") || strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "SQLSTATE") || strings.Contains(err.Error(), "FATAL") {
		t.Errorf("none left: %v", err)
	}
	u.Path = "/nowhere"
	u.User = url.User("postgres")
	if _, err := store.Open(ctx, u.String(), []string{ana}, false); err == nil || !strings.Contains(err.Error(), "does not know that database") {
		t.Errorf("no such database: %v", err)
	}
	if _, err := store.Open(ctx, "postgres://ana:geheim@127.0.0.1:1/x", []string{ana}, false); err == nil || !strings.Contains(err.Error(), "can't be reached") || strings.Contains(err.Error(), "geheim") {
		t.Errorf("nobody listens: %v", errors.Unwrap(err))
	}
}
