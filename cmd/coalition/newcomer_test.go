package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A reader knows the lines that somebody has read or typed: none is read twice, whatever marks it as an item or value.
type reader struct {
	known map[string]bool
	words int
}

var lineMarks = regexp.MustCompile(`^[^\pL]*(?:[a-z_]+: )?| \(\d+[^)]*\)$`)

func (r *reader) read(text string) {
	for line := range strings.Lines(text) {
		words := len(strings.Fields(line))
		if line = lineMarks.ReplaceAllString(strings.TrimSpace(line), ""); !r.known[line] {
			r.known[line] = true
			r.words += words
		}
	}
}

// answers the questions of a command one by one. A question is read from its title on: what stands above it was.
func (r *reader) answers(s *seat, steps []typed) {
	s.t.Helper()
	for _, x := range steps {
		s.sees(x.title)
		screen := s.text()
		r.read(screen[strings.LastIndex(screen, x.title):])
		r.known[x.text] = true
		s.types(x.keys(true))
	}
}

// Method rows 1 to 5, 7, 8 and 10, for the first time: somebody who has never seen the program goes from nothing to a
// brief that lies before them, by its questions and the commands that it names alone, in under five minutes of reading.
func TestNewcomer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	named := func(screen, command string) {
		t.Helper()
		// The terminal breaks lines where it likes.
		if !strings.Contains(strings.ReplaceAll(screen, "\n", " "), command) {
			t.Errorf("it does not say what comes next, %q:\n%s", command, screen)
		}
	}
	s := sit(t, dir, nil, "coalition", "init")
	r := &reader{known: make(map[string]bool)}
	r.answers(s, []typed{
		{"Your name", "line", "Ana Lopes", 0},
		{"Your mail address", "line", "ana@example.org", 0},
		{"Your time zone", "line", "Europe/Lisbon", 0},
		{"The language in which you write", "line", "en", 0},
		{"How mail leaves", "choice", "outbox", 1},
	})
	screen := s.ends(exitDone)
	named(screen, "coalition new")

	s = sit(t, dir, nil, "coalition", "new")
	r.answers(s, []typed{
		{"With whom", "line", "Maya Chen", 0},
		{"Their mail address", "line", "maya@example.org", 0},
		{"How you call them", "line", "Maya", 0},
		{"Their language", "choice", "", 0},
		{"Their time zone", "line", "Europe/Berlin", 0},
		{"The result it serves", "line", "Spring launch", 0},
		{"What the partnership is for", "line", "Join forces on the spring launch, so that research and product pull the same way.", 0},
		{"What you have to offer", "list", "A standing seat for research in our roadmap review", 0},
		{"How you would like to be supported", "list", "An early word when a study changes what we should build", 0},
		{"A safe place to talk", "choice", "walk", 1},
		{"The place", "line", "Riverside path, meeting at the north gate", 0},
		{"How long", "line", "1h", 0},
		{"The agenda", "list", "", 0},
		{"When", "choice", "", 0},
		{"Why this person", "line", "She decides which studies run.", 0},
		{"What is to come of it", "line", "Neither launches without the other's word.", 0},
		{"By what you will see it", "list", "A joint review before each launch", 0},
		{"How much it matters", "line", "5", 0},
		{"How soon", "line", "4", 0},
		{"What stands between you", "line", "", 0},
		{"This is the plan", "choice", "", 0},
	})
	screen = s.ends(exitDone)
	plan, err := os.ReadFile(filepath.Join(dir, "conversations", "maya-chen.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// It was shown without its comments.
	r.read(regexp.MustCompile(`(?m)( {3}|^ *)#.*$`).ReplaceAllString(string(plan), ""))
	named(screen, "coalition ready maya-chen")

	s = sit(t, dir, nil, "coalition", "ready", "maya-chen")
	r.answers(s, []typed{
		{"Are you ready to be open with Maya Chen", "yes", "y", 0},
		{"Are you willing to let your guard down", "yes", "y", 0},
		{"Will you speak your mind", "yes", "y", 0},
		{"Are you ready for this talk with Maya Chen?", "line", "y", 0},
	})
	s.ends(exitDone)

	code, stdout, stderr := coalition(t, dir, "ask", "maya-chen", "--dry-run")
	if code != exitDone || !strings.Contains(stdout, "Would you like to have this conversation with me?") {
		t.Errorf("%d %s%s", code, stdout, stderr)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "outbox", "*")); len(left) > 0 {
		t.Errorf("something has left: %v", left)
	}
	// The same was shown before the last question of ready.
	r.read(stdout)
	const perMinute, minutes = 200, 5
	t.Logf("%d words, %d seconds of reading", r.words, r.words*60/perMinute)
	if r.words >= perMinute*minutes {
		t.Errorf("%d words are more than %d minutes of reading", r.words, minutes)
	}
}
