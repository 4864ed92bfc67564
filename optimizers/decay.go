package optimizers

import (
	"fmt"
	"slices"
	"strings"

	"descent/graph"
	"descent/ops"
	"descent/optimizers/rule"
)

// DecayRule is decoupled weight decay: the parameter shrinks by lr·λ before
// the step, where lr is the learning rate whatever the size of the step.
// With Spare, parameters of fewer than two axes, such as biases, keep theirs.
// Loshchilov, Hutter 2017, https://arxiv.org/abs/1711.05101.
type DecayRule struct {
	Lambda float64 `help:"strength, λ" range:"[0,inf)"`
	Match  string  `help:"names of the parameters it is for"`
	Spare  bool    `help:"leave biases and other 1-D parameters alone"`
}

// Decay returns decoupled weight decay.
func Decay(lambda float64) DecayRule { return DecayRule{Lambda: lambda, Match: "*"} }

// Update implements [Rule] for one parameter alone.
func (r DecayRule) Update(s *Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [Joint].
func (r DecayRule) UpdateAll(steps []*Step) {
	for _, s := range chosen(steps, r.Match, r.Spare) {
		s.Param = ops.Mul(s.Param, ops.Sub(s.Const(1), ops.Scale(r.Lambda, s.LR)))
	}
}

// L2Rule is coupled weight decay: λ·p is added to the gradient, as a penalty
// ½λ‖p‖² would.
type L2Rule struct {
	Lambda float64 `help:"strength, λ" range:"[0,inf)"`
	Match  string  `help:"names of the parameters it is for"`
	Spare  bool    `help:"leave biases and other 1-D parameters alone"`
}

// L2 returns coupled weight decay, PyTorch's weight_decay of SGD and Adam.
func L2(lambda float64) L2Rule { return L2Rule{Lambda: lambda, Match: "*"} }

// Update implements [Rule] for one parameter alone.
func (r L2Rule) Update(s *Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [Joint].
func (r L2Rule) UpdateAll(steps []*Step) {
	for _, s := range chosen(steps, r.Match, r.Spare) {
		s.Grad = ops.Add(s.Grad, ops.Scale(r.Lambda, s.Old()))
	}
}

// GroupRule multiplies the learning rate of the parameters whose name matches.
type GroupRule struct {
	Match string  `help:"names of the parameters it is for"`
	LR    float64 `help:"factor of the learning rate" range:"[0,inf)"`
}

// Group returns a multiplier of some parameters' learning rate. It stands
// before the rule that moves.
func Group(match string, lr float64) GroupRule { return GroupRule{match, lr} }

// Update implements [Rule] for one parameter alone.
func (r GroupRule) Update(s *Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [Joint].
func (r GroupRule) UpdateAll(steps []*Step) {
	for _, s := range chosen(steps, r.Match, false) {
		s.LR, s.Size = ops.Scale(r.LR, s.LR), ops.Scale(r.LR, s.Size)
	}
}

// FreezeRule leaves the parameters whose name matches as they are, and keeps
// no state for them.
type FreezeRule struct {
	Match string `help:"names of the parameters it is for"`
}

// Freeze returns the rule. It stands first in a chain.
func Freeze(match string) FreezeRule { return FreezeRule{match} }

// Update implements [Rule] for one parameter alone.
func (r FreezeRule) Update(s *Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [Joint].
func (r FreezeRule) UpdateAll(steps []*Step) {
	for _, s := range chosen(steps, r.Match, false) {
		s.Freeze()
	}
}

// chosen returns the steps of the parameters whose name matches. A pattern
// that chooses nothing is a mistake, which is left in the first gradient.
func chosen(steps []*Step, match string, spare bool) []*Step {
	var out []*Step
	for _, s := range steps {
		if matches(match, s.Name()) && (!spare || s.Old().Shape().Rank() >= 2) {
			out = append(out, s)
		}
	}
	s := steps[0]
	if !slices.ContainsFunc(s.Params(), func(p *node) bool { return matches(match, p.Name()) }) {
		s.Grad = graph.Bad(fmt.Errorf("no parameter is named %q", match), "optimizer", s.Grad)
	}
	return out
}

// matches reports whether a name matches a pattern in which * is any text and
// a | separates alternatives; a leading ! negates the whole.
func matches(pattern, name string) bool {
	if p, not := strings.CutPrefix(pattern, "!"); not {
		return !matches(p, name)
	}
	for _, p := range strings.Split(pattern, "|") {
		if glob(p, name) {
			return true
		}
	}
	return false
}

func glob(pattern, name string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	if name, ok := strings.CutPrefix(name, head); ok {
		for i := 0; i <= len(name); i++ {
			if glob(rest, name[i:]) {
				return true
			}
		}
	}
	return false
}
