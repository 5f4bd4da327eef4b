package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"coalition/invites/google/googletest"
	"coalition/scheduler/store/storetest"
)

// doorConfig is a config for mail through p, with a password in a file beside it.
func doorConfig(p *post, more string) string {
	host, port, _ := net.SplitHostPort(p.addr)
	return anaConfig + fmt.Sprintf("mail: {via: smtp, smtp: {host: %s, port: %s, security: none, username: ana, %s}}\nhold_over: 1000\n", host, port, more)
}

func manyPlans(n int) (files []string) {
	for i := range n {
		files = append(files, fmt.Sprintf("conversations/p%03d.yaml", i), strings.Replace(mayaPlan, "maya@", fmt.Sprintf("p%d@", i), 1))
	}
	return files
}

func writePassword(t *testing.T, dir, password string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestWrongPassword: one sign-in for 30 messages, and none by further runs; list, log and exit code tell of it;
// a command tries at once, and so does a config that has been mended.
func TestWrongPassword(t *testing.T) {
	p := &post{password: "geheim"}
	p.serve(t, nil)
	dir := write(t, append(manyPlans(30), "config.yaml", doorConfig(p, "password_file: secret"))...)
	writePassword(t, dir, "wrong")
	expect := func(what string, logins int) {
		t.Helper()
		if connects, n := p.counted(); n != logins || connects != logins {
			t.Errorf("%s: %d connections, %d sign-ins; want %d", what, connects, n, logins)
		}
	}
	code, _, stderr := coalition(t, dir, "daemon", "--once")
	if code != exitFailed || strings.Count(stderr, "refused the user name or password") != 1 || !strings.Contains(stderr, "coalition resume") {
		t.Errorf("the first run: exit %d\n%s", code, stderr)
	}
	expect("the first run", 1)
	for range 3 {
		if code, _, stderr := coalition(t, dir, "daemon", "--once"); code != exitFailed || !strings.Contains(stderr, "refused the user name or password") {
			t.Errorf("a further run: exit %d\n%s", code, stderr)
		}
	}
	expect("further runs", 0)
	_, stdout, stderr := coalition(t, dir, "list", "--json")
	var rows []row
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil || len(rows) != 30 {
		t.Fatalf("%v: %s", err, stdout)
	}
	for _, r := range rows {
		if !strings.HasPrefix(*r.Next, "mend what keeps the brief from going, then: coalition resume") || !strings.Contains(*r.Next, "password") {
			t.Errorf("%s, next: %s", r.ID, *r.Next)
		}
	}
	if strings.Count(stderr, "refused the user name or password") != 1 || !strings.Contains(stderr, "30 messages wait") {
		t.Errorf("list says: %s", stderr)
	}
	if code, _, stderr := coalition(t, dir, "ask", "p003", "--yes"); code != exitFailed || !strings.Contains(stderr, "coalition resume") {
		t.Errorf("a command: exit %d\n%s", code, stderr)
	}
	expect("a command", 1)
	if code, _, stderr := coalition(t, dir, "approve", "p004", "--yes"); code != exitFailed {
		t.Errorf("approve: exit %d\n%s", code, stderr)
	}
	expect("approve", 1)
	coalition(t, dir, "daemon", "--once")
	expect("a run after commands", 0)
	if code, _, stderr := coalition(t, dir, "resume"); code != exitDone {
		t.Errorf("resume: exit %d\n%s", code, stderr)
	}
	coalition(t, dir, "daemon", "--once")
	expect("a run after resume", 1)
	_, stdout, _ = coalition(t, dir, "log", "--json")
	var log []logRow
	if err := json.Unmarshal([]byte(stdout), &log); err != nil {
		t.Fatal(err)
	}
	for _, r := range log {
		if r.State != nil && (*r.State != "pending" || r.Attempts > 1) {
			t.Errorf("%s is %s after %d attempts", r.ID, *r.State, r.Attempts)
		}
	}
	writePassword(t, dir, "geheim")
	if code, _, stderr := coalition(t, dir, "daemon", "--once"); code != exitDone || len(p.arrived) != 30 {
		t.Errorf("mended: exit %d, %d arrived\n%s", code, len(p.arrived), stderr)
	}
	if _, _, stderr := coalition(t, dir, "list"); strings.Contains(stderr, "Note:") {
		t.Errorf("mended, list says: %s", stderr)
	}
}

// TestDoorOfDaemon: while a daemon waits at the closed door, a command tries at once, and what it opens the
// daemon goes through; so it does when the password is mended in its file.
func TestDoorOfDaemon(t *testing.T) {
	t.Parallel()
	p := &post{password: "geheim"}
	p.serve(t, nil)
	dir := write(t, append(manyPlans(20), "config.yaml", doorConfig(p, "password_file: secret"))...)
	writePassword(t, dir, "wrong")
	old := time.Now().Add(-time.Hour)
	for i := range 20 {
		if err := os.Chtimes(filepath.Join(dir, fmt.Sprintf("conversations/p%03d.yaml", i)), old, old); err != nil {
			t.Fatal(err)
		}
	}
	d := startDaemon(t, dir)
	d.await("mail does not go")
	if connects, logins := p.counted(); connects != 1 || logins != 1 {
		t.Errorf("%d connections, %d sign-ins", connects, logins)
	}
	if code, _, stderr := coalition(t, dir, "ask", "p005", "--yes"); code != exitFailed {
		t.Errorf("ask: exit %d\n%s", code, stderr)
	}
	if connects, logins := p.counted(); connects != 1 || logins != 1 {
		t.Errorf("by the command: %d connections, %d sign-ins", connects, logins)
	}
	p.mu.Lock()
	p.password = "wrong" // which is right now
	p.mu.Unlock()
	if code, _, stderr := coalition(t, dir, "ask", "p005", "--yes"); code != exitDone {
		t.Errorf("ask, mended: exit %d\n%s", code, stderr)
	}
	for range 19 {
		d.await("msg=sent")
	}
	if n := strings.Count(strings.Join(d.seen, "\n"), "mail does not go"); n != 1 {
		t.Errorf("told %d times:\n%s", n, strings.Join(d.seen, "\n"))
	}
	if code := d.stop(); code != 0 || len(p.arrived) != 20 {
		t.Errorf("exit %d, %d arrived", code, len(p.arrived))
	}
}

// TestAccountFaults: each fault of the account stops it after one try, fails no message, and is told; once it is
// mended all goes.
func TestAccountFaults(t *testing.T) {
	for _, test := range []struct{ name, step, do, text string }{
		{"MAIL 550", "MAIL", "550 5.7.1 sender not allowed", "sender not allowed"},
		{"MAIL 553", "MAIL", "553 5.1.8 no such domain", "no such domain"},
		{"MAIL 530", "MAIL", "530 5.7.0 sign in first", "sign in first"},
		{"AUTH 534", "AUTH", "534 5.7.9 an app password is needed", "an app password is needed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := &post{password: "geheim", step: test.step, do: test.do, again: 1000}
			p.serve(t, nil)
			dir := write(t, append(manyPlans(5), "config.yaml", doorConfig(p, "password_file: secret"))...)
			writePassword(t, dir, "geheim")
			for i := range 2 {
				if code, _, stderr := coalition(t, dir, "daemon", "--once"); code != exitFailed || !strings.Contains(stderr, test.text) {
					t.Errorf("exit %d\n%s", code, stderr)
				}
				if connects, _ := p.counted(); connects != 1-i {
					t.Errorf("run %d: %d connections", i, connects)
				}
			}
			p.mu.Lock()
			p.step = ""
			p.mu.Unlock()
			if code, stdout, stderr := coalition(t, dir, "approve", "--all", "--yes"); code != exitDone || len(p.arrived) != 5 {
				t.Errorf("mended: exit %d, %d arrived\n%s%s", code, len(p.arrived), stdout, stderr)
			}
		})
	}
}

