package train_test

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
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
)

func readGolden(t testing.TB, name string, v any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
}

// standardised returns all rows of an embedded set, standardised.
func standardised(t testing.TB, name string) *data.Dataset {
	return prepared(t, name, data.Options{Scaling: data.Standard}).Train
}

// layer is the dense layer k of the reference curves. Their W is outputs×inputs,
// as in PyTorch; ours is the transpose.
func layer(k, units int) models.Layer {
	return models.DenseWith(models.DenseOptions{Units: units, Weight: func(_ *rand.Rand, s graph.Shape, dst []float64) {
		in, out := s.Dim(0), s.Dim(1)
		for a := range in {
			for b := range out {
				dst[a*out+b] = math.Sin(float64(1+7*b+3*a+11*k)) / math.Sqrt(float64(in))
			}
		}
	}})
}

// benign makes benign the class 1 of breast_cancer, as in scikit-learn; ours
// are in the order of the alphabet.
func benign(loss losses.Loss) losses.Loss {
	return func(pred, y *graph.Node) *graph.Node { return loss(pred, ops.Shift(1, ops.Neg(y))) }
}

// referenceTask returns the task and the rows of a curve.
func referenceTask(t testing.TB, set, act string) (train.Task, *data.Dataset) {
	spec, err := models.Parse(act)
	if err != nil {
		t.Fatal(err)
	}
	activation, err := spec.Layer()
	if err != nil {
		t.Fatal(err)
	}
	if set == "iris 4-8-3" {
		return train.Task{Model: models.Sequential(layer(0, 8), activation, layer(1, 3)), Loss: losses.CrossEntropy, Features: 4, Classes: 3},
			standardised(t, "iris")
	}
	return train.Task{Model: models.Sequential(layer(0, 16), activation, layer(1, 1)), Loss: benign(losses.BCELogits), Features: 30, Classes: 2},
		standardised(t, "breast_cancer")
}

var referenceRules = map[string]string{
	"SGD lr=0.1":              "sgd(lr=0.1)",
	"SGD lr=0.1 momentum=0.9": "momentum(lr=0.1)",
	"Adagrad lr=0.05":         "adagrad(lr=0.05)",
	"Adam lr=0.01":            "adam(lr=0.01)",
	"AdamW lr=0.01 wd=0.1":    "decay(0.1) | adam(lr=0.01)",
	"RMSprop lr=0.005":        "rmsprop(lr=0.005)",
}

