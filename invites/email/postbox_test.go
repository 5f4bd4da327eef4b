package email_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"coalition/invites/email"
)

// What stands in what a postbox is told to say.
const (
	gone  = "\x00" // at the end: hang up then
	again = "\x01" // say what follows again and again
)

// A postbox is an IMAP server with one mailbox, written against RFC 3501 with nothing of the client's
// library. It can be told to say something else than it should.
type postbox struct {
	security string
	cert     *tls.Certificate // nil: good
	caps     string           // besides IMAP4rev1
	items    []item           // by UID
	validity int
	next     int // UIDNEXT; 0: it does not say
	do       reply

	listener net.Listener
	port     int
	events   chan string // each command that is answered by silence, "IDLE", and "closed"
	running  sync.WaitGroup

	mu   sync.Mutex
	open []net.Conn
	said [][]string // the commands, by connection
}

type item struct {
	uid  int
	at   time.Time
	text string
}

// A reply is what the postbox says to a command on its n-th connection, from 0; "" is what it should, and
// silence is nothing at all. In it %t is the tag of the command.
type reply func(n int, command string) string

// to is a reply to the commands that begin so.
func to(command, what string) reply {
	return func(_ int, c string) string {
		if strings.HasPrefix(c, command) {
			return what
		}
		return usual
	}
}

func (s *postbox) start(t testing.TB) *postbox {
	t.Helper()
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.port, s.events = s.listener.Addr().(*net.TCPAddr).Port, make(chan string, 1000)
	if s.do == nil {
		s.do = func(int, string) string { return usual }
	}
	if s.cert == nil {
		s.cert = &good
	}
	if s.validity == 0 {
		s.validity = 7
	}
	s.running.Go(func() {
		for n := 0; ; n++ {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open, s.said = append(s.open, conn), append(s.said, nil)
			s.mu.Unlock()
			s.running.Go(func() {
				(&clerk{postbox: s, n: n, conn: conn}).serve()
				conn.Close()
				s.events <- "closed"
			})
		}
	})
	t.Cleanup(func() {
		s.listener.Close()
		s.mu.Lock()
		for _, conn := range s.open {
			conn.Close()
		}
		s.mu.Unlock()
		s.running.Wait()
	})
	return s
}

// client is a Mailbox over s.
func (s *postbox) client(set ...func(*email.MailboxConfig)) *email.Mailbox {
	c := email.MailboxConfig{Server: email.Server{Host: "127.0.0.1", Port: s.port, Security: s.security, Username: "ana",
		Password: func(context.Context) (string, error) { return "geheim", nil }}}
	for _, change := range set {
		change(&c)
	}
	return email.NewMailbox(c)
}

