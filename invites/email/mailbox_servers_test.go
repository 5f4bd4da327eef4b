package email_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/google/go-cmp/cmp"

	"coalition/invites"
	"coalition/invites/email"
	"coalition/invites/email/emailtest"
)

// mailboxAt is ana's mailbox on the server at host:port.
func mailboxAt(t testing.TB, addr, security string, set ...func(*email.MailboxConfig)) *email.Mailbox {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	c := email.MailboxConfig{Server: email.Server{Host: host, Port: n, Security: security, Username: "ana",
		Password: func(context.Context) (string, error) { return emailtest.Password, nil }}}
	for _, change := range set {
		change(&c)
	}
	m := email.NewMailbox(c)
	t.Cleanup(m.Close)
	return m
}

// someone is another program that is signed in as ana.
func someone(t testing.TB, addr string) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login("ana", emailtest.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// A proxy passes on what it gets, and can count and cut.
type proxy struct {
	addr  string
	bytes atomic.Int64      // from the server
	cuts  atomic.Int64      // connections that were cut
	limit func(n int) int64 // after so many bytes from the server the n-th connection is cut; 0: never

	idling chan struct{} // nil, or gets a value whenever the server says so
}

func (p *proxy) start(t testing.TB, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = l.Addr().String()
	var running sync.WaitGroup
	running.Go(func() {
		for n := 0; ; n++ {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				client.Close()
				continue
			}
			running.Go(func() {
				io.Copy(server, client)
				server.Close()
			})
			running.Go(func() {
				defer client.Close()
				defer server.Close()
				var from io.Reader = server
				limit := int64(0)
				if p.limit != nil {
					limit = p.limit(n)
				}
				if limit > 0 {
					from = io.LimitReader(server, limit)
				}
				passed, _ := io.Copy(p.watch(client), from)
				p.bytes.Add(passed)
				if limit > 0 && passed == limit {
					p.cuts.Add(1)
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); running.Wait() })
	return p
}

func (p *proxy) watch(w io.Writer) io.Writer {
	if p.idling == nil {
		return w
	}
	return writer(func(b []byte) (int, error) {
		if bytes.HasPrefix(b, []byte("+ idling")) {
			p.idling <- struct{}{}
		}
		return w.Write(b)
	})
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

// What is new in the mailbox of a real server comes at once, by every way there.
func TestDovecot(t *testing.T) {
	d := emailtest.StartDovecot(t, &good)
	for security, addr := range map[string]string{email.TLS: d.IMAPS, email.StartTLS: d.IMAP, email.Clear: d.IMAP} {
		t.Run(security, func(t *testing.T) {
			t.Parallel()
			name := security
			m := mailboxAt(t, addr, security, func(c *email.MailboxConfig) { c.Username = name })
			d.Maildir(name)
			var h haul
			if err := m.Fetch(t.Context(), "", time.Time{}, h.take); err != nil {
				t.Fatal(err)
			}
			for n := range 3 {
				subject := fmt.Sprint("answer", n)
				result := make(chan error, 1)
				go func() { result <- m.Wait(t.Context()) }()
				deliver(d, name, subject) // before IDLE, or on the way into it
				if err := <-result; err != nil {
					t.Fatal(err)
				}
				before := len(h.subjects)
				if err := m.Fetch(t.Context(), h.nexts[len(h.nexts)-1], noon, h.take); err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff([]string{subject}, h.subjects[before:]); d != "" {
					t.Errorf("new mails (-want +got):\n%s", d)
				}
			}
			if age := time.Since(h.at[0]); age < -time.Second || age > time.Minute {
				t.Errorf("the first mail is said to have come %v ago", age)
			}
		})
	}
	t.Run("within IDLE", func(t *testing.T) {
		t.Parallel()
		p := (&proxy{idling: make(chan struct{}, 10)}).start(t, d.IMAP)
		m := mailboxAt(t, p.addr, email.Clear)
		if err := m.Fetch(t.Context(), "", time.Time{}, new(haul).take); err != nil {
			t.Fatal(err)
		}
		result := make(chan error, 1)
		go func() { result <- m.Wait(t.Context()) }()
		<-p.idling
		begun := time.Now()
		deliver(d, "ana", "answer")
		if err := <-result; err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("told of new mail after %v", took)
		} else {
			t.Logf("told of new mail after %v", took)
		}
	})
}

// delivering keeps one delivery from the other: the server's fixture counts them.
var delivering sync.Mutex

func deliver(d *emailtest.Dovecot, user, subject string) {
	delivering.Lock()
	defer delivering.Unlock()
	d.Deliver(user, []byte(mailOf(subject)))
}

// flags are those of all mails in ana's INBOX, as another program sees them.
func flags(t *testing.T, c *imapclient.Client) (all []string) {
	t.Helper()
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	found, err := c.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{Flags: true, UID: true}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		all = append(all, fmt.Sprint(f.UID, f.Flags))
	}
	return all
}

// With the token of a sign-in it gets the mail, and with another one it does not.
func TestDovecotToken(t *testing.T) {
	t.Parallel()
	d := emailtest.StartDovecot(t, nil)
	d.TakeTokens(t, "ya29.good")
	d.Deliver("ana", []byte(mailOf("before")))
	with := func(text string) *email.Mailbox {
		return mailboxAt(t, d.IMAP, email.Clear, func(c *email.MailboxConfig) { c.Password, c.Token = nil, token(text) })
	}
	m := with("ya29.good")
	var h haul
	if err := m.Fetch(t.Context(), "", noon, h.take); err != nil || len(h.subjects) != 1 {
		t.Errorf("with the token: %v %v", h.subjects, err)
	}
	m.Close()
	if err := with("ya29.bad").Fetch(t.Context(), "", noon, h.take); !errors.Is(err, invites.ErrLogin) || strings.Contains(err.Error(), "ya29") {
		t.Errorf("with another one: %v", err)
	}
}

func TestDovecotStaysAsItWas(t *testing.T) {
	d := emailtest.StartDovecot(t, nil)
	for n := range 120 {
		d.Deliver("ana", []byte(mailOf(fmt.Sprint(n))))
	}
	c := someone(t, d.IMAP)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	store := func(from, to imap.UID, flag imap.Flag) {
		if err := c.Store(imap.UIDSet{{Start: from, Stop: to}}, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{flag}}, nil).Close(); err != nil {
			t.Fatal(err)
		}
	}
	store(1, 10, imap.FlagSeen)
	store(5, 15, imap.FlagDeleted)
	store(20, 21, imap.FlagAnswered)
	before := flags(t, c)
	m := mailboxAt(t, d.IMAP, email.Clear)
	var h haul
	if err := m.Fetch(t.Context(), "", time.Now().Add(-time.Minute), h.take); err != nil {
		t.Fatal(err)
	}
	if len(h.subjects) != 120 || len(h.nexts) != 3 {
		t.Errorf("%d mails in %d batches, want 120 in 3", len(h.subjects), len(h.nexts))
	}
	if d := cmp.Diff(before, flags(t, c)); d != "" {
		t.Errorf("the flags have changed (-before +after):\n%s", d)
	}

	// Another UIDVALIDITY: all that came since then comes again.
	last := h.nexts[len(h.nexts)-1]
	d.SetUIDValidity("ana", 77)
	h = haul{}
	if err := m.Fetch(t.Context(), last, time.Now().Add(-time.Minute), h.take); err != nil {
		t.Fatal(err)
	}
	if len(h.subjects) != 120 || !strings.HasPrefix(h.nexts[2], "77:") {
		t.Errorf("after a new UIDVALIDITY %d mails and the cursors %v, want 120 and 77:", len(h.subjects), h.nexts)
	}
	h = haul{}
	if err := m.Fetch(t.Context(), last, time.Now().Add(time.Hour), h.take); err != nil || len(h.subjects) != 0 {
		t.Errorf("and of the future come %d mails, %v", len(h.subjects), err)
	}
}

// Connections break where they like. Each mail counts once, and none is lost.
func TestDovecotCut(t *testing.T) {
	const mails, cuts = 200, 50
	d := emailtest.StartDovecot(t, nil)
	p := (&proxy{limit: func(n int) int64 {
		if n >= cuts {
			return 0
		}
		return 1 + rand.Int64N(12_000)
	}}).start(t, d.IMAP)
	m := mailboxAt(t, p.addr, email.Clear)
	cursor, taken := "", make(map[string]int)
	var delivered sync.WaitGroup
	delivered.Go(func() {
		for n := range mails {
			deliver(d, "ana", fmt.Sprint(n))
		}
	})
	defer delivered.Wait()
	// A cut that meets a connection at rest is no failure: Fetch makes a new one by itself.
	for failed := 0; len(taken) < mails || p.cuts.Load() < cuts; {
		err := m.Fetch(t.Context(), cursor, time.Now().Add(-time.Hour), func(batch []*invites.Mail, next string) error {
			for _, mail := range batch {
				taken[mail.Subject]++
			}
			cursor = next
			return nil
		})
		if err == nil {
			continue
		}
		if failed++; failed > cuts {
			t.Fatalf("%v, after all cuts", err)
		}
		if got := fault(t, err); goSpeak.MatchString(got.Text) {
			t.Errorf("text %q, want words for people", got.Text)
		}
		if t.Context().Err() != nil {
			t.Fatal("the test's time is over")
		}
	}
	for subject, n := range taken {
		if n != 1 {
			t.Errorf("mail %s was taken in %d times", subject, n)
		}
	}
}

// Of a giant mail no more is fetched than is read.
func TestDovecotGiant(t *testing.T) {
	d := emailtest.StartDovecot(t, nil)
	d.Deliver("ana", []byte(mailOf("before")))
	d.Deliver("ana", slices.Concat([]byte(mailOf("giant")), bytes.Repeat([]byte(strings.Repeat("x", 70)+"\r\n"), 40<<20/72)))
	d.Deliver("ana", []byte(mailOf("after")))
	p := new(proxy).start(t, d.IMAP)
	m := mailboxAt(t, p.addr, email.Clear)
	var h haul
	if err := m.Fetch(t.Context(), "", time.Now().Add(-time.Hour), h.take); err != nil {
		t.Fatal(err)
	}
	slices.Sort(h.subjects) // several within one second
	if d := cmp.Diff([]string{"after", "before", "giant"}, h.subjects); d != "" {
		t.Errorf("mails (-want +got):\n%s", d)
	}
	m.Close()
	if n := p.bytes.Load(); n > 1<<20+10_000 {
		t.Errorf("%d bytes came, want little more than a megabyte", n)
	}
}

func TestDovecotSent(t *testing.T) {
	d := emailtest.StartDovecot(t, nil)
	c := someone(t, d.IMAP)
	for _, folder := range []string{"Sent", "Envoyés & réponses"} {
		if err := c.Create(folder, nil).Wait(); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"one", "two", "three"} {
			text := mailOf(id)
			put := c.Append(folder, int64(len(text)), nil)
			io.WriteString(put, text)
			put.Close()
			if _, err := put.Wait(); err != nil {
				t.Fatal(err)
			}
		}
		m := mailboxAt(t, d.IMAP, email.Clear, func(c *email.MailboxConfig) { c.SentFolder = folder })
		for id, want := range map[string]bool{"two@example.org": true, "wo@example.org": false, "four@example.org": false} {
			if found, ok, err := m.Sent(t.Context(), id); found != want || !ok || err != nil {
				t.Errorf("Sent %s in %s = %t, %t, %v", id, folder, found, ok, err)
			}
		}
		m = mailboxAt(t, d.IMAP, email.Clear, func(c *email.MailboxConfig) { c.SentFolder = folder + "?" })
		if found, ok, err := m.Sent(t.Context(), "two@example.org"); found || ok || err != nil {
			t.Errorf("Sent in a folder that is not there = %t, %t, %v", found, ok, err)
		}
	}
}

