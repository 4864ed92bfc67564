package kernel

import "math"

// sine and cosine are correctly rounded in all but a few cases in ten
// thousand, where math.Sin and math.Cos are off in a fourth: an unstable
// training run doubles the difference at each step. The argument is reduced by
// multiples of π/2, and the first terms of the series are summed, in
// double-double arithmetic.
func sine(x float64) float64 {
	r, rl, quarter, ok := reduce2(x)
	if !ok {
		return math.Sin(x)
	}
	return quadrant(r, rl, quarter)
}

func cosine(x float64) float64 {
	r, rl, quarter, ok := reduce2(x)
	if !ok {
		return math.Cos(x)
	}
	return quadrant(r, rl, quarter+1)
}

// quadrant returns sin(r + q·π/2) for |r| ≤ π/4.
func quadrant(r, rl float64, q int) float64 {
	var y float64
	if q&1 == 0 {
		y = sinSeries(r, rl)
	} else {
		y = cosSeries(r, rl)
	}
	if q&2 != 0 {
		return -y
	}
	return y
}

// π/2 in parts of 33 bits, whose products with small integers are exact.
const (
	halfPi1 = 1.57079632673412561417e+00
	halfPi2 = 6.07710050630396597660e-11
	halfPi3 = 2.02226624871116645580e-21
	halfPi4 = 8.47842766036889956997e-32
)

// reduce2 returns x less the nearest multiple of π/2, and which one. It is not
// ok for huge, tiny and non-finite x.
func reduce2(x float64) (r, rl float64, quarter int, ok bool) {
	if size := math.Abs(x); !(size < 1e5 && size > 1e-8) {
		return 0, 0, 0, false
	}
	n := math.RoundToEven(x * (2 / math.Pi))
	a := x - n*halfPi1 // exact
	h, e := add2(a, -n*halfPi2)
	h, e2 := add2(h, -n*halfPi3)
	r, rl = add2(h, e+(e2-n*halfPi4))
	return r, rl, int(n), true
}

// sinSeries returns r - r³/6 + r⁵/120 - ….
func sinSeries(r, rl float64) float64 {
	qh, ql := mul2(r, rl, r, rl)
	tail := 0.0
	for _, c := range [...]float64{1.0 / 355687428096000, -1.0 / 1307674368000, 1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040} {
		tail = c + qh*tail
	}
	h, l := add2(1.0/120, 1.1564823173178714e-19+qh*tail)
	h, l = mul2(h, l, qh, ql)
	h, l = plus2(h, l, -1.0/6, -9.25185853854297e-18)
	h, l = mul2(h, l, qh, ql)
	h, l = mul2(h, l, r, rl)
	h, l = plus2(r, rl, h, l)
	return h + l
}

// cosSeries returns 1 - r²/2 + r⁴/24 - ….
func cosSeries(r, rl float64) float64 {
	qh, ql := mul2(r, rl, r, rl)
	tail := 0.0
	for _, c := range [...]float64{1.0 / 20922789888000, -1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720} {
		tail = c + qh*tail
	}
	h, l := add2(1.0/24, 2.3129646346357427e-18+qh*tail)
	h, l = mul2(h, l, qh, ql)
	h, l = plus2(h, l, -0.5, 0)
	h, l = mul2(h, l, qh, ql)
	h, l = plus2(1, 0, h, l)
	return h + l
}

// plus2 returns the sum of two unevaluated sums.
func plus2(ah, al, bh, bl float64) (hi, lo float64) {
	hi, e := add2(ah, bh)
	return add2(hi, e+(al+bl))
}
