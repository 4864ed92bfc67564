// Package rule says what an update rule is, and builds training steps of rules. The
// rules themselves are in package optimizers.
package rule

import (
	"fmt"

	"descent/graph"
	"descent/ops"
)

type node = graph.Node

// A Rule says how one parameter moves. Update returns the direction d of
//
//	p ← p - lr·d
//
// as an expression of the gradient, of states that it keeps, and of anything
// else in s. Rules are plain values; their constructors give the defaults.
type Rule interface {
	Update(s *Step) *node
}

// A Joint rule sees all parameters at once: clipping by the global norm needs
// every gradient, sharpness-aware minimisation needs the loss somewhere else.
// UpdateAll replaces Grad, or anything else, in each step.
type Joint interface {
	Rule
	UpdateAll(steps []*Step)
}

// A Step is one update of one parameter, as nodes.
type Step struct {
	Param *node // value to start from; a rule may replace it, as weight decay does
	Grad  *node // gradient, or what the rules before made of it
	LR    *node // learning rate, a scalar
	Size  *node // what the direction is multiplied by: LR, unless a rule replaces it
	T     *node // number of this step: 1, 2, …; a scalar

	train   *Training
	raw     *node  // gradient that the chain began with
	old     *node  // the parameter itself
	table   *table // unless nil, Param, Grad and states are some rows of it
	prefix  string // of its states
	mask    *node  // unless nil, nothing changes where it is 0
	next    *node  // unless nil, the value to move to, see Move
	final   [3]*node
	still   bool  // the parameter is not moved: frozen, or not used by the loss
	eval    *node // unless nil, the state that holds the weights to evaluate
	after   []func(next *node)
	updates []graph.Update
}

// Old returns the parameter's value before the step, whatever rules before
// this one made of Param.
func (s *Step) Old() *node { return s.old }

// Raw returns the gradient that the first rule of the chain was given.
func (s *Step) Raw() *node { return s.raw }

// Name returns the parameter's name.
func (s *Step) Name() string { return s.old.Name() }

// Loss returns what is minimised.
func (s *Step) Loss() *node {
	s.train.needsLoss = true
	return s.train.lowered
}

// Const returns a constant scalar.
func (s *Step) Const(x float64) *node { return s.old.Graph().Const(x) }

// State returns the parameter's state of that name: an array of its shape that
// starts at 0 and is kept between steps. Give it a new value with Set. Where the
// rule sees some rows of the parameter only, it is these rows.
func (s *Step) State(name string) *node {
	return s.StateOf(name, graph.Zeros, s.old.Shape().Dims()...)
}

// StateOf returns a state of the given shape that starts at init.
func (s *Step) StateOf(name string, init graph.Init, dims ...int) *node {
	return s.table.take(s.train.state(s.Name()+"/"+s.prefix+name, init, dims))
}

// Scalar returns a state of the parameter that is one number, kept as float64
// also where the parameter is float32: a counter, a product of factors, a sum of
// weights.
func (s *Step) Scalar(name string, start float64) *node {
	return s.train.scalar(s.Name()+"/"+s.prefix+name, start)
}

// Shared returns a state like [Step.Scalar] that all parameters share. It starts
// at 0.
func (s *Step) Shared(name string) *node {
	return s.train.scalar("optimizer/"+s.prefix+name, 0)
}

// First returns the value of state, or at the first step the value start: so
// a state can begin as what only the run knows.
func (s *Step) First(start, state *node) *node {
	return ops.Where(ops.Equal(s.T, s.Const(1)), start, state)
}

// Begin makes grad the gradient that the rules after this one begin with: both
// Grad and Raw.
func (s *Step) Begin(grad *node) { s.Grad, s.raw = grad, grad }

// Freeze leaves the parameter as it is.
func (s *Step) Freeze() { s.still = true }

// Params returns all parameters of the training.
func (s *Step) Params() []*node { return s.train.Params }

