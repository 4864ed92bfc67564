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
// x + magic - magic is that integer.
func (m *machine) magic() constant { return m.pick(3<<22, 3<<51) }

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

// An exponent is the integer n, nearest to x/ln 2, as a number and in the low
// bits of n + magic.
type exponent struct{ number, bits value }

// reduceExp returns n and x - n·ln 2. x is scaled by a power of two first.
func (m *machine) reduceExp(x value, scale float64) (exponent, value) {
	bits := m.copy(m.magic())
	m.addMul(bits, x, m.k(scale/math.Ln2))
	n := m.sub(bits, m.magic())
	r := x
	if scale != 1 {
		r = m.mul(x, m.k(scale))
	} else {
		r = m.copy(x)
	}
	m.subMul(r, n, m.ln2Hi())
	m.subMul(r, n, m.ln2Lo())
	return exponent{n, bits}, r
}

// power is 2ⁿ⁺ˢ, for a normal result.
func (m *machine) power(bits value, s float64) value {
	return m.iadd(m.shl(bits, m.mantissa()), m.k(math.Exp2(s)))
}

// scale is p·2ⁿ, rounded once also where the result is denormal or overflows.
func (m *machine) scale(p value, e exponent) value {
	if m.isa == avx512 {
		return m.op2("VSCALEFP#", p, e.number)
	}
	// 2ⁿ alone may overflow; its two halves cannot.
	half := m.shr(e.bits, 1)
	rest := m.isub(e.bits, half)
	return m.mul(m.mul(p, m.power(half, 0)), m.power(rest, 0))
}

// Coefficients of (exp(r) - 1 - r)/r² for |r| <= ln(2)/2.
var (
	exp32 = []float64{0.4999999404, 0.1666651964, 0.04166840017, 0.008368851617, 0.001381439855}
	exp64 = []float64{0.5000000000000011, 0.16666666666666408, 0.041666666666528074, 0.008333333333496916,
		0.0013888888944253465, 0.00019841269502692718, 2.4801492386034244e-05, 2.755758850878896e-06,
		2.763052369926114e-07, 2.499981966362572e-08}
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

// exp is exp(x) for x within the limits where it is 0 and +Inf.
func (m *machine) exp(x value) value {
	p, e := m.expReduced(x)
	return m.scale(p, e)
}

// expModerate is exp(x) for |x| < m.moderate(), where the exponent of the result
// is just added. It gives the same bits.
func (m *machine) expModerate(x value) value {
	p, e := m.expReduced(x)
	return m.iadd(p, m.shl(e.bits, m.mantissa()))
}

// expReduced is exp(x)/2ⁿ.
func (m *machine) expReduced(x value) (value, exponent) {
	e, r := m.reduceExp(x, 1)
	r2 := m.mul(r, r)
	p := m.mulAdd(m.pairs(r, r2, m.fit(exp32, exp64)), r2, r)
	return m.add(p, m.k(1)), e
}

// least is an x with exp(x) = 0, and greatest one with exp(x) = +Inf; moderate x
// have normal results.
func (m *machine) least() constant    { return m.pick(-104, -746) }
func (m *machine) greatest() constant { return m.pick(89, 710) }
func (m *machine) moderate() constant { return m.pick(87, 708) }

func expFormula(m *machine, x value) value {
	x = m.minimum(m.greatest(), x)
	x = m.maximum(m.least(), x)
	return m.exp(x)
}

func expFast(m *machine, x value) (mask, func() value) {
	return m.farFrom0(x, m.moderate()), func() value { return m.expModerate(x) }
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

// sigmoidFormula is 1/(1+exp(-x)) for positive and exp(x)/(1+exp(x)) for
// negative x.
func sigmoidFormula(m *machine, x value) value {
	return m.sigmoid(x, m.exp(m.maximum(m.least(), m.or(x, m.signBit()))))
}

func sigmoidFast(m *machine, x value) (mask, func() value) {
	return m.farFrom0(x, m.moderate()), func() value {
		return m.sigmoid(x, m.expModerate(m.or(x, m.signBit())))
	}
}

// sigmoid is the sigmoid of x, e is exp(-|x|).
func (m *machine) sigmoid(x, e value) value {
	q, lost := m.overSum(m.blend(m.negative(x), e, m.k(1)), m.k(1), e)
	return m.subMul(m.copy(q), q, lost) // lost·1/(1+e) would be right, but this will do for e <= 1
}

// overSum is a/(b+c), and the rounding error of b+c for |b| >= |c|. That can be a
// whole unit in the last place of the quotient.
func (m *machine) overSum(a, b, c argument) (q, lost value) {
	d := m.add(b, c)
	return m.div(a, d), m.sub(c, m.sub(d, b))
}

// expm1 is exp(r) - 1 for |r| <= ln(2)/2.
func (m *machine) expm1(r value) value {
	r2 := m.mul(r, r)
	return m.mulAdd(m.pairs(r, r2, m.fit(expm132, expm164)), r2, r)
}

// tanhFormula is h/(1+h) for h = (exp(2|x|)-1)/2, with the sign of x.
func tanhFormula(m *machine, x value) value {
	a := m.minimum(m.pick(9.2, 20), m.and(x, m.absBits())) // tanh is 1 beyond
	e, r := m.reduceExp(a, 2)
	s := m.power(e.bits, -1)
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
	e, r := m.reduceExp(a, 1)
	p := m.expm1(r)
	// 2ⁿ may overflow before the result does, hence half of it.
	s := m.power(e.bits, -1)
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

// Coefficients of the error function: (erf(x)/x - 2/√π)/x² in x² for small x,
// and log(1-erf(x))/x for larger ones.
var (
	erfNear32 = []float64{-0.376126349, 0.1128370389, -0.02685959078, 0.005201154388, -0.000814152474, 8.357615297e-5}
	erfFar32  = []float64{-1.12864852, -0.6351512671, -0.1062369421, 0.02376211993,
		-0.003642487805, 0.0003228113928, -1.123212223e-5}
)

const sqrtPi = 1.77245385090551602729816748334114518279754945612239

// erfFormula is for float32: x + x·p(x²) below the bound and 1 - exp(x·p(x))
// above it.
func erfFormula(m *machine, x value) value {
	const bound, limit = 0.925, 4 // erf is 1 beyond the limit
	a := m.minimum(m.k(limit), m.and(x, m.absBits()))
	z := m.mul(x, x)
	near := m.mulAdd(m.horner(z, erfNear32), z, m.k(2/sqrtPi-1))
	near = m.mulAdd(near, x, x)

	e := m.exp(m.mul(a, m.horner(a, erfFar32)))
	far := m.or(m.sub(m.k(1), e), m.and(x, m.signBit()))
	return m.blend(m.compare(less, a, m.k(bound)), near, far)
}
