package plot

import (
	"math"
	"slices"
)

const (
	lineWidth  = 1.8
	markRadius = 3.0
	bandAlpha  = .2
)

// patch paints a rectangle.
func (p *panel) patch(r rect, c rgba) { p.scene.area(r.corners(), c) }

// clipped paints the part of an area inside the box.
func (p *panel) clipped(pts []point, c rgba) { p.scene.area(clipArea(pts, p.box), c) }

// at is where a point of the data is drawn; not, if it cannot be.
func (p *panel) at(x, y float64) (point, bool) {
	q := point{p.x.at(x), p.y.at(y)}
	return q, !math.IsNaN(q.x) && !math.IsNaN(q.y)
}

// runs splits a curve where it has a point that cannot be drawn.
func (p *panel) runs(x, y []float64) [][]point {
	var out [][]point
	var run []point
	for i := range y {
		q, ok := p.at(x[i], y[i])
		if ok {
			run = append(run, q)
			continue
		}
		if run != nil {
			out = append(out, run)
		}
		run = nil
	}
	if run != nil {
		out = append(out, run)
	}
	return out
}

// stairs holds each value until the next point.
func stairs(pts []point) []point {
	var out []point
	for i, q := range pts {
		if i > 0 {
			out = append(out, point{q.x, pts[i-1].y})
		}
		out = append(out, q)
	}
	return out
}

// curve draws runs of points as lines; a point alone becomes a dot, or it would
// be lost.
func (p *panel) curve(runs [][]point, st style, width float64) {
	var lines [][]point
	var alone []point
	for _, run := range runs {
		if len(run) == 1 {
			if p.box.contains(run[0]) {
				alone = append(alone, run[0])
			}
			continue
		}
		for _, l := range clipLine(thin(run), p.box) {
			lines = append(lines, simplify(l, .1))
		}
	}
	if lines != nil {
		p.add(shape{lines: lines, stroke: st.color, width: width, dash: st.dash})
	}
	if alone != nil {
		p.add(dots{at: alone, radius: width, fill: st.color})
	}
}

// visible returns the points inside the box.
func (p *panel) visible(s series) []point {
	var out []point
	for i := range s.y {
		if q, ok := p.at(s.x[i], s.y[i]); ok && p.box.contains(q) {
			out = append(out, q)
		}
	}
	return out
}

// within returns the points of a run inside the box.
func (p *panel) within(run []point) []point {
	return slices.DeleteFunc(slices.Clone(run), func(q point) bool { return !p.box.contains(q) })
}

func (l Line) extent(b *bounds) {
	b.add(l.series())
	b.padY = true
	b.padX = b.padX || l.Marks
}

func (l Line) entry() entry {
	return entry{name: l.Name, line: true, marks: l.Marks, band: l.Lo != nil}
}

func (l Line) draw(p *panel, st style) {
	s := l.series()
	if s.lo != nil {
		for _, b := range p.bands(s) {
			if l.Step {
				n := len(b) / 2
				b = append(stairs(b[:n:n]), reversed(stairs(reversed(b[n:])))...)
			}
			p.clipped(b, st.color.alpha(bandAlpha))
		}
	}
	runs := p.runs(s.x, s.y)
	if l.Step {
		for i := range runs {
			runs[i] = stairs(runs[i])
		}
	}
	at := p.visible(s)
	if st.tail {
		faint := st
		faint.color = st.color.alpha(rawAlpha)
		p.curve(runs, faint, lineWidth/2)
		at = nil
		for i := range runs {
			runs[i] = smooth(runs[i])
			at = append(at, p.within(runs[i])...)
		}
	}
	p.curve(runs, st, lineWidth)
	if st.sparse {
		at = p.some(at, st.order)
	}
	switch {
	case len(at) == 0:
	case st.sparse: // a white outline, or a rough line would hide them
		p.add(dots{mark: st.mark, at: at, radius: markRadius + .8, fill: st.color, stroke: white})
	case l.Marks:
		p.add(dots{mark: st.mark, at: at, radius: markRadius, fill: st.color})
	}
}

// some picks a few points along a line, elsewhere for each line.
func (p *panel) some(pts []point, order float64) []point {
	const n = 6
	var out []point
	next := 0.0
	for _, q := range pts {
		at := (q.x-p.box.x0)/p.box.w()*n - .3 - .6*order
		if at >= next {
			out = append(out, q)
			next = math.Floor(at) + 1
		}
	}
	return out
}

func reversed(pts []point) []point {
	out := make([]point, len(pts))
	for i, q := range pts {
		out[len(pts)-1-i] = q
	}
	return out
}

// bands returns the outlines of a series' band: along the upper edge, and back
// along the lower. An edge at or below zero on a logarithmic axis is at its end.
func (p *panel) bands(s series) [][]point {
	edge := func(v float64) float64 {
		if p.y.log && v <= 0 && drawable(v, false) {
			return p.y.p0
		}
		return p.y.at(v)
	}
	var out [][]point
	var up, down []point
	flush := func() {
		if len(up) > 1 {
			out = append(out, append(up, reversed(down)...))
		}
		up, down = nil, nil
	}
	for i := range s.y {
		x, lo, hi := p.x.at(s.x[i]), edge(s.lo[i]), edge(s.hi[i])
		if math.IsNaN(x + lo + hi) {
			flush()
			continue
		}
		up, down = append(up, point{x, hi}), append(down, point{x, lo})
	}
	flush()
	return out
}

