package bench

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"descent/internal/baseline"
	"descent/internal/stats"
	"descent/train"
)

// What rows state is so: the score of a constant, and about that of a tuned Adam, which
// reaches the target in at least 4 of 5 seeds. SGD at its default rate does not in at
// least half of the rows, or the targets would tell nothing. Two rows in the usual run,
// all with DESCENT_SLOW.
func TestWorkloads(t *testing.T) {
	easy, rows := 0, 0
	shared := filepath.Join(sharedFolder(), "data")
	for _, w := range slices.Concat(Workloads, Medium, Full) {
		if w.Doc == "" || w.Source == "" || w.Data == "" || w.Model == "" || w.Loss == "" {
			t.Errorf("%s: what it is, what it stresses or where its data are from is missing", w.Name)
		}
		if between := (w.Target - w.Constant) * (w.Tuned - w.Target); !(between > 0) {
			t.Errorf("%s: the target %v is not between %v and %v", w.Name, w.Target, w.Constant, w.Tuned)
		}
		if os.Getenv("DESCENT_SLOW") == "" && w.Name != "wine-mlp" && w.Name != "poisson" {
			continue
		}
		if missing, err := w.missing(shared); missing != "" || err != nil {
			t.Logf("%s is not tested: %s %v", w.Name, missing, err)
			continue
		}
		rows++
		if workload(t, &w, shared) {
			easy++
		}
	}
	if 2*easy > rows {
		t.Errorf("SGD at its default rate reaches %d of %d targets", easy, rows)
	}
	if _, _, err := nets(Workloads, Medium)(SuiteOptions{}); err != nil {
		t.Error(err)
	}
	if problems, left, err := nets(Full)(SuiteOptions{Files: t.TempDir()}); err != nil || len(problems) > 0 || len(left) != len(Full) || left[0] != "mnist-lenet (mnist/t10k-images-idx3-ubyte.gz is not there)" {
		t.Errorf("without files: %d problems, %q left out, %v", len(problems), left, err)
	}
}

// workload holds a row against runs, and tells whether SGD reaches its target.
func workload(t *testing.T, w *Workload, folder string) (easy bool) {
	p, err := w.problem(folder)
	if err != nil {
		t.Fatal(err)
	}
	n := p.(*Net)
	const still = "sgd(lr=1e-30)"
	r := run(t, &Study{Problems: []Problem{n}, Entrants: entrants(t, "adam", "sgd(lr=0.001)", still), Seeds: 5})
	var constants, scores []float64
	for _, o := range r.Runs {
		switch {
		case o.Optimizer == "adam":
			scores = append(scores, r.Problems[0].scoreOf(o))
		case o.Optimizer == still:
			constants = append(constants, constantOf(t, n, o))
		}
	}
	span := math.Abs(w.Tuned - w.Constant)
	t.Logf("%s: constant %.3g, tuned %.4g (%v), reached %d, sgd %v; %.2f s a run, tuned lr %v", w.Name, stats.Mean(constants), stats.Mean(scores), scores, r.Optimizers[0].Reached, r.Optimizers[0].Steps, r.Measured.Seconds/26, r.Optimizers[0].LR)
	if got := stats.Mean(constants); !(math.Abs(got-w.Constant) <= 0.1*span) {
		t.Errorf("%s: the constant has %v, the row states %v", w.Name, got, w.Constant)
	}
	if got := stats.Mean(scores); !(math.Abs(got-w.Tuned) <= 0.1*span) {
		t.Errorf("%s: a tuned Adam has %v, the row states %v", w.Name, got, w.Tuned)
	}
	for _, c := range r.Checks {
		if !c.OK {
			t.Errorf("%s: %s", w.Name, c.Detail)
		}
	}
	for _, o := range r.Optimizers {
		switch o.Optimizer {
		case "adam":
			if o.Reached < 4 {
				t.Errorf("%s: a tuned Adam reaches the target in %d of 5 runs", w.Name, o.Reached)
			}
		case "sgd(lr=0.001)":
			easy = o.Steps != nil
		}
	}
	return easy
}

// constantOf is the score of a constant on the rows of a run that has not moved, or
// that of the run where rows have no targets.
func constantOf(t *testing.T, n *Net, o *Outcome) float64 {
	parts, err := n.Cases(o.Case)
	if err != nil {
		t.Fatal(err)
	}
	if parts.Train.Y == nil && parts.Train.Class == nil {
		return *o.TestLoss
	}
	b, err := baseline.Of(context.Background(), new(train.Task), parts.Train, parts.Test)
	if err != nil {
		t.Fatal(err)
	}
	if n.Task.Classes > 0 {
		return b.Constant.Metrics["accuracy"]
	}
	return b.Constant.Metrics["rmse"] * b.Constant.Metrics["rmse"]
}
