package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"coalition/scheduler"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/store/storetest"
)

// A mailbox is an SMTP server that keeps what it accepts, and tells of every step.
type mailbox struct {
	addr string

	mu    sync.Mutex
	got   map[string][][]byte // by recipient: the bytes of each message, in order
	onHit func(step string)   // called at each step: "mail", "rcpt", "data", "accepted"
}

func newMailbox(t testing.TB) *mailbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &mailbox{addr: l.Addr().String(), got: make(map[string][][]byte)}
	s := smtp.NewServer(b)
	s.Domain = "localhost"
	s.ErrorLog = log.New(io.Discard, "", 0) // of connections that are cut, which is what happens here
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return b
}

func (b *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &smtpDelivery{b: b}, nil }

func (b *mailbox) hit(step string) {
	b.mu.Lock()
	f := b.onHit
	b.mu.Unlock()
	if f != nil {
		f(step)
	}
}

func (b *mailbox) count() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, list := range b.got {
		n += len(list)
	}
	return n
}

type smtpDelivery struct {
	b  *mailbox
	to string
}

func (d *smtpDelivery) Mail(string, *smtp.MailOptions) error { d.b.hit("mail"); return nil }
func (d *smtpDelivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = to
	d.b.hit("rcpt")
	return nil
}
func (d *smtpDelivery) Data(r io.Reader) error {
	d.b.hit("data")
	data, err := io.ReadAll(r)
	if err != nil {
		return err // cut off before the dot: nothing was accepted
	}
	d.b.mu.Lock()
	d.b.got[d.to] = append(d.b.got[d.to], data)
	d.b.mu.Unlock()
	d.b.hit("accepted") // and the reply is still to come
	return nil
}
func (d *smtpDelivery) Reset()        {}
func (d *smtpDelivery) Logout() error { return nil }

