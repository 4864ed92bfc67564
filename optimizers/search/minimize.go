// Package search looks for a minimum of a function of a vector: by line searches,
// trust regions, least squares, random steps, or an update rule of package
// optimizers.
package search

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"
)

// A Method looks for a minimum by evaluating the problem of a run. It reports
// each point it moves to with [Run.Visit] and returns when that says so, or
// when it can do no more, with the reason.
type Method interface {
	Search(run *Run) Reason
}

// A Reason says why a search ended.
type Reason string

// The reasons.
const (
	GradientSmall  Reason = "the gradient is small"
	StepSmall      Reason = "the step is small"
	ChangeSmall    Reason = "the value changes little"
	TargetReached  Reason = "the target is reached"
	Patience       Reason = "no improvement"
	MaxIterations  Reason = "the limit of iterations"
	MaxEvaluations Reason = "the limit of evaluations"
	MaxPerStep     Reason = "the limit of evaluations of one step"
	MaxTime        Reason = "the limit of time"
	Cancelled      Reason = "cancelled"
	NotFinite      Reason = "the value is not finite"
	NoProgress     Reason = "the method finds no lower value"
	Unbounded      Reason = "the value falls without bound"
	Edge           Reason = "the value falls up to the edge of where it is finite"
	NoMinimum      Reason = "the value falls for ever towards a limit"
	Optimal        Reason = "the conditions of Karush, Kuhn and Tucker hold"
	Infeasible     Reason = "no point nearby satisfies the constraints"
	Finished       Reason = "the method is done"
)

// Converged reports whether a search ended because it had found what it looked
// for, rather than because of a limit or a failure.
func (r Reason) Converged() bool {
	switch r {
	case GradientSmall, StepSmall, ChangeSmall, TargetReached, Optimal:
		return true
	}
	return false
}

// Stop says when a search ends; a limit that is 0 is not there.
type Stop struct {
	Grad float64 // largest element of the gradient is at most this
	// Confirm is asked where Grad is reached: with the reason to end, or "" to
	// search on, since a gradient may be small because the function is. It is
	// asked again once the gradient is ten times smaller. It may be nil.
	Confirm     func(x []float64) Reason
	Relative    float64       // largest element of the gradient is at most this part of that at the start
	Step        float64       // largest element of the step is at most this, times 1+|x|
	Change      float64       // the value changes by at most this, times its size
	Target      *float64      // the value is at most this
	Patience    int           // iterations without a lower value
	Iterations  int           // iterations; 10000 if nothing limits the run
	Evaluations int           // of the value, with or without its gradient, and of products with the Hessian
	PerStep     int           // evaluations from one step to the next; 10000 if 0
	Time        time.Duration // since the start
	Path        bool          // keep the points themselves in the trace
	// Visited is called where the search has moved to x, with the value there; it may
	// be nil. It may end the search by cancelling the context, or by [Fail].
	Visited func(x []float64, f float64)
}

// DefaultStop ends at a gradient of 1e-8, or after 10000 iterations.
func DefaultStop() Stop { return Stop{Grad: 1e-8, Iterations: 10000} }

// A Point is a line of a trace.
type Point struct {
	Iteration, Evaluations int
	Elapsed                time.Duration
	F                      float64
	Grad                   float64   // largest element of the gradient, NaN if not known
	X                      []float64 // only with Stop.Path
}

// A Result is where a search ended: X is the best point it saw.
type Result struct {
	X           []float64
	F           float64
	Reason      Reason
	Iterations  int
	Evaluations int
	Time        time.Duration
	Trace       []Point
}

// A Run is a search under way.
type Run struct {
	Problem *Problem
	ctx     context.Context
	stop    Stop
	start   time.Time
	res     *Result
	last    []float64 // point visited last
	lastF   float64
	better  int     // iteration of the best value
	visited int     // evaluations up to the last step
	first   float64 // largest element of the gradient at the start
	ask     float64 // gradient from which Stop.Confirm is asked
	reason  Reason
}

