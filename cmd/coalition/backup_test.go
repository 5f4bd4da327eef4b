package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"coalition/scheduler/plan/folder"
	"coalition/scheduler/store/storetest"
)

func TestBackupWhileSending(t *testing.T) { testBackupWhileSending(t, "./state.db", 1000) }

func TestBackupWhileSendingPostgres(t *testing.T) {
	testBackupWhileSending(t, storetest.Postgres(t)(t), 200)
}

// testBackupWhileSending backs the state up while many messages leave, kills the daemon in the midst of
// them, and brings the backup back: nothing goes again by itself, and what goes again all the same is flagged
// and has the same Message-ID. At no moment has a message left that the marker does not know of.
func testBackupWhileSending(t *testing.T, state string, people int) {
	if testing.Short() { // the race detector makes each of them a slow one
		people /= 5
	}
	box := newMailbox(t)
	host, port, _ := net.SplitHostPort(box.addr)
	files := []string{"config.yaml", anaConfig + fmt.Sprintf("state: %q\nhold_over: 10000\nmail:\n  via: smtp\n  smtp: {host: %s, port: %s, security: none}\n", state, host, port)}
	for i := range people {
		files = append(files, fmt.Sprintf("conversations/p%04d.yaml", i), strings.Replace(mayaPlan, "maya@", fmt.Sprintf("p%d@", i), 1))
	}
	dir := write(t, files...)
	plans := &folder.Folder{Path: filepath.Join(dir, "conversations")}
	old := time.Now().Add(-time.Minute) // a new file is read once it has been left alone
	for i := range people {
		if err := os.Chtimes(filepath.Join(plans.Path, fmt.Sprintf("p%04d.yaml", i)), old, old); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "config.yaml")
	var log bytes.Buffer
	daemon := binary("coalition", "--config", config, "daemon")
	daemon.Stderr = &log
	half, most, backed := make(chan bool), make(chan bool), make(chan bool)
	goOn := sync.OnceFunc(func() { close(backed) })
	defer goOn()
	n := 0
	unknown := 0
	box.mu.Lock()
	box.onHit = func(step string) {
		if step != "accepted" {
			return
		}
		box.mu.Lock()
		n++
		left := n
		box.mu.Unlock()
		if m, err := plans.Marker(); err != nil || m == nil || m.Messages < int64(left) {
			box.mu.Lock()
			unknown++
			box.mu.Unlock()
		}
		switch left {
		case people / 5:
			close(half)
		case people * 4 / 5:
			close(most)
		}
		if left > people/2 { // a backup that begins late, on a busy machine, must not have all of them
			<-backed
		}
	}
	box.mu.Unlock()
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	wait := func(c chan bool) {
		t.Helper()
		select {
		case <-c:
		case err := <-ended:
			t.Fatalf("the daemon has ended: %v\n%s", err, log.String())
		case <-time.After(3 * time.Minute):
			daemon.Process.Kill()
			t.Fatalf("the daemon does not send\n%s", log.String())
		}
	}
	wait(half)
	if code, stdout, stderr := coalition(t, dir, "backup", filepath.Join(dir, "backup.db")); code != 0 {
		t.Fatalf("backup: exit %d\n%s%s", code, stdout, stderr)
	}
	goOn()
	if strings.HasPrefix(state, ".") {
		if code, _, stderr := coalition(t, dir, "restore", filepath.Join(dir, "backup.db"), "--yes"); code != 1 || !strings.Contains(stderr, fmt.Sprintf("process id %d", daemon.Process.Pid)) {
			t.Errorf("restored beside the daemon: exit %d\n%s", code, stderr)
		}
	}
	wait(most)
	if err := daemon.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-ended
	box.mu.Lock()
	box.onHit = nil
	if unknown > 0 {
		t.Errorf("%d messages had left before the marker knew of them", unknown)
	}
	box.mu.Unlock()
	before := box.count()

	if code, stdout, stderr := coalition(t, dir, "restore", filepath.Join(dir, "backup.db"), "--yes"); code != 0 || !strings.Contains(stderr, "this state is older") {
		t.Fatalf("restore: exit %d\n%s%s", code, stdout, stderr)
	}
	for range 2 {
		code, stdout, stderr := coalition(t, dir, "daemon", "--once", "-q")
		if asked := strings.Contains("\n"+stderr, "\nunclear"); (code != 0) != asked || box.count() != before { // what was in the air is asked about
			t.Fatalf("the restored state has sent %d messages: exit %d\n%.2000s%.2000s", box.count()-before, code, stdout, stderr)
		}
	}
	if code, stdout, stderr := coalition(t, dir, "approve", "--all", "--yes", "-q"); code != 0 {
		t.Fatalf("approve: exit %d\n%.2000s%.2000s", code, stdout, stderr)
	}
	_, out, _ := coalition(t, dir, "log", "--json")
	var rows []logRow
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`(?im)^Message-ID:.*$`)
	messages, doubles := 0, 0
	for _, row := range rows {
		if row.State == nil {
			continue
		}
		messages++
		got := box.got[*row.To]
		if len(got) == 0 || *row.State != "sent" {
			t.Errorf("%s arrived %d times, and is %s", row.ID, len(got), *row.State)
		}
		if len(got) > 1 {
			doubles++
			if !row.Flagged {
				t.Errorf("%s arrived %d times, and is not flagged", row.ID, len(got))
			}
			for _, data := range got[1:] {
				if !bytes.Equal(id.Find(data), id.Find(got[0])) {
					t.Errorf("%s arrived as two messages: %s and %s", row.ID, id.Find(got[0]), id.Find(data))
				}
			}
		}
	}
	if messages != people || len(box.got) != people {
		t.Errorf("%d messages in the log, %d people written to; want %d", messages, len(box.got), people)
	}
	if doubles == 0 {
		t.Error("nothing went twice, although the organizer has let it: the backup was not taken in the midst")
	}
	t.Logf("%d went twice by the organizer's word, all flagged", doubles)
}

// TestCopyOfIdleDaemon copies the file of a state, alone, while the daemon runs and has nothing to do. What the
// daemon did is all in it.
func TestCopyOfIdleDaemon(t *testing.T) {
	dir := write(t, "config.yaml", anaConfig, "conversations/maya.yaml", mayaPlan)
	old := time.Now().Add(-time.Minute)
	if err := os.Chtimes(filepath.Join(dir, "conversations", "maya.yaml"), old, old); err != nil {
		t.Fatal(err)
	}
	daemon := binary("coalition", "--config", filepath.Join(dir, "config.yaml"), "daemon")
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	defer daemon.Wait()
	defer daemon.Process.Kill()
	state := filepath.Join(dir, "state", "coalition.db")
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); ; <-tick.C {
		info, err := os.Stat(state + "-wal")
		if len(inOutbox(t, dir, "*.eml")) == 1 && err == nil && info.Size() == 0 {
			break
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("the daemon has written %d mails, and the file has not taken in its log: %v", len(inOutbox(t, dir, "*.eml")), err)
		}
	}
	data, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	daemon.Process.Kill()
	daemon.Wait()
	if err := os.RemoveAll(filepath.Dir(state)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Dir(state), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(state, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := coalition(t, dir, "daemon", "--once"); code != 0 || strings.Contains(stdout, "Held") || len(inOutbox(t, dir, "*.eml")) != 1 {
		t.Errorf("exit %d, files %v\n%s%s", code, inOutbox(t, dir, "*"), stdout, stderr)
	}
}
