package emailtest

import (
	"fmt"
	"net"
	"net/smtp"
	"path/filepath"
	"testing"
)

// Servers are an IMAP server, and an SMTP server that delivers into its maildirs, at once: every
// address of example.org and example.com is the user of that name, but for three:
//   - Bounces is taken, and comes back to its sender;
//   - Refused is refused for good, with 550;
//   - Later is refused for now, with 451.
//
// Mail to elsewhere is refused with 550.
type Servers struct {
	*Dovecot
	SMTP string // host:port: plain, without AUTH
}

// The local parts that are nobody's.
const (
	Bounces = "nobody-here"
	Refused = "refused"
	Later   = "later"
)

// Start starts both servers for t. Where Dovecot or Exim is not installed the test fails: `make test`
// installs them.
func Start(t testing.TB) *Servers {
	t.Helper()
	d := StartDovecot(t, nil)
	return &Servers{Dovecot: d, SMTP: startExim(t, filepath.Dir(d.Maildir("ana")))}
}

// Send hands a message over by SMTP, with envelope addresses of its own; what the server refuses is an
// error that begins with its code.
func (s *Servers) Send(from, to string, message []byte) error {
	conn, err := net.Dial("tcp", s.SMTP)
	if err != nil {
		return err
	}
	defer conn.Close() // without QUIT, which Exim answers a fifth of a second later
	c, err := smtp.NewClient(conn, "127.0.0.1")
	if err != nil {
		return err
	}
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(message); err != nil {
		return err
	}
	return w.Close()
}

// startExim starts an SMTP server that delivers into the maildirs of a folder.
func startExim(t testing.TB, mail string) (addr string) {
	t.Helper()
	installed := find(t, "exim4")
	s := newServer(t)
	port := freePort(t)
	s.addr = net.JoinHostPort("127.0.0.1", port)
	// The installed program gets the rights of root from its file, and would outlive the test by that. It
	// is copied by another process because what this one writes may be open still in one that it has just
	// started, and is then not executed (golang.org/issue/22315).
	program := filepath.Join(s.dir, "exim4")
	s.run("install", "-m", "0700", installed, program)
	config := s.write("exim.conf", fmt.Sprintf(eximConf, s.dir, s.uid, s.gid, port, mail, Bounces, Refused, Later))
	s.args = []string{program, "-C", config, "-bdf"}
	s.start()
	return s.addr
}

// In it: the folder, user and group, the port, the folder of the maildirs, and the local parts that are
// nobody's. The name of a maildir goes through basename because Exim takes no name from outside; the
// certificate is one that is looked for when it is used, which it is not: for none at all Exim makes a
// key as it starts.
const eximConf = `
primary_hostname = mail.example.org
exim_path = %[1]s/exim4
exim_user = %[2]d
exim_group = %[3]d
spool_directory = %[1]s
log_file_path = %[1]s/exim.%%slog
pid_file_path = %[1]s/exim.pid
keep_environment =
message_logs = false
disable_ipv6
local_interfaces = 127.0.0.1
daemon_smtp_ports = %[4]s
tls_advertise_hosts =
tls_certificate = $primary_hostname
rfc1413_query_timeout = 0s
smtp_accept_max = 0
smtp_accept_queue_per_connection = 0
deliver_drop_privilege
acl_smtp_rcpt = rcpt
acl_smtp_data = accept

begin acl
rcpt:
  deny   local_parts = %[7]s
         message = There is no such mailbox
  defer  local_parts = %[8]s
         message = Not now
  accept domains = example.org : example.com : $primary_hostname
  deny   message = Mail to elsewhere is not carried

begin routers
bounces:
  driver = redirect
  local_parts = %[6]s
  data = :fail: There is no such mailbox
  allow_fail
maildirs:
  driver = accept
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = %[5]s/${sg{${run{/usr/bin/basename -- ${lc:$local_part}}}}{\N\n\N}{}}
  maildir_format
  user = %[2]d
  group = %[3]d
`
