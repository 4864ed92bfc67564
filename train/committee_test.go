package train_test

import (
	"context"
	"fmt"
	"log"
	"math"
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
	"descent/train/conformal"
)

// Trainings that each leave a row out, on reused trainers, in a committee, on two
// goroutines, saved and read again, predict to the bit what trainings alone on these rows
// predict.
func TestCommittee(t *testing.T) {
	parts := prepared(t, "diabetes", data.Options{Scaling: data.Standard, Seed: 1})
	d := parts.Train
	task := train.Task{Model: models.MLP(ops.ReLU, 16, 1), Loss: losses.MSE, Features: d.Features()}
	without := func(i int) *data.Dataset {
		var rows []int
		for k := range d.Rows() {
			if k != i {
				rows = append(rows, k)
			}
		}
		return d.Subset(rows)
	}
	run := func(i int) train.Run {
		return train.Run{Train: without(i), Epochs: 3, Batch: 32, Seed: 7, Schedule: schedule.Constant(0.01)}
	}
	const members = 12
	c, err := train.NewCommittee(task, graph.Float32, members)
	if err != nil {
		t.Fatal(err)
	}
	err = train.CrossValidate(context.Background(), members, 2, func() (func(context.Context, int) error, error) {
		tr, err := train.New(task, optimizers.Adam(), graph.Float32, 7)
		return func(ctx context.Context, i int) error {
			if err := tr.Reset(7); err != nil {
				return err
			}
			if _, err := tr.Fit(ctx, run(i)); err != nil {
				return err
			}
			return c.Seat(i, tr)
		}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := train.DecodeCommittee(task, graph.Float32, text)
	if err != nil || again.Len() != members {
		t.Fatal(err)
	}
	outs, width, err := again.Predict(d)
	if err != nil || width != 1 {
		t.Fatal(err, width)
	}
	for i, out := range outs {
		tr := mustNew(t, task, optimizers.Adam(), graph.Float32, 7)
		if _, err := tr.Fit(context.Background(), run(i)); err != nil {
			t.Fatal(err)
		}
		alone, err := tr.Predictor()
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := alone.Predict(d)
		if err != nil {
			t.Fatal(err)
		}
		for k := range want {
			if math.Float64bits(out[k]) != math.Float64bits(want[k]) {
				t.Fatalf("member %d, row %d: %v, alone %v", i, k, out[k], want[k])
			}
		}
	}
	if outs[0][0] == outs[1][0] {
		t.Error("two members predict the same")
	}
}

// Files that are no committee of the task are errors, and so is a member without weights.
func TestCommitteeIsChecked(t *testing.T) {
	task := train.Task{Model: models.MLP(ops.ReLU, 4, 1), Loss: losses.MSE, Features: 2}
	c, err := train.NewCommittee(task, graph.Float32, 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Encode(nil); err == nil || !strings.Contains(err.Error(), "member 1 has no") {
		t.Errorf("%v", err)
	}
	for k := range c.Len() {
		if err := c.Seat(k, mustNew(t, task, optimizers.Adam(), graph.Float32, uint64(k))); err != nil {
			t.Fatal(err)
		}
	}
	text, err := c.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	wider := task
	wider.Model = models.MLP(ops.ReLU, 5, 1)
	if _, err := train.DecodeCommittee(wider, graph.Float32, text); err == nil || !strings.Contains(err.Error(), "of 2 members it is") {
		t.Errorf("%v", err)
	}
	if _, err := train.DecodeCommittee(task, graph.Float32, text[:len(text)-1]); err == nil {
		t.Error("a file that was cut is read")
	}
}

// Between which numbers are those of new rows, in nine of ten cases?
func ExampleCommittee() {
	source, err := data.Open("diabetes", data.CSVOptions{})
	check(err)
	parts, err := source.Prepare("", data.Options{Scaling: data.Standard, Fractions: data.Fractions{Test: 0.2}, Seed: 1})
	check(err)
	d := parts.Train
	task := train.Task{Model: models.Dense(1), Loss: losses.MSE, Features: d.Features()}
	t, err := train.New(task, nil, graph.Float64, 1)
	check(err)
	held, err := data.Deal(d.Rows(), nil, nil, 10, 1)
	check(err)
	c, err := train.NewCommittee(task, graph.Float64, len(held))
	check(err)
	wrong, model := make([]float64, d.Rows()), make([]int, d.Rows())
	for k, rows := range held {
		var others []int
		for _, part := range slices.Concat(held[:k], held[k+1:]) {
			others = append(others, part...)
		}
		check(t.Reset(1))
		_, err := t.Solve(context.Background(), d.Subset(others), nil)
		check(err)
		x, err := t.Numbers(d.Subset(rows))
		check(err)
		for i, row := range rows {
			wrong[row], model[row] = math.Abs(x.Truth[i]-x.Predicted[i]), k
		}
		check(c.Seat(k, t))
	}
	h := conformal.Collect(c.Len(), model, wrong)
	outs, _, err := c.Predict(parts.Test)
	check(err)
	within := 0
	for i, y := range parts.Test.Y {
		predicted := make([]float64, c.Len())
		for k, out := range outs {
			predicted[k] = out[i]
		}
		if lo, hi := h.Interval(0.9, predicted); lo <= y && y <= hi {
			within++
		}
	}
	fmt.Printf("%d of %d held-out rows are within their intervals", within, parts.Test.Rows())
	// Output: 75 of 88 held-out rows are within their intervals
}

// check ends an example that fails.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
