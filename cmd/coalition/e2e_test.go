package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/emersion/go-message/mail"

	"coalition/invites/email/emailtest"
)

// An office is Ana's program between real mail servers, and what her partners do at their end of them.
type office struct {
	*emailtest.Servers
	t    *testing.T
	dir  string // of the config
	imap *wire  // by which Ana reads

	mu  sync.Mutex
	log strings.Builder // of the daemon
	n   int             // counts the mails of partners
}

// newOffice opens one, with these plans: name, contents, name, contents.
func newOffice(t *testing.T, plans ...string) *office {
	t.Helper()
	o := &office{Servers: emailtest.Start(t), t: t}
	o.imap = newWire(t, o.IMAP)
	smtpHost, smtpPort, _ := net.SplitHostPort(o.SMTP)
	imapHost, imapPort, _ := net.SplitHostPort(o.imap.addr)
	files := []string{"secret", emailtest.Password + "\n", "config.yaml", anaConfig + fmt.Sprintf(`mail:
  via: smtp
  smtp: {host: %s, port: %s, security: none}
replies:
  imap: {host: %s, port: %s, security: none, username: ana, password_file: ./secret}
`, smtpHost, smtpPort, imapHost, imapPort)}
	for i := 0; i < len(plans); i += 2 {
		files = append(files, "conversations/"+plans[i], plans[i+1])
	}
	o.dir = write(t, files...)
	old := time.Now().Add(-time.Hour) // a new file is read once it has been left alone for five seconds
	for i := 0; i < len(plans); i += 2 {
		if err := os.Chtimes(filepath.Join(o.dir, "conversations", plans[i]), old, old); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// Write keeps what the daemon logs.
func (o *office) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.log.Write(p)
}

// daemon runs the daemon in this process until the end of the test, which it has to reach.
func (o *office) daemon() {
	ctx, stop := context.WithCancel(context.Background())
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, []string{"--config", filepath.Join(o.dir, "config.yaml"), "daemon"}, nil, strings.NewReader(""), io.Discard, o)
	}()
	o.t.Cleanup(func() {
		stop()
		if code := <-exit; code != 0 {
			o.t.Errorf("the daemon: exit %d\n%s", code, o.log.String())
		}
	})
}

// do runs a command that has to succeed.
func (o *office) do(args ...string) (stdout string) {
	o.t.Helper()
	code, stdout, stderr := coalition(o.t, o.dir, args...)
	if code != 0 {
		o.t.Fatalf("coalition %s: exit %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// talk is the row of a conversation.
func (o *office) talk(id string) row {
	o.t.Helper()
	var rows []row
	if err := json.Unmarshal([]byte(o.do("list", "--json")), &rows); err != nil {
		o.t.Fatal(err)
	}
	i := slices.IndexFunc(rows, func(r row) bool { return r.ID == id })
	if i < 0 {
		o.t.Fatalf("%s is not in the list", id)
	}
	return rows[i]
}

// history is the rows of the log of one kind about a conversation.
func (o *office) history(id, kind string) (list []logRow) {
	o.t.Helper()
	var rows []logRow
	if err := json.Unmarshal([]byte(o.do("log", id, "--json")), &rows); err != nil {
		o.t.Fatal(err)
	}
	for _, r := range rows {
		if r.Kind == kind {
			list = append(list, r)
		}
	}
	return list
}

// until waits for what has to come true within seconds.
func (o *office) until(what string, true func() bool) {
	o.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(15 * time.Second); !true(); <-tick.C {
		if time.Now().After(deadline) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.t.Fatalf("not within seconds: %s\n%s\nthe daemon:\n%s", what, o.do("log"), o.log.String())
		}
	}
}

// wrote counts the events of a kind that have come in.
func (o *office) wrote(id, kind string, want int) {
	o.t.Helper()
	if got := o.history(id, kind); len(got) != want {
		o.t.Errorf("%d times %q in the log, want %d:\n%s", len(got), kind, want, o.do("log"))
	}
}

// A letter is a mail as its reader sees it.
type letter struct {
	id, subject, from string
	text              string
	method            string      // of its calendar
	event             *ical.Event // nil: none
}

func readLetter(t *testing.T, data []byte) *letter {
	t.Helper()
	r, err := mail.CreateReader(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v:\n%s", err, data)
	}
	l := &letter{from: r.Header.Get("From")}
	if l.id, err = r.Header.MessageID(); err != nil {
		t.Fatal(err)
	}
	if l.subject, err = r.Header.Subject(); err != nil {
		t.Fatal(err)
	}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return l
		}
		if err != nil {
			t.Fatal(err)
		}
		header, inline := part.Header.(*mail.InlineHeader)
		if !inline {
			continue
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			t.Fatal(err)
		}
		switch kind, params, _ := header.ContentType(); kind {
		case "text/plain":
			l.text = string(body)
		case "text/calendar":
			cal, err := ical.NewDecoder(bytes.NewReader(body)).Decode()
			if err != nil || len(cal.Events()) != 1 {
				t.Fatalf("%v:\n%s", err, body)
			}
			l.method, l.event = params["method"], &cal.Events()[0]
		}
	}
}

