package train_test

import (
	"context"
	"os"
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
	t.Logf("%d rows for training, %d for testing: accuracy %v after %d epochs, %.0f µs a step", parts.Train.Rows(), parts.Test.Rows(), s.Accuracy, last.Epoch, 1e6*last.Seconds/float64(last.Step))
	if s.Accuracy < 0.95 {
		t.Errorf("accuracy %v, want 0.95", s.Accuracy)
	}
}