// Normal returns numbers of the standard normal distribution, of the parameter's
// shape and new at each step.
func (s *Step) Normal() *node { return ops.Normal(s.T, s.prefix+s.Name(), s.old.Shape().Dims()...) }

// Signs returns random signs, -1 and 1, of the parameter's shape and new at each
// step.
func (s *Step) Signs() *node { return ops.Rademacher(s.T, s.prefix+s.Name(), s.old.Shape().Dims()...) }

// Mask makes the rest of the step happen only where when, a scalar, is not 0:
// otherwise the parameter and all states stay as they are.
func (s *Step) Mask(when *node) {
	if s.mask != nil {
		when = ops.Mul(s.mask, when)
	}
	s.mask = when
}

// When returns what [Step.Mask] was told: a scalar that is 0 where nothing moves.
func (s *Step) When() *node {
	if s.mask != nil {
		return s.mask
	}
	return s.Const(1)
}

// Set makes a state take a new value at the end of the step.
func (s *Step) Set(state, value *node) {
	if s.mask != nil {
		value = ops.Where(s.mask, value, state)
	}
	s.updates = append(s.updates, s.table.update(state, value))
}

// Next returns the parameter's value after the step, as things stand.
func (s *Step) Next() *node {
	if s.next != nil {
		return s.next
	}
	return s.moved(s.Grad)
}

// moved returns the new parameter p - size·d. Where d is a quotient a/b it is
// computed as p - (size·a)/b, which is what PyTorch's addcdiv does, bit for
// bit.
func (s *Step) moved(d *node) *node {
	if a, b, ok := ops.Quotient(d); ok {
		return ops.Sub(s.Param, ops.Div(ops.Mul(s.Size, a), b))
	}
	return ops.Sub(s.Param, ops.Mul(s.Size, d))
}

// Move makes the parameter take this value; what rules after this one would do
// to the direction is a mistake.
func (s *Step) Move(value *node) {
	s.next, s.final = value, [3]*node{s.Param, s.Grad, s.Size}
}

// Average declares the state that holds the weights to evaluate, and how it
// changes with the parameter's value after the step.
func (s *Step) Average(state *node, value func(next *node) *node) {
	s.eval = state
	s.after = append(s.after, func(next *node) { s.Set(state, value(next)) })
}

// finish adds the update of the parameter, and of what follows it.
func (s *Step) finish() []graph.Update {
	next := s.Next()
	if s.next != nil && s.final != [3]*node{s.Param, s.Grad, s.Size} {
		err := fmt.Errorf("a rule that changes the direction comes after one that moves the parameter, such as lookahead")
		next = graph.Bad(err, "optimizer", next)
	}
	for _, f := range s.after {
		f(next)
	}
	s.Set(s.table.take(s.old), next)
	return s.updates
}

// InOrder applies rules one after another, each to what the one before made of all
// steps. The states of each get names of their own.
func InOrder(rules []Rule, steps []*Step) {
	for i, r := range rules {
		var live []*Step
		for _, s := range steps {
			if !s.still {
				live = append(live, s)
			}
		}
		within(fmt.Sprint(i, "."), r, live)
	}
}

// Alone applies a joint rule to one parameter.
func Alone(j Joint, s *Step) *node {
	j.UpdateAll([]*Step{s})
	return s.Grad
}

// within applies a rule to parameters; its states get names of their own.
func within(prefix string, r Rule, steps []*Step) {
	if len(steps) == 0 {
		return
	}
	old := steps[0].prefix
	for _, s := range steps {
		s.prefix = old + prefix
	}
	if j, ok := r.(Joint); ok {
		j.UpdateAll(steps)
	} else {
		out := make([]*node, len(steps)) // every Grad stays until all have been read
		for k, s := range steps {
			out[k] = r.Update(s)
		}
		for k, s := range steps {
			s.Grad = out[k]
		}
	}
	for _, s := range steps {
		s.prefix = old
	}
}
