package elementary

import "math"

// log(2)/128 in three parts. Multiples of the first two by less than 2^18 are exact.
const (
	stepHi   = 0x1.62e42fefc0000p-8
	stepMid  = -0x1.c610ca8700000p-44
	stepLo   = 0x1.e3b39803f2f6bp-79
	stepRest = -0x1.c610ca86c3899p-44 // the last two
	perStep  = 0x1.71547652b82fep+7   // 128/log(2)

	roundShift = 0x1.8p52 // added and taken away, it rounds to an integer
)

// Exp returns e^x.
func Exp(x float64) float64 {
	if !(math.Abs(x) < 708) {
		return expEdge(x)
	}
	hi, lo, k := expParts(x)
	return scale(hi+lo, k)
}

// expEdge is Exp where the result is infinite, denormal or NaN, or nearly so.
func expEdge(x float64) float64 {
	switch {
	case x > 710:
		return math.Inf(1)
	case x < -746:
		return 0
	case x != x:
		return x
	}
	hi, lo, k := expParts(x)
	return ldexp(hi, lo, k)
}

// expParts returns e^x = (hi+lo)·2^k, 1 ≤ hi < 2, for |x| < 1000.
//
// x is n·log(2)/128 + r, and e^r is Taylor's series.
func expParts(x float64) (hi, lo float64, k int) {
	shifted := float64(x*perStep) + roundShift
	n := shifted - roundShift
	r := x - float64(n*stepHi) - float64(n*stepRest)
	i := int(int32(math.Float64bits(shifted)))
	t := &powers[i&127]
	r2 := float64(r * r)
	p := r + float64(r2*(0.5+float64(r*(1.0/6)))) + float64(float64(r2*r2)*(1.0/24+float64(r*(1.0/120))))
	return t.value, float64(t.value * (t.rest + p)), i >> 7
}

// scale returns x·2^k, which is neither denormal nor infinite; nor is x, nor is
// it zero.
func scale(x float64, k int) float64 {
	return math.Float64frombits(math.Float64bits(x) + uint64(k)<<52)
}

// ldexp returns (hi+lo)·2^k, rounded once, for hi+lo from ½ to 2 and a small lo.
func ldexp(hi, lo float64, k int) float64 {
	if k > 1000 {
		return scale(hi+lo, k-2) * 4 // may overflow
	}
	if k >= -1021 || k == -1022 && hi+lo >= 1 {
		return scale(hi+lo, k)
	}
	if k < -1080 {
		return 0
	}
	// Added to a large number, the result is rounded where denormals end.
	one := scale(1, -1022-k)
	sum, rest := fast(one, hi)
	sum += rest + lo
	return (sum - one) * 0x1p-511 * scale(1, k+511)
}

// Sigmoid returns 1/(1+e^-x).
func Sigmoid(x float64) float64 {
	if !(math.Abs(x) < 700) {
		if x > 0 {
			return 1
		}
		return Exp(x) // 1+e^x is 1
	}
	if x > 40 {
		x = 40 // the result is 1 from 37 on
	}
	hi, lo := expTerm(-x)
	s, e := add2(1, hi)
	s, e = fast(s, e+lo)
	return quotient(1, 0, s, e)
}

// Expm1 returns e^x - 1.
func Expm1(x float64) float64 {
	switch {
	case x > 700:
		return Exp(x)
	case x < -40:
		return -1
	case x == 0 || x != x:
		return x // of the same sign
	}
	hi, lo := expm1Pair(x)
	return hi + lo
}

// expm1Pair returns e^x - 1 as a sum, for -40 ≤ x ≤ 700.
func expm1Pair(x float64) (hi, lo float64) {
	if math.Abs(x) < 1.0/16 {
		return fast(x, float64(float64(x*x)*poly8(x, &expm1Terms)))
	}
	e, l, k := expParts(x)
	hi, lo = add2(scale(e, k), -1)
	return fast(hi, lo+float64(l*scale(1, k)))
}

// expm1Terms are 1/k! from 1/2 on.
var expm1Terms = [8]float64{1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880}
