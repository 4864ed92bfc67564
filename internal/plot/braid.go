package plot

import (
	"cmp"
	"math"
	"slices"
)

// Curves that cross again and again are hard to tell apart: they are braided.
// Then the curves of a figure are drawn smoothed, with what was measured faint
// behind, and each has its name at its end.

const (
	braidPoints    = 20 // shorter curves are not smoothed
	braidCrossings = 4  // from so many of two curves on
	rawAlpha       = .35
	leader         = 14.0 // from a curve's end to its name
)

// braids reports whether two of the figure's curves are braided.
func braids(layers []Layer) bool {
	var curves []Line
	for _, l := range layers {
		if l, ok := l.(Line); ok && l.smoothable() {
			curves = append(curves, l)
		}
	}
	for i, a := range curves {
		for _, b := range curves[:i] {
			if crossings(a, b) >= braidCrossings {
				return true
			}
		}
	}
	return false
}

// smoothable lines are measured: no stairs, and no marks at each point.
func (l Line) smoothable() bool {
	return !l.Marks && !l.Step && !l.Dashed && l.Name != "" && len(l.Y) >= braidPoints
}

// crossings counts how often two curves over the same points change places.
func crossings(a, b Line) (n int) {
	p, q := a.series(), b.series()
	before := 0
	for i := range min(len(p.y), len(q.y)) {
		if p.x[i] != q.x[i] {
			break
		}
		if now := cmp.Compare(p.y[i], q.y[i]); finite(p.y[i]-q.y[i]) && now != 0 {
			if now == -before {
				n++
			}
			before = now
		}
	}
	return n
}

// smooth puts each point of a run onto a line fitted to those around it, where
// near ones count more: Cleveland's local regression, in one round,
// https://doi.org/10.1080/01621459.1979.10481038. Of a long run, means of
// neighbours are smoothed.
func smooth(run []point) []point {
	run = pooled(run, 400)
	k := max(len(run)/16, 2) // points on each side
	out := make([]point, len(run))
	for i, c := range run {
		near := run[max(i-k, 0):min(i+k+1, len(run))]
		reach := 1.01 * max(c.x-near[0].x, near[len(near)-1].x-c.x)
		var w, x, xx, y, xy float64
		for _, p := range near {
			d := p.x - c.x
			t := 1 - math.Pow(math.Abs(d)/reach, 3)
			weight := t * t * t
			w, x, xx = w+weight, x+weight*d, xx+weight*d*d
			y, xy = y+weight*p.y, xy+weight*d*p.y
		}
		out[i] = c
		if det := w*xx - x*x; det > 0 {
			out[i].y = (xx*y - x*xy) / det
		}
	}
	return out
}

// pooled is a run of at most n points: means of neighbours.
func pooled(run []point, n int) []point {
	if len(run) <= n {
		return run
	}
	out := make([]point, n)
	for i := range out {
		part := run[i*len(run)/n : (i+1)*len(run)/n]
		for _, p := range part {
			out[i].x += p.x / float64(len(part))
			out[i].y += p.y / float64(len(part))
		}
	}
	return out
}

// A tail is the end of a curve that has its name there.
type tail struct {
	name  string
	color rgba
	at    point   // the end
	y     float64 // of the name
}

// tailWidth is the room that names at the curves' ends need.
func (p *panel) tailWidth() float64 {
	w := 0.0
	for i, l := range p.fig.Layers {
		if p.styles[i].tail {
			w = max(w, leader+4+textWidth(p.tailName(l), noteSize))
		}
	}
	return w
}

// tailName is a curve's name, shortened to a quarter of the width.
func (p *panel) tailName(l Layer) string {
	return fit(p.fig.say(l.entry().name), noteSize, p.area.w()/4)
}

// drawTails writes the names, as near to the ends as they can be without
// touching.
func (p *panel) drawTails() {
	var tails []tail
	for i, l := range p.fig.Layers {
		if line, ok := l.(Line); ok && p.styles[i].tail {
			if at := p.lineEnd(line); at != nil {
				tails = append(tails, tail{p.tailName(l), p.styles[i].color, *at, at.y})
			}
		}
	}
	slices.SortStableFunc(tails, func(a, b tail) int { return cmp.Compare(a.at.y, b.at.y) })
	spread(tails, p.box.y0+noteSize/2, p.box.y1-noteSize/2)
	for _, t := range tails {
		name := point{p.box.x1 + leader, t.y}
		p.line(t.at, name, t.color, 1.2)
		p.text(text{s: t.name, size: noteSize, color: ink, at: point{name.x + 3, name.y + .36*noteSize}})
	}
}

// lineEnd is the last point of the smoothed curve that is in the box.
func (p *panel) lineEnd(l Line) *point {
	s := l.series()
	runs := p.runs(s.x, s.y)
	for _, run := range slices.Backward(runs) {
		for _, q := range slices.Backward(smooth(run)) {
			if p.box.contains(q) {
				return &q
			}
		}
	}
	return nil
}

// spread moves names that are in order apart, within lo and hi if there is room:
// those that touch become a block around the middle of where they want to be.
func spread(tails []tail, lo, hi float64) {
	gap := lineHeight(noteSize)
	type block struct{ from, to int } // tails[from:to], gap apart
	middle := func(b block) float64 {
		sum := 0.0
		for _, t := range tails[b.from:b.to] {
			sum += t.at.y
		}
		n := float64(b.to - b.from)
		half := gap * (n - 1) / 2
		return min(max(sum/n, lo+half), max(hi-half, lo+half))
	}
	var blocks []block
	for i := range tails {
		b := block{i, i + 1}
		for len(blocks) > 0 {
			last := blocks[len(blocks)-1]
			apart := gap * float64(last.to-last.from+b.to-b.from) / 2
			if middle(b)-middle(last) >= apart {
				break
			}
			b.from, blocks = last.from, blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	for _, b := range blocks {
		first := middle(b) - gap*float64(b.to-b.from-1)/2
		for i := b.from; i < b.to; i++ {
			tails[i].y = first + gap*float64(i-b.from)
		}
	}
}
