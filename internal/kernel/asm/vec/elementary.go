package main

import "math"

// elementary lists exp, log and what is made of them. The fast formulas leave
// out what rare operands need, in the main loop for AVX2; AVX-512 has
// instructions for those.
func elementary() []kernel {
	unary := func(name string, f func(m *machine, a value) value, fast func(m *machine, a value) (mask, func() value)) kernel {
		k := kernel{name: name, arity: 1, unroll: 4, formula: func(m *machine, x []value) (value, mask) {
			return f(m, x[0]), nil
		}}
		if fast != nil {
			k.fast = func(m *machine, x []value) (mask, func() value) { return fast(m, x[0]) }
		}
		return k
	}
	erf := unary("Erf", erfFormula, nil)
	erf.single = true
	return []kernel{
		unary("Exp", expFormula, expFast),
		unary("Expm1", expm1Formula, expm1Fast),
		unary("Tanh", tanhFormula, nil),
		unary("Sigmoid", sigmoidFormula, sigmoidFast),
		unary("Log", logFormula, logFast),
		unary("Log1p", log1pFormula, log1pFast),
		unary("Sinh", sinhFormula, nil),
		unary("Cosh", coshFormula, nil),
		erf,
	}
}

// ln 2 in two parts. The first has enough zero bits at its end for products
// with an exponent to be exact; both are positive, so that their products with
// an infinite exponent have the same sign.
const (
	ln2Hi32 = 0.693145751953125
	ln2Lo32 = math.Ln2 - ln2Hi32
	ln2Hi64 = 6.93147180369123816490e-01
	ln2Lo64 = 1.90821492927058770002e-10
)

func (m *machine) ln2Hi() constant { return m.pick(ln2Hi32, ln2Hi64) }
func (m *machine) ln2Lo() constant { return m.pick(ln2Lo32, ln2Lo64) }

// magic is the number whose last bit is 1 and which has room below its leading
// bits: x + magic rounds x to an integer, in the low bits, and
// x + magic - magic is that integer. With a fraction, of so many bits, it is
// a multiple of 2^-fraction.
func (m *machine) magic(fraction int) constant {
	return m.k(math.Exp2(float64(m.mantissa()-1-fraction)) * 3)
}

func (m *machine) mantissa() int { return map[bool]int{false: 23, true: 52}[m.double] }

// horner evaluates c[0] + c[1]x + c[2]x² + ... in as few operations and
// registers as can be: the more vectors are in flight, the less its long chain
// matters.
func (m *machine) horner(x value, c []float64) value {
	p := m.copy(m.k(c[len(c)-1]))
	for i := len(c) - 2; i >= 0; i-- {
		p = m.mulAdd(p, x, m.k(c[i]))
	}
	return p
}

// pairs evaluates the same polynomial two terms at a time, so that the chain of
// dependent operations is half as long. x2 is x².
func (m *machine) pairs(x, x2 value, c []float64) value {
	pair := func(i int) value {
		p := m.copy(m.k(c[i]))
		if i+1 < len(c) {
			p = m.addMul(p, x, m.k(c[i+1]))
		}
		return p
	}
	i := (len(c) - 1) &^ 1
	p := pair(i)
	for i -= 2; i >= 0; i -= 2 {
		p = m.mulAdd(p, x2, pair(i))
	}
	return p
}

// farFrom0 is a mask that has lanes if there are any with |x| >= limit, or NaN,
// for the fast formulas. Without its sign, the bits of a number are an integer
// that grows with it.
func (m *machine) farFrom0(x value, limit constant) mask {
	return m.above(m.and(x, m.absBits()), limit-1)
}

// above is a mask that has lanes if there are integers greater than the limit.
// In float32 the vectors are combined first.
func (m *machine) above(x value, limit constant) mask {
	for !m.double && len(x) > 1 {
		y := m.reg()
		m.emit("VPMAXSD", x[0], x[1], y)
		x = append(value{y}, x[2:]...)
	}
	d, b := make(mask, len(x)), m.last(limit)
	for i := range d {
		d[i] = m.reg()
		m.emit("VPCMPGT%", b(i), x[i], d[i])
	}
	return d
}

func sigmoidFormula(m *machine, x value) value {
	side := m.complement(x)
	return side(m.lowerSigmoid(m.exp(m.maximum(m.least(), m.or(x, m.signBit())))))
}

func sigmoidFast(m *machine, x value) (mask, func() value) {
	minus := m.or(x, m.signBit()) // as integers these too grow with |x|
	return m.above(minus, m.signBit()|(m.moderate()-1)), func() value {
		side := m.complement(x)
		return side(m.lowerSigmoid(m.expModerate(minus)))
	}
}

// lowerSigmoid is s = e/(1+e), for e = exp(-|x|). The sum loses a whole unit in
// the last place of the quotient; in s = e - e·s there is e times less of that.
func (m *machine) lowerSigmoid(e value) value {
	s := m.div(e, m.add(e, m.k(1)))
	return m.subMul(m.copy(e), e, s)
}

