package main

import (
	"testing"

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
