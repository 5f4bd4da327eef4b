package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"coalition/scheduler/conversation"
	"coalition/scheduler/lookup"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/store"
	"coalition/scheduler/store/backup"
	"coalition/scheduler/store/storetest"
)

func TestBackupSQLite(t *testing.T) {
	testBackups(t, func(t testing.TB) string { return filepath.Join(t.(*testing.T).TempDir(), "state.db") })
}

func TestBackupPostgres(t *testing.T) { testBackups(t, storetest.Postgres(t)) }

func testBackups(t *testing.T, newDatabase func(testing.TB) string) {
	t.Run("what comes back", func(t *testing.T) { testBackup(t, newDatabase(t)) })
	t.Run("beside a daemon", func(t *testing.T) { testRestoreBesideDaemon(t, newDatabase(t)) })
}

// What comes back from a backup is what was there, in either database, and nobody else's rows are touched.
func testBackup(t *testing.T, dsn string) {
	shared := strings.HasPrefix(dsn, "postgres")
	s := open(t, dsn)
	if shared {
		other := open(t, dsn, "other@example.org")
		commit(t, other, draft("maya", outbox.Brief, outbox.Invite))
		defer func() {
			if list := load(t, other); len(list) != 1 || len(list[0].Messages) != 2 {
				t.Errorf("somebody else has %d conversations", len(list))
			}
		}()
	}
	d := draft("maya", outbox.Brief, outbox.Invite)
	d.Key, d.Cursor, d.Page = "key", conversation.Cursor{Name: "m", At: "1:7"}, "hash"
	d.Events = []conversation.HistoryEntry{{At: at, ID: "maya", Round: 1, Kind: "answer", Text: "yes"}}
	commit(t, s, d)
	commit(t, s, draft("tom", outbox.Brief))
	list, err := s.Claim(ctx, time.Now(), outbox.Mail, 1, nil, yes)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if err := s.Dot(ctx, list[0]); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "backup.db")
	if err := backup.Write(ctx, s, file, false); err != nil {
		t.Fatal(err)
	}
	if err := backup.Write(ctx, s, file, false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a backup was overwritten: %v", err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("left beside it: %v", names)
	}
	sum, err := backup.Inspect(ctx, file, []string{ana})
	if err != nil || sum.Conversations != 2 || sum.Messages != 3 || sum.Sent != 1 || time.Since(sum.Copied) > time.Minute {
		t.Errorf("%+v, %v", sum, err)
	}
	if _, err := backup.Inspect(ctx, file, []string{"other@example.org"}); !errors.Is(err, store.ErrOtherOrganizer) {
		t.Errorf("somebody else's backup: %v", err)
	}
	before := load(t, s)

	// Meanwhile it goes on.
	commit(t, s, draft("eva", outbox.Brief))
	if !shared {
		if _, err := backup.Restore(ctx, dsn, "", []string{ana}, file); !errors.Is(err, backup.ErrBusy) {
			t.Errorf("while somebody works on it: %v", err)
		}
	}
	secret := s.Secret()
	s.Close()
	kept, err := backup.Restore(ctx, dsn, "", []string{ana}, file)
	if err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(t.TempDir(), "state.db") // and on a machine that has SQLite only
	if kept, err := backup.Restore(ctx, moved, "", []string{ana}, file); err != nil || kept != "" {
		t.Errorf("restored to %s, %v", kept, err)
	}
	for _, dsn := range []string{dsn, moved} {
		s := open(t, dsn)
		after := load(t, s)
		for i := range after {
			after[i].Rev = 0
		}
		for _, list := range [][]*conversation.Conversation{before, after} { // the order of rows that stand in no order
			slices.SortFunc(list, func(a, b *conversation.Conversation) int { return strings.Compare(string(a.ID), string(b.ID)) })
			for _, c := range list {
				c.Rev = 0
				for _, m := range c.Messages {
					if m.Row = 0; m.State == outbox.Sending { // by a process that does not have this one
						m.State, m.Unclears = outbox.Unclear, 1
					}
				}
			}
		}
		if diff := cmp.Diff(before, after, exported); diff != "" {
			t.Errorf("%s", diff)
		}
		if st, err := s.Standing(ctx); err != nil || st.Sent != 1 || st.Copied.IsZero() || !bytes.Equal(s.Secret(), secret) {
			t.Errorf("%+v, %v, with the secret %x; want %x", st, err, s.Secret(), secret)
		}
		if got, err := s.Cursor(ctx, "m"); err != nil || got != "1:7" {
			t.Errorf("the cursor is %q, %v", got, err)
		}
		if id, round, err := s.Page(ctx, "hash"); err != nil || id != "maya" || round != 1 {
			t.Errorf("the page leads to %s/%d, %v", id, round, err)
		}
		if list, err := s.History(ctx, "maya"); err != nil || len(list) != 1 || list[0].Text != "yes" {
			t.Errorf("the history: %v, %v", list, err)
		}
		known := draft("maya", outbox.Brief)
		known.Key = "key"
		if err := s.Commit(ctx, known); !errors.Is(err, conversation.ErrKnown) {
			t.Errorf("a mail counts once more: %v", err)
		}
		for _, c := range load(t, s) {
			for _, m := range c.Messages {
				if full, err := s.Message(ctx, m.Row); err != nil || string(full.Data) != "data\x00\xff" || string(full.Calendar) != "calendar" {
					t.Errorf("%s of %s: %+v, %v", m.Kind, c.ID, full, err)
				}
			}
		}
		s.Close()
	}
	if sum, err := backup.Inspect(ctx, kept, []string{ana}); err != nil || sum.Conversations != 3 {
		t.Errorf("what was there is kept as %s: %+v, %v", kept, sum, err)
	}
}

