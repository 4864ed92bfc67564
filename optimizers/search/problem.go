package search

import (
	"fmt"
	"sync"

	"descent/graph"
	"descent/ops"
)

type node = graph.Node

// A Problem is a function of a vector to be minimised. Func and Grad are
// required, the rest is for the methods that need it. What cannot be evaluated
// calls [Fail].
type Problem struct {
	Start []float64
	Func  func(x []float64) float64
	// Grad returns the value and fills grad.
	Grad func(x, grad []float64) float64
	// HVP fills hv with the product of the Hessian at x with v.
	HVP func(x, v, hv []float64)
	// Residuals fills r, of length Count, and the Jacobian jac, its rows one
	// after the other; the value is ½Σr².
	Residuals func(x, r, jac []float64)
	Count     int
	// Bend fills out with the product of Σw·∇²r with v: what the Hessian has
	// beside JᵀJ, for w = r. It may be nil.
	Bend func(x, w, v, out []float64)
	// Lower and Upper are bounds of the variables, nil for none. Only
	// [LevenbergMarquardt] and [AugmentedLagrangian] know them.
	Lower, Upper []float64
	// Constraints, which only [AugmentedLagrangian] knows, are nil for none.
	Constraints *Constraints
	// Move writes a result back to where Start came from; it may be nil.
	Move func(x []float64) error

	loss   *node // nil unless the problem is a graph's
	params []*node
	feeds  []graph.Feed
	folds  func() []fold
}

// ProblemOf returns the minimisation of a scalar over params, or over all of
// its graph's. Inputs take the values of feeds. The result is written to the
// parameters.
func ProblemOf(loss *node, params []*node, feeds ...graph.Feed) (*Problem, error) {
	if len(params) == 0 {
		params = loss.Graph().Params()
	}
	p := &Problem{loss: loss, params: params, feeds: feeds}
	for _, w := range params {
		if w.Err() != nil {
			return nil, w.Err()
		}
		if w.Variable() == nil {
			return nil, fmt.Errorf("search: %v is not a parameter", w)
		}
		p.Start = append(p.Start, w.Variable().Float64s()...)
	}
	p.Move = func(x []float64) error { return scatter(params, x) }
	grads := graph.Grad(loss, params...)
	value, err := p.program(loss)
	if err != nil {
		return nil, err
	}
	gradient, err := p.program(append([]*node{loss}, grads...)...)
	if err != nil {
		return nil, err
	}
	p.Func = func(x []float64) float64 {
		p.run(value, x)
		return value.Scalar(loss)
	}
	p.Grad = func(x, grad []float64) float64 {
		p.run(gradient, x)
		gather(gradient, grads, grad)
		return gradient.Scalar(loss)
	}
	product := sync.OnceValue(p.product)
	p.HVP = func(x, v, hv []float64) { product()(x, v, hv) }
	return p, nil
}

// product compiles Hessian-vector products, when they are first asked for.
func (p *Problem) product() func(x, v, hv []float64) {
	g := p.loss.Graph()
	vs := make([]*node, len(p.params))
	for i, w := range p.params {
		vs[i] = g.Input(g.Unique(w.Name()+"/direction"), w.Shape().Dims()...)
	}
	hs := graph.HVP(p.loss, p.params, vs)
	prog, err := p.program(hs...)
	if err != nil {
		Fail(err)
	}
	return func(x, v, hv []float64) {
		p.run(prog, x, along(vs, v)...)
		gather(prog, hs, hv)
	}
}

// ResidualProblem returns the minimisation of ½Σr² over params, or over all of
// the graph's, for methods that use the residuals one by one.
func ResidualProblem(r *node, params []*node, feeds ...graph.Feed) (*Problem, error) {
	p, err := ProblemOf(ops.Scale(0.5, ops.Sum(ops.Square(r))), params, feeds...)
	if err != nil {
		return nil, err
	}
	g := r.Graph()
	vs := make([]*node, len(p.params))
	for i, w := range p.params {
		vs[i] = g.Input(g.Unique(w.Name()+"/tangent"), w.Shape().Dims()...)
	}
	if p.Residuals, err = p.linearised(r, vs); err != nil {
		return nil, err
	}
	p.Count = r.Shape().Size()
	p.fillIn()
	p.folds = sync.OnceValue(func() []fold { return p.findFolds(r, vs) })
	bend := sync.OnceValue(func() func(x, w, v, out []float64) { return p.bend(r, vs) })
	p.Bend = func(x, w, v, out []float64) { bend()(x, w, v, out) }
	return p, nil
}

