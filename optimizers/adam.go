package optimizers

import "descent/ops"

// AdamRule follows a running mean of the gradient, divided by the root of a
// running mean of its square, both corrected for having started at zero:
//
//	m ← β1·m + (1-β1)·g
//	v ← β2·v + (1-β2)·g²
//	d = m/(1-β1ᵗ) / (√v/√(1-β2ᵗ) + ε)
//
// With AMSGrad, v is replaced in d by the largest v so far.
// Kingma, Ba 2014, https://arxiv.org/abs/1412.6980; Reddi et al. 2018.
type AdamRule struct {
	Beta1   float64 `help:"decay of the mean"`
	Beta2   float64 `help:"decay of the mean square"`
	Eps     float64 `help:"added to the root"`
	AMSGrad bool    `help:"divide by the largest mean square so far"`
}

// Adam returns the rule with PyTorch's defaults.
func Adam() AdamRule { return AdamRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8} }

// Update implements [Rule].
func (r AdamRule) Update(s *Step) *node {
	m, v := s.State("m"), s.State("v")
	mean := mix(r.Beta1, m, s.Grad)
	square := ops.Add(ops.Scale(r.Beta2, v), ops.Mul(ops.Mul(s.Const(1-r.Beta2), s.Grad), s.Grad))
	s.Set(m, mean)
	s.Set(v, square)
	if r.AMSGrad {
		top := s.State("vmax")
		square = ops.Max(top, square)
		s.Set(top, square)
	}
	s.LR = ops.Div(s.LR, correction(s, r.Beta1))
	return ops.Div(mean, ops.Shift(r.Eps, ops.Div(ops.Sqrt(square), ops.Sqrt(correction(s, r.Beta2)))))
}

// mix returns β·old + (1-β)·x.
func mix(beta float64, old, x *node) *node {
	return ops.Add(ops.Scale(beta, old), ops.Scale(1-beta, x))
}

// correction returns 1-βᵗ, the weight that a running mean has gathered.
func correction(s *Step, beta float64) *node {
	return ops.Sub(s.Const(1), ops.Pow(s.Const(beta), s.T))
}

// AdamW returns Adam with decoupled weight decay, as a chain: the parameter
// shrinks by lr·λ before Adam's step. Loshchilov, Hutter 2017,
// https://arxiv.org/abs/1711.05101.
func AdamW() Chain { return Chain{Decay(0.01), Adam()} }
