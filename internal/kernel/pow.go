package kernel

import "math"

// pow is math.Pow, correctly rounded where the exponent is a small integer:
// bias corrections 1-β^t cancel, so the last bit of β^t matters, and C's pow
// (which every other library calls) has it right.
func pow(x, y float64) float64 {
	if y != math.Trunc(y) || math.Abs(y) > 1<<30 || x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return math.Pow(x, y)
	}
	// Square and multiply in double-double arithmetic (about 100 bits).
	hi, lo := 1.0, 0.0
	bh, bl := x, 0.0
	for n := int64(math.Abs(y)); n > 0; n >>= 1 {
		if n&1 == 1 {
			hi, lo = mul2(hi, lo, bh, bl)
		}
		bh, bl = mul2(bh, bl, bh, bl)
	}
	if y < 0 {
		q := 1 / hi
		hi, lo = q, math.FMA(-q, hi, 1)/hi-q*lo/hi
	}
	if r := hi + lo; !math.IsNaN(r) && !math.IsInf(r, 0) && math.Abs(r) > 1e-280 {
		return r
	}
	return math.Pow(x, y) // near overflow or underflow the error terms are lost
}

// mul2 returns (ah+al)(bh+bl) as an unevaluated sum.
func mul2(ah, al, bh, bl float64) (hi, lo float64) {
	p := ah * bh
	e := math.FMA(ah, bh, -p) + (ah*bl + al*bh)
	hi = p + e
	return hi, e - (hi - p)
}
