package elementary

import "math"

const (
	piLow      = 2 * halfPiLow // π less its float64
	farFromOne = 0x1p60        // where a ratio's arc tangent is a limit
)

// Atan returns the arc tangent of x.
func Atan(x float64) float64 {
	a := math.Abs(x)
	switch {
	case a < 0x1p-28 || x != x:
		return x
	case a < 1.0/16:
		x2 := float64(x * x)
		return x + float64(float64(x*x2)*poly8(x2, &atanTerms))
	case a > farFromOne:
		return math.Copysign(math.Pi/2, x)
	}
	hi, lo := angle(a, 1)
	return math.Copysign(hi+lo, x)
}

// Atan2 returns the angle of the point (x, y). Special cases are those of
// math.Atan2.
func Atan2(y, x float64) float64 {
	a, b := math.Abs(y), math.Abs(x)
	hi, lo := 0.0, 0.0
	switch {
	case x != x || y != y:
		return math.NaN()
	case a == 0 || math.IsInf(b, 0) && !math.IsInf(a, 0): // 0
	case b == 0 || math.IsInf(a, 0) && !math.IsInf(b, 0):
		hi, lo = math.Pi/2, halfPiLow
	case math.IsInf(a, 0):
		hi, lo = math.Pi/4, halfPiLow/2
	default:
		return atan2Finite(y, x)
	}
	if math.Signbit(x) {
		hi, lo = math.Pi-hi, piLow-lo
	}
	return math.Copysign(hi+lo, y)
}

// atan2Finite is Atan2 of finite numbers that are not zero.
func atan2Finite(y, x float64) float64 {
	a, b := math.Abs(y), math.Abs(x)
	var hi, lo float64
	switch ratio := a / b; {
	case ratio > farFromOne:
		hi, lo = math.Pi/2, halfPiLow
	case ratio < 1/farFromOne:
		if x > 0 {
			return y / x
		}
	default:
		// Neither products nor remainders may leave the range of numbers.
		switch top := max(a, b); {
		case top > 0x1p900:
			a, b = a*0x1p-200, b*0x1p-200
		case top < 0x1p-700:
			a, b = a*0x1p300, b*0x1p300
		}
		hi, lo = angle(a, b)
	}
	if x < 0 {
		h, l := fast(math.Pi, -hi)
		hi, lo = h, l+(piLow-lo)
	}
	return math.Copysign(hi+lo, y)
}

// Asin returns the arc sine of x.
func Asin(x float64) float64 {
	a := math.Abs(x)
	switch {
	case a <= 0.5:
		return x + asinRest(x)
	case !(a <= 1):
		return math.NaN()
	}
	hi, lo := halfAsin(a)
	h, l := fast(math.Pi/2, float64(-2*hi))
	return math.Copysign(h+(l+(halfPiLow-float64(2*lo))), x)
}

// Acos returns the arc cosine of x.
func Acos(x float64) float64 {
	switch a := math.Abs(x); {
	case a <= 0.5:
		h, l := fast(math.Pi/2, -x)
		return h + (l + (halfPiLow - asinRest(x)))
	case !(a <= 1):
		return math.NaN()
	}
	hi, lo := halfAsin(math.Abs(x))
	if x > 0 {
		return 2 * (hi + lo)
	}
	h, l := fast(math.Pi, float64(-2*hi))
	return h + (l + (piLow - float64(2*lo)))
}

// asinRest returns the arc sine of |x| ≤ ½, less x.
func asinRest(x float64) float64 {
	x2 := float64(x * x)
	return float64(float64(x*x2) * poly16(x2, &asinTerms))
}

// halfAsin returns the arc sine of s = √((1-a)/2) as a sum, for ½ < a ≤ 1: it is
// half the arc cosine of a.
func halfAsin(a float64) (hi, lo float64) {
	z := float64((1 - a) * 0.5) // exact
	s := math.Sqrt(z)
	if s == 0 {
		return 0, 0
	}
	sh, sl := square(s)
	return s, ((z-sh)-sl)/(2*s) + float64(float64(s*z)*poly16(z, &asinTerms))
}

// asinTerms are the polynomial in z nearest to (arcsin(√z)/√z - 1)/z up to ¼, at
// Chebyshev's points. Taylor's would have twice as many terms.
var asinTerms = [2][8]float64{
	{
		0x1.5555555555556p-3, 0x1.3333333332ec4p-4, 0x1.6db6db6e3292ep-5, 0x1.f1c71c1d4aa0dp-6,
		0x1.6e8bb1d89492bp-6, 0x1.1c4d343fa57f6p-6, 0x1.c9cf3759fd8ffp-7, 0x1.78246f32d075cp-7,
	},
	{0x1.524ea8b3aad31p-7, 0x1.653a8f8cfd43cp-8, 0x1.1d661531b222ep-6, -0x1.e7a24f548c99fp-7, 0x1.d78189767524ep-6},
}

// angle returns the arc tangent of a/b, from 0 to π/2, as a sum. Both are positive,
// and the quotient is moderate.
//
// With c = j/64 near q = a/b, the rest is the arc tangent of
// t = (a-cb)/(b+ca) = (q-c)/(1+qc), by Taylor's series.
func angle(a, b float64) (hi, lo float64) {
	steep := a > b
	if steep {
		a, b = b, a
	}
	q := a / b
	if q < 1.0/16 {
		q2 := float64(q * q)
		hi, lo = q, math.FMA(-q, b, a)/b+float64(float64(q*q2)*poly8(q2, &atanTerms))
	} else {
		shifted := float64(q*64) + roundShift
		c := float64((shifted - roundShift) / 64)
		j := int(int32(math.Float64bits(shifted)))
		b1, b2 := split(b)
		t := ((a - float64(c*b1)) - float64(c*b2)) / (b + float64(c*a))
		t2 := float64(t * t)
		rest := float64(t * float64(t2*(-1.0/3+float64(t2*(1.0/5+float64(t2*(-1.0/7+float64(t2*(1.0/9)))))))))
		hi, lo = fast(angles[j].value, t)
		lo += angles[j].rest + rest
	}
	if steep {
		h, l := fast(math.Pi/2, -hi)
		return h, l + (halfPiLow - lo)
	}
	return hi, lo
}

// atanTerms are ±1/k for odd k from 3 on.
var atanTerms = [8]float64{-1.0 / 3, 1.0 / 5, -1.0 / 7, 1.0 / 9, -1.0 / 11, 1.0 / 13}
