//go:build !nogorgonia

package graphtest

import (
	"fmt"
	"slices"

	"descent/graph"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// sameByGorgonia checks that the value is the one that each op's gorgonia.Op gives.
func (k *trial) sameByGorgonia(want []float64) error {
	g := graph.New(graph.Float64, 1) // without the derivatives, which would only be mirrored
	known := map[*graph.Node]gorgonia.Value{}
	in := declare(g, k.c, k.s)
	for i, x := range in {
		known[x] = tensorOf(x, k.in[i])
	}
	got, err := byGorgonia(k.c.Node(k.s, in), known)
	if err != nil || got == nil {
		return err
	}
	data, ok := got.Data().([]float64)
	if !ok {
		data = []float64{got.Data().(float64)}
	}
	if !identical(data, want) {
		return fmt.Errorf("value %v, by gorgonia %v", want, data)
	}
	return nil
}

// byGorgonia evaluates a node by calling the gorgonia.Op of each node under
// it. It returns nil where there are arrays without elements, which gorgonia
// does not have.
func byGorgonia(n *graph.Node, known map[*graph.Node]gorgonia.Value) (gorgonia.Value, error) {
	if v, ok := known[n]; ok || n.Shape().Size() == 0 {
		return v, nil
	}
	in := make([]gorgonia.Value, n.Arity())
	for i := range in {
		v, err := byGorgonia(n.Arg(i), known)
		if v == nil || err != nil {
			return nil, err
		}
		in[i] = v
	}
	v, err := n.Expr().Op().Do(in...)
	known[n] = v
	return v, err
}

// tensorOf returns numbers as gorgonia has them, nil if there are none.
func tensorOf(n *graph.Node, x []float64) gorgonia.Value {
	switch {
	case len(x) == 0:
		return nil
	case n.Shape().Rank() == 0:
		return gorgonia.NewF64(x[0])
	}
	return tensor.New(tensor.WithShape(n.Shape().Dims()...), tensor.WithBacking(slices.Clone(x)))
}
