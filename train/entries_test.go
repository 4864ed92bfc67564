package train_test

import (
	"context"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/internal/misuse"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
	"descent/train/score"

	"gorgonia.org/tensor"
)

// TestEntriesAreChecked: each entry names what is wrong with sizes, classes and
// settings, by an error or, where there is none, by a panic with a clear text.
func TestEntriesAreChecked(t *testing.T) {
	task := train.Task{Model: models.Linear(), Loss: losses.MSE, Features: 1}
	d := line(33)
	short := line(33)
	short.Y = short.Y[:3]
	wide := &data.Dataset{X: data.ArrayOf(make([]float64, 4), 2), Inputs: []string{"a", "b"}, Y: make([]float64, 2)}
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
		{"row 1 is of class 5", func() any { return train.Classified(&score.Classes{K: 2, Truth: []int{0, 5}, Decided: []int{0, 1}}) }},
		{"row 0 is of class 0 and predicted as -1", func() any { return train.Classified(&score.Classes{K: 2, Truth: []int{0}, Decided: []int{-1}}) }},
		{"1 predictions for 2 rows", func() any { return train.Classified(&score.Classes{K: 2, Truth: []int{0, 1}, Decided: []int{0}}) }},
		{"3 predictions for 2 rows", func() any {
			return train.Regressed(&score.Numbers{Truth: []float64{0, 1}, Predicted: []float64{0, 1, 2}})
		}},
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
		if got := misuse.Outcome(t, c.f); !strings.Contains(got, c.want) {
			t.Errorf("%q, want %q in it", got, c.want)
		}
	}
}

// A task that lacks something, or whose predictions would be stretched over the
// targets, is refused.
func TestIncompleteTask(t *testing.T) {
	whole := train.Task{Model: models.Linear(), Loss: losses.MSE, Features: 3}
	vector := func(x *graph.Node) *graph.Node { return ops.Sum(x, 1) }
	for want, change := range map[string]func(*train.Task){
		"no Model":     func(task *train.Task) { task.Model = nil },
		"no Loss":      func(task *train.Task) { task.Loss = nil },
		"Features":     func(task *train.Task) { task.Features = 0 },
		"Classes":      func(task *train.Task) { task.Classes = 1 },
		"rows×outputs": func(task *train.Task) { task.Model = vector },
	} {
		task := whole
		change(&task)
		if _, err := train.New(task, optimizers.Adam(), graph.Float32, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	d, err := data.FromRows([][]float64{{1, 2, 3}}, []float64{1})
	if err != nil {
		t.Fatal(err)
	}
	tr := mustNew(t, whole, nil, graph.Float32, 1)
	_, step := tr.Step(d, []int{0}, 0.1)
	_, fit := tr.Fit(context.Background(), train.Run{Train: d, Epochs: 1, Schedule: schedule.Constant(1)})
	for _, err := range []error{step, fit} {
		if err == nil || !strings.Contains(err.Error(), "no rule") {
			t.Errorf("without a rule: %v", err)
		}
	}
}
