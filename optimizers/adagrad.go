package optimizers

import (
	"descent/graph"
	"descent/ops"
)

// AdaGradRule divides by the root of the sum of all squared gradients:
//
//	G ← G + g²
//	d = g / (√G + ε), with lr/(1 + (t-1)·decay)
//
// Inside puts ε under the root and leaves elements with G = 0 alone, as Optax
// does. Duchi, Hazan, Singer 2011, https://jmlr.org/papers/v12/duchi11a.html.
type AdaGradRule struct {
	Eps     float64 `help:"added to the root" range:"[0,inf)"`
	Decay   float64 `name:"lr_decay" help:"of the learning rate" range:"[0,inf)"`
	Initial float64 `help:"value of the accumulator at the start" range:"[0,inf)"`
	Inside  bool    `help:"add eps under the root"`
}

// AdaGrad returns the rule with PyTorch's defaults.
func AdaGrad() AdaGradRule { return AdaGradRule{Eps: 1e-10} }

// OptaxAdaGrad returns the rule as Optax computes it.
func OptaxAdaGrad() AdaGradRule { return AdaGradRule{Eps: 1e-7, Initial: 0.1, Inside: true} }

// Update implements [Rule].
func (r AdaGradRule) Update(s *Step) *node {
	G := s.StateOf("G", graph.Fill(r.Initial), s.Old().Shape().Dims()...)
	next := ops.Add(G, ops.Square(s.Grad))
	s.Set(G, next)
	s.Size = ops.Div(s.LR, ops.Shift(1, ops.Scale(r.Decay, ops.Shift(-1, s.T))))
	if r.Inside {
		zero := s.Const(0)
		return ops.Where(ops.Less(zero, next), ops.Div(s.Grad, ops.Sqrt(ops.Shift(r.Eps, next))), zero)
	}
	return ops.Div(s.Grad, ops.Shift(r.Eps, ops.Sqrt(next)))
}

// AdaDeltaRule gives the step the unit of the parameter, by the ratio of the
// running roots of squared steps and squared gradients:
//
//	v ← ρ·v + (1-ρ)·g²
//	d = √(u+ε)/√(v+ε) · g
//	u ← ρ·u + (1-ρ)·d²
//
// Zeiler 2012, https://arxiv.org/abs/1212.5701.
type AdaDeltaRule struct {
	Rho float64 `help:"decay of both means, ρ" range:"[0,1)"`
	Eps float64 `help:"added under the roots" range:"[0,inf)"`
}

// AdaDelta returns the rule with PyTorch's defaults; its learning rate is 1.
func AdaDelta() AdaDeltaRule { return AdaDeltaRule{Rho: 0.9, Eps: 1e-6} }

// Update implements [Rule].
func (r AdaDeltaRule) Update(s *Step) *node {
	v, u := s.State("v"), s.State("u")
	square := mixSquare(r.Rho, v, s.Grad)
	root := func(x *node) *node { return ops.Sqrt(ops.Shift(r.Eps, x)) }
	d := ops.Mul(ops.Div(root(u), root(square)), s.Grad)
	s.Set(v, square)
	s.Set(u, mixSquare(r.Rho, u, d))
	return d
}

// RMSPropRule divides by the root of a running mean of the squared gradient:
//
//	v ← α·v + (1-α)·g²
//	d = g / (√v + ε);  centered: √(v - m²), m the running mean of g
//	with momentum, b ← μ·b + d is followed instead
//
// Inside puts ε under the root, as Optax and Keras do.
// Tieleman, Hinton 2012, lecture 6e; Graves 2013, https://arxiv.org/abs/1308.0850.
type RMSPropRule struct {
	Alpha    float64 `help:"decay of the mean square" range:"[0,1)"`
	Eps      float64 `help:"added to the root" range:"[0,inf)"`
	Momentum float64 `help:"weight of the past, μ" range:"[0,1)"`
	Centered bool    `help:"divide by the deviation from the mean"`
	Inside   bool    `help:"add eps under the root"`
}

// RMSProp returns the rule with PyTorch's defaults.
func RMSProp() RMSPropRule { return RMSPropRule{Alpha: 0.99, Eps: 1e-8} }

// OptaxRMSProp returns the rule as Optax computes it.
func OptaxRMSProp() RMSPropRule { return RMSPropRule{Alpha: 0.9, Eps: 1e-8, Inside: true} }

// Update implements [Rule].
func (r RMSPropRule) Update(s *Step) *node {
	v := s.State("v")
	square := mixSquare(r.Alpha, v, s.Grad)
	s.Set(v, square)
	if r.Centered {
		m := s.State("m")
		mean := mix(r.Alpha, m, s.Grad)
		s.Set(m, mean)
		square = ops.Sub(square, ops.Square(mean))
	}
	var d *node
	if r.Inside {
		d = ops.Div(s.Grad, ops.Sqrt(ops.Shift(r.Eps, square)))
	} else {
		d = ops.Div(s.Grad, ops.Shift(r.Eps, ops.Sqrt(square)))
	}
	if r.Momentum == 0 {
		return d
	}
	b := s.State("b")
	next := ops.Add(ops.Scale(r.Momentum, b), d)
	s.Set(b, next)
	return next
}
