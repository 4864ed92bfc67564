package train_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
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
	"descent/optimizers/search"
	"descent/optimizers/search/fit"
	"descent/train"
)

// ridge is the strength of the penalty of the problems with a solution by hand.
const ridge = 0.05

// classes returns rows of three numbers and a 1, and targets 0 and 1 that overlap.
func classes(n int) (x [][]float64, y []float64) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range n {
		row := []float64{rng.NormFloat64(), 3 * rng.NormFloat64(), rng.NormFloat64(), 1}
		x = append(x, row)
		if row[0]-0.5*row[1]+0.7+2*rng.NormFloat64() > 0 {
			y = append(y, 1)
		} else {
			y = append(y, 0)
		}
	}
	return x, y
}

// newton solves a linear or logistic regression with the penalty ridge/2·|w|² by
// reweighted least squares: plain loops, and elimination.
func newton(x [][]float64, y []float64, logistic bool) []float64 {
	n, k := float64(len(x)), len(x[0])
	w := make([]float64, k)
	for range 30 {
		a, b := make([][]float64, k), make([]float64, k)
		for i := range a {
			a[i] = make([]float64, k)
			a[i][i] = ridge
			b[i] = -ridge * w[i]
		}
		for r, row := range x {
			z := 0.0
			for i := range w {
				z += w[i] * row[i]
			}
			slope, curve := 2*(z-y[r]), 2.0
			if logistic {
				p := 1 / (1 + math.Exp(-z))
				slope, curve = p-y[r], p*(1-p)
			}
			for i := range w {
				b[i] -= slope * row[i] / n
				for j := range w {
					a[i][j] += curve * row[i] * row[j] / n
				}
			}
		}
		for i := range w { // eliminate; a is positive definite
			for r := range w {
				if f := a[r][i] / a[i][i]; r != i {
					for c := range w {
						a[r][c] -= f * a[i][c]
					}
					b[r] -= f * b[i]
				}
			}
		}
		for i := range w {
			w[i] += b[i] / a[i][i]
		}
	}
	return w
}

// regression is the task of these problems.
func regression(logistic, penalty bool) train.Task {
	task := train.Task{Compute: func(b *train.Batch) train.Result {
		w := b.Graph().Param("w", graph.Zeros, 4, 1)
		z, y := ops.MatMul(b.Numbers("x", 4), w), b.Numbers("y", 1)
		loss := train.Loss{Name: "loss", Weight: 1, Node: losses.BCELogits(z, y)}
		if !logistic {
			loss.Node, loss.Residuals = losses.MSE(z, y), ops.Sub(z, y)
		}
		return train.Result{Losses: []train.Loss{loss}}
	}}
	if penalty {
		task.Penalty = func(params []*graph.Node) *graph.Node { return losses.L2(ridge, params...) }
	}
	return task
}

// tableOf returns rows as arrays.
func tableOf(t *testing.T, x [][]float64, y []float64) data.Arrays {
	t.Helper()
	a, err := data.NewArray(slices.Concat(x...), len(x[0]))
	if err != nil {
		t.Fatal(err)
	}
	b, err := data.NewArray(y, 1)
	if err != nil {
		t.Fatal(err)
	}
	return data.Arrays{"x": a, "y": b}
}

// TestSearchesReachTheOptimum: every method of the table, on the problems that suit
// it, over several chunks of rows.
func TestSearchesReachTheOptimum(t *testing.T) {
	x, y := classes(1500)
	d := tableOf(t, x, y)
	far := map[string]float64{"annealing": 0.3} // which cools, and does not converge
	for i := range search.Table {
		e := &search.Table[i]
		for _, logistic := range []bool{false, true} {
			if e.Squares {
				continue // it has a test of its own
			}
			tr := mustNew(t, regression(logistic, true), nil, graph.Float64, 1)
			h, err := tr.Fit(context.Background(), train.Run{Train: d, Epochs: 3000, Method: e.New(1)})
			if err != nil {
				t.Fatalf("%s: %v", e.Name, err)
			}
			got := tr.Store().Lookup("w").Float64s()
			within := max(1e-6, far[e.Name])
			for k, w := range newton(x, y, logistic) {
				if !(math.Abs(got[k]-w) <= within) {
					t.Errorf("%s, logistic %v: weight %d is %v, by hand %v (%s after %d)", e.Name, logistic, k, got[k], w, h.Reason, h.Epochs[len(h.Epochs)-1].Epoch)
				}
			}
		}
	}
}

