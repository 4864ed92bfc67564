package bench_test

import (
	"context"
	"fmt"

	"descent/bench"
	"descent/data"
	"descent/graph"
	"descent/models"
	"descent/ops"
	"descent/train"
)

// Two optimizers on a loss of one's own: the quantile loss, whose minimiser is
// here the 80 % quantile of a patient's progression.
func Example() {
	const tau = 0.8
	pinball := func(pred, y *graph.Node) *graph.Node {
		e := ops.Sub(y, pred)
		return ops.Mean(ops.Max(ops.Scale(tau, e), ops.Scale(tau-1, e)))
	}
	src, err := data.Open("diabetes", data.CSVOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	parts, err := src.Prepare("", data.Options{Scaling: data.Standard, Fractions: data.Fractions{Val: 0.15, Test: 0.2}, Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	study := &bench.Study{
		Data: "diabetes", Model: "linear", Loss: "pinball",
		Task:   train.Task{Model: models.Linear(), Loss: pinball, Features: parts.Train.Features()},
		Parts:  parts,
		Epochs: 60,
	}
	for _, text := range []string{"sgd", "adam"} {
		e, err := bench.Parse(text)
		if err != nil {
			fmt.Println(err)
			return
		}
		study.Entrants = append(study.Entrants, e)
	}
	r, err := study.Run(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range r.Optimizers {
		fmt.Printf("%s: test loss %.0f\n", o.Optimizer, o.Loss.Mean)
	}
	// Unordered output:
	// adam: test loss 16
	// sgd: test loss 16
}
