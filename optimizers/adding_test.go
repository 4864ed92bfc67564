package optimizers_test

import (
	"fmt"

	"descent/graph"
	"descent/ops"
	"descent/optimizers"
)

// Lion follows the sign of a smoothed gradient, https://arxiv.org/abs/2302.06675.
type Lion struct{ Beta1, Beta2 float64 }

func (r Lion) Update(s *optimizers.Step) *graph.Node {
	m := s.State("m")
	s.Set(m, lerp(s.Grad, m, r.Beta2))
	return ops.Sign(lerp(s.Grad, m, r.Beta1))
}

func lerp(x, old *graph.Node, beta float64) *graph.Node {
	return ops.Add(ops.Scale(beta, old), ops.Scale(1-beta, x))
}

// The example of docs/adding-an-optimizer.md.
func Example_addingAnOptimizer() {
	train := func(rule optimizers.Rule) []float64 {
		g := graph.New(graph.Float64, 1)
		w := g.Param("w", graph.From(1, -2, 3), 3)
		t := optimizers.Descend(ops.Sum(ops.Square(ops.Shift(-0.5, w))), rule)
		step, err := t.Compile()
		if err != nil {
			fmt.Println(err)
			return nil
		}
		for range 100 {
			if err := step.Run(graph.Let(t.LR, []float64{0.01})); err != nil {
				fmt.Println(err)
			}
		}
		return w.Variable().Float64s()
	}
	fmt.Printf("%.2f\n", train(Lion{0.9, 0.99}))
	fmt.Printf("%.2f\n", train(optimizers.Chain{optimizers.Decay(0.1), Lion{0.9, 0.99}}))
	fmt.Printf("%.2f\n", train(optimizers.Lion())) // the library's own
	// Output:
	// [0.42 -1.00 2.00]
	// [0.47 -0.86 1.76]
	// [0.42 -1.00 2.00]
}
