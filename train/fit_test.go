package train_test

import (
	"context"
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
	if s.Accuracy < 0.95 {
		t.Errorf("accuracy %v after %d epochs, loss %v", s.Accuracy, len(h.Epochs), s.Loss)
	}
	t.Log(s.Values(), h.Epochs[len(h.Epochs)-1])
}
