package main

import (
	"math"
	"math/big"
)

// An exponent is the multiple n of 2^-fraction that is nearest to x/ln 2: as a
// number, and in the low bits of n + magic.
type exponent struct {
	number, bits value
	fraction     int
}

// reduceExp returns n and x - n·ln 2.
func (m *machine) reduceExp(x value, fraction int) (exponent, value) {
	bits := m.copy(m.magic(fraction))
	m.addMul(bits, x, m.k(1/math.Ln2))
	n := m.sub(bits, m.magic(fraction))
	r := m.subMul(m.copy(x), n, m.ln2Hi())
	return exponent{n, bits, fraction}, m.subMul(r, n, m.ln2Lo())
}

// fraction is how many bits of the exponent exp looks up, those that a table in
// a register has room for. What is left of x is as many times smaller, and its
// polynomial shorter.
func (m *machine) fraction() int {
	switch {
	case m.isa == avx512 && m.double:
		return 3
	case m.isa == avx512:
		return 4
	case m.double:
		return 0 // two elements would save nothing
	}
	return 2
}

// Coefficients of (exp(r) - 1 - r)/r² for |r| <= ln(2)/2 divided by 2^fraction.
var expTerms = map[bool]map[int][]float64{
	false: {
		2: {0.49999998027, 0.1667137807, 0.041679753923},
		4: {0.5000098141, 0.1666705923},
	},
	true: {
		0: {0.5000000000000011, 0.16666666666666408, 0.041666666666528074, 0.008333333333496916,
			0.0013888888944253465, 0.00019841269502692718, 2.4801492386034244e-05, 2.755758850878896e-06,
			2.763052369926114e-07, 2.499981966362572e-08},
		3: {0.50000000000000519, 0.16666666666667013, 0.04166666661713219, 0.0083333333217005203,
			0.0013889589904044944, 0.00019842308959675838},
	},
}

// powers returns the table of 2^(j/2^fraction) and that of their rounding errors,
// relative to them. With AVX2 the place that j has in bits shifted to the
// exponent is subtracted, so that adding the two is right.
func (m *machine) powers() (power, lost table) {
	power.name, lost.name = "Powers", "Lost"
	count := 1 << m.fraction()
	for i := range m.lanes() {
		j := i % count
		exact := exactPower(j, count)
		f, _ := exact.Float64()
		p := m.k(f)
		rounded := new(big.Float).SetFloat64(m.number(p))
		e, _ := new(big.Float).Quo(exact.Sub(exact, rounded), rounded).Float64()
		lost.elements[i] = uint64(m.k(e))
		if m.isa == avx2 {
			p -= constant(j) << (m.mantissa() - m.fraction())
		}
		power.elements[i] = uint64(p)
	}
	return power, lost
}

// exactPower is 2^(j/count) in high precision, for a power of two.
func exactPower(j, count int) *big.Float {
	x := new(big.Float).SetPrec(200).SetInt64(1 << j)
	for ; count > 1; count /= 2 {
		x.Sqrt(x)
	}
	return x
}

// power is 2ⁿ, where that is normal, and half is half of it for an integer n.
func (m *machine) power(bits value, fraction int) value {
	if fraction == 0 {
		return m.iadd(m.shl(bits, m.mantissa()), m.k(1))
	}
	power, _ := m.powers()
	return m.iadd(m.shl(bits, m.mantissa()-fraction), m.lookup(power, bits))
}

func (m *machine) half(bits value) value {
	return m.iadd(m.shl(bits, m.mantissa()), m.k(0.5))
}

// scale is 2ⁿ + p·2ⁿ, rounded once also where the result is denormal or
// overflows.
func (m *machine) scale(p value, e exponent) value {
	if m.isa == avx512 {
		power, _ := m.powers()
		t := m.lookup(power, e.bits)
		return m.op2("VSCALEFP#", m.mulAdd(p, t, t), e.number)
	}
	// 2ⁿ alone may overflow; its two halves cannot.
	n := e.bits
	if e.fraction > 0 {
		n = m.shr(n, e.fraction)
	}
	rest := m.isub(n, m.shr(n, 1))
	places := rest
	if e.fraction > 0 {
		places = m.shl(rest, e.fraction)
	}
	half := m.power(m.isub(e.bits, places), e.fraction)
	return m.mul(m.mulAdd(p, half, half), m.power(rest, 0))
}

// exp is exp(x) for x within the limits where it is 0 and +Inf. It is exact to
// half a unit and a little, or else to about one.
func (m *machine) exp(x value, exact bool) value {
	p, e := m.expReduced(x, exact)
	return m.scale(p, e)
}

// expModerate is exp(x) for |x| < m.moderate(), where 2ⁿ is normal. It gives the
// same bits.
func (m *machine) expModerate(x value, exact bool) value {
	p, e := m.expReduced(x, exact)
	s := m.power(e.bits, e.fraction)
	return m.mulAdd(p, s, s)
}

// expReduced returns n and p with exp(x) = 2ⁿ·(1+p), for 2ⁿ as the table has it.
// If it is to be exact, p makes up for what the table has lost.
func (m *machine) expReduced(x value, exact bool) (value, exponent) {
	e, r := m.reduceExp(x, m.fraction())
	terms := expTerms[m.double][e.fraction]
	exact = exact && e.fraction > 0
	_, lost := m.powers()
	if !m.double { // few terms: registers for more vectors are worth more than a shorter chain
		p := m.mulAdd(m.horner(r, terms), r, m.k(1))
		if exact {
			return m.mulAdd(p, r, m.lookup(lost, e.bits)), e
		}
		return m.mul(p, r), e
	}
	r2 := m.mul(r, r)
	p := m.pairs(r, r2, terms)
	if exact {
		r = m.add(r, m.lookup(lost, e.bits))
	}
	return m.mulAdd(p, r2, r), e
}

// least is an x with exp(x) = 0, and greatest one with exp(x) = +Inf; moderate x
// have normal results.
func (m *machine) least() constant    { return m.pick(-104, -746) }
func (m *machine) greatest() constant { return m.pick(89, 710) }
func (m *machine) moderate() constant { return m.pick(87, 708) }

func expFormula(m *machine, x value) value { return m.expAny(x, false) }

// expAny is exp(x) for all x.
func (m *machine) expAny(x value, exact bool) value {
	x = m.minimum(m.greatest(), x)
	x = m.maximum(m.least(), x)
	return m.exp(x, exact)
}

func expFast(m *machine, x value) (mask, func() value) {
	return m.farFrom0(x, m.moderate()), func() value { return m.expModerate(x, false) }
}
