package calc

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
)

// A Search is what min is asked for.
type Search struct {
	Text      string
	Start     []Binding
	Fixed     []Binding
	Bounds    map[string]Bound
	Maximize  bool
	Steps     int
	Tolerance float64 // of the gradient
	Seed      uint64
}

// A Found is where one method ended.
type Found struct {
	Optimizer   string           `json:"optimizer"`
	X           map[string]Value `json:"x"`
	F           Value            `json:"f"`
	Gradient    Value            `json:"gradient"` // its largest element
	Steps       int              `json:"steps"`
	Evaluations int              `json:"evaluations"`
	Stopped     string           `json:"stopped"`
	LastF       Value            `json:"last_f"` // the value at the last step; F is the best
	Kind        string           `json:"kind"`
	Converged   bool             `json:"converged"`             // to a point that is stationary
	Directions  []string         `json:"directions,omitempty"`  // that Kind speaks of
	Eigenvalues []float64        `json:"eigenvalues,omitempty"` // of the Hessian

	reason   search.Reason
	diverged bool     // it ended above all points before, or where there is no value
	order    []string // of the names in a point of the path

	Jumps bool        `json:"-"` // the points of the path are no steps from one to the next
	Path  [][]float64 `json:"-"`
	Trace []float64   `json:"-"` // the value at each point of the path
}

// Failure says why a run is of no use, or "" if it converged.
func (f *Found) Failure() string {
	switch {
	case f.Converged:
		return ""
	case f.reason == search.NotFinite && f.Steps == 0:
		return fmt.Sprintf("the value or the gradient is not finite at the start, %s: start inside of the domain", f.end())
	case f.reason == search.NotFinite:
		return fmt.Sprintf("diverged: after %d steps the value or the gradient is not finite, at %s; use a smaller rate, or a method with a line search such as lbfgs", f.Steps, f.end())
	case f.diverged:
		return fmt.Sprintf("diverged: after %d steps the value is %v, and it was %.10g at the start; use a smaller rate, or a method with a line search such as lbfgs", f.Steps, f.LastF, f.Trace[0])
	case f.reason == search.MaxIterations && f.Kind == kindOpen:
		return fmt.Sprintf("not converged after %d steps; give it more --steps, or another method such as newton", f.Steps)
	}
	return f.Kind
}

// end is the last point of the path.
func (f *Found) end() string {
	at := f.Path[len(f.Path)-1]
	var where []string
	for _, name := range f.order {
		v := Value{f.X[name].Shape, at[:len(f.X[name].Data)]}
		at = at[len(v.Data):]
		where = append(where, fmt.Sprintf("%s = %v", name, v))
	}
	return strings.Join(where, ", ")
}

// bounded is an expression whose variables are kept within bounds by others
// that are free.
type bounded struct {
	*Expression
	free   []*graph.Node
	bounds []Bound // for each element
}

// bind declares free variables in place of the names of start.
func (s *Search) bind() (*bounded, error) {
	plain, err := s.plain()
	if err != nil {
		return nil, err
	}
	if err := plain.Scalar(); err != nil {
		return nil, err
	}
	for name := range s.Bounds {
		if !slices.Contains(plain.Names, name) {
			return nil, fmt.Errorf("--bounds: %s is not varied; there are %s", name, strings.Join(plain.Names, ", "))
		}
	}
	b := &bounded{Expression: &Expression{Formula: plain.Formula, Graph: plain.Graph.Sibling(), Names: plain.Names, start: plain.start}}
	bind := map[string]*graph.Node{}
	for i, name := range b.Names {
		bd, v := s.Bounds[name].filled(), b.start[i]
		start := make([]float64, len(v.Data))
		for k, x := range v.Data {
			if start[k], err = bd.inward(name, x); err != nil {
				return nil, err
			}
			b.bounds = append(b.bounds, bd)
		}
		u := b.Graph.Param(name+" (free)", graph.From(start...), v.Shape...)
		b.free = append(b.free, u)
		bind[name] = bd.node(u)
	}
	for _, f := range s.Fixed {
		n, err := b.leaf(f, false)
		if err != nil {
			return nil, err
		}
		bind[f.Name] = n
	}
	b.Node, err = b.Formula.Build(b.Graph, bind)
	return b, err
}

// plain is the expression with the names of start as variables.
func (s *Search) plain() (*Expression, error) {
	var names []string
	for _, b := range s.Start {
		names = append(names, b.Name)
	}
	if len(names) == 0 {
		return nil, errors.New("--start is missing: it names what is varied, such as --start x=4,y=3")
	}
	return At(s.Text, slices.Concat(s.Start, s.Fixed), names...)
}

