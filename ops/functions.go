package ops

import (
	"math"

	"descent/graph"
)

// Exponentials, logarithms and the trigonometric functions.

// Exp returns y = eˣ, with gradient y.
func Exp(x *node) *node { return unary(exp{}, x) }

type exp struct{}

func (exp) describe() call                  { return graph.CallOf("exp") }
func (exp) value(b *builder, x value) value { return b.Exp(x) }
func (exp) grad(_, y, dy *node) *node       { return Mul(dy, y) }

// Expm1 returns y = eˣ - 1, accurate near 0, with gradient y + 1.
func Expm1(x *node) *node { return unary(expm1{}, x) }

type expm1 struct{}

func (expm1) describe() call                  { return graph.CallOf("expm1") }
func (expm1) value(b *builder, x value) value { return b.Expm1(x) }
func (expm1) grad(_, y, dy *node) *node       { return Mul(dy, Shift(1, y)) }

// Log returns the natural logarithm of x, with gradient 1/x.
func Log(x *node) *node { return unary(log{}, x) }

type log struct{}

func (log) describe() call                  { return graph.CallOf("log") }
func (log) value(b *builder, x value) value { return b.Log(x) }
func (log) grad(x, _, dy *node) *node       { return Div(dy, x) }

// Log1p returns log(1 + x), accurate near 0, with gradient 1/(1+x).
func Log1p(x *node) *node { return unary(log1p{}, x) }

type log1p struct{}

func (log1p) describe() call                  { return graph.CallOf("log1p") }
func (log1p) value(b *builder, x value) value { return b.Log1p(x) }
func (log1p) grad(x, _, dy *node) *node       { return Div(dy, Shift(1, x)) }

// XLogY returns x·log y, and 0 where x = 0 unless y is NaN, with gradients log y
// (0 where x = 0 and y ≤ 0) and x/y.
func XLogY(x, y *node) *node { return binary(xlogy{}, x, y) }

type xlogy struct{}

func (xlogy) describe() call { return graph.CallOf("xlogy") }
func (xlogy) value(b *builder, x, y value) value {
	// No infinity even on the way; but a NaN stays.
	flat := b.Mul(b.Eq(x, b.Const(0)), b.Eq(y, y))
	return b.Mul(x, b.Log(b.Where(flat, b.Const(1), y)))
}
func (xlogy) grad(x, y, _, dz *node) (dx, dy *node) {
	zero := constant(x, 0)
	flat := Mul(Equal(x, zero), LessEqual(y, zero))
	return Mul(dz, Log(Where(flat, constant(y, 1), y))), Mul(dz, Div(x, y))
}

// XLog1pY returns x·log(1+y), and 0 where x = 0 unless y is NaN, with gradients
// log(1+y) (0 where x = 0 and y ≤ -1) and x/(1+y).
func XLog1pY(x, y *node) *node { return binary(xlog1py{}, x, y) }

type xlog1py struct{}

func (xlog1py) describe() call { return graph.CallOf("xlog1py") }
func (xlog1py) value(b *builder, x, y value) value {
	flat := b.Mul(b.Eq(x, b.Const(0)), b.Eq(y, y))
	return b.Mul(x, b.Log1p(b.Where(flat, b.Const(0), y)))
}
func (xlog1py) grad(x, y, _, dz *node) (dx, dy *node) {
	zero := constant(x, 0)
	flat := Mul(Equal(x, zero), LessEqual(y, constant(y, -1)))
	return Mul(dz, Log1p(Where(flat, zero, y))), Mul(dz, Div(x, Shift(1, y)))
}

// Sin returns the sine of x, with gradient cos x.
func Sin(x *node) *node { return unary(sin{}, x) }

type sin struct{}

func (sin) describe() call                  { return graph.CallOf("sin") }
func (sin) value(b *builder, x value) value { return b.Sin(x) }
func (sin) grad(x, _, dy *node) *node       { return Mul(dy, Cos(x)) }

// Cos returns the cosine of x, with gradient -sin x.
func Cos(x *node) *node { return unary(cos{}, x) }

type cos struct{}

func (cos) describe() call                  { return graph.CallOf("cos") }
func (cos) value(b *builder, x value) value { return b.Cos(x) }
func (cos) grad(x, _, dy *node) *node       { return Neg(Mul(dy, Sin(x))) }

// Tan returns y = tan x, with gradient 1 + y².
func Tan(x *node) *node { return unary(tan{}, x) }

type tan struct{}

func (tan) describe() call                  { return graph.CallOf("tan") }
func (tan) value(b *builder, x value) value { return b.Tan(x) }
func (tan) grad(_, y, dy *node) *node       { return Mul(dy, Shift(1, Square(y))) }

// Asin returns the angle in [-π/2, π/2] whose sine is x, with gradient
// 1/√(1-x²).
func Asin(x *node) *node { return unary(asin{}, x) }

type asin struct{}

func (asin) describe() call                  { return graph.CallOf("asin") }
func (asin) value(b *builder, x value) value { return b.Asin(x) }
func (asin) grad(x, _, dy *node) *node       { return Div(dy, coside(x)) }

// coside returns √(1-x²), as a product so that it keeps its digits near ±1.
func coside(x *node) *node {
	one := constant(x, 1)
	return Sqrt(Mul(Sub(one, x), Add(one, x)))
}

// Acos returns the angle in [0, π] whose cosine is x, with gradient
// -1/√(1-x²).
func Acos(x *node) *node { return unary(acos{}, x) }

type acos struct{}

