package optimizers

import (
	"descent/ops"
	"descent/optimizers/rule"
)

// ClipRule scales all gradients together so that their joint 2-norm is at most
// Max, as torch.nn.utils.clip_grad_norm_ does:
//
//	g ← g·min(1, max/(‖g‖ + 1e-6))
//
// Exact leaves out the 1e-6, as Optax does. Pascanu, Mikolov, Bengio 2012,
// https://arxiv.org/abs/1211.5063.
type ClipRule struct {
	Max   float64 `help:"largest joint norm" range:"(0,inf)"`
	Exact bool    `help:"clip to the norm exactly"`
}

// Clip returns clipping by the global norm.
func Clip(most float64) ClipRule { return ClipRule{Max: most} }

// Update implements [Rule] for one parameter alone.
func (r ClipRule) Update(s *Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [Joint].
func (r ClipRule) UpdateAll(steps []*Step) {
	norm := jointNorm(steps)
	if !r.Exact {
		norm = ops.Shift(1e-6, norm)
	}
	ratio := ops.Min(ops.Div(steps[0].Const(r.Max), norm), steps[0].Const(1))
	for _, s := range steps {
		s.Grad = ops.Mul(s.Grad, ratio)
	}
}

// jointNorm returns the 2-norm of all gradients together.
func jointNorm(steps []*Step) *node {
	sum := steps[0].Const(0)
	for _, s := range steps {
		sum = ops.Add(sum, ops.Sum(ops.Square(s.Grad)))
	}
	return ops.Sqrt(sum)
}

// norm returns the 2-norm of x.
func norm(x *node) *node { return ops.Sqrt(ops.Sum(ops.Square(x))) }

// ClipValueRule limits each element of the gradient to [-Max, Max].
type ClipValueRule struct {
	Max float64 `help:"largest size of an element" range:"(0,inf)"`
}

// ClipValue returns clipping of each element.
func ClipValue(most float64) ClipValueRule { return ClipValueRule{most} }

// Update implements [Rule].
func (r ClipValueRule) Update(s *Step) *node {
	return ops.Max(ops.Min(s.Grad, s.Const(r.Max)), s.Const(-r.Max))
}

// ClipEachRule scales each parameter's gradient so that its own 2-norm is at
// most Max, as Keras's clipnorm does.
type ClipEachRule struct {
	Max float64 `help:"largest norm of a parameter's gradient" range:"(0,inf)"`
}

// ClipEach returns clipping of each parameter by its own norm.
func ClipEach(most float64) ClipEachRule { return ClipEachRule{most} }

// Update implements [Rule].
func (r ClipEachRule) Update(s *Step) *node {
	return ops.Mul(s.Grad, ops.Min(ops.Div(s.Const(r.Max), norm(s.Grad)), s.Const(1)))
}

// AGCRule is adaptive gradient clipping: each unit's gradient is scaled so that
// its norm is at most Max times the norm of the unit's weights. A unit is a
// column of a matrix, and the whole of anything else:
//
//	g ← g·min(1, max·‖p‖⁺/‖g‖),  ‖p‖⁺ = max(‖p‖, ε)
//
// Brock et al. 2021, https://arxiv.org/abs/2102.06171.
type AGCRule struct {
	Max float64 `help:"largest ratio of gradient to weight" range:"(0,inf)"`
	Eps float64 `help:"smallest norm of a unit's weights" range:"(0,inf)"`
}

// AGC returns the rule with the paper's defaults.
func AGC() AGCRule { return AGCRule{Max: 0.01, Eps: 1e-3} }

// Update implements [Rule].
func (r AGCRule) Update(s *Step) *node {
	norm := func(x *node) *node {
		if x.Shape().Rank() < 2 {
			return norm(x)
		}
		return ops.Keep(ops.Sqrt(ops.Sum(ops.Square(x), -2)), x, -2)
	}
	most := ops.Scale(r.Max, ops.Max(norm(s.Old()), s.Const(r.Eps)))
	// A gradient of 0 gives the ratio +Inf, and the factor 1.
	return ops.Mul(s.Grad, ops.Min(ops.Div(most, norm(s.Grad)), s.Const(1)))
}
