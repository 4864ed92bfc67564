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

// Linear returns x·wᵀ: x is rows of numbers, n × inputs, or arrays of them, and the
// rows of w, outputs × inputs, weigh what each output is made of, as in PyTorch's
// layers.
func Linear(x, w *node) *node { return graph.Apply(matmul{ty: true}, x, w) }

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

// manyRows are enough to be multiplied as fast in a step as those of all steps at once.
const manyRows = 16

// OnSteps multiplies the rows of all steps by one matrix; not where each step has many of
// them and makes as many numbers as it reads, or more: those it finds in the cache then.
func (o matmul) OnSteps(in []*node, stacked []bool) *node {
	x, y := in[0], in[1]
	if o.tx || !stacked[0] || stacked[1] || x.Shape().Rank() != 3 || y.Shape().Rank() != 2 {
		return nil
	}
	if read := x.Shape().Dim(2); x.Shape().Dim(1) >= manyRows && y.Shape().Size() >= read*read {
		return nil
	}
	z := graph.Apply(o, rowsOfSteps(x), y)
	return graph.Reshape(z, graph.Dims(x.Shape().Dim(0), x.Shape().Dim(1), z.Shape().Dim(1)))
}

// OverSteps is a product of the rows of all steps: those are what is summed over.
func (o matmul) OverSteps(in []graph.Shape) func(stacks []*node) *node {
	if !o.tx || o.ty || in[0].Rank() != 2 || in[1].Rank() != 2 {
		return nil
	}
	return func(stacks []*node) *node { return graph.Apply(o, rowsOfSteps(stacks[0]), rowsOfSteps(stacks[1])) }
}

// rowsOfSteps are the rows of a stack of matrices.
func rowsOfSteps(x *node) *node {
	s := x.Shape()
	return graph.Reshape(x, graph.Dims(s.Dim(0)*s.Dim(1), s.Dim(2)))
}

func (o matmul) Lower(b *builder, in []value) value { return b.MatMul(in[0], in[1], o.tx, o.ty) }
