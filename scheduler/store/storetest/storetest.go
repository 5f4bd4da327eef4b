// Package storetest knows how to give a test a PostgreSQL server of its own: it starts the one of this
// machine in a temporary folder, on a Unix socket only, and ends it with the test. What is stored
// there it leaves to the test.
package storetest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Postgres starts a server for t, and gives a function that makes an empty database in it and returns
// its address. Where PostgreSQL is not installed the test fails: `make test` installs it.
func Postgres(t *testing.T) (newDatabase func(t testing.TB) string) {
	t.Helper()
	initdb, postgres := find("initdb"), find("postgres")
	if initdb == "" || postgres == "" {
		t.Fatal("PostgreSQL is not installed; run: make install")
	}
	// Not t.TempDir: the path of a socket has to be short.
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// It refuses to run as root.
	if os.Getuid() == 0 {
		uid, gid := nobody(t)
		attr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	setup := exec.Command(initdb, "-A", "trust", "-U", "postgres", "--no-sync", "-D", data)
	setup.Dir, setup.SysProcAttr = dir, attr
	if out, err := setup.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	var log bytes.Buffer
	server := exec.Command(postgres, "-D", data, "-k", dir, "-h", "", "-c", "fsync=off", "-c", "max_connections=200")
	server.Dir, server.SysProcAttr, server.Stderr = dir, attr, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// SIGQUIT ends it at once, and as if it was killed.
		_ = server.Process.Signal(syscall.SIGQUIT)
		_ = server.Wait()
	})
	admin := fmt.Sprintf("postgres://postgres@/postgres?host=%s", dir)
	ctx := context.Background()
	for deadline := time.Now().Add(30 * time.Second); ; {
		conn, err := pgx.Connect(ctx, admin)
		if err == nil {
			conn.Close(ctx)
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("PostgreSQL does not come up: %v\n%s", err, log.String())
		}
	}
	n := 0
	return func(t testing.TB) string {
		t.Helper()
		n++
		conn, err := pgx.Connect(ctx, admin)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, "CREATE DATABASE test"+strconv.Itoa(n)); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("postgres://postgres@/test%d?host=%s", n, dir)
	}
}

// find is the path of a program of PostgreSQL, which Debian keeps out of PATH.
func find(program string) string {
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	paths, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + program)
	if err != nil || len(paths) == 0 {
		return ""
	}
	return slices.Max(paths)
}

func nobody(t *testing.T) (uid, gid uint32) {
	t.Helper()
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	id, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	group, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(id), uint32(group)
}
