package scheduler_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/invites/email"
	"coalition/scheduler"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/eventsync"
	"coalition/scheduler/organizer"
	"coalition/scheduler/plan"
	"coalition/scheduler/plan/folder"
	"coalition/scheduler/roster"
	"coalition/scheduler/store"
	"coalition/scheduler/ways"
	"coalition/templates"
)

var lisbon = must(invites.Location("Europe/Lisbon"))

// monday is the moment from which most tests count: ten o'clock on a working day.
var monday = time.Date(2027, 2, 1, 10, 0, 0, 0, lisbon)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// words are those built in, and understand reads replies with them.
var (
	words      = must(templates.Load(""))
	understand = must(words.Answers()).Read
)

var ana = organizer.Settings{
	Organizer: invites.Address{Name: "Ana Lopes", Email: "ana@example.org"},
	Zone:      "Europe/Lisbon",
	Language:  "en",
	Hours:     plan.Hours{{From: 9 * 60, To: 17*60 + 30}},
	Times: organizer.Times{Notice: 24 * time.Hour, Step: 15 * time.Minute, PerDay: 3, Offer: 3,
		Travel: map[plan.Kind]time.Duration{plan.Walk: 15 * time.Minute}},
	Reminders: []time.Duration{24 * time.Hour, time.Hour},
	HoldOver:  10,
	Via:       "smtp",
	Calendars: []organizer.Calendar{{Channel: "google", Title: "Google Calendar", Provider: "Google",
		UIDSuffix: "@google.com", Config: "`via: google` under calendar", Key: "calendar.google.calendar"}},
	How: how,
}

// how words what the organizer can do in a few of the ways that the program does.
func how(way ways.Way, ref string, at ...string) string {
	words := map[ways.Way]string{
		ways.AskAgain: "ask %s --again", ways.Record: "answer %s yes|no|later", ways.RecordYes: "answer %s yes", ways.InviteAt: "invite %s --start TIME",
		ways.InviteByMail: "invite %s --mail", ways.Move: "move %s --start TIME", ways.MoveTo: "move %s --start %q",
		ways.Keep: "move %s --start %q --told", ways.CancelTold: "cancel %s --told", ways.TakeCounter: "counter %s take",
		ways.RefuseCounter: "counter %s decline", ways.TakeAgenda: "agenda %s take", ways.LeaveAgenda: "agenda %s leave",
		ways.SignIn: "auth google%.0s", ways.Receive: "receive FILE%.0s", ways.IfTold: "with --told if they know%.0s",
	}[way]
	if words == "" {
		words = string(way) + " %s"
	}
	args := []any{ref}
	for _, at := range at {
		args = append(args, at)
	}
	words = fmt.Sprintf(words, args...)
	if way != ways.IfTold {
		words = "coalition " + words
	}
	return strings.TrimSpace(words)
}

// maya is a complete plan. Each change is a key of it, or of a block in it, with another value: a
// line that begins with the key is replaced, or the line is added.
func maya(changes ...string) string {
	text := `with:
  name: Maya Chen
  email: maya@example.org
  timezone: Europe/Berlin
purpose: Join forces on the spring launch.
offer: [A standing seat in our roadmap review]
ask: [An early word when a study changes what we build]
agenda:
  - {topic: What each of us is committed to, minutes: 60}
setting: {kind: walk, place: Riverside path}
when: {start: 2027-03-04 10:00}
ready: true
`
	for _, change := range changes {
		key, _, _ := strings.Cut(change, ":")
		lines := strings.SplitAfter(text, "\n")
		found := false
		for i, line := range lines {
			if strings.HasPrefix(strings.TrimSpace(line), strings.TrimSpace(key)+":") {
				indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
				lines[i], found = indent+strings.TrimSpace(change)+"\n", true
			}
		}
		text = strings.Join(lines, "")
		if !found {
			text += change + "\n"
		}
	}
	return text
}

func parse(t testing.TB, text string) *plan.Plan {
	t.Helper()
	plans, _, problems := plan.Parse("maya.yaml", "maya", []byte(text), false)
	if len(plans) != 1 {
		t.Fatalf("the plan can't be used: %v\n%s", problems, text)
	}
	return plans[0]
}

// talk is a conversation as its plan says, read at monday.
func talk(t testing.TB, changes ...string) *conversation.Conversation {
	t.Helper()
	c := conversation.New("maya", 1, &ana)
	if problems := c.Read(parse(t, maya(changes...)), monday); problems != nil {
		t.Fatal(problems)
	}
	c.Settle(monday)
	return c
}

// A world is a scheduler with everything around it that can be had in a test: plan files, a state,
// a clock, and partners who get what is sent.
type world struct {
	*scheduler.Scheduler
	config scheduler.Config // what it was made of
	t      testing.TB
	dir    string
	now    time.Time
	store  *store.Store

	arrived []*invites.Submission
	// answer is what becomes of the next messages; nil accepts.
	answer func(p *invites.Submission, dot func() error) error
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), now: monday}
	w.reopen(store.Open)
	return w
}

