package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"coalition/invites"
	"coalition/scheduler/intake"
)

// A fakeBox has one batch of forty mails.
type fakeBox struct {
	intake.Mailbox
	between func()
}

func (b fakeBox) Fetch(_ context.Context, _ string, _ time.Time, take func([]*invites.Mail, string) error) error {
	b.between()
	err := take(make([]*invites.Mail, 40), "next")
	b.between()
	return err
}

// laborer is a program that works as long as somebody likes: it goes on with each line that is typed.
func laborer() {
	a := &app{environ: os.Environ(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, wall: time.Now,
		configFile: "config.yaml", hard: context.Background()}
	for _, arg := range os.Args[1:] {
		a.quiet, a.json, a.noColor = a.quiet || arg == "-q", a.json || arg == "--json", a.noColor || arg == "--no-color"
	}
	if err := a.open(context.Background(), false); err != nil {
		os.Exit(a.exit(nil, err))
	}
	defer a.state.Close()
	// What is typed would be seen on the screen.
	set, err := unix.IoctlGetTermios(int(os.Stdin.Fd()), unix.TCGETS)
	if err != nil {
		panic(err)
	}
	set.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(int(os.Stdin.Fd()), unix.TCSETS, set); err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	between := func() { lines.Scan() }
	plans, sending := a.sched.Plans.Progress, a.sched.Delivery.Progress
	if plans == nil {
		fmt.Println("Nobody is told.")
		plans, sending = func(int, int) {}, func(int, int) {}
	}
	plans(3, 10)
	between()
	plans(7, 10)
	plans(6, 9)
	between()
	a.note("A note beside it.")
	between()
	plans(0, 0)
	sending(312, 0)
	between()
	sending(0, 0)
	box := a.shown(fakeBox{between: between})
	_ = box.Fetch(context.Background(), "", time.Time{}, func([]*invites.Mail, string) error { return nil })
	fmt.Println("Over.")
}

// Long work is shown on a terminal while it lasts, gives way to what is said meanwhile, and leaves nothing.
func TestProgress(t *testing.T) {
	dir := write(t, "config.yaml", anaConfig, "conversations/maya.yaml", mayaPlan)
	s := sit(t, dir, nil, "laborer")
	for _, sees := range []string{"Reading plans: 3 of 10 …", "Reading plans: 7 of 10 …",
		"A note beside it.\nReading plans: 7 of 10 …", "A note beside it.\nSending: 312 messages so far …",
		"A note beside it.\nReading the mailbox …", "A note beside it.\nReading the mailbox: 40 mails so far …"} {
		s.sees(sees)
		s.types("\n")
	}
	if got := s.ends(0); got != "A note beside it.\nOver." {
		t.Errorf("what is left on the screen:\n%s", got)
	}
}

// Where a line could not be taken away, or is not to be, there is one for each long work, and none with -q and --json.
func TestProgressPlain(t *testing.T) {
	const lines = "Reading plans …\nA note beside it.\nSending …\nReading the mailbox …\nOver."
	for _, c := range []struct{ env, arg, want string }{
		{"TERM=dumb", "", lines},
		{"ACCESSIBLE=1", "", lines},
		{"NO_COLOR=1", "", lines},
		{"A=b", "--no-color", lines},
		{"A=b", "-q", "Nobody is told.\nA note beside it.\nOver."},
		{"A=b", "--json", "Nobody is told.\nA note beside it.\nOver."},
	} {
		t.Run(c.env+c.arg, func(t *testing.T) {
			t.Parallel()
			dir := write(t, "config.yaml", anaConfig, "conversations/maya.yaml", mayaPlan)
			s := sit(t, dir, []string{c.env}, "laborer", c.arg)
			s.hushed()
			quiet := c.want != lines
			for _, sees := range []string{"Reading plans …", "", "A note beside it.", "Sending …", "Reading the mailbox …", ""} {
				if !quiet {
					s.sees(sees)
				}
				s.types("\n")
			}
			if got := s.ends(0); got != c.want {
				t.Errorf("on the screen:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

// What is soon over is not shown.
func TestProgressSoonOver(t *testing.T) {
	screen, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	defer tty.Close()
	synctest.Test(t, func(t *testing.T) {
		a := &app{environ: []string{"TERM=xterm"}, stderr: tty}
		s := a.stage("Reading plans", "")
		for _, lasts := range []time.Duration{shownAfter - 1, shownAfter} {
			s.set(1, 2)
			time.Sleep(lasts)
			synctest.Wait()
			if shown := a.status.drawn; shown != (lasts >= shownAfter) {
				t.Errorf("after %s it is shown: %t", lasts, shown)
			}
			if s.end(); a.status.drawn {
				t.Errorf("after its end it is shown")
			}
		}
	})
}

// The first reading of an online calendar counts its pages.
func TestProgressGoogle(t *testing.T) {
	d := newDesk(t, "")
	d.AddForeign(5)
	screen, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	defer tty.Close()
	a := &app{wall: time.Now, environ: []string{"TERM=xterm"}, stdin: strings.NewReader(""), stdout: io.Discard, stderr: tty,
		hard: t.Context(), configFile: filepath.Join(d.dir, "config.yaml")}
	if err := a.open(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	defer a.state.Close()
	text := ""
	if _, err := a.online.Changes(t.Context(), "", time.Now(), func([]*invites.Event, bool) error {
		text = a.online.stage.text()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if want := "Reading Google Calendar: 1 page so far …"; text != want {
		t.Errorf("told %q, want %q", text, want)
	}
	if a.online.stage.timer != nil {
		t.Error("it goes on")
	}
}
