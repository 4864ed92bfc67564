package search

import "math"

// Methods that go down a line at each step.

// A tracker returns the direction of the next line search and its first trial.
// now is what is known at x, before of the point before it, from which last·t led here;
// before is nil at the start, and again where nothing lower was found: then it
// is to forget what it knows.
type tracker func(x []float64, now, before *probe, last []float64, t float64) (d []float64, first float64)

// descend takes line searches from the start of the run. c2 is the Wolfe
// condition's factor of the slope.
func descend(run *Run, c2 float64, next tracker) Reason {
	x := run.Start()
	now := &probe{g: make([]float64, len(x))}
	now.f = run.Grad(x, now.g)
	if run.Visit(x, now.f, now.g) {
		return Finished
	}
	var before *probe
	var d []float64
	var t float64
	for {
		d, t = next(x, now, before, d, t)
		now.t, now.slope = 0, dot(now.g, d)
		var to probe
		if now.slope < 0 {
			to = strong{c2: c2, noise: 1e-15}.search(run, x, d, *now, t)
		}
		if to.t == 0 || run.stalled() {
			if before == nil || to.t != 0 {
				return NoProgress
			}
			before = nil
			continue
		}
		t = to.t
		axpy(x, x, t, d)
		if run.Visit(x, to.f, to.g) {
			return Finished
		}
		before, now = now, &to
	}
}

// downhill is minus the gradient, with a first trial of length lr or less. A
// gradient so small that this would be lost in rounding is no reason not to
// move: the function may be small.
func downhill(x, g []float64, lr float64) (d []float64, t float64) {
	d = axpy(make([]float64, len(g)), make([]float64, len(g)), -1, g)
	t = min(1, 1/sumAbs(g)) * lr
	if size := maxAbs(x); t*maxAbs(g) < 1e-12*size {
		t = 1e-6 * size / maxAbs(g)
	}
	return d, t
}

// GradientDescent goes down the gradient with a line search: the first point
// that is lower by Armijo's condition, or one for the strong Wolfe conditions.
// The first trial has the curvature of the step before. Barzilai, Borwein 1988,
// https://doi.org/10.1093/imanum/8.1.141.
type GradientDescent struct {
	Wolfe bool `help:"strong Wolfe conditions, not Armijo's alone"`
}

// Search implements [Method].
func (m GradientDescent) Search(run *Run) Reason {
	c2 := math.Inf(1) // any slope will do
	if m.Wolfe {
		c2 = 0.9
	}
	return descend(run, c2, func(x []float64, now, before *probe, last []float64, t float64) ([]float64, float64) {
		d, first := downhill(x, now.g, 1)
		if before != nil {
			first = 2 * t
			gg := dot(before.g, before.g)
			if curve := gg - dot(now.g, before.g); curve > 0 {
				first = t * gg / curve
			}
		}
		return d, first
	})
}

// ConjugateGradient is the nonlinear method of Polak, Ribière and Polyak,
// restarted where its factor would be negative (PR+). Nocedal, Wright, section
// 5.2.
type ConjugateGradient struct{}

// Search implements [Method].
func (m ConjugateGradient) Search(run *Run) Reason {
	return descend(run, 0.1, func(x []float64, now, before *probe, last []float64, t float64) ([]float64, float64) {
		d, first := downhill(x, now.g, 1)
		if before == nil {
			return d, first
		}
		beta := (dot(now.g, now.g) - dot(now.g, before.g)) / dot(before.g, before.g)
		axpy(d, d, max(0, beta), last)
		if !(dot(now.g, d) < 0) {
			d, _ = downhill(x, now.g, 1)
		}
		return d, t * before.slope / dot(now.g, d) // the same fall again, to first order
	})
}

// BFGS is the quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno.
// Its first matrix has the curvature of the first step. Nocedal, Wright,
// section 6.1.
type BFGS struct{}

// Search implements [Method].
func (m BFGS) Search(run *Run) Reason {
	n := len(run.Problem.Start)
	h := inverse{n: n}
	return descend(run, 0.9, func(x []float64, now, before *probe, last []float64, t float64) ([]float64, float64) {
		if before == nil {
			h.m = nil
			return downhill(x, now.g, 1)
		}
		y := axpy(make([]float64, n), now.g, -1, before.g)
		s := axpy(make([]float64, n), make([]float64, n), t, last)
		if ys := dot(y, s); ys > 0 {
			h.update(s, y, ys)
		}
		if h.m == nil {
			d, _ := downhill(x, now.g, 1)
			return d, t
		}
		return axpy(make([]float64, n), make([]float64, n), -1, h.times(now.g)), 1
	})
}

// inverse is an approximate inverse Hessian.
type inverse struct {
	n int
	m []float64 // row by row, nil before the first update
}

// update makes it take the change of the gradient y to the step s.
func (h *inverse) update(s, y []float64, ys float64) {
	n := h.n
	if h.m == nil {
		h.m = make([]float64, n*n)
		for i := range n {
			h.m[i*n+i] = ys / dot(y, y)
		}
	}
	hy := h.times(y)
	grow := (1 + dot(y, hy)/ys) / ys
	for i := range n {
		for j := range n {
			h.m[i*n+j] += float64(grow*s[i]*s[j]) - (float64(hy[i]*s[j])+float64(s[i]*hy[j]))/ys
		}
	}
}

func (h *inverse) times(v []float64) []float64 {
	out := make([]float64, h.n)
	for i := range out {
		out[i] = dot(h.m[i*h.n:(i+1)*h.n], v)
	}
	return out
}
