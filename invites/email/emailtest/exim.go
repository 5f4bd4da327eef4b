package emailtest

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/smtp"
	"path/filepath"
	"strings"
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
	return &Servers{Dovecot: d, SMTP: startExim(t, filepath.Dir(d.Maildir("ana")), nil)}
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

// A Submission is an SMTP server that takes mail of whoever signs in with [Password] (RFC 6409), under TLS only, and
// delivers it as that of [Servers] does.
type Submission struct {
	STARTTLS string // host:port
	TLS      string // host:port: from the first byte on
}

// StartSubmission starts the server for t, which shows certificate. It delivers into d's maildirs.
func StartSubmission(t testing.TB, d *Dovecot, certificate *tls.Certificate) *Submission {
	t.Helper()
	s := &Submission{TLS: net.JoinHostPort("127.0.0.1", freePort(t))}
	s.STARTTLS = startExim(t, filepath.Dir(d.Maildir("ana")), func(server *server, conf string) string {
		server.certify(certificate, d.old)
		_, port, _ := net.SplitHostPort(s.TLS)
		return strings.NewReplacer(
			"tls_advertise_hosts =", "tls_advertise_hosts = *\ntls_on_connect_ports = "+port,
			"tls_certificate = $primary_hostname", "tls_certificate = "+server.dir+"/cert.pem\ntls_privatekey = "+server.dir+"/key.pem\ntls_dhparam = none",
			"daemon_smtp_ports = ", "daemon_smtp_ports = "+port+" : ",
			"rcpt:\n", "rcpt:\n  deny   !authenticated = *\n         message = Sign in first\n",
		).Replace(conf) + eximAuth
	})
	return s
}

// eximAuth lets every name in with the password, once there is TLS (RFC 4954).
const eximAuth = `
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if eq{$auth3}{` + Password + `}}
  server_set_id = $auth2
  server_advertise_condition = ${if def:tls_in_cipher}
`

// startExim starts an SMTP server that delivers into the maildirs of a folder. change, unless it is nil, has the last
// word about its configuration.
func startExim(t testing.TB, mail string, change func(s *server, conf string) string) (addr string) {
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
	conf := fmt.Sprintf(eximConf, s.dir, s.uid, s.gid, port, mail, Bounces, Refused, Later)
	if change != nil {
		conf = change(s, conf)
	}
	config := s.write("exim.conf", conf)
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
