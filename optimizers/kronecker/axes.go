// Package kronecker holds the update rules that keep a matrix for each axis of a
// parameter, whose Kronecker product stands for a matrix of all its elements: Shampoo,
// SOAP, PSGD.
package kronecker

import (
	"math/rand/v2"

	"descent/graph"
	"descent/ops"
	"descent/optimizers/rule"
)

type node = graph.Node

// identity starts a matrix as 1 on the diagonal and 0 elsewhere.
func identity(_ *rand.Rand, s graph.Shape, dst []float64) {
	for i := range s.Dim(0) {
		dst[i*s.Dim(0)+i] = 1
	}
}

// eye is the identity of n×n elements, in the graph of x.
func eye(x *node, n int) *node {
	at := make([]float64, n)
	for i := range at {
		at[i] = float64(i)
	}
	return ops.OneHot(x.Graph().Array(at, n), n)
}

// unfold makes a matrix of an array: a row for each place along an axis.
func unfold(x *node, axis int) *node {
	if axis > 0 {
		x = ops.Transpose(x, toFront(x.Shape().Rank(), axis)...)
	}
	return ops.Reshape(x, x.Shape().Dim(0), -1)
}

// toFront is the order of axes in which one comes first.
func toFront(rank, axis int) []int {
	order := []int{axis}
	for i := range rank {
		if i != axis {
			order = append(order, i)
		}
	}
	return order
}

// gram is the matrix of products of the parts of x along an axis: x·xᵀ of a matrix
// along its first, xᵀ·x along its second.
func gram(x *node, axis int) *node {
	rows := unfold(x, axis)
	return ops.MatMul(rows, ops.Transpose(rows))
}

// squares is the diagonal of gram.
func squares(x *node, axis int) *node { return ops.Sum(ops.Square(unfold(x, axis)), 1) }

// along multiplies an array by a matrix along an axis: m·x of a matrix along its
// first, x·mᵀ along its second.
func along(m, x *node, axis int) *node {
	rank := x.Shape().Rank()
	if axis == rank-1 && axis > 0 {
		return ops.MatMul(x, ops.Transpose(m))
	}
	order := toFront(rank, axis)
	front, back := make([]int, rank), make([]int, rank)
	for i, k := range order {
		front[i], back[k] = x.Shape().Dim(k), i
	}
	y := ops.Reshape(ops.MatMul(m, unfold(x, axis)), front...)
	if axis == 0 {
		return y
	}
	return ops.Transpose(y, back...)
}

// stretched multiplies an array by a vector along an axis.
func stretched(v, x *node, axis int) *node {
	d := make([]int, x.Shape().Rank())
	for i := range d {
		d[i] = 1
	}
	d[axis] = v.Shape().Dim(0)
	return ops.Mul(x, ops.Reshape(v, d...))
}

// diagonalOf is the diagonal of a matrix.
func diagonalOf(m *node) *node {
	n := m.Shape().Dim(0)
	return ops.View(m, []int{n}, []int{n + 1}, 0)
}

// sometimes replaces values by what body makes of them where a scalar is not 0. What
// body computes of its arguments takes time then only.
func sometimes(when *node, name string, values []*node, body func(values []*node) []*node) []*node {
	o := graph.ScanOptions{Steps: 1, When: when, Name: name}
	last, _ := graph.Scan(values, nil, o, func(values, _ []*node) (next, _ []*node) { return body(values), nil })
	return last
}

// due is 1 in each k-th step that counts, the first of which has the number first.
func due(s *rule.Step, k, first int) *node {
	return ops.Mul(s.When(), every(ops.Shift(float64(k-first), s.T), k))
}

// every is 1 where t is a multiple of k, else 0.
func every(t *node, k int) *node {
	return ops.Equal(ops.Remainder(t, t.Graph().Const(float64(k))), t.Graph().Const(0))
}

// mix returns β·old + (1-β)·x.
func mix(beta float64, old, x *node) *node {
	return ops.Add(ops.Scale(beta, old), ops.Scale(1-beta, x))
}
