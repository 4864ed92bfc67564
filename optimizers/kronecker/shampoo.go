package kronecker

import (
	"fmt"

	"descent/graph"
	"descent/internal/elementary"
	"descent/ops"
	"descent/optimizers/rule"
)

// ShampooRule multiplies the mean of the gradient by a root of the gradient's second
// moments along each axis, and makes the step as long as Adam's. Of a matrix g:
//
//	L ← β2·L + (1-β2)·g·gᵀ,  R ← β2·R + (1-β2)·gᵀ·g
//	u = L^(-¼)·m·R^(-¼),  d = ‖a‖/‖u‖·u
//
// where m is Adam's mean and a Adam's direction, which is taken until the first roots
// are there. With k axes longer than 1 the roots are of order 2k: a vector has
// L^(-½), a number is Adam's. L stands for L/‖L‖ + ε·1: the factor does not matter to
// d. The roots are taken in each Every-th step, by Newton's iteration (Guo, Higham
// 2006), which is products alone, and stay where that fails; a root costs about 60
// products of square matrices, and each step two products more for each axis than
// Adam's. Axes longer than Longest have the diagonal of L in its place, as in the first
// paper.
//
// Gupta, Koren, Singer 2018, https://arxiv.org/abs/1802.09568; means, Adam's length and
// old roots as in Anil et al. 2020, https://arxiv.org/abs/2002.09018, and Shi et al.
// 2023, https://arxiv.org/abs/2309.06497. Axes are neither joined nor cut in blocks.
type ShampooRule struct {
	Beta1   float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2   float64 `help:"decay of the second moments" range:"[0,1)"`
	Eps     float64 `help:"added to the second moments, as a part of their norm" range:"(0,1]"`
	Every   int     `help:"steps between roots" range:"[1,inf)"`
	Longest int     `help:"longest axis that has a matrix" range:"[0,inf)"`
}

// Shampoo returns the rule with the decays and the longest axis of Shi et al., the first
// authors' ε, which float32 needs, and the least of the 20 to 100 steps between roots
// that they found to do no harm. Its learning rate is Adam's.
func Shampoo() ShampooRule {
	return ShampooRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-4, Every: 20, Longest: 1024}
}

// Update implements [rule.Rule].
func (r ShampooRule) Update(s *rule.Step) *node {
	u, adam := r.adam(s)
	axes := longAxes(s.Grad)
	if len(axes) == 0 {
		return adam
	}
	for _, axis := range axes {
		u = r.precondition(s, u, axis, 2*len(axes))
	}
	size := ops.Norm(u)
	u = ops.Where(ops.Equal(size, s.Const(0)), u, ops.Mul(u, ops.Div(ops.Norm(adam), size)))
	return ops.Where(ops.Less(s.T, s.Const(float64(r.Every))), adam, u)
}

// adam returns Adam's mean of the gradient and its direction.
func (r ShampooRule) adam(s *rule.Step) (mean, direction *node) {
	m, v := s.State("m"), s.State("v")
	mean, square := mix(r.Beta1, m, s.Grad), mix(r.Beta2, v, ops.Square(s.Grad))
	s.Set(m, mean)
	s.Set(v, square)
	corrected := func(x *node, beta float64) *node {
		return ops.Div(x, ops.Sub(s.Const(1), ops.Pow(s.Const(beta), s.T)))
	}
	return mean, ops.Div(corrected(mean, r.Beta1), ops.Shift(1e-8, ops.Sqrt(corrected(square, r.Beta2))))
}

// longAxes are the axes with more than one place.
func longAxes(x *node) (axes []int) {
	for i, n := range x.Shape().Dims() {
		if n > 1 {
			axes = append(axes, i)
		}
	}
	return axes
}

// precondition multiplies u along an axis by the p-th root of what is kept for it.
func (r ShampooRule) precondition(s *rule.Step, u *node, axis, p int) *node {
	n := u.Shape().Dim(axis)
	name := func(of string) string { return fmt.Sprint(of, axis) }
	if n > r.Longest {
		d := s.StateOf(name("diagonal"), graph.Zeros, n)
		next := mix(r.Beta2, d, squares(s.Grad, axis))
		s.Set(d, next)
		return stretched(ops.Pow(ops.Shift(r.Eps, unit(next)), s.Const(-1/float64(p))), u, axis)
	}
	l, x := s.StateOf(name("moments"), graph.Zeros, n, n), s.StateOf(name("root"), identity, n, n)
	next, one := mix(r.Beta2, l, gram(s.Grad, axis)), eye(u, n)
	s.Set(l, next)
	values := sometimes(due(s, r.Every, r.Every), "preconditioner", []*node{next, x}, func(v []*node) []*node {
		return []*node{v[0], inverseRoot(ops.Add(unit(v[0]), ops.Scale(r.Eps, one)), one, v[1], p)}
	})
	s.Set(x, values[1])
	return along(values[1], u, axis)
}

// nothingThere is a size below which gradients are taken to be 0.
const nothingThere = 1e-36

// unit is an array divided by its norm; 0 stays.
func unit(m *node) *node {
	least := m.Graph().Const(nothingThere)
	m = ops.Div(m, ops.Max(ops.AMax(ops.Abs(m)), least)) // squares of float32 are not to vanish
	return ops.Div(m, ops.Max(ops.Norm(m), least))
}

// Newton's iteration has so many steps at most: an eigenvalue of 1e-4 takes about 15 to
// come near 1. Its error before the first is never reached.
const (
	rootSteps = 50
	never     = 1e9
)

// inverseRoot is a^(-1/p) of a symmetric matrix with eigenvalues in (0, 2). The pair
// (X, M) goes from (c·1, c^p·a), c^p = (p+1)/2, to (a^(-1/p), 1):
//
//	T = ((p+1)·1 - M)/p,  X ← X·T,  M ← T^p·M
//
// Guo, Higham 2006, https://doi.org/10.1137/050643374. Where rounding has made an
// eigenvalue of a negative, M leaves 1 again: old stays, as in Anil et al.
func inverseRoot(a, one, old *node, p int) *node {
	q, c := float64(p), a.Graph().Const
	scale := (q + 1) / 2
	init := []*node{ops.Scale(elementary.Pow(scale, 1/q), one), ops.Scale(scale, a), c(never)}
	o := graph.ScanOptions{Steps: rootSteps, Name: "root"}
	// The error is squared by a step: after one from 1e-5 there is nothing to gain.
	o.Stop = func(next, y []*node) *node { return ops.Add(ops.Less(next[2], c(1e-5)), y[0]) }
	last, _ := graph.Scan(init, nil, o, func(carry, _ []*node) (next, y []*node) {
		x, m, before := carry[0], carry[1], carry[2]
		t := ops.Scale(1/q, ops.Sub(ops.Scale(q+1, one), m))
		off := ops.AMax(ops.Abs(ops.Sub(m, one)))
		return []*node{ops.MatMul(x, t), ops.MatMul(power(t, p), m), off}, []*node{ops.Less(ops.Scale(1.2, before), off)}
	})
	return ops.Where(ops.Less(last[2], c(0.1)), last[0], old)
}

// power is the p-th power of a matrix.
func power(m *node, p int) *node {
	switch {
	case p == 1:
		return m
	case p%2 == 1:
		return ops.MatMul(m, power(m, p-1))
	}
	half := power(m, p/2)
	return ops.MatMul(half, half)
}
