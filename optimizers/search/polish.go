package search

import (
	"math"
	"slices"

	"descent/internal/leastsq"
)

// hessian is that of the Lagrangian, row by row.
func (k *kkt) hessian() []float64 {
	if k.hessianMatrix != nil {
		return k.hessianMatrix
	}
	n := len(k.x)
	h, unit, bend := make([]float64, n*n), make([]float64, n), make([]float64, n)
	for i := range n {
		clear(unit)
		unit[i] = 1
		row := h[i*n : (i+1)*n]
		k.p.HVP(k.x, unit, row)
		k.p.Constraints.Bend(k.x, k.lambda, unit, bend)
		axpy(row, row, 1, bend)
	}
	k.hessianMatrix = h
	return h
}

// system is the matrix of Newton's step for the conditions, in units of the
// variables and with its largest curvature 1:
//
//	H Jᵀ
//	J 0
//
// over the variables and the constraints that are named.
func (k *kkt) system() (a []float64, unit float64, variables, constraints []int) {
	for j, held := range k.held {
		if !held {
			variables = append(variables, j)
		}
	}
	for i, active := range k.active {
		if active {
			constraints = append(constraints, i)
		}
	}
	n, h := len(k.x), k.hessian()
	nf, size := len(variables), len(variables)+len(constraints)
	a = make([]float64, size*size)
	for r, i := range variables {
		for c, j := range variables {
			a[r*size+c] = (h[i*n+j] + h[j*n+i]) / 2 * k.scale[i] * k.scale[j]
			unit = max(unit, math.Abs(a[r*size+c]))
		}
	}
	if unit == 0 {
		unit = 1
	}
	for r := range nf {
		for c := range nf {
			a[r*size+c] /= unit
		}
		for c, i := range constraints {
			d := k.row(i)[variables[r]] * k.scale[variables[r]] / k.size[i]
			a[r*size+nf+c], a[(nf+c)*size+r] = d, d
		}
	}
	return a, unit, variables, constraints
}

// newton returns Newton's step for the conditions with the active constraints as
// equations, the multipliers after it, and its largest part of a variable's scale:
// infinite if the value falls in a direction without curvature.
func (k *kkt) newton() (d, lambda []float64, far float64) {
	a, unit, variables, constraints := k.system()
	d, lambda = make([]float64, len(k.x)), make([]float64, len(k.c))
	size := len(variables) + len(constraints)
	if size == 0 {
		return d, lambda, 0
	}
	r := make([]float64, size)
	for c, j := range variables {
		r[c] = k.g[j] * k.scale[j] / unit
	}
	for c, i := range constraints {
		r[len(variables)+c] = k.c[i] / k.size[i]
	}
	if !finite(a...) || !finite(r...) {
		return d, lambda, math.Inf(1)
	}
	z := leastsq.New(a, size, size).Solve(r)
	for c, j := range variables {
		d[j] = z[c] * k.scale[j]
		far = max(far, math.Abs(z[c]))
	}
	for c, i := range constraints {
		lambda[i] = z[len(variables)+c] * unit / k.size[i]
	}
	for c := range variables {
		if rest := r[c] + dot(a[c*size:(c+1)*size], z); math.Abs(rest)*unit > 1e-7*k.steep {
			far = math.Inf(1)
		}
	}
	return d, lambda, far
}

// polish takes Newton's steps as long as they become shorter, and changes what is
// active where a multiplier has the wrong sign or a constraint is violated. It
// reports whether all conditions hold at the end.
func (k *kkt) polish(tol float64) bool {
	for range 2 + len(k.c) + len(k.x) {
		if !k.descend() {
			return false
		}
		if !k.swap() {
			k.snap() // variables may be out of bounds by rounding
			return k.optimal(tol)
		}
	}
	return false
}

// slow is how much of a Newton's step the next may be: 2/3 near a minimum of the
// fourth order, 4/5 of the sixth.
const slow = 0.9

// descend takes Newton's steps; it reports whether they have become short.
func (k *kkt) descend() bool {
	d, lambda, far := k.newton()
	for range 100 {
		if !(far < 10) {
			return false
		}
		before := *k
		x := axpy(make([]float64, len(k.x)), k.x, 1, d)
		k.lambda = lambda
		k.evaluate(x)
		was := far
		if d, lambda, far = k.newton(); !(far < slow*was) {
			if was <= precise { // rounding
				if !(far <= was) {
					*k = before
				}
				return true
			}
			return false
		}
		if far == 0 {
			k.lambda = lambda
			return true
		}
	}
	return false
}

// swap changes one thing that is active and should not be, or is not and should
// be; it reports whether there was one.
func (k *kkt) swap() bool {
	weight, most := 0.0, 0.0
	for i, l := range k.lambda {
		weight = max(weight, math.Abs(l)*k.size[i])
	}
	for j, d := range k.g {
		weight = max(weight, math.Abs(d)*k.scale[j])
	}
	var change func()
	worse := func(by float64, do func()) {
		if by > max(most, 1e-9) {
			most, change = by, do
		}
	}
	for i, v := range k.c {
		switch equal := k.p.Constraints.Equal[i]; {
		case equal:
		case k.active[i]:
			worse(-k.lambda[i]*k.size[i]/weight, func() { k.active[i] = false })
		default:
			worse(v/k.size[i], func() { k.active[i] = true })
		}
	}
	for j, d := range k.gradient() {
		lo, hi := k.bounds[j].Ends()
		switch {
		case k.held[j] && k.x[j] <= lo && lo < hi:
			worse(-d*k.scale[j]/weight, func() { k.held[j] = false })
		case k.held[j] && lo < hi:
			worse(d*k.scale[j]/weight, func() { k.held[j] = false })
		case !k.held[j]:
			worse(max(lo-k.x[j], k.x[j]-hi)/k.scale[j], func() { k.held[j] = true })
		}
	}
	if change == nil {
		return false
	}
	change()
	k.snap()
	return true
}

// snap puts the variables that bounds hold on them, and the others within.
func (k *kkt) snap() {
	x := slices.Clone(k.x)
	for j := range x {
		lo, hi := k.bounds[j].Ends()
		switch {
		case k.held[j] && math.Abs(x[j]-lo) <= math.Abs(hi-x[j]):
			x[j] = lo
		case k.held[j]:
			x[j] = hi
		default:
			x[j] = max(lo, min(hi, x[j]))
		}
	}
	k.evaluate(x)
}
