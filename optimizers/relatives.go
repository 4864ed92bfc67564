package optimizers

import (
	"descent/graph"
	"descent/ops"
)

// Relatives of Adam: another second moment, another first moment, or another
// order of things.

// AdaBeliefRule is Adam with the mean square of the gradient's deviation from
// its running mean: steps are long where the gradient is as expected.
//
//	v ← β2·v + (1-β2)·(g-m)² + ε
//
// Zhuang et al. 2020, https://arxiv.org/abs/2010.07468.
type AdaBeliefRule struct {
	Beta1 float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2 float64 `help:"decay of the mean square" range:"[0,1)"`
	Eps   float64 `help:"added to the mean square and to its root" range:"[0,inf)"`
}

// AdaBelief returns the rule with Optax's defaults.
func AdaBelief() AdaBeliefRule { return AdaBeliefRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-16} }

// Update implements [Rule].
func (r AdaBeliefRule) Update(s *Step) *node {
	m, v := s.State("m"), s.State("v")
	mean := mix(r.Beta1, m, s.Grad)
	square := ops.Shift(r.Eps, mixSquare(r.Beta2, v, ops.Sub(s.Grad, mean)))
	s.Set(m, mean)
	s.Set(v, square)
	return corrected(s, mean, square, r.Beta1, r.Beta2, r.Eps)
}

// corrected returns m̂/(√v̂ + ε), both means corrected for having started at 0.
func corrected(s *Step, mean, square *node, beta1, beta2, eps float64) *node {
	s.Size = ops.Div(s.Size, correction(s, beta1))
	return ops.Div(mean, ops.Shift(eps, ops.Sqrt(ops.Div(square, correction(s, beta2)))))
}

// YogiRule is Adam whose mean square changes by an amount that does not depend
// on how large it is, so that it does not shrink fast:
//
//	v ← v - (1-β2)·sign(v - g²)·g²
//
// Zaheer et al. 2018, https://papers.nips.cc/paper/8186-adaptive-methods-for-nonconvex-optimization.
type YogiRule struct {
	Beta1   float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2   float64 `help:"decay of the mean square" range:"[0,1)"`
	Eps     float64 `help:"added to the root" range:"[0,inf)"`
	Initial float64 `help:"value of both means at the start" range:"[0,inf)"`
}

// Yogi returns the rule with Optax's defaults.
func Yogi() YogiRule { return YogiRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-3, Initial: 1e-6} }

// Update implements [Rule].
func (r YogiRule) Update(s *Step) *node {
	shape := s.Old().Shape().Dims()
	m, v := s.StateOf("m", graph.Fill(r.Initial), shape...), s.StateOf("v", graph.Fill(r.Initial), shape...)
	g2 := ops.Square(s.Grad)
	mean := mix(r.Beta1, m, s.Grad)
	square := ops.Sub(v, ops.Scale(1-r.Beta2, ops.Mul(ops.Sign(ops.Sub(v, g2)), g2)))
	s.Set(m, mean)
	s.Set(v, square)
	return corrected(s, mean, square, r.Beta1, r.Beta2, r.Eps)
}

// AdanRule adds a running mean of the gradient's change, as Nesterov's momentum
// without the look-ahead:
//
//	m ← β1·m + (1-β1)·g,  v ← β2·v + (1-β2)·(g - g₋₁)
//	n ← β3·n + (1-β3)·(g + β2·(g - g₋₁))²
//	d = (m̂ + β2·v̂)/(√n̂ + ε)
//
// Xie et al. 2022, https://arxiv.org/abs/2208.06677.
type AdanRule struct {
	Beta1 float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2 float64 `help:"decay of the mean change" range:"[0,1)"`
	Beta3 float64 `help:"decay of the mean square" range:"[0,1)"`
	Eps   float64 `help:"added to the root" range:"[0,inf)"`
}

// Adan returns the rule with the paper's defaults.
func Adan() AdanRule { return AdanRule{Beta1: 0.98, Beta2: 0.92, Beta3: 0.99, Eps: 1e-8} }