func (w *world) reopen(open func(context.Context, string, []string, bool) (*store.Store, error)) {
	w.t.Helper()
	st, err := open(context.Background(), filepath.Join(w.dir, "state.db"), []string{ana.Organizer.Email}, false)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { st.Close() })
	plans := filepath.Join(w.dir, "plans")
	if err := os.MkdirAll(plans, 0o700); err != nil {
		w.t.Fatal(err)
	}
	w.store = st
	w.config = scheduler.Config{Settings: ana, Plans: &folder.Folder{Path: plans}, Store: st, Sender: w,
		Words: words, Understand: understand, Finish: email.Finish, Now: func() time.Time { return w.now },
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	w.Scheduler = scheduler.New(w.config)
}

// with makes the scheduler anew, of other parts.
func (w *world) with(change func(c *scheduler.Config)) {
	w.config.Settings, w.config.Plans = w.Settings, w.Plans
	change(&w.config)
	w.Scheduler = scheduler.New(w.config)
}

// online lets the scheduler work with a calendar.
func (w *world) online(calendar eventsync.Calendar) {
	w.with(func(c *scheduler.Config) { c.Calendar = calendar })
}

// Send implements [delivery.Sender].
func (w *world) Send(_ context.Context, p *invites.Submission, dot func() error) error {
	if w.answer != nil {
		if err := w.answer(p, dot); err != nil {
			return err
		}
	} else if err := dot(); err != nil {
		return err
	}
	w.arrived = append(w.arrived, p)
	return nil
}

// Connections is one: tests count on the order.
func (w *world) Connections() int { return 1 }

// Idle does nothing.
func (w *world) Idle() {}

// plan writes a plan file; "" removes it.
func (w *world) plan(id, text string) {
	w.t.Helper()
	path := filepath.Join(w.Plans.Path, id+".yaml")
	if text == "" {
		if err := os.Remove(path); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.Plans = &folder.Folder{Path: w.Plans.Path} // files change faster than their times do
}

func (w *world) board() *roster.Roster {
	w.t.Helper()
	return must(w.Look(context.Background(), 0))
}

func (w *world) find(ref string) *conversation.Conversation {
	w.t.Helper()
	return must(w.board().Find(ref))
}

// pass does what the daemon does once, and delivers.
func (w *world) pass() *scheduler.Report {
	w.t.Helper()
	ctx := context.Background()
	r := must(w.Pass(ctx, w.board()))
	if r.Failed > 0 {
		w.t.Fatalf("%d conversations failed", r.Failed)
	}
	if err := w.Delivery.DeliverBoth(ctx, ctx, false).Err; err != nil {
		w.t.Fatal(err)
	}
	return r
}

// take commits a change that sends nothing.
func (w *world) take(ref string, change conversation.Change) {
	w.t.Helper()
	w.commit(w.Take(w.find(ref), change, w.now))
}

func (w *world) commit(d *conversation.Draft, err error) {
	w.t.Helper()
	if err == nil && d.Sent == nil {
		err = w.store.Commit(context.Background(), d)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// kinds are the kinds of all that has arrived, in its order.
func (w *world) kinds() string {
	var list []string
	for _, p := range w.arrived {
		list = append(list, fmt.Sprintf("%s-%d", p.Kind, p.Sequence))
	}
	return strings.Join(list, " ")
}

func (w *world) want(kinds string) {
	w.t.Helper()
	if got := w.kinds(); got != kinds {
		w.t.Errorf("arrived: %s; want %s", got, kinds)
	}
}

// What follows is what commands do.

func (w *world) ask(c *conversation.Conversation, again bool, now time.Time) (*conversation.Draft, error) {
	return w.Decide(c, now, func() (*conversation.Draft, error) {
		return command.Ask(c, again, func() { w.Search(context.Background(), w.board(), c) }, now)
	})
}

func (w *world) invite(c *conversation.Conversation, at plan.Slot, permitted string, now time.Time) (*conversation.Draft, error) {
	return w.Decide(c, now, func() (*conversation.Draft, error) { return command.Invite(c, at, permitted, now, time.Now()) })
}

func (w *world) reschedule(c *conversation.Conversation, to plan.Slot, now time.Time) (*conversation.Draft, error) {
	return w.Decide(c, now, func() (*conversation.Draft, error) { return command.Reschedule(c, to, now, time.Now()) })
}

func (w *world) takeCounter(c *conversation.Conversation, now time.Time) (*conversation.Draft, error) {
	return w.Decide(c, now, func() (*conversation.Draft, error) { return command.TakeCounter(c, now, time.Now()) })
}

func (w *world) declineCounter(c *conversation.Conversation, reason string, now time.Time) (*conversation.Draft, error) {
	return w.Decide(c, now, func() (*conversation.Draft, error) { return command.DeclineCounter(c, reason, now) })
}

func (w *world) callOff(c *conversation.Conversation, reason string, now time.Time) (*conversation.Draft, error) {
	return w.Decide(c, now, func() (*conversation.Draft, error) { return command.CallOff(c, reason, now) })
}
