package email_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"coalition/invites"
	"coalition/invites/email"
)

// short is long enough for a server on this machine to answer, and short enough to wait for one that
// does not. A timeout that strikes too early on a busy machine changes no result of these tests.
const short = 100 * time.Millisecond

// client is a sender for s that signs in where s offers it.
func (s *server) client(set ...func(*email.SMTPConfig)) *email.SMTP {
	c := &email.SMTPConfig{Server: email.Server{Host: "127.0.0.1", Port: s.port, Security: s.security}}
	if s.auth != "" {
		c.Username = "ana"
		c.Password = func(context.Context) (string, error) { return "geheim", nil }
	}
	for _, change := range set {
		change(c)
	}
	return email.NewSMTP(*c)
}

func submission(n int) *invites.Submission {
	return &invites.Submission{From: "ana@example.org", To: "maya@example.org",
		Data: fmt.Appendf(nil, "Subject: %d\r\n\r\n.\r\n..two\r\n.three\r\nlast\r\n", n)}
}

// large is more than the buffers between two ends of a connection hold.
func large() *invites.Submission {
	p := submission(0)
	p.Data = append(p.Data, bytes.Repeat([]byte(strings.Repeat("x", 70)+"\r\n"), 16<<20/72)...)
	return p
}

var securities = []string{email.TLS, email.StartTLS, email.Clear}

