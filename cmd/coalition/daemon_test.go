package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A running daemon; lines are what it logs.
type running struct {
	t     *testing.T
	stop  func() (exit int)
	end   func(by syscall.Signal) (exit int) // stop, with another signal
	lines <-chan string
	seen  []string
}

func startDaemon(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	return started(t, binary("coalition", append([]string{"--config", filepath.Join(dir, "config.yaml"), "daemon"}, args...)...))
}

// started starts a daemon.
func started(t *testing.T, cmd *exec.Cmd) *running {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(stderr); s.Scan(); {
			lines <- s.Text()
		}
	}()
	d := &running{t: t, lines: lines}
	d.end = func(by syscall.Signal) int {
		cmd.Process.Signal(by)
		for line := range lines {
			d.seen = append(d.seen, line)
		}
		cmd.Wait()
		return cmd.ProcessState.ExitCode()
	}
	d.stop = func() int { return d.end(syscall.SIGTERM) }
	return d
}

// await waits for a line that holds text.
func (r *running) await(text string) {
	r.t.Helper()
	for deadline := time.After(20 * time.Second); ; {
		select {
		case line, ok := <-r.lines:
			r.seen = append(r.seen, line)
			if strings.Contains(line, text) {
				return
			}
			if !ok {
				r.t.Fatalf("the daemon has ended before it logged %q:\n%s", text, strings.Join(r.seen, "\n"))
			}
		case <-deadline:
			r.t.Fatalf("the daemon has not logged %q:\n%s", text, strings.Join(r.seen, "\n"))
		}
	}
}

