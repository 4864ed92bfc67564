package bench

import (
	"slices"
	"testing"

	"descent/ops"
)

var parabola = Function{Name: "parabola", F: func(x *node) *node { return ops.Sum(ops.Square(x)) }, Start: []float64{1}, At: []float64{0}}

// By hand: with rate 1/4, x halves at each step, so f is 4^-j after j steps,
// seen at evaluation j+1: below 0.1 at j=2, 0.01 at 4, 0.001 at 5, and so on.
func TestSuiteByHand(t *testing.T) {
	s := few(t, []Function{parabola}, "sgd(lr=0.25)")
	s.Seeds = 1
	r := run(t, s)
	if got, want := r.Runs[0].Hits, []int{3, 5, 6, 8, 10, 11}; !slices.Equal(got, want) {
		t.Errorf("targets reached at %v, want %v", got, want)
	}
	// Area: 1 - mean(ln hit)/ln 100; the product of the hits is 79200.
	m := r.Overall[0]
	near(t, "area", m.Score, 1-11.279731/(6*4.605170), 1e-6)
	near(t, "reached", m.Reached, 1, 1e-12)
	if m.Solved != 1 || m.Default != nil || m.Rank != 1 {
		t.Errorf("%+v", m)
	}
}

func TestSuiteDivergence(t *testing.T) {
	s := few(t, []Function{parabola}, "sgd(lr=1e200)", "sgd(lr=0.25)")
	r := run(t, s)
	last := r.Overall[1]
	if last.Optimizer != "sgd(lr=1e200)" || last.Diverged != 1 || last.Solved != 0 {
		t.Errorf("%+v", last)
	}
}

// A method with a line search is an entrant like a rule: it has no rate, and each
// of its evaluations counts.
func TestSuiteOfMethods(t *testing.T) {
	with := func(budget, workers int) *Results {
		s := few(t, Functions[:4], "lbfgs", "newton", "cmaes(sigma=0.3)", "adam(lr=0.1)")
		s.Budget, s.Seeds, s.Workers = budget, 2, workers
		return run(t, s)
	}
	long, short := with(300, 1), with(20, 2)
	for i, a := range long.Runs {
		b := short.Runs[i]
		if search := a.Optimizer != "adam(lr=0.1)"; search != (a.LR == 0) {
			t.Errorf("%s has the rate %v", a.Optimizer, a.LR)
		}
		for k, hit := range a.Hits {
			want := hit // what a budget does not reach is all that it changes
			if hit > 20 {
				want = 0
			}
			if b.Hits[k] != want {
				t.Errorf("%s on %s: target %d after %d evaluations, with a budget of 20 after %d", a.Optimizer, a.Problem, k, hit, b.Hits[k])
			}
		}
	}
	if best := long.Overall[0]; best.Optimizer != "newton" && best.Optimizer != "lbfgs" || best.Solved != 4 || best.One != nil {
		t.Errorf("%+v", best)
	}
}
