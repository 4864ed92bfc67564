package bench

import (
	"bytes"
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"descent/bench/inference"
	"descent/data"
	"descent/graph"
	"descent/internal/numjson"
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
	return &Study{Problems: []Problem{n}, Entrants: entrants(t, optimizers...), Seed: 1, Seeds: 3, Trials: 4, Workers: 1}, n
}

// few returns a suite of some functions.
func few(t testing.TB, table []Function, optimizers ...string) *Study {
	return &Study{Name: "few", Problems: functions(table), Entrants: entrants(t, optimizers...), Budget: 100, Seed: 1, Seeds: 3, Trials: 5}
}

// kinds are small studies of every kind of problem, each with two optimizers.
var kinds = map[string]func(t testing.TB) *Study{
	"classes":   func(t testing.TB) *Study { s, _ := small(t, "iris", "sgd", "clip(1) | adam"); return s },
	"numbers":   func(t testing.TB) *Study { s, _ := small(t, "diabetes", "adagrad", "adam(lr=0.01)"); return s },
	"functions": func(t testing.TB) *Study { return few(t, Functions[:4], "sgd", "adam") },
	"instances": func(t testing.TB) *Study {
		s := few(t, nil, "sgd", "lbfgs")
		s.Problems = []Problem{BBOB{3, 2}, BBOB{21, 3}}
		return s
	},
	"own": func(t testing.TB) *Study {
		s, n := small(t, "iris", "lbfgs", "sgd(lr=0.1)")
		s.Problems = []Problem{renamed{n, "other"}}
		return s
	},
	"both": func(t testing.TB) *Study {
		s, n := small(t, "iris", "sgd", "rmsprop")
		n.Epochs = 1
		s.Name, s.Problems = "both", append(functions(Functions[2:4]), n)
		return s
	},
	"inside": func(t testing.TB) *Study {
		s, n := small(t, "iris", "sgd", "lbfgs")
		n.Epochs, s.Seeds, s.Trials, s.Diagnose = 2, 2, 2, true
		s.Name, s.Problems = "inside", append(functions(Functions[2:3]), n)
		return s
	},
	"full": func(t testing.TB) *Study {
		s, n := small(t, "iris", "adam(eps=1e-10..1e-3) @ constant", "clip(0.5..5) | momentum")
		s.Track = "full"
		n.Cases = divisions(n)
		return s
	},
}

