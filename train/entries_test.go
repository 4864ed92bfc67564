package train_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"

	"gorgonia.org/tensor"
)

// TestEntriesAreChecked: each entry names what is wrong with sizes, classes and
// settings, by an error or, where there is none, by a panic with a clear text.
func TestEntriesAreChecked(t *testing.T) {
	task := train.Task{Model: models.Linear(), Loss: losses.MSE, Features: 1}
	d := line(33)
	short := line(33)
	short.Y = short.Y[:3]
	wide := &data.Dataset{X: make([]float64, 4), Inputs: []string{"a", "b"}, Y: make([]float64, 2)}
	second := func(_ any, err error) any { return err }
	create := func(f func(*train.Task)) any {
		k := task
		f(&k)
		return second(train.New(k, optimizers.SGD(), graph.Float64, 1))
	}
	fit := func(f func(*train.Run)) any {
		r := train.Run{Train: d, Epochs: 1, Schedule: schedule.Constant(0.1)}
		f(&r)
		return second(lineTrainer(t).Fit(context.Background(), r))
	}
	for _, c := range []struct {
		want string
		f    func() any
	}{
		{"row 1 is of class 5", func() any { return train.Classified([]int{0, 5}, []int{0, 1}, 2) }},
		{"row 0 is of class 0 and predicted as -1", func() any { return train.Classified([]int{0}, []int{-1}, 2) }},
		{"1 predictions for 2 rows", func() any { return train.Classified([]int{0, 1}, []int{0}, 2) }},
		{"3 predictions for 2 rows", func() any { return train.Regressed([]float64{0, 1}, []float64{0, 1, 2}) }},
		{"element type int", func() any { return second(train.New(task, optimizers.SGD(), tensor.Int, 1)) }},
		{"axis 1 of length 1099511627776", func() any { return create(func(k *train.Task) { k.Features = 1 << 40 }) }},
		{"axis 1 of length 1099511627776", func() any { return create(func(k *train.Task) { k.Classes, k.OneHot = 1<<40, true }) }},
		{"workers -2", func() any { return fit(func(r *train.Run) { r.Workers = -2 }) }},
		{"batch -2", func() any { return fit(func(r *train.Run) { r.Batch = -2 }) }},
		{"every", func() any { return fit(func(r *train.Run) { r.Schedule = schedule.Staircase(1, 0, 0.5) }) }},
		{"sequence of no", func() any { return fit(func(r *train.Run) { r.Schedule = schedule.Sequence{} }) }},
		{"product of no", func() any { return fit(func(r *train.Run) { r.Schedule = schedule.Product{} }) }},
		{"no schedule", func() any { return fit(func(r *train.Run) { r.Schedule = schedule.Product{nil} }) }},
		{"no training rows", func() any { return fit(func(r *train.Run) { r.Train = nil }) }},
		{"3 targets for 33 rows", func() any { return fit(func(r *train.Run) { r.Val = short }) }},
		{"rows have 2 inputs", func() any { return fit(func(r *train.Run) { r.Train = wide }) }},
		{"3 targets for 33 rows", func() any { return second(lineTrainer(t).Evaluate(short)) }},
		{"rows have 2 inputs", func() any { _, _, err := lineTrainer(t).Predict(wide); return err }},
		{"no dataset", func() any { _, _, err := lineTrainer(t).Predict(nil); return err }},
		{"no dataset", func() any { return lineTrainer(t).Match(nil) }},
	} {
		if got := outcome(t, c.f); !strings.Contains(got, c.want) {
			t.Errorf("%q, want %q in it", got, c.want)
		}
	}
}

// outcome is the error or the text of the panic of a call; a panic that nobody
// meant fails the test.
func outcome(t *testing.T, f func() any) (text string) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			if _, raw := r.(runtime.Error); raw {
				t.Errorf("an accident: %v", r)
			}
			text = fmt.Sprint(r)
		}
	}()
	return fmt.Sprint(f())
}
