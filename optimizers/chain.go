// Package optimizers holds update rules. A rule is an expression: what it does to
// a parameter is a few nodes, which are compiled with the rest of the training
// step. Defaults and semantics are PyTorch's. What a rule may do is in package rule,
// learning rates are in package schedule, methods that drive an evaluation themselves
// in package search.
package optimizers

import (
	"errors"
	"strings"

	"descent/graph"
	"descent/optimizers/rule"
)

type node = graph.Node

// A Rule says how parameters move, one of them in a [Step], a [Joint] rule all of them
// at once. Rules are plain values that [Format] writes as they are parsed; their
// constructors give the defaults. A [Training] is what rules make of a loss. What a step
// offers is described in package rule.
type (
	Rule     = rule.Rule
	Joint    = rule.Joint
	Step     = rule.Step
	Training = rule.Training
)

// ErrNeedsLoss says that only a gradient is at hand, and a rule needs more.
var ErrNeedsLoss = errors.New("optimizers: this rule needs the loss itself, not only its gradient")

// Descend returns the step that lowers loss by moving params by r. With no
// params, all of the graph's are moved. A parameter that the loss does not use
// (see [graph.GradUsed]) stays as it is whatever the rule, also where the rule
// decays weights, and has no states: PyTorch skips it too. A setting out of range
// is a mistake that graph.Compile reports.
func Descend(loss *node, r Rule, params ...*node) *Training {
	loss, c := checked(loss, r)
	return rule.Build(loss, c, params, false)
}

// Ascend returns the step that raises the objective.
func Ascend(objective *node, r Rule, params ...*node) *Training {
	objective, c := checked(objective, r)
	return rule.Build(objective, c, params, true)
}

// checked returns the links of a rule, or makes what is wrong with it a mistake of the
// loss.
func checked(loss *node, r Rule) (*node, Chain) {
	if err := Check(r); err != nil {
		return graph.Bad(err, "optimizer", loss), nil
	}
	if c, ok := r.(Chain); ok {
		return loss, c
	}
	return loss, Chain{r}
}

// A Chain applies rules in order, each to the result of the one before: clip,
// then moments, then decay. Each rule is applied to every parameter before the
// next.
type Chain []Rule

// Update implements [Rule] for one parameter alone.
func (c Chain) Update(s *Step) *node { return rule.Alone(c, s) }

// UpdateAll implements [Joint].
func (c Chain) UpdateAll(steps []*Step) { rule.InOrder(c, steps) }

// String formats the chain as it is parsed: "clip(1) | adam".
func (c Chain) String() string {
	parts := make([]string, len(c))
	for i, r := range c {
		parts[i] = Format(r)
	}
	return strings.Join(parts, " | ")
}
