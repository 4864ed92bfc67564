package ops

import (
	"fmt"
	"math"

	"descent/graph"
)

// Activations. They are primitives where that fixes the gradient at a kink or
// keeps digits, and compositions otherwise: the compiler fuses them anyway.

// Sigmoid returns y = 1/(1+e⁻ˣ), with gradient y(1-y).
func Sigmoid(x *node) *node { return unary(sigmoid{}, x) }

type sigmoid struct{}

func (sigmoid) describe() call                  { return graph.CallOf("sigmoid") }
func (sigmoid) value(b *builder, x value) value { return b.Sigmoid(x) }
func (sigmoid) grad(_, y, dy *node) *node {
	return Mul(dy, Mul(y, Sub(constant(y, 1), y)))
}

// LogSigmoid returns log(1/(1+e⁻ˣ)), accurate in both tails.
func LogSigmoid(x *node) *node { return Neg(Softplus(Neg(x))) }

// Softplus returns log(1+eˣ), accurate in both tails, with gradient sigmoid x.
func Softplus(x *node) *node { return unary(softplus{}, x) }

type softplus struct{}

func (softplus) describe() call { return graph.CallOf("softplus") }
func (softplus) value(b *builder, x value) value {
	return b.Add(b.Max(x, b.Const(0)), b.Log1p(b.Exp(b.Neg(b.Abs(x)))))
}
func (softplus) grad(x, _, dy *node) *node { return Mul(dy, Sigmoid(x)) }

// ReLU returns max(x, 0), with gradient 0 at 0.
func ReLU(x *node) *node { return unary(relu{}, x) }

type relu struct{}

func (relu) describe() call                  { return graph.CallOf("relu") }
func (relu) kink() graph.Kink                { return atZero(takes0) }
func (relu) value(b *builder, x value) value { return b.Max(x, b.Const(0)) }
func (relu) grad(_, y, dy *node) *node {
	return graph.Chosen(y, dy)
}

// ReLU6 returns x limited to 0..6, with gradient 0 at both.
func ReLU6(x *node) *node { return unary(hardTanh{0, 6}, x) }

// HardTanh returns x limited to -1..1, with gradient 0 at both.
func HardTanh(x *node) *node { return unary(hardTanh{-1, 1}, x) }

// hardTanh is clamp but for the gradient at its bounds.
type hardTanh struct{ lo, hi float64 }

func (o hardTanh) describe() call   { return graph.CallOf("hardtanh", "lo", o.lo, "hi", o.hi) }
func (o hardTanh) kink() graph.Kink { return at("the derivative there is 0", o.lo, o.hi) }
func (o hardTanh) value(b *builder, x value) value {
	return b.Min(b.Max(x, b.Const(o.lo)), b.Const(o.hi))
}
func (o hardTanh) grad(x, _, dy *node) *node {
	in := Mul(Less(constant(x, o.lo), x), Less(x, constant(x, o.hi)))
	return chosen(in, x, dy)
}

// HardSigmoid returns (x+3)/6 limited to 0..1.
func HardSigmoid(x *node) *node { return Scale(1.0/6, ReLU6(Shift(3, x))) }

// HardSwish returns x·hardsigmoid(x). Its gradient is that of x·(x+3)/6 from -3
// to 3, the ends included, as in PyTorch.
func HardSwish(x *node) *node { return unary(hardSwish{}, x) }

type hardSwish struct{}

func (hardSwish) describe() call   { return graph.CallOf("hardswish") }
func (hardSwish) kink() graph.Kink { return at("the derivative there is that of x*(x + 3)/6", -3, 3) }
func (hardSwish) value(b *builder, x value) value {
	gate := b.Min(b.Max(b.Add(x, b.Const(3)), b.Const(0)), b.Const(6))
	return b.Mul(x, b.Mul(gate, b.Const(1.0/6)))
}
func (hardSwish) grad(x, _, dy *node) *node {
	bent := Where(LessEqual(x, constant(x, 3)), Mul(dy, Shift(0.5, Scale(1.0/3, x))), dy)
	return chosen(LessEqual(constant(x, -3), x), x, bent)
}

// LeakyReLU returns x where x > 0, else slope·x; its gradient at 0 is slope.
func LeakyReLU(x *node, slope float64) *node { return unary(leakyReLU{slope}, x) }

type leakyReLU struct{ slope float64 }

func (o leakyReLU) describe() call { return graph.CallOf("leaky_relu", "slope", o.slope) }
func (leakyReLU) kink() graph.Kink { return atZero("the derivative there is the slope") }
func (o leakyReLU) value(b *builder, x value) value {
	return b.Where(b.Lt(b.Const(0), x), x, b.Mul(x, b.Const(o.slope)))
}
func (o leakyReLU) grad(x, _, dy *node) *node {
	return bySign(x, dy, Scale(o.slope, dy))
}

