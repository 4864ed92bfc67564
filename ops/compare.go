package ops

import (
	"errors"
	"fmt"

	"descent/graph"
)

// Comparisons are 1 where they hold and 0 elsewhere (a comparison with NaN
// holds only for NotEqual); their gradients are 0. The product of two
// comparisons is "and", their Max is "or".

type jump struct{}

func (jump) grad(_, _, _, _ *node) (dx, dy *node) { return nil, nil }

// Less returns 1 where x < y, else 0.
func Less(x, y *node) *node { return binary(less{}, x, y) }

type less struct{ jump }

func (less) describe() call                     { return graph.CallOf("less") }
func (less) kink() graph.Kink                   { return atTie("the comparison jumps there") }
func (less) value(b *builder, x, y value) value { return b.Lt(x, y) }

// LessEqual returns 1 where x ≤ y, else 0.
func LessEqual(x, y *node) *node { return binary(lessEqual{}, x, y) }

type lessEqual struct{ jump }

func (lessEqual) describe() call                     { return graph.CallOf("less_equal") }
func (lessEqual) kink() graph.Kink                   { return atTie("the comparison jumps there") }
func (lessEqual) value(b *builder, x, y value) value { return b.Le(x, y) }

// Greater returns 1 where x > y, else 0.
func Greater(x, y *node) *node { return Less(y, x) }

// GreaterEqual returns 1 where x ≥ y, else 0.
func GreaterEqual(x, y *node) *node { return LessEqual(y, x) }

// Equal returns 1 where x = y, else 0.
func Equal(x, y *node) *node { return binary(equal{}, x, y) }

type equal struct{ jump }

func (equal) describe() call                     { return graph.CallOf("equal") }
func (equal) value(b *builder, x, y value) value { return b.Eq(x, y) }

// NotEqual returns 1 where x ≠ y, else 0.
func NotEqual(x, y *node) *node { return binary(notEqual{}, x, y) }

type notEqual struct{ jump }

func (notEqual) describe() call                     { return graph.CallOf("not_equal") }
func (notEqual) value(b *builder, x, y value) value { return b.Ne(x, y) }

// Max returns the larger of x and y, elementwise; at a tie each gets half of
// the gradient.
func Max(x, y *node) *node { return binary(maximum{}, x, y) }

type maximum struct{}

func (maximum) describe() call                     { return graph.CallOf("max") }
func (maximum) kink() graph.Kink                   { return atTie("each gets half of the derivative") }
func (maximum) value(b *builder, x, y value) value { return b.Max(x, y) }
func (maximum) grad(x, y, z, dz *node) (dx, dy *node) {
	return toWinner(Less(y, x), Less(x, y), Equal(x, y), z, dz)
}

// Min returns the smaller of x and y, elementwise; at a tie each gets half of
// the gradient.
func Min(x, y *node) *node { return binary(minimum{}, x, y) }

type minimum struct{}

func (minimum) describe() call                     { return graph.CallOf("min") }
func (minimum) kink() graph.Kink                   { return atTie("each gets half of the derivative") }
func (minimum) value(b *builder, x, y value) value { return b.Min(x, y) }
func (minimum) grad(x, y, z, dz *node) (dx, dy *node) {
	return toWinner(Less(x, y), Less(y, x), Equal(x, y), z, dz)
}

// toWinner gives dz to x or y, whichever won, or half to each at a tie. The
// loser gets an exact 0, see [graph.Chosen]; both get NaN if z, the result, is.
func toWinner(xWon, yWon, tie, z, dz *node) (dx, dy *node) {
	even := Where(tie, constant(dz, 0.5), StopGradient(z))
	share := func(won, lost *node) *node {
		s := Where(won, constant(dz, 1), Where(lost, constant(dz, 0), even))
		return graph.Chosen(s, Mul(s, dz))
	}
	return share(xWon, yWon), share(yWon, xWon)
}

// chosen is the gradient d where x was chosen, an exact 0 where it was not, see
// [graph.Chosen], and NaN where x is NaN.
func chosen(yes, x, d *node) *node {
	no := Where(Equal(x, x), constant(d, 0), StopGradient(x))
	return graph.Chosen(Where(yes, constant(d, 1), no), d)
}

// Clamp returns x limited to lo..hi, either of which may be infinite. The
// gradient is 1 from lo to hi, both included, and 0 outside.
func Clamp(x *node, lo, hi float64) *node {
	if !(lo <= hi) {
		return graph.Bad(fmt.Errorf("nothing is between %v and %v", lo, hi), "clamp", x)
	}
	return unary(clamp{lo, hi}, x)
}

type clamp struct{ lo, hi float64 }

func (o clamp) describe() call   { return graph.CallOf("clamp", "lo", o.lo, "hi", o.hi) }
func (o clamp) kink() graph.Kink { return at("the derivative there is 1", o.lo, o.hi) }
func (o clamp) value(b *builder, x value) value {
	return b.Min(b.Max(x, b.Const(o.lo)), b.Const(o.hi))
}
func (o clamp) grad(x, _, dy *node) *node {
	in := Mul(LessEqual(constant(x, o.lo), x), LessEqual(x, constant(x, o.hi)))
	return chosen(in, x, dy)
}

// Where returns x where c is not 0, else y. The branch that is not taken gets
// a gradient of exactly 0, whatever its derivative is there: the gradient of
// Where(x > 0, √x, 0) at x = 0 is 0, not 0·∞ = NaN. This holds for everything in
// the branch up to operations that mix elements, such as MatMul, and for all of
// the branch when c is a scalar.
func Where(c, x, y *node) *node { return graph.Where(c, x, y) }

// Piecewise returns the value after the first condition that is not 0, else the
// last: Piecewise(c1, a, c2, b, otherwise). See [Where]. It panics if there are no
// arguments.
func Piecewise(in ...*node) *node {
	n := len(in)
	if n == 0 {
		panic("ops: Piecewise of nothing")
	}
	if n%2 == 0 || n < 3 {
		return graph.Bad(errors.New("a condition stands before each value, and a value for where none holds at the end: piecewise(c1, a, c2, b, otherwise)"), "piecewise", in...)
	}
	y := in[n-1]
	for i := n - 3; i >= 0; i -= 2 {
		y = Where(in[i], in[i+1], y)
	}
	return y
}
