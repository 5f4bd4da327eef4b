package scheduler_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"coalition/invites"
	"coalition/scheduler"
	"coalition/scheduler/outbox"
	"coalition/scheduler/roster"
	"coalition/scheduler/store"
)

// A lane is a mail server, as all the processes of a test see it.
type lane struct {
	mu      sync.Mutex
	fault   *invites.DeliveryError // nil: it is well
	slow    time.Duration          // how long it takes to say so
	tries   []time.Time
	at, max int // how many tries there are at this moment, and at most were
	arrived map[string]int
}

// process is a further process on the state of w, whose mail goes to l.
func (w *world) process(l *lane, account string) *world {
	p := &world{t: w.t, dir: w.dir, now: w.now}
	p.reopen(store.Open)
	p.HoldOver = 1000
	p.with(func(c *scheduler.Config) { c.Account = func(string) string { return account } })
	p.answer = func(m *invites.Submission, dot func() error) error {
		l.mu.Lock()
		fault := l.fault
		l.tries = append(l.tries, time.Now())
		l.at++
		l.max = max(l.max, l.at)
		l.mu.Unlock()
		time.Sleep(l.slow)
		l.mu.Lock()
		l.at--
		l.mu.Unlock()
		if fault != nil {
			again := *fault
			return &again
		}
		if err := dot(); err != nil {
			return err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.arrived[m.ID]++
		return nil
	}
	return p
}

// daemon delivers as a daemon does, for that long.
func (w *world) daemon(d time.Duration) {
	w.t.Helper()
	for end := time.Now().Add(d); ; {
		o := w.Delivery.DeliverBoth(context.Background(), context.Background(), false)
		if o.Err != nil {
			w.t.Error(o.Err)
			return
		}
		if o.Next.IsZero() || o.Next.After(end) {
			time.Sleep(time.Until(end))
			return
		}
		time.Sleep(time.Until(o.Next))
	}
}

var (
	gone  = &invites.DeliveryError{Channel: true, Text: "the mail server did not take the message (connecting: nobody listens there)"}
	wrong = &invites.DeliveryError{Channel: true, Account: true, Code: 535, Wait: 10 * time.Minute, Text: "the mail server refused the user name or password: wrong"}
)

func queued(w *world, n int) {
	w.t.Helper()
	for i := range n {
		w.plan(fmt.Sprintf("p%03d", i), maya(fmt.Sprintf("  email: p%d@example.org", i)))
	}
	if r := must(w.Pass(context.Background(), w.board())); len(r.Decided) != n {
		w.t.Fatalf("%d decided", len(r.Decided))
	}
}

// TestDoor: at a closed door there is one try at a time, of all processes and for all messages, further and
// further apart; they wait there, and go once when it opens.
func TestDoor(t *testing.T) {
	for _, test := range []struct {
		name      string
		fault     *invites.DeliveryError
		processes int
		accounts  int
		most      int           // tries in the first hour
		apart     time.Duration // at most, in the end
	}{
		{"a server that can't be reached", gone, 1, 1, 75, time.Minute},
		{"a server that can't be reached, two daemons", gone, 2, 1, 80, time.Minute},
		{"a wrong password", wrong, 1, 1, 7, 10 * time.Minute},
		{"a wrong password, three daemons", wrong, 3, 1, 7, 10 * time.Minute},
		{"two daemons that sign in differently", wrong, 2, 2, 14, 10 * time.Minute},
		{"a sender that the server does not take", &invites.DeliveryError{Channel: true, Account: true, Code: 550, Text: "not you"}, 1, 1, 7, 10 * time.Minute},
		{"the server names a time", &invites.DeliveryError{Channel: true, Wait: 20 * time.Minute, Text: "too many"}, 1, 1, 4, 20 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const many = 40
				w := newWorld(t)
				w.now = time.Now()
				w.HoldOver = 1000
				queued(w, many)
				l := &lane{fault: test.fault, slow: 100 * time.Millisecond, arrived: map[string]int{}}
				logs := make([]bytes.Buffer, test.processes)
				var all []*world
				for i := range test.processes {
					p := w.process(l, fmt.Sprint(i%test.accounts))
					p.with(func(c *scheduler.Config) { c.Log = slog.New(slog.NewTextHandler(&logs[i], nil)) })
					all = append(all, p)
				}
				run := func(d time.Duration) {
					var side sync.WaitGroup
					for _, p := range all {
						side.Go(func() { p.daemon(d) })
					}
					side.Wait()
				}
				run(time.Hour)
				if len(l.tries) > test.most || len(l.tries) < 3 || l.max != test.accounts {
					t.Errorf("%d tries in an hour, %d at a time; want at most %d, and %d", len(l.tries), l.max, test.most, test.accounts)
				}
				if last := l.tries[len(l.tries)-1]; time.Since(last) > test.apart+time.Second {
					t.Errorf("the last try is %s old", time.Since(last))
				}
				for i := range logs {
					if n := strings.Count(logs[i].String(), "\n"); n != 1 || !strings.Contains(logs[i].String(), "mail does not go") {
						t.Errorf("the log has %d lines; want one:\n%s", n, &logs[i])
					}
				}
				for _, c := range all[0].board().Conversations {
					m := c.Messages[0]
					if next := roster.Next(c, w.now).Next; m.State != outbox.Queued || m.Attempts > 1 || !strings.Contains(next, test.fault.Text) {
						t.Errorf("%s: %s, %d attempts; next: %s", c.ID, m.State, m.Attempts, next)
					}
				}
				l.mu.Lock()
				l.fault, l.slow = nil, 0
				l.mu.Unlock()
				run(test.apart + 5*time.Second)
				for _, c := range all[0].board().Conversations {
					if m := c.Messages[0]; m.State != outbox.Accepted || m.Attempts > 2 || l.arrived[string(c.ID)] != 1 {
						t.Errorf("in the end %s: %s, %d attempts, arrived %d times", c.ID, m.State, m.Attempts, l.arrived[string(c.ID)])
					}
				}
				if !strings.Contains(logs[0].String(), "the door is open again") && test.processes == 1 {
					t.Errorf("that it is open again is not told:\n%s", &logs[0])
				}
				if doors := must(w.store.Doors(context.Background())); len(doors) > test.accounts-1 {
					t.Errorf("still closed: %+v", doors[0])
				}
			})
		})
	}
}

