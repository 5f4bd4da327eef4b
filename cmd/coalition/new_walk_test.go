package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"coalition/scheduler/plan"
	"coalition/scheduler/plan/form"
)

// A typed is a question of a walk, with what is answered to it.
type typed struct {
	title string
	// kind is line, list, other list (than the one proposed), choice or yes; downs, for a choice on a screen, how far it
	// is from the one proposed.
	kind, text string
	downs      int
}

// keys is what is typed on a screen, or line by line.
func (x typed) keys(screen bool) string {
	switch {
	case x.kind == "choice" && screen:
		return strings.Repeat(down, max(x.downs, 0)) + strings.Repeat("\x1b[A", max(-x.downs, 0)) + enter
	case x.kind == "yes" && screen:
		return x.text
	case x.kind == "line" && screen:
		return "\x15" + x.text + enter
	case x.kind == "other list" && screen:
		return strings.Repeat("\x7f", 250) + x.text + enter + enter
	case strings.HasSuffix(x.kind, "list") && x.text != "":
		return x.text + enter + enter
	}
	return x.text + enter
}

// phoneCall is the questions of `new` about a short talk by phone, with somebody who has German and with whom something
// stands between.
var phoneCall = []typed{
	{"With whom", "line", "Maya Chen", 0},
	{"Their mail address", "line", "maya@example.org", 0},
	{"How you call them", "line", "Maya", 0},
	{"Their language", "choice", "de", -1},
	{"Are you on familiar terms", "yes", "y", 0},
	{"Their time zone", "line", "Europe/Berlin", 0},
	{"The result it serves", "line", "Spring launch", 0},
	{"What the partnership is for", "line", "Join forces on the launch.", 0},
	{"What you have to offer", "list", "A seat", 0},
	{"How you would like to be supported", "list", "A word", 0},
	{"A safe place to talk", "choice", "phone", 5},
	{"Who calls", "choice", "partner", 1},
	{"The number", "line", "+351 21 1234567", 0},
	{"How long", "line", "45m", 0},
	{"Is less than an hour meant", "yes", "y", 0},
	{"The agenda", "list", "", 0},
	{"When", "choice", "between", 1},
	{"From which day", "line", "2100-03-01", 0},
	{"To which day", "line", "2100-03-12", 0},
	{"Why this person", "line", "She decides.", 0},
	{"What is to come of it", "line", "A word in time.", 0},
	{"By what you will see it", "list", "A joint review", 0},
	{"How much it matters", "line", "5", 0},
	{"How soon", "line", "4", 0},
	{"What stands between you", "line", "The March launch.", 0},
	{"A talk of its own for that", "yes", "y", 0},
	{"This is the plan", "choice", "", 0},
}

// phoneFlags says the same.
var phoneFlags = []string{"new", "Maya Chen", "maya@example.org", "--call", "Maya", "--language", "de", "--familiar", "--timezone", "Europe/Berlin",
	"--result", "Spring launch", "--purpose", "Join forces on the launch.", "--offer", "A seat", "--ask", "A word", "--kind", "phone",
	"--caller", "partner", "--phone", "+351 21 1234567", "--duration", "45m", "--short", "--between", "2100-03-01..2100-03-12",
	"--why", "She decides.", "--goal", "A word in time.", "--measure", "A joint review", "--importance", "5", "--urgency", "4",
	"--history", "The March launch."}

// atTheCorner is another such talk, of which some questions are asked twice, and whose name a plan has already.
var atTheCorner = []typed{
	{"With whom", "line", "Maya Chen", 0},
	{"Their mail address", "line", "chen@example.org", 0},
	{"A short name for this plan", "line", "maya-too", 0},
	{"How you call them", "line", "", 0},
	{"Their language", "choice", "", 0},
	{"Their time zone", "line", "Europe/Lisbon", 0},
	{"The result it serves", "line", "", 0},
	{"What the partnership is for", "line", "Share the harvest.", 0},
	{"What you have to offer", "list", "", 0},
	{"How you would like to be supported", "list", "", 0},
	{"A safe place to talk", "choice", "office", 4},
	{"Has it a door", "yes", "n", 0},
	{"The first that suits you both", "choice", "coffee", -2},
	{"The place", "line", "The corner", 0},
	{"How long", "line", "30m", 0},
	{"Is less than an hour meant", "yes", "n", 0},
	{"Usually an hour at least", "line", "1h", 0},
	{"The agenda", "other list", "All (70)", 0},
	{"This takes 70 minutes", "other list", "All (60)", 0},
	{"When", "choice", "offered", 2},
	{"The times", "list", "2100-03-01 10:00", 0},
	{"Why this person", "line", "", 0},
	{"What is to come of it", "line", "", 0},
	{"By what you will see it", "list", "", 0},
	{"How much it matters", "line", "3", 0},
	{"How soon", "line", "3", 0},
	{"What stands between you", "line", "", 0},
	{"This is the plan", "choice", "", 0},
}

var cornerFlags = []string{"new", "Maya Chen", "chen@example.org", "--id", "maya-too", "--purpose", "Share the harvest.", "--kind", "coffee",
	"--place", "The corner", "--agenda", "All (60)", "--time", "2100-03-01 10:00", "--importance", "3", "--urgency", "3"}

