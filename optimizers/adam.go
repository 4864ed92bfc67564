package optimizers

import (
	"descent/ops"
)

// AdamRule follows a running mean of the gradient, divided by the root of a
// running mean of its square, both corrected for having started at zero:
//
//	m ← β1·m + (1-β1)·g
//	v ← β2·v + (1-β2)·g²
//	d = m/(1-β1ᵗ) / (√v/√(1-β2ᵗ) + ε)
//
// With AMSGrad, v is replaced in d by the largest v so far. EpsHat adds ε to
// the uncorrected root, as Keras and section 2 of the paper do; Corrected takes
// the largest corrected mean square, as Optax does; Nesterov looks ahead with
// the next step's mean, which is Optax's nadam.
// Kingma, Ba 2014, https://arxiv.org/abs/1412.6980;
// Reddi, Kale, Kumar 2018, https://arxiv.org/abs/1904.09237.
type AdamRule struct {
	Beta1     float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2     float64 `help:"decay of the mean square" range:"[0,1)"`
	Eps       float64 `help:"added to the root" range:"[0,inf)"`
	AMSGrad   bool    `name:"amsgrad" help:"divide by the largest mean square so far"`
	EpsHat    bool    `help:"add eps before the correction"`
	Corrected bool    `help:"amsgrad of corrected mean squares"`
	Nesterov  bool    `help:"look ahead"`
}

// Adam returns the rule with PyTorch's defaults.
func Adam() AdamRule { return AdamRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8} }

// AMSGrad returns Adam that divides by the largest mean square so far.
func AMSGrad() AdamRule { return AdamRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, AMSGrad: true} }

// KerasAdam returns Adam as Keras computes it.
func KerasAdam() AdamRule { return AdamRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-7, EpsHat: true} }

// OptaxAMSGrad returns AMSGrad as Optax computes it.
func OptaxAMSGrad() AdamRule {
	return AdamRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, AMSGrad: true, Corrected: true}
}

// OptaxNAdam returns Adam with Nesterov's momentum as Optax computes it.
func OptaxNAdam() AdamRule {
	return AdamRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Nesterov: true}
}

// AdamW returns Adam with decoupled weight decay, as a chain: the parameter
// shrinks by lr·λ before Adam's step. Loshchilov, Hutter 2017,
// https://arxiv.org/abs/1711.05101.
func AdamW() Chain { return Chain{Decay(0.01), Adam()} }

// Update implements [Rule].
func (r AdamRule) Update(s *Step) *node {
	mean, square := moments(s, r.Beta1, r.Beta2)
	bias := ops.Sqrt(correction(s, r.Beta2))
	if r.AMSGrad {
		if r.Corrected {
			square, bias = ops.Div(square, correction(s, r.Beta2)), s.Const(1)
		}
		top := s.State("vmax")
		square = ops.Max(top, square)
		s.Set(top, square)
	}
	if r.Nesterov { // β1·m/(1-β1^(t+1)) + (1-β1)·g/(1-β1^t), the last taken out
		next := ops.Sub(s.Const(1), ops.Pow(s.Const(r.Beta1), ops.Shift(1, s.T)))
		mean = mix(r.Beta1, ops.Mul(mean, ops.Div(correction(s, r.Beta1), next)), s.Grad)
	}
	s.Size = ops.Div(s.Size, correction(s, r.Beta1))
	if r.EpsHat {
		s.Size = ops.Mul(s.Size, bias)
		return ops.Div(mean, ops.Shift(r.Eps, ops.Sqrt(square)))
	}
	return ops.Div(mean, ops.Shift(r.Eps, ops.Div(ops.Sqrt(square), bias)))
}

// moments keeps the running means m and v of the gradient and its square, and
// returns their new values.
func moments(s *Step, beta1, beta2 float64) (mean, square *node) {
	m, v := s.State("m"), s.State("v")
	mean, square = mix(beta1, m, s.Grad), mixSquare(beta2, v, s.Grad)
	s.Set(m, mean)
	s.Set(v, square)
	return mean, square
}

// mix returns β·old + (1-β)·x.
func mix(beta float64, old, x *node) *node {
	return ops.Add(ops.Scale(beta, old), ops.Scale(1-beta, x))
}

// mixSquare returns β·old + (1-β)·x², rounded as PyTorch's addcmul.
func mixSquare(beta float64, old, x *node) *node {
	return ops.Add(ops.Scale(beta, old), ops.Mul(ops.Scale(1-beta, x), x))
}

// correction returns 1-βᵗ, the weight that a running mean has gathered.
func correction(s *Step, beta float64) *node {
	return ops.Sub(s.Const(1), ops.Pow(s.Const(beta), s.T))
}

// AdamaxRule is Adam with the largest decayed gradient in place of the root:
//
//	m ← β1·m + (1-β1)·g
//	u ← max(β2·u, |g| + ε)
//	d = m/(1-β1ᵗ) / u
//
// Kingma, Ba 2014, https://arxiv.org/abs/1412.6980, section 7.
type AdamaxRule struct {
	Beta1 float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2 float64 `help:"decay of the maximum" range:"[0,1)"`
	Eps   float64 `help:"added to the gradient's size" range:"[0,inf)"`
}

