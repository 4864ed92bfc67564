package optimizers

import (
	"math"

	"descent/ops"
	"descent/optimizers/rule"
)

// Rules that choose the learning rate; lr multiplies or limits it.

// PolyakRule is gradient descent with the step that would reach the least loss
// if the loss were linear, at most lr:
//
//	d = g, with min((f - f*)/‖g‖², lr)
//
// Polyak 1969; Loizou et al. 2020, https://arxiv.org/abs/2002.10542.
type PolyakRule struct {
	Least float64 `help:"least loss there can be, f*" range:"(-inf,inf)"`
	Scale float64 `help:"factor of the step" range:"(0,inf)"`
}

// Polyak returns the rule with Optax's defaults; its learning rate is 1.
func Polyak() PolyakRule { return PolyakRule{Scale: 1} }

// Update implements [Rule] for one parameter alone.
func (r PolyakRule) Update(s *Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [Joint].
func (r PolyakRule) UpdateAll(steps []*Step) {
	s := steps[0]
	zero, n := s.Const(0), jointNorm(steps)
	step := ops.Div(ops.Scale(r.Scale, ops.Shift(-r.Least, s.Loss())), ops.Square(n))
	step = ops.Where(ops.Equal(n, zero), zero, ops.Max(step, zero))
	for _, s := range steps {
		s.Size = ops.Min(step, s.Size)
	}
}

// ProdigyRule is Adam that estimates how far away the solution is, and with it
// the learning rate; lr multiplies it and is best left at 1, with a schedule:
//
//	r ← √β2·r + d²/d₀·lr·⟨g, p₀-p⟩,  s ← √β2·s + d²/d₀·lr·g
//	d ← max(d, r/‖s‖₁), the same for all parameters
//
// Mishchenko, Defazio 2023, https://arxiv.org/abs/2306.06101.
type ProdigyRule struct {
	Beta1 float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2 float64 `help:"decay of the mean square" range:"[0,1)"`
	Eps   float64 `help:"added to the root" range:"[0,inf)"`
	D0    float64 `name:"d0" help:"first estimate of the distance" range:"(0,inf)"`
	Coef  float64 `help:"factor of the estimate" range:"(0,inf)"`
}

// Prodigy returns the rule with the paper's defaults; its learning rate is 1.
func Prodigy() ProdigyRule {
	return ProdigyRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, D0: 1e-6, Coef: 1}
}

// Update implements [Rule] for one parameter alone.
func (r ProdigyRule) Update(s *Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [Joint].
func (r ProdigyRule) UpdateAll(steps []*Step) {
	first := steps[0]
	dist, top := first.Shared("d"), first.Shared("r")
	d := first.First(first.Const(r.D0), dist)
	beta3 := math.Sqrt(r.Beta2)
	grow := ops.Scale(1/r.D0, ops.Mul(d, d))
	num, den := ops.Scale(beta3, top), first.Const(0)
	for _, s := range steps {
		m, v, sum, start := s.State("m"), s.State("v"), s.State("s"), s.State("start")
		p0 := s.First(s.Old(), start)
		s.Set(start, p0)
		num = ops.Add(num, ops.Mul(ops.Mul(grow, s.LR), ops.Sum(ops.Mul(s.Grad, ops.Sub(p0, s.Old())))))
		total := ops.Add(ops.Scale(beta3, sum), ops.Mul(ops.Mul(grow, s.LR), s.Grad))
		den = ops.Add(den, ops.Sum(ops.Abs(total)))
		s.Set(sum, total)
		g := ops.Mul(d, s.Grad)
		mean, square := mix(r.Beta1, m, g), mixSquare(r.Beta2, v, g)
		s.Set(m, mean)
		s.Set(v, square)
		s.Size = ops.Mul(s.Size, d)
		s.Grad = ops.Div(mean, ops.Add(ops.Sqrt(square), ops.Scale(r.Eps, d)))
	}
	first.Set(top, num)
	guess := ops.Where(ops.Equal(den, first.Const(0)), d, ops.Div(ops.Scale(r.Coef, num), den))
	first.Set(dist, ops.Max(d, guess))
}
