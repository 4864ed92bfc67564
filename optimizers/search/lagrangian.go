package search

import (
	"math"
	"math/rand/v2"
	"slices"

	"descent/internal/elementary"
)

// AugmentedLagrangian minimises f where constraints c hold, within bounds, by
// minimising with another method
//
//	f + Σ (max(0, λ + ρc)² - λ²) / 2ρ   over inequalities c <= 0
//	  + Σ λc + ½ρc²                     over equations c = 0
//
// for fixed multipliers λ and weight ρ, again and again: λ becomes λ + ρc, not
// below 0 for inequalities, and ρ is raised where the violation does not fall.
// Newton's steps for the conditions of Karush, Kuhn and Tucker end the search
// once it is near enough. Functions and constraints are scaled by their gradients
// at the start. Birgin, Martínez 2014, https://doi.org/10.1137/1.9781611973365.
type AugmentedLagrangian struct {
	Local Method
	Tol   float64 // of the conditions, see [Problem.Optimality]
	Steps int     // of the local method at most, from one change of λ to the next; 0 is 1000
}

// lagrangian is a search under way. Numbers of constraints are scaled.
type lagrangian struct {
	AugmentedLagrangian
	run       *Run
	n         int
	bounds    []Bound
	size      []float64 // what the constraints are divided by
	unit      float64   // what f is divided by
	lambda    []float64
	rho       float64
	u         []float64 // the variables behind the bounds
	x, g      []float64 // scratch
	c, w, at  []float64
	violation float64
	moved     []float64 // how far each variable has been from the start
	closest   []float64 // where the violations are least, if they are not 0
}

// Search implements [Method]. It needs Problem.Constraints.
func (m AugmentedLagrangian) Search(run *Run) Reason {
	if m.Steps == 0 {
		m.Steps = 1000
	}
	n, rows := len(run.Problem.Start), len(run.Problem.Constraints.Equal)
	vector := func(n int) []float64 { return make([]float64, n) }
	s := &lagrangian{AugmentedLagrangian: m, run: run, n: n, size: vector(rows), unit: 1, lambda: vector(rows),
		u: vector(n), x: vector(n), g: vector(n), c: vector(rows), w: vector(rows), at: vector(n), moved: vector(n), rho: 10}
	start := run.Start()
	for i := range start {
		s.bounds = append(s.bounds, run.Problem.bound(i))
	}
	if run.Grad(start, s.g) == math.Inf(1) {
		if start = s.nearest(start, false); start == nil || run.Grad(start, s.g) == math.Inf(1) {
			run.settle(run.Start(), math.NaN())
			return NotFinite
		}
	}
	s.rescale(start)
	return s.best(start)
}

// An entrance is how a search begins.
type entrance struct {
	from func() []float64 // nil for nowhere
	rho  float64
}

// ways are those in which to search, for the constraints may leave several minima:
// from the start with little weight on the constraints and with much, from where
// the constraints hold near it, and from points around, since it may lie on a ridge.
func (s *lagrangian) ways(start []float64) []entrance {
	at := func(x []float64) func() []float64 { return func() []float64 { return x } }
	out := []entrance{{at(start), 10}, {at(start), 1000}, {func() []float64 { return s.nearest(start, true) }, 100}}
	rng := rand.New(rand.NewPCG(1, 2)) // the same points each time
	for _, sigma := range []float64{0.1, 0.3, 1, 3} {
		beside := slices.Clone(start)
		for i, x := range beside {
			step, share := float64(sigma*max(1, math.Abs(x))*elementary.Normal(rng)), rng.Float64()
			lo, hi := s.bounds[i].Ends()
			switch {
			case sigma >= 1 && hi-lo < math.Inf(1):
				beside[i] = lo + float64(share*(hi-lo))
			case s.bounds[i].Contains(x + step):
				beside[i] = x + step
			default:
				beside[i] = max(lo, min(hi, x-step))
			}
		}
		out = append(out, entrance{at(beside), 10})
	}
	return out
}

// An outcome is where a search ended; its kkt is nil if the conditions do not hold.
type outcome struct {
	*kkt
	x      []float64
	reason Reason
}

// best searches in all ways. The lowest point where the conditions hold counts; if
// there is none, where the first search ended.
func (s *lagrangian) best(start []float64) Reason {
	var best outcome
	var path []Point
	for i, w := range s.ways(start) {
		x := w.from()
		if x == nil {
			continue
		}
		s.rho = w.rho
		clear(s.lambda)
		s.from(x)
		first := len(s.run.res.Trace)
		end := s.search()
		if i == 0 || end.kkt != nil && (best.kkt == nil || end.f < best.f-float64(1e-9*math.Abs(best.f))) {
			best, path = end, s.run.res.Trace[first:]
		}
		if s.run.reason != "" || best.reason == Infeasible || best.reason == Unbounded {
			break
		}
	}
	s.run.res.Trace = path
	f := s.run.Problem.Func(best.x)
	if last := len(path) - 1; last < 0 || f != path[last].F {
		s.run.Visit(best.x, f, nil)
	}
	s.run.settle(best.x, f)
	if best.kkt != nil && s.run.reason == MaxIterations { // of a search that was not needed
		s.run.reason = ""
	}
	return best.reason
}