// Minimize searches for the least value of a problem from its start. A result
// is returned also when the context is cancelled. An error means that the
// problem cannot be evaluated.
func Minimize(ctx context.Context, p *Problem, m Method, stop Stop) (res *Result, err error) {
	if p.Func == nil || p.Grad == nil || len(p.Start) == 0 {
		return nil, errors.New("search: a problem needs Func, Grad and Start")
	}
	if stop.Iterations == 0 && stop.Evaluations == 0 && stop.Time == 0 {
		stop.Iterations = 10000
	}
	defer caught(&err)
	r := newRun(ctx, p, stop)
	r.search(m)
	r.res.Time = time.Since(r.start)
	if p.Move != nil {
		err = p.Move(r.res.X)
	}
	return r.res, err
}

func newRun(ctx context.Context, p *Problem, stop Stop) *Run {
	if stop.PerStep == 0 {
		stop.PerStep = 10000
	}
	return &Run{Problem: p, ctx: ctx, stop: stop, start: time.Now(), ask: stop.Grad,
		res: &Result{X: slices.Clone(p.Start), F: math.Inf(1)}}
}

// ended is the panic that takes a method out of an evaluation when a limit of
// the run is reached there.
type ended struct{}

// search runs a method until it or the run ends, and keeps the reason.
func (r *Run) search(m Method) {
	defer func() {
		if x := recover(); x != nil && x != (ended{}) {
			panic(x)
		}
		r.res.Reason = r.reason
	}()
	reason := m.Search(r)
	if r.reason == "" {
		r.reason = reason
	}
}

// Start returns a copy of the point to start from.
func (r *Run) Start() []float64 { return slices.Clone(r.Problem.Start) }

// Value evaluates the problem. Where the value is not finite it is +Inf, for
// every method: a point that is worse than all others.
func (r *Run) Value(x []float64) float64 {
	r.count()
	return r.keep(x, r.Problem.Func(x))
}

// probe is Value for a method that does not believe a point before it has seen
// the derivatives there: it is not remembered.
func (r *Run) probe(x []float64) float64 {
	r.count()
	if f := r.Problem.Func(x); !math.IsNaN(f) {
		return f
	}
	return math.Inf(1)
}

// Grad evaluates the problem and its gradient. Where one of them is not finite
// the value is +Inf and the gradient means nothing.
func (r *Run) Grad(x, grad []float64) float64 {
	r.count()
	return r.seen(x, r.Problem.Grad(x, grad), grad)
}

// HVP fills hv with the product of the Hessian at x with v.
func (r *Run) HVP(x, v, hv []float64) {
	r.count()
	r.Problem.HVP(x, v, hv)
}

// count lets one more evaluation happen, or ends the run.
func (r *Run) count() {
	if !r.Exhausted() && r.res.Evaluations-r.visited >= r.stop.PerStep {
		r.reason = MaxPerStep
	}
	if r.reason != "" {
		panic(ended{})
	}
	r.res.Evaluations++
}

// stepped begins the count of the evaluations of one step anew, for a step that
// is not visited because a lower point is known.
func (r *Run) stepped() { r.visited = r.res.Evaluations }

// keep remembers the best finite point. A value of -Inf is the end of all
// searches.
func (r *Run) keep(x []float64, f float64) float64 {
	if math.IsInf(f, -1) && r.reason == "" {
		r.reason = Unbounded
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return math.Inf(1)
	}
	if f < r.res.F {
		r.res.F = f
		copy(r.res.X, x)
		r.better = r.res.Iterations
	}
	return f
}

// seen is keep where the gradient is known: without a finite one a method
// cannot go on from there.
func (r *Run) seen(x []float64, f float64, grad []float64) float64 {
	f = r.keep(x, f)
	if m := maxAbs(grad); math.IsNaN(m) || math.IsInf(m, 0) {
		return math.Inf(1)
	}
	return f
}

// settle makes x the result though its value may be larger by rounding.
func (r *Run) settle(x []float64, f float64) {
	copy(r.res.X, x)
	r.res.F = f
}

