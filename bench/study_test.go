package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/internal/stats"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/train"
)

// small returns a study of an embedded set that takes a moment.
func small(t testing.TB, set string, optimizers ...string) *Study {
	t.Helper()
	src, err := data.Open(set, data.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := src.Prepare("", data.Options{Scaling: data.Standard, Fractions: data.Fractions{Val: .2, Test: .2}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := &Study{Data: set, Model: "mlp(8)", Loss: "cross_entropy", Parts: parts, Seed: 1, Epochs: 4, TuneSeeds: 2, Workers: 1,
		Task: train.Task{Loss: losses.CrossEntropy, Features: parts.Train.Features(), Classes: len(parts.Train.Classes)}}
	outputs := s.Task.Classes
	if outputs == 0 {
		s.Task.Loss, outputs, s.Loss = losses.MSE, 1, "mse"
		for _, d := range []*data.Dataset{parts.Train, parts.Val, parts.Test} {
			for i := range d.Y {
				d.Y[i] = (d.Y[i] - 150) / 80
			}
		}
	}
	s.Task.Model = models.MLP(ops.ReLU, 8, outputs)
	for _, text := range optimizers {
		e, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		s.Entrants = append(s.Entrants, e)
	}
	return s
}

func run(t testing.TB, s *Study) *Results {
	t.Helper()
	r, err := s.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// timeless returns the results as JSON without what may differ between two
// machines: times, and the number of workers.
func timeless(t *testing.T, r *Results) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(b.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	delete(all, "timing")
	delete(all, "machine")
	for _, list := range []string{"runs", "optimizers"} {
		for _, x := range all[list].([]any) {
			delete(x.(map[string]any), "us_per_step")
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWorkersDoNotMatter(t *testing.T) {
	want := ""
	for _, workers := range []int{1, 2, 4} {
		s := small(t, "iris", "sgd", "adam", "clip(1) | adagrad")
		s.Workers = workers
		switch got := timeless(t, run(t, s)); {
		case want == "":
			want = got
		case got != want:
			t.Errorf("%d workers give other results than 1", workers)
		}
	}
}

func TestClassification(t *testing.T) {
	s := small(t, "iris", "sgd", "adam")
	s.Epochs = 40
	calls, last := 0, Progress{}
	s.Progress = func(p Progress) { calls, last = calls+1, p }
	r := run(t, s)
	if len(r.Runs) != 2*3 || calls != len(r.Runs)+len(r.Trials) || last.Done != last.Total || last.Done != calls {
		t.Errorf("%d runs, %d trials, %d reports of progress, the last %+v", len(r.Runs), len(r.Trials), calls, last)
	}
	if acc := r.Optimizers[0].Accuracy.Mean; acc < 0.9 {
		t.Errorf("accuracy %v", acc)
	}
	for _, run := range r.Runs {
		if run.TestAccuracy == nil || run.TestR2 != nil || len(run.TrainLoss) != len(r.Checkpoints) || run.MicrosPerStep <= 0 {
			t.Errorf("run %+v", run)
		}
	}
	for i := range 3 { // the pairs share their seeds
		if a, b := r.Runs[i], r.Runs[3+i]; a.Seed != b.Seed || a.Optimizer == b.Optimizer {
			t.Errorf("runs %d of the optimizers have seeds %d and %d", i, a.Seed, b.Seed)
		}
	}
}

func TestRegression(t *testing.T) {
	s := small(t, "diabetes", "sgd", "adam")
	s.Epochs = 20
	r := run(t, s)
	if a, b := r.Optimizers[0], r.Optimizers[1]; r.Setup.Score != "loss" || a.R2.Mean < 0.2 || a.Loss.Mean > b.Loss.Mean {
		t.Errorf("ranked by %s: %+v, %+v", r.Setup.Score, a.Loss, b.Loss)
	}
	for _, run := range r.Runs {
		if run.TestAccuracy != nil || run.TestR2 == nil {
			t.Errorf("run %+v", run)
		}
	}
}

// The score of the rows is the score of the run, so that comparing rows
// compares runs.
func TestRowScoresAverageToTheScore(t *testing.T) {
	for _, set := range []string{"iris", "diabetes"} {
		s := small(t, set, "adam")
		s.Defaults()
		o, err := newLab(s).scoreOne(context.Background(), s.Entrants[0], 0.01, 7)
		if err != nil {
			t.Fatal(err)
		}
		want := o.TestAccuracy
		if want == nil {
			want = new(-*o.TestLoss)
		}
		near(t, set, stats.Mean(o.rows), *want, 1e-6)
	}
}

func TestDivergedRunsAreReported(t *testing.T) {
	s := small(t, "diabetes", "sgd(lr=1e6)", "adam(lr=0.01)")
	r := run(t, s)
	bad := r.Optimizers[1]
	if bad.Optimizer != "sgd(lr=1e6)" || bad.Diverged != 3 || bad.Loss != nil || bad.Steps != nil {
		t.Fatalf("%+v", bad)
	}
	for _, run := range r.byOptimizer(bad.Optimizer) {
		if run.DivergedAt == 0 || run.TestLoss != nil {
			t.Errorf("run %+v", run)
		}
	}
	if v := strings.Join(r.Verdict, "\n"); !strings.Contains(v, "sgd(lr=1e6) diverged in 3 of 3 runs") {
		t.Errorf("the verdict is silent about it:\n%s", v)
	}
	var text, html bytes.Buffer
	if err := errors.Join(r.WriteTable(&text), r.WriteHTML(&html), r.WriteJSON(&bytes.Buffer{})); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{text.String(), html.String()} {
		if !strings.Contains(page, "3 of 3 diverged") {
			t.Error("a table is silent about it")
		}
	}
	if len(r.Pairs) != 0 {
		t.Error("diverged runs were compared")
	}
}

func TestAllDiverged(t *testing.T) {
	r := run(t, small(t, "diabetes", "sgd(lr=1e6)", "sgd(lr=1e7)"))
	if !strings.Contains(r.Verdict[0], "nothing can be said") || r.Target != 0 {
		t.Errorf("%q, target %v", r.Verdict, r.Target)
	}
	if err := errors.Join(r.WriteHTML(&bytes.Buffer{}), r.WriteJSON(&bytes.Buffer{})); err != nil {
		t.Error(err)
	}
}

func TestGridGrows(t *testing.T) {
	s := small(t, "iris", "sgd")
	s.Entrants[0].Default = 1e-6
	r := run(t, s)
	if o := r.Optimizers[0]; len(o.Grid) != 7+growths*growBy || !o.AtEnd || !strings.Contains(strings.Join(r.Verdict, "\n"), "wider grid") {
		t.Errorf("%d rates, at the end: %v\n%q", len(o.Grid), o.AtEnd, r.Verdict)
	}
	s = small(t, "iris", "sgd")
	s.Rates = []float64{1e-3, 1e-4, 1e-3}
	if o := run(t, s).Optimizers[0]; len(o.Grid) != 2 || o.LR != 1e-3 || !o.AtEnd {
		t.Errorf("with rates of the user: %+v", o)
	}
}

func TestMistakes(t *testing.T) {
	for want, change := range map[string]func(*Study){
		"-1 epochs":               func(s *Study) { s.Epochs = -1 },
		"hold out both":           func(s *Study) { s.Parts.Val = s.Parts.Val.Subset(nil) },
		"no optimizers":           func(s *Study) { s.Entrants = nil },
		`two optimizers`:          func(s *Study) { s.Entrants = append(s.Entrants, s.Entrants[0]) },
		"rates are above 0":       func(s *Study) { s.Rates = []float64{0} },
		"an input of whole numb":  func(s *Study) { s.Task.Loss = losses.MSE },
		"a dense layer takes row": func(s *Study) { s.Task.Model = func(x *graph.Node) *graph.Node { return models.Dense(3)(ops.Sum(x)) } },
	} {
		s := small(t, "iris", "sgd")
		change(s)
		if _, err := s.Run(context.Background()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	for text, want := range map[string]string{"adma": "did you mean", "clip(1)": "no rule in it moves", "adam(": "bracket"} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := small(t, "iris", "sgd", "adam")
	s.Workers = 2
	s.Progress = func(p Progress) {
		if p.Done == 3 {
			cancel()
		}
	}
	if _, err := s.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestResultsComeBack(t *testing.T) {
	r := run(t, small(t, "iris", "sgd"))
	path := t.TempDir() + "/results.json"
	save(t, path, r)
	back, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if timeless(t, back) != timeless(t, r) {
		t.Error("results are not what was written")
	}
}

// A rule with a state that overflows at once is a failure, not an error.
type explode struct{}

func (explode) Update(s *optimizers.Step) *graph.Node {
	return ops.Scale(math.Inf(1), s.Grad)
}

func TestOwnRule(t *testing.T) {
	s := small(t, "iris", "sgd(lr=0.1)")
	s.Entrants = append(s.Entrants, Entrant{Label: "explode", Rule: explode{}})
	if r := run(t, s); r.Optimizers[1].Diverged != 3 {
		t.Errorf("%+v", r.Optimizers[1])
	}
}

// A loss whose value is twice what its gradient says is found out.
func TestWrongGradientIsNoticed(t *testing.T) {
	s := small(t, "iris", "sgd(lr=0.1)")
	if r := run(t, s); !r.Checks[0].OK || !r.Checks[1].OK {
		t.Errorf("checks of a right gradient: %+v", r.Checks)
	}
	s.Task.Loss = func(pred, y *graph.Node) *graph.Node {
		l := losses.CrossEntropy(pred, y)
		return ops.Add(l, ops.StopGradient(l))
	}
	r := run(t, s)
	if r.Checks[0].OK || !strings.Contains(strings.Join(r.Verdict, "\n"), "do not trust these numbers") {
		t.Errorf("checks of a wrong gradient: %+v\n%q", r.Checks, r.Verdict)
	}
}

// A loss below zero has no factor two above it, and a single test row says
// nothing about others; both give results that can be written.
func TestDegenerate(t *testing.T) {
	s := small(t, "iris", "sgd", "adam")
	s.Task.Loss = func(pred, y *graph.Node) *graph.Node { return ops.Shift(-10, losses.CrossEntropy(pred, y)) }
	s.Parts.Test = s.Parts.Test.Subset([]int{0})
	s.Seeds = 1
	r := run(t, s)
	if o := r.Optimizers[0]; o.Sensitivity != nil || o.PriceOfDefault != nil || len(r.Pairs) != 0 {
		t.Errorf("%+v, %+v", o, r.Pairs)
	}
	if err := errors.Join(r.WriteJSON(&bytes.Buffer{}), r.WriteHTML(&bytes.Buffer{}), r.WriteTable(&bytes.Buffer{})); err != nil {
		t.Error(err)
	}
}

// An optimizer alone is compared with nothing.
func TestOneOptimizer(t *testing.T) {
	for text, want := range map[string]string{"adam": "adam reached the target", "sgd(lr=1e30)": "sgd(lr=1e30) diverged in"} {
		s := small(t, "iris", text)
		s.Seeds, s.Epochs = 2, 20
		verdict := strings.Join(run(t, s).Verdict, "\n")
		for _, word := range []string{"Best", " first", "which is best", "ranked", "Every optimizer", "most:"} {
			if strings.Contains(verdict, word) {
				t.Errorf("%s: %q in\n%s", text, word, verdict)
			}
		}
		if !strings.Contains(verdict, want) {
			t.Errorf("%s: no %q in\n%s", text, want, verdict)
		}
	}
	suite := &Suite{Name: "classic", Problems: Problems[:3], Entrants: small(t, "iris", "sgd").Entrants, Budget: 50, Rates: []float64{0.1, 0.01}}
	r, err := suite.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if v := strings.Join(r.Verdict, "\n"); strings.Contains(v, "does best") || strings.Contains(v, "the first") || !strings.Contains(v, "sgd reaches") {
		t.Error(v)
	}
}
