package kernel

import "math"

// pow is math.Pow, correctly rounded in all but a few cases in a million:
// bias corrections 1-β^t cancel, so the last bit of β^t matters, and C's pow
// (which every other library calls) has it right.
func pow(x, y float64) float64 {
	if y == math.Trunc(y) && math.Abs(y) < 1<<30 {
		// Near overflow or underflow the error terms are lost.
		if r := powInt(x, int64(y)); math.Abs(r) > 1e-280 && math.Abs(r) < 1e280 {
			return r
		}
	}
	r := math.Pow(x, y)
	if size := math.Abs(r); x == 0 || !(size > 1e-280 && size < 1e280) || !(math.Abs(y) < 1<<30) || y == math.Trunc(y) || math.IsInf(x, 0) {
		return r
	}
	// The logarithm of the exact result, less that of r, is r's relative error.
	xh, xl := logPair(x)
	rh, rl := logPair(r)
	ph, pl := mul2(xh, xl, y, 0)
	return r + r*((ph-rh)+(pl-rl))
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
		hi, lo = q, math.FMA(-q, hi, 1)/hi-q*lo/hi
	}
	return hi + lo
}

// logPair returns the natural logarithm of x > 0 as an unevaluated sum with about
// 70 bits: with x = 2^k·m and s = (m-1)/(m+1), log m = 2s + ⅔s³ + ⅖s⁵ + ….
func logPair(x float64) (hi, lo float64) {
	m, k := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, k = 2*m, k-1
	}
	num := m - 1 // exact
	den, dl := add2(m, 1)
	sh := num / den
	sl := (math.FMA(-sh, den, num) - sh*dl) / den
	qh, ql := mul2(sh, sl, sh, sl)
	th, tl := mul2(qh, ql, sh, sl) // s³
	tail := 0.0
	for n := 27.0; n >= 5; n -= 2 {
		tail = tail*qh + 2/n
	}
	ch, cl := add2(2.0/3, thirdsLow+qh*tail)
	th, tl = mul2(th, tl, ch, cl)
	kh, kl := mul2(float64(k), 0, math.Ln2, ln2Low)
	hi, e := add2(2*sh, th)
	h2, e2 := add2(kh, hi)
	return add2(h2, e+e2+(2*sl+tl+kl))
}

const (
	thirdsLow = 3.7007434154171886e-17 // ⅔ less its float64
	ln2Low    = 2.3190468138462996e-17 // log 2 less its float64
)

// add2 returns a+b and its rounding error.
func add2(a, b float64) (sum, err float64) {
	sum = a + b
	t := sum - a
	return sum, (a - (sum - t)) + (b - t)
}

// mul2 returns (ah+al)(bh+bl) as an unevaluated sum.
func mul2(ah, al, bh, bl float64) (hi, lo float64) {
	p := ah * bh
	e := math.FMA(ah, bh, -p) + (ah*bl + al*bh)
	hi = p + e
	return hi, e - (hi - p)
}
