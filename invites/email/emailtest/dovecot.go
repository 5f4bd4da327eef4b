package emailtest

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Password signs every user in.
const Password = "geheim"

// A Dovecot is an IMAP server over a folder of maildirs. Every name is a user, with [Password], an INBOX, Gesendet for
// what is sent, and whatever folders the user makes; ana@example.org is ana. It tells of new mail in IDLE within
// half a second.
type Dovecot struct {
	IMAP  string // host:port: plain, and with STARTTLS if it has a certificate
	IMAPS string // host:port: implicit TLS; "" without a certificate

	server *server
	config string // its file
	old    bool   // it is of version 2.3
	tool   string // doveadm
	n      int    // counts the deliveries
}

// StartDovecot starts a server for t, which shows certificate if there is one. Where Dovecot is not
// installed the test fails: `make test` installs it.
func StartDovecot(t testing.TB, certificate *tls.Certificate) *Dovecot {
	t.Helper()
	program := find(t, "dovecot")
	s := newServer(t)
	port, securePort := freePort(t), "0"
	s.addr = net.JoinHostPort("127.0.0.1", port)
	d := &Dovecot{IMAP: s.addr, server: s, tool: find(t, "doveadm")}
	conf := dovecot24
	if d.old = strings.HasPrefix(s.run(program, "--version"), "2.3"); d.old {
		conf = dovecot23
	}
	secure := "ssl = no"
	if certificate != nil {
		securePort = freePort(t)
		d.IMAPS = net.JoinHostPort("127.0.0.1", securePort)
		secure = s.certify(certificate, d.old)
	}
	d.config = s.write("dovecot.conf", fmt.Sprintf(conf+dovecotConf, s.dir, userName(t, s.uid), groupName(t, s.gid), s.uid, s.gid, Password, port, securePort, secure))
	s.args = []string{program, "-F", "-c", d.config}
	s.start()
	return d
}

