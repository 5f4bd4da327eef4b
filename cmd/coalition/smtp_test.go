package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"coalition/invites/email"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
)

// A post is a mail server that does one thing at one step, once and maybe again, and is well from then on.
type post struct {
	addr     string
	step, do string // a verb, "greeting", "body" or "dot"; and a reply, "drop" or "silence"
	again    int
	password string // of ana; "": nobody signs in

	mu       sync.Mutex
	arrived  []string
	open     []net.Conn
	connects int
	logins   int
}

// counted is how often somebody has connected and signed in, or tried to, since this was asked last.
func (p *post) counted() (connects, logins int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	connects, logins = p.connects, p.logins
	p.connects, p.logins = 0, 0
	return connects, logins
}

func (p *post) serve(t *testing.T, secure *tls.Config) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if p.addr = l.Addr().String(); secure != nil {
		l = tls.NewListener(l, secure)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.open = append(p.open, c)
			p.connects++
			p.mu.Unlock()
			go p.talk(c)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range p.open {
			c.Close()
		}
	})
}

// at says what to do at a step, once.
func (p *post) at(step string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if step != p.step {
		return ""
	}
	if p.again--; p.again < 0 {
		p.step = ""
	}
	return p.do
}

func (p *post) talk(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	// reply answers at a step; it is false when the talk is over.
	reply := func(step, usual string) bool {
		switch do := p.at(step); do {
		case "drop":
			return false
		case "silence":
			r.ReadByte() // until the client hangs up
			return false
		case "":
			fmt.Fprintf(c, "%s\r\n", usual)
			return true
		default:
			fmt.Fprintf(c, "%s\r\n", do)
			return true
		}
	}
	for ok := reply("greeting", "220 post"); ok; {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(strings.Fields(line + " ?")[0]); verb {
		case "QUIT":
			return
		case "EHLO":
			p.mu.Lock()
			offer := "250 ok"
			if p.password != "" {
				offer = "250-ok\r\n250 AUTH PLAIN"
			}
			p.mu.Unlock()
			ok = reply(verb, offer)
		case "AUTH":
			p.mu.Lock()
			p.logins++
			answer := "535 5.7.8 wrong"
			if strings.HasSuffix(line, " "+base64.StdEncoding.EncodeToString([]byte("\x00ana\x00"+p.password))+"\r\n") {
				answer = "235 welcome"
			}
			p.mu.Unlock()
			ok = reply(verb, answer)
		case "DATA":
			if p.peek("DATA") {
				ok = reply("DATA", "")
				continue
			}
			fmt.Fprint(c, "354 go on\r\n")
			if ok = p.take(r); ok {
				ok = reply("dot", "250 taken")
			}
		default:
			ok = reply(verb, "250 ok")
		}
	}
}

func (p *post) peek(step string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.step == step
}