// PReLU returns x where x > 0, else a·x: a leaky ReLU whose slope is learned.
func PReLU(x, a *node) *node { return binary(prelu{}, x, a) }

type prelu struct{}

func (prelu) describe() call   { return graph.CallOf("prelu") }
func (prelu) kink() graph.Kink { return atZero("the derivative there is the slope") }
func (prelu) value(b *builder, x, a value) value {
	return b.Where(b.Lt(b.Const(0), x), x, b.Mul(a, x))
}
func (prelu) grad(x, a, _, dz *node) (dx, da *node) {
	down := bySign(x, constant(x, 0), constant(x, 1))
	return bySign(x, dz, Mul(dz, a)), graph.Chosen(down, Mul(dz, x))
}

// bySign is up where x is above 0, else down, and NaN where x is NaN.
func bySign(x, up, down *node) *node {
	zero := constant(x, 0)
	return Where(Less(zero, x), up, Where(LessEqual(x, zero), down, StopGradient(x)))
}

// ELU returns x where x > 0, else alpha·(eˣ-1); its gradient at 0 is alpha.
func ELU(x *node, alpha float64) *node { return unary(elu{alpha}, x) }

type elu struct{ alpha float64 }

func (o elu) describe() call { return graph.CallOf("elu", "alpha", o.alpha) }
func (o elu) kink() graph.Kink {
	return when(func(x float64) bool { return x == 0 && o.alpha != 1 }, "the derivative there is alpha")
}
func (o elu) value(b *builder, x value) value {
	return b.Where(b.Lt(b.Const(0), x), x, b.Mul(b.Expm1(x), b.Const(o.alpha)))
}
func (o elu) grad(x, y, dy *node) *node {
	return Where(Less(constant(x, 0), x), dy, Mul(dy, Shift(o.alpha, y)))
}

// SELU returns s·elu(x, a) with the constants that keep mean 0 and variance 1,
// https://arxiv.org/abs/1706.02515.
func SELU(x *node) *node {
	const a, s = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
	return Scale(s, ELU(x, a))
}

// GELU returns x·Φ(x) = x·(1+erf(x/√2))/2.
func GELU(x *node) *node {
	return Mul(Scale(0.5, x), Shift(1, Erf(Scale(1/math.Sqrt2, x))))
}

// GELUTanh returns x·(1+tanh(√(2/π)(x+0.044715x³)))/2, which is close to GELU.
func GELUTanh(x *node) *node {
	t := Tanh(Scale(math.Sqrt(2/math.Pi), Add(x, Scale(0.044715, Cube(x)))))
	return Mul(Scale(0.5, x), Shift(1, t))
}

// SiLU returns x·sigmoid(x), also known as swish.
func SiLU(x *node) *node { return Mul(x, Sigmoid(x)) }

// Mish returns x·tanh(softplus(x)).
func Mish(x *node) *node { return Mul(x, Tanh(Softplus(x))) }

// Softsign returns x/(1+|x|).
func Softsign(x *node) *node { return Div(x, Shift(1, Abs(x))) }

// HardShrink returns x where |x| > lambda, else 0; its gradient at ±lambda is 0.
func HardShrink(x *node, lambda float64) *node { return unary(hardShrink{lambda}, x) }

type hardShrink struct{ lambda float64 }

func (o hardShrink) describe() call   { return graph.CallOf("hardshrink", "lambda", o.lambda) }
func (o hardShrink) kink() graph.Kink { return at("the derivative there is 0", -o.lambda, o.lambda) }
func (o hardShrink) value(b *builder, x value) value {
	return b.Where(b.Le(b.Abs(x), b.Const(o.lambda)), b.Const(0), x)
}
func (o hardShrink) grad(x, _, dy *node) *node {
	return chosen(Less(constant(x, o.lambda), Abs(x)), x, dy)
}

// SoftShrink returns x moved towards 0 by lambda, and 0 where |x| ≤ lambda.
func SoftShrink(x *node, lambda float64) *node {
	if !(lambda >= 0) {
		return graph.Bad(fmt.Errorf("nothing is between %v and %v", -lambda, lambda), "softshrink", x)
	}
	return unary(softShrink{lambda}, x)
}

type softShrink struct{ lambda float64 }

func (o softShrink) describe() call   { return graph.CallOf("softshrink", "lambda", o.lambda) }
func (o softShrink) kink() graph.Kink { return at("the derivative there is 0", -o.lambda, o.lambda) }
func (o softShrink) value(b *builder, x value) value {
	return b.Sub(x, b.Min(b.Max(x, b.Const(-o.lambda)), b.Const(o.lambda)))
}
func (o softShrink) grad(x, y, dy *node) *node { return hardShrink(o).grad(x, y, dy) }
