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
	study := &bench.Study{Problems: []bench.Problem{&bench.Net{
		Data: "diabetes", Model: "linear", Loss: "pinball",
		Task:   train.Task{Model: models.Linear(), Loss: pinball, Features: parts.Train.Features()},
		Parts:  parts,
		Epochs: 60,
	}}}
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

// A function of one's own: a flat valley, whose Hessian is singular at the minimum.
func ExampleFunction() {
	valley := bench.Function{Name: "valley", F: func(x *graph.Node) *graph.Node { return ops.Sum(ops.Square(ops.Square(x))) },
		Start: []float64{1, -2}, At: []float64{0, 0}}
	study := &bench.Study{Problems: []bench.Problem{valley}, Seed: 1}
	for _, text := range []string{"sgd", "adam", "newton"} {
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
	for _, o := range r.Overall {
		fmt.Printf("%s: %.0f %% of the targets, score %.2f\n", o.Optimizer, 100*o.Reached, o.Score)
	}
	// Output:
	// newton: 100 % of the targets, score 0.65
	// adam: 100 % of the targets, score 0.60
	// sgd: 88 % of the targets, score 0.43
}
