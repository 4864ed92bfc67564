package optimizers

import "descent/ops"

// SGDRule is stochastic gradient descent with heavy-ball or Nesterov momentum:
//
//	b ← μ·b + (1-τ)·g   (b = g at the first step)
//	d = b, or g + μ·b with Nesterov
//
// Velocity keeps the learning rate inside b, as Keras does, which differs when
// the rate changes.
// Polyak 1964; Sutskever et al. 2013, https://proceedings.mlr.press/v28/sutskever13.html.
type SGDRule struct {
	Momentum  float64 `help:"weight of the past, μ" range:"[0,1)"`
	Dampening float64 `help:"τ" range:"[0,1]"`
	Nesterov  bool    `help:"look ahead"`
	Velocity  bool    `help:"keep the learning rate inside the momentum"`
}

// SGD returns plain gradient descent: no momentum.
func SGD() SGDRule { return SGDRule{} }

// Momentum returns gradient descent with heavy-ball momentum 0.9.
func Momentum() SGDRule { return SGDRule{Momentum: 0.9} }

// Nesterov returns gradient descent with Nesterov's momentum 0.9.
func Nesterov() SGDRule { return SGDRule{Momentum: 0.9, Nesterov: true} }

// KerasSGD returns momentum as Keras computes it.
func KerasSGD() SGDRule { return SGDRule{Momentum: 0.9, Velocity: true} }

// Update implements [Rule].
func (r SGDRule) Update(s *Step) *node {
	if r.Momentum == 0 {
		return s.Grad
	}
	mu, b, g := s.Const(r.Momentum), s.State("b"), s.Grad
	if r.Velocity {
		g = ops.Mul(s.Size, g)
		s.Size = s.Const(1)
	}
	next := ops.Add(ops.Mul(mu, b), ops.Mul(s.Const(1-r.Dampening), g))
	if r.Dampening != 0 { // the first step is not dampened
		next = s.First(g, next)
	}
	s.Set(b, next)
	if r.Nesterov {
		return ops.Add(g, ops.Mul(mu, next))
	}
	return next
}

// ASGDRule is gradient descent with a falling step whose iterates are averaged
// from step t0 on; the average is what to evaluate:
//
//	η = lr / (1 + λ·lr·(t-1))^α
//	p ← p·(1 - λη) - η·g
//	a ← a + (p - a)/max(1, t-1-t0)
//
// Polyak, Juditsky 1992, https://doi.org/10.1137/0330046.
type ASGDRule struct {
	Lambda float64 `help:"decay, λ" range:"[0,inf)"`
	Alpha  float64 `help:"power of the falling step, α" range:"[0,inf)"`
	T0     float64 `help:"steps before averaging starts" range:"[0,inf)"`
}

// ASGD returns the rule with PyTorch's defaults.
func ASGD() ASGDRule { return ASGDRule{Lambda: 1e-4, Alpha: 0.75, T0: 1e6} }

// Update implements [Rule].
func (r ASGDRule) Update(s *Step) *node {
	done := ops.Shift(-1, s.T)
	eta := ops.Div(s.LR, ops.Pow(ops.Shift(1, ops.Mul(ops.Scale(r.Lambda, s.LR), done)), s.Const(r.Alpha)))
	s.Param = ops.Mul(s.Param, ops.Sub(s.Const(1), ops.Scale(r.Lambda, eta)))
	s.Size = eta
	mu := ops.Div(s.Const(1), ops.Max(s.Const(1), ops.Shift(-r.T0, done)))
	a := s.State("average")
	s.Average(a, func(next *node) *node {
		moved := ops.Add(a, ops.Mul(ops.Sub(next, a), mu))
		return ops.Where(ops.Equal(mu, s.Const(1)), next, moved)
	})
	return s.Grad
}

// RpropRule takes steps whose length grows while the gradient keeps its sign
// and shrinks when it changes; the gradient's size does not matter. lr is the
// length of the first step. For full batches only.
//
// Riedmiller, Braun 1993, https://doi.org/10.1109/ICNN.1993.298623.
type RpropRule struct {
	Shrink  float64 `help:"factor after a change of sign" range:"(0,1)"`
	Grow    float64 `help:"factor otherwise" range:"(1,inf)"`
	Minimum float64 `help:"shortest step" range:"[0,inf)"`
	Maximum float64 `help:"longest step" range:"(0,inf)"`
}

// Rprop returns the rule with PyTorch's defaults.
func Rprop() RpropRule { return RpropRule{Shrink: 0.5, Grow: 1.2, Minimum: 1e-6, Maximum: 50} }

// Update implements [Rule].
func (r RpropRule) Update(s *Step) *node {
	before, length := s.State("g"), s.State("length")
	same := ops.Mul(s.Grad, before)
	zero := s.Const(0)
	turned := ops.Less(same, zero)
	factor := ops.Where(turned, s.Const(r.Shrink), ops.Where(ops.Less(zero, same), s.Const(r.Grow), s.Const(1)))
	l := ops.Mul(s.First(s.LR, length), factor)
	l = ops.Min(ops.Max(l, s.Const(r.Minimum)), s.Const(r.Maximum))
	g := ops.Where(turned, zero, s.Grad)
	s.Set(length, l)
	s.Set(before, g)
	s.Size = s.Const(1)
	return ops.Mul(ops.Sign(g), l)
}
