package kronecker

import (
	"fmt"
	"slices"

	"descent/graph"
	"descent/ops"
	"descent/optimizers/rule"
)

// SOAPRule is Adam in the eigenvectors of Shampoo's second moments. Of a matrix g, with
// orthogonal P and Q whose columns are nearly those of L and R:
//
//	h = Pᵀ·g·Q,  m ← β1·m + (1-β1)·h,  v ← β2·v + (1-β2)·h²
//	d = P·(m/(√v + ε))·Qᵀ, with lr·√(1-β2ᵗ)/(1-β1ᵗ)
//	L ← β2·L + (1-β2)·g·gᵀ,  R ← β2·R + (1-β2)·gᵀ·g
//	every so many steps:  P ← orthogonal(L·P),  m ← Pᵀ·P'·m, P' being the P before
//
// The columns of P are put in the order of their Pᵀ·L·P first, those of v with them.
// The first step moves nothing, and t counts from the second: a gradient is never seen
// in axes that it has made. Axes longer than Longest stay as they are, and what has
// one axis only, such as a bias, is Adam's.
//
// It is the authors' program but for this. Where that takes LAPACK's QR, the columns
// of L·P are made orthogonal one after another, in blocks, each twice (Gram and
// Schmidt), which differs in the signs of columns; these cancel. L there is
// L/trace(L) + 1e-6·1: a direction without gradient stays where it is. And the first P
// is one such step from 1, not an eigendecomposition; the first ten steps are in other
// axes for that. Axes are not joined. Weight decay is apart: put Decay(0.01) before it.
// A change of the axes takes as long as about ten products of square matrices.
//
// Vyas et al. 2024, https://arxiv.org/abs/2409.11321;
// https://github.com/nikhilvyas/SOAP.
type SOAPRule struct {
	Beta1   float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2   float64 `help:"decay of the mean square and of the second moments" range:"[0,1)"`
	Eps     float64 `help:"added to the root" range:"[0,inf)"`
	Every   int     `help:"steps between changes of the axes" range:"[1,inf)"`
	Longest int     `help:"longest axis that is changed" range:"[0,inf)"`
}

// SOAP returns the rule with its authors' defaults; its learning rate is 0.003.
func SOAP() SOAPRule { return SOAPRule{Beta1: 0.95, Beta2: 0.95, Eps: 1e-8, Every: 10, Longest: 10000} }

// Update implements [rule.Rule].
func (r SOAPRule) Update(s *rule.Step) *node {
	b := r.basis(s)
	m, v := s.State("m"), s.State("v")
	h := b.enter(s.Grad)
	mean, square := s.First(m, mix(r.Beta1, m, h)), s.First(v, mix(r.Beta2, v, ops.Square(h)))
	one := s.Const(1)
	t := ops.Max(ops.Shift(-1, s.T), one)
	bias := func(beta float64) *node { return ops.Sub(one, ops.Pow(s.Const(beta), t)) }
	s.Size = ops.Mul(s.Size, ops.Div(ops.Sqrt(bias(r.Beta2)), bias(r.Beta1)))
	d := b.leave(ops.Div(mean, ops.Shift(r.Eps, ops.Sqrt(square))))
	next := slices.Concat([]*node{mean, square}, b.rows, b.moments)
	if len(b.axes) > 0 {
		next = sometimes(due(s, r.Every, 1), "axes", next, b.turn)
	}
	for i, state := range slices.Concat([]*node{m, v}, b.rows) {
		s.Set(state, next[i])
	}
	return s.First(m, d) // 0 at the first step
}

// A basis has new axes in place of some of an array's own.
type basis struct {
	axes    []int
	rows    []*node // for each, a matrix whose rows are the new axes
	moments []*node // for each, what the new axes are to be eigenvectors of
}

