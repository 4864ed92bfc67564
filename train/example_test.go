package train_test

import (
	"context"
	"fmt"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// A net for the flowers of iris.
func Example() {
	src, err := data.Open("iris", data.CSVOptions{})
	if err != nil {
		panic(err)
	}
	parts, err := src.Prepare("", data.Options{Scaling: data.Standard, Fractions: data.Fractions{Val: 0.1, Test: 0.2}, Seed: 1})
	if err != nil {
		panic(err)
	}
	t, err := train.New(train.Task{
		Model:    models.MLP(ops.Tanh, 16, 3),
		Loss:     losses.CrossEntropy,
		Features: 4, Classes: 3,
	}, optimizers.Adam(), graph.Float32, 1)
	if err != nil {
		panic(err)
	}
	history, err := t.Fit(context.Background(), train.Run{
		Train: parts.Train, Val: parts.Val, Epochs: 100, Batch: 16, Schedule: schedule.Constant(0.01),
		Stop: train.EarlyStopping{Patience: 20, RestoreBest: true},
	})
	if err != nil {
		panic(err)
	}
	scores, err := t.Evaluate(parts.Test)
	if err != nil {
		panic(err)
	}
	fmt.Println(history.Best > 0, scores.Metrics["accuracy"] > 0.9)
	// Output: true true
}

// A loss of one's own: absolute errors below the target count twice. Nothing
// is derived by hand.
func ExampleTask() {
	lopsided := func(pred, y *graph.Node) *graph.Node {
		e := ops.Sub(pred, y)
		return ops.Mean(ops.Max(e, ops.Scale(-2, e)))
	}
	rows, err := data.FromFunc(90, func(i int) (x []float64, y float64) { return []float64{1}, float64(i % 3) })
	if err != nil {
		panic(err)
	}
	t, err := train.New(train.Task{Model: models.Linear(), Loss: lopsided, Features: 1}, optimizers.SGD(), graph.Float64, 1)
	if err != nil {
		panic(err)
	}
	for step := range 2000 {
		if _, err := t.Step(rows, all(90), 0.1/(1+float64(step)/20)); err != nil {
			panic(err)
		}
	}
	out, _, err := t.Predict(rows)
	if err != nil {
		panic(err)
	}
	fmt.Printf("predicts %.1f: two thirds of the targets are at most that\n", out[0])
	// Output: predicts 1.0: two thirds of the targets are at most that
}

func all(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}
