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

// DoGRule is gradient descent with the step that the way so far suggests: how far
// the run has come, over how large the gradients have been. lr multiplies it:
//
//	r = max(r, ‖p-p₀‖), from r₀·(1+‖p₀‖) on
//	d = g, with lr·r/√(Σ‖g‖² + ε)
//
// Norms are those of all parameters together. Ivgi, Hinder, Carmon 2023,
// https://arxiv.org/abs/2302.12022.
type DoGRule struct {
	Start float64 `help:"first distance, part of 1+‖p₀‖" range:"(0,inf)"`
	Eps   float64 `help:"added under the root" range:"[0,inf)"`
}

// DoG returns the rule with the paper's defaults; its learning rate is 1.
func DoG() DoGRule { return DoGRule{Start: 1e-6, Eps: 1e-8} }

// Update implements [Rule] for one parameter alone.
func (r DoGRule) Update(s *Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [Joint].
func (r DoGRule) UpdateAll(steps []*Step) {
	s := steps[0]
	start, way := fromStart(steps)
	top, sum := s.Shared("distance"), s.Shared("squares")
	far := ops.Max(s.First(ops.Scale(r.Start, ops.Shift(1, ops.Sqrt(start))), top), ops.Sqrt(way))
	squares := ops.Add(sum, ops.Square(jointNorm(steps)))
	s.Set(top, far)
	s.Set(sum, squares)
	stretch(steps, ops.Div(far, ops.Sqrt(ops.Shift(r.Eps, squares))))
}

// DoWGRule is [DoGRule] with gradients that count by the distance at which they
// were seen, which makes it adapt to smooth losses, too:
//
//	r² = max(r², ‖p-p₀‖²), from r₀² on
//	v ← v + r²·‖g‖²
//	d = g, with lr·r²/(√v + ε)
//
// Khaled, Mishchenko, Jin 2023, https://arxiv.org/abs/2305.16284; ε and the start
// are Optax's.
type DoWGRule struct {
	Start float64 `help:"square of the first distance" range:"(0,inf)"`
	Eps   float64 `help:"added to the root" range:"[0,inf)"`
}

// DoWG returns the rule with Optax's defaults; its learning rate is 1.
func DoWG() DoWGRule { return DoWGRule{Start: 1e-4, Eps: 1e-4} }

// Update implements [Rule] for one parameter alone.
func (r DoWGRule) Update(s *Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [Joint].
func (r DoWGRule) UpdateAll(steps []*Step) {
	s := steps[0]
	_, way := fromStart(steps)
	top, sum := s.Shared("distance"), s.Shared("squares")
	far := ops.Max(s.First(s.Const(r.Start), top), way)
	squares := ops.Add(sum, ops.Mul(far, ops.Square(jointNorm(steps))))
	s.Set(top, far)
	s.Set(sum, squares)
	// No gradient has been seen yet where squares is 0, and there is no way to go.
	step := ops.Div(far, ops.Shift(r.Eps, ops.Sqrt(squares)))
	stretch(steps, ops.Where(ops.Equal(squares, s.Const(0)), s.Const(0), step))
}

// fromStart returns the squared norms of where the parameters started, and of how far
// they are from it.
func fromStart(steps []*Step) (start, way *node) {
	start, way = steps[0].Const(0), steps[0].Const(0)
	for _, s := range steps {
		kept := s.State("start")
		p0 := s.First(s.Old(), kept)
		s.Set(kept, p0)
		start = ops.Add(start, ops.Sum(ops.Square(p0)))
		way = ops.Add(way, ops.Sum(ops.Square(ops.Sub(s.Old(), p0))))
	}
	return start, way
}

// stretch multiplies the step of all parameters.
func stretch(steps []*Step, by *node) {
	for _, s := range steps {
		s.Size = ops.Mul(s.Size, by)
	}
}

// DAdaptRule is Adam that estimates from below how far away the solution is; lr
// multiplies the estimate and is best left at 1, with a schedule:
//
//	r ← √β2·r + (1-√β2)·d·lr·⟨g, s/(√v+ε)⟩,  s ← √β2·s + (1-√β2)·d·lr·g
//	m ← β1·m + (1-β1)·d·lr·g,  v ← β2·v + (1-β2)·g²
//	p ← p - m/(√v + ε),  d ← max(d, r/((1-√β2)·‖s‖₁))
//
// where v on the first line is that before the step. Defazio, Mishchenko 2023,
// https://arxiv.org/abs/2301.07733, algorithm 3.
type DAdaptRule struct {
	Beta1 float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2 float64 `help:"decay of the mean square" range:"[0,1)"`
	Eps   float64 `help:"added to the root" range:"(0,inf)"`
	D0    float64 `name:"d0" help:"first estimate of the distance" range:"(0,inf)"`
}

// DAdapt returns the rule with the paper's defaults; its learning rate is 1.
func DAdapt() DAdaptRule { return DAdaptRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, D0: 1e-6} }

// Update implements [Rule] for one parameter alone.
func (r DAdaptRule) Update(s *Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [Joint].
func (r DAdaptRule) UpdateAll(steps []*Step) {
	first := steps[0]
	dist, top := first.Shared("d"), first.Shared("r")
	d, beta := first.First(first.Const(r.D0), dist), math.Sqrt(r.Beta2)
	gain, den := first.Const(0), first.Const(0)
	for _, s := range steps {
		m, v, sum := s.State("m"), s.State("v"), s.State("s")
		weight := ops.Mul(d, s.LR)
		gain = ops.Add(gain, ops.Mul(weight, ops.Sum(ops.Mul(s.Grad, ops.Div(sum, ops.Shift(r.Eps, ops.Sqrt(v)))))))
		g := ops.Mul(weight, s.Grad)
		total, mean, square := mix(beta, sum, g), mix(r.Beta1, m, g), mixSquare(r.Beta2, v, s.Grad)
		den = ops.Add(den, ops.Sum(ops.Abs(total)))
		s.Set(sum, total)
		s.Set(m, mean)
		s.Set(v, square)
		s.Size = s.Const(1)
		s.Grad = ops.Div(mean, ops.Shift(r.Eps, ops.Sqrt(square)))
	}
	num := mix(beta, top, gain)
	first.Set(top, num)
	guess := ops.Where(ops.Equal(den, first.Const(0)), d, ops.Div(ops.Scale(1/(1-beta), num), den))
	first.Set(dist, ops.Max(d, guess))
}
