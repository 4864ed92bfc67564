package optimizers

import (
	"math"

	"descent/ops"
)

// Links that change the gradient before the rule that moves, or the direction
// after it.

// MaximizeRule turns the gradient round, so that the rules after it climb.
type MaximizeRule struct{}

// Maximize returns the rule; it stands first.
func Maximize() MaximizeRule { return MaximizeRule{} }

// Update implements [Rule].
func (r MaximizeRule) Update(s *Step) *node { return ops.Neg(s.Grad) }

// CentralizeRule makes the gradient of each unit's weights sum to 0: those that
// lead to one output, along all axes but the last.
// Yong et al. 2020, https://arxiv.org/abs/2004.01461.
type CentralizeRule struct{}

// Centralize returns gradient centralisation.
func Centralize() CentralizeRule { return CentralizeRule{} }

// Update implements [Rule].
func (r CentralizeRule) Update(s *Step) *node {
	rank := s.Old().Shape().Rank()
	if rank < 2 {
		return s.Grad
	}
	axes := make([]int, rank-1)
	for i := range axes {
		axes[i] = i
	}
	return ops.Sub(s.Grad, ops.Keep(ops.Mean(s.Grad, axes...), s.Grad, axes...))
}

// NoiseRule adds normal noise that fades, of variance η/t^γ.
// Neelakantan et al. 2015, https://arxiv.org/abs/1511.06807.
type NoiseRule struct {
	Eta   float64 `help:"variance at the first step, η" range:"[0,inf)"`
	Gamma float64 `help:"how fast it fades, γ" range:"[0,inf)"`
}

// Noise returns the rule with the paper's settings.
func Noise() NoiseRule { return NoiseRule{Eta: 0.01, Gamma: 0.55} }

// Update implements [Rule].
func (r NoiseRule) Update(s *Step) *node {
	deviation := ops.Scale(math.Sqrt(r.Eta), ops.Pow(s.T, s.Const(-r.Gamma/2)))
	return ops.Add(s.Grad, ops.Mul(deviation, s.Normal()))
}

// CautiousRule drops the elements of the direction that go against the
// gradient, and lengthens the rest to make up for them:
//
//	d ← d·mask/max(mean(mask), floor),  mask = (d·g > 0)
//
// Liang et al. 2024, https://arxiv.org/abs/2411.16085.
type CautiousRule struct {
	Floor float64 `help:"least part of the elements that is made up for" range:"(0,1]"`
}

// Cautious returns the rule with the paper's default. It stands after the rule
// that moves.
func Cautious() CautiousRule { return CautiousRule{Floor: 1e-3} }

// Update implements [Rule].
func (r CautiousRule) Update(s *Step) *node {
	mask := ops.Less(s.Const(0), ops.Mul(s.Grad, s.Raw()))
	return ops.Mul(s.Grad, ops.Div(mask, ops.Max(ops.Mean(mask), s.Const(r.Floor))))
}

// AccumulateRule gives the rules after it the mean gradient of k steps: k
// micro-batches are one batch. Between, parameters and states stay.
type AccumulateRule struct {
	Steps int `help:"micro-batches to a step, k" range:"[1,inf)"`
}

// Accumulate returns the rule; it stands first.
func Accumulate(k int) AccumulateRule { return AccumulateRule{k} }

// Update implements [Rule].
func (r AccumulateRule) Update(s *Step) *node {
	sum := s.State("sum")
	total := ops.Add(sum, s.Grad)
	last := every(s.T, r.Steps)
	s.Set(sum, ops.Where(last, s.Const(0), total))
	k := s.Const(float64(r.Steps))
	s.T = ops.Neg(ops.Floor(ops.Neg(ops.Div(s.T, k)))) // of this batch
	s.Mask(last)
	s.Begin(ops.Div(total, k))
	return s.Grad
}