// While a daemon runs nothing is put in its place.
func testRestoreBesideDaemon(t *testing.T, dsn string) {
	s := open(t, dsn)
	commit(t, s, draft("maya", outbox.Brief))
	file := filepath.Join(t.TempDir(), "backup.db")
	if err := backup.Write(ctx, s, file, false); err != nil {
		t.Fatal(err)
	}
	looks := open(t, dsn).Database()
	if err := looks.Daemon(ctx); err != nil {
		t.Errorf("before there is a daemon: %v", err)
	}
	if engine, err := looks.Engine(ctx); err != nil || !regexp.MustCompile(`^(SQLite|PostgreSQL) \d+[.\d]*$`).MatchString(engine) {
		t.Errorf("it is in %q, %v", engine, err)
	}
	if err := s.LockDaemon(); err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(dsn, "postgres") {
		changes, other := s.Changes(), open(t, dsn)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n, heard := 0, false; !heard; n++ { // from then on the database shows who listens
			commit(t, other, draft(id(n), outbox.Brief))
			select {
			case <-changes:
				heard = true
			case <-tick.C:
			}
		}
	}
	var running *store.RunningError
	if err := looks.Daemon(ctx); !errors.As(err, &running) || running.PID != fmt.Sprint(os.Getpid()) || time.Since(running.Since) > time.Minute {
		t.Errorf("a daemon runs, and what is seen of it is %v, %+v", err, running)
	}
	if _, err := backup.Restore(ctx, dsn, "", []string{ana}, file); !errors.As(err, &running) || running.PID != fmt.Sprint(os.Getpid()) {
		t.Errorf("%v; want it refused with the process id", err)
	}
	if strings.HasPrefix(dsn, "postgres") { // which shows a session for a moment after its process has ended
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(ctx, `SELECT set_config('application_name', application_name, false) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name LIKE 'coalition daemon%'`); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(300*time.Millisecond, func() { conn.Close(ctx) })
	}
	s.Close()
	if err := looks.Daemon(ctx); err != nil && !strings.HasPrefix(dsn, "postgres") {
		t.Errorf("after the daemon has ended: %v", err)
	}
	looks.Close()
	if _, err := backup.Restore(ctx, dsn, "", []string{ana}, file); err != nil {
		t.Errorf("after it has ended: %v", err)
	}
}

// A database of another program is left as it is.
func TestOtherProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "places.sqlite")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE places (id INTEGER, page BLOB); INSERT INTO places VALUES (1, zeroblob(8000000))"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, readOnly := range []bool{false, true} {
		var damaged *store.DamagedError
		if _, err := store.Open(ctx, path, []string{ana}, readOnly); !errors.As(err, &damaged) || !strings.Contains(err.Error(), "another program") {
			t.Errorf("opened (read only: %t): %v", readOnly, err)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before[40:], after[40:]) {
		t.Errorf("it was changed: %v", err)
	}
}

func id(n int) plan.ID { return plan.ID(fmt.Sprintf("p%02d", n)) }

// Whatever has happened to the file, it is refused in words, or it is what it was: it is never taken for a
// state in which nothing has happened, and no error is the database's own.
func TestDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	for i := range 40 {
		d := draft("maya", outbox.Brief)
		d.Conversation.ID = id(i)
		d.Messages[0].ID = id(i)
		commit(t, s, d)
	}
	s.Close()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	tests := map[string][]byte{
		"one byte":       {'S'},
		"half a header":  good[:50],
		"one page":       good[:page],
		"cut in half":    good[:len(good)/2/page*page],
		"cut in a page":  good[:len(good)/2+100],
		"zeros":          make([]byte, len(good)),
		"zeros in front": append(make([]byte, page), good[page:]...),
		"text":           []byte(strings.Repeat("garbage\n", 1000)),
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for n := 1; n < len(good)/page; n++ {
		zeroed, noise := bytes.Clone(good), bytes.Clone(good)
		clear(zeroed[n*page : (n+1)*page])
		for i := range page {
			noise[n*page+i] = byte(rnd.Uint32())
		}
		tests[fmt.Sprintf("page %d of zeros", n)], tests[fmt.Sprintf("page %d of noise", n)] = zeroed, noise
	}
	for name, data := range tests {
		for _, readOnly := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "state.db")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := store.Open(ctx, path, []string{ana}, readOnly)
			var list []*conversation.Conversation
			if err == nil {
				list, err = s.Load(ctx, lookup.Query{})
				s.Close()
			}
			var damaged *store.DamagedError
			if err == nil && len(list) == 40 {
				continue
			}
			if !errors.As(err, &damaged) {
				t.Errorf("%s (read only: %t): %d conversations, %v", name, readOnly, len(list), err)
			}
		}
	}
}
