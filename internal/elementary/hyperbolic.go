package elementary

import "math"

// Sinh returns the hyperbolic sine of x.
func Sinh(x float64) float64 {
	a := math.Abs(x)
	switch {
	case a < 0.3:
		x2 := float64(x * x)
		return x + float64(float64(x*x2)*poly8(x2, &sinhTerms))
	case a < 20:
		ah, al := expTerm(a)
		bh, bl := expTerm(-a)
		h, l := add2(ah, -bh)
		return math.Copysign(0.5*(h+(l+(al-bl))), x)
	}
	return math.Copysign(halfExp(a), x)
}

// sinhTerms are 1/k! for odd k from 3 on.
var sinhTerms = [8]float64{1.0 / 6, 1.0 / 120, 1.0 / 5040, 1.0 / 362880, 1.0 / 39916800, 1.0 / 6227020800}

// Cosh returns the hyperbolic cosine of x.
func Cosh(x float64) float64 {
	a := math.Abs(x)
	if !(a < 20) {
		return halfExp(a)
	}
	ah, al := expTerm(a)
	bh, bl := expTerm(-a)
	h, l := add2(ah, bh)
	return 0.5 * (h + (l + (al + bl)))
}

// expTerm returns e^x as a large part and a small one, for |x| < 700.
func expTerm(x float64) (hi, lo float64) {
	hi, lo, k := expParts(x)
	return scale(hi, k), float64(lo * scale(1, k))
}

// halfExp returns e^x/2, which overflows later than e^x.
func halfExp(x float64) float64 {
	if !(x < 711) {
		return x + math.Inf(1)
	}
	hi, lo, k := expParts(x)
	return ldexp(hi, lo, k-1)
}

// Tanh returns the hyperbolic tangent of x, m/(m+2) with m = e^2x - 1.
func Tanh(x float64) float64 {
	a := math.Abs(x)
	switch {
	case a < 0x1p-28 || x != x:
		return x
	case a > 20:
		return math.Copysign(1, x)
	}
	mh, ml := expm1Pair(2 * a)
	dh, dl := add2(2, mh)
	return math.Copysign(quotient(mh, ml, dh, dl+ml), x)
}
