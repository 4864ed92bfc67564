package train_test

import (
	"context"
	"math/rand/v2"
	"reflect"
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

// Pictures kept as bytes train to the same bits as those divided beforehand, in
// either type, with batches gathered and a validation.
func TestPixelsTrainAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	bytes := &data.Dataset{Inputs: []string{"a", "b", "c", "d"}, Shape: []int{2, 2}, Classes: []string{"0", "1", "2"}}
	for range 50 {
		bytes.Class = append(bytes.Class, r.IntN(3))
		for range 4 {
			bytes.Pixels = append(bytes.Pixels, uint8(r.IntN(256)))
		}
	}
	numbers := *bytes
	numbers.Pixels = nil
	for _, b := range bytes.Pixels {
		numbers.X = append(numbers.X, float64(b)/255)
	}
	for _, dtype := range []graph.Dtype{graph.Float32, graph.Float64} {
		var weights [2][][]float64
		var histories [2][]train.Epoch
		for k, d := range []*data.Dataset{bytes, &numbers} {
			task := train.Task{Model: models.MLP(ops.Tanh, 5, 3), Loss: losses.CrossEntropy, Features: 4, Classes: 3}
			tr := mustNew(t, task, optimizers.Adam(), dtype, 1)
			h, err := tr.Fit(context.Background(), train.Run{Train: d, Val: d, Epochs: 4, Batch: 8, Seed: 2, Accumulate: 2, Schedule: schedule.Constant(0.01)})
			if err != nil {
				t.Fatal(err)
			}
			for i := range h.Epochs {
				h.Epochs[i].Seconds = 0
			}
			histories[k] = h.Epochs
			for _, v := range tr.Store().Variables() {
				weights[k] = append(weights[k], v.Float64s())
			}
		}
		if !reflect.DeepEqual(weights[0], weights[1]) || !reflect.DeepEqual(histories[0], histories[1]) {
			t.Errorf("%v: bytes and numbers train differently: %v, %v", dtype, histories[0], histories[1])
		}
	}
}
