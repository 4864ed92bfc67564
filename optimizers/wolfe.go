package optimizers

import (
	"math"
	"slices"
)

// A probe is a point along a line: its place, value, slope and gradient.
type probe struct {
	t, f, slope float64
	g           []float64
}

// wolfe looks along the line x + t·d for a point that satisfies the strong
// Wolfe conditions, from t on; from is the line's start. It is the search of
// PyTorch's and Torch7's L-BFGS, after Nocedal and Wright, section 3.5.
func wolfe(run *Run, x, d []float64, from probe, t, tol float64) probe {
	const c1, c2, most = 1e-4, 0.9, 25
	at := make([]float64, len(x))
	eval := func(t float64) probe {
		p := probe{t: t, g: make([]float64, len(x))}
		p.f = run.Grad(axpy(at, x, t, d), p.g)
		p.slope = dot(p.g, d)
		return p
	}
	high := func(p probe) bool { return p.f > from.f+c1*p.t*from.slope || math.IsNaN(p.f) }
	flat := func(p probe) bool { return math.Abs(p.slope) <= -c2*from.slope }

	prev, now, tries := from, eval(t), 0
	var lo, hi probe
	for {
		if high(now) || tries > 1 && now.f >= prev.f || !flat(now) && now.slope >= 0 {
			lo, hi = prev, now
			break
		}
		if flat(now) || run.Exhausted() {
			return now
		}
		if tries == most {
			lo, hi = from, now
			break
		}
		t := cubic(prev, now, now.t+0.01*(now.t-prev.t), now.t*10)
		prev, now = now, eval(t)
		tries++
	}
	// a and b keep their places in the bracket: interpolation depends on them.
	ends := [2]probe{lo, hi}
	low := 0
	if !(ends[0].f <= ends[1].f) {
		low = 1
	}
	stuck := false
	width := maxAbs(d)
	for tries < most && !run.Exhausted() && !(math.Abs(ends[1].t-ends[0].t)*width < tol) {
		left, right := min(ends[0].t, ends[1].t), max(ends[0].t, ends[1].t)
		t := cubic(ends[0], ends[1], left, right)
		t, stuck = inside(t, left, right, stuck)
		p := eval(t)
		tries++
		other := 1 - low
		if high(p) || p.f >= ends[low].f {
			ends[other] = p
			low = 0
			if !(ends[0].f <= ends[1].f) {
				low = 1
			}
			continue
		}
		done := flat(p)
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

// inside keeps a trial away from the ends of a bracket when the search makes
// too little progress there.
func inside(t, left, right float64, stuck bool) (float64, bool) {
	eps := 0.1 * (right - left)
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
	square := d1*d1 - a.slope*b.slope
	if !(square >= 0) {
		return (lo + hi) / 2
	}
	d2 := math.Sqrt(square)
	if a.t > b.t {
		a, b = b, a
	}
	t := b.t - (b.t-a.t)*((b.slope+d2-d1)/(b.slope-a.slope+2*d2))
	if math.IsNaN(t) {
		return (lo + hi) / 2
	}
	return min(max(t, lo), hi)
}

// LBFGS is the limited-memory BFGS method, step for step PyTorch's. With a
// line search its steps satisfy the strong Wolfe conditions; without, they are
// LR long. Liu, Nocedal 1989, https://doi.org/10.1007/BF01589116.
type LBFGS struct {
	LR       float64 // first trial of the search, or length of every step
	History  int     // pairs that are kept
	NoSearch bool    // steps of a fixed length
	Tol      float64 // slope and bracket below which there is no progress; PyTorch's is 1e-9
}

// NewLBFGS returns the method with a line search and a history of 10, to full
// precision.
func NewLBFGS() LBFGS { return LBFGS{LR: 1, History: 10, Tol: 1e-18} }

// pair is a step, the change of the gradient along it, and 1/(y·s).
type pair struct {
	s, y []float64
	rho  float64
}

// Search implements [Method].
func (m LBFGS) Search(run *Run) Reason {
	x := run.Start()
	n := len(x)
	now := probe{g: make([]float64, n)}
	now.f = run.Grad(x, now.g)
	if run.Visit(x, now.f, now.g) {
		return Finished
	}
	var past []pair
	scale := 1.0
	d := axpy(make([]float64, n), make([]float64, n), -1, now.g)
	t := min(1, 1/sumAbs(now.g)) * m.LR
	for {
		now.slope, now.t = dot(now.g, d), 0
		if !(now.slope <= -m.Tol) {
			return NoProgress
		}
		next := probe{t: t}
		if m.NoSearch {
			next.g = make([]float64, n)
			next.f = run.Grad(axpy(make([]float64, n), x, t, d), next.g)
		} else {
			next = wolfe(run, x, d, now, t, m.Tol)
		}
		if next.t == 0 {
			return NoProgress
		}
		x = axpy(x, x, next.t, d)
		if run.Visit(x, next.f, next.g) {
			return Finished
		}
		p := pair{s: axpy(make([]float64, n), make([]float64, n), next.t, d), y: axpy(make([]float64, n), next.g, -1, now.g)}
		if ys := dot(p.y, p.s); ys > 0.1*m.Tol {
			if len(past) == m.History {
				past = slices.Delete(past, 0, 1)
			}
			p.rho = 1 / ys
			past = append(past, p)
			scale = ys / dot(p.y, p.y)
		}
		now, t = next, m.LR
		d = twoLoop(past, now.g, scale)
	}
}

// twoLoop returns minus the approximate inverse Hessian times g.
func twoLoop(past []pair, g []float64, scale float64) []float64 {
	q := axpy(make([]float64, len(g)), make([]float64, len(g)), -1, g)
	al := make([]float64, len(past))
	for i := len(past) - 1; i >= 0; i-- {
		al[i] = dot(past[i].s, q) * past[i].rho
		axpy(q, q, -al[i], past[i].y)
	}
	for i := range q {
		q[i] *= scale
	}
	for i, p := range past {
		axpy(q, q, al[i]-dot(p.y, q)*p.rho, p.s)
	}
	return q
}

func sumAbs(x []float64) (s float64) {
	for _, v := range x {
		s += math.Abs(v)
	}
	return s
}
