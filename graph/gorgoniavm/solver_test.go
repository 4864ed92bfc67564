package gorgoniavm

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// held is a node as a solver sees it.
type held struct{ value, grad gorgonia.Value }

func (h *held) Value() gorgonia.Value         { return h.value }
func (h *held) Grad() (gorgonia.Value, error) { return h.grad, nil }

var solverCases = map[string]func(...gorgonia.SolverOpt) gorgonia.Solver{
	"vanilla":  func(o ...gorgonia.SolverOpt) gorgonia.Solver { return gorgonia.NewVanillaSolver(o...) },
	"momentum": func(o ...gorgonia.SolverOpt) gorgonia.Solver { return gorgonia.NewMomentum(o...) },
	"rmsprop":  func(o ...gorgonia.SolverOpt) gorgonia.Solver { return gorgonia.NewRMSPropSolver(o...) },
	"adagrad":  func(o ...gorgonia.SolverOpt) gorgonia.Solver { return gorgonia.NewAdaGradSolver() }, // which takes no options
	"adam":     func(o ...gorgonia.SolverOpt) gorgonia.Solver { return gorgonia.NewAdamSolver(o...) },
}

var solverSettings = map[string][]gorgonia.SolverOpt{
	"defaults":  nil,
	"penalties": {gorgonia.WithL1Reg(.02), gorgonia.WithL2Reg(.03), gorgonia.WithLearnRate(.05)},
	"clipped":   {gorgonia.WithClip(.4), gorgonia.WithBatchSize(3)},
	"decays":    {gorgonia.WithBeta1(.8), gorgonia.WithBeta2(.9), gorgonia.WithRho(.7), gorgonia.WithMomentum(.5), gorgonia.WithEps(1e-3)},
}

// parameters are a tensor of each element type, and a scalar.
func parameters() []*held {
	f32 := make([]float32, 7)
	for i, x := range values(7, -1, 1, 3) {
		f32[i] = float32(x)
	}
	return []*held{
		{array(-1, 1, 2, 3, 4), array(0, 0, 0, 3, 4)},
		{tensor.New(tensor.WithShape(7), tensor.WithBacking(f32)), tensor.New(tensor.WithShape(7), tensor.Of(tensor.Float32))},
		{gorgonia.NewF64(-0.3), gorgonia.NewF64(0)},
	}
}

// TestSolver: each solver moves parameters as gorgonia's does, and clears the
// gradients.
func TestSolver(t *testing.T) {
	for name, make := range solverCases {
		for with, opts := range solverSettings {
			for k := range parameters() {
				theirs, ours := make(opts...), Solver(make(opts...))
				a, b := parameters()[k], parameters()[k]
				for step := range 12 {
					for _, h := range []*held{a, b} {
						g := floats(h.value)
						for i := range g {
							g[i] = math.Sin(float64(3*step+5*i+1)) + .2*g[i]
						}
						ok(fill(h.grad, g))
					}
					ok(theirs.Step([]gorgonia.ValueGrad{a}))
					ok(ours.Step([]gorgonia.ValueGrad{b}))
				}
				limit := 1e-14
				if a.value.Dtype() == tensor.Float32 {
					limit = 1e-5
				}
				if d := far(floats(a.value), floats(b.value)); !(d <= limit) {
					t.Errorf("%s, %s, parameter %d: %v, gorgonia's %v", name, with, k, b.value, a.value)
				}
				if far(floats(b.grad), floats(a.grad)) > 0 {
					t.Errorf("%s: the gradient is not cleared", name)
				}
			}
		}
	}
}

// TestSolverRate: the rate is that which the given solver has at the time.
func TestSolverRate(t *testing.T) {
	given := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(.1))
	s := Solver(given)
	h := &held{vector(1, 2), vector(1, 1)}
	ok(s.Step([]gorgonia.ValueGrad{h}))
	gorgonia.WithLearnRate(.5)(given)
	ok(fill(h.grad, []float64{1, 1}))
	ok(s.Step([]gorgonia.ValueGrad{h}))
	if got := floats(h.value); far(got, []float64{.4, 1.4}) > 1e-15 {
		t.Errorf("the parameter is %v", got)
	}
}

// TestOtherSolvers are returned as they are.
func TestOtherSolvers(t *testing.T) {
	for _, s := range []gorgonia.Solver{gorgonia.NewBarzilaiBorweinSolver(), gorgonia.NewAdamW(), Solver(gorgonia.NewAdamSolver())} {
		if Solver(s) != s {
			t.Errorf("%T becomes another", s)
		}
	}
}
