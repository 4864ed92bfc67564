package optimizers

import (
	"math"

	"descent/graph"
	"descent/ops"
)

// Rules that look at a parameter as a whole: its norm, or its matrix.

// LARSRule scales each parameter's gradient so that its step is a fixed part
// of the parameter's norm, then applies momentum:
//
//	u = g + λ·p
//	b ← μ·b + η·‖p‖/‖u‖·u,  d = b
//
// You, Gitman, Ginsburg 2017, https://arxiv.org/abs/1708.03888.
type LARSRule struct {
	Trust    float64 `help:"part of the norm, η" range:"(0,inf)"`
	Momentum float64 `help:"weight of the past, μ" range:"[0,1)"`
	Lambda   float64 `help:"weight decay, λ" range:"[0,inf)"`
}

// LARS returns the rule with Optax's defaults; its learning rate is about 1.
func LARS() LARSRule { return LARSRule{Trust: 0.001, Momentum: 0.9} }

// Update implements [Rule].
func (r LARSRule) Update(s *Step) *node {
	u := ops.Add(s.Grad, ops.Scale(r.Lambda, s.Old()))
	b := s.State("b")
	next := ops.Add(ops.Scale(r.Momentum, b), ops.Mul(trust(s, u, r.Trust), u))
	s.Set(b, next)
	return next
}

// trust returns c·‖p‖/‖u‖, or 1 where either is 0.
func trust(s *Step, u *node, c float64) *node {
	p, n := norm(s.Old()), norm(u)
	return ops.Where(ops.Less(s.Const(0), ops.Mul(p, n)), ops.Div(ops.Scale(c, p), n), s.Const(1))
}

// LAMBRule is Adam whose step is as long as the parameter:
//
//	u = m̂/(√v̂ + ε) + λ·p
//	d = ‖p‖/‖u‖·u
//
// You et al. 2019, https://arxiv.org/abs/1904.00962.
type LAMBRule struct {
	Beta1  float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2  float64 `help:"decay of the mean square" range:"[0,1)"`
	Eps    float64 `help:"added to the root" range:"[0,inf)"`
	Lambda float64 `help:"weight decay, λ" range:"[0,inf)"`
}

// LAMB returns the rule with Optax's defaults.
func LAMB() LAMBRule { return LAMBRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-6} }

// Update implements [Rule].
func (r LAMBRule) Update(s *Step) *node {
	mean, square := moments(s, r.Beta1, r.Beta2)
	under := ops.Shift(r.Eps, ops.Sqrt(ops.Div(square, correction(s, r.Beta2))))
	u := ops.Add(ops.Div(ops.Div(mean, correction(s, r.Beta1)), under), ops.Scale(r.Lambda, s.Old()))
	return ops.Mul(trust(s, u, 1), u)
}

// AdafactorRule keeps the mean square of a matrix as its row and column means,
// and chooses the step relative to the parameter's size:
//
//	v ← (1-t^-κ)·v + t^-κ·g²,  for a matrix v ≈ rows·cols/mean(rows)
//	u = g/√v,  d = u / max(1, RMS(u)/clip)
//	with max(ε, RMS(p))·min(lr, 1/√t)
//
// Shazeer, Stern 2018, https://arxiv.org/abs/1804.04235.
type AdafactorRule struct {
	Kappa float64 `help:"how fast the mean square slows down, κ" range:"(0,inf)"`
	Clip  float64 `help:"largest root mean square of the step" range:"(0,inf)"`
	Eps   float64 `help:"least size of a parameter" range:"[0,inf)"`
	Floor float64 `help:"least root of the mean square" range:"(0,inf)"`
}

// Adafactor returns the rule with PyTorch's defaults; its learning rate is 0.01.
func Adafactor() AdafactorRule {
	return AdafactorRule{Kappa: 0.8, Clip: 1, Eps: 1e-3, Floor: 0x1p-52}
}

