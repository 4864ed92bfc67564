package ops

import (
	"fmt"

	"descent/graph"
)

// MatMul returns the matrix product of the last two axes of x and y; the axes
// before them broadcast, so that a batch of matrices can be multiplied by one.
// A vector x is taken as a row, a vector y as a column, whose axis of length 1
// the result does not have. Transposing a factor first costs nothing.
func MatMul(x, y *node) *node {
	switch {
	case graph.Mistakes(x, y) != nil: // Apply says which
	case x.Shape().Rank() == 1 && y.Shape().Rank() > 1:
		return Squeeze(MatMul(ExpandDims(x, 0), y), -2)
	case y.Shape().Rank() == 1 && x.Shape().Rank() > 1:
		return Squeeze(MatMul(x, ExpandDims(y, 1)), -1)
	}
	return graph.Apply(matmul{}, x, y)
}

// Dot returns Σ x·y along the last axis: the inner product of vectors, or of
// the rows of matrices.
func Dot(x, y *node) *node { return Sum(Mul(x, y), -1) }

// Outer returns the products of each element of a vector x with each of a
// vector y, as a matrix.
func Outer(x, y *node) *node {
	if graph.Mistakes(x, y) == nil && (x.Shape().Rank() != 1 || y.Shape().Rank() != 1) {
		return graph.Bad(fmt.Errorf("%v and %v are not both vectors", x.Shape(), y.Shape()), "outer", x, y)
	}
	return Mul(ExpandDims(x, 1), y)
}

// matmul multiplies with either operand transposed first, so that gradients
// need no transposes.
type matmul struct{ tx, ty bool }

func (o matmul) Name() string { return graph.Title(o.Describe()) }

func (o matmul) Describe() call {
	var set []any
	if o.tx {
		set = append(set, "tx", true)
	}
	if o.ty {
		set = append(set, "ty", true)
	}
	return graph.CallOf("matmul", set...)
}

func (o matmul) Shape(in []graph.Shape) (graph.Shape, error) {
	x, y := in[0], in[1]
	if x.Rank() < 2 || y.Rank() < 2 {
		return graph.Shape{}, fmt.Errorf("cannot multiply %v by %v: matrices have two axes", x, y)
	}
	m, k := x.Dim(x.Rank()-2), x.Dim(x.Rank()-1)
	l, n := y.Dim(y.Rank()-2), y.Dim(y.Rank()-1)
	if o.tx {
		m, k = k, m
	}
	if o.ty {
		l, n = n, l
	}
	lead, err := graph.Broadcast(graph.Dims(x.Dims()[:x.Rank()-2]...), graph.Dims(y.Dims()[:y.Rank()-2]...))
	if k != l || err != nil {
		return graph.Shape{}, fmt.Errorf("cannot multiply %v by %v", x, y)
	}
	return graph.Dims(append(lead.Dims(), m, n)...), nil
}

func (o matmul) Grad(z, dz *node) []*node {
	x, y := z.Arg(0), z.Arg(1)
	mul := func(tx, ty bool, a, b *node) *node { return graph.Apply(matmul{tx, ty}, a, b) }
	var dx, dy *node
	if o.tx {
		dx = mul(o.ty, true, y, dz)
	} else {
		dx = mul(false, !o.ty, dz, y)
	}
	if o.ty {
		dy = mul(true, o.tx, dz, x)
	} else {
		dy = mul(!o.tx, false, x, dz)
	}
	return []*node{dx, dy}
}

func (o matmul) Lower(b *builder, in []value) value { return b.MatMul(in[0], in[1], o.tx, o.ty) }
