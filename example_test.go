package descent_test

import (
	"fmt"

	"descent/graph"
	"descent/losses"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
)

// Pinball is the quantile loss: its minimiser is the tau-quantile of y given x.
func Pinball(tau float64) losses.Loss {
	return func(pred, y *graph.Node) *graph.Node {
		e := ops.Sub(y, pred)
		return ops.Mean(ops.Max(ops.Scale(tau, e), ops.Scale(tau-1, e)))
	}
}

// A loss of your own, a line through five points of which one is wrong, and
// Adam: the median line ignores the outlier.
func Example() {
	g := graph.New(graph.Float64, 1)
	x, y := g.Input("x", 5), g.Input("y", 5)
	w, b := g.Param("w", graph.Zeros), g.Param("b", graph.Zeros)
	loss := Pinball(0.5)(ops.Add(ops.Mul(w, x), b), y)

	step := optimizers.Descend(loss, optimizers.Adam())
	program, err := graph.Function{Outputs: []*graph.Node{loss}, Updates: step.Updates}.Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	rate := schedule.Cosine(0.1, 1000)
	xs, ys := []float64{-2, -1, 0, 1, 2}, []float64{-3, -1, 1, 90, 5} // y = 2x + 1
	for t := range 1000 {
		if err := program.Run(graph.Let(x, xs), graph.Let(y, ys), graph.Let(step.LR, []float64{rate.At(t)})); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Printf("y = %.2fx + %.2f\n", w.Variable().Float64s()[0], b.Variable().Float64s()[0])
	// Output: y = 2.00x + 1.00
}