// Ctrl-C at each question of new, on a screen and line by line, ends with 130 and leaves nothing but the answers so
// far, for their owner only; the next run goes on there. At the end there is the plan that flags make, and no draft.
func TestNewStopped(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name, id string
		steps    []typed
		flags    []string
	}{{"phone", "maya-chen", phoneCall, phoneFlags}, {"corner", "maya-too", atTheCorner, cornerFlags}} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, "config.yaml", anaConfig, "conversations/.keep", "")
			if x.name == "corner" {
				dir = write(t, "config.yaml", anaConfig, "conversations/maya-chen.yaml", "with: {name: Maya Chen, email: maya@example.org}\n")
			}
			stopEach(t, dir, x.id, x.steps)
			other := write(t, "config.yaml", anaConfig, "conversations/.keep", "")
			if code, _, stderr := coalition(t, other, x.flags...); code != exitDone {
				t.Fatal(stderr)
			}
			file := filepath.Join("conversations", x.id+".yaml")
			asked, err := os.ReadFile(filepath.Join(dir, file))
			flagged, err2 := os.ReadFile(filepath.Join(other, file))
			if err != nil || err2 != nil || string(asked) != string(flagged) {
				t.Errorf("by questions:\n%s\nby flags:\n%s", asked, flagged)
			}
		})
	}
}

// stopEach stops new at each question, and then has the plan written.
func stopEach(t *testing.T, dir, id string, steps []typed) {
	drafts := filepath.Join(dir, "conversations", ".drafts")
	plans := func() string {
		list, _ := filepath.Glob(filepath.Join(dir, "conversations", "[^.]*"))
		half, _ := filepath.Glob(filepath.Join(drafts, ".*"))
		return strings.Join(append(list, half...), " ")
	}
	before := plans()
	for at := range steps {
		env, screen := "TERM=xterm", at%2 == 0
		if !screen {
			env = "TERM=dumb"
		}
		s := sit(t, dir, []string{env}, "coalition", "new")
		if at > 1 {
			s.sees("Go on", "with Maya Chen, left on", "begin another plan")
			s.types(enter)
		}
		if at > 0 {
			s.sees(steps[at-1].title)
			s.types(steps[at-1].keys(screen))
		}
		s.sees(steps[at].title)
		s.types(ctrlC)
		last := s.ends(exitStopped)
		if left := plans(); left != before {
			t.Errorf("at %q there is %s", steps[at].title, left)
		}
		files, _ := filepath.Glob(filepath.Join(drafts, "*"))
		if at == 0 {
			if len(files) > 0 {
				t.Error("there is a draft without an answer")
			}
			continue
		}
		if len(files) != 1 {
			t.Fatalf("at %q: %v\n%s", steps[at].title, files, last)
		}
		for path, mode := range map[string]os.FileMode{files[0]: 0o600, drafts: 0o700} {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
				t.Errorf("%s: %v, %v", path, info, err)
			}
		}
		// Line by line, the terminal drops with Ctrl-C what it has not shown yet.
		if screen && !strings.Contains(last, "What you have answered is kept. Go on with: coalition new") {
			t.Errorf("at %q it is not said that the answers are kept:\n%s", steps[at].title, last)
		}
	}
	// A draft is no plan.
	if code, stdout, stderr := coalition(t, dir, "check"); code != exitDone || strings.Contains(stdout, ".drafts") {
		t.Errorf("check: %d %s%s", code, stdout, stderr)
	}
	s := sit(t, dir, nil, "coalition", "new")
	s.sees("Go on")
	s.types(enter)
	s.sees("This is the plan", "to conversations/"+id+".yaml")
	s.types(enter)
	s.ends(exitDone)
	if _, err := os.Stat(drafts); err == nil {
		t.Error("the draft is still there")
	}
}

// newWalk is a walk for a first plan, after what flags have said.
func newWalk(t *testing.T, said form.Said) *planWalk {
	t.Helper()
	dir := write(t, "config.yaml", anaConfig, "conversations/.keep", "")
	a := &app{wall: time.Now, stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard,
		configFile: filepath.Join(dir, "config.yaml")}
	if err := a.open(context.Background(), true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.state.Close() })
	b, err := a.look(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	w := a.newPlanWalk(b, said)
	w.load()
	return w
}

// Method row 5: the kinds of setting are offered in its order of preference, each with what it is; row 7: less than an
// hour is asked about.
func TestNewSettings(t *testing.T) {
	w := newWalk(t, form.Said{"when.duration": {"45m"}})
	for _, s := range w.sections() {
		for _, q := range s.questions {
			switch q.key {
			case "setting.kind":
				var kinds []string
				for _, c := range q.choices[:len(q.choices)-1] {
					kinds = append(kinds, c.value)
					if c.explain == "" {
						t.Errorf("%s is not explained", c.value)
					}
				}
				if !slices.Equal(kinds, plan.Kinds) || *q.text != plan.Neutral {
					t.Errorf("%v, and %q is proposed", kinds, *q.text)
				}
			case "when.short":
				if !q.when() || *q.yes || q.then() != "when.duration" {
					t.Error("a talk of 45 minutes is taken without a word")
				}
			}
		}
	}
}

// No question is left where flags have said all there is.
func TestNewFlagsAnswer(t *testing.T) {
	said := form.Said{"when.duration": {"45m"}}
	for _, f := range planFlags {
		said[f.path] = append(said[f.path], "x")
	}
	w := newWalk(t, said)
	asked := 0
	for _, s := range w.sections() {
		for _, q := range s.questions {
			if asked++; q.when() && q.key != "with.name" && q.key != "with.email" {
				t.Errorf("%s is asked for", q.key)
			}
		}
	}
	if asked < len(phoneCall) {
		t.Errorf("only %d questions were found", asked)
	}
}