// take reads a message; it is false when the connection is cut before its end.
func (p *post) take(r *bufio.Reader) bool {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil || p.at("body") == "drop" {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(line)
	}
	if p.peek("dot") && p.do[0] >= '4' && p.do[0] <= '5' {
		return true // it will refuse it
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.arrived = append(p.arrived, b.String())
	return true
}

// TestServerFails: whatever a mail server does at whatever step, the message ends in the state that it
// should; and once the server is well nothing is lost, and nothing is doubled but what is flagged.
func TestServerFails(t *testing.T) {
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS() // for its certificate, which nobody has signed
	defer certificate.Close()
	type outcome struct {
		first   outbox.State // after one attempt
		arrived int          // in the end
		flagged bool
	}
	later, never, unclear := outcome{outbox.Queued, 1, false}, outcome{outbox.Failed, 0, false}, outcome{outbox.Unclear, 2, true}
	for _, test := range []struct {
		step, do string
		want     outcome
	}{
		{"greeting", "421 too busy", later},
		{"greeting", "554 go away", later}, // the server's fault, not the message's
		{"greeting", "drop", later},
		{"greeting", "silence", later},
		{"EHLO", "451 not now", later},
		{"EHLO", "drop", later},
		{"EHLO", "silence", later},
		{"MAIL", "451 not now", later},
		{"MAIL", "550 not you", later}, // the account's: it fails no message
		{"MAIL", "drop", later},
		{"MAIL", "silence", later},
		{"RCPT", "450 greylisted", later},
		{"RCPT", "550 no such user", never},
		{"RCPT", "drop", later},
		{"RCPT", "silence", later},
		{"DATA", "451 not now", later},
		{"DATA", "554 no", never},
		{"DATA", "drop", later},
		{"DATA", "silence", later},
		{"body", "drop", later},
		{"dot", "451 disk full", later},
		{"dot", "554 spam", never},
		{"dot", "drop", unclear},
		{"dot", "silence", unclear},
		{"dot", "nonsense", unclear},
		{"no STARTTLS", "", later},
		{"wrong certificate", "", later},
	} {
		t.Run(test.step+" "+test.do, func(t *testing.T) {
			t.Parallel()
			p := &post{step: test.step, do: test.do}
			security := "none"
			var secure *tls.Config
			switch test.step {
			case "no STARTTLS":
				security = "starttls"
			case "wrong certificate":
				security, secure = "tls", &tls.Config{Certificates: certificate.TLS.Certificates}
			}
			p.serve(t, secure)
			host, port, _ := net.SplitHostPort(p.addr)
			dir := write(t, "config.yaml", anaConfig+fmt.Sprintf("mail:\n  via: smtp\n  smtp: {host: %s, port: %s, security: %s}\n", host, port, security),
				"conversations/maya.yaml", mayaPlan)
			a := &app{wall: time.Now, configFile: filepath.Join(dir, "config.yaml"), stderr: os.Stderr, hard: context.Background()}
			ctx := context.Background()
			if err := a.open(ctx, false); err != nil {
				t.Fatal(err)
			}
			defer a.state.Close()
			if test.do == "silence" {
				const short = 300 * time.Millisecond
				n, _ := strconv.Atoi(port)
				a.sched.Delivery.Sender = email.NewSMTP(email.SMTPConfig{
					Server: email.Server{Host: host, Port: n, Security: security}, Dial: short, Command: short, Dot: short})
			}
			board := func() *roster.Roster {
				t.Helper()
				b, err := a.sched.Look(ctx, 0)
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			if _, err := a.sched.Pass(ctx, board()); err != nil {
				t.Fatal(err)
			}
			if err := a.sched.Delivery.DeliverBoth(ctx, ctx, false).Err; err != nil {
				t.Fatal(err)
			}
			m := board().Conversations[0].Messages[0]
			if test.step == "body" && m.State == outbox.Unclear { // the last line was on its way before the cut was seen
				test.want.first, test.want.flagged = outbox.Unclear, true
			}
			if m.State != test.want.first || m.Attempts != 1 || m.Error == "" || strings.Contains(m.Error, "tcp") {
				t.Errorf("after one attempt: %s, %d attempts, %q; want %s", m.State, m.Attempts, m.Error, test.want.first)
			}
			t.Log(m.Error)
			// The server is well again, and so is the connection.
			if security != "none" {
				p.serve(t, nil)
				_, port, _ := net.SplitHostPort(p.addr)
				n, _ := strconv.Atoi(port)
				a.sched.Delivery.Sender = email.NewSMTP(email.SMTPConfig{Server: email.Server{Host: host, Port: n, Security: email.Clear}})
			}
			if err := a.sched.Store.Pause(ctx, false); err != nil { // as by resume, after what somebody has to mend
				t.Fatal(err)
			}
			if err := a.sched.DeliverPatiently(ctx, ctx); err != nil {
				t.Fatal(err)
			}
			m = board().Conversations[0].Messages[0]
			want := outbox.Accepted
			if test.want.arrived == 0 {
				want = outbox.Failed
			}
			if m.State != want || len(p.arrived) != test.want.arrived || m.Flagged != test.want.flagged {
				t.Errorf("in the end: %s, %d arrived, flagged %v; want %s, %d, %v", m.State, len(p.arrived), m.Flagged, want, test.want.arrived, test.want.flagged)
			}
			if len(p.arrived) == 2 && p.arrived[0] != p.arrived[1] {
				t.Error("what arrived twice is not the same")
			}
		})
	}
}

// TestRefusedGoesAgain: what a server has refused for good goes once more by the same command, when the
// organizer has mended what was wrong; the exit code tells of it until then.
func TestRefusedGoesAgain(t *testing.T) {
	p := &post{}
	p.serve(t, nil)
	host, port, _ := net.SplitHostPort(p.addr)
	dir := write(t, "config.yaml", anaConfig+fmt.Sprintf("mail: {via: smtp, smtp: {host: %s, port: %s, security: none}}\n", host, port),
		"conversations/maya.yaml", strings.Replace(mayaPlan, "times: [in 8 working days at 10:00, in 9 working days at 15:00]", "start: in 8 working days at 10:00", 1)+"permitted: She said so.\n")
	for i, command := range [][]string{{"invite", "maya", "--yes"}, {"move", "maya", "--start", "2037-03-04 10:00", "--yes"}, {"cancel", "maya", "--yes"}} {
		p.mu.Lock()
		p.step, p.do = "dot", "554 no"
		p.mu.Unlock()
		for range 2 { // and it is still out of order
			p.mu.Lock()
			p.step = "dot"
			p.mu.Unlock()
			if code, stdout, stderr := coalition(t, dir, command...); code != 1 || len(p.arrived) != i {
				t.Fatalf("%v refused: exit %d, %d arrived\n%s%s", command, code, len(p.arrived), stdout, stderr)
			}
		}
		_, stdout, _ := coalition(t, dir, "daemon", "--once")
		if !strings.Contains(stdout, "mend what kept the") {
			t.Errorf("after %v the daemon says nothing of it: %s", command, stdout)
		}
		if code, stdout, stderr := coalition(t, dir, command...); code != 0 || len(p.arrived) != i+1 {
			t.Errorf("%v again: exit %d, %d arrived\n%s%s", command, code, len(p.arrived), stdout, stderr)
		}
		if code, stdout, stderr := coalition(t, dir, command...); code != 0 || len(p.arrived) != i+1 {
			t.Errorf("%v when it has gone: exit %d, %d arrived\n%s%s", command, code, len(p.arrived), stdout, stderr)
		}
	}
}

// TestUnclearAndForgotten: a message of which nobody knows whether it arrived counts no more when
// nobody means it any more.
func TestUnclearAndForgotten(t *testing.T) {
	p := &post{step: "dot", do: "drop", again: 1}
	p.serve(t, nil)
	host, port, _ := net.SplitHostPort(p.addr)
	dir := write(t, "config.yaml", anaConfig+fmt.Sprintf("mail: {via: smtp, smtp: {host: %s, port: %s, security: none}}\n", host, port),
		"conversations/maya.yaml", mayaPlan)
	steps := []struct {
		args []string
		code int
	}{
		{[]string{"ask", "maya", "--yes"}, 1}, {[]string{"answer", "maya", "yes", "--time", "1"}, 0},
		{[]string{"daemon", "--once"}, 0}, {[]string{"daemon", "--once"}, 0}, {[]string{"approve", "--all", "--yes"}, 0},
	}
	for i, s := range steps {
		if code, stdout, stderr := coalition(t, dir, s.args...); code != s.code {
			t.Errorf("step %d, %v: exit %d, want %d\n%s%s", i, s.args, code, s.code, stdout, stderr)
		}
	}
	if len(p.arrived) != 3 {
		t.Errorf("%d arrived, want the brief twice, and the invitation", len(p.arrived))
	}
}

// TestRefusedGoesByFile: what a server has refused for good can be handed over by hand; the daemon then
// never sends it.
func TestRefusedGoesByFile(t *testing.T) {
	p := &post{step: "dot", do: "554 no"}
	p.serve(t, nil)
	host, port, _ := net.SplitHostPort(p.addr)
	dir := write(t, "config.yaml", anaConfig+fmt.Sprintf("mail: {via: smtp, smtp: {host: %s, port: %s, security: none}}\n", host, port),
		"conversations/maya.yaml", strings.Replace(mayaPlan, "times: [in 8 working days at 10:00, in 9 working days at 15:00]", "start: in 8 working days at 10:00", 1)+"permitted: She said so.\n")
	if code, _, _ := coalition(t, dir, "daemon", "--once"); code != 1 {
		t.Errorf("refused: exit %d", code)
	}
	if code, stdout, stderr := coalition(t, dir, "invite", "maya", "--eml", filepath.Join(dir, "talk.eml")); code != 0 {
		t.Errorf("by file: exit %d\n%s%s", code, stdout, stderr)
	}
	if _, stdout, _ := coalition(t, dir, "list", "--json"); !strings.Contains(stdout, `"status": "invited"`) {
		t.Errorf("not on record: %s", stdout)
	}
	if code, stdout, _ := coalition(t, dir, "daemon", "--once"); code != 0 || len(p.arrived) != 0 {
		t.Errorf("afterwards: exit %d, %d arrived\n%s", code, len(p.arrived), stdout)
	}
}
