package ops

import (
	"fmt"

	"descent/graph"
)

// MatMul returns the matrix product of the last two axes of x and y; the axes
// before them broadcast, so that a batch of matrices can be multiplied by one.
func MatMul(x, y *node) *node { return graph.Apply(matmul{}, x, y) }

// matmul multiplies with either operand transposed first, so that gradients
// need no transposes.
type matmul struct{ tx, ty bool }

func (o matmul) Name() string {
	return "matmul" + map[matmul]string{{true, false}: "[xᵀ]", {false, true}: "[yᵀ]", {true, true}: "[xᵀ yᵀ]"}[o]
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
