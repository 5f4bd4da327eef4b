package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	room  = regexp.MustCompile("(?m)^- `([a-z/]+)`:")
	path  = regexp.MustCompile("`((?:cmd|invites|scheduler|templates)/[a-z_./]+)`")
	named = regexp.MustCompile("`([a-z]+)((?:\\.[A-Z][A-Za-z]*)+)`")
)

// TestArchitecture keeps ARCHITECTURE.md true: its rooms are the packages there are, each above those that it imports,
// and every path and every name of a package's that it gives is there.
func TestArchitecture(t *testing.T) {
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "coalition/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var rooms []string
	for _, m := range room.FindAllSubmatch(text, -1) {
		rooms = append(rooms, "coalition/"+string(m[1]))
	}
	var packages []string
	for line := range strings.Lines(string(out)) {
		list := strings.Fields(line)
		packages = append(packages, list[0])
		at := slices.Index(rooms, list[0])
		if at < 0 {
			t.Errorf("%s has no line in ARCHITECTURE.md", list[0])
			continue
		}
		for _, i := range list[1:] {
			if below := slices.Index(rooms, i); below >= 0 && below < at {
				t.Errorf("%s stands below %s, which it imports", list[0], i)
			}
		}
	}
	for i, r := range rooms {
		if !slices.Contains(packages, r) || slices.Contains(rooms[:i], r) {
			t.Errorf("ARCHITECTURE.md has a line for %s, which is no package, or has one already", r)
		}
	}
	for _, m := range path.FindAllSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join("../..", string(m[1]))); err != nil {
			t.Error(err)
		}
	}
	for _, m := range named.FindAllSubmatch(text, -1) {
		at := slices.IndexFunc(packages, func(p string) bool { return strings.HasSuffix(p, "/"+string(m[1])) })
		if at < 0 {
			t.Errorf("there is no package %s", m[1])
			continue
		}
		source := sourceOf(t, strings.TrimPrefix(packages[at], "coalition/"))
		for name := range strings.SplitSeq(string(m[2][1:]), ".") {
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(source) {
				t.Errorf("package %s has no %s", m[1], name)
			}
		}
	}
}

// sourceOf returns the code of a package, without its tests.
func sourceOf(t *testing.T, dir string) string {
	files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	return all.String()
}
