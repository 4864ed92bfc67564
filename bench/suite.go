package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"descent/graph"
	"descent/internal/elementary"
	"descent/optimizers"
	"descent/optimizers/search"
)

// A Suite compares optimizers on analytic problems, by the gradient
// evaluations that they need. Zero settings mean the defaults.
type Suite struct {
	Name     string
	Problems []Problem
	Entrants []Entrant
	Budget   int       // gradient evaluations of each run; 0 means 1000
	Starts   int       // of each problem: its own and others near it; 0 means 3
	Seed     uint64    // of the other starts
	Rates    []float64 // nil means half decades from 1e-6 to 10, and the default
	Workers  int       // 0 means one for each processor
	Progress func(Progress)
}

// Targets are the parts of the way down, from the start to the minimum, that
// may be left: a run reaches the target ε when f - min ≤ ε·(f₀ - min).
var Targets = []float64{1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6}

// A SuiteRun is a run on a problem.
type SuiteRun struct {
	Problem   string  `json:"problem"`
	Start     int     `json:"start"` // 0 is the problem's own
	Optimizer string  `json:"optimizer"`
	LR        float64 `json:"lr"`
	// Hits are the gradient evaluations after which each target was reached, 0
	// if it was not. The value at the start is the first evaluation.
	Hits       []int `json:"hits"`
	DivergedAt int   `json:"diverged_at"`
}

func (r *SuiteRun) spent(budget int) (sum int) {
	for _, h := range r.Hits {
		if h == 0 {
			h = 2 * budget
		}
		sum += h
	}
	return sum
}

func (s *Suite) defaults() error {
	or := func(x *int, value int) {
		if *x == 0 {
			*x = value
		}
	}
	or(&s.Budget, 1000)
	or(&s.Starts, 3)
	or(&s.Workers, runtime.GOMAXPROCS(0))
	switch {
	case len(s.Problems) == 0 || len(s.Entrants) == 0:
		return fmt.Errorf("bench: a suite needs problems and optimizers")
	case s.Budget < 2 || s.Starts < 1 || s.Workers < 1:
		return fmt.Errorf("bench: budget %d, starts %d, workers %d: too few", s.Budget, s.Starts, s.Workers)
	}
	seen := map[string]bool{}
	for _, p := range s.Problems {
		switch {
		case p.F == nil || len(p.Start) == 0:
			return fmt.Errorf("bench: the problem %q needs a function and a start", p.Name)
		case seen[p.Name]:
			return fmt.Errorf("bench: two problems are called %q", p.Name)
		}
		seen[p.Name] = true
	}
	if err := checkRates(s.Rates); err != nil {
		return err
	}
	return checkEntrants(s.Entrants)
}

// rates returns the rates that an entrant is run with.
func (s *Suite) rates(e Entrant) []float64 {
	switch {
	case e.Method != nil:
		return []float64{0} // it has none
	case e.Rate != nil:
		return []float64{*e.Rate}
	case e.Rates != nil:
		return e.Rates
	}
	rates := slices.Clone(s.Rates)
	if rates == nil {
		for k := rung(1e-6); k <= rung(10); k++ {
			rates = append(rates, rate(k))
		}
		if e.Default > 0 {
			rates = append(rates, e.Default)
		}
	}
	slices.Sort(rates)
	return slices.Compact(rates)
}

// Run does the suite.
func (s *Suite) Run(ctx context.Context) (*SuiteResults, error) {
	if err := s.defaults(); err != nil {
		return nil, err
	}
	begin := time.Now()
	jobs := len(s.Problems) * len(s.Entrants)
	l := &lab{Study: &Study{Workers: s.Workers, Progress: s.Progress}, start: begin, planned: jobs, phase: s.Name}
	runs := make([][]SuiteRun, jobs)
	err := l.each(ctx, jobs, func(i int) (failed bool, err error) {
		p, e := s.Problems[i/len(s.Entrants)], s.Entrants[i%len(s.Entrants)]
		if e.Method != nil {
			runs[i], err = s.search(ctx, p, e)
		} else {
			runs[i], err = s.minimise(p, e)
		}
		return false, err
	})
	if err != nil {
		return nil, err
	}
	r := &SuiteResults{Format: resultsFormat, Suite: s.Name, Budget: s.Budget, Starts: s.Starts, Seed: s.Seed,
		Targets: Targets, Machine: ThisMachine(), Runs: slices.Concat(runs...)}
	for _, p := range s.Problems {
		r.Problems = append(r.Problems, ProblemInfo{p.Name, p.About, len(p.Start)})
	}
	r.summarise(s)
	r.Timing = Timing{time.Since(begin).Seconds(), s.Workers}
	return r, nil
}

