package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
)

// power lists pow for float32, which is computed in float64. It leaves zeros,
// infinities and NaN to the portable loop.
func power() []kernel {
	return []kernel{{name: "Pow", arity: 2, unroll: 1, single: true, mixed: true, partial: true, formula: powFormula}}
}

// powFormula is exp(y·log|x|), negative for an odd power of a negative number
// and NaN for a power that is not an integer.
func powFormula(m *machine, v []value) (value, mask) {
	x, y := v[0], v[1]
	infinity := m.k(math.Inf(1))
	a := m.and(x, m.absBits())
	cannot := m.either(m.compare(equal, x, m.k(0)), m.compare(notLess, a, infinity))
	cannot = m.either(cannot, m.compare(notLess, m.and(y, m.absBits()), infinity))

	// The two halves of a vector are done one after the other: together they
	// would need more registers than there are.
	d, base := m.widenValue(a)
	_, exponent := m.widenValue(y)
	d.unroll = 1
	var result value
	for i := range base {
		w := base[i : i+1]
		k, bits := d.split(w)
		l := d.log(k, d.sub(d.isub(w, bits), d.k(1)))
		result = append(result, expFormula(d, d.mul(l, exponent[i:i+1]))...)
	}
	p := m.narrowValue(result)

	negative := m.where(m.compare(less, x, m.k(0)), m.signBit())
	half := m.mul(y, m.k(0.5))
	odd := m.compare(notEqual, half, m.round(half, 0))
	p = m.xor(p, m.where(odd, negative)) // whatever the sign of NaN
	broken := m.where(m.compare(notEqual, y, m.round(y, 0)), negative)
	return m.blend(m.negative(broken), m.k(math.NaN()), p), cannot
}

// widenValue returns a float32 value as a float64 value of twice the vectors,
// and the machine for it.
func (m *machine) widenValue(v value) (*machine, value) {
	d := m.accumulator()
	d.unroll = 2 * m.unroll
	w := d.value()
	for i, x := range v {
		if m.isa == avx512 {
			half := m.YMM()
			m.VEXTRACTF32X8(U8(1), x, half)
			m.VCVTPS2PD(x.AsY(), w[2*i])
			m.VCVTPS2PD(half, w[2*i+1])
		} else {
			half := m.XMM()
			m.VEXTRACTF128(U8(1), x, half)
			m.VCVTPS2PD(x.AsX(), w[2*i])
			m.VCVTPS2PD(half, w[2*i+1])
		}
	}
	return d, w
}

// narrowValue undoes widenValue.
func (m *machine) narrowValue(w value) value {
	v := m.value()
	for i := range v {
		if m.isa == avx512 {
			low, high := m.YMM(), m.YMM()
			m.VCVTPD2PS(w[2*i], low)
			m.VCVTPD2PS(w[2*i+1], high)
			m.VINSERTF32X8(U8(1), high, low.AsZ(), v[i])
		} else {
			low, high := m.XMM(), m.XMM()
			m.VCVTPD2PSY(w[2*i], low)
			m.VCVTPD2PSY(w[2*i+1], high)
			m.VINSERTF128(U8(1), high, low.AsY(), v[i])
		}
	}
	return v
}
