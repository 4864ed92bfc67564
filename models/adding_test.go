package models_test

import (
	"fmt"

	"descent/graph"
	"descent/models"
	"descent/ops"
)

// Scale returns the layer that multiplies each input by a parameter of its own.
func Scale() models.Layer {
	id := new(graph.Identity)
	return func(x *graph.Node) *graph.Node {
		if x.Err() != nil {
			return x // a mistake before it is reported once
		}
		s := x.Graph().Scope(id, "scale", "")
		gain := s.Param("gain", graph.Fill(1), x.Shape().Dim(1))
		return x.Graph().Mark("Scale", s.Name, ops.Mul(x, gain))
	}
}

// The example of docs/adding-a-row.md: one encoder for two inputs, which has one
// set of parameters.
func Example_addingALayer() {
	g := graph.New(graph.Float64, 1)
	encoder := models.Sequential(models.Dense(3), ops.Tanh, Scale())
	a, b := g.Input("a", 2, 4), g.Input("b", 5, 4)
	distance := ops.Sub(ops.Sum(encoder(a)), ops.Sum(encoder(b)))
	for _, p := range g.Params() {
		fmt.Println(p)
	}
	other := encoder(g.Input("c", 2, 7))
	fmt.Println(distance.Err(), other.Err() != nil)
	// Output:
	// dense.w (4x3)
	// dense.b (3)
	// scale.gain (3)
	// <nil> true
}
