package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// table prints rows under their heads, in columns that fit the terminal, or 80 characters. The last
// column wraps.
func (a *app) table(rows [][]string) {
	width := 80
	if f, ok := a.stdout.(*os.File); ok && terminal(f) {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 40 {
			width = w
		}
	}
	last := len(rows[0]) - 1
	widths := make([]int, last)
	for _, r := range rows {
		for i, cell := range r[:last] {
			widths[i] = max(widths[i], min(runewidth.StringWidth(cell), 24))
		}
	}
	indent := 0
	for most := 24; most >= 12; most-- { // the last column is to have a third of the width
		indent = 0
		for i, w := range widths {
			widths[i] = min(w, most)
			indent += widths[i] + 2
		}
		if indent <= width*2/3 {
			break
		}
	}
	out := bufio.NewWriter(a.stdout) // a terminal or pipe is slow to take lines one by one
	for n, r := range rows {
		var line strings.Builder
		for i, cell := range r[:last] {
			line.WriteString(runewidth.FillRight(runewidth.Truncate(cell, widths[i], "…"), widths[i]) + "  ")
		}
		for i, piece := range wrap(r[last], max(width-indent, 20)) {
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
	_ = out.Flush() // who has closed the pipe wants no more
}

// wrap breaks s between words into lines of that width.
func wrap(s string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(s) {
		i := len(lines) - 1
		switch {
		case lines[i] == "":
			lines[i] = word
		case runewidth.StringWidth(lines[i])+1+runewidth.StringWidth(word) <= width:
			lines[i] += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}

func (a *app) bold(s string) string {
	if a.noColor || a.getenv("NO_COLOR") != "" || a.getenv("TERM") == "dumb" || !terminal(a.stdout) {
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