// A message arrives as it is, whatever the way, and the session is as it should be.
func TestSend(t *testing.T) {
	const hello = "EHLO [127.0.0.1]"
	mail := []string{"MAIL FROM:<ana@example.org>", "RCPT TO:<maya@example.org>", "DATA", "QUIT"}
	tests := []struct {
		name string
		srv  *server
		want []string
	}{
		{"tls, PLAIN", &server{security: email.TLS, auth: "LOGIN PLAIN"}, append([]string{hello, "AUTH PLAIN AGFuYQBnZWhlaW0="}, mail...)},
		{"starttls, LOGIN", &server{security: email.StartTLS, auth: "LOGIN CRAM-MD5"}, append([]string{"EHLO localhost", "STARTTLS", hello, "AUTH LOGIN YW5h"}, mail...)},
		{"none, no AUTH", &server{security: email.Clear}, append([]string{hello}, mail...)},
		{"size announced", &server{security: email.Clear, offers: []string{"SIZE 1000", "PIPELINING"}},
			append([]string{hello, fmt.Sprintf("MAIL FROM:<ana@example.org> SIZE=%d", len(submission(1).Data))}, mail[1:]...)},
		{"no EHLO", &server{security: email.Clear, do: at("EHLO", "502 5.5.1 what?")}, append([]string{hello, "HELO [127.0.0.1]"}, mail...)},
		{"plain text slipped in behind STARTTLS", &server{security: email.StartTLS, do: at("STARTTLS", "220 go on\r\n250-test\r\n250 AUTH PLAIN")},
			append([]string{"EHLO localhost", "STARTTLS", hello}, mail...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := tt.srv.start(t)
			c := s.client()
			dots := 0
			if err := c.Send(t.Context(), submission(1), func() error { dots++; return nil }); err != nil {
				t.Fatal(err)
			}
			c.Idle()
			s.wait(t, "closed")
			if dots != 1 {
				t.Errorf("dot was called %d times, want once", dots)
			}
			if d := cmp.Diff([]string{string(submission(1).Data)}, s.accepted); d != "" {
				t.Errorf("messages accepted (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.want, s.said(0)); d != "" {
				t.Errorf("commands (-want +got):\n%s", d)
			}
		})
	}
}

// goSpeak is what errors say to programmers.
var goSpeak = regexp.MustCompile(`\btls: |x509|\btcp\b|EOF|smtp:|SMTP error|sasl|i/o|\bdial\b|lookup |read |write |context|%!|\n`)

// What each failure means: to whom it belongs, for how long, and whether the message may have arrived
// (design section 3, steps 3 to 6).
func TestSendFails(t *testing.T) {
	channel := func(code int) invites.DeliveryError { return invites.DeliveryError{Channel: true, Code: code} }
	ours := func(code int) invites.DeliveryError { return invites.DeliveryError{Final: code >= 500, Code: code} }
	unclear := invites.DeliveryError{Unclear: true, Channel: true, Begun: true}
	account := func(code int) invites.DeliveryError {
		return invites.DeliveryError{Channel: true, Account: true, Code: code}
	}
	login := func(code int) invites.DeliveryError {
		return invites.DeliveryError{Channel: true, Code: code, Wait: time.Minute}
	}
	begun := func() invites.DeliveryError { return invites.DeliveryError{Channel: true, Begun: true} }
	refused := func(code int) invites.DeliveryError {
		return invites.DeliveryError{Channel: true, Account: true, Code: code, Wait: 10 * time.Minute}
	}
	type test struct {
		name       string
		srv        *server
		want       invites.DeliveryError
		text       string // in the text for people
		dots       int
		accepted   int
		submission *invites.Submission
		late       string // where the answer is late: "end", or elsewhere
	}
	tests := []test{
		{name: "certificate of nobody known", srv: &server{security: email.StartTLS, cert: &untrusted}, want: account(0), text: "(STARTTLS: its certificate is signed by nobody this machine trusts)"},
		{name: "certificate for another name", srv: &server{security: email.StartTLS, cert: &otherName}, want: account(0), text: "(STARTTLS: its certificate is for another name)"},
		{name: "certificate expired", srv: &server{security: email.StartTLS, cert: &expired}, want: account(0), text: "(STARTTLS: its certificate has expired or does not hold yet, or the clock of this machine is wrong)"},
		{name: "certificate of nobody known, tls", srv: &server{security: email.TLS, cert: &untrusted}, want: account(0), text: "(TLS: its certificate is signed by nobody this machine trusts"},
		{name: "no STARTTLS", srv: &server{security: email.StartTLS, do: at("EHLO", "250 test")}, want: account(0), text: "offers no STARTTLS, and nothing is sent in the clear"},
		{name: "STARTTLS refused for now", srv: &server{security: email.StartTLS, do: at("STARTTLS", "454 4.7.0 no TLS now")}, want: channel(454), text: "no TLS now"},
		{name: "STARTTLS and no TLS", srv: &server{security: email.StartTLS, do: at("TLS", "250 not in TLS")}, want: account(0), text: "does not speak TLS on this port"},

		{name: "greeting 554", srv: &server{do: at(greeting, "554 5.7.1 no service for you")}, want: channel(554), text: "no service for you"},
		{name: "greeting 421", srv: &server{do: at(greeting, "421 too busy")}, want: channel(421), text: "too busy"},
		{name: "greeting is no SMTP", srv: &server{do: at(greeting, "+OK POP3 ready")}, want: channel(0), text: "none that this program understands"},
		{name: "greeting without end", srv: &server{do: at(greeting, endless)}, want: channel(0), text: "had no end"},
		{name: "EHLO 550", srv: &server{do: at("EHLO", "550 5.7.1 go away")}, want: channel(550), text: "go away"},
		{late: "before", name: "EHLO in drops", srv: &server{do: at("EHLO", drip)}, want: channel(0)},

		{name: "AUTH 535", srv: &server{auth: "PLAIN", do: at("AUTH", "535 5.7.8 bad credentials")}, want: refused(535), text: "refused the user name or password: bad credentials"},
		{name: "AUTH 534", srv: &server{auth: "LOGIN", do: at("AUTH", "534 5.7.9 too weak")}, want: refused(534), text: "too weak"},
		{name: "AUTH 454", srv: &server{auth: "PLAIN", do: at("AUTH", "454 4.7.0 later")}, want: login(454), text: "later"},
		{name: "AUTH asks on", srv: &server{auth: "PLAIN", do: at("AUTH", "334 bW9yZQ==")}, want: login(0), text: "none that this program understands"},
		{name: "AUTH unknown", srv: &server{auth: "GSSAPI NTLM"}, want: func() invites.DeliveryError { f := login(0); f.Account = true; return f }(), text: "offers no way to sign in that this program knows"},
		{name: "AUTH wanted at MAIL", srv: &server{do: at("MAIL", "530 5.7.0 sign in")}, want: account(530), text: "sign in"},

		{name: "MAIL 250 twice", srv: &server{do: at("MAIL", "250 well\r\n250 well")}, want: begun(), text: "it answered 250, which has no place there"},
		{name: "MAIL 552 by its size", srv: &server{offers: []string{"SIZE 10"}, do: at("MAIL", "552 5.3.4 too big")}, want: invites.DeliveryError{Code: 552}, text: "too big"},
		{name: "RCPT in many lines", srv: &server{do: at("RCPT", "550-5.1.1 no such\r\n550-5.1.1 user \x1b[31m\u202ehere\r\n550 5.1.1 ask the\xffpostmaster")}, want: ours(550),
			text: "no such user [31mhere ask the�postmaster"},
		{name: "RCPT without a word", srv: &server{do: at("RCPT", "550 ")}, want: ours(550), text: "gave no reason"},
		{name: "RCPT 452", srv: &server{do: at("RCPT", "452 4.2.2 mailbox full")}, want: ours(452), text: "mailbox full"},
		{name: "DATA 250", srv: &server{do: at("DATA", "250 well")}, want: begun(), text: "it answered 250"},
		{name: "DATA without end", srv: &server{do: at("DATA", endless)}, want: begun(), text: "had no end"},

		{name: "cut within the message", srv: &server{do: at(body, drop)}, submission: large(), want: begun(), text: "the connection was cut"},
		{late: "before", name: "deaf within the message", srv: &server{do: at(body, deaf)}, submission: large(), want: begun(), text: "did not answer in time"},

		{name: "end 452", srv: &server{do: at(end, "452 4.3.1 disk full")}, dots: 1, want: ours(452), text: "disk full"},
		{name: "end 421", srv: &server{do: at(end, "421 4.3.2 going down")}, dots: 1, want: channel(421), text: "going down"},
		{name: "end 554", srv: &server{do: at(end, "554-5.7.1 spam\r\n554 5.7.1 we think")}, dots: 1, want: ours(554), text: "spam we think"},
		{name: "end 354", srv: &server{do: at(end, "354 go on")}, dots: 1, want: unclear, text: "it answered 354"},
		{name: "end 999", srv: &server{do: at(end, "999 nine")}, dots: 1, want: unclear, text: "it answered 999"},
		{name: "end in garbage", srv: &server{do: at(end, "<html>")}, dots: 1, want: unclear, text: "none that this program understands"},
		{late: "end", name: "end in drops", srv: &server{do: at(end, drip)}, dots: 1, want: unclear},
		{name: "end without end", srv: &server{do: at(end, endless)}, dots: 1, want: unclear, text: "had no end"},
		{name: "end taken, and gone", srv: &server{do: at(end, taken)}, dots: 1, accepted: 1, want: unclear, text: "the connection was cut"},
		{name: "end cut short", srv: &server{do: at(end, "25")}, dots: 1, want: unclear, text: "no clear answer came"},
	}
	for _, step := range []string{greeting, "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", end} {
		want, dots := channel(0), 0
		switch step {
		case end:
			want, dots = unclear, 1
		case "RCPT", "DATA":
			want = begun()
		case "AUTH":
			want = login(0)
		}
		late := "before"
		if step == end {
			late = "end"
		}
		tests = append(tests,
			test{name: step + " and gone", srv: &server{security: email.StartTLS, auth: "PLAIN", do: at(step, drop)}, dots: dots, want: want, text: "the connection was cut"},
			test{late: late, name: step + " and silence", srv: &server{security: email.StartTLS, auth: "PLAIN", do: at(step, silence)}, dots: dots, want: want, text: "did not answer in time"})
	}
	for _, step := range []string{"MAIL", "RCPT", "DATA"} {
		later, never := ours(451), ours(550)
		if step == "MAIL" { // the sender is the same for all
			later, never = channel(451), account(550)
		}
		tests = append(tests,
			test{name: step + " 4xx", srv: &server{do: at(step, "451 4.7.1 try again")}, want: later, text: "try again"},
			test{name: step + " 5xx", srv: &server{do: at(step, "550 5.7.1 not you")}, want: never, text: "not you"},
			test{name: step + " 421", srv: &server{do: at(step, "421 4.3.2 going down")}, want: channel(421), text: "going down"})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.srv.security == "" {
				tt.srv.security = email.Clear
			}
			s := tt.srv.start(t)
			c := s.client(func(c *email.SMTPConfig) {
				switch tt.late {
				case "before":
					c.Dial, c.Command, c.Data = 3*short, short, short
				case "end":
					c.Dot = short
				}
			})
			defer c.Idle()
			p := tt.submission
			if p == nil {
				p = submission(1)
			}
			dots := 0
			ctx, cancel := context.WithCancel(t.Context())
			defer time.AfterFunc(20*time.Second, cancel).Stop() // which the text would name
			err := c.Send(ctx, p, func() error { dots++; return nil })
			got := fault(t, err)
			if !strings.Contains(got.Text, tt.text) || goSpeak.MatchString(got.Text) {
				t.Errorf("text %q, want words for people with %q", got.Text, tt.text)
			}
			got.Text, got.Err = "", nil
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
			if dots != tt.dots {
				t.Errorf("dot was called %d times, want %d", dots, tt.dots)
			}
			if n := s.took(); n != tt.accepted {
				t.Errorf("the server accepted %d messages, want %d", n, tt.accepted)
			}
		})
	}
}

