package search

import (
	"math"
	"slices"

	"descent/internal/leastsq"

	"gonum.org/v1/gonum/mat"
)

// Optimality says how well a point satisfies the conditions of Karush, Kuhn and
// Tucker for a minimum of f where constraints c hold: there are multipliers λ, at
// least 0 for inequalities, with
//
//	∇f + Jᵀλ = 0  but for variables that a bound holds,  λ·c = 0
//
// Nocedal, Wright 2006, theorem 12.1.
type Optimality struct {
	Values      []float64 // c
	Multipliers []float64 // λ
	Residual    float64   // the largest magnitude on the left of the equations, and of violations
	// Of the directions in which the active constraints do not change, those in
	// which the Lagrangian f + λᵀc curves down, and those in which it does not curve.
	Down, Level int
	Optimal     bool // the conditions hold, but for rounding
}

// Optimality looks at x, where a search came that moved each variable by up to
// moved from the start. The conditions count as holding if no residual is above
// tol and Newton's step for them is small beside the variables, or lowers the value
// by nothing beside what the search did.
func (p *Problem) Optimality(x, moved []float64, tol float64) (o *Optimality, err error) {
	defer caught(&err)
	k := newKKT(p, x, moved)
	k.multipliers(1e-7)
	o = &Optimality{Values: k.c, Multipliers: k.lambda, Residual: k.residual()}
	if !finite(append(slices.Clone(k.g), k.f)...) {
		return o, nil
	}
	o.Optimal = k.optimal(tol)
	if len(x) <= maxDense {
		o.Down, o.Level = k.inertia()
	}
	return o, nil
}

// maxDense is the number of variables up to which Hessians are computed.
const maxDense = 200

// kkt is a point with what the conditions are made of.
type kkt struct {
	p             *Problem
	bounds        []Bound
	scale         []float64 // what is a large change of each variable
	x, g, c, jac  []float64
	f, fallen     float64 // the value, and by how much that has changed
	steep         float64 // the largest element of a gradient seen, in units of the variables
	lambda        []float64
	held          []bool // variables that a bound holds
	active        []bool // constraints that hold as equations
	size          []float64
	hessianMatrix []float64
}

func newKKT(p *Problem, x, moved []float64) *kkt {
	k := &kkt{p: p, scale: make([]float64, len(x))}
	for i := range x {
		k.bounds = append(k.bounds, p.bound(i))
		k.scale[i] = max(math.Abs(x[i]), math.Abs(x[i]-p.Start[i]), moved[i])
		if k.scale[i] == 0 {
			k.scale[i] = 1
		}
	}
	m := len(p.Constraints.Equal)
	k.held, k.active, k.lambda = make([]bool, len(x)), slices.Clone(p.Constraints.Equal), make([]float64, m)
	first := make([]float64, len(x))
	f := p.Grad(p.Start, first)
	k.evaluate(x)
	k.fallen = max(math.Abs(k.f), math.Abs(k.f-f))
	for j, d := range first {
		k.steep = max(k.steep, math.Abs(d)*k.scale[j], math.Abs(k.g[j])*k.scale[j])
	}
	return k
}

// bound is that of variable i.
func (p *Problem) bound(i int) Bound {
	if p.Lower == nil {
		return Bound{}
	}
	return Bound{p.Lower[i], p.Upper[i]}
}

// evaluate moves to x.
func (k *kkt) evaluate(x []float64) {
	n, m := len(x), len(k.active)
	k.x, k.g, k.c, k.size, k.hessianMatrix = slices.Clone(x), make([]float64, n), make([]float64, m), make([]float64, m), nil
	k.f = k.p.Grad(k.x, k.g)
	k.p.Constraints.Value(k.x, k.c)
	k.jac = k.p.Constraints.rows(k.x)
	for i := range m {
		for j, d := range k.row(i) {
			k.size[i] = max(k.size[i], math.Abs(d)*k.scale[j])
		}
		if k.size[i] == 0 {
			k.size[i] = 1
		}
	}
}

func (k *kkt) row(i int) []float64 { n := len(k.x); return k.jac[i*n : (i+1)*n] }

// gradient is that of the Lagrangian.
func (k *kkt) gradient() []float64 {
	g := slices.Clone(k.g)
	for i, l := range k.lambda {
		axpy(g, g, l, k.row(i))
	}
	return g
}

