package chart

import (
	"fmt"
	"slices"
	"strings"

	"coalition/scheduler/conversation"
)

// SVG is the map as a drawing that stands by itself.
func (m *Map) SVG() []byte { return m.svg(true) }

func (m *Map) svg(alone bool) []byte {
	p := m.plane()
	s := &canvas{}
	s.begin(p.width, p.height, m.title(), m.desc(), alone)
	s.text("title", margin, margin+22, fit(m.title(), titleSize, p.width-2*margin))
	for i, line := range wrap(m.summary()+".", smallSize, p.width-2*margin) {
		s.text("small muted", margin, margin+42+float64(i)*15, line)
	}
	sides := [][]*block{p.left, p.right}
	for i, blocks := range sides {
		out := 2*float64(i) - 1
		for _, b := range blocks {
			p.band(s, b, out)
			x, y := p.middleX+out*hub, b.y+headHeight/2
			s.path("tie trunk", fmt.Sprintf("M%s %sC%s %s %s %s %s %s", num(p.middleX+out*30), num(p.middleY),
				num(p.middleX+out*(hub-6)), num(p.middleY), num(p.middleX+out*core), num(y), num(x), num(y)))
		}
	}
	for i, blocks := range sides {
		for _, b := range blocks {
			p.block(s, b, 2*float64(i)-1)
		}
	}
	p.organizer(s)
	p.key.draw(s, margin, p.keyY)
	s.add("</svg>\n")
	return s.b.Bytes()
}

// organizer draws who is in the middle.
func (p *plane) organizer(s *canvas) {
	s.add(`<g role="img"><title>`)
	s.escape(isolated(p.Organizer))
	s.add(`</title><circle class="core" cx="%s" cy="%s" r="%s"/>`+"\n", num(p.middleX), num(p.middleY), num(core))
	lines := wrap(p.Organizer, nameSize, 2*core-16)
	if len(lines) > 2 {
		lines = []string{lines[0], strings.Join(lines[1:], " ")}
	}
	y := p.middleY + 4.5 - float64(len(lines)-1)*8
	for i, line := range lines {
		s.text("name mid", p.middleX, y+float64(i)*16, isolated(fit(line, nameSize, 2*core-12)))
	}
	s.add("</g>\n")
}

// band is what a group stands on, on the side that out points to.
func (p *plane) band(s *canvas, b *block, out float64) {
	const wide = side - hub + 14
	x := p.middleX + hub - 14
	if out < 0 {
		x = p.middleX - side
	}
	s.add(`<rect class="band" x="%s" y="%s" width="%s" height="%s" rx="9"/>`+"\n", num(x), num(b.y), num(wide), num(b.height()))
}

// block draws a group.
func (p *plane) block(s *canvas, b *block, out float64) {
	words := isolated(b.Name()) + ": " + count(b.total, "partnership")
	s.add(`<g role="list" aria-label="`)
	s.escape(words)
	s.add("\"><title>")
	s.escape(words)
	s.add("</title>\n")
	from := b.y + headHeight/2
	last := b.y + headHeight + (float64(len(b.People))-.5)*rowHeight
	for k := range int(never) + 1 {
		line := p.middleX + out*(nearest+float64(k)*step)
		s.path("guide", fmt.Sprintf("M%s %sV%s", num(line), num(b.y+headHeight), num(last+rowHeight/2)))
	}
	stem := p.middleX + out*hub
	s.path("tie trunk", fmt.Sprintf("M%s %sV%s", num(stem), num(from), num(last)))
	s.add(`<circle class="hub" cx="%s" cy="%s" r="5"/>`+"\n", num(stem), num(from))
	rest := count(b.total, "partnership")
	if b.further {
		rest = "continued"
	}
	p.words(s, stem+out*14, from+5, out, b.Name(), "result", rest)
	for i, person := range b.People {
		p.person(s, person, stem, b.y+headHeight+(float64(i)+.5)*rowHeight, out)
	}
	s.add("</g>\n")
}

// words write a name and what is said of it, from x on outwards: of the name as much as there is room for.
func (p *plane) words(s *canvas, x, y, out float64, name, class, rest string) {
	size := nameSize
	if class == "result" {
		size = resultSize
	}
	const between, inside = 6, 8
	room := side - out*(x-p.middleX) - width(rest, smallSize) - between - inside
	runs, anchor := []run{{class, isolated(fit(name, size, room))}, {"small muted", rest}}, ""
	if out < 0 {
		slices.Reverse(runs)
		anchor = " end"
	}
	s.line("row"+anchor, x, y, runs...)
}

// person draws somebody in a row of their own.
func (p *plane) person(s *canvas, person *Person, stem, y, out float64) {
	s.add(`<g role="listitem"><title>`)
	s.escape(isolated(person.Name) + ": " + p.Stands(person))
	s.add("</title>\n")
	near := p.closeness(person)
	x := p.middleX + out*(nearest+float64(near)*step)
	s.path(fmt.Sprintf("tie near%d", near), fmt.Sprintf("M%s %sH%s", num(stem), num(y), num(x)))
	s.promises("mine", person.Mine, stem+out*5, x-out*11, y-8)
	s.promises("theirs", person.Theirs, x-out*11, stem+out*5, y+8)
	s.mark(lookOf(person.Status), x, y)
	p.words(s, x+out*names, y+4.5, out, person.Name, "name", p.rest(person))
	s.add("</g>\n")
}

// rest is what is written behind a name: how it stands, and when the two met last.
func (p *plane) rest(person *Person) string {
	since := p.Since(person)
	switch {
	case since == "":
		return string(person.Status)
	case person.Status == conversation.Met:
		return "met " + since
	}
	return string(person.Status) + ", met " + since
}

// desc tells those who can't see the map what is drawn.
func (m *Map) desc() string {
	text := m.summary() + "."
	for _, g := range m.Groups() {
		text += " " + isolated(g.Name()) + ": " + count(len(g.People), "partnership") + "."
	}
	return text + " The nearer somebody stands, and the thicker the line, the less time has passed since the last talk."
}

// wrap breaks s between words into lines that are no wider than most.
func wrap(s string, size, most float64) (lines []string) {
	for _, word := range strings.Fields(s) {
		if n := len(lines); n > 0 && width(lines[n-1]+" "+word, size) <= most {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
