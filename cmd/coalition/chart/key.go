package chart

import "fmt"

// A legend says what forms and lines mean: those that are drawn.
type legend struct {
	items  []item
	height float64
}

// An item of a legend stands at x, y.
type item struct {
	words string
	draw  func(s *canvas, x, y float64)
	x, y  float64
}

const (
	// symbol is how wide a sign of the legend is, with the room behind it.
	symbol, keyRow = 46.0, 24.0
)

// place puts the items in lines of that width.
func (l *legend) place(most float64) {
	x, y := 0.0, 0.0
	for i := range l.items {
		it := &l.items[i]
		wide := symbol + width(it.words, smallSize) + 4
		if x > 0 && (x+wide > most || it.words == "") {
			x, y = 0, y+keyRow
		}
		if it.words == "" {
			continue
		}
		it.x, it.y = x, y
		x += wide
	}
	l.height = y + keyRow
}

func (l *legend) draw(s *canvas, x, y float64) {
	s.add(`<g role="list" aria-label="What the signs mean">` + "\n")
	for _, it := range l.items {
		if it.words == "" {
			continue
		}
		s.add(`<g role="listitem">`)
		it.draw(s, x+it.x, y+it.y+keyRow/2)
		s.text("small", x+it.x+symbol-5, y+it.y+keyRow/2+4, it.words)
		s.add("</g>\n")
	}
	s.add("</g>\n")
}

// state adds how a status is drawn.
func (l *legend) state(look look) {
	l.items = append(l.items, item{words: string(look.status), draw: func(s *canvas, x, y float64) {
		s.mark(look, x+24, y)
	}})
}

// legend is that of a map.
func (p *plane) legend() *legend {
	l := &legend{}
	states, near := make(map[string]bool), make(map[closeness]bool)
	var mine, theirs, late bool
	for i := range p.People {
		person := &p.People[i]
		states[string(person.Status)] = true
		near[p.closeness(person)] = true
		mine = mine || person.Mine.Open > 0
		theirs = theirs || person.Theirs.Open > 0
		late = late || person.Mine.Overdue+person.Theirs.Overdue > 0
	}
	for _, look := range looks {
		if states[string(look.status)] {
			l.state(look)
		}
	}
	l.items = append(l.items, item{})
	for c := range never + 1 {
		if near[c] {
			l.items = append(l.items, item{words: c.String(), draw: func(s *canvas, x, y float64) {
				s.path(fmt.Sprintf("tie near%d", c), fmt.Sprintf("M%s %sh34", num(x), num(y)))
			}})
		}
	}
	l.items = append(l.items, item{})
	for _, line := range []struct {
		has          bool
		class, words string
		of           Promises
		forth        bool
	}{
		{mine, "mine", "your open promises, towards them", Promises{1, 0}, true},
		{theirs, "theirs", "theirs, towards you", Promises{1, 0}, false},
		{late, "mine", "the day of one or more has passed", Promises{1, 1}, true},
	} {
		if line.has {
			l.items = append(l.items, item{words: line.words, draw: func(s *canvas, x, y float64) {
				from, to := x, x+34
				if !line.forth {
					from, to = to, from
				}
				s.promises(line.class, line.of, from, to, y)
			}})
		}
	}
	l.place(p.width - 2*margin)
	return l
}