func (l Scatter) extent(b *bounds) {
	b.add(l.series())
	b.padX, b.padY = true, true
}

func (l Scatter) entry() entry { return entry{name: l.Name, marks: true} }

func (l Scatter) draw(p *panel, st style) {
	at := p.visible(l.series())
	if len(at) == 0 {
		return
	}
	// Smaller and fainter the more there are, so that crowds show as dark.
	r := min(max(6-math.Log2(float64(len(at)))/2.2, 1.5), markRadius+.5)
	p.add(dots{mark: st.mark, at: at, radius: r, fill: st.color.alpha(.65)})
}

func (l Bars) extent(b *bounds) {
	s := l.series()
	b.add(s)
	half := barWidth(s.x) / 2
	for i := range s.x {
		if x, y := s.x[i], s.y[i]; drawable(x, b.logX) && drawable(y, b.logY) {
			for _, v := range []float64{x - half, x + half} {
				if drawable(v, b.logX) {
					b.x = b.x.with(v)
				}
			}
			if !b.logY {
				b.y = b.y.with(0)
			}
		}
	}
	b.padX, b.padY = true, true
	b.touchY = b.y.lo >= 0 && !b.logY
}

// barWidth is the smallest distance of neighbouring bars.
func barWidth(x []float64) float64 {
	w := math.Inf(1)
	for i := 1; i < len(x); i++ {
		if d := math.Abs(x[i] - x[i-1]); d > 0 && d < w {
			w = d
		}
	}
	if math.IsInf(w, 1) {
		return 1
	}
	return w
}

func (l Bars) entry() entry { return entry{name: l.Name, area: true} }

// slot is the part of a bar's width that this layer of bars has: which of how
// many, found by its colour, which differs between the layers.
func (p *panel) slot(st style) (k, n int) {
	for i, l := range p.fig.Layers {
		if _, ok := l.(Bars); ok {
			if p.styles[i].color == st.color {
				k = n
			}
			n++
		}
	}
	return k, n
}

func (l Bars) draw(p *panel, st style) {
	s := l.series()
	k, n := p.slot(st)
	width := barWidth(s.x)
	room := .8
	if l.Touch {
		room = 1
	}
	part := width * room / float64(n)
	zero := p.y.p0
	if !p.y.log {
		zero = p.y.at(0)
	}
	var errors [][]point
	for i := range s.y {
		left := s.x[i] - width*room/2 + part*float64(k)
		a, ok1 := p.at(left, s.y[i])
		b, ok2 := p.at(left+part, s.y[i])
		if !ok1 || !ok2 {
			continue
		}
		if l.Touch && n == 1 {
			b.x -= .7
		}
		b.x = max(b.x, a.x+.5) // among values far apart, a bar is a line
		p.clipped(rect{a.x, a.y, b.x, zero}.corners(), st.color)
		if s.lo != nil {
			errors = append(errors, p.errorBar((a.x+b.x)/2, s.lo[i], s.hi[i])...)
		}
	}
	if errors != nil {
		p.add(shape{lines: errors, stroke: ink, width: 1.2})
	}
}

// errorBar is a vertical line with short ends.
func (p *panel) errorBar(x, lo, hi float64) [][]point {
	y0, y1 := p.y.at(lo), p.y.at(hi)
	if math.IsNaN(y0 + y1) {
		return nil
	}
	var out [][]point
	for _, l := range [][]point{{{x, y0}, {x, y1}}, {{x - 4, y0}, {x + 4, y0}}, {{x - 4, y1}, {x + 4, y1}}} {
		out = append(out, clipLine(l, p.box)...)
	}
	return out
}

func (l HRule) extent(b *bounds) {
	if drawable(l.At, b.logY) {
		b.y = b.y.with(l.At)
		b.padY = true
	} else {
		b.take(1, l.At)
	}
}

func (l VRule) extent(b *bounds) {
	if drawable(l.At, b.logX) {
		b.x = b.x.with(l.At)
		b.padX = true
	} else {
		b.take(l.At, 1)
	}
}

func (l HRule) entry() entry { return entry{name: l.Name, line: true} }
func (l VRule) entry() entry { return entry{name: l.Name, line: true} }

func (l HRule) draw(p *panel, st style) {
	if y := p.y.at(l.At); !math.IsNaN(y) {
		p.curve([][]point{{{p.box.x0, y}, {p.box.x1, y}}}, st, 1.2)
	}
}

func (l VRule) draw(p *panel, st style) {
	if x := p.x.at(l.At); !math.IsNaN(x) {
		p.curve([][]point{{{x, p.box.y0}, {x, p.box.y1}}}, st, 1.2)
	}
}

func (l Text) extent(b *bounds) {
	if b.take(l.X, l.Y) {
		b.x, b.y = b.x.with(l.X), b.y.with(l.Y)
	}
}

func (l Text) entry() entry { return entry{} }

func (l Text) draw(p *panel, st style) {
	q, ok := p.at(l.X, l.Y)
	if !ok || !p.box.contains(q) {
		return
	}
	s := fit(p.fig.say(l.S), tickSize, p.box.w()-8)
	q.x = centred(q.x, textWidth(s, tickSize), p.box.x0+4, p.box.x1-4)
	q.y = min(max(q.y-5, p.box.y0+tickSize+2), p.box.y1-4)
	p.text(text{s: s, size: tickSize, color: ink, anchor: .5, halo: true, at: q})
}
