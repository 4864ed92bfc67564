package graph_test

import (
	"fmt"

	"descent/graph"
	"descent/ops"
)

// A leaky integrator, h ← h + (x - h)/τ, and how its last value depends on τ.
func ExampleScan() {
	g := graph.New(graph.Float64, 1)
	x := g.Array([]float64{1, 1, 1, 0, 0}, 5, 1)
	tau := g.Param("tau", graph.Fill(2))
	last, ys := graph.Scan([]*graph.Node{g.Const(0, 1)}, []*graph.Node{x}, graph.ScanOptions{Name: "leak"}, func(carry, x []*graph.Node) (next, y []*graph.Node) {
		h := ops.Add(carry[0], ops.Div(ops.Sub(x[0], carry[0]), tau))
		return []*graph.Node{h}, []*graph.Node{h}
	})
	slope := graph.Grad(ops.Sum(last[0]), tau)[0]
	p, err := graph.Compile(ys[0], slope)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := p.Run(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Float64s(ys[0]))
	fmt.Println(p.Scalar(slope))
	// Output:
	// [0.5 0.75 0.875 0.4375 0.21875]
	// 0.171875
}