// Run searches with one method.
func (s *Search) Run(ctx context.Context, name string, m search.Method) (*Found, error) {
	b, err := s.bind()
	if err != nil {
		return nil, err
	}
	goal := b.Node
	if s.Maximize {
		goal = ops.Neg(goal)
	}
	p, err := search.ProblemOf(goal, b.free, b.feeds...)
	if err != nil {
		return nil, err
	}
	land, err := s.terrain(b)
	if err != nil {
		return nil, err
	}
	stop := search.Stop{Grad: s.Tolerance, Iterations: s.Steps, Path: true, Confirm: land.confirm(b)}
	if many, ok := m.(search.MultiStart); ok {
		many.Each.Confirm = stop.Confirm
		m = many
	}
	res, err := search.Minimize(ctx, p, m, stop)
	if err == nil {
		err = land.goOn(ctx, p, b, m, stop, res)
	}
	if err != nil {
		return nil, err
	}
	if len(res.Trace) == 0 {
		return nil, ctx.Err() // cancelled before the first step
	}
	f := &Found{Optimizer: name, Steps: len(res.Trace) - 1, Evaluations: res.Evaluations, Stopped: s.words(string(res.Reason)), reason: res.Reason, order: b.Names}
	_, f.Jumps = m.(search.MultiStart)
	for _, at := range res.Trace {
		f.Path = append(f.Path, b.outside(at.X))
		f.Trace = append(f.Trace, s.sign()*at.F)
	}
	f.LastF = Number(f.Trace[len(f.Trace)-1])
	return f, s.judge(f, b.outside(res.X), b, land)
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
		return strings.NewReplacer("falls", "rises", "lower", "higher", kindMinimum, kindMaximum, kindMaximum, kindMinimum).Replace(text)
	}
	return text
}

// terrain is the function over the variables themselves, with its bounds.
func (s *Search) terrain(b *bounded) (*terrain, error) {
	e, err := s.plain()
	if err != nil {
		return nil, err
	}
	goal := e.Node
	if s.Maximize {
		goal = ops.Neg(goal)
	}
	t := &terrain{bounds: b.bounds, names: e.elements()}
	for _, v := range e.start {
		t.start = append(t.start, v.Data...)
	}
	t.p, err = search.ProblemOf(goal, e.Params, e.feeds...)
	return t, err
}

// confirm ends a search where its gradient is small if that is a stationary
// point, or if there is none to be found.
func (t *terrain) confirm(b *bounded) func(u []float64) search.Reason {
	return func(u []float64) search.Reason {
		v, err := t.at(b.outside(u), make([]float64, len(u))).verdict()
		switch {
		case err != nil || v.stationary():
			return search.GradientSmall
		case v.kind == kindUnbounded:
			return search.Unbounded
		case v.kind == kindNone:
			return search.NoMinimum
		}
		return ""
	}
}

// Anneal searches by simulated annealing, then goes down from the best point.
func (s *Search) Anneal(ctx context.Context, a search.Annealing) (*Found, error) {
	hot := *s
	hot.Tolerance = 0
	first, err := hot.Run(ctx, "annealing", a)
	if err != nil {
		return nil, err
	}
	cold := *s
	cold.Start = nil
	for _, b := range s.Start {
		cold.Start = append(cold.Start, Binding{b.Name, first.X[b.Name]})
	}
	last, err := cold.Run(ctx, "annealing, then lbfgs", search.NewLBFGS())
	if err != nil {
		return nil, err
	}
	last.Steps += first.Steps
	last.Evaluations += first.Evaluations
	last.Path = append(first.Path, last.Path...)
	last.Trace = append(first.Trace, last.Trace...)
	return last, nil
}

// outside maps free variables to bounded ones.
func (b *bounded) outside(u []float64) []float64 {
	x := make([]float64, len(u))
	for i := range u {
		x[i] = b.bounds[i].value(u[i])
	}
	return x
}

// judge fills in what is at the point that was found.
func (s *Search) judge(f *Found, x []float64, b *bounded, land *terrain) error {
	f.X = map[string]Value{}
	left := x
	for i, name := range b.Names {
		n := len(b.start[i].Data)
		f.X[name] = Value{b.start[i].Shape, left[:n]}
		left = left[n:]
	}
	moved := make([]float64, len(x)) // over points below the start: others may be anywhere
	for k, at := range f.Path {
		for i := range moved {
			if s.sign()*f.Trace[k] < s.sign()*f.Trace[0] {
				moved[i] = max(moved[i], math.Abs(at[i]-land.start[i]))
			}
		}
	}
	spot := land.at(x, moved)
	f.F, f.Gradient = Number(s.sign()*spot.f), Number(largest(spot.g))
	v, err := spot.verdict()
	if err != nil {
		return err
	}
	if f.reason == search.Unbounded && v.kind != kindUnbounded { // -Inf was seen
		values := v.Eigenvalues
		v = spot.unbounded(spot.moved())
		v.Eigenvalues = values
	}
	f.Kind, f.Directions, f.Eigenvalues = s.words(v.text(s.sign())), v.Directions, v.Eigenvalues
	if s.Maximize {
		for i := range f.Eigenvalues {
			f.Eigenvalues[i] = 0 - f.Eigenvalues[i]
		}
		slices.Sort(f.Eigenvalues)
	}
	f.Converged = v.stationary() && !(f.reason == search.NotFinite && f.Steps > 0)
	f.diverged = s.diverged(f)
	if f.diverged && v.kind == kindOpen {
		f.Kind += ": the run diverged"
	}
	return nil
}

// diverged reports whether a run ended where there is no value, or above all
// points before.
func (s *Search) diverged(f *Found) bool {
	if f.reason == search.NotFinite {
		return f.Steps > 0
	}
	last := s.sign() * f.LastF.Data[0]
	for _, v := range f.Trace[:len(f.Trace)-1] {
		if !(s.sign()*v < last) {
			return false
		}
	}
	return f.Steps > 0
}

func largest(x []float64) (m float64) {
	for _, v := range x {
		if a := math.Abs(v); !(a <= m) {
			m = a
		}
	}
	return m
}
