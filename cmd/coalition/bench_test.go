package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"google.golang.org/api/calendar/v3"

	"coalition/invites"
	"coalition/invites/google"
	"coalition/invites/google/googletest"
	"coalition/scheduler"
	"coalition/scheduler/conversation"
	"coalition/scheduler/intake"
)

// BenchmarkStart is a whole process that prints its help, beside the same process doing nothing: the
// test program, which links what the program links and more.
func BenchmarkStart(b *testing.B) {
	for _, args := range [][]string{{"--help"}, {"completion", "bash"}} {
		b.Run(strings.Join(args, "-"), func(b *testing.B) {
			for b.Loop() {
				if err := binary("coalition", args...).Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// conversations is a folder with n plans, as the program reads it.
func conversations(b *testing.B, n int, more string) string {
	b.Helper()
	dir := b.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "conversations"), 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(anaConfig+"hold_over: 10000\n"+more), 0o600); err != nil {
		b.Fatal(err)
	}
	for i := range n {
		text := strings.Replace(mayaPlan, "maya@", fmt.Sprintf("p%d@", i), 1) + "permitted: In person.\n"
		text = strings.Replace(text, "times: [in 8 working days at 10:00, in 9 working days at 15:00]", "start: in 80 working days at 10:00", 1) + `private:
  why: She decides which studies run, and twice we learnt of one too late.
  goal: A partnership in which neither launches without the other's word.
  measures: [A joint review before each launch, No surprise study in the quarter]
  importance: 5
  urgency: 4
`
		if err := os.WriteFile(filepath.Join(dir, "conversations", fmt.Sprintf("p%05d.yaml", i)), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

func program(b *testing.B, dir string, args ...string) {
	b.Helper()
	var out bytes.Buffer
	if code := run(context.Background(), append([]string{"--config", filepath.Join(dir, "config.yaml")}, args...), nil, strings.NewReader(""), &out, &out); code != 0 {
		b.Fatalf("exit %d\n%.2000s", code, out.String())
	}
}

// BenchmarkList is `list` over plans that have all been invited: files and state are read whole.
func BenchmarkList(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		dir := conversations(b, n, "")
		b.Run(fmt.Sprint(n, "-new"), func(b *testing.B) {
			for b.Loop() {
				program(b, dir, "list")
			}
		})
		program(b, dir, "daemon", "--once", "-q")
		b.Run(fmt.Sprint(n, "-invited"), func(b *testing.B) {
			for b.Loop() {
				program(b, dir, "list")
			}
		})
	}
}

// BenchmarkPass is a daemon's pass over 10,000 conversations: one in which nothing has changed, with the
// plans read before, and one that decides on a thousand invitations.
func BenchmarkPass(b *testing.B) {
	dir := conversations(b, 10000, "")
	program(b, dir, "daemon", "--once", "-q")
	a := &app{wall: time.Now, configFile: filepath.Join(dir, "config.yaml"), stderr: os.Stderr, hard: context.Background()}
	if err := a.open(context.Background(), false); err != nil {
		b.Fatal(err)
	}
	defer a.state.Close()
	b.Run("unchanged-10000", func(b *testing.B) {
		for b.Loop() {
			board, err := a.sched.Look(context.Background(), 0)
			if err != nil {
				b.Fatal(err)
			}
			if r, err := a.sched.Pass(context.Background(), board); err != nil || len(r.Decided) > 0 {
				b.Fatal(r, err)
			}
		}
	})
	b.Run("decide-1000", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			dir := conversations(b, 1000, "")
			a := &app{wall: time.Now, configFile: filepath.Join(dir, "config.yaml"), stderr: os.Stderr, hard: context.Background()}
			if err := a.open(context.Background(), false); err != nil {
				b.Fatal(err)
			}
			board, err := a.sched.Look(context.Background(), 0)
			if err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			if r, err := a.sched.Pass(context.Background(), board); err != nil || len(r.Decided) != 1000 {
				b.Fatal(r, err)
			}
			b.StopTimer()
			a.state.Close()
			b.StartTimer()
		}
	})
}

// BenchmarkSend sends 1,000 invitations to a mail server on this machine, every claim, dot and end on the
// disk, beside a bare loop that hands the same bytes to the same server over as many connections, with
// nothing written down. The ratio is that of their messages per second.
func BenchmarkSend(b *testing.B) {
	const n, connections = 1000, 4
	box := &counter{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := smtp.NewServer(box)
	s.Domain = "localhost"
	go s.Serve(l)
	defer s.Close()
	host, port, _ := net.SplitHostPort(l.Addr().String())
	mail := fmt.Sprintf("mail:\n  via: smtp\n  smtp: {host: %s, port: %s, security: none, connections: %d}\n", host, port, connections)
	var ours, bare time.Duration
	for b.Loop() {
		b.StopTimer()
		dir := conversations(b, n, mail)
		a := &app{wall: time.Now, configFile: filepath.Join(dir, "config.yaml"), stderr: os.Stderr, hard: context.Background()}
		if err := a.open(context.Background(), false); err != nil {
			b.Fatal(err)
		}
		board, err := a.sched.Look(context.Background(), 0)
		if err != nil {
			b.Fatal(err)
		}
		r, err := a.sched.Pass(context.Background(), board)
		if err != nil || len(r.Decided) != n {
			b.Fatal(r, err)
		}
		var list [][]byte
		for _, m := range r.Decided {
			list = append(list, m.Data)
		}
		box.n.Store(0)
		b.StartTimer()
		begun := time.Now()
		if o := a.sched.Delivery.DeliverBoth(context.Background(), context.Background(), false); o.Err != nil || o.Settled != n {
			b.Fatal(o.Settled, o.Err)
		}
		ours += time.Since(begun)
		b.StopTimer()
		if box.n.Load() != n {
			b.Fatalf("%d arrived", box.n.Load())
		}
		begun = time.Now()
		sendBare(b, l.Addr().String(), list, connections)
		bare += time.Since(begun)
		a.state.Close()
		b.StartTimer()
	}
	total := float64(n * b.N)
	b.ReportMetric(total/ours.Seconds(), "messages/s")
	b.ReportMetric(total/bare.Seconds(), "bare-messages/s")
	b.ReportMetric(bare.Seconds()/ours.Seconds(), "ratio")
}

func sendBare(b *testing.B, addr string, list [][]byte, connections int) {
	work := make(chan []byte)
	var wg sync.WaitGroup
	for range connections {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c, err := smtp.Dial(addr)
			if err != nil {
				b.Error(err)
				return
			}
			defer c.Close()
			for data := range work {
				if err := c.SendMail("ana@example.org", []string{"maya@example.org"}, bytes.NewReader(data)); err != nil {
					b.Error(err)
				}
			}
		}()
	}
	for _, data := range list {
		work <- data
	}
	close(work)
	wg.Wait()
}

// counter is a mail server that throws away what it gets.
type counter struct{ n atomic.Int64 }

func (c *counter) NewSession(*smtp.Conn) (smtp.Session, error) { return &discard{c: c}, nil }

type discard struct {
	c   *counter
	buf [32 << 10]byte
}

func (*discard) Mail(string, *smtp.MailOptions) error { return nil }
func (*discard) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (*discard) Reset()                               {}
func (*discard) Logout() error                        { return nil }
func (d *discard) Data(r io.Reader) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, d.buf[:])
	d.c.n.Add(1)
	return err
}

// BenchmarkGoogle looks for the first time at a calendar of 10,000 events, state included, beside what
// fetching and decoding the same pages costs Google's own client.
func BenchmarkGoogle(b *testing.B) {
	g := googletest.Start(b)
	g.AddForeign(10_000)
	dir := conversations(b, 100, fmt.Sprintf("calendar:\n  via: google\n  google: {client_file: %q, token_file: ./token.json, endpoint: %q}\n", g.ClientFile(b), g.Endpoint()))
	a := &app{wall: time.Now, environ: os.Environ(), stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, hard: b.Context()}
	a.configFile = filepath.Join(dir, "config.yaml")
	if err := a.open(b.Context(), false); err != nil {
		b.Fatal(err)
	}
	defer a.state.Close()
	online, err := google.New(google.Config{Client: g.Client(), Endpoint: g.Endpoint()})
	if err != nil {
		b.Fatal(err)
	}
	a.parts.Calendar = online
	a.sched = scheduler.New(a.parts)
	bare := func() time.Duration {
		began := time.Now()
		for _, r := range asked(g) {
			answer, err := g.Client().Do(r)
			if err != nil {
				b.Fatal(err)
			}
			var page calendar.Events
			if err := json.NewDecoder(answer.Body).Decode(&page); err != nil {
				b.Fatal(err)
			}
			answer.Body.Close()
		}
		return time.Since(began)
	}
	sync := func() time.Duration {
		g.Forget()
		if err := a.sched.Store.SetCursor(b.Context(), conversation.Cursor{Name: "google:" + online.Name(), At: ""}); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if err := a.sched.Sync.ReadCalendar(b.Context()); err != nil {
			b.Fatal(err)
		}
		took := time.Since(began)
		if n := g.Count("events.list"); n < 4 {
			b.Fatalf("%d pages: it did not begin anew", n)
		}
		return took
	}
	sync() // the pages are made when they are asked for first
	var ours, theirs time.Duration
	for b.Loop() {
		ours += sync()
		theirs += bare()
	}
	b.ReportMetric(float64(ours)/float64(theirs), "×bare")
	b.ReportMetric(float64(10_000*b.N)/ours.Seconds(), "events/s")
}

// asked is the requests that came, once more.
func asked(g *googletest.Server) (list []*http.Request) {
	for _, r := range g.Requests() {
		again, err := http.NewRequest(r.Method, strings.TrimSuffix(g.Endpoint(), "/calendar/v3/")+r.Path+"?"+r.Query.Encode(), nil)
		if err != nil {
			panic(err) // it was one before
		}
		list = append(list, again)
	}
	return list
}

// An arrival is a mailbox to which one mail has come.
type arrival struct {
	intake.Mailbox
	mail func() *invites.Mail
}

func (a *arrival) Name() string { return "box" }

func (a *arrival) Fetch(_ context.Context, _ string, _ time.Time,
	take func(batch []*invites.Mail, next string) error) error {
	return take([]*invites.Mail{a.mail()}, "1:1")
}

// BenchmarkReceive takes in one mail where 10,000 conversations are stored: an answer to an invitation, and a
// stranger's; alone, and with all that a reading of the mailbox does beside.
func BenchmarkReceive(b *testing.B) {
	dir := conversations(b, 10000, "")
	for i := range 10000 {
		path := filepath.Join(dir, "conversations", fmt.Sprintf("p%05d.yaml", i))
		text, err := os.ReadFile(path)
		if err == nil {
			text = bytes.Replace(text, []byte("Maya Chen"), fmt.Appendf(nil, "Maya Chen %d", i), 1)
			start := fmt.Appendf(nil, "in %d working days at %d:00", 30+i%1500, 9+i/1500)
			err = os.WriteFile(path, bytes.Replace(text, []byte("in 80 working days at 10:00"), start, 1), 0o600)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	program(b, dir, "daemon", "--once", "-q")
	a := &app{wall: time.Now, configFile: filepath.Join(dir, "config.yaml"), stderr: io.Discard, hard: context.Background()}
	if err := a.open(context.Background(), false); err != nil {
		b.Fatal(err)
	}
	defer a.state.Close()
	board, err := a.sched.Look(context.Background(), 0)
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	mails := map[string]func() *invites.Mail{"answer": func() *invites.Mail {
		n++
		c := board.Conversations[n*7919%10000]
		return &invites.Mail{Key: fmt.Sprint(n), Sort: invites.Personal, At: time.Now(), Text: "See you there.",
			From: c.Partner(), Refs: []string{c.Messages[0].MessageID}}
	}, "stranger": func() *invites.Mail {
		n++
		return &invites.Mail{Key: fmt.Sprint(n), Sort: invites.Personal, At: time.Now(), Text: "Hello!",
			From: invites.Address{Name: "Tom", Email: "tom@example.com"}}
	}}
	// The plan files are read whole once.
	if _, err := a.sched.Intake.Receive(context.Background(), []*invites.Mail{mails["stranger"]()}); err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"answer", "stranger"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r, err := a.sched.Intake.Receive(context.Background(), []*invites.Mail{mails[name]()})
				if err != nil || len(r) != 1 || r[0].ID == "" != (name == "stranger") {
					b.Fatal(r, err)
				}
			}
		})
		b.Run("reading-"+name, func(b *testing.B) {
			box := &arrival{mail: mails[name]}
			a.sched.Mailbox, a.sched.Intake.Mailbox = box, box
			for b.Loop() {
				if err := a.sched.ReadMail(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
