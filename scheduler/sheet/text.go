package sheet

import (
	"strings"

	"github.com/mattn/go-runewidth"

	"coalition/invites/plaintext"
)

// Text is the whole sheet for a terminal that has so many columns. bold makes what it is given stand out, or leaves it
// as it is: nothing is told by that alone.
func (s *Sheet) Text(columns int, bold func(string) string) string {
	var b strings.Builder
	// put writes paragraphs behind a first part; all further lines are indented by so many columns.
	put := func(first, paragraphs string, indent int) {
		for paragraph := range strings.SplitSeq(paragraphs, "\n") {
			for _, piece := range plaintext.Wrap(paragraph, max(columns-max(indent, len(first)), 20)) {
				b.WriteString(strings.TrimRight(first+piece, " ") + "\n")
				first = strings.Repeat(" ", indent)
			}
		}
	}
	head := func(title string) {
		for _, piece := range plaintext.Wrap(title, columns) {
			b.WriteString(bold(piece) + "\n")
		}
	}
	head(s.title())
	put("", s.notice(), 0)
	b.WriteString("\n")
	for _, f := range s.facts() {
		put(runewidth.FillRight(f.label, 9), f.text, 9)
	}
	for _, block := range s.blocks() {
		b.WriteString("\n")
		head(block.title)
		for _, l := range block.lines {
			first, indent := "  ", 4
			if l.mark != "" {
				first += l.mark + " "
				indent = len(first)
			}
			put(first, l.words(), indent)
		}
	}
	return b.String()
}