// TakeTokens starts the server anew, as one that takes this token by XOAUTH2 also, and for ana only. It
// asks whoever gives the tokens out, which is a server for t.
func (d *Dovecot) TakeTokens(t testing.TB, token string) {
	t.Helper()
	giver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("access_token") != token {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"invalid_token"}`)
			return
		}
		_, _ = io.WriteString(w, `{"email":"ana"}`)
	}))
	t.Cleanup(giver.Close)
	lines := fmt.Sprintf("tokeninfo_url = %s/?access_token=\nusername_attribute = email\n", giver.URL)
	conf, err := os.ReadFile(d.config)
	if err != nil {
		t.Fatal(err)
	}
	more := "oauth2 {\n" + lines + "}\n" // https://doc.dovecot.org/latest/core/config/auth/databases/oauth2.html
	if d.old {
		more = "passdb {\ndriver = oauth2\nmechanisms = xoauth2\nargs = " + d.server.write("oauth2.conf", lines) + "\n}\n"
	}
	d.Stop()
	swap := strings.NewReplacer("auth_mechanisms = plain login", "auth_mechanisms = plain login xoauth2",
		"driver = static\n  args = password", "driver = static\n  mechanisms = plain login\n  args = password")
	d.server.write("dovecot.conf", swap.Replace(string(conf))+more)
	d.Start()
}

// The configuration: what it looks like in each version (Debian 12 has 2.3, Debian 13 has 2.4), and
// behind it what is the same. In them: the folder, the user and group by name, by number, the password,
// two ports, and what is to be said of TLS.
const (
	dovecot23 = `
disable_plaintext_auth = no
mail_location = maildir:%[1]s/mail/%%Ln
passdb {
  driver = static
  args = password=%[6]s
}
userdb {
  driver = static
  args = uid=%[4]d gid=%[5]d home=%[1]s/home/%%Ln
}
`
	dovecot24 = `
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = %[1]s/mail/%%{user | username | lower}
passdb static {
  password = %[6]s
}
userdb static {
  fields {
    uid = %[4]d
    gid = %[5]d
    home = %[1]s/home/%%{user | username | lower}
  }
}
`
	dovecotConf = `
protocols = imap
listen = 127.0.0.1
base_dir = %[1]s/run
state_dir = %[1]s/run
log_path = %[1]s/dovecot.log
%[9]s
auth_mechanisms = plain login
auth_failure_delay = 0
mail_fsync = never
default_internal_user = %[2]s
default_internal_group = %[3]s
default_login_user = %[2]s
first_valid_uid = 1
mail_max_userip_connections = 1000
namespace inbox {
  inbox = yes
  mailbox Gesendet {
    auto = create
    special_use = \Sent
  }
}
service imap-login {
  chroot =
  inet_listener imap {
    port = %[7]s
  }
  inet_listener imaps {
    port = %[8]s
  }
}
service anvil {
  chroot =
  # Otherwise whoever signs in after a wrong password has to wait.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
`
)

// certify puts a certificate into the folder, and gives the lines of the configuration that name it.
func (s *server) certify(certificate *tls.Certificate, old bool) string {
	s.t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		s.t.Fatal(err)
	}
	var chain []byte
	for _, der := range certificate.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	lines := "ssl = yes\nssl_server_cert_file = %s\nssl_server_key_file = %s"
	if old {
		lines = "ssl = yes\nssl_cert = <%s\nssl_key = <%s"
	}
	return fmt.Sprintf(lines, s.write("cert.pem", string(chain)),
		s.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))))
}

// Stop ends the server at once, and with it every connection. The mail stays.
func (d *Dovecot) Stop() { d.server.stop() }

// Start starts the server again after Stop, over the same mail and on the same ports.
func (d *Dovecot) Start() {
	d.server.t.Helper()
	d.server.start()
}

// Maildir is the folder of a user's INBOX, with its cur, new and tmp; those are made if need be.
func (d *Dovecot) Maildir(name string) string {
	d.server.t.Helper()
	dir := filepath.Join(d.server.dir, "mail", name)
	for _, path := range []string{filepath.Dir(dir), dir, filepath.Join(dir, "cur"), filepath.Join(dir, "new"), filepath.Join(dir, "tmp")} {
		if err := os.Mkdir(path, 0o700); err == nil {
			d.server.own(path)
		} else if !os.IsExist(err) {
			d.server.t.Fatal(err)
		}
	}
	return dir
}

// Deliver puts a message, as it is, into a user's INBOX.
func (d *Dovecot) Deliver(name string, message []byte) {
	d.server.t.Helper()
	dir := d.Maildir(name)
	d.n++
	file := fmt.Sprintf("%d.M%dD%d.test", time.Now().Unix(), time.Now().Nanosecond(), d.n)
	tmp := filepath.Join(dir, "tmp", file)
	if err := os.WriteFile(tmp, message, 0o600); err != nil {
		d.server.t.Fatal(err)
	}
	d.server.own(tmp)
	if err := os.Rename(tmp, filepath.Join(dir, "new", file)); err != nil {
		d.server.t.Fatal(err)
	}
}

// Messages are those in a user's INBOX, as they were delivered, in the order of their arrival.
func (d *Dovecot) Messages(name string) [][]byte {
	d.server.t.Helper()
	type message struct {
		name    string // as it was delivered; in cur there are flags behind it
		arrived time.Time
		data    []byte
	}
	var list []message
	for _, folder := range []string{"new", "cur"} { // the way that each goes, so that none is missed
		dir := filepath.Join(d.Maildir(name), folder)
		files, err := os.ReadDir(dir)
		if err != nil {
			d.server.t.Fatal(err)
		}
		for _, file := range files {
			info, err := file.Info()
			var data []byte
			if err == nil {
				data, err = os.ReadFile(filepath.Join(dir, file.Name()))
			}
			if errors.Is(err, fs.ErrNotExist) {
				continue // it has gone on to cur
			} else if err != nil {
				d.server.t.Fatal(err)
			}
			unique, _, _ := strings.Cut(file.Name(), ":")
			if !slices.ContainsFunc(list, func(m message) bool { return m.name == unique }) {
				list = append(list, message{unique, info.ModTime(), data})
			}
		}
	}
	slices.SortStableFunc(list, func(x, y message) int {
		return cmp.Or(x.arrived.Compare(y.arrived), strings.Compare(x.name, y.name))
	})
	var raw [][]byte
	for _, m := range list {
		raw = append(raw, m.data)
	}
	return raw
}

// SetUIDValidity gives a user's INBOX another UIDVALIDITY (RFC 9051, section 2.3.1.1).
func (d *Dovecot) SetUIDValidity(name string, validity uint32) {
	d.server.t.Helper()
	d.server.run(d.tool, "-c", d.config, "mailbox", "update", "-u", name,
		"--uid-validity", strconv.FormatUint(uint64(validity), 10), "INBOX")
}

func userName(t testing.TB, uid int) string {
	t.Helper()
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

func groupName(t testing.TB, gid int) string {
	t.Helper()
	g, err := user.LookupGroupId(strconv.Itoa(gid))
	if err != nil {
		t.Fatal(err)
	}
	return g.Name
}
