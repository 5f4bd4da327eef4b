package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
	"golang.org/x/text/unicode/bidi"
)

// A canvas is an SVG on the way to be drawn. All that people have written goes through its escape, and each name is
// isolated from the direction of what is around it (UAX 9).
type canvas struct{ b bytes.Buffer }

// add writes mark-up of our own.
func (s *canvas) add(format string, args ...any) { fmt.Fprintf(&s.b, format, args...) }

// escape writes text, and U+FFFD for what XML has no place for.
func (s *canvas) escape(text string) {
	// A buffer takes all.
	_ = xml.EscapeText(&s.b, []byte(text))
}

// element writes an element that holds text alone; tag is its name, with attributes.
func (s *canvas) element(tag, text string) {
	name, _, _ := strings.Cut(tag, " ")
	s.add("<%s>", tag)
	s.escape(text)
	s.add("</%s>", name)
}

// A run is a piece of a line of text that looks alike.
type run struct{ class, text string }

// line writes a line of text of several runs, at x, y.
func (s *canvas) line(class string, x, y float64, runs ...run) {
	s.add(`<text class="%s" x="%s" y="%s">`, class, num(x), num(y))
	for i, r := range runs {
		apart := ""
		if i > 0 {
			apart = ` dx="6"`
		}
		s.element(fmt.Sprintf("tspan class=%q%s", r.class, apart), r.text)
	}
	s.add("</text>\n")
}

func (s *canvas) text(class string, x, y float64, text string) {
	s.element(fmt.Sprintf(`text class="%s" x="%s" y="%s"`, class, num(x), num(y)), text)
	s.add("\n")
}

func (s *canvas) path(class, d string) { s.add(`<path class="%s" d="%s"/>`+"\n", class, d) }

// mark draws a status at x, y.
func (s *canvas) mark(l look, x, y float64) {
	class := "mark " + l.hue
	if l.full {
		class += " full"
	}
	if l.dashed {
		class += " dashed"
	}
	s.add(`<g transform="translate(%s %s)"><path class="%s" d="%s"/>`, num(x), num(y), class, l.path)
	if l.over != "" {
		s.add(`<path class="over" d="%s"/>`, l.over)
	}
	s.add("</g>\n")
}

// promises draw those of one side from one x to another, at y, with their number.
func (s *canvas) promises(class string, of Promises, from, to, y float64) {
	if of.Open == 0 {
		return
	}
	state, number := "open", strconv.Itoa(of.Open)
	if of.Overdue > 0 {
		state, number = "late", number+"!"
	}
	forth := 1.0
	if to < from {
		forth = -1
	}
	s.path(class+" "+state, fmt.Sprintf("M%s %sH%s", num(from), num(y), num(to-forth*7)))
	s.path(class+" head", fmt.Sprintf("M%s %sl%s -3.6v7.2Z", num(to), num(y), num(-forth*8)))
	middle := (from + to - forth*7) / 2
	s.text("halo mid", middle, y+3.8, number)
	s.text("number mid "+class, middle, y+3.8, number)
}

// begin opens the drawing. With alone it stands by itself, and its parts are read one by one; else words beside it say
// what it does.
func (s *canvas) begin(width, height float64, title, desc string, alone bool) {
	role := "img"
	if alone {
		role = "graphics-document document"
	}
	w, h := num(width), num(height)
	s.add(`<svg xmlns="http://www.w3.org/2000/svg" lang="en" role="%s" aria-labelledby="title desc" `+
		`width="%s" height="%s" viewBox="0 0 %s %s">`+"\n", role, w, h, w, h)
	s.element(`title id="title"`, title)
	s.add("\n")
	s.element(`desc id="desc"`, desc)
	s.add("\n")
	s.element("style", style())
	s.add("\n"+`<rect class="ground" width="%s" height="%s"/>`+"\n", w, h)
}

// num is a number with one digit behind the point at most.
func num(x float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(x+0, 'f', 1, 64), ".0")
}

// isolated is s as it may stand in a sentence of another direction.
func isolated(s string) string {
	for _, r := range s {
		if p, _ := bidi.LookupRune(r); p.Class() == bidi.R || p.Class() == bidi.AL || p.Class() == bidi.AN {
			return "\u2068" + s + "\u2069"
		}
	}
	return s
}

// width is how wide text is at most at a size in pixels, in the fonts that screens have; bold counts as wide as it may
// be.
func width(s string, size float64) float64 {
	sum := 0.0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case r >= 0x1f000:
			sum += 1.3
		case runewidth.RuneWidth(r) > 1:
			sum += 1.05
		case strings.ContainsRune("ijlI.,:;'|! ()ft-", r):
			sum += .42
		case strings.ContainsRune("mwMW@%", r) || r > 0x7f && unicode.IsUpper(r):
			sum += 1.12
		case unicode.IsUpper(r):
			sum += .8
		default:
			sum += .68
		}
	}
	return sum * size
}

// fit is s, or as much of it as is no wider than most, between characters as people see them.
func fit(s string, size, most float64) string {
	if width(s, size) <= most {
		return s
	}
	for n := min(runewidth.StringWidth(s), int(most/size*3)); n > 0; n-- {
		if short := runewidth.Truncate(s, n, "…"); width(short, size) <= most {
			return short
		}
	}
	return "…"
}
