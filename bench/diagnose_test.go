package bench

import (
	"context"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/internal/numjson"
	"descent/losses"
	"descent/ops"
	"descent/optimizers"
	"descent/train"
)

func TestLooks(t *testing.T) {
	for _, steps := range []int{1, 2, 3, 7, 100, 2336, 1 << 20} {
		at := looks(steps)
		if at[0] != 1 || at[len(at)-1] != steps || !slices.IsSorted(at) || len(slices.Compact(slices.Clone(at))) != len(at) || len(at) > min(steps, mostLooks) {
			t.Errorf("%d steps: %v", steps, at)
		}
	}
}

// TestDiagnosesDisturbNothing: of every kind of problem, runs that are looked at are those
// that count, to the last bit; diagnoses are the same with any number of workers, and all
// other results are those of a study without.
func TestDiagnosesDisturbNothing(t *testing.T) {
	for name, study := range kinds {
		want := ""
		for _, workers := range []int{1, 3} {
			s := study(t)
			s.Diagnose, s.Workers = true, workers
			r := run(t, s)
			all := timeless(t, r)
			if want == "" {
				want = all
			} else if all != want {
				t.Errorf("%s: other diagnoses with %d workers", name, workers)
			}
			if len(r.Diagnoses) != len(s.Problems)*len(s.Entrants) {
				t.Fatalf("%s: %d diagnoses", name, len(r.Diagnoses))
			}
			for _, d := range r.Diagnoses {
				first := r.part(slices.IndexFunc(r.Problems, func(p ProblemInfo) bool { return p.Name == d.Problem })).of(d.Optimizer)[0]
				if !d.Same || len(d.Looks) == 0 && first.DivergedAt == 0 {
					t.Errorf("%s: %+v of %+v", name, d, first)
				}
			}
			without := study(t)
			without.Diagnose, r.Diagnoses = false, nil
			if workers == 1 && timeless(t, r) != timeless(t, run(t, without)) {
				t.Errorf("%s: with diagnoses, other results differ", name)
			}
		}
	}
}

