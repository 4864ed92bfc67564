package plot

import (
	"cmp"
	"math"
	"slices"
)

// A vec is a point in space. The surface lives in the cube from -1 to 1, z
// upwards, flattened a little.
type vec struct{ x, y, z float64 }

func (a vec) dot(b vec) float64 { return a.x*b.x + a.y*b.y + a.z*b.z }
func (a vec) sub(b vec) vec     { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }

func (a vec) cross(b vec) vec {
	return vec{a.y*b.z - a.z*b.y, a.z*b.x - a.x*b.z, a.x*b.y - a.y*b.x}
}

func (a vec) unit() vec {
	l := math.Sqrt(a.dot(a))
	return vec{a.x / l, a.y / l, a.z / l}
}

// flat is the half height of the cube.
const flat = .72

// The camera looks from the front right, from a little above; its right, up and
// towards it, as seen in the picture. So the corner x=1, y=-1 is in front.
const azimuth, elevation = -58 * math.Pi / 180, 36 * math.Pi / 180

var (
	camRight   = vec{-math.Sin(azimuth), math.Cos(azimuth), 0}
	camUp      = vec{-math.Sin(elevation) * math.Cos(azimuth), -math.Sin(elevation) * math.Sin(azimuth), math.Cos(elevation)}
	camTowards = vec{math.Cos(elevation) * math.Cos(azimuth), math.Cos(elevation) * math.Sin(azimuth), math.Sin(elevation)}
	light      = vec{-.45, -.55, .7}.unit()
)

// A space draws a surface's cube into a panel.
type space struct {
	*panel
	z      scale
	zt     []tick
	zoom   float64
	centre point
}

// project is where a point in space is drawn.
func (s *space) project(v vec) point {
	return point{s.centre.x + s.zoom*v.dot(camRight), s.centre.y - s.zoom*v.dot(camUp)}
}

// A piece of the surface, or of a path on it, is drawn after what is behind it.
type piece struct {
	depth float64
	item  item
}

func (l Surface) extent(b *bounds)       { b.wants = true }
func (l Surface) entry() entry           { return entry{} }
func (l Surface) draw(_ *panel, _ style) {} // see drawSurface

// drawSurface draws a figure with three axes.
func (p *panel) drawSurface(l Surface) error {
	n := l.N
	if n == 0 {
		n = 61
	}
	grid := sample(l.F, p.x, p.y, n)
	zr := spanOf(grid, l.Z.Log)
	if zr.empty() {
		p.notes = append(p.notes, "no data: no value of the surface can be drawn")
	}
	z, err := newScale(l.Z, zr, false, false)
	if err != nil {
		return err
	}
	s := &space{panel: p, z: z}
	if err := s.layout(l.Z.Label != ""); err != nil {
		return err
	}
	s.walls()
	s.under = &draped{s, grid}
	pieces := s.quads(grid)
	for i, l := range p.fig.Layers {
		if path, ok := l.(Path); ok {
			pieces = append(pieces, s.under.path(path, p.styles[i])...)
		}
	}
	slices.SortStableFunc(pieces, func(a, b piece) int { return cmp.Compare(a.depth, b.depth) })
	for _, q := range pieces {
		p.addPiece(q.item)
	}
	s.axes(p.fig.say(l.Z.Label))
	p.drawTitle()
	p.drawNotes()
	p.key.draw(p)
	return nil
}

// addPiece joins facets to the facets before.
func (s *scene) addPiece(i item) {
	f, ok := i.(facets)
	if last := len(s.items) - 1; ok {
		if before, ok := s.items[last].(facets); ok {
			s.items[last] = append(before, f...)
			return
		}
	}
	s.add(i)
}

// layout finds ticks and zoom so that the cube and its labels fit.
func (s *space) layout(zLabel bool) error {
	p := s.panel
	p.title = wrap(p.fig.say(p.fig.Title), titleSize, p.area.w()-2*pad, 2)
	p.notes = p.wrapNotes()
	p.key.moveBelow(p.area)
	p.x.widest, p.y.widest, s.z.widest = p.area.w()/4, p.area.w()/4, p.area.w()/4
	for _, sc := range []*scale{&p.x, &p.y, &s.z} {
		sc.p0, sc.p1, sc.say = -1, 1, p.fig.say
	}
	s.z.p0, s.z.p1 = -flat, flat
	p.xt, p.yt = some(p.x, 5), some(p.y, 5)
	s.zt = some(s.z, 5)
	left := max(pad+widest(s.zt)+14, pad+widest(p.xt)/2)
	right := pad + widest(p.yt) + 12
	if zLabel {
		left += lineHeight(labelSize)
	}
	top := pad + lineHeight(titleSize)*float64(len(p.title))
	bottom := pad + lineHeight(noteSize)*float64(len(p.notes)) + p.key.room(underneath, p.area.w()-2*pad)
	p.box = rect{p.area.x0 + left, p.area.y0 + top, p.area.x1 - right, p.area.y1 - bottom - 34}
	if err := p.checkRoom(); err != nil {
		return err
	}
	s.zoom = 1
	c := s.hull()
	s.zoom = min(p.box.w()/c.w(), p.box.h()/c.h())
	c = s.hull()
	s.centre = point{(p.box.x0+p.box.x1)/2 - (c.x0+c.x1)/2, (p.box.y0+p.box.y1)/2 - (c.y0+c.y1)/2}
	return nil
}