// Update implements [Rule].
func (r AdafactorRule) Update(s *Step) *node {
	one := s.Const(1)
	fresh := ops.Pow(s.T, s.Const(-r.Kappa)) // weight of this gradient
	keep := func(name string, x *node) *node {
		v := s.StateOf(name, graph.Zeros, x.Shape().Dims()...)
		next := ops.Add(v, ops.Mul(fresh, ops.Sub(x, v)))
		s.Set(v, next)
		return next
	}
	g2 := ops.Square(s.Grad)
	var v *node
	if s.Old().Shape().Rank() < 2 {
		v = keep("v", g2)
	} else {
		rows, cols := keep("rows", ops.Keep(ops.Mean(g2, -1), g2, -1)), keep("cols", ops.Keep(ops.Mean(g2, -2), g2, -2))
		mean := ops.Keep(ops.Mean(rows, -2), rows, -2)
		v = ops.Div(ops.Mul(rows, cols), ops.Max(mean, s.Const(r.Floor)))
	}
	u := ops.Div(s.Grad, ops.Sqrt(ops.Max(v, s.Const(r.Floor*r.Floor))))
	s.Size = ops.Mul(ops.Max(s.Const(r.Eps), rms(s.Old())), ops.Min(s.Size, ops.Div(one, ops.Sqrt(s.T))))
	return ops.Div(u, ops.Max(one, ops.Scale(1/r.Clip, rms(u))))
}

// rms returns the root of the mean square.
func rms(x *node) *node { return ops.Sqrt(ops.Mean(ops.Square(x))) }

// MuonRule moves a matrix along its momentum with all singular values made
// about 1, by five Newton-Schulz steps; other parameters are Adam's:
//
//	b ← μ·b + (1-μ)·g,  u = μ·b + (1-μ)·g
//	X ← u/‖u‖;  5 times: A = XXᵀ, X ← 3.4445·X + (2.0315·A² - 4.7750·A)·X
//	d = √max(1, columns/rows)·X
//
// A matrix here is inputs by outputs, the transpose of PyTorch's, whose factor is
// √max(1, rows/columns): the same matrix moves alike.
//
// Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/; Liu et al.
// 2025, https://arxiv.org/abs/2502.16982.
type MuonRule struct {
	Momentum float64 `help:"decay of the mean, μ" range:"[0,1)"`
	Nesterov bool    `help:"look ahead"`
	Steps    int     `help:"Newton-Schulz steps" range:"[1,20]"`
	AdamLR   float64 `help:"factor of the rate for what is not a matrix" range:"[0,inf)"`
}

// Muon returns the rule with PyTorch's defaults, without its weight decay: put
// Decay(0.1) before it.
func Muon() MuonRule { return MuonRule{Momentum: 0.95, Nesterov: true, Steps: 5, AdamLR: 1} }

// Update implements [Rule].
func (r MuonRule) Update(s *Step) *node {
	shape := s.Old().Shape()
	if shape.Rank() != 2 {
		s.Size = ops.Scale(r.AdamLR, s.Size)
		return Adam().Update(s)
	}
	b := s.State("b")
	u := mix(r.Momentum, b, s.Grad)
	s.Set(b, u)
	if r.Nesterov {
		u = mix(r.Momentum, u, s.Grad)
	}
	tall := shape.Dim(0) > shape.Dim(1)
	if tall {
		u = ops.Transpose(u)
	}
	x := ops.Div(u, ops.Max(norm(u), s.Const(1e-7)))
	for range r.Steps {
		a := ops.MatMul(x, ops.Transpose(x))
		q := ops.Add(ops.Scale(2.0315, ops.MatMul(a, a)), ops.Scale(-4.7750, a))
		x = ops.Add(ops.Scale(3.4445, x), ops.MatMul(q, x))
	}
	if tall {
		x = ops.Transpose(x)
	}
	return ops.Scale(math.Sqrt(max(1, float64(shape.Dim(1))/float64(shape.Dim(0)))), x)
}