// The library's own server says much in another way than Dovecot.
func TestMemoryServer(t *testing.T) {
	for _, security := range securities {
		for _, caps := range []imap.CapSet{{imap.CapIMAP4rev1: {}}, {imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}}, {imap.CapIMAP4rev2: {}}} {
			t.Run(fmt.Sprint(security, len(caps)), func(t *testing.T) {
				t.Parallel()
				const folder = "Réponses & plus"
				user := imapmemserver.NewUser("ana", "geheim")
				for _, name := range []string{"INBOX", folder} {
					if err := user.Create(name, nil); err != nil {
						t.Fatal(err)
					}
				}
				store := imapmemserver.New()
				store.AddUser(user)
				options := &imapserver.Options{Caps: caps, InsecureAuth: security == email.Clear, Logger: log.New(io.Discard, "", 0),
					NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
						return store.NewSession(), nil, nil
					}}
				config := &tls.Config{Certificates: []tls.Certificate{good}}
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				addr := l.Addr().String()
				switch security {
				case email.TLS:
					l = tls.NewListener(l, config)
				case email.StartTLS:
					options.TLSConfig = config
				}
				server := imapserver.New(options)
				var running sync.WaitGroup
				running.Go(func() { server.Serve(l) })
				t.Cleanup(func() { server.Close(); running.Wait() })

				m := mailboxAt(t, addr, security, func(c *email.MailboxConfig) { c.Folder, c.SentFolder = folder, folder })
				var h haul
				if err := m.Fetch(t.Context(), "", noon, h.take); err != nil {
					t.Fatal(err)
				}
				result := make(chan error, 1)
				go func() { result <- m.Wait(t.Context()) }()
				text := []byte(mailOf("hello"))
				if _, err := user.Append(folder, literal{bytes.NewReader(text)}, &imap.AppendOptions{Time: noon}); err != nil {
					t.Fatal(err)
				}
				if err := <-result; err != nil {
					t.Fatal(err)
				}
				if err := m.Fetch(t.Context(), h.nexts[0], noon, h.take); err != nil {
					t.Fatal(err)
				}
				if len(h.subjects) != 1 || h.subjects[0] != "hello" || !h.at[0].Equal(noon) {
					t.Errorf("got %q at %v", h.subjects, h.at)
				}
				if found, ok, err := m.Sent(t.Context(), "hello@example.org"); !found || !ok || err != nil {
					t.Errorf("Sent = %t, %t, %v", found, ok, err)
				}
				m.Close()
				m = mailboxAt(t, addr, security, func(c *email.MailboxConfig) { c.Folder, c.Username = folder, "maya" })
				if got := fault(t, m.Fetch(t.Context(), "", noon, h.take)); got.Wait == 0 || !strings.Contains(got.Text, "refused the sign-in") {
					t.Errorf("with a wrong name: %+v", got)
				}
			})
		}
	}
}

type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return int64(l.Len()) }

// BenchmarkFetch fetches 1,000 small mails from Dovecot.
func BenchmarkFetch(b *testing.B) {
	const mails = 1000
	d := emailtest.StartDovecot(b, nil)
	for n := range mails {
		d.Deliver("ana", []byte(mailOf(fmt.Sprint(n))+strings.Repeat("and that is fine with me\r\n", 100)))
	}
	m := mailboxAt(b, d.IMAP, email.Clear)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if err := m.Fetch(b.Context(), "", noon, func(batch []*invites.Mail, _ string) error { n += len(batch); return nil }); err != nil || n != mails {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(mails*float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
