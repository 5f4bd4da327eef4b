package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// coalition runs the program in dir and gives what it printed.
func coalition(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"--config", filepath.Join(dir, "config.yaml")}, args...)
	code = run(context.Background(), args, nil, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// write puts files into a new folder: name, contents, name, contents.
func write(t *testing.T, pairs ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for i := 0; i < len(pairs); i += 2 {
		path := filepath.Join(dir, pairs[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(pairs[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const anaConfig = `organizer:
  name: Ana Lopes
  email: ana@example.org
  timezone: Europe/Lisbon
`

const mayaPlan = `with:
  name: Maya Chen
  email: maya@example.org
  timezone: Europe/Berlin
purpose: Join forces on the spring launch.
agenda:
  - {topic: What each of us is committed to, minutes: 60}
setting: {kind: walk, place: Riverside path}
when:
  times: [in 8 working days at 10:00, in 9 working days at 15:00]
ready: true
`

// The thin thread: a plan in, a brief out, a yes, an invitation out.
func TestThread(t *testing.T) {
	dir := write(t, "config.yaml", anaConfig, "conversations/maya.yaml", mayaPlan)
	step := func(wantFiles int, args ...string) string {
		t.Helper()
		code, stdout, stderr := coalition(t, dir, args...)
		if code != 0 {
			t.Fatalf("coalition %s: exit %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
		}
		files, err := filepath.Glob(filepath.Join(dir, "outbox", "*"))
		if err != nil || len(files) != wantFiles {
			t.Fatalf("coalition %s: %d files in the outbox, want %d: %v", strings.Join(args, " "), len(files), wantFiles, files)
		}
		return stdout
	}
	step(1, "daemon", "--once")
	step(1, "daemon", "--once")
	step(1, "answer", "maya", "yes", "--time", "2")
	step(3, "daemon", "--once")
	step(3, "daemon", "--once")
	if out := step(3, "list", "--json"); !strings.Contains(out, `"status": "invited"`) {
		t.Errorf("list --json after the invitation:\n%s", out)
	}
}
