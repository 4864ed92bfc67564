package optimizers

import (
	"descent/ops"
)

// Links that stand after the rule that moves: averages of the weights.

// LookaheadRule goes back, every k steps, part of the way to where it was k
// steps ago:
//
//	slow ← slow + α·(p - slow),  p ← slow
//
// Zhang et al. 2019, https://arxiv.org/abs/1907.08610.
type LookaheadRule struct {
	K     int     `help:"steps between two looks back, k" range:"[1,inf)"`
	Alpha float64 `help:"part of the way that is kept, α" range:"(0,1]"`
}

// Lookahead returns the rule with PyTorch-optimizer's and Optax's usual
// setting.
func Lookahead() LookaheadRule { return LookaheadRule{K: 6, Alpha: 0.5} }

// Update implements [Rule].
func (r LookaheadRule) Update(s *Step) *node {
	slow := s.State("slow")
	fast, now := s.Next(), every(s.T, r.K)
	start := s.First(s.Old(), slow)
	back := mix(1-r.Alpha, start, fast)
	s.Set(slow, ops.Where(now, back, start))
	s.Move(ops.Where(now, back, fast))
	return s.Grad
}

// EMARule keeps an exponential moving average of the weights, to evaluate:
//
//	a ← β·a + (1-β)·p,  a = p at the first step
//
// Polyak, Juditsky 1992; torch.optim.swa_utils.AveragedModel.
type EMARule struct {
	Beta float64 `help:"decay" range:"[0,1)"`
}

// EMA returns the rule with the usual default.
func EMA() EMARule { return EMARule{Beta: 0.999} }

// Update implements [Rule].
func (r EMARule) Update(s *Step) *node {
	a := s.State("average")
	s.Average(a, func(next *node) *node { return s.First(next, mix(r.Beta, a, next)) })
	return s.Grad
}

// SWARule keeps the mean of the weights from a step on, every few steps, to
// evaluate. Izmailov et al. 2018, https://arxiv.org/abs/1803.05407.
type SWARule struct {
	Start int `help:"first step to average" range:"[1,inf)"`
	Every int `help:"steps between weights that are averaged" range:"[1,inf)"`
}

// SWA returns the mean of all weights from the first step on.
func SWA() SWARule { return SWARule{Start: 1, Every: 1} }

// Update implements [Rule].
func (r SWARule) Update(s *Step) *node {
	a := s.State("average")
	since := ops.Shift(-float64(r.Start), s.T)
	n := ops.Shift(1, ops.Max(ops.Div(since, s.Const(float64(r.Every))), s.Const(0)))
	s.Average(a, func(next *node) *node {
		mean := ops.Where(every(since, r.Every), ops.Add(a, ops.Div(ops.Sub(next, a), n)), a)
		return ops.Where(ops.Less(since, s.Const(0)), next, mean)
	})
	return s.Grad
}

// ScheduleFreeRule needs no falling learning rate: the gradient is taken
// between a fast sequence z and its weighted mean x, which is what to evaluate:
//
//	z ← z - lr·d
//	x ← (1-c)·x + c·z,  c = lrmax²/Σ lrmax²
//	p = (1-β)·z + β·x
//
// It stands after a rule without momentum. Defazio et al. 2024,
// https://arxiv.org/abs/2405.15682.
type ScheduleFreeRule struct {
	Beta float64 `help:"where between z and x the gradient is taken, β" range:"[0,1)"`
}

// ScheduleFree returns the rule with the paper's default.
func ScheduleFree() ScheduleFreeRule { return ScheduleFreeRule{Beta: 0.9} }

// ScheduleFreeSGD returns schedule-free gradient descent.
func ScheduleFreeSGD() Chain { return Chain{SGD(), ScheduleFree()} }

// ScheduleFreeAdamW returns schedule-free AdamW.
func ScheduleFreeAdamW() Chain {
	return Chain{Decay(0), AdamRule{Beta1: 0, Beta2: 0.999, Eps: 1e-8}, ScheduleFree()}
}

// Update implements [Rule].
func (r ScheduleFreeRule) Update(s *Step) *node {
	z, x := s.State("z"), s.State("x")
	top, sum := s.Scalar("lrmax", 0), s.Scalar("weight", 0)
	most := ops.Max(top, s.LR)
	weight := ops.Square(most)
	total := ops.Add(sum, weight)
	c := ops.Where(ops.Equal(total, s.Const(0)), s.Const(0), ops.Div(weight, total))
	s.Set(top, most)
	s.Set(sum, total)
	fast := ops.Add(s.First(s.Old(), z), ops.Sub(s.Next(), s.Old()))
	start := s.First(s.Old(), x)
	mean := ops.Add(start, ops.Mul(c, ops.Sub(fast, start)))
	s.Set(z, fast)
	s.Average(x, func(*node) *node { return mean })
	s.Move(mix(r.Beta, mean, fast))
	return s.Grad
}
