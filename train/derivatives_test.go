package train

import (
	"math"
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/internal/misuse"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
)

// weightsOf are the parameters of a trainer in their order.
func weightsOf(tr *Trainer) (x []float64) {
	for _, w := range tr.one.g.Params() {
		x = tr.Store().Lookup(w.Name()).Append(x)
	}
	return x
}

// stepOf is what a step at rate 1 takes off the weights of a trainer, moved by h along v.
// Another trainer does it, which becomes what the first is.
func stepOf(t *testing.T, tr, other *Trainer, d data.Rows, rows []int, h float64, v []float64) []float64 {
	t.Helper()
	if err := other.Store().Restore(tr.Store().Snapshot()); err != nil {
		t.Fatal(err)
	}
	for _, w := range tr.one.g.Params() {
		x := other.Store().Lookup(w.Name())
		values := x.Float64s()
		for i := range values {
			values[i] += h * v[i]
		}
		v = v[len(values):]
		if err := x.Set(values); err != nil {
			t.Fatal(err)
		}
	}
	from := weightsOf(other)
	if _, err := other.Step(d, rows, 1); err != nil {
		t.Fatal(err)
	}
	for i, x := range weightsOf(other) {
		from[i] -= x
	}
	return from
}

// TestDerivatives: gradients of batches are what steps of plain descent take off, and
// products with the Hessian are how these change along a direction, where the trainer is
// and where it has gone; of a model with dropout, whose next elements they have, and of
// one with batch normalisation. The trainer does not notice.
func TestDerivatives(t *testing.T) {
	d := noisy(t, 20)
	batches := [][]int{{3, 1, 4}, {15, 9, 2}, {6, 5, 8}}
	penalty := func(params []*graph.Node) *graph.Node { return losses.L2(0.01, params...) }
	for name, layer := range map[string]models.Layer{"alone": models.Sequential(), "dropout": models.Dropout(0.4), "batch norm": models.BatchNorm(0.1)} {
		var trainers [3]*Trainer
		for i := range trainers {
			var err error
			if trainers[i], err = New(Task{Loss: losses.CrossEntropy, Features: 5, Classes: 3, Penalty: penalty,
				Model: models.Sequential(models.Dense(7), layer, ops.Tanh, models.Dense(3))}, optimizers.SGD(), graph.Float64, 3); err != nil {
				t.Fatal(err)
			}
		}
		tr, other, unseen := trainers[0], trainers[1], trainers[2]
		at, err := tr.Derivatives()
		if err != nil {
			t.Fatal(err)
		}
		v, hv, want := make([]float64, at.Size()), make([]float64, at.Size()), make([]float64, at.Size())
		for i := range v {
			v[i] = math.Sin(float64(i))
		}
		for range 2 {
			var got [][]float64
			if err := at.Gradients(d, batches, func(g []float64) { got = append(got, slices.Clone(g)) }); err != nil {
				t.Fatal(err)
			}
			clear(want)
			for k, b := range batches {
				apart(t, name+", gradient", got[k], stepOf(t, tr, other, d, b, 0, v), 1e-12)
				up, down := stepOf(t, tr, other, d, b, 1e-6, v), stepOf(t, tr, other, d, b, -1e-6, v)
				for i := range want {
					want[i] += (up[i] - down[i]) / 2e-6 / float64(len(batches))
				}
			}
			if err := at.Product(d, batches, v, hv); err != nil {
				t.Fatal(err)
			}
			apart(t, name+", product", hv, want, 1e-8)
			for _, x := range []*Trainer{tr, unseen} {
				if _, err := x.Step(d, batches[0], 0.3); err != nil {
					t.Fatal(err)
				}
			}
			apart(t, name+", weights", weightsOf(tr), weightsOf(unseen), 0)
		}
	}
}

// apart reports vectors that differ by more than a part of the largest element.
func apart(t *testing.T, what string, got, want []float64, part float64) {
	t.Helper()
	size, off := 0.0, 0.0
	for i, w := range want {
		size, off = max(size, math.Abs(w)), max(off, math.Abs(got[i]-w))
	}
	if !(off <= part*size) || size == 0 || len(got) != len(want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestDerivativesOfWhat(t *testing.T) {
	d := noisy(t, 20)
	tr, err := New(Task{Model: models.Dense(3), Loss: losses.CrossEntropy, Features: 5, Classes: 3}, optimizers.SGD(), graph.Float64, 3)
	if err != nil {
		t.Fatal(err)
	}
	at, err := tr.Derivatives()
	if err != nil {
		t.Fatal(err)
	}
	v := make([]float64, at.Size())
	wide := noisy(t, 4)
	wide.X, wide.Inputs = data.ArrayOf(wide.X.Numbers()[:8], 2), wide.Inputs[:2]
	for want, f := range map[string]func() error{
		"rows[0] is 20":         func() error { return at.Gradients(d, [][]int{{20}}, nil) },
		"no rows to train on":   func() error { return at.Gradients(d, [][]int{{}}, nil) },
		"2 inputs":              func() error { return at.Gradients(wide, [][]int{{0}}, nil) },
		"a direction of 3":      func() error { return at.Product(d, [][]int{{0}}, v[:3], v) },
		"the model has 18 para": func() error { return at.Product(d, [][]int{{0}}, v, nil) },
	} {
		if got := misuse.Outcome(t, func() any { return f() }); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
