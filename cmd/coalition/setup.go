package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zalando/go-keyring"

	"coalition/invites/email"
	"coalition/invites/provider"
	"coalition/scheduler/strictyaml"
)

// A setup is what init asks for.
type setup struct {
	path                        string
	name, email, zone, language string
	via                         string
	smtp, imap                  mailServer
	username, imapUsername      string
	in                          signIn
	// What flags have said: the servers, who signs in, and where the password lies.
	typed, named, given bool
	noNetwork           bool

	// found is what is known of the servers; nil: nothing. looked is the address for which it was looked for.
	found  *provider.Settings
	looked string
	// own says that the servers are typed, not found.
	own string
	// keyring says that there is one, where it was probed.
	keyring, probed bool
	// store is where a typed password is to lie, and password what was typed.
	store, password string
	tried           []trial
	// sent is the folder of sent mail, as the mailbox names it.
	sent string
	// next is what to do after a sign-in has failed.
	next string
}

// A mailServer is one as it is asked for: its name, and its port where that is not the usual one.
type mailServer struct {
	text     string
	usual    int
	host     string
	port     int
	security string
}

// passwordFile is where a typed password lies, beside the config.
const passwordFile = "./secrets/mail"

// The answers to questions.
const (
	take, other        = "use", "others"
	inRing, inFile     = "keyring", "file"
	byCommand          = "command"
	again, noMailbox   = "again", "without"
	untried, leave     = "as it is", "leave"
	viaSMTP, viaOutbox = "smtp", "outbox"
)

