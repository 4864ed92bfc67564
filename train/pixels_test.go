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

// Pictures kept as bytes train to the same bits as those divided beforehand, in either
// type, with batches gathered and a validation; those of float32 numbers as those of the
// same numbers in float64.
func TestPixelsTrainAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	bytes := &data.Dataset{Inputs: []string{"a", "b", "c", "d"}, Shape: []int{2, 2}, Classes: []string{"0", "1", "2"}}
	var pixels []uint8
	var shares, wide []float64
	var narrow []float32
	for range 50 {
		bytes.Class = append(bytes.Class, r.IntN(3))
		for range 4 {
			b := uint8(r.IntN(256))
			x := float64(b) / 255
			pixels, shares = append(pixels, b), append(shares, x)
			narrow, wide = append(narrow, float32(x)), append(wide, float64(float32(x)))
		}
	}
	bytes.X = data.PixelsOf(pixels, 4)
	numbers, floats, widened := *bytes, *bytes, *bytes
	numbers.X, floats.X, widened.X = data.ArrayOf(shares, 4), data.ArrayOf(narrow, 4), data.ArrayOf(wide, 4)
	if a, b := (&data.Parts{Train: &floats, Val: &floats, Test: &floats}).Sum(), (&data.Parts{Train: &widened, Val: &widened, Test: &widened}).Sum(); a != b {
		t.Error("the same numbers have two sums")
	}
	for _, dtype := range []graph.Dtype{graph.Float32, graph.Float64} {
		var weights [4][][]float64
		var histories [4][]train.Epoch
		for k, d := range []*data.Dataset{bytes, &numbers, &floats, &widened} {
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
		for k := 0; k < 4; k += 2 {
			if !reflect.DeepEqual(weights[k], weights[k+1]) || !reflect.DeepEqual(histories[k], histories[k+1]) {
				t.Errorf("%v: the same pictures train differently: %v, %v", dtype, histories[k], histories[k+1])
			}
		}
	}
}