// basis declares the states of the new axes, and follows the gradient with them.
func (r SOAPRule) basis(s *rule.Step) (b basis) {
	if s.Grad.Shape().Rank() < 2 {
		return b
	}
	for _, axis := range longAxes(s.Grad) {
		n := s.Grad.Shape().Dim(axis)
		if n > r.Longest {
			continue
		}
		l := s.StateOf(fmt.Sprint("moments", axis), graph.Zeros, n, n)
		next := mix(r.Beta2, l, gram(s.Grad, axis))
		s.Set(l, next)
		b.axes, b.moments = append(b.axes, axis), append(b.moments, next)
		b.rows = append(b.rows, s.StateOf(fmt.Sprint("axes", axis), identity, n, n))
	}
	return b
}

// enter is x in the new axes.
func (b basis) enter(x *node) *node {
	for i, axis := range b.axes {
		x = along(b.rows[i], x, axis)
	}
	return x
}

// leave is in its own axes what x is in the new ones.
func (b basis) leave(x *node) *node {
	for i, axis := range b.axes {
		x = along(ops.Transpose(b.rows[i]), x, axis)
	}
	return x
}

// turn makes a step of power iteration: of the mean, the mean square and the axes.
// Behind them, values are the moments.
func (b basis) turn(values []*node) []*node {
	out := slices.Clone(values)
	mean, square, rows := values[0], values[1], values[2:]
	for i, axis := range b.axes {
		l := rows[len(b.axes)+i]
		size := ops.Sum(ops.Mul(ops.MatMul(rows[i], l), rows[i]), 1)
		order := ops.ArgSort(size, 0, true)
		sorted := ops.Take(rows[i], order, 0)
		square = ops.Take(square, order, axis)
		turned := orthogonal(ops.MatMul(sorted, steadied(l)))
		mean = along(ops.MatMul(turned, ops.Transpose(rows[i])), mean, axis)
		out[2+i] = turned
	}
	out[0], out[1] = mean, square
	return out
}

// steadied is l with trace 1 and 1e-6 more on the diagonal, so that no direction
// vanishes by a product with it.
func steadied(l *node) *node {
	trace := ops.Max(ops.Sum(diagonalOf(l)), l.Graph().Const(nothingThere))
	return ops.Add(ops.Div(l, trace), ops.Scale(1e-6, eye(l, l.Shape().Dim(0))))
}

// orthogonal makes rows of length 1 that are orthogonal: each without its part along
// those before it. In large matrices blocks of rows go through that together, so that
// most of it is products of matrices. What rounding leaves is taken out the second time.
func orthogonal(m *node) *node {
	n := m.Shape().Dim(0)
	b := blockOf(n)
	if b == n {
		return oneByOne(m)
	}
	xs := []*node{ops.Reshape(m, n/b, b, n), ops.Reshape(eye(m, n), n/b, b, n)}
	rows, _ := graph.Scan([]*node{m.Graph().Const(0, n, n)}, xs, graph.ScanOptions{Name: "blocks"}, func(c, x []*node) (next, y []*node) {
		v := x[0]
		for range 2 {
			v = oneByOne(without(v, c[0]))
		}
		return []*node{ops.Add(c[0], ops.MatMul(ops.Transpose(x[1]), v))}, nil
	})
	return rows[0]
}

// blockOf is how many of n rows go together: the largest divisor of n up to 16, or all
// of them where there are few, or no blocks worth their while.
func blockOf(n int) int {
	for b := 16; b >= 8 && n > 64; b-- {
		if n%b == 0 {
			return b
		}
	}
	return n
}

// without is v without its part along orthogonal rows.
func without(v, rows *node) *node {
	return ops.Sub(v, ops.MatMul(ops.MatMul(v, ops.Transpose(rows)), rows))
}

// oneByOne is [orthogonal] row by row.
func oneByOne(m *node) *node {
	b, n := m.Shape().Dim(0), m.Shape().Dim(1)
	rows, _ := graph.Scan([]*node{m.Graph().Const(0, b, n)}, []*node{m, eye(m, b)}, graph.ScanOptions{Name: "orthogonal"}, func(c, x []*node) (next, y []*node) {
		v := x[0]
		for range 2 {
			v = without(v, c[0])
		}
		return []*node{ops.Add(c[0], ops.Outer(x[1], ops.Div(v, ops.Norm(v))))}, nil
	})
	return rows[0]
}