// gets waits for the n-th mail of a user, counted from 1.
func (o *office) gets(user string, n int) *letter {
	o.t.Helper()
	var got [][]byte
	o.until(fmt.Sprintf("%s gets mail number %d", user, n), func() bool {
		got = o.Messages(user)
		return len(got) >= n
	})
	return readLetter(o.t, got[n-1])
}

// mails is a mail from Maya to Ana; content begins with the header of its body.
func (o *office) mails(re *letter, subject, content string) {
	o.t.Helper()
	o.n++
	message := "From: Maya Chen <maya@example.org>\nTo: Ana Lopes <ana@example.org>\nSubject: " + subject + "\n" +
		"Date: " + time.Now().Format(time.RFC1123Z) + "\n" + fmt.Sprintf("Message-ID: <%d.%d@mua.example.org>\n", o.n, time.Now().UnixNano())
	if re != nil {
		message += "In-Reply-To: <" + re.id + ">\nReferences: <" + re.id + ">\n"
	}
	message = strings.ReplaceAll(message+"MIME-Version: 1.0\n"+content, "\n", "\r\n")
	if err := o.Send("maya@example.org", "ana@example.org", []byte(message)); err != nil {
		o.t.Fatal(err)
	}
}

// replies is what a person does: words above the whole mail that they answer.
func (o *office) replies(to *letter, words string) {
	o.t.Helper()
	quote := "> " + strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(to.text), "\r\n", "\n"), "\n", "\n> ")
	o.mails(to, "Re: "+to.subject, "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"+
		words+"\n\nOn Mon, 1 Mar 2027 at 09:12, Ana Lopes <ana@example.org> wrote:\n"+quote+"\n")
}

// calendar is what a calendar program does: it answers for Maya, with the event as it has it, or with
// another start.
func (o *office) calendar(to *letter, method, partstat string, start time.Time) {
	o.t.Helper()
	prop := func(name string) string {
		if p := to.event.Props.Get(name); p != nil {
			return p.Value
		}
		o.t.Fatalf("an invitation without %s", name)
		return ""
	}
	was, length := span(o.t, to)
	if start.IsZero() {
		start = was
	}
	const utc = "20060102T150405Z"
	object := strings.Join([]string{"BEGIN:VCALENDAR", "PRODID:-//Example//Calendar//EN", "VERSION:2.0", "METHOD:" + method, "BEGIN:VEVENT",
		"UID:" + prop("UID"), "SEQUENCE:" + prop("SEQUENCE"), "DTSTAMP:" + time.Now().UTC().Format(utc),
		"DTSTART:" + start.UTC().Format(utc), "DTEND:" + start.Add(length).UTC().Format(utc),
		"ORGANIZER:" + prop("ORGANIZER"), "ATTENDEE;PARTSTAT=" + partstat + ";CN=Maya Chen:mailto:maya@example.org",
		"SUMMARY:" + prop("SUMMARY"), "END:VEVENT", "END:VCALENDAR", ""}, "\n")
	o.mails(nil, "Answer: "+to.subject, "Content-Type: multipart/alternative; boundary=part\n\n"+
		"--part\nContent-Type: text/plain; charset=utf-8\n\nMaya Chen has answered.\n"+
		"--part\nContent-Type: text/calendar; method="+method+"; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"+object+
		"\n--part--\n")
}

// span is when the talk of an invitation begins, and how long it is.
func span(t *testing.T, l *letter) (start time.Time, length time.Duration) {
	t.Helper()
	start, err := l.event.DateTimeStart(time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	end, err := l.event.DateTimeEnd(time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return start, end.Sub(start)
}

func sequence(t *testing.T, l *letter) (n int) {
	t.Helper()
	n, err := l.event.Props.Get("SEQUENCE").Int()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A wire is a connection to a server that can be watched and cut.
type wire struct {
	addr string

	mu     sync.Mutex
	open   []net.Conn
	left   int               // bytes of the server that pass before the connection is cut; 0: all
	cuts   int               // how often it was
	onSend func(sent []byte) // called with each piece of what the client sends, before it passes
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{addr: l.Addr().String()}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				client.Close()
				continue
			}
			w.mu.Lock()
			w.open = append(w.open, client, server)
			w.mu.Unlock()
			go w.carry(server, client, w.sent)
			go w.carry(client, server, w.answered)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		w.cut()
	})
	return w
}

