package main

import (
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/slots"
)

// A pen is how a text picture is drawn.
type pen struct {
	// width is how many columns a line has at most.
	width int
	// color, and letters besides those of ASCII, are there to be used.
	color, unicode bool
}

// pen is what fits the terminal, in 120 columns at most, and the locale (POSIX, XBD 8.2).
func (a *app) pen() pen {
	p := pen{width: min(a.width(), 120), color: a.color()}
	for _, key := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := a.getenv(key); locale != "" {
			charset := strings.ToLower(locale)
			p.unicode = strings.Contains(charset, "utf-8") || strings.Contains(charset, "utf8")
			break
		}
	}
	return p
}

// stroke is how a column of an ink looks, and in which colour (ECMA-48, SGR).
func (pen pen) stroke(i ink) (glyph rune, color string) {
	switch i {
	case inkOpen:
		glyph, color = '·', "2"
	case inkRule:
		glyph, color = '░', "33"
	case inkTravel:
		glyph, color = '▒', "2"
	case inkOthers:
		glyph, color = '▓', "35"
	case inkBusy:
		glyph = '█'
	case inkFree:
		glyph, color = '─', "32"
	case inkOffered:
		glyph, color = '━', "1;32"
	default:
		glyph = ' '
	}
	if !pen.unicode {
		glyph = []rune(" .:+%#-=")[i]
	}
	return glyph, color
}

// text draws the days under each other, each with a line for both of the two and what stands in the way in words.
func (p *picture) text(pen pen) string {
	from, to := p.hours()
	// The longest day is "Wed 30 Sep".
	const day = 10
	name := min(max(runewidth.StringWidth(p.partner), 4), 12)
	t := textPicture{picture: p, pen: pen, from: from, to: to, columns: 1, left: day + 2 + name + 1}
	for _, n := range []int{2, 4, 8} {
		if t.left+(to-from)*n <= pen.width {
			t.columns = n
		}
	}
	for _, piece := range plaintext.Wrap(p.heading(), pen.width) {
		t.line(t.cut(piece, pen.width))
	}
	for _, s := range p.stretches() {
		t.line("")
		if s.idle != "" {
			t.line(t.cut(runewidth.FillRight(s.label+"  ", t.left)+s.idle, pen.width))
			continue
		}
		if s.axis {
			t.axis(s.day)
		}
		t.line(runewidth.FillRight(s.label, day+2) + runewidth.FillRight("you", name+1) + t.lane(s.day, slots.Organizer))
		t.line(strings.Repeat(" ", day+2) + runewidth.FillRight(t.cut(p.partner, name), name+1) +
			t.lane(s.day, slots.Partner))
		t.remarks(s.day)
	}
	t.line("")
	t.line(t.key())
	return t.b.String()
}

// A textPicture is a picture on the way to be text.
type textPicture struct {
	*picture
	pen pen
	// from and to are the hours of the day between which it is drawn; columns are those of an hour.
	from, to, columns int
	// left is how many columns stand before those of the day.
	left int
	b    strings.Builder
}

func (t *textPicture) line(s string) { t.b.WriteString(strings.TrimRight(s, " ") + "\n") }

// cut is s, or what of it fits into so many columns.
func (t *textPicture) cut(s string, columns int) string {
	if t.pen.unicode {
		return runewidth.Truncate(s, columns, "…")
	}
	return runewidth.Truncate(s, columns, ".")
}

func (t *textPicture) remarks(d *slots.Day) {
	const when = 13
	for _, r := range t.picture.remarks(d) {
		indent := t.left
		if r.when != "" {
			indent += when
		}
		for i, piece := range plaintext.Wrap(r.what, t.pen.width-indent) {
			first := strings.Repeat(" ", t.left)
			if i == 0 {
				first += r.when
			}
			t.line(runewidth.FillRight(first, indent) + t.cut(piece, t.pen.width-indent))
		}
	}
}

// cells calls f for each column of a day, with the time that it is.
func (t *textPicture) cells(d *slots.Day, f func(n int, cell invites.Span)) {
	const hour = 3600
	step := hour / t.columns
	for n := range (t.to - t.from) * t.columns {
		at := t.from*hour + n*step
		f(n, invites.Span{Start: t.clock(d, at), End: t.clock(d, at+step)})
	}
}

// axis writes the hours of a day on the clocks of both.
func (t *textPicture) axis(d *slots.Day) {
	for _, zone := range t.zones() {
		line := runewidth.FillRight(runewidth.FillLeft(city(zone), t.left-1), t.left)
		t.cells(d, func(n int, cell invites.Span) {
			local := cell.End.Add(-time.Nanosecond).In(zone)
			whole := local.Truncate(time.Minute).Add(-time.Duration(local.Minute()) * time.Minute)
			if at := t.left + n; !whole.Before(cell.Start) && runewidth.StringWidth(line) <= at {
				line = runewidth.FillRight(line, at) + local.Format("15") + " "
			}
		})
		t.line(line)
	}
}

// lane is the day of one of the two.
func (t *textPicture) lane(d *slots.Day, who slots.Who) string {
	parts := t.parts(d, who)
	var b strings.Builder
	last, number := "", 0
	t.cells(d, func(_ int, cell invites.Span) {
		on := part{ink: inkOutside}
		for _, p := range parts {
			// What is free is drawn where all of the column is, all else where some of it is.
			inside := !cell.Start.Before(p.Start) && !cell.End.After(p.End)
			if inside || p.ink < inkFree && p.Overlaps(cell) {
				on = p
			}
		}
		glyph, color := t.pen.stroke(on.ink)
		if on.number > 0 && on.number != number {
			glyph = rune('0' + on.number)
		}
		number = on.number
		if t.pen.color && color != last {
			b.WriteString("\x1b[0;" + color + "m")
			last = color
		}
		b.WriteRune(glyph)
	})
	if last != "" {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}

// key says what the strokes mean.
func (t *textPicture) key() string {
	line, all := "", []string(nil)
	for _, l := range legend {
		glyph, _ := t.pen.stroke(l.ink)
		text := strings.Repeat(string(glyph), 3)
		if l.ink == inkOffered {
			text = "1" + text[len(string(glyph)):]
		}
		text += " " + l.means
		if line != "" && runewidth.StringWidth(line+"   "+text) > t.pen.width {
			all = append(all, line)
			line = ""
		}
		if line != "" {
			line += "   "
		}
		line += text
	}
	return strings.Join(append(all, line), "\n")
}