// A command tries a closed door at once, once, and opens it for all; so does another account.
func TestDoorAndCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		w := newWorld(t)
		w.now = time.Now()
		queued(w, 3)
		l := &lane{fault: wrong, arrived: map[string]int{}}
		daemon, command := w.process(l, "a"), w.process(l, "a")
		daemon.daemon(time.Minute)
		if len(l.tries) != 1 {
			t.Fatalf("%d tries; want one", len(l.tries))
		}
		row := command.find("p001").Messages[0].Row
		begun := time.Now()
		if err := command.DeliverPatiently(ctx, ctx, row); err != nil {
			t.Fatal(err)
		}
		if len(l.tries) != 2 || time.Since(begun) > time.Second {
			t.Errorf("in vain: %d tries in %s; want one more, at once", len(l.tries), time.Since(begun))
		}
		daemon.daemon(9 * time.Minute)
		if len(l.tries) != 2 {
			t.Errorf("%d tries; the command's counts for the daemon, too", len(l.tries))
		}
		l.fault = nil
		if err := command.DeliverPatiently(ctx, ctx, row); err != nil || l.arrived["p001"] != 1 {
			t.Errorf("mended: %v, %v", err, l.arrived)
		}
		daemon.daemon(time.Second)
		if len(l.arrived) != 3 {
			t.Errorf("the daemon has not seen it: %v", l.arrived)
		}
		// Once more, and this time the config is mended.
		w.plan("tom", maya("  email: tom@example.org"))
		must(w.Pass(ctx, w.board()))
		l.fault = wrong
		daemon.daemon(time.Minute)
		if len(l.tries) != 6 {
			t.Errorf("%d tries", len(l.tries))
		}
		l.fault = nil
		w.process(l, "b").daemon(time.Second)
		if l.arrived["tom"] != 1 {
			t.Error("another account waits at the door of the first one")
		}
	})
}

// While a process tries the door, a command waits for what comes of it, and a stopped one gives it back.
func TestDoorIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		w := newWorld(t)
		w.now = time.Now()
		queued(w, 2)
		l := &lane{slow: 3 * time.Second, arrived: map[string]int{}}
		daemon, command := w.process(l, "a"), w.process(l, "a")
		var side sync.WaitGroup
		side.Go(func() { daemon.daemon(10 * time.Second) })
		time.Sleep(time.Second)
		if err := command.DeliverPatiently(ctx, ctx, command.find("p001").Messages[0].Row); err != nil {
			t.Error(err)
		}
		side.Wait()
		if l.max != 1 || l.arrived["p000"] != 1 || l.arrived["p001"] != 1 {
			t.Errorf("%d at a time, arrived %v", l.max, l.arrived)
		}
	})
}

// A message over which the server breaks down each time does not keep the others from going.
func TestDoorAndPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.now = time.Now()
		queued(w, 5)
		l := &lane{arrived: map[string]int{}}
		p := w.process(l, "a")
		well, broken := p.answer, 0
		p.answer = func(m *invites.Submission, dot func() error) error {
			if m.ID == "p000" {
				broken++
				return &invites.DeliveryError{Channel: true, Begun: true, Text: "it hung up"}
			}
			return well(m, dot)
		}
		p.daemon(time.Hour)
		if len(l.arrived) != 4 || broken < 3 || broken > 20 {
			t.Errorf("arrived %v, broken down %d times", l.arrived, broken)
		}
	})
}