// some returns about n labelled ticks.
func some(s scale, n int) []tick {
	return slices.DeleteFunc(s.ticks(math.Abs(s.p1-s.p0)/float64(n)*.999), func(t tick) bool { return !t.major() })
}

// hull is the rectangle around the cube as drawn.
func (s *space) hull() rect {
	r := rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for k := range 8 {
		q := s.project(vec{float64(k&1)*2 - 1, float64(k&2) - 1, flat * (float64(k&4)/2 - 1)})
		r = rect{min(r.x0, q.x), min(r.y0, q.y), max(r.x1, q.x), max(r.y1, q.y)}
	}
	return r
}

// walls draws the floor and the two walls behind, with grid lines.
func (s *space) walls() {
	put := func(vs ...vec) []point {
		var out []point
		for _, v := range vs {
			out = append(out, s.project(v))
		}
		return out
	}
	base := put(vec{-1, -1, -flat}, vec{1, -1, -flat}, vec{1, 1, -flat}, vec{-1, 1, -flat})
	leftWall := put(vec{-1, -1, -flat}, vec{-1, 1, -flat}, vec{-1, 1, flat}, vec{-1, -1, flat})
	rightWall := put(vec{-1, 1, -flat}, vec{1, 1, -flat}, vec{1, 1, flat}, vec{-1, 1, flat})
	for i, w := range [][]point{base, leftWall, rightWall} {
		s.scene.area(w, []rgba{{0xf2, 0xf2, 0xf2, 1}, {0xf8, 0xf8, 0xf8, 1}, {0xf5, 0xf5, 0xf5, 1}}[i])
	}
	var lines [][]point
	for _, t := range s.xt {
		x := s.x.at(t.at)
		lines = append(lines, put(vec{x, -1, -flat}, vec{x, 1, -flat}, vec{x, 1, flat}))
	}
	for _, t := range s.yt {
		y := s.y.at(t.at)
		lines = append(lines, put(vec{1, y, -flat}, vec{-1, y, -flat}, vec{-1, y, flat}))
	}
	for _, t := range s.zt {
		z := s.z.at(t.at)
		lines = append(lines, put(vec{-1, -1, z}, vec{-1, 1, z}, vec{1, 1, z}))
	}
	s.add(shape{lines: lines, stroke: rgba{0xd8, 0xd8, 0xd8, 1}, width: 1})
}

// node is where a sample lies in the cube; a value outside the range of z lies on
// its end, and inside is false.
func (s *space) node(grid [][]float64, i, j int) (v vec, inside bool) {
	n := float64(len(grid) - 1)
	z := grid[j][i]
	if !drawable(z, s.z.log) {
		return vec{z: math.NaN()}, false
	}
	h := min(max(s.z.at(z), -flat), flat)
	return vec{2*float64(i)/n - 1, 2*float64(j)/n - 1, h}, s.z.within(z)
}

// quads returns the cells of the surface, shaded; those wholly outside the range
// of z, or with a corner that has no value, are left out.
func (s *space) quads(grid [][]float64) []piece {
	var out []piece
	for j := range len(grid) - 1 {
		for i := range len(grid) - 1 {
			var v [4]vec
			inside, sum := false, 0.0
			for k, d := range [4][2]int{{0, 0}, {1, 0}, {1, 1}, {0, 1}} {
				var in bool
				v[k], in = s.node(grid, i+d[0], j+d[1])
				inside = inside || in
				sum += v[k].z
			}
			if !inside || math.IsNaN(sum) {
				continue
			}
			out = append(out, s.quad(v))
		}
	}
	return out
}

func (s *space) quad(v [4]vec) piece {
	mid := vec{(v[0].x + v[2].x) / 2, (v[0].y + v[2].y) / 2, (v[0].z + v[1].z + v[2].z + v[3].z) / 4}
	normal := v[2].sub(v[0]).cross(v[3].sub(v[1])).unit()
	c := heights.at((mid.z/flat + 1) / 2)
	if shine := .72 + .42*max(normal.dot(light), 0); shine < 1 {
		c = rgba{0, 0, 0, 1}.mix(c, shine)
	} else {
		c = c.mix(white, shine-1)
	}
	pts := make([]point, 4)
	for k := range v {
		pts[k] = s.project(v[k])
	}
	return piece{mid.dot(camTowards), facets{{pts, c}}}
}

// A draped thing lies on a sampled surface.
type draped struct {
	*space
	grid [][]float64
}

