package ops

import (
	"math"

	"descent/graph"
)

// Powers, roots and logarithms that a composition of others gets wrong in the
// last digits or out of range.

// Exp2 returns y = 2ˣ, exact for whole x, with gradient y·log 2.
func Exp2(x *node) *node { return unary(exp2{}, x) }

type exp2 struct{}

func (exp2) describe() call                  { return graph.CallOf("exp2") }
func (exp2) value(b *builder, x value) value { return b.Pow(b.Const(2), x) }
func (exp2) grad(_, y, dy *node) *node       { return Mul(dy, Scale(math.Ln2, y)) }

// Log2 returns the logarithm of x to the base 2, exact for powers of 2, with
// gradient 1/(x·log 2).
func Log2(x *node) *node { return unary(log2{}, x) }

type log2 struct{}

func (log2) describe() call                  { return graph.CallOf("log2") }
func (log2) value(b *builder, x value) value { return logTo(b, 2, math.Log2E, x) }
func (log2) grad(x, _, dy *node) *node       { return Div(dy, Scale(math.Ln2, x)) }

// Log10 returns the logarithm of x to the base 10, exact for powers of 10, with
// gradient 1/(x·log 10).
func Log10(x *node) *node { return unary(log10{}, x) }

type log10 struct{}

func (log10) describe() call                  { return graph.CallOf("log10") }
func (log10) value(b *builder, x value) value { return logTo(b, 10, math.Log10E, x) }
func (log10) grad(x, _, dy *node) *node       { return Div(dy, Scale(math.Ln10, x)) }

// logTo is log x / log base: the whole number beside it, if x is that power of
// the base.
func logTo(b *builder, base, perLog float64, x value) value {
	y := b.Mul(b.Log(x), b.Const(perLog))
	whole := b.Round(y)
	return b.Where(b.Eq(b.Pow(b.Const(base), whole), x), whole, y)
}

// Cbrt returns y = ∛x, also of negative x, with gradient 1/3y²: infinite at 0.
func Cbrt(x *node) *node { return unary(cbrt{}, x) }

type cbrt struct{}

func (cbrt) describe() call { return graph.CallOf("cbrt") }
func (cbrt) value(b *builder, x value) value {
	y := b.Mul(b.Sign(x), b.Pow(b.Abs(x), b.Const(1.0/3)))
	// A step of Newton's method: ⅓ is rounded. It says nothing at 0 and infinity.
	step := b.Div(b.Sub(y, b.Div(x, b.Mul(y, y))), b.Const(3))
	same := b.Lt(b.Abs(step), b.Abs(y))
	return b.Where(same, b.Sub(y, step), y)
}
func (cbrt) grad(_, y, dy *node) *node { return Div(dy, Scale(3, Square(y))) }

// Hypot returns z = √(x²+y²) without overflow on the way, and infinity where
// either is infinite, with gradients x/z and y/z: 0 where both are 0, as those of
// [Norm].
func Hypot(x, y *node) *node { return binary(hypot{}, x, y) }

type hypot struct{}

func (hypot) describe() call   { return graph.CallOf("hypot") }
func (hypot) kink() graph.Kink { return atBothZero(takes0) }
func (hypot) value(b *builder, x, y value) value {
	x, y = b.Abs(x), b.Abs(y)
	long, short := b.Max(x, y), b.Min(x, y)
	ratio := b.Div(short, long)
	z := b.Mul(long, b.Sqrt(b.Add(b.Const(1), b.Mul(ratio, ratio))))
	inf := b.Const(math.Inf(1))
	z = b.Where(b.Eq(long, b.Const(0)), long, z)
	return b.Where(b.Max(b.Eq(x, inf), b.Eq(y, inf)), inf, z)
}
func (hypot) grad(x, y, z, dz *node) (dx, dy *node) {
	zero := constant(z, 0)
	origin := Equal(z, zero)
	d := Where(origin, zero, Div(dz, Where(origin, constant(z, 1), z)))
	return Mul(d, x), Mul(d, y)
}
