package models_test

import (
	"fmt"

	"descent/graph"
	"descent/models"
	"descent/ops"
)

// Mgu is a minimal gated unit, f = σ(fₓ + fₕ), h ← (1-f)·h + f·tanh(nₓ + nₕ): a gate f and what is new, n.
// Zhou, Wu, Zhang, Zhou 2016, https://arxiv.org/abs/1603.09420, but for where f acts on h.
func Mgu() models.Cell {
	return models.Cell{Name: "mgu", Gates: 2, States: 1, Step: func(in, _, states []*graph.Node) []*graph.Node {
		h, f, fresh := states[0], ops.Sigmoid(in[0]), ops.Tanh(in[1])
		return []*graph.Node{ops.Add(h, ops.Mul(f, ops.Sub(fresh, h)))}
	}}
}

// The cell of docs/layers.md as a layer, both ways.
func Example_cellOfOnesOwn() {
	g := graph.New(graph.Float64, 1)
	layer := models.NewRecurrent(models.RecurrentOptions{Cell: Mgu(), Units: 8, Bidirectional: true, Last: true})
	y := layer.Layer()(g.Input("x", 5, 20, 3)) // batch × time × features
	for _, p := range g.Params() {
		fmt.Println(p)
	}
	fmt.Println(y.Shape(), len(graph.Grad(ops.Sum(y), g.Params()...)))
	// Output:
	// mgu.weight_ih_l0 (16x3)
	// mgu.weight_hh_l0 (16x8)
	// mgu.bias_ih_l0 (16)
	// mgu.bias_hh_l0 (16)
	// mgu.weight_ih_l0_reverse (16x3)
	// mgu.weight_hh_l0_reverse (16x8)
	// mgu.bias_ih_l0_reverse (16)
	// mgu.bias_hh_l0_reverse (16)
	// 5x16 8
}
