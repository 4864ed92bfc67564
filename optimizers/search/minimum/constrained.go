package minimum

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"descent/graph"
	"descent/internal/elementary"
	"descent/ops"
	"descent/optimizers/search"
	"descent/optimizers/search/point"
)

// A Constraint is what has to hold where the value is least: each element of a
// node is 0, or not above 0.
type Constraint struct {
	Name  string // as a user calls it
	Node  *graph.Node
	Equal bool // it is to be 0
}

// A Held is an element of a constraint at the point that was found.
type Held struct {
	Name string `json:"name"`
	// Multiplier is λ of the Lagrangian f + λc, of -f + λc where a maximum is looked
	// for: by how much the value would get better if the side that limits were
	// moved by one, to first order.
	Multiplier float64 `json:"multiplier"`
	Slack      float64 `json:"slack"`    // how far an inequality is from its limit; 0 of an equation
	Violated   float64 `json:"violated"` // by how much it does not hold
	Active     bool    `json:"active"`   // it holds with equality, or not at all
}

// Kinds of points under constraints.
const (
	constrained = " under the constraints"
	infeasible  = "infeasible"
)

// constrain adds the constraints and the bounds to the problem of the parameters.
func (r *run) constrain() error {
	p := r.fn.Problem
	for _, b := range r.bounds {
		lo, hi := b.Ends()
		p.Lower, p.Upper = append(p.Lower, lo), append(p.Upper, hi)
	}
	var all []*graph.Node
	var equal []bool
	for _, c := range r.Constraints {
		n := c.Node.Shape().Size()
		all = append(all, ops.Reshape(c.Node, n))
		for range n {
			equal = append(equal, c.Equal)
		}
	}
	return p.Constrain(ops.Concat(0, all...), equal)
}

// under searches with a method where the constraints hold, from as many starts as
// it asks for.
func (r *run) under(ctx context.Context, m search.Method) (*Found, error) {
	p := r.fn.Problem
	stop := search.Stop{Iterations: r.Steps, Path: true}
	starts, sigma, seed := 1, 0.0, uint64(0)
	many, jumps := m.(search.MultiStart)
	if jumps {
		m, starts, sigma, seed = many.Local, max(many.Starts, 1), many.Sigma, many.Seed
	}
	rng := rand.New(rand.NewPCG(seed, 2))
	var best *Found
	evaluations := 0
	for k := range starts {
		for i, b := range r.bounds {
			if k > 0 {
				lo, hi := b.Ends()
				p.Start[i] = max(lo, min(hi, r.start[i]+float64(sigma*elementary.Normal(rng))))
			}
		}
		res, err := search.Minimize(ctx, p, search.AugmentedLagrangian{Local: m, Tol: r.Tolerance}, stop)
		if err != nil {
			return nil, err
		}
		if len(res.Trace) == 0 {
			break
		}
		f, err := r.stands(res)
		if err != nil {
			return nil, err
		}
		if evaluations += f.Evaluations; jumps {
			f.ends(best)
		}
		if best == nil || f.better(best, r.sign()) {
			best = f
		} else {
			best.Path, best.Trace = f.Path, f.Trace
		}
	}
	if best == nil {
		return nil, ctx.Err() // cancelled before the first step
	}
	best.Evaluations, best.Jumps, best.Steps = evaluations, jumps, len(best.Path)-1
	return best, nil
}

// ends makes the path that of the ends of all searches so far.
func (f *Found) ends(before *Found) {
	last := len(f.Path) - 1
	f.Path, f.Trace = f.Path[last:], f.Trace[last:]
	if before != nil {
		f.Path, f.Trace = append(before.Path, f.Path...), append(before.Trace, f.Trace...)
	}
}

// better tells whether f is what one would rather have found than g.
func (f *Found) better(g *Found, sign float64) bool {
	if f.Converged != g.Converged {
		return f.Converged
	}
	if !f.Converged && f.violation() != g.violation() {
		return f.violation() < g.violation()
	}
	return sign*f.F < sign*g.F
}

// violation is the largest.
func (f *Found) violation() (most float64) {
	for _, h := range f.Constraints {
		most = max(most, h.Violated)
	}
	return most
}

// stands says where a search ended: how well the conditions for a minimum hold.
func (r *run) stands(res *search.Result) (*Found, error) {
	f := &Found{X: res.X, F: r.sign() * res.F, Steps: len(res.Trace) - 1, Evaluations: res.Evaluations, Reason: res.Reason, Stopped: r.words(string(res.Reason))}
	for _, at := range res.Trace {
		f.Path, f.Trace = append(f.Path, at.X), append(f.Trace, r.sign()*at.F)
	}
	moved := make([]float64, len(res.X))
	for _, at := range f.Path {
		for i := range moved {
			moved[i] = max(moved[i], math.Abs(at[i]-r.start[i]))
		}
	}
	o, err := r.fn.Problem.Optimality(res.X, moved, r.Tolerance)
	if err != nil {
		return nil, err
	}
	g := make([]float64, len(res.X))
	r.fn.Problem.Grad(res.X, g)
	for _, d := range g {
		f.Gradient = max(f.Gradient, math.Abs(d))
	}
	f.KKT, f.Constraints = o.Residual, r.held(o)
	f.Converged = o.Optimal
	switch {
	case math.IsNaN(res.F):
		f.Kind = point.NotFinite
	case res.Reason == search.Infeasible:
		f.Kind = infeasible + ": the violations are least here, and not 0"
	case res.Reason == search.Unbounded && !f.Converged:
		f.Kind = r.words(point.Unbounded + ": the value falls without bound" + constrained)
	case !f.Converged:
		f.Kind, f.Open = point.NotConverged, true
	case len(res.X) > point.MaxEigen:
		f.Kind = point.Unknown + ": the conditions hold, and there are too many variables for the Hessian"
	case o.Down > 0:
		f.Kind = point.Saddle + constrained
	case o.Level > 0:
		f.Kind = r.words(fmt.Sprintf("%s%s, flat to second order in %d of the directions that they leave", point.Minimum, constrained, o.Level))
	default:
		f.Kind = r.words(point.Minimum + constrained)
	}
	return f, nil
}

// held are the constraints at a point, one for each element.
func (r *run) held(o *search.Optimality) (out []Held) {
	at := 0
	for _, c := range r.Constraints {
		n := c.Node.Shape().Size()
		for k := range n {
			h, v := Held{Name: c.Name, Multiplier: o.Multipliers[at]}, o.Values[at]
			if n > 1 {
				h.Name = fmt.Sprintf("%s [%d]", c.Name, k)
			}
			if h.Violated = max(0, v); c.Equal {
				h.Violated = math.Abs(v)
			} else {
				h.Slack = max(0, -v)
			}
			h.Active = c.Equal || h.Multiplier > 0 || h.Violated > 0
			out, at = append(out, h), at+1
		}
	}
	return out
}
