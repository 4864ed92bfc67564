package calc

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/graph"
	"descent/internal/suggest"
	"descent/ops"
	"descent/optimizers"

	"gonum.org/v1/gonum/mat"
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
	Eigenvalues []float64        `json:"eigenvalues,omitempty"` // of the Hessian

	Jumps bool        `json:"-"` // the points of the path are no steps from one to the next
	Path  [][]float64 `json:"-"`
	Trace []float64   `json:"-"` // the value at each point of the path
}

// Method returns the method that a text names: one of the drivers, or a rule.
func Method(text string, seed uint64) (optimizers.Method, error) {
	if m, ok := drivers[strings.ToLower(strings.TrimSpace(text))]; ok {
		return m(seed), nil
	}
	o, err := optimizers.Parse(text)
	switch {
	case err != nil:
		name, _, _ := strings.Cut(text, "(")
		if near := suggest.Nearest(name, driverNames()); near != "" {
			return nil, fmt.Errorf("unknown optimizer %q; did you mean %q?", name, near)
		}
		return nil, err
	case o.LR == 0:
		return nil, fmt.Errorf("optimizer %q: no rule in it moves; end it with one that does, such as sgd", text)
	}
	return optimizers.With(o.Rule, o.LR), nil
}

// drivers are the methods that are no update rules.
var drivers = map[string]func(seed uint64) optimizers.Method{
	"lbfgs":    func(uint64) optimizers.Method { return optimizers.NewLBFGS() },
	"bfgs":     func(uint64) optimizers.Method { return optimizers.BFGS{} },
	"cg":       func(uint64) optimizers.Method { return optimizers.ConjugateGradient{} },
	"newton":   func(uint64) optimizers.Method { return optimizers.NewtonCG{} },
	"steepest": func(uint64) optimizers.Method { return optimizers.GradientDescent{} },
	"cmaes":    func(seed uint64) optimizers.Method { return optimizers.CMAES{Seed: seed} },
}

func driverNames() []string { return []string{"lbfgs", "bfgs", "cg", "newton", "steepest", "cmaes"} }

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
func (s *Search) Run(ctx context.Context, name string, m optimizers.Method) (*Found, error) {
	b, err := s.bind()
	if err != nil {
		return nil, err
	}
	goal := b.Node
	if s.Maximize {
		goal = ops.Neg(goal)
	}
	p, err := optimizers.ProblemOf(goal, b.free, b.feeds...)
	if err != nil {
		return nil, err
	}
	res, err := optimizers.Minimize(ctx, p, m, optimizers.Stop{Grad: s.Tolerance, Iterations: s.Steps, Path: true})
	if err != nil {
		return nil, err
	}
	f := &Found{Optimizer: name, Steps: max(len(res.Trace)-1, 0), Evaluations: res.Evaluations, Stopped: string(res.Reason)}
	_, f.Jumps = m.(optimizers.MultiStart)
	sign := 1.0
	if s.Maximize {
		sign = -1
	}
	for _, at := range res.Trace {
		f.Path = append(f.Path, b.outside(at.X))
		f.Trace = append(f.Trace, sign*at.F)
	}
	if n := len(f.Trace); n > 0 {
		f.LastF = Number(f.Trace[n-1])
	}
	return f, s.judge(f, b.outside(res.X), b)
}

// Anneal searches by simulated annealing, then goes down from the best point.
func (s *Search) Anneal(ctx context.Context, a optimizers.Annealing) (*Found, error) {
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
	last, err := cold.Run(ctx, "annealing, then lbfgs", optimizers.NewLBFGS())
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
func (s *Search) judge(f *Found, x []float64, b *bounded) error {
	at := *s
	at.Start = nil
	f.X = map[string]Value{}
	left := x
	for i, name := range b.Names {
		n := len(b.start[i].Data)
		v := Value{b.start[i].Shape, left[:n]}
		left = left[n:]
		f.X[name] = v
		at.Start = append(at.Start, Binding{name, v})
	}
	e, err := at.plain()
	if err != nil {
		return err
	}
	g, err := e.Gradient()
	if err != nil {
		return err
	}
	f.F = g.Value
	var flat []float64
	for _, v := range g.Grads {
		flat = append(flat, v.Data...)
	}
	f.Gradient = Number(largest(flat))
	if v := f.F.Data[0]; math.IsNaN(v) || math.IsInf(v, 0) {
		f.Kind = "not finite"
		return nil
	}
	f.Kind, f.Eigenvalues, err = e.kind(x, flat, b.bounds, s.Maximize)
	return err
}

func largest(x []float64) (m float64) {
	for _, v := range x {
		if a := math.Abs(v); !(a <= m) {
			m = a
		}
	}
	return m
}

// maxEigen is the number of variables up to which the kind of a point is found.
const maxEigen = 200

// kind says what point x is: by the gradient, the bounds it is at, and the
// eigenvalues of the Hessian.
func (e *Expression) kind(x, grad []float64, bounds []Bound, up bool) (string, []float64, error) {
	if m := largest(append(slices.Clone(grad), x...)); math.IsNaN(m) || math.IsInf(m, 0) {
		return "not finite", nil, nil
	}
	n := len(x)
	if n > maxEigen {
		return "unknown: too many variables for the Hessian", nil, nil
	}
	h, err := e.Hessian()
	if err != nil {
		return "", nil, err
	}
	if m := largest(h); math.IsNaN(m) || math.IsInf(m, 0) {
		return "unknown: the Hessian is not finite", nil, nil
	}
	var eig mat.EigenSym
	sym := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			sym.SetSym(i, j, (h[i*n+j]+h[j*n+i])/2)
		}
	}
	if !eig.Factorize(sym, false) {
		return "unknown: the Hessian's eigenvalues were not found", nil, nil
	}
	values := eig.Values(nil)
	scale := largest(values)
	at := false
	for i := range x {
		if bounds[i].at(x[i]) {
			at = true
			grad[i] = 0
		}
	}
	switch low, high := values[0], values[n-1]; {
	case largest(grad) > 1e-4*(1+scale):
		return "not stationary", values, nil
	case at && up:
		return "maximum at a bound", values, nil
	case at:
		return "minimum at a bound", values, nil
	case low > 1e-9*scale:
		return "minimum", values, nil
	case high < -1e-9*scale:
		return "maximum", values, nil
	case low < -1e-9*scale && high > 1e-9*scale:
		return "saddle", values, nil
	}
	return "flat: an eigenvalue of the Hessian is 0", values, nil
}
