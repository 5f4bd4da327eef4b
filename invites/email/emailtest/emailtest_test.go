package emailtest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// A session speaks IMAP line by line.
type session struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

func login(t testing.TB, d *Dovecot, user string) *session {
	t.Helper()
	s := greet(t, d.IMAP)
	s.do("LOGIN " + user + " " + Password)
	return s
}

func greet(t testing.TB, addr string) *session {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	s := &session{t, conn, bufio.NewReader(conn)}
	s.until("* OK")
	return s
}

// do gives what the server says to a command up to its OK.
func (s *session) do(command string) string {
	s.t.Helper()
	fmt.Fprintf(s.conn, "x %s\r\n", command)
	said := s.until("x ")
	if !strings.Contains(said, "\nx OK") && !strings.HasPrefix(said, "x OK") {
		s.t.Fatalf("%s: %s", command, said)
	}
	return said
}

func (s *session) until(prefix string) (said string) {
	s.t.Helper()
	for {
		line, err := s.r.ReadString('\n')
		said += line
		if err != nil {
			s.t.Fatalf("%v, and so far: %s", err, said)
		}
		if strings.HasPrefix(line, prefix) {
			return said
		}
	}
}

func TestDovecot(t *testing.T) {
	d := StartDovecot(t, nil)
	s := login(t, d, "ana@example.org")
	s.do("SELECT INBOX")
	fmt.Fprint(s.conn, "x IDLE\r\n")
	s.until("+ ")
	d.Deliver("ana", []byte("Subject: Hello\r\n\r\nHello.\r\n"))
	s.until("* 1 EXISTS")

	d.Stop()
	if rest, err := io.ReadAll(s.r); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection outlives the server: %s", rest)
	}
	if conn, err := net.Dial("tcp", d.IMAP); err == nil {
		conn.Close()
		t.Error("the server is still there")
	}
	d.Start()
	if said := login(t, d, "ana").do("SELECT INBOX"); !strings.Contains(said, "* 1 EXISTS") {
		t.Error("after a restart:", said)
	}
	d.SetUIDValidity("ana", 77)
	if said := login(t, d, "ana").do("SELECT INBOX"); !strings.Contains(said, "[UIDVALIDITY 77]") || !strings.Contains(said, "* 1 EXISTS") {
		t.Error("with another UIDVALIDITY:", said)
	}
}

// TestCertificate: the certificate is shown on both ways to TLS.
func TestCertificate(t *testing.T) {
	web := httptest.NewUnstartedServer(nil)
	web.StartTLS() // for its certificate
	defer web.Close()
	d := StartDovecot(t, &web.TLS.Certificates[0])
	shown := func(conn net.Conn) {
		t.Helper()
		secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
		if err := secure.Handshake(); err != nil {
			t.Fatal(err)
		}
		if got := secure.ConnectionState().PeerCertificates[0]; !got.Equal(web.Certificate()) {
			t.Error("another certificate is shown:", got.Subject)
		}
	}
	plain := greet(t, d.IMAP)
	plain.do("STARTTLS")
	shown(plain.conn)
	conn, err := net.Dial("tcp", d.IMAPS)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	shown(conn)
}

// TestStart: what is sent by SMTP is delivered or comes back, as it is said.
func TestStart(t *testing.T) {
	s := Start(t)
	message := func(to string) []byte {
		return fmt.Appendf(nil, "From: ana@example.org\r\nTo: %[1]s\r\nMessage-ID: <%[1]s>\r\n\r\nFor %[1]s.\r\n", to)
	}
	await := func(user string, n int) [][]byte {
		t.Helper()
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
			if got := s.Messages(user); len(got) >= n {
				return got
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s never got %d messages", user, n)
			}
		}
	}
	for _, test := range []struct{ to, refused string }{
		{"ben@example.org", ""},
		{"Ben@example.com", ""},
		{"../ben@example.com", ""},
		{"refused@example.org", "550"},
		{"later@example.org", "451"},
		{"ben@example.net", "550"},
		{"nobody-here@example.org", ""},
	} {
		err := s.Send("ana@example.org", test.to, message(test.to))
		if (err == nil) != (test.refused == "") || err != nil && !strings.HasPrefix(err.Error(), test.refused) {
			t.Errorf("to %s: %v, want %s", test.to, err, test.refused)
		}
	}
	if got := await("ben", 3); len(got) != 3 {
		t.Errorf("ben got %d messages", len(got))
	}
	bounce := string(await("ana", 1)[0])
	for _, want := range []string{"Content-Type: multipart/report; report-type=delivery-status", "Final-Recipient: rfc822;nobody-here@example.org",
		"Action: failed", "Message-ID: <nobody-here@example.org>", "Auto-Submitted: auto-replied"} {
		if !strings.Contains(bounce, want) {
			t.Errorf("a bounce without %q:\n%s", want, bounce)
		}
	}
	if said := login(t, s.Dovecot, "ben").do("SELECT INBOX"); !strings.Contains(said, "* 3 EXISTS") {
		t.Error(said)
	}
	if got := s.Messages("ben"); len(got) != 3 { // now in cur
		t.Errorf("ben has %d messages", len(got))
	}
}
