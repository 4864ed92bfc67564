package main

import "math"

// trigonometric lists sin, cos and tan. They reduce arguments up to a bound;
// larger ones, infinities and NaN are left to the portable loop.
func trigonometric() []kernel {
	list := func(name string, f func(m *machine, t turn) value) kernel {
		return kernel{name: name, arity: 1, unroll: 2, partial: true, formula: func(m *machine, x []value) (value, mask) {
			far := m.compare(notLess, m.and(x[0], m.absBits()), m.pick(1<<17, 1<<28))
			return f(m, m.reduceTurn(x[0])), far
		}}
	}
	return []kernel{
		list("Sin", func(m *machine, t turn) value { return m.circle(t, t.bits) }),
		list("Cos", func(m *machine, t turn) value { return m.circle(t, m.iadd(t.bits, constant(1))) }),
		list("Tan", tanFormula),
	}
}

// π/2 in three parts. A product of the first with an integer below the bound
// is subtracted exactly by a fused operation; all three together are enough for
// the arguments that are nearest to a multiple of π/2. All are positive, so that
// -0 stays -0.
var (
	halfPi32 = [3]float64{1.5707962512969970703125, 7.549789415861596353352e-8, 5.390302529957764765545e-15}
	halfPi64 = [3]float64{1.570796326794896557998982, 6.123233995736764803274e-17, 1.082856673921913894239e-32}
)

// A turn is an angle of less than π/4 in either direction and its sine and
// cosine, after a number of quarter turns in the low bits of an integer.
type turn struct{ bits, sin, cos value }

// Coefficients of (sin(r)/r - 1)/r² and of (cos(r) - 1 + r²/2)/r⁴ in r² for
// |r| <= π/4.
var (
	sin32 = []float64{-0.1666665375, 0.008332083933, -0.0001950431906}
	cos32 = []float64{0.04166664183, -0.00138871849, 2.441812831e-5}
	sin64 = []float64{-0.16666666666666632, 0.008333333333322415, -0.00019841269829808035,
		2.7557313691970443e-06, -2.505075812342055e-08, 1.5896796210636208e-10}
	cos64 = []float64{0.041666666666666595, -0.001388888888887304, 2.4801587288841858e-05,
		-2.755731417636406e-07, 2.087570043206907e-09, -1.135851474541726e-11}
)

func (m *machine) reduceTurn(x value) turn {
	bits := m.copy(m.magic(0))
	m.addMul(bits, x, m.k(2/math.Pi))
	n := m.sub(bits, m.magic(0))
	r := m.copy(x)
	for i := range halfPi32 {
		m.subMul(r, n, m.pick(halfPi32[i], halfPi64[i]))
	}
	z := m.mul(r, r)
	z2 := m.mul(z, z)
	s := m.mul(m.pairs(z, z2, m.fit(sin32, sin64)), z)
	s = m.or(m.mulAdd(s, r, r), m.and(r, m.signBit())) // for -0
	c := m.pairs(z, z2, m.fit(cos32, cos64))
	c = m.mulAdd(c, z, m.k(-0.5))
	c = m.mulAdd(c, z, m.k(1))
	return turn{bits, s, c}
}

// odd is the mask of the odd numbers of quarter turns.
func (m *machine) odd(bits value) mask { return m.negative(m.shl(bits, 8*m.elem()-1)) }

// circle is the sine after the given number of quarter turns: sin, cos, -sin,
// -cos.
func (m *machine) circle(t turn, quarters value) value {
	y := m.blend(m.odd(quarters), t.cos, t.sin)
	return m.xor(y, m.and(m.shl(quarters, 8*m.elem()-2), m.signBit()))
}

// tanFormula is sin/cos, or -cos/sin after an odd number of quarter turns.
func tanFormula(m *machine, t turn) value {
	odd := m.odd(t.bits)
	q := m.div(m.blend(odd, t.cos, t.sin), m.blend(odd, t.sin, t.cos))
	return m.xor(q, m.shl(t.bits, 8*m.elem()-1))
}