func (s *postbox) wait(t testing.TB, event string) {
	t.Helper()
	select {
	case got := <-s.events:
		if got != event {
			t.Fatalf("the server got to %q, want %q", got, event)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("the server never got to %q", event)
	}
}

// heard is what the client said on its n-th connection.
func (s *postbox) heard(n int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n >= len(s.said) {
		return nil
	}
	return slices.Clone(s.said[n])
}

// A clerk serves one connection of a postbox.
type clerk struct {
	*postbox
	n    int
	conn net.Conn
	r    *bufio.Reader
	idle string // the tag of IDLE
	in   bool   // signed in, and no folder asked for yet
}

func (c *clerk) serve() {
	if c.security == email.TLS && !c.encrypt() {
		return
	}
	c.r = bufio.NewReader(c.conn)
	if !c.say("", greeting, "* OK ready\r\n") {
		return
	}
	for {
		line, ok := c.line()
		if !ok {
			return
		}
		tag, command, _ := strings.Cut(line, " ")
		if line == "DONE" {
			tag, command = c.idle, line
		}
		switch verb, _, _ := strings.Cut(command, " "); {
		case verb == "AUTHENTICATE" || verb == "LOGIN":
			c.in = true
		case verb == "NOOP" && c.in: // the library's own CAPABILITY may come before it or after it
			io.WriteString(c.conn, tag+" OK\r\n")
			continue
		case verb == "EXAMINE":
			c.in = false
		}
		c.mu.Lock()
		c.said[c.n] = append(c.said[c.n], command)
		c.mu.Unlock()
		if !c.say(tag, command, c.answer(tag, command)) {
			return
		}
		if command == "STARTTLS" {
			if !c.encrypt() {
				return
			}
			c.r = bufio.NewReader(c.conn)
		}
	}
}

// line is a command with its literals in it.
func (c *clerk) line() (string, bool) {
	line, err := c.r.ReadString('\n')
	line, crlf := strings.CutSuffix(line, "\r\n")
	if err != nil || !crlf {
		return line, false
	}
	if i := strings.LastIndexByte(line, '{'); i >= 0 && strings.HasSuffix(line, "}") {
		n, err := strconv.Atoi(line[i+1 : len(line)-1])
		if err != nil || n > 1000 {
			return line, false
		}
		io.WriteString(c.conn, "+ go on\r\n")
		literal := make([]byte, n)
		if _, err := io.ReadFull(c.r, literal); err != nil {
			return line, false
		}
		rest, ok := c.line()
		return line[:i] + strconv.Quote(string(literal)) + rest, ok
	}
	return line, true
}

func (c *clerk) say(tag, command, usually string) (goOn bool) {
	what := c.do(c.n, command)
	switch what {
	case usual:
		what = usually
	case drop:
		return false
	case silence:
		c.events <- command
		io.Copy(io.Discard, c.conn)
		return false
	}
	what, hangUp := strings.CutSuffix(what, gone)
	what, more, endless := strings.Cut(what, again)
	_, err := io.WriteString(c.conn, strings.ReplaceAll(what, "%t", tag))
	for more = strings.Repeat(more, 1000); endless && err == nil; {
		_, err = io.WriteString(c.conn, more)
	}
	if command == "IDLE" {
		c.events <- command
	}
	return err == nil && !hangUp
}

func (c *clerk) encrypt() bool {
	secure := tls.Server(c.conn, &tls.Config{Certificates: []tls.Certificate{*c.cert}})
	c.conn = secure
	return secure.Handshake() == nil
}

var fetching = regexp.MustCompile(`^UID FETCH (\S+) \((.*)\)$`)

func (c *clerk) answer(tag, command string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var said strings.Builder
	verb, args, _ := strings.Cut(command, " ")
	switch verb {
	case "CAPABILITY":
		fmt.Fprintf(&said, "* CAPABILITY IMAP4rev1 %s\r\n", c.caps)
	case "AUTHENTICATE":
		if first, ok := strings.CutPrefix(args, "XOAUTH2 "); ok || args == "XOAUTH2" {
			if !ok {
				io.WriteString(c.conn, "+ \r\n")
				first, _ = c.line()
			}
			if word, err := base64.StdEncoding.DecodeString(first); err != nil || string(word) != bearer {
				io.WriteString(c.conn, "+ "+base64.StdEncoding.EncodeToString([]byte(`{"status":"400"}`))+"\r\n")
				c.line()
				return tag + " NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)\r\n"
			}
			break
		}
		word := strings.TrimPrefix(args, "PLAIN ")
		if word == args {
			io.WriteString(c.conn, "+ \r\n")
			word, _ = c.line()
		}
		if plain, err := base64.StdEncoding.DecodeString(word); err != nil || string(plain) != "\x00ana\x00geheim" {
			return tag + " NO wrong\r\n"
		}
	case "LOGIN":
		if args != `"ana" "geheim"` {
			return tag + " NO wrong\r\n"
		}
	case "EXAMINE":
		fmt.Fprintf(&said, "* %d EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY %d] lasting\r\n", len(c.items), c.validity)
		if c.next > 0 {
			fmt.Fprintf(&said, "* OK [UIDNEXT %d] next\r\n", c.next)
		}
	case "IDLE":
		c.idle = tag
		return "+ idling\r\n"
	case "UID":
		if ask := fetching.FindStringSubmatch(command); ask != nil {
			for i, l := range c.items {
				if within(ask[1], l.uid) {
					said.WriteString(l.fetch(i+1, ask[2]))
				}
			}
			break
		}
		said.WriteString("* SEARCH")
		for i, l := range c.items {
			set, isUID := strings.CutPrefix(args, "SEARCH UID ")
			number, isNumber := strings.CutPrefix(args, "SEARCH ")
			n, err := strconv.Atoi(number)
			if isNumber = isNumber && err == nil; isUID && !within(set, l.uid) && i < len(c.items)-1 || isNumber && n != i+1 {
				continue
			}
			fmt.Fprintf(&said, " %d", l.uid)
		}
		said.WriteString("\r\n")
	case "NOOP", "STARTTLS", "DONE":
	default:
		return tag + " BAD what?\r\n"
	}
	return said.String() + tag + " OK done\r\n"
}

// fetch is a mail in the items that are asked for.
func (l item) fetch(n int, asked string) string {
	said := fmt.Sprintf("* %d FETCH (UID %d", n, l.uid)
	if strings.Contains(asked, "INTERNALDATE") {
		said += fmt.Sprintf(` INTERNALDATE "%s" RFC822.SIZE %d`, l.at.Format("_2-Jan-2006 15:04:05 -0700"), len(l.text))
	}
	if strings.Contains(asked, "BODY.PEEK[]<0.1048576>") {
		text := l.text[:min(len(l.text), 1048576)]
		said += fmt.Sprintf(" BODY[]<0> {%d}\r\n%s", len(text), text)
	}
	return said + ")\r\n"
}

// within tells whether a UID is in a set as "2,4:7,9:*".
func within(set string, uid int) bool {
	return slices.ContainsFunc(strings.Split(set, ","), func(s string) bool {
		from, till, isRange := strings.Cut(s, ":")
		if !isRange {
			till = from
		}
		a, _ := strconv.Atoi(from)
		b, err := strconv.Atoi(till)
		return uid >= a && (uid <= b || err != nil)
	})
}
