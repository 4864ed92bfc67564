package train_test

import (
	"testing"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/train"
)

// BenchmarkStep is a training step of the MLP 64-32-10 on digits.
func BenchmarkStep(b *testing.B) {
	parts := prepared(b, "digits", data.Options{Scaling: data.MinMax, Seed: 1})
	task := train.Task{Model: models.MLP(ops.ReLU, 32, 10), Loss: losses.CrossEntropy, Features: 64, Classes: 10}
	tr := mustNew(b, task, optimizers.Adam(), graph.Float32, 1)
	var rows []int
	for r := range data.NewBatches(parts.Train.Rows(), 32, 1, true).Epoch(0) {
		rows = r
		break
	}
	d := tr.Convert(parts.Train)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tr.Step(d, rows, 1e-3); err != nil {
			b.Fatal(err)
		}
	}
}