// TestNoPassword: a password that can't be had ends a command at once, and nobody is connected to.
func TestNoPassword(t *testing.T) {
	for name, how := range map[string]string{"file": "password_file: secret", "command": `password_command: "exit 3"`, "empty": `password_command: "true"`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &post{password: "geheim"}
			p.serve(t, nil)
			dir := write(t, append(manyPlans(2), "config.yaml", doorConfig(p, how))...)
			begun := time.Now()
			code, _, stderr := coalition(t, dir, "ask", "p001", "--yes")
			if connects, _ := p.counted(); code != exitFailed || connects != 0 || !strings.Contains(stderr, "password") {
				t.Errorf("exit %d, %d connections\n%s", code, connects, stderr)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// TestFailedGoesAgain: what has failed is named by approve --all, with the command by which it goes again, and
// that command works.
func TestFailedGoesAgain(t *testing.T) {
	p := &post{step: "RCPT", do: "550 no such user", again: 1}
	p.serve(t, nil)
	host, port, _ := net.SplitHostPort(p.addr)
	plan := strings.Replace(mayaPlan, "times: [in 8 working days at 10:00, in 9 working days at 15:00]", "start: 2027-03-04 10:00", 1)
	dir := write(t, "config.yaml", anaConfig+fmt.Sprintf("mail: {via: smtp, smtp: {host: %s, port: %s, security: none}}\n", host, port),
		"conversations/maya.yaml", plan, "conversations/tom.yaml", strings.ReplaceAll(plan, "maya@", "tom@")+"permitted: In person.\n")
	at := func(args ...string) []string { return append([]string{"--at", "2027-02-01 10:00"}, args...) }
	if code, _, stderr := coalition(t, dir, at("daemon", "--once")...); code != exitFailed {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	_, _, stderr := coalition(t, dir, at("approve", "--all", "--yes")...)
	for _, way := range []string{"coalition ask maya", "coalition invite tom"} {
		if !strings.Contains(stderr, way) {
			t.Errorf("approve --all does not name %q:\n%s", way, stderr)
		}
		if _, stdout, _ := coalition(t, dir, at("list", "--json")...); !strings.Contains(stdout, way) {
			t.Errorf("list does not name %q:\n%s", way, stdout)
		}
	}
	for _, command := range [][]string{{"ask", "maya", "--yes"}, {"invite", "tom", "--yes"}} {
		if code, _, stderr := coalition(t, dir, at(command...)...); code != exitDone {
			t.Errorf("%v: exit %d\n%s", command, code, stderr)
		}
	}
	// A reminder and an update have no command of their own.
	p.mu.Lock()
	p.step, p.again = "RCPT", 0
	p.mu.Unlock()
	coalition(t, dir, "--at", "2027-03-03 12:00", "daemon", "--once")
	_, _, stderr = coalition(t, dir, "--at", "2027-03-03 12:00", "approve", "--all", "--yes")
	if !strings.Contains(stderr, "the reminder to tom@example.org has failed: no such user") || !strings.Contains(stderr, "coalition approve tom") {
		t.Errorf("the reminder: %s", stderr)
	}
	if code, _, stderr := coalition(t, dir, "--at", "2027-03-03 12:00", "approve", "tom", "--yes"); code != exitDone || len(p.arrived) != 3 {
		t.Errorf("the reminder: exit %d, %d arrived\n%s", code, len(p.arrived), stderr)
	}
}

// TestGoogleDoor: one write shows that Google takes no more for now, or wants a sign-in; the others wait with it, and
// go when it is over.
func TestGoogleDoor(t *testing.T) {
	const many = 6
	var plans []string
	for i := range many {
		plans = append(plans, fmt.Sprintf("p%d", i), strings.Replace(googlePlan, "maya@", fmt.Sprintf("p%d@", i), 1)+"permitted: In person.\n")
	}
	writes := func(d *desk) int { return d.Count("events.insert", "events.patch", "events.update", "events.import") }
	nexts := func(d *desk, want string) {
		t.Helper()
		stdout, _ := d.do(0, "list", "--json")
		if n := strings.Count(stdout, want); n != many {
			t.Errorf("%d times %q in\n%s", n, want, stdout)
		}
	}
	for _, test := range []struct {
		name string
		do   func(d *desk)
		exit int
		next string
		mend func(d *desk)
		most int // writes in the first two runs
	}{
		{"no more guests", func(d *desk) { d.Quota(1000) }, exitFailed, "wait until Google takes guests again", func(d *desk) { d.Heal(); d.do(0, "resume") }, 1},
		{"too many requests", func(d *desk) {
			d.Fail(googletest.Fault{Call: "events.insert", Status: 429, RetryAfter: time.Hour, Times: -1})
		}, exitFailed, "too many requests", func(d *desk) { d.Heal(); d.do(0, "resume") }, 1},
		{"signed out", func(d *desk) { d.RevokeGrant() }, exitLogin, "sign in to Google again", func(d *desk) { d.signIn() }, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "hold_over: 1000\n", plans...)
			d.do(0, "pause")
			d.do(0, "daemon", "--once")
			test.do(d)
			d.do(0, "resume")
			d.Forget()
			for range 2 {
				d.do(test.exit, "daemon", "--once")
			}
			if n := writes(d); n > test.most {
				t.Errorf("%d writes in two runs; want at most %d", n, test.most)
			}
			nexts(d, test.next)
			test.mend(d)
			d.do(0, "daemon", "--once")
			d.do(0, "daemon", "--once")
			if n := len(d.Events()); n != many {
				t.Errorf("%d events in the end", n)
			}
			if n := len(d.Notices()); n != many {
				t.Errorf("%d guests were told", n)
			}
		})
	}
}

// TestTwoDaemonsOneDoor: two daemons on one PostgreSQL state sign in once for both, and both say why nothing goes; when
// it is mended all goes, once.
func TestTwoDaemonsOneDoor(t *testing.T) {
	t.Parallel()
	p := &post{password: "geheim"}
	p.serve(t, nil)
	dsn := storetest.Postgres(t)(t)
	dir := write(t, append(manyPlans(20), "config.yaml", strings.Replace(doorConfig(p, "password_file: secret"), "organizer:", "state: "+dsn+"\norganizer:", 1))...)
	writePassword(t, dir, "wrong")
	old := time.Now().Add(-time.Hour)
	for i := range 20 {
		if err := os.Chtimes(filepath.Join(dir, fmt.Sprintf("conversations/p%03d.yaml", i)), old, old); err != nil {
			t.Fatal(err)
		}
	}
	a, b := startDaemon(t, dir), startDaemon(t, dir)
	a.await("mail does not go")
	b.await("mail does not go")
	if connects, logins := p.counted(); connects != 1 || logins != 1 {
		t.Errorf("%d connections, %d sign-ins", connects, logins)
	}
	p.mu.Lock()
	p.password = "wrong" // which is right now
	p.mu.Unlock()
	if code, _, stderr := coalition(t, dir, "resume"); code != exitDone {
		t.Fatalf("resume: exit %d\n%s", code, stderr)
	}
	var log []logRow
	sent := func(r logRow) bool { return r.State != nil && *r.State == "sent" }
	for deadline := time.Now().Add(30 * time.Second); len(log) == 0 || slices.ContainsFunc(log, func(r logRow) bool { return r.State != nil && !sent(r) }); {
		_, stdout, _ := coalition(t, dir, "log", "--json")
		if err := json.Unmarshal([]byte(stdout), &log); err != nil || time.Now().After(deadline) {
			a.stop()
			b.stop()
			t.Fatalf("%v: %s\n%s\n\n%s", err, stdout, strings.Join(a.seen, "\n"), strings.Join(b.seen, "\n"))
		}
	}
	if code := a.stop() + b.stop(); code != 0 || len(p.arrived) != 20 {
		t.Errorf("exit %d, %d arrived", code, len(p.arrived))
	}
}
