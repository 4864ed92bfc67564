package train_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"descent/graph"
	"descent/optimizers"
	"descent/train"
)

// TestReset: after Reset a trainer does, bit for bit, what a new one does: the
// weights, the states of all rules and of layers, dropout and the score, also
// after a run that diverged.
func TestReset(t *testing.T) {
	run := iris(t)
	run.Epochs, run.Accumulate = 2, 2
	fit := func(tr *train.Trainer) (map[string][]float64, *train.Scores) {
		t.Helper()
		if _, err := tr.Fit(context.Background(), run); err != nil {
			t.Fatal(err)
		}
		s, err := tr.Evaluate(run.Val)
		if err != nil {
			t.Fatal(err)
		}
		return bits(tr), s
	}
	for i := range optimizers.Table {
		e := &optimizers.Table[i]
		rule := e.New()
		if e.LR == 0 {
			rule = optimizers.Chain{rule, optimizers.SGD()}
		}
		dtype := []graph.Dtype{graph.Float32, graph.Float64}[i%2]
		used, fresh := mustNew(t, irisTask(), rule, dtype, 1), mustNew(t, irisTask(), rule, dtype, 2)
		start := bits(fresh)
		was, _ := fit(used)
		if _, err := used.Step(run.Train, []int{0, 1}, 1e30); err != nil && !errors.As(err, new(*train.DivergedError)) {
			t.Fatal(err)
		}
		if err := used.Reset(2); err != nil {
			t.Fatal(err)
		}
		for name, want := range start {
			if got := bits(used)[name]; used.Steps() != 0 || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: after Reset, at step %d, %s differs", e.Name, used.Steps(), name)
			}
		}
		got, score := fit(used)
		want, wantScore := fit(fresh)
		if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(score, wantScore) || reflect.DeepEqual(got, was) {
			t.Errorf("%s: a trainer that was reset trains other weights than a new one, or those of its old seed", e.Name)
		}
	}
}

// TestResetInUse: another goroutine cannot reset a trainer in the middle of a run.
func TestResetInUse(t *testing.T) {
	run, tr := iris(t), mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
	run.Epochs = 1
	run.OnEpoch = func(train.Epoch) {
		done := make(chan error)
		go func() { done <- tr.Reset(2) }()
		if err := <-done; !errors.Is(err, graph.ErrInUse) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := tr.Fit(context.Background(), run); err != nil {
		t.Fatal(err)
	}
}
