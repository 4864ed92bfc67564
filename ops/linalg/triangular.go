package linalg

import (
	"fmt"

	"descent/graph"
	"descent/graph/lower"
	"descent/ops"
)

// A Triangle says which part of a matrix is read, and how it is used.
type Triangle struct {
	Upper      bool // the elements on the diagonal and above, in place of below
	Transposed bool // what is solved is aᵀ·x = b
	Unit       bool // the diagonal is taken as ones, and not read
}

// SolveTriangular returns x with a·x = b, or aᵀ·x = b, for triangular n×n matrices a, of
// which it reads one triangle, and b of n×m, or a vector of n. It is NaN where the diagonal
// has a 0.
func SolveTriangular(a, b *node, o Triangle) *node {
	return system("solve_triangular", triangular{o}, a, b)
}

// CholeskySolve returns x with l·lᵀ·x = b, for lower factors l that [Cholesky] made and b
// of n×m, or a vector of n.
func CholeskySolve(l, b *node) *node {
	return SolveTriangular(l, SolveTriangular(l, b, Triangle{}), Triangle{Transposed: true})
}

// system applies an op to a matrix a and right sides b, that are as many of each. A vector
// b is a column.
func system(name string, op graph.Op, a, b *node) *node {
	if err := graph.Mistakes(a, b); err != nil {
		return graph.Bad(err, name, a, b)
	}
	if b.Shape().Rank() == 1 {
		y := system(name, op, a, ops.ExpandDims(b, 1))
		if y.Err() != nil {
			return y
		}
		return ops.Squeeze(y, -1)
	}
	s, t := a.Shape(), b.Shape()
	n, err := square(s)
	if err == nil && (t.Rank() < 2 || t.Dim(t.Rank()-2) != n) {
		err = fmt.Errorf("%v equations have no right sides %v", s, t)
	}
	if err != nil {
		return graph.Bad(err, name, a, b)
	}
	both, err := graph.Broadcast(graph.Dims(lead(s, 2)...), graph.Dims(lead(t, 2)...))
	if err != nil {
		return graph.Bad(fmt.Errorf("%v equations have no right sides %v", s, t), name, a, b)
	}
	if s.Rank() > 2 { // one matrix for all stays one
		a = graph.BroadcastTo(a, withLead(both.Dims(), n, n))
	}
	return graph.Apply(op, a, graph.BroadcastTo(b, withLead(both.Dims(), n, t.Dim(t.Rank()-1))))
}

type triangular struct{ Triangle }

func (o triangular) Name() string { return graph.Title(o.Describe()) }
func (o triangular) Describe() graph.Call {
	var set []any
	for _, f := range []struct {
		name string
		on   bool
	}{{"upper", o.Upper}, {"transposed", o.Transposed}, {"unit", o.Unit}} {
		if f.on {
			set = append(set, f.name, true)
		}
	}
	return graph.CallOf("solve_triangular", set...)
}
func (triangular) Shape(in []graph.Shape) (graph.Shape, error) { return in[1], nil }

// Grad: of t·x = b, db = t⁻ᵀ·dx and dt = -db·xᵀ, within the triangle.
func (o triangular) Grad(x, dx *node) []*node {
	a := x.Arg(0)
	other := o.Triangle
	other.Transposed = !o.Transposed
	db := SolveTriangular(a, dx, other)
	da := ops.Neg(ops.MatMul(db, mT(x)))
	if o.Transposed {
		da = mT(da)
	}
	row, column := places(a.Graph(), a.Shape().Dim(a.Shape().Rank()-1))
	if o.Upper {
		row, column = column, row
	}
	inside := ops.LessEqual(column, row)
	if o.Unit {
		inside = ops.Less(column, row)
	}
	return []*node{ops.Mul(da, inside), db}
}

func (o triangular) Lower(b *builder, in []value) value {
	s, t := b.Shape(in[0]), b.Shape(in[1])
	n, columns := s.Dim(s.Rank()-1), t.Dim(t.Rank()-1)
	return b.Kernel(lower.Kernel{Name: o.Name(), Key: o, Rows: count(t, 2), Work: n * n * columns / 3,
		F32: func(dst, src [][]float32, lo, hi int) {
			solveTriangles(dst[0], src[0], src[1], n, columns, lo, hi, o.Triangle)
		},
		F64: func(dst, src [][]float64, lo, hi int) {
			solveTriangles(dst[0], src[0], src[1], n, columns, lo, hi, o.Triangle)
		},
	}, []graph.Shape{t}, in...)[0]
}

func solveTriangles[T float32 | float64](x, a, b []T, n, columns, lo, hi int, o Triangle) {
	for i := lo; i < hi; i++ {
		t, y := dense(nth(a, n*n, i), n), nth(x, n*columns, i)
		copy(y, nth(b, n*columns, i))
		if !o.Unit && hasZero(t, n) {
			fill(y, nan)
			continue
		}
		solveTriangle(t, dense(y, columns), n, columns, o)
	}
}

// nth is part i of an array of equal parts, or all of an array that is one part for all.
func nth[T float32 | float64](x []T, size, i int) []T {
	if len(x) == size {
		return x
	}
	return x[i*size:][:size]
}

// hasZero reports whether the diagonal has a 0.
func hasZero[T float32 | float64](m matrix[T], n int) bool {
	for i := range n {
		if m.x[m.at(i, i)] == 0 {
			return true
		}
	}
	return false
}
