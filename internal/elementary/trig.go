package elementary

import (
	"math"
	"math/bits"
)

// Sin and Cos are correctly rounded in all but a few cases in ten thousand,
// where those of package math are off in a fourth: an unstable training run
// doubles the difference at each step. The argument is reduced by multiples of
// π/2, and the first terms of the series are summed, in double-double arithmetic.

// Sin returns the sine of x.
func Sin(x float64) float64 {
	if math.Abs(x) < 1e-8 {
		return x
	}
	return quadrant(x, 0)
}

// Cos returns the cosine of x.
func Cos(x float64) float64 {
	if math.Abs(x) < 1e-8 {
		return 1
	}
	return quadrant(x, 1)
}

// quadrant returns sin(x + shift·π/2).
func quadrant(x float64, shift int) float64 {
	r, rl, q := reduce(x)
	q += shift
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

// reduce returns x less the nearest multiple of π/2, and which one it is of four.
func reduce(x float64) (r, rl float64, quarter int) {
	switch a := math.Abs(x); {
	case a < 0.78:
		return x, 0, 0
	case !(a < 1e5):
		return reduceLarge(x)
	}
	n := math.RoundToEven(float64(x * (2 / math.Pi)))
	a := x - float64(n*halfPi1) // exact
	h, e := add2(a, float64(-n*halfPi2))
	h, e2 := add2(h, float64(-n*halfPi3))
	r, rl = add2(h, e+(e2-float64(n*halfPi4)))
	return r, rl, int(n)
}

// reduceLarge multiplies x by those bits of 2/π that matter, in integers.
func reduceLarge(x float64) (r, rl float64, quarter int) {
	b := math.Float64bits(x)
	e := int(b>>52&0x7ff) - 1075
	if e == 0x7ff-1075 {
		return math.NaN(), 0, 0
	}
	m := b&(1<<52-1) | 1<<52 // |x| = m·2^e

	// Bits of 2/π before this one give multiples of 4.
	word, bit := (e+62)/64, uint(e+62)%64
	var p [4]uint64
	for i := range p {
		p[i] = twoOverPi[word+i]<<bit | twoOverPi[word+i+1]>>(64-bit)
	}
	// m times p, modulo 2^256: in units of 2^-254.
	hi3, _ := bits.Mul64(m, p[3])
	hi2, lo2 := bits.Mul64(m, p[2])
	hi1, lo1 := bits.Mul64(m, p[1])
	f2, c := bits.Add64(lo2, hi3, 0)
	f1, c := bits.Add64(lo1, hi2, c)
	f0 := m*p[0] + hi1 + c

	quarter = int(f0 >> 62)
	f0, f1, f2 = f0<<2|f1>>62, f1<<2|f2>>62, f2<<2
	negative := f0>>63 == 1 // more than half: less than the next
	if negative {
		quarter++
		f2, c = bits.Sub64(0, f2, 0)
		f1, c = bits.Sub64(0, f1, c)
		f0, _ = bits.Sub64(0, f0, c)
	}
	n := uint(bits.LeadingZeros64(f0)) // at most 62: no double is nearer to a multiple
	f0, f1 = f0<<n|f1>>(64-n), f1<<n|f2>>(64-n)
	unit := scale(1, -64-int(n))
	hi := float64(f0>>11) * 0x1p11 * unit
	lo := float64(f0<<53|f1>>11) * 0x1p-53 * unit
	r, rl = mul2(hi, lo, math.Pi/2, halfPiLow)
	if negative != (x < 0) {
		r, rl = -r, -rl
	}
	if x < 0 {
		quarter = -quarter
	}
	return r, rl, quarter
}

const halfPiLow = 0x1.1a62633145c07p-54 // π/2 less its float64

// sinSeries returns r - r³/6 + r⁵/120 - ….
func sinSeries(r, rl float64) float64 {
	qh, ql := mul2(r, rl, r, rl)
	tail := 0.0
	for _, c := range [...]float64{1.0 / 355687428096000, -1.0 / 1307674368000, 1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040} {
		tail = c + float64(qh*tail)
	}
	h, l := add2(1.0/120, 1.1564823173178714e-19+float64(qh*tail))
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
		tail = c + float64(qh*tail)
	}
	h, l := add2(1.0/24, 2.3129646346357427e-18+float64(qh*tail))
	h, l = mul2(h, l, qh, ql)
	h, l = plus2(h, l, -0.5, 0)
	h, l = mul2(h, l, qh, ql)
	h, l = plus2(1, 0, h, l)
	return h + l
}

// Tan returns the tangent of x: the quotient of sine and cosine, whose small
// terms are in single arithmetic.
func Tan(x float64) float64 {
	if math.Abs(x) < 1e-8 {
		return x
	}
	r, rl, q := reduce(x)
	r2, low := square(r)
	sl := float64(float64(r*r2) * poly8(r2, &sinTerms))
	ch, cl := fast(1, float64(-0.5*r2))
	cl += float64(float64(r2*r2)*poly8(r2, &cosTerms)) - float64(0.5*low)
	sl, cl = sl+float64(rl*ch), cl-float64(rl*(r+sl))
	sh, sl := fast(r, sl)
	ch, cl = fast(ch, cl)
	if q&1 == 0 {
		return quotient(sh, sl, ch, cl)
	}
	return -quotient(ch, cl, sh, sl)
}

// sinTerms and cosTerms are ±1/k! for odd k from 3 and even k from 4 on.
var (
	sinTerms = [8]float64{-1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000}
	cosTerms = [8]float64{1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000}
)
