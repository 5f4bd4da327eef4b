package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"coalition/invites/google/googletest"
)

// TestTour types the tour and holds what it shows against what the program prints.
// Days, times and random ids differ; a line with … stands for any lines.
func TestTour(t *testing.T) {
	tour, err := os.ReadFile("../../docs/tour.md")
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
	if err := os.RemoveAll(filepath.Join(dir, "examples", ".coalition")); err != nil { // of whoever has tried it here
		t.Fatal(err)
	}
	t.Chdir(dir)
	if typed := follow(t, tour, "", nil); typed < 8 {
		t.Errorf("only %d commands were found", typed)
	}
}

// TestTourOfGoogle does the same for the page on Google Calendar, beside a small one, with the config that it shows.
func TestTourOfGoogle(t *testing.T) {
	section, err := os.ReadFile("../../docs/google.md")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := os.ReadFile("../../examples/maya.yaml")
	if err != nil {
		t.Fatal(err)
	}
	configs := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(section, -1)
	if len(configs) != 2 {
		t.Fatalf("it shows %d configs", len(configs))
	}
	g := googletest.Start(t)
	calendar := strings.Replace(string(configs[0][1]), "./secrets/google-client.json", fmt.Sprintf("%q, endpoint: %q", g.ClientFile(t), g.Endpoint()), 1)
	dir := write(t, "config.yaml", anaConfig+calendar, "mail.yaml", anaConfig+calendar+string(configs[1][1]), "conversations/maya.yaml", string(plan))
	t.Chdir(dir)
	t.Setenv("BROWSED", filepath.Join(dir, "browsed"))
	keyring.MockInit()
	typed := follow(t, section, "config.yaml", func(args []string) {
		if slices.Contains(args, "sync") {
			g.Answer(g.Events()[0].Id, "maya@example.org", "accepted", "With pleasure")
		}
	})
	if typed < 5 {
		t.Errorf("only %d commands were found", typed)
	}
	if code, stdout, stderr := coalition(t, dir, "check"); code != exitDone {
		t.Errorf("%s%s", stdout, stderr)
	}
	var out bytes.Buffer
	if code := run(context.Background(), []string{"check", "--config", "mail.yaml"}, nil, strings.NewReader(""), &out, &out); code != exitDone {
		t.Errorf("mail through Google:\n%s", &out)
	}
}

// follow types the commands that text shows, with that config if it names none, and compares what they print; before each,
// where before is not nil, it calls that.
func follow(t *testing.T, text []byte, config string, before func(args []string)) (typed int) {
	t.Helper()
	environ := []string{"COALITION_CONFIG=" + config}
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllSubmatch(text, -1) {
		for _, session := range strings.Split("\n"+string(block[1]), "\n$ ")[1:] {
			line, want, _ := strings.Cut(session, "\n")
			line = strings.Replace(line, "go run ./cmd/coalition", "coalition", 1)
			if rest, ok := strings.CutPrefix(line, "tour "); ok { // the alias that it makes
				line = "coalition --config config.example.yaml " + rest
			}
			args := words(line)
			if args[0] != "coalition" {
				continue // the shell's
			}
			typed++
			if before != nil {
				before(args)
			}
			var out bytes.Buffer
			run(context.Background(), args[1:], environ, strings.NewReader(""), &out, &out)
			got := alike(out.String())
			pattern := strings.ReplaceAll(regexp.QuoteMeta(alike(want)), "…", ".*")
			if !regexp.MustCompile("^" + pattern + "$").MatchString(got) {
				t.Errorf("$ %s\nprints\n%s\nand the page says\n%s", line, out.String(), want)
			}
		}
	}
	return typed
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
	text = strings.TrimSpace(columns.ReplaceAllString(text, " "))
	return strings.ReplaceAll(text, "0 DAY 0:0", "0 DAY 0") // the list shows the year of another year instead
}

// TestLinks follows the links of the pages to other files, and to headings in them.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) < 8 {
		t.Fatal(err, pages)
	}
	root, err := filepath.Glob("../../*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, root...) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllSubmatch(text, -1) {
			path, heading, _ := strings.Cut(string(link[1]), "#")
			if strings.Contains(path, "://") {
				continue
			}
			target := filepath.Join(filepath.Dir(page), path)
			if path == "" {
				target = page
			}
			there, err := os.ReadFile(target)
			if err != nil {
				t.Errorf("%s leads to %s, which is not there", page, link[1])
				continue
			}
			if heading != "" && !strings.Contains(anchors(string(there)), " "+heading+" ") {
				t.Errorf("%s leads to %s, where no such heading is", page, link[1])
			}
		}
	}
}

// anchors are what the headings of a page are linked by.
func anchors(page string) string {
	out := " "
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		words := regexp.MustCompile(`[^\p{L}\p{N} -]`).ReplaceAllString(strings.ToLower(m[1]), "")
		out += strings.ReplaceAll(words, " ", "-") + " "
	}
	return out
}
