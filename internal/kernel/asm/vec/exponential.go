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

// expTable is what exp needs for a fraction: coefficients of exp(r)/shift - 1 for
// |r| <= ln(2)/2 divided by 2^fraction, and the number near 1 that the powers of
// two in the table are multiplied by. It was searched for so that all of them
// are near to numbers of the element type: within 0.2, 0.01 and 0.13 units.
type expTable struct {
	shift string
	terms []float64
}

var expTables = map[bool]map[int]expTable{
	false: {
		2: {"1.00290179349202186755570056028545621425520795",
			[]float64{-0.002893397413, 0.997106455, 0.4985532373, 0.1662627331, 0.04156438413}},
		4: {"1.00061776465414018686638884649924512265970332",
			[]float64{-0.0006173844117, 0.9993826158, 0.4997109245, 0.1665696518}},
	},
	true: {
		3: {"1.00792968686555382260314101078855314847675024",
			[]float64{-0.0078673016271734773, 0.99213269837282652, 0.49606634918645442, 0.16535544972881699,
				0.041338862322989854, 0.008267772465828223, 0.0013780548148105515, 0.00019686459971875992}},
	},
}

// exp64 are coefficients of (exp(r) - 1 - r)/r² for |r| <= ln(2)/2, for a fraction
// of 0.
var exp64 = []float64{0.5000000000000011, 0.16666666666666408, 0.041666666666528074, 0.008333333333496916,
	0.0013888888944253465, 0.00019841269502692718, 2.4801492386034244e-05, 2.755758850878896e-06,
	2.763052369926114e-07, 2.499981966362572e-08}

// powers returns the table of shift·2^(j/2^fraction). With AVX2 the place that j
// has in bits shifted to the exponent is subtracted, so that adding the two is
// right.
func (m *machine) powers() table {
	t := table{name: "Powers"}
	count := 1 << m.fraction()
	for i := range m.lanes() {
		j := i % count
		x := new(big.Float).SetPrec(200).SetInt64(1 << j)
		for range m.fraction() {
			x.Sqrt(x)
		}
		shift, _, err := big.ParseFloat(expTables[m.double][m.fraction()].shift, 10, 200, big.ToNearestEven)
		if err != nil {
			panic(err)
		}
		f, _ := x.Mul(x, shift).Float64()
		p := m.k(f)
		if m.isa == avx2 {
			p -= constant(j) << (m.mantissa() - m.fraction())
		}
		t.elements[i] = uint64(p)
	}
	return t
}

// power is 2ⁿ, or what the table has for it, where that is normal, and half is
// half of it for an integer n.
func (m *machine) power(bits value, fraction int) value {
	if fraction == 0 {
		return m.iadd(m.shl(bits, m.mantissa()), m.k(1))
	}
	return m.iadd(m.shl(bits, m.mantissa()-fraction), m.lookup(m.powers(), bits))
}

func (m *machine) half(bits value) value {
	return m.iadd(m.shl(bits, m.mantissa()), m.k(0.5))
}

// scale is 2ⁿ + p·2ⁿ, rounded once also where the result is denormal or
// overflows.
func (m *machine) scale(p value, e exponent) value {
	if m.isa == avx512 {
		t := m.lookup(m.powers(), e.bits)
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

// exp is exp(x) for x within the limits where it is 0 and +Inf.
func (m *machine) exp(x value) value {
	p, e := m.expReduced(x)
	return m.scale(p, e)
}

// expModerate is exp(x) for |x| < m.moderate(), where 2ⁿ is normal. It gives the
// same bits.
func (m *machine) expModerate(x value) value {
	p, e := m.expReduced(x)
	s := m.power(e.bits, e.fraction)
	return m.mulAdd(p, s, s)
}

// expReduced returns n and p with exp(x) = 2ⁿ·(1+p), for 2ⁿ as the table has it.
func (m *machine) expReduced(x value) (value, exponent) {
	e, r := m.reduceExp(x, m.fraction())
	if e.fraction > 0 {
		return m.horner(r, expTables[m.double][e.fraction].terms), e
	}
	r2 := m.mul(r, r)
	return m.mulAdd(m.pairs(r, r2, exp64), r2, r), e
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
