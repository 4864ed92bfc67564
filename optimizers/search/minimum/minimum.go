// Package minimum looks for the least or the largest value of an expression over
// parameters within bounds and under constraints, and says what it found.
package minimum

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/graph"
	"descent/ops"
	"descent/optimizers/search"
	"descent/optimizers/search/point"
)

// A Search is what is looked for.
type Search struct {
	Value  *graph.Node    // a number
	Params []*graph.Node  // what is varied, from the values that it has
	Feeds  []graph.Feed   // of the inputs
	Bounds []search.Bound // of each of Params; nil for none
	// Constraints have to hold where the value is least; on the way there they may
	// be violated, which bounds never are.
	Constraints []Constraint
	Maximize    bool
	Steps       int     // at most
	Tolerance   float64 // largest element of the gradient at the end
}

// Found is where a search ended. Vectors have the elements of all parameters,
// one after the other.
type Found struct {
	X           []float64 // the best point
	F           float64
	Gradient    float64 // its largest element
	Steps       int
	Evaluations int
	Reason      search.Reason
	Stopped     string    // the reason, in words of what was looked for
	Kind        string    // of the point, in words
	Converged   bool      // to a point that is stationary
	Diverged    bool      // it ended above all points before, or where there is no value
	Open        bool      // nothing is known of the point, but that it is not stationary
	Directions  []string  // that Kind speaks of
	Eigenvalues []float64 // of the Hessian; none with constraints
	Constraints []Held    // one for each element
	// KKT is the largest residual of the conditions of Karush, Kuhn and Tucker, see
	// [search.Optimality]; 0 without constraints.
	KKT float64

	Jumps bool        // the points of the path are no steps from one to the next
	Path  [][]float64 // all points
	Trace []float64   // the value at each point of the path
}

// A run is one search with one method. Where parameters have bounds, the method
// moves variables behind them that have none.
type run struct {
	*Search
	start  []float64
	bounds []search.Bound // of each element
	free   *search.Problem
	fn     *point.Function
}

// Run searches with a method from where the parameters are, and puts them back
// there.
func (s *Search) Run(ctx context.Context, m search.Method) (*Found, error) {
	r, err := s.prepare()
	if err != nil {
		return nil, err
	}
	defer s.Move(r.start)
	if len(s.Constraints) > 0 {
		return r.under(ctx, m)
	}
	stop := search.Stop{Grad: s.Tolerance, Iterations: s.Steps, Path: true, Confirm: r.confirm}
	many, jumps := m.(search.MultiStart)
	if jumps {
		many.Each.Confirm = stop.Confirm
		m = many
	}
	res, err := search.Minimize(ctx, r.free, m, stop)
	if err == nil {
		err = r.goOn(ctx, m, stop, res)
	}
	if err != nil {
		return nil, err
	}
	if len(res.Trace) == 0 {
		return nil, ctx.Err() // cancelled before the first step
	}
	f := &Found{X: r.bounded(res.X), Steps: len(res.Trace) - 1, Evaluations: res.Evaluations, Reason: res.Reason, Stopped: s.words(string(res.Reason)), Jumps: jumps}
	for _, at := range res.Trace {
		f.Path = append(f.Path, r.bounded(at.X))
		f.Trace = append(f.Trace, s.sign()*at.F)
	}
	return f, r.judge(f)
}

// prepare makes the two problems of a run: over the variables behind the bounds,
// for the method, and over the parameters themselves, for the kind of a point.
func (s *Search) prepare() (*run, error) {
	goal := s.Value
	if s.Maximize {
		goal = ops.Neg(goal)
	}
	switch {
	case len(s.Params) == 0:
		return nil, errors.New("minimum: there are no parameters to vary")
	case s.Bounds != nil && len(s.Bounds) != len(s.Params):
		return nil, fmt.Errorf("minimum: %d bounds for %d parameters", len(s.Bounds), len(s.Params))
	}
	r := &run{Search: s}
	var free, within []*graph.Node
	for i, p := range s.Params {
		if p.Variable() == nil {
			return nil, fmt.Errorf("minimum: %v is not a parameter", p)
		}
		var b search.Bound
		if s.Bounds != nil {
			b = s.Bounds[i]
		}
		start := p.Variable().Float64s()
		inner := make([]float64, len(start))
		for k, x := range start {
			if err := b.Check(p.Name(), x); err != nil {
				return nil, err
			}
			inner[k] = b.Free(x)
			r.bounds = append(r.bounds, b)
		}
		r.start = append(r.start, start...)
		u := p.Graph().Param(p.Graph().Unique(p.Name()+" (free)"), graph.From(inner...), p.Shape().Dims()...)
		free, within = append(free, u), append(within, b.Node(u))
	}
	var err error
	if r.free, err = search.ProblemOf(graph.Substitute([]*graph.Node{goal}, s.Params, within)[0], free, s.Feeds...); err != nil {
		return nil, err
	}
	r.fn = &point.Function{Names: s.Names(), Bounds: r.bounds, Start: r.start}
	if r.fn.Problem, err = search.ProblemOf(goal, s.Params, s.Feeds...); err == nil && len(s.Constraints) > 0 {
		err = r.constrain()
	}
	return r, err
}

