package search

import (
	"math/rand/v2"
	"slices"

	"descent/internal/elementary"
)

// Methods that look for the least of several minima.

// Annealing is simulated annealing: a proposal that is worse by δ is taken with
// probability e^(-δ/temperature), and the temperature falls by a factor at each
// step. Proposals are normal steps of length Sigma, or, where Sigma is 0, steps
// of length LR down the gradient: those are deterministic and stay in the basin
// they start in. Kirkpatrick, Gelatt, Vecchi 1983,
// https://doi.org/10.1126/science.220.4598.671.
type Annealing struct {
	Temperature float64 `help:"at the first step" range:"(0,inf)"`
	Cool        float64 `help:"factor of the temperature at each step" range:"(0,1)"`
	Sigma       float64 `help:"length of the proposals; 0 is steps down the gradient" range:"[0,inf)"`
	LR          float64 `help:"of the steps down the gradient" range:"[0,inf)"`
	Seed        uint64
}

// Search implements [Method].
func (m Annealing) Search(run *Run) Reason {
	rng := rand.New(rand.NewPCG(m.Seed, 1))
	x, g := run.Start(), make([]float64, len(run.Problem.Start))
	next := make([]float64, len(x))
	f := run.Grad(x, g)
	for temp := m.Temperature; ; temp *= m.Cool {
		if run.Visit(x, f, g) {
			return Finished
		}
		if m.Sigma == 0 {
			axpy(next, x, -m.LR, g)
		} else {
			for i := range x {
				next[i] = x[i] + float64(m.Sigma*elementary.Normal(rng))
			}
		}
		h := make([]float64, len(x))
		fn := run.Grad(next, h)
		if fn < f || rng.Float64() < elementary.Exp((f-fn)/temp) {
			copy(x, next)
			f, g = fn, h
		}
	}
}

// MultiStart searches from points drawn around the start, and from the start.
type MultiStart struct {
	Local  Method
	Starts int
	Sigma  float64 // standard deviation of the starts
	Seed   uint64
	Each   Stop // of each search
}

// Search implements [Method].
func (m MultiStart) Search(run *Run) Reason {
	rng := rand.New(rand.NewPCG(m.Seed, 2))
	for k := range m.Starts {
		x := run.Start()
		if k > 0 {
			for i := range x {
				x[i] += float64(m.Sigma * elementary.Normal(rng))
			}
		}
		if best := run.from(x, m.Local, m.Each); run.Visit(best.X, best.F, nil) {
			break
		}
	}
	return Finished
}

// BasinHopping searches from a random step beside the best minimum so far, and
// takes a worse minimum with probability e^(-δ/temperature).
// Wales, Doye 1997, https://doi.org/10.1021/jp970984n.
type BasinHopping struct {
	Local       Method
	Sigma       float64 // standard deviation of a hop
	Temperature float64
	Seed        uint64
	Each        Stop // of each search
}

// Search implements [Method].
func (m BasinHopping) Search(run *Run) Reason {
	rng := rand.New(rand.NewPCG(m.Seed, 3))
	now := run.from(run.Start(), m.Local, m.Each)
	for !run.Visit(now.X, now.F, nil) {
		x := slices.Clone(now.X)
		for i := range x {
			x[i] += float64(m.Sigma * elementary.Normal(rng))
		}
		next := run.from(x, m.Local, m.Each)
		if next.F < now.F || rng.Float64() < elementary.Exp((now.F-next.F)/m.Temperature) {
			now = next
		}
	}
	return Finished
}

// from runs a local search as a part of this run: its evaluations count, and
// this run's limits end it.
func (r *Run) from(x []float64, m Method, stop Stop) *Result {
	p := *r.Problem
	p.Start = x
	res := r.part(&p, m, stop)
	r.keep(res.X, res.F)
	return res
}

// part searches for the least value of another problem as a part of this run.
func (r *Run) part(p *Problem, m Method, stop Stop) *Result {
	if stop.Iterations == 0 {
		stop.Iterations = 10000
	}
	if r.stop.Evaluations > 0 {
		left := max(r.stop.Evaluations-r.res.Evaluations, 1)
		if stop.Evaluations == 0 || left < stop.Evaluations {
			stop.Evaluations = left
		}
	}
	stop.Time = r.stop.Time
	in := newRun(r.ctx, p, stop)
	in.start = r.start
	in.search(m)
	r.res.Evaluations += in.res.Evaluations
	return in.res
}
