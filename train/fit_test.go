package train_test

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/optimizers/search"
	"descent/train"
)

// prepared returns an embedded data set, split and scaled.
func prepared(t testing.TB, name string, o data.Options) *data.Parts {
	t.Helper()
	src, err := data.Open(name, data.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := src.Prepare("", o)
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

func mustNew(t testing.TB, task train.Task, rule optimizers.Rule, dtype graph.Dtype, seed uint64) *train.Trainer {
	t.Helper()
	tr, err := train.New(task, rule, dtype, seed)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestDigits(t *testing.T) {
	parts := prepared(t, "digits", data.Options{Scaling: data.MinMax, Fractions: data.Fractions{Test: 0.2}, Seed: 1})
	task := train.Task{Model: models.MLP(ops.ReLU, 32, 10), Loss: losses.CrossEntropy, Features: parts.Train.Features(), Classes: 10}
	tr := mustNew(t, task, optimizers.Adam(), graph.Float32, 1)
	h, err := tr.Fit(context.Background(), train.Run{Train: parts.Train, Epochs: 15, Batch: 32, Schedule: schedule.Constant(3e-3)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := tr.Evaluate(parts.Test)
	if err != nil {
		t.Fatal(err)
	}
	if s.Metrics["accuracy"] < 0.95 {
		t.Errorf("accuracy %v after %d epochs, loss %v", s.Metrics["accuracy"], len(h.Epochs), s.Loss)
	}
	t.Log(s.Values(), h.Epochs[len(h.Epochs)-1])
}

// A net wide enough to be shared gets the same bits from any number of workers.
func TestWorkersDoNotChangeResults(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	d, err := data.FromFunc(1100, func(i int) ([]float64, int) {
		x := make([]float64, 300)
		for k := range x {
			x[k] = rng.NormFloat64()
		}
		return x, i % 3
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, run := range map[string]train.Run{
		"adam":   {Train: d, Epochs: 3, Batch: 128, Seed: 1, Schedule: schedule.Constant(1e-3)},
		"lbfgs":  {Train: d, Epochs: 6, Method: search.NewLBFGS()},
		"newton": {Train: d, Epochs: 8, Method: search.NewtonCG{}},
	} {
		sameBits(t, name, run)
	}
}

// sameBits trains a wide net by one, two and three workers.
func sameBits(t *testing.T, name string, run train.Run) {
	t.Helper()
	var want []float64
	for _, workers := range []int{1, 2, 3} {
		task := train.Task{Model: models.MLP(ops.ReLU, 256, 3), Loss: losses.CrossEntropy, Features: 300, Classes: 3}
		tr, err := train.New(task, optimizers.Adam(), graph.Float32, 1)
		if err != nil {
			t.Fatal(err)
		}
		run.Workers = workers
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
			t.Errorf("%s, %d workers: other weights than with one", name, workers)
		}
	}
}

// 8,000 of MNIST's images teach an MLP 95 % of the other 2,000.
func TestMNIST(t *testing.T) {
	const folder = "../../shared/data/mnist"
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("no MNIST: %v", err)
	}
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	src, err := data.Open(folder, data.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := src.Prepare("", data.Options{Fractions: data.Fractions{Test: 0.2}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	task := train.Task{Model: models.MLP(ops.ReLU, 128, 10), Loss: losses.CrossEntropy, Features: 784, Classes: 10}
	tr := mustNew(t, task, optimizers.Adam(), graph.Float32, 1)
	steps := 12 * data.NewBatches(parts.Train.Rows(), 64, 0, false).Steps()
	h, err := tr.Fit(context.Background(), train.Run{Train: parts.Train, Epochs: 12, Batch: 64, Schedule: schedule.Cosine(3e-3, steps)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := tr.Evaluate(parts.Test)
	if err != nil {
		t.Fatal(err)
	}
	last := h.Epochs[len(h.Epochs)-1]
	t.Logf("%d rows for training, %d for testing: accuracy %v after %d epochs, %.0f µs a step", parts.Train.Rows(), parts.Test.Rows(), s.Metrics["accuracy"], last.Epoch, 1e6*last.Seconds/float64(last.Step))
	if s.Metrics["accuracy"] < 0.95 {
		t.Errorf("accuracy %v, want 0.95", s.Metrics["accuracy"])
	}
}
