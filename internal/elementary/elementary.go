// Package elementary holds the elementary functions in float64: the same bits on
// every architecture, and off by little more than half a unit in the last place.
//
// Package math has other bits on other machines: its exp, log and hypot are
// assembly here and there, and where the processor has fused multiplication the
// compiler uses it, in that package as everywhere. So nothing is called of
// package math here but what has one right result (square roots, rounding, FMA,
// the parts of a number), and every product that is added to something is
// converted, which forbids to fuse it.
//
// The functions are built alike. The argument is split into a row of a table and
// a small rest; the rest goes through a few terms of Taylor's series; and the
// result is the sum of a large term, which is exact or a pair of numbers, and a
// correction that is so small that its rounding does not matter.
package elementary

import "math"

// fast returns a+b and its rounding error, where a is 0 or |a| ≥ |b|.
func fast(a, b float64) (sum, err float64) {
	sum = a + b
	return sum, b - (sum - a)
}

// add2 returns a+b and its rounding error.
func add2(a, b float64) (sum, err float64) {
	sum = a + b
	t := sum - a
	return sum, (a - (sum - t)) + (b - t)
}

// plus2 returns the sum of two unevaluated sums.
func plus2(ah, al, bh, bl float64) (hi, lo float64) {
	hi, e := add2(ah, bh)
	return add2(hi, e+(al+bl))
}

// square returns a·a and its rounding error.
func square(a float64) (hi, lo float64) {
	hi = float64(a * a)
	return hi, math.FMA(a, a, -hi)
}

// mul2 returns (ah+al)(bh+bl) as an unevaluated sum.
func mul2(ah, al, bh, bl float64) (hi, lo float64) {
	p := float64(ah * bh)
	e := math.FMA(ah, bh, -p) + (float64(ah*bl) + float64(al*bh))
	hi = p + e
	return hi, e - (hi - p)
}

// quotient returns (ah+al)/(bh+bl), where bl is but the rounding error of bh.
func quotient(ah, al, bh, bl float64) float64 {
	r := 1 / bh
	q := float64(ah * r)
	rest := math.FMA(-q, bh, ah) + (al - float64(q*bl))
	return q + float64(rest*r)
}

// split returns x as a number of 26 bits and the rest.
func split(x float64) (hi, lo float64) {
	hi = math.Float64frombits(math.Float64bits(x) &^ (1<<27 - 1))
	return hi, x - hi
}

// poly8 returns c[0] + c[1]x + … + c[7]x⁷. Halves, and halves of those, are summed
// apart, which takes a third of the time.
func poly8(x float64, c *[8]float64) float64 {
	x2 := float64(x * x)
	a := (c[0] + float64(c[1]*x)) + float64((c[2]+float64(c[3]*x))*x2)
	b := (c[4] + float64(c[5]*x)) + float64((c[6]+float64(c[7]*x))*x2)
	return a + float64(b*float64(x2*x2))
}

// poly16 returns c[0][0] + c[0][1]x + … + c[1][7]x¹⁵.
func poly16(x float64, c *[2][8]float64) float64 {
	x4 := float64(float64(x*x) * float64(x*x))
	return poly8(x, &c[0]) + float64(poly8(x, &c[1])*float64(x4*x4))
}