// Update implements [Rule].
func (r AdanRule) Update(s *Step) *node {
	m, v, n, before := s.State("m"), s.State("v"), s.State("n"), s.State("g")
	change := ops.Sub(s.Grad, s.First(s.Grad, before))
	mean, drift := mix(r.Beta1, m, s.Grad), mix(r.Beta2, v, change)
	square := mixSquare(r.Beta3, n, ops.Add(s.Grad, ops.Scale(r.Beta2, change)))
	s.Set(m, mean)
	s.Set(v, drift)
	s.Set(n, square)
	s.Set(before, s.Grad)
	d := ops.Add(ops.Div(mean, correction(s, r.Beta1)), ops.Scale(r.Beta2, ops.Div(drift, correction(s, r.Beta2))))
	return ops.Div(d, ops.Shift(r.Eps, ops.Sqrt(ops.Div(square, correction(s, r.Beta3)))))
}

// AdEMAMixRule adds a second, much slower mean of the gradient to Adam's:
//
//	d = (m̂ + α·m₂)/(√v̂ + ε),  m₂ ← β3·m₂ + (1-β3)·g
//
// Pagliardini, Ablin, Grangier 2024, https://arxiv.org/abs/2409.03137.
type AdEMAMixRule struct {
	Beta1 float64 `help:"decay of the fast mean" range:"[0,1)"`
	Beta2 float64 `help:"decay of the mean square" range:"[0,1)"`
	Beta3 float64 `help:"decay of the slow mean" range:"[0,1)"`
	Alpha float64 `help:"weight of the slow mean, α" range:"[0,inf)"`
	Eps   float64 `help:"added to the root" range:"[0,inf)"`
}

// AdEMAMix returns the rule with Optax's defaults.
func AdEMAMix() AdEMAMixRule {
	return AdEMAMixRule{Beta1: 0.9, Beta2: 0.999, Beta3: 0.9999, Alpha: 5, Eps: 1e-8}
}

// Update implements [Rule].
func (r AdEMAMixRule) Update(s *Step) *node {
	mean, square := moments(s, r.Beta1, r.Beta2)
	slow := s.State("slow")
	next := mix(r.Beta3, slow, s.Grad)
	s.Set(slow, next)
	d := ops.Add(ops.Div(mean, correction(s, r.Beta1)), ops.Scale(r.Alpha, next))
	return ops.Div(d, ops.Shift(r.Eps, ops.Sqrt(ops.Div(square, correction(s, r.Beta2)))))
}

// ADOPTRule is Adam that divides by the mean square of the gradients before
// this one, which makes it converge with any β2; the first step only sets it:
//
//	m ← β1·m + (1-β1)·clip(g/max(√v, ε), (t-1)^¼),  d = m
//	v ← β2·v + (1-β2)·g²
//
// Taniguchi et al. 2024, https://arxiv.org/abs/2411.02853.
type ADOPTRule struct {
	Beta1 float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2 float64 `help:"decay of the mean square" range:"[0,1)"`
	Eps   float64 `help:"least divisor" range:"(0,inf)"`
}

// ADOPT returns the rule with the paper's defaults.
func ADOPT() ADOPTRule { return ADOPTRule{Beta1: 0.9, Beta2: 0.9999, Eps: 1e-6} }

// Update implements [Rule].
func (r ADOPTRule) Update(s *Step) *node {
	m, v := s.State("m"), s.State("v")
	most := ops.Pow(ops.Shift(-1, s.T), s.Const(0.25))
	u := ops.Div(s.Grad, ops.Max(ops.Sqrt(v), s.Const(r.Eps)))
	u = ops.Max(ops.Min(u, most), ops.Neg(most)) // 0 at the first step
	mean := mix(r.Beta1, m, u)
	s.Set(m, mean)
	s.Set(v, s.First(ops.Square(s.Grad), mixSquare(r.Beta2, v, s.Grad)))
	return mean
}

// QHMRule averages the gradient and its running mean, as a plain step and a
// momentum step:
//
//	b ← β·b + (1-β)·g
//	d = (1-ν)·g + ν·b
//
// Ma, Yarats 2018, https://arxiv.org/abs/1810.06801.
type QHMRule struct {
	Beta float64 `help:"decay of the mean" range:"[0,1)"`
	Nu   float64 `help:"weight of the mean, ν" range:"[0,1]"`
}

