package graphtest_test

import (
	"fmt"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"
)

// A softplus whose author forgot a factor: the derivative of log(1+e²ˣ)/2 is
// sigmoid(2x), not sigmoid(x).
func ExampleCheck() {
	c := graphtest.Case{Name: "half_softplus", Inputs: 1,
		Build: func(in []*node, _ []float64) *node { return graph.Apply(halfSoftplus{}, in[0]) }}
	r := graphtest.Check(c, 20)
	fmt.Println(r.Err() != nil, r.Worst1 > graphtest.Bound1)
	// Output: true true
}

type halfSoftplus struct{}

func (halfSoftplus) Name() string                                { return "half_softplus" }
func (halfSoftplus) Shape(in []graph.Shape) (graph.Shape, error) { return in[0], nil }
func (halfSoftplus) Lower(b *graph.Builder, in []graph.Value) graph.Value {
	return b.Mul(b.Const(0.5), b.Log1p(b.Exp(b.Add(in[0], in[0]))))
}
func (halfSoftplus) Grad(y, dy *node) []*node {
	return []*node{ops.Mul(dy, ops.Sigmoid(y.Arg(0)))}
}
