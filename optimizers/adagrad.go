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

// MADGRADRule averages towards the point that all gradients so far point to, seen
// from the start:
//
//	λ = lr·√t,  s ← s + λ·g,  v ← v + λ·g²
//	z = p₀ - s/(∛v + ε)
//	p ← μ·p + (1-μ)·z
//
// Defazio, Jelassi 2021, https://arxiv.org/abs/2101.11075. Weight decay belongs in
// front of it as l2: it is not decoupled.
type MADGRADRule struct {
	Momentum float64 `help:"part of the way that is left, μ" range:"[0,1)"`
	Eps      float64 `help:"added to the cube root, and to the learning rate" range:"[0,inf)"`
}

// MADGRAD returns the rule with the defaults of the paper's code.
func MADGRAD() MADGRADRule { return MADGRADRule{Momentum: 0.9, Eps: 1e-6} }

// Update implements [Rule].
func (r MADGRADRule) Update(s *Step) *node {
	start, sum, squares := s.State("start"), s.State("sum"), s.State("squares")
	p0 := s.First(s.Old(), start)
	s.Set(start, p0)
	weight := ops.Mul(ops.Shift(r.Eps, s.LR), ops.Sqrt(s.T))
	g := ops.Mul(weight, s.Grad)
	total, square := ops.Add(sum, g), ops.Add(squares, ops.Mul(g, s.Grad))
	s.Set(sum, total)
	s.Set(squares, square)
	s.Size = s.Const(1)
	zero := s.Const(0) // nothing has been seen of an element yet, and 0/0 is to be 0
	way := ops.Where(ops.Equal(square, zero), zero, ops.Div(total, ops.Shift(r.Eps, ops.Cbrt(square))))
	return ops.Scale(1-r.Momentum, ops.Add(ops.Sub(s.Old(), p0), way))
}

// FTRLRule follows the regularised leader: the point that would have been best for
// all gradients so far, each taken as a plane, with penalties that make exact zeros:
//
//	n' = n + g²,  z ← z + g - (√n'-√n)/lr·p,  n ← n'
//	p ← 0 where |z| ≤ λ1, else -(z - sign(z)·λ1) / ((β+√n)/lr + λ2)
//
// z starts so that the parameter stays where it was initialised while there is no
// gradient; the paper's starts at 0. McMahan et al. 2013,
// https://doi.org/10.1145/2487575.2488200, algorithm 1.
type FTRLRule struct {
	Beta    float64 `help:"added to the root, β" range:"[0,inf)"`
	L1      float64 `name:"l1" help:"penalty of the absolute values, λ1" range:"[0,inf)"`
	L2      float64 `name:"l2" help:"penalty of the squares, λ2" range:"[0,inf)"`
	Initial float64 `help:"value of the accumulator at the start" range:"[0,inf)"`
}

// FTRL returns the rule with the paper's β, without penalties.
func FTRL() FTRLRule { return FTRLRule{Beta: 1} }

// Update implements [Rule].
func (r FTRLRule) Update(s *Step) *node {
	squares := s.StateOf("n", graph.Fill(r.Initial), s.Old().Shape().Dims()...)
	planes := s.State("z")
	next := ops.Add(squares, ops.Square(s.Grad))
	before, after := ops.Sqrt(squares), ops.Sqrt(next)
	curve := func(root *node) *node { return ops.Shift(r.L2, ops.Div(ops.Shift(r.Beta, root), s.LR)) }
	p, zero := s.Old(), s.Const(0)
	s.Mask(ops.Less(zero, s.LR)) // planes have a slope as long as there is a rate
	z := s.First(ops.Neg(ops.Add(ops.Mul(p, curve(before)), ops.Scale(r.L1, ops.Sign(p)))), planes)
	z = ops.Sub(ops.Add(z, s.Grad), ops.Mul(ops.Div(ops.Sub(after, before), s.LR), p))
	s.Set(squares, next)
	s.Set(planes, z)
	best := ops.Neg(ops.Div(ops.Sub(z, ops.Scale(r.L1, ops.Sign(z))), curve(after)))
	s.Size = s.Const(1)
	return ops.Sub(p, ops.Where(ops.LessEqual(ops.Abs(z), s.Const(r.L1)), zero, best))
}
