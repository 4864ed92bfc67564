package optimizers

import (
	"descent/graph"
	"descent/ops"
	"descent/optimizers/rule"
)

// Rules that use the curvature of the loss: products of its Hessian with random
// vectors, from the same reverse mode as its gradient. A step costs about
// three times that of a first-order rule.

// diagonal returns an estimate of the Hessian's diagonal for each parameter:
// z·Hz with random signs z, whose expectation it is. Hutchinson 1989.
func diagonal(steps []*Step) []*node {
	xs, zs := make([]*node, len(steps)), make([]*node, len(steps))
	for i, s := range steps {
		xs[i], zs[i] = s.Old(), s.Signs()
	}
	h := graph.HVP(steps[0].Loss(), xs, zs)
	for i := range h {
		h[i] = ops.Mul(h[i], zs[i])
	}
	return h
}

// AdaHessianRule is Adam with an estimate of the Hessian's diagonal in place of
// the gradient in the mean square:
//
//	v ← β2·v + (1-β2)·(z·Hz)²
//
// Yao et al. 2020, https://arxiv.org/abs/2006.00719.
type AdaHessianRule struct {
	Beta1 float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2 float64 `help:"decay of the mean square" range:"[0,1)"`
	Eps   float64 `help:"added to the root" range:"[0,inf)"`
}

// AdaHessian returns the rule with the paper's defaults.
func AdaHessian() AdaHessianRule { return AdaHessianRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-4} }

// Update implements [Rule] for one parameter alone.
func (r AdaHessianRule) Update(s *Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [Joint].
func (r AdaHessianRule) UpdateAll(steps []*Step) {
	for i, h := range diagonal(steps) {
		s := steps[i]
		m, v := s.State("m"), s.State("v")
		mean, square := mix(r.Beta1, m, s.Grad), mixSquare(r.Beta2, v, h)
		s.Set(m, mean)
		s.Set(v, square)
		s.Grad = corrected(s, mean, square, r.Beta1, r.Beta2, r.Eps)
	}
}

// SophiaRule divides a mean of the gradient by a mean of the Hessian's
// diagonal and limits each element:
//
//	h ← β2·h + (1-β2)·(z·Hz), every k steps
//	d = clip(m/max(γ·h, ε), 1)
//
// Liu et al. 2023, https://arxiv.org/abs/2305.14342 (Sophia-H).
type SophiaRule struct {
	Beta1 float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2 float64 `help:"decay of the curvature" range:"[0,1)"`
	Gamma float64 `help:"weight of the curvature, γ" range:"(0,inf)"`
	Eps   float64 `help:"least divisor" range:"(0,inf)"`
	Every int     `help:"steps between estimates of the curvature, k" range:"[1,inf)"`
}

// Sophia returns the rule with the paper's defaults.
func Sophia() SophiaRule {
	return SophiaRule{Beta1: 0.96, Beta2: 0.99, Gamma: 0.01, Eps: 1e-12, Every: 10}
}

// Update implements [Rule] for one parameter alone.
func (r SophiaRule) Update(s *Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [Joint].
func (r SophiaRule) UpdateAll(steps []*Step) {
	for i, fresh := range diagonal(steps) {
		s := steps[i]
		m, h := s.State("m"), s.State("h")
		mean := mix(r.Beta1, m, s.Grad)
		curve := ops.Where(every(ops.Shift(-1, s.T), r.Every), mix(r.Beta2, h, fresh), h)
		s.Set(m, mean)
		s.Set(h, curve)
		u := ops.Div(mean, ops.Max(ops.Scale(r.Gamma, curve), s.Const(r.Eps)))
		s.Grad = ops.Max(ops.Min(u, s.Const(1)), s.Const(-1))
	}
}

// every returns 1 where t is a multiple of k, else 0.
func every(t *node, k int) *node {
	return ops.Equal(t, ops.Scale(float64(k), ops.Floor(ops.Div(t, t.Graph().Const(float64(k))))))
}

// SAMRule replaces the gradient by the one a distance ρ uphill: what is
// lowered is the largest loss near the parameters.
//
//	g ← ∇f(p + ρ·g/‖g‖)
//
// Foret et al. 2020, https://arxiv.org/abs/2010.01412.
type SAMRule struct {
	Rho float64 `help:"distance uphill, ρ" range:"[0,inf)"`
}

// SAM returns the rule with the paper's default. It stands first in a chain
// and doubles the cost of a step.
func SAM() SAMRule { return SAMRule{Rho: 0.05} }

// Update implements [Rule] for one parameter alone.
func (r SAMRule) Update(s *Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [Joint].
func (r SAMRule) UpdateAll(steps []*Step) {
	scale := ops.Div(steps[0].Const(r.Rho), ops.Shift(1e-12, jointNorm(steps)))
	xs, up := make([]*node, len(steps)), make([]*node, len(steps))
	for i, s := range steps {
		xs[i], up[i] = s.Old(), ops.Add(s.Old(), ops.Mul(scale, s.Grad))
	}
	loss := graph.Substitute([]*node{steps[0].Loss()}, xs, up)[0]
	for i, g := range graph.Grad(loss, up...) {
		steps[i].Begin(g)
	}
}
