package search

import (
	"math"
	"slices"
)

// LBFGS is the limited-memory BFGS method, step for step PyTorch's. With a
// line search its steps satisfy the strong Wolfe conditions; without, they are
// LR long. Liu, Nocedal 1989, https://doi.org/10.1007/BF01589116.
type LBFGS struct {
	LR       float64 `help:"first trial of the search, or length of every step" range:"(0,inf)"`
	History  int     `help:"pairs that are kept" range:"[1,inf)"`
	NoSearch bool    `name:"fixed" help:"steps of a fixed length, without a line search"`
	// Tol is PyTorch's 1e-9, 0 is for problems of any scale.
	Tol float64 `help:"slope and bracket below which there is no progress" range:"[0,inf)"`
}

// NewLBFGS returns the method with a line search and a history of 10, to full
// precision.
func NewLBFGS() LBFGS { return LBFGS{LR: 1, History: 10} }

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
	d, t := downhill(x, now.g, m.LR)
	for {
		now.slope, now.t = dot(now.g, d), 0
		if !(now.slope < 0 && now.slope <= -m.Tol) {
			return NoProgress
		}
		next := probe{t: t}
		if m.NoSearch {
			next.g = make([]float64, n)
			next.f = run.Grad(axpy(make([]float64, n), x, t, d), next.g)
		} else {
			next = strong{c2: 0.9, tol: m.Tol}.search(run, x, d, now, t)
		}
		if next.t == 0 && len(past) > 0 { // forget the curvature, it may be wrong here
			past, scale = nil, 1
			d, t = downhill(x, now.g, m.LR)
			continue
		}
		if next.t == 0 || !m.NoSearch && run.stalled() {
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
		axpy(q, q, al[i]-float64(dot(p.y, q)*p.rho), p.s)
	}
	return q
}

func sumAbs(x []float64) (s float64) {
	for _, v := range x {
		s += math.Abs(v)
	}
	return s
}
