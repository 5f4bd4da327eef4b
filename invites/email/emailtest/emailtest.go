// Package emailtest knows how to give a test real mail servers of its own: it starts those of this
// machine in a temporary folder, on ports of 127.0.0.1 only, and ends them with the test. What is sent
// and read there it leaves to the test.
package emailtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// A server is a program that runs in a folder of its own, as another user where this one is root.
type server struct {
	t    testing.TB
	dir  string
	args []string // the program and its arguments
	addr string   // host:port where it greets once it is up
	uid  int      // whose the folder is
	gid  int

	cmd   *exec.Cmd     // nil when it is stopped
	ended chan struct{} // closed when cmd has ended
}

// newServer makes the folder. The server is stopped, and its folder gone, at the end of t.
func newServer(t testing.TB) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "mail") // not t.TempDir: the path of a socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, dir: dir, uid: os.Getuid(), gid: os.Getgid()}
	t.Cleanup(func() {
		s.stop()
		os.RemoveAll(dir)
	})
	if s.uid == 0 { // not as root: it would change to users of its own
		s.uid, s.gid = nobody(t)
	}
	s.own(dir)
	return s
}

// own gives path to the user of the server.
func (s *server) own(path string) {
	s.t.Helper()
	if os.Getuid() != 0 {
		return
	}
	if err := os.Lchown(path, s.uid, s.gid); err != nil {
		s.t.Fatal(err)
	}
}

// write puts a file into the folder.
func (s *server) write(name, text string) (path string) {
	s.t.Helper()
	path = filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.own(path)
	return path
}

// run runs a program to its end, as the user of the server.
func (s *server) run(program string, args ...string) (printed string) {
	s.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.SysProcAttr = s.dir, s.attr()
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

func (s *server) attr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if os.Getuid() == 0 {
		attr.Credential = &syscall.Credential{Uid: uint32(s.uid), Gid: uint32(s.gid)}
	}
	return attr
}

// start returns when the server greets.
func (s *server) start() {
	s.t.Helper()
	log, err := os.OpenFile(filepath.Join(s.dir, "stderr"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd = exec.Command(s.args[0], s.args[1:]...)
	s.cmd.Dir, s.cmd.SysProcAttr, s.cmd.Stdout, s.cmd.Stderr = s.dir, s.attr(), log, log
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		s.t.Fatal(err)
	}
	s.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) {
		_ = cmd.Wait() // ends as killed
		close(ended)
	}(s.cmd, s.ended)
	deadline, tick := time.After(20*time.Second), time.NewTicker(2*time.Millisecond)
	defer tick.Stop()
	for !s.greets() {
		select {
		case <-tick.C:
		case <-s.ended:
			s.t.Fatalf("%s ends by itself\n%s", s.cmd, s.log())
		case <-deadline:
			s.t.Fatalf("%s does not come up\n%s", s.cmd, s.log())
		}
	}
}

func (s *server) greets() bool {
	conn, err := net.DialTimeout("tcp", s.addr, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return false
	}
	_, err = conn.Read(make([]byte, 1))
	return err == nil
}

// stop ends the server and its children at once.
func (s *server) stop() {
	if s.cmd == nil {
		return
	}
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.ended
	s.cmd = nil
}

// log is what the server has written about itself.
func (s *server) log() string {
	var all bytes.Buffer
	files, _ := filepath.Glob(filepath.Join(s.dir, "*log"))
	for _, path := range append(files, filepath.Join(s.dir, "stderr")) {
		data, err := os.ReadFile(path)
		if err == nil && len(data) > 0 {
			fmt.Fprintf(&all, "%s:\n%s", filepath.Base(path), data)
		}
	}
	return all.String()
}

// freePort is a port on which nobody listens. It is none of those that the system gives to outgoing
// connections: one of those could take it while the server is stopped, even one that dials it.
func freePort(t testing.TB) string {
	t.Helper()
	for range 1000 {
		port := strconv.Itoa(10_000 + rand.IntN(22_000))
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("no port is free")
	return ""
}

// find is the path of a program, or of one that Debian keeps out of people's PATH.
func find(t testing.TB, program string) string {
	t.Helper()
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	path := filepath.Join("/usr/sbin", program)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not installed; run: make install", program)
	}
	return path
}

func nobody(t testing.TB) (uid, gid int) {
	t.Helper()
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		t.Fatal(err)
	}
	if gid, err = strconv.Atoi(u.Gid); err != nil {
		t.Fatal(err)
	}
	return uid, gid
}
