package sheet

import (
	"fmt"
	"math"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// What is printed has to fit on one page, whatever font the reader has, and no script may measure it. So how high it
// will be is reckoned here, with the widths of a wide font, and as much is shortened as that needs. What is left over is
// room for notes.

// The page as sheet.css has it, in points: what is inside the margins of both A4 and Letter.
const (
	pageWidth, pageHeight = 186 * mm, 254 * mm
	columnWidth           = (pageWidth - 8*mm) / 2
	// For the three lines that are to be filled in by hand, and their head.
	notes = 30 * mm
	slack = 10 * mm

	mm = 72 / 25.4
)

// The lines as sheet.css has them, in widths of an m.
const (
	lineHeight, lineGap = 1.3, 0.2
	titleHeight         = 2.3
	markWidth           = 1.5
)

// A level is how large a page is written, in points, and what is left out of it: text of more letters than that, and
// more items of a list; 0: nothing.
type level struct {
	size           float64
	letters, items int
	// room is what must be left over, in points: for notes, or, where there is no choice, for what is reckoned wrongly.
	room float64
}

// levels are tried in turn. Small letters come before less room for notes, and that before leaving something out. The
// last one holds all that a plan and a journal can say.
var levels = []level{
	{11, 0, 0, notes}, {10, 0, 0, notes}, {9, 0, 0, notes}, {8.5, 0, 0, slack},
	{8.5, 1000, 20, slack}, {8.5, 700, 14, slack}, {8.5, 500, 12, slack}, {8.5, 400, 10, slack}, {8.5, 320, 9, slack},
	{8.5, 260, 8, slack}, {8.5, 220, 7, slack}, {8.5, 190, 6, slack}, {8.5, 160, 5, slack}, {8.5, 130, 4, slack},
	{8.5, 110, 3, slack}, {8.5, 80, 2, slack}, {8.5, 60, 1, slack}, {8.5, 40, 1, slack},
}

// A content is all that stands on a page.
type content struct {
	title, notice string
	facts         []line
	blocks        []block
}

// fit is what of a content fits on one page, and the level that it takes.
func (c content) fit() (content, level) {
	for _, l := range levels {
		if short := c.shorten(l); short.height(l)+l.room <= pageHeight || l == levels[len(levels)-1] {
			return short, l
		}
	}
	panic("there is a last level")
}

// shorten leaves out what the level does, and says so.
func (c content) shorten(l level) content {
	if l.letters == 0 {
		return c
	}
	short := content{title: clip(c.title, min(l.letters+20, 160)), notice: c.notice +
		" It is shortened to fit on one page, where it ends in “…” or counts what is left out; your files have it all."}
	cut := func(line line) line {
		if line.own {
			line.text = clip(strings.ReplaceAll(line.text, "\n", " "), l.letters)
		}
		return line
	}
	for _, line := range c.facts {
		short.facts = append(short.facts, cut(line))
	}
	for _, all := range c.blocks {
		kept, inList := block{title: all.title}, 0
		for i, line := range all.lines {
			if inList++; !line.listed {
				inList = 0
			}
			if inList <= l.items {
				kept.lines = append(kept.lines, cut(line))
			}
			if last := i+1 == len(all.lines) || !all.lines[i+1].listed; last && inList > l.items {
				kept.say("", fmt.Sprintf("… and %d more", inList-l.items))
			}
		}
		short.blocks = append(short.blocks, kept)
	}
	return short
}

// clip is s in the room of so many letters at most: as many whole words of it as there is room for.
func clip(s string, most int) string {
	cut := runewidth.Truncate(s, most, "")
	for n := most; wide(cut) > 0.6*float64(most); n = n * 9 / 10 {
		cut = runewidth.Truncate(s, n, "")
	}
	if cut == s {
		return s
	}
	if space := strings.LastIndexByte(cut, ' '); space > len(cut)*2/3 {
		cut = cut[:space]
	}
	// It stays with the last word.
	return strings.TrimRight(cut, " .,;:") + "\u00a0…"
}

// height is that of the whole page as the level writes it, in points.
func (c content) height(l level) float64 {
	full := pageWidth / l.size
	head := 1.4*lineHeight*rows(c.title, full/1.6) + lineHeight*rows(c.notice, full) + 2
	for _, f := range c.facts {
		head += lineGap + lineHeight*rows(f.text, full-5)
	}
	width, body := columnWidth/l.size, 0.0
	for _, b := range c.blocks {
		body += titleHeight + lineHeight*(rows(b.title, width/1.2)-1)
		for _, line := range b.lines {
			indent := 0.0
			if line.mark != "" {
				indent = markWidth
			}
			body += lineGap + lineHeight*rows(line.words(), width-indent)
		}
	}
	// The columns are even but for what is kept together.
	const uneven = 2.5
	return (head + body/2 + uneven) * l.size
}

// rows is how many lines text takes in that width, in widths of an m.
func rows(text string, width float64) float64 {
	total := 0.0
	for paragraph := range strings.SplitSeq(text, "\n") {
		n, at := 1.0, 0.0
		for word := range strings.FieldsSeq(paragraph) {
			w, space := wide(word), em(' ')
			switch {
			case at == 0 && w <= width:
				at = w
			case at+space+w <= width:
				at += space + w
			case w <= width/2:
				n, at = n+1, w
			default:
				// It may be broken anywhere, or stand on the next line first.
				n, at = n+1+math.Floor(w/width), math.Mod(w, width)
			}
		}
		total += n
	}
	return total
}

// wide is how wide text is in one line.
func wide(text string) (width float64) {
	for _, r := range text {
		width += em(r)
	}
	return width
}

// em is about how wide a character is in a wide font (DejaVu Sans, Verdana), in widths of an m.
func em(r rune) float64 {
	switch {
	case strings.ContainsRune(" ilj.,;:'|!I", r):
		return 0.31
	case strings.ContainsRune("tfr()[]/-", r):
		return 0.4
	case strings.ContainsRune("mwMW@%—…&", r):
		return 1
	case r < 0x300 && !unicode.IsUpper(r):
		return 0.62
	case r < 0x300:
		return 0.75
	}
	return 0.65 * float64(runewidth.RuneWidth(r))
}