// TestLeastSquares: lm finds what `fit` finds, with a network's machinery, and the
// curvature of a mean of squares.
func TestLeastSquares(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	n := 60
	xs, ys := make([]float64, n), make([]float64, n)
	for i := range xs {
		xs[i] = float64(i) / 10
		ys[i] = 5*(1-math.Exp(-0.7*xs[i])) + 0.1*rng.NormFloat64()
	}
	tb, err := data.NewTable("data", data.Column{Name: "x", Kind: data.Numeric, Values: data.ArrayOf(xs, 1)}, data.Column{Name: "y", Kind: data.Numeric, Values: data.ArrayOf(ys, 1)})
	if err != nil {
		t.Fatal(err)
	}
	m, err := fit.New("y ~ a*(1-exp(-b*x))", tb, []fit.Parameter{{Name: "a", Start: 1}, {Name: "b", Start: 1}}, fit.Weights{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := m.Fit(context.Background(), fit.How{Steps: 1000, Level: 0.95})
	if err != nil {
		t.Fatal(err)
	}
	task := train.Task{Compute: func(batch *train.Batch) train.Result {
		g := batch.Graph()
		a, b, one := g.Param("a", graph.Fill(1)), g.Param("b", graph.Fill(1)), g.Const(1)
		pred := ops.Mul(a, ops.Sub(one, ops.Exp(ops.Neg(ops.Mul(b, batch.Numbers("x"))))))
		r := ops.Sub(pred, batch.Numbers("y"))
		return train.Result{Losses: []train.Loss{{Name: "squares", Weight: 1, Node: ops.Mean(ops.Square(r)), Residuals: r}}}
	}}
	d := data.Arrays{}
	for name, values := range map[string][]float64{"x": xs, "y": ys} {
		if d[name], err = data.NewArray(values); err != nil {
			t.Fatal(err)
		}
	}
	tr := mustNew(t, task, nil, graph.Float64, 1)
	h, err := tr.Fit(context.Background(), train.Run{Train: d, Epochs: 500, Method: search.LevenbergMarquardt{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if got := tr.Store().Lookup(name).Float64s()[0]; math.Abs(got-want.Parameters[name].Estimate) > 1e-7 {
			t.Errorf("%s is %v, by fit %v", name, got, want.Parameters[name].Estimate)
		}
	}
	end := h.Epochs[len(h.Epochs)-1]
	if mean := want.RSD * want.RSD * float64(want.DOF) / float64(n); math.Abs(end.Loss-mean) > 1e-9 {
		t.Errorf("the loss is %v, by fit %v", end.Loss, mean)
	}
}

// searched returns a run by a method on iris, which a net without dropout suits.
func searched(t *testing.T, m search.Method) (train.Run, train.Task) {
	run := iris(t)
	run.Batch, run.Schedule, run.Method, run.Epochs = 0, nil, m, 40
	return run, train.Task{Features: 4, Classes: 3, Loss: losses.CrossEntropy, Model: models.MLP(ops.Tanh, 5, 3)}
}

// TestSearchIsARun: a search has the events of any run. Newton's products are passes
// that no epoch is of.
func TestSearchIsARun(t *testing.T) {
	for _, m := range []search.Method{search.NewLBFGS(), search.NewtonCG{}, search.CMAES{Seed: 1}, search.With(optimizers.Adam(), 0.1)} {
		run, task := searched(t, m)
		var log bytes.Buffer
		batches, epochs := 0, 0
		run.Log = &log
		run.OnBatch = func(p train.Progress) {
			if batches++; p.Batch != 1 || p.Batches != 1 || !(p.Done > 0 && p.Done <= 1) {
				t.Errorf("%T: progress %+v", m, p)
			}
		}
		run.Callbacks = []train.Callback{func(s *train.State) error {
			if s.Ended == nil {
				if s.Last != s.Loss || s.BatchRows != run.Train.Rows() || !s.Stepped {
					t.Errorf("%T: after a pass %+v", m, *s)
				}
				return nil
			}
			epochs++
			scores, err := s.Evaluate(run.Val)
			if err != nil || scores.Loss != s.Ended.Val["loss"] || s.Ended.Step != s.Trainer.Steps() {
				t.Errorf("%T: loss %v, in the epoch %v, %v", m, scores.Loss, s.Ended.Val["loss"], err)
			}
			on, err := s.Evaluate(run.Train)
			if err != nil || math.Abs(on.Loss-s.Ended.Loss) > 1e-6*(1+on.Loss) {
				t.Errorf("%T: the loss of an epoch is %v, of its weights %v", m, s.Ended.Loss, on.Loss)
			}
			return nil
		}}
		tr := mustNew(t, task, nil, graph.Float32, 1)
		h, err := tr.Fit(context.Background(), run)
		if err != nil {
			t.Fatal(err)
		}
		before := 0
		for _, e := range h.Epochs {
			if e.Epoch <= before || e.Epoch > run.Epochs || e.LR != 0 {
				t.Errorf("%T: epoch %d after %d", m, e.Epoch, before)
			}
			before = e.Epoch
		}
		if n := len(h.Epochs); n != batches || n != epochs || n != strings.Count(log.String(), "\n") || n < 2 {
			t.Errorf("%T: %d epochs in the history, %d after batches, %d in callbacks", m, n, batches, epochs)
		}
		if _, products := m.(search.NewtonCG); products && len(h.Epochs) > before/2 {
			t.Errorf("%d epochs of %d passes: products are not counted", len(h.Epochs), before)
		}
		s, err := tr.Evaluate(run.Val)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range h.Epochs {
			if e.Epoch == h.Best && e.Val["loss"] != s.Loss || e.Val["loss"] < s.Loss {
				t.Errorf("%T: weights of loss %v are kept, epoch %d has %v, the best is %d", m, s.Loss, e.Epoch, e.Val["loss"], h.Best)
			}
		}
	}
}

// TestSearchEnds: by patience, by a callback, by its context, at the minimum.
func TestSearchEnds(t *testing.T) {
	mistake := errors.New("mistake")
	for name, c := range map[string]struct {
		change func(*train.Run, context.CancelFunc)
		reason string
		err    error
		epochs int
	}{
		"patience": {func(r *train.Run, _ context.CancelFunc) { r.Stop.Patience, r.Stop.MinDelta = 2, 10 }, "val_loss has not improved for 2 epochs", nil, 3},
		"callback": {func(r *train.Run, _ context.CancelFunc) {
			r.Callbacks = []train.Callback{func(s *train.State) error {
				if s.Ended != nil && s.Ended.Epoch >= 5 {
					s.Stop("enough")
				}
				return nil
			}}
		}, "enough", nil, 5},
		"mistake": {func(r *train.Run, _ context.CancelFunc) {
			r.Callbacks = []train.Callback{func(s *train.State) error { return mistake }}
		}, "", mistake, 0},
		"context": {func(r *train.Run, cancel context.CancelFunc) {
			r.OnEpoch = func(e train.Epoch) {
				if e.Epoch >= 5 {
					cancel()
				}
			}
		}, "interrupted", context.Canceled, 5},
		"budget":  {func(r *train.Run, _ context.CancelFunc) { r.Epochs = 7 }, "", nil, 7},
		"minimum": {func(r *train.Run, _ context.CancelFunc) { r.Epochs = 3000 }, string(search.GradientSmall), nil, -1},
		"nothing": {func(r *train.Run, _ context.CancelFunc) { r.Epochs = 0 }, "", nil, 0},
	} {
		run, task := searched(t, search.NewLBFGS())
		task.Penalty = func(params []*graph.Node) *graph.Node { return losses.L2(0.1, params...) }
		ctx, cancel := context.WithCancel(context.Background())
		c.change(&run, cancel)
		h, err := mustNew(t, task, nil, graph.Float64, 1).Fit(ctx, run)
		if !errors.Is(err, c.err) || err != nil && c.err == nil || h.Reason != c.reason || c.epochs >= 0 && len(h.Epochs) != c.epochs {
			t.Errorf("%s: %d epochs, %q, %v; want %d, %q, %v", name, len(h.Epochs), h.Reason, err, c.epochs, c.reason, c.err)
		}
		cancel()
	}
}

// TestSearchStartsAtTheMinimum: there is nothing to find where all is fitted, in
// several chunks of rows.
func TestSearchStartsAtTheMinimum(t *testing.T) {
	x, y := classes(1500)
	clear(y)
	tr := mustNew(t, regression(false, false), nil, graph.Float64, 1)
	h, err := tr.Fit(context.Background(), train.Run{Train: tableOf(t, x, y), Epochs: 10, Method: search.NewLBFGS()})
	if err != nil || len(h.Epochs) != 1 || h.Epochs[0].Loss != 0 {
		t.Errorf("%+v, %v", h, err)
	}
}

// TestSearchMistakes: what is of rules alone, and methods that do not suit a task.
func TestSearchMistakes(t *testing.T) {
	for _, c := range []struct {
		want   string
		method search.Method
		change func(*train.Run, *train.Task)
	}{
		{"Schedule is for rules", search.NewLBFGS(), func(r *train.Run, _ *train.Task) { r.Schedule = schedule.Constant(1) }},
		{"Batch, Accumulate and InOrder are for rules", search.NewLBFGS(), func(r *train.Run, _ *train.Task) { r.Batch = 3 }},
		{"Batch, Accumulate and InOrder are for rules", search.NewLBFGS(), func(r *train.Run, _ *train.Task) { r.Accumulate = 3 }},
		{"Batch, Accumulate and InOrder are for rules", search.NewLBFGS(), func(r *train.Run, _ *train.Task) { r.InOrder = true }},
		{"cannot be resumed", search.NewLBFGS(), func(r *train.Run, _ *train.Task) { r.Resume = true }},
		{"cannot be resumed", search.NewLBFGS(), func(r *train.Run, _ *train.Task) { r.Checkpoint = "c" }},
		{"needs one set of rows", search.NewLBFGS(), func(r *train.Run, _ *train.Task) { r.Train, r.Generate = nil, &data.Generator{} }},
		{"lm minimises sums of squares, such as the loss mse, and cannot minimise this one; lbfgs, bfgs, newton, cg, steepest, cmaes, annealing can", search.LevenbergMarquardt{}, func(*train.Run, *train.Task) {}},
		{"lm minimises sums of squares and cannot have a penalty; lbfgs, ", search.LevenbergMarquardt{}, func(_ *train.Run, task *train.Task) {
			task.OneHot, task.Loss, task.Residuals = true, losses.MSE, ops.Sub
			task.Penalty = func(params []*graph.Node) *graph.Node { return losses.L2(1, params...) }
		}},
		{"bfgs keeps a number for each pair of parameters and cannot have the 16003 of this model, at most 8192; lbfgs, newton, cg, steepest, annealing can", search.BFGS{},
			func(_ *train.Run, task *train.Task) { task.Model = models.MLP(ops.Tanh, 2000, 3) }},
		{"lm keeps a derivative for each residual and parameter and cannot have 360 times 400003, at most 134217728", search.LevenbergMarquardt{}, func(_ *train.Run, task *train.Task) {
			task.OneHot, task.Loss, task.Residuals, task.Model = true, losses.MSE, ops.Sub, models.MLP(ops.Tanh, 50000, 3)
		}},
		{"not finite where the search starts", search.NewLBFGS(), func(_ *train.Run, task *train.Task) {
			task.Loss = func(pred, y *graph.Node) *graph.Node { return ops.Sum(ops.Log(ops.Shift(-1e9, pred))) }
		}},
	} {
		run, task := searched(t, c.method)
		c.change(&run, &task)
		_, err := mustNew(t, task, nil, graph.Float64, 1).Fit(context.Background(), run)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}