// read takes the text apart. An empty one is none.
func (m *mailServer) read() error {
	if m.text == "" {
		*m = mailServer{usual: m.usual}
		return nil
	}
	host, port := m.text, strconv.Itoa(m.usual)
	if h, p, err := net.SplitHostPort(m.text); err == nil {
		host, port = h, p
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || host == "" || strings.ContainsAny(host, " /@") || strings.Contains(host, ":") && net.ParseIP(host) == nil {
		return &strictyaml.Fault{Text: "is no name of a server", Mend: "write it as mail.example.org, or mail.example.org:465"}
	}
	if host != m.host || int(n) != m.port {
		m.security = email.StartTLS
		switch {
		case n == 465 || n == 993:
			m.security = email.TLS
		case local(host):
			m.security = email.Clear
		}
	}
	m.host, m.port = host, int(n)
	return nil
}

// local reports whether a host is this machine.
func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// unusual reports whether its port doesn't tell how it is encrypted.
func (m *mailServer) unusual() bool {
	return m.host != "" && !slices.Contains([]int{465, 587, 993, 143}, m.port)
}

// words tells people what the server is.
func (m *mailServer) words() string {
	how := map[string]string{email.TLS: "TLS from the start", email.StartTLS: "STARTTLS", email.Clear: "without TLS, since it is this machine"}
	return fmt.Sprintf("%s, port %d, %s", m.host, m.port, how[m.security])
}

// findServers finds out by which servers the address's mail leaves and comes.
func (s *setup) findServers(ctx context.Context) {
	if s.looked == s.email {
		return
	}
	s.looked, s.own = s.email, ""
	if s.found = provider.Known(s.email); s.found == nil && !s.noNetwork {
		f := &provider.Finder{Client: &http.Client{Transport: http.DefaultTransport}, DNS: net.DefaultResolver}
		s.found = f.Find(ctx, s.email)
	}
}

// usable reports whether the servers that were found can be signed in to.
func (s *setup) usable() bool {
	return s.found != nil && s.found.SMTP.Host != "" && s.found.Need != provider.OAuth && s.found.Need != provider.Nothing
}

// takeFound takes the servers that were found, without a question: not those of which only DNS knows.
func (s *setup) takeFound() error {
	_, domain, _ := strings.Cut(s.email, "@")
	switch {
	case s.found == nil:
		return usage("by which servers the mail of %s leaves is not known",
			"name them: --smtp-host SERVER --imap-host SERVER", domain)
	case !s.usable():
		return usage("%s", "leave --via out: mail is written as files then; or name another server: --smtp-host SERVER", needed(s.found))
	case s.found.Source == provider.DNS && s.found.Name == "":
		at := func(p provider.Server) string { return net.JoinHostPort(p.Host, strconv.Itoa(p.Port)) }
		flags := "--smtp-host " + at(s.found.SMTP)
		if s.found.IMAP.Host != "" {
			flags += " --imap-host " + at(s.found.IMAP)
		}
		return usage("the DNS of %s names the server %s, and nothing vouches for that", "if it is right, add "+flags, domain,
			s.found.SMTP.Host)
	}
	s.use()
	return nil
}

// use takes the servers that were found.
func (s *setup) use() {
	into := func(m *mailServer, p provider.Server) {
		*m = mailServer{usual: m.usual, host: p.Host, port: p.Port, security: email.StartTLS}
		switch {
		case p.Host == "":
			return
		case p.TLS:
			m.security = email.TLS
		case s.found.Need == provider.Bridge:
			m.security = email.Clear
		}
		m.text = net.JoinHostPort(p.Host, strconv.Itoa(p.Port))
	}
	into(&s.smtp, s.found.SMTP)
	into(&s.imap, s.found.IMAP)
	if s.found.Need != provider.Bridge {
		if s.imapUsername = s.username; !s.named {
			s.username, s.imapUsername = s.found.SMTP.Username, s.found.IMAP.Username
		}
	}
}

// foundWords tell what was found, and by whose word.
func (s *setup) foundWords() string {
	var lines []string
	if s.usable() {
		t := &setup{found: s.found}
		t.use()
		lines = append(lines, "Sending: "+t.smtp.words())
		if t.imap.host != "" {
			lines = append(lines, "Answers: "+t.imap.words())
		}
	}
	switch {
	case s.found.Source == provider.Published:
		lines = append(lines, "So says "+s.found.By+".")
	case s.found.Source == provider.DNS && s.found.Name != "":
		lines = append(lines, fmt.Sprintf("Mail for your domain goes to %s, a server of %s.", s.found.By, s.found.Name))
	case s.found.Source == provider.DNS:
		lines = append(lines, fmt.Sprintf("So says the DNS of %s. Nothing proves it: look whether you know these servers.", s.found.By))
	}
	if n := sentence(needed(s.found)); n != "" {
		lines = append(lines, n)
	}
	return strings.Join(lines, "\n")
}

// failed are the sign-ins that failed.
func (s *setup) failed() (list []trial) {
	for _, t := range s.tried {
		if t.text != "" {
			list = append(list, t)
		}
	}
	return list
}

// failedWords say what went wrong, and what to do about it, a sentence a line; "": nothing did.
func (s *setup) failedWords() string {
	var wrong, mend []string
	for _, t := range s.failed() {
		wrong = append(wrong, sentence(t.text))
		if m := sentence(t.mend); !slices.Contains(mend, m) {
			mend = append(mend, m)
		}
	}
	return strings.TrimSpace(strings.Join(append(wrong, mend...), "\n"))
}

// sentence begins words with a capital letter, and ends them, but for a web address: it is to be copied.
func sentence(words string) string {
	if words == "" {
		return ""
	}
	r, size := utf8.DecodeRuneInString(words)
	words = string(unicode.ToUpper(r)) + words[size:]
	if strings.Contains(words[strings.LastIndexByte(words, ' ')+1:], "://") {
		return words
	}
	return words + "."
}

// config is what the text means.
func (s *setup) config() (*config, error) {
	c, problems := parseConfig(s.path, s.text())
	if len(problems) > 0 {
		return nil, fromFlags(problems)
	}
	c.typed = s.password
	return c, nil
}

// hasKeyring reports whether the system has a keyring that answers.
func hasKeyring(ctx context.Context) bool {
	err := askKeyring(ctx, func() error {
		_, err := keyring.Get(keyringService, "")
		return err
	})
	return err == nil || errors.Is(err, keyring.ErrNotFound)
}

// freeFile is where a typed password can lie, beside the config.
func (s *setup) freeFile() string {
	path := passwordFile
	for n := 2; ; n++ {
		if _, err := os.Stat(filepath.Join(filepath.Dir(s.path), path)); err != nil {
			return path
		}
		path = fmt.Sprintf("%s-%d", passwordFile, n)
	}
}
