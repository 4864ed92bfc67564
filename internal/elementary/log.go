package elementary

import "math"

const (
	ln2Hi = 0x1.62e42fefa3800p-1 // a multiple of 2^-42
	ln2Lo = 0x1.ef35793c76730p-45
)

// Log returns the natural logarithm of x.
func Log(x float64) float64 {
	if !(x >= 0x1p-1022 && x <= math.MaxFloat64) {
		return logEdge(x)
	}
	p := logParts(x, 0)
	return p.log()
}

// logEdge is the logarithm of what is not positive, normal and finite.
func logEdge(x float64) float64 {
	switch {
	case x == 0:
		return math.Inf(-1)
	case x < 0:
		return math.NaN()
	case x < 1:
		p := logParts(x*0x1p54, 0)
		p.k -= 54
		return p.log()
	}
	return x
}

// Log10 returns the decimal logarithm of x.
func Log10(x float64) float64 {
	switch {
	case x == 0:
		return math.Inf(-1)
	case x < 0:
		return math.NaN()
	case !(x <= math.MaxFloat64):
		return x
	}
	hi, lo := logPair(x)
	hi, lo = mul2(hi, lo, 1/math.Ln10, log10eLow)
	return hi + lo
}

const log10eLow = 0x1.95355baaafad3p-57 // 1/log(10) less its float64

// Log1p returns log(1+x).
func Log1p(x float64) float64 {
	switch {
	case x > 0x1p60:
		return Log(x)
	case !(x > -1):
		return Log(1 + x) // -Inf or NaN
	case x == 0:
		return x // of the same sign
	}
	var p reduced
	if math.Abs(x) < 1.0/128 {
		p.r, p.row = x, &reciprocals[80] // of 1
	} else {
		p = logParts(add2(1, x))
	}
	return p.log()
}

// reduced is a number x = 2^k·(1+r+rest)/inverse, where inverse is the first
// number of row and |r| < 1/64.
type reduced struct {
	k       int
	r, rest float64
	row     *struct{ inverse, log, rest float64 }
}

// logParts reduces x+low for normal x > 0 and |low| of at most an ulp. Close to 1
// the inverse is 1, and the rest 0 if low is.
func logParts(x, low float64) (p reduced) {
	const first = 0x3fe6000000000000 // 11/16
	bits := math.Float64bits(x)
	p.k = int(int64(bits-first) >> 52)
	p.row = &reciprocals[(bits-first)>>45&127]
	// Inverses have few bits, so that both products are exact.
	hi, lo := split(math.Float64frombits(bits - uint64(p.k)<<52))
	hi = float64(hi*p.row.inverse) - 1
	p.r, p.rest = fast(hi, float64(lo*p.row.inverse))
	if low != 0 {
		p.rest += float64(float64(low*scale(1, -p.k)) * p.row.inverse)
	}
	return p
}

// log returns log x: log(1+r) is Taylor's series.
func (p *reduced) log() float64 {
	k, r := float64(p.k), p.r
	r2 := float64(r * r)
	tail := float64(r2*(-0.5+float64(r*(1.0/3)))) +
		float64(float64(r2*r2)*((-0.25+float64(r*(1.0/5)))+float64(r2*((-1.0/6+float64(r*(1.0/7)))+float64(r2*(-1.0/8+float64(r*(1.0/9))))))))
	hi, lo := fast(float64(k*ln2Hi)+p.row.log, r)
	rest := p.rest - float64(p.rest*r)
	return hi + (lo + (tail + (float64(k*ln2Lo) + p.row.rest + rest)))
}

// pair returns log x as an unevaluated sum with about 80 bits. Terms up to the
// third are pairs.
func (p *reduced) pair() (hi, lo float64) {
	r, rest := p.r, p.rest
	sh, sl := mul2(r, rest, r, rest)
	ch, cl := mul2(sh, sl, r, rest)
	ch, cl = mul2(ch, cl, 1.0/3, thirdLow)
	tail := float64(float64(sh*sh) * poly8(r, &logTerms))
	hi, lo = add2(ch, tail)
	hi, lo = plus2(float64(-0.5*sh), float64(-0.5*sl), hi, lo+cl)
	hi, lo = plus2(r, rest, hi, lo)
	k := float64(p.k)
	kh, kl := mul2(k, 0, ln2Lo, ln2Least)
	kh, kl = plus2(kh, kl, p.row.rest, 0)
	kh, kl = plus2(float64(k*ln2Hi)+p.row.log, 0, kh, kl)
	return plus2(kh, kl, hi, lo)
}

// logTerms are ±1/k from k = 4 on.
var logTerms = [8]float64{-1.0 / 4, 1.0 / 5, -1.0 / 6, 1.0 / 7, -1.0 / 8, 1.0 / 9, -1.0 / 10}

const (
	thirdLow = 0x1.5555555555555p-56  // ⅓ less its float64
	ln2Least = 0x1.f97b57a079a19p-103 // log 2 less ln2Hi and ln2Lo
)

// logPair returns the logarithm of a finite x > 0 as an unevaluated sum with about
// 80 bits.
func logPair(x float64) (hi, lo float64) {
	k := 0
	if x < 0x1p-1022 {
		x, k = x*0x1p54, -54
	}
	p := logParts(x, 0)
	p.k += k
	return p.pair()
}