// killed is the daemon in a process of its own that kills itself at a named point of its work, the
// n-th time it comes there: KILL_AT is "point n". It is the real program but for that.
func killed() {
	a := &app{wall: time.Now, environ: os.Environ(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, hard: context.Background()}
	a.configFile = os.Args[1]
	if err := a.open(context.Background(), false); err != nil {
		panic(err)
	}
	if err := a.state.LockDaemon(); err != nil {
		panic(err)
	}
	k := &killer{Store: a.sched.Store}
	if _, err := fmt.Sscanf(os.Getenv("KILL_AT"), "%s %d", &k.point, &k.left); err != nil {
		panic(err)
	}
	a.parts.Store = k
	a.sched = scheduler.New(a.parts)
	err := a.sched.Run(context.Background(), a.hard)
	panic(fmt.Sprint("not killed: ", err))
}

// A killer is a store whose process dies before or after one of its steps.
type killer struct {
	scheduler.Store
	mu    sync.Mutex
	point string
	left  int
}

func (k *killer) at(point string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if point == k.point {
		if k.left--; k.left <= 0 {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
}

func (k *killer) Commit(ctx context.Context, d *conversation.Draft) error {
	k.at("before-decide")
	err := k.Store.Commit(ctx, d)
	k.at("after-decide")
	return err
}

func (k *killer) CommitAll(ctx context.Context, slots int64, drafts []*conversation.Draft) ([]error, error) {
	k.at("before-decide")
	errs, err := k.Store.CommitAll(ctx, slots, drafts)
	k.at("after-decide")
	return errs, err
}

func (k *killer) Claim(ctx context.Context, wall time.Time, by outbox.Channel, limit int, rows []int64, wanted conversation.Wanted) ([]*outbox.Message, error) {
	k.at("before-claim")
	list, err := k.Store.Claim(ctx, wall, by, limit, rows, wanted)
	if len(list) > 0 { // both channels are asked
		k.at("after-claim")
	}
	return list, err
}

func (k *killer) Dot(ctx context.Context, m *outbox.Message) error {
	k.at("before-dot")
	err := k.Store.Dot(ctx, m)
	k.at("after-dot")
	return err
}

func (k *killer) Settle(ctx context.Context, m *outbox.Message) error {
	k.at("before-settle")
	err := k.Store.Settle(ctx, m)
	k.at("after-settle")
	return err
}

// command is this test program, started as another.
func binary(name string, args ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(exe)
	cmd.Args = append([]string{name}, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// TestKilled kills the daemon at every named point, and at random ones, while it carries on two
// hundred conversations: nothing is lost, nothing is in a wrong state, and what went twice was
// flagged and is the same to the byte.
func TestKilled(t *testing.T) { testKilled(t, "./state.db", 40) }

// TestKilledPostgres is the same whole run on the other database.
func TestKilledPostgres(t *testing.T) { testKilled(t, storetest.Postgres(t)(t), 12) }

func testKilled(t *testing.T, state string, random int) {
	const people = 200
	if testing.Short() { // the race detector makes each start a slow one
		random = 5
	}
	box := newMailbox(t)
	host, port, _ := net.SplitHostPort(box.addr)
	files := []string{"config.yaml", anaConfig + fmt.Sprintf("state: %q\nhold_over: 1000\nmail:\n  via: smtp\n  smtp: {host: %s, port: %s, security: none}\n", state, host, port)}
	for i := range people {
		text := strings.Replace(mayaPlan, "maya@", fmt.Sprintf("p%d@", i), 1)
		if i%2 == 0 { // half of them are invited at once
			text = strings.Replace(text, "times: [in 8 working days at 10:00, in 9 working days at 15:00]", "start: in 8 working days at 10:00", 1) + "permitted: In person.\n"
		}
		files = append(files, fmt.Sprintf("conversations/p%03d.yaml", i), text)
	}
	dir := write(t, files...)
	config := filepath.Join(dir, "config.yaml")
	rnd := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))

	// A new file is read once it has been left alone for five seconds.
	old := time.Now().Add(-time.Minute)
	plans, err := filepath.Glob(filepath.Join(dir, "conversations", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range plans {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	died := func(cmd *exec.Cmd, stderr *bytes.Buffer) {
		t.Helper()
		cmd.Wait()
		if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
			t.Fatalf("the daemon has ended by itself: %v\n%s", cmd.ProcessState, stderr)
		}
	}
	for _, point := range []string{"before-decide", "after-decide", "before-claim", "after-claim", "before-dot", "after-dot", "before-settle", "after-settle"} {
		n := 1 + rnd.IntN(3)
		if strings.HasSuffix(point, "decide") { // all is decided at once
			n = 1
		}
		var stderr bytes.Buffer
		cmd := binary("killed", config)
		cmd.Env = append(os.Environ(), "KILL_AT="+point+" "+strconv.Itoa(n))
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		died(cmd, &stderr)
	}
	// killAt starts the daemon and kills it at the n-th step that the server sees; any step is "".
	killAt := func(step string, n int) {
		t.Helper()
		var stderr bytes.Buffer
		cmd := binary("coalition", "--config", config, "daemon")
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		box.mu.Lock()
		box.onHit = func(hit string) {
			mu.Lock()
			defer mu.Unlock()
			if step == "" || step == hit {
				if n--; n == 0 {
					cmd.Process.Kill()
				}
			}
		}
		box.mu.Unlock()
		died(cmd, &stderr)
	}
	for _, step := range []string{"mail", "rcpt", "data", "accepted"} {
		killAt(step, 1)
	}
	for range random {
		killAt("", 1+rnd.IntN(12))
	}
	box.mu.Lock()
	box.onHit = nil
	box.mu.Unlock()
	at := box.count()
	code, stdout, stderr := coalition(t, dir, "daemon", "--once")
	stuck := strings.Count("\n"+stderr, "\nunclear")
	if (code != 0) != (stuck > 0) {
		t.Errorf("the last run: exit %d, %d unclear\n%s%s", code, stuck, stdout, stderr)
	}
	// What was in the air twice when its process died is asked about: did it arrive?
	if code, stdout, stderr = coalition(t, dir, "approve", "--all", "--yes"); code != 0 {
		t.Errorf("approve: exit %d\n%s%s", code, stdout, stderr)
	}
	t.Logf("%d had arrived before the last run, %d were asked about after it", at, stuck)
	checkDelivered(t, dir, box, people)
}

// checkDelivered holds the log against what the server has.
func checkDelivered(t *testing.T, dir string, box *mailbox, people int) {
	t.Helper()
	_, out, _ := coalition(t, dir, "log", "--json")
	var rows []logRow
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		t.Fatal(err)
	}
	messages, doubles := 0, 0
	for _, row := range rows {
		if row.State == nil {
			continue
		}
		messages++
		got := box.got[*row.To]
		switch {
		case len(got) == 0:
			t.Errorf("%s is %s in the log, and never arrived", row.ID, *row.State)
		case *row.State != "sent":
			t.Errorf("%s has arrived, and is %s in the log: %+v", row.ID, *row.State, row)
		case len(got) > 1:
			doubles++
			if !row.Flagged {
				t.Errorf("%s has arrived %d times, and is not flagged", row.ID, len(got))
			}
			for _, data := range got[1:] {
				if !bytes.Equal(data, got[0]) {
					t.Errorf("%s has arrived twice, and not as the same bytes", row.ID)
				}
			}
		}
	}
	if messages != people || len(box.got) != people {
		t.Errorf("%d messages in the log, %d people written to; want %d", messages, len(box.got), people)
	}
	t.Logf("%d arrived twice, all flagged", doubles)
}

// TestCommandTakesOver: a message in the hands of a process that is gone is sent by the next command
// that names it, also where no daemon runs.
func TestCommandTakesOver(t *testing.T) {
	dir := write(t, "config.yaml", anaConfig, "conversations/maya.yaml", mayaPlan)
	config := filepath.Join(dir, "config.yaml")
	old := time.Now().Add(-time.Minute)
	if err := os.Chtimes(filepath.Join(dir, "conversations", "maya.yaml"), old, old); err != nil {
		t.Fatal(err)
	}
	cmd := binary("killed", config)
	cmd.Env = append(os.Environ(), "KILL_AT=after-claim 1")
	if err := cmd.Run(); err == nil {
		t.Fatal("the daemon was not killed")
	}
	if _, stdout, _ := coalition(t, dir, "log"); !strings.Contains(stdout, "sending") {
		t.Fatalf("nothing was being sent: %s", stdout)
	}
	if code, stdout, stderr := coalition(t, dir, "ask", "maya", "--yes"); code != 0 || len(inOutbox(t, dir, "*.eml")) != 1 {
		t.Errorf("exit %d, files %v\n%s%s", code, inOutbox(t, dir, "*"), stdout, stderr)
	}
}