// carry passes on what step lets pass, until either end hangs up.
func (w *wire) carry(to, from net.Conn, step func([]byte) (pass int, cut bool)) {
	defer to.Close()
	defer from.Close()
	for piece := make([]byte, 4096); ; {
		n, err := from.Read(piece)
		pass, cut := step(piece[:n])
		if _, failed := to.Write(piece[:pass]); failed != nil || err != nil || cut {
			return
		}
	}
}

func (w *wire) sent(piece []byte) (pass int, cut bool) {
	w.mu.Lock()
	f := w.onSend
	w.mu.Unlock()
	if f != nil && len(piece) > 0 {
		f(piece)
	}
	return len(piece), false
}

func (w *wire) answered(piece []byte) (pass int, cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.left == 0 || len(piece) < w.left:
		w.left = max(0, w.left-len(piece))
		return len(piece), false
	default:
		pass, w.left = w.left, 0
		w.cuts++
		return pass, true
	}
}

// cut cuts all connections.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range w.open {
		conn.Close()
	}
	w.open = nil
}

// cutAfter lets this many bytes of the server pass before the connection is cut; 0: all.
func (w *wire) cutAfter(bytes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = bytes
}

func (w *wire) watch(f func(sent []byte)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.onSend = f
}

// TestReplies: Ana's daemon and Maya's mail, from the brief to the update that a counter-proposal leads
// to, by way of real servers; each answer counts within seconds, and once.
func TestReplies(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "maya.yaml", mayaPlan)
	o.daemon()
	o.replies(o.gets("maya", 1), "2")
	invitation := o.gets("maya", 2)
	start, _ := span(t, invitation)
	if invitation.method != "REQUEST" || start.Format("15:04") != "15:00" {
		t.Fatalf("in answer to the second time: a %s for %s", invitation.method, start)
	}
	o.until("the invitation is on record", func() bool { return o.talk("maya").Status == "invited" })
	o.calendar(invitation, "REPLY", "ACCEPTED", time.Time{})
	o.until("the talk is confirmed", func() bool {
		talk := o.talk("maya")
		return talk.Status == "confirmed" && *talk.PartStat == "ACCEPTED"
	})

	// What has been read is read again, and does not count again.
	o.SetUIDValidity("ana", 77)
	o.imap.cut()
	o.calendar(invitation, "COUNTER", "TENTATIVE", start.Add(time.Hour))
	o.until("the counter-proposal is shown", func() bool { return len(o.history("maya", "counter")) > 0 })
	if now, _ := time.Parse(time.RFC3339, *o.talk("maya").Start); !now.Equal(start) {
		t.Errorf("the counter-proposal has moved the talk by itself, to %s", now)
	}
	o.do("counter", "maya", "take", "--yes")
	update := o.gets("maya", 3)
	moved, _ := span(t, update)
	if update.method != "REQUEST" || !moved.Equal(start.Add(time.Hour)) || sequence(t, update) != sequence(t, invitation)+1 ||
		update.event.Props.Get("UID").Value != invitation.event.Props.Get("UID").Value {
		t.Errorf("after the counter-proposal: a %s, SEQUENCE %d after %d, for %s, not %s", update.method, sequence(t, update), sequence(t, invitation), moved, start.Add(time.Hour))
	}
	if talk := o.talk("maya"); talk.Status != "invited" || *talk.PartStat != "NEEDS-ACTION" {
		t.Errorf("after the update: %s, %s", talk.Status, *talk.PartStat)
	}
	o.calendar(update, "REPLY", "ACCEPTED", time.Time{})
	o.until("the new time is confirmed", func() bool { return o.talk("maya").Status == "confirmed" })
	o.wrote("maya", "answer", 3)
	o.wrote("maya", "counter", 1)
	if n := len(o.Messages("maya")); n != 3 {
		t.Errorf("Maya has got %d mails, want the brief, the invitation and the update", n)
	}
	if read, err := filepath.Glob(filepath.Join(o.Maildir("ana"), "cur", "*:2,?*")); err != nil || len(read) != 0 {
		t.Errorf("Ana's mailbox is not as it was: %v", read)
	}
}

// TestBounced: what a server takes and can't deliver comes back, and is marked within seconds; what it
// does not take is marked at once. None of it changes what was agreed.
func TestBounced(t *testing.T) {
	t.Parallel()
	plan := func(to string) string { return strings.ReplaceAll(mayaPlan, "maya@", to+"@") }
	o := newOffice(t, "bounces.yaml", plan(emailtest.Bounces), "refused.yaml", plan(emailtest.Refused), "later.yaml", plan(emailtest.Later))
	o.daemon()
	for id, want := range map[string]string{"bounces": "bounced", "refused": "failed", "later": "pending"} {
		o.until("the brief is "+want, func() bool {
			rows := o.history(id, "brief")
			return len(rows) == 1 && *rows[0].State == want && rows[0].Error != nil
		})
	}
	if status := o.talk("bounces").Status; status != "asked" {
		t.Errorf("the bounce has made it %s", status)
	}
	o.wrote("bounces", "bounce", 1)
}