// complement returns the function that is s for negative x and 1-s for others.
// It takes the signs at once, so that with AVX-512 x need not be kept for it.
func (m *machine) complement(x value) func(s value) value {
	if m.isa == avx2 {
		return func(s value) value { return m.blend(m.negative(x), s, m.sub(m.k(1), s)) }
	}
	sign, positive := m.register(m.signBit()), make(mask, m.unroll)
	for i := range positive {
		positive[i] = m.K()
		m.emit("VPTESTNM%", sign(i), x[i], positive[i])
	}
	return func(s value) value {
		one := m.register(m.k(1))
		for i := range s {
			m.emit("VSUBP#", s[i], one(i), positive[i], s[i])
		}
		return s
	}
}

// overSum is a/(b+c), and the rounding error of b+c for |b| >= |c|. That can be a
// whole unit in the last place of the quotient.
func (m *machine) overSum(a, b, c argument) (q, lost value) {
	d := m.add(b, c)
	return m.div(a, d), m.sub(c, m.sub(d, b))
}

// Coefficients of (exp(r) - 1 - r)/r² for |r| <= ln(2)/2.
var (
	expm132 = []float64{0.5, 0.1666666567, 0.04166635871, 0.008333389647, 0.001394082094, 0.0001984581468}
	expm164 = []float64{0.5, 0.16666666666666677, 0.041666666666666505, 0.008333333333321516,
		0.0013888888888963192, 0.0001984126988647082, 2.4801587171615473e-05, 2.755724381061855e-06,
		2.7557402832406234e-07, 2.5109192932967952e-08, 2.087545548938804e-09}
)

func (m *machine) fit(single, double []float64) []float64 {
	if m.double {
		return double
	}
	return single
}

// expm1 is exp(r) - 1 for |r| <= ln(2)/2.
func (m *machine) expm1(r value) value {
	r2 := m.mul(r, r)
	return m.mulAdd(m.pairs(r, r2, m.fit(expm132, expm164)), r2, r)
}

// tanhFormula is h/(1+h) for h = (exp(2|x|)-1)/2, with the sign of x.
func tanhFormula(m *machine, x value) value {
	a := m.minimum(m.pick(9.2, 20), m.and(x, m.absBits())) // tanh is 1 beyond
	e, r := m.reduceExp(m.add(a, a), 0)
	s := m.half(e.bits)
	// h = s·(exp(r)-1) + (s-1/2)
	h := m.addMul(m.sub(s, m.k(0.5)), s, m.expm1(r))
	q, lost := m.overSum(h, m.maximum(m.k(1), h), m.minimum(m.k(1), h))
	t := m.subMul(m.copy(q), q, m.mul(m.sub(m.k(1), q), lost)) // 1-q is 1/(1+h)
	return m.or(t, m.and(x, m.signBit()))
}

func expm1Formula(m *machine, x value) value {
	return m.expm1All(x, m.maximum(m.pick(-20, -40), m.minimum(m.greatest(), x))) // expm1 is -1 below
}

func expm1Fast(m *machine, x value) (mask, func() value) {
	return m.farFrom0(x, m.moderate()), func() value { return m.expm1All(x, x) }
}

// expm1All is exp(a) - 1 with the sign of x.
func (m *machine) expm1All(x, a value) value {
	e, r := m.reduceExp(a, 0)
	p := m.expm1(r)
	// 2ⁿ may overflow before the result does, hence half of it.
	s := m.half(e.bits)
	t := m.addMul(m.sub(s, m.k(0.5)), s, p)
	t = m.add(t, t)
	t = m.blend(m.compare(equal, e.number, m.k(0)), p, t)
	return m.or(t, m.and(x, m.signBit())) // for -0
}

// Coefficients of log(1+f), -1/4 <= f < 1/2. In float32 they are those of
// (log(1+f) - f + f²/2)/f³; in float64, of (log((1+s)/(1-s))/s - 2)/s² in s²
// with s = f/(2+f), which needs a division but less than half the terms.
var (
	log32 = []float64{0.3333345056, -0.2500009537, 0.1999086142, -0.166473195, 0.1447840631,
		-0.1316114068, 0.104628481, -0.04507342353}
	log64 = []float64{0.666666666666666, 0.4000000000005696, 0.2857142855576653, 0.22222224302972493,
		0.18181665506336456, 0.15391123526789308, 0.13173410782086659, 0.13844283390902345}
)

// log is k·ln 2 + log(1+f).
func (m *machine) log(k, f value) value {
	f2 := m.mul(f, f)
	if !m.double {
		p := m.pairs(f, f2, log32)
		y := m.subMul(m.mul(k, m.ln2Lo()), f2, m.k(0.5)) // while waiting for p
		y = m.addMul(y, p, m.mul(f2, f))
		return m.addMul(m.add(f, y), k, m.ln2Hi())
	}
	s := m.div(f, m.add(f, m.k(2)))
	z := m.mul(s, s)
	p := m.mul(m.pairs(z, m.mul(z, z), log64), z)
	half := m.mul(f2, m.k(0.5))
	y := m.mul(m.add(half, p), s)
	y = m.addMul(y, k, m.ln2Lo())
	return m.addMul(m.sub(f, m.sub(half, y)), k, m.ln2Hi())
}