// lookAt looks at one run of an optimizer on a problem.
func lookAt(t *testing.T, p Problem, optimizer string, lr float64, at ...int) *Diagnosis {
	t.Helper()
	r, err := NewRunner([]Problem{p})
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := r.look(context.Background(), &r.infos[0], Job{Problem: r.infos[0].Name, Optimizer: optimizer, LR: lr, Phase: Score, Budget: at[len(at)-1], Seed: 5, Schedule: "constant"}, at)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// wave is a parameter whose numbers the oracle makes, too.
func wave(g *graph.Graph, name string, phase float64, dims ...int) *node {
	x := make([]float64, graph.Dims(dims...).Size())
	for i := range x {
		x[i] = math.Sin(1.7*float64(i+1) + phase)
	}
	return g.Param(name, graph.From(x...), dims...)
}

// TestLookBesidePyTorch: gradient, noise scale and eigenvalues are those that PyTorch and
// numpy find with the whole Hessian and the gradients of all rows; see
// testdata/diagnosis.py.
func TestLookBesidePyTorch(t *testing.T) {
	text, err := os.ReadFile("testdata/diagnosis.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Gradient, Lowest, Largest float64
		NoiseScale                float64 `json:"noise_scale"`
	}
	if err := numjson.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	x := make([]float64, 48)
	d := &data.Dataset{X: data.ArrayOf(x, 3), Inputs: []string{"a", "b", "c"}, Class: make([]int, 16), Classes: []string{"0", "1"}}
	for i := range x {
		x[i] = math.Sin(1.7 * float64(i+1))
	}
	for i := range d.Class {
		d.Class[i] = i % 3 % 2
	}
	task := train.Task{Loss: losses.CrossEntropy, Features: 3, Classes: 2, Gives: train.Logits, Model: func(x *node) *node {
		g := x.Graph()
		h := ops.Tanh(ops.Add(ops.MatMul(x, wave(g, "w1", 1, 3, 4)), wave(g, "b1", 2, 4)))
		return ops.MatMul(h, wave(g, "w2", 3, 4, 2))
	}}
	n := &Net{Name: "small", Parts: &data.Parts{Train: d, Val: d, Test: d}, Task: task, Batch: 1, Dtype: graph.Float64}
	got := lookAt(t, n, "sgd", 0, 1)
	l := got.Looks[0]
	for _, c := range []struct {
		what            string
		got, want, part float64
	}{
		{"gradient", l.Gradient, want.Gradient, 1e-12},
		{"noise scale", or(l.NoiseScale), want.NoiseScale, 1e-12},
		{"largest", l.Largest, want.Largest, eigenvalueError},
		{"lowest", l.Lowest, want.Lowest, eigenvalueError * want.Largest / math.Abs(want.Lowest)},
	} {
		if !(math.Abs(c.got-c.want) <= c.part*math.Abs(c.want)) {
			t.Errorf("%s %v, want %v", c.what, c.got, c.want)
		}
	}
	if got.Parameters != 24 || got.Batches != 16 || got.Curved != 16 || or(l.Update) != 0 {
		t.Errorf("%+v", got)
	}
}

// TestLookAtQuadratics: the curvatures of the quadratic functions are in their names, a
// step of gradient descent is as long as it has to be, and there is no noise.
func TestLookAtQuadratics(t *testing.T) {
	for i, condition := range []float64{100, 1e4} {
		lr := 1e-5
		d := lookAt(t, Functions[i], "sgd", lr, 1, 3)
		moved := d.Looks[0].Update
		for _, l := range d.Looks {
			if !(math.Abs(l.Largest-condition) <= 2*eigenvalueError*condition) || !(math.Abs(l.Lowest-1) <= 2*eigenvalueError*condition) || l.NoiseScale != nil || l.LR != lr || or(l.Bound) != 2/lr {
				t.Errorf("condition %v: %+v", condition, l)
			}
		}
		p := Functions[i]
		f := formulas[p.Name]
		g, size := 0.0, 0.0
		for k, x := range p.Start {
			up, down := slices.Clone(p.Start), slices.Clone(p.Start)
			up[k], down[k] = x+0.1, x-0.1
			g += sq((f(up) - f(down)) / 0.2)
			size += sq(x)
		}
		if want := lr * math.Sqrt(g/size); !(math.Abs(or(moved)-want) <= 1e-9*want) || d.Batches != 1 || len(d.Looks) != 2 {
			t.Errorf("condition %v: the first step is %v of the start, want %v; %+v", condition, or(moved), want, d)
		}
	}
}

// TestStable: a little below the bound the rule itself comes to the minimum of a quadratic
// function, a little above it leaves.
func TestStable(t *testing.T) {
	for _, text := range []string{"sgd", "sgd(dampening=0.5)", "momentum", "nesterov", "sgd(momentum=0.5)", "sgd(momentum=0.9, dampening=0.3)", "sgd(momentum=0.5, nesterov=true)", "keras_sgd",
		"sgd(momentum=0.8, dampening=0.5, nesterov=true)"} {
		e, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		const lr = 0.3
		bound := stable(e.Rule, lr)
		if bound == nil {
			t.Errorf("%s: no bound", text)
			continue
		}
		for _, part := range []float64{0.97, 1.03} {
			p := Function{Name: "bowl", F: func(x *node) *node { return ops.Scale(part**bound/2, ops.Sum(ops.Square(x))) }, Start: []float64{1}}
			tr, err := p.Prepare(e)
			if err != nil {
				t.Fatal(err)
			}
			for range 500 {
				if _, err := tr.Step(nothing(1), []int{0}, lr); err != nil {
					break // it left for good
				}
			}
			if x := math.Abs(tr.Store().Lookup("x").Float64s()[0]); (x < 0.1) != (part < 1) {
				t.Errorf("%s: %v of the bound %v leads to %v", text, part, *bound, x)
			}
		}
	}
	for _, text := range []string{"adam", "clip(1) | sgd", "sgd(momentum=0.9, dampening=1)"} {
		e, err := Parse(text)
		if err != nil || stable(e.Rule, 0.1) != nil {
			t.Errorf("%s has a bound; %v", text, err)
		}
	}
	if stable(nil, 0.1) != nil || stable(optimizers.SGD(), 0) != nil {
		t.Error("a bound of a method, or at rate 0")
	}
}

// TestDiagnosesAreVerified: a number that is changed is found, and a diagnosis that is
// missing or was not asked for.
func TestDiagnosesAreVerified(t *testing.T) {
	r := run(t, kinds["inside"](t))
	for want, change := range map[string]func(d []Diagnosis, s *Study) []Diagnosis{
		"": func(d []Diagnosis, _ *Study) []Diagnosis { return d },
		"iris, sgd: diagnosis.looks.1.largest": func(d []Diagnosis, _ *Study) []Diagnosis {
			d[2].Looks = slices.Clone(d[2].Looks)
			d[2].Looks[1].Largest *= 1 + 1e-15
			return d
		},
		"iris, lbfgs: diagnosis.optimizer": func(d []Diagnosis, _ *Study) []Diagnosis { d[3].Optimizer = "adam"; return d },
		"number of diagnoses":              func(d []Diagnosis, _ *Study) []Diagnosis { return d[1:] },
		"number of diagnoses ":             func(d []Diagnosis, s *Study) []Diagnosis { s.Diagnose = false; return d },
	} {
		c, s := *r, kinds["inside"](t)
		c.Diagnoses = change(slices.Clone(r.Diagnoses), s)
		v, err := c.Verify(context.Background(), s, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if want = strings.TrimSpace(want); (want == "") != (len(v.Mismatches) == 0) || want != "" && (len(v.Mismatches) != 1 || v.Mismatches[0].Where != want) {
			t.Errorf("%q: %+v", want, v)
		}
	}
}

// TestSeen: what is said follows from the looks, by the criteria that are stated.
func TestSeen(t *testing.T) {
	look := func(step int, largest, bound float64, noise float64) Look {
		l := Look{Step: step, Largest: largest, Lowest: -largest / 2, Error: 0.01}
		if bound > 0 {
			l.Bound = &bound
		}
		if noise > 0 {
			l.NoiseScale = &noise
		}
		return l
	}
	p := &part{ProblemInfo: &ProblemInfo{Budget: 100, Batch: 32}}
	for _, c := range []struct {
		what  string
		looks []Look
		want  string
	}{
		{"near at all looks between", []Look{look(1, 1, 10, 8), look(10, 8, 10, 0), look(50, 12, 10, 0), look(90, 12.5, 10, 0), look(100, 1, 1000, 64)},
			"At the first look the noise scale is 8 rows, at the last 64 rows (medians over optimizers); batches of training have 32 rows. Where batches have fewer rows than the noise scale, noise is more than half of the square of their gradients. " +
				"x: the largest eigenvalue is within a quarter of the bound at 3 of 5 looks, and further above it at 0; from a tenth of the run to nine tenths it stays there at each look."},
		{"not at one of them", []Look{look(1, 1, 10, 8), look(10, 8, 10, 0), look(50, 13, 10, 0), look(90, 12.5, 10, 0)},
			"at the last more than can be told (medians over optimizers)"},
		{"not at one of them, beside", []Look{look(10, 8, 10, 0), look(50, 13, 10, 0), look(90, 12.5, 10, 0)},
			"x: the largest eigenvalue is within a quarter of the bound at 2 of 3 looks, and further above it at 1. At"},
		{"only one of them", []Look{look(5, 8, 10, 0), look(50, 10, 10, 0), look(95, 8, 10, 0)},
			"within a quarter of the bound at 3 of 3 looks, and further above it at 0. At"},
		{"no bound", []Look{look(1, 1, 0, 8)}, "gradients. At the last look the lowest eigenvalue is below 0 by more than its error for 1 of 1 optimizers. Gradients are of 4 batches of 2 training rows"},
		{"no looks", nil, "Gradients are of"},
	} {
		p.Diagnoses = []Diagnosis{{Optimizer: "x", Same: true, Batches: 4, Size: 2, Curved: 4, Looks: c.looks}}
		if got := strings.Join(p.seen(), " "); !strings.Contains(got, c.want) || strings.Contains(got, "another way") {
			t.Errorf("%s: %s", c.what, got)
		}
	}
	p.Diagnoses[0].Same = false
	if got := strings.Join(p.seen(), " "); !strings.Contains(got, "went another way") {
		t.Error(got)
	}
}
