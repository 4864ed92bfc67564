package optimizers

import "math"

// NewtonCG solves Newton's equations by conjugate gradients with
// Hessian-vector products, never forming the Hessian, and stops early where
// the curvature is negative. Nocedal, Wright, section 7.1.
type NewtonCG struct {
	MaxCG int // inner iterations; 0 is twice the number of variables
}

// Search implements [Method]. It needs Problem.HVP.
func (m NewtonCG) Search(run *Run) Reason {
	if run.Problem.HVP == nil {
		panic(evalError{errNoHVP})
	}
	x := run.Start()
	now := probe{g: make([]float64, len(x))}
	now.f = run.Grad(x, now.g)
	if run.Visit(x, now.f, now.g) {
		return Finished
	}
	for {
		d := m.direction(run, x, now.g)
		now.slope, now.t = dot(now.g, d), 0
		if !(now.slope < 0) {
			return NoProgress
		}
		next := wolfe(run, x, d, now, 1, 0)
		if next.t == 0 {
			return NoProgress
		}
		axpy(x, x, next.t, d)
		if run.Visit(x, next.f, next.g) {
			return Finished
		}
		now = next
	}
}

// direction solves H·d = -g until the residual is small enough.
func (m NewtonCG) direction(run *Run, x, g []float64) []float64 {
	n := len(x)
	d, r, p, hp := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	copy(r, g)
	axpy(p, p, -1, r)
	size := math.Sqrt(dot(g, g))
	tol := min(0.5, math.Sqrt(size)) * size
	most := m.MaxCG
	if most == 0 {
		most = 2 * n
	}
	rr := dot(r, r)
	for k := range most {
		run.Problem.HVP(x, p, hp)
		curve := dot(p, hp)
		if !(curve > 0) {
			if k == 0 {
				copy(d, p)
			}
			break
		}
		a := rr / curve
		axpy(d, d, a, p)
		axpy(r, r, a, hp)
		next := dot(r, r)
		if math.Sqrt(next) <= tol {
			break
		}
		b := next / rr
		for i := range p {
			p[i] = b*p[i] - r[i]
		}
		rr = next
	}
	return d
}
