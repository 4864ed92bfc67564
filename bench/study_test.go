package bench

import (
	"bytes"
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/internal/numjson"
	"descent/internal/stats"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/train"
)

// entrants parses optimizers.
func entrants(t testing.TB, texts ...string) (all []Entrant) {
	t.Helper()
	for _, text := range texts {
		e, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// small returns a study of an embedded set that takes a moment.
func small(t testing.TB, set string, optimizers ...string) (*Study, *Net) {
	t.Helper()
	src, err := data.Open(set, data.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := src.Prepare("", data.Options{Scaling: data.Standard, Fractions: data.Fractions{Val: .2, Test: .2}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	n := &Net{Data: set, Model: "mlp(8)", Loss: "cross_entropy", Parts: parts, Epochs: 4,
		Task: train.Task{Loss: losses.CrossEntropy, Features: parts.Train.Features(), Classes: len(parts.Train.Classes)}}
	outputs := n.Task.Classes
	if outputs == 0 {
		n.Task.Loss, n.Task.Residuals, outputs, n.Loss = losses.MSE, ops.Sub, 1, "mse"
		for _, d := range []*data.Dataset{parts.Train, parts.Val, parts.Test} {
			for i := range d.Y {
				d.Y[i] = (d.Y[i] - 150) / 80
			}
		}
	}
	n.Task.Model = models.MLP(ops.ReLU, 8, outputs)
	return &Study{Problems: []Problem{n}, Entrants: entrants(t, optimizers...), Seed: 1, TuneSeeds: 2, Workers: 1}, n
}

// few returns a suite of some functions.
func few(t testing.TB, table []Function, optimizers ...string) *Study {
	return &Study{Name: "few", Problems: functions(table), Entrants: entrants(t, optimizers...), Budget: 100, Seed: 1}
}

// kinds are small studies of every kind of problem, each with two optimizers.
var kinds = map[string]func(t testing.TB) *Study{
	"classes":   func(t testing.TB) *Study { s, _ := small(t, "iris", "sgd", "clip(1) | adam"); return s },
	"numbers":   func(t testing.TB) *Study { s, _ := small(t, "diabetes", "adagrad", "adam(lr=0.01)"); return s },
	"functions": func(t testing.TB) *Study { return few(t, Functions[:4], "sgd", "adam") },
	"own": func(t testing.TB) *Study {
		s, n := small(t, "iris", "lbfgs", "sgd(lr=0.1)")
		s.Problems = []Problem{renamed{n, "other"}}
		return s
	},
	"both": func(t testing.TB) *Study {
		s, n := small(t, "iris", "sgd", "rmsprop")
		n.Epochs = 1
		s.Name, s.Problems = "both", append(functions(Functions[2:4]), n)
		s.Rates = []float64{0.1, 0.01}
		return s
	},
}

// renamed is a problem of a kind of its own, made of another.
type renamed struct {
	*Net
	name string
}

func (p renamed) Describe() (ProblemInfo, error) {
	info, err := p.Net.Describe()
	info.Name = p.name
	return info, err
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
	c := *r
	c.Machine, c.Timing = Machine{}, Timing{}
	c.Runs, c.Optimizers = nil, slices.Clone(r.Optimizers)
	for _, run := range r.Runs {
		run := *run
		if run.Trained != nil {
			run.Trained = new(*run.Trained)
			run.MicrosPerStep = 0
		}
		c.Runs = append(c.Runs, &run)
	}
	for i := range c.Optimizers {
		c.Optimizers[i].MicrosPerStep = 0
	}
	var b bytes.Buffer
	if err := c.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWorkersDoNotMatter(t *testing.T) {
	for name, study := range kinds {
		want := ""
		for _, workers := range []int{1, 2, 4} {
			s := study(t)
			s.Workers = workers
			switch got := timeless(t, run(t, s)); {
			case want == "":
				want = got
			case got != want:
				t.Errorf("%s: %d workers give other results than 1", name, workers)
			}
		}
	}
}

// A job is done by any process that has the problem: from its JSON alone, by a
// runner that has done nothing else, it gives the same bits, and so does its outcome.
func TestJobsTravel(t *testing.T) {
	for name, study := range kinds {
		r, fresh := run(t, study(t)), study(t)
		for _, done := range append(r.Runs, r.Trials...) {
			text, err := numjson.Marshal(done.Job)
			if err != nil {
				t.Fatal(err)
			}
			var job Job
			if err := numjson.Unmarshal(text, &job); err != nil || job != done.Job {
				t.Fatalf("%s: %s comes back as %+v: %v", name, text, job, err)
			}
			runner, err := NewRunner(fresh.Problems)
			if err != nil {
				t.Fatal(err)
			}
			out, err := runner.Do(context.Background(), job)
			if err != nil {
				t.Fatal(err)
			}
			if text, err = numjson.Marshal(out); err != nil {
				t.Fatal(err)
			}
			back := &Outcome{}
			if err := numjson.Unmarshal(text, back); err != nil || !back.equal(done) || back.Trained != nil && !reflect.DeepEqual(back.Merits, out.Merits) {
				t.Errorf("%s: %+v did %+v, and then %s", name, job, done, text)
			}
		}
	}
}

func TestJobsThatMakeNoSense(t *testing.T) {
	s := kinds["both"](t)
	r, err := NewRunner(s.Problems)
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(j *Job){
		"no such problem": func(j *Job) { j.Problem = "nosuch" },
		"did you mean":    func(j *Job) { j.Optimizer = "adma" },
		"unknown schedul": func(j *Job) { j.Schedule = "nosuch" },
		"budget -1":       func(j *Job) { j.Budget = -1 },
		"rate -1":         func(j *Job) { j.LR = -1 },
		"rate NaN":        func(j *Job) { j.LR = math.NaN() },
		"start -1":        func(j *Job) { j.Start = -1 },
		`phase "x"`:       func(j *Job) { j.Phase = "x" },
	} {
		j := Job{Problem: "iris", Optimizer: "adam", LR: 0.1, Phase: Score}
		change(&j)
		if _, err := r.Do(context.Background(), j); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", j, err, want)
		}
	}
}

// A budget of one's own ends a run within an epoch, and the schedule with it.
func TestBudget(t *testing.T) {
	s, n := small(t, "iris", "adam(lr=0.01)")
	s.Budget = 13
	if r := run(t, s); n.perEpoch() != 6 || r.Problems[0].Budget != 13 || !slices.Equal(r.Problems[0].Checkpoints, Checkpoints(13)) || len(r.Runs[0].ValLoss) != 13 {
		t.Errorf("%d batches an epoch, %+v, curve %v", n.perEpoch(), r.Problems[0], r.Runs[0].ValLoss)
	}
}

func TestClassification(t *testing.T) {
	s, n := small(t, "iris", "sgd", "adam")
	n.Epochs = 40
	calls, last := 0, Tally{}
	s.OnJob = func(t Tally) { calls, last = calls+1, t }
	r := run(t, s)
	if len(r.Runs) != 2*3 || calls != len(r.Runs)+len(r.Trials) || last.Done != last.Total || last.Done != calls {
		t.Errorf("%d runs, %d trials, %d reports of progress, the last %+v", len(r.Runs), len(r.Trials), calls, last)
	}
	if acc := r.Optimizers[0].Accuracy.Mean; acc < 0.9 {
		t.Errorf("accuracy %v", acc)
	}
	for _, run := range r.Runs {
		if run.TestAccuracy == nil || run.TestR2 != nil || len(run.TrainLoss) != len(r.Problems[0].Checkpoints) || run.MicrosPerStep <= 0 {
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
	s, n := small(t, "diabetes", "sgd", "adam")
	n.Epochs = 20
	r := run(t, s)
	if a, b := r.Optimizers[0], r.Optimizers[1]; r.Problems[0].Score != "loss" || a.R2.Mean < 0.2 || a.Loss.Mean > b.Loss.Mean {
		t.Errorf("ranked by %s: %+v, %+v", r.Problems[0].Score, a.Loss, b.Loss)
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
		s, _ := small(t, set, "adam")
		r, err := NewRunner(s.Problems)
		if err != nil {
			t.Fatal(err)
		}
		o, err := r.Do(context.Background(), Job{Problem: set, Optimizer: "adam", LR: 0.01, Seed: 7, Phase: Score})
		if err != nil {
			t.Fatal(err)
		}
		want := o.TestAccuracy
		if want == nil {
			want = new(-*o.TestLoss)
		}
		near(t, set, stats.Mean(o.Merits), *want, 1e-6)
	}
}

func TestDivergedRunsAreReported(t *testing.T) {
	s, _ := small(t, "diabetes", "sgd(lr=1e6)", "adam(lr=0.01)")
	r := run(t, s)
	bad := r.Optimizers[1]
	if bad.Optimizer != "sgd(lr=1e6)" || bad.Diverged != 3 || bad.Loss != nil || bad.Steps != nil {
		t.Fatalf("%+v", bad)
	}
	for _, run := range r.Runs {
		if run.Optimizer != bad.Optimizer {
			continue
		}
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
	s, _ := small(t, "diabetes", "sgd(lr=1e6)", "sgd(lr=1e7)")
	r := run(t, s)
	if !strings.Contains(r.Verdict[0], "nothing can be said") || r.Problems[0].Target != 0 {
		t.Errorf("%q, target %v", r.Verdict, r.Problems[0].Target)
	}
	if err := errors.Join(r.WriteHTML(&bytes.Buffer{}), r.WriteJSON(&bytes.Buffer{})); err != nil {
		t.Error(err)
	}
}

func TestGridGrows(t *testing.T) {
	s, _ := small(t, "iris", "sgd")
	s.Entrants[0].Default = 1e-6
	r := run(t, s)
	if o := r.Optimizers[0]; len(o.Grid) != 7+growths*growBy || !o.AtEnd || !strings.Contains(strings.Join(r.Verdict, "\n"), "wider grid") {
		t.Errorf("%d rates, at the end: %v\n%q", len(o.Grid), o.AtEnd, r.Verdict)
	}
	s, _ = small(t, "iris", "sgd")
	s.Rates = []float64{1e-3, 1e-4, 1e-3}
	if o := run(t, s).Optimizers[0]; len(o.Grid) != 2 || o.LR != 1e-3 || !o.AtEnd {
		t.Errorf("with rates of the user: %+v", o)
	}
}

func TestMistakes(t *testing.T) {
	for want, change := range map[string]func(*Study, *Net){
		"an input of whole numb": func(s *Study, n *Net) { n.Task.Loss = losses.MSE },
		"a dense layer takes row": func(s *Study, n *Net) {
			n.Task.Model = func(x *graph.Node) *graph.Node { return models.Dense(3)(ops.Sum(x)) }
		},
	} {
		s, n := small(t, "iris", "sgd")
		change(s, n)
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
	for name, study := range kinds {
		ctx, cancel := context.WithCancel(context.Background())
		s := study(t)
		s.Workers = 2
		s.OnJob = func(t Tally) {
			if t.Done == 3 {
				cancel()
			}
		}
		if _, err := s.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestResultsComeBack(t *testing.T) {
	for name, study := range kinds {
		r := run(t, study(t))
		path := filepath.Join(t.TempDir(), "results.json")
		save(t, path, r)
		back, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if timeless(t, back) != timeless(t, r) {
			t.Errorf("%s: results are not what was written", name)
		}
		changes, err := Compare(r, back)
		if err != nil || len(changes) != 2 || changes[0].Verdict != Identical || changes[1].Verdict != Identical {
			t.Errorf("%s: %+v, %v", name, changes, err)
		}
		var a, b bytes.Buffer
		if err := errors.Join(r.WriteHTML(&a), back.WriteHTML(&b)); err != nil || a.String() != b.String() {
			t.Errorf("%s: the page of what was read is another: %v", name, err)
		}
	}
}

// A rule with a state that overflows at once is a failure, not an error.
type explode struct{}

func (explode) Update(s *optimizers.Step) *graph.Node {
	return ops.Scale(math.Inf(1), s.Grad)
}

func TestOwnRule(t *testing.T) {
	s, _ := small(t, "iris", "sgd(lr=0.1)")
	s.Entrants = append(s.Entrants, Entrant{Label: "explode", Rule: explode{}})
	if r := run(t, s); r.Optimizers[1].Diverged != 3 {
		t.Errorf("%+v", r.Optimizers[1])
	}
}

// A loss whose value is twice what its gradient says is found out.
func TestWrongGradientIsNoticed(t *testing.T) {
	s, n := small(t, "iris", "sgd(lr=0.1)")
	if r := run(t, s); !r.Checks[0].OK || !r.Checks[1].OK {
		t.Errorf("checks of a right gradient: %+v", r.Checks)
	}
	n.Task.Loss = func(pred, y *graph.Node) *graph.Node {
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
	s, n := small(t, "iris", "sgd", "adam")
	n.Task.Loss = func(pred, y *graph.Node) *graph.Node { return ops.Shift(-10, losses.CrossEntropy(pred, y)) }
	n.Parts.Test = n.Parts.Test.Subset([]int{0})
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
		s, n := small(t, "iris", text)
		s.Seeds, n.Epochs = 2, 20
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
	if v := strings.Join(run(t, few(t, Functions[:3], "sgd")).Verdict, "\n"); strings.Contains(v, "does best") || strings.Contains(v, "the first") || !strings.Contains(v, "sgd reaches") {
		t.Error(v)
	}
}
