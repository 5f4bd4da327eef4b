package plaintext

import (
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// Wrap breaks s between its words into lines of so many columns, 2 at least. Words of a script that puts no spaces
// between them are broken where the line ends, and so are words longer than a line, besides web addresses: whoever
// follows one needs all of it. Without a word it returns one empty line.
func Wrap(s string, columns int) []string {
	lines, used := []string{""}, 0
	put := func(space, piece string) {
		lines[len(lines)-1] += space + piece
		used += len(space) + runewidth.StringWidth(piece)
	}
	feed := func() { lines, used = append(lines, ""), 0 }
	for _, word := range strings.Fields(s) {
		space := " "
		for {
			if used == 0 {
				space = ""
			}
			width := runewidth.StringWidth(word)
			room := columns - used - len(space)
			if width <= room {
				put(space, word)
				break
			}
			head := ""
			if unspaced := width > utf8.RuneCountInString(word); unspaced || used == 0 && !strings.Contains(word, "://") {
				head = runewidth.Truncate(word, room, "")
			}
			switch {
			case head != "":
				put(space, head)
				word = word[len(head):]
			case used == 0:
				put("", word)
				word = ""
			}
			if word == "" {
				break
			}
			feed()
		}
	}
	return lines
}
