package minimum_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"descent/graph"
	"descent/ops"
	"descent/optimizers/search"
	"descent/optimizers/search/minimum"
)

func Example() {
	g := graph.New(graph.Float64, 0)
	x, y := g.Param("x", graph.Fill(1)), g.Param("y", graph.Fill(1))
	value := ops.Add(ops.Abs(ops.Shift(-3, x)), ops.Square(ops.Sub(y, x)))
	s := &minimum.Search{Value: value, Params: []*graph.Node{x, y}, Bounds: []search.Bound{{}, {Lo: math.Inf(-1), Hi: 2}}, Steps: 1000, Tolerance: 1e-8}
	f, err := s.Run(context.Background(), search.NewLBFGS())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f at %.4f: %s\n", f.F, f.X, f.Kind)
	// Output:
	// 0.7500 at [2.5000 2.0000]: minimum at a bound
}
