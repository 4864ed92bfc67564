package linalg

import (
	"descent/graph"
	"descent/graph/lower"
	"descent/ops"
)

// Solve returns x with a·x = b for n×n matrices a and b of n×m, or a vector of n, by
// elimination with exchanges of rows. It is NaN for a singular a.
func Solve(a, b *node) *node { return system("solve", solve{}, a, b) }

// solve solves a·x = b, or aᵀ·x = b.
type solve struct{ transposed bool }

func (o solve) Name() string { return graph.Title(o.Describe()) }
func (o solve) Describe() graph.Call {
	if o.transposed {
		return graph.CallOf("solve", "transposed", true)
	}
	return graph.CallOf("solve")
}
func (solve) Shape(in []graph.Shape) (graph.Shape, error) { return in[1], nil }

// Grad: db = a⁻ᵀ·dx, da = -db·xᵀ.
func (o solve) Grad(x, dx *node) []*node {
	db := system("solve", solve{!o.transposed}, x.Arg(0), dx)
	if o.transposed {
		return []*node{ops.Neg(ops.MatMul(x, mT(db))), db}
	}
	return []*node{ops.Neg(ops.MatMul(db, mT(x))), db}
}

func (o solve) Lower(b *builder, in []value) value {
	t := b.Shape(in[1])
	n, columns := t.Dim(t.Rank()-2), t.Dim(t.Rank()-1)
	f := decompose(b, in[0])
	return b.Kernel(lower.Kernel{Name: o.Name(), Key: o, Rows: count(t, 2), Work: n * n * columns / 2,
		F32: func(dst, src [][]float32, lo, hi int) { solveEach(dst[0], src, n, columns, lo, hi, o.transposed) },
		F64: func(dst, src [][]float64, lo, hi int) { solveEach(dst[0], src, n, columns, lo, hi, o.transposed) },
	}, []graph.Shape{t}, f.lu, f.swaps, in[1])[0]
}

func solveEach[T float32 | float64](x []T, src [][]T, n, columns, lo, hi int, transposed bool) {
	for i := lo; i < hi; i++ {
		y := nth(x, n*columns, i)
		copy(y, nth(src[2], n*columns, i))
		luSolve(y, nth(src[0], n*n, i), nth(src[1], n, i), n, columns, transposed)
	}
}

// Inverse returns the inverses of n×n matrices; NaN for a singular one. To solve equations,
// [Solve] is faster and more accurate.
func Inverse(a *node) *node { return graph.Apply(inverse{}, a) }

type inverse struct{}

func (inverse) Name() string         { return "inverse" }
func (inverse) Describe() graph.Call { return graph.CallOf("inverse") }
func (inverse) Shape(in []graph.Shape) (graph.Shape, error) {
	_, err := square(in[0])
	return in[0], err
}

// Grad: da = -yᵀ·dy·yᵀ.
func (inverse) Grad(y, dy *node) []*node {
	return []*node{ops.Neg(ops.MatMul(ops.MatMul(mT(y), dy), mT(y)))}
}

func (o inverse) Lower(b *builder, in []value) value {
	s := b.Shape(in[0])
	n := s.Dim(s.Rank() - 1)
	f := decompose(b, in[0])
	return b.Kernel(lower.Kernel{Name: "inverse", Key: o, Rows: count(s, 2), Work: n * n * n / 2,
		F32: func(dst, src [][]float32, lo, hi int) { invertEach(dst[0], src, n, lo, hi) },
		F64: func(dst, src [][]float64, lo, hi int) { invertEach(dst[0], src, n, lo, hi) },
	}, []graph.Shape{s}, f.lu, f.swaps)[0]
}

func invertEach[T float32 | float64](x []T, src [][]T, n, lo, hi int) {
	for i := lo; i < hi; i++ {
		y := nth(x, n*n, i)
		fill(y, 0)
		for k := range n {
			y[k*n+k] = 1
		}
		luSolve(y, nth(src[0], n*n, i), nth(src[1], n, i), n, n, false)
	}
}

// Det returns the determinants of n×n matrices, whose gradients are their cofactors.
func Det(a *node) *node { return graph.Apply(det{}, a) }

type det struct{}

func (det) Name() string         { return "det" }
func (det) Describe() graph.Call { return graph.CallOf("det") }
func (det) Shape(in []graph.Shape) (graph.Shape, error) {
	_, err := square(in[0])
	if err != nil {
		return in[0], err
	}
	return graph.Dims(lead(in[0], 2)...), nil
}

func (det) Grad(y, dy *node) []*node { return []*node{ops.Mul(perMatrix(dy), Cofactor(y.Arg(0)))} }

func (det) Lower(b *builder, in []value) value {
	return eachRow(b, b.Prod, decompose(b, in[0]).pivots)
}

// eachRow reduces the last axis of x and drops it.
func eachRow(b *builder, reduce func(value, ...int) value, x value) value {
	s := b.Shape(x)
	return b.Reshape(reduce(x, s.Rank()-1), graph.Dims(lead(s, 1)...))
}

// perMatrix gives each number two axes of length 1.
func perMatrix(x *node) *node { return ops.ExpandDims(ops.ExpandDims(x, -1), -1) }

// LogDet returns the logarithms of determinants, which themselves may be too large or small
// for a number: -∞ where a matrix is singular, NaN where the determinant is negative.
func LogDet(a *node) *node { return graph.Apply(logDet{}, a) }

// LogAbsDet returns the logarithms of the absolute values of determinants.
func LogAbsDet(a *node) *node { return graph.Apply(logDet{true}, a) }

type logDet struct{ abs bool }

func (o logDet) Name() string { return graph.Title(o.Describe()) }
func (o logDet) Describe() graph.Call {
	if o.abs {
		return graph.CallOf("log_abs_det")
	}
	return graph.CallOf("logdet")
}
func (logDet) Shape(in []graph.Shape) (graph.Shape, error) { return det{}.Shape(in) }

// Grad: da = a⁻ᵀ·dy.
func (logDet) Grad(y, dy *node) []*node {
	return []*node{ops.Mul(perMatrix(dy), mT(Inverse(y.Arg(0))))}
}

func (o logDet) Lower(b *builder, in []value) value {
	p := decompose(b, in[0]).pivots
	y := eachRow(b, b.Sum, b.Log(b.Abs(p)))
	if o.abs {
		return y
	}
	return b.Where(b.Lt(eachRow(b, b.Prod, b.Sign(p)), b.Const(0)), b.Const(nan), y)
}
