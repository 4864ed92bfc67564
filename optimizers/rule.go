// Package optimizers holds update rules, learning-rate schedules and the
// methods that drive an evaluation themselves. A rule is an expression: what it
// does to a parameter is a few nodes, which are compiled with the rest of the
// training step. Defaults and semantics are PyTorch's.
package optimizers

import (
	"fmt"
	"strings"

	"descent/graph"
	"descent/ops"
)

type node = graph.Node

// A Rule says how one parameter moves. Update returns the direction d of
//
//	p ← p - lr·d
//
// as an expression of the gradient, of states that it keeps, and of anything
// else in s. Rules are plain values that print as they are parsed; their
// constructors give PyTorch's defaults.
type Rule interface {
	Update(s *Step) *node
}

// A Step is one update of one parameter, as nodes.
type Step struct {
	Param *node // value to start from; a rule may replace it, as weight decay does
	Grad  *node // gradient, or what the rules before in a [Chain] made of it
	LR    *node // learning rate, a scalar; a rule may replace it by its own step size
	T     *node // number of this step: 1, 2, …; a scalar

	name    string  // of the parameter
	prefix  string  // of its states
	peers   []*Step // the same step of every parameter, this one included
	old     *node   // the parameter itself
	updates []graph.Update
}

// Old returns the parameter's value before the step, whatever rules before
// this one made of Param.
func (s *Step) Old() *node { return s.old }

// Name returns the parameter's name.
func (s *Step) Name() string { return s.name }

// Peers returns the same step of every parameter, in order: a rule that needs
// all gradients, such as clipping by the global norm, finds them there.
func (s *Step) Peers() []*Step { return s.peers }

// Const returns a constant scalar.
func (s *Step) Const(x float64) *node { return s.old.Graph().Const(x) }

// State returns the parameter's state of that name: an array of its shape that
// starts at 0 and is kept between steps. Give it a new value with Set.
func (s *Step) State(name string) *node {
	return s.StateOf(name, graph.Zeros, s.old.Shape().Dims()...)
}

// StateOf returns a state of the given shape that starts at init.
func (s *Step) StateOf(name string, init graph.Init, dims ...int) *node {
	full := s.name + "/" + s.prefix + name
	if n := s.old.Graph().Leaf(full); n != nil {
		return n
	}
	return s.old.Graph().State(full, init, dims...)
}

// Set makes a state take a new value at the end of the step.
func (s *Step) Set(state, value *node) {
	s.updates = append(s.updates, graph.Update{Target: state, Value: value})
}

// within runs a rule whose states have names of their own.
func (s *Step) within(prefix string, r Rule) *node {
	old := s.prefix
	s.prefix += prefix + "."
	d := r.Update(s)
	s.prefix = old
	return d
}

// A Chain applies rules in order, each to the result of the one before: clip,
// then moments, then decay. Each rule is applied to every parameter before the
// next, so that a global norm is of what precedes it.
type Chain []Rule

// Update applies the rules to one parameter; see [Minimize] for all.
func (c Chain) Update(s *Step) *node {
	for i, r := range c {
		s.Grad = s.within(fmt.Sprint(i), r)
	}
	return s.Grad
}

// String formats the chain as it is parsed: "clip(1) | adam".
func (c Chain) String() string {
	parts := make([]string, len(c))
	for i, r := range c {
		parts[i] = fmt.Sprint(r)
	}
	return strings.Join(parts, " | ")
}

// A Training is what one training step computes, as nodes.
type Training struct {
	Loss    *node
	Grads   []*node // of the parameters
	LR      *node   // scalar input "lr", fed before each step
	T       *node   // scalar state "step": steps done
	Updates []graph.Update
}

// Minimize returns the step that lowers loss by moving params by rule. With no
// params, all of the graph's are moved.
func Minimize(loss *node, rule Rule, params ...*node) *Training {
	return build(loss, rule, params, false)
}

// Maximize returns the step that raises the objective.
func Maximize(objective *node, rule Rule, params ...*node) *Training {
	return build(objective, rule, params, true)
}

func build(loss *node, rule Rule, params []*node, maximize bool) *Training {
	g := loss.Graph()
	if len(params) == 0 {
		params = g.Params()
	}
	t := &Training{Loss: loss, Grads: graph.Grad(loss, params...), LR: g.Input("lr"), T: g.State("step", graph.Zeros)}
	now := ops.Shift(1, t.T)
	t.Updates = append(t.Updates, graph.Update{Target: t.T, Value: now})
	steps := make([]*Step, len(params))
	for i, p := range params {
		d := t.Grads[i]
		if maximize {
			d = ops.Neg(d)
		}
		steps[i] = &Step{Param: p, Grad: d, LR: t.LR, T: now, name: p.Name(), peers: steps, old: p}
	}
	for i, r := range links(rule) {
		out := make([]*node, len(steps)) // every Grad stays until all have been read
		for k, s := range steps {
			out[k] = s.within(fmt.Sprint(i), r)
		}
		for k, s := range steps {
			s.Grad = out[k]
		}
	}
	t.Updates = append(t.Updates, g.Kept()...)
	for _, s := range steps {
		t.Updates = append(t.Updates, s.updates...)
		t.Updates = append(t.Updates, graph.Update{Target: s.old, Value: s.moved(s.Grad)})
	}
	return t
}

func links(r Rule) []Rule {
	if c, ok := r.(Chain); ok {
		return c
	}
	return []Rule{r}
}

// moved returns the new parameter p - lr·d. Where d is a quotient a/b it is
// computed as p - (lr·a)/b, which is what PyTorch's addcdiv does, bit for bit.
func (s *Step) moved(d *node) *node {
	if a, b, ok := ops.Quotient(d); ok {
		return ops.Sub(s.Param, ops.Div(ops.Mul(s.LR, a), b))
	}
	return ops.Sub(s.Param, ops.Mul(s.LR, d))
}
