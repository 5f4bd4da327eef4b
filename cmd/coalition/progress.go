package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"coalition/invites"
	"coalition/scheduler/intake"
)

const (
	// shownAfter is how long work lasts before it is shown: what is soon over would only flicker.
	shownAfter = 500 * time.Millisecond
	// shownEvery is how often a shown line is renewed.
	shownEvery = 100 * time.Millisecond
)

// A stage is work that may be long: while it lasts, a terminal shows how far it has come. Its methods may be called
// from several goroutines, and those of nil do nothing.
type stage struct {
	a *app
	// what is done, for people, and the noun of what is counted where nobody knows of how many.
	what, noun string
	// total is 0 where it is not known.
	done, total int
	// nil: it is not going on.
	timer *time.Timer
}

// A statusLine is the last line of the terminal while there is a stage to show in it.
type statusLine struct {
	mu sync.Mutex
	// Those that have lasted long enough; the last one is shown.
	stages []*stage
	drawn  bool
}

// stage returns one that has not begun; nil where nobody is to see it.
func (a *app) stage(what, noun string) *stage {
	// The daemon has its log.
	if a.quiet || a.json || a.log != nil || !terminal(a.stderr) {
		return nil
	}
	return &stage{a: a, what: what, noun: noun}
}

func (s *stage) begin() { s.change(func() {}) }

func (s *stage) add(n int) { s.change(func() { s.done += n }) }

// set takes in how much of total is done; 0 of 0 is the end.
func (s *stage) set(done, total int) {
	if done == 0 && total == 0 {
		s.end()
		return
	}
	// Whoever counts beside others may come late.
	s.change(func() { s.done, s.total = max(s.done, done), max(s.total, total) })
}

func (s *stage) change(how func()) {
	if s == nil {
		return
	}
	s.a.status.mu.Lock()
	defer s.a.status.mu.Unlock()
	if how(); s.timer == nil {
		s.timer = time.AfterFunc(shownAfter, s.show)
	}
}

// end takes away what is shown; the stage may begin anew.
func (s *stage) end() {
	if s == nil {
		return
	}
	l := &s.a.status
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
	}
	s.done, s.total, s.timer = 0, 0, nil
	l.stages = slices.DeleteFunc(l.stages, func(other *stage) bool { return other == s })
	s.a.wipe()
}

func (s *stage) show() {
	l := &s.a.status
	l.mu.Lock()
	defer l.mu.Unlock()
	// It has ended just now.
	if s.timer == nil {
		return
	}
	if s.a.plainStatus() {
		fmt.Fprintf(s.a.stderr, "%s …\n", s.what)
		return
	}
	if !slices.Contains(l.stages, s) {
		l.stages = append(l.stages, s)
	}
	if l.stages[len(l.stages)-1] == s {
		// A line that wraps could not be taken away.
		width := 80
		if f, ok := s.a.stderr.(*os.File); ok {
			if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
				width = w
			}
		}
		fmt.Fprintf(s.a.stderr, "\r%s\x1b[K", runewidth.Truncate(s.text(), width-1, "…"))
		l.drawn = true
	}
	s.timer.Reset(shownEvery)
}

func (s *stage) text() string {
	switch {
	case s.total > 0:
		return fmt.Sprintf("%s: %d of %d …", s.what, s.done, s.total)
	case s.done > 0:
		return fmt.Sprintf("%s: %s so far …", s.what, count(s.done, s.noun))
	}
	return s.what + " …"
}

// plainStatus reports whether a line once written is to stay as it is: for screen readers, and for terminals that can't
// take it away or are to be spared escape sequences.
func (a *app) plainStatus() bool {
	t := a.getenv("TERM")
	return t == "" || t == "dumb" || a.getenv("ACCESSIBLE") != "" || a.noColor || a.getenv("NO_COLOR") != ""
}

// wipe takes the status line away until it is renewed; its lock is held.
func (a *app) wipe() {
	if a.status.drawn {
		fmt.Fprint(a.stderr, "\r\x1b[K")
		a.status.drawn = false
	}
}

// An above writes to stderr, where a status line gives way to it.
type above struct{ *app }

func (w above) Write(p []byte) (int, error) {
	w.status.mu.Lock()
	defer w.status.mu.Unlock()
	w.wipe()
	return w.stderr.Write(p)
}

// showProgress shows how far those parts of the scheduler have come that may take long.
func (a *app) showProgress() {
	// As all of the stages, this one is nil only where nobody is to see any.
	if s := a.stage("Reading plans", ""); s != nil {
		a.sched.Plans.Progress = s.set
		a.sched.Delivery.Progress = a.stage("Sending", "message").set
	}
	if a.online != nil {
		a.online.stage = a.stage("Reading Google Calendar", "page")
	}
}

// shown is m, of whose reading is told.
func (a *app) shown(m intake.Mailbox) intake.Mailbox {
	s := a.stage("Reading the mailbox", "mail")
	if m == nil || s == nil {
		return m
	}
	return shownMailbox{m, s}
}

// A shownMailbox is one whose reading is shown.
type shownMailbox struct {
	intake.Mailbox
	stage *stage
}

// Fetch implements [intake.Mailbox].
func (m shownMailbox) Fetch(
	ctx context.Context, cursor string, since time.Time, take func([]*invites.Mail, string) error,
) error {
	m.stage.begin()
	defer m.stage.end()
	return m.Mailbox.Fetch(ctx, cursor, since, func(batch []*invites.Mail, next string) error {
		m.stage.add(len(batch))
		return take(batch, next)
	})
}