// Adamax returns the rule with PyTorch's defaults.
func Adamax() AdamaxRule { return AdamaxRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8} }

// Update implements [Rule].
func (r AdamaxRule) Update(s *Step) *node {
	m, u := s.State("m"), s.State("u")
	mean := mix(r.Beta1, m, s.Grad)
	top := ops.Max(ops.Scale(r.Beta2, u), ops.Shift(r.Eps, ops.Abs(s.Grad)))
	s.Set(m, mean)
	s.Set(u, top)
	s.Size = ops.Div(s.Size, correction(s, r.Beta1))
	return ops.Div(mean, top)
}

// NAdamRule is Adam with Nesterov's momentum and a momentum that warms up:
//
//	μₜ = β1·(1 - ½·0.96^(t·ψ)),  Mₜ = Π μᵢ
//	d = (μₜ₊₁·m/(1-Mₜ₊₁) + (1-μₜ)·g/(1-Mₜ)) / (√(v/(1-β2ᵗ)) + ε)
//
// Dozat 2016, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ. The
// semantics are those of PyTorch 2 (1.13 has a mistake in Mₜ₊₁).
type NAdamRule struct {
	Beta1 float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2 float64 `help:"decay of the mean square" range:"[0,1)"`
	Eps   float64 `help:"added to the root" range:"[0,inf)"`
	Decay float64 `name:"momentum_decay" help:"how fast the momentum warms up, ψ" range:"[0,inf)"`
}

// NAdam returns the rule with PyTorch's defaults.
func NAdam() NAdamRule { return NAdamRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Decay: 0.004} }

// Update implements [Rule].
func (r NAdamRule) Update(s *Step) *node {
	mean, square := moments(s, r.Beta1, r.Beta2)
	mu := func(t *node) *node {
		warm := ops.Scale(0.5, ops.Pow(s.Const(0.96), ops.Scale(r.Decay, t)))
		return ops.Scale(r.Beta1, ops.Sub(s.Const(1), warm))
	}
	now, next := mu(s.T), mu(ops.Shift(1, s.T))
	product := s.Scalar("mu", 1)
	soFar := ops.Mul(product, now)
	s.Set(product, soFar)
	one := s.Const(1)
	root := ops.Shift(r.Eps, ops.Sqrt(ops.Div(square, correction(s, r.Beta2))))
	// Two movements, as in PyTorch: where the rule is unstable, rounding shows.
	a := ops.Div(ops.Mul(s.Size, ops.Sub(one, now)), ops.Sub(one, soFar))
	s.Param = ops.Sub(s.Param, ops.Div(ops.Mul(a, s.Grad), root))
	s.Size = ops.Div(ops.Mul(s.Size, next), ops.Sub(one, ops.Mul(soFar, next)))
	return ops.Div(mean, root)
}

// RAdamRule is Adam that does not divide while the mean square is of too few
// gradients to be trusted, and then divides with a factor that grows to 1:
//
//	ρ∞ = 2/(1-β2) - 1,  ρ = ρ∞ - 2t·β2ᵗ/(1-β2ᵗ)
//	d = m̂·√(1-β2ᵗ)/(√v + ε)·√((ρ-4)(ρ-2)ρ∞ / ((ρ∞-4)(ρ∞-2)ρ))  if ρ > 5, else m̂
//
// Liu et al. 2019, https://arxiv.org/abs/1908.03265.
type RAdamRule struct {
	Beta1 float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2 float64 `help:"decay of the mean square" range:"[0,1)"`
	Eps   float64 `help:"added to the root" range:"[0,inf)"`
}

// RAdam returns the rule with PyTorch's defaults.
func RAdam() RAdamRule { return RAdamRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8} }

// Update implements [Rule]. The learning rate is multiplied in, and the
// reciprocal taken, where PyTorch does it; the step size that remains is 1.
func (r RAdamRule) Update(s *Step) *node {
	mean, square := moments(s, r.Beta1, r.Beta2)
	bias := correction(s, r.Beta2)
	inf := 2/(1-r.Beta2) - 1
	rho := ops.Sub(s.Const(inf), ops.Div(ops.Mul(ops.Scale(2, s.T), ops.Pow(s.Const(r.Beta2), s.T)), bias))
	num := ops.Mul(ops.Mul(ops.Shift(-4, rho), ops.Shift(-2, rho)), s.Const(inf))
	rect := ops.Sqrt(ops.Div(num, ops.Scale((inf-4)*(inf-2), rho)))
	plain := ops.Mul(ops.Div(mean, correction(s, r.Beta1)), s.Size)
	adaptive := ops.Mul(ops.Div(s.Const(1), ops.Shift(r.Eps, ops.Sqrt(square))), ops.Sqrt(bias))
	s.Size = s.Const(1)
	return ops.Where(ops.Less(s.Const(5), rho), ops.Mul(ops.Mul(plain, adaptive), rect), plain)
}
