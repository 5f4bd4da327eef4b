package email_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The steps of a session at which a server can be told to do something unusual: its greeting, "TLS", a
// command by its verb, the first bytes of a message, and its end.
const (
	greeting = "greeting"
	body     = "body"
	end      = "end"
)

// What it can be told; everything else is a reply, sent as it is.
const (
	usual   = ""
	drop    = "drop"    // hang up
	taken   = "250 …"   // take the message, and hang up without a word
	silence = "silence" // say nothing until the client hangs up
	drip    = "drip"    // a byte of a reply now and then, and no end of the line
	endless = "endless" // a reply of lines without end
	deaf    = "deaf"    // read nothing, and keep the connection
)

// A server speaks SMTP as RFC 5321, 3207 and 4954 have it, and strictly: what comes out of order is
// refused. It is written against the RFCs, with nothing of the client's library.
type server struct {
	security string           // as the client's
	cert     *tls.Certificate // nil: good
	auth     string           // mechanisms offered, once the connection is as safe as it gets; "": none
	offers   []string         // further keywords of EHLO
	do       script

	listener net.Listener
	port     int
	events   chan string // each step of silence when it is reached, and "closed" for each connection that ends
	running  sync.WaitGroup
	stopped  chan struct{}

	mu       sync.Mutex
	open     []net.Conn
	commands [][]string // by connection
	accepted []string   // messages that the server has taken over
	half     []string   // what came of messages whose end did not come
}

// A script says what to do at a step of the conn-th connection, before the end of its message-th
// message; both count from 0.
type script func(conn, message int, step string) string

// at is a script that does one thing at one step.
func at(step, what string) script {
	return func(_, _ int, s string) string {
		if s == step {
			return what
		}
		return usual
	}
}

func (s *server) start(t testing.TB) *server {
	t.Helper()
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.port = s.listener.Addr().(*net.TCPAddr).Port
	s.events, s.stopped = make(chan string, 1000), make(chan struct{})
	if s.do == nil {
		s.do = func(int, int, string) string { return usual }
	}
	if s.cert == nil {
		s.cert = &good
	}
	s.running.Go(func() {
		for n := 0; ; n++ {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open = append(s.open, conn)
			s.commands = append(s.commands, nil)
			s.mu.Unlock()
			s.running.Go(func() {
				(&peer{server: s, n: n, conn: conn}).serve()
				conn.Close()
				s.events <- "closed"
			})
		}
	})
	t.Cleanup(func() {
		close(s.stopped)
		s.listener.Close()
		s.cut()
		s.running.Wait()
	})
	return s
}

// cut hangs up on every connection.
func (s *server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.open {
		conn.Close()
	}
}

// wait waits for an event.
func (s *server) wait(t testing.TB, event string) {
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

// took is how many messages were accepted.
func (s *server) took() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.accepted)
}

// connections is how many there have been.
func (s *server) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.commands)
}

// said is what the client said on its n-th connection.
func (s *server) said(n int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n >= len(s.commands) {
		return nil
	}
	return slices.Clone(s.commands[n])
}

// A peer is one connection of a server.
type peer struct {
	*server
	n       int // counts the connections
	message int // counts the messages on this one
	conn    net.Conn
	r       *bufio.Reader
	secure  bool
}

func (p *peer) told(step string) string { return p.do(p.n, p.message, step) }

func (p *peer) serve() {
	if p.security == "tls" {
		if !p.encrypt() {
			return
		}
	}
	p.r = bufio.NewReader(p.conn)
	if !p.reply(greeting, "220 test.example.org ESMTP") {
		return
	}
	greeted, signed, from, to := false, p.auth == "", false, false
	for {
		line, err := p.r.ReadString('\n')
		if err != nil {
			return
		}
		line, crlf := strings.CutSuffix(line, "\r\n")
		verb, args, _ := strings.Cut(line, " ")
		p.note(line)
		answer := "250 2.0.0 well"
		switch {
		case !crlf:
			answer = "500 5.5.2 a line ends in CRLF"
		case verb == "EHLO":
			greeted, from, to = true, false, false
			offers := slices.Clone(p.offers)
			if p.security == "starttls" && !p.secure {
				offers = append(offers, "STARTTLS")
			} else if p.auth != "" {
				offers = append(offers, "AUTH "+p.auth)
			}
			answer = ehlo(offers)
		case verb == "HELO":
			greeted, from, to = true, false, false
		case verb == "QUIT":
			answer = "221 2.0.0 bye"
		case verb == "RSET":
			from, to = false, false
		case !greeted:
			answer = "503 5.5.1 greet first"
		case verb == "STARTTLS":
			answer = "220 2.0.0 go on"
		case verb == "AUTH":
			signed = p.login(args)
			answer = "235 2.7.0 welcome"
			if !signed {
				answer = "535 5.7.8 wrong"
			}
		case !signed:
			answer = "530 5.7.0 sign in first"
		case verb == "MAIL" && !from:
			from = true
		case verb == "RCPT" && from:
			to = true
		case verb == "DATA" && to:
			answer = "354 go on"
		default:
			answer = "503 5.5.1 out of order"
		}
		if !p.reply(verb, answer) {
			return
		}
		switch {
		case verb == "QUIT":
			return
		case verb == "STARTTLS" && (p.told("STARTTLS") == usual || strings.HasPrefix(p.told("STARTTLS"), "220")):
			if !p.encrypt() {
				return
			}
			p.r, greeted = bufio.NewReader(p.conn), false
		case verb == "DATA" && answer == "354 go on" && p.told("DATA") == usual:
			from, to = false, false
			if !p.data() {
				return
			}
		}
	}
}