// residual is the largest error of a condition.
func (k *kkt) residual() (most float64) {
	for i, v := range k.c {
		most = max(most, k.p.Constraints.Violation(i, v), math.Abs(k.lambda[i]*v))
	}
	for j, d := range k.gradient() {
		if !k.held[j] {
			most = max(most, math.Abs(d))
		}
	}
	return most
}

// multipliers chooses λ so that the gradient of the Lagrangian is least, over the
// inequalities and bounds that are off by no more than near, in units of the
// variables. Those with a multiplier are active.
func (k *kkt) multipliers(near float64) {
	n := len(k.x)
	var columns [][]float64
	var free []bool
	var set []func(l float64)
	for i, equal := range k.p.Constraints.Equal {
		if k.lambda[i], k.active[i] = 0, equal; !equal && k.c[i] < -near*k.size[i] {
			continue
		}
		column := make([]float64, n)
		for j, d := range k.row(i) {
			column[j] = d * k.scale[j] / k.size[i]
		}
		columns, free = append(columns, column), append(free, equal)
		set = append(set, func(l float64) { k.lambda[i], k.active[i] = l/k.size[i], true })
	}
	for j, x := range k.x {
		lo, hi := k.bounds[j].Ends()
		k.held[j] = false
		for _, side := range []struct{ gap, sign float64 }{{x - lo, -1}, {hi - x, 1}} {
			if side.gap > near*k.scale[j] {
				continue
			}
			column := make([]float64, n)
			column[j] = side.sign
			columns, free = append(columns, column), append(free, false)
			set = append(set, func(float64) { k.held[j] = true })
		}
	}
	target := make([]float64, n)
	for j, d := range k.g {
		target[j] = -d * k.scale[j]
	}
	if !finite(target...) {
		return
	}
	for i, l := range nonNegative(columns, free, target) {
		if l != 0 {
			set[i](l)
		}
	}
}

// precise is the part of a variable's scale that a point may be off by.
const precise = 1e-7

// feasible tells whether no constraint is violated by more than tol, but for
// rounding, nor by much in units of the variables.
func (k *kkt) feasible(tol float64) bool {
	for i, v := range k.c {
		terms := 0.0
		for j, d := range k.row(i) {
			terms += math.Abs(d * k.x[j])
		}
		if off := k.p.Constraints.Violation(i, v); !(off <= max(tol, 1e-12*terms) && off <= max(tol, precise)*k.size[i]) {
			return false
		}
	}
	return true
}

// optimal tells whether the conditions hold, but for rounding.
func (k *kkt) optimal(tol float64) bool {
	if !k.feasible(tol) {
		return false
	}
	residual := k.residual()
	if len(k.x) > maxDense {
		return residual <= tol
	}
	d, _, far := k.newton()
	if far <= 1e-4*precise {
		return true // what is left is rounding
	}
	fall := dot(k.gradient(), d) / 2 // of the Lagrangian
	return residual <= tol && (far <= precise || math.Abs(fall) <= 1e-12*k.fallen)
}

// inertia counts the directions along the active constraints in which the
// Lagrangian curves down, and in which it does not curve: the eigenvalues of the
// system that the constraints, of rank r, do not account for. Gould 1985,
// https://doi.org/10.1007/BF01585660.
func (k *kkt) inertia() (down, level int) {
	a, _, variables, constraints := k.system()
	size, n, m := len(variables)+len(constraints), len(variables), len(constraints)
	if n == 0 || !finite(a...) {
		return 0, 0
	}
	rank := 0
	if m > 0 {
		jac := make([]float64, 0, m*n)
		for c := range m {
			jac = append(jac, a[(n+c)*size:(n+c)*size+n]...)
		}
		rank = leastsq.New(jac, m, n).Rank()
	}
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(size, a), false) {
		return 0, 0
	}
	values := e.Values(nil)
	most := max(math.Abs(values[0]), math.Abs(values[size-1]))
	for _, v := range values {
		switch {
		case math.Abs(v) <= 1e-10*most:
			level++
		case v < 0:
			down++
		}
	}
	return max(0, down-rank), max(0, level-(m-rank))
}