func (acos) describe() call                  { return graph.CallOf("acos") }
func (acos) value(b *builder, x value) value { return b.Acos(x) }
func (acos) grad(x, _, dy *node) *node       { return Neg(Div(dy, coside(x))) }

// Atan returns the angle in (-π/2, π/2) whose tangent is x, with gradient
// 1/(1+x²).
func Atan(x *node) *node { return unary(atan{}, x) }

type atan struct{}

func (atan) describe() call                  { return graph.CallOf("atan") }
func (atan) value(b *builder, x value) value { return b.Atan(x) }
func (atan) grad(x, _, dy *node) *node       { return Div(dy, Shift(1, Square(x))) }

// Atan2 returns the angle of the point (x, y), with gradients x/(x²+y²) in y
// and -y/(x²+y²) in x: NaN at the origin.
func Atan2(y, x *node) *node { return binary(atan2{}, y, x) }

type atan2 struct{}

func (atan2) describe() call                     { return graph.CallOf("atan2") }
func (atan2) value(b *builder, y, x value) value { return b.Atan2(y, x) }
func (atan2) grad(y, x, _, dz *node) (dy, dx *node) {
	d := Div(dz, Add(Square(x), Square(y)))
	return Mul(d, x), Neg(Mul(d, y))
}

// Sinh returns the hyperbolic sine of x, with gradient cosh x.
func Sinh(x *node) *node { return unary(sinh{}, x) }

type sinh struct{}

func (sinh) describe() call                  { return graph.CallOf("sinh") }
func (sinh) value(b *builder, x value) value { return b.Sinh(x) }
func (sinh) grad(x, _, dy *node) *node       { return Mul(dy, Cosh(x)) }

// Cosh returns the hyperbolic cosine of x, with gradient sinh x.
func Cosh(x *node) *node { return unary(cosh{}, x) }

type cosh struct{}

func (cosh) describe() call                  { return graph.CallOf("cosh") }
func (cosh) value(b *builder, x value) value { return b.Cosh(x) }
func (cosh) grad(x, _, dy *node) *node       { return Mul(dy, Sinh(x)) }

// Tanh returns y = tanh x, with gradient 1 - y².
func Tanh(x *node) *node { return unary(tanh{}, x) }

type tanh struct{}

func (tanh) describe() call                  { return graph.CallOf("tanh") }
func (tanh) value(b *builder, x value) value { return b.Tanh(x) }
func (tanh) grad(_, y, dy *node) *node       { return Mul(dy, Sub(constant(y, 1), Square(y))) }

// Asinh returns the inverse of [Sinh], with gradient 1/√(1+x²).
func Asinh(x *node) *node { return unary(asinh{}, x) }

type asinh struct{}

func (asinh) describe() call { return graph.CallOf("asinh") }
func (asinh) value(b *builder, x value) value {
	a, one := b.Abs(x), b.Const(1)
	square := b.Mul(a, a)
	near := b.Log1p(b.Add(a, b.Div(square, b.Add(one, b.Sqrt(b.Add(square, one))))))
	y := far(b, a, a, near)
	return b.Where(b.Lt(x, b.Const(0)), b.Neg(y), y)
}
func (asinh) grad(x, _, dy *node) *node { return Div(dy, Sqrt(Shift(1, Square(x)))) }

// far is log 2x where the size of x is above 1e9, else near: squares overflow
// there, and what they differ from asinh and acosh by vanishes.
func far(b *builder, x, size, near value) value {
	return b.Where(b.Lt(b.Const(1e9), size), b.Add(b.Log(x), b.Const(math.Ln2)), near)
}

// Acosh returns the inverse of [Cosh], NaN below 1, with gradient 1/√(x²-1).
func Acosh(x *node) *node { return unary(acosh{}, x) }

type acosh struct{}

func (acosh) describe() call { return graph.CallOf("acosh") }
func (acosh) value(b *builder, x value) value {
	t := b.Sub(x, b.Const(1))
	near := b.Log1p(b.Add(t, b.Sqrt(b.Mul(t, b.Add(t, b.Const(2))))))
	return far(b, x, b.Abs(x), near)
}
func (acosh) grad(x, _, dy *node) *node {
	one := constant(x, 1)
	return Div(dy, Sqrt(Mul(Sub(x, one), Add(x, one))))
}

// Atanh returns the inverse of [Tanh], ±Inf at ±1 and NaN beyond, with gradient
// 1/(1-x²).
func Atanh(x *node) *node { return unary(atanh{}, x) }

type atanh struct{}

func (atanh) describe() call { return graph.CallOf("atanh") }
func (atanh) value(b *builder, x value) value {
	a := b.Abs(x)
	y := b.Mul(b.Const(0.5), b.Log1p(b.Div(b.Add(a, a), b.Sub(b.Const(1), a))))
	return b.Where(b.Lt(x, b.Const(0)), b.Neg(y), y)
}
func (atanh) grad(x, _, dy *node) *node {
	one := constant(x, 1)
	return Div(dy, Mul(Sub(one, x), Add(one, x)))
}

// Erf returns the error function of x, with gradient 2/√π · exp(-x²).
func Erf(x *node) *node { return unary(erf{}, x) }

type erf struct{}

func (erf) describe() call                  { return graph.CallOf("erf") }
func (erf) value(b *builder, x value) value { return b.Erf(x) }
func (erf) grad(x, _, dy *node) *node {
	return Mul(dy, Scale(2/math.Sqrt(math.Pi), Exp(Neg(Square(x)))))
}
