package sheet

import (
	"regexp"
	"strings"
	"sync"
)

// Markdown is the whole sheet in CommonMark. What people wrote is shown as they wrote it: it makes no heading, link,
// picture, list or HTML.
func (s *Sheet) Markdown() string {
	var b strings.Builder
	b.WriteString("# " + escape(s.title()) + "\n\n" + escape(s.notice()) + "\n\n")
	for _, f := range s.facts() {
		text := strings.ReplaceAll(escape(f.text), "\n", "\\\n  ")
		// What can't be in an address is not taken for one.
		if f.label == joinLabel && !strings.ContainsAny(f.text, "<> ") {
			text = "<" + f.text + ">"
		}
		b.WriteString("- **" + f.label + "**: " + text + "\n")
	}
	for _, block := range s.blocks() {
		b.WriteString("\n## " + escape(block.title) + "\n")
		item := false
		for i, l := range block.lines {
			// A paragraph stands by itself, the items of a list under each other.
			if i == 0 || l.mark == "" || !item {
				b.WriteString("\n")
			}
			item = l.mark != ""
			first := ""
			switch l.mark {
			case "":
			case "[ ]":
				first = "- [ ] "
			default:
				first = l.mark + " "
			}
			indent := strings.Repeat(" ", len(strings.TrimSuffix(first, "[ ] ")))
			label := escape(l.label)
			if l.text != "" && label != "" {
				label = "**" + label + "** "
			}
			b.WriteString(first + label + strings.ReplaceAll(escape(l.text), "\n", "\\\n"+indent) + escape(l.tail) + "\n")
		}
	}
	return b.String()
}

var special = sync.OnceValue(func() *regexp.Regexp {
	// What has a meaning anywhere (CommonMark 2.4, and the tables, tasks and strikethrough of GitHub), and what has one at
	// the beginning of a line.
	return regexp.MustCompile("(?m)[\\\\`*_\\[\\]<>&|~$]|^[#+=:-]|^(\\d+)([.)])")
})

// escape makes Markdown of plain text.
func escape(text string) string {
	return special().ReplaceAllStringFunc(text, func(m string) string {
		if last := len(m) - 1; last > 0 {
			return m[:last] + `\` + m[last:]
		}
		return `\` + m
	})
}