// The curves of full-batch training are those of an independent
// implementation, to 1e-9.
func TestReferenceCurves(t *testing.T) {
	var golden struct {
		Runs map[string]struct {
			Losses map[string]float64
			Acc    float64
		}
	}
	readGolden(t, "mlp_fullbatch_reference.json", &golden)
	worst := 0.0
	for name, run := range golden.Runs {
		part := strings.Split(name, " | ")
		task, d := referenceTask(t, part[0], part[1])
		o, err := optimizers.Parse(referenceRules[part[2]])
		if err != nil {
			t.Fatal(err)
		}
		tr := mustNew(t, task, o.Rule, graph.Float64, 1)
		steps := 0
		for s := range run.Losses {
			n, _ := strconv.Atoi(s)
			steps = max(steps, n)
		}
		h, err := tr.Fit(context.Background(), train.Run{Train: d, Epochs: steps + 1, InOrder: true, Schedule: schedule.Constant(o.LR)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for s, want := range run.Losses {
			n, _ := strconv.Atoi(s)
			e := math.Abs(h.Epochs[n].Loss-want) / math.Abs(want)
			worst = max(worst, e)
			if e > 1e-9 {
				t.Errorf("%s: loss after %d steps is %v, want %v", name, n, h.Epochs[n].Loss, want)
			}
		}
	}
	t.Logf("%d curves, worst relative difference %.2g", len(golden.Runs), worst)
}

// A convex problem with a known optimum.
type convex struct {
	name  string
	task  train.Task
	rows  *data.Dataset
	rule  optimizers.Rule
	lr    float64
	steps int
	want  float64 // value of the objective
}

// l2 is the penalty ½λ‖w‖² over the weights, not the biases.
func l2(lambda float64) func([]*graph.Node) *graph.Node {
	return func(params []*graph.Node) *graph.Node {
		sum := params[0].Graph().Const(0)
		for _, p := range params {
			if strings.HasSuffix(p.Name(), ".w") {
				sum = ops.Add(sum, ops.Scale(lambda/2, ops.Sum(ops.Square(p))))
			}
		}
		return sum
	}
}

// soft is the proximal step of λ‖w‖₁: a step, then weights shrink toward 0 by
// lr·λ and stay there.
type soft struct{ lambda float64 }

func (r soft) Update(s *optimizers.Step) *graph.Node {
	if !strings.HasSuffix(s.Name(), ".w") {
		return s.Grad
	}
	z := ops.Sub(s.Param, ops.Mul(s.LR, s.Grad))
	s.Param = ops.Mul(ops.Sign(z), ops.Max(ops.Sub(ops.Abs(z), ops.Scale(r.lambda, s.LR)), s.Const(0)))
	return ops.Scale(0, s.Grad)
}

// divided are the inputs of rows, divided by a number.
func divided(d *data.Dataset, by float64) data.Array {
	x := d.X.Numbers()
	for i := range x {
		x[i] /= by
	}
	return data.ArrayOf(x, d.Features())
}

func TestConvexOptima(t *testing.T) {
	var golden map[string]struct{ MSE, Value float64 }
	readGolden(t, "sklearn_exact_optima.json", &golden)
	want := func(name string) float64 { return golden[name].Value }
	diabetes, cancer, iris := standardised(t, "diabetes"), standardised(t, "breast_cancer"), standardised(t, "iris")
	unit := *diabetes // columns of length 1, as scikit-learn has them
	unit.X = divided(diabetes, math.Sqrt(float64(diabetes.Rows())))
	digits := prepared(t, "digits", data.Options{}).Train
	digits.X = divided(digits, 16)
	linear := func(loss losses.Loss, penalty func([]*graph.Node) *graph.Node) train.Task {
		return train.Task{Model: models.Linear(), Loss: loss, Penalty: penalty, Features: 10}
	}
	logistic := func(lambda float64) train.Task {
		return train.Task{Model: models.Logistic(), Loss: benign(losses.BCELogits), Penalty: l2(lambda), Features: 30, Classes: 2}
	}
	half := func(pred, y *graph.Node) *graph.Node { return ops.Scale(0.5, losses.MSE(pred, y)) }
	sum := func(pred, y *graph.Node) *graph.Node { return losses.MSEWith(losses.Sum)(pred, y) }
	logcosh := func(pred, y *graph.Node) *graph.Node {
		return losses.LogCosh(ops.Scale(1.0/50, pred), ops.Scale(1.0/50, y))
	}
	fast := optimizers.SGDRule{Momentum: 0.98, Nesterov: true}
	for _, p := range []convex{
		{"diabetes_ols", linear(losses.MSE, nil), diabetes, fast, 0.1, 3000, golden["diabetes_ols"].MSE},
		{"diabetes_ridge_alpha0.1", linear(sum, l2(0.2)), &unit, fast, 1e-3, 2000, want("diabetes_ridge_alpha0.1")},
		{"diabetes_ridge_alpha10.0", linear(sum, l2(20)), &unit, fast, 1e-3, 2000, want("diabetes_ridge_alpha10.0")},
		{"diabetes_lasso_alpha0.5", linear(half, nil), &unit, soft{0.5}, 1, 10000, want("diabetes_lasso_alpha0.5")},
		{"diabetes_enet_alpha0.1_l1r0.5", linear(half, l2(0.05)), &unit, soft{0.05}, 1, 2000, want("diabetes_enet_alpha0.1_l1r0.5")},
		{"diabetes_logcosh_s50_l2_1e-4", linear(logcosh, l2(1e-4)), &unit, fast, 100, 1500, want("diabetes_logcosh_s50_l2_1e-4")},
		{"bc_logistic_l2_0.1", logistic(0.1), cancer, fast, 0.2, 1000, want("bc_logistic_l2_0.1")},
		{"bc_logistic_l2_0.001", logistic(0.001), cancer, fast, 0.3, 3000, want("bc_logistic_l2_0.001")},
		{"iris_softmax_l2_0.1", train.Task{Model: models.Softmax(3), Loss: losses.CrossEntropy, Penalty: l2(0.1), Features: 4, Classes: 3},
			iris, fast, 0.1, 2000, want("iris_softmax_l2_0.1")},
		{"digits_softmax_l2_0.01", train.Task{Model: models.Softmax(10), Loss: losses.CrossEntropy, Penalty: l2(0.01), Features: 64, Classes: 10},
			digits, optimizers.SGDRule{Momentum: 0.97, Nesterov: true}, 0.2, 600, want("digits_softmax_l2_0.01")},
	} {
		t.Run(p.name, func(t *testing.T) {
			got := p.solve(t)
			if e := math.Abs(got-p.want) / math.Abs(p.want); e > 1e-6 {
				t.Errorf("objective %.12g, want %.12g: relative difference %.2g", got, p.want, e)
			} else {
				t.Logf("objective %.12g, relative difference %.2g", got, e)
			}
		})
	}
}

// solve returns the objective after the steps.
func (p convex) solve(t *testing.T) float64 {
	tr := mustNew(t, p.task, p.rule, graph.Float64, 1)
	if _, err := tr.Fit(context.Background(), train.Run{Train: p.rows, Epochs: p.steps, InOrder: true, Schedule: schedule.Constant(p.lr)}); err != nil {
		t.Fatal(err)
	}
	s, err := tr.Evaluate(p.rows)
	if err != nil {
		t.Fatal(err)
	}
	value := s.Loss
	w := tr.Store().Lookup("dense.w").Float64s()
	if p.task.Penalty != nil {
		g := graph.New(graph.Float64, 1)
		node := g.Param("dense.w", graph.From(w...), len(w))
		prog, err := graph.Compile(p.task.Penalty([]*graph.Node{node}))
		if err != nil {
			t.Fatal(err)
		}
		if err := prog.Run(); err != nil {
			t.Fatal(err)
		}
		value += prog.Scalar(p.task.Penalty([]*graph.Node{node}))
	}
	if r, ok := p.rule.(soft); ok {
		for _, x := range w {
			value += r.lambda * math.Abs(x)
		}
	}
	return value
}
