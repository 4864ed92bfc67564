package optimizers

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/ops"
	"descent/optimizers/rule"
)

// Rules that bet on the gradient's sign, with the wealth that they have won so far
// as the step.

// COCOBRule bets for each element, and never more than the largest gradient seen
// allows; lr is the part of the way to its point that is gone, best left at 1:
//
//	L ← max(L, |g|),  G ← G + |g|,  θ ← θ - g
//	R ← max(R - g·(p-p₀), 0)
//	p ← p₀ + θ·(L+R) / (L·max(G+L, α·L))
//
// Orabona, Tommasi 2017, https://arxiv.org/abs/1705.07795, algorithm 2.
type COCOBRule struct {
	Alpha float64 `help:"how careful the first bets are" range:"(0,inf)"`
	Eps   float64 `help:"least scale of a gradient" range:"(0,inf)"`
}

// COCOB returns the rule with the paper's defaults; its learning rate is 1.
func COCOB() COCOBRule { return COCOBRule{Alpha: 100, Eps: 1e-8} }

// Update implements [Rule].
func (r COCOBRule) Update(s *Step) *node {
	start, sum, won := s.State("start"), s.State("sum"), s.State("won")
	scale := s.StateOf("scale", graph.Fill(r.Eps), s.Old().Shape().Dims()...)
	total := s.State("total")
	p0 := s.First(s.Old(), start)
	size := ops.Abs(s.Grad)
	L, G, theta := ops.Max(scale, size), ops.Add(total, size), ops.Sub(sum, s.Grad)
	R := ops.Max(ops.Sub(won, ops.Mul(s.Grad, ops.Sub(s.Old(), p0))), s.Const(0))
	s.Set(start, p0)
	s.Set(scale, L)
	s.Set(total, G)
	s.Set(sum, theta)
	s.Set(won, R)
	bet := ops.Div(theta, ops.Mul(L, ops.Max(ops.Add(G, L), ops.Scale(r.Alpha, L))))
	return ops.Sub(s.Old(), ops.Add(p0, ops.Mul(bet, ops.Add(L, R))))
}

// MechanicRule learns the factor of the steps of the rules before it, whose learning
// rate it makes as good as known. Δ is the sum of their steps u so far, without the
// factor:
//
//	h = -⟨g + λ·s·‖g‖·p/‖p‖, Δ⟩, and for each βᵢ = 1-10⁻ⁱ, i = 1 … n:
//	r ← β·r + s·clamp(h, -m, m),  m ← max(β·m, |h|+ε),  v ← β²·v + h²
//	s = (s₀/n·m + max(0, r)) / (√v + ε)
//	Δ ← Δ + u,  p ← p₀ + (Σs)·Δ
//
// Cutkosky, Defazio, Mehta
// 2023, https://arxiv.org/abs/2306.00144, with the clamp that its authors added.
type MechanicRule struct {
	Lambda float64 `help:"decay towards 0, λ" range:"[0,inf)"`
	Start  float64 `help:"first factor, s₀" range:"(0,inf)"`
	Betas  int     `help:"how many decays are tried, n" range:"[1,12]"`
	Eps    float64 `help:"added to roots and norms" range:"(0,inf)"`
}

// Mechanic returns the rule with the paper's defaults. The learning rate of the rules
// before it is then best left at 1.
func Mechanic() MechanicRule { return MechanicRule{Lambda: 0.01, Start: 1e-6, Betas: 6, Eps: 1e-8} }

// Update implements [Rule] for one parameter alone.
func (r MechanicRule) Update(s *Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [Joint].
func (r MechanicRule) UpdateAll(steps []*Step) {
	first := steps[0]
	total := first.Shared("factor")
	factor := first.First(first.Const(float64(r.Start*float64(r.Betas))), total)
	pull := r.pull(steps, factor)
	won := first.Const(0)
	for _, s := range steps {
		g := ops.Add(s.Raw(), ops.Mul(pull, s.Old()))
		won = ops.Sub(won, ops.Sum(ops.Mul(g, s.State("steps"))))
	}
	next := r.factor(first, won)
	first.Set(total, next)
	for _, s := range steps {
		start, steps := s.State("start"), s.State("steps")
		p0, all := s.First(s.Old(), start), ops.Add(steps, ops.Sub(s.Next(), s.Old()))
		s.Set(start, p0)
		s.Set(steps, all)
		s.Move(ops.Add(p0, ops.Mul(next, all)))
	}
}

// pull is what the parameters are multiplied by, to be added to the gradient.
func (r MechanicRule) pull(steps []*Step, factor *node) *node {
	g, p := steps[0].Const(0), steps[0].Const(0)
	for _, s := range steps {
		g = ops.Add(g, ops.Sum(ops.Square(s.Raw())))
		p = ops.Add(p, ops.Sum(ops.Square(s.Old())))
	}
	return ops.Div(ops.Mul(ops.Scale(r.Lambda, factor), ops.Sqrt(g)), ops.Shift(r.Eps, ops.Sqrt(p)))
}

// factor is the sum of the factors that each decay bets on, now that h was won.
func (r MechanicRule) factor(s *Step, h *node) *node {
	sum, zero := s.Const(0), s.Const(0)
	for i := 1; i <= r.Betas; i++ {
		beta := 1 - math.Pow10(-i)
		name := func(of string) *node { return s.Shared(fmt.Sprint(of, i)) }
		bet, gain, top, squares := name("s"), name("r"), name("m"), name("v")
		now := s.First(s.Const(r.Start), bet)
		clamped := ops.Max(ops.Neg(top), ops.Min(h, top))
		m := ops.Max(ops.Scale(beta, top), ops.Shift(r.Eps, ops.Abs(h)))
		v := ops.Add(ops.Scale(float64(beta*beta), squares), ops.Square(h))
		won := ops.Add(ops.Scale(beta, gain), ops.Mul(clamped, now))
		wealth := ops.Add(ops.Scale(r.Start/float64(r.Betas), m), ops.Max(won, zero))
		next := ops.Div(wealth, ops.Shift(r.Eps, ops.Sqrt(v)))
		s.Set(bet, next)
		s.Set(gain, won)
		s.Set(top, m)
		s.Set(squares, v)
		sum = ops.Add(sum, next)
	}
	return sum
}