// The door to the mailbox: further runs leave it alone where it was closed, whoever asks for it does not.
func TestMailboxDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		w := newWorld(t)
		w.now = time.Now()
		b := &counted{box: &box{broken: wrong}}
		w.with(func(c *scheduler.Config) { c.Mailbox = b })
		once := func(tries int, told bool) {
			t.Helper()
			b.tries = 0
			r, err := w.Once(ctx, ctx, func(*roster.Roster) {})
			if err != nil || b.tries != tries || (r.Unread != nil) != told {
				t.Errorf("%d tries, %v, %v; want %d", b.tries, r.Unread, err, tries)
			}
		}
		once(1, true)
		once(0, true)
		time.Sleep(9 * time.Minute)
		once(0, true)
		if err := w.ReadMail(ctx); err == nil || b.tries != 1 {
			t.Errorf("by a command: %d tries, %v", b.tries, err)
		}
		time.Sleep(9 * time.Minute)
		once(0, true)
		if doors := w.board().Doors; len(doors) != 1 || doors[0].Name != outbox.MailboxDoor || doors[0].Tries != 2 {
			t.Errorf("closed: %+v", doors)
		}
		time.Sleep(2 * time.Minute)
		b.broken = nil
		once(1, false)
		once(1, false)
		if doors := w.board().Doors; len(doors) != 0 {
			t.Errorf("still closed: %+v", doors[0])
		}
	})
}

// counted counts how often a mailbox is read.
type counted struct {
	*box
	tries int
}

func (c *counted) Fetch(ctx context.Context, cursor string, since time.Time, take func([]*invites.Mail, string) error) error {
	c.tries++
	return c.box.Fetch(ctx, cursor, since, take)
}

// A mail server that puts off one after the other has no time for any: it is left alone like one that can't
// be reached, whether it says so before a message or at its end. One that puts off a single message goes on.
func TestPutOff(t *testing.T) {
	const many = 40
	for _, test := range []struct {
		name  string
		atEnd bool
		only  string // the message that it puts off; "": each
		most  int    // tries in the first hour
	}{
		{"all, before the message", false, "", 110},
		{"all, at the end", true, "", 110},
		{"one", false, "p007", 40 + 20},
		{"one, at the end", true, "p007", 40 + 20},
		{"the first", false, "p000", 40 + 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.now = time.Now()
				w.HoldOver = 1000
				queued(w, many)
				l := &lane{arrived: map[string]int{}}
				p := w.process(l, "a")
				well, busy := p.answer, true
				p.answer = func(m *invites.Submission, dot func() error) error {
					if !busy || test.only != "" && m.ID != test.only {
						return well(m, dot)
					}
					l.mu.Lock()
					l.tries = append(l.tries, time.Now())
					l.mu.Unlock()
					if test.atEnd {
						if err := dot(); err != nil {
							return err
						}
					}
					return &invites.DeliveryError{Code: 451, Text: "no room just now"}
				}
				p.daemon(75 * time.Second)
				early := len(l.tries)
				if test.only == "" && early > 30 {
					t.Errorf("%d tries in the first 75 s", early)
				}
				if test.only != "" && len(l.arrived) != many-1 {
					t.Errorf("%d have arrived while one was put off", len(l.arrived))
				}
				p.daemon(time.Hour - 75*time.Second)
				if len(l.tries) > test.most || len(l.tries) < 8 {
					t.Errorf("%d tries in an hour; want at most %d", len(l.tries), test.most)
				}
				if doors := p.board().Doors; test.only == "" && (len(doors) != 1 || doors[0].Text != "the mail server says: no room just now") {
					t.Errorf("closed: %+v", doors)
				}
				busy = false
				p.daemon(40 * time.Minute)
				for i := range many {
					if id := fmt.Sprintf("p%03d", i); l.arrived[id] != 1 {
						t.Errorf("%s has arrived %d times", id, l.arrived[id])
					}
				}
			})
		})
	}
}

// A command waits for what a daemon has just taken in hand: it is on its way when the command ends.
func TestTakenByDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		w := newWorld(t)
		w.now = time.Now()
		queued(w, 1)
		l := &lane{slow: 2 * time.Second, arrived: map[string]int{}}
		daemon, command := w.process(l, "a"), w.process(l, "a")
		row := command.find("p000").Messages[0].Row
		var side sync.WaitGroup
		side.Go(func() { daemon.daemon(5 * time.Second) })
		time.Sleep(time.Second)
		if err := command.DeliverPatiently(ctx, ctx, row); err != nil {
			t.Error(err)
		}
		if m := command.find("p000").Messages[0]; m.State != outbox.Accepted || l.arrived["p000"] != 1 {
			t.Errorf("the command ends while it is %s; arrived %v", m.State, l.arrived)
		}
		side.Wait()
	})
}