func ehlo(offers []string) string {
	lines := append([]string{"test.example.org"}, offers...)
	for i := range lines {
		sep := "-"
		if i == len(lines)-1 {
			sep = " "
		}
		lines[i] = "250" + sep + lines[i]
	}
	return strings.Join(lines, "\r\n")
}

// data takes a message in, up to the line with nothing but a dot (RFC 5321, section 4.5.2).
func (p *peer) data() (goOn bool) {
	if what := p.told(body); what != usual {
		io.ReadFull(p.r, make([]byte, 1000))
		return p.say(body, what)
	}
	var message strings.Builder
	for {
		line, err := p.r.ReadString('\n')
		if err != nil {
			p.mu.Lock()
			p.half = append(p.half, message.String()+line)
			p.mu.Unlock()
			return false
		}
		if line == ".\r\n" {
			break
		}
		message.WriteString(strings.TrimPrefix(line, "."))
	}
	what := p.told(end)
	if what == usual {
		what = "250 2.0.0 taken"
	}
	if strings.HasPrefix(what, "250") {
		p.mu.Lock()
		p.accepted = append(p.accepted, message.String())
		p.mu.Unlock()
	}
	p.message++
	return p.say(end, what)
}

// reply does what the server was told to do at step, usually to say answer.
func (p *peer) reply(step, answer string) (goOn bool) {
	if what := p.told(step); what != usual {
		answer = what
	}
	return p.say(step, answer)
}

func (p *peer) say(step, what string) (goOn bool) {
	switch what {
	case drop, taken:
		return false
	case silence:
		p.events <- step
		io.Copy(io.Discard, p.conn)
		return false
	case deaf:
		<-p.stopped
		return false
	case endless:
		lines := strings.Repeat("250-more\r\n", 1000)
		for {
			if _, err := io.WriteString(p.conn, lines); err != nil {
				return false
			}
		}
	case drip:
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			io.Copy(io.Discard, p.conn)
		}()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				io.WriteString(p.conn, "2")
			case <-gone:
				return false
			}
		}
	}
	_, err := io.WriteString(p.conn, what+"\r\n")
	return err == nil
}

func (p *peer) note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.commands[p.n] = append(p.commands[p.n], line)
}

func (p *peer) encrypt() bool {
	if what := p.told("TLS"); what != usual {
		p.conn.Read(make([]byte, 1)) // not before the client waits for it: it drops what came with the 220
		if p.say("TLS", what) {
			io.Copy(io.Discard, p.conn)
		}
		return false
	}
	secure := tls.Server(p.conn, &tls.Config{Certificates: []tls.Certificate{*p.cert}})
	if secure.Handshake() != nil {
		return false
	}
	p.conn, p.secure = secure, true
	return true
}

// login checks for the user ana with the password or token geheim (RFC 4954; LOGIN and XOAUTH2 as everybody
// writes them).
func (p *peer) login(args string) bool {
	mechanism, first, _ := strings.Cut(args, " ")
	word, err := base64.StdEncoding.DecodeString(first)
	if mechanism == "XOAUTH2" && string(word) != bearer {
		io.WriteString(p.conn, "334 "+base64.StdEncoding.EncodeToString([]byte(`{"status":"400"}`))+"\r\n")
		line, err := p.r.ReadString('\n')
		p.note(strings.TrimSuffix(line, "\r\n"))
		return err != nil // never
	}
	if err != nil || p.told("AUTH") != usual {
		return false
	}
	if mechanism == "XOAUTH2" {
		return true
	}
	if mechanism == "PLAIN" {
		return string(word) == "\x00ana\x00geheim"
	}
	io.WriteString(p.conn, "334 "+base64.StdEncoding.EncodeToString([]byte("Password:"))+"\r\n")
	line, err := p.r.ReadString('\n')
	if err != nil {
		return false
	}
	second, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(line, "\r\n"))
	return err == nil && mechanism == "LOGIN" && string(word) == "ana" && string(second) == "geheim"
}
