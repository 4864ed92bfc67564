package ops

import (
	"math"

	"descent/graph"
)

// Remainders, and questions about what a number is. They jump; between the
// jumps their gradients are those of what is said.

// Remainder returns x - y·floor(x/y), which has the sign of y, as Python's and
// NumPy's % and torch.remainder: -5 mod 3 is 1. It is exact, but for the
// rounding where the signs differ. Its gradients are 1 and -floor(x/y).
func Remainder(x, y *node) *node { return binary(remainder{}, x, y) }

type remainder struct{}

func (remainder) describe() call   { return graph.CallOf("remainder") }
func (remainder) kink() graph.Kink { return atMultiple("-floor", false) }
func (remainder) value(b *builder, x, y value) value {
	r := b.Fmod(x, y)
	zero := b.Const(0)
	other := b.Mul(b.Ne(r, zero), b.Ne(b.Lt(r, zero), b.Lt(y, zero)))
	return b.Where(other, b.Add(r, y), r)
}
func (remainder) grad(x, y, z, dz *node) (dx, dy *node) { return dz, wraps(x, y, z, dz) }

// Fmod returns x - y·trunc(x/y), which has the sign of x, as C's fmod and
// torch.fmod: fmod(-5, 3) is -2. It is exact. Its gradients are 1 and
// -trunc(x/y).
func Fmod(x, y *node) *node { return binary(fmod{}, x, y) }

type fmod struct{}

func (fmod) describe() call                        { return graph.CallOf("fmod") }
func (fmod) kink() graph.Kink                      { return atMultiple("-trunc", true) }
func (fmod) value(b *builder, x, y value) value    { return b.Fmod(x, y) }
func (fmod) grad(x, y, z, dz *node) (dx, dy *node) { return dz, wraps(x, y, z, dz) }

// wraps is the gradient by y of z = x - y·n: what was taken off is a whole number
// n of y, which is found without another rounding at the jumps.
func wraps(x, y, z, dz *node) *node { return Neg(Mul(dz, Round(Div(Sub(x, z), y)))) }

// Heaviside returns 0 where x < 0, h where x = 0 and 1 where x > 0, as NumPy and
// PyTorch do, and NaN of NaN. Its gradient by x is 0, that by h is 1 where
// x = 0.
func Heaviside(x, h *node) *node { return binary(heaviside{}, x, h) }

type heaviside struct{}

func (heaviside) describe() call   { return graph.CallOf("heaviside") }
func (heaviside) kink() graph.Kink { return atZero(jumps) }
func (heaviside) value(b *builder, x, h value) value {
	zero := b.Const(0)
	up := b.Where(b.Eq(x, x), b.Lt(zero, x), x)
	return b.Where(b.Eq(x, zero), h, up)
}
func (heaviside) grad(x, _, _, dz *node) (dx, dh *node) {
	dh, _ = graph.Branches(Equal(x, constant(x, 0)), dz)
	return nil, dh
}

// IsNaN returns 1 where x is NaN, else 0.
func IsNaN(x *node) *node { return unary(isNaN{}, x) }

type isNaN struct{ step }

func (isNaN) describe() call                  { return graph.CallOf("isnan") }
func (isNaN) value(b *builder, x value) value { return b.Ne(x, x) }

// IsInf returns 1 where x is infinite, else 0.
func IsInf(x *node) *node { return unary(isInf{}, x) }

type isInf struct{ step }

func (isInf) describe() call                  { return graph.CallOf("isinf") }
func (isInf) value(b *builder, x value) value { return b.Eq(b.Abs(x), b.Const(math.Inf(1))) }

// IsFinite returns 1 where x is neither NaN nor infinite, else 0.
func IsFinite(x *node) *node { return unary(isFinite{}, x) }

type isFinite struct{ step }

func (isFinite) describe() call                  { return graph.CallOf("isfinite") }
func (isFinite) value(b *builder, x value) value { return b.Lt(b.Abs(x), b.Const(math.Inf(1))) }
