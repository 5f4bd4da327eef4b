package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// A seat is somebody who sits at a terminal of 80 columns before a running program.
type seat struct {
	t       *testing.T
	cmd     *exec.Cmd
	tty     *os.File
	changed chan struct{}

	mu     sync.Mutex
	screen *vt.Emulator
}

// sit starts the program in dir; env comes on top of a usual terminal's.
func sit(t *testing.T, dir string, env []string, name string, args ...string) *seat {
	t.Helper()
	cmd := binary(name, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TERM=xterm-256color", "TZ=Europe/Lisbon"}, env...)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 30, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	s := &seat{t: t, cmd: cmd, tty: tty, changed: make(chan struct{}, 1), screen: vt.NewEmulator(80, 30)}
	t.Cleanup(func() {
		tty.Close()
		_ = cmd.Process.Kill()
		// It ends the read below; the emulator's own Close is no friend of that.
		if pipe, ok := s.screen.InputPipe().(io.Closer); ok {
			pipe.Close()
		}
	})
	// What the terminal answers to a program that asks it what it can do.
	go func() {
		buf := make([]byte, 256)
		for {
			n, err := s.screen.Read(buf)
			if err != nil {
				return
			}
			_, _ = tty.Write(buf[:n])
		}
	}()
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := tty.Read(buf)
			s.mu.Lock()
			_, _ = s.screen.Write(buf[:n])
			s.mu.Unlock()
			if err != nil {
				close(s.changed)
				return
			}
			select {
			case s.changed <- struct{}{}:
			default:
			}
		}
	}()
	return s
}

func (s *seat) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := strings.Split(s.screen.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// sees waits until all the texts are on the screen.
func (s *seat) sees(texts ...string) {
	s.t.Helper()
	late := time.After(30 * time.Second)
	for {
		missing := ""
		screen := s.text()
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				missing = text
			}
		}
		if missing == "" {
			return
		}
		select {
		case _, more := <-s.changed:
			if !more && !strings.Contains(s.text(), missing) {
				s.t.Fatalf("the program has ended without %q on the screen:\n%s", missing, s.text())
			}
		case <-late:
			s.t.Fatalf("%q is not on the screen:\n%s", missing, s.text())
		}
	}
}

