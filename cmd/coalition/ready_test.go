package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The check-in on the organizer's own screen, the one place where what stands between the two is shown. Who leaves has said
// nothing; a no is kept, and ends it.
func TestReadyScreen(t *testing.T) {
	dir := write(t, "config.yaml", anaConfig)
	if err := os.MkdirAll(filepath.Join(dir, "conversations"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(heldPlan, "ready: true\n", "", 1) + "  history: The March launch, where I went over her head.\n"
	if err := os.WriteFile(filepath.Join(dir, "conversations", "maya.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	next := func() string {
		t.Helper()
		code, stdout, stderr := coalition(t, dir, "--at", "2027-02-01 10:00", "list", "--json")
		if code != 0 {
			t.Fatal(stdout, stderr)
		}
		return stdout
	}
	begin := func() *seat {
		s := sit(t, dir, []string{"TERM=xterm"}, "coalition", "--at", "2027-02-01 10:00", "ready", "maya")
		s.sees("The March launch, where I went over her head.", "Are you ready to be open with Maya Chen")
		return s
	}
	s := begin()
	s.types("y")
	s.sees("Can you own what is yours in it")
	s.types(ctrlC)
	s.ends(exitStopped)
	if got := next(); !strings.Contains(got, `"check in with yourself (`) {
		t.Errorf("after Ctrl-C:\n%s", got)
	}
	s = begin()
	s.types("y")
	s.sees("Can you own what is yours in it")
	s.types("n")
	if screen := s.ends(0); !strings.Contains(screen, "maya: not yet. That is a good answer.") || strings.Contains(screen, "Will you say") {
		t.Errorf("after a no:\n%s", screen)
	}
	if got := next(); !strings.Contains(got, `"check in again (not yet on 1 Feb 2027; `) {
		t.Errorf("after a no:\n%s", got)
	}
}
