package elementary

import "math"

// Pow returns x^y, correctly rounded in all but a few cases in a million: bias
// corrections 1-β^t cancel, so the last bit of β^t matters, and C's pow (which
// every other library calls) has it right. Special cases are those of math.Pow.
func Pow(x, y float64) float64 {
	switch {
	case y == 0 || x == 1:
		return 1
	case y == 1:
		return x
	case x != x || y != y:
		return math.NaN()
	case x == 0 || math.IsInf(x, 0) || math.IsInf(y, 0):
		return powLimit(x, y)
	}
	whole := y == math.Trunc(y)
	if whole && math.Abs(y) < 1<<30 {
		// Near overflow or underflow the error terms are lost.
		if r := powInt(x, int64(y)); math.Abs(r) > 1e-280 && math.Abs(r) < 1e280 {
			return r
		}
	}
	if x < 0 && !whole {
		return math.NaN()
	}
	r := powPositive(math.Abs(x), y)
	if x < 0 && odd(y) {
		return -r
	}
	return r
}

// powLimit is Pow where x is zero or x or y is infinite.
func powLimit(x, y float64) float64 {
	size := math.Abs(x)
	switch {
	case size == 1:
		return 1 // (-1)^±Inf
	case (size > 1) == (y > 0):
		size = math.Inf(1)
	default:
		size = 0
	}
	if math.Signbit(x) && odd(y) {
		return -size
	}
	return size
}

// odd reports whether y is an odd integer.
func odd(y float64) bool {
	return math.Abs(y) < 1<<53 && y == math.Trunc(y) && int64(y)&1 == 1
}

// powPositive returns x^y = e^(y·log x) for finite x > 0 and y.
func powPositive(x, y float64) float64 {
	hi, lo := logPair(x)
	switch p := float64(y * hi); {
	case p > 710:
		return math.Inf(1)
	case p < -746:
		return 0
	}
	hi, lo = mul2(hi, lo, y, 0)
	hi, lo, k := expPair(hi, lo)
	return ldexp(hi, lo, k)
}

// expPair returns e^(x+low) = (hi+lo)·2^k with about 75 bits, for |x| < 1000. It is
// [expParts] with pairs for terms up to the second.
func expPair(x, low float64) (hi, lo float64, k int) {
	shifted := float64(x*perStep) + roundShift
	n := shifted - roundShift
	r, rest := add2(x-float64(n*stepHi), float64(-n*stepMid))
	rest += low - float64(n*stepLo)
	i := int(int32(math.Float64bits(shifted)))
	t := &powers[i&127]

	sh, sl := mul2(r, rest, r, rest)
	tail := float64(sh*float64(r*(1.0/6))) + float64(float64(sh*sh)*(1.0/24+float64(r*(1.0/120+float64(r*(1.0/720))))))
	ph, pl := plus2(r, rest, float64(0.5*sh), float64(0.5*sl)+tail)
	ph, pl = mul2(t.value, 0, ph, pl+(t.rest+float64(t.rest*ph)))
	hi, lo = fast(t.value, ph)
	return hi, lo + pl, i >> 7
}

// powInt squares and multiplies in double-double arithmetic (about 100 bits).
func powInt(x float64, n int64) float64 {
	inverse := n < 0
	if inverse {
		n = -n
	}
	hi, lo := 1.0, 0.0
	bh, bl := x, 0.0
	for {
		if n&1 == 1 {
			hi, lo = mul2(hi, lo, bh, bl)
		}
		if n >>= 1; n == 0 {
			break
		}
		bh, bl = mul2(bh, bl, bh, bl)
	}
	if inverse {
		q := 1 / hi
		hi, lo = q, math.FMA(-q, hi, 1)/hi-float64(q*lo)/hi
	}
	return hi + lo
}

// Cbrt returns the cube root of x.
func Cbrt(x float64) float64 {
	if x == 0 || x != x || math.IsInf(x, 0) {
		return x
	}
	hi, lo := logPair(math.Abs(x))
	hi, lo = mul2(hi, lo, 1.0/3, thirdLow)
	hi, lo, k := expPair(hi, lo)
	return math.Copysign(ldexp(hi, lo, k), x)
}

// Hypot returns √(x²+y²), without overflow on the way.
func Hypot(x, y float64) float64 {
	x, y = math.Abs(x), math.Abs(y)
	switch {
	case math.IsInf(x, 0) || math.IsInf(y, 0):
		return math.Inf(1)
	case x < y:
		x, y = y, x
	}
	if y <= x*0x1p-60 || x != x || y != y {
		return x + y
	}
	unit := 1.0
	switch {
	case x > 0x1p500:
		unit = 0x1p600
	case x < 0x1p-400:
		unit = 0x1p-600
	}
	x, y = x/unit, y/unit
	// The root of the rounded sum, less half its square's error over itself.
	xh, xl := square(x)
	yh, yl := square(y)
	h := math.Sqrt(xh + yh)
	sh, sl := square(h)
	return (h - ((sh-xh)-yh+(sl-xl-yl))/(2*h)) * unit
}
