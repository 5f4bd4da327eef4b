package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"
	"golang.org/x/sys/unix"

	"coalition/invites/email/emailtest"
	"coalition/invites/provider"
)

// inLab is the program in a network of its own: the environment names its name server (LAB_DNS) and its web server
// (LAB_WEB), and a file into which goes what its keyring holds for ana@example.org in the end (LAB_KEYRING); without
// that there is no keyring.
func inLab() {
	net.DefaultResolver = emailtest.Resolver(os.Getenv("LAB_DNS"))
	http.DefaultTransport.(*http.Transport).DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if host, _, _ := net.SplitHostPort(addr); net.ParseIP(host) == nil {
			addr = os.Getenv("LAB_WEB")
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	file := os.Getenv("LAB_KEYRING")
	if file == "" {
		keyring.MockInitWithError(errors.New("there is none"))
	} else {
		keyring.MockInit()
	}
	code := run(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	if held, err := keyring.Get(keyringService, "ana@example.org"); file != "" && err == nil {
		if err := os.WriteFile(file, []byte(held), 0o600); err != nil {
			panic(err)
		}
	}
	os.Exit(code)
}

// A lab is a network with real mail servers for example.org, whose names end in it.
type lab struct {
	*emailtest.Dovecot
	*emailtest.Submission
	env []string
}

// newLab starts the servers. published is what the domain's web server says of them, with SMTP and IMAP for their
// ports; "": nothing. With srv its DNS names them.
func newLab(t *testing.T, published string, srv bool) *lab {
	t.Helper()
	certificate, roots := certified(t, "mail.example.org", "autoconfig.example.org")
	l := &lab{Dovecot: emailtest.StartDovecot(t, certificate)}
	l.Submission = emailtest.StartSubmission(t, l.Dovecot, certificate)
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "autoconfig.example.org" || published == "" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, strings.NewReplacer("SMTP", port(l.TLS), "IMAP", port(l.IMAPS)).Replace(published))
	}))
	web.TLS = &tls.Config{Certificates: []tls.Certificate{*certificate}}
	web.Config.ErrorLog = log.New(io.Discard, "", 0)
	web.StartTLS()
	t.Cleanup(web.Close)
	dns := emailtest.DNS{A: map[string]netip.Addr{"mail.example.org": netip.MustParseAddr("127.0.0.1"),
		"autoconfig.example.org": netip.MustParseAddr("127.0.0.1")}}
	if srv {
		at := func(addr string) *net.SRV {
			n, _ := strconv.Atoi(port(addr))
			return &net.SRV{Target: "mail.example.org.", Port: uint16(n)}
		}
		dns.SRV = map[string]*net.SRV{"_submission._tcp.example.org": at(l.STARTTLS), "_imaps._tcp.example.org": at(l.IMAPS)}
	}
	l.env = []string{"LAB_DNS=" + dns.Start(t), "LAB_WEB=" + web.Listener.Addr().String(), "SSL_CERT_FILE=" + roots, "NO_PROXY=*"}
	return l
}

