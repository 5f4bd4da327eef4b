package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coalition/scheduler"
	"coalition/scheduler/plan/folder"
	"coalition/scheduler/plan/form"
)

// Each key of a plan has a flag of `new`, also one that comes later: TestFile of form then wants it in the file. Only
// name and address have none, since they stand there without one.
func TestNewFlags(t *testing.T) {
	flags := make(map[string]bool)
	names := make(map[string]bool)
	for _, f := range planFlags {
		if flags[f.path] || names[f.name] {
			t.Errorf("--%s stands twice", f.name)
		}
		flags[f.path], names[f.name] = true, true
	}
	for _, k := range form.Keys() {
		if argument := k.Path == "with.name" || k.Path == "with.email"; flags[k.Path] == argument {
			t.Errorf("%s has no flag of `new`, or needs none", k.Path)
		}
		delete(flags, k.Path)
	}
	for path := range flags {
		t.Errorf("there is no key %s", path)
	}
	known := (&app{}).newCommand().Flags()
	for name := range names {
		if known.Lookup(name) == nil {
			t.Errorf("new has no flag --%s", name)
		}
	}
}

// An import writes all of its plans, or none: not when a file has come meanwhile, which stays as it is, and not after
// Ctrl-C.
func TestImportAllOrNone(t *testing.T) {
	for _, what := range []string{"a file that has come", "Ctrl-C", "all"} {
		dir := t.TempDir()
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		a := &app{soft: ctx, sched: &scheduler.Scheduler{Plans: &folder.Folder{Path: dir}}}
		var list []newcomer
		for i := range 3 {
			list = append(list, newcomer{File: filepath.Join(dir, fmt.Sprintf("p%d.yaml", i)), data: []byte("new")})
		}
		want := "p0.yaml p1.yaml p2.yaml"
		switch what {
		case "a file that has come":
			if err := os.WriteFile(list[2].File, []byte("theirs"), 0o600); err != nil {
				t.Fatal(err)
			}
			want = "p2.yaml"
		case "Ctrl-C":
			stop()
			want = ""
		}
		err := a.writePlans(list)
		if (err == nil) != (what == "all") || what == "Ctrl-C" && !errors.Is(err, errStopped) {
			t.Errorf("%s: %v", what, err)
		}
		var names []string
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: there is %q, want %q", what, got, want)
		}
		if data, _ := os.ReadFile(list[2].File); what == "a file that has come" && string(data) != "theirs" {
			t.Errorf("%s: it says %q now", what, data)
		}
	}
}

// Answers that were left unfinished are found whatever their folder is called: also by erase, which takes them away.
func TestDraftsAnywhere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "talks [2027]*")
	a := &app{sched: &scheduler.Scheduler{Plans: &folder.Folder{Path: dir}}}
	if err := os.MkdirAll(a.drafts(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.drafts(), "maya.yaml"), []byte("said: {with.name: [Maya Chen]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if list := a.unfinished(); len(list) != 1 {
		t.Errorf("found are %d", len(list))
	}
}
