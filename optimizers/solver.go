//go:build !nogorgonia

package optimizers

import (
	"errors"
	"fmt"

	"descent/graph"
	"descent/ops"

	"gorgonia.org/gorgonia"
)

// A Solver applies a rule to the nodes of any gorgonia program, after a
// machine of gorgonia's has computed their gradients. It compiles the rule at
// its first step; later steps must be given the same nodes. Values and gradients
// are changed where they are, unless gorgonia moves them from step to step or
// they are views, which are copied.
type Solver struct {
	LR   float64 // may be changed between steps
	rule Rule

	t     *Training
	prog  *graph.Program
	rate  [1]float64
	feeds []graph.Feed
	model modelOf // nil before the first step
}

var _ gorgonia.Solver = (*Solver)(nil)

// NewSolver returns a gorgonia solver for a rule.
func NewSolver(rule Rule, lr float64) *Solver { return &Solver{LR: lr, rule: rule} }

// modelOf hides the element type.
type modelOf interface {
	size() int
	// fetch gets the numbers of a step. Some memory may have moved: then the
	// program is to be made again.
	fetch(model []gorgonia.ValueGrad) (moved bool, err error)
	// store hands the results back, and clears the gradients.
	store()
	// declare returns the parameters and their gradients as leaves of g.
	declare(g *graph.Graph) (params, grads []*node)
	dtype() graph.Dtype
}

// Step implements gorgonia.Solver: it changes the values in place and clears
// the gradients, as gorgonia's solvers do. In steady state it allocates nothing.
func (s *Solver) Step(model []gorgonia.ValueGrad) error {
	if len(model) == 0 {
		return nil
	}
	if s.model == nil {
		if err := s.begin(model); err != nil {
			return err
		}
	}
	if len(model) != s.model.size() {
		return fmt.Errorf("optimizers: the first step was of %d nodes, this one is of %d", s.model.size(), len(model))
	}
	moved, err := s.model.fetch(model)
	if err != nil {
		return err
	}
	if moved || s.prog == nil {
		if err := s.build(); err != nil {
			return err
		}
	}
	s.rate[0] = s.LR
	if err := s.prog.Run(s.feeds...); err != nil {
		return err
	}
	s.model.store()
	return nil
}

// begin looks at the nodes of the first step.
func (s *Solver) begin(model []gorgonia.ValueGrad) (err error) {
	v := model[0].Value()
	switch {
	case v != nil && v.Dtype() == graph.Float32:
		s.model, err = newModel[float32](model)
	case v != nil && v.Dtype() == graph.Float64:
		s.model, err = newModel[float64](model)
	default:
		err = errors.New("optimizers: the first node has no value of type float32 or float64")
	}
	return err
}

// build makes the program of a step: a graph whose parameters are the values, and
// a loss with the given gradients. States of a program before it go on.
func (s *Solver) build() error {
	g := graph.New(s.model.dtype(), 0)
	params, grads := s.model.declare(g)
	loss := g.Const(0)
	for i, p := range params {
		loss = ops.Add(loss, ops.Sum(ops.Mul(grads[i], p)))
	}
	t := Descend(loss, s.rule, params...)
	if t.NeedsLoss() {
		return ErrNeedsLoss
	}
	if err := graph.Mistakes(t.Loss); err != nil {
		return err
	}
	prog, err := graph.Function{Updates: t.Updates}.Compile()
	if err != nil {
		return err
	}
	if s.t != nil {
		if err := resume(g.Store(), s.t.Loss.Graph().Store(), grads); err != nil {
			return err
		}
	}
	s.t, s.prog, s.feeds = t, prog, []graph.Feed{graph.Let(t.LR, s.rate[:])}
	return nil
}

// resume gives states the values that they have in another store, but for the
// gradients.
func resume(to, from *graph.Store, grads []*node) error {
	given := map[*graph.Variable]bool{}
	for _, d := range grads {
		given[d.Variable()] = true
	}
	for _, v := range to.Variables() {
		if v.Role() == graph.State && !given[v] {
			if err := v.Set(from.Lookup(v.Name()).Float64s()); err != nil {
				return err
			}
		}
	}
	return nil
}
