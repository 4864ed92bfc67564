package plot

import (
	"math"
	"slices"
)

// A ground covers the whole box with colours that stand for numbers: a contour
// or a heat map. Its bar explains the colours.
type ground struct {
	label string
	flip  bool // y goes downwards
	z     [][]float64
	bands []rgba // colours of the bar, from below
	marks []tick // places on the bar, from 0 to len(bands)
	level []float64
}

const barThick, barSpace = 14.0, 16.0

// barWidth is what the bar needs right of the box.
func (g *ground) barWidth() float64 {
	if len(g.bands) == 0 {
		return 0
	}
	w := widest(g.marks) + barSpace + barThick + tickLen + tickGap
	if g.label != "" {
		w += lineHeight(labelSize)
	}
	return w
}

// drawBar draws the colours and what they stand for.
func (g *ground) drawBar(p *panel) {
	if len(g.bands) == 0 {
		return
	}
	bar := rect{p.box.x1 + barSpace, p.box.y0, p.box.x1 + barSpace + barThick, p.box.y1}
	y := func(k float64) float64 { return bar.y1 - bar.h()*k/float64(len(g.bands)) }
	for k, c := range g.bands {
		// Each reaches below the next, so that no seam shows.
		p.patch(rect{bar.x0, bar.y0, bar.x1, y(float64(k))}, c)
	}
	p.add(shape{lines: [][]point{bar.corners()}, closed: true, stroke: edge, width: 1})
	var ticks [][]point
	last, right := math.Inf(1), bar.x1+tickLen+tickGap
	for _, m := range g.marks {
		at := y(m.at)
		ticks = append(ticks, []point{{bar.x1, at}, {bar.x1 + tickLen, at}})
		if last-at < 1.15*tickSize {
			continue
		}
		last = at
		t := text{s: m.s, sup: m.sup, size: tickSize, color: faint, at: point{right, at + .36*tickSize}}
		p.text(t)
	}
	p.add(shape{lines: ticks, stroke: edge, width: 1})
	x := p.box.x1 + g.barWidth() + .2*labelSize - tickGap + 1
	s := fit(p.fig.say(g.label), labelSize, p.area.h()-2*pad)
	p.text(text{s: s, size: labelSize, color: ink, anchor: .5, turn: -90,
		at: point{x, centred((bar.y0+bar.y1)/2, textWidth(s, labelSize), p.area.y0+pad, p.area.y1-pad)}})
}

// prepare computes the ground before the layout, which needs to know how wide
// its bar is.
func (p *panel) prepare() {
	for _, l := range p.fig.Layers {
		switch l := l.(type) {
		case Contour:
			p.ground = l.ground(p.x, p.y)
		case Heat:
			p.ground = l.ground()
			p.x.names, p.y.names = l.names()
		}
	}
}

// spanOf is the range of a grid's values that can be drawn.
func spanOf(z [][]float64, log bool) span {
	s := nothing
	for _, row := range z {
		for _, v := range row {
			if drawable(v, log) {
				s = s.with(v)
			}
		}
	}
	return s
}

func (l Heat) extent(b *bounds) {
	if len(l.Z) == 0 || len(l.Z[0]) == 0 {
		return
	}
	b.x, b.y = span{-.5, float64(len(l.Z[0])) - .5}, span{-.5, float64(len(l.Z)) - .5}
	b.logX, b.logY = false, false
}

func (l Heat) entry() entry { return entry{} }

// names are the names of columns and rows.
func (l Heat) names() (cols, rows []string) {
	cols, rows = l.Cols, l.Rows
	if rows == nil {
		rows = integers(len(l.Z))
	}
	if cols == nil && len(l.Z) > 0 {
		cols = integers(len(l.Z[0]))
	}
	return cols, rows
}

func integers(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i], _ = brief(float64(i))
	}
	return out
}

// shades is how many colours a continuous bar is drawn with.
const shades = 48

// scale maps values to 0 to 1 for the colours.
func (l Heat) scale() scale {
	s := scale{span: spanOf(l.Z, l.Log), log: l.Log}
	if s.lo > 0 && !l.Log && s.lo < .3*s.hi {
		s.lo = 0 // counts begin at zero
	}
	s.fill(false, false)
	return s
}

