package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"coalition/invites/plaintext"
	"coalition/scheduler/strictyaml"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// timeLayout is how a time is shown.
const timeLayout = "Mon 2 Jan 2006 15:04"

// width is how many columns the terminal has; 80 where there is none.
func (a *app) width() int {
	if f, ok := a.stdout.(*os.File); ok && terminal(f) {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 40 {
			return w
		}
	}
	return 80
}

// table prints rows under their heads, in columns that fit the terminal. The last column wraps. A row of one cell is the
// head of those below it.
func (a *app) table(rows [][]string) {
	width := a.width()
	last := len(rows[0]) - 1
	widths := make([]int, last)
	for _, r := range rows {
		for i, cell := range r[:min(last, len(r)-1)] {
			widths[i] = max(widths[i], min(runewidth.StringWidth(cell), 24))
		}
	}
	indent := 0
	// The last column is to have a third of the width.
	for most := 24; most >= 12; most-- {
		indent = 0
		for i, w := range widths {
			widths[i] = min(w, most)
			indent += widths[i] + 2
		}
		if indent <= width*2/3 {
			break
		}
	}
	// A terminal or pipe is slow to take lines one by one.
	out := bufio.NewWriter(a.stdout)
	for n, r := range rows {
		if len(r) == 1 && last > 0 {
			fmt.Fprintln(out, "\n"+a.bold(runewidth.Truncate(r[0], width, "…")))
			continue
		}
		var line strings.Builder
		for i, cell := range r[:last] {
			line.WriteString(runewidth.FillRight(runewidth.Truncate(cell, widths[i], "…"), widths[i]) + "  ")
		}
		for i, piece := range plaintext.Wrap(r[last], max(width-indent, 20)) {
			if i > 0 {
				line.WriteString("\n" + strings.Repeat(" ", indent))
			}
			line.WriteString(piece)
		}
		text := strings.TrimRight(line.String(), " ")
		if n == 0 {
			text = a.bold(text)
		}
		fmt.Fprintln(out, text)
	}
	// Who has closed the pipe wants no more.
	_ = out.Flush()
}

// color reports whether what is printed may be bold or in colours.
func (a *app) color() bool {
	return !a.noColor && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb" && terminal(a.stdout)
}

func (a *app) bold(s string) string {
	if !a.color() {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// say prints talk: on stderr where stdout carries data.
func (a *app) say(format string, args ...any) {
	if a.quiet {
		return
	}
	w := a.stdout
	if a.json || a.aside {
		w = a.stderr
	}
	fmt.Fprintf(w, format+"\n", args...)
}

// note prints what has to be read, also where stdout carries data or quiet was asked for.
func (a *app) note(format string, args ...any) { fmt.Fprintf(above{a}, format+"\n", args...) }

// data prints v, where data is asked for.
func (a *app) data(v any) error {
	if !a.json {
		return nil
	}
	return a.printJSON(v)
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printProblems prints each problem, with its line where that can't end up in a log.
func printProblems(w io.Writer, list []strictyaml.Problem, lines bool) {
	for _, p := range list {
		fmt.Fprintln(w, p)
		if lines && p.Excerpt != "" {
			fmt.Fprintln(w, p.Excerpt)
		}
	}
}

// orNull returns nil for the zero value.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func stamp(t time.Time, zone *time.Location) *string {
	if t.IsZero() {
		return nil
	}
	s := t.In(zone).Format(time.RFC3339)
	return &s
}

// zone returns the organizer's, on whose clock times are shown.
func (a *app) zone() *time.Location { return a.config.Organizer.Timezone.Location("UTC") }

// local shows a time on the organizer's clock.
func (a *app) local(t time.Time) string { return t.In(a.zone()).Format(timeLayout) }

// hint returns a command line of this program that works as it stands, for this config.
func (a *app) hint(args string) string {
	program := "coalition"
	// Started by go run.
	if strings.Contains(os.Args[0], "go-build") {
		program = "go run ./cmd/coalition"
	}
	if a.configFile != "" {
		args += " --config " + a.configFile
	}
	return program + " " + args
}
