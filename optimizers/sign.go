package optimizers

import "descent/ops"

// Rules that use only the sign of something: every element moves by lr.

// LionRule follows the sign of a smoothed gradient:
//
//	d = sign(β1·m + (1-β1)·g)
//	m ← β2·m + (1-β2)·g
//
// Its learning rate is 3 to 10 times smaller than Adam's, its decay as much
// larger. Chen et al. 2023, https://arxiv.org/abs/2302.06675.
type LionRule struct {
	Beta1 float64 `help:"weight of the mean in the direction" range:"[0,1)"`
	Beta2 float64 `help:"decay of the mean" range:"[0,1)"`
}

// Lion returns the rule with the paper's defaults; put decay before it.
func Lion() LionRule { return LionRule{Beta1: 0.9, Beta2: 0.99} }

// Update implements [Rule].
func (r LionRule) Update(s *Step) *node {
	m := s.State("m")
	s.Set(m, mix(r.Beta2, m, s.Grad))
	return ops.Sign(mix(r.Beta1, m, s.Grad))
}

// SignumRule follows the sign of a running mean of the gradient; with momentum
// 0 it is signSGD. Bernstein et al. 2018, https://arxiv.org/abs/1802.04434.
type SignumRule struct {
	Momentum float64 `help:"decay of the mean" range:"[0,1)"`
}

// SignSGD returns the rule without momentum.
func SignSGD() SignumRule { return SignumRule{} }

// Signum returns the rule with momentum 0.9.
func Signum() SignumRule { return SignumRule{Momentum: 0.9} }

// Update implements [Rule].
func (r SignumRule) Update(s *Step) *node {
	if r.Momentum == 0 {
		return ops.Sign(s.Grad)
	}
	b := s.State("b")
	mean := mix(r.Momentum, b, s.Grad)
	s.Set(b, mean)
	return ops.Sign(mean)
}
