package search

import "math"

// NewtonCG takes Newton's steps within a trust region. Each is found by
// conjugate gradients with Hessian-vector products, never forming the Hessian,
// and follows a direction of negative curvature to the edge of the region.
// Steihaug 1983, https://doi.org/10.1137/0720042; Nocedal, Wright, algorithms
// 4.1 and 7.2.
type NewtonCG struct {
	MaxCG int `name:"inner" help:"inner iterations; 0 is twice the number of variables" range:"[0,inf)"`
}

// Search implements [Method]. It needs Problem.HVP.
func (m NewtonCG) Search(run *Run) Reason {
	if run.Problem.HVP == nil {
		Fail(errNoHVP)
	}
	x := run.Start()
	n := len(x)
	at := make([]float64, n)
	now := probe{g: make([]float64, n)}
	now.f = run.Grad(x, now.g)
	if run.Visit(x, now.f, now.g) {
		return Finished
	}
	r := region{most: m.MaxCG, largest: length(now.g)}
	if r.most == 0 {
		r.most = 2 * n
	}
	for {
		d, fall := r.step(run, x, now.g)
		if m := maxAbs(d); math.IsNaN(m) || !elsewhere(at, x, 1, d) {
			return NoProgress
		}
		next := probe{g: make([]float64, n)}
		next.f = run.Grad(at, next.g)
		if !r.accept(now, next, fall, length(d)) {
			continue
		}
		copy(x, at)
		r.largest = max(r.largest, length(next.g))
		if run.Visit(x, next.f, next.g) {
			return Finished
		}
		now = next
	}
}

// A region is where the quadratic model is trusted: a ball around the point.
type region struct {
	radius  float64 // 0 before the first step
	largest float64 // gradient so far
	most    int     // inner iterations
	edge    bool    // the last step went to the edge
}

// accept compares the fall of the value with the model's, adapts the radius and
// reports whether the step is to be taken. Where the fall is rounding only, a
// step is one that makes the gradient smaller.
func (r *region) accept(now, next probe, fall, step float64) bool {
	ratio := (now.f - next.f) / fall
	if fall <= 1e-13*math.Abs(now.f) {
		if length(next.g) < length(now.g)/2 && next.f-now.f <= 1e-13*math.Abs(now.f) {
			return true
		}
		if next.f >= now.f {
			ratio = 0
		}
	}
	switch {
	case !(ratio >= 0.25):
		r.radius = step / 4
	case ratio > 0.75 && r.edge:
		r.radius = 4 * step
	}
	return ratio > 1e-4
}

// step minimises the model g·d + ½d·H·d within the region and returns by how
// much the model falls. The residual is to be at most η‖g‖, where η is the root
// of how much the gradient has fallen already: the method converges faster than
// linearly, whatever the units.
func (r *region) step(run *Run, x, g []float64) (d []float64, fall float64) {
	n := len(x)
	d = make([]float64, n)
	res, p, hp, trial := append([]float64(nil), g...), make([]float64, n), make([]float64, n), make([]float64, n)
	axpy(p, p, -1, g)
	rr := dot(res, res)
	size := math.Sqrt(rr)
	tol := min(0.5, math.Sqrt(size/r.largest)) * size
	r.edge = false
	for k := 0; k < r.most && math.Sqrt(rr) > tol; k++ {
		run.HVP(x, p, hp)
		curve := dot(p, hp)
		if r.radius == 0 { // the first step: where the model is least downhill
			r.radius = max(1, length(x))
			if curve > 0 && !math.IsInf(curve, 1) {
				r.radius = rr / curve * length(p)
			}
		}
		a := rr / curve
		if !(curve > 0) || math.IsInf(curve, 1) || length(axpy(trial, d, a, p)) >= r.radius {
			a, r.edge = toEdge(d, p, r.radius), true
			if math.IsNaN(curve) || math.IsInf(curve, 0) {
				curve = 0
			}
		}
		fall += float64(a*rr) - float64(0.5*a*a*curve) // p·res is -rr
		axpy(d, d, a, p)
		if r.edge {
			break
		}
		axpy(res, res, a, hp)
		next := dot(res, res)
		for i := range p {
			p[i] = float64(next/rr*p[i]) - res[i]
		}
		rr = next
	}
	return d, fall
}

// toEdge returns the a > 0 for which d + a·p is radius long.
func toEdge(d, p []float64, radius float64) float64 {
	pp, dp, dd := dot(p, p), dot(d, p), dot(d, d)
	root := math.Sqrt(max(0, float64(dp*dp)+float64(pp*(float64(radius*radius)-dd))))
	if dp > 0 {
		return (float64(radius*radius) - dd) / (dp + root)
	}
	return (root - dp) / pp
}