func port(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// certified makes a certificate for these names, and a file with the authority that it is by.
func certified(t *testing.T, names ...string) (certificate *tls.Certificate, roots string) {
	t.Helper()
	list, roots := certifiedFor(t, names, 90*24*time.Hour)
	return list[0], roots
}

// certifiedFor is certified with a certificate for each of some times from now on.
func certifiedFor(t *testing.T, names []string, lasting ...time.Duration) (list []*tls.Certificate, roots string) {
	t.Helper()
	sign := func(template, parent *x509.Certificate, by any, lasts time.Duration) *tls.Certificate {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if by == nil {
			parent, by = template, key
		}
		template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(time.Now().UnixNano()), time.Now().Add(-48*time.Hour), time.Now().Add(lasts)
		der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
		if err != nil {
			t.Fatal(err)
		}
		return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	}
	authority := &x509.Certificate{Subject: pkix.Name{CommonName: "lab"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	ca := sign(authority, nil, nil, 365*24*time.Hour)
	roots = filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, lasts := range lasting {
		list = append(list, sign(&x509.Certificate{DNSNames: names}, authority, ca.PrivateKey, lasts))
	}
	return list, roots
}

const published = `<clientConfig version="1.1"><emailProvider id="example.org"><displayName>Example Mail</displayName>
<incomingServer type="imap"><hostname>mail.example.org</hostname><port>IMAP</port><socketType>SSL</socketType><username>%EMAILADDRESS%</username></incomingServer>
<outgoingServer type="smtp"><hostname>mail.example.org</hostname><port>SMTP</port><socketType>SSL</socketType><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>`

func (l *lab) sit(t *testing.T, dir string, env []string, args ...string) *seat {
	t.Helper()
	return sit(t, dir, append(env, l.env...), "lab", args...)
}

// readable reads what init has written.
func readable(t *testing.T, dir string) *config {
	t.Helper()
	path := filepath.Join(dir, "config.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, problems := parseConfig(path, data)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

// From nothing to a config that can send and read, on a screen: what the domain publishes is found, a wrong password is
// refused in words, the right one lies in a file that only its owner can read.
func TestInitScreen(t *testing.T) {
	t.Parallel()
	l := newLab(t, published, true)
	dir := t.TempDir()
	s := l.sit(t, dir, nil, "init")
	s.sees("Your name")
	s.types("Ana Lopes" + enter)
	s.sees("Your mail address")
	s.types("ana@example.org" + enter)
	s.sees("Your time zone", "> Europe/Lisbon")
	s.types(enter)
	s.sees("The language in which you write", "> en")
	s.types(enter)
	s.sees("How mail leaves", "> smtp")
	s.types(enter)
	s.sees("Example Mail", "Sending: mail.example.org, port "+port(l.TLS)+", TLS from the start", "So says autoconfig.example.org.")
	s.types(enter)
	s.sees("Where the password lies", "> file")
	s.types(enter)
	s.sees("The password of ana@example.org")
	s.types("falsch" + enter)
	s.sees("The sign-in failed; what now", "refused the user name or password:", "refused the sign-in:", "> again", "Look at the password, and at the user name (ana@example.org).")
	s.types(enter)
	s.sees("The password of ana@example.org", "Enter goes on")
	s.types(emailtest.Password + enter)
	screen := s.ends(0)
	for _, want := range []string{"Signed in at mail.example.org, port " + port(l.TLS) + ".", "Signed in at mail.example.org, port " + port(l.IMAPS) + ".",
		"Wrote config.yaml, and the password to secrets/mail, which only you can read.", "Next, plan a conversation: coalition new"} {
		if !strings.Contains(screen, want) {
			t.Errorf("%q is not on the screen:\n%s", want, screen)
		}
	}
	if strings.Contains(screen, emailtest.Password) || strings.Contains(screen, "falsch") {
		t.Errorf("the password is on the screen:\n%s", screen)
	}
	c := readable(t, dir)
	if c.Mail.Via != "smtp" || c.Mail.SMTP.PasswordFile != "./secrets/mail" || c.Replies.IMAP.Sent != "Gesendet" || c.Organizer.Language != "en" {
		t.Errorf("config: %+v %+v", c.Mail, c.Replies.IMAP)
	}
	for name, mode := range map[string]os.FileMode{"config.yaml": 0o600, "secrets": 0o700, "secrets/mail": 0o600, "conversations": 0o700} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if password, err := os.ReadFile(filepath.Join(dir, "secrets/mail")); err != nil || string(password) != emailtest.Password+"\n" {
		t.Errorf("the password is %q, %v", password, err)
	}
	if mails := l.Messages("ana"); len(mails) > 0 {
		t.Errorf("mail was sent: %q", mails)
	}
}

// The same for a screen reader, with what DNS names, and the keyring.
func TestInitPlain(t *testing.T) {
	t.Parallel()
	l := newLab(t, "", true)
	dir, held := t.TempDir(), filepath.Join(t.TempDir(), "held")
	s := l.sit(t, dir, []string{"TERM=dumb", "LAB_KEYRING=" + held}, "init", "--name", "Ana Lopes")
	for _, step := range [][2]string{
		{"Your mail address:", "ana@example.org"},
		{"Your time zone [Europe/Lisbon]:", ""},
		{"The language in which you write [en]:", ""},
		{"1  smtp    through your own mail account\n  2  outbox", ""},
		{"STARTTLS\n  Answers: mail.example.org, port " + port(l.IMAPS) + ", TLS from the start\n  So says the DNS of example.org. Nothing proves it: look whether you know\n  these servers.\n", "1"},
		{"1  keyring  you type it, and the keyring of this system holds it\n", "1"},
		{"The password of ana@example.org:", "falsch"},
		{"Signing in at mail.example.org …\n", ""},
		{"1  again     give the password again\n", "1"},
		{"what now [1]: 1\nThe password of ana@example.org:", emailtest.Password},
	} {
		s.sees(step[0])
		if strings.HasSuffix(step[0], "ana@example.org:") {
			s.hushed()
		}
		if !strings.HasPrefix(step[0], "Signing") {
			s.types(step[1] + "\n")
		}
	}
	screen := s.ends(0)
	if strings.Contains(screen, "falsch") || !strings.Contains(screen, "and put the password into the system keyring") {
		t.Errorf("the screen:\n%s", screen)
	}
	if password, err := os.ReadFile(held); err != nil || string(password) != emailtest.Password {
		t.Errorf("the keyring holds %q, %v", password, err)
	}
	c := readable(t, dir)
	if c.Mail.SMTP.PasswordKeyring != "ana@example.org" || c.Mail.SMTP.Security != "starttls" || c.Replies.IMAP.Security != "tls" {
		t.Errorf("config: %+v %+v", c.Mail, c.Replies.IMAP)
	}
	if _, err := os.Stat(filepath.Join(dir, "secrets")); err == nil {
		t.Error("there is a folder for secrets")
	}
}

// Whoever lets a failed sign-in be can have it written all the same, without the mailbox, or not at all; and can go
// back to the servers.
func TestInitRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t, "", false)
	ask := func(dir, imap, password string) *seat {
		s := l.sit(t, dir, nil, "init", "--name", "Ana", "--email", "ana@example.org", "--timezone", "Europe/Lisbon", "--language", "en", "--via", "smtp")
		for _, step := range [][2]string{
			{"Nothing is known of example.org.", "mail.example.org:" + port(l.TLS)}, {"> starttls", "\x1b[A"},
			{"The server of your mailbox", imap}, {"> starttls", "\x1b[A"},
			{"The name that signs in there", ""}, {"> file", ""}, {"The password of", password},
		} {
			s.sees(step[0])
			s.types(step[1] + enter)
		}
		s.sees("what now")
		return s
	}
	dir := t.TempDir()
	s := ask(dir, "mail.example.org:1", emailtest.Password)
	s.sees("listens there", "> others", "Look at replies.imap.host")
	s.types(down + down + enter)
	if screen := s.ends(0); !strings.Contains(screen, "Signed in at mail.example.org, port "+port(l.TLS)) {
		t.Errorf("without the mailbox:\n%s", screen)
	}
	if c := readable(t, dir); c.Replies != nil || c.Mail.SMTP.Security != "tls" {
		t.Errorf("without the mailbox: %+v", c)
	}
	dir = t.TempDir()
	s = ask(dir, "mail.example.org:"+port(l.IMAPS), "falsch")
	s.sees("> again")
	s.types(down + down + enter)
	if screen := s.ends(0); !strings.Contains(screen, "Not signed in at mail.example.org") {
		t.Errorf("as it stands:\n%s", screen)
	}
	if c := readable(t, dir); c.Replies.IMAP == nil || c.Mail.SMTP.PasswordFile != "./secrets/mail" {
		t.Errorf("as it stands: %+v", c)
	}
	dir = t.TempDir()
	s = ask(dir, "mail.example.org:"+port(l.IMAPS), "falsch")
	s.types(down + enter)
	s.sees("The server that takes your mail", "> mail.example.org:"+port(l.TLS))
	s.types(enter + enter + enter + enter + enter)
	s.sees("> file")
	s.types(enter)
	s.sees("The password of")
	s.types(enter)
	s.sees("what now")
	s.types(down + down + down + enter)
	if screen := s.ends(exitUsage); !strings.Contains(screen, "nothing was written") {
		t.Errorf("nothing:\n%s", screen)
	}
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Errorf("there is %v", files)
	}
}

// Ctrl-C at each question, and while it works, ends with 130 at once and leaves nothing: no config, no secret, in no
// file and no keyring, and a terminal that shows what is typed.
func TestInitStopped(t *testing.T) {
	t.Parallel()
	l := newLab(t, published, false)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	steps := [][2]string{
		{"Your name", "Ana Lopes"}, {"Your mail address", "ana@example.org"}, {"Your time zone", ""},
		{"The language in which you write", ""}, {"How mail leaves", ""}, {"Example Mail", ""},
		{"Where the password lies", ""}, {"The password of ana@example.org", "falsch"}, {"what now", ""},
	}
	for _, env := range []string{"TERM=xterm", "TERM=dumb"} {
		for at := range len(steps) + 1 {
			t.Run(fmt.Sprint(env, at), func(t *testing.T) {
				t.Parallel()
				dir, held := t.TempDir(), filepath.Join(t.TempDir(), "held")
				args := []string{"init"}
				if at == len(steps) {
					args = append(args, "--smtp-host", silent.Addr().String(), "--username", "ana", "--via", "smtp")
				}
				s := l.sit(t, dir, []string{env, "LAB_KEYRING=" + held}, args...)
				for i, step := range steps {
					if at == len(steps) && (i == 4 || i == 5) {
						continue
					}
					if i == 8 && at == len(steps) {
						step[0] = "Signing in at 127.0.0.1"
					}
					if i == 7 {
						step[0] = strings.TrimSuffix(step[0], "ana@example.org")
					}
					if s.sees(step[0]); i == 7 {
						s.hushed()
					}
					if i == at || i == len(steps)-1 {
						s.types(ctrlC)
						break
					}
					s.types(step[1] + "\r")
				}
				screen := s.ends(exitStopped)
				// A terminal in its usual mode may drop what is printed right after Ctrl-C (termios(3), NOFLSH).
				if env == "TERM=xterm" && !strings.Contains(screen, "Nothing was written.") {
					t.Errorf("it does not say what has come of it\n%s", screen)
				}
				if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
					t.Errorf("there is %v, %v\n%s", files, err, screen)
				}
				if _, err := os.Stat(held); err == nil {
					t.Errorf("the keyring holds the password\n%s", screen)
				}
				if set, err := unix.IoctlGetTermios(int(s.tty.Fd()), unix.TCGETS); err == nil && set.Lflag&unix.ECHO == 0 {
					t.Errorf("the terminal does not show any more what is typed\n%s", screen)
				}
			})
		}
	}
}

// Flags alone do, without a terminal: what is found is tried, and a wrong password writes nothing.
func TestInitFlags(t *testing.T) {
	t.Parallel()
	l := newLab(t, published, true)
	dir := write(t, "right", emailtest.Password+"\n", "wrong", "falsch\n")
	initIn := func(args ...string) (code int, stdout, stderr string) {
		cmd := binary("lab", append([]string{"init", "--name", "Ana", "--email", "ana@example.org", "--timezone", "Europe/Lisbon", "--via", "smtp"}, args...)...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), l.env...)
		var out, errs strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &errs
		_ = cmd.Run()
		return cmd.ProcessState.ExitCode(), out.String(), errs.String()
	}
	refused := regexp.MustCompile(`^coalition: The mail server mail\.example\.org refused the user name or password: .*\.\n` +
		`The mail server .* refused the sign-in: .*\.\nLook at the password, and at the user name \(ana@example\.org\)\.\nNothing was written`)
	if code, _, stderr := initIn("--password-file", filepath.Join(dir, "wrong")); code != exitFailed || !refused.MatchString(stderr) {
		t.Errorf("a wrong password: exit %d\n%s", code, stderr)
	}
	if code, _, stderr := initIn(); code != exitUsage || !strings.Contains(stderr, "--password-command COMMAND") {
		t.Errorf("no password: exit %d\n%s", code, stderr)
	}
	if code, _, stderr := initIn("--password-file", "right", "--smtp-host", "mail.example.org:1"); code != exitFailed || !strings.Contains(stderr, "nobody listens there") {
		t.Errorf("another port: exit %d\n%s", code, stderr)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 2 {
		t.Fatalf("there is %v", files)
	}
	code, stdout, stderr := initIn("--password-file", "right")
	if code != 0 || !strings.Contains(stdout, "Signed in at mail.example.org, port "+port(l.TLS)) {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	if c := readable(t, dir); c.Mail.SMTP.PasswordFile != "right" || c.Replies.IMAP.Username != "ana@example.org" {
		t.Errorf("config: %+v", c.Mail)
	}
	// What it has written can be sent with.
	if err := os.WriteFile(filepath.Join(dir, "conversations", "maya.yaml"), []byte(mayaPlan), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := binary("lab", "daemon", "--once")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), l.env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// The server takes its time to deliver.
	tick, late := time.NewTicker(5*time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for len(l.Messages("maya")) == 0 {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("no mail has come")
		}
	}
}

// Servers of which only DNS knows are not taken without a word, which the refusal has ready to be copied.
func TestInitVouched(t *testing.T) {
	for want, imap := range map[string]provider.Server{
		"if it is right, add --smtp-host smtp.example.org:465 --imap-host mail.example.org:993": {Host: "mail.example.org", Port: 993},
		"if it is right, add --smtp-host smtp.example.org:465":                                  {},
	} {
		s := &setup{email: "ana@example.org", found: &provider.Settings{SMTP: provider.Server{Host: "smtp.example.org", Port: 465},
			IMAP: imap, Source: provider.DNS, By: "example.org"}}
		var wrong *usageError
		if err := s.takeFound(); !errors.As(err, &wrong) || wrong.hint != want {
			t.Errorf("%v: %+v, want %q", err, wrong, want)
		}
	}
}

// What init writes holds as it stands, also with all that it only shows, and whatever was typed.
func TestSetUpText(t *testing.T) {
	shown := regexp.MustCompile(`(?m)^#( {2,}[a-z-]|[a-z]+:)`)
	for _, s := range []setup{
		{via: viaOutbox},
		{via: viaSMTP, username: "a: #b", in: signIn{PasswordCommand: `pass "x" # y`}, sent: "[Gmail]/Sent Mail",
			smtp: mailServer{host: "smtp.example.org", port: 465, security: "tls"}, imap: mailServer{host: "::1", port: 143, security: "none"}},
		{via: viaSMTP, smtp: mailServer{host: "localhost", port: 25, security: "none"}},
	} {
		s.path, s.name, s.email, s.zone = "config.yaml", `Ana "A" Lopes: #1`, "ana@example.org", "Europe/Lisbon"
		text := s.text()
		for _, line := range strings.Split(string(text), "\n") {
			if len(line) > 120 {
				t.Errorf("a long line: %s", line)
			}
		}
		c, problems := parseConfig("config.yaml", text)
		if len(problems) > 0 {
			t.Errorf("%v\n%s", problems, text)
			continue
		}
		if c.Organizer.Name != s.name || string(c.Mail.Via) != s.via || c.Mail.SMTP.Username != s.username || c.Mail.SMTP.PasswordCommand != s.in.PasswordCommand {
			t.Errorf("it is read as %+v", c)
		}
		if s.imap.host != "" && c.Replies.IMAP.Sent != s.sent {
			t.Errorf("the folder of sent mail is read as %q", c.Replies.IMAP.Sent)
		}
		all := shown.ReplaceAll(text, []byte("$1"))
		if n := len(shown.FindAll(text, -1)); n < 8 {
			t.Errorf("%d lines are shown only", n)
		}
		if _, problems := parseConfig("config.yaml", all); len(problems) > 0 {
			t.Errorf("with all that is shown: %v\n%s", problems, all)
		}
	}
}