// linearised compiles an expression and its Jacobian; vs are tangents of the
// parameters.
func (p *Problem) linearised(r *node, vs []*node) (func(x, res, jac []float64), error) {
	jv := graph.JVP([]*node{r}, p.params, vs)[0]
	prog, err := p.program(r, jv)
	if err != nil {
		return nil, err
	}
	n := len(p.Start)
	dir, col := make([]float64, n), make([]float64, r.Shape().Size())
	return func(x, res, jac []float64) {
		for k := range n {
			clear(dir)
			dir[k] = 1
			p.run(prog, x, along(vs, dir)...)
			prog.Read(jv, col)
			for i, d := range col {
				jac[i*n+k] = d
			}
		}
		prog.Read(r, res)
	}, nil
}

// bend compiles second derivatives of the residuals, when they are first asked
// for.
func (p *Problem) bend(r *node, vs []*node) func(x, w, v, out []float64) {
	g := r.Graph()
	weights := g.Input(g.Unique("weights"), r.Shape().Dims()...)
	hs := graph.HVP(ops.Sum(ops.Mul(weights, r)), p.params, vs)
	prog, err := p.program(hs...)
	if err != nil {
		Fail(err)
	}
	return func(x, w, v, out []float64) {
		p.run(prog, x, append(along(vs, v), graph.Let(weights, w))...)
		gather(prog, hs, out)
	}
}

// program compiles outputs and checks the feeds once, so that running it later
// cannot fail.
func (p *Problem) program(outputs ...*node) (*graph.Program, error) {
	prog, err := graph.Compile(outputs...)
	if err != nil {
		return nil, err
	}
	for _, w := range outputs {
		if n := w.Shape().Size(); n == 0 {
			return nil, fmt.Errorf("search: %v has no elements", w)
		}
	}
	return prog, nil
}

// run evaluates a program at x.
func (p *Problem) run(prog *graph.Program, x []float64, more ...graph.Feed) {
	err := scatter(p.params, x)
	if err == nil {
		err = prog.Run(append(more, p.feeds...)...)
	}
	if err != nil {
		Fail(err)
	}
}

// evalError is the panic of an evaluation, such as of an input that was not fed.
type evalError struct{ error }

// Fail ends a search from within an evaluation; [Minimize] returns the error.
func Fail(err error) { panic(evalError{err}) }

// caught turns the panic of an evaluation into an error; it is deferred.
func caught(err *error) {
	if x := recover(); x != nil {
		e, ok := x.(evalError)
		if !ok {
			panic(x)
		}
		*err = e.error
	}
}

// scatter writes a flat vector to variables.
func scatter(params []*node, x []float64) error {
	for _, w := range params {
		n := w.Shape().Size()
		if n > len(x) {
			return fmt.Errorf("search: %d values are too few", len(x))
		}
		if err := w.Variable().Set(x[:n]); err != nil {
			return err
		}
		x = x[n:]
	}
	return nil
}

// gather reads outputs into a flat vector.
func gather(prog *graph.Program, outputs []*node, x []float64) {
	for _, d := range outputs {
		n := d.Shape().Size()
		prog.Read(d, x[:n])
		x = x[n:]
	}
}

// along feeds a flat vector to inputs.
func along(inputs []*node, v []float64) []graph.Feed {
	feeds := make([]graph.Feed, len(inputs))
	for i, in := range inputs {
		n := in.Shape().Size()
		feeds[i] = graph.Let(in, v[:n])
		v = v[n:]
	}
	return feeds
}

// Hessian returns the second derivatives at x, row by row.
func (p *Problem) Hessian(x []float64) (h []float64, err error) {
	defer caught(&err)
	n := len(x)
	h = make([]float64, n*n)
	unit := make([]float64, n)
	for i := range n {
		clear(unit)
		unit[i] = 1
		p.HVP(x, unit, h[i*n:(i+1)*n])
	}
	return h, nil
}
