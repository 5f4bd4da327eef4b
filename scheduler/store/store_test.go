package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/inbox"
	"coalition/scheduler/lookup"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/store"
	"coalition/scheduler/store/backup"
	"coalition/scheduler/store/storetest"
)

var ctx = context.Background()

const ana = "ana@example.org"

// TestMain is also the process that a test kills: it claims a message and waits.
func TestMain(m *testing.M) {
	if dsn := os.Getenv("STORE_TEST_CLAIM"); dsn != "" {
		claimAndWait(dsn, os.Getenv("STORE_TEST_PHASE"))
	}
	os.Exit(m.Run())
}

func claimAndWait(dsn, phase string) {
	s, err := store.Open(ctx, dsn, []string{ana}, false)
	if err != nil {
		panic(err)
	}
	list, err := s.Claim(ctx, time.Now(), outbox.Channel(os.Getenv("STORE_TEST_CHANNEL")), 1, nil, yes)
	if err != nil || len(list) != 1 {
		panic(fmt.Sprint(list, err))
	}
	if phase == "sleep" {
		fmt.Println("claimed")
		fmt.Scanln()
		fmt.Println(errors.Is(s.Dot(ctx, list[0]), outbox.ErrFenced))
	}
	if phase == "dot" {
		if err := s.Dot(ctx, list[0]); err != nil {
			panic(err)
		}
	}
	fmt.Println("claimed")
	select {}
}

func TestSQLite(t *testing.T) {
	contract(t, func(t testing.TB) string { return filepath.Join(t.(*testing.T).TempDir(), "state", "a b?#%.db") })
}

func TestPostgres(t *testing.T) {
	newDatabase := storetest.Postgres(t)
	contract(t, newDatabase)
	t.Run("a session that is cut", func(t *testing.T) { testCut(t, newDatabase(t)) })
	t.Run("a daemon that rests", func(t *testing.T) { testIdle(t, newDatabase(t)) })
	t.Run("no connection left", func(t *testing.T) { testNoneLeft(t, newDatabase(t)) })
	t.Run("a start beside many others", func(t *testing.T) { testStart(t, newDatabase(t)) })
}

// contract is what both databases have to keep.
func contract(t *testing.T, newDatabase func(testing.TB) string) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, string)
	}{
		{"a conversation comes back as it was", testRoundTrip},
		{"what is read is of one moment", testSnapshot},
		{"the newest revision counts", testConflict},
		{"one key, one message", testOneKey},
		{"claims", testClaim},
		{"what is not wanted", testUnwanted},
		{"the dot", testDot},
		{"a claim that was taken away", testFence},
		{"a killed process", testKilled},
		{"two channels", testChannels},
		{"pause", testPause},
		{"doors", testDoors},
		{"approve and hold", testApprove},
		{"history", testHistory},
		{"what a state knows of itself", testStanding},
		{"a doubt", testDistrust},
		{"a mail counts once", testReceived},
		{"what was heard", testHeard},
		{"pages", testPages},
		{"many writers", testManyWriters},
		{"another process is told", testChanges},
		{"opened twice at once", testOpenTwice},
		{"reading only", testReadOnly},
		{"a newer schema", testNewer},
		{"an older schema", testOlder},
		{"look-ups", testLookups},
		{"organizers", testOrganizers},
		{"a stopped process", testStopped},
		{"a process that may be handing over", testDoubt},
		{"decided beside", testSlots},
		{"decided together", testCommitAll},
		{"what is erased", testErase},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, newDatabase(t)) })
	}
}

