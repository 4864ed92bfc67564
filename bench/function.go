package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"descent/bench/classic"
	"descent/data"
	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/spec"
	"descent/optimizers/search"
	"descent/train"
)

type node = graph.Node

// Functions are the test functions of the suite classic.
var Functions = func() (all []Function) {
	for _, f := range classic.Table {
		all = append(all, Function(f))
	}
	return all
}()

// A Function is a problem: a function of a vector with a known minimum. Jobs are
// runs from its own start and from others near it.
type Function struct {
	Name  string
	About string // what is hard about it
	F     func(x *node) *node
	Start []float64
	Min   float64   // the lowest value
	At    []float64 // where it is
}

// Targets are the parts of the way down, from the start to the minimum, that
// may be left: a run reaches the target ε when f - min ≤ ε·(f₀ - min).
var Targets = []float64{1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6}

// functionBudget is the number of gradient evaluations of a run on a function.
const functionBudget = 1000

// Describe implements [Problem].
func (p Function) Describe() (ProblemInfo, error) {
	if p.F == nil || len(p.Start) == 0 {
		return ProblemInfo{}, fmt.Errorf("the problem %q needs a function and a start", p.Name)
	}
	return ProblemInfo{Name: p.Name, About: p.About, Budget: functionBudget, Score: "area", Schedule: "constant", Dtype: "float64", Cases: true,
		Rates: &spec.Interval{Lo: 1e-6, Hi: 10}, Dim: len(p.Start), Targets: Targets}, nil
}

// Prepare implements [Problem].
func (p Function) Prepare(e Entrant) (*train.Trainer, error) {
	return train.New(train.Task{Compute: func(b *train.Batch) train.Result {
		x := b.Graph().Param("x", graph.From(p.Start...), len(p.Start))
		return train.Result{Losses: []train.Loss{{Name: "value", Weight: 1, Node: p.F(x)}}}
	}}, e.Rule, graph.Float64, 0)
}

// nothing is what a function is trained on: rows that have no arrays.
type nothing int

// Rows implements [data.Rows].
func (n nothing) Rows() int { return int(n) }

// Array implements [data.Rows].
func (nothing) Array(string) (data.Array, bool) { return data.Array{}, false }

// Begin implements [Problem].
func (p Function) Begin(a *Attempt) (train.Run, error) {
	if err := a.Trainer.Reset(a.Seed); err != nil {
		return train.Run{}, err
	}
	if err := a.Trainer.Store().Lookup("x").Set(p.start(a.Case)); err != nil {
		return train.Run{}, err
	}
	return descend(a, noter(a.Out, p.Min, func(first float64) []float64 {
		reach := slices.Clone(Targets)
		for i := range reach {
			reach[i] *= first
		}
		return reach
	}))
}

// descend is the run of a job on a function that begins at the trainer's parameters. Its
// evaluations are noted, and the value at the start is the first.
func descend(a *Attempt, note func(k int, f float64) bool) (train.Run, error) {
	if a.Method != nil {
		run := train.Run{Train: nothing(1), Method: a.Method, Epochs: a.Budget}
		err := run.Check(a.Trainer)
		run.Method = counted{a.Method, a.Budget, note}
		return run, err
	}
	look := func(s *train.State) error {
		if s.Ended == nil && note(a.Trainer.Steps(), s.Last) {
			s.Stop("all targets are reached")
		}
		return nil
	}
	return train.Run{Train: nothing(a.Budget), Epochs: 1, Batch: 1, InOrder: true, Callbacks: []train.Callback{look}}, nil
}

// counted is a method of which each evaluation is noted, not only the points that it
// moves to.
type counted struct {
	search.Method
	budget int
	note   func(k int, f float64) bool
}

// Search implements [search.Method].
func (m counted) Search(run *search.Run) search.Reason {
	p, k := run.Problem, 0
	value, gradient, product := p.Func, p.Grad, p.HVP
	see := func(f float64) float64 {
		if k++; k <= m.budget && finite(f) {
			m.note(k, f)
		}
		return f
	}
	p.Func = func(x []float64) float64 { return see(value(x)) }
	p.Grad = func(x, grad []float64) float64 { return see(gradient(x, grad)) }
	p.HVP = func(x, v, hv []float64) { k++; product(x, v, hv) }
	return m.Method.Search(run)
}

// Score implements [Problem].
func (p Function) Score(*Attempt) error { return nil }

// noter returns what notes when a run comes as near to the least value as reach says, of
// how far away it was at first, from the farthest on; in the order of its evaluations.
// It reports whether all has been reached.
func noter(out *Outcome, least float64, reach func(first float64) []float64) func(k int, f float64) (done bool) {
	var targets []float64
	next := 0
	out.Hits = make([]int, len(reach(0)))
	return func(k int, f float64) bool {
		if targets == nil {
			targets = reach(f - least)
		}
		for next < len(targets) && f-least <= targets[next] {
			out.Hits[next] = k
			next++
		}
		return next == len(targets)
	}
}

// start returns a start of the problem: its own, or one that is off by about a
// tenth.
func (p Function) start(number int) []float64 {
	x := slices.Clone(p.Start)
	if number > 0 {
		rng := rand.New(rand.NewPCG(seedOf(0, p.Name, number), 0))
		for i := range x {
			x[i] += float64(0.1 * max(1, math.Abs(x[i])) * elementary.Normal(rng))
		}
	}
	return x
}
