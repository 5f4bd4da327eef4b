package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadme types the tour of the README and holds what it shows against what the program prints.
// Days, times and random ids differ; a line with … stands for any lines.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config, err := os.ReadFile("../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.example.yaml"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "examples"), os.DirFS("../../examples")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	environ := []string{"COALITION_CONFIG=config.example.yaml"}
	typed := 0
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllSubmatch(readme, -1) {
		for _, session := range strings.Split("\n"+string(block[1]), "\n$ ")[1:] {
			line, want, _ := strings.Cut(session, "\n")
			line = strings.Replace(line, "go run ./cmd/coalition", "coalition", 1)
			args := words(line)
			if args[0] != "coalition" {
				continue // the shell's
			}
			typed++
			var out bytes.Buffer
			run(context.Background(), args[1:], environ, strings.NewReader(""), &out, &out)
			got := alike(out.String())
			pattern := strings.ReplaceAll(regexp.QuoteMeta(alike(want)), "…", ".*")
			if !regexp.MustCompile("^" + pattern + "$").MatchString(got) {
				t.Errorf("$ %s\nprints\n%s\nand the README says\n%s", line, out.String(), want)
			}
		}
	}
	if typed < 8 {
		t.Errorf("only %d commands were found", typed)
	}
}

// words are those of a command line, quoted ones whole.
func words(line string) (list []string) {
	for _, m := range regexp.MustCompile(`"([^"]*)"|\S+`).FindAllStringSubmatch(line, -1) {
		if m[1] != "" {
			m[0] = m[1]
		}
		list = append(list, m[0])
	}
	return list
}

var (
	days    = regexp.MustCompile(`\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b`)
	ids     = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
	digits  = regexp.MustCompile(`\d+`)
	columns = regexp.MustCompile(`[ \n]+`)
)

// alike is text on one line, without what differs from day to day: where a line wraps, too.
func alike(text string) string {
	text = strings.ReplaceAll(ids.ReplaceAllString(text, "ID"), "go run ./cmd/coalition", "coalition")
	text = digits.ReplaceAllString(days.ReplaceAllString(text, "DAY"), "0")
	text = strings.ReplaceAll(text, "0 DAY 0:0", "0 DAY 0") // the list shows the year of another year instead
	return strings.TrimSpace(columns.ReplaceAllString(text, " "))
}
