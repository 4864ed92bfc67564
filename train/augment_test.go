package train_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/data/augment"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// shades are pictures of 2×2 and their classes.
func shades(n int) *data.Dataset {
	d := &data.Dataset{Inputs: []string{"a", "b", "c", "d"}, Shape: []int{2, 2}, Classes: []string{"u", "v", "w"}}
	var pixels []uint8
	for i := range n {
		for k := range 4 {
			pixels = append(pixels, uint8(i*37+k*k*91))
		}
		d.Class = append(d.Class, i%3)
	}
	d.X = data.PixelsOf(pixels, 4)
	return d
}

func changes(t *testing.T, text string) *augment.Pictures {
	t.Helper()
	p, err := augment.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The loss of rows that are mixed is the mixture of the losses, as it is computed from
// the arrays of the batch by a plain loop.
func TestMixedLoss(t *testing.T) {
	d, mix := shades(6), changes(t, "mixup(1)")
	task := train.Task{Model: models.Softmax(3), Loss: losses.CrossEntropy, Features: 4, Classes: 3, Mixed: true}
	tr, err := train.New(task, optimizers.SGD(), graph.Float64, 1)
	if err != nil {
		t.Fatal(err)
	}
	weights := []float64{0.3, -0.2, 0.5, 0.1, 0.9, -0.4, -0.6, 0.2, 0.7, 0.8, -0.1, 0.4}
	if err := tr.Store().Lookup("dense.w").Set(weights); err != nil {
		t.Fatal(err)
	}
	rows := []int{0, 1, 2, 3, 4, 5}
	b, err := mix.Augment(d, rows, 7, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	array := func(name string) data.Array {
		a, ok := b.Array(name)
		if !ok {
			t.Fatalf("no array %s", name)
		}
		return a
	}
	x, share, y, z := make([]float64, 24), make([]float64, 6), make([]int, 6), make([]int, 6)
	data.GatherArray(x, array("x"), rows)
	data.GatherArray(share, array(data.MixedShare), rows)
	data.GatherArray(y, array("y"), rows)
	data.GatherArray(z, array(data.MixedWith("y")), rows)
	want := 0.0
	for i := range rows {
		var logits [3]float64
		sum := 0.0
		for c := range logits {
			for k := range 4 {
				logits[c] += x[i*4+k] * weights[k*3+c]
			}
			sum += math.Exp(logits[c])
		}
		want += (math.Log(sum) - share[i]*logits[y[i]] - (1-share[i])*logits[z[i]]) / 6
	}
	if got, err := tr.Step(b, rows, 0.1); err != nil || math.Abs(got-want) > 1e-12 {
		t.Errorf("loss %v, want %v; %v", got, want, err)
	}
	// Rows that are not mixed lack what the loss takes.
	if _, err := tr.Step(d, rows, 0.1); err == nil || !strings.Contains(err.Error(), `no array "y_mixed_with"`) {
		t.Error(err)
	}
	if s, err := tr.Evaluate(d); err != nil || s.Rows != 6 {
		t.Errorf("evaluated: %v, %v", s, err)
	}
}

// A run whose pictures change has the same bits on any number of workers.
func TestAugmentedRuns(t *testing.T) {
	weights := func(text string, workers, accumulate int) (all []float64) {
		change := changes(t, text)
		task := train.Task{Model: models.Softmax(3), Loss: losses.CrossEntropy, Features: 4, Classes: 3, Mixed: change.Mixes()}
		tr, err := train.New(task, optimizers.Adam(), graph.Float32, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Fit(context.Background(), train.Run{Train: shades(20), Augment: change, Epochs: 3, Batch: 6, Workers: workers, Accumulate: accumulate, Schedule: schedule.Constant(0.1)}); err != nil {
			t.Fatal(err)
		}
		return tr.Store().Lookup("dense.w").Float64s()
	}
	for _, accumulate := range []int{1, 2} {
		one := weights("flip | mixup(0.5)", 1, accumulate)
		if !slices.Equal(one, weights("flip | mixup(0.5)", 3, accumulate)) {
			t.Error("other bits on three workers")
		}
		if slices.Equal(one, weights("flip", 1, accumulate)) || slices.Equal(one, weights("shift(0) | mixup(0.5)", 1, accumulate)) {
			t.Error("the augmentation does nothing")
		}
	}
}

func TestAugmentErrors(t *testing.T) {
	usual := train.Task{Model: models.Softmax(3), Loss: losses.CrossEntropy, Features: 4, Classes: 3}
	mixed := usual
	mixed.Mixed = true
	for _, c := range []struct {
		task train.Task
		run  train.Run
		want string
	}{
		{mixed, train.Run{Train: shades(3)}, "the run has no Augment"},
		{mixed, train.Run{Train: shades(3), Augment: changes(t, "flip")}, "the rows of flip are mixed: false; the task is Mixed: true"},
		{usual, train.Run{Train: shades(3), Augment: changes(t, "mixup(0.2)")}, "mixed: true; the task is Mixed: false"},
		{usual, train.Run{Generate: &data.Generator{Batches: 1, Size: 1, Make: func(uint64, int, int) (data.Rows, error) { return shades(1), nil }}, Augment: changes(t, "flip")}, "Augment changes batches of Train"},
	} {
		tr, err := train.New(c.task, optimizers.SGD(), graph.Float32, 1)
		if err != nil {
			t.Fatal(err)
		}
		c.run.Schedule = schedule.Constant(1)
		if err := c.run.Check(tr); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
