// Package linalg has operations of linear algebra: systems of equations, factors,
// determinants and eigenvalues of square matrices.
//
// A matrix is the last two axes of an array; the axes before them are a batch, and
// broadcast as those of [ops.MatMul] do. Gradients are made of the same operations, so
// they have derivatives of every order. The loops are plain Go with sums of products in
// float64, in an order that depends on shapes only: results are the same bits for any
// number of workers and on every architecture. A batch is divided between workers, one
// matrix is not.
//
// What has no result is NaN, all of it, as in JAX, and never a panic: a solution with a
// singular matrix, a Cholesky factor of one that is not positive definite. In a batch
// that concerns the one matrix. A program that checks (graph.Function.Check) names the
// operation.
package linalg

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/ops"
)

type (
	node    = graph.Node
	value   = graph.Value
	builder = graph.Builder
)

// square returns the number of rows of a batch of square matrices.
func square(s graph.Shape) (n int, err error) {
	r := s.Rank()
	if r < 2 || s.Dim(r-2) != s.Dim(r-1) {
		return 0, fmt.Errorf("%v is no square matrix, nor many", s)
	}
	return s.Dim(r - 1), nil
}

// lead are the axes of a batch, before the last few.
func lead(s graph.Shape, last int) []int { return s.Dims()[:s.Rank()-last] }

// count is how many matrices, vectors or numbers a shape has in its batch.
func count(s graph.Shape, last int) int { return graph.Dims(lead(s, last)...).Size() }

// withLead is the shape of a batch of what has the lengths last.
func withLead(batch []int, last ...int) graph.Shape {
	return graph.Dims(append(append([]int{}, batch...), last...)...)
}

// mT is x with its last two axes exchanged; as a factor of a product it costs nothing.
func mT(x *node) *node {
	if x.Err() != nil {
		return x
	}
	order := make([]int, x.Shape().Rank())
	for i := range order {
		order[i] = i
	}
	r := len(order)
	order[r-2], order[r-1] = r-1, r-2
	return ops.Transpose(x, order...)
}

// places are the numbers of the rows, as a column, and of the columns, as a row, of n×n
// matrices, from 1.
func places(g *graph.Graph, n int) (row, column *node) {
	list := ops.CumSum(g.Const(1, n), 0)
	return ops.ExpandDims(list, 1), ops.ExpandDims(list, 0)
}

// halves is a matrix of 1 below the diagonal, ½ on it, and 0 above: what multiplies a
// symmetric matrix to leave a triangle whose sum with its transpose is that matrix.
func halves(g *graph.Graph, n int) *node {
	row, column := places(g, n)
	return ops.Scale(0.5, ops.Add(ops.LessEqual(column, row), ops.Less(column, row)))
}

// symmetric is (x + xᵀ)/2.
func symmetric(x *node) *node { return ops.Scale(0.5, ops.Add(x, mT(x))) }

// Diagonal returns the elements x[i,i] of matrices n×m: min(n, m) of each.
func Diagonal(x *node) *node {
	if x.Err() != nil {
		return x
	}
	s := x.Shape()
	r := s.Rank()
	if r < 2 {
		return graph.Bad(fmt.Errorf("%v is no matrix", s), "diagonal", x)
	}
	rows, columns := s.Dim(r-2), s.Dim(r-1)
	lengths := append(lead(s, 2), min(rows, columns))
	strides := make([]int, len(lengths))
	strides[r-2] = columns + 1
	for i, step := r-3, rows*columns; i >= 0; i-- {
		strides[i] = step
		step *= lengths[i]
	}
	return ops.View(x, lengths, strides, 0)
}

// Diag returns square matrices with the elements of v, or of each of its rows, on the
// diagonal and 0 elsewhere.
func Diag(v *node) *node {
	if v.Err() != nil {
		return v
	}
	s := v.Shape()
	if s.Rank() < 1 {
		return graph.Bad(fmt.Errorf("a number is no diagonal; to stretch it, use AddDiagonal"), "diag", v)
	}
	row, column := places(v.Graph(), s.Dim(s.Rank()-1))
	return ops.Where(ops.Equal(row, column), ops.ExpandDims(v, -1), v.Graph().Const(0))
}

// AddDiagonal returns square matrices x with v added to their diagonals: a number, a
// vector, or one for each matrix of a batch. It is the noise of a Gaussian process, the
// penalty of ridge regression.
func AddDiagonal(x, v *node) *node {
	if err := graph.Mistakes(x, v); err != nil {
		return graph.Bad(err, "add_diagonal", x, v)
	}
	n, err := square(x.Shape())
	if err != nil {
		return graph.Bad(err, "add_diagonal", x, v)
	}
	if v.Shape().Rank() > 0 {
		v = ops.ExpandDims(v, -1)
	}
	row, column := places(x.Graph(), n)
	return ops.Add(x, ops.Where(ops.Equal(row, column), v, x.Graph().Const(0)))
}

// Trace returns the sum of the diagonal of each matrix.
func Trace(x *node) *node {
	d := Diagonal(x)
	if d.Err() != nil {
		return d
	}
	return ops.Sum(d, -1)
}

// fill sets all elements.
func fill[T float32 | float64](x []T, to float64) {
	for i := range x {
		x[i] = T(to)
	}
}

var nan = math.NaN()
