package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// TestManual writes the manual pages, which a release carries: into the folder that COALITION_MANUAL names (make
// manual, with the day of SOURCE_DATE_EPOCH), else into one of its own. Each command has one, which says what it does.
func TestManual(t *testing.T) {
	dir := os.Getenv("COALITION_MANUAL")
	if dir == "" {
		dir = t.TempDir()
	}
	root := (&app{}).root()
	eachCommand(root, func(c *cobra.Command) { c.Long = verbatim(c.Long) })
	header := doc.GenManHeader{Section: "1", Source: "coalition", Manual: "coalition"}
	if err := doc.GenManTree(root, &header, dir); err != nil {
		t.Fatal(err)
	}
	eachCommand(root, func(c *cobra.Command) {
		page, err := os.ReadFile(filepath.Join(dir, strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), c.Short) {
			t.Errorf("the page of %q does not say what it does", c.CommandPath())
		}
	})
}

func eachCommand(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, below := range c.Commands() {
		if below.IsAvailableCommand() {
			eachCommand(below, do)
		}
	}
}

// verbatim returns a text of which the indented lines, such as a list of keys, keep their lines in Markdown.
func verbatim(text string) string {
	var out []string
	list := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		indented := strings.HasPrefix(line, "  ")
		if indented != list {
			out = append(out, "")
			list = indented
		}
		if indented {
			line = "    " + strings.TrimPrefix(line, "  ")
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}
