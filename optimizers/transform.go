package optimizers

import "descent/ops"

// DecayRule is decoupled weight decay: the parameter shrinks by lr·λ before
// the step. It is a link of a [Chain], before the rule that moves.
type DecayRule struct {
	Lambda float64 `help:"strength, λ"`
}

// Decay returns decoupled weight decay.
func Decay(lambda float64) DecayRule { return DecayRule{lambda} }

// Update implements [Rule].
func (r DecayRule) Update(s *Step) *node {
	s.Param = ops.Mul(s.Param, ops.Sub(s.Const(1), ops.Mul(s.LR, s.Const(r.Lambda))))
	return s.Grad
}

// L2Rule is coupled weight decay: λ·p is added to the gradient, as a penalty
// ½λ‖p‖² would.
type L2Rule struct {
	Lambda float64 `help:"strength, λ"`
}

// L2 returns coupled weight decay.
func L2(lambda float64) L2Rule { return L2Rule{lambda} }

// Update implements [Rule].
func (r L2Rule) Update(s *Step) *node { return ops.Add(s.Grad, ops.Scale(r.Lambda, s.Old())) }

// ClipNormRule scales all gradients together so that their joint 2-norm is at
// most Max, as torch.nn.utils.clip_grad_norm_ does.
type ClipNormRule struct {
	Max float64 `help:"largest joint norm"`
}

// ClipNorm returns clipping by the global norm.
func ClipNorm(most float64) ClipNormRule { return ClipNormRule{most} }

// Update implements [Rule].
func (r ClipNormRule) Update(s *Step) *node {
	sum := s.Const(0)
	for _, p := range s.Peers() {
		sum = ops.Add(sum, ops.Sum(ops.Square(p.Grad)))
	}
	ratio := ops.Div(s.Const(r.Max), ops.Shift(1e-6, ops.Sqrt(sum)))
	return ops.Mul(s.Grad, ops.Min(ratio, s.Const(1)))
}