// Names returns a name for each element of the parameters.
func (s *Search) Names() (out []string) {
	for _, p := range s.Params {
		if p.Shape().Rank() == 0 {
			out = append(out, p.Name())
			continue
		}
		for k := range p.Shape().Size() {
			out = append(out, fmt.Sprintf("%s[%d]", p.Name(), k))
		}
	}
	return out
}

// Move puts the parameters at a point.
func (s *Search) Move(x []float64) error {
	for _, p := range s.Params {
		n := p.Shape().Size()
		if err := p.Variable().Set(x[:n]); err != nil {
			return err
		}
		x = x[n:]
	}
	return nil
}

// bounded maps the variables behind the bounds to those within.
func (r *run) bounded(u []float64) []float64 {
	x := make([]float64, len(u))
	for i := range u {
		x[i] = r.bounds[i].Value(u[i])
	}
	return x
}

// confirm ends a search where its gradient is small if that is a stationary
// point, or if there is none to be found.
func (r *run) confirm(u []float64) search.Reason {
	kind, err := r.fn.At(r.bounded(u), make([]float64, len(u))).Kind()
	switch {
	case err != nil || kind.Stationary():
		return search.GradientSmall
	case kind.Class == point.Unbounded:
		return search.Unbounded
	case kind.Class == point.NoMinimum:
		return search.NoMinimum
	}
	return ""
}

// sign is -1 where a maximum is looked for.
func (s *Search) sign() float64 {
	if s.Maximize {
		return -1
	}
	return 1
}

// words turns what is said of a minimum into what is said of a maximum, where
// one is looked for.
func (s *Search) words(text string) string {
	if s.Maximize {
		return strings.NewReplacer("falls", "rises", "lower", "higher", point.Minimum, point.Maximum, point.Maximum, point.Minimum).Replace(text)
	}
	return text
}

// Anneal searches by simulated annealing, then goes down from the best point.
func (s *Search) Anneal(ctx context.Context, a search.Annealing) (*Found, error) {
	hot := *s
	hot.Tolerance = 0
	first, err := hot.Run(ctx, a)
	if err != nil {
		return nil, err
	}
	var start []float64
	for _, p := range s.Params {
		start = append(start, p.Variable().Float64s()...)
	}
	defer s.Move(start)
	if err := s.Move(first.X); err != nil {
		return nil, err
	}
	last, err := s.Run(ctx, search.NewLBFGS())
	if err != nil {
		return nil, err
	}
	last.Steps += first.Steps
	last.Evaluations += first.Evaluations
	last.Path = append(first.Path, last.Path...)
	last.Trace = append(first.Trace, last.Trace...)
	return last, nil
}

// judge fills in what is at the point that was found.
func (r *run) judge(f *Found) error {
	moved := make([]float64, len(f.X)) // over points below the start: others may be anywhere
	for k, at := range f.Path {
		for i := range moved {
			if r.sign()*f.Trace[k] < r.sign()*f.Trace[0] {
				moved[i] = max(moved[i], math.Abs(at[i]-r.start[i]))
			}
		}
	}
	spot := r.fn.At(f.X, moved)
	f.F, f.Gradient = r.sign()*spot.F(), spot.Gradient()
	kind, err := spot.Kind()
	if err != nil {
		return err
	}
	if f.Reason == search.Unbounded && kind.Class != point.Unbounded { // -Inf was seen
		values := kind.Eigenvalues
		kind = spot.Unbounded()
		kind.Eigenvalues = values
	}
	f.Kind, f.Directions, f.Eigenvalues = r.words(kind.Text(r.sign())), kind.Directions, kind.Eigenvalues
	if r.Maximize {
		for i := range f.Eigenvalues {
			f.Eigenvalues[i] = 0 - f.Eigenvalues[i]
		}
		slices.Sort(f.Eigenvalues)
	}
	f.Open = kind.Class == point.NotConverged
	f.Converged = kind.Stationary() && !(f.Reason == search.NotFinite && f.Steps > 0)
	f.Diverged = r.diverged(f)
	if f.Diverged && f.Open {
		f.Kind += ": the run diverged"
	}
	return nil
}

// diverged reports whether a run ended where there is no value, or above all
// points before.
func (s *Search) diverged(f *Found) bool {
	if f.Reason == search.NotFinite {
		return f.Steps > 0
	}
	last := s.sign() * f.Trace[len(f.Trace)-1]
	for _, v := range f.Trace[:len(f.Trace)-1] {
		if !(s.sign()*v < last) {
			return false
		}
	}
	return f.Steps > 0
}
