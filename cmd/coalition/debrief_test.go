package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/api/calendar/v3"

	"coalition/scheduler"
)

const heldPlan = `with: {name: Maya Chen, email: maya@example.org}
purpose: Join forces on the spring launch.
agenda: [{topic: Us, minutes: 60}]
setting: {kind: walk, place: Riverside path}
when: {start: 2027-03-04 10:00}
ready: true
private:
  measures: [A joint review before each launch]
`

// heldTalk is a folder in which a talk with Maya is over.
func heldTalk(t *testing.T) string {
	t.Helper()
	dir := write(t, "config.yaml", anaConfig)
	if err := os.MkdirAll(filepath.Join(dir, "conversations"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "conversations", "maya.yaml"), []byte(heldPlan), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := coalition(t, dir, "--at", "2027-02-01 10:00", "invite", "maya", "--permitted", "She said so.", "--yes"); code != 0 {
		t.Fatal(stdout, stderr)
	}
	return dir
}

const afterTalk = "2027-03-04 12:00"

// debriefed is a debrief in a process of its own that kills itself at a named point of its work: KILL_AT is one of its
// own steps, or "point n" of its store. It is the real program but for that.
func debriefed() {
	ctx := context.Background()
	a := &app{wall: time.Now, environ: os.Environ(), stdin: strings.NewReader(""), stdout: io.Discard, stderr: os.Stderr,
		soft: ctx, hard: ctx, configFile: os.Args[1], at: afterTalk, yes: true}
	if err := a.openToSend(ctx); err != nil {
		panic(err)
	}
	point := os.Getenv("KILL_AT")
	k := &killer{Store: a.sched.Store}
	if _, err := fmt.Sscanf(point, "%s %d", &k.point, &k.left); err == nil {
		a.parts.Store = k
		a.sched = scheduler.New(a.parts)
	}
	d, err := a.turnTo(ctx, "maya", &hindsight{met: []int{1}, template: true, next: "2027-03-25"})
	if err == nil {
		err = d.answer()
	}
	if err != nil {
		panic(err)
	}
	draft, err := d.draft(ctx)
	if err != nil {
		panic(err)
	}
	if k.left > 0 {
		panic(fmt.Sprint("not killed: ", d.carryOut(ctx, draft)))
	}
	// As carryOut begins.
	for _, step := range []struct {
		name string
		do   func() error
	}{{"nothing", func() error { return nil }}, {"kept", d.keep}, {"planned", d.plan}} {
		if err := step.do(); err != nil {
			panic(err)
		}
		if step.name == point {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	panic("there is no point " + point)
}

// Wherever a debrief is killed, to call it again completes it: the journal has the round once, the next one is planned
// once, and the thank-you has gone once, or nobody knows whether it has, and then it goes by the organizer's word only.
func TestDebriefKilled(t *testing.T) {
	for _, point := range []string{"nothing", "kept", "planned", "before-decide 1", "after-decide 1", "before-claim 1", "after-claim 1",
		"before-dot 1", "after-dot 1", "before-settle 1", "after-settle 1"} {
		t.Run(point, func(t *testing.T) {
			dir := heldTalk(t)
			cmd := binary("debriefed", "config.yaml")
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "KILL_AT="+point)
			if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("%v\n%s", err, out)
			}
			args := []string{"--at", afterTalk, "debrief", "maya", "--met", "1", "--thanks-default", "--next", "2027-03-25", "--yes"}
			for range 3 {
				code, stdout, stderr := coalition(t, dir, args...)
				if code != 0 && code != exitUsage {
					t.Errorf("called again, it ends with %d\n%s%s", code, stdout, stderr)
				}
			}
			if data, err := os.ReadFile(filepath.Join(dir, "journal", "maya.yaml")); err != nil || strings.Count(string(data), "round: 1") != 1 {
				t.Errorf("the journal: %v\n%s", err, data)
			}
			if data, err := os.ReadFile(filepath.Join(dir, "conversations", "maya-2.yaml")); err != nil || !strings.Contains(string(data), "round: 2") {
				t.Errorf("the next round: %v\n%s", err, data)
			}
			if code, stdout, stderr := coalition(t, dir, "--at", afterTalk, "daemon", "--once"); code != 0 {
				t.Errorf("daemon: %d\n%s%s", code, stdout, stderr)
			}
			if files, _ := filepath.Glob(filepath.Join(dir, "outbox", "*-thanks-*.eml")); len(files) != 1 {
				t.Errorf("thanks: %v", files)
			}
			code, stdout, _ := coalition(t, dir, "--at", afterTalk, "log", "maya", "--json")
			if n := strings.Count(stdout, `"kind": "thanks"`); code != 0 || n != 1 || strings.Contains(stdout, `"flagged": true`) {
				t.Errorf("%d rows of thanks\n%s", n, stdout)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*", ".writing-*")); len(left) > 0 {
				t.Errorf("left over: %v", left)
			}
		})
	}
}

// Asked on the screen, the organizer may write the thank-you otherwise, go back, and leave at any question: then nothing
// was written.
func TestDebriefScreen(t *testing.T) {
	dir := heldTalk(t)
	const enter, down = "\r", "\x1b[B"
	begin := func(env string) *seat {
		s := sit(t, dir, []string{env}, "coalition", "--at", afterTalk, "debrief", "maya")
		s.sees("Did the talk take place")
		return s
	}
	nothing := func(screen string) {
		t.Helper()
		_, err := os.Stat(filepath.Join(dir, "journal"))
		if plans, _ := filepath.Glob(filepath.Join(dir, "conversations", "*.yaml")); err == nil || len(plans) != 1 {
			t.Errorf("something was written: %v, %v\n%s", err, plans, screen)
		}
	}
	answers := [][2]string{{"Did the talk take place", ""}, {"A joint review before each launch", ""}, {"What you learned", "Her team."},
		{"What you promised", ""}, {"What Maya Chen promised", ""}, {"Anything else to keep", ""}, {"Thank Maya Chen", "template"},
		{"The next round", ""}, {"Send it, and close the round? [y/N]", ""}}
	for at := range answers {
		s := begin("TERM=dumb")
		for i, step := range answers {
			if s.sees(step[0]); i == at {
				s.types(ctrlC)
				break
			}
			s.types(step[1] + enter)
		}
		nothing(s.ends(exitStopped))
	}

	s := begin("TERM=xterm")
	s.types(enter)
	s.sees("A joint review before each launch", "it was met")
	s.types(down + down + enter)
	s.sees("What you learned", "It stays with you")
	s.types("Her team." + enter)
	s.sees("What you promised")
	s.types(ctrlC)
	nothing(s.ends(exitStopped))

	s = begin("TERM=xterm")
	for _, step := range [][2]string{{"Did the talk take place", ""}, {"A joint review before each launch", ""}, {"What you learned", ""},
		{"What you promised", ""}, {"What Maya Chen promised", ""}, {"Anything else to keep", ""}, {"Thank Maya Chen", down},
		{"The next round", ""}, {"Send it, and close the round? [y/N]", "n"}, {"write the thank-you otherwise", ""}, {"Your words", "And see you soon." + enter}} {
		s.sees(step[0])
		s.types(step[1] + enter)
	}
	// The first time it was asked may still be seen.
	for late := time.After(30 * time.Second); !strings.HasSuffix(s.text(), "Send it, and close the round? [y/N]"); {
		select {
		case <-s.changed:
		case <-late:
			t.Fatalf("it does not ask again:\n%s", s.text())
		}
	}
	s.types("y" + enter)
	if screen := s.ends(0); !strings.Contains(screen, "The thank-you to maya@example.org is on its way.") {
		t.Errorf("on the screen:\n%s", screen)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "outbox", "*-thanks-0.eml"))
	if len(files) != 1 {
		t.Fatal(files)
	}
	mail, err := os.ReadFile(files[0])
	if text := strings.ReplaceAll(string(mail), "=\r\n", ""); err != nil || !strings.Contains(text, "for the time you took") ||
		!strings.Contains(text, "And see you soon.") {
		t.Errorf("%v\n%s", err, text)
	}
}

