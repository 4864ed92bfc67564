package train_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// A net wide enough to be shared gets the same bits from any number of workers.
func TestWorkersDoNotChangeResults(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	d, err := data.FromFunc(300, func(i int) ([]float64, int) {
		x := make([]float64, 300)
		for k := range x {
			x[k] = rng.NormFloat64()
		}
		return x, i % 3
	})
	if err != nil {
		t.Fatal(err)
	}
	var want []float64
	for _, workers := range []int{1, 2, 3} {
		task := train.Task{Model: models.MLP(ops.ReLU, 256, 3), Loss: losses.CrossEntropy, Features: 300, Classes: 3}
		tr, err := train.New(task, optimizers.Adam(), graph.Float32, 1)
		if err != nil {
			t.Fatal(err)
		}
		run := train.Run{Train: d, Epochs: 3, Batch: 128, Seed: 1, Schedule: schedule.Constant(1e-3), Workers: workers}
		if _, err := tr.Fit(context.Background(), run); err != nil {
			t.Fatal(err)
		}
		var got []float64
		for _, v := range tr.Store().Variables() {
			got = append(got, v.Float64s()...)
		}
		if want == nil {
			want = got
		} else if !slices.Equal(got, want) {
			t.Errorf("%d workers: other weights than with one", workers)
		}
	}
}
