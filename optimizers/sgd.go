package optimizers

import (
	"descent/graph"
	"descent/ops"
)

// SGDRule is stochastic gradient descent with heavy-ball or Nesterov momentum:
//
//	b ← μ·b + (1-τ)·g   (b = g at the first step)
//	d = b, or g + μ·b with Nesterov
//
// Polyak 1964; Sutskever et al. 2013, https://proceedings.mlr.press/v28/sutskever13.html.
type SGDRule struct {
	Momentum  float64 `help:"weight of the past, μ"`
	Dampening float64 `help:"τ"`
	Nesterov  bool    `help:"look ahead"`
}

// SGD returns plain gradient descent: no momentum.
func SGD() SGDRule { return SGDRule{} }

// Momentum returns gradient descent with heavy-ball momentum 0.9.
func Momentum() SGDRule { return SGDRule{Momentum: 0.9} }

// Update implements [Rule].
func (r SGDRule) Update(s *Step) *node {
	if r.Momentum == 0 {
		return s.Grad
	}
	mu, b := s.Const(r.Momentum), s.State("b")
	next := ops.Add(ops.Mul(mu, b), ops.Mul(s.Const(1-r.Dampening), s.Grad))
	if r.Dampening != 0 { // the first step is not dampened
		next = ops.Where(ops.Equal(s.T, s.Const(1)), s.Grad, next)
	}
	s.Set(b, next)
	if r.Nesterov {
		return ops.Add(s.Grad, ops.Mul(mu, next))
	}
	return next
}

// AdaGradRule divides by the root of the sum of all squared gradients:
//
//	G ← G + g²
//	d = g / (√G + ε), with lr/(1 + (t-1)·decay)
//
// Duchi, Hazan, Singer 2011, https://jmlr.org/papers/v12/duchi11a.html.
type AdaGradRule struct {
	Eps     float64 `help:"added to the root"`
	Decay   float64 `name:"lr_decay" help:"of the learning rate"`
	Initial float64 `help:"value of the accumulator at the start"`
}

// AdaGrad returns the rule with PyTorch's defaults.
func AdaGrad() AdaGradRule { return AdaGradRule{Eps: 1e-10} }

// Update implements [Rule].
func (r AdaGradRule) Update(s *Step) *node {
	G := s.StateOf("G", graph.Fill(r.Initial), s.Old().Shape().Dims()...)
	next := ops.Add(G, ops.Square(s.Grad))
	s.Set(G, next)
	s.LR = ops.Div(s.LR, ops.Shift(1, ops.Scale(r.Decay, ops.Shift(-1, s.T))))
	return ops.Div(s.Grad, ops.Shift(r.Eps, ops.Sqrt(next)))
}
