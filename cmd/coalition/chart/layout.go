package chart

// Where things stand in a map, from its middle outwards: the spot of each result, the people by how long ago the last
// talk was, their names.
const (
	margin  = 24.0
	core    = 46.0
	hub     = 86.0
	nearest = hub + 56
	step    = 28.0
	names   = 16.0
	// The sizes of letters.
	titleSize, resultSize, nameSize, smallSize = 22.0, 15.0, 13.0, 11.5
	// side is how far out a map goes on each side.
	side = nearest + 4*step + names + 326
	// rowHeight is that of a person; headHeight that of the name of a result.
	rowHeight, headHeight, footHeight, gap = 28.0, 42.0, 8.0, 14.0
	// topHeight is that of the title; above tallest, what the signs mean stands there, too.
	topHeight, tallest = 84.0, 1400.0
)

// A block is a group, or a part of one, as it stands on one side of the map.
type block struct {
	Group
	// total is how many people the group has; further says that it began on the other side.
	total   int
	further bool
	// y is its upper edge.
	y float64
}

func (b *block) height() float64 {
	return headHeight + float64(len(b.People))*rowHeight + footHeight
}

// A plane is a map with a place for everybody. Each person has a row of their own, so that nothing is written over
// anything else, in whatever font; groups follow each other down the left side and then down the right. A few have one
// side only.
type plane struct {
	*Map
	right, left []*block
	// middle is where the organizer stands; the key stands at keyY.
	middleX, middleY, keyY float64
	width, height          float64
	key                    *legend
}

func (m *Map) plane() *plane {
	p := &plane{Map: m, middleX: margin + side, width: 2 * (margin + side)}
	p.divide(m.Groups())
	if len(p.left) == 0 {
		p.middleX = margin + core
		p.width = p.middleX + side + margin
	}
	tall := 2*core + 8
	for _, blocks := range [][]*block{p.left, p.right} {
		tall = max(tall, stack(blocks, 0))
	}
	p.key = p.legend()
	top := topHeight
	p.keyY = top + tall + 22
	if tall > tallest {
		p.keyY = top - 10
		top += p.key.height
	}
	for _, blocks := range [][]*block{p.left, p.right} {
		stack(blocks, top+(tall-stack(blocks, 0))/2)
	}
	p.middleY = top + tall/2
	p.height = max(p.keyY+p.key.height, top+tall) + margin
	return p
}

// stack puts blocks under each other, from y on, and returns how tall they are together.
func stack(blocks []*block, y float64) float64 {
	top := y
	for i, b := range blocks {
		if i > 0 {
			y += gap
		}
		b.y = y
		y += b.height()
	}
	return y - top
}

// divide puts groups on the two sides, so that these are about as tall: a group is only divided where that makes them
// much more so, and few people stay on one side.
func (p *plane) divide(groups []Group) {
	whole := 0
	for _, g := range groups {
		whole += len(g.People)
	}
	const few = 8
	if whole <= few {
		for _, g := range groups {
			p.right = append(p.right, &block{Group: g, total: len(g.People)})
		}
		return
	}
	var all []*block
	for _, g := range groups {
		all = append(all, &block{Group: g, total: len(g.People)})
	}
	height := stack(all, 0)
	best, at, within := height, len(all), 0
	consider := func(i, n int, above, cost float64) {
		if cost += max(2*above-height, height-2*above); cost < best {
			best, at, within = cost, i, n
		}
	}
	for i, b := range all {
		consider(i, 0, b.y, 0)
		// Divided only with three people at least on each side.
		for n := 3; n <= len(b.People)-3; n++ {
			consider(i, n, b.y+headHeight+float64(n)*rowHeight, 20*rowHeight)
		}
	}
	p.left, p.right = all[:at:at], all[at:]
	if within > 0 {
		cut := all[at]
		rest := &block{Group: Group{cut.Result, cut.People[within:]}, total: cut.total, further: true}
		cut.People = cut.People[:within]
		p.left, p.right = append(p.left, cut), append([]*block{rest}, all[at+1:]...)
	}
	if len(p.right) == 0 {
		p.left, p.right = nil, p.left
	}
}

// Wide reports whether the map has two sides.
func (m *Map) Wide() bool { return len(m.plane().left) > 0 }