// Exhausted reports whether a limit of evaluations or time has been reached or
// the run was cancelled. An evaluation after that ends the search, so a method
// asks where it has something to hand in before.
func (r *Run) Exhausted() bool {
	switch {
	case r.reason != "":
	case r.ctx.Err() != nil:
		r.reason = Cancelled
	case r.stop.Evaluations > 0 && r.res.Evaluations >= r.stop.Evaluations:
		r.reason = MaxEvaluations
	case r.stop.Time > 0 && time.Since(r.start) >= r.stop.Time:
		r.reason = MaxTime
	}
	return r.reason != ""
}

// stalled reports whether there was no lower value for so many steps that
// there will be none: what the method sees is rounding.
func (r *Run) stalled() bool { return r.res.Iterations-r.better > 200 }

// Visit reports that the search has moved to x, where the value is f and the
// gradient grad, nil if not known. It returns true when the search is to end.
func (r *Run) Visit(x []float64, f float64, grad []float64) bool {
	p := Point{Iteration: r.res.Iterations, Evaluations: r.res.Evaluations, Elapsed: time.Since(r.start), F: f, Grad: math.NaN()}
	if grad != nil {
		p.Grad = maxAbs(grad)
	}
	if r.stop.Path {
		p.X = slices.Clone(x)
	}
	r.res.Trace = append(r.res.Trace, p)
	if r.res.Iterations == 0 {
		r.first = p.Grad
	}
	if r.stop.Visited != nil {
		r.stop.Visited(x, f)
	}
	if !r.Exhausted() {
		r.reason = r.judge(x, f, p.Grad)
	}
	r.last, r.lastF = append(r.last[:0], x...), f
	r.res.Iterations++
	r.visited = r.res.Evaluations
	return r.reason != ""
}

// judge applies the rules that look at the point.
func (r *Run) judge(x []float64, f, grad float64) Reason {
	s, n := &r.stop, r.res.Iterations
	step, size := math.Inf(1), 0.0
	if r.last != nil {
		step, size = 0, maxAbs(x)
		for i := range x {
			step = max(step, math.Abs(x[i]-r.last[i]))
		}
	}
	switch {
	case math.IsNaN(f) || math.IsInf(f, 1):
		return NotFinite
	case s.Target != nil && f <= *s.Target:
		return TargetReached
	case s.Grad > 0 && grad <= r.ask && r.confirm(x, grad) != "":
		return r.reason
	case s.Relative > 0 && n > 0 && grad <= s.Relative*r.first:
		return GradientSmall
	case s.Step > 0 && step <= s.Step*(1+size):
		return StepSmall
	case s.Change > 0 && n > 0 && math.Abs(f-r.lastF) <= s.Change*max(math.Abs(f), math.Abs(r.lastF)):
		return ChangeSmall
	case s.Patience > 0 && n-r.better >= s.Patience:
		return Patience
	case s.Iterations > 0 && n >= s.Iterations:
		return MaxIterations
	}
	return ""
}

// confirm asks whether a small gradient is the end, and keeps the reason.
func (r *Run) confirm(x []float64, grad float64) Reason {
	r.reason = GradientSmall
	if r.stop.Confirm != nil && grad > 0 {
		r.reason = r.stop.Confirm(x)
		r.ask = grad / 10
	}
	return r.reason
}

func maxAbs(x []float64) (m float64) {
	for _, v := range x {
		if a := math.Abs(v); !(a <= m) { // NaN wins
			m = a
		}
	}
	return m
}

func dot(a, b []float64) (s float64) {
	for i := range a {
		s += float64(a[i] * b[i])
	}
	return s
}

// length is the Euclidean norm, computed without overflow.
func length(x []float64) float64 {
	m, s := maxAbs(x), 0.0
	if m == 0 || math.IsNaN(m) || math.IsInf(m, 1) {
		return m
	}
	for _, v := range x {
		s += float64(v / m * (v / m))
	}
	return m * math.Sqrt(s)
}

// axpy returns x + t·d in dst.
func axpy(dst, x []float64, t float64, d []float64) []float64 {
	for i := range dst {
		dst[i] = x[i] + float64(t*d[i])
	}
	return dst
}