func open(t *testing.T, dsn string, addresses ...string) *store.Store {
	t.Helper()
	s, err := store.Open(ctx, dsn, append(addresses, ana)[:max(1, len(addresses))], false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func yes(*conversation.Conversation, *outbox.Message) (outbox.State, bool) { return "", true }

var at = time.Date(2027, 2, 1, 10, 0, 0, 123e6, time.UTC)

// draft is a conversation with one queued message of each kind.
func draft(id plan.ID, kinds ...outbox.Kind) *conversation.Draft {
	c := conversation.New(id, 1, nil)
	c.Plan.With.Name, c.Plan.With.Email, c.Ready = "Maya Chen", "maya@example.org", true
	d := &conversation.Draft{At: at, Conversation: c}
	for _, k := range kinds {
		d.Messages = append(d.Messages, &outbox.Message{ID: id, Round: 1, Kind: k, Revision: "1", To: "maya@example.org", MessageID: "x@example.org",
			Stamp: at, Due: at, State: outbox.Queued, Repeatable: k != outbox.Reminder, Via: "smtp", Changed: at, Data: []byte("data\x00\xff"), Calendar: []byte("calendar")})
	}
	return d
}

func commit(t *testing.T, s *store.Store, d *conversation.Draft) {
	t.Helper()
	if err := s.Commit(ctx, d); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, s *store.Store) []*conversation.Conversation {
	t.Helper()
	list, err := s.Load(ctx, lookup.Query{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func message(t *testing.T, s *store.Store) *outbox.Message {
	t.Helper()
	list := load(t, s)
	if len(list) != 1 || len(list[0].Messages) != 1 {
		t.Fatalf("%d conversations, want one with one message", len(list))
	}
	return list[0].Messages[0]
}

func claim(t *testing.T, s *store.Store) *outbox.Message {
	t.Helper()
	list, err := s.Claim(ctx, time.Now(), outbox.Mail, 10, nil, yes)
	if err != nil || len(list) != 1 {
		t.Fatalf("claimed %d, %v; want one message", len(list), err)
	}
	return list[0]
}

// testSnapshot: a conversation is never seen beside messages of another moment.
func testSnapshot(t *testing.T, dsn string) {
	s := open(t, dsn)
	c := draft("maya").Conversation
	done := make(chan error, 1)
	go func() {
		for n := 1; n <= 150; n++ {
			d := draft("maya", outbox.Brief)
			d.Conversation, c.Asks = c, n
			d.Messages[0].Revision = strconv.Itoa(n)
			if err := s.Commit(ctx, d); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		for _, c := range load(t, s) {
			if len(c.Messages) != c.Asks {
				t.Fatalf("%d messages beside a conversation that knows of %d", len(c.Messages), c.Asks)
			}
		}
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}

var exported = cmp.Options{cmpopts.IgnoreUnexported(conversation.Conversation{}, outbox.Message{}, inbox.Proposal{}), cmpopts.EquateEmpty(),
	cmp.Transformer("text", func(d plan.Date) string { return d.String() })}

func testRoundTrip(t *testing.T, dsn string) {
	s := open(t, dsn)
	d := draft("maya", outbox.Invite)
	c := d.Conversation
	plans, _, problems := plan.Parse("maya.yaml", "maya", []byte(`with: {name: Maya Chen, email: maya@example.org, aliases: [m@example.org], timezone: Europe/Berlin, language: de,
  working_hours: {days: [mon, sun], from: "08:00", to: "16:30"}}
result: Launch
purpose: "Zwei\nZeilen"
offer: [a, b]
ask: [c]
agenda: [{topic: Ä, minutes: 60}]
setting: {kind: office, place: "4.12", private_room: true}
when: {duration: 90m, times: [2027-03-04 10:00, in 8 working days at 15:00], timezone: Asia/Kathmandu}
ask_on: in 3 days
ready: true
permitted: In person.
`), false)

	if len(plans) != 1 {
		t.Fatal(problems)
	}
	c.Plan = plans[0].Terms
	c.Asks, c.Sequence, c.UID, c.PartStat, c.Stamp, c.Touched = 2, 3, "uid", "NEEDS-ACTION", at.Truncate(time.Second), at
	c.Offered = []plan.Slot{{Wall: "2027-03-04T10:00", Zone: "Asia/Kathmandu"}}
	c.Chosen = c.Offered[0]
	c.Dates = &plan.Dates{Times: c.Offered, AskOn: at}
	c.Answer = &conversation.Answer{Value: "yes", At: at, How: "command", Note: "gern", Slot: c.Offered[0]}
	c.Cancelled = &conversation.Cancellation{At: at, Reason: "Porto"}
	c.Organizer.Email = ana
	c.Answer.From, c.Answer.Until, c.Replied = "m@example.org", at.Add(time.Minute), at
	c.Counter = &inbox.Proposal{At: at, Start: at.Add(time.Hour), Length: time.Hour, Note: "besser"}
	c.Proposed, c.Taken = []string{"Budget"}, []string{"Hiring"}
	c.Remark, c.Doubted = &inbox.Remark{At: at, From: "m@example.org", Text: "hi"}, &inbox.Remark{At: at, From: "x@example.net", Text: "no"}
	c.Notices = []inbox.News{{What: "no", Due: at, At: at, From: "m@example.org", How: "page", Text: "nein", Do: []string{"coalition list"}}}
	c.Page, c.PageUntil = "hash", at.Add(time.Hour)
	m := d.Messages[0]
	m.Sequence, m.Content = 3, outbox.Content{Start: c.Chosen, Length: time.Hour, Place: "p", Rest: "r", Form: "f", PartStat: "ACCEPTED", Unix: 1801479600}
	m.Deadline, m.Approved = at.Add(time.Hour), true
	commit(t, s, d)
	got := load(t, s)
	want := *c
	noBytes := *m
	noBytes.Data, noBytes.Calendar = nil, nil
	want.Messages = []*outbox.Message{&noBytes}
	if diff := cmp.Diff(&want, got[0], exported); diff != "" {
		t.Errorf("loaded (-want +got):\n%s", diff)
	}
	whole, err := s.Message(ctx, m.Row)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, whole, exported); diff != "" {
		t.Errorf("the message (-want +got):\n%s", diff)
	}
}

// A mail that came in is taken into account together with all that follows from it, or not at all.
func testReceived(t *testing.T, dsn string) {
	s := open(t, dsn)
	d := draft("maya")
	d.Key, d.Cursor = "k1", conversation.Cursor{Name: "ana@imap/INBOX", At: "7:1"}
	commit(t, s, d)
	again := &conversation.Draft{At: at, Conversation: load(t, s)[0], Key: "k1", Cursor: conversation.Cursor{Name: "ana@imap/INBOX", At: "7:2"},
		Events: []conversation.HistoryEntry{{At: at, ID: "maya", Round: 1, Kind: "answer", Text: "yes"}}}
	if err := s.Commit(ctx, again); !errors.Is(err, conversation.ErrKnown) {
		t.Errorf("the same mail again: %v", err)
	}
	stale := &conversation.Draft{At: at, Conversation: &conversation.Conversation{ID: "maya", Round: 1, Rev: 99}, Key: "k2", Cursor: conversation.Cursor{Name: "ana@imap/INBOX", At: "7:3"}}
	if err := s.Commit(ctx, stale); !errors.Is(err, conversation.ErrConflict) {
		t.Errorf("a mail for an old revision: %v", err)
	}
	if events, err := s.History(ctx, "maya"); err != nil || len(events) != 0 {
		t.Errorf("history: %v, %v; want none", events, err)
	}
	if got, err := s.Cursor(ctx, "ana@imap/INBOX"); got != "7:1" || err != nil {
		t.Errorf("the cursor is %q, %v; want 7:1", got, err)
	}
	stale.Conversation = load(t, s)[0]
	commit(t, s, stale) // what did not count before counts now
	if err := s.SetCursor(ctx, conversation.Cursor{Name: "other", At: "1:1"}); err != nil {
		t.Error(err)
	}
	for mailbox, want := range map[string]string{"ana@imap/INBOX": "7:3", "other": "1:1", "unknown": ""} {
		if got, err := s.Cursor(ctx, mailbox); got != want || err != nil {
			t.Errorf("the cursor of %s is %q, %v; want %q", mailbox, got, err, want)
		}
	}
}

// What comes back changes a message that has left, and none that is on its way.
func testHeard(t *testing.T, dsn string) {
	s := open(t, dsn)
	commit(t, s, draft("maya", outbox.Brief))
	bounce := func() error {
		c := load(t, s)[0]
		m := c.Messages[0]
		m.State, m.Error = outbox.Bounced, "5.1.1 unknown"
		return s.Commit(ctx, &conversation.Draft{At: at, Conversation: c, Heard: []*outbox.Message{m}})
	}
	m := claim(t, s)
	if err := bounce(); !errors.Is(err, conversation.ErrConflict) {
		t.Errorf("a bounce of a message that is being sent: %v", err)
	}
	m.State = outbox.Accepted
	if err := s.Settle(ctx, m); err != nil {
		t.Fatal(err)
	}
	if err := bounce(); err != nil {
		t.Error(err)
	}
	if m := load(t, s)[0].Messages[0]; m.State != outbox.Bounced || m.Error != "5.1.1 unknown" {
		t.Errorf("stored: %s, %q", m.State, m.Error)
	}
}

func testPages(t *testing.T, dsn string) {
	s := open(t, dsn)
	d := draft("maya")
	d.Page = "hash one"
	commit(t, s, d)
	if id, round, err := s.Page(ctx, "hash one"); id != "maya" || round != 1 || err != nil {
		t.Errorf("the page leads to %s/%d, %v; want maya/1", id, round, err)
	}
	if id, round, err := s.Page(ctx, "hash"); id != "" || round != 0 || err != nil {
		t.Errorf("a page that nobody made: %s/%d, %v", id, round, err)
	}
}

func testConflict(t *testing.T, dsn string) {
	s := open(t, dsn)
	commit(t, s, draft("maya"))
	if err := s.Commit(ctx, draft("maya", outbox.Brief)); !errors.Is(err, conversation.ErrConflict) {
		t.Errorf("a second first commit: %v", err)
	}
	one, two := load(t, s)[0], load(t, s)[0]
	one.Asks, two.Asks = 1, 2
	commit(t, s, &conversation.Draft{At: at, Conversation: one})
	late := &conversation.Draft{At: at, Conversation: two, Messages: draft("maya", outbox.Brief).Messages}
	if err := s.Commit(ctx, late); !errors.Is(err, conversation.ErrConflict) {
		t.Errorf("a commit on an old revision: %v", err)
	}
	if c := load(t, s)[0]; c.Asks != 1 || c.Rev != one.Rev || len(c.Messages) != 0 {
		t.Errorf("stored: asks %d, revision %d, %d messages; want 1, %d, none", c.Asks, c.Rev, len(c.Messages), one.Rev)
	}
}

func testOneKey(t *testing.T, dsn string) {
	s := open(t, dsn)
	d := draft("maya", outbox.Brief)
	commit(t, s, d)
	again := &conversation.Draft{At: at, Conversation: d.Conversation, Messages: draft("maya", outbox.Brief).Messages}
	again.Conversation.Asks = 7
	if err := s.Commit(ctx, again); !errors.Is(err, conversation.ErrConflict) {
		t.Errorf("the same key twice: %v", err)
	}
	if c := load(t, s)[0]; c.Asks == 7 || len(c.Messages) != 1 {
		t.Errorf("half of a refused commit is stored: asks %d, %d messages", c.Asks, len(c.Messages))
	}
}

func testClaim(t *testing.T, dsn string) {
	s := open(t, dsn)
	var rows []int64
	for i, id := range []plan.ID{"a", "b", "c"} {
		d := draft(id, outbox.Brief)
		d.Messages[0].Due = at.Add(-time.Duration(i) * time.Hour)
		commit(t, s, d)
		rows = append(rows, d.Messages[0].Row)
	}
	only, err := s.Claim(ctx, time.Now(), outbox.Mail, 10, rows[:1], yes)
	if err != nil || len(only) != 1 || only[0].ID != "a" || !bytes.Equal(only[0].Data, []byte("data\x00\xff")) || only[0].Attempts != 1 {
		t.Fatalf("claimed %v, %v; want a alone, with its bytes", only, err)
	}
	rest, err := s.Claim(ctx, time.Now(), outbox.Mail, 10, nil, yes)
	if err != nil || len(rest) != 2 || rest[0].ID != "c" || rest[1].ID != "b" {
		t.Fatalf("claimed %v, %v; want c and b, the longest due first", rest, err)
	}
	if more, err := s.Claim(ctx, time.Now(), outbox.Mail, 10, nil, yes); err != nil || len(more) != 0 {
		t.Errorf("claimed twice: %v, %v", more, err)
	}
	soon := time.Now().Add(time.Hour).Truncate(time.Millisecond)
	m := rest[0]
	m.State, m.NotBefore, m.Code, m.Error = outbox.Queued, soon, 451, "not now"
	if err := s.Settle(ctx, m); err != nil {
		t.Fatal(err)
	}
	if next, err := s.NextClaim(ctx, outbox.Mail, nil); err != nil || !next.Equal(soon) {
		t.Errorf("the next claim is at %v, %v; want %v", next, err, soon)
	}
	if more, _ := s.Claim(ctx, soon.Add(-time.Second), outbox.Mail, 10, nil, yes); len(more) != 0 {
		t.Error("claimed before its time")
	}
	if more, _ := s.Claim(ctx, soon, outbox.Mail, 10, nil, yes); len(more) != 1 || more[0].State != outbox.Sending || more[0].Attempts != 2 || more[0].Error != "not now" {
		t.Errorf("claimed at its time: %v", more)
	}
}

func testUnwanted(t *testing.T, dsn string) {
	s := open(t, dsn)
	commit(t, s, draft("a", outbox.Brief))
	commit(t, s, draft("b", outbox.Brief))
	list, err := s.Claim(ctx, time.Now(), outbox.Mail, 1, nil, func(c *conversation.Conversation, m *outbox.Message) (outbox.State, bool) {
		if c.Plan.With.Name != "Maya Chen" {
			t.Errorf("looked at %+v", c)
		}
		return outbox.Expired, m.ID == "b"
	})
	if err != nil || len(list) != 1 || list[0].ID != "b" {
		t.Fatalf("claimed %v, %v; want b: a message that is not wanted must not hide the next", list, err)
	}
	for _, c := range load(t, s) {
		if want := map[plan.ID]outbox.State{"a": outbox.Expired, "b": outbox.Sending}[c.ID]; c.Messages[0].State != want {
			t.Errorf("%s is %s, want %s", c.ID, c.Messages[0].State, want)
		}
	}
}

func testDot(t *testing.T, dsn string) {
	s := open(t, dsn)
	commit(t, s, draft("maya", outbox.Invite))
	m := claim(t, s)
	if err := s.Dot(ctx, m); err != nil {
		t.Fatal(err)
	}
	if err := s.Dot(ctx, m); !errors.Is(err, outbox.ErrFenced) {
		t.Errorf("a second dot: %v", err)
	}
	m.State, m.Unclears = outbox.Unclear, 1
	if err := s.Settle(ctx, m); err != nil {
		t.Fatal(err)
	}
	m = claim(t, s) // unclear once: repeated
	if m.Flagged {
		t.Error("flagged before its bytes can have gone twice")
	}
	if err := s.Dot(ctx, m); err != nil {
		t.Fatal(err)
	}
	if !message(t, s).Flagged {
		t.Error("not flagged when its bytes may go a second time")
	}
	m.State, m.Unclears = outbox.Unclear, 2
	if err := s.Settle(ctx, m); err != nil {
		t.Fatal(err)
	}
	if list, _ := s.Claim(ctx, time.Now(), outbox.Mail, 1, nil, yes); len(list) != 0 {
		t.Error("repeated a second time")
	}
}

func testFence(t *testing.T, dsn string) {
	s := open(t, dsn)
	commit(t, s, draft("maya", outbox.Invite))
	m := claim(t, s)
	c := load(t, s)[0]
	commit(t, s, &conversation.Draft{At: at, Conversation: c, Drop: map[*outbox.Message]outbox.State{c.Messages[0]: outbox.Dropped}})
	if err := s.Dot(ctx, m); !errors.Is(err, outbox.ErrFenced) {
		t.Errorf("the dot of a cancelled message: %v", err)
	}
	m.State = outbox.Queued
	if err := s.Settle(ctx, m); err != nil {
		t.Fatal(err)
	}
	if got := message(t, s); got.State != outbox.Dropped {
		t.Errorf("after its worker has given up it is %s, want cancelled", got.State)
	}
	// Past its dot nothing stops it.
	d := draft("tom", outbox.Invite)
	commit(t, s, d)
	m = claim(t, s)
	if err := s.Dot(ctx, m); err != nil {
		t.Fatal(err)
	}
	commit(t, s, &conversation.Draft{At: at, Conversation: d.Conversation, Drop: map[*outbox.Message]outbox.State{m: outbox.Dropped}})
	m.State = outbox.Accepted
	if err := s.Settle(ctx, m); err != nil {
		t.Fatal(err)
	}
	for _, c := range load(t, s) {
		if c.ID == "tom" && c.Messages[0].State != outbox.Accepted {
			t.Errorf("accepted after a cancellation that came too late: %s", c.Messages[0].State)
		}
	}
}

// A process is killed with a message in its hands: at once, and only then, another one frees it.
func testKilled(t *testing.T, dsn string) {
	for _, test := range []struct {
		phase string
		by    outbox.Channel
		state outbox.State
	}{{"connect", outbox.Mail, outbox.Queued}, {"dot", outbox.Mail, outbox.Unclear}, {"connect", outbox.Channel("google"), outbox.Queued}, {"dot", outbox.Channel("google"), outbox.Unclear}} {
		s := open(t, dsn)
		id := plan.ID(test.phase + string(test.by))
		d := draft(id, outbox.Invite)
		if test.by == outbox.Channel("google") {
			d.Messages[0].Via = "google"
		}
		commit(t, s, d)
		other := exec.Command(os.Args[0])
		other.Env = append(os.Environ(), "STORE_TEST_CLAIM="+dsn, "STORE_TEST_PHASE="+test.phase, "STORE_TEST_CHANNEL="+string(test.by))
		other.Stderr = os.Stderr
		out, err := other.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fscanln(out, new(string)); err != nil {
			t.Fatal(err)
		}
		if freed, err := s.Recover(ctx, time.Now()); err != nil || len(freed) != 0 {
			t.Fatalf("%s: freed %v, %v from a living process", test.phase, freed, err)
		}
		other.Process.Kill()
		other.Wait()
		var freed []*outbox.Message
		for deadline := time.Now().Add(10 * time.Second); len(freed) == 0 && time.Now().Before(deadline); {
			if freed, err = s.Recover(ctx, time.Now()); err != nil { // PostgreSQL needs a moment to see it
				t.Fatal(err)
			}
		}
		if len(freed) != 1 || freed[0].State != test.state || freed[0].ID != id {
			t.Errorf("%s: freed %+v, want one that is %s", test.phase, freed, test.state)
		}
		if list, err := s.Claim(ctx, time.Now(), test.by, 1, nil, yes); err != nil || len(list) != 1 || list[0].Attempts != 2 {
			t.Errorf("%s: claimed afterwards %v, %v", test.phase, list, err)
		} else if list[0].State = outbox.Accepted; s.Settle(ctx, list[0]) != nil {
			t.Error("not settled")
		}
		if list, err := s.Claim(ctx, time.Now(), test.by, 1, nil, yes); err != nil || len(list) != 0 {
			t.Errorf("%s: claimed once more %v, %v", test.phase, list, err)
		}
		s.Close()
	}
}

// What goes into a calendar is claimed apart from mail, may be asked for as often as it takes, and
// brings home how the event stands.
func testChannels(t *testing.T, dsn string) {
	s := open(t, dsn)
	d := draft("maya", outbox.Brief, outbox.Invite)
	d.Messages[1].Via, d.Messages[1].Data = "google", []byte(`{"id":"e1","summary":"A talk","guests":[{"email":"maya@example.org"}]}`)
	commit(t, s, d)
	claim := func(by outbox.Channel, kind outbox.Kind) *outbox.Message {
		t.Helper()
		list, err := s.Claim(ctx, time.Now(), by, 10, nil, yes)
		if err != nil || len(list) != 1 || list[0].Kind != kind {
			t.Fatalf("claimed %v, %v; want the %s", list, err, kind)
		}
		return list[0]
	}
	claim(outbox.Mail, outbox.Brief)
	for range 4 {
		m := claim(outbox.Channel("google"), outbox.Invite)
		if err := s.Dot(ctx, m); err != nil || m.Flagged {
			t.Fatalf("the dot: %v, flagged: %t", err, m.Flagged)
		}
		m.State, m.Unclears, m.NotBefore = outbox.Unclear, 1, time.Now().Add(time.Hour)
		if err := s.Settle(ctx, m); err != nil {
			t.Fatal(err)
		}
		if next, err := s.NextClaim(ctx, outbox.Channel("google"), nil); err != nil || next.Before(time.Now()) {
			t.Fatalf("the next claim is at %s, %v", next, err)
		}
		if next, err := s.NextClaim(ctx, outbox.Mail, nil); err != nil || !next.IsZero() {
			t.Fatalf("the next claim of mail is at %s, %v", next, err)
		}
		if err := s.Hurry(ctx, outbox.Channel("google")); err != nil {
			t.Fatal(err)
		}
	}
	m := claim(outbox.Channel("google"), outbox.Invite)
	before := load(t, s)[0].Rev
	m.State, m.Entry = outbox.Accepted, &invites.Event{ID: "e1", Etag: "7", Sequence: 3, Summary: "A talk"}
	if err := s.Settle(ctx, m); err != nil {
		t.Fatal(err)
	}
	c := load(t, s)[0]
	if b := c.Booking; b == nil || b.Is.Etag != "7" || b.Wrote.Summary != "A talk" || c.Sequence != 3 || c.Rev != before+1 || c.Plan.With.Name != "Maya Chen" {
		t.Errorf("the conversation has taken in %+v, SEQUENCE %d, revision %d after %d", c.Booking, c.Sequence, c.Rev, before)
	}
	d.Conversation.Rev = before
	if err := s.Commit(ctx, &conversation.Draft{At: at, Conversation: d.Conversation}); !errors.Is(err, conversation.ErrConflict) {
		t.Errorf("what was decided before is committed: %v", err)
	}
}

// A door is tried by one process at a time; it is closed and opened for all of them, and one whose process
// is gone keeps nobody out.
func testDoors(t *testing.T, dsn string) {
	s, other := open(t, dsn), open(t, dsn)
	now := time.Now().UTC().Truncate(time.Millisecond)
	knock := func(s *store.Store, at time.Time, force, want bool) *outbox.Door {
		t.Helper()
		ok, door, err := s.Knock(ctx, "mail", "a", at, force)
		if err != nil || ok != want {
			t.Fatalf("knocked: %t, %v, %v; want %t", ok, door, err, want)
		}
		return door
	}
	knock(s, now, false, true)
	if list, err := other.Doors(ctx); err != nil || len(list) != 0 {
		t.Errorf("while it is tried for the first time: %v, %v", list, err)
	}
	if d := knock(other, now, true, false); !d.Trying.After(now) {
		t.Errorf("tried by two: %+v", d)
	}
	if ok, _, err := other.Knock(ctx, "mail", "b", now, false); err != nil || !ok {
		t.Errorf("through another account: %t, %v", ok, err)
	}
	if err := other.Leave(ctx, "mail", "b"); err != nil {
		t.Fatal(err)
	}
	shut := &outbox.Door{Name: "mail", Account: "a", Fault: outbox.FaultAccount, Code: 535, Text: "wrong", Since: now, Until: now.Add(time.Hour)}
	if err := s.Shut(ctx, shut); err != nil {
		t.Fatal(err)
	}
	knock(other, now, false, false)
	knock(other, now, true, true)
	knock(s, now, true, false)
	shut.Since, shut.Text = now.Add(time.Minute), "wrong again"
	if err := other.Shut(ctx, shut); err != nil {
		t.Fatal(err)
	}
	want := []*outbox.Door{{Name: "mail", Account: "a", Fault: outbox.FaultAccount, Code: 535, Text: "wrong again", Since: now, Until: now.Add(time.Hour), Tries: 2}}
	if list, err := s.Doors(ctx); err != nil || !cmp.Equal(want, list) {
		t.Errorf("closed, %v: %s", err, cmp.Diff(want, list))
	}
	knock(s, now.Add(time.Hour), false, true)
	if err := s.Leave(ctx, "mail", "a"); err != nil {
		t.Fatal(err)
	}
	if err := s.Pause(ctx, false); err != nil { // which lets it be tried at once
		t.Fatal(err)
	}
	knock(other, now, false, true)
	knock(s, now, true, false)
	other.Close()
	deadline := time.Now().Add(10 * time.Second)
	for ok := false; !ok && time.Now().Before(deadline); { // PostgreSQL needs a moment to see it
		var err error
		if ok, _, err = s.Knock(ctx, "mail", "a", now, false); err != nil {
			t.Fatal(err)
		}
	}
	if time.Now().After(deadline) {
		t.Error("a process that is gone keeps the door")
	}
	if err := s.Unlock(ctx, "mail", "a"); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Doors(ctx); err != nil || len(list) != 0 {
		t.Errorf("open: %v, %v", list, err)
	}
}

func testPause(t *testing.T, dsn string) {
	s := open(t, dsn)
	commit(t, s, draft("a", outbox.Brief))
	m := claim(t, s)
	commit(t, s, draft("b", outbox.Brief))
	for range 2 {
		if err := s.Pause(ctx, true); err != nil {
			t.Fatal(err)
		}
	}
	other := open(t, dsn)
	if paused, err := other.Paused(ctx); err != nil || !paused {
		t.Errorf("paused, seen by another: %v, %v", paused, err)
	}
	if list, err := other.Claim(ctx, time.Now(), outbox.Mail, 1, nil, yes); err != nil || len(list) != 0 {
		t.Errorf("claimed while paused: %v, %v", list, err)
	}
	if next, err := other.NextClaim(ctx, outbox.Mail, nil); err != nil || !next.IsZero() {
		t.Errorf("while paused the next claim is at %v, %v", next, err)
	}
	if err := s.Dot(ctx, m); !errors.Is(err, outbox.ErrFenced) {
		t.Errorf("dot while paused: %v", err)
	}
	if err := other.Pause(ctx, false); err != nil {
		t.Fatal(err)
	}
	if err := s.Dot(ctx, m); err != nil {
		t.Errorf("dot after resume: %v", err)
	}
}

func testApprove(t *testing.T, dsn string) {
	s := open(t, dsn)
	d := draft("maya", outbox.Brief)
	d.Messages[0].State = outbox.Held
	commit(t, s, d)
	row := []int64{d.Messages[0].Row}
	if list, _ := s.Claim(ctx, time.Now(), outbox.Mail, 1, nil, yes); len(list) != 0 {
		t.Error("a held message was claimed")
	}
	if err := s.Approve(ctx, row); err != nil {
		t.Fatal(err)
	}
	if err := s.Hold(ctx, row); err != nil {
		t.Fatal(err)
	}
	if m := message(t, s); m.State != outbox.Queued || !m.Approved {
		t.Errorf("approved, then held: %s, approved %v; want it queued", m.State, m.Approved)
	}
	unapproved := draft("tom", outbox.Brief)
	commit(t, s, unapproved)
	if err := s.Hold(ctx, []int64{unapproved.Messages[0].Row}); err != nil {
		t.Fatal(err)
	}
	if m := claim(t, s); m.ID != "maya" {
		t.Errorf("claimed %s, want only what is approved", m.ID)
	}
}

func testHistory(t *testing.T, dsn string) {
	s := open(t, dsn)
	for _, id := range []plan.ID{"a", "b"} {
		d := draft(id)
		d.Events = []conversation.HistoryEntry{{At: at, ID: id, Round: 1, Kind: "answer", Text: "yes"}, {At: at, ID: id, Round: 2, Kind: "ready", Text: "ä"}}
		commit(t, s, d)
	}
	all, err := s.History(ctx, "")
	if err != nil || len(all) != 4 {
		t.Fatalf("%d events, %v; want 4", len(all), err)
	}
	some, err := s.History(ctx, "b")
	want := []conversation.HistoryEntry{{At: at, ID: "b", Round: 1, Kind: "answer", Text: "yes"}, {At: at, ID: "b", Round: 2, Kind: "ready", Text: "ä"}}
	if diff := cmp.Diff(want, some); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// Side-by-side writers share transactions; one that is refused takes no other with it.
func testManyWriters(t *testing.T, dsn string) {
	s, other := open(t, dsn), open(t, dsn)
	commit(t, s, draft("taken"))
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			st := []*store.Store{s, other}[i%2]
			if err := st.Commit(ctx, draft(plan.ID(fmt.Sprintf("c%d", i)), outbox.Brief)); err != nil {
				t.Error(err)
			}
			if err := st.Commit(ctx, draft("taken")); !errors.Is(err, conversation.ErrConflict) {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	claimed := make(map[int64]bool)
	var mu sync.Mutex
	for _, st := range []*store.Store{s, other, s, other} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				list, err := st.Claim(ctx, time.Now(), outbox.Mail, 7, nil, yes)
				if err != nil {
					t.Error(err)
				}
				if len(list) == 0 {
					return
				}
				mu.Lock()
				for _, m := range list {
					if claimed[m.Row] {
						t.Errorf("%s was claimed twice", m.ID)
					}
					claimed[m.Row] = true
				}
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	if len(claimed) != 200 || len(load(t, s)) != 201 {
		t.Errorf("%d claimed of %d conversations; want 200 of 201", len(claimed), len(load(t, s)))
	}
}

func testChanges(t *testing.T, dsn string) {
	s := open(t, dsn)
	changes := s.Changes()
	ready := time.After(10 * time.Second)
	other := open(t, dsn)
	for i := 0; ; i++ { // the watch takes a moment to begin
		commit(t, other, draft(plan.ID(fmt.Sprint("c", i))))
		select {
		case <-changes:
			return
		case <-time.After(50 * time.Millisecond):
		case <-ready:
			t.Fatal("nobody was told of another process's commit")
		}
	}
}

func testOpenTwice(t *testing.T, dsn string) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s, err := store.Open(ctx, dsn, []string{ana}, false)
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		}()
	}
	wg.Wait()
}

func testReadOnly(t *testing.T, dsn string) {
	s, err := store.Open(ctx, dsn, []string{ana}, true)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := s.Load(ctx, lookup.Query{}); err != nil || list != nil {
		t.Errorf("loaded from a state that is not there: %v, %v", list, err)
	}
	if err := s.Commit(ctx, draft("maya")); err == nil {
		t.Error("written to a state that is not there")
	}
	s.Close()
	if !strings.HasPrefix(dsn, "postgres") {
		if _, err := os.Stat(dsn); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("reading has made the file: %v", err)
		}
	}
	commit(t, open(t, dsn), draft("maya", outbox.Brief))
	if s, err = store.Open(ctx, dsn, []string{ana}, true); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if list, err := s.Load(ctx, lookup.Query{}); err != nil || len(list) != 1 {
		t.Errorf("loaded %d, %v", len(list), err)
	}
}

func testNewer(t *testing.T, dsn string) {
	open(t, dsn).Close()
	driver := "sqlite"
	if strings.HasPrefix(dsn, "postgres") {
		driver = "pgx"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if driver == "sqlite" {
		return // the path of this test is no address for the driver; TestNewerFile does it
	}
	if _, err := db.Exec("UPDATE schema_version SET version = 99"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(ctx, dsn, []string{ana}, false); !errors.Is(err, store.ErrNewer) {
		t.Errorf("opened a newer schema: %v", err)
	}
}

// What is asked for is found, with all that belongs to the same person, and nothing else is read.
func testLookups(t *testing.T, dsn string) {
	s, other := open(t, dsn), at.AddDate(0, 1, 0)
	add := func(id plan.ID, round int, email string, change func(*conversation.Draft)) *conversation.Draft {
		t.Helper()
		d := draft(id, outbox.Brief)
		d.Conversation.Round, d.Messages[0].Round = round, round
		d.Conversation.Plan.With.Name, d.Conversation.Plan.With.Email = string("The "+id), plan.Email(email)
		d.Messages[0].MessageID, d.Messages[0].To = fmt.Sprint(id, round, "@mine"), email
		if change != nil {
			change(d)
		}
		commit(t, s, d)
		return d
	}
	yes := func(start time.Time) func(*conversation.Draft) {
		return func(d *conversation.Draft) {
			d.Conversation.Answer, d.Conversation.Chosen = &conversation.Answer{Value: conversation.Yes}, plan.SlotOf(start)
		}
	}
	maya := add("maya", 1, "Maya@example.org", nil)
	add("maya", 2, "new@example.org", nil)
	add("launch", 1, "other@example.org", func(d *conversation.Draft) {
		d.Conversation.Plan.With.Aliases = []plan.Email{"maya@Example.org"}
		d.Messages[0].State = outbox.Failed
	})
	add("tom", 1, "tom@example.org", yes(at))
	add("eva", 1, "eva@example.org", yes(other))
	add("ida", 1, "ida@example.org", func(d *conversation.Draft) {
		d.Conversation.Channel, d.Conversation.UID = outbox.Channel("toy"), "e7@toy"
		d.Conversation.Doubted, d.Conversation.Behind = &inbox.Remark{}, true
	})
	find := func(what string, q lookup.Query, want ...string) {
		t.Helper()
		list, err := s.Load(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, c := range list {
			if got = append(got, c.Ref()); len(c.Messages) != 1 {
				t.Errorf("%s: %s comes with %d messages", what, c.Ref(), len(c.Messages))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	keys := func(keys ...string) lookup.Query { return lookup.Query{Keys: keys} }
	person := []string{"launch", "maya", "maya/2"}
	find("an id", lookup.Query{IDs: []plan.ID{"maya", "nobody"}}, person...)
	find("an address", keys(lookup.AddressKey("OTHER@example.org")), person...)
	find("a name", keys(lookup.NameKey("the MAYA")), person...)
	find("a Message-ID", lookup.Query{MessageIDs: []string{"x@y", "tom1@mine"}}, "tom")
	find("an address that was written to", lookup.Query{To: "Eva@EXAMPLE.org"}, "eva")
	find("a UID", keys(lookup.UIDKey("e7@toy")), "ida")
	find("an event", keys(lookup.EventKey("e7")), "ida")
	find("mail refused", keys(lookup.RefusedKey), "ida")
	find("an event behind", keys(lookup.AskKey), "ida")
	find("unsettled", lookup.Query{Unsettled: true}, person...)
	find("a stranger", keys(lookup.AddressKey("x@example.org"), lookup.AddressKey("")), []string{}...)
	around := lookup.Query{IDs: []plan.ID{"ida"}, Around: func(list []*conversation.Conversation) []string {
		if len(list) != 1 || list[0].ID != "ida" || len(list[0].Messages) != 1 {
			t.Errorf("around %v", list)
		}
		return lookup.SpanKeys(at.Add(time.Hour), time.Hour)
	}}
	find("a time", around, "ida", "tom")
	find("all", lookup.Query{}, "eva", "ida", "launch", "maya", "maya/2", "tom")

	// What has changed is found anew, and no more by what it was.
	c := maya.Conversation
	c.Plan.With.Email, c.Plan.With.Name = "m@example.net", "Maya C"
	commit(t, s, &conversation.Draft{At: at, Conversation: c})
	find("the name before", keys(lookup.NameKey("The maya")), "maya", "maya/2")
	find("the address before", keys(lookup.AddressKey("maya@example.org")), "launch")
	find("the address now", keys(lookup.AddressKey("m@example.net")), "maya", "maya/2")
}

// older takes from the tables what came after version 5.
func older(t *testing.T, dsn string) {
	t.Helper()
	db := raw(t, dsn)
	for _, statement := range []string{"DROP TABLE silences", "ALTER TABLE installations DROP COLUMN erased", "DROP TABLE lookups", "DROP INDEX messages_id", "DROP INDEX messages_to", "DROP INDEX messages_unsettled",
		"ALTER TABLE messages DROP COLUMN repeatable", "UPDATE schema_version SET version = 5"} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	db.Close()
}

// What an older version has left is read as it is, and brought up to date by whoever writes.
func testOlder(t *testing.T, dsn string) {
	s := open(t, dsn)
	commit(t, s, draft("maya", outbox.Brief, outbox.Reminder))
	file := filepath.Join(t.TempDir(), "backup.db")
	if err := backup.Write(ctx, s, file, false); err != nil {
		t.Fatal(err)
	}
	s.Close()
	check := func(what string, readOnly bool) {
		t.Helper()
		s, err := store.Open(ctx, dsn, []string{ana}, readOnly)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if list, err := s.Load(ctx, lookup.Query{Keys: []string{lookup.AddressKey("Maya@example.org")}}); err != nil || len(list) != 1 {
			t.Errorf("%s: %d conversations by their address, %v", what, len(list), err)
		}
		if m := load(t, s)[0].Messages; !m[0].Repeatable || m[1].Repeatable {
			t.Errorf("%s: the brief is repeated: %t, the reminder: %t", what, m[0].Repeatable, m[1].Repeatable)
		}
	}
	older(t, dsn)
	check("read only", true)
	check("brought up to date", false)
	older(t, file)
	if _, err := backup.Restore(ctx, dsn, "", []string{ana}, file); err != nil {
		t.Fatal(err)
	}
	check("from a backup", false)
}

// Every message that leaves is counted, once, before it leaves.
func testStanding(t *testing.T, dsn string) {
	s := open(t, dsn)
	first, err := s.Standing(ctx)
	if err != nil || len(first.ID) != 32 || first.Sent != 0 || first.Doubt != "" || !first.Copied.IsZero() || len(s.Secret()) != 32 {
		t.Fatalf("a new state: %+v, %v, with the secret %x", first, err, s.Secret())
	}
	counts := func(what string, want int64) {
		t.Helper()
		if st, err := s.Standing(ctx); err != nil || st.Sent != want || st.ID != first.ID {
			t.Errorf("%s: %+v, %v; want %d of the state %s", what, st, err, want, first.ID)
		}
	}
	commit(t, s, draft("maya", outbox.Brief))
	m := claim(t, s)
	counts("after the claim", 0)
	if err := s.Dot(ctx, m); err != nil {
		t.Fatal(err)
	}
	counts("at the dot", 1)
	if err := s.Dot(ctx, m); !errors.Is(err, outbox.ErrFenced) {
		t.Error(err)
	}
	counts("at a second dot", 1)
	m.State = outbox.Accepted
	if err := s.Settle(ctx, m); err != nil {
		t.Fatal(err)
	}
	counts("when it is settled", 1)
	d := draft("tom", outbox.Brief)
	d.Messages[0].State, d.Messages[0].Via = outbox.Accepted, "file"
	commit(t, s, d)
	counts("by a file", 2)
	again := open(t, dsn)
	if st, err := again.Standing(ctx); err != nil || st.ID != first.ID || st.Sent != 2 || !bytes.Equal(again.Secret(), s.Secret()) {
		t.Errorf("another process sees %+v, %v, with the secret %x", st, err, again.Secret())
	}
	// What goes into a folder counts as well, and is not unclear when its process dies: the folder tells.
	d = draft("eva", outbox.Brief)
	d.Messages[0].Via = "outbox"
	commit(t, s, d)
	if err := s.Dot(ctx, claim(t, s)); err != nil {
		t.Fatal(err)
	}
	counts("into a folder", 3)
	s.Close()
	if freed, err := again.Recover(ctx, time.Now()); err != nil || len(freed) != 1 || freed[0].State != outbox.Queued {
		t.Errorf("recovered %+v, %v; want one that is queued again", freed, err)
	}
}

// In doubt nothing goes that nobody has approved since, and what waited is flagged.
func testDistrust(t *testing.T, dsn string) {
	s := open(t, dsn)
	for _, id := range []plan.ID{"queued", "approved", "unclear", "held"} {
		d := draft(id, outbox.Brief)
		d.Messages[0].Approved = id == "approved"
		if id == "held" {
			d.Messages[0].State = outbox.Held
		}
		commit(t, s, d)
		if id == "unclear" {
			list, err := s.Claim(ctx, time.Now(), outbox.Mail, 10, []int64{d.Messages[0].Row}, yes)
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			list[0].State, list[0].Unclears = outbox.Unclear, 1
			if err := s.Settle(ctx, list[0]); err != nil {
				t.Fatal(err)
			}
		}
	}
	states := func(want map[plan.ID]outbox.State) {
		t.Helper()
		for _, c := range load(t, s) {
			if m := c.Messages[0]; m.State != want[c.ID] || m.Approved {
				t.Errorf("%s is %s (approved: %t), want %s", c.ID, m.State, m.Approved, want[c.ID])
			}
		}
	}
	if err := s.Distrust(ctx, outbox.DoubtOlder, "it is older"); err != nil {
		t.Fatal(err)
	}
	states(map[plan.ID]outbox.State{"queued": outbox.Held, "approved": outbox.Held, "unclear": outbox.Unclear, "held": outbox.Held})
	for _, c := range load(t, s) {
		if m := c.Messages[0]; !m.Flagged || m.Error != "it is older" != (c.ID == "held") || c.ID == "unclear" && !m.Stuck() {
			t.Errorf("%s: %+v", c.ID, m)
		}
	}
	commit(t, s, draft("later", outbox.Brief))
	yours := draft("yours", outbox.Brief)
	yours.Messages[0].Approved = true
	commit(t, s, yours)
	if next, err := s.NextClaim(ctx, outbox.Mail, nil); err != nil || next.IsZero() {
		t.Error(next, err)
	}
	if m := claim(t, s); m.ID != "yours" {
		t.Errorf("claimed %s; want only what was approved", m.ID)
	}
	if next, err := s.NextClaim(ctx, outbox.Mail, nil); err != nil || !next.IsZero() {
		t.Errorf("the next can be claimed at %s, %v; want none", next, err)
	}
	if err := s.Trust(ctx, 41, 1); err != nil {
		t.Fatal(err)
	}
	if st, err := s.Standing(ctx); err != nil || st.Doubt != "" || st.Sent != 41 {
		t.Errorf("%+v, %v", st, err)
	}
	if m := claim(t, s); m.ID != "later" {
		t.Errorf("claimed %s; want the one that was not held", m.ID)
	}
	if err := s.Trust(ctx, 7, 2); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Claim(ctx, time.Now(), outbox.Mail, 10, nil, yes); err != nil || len(list) != 2 || list[0].ID != "queued" || list[0].Flagged {
		t.Errorf("claimed %+v, %v; want the two that the doubt has held", list, err)
	}
	if st, err := s.Standing(ctx); err != nil || st.Sent != 41 {
		t.Errorf("the count went back: %+v, %v", st, err)
	}
}

func TestNewerFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	open(t, path).Close()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE schema_version SET version = 99"); err != nil {
		t.Fatal(err)
	}
	for _, readOnly := range []bool{false, true} {
		if _, err := store.Open(ctx, path, []string{ana}, readOnly); !errors.Is(err, store.ErrNewer) {
			t.Errorf("opened a newer schema: %v", err)
		}
	}
}

// A state of an older version is seen as it is by whoever only looks, and brought up to date by whoever writes.
func TestOlderFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	commit(t, s, draft("maya", outbox.Brief))
	s.Close()
	older(t, path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("DROP TABLE received; DROP TABLE cursors; DROP TABLE pages; DROP TABLE installations; DROP TABLE organizers; DROP TABLE addresses; DROP TABLE homes; DROP TABLE owners; DROP TABLE doors; INSERT INTO control (name) VALUES ('paused'); DROP INDEX messages_claimed; CREATE INDEX messages_sending ON messages (owner) WHERE state = 'sending'; UPDATE schema_version SET version = 1"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	s, err = store.Open(ctx, path, []string{ana}, true)
	if err != nil {
		t.Fatal(err)
	}
	if list := load(t, s); len(list) != 1 || len(list[0].Messages) != 1 {
		t.Errorf("looked at: %d conversations; want maya with her brief", len(list))
	}
	if st, err := s.Standing(ctx); err != nil || st != (outbox.Standing{}) || s.Secret() != nil {
		t.Errorf("looked at: %+v, %v, with the secret %x; want a state that knows nothing of itself yet", st, err, s.Secret())
	}
	if paused, err := s.Paused(ctx); err != nil || !paused {
		t.Errorf("looked at: paused %t, %v", paused, err)
	}
	if list, err := s.Doors(ctx); err != nil || len(list) != 0 {
		t.Errorf("looked at: doors %v, %v", list, err)
	}
	s.Close()
	s = open(t, path)
	if st, err := s.Standing(ctx); err != nil || len(st.ID) != 32 || len(s.Secret()) != 32 {
		t.Errorf("brought up to date: %+v, %v, with the secret %x", st, err, s.Secret())
	}
	if err := s.SetCursor(ctx, conversation.Cursor{Name: "m", At: "1:1"}); err != nil {
		t.Error(err)
	}
	if list := load(t, s); len(list) != 1 || len(list[0].Messages) != 1 {
		t.Errorf("brought up to date: %d conversations; want maya with her brief", len(list))
	}
	if paused, err := s.Paused(ctx); err != nil || !paused {
		t.Errorf("brought up to date: paused %t, %v", paused, err)
	}
}

func TestSQLiteFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "state.db")
	s := open(t, path)
	commit(t, s, draft("maya", outbox.Brief))
	claim(t, s)
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
	if err := s.LockDaemon(); err != nil {
		t.Fatal(err)
	}
	var running *store.RunningError
	if err := open(t, path).LockDaemon(); !errors.As(err, &running) || running.PID != fmt.Sprint(os.Getpid()) {
		t.Errorf("a second daemon: %v; want it refused with the process id", err)
	}
	s.Close()
	// Whoever asks whether there is a daemon has the lock for a moment.
	asks := flock.New(path+".lock", flock.SetFlag(os.O_RDONLY))
	if ok, err := asks.TryRLock(); err != nil || !ok {
		t.Fatalf("%t, %v", ok, err)
	}
	time.AfterFunc(50*time.Millisecond, func() { asks.Unlock() })
	if err := open(t, path).LockDaemon(); err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
	if left, _ := filepath.Glob(path + ".owner-*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A copy of the file alone holds everything, once the program has ended.
func TestSQLiteCopy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	commit(t, s, draft("maya", outbox.Brief))
	s.Close()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(moved, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if n := len(load(t, open(t, moved))); n != 1 {
		t.Errorf("the copy has %d conversations, want 1", n)
	}
}

// A copy of the file alone holds everything while the program runs, too, once all is quiet: whoever wrote
// last, and although somebody has read in between.
func TestSQLiteQuiet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	s.Changes() // what makes a daemon of it
	other := open(t, path)
	commit(t, s, draft("maya", outbox.Brief))
	commit(t, other, draft("tom", outbox.Brief))
	load(t, other)
	whole := func() bool {
		info, err := os.Stat(path + "-wal")
		return err == nil && info.Size() == 0
	}
	if whole() {
		t.Error("the log was taken in at once, which makes each write a slow one")
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); !whole(); <-tick.C {
		if time.Since(began) > 10*time.Second {
			t.Fatal("the file does not take in its log")
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(moved, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if n := len(load(t, open(t, moved))); n != 2 {
		t.Errorf("the copy has %d conversations, want 2", n)
	}
	commit(t, s, draft("eva", outbox.Brief)) // and it goes on
	if n := len(load(t, other)); n != 3 {
		t.Errorf("%d conversations, want 3", n)
	}
}

// What can't be read is never taken for a state in which nothing has happened.
func TestSQLiteUnreadable(t *testing.T) {
	garbage := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(garbage, bytes.Repeat([]byte("garbage\n"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{garbage, t.TempDir()} {
		for _, readOnly := range []bool{false, true} {
			if s, err := store.Open(ctx, path, []string{ana}, readOnly); err == nil {
				s.Close()
				t.Errorf("opened %s (read only: %t)", path, readOnly)
			}
		}
	}
}