// QHM returns the rule with the paper's defaults. Its rate is that of plain
// descent, 1/(1-β) times as large as momentum's.
func QHM() QHMRule { return QHMRule{Beta: 0.999, Nu: 0.7} }

// Update implements [Rule].
func (r QHMRule) Update(s *Step) *node {
	b := s.State("b")
	mean := mix(r.Beta, b, s.Grad)
	s.Set(b, mean)
	return mix(r.Nu, mean, s.Grad)
}

// QHAdamRule is Adam with both means averaged with the gradient as in QHM:
//
//	d = ((1-ν1)·g + ν1·m̂) / (√((1-ν2)·g² + ν2·v̂) + ε)
//
// Ma, Yarats 2018, https://arxiv.org/abs/1810.06801.
type QHAdamRule struct {
	Beta1 float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2 float64 `help:"decay of the mean square" range:"[0,1)"`
	Nu1   float64 `help:"weight of the mean, ν1" range:"[0,1]"`
	Nu2   float64 `help:"weight of the mean square, ν2" range:"[0,1]"`
	Eps   float64 `help:"added to the root" range:"[0,inf)"`
}

// QHAdam returns the rule with the paper's defaults.
func QHAdam() QHAdamRule { return QHAdamRule{Beta1: 0.995, Beta2: 0.999, Nu1: 0.7, Nu2: 1, Eps: 1e-8} }

// Update implements [Rule].
func (r QHAdamRule) Update(s *Step) *node {
	mean, square := moments(s, r.Beta1, r.Beta2)
	top := mix(r.Nu1, ops.Div(mean, correction(s, r.Beta1)), s.Grad)
	under := mixSquare(r.Nu2, ops.Div(square, correction(s, r.Beta2)), s.Grad)
	return ops.Div(top, ops.Shift(r.Eps, ops.Sqrt(under)))
}

// MARSRule is Adam of a gradient that is corrected by how it has changed, which
// lowers the noise of batches:
//
//	c = g + γ·β1/(1-β1)·(g - g'), g' the gradient of the step before
//	c ← c·min(1, clip/‖c‖), ‖c‖ that of the parameter
//	m ← β1·m + (1-β1)·c,  v ← β2·v + (1-β2)·c²
//	d = m̂ / (√v̂ + ε)
//
// The correction is the approximate one, with the batch before in place of a second
// gradient. Yuan et al. 2024, https://arxiv.org/abs/2411.10438.
type MARSRule struct {
	Beta1 float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2 float64 `help:"decay of the mean square" range:"[0,1)"`
	Eps   float64 `help:"added to the root" range:"[0,inf)"`
	Gamma float64 `help:"strength of the correction, γ" range:"[0,inf)"`
	Clip  float64 `help:"largest norm of a corrected gradient" range:"(0,inf)"`
}

// MARS returns the rule with the paper's defaults; its learning rate is 3e-3.
func MARS() MARSRule { return MARSRule{Beta1: 0.95, Beta2: 0.99, Eps: 1e-8, Gamma: 0.025, Clip: 1} }

// Update implements [Rule].
func (r MARSRule) Update(s *Step) *node {
	m, v, last := s.State("m"), s.State("v"), s.State("last")
	s.Set(last, s.Grad)
	c := ops.Add(s.Grad, ops.Scale(r.Gamma*r.Beta1/(1-r.Beta1), ops.Sub(s.Grad, last)))
	n := norm(c)
	c = ops.Mul(c, ops.Where(ops.Less(s.Const(r.Clip), n), ops.Div(s.Const(r.Clip), n), s.Const(1)))
	mean, square := mix(r.Beta1, m, c), mixSquare(r.Beta2, v, c)
	s.Set(m, mean)
	s.Set(v, square)
	root := ops.Div(ops.Sqrt(square), ops.Sqrt(correction(s, r.Beta2)))
	return ops.Div(ops.Div(mean, correction(s, r.Beta1)), ops.Shift(r.Eps, root))
}
