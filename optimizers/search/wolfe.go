package search

import (
	"math"
	"slices"
)

// A probe is a point along a line: its place, value, slope and gradient.
type probe struct {
	t, f, slope float64
	g           []float64
}

// most is how many trials a line search may take, apart from those over an edge.
const most = 25

// strong says what a line search for the strong Wolfe conditions accepts.
type strong struct {
	c2    float64 // factor of the slope
	tol   float64 // width of a bracket that is not worth looking into
	noise float64 // relative difference of two values that is rounding: then slopes decide
}

// same reports whether p is as low as q but for rounding, and less steep.
func (s strong) same(p, q probe) bool {
	return s.noise > 0 && p.f <= q.f+float64(s.noise*math.Abs(q.f)) && math.Abs(p.slope) < math.Abs(q.slope)
}

// A path is the line x + t·d, on which a search is under way.
type path struct {
	strong
	run      *Run
	x, d, at []float64
	from     probe // its start
	tries    int
}

// search looks along the line x + t·d for a point that satisfies the strong
// Wolfe conditions, from t on; from is the line's start. It is the search of
// PyTorch's and Torch7's L-BFGS, after Nocedal and Wright, section 3.5, and keeps
// away from where the value is not finite.
func (s strong) search(run *Run, x, d []float64, from probe, t float64) probe {
	l := &path{strong: s, run: run, x: x, d: d, at: make([]float64, len(x)), from: from}
	lo, hi, found := l.bracket(t)
	if found {
		return hi
	}
	return l.zoom(lo, hi)
}

func (l *path) eval(t float64) probe {
	p := probe{t: t, g: make([]float64, len(l.x))}
	p.f = l.run.Grad(axpy(l.at, l.x, t, l.d), p.g)
	p.slope = dot(p.g, l.d)
	return p
}

// high reports whether the value at p is not low enough for how far it is.
func (l *path) high(p probe) bool {
	const c1 = 1e-4
	return !(p.f <= l.from.f+float64(c1*p.t*l.from.slope)) && !l.same(p, l.from)
}

// flat reports whether the slope at p is small enough.
func (l *path) flat(p probe) bool { return math.Abs(p.slope) <= -l.c2*l.from.slope }

// bracket goes along the line until a point is found that will do, which is hi,
// or two with one between them. Where the value is not finite it goes back, and
// then no trial is longer than half the way from the last to there. A value that
// falls as steeply as at first is followed to the end of the numbers.
func (l *path) bracket(t float64) (lo, hi probe, found bool) {
	prev, now, edge := l.from, l.eval(t), math.Inf(1)
	for ; ; l.tries++ {
		for math.IsInf(now.f, 1) && !l.run.Exhausted() { // over the edge
			edge = now.t
			if t = prev.t + float64((now.t-prev.t)/4); !elsewhere(l.at, l.x, t, l.d) {
				return prev, prev, true
			}
			now = l.eval(t)
		}
		if l.high(now) || l.tries > 1 && now.f >= prev.f || !l.flat(now) && now.slope >= 0 {
			return prev, now, false
		}
		if l.flat(now) || l.run.Exhausted() || l.tries >= most && !math.IsInf(edge, 1) {
			return prev, now, true
		}
		far := min(now.t*10, (now.t+edge)/2)
		if t = far; l.tries < most {
			t = l.between(prev, now, min(now.t+float64(0.01*(now.t-prev.t)), far), far)
		}
		prev, now = now, l.eval(t)
	}
}

// zoom looks between two points for one that will do; the lower is the best so
// far. Both keep their places in the bracket: interpolation depends on them.
func (l *path) zoom(lo, hi probe) probe {
	ends := [2]probe{lo, hi}
	lower := func() int {
		if ends[0].f <= ends[1].f {
			return 0
		}
		return 1
	}
	low, stuck, width := lower(), false, maxAbs(l.d)
	for ; l.tries < most && !l.run.Exhausted() && !(math.Abs(ends[1].t-ends[0].t)*width < l.tol); l.tries++ {
		left, right := min(ends[0].t, ends[1].t), max(ends[0].t, ends[1].t)
		t := l.between(ends[0], ends[1], left, right)
		t, stuck = inside(t, left, right, stuck)
		p := l.eval(t)
		other := 1 - low
		if l.high(p) || p.f >= ends[low].f && !l.same(p, ends[low]) {
			ends[other] = p
			low = lower()
			continue
		}
		done := l.flat(p)
		if !done && p.slope*(ends[other].t-ends[low].t) >= 0 {
			ends[other] = ends[low]
		}
		ends[low] = p
		if done {
			break
		}
	}
	return ends[low]
}

// between is cubic, or where the values differ by rounding the place where the
// slope is 0 if it changes evenly.
func (s strong) between(a, b probe, lo, hi float64) float64 {
	if math.Abs(a.f-b.f) > 100*s.noise*math.Abs(a.f) || s.noise == 0 {
		return cubic(a, b, lo, hi)
	}
	t := (float64(a.t*b.slope) - float64(b.t*a.slope)) / (b.slope - a.slope)
	if math.IsNaN(t) {
		return (lo + hi) / 2
	}
	return min(max(t, lo), hi)
}

// elsewhere reports whether x + t·d is another point than x.
func elsewhere(at, x []float64, t float64, d []float64) bool {
	return !slices.Equal(axpy(at, x, t, d), x)
}

// inside keeps a trial away from the ends of a bracket when the search makes
// too little progress there.
func inside(t, left, right float64, stuck bool) (float64, bool) {
	eps := float64(0.1 * (right - left))
	if !(min(right-t, t-left) < eps) {
		return t, false
	}
	if !stuck && t < right && t > left {
		return t, true
	}
	if math.Abs(t-right) < math.Abs(t-left) {
		return right - eps, false
	}
	return left + eps, false
}

// cubic returns the minimum of the cubic through two probes, within bounds.
func cubic(a, b probe, lo, hi float64) float64 {
	d1 := a.slope + b.slope - 3*(a.f-b.f)/(a.t-b.t)
	square := float64(d1*d1) - float64(a.slope*b.slope)
	if !(square >= 0) {
		return (lo + hi) / 2
	}
	d2 := math.Sqrt(square)
	if a.t > b.t {
		a, b = b, a
	}
	t := b.t - float64((b.t-a.t)*((b.slope+d2-d1)/(b.slope-a.slope+float64(2*d2))))
	if math.IsNaN(t) {
		return (lo + hi) / 2
	}
	return min(max(t, lo), hi)
}