// fault is err as what it must be.
func fault(t *testing.T, err error) invites.DeliveryError {
	t.Helper()
	var fault *invites.DeliveryError
	if !errors.As(err, &fault) {
		t.Fatalf("got error %v, want a DeliveryError", err)
	}
	return *fault
}

func TestSendNeverConnects(t *testing.T) {
	nobody := &server{security: email.Clear}
	s := nobody.start(t)
	tests := []struct {
		name string
		do   func(c *email.SMTPConfig, p *invites.Submission)
		want invites.DeliveryError
	}{
		{"to .example", func(_ *email.SMTPConfig, p *invites.Submission) { p.To = "maya@mail.example" },
			invites.DeliveryError{Final: true, Text: "addresses under .example are nobody's: they are never sent by SMTP"}},
		{"to .EXAMPLE.", func(_ *email.SMTPConfig, p *invites.Submission) { p.To = "maya@EXAMPLE." },
			invites.DeliveryError{Final: true, Text: "addresses under .example are nobody's: they are never sent by SMTP"}},
		{"in the clear to elsewhere", func(c *email.SMTPConfig, _ *invites.Submission) { c.Host = "192.0.2.1" },
			invites.DeliveryError{Channel: true, Account: true, Text: "the mail server 192.0.2.1 did not take the message (connecting: without TLS only this machine itself is written to)"}},
		{"nobody listens", func(c *email.SMTPConfig, _ *invites.Submission) { c.Port = closedPort(t) },
			invites.DeliveryError{Channel: true, Text: "the mail server 127.0.0.1 did not take the message (connecting: nobody listens there)"}},
		{"unknown security", func(c *email.SMTPConfig, _ *invites.Submission) { c.Security = "ssl" },
			invites.DeliveryError{Channel: true, Text: "the mail server 127.0.0.1 did not take the message (connecting: no such security: ssl)"}},
		{"no password", func(c *email.SMTPConfig, _ *invites.Submission) {
			c.Username, c.Password = "ana", func(context.Context) (string, error) {
				return "", fmt.Errorf("the file secrets/smtp can't be read: %w", os.ErrPermission)
			}
		}, invites.DeliveryError{Channel: true, Account: true, Text: "the password for the mail server can't be read: the file secrets/smtp can't be read: permission denied"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := submission(1)
			c := s.client(func(c *email.SMTPConfig) { tt.do(c, p) })
			got := fault(t, c.Send(t.Context(), p, func() error { t.Error("dot was called"); return nil }))
			got.Err = nil
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	if said := s.said(0); said != nil {
		t.Errorf("somebody connected and said %q", said)
	}
}

func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Where dot fails, the end must not leave by any way: the library would send it with the next
// command, and the message would go although somebody else owns it now, or it was called off.
func TestSendDotFails(t *testing.T) {
	fenced := errors.New("fenced")
	long := submission(1)
	long.Data = append(long.Data, bytes.Repeat([]byte("a line\r\n"), 10_000)...)
	for _, security := range securities {
		for name, p := range map[string]*invites.Submission{"one packet": submission(1), "many": long} {
			t.Run(security+", "+name, func(t *testing.T) {
				t.Parallel()
				s := (&server{security: security}).start(t)
				c := s.client()
				err := c.Send(t.Context(), p, func() error { return fenced })
				if !errors.Is(err, fenced) {
					t.Errorf("got error %v, want dot's own", err)
				}
				c.Idle()
				s.wait(t, "closed")
				if s.took() != 0 {
					t.Errorf("the server accepted the message")
				}
				if len(s.half) != 1 || !strings.HasPrefix(string(p.Data), strings.TrimSuffix(s.half[0], "\r")) {
					t.Errorf("the server has %d messages without an end, want the one, as far as it came", len(s.half))
				}
				if said := s.said(0); said[len(said)-1] != "DATA" {
					t.Errorf("the client said %q after DATA", said[len(said)-1])
				}
				if err := c.Send(t.Context(), submission(2), func() error { return nil }); err != nil || s.took() != 1 {
					t.Errorf("the next message: error %v, %d accepted, want 1", err, s.took())
				}
				c.Idle()
			})
		}
	}
}

// A connection that ends between the mark and the end of the message: where the end could not be
// written, nothing was accepted, and that is certain.
func TestSendLosesEnd(t *testing.T) {
	for _, security := range securities {
		t.Run(security, func(t *testing.T) {
			t.Parallel()
			s := (&server{security: security}).start(t)
			c := s.client()
			ctx, cancel := context.WithCancel(t.Context())
			err := c.Send(ctx, submission(1), func() error {
				cancel()
				s.wait(t, "closed") // the client has hung up
				return nil
			})
			got := fault(t, err)
			got.Err = nil
			want := invites.DeliveryError{Channel: true, Begun: true, Text: "the mail server 127.0.0.1 did not take the message (DATA: this program was told to stop)"}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if s.took() != 0 {
				t.Errorf("the server accepted the message")
			}
		})
	}
	t.Run("the server hangs up", func(t *testing.T) {
		s := (&server{security: email.Clear}).start(t)
		c := s.client()
		got := fault(t, c.Send(t.Context(), submission(1), func() error {
			s.cut()
			s.wait(t, "closed")
			return nil
		}))
		// The client sees it before it sends the end.
		if got.Unclear || !got.Channel || got.Final || s.took() != 0 {
			t.Errorf("got %+v, %d accepted, want the channel's fault, and nothing unclear", got, s.took())
		}
	})
}

// One connection carries many messages, and refused ones between them.
func TestSendReuses(t *testing.T) {
	for _, security := range securities {
		t.Run(security, func(t *testing.T) {
			t.Parallel()
			s := (&server{security: security, auth: "PLAIN", do: func(_, message int, step string) string {
				switch {
				case message == 1 && step == end:
					return "451 4.3.0 later"
				case message == 2 && step == "RCPT":
					return "550 5.1.1 nobody"
				}
				return usual
			}}).start(t)
			asked := 0
			c := s.client(func(c *email.SMTPConfig) {
				c.Password = func(context.Context) (string, error) { asked++; return "geheim", nil }
			})
			var got []int
			for n := range 3 {
				err := c.Send(t.Context(), submission(n), func() error { return nil })
				if err == nil {
					got = append(got, 250)
				} else {
					got = append(got, fault(t, err).Code)
				}
			}
			c.Idle()
			s.wait(t, "closed")
			if d := cmp.Diff([]int{250, 451, 550}, got); d != "" {
				t.Errorf("replies (-want +got):\n%s", d)
			}
			var verbs []string
			for _, line := range s.said(0) {
				verb, _, _ := strings.Cut(line, " ")
				verbs = append(verbs, verb)
			}
			want := strings.Fields("EHLO AUTH MAIL RCPT DATA MAIL RCPT DATA MAIL RCPT RSET EHLO QUIT") // the library greets again after RSET
			if security == email.StartTLS {
				want = append([]string{"EHLO", "STARTTLS"}, want...)
			}
			if d := cmp.Diff(want, verbs); d != "" {
				t.Errorf("commands (-want +got):\n%s", d)
			}
			if asked != 1 {
				t.Errorf("the password was asked for %d times, want once", asked)
			}
		})
	}
}

// Servers close connections that lie idle, or that have carried enough. That costs no attempt.
func TestSendReconnects(t *testing.T) {
	tests := []struct {
		name string
		do   script
	}{
		{"closed while idle", nil},
		{"421 at MAIL", at2("MAIL", "421 4.7.0 enough")},
		{"421 at RCPT", at2("RCPT", "421 4.7.0 enough")},
		{"gone at DATA", at2("DATA", drop)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := (&server{security: email.TLS, do: tt.do}).start(t)
			c := s.client()
			defer c.Idle()
			for n := range 2 {
				dots := 0
				if err := c.Send(t.Context(), submission(n), func() error { dots++; return nil }); err != nil || dots != 1 {
					t.Fatalf("message %d: error %v, %d calls of dot, want none and 1", n, err, dots)
				}
				if n == 0 && tt.do == nil {
					s.cut()
					s.wait(t, "closed")
				}
			}
			if s.took() != 2 || len(s.said(1)) == 0 {
				t.Errorf("the server accepted %d messages, the last on connection 0, want 2 on two connections", s.took())
			}
		})
	}
	t.Run("421 at the end", func(t *testing.T) {
		s := (&server{security: email.Clear, do: at2(end, "421 4.3.2 going down")}).start(t)
		c := s.client()
		defer c.Idle()
		if err := c.Send(t.Context(), submission(0), func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		dots := 0
		got := fault(t, c.Send(t.Context(), submission(1), func() error { dots++; return nil }))
		// The mark is set once for each attempt: from there on only the caller may try again.
		if want := (invites.DeliveryError{Channel: true, Code: 421, Text: "going down", Err: got.Err}); got != want || dots != 1 || s.took() != 1 {
			t.Errorf("got %+v, %d calls of dot, %d accepted, want %+v, 1 and 1", got, dots, s.took(), want)
		}
	})
}

// at2 is at for the second message of the first connection.
func at2(step, what string) script {
	return func(conn, message int, s string) string {
		if conn == 0 && message == 1 && s == step {
			return what
		}
		return usual
	}
}

// The messages of all workers are on their way at the same time, each on a connection of its own.
func TestSendSideBySide(t *testing.T) {
	var here sync.WaitGroup
	here.Add(4)
	s := (&server{security: email.StartTLS, auth: "PLAIN", do: func(_, message int, step string) string {
		if step == end && message == 0 {
			here.Done()
			here.Wait() // until every connection has come so far
		}
		return usual
	}}).start(t)
	c := s.client(func(c *email.SMTPConfig) { c.Parallel = 4 })
	if got := c.Connections(); got != 4 {
		t.Errorf("Connections() = %d, want 4", got)
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for n := range 10 {
				if err := c.Send(t.Context(), submission(10*worker+n), func() error { return nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	c.Idle()
	var want []string
	for n := range 40 {
		want = append(want, string(submission(n).Data))
	}
	slices.Sort(want)
	slices.Sort(s.accepted)
	if d := cmp.Diff(want, s.accepted); d != "" {
		t.Errorf("messages accepted (-want +got):\n%s", d)
	}
	if got := len(s.commands); got != 4 {
		t.Errorf("%d connections, want 4", got)
	}
	if got := s.client().Connections(); got != 1 {
		t.Errorf("Connections() = %d where nothing is said, want 1", got)
	}
}

// Whatever the server does not do, the end of the context ends the work. The limits are those of
// RFC 5321: minutes.
func TestSendStops(t *testing.T) {
	for _, step := range []string{"password", "TLS", greeting, "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", body, end} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			s := &server{security: email.StartTLS, auth: "PLAIN", do: at(step, silence)}
			p := submission(1)
			switch step {
			case "TLS":
				s.security = email.TLS
			case body:
				p = large()
				s.do = func(_, _ int, at string) string {
					if at == body {
						s.events <- body
						return deaf
					}
					return usual
				}
			}
			s.start(t)
			c := s.client(func(c *email.SMTPConfig) {
				if step == "password" {
					c.Password = func(ctx context.Context) (string, error) {
						s.events <- step
						<-ctx.Done()
						return "", errors.New("it did not come")
					}
				}
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			result := make(chan error, 1)
			go func() { result <- c.Send(ctx, p, func() error { return nil }) }()
			s.wait(t, step)
			cancel()
			select {
			case err := <-result:
				got := fault(t, err)
				if got.Unclear != (step == end) || !got.Channel || got.Final || got.Code != 0 || goSpeak.MatchString(got.Text) {
					t.Errorf("got %+v, want it unclear only after the end, and the channel's fault", got)
				}
				if want := "this program was told to stop"; step != "password" && !strings.Contains(got.Text, want) {
					t.Errorf("text %q, want %q in it", got.Text, want)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("Send goes on")
			}
			if s.took() != 0 {
				t.Errorf("the server accepted the message")
			}
		})
	}
}

// BenchmarkSend sends 1,000 messages of the usual size over 4 connections, beside a bare loop of the
// library that sends the same bytes to the same server.
func BenchmarkSend(b *testing.B) {
	const messages, workers = 1000, 4
	port := sink(b)
	p := submission(0)
	p.Data = append(p.Data, bytes.Repeat([]byte(strings.Repeat("x", 74)+"\r\n"), 15<<10/76)...)
	side := func(send func(n int) error) time.Duration {
		start := time.Now()
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				if err := send(messages / workers); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		return time.Since(start)
	}
	bare := func(n int) error {
		c, err := smtp.Dial(fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return err
		}
		defer c.Close()
		for range n {
			if err := c.SendMail(p.From, []string{p.To}, bytes.NewReader(p.Data)); err != nil {
				return err
			}
		}
		return c.Quit()
	}
	c := email.NewSMTP(email.SMTPConfig{Server: email.Server{Host: "127.0.0.1", Port: port, Security: email.Clear}, Parallel: workers})
	ours := func(n int) error {
		for range n {
			if err := c.Send(b.Context(), p, func() error { return nil }); err != nil {
				return err
			}
		}
		return nil
	}
	b.ReportAllocs()
	var took, tookBare time.Duration
	for b.Loop() {
		tookBare += side(bare)
		took += side(ours)
		c.Idle()
	}
	b.ReportMetric(messages*float64(b.N)/took.Seconds(), "messages/s")
	b.ReportMetric(messages*float64(b.N)/tookBare.Seconds(), "bare-messages/s")
	b.ReportMetric(tookBare.Seconds()/took.Seconds(), "ratio")
}

// sink is an SMTP server that says yes to everything as fast as it can.
func sink(b *testing.B) (port int) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var running sync.WaitGroup
	b.Cleanup(func() { l.Close(); running.Wait() })
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				r := bufio.NewReaderSize(conn, 32<<10)
				for answer, data := "220 sink", false; ; {
					if answer != "" {
						if _, err := io.WriteString(conn, answer+"\r\n"); err != nil {
							return
						}
					}
					line, err := r.ReadSlice('\n')
					switch {
					case err != nil:
						return
					case data && string(line) != ".\r\n":
						answer = ""
					case !data && string(line) == "DATA\r\n":
						answer, data = "354 go on", true
					case !data && string(line) == "QUIT\r\n":
						answer = "221 bye"
					default:
						answer, data = "250 well", false
					}
				}
			})
		}
	})
	return l.Addr().(*net.TCPAddr).Port
}

// However many messages find a server closed at the same time, it is knocked at once, and all hear of it.
func TestSendKnocksOnce(t *testing.T) {
	for name, srv := range map[string]*server{
		"busy":           {security: email.Clear, do: at(greeting, "421 too busy")},
		"wrong password": {security: email.Clear, auth: "PLAIN", do: at("AUTH", "535 5.7.8 wrong")},
	} {
		t.Run(name, func(t *testing.T) {
			s := srv.start(t)
			c := s.client()
			defer c.Idle()
			var side sync.WaitGroup
			for n := range 20 {
				side.Go(func() {
					err := c.Send(t.Context(), submission(n), func() error { t.Error("dot was called"); return nil })
					if f := fault(t, err); !f.Channel || f.Code == 0 {
						t.Errorf("got %+v", f)
					}
				})
			}
			side.Wait()
			if s.connections() != 1 {
				t.Errorf("%d connections, want one", s.connections())
			}
		})
	}
}
