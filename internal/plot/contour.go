package plot

import "math"

// draw paints, for each level from the lowest, where the function is at least as
// high; the next level's area lies on top. So no seams show between the bands.
func (l Contour) draw(p *panel, _ style) {
	g := p.ground
	p.patch(p.box, unknown)
	for k, c := range g.bands {
		level := -math.MaxFloat64
		if k > 0 {
			level = g.level[k-1]
		}
		lines := p.outlines(g.z, level)
		if lines == nil {
			continue
		}
		s := shape{lines: lines, closed: true, fill: c}
		if k > 0 {
			s.stroke, s.width = rgba{0, 0, 0, .3}, .6
		}
		p.add(s)
	}
}

// The four edges of a cell of a grid.
const (
	north = iota
	east
	south
	west
)

// squares says which lines (from one edge to another) separate the corners of a
// cell that are high from the others, the high ones on the left of the line. Its
// index has a bit for each corner that is high: 1 north-west, 2 north-east, 4
// south-east, 8 south-west. For 5 and 10, the middle decides: those are for a
// low middle, those of 16 more for a high one.
var squares = [32][][2]int{
	1: {{west, north}}, 2: {{north, east}}, 3: {{west, east}}, 4: {{east, south}},
	5: {{west, north}, {east, south}}, 6: {{north, south}}, 7: {{west, south}},
	8: {{south, west}}, 9: {{south, north}}, 10: {{north, east}, {south, west}},
	11: {{south, east}}, 12: {{east, west}}, 13: {{east, north}}, 14: {{north, west}},
	16 + 5: {{east, north}, {west, south}}, 16 + 10: {{north, west}, {south, east}},
}

// regions returns the outlines of where a sampled function is at least level
// (marching squares), in units of the grid's sides. A margin of no width
// around the grid counts as low, so every outline closes.
func regions(z [][]float64, level float64) [][]point {
	h, w := len(z)+2, len(z[0])+2
	at := func(i, j int) float64 {
		if i == 0 || j == 0 || i == w-1 || j == h-1 || math.IsNaN(z[j-1][i-1]) {
			return math.Inf(-1)
		}
		return z[j-1][i-1]
	}
	// Edges have numbers: 2*node for the one to the east, 2*node+1 to the south.
	next := make([]int, 2*w*h)
	for i := range next {
		next[i] = -1
	}
	for j := range h - 1 {
		for i := range w - 1 {
			edges := [4]int{2 * (j*w + i), 2*(j*w+i+1) + 1, 2 * ((j+1)*w + i), 2*(j*w+i) + 1}
			for _, line := range squares[cornersHigh(at(i, j), at(i+1, j), at(i+1, j+1), at(i, j+1), level)] {
				next[edges[line[0]]] = edges[line[1]]
			}
		}
	}
	place := func(edge int) point {
		i, j := edge/2%w, edge/2/w
		a := at(i, j)
		x, y := float64(i), float64(j)
		if edge%2 == 0 {
			x += crossing(a, at(i+1, j), level)
		} else {
			y += crossing(a, at(i, j+1), level)
		}
		side := func(v float64, n int) float64 { return min(max(v-1, 0), float64(n-3)) / float64(n-3) }
		return point{side(x, w), side(y, h)}
	}
	var out [][]point
	for start := range next {
		var loop []point
		for e := start; next[e] >= 0; {
			loop = append(loop, place(e))
			e, next[e] = next[e], -1
		}
		if loop != nil {
			out = append(out, loop)
		}
	}
	return out
}

// cornersHigh is the index into squares of a cell.
func cornersHigh(nw, ne, se, sw, level float64) int {
	n := 0
	for k, v := range [4]float64{nw, ne, se, sw} {
		if v >= level {
			n |= 1 << k
		}
	}
	if (n == 5 || n == 10) && (nw+ne+se+sw)/4 >= level {
		n |= 16
	}
	return n
}

// crossing is where between two values the level is, from 0 to 1.
func crossing(a, b, level float64) float64 {
	t := (level/2 - a/2) / (b/2 - a/2) // halves don't overflow
	if math.IsNaN(t) {
		return .5
	}
	return min(max(t, 0), 1)
}

func (l Path) extent(b *bounds) {
	b.add(l.series())
	b.padX, b.padY = true, true
}

func (l Path) entry() entry { return entry{name: l.Name, path: true} }

// draw draws the steps on a white outline, so that they show on any ground, the
// iterates as dots, and on top the start and the end.
func (l Path) draw(p *panel, st style) {
	s := l.series()
	runs := p.runs(s.x, s.y)
	solid := style{color: st.color}
	p.curve(runs, style{color: white}, lineWidth+1.4)
	p.curve(runs, solid, lineWidth)
	if at := apart(p.visible(s), 5); len(at) > 0 {
		p.add(dots{at: at, radius: 2.2, fill: st.color})
	}
	p.ends(runs, st.color)
}

// ends marks where a path starts and where it ends, if they are in the box.
func (p *panel) ends(runs [][]point, c rgba) {
	if len(runs) == 0 {
		return
	}
	last := runs[len(runs)-1]
	if q := runs[0][0]; p.box.contains(q) {
		p.add(dots{at: []point{q}, radius: 4, fill: white, stroke: c})
	}
	if q := last[len(last)-1]; p.box.contains(q) {
		p.add(dots{mark: star, at: []point{q}, radius: 4.5, fill: c, stroke: white})
	}
}

// apart leaves out points too near to the one before to be told from it.
func apart(pts []point, d float64) []point {
	var out []point
	for _, q := range pts {
		if len(out) == 0 || math.Hypot(q.x-out[len(out)-1].x, q.y-out[len(out)-1].y) >= d {
			out = append(out, q)
		}
	}
	return out
}
