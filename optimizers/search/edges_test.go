package search

import (
	"context"
	"fmt"
	"math"
	"testing"

	"descent/graph"
	"descent/losses"
	"descent/optimizers"
)

// everyMethod are the methods with a driver, as they are used.
var everyMethod = []Method{NewLBFGS(), BFGS{}, ConjugateGradient{}, NewtonCG{}, GradientDescent{}, GradientDescent{Wolfe: true}, CMAES{Seed: 1},
	With(optimizers.SGD(), 0.01), With(optimizers.Adam(), 0.05), Annealing{Temperature: 1, Cool: 0.99, Sigma: 0.1},
	MultiStart{Local: BFGS{}, Starts: 3, Sigma: 0.1}, BasinHopping{Local: NewLBFGS(), Sigma: 0.1, Temperature: 1}}

// formulaProblem returns the problem of a formula, one number for each variable.
func formulaProblem(t *testing.T, text string, start map[string]float64) *Problem {
	t.Helper()
	f, err := losses.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Float64, 1)
	bind := map[string]*node{}
	for _, name := range f.Names() {
		bind[name] = g.Param(name, graph.Fill(start[name]))
	}
	loss, err := f.Build(g, bind)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ProblemOf(loss, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// barrier is x - log x, whose value is not finite for x <= 0 in the way that is
// asked for.
func barrier(start float64, outside float64) *Problem {
	value := func(x float64) float64 {
		if x > 0 {
			return x - math.Log(x)
		}
		return outside
	}
	return &Problem{Start: []float64{start},
		Func: func(x []float64) float64 { return value(x[0]) },
		Grad: func(x, g []float64) float64 { g[0] = 1 - 1/x[0]; return value(x[0]) },
		HVP:  func(x, v, hv []float64) { hv[0] = v[0] / (x[0] * x[0]) }}
}

// Whatever a value is called that is none, the methods go round it.
func TestBesideTheEdge(t *testing.T) {
	for _, outside := range []float64{math.NaN(), math.Inf(1)} {
		for _, start := range []float64{1e-9, 0.1, 5, 1e4} {
			for _, m := range everyMethod[:7] {
				res, err := Minimize(context.Background(), barrier(start, outside), m, DefaultStop())
				if err != nil {
					t.Fatal(err)
				}
				if !(math.Abs(res.X[0]-1) < 1e-6) || !res.Reason.Converged() || res.Evaluations > 4000 {
					t.Errorf("%T from %v with %v outside: %v, %s after %d evaluations", m, start, outside, res.X, res.Reason, res.Evaluations)
				}
			}
		}
	}
}

// A value of -Inf is the end: there is no minimum. A rule that leaves the domain
// says so, and the best point is kept.
func TestUnboundedAndLost(t *testing.T) {
	for _, m := range everyMethod[:6] {
		res, err := Minimize(context.Background(), formulaProblem(t, "-x^2-y^2", map[string]float64{"x": 1, "y": 2}), m, DefaultStop())
		if err != nil || res.Reason != Unbounded || math.IsInf(res.F, 0) || res.Reason.Converged() {
			t.Errorf("%T: %+v, %v", m, res.Reason, err)
		}
	}
	res, err := Minimize(context.Background(), barrier(0.1, math.NaN()), With(optimizers.SGD(), 3), DefaultStop())
	if err != nil || res.Reason.Converged() || !(res.F <= 0.1-math.Log(0.1)) {
		t.Errorf("%+v, %v", res, err)
	}
	res, err = Minimize(context.Background(), formulaProblem(t, "-2*log(p)-log(1-p)", map[string]float64{"p": 0.05}), With(optimizers.SGD(), 0.1), DefaultStop())
	if err != nil || res.Reason != NotFinite || res.X[0] != 0.05 {
		t.Errorf("%+v, %v", res, err)
	}
}

// idle evaluates for ever and never takes a step.
type idle struct{}

func (idle) Search(run *Run) Reason {
	for {
		run.Value(run.Start())
	}
}

// A method that asks for no limit is ended by it, at the next evaluation.
func TestNoMethodRunsOn(t *testing.T) {
	calls := func(p *Problem, count *int, at int, do func()) *Problem {
		f, g := p.Func, p.Grad
		step := func() {
			if *count++; *count == at {
				do()
			}
		}
		p.Func = func(x []float64) float64 { step(); return f(x) }
		p.Grad = func(x, d []float64) float64 { step(); return g(x, d) }
		return p
	}
	for _, m := range append(everyMethod, idle{}) {
		for _, at := range []int{1, 2, 3, 5, 8, 13} { // within a line search, too
			ctx, stop := context.WithCancel(context.Background())
			count := 0
			res, err := Minimize(ctx, calls(barrier(123.4, math.NaN()), &count, at, stop), m, Stop{Iterations: 1e9})
			if err != nil || res.Reason != Cancelled || count > at {
				t.Errorf("%T cancelled at evaluation %d: %v, %v, after %d", m, at, res.Reason, err, count)
			}
			count = 0
			res, err = Minimize(context.Background(), calls(barrier(123.4, math.NaN()), &count, -1, nil), m, Stop{Evaluations: at, Iterations: 1e9})
			if err != nil || res.Reason != MaxEvaluations || count > at {
				t.Errorf("%T with %d evaluations: %v, %v, took %d", m, at, res.Reason, err, count)
			}
		}
	}
	res, err := Minimize(context.Background(), barrier(3, math.NaN()), idle{}, DefaultStop())
	if err != nil || res.Reason != MaxPerStep || res.Evaluations != 10000 {
		t.Errorf("%v after %d evaluations, %v", res.Reason, res.Evaluations, err)
	}
	for _, m := range everyMethod {
		res, err := Minimize(context.Background(), formulaProblem(t, "x", map[string]float64{"x": 1}), m, Stop{Iterations: 5})
		if err != nil || res.Iterations > 6 || res.Evaluations > 5*1100 {
			t.Errorf("%T with 5 steps: %d, %d evaluations, %v", m, res.Iterations, res.Evaluations, err)
		}
	}
}

// Newton's method with a trust region solves the collection of Moré, Garbow and
// Hillstrom (1981) that is hard for its shape or its scales, in a few hundred
// products with the Hessian.
func TestTrustRegion(t *testing.T) {
	chain := func(n int) (string, map[string]float64) {
		text, start := "0", map[string]float64{}
		for i := range n {
			start[fmt.Sprint("x", i)] = []float64{-1.2, 1}[i%2]
			if i+1 < n {
				text += fmt.Sprintf("+100*(x%d-x%d^2)^2+(1-x%d)^2", i+1, i, i)
			}
		}
		return text, start
	}
	long, from := chain(20)
	type at = map[string]float64
	for _, c := range []struct {
		name, text string
		start      at
		least      float64
	}{
		{"Rosenbrock", "(1-x)^2+100*(y-x^2)^2", at{"x": -1.2, "y": 1}, 0},
		{"Rosenbrock, far", "(1-x)^2+100*(y-x^2)^2", at{"x": -120, "y": 100}, 0},
		{"Rosenbrock, 20 variables", long, from, 0},
		{"Beale", "(1.5-x+x*y)^2+(2.25-x+x*y^2)^2+(2.625-x+x*y^3)^2", at{"x": 1, "y": 1}, 0},
		{"Powell singular", "(x+10*y)^2+5*(z-w)^2+(y-2*z)^4+10*(x-w)^4", at{"x": 3, "y": -1, "w": 1}, 0},
		{"Wood", "100*(x^2-y)^2+(x-1)^2+(z-1)^2+90*(z^2-w)^2+10.1*((y-1)^2+(w-1)^2)+19.8*(y-1)*(w-1)", at{"x": -3, "y": -1, "z": -3, "w": -1}, 0},
		{"Brown, badly scaled", "(x-1e6)^2+(y-2e-6)^2+(x*y-2)^2", at{"x": 1, "y": 1}, 0},
		{"Powell, badly scaled", "(1e4*x*y-1)^2+(exp(-x)+exp(-y)-1.0001)^2", at{"y": 1}, 0},
		{"a maximum nearby", "cos(x)+0.1*y^2", at{"x": 1e-3, "y": 3}, -1},
		{"negative curvature", "x^4-x^2+y^2", at{"x": 1e-6, "y": 1}, -0.25},
	} {
		p := formulaProblem(t, c.text, c.start)
		res, err := Minimize(context.Background(), p, NewtonCG{}, Stop{Grad: 1e-12})
		if err != nil {
			t.Fatal(err)
		}
		if !(res.F-c.least < 1e-9) || res.Iterations > 300 || res.Evaluations > 1500 {
			t.Errorf("%s: %v at %v after %d steps, %d evaluations: %s", c.name, res.F, res.X, res.Iterations, res.Evaluations, res.Reason)
		}
		t.Logf("%s: %d steps, %d evaluations, %s", c.name, res.Iterations-1, res.Evaluations, res.Reason)
	}
}
