package plot

import "math"

// Region veils where a function of the plane is above 0, or draws the edge of that. The
// axes need ranges, or a path to take them from.
type Region struct {
	Name  string
	F     func(x, y float64) float64
	Edge  bool  // no veil
	Color Color // zero: grey
}

// veil lies over what is not allowed.
var veil = rgba{0xff, 0xff, 0xff, .55}

func (l Region) check() error { return checkFunction("region", l.F, 0) }

func (l Region) extent(b *bounds) { b.wants = true }

func (l Region) entry() entry { return entry{name: l.Name, line: true} }

func (l Region) draw(p *panel, st style) {
	lines := p.outlines(sample(l.F, p.x, p.y, 201), 0)
	if lines == nil {
		return
	}
	if !l.Edge {
		p.add(shape{lines: lines, closed: true, fill: veil})
		return
	}
	var edges [][]point
	for _, line := range lines {
		edges = append(edges, p.inner(line)...)
	}
	p.curve(edges, st, 1.5)
}

// outlines are those of where a sampled function is at least level, in the box.
func (p *panel) outlines(z [][]float64, level float64) (lines [][]point) {
	for _, l := range regions(z, level) {
		for i, q := range l {
			l[i] = point{p.box.x0 + q.x*p.box.w(), p.box.y1 - q.y*p.box.h()}
		}
		if l = simplify(append(l, l[0]), .15); len(l) > 3 {
			lines = append(lines, l[:len(l)-1])
		}
	}
	return lines
}

// inner divides a closed outline into the parts that do not run along the box.
func (p *panel) inner(line []point) (out [][]point) {
	along := func(a, b point) bool {
		const near = 0.01
		on := func(x, y, side float64) bool { return math.Abs(x-side) < near && math.Abs(y-side) < near }
		return on(a.x, b.x, p.box.x0) || on(a.x, b.x, p.box.x1) || on(a.y, b.y, p.box.y0) || on(a.y, b.y, p.box.y1)
	}
	var part []point
	for i, a := range line {
		b := line[(i+1)%len(line)]
		if along(a, b) {
			if part != nil {
				out = append(out, append(part, a))
			}
			part = nil
			continue
		}
		part = append(part, a)
	}
	if part != nil {
		out = append(out, append(part, line[0]))
	}
	return out
}