// divisions divides the rows of a net anew, by the case.
func divisions(n *Net) func(k int) (*data.Parts, error) {
	return func(k int) (*data.Parts, error) {
		src, err := data.Open(n.Data, data.CSVOptions{})
		if err != nil {
			return nil, err
		}
		return src.Prepare("", data.Options{Scaling: data.Standard, Fractions: data.Fractions{Val: .2, Test: .2}, Seed: uint64(k) + 1})
	}
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
// machines.
func timeless(t *testing.T, r *Results) string {
	t.Helper()
	c := *r
	c.Measured = Measured{}
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
			if err := numjson.Unmarshal(text, back); err != nil || !back.equal(done) {
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
		"case -1":         func(j *Job) { j.Case = -1 },
		"has no setting":  func(j *Job) { j.Settings = "adam(beta3=1)" },
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
		if run.TestAccuracy == nil || run.TestR2 != nil || len(run.TrainLoss) != len(r.Problems[0].Checkpoints) {
			t.Errorf("run %+v", run)
		}
	}
	for _, m := range r.Measured.Steps {
		if !(m.Micros > 0) || len(r.Measured.Steps) != 2 {
			t.Errorf("%+v", m)
		}
	}
	for i := range 3 { // the pairs share their seeds
		if a, b := r.Runs[i], r.Runs[3+i]; a.Seed != b.Seed || a.Case != b.Case || a.Optimizer == b.Optimizer {
			t.Errorf("runs %d of the optimizers have seeds %d and %d", i, a.Seed, b.Seed)
		}
	}
}

// TestRankBy: any score of a task ranks, and chooses settings, by what is better in it.
func TestRankBy(t *testing.T) {
	for _, c := range []struct {
		set, by string
		lower   bool
	}{{"iris", "log_loss", true}, {"iris", "mcc", false}, {"diabetes", "mae", true}} {
		s, n := small(t, c.set, "sgd", "adam")
		n.Epochs, n.RankBy = 20, c.by
		if n.Task.Classes > 0 {
			n.Task.Gives = train.Logits
		}
		r := run(t, s)
		p, a, b := r.Problems[0], r.Optimizers[0].Scores[c.by], r.Optimizers[1].Scores[c.by]
		if p.Score != c.by || p.Lower != c.lower || (a.Mean < b.Mean) != c.lower {
			t.Errorf("%s: ranked by %s, lower %v: %v before %v", c.by, p.Score, p.Lower, a.Mean, b.Mean)
		}
		best := map[string]*Outcome{}
		for _, trial := range r.Trials {
			x := trial.ValScore[len(trial.ValScore)-1]
			if old := best[trial.Optimizer]; old == nil || (x < old.ValScore[len(old.ValScore)-1]) == c.lower && x != old.ValScore[len(old.ValScore)-1] {
				best[trial.Optimizer] = trial
			}
		}
		for _, run := range r.Runs {
			if run.LR != best[run.Optimizer].LR {
				t.Errorf("%s: %s was scored at rate %v; the best trial had %v", c.by, run.Optimizer, run.LR, best[run.Optimizer].LR)
			}
		}
	}
	_, n := small(t, "iris", "sgd")
	n.RankBy = "speed"
	if _, err := n.Describe(); err == nil || !strings.Contains(err.Error(), `no score "speed"`) {
		t.Errorf("%v", err)
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
	if !strings.Contains(r.Verdict[0], "nothing can be said") {
		t.Errorf("%q", r.Verdict)
	}
	if err := errors.Join(r.WriteHTML(&bytes.Buffer{}), r.WriteJSON(&bytes.Buffer{})); err != nil {
		t.Error(err)
	}
}

// Every optimizer that has something to tune has the same number of trials, whatever
// they find: a default that is far too small does not get more.
func TestTrialsAreEqual(t *testing.T) {
	for _, track := range []string{"default", "lr", "full"} {
		s, n := small(t, "iris", "sgd", "adam", "clip(0.1) | adamw", "momentum(lr=0.1)", "lbfgs")
		s.Entrants[0].Default, s.Track, s.Seeds, s.Trials, n.Epochs = 1e-9, track, 2, 2, 1
		r := run(t, s)
		seeds := map[string][]uint64{}
		for _, o := range r.Trials {
			seeds[o.Optimizer] = append(seeds[o.Optimizer], o.Seed)
		}
		for _, e := range s.Entrants {
			want := s.Trials + 1
			if fixed := e.Method != nil || e.Rate != nil && track != "full"; fixed || track == "default" {
				want = 0
			}
			if got := seeds[e.Label]; len(got) != want || want > 0 && !slices.Equal(got, seeds["adam"]) {
				t.Errorf("%s on %s: %d trials with seeds %v, want %d", e.Label, track, len(got), got, want)
			}
		}
		for _, o := range r.Optimizers {
			if len(o.BestOf) != len(seeds[o.Optimizer]) {
				t.Errorf("%s on %s: the curve has %d points", o.Optimizer, track, len(o.BestOf))
			}
		}
	}
}

// Trials are on tuning seeds and on the division of the study; runs that count have
// fresh seeds, and each a division of its own, which is that of the case alone.
func TestScoringIsFresh(t *testing.T) {
	s := kinds["full"](t)
	r := run(t, s)
	tuned := map[uint64]bool{}
	for _, o := range r.Trials {
		if tuned[o.Seed] = true; o.Case != 0 || o.Phase != Tune {
			t.Errorf("trial %+v", o.Job)
		}
	}
	cases := map[int]bool{}
	for _, o := range r.Runs {
		if cases[o.Case] = true; tuned[o.Seed] || o.Case == 0 || o.Settings == "" || o.Optimizer[0] == 'a' && o.Schedule != "constant" {
			t.Errorf("run %+v", o.Job)
		}
	}
	if len(cases) != s.Seeds || !r.Problems[0].Cases {
		t.Errorf("%d divisions", len(cases))
	}
	n := s.Problems[0].(*Net)
	n.Cases = func(int) (*data.Parts, error) { return n.Parts, nil } // held out by time
	n.facts = facts{}
	if r := run(t, s); r.Problems[0].Cases || r.Runs[0].Case != 0 || !strings.Contains(strings.Join(r.method(), " "), "nothing is known about others") {
		t.Errorf("divisions that are all the same: %+v", r.Problems[0])
	}
}

// The setting with the best validation score is chosen, of the kind of score that
// ranks: here accuracy, though another has the lower loss.
func TestCriterionIsTheScore(t *testing.T) {
	trial := func(accuracy, loss float64) *Outcome {
		return &Outcome{Trained: &Trained{ValAccuracy: []float64{accuracy}, ValLoss: []float64{loss}}}
	}
	trials := []*Outcome{trial(0.8, 0.1), trial(0.9, 0.5), trial(0.9, 0.4), {DivergedAt: 3, Trained: &Trained{}}}
	p := &ProblemInfo{Score: "accuracy"}
	if got := p.order(trials); !slices.Equal(got, []int{2, 1, 0, 3}) {
		t.Errorf("by accuracy: %v", got)
	}
	p.Score = "loss"
	if got := p.order(trials); !slices.Equal(got, []int{0, 2, 1, 3}) {
		t.Errorf("by loss: %v", got)
	}
}

// The target is that of the problem, whoever takes part.
func TestTargetsDoNotDependOnEntrants(t *testing.T) {
	a, _ := small(t, "iris", "adam(lr=0.01)")
	b, n := small(t, "iris", "adam(lr=0.01)", "sgd(lr=1e-9)")
	x, y := run(t, a), run(t, b)
	if *x.Problems[0].Target != *y.Problems[0].Target || !slices.Equal(x.Runs[0].Hits, y.Runs[0].Hits) {
		t.Errorf("%v and %v", x.Problems[0], y.Problems[0])
	}
	n.Reference = &Reference{Constant: 0.3, Tuned: 0.97, Target: 0}
	if z := run(t, b); z.Runs[0].Hits[0] != z.Problems[0].Checkpoints[0] || *z.Problems[0].Target != 0 {
		t.Errorf("a target that every model reaches: %+v", z.Runs[0].Hits)
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
		read, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		back := read.Tracks[0]
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

// A loss below zero has no factor two above it, and a single seed says
// nothing about others; both give results that can be written.
func TestDegenerate(t *testing.T) {
	s, n := small(t, "iris", "sgd", "adam")
	n.Task.Loss = func(pred, y *graph.Node) *graph.Node { return ops.Shift(-10, losses.CrossEntropy(pred, y)) }
	n.Parts.Test = n.Parts.Test.Subset([]int{0})
	s.Seeds = 1
	r := run(t, s)
	if o := r.Optimizers[0]; o.Sensitivity != nil || len(r.Pairs) != 1 || r.Pairs[0].Verdict != inference.NotShown {
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
	if v := strings.Join(run(t, few(t, Functions[:3], "sgd")).Verdict, "\n"); strings.Contains(v, "is best") || strings.Contains(v, "first rank") || !strings.Contains(v, "sgd reaches") {
		t.Error(v)
	}
}