// A talk that somebody has just moved in Google is not over, as far as a look there tells. Once it is, the thanks are mail
// of ours, and Google tells nobody anything.
func TestDebriefGoogle(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "maya", googlePlan+"permitted: In person.\n")
	d.do(0, "daemon", "--once")
	later := time.Now().Add(90 * 24 * time.Hour).Truncate(time.Hour)
	d.Edit(d.event().Id, true, func(e *calendar.Event) {
		e.Start.DateTime, e.End.DateTime = later.Format(time.RFC3339), later.Add(time.Hour).Format(time.RFC3339)
	})
	_, stderr := d.do(exitUsage, "--at", "in 60 days", "debrief", "maya", "--thanks-default", "--yes")
	if !strings.Contains(stderr, "the talk is not over yet") {
		t.Errorf("refused with %s", stderr)
	}
	before := d.Notices()
	d.do(0, "--at", "in 91 days", "debrief", "maya", "--thanks-default", "--yes")
	if files, _ := filepath.Glob(filepath.Join(d.dir, "outbox", "*-thanks-*.eml")); len(files) != 1 || len(d.Notices()) != len(before) {
		t.Errorf("thanks: %v; Google has told %v", files, d.Notices()[len(before):])
	}
	if s := d.talk().Status; s != "closed" {
		t.Errorf("it is %s", s)
	}
}
