package bench

import (
	"context"
	"math"
	"testing"

	"descent/internal/baseline"
	"descent/internal/stats"
	"descent/train"
)

// What rows state is so: the score of a constant, and about that of a tuned Adam, which
// reaches the target in at least 4 of 5 seeds. SGD at its default rate does not in at
// least half of the rows, or the targets would tell nothing.
func TestWorkloads(t *testing.T) {
	easy := 0
	for _, w := range Workloads {
		p, err := w.problem()
		if err != nil {
			t.Fatal(err)
		}
		n := p.(*Net)
		s := &Study{Problems: []Problem{n}, Entrants: entrants(t, "adam", "sgd(lr=0.001)"), Seeds: 5}
		r := run(t, s)
		var constants, scores []float64
		for _, o := range r.Runs {
			parts, err := n.Cases(o.Case)
			if err != nil {
				t.Fatal(err)
			}
			b, err := baseline.Of(context.Background(), new(train.Task), parts.Train, parts.Test)
			if err != nil {
				t.Fatal(err)
			}
			if n.Task.Classes > 0 {
				constants = append(constants, b.Constant.Metrics["accuracy"])
			} else {
				constants = append(constants, b.Constant.Metrics["rmse"]*b.Constant.Metrics["rmse"])
			}
			if o.Optimizer == "adam" {
				scores = append(scores, r.Problems[0].scoreOf(o))
			}
		}
		if got := stats.Mean(constants); math.Abs(got-w.Constant) > 0.05 {
			t.Errorf("%s: the constant has %v, the row states %v", w.Name, got, w.Constant)
		}
		if got := stats.Mean(scores); math.Abs(got-w.Tuned) > 0.06 {
			t.Errorf("%s: a tuned Adam has %v, the row states %v", w.Name, got, w.Tuned)
		}
		for _, o := range r.Optimizers {
			switch {
			case o.Optimizer == "adam" && o.Reached < 4:
				t.Errorf("%s: a tuned Adam reaches the target in %d of 5 runs", w.Name, o.Reached)
			case o.Optimizer != "adam" && o.Steps != nil:
				easy++
			}
		}
		if w.Doc == "" || w.Source == "" {
			t.Errorf("%s: what it stresses, or where its data are from, is missing", w.Name)
		}
	}
	if 2*easy > len(Workloads) {
		t.Errorf("SGD at its default rate reaches %d of %d targets", easy, len(Workloads))
	}
	if _, err := nets(Workloads); err != nil {
		t.Error(err)
	}
}