// TestCut: over fifty connections that are cut, each at another byte, and a mailbox that counts anew,
// every answer counts, and once.
func TestCut(t *testing.T) {
	t.Parallel()
	cuts := 50
	if testing.Short() {
		cuts = 20
	}
	o := newOffice(t, "maya.yaml", mayaPlan)
	// read reads the mailbox over n connections that are cut, with more mail each time, and one that is not.
	read := func(n int) {
		t.Helper()
		for i := range n {
			o.Deliver("ana", fmt.Appendf(nil, "From: news@example.com\r\nTo: ana@example.org\r\nMessage-ID: <news%d@example.com>\r\nSubject: News\r\n\r\n%s\r\n",
				time.Now().UnixNano(), strings.Repeat("Nothing new. ", 50)))
			o.imap.cutAfter(1 + 1600*i/n)
			if code, stdout, stderr := coalition(t, o.dir, "sync"); code > 1 {
				t.Fatalf("sync: exit %d\n%s%s", code, stdout, stderr)
			}
		}
		o.imap.cutAfter(0)
		o.do("sync")
	}
	o.do("ask", "maya", "--yes")
	o.replies(o.gets("maya", 1), "1")
	o.gets("ana", 1)
	read(cuts / 2)
	o.wrote("maya", "answer", 1)
	o.do("daemon", "--once")
	o.calendar(o.gets("maya", 2), "REPLY", "ACCEPTED", time.Time{})
	o.until("the answer is in the mailbox", func() bool {
		return bytes.Contains(bytes.Join(o.Messages("ana"), nil), []byte("METHOD:REPLY"))
	})
	read(cuts - cuts/2)
	if o.imap.cuts != cuts {
		t.Errorf("%d connections were cut, want %d", o.imap.cuts, cuts)
	}
	o.wrote("maya", "answer", 2)
	o.SetUIDValidity("ana", 77)
	o.do("sync")
	o.do("daemon", "--once")
	o.wrote("maya", "answer", 2)
	if talk, n := o.talk("maya"), len(o.Messages("maya")); talk.Status != "confirmed" || n != 2 {
		t.Errorf("%s, and Maya has got %d mails, want the brief and the invitation", talk.Status, n)
	}
}

// TestKilledReading kills the daemon at each thing that it says to the mail server: the answer counts
// once, and what it sends twice is flagged.
func TestKilledReading(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "maya.yaml", mayaPlan)
	o.do("ask", "maya", "--yes")
	o.replies(o.gets("maya", 1), "1")
	o.gets("ana", 1)
	var mu sync.Mutex
	said, idle := "", false
	for n, done := 1, false; !done; n++ { // until it has come as far as to wait for mail
		var stderr bytes.Buffer
		cmd := binary("coalition", "--config", filepath.Join(o.dir, "config.yaml"), "daemon")
		cmd.Stderr = &stderr
		left, started := n, make(chan struct{})
		o.imap.watch(func(sent []byte) {
			<-started
			mu.Lock()
			defer mu.Unlock()
			if left--; left == 0 || left > 0 && bytes.Contains(sent, []byte("IDLE")) {
				idle, left, said = left > 0, 0, said+string(sent)
				cmd.Process.Kill()
			}
		})
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		close(started)
		silent := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		if !silent.Stop() {
			t.Fatalf("the daemon said fewer than %d things:\n%s", n, stderr.String())
		}
		if s := cmd.ProcessState.Sys().(syscall.WaitStatus); s.Signal() != syscall.SIGKILL {
			t.Fatalf("the daemon has ended by itself: %v\n%s", cmd.ProcessState, stderr.String())
		}
		mu.Lock()
		done = idle
		mu.Unlock()
	}
	o.imap.watch(nil)
	if !strings.Contains(said, "LOGIN") && !strings.Contains(said, "AUTHENTICATE") || !strings.Contains(said, "FETCH") {
		t.Errorf("it was never killed at the words that count:\n%s", said)
	}
	o.daemon()
	o.calendar(o.gets("maya", 2), "REPLY", "ACCEPTED", time.Time{})
	o.until("the talk is confirmed", func() bool { return o.talk("maya").Status == "confirmed" })
	o.wrote("maya", "answer", 2)
	invites := o.history("maya", "invite")
	most := 2 // the brief, and the invitation
	if len(invites) == 1 && invites[0].Flagged {
		most = 3
	}
	if n := len(o.Messages("maya")); len(invites) != 1 || *invites[0].State != "sent" || n > most {
		t.Errorf("Maya has got %d mails:\n%s", n, o.do("log"))
	}
}
