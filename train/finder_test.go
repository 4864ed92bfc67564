package train_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// TestFindLR: the curve is that of a loop over a graph by itself, with batches gathered
// or not, and the trainer is as it was.
func TestFindLR(t *testing.T) {
	d := line(32)
	task := train.Task{Model: models.Linear(), Loss: losses.MSE, Features: 1}
	tr := mustNew(t, task, optimizers.SGD(), graph.Float64, 3)
	g := graph.New(graph.Float64, 3)
	x, y := g.Input("x", 32, 1), g.Input("y", 32, 1)
	step := optimizers.Descend(losses.MSE(models.Linear()(x), y), optimizers.SGD())
	p, err := step.Compile()
	if err != nil {
		t.Fatal(err)
	}
	f := schedule.Finder{Range: schedule.DefaultRange()}
	for i := range f.Steps {
		if err := p.Run(graph.Let(step.LR, []float64{f.At(i)}), graph.Let(x, d.X.Numbers()), graph.Let(y, d.Y)); err != nil {
			t.Fatal(err)
		}
		if !f.Add(f.At(i), p.Scalar(step.Loss)) {
			break
		}
	}
	want, rate := f.Curve, f.Best()
	for _, run := range []train.Run{{Train: d, InOrder: true}, {Train: d, InOrder: true, Batch: 8, Accumulate: 4}} {
		if _, err := tr.Step(d, []int{0}, 0); err != nil { // moves nothing but the count
			t.Fatal(err)
		}
		before, steps := bits(tr), tr.Steps()
		got, best, err := tr.FindLR(context.Background(), run, schedule.DefaultRange())
		if err != nil || len(got) != len(want) || best != rate {
			t.Fatalf("%d rates and %v, want %d and %v; %v", len(got), best, len(want), rate, err)
		}
		for i := range got {
			if a, b := got[i], want[i]; a.LR != b.LR || a.Loss-b.Loss > 1e-9*b.Loss || b.Loss-a.Loss > 1e-9*b.Loss {
				t.Errorf("step %d: %v, want %v", i, a, b)
			}
		}
		after := bits(tr)
		for name, x := range before {
			if !reflect.DeepEqual(after[name], x) || tr.Steps() != steps {
				t.Errorf("%s was %v and is %v", name, x, after[name])
			}
		}
	}
	low := schedule.DefaultRange()
	low.To = low.From * 1.001
	d.Y = make([]float64, 32) // nothing to be learned
	for _, v := range tr.Store().Variables() {
		if err := v.Set(make([]float64, v.Shape().Size())); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := tr.FindLR(context.Background(), train.Run{Train: d}, low); err == nil || !strings.Contains(err.Error(), "did the loss fall") {
		t.Errorf("a loss that cannot fall: %v", err)
	}
	if _, _, err := tr.FindLR(context.Background(), train.Run{Train: d}, schedule.Range{}); err == nil {
		t.Error("no range is accepted")
	}
}
