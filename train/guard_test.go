package train_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// line returns n rows of y = 2x+1, in arrays that are longer: what is behind a
// dataset's last row is not its own.
func line(n int) *data.Dataset {
	x := make([]float64, n, 2*n)
	d := &data.Dataset{X: data.ArrayOf(x, 1), Y: make([]float64, n, 2*n), Inputs: []string{"x"}}
	for i := range x {
		x[i] = float64(i) / float64(n)
		d.Y[i] = 2*x[i] + 1
	}
	return d
}

func lineTrainer(t testing.TB) *train.Trainer {
	return mustNew(t, train.Task{Model: models.Linear(), Loss: losses.MSE, Features: 1}, optimizers.SGD(), graph.Float64, 1)
}

// TestStepChecksWhatItIsGiven: rows that are not there, and datasets that do not
// fit, are an error that names them; nothing is changed.
func TestStepChecksWhatItIsGiven(t *testing.T) {
	change := func(f func(*data.Dataset)) *data.Dataset {
		d := line(33)
		f(d)
		return d
	}
	classes := &data.Dataset{X: data.ArrayOf([]float64{1, 2, 3}, 1), Inputs: []string{"x"}, Class: []int{0, 1, 3}, Classes: []string{"a", "b", "c"}}
	tr := lineTrainer(t)
	for _, c := range []struct {
		want string
		d    *data.Dataset
		rows []int
	}{
		{"rows[1] is 33; the dataset has 33 rows", line(33), []int{0, 33}},
		{"rows[0] is 40", line(33), []int{40}},
		{"rows[0] is 1000", line(33), []int{1000}},
		{"rows[2] is -1", line(33), []int{0, 1, -1}},
		{"no rows", line(33), nil},
		{"no dataset", nil, []int{0}},
		{"no rows", &data.Dataset{Inputs: []string{"x"}}, []int{0}},
		{"rows have 0 inputs", &data.Dataset{}, []int{0}},
		{"rows have 2 inputs", change(func(d *data.Dataset) { d.Inputs = []string{"a", "b"} }), []int{0}},
		{"31 targets for 33 rows", change(func(d *data.Dataset) { d.Y = d.Y[:31] }), []int{0}},
		{"needs numbers as targets", change(func(d *data.Dataset) { d.Y = nil }), []int{0}},
		{"both Y and Class", change(func(d *data.Dataset) { d.Class = make([]int, 33) }), []int{0}},
	} {
		if _, err := tr.Step(c.d, c.rows, 0.1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("rows %v: error %v, want %q in it", c.rows, err, c.want)
		}
	}
	if tr.Steps() != 0 {
		t.Errorf("%d steps", tr.Steps())
	}
	for name, task := range map[string]train.Task{
		"classes":  {Model: models.Softmax(3), Loss: losses.CrossEntropy, Features: 1, Classes: 3},
		"one-hot":  {Model: models.Softmax(3), Loss: losses.MSE, Features: 1, Classes: 3, OneHot: true},
		"logistic": {Model: models.Logistic(), Loss: losses.BCELogits, Features: 1, Classes: 2},
	} {
		tr := mustNew(t, task, optimizers.SGD(), graph.Float32, 1)
		d := *classes
		d.Classes = d.Classes[:task.Classes]
		if _, err := tr.Step(&d, []int{0, 1}, 0.1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := tr.Step(&d, []int{0, 2}, 0.1); err == nil || !strings.Contains(err.Error(), "row 2 is of class 3") {
			t.Errorf("%s: class 3: %v", name, err)
		}
		if err := tr.Match(&d); err == nil || !strings.Contains(err.Error(), "row 2 is of class 3") {
			t.Errorf("%s: Match: %v", name, err)
		}
		if _, err := tr.Evaluate(&d); err == nil {
			t.Errorf("%s: evaluated", name)
		}
	}
}

// TestGoroutinesOnOneTrainer: what several goroutines do with one trainer is
// right or refused.
func TestGoroutinesOnOneTrainer(t *testing.T) {
	const goroutines, calls = 4, 3000
	tr, d := lineTrainer(t), line(33)
	want, _, err := tr.Predict(d)
	if err != nil {
		t.Fatal(err)
	}
	var right, refused, wrong atomic.Int64
	path := filepath.Join(t.TempDir(), "weights")
	rows := []int{1, 5, 7}
	first, err := tr.Step(d, rows, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for w := range goroutines {
		all.Go(func() {
			for k := range calls {
				ok, err := true, error(nil)
				switch {
				case w == 0:
					var loss float64
					loss, err = tr.Step(d, rows, 0) // moves nothing
					ok = loss == first
				case k%100 == 99:
					err = tr.Save(path)
				case k%100 == 50:
					_, err = tr.Fit(context.Background(), train.Run{Train: d, Epochs: 1, Batch: 5, Schedule: schedule.Constant(0)})
				case k%2 == 0:
					var s *train.Scores
					s, err = tr.Evaluate(d)
					ok = s != nil && math.Abs(s.Loss-meanSquare(d.Y, want)) < 1e-12
				default:
					var got []float64
					got, _, err = tr.Predict(d)
					for i := range got {
						ok = ok && got[i] == want[i]
					}
				}
				switch {
				case errors.Is(err, graph.ErrInUse):
					refused.Add(1)
				case err != nil || !ok:
					wrong.Add(1)
				default:
					right.Add(1)
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d right, %d refused, %d wrong", right.Load(), refused.Load(), wrong.Load())
	if wrong.Load() > 0 || right.Load() == 0 {
		t.Error("not each call is right or refused")
	}
}

func meanSquare(y, pred []float64) (s float64) {
	for i := range y {
		s += (y[i] - pred[i]) * (y[i] - pred[i]) / float64(len(y))
	}
	return s
}

// TestCallbacksUseTheTrainer: a run keeps other goroutines off its trainer for as
// long as it takes, and not its own callbacks.
func TestCallbacksUseTheTrainer(t *testing.T) {
	tr, d := lineTrainer(t), line(33)
	asked := 0
	_, err := tr.Fit(context.Background(), train.Run{Train: d, Epochs: 2, Schedule: schedule.Constant(0.1),
		OnEpoch: func(train.Epoch) {
			asked++
			if _, err := tr.Evaluate(d); err != nil {
				t.Error(err)
			}
			done := make(chan error)
			go func() { _, err := tr.Step(d, []int{0}, 0.1); done <- err }()
			if err := <-done; !errors.Is(err, graph.ErrInUse) || !strings.Contains(err.Error(), "trainer") {
				t.Errorf("another goroutine steps in: %v", err)
			}
		}})
	if err != nil || asked != 2 || tr.Steps() != 2 {
		t.Errorf("%v, %d epochs, %d steps", err, asked, tr.Steps())
	}
	done := make(chan error)
	go func() { _, err := tr.Step(d, []int{0}, 0.1); done <- err }()
	if err := <-done; err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