// from begins at x, as far within the bounds as their variables need.
func (s *lagrangian) from(x []float64) {
	for i, b := range s.bounds {
		s.u[i] = b.Free(x[i])
	}
}

// rescale takes the units of f and of the constraints from their gradients.
func (s *lagrangian) rescale(x []float64) {
	if g := maxAbs(s.g); g > 0 {
		s.unit = g
	}
	jac := s.run.Problem.Constraints.rows(x)
	for i := range s.size {
		if s.size[i] = maxAbs(jac[i*s.n : (i+1)*s.n]); !(s.size[i] > 1e-8) || math.IsInf(s.size[i], 0) {
			s.size[i] = 1
		}
	}
}

// search changes multipliers and weight until the conditions hold.
func (s *lagrangian) search() outcome {
	const most, rounds = 1e12, 100
	omega, restored := 1e-2, false
	s.violation = math.Inf(1)
	good := slices.Clone(s.u)
	for range rounds {
		low := s.value(s.u)
		low -= float64(1e8 * (1 + math.Abs(low)))
		res := s.minimise(omega, low)
		if s.run.reason != "" {
			return outcome{x: s.inside(res.X), reason: s.run.reason}
		}
		if lost := res.Reason == TargetReached || res.Reason == Unbounded || res.Reason == NotFinite; lost {
			if s.rho *= 100; s.rho > most {
				return outcome{x: s.inside(res.X), reason: Unbounded}
			}
			copy(s.u, good)
			continue
		}
		copy(s.u, res.X)
		copy(good, s.u)
		before := s.violation
		s.multiply()
		if k := s.conditions(omega); k != nil {
			return outcome{k, k.x, Optimal}
		}
		if s.violation > 1e-9 && s.violation > before/4 {
			s.rho = min(10*s.rho, most)
		}
		omega = max(omega/10, 1e-10)
		if s.rho >= 1e6 && s.violation > max(1e-5, before/2) {
			at := s.nearest(s.inside(s.u), false)
			switch {
			case at == nil:
				return outcome{x: s.closest, reason: Infeasible}
			case restored:
				return outcome{x: at, reason: NoProgress}
			}
			restored, s.rho, omega = true, 1e3, 1e-2
			clear(s.lambda)
			s.from(at)
		}
	}
	return outcome{x: s.inside(s.u), reason: NoProgress}
}

// minimise runs the local method for the multipliers as they are.
func (s *lagrangian) minimise(omega, low float64) *Result {
	p := &Problem{Start: slices.Clone(s.u), Func: s.value, Grad: s.gradient, HVP: s.product}
	return s.run.part(p, s.Local, Stop{Grad: omega, Iterations: s.Steps, Target: &low, Visited: func(u []float64, _ float64) {
		x := s.inside(u)
		for i := range x {
			s.moved[i] = max(s.moved[i], math.Abs(x[i]-s.run.Problem.Start[i]))
		}
		if f := s.run.Problem.Func(x); finite(f) && s.run.Visit(x, f, nil) {
			panic(ended{})
		}
	}})
}

// multiply changes the multipliers, and keeps by how much constraints are off:
// violated, or slack in spite of their multiplier.
func (s *lagrangian) multiply() {
	s.constraints(s.inside(s.u))
	s.violation = 0
	for i, c := range s.c {
		off := c
		if !s.run.Problem.Constraints.Equal[i] {
			off = max(c, -s.lambda[i]/s.rho)
		}
		s.violation = max(s.violation, math.Abs(off))
		s.lambda[i] = max(-1e12, min(1e12, s.lambda[i]+float64(s.rho*off)))
	}
}

// conditions takes Newton's steps for the conditions from here; nil if they do
// not hold in the end.
func (s *lagrangian) conditions(omega float64) *kkt {
	if s.n > maxDense {
		k := newKKT(s.run.Problem, s.inside(s.u), s.moved)
		if k.multipliers(1e-7); k.optimal(s.Tol) {
			return k
		}
		return nil
	}
	for _, near := range []float64{1e-6, 1e-3, 1e-1} {
		k := newKKT(s.run.Problem, s.inside(s.u), s.moved)
		k.multipliers(near)
		k.snap()
		if !k.polish(s.Tol) {
			continue
		}
		if down, _ := k.inertia(); down > 0 && omega > 1e-8 {
			return nil // the method may yet leave a saddle
		}
		return k
	}
	return nil
}