func (s *seat) types(text string) {
	s.t.Helper()
	if _, err := s.tty.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// hushed waits until what is typed is not shown.
func (s *seat) hushed() {
	s.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 30000 {
		if set, err := unix.IoctlGetTermios(int(s.tty.Fd()), unix.TCGETS); err != nil || set.Lflag&unix.ECHO == 0 {
			return
		}
		<-tick.C
	}
	s.t.Fatalf("what is typed is shown:\n%s", s.text())
}

// ends waits for the end of the program, with that exit code, and returns what is on the screen.
func (s *seat) ends(code int) string {
	s.t.Helper()
	late := time.After(30 * time.Second)
	for more := true; more; {
		select {
		case _, more = <-s.changed:
		case <-late:
			s.t.Fatalf("the program goes on:\n%s", s.text())
		}
	}
	var exit *exec.ExitError
	if err := s.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if got := s.cmd.ProcessState.ExitCode(); got != code {
		s.t.Fatalf("exit code %d, want %d:\n%s", got, code, s.text())
	}
	return s.text()
}

const (
	enter = "\r"
	esc   = "\x1b"
	down  = "\x1b[B"
	ctrlC = "\x03"
)

// questionnaire is a program that asks one question of each kind, and prints the answers.
func questionnaire() {
	var got struct {
		Name, Place, Kind, Why, Secret string
		Offer                          []string
		Private                        bool
		Kept                           []string
	}
	got.Name, got.Kind = "Ana", "walk"
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	a := &app{environ: os.Environ(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, soft: ctx}
	tries := 0
	err := a.walk([]*question{
		{key: "name", title: "Name", explain: "As they know you.", text: &got.Name, needed: true},
		{key: "kind", title: "Where", text: &got.Kind, choices: []choice{{"walk", "side by side"}, {"office", "with a door"}, {"", "left for later"}}},
		{key: "private", title: "Has it a door", yes: &got.Private, when: func() bool { return got.Kind == "office" }},
		{key: "place", title: "Place", text: &got.Place, now: func(q *question) { q.explain = "Where you meet for the " + got.Kind + "." },
			valid: func(s string) error {
				if s == "here" {
					return errors.New("is no place")
				}
				return nil
			}},
		{key: "offer", title: "Offer", explain: "What you bring.", list: &got.Offer, needed: true},
		{key: "why", title: "Why", text: &got.Why, long: true},
		{key: "secret", title: "Password", secret: &got.Secret, needed: true},
		{key: "work", title: "Trying it", work: func(context.Context) error { tries++; return nil }},
		{key: "again", title: "Wrong. What now", text: new(string), choices: []choice{{"again", "type it again"}, {"leave", "go on"}},
			when: func() bool { return tries == 1 }, then: func() string { return "secret" }},
	}, func(q *question) error {
		got.Kept = append(got.Kept, q.key)
		return nil
	})
	if err != nil {
		os.Exit(a.exit(nil, err))
	}
	data, err := json.Marshal(got)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(data))
}

const answered = `{"Name":"Ana Lopes","Place":"Room 3","Kind":"office","Why":"So","Secret":"s3<","Offer":["A seat","Time"],` +
	`"Private":true,"Kept":[`

// Each kind of question on a terminal, with going back over one that no longer applies, and on to one that does.
func TestQuestionsScreen(t *testing.T) {
	s := sit(t, t.TempDir(), nil, "questionnaire")
	s.sees("Name", "As they know you.", "> Ana", "Enter goes on, Ctrl-C leaves.")
	s.types(" Lopes" + enter)
	s.sees("Name: Ana Lopes", "> walk    side by side", "  office  with a door", "Up and down choose, Enter goes on, Esc goes back")
	s.types(enter)
	s.sees("Where: walk", "Where you meet for the walk.")
	s.types("here" + enter)
	s.sees("This is no place.")
	s.types(esc)
	s.sees("> walk    side by side")
	s.types(down + enter)
	s.sees("Has it a door", "y or n")
	s.types("y")
	s.sees("Has it a door: yes", "Where you meet for the office.", "> here")
	s.types("\x15Room 3" + esc)
	s.sees("y or n")
	s.types("y")
	// What was typed before going back is there again.
	s.sees("> Room 3")
	s.types(enter)
	s.sees("What you bring.", "an empty line goes on")
	s.types(enter)
	s.sees("This one is needed")
	// Typed ahead, and before the screen has followed: nothing of it is lost, or lands elsewhere.
	s.types("A seat\rTime\r\rSo\r")
	s.sees("Offer: A seat; Time", "Why: So", "Password")
	s.types("nonsense" + enter)
	s.sees("Password: (not shown)", "Wrong. What now", "> again  type it again")
	if strings.Contains(s.text(), "nonsense") {
		t.Errorf("the password is shown:\n%s", s.text())
	}
	s.types(enter)
	s.sees("Password", "********")
	// As it is pasted, with the end of its line.
	s.types("\x15\x1b[200~s3<\n\x1b[201~" + enter)
	screen := s.ends(0)
	// JSON writes < as \u003c, and the terminal breaks the line.
	flat := strings.ReplaceAll(strings.ReplaceAll(screen, "\n", ""), `\u003c`, "<")
	want := answered + `"name","kind","kind","private","private","place","offer","why","secret","again","secret"]}`
	if !strings.Contains(flat, want) {
		t.Errorf("answers:\n%s\nwant %s", flat, want)
	}
	if !strings.Contains(screen, "Offer: A seat; Time\n") || strings.Contains(screen, "Ctrl-C leaves") {
		t.Errorf("what is left on the screen:\n%s", screen)
	}
}

// The same for a screen reader: lines, and numbers for choices.
func TestQuestionsPlain(t *testing.T) {
	for _, env := range []string{"TERM=dumb", "ACCESSIBLE=1"} {
		s := sit(t, t.TempDir(), []string{env}, "questionnaire")
		for _, step := range [][2]string{
			{"< goes back; Ctrl-C leaves.\n  As they know you.\nName [Ana]:", "Ana Lopes"},
			{"1  walk    side by side\n  2  office  with a door\n  3  left for later\nWhere [1]:", "4"},
			{"Type a number from 1 to 3.", ""},
			{"Where you meet for the walk.\nPlace:", "here"},
			{"This is no place.", "<"},
			{"Where [1]:", "off"},
			{"Has it a door [y/N]:", "maybe"},
			{"Type y or n.", "y"},
			{"Where you meet for the office.\nPlace:", "Room 3"},
			{"One to a line; an empty line ends it.\nOffer, 1:", ""},
			{"This one is needed", "A seat"},
			{"Offer, 2:", "Tyme"},
			{"Offer, 3:", "<"},
			{"Offer, 2:", "Time"},
			{"Offer, 3:", ""},
			{"Why:", "So"},
			{"Password:", "nonsense"},
			{"Trying it …\n", ""},
			{"1  again  type it again\n  2  leave  go on\nWrong. What now [1]:", "1"},
			{"Password:", "s3<"},
		} {
			s.sees(step[0])
			if step[0] == "Password:" {
				s.hushed()
			}
			if step[0] != "Trying it …\n" {
				s.types(step[1] + "\n")
			}
		}
		screen := s.ends(0)
		flat := strings.ReplaceAll(strings.ReplaceAll(screen, "\n", ""), `\u003c`, "<")
		want := answered + `"name","kind","kind","private","place","offer","why","secret","again","secret"]}`
		if !strings.Contains(flat, want) {
			t.Errorf("%s: answers:\n%s\nwant %s", env, screen, want)
		}
		if strings.Contains(screen, "nonsense") {
			t.Errorf("%s: the password is shown:\n%s", env, screen)
		}
	}
}

// Where colors are not wanted there are none on the screen either.
func TestQuestionsColors(t *testing.T) {
	colors := regexp.MustCompile(`\x1b\[[0-9;]*\b(3[0-79]|38|9[0-7])\b`)
	for _, env := range []string{"NO_COLOR=1", "NO_COLOR="} {
		s := sit(t, t.TempDir(), []string{env}, "questionnaire")
		s.sees("Name")
		s.types(enter)
		s.sees("> walk    side by side")
		s.mu.Lock()
		shown := s.screen.Render()
		s.mu.Unlock()
		s.types(ctrlC)
		if colors.MatchString(shown) != (env == "NO_COLOR=") {
			t.Errorf("%s: %q", env, shown)
		}
		s.ends(exitStopped)
	}
}