// split returns k and 2ᵏ - 1 in the exponent bits with 3/4 <= x/2ᵏ < 3/2, for
// positive normal x.
func (m *machine) split(x value) (k, bits value) {
	one := m.k(1)
	t := m.iadd(x, m.difference(1, 0.75))
	biased := m.shr(t, m.mantissa())
	// The integer in the low bits of 2^mantissa is a number plus that.
	power := math.Exp2(float64(m.mantissa()))
	k = m.sub(m.or(biased, m.k(power)), m.k(power+m.bias()))
	return k, m.isub(m.shl(biased, m.mantissa()), one)
}

func (m *machine) bias() float64 { return map[bool]float64{false: 127, true: 1023}[m.double] }

// difference is the bits of x minus the bits of y.
func (m *machine) difference(x, y float64) constant { return m.k(x) - m.k(y) }

// denormals are below this, and are scaled by the power of two after it.
func (m *machine) smallestNormal() constant { return m.pick(0x1p-126, 0x1p-1022) }

const denormalShift = 54

func logFormula(m *machine, x value) value {
	if m.isa == avx512 && !m.double {
		return m.logParts(x, nil)
	}
	tiny := m.compare(less, x, m.smallestNormal())
	scaled := m.blend(tiny, m.mul(x, m.k(math.Exp2(denormalShift))), x)
	shift := m.where(tiny, m.k(denormalShift))
	if m.isa == avx512 {
		return m.logParts(scaled, shift)
	}
	k, bits := m.split(scaled)
	y := m.log(m.sub(k, shift), m.sub(m.isub(scaled, bits), m.k(1)))
	return m.logLimits(y, x, m.k(0))
}

// logParts is log(x) - shift·ln 2 by instructions of AVX-512 that do all special
// cases: the exponent of 0 is -Inf and that of +Inf is +Inf, the mantissa of a
// negative is NaN. They are to do denormals too, but the emulator that the
// kernels are tested with loses digits of those in float64.
func (m *machine) logParts(x, shift value) value {
	mant := m.op1i("VGETMANTP#", 0x0b, x)
	k := m.sub(m.getexp(x), m.getexp(mant))
	if shift != nil {
		k = m.sub(k, shift)
	}
	return m.log(k, m.sub(mant, m.k(1)))
}

// logFast is for positive normal finite numbers.
func logFast(m *machine, x value) (mask, func() value) {
	return m.notNormal(x), func() value {
		k, bits := m.split(x)
		return m.log(k, m.sub(m.isub(x, bits), m.k(1)))
	}
}

// notNormal is the mask of all but positive normal finite numbers. Adding the
// bits of infinity to those of numbers brings them to the lower end of the
// integers.
func (m *machine) notNormal(x value) mask {
	infinity := m.k(math.Inf(1))
	last := m.pick(math.MaxFloat32, math.MaxFloat64) + infinity
	if !m.double {
		last &= 1<<32 - 1
	}
	return m.above(m.iadd(x, infinity), last)
}

func (m *machine) getexp(x value) value {
	d := m.value()
	for i := range d {
		m.emit("VGETEXPP#", x[i], d[i])
	}
	return d
}

// logLimits corrects y: -Inf where x = zero, NaN where x is less or NaN, x
// where it is +Inf.
func (m *machine) logLimits(y, x value, zero constant) value {
	infinity := m.k(math.Inf(1))
	y = m.blend(m.compare(equal, x, zero), m.k(math.Inf(-1)), y)
	y = m.blend(m.compare(equal, x, infinity), infinity, y)
	return m.blend(m.compare(notGreaterEqual, x, zero), m.k(math.NaN()), y)
}

// log1p splits u = 1+x, and takes f = x·2⁻ᵏ + (2⁻ᵏ-1) from x itself, so that
// nothing is lost where x is small.
func (m *machine) log1p(x, u value) value {
	k, bits := m.split(u)
	// 2⁻ᵏ may be denormal and has to be made from a number that is not.
	s := m.mul(m.isub(m.k(4), bits), m.k(0.25))
	f := m.addMul(m.sub(s, m.k(1)), x, s)
	return m.or(m.log(k, f), m.and(x, m.signBit())) // for -0
}

func log1pFormula(m *machine, x value) value {
	return m.logLimits(m.log1p(x, m.add(x, m.k(1))), x, m.k(-1))
}

func log1pFast(m *machine, x value) (mask, func() value) {
	u := m.add(x, m.k(1))
	return m.notNormal(u), func() value { return m.log1p(x, u) }
}