func inOutbox(t *testing.T, dir, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "outbox", pattern))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestDaemon: a running daemon sees what happens beside it: a new plan once it has been left alone for
// five seconds, an answer recorded by a command at once, a reminder when its time comes.
func TestDaemon(t *testing.T) {
	t.Parallel()
	dir := write(t, "config.yaml", anaConfig, "conversations/maya.yaml", mayaPlan)
	path := filepath.Join(dir, "conversations/maya.yaml")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, dir)
	d.await("msg=sent id=maya kind=brief")
	// Another daemon has no place beside it, and says so with the process id.
	code, _, stderr := coalition(t, dir, "daemon", "--once")
	if pid := regexp.MustCompile(`process id (\d+)`).FindStringSubmatch(stderr); code != 1 || pid == nil {
		t.Errorf("a second daemon: exit %d, %q", code, stderr)
	}
	// The command's word is the daemon's at once.
	if code, _, stderr := coalition(t, dir, "answer", "maya", "yes", "--time", "1"); code != 0 {
		t.Fatalf("answer: exit %d\n%s", code, stderr)
	}
	d.await("msg=sent id=maya kind=invite")
	// A new plan, written in two goes.
	begun := time.Now()
	tom := filepath.Join(dir, "conversations/tom.yaml")
	if err := os.WriteFile(tom, []byte("with: {name: Tom"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(tom, []byte(strings.ReplaceAll(mayaPlan, "maya@", "tom@")), 0o600); err != nil {
		t.Fatal(err)
	}
	d.await("msg=sent id=tom kind=brief")
	if waited := time.Since(begun); waited < 5*time.Second {
		t.Errorf("the plan was read %s after it was written", waited)
	}
	if strings.Contains(strings.Join(d.seen, "\n"), "a plan needs a look") {
		t.Errorf("the daemon has read half a plan:\n%s", strings.Join(d.seen, "\n"))
	}
	if code := d.stop(); code != 0 {
		t.Errorf("after SIGTERM: exit %d", code)
	}
	if files := inOutbox(t, dir, "*.eml"); len(files) != 3 {
		t.Errorf("in the outbox: %v; want two briefs and an invitation", files)
	}
}

// The clock of --at runs on: a reminder goes when its time comes.
func TestDaemonReminds(t *testing.T) {
	t.Parallel()
	plan := strings.Replace(mayaPlan, "times: [in 8 working days at 10:00, in 9 working days at 15:00]", "start: 2027-03-04 10:00", 1) + "permitted: In person.\n"
	dir := write(t, "config.yaml", anaConfig, "conversations/maya.yaml", plan)
	if code, _, stderr := coalition(t, dir, "--at", "2027-02-01 10:00", "daemon", "--once"); code != 0 {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	d := startDaemon(t, dir, "--at", "2027-03-03T09:59:59Z")
	d.await("msg=sent id=maya kind=reminder")
	if code := d.stop(); code != 0 || len(inOutbox(t, dir, "*-reminder-0.eml")) != 1 {
		t.Errorf("exit %d, reminders %v", code, inOutbox(t, dir, "*-reminder-*"))
	}
}

// TestSystemd: whoever has started the daemon hears when it is ready, that it goes round, and when it ends.
func TestSystemd(t *testing.T) {
	dir := write(t, "config.yaml", anaConfig, "conversations/maya.yaml", mayaPlan)
	socket, err := net.ListenPacket("unixgram", filepath.Join(t.TempDir(), "notify"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", socket.LocalAddr().String())
	heard := func(want string) {
		t.Helper()
		data := make([]byte, 100)
		if err := socket.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		for got := ""; got != want; {
			n, _, err := socket.ReadFrom(data)
			if err != nil {
				t.Fatalf("%s was not heard: %v", want, err)
			}
			if got = string(data[:n]); got != want && got != "WATCHDOG=1" {
				t.Fatalf("heard %s, want %s", got, want)
			}
		}
	}
	d := startDaemon(t, dir)
	heard("READY=1")
	if code, _, stderr := coalition(t, dir, "pause"); code != 0 {
		t.Fatal(stderr)
	}
	heard("WATCHDOG=1")
	if code := d.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
	heard("STOPPING=1")
}

// TestDrain: a message that is being handed over when the daemon is told to stop is handed over, and on
// record as sent.
func TestDrain(t *testing.T) {
	t.Parallel()
	box := newMailbox(t)
	host, port, _ := net.SplitHostPort(box.addr)
	dir := write(t, "config.yaml", anaConfig+fmt.Sprintf("mail:\n  via: smtp\n  smtp: {host: %s, port: %s, security: none}\n", host, port), "conversations/maya.yaml", mayaPlan)
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "conversations/maya.yaml"), old, old); err != nil {
		t.Fatal(err)
	}
	inHand, told := make(chan bool), make(chan bool)
	box.mu.Lock()
	box.onHit = func(step string) {
		if step == "data" {
			inHand <- true
			<-told
		}
	}
	box.mu.Unlock()
	d := startDaemon(t, dir)
	<-inHand
	exit := make(chan int)
	go func() { exit <- d.stop() }()
	// It must not end before the server has answered; nor would it end by itself.
	select {
	case code := <-exit:
		t.Fatalf("it has ended with a message in its hands: exit %d", code)
	case told <- true:
	}
	if code := <-exit; code != 0 {
		t.Errorf("exit %d", code)
	}
	_, out, _ := coalition(t, dir, "log", "--json")
	var rows []logRow
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		t.Fatal(err)
	}
	if box.count() != 1 || len(rows) != 1 || *rows[0].State != "sent" || rows[0].Attempts != 1 {
		t.Errorf("%d arrived; log:\n%s", box.count(), out)
	}
}

// TestUnchanged: a pass over plans in which nothing has changed writes nothing.
func TestUnchanged(t *testing.T) {
	files := []string{"config.yaml", anaConfig + "hold_over: 1000\n"}
	for i := range 300 {
		files = append(files, fmt.Sprintf("conversations/p%03d.yaml", i), strings.Replace(mayaPlan, "maya@", fmt.Sprintf("p%d@", i), 1)+"offer: []\nask:\nask_on: in 0 days\n")
	}
	dir := write(t, files...)
	state := func() []byte {
		var all []byte
		for _, name := range []string{"coalition.db", "coalition.db-wal"} {
			data, err := os.ReadFile(filepath.Join(dir, "state", name))
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			all = append(all, data...)
		}
		return all
	}
	once := func() {
		if code, _, stderr := coalition(t, dir, "daemon", "--once"); code != 0 {
			t.Fatalf("exit %d\n%s", code, stderr)
		}
	}
	once()
	once() // closing the database may tidy up behind the first run
	before := state()
	once()
	if !bytes.Equal(before, state()) {
		t.Error("a pass over unchanged plans has written to the state")
	}
}
