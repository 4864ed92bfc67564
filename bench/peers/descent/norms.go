package main

import (
	"descent/graph"
	"descent/models"
)

// norm is a normalisation and its gradients by its input, gain and shift, given that by
// its output.
func norm(name string, dims []int) (task, error) {
	layer := map[string]models.Layer{"batch": models.BatchNorm(0.1), "layer": models.LayerNorm()}[name]
	g := graph.New(graph.Float32, 1)
	x, d := g.Input("x", dims...), g.Input("d", dims...)
	y := layer(x)
	outs := append(graph.VJP([]*node{y}, []*node{d}, append([]*node{x}, g.Params()...)...), y)
	p, err := graph.Function{Outputs: outs, Updates: g.Kept()}.Compile()
	if err != nil {
		return task{}, err
	}
	n := x.Shape().Size()
	must(p.Run(graph.Let(x, uniform(1, n, -1, 1)), graph.Let(d, uniform(2, n, -1, 1))))
	return task{step: func() { must(p.Run()) }, number: func() (sum float64) {
		for _, o := range outs[:len(outs)-1] {
			sum += meanAbs(graph.Output[float32](p, o))
		}
		return sum
	}}, nil
}
