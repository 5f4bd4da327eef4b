package store_test

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/store"
)

// raw is the database beside the store.
func raw(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	driver := "pgx"
	if !strings.HasPrefix(dsn, "postgres") {
		driver, dsn = "sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: dsn, RawQuery: "_pragma=busy_timeout(10000)"}).String()
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// silence lets an hour of silence pass for all owners of claims.
func silence(t *testing.T, db *sql.DB) {
	t.Helper()
	if _, err := db.Exec("UPDATE owners SET beat = beat - 61000"); err != nil {
		t.Fatal(err)
	}
}

// A sleeper is another process with a claim.
type sleeper struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startSleeper(t *testing.T, dsn, phase string) *sleeper {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "STORE_TEST_CLAIM="+dsn, "STORE_TEST_PHASE="+phase, "STORE_TEST_CHANNEL="+string(outbox.Mail))
	cmd.Stderr, cmd.SysProcAttr = os.Stderr, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	s := &sleeper{cmd, in, bufio.NewReader(out)}
	s.says(t, "claimed")
	return s
}

func (s *sleeper) says(t *testing.T, want string) {
	t.Helper()
	if line, err := s.out.ReadString('\n'); strings.TrimSpace(line) != want {
		t.Fatalf("the other process says %q, %v; want %q", line, err, want)
	}
}

// The claim of a process that is stopped is freed once it has not shown for a minute that it lives,
// although it keeps its locks and its session; and it finds that out at its dot.
func testStopped(t *testing.T, dsn string) {
	s := open(t, dsn)
	commit(t, s, draft("maya", outbox.Brief))
	other := startSleeper(t, dsn, "sleep")
	if err := other.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if freed, err := s.Recover(ctx, time.Now()); err != nil || len(freed) != 0 {
		t.Fatalf("freed %v, %v from a process that was alive a moment ago", freed, err)
	}
	silence(t, raw(t, dsn))
	if freed, err := s.Recover(ctx, time.Now()); err != nil || len(freed) != 1 || freed[0].State != outbox.Queued {
		t.Fatalf("freed %v, %v; want the brief", freed, err)
	}
	m := claim(t, s)
	if err := other.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(other.in)
	other.says(t, "true") // fenced
	if err := s.Dot(ctx, m); err != nil {
		t.Errorf("the dot of the one that has it now: %v", err)
	}
}

// What a silent process may be handing over is left to it for ten minutes, whoever asks; what it has to
// say about it counts. It goes again at once when the process is surely gone.
func testDoubt(t *testing.T, dsn string) {
	s, db := open(t, dsn), raw(t, dsn)
	commit(t, s, draft("maya", outbox.Brief))
	other := startSleeper(t, dsn, "dot")
	silence(t, db)
	freed, err := s.Recover(ctx, time.Now())
	if err != nil || len(freed) != 1 || freed[0].State != outbox.Unclear || time.Until(freed[0].NotBefore) < 9*time.Minute {
		t.Fatalf("freed %+v, %v; want an unclear brief that waits", freed, err)
	}
	row := freed[0].Row
	if err := s.Approve(ctx, []int64{row}); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Claim(ctx, time.Now(), outbox.Mail, 1, nil, yes); err != nil || len(list) != 0 {
		t.Fatalf("claimed %v, %v while its owner may be handing it over", list, err)
	}
	if freed, err := s.Recover(ctx, time.Now()); err != nil || len(freed) != 0 {
		t.Fatalf("freed once more: %v, %v", freed, err)
	}
	other.Process.Kill()
	other.Wait()
	if _, err := s.Recover(ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Claim(ctx, time.Now(), outbox.Mail, 1, nil, yes); err != nil || len(list) != 1 {
		t.Errorf("claimed %v, %v once its owner is gone", list, err)
	}
}

// A session that is cut proves nothing: its process goes on handing over.
func testCut(t *testing.T, dsn string) {
	s, db := open(t, dsn), raw(t, dsn)
	commit(t, s, draft("maya", outbox.Brief))
	startSleeper(t, dsn, "dot")
	if _, err := db.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first one may find its own session cut
		if freed, err := s.Recover(ctx, time.Now()); len(freed) != 0 {
			t.Fatalf("freed %v, %v from a process whose session was cut", freed, err)
		}
	}
}

// What is decided on what somebody has changed since does not count, whatever the conversations are.
func testSlots(t *testing.T, dsn string) {
	one, two := open(t, dsn), open(t, dsn)
	seen, err := one.Slots(ctx)
	if err != nil || seen == 0 {
		t.Fatalf("slots %d, %v", seen, err)
	}
	take := func(s *store.Store, id plan.ID, slots int64) error {
		d := draft(id)
		d.Slots = slots
		return s.Commit(ctx, d)
	}
	if err := take(one, "maya", seen); err != nil {
		t.Fatal(err)
	}
	if err := take(two, "tom", seen); !errors.Is(err, conversation.ErrConflict) {
		t.Errorf("a second decision on the same: %v", err)
	}
	if len(load(t, one)) != 1 {
		t.Error("what did not count is there")
	}
	if err := take(two, "tom", seen+1); err != nil {
		t.Error(err)
	}
	if err := take(two, "ada", 0); err != nil { // takes nothing
		t.Error(err)
	}
	if err := take(one, "eve", conversation.Anyway); err != nil {
		t.Error(err)
	}
	if now, err := two.Slots(ctx); err != nil || now != seen+3 {
		t.Errorf("slots %d, %v; want %d", now, err, seen+3)
	}
}

// Drafts that were decided together count together, or not at all; one that can't be written takes no
// other with it.
func testCommitAll(t *testing.T, dsn string) {
	s := open(t, dsn)
	commit(t, s, draft("taken", outbox.Brief))
	seen, err := s.Slots(ctx)
	if err != nil {
		t.Fatal(err)
	}
	all := []*conversation.Draft{draft("a", outbox.Brief), draft("taken", outbox.Brief), draft("b", outbox.Brief, outbox.Reminder)}
	all[2].Messages[1].Revision = all[2].Messages[0].Revision
	errs, err := s.CommitAll(ctx, seen, all)
	if err != nil || errs[0] != nil || !errors.Is(errs[1], conversation.ErrConflict) || errs[2] != nil {
		t.Fatalf("%v, %v; want a conflict of the second", errs, err)
	}
	if all[0].Messages[0].Row == 0 || all[0].Conversation.Rev != 1 || all[1].Messages[0].Row != 0 || all[2].Messages[1].Row == 0 {
		t.Error("the rows are not those that were given")
	}
	if _, err := s.CommitAll(ctx, seen, []*conversation.Draft{draft("c", outbox.Brief)}); !errors.Is(err, conversation.ErrConflict) {
		t.Errorf("decided on what was there before: %v", err)
	}
	if n := len(load(t, s)); n != 3 {
		t.Errorf("%d conversations, want 3", n)
	}
}

// An old address finds the organizer's rows; one that is another organizer's opens nothing of theirs.
func testOrganizers(t *testing.T, dsn string) {
	from := func(home string, addresses ...string) (*store.Store, error) {
		s, err := store.OpenFrom(ctx, dsn, home, addresses, false)
		if err == nil {
			t.Cleanup(func() { s.Close() })
		}
		return s, err
	}
	mustFrom := func(home string, addresses ...string) *store.Store {
		t.Helper()
		s, err := from(home, addresses...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	mustFrom("here", "mistyped@example.org") // which has done nothing
	s := mustFrom("here", "old@example.org")
	commit(t, s, draft("maya", outbox.Brief))
	for range 2 { // the second time from anywhere
		if len(load(t, mustFrom("here", "New@example.org", "other@example.net", "Old@example.org"))) != 1 {
			t.Error("with the old address as an alias nothing is found")
		}
	}
	other, err := from("there", "other@example.org")
	if !strings.HasPrefix(dsn, "postgres") {
		if !errors.Is(err, store.ErrOtherOrganizer) {
			t.Errorf("a file of somebody else: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(load(t, mustFrom("elsewhere", "new@example.org"))) != 1 {
		t.Error("an address that has opened the rows opens them no more")
	}
	commit(t, other, draft("maya", outbox.Brief))
	if m := claim(t, other); m.Row == message(t, s).Row {
		t.Error("claimed a message of another organizer")
	}
	// A pause is the organizer's own, and so are the doors.
	if err := errors.Join(s.Pause(ctx, true), s.Shut(ctx, &outbox.Door{Name: "mail", Fault: outbox.FaultAccount, Until: time.Now().Add(time.Hour)})); err != nil {
		t.Fatal(err)
	}
	if doors, err := other.Doors(ctx); err != nil || len(doors) != 0 {
		t.Errorf("another organizer sees the doors %v, %v", doors, err)
	}
	if err := other.Pause(ctx, false); err != nil {
		t.Fatal(err)
	}
	if mine, err := s.Paused(ctx); err != nil || !mine {
		t.Errorf("after another's resume: paused %t, %v", mine, err)
	}
	if paused, err := other.Paused(ctx); err != nil || paused {
		t.Errorf("another organizer's pause: %t, %v", paused, err)
	}
	if doors, err := s.Doors(ctx); err != nil || len(doors) != 1 || time.Until(doors[0].Until) < time.Minute {
		t.Errorf("after another's resume: doors %v, %v", doors, err)
	}
	if err := s.Pause(ctx, false); err != nil {
		t.Fatal(err)
	}
	for _, addresses := range [][]string{{"bob@example.org", "old@example.org"}, {"bob@example.org", "new@example.org", "other@example.org"}} {
		bob := mustFrom("bob's", addresses...)
		if n := len(load(t, bob)); n != 0 {
			t.Errorf("%v has opened %d conversations of others", addresses, n)
		}
		if list, err := bob.Claim(ctx, time.Now(), outbox.Mail, 10, nil, yes); err != nil || len(list) != 0 {
			t.Errorf("%v has claimed %d messages of others, %v", addresses, len(list), err)
		}
		silence(t, raw(t, dsn))
		if freed, err := bob.Recover(ctx, time.Now()); err != nil || len(freed) != 0 {
			t.Errorf("%v has freed %d claims of others, %v", addresses, len(freed), err)
		}
	}
	// One's own come first, whatever the aliases are.
	if list := load(t, mustFrom("there", "other@example.org", "old@example.org")); len(list) != 1 || list[0].Messages[0].State != outbox.Sending {
		t.Errorf("with another's address as an alias: %d conversations, not its own", len(list))
	}
}

// What a command looks at when it starts does not grow with what others have in the same database.
func testStart(t *testing.T, dsn string) {
	s := open(t, dsn)
	commit(t, s, draft("maya", outbox.Brief))
	claim(t, s)
	setup := raw(t, dsn)
	for _, statement := range []string{
		`INSERT INTO conversations (organizer, id, round, rev, data) SELECT 'o' || i % 50 || '@example.org', 'c' || i, 1, 1, '{}' FROM generate_series(1, 6000) i`,
		`INSERT INTO messages (organizer, id, round, kind, revision, recipient, message_id, sequence, stamp, content, due, deadline, state, phase, owner, approved, attempts, unclears, flagged, not_before, changed, via, code, error)
			SELECT 'o' || i % 50 || '@example.org', 'c' || i, 1, 'brief', '1', 'x@example.org', '', 0, 0, '{}', 0, 0, CASE WHEN i % 2 = 0 THEN 'sending' ELSE 'queued' END, 'connect', CASE WHEN i % 2 = 0 THEN 'o' || i ELSE '' END, FALSE, 1, 0, FALSE, 0, 0, 'smtp', 0, ''
			FROM generate_series(1, 6000) i`,
		`INSERT INTO organizers SELECT 'o' || i || '@example.org', 1 FROM generate_series(0, 49) i`,
		`INSERT INTO addresses SELECT 'o' || i || '@example.org', 'o' || i || '@example.org' FROM generate_series(0, 49) i`,
		`INSERT INTO owners SELECT 'o' || i * 2, 'o' || i % 50 || '@example.org', '', 0, 0 FROM generate_series(1, 3000) i`,
		`INSERT INTO pages SELECT 'h' || i, 'o' || i % 50 || '@example.org', 'c' || i, 1 FROM generate_series(1, 6000) i`,
		`INSERT INTO events (organizer, id, round, happened, kind, words) SELECT 'o' || i % 50 || '@example.org', 'c' || i, 1, 0, 'ready', 'x' FROM generate_series(1, 6000) i`,
		`ANALYZE`,
	} {
		if _, err := setup.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	setup.Close()
	s.Close()
	db := raw(t, dsn)
	db.SetMaxOpenConns(1)
	// rows is how many have been read from tables so far, once all other sessions have ended and told.
	rows := func() (n int64) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; {
			var others int
			if err := db.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'").Scan(&others); err != nil {
				t.Fatal(err)
			}
			if others == 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d sessions are still there", others)
			}
		}
		if err := db.QueryRow("SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := rows()
	s, err := store.OpenFrom(ctx, dsn, "", []string{ana, "o7@example.org"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if freed, err := s.Recover(ctx, time.Now()); err != nil || len(freed) != 1 {
		t.Errorf("freed %v, %v; want one's own alone", freed, err)
	}
	if n := len(load(t, s)); n != 1 {
		t.Errorf("loaded %d conversations", n)
	}
	if _, _, err := s.Page(ctx, "h7"); err != nil {
		t.Error(err)
	}
	for _, by := range []outbox.Channel{outbox.Mail, outbox.Channel("google")} {
		if _, err := s.NextClaim(ctx, by, nil); err != nil {
			t.Error(err)
		}
		if _, err := s.Claim(ctx, time.Now(), by, 10, nil, yes); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.History(ctx, ""); err != nil {
		t.Error(err)
	}
	s.Close()
	if read := rows() - before; read > 200 {
		tables, err := db.Query("SELECT relname, seq_tup_read, idx_tup_fetch FROM pg_stat_user_tables")
		if err != nil {
			t.Fatal(err)
		}
		defer tables.Close()
		var list []string
		for tables.Next() {
			var name string
			var all, some sql.NullInt64
			if err := tables.Scan(&name, &all, &some); err != nil {
				t.Fatal(err)
			}
			list = append(list, fmt.Sprintf("%s %d+%d", name, all.Int64, some.Int64))
		}
		t.Errorf("%d rows were read for one conversation beside 6,000 of others; of all: %s", read, strings.Join(list, ", "))
	}
}