// minimise runs one optimizer on one problem, from each start and with each
// rate. All these runs share one program.
func (s *Suite) minimise(p Problem, e Entrant) ([]SuiteRun, error) {
	g := graph.New(graph.Float64, s.Seed)
	x := g.Param("x", graph.From(p.Start...), len(p.Start))
	f := p.F(x)
	t := optimizers.Descend(f, e.Rule)
	prog, err := graph.Function{Outputs: []*graph.Node{f}, Updates: t.Updates}.Compile()
	if err != nil {
		return nil, fmt.Errorf("%s on %s: %w", e.Label, p.Name, err)
	}
	vars := g.Store().Variables()
	initial := make([][]float64, len(vars))
	for i, v := range vars {
		initial[i] = v.Float64s()
	}
	var out []SuiteRun
	var lr [1]float64
	feed := graph.Let(t.LR, lr[:])
	step := func() (float64, error) {
		err := prog.Run(feed)
		return prog.Scalar(f), err
	}
	for start, from := range s.starts(p) {
		for _, lr[0] = range s.rates(e) {
			for i, v := range vars {
				value := initial[i]
				if v == x.Variable() {
					value = from
				}
				if err := v.Set(value); err != nil {
					return nil, err
				}
			}
			run := SuiteRun{Problem: p.Name, Start: start, Optimizer: e.Label, LR: lr[0]}
			if err := run.watch(step, p.Min, s.Budget); err != nil {
				return nil, err
			}
			out = append(out, run)
		}
	}
	return out, nil
}

// search runs a method on one problem, from each start. Every evaluation counts,
// of the value, the gradient or a product with the Hessian.
func (s *Suite) search(ctx context.Context, p Problem, e Entrant) ([]SuiteRun, error) {
	var out []SuiteRun
	for start, from := range s.starts(p) {
		g := graph.New(graph.Float64, s.Seed)
		x := g.Param("x", graph.From(from...), len(from))
		problem, err := search.ProblemOf(p.F(x), []*graph.Node{x})
		if err != nil {
			return nil, fmt.Errorf("%s on %s: %w", e.Label, p.Name, err)
		}
		run := SuiteRun{Problem: p.Name, Start: start, Optimizer: e.Label}
		k := 0
		note := run.noter(p.Min)
		value, gradient, product := problem.Func, problem.Grad, problem.HVP
		see := func(f float64) float64 {
			if k++; k <= s.Budget && finite(f) {
				note(k, f)
			}
			return f
		}
		problem.Func = func(x []float64) float64 { return see(value(x)) }
		problem.Grad = func(x, grad []float64) float64 { return see(gradient(x, grad)) }
		problem.HVP = func(x, v, hv []float64) { k++; product(x, v, hv) }
		target := p.Min
		stop := search.Stop{Evaluations: s.Budget, Target: &target}
		if _, err := search.Minimize(ctx, problem, e.Method, stop); err != nil {
			return nil, fmt.Errorf("%s on %s: %w", e.Label, p.Name, err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out = append(out, run)
	}
	return out, nil
}

// noter returns what notes when a run reaches the targets, in the order of its
// evaluations, and reports whether it has reached all.
func (r *SuiteRun) noter(low float64) func(k int, f float64) (done bool) {
	r.Hits = make([]int, len(Targets))
	hits, first, next := r.Hits, math.NaN(), 0
	return func(k int, f float64) bool {
		if math.IsNaN(first) {
			first = f
		}
		for next < len(Targets) && f-low <= Targets[next]*(first-low) {
			hits[next] = k
			next++
		}
		return next == len(Targets)
	}
}

// watch notes when a run reaches the targets. It stops when all are reached.
func (r *SuiteRun) watch(step func() (float64, error), low float64, budget int) error {
	note := r.noter(low)
	for k := 1; k <= budget; k++ {
		f, err := step()
		switch {
		case err != nil:
			return err
		case !finite(f):
			r.DivergedAt = k
			return nil
		case note(k, f):
			return nil
		}
	}
	return nil
}

// starts returns the starts of a problem: its own, and others that are off by
// about a tenth.
func (s *Suite) starts(p Problem) [][]float64 {
	out := [][]float64{p.Start}
	for k := 1; k < s.Starts; k++ {
		rng := rand.New(rand.NewPCG(seedOf(s.Seed, p.Name, k), 0))
		x := slices.Clone(p.Start)
		for i := range x {
			x[i] += float64(0.1 * max(1, math.Abs(x[i])) * elementary.Normal(rng))
		}
		out = append(out, x)
	}
	return out
}