func (l Heat) ground() *ground {
	g := &ground{label: l.Label, flip: true}
	if spanOf(l.Z, l.Log).empty() {
		return g
	}
	s := l.scale()
	s.p1 = shades
	for k := range shades {
		g.bands = append(g.bands, counts.at((float64(k)+.5)/shades))
	}
	for _, t := range s.ticks(shades / 5) {
		if t.major() {
			t.at = s.at(t.at)
			g.marks = append(g.marks, t)
		}
	}
	return g
}

func (l Heat) draw(p *panel, _ style) {
	s := l.scale()
	size := l.numberSize(p)
	var numbers []text
	for i, row := range l.Z {
		for j, v := range row {
			c := rect{p.x.at(float64(j) - .5), p.y.at(float64(i) - .5), p.x.at(float64(j) + .5), p.y.at(float64(i) + .5)}
			t := math.NaN()
			if drawable(v, l.Log) {
				t = s.unit(v)
			}
			bg := counts.at(t)
			p.clipped(c.corners(), bg)
			if size > 0 {
				n := text{size: size, color: textOn(bg), anchor: .5, at: point{(c.x0 + c.x1) / 2, (c.y0+c.y1)/2 + .36*size}}
				n.s, n.sup = brief(v)
				numbers = append(numbers, n)
			}
		}
	}
	for _, n := range numbers {
		if p.box.contains(n.at) {
			p.text(n)
		}
	}
}

// numberSize is the font size that fits every number into its cell; zero if it
// could not be read.
func (l Heat) numberSize(p *panel) float64 {
	if !l.Numbers || len(l.Z) == 0 || len(l.Z[0]) == 0 {
		return 0
	}
	w := p.x.at(1) - p.x.at(0) - 4
	h := math.Abs(p.y.at(1) - p.y.at(0))
	widest := 0.0
	for _, row := range l.Z {
		for _, v := range row {
			s, sup := brief(v)
			widest = max(widest, text{s: s, sup: sup, size: 1}.width())
		}
	}
	if size := min(w/widest, h*.6, tickSize+1); size >= 7 {
		return size
	}
	return 0
}

func (l Contour) extent(b *bounds) { b.wants = true }

func (l Contour) entry() entry { return entry{} }

// sample evaluates a function on a grid over two scales, n by n.
func sample(f func(x, y float64) float64, x, y scale, n int) [][]float64 {
	z := make([][]float64, n)
	for j := range z {
		z[j] = make([]float64, n)
		for i := range z[j] {
			z[j][i] = f(x.value(float64(i)/float64(n-1)), y.value(float64(j)/float64(n-1)))
		}
	}
	return z
}

func (l Contour) ground(x, y scale) *ground {
	n := l.N
	if n == 0 {
		n = 201
	}
	g := &ground{label: l.Label, z: sample(l.F, x, y, n), level: l.Levels}
	s := spanOf(g.z, false)
	if g.level == nil && !s.empty() {
		g.level = levels(s, l.Log)
	}
	for k := range len(g.level) + 1 {
		t := float64(k) / float64(max(len(g.level), 1))
		g.bands = append(g.bands, heights.at(t).mix(white, .25))
	}
	for k, t := range labelled(g.level) {
		if l.Log {
			t.s, t.sup = brief(g.level[k])
		}
		t.at = float64(k) + 1
		g.marks = append(g.marks, t)
	}
	return g
}

// levels chooses about 12 levels inside a range: round ones, or ones whose
// distances from the minimum grow as powers.
func levels(s span, log bool) []float64 {
	if s.hi <= s.lo {
		return nil
	}
	var out []float64
	switch {
	case !log:
		out = scale{span: s}.round(14)
	case s.lo >= 0:
		from := max(s.lo, s.hi*1e-4)
		for k := exponent(from); k <= exponent(s.hi); k++ {
			for _, m := range []float64{1, 3} {
				out = append(out, m*math.Pow(10, float64(k)))
			}
		}
	default:
		const n, decades = 12, 4.0
		for k := range n {
			out = append(out, s.lo+(s.hi-s.lo)*math.Pow(10, -decades*(1-float64(k)/n)))
		}
	}
	return slices.DeleteFunc(out, func(v float64) bool { return v <= s.lo || v >= s.hi })
}