// nearest returns a point near x where the constraints hold; nil if the least sum
// of squares of the violations is not 0, as far as one search tells, or several.
func (s *lagrangian) nearest(x []float64, once bool) []float64 {
	p, c := s.run.Problem, s.run.Problem.Constraints
	v := &Problem{Start: x, Lower: p.Lower, Upper: p.Upper, Count: len(c.Equal)}
	v.Residuals = func(x, r, jac []float64) {
		c.Value(x, r)
		copy(jac, c.rows(x))
		for i := range r {
			if r[i] < 0 && !c.Equal[i] {
				r[i] = 0
				clear(jac[i*s.n : (i+1)*s.n])
			}
		}
	}
	r, jac := make([]float64, len(c.Equal)), make([]float64, len(c.Equal)*s.n)
	v.Func = func(x []float64) float64 { v.Residuals(x, r, jac); return dot(r, r) / 2 }
	v.Grad = func(x, g []float64) float64 {
		f := v.Func(x)
		clear(g)
		for i := range r {
			axpy(g, g, r[i], jac[i*s.n:(i+1)*s.n])
		}
		return f
	}
	at := s.run.part(v, LevenbergMarquardt{Once: true}, Stop{Iterations: s.Steps, Evaluations: 5000}).X
	if !once && !newKKT(p, at, s.moved).feasible(1e-6) {
		at = s.run.part(v, LevenbergMarquardt{}, Stop{Iterations: s.Steps}).X
	}
	if newKKT(p, at, s.moved).feasible(1e-6) {
		return at
	}
	s.closest = at
	return nil
}

// inside maps the variables behind the bounds to those within.
func (s *lagrangian) inside(u []float64) []float64 {
	x := make([]float64, s.n)
	for i, b := range s.bounds {
		x[i] = b.Value(u[i])
	}
	return x
}

// constraints fills in c at x.
func (s *lagrangian) constraints(x []float64) {
	s.run.Problem.Constraints.Value(x, s.c)
	for i := range s.c {
		s.c[i] /= s.size[i]
	}
}

// penalty is what the constraints add. It fills in w, its derivative by c, of the
// constraints as they are.
func (s *lagrangian) penalty() (sum float64) {
	for i, c := range s.c {
		l := s.lambda[i]
		t := l + float64(s.rho*c)
		if !s.run.Problem.Constraints.Equal[i] {
			t = max(0, t)
		}
		sum += (float64(t*t) - float64(l*l)) / (2 * s.rho)
		s.w[i] = t / s.size[i]
	}
	return sum
}

// value is the augmented Lagrangian.
func (s *lagrangian) value(u []float64) float64 {
	x := s.inside(u)
	s.constraints(x)
	return s.run.Problem.Func(x)/s.unit + s.penalty()
}

// gradient is value with the gradient by u.
func (s *lagrangian) gradient(u, grad []float64) float64 {
	x := s.inside(u)
	f := s.slope(x, s.g)
	for i, b := range s.bounds {
		first, _ := b.slopes(u[i])
		grad[i] = first * s.g[i]
	}
	return f
}

// slope is the augmented Lagrangian with its gradient by x.
func (s *lagrangian) slope(x, g []float64) float64 {
	f := s.run.Problem.Grad(x, g) / s.unit
	s.constraints(x)
	f += s.penalty()
	s.run.Problem.Constraints.Pull(x, s.w, s.at)
	for i := range g {
		g[i] = g[i]/s.unit + s.at[i]
	}
	return f
}

// product fills out with the product of the Hessian by u and v.
func (s *lagrangian) product(u, v, out []float64) {
	x, p := s.inside(u), s.run.Problem
	s.slope(x, s.g)
	for i, b := range s.bounds {
		first, _ := b.slopes(u[i])
		s.x[i] = first * v[i]
	}
	p.HVP(x, s.x, out)
	p.Constraints.Bend(x, s.w, s.x, s.at)
	for i := range out {
		out[i] = out[i]/s.unit + s.at[i]
	}
	along := make([]float64, len(s.c))
	p.Constraints.Push(x, s.x, along)
	for i, d := range along {
		if along[i] = 0; s.w[i] != 0 || p.Constraints.Equal[i] {
			along[i] = s.rho * d / (s.size[i] * s.size[i])
		}
	}
	p.Constraints.Pull(x, along, s.at)
	for i, b := range s.bounds {
		first, second := b.slopes(u[i])
		out[i] = float64(first*(out[i]+s.at[i])) + float64(second*s.g[i]*v[i])
	}
}
