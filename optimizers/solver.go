package optimizers

import (
	"errors"
	"fmt"

	"descent/graph"
	"descent/ops"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A Solver applies a rule to the nodes of any gorgonia program, after a
// machine of gorgonia's has computed their gradients. It compiles the rule at
// its first step; later steps must be given the same nodes.
type Solver struct {
	LR    float64 // may be changed between steps
	rule  Rule
	t     *Training
	prog  *graph.Program
	grads []*node
}

var _ gorgonia.Solver = (*Solver)(nil)

// NewSolver returns a gorgonia solver for a rule.
func NewSolver(rule Rule, lr float64) *Solver { return &Solver{LR: lr, rule: rule} }

var errNeedsLoss = errors.New("optimizers: this rule needs the loss itself, not only its gradient")

// Step implements gorgonia.Solver: it changes the values in place and clears
// the gradients, as gorgonia's solvers do.
func (s *Solver) Step(model []gorgonia.ValueGrad) error {
	if len(model) == 0 {
		return nil
	}
	if s.prog == nil {
		if err := s.build(model); err != nil {
			return err
		}
	}
	if len(model) != len(s.grads) {
		return fmt.Errorf("optimizers: the first step was of %d nodes, this one is of %d", len(s.grads), len(model))
	}
	feeds := []graph.Feed{graph.Let(s.t.LR, []float64{s.LR})}
	grads := make([]gorgonia.Value, len(model))
	for i, n := range model {
		var err error
		if grads[i], err = n.Grad(); err != nil {
			return fmt.Errorf("optimizers: %s has no gradient: %w", s.t.Params[i].Name(), err)
		}
		x, err := floats(n.Value())
		if err == nil {
			err = s.t.Params[i].Variable().Set(x)
		}
		if err != nil {
			return err
		}
		g, err := floats(grads[i])
		if err != nil {
			return err
		}
		feeds = append(feeds, graph.Let(s.grads[i], g))
	}
	if err := s.prog.Run(feeds...); err != nil {
		return err
	}
	for i, n := range model {
		assign(n.Value(), s.t.Params[i].Variable().Float64s())
		assign(grads[i], make([]float64, s.grads[i].Shape().Size()))
	}
	return nil
}

// build makes a graph with a parameter for each node and a loss with the given
// gradients.
func (s *Solver) build(model []gorgonia.ValueGrad) error {
	if v := model[0].Value(); v == nil || v.Dtype() != tensor.Float32 && v.Dtype() != tensor.Float64 {
		return fmt.Errorf("optimizers: the first node has no value of type float32 or float64")
	}
	g := graph.New(model[0].Value().Dtype(), 0)
	loss := g.Const(0)
	for i, n := range model {
		name := fmt.Sprint("p", i)
		if nm, ok := n.(gorgonia.Namer); ok && nm.Name() != "" {
			name = nm.Name()
		}
		if n.Value() == nil || n.Value().Dtype() != g.Dtype() {
			return fmt.Errorf("optimizers: %s has no value of type %v", name, g.Dtype())
		}
		var dims []int
		if d, ok := n.Value().(*tensor.Dense); ok && !d.IsScalar() {
			dims = d.Shape()
		}
		p := g.Param(g.Unique(name), graph.Zeros, dims...)
		in := g.Input(p.Name()+"/gradient", dims...)
		s.grads = append(s.grads, in)
		loss = ops.Add(loss, ops.Sum(ops.Mul(in, p)))
	}
	s.t = Descend(loss, s.rule)
	if s.t.usesLoss {
		return errNeedsLoss
	}
	var err error
	s.prog, err = s.t.Compile()
	return err
}

// floats returns the elements of a value in row-major order.
func floats(v gorgonia.Value) ([]float64, error) {
	if d, ok := v.(*tensor.Dense); ok && d.RequiresIterator() {
		return nil, fmt.Errorf("optimizers: a view of a tensor cannot be changed in place")
	}
	switch d := v.Data().(type) {
	case []float64:
		return d, nil
	case []float32:
		out := make([]float64, len(d))
		for i, x := range d {
			out[i] = float64(x)
		}
		return out, nil
	case float64:
		return []float64{d}, nil
	case float32:
		return []float64{float64(d)}, nil
	}
	return nil, fmt.Errorf("optimizers: a value of type %T", v)
}

// assign replaces the elements of a value.
func assign(v gorgonia.Value, x []float64) {
	switch v := v.(type) {
	case *gorgonia.F64:
		*v = gorgonia.F64(x[0])
		return
	case *gorgonia.F32:
		*v = gorgonia.F32(x[0])
		return
	}
	switch d := v.Data().(type) {
	case []float64:
		copy(d, x)
	case []float32:
		for i := range d {
			d[i] = float32(x[i])
		}
	default: // a tensor of one element
		dense := v.(*tensor.Dense)
		if dense.Dtype() == tensor.Float32 {
			dense.Set(0, float32(x[0]))
		} else {
			dense.Set(0, x[0])
		}
	}
}