// height is the point of the surface above a point of the floor, between the
// samples around it; not, if one of them has no value.
func (d draped) height(q point) (vec, bool) {
	n := len(d.grid) - 1
	x, y := (q.x+1)/2*float64(n), (q.y+1)/2*float64(n)
	i, j := min(max(int(x), 0), n-1), min(max(int(y), 0), n-1)
	z, fx, fy := 0.0, x-float64(i), y-float64(j)
	for k, w := range [4]float64{(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy} {
		v, _ := d.node(d.grid, i+k%2, j+k/2)
		z += w * v.z
	}
	return vec{q.x, q.y, z}, !math.IsNaN(z)
}

// path lays a path on the surface. What lies behind a hill is drawn too, but
// faintly, or one would not see where a method ended.
func (d draped) path(l Path, st style) []piece {
	var out []piece
	var all [][]point
	s := l.series()
	runs := d.runs(s.x, s.y)
	for _, run := range runs {
		for _, part := range clipLine(run, floor) {
			for i := 1; i < len(part); i++ {
				line, pieces := d.segment(part[i-1], part[i], st.color)
				out, all = append(out, pieces...), append(all, line...)
			}
		}
	}
	if all != nil {
		out = append(out, piece{math.Inf(1), shape{lines: all, stroke: st.color.alpha(.3), width: lineWidth}})
	}
	if len(runs) == 0 {
		return out
	}
	last := runs[len(runs)-1]
	for i, q := range []point{runs[0][0], last[len(last)-1]} {
		v, ok := d.height(q)
		if !ok || !floor.contains(q) {
			continue
		}
		at := []point{d.project(v)}
		end := dots{at: at, radius: 4, fill: white, stroke: st.color}
		if i == 1 {
			end = dots{mark: star, at: at, radius: 5, fill: st.color, stroke: white}
		}
		out = append(out, piece{math.Inf(1), end})
	}
	return out
}

// floor is the base of the cube.
var floor = rect{-1, -1, 1, 1}

// segment is a straight part of a path, in steps short enough to be hidden by
// what is in front of them.
func (d draped) segment(a, b point, c rgba) (lines [][]point, pieces []piece) {
	n := float64(len(d.grid) - 1)
	steps := int(math.Hypot(b.x-a.x, b.y-a.y)*n/2) + 1
	var run []point
	before, ok := d.height(a)
	for k := 1; k <= steps; k++ {
		v, ok2 := d.height(between(a, b, float64(k)/float64(steps)))
		if ok && ok2 {
			p, q := d.project(before), d.project(v)
			// A little nearer than it is, so that its own cell does not hide it.
			pieces = append(pieces, piece{before.dot(camTowards) + 2/n, shape{lines: [][]point{{p, q}}, stroke: c, width: lineWidth + .6}})
			if run == nil {
				run = []point{p}
			}
			run = append(run, q)
		} else if run != nil {
			lines, run = append(lines, run), nil
		}
		before, ok = v, ok2
	}
	if run != nil {
		lines = append(lines, run)
	}
	return lines, pieces
}

func between(a, b point, t float64) point { return point{a.x + t*(b.x-a.x), a.y + t*(b.y-a.y)} }

// axes writes ticks and labels along the edges in front.
func (s *space) axes(zLabel string) {
	edges := shape{stroke: edge, width: 1}
	corner := func(x, y, z float64) point { return s.project(vec{x, y, z}) }
	edges.lines = [][]point{{corner(-1, -1, flat), corner(-1, -1, -flat), corner(1, -1, -flat), corner(1, 1, -flat)}}
	mark := func(q point, t tick, dx, dy, anchor float64) {
		edges.lines = append(edges.lines, []point{q, {q.x + dx, q.y + dy}})
		s.text(text{s: t.s, sup: t.sup, size: tickSize, color: faint, anchor: anchor,
			at: point{q.x + 2*dx, q.y + 2*dy + .45*tickSize}})
	}
	for _, t := range s.xt {
		mark(corner(s.x.at(t.at), -1, -flat), t, -2, 4.5, .5)
	}
	for _, t := range s.yt {
		mark(corner(1, s.y.at(t.at), -flat), t, 4, 3.5, 0)
	}
	for _, t := range s.zt {
		mark(corner(-1, -1, s.z.at(t.at)), t, -4, 0, 1)
	}
	s.add(edges)
	name := func(label string, at point, anchor, turn float64) {
		l := fit(label, labelSize, .45*s.area.w())
		w := textWidth(l, labelSize)
		if turn == 0 {
			at.x = centred(at.x+(.5-anchor)*w, w, s.area.x0+pad, s.area.x1-pad)
		} else {
			at.y = centred(at.y, w, s.area.y0+pad, s.area.y1-pad)
		}
		s.text(text{s: l, size: labelSize, color: ink, anchor: .5, turn: turn, at: at})
	}
	x, y, z := corner(0, -1, -flat), corner(1, 0, -flat), corner(-1, -1, 0)
	name(s.fig.say(s.fig.X.Label), point{x.x - 22, x.y + 36}, 1, 0)
	name(s.fig.say(s.fig.Y.Label), point{y.x + 36, y.y + 30}, 0, 0)
	name(zLabel, point{z.x - widest(s.zt) - 16, z.y}, .5, -90)
}
